//! The shell for people: line editing, history, completion, what goroutines print above the line. The only user of rustyline.
//!
//! Two threads besides the session's: one that watches for Ctrl-C while an entry runs, and one that hands what the program prints while
//! the prompt waits to the editor, which shows it above the line. Editors may be slow to take it, so no goroutine ever waits
//! for one, but for a program that prints without end.

use crate::console::Console;
use crate::highlight;
use crate::interrupts;
use crate::session::{Session, Settings};
use crate::typed::Typed;
use gol_driver::Library;
use gol_vm::Stream;
use rustix::event::{PollFd, PollFlags};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, ExternalPrinter, Helper};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

const PROMPT: &str = "gol> ";
/// Bytes that may wait to be shown above the line before goroutines wait too.
const BACKLOG: usize = 1 << 20;
/// Bytes of an entry up to which it is in color: each key draws all of it again.
const LIVE: usize = 8 << 10;
/// Entries that the history keeps.
const HISTORY: usize = 10_000;

/// Runs a session on the terminal, until its end; gives the exit status.
pub fn terminal(library: &Library, settings: Settings, version: &str) -> Result<i32, String> {
    let colors = settings.colors;
    let screen = Arc::new(Screen::new()?);
    let session = Session::new(library, settings, screen.clone())?;
    let _watch = interrupts::watch(session.interrupter(), false);
    let session = RefCell::new(session);
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)
        .and_then(|c| c.history_ignore_dups(true))
        .map_err(|e| e.to_string())?
        .bracketed_paste(true)
        .tab_stop(4)
        .build();
    let history = DefaultHistory::with_config(&config);
    let mut editor: Editor<Shell<'_, '_>, _> = Editor::with_history(config, history).map_err(|e| e.to_string())?;
    editor.set_helper(Some(Shell { session: &session, colors, typed: RefCell::default() }));
    if let Ok(printer) = editor.create_external_printer() {
        Screen::show_above(&screen, printer);
    }
    let file = history_file();
    if let Some(file) = &file {
        let _ = editor.load_history(file);
    }
    screen.write(Stream::Out, format!("{version}: :help for help, Ctrl-D to leave\n").as_bytes());
    loop {
        screen.begin_prompt();
        let line = editor.readline(PROMPT);
        screen.end_prompt();
        let line = match line {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(0),
            Err(ReadlineError::Io(e)) if e.kind() == ErrorKind::InvalidData => {
                screen.write(Stream::Out, b"the line is no UTF-8 text\n");
                continue;
            }
            Err(e) => return Err(e.to_string()),
        };
        if !line.trim().is_empty() {
            let _ = editor.add_history_entry(line.trim_end());
            // A history that cannot be written is no reason to stop.
            if let Some(file) = &file {
                let _ = editor.append_history(file);
            }
        }
        let outcome = session.borrow_mut().eval(&line);
        screen.write(Stream::Out, outcome.text.as_bytes());
        let error = if colors { highlight::error(&outcome.error) } else { outcome.error };
        screen.write(Stream::Out, error.as_bytes());
        if let Some(status) = outcome.exit {
            return Ok(status);
        }
    }
}

/// `$XDG_STATE_HOME/gol/history`, in a folder that is there.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    let dir = state.join("gol");
    std::fs::create_dir_all(&dir).ok()?;
    Some(dir.join("history"))
}

/// The terminal as the program sees it.
struct Screen {
    state: Mutex<State>,
    changed: Condvar,
    /// Ends a read that nobody waits for any more.
    cancel: (OwnedFd, OwnedFd),
}

#[derive(Default)]
struct State {
    /// A line is being typed.
    prompting: bool,
    /// Lines to be shown above it.
    above: Vec<u8>,
    /// The beginning of a line that is not complete.
    partial: Vec<u8>,
    /// The cursor is behind something that the program has printed.
    in_line: bool,
    /// Reads under way, and how often they were cancelled.
    readers: usize,
    cancelled: u64,
}

impl Screen {
    fn new() -> Result<Screen, String> {
        let cancel = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|e| e.to_string())?;
        Ok(Screen { state: Mutex::default(), changed: Condvar::new(), cancel })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_prompt(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.in_line) {
            put(Stream::Out, b"\n");
        }
        state.prompting = true;
    }

    /// The line is complete: what was to be shown above it is shown now, and a line that was not complete goes on.
    fn end_prompt(&self) {
        let mut state = self.state();
        state.prompting = false;
        let mut rest = std::mem::take(&mut state.above);
        rest.append(&mut state.partial);
        state.in_line = rest.last().is_some_and(|b| *b != b'\n');
        put(Stream::Out, &rest);
        drop(state);
        self.changed.notify_all();
    }

    /// Starts the thread that hands lines to the editor.
    fn show_above(screen: &Arc<Screen>, mut printer: impl ExternalPrinter + Send + 'static) {
        let screen = screen.clone();
        let run = move || {
            loop {
                let mut state = screen.state();
                while state.above.is_empty() || !state.prompting {
                    state = screen.wait(state);
                }
                let text = String::from_utf8_lossy(&std::mem::take(&mut state.above)).into_owned();
                drop(state);
                screen.changed.notify_all();
                if printer.print(text).is_err() {
                    return;
                }
            }
        };
        // Without the thread the lines come when the entry is complete.
        let _ = std::thread::Builder::new().name("above the line".into()).spawn(run);
    }
}

fn put(stream: Stream, bytes: &[u8]) {
    // A terminal that is gone is noticed by the editor.
    let _ = match stream {
        Stream::Out => std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush()),
        Stream::Err => std::io::stderr().write_all(bytes),
    };
}

impl Console for Screen {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        let mut state = self.state();
        while state.prompting && state.above.len() > BACKLOG {
            state = self.wait(state);
        }
        if !state.prompting {
            state.in_line = *last != b'\n';
            put(stream, bytes);
            return;
        }
        state.partial.extend_from_slice(bytes);
        if let Some(end) = state.partial.iter().rposition(|b| *b == b'\n') {
            let rest = state.partial.split_off(end + 1);
            let mut lines = std::mem::replace(&mut state.partial, rest);
            state.above.append(&mut lines);
            drop(state);
            self.changed.notify_all();
        }
    }

    fn read(&self, room: usize) -> Vec<u8> {
        let mut state = self.state();
        let cancelled = state.cancelled;
        // While a line is being typed the terminal is the editor's.
        while state.prompting {
            if state.cancelled != cancelled {
                return Vec::new();
            }
            state = self.wait(state);
        }
        state.readers += 1;
        drop(state);
        let stdin = rustix::stdio::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&self.cancel.0, PollFlags::IN)];
        let mut buf = vec![0; room];
        let n = loop {
            match rustix::event::poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => break 0,
                Ok(_) if !fds[1].revents().is_empty() => {
                    let _ = rustix::io::read(&self.cancel.0, &mut [0u8; 1]);
                    break 0;
                }
                Ok(_) => break rustix::io::read(stdin, &mut buf).unwrap_or(0),
            }
        };
        let mut state = self.state();
        state.readers -= 1;
        // The newline was typed and echoed.
        state.in_line = false;
        buf.truncate(n);
        buf
    }

    fn stop_reading(&self) {
        let mut state = self.state();
        state.cancelled += 1;
        if state.readers > 0 {
            let _ = rustix::io::write(&self.cancel.1, b"x");
        }
        drop(state);
        self.changed.notify_all();
    }

    fn width(&self) -> usize {
        rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(80, |w| usize::from(w.ws_col).max(20))
    }
}

/// What the editor asks about a line.
struct Shell<'s, 'a> {
    session: &'s RefCell<Session<'a>>,
    colors: bool,
    typed: RefCell<Typed>,
}

impl Helper for Shell<'_, '_> {}

impl Completer for Shell<'_, '_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let Ok(mut session) = self.session.try_borrow_mut() else { return Ok((pos, Vec::new())) };
        let (start, found) = session.complete(line, pos);
        let pairs = found.into_iter().map(|replacement| Pair { display: replacement.clone(), replacement });
        Ok((start, pairs.collect()))
    }
}

/// A hint that is only to be read.
struct Note(String);

impl Hint for Note {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Shell<'_, '_> {
    type Hint = Note;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Note> {
        if pos < line.len() {
            return None;
        }
        self.session.try_borrow_mut().ok()?.hint(line).map(Note)
    }
}

impl Highlighter for Shell<'_, '_> {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if self.colors && line.len() < LIVE { highlight::line(line, pos).into() } else { line.into() }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colors { highlight::prompt(prompt).into() } else { prompt.into() }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colors { highlight::hint(hint).into() } else { hint.into() }
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        self.colors && (line.len() < LIVE || !matches!(kind, CmdKind::Other))
    }
}

impl Validator for Shell<'_, '_> {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let Ok(mut typed) = self.typed.try_borrow_mut() else { return Ok(ValidationResult::Valid(None)) };
        Ok(match typed.becomes(&format!("{}\n", ctx.input())) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}
