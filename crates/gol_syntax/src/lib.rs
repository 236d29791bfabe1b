//! Text to syntax tree.
//!
//! Input is a file in a [`SourceMap`], output are nodes in an [`Ast`] and [`Diagnostic`]s in the words and at the
//! positions of Go's compiler. The way there: `lexer` (logos, semicolon insertion) makes a vector of `token`s,
//! `relabel` settles what needs look-ahead, the parser that LALRPOP generates from `grammar/gol.lalrpop` reads it,
//! `actions` make the nodes. At a mistake `errors` finds the words and `mend` changes the tokens so that the parser
//! can go on. LALRPOP's and logos' types stay in this crate.
//!
//! Nothing here knows what a name means. Values of literals are the checker's business, with the help of [`literal`].
#![forbid(unsafe_code)]

mod actions;
pub mod ast;
mod errors;
mod growing;
mod lexer;
pub mod literal;
mod mend;
mod number;
pub mod outline;
mod parse;
pub mod print;
mod relabel;
mod source;
mod token;

pub use actions::{MAX_DEPTH, ReplItem};
pub use growing::Growing;
pub use source::expr_text;

use actions::Source;
use ast::{Ast, DeclId, Draft, ExprId, File, Ident};
use gol_source::{Diagnostic, FileId, SourceMap, Span, Symbol};
use token::Tok;

/// Parses a whole file. The tree is complete only when there are no diagnostics.
pub fn parse_file(map: &SourceMap, file: FileId, ast: &Ast) -> (File, Vec<Diagnostic>) {
    let parsed = parse::parse(map, file, ast, Tok::StartFile);
    let (package, decls) = match parsed.source {
        Some(Source::File(f)) => (f.package, f.decls),
        _ => (Ident { name: Symbol::BLANK, span: start_of(map, file) }, Vec::new()),
    };
    (File { id: file, package, decls, build: parsed.build, marks: parsed.marks, embeds: parsed.embeds }, parsed.errors)
}

/// Parses one declaration of a file, as an [`outline::Outline`] has it, and nothing around it.
pub fn parse_decl(map: &SourceMap, file: FileId, decl: Span, ast: &Ast) -> (Vec<DeclId>, Vec<Diagnostic>) {
    let parsed = parse::parse_decl(map, file, decl, ast);
    match parsed.source {
        Some(Source::File(f)) => (f.decls, parsed.errors),
        _ => (Vec::new(), parsed.errors),
    }
}

/// What a REPL entry turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplState {
    /// It can be run.
    Complete,
    /// It ends too early: read another line and parse both together.
    Incomplete,
    /// It is wrong, whatever follows.
    Wrong,
}

/// A parsed REPL entry.
#[derive(Debug)]
pub struct ReplParse {
    /// Statements and declarations in order; empty unless the entry is complete.
    pub items: Vec<ReplItem>,
    /// Whether it can be run.
    pub state: ReplState,
    /// What is wrong or missing.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a REPL entry: statements, imports, functions and methods in any order, without a package clause.
pub fn parse_repl(map: &SourceMap, file: FileId, ast: &Ast) -> ReplParse {
    let parsed = parse::parse(map, file, ast, Tok::StartRepl);
    let state = match &parsed {
        p if p.at_end => ReplState::Incomplete,
        p if !p.errors.is_empty() => ReplState::Wrong,
        _ => ReplState::Complete,
    };
    let items = match parsed.source {
        Some(Source::Repl(items)) if state == ReplState::Complete => items,
        _ => Vec::new(),
    };
    ReplParse { items, state, diagnostics: parsed.errors }
}

/// Parses a text that is one expression or type.
pub fn parse_expr(map: &SourceMap, file: FileId, ast: &Ast) -> (ExprId, Vec<Diagnostic>) {
    let parsed = parse::parse(map, file, ast, Tok::StartExpr);
    match parsed.source {
        Some(Source::Expr(x)) => (x, parsed.errors),
        _ => {
            let mut draft = Draft::new(ast, 0);
            let bad = draft.expr(ast::Expr::Bad, start_of(map, file));
            ast.append(draft);
            (bad, parsed.errors)
        }
    }
}

/// The tokens of a text with their spans (from 0 on), for tools such as highlighters: names as the grammar has them, such
/// as `name`, `int`, `if`, `<<`; `newline` is the semicolon that a newline stands for. Comments are left out, and
/// mistakes are not reported.
pub fn tokens(text: &str) -> Vec<(&'static str, Span)> {
    let lexed = lexer::lex(text, 0, Tok::StartRepl);
    let inner = &lexed.tokens[1..lexed.tokens.len() - 1];
    inner.iter().map(|&(lo, tok, hi)| (token::name(tok), Span::new(lo, hi))).collect()
}

fn start_of(map: &SourceMap, file: FileId) -> Span {
    let base = map.file(file).base;
    Span::new(base, base)
}
