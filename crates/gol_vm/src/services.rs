//! What natives may ask of the scheduler, the timers, the collector and the stacks.
//!
//! Safe methods of [`Native`] over `gol_runtime`'s primitives, so that the bodies of packages sync, time and runtime need
//! no unsafe code. What parks or yields returns [`Flow::Parked`]; all arguments must be read and all results given before.

use crate::call::SLOT;
use crate::finalizers::Due;
use crate::native::{Address, Flow, Native, NativeResult};
use crate::raise::Raise;
use crate::vm::set_memory_limit;
use crate::{Traceback, Vm, panics, report};
use gol_bytecode::{Kind, TypeRef};
use gol_heap::mem;
use gol_runtime::{
    Acquired, Hchan, NotifyList, Resume, TimerAction, TimerId, WaitReason, notify_list_add, notify_list_notify_all,
    notify_list_notify_one, notify_list_wait, semacquire, semrelease, sleep, timer_reset, timer_start, timer_stop,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// One frame of a goroutine, as `runtime.Caller` gives it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Names the frame's function and place; never 0.
    pub pc: u64,
    /// `main.f`.
    pub function: String,
    /// The source file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// As `pc`, of the function's first instruction.
    pub entry: u64,
}

/// A frame of Go's runtime that gol has no function for. Programs count them.
#[derive(Clone, Copy, Debug)]
enum RuntimeFrame {
    Panic,
    Goexit,
    InitPackage,
    InitAll,
    Main,
    End,
}

impl RuntimeFrame {
    const ALL: [RuntimeFrame; 6] = [
        RuntimeFrame::Panic,
        RuntimeFrame::Goexit,
        RuntimeFrame::InitPackage,
        RuntimeFrame::InitAll,
        RuntimeFrame::Main,
        RuntimeFrame::End,
    ];

    /// Those below `main.main`, or below what initializes a package.
    fn below(in_main: bool) -> &'static [RuntimeFrame] {
        if in_main { &RuntimeFrame::ALL[4..] } else { &RuntimeFrame::ALL[2..] }
    }

    /// With the place that it has in Go 1.27.
    fn frame(self) -> Frame {
        let (function, file, line) = match self {
            RuntimeFrame::Panic => ("gopanic", "panic.go", 859),
            RuntimeFrame::Goexit => ("Goexit", "panic.go", 694),
            RuntimeFrame::InitPackage => ("doInit1", "proc.go", 8154),
            RuntimeFrame::InitAll => ("doInit", "proc.go", 8121),
            RuntimeFrame::Main => ("main", "proc.go", 302),
            RuntimeFrame::End => ("goexit", "asm_amd64.s", 1264),
        };
        let pc = 1 + self as u64;
        Frame { pc, function: format!("runtime.{function}"), file: format!("runtime/{file}"), line, entry: pc }
    }
}

/// Numbers that name places in the code begin here, so that none is 0.
pub(crate) const TEXT_START: u64 = 0x40_0000;
/// Above the number of a word, in the number of a frame's place: how many calls around it are not made.
const LEVEL_SHIFT: u32 = 40;

/// Writers of 16-byte units that must see what they replace come one at a time; readers need no lock.
static UNIT_WRITERS: Mutex<()> = Mutex::new(());

fn parked(acquired: Acquired) -> NativeResult {
    Ok(match acquired {
        Acquired::Done => Flow::Done,
        Acquired::Parked => Flow::Parked,
    })
}

impl Native<'_> {
    // ---- semaphores ----

    /// Waits until the `uint32` at `at` is positive and takes one off it. Gives whether it did: false is for a goroutine that was asked to
    /// end, which is to call [`Native::leave`] when it has taken itself out of what counts it as a waiter.
    pub fn semacquire(&mut self, at: Address<'_>, reason: WaitReason, first: bool) -> NativeResult {
        self.give_whether_done();
        // SAFETY: R9: a live word, kept alive by the parked goroutine's registers; V3, with the state saved.
        parked(unsafe { semacquire(self.w, self.g, at.number() as *const AtomicU32, reason, first) })
    }

    /// Adds one to the `uint32` at `at`, or gives it to a goroutine that waits for it; with `handoff` that one runs next.
    pub fn semrelease(&mut self, at: Address<'_>, handoff: bool) -> NativeResult {
        // SAFETY: R9: a live word.
        if unsafe { semrelease(self.w, at.number() as *const AtomicU32, handoff) } {
            return self.yield_now();
        }
        Ok(Flow::Done)
    }

    /// A ticket of the notification list at `at`, which is two `uint32`.
    pub fn notify_add(&mut self, at: Address<'_>) -> u32 {
        // SAFETY: R9: the script's type has both words.
        unsafe { notify_list_add(at.number() as *const NotifyList) }
    }

    /// Waits until `ticket` is notified; gives whether it was, as [`Native::semacquire`].
    pub fn notify_wait(&mut self, at: Address<'_>, ticket: u32) -> NativeResult {
        self.give_whether_done();
        // SAFETY: R9, as `notify_add`; the list stays alive by the goroutine's registers; V3, with the state saved.
        parked(unsafe { notify_list_wait(self.w, self.g, at.number() as *const NotifyList, ticket) })
    }

    /// Gives true, and keeps the place where `chans::resume` puts false instead.
    fn give_whether_done(&mut self) {
        // SAFETY: V3; the window lies in the goroutine's stack, and its first word is the result.
        unsafe { (*self.g).machine[SLOT] = self.window.offset_from((*self.g).stack.ptr()) as u64 };
        self.give_bool(true);
    }

    /// Ends the goroutine if it was asked to end; its deferred calls run. To be called again until it does.
    pub fn leave(&mut self) -> NativeResult {
        // SAFETY: V3: the goroutine is ours, with its state saved.
        unsafe {
            if self.w.interrupt_asked((*self.g).id) {
                (*self.g).resume = Resume::Interrupted;
            }
        }
        self.yield_now()
    }

    /// Notifies the ticket that has waited longest.
    pub fn notify_one(&mut self, at: Address<'_>) {
        // SAFETY: R9, as `notify_add`.
        unsafe { notify_list_notify_one(self.w, at.number() as *const NotifyList) }
    }

    /// Notifies all tickets.
    pub fn notify_all(&mut self, at: Address<'_>) {
        // SAFETY: R9, as `notify_add`.
        unsafe { notify_list_notify_all(self.w, at.number() as *const NotifyList) }
    }

    /// Sets the interface variable at `at` to `new` if it holds `old`, word for word; whether it did.
    pub fn replace_iface(&mut self, at: Address<'_>, old: (u64, u64), new: (u64, u64)) -> bool {
        let _one = UNIT_WRITERS.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: H6: the script's type is an interface: a live, aligned unit.
        unsafe {
            if mem::load16(at.number() as *const u8) != old {
                return false;
            }
            mem::store16(at.number() as *mut u8, new.0, new.1);
        }
        true
    }

    // ---- time ----

    /// The monotonic clock, in nanoseconds.
    pub fn monotonic(&self) -> i64 {
        self.vm.runtime_now()
    }

    /// The wall clock: seconds since 1970 and nanoseconds.
    pub fn wall(&self) -> (i64, u32) {
        self.vm.runtime().env().wall()
    }

    /// A number that no other call gives; the same ones in every deterministic run with one seed.
    pub fn seed(&self) -> u64 {
        self.vm.runtime().env().seed()
    }

    /// `time.Sleep`.
    pub fn sleep(&mut self, nanoseconds: i64) -> NativeResult {
        // SAFETY: V3, with the state saved.
        Ok(if unsafe { sleep(self.w, self.g, nanoseconds) } { Flow::Parked } else { Flow::Done })
    }

    /// A timer that sends times on the new channel `c` of `time.Time`; gives its name. `local` is where `time.Local` is.
    pub fn timer_on_chan(&mut self, c: Address<'_>, when: i64, period: i64, local: Address<'_>) -> Result<u64, Raise> {
        self.vm.time_local.store(local.number(), Relaxed);
        self.timer(TimerAction::Chan(c.number() as *mut Hchan), when, period)
    }

    /// A timer that starts a goroutine that calls the func value `f`; gives its name.
    pub fn timer_on_func(&mut self, f: Address<'_>, when: i64) -> Result<u64, Raise> {
        self.timer(TimerAction::Func(f.number()), when, 0)
    }

    fn timer(&mut self, action: TimerAction, when: i64, period: i64) -> Result<u64, Raise> {
        // SAFETY: R9: the script's type says that it is a channel, package time that it is new and has a buffer.
        let id = unsafe { timer_start(self.w, when, period, action) };
        self.vm.after_alloc(self.w);
        id.map(|id| id.0).ok_or(Raise::OutOfMemory)
    }

    /// Stops a timer by its name; whether it was still to fire.
    pub fn timer_stop(&mut self, timer: Address<'_>) -> bool {
        // SAFETY: package time has kept the name in a pointer of a type of its own.
        unsafe { timer_stop(self.w, TimerId(timer.number())) }
    }

    /// Stops a timer and starts it again; whether it was still to fire.
    pub fn timer_reset(&mut self, timer: Address<'_>, when: i64, period: i64) -> bool {
        // SAFETY: as `timer_stop`.
        unsafe { timer_reset(self.w, TimerId(timer.number()), when, period) }
    }

    // ---- goroutines and memory ----

    /// `runtime.Gosched`: to the end of the queue.
    pub fn yield_now(&mut self) -> NativeResult {
        // SAFETY: V3: the goroutine is ours, with its state saved.
        unsafe { self.w.yield_g(self.g) };
        Ok(Flow::Parked)
    }

    /// `runtime.GC`.
    pub fn collect(&mut self) {
        // SAFETY: V3: the native's state is saved, and its window lies in the frame.
        unsafe { panics::set_top(self.vm, self.g) };
        self.w.collect();
    }

    /// Sets the finalizer of the object that a pointer in an interface names; the error is the text of a fatal one. `runner` is
    /// the func value of the goroutine that makes the calls.
    pub fn set_finalizer(&mut self, object: (TypeRef, u64), call: (TypeRef, u64), runner: u64) -> Result<(), Raise> {
        let fatal = |text: String| Err(Raise::Fatal(format!("runtime.SetFinalizer: {text}")));
        let vm = self.vm;
        if object.0 == TypeRef::NONE {
            return fatal("first argument is nil".into());
        }
        let ty = vm.image.ty(object.0);
        if ty.kind != Kind::Pointer {
            return fatal(format!("first argument is {}, not pointer", ty.name));
        }
        if object.1 == 0 {
            return fatal("pointer not in allocated block".into());
        }
        let Some((start, ..)) = vm.heap.object_at(object.1 as *const u8) else { return Ok(()) };
        if start as u64 != object.1 && vm.image.ty(ty.elem).size != 0 {
            return fatal("pointer not at beginning of allocated block".into());
        }
        if call.0 == TypeRef::NONE {
            vm.finalizers.clear(object.1);
            return Ok(());
        }
        let f = vm.image.ty(call.0);
        if f.kind != Kind::Func {
            return fatal(format!("second argument is {}, not a function", f.name));
        }
        let refuse = |why: &str| fatal(format!("cannot pass {} to finalizer {}{why}", ty.name, f.name));
        if f.variadic {
            return refuse(" because dotdotdot");
        }
        let [param] = f.params[..] else { return refuse("") };
        let p = vm.image.ty(param);
        let same = p.kind == Kind::Pointer && p.elem == ty.elem && (ty.bare_name.is_empty() || p.bare_name.is_empty());
        let due = if param == object.0 || same {
            Due::Pointer { call: call.1, object: object.1 }
        } else if p.kind == Kind::Interface && p.imethods.iter().all(|m| ty.methods.iter().any(|t| t.id == *m)) {
            Due::Interface { call: call.1, object: (object.0.0.into(), object.1) }
        } else {
            return refuse("");
        };
        if call.1 == 0 {
            return Err(Raise::nil());
        }
        if !vm.finalizers.set(object.1, due, runner) {
            return fatal("finalizer already set".into());
        }
        Ok(())
    }

    /// Adds a cleanup to the object that `object` points into; gives its number, 0 if it is never collected.
    pub fn add_cleanup(&mut self, object: u64, call: u64, runner: u64) -> u64 {
        match self.vm.heap.object_at(object as *const u8) {
            Some((start, ..)) => self.vm.finalizers.add_cleanup(start as u64, call, runner),
            None => 0,
        }
    }

    /// Takes a cleanup away.
    pub fn stop_cleanup(&mut self, id: u64) {
        self.vm.finalizers.stop_cleanup(id);
    }

    /// The cell of the weak references to an address: `fresh`, a pointer to a new object, if there is none yet.
    pub fn weak_cell(&mut self, address: u64, fresh: u64) -> u64 {
        self.vm.weak.cell(address, fresh)
    }

    /// The address that a cell stands for, 0 if its object is gone.
    pub fn weak_address(&mut self, cell: u64) -> u64 {
        self.vm.weak.address(cell)
    }

    /// The next finalizer or cleanup to call.
    pub fn next_due(&mut self) -> Option<Due> {
        self.vm.finalizers.next()
    }

    /// Sets the soft memory limit unless it is negative; gives the one before. `i64::MAX`: none.
    pub fn set_memory_limit(&mut self, bytes: i64) -> i64 {
        if bytes < 0 {
            return self.vm.heap().soft_limit().try_into().unwrap_or(i64::MAX);
        }
        set_memory_limit(self.vm.heap(), bytes)
    }

    /// Sets the size in bytes that no stack may pass; gives the one before.
    pub fn set_max_stack(&mut self, bytes: usize) -> usize {
        gol_runtime::stack::set_max_bytes(bytes)
    }

    /// Sets whose traces the report of a crash shows, if they are more than the environment says.
    pub fn set_traceback(&mut self, level: Traceback) {
        self.vm.crash.set_traceback(level);
    }

    /// Has the report of a crash written to `file` too.
    pub fn set_crash_file(&mut self, file: Option<std::fs::File>) {
        self.vm.crash.set_copy(file);
    }

    /// Changes GOMAXPROCS.
    pub fn set_procs(&mut self, n: usize) {
        // SAFETY: V3, as in `collect`: others may collect meanwhile.
        unsafe { panics::set_top(self.vm, self.g) };
        self.w.set_procs(n);
    }

    /// The calling goroutine's frame `skip` levels above the function that called the native. Frames that Go's runtime
    /// has there have their names.
    pub fn frame(&self, skip: usize) -> Option<Frame> {
        // SAFETY: V3: links lead down to the first frame.
        unsafe {
            let image = &self.vm.image;
            let mut base = (*self.g).stack.ptr().add((*self.g).base as usize);
            let mut pc = (*self.g).pc as u32;
            let mut left = skip;
            // A saved pc stands after the call, which may be the function's last instruction; below the frame of a panic it is
            // that of the instruction that raised.
            let mut back = 1;
            let mut in_main = false;
            loop {
                let f = image.func_at(*base.sub(3) as u32);
                let is_panic = *base.sub(3) == image.stubs.panic_pc as u64;
                let link = *base.sub(2);
                let is_first = link as u32 == image.stubs.goexit_pc;
                let mut runtime: &[RuntimeFrame] = &[];
                let mut own = 0;
                if is_panic {
                    let goexit = panics::is_goexit(self.g, base);
                    runtime = if goexit { &[RuntimeFrame::Goexit] } else { &[RuntimeFrame::Panic] };
                } else if image.program.funcs.get(f).is_some() && !image.funcs[f].wrapper {
                    let at = pc.saturating_sub(back);
                    let function = &image.program.funcs[f];
                    if is_first && function.line_at(at.saturating_sub(image.funcs[f].entry)).is_none() {
                        // What initializes the packages and calls `main.main`.
                        runtime = RuntimeFrame::below(in_main);
                    } else {
                        own = 1 + function.depth_at(at.saturating_sub(image.funcs[f].entry));
                        if left < own {
                            return self.place(at, left).filter(|f| !f.file.is_empty());
                        }
                        in_main = function.name == "main.main";
                        if is_first {
                            runtime = &[RuntimeFrame::End];
                        }
                    }
                }
                left -= own;
                if let Some(&frame) = runtime.get(left) {
                    return Some(frame.frame());
                }
                left -= runtime.len();
                if is_first {
                    return None;
                }
                back = u32::from(!is_panic);
                pc = link as u32;
                base = base.sub((link >> 32) as usize);
            }
        }
    }

    /// What the number of a frame's place stands for.
    pub fn frame_at(&self, pc: u64) -> Option<Frame> {
        let Some(at) = pc.checked_sub(TEXT_START) else {
            return RuntimeFrame::ALL.iter().map(|f| f.frame()).find(|f| f.pc == pc);
        };
        self.place(at as u32, (at >> LEVEL_SHIFT) as usize)
    }

    /// Function number `level` of those whose code stands at `at`, from the innermost.
    fn place(&self, at: u32, level: usize) -> Option<Frame> {
        let image = &self.vm.image;
        let f = image.func_containing(at)?;
        let function = image.program.funcs.get(f)?;
        let entry = image.funcs[f].entry;
        let place = function.places_at(at - entry).nth(level)?;
        let (file, line) =
            place.at.map_or((String::new(), 0), |(file, line)| (image.program.files[file as usize].clone(), line));
        let name = place.callee.map_or_else(|| function.name.clone(), |name| image.program.text(name));
        let (pc, entry) = (TEXT_START + at as u64 + ((level as u64) << LEVEL_SHIFT), TEXT_START + entry as u64);
        Some(Frame { pc, function: name, file, line, entry })
    }

    /// The trace of the calling goroutine from the caller of `runtime.Stack` on, or of all, as a report shows it.
    pub fn stack_text(&mut self, all: bool) -> String {
        let mut out = String::new();
        // SAFETY: V3: the state is saved. Others are looked at while the world is stopped.
        unsafe {
            let id = (*self.g).id;
            out.push_str(&format!("goroutine {id} [running]:\n"));
            let mut own = String::new();
            report::trace(self.vm, self.g, &mut own);
            // The innermost frame is that of runtime.Stack itself: two lines.
            let from = own
                .match_indices('\n')
                .nth(1)
                .filter(|_| own.starts_with("runtime.Stack("))
                .map_or(0, |(at, _)| at + 1);
            out.push_str(&own[from..]);
            if all {
                panics::set_top(self.vm, self.g);
                self.w.stop_the_world();
                let mut gs = self.vm.runtime().all_gs();
                gs.retain(|&g| g != self.g);
                report::dump(self.vm, &gs, &mut out);
                self.w.start_the_world();
            }
        }
        out
    }
}

/// The registers of a `time.Time` with a monotonic reading: its layout is package time's.
pub(crate) fn timer_value(vm: &Vm, mono: i64, wall: (i64, u32), out: &mut [u64]) {
    const HAS_MONOTONIC: u64 = 1 << 63;
    /// Seconds from 1885 to 1970, and from year 1.
    const UNIX_TO_WALL: i64 = 2_682_288_000;
    const UNIX_TO_INTERNAL: i64 = 62_135_596_800;
    let [first, ext, local] = out else { return };
    let since_1885 = wall.0 + UNIX_TO_WALL;
    if (0..1 << 33).contains(&since_1885) {
        *first = HAS_MONOTONIC | (since_1885 as u64) << 30 | wall.1 as u64;
        *ext = mono as u64;
    } else {
        *first = wall.1 as u64;
        *ext = (wall.0 + UNIX_TO_INTERNAL) as u64;
    }
    let at = vm.time_local.load(Relaxed);
    if at != 0 {
        // SAFETY: H6: a package-level variable of pointer type.
        *local = unsafe { mem::load_u64(at as *const u8) };
    }
}
