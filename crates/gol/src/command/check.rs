//! `gol check`.

use super::{REJECTED, draw, fail, input};
use crate::settings::library;
use gol_driver::{Format, Input};
use std::process::ExitCode;

/// Checks programs; findings go to standard output in the machine formats, to standard error when drawn.
pub(super) fn check(format: Format, paths: &[String]) -> ExitCode {
    let mut failed = false;
    let mut inputs = Vec::new();
    for path in paths {
        match Input::matching(path) {
            Some(folders) => inputs.extend(folders.into_iter().map(Ok)),
            None => inputs.push(input(path)),
        }
    }
    for input in inputs {
        match input.and_then(|input| gol_driver::check(&input, &library())) {
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
