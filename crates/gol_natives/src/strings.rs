//! `strings`: searching, ASCII case, words.

use crate::text;
use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("Index", |n| search(n, text::index)),
    ("LastIndex", |n| search(n, text::last_index)),
    ("Count", |n| search(n, text::count)),
    ("IndexByte", index_byte),
    ("LastIndexByte", last_index_byte),
    ("countFields", count_fields),
    ("nextField", next_field),
    ("upperASCII", |n| case(n, u8::is_ascii_lowercase, <[u8]>::to_ascii_uppercase)),
    ("lowerASCII", |n| case(n, u8::is_ascii_uppercase, <[u8]>::to_ascii_lowercase)),
    ("view", view),
];

fn search(n: &mut Native<'_>, find: fn(&[u8], &[u8]) -> i64) -> NativeResult {
    let (s, sep) = (n.str(), n.str());
    n.give_int(find(s, sep));
    Ok(Flow::Done)
}

fn index_byte(n: &mut Native<'_>) -> NativeResult {
    let (s, byte) = (n.str(), n.uint() as u8);
    n.give_int(text::position(memchr::memchr(byte, s)));
    Ok(Flow::Done)
}

fn last_index_byte(n: &mut Native<'_>) -> NativeResult {
    let (s, byte) = (n.str(), n.uint() as u8);
    n.give_int(text::position(memchr::memrchr(byte, s)));
    Ok(Flow::Done)
}

fn count_fields(n: &mut Native<'_>) -> NativeResult {
    let s = n.str();
    n.give_int(text::count_fields(s));
    Ok(Flow::Done)
}

fn next_field(n: &mut Native<'_>) -> NativeResult {
    let (s, from) = (n.str(), n.int() as usize);
    let found = text::next_field(s, from).map_or((-1, -1), |(start, end)| (start as i64, end as i64));
    n.give_int(found.0);
    n.give_int(found.1);
    Ok(Flow::Done)
}

/// The text in another case; itself if nothing `wants` to change, not ok if it is not all ASCII.
fn case(n: &mut Native<'_>, wants: fn(&u8) -> bool, change: fn(&[u8]) -> Vec<u8>) -> NativeResult {
    let s = n.str();
    let ascii = s.is_ascii();
    if !ascii {
        n.give_shared(&[]);
    } else if s.iter().any(wants) {
        n.give_str(change(s))?;
    } else {
        n.give_shared(s);
    }
    n.give_bool(ascii);
    Ok(Flow::Done)
}

fn view(n: &mut Native<'_>) -> NativeResult {
    let bytes = n.bytes().view();
    n.give_shared(bytes);
    Ok(Flow::Done)
}
