//! Changes the tokens around a mistake so that the parser gets past it, and on to the next one.
//!
//! The tree of a text with mistakes is never used, so nothing of it needs to be kept: what counts is that the rest of
//! the text is understood as the writer meant it. The usual cure is to replace the whole statement, declaration, field
//! or clause by a token that stands for one, leaving the blocks in it. The end of a construct is found by brackets,
//! and by line beginnings where brackets do not match.
//!
//! Which construct an open bracket belongs to is asked of the parser itself ([`Probe`]): it reads the tokens up to the
//! bracket and says what it would accept next.

use crate::errors::{Expected, Failure, generic_method};
use crate::relabel::closing;
use crate::token::{Tok, Token};

/// Tells what may follow the first `n` tokens, which must be right.
pub(crate) type Probe<'a> = dyn FnMut(&[Token]) -> Expected + 'a;

/// How many brackets are asked about; each probe reads the text up to its bracket.
const MAX_PROBES: usize = 32;

/// What an open bracket belongs to, as far as mending cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The statements of a block or a clause.
    Statements,
    /// The clauses of a switch or select.
    Clauses,
    /// The fields, elements or specs in a type or a group.
    Lines,
    /// The file.
    File,
}

/// Mends at the failure. `again` counts the attempts that did not get further.
pub(crate) fn mend(failure: &Failure, probe: &mut Probe, again: u32) -> Option<Vec<Token>> {
    let tokens = failure.tokens;
    let at = failure.at;
    if again > 3 {
        return None;
    }
    let open = open_brackets(tokens, at);
    if let Some(func) = function_inside(tokens, at, &open) {
        return Some(splice(tokens, func, func, closers(tokens, &open, func)));
    }
    if let Some(open) = generic_method(tokens, at) {
        let close = closing(tokens, open)?;
        return Some(splice(tokens, open, close + 1, Vec::new()));
    }
    if tokens[at].1 == Tok::LBrack && failure.before(1) == Tok::Func {
        let close = closing(tokens, at)?;
        return Some(splice(tokens, at, close + 1, Vec::new()));
    }
    // Where the innermost list of statements, clauses, lines or declarations begins.
    let (mut place, mut first, mut level) = (Place::File, 1, 0);
    let candidates = open.iter().enumerate().rev().filter(|b| may_hold_lines(tokens, *b.1));
    for (n, &b) in candidates.take(MAX_PROBES) {
        if let Some(p) = place_of(tokens, b, probe) {
            (place, first, level) = (p, b + 1, n + 1);
            break;
        }
    }
    let start = element_start(tokens, first, at);
    let inner = &open[level..];
    match place {
        Place::Statements => Some(mend_statement(failure, start, inner, again)),
        Place::Clauses => Some(mend_clause(tokens, start, at)),
        Place::Lines => {
            let end = line_end(tokens, at, inner, closer_of(tokens[first - 1].1));
            let end = if tokens[end].1.is_semi() { end + 1 } else { end };
            Some(splice(tokens, start, end.max(at), Vec::new()))
        }
        Place::File if tokens[0].1 != Tok::StartFile => Some(mend_statement(failure, start, inner, again)),
        Place::File if failure.expected.has(Tok::MarkDecl) || failure.expected.has(Tok::MarkDeclEnd) => {
            // Go goes on at the next keyword of a declaration, wherever that stands.
            let next = (at..tokens.len()).find(|&i| begins_declaration(tokens[i].1)).unwrap_or(tokens.len() - 1);
            let after_decl = failure.expected.has(Tok::MarkDeclEnd);
            let with = if after_decl { vec![filler(tokens, at, Tok::Newline)] } else { Vec::new() };
            Some(splice(tokens, at, next, with))
        }
        Place::File => mend_declaration(tokens, start, at),
    }
}

/// The indices of the brackets open at `at`, outermost first. A closing bracket closes what it can.
fn open_brackets(tokens: &[Token], at: usize) -> Vec<usize> {
    let mut open = Vec::new();
    for (i, t) in tokens[..at].iter().enumerate() {
        if t.1.opens() {
            open.push(i);
        } else if t.1.closes() {
            open.pop();
        }
    }
    open
}

fn closer_of(open: Tok) -> Tok {
    match open {
        Tok::LParen => Tok::RParen,
        Tok::LBrace => Tok::RBrace,
        _ => Tok::RBrack,
    }
}

/// The tokens with `from..to` replaced.
fn splice(tokens: &[Token], from: usize, to: usize, with: Vec<Token>) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len() + with.len());
    out.extend_from_slice(&tokens[..from]);
    out.extend(with);
    out.extend_from_slice(&tokens[to..]);
    out
}

/// An empty token before token `at`.
fn filler(tokens: &[Token], at: usize, tok: Tok) -> Token {
    let lo = tokens[at].0;
    (lo, tok, lo)
}

/// What closes all open brackets before token `at`, and a newline.
fn closers(tokens: &[Token], open: &[usize], at: usize) -> Vec<Token> {
    let mut out: Vec<Token> = open.iter().rev().map(|&b| filler(tokens, at, closer_of(tokens[b].1))).collect();
    out.push(filler(tokens, at, Tok::Newline));
    out
}

/// The index of a `func` with a name that begins a line near the mistake although brackets are open: the function
/// before it was not closed.
fn function_inside(tokens: &[Token], at: usize, open: &[usize]) -> Option<usize> {
    let func = at.checked_sub(1)?;
    let begins_line = func > 0 && tokens[func - 1].1 == Tok::Newline;
    let named = tokens[func].1 == Tok::Func && tokens[at].1 == Tok::Name;
    (named && begins_line && !open.is_empty() && tokens[0].1 == Tok::StartFile).then_some(func)
}

/// Whether the bracket at `open` may hold statements, clauses or lines.
fn may_hold_lines(tokens: &[Token], open: usize) -> bool {
    use Tok::*;
    tokens[open].1 == LBrace || tokens[open].1 == LParen && matches!(tokens[open - 1].1, Const | Import | Type | Var)
}

/// The place that the bracket at `open` opens, if it is one of statements, clauses or lines.
fn place_of(tokens: &[Token], open: usize, probe: &mut Probe) -> Option<Place> {
    let expected = probe(&tokens[..=open]);
    if expected.has(Tok::MarkStmt) {
        Some(Place::Statements)
    } else if expected.has(Tok::MarkCase) {
        Some(Place::Clauses)
    } else if expected.has(Tok::MarkStruct) || expected.has(Tok::MarkInterface) || expected.has(Tok::MarkGroup) {
        Some(Place::Lines)
    } else {
        None
    }
}

/// Where the statement or line that holds `at` begins, in a list that begins at `first`.
fn element_start(tokens: &[Token], first: usize, at: usize) -> usize {
    let mut depth = 0;
    let mut start = first;
    // From the keyword of a header to its body, semicolons do not end the statement.
    let mut in_header = false;
    for (i, t) in tokens.iter().enumerate().take(at).skip(first) {
        in_header |= depth == 0 && matches!(t.1, Tok::If | Tok::For | Tok::Switch);
        match t.1 {
            tok if tok.opens() => {
                in_header &= depth > 0 || tok != Tok::LBrace;
                depth += 1;
            }
            tok if tok.closes() => depth -= 1,
            Tok::Semi | Tok::Newline if depth == 0 && !in_header => start = i + 1,
            // The statements of a clause begin after its colon, those with a label after the label's.
            Tok::Colon if depth == 0 && clause_or_label(tokens, start, i) => start = i + 1,
            _ => {}
        }
    }
    start
}

fn clause_or_label(tokens: &[Token], start: usize, colon: usize) -> bool {
    matches!(tokens[start].1, Tok::Case | Tok::Default) || tokens[start].1 == Tok::Name && start + 1 == colon
}

/// Keywords that begin a statement and nothing else.
fn starts_statement(tok: Tok) -> bool {
    use Tok::*;
    matches!(tok, Break | Const | Continue | Defer | Fallthrough | For | Go | Goto | If | Return | Select)
        || matches!(tok, Switch | Type | Var)
}

/// Where the statement or line that holds `at` ends, with the brackets `inner` open in it: at the semicolon, or at
/// what closes the list. With `at_brace`, also at a `{` outside of brackets.
fn element_end(tokens: &[Token], at: usize, inner: &[usize], at_brace: bool) -> usize {
    end_of(tokens, at, inner, Tok::RBrace, at_brace)
}

/// The same for a line of a list that `closer` closes.
fn line_end(tokens: &[Token], at: usize, inner: &[usize], closer: Tok) -> usize {
    end_of(tokens, at, inner, closer, false)
}

fn end_of(tokens: &[Token], at: usize, inner: &[usize], closer: Tok, at_brace: bool) -> usize {
    let mut open: Vec<Tok> = inner.iter().map(|&b| tokens[b].1).collect();
    // Brackets opened before the mistake; a statement's keyword on a new line shows that they were never closed.
    let mut old = open.len();
    for (i, t) in tokens.iter().enumerate().skip(at) {
        match t.1 {
            Tok::Eof => return i,
            Tok::LBrace if at_brace && open.is_empty() => return i,
            tok if tok.opens() => open.push(tok),
            tok if tok.closes() => match open.iter().rposition(|&o| closer_of(o) == tok) {
                Some(n) => open.truncate(n),
                None if tok == Tok::RBrace || tok == closer => return i,
                None => {}
            },
            Tok::Semi if at_brace && open.is_empty() => {}
            Tok::Semi | Tok::Newline if open.is_empty() => return i,
            tok if i > at
                && open.len() == old
                && tokens[i - 1].1 == Tok::Newline
                && (starts_statement(tok) || tok == Tok::Func && tokens[i + 1].1 == Tok::Name) =>
            {
                return i;
            }
            _ => {}
        }
        old = old.min(open.len());
    }
    tokens.len() - 1
}

/// Replaces a statement; one with a header keeps its body, an unexpected token ends the block.
fn mend_statement(failure: &Failure, start: usize, inner: &[usize], again: u32) -> Vec<Token> {
    let (tokens, at) = (failure.tokens, failure.at);
    if tokens[at].1 == Tok::Eof || failure.expected.has(Tok::MarkStmt) && at == start && inner.is_empty() {
        return end_block(tokens, at);
    }
    let keyword = tokens[start].1;
    if again == 0 && matches!(keyword, Tok::If | Tok::For | Tok::Switch | Tok::Select) {
        let end = element_end(tokens, at, inner, true);
        if tokens[end].1 == Tok::LBrace {
            let mut with = vec![tokens[start]];
            if keyword == Tok::If {
                with.push(filler(tokens, end, Tok::BadExpr));
            }
            return splice(tokens, start, end, with);
        }
    }
    let end = element_end(tokens, at, inner, false);
    let mut with = vec![filler(tokens, start, Tok::BadStmt)];
    if !tokens[end].1.is_semi() && tokens[end].1 != Tok::RBrace {
        with.push(filler(tokens, end, Tok::Newline));
    }
    splice(tokens, start, end.max(start), with)
}

/// Closes the block before an unexpected token, which is dropped, as Go's parser does. At the end of the text,
/// closes everything.
fn end_block(tokens: &[Token], at: usize) -> Vec<Token> {
    if tokens[at].1 == Tok::Eof {
        let open = open_brackets(tokens, at);
        return splice(tokens, at, at, closers(tokens, &open, at));
    }
    splice(tokens, at, at + 1, vec![filler(tokens, at, Tok::RBrace)])
}

/// A mistake between the clauses of a switch, or in the list of a case.
fn mend_clause(tokens: &[Token], start: usize, at: usize) -> Vec<Token> {
    let mut depth = 0i32;
    let mut end = at;
    while tokens[end].1 != Tok::Eof {
        let tok = tokens[end].1;
        if tok.opens() {
            depth += 1;
        } else if tok.closes() {
            depth -= 1;
        }
        let stop = matches!(tok, Tok::Colon | Tok::Case | Tok::Default | Tok::Newline) && end > start;
        if depth < 0 || depth == 0 && stop {
            break;
        }
        end += 1;
    }
    let mut with = vec![filler(tokens, start, Tok::Default)];
    if tokens[end].1 != Tok::Colon {
        with.push(filler(tokens, end, Tok::Colon));
    }
    splice(tokens, start, end, with)
}

fn begins_declaration(tok: Tok) -> bool {
    matches!(tok, Tok::Func | Tok::Type | Tok::Var | Tok::Const | Tok::Import)
}

/// Takes a declaration of the file out; the body of a function stays.
fn mend_declaration(tokens: &[Token], start: usize, at: usize) -> Option<Vec<Token>> {
    use Tok::*;
    if tokens[start].1 == Package || at <= 2 {
        return None;
    }
    let next = (at.max(start + 1)..tokens.len()).find(|&i| {
        let begins = begins_declaration(tokens[i].1) && tokens[i - 1].1.is_semi();
        begins && (tokens[i].1 != Func || matches!(tokens[i + 1].1, Name | LParen))
    });
    let end = next.unwrap_or(tokens.len() - 1);
    let body = (at..end).find(|&i| tokens[i].1 == LBrace && !matches!(tokens[i - 1].1, Struct | Interface));
    if let (Func, Some(body)) = (tokens[start].1, body)
        && body + 1 < end
        && !(at == body && start + 1 == at)
    {
        let with = [Func, Name, LParen, RParen].map(|tok| filler(tokens, body, tok));
        if tokens[start..body].len() != 4 || tokens[start].0 != tokens[start].2 {
            return Some(splice(tokens, start, body, with.to_vec()));
        }
    }
    Some(splice(tokens, start, end, Vec::new()))
}
