//! Loom's searches of protocols that span several modules, on small copies of them. The idle set and the lock of a channel have
//! their models with them; here loom's mutex stands for that lock, since spinning makes too many orders.
//!
//! What is not modelled: the deque (crossbeam's), the semaphores (loom treats sequentially consistent loads as weaker than they are, so
//! their count of waiters would seem to miss one), and the order of locks, which is by address.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, Ordering::*};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// A goroutine that receives from both channels in one select.
struct Select {
    /// Channels without buffer: whether the goroutine is in the queue of each.
    chans: [Mutex<bool>; 2],
    select_done: AtomicU32,
    /// What the winner wrote (the case it is for), and that it readied the goroutine.
    received: UnsafeCell<Option<usize>>,
    ready: AtomicU32,
}

// SAFETY: `received` is used by the winner and then by the goroutine it readied: what is searched for here.
unsafe impl Send for Select {}
// SAFETY: as above.
unsafe impl Sync for Select {}

impl Select {
    fn new() -> Arc<Select> {
        Arc::new(Select {
            chans: [Mutex::new(false), Mutex::new(false)],
            select_done: AtomicU32::new(0),
            received: UnsafeCell::new(None),
            ready: AtomicU32::new(0),
        })
    }

    fn queue(&self, case: usize) -> loom::sync::MutexGuard<'_, bool> {
        self.chans[case].lock().expect("the model does not panic")
    }

    /// `selectgo`: queued on both under both locks, and not touched any more.
    fn park(&self) {
        let (mut first, mut second) = (self.queue(0), self.queue(1));
        (*first, *second) = (true, true);
    }

    /// A send that does not block: whether somebody received.
    fn send(&self, case: usize) -> bool {
        let mut queued = self.queue(case);
        let waits = std::mem::replace(&mut *queued, false);
        let won = waits && self.select_done.compare_exchange(0, 1, AcqRel, Relaxed).is_ok();
        drop(queued);
        if won {
            // SAFETY: R2: the winner owns the goroutine.
            self.received.with_mut(|r| unsafe { *r = Some(case) });
            self.ready.store(1, Release);
        }
        won
    }

    /// `select_resume`, once readied: off the other queue, then free for the next select.
    fn resume(&self) -> usize {
        // SAFETY: the goroutine is ours again.
        let case = self.received.with_mut(|r| unsafe { (*r).take().expect("the winner wrote first") });
        *self.queue(1 - case) = false;
        self.select_done.store(0, Relaxed);
        case
    }
}

fn explore(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(f);
}

/// Two senders race for a goroutine that parks: at most one wins, it is seen whole, and no queue keeps the goroutine.
#[test]
fn one_case_of_a_select_wins() {
    explore(|| {
        let s = Select::new();
        let senders: Vec<_> = (0..2)
            .map(|case| {
                let s = s.clone();
                thread::spawn(move || s.send(case))
            })
            .collect();
        s.park();
        // Woken already, or not: then nobody may touch it but its winner.
        let early = s.ready.load(Acquire) == 1;
        let case = early.then(|| s.resume());
        let won: Vec<bool> = senders.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(!(won[0] && won[1]), "both cases took place");
        match case.or_else(|| (s.ready.load(Acquire) == 1).then(|| s.resume())) {
            Some(case) => {
                assert!(won[case]);
                assert!(!*s.queue(0) && !*s.queue(1), "left in a queue");
                assert_eq!(s.select_done.load(Relaxed), 0);
            }
            None => assert!(!won[0] && !won[1], "won, and nobody readied"),
        }
    });
}

/// A second select of the same goroutine is not decided by somebody who came for the first.
#[test]
fn a_late_sender_does_not_decide_the_next_select() {
    explore(|| {
        let s = Select::new();
        s.park();
        let late = s.clone();
        let t = thread::spawn(move || late.send(1));
        let mut times = 0;
        if s.send(0) {
            times += 1;
            s.ready.store(0, Relaxed);
            assert_eq!(s.resume(), 0);
            // The next select, of the same channels.
            s.park();
        }
        let won = t.join().unwrap();
        times += won as u32;
        assert_eq!(s.ready.load(Acquire) == 1, won, "decided by one that did not win, or not readied");
        assert!(times >= 1, "a waiter, two senders, and none was let through");
    });
}
