//! What a program prints about itself when it ends badly: panics, fatal errors, deadlocks, goroutine traces. All texts
//! are Go's; frames show the program's own lines.

use crate::host::{Ended, Host};
use crate::interp::Then;
use crate::print;
use crate::{Vm, panics, strings};
use gol_bytecode::{Kind, TypeRef};
use gol_heap::mem;
use gol_runtime::{G, GStatus, Limit, RunEnd, WaitReason, Worker};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Frames that a trace shows at either end; those between are counted.
const TRACE_ENDS: usize = 50;

/// One panic of the chain that ended the program, oldest first.
pub(crate) struct PanicLine {
    pub(crate) ty: u64,
    pub(crate) data: u64,
    /// What its `Error` or `String` method gave, a string.
    pub(crate) text: Option<(u64, u64)>,
    pub(crate) recovered: bool,
    pub(crate) goexit: bool,
}

/// Reports a panic that nobody recovered and ends the run with status 2.
///
/// # Safety
/// V3, with the state saved in the frame of the newest panic.
pub(crate) unsafe fn fatal_panic(vm: &Vm, w: &mut Worker, g: *mut G, panics: Vec<PanicLine>) -> Then {
    let mut out = String::new();
    let mut nested = false;
    for (i, p) in panics.iter().enumerate().filter(|p| !p.1.goexit) {
        // A value that was recovered and raised again is shown once.
        let next = panics.get(i + 1);
        let again = |n: &PanicLine| p.recovered && (n.ty, n.data) == (p.ty, p.data);
        if next.is_some_and(again) {
            continue;
        }
        let before = i.checked_sub(1).map(|b| &panics[b]);
        let repanicked = before.is_some_and(|b| b.recovered && (b.ty, b.data) == (p.ty, p.data));
        let mark = match (repanicked, p.recovered) {
            (true, _) => " [recovered, repanicked]",
            (_, true) => " [recovered]",
            _ => "",
        };
        // SAFETY: the values of the records are live.
        let value = unsafe { panic_value(vm, p) };
        let _ = writeln!(out, "{}panic: {value}{mark}", if nested { "\t" } else { "" });
        nested = true;
        if value.ends_with("nil pointer dereference") && p.ty == vm.image.program.well_known().error_string.0 as u64 {
            out.push_str("[signal SIGSEGV: segmentation violation]\n");
        }
    }
    // SAFETY: V3.
    unsafe { end(vm, w, g, out) }
}

/// Adds the traces that are asked for to the report, writes it and ends the run with status 2.
///
/// # Safety
/// V3, with the state saved.
unsafe fn end(vm: &Vm, w: &mut Worker, g: *mut G, mut out: String) -> Then {
    // SAFETY: V3. Others are looked at while the world is stopped.
    unsafe {
        if vm.crash.shows_trace() {
            let _ = write!(out, "\ngoroutine {} [running]:\n", (*g).id);
            trace(vm, g, &mut out);
        }
        if let Some(host) = &vm.host {
            host.crashed((*g).id, &out);
            return drop_goroutine(vm, w, g, host, Ended::Crashed);
        }
        let all = vm.crash.shows_all();
        if all {
            // Goroutines that crash meanwhile get their turn when the run has ended.
            panics::set_top(vm, g);
            w.stop_the_world();
        }
        if vm.crash.begin() {
            if all {
                let mut gs = vm.runtime().all_gs();
                gs.retain(|&other| other != g);
                dump(vm, &gs, &mut out);
            }
            vm.crash.write(out.as_bytes());
        }
        w.end_run(RunEnd::Exit(2));
        if all {
            w.start_the_world();
        }
    }
    Then::Leave
}

/// Ends a goroutine of a session where it stands, without its deferred calls.
///
/// # Safety
/// V3.
pub(crate) unsafe fn drop_goroutine(vm: &Vm, w: &mut Worker, g: *mut G, host: &Arc<dyn Host>, how: Ended) -> Then {
    // SAFETY: V3; nothing of the goroutine is used afterwards.
    unsafe {
        if (*g).id == vm.main.load(Relaxed) || matches!(how, Ended::Exit(_)) {
            w.end_entry();
            host.ended((*g).id, how);
        }
        (*g).machine = [0; 4];
        w.goexit(g);
    }
    Then::Switch
}

/// The text of a panic's value: its method's if it was asked, else Go's `printpanicval`.
///
/// # Safety
/// The value is live and of its type.
pub(crate) unsafe fn panic_value(vm: &Vm, p: &PanicLine) -> String {
    // SAFETY: the caller's values are live and of their types.
    unsafe {
        if let Some((at, len)) = p.text {
            return indent(&String::from_utf8_lossy(strings::bytes(at, len)));
        }
        let t = vm.image.ty(TypeRef(p.ty as u32));
        let pair = |reg: usize| {
            let (x, y) = mem::load16(p.data as *const u8);
            if reg == 0 { x } else { y }
        };
        let basic = match t.kind {
            Kind::Bool => (p.data != 0).to_string(),
            Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => (p.data as i64).to_string(),
            Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 | Kind::Uintptr => p.data.to_string(),
            Kind::Float64 => print::float(f64::from_bits(p.data)),
            Kind::Float32 => print::float32(f32::from_bits(p.data as u32)),
            Kind::Complex128 => {
                let part = |o: usize| f64::from_bits(mem::load_u64((p.data as *const u8).add(o)));
                print::complex(&print::float(part(0)), &print::float(part(8)))
            }
            Kind::Complex64 => {
                let part = |o: usize| f32::from_bits(mem::load_u32((p.data as *const u8).add(o)));
                print::complex(&print::float32(part(0)), &print::float32(part(4)))
            }
            Kind::String => {
                let text = indent(&String::from_utf8_lossy(strings::bytes(pair(0), pair(1))));
                if t.bare_name.is_empty() || t.pkg.is_empty() {
                    return text;
                }
                format!("\"{text}\"")
            }
            _ => return format!("({}) {:#x}", t.name, p.data),
        };
        let basic = match t.kind {
            // Brackets of its own are enough.
            Kind::Complex128 | Kind::Complex64 if !t.pkg.is_empty() => basic.trim_matches(['(', ')']).to_string(),
            _ => basic,
        };
        if t.pkg.is_empty() { basic } else { format!("{}({basic})", t.name) }
    }
}

/// Lines after the first start with a tab, so that no value can look like a part of the report.
fn indent(text: &str) -> String {
    text.replace('\n', "\n\t")
}

/// `fatal error: text` with the running goroutine's trace; ends the run with status 2.
///
/// # Safety
/// V3, with the state saved.
pub(crate) unsafe fn throw(vm: &Vm, w: &mut Worker, g: *mut G, text: &str) -> Then {
    // SAFETY: V3.
    unsafe { end(vm, w, g, format!("fatal error: {text}\n")) }
}

/// The goroutine's stack would pass the limit.
///
/// # Safety
/// V3, with the state saved.
pub(crate) unsafe fn stack_overflow(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    let limit = gol_runtime::stack::max_bytes();
    let text = format!("runtime: goroutine stack exceeds {limit}-byte limit\nfatal error: stack overflow\n");
    // SAFETY: V3.
    unsafe { end(vm, w, g, text) }
}

/// The report of a deadlock: every goroutine, what it waits for, and where. Without `main_left` the main goroutine ended
/// by `runtime.Goexit`.
///
/// # Safety
/// The world is stopped: no worker runs any of `gs`.
pub(crate) unsafe fn deadlock(vm: &Vm, gs: &[*mut G], main_left: bool) {
    // SAFETY: the caller's promise.
    unsafe {
        let text = if main_left {
            "all goroutines are asleep - deadlock!"
        } else {
            "no goroutines (main called runtime.Goexit) - deadlock!"
        };
        let mut out = format!("fatal error: {text}\n");
        dump(vm, gs, &mut out);
        vm.crash.write(out.as_bytes());
    }
}

/// What is said of a limit that the user set and the program reached.
///
/// # Safety
/// As [`deadlock`].
pub(crate) unsafe fn limit(vm: &Vm, limit: Limit, gs: &[*mut G]) -> String {
    let limits = vm.options().limits;
    let what = match limit {
        Limit::Memory => format!("memory limit of {} bytes", limits.memory.unwrap_or(0)),
        Limit::Goroutines => format!("limit of {} goroutines", limits.goroutines.unwrap_or(0)),
        Limit::Fuel => format!("fuel limit of {} steps", limits.fuel.unwrap_or(0)),
        Limit::Time => format!("time limit of {:?}", limits.time.unwrap_or_default()),
    };
    let mut out = format!("fatal error: {what} reached\n");
    // SAFETY: the caller's promise.
    unsafe { dump(vm, gs, &mut out) };
    out
}

/// The end for want of a thread, in Go's words.
pub(crate) fn no_thread(why: &str) -> String {
    format!("runtime: failed to create new OS thread: {why}\nfatal error: newosproc\n")
}

/// What is said of a fault of gol's own.
pub(crate) fn fault(what: &str) -> String {
    format!("gol: internal error: {what}\nThis is a bug in gol. Please report it.\n")
}

/// The report of a program that a signal told to quit: every goroutine.
///
/// # Safety
/// As [`deadlock`].
pub(crate) unsafe fn quit(vm: &Vm, signal: &str, gs: &[*mut G]) {
    let mut out = format!("{signal}\n");
    if vm.crash.shows_trace() {
        // SAFETY: the caller's promise.
        unsafe { dump(vm, gs, &mut out) };
    }
    vm.crash.write(out.as_bytes());
}

/// Every goroutine with its state and trace.
///
/// # Safety
/// As [`deadlock`].
pub(crate) unsafe fn dump(vm: &Vm, gs: &[*mut G], out: &mut String) {
    let mut gs = gs.to_vec();
    // SAFETY: the caller's promise.
    unsafe {
        gs.sort_by_key(|g| (**g).id);
        for g in gs.into_iter().filter(|g| (**g).status != GStatus::Dead) {
            let state = match (*g).status {
                GStatus::Waiting => (*g).wait_reason.text(),
                GStatus::Runnable => "runnable",
                _ => "running",
            };
            let minutes = match (*g).status {
                GStatus::Waiting if (*g).wait_reason != WaitReason::None => {
                    (vm.runtime_now() / 1_000_000_000 - (*g).wait_since as i64) / 60
                }
                _ => 0,
            };
            let since = if minutes >= 1 { format!(", {minutes} minutes") } else { String::new() };
            let _ = write!(out, "\ngoroutine {} [{state}{since}]:\n", (*g).id);
            trace(vm, g, out);
        }
    }
}

/// One function of a trace, as `runtime.Callers` sees it.
#[derive(Clone, Debug)]
pub struct TraceFrame {
    /// `main.f`.
    pub function: String,
    /// The source file, empty for the runtime's own frames.
    pub file: String,
    /// Line, from 1; 0 for the runtime's own frames.
    pub line: u32,
    /// Words from the function's entry.
    pub(crate) offset: u32,
    nargs: u32,
    /// Its body stands in place of the call.
    inlined: bool,
}

/// Calls `visit` with the frames of a goroutine, innermost first, without the compiler's wrappers: the function's number and the
/// words from its entry to where it stands. There may be millions.
///
/// # Safety
/// Its state is saved and it does not run elsewhere.
unsafe fn walk(vm: &Vm, g: *mut G, mut visit: impl FnMut(usize, u32, usize)) {
    // SAFETY: the caller's promise: links lead down to the first frame.
    unsafe {
        let mut base = (*g).stack.ptr().add((*g).base as usize);
        // The pc of the innermost frame (unless it waits), and of one that a panic interrupted, stands at an instruction; a
        // return pc, and that of an instruction that waits, stands after it.
        let mut pc = (*g).pc as u32;
        let mut exact = (*g).status != GStatus::Waiting;
        loop {
            let f = vm.image.func_at(*base.sub(3) as u32);
            let meta = vm.image.meta(f);
            let at = if exact && pc < meta.end && pc >= meta.entry { pc } else { pc.saturating_sub(1) };
            exact = vm.image.is_stub(f);
            if !meta.wrapper || exact {
                let offset = at.saturating_sub(meta.entry);
                let depth = vm.image.program.funcs.get(f).map_or(0, |f| f.depth_at(offset));
                for level in 0..=depth {
                    visit(f, offset, level);
                }
            }
            let link = *base.sub(2);
            pc = link as u32;
            if pc == vm.image.stubs.goexit_pc {
                return;
            }
            base = base.sub((link >> 32) as usize);
        }
    }
}

/// What a trace shows of a function that [`walk`] found.
fn shown(vm: &Vm, f: usize, offset: u32, level: usize) -> TraceFrame {
    let Some(function) = vm.image.program.funcs.get(f) else {
        return TraceFrame { function: "panic".into(), file: String::new(), line: 0, offset, nargs: 1, inlined: false };
    };
    let place = function.places_at(offset).nth(level);
    let at = place.and_then(|p| p.at);
    let (file, line) =
        at.map_or((String::new(), 0), |(file, line)| (vm.image.program.files[file as usize].clone(), line));
    let callee = place.and_then(|p| p.callee);
    let function = callee.map_or_else(|| function.name.clone(), |name| vm.image.program.text(name));
    TraceFrame { function, file, line, offset, nargs: vm.image.funcs[f].nargs, inlined: callee.is_some() }
}

/// The frames of a goroutine that the program's own text has, innermost first, as function, file and line; the first few.
///
/// # Safety
/// As [`walk`].
pub(crate) unsafe fn frames(vm: &Vm, g: *mut G) -> Vec<(String, String, u32)> {
    let mut all = Vec::new();
    let visit = |f: usize, offset: u32, level: usize| {
        if all.len() < TRACE_ENDS {
            let f = shown(vm, f, offset, level);
            if !f.file.is_empty() {
                all.push((f.function, f.file, f.line));
            }
        }
    };
    // SAFETY: the caller's promise.
    unsafe { walk(vm, g, visit) };
    all
}

/// Writes a goroutine's frames and who started it.
///
/// # Safety
/// As [`walk`].
pub(crate) unsafe fn trace(vm: &Vm, g: *mut G, out: &mut String) {
    // The first and last frames; of those between, which a stack overflow has millions of, only the number.
    let (mut first, mut last, mut n) = (Vec::<(usize, u32, usize)>::new(), VecDeque::new(), 0);
    let is_panic = |f: usize| vm.image.is_stub(f);
    let mut visit = |f: usize, offset: u32, level: usize| {
        // What stands above the oldest panic's own frame is how it ended, not where; Go leaves it out too.
        if n == 1 && is_panic(first[0].0) {
            first.clear();
            n = 0;
        }
        n += 1;
        if first.len() < TRACE_ENDS {
            first.push((f, offset, level));
            return;
        }
        if last.len() == TRACE_ENDS {
            last.pop_front();
        }
        last.push_back((f, offset, level));
    };
    // SAFETY: the caller's promise.
    let (parent, created) = unsafe {
        walk(vm, g, &mut visit);
        ((*g).parent, (*g).created_by)
    };
    for (i, (f, offset, level)) in first.into_iter().chain(last).enumerate() {
        if n > 2 * TRACE_ENDS && i == TRACE_ENDS {
            let _ = writeln!(out, "...{} frames elided...", n - 2 * TRACE_ENDS);
        }
        let f = shown(vm, f, offset, level);
        // The entry that initializes packages and calls main.main is not the program's.
        if f.file.is_empty() && f.function != "panic" {
            continue;
        }
        let args = if f.nargs == 0 && !f.inlined { "" } else { "..." };
        let _ = writeln!(out, "{}({args})", f.function);
        if f.inlined {
            let _ = writeln!(out, "\t{}:{}", f.file, f.line);
        } else if !f.file.is_empty() {
            let _ = writeln!(out, "\t{}:{} +{:#x}", f.file, f.line, f.offset * 8);
        }
    }
    if parent != 0
        && let Some(f) = vm.image.func_containing(created)
        && let Some(function) = vm.image.program.funcs.get(f)
    {
        let offset = created - vm.image.funcs[f].entry;
        let _ = writeln!(out, "created by {} in goroutine {parent}", function.name);
        if let Some((file, line)) = function.line_at(offset) {
            let _ = writeln!(out, "\t{}:{line} +{:#x}", vm.image.program.files[file as usize], offset * 8);
        }
    }
}
