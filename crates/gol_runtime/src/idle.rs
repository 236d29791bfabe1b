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
//! If it finds something it spins again, and a spinning worker that found its work looks once more for others when it was the last: a waker
//! that saw it spin relied on it to find *that* waker's goroutine.
//!
//! A waker that turned spinning to 1 and then finds the list empty takes it back and looks again, since another waker may have
//! relied on it in between. `model` below has loom try all orders.

use crate::sync::{AtomicU32, Mutex, MutexGuard, Ordering::*, fence, lock};

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

    /// A spinning worker found work; true if no other spins now. It then has to look at the queues, as a sleeper does, and wake another if
    /// there is more work.
    pub fn end_spin(&self) -> bool {
        let last = self.spinning.fetch_sub(1, SeqCst) == 1;
        fence(SeqCst);
        last
    }

    /// Changes the list; the world is stopped.
    pub fn edit(&self, f: impl FnOnce(&mut Vec<u16>)) {
        let mut list = self.list();
        f(&mut list);
        self.count.store(list.len() as u32, Relaxed);
    }

    /// Calls `f` with the number of idle workers while none can come or go.
    pub fn while_locked<R>(&self, f: impl FnOnce(u32) -> R) -> R {
        let list = self.list();
        f(list.len() as u32)
    }

    fn list(&self) -> MutexGuard<'_, Vec<u16>> {
        lock(&self.list)
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicBool;
    use loom::thread;

    /// Some workers, each with a parker's token, and one queue that only counts.
    struct Sched {
        idle: IdleSet,
        queue: AtomicU32,
        tokens: Vec<AtomicBool>,
    }

    impl Sched {
        fn push(&self) {
            self.queue.fetch_add(1, Release);
            if let Some(id) = self.idle.worker_to_wake() {
                self.tokens[id as usize].store(true, Release);
            }
        }

        /// What a worker does that ran dry: take, or sleep. True: it took something; false: it sleeps for good unless its token is set.
        fn take_or_sleep(&self, id: u16, spinning: bool) -> bool {
            let take = || self.queue.fetch_update(AcqRel, Relaxed, |n| n.checked_sub(1)).is_ok();
            if take() {
                if spinning && self.idle.end_spin() && self.queue.load(Relaxed) != 0 {
                    self.wake();
                }
                return true;
            }
            self.idle.begin_sleep(id, spinning);
            if self.queue.load(Relaxed) == 0 {
                return false;
            }
            // Something came: off the list, and spinning (which a waker that has us did on our behalf).
            if self.idle.cancel_sleep(id) {
                self.idle.begin_spin();
            }
            let took = take();
            if self.idle.end_spin() && self.queue.load(Relaxed) != 0 {
                self.wake();
            }
            took
        }

        fn wake(&self) {
            if let Some(id) = self.idle.worker_to_wake() {
                self.tokens[id as usize].store(true, Release);
            }
        }
    }

    /// All orders with at most three preemptions.
    fn explore(f: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(f);
    }

    fn sched(idle: Vec<u16>, workers: usize) -> Arc<Sched> {
        Arc::new(Sched {
            idle: IdleSet::new(idle),
            queue: AtomicU32::new(0),
            tokens: (0..workers).map(|_| AtomicBool::new(false)).collect(),
        })
    }

    /// One pushes from outside while the only worker goes to sleep: it has taken the goroutine, or its token is set.
    #[test]
    fn a_push_from_outside_is_seen() {
        explore(|| {
            let s = sched(vec![], 1);
            let pusher = s.clone();
            let t = thread::spawn(move || pusher.push());
            let took = s.take_or_sleep(0, false);
            t.join().unwrap();
            assert!(took || s.tokens[0].load(Acquire) || s.queue.load(Relaxed) == 0);
        });
    }

    /// Two push while a spinning worker goes to sleep and another sleeps: nothing is left with all asleep.
    #[test]
    fn two_pushes_find_a_spinning_worker() {
        explore(|| {
            let s = sched(vec![1], 2);
            s.idle.begin_spin();
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let s = s.clone();
                    thread::spawn(move || s.push())
                })
                .collect();
            let _ = s.take_or_sleep(0, true);
            threads.into_iter().for_each(|t| t.join().unwrap());
            let awake = s.tokens.iter().any(|t| t.load(Acquire));
            let left = s.queue.load(Relaxed);
            assert!(awake || left == 0, "{left} left, and nobody was woken for it");
        });
    }

    /// Two wakers and one sleeper: spinning is given back when there is nobody to wake, and nobody relies on that.
    #[test]
    fn a_waker_that_finds_nobody_hides_no_sleeper() {
        explore(|| {
            let s = sched(vec![], 1);
            let a = s.clone();
            let b = s.clone();
            let ta = thread::spawn(move || a.push());
            let tb = thread::spawn(move || b.push());
            let took = s.take_or_sleep(0, false);
            ta.join().unwrap();
            tb.join().unwrap();
            assert!(took || s.tokens[0].load(Acquire), "two goroutines, and the worker sleeps");
        });
    }
}
