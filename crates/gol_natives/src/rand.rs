//! `math/rand` and `math/rand/v2`: randomness, seeding, tables, ChaCha8 blocks.
//!
//! Tables are here and not in gol since they would be parsed and filled in every program that imports the package.

mod tables;

use crate::os;
use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("random", random),
    ("below", below),
    ("seeded", seeded),
    ("godebug", godebug),
    ("normal", normal),
    ("exponential", exponential),
];

pub(crate) const V2: &[(&str, NativeFn)] = &[
    ("random", random),
    ("below", below),
    ("normal", normal),
    ("exponential", exponential),
    ("chachaBlock", chacha_block),
    ("pcgStep", pcg_step),
];

/// `random() uint64`
fn random(n: &mut Native<'_>) -> NativeResult {
    let v = n.seed();
    n.give_uint(v);
    Ok(Flow::Done)
}

/// `below(n uint64) uint64`: evenly distributed (Lemire's method).
fn below(n: &mut Native<'_>) -> NativeResult {
    let bound = n.uint().max(1);
    let mut product = u128::from(n.seed()) * u128::from(bound);
    if (product as u64) < bound {
        let unfair = bound.wrapping_neg() % bound;
        while (product as u64) < unfair {
            product = u128::from(n.seed()) * u128::from(bound);
        }
    }
    n.give_uint((product >> 64) as u64);
    Ok(Flow::Done)
}

/// `pcgStep(hi, lo uint64) (newHi, newLo, x uint64)`: PCG-DXSM.
fn pcg_step(n: &mut Native<'_>) -> NativeResult {
    const FACTOR: u128 = 2_549_297_995_355_413_924 << 64 | 4_865_540_595_714_422_341;
    const INCREMENT: u128 = 6_364_136_223_846_793_005 << 64 | 1_442_695_040_888_963_407;
    /// The factor of the output, half as long as the state's.
    const CHEAP: u64 = 0xda94_2042_e4dd_58b5;
    let state = u128::from(n.uint()) << 64 | u128::from(n.uint());
    let state = state.wrapping_mul(FACTOR).wrapping_add(INCREMENT);
    let (hi, lo) = ((state >> 64) as u64, state as u64);
    let mut x = hi ^ hi >> 32;
    x = x.wrapping_mul(CHEAP);
    x ^= x >> 48;
    n.give_uint(hi);
    n.give_uint(lo);
    n.give_uint(x.wrapping_mul(lo | 1));
    Ok(Flow::Done)
}

/// `seeded(seed int64) []int64`: the first state of the generator.
fn seeded(n: &mut Native<'_>) -> NativeResult {
    const MODULUS: i64 = (1 << 31) - 1;
    /// What stands for a seed of 0, which the generator of seeds would never leave.
    const ZERO: i64 = 89_482_311;
    let seed = n.int().rem_euclid(MODULUS);
    let mut x = if seed == 0 { ZERO } else { seed };
    let mut next = || {
        x = x * 48271 % MODULUS;
        x
    };
    (0..20).for_each(|_| {
        next();
    });
    let state = tables::COOKED.map(|cooked| (next() << 40 ^ next() << 20 ^ next() ^ cooked) as u64);
    n.give_words(&state)?;
    Ok(Flow::Done)
}

/// `godebug(name string) string`: a setting in the environment variable GODEBUG.
fn godebug(n: &mut Native<'_>) -> NativeResult {
    let name = n.str();
    let all = os::variable(b"GODEBUG").unwrap_or_default();
    let setting = all.split(|c| *c == b',').rev().find_map(|s| s.strip_prefix(name)?.strip_prefix(b"="));
    n.give_str(setting.unwrap_or_default())?;
    Ok(Flow::Done)
}

/// `normal(i int) (k uint32, w, f, above float32)`: a row of the ziggurat, and the height of the row above.
fn normal(n: &mut Native<'_>) -> NativeResult {
    let i = n.int() as usize % 128;
    n.give_uint(tables::NORM_K[i].into());
    n.give_float32(tables::NORM_W[i]);
    n.give_float32(tables::NORM_F[i]);
    n.give_float32(tables::NORM_F[i.saturating_sub(1)]);
    Ok(Flow::Done)
}

/// `exponential(i int) (k uint32, w, f, above float32)`
fn exponential(n: &mut Native<'_>) -> NativeResult {
    let i = n.int() as usize % 256;
    n.give_uint(tables::EXP_K[i].into());
    n.give_float32(tables::EXP_W[i]);
    n.give_float32(tables::EXP_F[i]);
    n.give_float32(tables::EXP_F[i.saturating_sub(1)]);
    Ok(Flow::Done)
}

/// `chachaBlock(s0, s1, s2, s3 uint64, counter uint32) []uint64`: four interlaced blocks of 8 rounds (C2SP's chacha8rand).
fn chacha_block(n: &mut Native<'_>) -> NativeResult {
    let seed = [n.uint(), n.uint(), n.uint(), n.uint()];
    let counter = n.uint() as u32;
    let mut key = [0u32; 8];
    for (i, k) in key.iter_mut().enumerate() {
        *k = (seed[i / 2] >> (32 * (i % 2))) as u32;
    }
    // Word w of block b stands at 4*w + b.
    let mut out = [0u32; 64];
    for block in 0..4 {
        let mut x = [0u32; 16];
        x[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
        x[4..12].copy_from_slice(&key);
        x[12] = counter.wrapping_add(block);
        for _ in 0..4 {
            for i in 0..4 {
                quarter_round(&mut x, [i, 4 + i, 8 + i, 12 + i]);
            }
            for i in 0..4 {
                quarter_round(&mut x, [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4]);
            }
        }
        for (word, v) in x.into_iter().enumerate() {
            let key = if (4..12).contains(&word) { key[word - 4] } else { 0 };
            out[4 * word + block as usize] = v.wrapping_add(key);
        }
    }
    let words: Vec<u64> = out.chunks_exact(2).map(|p| u64::from(p[0]) | u64::from(p[1]) << 32).collect();
    n.give_words(&words)?;
    Ok(Flow::Done)
}

fn quarter_round(x: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (left, right) in [(16, 12), (8, 7)] {
        x[a] = x[a].wrapping_add(x[b]);
        x[d] = (x[d] ^ x[a]).rotate_left(left);
        x[c] = x[c].wrapping_add(x[d]);
        x[b] = (x[b] ^ x[c]).rotate_left(right);
    }
}
