//! Bessel functions (FreeBSD `e_j0.c`, `e_j1.c`, `e_jn.c`).

use super::exp::log;
use super::tables::{self, Ranges};
use super::{NAN, horner, trig};
use std::f64::consts::FRAC_2_PI;

const ONE_OVER_SQRT_PI: f64 = 0.564_189_583_547_756_286_948_079_451_560_772_585_844_050_629_328_998_9;

/// Two to a power.
const fn power(n: u64) -> f64 {
    f64::from_bits((1023 + n) << 52)
}

/// Two to a negative power.
const fn inverse(n: u64) -> f64 {
    f64::from_bits((1023 - n) << 52)
}

/// A factor of the asymptotic expansion, for x from 2 on.
fn factor<const R: usize, const S: usize>(x: f64, ranges: &Ranges<R, S>) -> f64 {
    let range = if x >= 8.0 {
        0
    } else if x >= 4.5454 {
        1
    } else if x >= 2.8571 {
        2
    } else {
        3
    };
    let (r, s) = &ranges[range];
    let z = 1.0 / (x * x);
    horner(z, r) / horner(z, s)
}

/// `sqrt(2)` times cosine and sine of `x - π/4`, or (`order` 1) of `x - 3π/4`. The smaller one comes from the other by
/// the double angle, since the difference would cancel.
fn turned(x: f64, order: u8) -> (f64, f64) {
    let (s, c) = trig::sincos(x);
    let (mut cc, mut ss) = if order == 0 { (s + c, s - c) } else { (s - c, -s - c) };
    if x < f64::MAX / 2.0 {
        let z = if order == 0 { -trig::cos(x + x) } else { trig::cos(x + x) };
        let cancels = if order == 0 { s * c < 0.0 } else { s * c > 0.0 };
        if cancels {
            cc = z / ss;
        } else {
            ss = z / cc;
        }
    }
    (cc, ss)
}

/// J (or, if `second`, Y) of order 0 or 1 for x from 2 on.
fn asymptotic(x: f64, order: u8, second: bool) -> f64 {
    let (cc, ss) = turned(x, order);
    if x > power(129) {
        return ONE_OVER_SQRT_PI * if second { ss } else { cc } / x.sqrt();
    }
    let (u, v) = if order == 0 {
        (1.0 + factor(x, &tables::BESSEL_P0), (-0.125 + factor(x, &tables::BESSEL_Q0)) / x)
    } else {
        (1.0 + factor(x, &tables::BESSEL_P1), (0.375 + factor(x, &tables::BESSEL_Q1)) / x)
    };
    let sum = if second { u * ss + v * cc } else { u * cc - v * ss };
    ONE_OVER_SQRT_PI * sum / x.sqrt()
}

pub(super) fn j0(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let x = x.abs();
    if x >= 2.0 {
        return asymptotic(x, 0, false);
    }
    if x < inverse(27) {
        return 1.0;
    }
    if x < inverse(13) {
        return 1.0 - 0.25 * x * x;
    }
    let z = x * x;
    let q = horner(z, &tables::J0_R) / horner(z, &tables::J0_S);
    if x < 1.0 {
        return 1.0 + z * (-0.25 + q);
    }
    let u = 0.5 * x;
    (1.0 + u) * (1.0 - u) + z * q
}

pub(super) fn y0(x: f64) -> f64 {
    if x < 0.0 || x.is_nan() {
        return NAN;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x >= 2.0 {
        return asymptotic(x, 0, true);
    }
    if x <= inverse(27) {
        return tables::Y0_U[0] + FRAC_2_PI * log(x);
    }
    let z = x * x;
    horner(z, &tables::Y0_U) / horner(z, &tables::Y0_V) + FRAC_2_PI * j0(x) * log(x)
}

pub(super) fn j1(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.is_infinite() || x == 0.0 {
        return 0.0;
    }
    let a = x.abs();
    if a < inverse(27) {
        return 0.5 * a; // without the sign, in Go
    }
    let y = if a >= 2.0 {
        asymptotic(a, 1, false)
    } else {
        let z = a * a;
        let r = z * horner(z, &tables::J1_R) * a;
        0.5 * a + r / horner(z, &tables::J1_S)
    };
    if x < 0.0 { -y } else { y }
}

pub(super) fn y1(x: f64) -> f64 {
    if x < 0.0 || x.is_nan() {
        return NAN;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x >= 2.0 {
        return asymptotic(x, 1, true);
    }
    if x <= inverse(54) {
        return -FRAC_2_PI / x;
    }
    let z = x * x;
    x * (horner(z, &tables::Y1_U) / horner(z, &tables::Y1_V)) + FRAC_2_PI * (j1(x) * log(x) - 1.0 / x)
}

/// Order n for arguments so large that only the phase counts.
fn far(n: i64, x: f64, second: bool) -> f64 {
    let (s, c) = trig::sincos(x);
    let turned = match (n & 3, second) {
        (0, false) | (3, true) => c + s,
        (1, false) | (0, true) => -c + s,
        (2, false) | (1, true) => -c - s,
        _ => c - s,
    };
    ONE_OVER_SQRT_PI * turned / x.sqrt()
}

pub(super) fn jn(n: i64, x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return 0.0;
    }
    if n == 0 {
        return j0(x);
    }
    if x == 0.0 {
        return 0.0;
    }
    let (n, x) = if n < 0 { (n.wrapping_neg(), -x) } else { (n, x) };
    if n == 1 {
        return j1(x);
    }
    let negative = x < 0.0 && n & 1 == 1;
    let x = x.abs();
    let b = if n as f64 <= x {
        if x >= power(302) {
            far(n, x, false)
        } else {
            // Upwards is stable here.
            let (mut a, mut b) = (j0(x), j1(x));
            for i in 1..n {
                (a, b) = (b, b * ((i + i) as f64 / x) - a);
            }
            b
        }
    } else if x < inverse(29) {
        if n > 33 { 0.0 } else { leading_term(n, x) }
    } else {
        downwards(n, x)
    };
    if negative { -b } else { b }
}

/// `(x/2)**n / n!`.
fn leading_term(n: i64, x: f64) -> f64 {
    let half = x * 0.5;
    let (mut a, mut b) = (1.0, half);
    for i in 2..=n {
        a *= i as f64;
        b *= half;
    }
    b / a
}

/// A continued fraction gives the ratio of neighbours from far above; the recurrence then goes down to order 0.
fn downwards(n: i64, x: f64) -> f64 {
    let w = (n + n) as f64 / x;
    let h = 2.0 / x;
    let mut z = w + h;
    let (mut q0, mut q1) = (w, w * z - 1.0);
    let mut k = 1;
    while q1 < 1e9 {
        k += 1;
        z += h;
        (q0, q1) = (q1, z * q1 - q0);
    }
    let mut t = 0.0;
    let mut i = 2 * (n + k);
    while i >= n + n {
        t = 1.0 / (i as f64 / x - t);
        i -= 2;
    }
    let (mut a, mut b) = (t, 1.0);
    let size = n as f64;
    let may_overflow = size * log((2.0 / x * size).abs()) >= 7.097_827_128_933_839_730_96e+02;
    for i in (1..n).rev() {
        (a, b) = (b, b * (i + i) as f64 / x - a);
        if may_overflow && b > 1e100 {
            a /= b;
            t /= b;
            b = 1.0;
        }
    }
    t * j0(x) / b
}

pub(super) fn yn(n: i64, x: f64) -> f64 {
    if x < 0.0 || x.is_nan() {
        return NAN;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    if n == 0 {
        return y0(x);
    }
    let negative = n < 0 && n & 1 == 1;
    if x == 0.0 {
        return if negative { f64::INFINITY } else { f64::NEG_INFINITY };
    }
    let n = n.wrapping_abs();
    let b = if n == 1 {
        y1(x)
    } else if x >= power(302) {
        far(n, x, true)
    } else {
        let (mut a, mut b) = (y0(x), y1(x));
        let mut i = 1;
        while i < n && b != f64::NEG_INFINITY {
            (a, b) = (b, ((i + i) as f64 / x) * b - a);
            i += 1;
        }
        b
    };
    if negative { -b } else { b }
}
