//! The words for a mistake: from the token that did not fit, and the set of tokens that would have.
//!
//! The set holds marks (see [`crate::token`]), which tell the construct that the parser was in: more than one, from the
//! innermost outwards, when an inner construct could have ended there. So the order of the questions below matters:
//! what Go's compiler would have wanted first comes first. Where its wording depends on the token before, that is
//! looked at too.

use gol_source::Span;

use crate::token::{self, Tok, Token};

/// A mistake as the parser met it.
pub(crate) struct Failure<'a> {
    /// The text of the file.
    pub(crate) text: &'a str,
    /// The global offset of its first byte.
    pub(crate) base: u32,
    /// All tokens.
    pub(crate) tokens: &'a [Token],
    /// The index of the token that did not fit.
    pub(crate) at: usize,
    /// What would have.
    pub(crate) expected: Expected,
}

/// A set of terminals.
pub(crate) struct Expected(Vec<Tok>);

impl Expected {
    /// The set that the parser gives, as the grammar's names in quotes.
    pub(crate) fn new(names: &[String]) -> Expected {
        Expected(names.iter().filter_map(|n| token::by_name(n.trim_matches('"'))).collect())
    }

    /// Whether the terminal is in the set.
    pub(crate) fn has(&self, tok: Tok) -> bool {
        self.0.contains(&tok)
    }
}

/// Where to report, and what.
pub(crate) struct Report {
    pub(crate) span: Span,
    /// The message, `syntax error: ` included where Go has it.
    pub(crate) message: String,
}

impl Failure<'_> {
    /// The kind of the token `back` places before the one that did not fit.
    pub(crate) fn before(&self, back: usize) -> Tok {
        self.at.checked_sub(back).map_or(Tok::Eof, |i| self.tokens[i].1)
    }

    pub(crate) fn tok(&self) -> Tok {
        self.tokens[self.at].1
    }

    fn text_of(&self, (lo, _, hi): Token) -> &str {
        &self.text[(lo - self.base) as usize..(hi - self.base) as usize]
    }

    fn has(&self, tok: Tok) -> bool {
        self.expected.has(tok)
    }

    /// The report in Go's words.
    pub(crate) fn report(&self) -> Report {
        let (lo, _, hi) = self.tokens[self.at];
        let here = Span::new(lo, hi);
        if let Some((span, message)) = self.own_words(here) {
            return Report { span, message };
        }
        let unexpected = self.describe();
        let message = match self.wanted() {
            Wanted::Expected(what) => format!("syntax error: unexpected {unexpected}, expected {what}"),
            Wanted::In(what, or) => {
                format!("syntax error: unexpected {unexpected} in {what}; possibly missing {or}")
            }
            Wanted::Where(place) => format!("syntax error: unexpected {unexpected} {place}"),
        };
        Report { span: here, message }
    }

    /// Mistakes that Go does not describe as an unexpected token.
    fn own_words(&self, here: Span) -> Option<(Span, String)> {
        use Tok::*;
        let (tok, prev, prev2) = (self.tok(), self.before(1), self.before(2));
        let plain = |words: &str| Some((here, format!("syntax error: {words}")));
        if prev == StartFile {
            return plain("package statement must be first");
        }
        if self.has(Tok::MarkDecl) {
            return match tok {
                LBrace if prev.ends_declaration() && self.bodiless() => {
                    plain("unexpected semicolon or newline before {")
                }
                _ => plain("non-declaration statement outside function body"),
            };
        }
        if (self.has(MarkStmt) || self.has(MarkStmtEnd)) && self.nothing_open() && (prev == StartRepl || prev.is_semi())
        {
            // Go has no name for a list of statements that no brace ends.
            let what = if tok.closes() { " with nothing open" } else { ", expected statement" };
            return plain(&format!("unexpected {}{what}", self.describe()));
        }
        if self.has(Tok::MarkElse) {
            return plain("else must be followed by if or statement block");
        }
        if self.has(Tok::MarkStmt) && prev == Colon && prev2 == Name && self.is_label() {
            let (lo, _, hi) = self.tokens[self.at - 1];
            return Some((Span::new(lo, hi), "syntax error: missing statement after label".to_string()));
        }
        if tok == Var && matches!(prev, If | For | Switch) && self.has(Tok::MarkExpr) {
            let keyword = self.text_of(self.tokens[self.at - 1]);
            let (lo, _, hi) = self.tokens[self.at + 1];
            let words = format!("syntax error: var declaration not allowed in {keyword} initializer");
            return Some((Span::new(lo, hi), words));
        }
        if self.has(Tok::MarkForCond) && tok == LBrace {
            return None;
        }
        if self.has(Tok::MarkHeader) || self.has(Tok::MarkIf) {
            return None;
        }
        if self.has(Tok::MarkSwitch) && !self.has(Tok::MarkExpr) {
            return plain("missing { after switch clause");
        }
        if self.has(Tok::MarkSelect) {
            return plain("missing { after select clause");
        }
        if prev == Dots && self.has(Tok::MarkType) {
            return plain("... is missing type");
        }
        if self.has(Tok::MarkType) && !self.has(Tok::MarkExpr) && (prev == Chan || prev == Arrow && prev2 == Chan) {
            return plain("missing channel element type");
        }
        if self.has(Tok::Str) && !self.has(Tok::MarkExpr) && self.in_import() {
            return plain("missing import path");
        }
        if let Some(open) = generic_method(self.tokens, self.at) {
            let (lo, _, hi) = self.tokens[open];
            return Some((Span::new(lo, hi), "interface method must have no type parameters".to_string()));
        }
        if tok == Comma && self.in_array_length() {
            return plain("unexpected comma; expected ]");
        }
        if tok == RBrack
            && prev == LBrack
            && prev2 == Name
            && matches!(self.before(3), LBrace | Semi | Newline)
            && self.has(MarkType)
            && !self.has(MarkExpr)
        {
            return Some((here, "empty type argument list".to_string()));
        }
        if tok == LBrack && prev == Func && !self.has(Name) {
            return plain("function type must have no type parameters");
        }
        if tok == RBrack
            && prev == LBrack
            && prev2 == Name
            && self.has(Tok::Name)
            && !self.has(Tok::MarkExpr)
            && !self.has(Tok::MarkType)
        {
            return plain("empty type parameter list");
        }
        None
    }

    /// Whether this is an entry of a session, and outside of all brackets.
    fn nothing_open(&self) -> bool {
        let depth = |t: &Token| i32::from(t.1.opens()) - i32::from(t.1.closes());
        self.tokens[0].1 == Tok::StartRepl && self.tokens[..self.at].iter().map(depth).sum::<i32>() == 0
    }

    /// What Go says that it expected.
    fn wanted(&self) -> Wanted {
        use Tok::*;
        use Wanted::*;
        let (tok, prev, prev2) = (self.tok(), self.before(1), self.before(2));
        let at_start = prev.is_semi() || prev == LBrace;
        if self.has(MarkStmtEnd) && !self.has(MarkStmt) && at_start {
            return Expected(if self.has(Case) { "case or default or }" } else { "}" });
        }
        if prev == Return && self.has(MarkStmtEnd) {
            return Expected("expression");
        }
        if let (Eof, true, Some(closer)) = (tok, prev.opens() || prev == Comma || prev.is_semi(), self.list_closer()) {
            return Expected(closer);
        }
        if self.has(Tok::MarkStmt) {
            return Expected(if self.has(Tok::Case) { "case or default or }" } else { "}" });
        }
        if self.has(Tok::MarkForCond) && tok == LBrace {
            return Expected("for loop condition");
        }
        if self.has(Tok::MarkAssign) {
            return Expected(":= or = or comma");
        }
        if self.has(Tok::MarkExpr) {
            let index = prev == LBrack && tok == RBrack && self.has(Tok::Colon);
            return Expected(if index { "operand" } else { "expression" });
        }
        if self.has(Tok::MarkField) {
            return Expected("field name or embedded type");
        }
        if self.has(Tok::MarkElem) || self.has(Tok::Tilde) && prev == Or {
            return Expected("~ term or type");
        }
        if self.has(Tok::MarkHeader) {
            return Expected("{");
        }
        if self.has(Tok::MarkIf) {
            return Expected("{ after if clause");
        }
        if self.has(Tok::MarkFor) {
            return Expected("{ after for clause");
        }
        if self.has(Tok::MarkCase) && !self.has(Tok::MarkStmtEnd) {
            return Expected("case or default or }");
        }
        if self.has(Tok::MarkParams) {
            if matches!(prev, LParen | Comma) {
                return Expected(")");
            }
            return In("parameter list", "comma or )");
        }
        if self.has(Tok::MarkTypeParams) {
            return In("parameter list", "comma or ]");
        }
        if prev == LBrack && self.has(Tok::Name) && !self.has(Tok::MarkType) {
            return Expected("]");
        }
        if self.has(Tok::MarkArgs) {
            return In("argument list", "comma or )");
        }
        if self.has(Tok::MarkLit) {
            return In("composite literal", "comma or }");
        }
        if self.has(Tok::MarkStruct) {
            if self.has(Tok::MarkType) && prev == Name {
                return Expected("type");
            }
            return In("struct type", "semicolon or newline or }");
        }
        if self.has(Tok::MarkInterface) {
            return In("interface type", "semicolon or newline or }");
        }
        if self.has(Tok::MarkGroup) {
            if prev == LParen || prev.is_semi() {
                return Expected("name");
            }
            return In("grouped declaration", "semicolon or newline or )");
        }
        if self.has(Tok::MarkIndex) {
            return Expected(if self.has(Tok::Colon) { "comma, : or ]" } else { "]" });
        }
        if self.has(Tok::MarkStmtEnd) {
            return Where("at end of statement");
        }
        if self.has(Tok::MarkDeclEnd) {
            return Where("after top level declaration");
        }
        if self.has(Tok::MarkType) {
            let in_type_spec = self.has(Tok::TypeParams)
                || prev == Assign
                || prev == Define
                || self.has(Tok::Assign) && matches!(prev, RBrack)
                || prev == Name && self.has(Tok::Assign) && self.before(2) == Type;
            if in_type_spec {
                return Where("in type declaration");
            }
            if prev == LBrack && tok == RBrack && matches!(prev2, Name) {
                return Expected("type argument list");
            }
            return Expected("type");
        }
        if self.has(Tok::Chan) {
            return Expected("keyword chan");
        }
        if self.has(Tok::Name) {
            let selector = prev == Dot && self.has(Tok::LParen) || prev == Func && self.has(Tok::LParen);
            return Expected(if selector { "name or (" } else { "name" });
        }
        for (closer, text) in [(RBrack, "]"), (RParen, ")"), (Colon, ":"), (RBrace, "}")] {
            if self.has(closer) {
                return Expected(text);
            }
        }
        if self.has(Tok::Semi) {
            return Expected("semicolon or newline");
        }
        for (opener, text) in [(LParen, "("), (LBrack, "["), (LBrace, "{")] {
            if self.has(opener) {
                return Expected(text);
            }
        }
        Where("at end of statement")
    }

    /// What closes the list that the mistake is in, if it is in one.
    fn list_closer(&self) -> Option<&'static str> {
        use Tok::*;
        let closers = [(MarkArgs, ")"), (MarkParams, ")"), (MarkGroup, ")"), (MarkTypeParams, "]")];
        let braces = [(MarkLit, "}"), (MarkStruct, "}"), (MarkInterface, "}")];
        closers.into_iter().chain(braces).find(|c| self.has(c.0)).map(|c| c.1)
    }

    /// The token that did not fit, as Go calls it.
    fn describe(&self) -> String {
        let (lo, tok, hi) = self.tokens[self.at];
        let text = || self.text_of(self.tokens[self.at]);
        match tok {
            Tok::Name => format!("name {}", text()),
            Tok::Newline if lo == hi => "EOF".to_string(),
            Tok::Newline => "newline".to_string(),
            Tok::Semi => "semicolon".to_string(),
            Tok::Comma => "comma".to_string(),
            Tok::Eof => "EOF".to_string(),
            tok if tok.is_literal() => format!("literal {}", text()),
            tok if tok.is_keyword() => format!("keyword {}", text()),
            _ => text().to_string(),
        }
    }

    /// Whether the name and colon before the mistake are a label, and not the end of a case clause's list.
    fn is_label(&self) -> bool {
        matches!(self.before(3), Tok::LBrace | Tok::Semi | Tok::Newline | Tok::Colon | Tok::StartRepl)
    }

    /// Whether the parser stood where an import path or the name before it belongs.
    fn in_import(&self) -> bool {
        matches!(self.before(1), Tok::Import | Tok::LParen | Tok::Semi | Tok::Newline | Tok::Name | Tok::Dot)
            && !self.has(Tok::MarkStruct)
    }

    /// Whether the innermost open bracket is that of an array type, its length complete.
    fn in_array_length(&self) -> bool {
        if !self.has(Tok::RBrack)
            || self.has(Tok::MarkIndex)
            || self.has(Tok::MarkTypeParams)
            || self.has(Tok::MarkExpr)
        {
            return false;
        }
        let mut depth = 0;
        for (i, t) in self.tokens[..self.at].iter().enumerate().rev() {
            depth += t.1.closes() as i32 - t.1.opens() as i32;
            if depth < 0 {
                return t.1 == Tok::LBrack && self.tokens[i - 1].1 != Tok::Map;
            }
            if depth == 0 && t.1 == Tok::Colon {
                return false;
            }
        }
        false
    }

    /// Whether the declaration that ended just before is a function without a body.
    fn bodiless(&self) -> bool {
        let mut i = self.at.saturating_sub(2);
        while i > 0 && !self.tokens[i].1.is_semi() {
            i -= 1;
        }
        self.tokens.get(i + 1).is_some_and(|t| t.1 == Tok::Func)
    }
}

/// The `[` of a method's type parameters in an interface, when the token at `at` is the first one there that does not
/// look like type arguments.
pub(crate) fn generic_method(tokens: &[Token], at: usize) -> Option<usize> {
    let names = tokens[..at].iter().rev().take_while(|t| matches!(t.1, Tok::Name | Tok::Comma)).count();
    let open = at.checked_sub(names + 1)?;
    let method = open >= 2 && names > 0 && tokens[open].1 == Tok::LBrack && tokens[open - 1].1 == Tok::Name;
    if !method || !matches!(tokens[open - 2].1, Tok::LBrace | Tok::Semi | Tok::Newline) {
        return None;
    }
    let mut depth = 0;
    let outer = tokens[..open].iter().rposition(|t| {
        depth += t.1.closes() as i32 - t.1.opens() as i32;
        depth < 0
    })?;
    (outer > 0 && tokens[outer - 1].1 == Tok::Interface).then_some(open)
}

/// The second half of "unexpected X ..".
enum Wanted {
    /// ", expected .."
    Expected(&'static str),
    /// " in ..; possibly missing .."
    In(&'static str, &'static str),
    /// As it stands.
    Where(&'static str),
}

impl Tok {
    fn ends_declaration(self) -> bool {
        self.is_semi()
    }
}
