//! The stopped world, and collections in it.
//!
//! A thread is *in the world* while it may touch goroutines it owns or heap objects: workers from their start until they sleep, other
//! threads while they fire timers or complete a blocking call. [`World`] counts them. Whoever stops the world asks all workers to stop (and
//! asks again until they have), keeps newcomers out, and waits for the count to reach 0. Stopped and sleeping workers help with marking;
//! for workers that were never started there are [`Markers`].
//!
//! The lock of the world orders everything before a stop with everything in it, and that with everything after (R6, gol_heap's H5).

use crate::g::{G, GStatus};
use crate::park::{HELP, Parker};
use crate::proc::Shared;
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, Ordering::*, PoisonError, lock};
use crate::trace::Event;
use crate::worker::{Worker, request};
use gol_heap::{CollectStats, MarkHelpers, Pause, RootVisitor, Roots};
use std::time::Duration;

/// Heaps smaller than this, in bytes, are marked by whoever is there: starting a thread takes longer.
const MARKERS_FROM: u64 = 8 << 20;
/// The Rust stack of a [`Markers`] thread.
const MARKER_STACK: usize = 1 << 20;

/// Who is in the world, and whether it is stopped.
pub(crate) struct World {
    state: Mutex<State>,
    /// `running` reached 0 while stopping, or the last helper is done.
    emptied: Condvar,
    /// The world goes on, or there is something to help with.
    resumed: Condvar,
    /// A copy of `running` that is read without the lock, as a hint.
    running: crate::sync::AtomicUsize,
}

struct State {
    running: usize,
    stopping: bool,
    /// The run is over: workers enter only to find that out, so that they need not wait for whoever ended it with the world stopped.
    ended: bool,
    help: Option<Work>,
    helpers: usize,
}

/// The work of [`MarkHelpers::run`].
#[derive(Clone, Copy)]
struct Work(*const (dyn Fn() + Sync));

// SAFETY: the function is `Sync`, and `World::run_with_help` keeps it alive until no helper has it.
unsafe impl Send for Work {}

impl World {
    pub fn new() -> World {
        World {
            state: Mutex::new(State { running: 0, stopping: false, ended: false, help: None, helpers: 0 }),
            emptied: Condvar::new(),
            resumed: Condvar::new(),
            running: crate::sync::AtomicUsize::new(0),
        }
    }

    /// This thread enters the world, as soon as it is not stopped. False: the run is over; the thread is in the world only for form's sake
    /// and must touch neither goroutines nor the heap.
    pub fn enter(&self) -> bool {
        let mut state = self.wait_resumed(lock(&self.state));
        self.set_running(&mut state, 1);
        !state.ended
    }

    /// The run is over.
    pub fn end(&self) {
        lock(&self.state).ended = true;
        self.resumed.notify_all();
    }

    /// This thread leaves the world.
    pub fn exit(&self) {
        self.set_running(&mut lock(&self.state), -1);
    }

    /// As [`World::exit`], unless nobody else would be left.
    pub fn exit_unless_last(&self) -> bool {
        let mut state = lock(&self.state);
        let ok = state.running > 1;
        if ok {
            self.set_running(&mut state, -1);
        }
        ok
    }

    /// How many are in the world: a hint, except to those who keep others from entering.
    pub fn running(&self) -> usize {
        self.running.load(crate::sync::Ordering::SeqCst)
    }

    /// Helps with marking if that goes on; for threads outside of the world.
    pub fn help(&self) {
        drop(self.help_once(lock(&self.state)));
    }

    fn set_running(&self, state: &mut State, change: isize) {
        state.running = state.running.checked_add_signed(change).expect("exits match entries");
        self.running.store(state.running, crate::sync::Ordering::SeqCst);
        if state.running == 0 && state.stopping {
            self.emptied.notify_all();
        }
    }

    fn wait_resumed<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let mut helped = false;
        while state.stopping && !state.ended {
            if state.help.is_some() && !helped {
                state = self.help_once(state);
                helped = true;
                continue;
            }
            helped &= state.help.is_some();
            state = self.resumed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn help_once<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let Some(work) = state.help else { return state };
        state.helpers += 1;
        drop(state);
        // SAFETY: `run_with_help` returns only when `helpers` is 0 and nobody can get the work any more.
        unsafe { (*work.0)() };
        let mut state = lock(&self.state);
        state.helpers -= 1;
        if state.helpers == 0 {
            self.emptied.notify_all();
        }
        state
    }

    /// Stops the world. `counted`: the caller is in it (and is at a safepoint: another stop may come first).
    pub(crate) fn stop(&self, counted: bool, mut ask: impl FnMut()) {
        let mut state = lock(&self.state);
        if counted {
            self.set_running(&mut state, -1);
        }
        state = self.wait_resumed(state);
        state.stopping = true;
        let mut wait = Duration::from_micros(20);
        while state.running != 0 {
            drop(state);
            ask();
            state = lock(&self.state);
            if state.running == 0 {
                break;
            }
            (state, _) = self.emptied.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
            wait = (wait * 2).min(Duration::from_millis(1));
        }
    }

    pub(crate) fn start(&self, counted: bool) {
        let mut state = lock(&self.state);
        state.stopping = false;
        if counted {
            self.set_running(&mut state, 1);
        }
        drop(state);
        self.resumed.notify_all();
    }

    /// Whether somebody has stopped the world or is about to.
    fn stopping(&self) -> bool {
        lock(&self.state).stopping
    }

    /// Runs `work` here and on all threads that wait for the world, and returns when all have returned from it.
    pub(crate) fn run_with_help(&self, work: &(dyn Fn() + Sync), wake: impl FnOnce()) {
        // SAFETY: only the lifetime is cut off; the pointer is gone from `help`, and from all helpers, before this returns.
        let erased =
            unsafe { std::mem::transmute::<*const (dyn Fn() + Sync + '_), *const (dyn Fn() + Sync + 'static)>(work) };
        lock(&self.state).help = Some(Work(erased));
        self.resumed.notify_all();
        wake();
        work();
        let mut state = lock(&self.state);
        state.help = None;
        while state.helpers != 0 {
            state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    pub(crate) fn stop_the_world(&self, counted: bool) {
        self.world.stop(counted, || self.ask_all(request::STOP));
        self.trace_event(None, &Event::World { stopped: true });
    }

    pub(crate) fn start_the_world(&self, counted: bool) {
        self.trace_event(None, &Event::World { stopped: false });
        self.world.start(counted);
    }

    /// Collects; the world has been stopped since `asked`, when that began.
    fn collect_stopped(&self, asked: i64) -> GcReport {
        let before = self.heap.stats();
        let stopped = self.env.now();
        self.timers.purge_is_empty();
        let helpers = Helpers(self);
        let roots = RuntimeRoots(self);
        // SAFETY: H5: the world is stopped, and its lock synchronises; `RuntimeRoots` shows all that goroutines and the runtime hold,
        // the machine shows the rest.
        let session = unsafe { self.heap.start_mark(helpers.threads() > 1) };
        let swept = self.env.now();
        session.visit(&roots);
        helpers.run(&|| session.mark_parts(&roots));
        while self.machine.marked(&session) {
            helpers.run(&|| session.mark_worker());
        }
        let marked = self.env.now();
        let stats = session.finish();
        let (seconds, nanoseconds) = self.env.wall();
        let end = seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds.into());
        let done = self.env.now();
        self.heap.add_pause(Pause { nanoseconds: (done - asked) as u64, end });
        let after = self.heap.stats();
        GcReport {
            number: after.num_gc,
            at: asked,
            stop: stopped - asked,
            sweep: swept - stopped,
            mark: marked - swept,
            finish: done - marked,
            threads: helpers.threads(),
            before: before.alloc,
            goal: before.next_gc,
            next_goal: after.next_gc,
            system: after.sys - after.heap_released.min(after.sys),
            goroutines: self.live().max(0) as usize,
            stats,
        }
    }

    /// What can wait until the world goes on, by the worker that collected.
    fn after_collection(&self, report: &GcReport) {
        self.heap.release_unused();
        self.gs.trim();
        if let Some(listener) = &self.gc_listener {
            listener(report);
        }
    }
}

/// One collection: when, how long each phase took (nanoseconds), what it found.
#[derive(Clone, Copy, Debug)]
pub struct GcReport {
    /// Its number, from 1.
    pub number: u32,
    /// When it began, by [`crate::Env::now`].
    pub at: i64,
    /// Until all workers had stopped.
    pub stop: i64,
    /// Sweeping what was still left to sweep of the collection before: most of it is done before the stop.
    pub sweep: i64,
    /// Roots and marking.
    pub mark: i64,
    /// The rest of the pause.
    pub finish: i64,
    /// Threads that could help.
    pub threads: usize,
    /// Bytes allocated when it began.
    pub before: u64,
    /// Bytes at which it was wanted.
    pub goal: u64,
    /// Bytes at which the next will be.
    pub next_goal: u64,
    /// Bytes that the heap has of the system.
    pub system: u64,
    /// Goroutines alive.
    pub goroutines: usize,
    /// What marking found.
    pub stats: CollectStats,
}

impl GcReport {
    /// How long the world stood still, in nanoseconds.
    pub fn pause(&self) -> i64 {
        self.stop + self.sweep + self.mark + self.finish
    }
}

/// Who hears of each collection, on the worker that made it and after the world goes on.
pub type GcListener = Box<dyn Fn(&GcReport) + Send + Sync>;

/// Threads that do nothing but help with marking, in place of workers that no goroutine has needed so far: a program of one goroutine is
/// to be stopped no longer than others. They start before the first large collection and sleep outside of the world between two.
pub(crate) struct Markers {
    parkers: Mutex<Vec<Arc<Parker>>>,
    cores: usize,
}

impl Markers {
    pub fn new() -> Markers {
        Markers { parkers: Mutex::default(), cores: crate::runtime::cores() }
    }

    fn count(&self) -> usize {
        lock(&self.parkers).len()
    }

    /// Has all of them look up.
    pub fn unpark(&self) {
        lock(&self.parkers).iter().for_each(|parker| parker.unpark(HELP));
    }
}

impl Shared {
    /// Starts markers, if a collection of this heap wants more threads than there are: as many as may run goroutines.
    fn start_markers(&self) {
        let wanted = (self.procs.load(Relaxed) as usize).min(self.markers.cores);
        let there = self.started_workers() + self.markers.count();
        if there >= wanted || self.heap.stats().alloc < MARKERS_FROM {
            return;
        }
        for _ in there..wanted {
            let parker = Arc::new(Parker::new());
            let (rt, own) = (self.arc(), parker.clone());
            let started = self.try_thread("gol marker", MARKER_STACK, move || {
                own.set_thread();
                while !rt.ended.load(Acquire) {
                    rt.world.help();
                    own.park(None);
                }
            });
            // Without them marking takes longer, no more than that.
            if started.is_err() {
                break;
            }
            lock(&self.markers.parkers).push(parker);
        }
    }
}

impl Worker {
    /// Stops all other workers. The state of the running goroutine must be saved, and other stops and collections may come first. Each
    /// call needs a [`Worker::start_the_world`].
    pub fn stop_the_world(&mut self) {
        self.rt().stop_the_world(true);
    }

    /// Lets the others go on.
    pub fn start_the_world(&mut self) {
        self.rt().start_the_world(true);
    }

    /// `runtime.GC()`, also for an allocation that got no memory: collects now. The state of the running goroutine must be saved.
    pub fn collect(&mut self) -> CollectStats {
        self.rt().heap.finish_sweep();
        self.rt().start_markers();
        let asked = self.rt().env.now();
        self.stop_the_world();
        let report = self.rt().collect_stopped(asked);
        self.start_the_world();
        self.rt().after_collection(&report);
        self.rt().machine.clone().collected(self);
        report.stats
    }

    /// Collects unless somebody else just did.
    pub(crate) fn collect_if_wanted(&mut self) {
        while self.rt().heap.gc_wanted() {
            if self.rt().world.stopping() {
                self.stopped();
                continue;
            }
            // What the collection before left to sweep needs no stop.
            self.rt().heap.finish_sweep();
            self.rt().start_markers();
            let asked = self.rt().env.now();
            self.stop_the_world();
            let report = self.rt().heap.gc_wanted().then(|| self.rt().collect_stopped(asked));
            self.start_the_world();
            if let Some(report) = report {
                self.rt().after_collection(&report);
            }
            self.rt().machine.clone().collected(self);
        }
    }

    /// Answers a stop: waits, helping, until the world goes on.
    pub(crate) fn stopped(&mut self) {
        self.clear(request::STOP);
        let world = &self.rt().world;
        world.exit();
        world.enter();
    }
}

struct Helpers<'a>(&'a Shared);

impl MarkHelpers for Helpers<'_> {
    fn threads(&self) -> usize {
        (self.0.started_workers() + self.0.markers.count()).max(1)
    }

    fn run(&self, work: &(dyn Fn() + Sync)) {
        if self.threads() == 1 { work() } else { self.0.world.run_with_help(work, || self.0.unpark_helpers()) }
    }
}

/// All roots: timers, what the machine has, and the goroutines, a slab a part.
struct RuntimeRoots<'a>(&'a Shared);

impl Roots for RuntimeRoots<'_> {
    fn visit(&self, visitor: &mut dyn RootVisitor) {
        self.0.timers.visit(visitor);
        self.0.machine.visit_roots(visitor);
    }

    fn parts(&self) -> usize {
        self.0.gs.slabs()
    }

    fn visit_part(&self, part: usize, visitor: &mut dyn RootVisitor) {
        self.0.gs.for_slab(part, |g| {
            // SAFETY: R6: the world is stopped, and each slab is one thread's.
            let g = unsafe { &mut *g };
            if g.status != GStatus::Dead {
                visit_g(self.0, g, visitor);
            }
        });
    }
}

fn visit_g(rt: &Shared, g: &mut G, visitor: &mut dyn RootVisitor) {
    let top = rt.machine.stack_top(g);
    debug_assert!(top <= g.stack.words(), "goroutine {} uses {} of {} words", g.id, top, g.stack.words());
    if g.status == GStatus::Waiting && g.stack.can_shrink(top) {
        g.stack.shrink(rt.machine.stack_extent(g));
    }
    // SAFETY: the words up to `top` are the goroutine's, and nothing runs until the collection is over.
    unsafe { visitor.range(g.stack.ptr(), top.min(g.stack.words()) as usize) };
    g.machine.iter().filter(|&&word| word != 0).for_each(|&word| visitor.word(word));
    // The channels it waits on, which it may not name any more.
    if g.status == GStatus::Waiting {
        visitor.word(g.sudog.c as u64);
    }
    let mut sg = g.waiting;
    while !sg.is_null() {
        // SAFETY: R1, R6.
        unsafe {
            visitor.word((*sg).c as u64);
            sg = (*sg).waitlink;
        }
    }
    rt.machine.visit_g(g, visitor);
}
