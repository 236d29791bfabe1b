//! `compress/flate`: packing and unpacking in pieces.
//!
//! All state is bytes and words of the script: what was seen last, bits that make no byte yet, where in a block the
//! reader stands. So a reader that is dropped leaves nothing behind.

mod huffman;
mod inflate;
mod matches;
mod pack;

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use inflate::Reader;

pub(crate) const TABLE: Table = &[("inflate", unpack), ("deflate", deflate)];

/// `inflate(state, seen, in []byte, room int) (out []byte, used, status int)`: unpacks as much of `in` as gives at most
/// about `room` bytes. `seen` is what came out before. The status is 0 for more, 1 for the end, 2 for input that is wrong.
fn unpack(n: &mut Native<'_>) -> NativeResult {
    let (state, seen, input, room) = (n.bytes(), n.bytes(), n.bytes(), n.int());
    let mut reader = Reader::read(&state.to_vec());
    let mut out = Vec::new();
    let (used, status) = reader.run(seen.view(), &input.to_vec(), &mut out, room.clamp(0, 1 << 20) as usize);
    state.write(&reader.written());
    n.give_bytes(&out)?;
    n.give_int(used as i64);
    n.give_int(status as i64);
    Ok(Flow::Done)
}

/// `deflate(seen, data []byte, level, end int, bits uint64, count int) (out []byte, newBits uint64, newCount int)`: packs
/// data, which `seen` came before, into blocks. The end is 0 for more to come, 1 to fill the last byte with an empty
/// block, 2 for the last block. `bits` are `count` bits that are no byte yet.
fn deflate(n: &mut Native<'_>) -> NativeResult {
    let (seen, data, level, end) = (n.bytes(), n.bytes(), n.int(), n.int());
    let (bits, count) = (n.uint(), n.int());
    let (seen, data) = (seen.to_vec(), data.to_vec());
    let (out, bits, count) = pack::deflate(&seen, &data, level, end, (bits, count.clamp(0, 7) as u32));
    n.give_bytes(&out)?;
    n.give_uint(bits);
    n.give_int(count as i64);
    Ok(Flow::Done)
}
