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
//! **Threads** start when they are first woken, so a program that never needs a second worker never has one. One monitor thread
//! ticks while any worker is awake: it ends slices after 10 ms, repeats requests that are not answered, keeps a coarse clock, and fires
//! timers that all workers are too busy to see.
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
use crate::chan::{HCHAN_POINTERS, Hchan};
use crate::env::{Env, Mode};
use crate::g::{G, GRef, GStatus, Gs, Slabs, Sudogs, new_g};
use crate::gc::World;
use crate::idle::IdleSet;
use crate::sema::SemaTable;
use crate::stack::StackOverflow;
use crate::sync::{
    Arc, AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Condvar, Mutex, OnceLock, Ordering::*,
    fence, lock,
};
use crate::time::{Due, RTIMER_POINTERS, RTimer, Timers};
use crate::trace::{Event, TraceSink};
use crate::worker::{Worker, request};
use crossbeam_deque::{Injector, Steal, Stealer};
use gol_heap::{Heap, LayoutId, RootVisitor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null, null_mut};
use std::thread::Thread;
use std::time::Duration;

/// The most workers a runtime can have.
pub const MAX_WORKERS: usize = 256;

/// A goroutine may run for so long before others get a turn.
const SLICE: i64 = 10_000_000;
/// Ticks of the monitor without any worker awake after which it sleeps until one is.
const IDLE_TICKS: u32 = 5;
/// How long the end of a run waits for workers to notice it.
const END_PATIENCE: Duration = Duration::from_millis(200);
/// Rust stack of a worker's thread, in bytes: natives may recurse.
const THREAD_STACK: usize = 16 << 20;

/// Whoever executes goroutines: the bytecode machine, or a test's little interpreter.
pub trait Machine: Send + Sync {
    /// Runs `g`, which `w` owns, and after it whatever [`Worker::next`] gives, until that gives nothing or a stop is due.
    fn run(&self, w: &mut Worker, g: *mut G);

    /// Shows the roots that belong to no goroutine: globals, constants, tables. The world is stopped.
    fn visit_roots(&self, visitor: &mut dyn RootVisitor);

    /// Shows roots of a goroutine besides its stack up to `top`, its `machine` words and its `resume_words`. The world is stopped.
    fn visit_g(&self, _g: &G, _visitor: &mut dyn RootVisitor) {}

    /// The value a timer sends on its channel, in register form: the time of the monotonic reading `mono` (of [`Env::now`]), which was at or
    /// shortly before the wall clock time `wall` (seconds since 1970, nanoseconds). `out` has one word for each register, all zero.
    fn timer_value(&self, mono: i64, wall: (i64, u32), out: &mut [u64]) {
        if let Some(word) = out.first_mut() {
            *word = mono as u64;
        }
        if let Some(word) = out.get_mut(1) {
            *word = wall.0 as u64;
        }
    }

    /// Words of the stack in use by a goroutine that is alive and does not run, for the collector. The world is stopped.
    fn stack_top(&self, g: &G) -> u32 {
        g.top
    }

    /// Prepares the new goroutine `g` (see [`Worker::new_g`]) to call the func value `closure` without arguments, for a timer's function.
    fn start_func(&self, g: &mut G, closure: u64);
}

/// What a runtime is made with.
pub struct Config {
    /// GOMAXPROCS, 1 to 256. A deterministic run has 1.
    pub workers: usize,
    /// Where channels and timers live.
    pub heap: Arc<Heap>,
    /// Who executes goroutines.
    pub machine: Arc<dyn Machine>,
    /// Parallel or deterministic.
    pub mode: Mode,
    /// Who hears of each event.
    pub trace: Option<Arc<dyn TraceSink>>,
}

impl Config {
    /// A parallel runtime on all cores.
    pub fn new(heap: Arc<Heap>, machine: Arc<dyn Machine>) -> Config {
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        Config { workers, heap, machine, mode: Mode::Parallel, trace: None }
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// The main function returned.
    MainDone,
    /// All goroutines wait for each other: "all goroutines are asleep - deadlock!".
    Deadlock,
    /// The main goroutine called `runtime.Goexit` and all others have ended: "no goroutines (main called runtime.Goexit) - deadlock!".
    NoGoroutines,
    /// `os.Exit`, or a fatal error that was already reported.
    Exit(i32),
    /// Ended from outside by [`Runtime::stop`].
    Stopped,
    /// The runtime is broken: a Rust panic on one of its threads, with its message. To be reported like Go's `fatal error:`.
    Crashed(String),
}

/// A handle on a runtime; clones name the same one.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) shared: Arc<Shared>,
}

impl Runtime {
    /// A runtime, not running yet.
    pub fn new(config: Config) -> Runtime {
        let workers = if config.mode == Mode::Parallel { config.workers.clamp(1, MAX_WORKERS) } else { 1 };
        let hchan_layout = config.heap.layouts().add_offsets(size_of::<Hchan>(), HCHAN_POINTERS.into());
        let rtimer_layout = config.heap.layouts().add_offsets(size_of::<RTimer>(), RTIMER_POINTERS.into());
        let shared = Arc::new(Shared {
            hchan_layout,
            rtimer_layout,
            env: Env::new(config.mode),
            heap: config.heap,
            machine: config.machine,
            trace: config.trace,
            injector: Injector::new(),
            idle: IdleSet::new((1..workers as u16).rev().collect()),
            procs: AtomicU32::new(workers as u32),
            started: AtomicUsize::new(0),
            slots: (0..MAX_WORKERS).map(|_| Slot::new()).collect(),
            world: World::new(),
            timers: Timers::new(),
            watched: AtomicI64::new(i64::MAX),
            pending: AtomicUsize::new(0),
            blocking: BlockingPool::new(),
            gs: Slabs::new(),
            sudogs: Slabs::new(),
            sema: SemaTable::new(),
            next_id: AtomicU64::new(1),
            external_live: AtomicI64::new(0),
            coarse_now: AtomicI64::new(1),
            ended: AtomicBool::new(false),
            end: Mutex::new(End { how: None, alive: 0 }),
            end_changed: Condvar::new(),
            monitor: Monitor { asleep: AtomicBool::new(false), tick: Mutex::new(()), wake: Condvar::new() },
        });
        let weak = Arc::downgrade(&shared);
        shared.heap.set_gc_hook(move || {
            if let Some(shared) = weak.upgrade() {
                shared.ask_all(request::GC);
            }
        });
        Runtime { shared }
    }

    /// The main goroutine, to be filled in by the caller and given to [`Runtime::run`]. To be called once, before anything else.
    pub fn new_main(&self, min_words: u32) -> Result<*mut G, StackOverflow> {
        self.shared.new_external_g(min_words)
    }

    /// Runs `main` and all it starts, and returns how that ended. Workers are stopped by then, or abandoned if they do not answer; blocking
    /// calls are not waited for.
    pub fn run(&self, main: *mut G) -> RunEnd {
        let rt = &self.shared;
        // SAFETY: R2: the caller owns the new goroutine.
        unsafe { (*main).status = GStatus::Runnable };
        rt.injector.push(GRef(NonNull::new(main).expect("a goroutine")));
        rt.start_or_unpark(0);
        if !rt.env.deterministic() {
            let monitor = rt.clone();
            rt.spawn_thread("gol monitor", move || monitor.monitor());
        }
        let mut end = lock(&rt.end);
        while end.how.is_none() {
            end = rt.end_changed.wait(end).unwrap_or_else(|e| e.into_inner());
        }
        drop(end);
        rt.wake_monitor();
        let mut waited = Duration::ZERO;
        const STEP: Duration = Duration::from_millis(1);
        loop {
            rt.ask_all(request::QUIT);
            rt.unpark_all();
            let end = lock(&rt.end);
            if end.alive == 0 || waited >= END_PATIENCE {
                return end.how.clone().expect("the run has ended");
            }
            let _ = rt.end_changed.wait_timeout(end, STEP);
            waited += STEP;
        }
    }

    /// Ends the run from outside.
    pub fn stop(&self, how: RunEnd) {
        self.shared.end(how);
    }

    /// Makes a parked goroutine runnable from a thread that is no worker. The caller must have called [`Runtime::pending_begin`] before
    /// the goroutine was parked; this ends it.
    pub fn ready_external(&self, g: *mut G) {
        self.shared.ready_external(g);
    }

    /// Notes that something outside of workers will ready a goroutine later, so that waiting for it is no deadlock.
    pub fn pending_begin(&self) {
        self.shared.pending.fetch_add(1, SeqCst);
    }

    /// Takes back [`Runtime::pending_begin`] without readying anything.
    pub fn pending_end(&self) {
        self.shared.pending_end();
    }

    /// Clock and seeds.
    pub fn env(&self) -> &Env {
        &self.shared.env
    }

    /// The heap.
    pub fn heap(&self) -> &Arc<Heap> {
        &self.shared.heap
    }

    /// GOMAXPROCS.
    pub fn procs(&self) -> usize {
        self.shared.procs.load(Relaxed) as usize
    }

    /// How many goroutines there are; exact only while the world is stopped.
    pub fn num_goroutines(&self) -> usize {
        self.shared.live().max(0) as usize
    }

    /// All goroutines that have not ended, by id. To be looked at while the world is stopped or the run is over.
    pub fn all_gs(&self) -> Vec<*mut G> {
        let mut all = Vec::new();
        self.shared.gs.for_each(|g| {
            // SAFETY: R6: nobody owns goroutines while the world is stopped.
            if unsafe { (*g).status } != GStatus::Dead {
                all.push(g);
            }
        });
        // SAFETY: as above.
        all.sort_by_key(|&g| unsafe { (*g).id });
        all
    }

    /// Stops all workers, from a thread that is none of them. Each call needs a [`Runtime::start_the_world`].
    pub fn stop_the_world(&self) {
        self.shared.stop_the_world(false);
    }

    /// Lets the workers go on.
    pub fn start_the_world(&self) {
        self.shared.start_the_world(false);
    }
}

/// What all threads of a runtime share.
pub(crate) struct Shared {
    pub hchan_layout: LayoutId,
    pub rtimer_layout: LayoutId,
    pub env: Env,
    pub heap: Arc<Heap>,
    pub machine: Arc<dyn Machine>,
    pub trace: Option<Arc<dyn TraceSink>>,
    pub injector: Injector<GRef>,
    pub idle: IdleSet,
    /// GOMAXPROCS. Changed with the world stopped.
    pub procs: AtomicU32,
    /// Slots 0..started have (had) a worker.
    started: AtomicUsize,
    slots: Box<[Slot]>,
    pub world: World,
    pub timers: Timers,
    /// The deadline the sleeper that watches the clock waits for; a hint, for the monitor sees what all miss.
    watched: AtomicI64,
    /// Things outside of workers that will ready a goroutine.
    pub pending: AtomicUsize,
    pub blocking: BlockingPool,
    pub gs: Gs,
    pub sudogs: Sudogs,
    pub sema: SemaTable,
    pub next_id: AtomicU64,
    /// Goroutines made outside of workers.
    external_live: AtomicI64,
    /// The monitor's idea of now, for `wait_since`.
    pub coarse_now: AtomicI64,
    ended: AtomicBool,
    end: Mutex<End>,
    end_changed: Condvar,
    monitor: Monitor,
}

struct End {
    how: Option<RunEnd>,
    /// Threads of workers.
    alive: usize,
}

struct Monitor {
    /// Set by the monitor before it sleeps for long; whoever wakes a worker then wakes the monitor too.
    asleep: AtomicBool,
    tick: Mutex<()>,
    wake: Condvar,
}

/// A worker as others see it.
struct Slot {
    worker: AtomicPtr<Worker>,
    stealer: OnceLock<Stealer<GRef>>,
    parker: Parker,
    thread_started: AtomicBool,
    /// The worker sleeps: the monitor leaves it alone. Written by the worker.
    asleep: AtomicBool,
    /// Out of service, beyond GOMAXPROCS, and not on the idle list. Written in the world by the worker, or with the world stopped.
    surplus: AtomicBool,
}

impl Slot {
    fn new() -> Slot {
        Slot {
            worker: AtomicPtr::new(null_mut()),
            stealer: OnceLock::new(),
            parker: Parker { state: AtomicU32::new(0), thread: OnceLock::new() },
            thread_started: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            surplus: AtomicBool::new(false),
        }
    }
}

/// Where a worker's thread sleeps.
struct Parker {
    /// Bits [`WOKEN`] and [`HELP`]; set by others, taken by the sleeper.
    state: AtomicU32,
    thread: OnceLock<Thread>,
}

/// Taken off the idle list: look for work, as a spinning worker.
const WOKEN: u32 = 1;
/// Something else wants a look (a collection to help with, the end of the run).
const HELP: u32 = 2;

impl Parker {
    /// Sleeps until a bit is set or `timeout` (nanoseconds) is over; takes and returns the bits.
    fn park(&self, timeout: Option<i64>) -> u32 {
        let bits = self.state.swap(0, Acquire);
        if bits != 0 {
            return bits;
        }
        match timeout {
            Some(ns) if ns <= 0 => {}
            Some(ns) => std::thread::park_timeout(Duration::from_nanos(ns as u64)),
            None => std::thread::park(),
        }
        self.state.swap(0, Acquire)
    }

    fn unpark(&self, bits: u32) {
        self.state.fetch_or(bits, Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
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
    fn start_or_unpark(&self, id: u16) {
        let slot = &self.slots[id as usize];
        slot.parker.unpark(WOKEN);
        if !slot.thread_started.swap(true, Relaxed) {
            self.start_worker(id);
        }
        self.wake_monitor();
    }

    fn wake_monitor(&self) {
        if self.monitor.asleep.load(Relaxed) && self.monitor.asleep.swap(false, Relaxed) {
            drop(lock(&self.monitor.tick));
            self.monitor.wake.notify_all();
        }
    }

    /// The `Arc` this is in.
    fn arc(&self) -> Arc<Shared> {
        // SAFETY: a `Shared` is only ever made inside an `Arc` (`Runtime::new`), and `self` keeps a count alive.
        unsafe {
            Arc::increment_strong_count(self);
            Arc::from_raw(self)
        }
    }

    fn start_worker(&self, id: u16) {
        lock(&self.end).alive += 1;
        let rt = self.arc();
        self.spawn_thread("gol worker", move || {
            let _alive = Alive(rt.clone());
            worker_main(rt, id);
        });
    }

    /// Starts a thread whose panic ends the run.
    pub fn spawn_thread(&self, name: &str, body: impl FnOnce() + Send + 'static) {
        let rt = self.arc();
        let started = std::thread::Builder::new().name(name.to_string()).stack_size(THREAD_STACK).spawn(move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
                rt.end(RunEnd::Crashed(panic_message(&*panic)));
            }
        });
        if let Err(error) = started {
            self.end(RunEnd::Crashed(format!("cannot start a thread: {error}")));
        }
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

    fn started_slots(&self) -> &[Slot] {
        &self.slots[..self.started.load(Acquire)]
    }

    /// How many workers have ever been started.
    pub fn started_workers(&self) -> usize {
        self.started.load(Relaxed)
    }

    /// Has all sleeping workers look up.
    pub fn unpark_all(&self) {
        self.started_slots().iter().for_each(|slot| slot.parker.unpark(HELP));
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
    fn any_work(&self) -> bool {
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
            let bits = slot.parker.park(watch.then(|| when - self.env.now()));
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

    /// The worker is off the idle list afterwards; it spins if a waker took it off.
    fn wake_up(&self, w: &mut Worker, slot: &Slot, mut bits: u32) {
        if bits & WOKEN == 0 {
            if self.idle.cancel_sleep(w.id) {
                if self.monitor.asleep.load(Relaxed) {
                    self.wake_monitor();
                }
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
            self.end_deadlocked();
        }
    }

    fn end_deadlocked(&self) {
        self.end(if self.live() == 0 { RunEnd::NoGoroutines } else { RunEnd::Deadlock });
    }

    /// Deterministic mode, nothing is runnable: first blocking calls are waited for, then the clock jumps to the next timer.
    fn wait_deterministic(&self, w: &mut Worker) {
        if self.blocking.wait_for_one(self, w) {
            return;
        }
        if self.timers.purge_is_empty() {
            self.end_deadlocked();
            return;
        }
        self.env.advance_to(self.timers.next_when());
        w.check_timers();
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
        self.gs.refill(&mut pool, new_g);
        let g = pool.pop().expect("refilled").as_ptr();
        self.gs.drain_all(&mut pool);
        let id = self.next_id.fetch_add(1, Relaxed);
        // SAFETY: R1, R2: it comes from the pool.
        unsafe {
            (*g).renew(id, min_words)?;
            (*g).parent = 0;
            (*g).created_by = (0, 0);
            (*g).status = GStatus::Runnable;
        }
        self.external_live.fetch_add(1, Relaxed);
        self.trace_event(None, &Event::Go { g: id, parent: 0 });
        Ok(g)
    }

    /// Puts a goroutine that the caller owns in the injector, and ends what was pending for it.
    pub fn ready_external(&self, g: *mut G) {
        self.inject(g);
        self.pending_end();
    }

    pub fn inject(&self, g: *mut G) {
        // SAFETY: R2: whoever readies a goroutine owns it.
        unsafe {
            (*g).status = GStatus::Runnable;
            self.trace_event(None, &Event::Ready { g: (*g).id });
        }
        self.injector.push(GRef(NonNull::new(g).expect("a goroutine")));
    }

    /// One thing less is pending. What it readied is in the injector by now. The wake comes last: whichever worker runs dry after it sees the
    /// count that it left.
    pub fn pending_end(&self) {
        self.pending.fetch_sub(1, SeqCst);
        self.wake();
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
    }

    /// Goroutines that have not ended.
    fn live(&self) -> i64 {
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

    // ---- the monitor ----

    fn monitor(&self) {
        let mut seen: Vec<(u32, i64)> = Vec::new();
        let mut idle_ticks = 0;
        while !self.ended.load(Acquire) {
            let now = self.env.now();
            self.coarse_now.store(now, Relaxed);
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
            self.fire_timers(now);
            let all_idle = self.world.running() == 0;
            idle_ticks = if all_idle { idle_ticks + 1 } else { 0 };
            let guard = lock(&self.monitor.tick);
            if idle_ticks > IDLE_TICKS {
                self.monitor.asleep.store(true, SeqCst);
                fence(SeqCst);
                if self.world.running() == 0 && !self.ended.load(Acquire) {
                    // A missed wake only delays preemption, so a bounded sleep is all the care it needs.
                    drop(self.monitor.wake.wait_timeout(guard, Duration::from_millis(1000)));
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
            drop(self.monitor.wake.wait_timeout(guard, Duration::from_nanos(wait as u64)));
        }
    }

    /// Fires what is long due, on a thread that is no worker.
    fn fire_timers(&self, now: i64) {
        if self.timers.next_when() > now - 100_000 {
            return;
        }
        self.pending.fetch_add(1, SeqCst);
        self.world.enter();
        let mut due = Vec::new();
        self.timers.run(self, now, &mut due);
        for what in due {
            match what {
                Due::Ready(g) => self.inject(g),
                Due::Func(closure) => {
                    if let Ok(g) = self.new_external_g(crate::stack::MIN_WORDS) {
                        // SAFETY: R2: the new goroutine is ours.
                        self.machine.start_func(unsafe { &mut *g }, closure);
                        self.inject(g);
                    }
                }
            }
        }
        self.world.exit();
        self.pending_end();
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
        for what in due.drain(..) {
            match what {
                Due::Ready(g) => self.goready(g),
                Due::Func(closure) => {
                    if let Ok(g) = self.new_g(null(), (0, 0), crate::stack::MIN_WORDS) {
                        // SAFETY: R2: the new goroutine is ours.
                        rt.machine.start_func(unsafe { &mut *g }, closure);
                        self.goready(g);
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
    let _ = slot.parker.thread.set(std::thread::current());
    let deque = crossbeam_deque::Worker::new_fifo();
    let _ = slot.stealer.set(deque.stealer());
    // The worker stays where it is (R7) and is not freed: others may ask something of it until the runtime goes, and its counts stay valid.
    let worker = Box::into_raw(Box::new(Worker::new(rt.clone(), id, deque)));
    slot.worker.store(worker, Release);
    rt.started.fetch_max(id as usize + 1, AcqRel);
    // SAFETY: R7: this thread is the only one with a reference.
    let w = unsafe { &mut *worker };
    w.spinning = slot.parker.state.swap(0, Acquire) & WOKEN != 0 && id != 0;
    if rt.ended.load(Acquire) {
        return;
    }
    rt.world.enter();
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
