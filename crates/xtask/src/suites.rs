//! The tests of Go's own packages, run by gol on its own library: do the names that are there also work?
//!
//! A package's test files are put into a package of tests of their own. What only the package itself can name is not there
//! for them: each top-level declaration that does not check is taken out, until the rest does. What then fails is either
//! a difference or about a text with the package's name in it, a file next to the tests, or allocations; the eye must tell.

use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

pub(crate) const USAGE: &str = "  suites GOL SRC PACKAGE...
                 runs the tests of packages below Go's folder src with this gol, as far as they need nothing unexported
";

/// How often what does not check is taken out.
const ROUNDS: usize = 60;

/// Runs the command.
pub(crate) fn run(args: &[&str]) -> ExitCode {
    let [gol, src, packages @ ..] = args else {
        eprint!("usage: cargo xtask COMMAND\n\n{USAGE}");
        return ExitCode::from(2);
    };
    let (gol, src) = (PathBuf::from(gol), PathBuf::from(src));
    let gol = gol.canonicalize().unwrap_or(gol);
    let mut all_good = true;
    for package in packages {
        match suite(&gol, &src, package) {
            Ok(result) => {
                all_good &= result.good;
                println!("{package}: {result}");
            }
            Err(e) => {
                all_good = false;
                println!("{package}: {e}");
            }
        }
    }
    if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How a package's tests went.
struct Outcome {
    good: bool,
    /// Declarations that were taken out.
    removed: usize,
    /// What gol said at last.
    text: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, removed) = (if self.good { "ok" } else { "FAIL" }, self.removed);
        write!(f, "{word}, without {removed} declarations")?;
        let shown = self.text.lines().filter(|l| !self.good && !l.starts_with("=== RUN"));
        shown.take(40).try_for_each(|l| write!(f, "\n    {l}"))
    }
}

fn suite(gol: &Path, src: &Path, package: &str) -> std::io::Result<Outcome> {
    let name = format!("gol_suites_{}_{}", std::process::id(), package.replace('/', "_"));
    let dir = std::env::temp_dir().join(name);
    fs::create_dir_all(&dir)?;
    let result = copy(&src.join(package), &dir, package).and_then(|()| rounds(gol, &dir));
    fs::remove_dir_all(&dir)?;
    result
}

/// Copies the tests into a package outside of the one that they test, which they import if they were inside.
fn copy(from: &Path, to: &Path, package: &str) -> std::io::Result<()> {
    let clause = Regex::new(r"(?m)^package (\w+)").expect("a pattern");
    let internal = Regex::new("(?m)^\\s*(\\w+ )?\"internal/[^\"]*\"$").expect("a pattern");
    let elsewhere = Regex::new(r"(?m)^//go:build .*(ignore|windows|js|!linux|goexperiment)").expect("a pattern");
    let system = Regex::new(r"_(windows|darwin|plan9|js|wasm|s390x|bsd|freebsd|arm64)_test\.go$").expect("a pattern");
    fs::write(to.join("go.mod"), "module suite\ngo 1.27\n")?;
    for path in fs::read_dir(from)?.flatten().map(|e| e.path()) {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && file == "testdata" {
            copy_all(&path, &to.join(file))?;
            continue;
        }
        if !file.ends_with("_test.go") || file.starts_with("export") || system.is_match(&file) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        if elsewhere.is_match(&text) {
            continue;
        }
        let text = internal.replace_all(&text, "");
        let Some(name) = clause.captures(&text).map(|c| c[1].to_string()) else { continue };
        let text = match name.ends_with("_test") {
            true => text.into_owned(),
            false => clause.replace(&text, format!("package {name}_test; import . {package:?}")).into_owned(),
        };
        fs::write(to.join(file), text)?;
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_all(&entry.path(), &target)?,
            false => fs::copy(entry.path(), target).map(drop)?,
        }
    }
    Ok(())
}

/// Runs the tests, and takes out what does not check, until all does.
fn rounds(gol: &Path, dir: &Path) -> std::io::Result<Outcome> {
    let place = Regex::new(r"(?m)^(?:\./)?([^:\s/]+_test\.go):(\d+):\d+: (.*)$").expect("a pattern");
    let mut removed = BTreeSet::new();
    let mut last = String::new();
    for _ in 0..ROUNDS {
        let done = Command::new(gol).current_dir(dir).args(["test", "-short", "-timeout=5m", "."]).output()?;
        last = [done.stdout, done.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
        if !last.contains("[build failed]") && !last.contains("[setup failed]") {
            return Ok(Outcome { good: done.status.success(), removed: removed.len(), text: last });
        }
        let before = removed.len();
        for found in place.captures_iter(&last) {
            let (file, line) = (found[1].to_string(), found[2].parse::<usize>().unwrap_or(1) - 1);
            let path = dir.join(&file);
            let mut lines: Vec<String> = fs::read_to_string(&path)?.lines().map(str::to_string).collect();
            let import =
                ["imported and not used", "is not in std", "could not import"].iter().any(|w| found[3].contains(w));
            let range = if import { line..line + 1 } else { declaration(&lines, line) };
            removed.insert((file, range.start));
            for line in lines.get_mut(range).into_iter().flatten() {
                line.clear();
            }
            fs::write(path, lines.join("\n"))?;
        }
        if removed.len() == before {
            break;
        }
    }
    Ok(Outcome { good: false, removed: removed.len(), text: last })
}

/// The lines of the top-level declaration around a line: gofmt begins them, and closes them, at the start of one.
fn declaration(lines: &[String], at: usize) -> std::ops::Range<usize> {
    let begins = |l: &String| ["func ", "var ", "type ", "const "].iter().any(|w| l.starts_with(w));
    let closes = |l: &String| l.starts_with(['}', ')', '`']);
    let Some(start) = (0..=at.min(lines.len().saturating_sub(1))).rev().find(|&i| begins(&lines[i])) else {
        return at..at + 1;
    };
    let open = |l: &String| {
        let more = |a, b| l.matches(a).count() > l.matches(b).count();
        more('{', '}') || more('(', ')') || l.matches('`').count() % 2 == 1
    };
    let close = |from: usize| (from..lines.len()).find(|&i| closes(&lines[i])).map_or(lines.len(), |end| end + 1);
    let end = if open(&lines[start]) { close(start + 1) } else { start + 1 };
    // Else the declaration was taken out already.
    if end > at { start..end } else { at..at + 1 }
}
