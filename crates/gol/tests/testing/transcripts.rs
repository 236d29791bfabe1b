//! `tests/gotest/*.txtar`: modules with tests, and what `go test` prints about them, word for word, for many command lines.
//!
//! A file has a sentence, the module's files, and sections `-- $ WORDS --` with the status, the standard output, and behind a
//! line `stderr:` the error output of `go test WORDS`, in the folder that `@FOLDER` before the words names. What differs from
//! run to run (times, addresses, traces) is masked. `GO=path/to/go cargo test -p gol --test testing` records these sections
//! anew from real Go; then no gol is run.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, thread};

#[test]
fn as_go_test() {
    let go = std::env::var_os("GO");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotest");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let problems = thread::scope(|scope| {
        let running: Vec<_> = files.iter().map(|f| (f, scope.spawn(|| file(f, go.as_ref())))).collect();
        let ended = running.into_iter().map(|(f, run)| (f, run.join().unwrap()));
        ended
            .map(|(f, found)| found.iter().map(|p| format!("{}: {p}", f.display())).collect::<String>())
            .collect::<String>()
    });
    assert!(problems.is_empty(), "{problems}");
}

/// Runs the command lines of one file; what is wrong.
fn file(path: &Path, go: Option<&OsString>) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let (head, sections) = sections(&text);
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gotest").join(name);
    let _ = fs::remove_dir_all(&dir);
    let dir = {
        fs::create_dir_all(&dir).unwrap();
        dir.canonicalize().unwrap()
    };
    for (name, text) in sections.iter().filter(|s| !s.0.starts_with('$')) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut problems = Vec::new();
    let mut recorded = head.to_string();
    for (name, text) in &sections {
        let Some(words) = name.strip_prefix('$') else {
            recorded += &format!("-- {name} --\n{text}");
            continue;
        };
        let got = run(words, &dir, go);
        if go.is_none() && got != *text {
            problems.push(format!("\n$ gol test{words}\n{}", difference(text, &got)));
        }
        recorded += &format!("-- {name} --\n{got}");
    }
    if go.is_some() {
        fs::write(path, recorded).unwrap();
    }
    problems
}

/// The text before the first section, and the sections with their names.
fn sections(text: &str) -> (&str, Vec<(&str, &str)>) {
    let mut at = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --\n")) {
            at.push((name, offset, offset + line.len()));
        }
        offset += line.len();
    }
    let end = |i: usize| at.get(i + 1).map_or(text.len(), |next| next.1);
    let all = at.iter().enumerate().map(|(i, (name, _, from))| (*name, &text[*from..end(i)])).collect();
    (&text[..at.first().map_or(text.len(), |first| first.1)], all)
}

/// Words as a shell has them: quotes hold what has spaces.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut quote = None;
    let mut word: Option<String> = None;
    for c in line.chars() {
        match c {
            '\'' | '"' if quote == Some(c) => quote = None,
            '\'' | '"' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ' ' if quote.is_none() => all.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

fn run(line: &str, dir: &Path, go: Option<&OsString>) -> String {
    let mut words = words(line);
    let folder = words.first().and_then(|w| w.strip_prefix('@')).map(|f| dir.join(f));
    let at = folder.clone().unwrap_or_else(|| dir.to_path_buf());
    if folder.is_some() {
        words.remove(0);
    }
    let mut command = Command::new(go.map_or(env!("CARGO_BIN_EXE_gol").into(), OsString::clone));
    command.arg("test").args(words).current_dir(at).stdin(Stdio::null()).env("GOMAXPROCS", "2");
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| masked(&String::from_utf8_lossy(bytes).replace(&*dir.to_string_lossy(), "DIR"));
    let status = out.status.code().map_or("killed".into(), |c| c.to_string());
    let (stdout, stderr) = (text(&out.stdout), text(&out.stderr));
    let label = if stderr.is_empty() { "" } else { "stderr:\n" };
    format!("status {status}\n{stdout}{label}{stderr}")
}

/// A text without what differs from run to run and from machine to machine, and without Go's own usage.
fn masked(text: &str) -> String {
    const AFTER_TRACES: [&str; 8] = ["FAIL", "PASS", "ok  \t", "exit status", "=== ", "--- ", "coverage:", "?   \t"];
    let mut out = String::new();
    let mut in_traces = false;
    for line in text.lines() {
        in_traces &= !AFTER_TRACES.iter().any(|a| line.starts_with(a));
        let own_usage = ["usage: ", "Run 'go", "                [-", "Usage of ", "  -test.", "    \t"]
            .iter()
            .any(|u| line.starts_with(u));
        if in_traces || own_usage {
            continue;
        }
        in_traces = line.starts_with("[signal ") || line.starts_with("goroutine ") && line.ends_with("]:");
        match line {
            _ if in_traces => out += "(traces)",
            _ if line.starts_with("cpu: ") => out += "cpu: C",
            _ => out += &masked_line(line),
        }
        out.push('\n');
    }
    out
}

fn masked_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.replace("(cached)", "0s");
    if let Some((what, folder)) = rest.split_once(" is not in std (") {
        rest = format!("{what} is not in std{}", folder.split_once(')').map_or("", |f| f.1));
    }
    while let Some(c) = rest.chars().next() {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let before = ["(", "\t", "\\t", "\"Elapsed\":", "\"Time\":\""].iter().any(|b| out.ends_with(b));
        let n = if before { digits(&rest) } else { 0 };
        let after = &rest[n..];
        if out.ends_with("\"Time\":\"") {
            rest.drain(..rest.find('"').unwrap_or(0));
            out.push('T');
        } else if n > 0
            && (out.ends_with(':') || after.starts_with('s') && !after[1..].starts_with(char::is_alphanumeric))
        {
            rest.drain(..n + usize::from(after.starts_with('s')));
            out.push('T');
        } else if let Some(hex) = rest.strip_prefix("0x").map(|h| h.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
            && rest.len() - hex.len() > 7
        {
            rest.drain(..rest.len() - hex.len());
            out += "PTR";
        } else {
            out.push(c);
            rest.drain(..c.len_utf8());
        }
    }
    // The time of a benchmark's turn.
    match out.find(" ns/op") {
        Some(at) => {
            let head = out[..at].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches(' ');
            format!("{head}N{}", &out[at..])
        }
        None => out,
    }
}

/// The lines that one text has more often than the other; else where the first differs.
fn difference(want: &str, got: &str) -> String {
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for line in want.lines() {
        *counts.entry(line).or_default() += 1;
    }
    for line in got.lines() {
        *counts.entry(line).or_default() -= 1;
    }
    let mut out = String::new();
    for (sign, text, way) in [("-", want, 1), ("+", got, -1)] {
        for line in text.lines() {
            let n = counts.get_mut(line).expect("it was counted");
            if *n * way > 0 {
                *n -= way;
                out += &format!("{sign}{line}\n");
            }
        }
    }
    if out.is_empty() {
        let at = want.lines().zip(got.lines()).position(|(a, b)| a != b).unwrap_or_default();
        out = format!("another order from line {} on; printed was:\n{got}", at + 1);
    }
    out
}
