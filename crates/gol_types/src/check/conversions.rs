//! Explicit conversions `T(x)`.

use gol_source::{Code, Diagnostic};

use super::{Checker, Operand};
use crate::constant::Constant;
use crate::info::Mode;
use crate::types::{Alias, Basic, Type, TypeId};

impl Checker<'_> {
    /// Converts `x` to type `to`, or reports that it cannot be and spoils `x`. Spec: "Conversions".
    pub(crate) fn conversion(&mut self, x: &mut Operand, to: TypeId) {
        if !self.is_complete(to) {
            x.spoil();
            return;
        }
        let constant = x.mode == Mode::Constant;
        let types = &self.prog.types;
        let mut cause = String::new();
        let ok = if constant && types.is_const_type(to) {
            let basic = types.basic(to).expect("a constant's type is basic");
            let from_int = types.is_integer(x.ty);
            match x.val().representable(basic) {
                Ok(value) => {
                    x.value = Some(value);
                    true
                }
                Err(_) if from_int && types.is_string(to) => {
                    let c = x.val().as_u64().and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32);
                    let text = c.unwrap_or(char::REPLACEMENT_CHARACTER).to_string();
                    x.value = Some(Constant::from_bytes(text.as_bytes()));
                    true
                }
                Err(_) if from_int && types.is_integer(to) => {
                    let message = format!("constant {} overflows {}", x.val(), self.ts(to));
                    let d = Diagnostic::error(Code::InvalidConversion, self.start(x.expr), message);
                    let d = self.help_range(d, to);
                    self.report(d);
                    x.spoil();
                    return;
                }
                Err(_) => {
                    // Go shows a whole number as such, however it is written.
                    let whole = x.val().to_int();
                    if types.is_integer(to) && !whole.is_unknown() {
                        x.value = Some(whole);
                    }
                    false
                }
            }
        } else if constant && types.as_type_param(to).is_some() {
            let fits = self.const_to_param(x, to);
            x.mode = Mode::Value;
            match fits {
                Ok(()) => true,
                Err(why) => {
                    cause = why;
                    false
                }
            }
        } else {
            match self.convertible_to(x, to) {
                Ok(()) => {
                    x.mode = Mode::Value;
                    true
                }
                Err(why) => {
                    cause = why;
                    false
                }
            }
        };
        if !ok {
            let mut message = format!("cannot convert {} to type {}", self.os(x), self.ts(to));
            if !cause.is_empty() {
                message = format!("{message}: {cause}");
            }
            self.error_at(Code::InvalidConversion, x.expr, message);
            x.spoil();
            return;
        }
        let types = &self.prog.types;
        if types.is_untyped(x.ty) {
            let final_type = if self.is_nil_type(x.ty) {
                to
            } else if types.is_interface(to) || (constant && !types.is_const_type(to)) {
                types.default_type(x.ty)
            } else if x.mode == Mode::Constant && types.is_integer(x.ty) && types.is_string(to) {
                x.ty
            } else {
                to
            };
            self.update_expr_type(x.expr, final_type, true);
        }
        // In an instance too what is converted to a type parameter is not constant.
        if self.prog.types.alias_of(to).is_some_and(|a| a.pkg == Alias::TYPE_PARAM) {
            x.mode = Mode::Value;
        }
        if x.mode != Mode::Constant {
            x.value = None;
        }
        x.ty = to;
    }

    /// Whether a constant can be converted to all types of a type parameter's type set.
    fn const_to_param(&mut self, x: &Operand, to: TypeId) -> Result<(), String> {
        let set = self.prog.types.type_set(to);
        if set.is_empty() {
            return Err(format!("{} does not contain specific types", self.ts(to)));
        }
        for t in set {
            let types = &self.prog.types;
            if types.is_string(x.ty) && types.is_bytes_or_runes(t) {
                continue;
            }
            let fits = types.basic(t).is_some_and(|b| x.val().representable(b).is_ok())
                || types.is_integer(x.ty) && types.is_string(t);
            if fits {
                continue;
            }
            let (x_text, t_text, to_text) = (self.os(x), self.ts(t), self.ts(to));
            return Err(if types.is_integer(x.ty) && types.is_integer(t) {
                format!("constant {} overflows {t_text} (in {to_text})", x.val())
            } else {
                format!("cannot convert {x_text} to type {t_text} (in {to_text})")
            });
        }
        Ok(())
    }

    /// A conversion from or to a type parameter: possible if it is for all types of the type set.
    fn params_convertible(&mut self, x: &Operand, to: TypeId) -> Result<(), String> {
        let param = |c: &Self, t| c.prog.types.as_type_param(t).is_some();
        let (from_param, to_param) = (param(self, x.ty), param(self, to));
        let (from_set, to_set) = (self.prog.types.type_set(x.ty), self.prog.types.type_set(to));
        if from_set.is_empty() || to_set.is_empty() {
            return Err(String::new());
        }
        for &f in &from_set {
            for &t in &to_set {
                let one = Operand { ty: f, ..x.clone() };
                if self.convertible_to(&one, t).is_err() {
                    let (f, t) = (self.ts(f), self.ts(t));
                    let (from, to) = (self.ts(x.ty), self.ts(to));
                    return Err(match (from_param, to_param) {
                        (true, true) => format!("cannot convert {f} (in {from}) to type {t} (in {to})"),
                        (true, false) => format!("cannot convert {f} (in {from}) to type {to}"),
                        _ => format!("cannot convert {from} to type {t} (in {to})"),
                    });
                }
            }
        }
        Ok(())
    }

    fn is_nil_type(&self, ty: TypeId) -> bool {
        ty == TypeId::UNTYPED_NIL
    }

    /// Whether the non-constant conversion of `x` to `to` is possible; the cause of the contrary may be empty.
    pub(crate) fn convertible_to(&mut self, x: &Operand, to: TypeId) -> Result<(), String> {
        let cause = match self.assignable_to(x, to) {
            Ok(()) => return Ok(()),
            Err((_, cause)) => cause,
        };
        if self.prog.types.as_type_param(x.ty).is_some() || self.prog.types.as_type_param(to).is_some() {
            return self.params_convertible(x, to);
        }
        let types = &mut self.prog.types;
        let (from_under, to_under) = (types.underlying(x.ty), types.underlying(to));
        if types.without_tags(from_under) == types.without_tags(to_under) {
            return Ok(());
        }
        if let (Some(a), Some(b)) = (types.deref(x.ty), types.deref(to)) {
            let (a, b) = (types.underlying(a), types.underlying(b));
            if types.without_tags(a) == types.without_tags(b) {
                return Ok(());
            }
        }
        let types = &self.prog.types;
        let real = |t| types.is_integer(t) || types.is_float(t);
        let pointer = |t| matches!(types.under(t), Type::Pointer(_)) || types.basic(t) == Some(Basic::Uintptr);
        let unsafe_pointer = |t| types.basic(t) == Some(Basic::UnsafePointer);
        let (from, bytes) = (x.ty, |t| types.is_bytes_or_runes(t));
        let ok = (real(from) && real(to))
            || (types.is_complex(from) && types.is_complex(to))
            || ((types.is_integer(from) || bytes(from)) && types.is_string(to))
            || (types.is_string(from) && bytes(to))
            || (pointer(from) && unsafe_pointer(to))
            || (unsafe_pointer(from) && pointer(to))
            || match (types.get(from_under), types.get(to_under)) {
                (Type::Slice(e), Type::Array(f, _)) => e == f,
                (Type::Slice(e), Type::Pointer(array)) => matches!(types.under(*array), Type::Array(f, _) if e == f),
                _ => false,
            };
        if ok { Ok(()) } else { Err(cause) }
    }
}
