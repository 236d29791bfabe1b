//! One entry without a session around it: `gol -e`.

use crate::session::{Session, Settings};
use crate::transcript::Pipes;
use gol_driver::Library;
use std::io::BufReader;
use std::sync::Arc;

/// Evaluates a text and prints the values of an expression; gives the exit status. What it reads is standard input.
pub fn evaluate(library: &Library, settings: Settings, text: &str) -> Result<i32, String> {
    let pipes = Arc::new(Pipes::new(Box::new(BufReader::new(std::io::stdin()))));
    let mut session = Session::new(library, settings, pipes)?;
    let watch = crate::interrupts::watch(session.interrupter(), true);
    let outcome = session.eval_and_print(text);
    drop(watch);
    eprint(&outcome.error);
    Ok(outcome.status)
}

/// That nobody reads is no reason to fail.
fn eprint(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(text.as_bytes());
}
