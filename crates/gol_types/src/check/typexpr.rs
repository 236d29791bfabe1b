//! Type expressions, and names.

use gol_syntax::ast::{ExprId, Field};

use super::{Checker, FuncScope, Operand};
use crate::types::TypeId;

impl Checker<'_> {
    /// The type that `x` denotes; reports and gives [`TypeId::INVALID`] if it is not a type. Records the expression.
    pub(crate) fn typ(&mut self, x: ExprId) -> TypeId {
        let _ = x;
        TypeId::INVALID
    }

    /// A function type and the scope with its parameters, for a declaration (`recv` is its receiver) or a literal.
    /// Records the type expression.
    pub(crate) fn func_type(&mut self, recv: Option<&Field>, x: ExprId) -> FuncScope {
        let _ = recv;
        FuncScope { sig: self.typ(x), scope: self.env.scope, results: Vec::new() }
    }

    /// What the name in expression `x` stands for: the case [`gol_syntax::ast::Expr::Name`] of expressions and types.
    /// Marks variables and imports as used. With `want_type` only a type will do (for the words of errors).
    pub(crate) fn ident(&mut self, e: ExprId, want_type: bool) -> Operand {
        let _ = want_type;
        Operand::invalid(e)
    }
}
