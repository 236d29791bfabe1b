//! Operands: what an expression came to, carried through every rule; and whether one may be assigned to a type.

use std::rc::Rc;

use gol_source::Code;
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
    /// Its name in messages, for a value that no expression of its own stands for ("2nd function result"); `expr` is
    /// its place only then.
    pub(crate) shown: Option<Rc<str>>,
}

impl Operand {
    /// The operand of a wrong expression.
    pub(crate) fn invalid(expr: ExprId) -> Operand {
        Operand { mode: Mode::Invalid, ty: TypeId::INVALID, value: None, expr, shown: None }
    }

    /// An operand without constant value.
    pub(crate) fn new(mode: Mode, ty: TypeId, expr: ExprId) -> Operand {
        Operand { mode, ty, value: None, expr, shown: None }
    }

    /// A constant operand.
    pub(crate) fn constant(value: Constant, ty: TypeId, expr: ExprId) -> Operand {
        Operand { mode: Mode::Constant, ty, value: Some(value), expr, shown: None }
    }

    /// The same operand with a name of its own in messages.
    pub(crate) fn named(mut self, shown: impl Into<Rc<str>>) -> Operand {
        self.shown = Some(shown.into());
        self
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

    /// Makes it wrong. Its type stays: messages about the number of arguments show it.
    pub(crate) fn spoil(&mut self) {
        self.mode = Mode::Invalid;
        self.value = None;
    }
}

impl Checker<'_> {
    /// Whether `x` may be assigned to a variable of type `to`; the error says by which rule not, and the cause to show,
    /// possibly empty. Spec: "Assignability".
    pub(crate) fn assignable_to(&mut self, x: &Operand, to: TypeId) -> Result<(), (Code, String)> {
        if x.is_invalid() || to.is_invalid() || x.ty == to {
            return Ok(());
        }
        self.complete(x.ty);
        self.complete(to);
        let types = &self.prog.types;
        // A declared type without structure is wrong, and reported.
        if types.underlying(x.ty).is_invalid() || types.underlying(to).is_invalid() {
            return Ok(());
        }
        if types.is_untyped(x.ty) {
            let fits = self.implicit_type(x, to).is_some();
            return if fits { Ok(()) } else { Err((Code::IncompatibleAssign, String::new())) };
        }
        let (from_under, to_under) = (types.underlying(x.ty), types.underlying(to));
        let (from_param, to_param) = (types.as_type_param(x.ty).is_some(), types.as_type_param(to).is_some());
        let unnamed = !types.has_name(x.ty) || !types.has_name(to);
        if from_under == to_under && unnamed && !from_param && !to_param {
            return Ok(());
        }
        if types.is_interface(to) || types.is_interface_pointer(to) {
            let (from, to) = (self.prog.types.without_alias(x.ty), self.prog.types.without_alias(to));
            return self.implements(from, to).map_err(|cause| (Code::InvalidIfaceAssign, cause));
        }
        if types.is_interface(x.ty) && !to_param && self.implements(to, x.ty).is_ok() {
            return Err((Code::IncompatibleAssign, "need type assertion".to_string()));
        }
        let types = &self.prog.types;
        if let (Type::Chan(ChanDir::Both, e), Type::Chan(_, f)) = (types.get(from_under), types.get(to_under))
            && e == f
        {
            return if unnamed { Ok(()) } else { Err((Code::InvalidChanAssign, String::new())) };
        }
        // "V is not a named type, T is a type parameter, and x is assignable to each type in T's type set", and likewise
        // for V a type parameter.
        let named = |t| self.prog.types.has_name(t);
        if to_param && !named(x.ty) {
            let set = self.prog.types.type_set(to);
            if set.is_empty() {
                return Err((Code::IncompatibleAssign, String::new()));
            }
            for t in set {
                if self.assignable_to(x, t).is_err() {
                    let cause = format!("cannot assign {} to {} (in {})", self.ts(x.ty), self.ts(t), self.ts(to));
                    return Err((Code::IncompatibleAssign, cause));
                }
            }
            return Ok(());
        }
        if from_param && !named(to) {
            let set = self.prog.types.type_set(x.ty);
            if set.is_empty() {
                return Err((Code::IncompatibleAssign, String::new()));
            }
            for t in set {
                let one = Operand { ty: t, ..x.clone() };
                if self.assignable_to(&one, to).is_err() {
                    let cause = format!("cannot assign {} (in {}) to {}", self.ts(t), self.ts(x.ty), self.ts(to));
                    return Err((Code::IncompatibleAssign, cause));
                }
            }
            return Ok(());
        }
        Err((Code::IncompatibleAssign, String::new()))
    }
}
