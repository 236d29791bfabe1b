//! Function types: parameters, results and receivers, and the scope in which they are declared.

use gol_source::{Code, Symbol};
use gol_syntax::ast::{Expr, ExprId, Field, FuncDecl, Ident};

use super::{Checker, FuncScope};
use crate::objects::{ObjId, PkgId, VarKind};
use crate::types::{Basic, Param, Signature, Type, TypeId};

impl Checker<'_> {
    /// A function type and the scope with its parameters, for a declaration (`recv` is its receiver) or a literal.
    /// Records the type expression.
    pub(crate) fn func_type(&mut self, x: ExprId) -> FuncScope {
        let func = self.func_type_of(None, x);
        self.record_type(x, func.sig);
        func
    }

    /// The type of a declared function or method, with the scope of its parameters. In an instance its type parameters
    /// are names of type arguments.
    pub(crate) fn declared_func_type(&mut self, obj: ObjId, func: &FuncDecl) -> FuncScope {
        let scope = self.func_type_of(Some((obj, func)), func.ty);
        self.record_type(func.ty, scope.sig);
        scope
    }

    /// The same without recording `x`.
    pub(super) fn func_type_of(&mut self, of: Option<(ObjId, &FuncDecl)>, x: ExprId) -> FuncScope {
        let ast = self.ast;
        let recv = of.and_then(|(_, func)| func.recv.as_ref());
        let Expr::FuncType(sig) = &ast[x].kind else {
            let none = FuncScope { sig: TypeId::INVALID, expr: x, scope: self.env.scope, results: Vec::new() };
            return none;
        };
        let scope = self.open_scope();
        let mut named: Vec<(ObjId, bool)> = Vec::new();
        let instance = if of.is_some() { self.env.instance.clone() } else { None };
        let mut targs = instance.iter().flat_map(|targs| targs.iter().copied());
        if let Some(recv) = recv {
            let ty = match instance {
                Some(_) => self.instance_receiver(recv, &mut targs),
                None => self.receiver(of.map(|o| o.0), recv),
            };
            for &name in &recv.names {
                named.push((self.new_var(name, ty, VarKind::Recv), false));
            }
        }
        let mut tparams = Vec::new();
        if let Some((_, func)) = of {
            let scope_pos = func.name.span.hi;
            if instance.is_some() {
                let names = func.tparams.iter().flat_map(|f| &f.names);
                self.declare_targs(names, &mut targs, scope_pos);
            } else {
                tparams = self.declare_tparams(&func.tparams, scope_pos, None);
            }
        }
        let mut variadic = false;
        let params = self.params(&sig.params, VarKind::Param, &mut named, &mut variadic);
        let mut ignored = false;
        let results = self.params(&sig.results, VarKind::Result, &mut named, &mut ignored);
        // Parameters are visible after the signature.
        let scope_pos = ast[x].span.hi;
        for &(obj, _) in &named {
            self.declare(scope, obj, scope_pos);
        }
        self.close_scope();
        let sig = self.prog.types.intern(Type::Func(Signature { tparams, params, results, variadic }));
        let results = named.into_iter().filter(|n| n.1).map(|n| n.0).collect();
        FuncScope { sig, expr: x, scope, results }
    }

    /// The parameters of a list; the objects of named ones go to `named`, with a mark on results.
    fn params(
        &mut self,
        fields: &[Field],
        kind: VarKind,
        named: &mut Vec<(ObjId, bool)>,
        variadic: &mut bool,
    ) -> Vec<Param> {
        let mut params = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            let ty = match self.ast[field.ty].kind {
                Expr::DotsType(elem) => {
                    let elem = self.var_type(elem);
                    let is_last = i + 1 == fields.len() && field.names.len() <= 1;
                    if kind == VarKind::Param && is_last {
                        *variadic = true;
                    } else {
                        let message = "can only use ... with final parameter in list";
                        self.error_at(Code::InvalidSyntaxTree, field.ty, message);
                    }
                    let ty = self.prog.types.slice(elem);
                    self.record_type(field.ty, ty);
                    ty
                }
                _ => self.var_type(field.ty),
            };
            if field.names.is_empty() {
                params.push(Param { name: Symbol::EMPTY, ty, span: self.span(field.ty) });
            }
            for &name in &field.names {
                params.push(Param { name: name.name, ty, span: name.span });
                named.push((self.new_var(name, ty, kind), kind == VarKind::Result));
            }
        }
        params
    }

    /// A receiver's type; whether it can have methods is checked later.
    fn receiver(&mut self, obj: Option<ObjId>, recv: &Field) -> TypeId {
        let (pointer, base) = self.unpack_receiver(recv.ty);
        let ty = if let Expr::Index(x, ref args) = self.ast[base].kind {
            let (ty, tparams) = self.receiver_tparams(base, x, args, self.span(recv.ty).lo);
            if let Some(obj) = obj {
                self.prog.recv_tparams.insert(obj, tparams);
            }
            match pointer && !ty.is_invalid() {
                true => self.prog.types.pointer(ty),
                false => ty,
            }
        } else {
            self.typ(recv.ty)
        };
        self.later(move |c| c.valid_receiver(base, ty));
        ty
    }

    /// The receiver's type in an instance.
    fn instance_receiver(&mut self, recv: &Field, targs: &mut dyn Iterator<Item = TypeId>) -> TypeId {
        let (pointer, base) = self.unpack_receiver(recv.ty);
        let Expr::Index(x, ref args) = self.ast[base].kind else { return self.typ(recv.ty) };
        let origin = self.generic_type(x);
        let Type::Named(origin) = *self.prog.types.get(origin) else { return TypeId::INVALID };
        let targs: Vec<TypeId> = targs.take(args.len()).collect();
        let names: Vec<Ident> = args
            .iter()
            .filter_map(|&a| match self.ast[a].kind {
                Expr::Name(name) => Some(Ident { name, span: self.span(a) }),
                _ => None,
            })
            .collect();
        self.declare_targs(names.iter(), &mut targs.iter().copied(), self.span(recv.ty).lo);
        let ty = self.prog.types.instantiate(origin, targs);
        if pointer { self.prog.types.pointer(ty) } else { ty }
    }

    /// Takes `(*(T))` apart: whether there is a `*`, and `T`.
    pub(crate) fn unpack_receiver(&self, ty: ExprId) -> (bool, ExprId) {
        let base = self.ast.unparen(ty);
        match self.ast[base].kind {
            Expr::Star(inner) => (true, self.ast.unparen(inner)),
            _ => (false, base),
        }
    }

    /// The same without the type parameters in `T[A, B]`.
    pub(crate) fn unpack_receiver_name(&self, ty: ExprId) -> (bool, ExprId) {
        let (pointer, base) = self.unpack_receiver(ty);
        match self.ast[base].kind {
            Expr::Index(x, _) => (pointer, self.ast.unparen(x)),
            _ => (pointer, base),
        }
    }

    /// Spec: a receiver base type "must not be a pointer or interface type and it must be defined in the same package
    /// as the method".
    fn valid_receiver(&mut self, at: ExprId, ty: TypeId) {
        let base = self.prog.types.deref(ty).unwrap_or(ty);
        if base.is_invalid() {
            return;
        }
        let (code, shown) = (Code::InvalidRecv, self.ts(base));
        match *self.prog.types.get(base) {
            Type::Named(id) => {
                if self.prog.types.named(id).pkg != self.pkg {
                    self.error_at(code, at, format!("cannot define new methods on non-local type {shown}"));
                    return;
                }
                let cause = match self.prog.types.under(base) {
                    Type::Basic(Basic::UnsafePointer) => "unsafe.Pointer",
                    Type::Pointer(_) | Type::Interface(_) => "pointer or interface type",
                    _ => return,
                };
                self.error_at(code, at, format!("invalid receiver type {shown} ({cause})"));
            }
            Type::Basic(_) => {
                self.error_at(code, at, format!("cannot define new methods on non-local type {shown}"));
            }
            _ => {
                let message = format!("invalid receiver type {}", self.ts(ty));
                self.error_at(code, at, message);
            }
        }
    }

    /// The package of a method or field name as interface and struct types keep it.
    pub(super) fn member_pkg(&self, name: Ident) -> PkgId {
        self.name_pkg(name.name)
    }
}
