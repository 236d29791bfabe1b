//! Index and slice expressions, and the rule for indices.

use gol_source::Code;
use gol_syntax::ast::ExprId;

use super::{Checker, Operand};
use crate::info::Mode;
use crate::types::{Basic, Type, TypeId};

/// See [`Checker::param_element`].
struct ParamElement {
    /// The type of a map's keys.
    key: Option<TypeId>,
    elem: TypeId,
    /// The least length.
    len: Option<u64>,
    /// Elements may be assigned to.
    settable: bool,
    /// An array is among the types.
    array: bool,
}

impl Checker<'_> {
    /// `x[indices]` for a checked `x`: an element, or the instantiation of a generic type.
    pub(crate) fn index_operand(&mut self, e: ExprId, x: Operand, indices: &[ExprId]) -> Operand {
        let mut x = x;
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
            Type::TypeParam(_) if let Some(found) = self.param_element(x.ty) => {
                let index = self.single_index(indices);
                if let Some(key) = found.key {
                    let mut k = self.expr(index);
                    self.assignment(&mut k, Some(key), "map index");
                    return Operand::new(Mode::MapIndex, found.elem, e);
                }
                // "If P contains array types, x must be addressable or all values may be read."
                let variable = found.settable && (!found.array || x.mode == Mode::Variable);
                let mode = if variable { Mode::Variable } else { Mode::Value };
                (mode, found.elem, found.len.and_then(to_i64))
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

    /// What indexing a value of a type parameter's type gives; `None`: its types do not go together.
    fn param_element(&self, ty: TypeId) -> Option<ParamElement> {
        let types = &self.prog.types;
        let mut all: Option<ParamElement> = None;
        for t in types.type_set(ty) {
            let one = |key, elem, len, settable, array| ParamElement { key, elem, len, settable, array };
            let this = match *types.under(t) {
                Type::Basic(Basic::String) => one(None, TypeId::UINT8, None, false, false),
                Type::Array(elem, n) => one(None, elem, Some(n), true, true),
                Type::Pointer(base) => match *types.under(base) {
                    Type::Array(elem, n) => one(None, elem, Some(n), true, false),
                    _ => return None,
                },
                Type::Slice(elem) => one(None, elem, None, true, false),
                Type::Map(key, elem) => one(Some(key), elem, None, true, false),
                _ => return None,
            };
            all = Some(match all {
                None => this,
                Some(a) if a.key != this.key || a.elem != this.elem => return None,
                Some(a) => ParamElement {
                    len: match (a.len, this.len) {
                        (Some(x), Some(y)) => Some(x.min(y)),
                        (x, y) => x.or(y),
                    },
                    settable: a.settable && this.settable,
                    array: a.array || this.array,
                    ..a
                },
            });
        }
        all
    }

    /// The one structure that slicing sees: strings and byte slices together are strings.
    pub(crate) fn common_bytes(&self, ty: TypeId) -> Option<TypeId> {
        let types = &self.prog.types;
        if let Some(core) = types.common_under(ty) {
            return Some(core);
        }
        let set = types.type_set(ty);
        let bytes = !set.is_empty() && set.iter().all(|&t| types.is_bytes(t) || types.is_string(t));
        bytes.then_some(TypeId::STRING)
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
        let core = self.common_bytes(x.ty).unwrap_or(x.ty);
        let (ty, len) = match *self.prog.types.get(core) {
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
                    let mut message = format!("cannot slice {}", self.os(&x));
                    if let Some(why) = self.no_common_under(x.ty) {
                        message.push_str(&format!(": {why}"));
                        if self.prog.types.terms(x.ty).is_none() {
                            message.push_str(&format!(" in {}", self.ts(x.ty)));
                        }
                    }
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
        let wrong = if !self.prog.types.all(x.ty, |t| self.prog.types.is_integer(t)) {
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
