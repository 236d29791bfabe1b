//! The project's own chores, in Rust: `cargo xtask tidy | docs | bless | bench | census | conformance | fuzz | soak | stress | seeds`.
#![forbid(unsafe_code)]

mod bench;
mod census;
mod conformance;
mod docs;
mod fuzz;
mod seeds;
mod soak;
mod suites;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask COMMAND

  tidy           checks the rules that the compiler does not: crate arrows, headers, tests of error codes, generated pages
  docs           writes the generated pages under docs/
  bless [NAME]   runs the test programs whose path has NAME in it and rewrites their // Output: blocks; read the diff
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["tidy"] => report(tidy::check(&root)),
        ["docs"] => report(docs::write(&root)),
        ["bless"] => bless(&root, ""),
        ["bless", name] => bless(&root, name),
        ["bench", ..] => bench::run(&root, &words[1..]),
        ["fuzz", ..] => fuzz::run(&root, &words[1..]),
        ["census", ..] => census::run(&root, &words[1..]),
        ["conformance", ..] => conformance::run(&root, &words[1..]),
        ["seeds", ..] => seeds::run(&root, &words[1..]),
        ["suites", ..] => suites::run(&words[1..]),
        ["soak", ..] => soak::soak(&root, &words[1..]),
        ["stress", ..] => soak::stress(&root, &words[1..]),
        _ => {
            eprint!(
                "{USAGE}{}{}{}{}{}{}",
                census::USAGE,
                bench::USAGE,
                fuzz::USAGE,
                soak::USAGE,
                seeds::USAGE,
                conformance::USAGE
            );
            ExitCode::from(2)
        }
    }
}

fn report(problems: Vec<String>) -> ExitCode {
    problems.iter().for_each(|p| eprintln!("{p}"));
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn bless(root: &Path, name: &str) -> ExitCode {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).env("GOL_BLESS", "1");
    command.args(["test", "--package", "gol", "--test", "programs", "--", name]);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(e) => report(vec![format!("cannot run cargo: {e}")]),
    }
}

/// All files below `dir` with this extension, sorted; build output left out.
pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for path in std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()) {
            if path.is_dir() {
                if path.file_name().is_some_and(|n| n != "target" && n != ".git") {
                    todo.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}
