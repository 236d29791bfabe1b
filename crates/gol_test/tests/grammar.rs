//! The TextMate grammar of `editors/vscode`, held to sample files.
//!
//! Below a line of a sample stand comments that say which scopes its parts have: `//   ^^^^ scope` for the characters above the
//! carets, `// <- scope` for the first character. A scope is meant with all that begin with it: `keyword` is true of
//! `keyword.control.gol`. The engine here is as much of TextMate's as the grammar uses: match, begin and end, captures, includes.

use fancy_regex::Regex;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

struct Grammar {
    top: Vec<Rule>,
    named: HashMap<String, Vec<Rule>>,
}

enum Rule {
    Include(String),
    Match {
        name: Option<String>,
        regex: Regex,
        first_line_only: bool,
        captures: Captures,
    },
    Span {
        name: Option<String>,
        begin: Regex,
        begin_captures: Captures,
        end: Regex,
        end_captures: Captures,
        inner: Vec<Rule>,
    },
}

/// What a group of a match is: a scope, or text with rules of its own.
type Captures = Vec<(usize, Option<String>, Vec<Rule>)>;

fn text(v: &Value, key: &str) -> Option<String> {
    v[key].as_str().map(str::to_string)
}

fn regex(v: &Value, key: &str) -> Regex {
    let source = v[key].as_str().unwrap_or_else(|| panic!("no {key} in {v}"));
    Regex::new(source).unwrap_or_else(|e| panic!("{source}: {e}"))
}

fn rules(v: &Value) -> Vec<Rule> {
    v.as_array().map_or(Vec::new(), |all| all.iter().map(rule).collect())
}

fn captures(v: &Value) -> Captures {
    let entries = v.as_object().into_iter().flatten();
    entries.map(|(n, c)| (n.parse().expect("a group's number"), text(c, "name"), rules(&c["patterns"]))).collect()
}

fn rule(v: &Value) -> Rule {
    if let Some(name) = v["include"].as_str() {
        return Rule::Include(name.trim_start_matches('#').to_string());
    }
    if v["begin"].is_string() {
        return Rule::Span {
            name: text(v, "name"),
            begin: regex(v, "begin"),
            begin_captures: captures(&v["beginCaptures"]),
            end: regex(v, "end"),
            end_captures: captures(&v["endCaptures"]),
            inner: rules(&v["patterns"]),
        };
    }
    Rule::Match {
        name: text(v, "name"),
        first_line_only: v["match"].as_str().is_some_and(|m| m.starts_with("\\A")),
        regex: regex(v, "match"),
        captures: captures(&v["captures"]),
    }
}

fn grammar() -> Grammar {
    let path = editors().join("vscode/syntaxes/gol.tmLanguage.json");
    let v: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let named = v["repository"].as_object().unwrap().iter();
    let named = named.map(|(name, r)| {
        (
            name.clone(),
            if r["match"].is_string() || r["begin"].is_string() { vec![rule(r)] } else { rules(&r["patterns"]) },
        )
    });
    Grammar { top: rules(&v["patterns"]), named: named.collect() }
}

fn editors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors")
}

/// The scopes of each byte of a line, outermost first.
type Scopes = Vec<Vec<String>>;

impl Grammar {
    /// All rules that can match, includes followed.
    fn flat<'g>(&'g self, rules: &'g [Rule], out: &mut Vec<&'g Rule>) {
        for r in rules {
            match r {
                Rule::Include(name) => {
                    let inner = self.named.get(name).unwrap_or_else(|| panic!("nothing is called {name}"));
                    self.flat(inner, out);
                }
                r => out.push(r),
            }
        }
    }

    /// Scans `line` from `at` to `to`. `open` are the spans that are open, and stay so for the next line.
    fn scan<'g>(
        &'g self,
        base: &'g [Rule],
        open: &mut Vec<&'g Rule>,
        line: &str,
        range: (usize, usize),
        first: bool,
        scopes: &mut Scopes,
    ) {
        let (mut at, to) = range;
        let shown = &line[..to];
        while at <= to {
            let inner = match open.last() {
                Some(Rule::Span { inner, .. }) => inner,
                _ => base,
            };
            let mut candidates = Vec::new();
            self.flat(inner, &mut candidates);
            let ending = open.last().and_then(|r| match r {
                Rule::Span { end, .. } => end.captures_from_pos(shown, at).unwrap(),
                _ => None,
            });
            let mut best = ending.map(|m| (m.get(0).unwrap().start(), m, None));
            for r in candidates {
                let regex = match r {
                    Rule::Match { first_line_only: true, .. } if !first => continue,
                    Rule::Match { regex, .. } => regex,
                    Rule::Span { begin, .. } => begin,
                    Rule::Include(_) => continue,
                };
                if let Some(m) = regex.captures_from_pos(shown, at).unwrap()
                    && best.as_ref().is_none_or(|b| m.get(0).unwrap().start() < b.0)
                {
                    best = Some((m.get(0).unwrap().start(), m, Some(r)));
                }
            }
            let Some((from, m, which)) = best else {
                mark(scopes, at, to, open);
                return;
            };
            mark(scopes, at, from, open);
            let end = m.get(0).unwrap().end();
            let (own, parts) = match which {
                Some(Rule::Match { name, captures, .. }) => (name.clone(), captures),
                Some(r @ Rule::Span { begin_captures, .. }) => {
                    open.push(r);
                    (None, begin_captures)
                }
                _ => match open.last() {
                    Some(Rule::Span { end_captures, .. }) => (None, end_captures),
                    _ => unreachable!("only a span ends"),
                },
            };
            mark(scopes, from, end, open);
            for s in &mut scopes[from..end] {
                s.extend(own.clone());
            }
            for (group, name, inner) in parts {
                let Some(g) = m.get(*group) else { continue };
                for s in &mut scopes[g.start()..g.end()] {
                    s.extend(name.clone());
                }
                if !inner.is_empty() {
                    self.scan(inner, &mut Vec::new(), line, (g.start(), g.end()), first, scopes);
                }
            }
            if which.is_none() {
                open.pop();
            }
            // A match of nothing must not be found again.
            at = if end > at || which.is_none() || matches!(which, Some(Rule::Span { .. })) && end > from {
                end
            } else {
                end + 1
            };
        }
    }
}

/// Gives these bytes the scopes of the open spans.
fn mark(scopes: &mut Scopes, from: usize, to: usize, open: &[&Rule]) {
    for s in &mut scopes[from..to] {
        s.extend(open.iter().filter_map(|r| match r {
            Rule::Span { name, .. } => name.clone(),
            _ => None,
        }));
    }
}

/// What a line of a sample says about the one above: from, to, scope.
fn expectation(line: &str) -> Option<(usize, usize, &str)> {
    let rest = line.strip_prefix("//")?;
    if let Some(scope) = rest.trim_start().strip_prefix("<- ") {
        return Some((0, 1, scope.trim()));
    }
    let from = line.find('^')?;
    let to = from + line[from..].bytes().take_while(|b| *b == b'^').count();
    line[2..from].trim().is_empty().then(|| (from, to, line[to..].trim()))
}

#[test]
fn samples_have_the_scopes_they_say() {
    let grammar = grammar();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(editors().join("vscode/tests")).unwrap() {
        let path = entry.unwrap().path();
        let sample = std::fs::read_to_string(&path).unwrap();
        let mut open = Vec::new();
        let mut last = (String::new(), Scopes::new());
        for (number, line) in sample.lines().enumerate() {
            if let Some((from, to, scope)) = expectation(line) {
                checked += 1;
                for at in from..to {
                    let have = last.1.get(at).cloned().unwrap_or_default();
                    if !have.iter().any(|s| s == scope || s.starts_with(&format!("{scope}."))) {
                        let place = format!("{}:{}", path.file_name().unwrap().to_string_lossy(), number + 1);
                        wrong.push(format!("{place}: column {at} of {:?} is {have:?}, not {scope}", last.0));
                        break;
                    }
                }
                continue;
            }
            let mut scopes = vec![Vec::new(); line.len()];
            grammar.scan(&grammar.top, &mut open, line, (0, line.len()), number == 0, &mut scopes);
            last = (line.to_string(), scopes);
        }
        assert!(open.is_empty(), "{}: something is still open at the end", path.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 60, "only {checked} expectations were found");
}

#[test]
fn configuration_of_editors_is_well_formed() {
    for file in [
        "vscode/package.json",
        "vscode/language-configuration.json",
        "vscode/snippets/gol.json",
        "zed/settings.json",
        "zed/tasks.json",
    ] {
        let text = std::fs::read_to_string(editors().join(file)).unwrap();
        let v: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(v.is_object() || v.is_array(), "{file}");
    }
    // The package names files that are there.
    let package: Value =
        serde_json::from_str(&std::fs::read_to_string(editors().join("vscode/package.json")).unwrap()).unwrap();
    let given = &package["contributes"];
    let named = [
        &package["main"],
        &given["languages"][0]["configuration"],
        &given["grammars"][0]["path"],
        &given["snippets"][0]["path"],
    ];
    for path in named {
        let path = path.as_str().unwrap();
        assert!(editors().join("vscode").join(path).is_file(), "{path}");
    }
}
