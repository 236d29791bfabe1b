//! `crypto`: the block functions of hashes, random bytes.
//!
//! A hash's state is bytes in the script's memory, in the form in which Go writes states. A native takes it, the whole
//! blocks that come next, and puts the new state in its place, so nothing here outlives a call.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const HASH: Table = &[("blocks", blocks)];

pub(crate) const RAND: Table = &[("fill", fill)];

/// `blocks(function int, state, data []byte)`: the state after the blocks of data.
fn blocks(n: &mut Native<'_>) -> NativeResult {
    let (function, state, data) = (n.int(), n.bytes(), n.bytes());
    let (before, data) = (state.to_vec(), data.to_vec());
    let after = match function {
        0 => words32::<4>(&before, |s| md5::block_api::compress(s, data.as_chunks().0)),
        1 => words32::<5>(&before, |s| sha1::block_api::compress(s, data.as_chunks().0)),
        2 => words32::<8>(&before, |s| sha2::block_api::compress256(s, data.as_chunks().0)),
        _ => words64(&before, |s| sha2::block_api::compress512(s, data.as_chunks().0)),
    };
    state.write(&after);
    Ok(Flow::Done)
}

/// The bytes of a state after `change`, which takes it as words.
fn words32<const N: usize>(state: &[u8], change: impl Fn(&mut [u32; N])) -> Vec<u8> {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(state.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    change(&mut words);
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// As [`words32`], for words of 64 bits.
fn words64(state: &[u8], change: impl Fn(&mut [u64; 8])) -> Vec<u8> {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(state.as_chunks().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    change(&mut words);
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// `fill(b []byte) bool`: random bytes of the system, or of the seed in a deterministic run.
fn fill(n: &mut Native<'_>) -> NativeResult {
    let b = n.bytes();
    let mut random = vec![0; b.len()];
    let mut ok = true;
    if n.vm().runtime().env().deterministic() {
        for part in random.chunks_mut(8) {
            let word = n.seed().to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
    } else {
        ok = getrandom::fill(&mut random).is_ok();
    }
    b.write(&random);
    n.give_bool(ok);
    Ok(Flow::Done)
}
