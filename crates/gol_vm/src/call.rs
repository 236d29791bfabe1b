//! Calls off the fast path: growing stacks, starting and ending goroutines, deferred calls.
//!
//! A deferred call is a record on the heap, in a list that hangs off the goroutine (`G::machine[DEFERS]`), newest
//! first; each names the frame that deferred it by its offset in the stack, since stacks move:
//!
//! ```text
//! next | frame | entry pc | closure | argument words n | argument ...
//! ```
//!
//! What the bodies of loops over functions defer is in lists of its own first, see [`range`].

use crate::host::Ended;
use crate::image::HEADER;
use crate::interp::Then;
use crate::raise::Raise;
use crate::{Vm, panics, range};
use gol_heap::LayoutId;
use gol_runtime::{G, RunEnd, Worker};
use std::sync::atomic::Ordering::Relaxed;

/// Which of [`G::machine`]'s words is the list of deferred calls.
pub(crate) const DEFERS: usize = 0;
/// Which is the list of panics, see [`panics`].
pub(crate) const PANICS: usize = 1;
/// Which counts collections at the last failed allocation, see [`panics::raise`].
pub(crate) const OOM_MARK: usize = 2;

/// Which is the offset in the stack of where a parked select or native wants its result.
pub(crate) const SLOT: usize = 3;

pub(crate) const NEXT: usize = 0;
pub(crate) const FRAME: usize = 1;
pub(crate) const ENTRY: usize = 2;
const CLOSURE: usize = 3;
const NARGS: usize = 4;
pub(crate) const ARGS: usize = 5;

/// A call did not find room for `words` words above the current base, or was asked to give way. With [`Then::Go`] and the saved pc
/// unchanged there is room now, and the call goes on; otherwise the goroutine does as its state says.
///
/// # Safety
/// V3, with the state saved.
#[cold]
#[inline(never)]
pub(crate) unsafe fn slow_enter(vm: &Vm, w: &mut Worker, g: *mut G, words: usize) -> Then {
    // SAFETY: V3.
    unsafe {
        let need = (*g).base as usize + words;
        if need <= (*g).stack.words() as usize {
            match crate::interp::safepoint(vm, w, g) {
                Then::Go => {}
                other => return other,
            }
        }
        // A collection may have made the stack smaller just now.
        if need > (*g).stack.words() as usize {
            if need > u32::MAX as usize || (*g).stack.grow(need as u32).is_err() {
                return panics::stack_overflow(vm, w, g);
            }
            w.set_guard(limit(g));
        }
        Then::Go
    }
}

/// The address one past the last word of a goroutine's stack.
///
/// # Safety
/// V3.
pub(crate) unsafe fn limit(g: *mut G) -> u64 {
    // SAFETY: V3.
    unsafe { (*g).stack.ptr().add((*g).stack.words() as usize) as u64 }
}

/// Starts a goroutine at `entry` with the argument words `data` (if any) and then `args[..n]`.
///
/// # Safety
/// V1 for the entry, V2 for the arguments, V3.
#[allow(clippy::too_many_arguments)] // A call has that many parts.
pub(crate) unsafe fn go(
    vm: &Vm,
    w: &mut Worker,
    g: *mut G,
    at: *const u64,
    entry: u32,
    closure: u64,
    args: *const u64,
    n: usize,
    data: Option<u64>,
) -> Result<(), Raise> {
    // SAFETY: the caller's promises; the new stack has the room that was asked for.
    unsafe {
        let nregs = vm.image.nregs_at(entry) as usize;
        let pc = at.offset_from(vm.image.code.as_ptr().cast()) as u32;
        let Ok(new) = w.new_g((*g).id, pc, (HEADER + nregs) as u32) else {
            return Err(Raise::OutOfMemory);
        };
        let base = start_frame(vm, new, entry, closure);
        let mut to = base;
        if let Some(word) = data {
            *to = word;
            to = to.add(1);
        }
        std::ptr::copy_nonoverlapping(args, to, n);
        w.goready(new);
        Ok(())
    }
}

/// Lays the first frame of a new goroutine and points its saved state there; gives the address of register 0.
///
/// # Safety
/// V1 for the entry; the goroutine is new and has room for the frame.
pub(crate) unsafe fn start_frame(vm: &Vm, new: *mut G, entry: u32, closure: u64) -> *mut u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let base = (*new).stack.ptr().add(HEADER);
        *base.sub(3) = entry as u64;
        *base.sub(2) = vm.image.stubs.goexit_pc as u64 | (HEADER as u64) << 32;
        *base.sub(1) = closure;
        (*new).pc = entry as u64;
        (*new).base = HEADER as u32;
        (*new).top = (HEADER + vm.image.nregs_at(entry) as usize) as u32;
        base
    }
}

/// The goroutine's first function has returned, or (`goexit`) `runtime.Goexit` has run all deferred calls.
///
/// # Safety
/// V3.
pub(crate) unsafe fn exit_goroutine(vm: &Vm, w: &mut Worker, g: *mut G, goexit: bool) -> Then {
    // SAFETY: V3; nothing of the goroutine is used afterwards, but that the main goroutine stays where a collection sees it: its
    // base must be a frame's, which after the return from the first function it is not.
    unsafe {
        (*g).base = HEADER as u32;
        if (*g).id == vm.main.load(Relaxed) {
            match &vm.host {
                Some(host) => {
                    w.end_entry();
                    host.ended((*g).id, if goexit { Ended::Goexit } else { Ended::Done });
                }
                None if goexit => {}
                None => {
                    w.end_run(RunEnd::MainDone);
                    return Then::Leave;
                }
            }
        }
    }
    // SAFETY: V3: the goroutine is ours.
    unsafe { w.goexit(g) };
    Then::Switch
}

/// Records a deferred call of the frame at `base`.
///
/// # Safety
/// V1 for the entry, V2 for the arguments, V3.
#[allow(clippy::too_many_arguments)] // A call has that many parts.
pub(crate) unsafe fn defer(
    vm: &Vm,
    w: &mut Worker,
    g: *mut G,
    base: *mut u64,
    entry: u32,
    closure: u64,
    args: *const u64,
    n: usize,
    data: Option<u64>,
) -> Result<(), Raise> {
    let extra = data.is_some() as usize;
    let d = vm.alloc(w, (ARGS + n + extra) * 8, LayoutId::CONSERVATIVE)? as *mut u64;
    // SAFETY: the record has room for all of it, and nobody else knows it yet.
    unsafe {
        *d.add(NEXT) = (*g).machine[DEFERS];
        *d.add(FRAME) = base.offset_from((*g).stack.ptr()) as u64;
        *d.add(ENTRY) = entry as u64;
        *d.add(CLOSURE) = closure;
        *d.add(NARGS) = (n + extra) as u64;
        if let Some(word) = data {
            *d.add(ARGS) = word;
        }
        std::ptr::copy_nonoverlapping(args, d.add(ARGS + extra), n);
        (*g).machine[DEFERS] = d as u64;
    }
    Ok(())
}

/// A deferred call that is about to run.
#[derive(Clone, Copy)]
pub(crate) struct Deferred {
    /// Entry pc; 0: a nil func value.
    pub(crate) entry: u32,
    /// The closure object or 0.
    pub(crate) closure: u64,
    /// Offset of the frame that deferred it.
    pub(crate) frame: u64,
    record: *const u64,
}

impl Deferred {
    /// Writes its arguments to the callee's first registers.
    ///
    /// # Safety
    /// The callee's frame has room; the record is alive (no safepoint since it was found).
    pub(crate) unsafe fn copy_args(&self, to: *mut u64) {
        // SAFETY: the caller's promise; the record says how many words it has.
        unsafe { std::ptr::copy_nonoverlapping(self.record.add(ARGS), to, *self.record.add(NARGS) as usize) }
    }
}

/// The newest deferred call, if it belongs to the frame at offset `frame`.
///
/// # Safety
/// V3.
#[inline]
pub(crate) unsafe fn next_defer(g: *mut G, frame: u64) -> Option<Deferred> {
    // SAFETY: V3; the list holds live records only. Marks of other frames stay: their loops still run.
    unsafe {
        let record = (*g).machine[DEFERS] as *const u64;
        if record.is_null() || *record.add(FRAME) != frame {
            return None;
        }
        newest_defer(g).filter(|d| d.frame == frame)
    }
}

/// The newest deferred call of the goroutine.
///
/// # Safety
/// V3.
pub(crate) unsafe fn newest_defer(g: *mut G) -> Option<Deferred> {
    // SAFETY: V3; the list holds live records only.
    unsafe {
        range::settle(g);
        let record = (*g).machine[DEFERS] as *const u64;
        if record.is_null() {
            return None;
        }
        Some(Deferred {
            entry: *record.add(ENTRY) as u32,
            closure: *record.add(CLOSURE),
            frame: *record.add(FRAME),
            record,
        })
    }
}

/// Takes the newest deferred call off the list.
///
/// # Safety
/// V3; there is one.
pub(crate) unsafe fn pop_defer(g: *mut G) {
    // SAFETY: V3; the list is not empty.
    unsafe {
        let record = (*g).machine[DEFERS] as *const u64;
        (*g).machine[DEFERS] = *record.add(NEXT);
    }
}
