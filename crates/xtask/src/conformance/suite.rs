//! Finding the tests of a folder that is laid out as Go's `test` is, and reading what each asks for in its first line.

use super::source::{self, pattern};
use std::fs;
use std::path::{Path, PathBuf};

/// What is asked of the programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(super) enum Suite {
    /// Run with the right output.
    Run,
    /// Report errors on the right lines.
    Errorcheck,
    /// Be accepted.
    Valid,
}

impl Suite {
    pub(super) const ALL: [Suite; 3] = [Suite::Run, Suite::Errorcheck, Suite::Valid];

    pub(super) fn name(self) -> &'static str {
        match self {
            Suite::Run => "run",
            Suite::Errorcheck => "errorcheck",
            Suite::Valid => "valid",
        }
    }
}

/// Names and texts of files.
pub(super) type Files = Vec<(String, String)>;

/// A test.
pub(super) struct Test {
    pub(super) suite: Suite,
    /// The path below the folder of tests.
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The program's arguments.
    pub(super) args: Vec<String>,
    /// The program's output is the program to run.
    pub(super) makes_program: bool,
    /// The packages of the folder `NAME.dir`, in the order of compilation, each a list of (name, text); empty: one file.
    pub(super) packages: Vec<Files>,
    /// See [`source::is_plain`].
    pub(super) plain: bool,
    /// Why it is left out.
    pub(super) skip: Option<String>,
}

/// All tests of the suites.
pub(super) fn find(root: &Path) -> std::io::Result<Vec<Test>> {
    let mut files = Vec::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for path in fs::read_dir(dir)?.flatten().map(|e| e.path()) {
            let name = path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
            if path.is_dir() {
                // What lies in them belongs to the test beside them; the others are tests of tools.
                let other = name.ends_with(".dir") || matches!(&name[..], "testdata" | "bench" | "stress");
                if !other {
                    todo.push(path);
                }
            } else if name.ends_with(".go") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files.iter().filter_map(|path| test(root, path)).collect())
}

fn test(root: &Path, path: &Path) -> Option<Test> {
    let text = String::from_utf8_lossy(&fs::read(path).ok()?).into_owned();
    let words = recipe(&text)?;
    let (action, rest) = words.split_first()?;
    let (suite, folder) = match action.as_str() {
        "run" | "runoutput" => (Suite::Run, false),
        "rundir" => (Suite::Run, true),
        "errorcheck" => (Suite::Errorcheck, false),
        "errorcheckdir" => (Suite::Errorcheck, true),
        "compile" => (Suite::Valid, false),
        "compiledir" => (Suite::Valid, true),
        _ => return None,
    };
    let (flags, args) = split_flags(rest);
    let packages =
        if folder { packages(&path.with_extension("dir"), flags.contains(&"-s".into())) } else { Vec::new() };
    let plain = match packages.is_empty() {
        true => source::is_plain(&text),
        false => packages.iter().flatten().all(|f| source::is_plain(&f.1)),
    };
    let skip = left_out(suite, folder, &text, &packages, &flags, &args);
    let id = path.strip_prefix(root).ok()?.display().to_string();
    let makes_program = action == "runoutput";
    Some(Test { suite, id, path: path.to_path_buf(), text, args, makes_program, packages, plain, skip })
}

/// The words of the line that says what to do: the first comment that is no build constraint.
fn recipe(text: &str) -> Option<Vec<String>> {
    let constraint = |l: &str| l.starts_with("//go:build") || l.starts_with("// +build");
    let line = text.lines().find(|l| !l.trim().is_empty() && !constraint(l))?;
    let words = pattern!(r#"(?:"[^"]*"|'[^']*'|[^\s"'])+"#).find_iter(line.strip_prefix("//")?);
    Some(words.map(|w| w.as_str().replace(['"', '\''], "")).collect())
}

fn split_flags(words: &[String]) -> (Vec<String>, Vec<String>) {
    let mut flags = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(flag) = rest.next_if(|w| w.starts_with('-')) {
        flags.push(flag.clone());
        if matches!(flag.as_str(), "-t" | "-goexperiment" | "-gcflags") {
            flags.extend(rest.next().cloned());
        }
    }
    (flags, rest.cloned().collect())
}

/// Why a test asks for something that is no matter of the language: another compiler's flags, the go tool, C.
fn left_out(
    suite: Suite,
    folder: bool,
    text: &str,
    packages: &[Files],
    flags: &[String],
    args: &[String],
) -> Option<String> {
    if !builds_here(text) {
        return Some("build constraint".into());
    }
    let harmless = match (suite, folder) {
        (Suite::Errorcheck, _) => pattern!(r"^(-d=panic|-e|-t|-s|\d+)$"),
        (Suite::Valid, _) => pattern!(r"^(-N|-c=\d+|-d=.*|-l|-B|-race|-s)$"),
        (Suite::Run, true) => pattern!(r"^-s$"),
        (Suite::Run, false) => pattern!(r"^\z."),
    };
    if let Some(odd) = flags.iter().find(|f| !harmless.is_match(f)) {
        return Some(format!("compiler flag {}", odd.split('=').next().unwrap_or(odd)));
    }
    if args.iter().any(|a| a.ends_with(".go")) {
        return Some("further files".into());
    }
    let texts = || std::iter::once(text).chain(packages.iter().flatten().map(|f| f.1.as_str()));
    let imports: Vec<String> = texts().flat_map(source::imports).collect();
    if imports.iter().any(|i| i == "C") {
        return Some("cgo".into());
    }
    if imports.iter().any(|i| i.starts_with("cmd/") || (!folder && i.starts_with("./"))) {
        return Some("imports of the compiler's own packages".into());
    }
    let tool = pattern!(r#""go"|\bgo(?:Tool|Cmd)|runtime\.GOROOT"#);
    if imports.iter().any(|i| i == "os/exec") && tool.is_match(text) {
        return Some("runs the go tool".into());
    }
    let bodyless = pattern!(r"(?m)^func [^{\n]*\)[^{\n]*$");
    if folder && packages.is_empty() {
        return Some("no folder".into());
    }
    let linked = text.contains("//go:linkname") || packages.iter().flatten().any(|f| f.1.contains("//go:linkname"));
    let bodyless = linked && texts().any(|t| bodyless.is_match(&source::code(t)));
    bodyless.then(|| "functions without bodies, linked to others".into())
}

/// The value of the `//go:build` line for Go's own compiler on linux/amd64 without cgo, as the tests were meant.
fn builds_here(text: &str) -> bool {
    let head = text.split("\npackage").next().unwrap_or_default();
    let Some(line) = head.lines().find_map(|l| l.strip_prefix("//go:build ")) else { return true };
    let value = |c: &regex::Captures<'_>| {
        let known = ["linux", "amd64", "gc", "unix", "test_run"].contains(&&c[0]);
        if known || pattern!(r"^go1\.\d+$").is_match(&c[0]) { "1" } else { "0" }.to_string()
    };
    let mut e: String = pattern!(r"[\w.]+").replace_all(line, value).replace(' ', "");
    // Reduces the innermost until a value is left.
    loop {
        let before = e.clone();
        for (from, to) in [("!0", "1"), ("!1", "0"), ("(0)", "0"), ("(1)", "1")] {
            e = e.replace(from, to);
        }
        for (from, to) in [("0&&0", "0"), ("0&&1", "0"), ("1&&0", "0"), ("1&&1", "1")] {
            e = e.replace(from, to);
        }
        if e == before {
            for (from, to) in [("0||0", "0"), ("0||1", "1"), ("1||0", "1"), ("1||1", "1")] {
                e = e.replacen(from, to, 1);
            }
        }
        if e == before {
            return e != "0";
        }
    }
}

/// The packages of a folder: files with the same package clause, or every file alone.
fn packages(dir: &Path, alone: bool) -> Vec<Files> {
    let mut names: Vec<PathBuf> = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    names.retain(|p| p.extension().is_some_and(|e| e == "go"));
    names.sort();
    let mut all: Vec<(Option<String>, Files)> = Vec::new();
    for path in names {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        let package = source::package(&text);
        let file = (path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned()), text);
        match all.iter_mut().find(|p| !alone && p.0 == package) {
            Some((_, files)) => files.push(file),
            None => all.push((package, vec![file])),
        }
    }
    all.into_iter().map(|p| p.1).collect()
}
