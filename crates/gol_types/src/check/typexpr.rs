//! Type expressions, and names. Struct and interface types are in `composite.rs`, signatures in `signature.rs`.

use gol_source::{Code, Diagnostic, Symbol};
use gol_syntax::ast::{BinaryOp, ChanDir, Expr, ExprId, UnaryOp};

use super::{Checker, Operand};
use crate::constant::Constant;
use crate::info::Mode;
use crate::objects::{ObjId, ObjKind, ScopeId, State};
use crate::types::{Basic, Type, TypeId};

/// What Go's compiler takes for the size of the address space, in bytes.
const MAX_SIZE: u64 = 1 << 50;

/// The size, in bytes, that elements of channels must stay below.
const MAX_ELEMENT: u64 = 1 << 16;

impl Checker<'_> {
    /// What the name in expression `e` stands for: the case [`Expr::Name`] of expressions and types. Marks variables
    /// and dot imports as used. With `want_type` only a type will do (for the words of errors).
    pub(crate) fn ident(&mut self, e: ExprId, want_type: bool) -> Operand {
        let mut x = Operand::invalid(e);
        let Expr::Name(name) = self.ast[e].kind else { return x };
        let text = self.text(name);
        let Some((scope, obj)) = self.lookup(name, self.span(e).lo) else {
            if name == Symbol::BLANK {
                if let Some(last) = self.last_value_operand(e).filter(|_| !want_type) {
                    return last;
                }
                self.error_at(Code::InvalidBlank, e, "cannot use _ as value or type");
            } else {
                self.undefined(e, name, false);
            }
            return x;
        };
        self.prog.info.uses.insert(e, obj);
        let is_type = matches!(self.prog.objects[obj].kind, ObjKind::TypeName { .. });
        if want_type && !is_type {
            let message = format!("{text} ({}) is not a type", self.object_kind(obj));
            let d = Diagnostic::error(Code::NotAType, self.start(e), message);
            let hides = self.prog.scope(ScopeId::UNIVERSE).get(name).is_some_and(|o| o != obj);
            let hides = if hides { ", which hides the predeclared one" } else { "" };
            let d = self.label_object(d, obj, format!("{text} is declared here{hides}"));
            self.report(d);
            self.prog.objects[obj].used |= self.prog.objects[obj].is_var();
            return x;
        }
        // A type that is being declared is looked at again only where a type is wanted: there a cycle may show.
        match self.prog.objects[obj].state {
            State::Unresolved => self.obj_decl(obj),
            State::InProgress(_) if is_type && want_type => self.obj_decl(obj),
            // Only while nothing at all is known: a function has its type, a variable may have a written one.
            State::InProgress(_) if !is_type && self.prog.objects[obj].ty.is_invalid() => self.obj_decl(obj),
            _ => {}
        }
        self.use_dot_import(scope, obj);
        let o = &mut self.prog.objects[obj];
        let ty = o.ty;
        match &o.kind {
            ObjKind::PkgName(_) => {
                self.error_at(Code::InvalidPkgUse, e, format!("use of package {text} not in selector"));
                return x;
            }
            ObjKind::Const(value) => {
                let value = value.clone();
                self.add_dep(obj);
                if ty.is_invalid() {
                    return x;
                }
                if obj == self.prog.universe.iota {
                    let Some(iota) = self.env.iota.clone() else {
                        self.error_at(Code::InvalidIota, e, "cannot use iota outside constant declaration");
                        return x;
                    };
                    x.value = Some(iota);
                } else {
                    x.value = Some(value);
                }
                x.mode = Mode::Constant;
            }
            ObjKind::TypeName { .. } => {
                if ty.is_invalid() {
                    return x;
                }
                x.mode = Mode::TypeExpr;
            }
            ObjKind::Var(_) => {
                o.used = true;
                self.add_dep(obj);
                if ty.is_invalid() {
                    return x;
                }
                x.mode = Mode::Variable;
            }
            ObjKind::Func { .. } => {
                self.add_dep(obj);
                if ty.is_invalid() {
                    return x;
                }
                x.mode = Mode::Value;
            }
            ObjKind::Builtin(b) => x.mode = Mode::Builtin(*b),
            ObjKind::Nil => x.mode = Mode::NilValue,
            ObjKind::Label => return x,
        }
        x.ty = ty;
        x
    }

    /// Notes that the declaration that is being checked depends on a package-level object of its package.
    pub(crate) fn add_dep(&mut self, obj: ObjId) {
        let o = &self.prog.objects[obj];
        if let (Some(from), Some(_)) = (self.env.decl, o.decl)
            && o.pkg == self.pkg
        {
            let obj = self.prog.origin(obj);
            self.prog.decl_mut(from).deps.insert(obj);
        }
    }

    fn use_dot_import(&mut self, scope: ScopeId, obj: ObjId) {
        if self.prog.objects[obj].pkg == self.pkg {
            return;
        }
        let name = self.prog.objects[obj].name;
        if let Some(&import) = self.prog.dot_imports.get(&(scope, name)) {
            self.prog.objects[import].used = true;
        }
    }

    /// The type that `e` denotes; reports and gives [`TypeId::INVALID`] if it is not a type. Records the expression.
    pub(crate) fn typ(&mut self, e: ExprId) -> TypeId {
        let mut ty = self.typ_unrecorded(e);
        if self.is_too_large(e, ty) {
            ty = TypeId::INVALID;
        }
        let is_name = matches!(self.ast[e].kind, Expr::Name(_) | Expr::Selector(..));
        if is_name && !ty.is_invalid() && (self.is_generic_type(ty) || self.generic_alias(e).is_some()) {
            let message = format!("cannot use generic type {} without instantiation", self.generic_text(e, ty));
            self.error_at(Code::WrongTypeArgCount, e, message);
            ty = TypeId::INVALID;
        }
        self.record_type(e, ty);
        ty
    }

    /// The same for a type that is to be instantiated: it may be generic.
    pub(crate) fn generic_type(&mut self, e: ExprId) -> TypeId {
        let ty = self.typ_unrecorded(e);
        self.record_type(e, ty);
        ty
    }

    /// A generic type with its type parameters, as messages show it.
    fn generic_text(&self, e: ExprId, ty: TypeId) -> String {
        match self.generic_alias(e) {
            Some(obj) => {
                let params = &self.prog.generic_aliases[&obj].0;
                format!("{}{}", self.obj_name(obj), self.tparams_text(params))
            }
            None => self.ts(ty),
        }
    }

    fn typ_unrecorded(&mut self, e: ExprId) -> TypeId {
        match self.ast[e].kind {
            Expr::Bad => TypeId::INVALID,
            Expr::Name(_) => {
                let x = self.ident(e, true);
                self.type_operand(x)
            }
            Expr::Selector(..) => {
                let x = self.selector(e, true);
                self.type_operand(x)
            }
            Expr::Index(x, ref args) => self.instantiated_type(e, x, args),
            Expr::Paren(inner) => self.typ(inner),
            Expr::ArrayType { len, elem } => {
                let n = match len {
                    Some(len) => self.array_length(len),
                    None => {
                        let message = "invalid use of [...] array (outside a composite literal)";
                        self.error_at(Code::BadDotDotDotSyntax, e, message);
                        None
                    }
                };
                let elem = self.var_type(elem);
                match n {
                    Some(n) => self.array_type(e, elem, n),
                    None => TypeId::INVALID,
                }
            }
            Expr::SliceType(elem) => {
                let elem = self.var_type(elem);
                self.prog.types.slice(elem)
            }
            Expr::DotsType(elem) => {
                self.error_at(Code::InvalidSyntaxTree, e, "invalid use of ...");
                self.typ(elem);
                TypeId::INVALID
            }
            Expr::Star(base) => {
                let base = self.var_type(base);
                if base.is_invalid() { TypeId::INVALID } else { self.prog.types.pointer(base) }
            }
            Expr::StructType(ref fields) => self.struct_type(fields),
            Expr::InterfaceType(ref elems) => self.interface_type(elems),
            Expr::FuncType(_) => self.func_type_of(None, e).sig,
            Expr::MapType(key, elem) => self.map_type(key, elem),
            Expr::ChanType(dir, elem) => {
                let elem = self.var_type(elem);
                self.chan_type(e, dir, elem)
            }
            Expr::Binary { op: BinaryOp::Or, .. } | Expr::Unary(UnaryOp::Tilde, _) => {
                let message = format!("{} is not a type", self.es(e));
                self.error_at(Code::NotAType, e, message);
                TypeId::INVALID
            }
            _ => {
                let message = format!("{} is not a type", self.es(e));
                self.error_at(Code::NotAType, e, message);
                self.use_exprs(&[e]);
                TypeId::INVALID
            }
        }
    }

    /// The type of an operand that ought to be one.
    fn type_operand(&mut self, x: Operand) -> TypeId {
        match x.mode {
            Mode::TypeExpr => return x.ty,
            Mode::Invalid => {}
            Mode::NoValue => {
                let message = format!("{} used as type", self.os(&x));
                self.error_at(Code::NotAType, x.expr, message);
            }
            _ => {
                let message = format!("{} is not a type", self.os(&x));
                self.error_at(Code::NotAType, x.expr, message);
            }
        }
        TypeId::INVALID
    }

    fn array_type(&mut self, e: ExprId, elem: TypeId, n: u64) -> TypeId {
        let ty = self.prog.types.intern(Type::Array(elem, n));
        // Later, when the size of the element is known.
        let at = self.env.naming.unwrap_or(self.start(e));
        self.later(move |c| {
            if c.total_size(ty) >= MAX_SIZE {
                let message = format!("type {} larger than address space", c.ts(ty));
                c.late_error(Code::TypeTooLarge, at, message);
            }
        });
        ty
    }

    fn chan_type(&mut self, e: ExprId, dir: ChanDir, elem: TypeId) -> TypeId {
        let at = self.env.naming.unwrap_or(self.start(e));
        self.later(move |c| {
            c.complete(elem);
            if c.total_size(elem) >= MAX_ELEMENT {
                c.late_error(Code::TypeTooLarge, at, "channel element type too large (>64kB)");
            }
        });
        self.prog.types.intern(Type::Chan(dir, elem))
    }

    fn map_type(&mut self, key_expr: ExprId, elem: ExprId) -> TypeId {
        let key = self.var_type(key_expr);
        let elem = self.var_type(elem);
        // Later, when all types are known.
        self.later(move |c| {
            c.complete(key);
            if !c.prog.types.comparable(key) {
                let why = match c.prog.types.as_type_param(key) {
                    Some(_) => " (missing comparable constraint)",
                    None => "",
                };
                let message = format!("invalid map key type {}{why}", c.ts(key));
                c.error_at(Code::IncomparableMapKey, key_expr, message);
            }
        });
        self.prog.types.intern(Type::Map(key, elem))
    }

    /// The constant length of an array type; `None` if it is wrong, and reported.
    pub(crate) fn array_length(&mut self, e: ExprId) -> Option<u64> {
        if let Expr::Name(name) = self.ast[e].kind {
            let text = self.text(name);
            let Some((_, obj)) = self.lookup(name, self.span(e).lo) else {
                let message = format!("undefined array length {text} or missing type constraint");
                self.error_at(Code::InvalidArrayLen, e, message);
                return None;
            };
            if !matches!(self.prog.objects[obj].kind, ObjKind::Const(_)) {
                self.error_at(Code::InvalidArrayLen, e, format!("invalid array length {text}"));
                return None;
            }
        }
        let x = self.expr(e);
        if x.mode != Mode::Constant {
            if !x.is_invalid() {
                let message = format!("array length {} must be constant", self.os(&x));
                self.error_at(Code::InvalidArrayLen, e, message);
            }
            return None;
        }
        let types = &self.prog.types;
        let is_integer = types.is_integer(x.ty);
        if types.is_untyped(x.ty) || is_integer {
            let n = x.val().to_int();
            if let (Constant::Small(n), Ok(_)) = (&n, n.representable(Basic::Int))
                && *n >= 0
            {
                return Some(*n as u64);
            }
            if x.val().is_unknown() {
                return None;
            }
        }
        let message = if is_integer {
            format!("invalid array length {}", self.os(&x))
        } else {
            format!("array length {} must be integer", self.os(&x))
        };
        self.error_at(Code::InvalidArrayLen, e, message);
        None
    }
}
