//! Cycles of declarations: those that are allowed, those that are not, and types that contain themselves.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{Decl, Expr};
use rustc_hash::FxHashMap;

use super::{Checker, Env};
use crate::objects::{ObjId, ObjKind, PkgId, State};
use crate::types::{Alias, NamedId, Type, TypeId};

impl Checker<'_> {
    /// The object is met again while it is resolved; it is at `start` of the object path. Reports the cycle unless it
    /// is allowed, or is reported elsewhere.
    pub(super) fn check_cycle(&mut self, obj: ObjId, start: usize) {
        let cycle: Vec<ObjId> = self.obj_path[start..].to_vec();
        let (mut values, mut definitions) = (0, 0);
        for &o in &cycle {
            match self.prog.objects[o].kind {
                ObjKind::Const(_) | ObjKind::Var(_) => values += 1,
                ObjKind::TypeName { alias: false } => definitions += 1,
                _ => {}
            }
        }
        // Constants and variables alone: the initialization order shows it. Types (and functions) alone: fine if one
        // is a definition; aliases alone would expand for ever.
        let valid = values == cycle.len() || (values == 0 && definitions > 0);
        if !valid {
            self.cycle_error(&cycle, self.first_in_source(&cycle));
        }
        let o = &self.prog.objects[obj];
        if valid && o.ty.is_invalid() && !o.broken && matches!(o.kind, ObjKind::TypeName { alias: true }) {
            self.alias_ahead(obj, &cycle);
            return;
        }
        let o = &mut self.prog.objects[obj];
        if !valid && matches!(o.kind, ObjKind::Const(_) | ObjKind::Var(_) | ObjKind::TypeName { .. }) {
            o.ty = TypeId::INVALID;
            o.broken = true;
        }
    }

    /// An alias is needed by what it stands for, as in `type A = *T; type T struct { a A }`: its right side is looked
    /// at once more, where `T` is known by now.
    fn alias_ahead(&mut self, obj: ObjId, cycle: &[ObjId]) {
        if self.ahead.contains(&obj) {
            self.broken_cycle(cycle);
            return;
        }
        let Some(decl) = self.prog.objects[obj].decl else { return };
        let info = self.prog.decl(decl).clone();
        let Some((Decl::Type(specs), at)) = info.type_spec.map(|(d, i)| (&self.ast[d].kind, i as usize)) else {
            return;
        };
        self.ahead.push(obj);
        let outer = std::mem::replace(&mut self.env, Env::new(info.file));
        let rhs = self.typ(specs[at].ty);
        self.env = outer;
        self.ahead.pop();
        if !rhs.is_invalid() {
            let (name, pkg) = (self.prog.objects[obj].name, self.prog.objects[obj].pkg);
            self.prog.objects[obj].ty = self.prog.types.alias(rhs, Alias { name, pkg });
        }
    }

    fn first_in_source(&self, cycle: &[ObjId]) -> usize {
        (0..cycle.len()).min_by_key(|&i| self.prog.objects[cycle[i]].span.lo).unwrap_or(0)
    }

    /// Reports a cycle of declarations, starting with `cycle[start]`.
    pub(super) fn cycle_error(&mut self, cycle: &[ObjId], start: usize) {
        let obj = cycle[start];
        let is_type = matches!(self.prog.objects[obj].kind, ObjKind::TypeName { .. });
        let order = (0..cycle.len()).map(|i| cycle[(start + i) % cycle.len()]);
        let steps: Vec<_> = order.map(|o| (self.prog.objects[o].span, self.obj_name(o))).collect();
        self.cycle_steps(is_type, &steps);
    }

    /// Reports a cycle of places with names.
    fn cycle_steps(&mut self, is_type: bool, steps: &[(Span, String)]) {
        let code = Code::InvalidDeclCycle;
        let Some((at, name)) = steps.first() else { return };
        if steps.len() == 1 {
            let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration" };
            self.error(code, *at, format!("{what}: {name} refers to itself"));
            return;
        }
        let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration of" };
        let mut d = Diagnostic::error(code, *at, format!("{what} {name}"));
        for (i, (span, name)) in steps.iter().enumerate() {
            let line = format!("{name} refers to {}", steps[(i + 1) % steps.len()].1);
            d.message.push_str(&format!("\n\t{}: {line}", self.place(*span)));
            d = d.label(*span, line);
        }
        self.report(d);
    }

    /// Adds a line `a refers to b` for each step of a path, and reports.
    pub(super) fn report_path(&mut self, mut d: Diagnostic, path: &[ObjId]) {
        for pair in path.windows(2) {
            let span = self.prog.objects[pair[0]].span;
            let line = format!("{} refers to {}", self.obj_name(pair[0]), self.obj_name(pair[1]));
            d.message.push_str(&format!("\n\t{}: {line}", self.place(span)));
            d = d.label(span, line);
        }
        self.report(d);
    }

    /// Finds `type A B; type B A` before anything is resolved.
    pub(super) fn direct_cycles(&mut self, types: &[ObjId]) {
        // Index in the path, or none when done.
        let mut state: FxHashMap<ObjId, Option<usize>> = FxHashMap::default();
        for &first in types {
            let mut path: Vec<ObjId> = Vec::new();
            let mut current = first;
            loop {
                match state.get(&current) {
                    Some(None) => break,
                    Some(&Some(start)) => {
                        let cycle = path[start..].to_vec();
                        for &o in &cycle {
                            self.prog.objects[o].broken = true;
                            self.prog.objects[o].ty = TypeId::INVALID;
                            self.prog.objects[o].state = State::Resolved;
                        }
                        self.cycle_error(&cycle, self.first_in_source(&cycle));
                        break;
                    }
                    None => {}
                }
                state.insert(current, Some(path.len()));
                path.push(current);
                match self.right_side_name(current) {
                    Some(next) => current = next,
                    None => break,
                }
            }
            for o in path {
                state.insert(o, None);
            }
        }
    }

    /// The package-level type that a type declaration's right side just names.
    fn right_side_name(&self, obj: ObjId) -> Option<ObjId> {
        let (decl, at) = self.prog.decl(self.prog.objects[obj].decl?).type_spec?;
        let Decl::Type(specs) = &self.ast[decl].kind else { return None };
        let Expr::Name(name) = self.ast[specs[at as usize].ty].kind else { return None };
        let next = self.prog.scope(self.prog.package(self.pkg).scope).get(name)?;
        matches!(self.prog.objects[next].kind, ObjKind::TypeName { .. }).then_some(next)
    }

    /// Reports a declared type that contains itself.
    pub(super) fn valid_type_of(&mut self, obj: ObjId) {
        let ty = self.prog.objects[obj].ty;
        if let Type::Named(id) = *self.prog.types.get(ty)
            && self.prog.types.named(id).obj == obj
        {
            self.complete(ty);
            self.valid_type(ty, &mut Vec::new());
        }
    }

    /// Whether memory of `ty` (or an interface's list of elements) does not contain a type of `nest`.
    fn valid_type(&mut self, ty: TypeId, nest: &mut Vec<NamedId>) -> bool {
        match self.prog.types.get(ty) {
            Type::Array(e, _) => {
                let e = *e;
                self.valid_type(e, nest)
            }
            Type::Struct(fields) => {
                let parts: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
                parts.into_iter().all(|t| self.valid_type(t, nest))
            }
            Type::Interface(i) => {
                let parts = i.written.as_ref().map_or(Vec::new(), |w| w.embeds.clone());
                parts.into_iter().all(|t| self.valid_type(t, nest))
            }
            &Type::Named(id) => {
                let named = self.prog.types.named(id);
                // Of other packages' types only instances can hold types of this one.
                let foreign = named.pkg != self.pkg && named.origin.is_none();
                if foreign || named.pkg == PkgId::NONE || self.prog.valid_types.contains(&id) {
                    return true;
                }
                let inside = self.prog.right_sides.get(&id).copied().unwrap_or(named.underlying);
                if let Some(start) = nest.iter().position(|&n| n == id) {
                    self.recursive_type(&nest[start..]);
                    return false;
                }
                nest.push(id);
                let ok = self.valid_type(inside, nest);
                nest.pop();
                self.prog.valid_types.insert(id);
                ok
            }
            _ => true,
        }
    }

    /// Whether the underlying type of `ty` is known, as a use of its structure needs; reports the cycle if it is being
    /// worked out right now.
    pub(super) fn is_complete(&mut self, ty: TypeId) -> bool {
        let Type::Named(id) = *self.prog.types.get(ty) else { return true };
        if !self.prog.types.named(id).underlying.is_invalid() {
            return true;
        }
        self.complete(ty);
        let named = self.prog.types.named(id);
        let obj = named.obj;
        if !named.underlying.is_invalid() || self.prog.objects[obj].broken {
            return true;
        }
        if let State::InProgress(start) = self.prog.objects[obj].state {
            let cycle = self.obj_path[start as usize..].to_vec();
            self.broken_cycle(&cycle);
            return false;
        }
        match self.prog.right_sides.get(&id) {
            Some(&rhs) if rhs != ty => self.is_complete(rhs),
            _ => true,
        }
    }

    /// The same for what a pointer type points to, which selecting, indexing and slicing go through in silence.
    pub(super) fn is_base_complete(&mut self, ty: TypeId) -> bool {
        match *self.prog.types.under(ty) {
            Type::Pointer(base) => self.is_complete(base),
            _ => true,
        }
    }

    /// Whether a type's size cannot be known because the type is being worked out; reports the cycle.
    pub(super) fn has_unknown_size(&mut self, ty: TypeId) -> bool {
        if self.obj_path.is_empty() {
            return false;
        }
        match *self.prog.types.get(ty) {
            Type::Array(elem, _) => self.has_unknown_size(elem),
            Type::Struct(ref fields) => {
                let parts: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
                parts.into_iter().any(|t| self.has_unknown_size(t))
            }
            Type::Named(id) => {
                let obj = self.prog.types.named(id).obj;
                if self.prog.objects[obj].broken {
                    return true;
                }
                if let Some(start) = self.obj_path.iter().position(|&o| o == obj) {
                    let cycle = self.obj_path[start..].to_vec();
                    self.broken_cycle(&cycle);
                    return true;
                }
                let inside = self.prog.right_sides.get(&id).copied().unwrap_or(self.prog.types.named(id).underlying);
                self.obj_path.push(obj);
                let unknown = self.has_unknown_size(inside);
                self.obj_path.pop();
                unknown
            }
            _ => false,
        }
    }

    fn broken_cycle(&mut self, cycle: &[ObjId]) {
        self.cycle_error(cycle, self.first_in_source(cycle));
        for &o in cycle {
            self.prog.objects[o].broken = true;
        }
    }

    /// Reports the cycle and cuts it.
    pub(super) fn recursive_type(&mut self, nest: &[NamedId]) {
        let place = |n: NamedId| self.prog.instance_places.get(&n).copied();
        let steps: Vec<(Span, String)> = nest
            .iter()
            .map(|&n| match place(n) {
                Some((at, ty)) => (at, self.ts(ty)),
                None => {
                    let obj = self.prog.types.named(n).obj;
                    (self.prog.objects[obj].span, self.obj_name(obj))
                }
            })
            .collect();
        self.cycle_steps(true, &steps);
        for &n in nest {
            let obj = self.prog.types.named(n).obj;
            self.prog.objects[obj].broken |= self.prog.objects[obj].pkg == self.pkg;
            self.prog.types.named_mut(n).underlying = TypeId::INVALID;
        }
    }
}
