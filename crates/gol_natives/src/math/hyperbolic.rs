//! Hyperbolic functions (Cephes `tanh.c`, Hart's series for sinh) and their inverses (FreeBSD's msun).

use super::exp::{LN2, exp, log, log1p};
use super::{NAN, horner, tables};

/// From here on `x*x + 1` is `x*x`; below its inverse, `x` is the result.
const LARGE: f64 = (1u64 << 28) as f64;

pub(super) fn sinh(x: f64) -> f64 {
    let size = x.abs();
    let y = if size > 21.0 {
        exp(size) * 0.5
    } else if size > 0.5 {
        let e = exp(size);
        (e - 1.0 / e) * 0.5
    } else {
        let square = x * x;
        horner(square, &tables::SINH_P) * size / horner(square, &tables::SINH_Q)
    };
    if x < 0.0 {
        -y
    } else if x == 0.0 {
        y.copysign(x)
    } else {
        y
    }
}

pub(super) fn cosh(x: f64) -> f64 {
    let x = x.abs();
    if x > 21.0 {
        return exp(x) * 0.5;
    }
    let e = exp(x);
    (e + 1.0 / e) * 0.5
}

pub(super) fn tanh(x: f64) -> f64 {
    let size = x.abs();
    if size > 0.5 * 88.029_691_931_113_054_295_988 {
        return 1f64.copysign(x);
    }
    if size >= 0.625 {
        let s = exp(2.0 * size);
        return (1.0 - 2.0 / (s + 1.0)).copysign(x);
    }
    if x == 0.0 {
        return x;
    }
    let s = x * x;
    x + x * s * horner(s, &tables::TANH_P) / horner(s, &tables::TANH_Q)
}

pub(super) fn asinh(x: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let a = x.abs();
    let y = if a > LARGE {
        log(a) + LN2
    } else if a > 2.0 {
        log(2.0 * a + 1.0 / ((a * a + 1.0).sqrt() + a))
    } else if a < 1.0 / LARGE {
        a
    } else {
        log1p(a + a * a / (1.0 + (1.0 + a * a).sqrt()))
    };
    y.copysign(x)
}

pub(super) fn acosh(x: f64) -> f64 {
    if x < 1.0 || x.is_nan() {
        NAN
    } else if x == 1.0 {
        0.0
    } else if x >= LARGE {
        log(x) + LN2
    } else if x > 2.0 {
        log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt()))
    } else {
        let t = x - 1.0;
        log1p(t + (2.0 * t + t * t).sqrt())
    }
}

pub(super) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    if a > 1.0 || x.is_nan() {
        return NAN;
    }
    if a == 1.0 {
        return f64::INFINITY.copysign(x);
    }
    let y = if a < 1.0 / LARGE {
        a
    } else if a < 0.5 {
        let t = a + a;
        0.5 * log1p(t + t * a / (1.0 - a))
    } else {
        0.5 * log1p((a + a) / (1.0 - a))
    };
    y.copysign(x)
}
