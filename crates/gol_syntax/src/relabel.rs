//! One pass over the tokens before parsing: what an LR(1) parser cannot see, and the limit on brackets.
//!
//! - In a type declaration, the `[` after the name becomes [`Tok::TypeParams`] when type parameters follow. The rule
//!   is Go's: a name, and then neither `]` nor something that goes on as an array length.
//! - In a REPL entry, a `func` that begins a declaration becomes [`Tok::FuncDecl`].

use crate::actions::MAX_DEPTH;
use crate::token::{Tok, Token};

/// Relabels in place. The index of the bracket that nests too deeply, if one does.
pub(crate) fn relabel(tokens: &mut [Token], repl: bool) -> Option<usize> {
    let mut depth = 0;
    // Depths inside the parentheses of grouped type declarations.
    let mut groups: Vec<u32> = Vec::new();
    for i in 0..tokens.len() {
        match tokens[i].1 {
            Tok::LParen | Tok::LBrack | Tok::LBrace | Tok::TypeParams => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(i);
                }
            }
            Tok::RParen | Tok::RBrack | Tok::RBrace => {
                depth = depth.saturating_sub(1);
                if groups.last().is_some_and(|&g| g > depth) {
                    groups.pop();
                }
            }
            Tok::Semi | Tok::Newline if groups.last() == Some(&depth) => type_spec(tokens, i + 1),
            Tok::Type => match kind(tokens, i + 1) {
                Tok::LParen if kind(tokens, i.wrapping_sub(1)) != Tok::LParen => {
                    groups.push(depth + 1);
                    type_spec(tokens, i + 2);
                }
                _ => type_spec(tokens, i + 1),
            },
            Tok::Func if repl && depth == 0 && starts_item(tokens, i) && declares(tokens, i) => {
                tokens[i].1 = Tok::FuncDecl;
            }
            _ => {}
        }
    }
    None
}

fn kind(tokens: &[Token], i: usize) -> Tok {
    tokens.get(i).map_or(Tok::Eof, |t| t.1)
}

/// Whether a REPL item begins at `i`.
fn starts_item(tokens: &[Token], i: usize) -> bool {
    matches!(kind(tokens, i.wrapping_sub(1)), Tok::StartRepl | Tok::Semi | Tok::Newline)
}

/// Whether the `func` at `i` has a name, with or without a receiver before it.
fn declares(tokens: &[Token], i: usize) -> bool {
    let after = match kind(tokens, i + 1) {
        Tok::Name => return true,
        Tok::LParen => match closing(tokens, i + 1) {
            Some(close) => close + 1,
            None => return false,
        },
        _ => return false,
    };
    kind(tokens, after) == Tok::Name && matches!(kind(tokens, after + 1), Tok::LParen | Tok::LBrack)
}

/// The index of the bracket that closes the one at `open`.
pub(crate) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (i, t) in tokens.iter().enumerate().skip(open) {
        if t.1.opens() {
            depth += 1;
        } else if t.1.closes() {
            depth -= 1;
            if depth == 0 {
                return Some(i);
            }
        }
    }
    None
}

/// Relabels the `[` after the name at `i`, if type parameters follow.
fn type_spec(tokens: &mut [Token], i: usize) {
    if kind(tokens, i) == Tok::Name && kind(tokens, i + 1) == Tok::LBrack && type_params_follow(tokens, i + 2) {
        tokens[i + 1].1 = Tok::TypeParams;
    }
}

/// Whether what follows a `[`, from `i` on, is a list of type parameters and not an array length.
fn type_params_follow(tokens: &[Token], i: usize) -> bool {
    use Tok::*;
    if kind(tokens, i) != Name {
        return false;
    }
    match kind(tokens, i + 1) {
        RBrack | Dot | LBrace | Dots | Colon | Eof => false,
        Star | LParen | Or => looks_like_constraint(tokens, i + 1),
        Plus | Minus | Slash | Percent | And | AndNot | Shl | Shr | Caret | OrOr | AndAnd => false,
        EqEq | NotEq | Less | LessEq | Greater | GreaterEq => false,
        _ => true,
    }
}

/// `P *C`, `P (C)`, `P | C` may go on as an expression. They are parameters if a comma follows before the closing
/// bracket, or if a type is in them that no expression has in that place.
fn looks_like_constraint(tokens: &[Token], from: usize) -> bool {
    use Tok::*;
    // For each open bracket: whether it is the list of a call, where types are no hint.
    let mut open: Vec<bool> = Vec::new();
    let mut before = Name;
    for (i, t) in tokens.iter().enumerate().skip(from) {
        let in_call = open.contains(&true);
        let operand_before = matches!(before, Name | RParen | RBrack | RBrace | Int | Str | Float | Imag | Rune);
        match t.1 {
            Comma if open.is_empty() => return true,
            RBrack if open.is_empty() => return false,
            Newline | Eof if open.is_empty() => return false,
            Interface | Struct | Func | Map | Chan | Tilde if !in_call => {
                return kind(tokens, i) != Func || !called(tokens, i);
            }
            LBrack if !in_call && !operand_before => return true,
            LParen => open.push(operand_before && i != from),
            LBrack | LBrace => open.push(true),
            RParen | RBrack | RBrace => _ = open.pop(),
            Eof => return false,
            _ => {}
        }
        before = t.1;
    }
    false
}

/// Whether the `func` at `i` is a literal, called on the spot.
fn called(tokens: &[Token], i: usize) -> bool {
    let Some(params) = closing(tokens, i + 1) else { return false };
    let body = tokens.iter().skip(params).position(|t| matches!(t.1, Tok::LBrace | Tok::RBrack | Tok::Comma));
    body.is_some_and(|b| tokens[params + b].1 == Tok::LBrace)
}
