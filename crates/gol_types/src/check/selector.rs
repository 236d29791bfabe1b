//! Selectors: qualified identifiers, fields, method values and method expressions.

use gol_source::{Code, Diagnostic, Symbol};
use gol_syntax::ast::{Decl, Expr, ExprId, Ident};

use super::{Checker, Lookup, Operand};
use crate::info::{Mode, Selected, Selection, SelectionKind};
use crate::objects::{ObjId, ObjKind, PkgId};
use crate::types::{Param, Signature, Type, TypeId};

impl Checker<'_> {
    /// `x.sel`: a qualified identifier, field, method value or method expression. With `want_type` only a type will do.
    pub(crate) fn selector(&mut self, e: ExprId, want_type: bool) -> Operand {
        let Expr::Selector(xe, sel) = self.ast[e].kind else { return Operand::invalid(e) };
        if let Expr::Name(name) = self.ast[xe].kind
            && let Some((_, obj)) = self.lookup(name, self.span(xe).lo)
            && let ObjKind::PkgName(pkg) = self.prog.objects[obj].kind
        {
            self.prog.info.uses.insert(xe, obj);
            self.prog.objects[obj].used = true;
            return self.qualified(e, pkg, sel);
        }
        if let Expr::Name(name) = self.ast[xe].kind
            && name != Symbol::BLANK
            && self.lookup(name, self.span(xe).lo).is_none()
        {
            self.undefined(xe, name, true);
            return Operand::invalid(e);
        }
        let x = self.expr_or_type(xe);
        match x.mode {
            Mode::Invalid => return x,
            Mode::Builtin(_) => {
                let message = format!("invalid use of {} in selector expression", self.os(&x));
                self.error(Code::UncalledBuiltin, self.own_place(e), message);
                return Operand::invalid(e);
            }
            _ => {}
        }
        if x.mode == Mode::TypeExpr && !self.is_complete(x.ty) {
            return Operand::invalid(e);
        }
        if want_type {
            self.error(Code::NotAType, sel.span, format!("{} is not a type", self.es(e)));
            return Operand::invalid(e);
        }
        if !self.is_base_complete(x.ty) {
            return Operand::invalid(e);
        }
        let addressable = x.mode == Mode::Variable;
        match self.lookup_field_or_method(x.ty, addressable, self.pkg, sel.name, false) {
            Lookup::Found { selected, path, indirect, ty, .. } => self.selected(
                e,
                x,
                sel,
                Selection { kind: SelectionKind::FieldVal, recv: TypeId::INVALID, path, selected, indirect, ty },
            ),
            failed => {
                self.selector_error(&x, sel, failed);
                Operand::invalid(e)
            }
        }
    }

    /// `pkg.sel`
    fn qualified(&mut self, e: ExprId, pkg: PkgId, sel: Ident) -> Operand {
        let scope = self.prog.package(pkg).scope;
        let Some(obj) = self.prog.scope(scope).get(sel.name) else {
            if self.prog.package(pkg).missing {
                return Operand::invalid(e);
            }
            let mut message = format!("undefined: {}", self.es(e));
            if let Some(alt) = self.exported_like(pkg, sel.name) {
                message.push_str(&format!(" (but have {})", self.text(alt)));
            }
            let d = Diagnostic::error(Code::UndeclaredImportedName, sel.span, message);
            let d = self.help_package_member(d, pkg, sel.name);
            self.report(d);
            return Operand::invalid(e);
        };
        if !self.is_exported(sel.name) {
            let name = self.text(sel.name);
            let package = self.text(self.prog.package(pkg).name);
            let message = format!("name {name} not exported by package {package}");
            let d = Diagnostic::error(Code::UnexportedName, sel.span, message);
            let d = self.help_package_member(d, pkg, sel.name);
            self.report(d);
        }
        self.obj_decl(obj);
        self.prog.info.uses.insert(e, obj);
        self.object_operand(e, obj)
    }

    /// The operand that an object of another package is.
    fn object_operand(&self, e: ExprId, obj: ObjId) -> Operand {
        let o = &self.prog.objects[obj];
        let mode = match &o.kind {
            ObjKind::Builtin(b) => return Operand::new(Mode::Builtin(*b), TypeId::INVALID, e),
            ObjKind::Const(value) if !o.ty.is_invalid() => return Operand::constant(value.clone(), o.ty, e),
            ObjKind::TypeName { .. } => Mode::TypeExpr,
            ObjKind::Var(_) => Mode::Variable,
            ObjKind::Func { .. } => Mode::Value,
            _ => return Operand::invalid(e),
        };
        if o.ty.is_invalid() { Operand::invalid(e) } else { Operand::new(mode, o.ty, e) }
    }

    /// The first exported name of a package that differs from `name` in case only.
    fn exported_like(&self, pkg: PkgId, name: Symbol) -> Option<Symbol> {
        let wanted = self.text(name).to_lowercase();
        let scope = self.prog.scope(self.prog.package(pkg).scope);
        let names = scope.objects().iter().map(|&o| self.prog.objects[o].name);
        names.filter(|&n| self.is_exported(n) && self.text(n).to_lowercase() == wanted).min_by_key(|&n| self.text(n))
    }

    /// The operand for what a lookup found; completes the selection and records it.
    fn selected(&mut self, e: ExprId, x: Operand, sel: Ident, mut found: Selection) -> Operand {
        let is_type = x.mode == Mode::TypeExpr;
        found.recv = x.ty;
        let mut mode = Mode::Value;
        match found.selected {
            Selected::Field if is_type => {
                let name = self.text(sel.name);
                let message = format!("operand for field selector {name} must be value of type {}", self.ts(x.ty));
                self.error_at(Code::MissingFieldOrMethod, x.expr, message);
                return Operand::invalid(e);
            }
            Selected::Field => {
                if x.mode == Mode::Variable || found.indirect {
                    mode = Mode::Variable;
                }
            }
            _ if is_type => {
                found.kind = SelectionKind::MethodExpr;
                found.ty = self.method_expr_type(x.ty, found.selected, found.ty);
            }
            _ => found.kind = SelectionKind::MethodVal,
        }
        if let Selected::Method(obj) = found.selected {
            self.add_dep(obj);
        }
        let ty = found.ty;
        if ty.is_invalid() {
            return Operand::invalid(e);
        }
        self.prog.info.selections.insert(e, found);
        Operand::new(mode, ty, e)
    }

    /// The type of `T.m`: the method's with the receiver in front, which has a name only if the parameters have names.
    fn method_expr_type(&mut self, recv: TypeId, selected: Selected, method: TypeId) -> TypeId {
        let Type::Func(sig) = self.prog.types.get(method).clone() else { return TypeId::INVALID };
        let named = sig.params.first().is_some_and(|p| p.name != Symbol::EMPTY);
        let name = if named { self.receiver_name(selected).unwrap_or(Symbol::BLANK) } else { Symbol::EMPTY };
        let mut params = vec![Param { name, ty: recv, span: gol_source::Span::NONE }];
        params.extend(sig.params);
        self.prog.types.intern(Type::Func(Signature { params, ..sig }))
    }

    fn receiver_name(&self, selected: Selected) -> Option<Symbol> {
        let Selected::Method(obj) = selected else { return None };
        let ObjKind::Func { decl: Some(decl), .. } = self.prog.objects[obj].kind else { return None };
        let Decl::Func(func) = &self.ast[decl].kind else { return None };
        Some(func.recv.as_ref()?.names.first()?.name)
    }

    fn selector_error(&mut self, x: &Operand, sel: Ident, failed: Lookup) {
        if self.prog.types.underlying(x.ty).is_invalid() {
            return;
        }
        let name = self.text(sel.name);
        let ty = self.ts(x.ty);
        let (code, message) = match failed {
            Lookup::Ambiguous => (Code::AmbiguousSelector, format!("ambiguous selector {}.{name}", self.shown(x))),
            Lookup::NeedsPointer if x.mode == Mode::TypeExpr => {
                let needs = format!("needs pointer receiver (*{ty}).{name}");
                (Code::InvalidMethodExpr, format!("invalid method expression {ty}.{name} ({needs})"))
            }
            Lookup::NeedsPointer => (Code::InvalidMethodExpr, format!("cannot call pointer method {name} on {ty}")),
            _ => {
                let param = self.prog.types.deref(x.ty).filter(|&t| self.prog.types.as_type_param(t).is_some());
                let why = if param.is_some() {
                    format!("type {} is pointer to type parameter, not type parameter", self.ts(x.ty))
                } else if self.prog.types.is_interface_pointer(x.ty) {
                    self.interface_pointer_error(x.ty)
                } else {
                    let addressable = x.mode == Mode::Variable;
                    let alt = self.lookup_field_or_method(x.ty, addressable, self.pkg, sel.name, true);
                    self.lookup_error(x.ty, sel.name, &alt, false)
                };
                (Code::MissingFieldOrMethod, format!("{}.{name} undefined ({why})", self.shown(x)))
            }
        };
        let d = Diagnostic::error(code, sel.span, message);
        let d = match code {
            Code::MissingFieldOrMethod => self.help_member(d, x.ty, sel.name, false),
            _ => self.label_type(d, x.ty),
        };
        self.report(d);
    }

    /// Why type `ty` has no field or method `sel`; `alt` is what a lookup without regard to case found.
    pub(crate) fn lookup_error(&self, ty: TypeId, sel: Symbol, alt: &Lookup, struct_lit: bool) -> String {
        let (ty, sel_text) = (self.ts(ty), self.text(sel));
        let base = if struct_lit {
            format!("unknown field {sel_text} in struct literal of type {ty}")
        } else {
            format!("type {ty} has no field or method {sel_text}")
        };
        let Lookup::Found { selected, name, pkg, .. } = *alt else { return base };
        let alt = self.text(name);
        let what = match selected {
            _ if struct_lit => "",
            Selected::Field => "field ",
            _ => "method ",
        };
        let (sel_exported, alt_exported) = (self.is_exported(sel), self.is_exported(name));
        if pkg == self.pkg || sel_exported && alt_exported {
            return format!("{base}, but does have {what}{alt}");
        }
        let same_tail = sel_text.chars().skip(1).eq(alt.chars().skip(1));
        match (sel_exported, alt_exported) {
            (true, _) if same_tail => format!("{base}, but does have unexported {what}{alt}"),
            (false, true) if same_tail => format!("{base}, but does have {what}{alt}"),
            (false, false) if sel == name && struct_lit => {
                format!("cannot refer to unexported field {alt} in struct literal of type {ty}")
            }
            (false, false) if sel == name => format!("cannot refer to unexported {what}{alt}"),
            _ => base,
        }
    }
}
