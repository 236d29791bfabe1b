//! `gol repl`, and `gol` alone; `gol -e`.

use super::fail;
use crate::cli::RunFlags;
use crate::settings::{self, library};
use gol_repl::Settings;
use std::io::{BufReader, IsTerminal};
use std::process::ExitCode;

/// A session on the terminal, or on standard input as it comes, until its end.
pub(super) fn repl(flags: &RunFlags) -> ExitCode {
    let options = match settings::options(flags, vec!["gol".into()]) {
        Ok(options) => options,
        Err(e) => return fail(&e),
    };
    let dir = std::env::current_dir().unwrap_or_default();
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let colors = terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|t| t != "dumb");
    let settings = Settings { options, dir, colors, crashes_end: false };
    let library = library();
    let run = || {
        if terminal {
            let version = format!("gol {}", env!("CARGO_PKG_VERSION"));
            return gol_repl::terminal(&library, settings, &version).map_err(gol_driver::InputError);
        }
        let input = Box::new(BufReader::new(std::io::stdin()));
        gol_repl::transcript(&library, settings, input).map_err(gol_driver::InputError)
    };
    match gol_driver::on_a_large_stack(run) {
        // Whatever the session leaves running ends with it.
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e.0),
    }
}

/// `gol -e CODE ARGS...`.
pub(super) fn evaluate(flags: &RunFlags, code: &str, args: Vec<String>) -> ExitCode {
    let mut all = vec!["gol".to_string()];
    all.extend(args);
    let options = match settings::options(flags, all) {
        Ok(options) => options,
        Err(e) => return fail(&e),
    };
    let dir = std::env::current_dir().unwrap_or_default();
    let colors = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let library = library();
    let settings = Settings { options, dir, colors, crashes_end: true };
    let run = || gol_repl::evaluate(&library, settings, code).map_err(gol_driver::InputError);
    match gol_driver::on_a_large_stack(run) {
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e.0),
    }
}
