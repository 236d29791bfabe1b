//! One entry without a session around it: `gol -e`.

use crate::console::Console;
use crate::session::{Session, Settings};
use crate::transcript::Pipes;
use gol_driver::Library;
use gol_vm::Stream;
use std::io::BufReader;
use std::sync::Arc;

/// Evaluates a text and prints the values of an expression; gives the exit status. What it reads is standard input.
pub fn evaluate(library: &Library, settings: Settings, text: &str) -> Result<i32, String> {
    let pipes = Arc::new(Pipes::new(Box::new(BufReader::new(std::io::stdin()))));
    let mut session = Session::new(library, settings, pipes.clone())?;
    let watch = crate::interrupts::watch(session.interrupter(), true);
    let outcome = session.eval_and_print(text);
    drop(watch);
    pipes.write(Stream::Out, outcome.text.as_bytes());
    pipes.write(Stream::Err, outcome.error.as_bytes());
    Ok(pipes.status(outcome.status))
}
