//! Untyped operands: which type the context gives them, and constants that must fit their type.
//!
//! An untyped expression is recorded when it is checked and stays in [`Untyped`]'s table until its context is known.
//! Then [`Checker::update_expr_type`] gives the final type to it and to those of its parts that take part in computing it
//! at run time; parts of a constant keep their untyped types, since only the whole is needed. The left operand of a
//! shift whose count is not constant takes its type from the context too ("as if the shift were replaced by its left
//! operand alone"); only then it is known whether it is an integer.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};

use super::{Checker, Operand};
use crate::constant::{Constant, Kind, NotRepresentable};
use crate::info::{Mode, TypeAndValue};
use crate::types::{Basic, Type, TypeId};

/// How many bits an untyped integer may take.
const MAX_BITS: usize = 512;
/// How long a constant string may be.
const MAX_STRING: usize = 2_000_000_000;

/// An untyped expression whose final type is not known yet.
#[derive(Clone, Debug)]
pub(crate) struct Untyped {
    /// It is the left operand of a shift that is not constant.
    pub(crate) shifted: bool,
    mode: Mode,
    ty: TypeId,
    value: Option<Constant>,
}

/// Why an untyped operand cannot have a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unfit {
    /// A fraction where an integer is wanted, or the like.
    Truncated,
    /// Too big.
    Overflows,
    /// A constant of another kind.
    Value,
    /// Another kind of type.
    Type,
}

impl Unfit {
    fn code(self) -> Code {
        match self {
            Unfit::Truncated => Code::TruncatedFloat,
            Unfit::Overflows => Code::NumericOverflow,
            Unfit::Value => Code::InvalidConstVal,
            Unfit::Type => Code::InvalidUntypedConversion,
        }
    }
}

impl Checker<'_> {
    /// Records an operand's facts for its expression; an untyped one's may still change.
    pub(crate) fn record(&mut self, x: &Operand) {
        if x.is_invalid() {
            return;
        }
        let ty = if x.mode == Mode::NoValue { TypeId::EMPTY_TUPLE } else { x.ty };
        if self.prog.types.is_untyped(ty) {
            let u = Untyped { shifted: false, mode: x.mode, ty, value: x.value.clone() };
            self.untyped.insert(x.expr, u);
        }
        self.prog.info.record(x.expr, TypeAndValue { mode: x.mode, ty, value: x.value.clone() });
    }

    /// Notes that `x` is the left operand of a shift that is not constant.
    pub(crate) fn mark_shifted(&mut self, x: ExprId) {
        if let Some(u) = self.untyped.get_mut(&x) {
            u.shifted = true;
        }
    }

    /// Sets the final type of an untyped expression and of its parts. `final_` is false while an untyped type may
    /// still change.
    pub(crate) fn update_expr_type(&mut self, e: ExprId, ty: TypeId, final_: bool) {
        let ast = self.ast;
        let mut todo = vec![e];
        while let Some(e) = todo.pop() {
            let Some(old) = self.untyped.get_mut(&e) else { continue };
            let constant = old.value.is_some();
            match ast[e].kind {
                Expr::Paren(inner) => todo.push(inner),
                // The parts of a constant are never computed.
                Expr::Unary(_, inner) if !constant => todo.push(inner),
                // A comparison's operands have their final types already; a shift's count too.
                Expr::Binary { op, x, .. } if !constant && op.is_shift() => todo.push(x),
                Expr::Binary { op, x, y, .. } if !constant && !op.is_comparison() => todo.extend([y, x]),
                _ => {}
            }
            if !final_ && self.prog.types.is_untyped(ty) {
                old.ty = ty;
                if let Some(tv) = self.prog.info.get_mut(e) {
                    tv.ty = ty;
                }
                continue;
            }
            let Some(old) = self.untyped.remove(&e) else { continue };
            if old.shifted && !self.prog.types.all(ty, |t| self.prog.types.is_integer(t)) {
                let message =
                    format!("invalid operation: shifted operand {} (type {}) must be integer", self.es(e), self.ts(ty));
                self.error_at(Code::InvalidShiftOperand, e, message);
                continue;
            }
            let mut value = old.value;
            if value.is_some() {
                let mut c = Operand { mode: old.mode, ty: old.ty, value, ..Operand::invalid(e) };
                self.convert_untyped(&mut c, ty);
                if c.is_invalid() {
                    continue;
                }
                value = c.value;
            }
            self.prog.info.record(e, TypeAndValue { mode: old.mode, ty, value });
        }
    }

    fn update_expr_value(&mut self, e: ExprId, value: &Constant) {
        if let Some(u) = self.untyped.get_mut(&e) {
            u.value = Some(value.clone());
            if let Some(tv) = self.prog.info.get_mut(e) {
                tv.value = Some(value.clone());
            }
        }
    }

    /// The type (and the constant value in it) that an operand gets where a `to` is wanted; a typed operand's own.
    pub(crate) fn implicit(&mut self, x: &Operand, to: TypeId) -> Result<(TypeId, Option<Constant>), Unfit> {
        self.complete(to);
        let types = &self.prog.types;
        if x.is_invalid() || types.is_typed(x.ty) || to.is_invalid() {
            return Ok((x.ty, None));
        }
        if types.is_untyped(to) {
            return self.max_type(x.ty, to).map(|t| (t, None)).ok_or(Unfit::Type);
        }
        if x.is_nil() {
            return if types.has_nil(to) { Ok((to, None)) } else { Err(Unfit::Type) };
        }
        match types.under(to) {
            Type::Basic(b) => {
                let b = *b;
                if x.mode == Mode::Constant {
                    return Ok((to, Some(self.representation(x, b)?)));
                }
                // Untyped values that are not constant come from comparisons and shifts.
                let fits = match types.get(x.ty) {
                    Type::Basic(Basic::UntypedBool) => types.is_boolean(to),
                    Type::Basic(Basic::UntypedString) => types.is_string(to),
                    _ => types.is_untyped_numeric(x.ty) && types.is_numeric(to),
                };
                if fits { Ok((to, None)) } else { Err(Unfit::Type) }
            }
            Type::Interface(i) => {
                // Values of basic types have no methods.
                let empty = i.methods.is_empty() && i.terms.is_none() && !i.comparable;
                if empty { Ok((types.default_type(x.ty), None)) } else { Err(Unfit::Type) }
            }
            Type::TypeParam(_) => {
                let set = types.type_set(to);
                if set.is_empty() {
                    return Err(Unfit::Type);
                }
                for t in set {
                    let under = self.prog.types.underlying(t);
                    self.implicit(x, under).map_err(|_| Unfit::Type)?;
                }
                Ok((to, None))
            }
            _ => Err(Unfit::Type),
        }
    }

    /// The type that an untyped operand gets where a `to` is wanted (`to` or, for interfaces, its default type); `None`:
    /// it cannot be. Does not report.
    pub(crate) fn implicit_type(&mut self, x: &Operand, to: TypeId) -> Option<TypeId> {
        self.implicit(x, to).ok().map(|(ty, _)| ty)
    }

    /// The type of two untyped operands together: the later in the order integer, rune, float, complex; `None` if they
    /// do not go together.
    pub(crate) fn max_type(&self, x: TypeId, y: TypeId) -> Option<TypeId> {
        let types = &self.prog.types;
        if x == y {
            return Some(x);
        }
        if !types.is_untyped_numeric(x) || !types.is_untyped_numeric(y) {
            return None;
        }
        match (types.basic(x), types.basic(y)) {
            (Some(a), Some(b)) => Some(if a > b { x } else { y }),
            _ => None,
        }
    }

    /// Gives an untyped operand the type `to`, or reports that it cannot have it and spoils it.
    pub(crate) fn convert_untyped(&mut self, x: &mut Operand, to: TypeId) {
        match self.implicit(x, to) {
            Ok((ty, value)) => self.set_implicit(x, ty, value),
            Err(why) => {
                let shown = self.prog.types.underlying(to);
                self.invalid_conversion(why, x, shown);
                x.spoil();
            }
        }
    }

    /// Sets what [`Checker::implicit`] found.
    pub(crate) fn set_implicit(&mut self, x: &mut Operand, ty: TypeId, value: Option<Constant>) {
        if let Some(value) = value {
            if x.shown.is_none() {
                self.update_expr_value(x.expr, &value);
            }
            x.value = Some(value);
        }
        if ty != x.ty {
            x.ty = ty;
            if x.shown.is_none() {
                self.update_expr_type(x.expr, ty, false);
            }
        }
    }

    fn invalid_conversion(&mut self, why: Unfit, x: &Operand, to: TypeId) {
        let (ty, x_text, to) = (to, self.os(x), self.ts(to));
        let message = match why {
            Unfit::Truncated => format!("{x_text} truncated to {to}"),
            Unfit::Overflows => format!("{x_text} overflows {to}"),
            _ => format!("cannot convert {x_text} to type {to}"),
        };
        let d = Diagnostic::error(why.code(), self.start(x.expr), message);
        let d = if matches!(why, Unfit::Overflows) { self.help_range(d, ty) } else { d };
        self.report(d);
    }

    /// The value of a constant operand as one of a basic type.
    fn representation(&self, x: &Operand, to: Basic) -> Result<Constant, Unfit> {
        let value = x.val();
        if value.is_unknown() {
            return Ok(value);
        }
        value.representable(to).map_err(|why| {
            let numbers = self.prog.types.is_numeric(x.ty) && to.is_numeric();
            match why {
                _ if !numbers => Unfit::Value,
                NotRepresentable::Other => Unfit::Value,
                _ if !self.prog.types.is_integer(x.ty) && to.is_integer() => Unfit::Truncated,
                _ => Unfit::Overflows,
            }
        })
    }

    /// Checks that a constant operand is a value of a basic type, and rounds it to that type.
    pub(crate) fn representable(&mut self, x: &mut Operand, to: TypeId) {
        let Some(basic) = self.prog.types.basic(to) else { return };
        match self.representation(x, basic) {
            Ok(value) => x.value = Some(value),
            Err(why) => {
                self.invalid_conversion(why, x, to);
                x.spoil();
            }
        }
    }

    /// Checks the result of a constant operation: a typed one must fit its type, an untyped one must not grow without
    /// end. `at` is the operator's place.
    pub(crate) fn overflow(&mut self, x: &mut Operand, at: Span) {
        let value = x.val();
        if value.is_unknown() {
            self.error(Code::InvalidConstVal, at, "constant result is not representable");
            return;
        }
        if self.prog.types.is_typed(x.ty) {
            let under = self.prog.types.underlying(x.ty);
            self.representable(x, under);
            return;
        }
        if value.kind() == Kind::Int && value.bit_len() > MAX_BITS {
            let message = format!("constant {}overflow", self.operation_name(x.expr));
            self.error(Code::InvalidConstVal, at, message);
            x.value = Some(Constant::Unknown);
        } else if let Some(s) = value.as_bytes()
            && s.len() > MAX_STRING
        {
            let message = format!("constant string too long ({} bytes > {MAX_STRING} bytes)", s.len());
            self.error(Code::InvalidConstVal, at, message);
            x.value = Some(Constant::Unknown);
        }
    }

    /// The name of an operation that can overflow, with a space after it; empty for all else.
    fn operation_name(&self, e: ExprId) -> &'static str {
        match self.ast[e].kind {
            Expr::Unary(UnaryOp::Com, _) => "bitwise complement ",
            Expr::Binary { op, .. } => match op {
                BinaryOp::Add => "addition ",
                BinaryOp::Sub => "subtraction ",
                BinaryOp::Xor => "bitwise XOR ",
                BinaryOp::Mul => "multiplication ",
                BinaryOp::Shl => "shift ",
                _ => "",
            },
            _ => "",
        }
    }

    /// Where a constant operation is reported: at the operator of an operation, else at the start.
    pub(crate) fn op_span(&self, e: ExprId) -> Span {
        match self.ast[e].kind {
            Expr::Binary { op_pos, op, .. } => Span::new(op_pos, op_pos + op.text().len() as u32),
            _ => self.span(e),
        }
    }
}
