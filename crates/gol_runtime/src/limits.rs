//! Limits of a run that its user sets: passing one ends the run with [`RunEnd::Limit`].
//!
//! *Goroutines* are counted when one is started. *Fuel* is counted in passes over a call or a loop's back edge (Go statements that never
//! get there cost nothing), in portions that each worker takes; counting makes every such pass a safepoint, so a run with fuel is slower.
//! *Time* is looked at by the monitor every ten milliseconds, or, in a deterministic run, is the logical time, looked at at safepoints.
//! *Memory* bounds the heap exactly, each stack, and with the number of goroutines their memory; what the interpreter itself has is
//! not counted. The heap's own limit gives allocation failures, so it is the machine that ends the run ([`Worker::limit_reached`]).
//!
//! A run ends at the next safepoint of each worker: a loop of a native function is not interrupted.

use crate::g::G;
use crate::proc::Shared;
use crate::runtime::RunEnd;
use crate::stack::{max_bytes, set_max_bytes};
use crate::sync::{AtomicU64, Ordering::*};
use crate::worker::Worker;
use std::time::Duration;

/// What a run may use. None: as much as there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Goroutines alive at a time, main included.
    pub goroutines: Option<usize>,
    /// Passes over calls and back edges.
    pub fuel: Option<u64>,
    /// Time since the run began.
    pub time: Option<Duration>,
}

/// Which of the [`Limits`] was passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::goroutines`].
    Goroutines,
    /// [`Limits::fuel`].
    Fuel,
    /// [`Limits::time`].
    Time,
}

/// Fuel is taken in portions of this size.
const PORTION: u64 = 1000;

/// The limits of a run under way.
#[derive(Debug)]
pub(crate) struct Meter {
    pub limits: Limits,
    fuel: AtomicU64,
    /// The goroutines that fit in the memory, or that are allowed; which of the two, and `usize::MAX` for any number.
    goroutines: (usize, Limit),
    /// When time is up, by [`crate::Env::now`]; `i64::MAX` for never.
    deadline: i64,
}

impl Meter {
    pub fn new(limits: Limits, heap: &gol_heap::Heap) -> Meter {
        let mut goroutines = (limits.goroutines.unwrap_or(usize::MAX), Limit::Goroutines);
        if let Some(bytes) = limits.memory {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            heap.set_memory_limit(bytes);
            set_max_bytes(max_bytes().min(bytes));
            let fit = (bytes / size_of::<G>()).max(1);
            if fit < goroutines.0 {
                goroutines = (fit, Limit::Memory);
            }
        }
        let deadline = limits.time.map_or(i64::MAX, |time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
        Meter { limits, fuel: AtomicU64::new(limits.fuel.unwrap_or(u64::MAX)), goroutines, deadline }
    }

    /// Whether each pass over a call or back edge is to be counted.
    pub fn counts_fuel(&self) -> bool {
        self.limits.fuel.is_some()
    }

    /// Whether the number of goroutines matters.
    pub fn counts_goroutines(&self) -> bool {
        self.goroutines.0 != usize::MAX
    }

    /// When time is up, by [`crate::Env::now`].
    pub fn deadline(&self) -> i64 {
        self.deadline
    }

    fn take_fuel(&self) -> u64 {
        let taken = self.fuel.fetch_update(Relaxed, Relaxed, |left| Some(left - left.min(PORTION)));
        taken.map_or(0, |left| left.min(PORTION))
    }
}

impl Shared {
    /// Ends the run if its time is up.
    pub(crate) fn check_time(&self, now: i64) {
        if now >= self.meter.deadline {
            self.end(RunEnd::Limit(Limit::Time));
        }
    }
}

impl Worker {
    /// Ends the run because a limit is reached, unless it has ended. Return from `run` afterwards.
    pub fn limit_reached(&mut self, limit: Limit) {
        self.end_run(RunEnd::Limit(limit));
    }

    /// The limits of this run.
    pub fn limits(&self) -> Limits {
        self.rt().meter.limits
    }

    /// A goroutine more was started.
    #[cold]
    pub(crate) fn count_goroutine(&mut self) {
        let (most, limit) = self.rt().meter.goroutines;
        if self.rt().live() > most as i64 {
            self.limit_reached(limit);
        }
    }

    /// A call or back edge is passed; false: the run is over.
    #[cold]
    pub(crate) fn use_fuel(&mut self) -> bool {
        if self.fuel == 0 {
            self.fuel = self.rt().meter.take_fuel();
            if self.fuel == 0 {
                self.limit_reached(Limit::Fuel);
                return false;
            }
        }
        self.fuel -= 1;
        true
    }
}
