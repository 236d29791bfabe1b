//! Trigonometric functions (Cephes `sin.c`, `tan.c`, `atan.c`, `asin.c`) and their reduction of the argument.

use super::{NAN, horner, tables};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// From here on the reduction needs more than three parts of π/4: Payne and Hanek's method.
const LARGE: f64 = (1u64 << 29) as f64;

/// Which eighth of the circle `x` (not negative) lies in, made even, and the rest, between -π/4 and π/4. Not modulo 8 for small ones.
fn reduce(x: f64) -> (u64, f64) {
    // π/4 in three parts.
    const A: f64 = 7.853_981_256_484_985_351_56e-1;
    const B: f64 = 3.774_894_707_930_798_176_68e-8;
    const C: f64 = 2.695_151_429_079_059_526_45e-15;
    const FOUR_OVER_PI: f64 = 1.273_239_544_735_162_686_15;
    if x >= LARGE {
        return reduce_large(x);
    }
    let mut j = (x * FOUR_OVER_PI) as u64;
    let mut y = j as f64;
    if j & 1 == 1 {
        j += 1;
        y += 1.0;
    }
    (j, ((x - y * A) - y * B) - y * C)
}

/// Multiplies by those 192 bits of 4/π that matter: what is above gives whole circles.
fn reduce_large(x: f64) -> (u64, f64) {
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i64 - 1023 - 52;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let (word, shift) = ((exponent + 61) as usize / 64, (exponent + 61) as u32 % 64);
    let part = |i: usize| {
        let pair = u128::from(tables::FOUR_OVER_PI[word + i]) << 64 | u128::from(tables::FOUR_OVER_PI[word + i + 1]);
        (pair << shift >> 64) as u64
    };
    let product = |i: usize| u128::from(part(i)) * u128::from(mantissa);
    let sum =
        (u128::from(part(0).wrapping_mul(mantissa)) << 64).wrapping_add(product(1)).wrapping_add(product(2) >> 64);
    let j = (sum >> 125) as u64;
    // The fraction as a number: its leading one goes to the exponent. What moves in from below is three bits off, as in Go;
    // it counts for the last bits of a very small rest only.
    let fraction = sum << 3 >> 64 << 64 | u128::from(sum as u64);
    let zeros = ((fraction >> 64) as u64).leading_zeros();
    let mantissa = (fraction << (zeros + 1) >> 64) as u64 >> 12;
    let z = f64::from_bits(mantissa | (1023 - (u64::from(zeros) + 1)) << 52);
    if j & 1 == 1 {
        return ((j + 1) & 7, (z - 1.0) * FRAC_PI_4);
    }
    (j, z * FRAC_PI_4)
}

fn sine(z: f64) -> f64 {
    let zz = z * z;
    z + z * zz * horner(zz, &tables::SIN)
}

fn cosine(z: f64) -> f64 {
    let zz = z * z;
    1.0 - 0.5 * zz + zz * zz * horner(zz, &tables::COS)
}

pub(super) fn sin(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return NAN;
    }
    sincos(x).0
}

pub(super) fn cos(x: f64) -> f64 {
    if !x.is_finite() { NAN } else { sincos(x).1 }
}

pub(super) fn sincos(x: f64) -> (f64, f64) {
    if x == 0.0 {
        return (x, 1.0);
    }
    if !x.is_finite() {
        return (NAN, NAN);
    }
    let (j, z) = reduce(x.abs());
    let j = j & 7;
    let (mut s, mut c) = (sine(z), cosine(z));
    if j & 2 != 0 {
        (s, c) = (c, -s);
    }
    if j & 4 != 0 {
        (s, c) = (-s, -c);
    }
    (if x < 0.0 { -s } else { s }, c)
}

pub(super) fn tan(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return NAN;
    }
    let (j, z) = reduce(x.abs());
    let zz = z * z;
    let mut y = z;
    if zz > 1e-14 {
        y = z + z * (zz * horner(zz, &tables::TAN_P) / horner(zz, &tables::TAN_Q));
    }
    if j & 2 == 2 {
        y = -1.0 / y;
    }
    if x < 0.0 { -y } else { y }
}

/// The arc tangent up to 0.66.
fn atan_small(x: f64) -> f64 {
    let z = x * x;
    let z = z * horner(z, &tables::ATAN_P) / horner(z, &tables::ATAN_Q);
    x * z + x
}

/// The arc tangent of what is not negative.
fn atan_positive(x: f64) -> f64 {
    /// What π/2 lacks as a float64.
    const MORE: f64 = 6.123_233_995_736_765_886_130e-17;
    if x <= 0.66 {
        return atan_small(x);
    }
    if x > 2.414_213_562_373_095_048_80 {
        return FRAC_PI_2 - atan_small(1.0 / x) + MORE;
    }
    FRAC_PI_4 + atan_small((x - 1.0) / (x + 1.0)) + 0.5 * MORE
}

pub(super) fn atan(x: f64) -> f64 {
    if x == 0.0 {
        x
    } else if x > 0.0 {
        atan_positive(x)
    } else {
        -atan_positive(-x)
    }
}

pub(super) fn atan2(y: f64, x: f64) -> f64 {
    if y.is_nan() || x.is_nan() {
        return NAN;
    }
    let left = x.is_sign_negative();
    if y == 0.0 {
        return if left { PI } else { 0.0 }.copysign(y);
    }
    if x == 0.0 {
        return FRAC_PI_2.copysign(y);
    }
    match (x.is_infinite(), y.is_infinite()) {
        (true, true) => return if left { 2.356_194_490_192_344_928_85 } else { FRAC_PI_4 }.copysign(y),
        (true, false) => return if left { PI } else { 0.0 }.copysign(y),
        (false, true) => return FRAC_PI_2.copysign(y),
        _ => {}
    }
    let q = atan(y / x);
    if !left {
        q
    } else if q <= 0.0 {
        q + PI
    } else {
        q - PI
    }
}

pub(super) fn asin(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let size = x.abs();
    if size > 1.0 || x.is_nan() {
        return NAN;
    }
    let other = (1.0 - size * size).sqrt();
    let y = if size > 0.7 { FRAC_PI_2 - atan_positive(other / size) } else { atan_positive(size / other) };
    if x < 0.0 { -y } else { y }
}

pub(super) fn acos(x: f64) -> f64 {
    FRAC_PI_2 - asin(x)
}
