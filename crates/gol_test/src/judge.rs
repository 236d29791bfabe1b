//! Comparing what happened with what was expected. A judgement is a list of problems; empty is good.

use crate::expect::{Expectations, Hint};
use crate::run::Ran;

/// Judges a run.
pub fn run(want: &Expectations, got: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    if got.stdout_differs(want) {
        let expected = want.output.as_deref().unwrap_or_default();
        problems.push(format!("--- expected output\n{expected}--- got\n{}", got.stdout));
    }
    let mut rest = got.stderr.as_str();
    for text in &want.stderr {
        match rest.find(text.as_str()) {
            Some(at) => rest = &rest[at + text.len()..],
            None => problems.push(format!("standard error lacks {text:?}")),
        }
    }
    let expected = want.exit.unwrap_or(0);
    if got.status != Some(expected) {
        let status = got.status.map_or("a signal".to_string(), |s| s.to_string());
        problems.push(format!("exit status {status}, expected {expected}"));
    }
    if got.stderr.contains("internal error") {
        problems.push("gol reports an internal error".into());
    }
    if !problems.is_empty() && !got.stderr.is_empty() {
        problems.push(format!("--- standard error\n{}", got.stderr));
    }
    problems
}

/// Whether diagnostics, as JSON, say what a hint expects.
fn holds(hint: &Hint, found: &[serde_json::Value]) -> bool {
    match hint {
        Hint::Help(line, text) => found.iter().any(|d| d["line"] == *line && d["help"] == text.as_str()),
        Hint::NoHelp(line) => !found.iter().any(|d| d["line"] == *line && !d["help"].is_null()),
        Hint::Label(line, text) => {
            let mut labels = found.iter().flat_map(|d| d["labels"].as_array().into_iter().flatten());
            labels.any(|l| l["line"] == *line && l["text"] == text.as_str())
        }
    }
}

/// Judges a check: every diagnostic needs an expectation and every expectation a diagnostic.
pub fn check(want: &Expectations, got: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    let mut left: Vec<_> = want.errors.iter().collect();
    for line in got.stdout.lines() {
        let Ok(d) = serde_json::from_str::<serde_json::Value>(line) else {
            problems.push(format!("not JSON: {line}"));
            continue;
        };
        let text = |key: &str| d[key].as_str().unwrap_or_default().to_string();
        let number = |key: &str| d[key].as_u64().unwrap_or(0) as u32;
        let fits = |e: &&crate::expect::ErrorLine| {
            let file = text("file");
            e.line == number("line")
                && e.file.as_ref().is_none_or(|f| f == file.strip_prefix("./").unwrap_or(&file))
                && e.column.is_none_or(|c| c == number("column"))
                && e.code.as_ref().is_none_or(|c| *c == text("code"))
                && e.message.as_ref().is_none_or(|m| m.is_match(&text("message")))
        };
        match left.iter().position(fits) {
            Some(at) => drop(left.remove(at)),
            None => problems.push(format!(
                "unexpected: {}:{}:{} [{}] {}",
                text("file"),
                number("line"),
                number("column"),
                text("code"),
                text("message")
            )),
        }
    }
    let found: Vec<serde_json::Value> = got.stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    problems.extend(want.hints.iter().filter(|h| !holds(h, &found)).map(|h| format!("not so: {h:?}")));
    problems.extend(left.iter().map(|e| {
        let message = e.message.as_ref().map_or("", |m| m.as_str());
        let column = e.column.map_or(String::new(), |c| format!(":{c}"));
        format!("missing: {}{column} [{}] {message}", e.line, e.code.as_deref().unwrap_or(""))
    }));
    if got.status != Some(1) {
        problems.push(format!("exit status {:?}, expected 1\n{}", got.status, got.stderr));
    }
    problems
}
