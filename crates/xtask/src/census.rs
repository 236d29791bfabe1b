//! The census of the library: the facts about Go's packages from an installed Go, and the page made of them.
//!
//! What is compared, and the form of the facts, is in `crates/gol_types/tests/census/main.rs`.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) const USAGE: &str = "  census [--go PATH]
                 writes docs/stdlib.md and the lines of tests/census/exceptions.txt that are only not written yet; with
                 --go first tests/census/go.txt, from that Go's packages
";

/// What a program in an interpreter has no use for, or what is no Go: its packages are not counted.
const LEFT_OUT: &[&str] = &["go", "debug", "syscall", "runtime/cgo", "plugin", "embed", "unsafe"];

/// The program that writes the names.
const NAMES: &str = include_str!("census/names.go");

/// Runs the command.
pub(crate) fn run(root: &Path, args: &[&str]) -> ExitCode {
    let facts = match args {
        [] => Ok(()),
        ["--go", go] => facts(root, go),
        _ => Err(format!("usage: cargo xtask COMMAND\n\n{USAGE}")),
    };
    if let Err(text) = facts {
        eprintln!("{}", text.trim_end());
        return ExitCode::FAILURE;
    }
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).env("GOL_BLESS", "1").args(["test", "--package", "gol_types", "--test", "census"]);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Writes the names of that Go's packages.
fn facts(root: &Path, go: &str) -> Result<(), String> {
    let version = output(Command::new(go).arg("version"))?;
    let packages = output(Command::new(go).args(["list", "std"]))?;
    let below =
        |path: &str, of: &str| path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let counted = |path: &&str| {
        !path.split('/').any(|e| e == "internal" || e == "vendor") && !LEFT_OUT.iter().any(|out| below(path, out))
    };
    let dir = std::env::temp_dir().join(format!("gol_census_{}", std::process::id()));
    let program = dir.join("names.go");
    let written = fs::create_dir_all(&dir).and_then(|()| fs::write(&program, NAMES));
    let names = match written {
        // Packages as they are without a compiler for C.
        Ok(()) => output(
            Command::new(go).env("CGO_ENABLED", "0").arg("run").arg(&program).args(packages.lines().filter(counted)),
        ),
        Err(e) => Err(format!("{}: {e}", program.display())),
    };
    let _ = fs::remove_dir_all(&dir);
    let text = format!("# {}\n{}", version.trim_end(), names?);
    fs::write(root.join("tests/census/go.txt"), text).map_err(|e| format!("tests/census/go.txt: {e}"))
}

fn output(command: &mut Command) -> Result<String, String> {
    let done = command.output().map_err(|e| format!("cannot run {}: {e}", command.get_program().display()))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
