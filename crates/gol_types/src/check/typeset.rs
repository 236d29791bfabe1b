//! Type sets: terms and unions in interfaces, and whether a type argument is in the set of a constraint.

use gol_source::Code;
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};

use super::Checker;
use crate::objects::PkgId;
use crate::types::{Interface, Term, Type, TypeId};

/// How many terms a union may have.
const MAX_TERMS: usize = 100;

impl Checker<'_> {
    /// Whether an expression is a union or a `~` term.
    pub(super) fn is_union(&self, e: ExprId) -> bool {
        matches!(self.ast[e].kind, Expr::Binary { op: BinaryOp::Or, .. } | Expr::Unary(UnaryOp::Tilde, _))
    }

    /// `T | ~U`
    pub(super) fn union(&mut self, e: ExprId) -> TypeId {
        let mut parts = Vec::new();
        let mut left = e;
        while let Expr::Binary { op: BinaryOp::Or, x, y, .. } = self.ast[left].kind {
            parts.push(y);
            left = x;
        }
        parts.push(left);
        parts.reverse();
        let mut terms: Vec<(Term, ExprId)> = Vec::new();
        for part in parts {
            let (tilde, inner) = match self.ast[part].kind {
                Expr::Unary(UnaryOp::Tilde, inner) => (true, inner),
                _ => (false, part),
            };
            let ty = self.typ(inner);
            if ty.is_invalid() {
                continue;
            }
            if self.prog.types.as_type_param(ty).is_some() {
                let message = if tilde {
                    format!("type in term {} cannot be a type parameter", self.es(part))
                } else {
                    "term cannot be a type parameter".to_string()
                };
                self.error_at(Code::MisplacedTypeParam, inner, message);
                continue;
            }
            terms.push((Term { tilde, ty }, part));
        }
        if terms.len() > MAX_TERMS {
            let message = format!("cannot handle more than {MAX_TERMS} union terms (implementation limitation)");
            self.error_at(Code::InvalidUnion, e, message);
            terms.clear();
        }
        if terms.is_empty() {
            self.record_type(e, TypeId::INVALID);
            return TypeId::INVALID;
        }
        let list: Vec<Term> = terms.iter().map(|t| t.0).collect();
        let single = terms.len() == 1;
        // When all types are known.
        self.later(move |c| c.check_terms(&terms, single));
        let ty = self.prog.types.intern(Type::Union(list));
        self.record_type(e, ty);
        ty
    }

    fn check_terms(&mut self, terms: &[(Term, ExprId)], single: bool) {
        for (i, &(t, e)) in terms.iter().enumerate() {
            self.complete(t.ty);
            let under = self.prog.types.underlying(t.ty);
            if under.is_invalid() {
                continue;
            }
            let iface = match self.prog.types.get(under) {
                Type::Interface(i) => Some(i.clone()),
                _ => None,
            };
            let text = self.ts(t.ty);
            if t.tilde {
                let message = if iface.is_some() {
                    format!("invalid use of ~ ({text} is an interface)")
                } else if under != t.ty {
                    format!("invalid use of ~ (underlying type of {text} is {})", self.ts(under))
                } else {
                    String::new()
                };
                if !message.is_empty() {
                    self.error_at(Code::InvalidUnion, e, message);
                    continue;
                }
            }
            if let Some(i) = &iface {
                if single {
                    continue;
                }
                // With its package's path, unlike elsewhere.
                let text = match *self.prog.types.get(t.ty) {
                    Type::Named(id) if self.prog.types.named(id).pkg != PkgId::NONE => {
                        format!("{}.{text}", self.prog.package(self.prog.types.named(id).pkg).path)
                    }
                    _ => text,
                };
                let message = if !i.methods.is_empty() {
                    format!("cannot use {text} in union ({text} contains methods)")
                } else if t.ty == self.prog.objects[self.prog.universe.comparable].ty {
                    "cannot use comparable in union".to_string()
                } else if i.comparable {
                    format!("cannot use {text} in union ({text} embeds comparable)")
                } else {
                    continue;
                };
                self.error_at(Code::InvalidUnion, e, message);
                continue;
            }
            let other = terms[..i].iter().find(|(o, _)| !self.prog.types.is_interface(o.ty) && !self.disjoint(*o, t));
            if let Some(&(other, _)) = other {
                let (a, b) = (self.term_text(t), self.term_text(other));
                self.error_at(Code::InvalidUnion, e, format!("overlapping terms {a} and {b}"));
            }
        }
    }

    /// Why the types of a type parameter's type set have no underlying type in common; `None` for all other types, and
    /// where they have one.
    pub(crate) fn no_common_under(&self, ty: TypeId) -> Option<String> {
        self.prog.types.as_type_param(ty)?;
        let Some(terms) = self.prog.types.terms(ty) else { return Some("no specific type".to_string()) };
        if self.prog.types.common_under(ty).is_some() {
            return None;
        }
        let first = terms.first()?.ty;
        let other = terms.iter().find(|t| self.prog.types.underlying(t.ty) != self.prog.types.underlying(first))?.ty;
        Some(format!("{} and {} have different underlying types", self.ts(first), self.ts(other)))
    }

    fn term_text(&self, t: Term) -> String {
        format!("{}{}", if t.tilde { "~" } else { "" }, self.ts(t.ty))
    }

    fn disjoint(&self, a: Term, b: Term) -> bool {
        self.intersect_term(a, b).is_none()
    }

    /// The types that are in both terms.
    fn intersect_term(&self, a: Term, b: Term) -> Option<Term> {
        let types = &self.prog.types;
        match (a.tilde, b.tilde) {
            (true, false) => (types.underlying(b.ty) == types.underlying(a.ty)).then_some(b),
            (false, true) => (types.underlying(a.ty) == types.underlying(b.ty)).then_some(a),
            _ => (a.ty == b.ty).then_some(a),
        }
    }

    fn intersect(&self, a: Option<Vec<Term>>, b: Option<Vec<Term>>) -> Option<Vec<Term>> {
        let (Some(a), Some(b)) = (a.as_ref(), b.as_ref()) else { return a.or(b) };
        let mut all: Vec<Term> = Vec::new();
        for &x in a {
            for &y in b {
                if let Some(t) = self.intersect_term(x, y)
                    && !all.contains(&t)
                {
                    all.push(t);
                }
            }
        }
        Some(all)
    }

    /// The type set of an element of an interface: its terms (`None`: all types), and whether only comparable types are
    /// in it.
    pub(super) fn element_terms(&mut self, ty: TypeId, e: ExprId) -> (Option<Vec<Term>>, bool) {
        let _ = e;
        self.complete(ty);
        match self.prog.types.under(ty).clone() {
            Type::Interface(i) => (i.terms, i.comparable),
            Type::Union(list) => {
                let mut all: Vec<Term> = Vec::new();
                for t in list {
                    self.complete(t.ty);
                    let terms = match self.prog.types.under(t.ty) {
                        Type::Interface(i) => i.terms.clone(),
                        _ => Some(vec![t]),
                    };
                    // A term with all types makes the union all types.
                    let Some(terms) = terms else { return (None, false) };
                    for t in terms {
                        let covered = all.iter().any(|&o| self.includes_term(o, t));
                        if !covered {
                            all.retain(|&o| !self.includes_term(t, o));
                            all.push(t);
                        }
                    }
                }
                (Some(all), false)
            }
            _ if self.prog.types.underlying(ty).is_invalid() => (None, false),
            _ => (Some(vec![Term { tilde: false, ty }]), false),
        }
    }

    fn includes_term(&self, a: Term, b: Term) -> bool {
        if a.tilde {
            self.prog.types.underlying(a.ty) == self.prog.types.underlying(b.ty)
        } else {
            !b.tilde && a.ty == b.ty
        }
    }

    /// The type set of an interface with these embedded elements.
    pub(super) fn interface_terms(&mut self, embeds: &[(TypeId, ExprId)]) -> (Option<Vec<Term>>, bool) {
        let mut terms = None;
        let mut comparable = false;
        for &(ty, e) in embeds {
            if ty.is_invalid() {
                continue;
            }
            let (t, c) = self.element_terms(ty, e);
            terms = self.intersect(terms, t);
            comparable |= c;
        }
        if comparable && let Some(list) = &mut terms {
            list.retain(|t| self.prog.types.strictly_comparable(t.ty));
            comparable = false;
        }
        (terms, comparable)
    }

    fn includes(&self, terms: &[Term], ty: TypeId) -> bool {
        terms.iter().any(|t| self.includes_term(*t, Term { tilde: false, ty }))
    }

    /// Whether a type argument is in the type set of a constraint; if not, why.
    pub(super) fn satisfies(&mut self, v: TypeId, t: TypeId) -> Result<(), String> {
        self.complete(v);
        self.complete(t);
        if self.prog.types.underlying(v).is_invalid() || self.prog.types.underlying(t).is_invalid() {
            return Ok(());
        }
        self.implements_set(v, t, true)
    }

    /// The part of [`Checker::implements`] that is about type sets too; `constraint`: in the words for constraints.
    pub(super) fn implements_set(&mut self, v: TypeId, t: TypeId, constraint: bool) -> Result<(), String> {
        let verb = if constraint { "satisfy" } else { "implement" };
        let Type::Interface(ti) = self.prog.types.under(t).clone() else {
            let detail = if self.prog.types.is_interface_pointer(t) {
                self.interface_pointer_error(t)
            } else {
                format!("{} is not an interface", self.ts(t))
            };
            return Err(format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t)));
        };
        if ti.methods.is_empty() && ti.terms.is_none() && !ti.comparable {
            return Ok(());
        }
        let vi: Option<Interface> = self.prog.types.constraint(v).cloned();
        if vi.as_ref().is_some_and(|i| i.terms.as_ref().is_some_and(Vec::is_empty)) {
            return Ok(());
        }
        if ti.terms.as_ref().is_some_and(Vec::is_empty) {
            return Err(format!("cannot {verb} {} (empty type set)", self.ts(t)));
        }
        self.has_all_methods(v, t, true)
            .map_err(|cause| format!("{} does not {verb} {} {cause}", self.ts(v), self.ts(t)))?;
        let comparability = |c: &Self| {
            let types = &c.prog.types;
            if !types_comparable(&ti, c) || types.strictly_comparable(v) || constraint && types.comparable(v) {
                return Ok(());
            }
            Err(format!("{} does not {verb} comparable", c.ts(v)))
        };
        let Some(terms) = &ti.terms else { return comparability(self) };
        if let Some(vi) = vi {
            let subset = vi
                .terms
                .as_ref()
                .is_some_and(|list| list.iter().all(|&b| terms.iter().any(|&a| self.includes_term(a, b))));
            if !subset {
                return Err(format!("{} does not {verb} {}", self.ts(v), self.ts(t)));
            }
            return comparability(self);
        }
        if self.includes(terms, v) {
            return comparability(self);
        }
        let types = &self.prog.types;
        let alt = terms
            .iter()
            .find(|a| !a.tilde && types.underlying(a.ty) == a.ty && types.underlying(v) == a.ty)
            .map(|a| a.ty);
        let detail = match alt {
            Some(alt) => format!("possibly missing ~ for {} in {}", self.ts(alt), self.ts(t)),
            None if self.embeds_mention(t, v) => {
                let (v, t) = (self.ts(v), self.ts(t));
                format!("{t} mentions {v}, but {v} is not in the type set of {t}")
            }
            None => {
                let list: Vec<String> = terms.iter().map(|&t| self.term_text(t)).collect();
                format!("{} missing in {}", self.ts(v), list.join(" | "))
            }
        };
        Err(format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t)))
    }

    fn embeds_mention(&self, t: TypeId, v: TypeId) -> bool {
        match self.prog.types.get(t) {
            Type::Interface(i) => {
                i.written.as_ref().is_some_and(|w| w.embeds.iter().any(|&e| self.embeds_mention(e, v)))
            }
            Type::Union(terms) => terms.iter().any(|u| self.embeds_mention(u.ty, v)),
            _ => t == v,
        }
    }

    /// Reports an interface that only constraints may use where a value's type belongs, when it is known.
    pub(super) fn not_a_constraint(&mut self, e: ExprId, ty: TypeId) {
        self.later(move |c| {
            c.complete(ty);
            let Type::Interface(i) = c.prog.types.under(ty) else { return };
            let why = if i.terms.is_some() {
                "contains type constraints"
            } else if i.comparable {
                "is (or embeds) comparable"
            } else {
                return;
            };
            let message = format!("cannot use type {} outside a type constraint: interface {why}", c.ts(ty));
            c.error_at(Code::MisplacedConstraintIface, e, message);
        });
    }

    /// The type of a variable, field, element or the like: not one that only constraints may use.
    pub(crate) fn var_type(&mut self, e: ExprId) -> TypeId {
        let ty = self.typ(e);
        // Others are no interfaces with certainty.
        if matches!(self.prog.types.get(ty), Type::Interface(_) | Type::Named(_)) {
            self.not_a_constraint(e, ty);
        }
        ty
    }
}

fn types_comparable(i: &Interface, c: &Checker<'_>) -> bool {
    match &i.terms {
        Some(terms) => terms.iter().all(|t| c.prog.types.strictly_comparable(t.ty)),
        None => i.comparable,
    }
}
