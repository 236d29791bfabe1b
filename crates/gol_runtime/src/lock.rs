//! The lock of a channel: one word, one compare-and-swap to lock, a plain release store to unlock.
//!
//! Critical sections are some tens of instructions and never park, so a waiter backs off instead of sleeping: about a hundred
//! pauses between two looks at the word (reading it in a tight loop takes the line away from the owner), and after some rounds
//! it yields the thread, for the owner may have lost its core. parking_lot's mutex took 1.6 times as long on ping-pong, because
//! its unlock is a second locked instruction.
//!
//! Lock order: timers, then channels by address, then nothing. The locks of semaphore shards, of the idle list, of the world and of
//! pools are leaves: nothing else is locked while one of them is held, except the idle list's before the timers' in the deadlock check.

use crate::sync::{AtomicU32, Ordering::*, spin_loop, yield_now};

const PAUSES: u32 = if cfg!(loom) { 1 } else { 100 };
const ROUNDS_BEFORE_YIELD: u32 = if cfg!(loom) { 0 } else { 20 };

/// A lock that is one word, 0 when free.
#[derive(Debug)]
#[cfg_attr(not(loom), repr(transparent))]
pub(crate) struct LockWord(AtomicU32);

impl LockWord {
    /// A free lock; outside of the model channels are born in zeroed memory.
    #[cfg_attr(
        not(loom),
        allow(dead_code, reason = "channels are born in zeroed memory; the model needs a constructor")
    )]
    #[cfg(any(loom, test))]
    pub fn new() -> LockWord {
        LockWord(AtomicU32::new(0))
    }

    /// Takes the lock if it is free.
    #[inline(always)]
    pub fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok()
    }

    /// Waits for the lock and takes it.
    #[cold]
    #[inline(never)]
    pub fn lock_contended(&self) {
        let mut rounds = 0;
        loop {
            if rounds < ROUNDS_BEFORE_YIELD {
                (0..PAUSES).for_each(|_| spin_loop());
            } else {
                yield_now();
            }
            rounds += 1;
            if self.0.load(Relaxed) == 0 && self.try_lock() {
                return;
            }
        }
    }

    /// Takes the lock, waiting if need be.
    #[inline(always)]
    pub fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    /// Gives the lock back.
    #[inline(always)]
    pub fn unlock(&self) {
        self.0.store(0, Release);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    struct Guarded {
        lock: LockWord,
        value: UnsafeCell<u32>,
    }

    // SAFETY: `value` is used under `lock`, which is what the model checks.
    unsafe impl Sync for Guarded {}
    // SAFETY: as above.
    unsafe impl Send for Guarded {}

    #[test]
    fn the_lock_excludes_and_publishes() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let shared = Arc::new(Guarded { lock: LockWord::new(), value: UnsafeCell::new(0) });
            let add = |s: &Guarded| {
                s.lock.lock();
                // SAFETY: the lock is held.
                s.value.with_mut(|v| unsafe { *v += 1 });
                s.lock.unlock();
            };
            let other = shared.clone();
            let t = thread::spawn(move || add(&other));
            add(&shared);
            t.join().unwrap();
            shared.lock.lock();
            // SAFETY: the lock is held.
            assert_eq!(shared.value.with(|v| unsafe { *v }), 2);
            shared.lock.unlock();
        });
    }
}
