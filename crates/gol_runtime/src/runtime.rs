//! The runtime as the crates above see it: how it is made, run and asked; and [`Machine`], what they give it.

use crate::blocking::BlockingPool;
use crate::chan::{HCHAN_POINTERS, Hchan};
use crate::env::{Env, Mode};
use crate::g::{G, GRef, GStatus, Slabs};
use crate::gc::{GcListener, Markers, World};
use crate::idle::IdleSet;
use crate::limits::{Limit, Limits, Meter};
use crate::monitor::Monitor;
use crate::poll::PollerCell;
use crate::proc::{End, Shared, Slot};
use crate::sema::SemaTable;
use crate::session::Interrupts;
use crate::signals::Signals;
use crate::stack::StackOverflow;
use crate::sync::{Arc, AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Condvar, Mutex, Ordering::*, lock};
use crate::time::{RTIMER_POINTERS, RTimer, Timers};
use crate::trace::TraceSink;
use crate::worker::{Worker, request};
use crossbeam_deque::Injector;
use gol_heap::{Heap, MarkSession, RootVisitor};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::time::Duration;

/// The most workers a runtime can have.
pub const MAX_WORKERS: usize = if cfg!(loom) { 4 } else { 256 };

/// How long the end of a run waits for workers to notice it.
const END_PATIENCE: Duration = Duration::from_millis(200);
/// The same where all goroutines will be shown, which takes that none runs any more.
const DUMP_PATIENCE: Duration = Duration::from_secs(2);

/// Whoever executes goroutines: the bytecode machine, or a test's little interpreter.
pub trait Machine: Send + Sync {
    /// Runs `g`, which `w` owns, and after it whatever [`Worker::next`] gives, until that gives nothing or a stop is due.
    fn run(&self, w: &mut Worker, g: *mut G);

    /// Shows the roots that belong to no goroutine: globals, constants, tables. The world is stopped.
    fn visit_roots(&self, visitor: &mut dyn RootVisitor);

    /// Shows roots of a goroutine besides its stack up to `top`, its `machine` words. The world is stopped.
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

    /// All that was known to be reachable is marked. May mark more, and says whether it did; asked again then. The world is stopped.
    fn marked(&self, _session: &MarkSession<'_>) -> bool {
        false
    }

    /// A collection is over and the world goes on; `w` runs.
    fn collected(&self, _w: &mut Worker) {}

    /// Words of the stack in use by a goroutine that is alive and does not run, for the collector. The world is stopped.
    fn stack_top(&self, g: &G) -> u32 {
        g.top
    }

    /// Words of the stack that the goroutine will use without asking for room again. That may be more than
    /// [`Self::stack_top`]: a frame below the top one may go further up once it runs again.
    fn stack_extent(&self, g: &G) -> u32 {
        self.stack_top(g)
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
    /// Who hears of each collection.
    pub gc_listener: Option<GcListener>,
    /// What the run may use.
    pub limits: Limits,
    /// Called when all goroutines sleep for ever, in place of the end of the run; it must not wait for anything.
    pub idle: Option<Box<dyn Fn() + Send + Sync>>,
}

/// The cores that the process may use, counted once: the system keeps the answer in several files.
pub fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

impl Config {
    /// A parallel runtime on all cores.
    pub fn new(heap: Arc<Heap>, machine: Arc<dyn Machine>) -> Config {
        Config {
            workers: cores(),
            heap,
            machine,
            mode: Mode::Parallel,
            trace: None,
            gc_listener: None,
            limits: Limits::default(),
            idle: None,
        }
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
    /// A limit was reached.
    Limit(Limit),
    /// A signal that asks a program to quit and to show its goroutines, in Go's words.
    Quit(&'static str),
    /// Ended from outside by [`Runtime::stop`].
    Stopped,
    /// The system gives no thread that is needed, with its reason.
    NoThread(String),
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
        let meter = Meter::new(config.limits, &config.heap);
        let shared = Arc::new(Shared {
            hchan_layout,
            rtimer_layout,
            env: Env::new(config.mode),
            heap: config.heap,
            machine: config.machine,
            trace: config.trace,
            gc_listener: config.gc_listener,
            meter,
            interrupts: Interrupts::default(),
            frozen: AtomicBool::new(config.idle.is_some() && config.mode != Mode::Parallel),
            on_idle: config.idle,
            injector: Injector::new(),
            idle: IdleSet::new((1..workers as u16).rev().collect()),
            procs: AtomicU32::new(workers as u32),
            started: AtomicUsize::new(0),
            slots: (0..MAX_WORKERS).map(|_| Slot::new()).collect(),
            world: World::new(),
            markers: Markers::new(),
            timers: Timers::new(),
            watched: AtomicI64::new(i64::MAX),
            pending: AtomicUsize::new(0),
            blocking: BlockingPool::new(),
            poller: PollerCell::new(),
            signals: Signals::default(),
            gs: Slabs::new(),
            sudogs: Slabs::new(),
            sema: SemaTable::new(),
            next_id: AtomicU64::new(1),
            external_live: AtomicI64::new(0),
            coarse_seconds: AtomicU32::new(0),
            ended: AtomicBool::new(false),
            end: Mutex::new(End { how: None, alive: 0 }),
            end_changed: Condvar::new(),
            monitor: Monitor::new(),
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
    ///
    /// # Safety
    /// R9: `main` came from [`Runtime::new_main`] and is ready to run, and the caller does not touch it afterwards.
    pub unsafe fn run(&self, main: *mut G) -> RunEnd {
        let rt = &self.shared;
        // SAFETY: R2: the caller owns the new goroutine.
        unsafe { (*main).status = GStatus::Runnable };
        rt.injector.push(GRef(NonNull::new(main).expect("a goroutine")));
        let signals = rt.signals.begin();
        rt.start_or_unpark(0);
        rt.start_monitor();
        if let Some(signals) = signals {
            rt.attend_signals(signals);
        }
        let mut end = lock(&rt.end);
        while end.how.is_none() {
            end = rt.end_changed.wait(end).unwrap_or_else(|e| e.into_inner());
        }
        drop(end);
        rt.signals.end();
        rt.wake_monitor();
        let mut waited = Duration::ZERO;
        const STEP: Duration = Duration::from_millis(1);
        loop {
            rt.ask_all(request::QUIT);
            rt.unpark_helpers();
            let end = lock(&rt.end);
            let patience =
                if matches!(end.how, Some(RunEnd::Limit(_) | RunEnd::Quit(_))) { DUMP_PATIENCE } else { END_PATIENCE };
            if end.alive == 0 || waited >= patience {
                return end.how.clone().expect("the run has ended");
            }
            let _ = rt.end_changed.wait_timeout(end, STEP);
            waited += STEP;
        }
    }

    /// Whether all workers have ended, so that [`Runtime::all_gs`] can be looked at after a run.
    pub fn at_rest(&self) -> bool {
        lock(&self.shared.end).alive == 0
    }

    /// Ends the run from outside.
    pub fn stop(&self, how: RunEnd) {
        self.shared.end(how);
    }

    /// Makes a parked goroutine runnable from a thread that is no worker. The caller must have called [`Runtime::pending_begin`] before
    /// the goroutine was parked; this ends it.
    ///
    /// # Safety
    /// R9: the caller owns `g`, and does not touch it afterwards.
    pub unsafe fn ready_external(&self, g: *mut G) {
        // SAFETY: the caller's promise.
        unsafe { self.shared.ready_external(g) };
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
