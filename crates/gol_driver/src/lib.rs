//! From a path to a running program: finds and loads packages, runs the phases in order, draws what they find.
//!
//! This is the only place where the tower that turns text into bytecode meets the one that runs it, and the only user
//! of ariadne. It reads files; what comes from the command line, the environment and the terminal is given to it.
#![forbid(unsafe_code)]

mod draw;
mod load;
pub mod stdlib;

pub use draw::Format;
pub use load::{Input, InputError};

use gol_bytecode::Program;
use gol_source::{Diagnostic, Severity, SourceMap};
use gol_vm::{Options, Vm};
use std::io::Write;

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
pub fn check(input: &Input) -> Result<Built, InputError> {
    on_a_large_stack(|| load::load(input, false))
}

/// Checks and compiles a program.
pub fn build(input: &Input) -> Result<Built, InputError> {
    on_a_large_stack(|| load::load(input, true))
}

/// Runs a compiled program to its end; gives its exit status. The error says what gol itself got wrong.
pub fn run(program: Program, options: Options) -> Result<i32, String> {
    Ok(Vm::new(program, gol_natives::find, options)?.run())
}

/// The checker and the compiler recurse as deep as the parser lets expressions nest.
const STACK: usize = 1 << 30;

/// Runs `f` on a thread with room for deep recursion. The memory is reserved, not used.
fn on_a_large_stack<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|s| {
        let thread = std::thread::Builder::new().name("front end".into()).stack_size(STACK).spawn_scoped(s, f);
        match thread.expect("the system has room for a thread").join() {
            Ok(v) => v,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
