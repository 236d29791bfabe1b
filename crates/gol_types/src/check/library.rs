//! Packages of the standard library: their objects are known from outlines, and a declaration is parsed when the first of
//! its objects is needed.

use std::collections::HashMap;
use std::ops::Range;

use gol_source::{FileId, Span, Symbol};
use gol_syntax::ast::Ident;
use gol_syntax::outline::{ItemKind, Outline, Piece};

use super::Checker;
use super::resolver::Collected;
use crate::constant::Constant;
use crate::objects::{ObjId, ObjKind, PkgId, Receiver, ScopeId, State, VarKind};
use crate::package::Options;
use crate::types::TypeId;

/// A declaration of a library package that may not be parsed yet, with the objects that it declares.
#[derive(Clone, Debug)]
pub(crate) struct Unparsed {
    file: FileId,
    scope: ScopeId,
    span: Span,
    objects: Range<u32>,
}

impl Checker<'_> {
    /// Makes an object for everything that the outlines of a package's files have.
    pub(super) fn declare_library(&mut self, files: &[(FileId, Outline)], imports: &HashMap<String, PkgId>) {
        let map = self.map;
        let scope = self.prog.package(self.pkg).scope;
        let mut methods = Vec::new();
        for (id, outline) in files {
            let file = map.file(*id);
            self.env.scope = self.prog.new_scope(Some(scope));
            for import in &*outline.imports {
                self.library_import(import.path.of(&file.text), import.name.of(&file.text), imports);
            }
            for items in outline.items.chunk_by(|a, b| a.decl == b.decl) {
                let first = self.prog.objects.len() as u32;
                for item in items {
                    let name = self.ast.names.intern(item.name.of(&file.text));
                    let obj = self.library_object(item.kind, Ident { name, span: global(file.base, item.name) });
                    if item.receiver.len > 0 {
                        methods.push((obj, item.receiver.of(&file.text)));
                    }
                }
                self.prog.unparsed.push(Unparsed {
                    file: *id,
                    scope: self.env.scope,
                    span: global(file.base, items[0].decl),
                    objects: first..self.prog.objects.len() as u32,
                });
            }
        }
        for (method, base) in methods {
            let base = self.ast.names.lookup(base).and_then(|name| self.prog.scope(scope).get(name));
            if let Some(base) = base {
                self.prog.methods.entry(base).or_default().push(method);
            }
        }
        self.env.scope = scope;
    }

    fn library_import(&mut self, path: &str, name: &str, imports: &HashMap<String, PkgId>) {
        let imported = if path == "unsafe" { Some(PkgId::UNSAFE) } else { imports.get(path).copied() };
        let Some(imported) = imported else { return }; // the driver has reported it
        let package = &mut self.prog.packages[self.pkg.0 as usize];
        if !package.imports.contains(&imported) {
            package.imports.push(imported);
        }
        let name = match name {
            "" => self.prog.package(imported).name,
            _ => self.ast.names.intern(name),
        };
        let obj = self.new_object(Ident { name, span: Span::NONE }, TypeId::INVALID, ObjKind::PkgName(imported));
        self.declare(self.env.scope, obj, 0);
    }

    fn library_object(&mut self, kind: ItemKind, name: Ident) -> ObjId {
        let method = |pointer| ObjKind::Func { decl: None, recv: Some(Receiver { base: None, pointer }) };
        let object = match kind {
            ItemKind::Const => ObjKind::Const(Constant::Unknown),
            ItemKind::Var => ObjKind::Var(VarKind::Package),
            ItemKind::Type => ObjKind::TypeName { alias: false },
            ItemKind::Alias => ObjKind::TypeName { alias: true },
            ItemKind::Func => ObjKind::Func { decl: None, recv: None },
            ItemKind::Method => method(false),
            ItemKind::PointerMethod => method(true),
        };
        let is_init = kind == ItemKind::Func && name.name == self.prog.universe.sym_init;
        let obj = self.new_object(name, TypeId::INVALID, object);
        self.prog.objects[obj].state = State::Unresolved;
        let package = &mut self.prog.packages[self.pkg.0 as usize];
        package.objects.push(obj);
        match kind {
            ItemKind::Func if is_init => package.inits.push(obj),
            ItemKind::Func | ItemKind::Method | ItemKind::PointerMethod => package.funcs.push(obj),
            ItemKind::Var => package.vars.push(obj),
            _ => {}
        }
        let in_scope = !is_init && !matches!(kind, ItemKind::Method | ItemKind::PointerMethod);
        if in_scope && name.name != Symbol::BLANK {
            let scope = package.scope;
            if let Some(old) = self.prog.scope_mut(scope).insert(name.name, obj) {
                self.redeclared(name.name, name.span, old);
            }
        }
        obj
    }

    /// Makes sure that the declaration of an object is parsed.
    pub(super) fn parse_declaration(&mut self, obj: ObjId) {
        let o = &self.prog.objects[obj];
        if o.state != State::Unresolved || o.decl.is_some() {
            return;
        }
        let at = self.prog.unparsed.partition_point(|u| u.objects.end <= obj.0);
        let Some(u) = self.prog.unparsed.get(at).filter(|u| u.objects.contains(&obj.0)).cloned() else { return };
        let outer_pkg = std::mem::replace(&mut self.pkg, o.pkg);
        let outer_scope = std::mem::replace(&mut self.env.scope, u.scope);
        let (decls, found) = gol_syntax::parse_decl(self.map, u.file, u.span, self.ast);
        self.diagnostics.extend(found);
        let mut all = Collected::default();
        all.known = u.objects;
        for decl in decls {
            self.collect_decl(&mut all, decl);
        }
        // A mistake in the text, reported by now, can leave objects without a declaration.
        for obj in all.known.map(ObjId) {
            self.prog.objects[obj].broken = true;
            self.prog.objects[obj].state = State::Resolved;
        }
        self.env.scope = outer_scope;
        self.pkg = outer_pkg;
    }

    /// The object that an outline had for what is being collected, now with its declaration's kind.
    pub(super) fn known_object(&mut self, all: &mut Collected, kind: &ObjKind) -> Option<ObjId> {
        let obj = all.known.next().map(ObjId)?;
        let o = &mut self.prog.objects[obj];
        match (&mut o.kind, kind) {
            (ObjKind::Func { decl, .. }, ObjKind::Func { decl: parsed, .. }) => *decl = *parsed,
            (known, _) => *known = kind.clone(),
        }
        let at = o.span.lo;
        self.prog.info.defs.insert(at, obj);
        Some(obj)
    }
}

fn global(base: u32, piece: Piece) -> Span {
    Span::new(base + piece.lo, base + piece.lo + piece.len)
}

impl crate::package::Program {
    /// Declares a package of the standard library from the outlines of its files; its imports are declared already. It
    /// is trusted: what it declares is parsed and checked when it is needed.
    pub fn declare_library(
        &mut self,
        ast: &gol_syntax::ast::Ast,
        map: &gol_source::SourceMap,
        files: &[(FileId, Outline)],
        path: &str,
        imports: &HashMap<String, PkgId>,
    ) -> (PkgId, Vec<gol_source::Diagnostic>) {
        let clause = files.first().map_or("", |(id, outline)| outline.package.of(&map.file(*id).text));
        let name = ast.names.intern(clause);
        let id = self.new_package(path, name, Options { trusted: true, ..Options::default() });
        let mut c = Checker::new(ast, map, self, id);
        c.declare_library(files, imports);
        (id, c.finish())
    }
}
