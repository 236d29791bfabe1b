//! `Vm`: a loaded program with its heap and natives, and what running it comes to.

use crate::call;
use crate::crash::{Crash, Traceback};
use crate::finalizers::Finalizers;
use crate::gcstats::GcStats;
use crate::host::Host;
use crate::image::{HEADER, Image};
use crate::print::write_stderr;
use crate::provenance::Provenance;
use crate::raise::Raise;
use crate::value::load_leaves;
use crate::weak::WeakRefs;
use crate::{NativeFn, interp, report, services};
use gol_bytecode::{Addition, FuncId, Program, TypeRef};
use gol_heap::{Heap, HeapConfig, LayoutId, MarkSession, RootVisitor, mem};
use gol_runtime::{Config, G, Limit, Limits, Machine, Mode, RunEnd, Runtime, Worker};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The goroutine whose end is the program's, unless it is a session's.
const MAIN: u64 = 1;

/// Room for the variables of a session, in bytes of addresses.
const SESSION_GLOBALS: usize = 1 << 28;

/// The program as a file that can be run again. It is a text, so what is started is this binary with the text.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What `os.Executable` says.
    pub path: PathBuf,
    /// What this binary is given before the program's own arguments.
    pub words: Vec<OsString>,
}

/// How to run a program.
#[derive(Clone, Debug)]
pub struct Options {
    /// GOMAXPROCS.
    pub workers: usize,
    /// Parallel, or deterministic with a seed.
    pub mode: Mode,
    /// `os.Args`.
    pub args: Vec<String>,
    /// Where the program comes from; `None` if that is no file.
    pub origin: Option<Origin>,
    /// Collect at every so many allocations (0: no): finds roots that were forgotten.
    pub gc_stress: usize,
    /// Shows each collection on standard error.
    pub gc_stats: bool,
    /// What the run may use.
    pub limits: Limits,
    /// As `debug.SetGCPercent`.
    pub gc_percent: i32,
    /// As `debug.SetMemoryLimit`; `i64::MAX` for none.
    pub memory_limit: i64,
    /// GOTRACEBACK.
    pub traceback: Traceback,
}

impl Default for Options {
    /// One worker, and all else as if the environment said nothing.
    fn default() -> Options {
        Options {
            workers: 1,
            mode: Mode::Parallel,
            args: Vec::new(),
            origin: None,
            gc_stress: 0,
            gc_stats: false,
            limits: Limits::default(),
            gc_percent: 100,
            memory_limit: i64::MAX,
            traceback: Traceback::parse(""),
        }
    }
}

/// A program that runs.
pub struct Vm {
    pub(crate) image: Image,
    pub(crate) heap: Arc<Heap>,
    pub(crate) globals: *mut u8,
    globals_words: Box<[u128]>,
    /// One bit an 8-byte word of the globals: it may hold a pointer.
    globals_ptr_words: Mutex<Vec<u64>>,
    globals_size: AtomicU64,
    entry: Option<FuncId>,
    /// The goroutine whose end is the program's, or the present entry's; 0: none.
    pub(crate) main: AtomicU64,
    /// The session that this program is run in; `None`: the process is the program's own.
    pub(crate) host: Option<Arc<dyn Host>>,
    /// Held by who adds to the program.
    pub(crate) additions: Mutex<()>,
    /// Where the script's `time.Local` is, 0 until a timer has told ([`crate::services`]).
    pub(crate) time_local: AtomicU64,
    pub(crate) crash: Crash,
    /// What `--gcstats` has counted in a session.
    pub(crate) gc_stats: OnceLock<Arc<GcStats>>,
    pub(crate) provenance: Provenance,
    pub(crate) finalizers: Finalizers,
    pub(crate) weak: WeakRefs,
    runtime: OnceLock<Runtime>,
    options: Options,
}

// SAFETY: `globals` points into `globals_words`, memory of the script that is accessed by means of `mem` only (H6); the rest
// is shared data that does not change.
unsafe impl Send for Vm {}
// SAFETY: as above.
unsafe impl Sync for Vm {}

impl Vm {
    /// Loads a program; `find` gives a native by its full name. The error names what the program lacks or does wrong.
    pub fn new(program: Program, find: impl Fn(&str) -> Option<NativeFn>, options: Options) -> Result<Arc<Vm>, String> {
        Vm::load(program.into(), find, options, None)
    }

    /// Loads a program, or the first part of a session's.
    pub(crate) fn load(
        program: Addition,
        find: impl Fn(&str) -> Option<NativeFn>,
        options: Options,
        host: Option<Arc<dyn Host>>,
    ) -> Result<Arc<Vm>, String> {
        mem::check_cpu()?;
        let config = HeapConfig { gc_percent: options.gc_percent, ..HeapConfig::default() };
        let heap = Heap::new(config).map_err(|e| e.to_string())?;
        heap.set_stress(options.gc_stress);
        set_memory_limit(&heap, options.memory_limit);
        let (size, bits, entry) = (program.globals_size, program.globals_ptr_words.clone(), program.entry);
        let image = Image::load(program, &heap, find, host.is_some())?;
        let room = if host.is_some() { SESSION_GLOBALS.max(size as usize) } else { size as usize };
        let mut globals_words = vec![0u128; room.div_ceil(16)].into_boxed_slice();
        let globals = globals_words.as_mut_ptr().cast::<u8>();
        let runtime = OnceLock::new();
        Ok(Arc::new(Vm {
            image,
            heap,
            globals,
            globals_words,
            globals_ptr_words: Mutex::new(bits),
            globals_size: AtomicU64::new(size),
            entry,
            main: AtomicU64::new(MAIN),
            host,
            additions: Mutex::new(()),
            time_local: AtomicU64::new(0),
            crash: Crash::new(options.traceback),
            gc_stats: OnceLock::new(),
            provenance: Provenance::default(),
            finalizers: Finalizers::default(),
            weak: WeakRefs::default(),
            runtime,
            options,
        }))
    }

    /// Runs the program's entry to its end; gives the exit status. Reports what is wrong on standard error.
    pub fn run(self: &Arc<Vm>) -> i32 {
        let Some(FuncId(entry)) = self.entry else { return 0 };
        let gc_stats = self.options.gc_stats.then(Arc::<GcStats>::default);
        let mut config = self.config();
        config.gc_listener = gc_stats.as_ref().map(|stats| stats.listener(write_stderr));
        let runtime = self.runtime.get_or_init(|| Runtime::new(config));
        let meta = &self.image.funcs[entry as usize];
        let Ok(main) = runtime.new_main(HEADER as u32 + meta.nregs) else {
            report_out_of_memory();
            return 2;
        };
        // SAFETY: V1, and the goroutine is new and has the room it was asked for.
        unsafe { call::start_frame(self, main, meta.entry, 0) };
        // SAFETY: the goroutine has its first frame.
        let end = unsafe { runtime.run(main) };
        if let Some(stats) = gc_stats {
            write_stderr(stats.summary(runtime.env().now(), &self.heap.stats()).as_bytes());
        }
        match end {
            RunEnd::MainDone => 0,
            RunEnd::Exit(status) => status,
            end @ (RunEnd::Deadlock | RunEnd::NoGoroutines) => {
                // SAFETY: the run has ended; no worker runs.
                unsafe { report::deadlock(self, &runtime.all_gs(), end == RunEnd::Deadlock) };
                2
            }
            RunEnd::Limit(limit) => {
                self.crash.write(self.limit_report(limit).as_bytes());
                2
            }
            RunEnd::NoThread(why) => {
                self.crash.write(report::no_thread(&why).as_bytes());
                2
            }
            RunEnd::Crashed(what) => {
                self.crash.write(report::fault(&what).as_bytes());
                2
            }
            RunEnd::Quit(signal) => {
                // SAFETY: as for a limit.
                unsafe { report::quit(self, signal, &if runtime.at_rest() { runtime.all_gs() } else { Vec::new() }) };
                2
            }
            RunEnd::Stopped => 130,
        }
    }

    /// What is said when the run has ended by a limit.
    pub(crate) fn limit_report(&self, limit: Limit) -> String {
        let runtime = self.runtime();
        let gs = if runtime.at_rest() { runtime.all_gs() } else { Vec::new() };
        // SAFETY: none is shown unless all workers have ended.
        unsafe { report::limit(self, limit, &gs) }
    }

    /// What the scheduler is made with.
    pub(crate) fn config(self: &Arc<Vm>) -> Config {
        let machine = Arc::new(Interpreter { vm: self.clone() });
        let mut config = Config::new(self.heap.clone(), machine);
        config.workers = self.options.workers;
        config.mode = self.options.mode;
        config.limits = self.options.limits;
        config
    }

    /// Makes the scheduler.
    pub(crate) fn set_runtime(&self, runtime: Runtime) {
        assert!(self.runtime.set(runtime).is_ok(), "a VM is started once");
    }

    /// The block of globals gets larger; `bits`: which of its words may hold pointers. The error says that it cannot.
    pub(crate) fn grow_globals(&self, size: u64, bits: Vec<u64>) -> Result<(), String> {
        if size > self.globals_words.len() as u64 * 16 {
            return Err("the session's variables take too much memory: :reset starts a new one".into());
        }
        *self.globals_ptr_words() = bits;
        self.globals_size.store(size, Relaxed);
        Ok(())
    }

    /// Bytes of the block of globals.
    pub(crate) fn globals_size(&self) -> u64 {
        self.globals_size.load(Relaxed)
    }

    /// One bit an 8-byte word of the globals: it may hold a pointer.
    pub(crate) fn globals_ptr_words(&self) -> MutexGuard<'_, Vec<u64>> {
        self.globals_ptr_words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that this program is run in.
    pub fn host(&self) -> Option<&Arc<dyn Host>> {
        self.host.as_ref()
    }

    /// The scheduler. Natives may use it; before [`Vm::run`] there is none.
    pub fn runtime(&self) -> &Runtime {
        self.runtime.get().expect("natives run inside Vm::run")
    }

    pub(crate) fn runtime_now(&self) -> i64 {
        self.runtime().env().now()
    }

    /// How it was asked to run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The heap, for statistics and settings.
    pub fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    /// Memory of `size` zero bytes.
    #[inline]
    pub(crate) fn alloc(&self, w: &mut Worker, size: usize, layout: LayoutId) -> Result<*mut u8, Raise> {
        let p = w.heap.alloc(size, layout);
        if p.is_null() {
            return Err(Raise::OutOfMemory);
        }
        self.after_alloc(w);
        Ok(p)
    }

    /// If the heap wants a collection, the next back-edge or call is a safepoint.
    #[inline(always)]
    pub(crate) fn after_alloc(&self, w: &Worker) {
        if self.heap.gc_wanted() {
            w.guard.store(0, Relaxed);
        }
    }

    /// Zeroed memory for `n` values of type `t`.
    pub(crate) fn new_array(&self, w: &mut Worker, t: TypeRef, n: u64) -> Result<*mut u8, Raise> {
        let meta = self.image.types.meta(t);
        let size = usize::try_from(n).ok().and_then(|n| n.checked_mul(meta.size)).ok_or(Raise::OutOfMemory)?;
        self.alloc(w, size, meta.layout)
    }

    /// A new copy of the value of type `t` at `p`.
    ///
    /// # Safety
    /// H6 for the value at `p`.
    pub(crate) unsafe fn copy_value(&self, w: &mut Worker, t: TypeRef, p: *const u8) -> Result<*mut u8, Raise> {
        let (meta, desc) = (self.image.types.meta(t), self.image.ty(t));
        let copy = self.alloc(w, meta.size, meta.layout)?;
        // SAFETY: the caller's promise; the copy has the room.
        unsafe { mem::copy_units(copy, p, meta.size, desc.align as usize) };
        Ok(copy)
    }

    /// Loads the value of type `t` at `p` into registers from `d` on.
    ///
    /// # Safety
    /// H6 for the value at `p`; V2 for `d`.
    #[inline]
    pub(crate) unsafe fn load_value(&self, w: &mut Worker, t: TypeRef, p: *const u8, d: *mut u64) -> Result<(), Raise> {
        let desc = self.image.ty(t);
        // SAFETY: the caller's promises.
        unsafe {
            if desc.is_mem {
                *d = self.copy_value(w, t, p)? as u64;
            } else {
                load_leaves(&desc.leaves, p, d);
            }
        }
        Ok(())
    }

    /// The zero value of type `t` in registers from `d` on.
    ///
    /// # Safety
    /// V2.
    pub(crate) unsafe fn zero_value(&self, w: &mut Worker, t: TypeRef, d: *mut u64) -> Result<(), Raise> {
        let desc = self.image.ty(t);
        // SAFETY: the caller's promise.
        unsafe {
            if desc.is_mem {
                let meta = self.image.types.meta(t);
                *d = self.alloc(w, meta.size, meta.layout)? as u64;
            } else {
                std::ptr::write_bytes(d, 0, desc.regs as usize);
            }
        }
        Ok(())
    }
}

fn report_out_of_memory() {
    crate::print::write_stderr(b"fatal error: runtime: out of memory\n");
}

/// Limits as scripts give them: no limit is the largest int64.
pub(crate) fn set_memory_limit(heap: &Heap, bytes: i64) -> i64 {
    let limit = if bytes == i64::MAX { u64::MAX } else { bytes.max(0) as u64 };
    heap.set_soft_limit(limit).try_into().unwrap_or(i64::MAX)
}

/// The VM as the scheduler sees it.
struct Interpreter {
    vm: Arc<Vm>,
}

impl Machine for Interpreter {
    fn run(&self, w: &mut Worker, g: *mut G) {
        // SAFETY: V1: the image is verified. V3: the scheduler gives us the goroutine.
        unsafe { interp::run(&self.vm, w, g) }
    }

    fn visit_roots(&self, visitor: &mut dyn RootVisitor) {
        let vm = &self.vm;
        let bits = vm.globals_ptr_words();
        let words = vm.globals_words.len() * 2;
        for i in (0..words.min(bits.len() * 64)).filter(|i| bits[i / 64] >> (i % 64) & 1 != 0) {
            // SAFETY: H6: within the globals; the world is stopped.
            visitor.word(unsafe { mem::load_u64(vm.globals.add(i * 8)) });
        }
        vm.finalizers.visit_roots(&vm.heap, visitor);
    }

    fn marked(&self, session: &MarkSession<'_>) -> bool {
        self.vm.weak.marked(session);
        let more = self.vm.finalizers.marked(session);
        if !more {
            self.vm.provenance.retain(|object| session.is_marked(object as *const u8));
        }
        more
    }

    fn collected(&self, w: &mut Worker) {
        let Some(runner) = self.vm.finalizers.start() else { return };
        // SAFETY: `runner` is the func value of a function without parameters that a script gave; the goroutine is new.
        unsafe {
            let entry = *(runner as *const u64) as u32;
            let words = HEADER as u32 + self.vm.image.nregs_at(entry);
            let Ok(g) = w.new_g(0, 0, words) else {
                // No memory for its stack: the calls are due after the next collection too.
                self.vm.finalizers.put_off();
                return;
            };
            call::start_frame(&self.vm, g, entry, runner);
            w.goready(g);
        }
    }

    fn stack_top(&self, g: &G) -> u32 {
        // SAFETY: V3: the world is stopped and the state saved; the saved base is a frame's.
        let entry = unsafe { *g.stack.ptr().add(g.base as usize).sub(3) } as u32;
        g.base + self.vm.image.nregs_at(entry)
    }

    fn stack_extent(&self, g: &G) -> u32 {
        let (mut base, mut extent) = (g.base as usize, 0);
        loop {
            // SAFETY: V3: the world is stopped and the state saved; links lead down to the first frame.
            let (entry, link) = unsafe {
                let registers = g.stack.ptr().add(base);
                (*registers.sub(3) as u32, *registers.sub(2))
            };
            extent = extent.max(base as u32 + self.vm.image.nregs_at(entry));
            if link as u32 == self.vm.image.stubs.goexit_pc {
                return extent;
            }
            base -= (link >> 32) as usize;
        }
    }

    fn timer_value(&self, mono: i64, wall: (i64, u32), out: &mut [u64]) {
        services::timer_value(&self.vm, mono, wall, out);
    }

    fn start_func(&self, g: &mut G, closure: u64) {
        // SAFETY: the scheduler gives a new goroutine and a closure object of this VM.
        unsafe {
            let entry = *(closure as *const u64) as u32;
            let need = HEADER as u32 + self.vm.image.nregs_at(entry);
            g.stack.grow(need).expect("a timer's function has a frame of ordinary size");
            call::start_frame(&self.vm, g, entry, closure);
        }
    }
}
