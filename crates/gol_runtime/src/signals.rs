//! Signals: the one place where they come in.
//!
//! A handler only notes the signal and writes to a pipe. The thread that called [`Runtime::run`], which has nothing else to do while the program
//! runs, reads the pipe and does what is due: so no thread is started for signals, and a program that never asks for one pays for one pipe
//! and one handler. The end of the run is told through the same pipe.
//!
//! What a signal does that the program did not ask for is as in Go. Those of [`DUMPS`] end the run and show all goroutines, also when
//! all workers are busy. Those of [`SYSTEM`] do what the system does, and get a handler only when the program asks for them
//! ([`Runtime::signal_notify`]): so an interrupt ends the process as its shell expects; a default that is restored later is emulated in the handler.
//! All others do nothing, for which those need a handler that would end the process otherwise ([`NOTHING`]).
//!
//! One goroutine takes signals ([`Worker::wait_signal`]). It counts as pending for ever: as in Go, a program that has asked for signals knows
//! no deadlock. In deterministic mode a signal comes when it comes, and its goroutine runs when nothing else can.

use crate::blocking::BlockResult;
use crate::g::{G, Resume};
use crate::poll::Waiter;
use crate::proc::Shared;
use crate::runtime::{RunEnd, Runtime};
use crate::sync::{Arc, Mutex, Ordering::*, lock};
use crate::wait::WaitReason;
use crate::worker::Worker;
use signal_hook::SigId;
use signal_hook::consts::*;
use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
// Signal handlers set these: no model has them.
use std::sync::atomic::AtomicBool;

/// Rust stack of the thread that attends to signals in a session, in bytes.
const SIGNAL_STACK: usize = 1 << 18;

/// The largest number of a signal.
const LAST: i32 = 64;

/// Signals that end the run and show all goroutines, with Go's words.
const DUMPS: &[(i32, &str)] = &[
    (SIGQUIT, "SIGQUIT: quit"),
    (SIGABRT, "SIGABRT: abort"),
    (SIGTRAP, "SIGTRAP: trace trap"),
    (SIGSYS, "SIGSYS: bad system call"),
];

/// Signals that do what the system does.
const SYSTEM: &[i32] = &[SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU];

/// Signals that do nothing, and would end the process by default.
const NOTHING: &[i32] = &[SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU, SIGXFSZ, SIGIO];

/// The signals of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The pipe's writing end, once the run has begun.
    pipe: Option<PipeWriter>,
    known: BTreeMap<i32, Known>,
    /// Signals to be taken, a bit for each, the first at bit 0.
    queue: u64,
    /// Those of [`NOTHING`] have a handler.
    quiet: bool,
    waiter: Option<Waiter>,
}

/// A signal with a handler of ours.
#[derive(Debug)]
struct Known {
    raised: Arc<AtomicBool>,
    /// The handler does as the system would.
    default: Arc<AtomicBool>,
    wish: Wish,
    ids: Vec<SigId>,
}

/// What the program wants of a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    Default,
    Notify,
    Ignore,
}

impl State {
    /// Installs the handler of a signal if there is none, and says what it is for.
    fn wish(&mut self, signal: i32, wish: Wish) -> std::io::Result<()> {
        if !(1..=LAST).contains(&signal) || FORBIDDEN.contains(&signal) {
            return Ok(());
        }
        if !self.known.contains_key(&signal) {
            let Some(pipe) = &self.pipe else { return Ok(()) };
            let (raised, default) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let mut ids = vec![
                signal_hook::flag::register(signal, raised.clone())?,
                signal_hook::low_level::pipe::register_raw(signal, OwnedFd::from(pipe.try_clone()?))?,
            ];
            if SYSTEM.contains(&signal) {
                ids.push(signal_hook::flag::register_conditional_default(signal, default.clone())?);
            }
            self.known.insert(signal, Known { raised, default, wish, ids });
        }
        let known = self.known.get_mut(&signal).expect("just made");
        known.wish = wish;
        known.default.store(wish == Wish::Default, SeqCst);
        Ok(())
    }

    /// Takes up what handlers have noted. Some: the words of a signal that ends the run.
    fn collect(&mut self) -> Option<&'static str> {
        let mut quit = None;
        for (&signal, known) in &self.known {
            if !known.raised.swap(false, SeqCst) {
                continue;
            }
            match known.wish {
                Wish::Notify => self.queue |= 1 << (signal - 1),
                Wish::Default => quit = quit.or(DUMPS.iter().find(|d| d.0 == signal).map(|d| d.1)),
                Wish::Ignore => {}
            }
        }
        quit
    }
}

impl Signals {
    /// Makes the pipe and the first handlers. None: the system has no room for that, and signals do what they always do.
    pub fn begin(&self) -> Option<PipeReader> {
        let (reader, writer) = std::io::pipe().ok()?;
        let mut state = lock(&self.state);
        state.pipe = Some(writer);
        for &(signal, _) in DUMPS {
            state.wish(signal, Wish::Default).ok()?;
        }
        static NOTED: AtomicBool = AtomicBool::new(false);
        if !std::mem::replace(&mut state.quiet, true) {
            for &signal in NOTHING {
                signal_hook::flag::register(signal, &NOTED).ok()?;
            }
        }
        Some(reader)
    }

    /// Wakes the reader of the pipe: the run has ended.
    pub fn wake(&self) {
        if let Some(pipe) = &mut lock(&self.state).pipe {
            // A pipe that is full wakes the reader too.
            let _ = pipe.write(&[0]);
        }
    }

    /// Goroutine `g` waits no more; whether it did.
    pub fn abandon(&self, g: *mut G) -> bool {
        lock(&self.state).waiter.take_if(|waiter| waiter.g == g).is_some()
    }

    /// Takes the handlers away: a later runtime of this process has its own.
    pub fn end(&self) {
        let mut state = lock(&self.state);
        for known in std::mem::take(&mut state.known).into_values() {
            for id in known.ids {
                signal_hook::low_level::unregister(id);
            }
        }
        state.pipe = None;
    }
}

impl Shared {
    /// Does what signals ask for until the run has ended.
    pub(crate) fn attend_signals(&self, mut pipe: PipeReader) {
        let mut noted = [0; 64];
        while !self.ended.load(Acquire) {
            if matches!(pipe.read(&mut noted), Ok(0)) {
                return;
            }
            let waiter = {
                let mut state = lock(&self.signals.state);
                if let Some(words) = state.collect() {
                    drop(state);
                    self.end(RunEnd::Quit(words));
                    return;
                }
                if state.queue == 0 { None } else { state.waiter.take() }
            };
            let Some(waiter) = waiter else { continue };
            if !self.world.enter() {
                self.world.exit();
                return;
            }
            let ended = self.outside_ready(waiter);
            self.world.exit();
            self.pending_ended(usize::from(ended));
        }
    }
}

impl Runtime {
    fn signal_wish(&self, signal: i32, wish: Wish) {
        if lock(&self.shared.signals.state).pipe.is_none()
            && let Some(pipe) = self.shared.signals.begin()
        {
            // A session: nobody waits for its end.
            let rt = self.shared.arc();
            self.shared.spawn_thread("gol signals", SIGNAL_STACK, move || rt.attend_signals(pipe));
        }
        // What fails for want of descriptors leaves the signal as it was.
        let _ = lock(&self.shared.signals.state).wish(signal, wish);
    }

    /// The program wants to take this signal. Those that nobody can take stay as they are.
    pub fn signal_notify(&self, signal: i32) {
        self.signal_wish(signal, Wish::Notify);
    }

    /// The signal does again what it does by default.
    pub fn signal_reset(&self, signal: i32) {
        let mut state = lock(&self.shared.signals.state);
        if state.known.contains_key(&signal) {
            // What has come is still to be taken.
            let quit = state.collect();
            let _ = state.wish(signal, Wish::Default);
            drop(state);
            if let Some(words) = quit {
                self.shared.end(RunEnd::Quit(words));
            }
        }
    }

    /// The signal does nothing.
    pub fn signal_ignore(&self, signal: i32) {
        self.signal_wish(signal, Wish::Ignore);
    }

    /// Whether the program said that the signal is to do nothing; None if it said nothing of it.
    pub fn signal_ignored(&self, signal: i32) -> Option<bool> {
        lock(&self.shared.signals.state).known.get(&signal).map(|known| known.wish == Wish::Ignore)
    }

    /// Whether the signal goes to the program or nowhere, so that its default must not be emulated.
    pub fn signal_overridden(&self, signal: i32) -> bool {
        lock(&self.shared.signals.state).known.get(&signal).is_some_and(|known| known.wish != Wish::Default)
    }

    /// Whether all signals that came so far were taken, and the goroutine that takes them waits for more.
    pub fn signals_taken(&self) -> bool {
        let mut state = lock(&self.shared.signals.state);
        let quit = state.collect();
        let taken = state.queue == 0 && state.waiter.is_some();
        drop(state);
        if let Some(words) = quit {
            self.shared.end(RunEnd::Quit(words));
        }
        self.shared.signals.wake();
        taken
    }
}

impl Worker {
    /// The next signal that the program asked for; or parks the running goroutine `g`, whose state is saved, until there is one: then it
    /// resumes with [`Resume::Native`] and `result`, and asks again.
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards if there is none.
    pub unsafe fn wait_signal(&mut self, g: *mut G, result: BlockResult) -> Option<u32> {
        let rt = self.rt();
        let mut state = lock(&rt.signals.state);
        if state.queue != 0 {
            let bit = state.queue.trailing_zeros();
            state.queue &= state.queue - 1;
            return Some(bit + 1);
        }
        let number = rt.outside_begin();
        // SAFETY: R2, R3: the caller runs it, and it becomes visible when the lock is released.
        unsafe {
            self.set_waiting(g, WaitReason::Syscall);
            (*g).native_result = Some(Box::new(result));
            (*g).resume = Resume::Native;
        }
        state.waiter = Some(Waiter { g, number });
        None
    }
}
