//! Unification: which types stand for type parameters so that two types become the same.
//!
//! Spec: "Type unification". Loose unification (not [`Mode::exact`]) takes the underlying type of a declared type against
//! a type literal, lets channel directions differ, and an interface match a type with its methods; inside of types
//! matched for assignment it is exact.

use super::{Checker, Lookup};
use crate::info::Selected;
use crate::types::{ChanDir, Interface, Type, TypeId, TypeParamId};

/// How deeply types may nest before unification gives up.
const MAX_DEPTH: u32 = 100;

/// How strict unification is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Strictness {
    /// The types are those of an assignment: what they consist of must match exactly.
    pub(super) assign: bool,
    /// No looseness at all.
    pub(super) exact: bool,
}

/// Loose inside and outside.
pub(super) const LOOSE: Strictness = Strictness { assign: false, exact: false };
/// Loose outside, exact inside.
pub(super) const ASSIGN: Strictness = Strictness { assign: true, exact: false };
/// Exact.
pub(super) const EXACT: Strictness = Strictness { assign: false, exact: true };

/// Type parameters and what is known of them so far. Parameters that are unified with each other share a slot.
pub(super) struct Unifier {
    pub(super) tparams: Vec<TypeParamId>,
    slot_of: Vec<usize>,
    slots: Vec<Option<TypeId>>,
    depth: u32,
}

impl Unifier {
    pub(super) fn new(tparams: &[TypeParamId], targs: &[Option<TypeId>]) -> Unifier {
        let n = tparams.len();
        let mut slots = targs.to_vec();
        slots.resize(n, None);
        Unifier { tparams: tparams.to_vec(), slot_of: (0..n).collect(), slots, depth: 0 }
    }

    fn bound(&self, c: &Checker<'_>, ty: TypeId) -> Option<usize> {
        let p = c.prog.types.as_type_param(ty)?;
        self.tparams.iter().position(|&t| t == p)
    }

    pub(super) fn at(&self, i: usize) -> Option<TypeId> {
        self.slots[self.slot_of[i]]
    }

    pub(super) fn set(&mut self, i: usize, ty: TypeId) {
        self.slots[self.slot_of[i]] = Some(ty);
    }

    /// Makes two parameters one; false if both have types already.
    fn join(&mut self, i: usize, j: usize) -> bool {
        let (a, b) = (self.slot_of[i], self.slot_of[j]);
        if a == b {
            return true;
        }
        match (self.slots[a], self.slots[b]) {
            (Some(_), Some(_)) => return false,
            (None, known) => self.slots[a] = known,
            _ => {}
        }
        for s in &mut self.slot_of {
            if *s == b {
                *s = a;
            }
        }
        true
    }

    /// How many are unknown.
    pub(super) fn unknowns(&self) -> usize {
        (0..self.tparams.len()).filter(|&i| self.at(i).is_none()).count()
    }

    pub(super) fn inferred(&self) -> Vec<Option<TypeId>> {
        (0..self.tparams.len()).map(|i| self.at(i)).collect()
    }

    /// Unifies two types.
    pub(super) fn unify(&mut self, c: &mut Checker<'_>, x: TypeId, y: TypeId, mode: Strictness) -> bool {
        if x == y {
            return true;
        }
        if self.depth > MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        let ok = self.nify(c, x, y, mode);
        self.depth -= 1;
        ok
    }

    fn nify(&mut self, c: &mut Checker<'_>, x: TypeId, y: TypeId, mode: Strictness) -> bool {
        let (mut x, mut y) = (x, y);
        let is_named = |c: &Checker<'_>, t| matches!(c.prog.types.get(t), Type::Named(_));
        if is_named(c, x) {
            std::mem::swap(&mut x, &mut y);
        }
        let literal = !matches!(c.prog.types.get(x), Type::Named(_) | Type::TypeParam(_));
        if !mode.exact && is_named(c, y) && literal && !c.prog.types.is_interface(x) {
            c.complete(y);
            y = c.prog.types.underlying(y);
            if y.is_invalid() {
                return false;
            }
        }
        let (mut px, mut py) = (self.bound(c, x), self.bound(c, y));
        if let (Some(i), Some(j)) = (px, py) {
            if self.join(i, j) {
                return true;
            }
            // Both have types, which must match.
            y = self.at(j).unwrap_or(y);
            py = None;
        }
        if px.is_none() && py.is_some() {
            std::mem::swap(&mut x, &mut y);
            std::mem::swap(&mut px, &mut py);
        }
        if let Some(i) = px {
            return self.param(c, i, y, mode);
        }
        if x == y {
            return true;
        }
        if !mode.exact
            && let Some(ok) = self.interfaces(c, x, y)
        {
            return ok;
        }
        if c.prog.types.as_type_param(y).is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        self.structures(c, x, y, mode)
    }

    /// A parameter of ours and a type.
    fn param(&mut self, c: &mut Checker<'_>, i: usize, y: TypeId, mode: Strictness) -> bool {
        let Some(x) = self.at(i) else {
            self.set(i, y);
            return true;
        };
        if !self.unify(c, x, y, mode) {
            return false;
        }
        let types = &c.prog.types;
        let named = |t| matches!(types.get(t), Type::Named(_));
        let (xi, yi) = (types.is_interface(x), types.is_interface(y));
        if xi && yi {
            if named(x) && named(y) {
                return x == y;
            }
            let count = |t| types.constraint(t).map_or(0, |i| i.methods.len());
            if count(x) != count(y) {
                return false;
            }
        } else if xi || yi {
            return false;
        }
        if !mode.exact && !named(x) {
            let one_way = matches!(types.under(y), Type::Chan(d, _) if *d != ChanDir::Both);
            // A declared type, or a channel with a direction, says more.
            if named(y) || one_way {
                self.set(i, y);
            }
        }
        true
    }

    /// Loose unification where an interface takes part; `None`: none does.
    fn interfaces(&mut self, c: &mut Checker<'_>, x: TypeId, y: TypeId) -> Option<bool> {
        c.complete(x);
        c.complete(y);
        let iface = |c: &Checker<'_>, t| match c.prog.types.under(t) {
            Type::Interface(i) => Some(i.clone()),
            _ => None,
        };
        match (iface(c, x), iface(c, y)) {
            (None, None) => None,
            (Some(a), Some(b)) => {
                let terms = |i: &Interface| i.terms.clone();
                if a.comparable != b.comparable || terms(&a) != terms(&b) {
                    return Some(false);
                }
                let (few, many) = if a.methods.len() > b.methods.len() { (b, a) } else { (a, b) };
                Some(few.methods.iter().all(|m| {
                    let other = many.methods.iter().find(|o| o.name == m.name && o.pkg == m.pkg);
                    other.is_some_and(|o| self.unify(c, m.ty, o.ty, EXACT))
                }))
            }
            (Some(i), None) => Some(self.has_methods(c, &i, y)),
            (None, Some(i)) => Some(self.has_methods(c, &i, x)),
        }
    }

    fn has_methods(&mut self, c: &mut Checker<'_>, i: &Interface, ty: TypeId) -> bool {
        i.methods.iter().all(|m| match c.lookup_field_or_method(ty, false, c.pkg, m.name, false) {
            Lookup::Found { selected: Selected::Method(_) | Selected::Interface(_), ty, .. } => {
                self.unify(c, m.ty, ty, EXACT)
            }
            _ => false,
        })
    }

    fn structures(&mut self, c: &mut Checker<'_>, x: TypeId, y: TypeId, mode: Strictness) -> bool {
        let inner = Strictness { assign: mode.assign, exact: mode.exact || mode.assign };
        match (c.prog.types.get(x).clone(), c.prog.types.get(y).clone()) {
            (Type::Array(a, n), Type::Array(b, m)) => n == m && self.unify(c, a, b, inner),
            (Type::Slice(a), Type::Slice(b)) | (Type::Pointer(a), Type::Pointer(b)) => self.unify(c, a, b, inner),
            (Type::Map(k, a), Type::Map(l, b)) => self.unify(c, k, l, inner) && self.unify(c, a, b, inner),
            (Type::Chan(d, a), Type::Chan(e, b)) => (!mode.exact || d == e) && self.unify(c, a, b, inner),
            (Type::Struct(a), Type::Struct(b)) => {
                a.len() == b.len()
                    && a.iter().zip(&b).all(|(f, g)| {
                        f.embedded == g.embedded
                            && f.tag == g.tag
                            && f.name == g.name
                            && f.pkg == g.pkg
                            && self.unify(c, f.ty, g.ty, inner)
                    })
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(&b).all(|(&f, &g)| self.unify(c, f, g, mode))
            }
            (Type::Func(a), Type::Func(b)) => {
                let mut list = |a: &[crate::types::Param], b: &[crate::types::Param]| {
                    a.len() == b.len() && a.iter().zip(b).all(|(p, q)| self.unify(c, p.ty, q.ty, inner))
                };
                a.variadic == b.variadic && list(&a.params, &b.params) && list(&a.results, &b.results)
            }
            (Type::Interface(a), Type::Interface(b)) => {
                a.comparable == b.comparable
                    && a.terms == b.terms
                    && a.methods.len() == b.methods.len()
                    && a.methods
                        .iter()
                        .zip(&b.methods)
                        .all(|(m, o)| m.name == o.name && m.pkg == o.pkg && self.unify(c, m.ty, o.ty, EXACT))
            }
            (Type::Named(a), Type::Named(b)) => {
                let (a, b) = (c.prog.types.named(a).clone(), c.prog.types.named(b).clone());
                a.origin.is_some()
                    && a.origin == b.origin
                    && a.targs.iter().zip(&b.targs).all(|(&s, &t)| self.unify(c, s, t, mode))
            }
            (Type::TypeParam(_), _) => match c.prog.types.common_under(x) {
                Some(core) => self.unify(c, core, y, ASSIGN),
                None => false,
            },
            _ => false,
        }
    }
}
