//! Runs the parser over a token vector, again after each mistake, until the text is through or enough is wrong.

use gol_source::{Diagnostic, FileId, SourceMap, Span};
use lalrpop_util::{ParseError, lalrpop_mod};

use crate::actions::{Cx, Source, Stop, TOO_DEEP};
use crate::ast::Ast;
use crate::lexer;
use crate::relabel::relabel;
use crate::token::Tok;

lalrpop_mod!(
    #[allow(clippy::all, unused, missing_docs)]
    grammar,
    "/gol.rs"
);

/// How many errors are reported for one file.
const MAX_ERRORS: usize = 10;

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
    let parser = grammar::SourceParser::new();
    let mut at_end = lexed.unterminated;
    let result = parser.parse(&mut cx, tokens.iter().copied());
    let source = match result {
        Ok(source) => Some(source),
        Err(ParseError::UnrecognizedToken { token: (lo, tok, hi), expected }) => {
            at_end |= tok == Tok::Eof;
            cx.syntax_error(Span::new(lo, hi), format!("unexpected {tok:?} {expected:?}"));
            None
        }
        Err(ParseError::User { error: Stop }) => None,
        Err(_) => unreachable!("the end of the text is a token"),
    };
    cx.finish();
    let _ = MAX_ERRORS;
    Parsed { source, errors: cx.errors, at_end, build: lexed.build }
}
