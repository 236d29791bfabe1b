//! Substitution of type arguments for type parameters, and instances of generic types.
//!
//! An instance is a declared type of its own, one for each generic type and list of arguments, so identity stays
//! equality of ids. Its underlying type is made as soon as that of the generic type is known.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::types::{Interface, Method, Named, NamedId, Term, Type, TypeId, TypeParamId, Types};

/// How many instances one instantiation may lead to: an instantiation that never ends is reported elsewhere.
const MAX_EXPANSIONS: usize = 2_000;

/// How deeply a type may nest.
const MAX_NESTING: u32 = 500;

/// How many types a type may mention: their texts stand for types in messages, and at run time.
const MAX_MENTIONED: u32 = 20_000;

/// What is known of all types that a type's text mentions: found when the type is made, since types may mention each
/// other many times over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// A type parameter is among them.
    pub(crate) params: bool,
    /// How deeply they nest.
    pub(crate) nesting: u32,
    /// How many there are, each time that it is mentioned.
    pub(crate) size: u32,
}

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
        Replacement { types: self, map, done: FxHashMap::default() }.ty(ty)
    }

    /// Whether a type mentions a type parameter.
    pub fn mentions_params(&self, ty: TypeId) -> bool {
        self.extent(ty).params
    }

    /// Whether a type mentions one of the type parameters that `which` picks.
    pub fn mentions(&self, ty: TypeId, which: &dyn Fn(TypeParamId) -> bool) -> bool {
        self.mentions_in(ty, which, &mut FxHashSet::default())
    }

    /// The same without the types of `seen`.
    fn mentions_in(&self, ty: TypeId, which: &dyn Fn(TypeParamId) -> bool, seen: &mut FxHashSet<TypeId>) -> bool {
        if !self.mentions_params(ty) {
            return false;
        }
        if let Type::TypeParam(p) = self.get(ty) {
            return which(*p);
        }
        seen.insert(ty) && self.parts(self.get(ty)).into_iter().any(|t| self.mentions_in(t, which, seen))
    }

    /// The types that a type's text consists of; of an instance its type arguments.
    fn parts(&self, ty: &Type) -> Vec<TypeId> {
        match ty {
            Type::Basic(_) | Type::TypeParam(_) => Vec::new(),
            Type::Named(id) => {
                let n = self.named(*id);
                if n.origin.is_some() { n.targs.clone() } else { Vec::new() }
            }
            Type::Pointer(e) | Type::Slice(e) | Type::Array(e, _) | Type::Chan(_, e) => vec![*e],
            Type::Map(k, e) => vec![*k, *e],
            Type::Tuple(m) => m.clone(),
            Type::Struct(fields) => fields.iter().map(|f| f.ty).collect(),
            Type::Func(sig) => sig.params.iter().chain(&sig.results).map(|p| p.ty).collect(),
            Type::Interface(i) => {
                let methods = i.methods.iter().map(|m| m.ty);
                let terms = i.terms.iter().flatten().map(|t| t.ty);
                methods.chain(terms).chain(i.written.iter().flat_map(|w| w.embeds.iter().copied())).collect()
            }
            Type::Union(terms) => terms.iter().map(|t| t.ty).collect(),
        }
    }

    /// Whether a type mentions more types than gol can bear.
    pub fn is_too_large(&self, ty: TypeId) -> bool {
        let extent = self.extent(ty);
        extent.nesting > MAX_NESTING || extent.size > MAX_MENTIONED
    }

    /// An instance that stays without a structure, since it is too large or leads to too many others.
    pub fn overgrown(&self) -> Option<NamedId> {
        self.overgrown
    }

    /// The extent of a type whose parts have theirs.
    pub(crate) fn extent_of(&self, ty: &Type) -> Extent {
        let mut all = Extent { params: matches!(ty, Type::TypeParam(_)), nesting: 0, size: 1 };
        for part in self.parts(ty) {
            let part = self.extent(part);
            all.params |= part.params;
            all.nesting = all.nesting.max(part.nesting + 1);
            all.size = all.size.saturating_add(part.size);
        }
        all
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
            if budget == 0 || targs.iter().any(|&t| self.is_too_large(t)) {
                self.overgrown.get_or_insert(id);
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
}

/// One substitution under way.
struct Replacement<'a> {
    types: &'a mut Types,
    map: &'a Substitution,
    /// What became of the composed types so far: they may be mentioned many times over.
    done: FxHashMap<TypeId, TypeId>,
}

impl Replacement<'_> {
    fn ty(&mut self, ty: TypeId) -> TypeId {
        if !self.types.mentions_params(ty) {
            return ty;
        }
        if let Type::TypeParam(p) = *self.types.get(ty) {
            return self.map.iter().find(|m| m.0 == p).map_or(ty, |m| m.1);
        }
        if let Some(&new) = self.done.get(&ty) {
            return new;
        }
        let new = self.composed(ty);
        self.done.insert(ty, new);
        new
    }

    fn composed(&mut self, ty: TypeId) -> TypeId {
        let new = match self.types.get(ty).clone() {
            Type::Basic(_) | Type::TypeParam(_) => return ty,
            Type::Named(id) => {
                let named = self.types.named(id);
                let Some(origin) = named.origin else { return ty };
                let targs = named.targs.clone();
                let targs = targs.into_iter().map(|t| self.ty(t)).collect();
                return self.types.instance_of(origin, targs);
            }
            Type::Pointer(e) => Type::Pointer(self.ty(e)),
            Type::Slice(e) => Type::Slice(self.ty(e)),
            Type::Array(e, n) => Type::Array(self.ty(e), n),
            Type::Map(k, e) => Type::Map(self.ty(k), self.ty(e)),
            Type::Chan(d, e) => Type::Chan(d, self.ty(e)),
            Type::Tuple(m) => Type::Tuple(m.into_iter().map(|t| self.ty(t)).collect()),
            Type::Struct(mut fields) => {
                for f in &mut fields {
                    f.ty = self.ty(f.ty);
                }
                Type::Struct(fields)
            }
            Type::Func(mut sig) => {
                for p in sig.params.iter_mut().chain(&mut sig.results) {
                    p.ty = self.ty(p.ty);
                }
                Type::Func(sig)
            }
            Type::Interface(i) => Type::Interface(self.interface(i)),
            Type::Union(terms) => Type::Union(self.terms(terms)),
        };
        self.types.intern(new)
    }

    fn terms(&mut self, terms: Vec<Term>) -> Vec<Term> {
        terms.into_iter().map(|t| Term { tilde: t.tilde, ty: self.ty(t.ty) }).collect()
    }

    fn methods(&mut self, list: &mut [Method]) {
        for m in list {
            m.ty = self.ty(m.ty);
        }
    }

    fn interface(&mut self, mut i: Interface) -> Interface {
        self.methods(&mut i.methods);
        i.terms = i.terms.map(|terms| self.terms(terms));
        if let Some(w) = &mut i.written {
            self.methods(&mut w.explicit);
            for e in &mut w.embeds {
                *e = self.ty(*e);
            }
        }
        i
    }
}
