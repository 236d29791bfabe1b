//! The `gol` command: arguments in, exit status out. Everything else is `gol_driver`'s.
#![forbid(unsafe_code)]

mod cli;

use cli::{Cli, Command};
use gol_driver::{Built, Format, Input, InputError};
use gol_vm::Options;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// gol allocates small pieces on many threads.
#[global_allocator]
static ALLOCATOR: gol_vm::OrExit<mimalloc::MiMalloc> = gol_vm::OrExit(mimalloc::MiMalloc);

/// Exit status for a program that gol rejects, as Go's tools have it.
const REJECTED: u8 = 1;

fn main() -> ExitCode {
    match Cli::from_args() {
        Command::Run { path, args } => run(&path, args),
        Command::Check { format, paths } => check(format, &paths),
    }
}

/// `gol FILE`, `gol run PATH`, and `-` for standard input.
fn run(path: &str, args: Vec<String>) -> ExitCode {
    let input = match input(path) {
        Ok(input) => input,
        Err(e) => return fail(&e.0),
    };
    let built = match gol_driver::build(&input) {
        Ok(built) => built,
        Err(e) => return fail(&e.0),
    };
    show(&built, Format::Pretty, &mut std::io::stderr().lock());
    let Some(program) = built.program else { return ExitCode::from(REJECTED) };
    let mut all = vec![path.to_string()];
    all.extend(args);
    let options = match options(all) {
        Ok(options) => options,
        Err(e) => return fail(&e),
    };
    match gol_driver::run(program, options) {
        // Whatever a program leaves running ends with it, as in Go.
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e),
    }
}

/// `gol check PATH...`: findings on standard output in the machine formats, on standard error when drawn.
fn check(format: Format, paths: &[String]) -> ExitCode {
    let mut failed = false;
    for path in paths {
        let built = input(path).and_then(|input| gol_driver::check(&input));
        match built {
            Ok(built) => {
                match format {
                    Format::Pretty => show(&built, format, &mut std::io::stderr().lock()),
                    _ => show(&built, format, &mut std::io::stdout().lock()),
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
fn show(built: &Built, format: Format, out: &mut dyn Write) {
    let colors = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let _ = built.draw(format, colors, out).and_then(|()| out.flush());
}

fn fail(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "gol: {text}");
    ExitCode::from(REJECTED)
}

/// What the environment says about how to run.
fn options(args: Vec<String>) -> Result<Options, String> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<i64>().ok());
    let workers = number("GOMAXPROCS").filter(|n| *n > 0).map_or(cores, |n| n as usize).min(256);
    let gc_percent = match std::env::var("GOGC").as_deref() {
        Ok("off") => -1,
        Ok(v) => v.parse().unwrap_or(100),
        Err(_) => 100,
    };
    let gc_stress = std::env::var_os("GOL_GC_STRESS").is_some_and(|v| v == "1");
    let mode = match std::env::var("GOL_SEED") {
        Ok(v) => gol_vm::Mode::Deterministic { seed: v.parse().map_err(|_| format!("GOL_SEED={v} is no number"))? },
        Err(_) => gol_vm::Mode::Parallel,
    };
    let memory_limit = memory_limit(&std::env::var("GOMEMLIMIT").unwrap_or_default())?;
    let traceback = gol_vm::Traceback::parse(&std::env::var("GOTRACEBACK").unwrap_or_default());
    Ok(Options { workers, mode, args, gc_stress, gc_percent, memory_limit, traceback })
}

/// GOMEMLIMIT: a number of bytes with or without a unit.
fn memory_limit(text: &str) -> Result<i64, String> {
    if matches!(text, "" | "off") {
        return Ok(i64::MAX);
    }
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("B", 0)];
    let unit = units.iter().find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let limit = number.parse::<i64>().ok().filter(|_| digits).and_then(|n| n.checked_mul(1 << shift));
    limit.ok_or_else(|| format!("GOMEMLIMIT={text} is no number of bytes"))
}

#[cfg(test)]
mod tests {
    use super::memory_limit;

    #[test]
    fn memory_limits_have_units() {
        assert_eq!(memory_limit(""), Ok(i64::MAX));
        assert_eq!(memory_limit("off"), Ok(i64::MAX));
        assert_eq!(memory_limit("1000"), Ok(1000));
        assert_eq!(memory_limit("5B"), Ok(5));
        assert_eq!(memory_limit("3GiB"), Ok(3 << 30));
        for wrong in ["MiB", "-1", "+1", "1KB", "1e3", "9999999999TiB"] {
            assert!(memory_limit(wrong).is_err());
        }
    }
}
