//! Conversions and arithmetic whose results Go's amd64 code fixes where the specification leaves them open.

use gol_bytecode::Op;

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// Truncates towards zero; what does not fit gives the smallest integer, as `CVTTSD2SQ` does.
#[inline(always)]
pub(crate) fn f64_to_i64(x: f64) -> i64 {
    if (-TWO_63..TWO_63).contains(&x) { x as i64 } else { i64::MIN }
}

/// Truncates towards zero; what does not fit gives the smallest integer, as `CVTTSD2SL` does.
#[inline(always)]
pub(crate) fn f64_to_i32(x: f64) -> i32 {
    if x > -2_147_483_649.0 && x < 2_147_483_648.0 { x as i32 } else { i32::MIN }
}

/// Truncates towards zero; from 2^63 on by way of the signed conversion of the rest, as Go does.
#[inline(always)]
pub(crate) fn f64_to_u64(x: f64) -> u64 {
    if x < TWO_63 { f64_to_i64(x) as u64 } else { f64_to_i64(x - TWO_63) as u64 | 1 << 63 }
}

/// Complex product or quotient on register bits.
#[cold]
pub(crate) fn complex(op: Op, x: [u64; 2], y: [u64; 2]) -> (u64, u64) {
    let wide = |v: [u64; 2]| [f64::from_bits(v[0]), f64::from_bits(v[1])];
    let half = |v: [u64; 2]| [f32::from_bits(v[0] as u32), f32::from_bits(v[1] as u32)];
    match op {
        Op::MulC => {
            let ([a, b], [c, d]) = (wide(x), wide(y));
            ((a * c - b * d).to_bits(), (a * d + b * c).to_bits())
        }
        Op::MulC64 => {
            let ([a, b], [c, d]) = (half(x), half(y));
            ((a * c - b * d).to_bits() as u64, (a * d + b * c).to_bits() as u64)
        }
        Op::DivC => {
            let [re, im] = quotient(wide(x), wide(y));
            (re.to_bits(), im.to_bits())
        }
        _ => {
            let [re, im] = quotient(half(x).map(f64::from), half(y).map(f64::from));
            ((re as f32).to_bits() as u64, (im as f32).to_bits() as u64)
        }
    }
}

/// Smith's method, with C99's results (Annex G) for infinities, zeros and NaN.
fn quotient([a, b]: [f64; 2], [c, d]: [f64; 2]) -> [f64; 2] {
    let (re, im);
    if c.abs() >= d.abs() {
        let ratio = d / c;
        let denominator = c + ratio * d;
        (re, im) = ((a + b * ratio) / denominator, (b - a * ratio) / denominator);
    } else {
        let ratio = c / d;
        let denominator = d + ratio * c;
        (re, im) = ((a * ratio + b) / denominator, (b * ratio - a) / denominator);
    }
    if !(re.is_nan() && im.is_nan()) {
        return [re, im];
    }
    let inf_to_one = |x: f64| if x.is_infinite() { 1f64 } else { 0.0 }.copysign(x);
    if c == 0.0 && d == 0.0 && (!a.is_nan() || !b.is_nan()) {
        return [f64::INFINITY.copysign(c) * a, f64::INFINITY.copysign(c) * b];
    }
    if (a.is_infinite() || b.is_infinite()) && c.is_finite() && d.is_finite() {
        let (a, b) = (inf_to_one(a), inf_to_one(b));
        return [f64::INFINITY * (a * c + b * d), f64::INFINITY * (b * c - a * d)];
    }
    if (c.is_infinite() || d.is_infinite()) && a.is_finite() && b.is_finite() {
        let (c, d) = (inf_to_one(c), inf_to_one(d));
        return [0.0 * (a * c + b * d), 0.0 * (b * c - a * d)];
    }
    [re, im]
}
