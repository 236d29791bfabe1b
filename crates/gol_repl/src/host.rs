//! What the running program tells the session: values, crashes, ends; and the wait for an entry's end.

use crate::console::Console;
use gol_vm::{Ended, Host, Interrupt, Stream, Vm};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the session waits before it looks again whether an interrupt has come through.
const RETRY: Duration = Duration::from_millis(5);
/// How often it looks whether gol itself is broken.
const LOOK: Duration = Duration::from_millis(200);

/// The session's end of the running program.
pub(crate) struct SessionHost {
    console: Arc<dyn Console>,
    /// A goroutine that crashes ends the process, as in a program; otherwise only itself.
    crashes_end: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// An entry is running: its goroutine, once that is known.
    busy: bool,
    goroutine: Option<u64>,
    values: Vec<(String, String)>,
    ended: Option<Ended>,
    /// Crashes that nobody was told of yet.
    crashes: Vec<(u64, String)>,
    /// All goroutines seem to sleep.
    idle: bool,
    /// How often the user has asked the entry to stop.
    interrupts: u32,
}

/// How an entry came out.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    /// Types and texts of the values.
    pub(crate) values: Vec<(String, String)>,
    /// What the entry's own goroutine crashed with, or that it waited for ever.
    pub(crate) report: Option<String>,
    pub(crate) interrupted: bool,
}

impl SessionHost {
    pub(crate) fn new(console: Arc<dyn Console>, crashes_end: bool) -> SessionHost {
        SessionHost { console, crashes_end, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user wants the running entry to stop; false: there is none.
    pub(crate) fn interrupt(&self) -> bool {
        let mut state = self.state();
        state.interrupts += state.busy as u32;
        self.changed.notify_all();
        state.busy
    }

    /// Runs an entry to its end. The error is a fault of gol's own.
    pub(crate) fn run(&self, vm: &Arc<Vm>, entry: gol_vm::FuncId) -> Result<Ran, String> {
        *self.state() = State { busy: true, ..State::default() };
        let id = match vm.begin(entry) {
            Ok(id) => id,
            Err(e) => {
                self.state().busy = false;
                return Err(e);
            }
        };
        self.state().goroutine = Some(id);
        let mut report = None;
        let (mut answered, mut deadlocks) = (0, 0);
        let mut state = self.state();
        loop {
            self.tell_crashes(&mut state, id, &mut report);
            if let Some(ended) = state.ended {
                let interrupted = state.interrupts > 0;
                // What an entry comes to when its reading was cut short is not what it was to come to.
                let values = if interrupted { Vec::new() } else { std::mem::take(&mut state.values) };
                *state = State::default();
                return Ok(Ran { ended, values, report, interrupted });
            }
            let wait = if state.interrupts > 0 || deadlocks > 0 { RETRY } else { LOOK };
            if state.interrupts > 0 {
                // The first time its deferred calls run; whoever is not content with that asks again.
                let how = if state.interrupts > 1 { Interrupt::Kill } else { Interrupt::Unwind };
                let again = state.interrupts == answered;
                answered = state.interrupts;
                drop(state);
                if !again {
                    self.console.stop_reading();
                }
                vm.interrupt(id, how);
                state = self.state();
                if state.ended.is_some() || state.interrupts != answered {
                    continue;
                }
            } else if std::mem::take(&mut state.idle) {
                drop(state);
                if vm.asleep() {
                    deadlocks += 1;
                    if deadlocks == 1 {
                        report = Some(vm.deadlock_report());
                    }
                    let how = if deadlocks > 1 { Interrupt::Kill } else { Interrupt::Unwind };
                    vm.interrupt(id, how);
                }
                state = self.state();
                if state.ended.is_some() {
                    continue;
                }
            }
            if let Some(broken) = vm.broken() {
                return Err(broken);
            }
            (state, _) = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The entry's own crash is part of its outcome; those of others are told at once.
    fn tell_crashes(&self, state: &mut State, own: u64, report: &mut Option<String>) {
        for (g, text) in std::mem::take(&mut state.crashes) {
            if g == own {
                *report = Some(text);
            } else {
                self.tell(g, &text);
            }
        }
    }

    fn tell(&self, goroutine: u64, report: &str) {
        if self.crashes_end {
            self.console.write(Stream::Err, report.as_bytes());
            std::process::exit(2);
        }
        let text = format!("{report}[goroutine {goroutine} has ended; the others go on]\n");
        self.console.write(Stream::Err, text.as_bytes());
    }
}

impl Host for SessionHost {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        self.console.write(stream, bytes);
    }

    fn read(&self, room: usize) -> Vec<u8> {
        self.console.read(room)
    }

    fn crashed(&self, goroutine: u64, report: &str) {
        let mut state = self.state();
        if state.busy && state.goroutine.is_none_or(|g| g == goroutine) {
            state.crashes.push((goroutine, report.to_string()));
            self.changed.notify_all();
            return;
        }
        drop(state);
        self.tell(goroutine, report);
    }

    fn ended(&self, _goroutine: u64, how: Ended) {
        let mut state = self.state();
        state.ended = Some(how);
        self.changed.notify_all();
    }

    fn idle(&self) {
        self.state().idle = true;
        self.changed.notify_all();
    }

    fn width(&self) -> usize {
        self.console.width()
    }

    fn value(&self, static_type: &str, _more: bool, text: &str) {
        self.state().values.push((static_type.to_string(), text.to_string()));
    }
}
