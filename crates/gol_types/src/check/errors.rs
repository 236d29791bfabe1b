//! Reporting: how rules say what is wrong, and which of it is shown.
//!
//! Messages are Go's, word for word; positions are the start of the expression unless Go reports elsewhere.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{Expr, ExprId};

use super::Checker;

impl Checker<'_> {
    /// Reports an error.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    /// Reports an error at an expression's start.
    pub(crate) fn error_at(&mut self, code: Code, x: ExprId, message: impl Into<String>) {
        self.error(code, self.start(x), message);
    }

    /// An expression from where Go reports it: its leftmost part's own place, which for a slice expression is the
    /// bracket and for a function type the parenthesis.
    pub(crate) fn start(&self, x: ExprId) -> Span {
        let mut e = x;
        let lo = loop {
            e = match self.ast[e].kind {
                Expr::CompositeLit { ty: Some(inner), .. }
                | Expr::KeyValue(inner, _)
                | Expr::Selector(inner, _)
                | Expr::Index(inner, _)
                | Expr::TypeAssert(inner, _)
                | Expr::Binary { x: inner, .. }
                | Expr::Call { fun: inner, .. } => inner,
                Expr::Slice { .. } | Expr::FuncType(_) => break self.own_place(e).lo,
                _ => break self.span(e).lo,
            }
        };
        Span::new(lo, self.span(x).hi.max(lo))
    }

    /// The place that Go keeps for an expression: that of its operator, bracket or parenthesis.
    pub(crate) fn own_place(&self, e: ExprId) -> Span {
        let span = self.span(e);
        let (from, mark) = match self.ast[e].kind {
            Expr::Binary { op_pos, .. } => return self.at(op_pos),
            Expr::FuncType(_) => (span.lo + "func".len() as u32, '('),
            Expr::CompositeLit { ty: Some(ty), .. } => (self.span(ty).hi, '{'),
            Expr::Selector(x, _) | Expr::TypeAssert(x, _) => (self.span(x).hi, '.'),
            Expr::Index(x, _) | Expr::Slice { x, .. } => (self.span(x).hi, '['),
            Expr::Call { fun, .. } => (self.span(fun).hi, '('),
            _ => return span,
        };
        let text = self.map.text(Span::new(from, span.hi));
        self.at(from + find_outside_comments(text, mark).unwrap_or(0) as u32)
    }

    /// Reports a prepared diagnostic. What only follows from an earlier error is dropped, as Go does: messages that
    /// mention an invalid operand or an invalid type, unless nothing has been reported yet.
    pub(crate) fn report(&mut self, mut d: Diagnostic) {
        let inside = |text: &str| d.message.find(text).is_some_and(|at| at > 0);
        let follow_on = inside("invalid operand") || inside("invalid type");
        if follow_on && !(self.diagnostics.is_empty() && self.late.is_empty()) {
            return;
        }
        if let Some(span) = self.env.err_span {
            d.span = span;
        }
        // One mistake that shows in several places of a line is told once.
        let line = |d: &Diagnostic| self.map.position(d.span.lo).map(|p| (p.file, p.line));
        if self.diagnostics.last().is_some_and(|last| last.message == d.message && line(last) == line(&d)) {
            return;
        }
        self.diagnostics.push(d);
    }

    /// How many errors were reported so far: what [`Checker::amend`] goes by.
    pub(crate) fn error_count(&self) -> usize {
        self.diagnostics.len()
    }

    /// Adds second places or help to the last error, if one was reported since [`Checker::error_count`] gave `before`.
    pub(crate) fn amend(&mut self, before: usize, add: impl FnOnce(&mut Self, Diagnostic) -> Diagnostic) {
        if self.diagnostics.len() > before
            && let Some(last) = self.diagnostics.pop()
        {
            let last = add(self, last);
            self.diagnostics.push(last);
        }
    }

    /// Reports an error that Go's compiler finds after checking, so only in a program without other errors.
    pub(crate) fn late_error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.late.push(Diagnostic::error(code, span, message));
    }

    /// Whether anything was reported.
    pub(crate) fn is_wrong(&self) -> bool {
        !(self.diagnostics.is_empty() && self.late.is_empty())
    }

    /// A span of one byte at a global offset.
    pub(crate) fn at(&self, offset: u32) -> Span {
        Span::new(offset, offset + 1)
    }

    /// `line:column` or `file:line:column` of a span, to mention another place in a message as Go does.
    pub(crate) fn place(&self, span: Span) -> String {
        self.map.describe(span)
    }
}

/// Where a mark stands in a text, comments left out.
fn find_outside_comments(text: &str, mark: char) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find([mark, '/'])?;
        let rest = &text[at..];
        from = match rest {
            _ if rest.starts_with("//") => at + rest.find('\n')?,
            _ if rest.starts_with("/*") => at + 2 + rest[2..].find("*/")? + 2,
            _ if rest.starts_with(mark) => return Some(at),
            _ => at + 1,
        };
    }
}
