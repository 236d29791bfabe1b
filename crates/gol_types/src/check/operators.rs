//! Operators: unary, binary, comparisons and shifts, on constants and on other values.
//!
//! Binary operations are left-deep chains, often long ones, and are walked in a loop.

use std::rc::Rc;

use gol_source::Code;
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};

use super::{Checker, Operand};
use crate::constant::{Constant, Kind, MAX_STRING};
use crate::info::Mode;
use crate::types::{Basic, Type, TypeId};

/// The largest constant shift count: 1023 - 1 + 52, so that the smallest float64 can be written as a shift.
const MAX_SHIFT: u64 = 1074;

/// A binary operation as it is written, for messages.
#[derive(Clone, Copy)]
pub(crate) struct BinaryForm {
    /// The expression; `None`: an assignment `x op= y`.
    pub(crate) e: Option<ExprId>,
    /// The operator.
    pub(crate) op: BinaryOp,
    /// Left operand.
    pub(crate) x: ExprId,
    /// Right operand.
    pub(crate) y: ExprId,
}

impl Checker<'_> {
    /// `op inner`, but for `*inner`.
    pub(crate) fn unary(&mut self, e: ExprId, op: UnaryOp, inner: ExprId) -> Operand {
        let mut x = self.expr(inner);
        if x.is_invalid() {
            return x;
        }
        let mut op = op;
        if op == UnaryOp::Addr {
            // Go's parser drops the parentheses in `&(x)`.
            x.expr = self.ast.unparen(inner);
        }
        match op {
            UnaryOp::Addr => {
                // "As an exception to the addressability requirement x may also be a composite literal."
                let literal = matches!(self.ast[self.ast.unparen(inner)].kind, Expr::CompositeLit { .. });
                if !literal && x.mode != Mode::Variable {
                    let message = format!("invalid operation: cannot take address of {}", self.os(&x));
                    self.error_at(Code::UnaddressableOperand, x.expr, message);
                    x.spoil();
                    return x;
                }
                let ty = self.prog.types.pointer(x.ty);
                return Operand::new(Mode::Value, ty, e);
            }
            UnaryOp::Recv => {
                let span = self.start(x.expr);
                let Some(elem) = self.chan_elem(span, &x, true) else { return Operand::invalid(e) };
                self.env.has_call_or_recv = true;
                return Operand::new(Mode::CommaOk, elem, e);
            }
            UnaryOp::Tilde => {
                let hint = "cannot use ~ outside of interface or type constraint";
                if !self.prog.types.is_integer(x.ty) {
                    self.error_at(Code::UndefinedOp, e, hint);
                    x.spoil();
                    return x;
                }
                self.error_at(Code::UndefinedOp, e, format!("{hint} (use ^ for bitwise complement)"));
                op = UnaryOp::Com;
            }
            _ => {}
        }
        let types = &self.prog.types;
        let defined = match op {
            UnaryOp::Not => types.all(x.ty, |t| types.is_boolean(t)),
            UnaryOp::Com => types.all(x.ty, |t| types.is_integer(t)),
            _ => types.all(x.ty, |t| types.is_numeric(t)),
        };
        if !defined {
            if !types.underlying(x.ty).is_invalid() {
                let message = format!("invalid operation: operator {} not defined on {}", op.text(), self.os(&x));
                self.error_at(Code::UndefinedOp, x.expr, message);
            }
            x.spoil();
            return x;
        }
        if x.mode == Mode::Constant {
            let value = x.val();
            if value.is_unknown() {
                return x;
            }
            let bits = if types.is_unsigned(x.ty) { self.bits(x.ty) } else { 0 };
            x.value = Some(value.unary(op, bits));
            x.expr = e;
            let at = self.span(e);
            self.overflow(&mut x, at);
            return x;
        }
        x.mode = Mode::Value;
        x
    }

    /// How many bits a value of an integer type has.
    fn bits(&self, ty: TypeId) -> u32 {
        match self.prog.types.basic(ty) {
            Some(Basic::Int8 | Basic::Uint8) => 8,
            Some(Basic::Int16 | Basic::Uint16) => 16,
            Some(Basic::Int32 | Basic::Uint32) => 32,
            _ => 64,
        }
    }

    /// A binary operation, with the chain of operations that are its left operand.
    pub(crate) fn binary_chain(&mut self, e: ExprId) -> Operand {
        let ast = self.ast;
        let mut chain = Vec::new();
        let mut leftmost = e;
        while let Expr::Binary { op, x, y, .. } = ast[leftmost].kind {
            chain.push(BinaryForm { e: Some(leftmost), op, x, y });
            leftmost = x;
        }
        let mut x = self.expr(leftmost);
        // Constant strings are joined at the end of their run: all the texts on the way would take memory by the square.
        let mut run: Option<Vec<u8>> = None;
        while let Some(form) = chain.pop() {
            let y = self.expr(form.y);
            let at = form.e.unwrap_or(e);
            if let Some(more) = self.joined(&x, &y, form.op, run.is_some()) {
                let text = run.get_or_insert_with(|| x.val().as_bytes().unwrap_or_default().to_vec());
                if text.len() + more.len() <= MAX_STRING {
                    text.extend_from_slice(&more);
                    x = Operand::constant(Constant::Unknown, x.ty, at);
                    if at != e {
                        self.record(&x);
                    }
                    continue;
                }
            }
            if let Some(text) = run.take() {
                x.value = Some(Constant::from_bytes(&text));
                self.record(&x);
            }
            self.binary(&mut x, y, form);
            x.expr = at;
            if x.is_invalid() {
                self.untyped.remove(&at);
            } else if at != e {
                // The whole is recorded by the caller.
                self.record(&x);
            }
        }
        if let Some(text) = run {
            x.value = Some(Constant::from_bytes(&text));
        }
        x
    }

    /// The text of `y` if `x + y` is a concatenation of constants of one type that cannot go wrong but by its length.
    /// `run`: the value of `x` is that of a run and not known to it.
    fn joined(&self, x: &Operand, y: &Operand, op: BinaryOp, run: bool) -> Option<Rc<[u8]>> {
        let constants = x.mode == Mode::Constant && y.mode == Mode::Constant;
        let text = |c: &Constant| match c {
            Constant::String(s) => Some(s.clone()),
            _ => None,
        };
        if op != BinaryOp::Add || !constants || x.ty != y.ty || !(run || text(&x.val()).is_some()) {
            return None;
        }
        text(&y.val())
    }

    /// `x op y` of two checked operands; the result is in `x`.
    pub(crate) fn binary(&mut self, x: &mut Operand, mut y: Operand, form: BinaryForm) {
        if x.is_invalid() {
            return;
        }
        if y.is_invalid() {
            x.spoil();
            return;
        }
        if form.op.is_shift() {
            self.shift(x, &mut y, form);
            return;
        }
        self.match_types(x, &mut y);
        if x.is_invalid() {
            return;
        }
        if form.op.is_comparison() {
            self.comparison(x, &y, form.op, false);
            return;
        }
        if x.ty != y.ty {
            if !x.ty.is_invalid() && !y.ty.is_invalid() {
                let what = match form.e {
                    Some(e) => self.es(e),
                    None => format!("{} {}= {}", self.es(form.x), form.op.text(), self.es(form.y)),
                };
                let (a, b) = (self.ts(x.ty), self.ts(y.ty));
                let message = format!("invalid operation: {what} (mismatched types {a} and {b})");
                self.error_at(Code::MismatchedTypes, x.expr, message);
            }
            x.spoil();
            return;
        }
        if !self.defined(form.op, x.ty) {
            if !self.prog.types.underlying(x.ty).is_invalid() {
                let message = format!("invalid operation: operator {} not defined on {}", form.op.text(), self.os(x));
                self.error_at(Code::UndefinedOp, x.expr, message);
            }
            x.spoil();
            return;
        }
        let integers = self.prog.types.all(x.ty, |t| self.prog.types.is_integer(t));
        if matches!(form.op, BinaryOp::Div | BinaryOp::Rem) && y.mode == Mode::Constant {
            let zero = |v: &Constant| !v.is_unknown() && v.sign() == 0;
            let value = y.val();
            let complex = x.mode == Mode::Constant && self.prog.types.is_complex(x.ty);
            if (x.mode == Mode::Constant || integers) && zero(&value) || complex && vanishes(&value) {
                self.error_at(Code::DivByZero, y.expr, "invalid operation: division by zero");
                x.spoil();
                return;
            }
        }
        if x.mode == Mode::Constant && y.mode == Mode::Constant {
            let (a, b) = (x.val(), y.val());
            if a.is_unknown() || b.is_unknown() {
                x.value = Some(Constant::Unknown);
                return;
            }
            x.value = Some(Constant::binary(&a, form.op, &b, integers));
            let Some(e) = form.e else {
                // An assignment: the value does not matter, but the constant cannot be assigned to either.
                return;
            };
            x.expr = e;
            x.shown = None;
            let at = self.op_span(e);
            self.overflow(x, at);
            return;
        }
        x.mode = Mode::Value;
        x.value = None;
    }

    fn defined(&self, op: BinaryOp, ty: TypeId) -> bool {
        let types = &self.prog.types;
        types.all(ty, |ty| match op {
            BinaryOp::Add => types.is_numeric_or_string(ty),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => types.is_numeric(ty),
            BinaryOp::LAnd | BinaryOp::LOr => types.is_boolean(ty),
            _ => types.is_integer(ty),
        })
    }

    /// Gives two operands one type if one or both are untyped and they go together; else leaves them for the rule that
    /// finds their types different. Spoils `x` if a constant does not fit.
    pub(crate) fn match_types(&mut self, x: &mut Operand, y: &mut Operand) {
        if !self.may_convert(x, y) {
            return;
        }
        self.convert_untyped(x, y.ty);
        if x.is_invalid() {
            return;
        }
        self.convert_untyped(y, x.ty);
        if y.is_invalid() {
            x.spoil();
        }
    }

    fn may_convert(&self, x: &Operand, y: &Operand) -> bool {
        let types = &self.prog.types;
        if types.is_typed(x.ty) && types.is_typed(y.ty) {
            return false;
        }
        let all_numeric = |t| types.all(t, |t| types.is_numeric(t));
        if all_numeric(x.ty) != all_numeric(y.ty) {
            return false;
        }
        // Anything else may become an interface's value.
        if types.is_interface(x.ty) || types.is_interface(y.ty) {
            return true;
        }
        let all_boolean = |t| types.all(t, |t| types.is_boolean(t));
        let all_string = |t| types.all(t, |t| types.is_string(t));
        if all_boolean(x.ty) != all_boolean(y.ty) || all_string(x.ty) != all_string(y.ty) {
            return false;
        }
        if x.is_nil() {
            return types.has_nil(y.ty);
        }
        if y.is_nil() {
            return types.has_nil(x.ty);
        }
        let pointer = |ty| matches!(types.under(ty), Type::Pointer(_));
        !pointer(x.ty) && !pointer(y.ty)
    }

    /// `x op y` for a comparison of operands whose types are matched; the result is in `x`. For the case of a switch
    /// statement `y` is the tag.
    pub(crate) fn comparison(&mut self, x: &mut Operand, y: &Operand, op: BinaryOp, switch_case: bool) {
        if x.ty.is_invalid() || y.ty.is_invalid() {
            x.spoil();
            return;
        }
        let Err((code, at_y, cause)) = self.compare_rules(x, y, op) else {
            if x.mode == Mode::Constant && y.mode == Mode::Constant {
                let (a, b) = (x.val(), y.val());
                let known = !a.is_unknown() && !b.is_unknown();
                let value = if known { Constant::from_bool(Constant::compare(&a, op, &b)) } else { Constant::Unknown };
                x.value = Some(value);
            } else {
                x.mode = Mode::Value;
                x.value = None;
                // The operands are never materialized as untyped values: they get their default types now.
                for o in [&*x, y] {
                    if o.shown.is_none() {
                        let ty = self.prog.types.default_type(o.ty);
                        self.update_expr_type(o.expr, ty, true);
                    }
                }
            }
            x.ty = TypeId::UNTYPED_BOOL;
            return;
        };
        let wrong = if at_y { y } else { &*x };
        let cause = if cause.is_empty() {
            let param = |t| self.prog.types.as_type_param(t).is_some();
            if param(x.ty) || param(y.ty) {
                let which = if param(x.ty) { &*x } else { y };
                format!("type parameter {} cannot use operator {}", self.ts(which.ty), op.text())
            } else {
                let what = match self.composite_kind(wrong.ty) {
                    "" => self.ts(wrong.ty),
                    word => word.to_string(),
                };
                format!("operator {} not defined on {what}", op.text())
            }
        } else {
            cause
        };
        let (a, b) = (self.shown(x), self.shown(y));
        if switch_case {
            let message = format!("invalid case {a} in switch on {b} ({cause})");
            self.error_at(code, x.expr, message);
        } else {
            let message = format!("invalid operation: {a} {} {b} ({cause})", op.text());
            self.error_at(code, wrong.expr, message);
        }
        x.spoil();
    }

    /// Which rule a comparison breaks, whether at `y`, and in which words (none: the operator is not defined).
    fn compare_rules(&mut self, x: &Operand, y: &Operand, op: BinaryOp) -> Result<(), (Code, bool, String)> {
        if self.assignable_to(x, y.ty).is_err() && self.assignable_to(y, x.ty).is_err() {
            let cause = format!("mismatched types {} and {}", self.ts(x.ty), self.ts(y.ty));
            return Err((Code::MismatchedTypes, true, cause));
        }
        let undefined = |at_y, cause| Err((Code::UndefinedOp, at_y, cause));
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            if x.is_nil() || y.is_nil() {
                let ty = if x.is_nil() { y.ty } else { x.ty };
                // Untyped nil can be compared with itself as little as with a number.
                if ty == TypeId::UNTYPED_NIL || !self.prog.types.has_nil(ty) {
                    return undefined(true, String::new());
                }
            } else if !self.prog.types.comparable(x.ty) {
                return undefined(false, self.incomparable_cause(x.ty));
            } else if !self.prog.types.comparable(y.ty) {
                return undefined(true, self.incomparable_cause(y.ty));
            }
        } else if !self.prog.types.all(x.ty, |t| self.prog.types.is_ordered(t)) {
            return undefined(false, String::new());
        } else if !self.prog.types.all(y.ty, |t| self.prog.types.is_ordered(t)) {
            return undefined(true, String::new());
        }
        Ok(())
    }

    /// Why values of a type cannot be compared; possibly empty.
    fn incomparable_cause(&self, ty: TypeId) -> String {
        match self.prog.types.under(ty) {
            Type::Slice(_) | Type::Func(_) | Type::Map(..) => {
                format!("{} can only be compared to nil", self.composite_kind(ty))
            }
            Type::TypeParam(_) if self.prog.types.terms(ty).is_some_and(<[_]>::is_empty) => {
                "empty type set".to_string()
            }
            Type::TypeParam(_) => "incomparable types in type set".to_string(),
            _ => self.comparable_cause(ty).err().unwrap_or_default(),
        }
    }

    /// The text of an operand's expression.
    pub(crate) fn shown(&self, x: &Operand) -> String {
        match &x.shown {
            Some(text) => text.to_string(),
            None => self.es(x.expr),
        }
    }

    fn shift(&mut self, x: &mut Operand, y: &mut Operand, form: BinaryForm) {
        let whole = |x: &Operand| if x.mode == Mode::Constant { x.val().to_int() } else { Constant::Unknown };
        let x_value = whole(x);
        let types = &self.prog.types;
        let unknown = x.mode == Mode::Constant && x.val().is_unknown();
        // "The left operand is an integer or an untyped constant representable by a value of type int."
        let integer = types.all(x.ty, |t| types.is_integer(t));
        if !integer && !(types.is_untyped(x.ty) && (x_value.kind() == Kind::Int || unknown && types.is_numeric(x.ty))) {
            if !types.underlying(x.ty).is_invalid() {
                let message = format!("invalid operation: shifted operand {} must be integer", self.os(x));
                self.error_at(Code::InvalidShiftOperand, x.expr, message);
            }
            x.spoil();
            return;
        }
        // "The right operand must have integer type or be an untyped constant representable by a value of type uint."
        let y_value = whole(y);
        if y.mode == Mode::Constant {
            if y_value.kind() == Kind::Int && y_value.sign() < 0 {
                let message = format!("invalid operation: negative shift count {}", self.os(y));
                self.error_at(Code::InvalidShiftCount, y.expr, message);
                x.spoil();
                return;
            }
            if self.prog.types.is_untyped(y.ty) {
                // The type of the count does not depend on the context; a value is enough for the rest.
                self.representable(y, TypeId::UINT);
                if y.is_invalid() {
                    x.spoil();
                    return;
                }
            } else if y_value.kind() != Kind::Int && !y.val().is_unknown() {
                // Go's compiler takes typed constants of any numeric type here.
                self.bad_count(x, y);
                return;
            }
        } else if self.prog.types.is_untyped(y.ty) {
            self.convert_untyped(y, TypeId::UINT);
            if y.is_invalid() {
                x.spoil();
                return;
            }
        } else if !self.prog.types.all(y.ty, |t| self.prog.types.is_integer(t)) {
            self.bad_count(x, y);
            return;
        }
        if x.mode == Mode::Constant {
            if y.mode == Mode::Constant {
                if !integer {
                    x.ty = TypeId::UNTYPED_INT;
                }
                if unknown || y.val().is_unknown() {
                    x.value = Some(Constant::Unknown);
                    return;
                }
                let Some(n) = y_value.as_u64().filter(|&n| n <= MAX_SHIFT) else {
                    let message = format!("invalid operation: invalid shift count {}", self.os(y));
                    self.error_at(Code::InvalidShiftCount, y.expr, message);
                    x.spoil();
                    return;
                };
                x.value = Some(x_value.shift(form.op, n as u32));
                if let Some(e) = form.e {
                    x.expr = e;
                    let at = self.op_span(e);
                    self.overflow(x, at);
                }
                return;
            }
            // "If the left operand of a non-constant shift expression is an untyped constant, it is first implicitly
            // converted to the type it would assume if the shift expression were replaced by its left operand alone."
            if self.prog.types.is_untyped(x.ty) {
                self.mark_shifted(x.expr);
                x.mode = Mode::Value;
                x.value = None;
                return;
            }
        }
        if y.mode == Mode::Constant && self.prog.types.is_untyped(y.ty) {
            // A constant count is never computed, but the compiler reads it: it is a uint.
            self.convert_untyped(y, TypeId::UINT);
        }
        if !self.prog.types.all(x.ty, |t| self.prog.types.is_integer(t)) {
            let message = format!("invalid operation: shifted operand {} must be integer", self.os(x));
            self.error_at(Code::InvalidShiftOperand, x.expr, message);
            x.spoil();
            return;
        }
        x.mode = Mode::Value;
        x.value = None;
    }

    fn bad_count(&mut self, x: &mut Operand, y: &Operand) {
        if !self.prog.types.underlying(y.ty).is_invalid() {
            let message = format!("invalid operation: shift count {} must be integer", self.os(y));
            self.error_at(Code::InvalidShiftCount, y.expr, message);
        }
        x.spoil();
    }
}

/// Whether the square of a complex number's absolute value is too small to be told from 0: its inverse cannot be
/// computed then.
fn vanishes(v: &Constant) -> bool {
    let square = |part: Constant| Constant::binary(&part, BinaryOp::Mul, &part, false);
    !v.is_unknown() && square(v.real()).sign() == 0 && square(v.imag()).sign() == 0
}
