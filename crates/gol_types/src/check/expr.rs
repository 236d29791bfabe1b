//! Expressions: operators, untyped operands and their final types.

use gol_syntax::ast::ExprId;

use super::{Checker, Operand};
use crate::types::TypeId;

impl Checker<'_> {
    /// A value of one operand: reports types, calls without result and several results. Records final types.
    pub(crate) fn expr(&mut self, e: ExprId) -> Operand {
        Operand::invalid(e)
    }

    /// The same with a type that the context asks for (for untyped nil, function literals and later inference).
    pub(crate) fn expr_with(&mut self, target: Option<TypeId>, e: ExprId) -> Operand {
        let _ = target;
        self.expr(e)
    }

    /// A value or a type.
    pub(crate) fn expr_or_type(&mut self, e: ExprId) -> Operand {
        Operand::invalid(e)
    }

    /// Any expression, also calls with several results or none; the modes are as they come.
    pub(crate) fn raw_expr(&mut self, target: Option<TypeId>, e: ExprId, allow_generic: bool) -> Operand {
        let _ = (target, allow_generic);
        Operand::invalid(e)
    }

    /// Gives an untyped operand the type `to`, or reports that it cannot have it and spoils it.
    pub(crate) fn convert_untyped(&mut self, x: &mut Operand, to: TypeId) {
        let _ = to;
        x.spoil();
    }

    /// The type that an untyped operand gets where a `to` is wanted (`to` or, for interfaces, its default type); `None`:
    /// it cannot be. Does not report.
    pub(crate) fn implicit_type(&mut self, x: &Operand, to: TypeId) -> Option<TypeId> {
        let _ = (x, to);
        None
    }

    /// Sets the final type of an untyped expression and of its parts. `final_` is false while it may still change.
    pub(crate) fn update_expr_type(&mut self, e: ExprId, ty: TypeId, final_: bool) {
        let _ = (e, ty, final_);
    }
}
