//! `reflect`: what its Types point to. All else it has from `internal/reflectlite`.

use gol_bytecode::TypeRef;
use gol_vm::{Flow, Native, NativeFn, NativeResult, Raise};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[("record", record)];

fn record(n: &mut Native<'_>) -> NativeResult {
    let t = TypeRef(n.uint() as u32);
    if !n.is_type(t) {
        return Err(Raise::nil());
    }
    let record = n.type_record(t);
    n.give_pointer(record);
    Ok(Flow::Done)
}
