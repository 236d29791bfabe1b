//! Pages that are generated from tables: opcodes and error codes. `cargo xtask docs` writes them, `tidy` checks that
//! they are as they would be written.

use gol_bytecode::ops::{Role, TABLE, Word};
use gol_source::Code;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// All generated pages: path and text.
fn pages() -> Vec<(&'static str, String)> {
    vec![("docs/opcodes.md", opcodes()), ("docs/errors.md", errors())]
}

/// Writes the pages.
pub(crate) fn write(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in pages() {
        if let Err(e) = fs::write(root.join(path), text) {
            problems.push(format!("{path}: {e}"));
        }
    }
    problems
}

/// The pages that differ from their tables.
pub(crate) fn stale(root: &Path) -> Vec<String> {
    let differs = |p: &(&str, String)| fs::read_to_string(root.join(p.0)).unwrap_or_default() != p.1;
    let stale = pages().into_iter().filter(differs);
    stale.map(|p| format!("{}: not as its table says: run cargo xtask docs", p.0)).collect()
}

fn opcodes() -> String {
    let mut out = String::from(
        "# Opcodes\n\nGenerated from `crates/gol_bytecode/src/ops.rs` by `cargo xtask docs`; the notation and the form of \
         frames are described there.\n\n| operation | a | b | c | words | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for op in TABLE {
        let [a, b, c] = op.operands.map(role);
        let words: Vec<_> = op.words.iter().map(word).collect();
        let doc = op.doc.trim().replace('\n', " ").replace('|', "\\|");
        let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "| `{}` | {a} | {b} | {c} | {} | {doc} |", op.name, words.join(", "));
    }
    out
}

fn role(role: Role) -> String {
    match role {
        Role::None => String::new(),
        Role::W(1) => "writes".into(),
        Role::W(n) => format!("writes {n}"),
        Role::R(1) => "reads".into(),
        Role::R(n) => format!("reads {n}"),
        Role::RW => "reads, writes".into(),
        Role::WN => "writes n".into(),
        Role::RN => "reads n".into(),
        Role::Window => "window".into(),
        Role::Imm => "imm".into(),
        Role::U16 => "u16".into(),
        Role::Off => "jump".into(),
        Role::I32 => "i32".into(),
        Role::U32 => "u32".into(),
        Role::Off32 => "jump (32)".into(),
        Role::Str => "string (32)".into(),
        Role::Hi => "…".into(),
    }
}

fn word(word: &Word) -> &'static str {
    match word {
        Word::Const => "constant",
        Word::Type => "type",
        Word::Func => "function",
        Word::Method => "method",
        Word::Native => "native",
        Word::Cache => "cache",
        Word::Size => "size",
        Word::Off => "jump",
        Word::Reg | Word::RegW => "register",
        Word::Table => "table",
    }
}

fn errors() -> String {
    let mut out = String::from(
        "# Error codes\n\nGenerated from `crates/gol_source/src/codes.rs` by `cargo xtask docs`. The names are Go's. Each has a \
         page, which `gol explain NAME` shows, and a test `tests/errors/NAME.gol`.\n\n| code | meaning |\n| --- | --- |\n",
    );
    for code in Code::ALL {
        let (name, meaning) = (code.name(), code.meaning().replace('|', "\\|"));
        let _ = writeln!(out, "| [{name}](codes/{name}.md) | {meaning} |");
    }
    out
}
