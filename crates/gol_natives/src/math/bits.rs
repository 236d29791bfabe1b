//! `math/bits`: what the processor has an instruction for.

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("LeadingZeros64", |n| of(n, |x| x.leading_zeros().into())),
    ("TrailingZeros64", |n| of(n, |x| x.trailing_zeros().into())),
    ("OnesCount64", |n| of(n, |x| x.count_ones().into())),
    ("Len64", |n| of(n, |x| u64::from(64 - x.leading_zeros()))),
    ("Reverse64", |n| of(n, u64::reverse_bits)),
    ("ReverseBytes64", |n| of(n, u64::swap_bytes)),
    ("RotateLeft64", rotate_left),
    ("Mul64", mul),
    ("div64", div),
];

fn of(n: &mut Native<'_>, f: fn(u64) -> u64) -> NativeResult {
    let x = n.uint();
    n.give_uint(f(x));
    Ok(Flow::Done)
}

fn rotate_left(n: &mut Native<'_>) -> NativeResult {
    let (x, k) = (n.uint(), n.int());
    n.give_uint(x.rotate_left((k & 63) as u32));
    Ok(Flow::Done)
}

fn mul(n: &mut Native<'_>) -> NativeResult {
    let (x, y) = (n.uint(), n.uint());
    let product = u128::from(x) * u128::from(y);
    n.give_uint((product >> 64) as u64);
    n.give_uint(product as u64);
    Ok(Flow::Done)
}

/// `div64(hi, lo, y uint64) (quo, rem uint64)`: the caller has checked that `hi < y`.
fn div(n: &mut Native<'_>) -> NativeResult {
    let (hi, lo, y) = (n.uint(), n.uint(), n.uint().max(1));
    let x = u128::from(hi) << 64 | u128::from(lo);
    n.give_uint((x / u128::from(y)) as u64);
    n.give_uint((x % u128::from(y)) as u64);
    Ok(Flow::Done)
}
