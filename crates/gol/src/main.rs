//! The `gol` command: arguments in, exit status out. Everything else is `gol_driver`'s.
#![forbid(unsafe_code)]

mod cli;
mod command;
mod quantity;
mod settings;
mod walk;

use std::process::ExitCode;

/// gol allocates small pieces on many threads.
#[global_allocator]
static ALLOCATOR: gol_vm::OrExit<mimalloc::MiMalloc> = gol_vm::OrExit(mimalloc::MiMalloc);

fn main() -> ExitCode {
    command::execute(cli::from_args())
}
