//! `strconv`: the digits of numbers.

use gol_vm::float::{shortest32, shortest64, split};
use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("shortest64", |n| {
        let x = n.float();
        give(n, shortest64(x))
    }),
    ("shortest32", |n| {
        let x = n.float32();
        give(n, shortest32(x))
    }),
    ("exactDigits", |n| {
        let (x, digits) = (n.float(), n.int() as usize);
        give(n, split(&format!("{x:.*e}", digits.saturating_sub(1))))
    }),
    ("fixedDigits", |n| {
        let (x, prec) = (n.float(), n.int() as usize);
        let (digits, point) = split(&format!("{x:.prec$}"));
        let point = if digits.is_empty() { 0 } else { point };
        give(n, (digits, point))
    }),
    ("parseFloat64", |n| {
        let x = n.text().parse().unwrap_or(f64::NAN);
        n.give_float(x);
        Ok(Flow::Done)
    }),
    ("parseFloat32", |n| {
        let x = n.text().parse().unwrap_or(f32::NAN);
        n.give_float32(x);
        Ok(Flow::Done)
    }),
    ("float64bits", same_word),
    ("float64frombits", same_word),
    ("formatInt10", |n| {
        let x = n.int();
        n.give_str(x.to_string())?;
        Ok(Flow::Done)
    }),
    ("formatUint10", |n| {
        let x = n.uint();
        n.give_str(x.to_string())?;
        Ok(Flow::Done)
    }),
];

fn give(n: &mut Native<'_>, (digits, point): (String, i32)) -> NativeResult {
    n.give_str(digits)?;
    n.give_int(point as i64);
    Ok(Flow::Done)
}

/// A float and its bits are the same register.
fn same_word(n: &mut Native<'_>) -> NativeResult {
    let x = n.uint();
    n.give_uint(x);
    Ok(Flow::Done)
}
