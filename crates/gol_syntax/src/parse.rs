//! Runs the parser over a token vector, again after each mistake, until the text is through or enough is wrong.

use gol_source::{Diagnostic, FileId, LineMark, SourceMap, Span};
use lalrpop_util::{ParseError, lalrpop_mod};

use crate::actions::{Cx, Source, Stop, TOO_DEEP};
use crate::ast::{Ast, Draft};
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

/// How often a text is parsed; a mistake may take more than one round. Large texts get fewer: so many tokens are read in
/// all.
const ROUNDS: (usize, usize) = (24, 100);
const MAX_TOKENS: usize = 5_000_000;

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
    /// The `//line` comments.
    pub(crate) marks: Vec<LineMark>,
    /// The `//go:embed` comments.
    pub(crate) embeds: Vec<Span>,
}

/// Parses the text of `file` as what `start` says.
pub(crate) fn parse(map: &SourceMap, file: FileId, ast: &Ast, start: Tok) -> Parsed {
    let f = map.file(file);
    parse_tokens(map, file, (&f.text, f.base), ast, lexer::lex(&f.text, f.base, start), start)
}

/// Parses one declaration of `file` as if it were a file of its own.
pub(crate) fn parse_decl(map: &SourceMap, file: FileId, span: Span, ast: &Ast) -> Parsed {
    let text = map.text(span);
    let mut lexed = lexer::lex(text, span.lo, Tok::StartFile);
    let clause = [Tok::Package, Tok::Name, Tok::Semi].map(|tok| (span.lo, tok, span.lo));
    lexed.tokens.splice(1..1, clause);
    parse_tokens(map, file, (text, span.lo), ast, lexed, Tok::StartFile)
}

/// Parses the tokens of a text, whose first byte has the global offset `base`.
fn parse_tokens(
    map: &SourceMap,
    file: FileId,
    (text, base): (&str, u32),
    ast: &Ast,
    lexed: lexer::Lexed,
    start: Tok,
) -> Parsed {
    let mut tokens = lexed.tokens;
    let mut cx = Cx::new(Draft::new(ast, text.len()), file, text, base);
    cx.errors = lexed.errors;
    if let Some(i) = relabel(&mut tokens, start == Tok::StartRepl) {
        let (lo, _, hi) = tokens[i];
        cx.error(Span::new(lo, hi), TOO_DEEP);
        return Parsed {
            source: None,
            errors: cx.errors,
            at_end: false,
            build: lexed.build,
            marks: lexed.marks,
            embeds: lexed.embeds,
        };
    }
    let mut at_end = lexed.unterminated.is_some();
    let source = run(&mut cx, &mut tokens, &mut at_end);
    ast.append(cx.ast);
    Parsed {
        source,
        errors: in_order(map, cx.errors),
        at_end,
        build: lexed.build,
        marks: lexed.marks,
        embeds: lexed.embeds,
    }
}

/// Parses, mends and parses again. One mistake is reported a round; those that the actions find are kept from every
/// round, as a mended place is not seen again.
fn run(cx: &mut Cx, tokens: &mut Vec<Token>, at_end: &mut bool) -> Option<Source> {
    let parser = grammar::SourceParser::new();
    let mut furthest = 0;
    let mut again = 0;
    let rounds = (MAX_TOKENS / tokens.len().max(1)).clamp(ROUNDS.0, ROUNDS.1);
    for _ in 0..rounds {
        let (at, expected) = match parser.parse(cx, tokens.iter().copied()) {
            Ok(source) => {
                cx.finish();
                return Some(source);
            }
            Err(ParseError::UnrecognizedToken { token, expected }) => {
                let at = tokens.iter().position(|t| *t == token).expect("the token comes from the vector");
                (at, Expected::new(&expected))
            }
            Err(ParseError::User { error: Stop(from) }) => {
                let at = tokens.iter().position(|t| t.0 >= from && t.1 == Tok::LBrace).expect("there is a brace");
                let fits = probe_after(&parser, cx, &tokens[..at]);
                (at, fits)
            }
            Err(_) => return None,
        };
        let (lo, tok, _) = tokens[at];
        let body_missing = [Tok::MarkIf, Tok::MarkFor, Tok::MarkSwitch].into_iter().any(|m| expected.has(m));
        if body_missing && !expected.has(Tok::MarkExpr) && !expected.has(Tok::MarkHeader) {
            look_at_header(&parser, cx, &tokens[..at]);
        }
        let (text, base) = (cx.whole_text(), cx.base());
        let failure = Failure { text, base, tokens, at, expected };
        let fits = |t: &Token| matches!(t.1, Tok::Eof) || t.1 == Tok::Newline && t.0 == t.2;
        *at_end |= cx.errors.is_empty() && fits(&tokens[at]);
        if tok == Tok::Eof && !cx.errors.is_empty() {
            return None; // Go says nothing more at the end of a file with mistakes
        }
        let report = failure.report();
        again = if lo > furthest { 0 } else { again + 1 };
        furthest = furthest.max(lo);
        let mut probe = |prefix: &[Token]| probe_after(&parser, cx, prefix);
        let first = tokens.len() > 2 && report.message.contains("package statement must be first");
        let mended = if first { None } else { mend(&failure, &mut probe, again) };
        if let Some(message) = receivers(&failure) {
            cx.error(report.span, message);
        }
        if again == 0 || cx.errors.is_empty() {
            cx.error(report.span, report.message);
        }
        *tokens = mended?;
        cx.reset();
    }
    None
}

/// What may follow `prefix`, which must be right.
fn probe_after(parser: &grammar::SourceParser, cx: &Cx, prefix: &[Token]) -> Expected {
    let end = prefix.last().map_or(0, |t| t.2);
    let misfit = (end, Tok::StartExpr, end);
    let mut cx = Cx::new(cx.ast.scratch(), cx.file, cx.whole_text(), cx.base());
    match parser.parse(&mut cx, prefix.iter().copied().chain([misfit])) {
        Err(ParseError::UnrecognizedToken { expected, .. }) => Expected::new(&expected),
        _ => Expected::new(&[]),
    }
}

/// Checks the condition of a header that no body follows: `prefix` gets an empty one. Its mistakes come before the
/// missing brace's.
fn look_at_header(parser: &grammar::SourceParser, cx: &mut Cx, prefix: &[Token]) {
    let end = prefix.last().map_or(0, |t| t.2);
    let rest = [Tok::LBrace, Tok::RBrace, Tok::Newline, Tok::StartExpr].map(|tok| (end, tok, end));
    let mut scratch_cx = Cx::new(cx.ast.scratch(), cx.file, cx.whole_text(), cx.base());
    _ = parser.parse(&mut scratch_cx, prefix.iter().copied().chain(rest));
    cx.errors.append(&mut scratch_cx.errors);
}

/// What Go says of a receiver list with none or several in it, when the method's name is missing too.
fn receivers(failure: &Failure) -> Option<&'static str> {
    let close = failure.at.checked_sub(1)?;
    if failure.before(1) != Tok::RParen || !failure.expected.has(Tok::Name) || failure.expected.has(Tok::MarkType) {
        return None;
    }
    let (mut depth, mut commas, mut open) = (0, 0, close);
    loop {
        let tok = failure.tokens[open].1;
        depth += tok.closes() as i32 - tok.opens() as i32;
        commas += (depth == 1 && tok == Tok::Comma && open + 1 < close) as u32;
        if depth == 0 {
            break;
        }
        open = open.checked_sub(1)?;
    }
    if open == 0 || failure.tokens[open - 1].1 != Tok::Func {
        return None;
    }
    match commas {
        _ if open + 1 == close => Some("method has no receiver"),
        0 => None,
        _ => Some("method has multiple receivers"),
    }
}

/// By position, at most one `syntax error:` a line and no message twice on a line, as Go prints them.
fn in_order(map: &SourceMap, mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|e| e.span.lo);
    let line = |e: &Diagnostic| map.position(e.span.lo).map_or(0, |p| p.line);
    let mut out: Vec<Diagnostic> = Vec::new();
    for e in errors {
        let at = line(&e);
        let syntax = e.message.starts_with("syntax error");
        let known = |o: &Diagnostic| o.message == e.message || syntax && o.message.starts_with("syntax error");
        let same_line = out.iter().rev().take_while(|o| line(o) == at);
        if !same_line.into_iter().any(known) {
            out.push(e);
        }
    }
    out
}
