//! Numbers: where they end, which kind they are, and what is wrong with them, in Go's words.

use crate::token::Tok;

/// What digits were seen.
#[derive(Default, Clone, Copy)]
struct Digits {
    any: bool,
    underscore: bool,
    /// Offset of the first digit too large for the base.
    invalid: Option<usize>,
}

/// Scans the number at the start of `bytes`: its length and kind. Reports at offsets from the start.
pub(crate) fn scan(bytes: &[u8], report: &mut dyn FnMut(usize, String)) -> (usize, Tok) {
    let lower = |at: usize| bytes.get(at).map_or(0, |b| b | 0x20);
    let mut ok = true;
    let mut fail = |ok: &mut bool, at: usize, message: String| {
        if std::mem::replace(ok, false) {
            report(at, message);
        }
    };
    let mut at = 0;
    let mut seen = Digits::default();
    let mut kind = Tok::Int;
    let (mut base, mut prefix) = (10, 0);
    if bytes[0] != b'.' {
        if bytes[0] == b'0' {
            prefix = lower(1);
            base = match prefix {
                b'x' => 16,
                b'o' => 8,
                b'b' => 2,
                _ => {
                    prefix = b'0';
                    seen.any = true;
                    8
                }
            };
            at = if prefix == b'0' { 1 } else { 2 };
        }
        at = digits(bytes, at, base, &mut seen);
    }
    if bytes.get(at) == Some(&b'.') {
        if prefix == b'o' || prefix == b'b' {
            fail(&mut ok, at, format!("invalid radix point in {} literal", base_name(base)));
        }
        kind = Tok::Float;
        at = digits(bytes, at + 1, base, &mut seen);
    }
    if !seen.any {
        fail(&mut ok, at, format!("{} literal has no digits", base_name(base)));
    }
    let e = lower(at);
    if e == b'e' || e == b'p' {
        let c = bytes[at] as char;
        if e == b'e' && prefix != 0 && prefix != b'0' {
            fail(&mut ok, at, format!("'{c}' exponent requires decimal mantissa"));
        } else if e == b'p' && prefix != b'x' {
            fail(&mut ok, at, format!("'{c}' exponent requires hexadecimal mantissa"));
        }
        kind = Tok::Float;
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        let mut exponent = Digits::default();
        at = digits(bytes, at, 10, &mut exponent);
        seen.underscore |= exponent.underscore;
        if !exponent.any {
            fail(&mut ok, at, "exponent has no digits".to_string());
        }
    } else if prefix == b'x' && kind == Tok::Float {
        fail(&mut ok, at, "hexadecimal mantissa requires a 'p' exponent".to_string());
    }
    if bytes.get(at) == Some(&b'i') {
        kind = Tok::Imag;
        at += 1;
    }
    if let (Tok::Int, Some(bad)) = (kind, seen.invalid) {
        fail(&mut ok, bad, format!("invalid digit '{}' in {} literal", bytes[bad] as char, base_name(base)));
    }
    if seen.underscore
        && ok
        && let Some(bad) = misplaced_underscore(&bytes[..at])
    {
        fail(&mut ok, bad, "'_' must separate successive digits".to_string());
    }
    (at, kind)
}

/// Moves past digits and underscores. Decimal digits are taken in every base up to ten; too large ones are noted.
fn digits(bytes: &[u8], mut at: usize, base: u8, seen: &mut Digits) -> usize {
    while let Some(&b) = bytes.get(at) {
        match b {
            b'_' => seen.underscore = true,
            b'0'..=b'9' => {
                seen.any = true;
                if base < 10 && b >= b'0' + base && seen.invalid.is_none() {
                    seen.invalid = Some(at);
                }
            }
            b'a'..=b'f' | b'A'..=b'F' if base == 16 => seen.any = true,
            _ => break,
        }
        at += 1;
    }
    at
}

fn base_name(base: u8) -> &'static str {
    match base {
        2 => "binary",
        8 => "octal",
        10 => "decimal",
        _ => "hexadecimal",
    }
}

/// Offset of the first underscore that does not stand between two digits, a base prefix counting as a digit.
fn misplaced_underscore(text: &[u8]) -> Option<usize> {
    let hex = text.len() > 1 && text[1] | 0x20 == b'x';
    let prefixed = text.len() > 1 && text[0] == b'0' && matches!(text[1] | 0x20, b'x' | b'o' | b'b');
    let from = if prefixed { 2 } else { 0 };
    let digit = |b: u8| b.is_ascii_digit() || hex && b.is_ascii_hexdigit();
    let mut before = prefixed;
    let mut after_underscore = false;
    for (i, &b) in text.iter().enumerate().skip(from) {
        if b == b'_' {
            if !before {
                return Some(i);
            }
            (before, after_underscore) = (false, true);
        } else if digit(b) {
            (before, after_underscore) = (true, false);
        } else {
            if after_underscore {
                return Some(i - 1);
            }
            before = false;
        }
    }
    after_underscore.then(|| text.len() - 1)
}
