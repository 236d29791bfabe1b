//! `gol repl`, and `gol` alone.

use super::fail;
use crate::cli::RunFlags;
use crate::settings::{self, library};
use gol_repl::Settings;
use std::io::BufReader;
use std::process::ExitCode;

/// A session on standard input, until its end.
pub(super) fn repl(flags: &RunFlags) -> ExitCode {
    let options = match settings::options(flags, vec!["gol".into()]) {
        Ok(options) => options,
        Err(e) => return fail(&e),
    };
    let dir = std::env::current_dir().unwrap_or_default();
    let settings = Settings { options, dir, colors: false };
    let library = library();
    let run = || {
        let input = Box::new(BufReader::new(std::io::stdin()));
        gol_repl::transcript(&library, settings, input).map_err(gol_driver::InputError)
    };
    match gol_driver::on_a_large_stack(run) {
        // Whatever the session leaves running ends with it.
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e.0),
    }
}
