//! The shell without a terminal: entries from a text, outcomes as text. What the program reads comes from the same text.

use crate::console::Console;
use crate::session::{Session, Settings};
use crate::typed::Typed;
use gol_driver::Library;
use gol_vm::Stream;
use std::io::{BufRead, ErrorKind, Read, Write};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

/// Standard input, shared by the shell and the program; standard output and error.
pub(crate) struct Pipes {
    input: Mutex<Box<dyn BufRead + Send>>,
    /// Standard output takes no more; that has been said.
    full: AtomicBool,
}

impl Pipes {
    pub(crate) fn new(input: Box<dyn BufRead + Send>) -> Pipes {
        Pipes { input: Mutex::new(input), full: AtomicBool::new(false) }
    }

    /// This exit status, or 1 if all is well but for what could not be written.
    pub(crate) fn status(&self, status: i32) -> i32 {
        if status == 0 { i32::from(self.full.load(Relaxed)) } else { status }
    }
}

impl Console for Pipes {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let written = match stream {
            Stream::Out => std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush()),
            Stream::Err => std::io::stderr().write_all(bytes),
        };
        let Err(e) = written else { return };
        if e.kind() == ErrorKind::BrokenPipe {
            // Nobody reads: the process dies of it, as a program would.
            let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
        }
        if matches!(stream, Stream::Out) && !self.full.swap(true, Relaxed) {
            let _ = writeln!(std::io::stderr(), "gol: standard output: {e}");
        }
    }

    fn read(&self, room: usize) -> Vec<u8> {
        // A line at a time: the rest is entries.
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = Vec::new();
        let mut limited = (&mut *input).take(room as u64);
        let _ = limited.read_until(b'\n', &mut line);
        line
    }
}

/// Runs a session on a text; gives the exit status: that of `os.Exit`, or 1 if the last entry was wrong.
pub fn transcript(library: &Library, settings: Settings, input: Box<dyn BufRead + Send>) -> Result<i32, String> {
    let pipes = Arc::new(Pipes::new(input));
    let mut session = Session::new(library, settings, pipes.clone())?;
    let interrupter = session.interrupter();
    let watch = crate::interrupts::watch(interrupter, true);
    let mut entry = Typed::default();
    loop {
        let mut line = Vec::new();
        let read = pipes.input.lock().unwrap_or_else(PoisonError::into_inner).read_until(b'\n', &mut line);
        let at_end = read.map_err(|e| format!("standard input: {e}"))? == 0;
        if !entry.add(&String::from_utf8_lossy(&line)) && !at_end {
            continue;
        }
        let outcome = session.eval(&entry.take());
        pipes.write(Stream::Out, outcome.text.as_bytes());
        pipes.write(Stream::Out, outcome.error.as_bytes());
        if let Some(exit) = outcome.exit {
            return Ok(pipes.status(exit));
        }
        if at_end {
            drop(watch);
            return Ok(pipes.status(i32::from(!outcome.error.is_empty())));
        }
    }
}
