//! The values of literals as they are written.

use std::rc::Rc;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use gol_syntax::ast::LitKind;
use gol_syntax::literal::{unquote_rune, unquote_string};

use super::Constant;
use super::float::BigFloat;

pub(super) fn parse(kind: LitKind, text: &str) -> Constant {
    match kind {
        LitKind::Int => int(&clean(text)).map_or(Constant::Unknown, Constant::from_big),
        LitKind::Float => float(&clean(text)).unwrap_or(Constant::Unknown),
        LitKind::Imag => imaginary(text).unwrap_or(Constant::Unknown),
        LitKind::Rune => Constant::Small(unquote_rune(text) as i64),
        LitKind::String => Constant::from_bytes(&unquote_string(text)),
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|&c| c != '_').collect::<String>().to_ascii_lowercase()
}

fn int(text: &str) -> Option<IBig> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', b'b', ..] => (&text[2..], 2),
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    UBig::from_str_radix(digits, radix).ok().map(IBig::from)
}

fn imaginary(text: &str) -> Option<Constant> {
    let text = clean(text);
    let text = text.strip_suffix('i')?;
    let is_float = if text.starts_with("0x") { text.contains(['.', 'p']) } else { text.contains(['.', 'e']) };
    let value = if is_float {
        float(text)?
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        // For old times' sake `010i` is decimal.
        Constant::from_big(UBig::from_str_radix(text, 10).ok()?.into())
    } else {
        Constant::from_big(int(text)?)
    };
    Some(value.make_imag())
}

/// Decimal or hexadecimal, in lower case and without underscores.
fn float(text: &str) -> Option<Constant> {
    let (text, radix, mark) = match text.strip_prefix("0x") {
        Some(rest) => (rest, 16, 'p'),
        None => (text, 10, 'e'),
    };
    let (mantissa, exponent) = match text.split_once(mark) {
        Some((m, e)) => {
            let digits = e.trim_start_matches(['+', '-']);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            // More digits than any exponent in bounds has: what it means is decided below.
            let e = if digits.trim_start_matches('0').len() > 12 {
                if e.starts_with('-') { -1_000_000_000_000 } else { 1_000_000_000_000 }
            } else {
                e.parse::<i64>().ok()?
            };
            (m, e)
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let m = UBig::from_str_radix(&digits, radix).ok()?;
    if m == UBig::ZERO {
        return Some(Constant::Ratio(Rc::new(RBig::ZERO)));
    }
    let digits = fraction.len() as i64;
    if radix == 16 {
        let value = BigFloat::new(m.clone().into(), exponent - 4 * digits);
        if value.has_small_exponent() {
            let e = exponent - 4 * digits;
            return Some(scaled(m, UBig::from(2u8), e));
        }
        return Some(bounded(value));
    }
    let exponent = exponent - digits;
    // log2(10) is about 3.32: beyond these the binary exponent is out of bounds for sure.
    if exponent > 1_000_000_000 {
        return Some(Constant::Unknown);
    }
    if exponent < -1_000_000_000 {
        return Some(Constant::Ratio(Rc::new(RBig::ZERO)));
    }
    if exponent.unsigned_abs() < 2000 && mantissa.len() < 2000 {
        let exact = scaled(m.clone(), UBig::from(10u8), exponent);
        if matches!(exact, Constant::Ratio(_)) {
            return Some(exact);
        }
    }
    let power = power_of_ten(exponent.unsigned_abs());
    let m = BigFloat::new(m.into(), 0);
    Some(bounded(if exponent < 0 { m.div(&power) } else { m.mul(&power) }))
}

fn scaled(m: UBig, base: UBig, exponent: i64) -> Constant {
    let power = base.pow(exponent.unsigned_abs() as usize);
    let value = if exponent < 0 { RBig::from_parts(m.into(), power) } else { RBig::from(IBig::from(m * power)) };
    Constant::from_ratio(value)
}

/// Below all bounds is zero, above `Unknown`.
fn bounded(f: BigFloat) -> Constant {
    if f.top() < i32::MIN as i64 { Constant::Ratio(Rc::new(RBig::ZERO)) } else { Constant::from_float(f) }
}

fn power_of_ten(mut n: u64) -> BigFloat {
    let mut result = BigFloat::new(IBig::ONE, 0);
    let mut base = BigFloat::new(IBig::from(10), 0);
    while n > 0 {
        if n & 1 == 1 {
            result = result.mul(&base);
        }
        base = base.mul(&base);
        n >>= 1;
    }
    result
}
