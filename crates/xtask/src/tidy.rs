//! Rules that the compiler does not check. A finding is a line that names the place and the rule.

use crate::{docs, files};
use gol_source::Code;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Which of our crates each of them may use: the arrows of ARCHITECTURE.md. A new arrow is a change of its own.
const ARROWS: &[(&str, &[&str])] = &[
    ("gol_source", &[]),
    ("gol_syntax", &["gol_source"]),
    ("gol_types", &["gol_source", "gol_syntax"]),
    ("gol_bytecode", &["gol_source"]),
    ("gol_compiler", &["gol_source", "gol_syntax", "gol_types", "gol_bytecode"]),
    ("gol_heap", &["gol_bytecode"]),
    ("gol_runtime", &["gol_bytecode", "gol_heap"]),
    ("gol_vm", &["gol_bytecode", "gol_heap", "gol_runtime"]),
    ("gol_natives", &["gol_vm", "gol_bytecode"]),
    ("gol_driver", &["gol_source", "gol_syntax", "gol_types", "gol_bytecode", "gol_compiler", "gol_vm", "gol_natives"]),
    ("gol_repl", &["gol_syntax", "gol_vm", "gol_natives", "gol_driver"]),
    ("gol", &["gol_source", "gol_driver", "gol_repl", "gol_vm", "gol_test"]),
    ("gol_test", &[]),
    ("xtask", &["gol_bytecode", "gol_source", "gol_test"]),
];

/// The crates that own memory.
const UNSAFE: &[&str] = &["gol_heap", "gol_runtime", "gol_vm"];

/// Error codes that no program under `tests/errors` can show, each with its reason.
const UNTESTED_CODES: &[(&str, &str)] = &[
    ("MismatchedPkgName", "takes two files; tested in tests/modules"),
    ("NotYet", "the compiler reports it; what it is about changes"),
];

/// Everything that breaks a rule.
pub(crate) fn check(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    arrows(root, &mut found);
    sources(root, &mut found);
    programs(root, &mut found);
    codes(root, &mut found);
    found.extend(docs::stale(root));
    found
}

fn arrows(root: &Path, found: &mut Vec<String>) {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root)
        .output();
    let Some(metadata) = metadata.ok().and_then(|o| serde_json::from_slice::<Value>(&o.stdout).ok()) else {
        return found.push("cargo metadata gives nothing".into());
    };
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ARROWS.iter().find(|a| a.0 == name) else {
            found.push(format!("crate {name} has no line in xtask's table of arrows"));
            continue;
        };
        for used in package["dependencies"].as_array().into_iter().flatten() {
            let used = used["name"].as_str().unwrap_or_default();
            if ARROWS.iter().any(|a| a.0 == used) && !allowed.contains(&used) {
                found.push(format!("crate {name} uses {used}: there is no such arrow"));
            }
        }
    }
}

fn sources(root: &Path, found: &mut Vec<String>) {
    for file in files(&root.join("crates"), "rs") {
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let text = fs::read_to_string(&file).unwrap_or_default();
        if !text.starts_with("//!") {
            found.push(format!("{shown}:1: a file starts with a //! paragraph that says what it owns"));
        }
        let of = |name: &&str| shown.starts_with(&format!("crates/{name}/"));
        let is_root = shown.ends_with("src/lib.rs") || shown.ends_with("src/main.rs");
        if is_root && !UNSAFE.iter().any(of) && !text.contains("#![forbid(unsafe_code)]") {
            found.push(format!("{shown}: only {} may use unsafe: add #![forbid(unsafe_code)]", UNSAFE.join(", ")));
        }
        for (n, line) in text.lines().enumerate() {
            let unfinished = ["todo", "unimplemented"].iter().any(|w| line.contains(&format!("{w}!(")));
            if unfinished || line.ends_with(' ') {
                found.push(format!("{shown}:{}: unfinished, or white space at the end", n + 1));
            }
        }
    }
}

fn programs(root: &Path, found: &mut Vec<String>) {
    for folder in ["tests", "examples", "stdlib"] {
        let folder_files = ["gol", "txtar"].map(|e| files(&root.join(folder), e));
        for file in folder_files.into_iter().flatten() {
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            let text = fs::read_to_string(&file).unwrap_or_default();
            let first = text.lines().next().unwrap_or_default();
            if folder != "stdlib" && !first.starts_with("// ") && !first.starts_with("#!") {
                found.push(format!("{shown}:1: a program starts with a // sentence that says what it shows"));
            }
            if !text.ends_with('\n') {
                found.push(format!("{shown}: no newline at the end"));
            }
        }
    }
}

fn codes(root: &Path, found: &mut Vec<String>) {
    for code in Code::ALL {
        let name = code.name();
        let tested = root.join("tests/errors").join(format!("{name}.gol")).is_file();
        let excused = UNTESTED_CODES.iter().any(|c| c.0 == name);
        if !tested && !excused {
            found.push(format!("tests/errors/{name}.gol: every error code has a test"));
        }
        if tested && excused {
            found.push(format!("{name} has a test: take it out of UNTESTED_CODES"));
        }
    }
}
