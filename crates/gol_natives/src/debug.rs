//! `runtime/debug`: settings of the collector and the stacks, what a crash shows, the history of pauses.

use crate::os;
use gol_vm::{Flow, Native, NativeFn, NativeResult, Traceback};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("FreeOSMemory", free_os_memory),
    ("SetMaxStack", set_max_stack),
    ("SetMemoryLimit", set_memory_limit),
    ("SetTraceback", set_traceback),
    ("goid", goid),
    ("setCrashFile", set_crash_file),
    ("setGCPercent", set_gc_percent),
];

fn free_os_memory(n: &mut Native<'_>) -> NativeResult {
    n.collect();
    n.vm().heap().release_free_memory();
    Ok(Flow::Done)
}

fn set_max_stack(n: &mut Native<'_>) -> NativeResult {
    let bytes = n.int();
    let old = n.set_max_stack(bytes.max(0) as usize);
    n.give_int(old as i64);
    Ok(Flow::Done)
}

fn set_memory_limit(n: &mut Native<'_>) -> NativeResult {
    let bytes = n.int();
    let old = n.set_memory_limit(bytes);
    n.give_int(old);
    Ok(Flow::Done)
}

fn set_traceback(n: &mut Native<'_>) -> NativeResult {
    let level = Traceback::parse(&n.text());
    n.set_traceback(level);
    Ok(Flow::Done)
}

fn goid(n: &mut Native<'_>) -> NativeResult {
    let id = n.goid();
    n.give_uint(id);
    Ok(Flow::Done)
}

fn set_crash_file(n: &mut Native<'_>) -> NativeResult {
    let fd = n.int();
    let file = if fd < 0 { Ok(None) } else { os::duplicate(fd).map(|fd| Some(fd.into())) };
    let errno = os::number(&file);
    if let Ok(file) = file {
        n.set_crash_file(file);
    }
    n.give_int(errno);
    Ok(Flow::Done)
}

fn set_gc_percent(n: &mut Native<'_>) -> NativeResult {
    let percent = n.int();
    let old = n.vm().heap().set_gc_percent(percent.max(-1) as i32);
    n.give_int(old.into());
    Ok(Flow::Done)
}
