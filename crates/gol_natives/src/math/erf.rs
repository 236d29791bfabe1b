//! The error function (FreeBSD `s_erf.c`) and its inverse (Wichura's AS 241).

use super::exp::{LN2, exp, log};
use super::{NAN, horner, tables};

/// erf(1) with zeros at its end.
const ERF_1: f64 = 8.450_629_115_104_675_292_97e-01;

/// How erf and erfc are made up in each range of what is not negative.
enum Part {
    /// erf(x) = x + x*y; up to 0.84375.
    Small(f64),
    /// erf(x) = ERF_1 + y; up to 1.25.
    Middle(f64),
    /// erfc(x) = y; the tail.
    Tail(f64),
}

fn part(x: f64) -> Part {
    if x < 0.84375 {
        let z = x * x;
        return Part::Small(horner(z, &tables::ERF_PP) / horner(z, &tables::ERF_QQ));
    }
    if x < 1.25 {
        let s = x - 1.0;
        return Part::Middle(horner(s, &tables::ERF_PA) / horner(s, &tables::ERF_QA));
    }
    let s = 1.0 / (x * x);
    let (r, q) = if x < 2.857_142_857_142_857_142_86 {
        (horner(s, &tables::ERF_RA), horner(s, &tables::ERF_SA))
    } else {
        (horner(s, &tables::ERF_RB), horner(s, &tables::ERF_SB))
    };
    let z = f64::from_bits(x.to_bits() & 0xFFFF_FFFF_0000_0000);
    Part::Tail(exp(-z * z - 0.5625) * exp((z - x) * (z + x) + r / q) / x)
}

pub(super) fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return NAN;
    }
    let a = x.abs();
    let y = if a < 1.0 / (1u64 << 28) as f64 {
        if a < 2.848_094_538_889_218e-306 {
            0.125 * (8.0 * a + 1.027_033_336_764_100_690_53e+00 * a)
        } else {
            a + 1.283_791_670_955_125_863_16e-01 * a
        }
    } else if a >= 6.0 {
        1.0
    } else {
        match part(a) {
            Part::Small(y) => a + a * y,
            Part::Middle(y) => ERF_1 + y,
            Part::Tail(y) => 1.0 - y,
        }
    };
    y.copysign(x)
}

pub(super) fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return NAN;
    }
    let (a, negative) = (x.abs(), x < 0.0);
    if a < 1.0 / (1u64 << 56) as f64 {
        return if negative { 1.0 + a } else { 1.0 - a };
    }
    if a >= 28.0 || negative && a > 6.0 {
        return if negative { 2.0 } else { 0.0 };
    }
    match part(a) {
        Part::Small(y) => {
            let y = if a < 0.25 { a + a * y } else { 0.5 + (a * y + (a - 0.5)) };
            if negative { 1.0 + y } else { 1.0 - y }
        }
        Part::Middle(y) => {
            if negative {
                1.0 + ERF_1 + y
            } else {
                1.0 - ERF_1 - y
            }
        }
        Part::Tail(y) => {
            if negative {
                2.0 - y
            } else {
                y
            }
        }
    }
}

pub(super) fn erfinv(x: f64) -> f64 {
    let a = x.abs();
    if a == 1.0 {
        return f64::INFINITY.copysign(x);
    }
    if x.is_nan() || a > 1.0 {
        return NAN;
    }
    let y = if a <= 0.85 {
        let r = 0.180625 - 0.25 * a * a;
        (a * horner(r, &tables::ERFINV_A)) / horner(r, &tables::ERFINV_B)
    } else {
        let r = (LN2 - log(1.0 - a)).sqrt();
        if r <= 5.0 {
            let r = r - 1.6;
            horner(r, &tables::ERFINV_C) / horner(r, &tables::ERFINV_D)
        } else {
            let r = r - 5.0;
            horner(r, &tables::ERFINV_E) / horner(r, &tables::ERFINV_F)
        }
    };
    y.copysign(x)
}
