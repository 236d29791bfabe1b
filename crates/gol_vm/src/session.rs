//! A program that grows while it runs, for a session ([`Host`]): additions, entries, interrupts, a look at goroutines.

use crate::host::{Host, Stream};
use crate::image::HEADER;
use crate::vm::Options;
use crate::{NativeFn, Vm, call, report};
use gol_bytecode::{Addition, FuncId};
use gol_runtime::{G, GStatus, Interrupt, RunEnd, Runtime, WaitReason};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

/// A goroutine as `:gs` shows it.
#[derive(Clone, Debug)]
pub struct GoroutineState {
    /// Its number.
    pub id: u64,
    /// `running`, `runnable`, or what it waits for, as in Go's dumps.
    pub state: String,
    /// How long it has waited, in nanoseconds; `None`: it does not wait.
    pub waited: Option<i64>,
    /// Its frames, innermost first: function, file, line.
    pub frames: Vec<(String, String, u32)>,
    /// The goroutine that started it; 0: none.
    pub parent: u64,
}

impl Vm {
    /// Loads the first part of a session's program and starts its scheduler.
    pub fn start_session(
        first: Addition,
        find: impl Fn(&str) -> Option<NativeFn>,
        options: Options,
        host: Arc<dyn Host>,
    ) -> Result<Arc<Vm>, String> {
        let vm = Vm::load(first, find, options, Some(host.clone()))?;
        vm.main.store(0, Relaxed);
        let mut config = vm.config();
        if vm.options().gc_stats {
            let (stats, host) = (vm.gc_stats.get_or_init(Arc::default), host.clone());
            config.gc_listener = Some(stats.listener(move |line| host.write(Stream::Err, line)));
        }
        config.idle = Some(Box::new(move || host.idle()));
        let runtime = Runtime::new(config);
        vm.set_runtime(runtime.clone());
        runtime.start();
        Ok(vm)
    }

    /// Adds to the program. Goroutines run on meanwhile, but for a moment if something of before is changed.
    pub fn add(&self, new: Addition, find: impl Fn(&str) -> Option<NativeFn>) -> Result<(), String> {
        let _one = self.additions.lock().unwrap_or_else(PoisonError::into_inner);
        self.grow_globals(new.globals_size, new.globals_ptr_words.clone())?;
        let changes = self.image.add(new, &self.heap, find)?;
        if !changes.is_empty() {
            self.runtime().stop_the_world();
            // SAFETY: the world is stopped.
            unsafe { self.image.change(changes) };
            self.runtime().start_the_world();
        }
        Ok(())
    }

    /// Starts the goroutine of an entry; gives its number. The host is told when it ends.
    pub fn begin(&self, FuncId(entry): FuncId) -> Result<u64, String> {
        let meta = &self.image.funcs[entry as usize];
        let fill = |g: *mut G| {
            // SAFETY: V1, and the goroutine is new and has the room it was asked for.
            unsafe {
                call::start_frame(self, g, meta.entry, 0);
                self.main.store((*g).id, Relaxed);
            }
        };
        let begun = self.runtime().spawn(HEADER as u32 + meta.nregs, fill);
        begun.map_err(|_| "out of memory".to_string())
    }

    /// Ends the goroutine of an entry from outside; see [`Interrupt`].
    pub fn interrupt(&self, id: u64, how: Interrupt) -> bool {
        self.runtime().interrupt(id, how)
    }

    /// Whether all goroutines wait and nothing will ever wake one.
    pub fn asleep(&self) -> bool {
        self.runtime().asleep()
    }

    /// What is said when the whole run has ended, goroutines and all: by a limit, or by a fault of gol's own.
    pub fn broken(&self) -> Option<String> {
        Some(match self.runtime().end()? {
            RunEnd::Limit(limit) => self.limit_report(limit),
            RunEnd::NoThread(why) => report::no_thread(&why),
            RunEnd::Crashed(what) => report::fault(&what),
            other => report::fault(&format!("the run ended: {other:?}")),
        })
    }

    /// Ends the run: no goroutine goes on.
    pub fn stop(&self) {
        self.runtime().stop(RunEnd::Stopped);
        if let (Some(stats), Some(host)) = (self.gc_stats.get(), &self.host) {
            host.write(Stream::Err, stats.summary(self.runtime_now(), &self.heap.stats()).as_bytes());
        }
    }

    /// All goroutines as they are now.
    pub fn goroutines(&self) -> Vec<GoroutineState> {
        let runtime = self.runtime();
        let now = runtime.env().now();
        runtime.stop_the_world();
        let all = runtime.all_gs().into_iter().map(|g| {
            // SAFETY: the world is stopped, and all states are saved.
            unsafe {
                let (state, waited) = match (*g).status {
                    GStatus::Waiting if (*g).wait_reason != WaitReason::None => {
                        ((*g).wait_reason.text(), Some((now - (*g).wait_since as i64 * 1_000_000_000).max(0)))
                    }
                    GStatus::Runnable => ("runnable", None),
                    _ => ("running", None),
                };
                let frames = report::frames(self, g);
                GoroutineState { id: (*g).id, state: state.to_string(), waited, frames, parent: (*g).parent }
            }
        });
        let all = all.collect();
        runtime.start_the_world();
        all
    }

    /// The report of a deadlock: what Go prints when all goroutines sleep for ever.
    pub fn deadlock_report(&self) -> String {
        let mut out = String::from("fatal error: all goroutines are asleep - deadlock!\n");
        let runtime = self.runtime();
        runtime.stop_the_world();
        let mut gs = runtime.all_gs();
        let main = self.main.load(Relaxed);
        // SAFETY: the world is stopped.
        unsafe {
            gs.retain(|&g| (*g).id == main);
            report::dump(self, &gs, &mut out);
        }
        runtime.start_the_world();
        out
    }
}
