//! `bytes`: as `strings`, over slices that others may be writing.

use crate::text;
use gol_vm::{Flow, Native, NativeFn, NativeResult};
use std::cmp::Ordering;

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("Equal", equal),
    ("Compare", compare),
    ("Index", |n| search(n, text::index)),
    ("LastIndex", |n| search(n, text::last_index)),
    ("Count", |n| search(n, text::count)),
    ("IndexByte", index_byte),
    ("LastIndexByte", last_index_byte),
    ("countFields", count_fields),
    ("nextField", next_field),
    ("upperASCII", |n| case(n, <[u8]>::to_ascii_uppercase)),
    ("lowerASCII", |n| case(n, <[u8]>::to_ascii_lowercase)),
    ("view", view),
];

fn equal(n: &mut Native<'_>) -> NativeResult {
    let (a, b) = (n.bytes().view(), n.bytes().view());
    n.give_bool(a == b);
    Ok(Flow::Done)
}

fn compare(n: &mut Native<'_>) -> NativeResult {
    let (a, b) = (n.bytes().view(), n.bytes().view());
    n.give_int(match a.cmp(b) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    });
    Ok(Flow::Done)
}

fn search(n: &mut Native<'_>, find: fn(&[u8], &[u8]) -> i64) -> NativeResult {
    let (s, sep) = (n.bytes().view(), n.bytes().view());
    n.give_int(find(s, sep));
    Ok(Flow::Done)
}

pub(crate) fn index_byte(n: &mut Native<'_>) -> NativeResult {
    let (s, byte) = (n.bytes().view(), n.uint() as u8);
    n.give_int(text::position(memchr::memchr(byte, s)));
    Ok(Flow::Done)
}

fn last_index_byte(n: &mut Native<'_>) -> NativeResult {
    let (s, byte) = (n.bytes().view(), n.uint() as u8);
    n.give_int(text::position(memchr::memrchr(byte, s)));
    Ok(Flow::Done)
}

fn count_fields(n: &mut Native<'_>) -> NativeResult {
    let s = n.bytes().to_vec();
    n.give_int(text::count_fields(&s));
    Ok(Flow::Done)
}

fn next_field(n: &mut Native<'_>) -> NativeResult {
    let (s, from) = (n.bytes().view(), n.int() as usize);
    let word = text::next_field(s.get(from..).unwrap_or_default(), 0);
    let found = word.map_or((-1, -1), |(start, end)| ((from + start) as i64, (from + end) as i64));
    n.give_int(found.0);
    n.give_int(found.1);
    Ok(Flow::Done)
}

/// A copy in another case; nil and not ok if the bytes are not all ASCII.
fn case(n: &mut Native<'_>, change: fn(&[u8]) -> Vec<u8>) -> NativeResult {
    let s = n.bytes().to_vec();
    let ascii = s.is_ascii();
    if ascii {
        n.give_bytes(&change(&s))?;
    } else {
        n.give_nil_slice();
    }
    n.give_bool(ascii);
    Ok(Flow::Done)
}

fn view(n: &mut Native<'_>) -> NativeResult {
    let bytes = n.bytes().view();
    n.give_shared(bytes);
    Ok(Flow::Done)
}
