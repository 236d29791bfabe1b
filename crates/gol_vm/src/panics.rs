//! Panics: starting, running deferred calls, recovering, and the end nobody recovered from.
//!
//! As in Go's `gopanic`, deferred calls run on top of the frames that panicked, which so stay visible in traces. A
//! panic pushes a frame of its own, whose function is the stub [`Op::StubPanic`](gol_bytecode::Op::StubPanic); the
//! deferred calls are made from that frame and return to the stub, which looks whether one of them recovered and
//! otherwise runs the next. `runtime.Goexit` is a panic that cannot be recovered and ends the goroutine instead of
//! the program.
//!
//! Panics of a goroutine form a list on the heap, newest first (`G::machine[PANICS]`):
//!
//! ```text
//! next | type id | data | flags | frame offset of the stub | frame offset of the deferring function | text (2)
//! ```
//!
//! A recovered panic unwinds to the frame that deferred the recovering call, which goes on at its function's
//! `recover_pc`: that code runs the frame's other deferred calls and returns the results as they now are. Panics whose
//! stub frames lie above that frame are gone with it (Go calls them aborted); a Goexit among them goes on.

use crate::call::{self, OOM_MARK, PANICS};
use crate::host::Ended;
use crate::image::{HEADER, STUB_REGS};
use crate::interp::Then;
use crate::raise::Raise;
use crate::{Vm, iface, report, strings};
use gol_bytecode::{Kind, TypeRef};
use gol_heap::LayoutId;
use gol_runtime::{G, Interrupt, Limit, Worker};

const NEXT: usize = 0;
const TYPE: usize = 1;
const DATA: usize = 2;
const FLAGS: usize = 3;
const STUB: usize = 4;
const FRAME: usize = 5;
const TEXT: usize = 6;
const WORDS: usize = 8;

const RECOVERED: u64 = 1;
const GOEXIT: u64 = 2;
/// The text for the fatal report is there.
const TOLD: u64 = 4;
/// The text is being made: a panic meanwhile must not ask for it again.
const TELLING: u64 = 8;

/// Starts what `e` asks for at the goroutine's saved state, which stands at the instruction that raised.
///
/// # Safety
/// V3, with the state saved.
#[cold]
#[inline(never)]
pub(crate) unsafe fn raise(vm: &Vm, w: &mut Worker, g: *mut G, e: Raise) -> Then {
    let value = match e {
        Raise::Goexit => Ok((0, 0)),
        Raise::Fatal(s) => {
            // SAFETY: V3.
            return unsafe { report::throw(vm, w, g, &s) };
        }
        Raise::Exit(status) => {
            if let Some(host) = &vm.host {
                // SAFETY: V3: it is never run again.
                return unsafe { report::drop_goroutine(vm, w, g, host, Ended::Exit(status)) };
            }
            w.end_run(gol_runtime::RunEnd::Exit(status));
            return Then::Leave;
        }
        e => value(vm, w, e),
    };
    // SAFETY: V3.
    unsafe {
        match value {
            Ok((0, _)) => start(vm, w, g, 0, 0, GOEXIT),
            Ok((t, data)) => start(vm, w, g, t, data, 0),
            Err(_) => out_of_memory(vm, w, g),
        }
    }
}

/// The interface value, type id and data word, that a panic carries.
fn value(vm: &Vm, w: &mut Worker, e: Raise) -> Result<(u64, u64), Raise> {
    let known = vm.image.program.well_known();
    let (ty, text) = match e {
        Raise::Value(0, _) => {
            let p = vm.alloc(w, 16, LayoutId::NOSCAN)?;
            return Ok((known.panic_nil_error.0 as u64, p as u64));
        }
        Raise::Value(t, data) => return Ok((t, data)),
        Raise::Runtime(s) => (known.error_string, s),
        Raise::Bounds(s) => (known.bounds_error, s),
        Raise::Plain(s) => (known.plain_error, s),
        Raise::TypeAssertion(s) => (known.type_assertion_error, s),
        other @ (Raise::OutOfMemory | Raise::Goexit | Raise::Fatal(_) | Raise::Exit(_)) => return Err(other),
    };
    Ok((ty.0 as u64, strings::boxed(vm, w, text.as_bytes())?))
}

/// The goroutine was asked to end from outside: it runs its deferred calls as for `runtime.Goexit`, or, asked more
/// urgently, ends at once.
///
/// # Safety
/// V3, with the state saved.
#[cold]
pub(crate) unsafe fn interrupted(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3.
    unsafe {
        if in_a_lock(vm, g) {
            return Then::Go;
        }
        match (w.take_interrupt((*g).id), &vm.host) {
            (Interrupt::Kill, Some(host)) => report::drop_goroutine(vm, w, g, host, Ended::Goexit),
            (Interrupt::None | Interrupt::Taken, _) => Then::Go,
            _ => {
                // Without memory for the panic there is no instruction to carry out again.
                (*g).machine_flag = true;
                let then = raise(vm, w, g, Raise::Goexit);
                (*g).machine_flag = false;
                then
            }
        }
    }
}

/// Whether the goroutine is at work on a lock or its like, which others would find half changed: it ends when it comes out, or by itself where
/// it would wait. Whoever asked it to end asks again.
///
/// # Safety
/// V3, with the state saved.
unsafe fn in_a_lock(vm: &Vm, g: *mut G) -> bool {
    // SAFETY: V3.
    let frames = unsafe { report::frames(vm, g) };
    frames.first().is_some_and(|(function, file, _)| file.starts_with("$GOL/sync/") && function != "sync.leave")
}

/// The heap gave nothing: collect and carry the instruction out again, once between two collections. With
/// [`G::machine_flag`] there is no instruction to carry out again.
unsafe fn out_of_memory(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3.
    unsafe {
        let collections = vm.heap.stats().num_gc as u64 + 1;
        if (*g).machine[OOM_MARK] != collections && !(*g).machine_flag {
            set_top(vm, g);
            w.collect();
            (*g).machine[OOM_MARK] = vm.heap.stats().num_gc as u64 + 1;
            return Then::Go;
        }
        if w.limits().memory.is_some() {
            w.limit_reached(Limit::Memory);
            return Then::Leave;
        }
        report::throw(vm, w, g, "runtime: out of memory")
    }
}

/// The goroutine's stack would pass its limit.
///
/// # Safety
/// V3, with the state saved.
pub(crate) unsafe fn stack_overflow(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3.
    unsafe { report::stack_overflow(vm, w, g) }
}

/// Sets `G::top` from the frame at the saved base.
///
/// # Safety
/// V3, with the state saved.
pub(crate) unsafe fn set_top(vm: &Vm, g: *mut G) {
    // SAFETY: V3; the saved base is a frame's.
    unsafe {
        let base = (*g).stack.ptr().add((*g).base as usize);
        (*g).top = (*g).base + vm.image.nregs_at(*base.sub(3) as u32);
    }
}

/// Whether the frame of a panic is that of a `runtime.Goexit`.
///
/// # Safety
/// V3; `base` is such a frame's, of goroutine `g`.
pub(crate) unsafe fn is_goexit(g: *mut G, base: *const u64) -> bool {
    // SAFETY: records are alive since the goroutine's list holds them.
    unsafe {
        let stub = base.offset_from((*g).stack.ptr()) as u64;
        let mut p = (*g).machine[PANICS] as *const u64;
        while !p.is_null() && *p.add(STUB) != stub {
            p = *p.add(NEXT) as *const u64;
        }
        !p.is_null() && *p.add(FLAGS) & GOEXIT != 0
    }
}

/// Begins a panic and runs the first deferred call.
unsafe fn start(vm: &Vm, w: &mut Worker, g: *mut G, ty: u64, data: u64, flags: u64) -> Then {
    // SAFETY: V3.
    unsafe {
        match push(vm, w, g, ty, data, flags) {
            Ok(p) => run_next(vm, w, g, p),
            Err(then) => then,
        }
    }
}

/// Pushes the frame of a panic and its record, which it gives.
unsafe fn push(vm: &Vm, w: &mut Worker, g: *mut G, ty: u64, data: u64, flags: u64) -> Result<*mut u64, Then> {
    // SAFETY: V3. The record is filled before it is reachable.
    unsafe {
        let Ok(p) = vm.alloc(w, WORDS * 8, LayoutId::CONSERVATIVE) else { return Err(out_of_memory(vm, w, g)) };
        let p = p as *mut u64;
        set_top(vm, g);
        let stub = (*g).top + HEADER as u32;
        // Room for this frame, and for a call made from it.
        if (*g).stack.grow(stub + 2 * STUB_REGS + HEADER as u32).is_err() {
            return Err(stack_overflow(vm, w, g));
        }
        let base = (*g).stack.ptr().add(stub as usize);
        *base.sub(3) = vm.image.stubs.panic_pc as u64;
        *base.sub(2) = (*g).pc | ((stub - (*g).base) as u64) << 32;
        *base.sub(1) = 0;
        *p.add(NEXT) = (*g).machine[PANICS];
        *p.add(TYPE) = ty;
        *p.add(DATA) = data;
        *p.add(FLAGS) = flags;
        *p.add(STUB) = stub as u64;
        (*g).machine[PANICS] = p as u64;
        (*g).base = stub;
        Ok(p)
    }
}

/// Runs the goroutine's newest deferred call from the frame of panic `p`; without one, ends the goroutine or the
/// program. A nil func among the deferred ones is the next panic.
unsafe fn run_next(vm: &Vm, w: &mut Worker, g: *mut G, mut p: *mut u64) -> Then {
    // SAFETY: V3; records are alive since the goroutine's lists hold them.
    unsafe {
        loop {
            let Some(d) = call::newest_defer(g) else {
                if *p.add(FLAGS) & GOEXIT != 0 {
                    (*g).machine[PANICS] = 0;
                    (*g).base = HEADER as u32;
                    return call::exit_goroutine(vm, w, g, true);
                }
                return fatal_step(vm, w, g, None);
            };
            *p.add(FRAME) = d.frame;
            if d.entry == 0 {
                (*g).pc = vm.image.stubs.panic_pc as u64;
                let Ok((t, data)) = value(vm, w, Raise::nil()) else { return out_of_memory(vm, w, g) };
                match push(vm, w, g, t, data, 0) {
                    Ok(next) => p = next,
                    Err(then) => return then,
                }
                // Without memory the stub goes on with this call once more, so it leaves the list only now.
                call::pop_defer(g);
                continue;
            }
            call::pop_defer(g);
            let stub = *p.add(STUB) as u32;
            return match push_call(vm, w, g, stub, d.entry, d.closure, vm.image.stubs.panic_pc) {
                Ok(to) => {
                    d.copy_args(to);
                    Then::Go
                }
                Err(then) => then,
            };
        }
    }
}

/// Enters a function from the stub frame at offset `stub`; gives the address of the callee's register 0.
unsafe fn push_call(
    vm: &Vm,
    w: &mut Worker,
    g: *mut G,
    stub: u32,
    entry: u32,
    closure: u64,
    back: u32,
) -> Result<*mut u64, Then> {
    let window = STUB_REGS + HEADER as u32;
    // SAFETY: V1 for the entry, V3.
    unsafe {
        if (*g).stack.grow(stub + window + vm.image.nregs_at(entry)).is_err() {
            return Err(stack_overflow(vm, w, g));
        }
        w.set_guard(call::limit(g));
        let to = (*g).stack.ptr().add((stub + window) as usize);
        *to.sub(3) = entry as u64;
        *to.sub(2) = back as u64 | (window as u64) << 32;
        *to.sub(1) = closure;
        (*g).base = stub + window;
        (*g).pc = entry as u64;
        Ok(to)
    }
}

/// A deferred call that a panic made has returned to the panic's frame.
///
/// # Safety
/// V3, with the state saved.
pub(crate) unsafe fn resume(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3. The newest panic is this frame's: newer ones ended or were dropped with their frames.
    unsafe {
        let p = (*g).machine[PANICS] as *mut u64;
        if *p.add(FLAGS) & RECOVERED == 0 {
            return run_next(vm, w, g, p);
        }
        let frame = *p.add(FRAME);
        // Drop this panic and those whose frames lie above the frame that goes on; a Goexit among them goes on.
        let mut goexit = false;
        let mut q = p;
        while !q.is_null() && *q.add(STUB) > frame {
            goexit |= *q.add(FLAGS) & GOEXIT != 0;
            q = *q.add(NEXT) as *mut u64;
        }
        (*g).machine[PANICS] = q as u64;
        (*g).base = frame as u32;
        let base = (*g).stack.ptr().add(frame as usize);
        let f = &vm.image.funcs[vm.image.func_at(*base.sub(3) as u32)];
        (*g).pc = f.recover_pc as u64;
        if goexit {
            return start(vm, w, g, 0, 0, GOEXIT);
        }
        Then::Go
    }
}

/// `recover()` in the frame at `base`: the value of the newest panic if that panic called this frame's function.
///
/// # Safety
/// V3.
pub(crate) unsafe fn recover(vm: &Vm, g: *mut G, base: *mut u64) -> (u64, u64) {
    // SAFETY: V3; links lead from frame to frame down to the first.
    unsafe {
        let p = (*g).machine[PANICS] as *mut u64;
        if p.is_null() || *p.add(FLAGS) & (RECOVERED | GOEXIT) != 0 {
            return (0, 0);
        }
        let stub = (*g).stack.ptr().add(*p.add(STUB) as usize);
        // A wrapper made by the compiler counts as its callee.
        let wrapper = |frame: *mut u64| vm.image.meta(vm.image.func_at(*frame.sub(3) as u32)).wrapper;
        let mut frame = base;
        if wrapper(base) {
            // `defer recover()`: a call by the function that deferred it, when that returns; called by a panic it is
            // nobody's, and recovers nothing.
            frame = frame.sub((*frame.sub(2) >> 32) as usize);
            if *frame.sub(3) as u32 == vm.image.stubs.panic_pc {
                return (0, 0);
            }
        }
        loop {
            let link = *frame.sub(2);
            frame = frame.sub((link >> 32) as usize);
            if frame == stub {
                break;
            }
            if frame < stub || !wrapper(frame) {
                return (0, 0);
            }
        }
        *p.add(FLAGS) |= RECOVERED;
        (*p.add(TYPE), *p.add(DATA))
    }
}

/// One step of the report of a panic that nobody recovered: asks the value of each panic, oldest first, for its text
/// by calling `runtime.panicText`, which returns to [`Op::StubFatal`](gol_bytecode::Op::StubFatal) and so comes back
/// here with `result`; then prints and ends the program.
///
/// # Safety
/// V3, with the state saved in the frame of the newest panic.
pub(crate) unsafe fn fatal_step(vm: &Vm, w: &mut Worker, g: *mut G, result: Option<[u64; 2]>) -> Then {
    // SAFETY: V3; records are alive.
    unsafe {
        let mut list = Vec::new();
        let mut p = (*g).machine[PANICS] as *mut u64;
        while !p.is_null() {
            list.push(p);
            p = *p.add(NEXT) as *mut u64;
        }
        if let (Some([text, len]), Some(p)) = (result, list.iter().find(|p| *p.add(FLAGS) & TELLING != 0)) {
            *p.add(TEXT) = text;
            *p.add(TEXT + 1) = len;
            *p.add(FLAGS) = *p.add(FLAGS) & !TELLING | TOLD;
        }
        let stub = *list[0].add(STUB) as u32;
        let telling = list.iter().any(|p| *p.add(FLAGS) & TELLING != 0);
        if let (Some(f), false) = (vm.image.program.well_known().panic_text, telling) {
            let ask = |p: &&*mut u64| *p.add(FLAGS) & (TOLD | GOEXIT) == 0 && iface::has_text_method(vm, *p.add(TYPE));
            if let Some(p) = list.iter().rev().find(ask) {
                *p.add(FLAGS) |= TELLING;
                let entry = vm.image.funcs[f.0 as usize].entry;
                return match push_call(vm, w, g, stub, entry, 0, vm.image.stubs.fatal_pc) {
                    Ok(to) => {
                        *to = *p.add(TYPE);
                        *to.add(1) = *p.add(DATA);
                        Then::Go
                    }
                    Err(then) => then,
                };
            }
        }
        (*g).base = stub;
        let line = |p: &*mut u64| report::PanicLine {
            ty: *p.add(TYPE),
            data: *p.add(DATA),
            text: (*p.add(FLAGS) & TOLD != 0).then(|| (*p.add(TEXT), *p.add(TEXT + 1))),
            recovered: *p.add(FLAGS) & RECOVERED != 0,
            goexit: *p.add(FLAGS) & GOEXIT != 0,
        };
        if telling {
            let value = line(&list[0]);
            let ty = vm.image.ty(TypeRef(value.ty as u32));
            let text = match ty.kind {
                Kind::String if ty.pkg.is_empty() => report::panic_value(vm, &value),
                _ => format!("type {}", ty.name),
            };
            report::throw(vm, w, g, &format!("panic while printing panic value: {text}"))
        } else {
            report::fatal_panic(vm, w, g, list.iter().rev().map(line).collect())
        }
    }
}
