//! What a diagnostic says beyond Go's words: names that were probably meant, and the declarations that matter as second
//! places.
//!
//! Nothing here changes a message, a position or what is reported. Places come from the tree and from objects, never from
//! types: a type's structure is shared by all declarations that have the same.

use gol_source::{Code, Diagnostic, Span, Symbol, nearest};
use gol_syntax::ast::{Decl, Expr, ExprId, FuncDecl, Ident, InterfaceElem};

use super::Checker;
use crate::info::Selected;
use crate::objects::{ObjId, ObjKind, PkgId};
use crate::types::{Basic, NamedId, Type, TypeId, TypeParamId};

/// How many diagnostics of a package get guesses: a text that is no Go at all has thousands.
const GUESSED: usize = 100;

impl Checker<'_> {
    /// The name `name` at `e` stands for nothing. `selected`: it is followed by a point, so it may be meant for a package.
    pub(crate) fn undefined(&mut self, e: ExprId, name: Symbol, selected: bool) {
        let text = self.text(name);
        let mut d = Diagnostic::error(Code::UndeclaredName, self.start(e), format!("undefined: {text}"));
        if let Some(help) = self.guess(|c| c.meant_by_name(e, name, selected)) {
            d = d.help(help);
        }
        self.report(d);
    }

    fn guess(&self, help: impl FnOnce(&Self) -> Option<String>) -> Option<String> {
        if self.error_count() >= GUESSED { None } else { help(self) }
    }

    fn meant_by_name(&self, e: ExprId, name: Symbol, selected: bool) -> Option<String> {
        let text = self.text(name);
        if selected {
            let last = |path: &str| path.strip_suffix("/v2").unwrap_or(path).rsplit('/').next() == Some(text);
            let mut paths = self.prog.library.iter().filter(|p| last(p));
            if let Some(path) = paths.next() {
                let others = paths.map(|p| format!(" or \"{p}\"")).collect::<String>();
                return Some(format!("{text} is a package of the standard library: import \"{path}\"{others}"));
            }
        }
        let pos = self.span(e).lo;
        let mut names = Vec::new();
        let mut scope = Some(self.env.scope);
        while let Some(id) = scope {
            let s = self.prog.scope(id);
            for &obj in s.objects() {
                let o = &self.prog.objects[obj];
                if o.scope_pos <= pos && (selected || !matches!(o.kind, ObjKind::PkgName(_))) {
                    names.push(self.text(o.name));
                }
            }
            scope = s.parent;
        }
        if let Some(meant) = nearest(text, names) {
            return Some(format!("did you mean {meant}?"));
        }
        // Words of other languages, and of people.
        let known = match text {
            "null" | "NULL" | "None" | "undefined" => "nil",
            "True" | "TRUE" => "true",
            "False" | "FALSE" => "false",
            "str" => "string",
            "char" => "byte or rune",
            "float" | "double" => "float64",
            "boolean" => "bool",
            _ => return None,
        };
        Some(format!("in Go it is {known}"))
    }

    /// Adds the exported name of a package that was probably meant by `name`.
    pub(crate) fn help_package_member(&self, d: Diagnostic, pkg: PkgId, name: Symbol) -> Diagnostic {
        let names = || {
            let objects = self.prog.scope(self.prog.package(pkg).scope).objects();
            objects.iter().map(|&o| self.prog.objects[o].name).filter(|&n| self.is_exported(n)).map(|n| self.text(n))
        };
        let package = self.text(self.prog.package(pkg).name);
        match self.guess(|c| nearest(c.text(name), names()).map(|meant| format!("did you mean {package}.{meant}?"))) {
            Some(help) => d.help(help),
            None => d,
        }
    }

    /// Adds the field or method of a type that was probably meant by `name`, and where the type is declared.
    pub(crate) fn help_member(&self, d: Diagnostic, ty: TypeId, name: Symbol, fields_only: bool) -> Diagnostic {
        let d = self.label_type(d, ty);
        let names = self.members(ty, fields_only);
        match self.guess(|c| nearest(c.text(name), names).map(|meant| format!("did you mean {meant}?"))) {
            Some(help) => d.help(help),
            None => d,
        }
    }

    /// The names of a type's fields and methods that can be reached from here, shallowest first.
    fn members(&self, ty: TypeId, fields_only: bool) -> Vec<&str> {
        let types = &self.prog.types;
        let mut names = Vec::new();
        let (mut level, mut seen) = (vec![types.deref(ty).unwrap_or(ty)], Vec::new());
        while !level.is_empty() {
            let mut next = Vec::new();
            for ty in level {
                if seen.contains(&ty) || seen.len() > 1000 {
                    continue;
                }
                seen.push(ty);
                if let (Type::Named(id), false) = (types.get(ty), fields_only) {
                    let id = types.named(*id).origin.unwrap_or(*id);
                    let methods = types.named(id).methods.iter().map(|&m| &self.prog.objects[m]);
                    names.extend(methods.filter(|o| self.reachable(o.name, o.pkg)).map(|o| self.text(o.name)));
                }
                let bound = types.as_type_param(ty).map(|p| types.type_param(p).bound);
                match types.under(bound.unwrap_or(ty)) {
                    Type::Struct(fields) => {
                        for f in fields {
                            if self.reachable(f.name, f.pkg) {
                                names.push(self.text(f.name));
                            }
                            if f.embedded {
                                next.push(types.deref(f.ty).unwrap_or(f.ty));
                            }
                        }
                    }
                    Type::Interface(i) if !fields_only => {
                        let methods = i.methods.iter().filter(|m| self.reachable(m.name, m.pkg));
                        names.extend(methods.map(|m| self.text(m.name)));
                    }
                    _ => {}
                }
            }
            level = next;
        }
        names
    }

    fn reachable(&self, name: Symbol, pkg: PkgId) -> bool {
        self.is_exported(name) || pkg == self.pkg
    }

    /// Adds where a declared type (or what a pointer points to) is declared.
    pub(crate) fn label_type(&self, d: Diagnostic, ty: TypeId) -> Diagnostic {
        let base = self.prog.types.deref(ty).unwrap_or(ty);
        match *self.prog.types.get(base) {
            Type::Named(id) => {
                let obj = self.prog.types.named(id).obj;
                self.label_object(d, obj, format!("type {} is declared here", self.obj_name(obj)))
            }
            _ => d,
        }
    }

    /// Adds the declaration of an object that has one.
    pub(crate) fn label_object(&self, d: Diagnostic, obj: ObjId, text: impl Into<String>) -> Diagnostic {
        d.label(self.prog.objects[obj].span, text)
    }

    /// The object that an expression names: a variable, function, constant, type, or declared method.
    pub(crate) fn named_object(&self, e: ExprId) -> Option<ObjId> {
        let e = self.ast.unparen(e);
        match self.ast[e].kind {
            Expr::Index(x, _) => {
                self.named_object(x).filter(|&o| matches!(self.prog.objects[o].kind, ObjKind::Func { .. }))
            }
            Expr::Name(_) | Expr::Selector(..) => match self.prog.info.selections.get(&e).map(|s| s.selected) {
                Some(Selected::Method(m)) => Some(self.prog.origin(m)),
                Some(_) => None,
                None => self.prog.info.uses.get(&e).map(|&o| self.prog.origin(o)),
            },
            _ => None,
        }
    }

    /// The declaration of the function that an expression names.
    pub(crate) fn named_function(&self, fun: ExprId) -> Option<&FuncDecl> {
        let ObjKind::Func { decl: Some(decl), .. } = self.prog.objects[self.named_object(fun)?].kind else {
            return None;
        };
        match &self.ast[decl].kind {
            Decl::Func(func) => Some(func),
            _ => None,
        }
    }

    /// Adds where the function of a call is declared, or the variable that holds it.
    pub(crate) fn label_callee(&self, d: Diagnostic, fun: ExprId) -> Diagnostic {
        match self.named_object(fun) {
            Some(obj) => self.label_object(d, obj, format!("{} is declared here", self.obj_name(obj))),
            None => d,
        }
    }

    /// Adds the parameter that the argument with this index goes to.
    pub(crate) fn label_param(&self, d: Diagnostic, fun: ExprId, index: usize) -> Diagnostic {
        let Some(func) = self.named_function(fun) else { return d };
        let Expr::FuncType(sig) = &self.ast[func.ty].kind else { return d };
        let spans: Vec<Span> = sig.params.iter().flat_map(|f| self.name_spans(&f.names, f.ty)).collect();
        match spans.get(index).or(spans.last()) {
            Some(&span) => d.label(span, "the parameter is declared here"),
            None => d,
        }
    }

    fn name_spans(&self, names: &[Ident], ty: ExprId) -> Vec<Span> {
        if names.is_empty() { vec![self.span(ty)] } else { names.iter().map(|n| n.span).collect() }
    }

    /// Adds the results that a function type's expression lists.
    pub(crate) fn label_results(&self, d: Diagnostic, func_type: Option<ExprId>) -> Diagnostic {
        let Some(Expr::FuncType(sig)) = func_type.map(|e| &self.ast[e].kind) else { return d };
        let (Some(first), Some(last)) = (sig.results.first(), sig.results.last()) else { return d };
        let lo = first.names.first().map_or(self.span(first.ty).lo, |n| n.span.lo);
        let what = if sig.results.len() == 1 && first.names.len() < 2 { "the result is" } else { "the results are" };
        d.label(Span::new(lo, self.span(last.ty).hi), format!("{what} declared here"))
    }

    /// Adds the methods on which the question rests whether `v` implements interface `t`: that of the interface, and one
    /// of the type that does not do.
    pub(crate) fn label_missing_method(&mut self, d: Diagnostic, v: TypeId, t: TypeId) -> Diagnostic {
        let Some(name) = self.first_missing(v, t) else { return d };
        let d = match self.interface_method(t, name) {
            Some(span) => d.label(span, format!("{} is asked for here", self.text(name))),
            None => d,
        };
        let base = self.prog.types.deref(v).unwrap_or(v);
        let Type::Named(id) = *self.prog.types.get(base) else { return d };
        let id = self.prog.types.named(id).origin.unwrap_or(id);
        let exact = self.find_method(id, self.pkg, name, false);
        match exact.or_else(|| self.find_method(id, self.pkg, name, true)) {
            Some(m) => self.label_object(d, m, "the type has this method"),
            None => self.label_type(d, base),
        }
    }

    fn first_missing(&mut self, v: TypeId, t: TypeId) -> Option<Symbol> {
        let methods = self.prog.types.constraint(t)?.methods.clone();
        methods.into_iter().find_map(|m| {
            let found = self.lookup_field_or_method(v, false, m.pkg, m.name, false);
            let fits = matches!(found, super::Lookup::Found { ty, ref selected, .. } if ty == m.ty && *selected != Selected::Field);
            (!fits).then_some(m.name)
        })
    }

    /// Where a declared interface lists a method, or where it is declared if it has the method from elsewhere.
    fn interface_method(&self, t: TypeId, name: Symbol) -> Option<Span> {
        let Type::Named(id) = *self.prog.types.get(t) else { return None };
        let named = self.prog.types.named(id);
        let named = named.origin.map_or(named, |o| self.prog.types.named(o));
        let o = &self.prog.objects[named.obj];
        let at_name = (!o.span.is_none()).then_some(o.span);
        let Some((decl, at)) = o.decl.and_then(|d| self.prog.decl(d).type_spec) else { return at_name };
        let Decl::Type(specs) = &self.ast[decl].kind else { return at_name };
        let Expr::InterfaceType(elems) = &self.ast[self.ast.unparen(specs[at as usize].ty)].kind else {
            return at_name;
        };
        let listed = elems.iter().find_map(|e| match e {
            InterfaceElem::Method(ident, _) if ident.name == name => Some(ident.span),
            _ => None,
        });
        listed.or(at_name)
    }

    /// Adds where a type parameter is declared with the constraint that an argument does not satisfy.
    pub(crate) fn label_constraint(&self, d: Diagnostic, param: TypeParamId) -> Diagnostic {
        let obj = self.prog.types.type_param(param).obj;
        let bound = self.prog.types.type_param(param).bound;
        let d = self.label_object(d, obj, format!("{} is constrained here", self.obj_name(obj)));
        let named = |id: NamedId| self.prog.types.named(id).obj;
        match *self.prog.types.get(bound) {
            Type::Named(id) => self.label_object(d, named(id), "the constraint"),
            _ => d,
        }
    }

    /// Adds the range of an integer type that a constant does not fit.
    pub(crate) fn help_range(&self, d: Diagnostic, ty: TypeId) -> Diagnostic {
        let Type::Basic(basic) = *self.prog.types.under(ty) else { return d };
        let range = match basic {
            Basic::Int8 => "-128 to 127",
            Basic::Uint8 => "0 to 255",
            Basic::Int16 => "-32768 to 32767",
            Basic::Uint16 => "0 to 65535",
            Basic::Int32 => "-2147483648 to 2147483647",
            Basic::Uint32 => "0 to 4294967295",
            Basic::Int | Basic::Int64 => "-9223372036854775808 to 9223372036854775807",
            Basic::Uint | Basic::Uint64 | Basic::Uintptr => "0 to 18446744073709551615",
            _ => return d,
        };
        d.help(format!("values of type {} go from {range}", self.ts(ty)))
    }
}
