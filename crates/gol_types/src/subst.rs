//! Substitution of type arguments for type parameters, and instances of generic types.
//!
//! An instance is a declared type of its own, one for each generic type and list of arguments, so identity stays
//! equality of ids. Its underlying type is made as soon as that of the generic type is known.

use crate::types::{Interface, Method, Named, NamedId, Param, Signature, Term, Type, TypeId, TypeParamId, Types};

/// How many instances one instantiation may lead to: an instantiation that never ends is reported elsewhere.
const MAX_EXPANSIONS: usize = 2_000;

/// How deeply type arguments may nest.
const MAX_NESTING: u32 = 40;

/// What stands for type parameters.
pub type Substitution = [(TypeParamId, TypeId)];

impl Types {
    /// A type with type arguments in place of type parameters.
    pub fn subst(&mut self, ty: TypeId, map: &Substitution) -> TypeId {
        if map.is_empty() {
            return ty;
        }
        let ty = self.replace(ty, map);
        self.expand();
        ty
    }

    fn replace(&mut self, ty: TypeId, map: &Substitution) -> TypeId {
        if !self.mentions_params(ty) {
            return ty;
        }
        let new = match self.get(ty).clone() {
            Type::Basic(_) => return ty,
            Type::TypeParam(p) => return map.iter().find(|m| m.0 == p).map_or(ty, |m| m.1),
            Type::Named(id) => {
                let named = self.named(id);
                let Some(origin) = named.origin else { return ty };
                let targs = named.targs.clone();
                let targs = targs.into_iter().map(|t| self.replace(t, map)).collect();
                return self.instance_of(origin, targs);
            }
            Type::Pointer(e) => Type::Pointer(self.replace(e, map)),
            Type::Slice(e) => Type::Slice(self.replace(e, map)),
            Type::Array(e, n) => Type::Array(self.replace(e, map), n),
            Type::Map(k, e) => Type::Map(self.replace(k, map), self.replace(e, map)),
            Type::Chan(d, e) => Type::Chan(d, self.replace(e, map)),
            Type::Tuple(m) => Type::Tuple(m.into_iter().map(|t| self.replace(t, map)).collect()),
            Type::Struct(mut fields) => {
                for f in &mut fields {
                    f.ty = self.replace(f.ty, map);
                }
                Type::Struct(fields)
            }
            Type::Func(sig) => Type::Func(self.replace_signature(sig, map)),
            Type::Interface(i) => Type::Interface(self.replace_interface(i, map)),
            Type::Union(terms) => Type::Union(self.replace_terms(terms, map)),
        };
        self.intern(new)
    }

    fn replace_signature(&mut self, mut sig: Signature, map: &Substitution) -> Signature {
        let list = |c: &mut Types, params: &mut Vec<Param>| {
            for p in params {
                p.ty = c.replace(p.ty, map);
            }
        };
        list(self, &mut sig.params);
        list(self, &mut sig.results);
        sig
    }

    fn replace_terms(&mut self, terms: Vec<Term>, map: &Substitution) -> Vec<Term> {
        terms.into_iter().map(|t| Term { tilde: t.tilde, ty: self.replace(t.ty, map) }).collect()
    }

    fn replace_interface(&mut self, mut i: Interface, map: &Substitution) -> Interface {
        let methods = |c: &mut Types, list: &mut Vec<Method>| {
            for m in list {
                m.ty = c.replace(m.ty, map);
            }
        };
        methods(self, &mut i.methods);
        i.terms = i.terms.map(|terms| self.replace_terms(terms, map));
        if let Some(w) = &mut i.written {
            methods(self, &mut w.explicit);
            for e in &mut w.embeds {
                *e = self.replace(*e, map);
            }
        }
        i
    }

    /// Whether a type mentions a type parameter.
    pub fn mentions_params(&self, ty: TypeId) -> bool {
        self.mentions(ty, &|_| true)
    }

    /// Whether a type mentions one of the type parameters that `which` picks.
    pub fn mentions(&self, ty: TypeId, which: &dyn Fn(TypeParamId) -> bool) -> bool {
        let any = |t: &TypeId| self.mentions(*t, which);
        match self.get(ty) {
            Type::Basic(_) => false,
            Type::TypeParam(p) => which(*p),
            Type::Named(id) => {
                let n = self.named(*id);
                n.origin.is_some() && n.targs.iter().any(any)
            }
            Type::Pointer(e) | Type::Slice(e) | Type::Array(e, _) | Type::Chan(_, e) => any(e),
            Type::Map(k, e) => any(k) || any(e),
            Type::Tuple(m) => m.iter().any(any),
            Type::Struct(fields) => fields.iter().any(|f| any(&f.ty)),
            Type::Func(sig) => sig.params.iter().chain(&sig.results).any(|p| any(&p.ty)),
            Type::Interface(i) => {
                i.methods.iter().any(|m| any(&m.ty))
                    || i.terms.iter().flatten().any(|t| any(&t.ty))
                    || i.written.as_ref().is_some_and(|w| w.embeds.iter().any(any))
            }
            Type::Union(terms) => terms.iter().any(|t| any(&t.ty)),
        }
    }

    /// The instance of a generic type.
    pub fn instantiate(&mut self, origin: NamedId, targs: Vec<TypeId>) -> TypeId {
        let ty = self.instance_of(origin, targs);
        self.expand();
        ty
    }

    fn instance_of(&mut self, origin: NamedId, targs: Vec<TypeId>) -> TypeId {
        let key = (origin, targs);
        if let Some(&ty) = self.instances.get(&key) {
            return ty;
        }
        let Named { obj, name, pkg, local, .. } = *self.named(origin);
        let named = Named {
            obj,
            name,
            pkg,
            underlying: TypeId::INVALID,
            methods: Vec::new(),
            local,
            tparams: Vec::new(),
            origin: Some(origin),
            targs: key.1.clone(),
        };
        let (id, ty) = self.new_named(named);
        self.instances.insert(key, ty);
        self.unexpanded.push(id);
        ty
    }

    /// Makes the underlying types of instances whose generic types have theirs.
    pub(crate) fn expand(&mut self) {
        if self.unexpanded.is_empty() {
            return;
        }
        let mut waiting = Vec::new();
        let mut list = std::collections::VecDeque::from(std::mem::take(&mut self.unexpanded));
        let mut budget = MAX_EXPANSIONS;
        while let Some(id) = list.pop_front() {
            let n = self.named(id);
            let Some(origin) = n.origin else { continue };
            let (targs, generic) = (n.targs.clone(), self.named(origin));
            let (under, params) = (generic.underlying, generic.tparams.clone());
            if under.is_invalid() {
                waiting.push(id);
                continue;
            }
            if budget == 0 || targs.iter().any(|&t| self.nesting(t) > MAX_NESTING) {
                continue;
            }
            budget -= 1;
            let map: Vec<_> = params.into_iter().zip(targs).collect();
            let under = self.replace(under, &map);
            self.named_mut(id).underlying = under;
            list.extend(std::mem::take(&mut self.unexpanded));
        }
        self.unexpanded = waiting;
    }

    /// How deeply a type's text nests, as far as type arguments matter.
    fn nesting(&self, ty: TypeId) -> u32 {
        match self.get(ty) {
            Type::Pointer(e) | Type::Slice(e) | Type::Array(e, _) | Type::Chan(_, e) => 1 + self.nesting(*e),
            Type::Map(k, e) => 1 + self.nesting(*k).max(self.nesting(*e)),
            Type::Named(id) => {
                let n = self.named(*id);
                if n.origin.is_none() {
                    return 0;
                }
                1 + n.targs.iter().map(|t| self.nesting(*t)).max().unwrap_or(0)
            }
            Type::Struct(fields) => 1 + fields.iter().map(|f| self.nesting(f.ty)).max().unwrap_or(0),
            Type::Func(sig) => 1 + sig.params.iter().chain(&sig.results).map(|p| self.nesting(p.ty)).max().unwrap_or(0),
            _ => 0,
        }
    }
}
