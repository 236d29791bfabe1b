//! `unicode/utf8`: counting and checking long texts.

use crate::text::rune_count;
use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("RuneCount", |n| {
        let s = n.bytes().to_vec();
        count(n, &s)
    }),
    ("RuneCountInString", |n| {
        let s = n.str();
        count(n, s)
    }),
    ("Valid", |n| {
        let s = n.bytes().to_vec();
        valid(n, &s)
    }),
    ("ValidString", |n| {
        let s = n.str();
        valid(n, s)
    }),
];

fn count(n: &mut Native<'_>, s: &[u8]) -> NativeResult {
    n.give_int(rune_count(s) as i64);
    Ok(Flow::Done)
}

fn valid(n: &mut Native<'_>, s: &[u8]) -> NativeResult {
    n.give_bool(std::str::from_utf8(s).is_ok());
    Ok(Flow::Done)
}
