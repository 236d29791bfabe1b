//! `sort` and `slices`: slices of basic types, where no program can tell one algorithm from another.

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[("Ints", ints), ("Strings", strings), ("sortFloat64s", floats)];

pub(crate) const SLICES: &[(&str, NativeFn)] =
    &[("sortInts", ints), ("sortStrings", strings), ("sortFloat64s", floats)];

fn ints(n: &mut Native<'_>) -> NativeResult {
    let x = n.words();
    let mut all = x.to_vec();
    all.sort_unstable_by_key(|v| *v as i64);
    x.write(&all);
    Ok(Flow::Done)
}

fn strings(n: &mut Native<'_>) -> NativeResult {
    n.string_slice().sort();
    Ok(Flow::Done)
}

/// NaN first. A negative zero tells algorithms apart: then nothing is done.
fn floats(n: &mut Native<'_>) -> NativeResult {
    let x = n.words();
    let mut all = x.to_vec();
    let sortable = !all.contains(&(-0f64).to_bits());
    if sortable {
        all.sort_by(|a, b| {
            let (a, b) = (f64::from_bits(*a), f64::from_bits(*b));
            b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal))
        });
        x.write(&all);
    }
    n.give_bool(sortable);
    Ok(Flow::Done)
}
