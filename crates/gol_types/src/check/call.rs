//! Calls and selectors.

use gol_syntax::ast::ExprId;

use super::{Checker, Operand};

impl Checker<'_> {
    /// `x.sel`: a qualified identifier, field, method value or method expression. With `want_type` only a type will do.
    pub(crate) fn selector(&mut self, e: ExprId, want_type: bool) -> Operand {
        let _ = want_type;
        Operand::invalid(e)
    }
}
