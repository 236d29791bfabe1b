//! Where a worker's thread sleeps.

use crate::sync::{AtomicU32, OnceLock, Ordering::*, Thread, thread};
#[cfg(not(loom))]
use std::time::Duration;

/// A sleeping place, for one thread.
pub(crate) struct Parker {
    /// Bits [`WOKEN`] and [`HELP`]; set by others, taken by the sleeper.
    state: AtomicU32,
    thread: OnceLock<Thread>,
}

/// Taken off the idle list: look for work, as a spinning worker.
pub(crate) const WOKEN: u32 = 1;
/// Something else wants a look (a collection to help with, the end of the run).
pub(crate) const HELP: u32 = 2;

impl Parker {
    pub fn new() -> Parker {
        Parker { state: AtomicU32::new(0), thread: OnceLock::new() }
    }

    /// The calling thread is the one that will sleep here.
    pub fn set_thread(&self) {
        let _ = self.thread.set(thread::current());
    }

    /// Sleeps until a bit is set or `timeout` (nanoseconds) is over; takes and returns the bits.
    pub fn park(&self, timeout: Option<i64>) -> u32 {
        let bits = self.state.swap(0, Acquire);
        if bits != 0 {
            return bits;
        }
        match timeout {
            Some(ns) if ns <= 0 => {}
            #[cfg(not(loom))]
            Some(ns) => thread::park_timeout(Duration::from_nanos(ns as u64)),
            #[cfg(loom)]
            Some(_) => thread::yield_now(),
            None => thread::park(),
        }
        self.state.swap(0, Acquire)
    }

    pub fn unpark(&self, bits: u32) {
        self.state.fetch_or(bits, Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}
