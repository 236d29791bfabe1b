//! Exponentials, logarithms, powers and roots.

use super::round::{frexp, ldexp, modf};
use super::{NAN, horner, tables};
use std::f64::consts::{LN_2, LOG2_E, LOG10_E, SQRT_2};

/// ln 2 in two parts, the first with zeros at its end.
const LN2_HI: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LO: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// `e**x`, after Go's machine code: the argument is reduced to a sixteenth of the rest, a series of seven terms gives its
/// exponential less one, and four squarings lead back.
pub(super) fn exp(x: f64) -> f64 {
    // ln 2 in two parts of another length.
    const LN2_UPPER: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_LOWER: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    const OVERFLOW: f64 = 7.097_827_128_933_84e+02;
    const SERIES: [f64; 6] = [
        1.984_126_984_126_984_127e-4,
        1.388_888_888_888_888_888_9e-3,
        8.333_333_333_333_333_333_3e-3,
        4.166_666_666_666_666_666_7e-2,
        1.666_666_666_666_666_666_7e-1,
        0.5,
    ];
    if x.is_nan() {
        return x;
    }
    if x == f64::NEG_INFINITY {
        return 0.0;
    }
    if x > OVERFLOW {
        return f64::INFINITY;
    }
    let scaled = (x * LOG2_E).round_ties_even();
    // Far below zero the conversion to 32 bits gives the smallest number, which leads to zero all the same.
    let k = if scaled < i32::MIN as f64 { i32::MIN } else { scaled as i32 };
    let n = k as f64;
    let r = (-n).mul_add(LN2_UPPER, x);
    let r = (-n).mul_add(LN2_LOWER, r) * 0.0625;
    let sum = SERIES.iter().fold(2.480_158_730_158_730_158_7e-5, |sum: f64, c| r.mul_add(sum, *c));
    let mut y = r * r.mul_add(sum, 1.0);
    // (1+y)**2 = 1 + y*(y+2)
    for _ in 0..3 {
        y *= y + 2.0;
    }
    y = (y + 2.0).mul_add(y, 1.0);
    let e = k.wrapping_add(0x3FF);
    let power = |e: i32| f64::from_bits((e as u64) << 52);
    if e >= 0x7FF {
        f64::INFINITY
    } else if e > 0 {
        y * power(e)
    } else if e < -52 {
        0.0
    } else {
        y * power(e + 0x3FE) * power(1)
    }
}

/// `2**x`.
pub(super) fn exp2(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 1.023_999_999_999_999_9e+03 {
        return f64::INFINITY;
    }
    if x < -1074.0 {
        return 0.0;
    }
    let k = if x > 0.0 { (x + 0.5) as i64 } else { (x - 0.5) as i64 };
    let t = x - k as f64;
    let (hi, lo) = (t * LN2_HI, -t * LN2_LO);
    let r = hi - lo;
    let t = r * r;
    let c = r - t * horner(t, &tables::EXP);
    ldexp(1.0 - ((lo - (r * c) / (2.0 - c)) - hi), k)
}

/// `e**x - 1`, exact near zero.
pub(super) fn expm1(x: f64) -> f64 {
    const HALF_LN2: f64 = 3.465_735_902_799_726_547_09e-01;
    const ONE_AND_A_HALF_LN2: f64 = 1.039_720_770_839_917_964_13e+00;
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    let negative = x < 0.0;
    let size = x.abs();
    if size >= 3.881_624_211_135_693_732_74e+01 {
        if negative {
            return -1.0;
        }
        if size >= 7.097_827_128_933_839_730_96e+02 {
            return f64::INFINITY;
        }
    }
    // x = k*ln2 + r, with the rounding error of r in c.
    let (mut r, mut c, mut k) = (x, 0.0, 0i64);
    if size > HALF_LN2 {
        let (hi, lo);
        if size < ONE_AND_A_HALF_LN2 {
            k = if negative { -1 } else { 1 };
        } else {
            k = (LOG2_E * x + if negative { -0.5 } else { 0.5 }) as i64;
        }
        (hi, lo) = (x - k as f64 * LN2_HI, k as f64 * LN2_LO);
        r = hi - lo;
        c = (hi - r) - lo;
    } else if size < 1.0 / (1u64 << 54) as f64 {
        return x;
    }
    let half = 0.5 * r;
    let square = r * half;
    let r1 = horner(square, &tables::EXPM1);
    let t = 3.0 - r1 * half;
    let mut e = square * ((r1 - t) / (6.0 - r * t));
    if k == 0 {
        return r - (r * e - square);
    }
    e = r * (e - c) - c;
    e -= square;
    let scale = |y: f64| f64::from_bits(y.to_bits().wrapping_add((k as u64) << 52));
    match k {
        -1 => 0.5 * (r - e) - 0.5,
        1 if r < -0.25 => -2.0 * (e - (r + 0.5)),
        1 => 1.0 + 2.0 * (r - e),
        _ if k <= -2 || k > 56 => scale(1.0 - (e - r)) - 1.0,
        _ if k < 20 => scale(f64::from_bits(0x3FF0_0000_0000_0000 - (0x20_0000_0000_0000 >> k)) - (e - r)),
        _ => scale(r - (e + f64::from_bits((0x3FF - k as u64) << 52)) + 1.0),
    }
}

/// The natural logarithm, after Go's machine code, which takes subnormal numbers as they are.
pub(super) fn log(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_sign_negative() {
        return NAN;
    }
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    let bits = x.to_bits();
    let mut m = f64::from_bits(bits & ((1 << 52) - 1) | 0.5f64.to_bits());
    let mut k = (bits >> 52) as f64 - 1022.0;
    if m <= SQRT_2 / 2.0 {
        m *= 2.0;
        k -= 1.0;
    }
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let [l1, l2, l3, l4, l5, l6, l7] = tables::LOG;
    let r = s2 * horner(s4, &[l1, l3, l5, l7]) + s4 * horner(s4, &[l2, l4, l6]);
    let half = 0.5 * f * f;
    k * LN2_HI - ((half - (s * (half + r) + k * LN2_LO)) - f)
}

pub(super) fn log10(x: f64) -> f64 {
    log(x) * LOG10_E
}

/// Exact for powers of two.
pub(super) fn log2(x: f64) -> f64 {
    let (fraction, exponent) = frexp(x);
    if fraction == 0.5 {
        return (exponent - 1) as f64;
    }
    log(fraction) * LOG2_E + exponent as f64
}

/// `ln(1+x)`, exact near zero.
pub(super) fn log1p(x: f64) -> f64 {
    if x < -1.0 || x.is_nan() {
        return NAN;
    }
    if x == -1.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let size = x.abs();
    // 1+x = 2**k * (1+f), with the rounding error in c; `low` is zero if f is small.
    let (mut f, mut c, mut k, mut low) = (x, 0.0, 0i64, 1);
    let mut reduce = true;
    if size < 4.142_135_623_730_950_488_017e-01 {
        if size < 1.0 / (1u64 << 29) as f64 {
            return if size < 1.0 / (1u64 << 54) as f64 { x } else { x - x * x * 0.5 };
        }
        reduce = x <= -2.928_932_188_134_524_755_992e-01;
    }
    if reduce {
        let u;
        if size < (1u64 << 53) as f64 {
            u = 1.0 + x;
            k = (u.to_bits() >> 52) as i64 - 1023;
            let lost = if k > 0 { 1.0 - (u - x) } else { x - (u - 1.0) };
            c = lost / u;
        } else {
            u = x;
            k = (u.to_bits() >> 52) as i64 - 1023;
        }
        low = u.to_bits() & 0xF_FFFF_FFFF_FFFF;
        let m;
        if low < 0x6_A09E_667F_3BCD {
            m = f64::from_bits(low | 0x3FF0_0000_0000_0000);
        } else {
            k += 1;
            m = f64::from_bits(low | 0x3FE0_0000_0000_0000);
            low = (0x10_0000_0000_0000 - low) >> 2;
        }
        f = m - 1.0;
    }
    let half = 0.5 * f * f;
    let kf = k as f64;
    if low == 0 {
        if f == 0.0 {
            return if k == 0 { 0.0 } else { kf * LN2_HI + (c + kf * LN2_LO) };
        }
        let r = half * (1.0 - 0.666_666_666_666_666_66 * f);
        return if k == 0 { f - r } else { kf * LN2_HI - ((r - (kf * LN2_LO + c)) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * horner(z, &tables::LOG);
    if k == 0 {
        return f - (half - s * (half + r));
    }
    kf * LN2_HI - ((half - (s * (half + r) + (kf * LN2_LO + c))) - f)
}

fn is_odd(y: f64) -> bool {
    if y.abs() >= (1u64 << 53) as f64 {
        return false;
    }
    let (whole, fraction) = modf(y);
    fraction == 0.0 && whole as i64 & 1 == 1
}

/// `x**y`: repeated squaring for the whole part of y, an exponential for the rest.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if y == 1.0 {
        return x;
    }
    if x.is_nan() || y.is_nan() {
        return NAN;
    }
    if x == 0.0 {
        let odd = x.is_sign_negative() && is_odd(y);
        return match (y < 0.0, odd) {
            (true, true) => f64::NEG_INFINITY,
            (true, false) => f64::INFINITY,
            (false, true) => x,
            (false, false) => 0.0,
        };
    }
    if y.is_infinite() {
        return limit(x, y > 0.0);
    }
    if x.is_infinite() {
        if x < 0.0 {
            return pow(1.0 / x, -y);
        }
        return if y < 0.0 { 0.0 } else { f64::INFINITY };
    }
    if y == 0.5 {
        return x.sqrt();
    }
    if y == -0.5 {
        return 1.0 / x.sqrt();
    }
    let (mut whole, mut fraction) = modf(y.abs());
    if fraction != 0.0 && x < 0.0 {
        return NAN;
    }
    if whole >= 9.223_372_036_854_775_808e18 {
        return limit(x, y > 0.0);
    }
    // The result is product * 2**exponent.
    let (mut product, mut exponent) = (1.0, 0i64);
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        product = exp(fraction * log(x));
    }
    let (mut m, mut e) = frexp(x);
    let mut left = whole as i64;
    while left != 0 {
        if !(-4096..=4096).contains(&e) {
            exponent += e; // beyond all numbers
            break;
        }
        if left & 1 == 1 {
            product *= m;
            exponent += e;
        }
        m *= m;
        e <<= 1;
        if m < 0.5 {
            m += m;
            e -= 1;
        }
        left >>= 1;
    }
    if y < 0.0 {
        product = 1.0 / product;
        exponent = -exponent;
    }
    ldexp(product, exponent)
}

/// x to a power that grows without end, or falls.
fn limit(x: f64, grows: bool) -> f64 {
    if x == -1.0 {
        1.0
    } else if (x.abs() < 1.0) == grows {
        0.0
    } else {
        f64::INFINITY
    }
}

/// The cube root (FreeBSD `s_cbrt.c`): five bits from the exponent, 23 from a rational function, the rest by Newton.
pub(super) fn cbrt(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let a = x.abs();
    let mut t = f64::from_bits(a.to_bits() / 3 + (715_094_163 << 32));
    if a < f64::MIN_POSITIVE {
        t = (1u64 << 54) as f64 * a;
        t = f64::from_bits(t.to_bits() / 3 + (696_219_795 << 32));
    }
    let r = t * t / a;
    let s = 5.428_571_428_571_428_159_06e-01 + r * t;
    t *= 3.571_428_571_428_571_507_87e-01
        + 1.607_142_857_142_857_206_30e+00
            / (s + 1.414_285_714_285_714_368_19e+00 + -7.053_061_224_489_796_110_50e-01 / s);
    t = f64::from_bits((t.to_bits() & (0xF_FFFF_FFFC << 28)) + (1 << 30));
    let s = t * t;
    let r = a / s;
    let w = t + t;
    t += t * ((r - t) / (w + r));
    t.copysign(x)
}

/// `sqrt(x*x + y*y)`, also where the squares do not fit.
pub(super) fn hypot(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    if x == f64::INFINITY || y == f64::INFINITY {
        return f64::INFINITY;
    }
    if x.is_nan() || y.is_nan() {
        return NAN;
    }
    if x == 0.0 && y == 0.0 {
        return 0.0;
    }
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    let q = small / large;
    large * (q * q + 1.0).sqrt()
}

/// ln 2, for those who add it to a logarithm.
pub(super) const LN2: f64 = LN_2;
