//! Constants as messages show them.

use std::fmt::{Display, Formatter, Result};

use dashu_base::Signed;

use super::{BigFloat, Constant};

/// The short form in messages, as `go/constant` prints it: strings quoted and cut, floats with six digits.
impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Constant::Unknown => f.write_str("unknown"),
            Constant::Bool(b) => write!(f, "{b}"),
            Constant::String(s) => f.write_str(&short_string(s)),
            Constant::Small(n) => write!(f, "{n}"),
            Constant::Big(n) => write!(f, "{n}"),
            Constant::Ratio(r) => f.write_str(&float_text(&BigFloat::from_ratio(r), self.to_f64())),
            Constant::Float(x) => f.write_str(&float_text(x, self.to_f64())),
            Constant::Complex(c) => write!(f, "({} + {}i)", c.0, c.1),
        }
    }
}

/// Quoted; more than 72 characters are cut and end in `...` (without closing quote).
fn short_string(s: &[u8]) -> String {
    const MOST: usize = 72;
    let quoted = quote(s);
    if quoted.chars().count() <= MOST {
        return quoted;
    }
    let mut cut: String = quoted.chars().take(MOST - 3).collect();
    cut.push_str("...");
    cut
}

/// The bytes as a Go string literal.
pub fn quote(s: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in s.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                ' ' => out.push(c),
                '\u{feff}' => out.push_str("\\ufeff"),
                _ if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
                _ if c.is_control() || (c.is_whitespace() && c as u32 > 127) => {
                    out.push_str(&format!("\\u{:04x}", c as u32));
                }
                _ => out.push(c),
            }
        }
        for b in chunk.invalid() {
            out.push_str(&format!("\\x{b:02x}"));
        }
    }
    out.push('"');
    out
}

/// `exact` is the number, `near` the nearest `float64`.
fn float_text(exact: &BigFloat, near: f64) -> String {
    if near.is_finite() && (near == 0.0) == exact.is_zero() {
        let short = general(near, Some(6));
        // A fraction that looks like an integer gets all its digits.
        return if !exact.is_int() && !short.contains('.') { general(near, None) } else { short };
    }
    let (mut m, exponent) = exact.mantissa();
    let decimal = exponent as f64 * (std::f64::consts::LN_2 / std::f64::consts::LN_10);
    let mut e = decimal as i64;
    m *= exp((decimal - e as f64) * std::f64::consts::LN_10);
    if m.abs() < 1.0 - 0.5e-6 {
        m *= 10.0;
        e -= 1;
    } else if m.abs() >= 10.0 {
        m /= 10.0;
        e += 1;
    }
    let sign = if exact.significand().is_negative() { "-" } else { "" };
    format!("{sign}{}e{e:+}", general(m.abs(), Some(6)))
}

/// e to the power of `x`, between -3 and 3, to more digits than are printed. (`f64::exp` is libm's, and every start of gol would
/// load that library for this one text.)
fn exp(x: f64) -> f64 {
    let part = x / 64.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..=10 {
        term *= part / f64::from(n);
        sum += term;
    }
    (0..6).fold(sum, |power, _| power * power)
}

/// C's `%g`: with this many digits, or the shortest that reads back.
fn general(x: f64, digits: Option<usize>) -> String {
    let scientific = match digits {
        Some(n) => format!("{x:.*e}", n - 1),
        None => format!("{x:e}"),
    };
    let (m, e) = scientific.split_once('e').expect("scientific form has an exponent");
    let exponent: i32 = e.parse().expect("the exponent is a number");
    let m = if m.contains('.') { m.trim_end_matches('0').trim_end_matches('.') } else { m };
    if exponent < -4 || exponent >= digits.unwrap_or(6) as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{m}e{sign}{:02}", exponent.abs());
    }
    let (sign, m) = m.strip_prefix('-').map_or(("", m), |rest| ("-", rest));
    let all: String = m.chars().filter(|c| *c != '.').collect();
    let point = exponent + 1;
    if point <= 0 {
        return format!("{sign}0.{}{all}", "0".repeat(-point as usize));
    }
    let point = point as usize;
    if all.len() <= point {
        return format!("{sign}{all}{}", "0".repeat(point - all.len()));
    }
    format!("{sign}{}.{}", &all[..point], &all[point..])
}
