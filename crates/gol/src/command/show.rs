//! What the phases make of a text, for people to see: tokens, tree, bytecode; and what the library says.

use super::{REJECTED, draw, fail, input, print};
use crate::settings::library;
use gol_driver::Format;
use std::process::ExitCode;

/// `gol tokens FILE`.
pub(super) fn tokens(path: &str) -> ExitCode {
    match input(path).and_then(|input| gol_driver::show::tokens(&input)) {
        Ok(text) => print(&text),
        Err(e) => fail(&e.0),
    }
}

/// `gol ast FILE`.
pub(super) fn ast(path: &str) -> ExitCode {
    let (built, text) = match input(path).and_then(|input| gol_driver::show::tree(&input)) {
        Ok(shown) => shown,
        Err(e) => return fail(&e.0),
    };
    draw(&built, Format::Pretty, &mut std::io::stderr().lock());
    if built.failed() { ExitCode::from(REJECTED) } else { print(&text) }
}

/// `gol doc PKG[.NAME[.METHOD]]`.
pub(super) fn doc(query: &str) -> ExitCode {
    if query.is_empty() {
        return print(&gol_driver::doc::packages(&library()));
    }
    match gol_driver::doc::doc(&library(), query) {
        Ok(text) => print(&text),
        Err(e) => fail(&e),
    }
}

/// `gol dis PATH [NAME]`.
pub(super) fn dis(path: &str, all: bool, name: Option<&str>) -> ExitCode {
    let built = match input(path).and_then(|input| gol_driver::build(&input, &library())) {
        Ok(built) => built,
        Err(e) => return fail(&e.0),
    };
    draw(&built, Format::Pretty, &mut std::io::stderr().lock());
    let Some(program) = &built.program else { return ExitCode::from(REJECTED) };
    let text = gol_driver::show::bytecode(program, &built.map, all, name.unwrap_or_default());
    if text.is_empty() {
        return fail(&format!("{path} has no function with {:?} in its name", name.unwrap_or_default()));
    }
    print(&text)
}
