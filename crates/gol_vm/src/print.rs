//! `print` and `println`, which write to standard error without the `fmt` package, and the number format they share
//! with the report of a panic.

use crate::Stream;
use crate::float::{general32, general64};
use crate::{Vm, strings};
use gol_bytecode::ops::PrintKind;
use std::io::Write as _;

/// Carries a `Print` instruction out. What one statement prints comes out in one piece.
///
/// # Safety
/// V1 for the table, V2.
#[cold]
#[inline(never)]
pub(crate) unsafe fn print(vm: &Vm, base: *const u64, table: &[u64], line: bool) {
    let mut out = Vec::new();
    for (i, entry) in table.iter().enumerate() {
        if line && i > 0 {
            out.push(b' ');
        }
        let kind = PrintKind::from_u16((entry >> 32) as u16).expect("V1: the compiler writes print kinds");
        // SAFETY: V2.
        unsafe { value(&mut out, kind, base.add(*entry as u32 as usize)) };
    }
    if line {
        out.push(b'\n');
    }
    match &vm.host {
        Some(host) => host.write(Stream::Err, &out),
        None => write_stderr(&out),
    }
}

/// Writes to standard error; that it is closed is nobody's concern.
pub(crate) fn write_stderr(bytes: &[u8]) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(bytes).and_then(|()| err.flush());
}

unsafe fn value(out: &mut Vec<u8>, kind: PrintKind, r: *const u64) {
    // SAFETY: V2: the registers hold a value of this kind.
    let (x, y, z) = unsafe {
        let two = matches!(kind, PrintKind::Complex | PrintKind::Complex64 | PrintKind::String | PrintKind::Interface);
        let y = if two || kind == PrintKind::Slice { *r.add(1) } else { 0 };
        (*r, y, if kind == PrintKind::Slice { *r.add(2) } else { 0 })
    };
    let single = |v: u64| f32::from_bits(v as u32);
    let text = match kind {
        PrintKind::Bool => (x != 0).to_string(),
        PrintKind::Int => (x as i64).to_string(),
        PrintKind::Uint => x.to_string(),
        PrintKind::Float => float(f64::from_bits(x)),
        PrintKind::Float32 => float32(single(x)),
        PrintKind::Complex => complex(&float(f64::from_bits(x)), &float(f64::from_bits(y))),
        PrintKind::Complex64 => complex(&float32(single(x)), &float32(single(y))),
        // SAFETY: V2.
        PrintKind::String => return out.extend_from_slice(unsafe { strings::bytes(x, y) }),
        PrintKind::Pointer => format!("{x:#x}"),
        PrintKind::Slice => format!("[{y}/{z}]{x:#x}"),
        PrintKind::Interface => format!("({x:#x},{y:#x})"),
    };
    out.extend_from_slice(text.as_bytes());
}

/// A complex number from the texts of its parts.
pub(crate) fn complex(re: &str, im: &str) -> String {
    let sign = if im.starts_with(['+', '-']) { "" } else { "+" };
    format!("({re}{sign}{im}i)")
}

/// The shortest text that reads back as `x`, as Go's `print` writes it since 1.27.
pub(crate) fn float(x: f64) -> String {
    general64(x, PRINT_EXPONENT)
}

/// The same for a float32.
pub(crate) fn float32(x: f32) -> String {
    general32(x, PRINT_EXPONENT)
}

/// From this power of ten on there is an exponent.
const PRINT_EXPONENT: i32 = 6;

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_gos() {
        let cases: [(f64, &str); 13] = [
            (0.0, "0"),
            (-0.0, "-0"),
            (-2.5, "-2.5"),
            (100000.0, "100000"),
            (1e6, "1e+06"),
            (1234567.5, "1.2345675e+06"),
            (123456.5, "123456.5"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (0.00012345, "0.00012345"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ];
        for (x, text) in cases {
            assert_eq!(float(x), text);
        }
    }
}
