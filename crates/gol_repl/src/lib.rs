//! The REPL: a session that takes entries, and the shells around it.
//!
//! [`Session`] is a plain value: [`Session::eval`] takes the text of an entry or command and gives an [`Outcome`]; what the
//! program prints goes to a [`Console`]. It knows no terminal. `transcript` is the shell for texts that come from a file or
//! pipe, `terminal` the one for people, and the only user of rustyline.
#![forbid(unsafe_code)]

mod command;
mod complete;
mod console;
mod highlight;
mod host;
mod interrupts;
mod once;
mod session;
mod terminal;
mod transcript;
mod typed;

pub use console::Console;
pub use once::evaluate;
pub use session::{Interrupter, Outcome, Session, Settings};
pub use terminal::terminal;
pub use transcript::transcript;
