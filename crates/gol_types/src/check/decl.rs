//! Declarations: the types of objects, on demand, and declarations in functions.
//!
//! A package-level object is resolved when it is first needed, in the surroundings of its file. While it is being
//! resolved it is on the object path; meeting it there again is a cycle, valid or not (`cycles.rs`).

use gol_source::{Code, Span, Symbol};
use gol_syntax::ast::{ConstSpec, Decl, DeclId, Expr, ExprId, Ident, TypeSpec, VarSpec};

use super::{Checker, Env};
use crate::constant::Constant;
use crate::objects::{DeclInfoId, ObjId, ObjKind, PkgId, Receiver, State};
use crate::package::DeclInfo;
use crate::types::{Alias, Named, NamedId, Signature, Type, TypeId};

/// A declared type whose underlying type is put off.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    named: NamedId,
    rhs: PendingRhs,
    scope: crate::objects::ScopeId,
    pkg: PkgId,
}

#[derive(Clone, Copy, Debug)]
enum PendingRhs {
    /// An interface literal.
    Interface(ExprId),
    /// The underlying type of a type that waits itself.
    Same(TypeId),
}

impl Checker<'_> {
    /// Makes sure that an object's type (and a constant's value) is known. Reports cycles.
    pub(crate) fn obj_decl(&mut self, obj: ObjId) {
        match self.prog.objects[obj].state {
            State::Resolved => return,
            State::InProgress(start) => {
                self.check_cycle(obj, start as usize);
                return;
            }
            State::Unresolved => {}
        }
        self.parse_declaration(obj);
        let o = &self.prog.objects[obj];
        if o.state == State::Resolved {
            return;
        }
        let decl = o.decl.expect("an unresolved object has a declaration");
        let (pkg, info) = (o.pkg, self.prog.decl(decl).clone());
        let outer_pkg = std::mem::replace(&mut self.pkg, pkg);
        let outer_env = std::mem::replace(&mut self.env, Env::new(info.file));
        self.push(obj);
        match self.prog.objects[obj].kind {
            ObjKind::Const(_) => {
                self.env.decl = Some(decl);
                let iota = Constant::from_i64(info.iota as i64);
                self.const_decl(obj, info.ty, info.init, iota, info.inherited);
            }
            ObjKind::Var(_) => {
                self.env.decl = Some(decl);
                self.package_var_decl(obj, decl, &info);
            }
            ObjKind::TypeName { .. } => {
                let (id, at) = info.type_spec.expect("a type name has a type declaration");
                if let Decl::Type(specs) = &self.ast[id].kind {
                    self.type_decl(obj, &specs[at as usize]);
                }
                self.collect_methods(obj);
            }
            ObjKind::Func { decl: Some(id), .. } => self.func_decl(obj, id, decl),
            _ => {}
        }
        self.pop(obj);
        if self.obj_path.is_empty() && self.resolving.is_empty() {
            self.complete_pending();
        }
        self.env = outer_env;
        self.pkg = outer_pkg;
    }

    fn push(&mut self, obj: ObjId) {
        self.prog.objects[obj].state = State::InProgress(self.obj_path.len() as u32);
        self.obj_path.push(obj);
    }

    fn pop(&mut self, obj: ObjId) {
        self.obj_path.pop();
        self.prog.objects[obj].state = State::Resolved;
    }

    /// A constant's type and value.
    fn const_decl(&mut self, obj: ObjId, ty: Option<ExprId>, init: Option<ExprId>, iota: Constant, inherited: bool) {
        let outer_iota = self.env.iota.replace(iota);
        let outer_span = self.env.err_span.take();
        self.prog.objects[obj].kind = ObjKind::Const(Constant::Unknown);
        let mut ok = true;
        if let Some(e) = ty {
            let t = self.typ(e);
            self.complete(t);
            if self.prog.types.is_const_type(t) {
                self.prog.objects[obj].ty = t;
            } else {
                if !self.prog.types.underlying(t).is_invalid() {
                    let message = format!("invalid constant type {}", self.ts(t));
                    self.error_at(Code::InvalidConstType, e, message);
                }
                ok = false;
            }
        }
        if ok && let Some(init) = init {
            if inherited {
                // The expression stands elsewhere; errors are about this constant.
                self.env.err_span = Some(self.prog.objects[obj].span);
            }
            let mut x = self.expr(init);
            self.init_const(obj, &mut x);
        }
        self.env.iota = outer_iota;
        self.env.err_span = outer_span;
    }

    fn package_var_decl(&mut self, obj: ObjId, decl: DeclInfoId, info: &DeclInfo) {
        let lazy = self.prog.package(self.pkg).options.trusted;
        // In a trusted package an initializer waits until someone reaches it, if the type is known without.
        if lazy && let Some(e) = info.ty {
            let ty = self.typ(e);
            for &v in &info.lhs {
                self.prog.objects[v].ty = ty;
            }
            return;
        }
        self.prog.decl_mut(decl).checked = true;
        self.var_decl(obj, &info.lhs, info.ty, info.init);
    }

    /// A variable's type from what is written or from its initializer. `lhs`: the variables of one call with several
    /// results (empty or `obj` alone otherwise).
    pub(super) fn var_decl(&mut self, obj: ObjId, lhs: &[ObjId], ty: Option<ExprId>, init: Option<ExprId>) {
        let outer = self.env.naming.replace(self.prog.objects[obj].span);
        if let Some(e) = ty {
            self.prog.objects[obj].ty = self.var_type(e);
        }
        self.init_declared(obj, lhs, ty.is_some(), init);
        self.env.naming = outer;
    }

    /// Checks the initializer of a variable whose written type, if any, is set.
    fn init_declared(&mut self, obj: ObjId, lhs: &[ObjId], typed: bool, init: Option<ExprId>) {
        let Some(init) = init else { return };
        let ty = self.prog.objects[obj].ty;
        if typed && ty.is_invalid() {
            if lhs.len() <= 1 {
                self.expr(init);
            } else {
                self.use_exprs(&[init]);
            }
            return;
        }
        if lhs.len() <= 1 {
            let name = |c: &Self| c.text(c.prog.objects[obj].name).to_string();
            let target = self.target(ty, name);
            let mut x = self.expr_with(target, init);
            self.init_var(obj, &mut x, "variable declaration");
            return;
        }
        if typed {
            for &v in lhs {
                self.prog.objects[v].ty = ty;
            }
        }
        self.init_vars(lhs, &[init]);
        for &v in lhs {
            if self.prog.objects[v].state == State::Unresolved {
                self.prog.objects[v].state = State::Resolved;
            }
        }
    }

    /// Checks the initializer of a package-level variable of a trusted package, once.
    pub(super) fn package_var_init(&mut self, obj: ObjId) {
        self.obj_decl(obj);
        let Some(decl) = self.prog.objects[obj].decl else { return };
        let info = self.prog.decl(decl).clone();
        if info.checked {
            return;
        }
        self.prog.decl_mut(decl).checked = true;
        let outer_pkg = std::mem::replace(&mut self.pkg, self.prog.objects[obj].pkg);
        let outer_env = std::mem::replace(&mut self.env, Env::new(info.file));
        self.env.decl = Some(decl);
        self.init_declared(obj, &info.lhs, info.ty.is_some(), info.init);
        self.env = outer_env;
        self.pkg = outer_pkg;
    }

    fn type_decl(&mut self, obj: ObjId, spec: &TypeSpec) {
        self.later(move |c| c.valid_type_of(obj));
        let (pkg, name) = (self.pkg, spec.name.name);
        if spec.alias {
            if !spec.tparams.is_empty() {
                self.generic_alias_decl(obj, spec);
                return;
            }
            let rhs = self.typ(spec.ty);
            let broken = self.prog.objects[obj].broken;
            let ty = if rhs.is_invalid() || broken {
                TypeId::INVALID
            } else {
                self.prog.types.alias(rhs, Alias { name, pkg })
            };
            self.prog.objects[obj].ty = ty;
            return;
        }
        let mut named = Named {
            obj,
            name,
            pkg,
            underlying: TypeId::INVALID,
            methods: Vec::new(),
            local: 0,
            tparams: Vec::new(),
            origin: None,
            targs: self.env.instance.as_deref().unwrap_or_default().to_vec(),
        };
        if self.prog.objects[obj].decl.is_none() {
            let package = &mut self.prog.packages[pkg.0 as usize];
            package.local_types += 1;
            named.local = package.local_types;
        }
        let (id, ty) = self.prog.types.new_named(named);
        self.prog.objects[obj].ty = ty;
        let generic = !spec.tparams.is_empty();
        if generic {
            self.open_scope();
            self.declare_tparams(&spec.tparams, spec.name.span.hi, Some(id));
        }
        self.type_right_side(obj, id, spec);
        if generic {
            self.close_scope();
        }
        self.prog.types.expand();
    }

    /// `type A[P any] = T`
    fn generic_alias_decl(&mut self, obj: ObjId, spec: &TypeSpec) {
        self.open_scope();
        let tparams = self.declare_tparams(&spec.tparams, spec.name.span.hi, None);
        let rhs = self.typ(spec.ty);
        self.close_scope();
        if rhs.is_invalid() || self.prog.objects[obj].broken {
            self.prog.objects[obj].ty = TypeId::INVALID;
            return;
        }
        if self.prog.types.as_type_param(rhs).is_some() {
            let message = "cannot use type parameter declared in alias declaration as RHS";
            self.error_at(Code::MisplacedTypeParam, spec.ty, message);
            self.prog.objects[obj].ty = TypeId::INVALID;
            return;
        }
        let alias = Alias { name: spec.name.name, pkg: self.pkg };
        self.prog.objects[obj].ty = self.prog.types.alias(rhs, alias);
        self.prog.generic_aliases.insert(obj, (tparams, rhs));
    }

    fn type_right_side(&mut self, obj: ObjId, id: NamedId, spec: &TypeSpec) {
        let literal = self.ast.unparen(spec.ty);
        if let Expr::InterfaceType(_) = self.ast[literal].kind {
            self.put_off(id, PendingRhs::Interface(spec.ty));
            return;
        }
        let outer = self.env.naming.replace(spec.name.span);
        let rhs = self.typ(spec.ty);
        self.env.naming = outer;
        if self.prog.types.as_type_param(rhs).is_some() {
            let message = "cannot use a type parameter as RHS in type declaration";
            self.error_at(Code::MisplacedTypeParam, spec.ty, message);
            return;
        }
        self.complete(rhs);
        let underlying = self.prog.types.underlying(rhs);
        if let Type::Named(_) = self.prog.types.get(rhs) {
            self.prog.right_sides.insert(id, rhs);
        }
        if underlying.is_invalid() && !rhs.is_invalid() {
            self.put_off(id, PendingRhs::Same(rhs));
        } else if self.prog.objects[obj].broken {
            self.prog.objects[obj].ty = TypeId::INVALID;
        } else {
            self.prog.types.named_mut(id).underlying = underlying;
        }
    }

    fn put_off(&mut self, named: NamedId, rhs: PendingRhs) {
        self.pending.push(Pending { named, rhs, scope: self.env.scope, pkg: self.pkg });
    }

    /// Makes sure that the underlying type of a declared type is known, as far as it can be.
    pub(crate) fn complete(&mut self, ty: TypeId) {
        if self.pending.is_empty() {
            return;
        }
        let Type::Named(id) = *self.prog.types.get(ty) else { return };
        let id = self.prog.types.named(id).origin.unwrap_or(id);
        if let Some(at) = self.pending.iter().position(|p| p.named == id) {
            let pending = self.pending.swap_remove(at);
            if !self.resolve_pending(&pending) {
                // It rests on a type that is being declared right now: its turn comes.
                self.pending.push(pending);
            }
        }
    }

    fn complete_pending(&mut self) {
        while let Some(pending) = self.pending.pop() {
            self.resolve_pending(&pending);
        }
    }

    /// Gives a declared type its underlying type; false if that is not known yet.
    fn resolve_pending(&mut self, pending: &Pending) -> bool {
        let outer_pkg = std::mem::replace(&mut self.pkg, pending.pkg);
        let outer_env = std::mem::replace(&mut self.env, Env::new(pending.scope));
        self.resolving.push((pending.named, self.literal_depth));
        let obj = self.prog.types.named(pending.named).obj;
        self.push(obj);
        let underlying = match pending.rhs {
            PendingRhs::Interface(e) => {
                let outer_depth = std::mem::take(&mut self.literal_depth);
                let ty = self.typ(e);
                self.literal_depth = outer_depth;
                self.prog.types.underlying(ty)
            }
            PendingRhs::Same(ty) => {
                self.complete(ty);
                self.prog.types.underlying(ty)
            }
        };
        self.pop(obj);
        self.resolving.pop();
        if !self.prog.objects[obj].broken {
            self.prog.types.named_mut(pending.named).underlying = underlying;
            self.prog.types.expand();
        }
        self.env = outer_env;
        self.pkg = outer_pkg;
        matches!(pending.rhs, PendingRhs::Interface(_)) || !underlying.is_invalid()
    }

    /// Gives a declared type its methods, and reports those that have the name of another or of a field.
    pub(super) fn collect_methods(&mut self, obj: ObjId) {
        let Some(methods) = self.prog.methods.remove(&obj) else { return };
        let Type::Named(id) = *self.prog.types.get(self.prog.objects[obj].ty) else { return };
        if self.prog.types.named(id).obj != obj {
            return;
        }
        for m in methods {
            let (name, span) = (self.prog.objects[m].name, self.prog.objects[m].span);
            let objects = &self.prog.objects;
            let other = self.prog.types.named(id).methods.iter().copied().find(|&o| objects[o].name == name);
            if let Some(other) = other
                && self.replace_method(id, other, m)
            {
                continue;
            }
            if let Some(other) = other {
                let message = format!(
                    "method {}.{} already declared at {}",
                    self.text(self.prog.objects[obj].name),
                    self.text(name),
                    self.place(self.prog.objects[other].span)
                );
                let d = gol_source::Diagnostic::error(Code::DuplicateMethod, span, message);
                let d = self.label_object(d, other, "already declared here");
                self.report(d);
                continue;
            }
            if let ObjKind::Func { recv: Some(r), .. } = &mut self.prog.objects[m].kind {
                r.base = Some(id);
            }
            self.note_methods(id);
            self.prog.types.named_mut(id).methods.push(m);
        }
        self.later(move |c| c.field_and_method(id));
    }

    /// In a session a method may be declared again by a later entry.
    fn replace_method(&mut self, id: NamedId, old: ObjId, new: ObjId) -> bool {
        if self.prog.session.is_none() || self.prog.objects[old].span.lo >= self.prog.entry_base() {
            return false;
        }
        self.note_methods(id);
        if let ObjKind::Func { recv: Some(r), .. } = &mut self.prog.objects[new].kind {
            r.base = Some(id);
        }
        self.prog.types.named_mut(id).methods.retain(|&m| m != old);
        self.prog.types.named_mut(id).methods.push(new);
        self.later(move |c| {
            c.obj_decl(new);
            let objects = &c.prog.objects;
            let pointer = |o: ObjId| matches!(objects[o].kind, ObjKind::Func { recv: Some(r), .. } if r.pointer);
            let same = objects[old].ty == objects[new].ty && pointer(old) == pointer(new);
            if let Some(s) = c.prog.session.as_mut().filter(|_| same) {
                s.replaced.push((old, new));
            }
        });
        true
    }

    /// A session's type gets or loses a method: the list is kept in case the entry is wrong.
    fn note_methods(&mut self, id: NamedId) {
        if let Some(s) = &mut self.prog.session {
            s.methods.push((id, self.prog.types.named(id).methods.clone()));
        }
    }

    /// Spec: for a struct type "the non-blank method and field names must be distinct".
    fn field_and_method(&mut self, id: NamedId) {
        let named = self.prog.types.named(id);
        let Type::Struct(fields) = self.prog.types.get(named.underlying) else { return };
        let methods = named.methods.clone();
        for f in fields.clone() {
            let found = methods.iter().find(|&&m| self.prog.objects[m].name == f.name);
            if f.name != Symbol::BLANK
                && let Some(&m) = found
            {
                let name = self.text(f.name);
                let message = format!(
                    "field and method with the same name {name}\n\t{}: other declaration of {name}",
                    self.place(f.span)
                );
                let at = self.prog.objects[m].span;
                let d = gol_source::Diagnostic::error(Code::DuplicateFieldAndMethod, at, message);
                self.report(d.label(f.span, format!("other declaration of {name}")));
            }
        }
    }

    fn func_decl(&mut self, obj: ObjId, id: DeclId, decl: DeclInfoId) {
        let ast = self.ast;
        let Decl::Func(func) = &ast[id].kind else { return };
        // A cycle through the signature finds a function type at least.
        self.prog.objects[obj].ty = self.prog.types.intern(Type::Func(Signature::default()));
        let scope = self.declared_func_type(obj, func);
        self.prog.objects[obj].ty = scope.sig;
        self.prog.func_scopes.insert(obj, scope);
        // The standard library's may be natives, which are told nothing of their type arguments.
        if func.body.is_none() && !func.tparams.is_empty() && !self.prog.package(self.pkg).options.trusted {
            self.error(Code::BadDecl, func.name.span, "generic function is missing function body");
        }
        if func.body.is_some() && !self.prog.package(self.pkg).options.trusted {
            self.later(move |c| c.declared_body(obj, decl));
        }
    }

    /// Checks the body of a declared function, once.
    pub(super) fn declared_body(&mut self, obj: ObjId, decl: DeclInfoId) {
        if std::mem::replace(&mut self.prog.decl_mut(decl).checked, true) {
            return;
        }
        let ast = self.ast;
        let Some(Decl::Func(func)) = self.prog.decl(decl).func.map(|id| &ast[id].kind) else { return };
        let (Some(body), Some(scope)) = (&func.body, self.prog.func_scopes.get(&obj).cloned()) else { return };
        self.func_body(Some(decl), &scope, body, None);
    }

    /// A const, type or var declaration in a function.
    pub(crate) fn decl_stmt(&mut self, decl: DeclId) {
        let ast = self.ast;
        match &ast[decl].kind {
            Decl::Const(specs) => self.local_consts(specs),
            Decl::Var(specs) => specs.iter().for_each(|s| self.local_vars(s)),
            Decl::Type(specs) => specs.iter().for_each(|s| self.local_type(s)),
            Decl::Bad | Decl::Import(_) | Decl::Func(_) => {}
        }
    }

    fn local_consts(&mut self, specs: &[ConstSpec]) {
        let mut last: Option<&ConstSpec> = None;
        for spec in specs {
            let inherited = spec.ty.is_none() && spec.values.is_empty() && last.is_some();
            if !inherited {
                last = Some(spec);
            }
            let source = last.unwrap_or(spec);
            let mut objects = Vec::new();
            for (i, &name) in spec.names.iter().enumerate() {
                let obj = self.new_object(name, TypeId::INVALID, ObjKind::Const(Constant::Unknown));
                let iota = Constant::from_i64(spec.iota as i64);
                self.const_decl(obj, source.ty, source.values.get(i).copied(), iota, inherited);
                objects.push(obj);
            }
            self.arity(spec.span, &spec.names, &source.values, true, inherited);
            for obj in objects {
                self.declare(self.env.scope, obj, spec.span.hi);
            }
        }
    }

    fn local_vars(&mut self, spec: &VarSpec) {
        let objects: Vec<ObjId> = spec
            .names
            .iter()
            .map(|&n| self.new_var(n, TypeId::INVALID, self.prog.var_kind_in(self.env.scope)))
            .collect();
        match &spec.values[..] {
            [one] if objects.len() > 1 => self.var_decl(objects[0], &objects, spec.ty, Some(*one)),
            values => {
                for (i, &obj) in objects.iter().enumerate() {
                    if i == 0 || spec.ty.is_none() {
                        self.var_decl(obj, &[], spec.ty, values.get(i).copied());
                    } else {
                        // One type for all: it is looked at once.
                        self.prog.objects[obj].ty = self.prog.objects[objects[0]].ty;
                        self.init_declared(obj, &[], true, values.get(i).copied());
                    }
                }
            }
        }
        if spec.ty.is_none() || !spec.values.is_empty() {
            self.arity(spec.span, &spec.names, &spec.values, false, false);
        }
        for obj in objects {
            self.declare(self.env.scope, obj, spec.span.hi);
        }
    }

    fn local_type(&mut self, spec: &TypeSpec) {
        let kind = ObjKind::TypeName { alias: spec.alias };
        let obj = self.new_object(spec.name, TypeId::INVALID, kind);
        self.declare(self.env.scope, obj, spec.name.span.lo);
        self.push(obj);
        self.type_decl(obj, spec);
        self.pop(obj);
        self.complete_pending();
    }

    /// Reports different numbers of names and initial values. (One value for several variables may be a call.)
    pub(super) fn arity(&mut self, at: Span, names: &[Ident], values: &[ExprId], constant: bool, inherited: bool) {
        let code = Code::WrongAssignCount;
        if let Some(&extra) = values.get(names.len()) {
            if inherited {
                let message = format!("extra init expr at {}", self.place(self.span(extra)));
                self.error(code, at, message);
            } else {
                let message = format!("extra init expr {}", self.es(extra));
                self.error_at(code, extra, message);
            }
        } else if let Some(name) = names.get(values.len())
            && (constant || values.len() != 1)
        {
            let message = format!("missing init expr for {}", self.text(name.name));
            self.error(code, name.span, message);
        }
    }

    /// A receiver as far as its form shows it; its base type is filled in when the type's methods are collected.
    pub(super) fn receiver_form(&self, ty: ExprId) -> Receiver {
        Receiver { base: None, pointer: self.unpack_receiver(ty).0 }
    }
}
