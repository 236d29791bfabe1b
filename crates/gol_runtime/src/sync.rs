//! Atomics, locks and threads, as the scheduler uses them.
//!
//! Everything in this crate takes them from here and from nowhere else, so that the wake-up and lock protocols ([`crate::lock`],
//! [`crate::idle`]) can be built against loom's model of them (`--cfg loom`) and searched for interleavings that lose a wake-up.

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, Ordering, fence},
    thread::yield_now,
};
#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, Ordering, fence},
    thread::yield_now,
};

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU64, AtomicUsize},
};

/// Locks `m`. A panic of one thread ends the run (see [`crate::proc`]), so what it left half done behind a lock is nobody's concern.
#[cfg(not(loom))]
pub(crate) fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}
