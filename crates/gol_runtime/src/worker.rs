//! `Worker`: a thread with its queue, its `runnext`, its allocator and its pools: Go's M and P in one.
//!
//! This file is what the machine calls between two goroutines and while one runs: [`Worker::next`], [`Worker::safepoint`],
//! [`Worker::goready`], [`Worker::gopark`], [`Worker::yield_g`], [`Worker::new_g`], [`Worker::goexit`]. What happens when a worker
//! runs dry (stealing, sleeping, deadlock) is in [`crate::proc`].
//!
//! # runnext
//!
//! The goroutine readied last goes to `runnext` and is run next, ahead of the queue, as in Go: the peer of a communication runs
//! while its data is warm. Unlike Go: it is a plain field that is never stolen, so that a message costs no locked instruction here
//! (48 -> 28 ns a message). An older `runnext` is pushed out into the deque, and only that wakes another worker. `runnext`
//! inherits the slice of the goroutine before it, and when the slice ends it goes to the end of the queue; without that a pair of goroutines
//! that talk to each other would starve all others of this worker.
//!
//! # Requests
//!
//! Others ask something of a worker by setting a bit of `request` and then storing 0 into `guard`, the word that the machine compares at calls
//! and back edges with what it needs of the stack. The machine writes `guard` at each switch and may overwrite that 0, so a request
//! is repeated until it is answered; no fence is needed in the switch. Between two goroutines [`Worker::next`] looks at `request` itself.

use crate::Runtime;
use crate::env::{REDUCTION, Rng, SWITCH};
use crate::g::{G, GRef, GStatus, POOL_BATCH, Resume, Sudog};
use crate::proc::Shared;
use crate::runtime::RunEnd;
use crate::stack::StackOverflow;
use crate::sync::{Arc, AtomicI64, AtomicU32, AtomicU64, Ordering::*};
use crate::time::Due;
use crate::trace::Event;
use crate::wait::WaitReason;
use crossbeam_deque::Steal;
use gol_heap::LocalHeap;
use std::marker::PhantomPinned;
use std::ptr::NonNull;

/// Bits of [`Worker::request`].
pub(crate) mod request {
    /// The slice is over.
    pub const PREEMPT: u32 = 1;
    /// The world is to be stopped.
    pub const STOP: u32 = 2;
    /// A collection is wanted.
    pub const GC: u32 = 4;
    /// The run is over.
    pub const QUIT: u32 = 8;
    /// The number of workers has changed.
    pub const PROCS: u32 = 16;
    /// This worker meets too much contention and goes to sleep for a while. Set by the worker itself.
    pub const RETIRE: u32 = 32;
    /// Deterministic mode: always set, so that each switch takes the slow path.
    pub const DETERMINISTIC: u32 = 64;
}

/// The injector is looked at before the own queue once in so many slices.
const INJECTOR_TICKS: u32 = 61;
/// More contended locks than this ...
const RETIRE_CONTENDED: u32 = 32;
/// ... within so many switches, and the worker retires for a while.
const RETIRE_SWITCHES: u32 = 128;
/// New goroutine ids are taken in batches of this size, as in Go.
const ID_BATCH: u64 = 16;

/// What the machine has to do after [`Worker::safepoint`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Safepoint {
    /// Go on with the goroutine.
    Continue,
    /// Save the goroutine, give it to [`Worker::yield_g`] and go on with [`Worker::next`].
    Yield,
    /// The run is over: return from `run`. The goroutine is abandoned.
    Stop,
    /// The goroutine was asked to end: see [`Worker::take_interrupt`].
    Interrupted,
}

/// A worker. The machine gets it as `&mut` and never moves it.
#[repr(C)]
pub struct Worker {
    /// The bound that the machine compares with what it needs of the stack, at calls and at back edges; 0 asks for a call of
    /// [`Worker::safepoint`]. Written by the machine through [`Worker::set_guard`], set to 0 by other threads (R7).
    pub guard: AtomicU64,
    /// What others ask for. Bits are set by anyone and cleared by the worker; relaxed, since what is asked for is read behind locks.
    request: AtomicU32,
    /// The number of the current slice. Written by the worker, read by the monitor.
    pub(crate) slice: AtomicU32,
    pub(crate) runnext: Option<NonNull<G>>,
    /// The guard last set, and what is let through of it (nothing in deterministic mode or with fuel, so that each check comes here).
    limit: u64,
    guard_mask: u64,
    /// Whether somebody listens to events.
    traced: bool,
    deterministic: bool,
    /// Looks for work.
    pub(crate) spinning: bool,
    pub(crate) id: u16,
    switches: u32,
    contended: u32,
    contended_since: u32,
    tick: u32,
    /// Reductions left in the slice, in deterministic mode.
    reductions: u32,
    /// What is counted for the limits, and the fuel taken and not used yet.
    counts_fuel: bool,
    counts_goroutines: bool,
    pub(crate) fuel: u64,
    /// The allocator of this worker.
    pub heap: LocalHeap,
    /// Random choices of this worker; in deterministic mode all come from here.
    pub rng: Rng,
    pub(crate) deque: crossbeam_deque::Worker<GRef>,
    /// The run queue in deterministic mode, picked from at random.
    pub(crate) queue: Vec<NonNull<G>>,
    gs: Vec<NonNull<G>>,
    sudogs: Vec<NonNull<Sudog>>,
    next_id: u64,
    last_id: u64,
    /// Goroutines started less goroutines ended here. Written by the worker, read by those who count.
    pub(crate) live: AtomicI64,
    /// Scratch memory of select and of timers.
    pub(crate) order: Vec<u16>,
    pub(crate) due: Vec<Due>,
    rt: Arc<Shared>,
    /// R7: others hold raw pointers to the atomics above, so `&mut Worker` must not promise to be the only way to them.
    _pinned: PhantomPinned,
}

impl Worker {
    pub(crate) fn new(rt: Arc<Shared>, id: u16, deque: crossbeam_deque::Worker<GRef>) -> Worker {
        let deterministic = rt.env.deterministic();
        let mut rng = Rng::new(rt.env.seed());
        Worker {
            guard: AtomicU64::new(0),
            request: AtomicU32::new(if deterministic { request::DETERMINISTIC } else { 0 }),
            slice: AtomicU32::new(0),
            runnext: None,
            limit: 0,
            guard_mask: if deterministic || rt.meter.counts_fuel() { 0 } else { u64::MAX },
            traced: rt.trace.is_some(),
            deterministic,
            spinning: false,
            id,
            switches: 0,
            contended: 0,
            contended_since: 0,
            tick: 0,
            reductions: rt.env.reductions(&mut rng),
            counts_fuel: rt.meter.counts_fuel(),
            counts_goroutines: rt.meter.counts_goroutines(),
            fuel: 0,
            heap: rt.heap.local(),
            rng,
            deque,
            queue: Vec::new(),
            gs: Vec::new(),
            sudogs: Vec::new(),
            next_id: 0,
            last_id: 0,
            live: AtomicI64::new(0),
            order: Vec::new(),
            due: Vec::new(),
            rt,
            _pinned: PhantomPinned,
        }
    }

    /// The runtime this worker belongs to.
    pub fn runtime(&self) -> Runtime {
        Runtime { shared: self.rt.clone() }
    }

    /// The number of this worker, from 0.
    pub fn id(&self) -> usize {
        self.id as usize
    }

    /// Clock and seeds.
    pub fn env(&self) -> &crate::Env {
        &self.rt.env
    }

    /// R8: the worker keeps the runtime alive; the lifetime is cut loose so that `self` stays free to change.
    #[inline(always)]
    pub(crate) fn rt<'a>(&self) -> &'a Shared {
        // SAFETY: R8.
        unsafe { &*Arc::as_ptr(&self.rt) }
    }

    pub(crate) fn rt_arc(&self) -> &Arc<Shared> {
        &self.rt
    }

    /// Passes an event to whoever listens. Almost free when nobody does.
    #[inline(always)]
    pub fn trace(&self, event: Event) {
        if self.traced {
            self.trace_slow(&event);
        }
    }

    #[cold]
    #[inline(never)]
    fn trace_slow(&self, event: &Event) {
        self.rt.trace_event(Some(self.id), event);
    }

    // ---- switching ----

    /// The goroutine to go on with, which is this worker's from now on; none: return from `run` (nothing is runnable here, or the run
    /// is over). The state of the goroutine before it must be saved: a stopped world or a collection may happen in here.
    #[inline(always)]
    #[allow(clippy::should_implement_trait, reason = "Go's schedule; a worker is no iterator")]
    pub fn next(&mut self) -> Option<NonNull<G>> {
        self.switches = self.switches.wrapping_add(1);
        if self.request.load(Relaxed) == 0
            && let Some(g) = self.runnext.take()
        {
            return Some(self.started(g));
        }
        self.next_slow()
    }

    #[inline(always)]
    fn started(&mut self, g: NonNull<G>) -> NonNull<G> {
        // SAFETY: R2: it came from a queue of this worker.
        unsafe {
            (*g.as_ptr()).status = GStatus::Running;
            self.trace(Event::Start { g: (*g.as_ptr()).id });
        }
        g
    }

    #[inline(never)]
    fn next_slow(&mut self) -> Option<NonNull<G>> {
        if self.request.load(Relaxed) != 0 && !self.answer() {
            return None;
        }
        let found = if self.deterministic { self.pick() } else { self.next_queued() };
        found.map(|g| self.started(g))
    }

    fn next_queued(&mut self) -> Option<NonNull<G>> {
        if let Some(g) = self.runnext.take() {
            return Some(g);
        }
        self.new_slice();
        self.tick += 1;
        if self.tick >= INJECTOR_TICKS {
            self.tick = 0;
            self.check_timers();
            if let Some(g) = self.runnext.take() {
                return Some(g);
            }
            if let Some(g) = self.take_injected() {
                return Some(g);
            }
        }
        if let Some(g) = self.deque.pop() {
            return Some(g.0);
        }
        self.take_injected()
    }

    pub(crate) fn take_injected(&mut self) -> Option<NonNull<G>> {
        let injector = &self.rt().injector;
        if injector.is_empty() {
            return None;
        }
        loop {
            match injector.steal_batch_and_pop(&self.deque) {
                Steal::Success(g) => return Some(g.0),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    /// Deterministic mode: any of the runnable goroutines.
    fn pick(&mut self) -> Option<NonNull<G>> {
        if self.rt().frozen.load(Acquire) {
            return None;
        }
        self.rt().env.advance_by(SWITCH);
        self.check_timers();
        while let Steal::Success(g) = self.rt().injector.steal() {
            self.queue.push(g.0);
        }
        if self.queue.is_empty() {
            return None;
        }
        let at = self.rng.below(self.queue.len() as u32) as usize;
        self.reductions = self.rt().env.reductions(&mut self.rng);
        Some(self.queue.swap_remove(at))
    }

    #[inline]
    pub(crate) fn new_slice(&mut self) {
        self.slice.store(self.slice.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Answers requests between two goroutines; false: the run is over.
    #[cold]
    pub(crate) fn answer(&mut self) -> bool {
        let asked = self.request.load(Relaxed);
        if asked & request::QUIT != 0 {
            return false;
        }
        if asked & request::STOP != 0 {
            self.stopped();
        }
        if asked & request::GC != 0 {
            self.clear(request::GC);
            self.collect_if_wanted();
        }
        if asked & request::PREEMPT != 0 {
            self.end_slice();
        }
        if asked & request::PROCS != 0 {
            self.clear(request::PROCS);
            self.rt().park_surplus(self);
        }
        if asked & request::RETIRE != 0 {
            self.clear(request::RETIRE);
            self.rt().retire_contended(self);
        }
        self.request.load(Relaxed) & request::QUIT == 0
    }

    /// The slice is over: `runnext` loses its right of way, and timers and the injector get a look.
    fn end_slice(&mut self) {
        self.clear(request::PREEMPT);
        if let Some(g) = self.runnext.take() {
            self.push(g);
        }
        self.tick = INJECTOR_TICKS - 1;
        self.new_slice();
    }

    #[inline]
    pub(crate) fn clear(&self, bits: u32) {
        self.request.fetch_and(!bits, Relaxed);
    }

    pub(crate) fn quit_requested(&self) -> bool {
        self.request.load(Relaxed) & request::QUIT != 0
    }

    /// Whether anything is asked of this worker that it must answer before it waits on.
    pub(crate) fn is_asked(&self) -> bool {
        self.request.load(Relaxed) & !request::DETERMINISTIC != 0
    }

    /// Sets a request from another thread, or repeats it.
    ///
    /// # Safety
    /// R7: `worker` is a worker in a slot of its runtime, which lives as long as that runtime.
    pub(crate) unsafe fn ask(worker: *mut Worker, bits: u32) {
        // SAFETY: R7: only atomics are touched.
        unsafe {
            (*worker).request.fetch_or(bits, Relaxed);
            (*worker).guard.store(0, Relaxed);
        }
    }

    /// The requests of `worker` that are not answered yet.
    ///
    /// # Safety
    /// R7, as for [`Worker::ask`].
    pub(crate) unsafe fn asked(worker: *mut Worker) -> u32 {
        // SAFETY: R7: only atomics are touched.
        unsafe { (*worker).request.load(Relaxed) }
    }

    // ---- while a goroutine runs ----

    /// Sets the bound for the goroutine that runs now, in whatever unit the machine compares; to be called on every switch and when the
    /// stack has grown. (In deterministic mode the guard stays 0, so that every check calls [`Worker::safepoint`] and is counted.)
    #[inline(always)]
    pub fn set_guard(&mut self, limit: u64) {
        self.limit = limit;
        self.guard.store(limit & self.guard_mask, Relaxed);
    }

    /// Called by the machine when a check found `guard` to be 0. The state of the running goroutine, which has the number `goid`, must be saved: the world may be stopped and a
    /// collection run in here. Restores the guard.
    #[cold]
    #[inline(never)]
    pub fn safepoint(&mut self, goid: u64) -> Safepoint {
        self.guard.store(self.limit & self.guard_mask, Relaxed);
        let asked = self.request.load(Relaxed);
        if asked & request::QUIT != 0 {
            return Safepoint::Stop;
        }
        if asked & request::STOP != 0 {
            self.stopped();
        }
        if asked & request::GC != 0 || self.rt().heap.gc_wanted() {
            self.clear(request::GC);
            self.collect_if_wanted();
        }
        if self.request.load(Relaxed) & request::QUIT != 0 {
            return Safepoint::Stop;
        }
        if self.rt().interrupts.asks(goid) {
            return Safepoint::Interrupted;
        }
        if asked & (request::PROCS | request::RETIRE) != 0 {
            return Safepoint::Yield;
        }
        if self.counts_fuel && !self.use_fuel() {
            return Safepoint::Stop;
        }
        if self.deterministic {
            self.rt().env.advance_by(REDUCTION);
            self.reductions = self.reductions.saturating_sub(1);
            if self.reductions != 0 {
                return Safepoint::Continue;
            }
            self.reductions = self.rt().env.reductions(&mut self.rng);
            self.check_timers();
            self.rt().check_time(self.rt().env.now());
            return if self.queue.is_empty() { Safepoint::Continue } else { Safepoint::Yield };
        }
        if asked & request::PREEMPT != 0 {
            self.end_slice();
            self.check_timers();
            if self.runnext.is_some() || !self.deque.is_empty() || !self.rt().injector.is_empty() {
                if !self.deque.is_empty() {
                    self.rt().wake();
                }
                return Safepoint::Yield;
            }
        }
        Safepoint::Continue
    }

    /// Puts the running goroutine, whose state is saved, at the end of the queue. Go on with [`Worker::next`].
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards.
    pub unsafe fn yield_g(&mut self, g: *mut G) {
        // SAFETY: R2: the caller runs it.
        unsafe {
            (*g).status = GStatus::Runnable;
            self.trace(Event::Yield { g: (*g).id });
        }
        let g = NonNull::new(g).expect("a goroutine");
        if self.deterministic { self.queue.push(g) } else { self.deque.push(GRef(g)) }
    }

    // ---- park and ready ----

    /// Notes that `g` is about to wait for `reason`. To be called before `g` becomes visible to whoever may wake it (R3).
    ///
    /// # Safety
    /// R9: the caller runs `g`.
    #[inline(always)]
    pub(crate) unsafe fn set_waiting(&self, g: *mut G, reason: WaitReason) {
        // SAFETY: R2: the caller runs it.
        unsafe {
            (*g).owned();
            (*g).status = GStatus::Waiting;
            (*g).wait_reason = reason;
            (*g).resume = Resume::None;
            (*g).wait_since = self.rt.coarse_seconds.load(Relaxed);
            self.trace(Event::Park { g: (*g).id, reason });
        }
    }

    /// Parks the running goroutine, whose state is saved, until somebody calls [`Worker::goready`] or [`Runtime::ready_external`].
    /// Whoever will do that must not know of it yet (R3), or never does it. Go on with [`Worker::next`].
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards.
    pub unsafe fn gopark(&mut self, g: *mut G, reason: WaitReason) {
        // SAFETY: the caller's promise.
        unsafe { self.set_waiting(g, reason) };
    }

    /// Makes a parked (or new) goroutine runnable; it becomes `runnext`.
    ///
    /// # Safety
    /// R9: the caller owns `g`, and does not touch it afterwards.
    #[inline]
    pub unsafe fn goready(&mut self, g: *mut G) {
        // SAFETY: R2: whoever readies a goroutine owns it.
        let g = unsafe {
            (*g).owned();
            (*g).status = GStatus::Runnable;
            self.trace(Event::Ready { g: (*g).id });
            NonNull::new_unchecked(g)
        };
        if self.deterministic {
            self.queue.push(g);
        } else if let Some(old) = self.runnext.replace(g) {
            self.push(old);
        }
    }

    /// Puts a goroutine in the queue, where others may steal it, and wakes a worker if one is needed.
    #[inline]
    pub(crate) fn push(&mut self, g: NonNull<G>) {
        self.deque.push(GRef(g));
        self.rt().wake();
    }

    // ---- begin and end ----

    /// A new goroutine with an empty frame and room for `min_words` registers. The machine fills in stack, `pc`, `func`, `base` and `top`
    /// and then calls [`Worker::goready`]. `parent` is the number of the goroutine that starts it, or 0.
    #[inline]
    pub fn new_g(&mut self, parent: u64, created_by: u32, min_words: u32) -> Result<*mut G, StackOverflow> {
        if self.gs.is_empty() {
            self.rt().gs.refill(&mut self.gs);
        }
        let g = self.gs.pop().expect("refilled").as_ptr();
        if self.next_id == self.last_id {
            let batch = if self.deterministic { 1 } else { ID_BATCH };
            self.next_id = self.rt().next_id.fetch_add(batch, Relaxed);
            self.last_id = self.next_id + batch;
        }
        // SAFETY: R1, R2: it comes from the pool.
        unsafe {
            if let Err(error) = (*g).renew(self.next_id, min_words) {
                self.gs.push(NonNull::new_unchecked(g));
                return Err(error);
            }
            (*g).parent = parent;
            (*g).created_by = created_by;
            // A goroutine that is not queued yet is scanned like a parked one; `top` is 0 until the machine fills it.
            (*g).status = GStatus::Runnable;
            self.trace(Event::Go { g: (*g).id, parent: (*g).parent });
        }
        self.next_id += 1;
        self.live.store(self.live.load(Relaxed) + 1, Relaxed);
        if self.counts_goroutines {
            self.count_goroutine();
        }
        Ok(g)
    }

    /// The running goroutine ends. Go on with [`Worker::next`]. (The end of the main function is [`Worker::end_run`]; for the main
    /// goroutine this is `runtime.Goexit`.)
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards.
    #[inline]
    pub unsafe fn goexit(&mut self, g: *mut G) {
        // SAFETY: R2: the caller runs it.
        unsafe {
            self.trace(Event::Exit { g: (*g).id });
            (*g).retire();
            self.gs.push(NonNull::new_unchecked(g));
        }
        self.live.store(self.live.load(Relaxed) - 1, Relaxed);
        if self.gs.len() > 2 * POOL_BATCH {
            self.rt().gs.drain(&mut self.gs);
        }
    }

    /// Ends the run: the main function returned, `os.Exit` was called, or something fatal was reported. The first call counts. Return
    /// from `run` afterwards.
    pub fn end_run(&mut self, end: RunEnd) {
        self.rt().end(end);
    }

    #[inline]
    pub(crate) fn acquire_sudog(&mut self) -> *mut Sudog {
        if self.sudogs.is_empty() {
            self.rt().sudogs.refill(&mut self.sudogs);
        }
        self.sudogs.pop().expect("refilled").as_ptr()
    }

    #[inline]
    pub(crate) fn release_sudog(&mut self, s: *mut Sudog) {
        self.sudogs.push(NonNull::new(s).expect("a sudog"));
        if self.sudogs.len() > 2 * POOL_BATCH {
            self.rt().sudogs.drain(&mut self.sudogs);
        }
    }

    /// Gives the pools back when the worker ends or is put out of service.
    pub(crate) fn release_pools(&mut self) {
        self.rt().gs.drain_all(&mut self.gs);
        self.rt().sudogs.drain_all(&mut self.sudogs);
    }

    /// Notes that a channel's lock was contended.
    #[cold]
    #[inline(never)]
    pub(crate) fn met_contention(&mut self) {
        if self.switches.wrapping_sub(self.contended_since) > RETIRE_SWITCHES {
            self.contended_since = self.switches;
            self.contended = 0;
        }
        self.contended += 1;
        if self.contended > RETIRE_CONTENDED {
            self.contended = 0;
            self.request.fetch_or(request::RETIRE, Relaxed);
        }
    }
}
