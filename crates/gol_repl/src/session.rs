//! The session: entries in, outcomes out; what lives from entry to entry.

use crate::console::Console;
use crate::host::{Ran, SessionHost};
use gol_driver::Library;
use gol_driver::session::{Compiled, Front, Rejected, printing, state};
use gol_syntax::ReplState;
use gol_vm::{Ended, Options, Vm};
use std::path::PathBuf;
use std::sync::Arc;

/// What a session is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How its program is run.
    pub options: Options,
    /// The folder that it is in.
    pub dir: PathBuf,
    /// Whether errors are drawn in color.
    pub colors: bool,
    /// Whether a crash of any goroutine ends the process, as it ends a program.
    pub crashes_end: bool,
}

/// What an entry or command came to. All texts end with a newline, unless they are empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The value, or what was asked for.
    pub text: String,
    /// What is wrong with the entry, or went wrong when it ran.
    pub error: String,
    /// The session is over, with this exit status.
    pub exit: Option<i32>,
    /// What a process that does no more than this ends with: 0, 1 for a text that was refused, 2 for one that failed when it
    /// ran, 130 for one that was interrupted, or what the program asked for.
    pub status: i32,
}

impl Outcome {
    pub(crate) fn text(text: impl Into<String>) -> Outcome {
        Outcome { text: line(text.into()), ..Outcome::default() }
    }

    pub(crate) fn error(text: impl Into<String>) -> Outcome {
        Outcome { error: line(text.into()), status: 1, ..Outcome::default() }
    }
}

fn line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A session. It must live on a thread with room for deep recursion (`gol_driver::on_a_large_stack`).
pub struct Session<'a> {
    library: &'a Library,
    pub(crate) settings: Settings,
    console: Arc<dyn Console>,
    pub(crate) front: Front<'a>,
    pub(crate) vm: Arc<Vm>,
    pub(crate) host: Arc<SessionHost>,
    /// The texts of all entries that were taken.
    pub(crate) entries: Vec<String>,
    /// Entries so far, taken or not, for their names.
    count: u32,
}

/// Stops a session's running entry, from any thread.
#[derive(Clone)]
pub struct Interrupter(Arc<SessionHost>);

impl Interrupter {
    /// Asks the running entry to end; false: none is running.
    pub fn interrupt(&self) -> bool {
        self.0.interrupt()
    }
}

impl<'a> Session<'a> {
    /// A new session. The error is for people.
    pub fn new(library: &'a Library, settings: Settings, console: Arc<dyn Console>) -> Result<Session<'a>, String> {
        let mut front = Front::new(library, &settings.dir).map_err(|e| e.0)?;
        let host = Arc::new(SessionHost::new(console.clone(), settings.crashes_end));
        let first = front.first().map_err(|e| e.0)?;
        let entry = first.entry;
        gol_natives::raise_file_limit();
        let vm = Vm::start_session(first, gol_natives::find, settings.options.clone(), host.clone())?;
        if let Some(entry) = entry {
            host.run(&vm, entry)?;
        }
        Ok(Session { library, settings, console, front, vm, host, entries: Vec::new(), count: 0 })
    }

    /// A handle to stop entries with.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.host.clone())
    }

    /// Whether a text can be evaluated as it is; otherwise another line belongs to it.
    pub fn is_complete(text: &str) -> bool {
        let first = text.trim_start();
        first.starts_with([':', '?']) || state(text) != ReplState::Incomplete
    }

    /// Evaluates an entry, or carries out a command (`:help`).
    pub fn eval(&mut self, text: &str) -> Outcome {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Outcome::default();
        }
        if let Some(command) = trimmed.strip_prefix(':') {
            return self.command(command);
        }
        if let Some(name) = trimmed.strip_prefix('?') {
            return self.command(&format!("doc {}", name.trim()));
        }
        self.count += 1;
        let name = format!("entry {}", self.count);
        let compiled = self.front.entry(&name, text, self.settings.colors);
        let (outcome, taken) = self.run(compiled);
        if taken {
            self.entries.push(text.trim_end().to_string());
        }
        outcome
    }

    /// Evaluates a text; the values of an expression at its end are printed as `fmt.Println` has them.
    pub fn eval_and_print(&mut self, text: &str) -> Outcome {
        if let Some(printing) = printing(text)
            && let Ok(compiled) = self.front.entry("entry 1", &printing, self.settings.colors)
        {
            return self.run(Ok(compiled)).0;
        }
        // There is nothing to print, or something is wrong.
        self.eval(text)
    }

    /// Takes what a file declares.
    pub(crate) fn load_package(&mut self, name: &str, text: Vec<u8>) -> Outcome {
        let compiled = self.front.load(name, text, self.settings.colors);
        let has_main = compiled.as_ref().is_ok_and(|c| c.declares_main);
        let (mut outcome, taken) = self.run(compiled);
        if taken {
            self.entries.push(format!("// :load {name}"));
        }
        if taken && has_main && outcome.error.is_empty() {
            outcome.text.push_str("main is declared: main() runs it\n");
        }
        outcome
    }

    /// Runs what was compiled; whether it has become part of the session.
    fn run(&mut self, compiled: Result<Compiled, Rejected>) -> (Outcome, bool) {
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(Rejected(text)) => return (Outcome::error(text), false),
        };
        let entry = compiled.addition.entry;
        if let Err(e) = self.vm.add(compiled.addition, gol_natives::find) {
            return (Outcome::error(e), false);
        }
        let mut outcome = Outcome::text(compiled.text.unwrap_or_default());
        let Some(entry) = entry else { return (outcome, true) };
        match self.host.run(&self.vm, entry) {
            Ok(ran) => finish(ran, &mut outcome),
            Err(what) => {
                outcome.error.push_str(&what);
                outcome.exit = Some(2);
                outcome.status = 2;
            }
        }
        (outcome, true)
    }

    /// Starts anew: nothing of before is left but goroutines that run on unseen until the process ends.
    pub(crate) fn reset(&mut self) -> Outcome {
        match Session::new(self.library, self.settings.clone(), self.console.clone()) {
            Ok(new) => {
                self.vm.stop();
                *self = new;
                Outcome::text("a new session")
            }
            Err(e) => Outcome::error(e),
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.vm.stop();
    }
}

/// Puts how an entry ran into words.
fn finish(ran: Ran, outcome: &mut Outcome) {
    let (types, texts): (Vec<_>, Vec<_>) = ran.values.into_iter().unzip();
    match (types.len(), ran.ended) {
        (0, _) => {}
        (1, _) => outcome.text = line(format!("{} = {}", types[0], texts[0])),
        _ => outcome.text = line(format!("({}) = {}", types.join(", "), texts.join(", "))),
    }
    if let Some(report) = ran.report {
        outcome.error = line(report);
        outcome.status = 2;
    } else if ran.interrupted {
        outcome.error = "interrupted\n".into();
        outcome.status = 130;
    } else if ran.ended == Ended::Goexit {
        outcome.error = "the entry's goroutine ended by runtime.Goexit\n".into();
    }
    if let Ended::Exit(status) = ran.ended {
        outcome.exit = Some(status);
        outcome.status = status;
    }
}
