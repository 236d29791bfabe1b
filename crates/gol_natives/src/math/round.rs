//! Parts of a number, remainders, extremes.

use super::NAN;

const FRACTION: u64 = (1 << 52) - 1;
const BIAS: i64 = 1023;

/// A fraction in [1/2, 1) and the power of two that make up `x`.
pub(super) fn frexp(x: f64) -> (f64, i64) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, scaled) = normal(x);
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i64 - BIAS + 1 + scaled;
    (f64::from_bits(bits & (1 << 63 | FRACTION) | ((BIAS as u64 - 1) << 52)), exponent)
}

/// A number that is not subnormal, and the power of two it is to be multiplied by.
fn normal(x: f64) -> (f64, i64) {
    if x.abs() < f64::MIN_POSITIVE { (x * (1u64 << 52) as f64, -52) } else { (x, 0) }
}

/// `x * 2**exponent`.
pub(super) fn ldexp(x: f64, exponent: i64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let (x, scaled) = normal(x);
    let bits = x.to_bits();
    let mut e = exponent.saturating_add(scaled + (bits >> 52 & 0x7FF) as i64 - BIAS);
    if e < -1075 {
        return 0f64.copysign(x);
    }
    if e > 1023 {
        return f64::INFINITY.copysign(x);
    }
    let mut last = 1.0;
    if e < -1022 {
        // Subnormal: rounded once, by the multiplication.
        e += 53;
        last = 1.0 / (1u64 << 53) as f64;
    }
    last * f64::from_bits(bits & (1 << 63 | FRACTION) | ((e + BIAS) as u64) << 52)
}

/// The whole number and the fraction, both with the sign of `x`.
pub(super) fn modf(x: f64) -> (f64, f64) {
    let whole = x.trunc();
    (whole, (x - whole).copysign(x))
}

/// The remainder of a division that gives a whole number rounded toward zero.
pub(super) fn modulo(x: f64, y: f64) -> f64 {
    if y == 0.0 || x.is_infinite() || x.is_nan() || y.is_nan() { NAN } else { x % y }
}

/// The remainder of a division that gives the nearest whole number, the even one of two.
pub(super) fn remainder(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() || x.is_infinite() || y == 0.0 {
        return NAN;
    }
    if y.is_infinite() {
        return x;
    }
    let (negative, mut r, y) = (x < 0.0, x.abs(), y.abs());
    if x == 0.0 {
        r = x;
    }
    if r == y {
        return if negative { -0.0 } else { 0.0 };
    }
    if y <= f64::MAX / 2.0 {
        r = modulo(r, y + y);
    }
    if y < 2.0 * f64::MIN_POSITIVE {
        // Half of y has no exact form.
        if r + r > y {
            r -= y;
            if r + r >= y {
                r -= y;
            }
        }
    } else {
        let half = 0.5 * y;
        if r > half {
            r -= y;
            if r >= half {
                r -= y;
            }
        }
    }
    if negative { -r } else { r }
}

/// The larger one; NaN unless one is infinite; 0 is larger than -0.
pub(super) fn max(x: f64, y: f64) -> f64 {
    if x == f64::INFINITY || y == f64::INFINITY {
        f64::INFINITY
    } else if x.is_nan() || y.is_nan() {
        NAN
    } else if x == 0.0 && y == 0.0 {
        if x.is_sign_negative() { y } else { x }
    } else if x > y {
        x
    } else {
        y
    }
}

/// The smaller one, as [`max`].
pub(super) fn min(x: f64, y: f64) -> f64 {
    if x == f64::NEG_INFINITY || y == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if x.is_nan() || y.is_nan() {
        NAN
    } else if x == 0.0 && y == 0.0 {
        if x.is_sign_negative() { x } else { y }
    } else if x < y {
        x
    } else {
        y
    }
}

/// `10**n`: a power of 10**32 times or over a small one, as Go has it, so subnormal ones are as inexact as Go's.
pub(super) fn pow10(n: i64) -> f64 {
    const SMALL: [f64; 32] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    ];
    const LARGE: [f64; 10] = [1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288];
    const TINY: [f64; 11] = [1e0, 1e-32, 1e-64, 1e-96, 1e-128, 1e-160, 1e-192, 1e-224, 1e-256, 1e-288, 1e-320];
    match n {
        0..=308 => LARGE[n as usize / 32] * SMALL[n as usize % 32],
        -323..0 => TINY[-n as usize / 32] / SMALL[-n as usize % 32],
        _ if n > 0 => f64::INFINITY,
        _ => 0.0,
    }
}

/// `x - y`, or 0 if that is negative.
pub(super) fn dim(x: f64, y: f64) -> f64 {
    let d = x - y;
    if d <= 0.0 { 0.0 } else { d }
}

/// The binary exponent.
pub(super) fn ilogb(x: f64) -> i64 {
    if x == 0.0 {
        i32::MIN.into()
    } else if !x.is_finite() {
        i32::MAX.into()
    } else {
        frexp(x).1 - 1
    }
}

/// The binary exponent as a number.
pub(super) fn logb(x: f64) -> f64 {
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x.is_infinite() {
        f64::INFINITY
    } else if x.is_nan() {
        x
    } else {
        ilogb(x) as f64
    }
}

/// The next number after `x` toward `y`.
pub(super) fn next_after(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        NAN
    } else if x == y {
        x
    } else if y > x {
        x.next_up()
    } else {
        x.next_down()
    }
}

/// The next `float32` after `x` toward `y`.
pub(super) fn next_after32(x: f32, y: f32) -> f32 {
    if x.is_nan() || y.is_nan() {
        NAN as f32
    } else if x == y {
        x
    } else if y > x {
        x.next_up()
    } else {
        x.next_down()
    }
}
