//! From a path to a running program: finds and loads packages, runs the phases in order, draws what they find.
//!
//! This is the only place where the tower that turns text into bytecode meets the one that runs it, and the only user
//! of ariadne. It reads files; what comes from the command line, the environment and the terminal is given to it.
#![forbid(unsafe_code)]

mod constraint;
mod cover;
pub mod doc;
mod draw;
mod example;
mod find;
mod input;
mod load;
mod modfile;
mod names;
pub mod session;
pub mod show;
pub mod stdlib;
pub mod testing;

pub use draw::Format;
pub use input::{Input, InputError};
pub use stdlib::Library;

use gol_bytecode::Program;
use gol_source::{Diagnostic, Severity, SourceMap};
use gol_vm::{Options, Vm};
use std::io::Write;
use std::sync::Mutex;

/// A text that went through the phases: what was found, and the program unless something is wrong.
pub struct Built {
    /// All texts, for drawing.
    pub map: SourceMap,
    /// What was found, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The program; `None` when there are errors, or when it was only checked.
    pub program: Option<Program>,
}

impl Built {
    /// Whether anything that was found keeps the program from running.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Writes what was found, in `format`.
    pub fn draw(&self, format: Format, colors: bool, out: &mut dyn Write) -> std::io::Result<()> {
        draw::draw(&self.map, &self.diagnostics, format, colors, out)
    }
}

/// Checks a program or package without compiling it.
pub fn check(input: &Input, library: &Library) -> Result<Built, InputError> {
    on_a_large_stack(|| load::load(input, library, false))
}

/// Checks and compiles a program.
pub fn build(input: &Input, library: &Library) -> Result<Built, InputError> {
    on_a_large_stack(|| load::load(input, library, true))
}

/// Runs a compiled program to its end; gives its exit status. The error says what gol itself got wrong.
pub fn run(program: Program, options: Options) -> Result<i32, String> {
    gol_natives::raise_file_limit();
    Ok(Vm::new(program, gol_natives::find, options)?.run())
}

/// The checker and the compiler recurse as deep as the parser lets expressions nest. The second size is for systems that
/// allow a process few addresses.
const STACKS: [usize; 2] = [1 << 30, 1 << 28];

/// Runs `f` on a thread with room for deep recursion. The memory is reserved, not used.
pub fn on_a_large_stack<T: Send>(f: impl FnOnce() -> Result<T, InputError> + Send) -> Result<T, InputError> {
    let f = Mutex::new(Some(f));
    let work = || {
        let f = f.lock().ok().and_then(|mut f| f.take());
        f.expect("only one thread was started")()
    };
    std::thread::scope(|s| {
        let start = |size| std::thread::Builder::new().name("front end".into()).stack_size(size).spawn_scoped(s, work);
        let Some(thread) = STACKS.into_iter().find_map(|size| start(size).ok()) else {
            return Err(InputError("the system has no room for another thread".into()));
        };
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
