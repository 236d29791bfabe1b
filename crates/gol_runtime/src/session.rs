//! A runtime that serves a session: it starts without a main goroutine, gets goroutines from outside, and can interrupt
//! one of them wherever it is.
//!
//! A goroutine is interrupted in a stopped world, where all queues are at rest. One that waits is taken out of what it waits in and
//! made runnable with [`Resume::Interrupted`]; one that runs or is queued finds the flag at its next safepoint, which for
//! one that runs is where it stands. One that waits on a semaphore is counted as a waiter in memory of the program, so it goes on instead, with
//! [`Resume::Abandoned`]: the library takes itself out of the count before it ends.

use crate::chan::Hchan;
use crate::g::{G, GStatus, Resume};
use crate::proc::Shared;
use crate::runtime::{RunEnd, Runtime};
use crate::select::select_abandon;
use crate::stack::StackOverflow;
use crate::sync::{AtomicU32, AtomicU64, Ordering::*, lock};
use crate::worker::Worker;
use std::ptr::NonNull;

/// What a goroutine can be asked for from outside ([`Runtime::interrupt`]), the least urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Interrupt {
    /// Nothing.
    None,
    /// To end, and to run its deferred calls.
    Unwind,
    /// That, and it has begun to.
    Taken,
    /// To end at once.
    Kill,
}

/// Who is asked. A session runs one entry at a time, so there is room for one goroutine. Written in a stopped world, or by
/// the worker that runs that goroutine.
#[derive(Default)]
pub(crate) struct Interrupts {
    id: AtomicU64,
    how: AtomicU32,
}

impl Interrupts {
    fn how(&self) -> Interrupt {
        match self.how.load(Relaxed) {
            0 => Interrupt::None,
            1 => Interrupt::Unwind,
            2 => Interrupt::Taken,
            _ => Interrupt::Kill,
        }
    }

    /// What goroutine `id` is asked for.
    fn of(&self, id: u64) -> Interrupt {
        if self.id.load(Relaxed) == id { self.how() } else { Interrupt::None }
    }

    /// Whether goroutine `id` is to do something now.
    pub fn asks(&self, id: u64) -> bool {
        matches!(self.of(id), Interrupt::Unwind | Interrupt::Kill)
    }

    fn set(&self, id: u64, how: Interrupt) {
        self.id.store(id, Relaxed);
        self.how.store(how as u32, Relaxed);
    }
}

impl Worker {
    /// An entry is over. In a deterministic session everything stands still until the next one begins, so that nothing depends on
    /// when that is. To be called before anybody is told of the end.
    pub fn end_entry(&mut self) {
        let rt = self.rt();
        rt.frozen.store(rt.env.deterministic(), Release);
    }

    /// Whether the running goroutine, number `goid`, was asked to end and has not begun to.
    pub fn interrupt_asked(&self, goid: u64) -> bool {
        self.rt().interrupts.asks(goid)
    }

    /// What the running goroutine, number `goid`, was asked for, which it does now.
    pub fn take_interrupt(&mut self, goid: u64) -> Interrupt {
        let interrupts = &self.rt().interrupts;
        let asked = interrupts.of(goid);
        if asked == Interrupt::Unwind {
            interrupts.how.store(Interrupt::Taken as u32, Relaxed);
        }
        asked
    }
}

impl Runtime {
    /// Starts without a main goroutine.
    pub fn start(&self) {
        self.shared.start_or_unpark(0);
        self.shared.start_monitor();
    }

    /// A new goroutine with room for `min_words` registers, which `fill` makes ready to run; gives its number.
    pub fn spawn(&self, min_words: u32, fill: impl FnOnce(*mut G)) -> Result<u64, StackOverflow> {
        let rt = &self.shared;
        rt.pending.fetch_add(1, SeqCst);
        // A collection must not see the goroutine half made.
        rt.world.enter();
        let made = rt.new_external_g(min_words).map(|g| {
            fill(g);
            // SAFETY: R2: the new goroutine is ours until it is queued.
            unsafe {
                let id = (*g).id;
                rt.inject(g);
                rt.frozen.store(false, Release);
                id
            }
        });
        rt.world.exit();
        rt.pending.fetch_sub(1, SeqCst);
        rt.wake_session();
        made
    }

    /// Whether all goroutines wait and nothing will ever wake one.
    pub fn asleep(&self) -> bool {
        let rt = &self.shared;
        rt.stop_the_world(false);
        let mut asleep = rt.pending.load(SeqCst) == 0 && rt.timers.purge_is_empty();
        rt.gs.for_each(|g| {
            // SAFETY: R6.
            asleep &= matches!(unsafe { (*g).status }, GStatus::Waiting | GStatus::Dead);
        });
        rt.start_the_world(false);
        asleep
    }

    /// How the run has ended, if it has.
    pub fn end(&self) -> Option<RunEnd> {
        lock(&self.shared.end).how.clone()
    }

    /// Asks goroutine `id` to end; false if there is none with that number, or it was asked for as much before.
    pub fn interrupt(&self, id: u64, how: Interrupt) -> bool {
        let rt = &self.shared;
        rt.stop_the_world(false);
        let mut found = None;
        rt.gs.for_each(|g| {
            // SAFETY: R6.
            if unsafe { (*g).id == id && (*g).status != GStatus::Dead } {
                found = Some(g);
            }
        });
        // SAFETY: R6.
        let done = found.is_some_and(|g| unsafe { rt.interrupt_stopped(g, how) });
        rt.start_the_world(false);
        rt.wake_session();
        done
    }
}

impl Shared {
    /// # Safety
    /// R6; `g` is alive.
    unsafe fn interrupt_stopped(&self, g: *mut G, how: Interrupt) -> bool {
        // SAFETY: R6.
        unsafe {
            let asked = self.interrupts.of((*g).id);
            if asked >= how {
                // It has not come to a safepoint yet where it can end, but to a place where it waits.
                let late = asked == how && how != Interrupt::Taken && (*g).status == GStatus::Waiting;
                if !late {
                    return false;
                }
            }
            self.interrupts.set((*g).id, how);
            match (*g).status {
                GStatus::Waiting => {
                    (*g).resume = self.take_out(g);
                    self.inject(g);
                }
                GStatus::Runnable if (*g).resume == Resume::None => (*g).resume = Resume::Interrupted,
                _ => {}
            }
        }
        true
    }

    /// Takes a goroutine that waits out of what it waits in: afterwards it is ours (R2). Gives what it has to do first then.
    ///
    /// # Safety
    /// R6.
    unsafe fn take_out(&self, g: *mut G) -> Resume {
        // SAFETY: R6; a sudog that is queued is in the queue of its channel.
        unsafe {
            if !(*g).waiting.is_null() {
                let mut free = Vec::new();
                select_abandon(g, |s| free.extend(NonNull::new(s)));
                self.sudogs.drain_all(&mut free);
            } else if (*g).sudog.queued {
                let (sg, c): (_, *mut Hchan) = (&raw mut (*g).sudog, (*g).sudog.c);
                if (*sg).is_send { (*c).sendq.dequeue_sudog(sg) } else { (*c).recvq.dequeue_sudog(sg) }
            } else if self.blocking.abandon(g) {
                // The call goes on, and finds that nobody waits for it.
                self.pending.fetch_sub(1, SeqCst);
            } else if !self.abandon_outside(g) && !self.timers.remove_sleeper(g) {
                // Or it waits for nothing that could come: a nil channel, an empty select.
                if self.sema.remove(g) {
                    return Resume::Abandoned;
                }
            }
        }
        Resume::Interrupted
    }
}
