//! What the phases make of a text, as text: tokens, the tree, bytecode beside its source lines.

use crate::input::{self, Input, InputError};
use crate::{Built, on_a_large_stack};
use gol_bytecode::{Function, Program, disasm};
use gol_source::SourceMap;
use std::fmt::Write;

/// The tokens of a file, a line each: where it stands, its kind, its text.
pub fn tokens(input: &Input) -> Result<String, InputError> {
    let (map, file) = input::one_text(input)?;
    let (text, base) = (&map.file(file).text, map.file(file).base);
    let mut out = String::new();
    for (kind, span) in gol_syntax::tokens(text) {
        let at = map.position(base + span.lo).map_or((0, 0), |p| (p.line, p.column));
        let word = &text[span.lo as usize..span.hi as usize];
        let word = if word == kind || word.trim().is_empty() { String::new() } else { format!(" {word}") };
        let _ = writeln!(out, "{}:{}: {kind}{word}", at.0, at.1);
    }
    Ok(out)
}

/// The tree of a file, and what its parser found.
pub fn tree(input: &Input) -> Result<(Built, String), InputError> {
    on_a_large_stack(|| {
        let (map, id) = input::one_text(input)?;
        let ast = gol_syntax::ast::Ast::new();
        let (file, diagnostics) = gol_syntax::parse_file(&map, id, &ast);
        let text = gol_syntax::print::file(&ast, &map, &file);
        Ok((Built { map, diagnostics, program: None }, text))
    })
}

/// The functions whose names contain `name`, in the order of the source; those of the library only if `all`. Each
/// instruction stands under the source line that it comes from.
pub fn bytecode(program: &Program, map: &SourceMap, all: bool, name: &str) -> String {
    let place = |f: &Function| f.lines.first().map(|l| (l.file, l.line));
    let library = |f: &Function| {
        place(f).and_then(|(file, _)| program.files.get(file as usize)).is_none_or(|file| file.starts_with("$GOL/"))
    };
    let mut shown: Vec<_> = program.funcs.iter().filter(|f| f.name.contains(name) && (all || !library(f))).collect();
    shown.sort_by_key(|f| place(f));
    let mut out = String::new();
    for f in shown {
        let source = |file: u32, line: u32| {
            let name = program.files.get(file as usize)?;
            let text = map.file_named(name)?.line_text(line).trim();
            Some(format!("{}:{line}: {text}", name.rsplit('/').next()?))
        };
        out.push_str(&disasm::with_source(program, f, source));
        out.push('\n');
    }
    out
}

/// What a piece of a program's text is, for readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A keyword.
    Keyword,
    /// A string, rune or number.
    Literal,
    /// A comment.
    Comment,
    /// Names, operators, white space.
    Other,
}

/// A text in pieces, which together are the text again.
pub fn pieces(text: &str) -> Vec<(Piece, &str)> {
    let mut out = Vec::new();
    let mut at = 0;
    let between = |from: usize, to: usize, out: &mut Vec<(Piece, _)>| {
        // What is no token is white space and comments.
        let gap = &text[from..to];
        let start = gap.len() - gap.trim_start().len();
        let piece = if gap[start..].is_empty() { Piece::Other } else { Piece::Comment };
        out.extend([(Piece::Other, &gap[..start]), (piece, &gap[start..])]);
    };
    for (kind, span) in gol_syntax::tokens(text) {
        let (lo, hi) = (span.lo as usize, (span.hi as usize).min(text.len()));
        if lo < at || lo >= hi || kind == "newline" && text[lo..hi].trim().is_empty() {
            continue;
        }
        between(at, lo, &mut out);
        let piece = match kind {
            "string" | "char" | "raw string" | "rune" | "int" | "float" | "imaginary" | "imag" => Piece::Literal,
            k if k != "name" && k != "op=" && k.starts_with(|c: char| c.is_ascii_lowercase()) => Piece::Keyword,
            _ => Piece::Other,
        };
        out.push((piece, &text[lo..hi]));
        at = hi;
    }
    between(at, text.len(), &mut out);
    out.retain(|p| !p.1.is_empty());
    out
}
