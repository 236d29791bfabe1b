//! Index and slice expressions, and the rule for indices.

use gol_source::Code;
use gol_syntax::ast::ExprId;

use super::{Checker, Operand};
use crate::info::Mode;
use crate::types::{Basic, Type, TypeId};

impl Checker<'_> {
    /// `x[indices]`: an element, or the instantiation of a generic type or function.
    pub(crate) fn index_expr(&mut self, e: ExprId, x: ExprId, indices: &[ExprId]) -> Operand {
        let mut x = self.expr_or_type(x);
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(indices);
                return x;
            }
            Mode::TypeExpr => {
                let ty = self.typ(e);
                return if ty.is_invalid() { Operand::invalid(e) } else { Operand::new(Mode::TypeExpr, ty, e) };
            }
            Mode::Builtin(_) => {
                let message = format!("cannot index {}", self.os(&x));
                self.error(Code::NonIndexableOperand, self.own_place(e), message);
                self.use_exprs(indices);
                return Operand::invalid(e);
            }
            _ => {}
        }
        let to_i64 = |n: u64| Some(i64::try_from(n).unwrap_or(i64::MAX));
        let array_of = |c: &Self, ty| match *c.prog.types.under(ty) {
            Type::Array(elem, n) => Some((elem, n)),
            _ => None,
        };
        if !self.is_base_complete(x.ty) {
            return Operand::invalid(e);
        }
        let (mode, ty, len) = match *self.prog.types.under(x.ty) {
            Type::Basic(Basic::String | Basic::UntypedString) => {
                let len = x.val().as_bytes().map(|s| s.len() as i64);
                self.string_operand(&mut x);
                (Mode::Value, TypeId::BYTE, len)
            }
            Type::Array(elem, n) => {
                let mode = if x.mode == Mode::Variable { Mode::Variable } else { Mode::Value };
                (mode, elem, to_i64(n))
            }
            Type::Pointer(base) if array_of(self, base).is_some() => {
                let (elem, n) = array_of(self, base).expect("it was found to be an array");
                (Mode::Variable, elem, to_i64(n))
            }
            Type::Slice(elem) => (Mode::Variable, elem, None),
            Type::Map(key, elem) => {
                let index = self.single_index(indices);
                let mut k = self.expr(index);
                self.assignment(&mut k, Some(key), "map index");
                // Go on even if the key is wrong: the element's type is known.
                return Operand::new(Mode::MapIndex, elem, e);
            }
            _ => {
                if !self.prog.types.underlying(x.ty).is_invalid() {
                    let message = format!("cannot index {}", self.os(&x));
                    self.error(Code::NonIndexableOperand, self.own_place(e), message);
                }
                self.use_exprs(indices);
                return Operand::invalid(e);
            }
        };
        let index = self.single_index(indices);
        self.index(index, len);
        Operand::new(mode, ty, e)
    }

    fn single_index(&mut self, indices: &[ExprId]) -> ExprId {
        if let Some(&second) = indices.get(1) {
            self.error_at(Code::InvalidIndex, second, "invalid operation: more than one index");
        }
        indices[0]
    }

    /// An untyped string constant that is used at run time is a `string`.
    pub(crate) fn string_operand(&mut self, x: &mut Operand) {
        if x.ty == TypeId::UNTYPED_STRING {
            self.update_expr_type(x.expr, TypeId::STRING, true);
            x.ty = TypeId::STRING;
        }
    }

    /// `x[lo:hi:max]`
    pub(crate) fn slice_expr(&mut self, e: ExprId, x: ExprId, bounds: [Option<ExprId>; 3]) -> Operand {
        let mut x = self.expr(x);
        if x.is_invalid() {
            for bound in bounds.into_iter().flatten() {
                self.use_exprs(&[bound]);
            }
            return x;
        }
        if !self.is_base_complete(x.ty) {
            return Operand::invalid(e);
        }
        let (ty, len) = match *self.prog.types.under(x.ty) {
            Type::Basic(Basic::String | Basic::UntypedString) => {
                if let Some(max) = bounds[2] {
                    self.error_at(Code::InvalidSliceExpr, max, "invalid operation: 3-index slice of string");
                    return Operand::invalid(e);
                }
                let len = x.val().as_bytes().map(|s| s.len() as u64);
                self.string_operand(&mut x);
                (x.ty, len)
            }
            Type::Array(elem, n) => {
                if x.mode != Mode::Variable {
                    let message = format!("cannot slice unaddressable value {}", self.os(&x));
                    self.error_at(Code::NonSliceableOperand, x.expr, message);
                    return Operand::invalid(e);
                }
                (self.prog.types.slice(elem), Some(n))
            }
            Type::Slice(_) => (x.ty, None),
            Type::Pointer(base) if matches!(self.prog.types.under(base), Type::Array(..)) => {
                let Type::Array(elem, n) = *self.prog.types.under(base) else { return Operand::invalid(e) };
                (self.prog.types.slice(elem), Some(n))
            }
            _ => {
                if !self.prog.types.underlying(x.ty).is_invalid() {
                    let message = format!("cannot slice {}", self.os(&x));
                    self.error_at(Code::NonSliceableOperand, x.expr, message);
                }
                return Operand::invalid(e);
            }
        };
        let len = len.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let mut values = [None; 3];
        for (i, bound) in bounds.into_iter().enumerate() {
            values[i] = match bound {
                Some(b) => self.index(b, len.map(|n| n.saturating_add(1))).1,
                None if i == 0 => Some(0),
                None => len,
            };
        }
        // "Constant indices must satisfy 0 <= low <= high <= max." One error is enough.
        for i in 0..2 {
            for j in i + 1..3 {
                if let (Some(a), Some(b), Some(at)) = (values[i], values[j], bounds[j])
                    && b < a
                {
                    let message = format!("invalid slice indices: {b} < {a}");
                    self.error_at(Code::SwappedSliceIndices, at, message);
                    return Operand::new(Mode::Value, ty, e);
                }
            }
        }
        Operand::new(Mode::Value, ty, e)
    }

    /// An index that must be below `max` if both are known. Gives its type (invalid if it is wrong) and its constant
    /// value.
    pub(crate) fn index(&mut self, e: ExprId, max: Option<i64>) -> (TypeId, Option<i64>) {
        let mut x = self.expr(e);
        if !self.valid_index(&mut x, Code::InvalidIndex, "index", false) {
            return (TypeId::INVALID, None);
        }
        if x.mode != Mode::Constant {
            return (x.ty, None);
        }
        let Some(v) = x.val().to_int().as_i64() else { return (TypeId::INVALID, None) };
        if let Some(max) = max.filter(|&max| v >= max) {
            let message = format!("invalid argument: index {v} out of bounds [0:{max}]");
            self.error_at(Code::InvalidIndex, x.expr, message);
            return (TypeId::INVALID, None);
        }
        (x.ty, Some(v))
    }

    /// Whether `x` can be an index, a length or the like; `what` is the word for it.
    pub(crate) fn valid_index(&mut self, x: &mut Operand, code: Code, what: &str, negative: bool) -> bool {
        if x.is_invalid() {
            return false;
        }
        // "A constant index that is untyped is given type int."
        self.convert_untyped(x, TypeId::INT);
        if x.is_invalid() {
            return false;
        }
        let wrong = if !self.prog.types.is_integer(x.ty) {
            if self.prog.types.underlying(x.ty).is_invalid() {
                return false;
            }
            "must be integer"
        } else if x.mode == Mode::Constant && !x.val().is_unknown() {
            if !negative && x.val().sign() < 0 {
                "must not be negative"
            } else if x.val().representable(Basic::Int).is_err() {
                "overflows int"
            } else {
                return true;
            }
        } else {
            return true;
        };
        let message = format!("invalid argument: {what} {} {wrong}", self.os(x));
        self.error_at(code, x.expr, message);
        false
    }
}
