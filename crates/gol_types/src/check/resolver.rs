//! Collecting the objects of a package: imports, package-level names, methods; and unused imports.

use std::collections::HashMap;
use std::ops::Range;

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::{ConstSpec, Decl, DeclId, Expr, ExprId, File, FuncDecl, Ident, ImportSpec, TypeSpec, VarSpec};

use super::Checker;
use crate::constant::Constant;
use crate::objects::{DeclInfoId, ObjId, ObjKind, Object, PkgId, ScopeId, State, VarKind};
use crate::package::{DeclInfo, Options};
use crate::types::TypeId;

/// What collecting finds beside what goes to the package.
#[derive(Default)]
pub(super) struct Collected {
    /// All package-level objects, functions and methods, in source order.
    pub(super) objects: Vec<ObjId>,
    /// The imports of all files.
    pub(super) imports: Vec<ObjId>,
    /// Objects that were made before their declarations were parsed, for those that are collected now.
    pub(super) known: Range<u32>,
    files: Vec<ScopeId>,
    methods: Vec<(ObjId, ExprId)>,
}

impl Checker<'_> {
    /// Makes an object for everything that the files declare.
    pub(super) fn collect(&mut self, files: &[File], paths: &HashMap<String, PkgId>) -> Collected {
        let mut all = Collected::default();
        let package = self.prog.package(self.pkg);
        let (name, scope) = (package.name, package.scope);
        for file in files {
            if file.package.name == Symbol::BLANK {
                self.error(Code::BlankPkgName, file.package.span, "invalid package name _");
            } else if file.package.name != name {
                let message = format!("package {}; expected package {}", self.text(file.package.name), self.text(name));
                self.error(Code::MismatchedPkgName, file.package.span, message);
                continue;
            }
            let file_scope = self.prog.new_scope(Some(scope));
            all.files.push(file_scope);
            self.env.scope = file_scope;
            for &decl in &file.decls {
                self.collect_any(&mut all, decl, paths);
            }
        }
        self.file_conflicts(&all);
        self.assign_methods(&mut all);
        self.env.scope = scope;
        all
    }

    /// The same for an entry of a session, whose imports are the session's.
    pub(super) fn collect_entry(&mut self, decls: &[DeclId], paths: &HashMap<String, PkgId>) -> Collected {
        let mut all = Collected::default();
        for &decl in decls {
            self.collect_any(&mut all, decl, paths);
        }
        self.assign_methods(&mut all);
        all
    }

    fn collect_any(&mut self, all: &mut Collected, decl: DeclId, paths: &HashMap<String, PkgId>) {
        match &self.ast[decl].kind {
            Decl::Import(specs) => specs.iter().for_each(|s| self.collect_import(all, s, paths)),
            _ => self.collect_decl(all, decl),
        }
    }

    /// Makes the objects of a declaration.
    pub(super) fn collect_decl(&mut self, all: &mut Collected, decl: DeclId) {
        let ast = self.ast;
        match &ast[decl].kind {
            Decl::Bad | Decl::Import(_) => {}
            Decl::Const(specs) => self.collect_consts(all, specs),
            Decl::Type(specs) => {
                for (i, spec) in specs.iter().enumerate() {
                    self.collect_type(all, spec, decl, i as u32);
                }
            }
            Decl::Var(specs) => specs.iter().for_each(|s| self.collect_vars(all, s)),
            Decl::Func(func) => self.collect_func(all, func, decl),
        }
    }

    fn assign_methods(&mut self, all: &mut Collected) {
        for (method, ty) in std::mem::take(&mut all.methods) {
            if let Some((pointer, base)) = self.base_type_name(ty) {
                if let ObjKind::Func { recv: Some(r), .. } = &mut self.prog.objects[method].kind {
                    r.pointer = pointer;
                }
                self.prog.methods.entry(base).or_default().push(method);
            }
        }
    }

    fn new_decl(&mut self) -> DeclInfo {
        DeclInfo {
            file: self.env.scope,
            lhs: Vec::new(),
            ty: None,
            init: None,
            inherited: false,
            iota: 0,
            type_spec: None,
            func: None,
            deps: Default::default(),
            checked: false,
        }
    }

    fn add_decl(&mut self, info: DeclInfo) -> DeclInfoId {
        self.prog.decls.push(info);
        DeclInfoId(self.prog.decls.len() as u32 - 1)
    }

    fn collect_import(&mut self, all: &mut Collected, spec: &ImportSpec, paths: &HashMap<String, PkgId>) {
        let path = self.text(spec.path);
        if let Err(why) = valid_path(path) {
            self.error(Code::BadImportPath, spec.path_span, format!("invalid import path ({why})"));
            return;
        }
        let imported = match path {
            "unsafe" => PkgId::UNSAFE,
            _ => match paths.get(path) {
                Some(&id) => id,
                // The driver has reported it.
                None => self.missing_package(spec, path),
            },
        };
        let package = self.prog.package(imported);
        let missing = package.missing;
        let name = spec.name.map_or(package.name, |n| n.name);
        if name == self.prog.universe.sym_init {
            let span = spec.name.map_or(spec.path_span, |n| n.span);
            self.error(Code::InvalidInitDecl, span, "cannot import package as init - init must be a func");
            return;
        }
        let here = &mut self.prog.packages[self.pkg.0 as usize];
        if !here.imports.contains(&imported) {
            here.imports.push(imported);
        }
        let span = spec.name.map_or(spec.path_span, |n| n.span);
        let obj = self.new_object(Ident { name, span }, TypeId::INVALID, ObjKind::PkgName(imported));
        self.prog.objects[obj].used = missing;
        all.imports.push(obj);
        if self.text(name) == "." {
            self.dot_import(imported, obj, span);
        } else {
            self.declare(self.env.scope, obj, 0);
        }
    }

    /// Stands in for a package that could not be had: everything in it is accepted in silence.
    fn missing_package(&mut self, spec: &ImportSpec, path: &str) -> PkgId {
        if let Some(id) = self.prog.package_by_path(path) {
            return id;
        }
        let last = path.rsplit('/').next().unwrap_or(path);
        let name = self.ast.names.lookup(last).unwrap_or(spec.path);
        let id = self.prog.new_package(path, name, Options { trusted: true, allow_unused: true });
        self.prog.packages[id.0 as usize].missing = true;
        id
    }

    fn dot_import(&mut self, imported: PkgId, import: ObjId, span: Span) {
        self.prog.info.defs.insert(span.lo, import);
        let scope = self.prog.package(imported).scope;
        for obj in self.prog.scope(scope).objects().to_vec() {
            let name = self.prog.objects[obj].name;
            if !self.is_exported(name) {
                continue;
            }
            let file = self.env.scope;
            if self.prog.is_session_scope(file) {
                self.prog.scope_mut(file).shadow(name, obj);
                continue;
            }
            match self.prog.scope_mut(file).insert(name, obj) {
                Some(old) => self.redeclared(name, span, old),
                None => {
                    self.prog.dot_imports.insert((file, name), import);
                }
            }
        }
    }

    /// Declares a package-level constant, type or variable.
    fn declare_package_object(&mut self, all: &mut Collected, name: Ident, kind: ObjKind, decl: DeclInfoId) -> ObjId {
        if let Some(obj) = self.known_object(all, &kind) {
            self.prog.objects[obj].decl = Some(decl);
            return obj;
        }
        let is_var = matches!(kind, ObjKind::Var(_));
        let obj = self.new_object(name, TypeId::INVALID, kind);
        self.prog.objects[obj].decl = Some(decl);
        self.prog.objects[obj].state = State::Unresolved;
        let universe = &self.prog.universe;
        let in_main = self.prog.package(self.pkg).name == universe.sym_main;
        if name.name == universe.sym_init {
            self.error(Code::InvalidInitDecl, name.span, "cannot declare init - must be func");
            return obj;
        }
        if name.name == universe.sym_main && in_main {
            self.error(Code::InvalidMainDecl, name.span, "cannot declare main - must be func");
            return obj;
        }
        self.declare(self.prog.package(self.pkg).scope, obj, 0);
        all.objects.push(obj);
        if is_var {
            self.prog.packages[self.pkg.0 as usize].vars.push(obj);
        }
        obj
    }

    fn collect_consts(&mut self, all: &mut Collected, specs: &[ConstSpec]) {
        let mut last: Option<&ConstSpec> = None;
        for spec in specs {
            let inherited = spec.ty.is_none() && spec.values.is_empty() && last.is_some();
            if !inherited {
                last = Some(spec);
            }
            let source = last.unwrap_or(spec);
            for (i, &name) in spec.names.iter().enumerate() {
                let (ty, init) = (source.ty, source.values.get(i).copied());
                let info = DeclInfo { ty, init, inherited, iota: spec.iota, ..self.new_decl() };
                let decl = self.add_decl(info);
                self.declare_package_object(all, name, ObjKind::Const(Constant::Unknown), decl);
            }
            self.arity(spec.span, &spec.names, &source.values, true, inherited);
        }
    }

    fn collect_vars(&mut self, all: &mut Collected, spec: &VarSpec) {
        let kind = ObjKind::Var(VarKind::Package);
        // One declaration for `var a, b = f()`, so that both depend on it; else one each.
        if let ([_, _, ..], [init]) = (&spec.names[..], &spec.values[..]) {
            let info = DeclInfo { ty: spec.ty, init: Some(*init), ..self.new_decl() };
            let decl = self.add_decl(info);
            let lhs: Vec<ObjId> =
                spec.names.iter().map(|&n| self.declare_package_object(all, n, kind.clone(), decl)).collect();
            self.prog.decl_mut(decl).lhs = lhs;
            return;
        }
        for (i, &name) in spec.names.iter().enumerate() {
            let init = spec.values.get(i).copied();
            let info = DeclInfo { ty: spec.ty, init, ..self.new_decl() };
            let decl = self.add_decl(info);
            let obj = self.declare_package_object(all, name, kind.clone(), decl);
            self.prog.decl_mut(decl).lhs = vec![obj];
        }
        if spec.ty.is_none() || !spec.values.is_empty() {
            self.arity(spec.span, &spec.names, &spec.values, false, false);
        }
    }

    fn collect_type(&mut self, all: &mut Collected, spec: &TypeSpec, decl: DeclId, at: u32) {
        let info = DeclInfo { type_spec: Some((decl, at)), ..self.new_decl() };
        let info = self.add_decl(info);
        self.declare_package_object(all, spec.name, ObjKind::TypeName { alias: spec.alias }, info);
    }

    fn collect_func(&mut self, all: &mut Collected, func: &FuncDecl, decl: DeclId) {
        let recv = func.recv.as_ref().map(|r| self.receiver_form(r.ty));
        let kind = ObjKind::Func { decl: Some(decl), recv };
        let info = DeclInfo { func: Some(decl), ..self.new_decl() };
        let info = self.add_decl(info);
        if let Some(obj) = self.known_object(all, &kind) {
            self.prog.objects[obj].decl = Some(info);
            return;
        }
        let obj = self.new_object(func.name, TypeId::INVALID, kind);
        self.prog.objects[obj].decl = Some(info);
        self.prog.objects[obj].state = State::Unresolved;
        all.objects.push(obj);
        let (name, span) = (func.name.name, func.name.span);
        let universe = &self.prog.universe;
        let is_init = name == universe.sym_init;
        let is_main = name == universe.sym_main && self.prog.package(self.pkg).name == name;
        if let Some(recv) = &func.recv {
            let (_, base) = self.unpack_receiver_name(recv.ty);
            if let (Expr::Name(_), true) = (&self.ast[base].kind, name != Symbol::BLANK) {
                all.methods.push((obj, recv.ty));
            }
            self.prog.info.defs.insert(span.lo, obj);
            self.prog.packages[self.pkg.0 as usize].funcs.push(obj);
            return;
        }
        if is_init || is_main {
            let code = if is_init { Code::InvalidInitDecl } else { Code::InvalidMainDecl };
            let text = self.text(name);
            if let Some(first) = func.tparams.first() {
                let at = first.names.first().map_or(self.span(first.ty), |n| n.span);
                self.error(code, at, format!("func {text} must have no type parameters"));
            }
            if let Expr::FuncType(sig) = &self.ast[func.ty].kind
                && !(sig.params.is_empty() && sig.results.is_empty())
            {
                self.error(code, span, format!("func {text} must have no arguments and no return values"));
            }
        }
        let package = &mut self.prog.packages[self.pkg.0 as usize];
        if is_init {
            package.inits.push(obj);
            self.prog.info.defs.insert(span.lo, obj);
            if func.body.is_none() {
                self.error(Code::MissingInitBody, span, "func init must have a body");
            }
            return;
        }
        package.funcs.push(obj);
        let scope = package.scope;
        self.declare(scope, obj, 0);
    }

    /// Names of a file's imports must not be names of the package.
    fn file_conflicts(&mut self, all: &Collected) {
        let scope = self.prog.package(self.pkg).scope;
        for &file in &all.files {
            for obj in self.prog.scope(file).objects().to_vec() {
                let name = self.prog.objects[obj].name;
                let Some(alt) = self.prog.scope(scope).get(name) else { continue };
                let text = self.text(name);
                let at = self.prog.objects[alt].span;
                let (imported, other) = match self.prog.objects[obj].kind {
                    ObjKind::PkgName(id) => (id, self.prog.objects[obj].span),
                    _ => (self.prog.objects[obj].pkg, Span::NONE),
                };
                let package = self.prog.package(imported);
                let how = if other.is_none() { "dot-import" } else { "import" };
                let mut message = format!(
                    "{text} already declared through {how} of package {} (\"{}\")",
                    self.text(package.name),
                    package.path
                );
                let shown = if other.is_none() { self.prog.objects[obj].span } else { other };
                message.push_str(&format!("\n\t{}: other declaration of {text}", self.place(shown)));
                let d = Diagnostic::error(Code::DuplicateDecl, at, message);
                self.report(d.label(other, format!("other declaration of {text}")));
            }
        }
    }

    /// The declared type that a receiver's type names, through aliases of this package, and whether by a pointer.
    fn base_type_name(&self, ty: ExprId) -> Option<(bool, ObjId)> {
        let scope = self.prog.scope(self.prog.package(self.pkg).scope);
        let (mut pointer, mut base) = self.unpack_receiver_name(ty);
        let mut seen: Vec<ObjId> = Vec::new();
        loop {
            let Expr::Name(name) = self.ast[base].kind else { return None };
            let obj = scope.get(name)?;
            if seen.contains(&obj) {
                return None;
            }
            seen.push(obj);
            let (decl, at) = self.prog.decl(self.prog.objects[obj].decl?).type_spec?;
            let Decl::Type(specs) = &self.ast[decl].kind else { return None };
            let spec = &specs[at as usize];
            if !spec.alias {
                return Some((pointer, obj));
            }
            let (star, inner) = self.unpack_receiver_name(spec.ty);
            if star && pointer {
                return None;
            }
            pointer |= star;
            base = inner;
        }
    }

    /// Reports imports that no file uses.
    pub(super) fn unused_imports(&mut self, imports: &[ObjId]) {
        for &obj in imports {
            let o = &self.prog.objects[obj];
            if o.used || o.name == Symbol::BLANK {
                continue;
            }
            let ObjKind::PkgName(id) = o.kind else { continue };
            let (name, span, path) = (self.text(o.name), o.span, &self.prog.package(id).path);
            let last = path.rsplit('/').next().unwrap_or(path);
            let message = if name == "." || name == last {
                format!("\"{path}\" imported and not used")
            } else {
                format!("\"{path}\" imported as {name} and not used")
            };
            self.error(Code::UnusedImport, span, message);
        }
    }
}

/// Whether an import path is well formed; if not, why, in Go's words.
pub fn valid_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("empty string".to_string());
    }
    let wrong = |c: char| c.is_control() || c.is_whitespace() || "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}".contains(c);
    match path.chars().find(|&c| wrong(c)) {
        Some(c) if c.is_control() || (c.is_whitespace() && c != ' ') => {
            Err(format!("invalid character U+{:04X}", c as u32))
        }
        Some(c) => Err(format!("invalid character U+{:04X} '{c}'", c as u32)),
        None => Ok(()),
    }
}

/// The objects of a list that are of one kind; see [`Collected::objects`].
pub(super) fn is_type(object: &Object) -> bool {
    matches!(object.kind, ObjKind::TypeName { .. })
}
