//! `gol check`.

use super::{REJECTED, draw, fail, input};
use crate::settings::library;
use gol_driver::Format;
use std::process::ExitCode;

/// Checks programs; findings go to standard output in the machine formats, to standard error when drawn.
pub(super) fn check(format: Format, paths: &[String]) -> ExitCode {
    let mut failed = false;
    for path in paths {
        match input(path).and_then(|input| gol_driver::check(&input, &library())) {
            Ok(built) => {
                match format {
                    Format::Pretty => draw(&built, format, &mut std::io::stderr().lock()),
                    _ => draw(&built, format, &mut std::io::stdout().lock()),
                }
                failed |= built.failed();
            }
            Err(e) => {
                fail(&e.0);
                failed = true;
            }
        }
    }
    ExitCode::from(if failed { REJECTED } else { 0 })
}
