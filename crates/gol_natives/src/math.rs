//! `math`: elementary functions that give the very bits Go gives on amd64.
//!
//! They are native for speed, and so that a program that imports fmt does not parse them. The algorithms are the published
//! ones that Go uses (Cephes, FreeBSD's msun), with Go's order of operations, which the last bit depends on; the system's
//! library is asked for exact operations only, since others differ from system to system. Exp, Log and Hypot follow Go's
//! machine code for amd64, with its fused operations. `math/bits` has natives for what one instruction does.

#![allow(clippy::excessive_precision, clippy::approx_constant, reason = "constants stand as they were published")]

mod bessel;
mod bits;
mod erf;
mod exp;
mod gamma;
mod hyperbolic;
mod round;
mod tables;
mod trig;

pub(crate) use bits::TABLE as BITS;

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("Abs", |n| one(n, f64::abs)),
    ("Signbit", signbit),
    ("Inf", inf),
    ("NaN", nan),
    ("IsNaN", is_nan),
    ("IsInf", is_inf),
    ("Dim", |n| two(n, round::dim)),
    ("Logb", |n| one(n, round::logb)),
    ("Ilogb", ilogb),
    ("Nextafter", |n| two(n, round::next_after)),
    ("Nextafter32", next_after32),
    ("Erfcinv", |n| one(n, |x| erf::erfinv(1.0 - x))),
    ("Acos", |n| one(n, trig::acos)),
    ("Acosh", |n| one(n, hyperbolic::acosh)),
    ("Asin", |n| one(n, trig::asin)),
    ("Asinh", |n| one(n, hyperbolic::asinh)),
    ("Atan", |n| one(n, trig::atan)),
    ("Atan2", |n| two(n, trig::atan2)),
    ("Atanh", |n| one(n, hyperbolic::atanh)),
    ("Cbrt", |n| one(n, exp::cbrt)),
    ("Ceil", |n| one(n, f64::ceil)),
    ("Copysign", |n| two(n, f64::copysign)),
    ("Cos", |n| one(n, trig::cos)),
    ("Cosh", |n| one(n, hyperbolic::cosh)),
    ("Erf", |n| one(n, erf::erf)),
    ("Erfc", |n| one(n, erf::erfc)),
    ("Erfinv", |n| one(n, erf::erfinv)),
    ("Exp", |n| one(n, exp::exp)),
    ("Exp2", |n| one(n, exp::exp2)),
    ("Expm1", |n| one(n, exp::expm1)),
    ("Floor", |n| one(n, f64::floor)),
    ("FMA", fma),
    ("Frexp", frexp),
    ("Gamma", |n| one(n, gamma::gamma)),
    ("Hypot", |n| two(n, exp::hypot)),
    ("J0", |n| one(n, bessel::j0)),
    ("J1", |n| one(n, bessel::j1)),
    ("Jn", |n| numbered(n, bessel::jn)),
    ("Ldexp", ldexp),
    ("Lgamma", lgamma),
    ("Log", |n| one(n, exp::log)),
    ("Log10", |n| one(n, exp::log10)),
    ("Log1p", |n| one(n, exp::log1p)),
    ("Log2", |n| one(n, exp::log2)),
    ("Max", |n| two(n, round::max)),
    ("Min", |n| two(n, round::min)),
    ("Mod", |n| two(n, round::modulo)),
    ("Modf", modf),
    ("Pow", |n| two(n, exp::pow)),
    ("Pow10", pow10),
    ("Remainder", |n| two(n, round::remainder)),
    ("Round", |n| one(n, f64::round)),
    ("RoundToEven", |n| one(n, f64::round_ties_even)),
    ("Sin", |n| one(n, trig::sin)),
    ("Sincos", sincos),
    ("Sinh", |n| one(n, hyperbolic::sinh)),
    ("Sqrt", |n| one(n, f64::sqrt)),
    ("Tan", |n| one(n, trig::tan)),
    ("Tanh", |n| one(n, hyperbolic::tanh)),
    ("Trunc", |n| one(n, f64::trunc)),
    ("Y0", |n| one(n, bessel::y0)),
    ("Y1", |n| one(n, bessel::y1)),
    ("Yn", |n| numbered(n, bessel::yn)),
    ("Float32bits", float32bits),
    ("Float32frombits", float32frombits),
    ("Float64bits", float64bits),
    ("Float64frombits", float64frombits),
];

/// Go's NaN.
const NAN: f64 = f64::from_bits(0x7FF8_0000_0000_0001);

/// `c[0] + x*(c[1] + x*(...))`.
fn horner(x: f64, c: &[f64]) -> f64 {
    let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
    rest.iter().rev().fold(*last, |sum, c| sum * x + c)
}

fn one(n: &mut Native<'_>, f: fn(f64) -> f64) -> NativeResult {
    let x = n.float();
    n.give_float(f(x));
    Ok(Flow::Done)
}

fn two(n: &mut Native<'_>, f: fn(f64, f64) -> f64) -> NativeResult {
    let (x, y) = (n.float(), n.float());
    n.give_float(f(x, y));
    Ok(Flow::Done)
}

fn numbered(n: &mut Native<'_>, f: fn(i64, f64) -> f64) -> NativeResult {
    let (order, x) = (n.int(), n.float());
    n.give_float(f(order, x));
    Ok(Flow::Done)
}

fn signbit(n: &mut Native<'_>) -> NativeResult {
    let x = n.float();
    n.give_bool(x.is_sign_negative());
    Ok(Flow::Done)
}

fn inf(n: &mut Native<'_>) -> NativeResult {
    let sign = n.int();
    n.give_float(if sign >= 0 { f64::INFINITY } else { f64::NEG_INFINITY });
    Ok(Flow::Done)
}

fn nan(n: &mut Native<'_>) -> NativeResult {
    n.give_float(NAN);
    Ok(Flow::Done)
}

fn is_nan(n: &mut Native<'_>) -> NativeResult {
    let x = n.float();
    n.give_bool(x.is_nan());
    Ok(Flow::Done)
}

fn is_inf(n: &mut Native<'_>) -> NativeResult {
    let (x, sign) = (n.float(), n.int());
    n.give_bool(sign >= 0 && x == f64::INFINITY || sign <= 0 && x == f64::NEG_INFINITY);
    Ok(Flow::Done)
}

fn ilogb(n: &mut Native<'_>) -> NativeResult {
    let x = n.float();
    n.give_int(round::ilogb(x));
    Ok(Flow::Done)
}

fn next_after32(n: &mut Native<'_>) -> NativeResult {
    let (x, y) = (n.float32(), n.float32());
    n.give_float32(round::next_after32(x, y));
    Ok(Flow::Done)
}

fn fma(n: &mut Native<'_>) -> NativeResult {
    let (x, y, z) = (n.float(), n.float(), n.float());
    n.give_float(x.mul_add(y, z));
    Ok(Flow::Done)
}

fn frexp(n: &mut Native<'_>) -> NativeResult {
    let (fraction, exponent) = round::frexp(n.float());
    n.give_float(fraction);
    n.give_int(exponent);
    Ok(Flow::Done)
}

fn ldexp(n: &mut Native<'_>) -> NativeResult {
    let (x, exponent) = (n.float(), n.int());
    n.give_float(round::ldexp(x, exponent));
    Ok(Flow::Done)
}

fn modf(n: &mut Native<'_>) -> NativeResult {
    let (whole, fraction) = round::modf(n.float());
    n.give_float(whole);
    n.give_float(fraction);
    Ok(Flow::Done)
}

fn lgamma(n: &mut Native<'_>) -> NativeResult {
    let (value, sign) = gamma::lgamma(n.float());
    n.give_float(value);
    n.give_int(sign);
    Ok(Flow::Done)
}

fn sincos(n: &mut Native<'_>) -> NativeResult {
    let (sin, cos) = trig::sincos(n.float());
    n.give_float(sin);
    n.give_float(cos);
    Ok(Flow::Done)
}

fn pow10(n: &mut Native<'_>) -> NativeResult {
    let exponent = n.int();
    n.give_float(round::pow10(exponent));
    Ok(Flow::Done)
}

fn float32bits(n: &mut Native<'_>) -> NativeResult {
    let x = n.float32();
    n.give_uint(x.to_bits().into());
    Ok(Flow::Done)
}

fn float32frombits(n: &mut Native<'_>) -> NativeResult {
    let bits = n.uint();
    n.give_float32(f32::from_bits(bits as u32));
    Ok(Flow::Done)
}

fn float64bits(n: &mut Native<'_>) -> NativeResult {
    let x = n.float();
    n.give_uint(x.to_bits());
    Ok(Flow::Done)
}

fn float64frombits(n: &mut Native<'_>) -> NativeResult {
    let bits = n.uint();
    n.give_float(f64::from_bits(bits));
    Ok(Flow::Done)
}
