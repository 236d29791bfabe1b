//! Atomics, locks and threads, as the scheduler uses them.
//!
//! Everything in this crate takes them from here and from nowhere else, so that with `--cfg loom` the same modules are built against
//! loom's model of them and searched for orders that lose a wake-up or a value ([`crate::models`]).

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread::{self, Thread, yield_now},
};
#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread::{self, Thread, yield_now},
};

pub(crate) use std::sync::{Arc, OnceLock, PoisonError};

/// Locks `m`. A panic of one thread ends the run (see [`crate::proc`]), so what it left half done behind a lock is nobody's concern.
pub(crate) fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Orders a sequentially consistent read-modify-write before a sequentially consistent load behind it. Outside of models that needs nothing:
/// these operations are in one order already. loom knows that order of fences only.
#[inline(always)]
pub(crate) fn order_for_loom() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
}
