//! The commands, one file a group, and what they share: reading the input, and saying what went wrong.

mod check;
mod explain;
mod repl;
mod run;
mod shell;
mod show;
mod test;
mod walk;

use crate::cli::Command;
use gol_driver::{Built, Format, Input, InputError};
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit status for a program that gol rejects, as Go's tools have it.
const REJECTED: u8 = 1;

/// Carries a command out; gives the process's exit status.
pub(crate) fn execute(command: Command) -> ExitCode {
    match command {
        Command::Run { flags, path, args } => run::run(&flags, &path, args),
        Command::Evaluate { flags, code, args } => repl::evaluate(&flags, &code, args),
        Command::Repl { flags } => repl::repl(&flags),
        Command::Check { format, paths } => check::check(format, &paths),
        Command::Test { words } => test::test(words),
        Command::TestProgram { words } => test::program(words),
        Command::Explain { code } => explain::explain(code.as_deref()),
        Command::Doc { query } => show::doc(&query),
        Command::Walk { name, html, run, args } => walk::walk(name.as_deref(), html, run, args),
        Command::Dis { all, path, name } => show::dis(&path, all, name.as_deref()),
        Command::Ast { path } => show::ast(&path),
        Command::Tokens { path } => show::tokens(&path),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
        Command::Version => shell::version(),
    }
}

fn input(path: &str) -> Result<Input, InputError> {
    if path != "-" {
        return Ok(Input::Path(PathBuf::from(path)));
    }
    let mut text = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut text);
    read.map_err(|e| InputError(format!("standard input: {e}")))?;
    Ok(Input::Text("<stdin>".into(), text))
}

/// Draws findings. That nobody reads them is no reason to fail.
fn draw(built: &Built, format: Format, out: &mut dyn Write) {
    let colors = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let _ = built.draw(format, colors, out).and_then(|()| out.flush());
}

/// Writes a command's result to standard output. A reader that went away is no failure; a full disk is one.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => fail(&format!("standard output: {e}")),
        _ => ExitCode::SUCCESS,
    }
}

fn fail(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "gol: {text}");
    ExitCode::from(REJECTED)
}
