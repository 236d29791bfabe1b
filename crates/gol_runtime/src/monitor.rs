//! The monitor: one thread that ticks while any worker is awake.
//!
//! It ends slices after 10 ms, repeats requests that are not answered, keeps a coarse clock, and fires timers that all workers are too
//! busy to see. When all workers have slept for some ticks it sleeps too, until one is woken; so an idle program uses no processor. A
//! deterministic run has none: there, slices and clock are counted.

use crate::proc::Shared;
use crate::sync::{AtomicBool, Condvar, Mutex, Ordering::*, fence, lock};
use crate::time::Due;
use crate::worker::{Worker, request};
use std::time::Duration;

/// A goroutine may run for so long before others get a turn.
const SLICE: i64 = 10_000_000;
/// Ticks of the monitor without any worker awake after which it sleeps until one is.
const IDLE_TICKS: u32 = 5;

/// Rust stack of the monitor's thread, in bytes.
const MONITOR_STACK: usize = 1 << 18;

/// Where the monitor sleeps.
pub(crate) struct Monitor {
    /// Set by the monitor before it sleeps for long; whoever wakes a worker then wakes the monitor too.
    asleep: AtomicBool,
    tick: Mutex<()>,
    wake: Condvar,
}

impl Monitor {
    pub fn new() -> Monitor {
        Monitor { asleep: AtomicBool::new(false), tick: Mutex::new(()), wake: Condvar::new() }
    }
}

impl Shared {
    pub fn wake_monitor(&self) {
        if self.monitor.asleep.load(Relaxed) && self.monitor.asleep.swap(false, Relaxed) {
            drop(lock(&self.monitor.tick));
            self.monitor.wake.notify_all();
        }
    }

    pub fn note_time(&self, now: i64) {
        self.coarse_seconds.store((now / 1_000_000_000) as u32, Relaxed);
    }

    /// Starts the monitor's thread, if this run has one.
    pub fn start_monitor(&self) {
        if !self.env.deterministic() {
            let rt = self.arc();
            self.spawn_thread("gol monitor", MONITOR_STACK, move || rt.monitor());
        }
    }

    fn monitor(&self) {
        let mut seen: Vec<(u32, i64)> = Vec::new();
        let mut idle_ticks = 0;
        while !self.ended.load(Acquire) {
            let now = self.env.now();
            self.note_time(now);
            self.check_time(now);
            let started = self.started.load(Acquire);
            seen.resize(started, (0, now));
            let mut unanswered = false;
            for (slot, seen) in self.started_slots().iter().zip(&mut seen) {
                let worker = slot.worker.load(Acquire);
                if worker.is_null() || slot.asleep.load(Relaxed) {
                    continue;
                }
                // SAFETY: R7: only atomics are touched.
                unsafe {
                    let slice = (*worker).slice.load(Relaxed);
                    if seen.0 != slice {
                        *seen = (slice, now);
                    } else if now - seen.1 >= SLICE {
                        Worker::ask(worker, request::PREEMPT);
                    }
                    let asked = Worker::asked(worker);
                    if asked != 0 {
                        Worker::ask(worker, asked);
                        unanswered = true;
                    }
                }
            }
            if self.heap.gc_wanted() {
                // The heap's hook asked already, unless the heap is shared with an earlier runtime.
                self.ask_all(request::GC);
            }
            self.fire_timers(now);
            let all_idle = self.world.running() == 0;
            idle_ticks = if all_idle { idle_ticks + 1 } else { 0 };
            let guard = lock(&self.monitor.tick);
            if idle_ticks > IDLE_TICKS {
                self.monitor.asleep.store(true, SeqCst);
                fence(SeqCst);
                if self.world.running() == 0 && !self.ended.load(Acquire) {
                    // A missed wake only delays preemption, so a bounded sleep is all the care it needs.
                    // Nobody but this thread sees that time is up.
                    let left = (self.meter.deadline() - self.env.now()).clamp(0, 1_000_000_000) as u64;
                    drop(self.monitor.wake.wait_timeout(guard, Duration::from_nanos(left)));
                }
                self.monitor.asleep.store(false, Relaxed);
                idle_ticks = 0;
                continue;
            }
            let mut wait = if unanswered && !all_idle { SLICE / 10 } else { SLICE };
            let next = self.timers.next_when();
            if next != i64::MAX && !all_idle {
                // Workers that see it themselves get a little time to do so.
                wait = wait.min((next - self.env.now()).max(0) + 200_000);
            }
            wait = wait.min((self.meter.deadline() - self.env.now()).max(0));
            drop(self.monitor.wake.wait_timeout(guard, Duration::from_nanos(wait as u64)));
        }
    }

    /// Fires what is long due, on a thread that is no worker.
    fn fire_timers(&self, now: i64) {
        if self.timers.next_when() > now - 100_000 {
            return;
        }
        self.pending.fetch_add(1, SeqCst);
        if !self.world.enter() {
            return;
        }
        let mut due = Vec::new();
        self.timers.run(self, now, &mut due);
        for what in due {
            match what {
                // SAFETY: R2: the timer's entry owned it.
                Due::Ready(g) => unsafe { self.inject(g) },
                Due::Func(closure) => {
                    if let Ok(g) = self.new_external_g(crate::stack::MIN_WORDS) {
                        // SAFETY: R2: the new goroutine is ours.
                        unsafe {
                            self.machine.start_func(&mut *g, closure);
                            self.inject(g);
                        }
                    }
                }
            }
        }
        self.world.exit();
        self.pending_end();
    }
}
