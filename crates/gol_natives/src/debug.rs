//! `runtime/debug`: settings of the collector.

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] =
    &[("SetGCPercent", set_gc_percent), ("FreeOSMemory", free_os_memory), ("SetMemoryLimit", set_memory_limit)];

fn set_gc_percent(n: &mut Native<'_>) -> NativeResult {
    let percent = n.int().clamp(-1, i32::MAX.into()) as i32;
    let old = n.vm().heap().set_gc_percent(percent);
    n.give_int(old.into());
    Ok(Flow::Done)
}

fn free_os_memory(n: &mut Native<'_>) -> NativeResult {
    n.collect();
    n.vm().heap().release_free_memory();
    Ok(Flow::Done)
}

fn set_memory_limit(n: &mut Native<'_>) -> NativeResult {
    let limit = n.int();
    let heap = n.vm().heap();
    let old = match usize::try_from(limit) {
        Ok(bytes) => heap.set_memory_limit(bytes),
        Err(_) => heap.memory_limit(),
    };
    n.give_int(i64::try_from(old).unwrap_or(i64::MAX));
    Ok(Flow::Done)
}
