//! The shortest decimal digits of a float, by way of the `zmij` crate (see `docs/decisions/`), for `print` and `strconv`.

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
