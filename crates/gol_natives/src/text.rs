//! What the natives of `strings` and `bytes` have in common: searching and splitting bytes, Go's rules for empty
//! patterns and wrong encodings included.

use memchr::memmem;

/// Where `sep` first stands in `s`, -1 if nowhere.
pub(crate) fn index(s: &[u8], sep: &[u8]) -> i64 {
    position(if sep.is_empty() { Some(0) } else { memmem::find(s, sep) })
}

/// Where `sep` last stands in `s`, -1 if nowhere.
pub(crate) fn last_index(s: &[u8], sep: &[u8]) -> i64 {
    position(if sep.is_empty() { Some(s.len()) } else { memmem::rfind(s, sep) })
}

/// Go's form of an index that may not be.
pub(crate) fn position(at: Option<usize>) -> i64 {
    at.map_or(-1, |at| at as i64)
}

/// How often `sep` stands in `s` without overlap; for an empty `sep` the number of runes and one.
pub(crate) fn count(s: &[u8], sep: &[u8]) -> i64 {
    match sep {
        [] => rune_count(s) as i64 + 1,
        [byte] => memchr::memchr_iter(*byte, s).count() as i64,
        _ => memmem::find_iter(s, sep).count() as i64,
    }
}

/// The rune at the start of `s` and its length; 1 for a wrong byte, whose rune is `None`.
fn rune(s: &[u8]) -> (Option<char>, usize) {
    if s[0] < 0x80 {
        return (Some(s[0] as char), 1);
    }
    let valid = |n: usize| std::str::from_utf8(s.get(..n)?).ok()?.chars().next().map(|c| (Some(c), n));
    (2..=4).find_map(valid).unwrap_or((None, 1))
}

/// The number of runes; every wrong byte counts as one.
pub(crate) fn rune_count(s: &[u8]) -> usize {
    let mut rest = s;
    let mut n = 0;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => return n + text.chars().count(),
            Err(e) => {
                let good = e.valid_up_to();
                n += std::str::from_utf8(&rest[..good]).map_or(0, |t| t.chars().count());
                // One wrong byte; what follows it may be the start of a right rune.
                n += 1;
                rest = &rest[good + 1..];
            }
        }
    }
}

/// White space as Go's `unicode.IsSpace` has it.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}'
    ) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Start and end of the first word of `s` at or after `from`: a stretch of runes that are not white space.
pub(crate) fn next_field(s: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    let mut start = None;
    while at < s.len() {
        let (c, n) = rune(&s[at..]);
        match (c.is_some_and(is_space), start) {
            (true, Some(start)) => return Some((start, at)),
            (false, None) => start = Some(at),
            _ => {}
        }
        at += n;
    }
    start.map(|start| (start, at))
}

/// The number of words of `s`.
pub(crate) fn count_fields(s: &[u8]) -> i64 {
    let (mut n, mut at) = (0, 0);
    while let Some((_, end)) = next_field(s, at) {
        n += 1;
        at = end;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_bytes_count_as_runes_and_are_no_space() {
        assert_eq!(rune_count(b"a\xff\xe4\xb8b"), 5);
        assert_eq!(rune_count("世界".as_bytes()), 2);
        assert_eq!(count("世界".as_bytes(), b""), 3);
        assert_eq!(next_field("\u{3000} x\u{85}y".as_bytes(), 0), Some((4, 5)));
        assert_eq!(next_field(b" \x85 ", 0), Some((1, 2)));
        assert_eq!(count_fields(b" a b  c "), 3);
        assert_eq!(next_field(b"  ", 0), None);
    }

    #[test]
    fn empty_patterns_are_everywhere() {
        assert_eq!((index(b"ab", b""), last_index(b"ab", b""), index(b"", b"a")), (0, 2, -1));
    }
}
