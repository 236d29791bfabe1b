//! `crypto/sha3`: the permutation Keccak-f[1600] of FIPS 202.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const TABLE: Table = &[("absorb", absorb), ("permute", permute)];

/// `absorb(state, blocks []byte, rate int)`: adds blocks of `rate` bytes to the state, each followed by the permutation.
fn absorb(n: &mut Native<'_>) -> NativeResult {
    let (state, blocks, rate) = (n.bytes(), n.bytes().to_vec(), n.int().clamp(1, 200) as usize);
    let mut bytes = state.to_vec();
    for block in blocks.chunks_exact(rate) {
        bytes.iter_mut().zip(block).for_each(|(b, x)| *b ^= x);
        permute_bytes(&mut bytes);
    }
    state.write(&bytes);
    Ok(Flow::Done)
}

/// `permute(state []byte)`
fn permute(n: &mut Native<'_>) -> NativeResult {
    let state = n.bytes();
    let mut bytes = state.to_vec();
    permute_bytes(&mut bytes);
    state.write(&bytes);
    Ok(Flow::Done)
}

fn permute_bytes(bytes: &mut [u8]) {
    let mut lanes = [0; 25];
    lanes.iter_mut().zip(bytes.as_chunks().0).for_each(|(lane, b)| *lane = u64::from_le_bytes(*b));
    keccak_f(&mut lanes);
    bytes.as_chunks_mut().0.iter_mut().zip(lanes).for_each(|(b, lane)| *b = lane.to_le_bytes());
}

/// What is added to the first lane in each round.
const ROUNDS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// Lane (x, y) of the state is at x + 5y.
fn keccak_f(a: &mut [u64; 25]) {
    for constant in ROUNDS {
        // Theta: each column gets the parities of two others.
        let parity: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |p, y| p ^ a[x + 5 * y]));
        for (i, lane) in a.iter_mut().enumerate() {
            *lane ^= parity[(i + 4) % 5] ^ parity[(i + 1) % 5].rotate_left(1);
        }
        // Rho and pi: lanes are rotated, by triangular numbers, and change places.
        let (mut x, mut y, mut moved) = (1, 0, a[1]);
        for step in 1..=24u32 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            let lane = moved.rotate_left(step * (step + 1) / 2 % 64);
            moved = std::mem::replace(&mut a[x + 5 * y], lane);
        }
        // Chi: each lane of a row gets what the next two say.
        for row in a.as_chunks_mut::<5>().0 {
            let before = *row;
            for (x, lane) in row.iter_mut().enumerate() {
                *lane ^= !before[(x + 1) % 5] & before[(x + 2) % 5];
            }
        }
        // Iota.
        a[0] ^= constant;
    }
}
