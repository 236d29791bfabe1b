//! The gamma function (Cephes `gamma.c`) and its logarithm (FreeBSD `e_lgamma_r.c`).

use super::exp::{exp, log, pow};
use super::round::modulo;
use super::{NAN, horner, tables, trig};
use std::f64::consts::PI;

/// Stirling's formula, as two factors of which the product may overflow.
fn stirling(x: f64) -> (f64, f64) {
    const SQRT_TWO_PI: f64 = 2.506_628_274_631_000_502_417;
    if x > 200.0 {
        return (f64::INFINITY, 1.0);
    }
    let w = 1.0 / x;
    let w = 1.0 + w * horner(w, &tables::GAMMA_S);
    let e = exp(x);
    if x > 143.01608 {
        // x**x alone would overflow.
        let v = pow(x, 0.5 * x - 0.25);
        (v, SQRT_TWO_PI * w * (v / e))
    } else {
        (pow(x, x - 0.5) / e, SQRT_TWO_PI * w * 1.0)
    }
}

pub(super) fn gamma(x: f64) -> f64 {
    if x < 0.0 && x.trunc() == x || x == f64::NEG_INFINITY || x.is_nan() {
        return NAN;
    }
    if x == f64::INFINITY {
        return x;
    }
    if x == 0.0 {
        return f64::INFINITY.copysign(x);
    }
    let q = x.abs();
    if q > 33.0 {
        if x >= 0.0 {
            let (a, b) = stirling(x);
            return a * b;
        }
        return reflected(q);
    }
    // To [2, 3) by the recurrence.
    let (mut x, mut z) = (x, 1.0);
    while x >= 3.0 {
        x -= 1.0;
        z *= x;
    }
    while x < 0.0 {
        if x > -1e-09 {
            return near_zero(x, z);
        }
        z /= x;
        x += 1.0;
    }
    while x < 2.0 {
        if x < 1e-09 {
            return near_zero(x, z);
        }
        z /= x;
        x += 1.0;
    }
    if x == 2.0 {
        return z;
    }
    x -= 2.0;
    z * horner(x, &tables::GAMMA_P) / horner(x, &tables::GAMMA_Q)
}

/// The gamma function of `-q`, far from zero.
fn reflected(q: f64) -> f64 {
    let p = q.floor();
    let sign = if p as i64 & 1 == 0 { -1.0 } else { 1.0 };
    let mut z = q - p;
    if z > 0.5 {
        z = q - (p + 1.0);
    }
    z = q * trig::sin(PI * z);
    if z == 0.0 {
        return f64::INFINITY * sign;
    }
    let (a, b) = stirling(q);
    let z = z.abs();
    let d = z * a * b;
    sign * if d.is_infinite() { PI / z / a / b } else { PI / d }
}

fn near_zero(x: f64, z: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_860_606_512_090_082_402_431_042_159_335_939_92;
    if x == 0.0 { f64::INFINITY } else { z / ((1.0 + EULER * x) * x) }
}

/// The logarithm of the absolute value of the gamma function, and its sign.
pub(super) fn lgamma(x: f64) -> (f64, i64) {
    const TWO_52: f64 = (1u64 << 52) as f64;
    if x.is_nan() || x.is_infinite() {
        return (x, 1);
    }
    if x == 0.0 {
        return (f64::INFINITY, 1);
    }
    let (a, negative) = (x.abs(), x < 0.0);
    if a < 2f64.powi(-70) {
        return (-log(a), if negative { -1 } else { 1 });
    }
    if !negative {
        return (lgamma_positive(a), 1);
    }
    if a >= TWO_52 {
        return (f64::INFINITY, 1);
    }
    let t = minus_sin_pi(a);
    if t == 0.0 {
        return (f64::INFINITY, 1);
    }
    let adjust = log(PI / (t * a).abs());
    (adjust - lgamma_positive(a), if t < 0.0 { -1 } else { 1 })
}

fn lgamma_positive(x: f64) -> f64 {
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    if x < 2.0 {
        return lgamma_below_2(x);
    }
    if x < 8.0 {
        let i = x as i64;
        let y = x - i as f64;
        let p = y * horner(y, &tables::LGAMMA_S);
        let q = horner(y, &tables::LGAMMA_R);
        let near = 0.5 * y + p / q;
        if i < 3 {
            return near;
        }
        let product = (2..i).rev().fold(1.0, |z, k| z * (y + k as f64));
        return near + log(product);
    }
    if x < 2f64.powi(58) {
        let z = 1.0 / x;
        let [first, rest @ ..] = tables::LGAMMA_W;
        let w = first + z * horner(z * z, &rest);
        return (x - 0.5) * (log(x) - 1.0) + w;
    }
    x * (log(x) - 1.0)
}

fn lgamma_below_2(x: f64) -> f64 {
    /// The minimum is at `AT` (less than 1.47), where the value is `VALUE + TAIL`.
    const AT: f64 = 1.461_632_144_968_362_245_76e+00;
    const VALUE: f64 = -1.214_862_905_358_496_114_61e-01;
    const TAIL: f64 = -3.638_676_997_039_505_365_41e-18;
    let (start, y, range) = if x <= 0.9 {
        let start = -log(x);
        if x >= 0.731_632_144_968_362_245 {
            (start, 1.0 - x, 0)
        } else if x >= 0.191_632_144_968_362_245 {
            (start, x - 0.461_632_144_968_362_245_76, 1)
        } else {
            (start, x, 2)
        }
    } else if x >= 1.731_632_144_968_362_245 {
        (0.0, 2.0 - x, 0)
    } else if x >= 1.191_632_144_968_362_245 {
        (0.0, x - AT, 1)
    } else {
        (0.0, x - 1.0, 2)
    };
    match range {
        0 => {
            let z = y * y;
            let p = y * horner(z, &tables::LGAMMA_A0) + z * horner(z, &tables::LGAMMA_A1);
            start + (p - 0.5 * y)
        }
        1 => {
            let z = y * y;
            let w = z * y;
            let [p1, p2, p3] = [tables::LGAMMA_T0, tables::LGAMMA_T1, tables::LGAMMA_T2].map(|t| horner(w, &t));
            let p = z * p1 - (TAIL - w * (p2 + y * p3));
            start + (VALUE + p)
        }
        _ => {
            let p = y * horner(y, &tables::LGAMMA_U);
            start + (-0.5 * y + p / horner(y, &tables::LGAMMA_V))
        }
    }
}

/// `-sin(π*x)` of what is positive and below 2**52.
fn minus_sin_pi(x: f64) -> f64 {
    if x < 0.25 {
        return -trig::sin(PI * x);
    }
    let (x, n) = if x.floor() != x {
        let x = modulo(x, 2.0);
        (x, (x * 4.0) as i64)
    } else {
        let odd = x as i64 & 1;
        (odd as f64, odd << 2)
    };
    -match n {
        0 => trig::sin(PI * x),
        1 | 2 => trig::cos(PI * (0.5 - x)),
        3 | 4 => trig::sin(PI * (1.0 - x)),
        5 | 6 => -trig::cos(PI * (x - 1.5)),
        _ => trig::sin(PI * (x - 2.0)),
    }
}
