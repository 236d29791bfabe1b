//! `runtime`: goroutines, workers, the collector, the caller's frames.

use gol_bytecode::TypeRef;
use gol_vm::{Due, Flow, Frame, Native, NativeFn, NativeResult, Raise};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("Gosched", |n| n.yield_now()),
    ("Goexit", |_| Err(Raise::Goexit)),
    ("NumGoroutine", num_goroutine),
    ("NumCPU", num_cpu),
    ("procs", procs),
    ("setProcs", set_procs),
    ("GC", gc),
    ("setFinalizer", set_finalizer),
    ("addCleanup", add_cleanup),
    ("stopCleanup", stop_cleanup),
    ("nextDue", next_due),
    ("heapStats", heap_stats),
    ("pauses", pauses),
    ("callerFrame", caller_frame),
    ("frameAt", frame_at),
    ("stackText", stack_text),
];

fn num_goroutine(n: &mut Native<'_>) -> NativeResult {
    let count = n.vm().runtime().num_goroutines();
    n.give_uint(count as u64);
    Ok(Flow::Done)
}

fn num_cpu(n: &mut Native<'_>) -> NativeResult {
    n.give_uint(gol_vm::cores() as u64);
    Ok(Flow::Done)
}

fn procs(n: &mut Native<'_>) -> NativeResult {
    let procs = n.vm().runtime().procs();
    n.give_uint(procs as u64);
    Ok(Flow::Done)
}

fn set_procs(n: &mut Native<'_>) -> NativeResult {
    let procs = n.int();
    n.set_procs(procs.clamp(1, 256) as usize);
    Ok(Flow::Done)
}

fn gc(n: &mut Native<'_>) -> NativeResult {
    n.collect();
    Ok(Flow::Done)
}

/// `setFinalizer(obj, finalizer any, run func())`
fn set_finalizer(n: &mut Native<'_>) -> NativeResult {
    let (object, call, run) = (n.iface(), n.iface(), n.pointer());
    n.set_finalizer(object, call, run)?;
    Ok(Flow::Done)
}

/// `addCleanup(obj any, call, run func()) uint64`
fn add_cleanup(n: &mut Native<'_>) -> NativeResult {
    let (object, call, run) = (n.iface(), n.pointer(), n.pointer());
    let id = n.add_cleanup(object.1, call, run);
    n.give_uint(id);
    Ok(Flow::Done)
}

/// `stopCleanup(id uint64)`
fn stop_cleanup(n: &mut Native<'_>) -> NativeResult {
    let id = n.uint();
    n.stop_cleanup(id);
    Ok(Flow::Done)
}

/// `nextDue() (kind int, ofPointer func(*byte), ofInterface func(any), cleanup func(), pointer *byte, object any)`
fn next_due(n: &mut Native<'_>) -> NativeResult {
    let (kind, calls, pointer, object) = match n.next_due() {
        None => (0, [0; 3], 0, (0, 0)),
        Some(Due::Pointer { call, object }) => (1, [call, 0, 0], object, (0, 0)),
        Some(Due::Interface { call, object }) => (2, [0, call, 0], 0, object),
        Some(Due::Cleanup { call }) => (3, [0, 0, call], 0, (0, 0)),
    };
    n.give_int(kind);
    calls.into_iter().for_each(|c| n.give_pointer(c));
    n.give_pointer(pointer);
    n.give_iface(TypeRef(object.0 as u32), object.1);
    Ok(Flow::Done)
}

/// `heapStats() (alloc, total, sys, mallocs, frees, objects, next, pauseTotal, inuse, idle, released uint64, numGC uint32)`
fn heap_stats(n: &mut Native<'_>) -> NativeResult {
    let s = n.vm().heap().stats();
    let counts = [s.alloc, s.total_alloc, s.sys, s.mallocs, s.frees, s.heap_objects, s.next_gc, s.pause_total_ns];
    counts.into_iter().for_each(|v| n.give_uint(v));
    [s.heap_inuse, s.heap_idle, s.heap_released].into_iter().for_each(|v| n.give_uint(v));
    n.give_uint(s.num_gc.into());
    Ok(Flow::Done)
}

/// `pauses() (lengths, ends []int)`
fn pauses(n: &mut Native<'_>) -> NativeResult {
    let last = n.vm().heap().last_pauses();
    n.give_words(&last.iter().map(|p| p.nanoseconds).collect::<Vec<_>>())?;
    n.give_words(&last.iter().map(|p| p.end as u64).collect::<Vec<_>>())?;
    Ok(Flow::Done)
}

/// `callerFrame(skip int) (pc uintptr, function, file string, line int, ok bool)`
fn caller_frame(n: &mut Native<'_>) -> NativeResult {
    let skip = n.int();
    let frame = usize::try_from(skip).ok().and_then(|skip| n.frame(skip));
    let ok = frame.is_some();
    let f = frame.unwrap_or(NO_FRAME);
    n.give_uint(f.pc);
    n.give_str(f.function)?;
    n.give_str(f.file)?;
    n.give_uint(f.line.into());
    n.give_bool(ok);
    Ok(Flow::Done)
}

/// `frameAt(pc uintptr) (function, file string, line int, entry uintptr)`
fn frame_at(n: &mut Native<'_>) -> NativeResult {
    let pc = n.uint();
    let f = n.frame_at(pc).unwrap_or(NO_FRAME);
    n.give_str(f.function)?;
    n.give_str(f.file)?;
    n.give_uint(f.line.into());
    n.give_uint(f.entry);
    Ok(Flow::Done)
}

const NO_FRAME: Frame = Frame { pc: 0, function: String::new(), file: String::new(), line: 0, entry: 0 };

/// `stackText(all bool) string`
pub(crate) fn stack_text(n: &mut Native<'_>) -> NativeResult {
    let all = n.bool();
    let text = n.stack_text(all);
    n.give_str(text)?;
    Ok(Flow::Done)
}
