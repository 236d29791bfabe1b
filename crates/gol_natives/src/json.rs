//! `encoding/json`: finding one's way through a JSON text, and strings with and without quotes.
//!
//! What decides about types stays in gol; here are the loops over bytes. The slices may be changing while they are read
//! (see `gol_vm::native::Bytes`), so every index is checked and nothing is assumed from an earlier look.

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("scan", scan),
    ("text", text),
    ("number", number),
    ("float64At", |n| {
        let (data, from, to) = (n.bytes().view(), n.int(), n.int());
        n.give_float(slice(data, from, to).parse().unwrap_or(f64::NAN));
        Ok(Flow::Done)
    }),
    ("float32At", |n| {
        let (data, from, to) = (n.bytes().view(), n.int(), n.int());
        n.give_float32(slice(data, from, to).parse().unwrap_or(f32::NAN));
        Ok(Flow::Done)
    }),
    ("quoted", quoted),
    ("reformat", reformat),
    ("escapeHTML", |n| {
        let src = n.bytes().to_vec();
        let mut out = Vec::with_capacity(src.len() + src.len() / 8);
        escape_marks(&mut out, &src, true);
        n.give_bytes(&out)?;
        Ok(Flow::Done)
    }),
];

fn slice(data: &[u8], from: i64, to: i64) -> &str {
    let part = data.get(from.max(0) as usize..to.max(0) as usize).unwrap_or_default();
    std::str::from_utf8(part).unwrap_or_default()
}

/// Why a scan ended; the numbers stand in `stdlib/encoding/json/scan.gol` too.
#[derive(Clone, Copy)]
enum Stop {
    Done = 0,
    /// The text ended within the value.
    Cut = 1,
    Value = 2,
    Null = 3,
    False = 4,
    True = 5,
    Name = 6,
    Escape = 7,
    Control = 8,
    Number = 9,
    AfterName = 10,
    AfterMember = 11,
    AfterElement = 12,
    Depth = 13,
    /// There is nothing but white space.
    Empty = 14,
}

/// How deep arrays and objects may nest.
const MAX_DEPTH: i64 = 10_000;

/// `func scan(data []byte, pos, depth int) (end, stop int)`: reads one value, white space before it included. `end` is
/// behind it, or where it is wrong.
fn scan(n: &mut Native<'_>) -> NativeResult {
    let (data, pos, depth) = (n.bytes().view(), n.int(), n.int());
    let (end, stop) = scan_value(data, pos.max(0) as usize, depth);
    n.give_int(end as i64);
    n.give_int(stop as i64);
    Ok(Flow::Done)
}

fn space(data: &[u8], mut i: usize) -> usize {
    while matches!(data.get(i), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        i += 1;
    }
    i
}

fn scan_value(data: &[u8], pos: usize, depth: i64) -> (usize, Stop) {
    let mut i = space(data, pos);
    if i >= data.len() {
        return (data.len(), Stop::Empty);
    }
    // The open arrays (false) and objects (true) around the place.
    let mut open: Vec<bool> = Vec::new();
    loop {
        // At the start of a value.
        let Some(&c) = data.get(i) else { return (i, Stop::Cut) };
        let (end, stop) = match c {
            b'n' => literal(data, i, b"null", Stop::Null),
            b'f' => literal(data, i, b"false", Stop::False),
            b't' => literal(data, i, b"true", Stop::True),
            b'"' => string(data, i),
            b'-' | b'0'..=b'9' => digits(data, i),
            b'{' | b'[' => {
                if depth + open.len() as i64 > MAX_DEPTH {
                    return (i, Stop::Depth);
                }
                let object = c == b'{';
                i = space(data, i + 1);
                let close = if object { b'}' } else { b']' };
                match data.get(i) {
                    None => return (i, Stop::Cut),
                    Some(&c) if c == close => (i + 1, Stop::Done),
                    Some(_) => {
                        open.push(object);
                        if object {
                            match name(data, i) {
                                Ok(at) => i = at,
                                Err(wrong) => return wrong,
                            }
                        }
                        continue;
                    }
                }
            }
            _ => return (i, Stop::Value),
        };
        if !matches!(stop, Stop::Done) {
            return (end, stop);
        }
        i = end;
        // Behind a value.
        loop {
            let Some(&object) = open.last() else { return (i, Stop::Done) };
            i = space(data, i);
            match (data.get(i), object) {
                (None, _) => return (i, Stop::Cut),
                (Some(b','), true) => match name(data, space(data, i + 1)) {
                    Ok(at) => {
                        i = at;
                        break;
                    }
                    Err(wrong) => return wrong,
                },
                (Some(b','), false) => {
                    i = space(data, i + 1);
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    open.pop();
                    i += 1;
                }
                (Some(_), true) => return (i, Stop::AfterMember),
                (Some(_), false) => return (i, Stop::AfterElement),
            }
        }
    }
}

/// A member's name and its colon; gives the start of the value.
fn name(data: &[u8], i: usize) -> Result<usize, (usize, Stop)> {
    match data.get(i) {
        None => return Err((i, Stop::Cut)),
        Some(b'"') => {}
        Some(_) => return Err((i, Stop::Name)),
    }
    let (end, stop) = string(data, i);
    if !matches!(stop, Stop::Done) {
        return Err((end, stop));
    }
    let i = space(data, end);
    match data.get(i) {
        None => Err((i, Stop::Cut)),
        Some(b':') => Ok(space(data, i + 1)),
        Some(_) => Err((i, Stop::AfterName)),
    }
}

fn literal(data: &[u8], i: usize, word: &[u8], wrong: Stop) -> (usize, Stop) {
    for (k, c) in word.iter().enumerate() {
        match data.get(i + k) {
            None => return (i + k, Stop::Cut),
            Some(d) if d != c => return (i + k, wrong),
            Some(_) => {}
        }
    }
    (i + word.len(), Stop::Done)
}

/// A string in quotes from `i` on. Bytes that are not UTF-8 are accepted.
fn string(data: &[u8], mut i: usize) -> (usize, Stop) {
    i += 1;
    loop {
        match data.get(i) {
            None => return (i, Stop::Cut),
            Some(b'"') => return (i + 1, Stop::Done),
            Some(b'\\') => match data.get(i + 1) {
                None => return (i, Stop::Cut),
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => i += 2,
                Some(b'u') => {
                    for k in 2..6 {
                        match data.get(i + k) {
                            None => return (i, Stop::Cut),
                            Some(c) if c.is_ascii_hexdigit() => {}
                            Some(_) => return (i, Stop::Escape),
                        }
                    }
                    i += 6;
                }
                Some(_) => return (i, Stop::Escape),
            },
            Some(c) if *c < b' ' => return (i, Stop::Control),
            Some(c) if *c < 0x80 => i += 1,
            Some(_) => {
                let rest = data.get(i..data.len().min(i + 4)).unwrap_or_default();
                match rune(rest) {
                    Some((_, len)) => i += len,
                    // A character that the end of the text cuts is not looked at further.
                    None if i + rest.len() == data.len() && may_go_on(rest) => return (i, Stop::Cut),
                    None => i += 1,
                }
            }
        }
    }
}

/// The character that `b` starts with, and its length; none if the first byte is wrong.
fn rune(b: &[u8]) -> Option<(char, usize)> {
    let len = match b.first()? {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let text = std::str::from_utf8(b.get(..len)?).ok()?;
    text.chars().next().map(|c| (c, len))
}

/// Whether more bytes could make a character of these.
fn may_go_on(b: &[u8]) -> bool {
    std::str::from_utf8(b).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
}

fn digits(data: &[u8], start: usize) -> (usize, Stop) {
    let run = |mut i: usize| {
        while data.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut i = start + usize::from(data.get(start) == Some(&b'-'));
    match data.get(i) {
        None => return (start, Stop::Cut),
        Some(b'0') => i += 1,
        Some(b'1'..=b'9') => i = run(i),
        Some(_) => return (i, Stop::Number),
    }
    if data.get(i) == Some(&b'.') {
        i += 1;
        match data.get(i) {
            None => return (start, Stop::Cut),
            Some(b'0'..=b'9') => i = run(i),
            Some(_) => return (i, Stop::Number),
        }
    }
    if matches!(data.get(i), Some(b'e' | b'E')) {
        i += 1;
        if matches!(data.get(i), Some(b'-' | b'+')) {
            i += 1;
        }
        match data.get(i) {
            None => return (start, Stop::Cut),
            Some(b'0'..=b'9') => i = run(i),
            Some(_) => return (i, Stop::Number),
        }
    }
    (i, Stop::Done)
}

/// `func number(data []byte, pos int) (end int, magnitude uint64, form int)`: the number at `pos`. The form is 0 for an
/// integer, 1 for one over 64 bits, 2 for one with a fraction or exponent.
fn number(n: &mut Native<'_>) -> NativeResult {
    let (data, pos) = (n.bytes().view(), n.int().max(0) as usize);
    let (end, _) = digits(data, pos);
    let mut magnitude = Some(0u64);
    let mut form = 0;
    for &c in data.get(pos..end).unwrap_or_default() {
        match c {
            b'-' => {}
            b'0'..=b'9' => {
                magnitude = magnitude.and_then(|m| m.checked_mul(10)?.checked_add(u64::from(c - b'0')));
            }
            _ => {
                form = 2;
                break;
            }
        }
    }
    if form == 0 && magnitude.is_none() {
        form = 1;
    }
    n.give_int(end as i64);
    n.give_uint(magnitude.unwrap_or(u64::MAX));
    n.give_int(form);
    Ok(Flow::Done)
}

/// `func text(data []byte, pos int) (s string, end int)`: what the string in quotes at `pos` says. Wrong bytes and halves of
/// surrogate pairs become U+FFFD. One that is not closed ends with the data.
fn text(n: &mut Native<'_>) -> NativeResult {
    let (data, pos) = (n.bytes().view(), n.int().max(0) as usize);
    let body = data.get(pos + 1..).unwrap_or_default();
    let (out, used) = unquote(body);
    n.give_str(out)?;
    n.give_int((pos + 1 + used) as i64);
    Ok(Flow::Done)
}

fn unquote(body: &[u8]) -> (Vec<u8>, usize) {
    let plain = memchr::memchr2(b'"', b'\\', body).unwrap_or(body.len());
    let mut out = Vec::with_capacity(plain);
    let mut i = 0;
    loop {
        let rest = body.get(i..).unwrap_or_default();
        let stop = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        push_valid(&mut out, &rest[..stop]);
        i += stop;
        match rest.get(stop) {
            None => return (out, i),
            Some(b'\\') => {}
            Some(_) => return (out, i + 1),
        }
        let escape = &rest[stop..];
        match escape.get(1) {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'u') => {
                let first = hex(escape.get(2..6));
                let second = match escape.get(6..8) {
                    Some(b"\\u") => hex(escape.get(8..12)),
                    _ => None,
                };
                i += 6;
                let c = match (first, second) {
                    (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                        i += 6;
                        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    }
                    (Some(one), _) => char::from_u32(one),
                    (None, _) => None,
                };
                push_char(&mut out, c.unwrap_or('\u{fffd}'));
                continue;
            }
            Some(&c) => out.push(c),
            None => return (out, body.len()),
        }
        i += 2;
    }
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let text = std::str::from_utf8(digits?).ok()?;
    u32::from_str_radix(text, 16).ok()
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Appends bytes with U+FFFD for each that is no part of a character.
fn push_valid(out: &mut Vec<u8>, b: &[u8]) {
    // `b` may change under a racing writer, so it is what was copied that is checked.
    let from = out.len();
    out.extend_from_slice(b);
    if std::str::from_utf8(&out[from..]).is_ok() {
        return;
    }
    let copy = out.split_off(from);
    let mut b = &copy[..];
    loop {
        match std::str::from_utf8(b) {
            Ok(_) => return out.extend_from_slice(b),
            Err(e) => {
                out.extend_from_slice(&b[..e.valid_up_to()]);
                push_char(out, '\u{fffd}');
                b = &b[e.valid_up_to() + 1..];
            }
        }
    }
}

/// `func quoted(s string, html bool) (q string, plain bool)`: a string in quotes, or, if it needs nothing but the quotes, as it
/// is, and true.
fn quoted(n: &mut Native<'_>) -> NativeResult {
    let (s, html) = (n.str(), n.bool());
    let marks = |c: &u8| *c < b' ' || matches!(c, b'"' | b'\\') || html && matches!(c, b'<' | b'>' | b'&');
    let plain = if s.is_ascii() {
        !s.iter().any(marks)
    } else {
        !s.iter().any(marks) && std::str::from_utf8(s).is_ok_and(|t| !t.contains(['\u{2028}', '\u{2029}']))
    };
    if plain {
        n.give_shared(s);
    } else {
        n.give_str(quote(s, html))?;
    }
    n.give_bool(plain);
    Ok(Flow::Done)
}

fn quote(s: &[u8], html: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len() + 16);
    out.push(b'"');
    let mut i = 0;
    while let Some(&c) = s.get(i) {
        if c >= 0x80 {
            match rune(&s[i..s.len().min(i + 4)]) {
                Some((c @ ('\u{2028}' | '\u{2029}'), len)) => {
                    out.extend_from_slice(if c == '\u{2028}' { b"\\u2028" } else { b"\\u2029" });
                    i += len;
                }
                Some((_, len)) => {
                    out.extend_from_slice(&s[i..i + len]);
                    i += len;
                }
                None => {
                    push_char(&mut out, '\u{fffd}');
                    i += 1;
                }
            }
            continue;
        }
        i += 1;
        match c {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', c]),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'<' | b'>' | b'&' if html => out.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            0..=31 => out.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            _ => out.push(c),
        }
    }
    out.push(b'"');
    out
}

/// Appends a text with U+2028 and U+2029 as escapes and, for `html`, `<`, `>` and `&` too.
fn escape_marks(out: &mut Vec<u8>, src: &[u8], html: bool) {
    let mut i = 0;
    while let Some(&c) = src.get(i) {
        i += 1;
        match c {
            b'<' | b'>' | b'&' if html => out.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            0xe2 if src.get(i) == Some(&0x80) && matches!(src.get(i + 1), Some(0xa8 | 0xa9)) => {
                out.extend_from_slice(if src[i + 1] == 0xa8 { b"\\u2028" } else { b"\\u2029" });
                i += 2;
            }
            _ => out.push(c),
        }
    }
}

/// `func reformat(data []byte, from, to int, escape int, lines bool, prefix, indent string) []byte`: a correct value with no white
/// space, or on lines of their own. `escape`: 0 leaves strings as they are, 1 escapes U+2028 and U+2029, 2 what HTML knows too.
fn reformat(n: &mut Native<'_>) -> NativeResult {
    let data = n.bytes();
    let (from, to) = (n.int().max(0) as usize, n.int().max(0) as usize);
    let (escape, lines) = (n.int(), n.bool());
    let (prefix, indent) = (n.str(), n.str());
    let src = data.view().get(from..to).unwrap_or_default().to_vec();
    let mut out = Vec::with_capacity(src.len());
    let mut depth = 0usize;
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend_from_slice(prefix);
        for _ in 0..depth {
            out.extend_from_slice(indent);
        }
    };
    let mut i = 0;
    while let Some(&c) = src.get(i) {
        match c {
            b' ' | b'\t' | b'\r' | b'\n' => i += 1,
            b'"' => {
                let (end, _) = string(&src, i);
                let part = &src[i..end.max(i + 1)];
                if escape == 0 {
                    out.extend_from_slice(part);
                } else {
                    escape_marks(&mut out, part, escape == 2);
                }
                i += part.len();
            }
            b'{' | b'[' => {
                out.push(c);
                let next = space(&src, i + 1);
                if let Some(close @ (b'}' | b']')) = src.get(next) {
                    out.push(*close);
                    i = next + 1;
                    continue;
                }
                depth += 1;
                if lines {
                    line(&mut out, depth);
                }
                i += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if lines {
                    line(&mut out, depth);
                }
                out.push(c);
                i += 1;
            }
            b',' if lines => {
                out.push(c);
                line(&mut out, depth);
                i += 1;
            }
            b':' if lines => {
                out.extend_from_slice(b": ");
                i += 1;
            }
            _ => {
                out.push(c);
                i += 1;
            }
        }
    }
    n.give_bytes(&out)?;
    Ok(Flow::Done)
}
