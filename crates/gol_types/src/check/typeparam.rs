//! Declarations of type parameters, and cycles of instantiations.
//!
//! In the body of an instance (`Program::check_instance`) the names of type parameters are aliases of the arguments.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{ExprId, Field, Ident};

use super::Checker;
use crate::objects::{ObjId, ObjKind};
use crate::types::{Alias, Interface, NamedId, Type, TypeId, TypeParam, TypeParamId, WrittenInterface};

/// A use of a type parameter in the arguments of an instantiation.
#[derive(Clone, Debug)]
pub(crate) struct MonoEdge {
    from: TypeParamId,
    to: TypeParamId,
    /// The argument is more than the type parameter alone: the instance is of a larger type.
    grows: bool,
    at: Span,
    targ: TypeId,
}

impl Checker<'_> {
    /// Declares the type parameters of a list in the current scope. `of` is the type that they belong to: constraints may
    /// mention it.
    pub(super) fn declare_tparams(
        &mut self,
        fields: &[Field],
        scope_pos: u32,
        of: Option<NamedId>,
    ) -> Vec<TypeParamId> {
        let mut all = Vec::new();
        let mut groups = Vec::new();
        for field in fields {
            let mut group = Vec::new();
            for &name in &field.names {
                group.push(self.declare_tparam(name, all.len() + group.len(), scope_pos).0);
            }
            all.extend(&group);
            groups.push((group, field.ty));
        }
        if let Some(id) = of {
            self.prog.types.named_mut(id).tparams = all.clone();
        }
        // Constraints may mention all of them.
        for (group, e) in groups {
            let bound = self.bound(e);
            for p in group {
                self.prog.types.type_param_mut(p).bound = bound;
            }
        }
        all
    }

    pub(super) fn declare_tparam(&mut self, name: Ident, index: usize, scope_pos: u32) -> (TypeParamId, TypeId) {
        let obj = self.new_object(name, TypeId::INVALID, ObjKind::TypeName { alias: false });
        let param = TypeParam { obj, name: name.name, index: index as u32, bound: TypeId::EMPTY_INTERFACE };
        let (id, ty) = self.prog.types.new_type_param(param);
        self.prog.objects[obj].ty = ty;
        self.declare(self.env.scope, obj, scope_pos);
        (id, ty)
    }

    /// Declares the names of type parameters for their arguments.
    pub(super) fn declare_targs<'n>(
        &mut self,
        names: impl Iterator<Item = &'n Ident>,
        targs: &mut dyn Iterator<Item = TypeId>,
        scope_pos: u32,
    ) {
        for &name in names {
            let Some(ty) = targs.next() else { return };
            let ty = self.prog.types.alias(ty, Alias { name: name.name, pkg: Alias::TYPE_PARAM });
            let obj = self.new_object(name, ty, ObjKind::TypeName { alias: true });
            self.declare(self.env.scope, obj, scope_pos);
        }
    }

    /// A constraint: an interface type, or a term or union around which an interface is put.
    fn bound(&mut self, e: ExprId) -> TypeId {
        let union = self.is_union(e);
        let ty = if union { self.union(e) } else { self.typ(e) };
        if ty.is_invalid() {
            return TypeId::EMPTY_INTERFACE;
        }
        if self.prog.types.as_type_param(ty).is_some() {
            self.error_at(Code::MisplacedTypeParam, e, "cannot use a type parameter as constraint");
            return TypeId::EMPTY_INTERFACE;
        }
        self.complete(ty);
        let declared = matches!(self.prog.types.get(ty), Type::Named(_)) && self.prog.types.underlying(ty).is_invalid();
        if declared || self.prog.types.is_interface(ty) {
            return ty;
        }
        let (terms, _) = self.element_terms(ty, e);
        let written = WrittenInterface { explicit: Vec::new(), embeds: vec![ty], implicit: true };
        let i = Interface { terms, written: Some(Box::new(written)), ..Interface::default() };
        self.prog.types.intern(Type::Interface(i))
    }

    /// Declares the type parameters that a method's receiver `T[A, B]` names. Gives the receiver's base type.
    pub(super) fn receiver_tparams(
        &mut self,
        base: ExprId,
        x: ExprId,
        args: &[ExprId],
        scope_pos: u32,
    ) -> (TypeId, Vec<TypeParamId>) {
        let ty = self.generic_type(x);
        let origin: Option<NamedId> = match *self.prog.types.get(ty) {
            Type::Named(id) if self.is_generic_type(ty) => Some(id),
            _ => None,
        };
        let mut fresh = Vec::new();
        let mut tys = Vec::new();
        for (i, &a) in args.iter().enumerate() {
            let gol_syntax::ast::Expr::Name(name) = self.ast[a].kind else {
                let message = format!("receiver type parameter {} must be an identifier", self.es(a));
                self.error_at(Code::BadDecl, a, message);
                return (TypeId::INVALID, fresh);
            };
            let (id, ty) = self.declare_tparam(Ident { name, span: self.span(a) }, i, scope_pos);
            self.record_type(a, ty);
            fresh.push(id);
            tys.push(ty);
        }
        let Some(origin) = origin else {
            if !ty.is_invalid() {
                let message = format!("cannot use a non-generic type {} with type parameters", self.ts(ty));
                let message = if self.generic_alias(x).is_some() {
                    format!("cannot define new methods on generic alias type {}", self.ts(ty))
                } else {
                    let _ = message;
                    format!("{} is not a generic type", self.ts(ty))
                };
                self.error_at(Code::InvalidRecv, x, message);
            }
            return (TypeId::INVALID, fresh);
        };
        let params = self.prog.types.named(origin).tparams.clone();
        if params.len() != fresh.len() {
            let measure = |n: usize| format!("{n} type parameter{}", if n == 1 { "" } else { "s" });
            let message =
                format!("receiver declares {}, but receiver base type declares {}", measure(fresh.len()), params.len());
            self.error_at(Code::BadRecv, base, message);
            return (TypeId::INVALID, fresh);
        }
        let map: Vec<_> = params.iter().copied().zip(tys.iter().copied()).collect();
        for (&p, &f) in params.iter().zip(&fresh) {
            let bound = self.prog.types.type_param(p).bound;
            self.complete(bound);
            self.prog.types.type_param_mut(f).bound = self.prog.types.subst(bound, &map);
            self.canon.insert(f, p);
        }
        let ty = self.prog.types.instantiate(origin, tys);
        self.record_type(base, ty);
        (ty, fresh)
    }

    /// Takes note of an instantiation, for the search for those that never end.
    pub(super) fn record_mono(&mut self, at: Span, params: &[TypeParamId], targs: &[TypeId], written: &[ExprId]) {
        for (i, (&to, &targ)) in params.iter().zip(targs).enumerate() {
            if !self.prog.types.mentions_params(targ) {
                continue;
            }
            let found = std::cell::RefCell::new(Vec::new());
            self.prog.types.mentions(targ, &|p| {
                found.borrow_mut().push(p);
                false
            });
            let to = self.canon.get(&to).copied().unwrap_or(to);
            let grows = self.prog.types.as_type_param(targ).is_none();
            let at = written.get(i).map_or(at, |&e| self.start(e));
            for from in found.into_inner() {
                let from = self.canon.get(&from).copied().unwrap_or(from);
                self.mono.push(MonoEdge { from, to, grows, at, targ });
            }
        }
    }

    /// Reports instantiations that need ever larger instances.
    pub(super) fn check_mono(&mut self) {
        let edges = std::mem::take(&mut self.mono);
        for (i, e) in edges.iter().enumerate() {
            if !e.grows {
                continue;
            }
            let Some(path) = path(&edges, e.to, e.from) else { continue };
            let mut cycle = vec![i];
            cycle.extend(path);
            self.mono_error(&edges, &cycle);
            return;
        }
    }

    fn mono_error(&mut self, edges: &[MonoEdge], cycle: &[usize]) {
        let declared = |c: &Self, p: TypeParamId| -> ObjId { c.prog.types.type_param(p).obj };
        let first = declared(self, edges[cycle[0]].to);
        let mut message = "instantiation cycle:".to_string();
        let mut d = Diagnostic::error(Code::InvalidInstanceCycle, self.prog.objects[first].span, "");
        for &k in cycle {
            let e = &edges[k];
            let name = self.text(self.prog.types.type_param(e.to).name);
            let line = format!("{name} instantiated as {}", self.ts(e.targ));
            message.push_str(&format!("\n\t{}: {line}", self.place(e.at)));
            d = d.label(e.at, line);
        }
        d.message = message;
        self.report(d);
    }
}

/// A way along the edges from one parameter to another, by breadth.
fn path(edges: &[MonoEdge], from: TypeParamId, to: TypeParamId) -> Option<Vec<usize>> {
    let mut queue = std::collections::VecDeque::from([(from, Vec::new())]);
    let mut seen = rustc_hash::FxHashSet::from_iter([from]);
    while let Some((at, way)) = queue.pop_front() {
        if at == to {
            return Some(way);
        }
        for (i, e) in edges.iter().enumerate() {
            if e.from == at && seen.insert(e.to) {
                let mut way = way.clone();
                way.push(i);
                queue.push_back((e.to, way));
            }
        }
    }
    None
}
