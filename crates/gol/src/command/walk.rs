//! `gol walk`: codewalks, on the terminal, as text, as a page, or run.

use super::{REJECTED, draw, fail, print};
use crate::cli::RunFlags;
use crate::settings::{self, library};
use crate::walk::{self, Walk};
use gol_driver::{Format, Input};
use gol_source::nearest;
use std::io::IsTerminal;
use std::process::ExitCode;

/// `gol walk [NAME] [--html | --run] [-- ARGS...]`.
pub(super) fn walk(name: Option<&str>, html: bool, run: bool, args: Vec<String>) -> ExitCode {
    let Some(name) = name else {
        if html || run {
            return fail(&format!("which walk? There are {}", walk::names().collect::<Vec<_>>().join(", ")));
        }
        return print(&walk::all().map(|w| format!("{:8} {}\n", w.name, w.title)).collect::<String>());
    };
    let Some(walk) = walk::named(name) else {
        let hint =
            nearest(name, walk::names()).map_or("`gol walk` lists them".into(), |n| format!("did you mean {n}?"));
        return fail(&format!("there is no walk {name}: {hint}"));
    };
    if html {
        return print(&walk::page(&walk));
    }
    if run {
        return play(&walk, args);
    }
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let dumb = set("TERM").is_none_or(|t| t == "dumb");
    if dumb || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return print(&walk::plain(&walk));
    }
    match walk::interactive(&walk, set("NO_COLOR").is_none()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&format!("the terminal: {e}")),
    }
}

/// Runs a walk's program in this process.
fn play(walk: &Walk, args: Vec<String>) -> ExitCode {
    let input = Input::Text(format!("{}.gol", walk.name), walk.program.as_bytes().to_vec());
    let built = match gol_driver::build(&input, &library()) {
        Ok(built) => built,
        Err(e) => return fail(&e.0),
    };
    draw(&built, Format::Pretty, &mut std::io::stderr().lock());
    let Some(program) = built.program else { return ExitCode::from(REJECTED) };
    let mut words = vec![walk.name.to_string()];
    words.extend(if args.is_empty() { walk.args.clone() } else { args });
    let options = match settings::options(&RunFlags::default(), words) {
        Ok(options) => options,
        Err(e) => return fail(&e),
    };
    match gol_driver::run(program, options) {
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e),
    }
}
