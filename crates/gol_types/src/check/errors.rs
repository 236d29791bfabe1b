//! Reporting: how rules say what is wrong, and which of it is shown.
//!
//! Messages are Go's, word for word; positions are the start of the expression unless Go reports elsewhere.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::ExprId;

use super::Checker;

impl Checker<'_> {
    /// Reports an error.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    /// Reports an error at an expression's start.
    pub(crate) fn error_at(&mut self, code: Code, x: ExprId, message: impl Into<String>) {
        self.error(code, self.span(x), message);
    }

    /// Reports a prepared diagnostic. What only follows from an earlier error is dropped, as Go does: messages that
    /// mention an invalid operand or an invalid type, unless nothing has been reported yet.
    pub(crate) fn report(&mut self, mut d: Diagnostic) {
        let first = d.message.split("\n\t").next().unwrap_or("");
        let inside = |text: &str| first.find(text).is_some_and(|at| at > 0);
        let follow_on = inside("invalid operand") || inside("invalid type");
        if follow_on && !self.diagnostics.is_empty() {
            return;
        }
        if let Some(span) = self.env.err_span {
            d.span = span;
        }
        self.diagnostics.push(d);
    }

    /// A span of one byte at a global offset.
    pub(crate) fn at(&self, offset: u32) -> Span {
        Span::new(offset, offset + 1)
    }

    /// `line:column` or `file:line:column` of a span, to mention another place in a message as Go does.
    pub(crate) fn place(&self, span: Span) -> String {
        self.map.describe(span)
    }

    /// Whether anything was reported.
    pub(crate) fn has_errors(&self) -> bool {
        !self.diagnostics.is_empty()
    }
}
