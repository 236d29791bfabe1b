//! Runs the parser over a token vector, again after each mistake, until the text is through or enough is wrong.

use gol_source::{Diagnostic, FileId, SourceMap, Span};
use lalrpop_util::{ParseError, lalrpop_mod};

use crate::actions::{Cx, Source, TOO_DEEP};
use crate::ast::Ast;
use crate::errors::{Expected, Failure};
use crate::lexer;
use crate::mend::mend;
use crate::relabel::relabel;
use crate::token::{Tok, Token};

lalrpop_mod!(
    #[allow(clippy::all, unused, missing_docs)]
    grammar,
    "/gol.rs"
);

/// How many errors are reported for one file.
const MAX_ERRORS: usize = 10;

/// How often a text is parsed; a mistake may take more than one round.
const MAX_ROUNDS: usize = 24;

/// What a parse found.
pub(crate) struct Parsed {
    /// The tree; `None`: even the mended text did not parse.
    pub(crate) source: Option<Source>,
    /// What is wrong, by position.
    pub(crate) errors: Vec<Diagnostic>,
    /// The first mistake is that the text ends.
    pub(crate) at_end: bool,
    /// The `//go:build` line.
    pub(crate) build: Option<String>,
}

/// Parses the text of `file` as what `start` says.
pub(crate) fn parse(map: &SourceMap, file: FileId, ast: &mut Ast, start: Tok) -> Parsed {
    let f = map.file(file);
    let lexed = lexer::lex(&f.text, f.base, start);
    let mut tokens = lexed.tokens;
    let mut cx = Cx::new(ast, file, &f.text, f.base);
    cx.errors = lexed.errors;
    if let Some(i) = relabel(&mut tokens, start == Tok::StartRepl) {
        let (lo, _, hi) = tokens[i];
        cx.error(Span::new(lo, hi), TOO_DEEP);
        return Parsed { source: None, errors: cx.errors, at_end: false, build: lexed.build };
    }
    let mut at_end = lexed.unterminated;
    let source = run(&mut cx, &mut tokens, &mut at_end);
    Parsed { source, errors: in_order(map, cx.errors), at_end, build: lexed.build }
}

/// Parses, mends and parses again. One mistake is reported a round; those that the actions find are kept from every
/// round, as a mended place is not seen again.
fn run(cx: &mut Cx, tokens: &mut Vec<Token>, at_end: &mut bool) -> Option<Source> {
    let parser = grammar::SourceParser::new();
    let mut furthest = 0;
    let mut again = 0;
    for _ in 0..MAX_ROUNDS {
        let wrong = match parser.parse(cx, tokens.iter().copied()) {
            Ok(source) => {
                cx.finish();
                return Some(source);
            }
            Err(ParseError::UnrecognizedToken { token, expected }) => (token, Expected::new(&expected)),
            Err(_) => return None,
        };
        let ((lo, tok, hi), expected) = wrong;
        let at = tokens.iter().position(|t| *t == (lo, tok, hi)).expect("the token comes from the vector");
        let text = |lo, hi| cx.text(lo, hi).to_string();
        let failure = Failure { text: &text, tokens, at, expected };
        let fits = |t: &Token| matches!(t.1, Tok::Eof) || t.1 == Tok::Newline && t.0 == t.2;
        *at_end |= cx.errors.is_empty() && fits(&tokens[at]);
        if tok == Tok::Eof && !cx.errors.is_empty() {
            return None; // Go says nothing more at the end of a file with mistakes
        }
        let report = failure.report();
        again = if lo > furthest { 0 } else { again + 1 };
        furthest = furthest.max(lo);
        let mut probe = |prefix: &[Token]| {
            let mut scratch = Ast::new();
            let mut cx = Cx::new(&mut scratch, cx.file, cx.whole_text(), cx.base());
            let end = prefix.last().map_or(0, |t| t.2);
            let stop = (end, Tok::StartExpr, end);
            match parser.parse(&mut cx, prefix.iter().copied().chain([stop])) {
                Err(ParseError::UnrecognizedToken { expected, .. }) => Expected::new(&expected),
                _ => Expected::new(&[]),
            }
        };
        let first = tokens.len() > 2 && report.message.contains("package statement must be first");
        let mended = if first { None } else { mend(&failure, &mut probe, again) };
        if again == 0 || cx.errors.is_empty() {
            cx.error(report.span, report.message);
        }
        *tokens = mended?;
        cx.reset();
    }
    None
}

/// By position, at most one `syntax error:` a line and no message twice on a line, as Go prints them.
fn in_order(map: &SourceMap, mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|e| e.span.lo);
    let line = |e: &Diagnostic| map.position(e.span.lo).map_or(0, |p| p.line);
    let mut out: Vec<Diagnostic> = Vec::new();
    for e in errors {
        let at = line(&e);
        let syntax = e.message.starts_with("syntax error");
        let known = |o: &Diagnostic| {
            line(o) == at && (o.message == e.message || syntax && o.message.starts_with("syntax error"))
        };
        if !out.iter().any(known) {
            out.push(e);
        }
    }
    out.truncate(MAX_ERRORS);
    out
}
