//! Literals: basic ones, functions and composites.

use rustc_hash::{FxHashMap, FxHashSet};

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::{Expr, ExprId, LitKind};

use super::{Checker, Lookup, Operand};
use crate::constant::{Constant, Kind};
use crate::info::{Mode, Selected};
use crate::objects::PkgId;
use crate::types::{Field, Type, TypeId};

/// The longest number that is read.
const MAX_DIGITS: usize = 10000;

/// A constant as what decides whether two keys or cases are the same: `1.0`, `1` and `1 + 0i` are.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum ConstKey {
    Bool(bool),
    Text(Box<[u8]>),
    Int(i64),
    Uint(u64),
    /// The bits of a float64.
    Float(u64),
    /// The bits of two.
    Complex(u64, u64),
}

impl ConstKey {
    /// The key of a constant; `None` if it is not known, or an integer beyond 64 bits.
    pub(crate) fn of(v: &Constant) -> Option<ConstKey> {
        let int = v.to_int();
        if int.kind() == Kind::Int {
            return match (int.as_i64(), int.as_u64()) {
                (Some(n), _) => Some(ConstKey::Int(n)),
                (_, Some(n)) => Some(ConstKey::Uint(n)),
                _ => None,
            };
        }
        match v.kind() {
            Kind::Bool => v.as_bool().map(ConstKey::Bool),
            Kind::String => v.as_bytes().map(|s| ConstKey::Text(s.into())),
            Kind::Unknown => None,
            _ => {
                let float = v.to_float();
                if float.is_unknown() {
                    let (re, im) = (v.real().to_f64(), v.imag().to_f64());
                    return Some(ConstKey::Complex(re.to_bits(), im.to_bits()));
                }
                Some(ConstKey::Float(float.to_f64().to_bits()))
            }
        }
    }
}

impl Checker<'_> {
    /// `1`, `'a'`, `"s"`
    pub(crate) fn basic_lit(&mut self, e: ExprId, kind: LitKind, text: Symbol) -> Operand {
        let text = self.text(text);
        let ty = match kind {
            LitKind::Int => TypeId::UNTYPED_INT,
            LitKind::Float => TypeId::UNTYPED_FLOAT,
            LitKind::Imag => TypeId::UNTYPED_COMPLEX,
            LitKind::Rune => TypeId::UNTYPED_RUNE,
            LitKind::String => TypeId::UNTYPED_STRING,
        };
        if !matches!(kind, LitKind::Rune | LitKind::String) && text.len() > MAX_DIGITS {
            let message = format!("excessively long constant: {}... ({} chars)", &text[..10], text.len());
            self.error_at(Code::InvalidConstVal, e, message);
            return Operand::invalid(e);
        }
        if bad_escape(text) {
            // The lexer has reported it.
            return Operand::invalid(e);
        }
        let value = Constant::from_literal(kind, text);
        if value.is_unknown() {
            // What is malformed is reported by the lexer: here the exponent is beyond all bounds.
            let exponent = text.rfind(['e', 'E', 'p', 'P']).map_or("", |at| &text[at..]);
            if exponent.bytes().filter(u8::is_ascii_digit).count() > 5 {
                self.error_at(Code::InvalidConstVal, e, format!("malformed constant: {text}"));
            }
            return Operand::invalid(e);
        }
        let mut x = Operand::constant(value, ty, e);
        let at = self.span(e);
        self.overflow(&mut x, at);
        x
    }

    /// `func(..) { body }`: the body waits until the statement around it is done.
    pub(crate) fn func_lit(&mut self, e: ExprId, ty: ExprId) -> Operand {
        let func = self.func_type(ty);
        let sig = func.sig;
        if sig.is_invalid() {
            return Operand::invalid(e);
        }
        let (decl, iota) = (self.env.decl, self.env.iota.clone());
        self.later(move |c| {
            let ast = c.ast;
            if let Expr::FuncLit { body, .. } = &ast[e].kind {
                c.func_body(decl, &func, body, iota);
            }
        });
        Operand::new(Mode::Value, sig, e)
    }

    /// `ty{elems}`; `hint` is the type of an inner literal without one.
    pub(crate) fn composite_lit(
        &mut self,
        e: ExprId,
        ty: Option<ExprId>,
        elems: &[ExprId],
        rbrace: u32,
        hint: Option<TypeId>,
    ) -> Operand {
        let ast = self.ast;
        let mut open_array = None;
        let (typ, base) = match (ty, hint) {
            (Some(ty), _) => match ast[ty].kind {
                Expr::ArrayType { len: None, elem } => {
                    open_array = Some(self.typ(elem));
                    (TypeId::INVALID, TypeId::INVALID)
                }
                _ => {
                    let t = self.typ(ty);
                    (t, t)
                }
            },
            // `{..}` for an element of type `*T` is `&T{..}`.
            (None, Some(hint)) => match *self.prog.types.get(self.prog.types.common_under(hint).unwrap_or(hint)) {
                Type::Pointer(base) => {
                    self.complete(base);
                    (hint, base)
                }
                _ => (hint, hint),
            },
            (None, None) => {
                self.error_at(Code::UntypedLit, e, "missing type in composite literal");
                (TypeId::INVALID, TypeId::INVALID)
            }
        };
        if let Some(elem) = open_array {
            let n = self.indexed_elems(elems, elem, None);
            let array = self.prog.types.intern(Type::Array(elem, n));
            if let Some(ty) = ty
                && !elem.is_invalid()
            {
                self.record_type(ty, array);
            }
            return if elem.is_invalid() { Operand::invalid(e) } else { Operand::new(Mode::Value, array, e) };
        }
        if !self.is_complete(base) {
            self.use_exprs(elems);
            return Operand::invalid(e);
        }
        let core = self.prog.types.common_under(base).unwrap_or(base);
        match self.prog.types.get(core).clone() {
            Type::Struct(fields) => self.struct_elems(base, &fields, elems, rbrace),
            Type::Array(elem, len) => {
                self.indexed_elems(elems, elem, Some(len));
            }
            Type::Slice(elem) => {
                self.indexed_elems(elems, elem, None);
            }
            Type::Map(key, elem) => self.map_elems(elems, key, elem),
            _ => {
                self.use_exprs(elems);
                if !self.prog.types.underlying(base).is_invalid() {
                    let why = match self.no_common_under(base) {
                        Some(_) => " (no common underlying type)",
                        None => "",
                    };
                    let element = if ty.is_none() { " element" } else { "" };
                    let message = format!("invalid composite literal{element} type {}{why}", self.ts(typ));
                    self.error_at(Code::InvalidLit, e, message);
                }
                return Operand::invalid(e);
            }
        }
        Operand::new(Mode::Value, typ, e)
    }

    fn struct_elems(&mut self, base: TypeId, fields: &[Field], elems: &[ExprId], rbrace: u32) {
        let Some(&first) = elems.first() else { return };
        let mixture = "mixture of field:value and value elements in struct literal";
        if matches!(self.ast[first].kind, Expr::KeyValue(..)) {
            let mut paths = Vec::new();
            for &elem in elems {
                if let Expr::KeyValue(key, value) = self.ast[elem].kind {
                    self.keyed_field(base, elem, key, value, &mut paths);
                } else {
                    self.error_at(Code::MixedStructLit, elem, mixture);
                }
            }
            return;
        }
        for (i, &elem) in elems.iter().enumerate() {
            if matches!(self.ast[elem].kind, Expr::KeyValue(..)) {
                self.error_at(Code::MixedStructLit, elem, mixture);
                continue;
            }
            self.target = fields.get(i).and_then(|f| self.target(f.ty, |_| "struct literal".to_string()));
            let mut x = self.expr(elem);
            let Some(field) = fields.get(i) else {
                let message = format!("too many values in struct literal of type {}", self.ts(base));
                self.error_at(Code::InvalidStructLit, elem, message);
                break;
            };
            if self.hidden(field) {
                let name = self.text(field.name);
                let message = format!(
                    "implicit assignment to unexported field {name} in struct literal of type {}",
                    self.ts(base)
                );
                self.error_at(Code::UnexportedLitField, elem, message);
                continue;
            }
            self.assignment(&mut x, Some(field.ty), "struct literal");
        }
        if elems.len() < fields.len() {
            let hidden = fields.iter().any(|f| self.hidden(f));
            let hint = if hidden { " (type has unexported fields - use key:value pairs)" } else { "" };
            let message = format!("too few values in struct literal of type {}{hint}", self.ts(base));
            let at = self.at(rbrace);
            self.error(Code::InvalidStructLit, at, message);
        }
    }

    /// Whether a field belongs to another package and is not exported.
    fn hidden(&self, field: &Field) -> bool {
        field.pkg != PkgId::NONE && field.pkg != self.pkg
    }

    /// `key: value` in a struct literal. A key may be a promoted field (Go 1.27). `paths` are the fields so far.
    fn keyed_field(
        &mut self,
        base: TypeId,
        elem: ExprId,
        key: ExprId,
        value: ExprId,
        paths: &mut Vec<(Vec<u32>, Symbol, Span)>,
    ) {
        let struct_type = self.prog.types.common_under(base).unwrap_or(base);
        if let (Expr::Name(name), Type::Struct(fields)) = (&self.ast[key].kind, self.prog.types.get(struct_type)) {
            let field = fields.iter().find(|f| f.name == *name).map(|f| f.ty);
            self.target = field.and_then(|t| self.target(t, |_| "struct literal".to_string()));
        }
        let mut x = self.expr(value);
        let Expr::Name(name) = self.ast[key].kind else {
            let message = format!("invalid field name {} in struct literal", self.es(key));
            self.error_at(Code::InvalidLitField, elem, message);
            return;
        };
        // A named type's methods are no fields: look in its struct.
        let under = struct_type;
        let (path, indirect, ty) = match self.lookup_field_or_method(under, false, self.pkg, name, false) {
            Lookup::Found { selected: Selected::Field, path, indirect, ty, .. } => (path, indirect, ty),
            Lookup::Found { .. } => {
                let message = format!("{} is not a field", self.text(name));
                self.error_at(Code::MissingLitField, key, message);
                return;
            }
            _ => {
                let alt = self.lookup_field_or_method(under, false, self.pkg, name, true);
                let message = self.lookup_error(base, name, &alt, true);
                let d = Diagnostic::error(Code::MissingLitField, self.start(key), message);
                let d = self.help_member(d, base, name, true);
                self.report(d);
                return;
            }
        };
        if indirect {
            let message = format!("invalid implicit pointer indirection to reach {}", self.text(name));
            self.error_at(Code::InvalidLitField, key, message);
            return;
        }
        self.prog.info.lit_fields.insert(key, path.clone());
        self.assignment(&mut x, Some(ty), "struct literal");
        let field = self.text(name);
        for (old, old_name, at) in paths.iter() {
            let other = self.text(*old_name);
            let message = if *old == path {
                format!("duplicate field name {field} in struct literal")
            } else if path.starts_with(old) {
                format!("cannot specify promoted field {field} and enclosing embedded field {other}")
            } else if old.starts_with(&path) {
                format!("cannot specify embedded field {field} and enclosed promoted field {other}")
            } else {
                continue;
            };
            let d = Diagnostic::error(Code::DuplicateLitField, self.start(elem), message);
            self.report(d.label(*at, "the other value"));
            break;
        }
        paths.push((path, name, self.span(key)));
    }

    fn map_elems(&mut self, elems: &[ExprId], key_ty: TypeId, elem_ty: TypeId) {
        // In an interface 1 and int8(1) are different keys.
        let by_type = self.prog.types.is_interface(key_ty);
        let mut seen: FxHashMap<(ConstKey, Option<TypeId>), Span> = FxHashMap::default();
        for &elem in elems {
            let Expr::KeyValue(key, value) = self.ast[elem].kind else {
                self.error_at(Code::MissingLitKey, elem, "missing key in map literal");
                continue;
            };
            self.target = self.target(key_ty, |_| "map literal".to_string());
            let mut x = self.expr_hint(Some(key_ty), key);
            self.assignment(&mut x, Some(key_ty), "map literal");
            if x.is_invalid() {
                continue;
            }
            if x.mode == Mode::Constant
                && let Some(k) = ConstKey::of(&x.val())
                && let Some(first) = seen.insert((k, by_type.then_some(x.ty)), self.span(key))
            {
                let message = format!("duplicate key {} in map literal", x.val());
                let d = Diagnostic::error(Code::DuplicateLitKey, self.start(x.expr), message);
                self.report(d.label(first, "the first one"));
                continue;
            }
            self.target = self.target(elem_ty, |_| "map literal".to_string());
            let mut v = self.expr_hint(Some(elem_ty), value);
            self.assignment(&mut v, Some(elem_ty), "map literal");
        }
    }

    /// The elements of an array (of a known or open length) or slice literal; gives the length that they make.
    fn indexed_elems(&mut self, elems: &[ExprId], ty: TypeId, len: Option<u64>) -> u64 {
        let len = len.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let mut seen: FxHashSet<i64> = FxHashSet::default();
        let (mut index, mut max) = (0i64, 0i64);
        for &elem in elems {
            let mut valid = false;
            let mut value = elem;
            if let Expr::KeyValue(key, v) = self.ast[elem].kind {
                let (ty, i) = self.index(key, len);
                if let Some(i) = i {
                    index = i;
                    valid = true;
                } else if !ty.is_invalid() {
                    let message = format!("index {} must be integer constant", self.es(key));
                    self.error_at(Code::InvalidLitIndex, elem, message);
                }
                value = v;
            } else if let Some(len) = len.filter(|&len| index >= len) {
                let message = format!("index {index} is out of bounds (>= {len})");
                self.error_at(Code::OversizeArrayLit, elem, message);
            } else {
                valid = true;
            }
            if valid && !seen.insert(index) {
                let message = format!("duplicate index {index} in array or slice literal");
                self.error_at(Code::DuplicateLitKey, elem, message);
            }
            index = index.saturating_add(1);
            max = max.max(index);
            self.target = self.target(ty, |_| "array or slice literal".to_string());
            let mut x = self.expr_hint(Some(ty), value);
            self.assignment(&mut x, Some(ty), "array or slice literal");
        }
        max as u64
    }
}

/// Whether a rune or string literal has an escape that does not exist.
fn bad_escape(text: &str) -> bool {
    let quote = match text.as_bytes().first() {
        Some(&quote @ (b'"' | b'\'')) => quote,
        _ => return false,
    };
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'\\'
            && let Some(b) = rest.next()
            && !(b"abfnrtvxuU\\01234567".contains(&b) || b == quote)
        {
            return true;
        }
    }
    false
}
