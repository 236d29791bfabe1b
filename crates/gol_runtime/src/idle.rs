//! Which workers sleep and how many look for work: the protocol that loses no wake-up.
//!
//! *Waker*, after it made a goroutine visible in a queue: `fence(SeqCst)`, then reads the counts of spinning and of idle workers. If
//! none spins and one is idle, it turns spinning from 0 to 1 by compare-and-swap and takes one idle worker from the list, which wakes
//! up as the spinning one. Not waking while another spins bounds the threads that look for work.
//!
//! *Sleeper*: enters the list (count of idle), leaves spinning, `fence(SeqCst)`, then looks once more at the injector and all queues
//! before it really sleeps. The two fences make one of the two see the other: either the waker sees the sleeper as idle and not
//! spinning, or the sleeper sees the goroutine.
//!
//! A waker that turned spinning to 1 and then finds the list empty takes it back and looks again, since another waker may have
//! relied on it in between. `model` below has loom try all orders.

use crate::sync::{AtomicU32, Ordering::*, fence};
#[cfg(loom)]
use loom::sync::Mutex;
#[cfg(not(loom))]
use std::sync::Mutex;

/// The idle workers and the number of spinning ones.
#[derive(Debug)]
pub(crate) struct IdleSet {
    /// Written by workers that begin or end to spin and by wakers that hand spinning over; read by wakers after their fence.
    spinning: AtomicU32,
    /// Length of `list`, written under its lock; read by wakers after their fence.
    count: AtomicU32,
    list: Mutex<Vec<u16>>,
}

impl IdleSet {
    /// With the given workers idle; the last is woken first.
    pub fn new(list: Vec<u16>) -> IdleSet {
        IdleSet { spinning: AtomicU32::new(0), count: AtomicU32::new(list.len() as u32), list: Mutex::new(list) }
    }

    /// Waker: the idle worker to be woken for work just pushed, if one is needed. It is off the list and counts as spinning.
    #[inline]
    pub fn worker_to_wake(&self) -> Option<u16> {
        fence(SeqCst);
        if self.spinning.load(Relaxed) != 0 || self.count.load(Relaxed) == 0 {
            return None;
        }
        self.claim()
    }

    #[cold]
    #[inline(never)]
    fn claim(&self) -> Option<u16> {
        loop {
            if self.spinning.compare_exchange(0, 1, SeqCst, Relaxed).is_err() {
                return None;
            }
            {
                let mut list = self.list();
                if let Some(id) = list.pop() {
                    self.count.store(list.len() as u32, Relaxed);
                    return Some(id);
                }
            }
            self.spinning.fetch_sub(1, SeqCst);
            fence(SeqCst);
            if self.count.load(Relaxed) == 0 {
                return None;
            }
        }
    }

    /// Sleeper, first step: worker `id` goes on the list and stops spinning if it did. It must then look at all queues once more.
    pub fn begin_sleep(&self, id: u16, spinning: bool) {
        {
            let mut list = self.list();
            list.push(id);
            self.count.store(list.len() as u32, Relaxed);
        }
        if spinning {
            self.spinning.fetch_sub(1, SeqCst);
        }
        fence(SeqCst);
    }

    /// Takes worker `id` off the list again. False: a waker took it already; it wakes up (or is about to) and counts as spinning.
    pub fn cancel_sleep(&self, id: u16) -> bool {
        let mut list = self.list();
        let Some(at) = list.iter().rposition(|&other| other == id) else { return false };
        list.remove(at);
        self.count.store(list.len() as u32, Relaxed);
        true
    }

    /// How many sleep.
    pub fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }

    /// How many spin.
    pub fn spinning(&self) -> u32 {
        self.spinning.load(Relaxed)
    }

    /// One more worker looks for work.
    pub fn begin_spin(&self) {
        self.spinning.fetch_add(1, SeqCst);
    }

    /// A spinning worker found work; true if no other spins now. It then has to wake another if there is more work.
    pub fn end_spin(&self) -> bool {
        self.spinning.fetch_sub(1, SeqCst) == 1
    }

    /// Changes the list; the world is stopped.
    #[cfg(not(loom))]
    pub fn edit(&self, f: impl FnOnce(&mut Vec<u16>)) {
        let mut list = self.list();
        f(&mut list);
        self.count.store(list.len() as u32, Relaxed);
    }

    /// Calls `f` with the number of idle workers while none can come or go.
    #[cfg(not(loom))]
    pub fn while_locked<R>(&self, f: impl FnOnce(u32) -> R) -> R {
        let list = self.list();
        f(list.len() as u32)
    }

    #[cfg(loom)]
    fn list(&self) -> loom::sync::MutexGuard<'_, Vec<u16>> {
        self.list.lock().expect("the model does not panic")
    }

    #[cfg(not(loom))]
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<u16>> {
        crate::sync::lock(&self.list)
    }
}
