//! Loops over functions: the state that tells an iterator's misuse of the loop's body, and the calls that the body
//! defers, which are those of the function around the loop.
//!
//! A *mark* names that function's frame. It is a record like a deferred call's ([`crate::call`]) with an entry pc of its
//! own, and hangs in the goroutine's list where the loop began. It has the list of the calls that the body deferred;
//! when it comes to be the newest record, they take its place.

use crate::Vm;
use crate::call::{ARGS, DEFERS, ENTRY, FRAME, NEXT};
use crate::raise::Raise;
use gol_heap::{LayoutId, mem};
use gol_runtime::{G, Worker};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

/// The entry pc of a mark: no function's.
const MARK: u64 = u64::MAX;
/// The calls that the loop's body deferred, newest first; a body may run on another goroutine.
const CALLS: usize = ARGS;
const WORDS: usize = ARGS + 1;
/// The list of a mark whose frame runs its deferred calls.
const SPENT: u64 = 1;

/// States of a loop.
const READY: u64 = 0;
const RUNNING: u64 = 1;
const DONE: u64 = 2;
const EXHAUSTED: u64 = 3;

/// A mark of the frame at `base`.
///
/// # Safety
/// V3.
pub(crate) unsafe fn mark(vm: &Vm, w: &mut Worker, g: *mut G, base: *mut u64) -> Result<u64, Raise> {
    let m = vm.alloc(w, WORDS * 8, LayoutId::CONSERVATIVE)? as *mut u64;
    // SAFETY: the record has room for all of it, and nobody else knows it yet.
    unsafe {
        *m.add(FRAME) = base.offset_from((*g).stack.ptr()) as u64;
        *m.add(ENTRY) = MARK;
        *m.add(NEXT) = (*g).machine[DEFERS];
        (*g).machine[DEFERS] = m as u64;
    }
    Ok(m as u64)
}

/// A loop's body is called.
///
/// # Safety
/// H6: `state` is a loop's control words.
pub(crate) unsafe fn enter(state: *mut u64) -> Result<(), Raise> {
    // SAFETY: the caller's promise.
    let before = unsafe {
        let before = mem::load_u64(state.cast());
        mem::store_u64(state.cast(), RUNNING);
        before
    };
    let why = match before {
        READY => return Ok(()),
        DONE => "function for loop body returned false",
        EXHAUSTED => "whole loop exit",
        _ => "loop body panic",
    };
    Err(Raise::Runtime(format!("range function continued iteration after {why}")))
}

/// The iterator has returned.
///
/// # Safety
/// As for [`enter`].
pub(crate) unsafe fn exit(state: *mut u64) -> Result<(), Raise> {
    // SAFETY: the caller's promise.
    unsafe {
        if mem::load_u64(state.cast()) == RUNNING {
            let text = "range function recovered a loop body panic and did not resume panicking";
            return Err(Raise::Runtime(text.into()));
        }
        mem::store_u64(state.cast(), EXHAUSTED);
    }
    Ok(())
}

/// Gives the goroutine's newest deferred call to the frame of `mark`.
///
/// # Safety
/// V3; there is a deferred call; the mark is one that [`mark`] made.
pub(crate) unsafe fn defer_to(g: *mut G, mark: *mut u64) -> Result<(), Raise> {
    // SAFETY: the records are alive; the list of the mark is accessed as an atomic everywhere.
    unsafe {
        let call = (*g).machine[DEFERS] as *mut u64;
        (*g).machine[DEFERS] = *call.add(NEXT);
        *call.add(FRAME) = *mark.add(FRAME);
        let calls = AtomicU64::from_ptr(mark.add(CALLS));
        let mut first = calls.load(Acquire);
        loop {
            if first == SPENT {
                return Err(Raise::Fatal("defer after range func returned".into()));
            }
            *call.add(NEXT) = first;
            match calls.compare_exchange_weak(first, call as u64, Release, Acquire) {
                Ok(_) => return Ok(()),
                Err(now) => first = now,
            }
        }
    }
}

/// Replaces marks that are the newest records by the calls deferred to them.
///
/// # Safety
/// V3.
pub(crate) unsafe fn settle(g: *mut G) {
    // SAFETY: V3; the lists hold live records only.
    unsafe {
        loop {
            let m = (*g).machine[DEFERS] as *mut u64;
            if m.is_null() || *m.add(ENTRY) != MARK {
                return;
            }
            let first = AtomicU64::from_ptr(m.add(CALLS)).swap(SPENT, Acquire);
            let rest = *m.add(NEXT);
            (*g).machine[DEFERS] = if first == 0 { rest } else { first };
            if first != 0 {
                let mut last = first as *mut u64;
                while *last.add(NEXT) != 0 {
                    last = *last.add(NEXT) as *mut u64;
                }
                *last.add(NEXT) = rest;
            }
        }
    }
}
