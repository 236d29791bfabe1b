//! Fields and methods by name: embedding, promotion, ambiguity, and what a type lacks to implement an interface.

use gol_source::Symbol;

use super::Checker;
use crate::info::Selected;
use crate::objects::{ObjKind, PkgId};
use crate::types::{Interface, Method, NamedId, Type, TypeId};

/// What a selector finds.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// A field or method.
    Found {
        /// Which.
        selected: Selected,
        /// Field indices; see [`crate::info::Selection::path`].
        path: Vec<u32>,
        /// Whether a pointer was gone through.
        indirect: bool,
        /// The field's type or the method's function type (without receiver).
        ty: TypeId,
        /// The name as it was declared: of interest when case was folded.
        name: Symbol,
        /// The package that declares it.
        pkg: PkgId,
    },
    /// Nothing.
    NotFound,
    /// Several at the same depth.
    Ambiguous,
    /// A method with a pointer receiver, and the type is not a pointer (and not addressable).
    NeedsPointer,
}

/// A type to search at one depth.
struct Embedded {
    ty: TypeId,
    path: Vec<u32>,
    indirect: bool,
    /// It was reached in several ways at this depth.
    multiples: bool,
}

impl Checker<'_> {
    /// The field or method `name` (of package `pkg` if it is not exported) of type `ty`. `addressable`: the operand is
    /// a variable, so that methods with pointer receivers count. `fold_case` finds names that differ in case only, and
    /// those of other packages.
    pub(crate) fn lookup_field_or_method(
        &mut self,
        ty: TypeId,
        addressable: bool,
        pkg: PkgId,
        name: Symbol,
        fold_case: bool,
    ) -> Lookup {
        // A declared pointer type has the fields but not the methods of what it points to.
        if let Type::Named(_) = self.prog.types.get(ty)
            && let Type::Pointer(_) = self.prog.types.under(ty)
        {
            let pointer = self.prog.types.underlying(ty);
            return match self.search(pointer, false, pkg, name, fold_case) {
                Lookup::Found { selected: Selected::Method(_) | Selected::Interface(_), .. } => Lookup::NotFound,
                found => found,
            };
        }
        self.search(ty, addressable, pkg, name, fold_case)
    }

    /// Breadth first over embedded fields; the shallowest depth with the name decides.
    fn search(&mut self, ty: TypeId, addressable: bool, pkg: PkgId, name: Symbol, fold_case: bool) -> Lookup {
        if name == Symbol::BLANK {
            return Lookup::NotFound;
        }
        let (base, is_pointer) = match self.prog.types.deref(ty) {
            Some(base) => (base, true),
            None => (ty, false),
        };
        self.complete(base);
        if is_pointer && (self.prog.types.is_interface(base) || self.prog.types.as_type_param(base).is_some()) {
            return Lookup::NotFound;
        }
        self.bound_complete(base);
        let mut current = vec![Embedded { ty: base, path: Vec::new(), indirect: is_pointer, multiples: false }];
        let mut seen: Vec<NamedId> = Vec::new();
        while !current.is_empty() {
            let mut next: Vec<Embedded> = Vec::new();
            let mut found: Option<Lookup> = None;
            for e in &current {
                self.complete(e.ty);
                let mut owner = self.pkg;
                if let Type::Named(id) = *self.prog.types.get(e.ty) {
                    // Seen at a lesser depth: that one hides this one.
                    if seen.contains(&id) {
                        continue;
                    }
                    seen.push(id);
                    owner = self.prog.types.named(id).pkg;
                    let generic = self.prog.types.named(id).origin;
                    if let Some(mut method) = self.find_method(generic.unwrap_or(id), pkg, name, fold_case) {
                        if generic.is_some() {
                            method = self.instance_method(id, method);
                        }
                        if found.is_some() || e.multiples {
                            return Lookup::Ambiguous;
                        }
                        self.obj_decl(method);
                        let o = &self.prog.objects[method];
                        found = Some(Lookup::Found {
                            selected: Selected::Method(method),
                            path: e.path.clone(),
                            indirect: e.indirect,
                            ty: o.ty,
                            name: o.name,
                            pkg: o.pkg,
                        });
                        continue;
                    }
                }
                let structure = match self.prog.types.as_type_param(e.ty) {
                    Some(p) => self.prog.types.underlying(self.prog.types.type_param(p).bound),
                    None => self.prog.types.underlying(e.ty),
                };
                match self.prog.types.get(structure) {
                    Type::Struct(fields) => {
                        for (i, f) in fields.iter().enumerate() {
                            let path = || [&e.path[..], &[i as u32]].concat();
                            if self.same_name(f.name, f.pkg, pkg, name, fold_case) {
                                if found.is_some() || e.multiples {
                                    return Lookup::Ambiguous;
                                }
                                found = Some(Lookup::Found {
                                    selected: Selected::Field,
                                    path: path(),
                                    indirect: e.indirect,
                                    ty: f.ty,
                                    name: f.name,
                                    pkg: if f.pkg == PkgId::NONE { owner } else { f.pkg },
                                });
                            } else if found.is_none() && f.embedded {
                                let (ty, is_pointer) = match self.prog.types.deref(f.ty) {
                                    Some(base) => (base, true),
                                    None => (f.ty, false),
                                };
                                let indirect = e.indirect || is_pointer;
                                match next.iter_mut().find(|n| n.ty == ty) {
                                    Some(other) => other.multiples = true,
                                    None => next.push(Embedded { ty, path: path(), indirect, multiples: e.multiples }),
                                }
                            }
                        }
                    }
                    Type::Interface(i) => {
                        let at = i.methods.iter().position(|m| self.same_name(m.name, m.pkg, pkg, name, fold_case));
                        if let Some(at) = at {
                            if found.is_some() || e.multiples {
                                return Lookup::Ambiguous;
                            }
                            let m = &i.methods[at];
                            found = Some(Lookup::Found {
                                selected: Selected::Interface(at as u32),
                                path: e.path.clone(),
                                indirect: e.indirect,
                                ty: m.ty,
                                name: m.name,
                                pkg: if m.pkg == PkgId::NONE { owner } else { m.pkg },
                            });
                        }
                    }
                    _ => {}
                }
            }
            if let Some(found) = found {
                if let Lookup::Found { selected: Selected::Method(m), indirect: false, .. } = found
                    && !addressable
                    && self.has_pointer_receiver(m)
                {
                    return Lookup::NeedsPointer;
                }
                return found;
            }
            current = next;
        }
        Lookup::NotFound
    }

    /// Makes sure that the constraint of a type parameter is known.
    pub(crate) fn bound_complete(&mut self, ty: TypeId) {
        if let Some(p) = self.prog.types.as_type_param(ty) {
            let bound = self.prog.types.type_param(p).bound;
            self.complete(bound);
        }
    }

    fn has_pointer_receiver(&self, method: crate::objects::ObjId) -> bool {
        matches!(self.prog.objects[method].kind, ObjKind::Func { recv: Some(r), .. } if r.pointer)
    }

    /// The declared method of a type itself, without embedding.
    pub(crate) fn find_method(
        &self,
        id: NamedId,
        pkg: PkgId,
        name: Symbol,
        fold_case: bool,
    ) -> Option<crate::objects::ObjId> {
        self.prog.types.named(id).methods.iter().copied().find(|&m| {
            let o = &self.prog.objects[m];
            let at = if self.is_exported(o.name) { PkgId::NONE } else { o.pkg };
            self.same_name(o.name, at, pkg, name, fold_case)
        })
    }

    /// Whether a declared name (of package `at`; none: exported) is meant by `name` as written in package `pkg`.
    fn same_name(&self, declared: Symbol, at: PkgId, pkg: PkgId, name: Symbol, fold_case: bool) -> bool {
        if fold_case {
            return declared == name || self.text(declared).to_lowercase() == self.text(name).to_lowercase();
        }
        declared == name && (at == PkgId::NONE || at == pkg)
    }

    /// Whether `v` implements interface type `t`; if not, why, in Go's words without parentheses around the whole.
    pub(crate) fn implements(&mut self, v: TypeId, t: TypeId) -> Result<(), String> {
        self.complete(v);
        self.complete(t);
        let (vu, tu) = (self.prog.types.underlying(v), self.prog.types.underlying(t));
        if vu.is_invalid() || tu.is_invalid() {
            return Ok(());
        }
        if let Type::Pointer(base) = *self.prog.types.get(vu)
            && self.prog.types.underlying(base).is_invalid()
        {
            return Ok(());
        }
        self.implements_set(v, t, false)
    }

    /// Whether a value of interface type `v` can hold a `t`, as a type assertion to `t` asks; if not, why.
    pub(crate) fn assertable_to(&mut self, v: TypeId, t: TypeId) -> Result<(), String> {
        if self.prog.types.is_interface(t) {
            return Ok(());
        }
        self.has_all_methods(t, v, false)
    }

    /// Like [`Checker::missing_method`], but content where an embedded field is wrong: it may have the method.
    pub(super) fn has_all_methods(&mut self, v: TypeId, t: TypeId, all: bool) -> Result<(), String> {
        if v.is_invalid() {
            return Ok(());
        }
        match self.missing_method(v, t, all) {
            Err(_) if self.has_invalid_embedded(v, &mut Vec::new()) => Ok(()),
            result => result,
        }
    }

    fn has_invalid_embedded(&self, ty: TypeId, seen: &mut Vec<TypeId>) -> bool {
        let types = &self.prog.types;
        let ty = match types.under(ty) {
            Type::Pointer(e) => *e,
            _ => ty,
        };
        let under = types.underlying(ty);
        let Type::Struct(fields) = types.get(under) else { return false };
        if seen.contains(&under) {
            return false;
        }
        seen.push(under);
        fields.iter().any(|f| f.embedded && (f.ty.is_invalid() || self.has_invalid_embedded(f.ty, seen)))
    }

    /// Whether `v` has the methods of interface `t` with the right types; if not, the words for the first that is
    /// wrong, in parentheses. Unless `all`, an interface `v` may lack methods.
    pub(crate) fn missing_method(&mut self, v: TypeId, t: TypeId, all: bool) -> Result<(), String> {
        self.complete(v);
        self.complete(t);
        let Some(Interface { methods, .. }) = self.prog.types.constraint(t).cloned() else { return Ok(()) };
        self.bound_complete(v);
        if let Some(i) = self.prog.types.constraint(v).cloned() {
            for m in &methods {
                match i.methods.iter().find(|f| f.name == m.name && f.pkg == m.pkg) {
                    None if all => return Err(self.not_found(v, t, m)),
                    Some(f) if f.ty != m.ty => return Err(self.wrong_signature(f.name, f.ty, m)),
                    _ => {}
                }
            }
            return Ok(());
        }
        for m in &methods {
            match self.search(v, false, m.pkg, m.name, false) {
                Lookup::Found { selected: Selected::Field, .. } => {
                    return Err(format!("({}.{} is a field, not a method)", self.ts(v), self.text(m.name)));
                }
                Lookup::Found { ty, name, .. } if ty != m.ty => return Err(self.wrong_signature(name, ty, m)),
                Lookup::Found { .. } => {}
                Lookup::Ambiguous => {
                    return Err(format!("(ambiguous selector {}.{})", self.ts(v), self.text(m.name)));
                }
                Lookup::NeedsPointer => {
                    return Err(format!("(method {} has pointer receiver)", self.text(m.name)));
                }
                Lookup::NotFound => {
                    let similar = self.search(v, false, m.pkg, m.name, true);
                    let Lookup::Found { selected: Selected::Method(_) | Selected::Interface(_), ty, name, .. } =
                        similar
                    else {
                        return Err(self.not_found(v, t, m));
                    };
                    let want = self.text(m.name);
                    if name == m.name {
                        return Err(format!("(unexported method {want})"));
                    }
                    let (have_sig, want_sig) =
                        (self.func_string(name, ty, false), self.func_string(m.name, m.ty, false));
                    return Err(format!("(missing method {want})\n\t\thave {have_sig}\n\t\twant {want_sig}"));
                }
            }
        }
        Ok(())
    }

    fn not_found(&self, v: TypeId, t: TypeId, m: &Method) -> String {
        for ty in [v, t] {
            if self.prog.types.is_interface_pointer(ty) {
                return format!("({})", self.interface_pointer_error(ty));
            }
        }
        format!("(missing method {})", self.text(m.name))
    }

    fn wrong_signature(&self, name: Symbol, have: TypeId, m: &Method) -> String {
        let want = self.text(m.name);
        let mut texts = (self.func_string(name, have, false), self.func_string(m.name, m.ty, false));
        if texts.0 == texts.1 {
            texts = (self.func_string(name, have, true), self.func_string(m.name, m.ty, true));
        }
        if texts.0 == texts.1 {
            return format!("(wrong type for method {want})");
        }
        format!("(wrong type for method {want})\n\t\thave {}\n\t\twant {}", texts.0, texts.1)
    }

    /// The words for a pointer to an interface where an interface would do.
    pub(crate) fn interface_pointer_error(&self, ty: TypeId) -> String {
        format!("type {} is pointer to interface, not interface", self.ts(ty))
    }

    /// Whether values of a type can be compared; if not, why, possibly empty.
    pub(crate) fn comparable_cause(&self, ty: TypeId) -> Result<(), String> {
        let types = &self.prog.types;
        if types.comparable(ty) {
            return Ok(());
        }
        Err(match types.under(ty) {
            Type::Struct(fields) => match fields.iter().find(|f| !types.comparable(f.ty)) {
                Some(f) => format!("struct containing {} cannot be compared", self.ts(f.ty)),
                None => String::new(),
            },
            Type::Array(..) => format!("{} cannot be compared", self.ts(ty)),
            _ => String::new(),
        })
    }
}
