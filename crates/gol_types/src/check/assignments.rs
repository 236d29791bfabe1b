//! Assignments and initializations.

use gol_syntax::ast::ExprId;

use super::{Checker, Operand};
use crate::objects::ObjId;
use crate::types::TypeId;

impl Checker<'_> {
    /// Makes `x` assignable to `to` (`None`: to whatever its default type is), or reports why not and spoils it.
    /// `context` is Go's: "assignment", "variable declaration", "argument", "return statement"...
    pub(crate) fn assignment(&mut self, x: &mut Operand, to: Option<TypeId>, context: &str) {
        let _ = (to, context);
        x.spoil();
    }

    /// Gives a constant object (whose type, if one is written, is set) its type and value.
    pub(crate) fn init_const(&mut self, obj: ObjId, x: &mut Operand) {
        let _ = (obj, x);
    }

    /// Gives a variable object (whose type is set if one is written, else invalid) its type from its initializer.
    pub(crate) fn init_var(&mut self, obj: ObjId, x: &mut Operand, context: &str) {
        let _ = (obj, x, context);
    }

    /// `var lhs = rhs` and `lhs := rhs`: checks the numbers, and each pair. `return_at` is the return statement's
    /// expression list's start for `return` (the objects are the results then).
    pub(crate) fn init_vars(&mut self, lhs: &[ObjId], rhs: &[ExprId], return_at: Option<gol_source::Span>) {
        let _ = (lhs, rhs, return_at);
    }
}
