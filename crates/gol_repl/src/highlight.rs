//! Colors of a line that is being typed: keywords, literals, comments, and the bracket that belongs to the one at the cursor.

const KEYWORD: &str = "\x1b[35m";
const STRING: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const COMMAND: &str = "\x1b[33m";
const BRACKET: &str = "\x1b[1;7m";
const OFF: &str = "\x1b[0m";

/// The prompt.
pub(crate) fn prompt(text: &str) -> String {
    format!("\x1b[1;34m{text}{OFF}")
}

/// A hint behind the line.
pub(crate) fn hint(text: &str) -> String {
    format!("\x1b[2m{text}{OFF}")
}

/// The first line of what went wrong, unless it is drawn in color already.
pub(crate) fn error(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) if !text.contains('\x1b') => format!("\x1b[31m{first}{OFF}\n{rest}"),
        _ => text.to_string(),
    }
}

/// A line, with the cursor at byte `pos`.
pub(crate) fn line(text: &str, pos: usize) -> String {
    if text.starts_with([':', '?']) {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return format!("{COMMAND}{}{OFF}{}", &text[..end], &text[end..]);
    }
    let tokens = gol_syntax::tokens(text);
    let marked = brackets(&tokens.iter().map(|t| (t.0, t.1.lo as usize)).collect::<Vec<_>>(), pos);
    let mut out = String::new();
    let mut at = 0;
    for (kind, span) in tokens {
        let (lo, hi) = (span.lo as usize, (span.hi as usize).min(text.len()));
        if lo < at || lo >= hi || !text.is_char_boundary(lo) || !text.is_char_boundary(hi) {
            continue;
        }
        out.push_str(&text[at..lo]);
        let color = match kind {
            _ if marked.is_some_and(|m| m.contains(&lo)) => BRACKET,
            "string" | "char" | "raw string" | "rune" => STRING,
            "int" | "float" | "imaginary" | "imag" => NUMBER,
            k if !matches!(k, "name" | "newline" | "op=") && k.starts_with(|c: char| c.is_ascii_lowercase()) => KEYWORD,
            _ => "",
        };
        out.push_str(color);
        out.push_str(&text[lo..hi]);
        if !color.is_empty() {
            out.push_str(OFF);
        }
        at = hi;
    }
    out.push_str(&text[at..]);
    out
}

/// The places of the bracket at or before the cursor and of its partner.
fn brackets(tokens: &[(&str, usize)], pos: usize) -> Option<[usize; 2]> {
    let at = tokens.iter().position(|t| depth(t.0) != 0 && (t.1 == pos || t.1 + 1 == pos))?;
    let step = depth(tokens[at].0);
    let mut open = 0;
    let rest: Box<dyn Iterator<Item = &(&str, usize)>> =
        if step > 0 { Box::new(tokens[at..].iter()) } else { Box::new(tokens[..=at].iter().rev()) };
    for t in rest {
        open += depth(t.0);
        if open == 0 && depth(t.0) != 0 {
            return Some([tokens[at].1, t.1]);
        }
    }
    None
}

fn depth(token: &str) -> i32 {
    match token {
        "(" | "[" | "{" => 1,
        ")" | "]" | "}" => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_as_it_is() {
        for text in ["x := f(1, \"a\") // c", "for i := range 3 {", ":type x", "\"open", "\u{e9}\u{df} + `a\nb`"] {
            for pos in 0..=text.len() {
                let shown = line(text, pos);
                let mut plain = String::new();
                let mut rest = &shown[..];
                while let Some(at) = rest.find('\x1b') {
                    plain.push_str(&rest[..at]);
                    rest = &rest[at..][rest[at..].find('m').unwrap() + 1..];
                }
                plain.push_str(rest);
                assert_eq!(plain, text);
            }
        }
    }

    #[test]
    fn brackets_are_paired() {
        assert_eq!(brackets(&[("name", 0), ("(", 1), ("[", 2), ("]", 3), (")", 4)], 5), Some([4, 1]));
        assert_eq!(brackets(&[("(", 0), ("name", 1)], 0), None);
    }
}
