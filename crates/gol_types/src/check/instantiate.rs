//! Instantiation: type arguments for type parameters, whether they satisfy the constraints, and the objects of
//! instances. Which arguments a call leaves out is found in `infer.rs`.

use std::rc::Rc;

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{Decl, Expr, ExprId};

use super::{Checker, Env, Operand};
use crate::info::{Mode, Selected, SelectionKind, TypeAndValue};
use crate::instances::Instance;
use crate::objects::{ObjId, State};
use crate::types::{NamedId, Signature, Type, TypeId, TypeParamId};

/// A function type that the context asks for, from which the type arguments of a generic function can be inferred.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A [`Type::Func`].
    pub(crate) sig: TypeId,
    /// What asks for it, in words for messages.
    pub(crate) name: Rc<str>,
}

impl Checker<'_> {
    /// A context that asks for a value of type `ty`.
    pub(crate) fn target(&self, ty: TypeId, name: impl FnOnce(&Self) -> String) -> Option<Target> {
        let sig = self.prog.types.common_under(ty)?;
        let is_func = matches!(self.prog.types.get(sig), Type::Func(_));
        is_func.then(|| Target { sig, name: name(self).into() })
    }

    /// The generic function type of an operand, with its type parameters.
    pub(crate) fn generic_signature(&self, x: &Operand) -> Option<&Signature> {
        match self.prog.types.get(x.ty) {
            Type::Func(sig) if x.mode == Mode::Value && !sig.tparams.is_empty() => Some(sig),
            _ => None,
        }
    }

    /// Whether a type is generic and lacks its arguments.
    pub(crate) fn is_generic_type(&self, ty: TypeId) -> bool {
        match *self.prog.types.get(ty) {
            Type::Named(id) => !self.prog.types.named(id).tparams.is_empty(),
            _ => false,
        }
    }

    /// The method of an instance of a generic type that goes with a method of the generic type.
    pub(crate) fn instance_method(&mut self, id: NamedId, method: ObjId) -> ObjId {
        self.obj_decl(method);
        let params = self.prog.recv_tparams.get(&method).cloned().unwrap_or_default();
        let targs = self.prog.types.named(id).targs.clone();
        let map: Vec<_> = params.into_iter().zip(targs).collect();
        let ty = self.prog.objects[method].ty;
        let ty = self.subst_signature(ty, &map);
        if self.prog.objects[method].state != State::Resolved {
            // Its type is not known yet: this object serves the present use only and is not kept as the instance.
            let mut object = self.prog.objects[method].clone();
            object.ty = ty;
            object.state = State::Resolved;
            return self.prog.objects.add(object);
        }
        self.prog.make_instance(Instance { origin: method, recv: Some(id), targs: Vec::new() }, ty)
    }

    /// Substitution in the type of a method, whose own type parameters get constraints of their own.
    fn subst_signature(&mut self, ty: TypeId, map: &[(TypeParamId, TypeId)]) -> TypeId {
        let own = match self.prog.types.get(ty) {
            Type::Func(sig) if !sig.tparams.is_empty() && !map.is_empty() => sig.tparams.clone(),
            _ => return self.prog.types.subst(ty, map),
        };
        let mut tys = [self.without_tparams(ty)];
        let fresh = self.rename_tparams(&own, &mut tys);
        for (&p, own) in fresh.iter().zip(own) {
            let own = self.canon.get(&own).copied().unwrap_or(own);
            self.canon.insert(p, own);
            let bound = self.prog.types.type_param(p).bound;
            self.prog.types.type_param_mut(p).bound = self.prog.types.subst(bound, map);
        }
        let ty = self.prog.types.subst(tys[0], map);
        match self.prog.types.get(ty).clone() {
            Type::Func(sig) => self.prog.types.intern(Type::Func(Signature { tparams: fresh, ..sig })),
            _ => ty,
        }
    }

    /// A generic function type without its type parameters: they are free in it.
    pub(crate) fn without_tparams(&mut self, ty: TypeId) -> TypeId {
        match self.prog.types.get(ty).clone() {
            Type::Func(sig) if !sig.tparams.is_empty() => {
                self.prog.types.intern(Type::Func(Signature { tparams: Vec::new(), ..sig }))
            }
            _ => ty,
        }
    }

    /// Checks the body of an instance; its type parameters are names of its type arguments. Reports nothing.
    pub(crate) fn instance_body(&mut self, instance: &Instance) {
        let ast = self.ast;
        let Some(decl) = self.prog.objects[instance.origin].decl else { return };
        let info = self.prog.decl(decl).clone();
        let Some(Decl::Func(func)) = info.func.map(|id| &ast[id].kind) else { return };
        let Some(body) = &func.body else { return };
        let mut targs = match instance.recv {
            Some(id) => self.prog.types.named(id).targs.clone(),
            None => Vec::new(),
        };
        targs.extend(&instance.targs);
        self.env = Env::new(info.file);
        self.env.decl = Some(decl);
        self.env.instance = Some(targs.into());
        let scope = self.declared_func_type(instance.origin, func);
        self.func_body(Some(decl), &scope, body, None);
        self.process_later();
        self.prog.decl_mut(decl).checked = true;
    }

    /// Instantiates a generic function type, notes it for the expression that denotes the function, and checks later
    /// whether the arguments satisfy their constraints. `written` are the type arguments as they stand.
    pub(crate) fn instantiate_signature(
        &mut self,
        at: Span,
        e: ExprId,
        ty: TypeId,
        targs: Vec<TypeId>,
        written: &[ExprId],
    ) -> TypeId {
        let Type::Func(sig) = self.prog.types.get(ty) else { return TypeId::INVALID };
        let params = sig.tparams.clone();
        let map: Vec<_> = params.iter().copied().zip(targs.iter().copied()).collect();
        let plain = self.without_tparams(ty);
        let result = self.prog.types.subst(plain, &map);
        self.record_instance(e, &targs, result);
        let written = written.to_vec();
        self.later(move |c| c.check_targs(at, &params, &targs, &written));
        result
    }

    /// Reports the first type argument that does not satisfy its constraint.
    pub(crate) fn check_targs(&mut self, at: Span, params: &[TypeParamId], targs: &[TypeId], written: &[ExprId]) {
        match self.verify(params, targs) {
            Err((i, cause)) => {
                let at = written.get(i).map_or(at, |&e| self.start(e));
                let d = Diagnostic::error(Code::InvalidTypeArg, at, cause);
                let d = self.label_constraint(d, params[i]);
                self.report(d);
            }
            Ok(()) => self.record_mono(at, params, targs, written),
        }
    }

    /// Whether type arguments satisfy the constraints of type parameters; if not, which does not, and why.
    pub(crate) fn verify(&mut self, params: &[TypeParamId], targs: &[TypeId]) -> Result<(), (usize, String)> {
        let map: Vec<_> = params.iter().copied().zip(targs.iter().copied()).collect();
        for (i, &(param, targ)) in map.iter().enumerate() {
            let bound = self.prog.types.type_param(param).bound;
            self.complete(bound);
            let bound = self.prog.types.subst(bound, &map);
            self.complete(targ);
            self.satisfies(targ, bound).map_err(|cause| (i, cause))?;
        }
        Ok(())
    }

    /// Notes the type arguments of a generic function where it is used; without type parameters in them, the instance
    /// takes the place of the generic function.
    fn record_instance(&mut self, e: ExprId, targs: &[TypeId], sig: TypeId) {
        let concrete = !targs.iter().any(|&t| self.prog.types.mentions_params(t));
        let mut e = e;
        loop {
            self.prog.info.record(e, TypeAndValue { mode: Mode::Value, ty: sig, value: None });
            match self.ast[e].kind {
                Expr::Paren(inner) => e = inner,
                Expr::Index(inner, _) => {
                    self.prog.info.instances.insert(e, targs.to_vec());
                    e = inner;
                }
                _ => break,
            }
        }
        self.prog.info.instances.insert(e, targs.to_vec());
        if !concrete {
            return;
        }
        if let Some(&obj) = self.prog.info.uses.get(&e) {
            let instance = self.prog.make_instance(Instance { origin: obj, recv: None, targs: targs.to_vec() }, sig);
            self.prog.info.uses.insert(e, instance);
        } else if let Some(sel) = self.prog.info.selections.get(&e)
            && let Selected::Method(m) = sel.selected
        {
            let of = self.prog.instance(m).cloned();
            let (origin, recv) = of.map_or((m, None), |i| (i.origin, i.recv));
            if recv
                .is_some_and(|id| self.prog.types.named(id).targs.iter().any(|&t| self.prog.types.mentions_params(t)))
            {
                return;
            }
            // The type of a method expression has the receiver in front.
            let method = match (sel.kind, self.prog.types.get(sig)) {
                (SelectionKind::MethodExpr, Type::Func(f)) => {
                    let params = f.params[1..].to_vec();
                    let f = Signature { params, ..f.clone() };
                    self.prog.types.intern(Type::Func(f))
                }
                _ => sig,
            };
            let instance = self.prog.make_instance(Instance { origin, recv, targs: targs.to_vec() }, method);
            if let Some(sel) = self.prog.info.selections.get_mut(&e) {
                sel.selected = Selected::Method(instance);
                sel.ty = sig;
            }
        }
    }

    /// A list of type arguments; `None`: one is wrong, and reported.
    pub(crate) fn type_list(&mut self, list: &[ExprId]) -> Option<Vec<TypeId>> {
        let tys: Vec<TypeId> = list.iter().map(|&e| self.typ(e)).collect();
        (!tys.iter().any(|t| t.is_invalid())).then_some(tys)
    }

    /// Instantiates the generic function `x`, with the type arguments of an index expression if there is one, and with
    /// what a function type `target` says. Unless `infer`, type arguments that do not suffice come back and `x` stays.
    pub(crate) fn func_inst(
        &mut self,
        target: Option<Target>,
        x: &mut Operand,
        inst: Option<(ExprId, &[ExprId])>,
        infer: bool,
    ) -> Option<Vec<TypeId>> {
        let at = match inst {
            Some((e, _)) => {
                x.expr = e;
                self.own_place(e)
            }
            None => self.own_place(x.expr),
        };
        let written = inst.map_or(&[][..], |i| i.1);
        let Some(mut targs) = self.type_list(written) else {
            x.spoil();
            return None;
        };
        let sig = self.generic_signature(x).cloned()?;
        let (got, want) = (targs.len(), sig.tparams.len());
        if got > want {
            self.error_at(
                Code::WrongTypeArgCount,
                written[got - 1],
                format!("got {got} type arguments but want {want}"),
            );
            x.spoil();
            return None;
        }
        if got < want {
            if !infer {
                return Some(targs);
            }
            let mut params = Vec::new();
            let mut args = Vec::new();
            if let Some(target) = target {
                params.push(self.without_tparams(x.ty));
                args.push(Operand::new(Mode::Value, target.sig, x.expr).named(target.name));
            }
            let tparams = self.rename_tparams(&sig.tparams, &mut params);
            let known = targs.iter().map(|&t| Some(t)).collect();
            match self.infer(at, &tparams, known, &params, &mut args, true) {
                Ok(found) => targs = found,
                Err(why) => {
                    if let Some((at, message)) = why {
                        self.error(Code::CannotInferTypeArgs, at, message);
                    }
                    x.spoil();
                    return None;
                }
            }
        }
        x.ty = self.instantiate_signature(at, x.expr, x.ty, targs, written);
        x.mode = Mode::Value;
        None
    }

    /// Spoils a generic type or function that lacks its type arguments; for a function a function type `target` may
    /// give them.
    pub(crate) fn non_generic(&mut self, x: &mut Operand, target: Option<Target>) {
        let what = match x.mode {
            Mode::TypeExpr if self.is_generic_type(x.ty) || self.names_generic_alias(x.expr) => "type",
            Mode::Value if self.generic_signature(x).is_some() => {
                if target.is_some() {
                    self.func_inst(target, x, None, true);
                    return;
                }
                "function"
            }
            _ => return,
        };
        let message = format!("cannot use generic {what} {} without instantiation", self.es(x.expr));
        self.error_at(Code::WrongTypeArgCount, x.expr, message);
        x.spoil();
    }

    /// The generic alias that an expression names.
    pub(crate) fn generic_alias(&self, e: ExprId) -> Option<ObjId> {
        let obj = *self.prog.info.uses.get(&self.ast.unparen(e))?;
        self.prog.generic_aliases.contains_key(&obj).then_some(obj)
    }

    fn names_generic_alias(&self, e: ExprId) -> bool {
        matches!(self.ast[self.ast.unparen(e)].kind, Expr::Name(_) | Expr::Selector(..))
            && self.generic_alias(e).is_some()
    }

    /// `x[args]` as a type.
    pub(super) fn instantiated_type(&mut self, e: ExprId, x: ExprId, args: &[ExprId]) -> TypeId {
        let ty = self.generic_type(x);
        if ty.is_invalid() {
            self.use_exprs(args);
            return ty;
        }
        let alias = self.generic_alias(x);
        let origin = match *self.prog.types.get(ty) {
            Type::Named(id) if self.is_generic_type(ty) => Some(id),
            _ => None,
        };
        if alias.is_none() && origin.is_none() {
            let list: Vec<String> = args.iter().map(|&a| self.es(a)).collect();
            let message = format!(
                "invalid operation: {}[{}] ({} is not a generic type)",
                self.es(x),
                list.join(", "),
                self.ts(ty)
            );
            self.error_at(Code::NotAGenericType, x, message);
            self.use_exprs(args);
            return TypeId::INVALID;
        }
        let Some(targs) = self.type_list(args) else { return TypeId::INVALID };
        let (obj, params) = match (alias, origin) {
            (Some(obj), _) => (obj, self.prog.generic_aliases[&obj].0.clone()),
            (_, Some(id)) => (self.prog.types.named(id).obj, self.prog.types.named(id).tparams.clone()),
            _ => return TypeId::INVALID,
        };
        if targs.len() != params.len() {
            let (have, want) = (targs.len(), params.len());
            let qualifier = if have < want { "not enough" } else { "too many" };
            let at = self.start(x);
            let name = self.text(self.prog.objects[obj].name);
            let message = format!("{qualifier} type arguments for type {name}: have {have}, want {want}");
            let d = Diagnostic::error(Code::WrongTypeArgCount, at, message);
            let d = self.label_object(d, obj, "the type is declared here");
            self.report(d);
            return TypeId::INVALID;
        }
        self.prog.info.instances.insert(e, targs.clone());
        let ty = match (alias, origin) {
            (None, Some(id)) => self.prog.types.instantiate(id, targs.clone()),
            _ => {
                let map: Vec<_> = params.iter().copied().zip(targs.iter().copied()).collect();
                let rhs = self.prog.generic_aliases[&obj].1;
                self.prog.types.subst(rhs, &map)
            }
        };
        let (at, args) = (self.start(x), args.to_vec());
        if let Type::Named(id) = *self.prog.types.get(ty) {
            self.prog.instance_places.entry(id).or_insert((at, ty));
        }
        self.later(move |c| {
            c.complete(ty);
            c.check_targs(at, &params, &targs, &args);
        });
        ty
    }
}
