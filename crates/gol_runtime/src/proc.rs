//! The scheduler: which worker sleeps, which is woken, when a run ends.
//!
//! # Design
//!
//! M:N. Each worker (a thread, [`crate::Worker`]) owns a deque and a private `runnext`; a global injector takes what comes from outside of
//! workers. `machine.run` executes goroutines and asks [`crate::Worker::next`] for the following one; only when that finds nothing does
//! the worker come back here, into [`Shared::find_runnable`]: due timers, the injector, four rounds of stealing batches from random
//! victims, then sleep.
//!
//! **When a worker is woken**: when a ready pushes an older `runnext` into a deque, when something is injected, and by a spinning worker
//! that found work, was the last to spin, and left more in its queue; always at most one, and none while another spins
//! ([`crate::idle`] has the fences). Rejected, with figures in the project's scheduler notes: waking on every ready (twice the
//! time on ping-pong), a stealable `runnext` (the same), no `runnext` (three times), long spinning (noise).
//!
//! **Contention retire**: a worker that keeps meeting locked channels gives its queue to the injector and sleeps for some
//! milliseconds, if it is not the only one awake: on a channel everybody uses, one worker alone is ten times as fast as two.
//!
//! **Threads** start when they are first woken, so a program that never needs a second worker never has one. There is one more, the
//! monitor ([`crate::monitor`]).
//!
//! **Deadlock**: when the last worker goes to sleep and there is no timer that can fire, no pending call, and nothing in any queue,
//! the run ends. Everything outside of workers that may ready a goroutine counts as pending from before the goroutine parks until after
//! the goroutine is in the injector.
//!
//! **Panics** of Rust code on any of our threads end the run with [`RunEnd::Crashed`]; other threads may hang on a lock the broken
//! one held, and are abandoned.
//!
//! Sources: Go's `runtime/proc.go` for the rules; tokio's `multi_thread/idle.rs` for the sleeper's protocol.

use crate::blocking::BlockingPool;
use crate::env::Env;
use crate::g::{G, GRef, GStatus, Gs, Sudogs};
use crate::gc::{GcListener, Markers, World};
use crate::idle::IdleSet;
use crate::limits::Meter;
use crate::monitor::Monitor;
use crate::park::{HELP, Parker, WOKEN};
use crate::poll::PollerCell;
use crate::runtime::{MAX_WORKERS, Machine, RunEnd};
use crate::sema::SemaTable;
use crate::session::Interrupts;
use crate::signals::Signals;
use crate::stack::StackOverflow;
use crate::sync::{
    Arc, AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Condvar, Mutex, OnceLock, Ordering::*,
    fence, lock,
};
use crate::time::{Due, Timers};
use crate::trace::{Event, TraceSink};
use crate::worker::{Worker, request};
use crossbeam_deque::{Injector, Steal, Stealer};
use gol_heap::{Heap, LayoutId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};

/// Rust stack of a worker's thread, in bytes: natives may recurse.
const THREAD_STACK: usize = 16 << 20;

/// What all threads of a runtime share.
pub(crate) struct Shared {
    pub hchan_layout: LayoutId,
    pub rtimer_layout: LayoutId,
    pub env: Env,
    pub heap: Arc<Heap>,
    pub machine: Arc<dyn Machine>,
    pub trace: Option<Arc<dyn TraceSink>>,
    pub gc_listener: Option<GcListener>,
    pub meter: Meter,
    pub interrupts: Interrupts,
    pub on_idle: Option<Box<dyn Fn() + Send + Sync>>,
    /// A deterministic session between two entries: nothing runs and no time passes. Set by the worker, cleared when an entry begins.
    pub frozen: AtomicBool,
    pub injector: Injector<GRef>,
    pub idle: IdleSet,
    /// GOMAXPROCS. Changed with the world stopped.
    pub procs: AtomicU32,
    /// Slots 0..started have (had) a worker.
    pub(crate) started: AtomicUsize,
    pub slots: Box<[Slot]>,
    pub world: World,
    pub markers: Markers,
    pub timers: Timers,
    /// The deadline the sleeper that watches the clock waits for; a hint, for the monitor sees what all miss.
    pub watched: AtomicI64,
    /// Things outside of workers that will ready a goroutine.
    pub pending: AtomicUsize,
    pub blocking: BlockingPool,
    pub poller: PollerCell,
    pub signals: Signals,
    pub gs: Gs,
    pub sudogs: Sudogs,
    pub sema: SemaTable,
    pub next_id: AtomicU64,
    /// Goroutines made outside of workers.
    pub external_live: AtomicI64,
    /// The monitor's idea of now in seconds, for `wait_since`.
    pub coarse_seconds: AtomicU32,
    pub(crate) ended: AtomicBool,
    pub(crate) end: Mutex<End>,
    pub(crate) end_changed: Condvar,
    pub(crate) monitor: Monitor,
}

pub(crate) struct End {
    pub how: Option<RunEnd>,
    /// Threads of workers.
    pub alive: usize,
}

/// A worker as others see it.
pub(crate) struct Slot {
    pub worker: AtomicPtr<Worker>,
    stealer: OnceLock<Stealer<GRef>>,
    parker: Parker,
    thread_started: AtomicBool,
    /// The worker sleeps: the monitor leaves it alone. Written by the worker.
    pub asleep: AtomicBool,
    /// Out of service, beyond GOMAXPROCS, and not on the idle list. Written in the world by the worker, or with the world stopped.
    surplus: AtomicBool,
}

impl Slot {
    pub fn new() -> Slot {
        Slot {
            worker: AtomicPtr::new(null_mut()),
            stealer: OnceLock::new(),
            parker: Parker::new(),
            thread_started: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            surplus: AtomicBool::new(false),
        }
    }
}

impl Shared {
    // ---- waking ----

    /// Wakes a worker for work just pushed, if one is needed.
    #[inline]
    pub fn wake(&self) {
        if let Some(id) = self.idle.worker_to_wake() {
            self.start_or_unpark(id);
        }
    }

    #[cold]
    #[inline(never)]
    pub fn start_or_unpark(&self, id: u16) {
        let slot = &self.slots[id as usize];
        slot.parker.unpark(WOKEN);
        if !slot.thread_started.swap(true, Relaxed) {
            self.start_worker(id);
        }
        self.wake_monitor();
    }

    /// The `Arc` this is in.
    pub(crate) fn arc(&self) -> Arc<Shared> {
        // SAFETY: a `Shared` is only ever made inside an `Arc` (`Runtime::new`), and `self` keeps a count alive.
        unsafe {
            Arc::increment_strong_count(self);
            Arc::from_raw(self)
        }
    }

    fn start_worker(&self, id: u16) {
        lock(&self.end).alive += 1;
        let rt = self.arc();
        self.spawn_thread("gol worker", THREAD_STACK, move || {
            let _alive = Alive(rt.clone());
            worker_main(rt, id);
        });
    }

    /// Starts a thread whose panic ends the run, as does the lack of it ([`RunEnd::NoThread`]).
    pub fn spawn_thread(&self, name: &str, stack: usize, body: impl FnOnce() + Send + 'static) {
        if let Err(error) = self.try_thread(name, stack, body) {
            self.end(RunEnd::NoThread(error.to_string()));
        }
    }

    /// Starts a thread whose panic ends the run, if the system gives one.
    pub fn try_thread(&self, name: &str, stack: usize, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let rt = self.arc();
        let run = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
                rt.end(RunEnd::Crashed(panic_message(&*panic)));
            }
        };
        std::thread::Builder::new().name(name.to_string()).stack_size(stack).spawn(run).map(drop)
    }

    /// Sets a request of all workers.
    #[cold]
    pub fn ask_all(&self, bits: u32) {
        for slot in self.started_slots() {
            let worker = slot.worker.load(Acquire);
            if !worker.is_null() {
                // SAFETY: R7: the pointer is cleared before the worker goes, under the world's lock or at the end of the run.
                unsafe { Worker::ask(worker, bits) };
            }
        }
    }

    pub fn started_slots(&self) -> &[Slot] {
        &self.slots[..self.started.load(Acquire)]
    }

    /// How many workers have ever been started.
    pub fn started_workers(&self) -> usize {
        self.started.load(Relaxed)
    }

    /// Has all that sleep and could help with a collection look up.
    pub fn unpark_helpers(&self) {
        self.started_slots().iter().for_each(|slot| slot.parker.unpark(HELP));
        self.markers.unpark();
    }

    // ---- a worker without work ----

    /// The next goroutine for a worker that has none; sleeps if there is none at all. None: the run is over.
    fn find_runnable(&self, w: &mut Worker) -> Option<NonNull<G>> {
        loop {
            if let Some(g) = w.next() {
                w.new_slice();
                self.end_spin(w);
                return Some(g);
            }
            if w.quit_requested() {
                return None;
            }
            if self.env.deterministic() {
                self.wait_deterministic(w);
                continue;
            }
            w.check_timers();
            if w.runnext.is_some() {
                continue;
            }
            if !self.steal(w) {
                self.sleep(w);
            }
        }
    }

    /// The worker found work. Wakers that saw it spin relied on it to find theirs, so it passes the search on if any is left.
    fn end_spin(&self, w: &mut Worker) {
        if w.spinning {
            w.spinning = false;
            if self.idle.end_spin() && self.any_work() {
                self.wake();
            }
        }
    }

    /// Tries to steal a batch; the first goes to `runnext`, the rest to the deque.
    fn steal(&self, w: &mut Worker) -> bool {
        let slots = self.started_slots();
        if slots.len() > 1 && !w.spinning {
            // At most half as many spin as are busy.
            let busy = self.procs.load(Relaxed).saturating_sub(self.idle.count());
            if 2 * self.idle.spinning() >= busy {
                return false;
            }
            w.spinning = true;
            self.idle.begin_spin();
        }
        for _ in 0..4 {
            let mut retry = false;
            let start = w.rng.below(slots.len() as u32) as usize;
            for i in 0..slots.len() {
                let victim = (start + i) % slots.len();
                if victim == w.id as usize {
                    continue;
                }
                let Some(stealer) = slots[victim].stealer.get() else { continue };
                match stealer.steal_batch_and_pop(&w.deque) {
                    Steal::Success(g) => {
                        w.runnext = Some(g.0);
                        w.trace(Event::Steal { victim: victim as u16 });
                        return true;
                    }
                    Steal::Empty => {}
                    Steal::Retry => retry = true,
                }
            }
            if let Some(g) = w.take_injected() {
                w.runnext = Some(g);
                return true;
            }
            if !retry {
                break;
            }
        }
        false
    }

    /// Whether any queue holds a goroutine.
    pub fn any_work(&self) -> bool {
        !self.injector.is_empty()
            || self.started_slots().iter().any(|slot| slot.stealer.get().is_some_and(|stealer| !stealer.is_empty()))
    }

    /// The worker sleeps until it is woken, a timer is due, or the run ends. It owns no goroutine and touches no heap meanwhile.
    fn sleep(&self, w: &mut Worker) {
        let slot = &self.slots[w.id as usize];
        self.idle.begin_sleep(w.id, w.spinning);
        w.spinning = false;
        if self.any_work() || w.quit_requested() {
            self.wake_up(w, slot, 0);
            if !w.spinning {
                w.spinning = true;
                self.idle.begin_spin();
            }
            return;
        }
        slot.asleep.store(true, Relaxed);
        self.world.exit();
        self.check_deadlock();
        let bits = loop {
            // One sleeper watches the clock: the first, or one that knows of an earlier timer than those before it.
            let when = self.timers.next_when();
            let watch = when != i64::MAX && when < self.watched.load(Relaxed);
            if watch {
                self.watched.store(when, Relaxed);
            }
            let bits = self.wait_idle(slot, watch.then_some(when));
            if watch {
                let _ = self.watched.compare_exchange(when, i64::MAX, Relaxed, Relaxed);
            }
            if bits & HELP != 0 {
                self.world.help();
            }
            let due = watch && self.timers.next_when() <= self.env.now();
            if bits & WOKEN != 0 || w.quit_requested() || due {
                break bits;
            }
        };
        slot.asleep.store(false, Relaxed);
        self.world.enter();
        self.wake_up(w, slot, bits);
    }

    /// Where an idle worker waits, until it is woken or (for the one that watches the clock) until `when`. Sockets have a thread of their own
    /// ([`crate::poll`]), which readies goroutines as any thread outside of workers does.
    fn wait_idle(&self, slot: &Slot, when: Option<i64>) -> u32 {
        slot.parker.park(when.map(|when| when - self.env.now()))
    }

    /// The worker is off the idle list afterwards; it spins if a waker took it off.
    fn wake_up(&self, w: &mut Worker, slot: &Slot, mut bits: u32) {
        if bits & WOKEN == 0 {
            if self.idle.cancel_sleep(w.id) {
                self.wake_monitor();
                return;
            }
            // A waker has us, and its bit is set or about to be; or we were put out of service.
            while bits & WOKEN == 0 {
                if w.id as u32 >= self.procs.load(Relaxed) {
                    self.park_surplus(w);
                    return;
                }
                bits |= slot.parker.park(None);
            }
        }
        w.spinning = true;
    }

    /// Ends the run if all workers sleep and nothing can wake them.
    fn check_deadlock(&self) {
        let procs = self.procs.load(Relaxed);
        let dead = self.idle.while_locked(|idle| {
            fence(SeqCst);
            idle == procs
                && self.world.running() == 0
                && self.pending.load(SeqCst) == 0
                && self.timers.purge_is_empty()
                && !self.any_work()
        });
        if dead {
            match &self.on_idle {
                Some(idle) => idle(),
                None => self.end_deadlocked(),
            }
        }
    }

    fn end_deadlocked(&self) {
        self.end(if self.live() == 0 { RunEnd::NoGoroutines } else { RunEnd::Deadlock });
    }

    /// Deterministic mode, nothing is runnable: first blocking calls are waited for, then the clock jumps to the next timer.
    fn wait_deterministic(&self, w: &mut Worker) {
        if self.frozen.load(Acquire) {
            return self.rest(w, None);
        }
        if self.blocking.wait_for_one(self, w) {
            return;
        }
        if self.timers.purge_is_empty() {
            match &self.on_idle {
                Some(idle) => self.rest(w, Some(idle)),
                None => self.end_deadlocked(),
            }
            return;
        }
        self.env.advance_to(self.timers.next_when());
        self.check_time(self.env.now());
        self.note_time(self.env.now());
        w.check_timers();
    }

    /// The worker of a deterministic session sleeps until somebody injects a goroutine that may run, or the run ends. It tells `idle` first.
    fn rest(&self, w: &mut Worker, idle: Option<&(dyn Fn() + Send + Sync)>) {
        let slot = &self.slots[w.id as usize];
        slot.asleep.store(true, Relaxed);
        self.world.exit();
        if let Some(idle) = idle {
            idle();
        }
        while !w.quit_requested() && (self.frozen.load(Acquire) || self.injector.is_empty()) {
            if slot.parker.park(None) & HELP != 0 {
                self.world.help();
            }
        }
        slot.asleep.store(false, Relaxed);
        self.world.enter();
    }

    /// As [`Shared::wake`], for what a session has injected.
    pub fn wake_session(&self) {
        if self.env.deterministic() { self.start_or_unpark(0) } else { self.wake() }
    }

    /// A worker beyond GOMAXPROCS hands over what it has and sleeps until it is wanted again.
    pub fn park_surplus(&self, w: &mut Worker) {
        if (w.id as u32) < self.procs.load(Relaxed) {
            return;
        }
        self.give_away(w);
        if w.spinning {
            w.spinning = false;
            self.idle.end_spin();
        }
        let slot = &self.slots[w.id as usize];
        slot.surplus.store(true, Relaxed);
        slot.asleep.store(true, Relaxed);
        self.world.exit();
        self.check_deadlock();
        loop {
            let bits = slot.parker.park(None);
            if bits & HELP != 0 {
                self.world.help();
            }
            // Back in service: the change put us on the idle list, and a waker took us off.
            if bits & WOKEN != 0 {
                w.spinning = true;
                break;
            }
            if w.quit_requested() {
                break;
            }
        }
        slot.asleep.store(false, Relaxed);
        self.world.enter();
    }

    /// A worker that keeps meeting contended locks leaves the work to others for a while, unless it would be the last one awake.
    pub fn retire_contended(&self, w: &mut Worker) {
        if self.world.running() <= 1 {
            return;
        }
        self.give_away(w);
        if w.spinning {
            w.spinning = false;
            self.idle.end_spin();
        }
        let ns = 1_000_000 + w.rng.below(4_000_000) as i64;
        if !self.world.exit_unless_last() {
            return;
        }
        let slot = &self.slots[w.id as usize];
        slot.asleep.store(true, Relaxed);
        let until = self.env.now() + ns;
        loop {
            let left = until - self.env.now();
            if left <= 0 || w.quit_requested() {
                break;
            }
            // Not on the idle list, so nobody sets WOKEN.
            if slot.parker.park(Some(left)) & HELP != 0 {
                self.world.help();
            }
        }
        slot.asleep.store(false, Relaxed);
        self.world.enter();
    }

    /// Moves the worker's goroutines to the injector.
    fn give_away(&self, w: &mut Worker) {
        let mut any = false;
        if let Some(g) = w.runnext.take() {
            self.injector.push(GRef(g));
            any = true;
        }
        while let Some(g) = w.deque.pop() {
            self.injector.push(g);
            any = true;
        }
        if any {
            self.wake();
        }
    }

    // ---- from outside of workers ----

    /// A goroutine made by a thread that is no worker.
    pub fn new_external_g(&self, min_words: u32) -> Result<*mut G, StackOverflow> {
        let mut pool = Vec::new();
        self.gs.refill(&mut pool);
        let g = pool.pop().expect("refilled").as_ptr();
        self.gs.drain_all(&mut pool);
        let id = self.next_id.fetch_add(1, Relaxed);
        // SAFETY: R1, R2: it comes from the pool.
        unsafe {
            (*g).renew(id, min_words)?;
            (*g).parent = 0;
            (*g).created_by = 0;
            (*g).status = GStatus::Runnable;
        }
        self.external_live.fetch_add(1, Relaxed);
        self.trace_event(None, &Event::Go { g: id, parent: 0 });
        Ok(g)
    }

    /// Puts a goroutine that the caller owns in the injector, and ends what was pending for it.
    ///
    /// # Safety
    /// R9: the caller owns `g`.
    pub unsafe fn ready_external(&self, g: *mut G) {
        // SAFETY: the caller's promise.
        unsafe { self.inject(g) };
        self.pending_end();
    }

    /// Puts a goroutine in the injector.
    ///
    /// # Safety
    /// R9: the caller owns `g`.
    pub unsafe fn inject(&self, g: *mut G) {
        // SAFETY: the caller's promise.
        unsafe {
            (*g).status = GStatus::Runnable;
            self.trace_event(None, &Event::Ready { g: (*g).id });
        }
        self.injector.push(GRef(NonNull::new(g).expect("a goroutine")));
    }

    /// One thing less is pending. What it readied is in the injector by now. The wake comes last: whichever worker runs dry after it sees the
    /// count that it left.
    pub fn pending_end(&self) {
        self.pending_ended(1);
    }

    /// As [`Shared::pending_end`], for several.
    pub fn pending_ended(&self, n: usize) {
        if n > 0 {
            self.pending.fetch_sub(n, SeqCst);
            self.wake();
        }
    }

    // ---- the end ----

    /// Ends the run; the first call counts.
    pub fn end(&self, how: RunEnd) {
        let mut end = lock(&self.end);
        if end.how.is_none() {
            end.how = Some(how);
        }
        self.ended.store(true, Release);
        self.end_changed.notify_all();
        drop(end);
        self.ask_all(request::QUIT);
        self.world.end();
        self.markers.unpark();
        self.signals.wake();
        self.end_poller();
    }

    /// Goroutines that have not ended.
    pub fn live(&self) -> i64 {
        let mut sum = self.external_live.load(Relaxed);
        for slot in self.started_slots() {
            let worker = slot.worker.load(Acquire);
            if !worker.is_null() {
                // SAFETY: R7: only an atomic is touched.
                sum += unsafe { (*worker).live.load(Relaxed) };
            }
        }
        sum
    }

    pub fn trace_event(&self, worker: Option<u16>, event: &Event) {
        if let Some(sink) = &self.trace {
            sink.event(worker, self.env.now(), event);
        }
    }
}

impl Worker {
    /// Fires the timers that are due; what they ready goes to this worker.
    pub(crate) fn check_timers(&mut self) {
        let rt = self.rt();
        if rt.timers.next_when() == i64::MAX {
            return;
        }
        let now = rt.env.now();
        if rt.timers.next_when() > now {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        rt.timers.run(rt, now, &mut due);
        // Each ready takes the place of the one before as `runnext`, which goes to the queue: with the earliest last, all run in
        // the order of their times.
        if due.len() > 1 {
            due.rotate_left(1);
        }
        for what in due.drain(..) {
            match what {
                // SAFETY: R2: the timer's entry owned it.
                Due::Ready(g) => unsafe { self.goready(g) },
                Due::Func(closure) => {
                    if let Ok(g) = self.new_g(0, 0, crate::stack::MIN_WORDS) {
                        // SAFETY: R2: the new goroutine is ours.
                        unsafe {
                            rt.machine.start_func(&mut *g, closure);
                            self.goready(g);
                        }
                    }
                }
            }
        }
        self.due = due;
    }

    /// Changes GOMAXPROCS (within 1 to 256; no effect in deterministic mode). The state of the running goroutine must be saved.
    pub fn set_procs(&mut self, n: usize) {
        let rt = self.rt();
        let n = n.clamp(1, MAX_WORKERS) as u32;
        if rt.env.deterministic() || n == rt.procs.load(Relaxed) {
            return;
        }
        self.stop_the_world();
        let old = rt.procs.swap(n, Relaxed);
        let mut surplus = false;
        rt.idle.edit(|list| {
            if n < old {
                // Sleeping workers beyond n stay asleep: off the list, nobody wakes them. The others are asked below.
                for &id in list.iter().filter(|&&id| id as u32 >= n) {
                    rt.slots[id as usize].surplus.store(true, Relaxed);
                }
                list.retain(|&id| (id as u32) < n);
                surplus = true;
            } else {
                for id in (old as u16..n as u16).rev() {
                    // One that was put out of service and never got round to it simply stays.
                    let slot = &rt.slots[id as usize];
                    if !slot.thread_started.load(Relaxed) || slot.surplus.load(Relaxed) {
                        slot.surplus.store(false, Relaxed);
                        list.insert(0, id);
                    }
                }
            }
        });
        if surplus {
            rt.ask_all(request::PROCS);
        }
        self.start_the_world();
        if rt.any_work() || !self.deque.is_empty() {
            rt.wake();
        }
    }
}

/// The thread of a worker ended, however that came.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        let mut end = lock(&self.0.end);
        end.alive -= 1;
        self.0.end_changed.notify_all();
    }
}

fn worker_main(rt: Arc<Shared>, id: u16) {
    let slot = &rt.slots[id as usize];
    slot.parker.set_thread();
    let deque = crossbeam_deque::Worker::new_fifo();
    let _ = slot.stealer.set(deque.stealer());
    // The worker stays where it is (R7) and is not freed: others may ask something of it until the runtime goes, and its counts stay valid.
    let worker = Box::into_raw(Box::new(Worker::new(rt.clone(), id, deque)));
    slot.worker.store(worker, Release);
    rt.started.fetch_max(id as usize + 1, AcqRel);
    // SAFETY: R7: this thread is the only one with a reference.
    let w = unsafe { &mut *worker };
    w.spinning = slot.parker.park(Some(0)) & WOKEN != 0 && id != 0;
    if !rt.world.enter() {
        return;
    }
    let machine = rt.machine.clone();
    while let Some(g) = rt.find_runnable(w) {
        machine.run(w, g.as_ptr());
        if w.quit_requested() {
            break;
        }
    }
    w.release_pools();
    rt.world.exit();
}

/// The text of a panic.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return text.to_string();
    }
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "unknown panic".to_string())
}
