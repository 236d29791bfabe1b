//! Inference of type arguments from the arguments of a call and from constraints. Spec: "Type inference".

use gol_source::Span;

use super::unify::{ASSIGN, EXACT, LOOSE, Unifier};
use super::{Checker, Lookup, Operand};
use crate::objects::ObjKind;
use crate::types::{TypeId, TypeParam, TypeParamId};

/// Why inference failed: where, and in which words; nothing if it is reported already.
pub(super) type Failure = Option<(Span, String)>;

impl Checker<'_> {
    /// Fresh type parameters for `params`, in whose place they are put in `tys`: so that those of a function that calls
    /// itself are not taken for those of the caller.
    pub(super) fn rename_tparams(&mut self, params: &[TypeParamId], tys: &mut [TypeId]) -> Vec<TypeParamId> {
        let mut map = Vec::new();
        for &p in params {
            let copy: TypeParam = self.prog.types.type_param(p).clone();
            map.push((p, self.prog.types.new_type_param(copy)));
        }
        let fresh: Vec<TypeParamId> = map.iter().map(|m| m.1.0).collect();
        let map: Vec<_> = map.into_iter().map(|(p, (_, ty))| (p, ty)).collect();
        for &p in &fresh {
            let bound = self.prog.types.type_param(p).bound;
            self.complete(bound);
            self.prog.types.type_param_mut(p).bound = self.prog.types.subst(bound, &map);
        }
        for ty in tys {
            *ty = self.prog.types.subst(*ty, &map);
        }
        fresh
    }

    /// The type arguments for `tparams`, some of which may be known. `params` are the parameters' types for `args`.
    pub(super) fn infer(
        &mut self,
        at: Span,
        tparams: &[TypeParamId],
        targs: Vec<Option<TypeId>>,
        params: &[TypeId],
        args: &mut [Operand],
        reverse: bool,
    ) -> Result<Vec<TypeId>, Failure> {
        let n = tparams.len();
        if targs.len() == n && targs.iter().all(Option::is_some) {
            return Ok(targs.into_iter().flatten().collect());
        }
        if args.iter().any(Operand::is_invalid) {
            return Err(None);
        }
        let known: Vec<_> = tparams.iter().copied().zip(&targs).filter_map(|(p, t)| Some((p, (*t)?))).collect();
        let params: Vec<TypeId> = params.iter().map(|&p| self.prog.types.subst(p, &known)).collect();
        let mut u = Unifier::new(tparams, &targs);
        let ours = |p: TypeParamId| tparams.contains(&p);
        let mut untyped = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let (par, ty) = (params[i], arg.ty);
            let types = &self.prog.types;
            if !types.mentions(par, &ours) && !types.mentions(ty, &ours) {
                continue;
            }
            if types.is_typed(ty) {
                // The type parameters of a generic argument are among ours.
                let plain = self.without_tparams(ty);
                if !u.unify(self, par, plain, ASSIGN) {
                    return Err(Some(self.mismatch(&u, par, arg, reverse)));
                }
            } else if types.as_type_param(par).is_some() && !arg.is_nil() {
                untyped.push(i);
            }
        }
        self.infer_from_constraints(at, &mut u)?;
        let mut largest: Vec<Option<TypeId>> = vec![None; n];
        for i in untyped {
            let Some(k) = self.prog.types.as_type_param(params[i]).and_then(|p| tparams.iter().position(|&t| t == p))
            else {
                continue;
            };
            if u.at(k).is_some() {
                continue;
            }
            let ty = args[i].ty;
            let max = match largest[k] {
                None => ty,
                Some(old) => match self.max_type(old, ty) {
                    Some(max) => max,
                    None => {
                        let name = self.text(self.prog.types.type_param(tparams[k]).name);
                        let (a, b) = (self.ts(old), self.ts(ty));
                        let message = format!("mismatched types {a} and {b} (cannot infer {name})");
                        return Err(Some((self.start(args[i].expr), message)));
                    }
                },
            };
            largest[k] = Some(max);
        }
        for (k, ty) in largest.into_iter().enumerate() {
            if let Some(ty) = ty {
                u.set(k, self.prog.types.default_type(ty));
            }
        }
        self.simplify(at, tparams, u.inferred())
    }

    /// Core types and methods of constraints against what is known, until nothing is new.
    fn infer_from_constraints(&mut self, at: Span, u: &mut Unifier) -> Result<(), Failure> {
        let tparams = u.tparams.clone();
        loop {
            let before = u.unknowns();
            for (k, &p) in tparams.iter().enumerate() {
                let param = self.prog.types.param_type(p);
                let known = u.at(k);
                if let Some((core, tilde, single)) = self.core_term(param) {
                    match known {
                        Some(ty) if !u.unify(self, ty, core, LOOSE) => {
                            return Err(Some((at, self.unsatisfied(p, ty, ""))));
                        }
                        Some(_) => {}
                        None if single && !tilde => u.set(k, core),
                        None => {}
                    }
                }
                let ours = |q: TypeParamId| tparams.contains(&q);
                if let Some(ty) = known
                    && !self.prog.types.mentions(ty, &ours)
                {
                    let bound = self.prog.types.type_param(p).bound;
                    let methods = self.prog.types.constraint(param).map_or(Vec::new(), |i| i.methods.clone());
                    for m in methods {
                        let Lookup::Found { ty: have, .. } =
                            self.lookup_field_or_method(ty, false, self.pkg, m.name, false)
                        else {
                            let cause = self.missing_method(ty, bound, true).err().unwrap_or_default();
                            return Err(Some((at, self.unsatisfied(p, ty, &cause))));
                        };
                        if !u.unify(self, have, m.ty, EXACT) {
                            let cause = self.missing_method(ty, bound, true).err().unwrap_or_default();
                            return Err(Some((at, self.unsatisfied(p, ty, &cause))));
                        }
                    }
                }
            }
            if u.unknowns() == before {
                return Ok(());
            }
        }
    }

    fn unsatisfied(&self, p: TypeParamId, ty: TypeId, cause: &str) -> String {
        let param = self.prog.types.type_param(p);
        let (name, bound) = (self.text(param.name), self.ts(param.bound));
        let message = format!("{name} (type {}) does not satisfy {bound} {cause}", self.ts(ty));
        message.trim_end().to_string()
    }

    /// The type that all types of a constraint's type set come down to, whether a `~` is there, and whether it is the
    /// only term.
    fn core_term(&self, param: TypeId) -> Option<(TypeId, bool, bool)> {
        let terms = self.prog.types.terms(param)?;
        if let [only] = terms {
            return Some((only.ty, only.tilde, true));
        }
        let tilde = terms.iter().any(|t| t.tilde);
        self.prog.types.common_under(param).map(|ty| (ty, tilde, false))
    }

    /// Puts what was inferred into itself until no type parameter is left.
    fn simplify(
        &mut self,
        at: Span,
        tparams: &[TypeParamId],
        inferred: Vec<Option<TypeId>>,
    ) -> Result<Vec<TypeId>, Failure> {
        let ours = |p: TypeParamId| tparams.contains(&p);
        let mut inferred = inferred;
        for _ in 0..=tparams.len() {
            let map: Vec<_> = tparams.iter().copied().zip(&inferred).filter_map(|(p, t)| Some((p, (*t)?))).collect();
            let mut changed = false;
            for t in inferred.iter_mut().flatten() {
                if self.prog.types.mentions(*t, &ours) {
                    let new = self.prog.types.subst(*t, &map);
                    changed |= new != *t;
                    *t = new;
                }
            }
            if !changed {
                break;
            }
        }
        let mut all = Vec::new();
        for (k, ty) in inferred.into_iter().enumerate() {
            match ty {
                Some(ty) if !self.prog.types.mentions(ty, &ours) => all.push(ty),
                _ => {
                    let param = self.prog.types.type_param(tparams[k]);
                    let declared = self.prog.objects[param.obj].span;
                    let message =
                        format!("cannot infer {} (declared at {})", self.text(param.name), self.place(declared));
                    return Err(Some((at, message)));
                }
            }
        }
        Ok(all)
    }

    /// The words for an argument whose type does not go with its parameter.
    fn mismatch(&mut self, u: &Unifier, par: TypeId, arg: &Operand, reverse: bool) -> (Span, String) {
        let at = self.start(arg.expr);
        let found = u.inferred();
        let (targ, expr) = (self.ts(arg.ty), self.shown(arg));
        if found.iter().all(Option::is_none) {
            let names: Vec<&str> = u.tparams.iter().map(|&p| self.text(self.prog.types.type_param(p).name)).collect();
            let names = match &names[..] {
                [a, b] => format!("{a} and {b}"),
                [first @ .., last] if !first.is_empty() => format!("{}, and {last}", first.join(", ")),
                _ => names.concat(),
            };
            let message = format!("type {targ} of {expr} does not match {} (cannot infer {names})", self.ts(par));
            return (at, message);
        }
        let map: Vec<_> = u.tparams.iter().copied().zip(found).filter_map(|(p, t)| Some((p, t?))).collect();
        let inferred = self.prog.types.subst(par, &map);
        let (text, tpar) = (self.ts(inferred), self.ts(par));
        let message = if inferred == par {
            format!("type {targ} of {expr} does not match {tpar}")
        } else if reverse {
            format!("inferred type {text} for {tpar} does not match type {targ} of {expr}")
        } else {
            format!("type {targ} of {expr} does not match inferred type {text} for {tpar}")
        };
        (at, message)
    }

    /// Whether an object is a type parameter.
    pub(crate) fn is_type_param_object(&self, obj: crate::objects::ObjId) -> bool {
        let o = &self.prog.objects[obj];
        matches!(o.kind, ObjKind::TypeName { .. }) && self.prog.types.as_type_param(o.ty).is_some()
    }
}
