//! What the grammar's actions build: [`Cx`] makes the nodes, the helpers hold what a production needs but no tree has.
//!
//! Rules that Go's grammar states in prose, or that need more context than a production has, are checked here and
//! reported in Go's words. Every node made has a depth, so that no tree is deeper than [`MAX_DEPTH`].

mod decl;
mod expr;
mod stmt;
mod types;

use gol_source::{Code, Diagnostic, FileId, Span, Symbol};

use lalrpop_util::ParseError;

use crate::ast::*;
use crate::token::Tok;

/// How many nodes may stand above each other; left operands of binary operators do not count. Brackets are held to
/// the same limit, before parsing.
pub const MAX_DEPTH: u32 = 10_000;

/// The one message for texts that nest too deeply.
pub(crate) const TOO_DEEP: &str = "nesting depth limit exceeded";

/// Ends the parse before the token that begins at this offset or after it: it does not fit, for a reason that the
/// grammar does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop(pub(crate) u32);

/// What a fallible action returns when it fails.
pub(crate) type Failed = ParseError<u32, Tok, Stop>;

/// What every action sees: the arena, the text, and the list of mistakes.
pub(crate) struct Cx<'s> {
    pub(crate) ast: Draft<'s>,
    pub(crate) file: FileId,
    text: &'s str,
    base: u32,
    /// What was found wrong, in the order of the actions.
    pub(crate) errors: Vec<Diagnostic>,
    /// Depths of the expressions and statements made here, from the arena's length at the start on.
    expr_depth: Vec<u16>,
    stmt_depth: Vec<u16>,
    too_deep: bool,
    /// `x.(type)` that no switch has taken yet.
    guards: Vec<ExprId>,
    /// A declaration other than an import was seen.
    after_imports: bool,
    /// Mistakes that Go finds only in a text without others.
    late: Vec<Diagnostic>,
}

/// What came out of a parse.
pub(crate) enum Source {
    File(SourceFile),
    Repl(Vec<ReplItem>),
    Expr(ExprId),
}

/// A file before it gets its id.
pub(crate) struct SourceFile {
    pub(crate) package: Ident,
    pub(crate) decls: Vec<DeclId>,
}

/// One statement or declaration of a REPL entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplItem {
    /// A statement; const, type and var declarations too.
    Stmt(StmtId),
    /// An import, a function or a method.
    Decl(DeclId),
}

/// An entry of a parameter list, before names and types are told apart.
pub(crate) struct Param {
    pub(crate) name: Option<Ident>,
    pub(crate) ty: Option<ExprId>,
}

/// A parameter list as written.
pub(crate) struct ParamList {
    pub(crate) list: Vec<Param>,
    /// Offset of the closing parenthesis.
    pub(crate) close: u32,
}

/// `(args)`
pub(crate) struct Args {
    pub(crate) list: Vec<ExprId>,
    pub(crate) has_dots: bool,
    pub(crate) rparen: u32,
}

/// `{elems}`
pub(crate) struct LitValue {
    pub(crate) elems: Vec<ExprId>,
    pub(crate) lo: u32,
    pub(crate) hi: u32,
}

/// `init; last` after `if` or `switch`.
pub(crate) struct Header {
    pub(crate) init: Option<StmtId>,
    /// The semicolon; `None`: there is none.
    pub(crate) semi: Option<Span>,
    pub(crate) last: Option<StmtId>,
    /// Where the header begins.
    pub(crate) at: u32,
}

/// `lhs := range x`
pub(crate) struct RangeClause {
    pub(crate) lhs: Vec<ExprId>,
    pub(crate) define: bool,
    pub(crate) x: ExprId,
}

impl Param {
    pub(crate) fn name(name: Ident) -> Param {
        Param { name: Some(name), ty: None }
    }

    pub(crate) fn ty(ty: ExprId) -> Param {
        Param { name: None, ty: Some(ty) }
    }

    pub(crate) fn both(name: Ident, ty: ExprId) -> Param {
        Param { name: Some(name), ty: Some(ty) }
    }
}

pub(crate) fn field(names: Vec<Ident>, ty: ExprId, tag: Option<ExprId>) -> Field {
    Field { names, ty, tag }
}

pub(crate) fn func(
    recv: Option<Field>,
    name: Ident,
    tparams: Option<Vec<Field>>,
    ty: ExprId,
    body: Option<Block>,
) -> FuncDecl {
    FuncDecl { recv, name, tparams: tparams.unwrap_or_default(), ty, body }
}

impl<'s> Cx<'s> {
    pub(crate) fn new(ast: Draft<'s>, file: FileId, text: &'s str, base: u32) -> Cx<'s> {
        Cx {
            ast,
            file,
            text,
            base,
            errors: Vec::new(),
            expr_depth: Vec::with_capacity(text.len() / 12),
            stmt_depth: Vec::with_capacity(text.len() / 32),
            too_deep: false,
            guards: Vec::new(),
            after_imports: false,
            late: Vec::new(),
        }
    }

    /// Takes back every node made, for another attempt at the same text.
    pub(crate) fn reset(&mut self) {
        self.ast.clear();
        self.expr_depth.clear();
        self.stmt_depth.clear();
        self.guards.clear();
        self.too_deep = false;
        self.after_imports = false;
        self.late.clear();
    }

    /// Reports what can be known only at the end of the parse.
    pub(crate) fn finish(&mut self) {
        for guard in std::mem::take(&mut self.guards) {
            let span = self.ast[guard].span;
            self.late_error(Code::InvalidSyntaxTree, span, "invalid syntax tree: use of .(type) outside type switch");
        }
        if self.errors.is_empty() {
            self.errors.append(&mut self.late);
        }
    }

    /// Reports a mistake that Go's compiler finds after parsing, if there are no others.
    pub(crate) fn late_error(&mut self, code: Code, span: Span, message: &str) {
        self.late.push(Diagnostic::error(code, span, message));
    }

    /// The text between two global offsets.
    pub(crate) fn text(&self, lo: u32, hi: u32) -> &'s str {
        &self.text[(lo - self.base) as usize..(hi - self.base) as usize]
    }

    /// The text from a global offset on.
    pub(crate) fn text_from(&self, lo: u32) -> &'s str {
        &self.text[(lo - self.base) as usize..]
    }

    /// The text of the file.
    pub(crate) fn whole_text(&self) -> &'s str {
        self.text
    }

    /// The global offset of its first byte.
    pub(crate) fn base(&self) -> u32 {
        self.base
    }

    /// Reports a mistake in Go's words.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(Diagnostic::error(Code::SyntaxError, span, message));
    }

    /// The same with `syntax error: ` before it.
    pub(crate) fn syntax_error(&mut self, span: Span, message: impl AsRef<str>) {
        self.error(span, format!("syntax error: {}", message.as_ref()));
    }

    pub(crate) fn ident(&mut self, lo: u32, hi: u32) -> Ident {
        Ident { name: self.symbol(lo, hi), span: Span::new(lo, hi) }
    }

    pub(crate) fn symbol(&mut self, lo: u32, hi: u32) -> Symbol {
        let text = &self.text[(lo - self.base) as usize..(hi - self.base) as usize];
        self.ast.names.intern(text)
    }

    pub(crate) fn span(&self, x: ExprId) -> Span {
        self.ast[x].span
    }

    pub(crate) fn expr_depth(&self, x: ExprId) -> u32 {
        self.expr_depth[(x.0 - self.ast.exprs.first) as usize] as u32
    }

    pub(crate) fn stmt_depth(&self, s: StmtId) -> u32 {
        self.stmt_depth[(s.0 - self.ast.stmts.first) as usize] as u32
    }

    /// An expression whose deepest part has depth `below`; parts that may repeat without brackets must be counted.
    pub(crate) fn expr(&mut self, kind: Expr, lo: u32, hi: u32, below: u32) -> ExprId {
        let depth = self.depth(below, lo, hi);
        self.expr_depth.push(depth);
        self.ast.expr(kind, Span::new(lo, hi))
    }

    /// The same for a statement.
    pub(crate) fn stmt_over(&mut self, kind: Stmt, lo: u32, hi: u32, below: u32) -> StmtId {
        let depth = self.depth(below, lo, hi);
        self.stmt_depth.push(depth);
        self.ast.stmt(kind, Span::new(lo, hi))
    }

    /// A statement whose parts are in brackets or expressions.
    pub(crate) fn stmt(&mut self, kind: Stmt, lo: u32, hi: u32) -> StmtId {
        self.stmt_over(kind, lo, hi, 0)
    }

    fn depth(&mut self, below: u32, lo: u32, hi: u32) -> u16 {
        if below >= MAX_DEPTH {
            if !self.too_deep {
                self.too_deep = true;
                self.error(Span::new(lo, hi), TOO_DEEP);
            }
            return 0;
        }
        below as u16 + 1
    }

    /// Text that is wrong and reported.
    pub(crate) fn bad(&mut self, lo: u32, hi: u32) -> ExprId {
        self.expr(Expr::Bad, lo, hi, 0)
    }
}
