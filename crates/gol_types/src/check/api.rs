//! The entry points: a package, and bodies and initializers on demand.

use std::collections::HashMap;

use gol_source::{Code, Diagnostic, SourceMap, Span, Symbol};
use gol_syntax::ast::{Ast, Decl, File};

use super::{Checker, initorder, resolver};
use crate::objects::{ObjId, ObjKind, PkgId, State};
use crate::package::{InitStep, Options, Program};

impl Program {
    /// Checks a package. Its imports are checked already: `imports` gives them by the path as written (a path that is
    /// not there stands for a package that could not be had, and was reported by the caller). All findings come back
    /// sorted by position.
    ///
    /// A trusted package's bodies, initializers and declarations are left for when they are first needed; the compiler
    /// asks for them with [`Program::check_body`] and [`Program::check_var_init`].
    pub fn check_package(
        &mut self,
        ast: &Ast,
        map: &SourceMap,
        files: &[File],
        path: &str,
        imports: &HashMap<String, PkgId>,
        options: Options,
    ) -> (PkgId, Vec<Diagnostic>) {
        let name = files.first().map_or(Symbol::EMPTY, |f| f.package.name);
        let id = self.new_package(path, name, options);
        let mut c = Checker::new(ast, map, self, id);
        let found = c.collect(files, imports);
        c.prog.packages[id.0 as usize].objects = found.objects.clone();
        if !options.trusted {
            c.check_all(&found.objects);
            if !options.allow_unused {
                c.unused_imports(&found.imports);
            }
            c.missing_bodies();
        }
        (id, c.finish())
    }

    /// Checks everything in a trusted package that is not checked yet, as for the tests of the standard library.
    pub fn check_everything(&mut self, ast: &Ast, map: &SourceMap, pkg: PkgId) -> Vec<Diagnostic> {
        let package = self.package(pkg);
        let objects = package.objects.clone();
        let mut c = Checker::new(ast, map, self, pkg);
        c.resolve_all(&objects);
        for &obj in &objects {
            c.demand(obj);
        }
        c.process_later();
        c.check_init_order();
        c.finish()
    }

    /// Checks the body of a function of a trusted package, once; of others it is checked already. Also makes sure that
    /// the function's own type is known.
    pub fn check_body(&mut self, ast: &Ast, map: &SourceMap, func: ObjId) -> Vec<Diagnostic> {
        self.on_demand(ast, map, func)
    }

    /// Checks the initializer of a package-level variable of a trusted package, once; likewise.
    pub fn check_var_init(&mut self, ast: &Ast, map: &SourceMap, var: ObjId) -> Vec<Diagnostic> {
        self.on_demand(ast, map, var)
    }

    /// Makes sure that an object of a trusted package has its type (and value); likewise.
    pub fn check_object(&mut self, ast: &Ast, map: &SourceMap, obj: ObjId) -> Vec<Diagnostic> {
        let mut c = Checker::new(ast, map, self, PkgId::UNSAFE);
        c.pkg = c.prog.objects[obj].pkg;
        c.obj_decl(obj);
        c.process_later();
        c.finish()
    }

    fn on_demand(&mut self, ast: &Ast, map: &SourceMap, obj: ObjId) -> Vec<Diagnostic> {
        let o = &self.objects[obj];
        let unparsed = o.state == State::Unresolved && o.decl.is_none();
        if !unparsed && o.decl.is_none_or(|d| self.decl(d).checked) {
            return Vec::new();
        }
        let pkg = self.objects[obj].pkg;
        let mut c = Checker::new(ast, map, self, pkg);
        c.demand(obj);
        c.process_later();
        c.finish()
    }

    /// Checks the jumps in a file that has syntax errors, at `wrong`, and so is not checked otherwise: Go's parser does it,
    /// function by function. Functions with a mistake in them are left alone; after a mistake the tree is a guess.
    pub fn check_jumps(&mut self, ast: &Ast, map: &SourceMap, file: &File, wrong: &[Span]) -> Vec<Diagnostic> {
        let mut c = Checker::new(ast, map, self, PkgId::UNSAFE);
        for decl in &file.decls {
            let span = ast[*decl].span;
            if let Decl::Func(func) = &ast[*decl].kind
                && let Some(body) = &func.body
                && !wrong.iter().any(|w| span.lo <= w.lo && w.lo <= span.hi)
            {
                c.branches(body);
            }
        }
        c.finish()
    }

    /// The order in which a package's variables are initialized. For a trusted package only those that were checked
    /// with [`Program::check_var_init`] (whose initializers the program reaches) and what they depend on.
    pub fn init_order(&self, pkg: PkgId) -> Vec<InitStep> {
        initorder::init_order(self, pkg).0
    }
}

impl Checker<'_> {
    fn check_all(&mut self, objects: &[ObjId]) {
        self.direct_type_cycles(objects);
        self.resolve_all(objects);
        self.process_later();
        self.check_mono();
        self.overgrown_instance();
        self.check_init_order();
    }

    pub(super) fn direct_type_cycles(&mut self, objects: &[ObjId]) {
        let types: Vec<ObjId> = objects.iter().copied().filter(|&o| resolver::is_type(&self.prog.objects[o])).collect();
        self.direct_cycles(&types);
    }

    /// Declared types first, then aliases, then all else: so an alias rarely stands in the way of itself.
    pub(super) fn resolve_all(&mut self, objects: &[ObjId]) {
        for phase in 0..3 {
            for &obj in objects {
                let of = match self.prog.objects[obj].kind {
                    ObjKind::TypeName { alias: false } => 0,
                    ObjKind::TypeName { alias: true } => 1,
                    _ => 2,
                };
                if of == phase {
                    self.obj_decl(obj);
                }
            }
            if phase == 1 {
                // Types that contain themselves are cut before anything asks for their structure.
                self.process_later();
            }
        }
    }

    /// Checks body or initializer of a package-level object of a trusted package.
    fn demand(&mut self, obj: ObjId) {
        self.obj_decl(obj);
        let Some(decl) = self.prog.objects[obj].decl else { return };
        match self.prog.objects[obj].kind {
            ObjKind::Func { .. } => self.declared_body(obj, decl),
            ObjKind::Var(_) => self.package_var_init(obj),
            _ => {}
        }
    }

    /// Only trusted packages have functions without bodies. Go finds them last, when all else is right.
    pub(super) fn missing_bodies(&mut self) {
        let ast = self.ast;
        for obj in self.prog.package(self.pkg).funcs.clone() {
            if let ObjKind::Func { decl: Some(decl), .. } = self.prog.objects[obj].kind
                && let Decl::Func(func) = &ast[decl].kind
                && func.body.is_none()
            {
                // After the keyword: the name, or the receiver's parenthesis.
                let at = match func.recv {
                    Some(_) => self.after_func_keyword(ast[decl].span),
                    None => func.name.span,
                };
                self.late_error(Code::MissingInitBody, at, "missing function body");
            }
        }
    }

    fn after_func_keyword(&self, decl: Span) -> Span {
        let text = self.map.text(decl);
        let rest = text.strip_prefix("func").unwrap_or(text);
        let skipped = text.len() - rest.trim_start().len();
        self.at(decl.lo + skipped as u32)
    }

    /// All that was reported, sorted, without repetitions.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut all = if self.diagnostics.is_empty() { self.late } else { self.diagnostics };
        all.sort_by_key(|d| d.span.lo);
        all.dedup_by(|a, b| a.message == b.message && a.span.lo == b.span.lo);
        all
    }
}
