//! Struct and interface types.
//!
//! An interface type is interned with the methods of what it embeds, so these must be known. For a declared interface
//! type that is put off until the outermost type declaration is done (`Pending`, in `decl.rs`), so that methods may
//! mention types that are being declared around it.

use rustc_hash::FxHashMap;

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::{self, Expr, ExprId, Ident, InterfaceElem, LitKind};

use super::Checker;
use crate::constant::Constant;
use crate::objects::PkgId;
use crate::types::{Basic, Field, Interface, Method, Tag, Type, TypeId, WrittenInterface};

impl Checker<'_> {
    pub(super) fn struct_type(&mut self, groups: &[ast::Field]) -> TypeId {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen: FxHashMap<Symbol, Span> = FxHashMap::default();
        for group in groups {
            let ty = self.var_type(group.ty);
            let tag = group.tag.map_or(Tag::NONE, |t| self.tag(t));
            let embedded = group.names.is_empty();
            let mut names = group.names.clone();
            let mut field_type = ty;
            if embedded {
                match self.embedded_name(group.ty) {
                    Some(name) => names.push(name),
                    None => {
                        let message = format!("invalid embedded field type {}", self.es(group.ty));
                        self.error_at(Code::InvalidSyntaxTree, group.ty, message);
                        names.push(Ident { name: Symbol::BLANK, span: self.span(group.ty) });
                        field_type = TypeId::INVALID;
                    }
                }
                let at = group.ty;
                self.later(move |c| c.valid_embedded(at, ty));
            }
            for name in names {
                if name.name != Symbol::BLANK
                    && let Some(&other) = seen.get(&name.name)
                {
                    let text = self.text(name.name);
                    let message = format!("{text} redeclared\n\t{}: other declaration of {text}", self.place(other));
                    let d = Diagnostic::error(Code::DuplicateDecl, name.span, message);
                    self.report(d.label(other, format!("other declaration of {text}")));
                    continue;
                }
                seen.insert(name.name, name.span);
                let pkg = self.member_pkg(name);
                fields.push(Field { name: name.name, pkg, ty: field_type, embedded, tag, span: name.span });
            }
        }
        self.prog.types.intern(Type::Struct(fields))
    }

    fn tag(&mut self, e: ExprId) -> Tag {
        if let Expr::BasicLit(LitKind::String, text) = self.ast[e].kind
            && let Constant::String(bytes) = Constant::from_literal(LitKind::String, self.text(text))
        {
            return self.prog.types.tag(&bytes);
        }
        Tag::NONE
    }

    /// The name of an embedded field: that of its type.
    fn embedded_name(&self, e: ExprId) -> Option<Ident> {
        match self.ast[e].kind {
            Expr::Name(name) => Some(Ident { name, span: self.span(e) }),
            Expr::Star(base) if !matches!(self.ast[base].kind, Expr::Star(_)) => self.embedded_name(base),
            Expr::Selector(_, sel) => Some(sel),
            Expr::Index(x, _) | Expr::Paren(x) => self.embedded_name(x),
            _ => None,
        }
    }

    /// Spec: an embedded field is a type name `T` or a pointer to a non-interface type name `*T`, and `T` is no pointer.
    fn valid_embedded(&mut self, at: ExprId, ty: TypeId) {
        let base = self.prog.types.deref(ty);
        if self.prog.types.as_type_param(base.unwrap_or(ty)).is_some() {
            self.error_at(
                Code::MisplacedTypeParam,
                at,
                "embedded field type cannot be a (pointer to a) type parameter",
            );
            return;
        }
        let message = match self.prog.types.under(base.unwrap_or(ty)) {
            Type::Basic(Basic::UnsafePointer) => "embedded field type cannot be unsafe.Pointer",
            Type::Pointer(_) => "embedded field type cannot be a pointer",
            Type::Interface(_) if base.is_some() => "embedded field type cannot be a pointer to an interface",
            _ => return,
        };
        self.error_at(Code::InvalidPtrEmbed, at, message);
    }

    pub(super) fn interface_type(&mut self, elems: &[InterfaceElem]) -> TypeId {
        let mut explicit: Vec<Method> = Vec::new();
        let mut embeds: Vec<(TypeId, ExprId)> = Vec::new();
        for elem in elems {
            match *elem {
                InterfaceElem::Method(name, sig) => {
                    if name.name == Symbol::BLANK {
                        let message = "methods must have a unique non-blank name";
                        self.error(Code::BlankIfaceMethod, name.span, message);
                        continue;
                    }
                    self.literal_depth += 1;
                    let ty = self.typ(sig);
                    self.literal_depth -= 1;
                    explicit.push(Method { name: name.name, pkg: self.member_pkg(name), ty, span: name.span });
                }
                InterfaceElem::Embed(e) => {
                    let ty = if self.is_union(e) { self.union(e) } else { self.typ(e) };
                    if self.prog.types.as_type_param(ty).is_some() {
                        let message = "term cannot be a type parameter";
                        self.error_at(Code::MisplacedTypeParam, e, message);
                        continue;
                    }
                    embeds.push((ty, e));
                }
            }
        }
        let methods = self.all_methods(&explicit, &embeds);
        let (terms, comparable) = self.interface_terms(&embeds);
        let embeds: Vec<TypeId> = embeds.into_iter().map(|e| e.0).filter(|t| !t.is_invalid()).collect();
        let written = (!embeds.is_empty()).then(|| {
            self.sort_methods(&mut explicit);
            Box::new(WrittenInterface { explicit, embeds, implicit: false })
        });
        self.prog.types.intern(Type::Interface(Interface { methods, terms, comparable, written }))
    }

    /// The methods of an interface, those of embedded interfaces included, sorted.
    fn all_methods(&mut self, explicit: &[Method], embeds: &[(TypeId, ExprId)]) -> Vec<Method> {
        let mut methods: Vec<Method> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for m in explicit {
            match methods.iter().position(|o| o.name == m.name && o.pkg == m.pkg) {
                Some(other) => self.duplicate_method(m.name, m.span, places[other]),
                None => {
                    places.push(m.span);
                    methods.push(m.clone());
                }
            }
        }
        for &(ty, at) in embeds {
            self.complete(ty);
            if self.embeds_itself(ty) {
                continue;
            }
            let span = self.span(at);
            let embedded = match self.prog.types.under(ty) {
                Type::Interface(i) => i.methods.clone(),
                _ => continue,
            };
            for m in embedded {
                match methods.iter().position(|o| o.name == m.name && o.pkg == m.pkg) {
                    Some(other) if methods[other].ty != m.ty => self.duplicate_method(m.name, span, places[other]),
                    Some(_) => {}
                    None => {
                        places.push(span);
                        methods.push(m);
                    }
                }
            }
        }
        self.sort_methods(&mut methods);
        methods
    }

    /// Whether an embedded type is being worked out around the interface that embeds it; reports it.
    fn embeds_itself(&mut self, ty: TypeId) -> bool {
        let Type::Named(id) = *self.prog.types.get(ty) else { return false };
        let Some(start) = self.resolving.iter().position(|r| r.0 == id) else { return false };
        let through_literal = self.literal_depth > 0 || self.resolving[start + 1..].iter().any(|r| r.1 > 0);
        if !through_literal {
            let cycle: Vec<_> = self.resolving[start..].iter().map(|r| r.0).collect();
            self.recursive_type(&cycle);
            return true;
        }
        let obj = self.prog.types.named(id).obj;
        if !std::mem::replace(&mut self.prog.objects[obj].broken, true) {
            // Unlike Go, which finds it last, the users of these types stay silent from here on.
            for &(n, _) in &self.resolving[start..] {
                let o = self.prog.types.named(n).obj;
                self.prog.objects[o].broken = true;
            }
            let decl = self.prog.objects[obj].decl.and_then(|d| self.prog.decl(d).type_spec);
            let at = match decl.map(|(d, i)| (&self.ast[d].kind, i as usize)) {
                Some((ast::Decl::Type(specs), i)) => self.span(specs[i].ty),
                _ => self.prog.objects[obj].span,
            };
            let message =
                "invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)";
            self.late_error(Code::InvalidTypeCycle, at, message);
        }
        true
    }

    fn duplicate_method(&mut self, name: Symbol, at: Span, other: Span) {
        let name = self.text(name);
        let message = format!("duplicate method {name}\n\t{}: other declaration of method {name}", self.place(other));
        let d = Diagnostic::error(Code::DuplicateDecl, at, message);
        self.report(d.label(other, format!("other declaration of method {name}")));
    }

    /// Exported names first, each part in the order of the texts.
    fn sort_methods(&self, methods: &mut [Method]) {
        methods.sort_by(|a, b| {
            let key = |m: &Method| (m.pkg != PkgId::NONE, self.text(m.name), m.pkg);
            key(a).cmp(&key(b))
        });
    }
}
