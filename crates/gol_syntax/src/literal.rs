//! Values of string and rune literals. The lexer has reported what is wrong in them; here wrong parts are skipped.

/// The bytes of a string literal, given with its quotes. They may be no UTF-8 (`"\xff"`). A raw string loses its
/// carriage returns.
pub fn unquote_string(text: &str) -> Vec<u8> {
    if let Some(raw) = text.strip_prefix('`') {
        let raw = raw.strip_suffix('`').unwrap_or(raw);
        return raw.bytes().filter(|&b| b != b'\r').collect();
    }
    let Some(body) = text.strip_prefix('"') else { return Vec::new() };
    let body = body.strip_suffix('"').unwrap_or(body);
    if !body.contains('\\') {
        return body.as_bytes().to_vec();
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let (value, after) = escape(&rest[at..]);
        match value {
            Escape::Byte(b) => out.push(b),
            Escape::Char(c) => {
                let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// The code point of a rune literal, given with its quotes.
pub fn unquote_rune(text: &str) -> u32 {
    let body = text.strip_prefix('\'').unwrap_or(text);
    match body.chars().next() {
        Some('\\') => match escape(body).0 {
            Escape::Byte(b) => b as u32,
            Escape::Char(c) => c,
        },
        Some(c) => c as u32,
        None => char::REPLACEMENT_CHARACTER as u32,
    }
}

/// What an escape stands for.
enum Escape {
    Byte(u8),
    Char(u32),
}

/// The value of the escape at the start of `text`, and the text after it.
fn escape(text: &str) -> (Escape, &str) {
    let kind = text.as_bytes().get(1).copied().unwrap_or(b'\\');
    let number = |from: usize, len: usize, base: u32| {
        let end = (from + len).min(text.len());
        let value = text.get(from..end).and_then(|d| u32::from_str_radix(d, base).ok()).unwrap_or(0xFFFD);
        (value, text.get(end..).unwrap_or(""))
    };
    match kind {
        b'0'..=b'7' => {
            let (value, rest) = number(1, 3, 8);
            (Escape::Byte(value as u8), rest)
        }
        b'x' => {
            let (value, rest) = number(2, 2, 16);
            (Escape::Byte(value as u8), rest)
        }
        b'u' | b'U' => {
            let (value, rest) = number(2, if kind == b'u' { 4 } else { 8 }, 16);
            (Escape::Char(value), rest)
        }
        _ => {
            let byte = match kind {
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 11,
                other => other,
            };
            (Escape::Byte(byte), text.get(2..).unwrap_or(""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        assert_eq!(unquote_string(r#""a\tb\x80\u00e9\101\"""#), b"a\tb\x80\xc3\xa9A\"");
        assert_eq!(unquote_string("`a\\\r\nb`"), b"a\\\nb");
        assert_eq!(unquote_string(r#""""#), b"");
        assert_eq!(unquote_string(r#""\U0001F600""#), "😀".as_bytes());
    }

    #[test]
    fn runes() {
        assert_eq!(unquote_rune("'a'"), 'a' as u32);
        assert_eq!(unquote_rune(r"'\''"), '\'' as u32);
        assert_eq!(unquote_rune(r"'\xff'"), 0xFF);
        assert_eq!(unquote_rune(r"'\u1234'"), 0x1234);
        assert_eq!(unquote_rune("'世'"), '世' as u32);
    }
}
