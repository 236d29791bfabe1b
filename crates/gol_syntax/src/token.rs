//! The terminals of the grammar: what logos finds, what the passes over the token vector make of it, and the marks.
//!
//! A token is a plain byte; its text comes from its span. A **mark** is a terminal that no text contains: the
//! grammar accepts it at the places that error messages distinguish ("in argument list", "at end of statement"), so
//! that the set of tokens which the parser expected at a mistake tells where the mistake is.

use logos::Logos;

use crate::lexer::{self, Notes};

/// A terminal of the grammar.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[logos(extras = Notes)]
#[logos(skip(r"[ \t\r\x00\u{FEFF}]+", priority = 20))]
#[repr(u8)]
pub(crate) enum Tok {
    /// A newline with all blank text after it. The lexer drops it or turns it into [`Tok::Newline`].
    #[regex(r"\n[ \t\r\n]*")]
    Blank,
    /// A comment up to the end of its line.
    #[regex(r"//[^\n]*", allow_greedy = true)]
    LineComment,
    /// A comment in `/* */`; the lexer looks whether there is a newline in it.
    #[token("/*", lexer::full_comment)]
    FullComment,

    /// An identifier.
    #[regex(r"[a-zA-Z_][a-zA-Z0-9_]*")]
    #[regex(
        r"[a-zA-Z_\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}][a-zA-Z0-9_\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}]*",
        lexer::wide_name,
        priority = 1
    )]
    Name,
    /// An integer literal.
    Int,
    /// A number of any kind as logos hands it over; the callback finds its end and its kind.
    #[regex(r"\.?[0-9]", lexer::number)]
    Number,
    /// A floating-point literal.
    Float,
    /// An imaginary literal.
    Imag,
    /// A rune literal.
    #[regex(r"'[^'\\\n]'")]
    #[token("'", lexer::rune)]
    Rune,
    /// A string literal of either form.
    #[regex(r#""[^"\\\n]*""#)]
    #[regex(r"`[^`]*`")]
    #[token("\"", lexer::string)]
    #[token("`", lexer::raw_string)]
    Str,

    // Keywords.
    #[token("break")]
    Break,
    #[token("case")]
    Case,
    #[token("chan")]
    Chan,
    #[token("const")]
    Const,
    #[token("continue")]
    Continue,
    #[token("default")]
    Default,
    #[token("defer")]
    Defer,
    #[token("else")]
    Else,
    #[token("fallthrough")]
    Fallthrough,
    #[token("for")]
    For,
    #[token("func")]
    Func,
    #[token("go")]
    Go,
    #[token("goto")]
    Goto,
    #[token("if")]
    If,
    #[token("import")]
    Import,
    #[token("interface")]
    Interface,
    #[token("map")]
    Map,
    #[token("package")]
    Package,
    #[token("range")]
    Range,
    #[token("return")]
    Return,
    #[token("select")]
    Select,
    #[token("struct")]
    Struct,
    #[token("switch")]
    Switch,
    #[token("type")]
    Type,
    #[token("var")]
    Var,

    #[token("||")]
    OrOr,
    #[token("&&")]
    AndAnd,
    #[token("==")]
    EqEq,
    #[token("!=")]
    NotEq,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEq,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEq,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("|")]
    Or,
    #[token("^")]
    Caret,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("&")]
    And,
    #[token("&^")]
    AndNot,
    #[token("<<")]
    Shl,
    #[token(">>")]
    Shr,
    #[token("!")]
    Not,
    #[token("~")]
    Tilde,
    #[token("<-")]
    Arrow,
    #[token("++")]
    Inc,
    #[token("--")]
    Dec,
    #[token("=")]
    Assign,
    #[token(":=")]
    Define,
    /// Any of `+= -= |= ^= *= /= %= &= &^= <<= >>=`.
    #[regex(r"\+=|-=|\|=|\^=|\*=|/=|%=|&=|&\^=|<<=|>>=")]
    OpAssign,
    #[token("...")]
    Dots,
    #[token(".")]
    Dot,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(";")]
    Semi,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBrack,
    #[token("]")]
    RBrack,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,

    /// The semicolon that a newline, or the end of the file, stands for.
    Newline,
    /// The `[` after a declared type's name when type parameters follow; see [`crate::relabel`].
    TypeParams,
    /// The `func` that begins a declaration among the statements of a REPL entry; see [`crate::relabel`].
    FuncDecl,
    /// The end of the text.
    Eof,
    /// Stands for an operand where [`crate::mend`] took wrong text out.
    BadExpr,
    /// Stands for a statement, likewise.
    BadStmt,

    /// First token of a file: chooses the grammar's entry.
    StartFile,
    /// First token of a REPL entry.
    StartRepl,
    /// First token of a lone expression.
    StartExpr,

    /// Mark: an operand.
    MarkExpr,
    /// Mark: a type.
    MarkType,
    /// Mark: the end of an argument list.
    MarkArgs,
    /// Mark: the end of a composite literal.
    MarkLit,
    /// Mark: the end of a parameter list.
    MarkParams,
    /// Mark: the end of a type parameter list.
    MarkTypeParams,
    /// Mark: the end of a struct type.
    MarkStruct,
    /// Mark: the end of an interface type.
    MarkInterface,
    /// Mark: the end of a grouped declaration.
    MarkGroup,
    /// Mark: the end of an index.
    MarkIndex,
    /// Mark: a statement.
    MarkStmt,
    /// Mark: the end of a statement.
    MarkStmtEnd,
    /// Mark: a declaration at package level.
    MarkDecl,
    /// Mark: the end of a declaration at package level.
    MarkDeclEnd,
    /// Mark: a clause of a switch or select statement.
    MarkCase,
    /// Mark: after several expressions that must be assigned to.
    MarkAssign,
    /// Mark: after the first part of a header, where `;` or `{` goes on.
    MarkHeader,
    /// Mark: the body of an if statement.
    MarkIf,
    /// Mark: the body of a for statement.
    MarkFor,
    /// Mark: the condition of a for statement.
    MarkForCond,
    /// Mark: the clauses of a switch statement.
    MarkSwitch,
    /// Mark: the clauses of a select statement.
    MarkSelect,
    /// Mark: what follows `else`.
    MarkElse,
    /// Mark: an element of an interface.
    MarkElem,
    /// Mark: a field of a struct.
    MarkField,
}

/// A token with its first byte and the byte after its last, as global offsets.
pub(crate) type Token = (u32, Tok, u32);

impl Tok {
    /// Whether a newline after this token stands for a semicolon.
    pub(crate) fn ends_line(self) -> bool {
        use Tok::*;
        matches!(self, Name | Int | Float | Imag | Rune | Str | Break | Continue | Fallthrough | Return | Inc | Dec)
            || matches!(self, RParen | RBrack | RBrace)
    }

    /// Whether it is one of Go's keywords.
    pub(crate) fn is_keyword(self) -> bool {
        (Tok::Break as u8..=Tok::Var as u8).contains(&(self as u8)) || self == Tok::FuncDecl
    }

    /// Whether it is a literal.
    pub(crate) fn is_literal(self) -> bool {
        use Tok::*;
        matches!(self, Int | Float | Imag | Rune | Str)
    }

    /// Whether it opens a bracket.
    pub(crate) fn opens(self) -> bool {
        matches!(self, Tok::LParen | Tok::LBrack | Tok::LBrace | Tok::TypeParams)
    }

    /// Whether it closes a bracket.
    pub(crate) fn closes(self) -> bool {
        matches!(self, Tok::RParen | Tok::RBrack | Tok::RBrace)
    }

    /// Whether it separates statements.
    pub(crate) fn is_semi(self) -> bool {
        matches!(self, Tok::Semi | Tok::Newline)
    }
}

/// Every terminal with its name in the grammar.
const NAMES: &[(&str, Tok)] = &[
    ("name", Tok::Name),
    ("int", Tok::Int),
    ("float", Tok::Float),
    ("imaginary", Tok::Imag),
    ("rune", Tok::Rune),
    ("string", Tok::Str),
    ("break", Tok::Break),
    ("case", Tok::Case),
    ("chan", Tok::Chan),
    ("const", Tok::Const),
    ("continue", Tok::Continue),
    ("default", Tok::Default),
    ("defer", Tok::Defer),
    ("else", Tok::Else),
    ("fallthrough", Tok::Fallthrough),
    ("for", Tok::For),
    ("func", Tok::Func),
    ("go", Tok::Go),
    ("goto", Tok::Goto),
    ("if", Tok::If),
    ("import", Tok::Import),
    ("interface", Tok::Interface),
    ("map", Tok::Map),
    ("package", Tok::Package),
    ("range", Tok::Range),
    ("return", Tok::Return),
    ("select", Tok::Select),
    ("struct", Tok::Struct),
    ("switch", Tok::Switch),
    ("type", Tok::Type),
    ("var", Tok::Var),
    ("||", Tok::OrOr),
    ("&&", Tok::AndAnd),
    ("==", Tok::EqEq),
    ("!=", Tok::NotEq),
    ("<", Tok::Less),
    ("<=", Tok::LessEq),
    (">", Tok::Greater),
    (">=", Tok::GreaterEq),
    ("+", Tok::Plus),
    ("-", Tok::Minus),
    ("|", Tok::Or),
    ("^", Tok::Caret),
    ("*", Tok::Star),
    ("/", Tok::Slash),
    ("%", Tok::Percent),
    ("&", Tok::And),
    ("&^", Tok::AndNot),
    ("<<", Tok::Shl),
    (">>", Tok::Shr),
    ("!", Tok::Not),
    ("~", Tok::Tilde),
    ("<-", Tok::Arrow),
    ("++", Tok::Inc),
    ("--", Tok::Dec),
    ("=", Tok::Assign),
    (":=", Tok::Define),
    ("op=", Tok::OpAssign),
    ("...", Tok::Dots),
    (".", Tok::Dot),
    (",", Tok::Comma),
    (":", Tok::Colon),
    (";", Tok::Semi),
    ("(", Tok::LParen),
    (")", Tok::RParen),
    ("[", Tok::LBrack),
    ("]", Tok::RBrack),
    ("{", Tok::LBrace),
    ("}", Tok::RBrace),
    ("newline", Tok::Newline),
    ("type[", Tok::TypeParams),
    ("func decl", Tok::FuncDecl),
    ("eof", Tok::Eof),
    ("bad expr", Tok::BadExpr),
    ("bad stmt", Tok::BadStmt),
    ("start file", Tok::StartFile),
    ("start repl", Tok::StartRepl),
    ("start expr", Tok::StartExpr),
    ("^expr", Tok::MarkExpr),
    ("^type", Tok::MarkType),
    ("^args", Tok::MarkArgs),
    ("^lit", Tok::MarkLit),
    ("^params", Tok::MarkParams),
    ("^tparams", Tok::MarkTypeParams),
    ("^struct", Tok::MarkStruct),
    ("^interface", Tok::MarkInterface),
    ("^group", Tok::MarkGroup),
    ("^index", Tok::MarkIndex),
    ("^stmt", Tok::MarkStmt),
    ("^stmt end", Tok::MarkStmtEnd),
    ("^decl", Tok::MarkDecl),
    ("^decl end", Tok::MarkDeclEnd),
    ("^case", Tok::MarkCase),
    ("^assign", Tok::MarkAssign),
    ("^header", Tok::MarkHeader),
    ("^if", Tok::MarkIf),
    ("^for", Tok::MarkFor),
    ("^for cond", Tok::MarkForCond),
    ("^switch", Tok::MarkSwitch),
    ("^select", Tok::MarkSelect),
    ("^else", Tok::MarkElse),
    ("^elem", Tok::MarkElem),
    ("^field", Tok::MarkField),
];

/// The terminal that the grammar calls `name`.
pub(crate) fn by_name(name: &str) -> Option<Tok> {
    NAMES.iter().find(|n| n.0 == name).map(|n| n.1)
}

/// The grammar's name of a terminal.
pub(crate) fn name(tok: Tok) -> &'static str {
    NAMES.iter().find(|n| n.1 == tok).map_or("comment", |n| n.0)
}
