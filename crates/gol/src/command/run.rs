//! `gol FILE` and `gol run`.

use super::{REJECTED, draw, fail, input};
use crate::cli::{self, RunFlags};
use crate::settings::{self, library};
use gol_driver::{Format, Input};
use gol_vm::{Options, Origin};
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks, compiles and runs a program; the process ends with the program's status.
pub(super) fn run(flags: &RunFlags, path: &str, args: Vec<String>) -> ExitCode {
    let mut words = vec![path.to_string()];
    words.extend(args);
    let (files, taken) = Input::leading(&words);
    let origin = origin(&words[..taken]);
    let input = if taken == 1 { input(path) } else { Ok(files) };
    let built = match input.and_then(|input| gol_driver::build(&input, &library())) {
        Ok(built) => built,
        Err(e) => return fail(&with_hint(&e.0, path)),
    };
    draw(&built, Format::Pretty, &mut std::io::stderr().lock());
    let Some(program) = built.program else { return ExitCode::from(REJECTED) };
    // The program's name is that of its first file.
    words.drain(1..taken);
    let options = match settings::options(flags, words) {
        Ok(options) => Options { origin, ..options },
        Err(e) => return fail(&e),
    };
    match gol_driver::run(program, options) {
        // Whatever a program leaves running ends with it, as in Go.
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e),
    }
}

/// What starts a program from these files, or this folder, again.
fn origin(paths: &[String]) -> Option<Origin> {
    let paths: Vec<_> = paths.iter().filter(|p| *p != "-").map(std::path::absolute).collect::<Result<_, _>>().ok()?;
    let first = paths.first()?;
    // Where Go would build the program of a folder.
    let built = first.is_dir().then(|| first.canonicalize().ok()).flatten();
    let built = built.and_then(|dir| Some(dir.join(dir.file_name()?)));
    let path = built.unwrap_or_else(|| first.clone());
    let words = std::iter::once("run".into()).chain(paths.into_iter().map(PathBuf::into_os_string)).collect();
    Some(Origin { path, words })
}

/// A word that is no file may be a mistyped command.
fn with_hint(text: &str, path: &str) -> String {
    /// What Go's command does, and what does it here.
    const OTHERS: [(&str, &str); 9] = [
        ("build", "there is no build step: gol FILE runs a program"),
        ("install", "there is no build step: gol FILE runs a program"),
        ("vet", "gol check FILE finds mistakes"),
        ("fmt", "gol does not format; gofmt does, as gol's files are Go's"),
        ("get", "nothing is downloaded: docs/packages.md says where packages are looked for"),
        ("mod", "nothing is downloaded: docs/packages.md says where packages are looked for"),
        ("env", "docs/commands.md has the environment variables"),
        ("list", "gol doc lists the packages of the library"),
        ("exit", "gol alone is the REPL, and :quit leaves it"),
    ];
    if let Some((_, instead)) = OTHERS.iter().find(|o| o.0 == path && !std::path::Path::new(path).exists()) {
        return format!("there is no command {path}: {instead}");
    }
    match cli::meant(path) {
        Some(command) if !std::path::Path::new(path).exists() => {
            format!("{text}\ngol: did you mean the command `gol {command}`?")
        }
        _ => text.to_string(),
    }
}
