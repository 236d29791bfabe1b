//! The shortest decimal digits of a float, by way of the `zmij` crate (see `docs/decisions/`), for `print` and `strconv`.

use std::fmt::Write as _;

/// Digits and decimal point of a positive finite float: its value is `0.digits` times ten to the power of the point. No zero
/// stands at either end of the digits, which are the fewest that read back as the same float.
pub fn shortest64(x: f64) -> (String, i32) {
    split(zmij::Buffer::new().format_finite(x))
}

/// [`shortest64`] among all float32.
pub fn shortest32(x: f32) -> (String, i32) {
    split(zmij::Buffer::new().format_finite(x))
}

/// Takes a decimal number of any form (`12.5`, `0.001`, `1e-7`) apart.
pub fn split(text: &str) -> (String, i32) {
    let (mantissa, exp) = text.split_once('e').unwrap_or((text, "0"));
    let exp: i32 = exp.parse().expect("an exponent is a number");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let point = exp + whole.len() as i32 - (all.len() - digits.len()) as i32;
    (digits.trim_end_matches('0').to_string(), point)
}

/// Go's `%g` at shortest precision: with an exponent if that is below -4, or not below `limit`.
pub fn general64(x: f64, limit: i32) -> String {
    match special(x) {
        Some(text) => text.to_string(),
        None => general(x.is_sign_negative(), shortest64(x.abs()), limit),
    }
}

/// The same for a float32.
pub fn general32(x: f32, limit: i32) -> String {
    match special(x as f64) {
        Some(text) => text.to_string(),
        None => general(x.is_sign_negative(), shortest32(x.abs()), limit),
    }
}

fn special(x: f64) -> Option<&'static str> {
    match x {
        _ if x.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

fn general(negative: bool, (digits, point): (String, i32), limit: i32) -> String {
    let mut out = String::from(if negative { "-" } else { "" });
    let digits = if digits.is_empty() { "0" } else { &digits };
    let (n, exp) = (digits.len() as i32, if digits == "0" { 0 } else { point - 1 });
    if !(-4..limit).contains(&exp) {
        out.push_str(&digits[..1]);
        if n > 1 {
            let _ = write!(out, ".{}", &digits[1..]);
        }
        let _ = write!(out, "e{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs());
    } else if exp < 0 {
        let _ = write!(out, "0.{}{digits}", "0".repeat((-exp - 1) as usize));
    } else if n <= exp + 1 {
        let _ = write!(out, "{digits}{}", "0".repeat((exp + 1 - n) as usize));
    } else {
        let _ = write!(out, "{}.{}", &digits[..exp as usize + 1], &digits[exp as usize + 1..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_come_apart() {
        let cases = [(1.0, "1", 1), (0.00001, "1", -4), (1.5e300, "15", 301), (5e-324, "5", -323), (120.5, "1205", 3)];
        for (x, digits, point) in cases {
            assert_eq!(shortest64(x), (digits.to_string(), point), "{x}");
        }
        assert_eq!(shortest64(1e16), ("1".to_string(), 17));
        assert_eq!(shortest32(0.1), ("1".to_string(), 0));
    }
}
