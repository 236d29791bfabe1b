//! How much the report of a crash shows, and where it goes besides standard error.
//!
//! The texts are `report`'s. The first setting is the environment's, handed in with the options; `runtime/debug` changes it.

use crate::print::write_stderr;
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// GOTRACEBACK: whose traces a report shows. Levels combine: more is shown, never less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traceback(u8);

impl Traceback {
    /// No trace.
    pub const NONE: Traceback = Traceback(0);
    /// That of the goroutine that crashed.
    pub const SINGLE: Traceback = Traceback(1);
    /// Those of all goroutines.
    pub const ALL: Traceback = Traceback(3);

    /// What GOTRACEBACK means by `level`. There are no system goroutines, so "system" and "crash" are as "all"; a number is
    /// Go's old form. As in Go, a word that means nothing shows nothing.
    pub fn parse(level: &str) -> Traceback {
        match level {
            "" | "single" => Traceback::SINGLE,
            "all" | "system" | "crash" | "wer" => Traceback::ALL,
            _ if level.parse::<u32>().is_ok_and(|n| n > 0) => Traceback::ALL,
            _ => Traceback::NONE,
        }
    }
}

/// The settings of one VM.
#[derive(Debug)]
pub(crate) struct Crash {
    first: Traceback,
    level: AtomicU8,
    /// Whether a goroutine has begun to report.
    begun: AtomicBool,
    copy: Mutex<Option<File>>,
}

impl Crash {
    pub(crate) fn new(first: Traceback) -> Crash {
        Crash { first, level: AtomicU8::new(first.0), begun: AtomicBool::new(false), copy: Mutex::new(None) }
    }

    pub(crate) fn set_traceback(&self, level: Traceback) {
        self.level.store(self.first.0 | level.0, Relaxed);
    }

    /// Whether to show the trace of the goroutine that crashed.
    pub(crate) fn shows_trace(&self) -> bool {
        self.level.load(Relaxed) & Traceback::SINGLE.0 != 0
    }

    /// Whether to show all others too.
    pub(crate) fn shows_all(&self) -> bool {
        self.level.load(Relaxed) == Traceback::ALL.0
    }

    /// Whether the caller is the first to report; the run ends once.
    pub(crate) fn begin(&self) -> bool {
        !self.begun.swap(true, Relaxed)
    }

    pub(crate) fn set_copy(&self, file: Option<File>) {
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// Writes a report to standard error and to the file that was asked for; that one is gone is nobody's concern.
    pub(crate) fn write(&self, report: &[u8]) {
        write_stderr(report);
        if let Some(file) = &mut *self.copy.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = file.write_all(report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_never_show_less_than_the_environment_says() {
        let crash = Crash::new(Traceback::parse("single"));
        crash.set_traceback(Traceback::parse("none"));
        assert!(crash.shows_trace() && !crash.shows_all());
        crash.set_traceback(Traceback::parse("all"));
        assert!(crash.shows_trace() && crash.shows_all());
        let silent = Crash::new(Traceback::parse("0"));
        assert!(!silent.shows_trace() && !silent.shows_all());
        silent.set_traceback(Traceback::parse("1"));
        assert!(silent.shows_all());
    }
}
