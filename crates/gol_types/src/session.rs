//! Sessions of a REPL: one package that grows by an entry at a time.
//!
//! All entries share one package-level scope. A name that is declared again stands for the new object from its own place
//! on; as places of later texts come after those of earlier ones, what was checked before keeps the old one, also where
//! a generic body is looked at again. An entry that is wrong leaves nothing: [`Program::undo_entry`].

use gol_source::{Interner, Span, Symbol};
use gol_syntax::ast::{Block, DeclId, ExprId};

use crate::constant::Constant;
use crate::objects::{ObjId, ObjKind, Object, PkgId, ScopeId, VarKind};
use crate::package::{InitStep, Options, Program};
use crate::types::{Named, NamedId, TypeId};

/// The parts of an entry's text.
#[derive(Debug)]
pub struct EntryText {
    /// The whole text.
    pub span: Span,
    /// What is declared for the whole entry, in source order: imports, constants, types, functions, methods; variables
    /// too if the entry has no statements.
    pub decls: Vec<DeclId>,
    /// The statements, but for the last one if it is an expression.
    pub body: Block,
    /// The expression at the end.
    pub last: Option<ExprId>,
}

/// A checked entry.
#[derive(Debug)]
pub struct Entry {
    /// The variables that are declared for the whole entry, in the order of their initialization.
    pub steps: Vec<InitStep>,
    /// Its `init` functions.
    pub inits: Vec<ObjId>,
    /// The statements.
    pub body: Block,
    /// What the expression at the end comes to.
    pub last: Last,
    /// Functions and methods that were declared before with the same type, each with what takes its place.
    pub replaced: Vec<(ObjId, ObjId)>,
    /// Types that were declared before have other methods now.
    pub methods_changed: bool,
}

/// What the expression at the end of an entry is.
#[derive(Clone, Debug)]
pub enum Last {
    /// There is none, or it is wrong.
    None,
    /// A call without results.
    Call(ExprId),
    /// Values, which are kept in new variables.
    Values(InitStep),
    /// A type.
    Type(TypeId),
    /// An untyped constant that no type holds.
    Constant(Constant),
    /// `nil` without a type.
    Nil,
    /// A package.
    Package(PkgId),
}

/// The session of a program.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) pkg: PkgId,
    pub(crate) scope: ScopeId,
    /// Where the text of the present entry begins.
    pub(crate) base: u32,
    /// The variable that `_` stands for.
    pub(crate) last: Option<ObjId>,
    /// The name of such variables.
    pub(crate) last_name: Symbol,
    /// How many names the scope had before the present entry.
    names: usize,
    /// The value before the present entry's.
    last_before: Option<ObjId>,
    /// Method lists that the present entry changed, as they were.
    pub(crate) methods: Vec<(NamedId, Vec<ObjId>)>,
    /// See [`Entry::replaced`].
    pub(crate) replaced: Vec<(ObjId, ObjId)>,
}

impl Program {
    /// Makes the package of a session.
    pub fn new_session(&mut self, names: &Interner) -> PkgId {
        let options = Options { trusted: false, allow_unused: true };
        let pkg = self.new_package("main", self.universe.sym_main, options);
        let scope = self.package(pkg).scope;
        self.session = Some(Session {
            pkg,
            scope,
            base: 0,
            last: None,
            last_name: names.intern("_ (the last value)"),
            names: 0,
            last_before: None,
            methods: Vec::new(),
            replaced: Vec::new(),
        });
        pkg
    }

    /// The session's package.
    pub fn session_package(&self) -> Option<PkgId> {
        self.session.as_ref().map(|s| s.pkg)
    }

    /// Begins an entry whose text begins at `base`.
    pub(crate) fn begin_entry(&mut self, base: u32) {
        let Some(scope) = self.session.as_ref().map(|s| s.scope) else { return };
        let names = self.scope(scope).objects().len();
        if let Some(s) = &mut self.session {
            (s.base, s.names, s.last_before) = (base, names, s.last);
            s.methods.clear();
            s.replaced.clear();
        }
    }

    /// Takes back what the present entry declared: it is wrong, or cannot be compiled.
    pub fn undo_entry(&mut self) {
        let Some(s) = &mut self.session else { return };
        s.last = s.last_before;
        let (scope, names, pkg) = (s.scope, s.names, s.pkg);
        for (named, methods) in std::mem::take(&mut s.methods).into_iter().rev() {
            self.types.named_mut(named).methods = methods;
        }
        let objects = &self.objects;
        self.scopes[scope.0].truncate(names, |o| objects[o].name);
        self.methods.retain(|base, _| objects[*base].pkg != pkg);
    }

    /// Whether this is the scope that all entries share.
    pub(crate) fn is_session_scope(&self, scope: ScopeId) -> bool {
        self.session.as_ref().is_some_and(|s| s.scope == scope)
    }

    /// Whether an object was declared by the present entry.
    pub(crate) fn in_entry(&self, obj: ObjId) -> bool {
        self.objects[obj].scope_pos >= self.entry_base()
    }

    /// Where the text of the present entry begins.
    pub(crate) fn entry_base(&self) -> u32 {
        self.session.as_ref().map_or(0, |s| s.base)
    }

    /// Whether a type of the session is no longer what its name stands for.
    pub(crate) fn is_earlier(&self, named: &Named) -> bool {
        let Some(s) = self.session.as_ref().filter(|s| s.pkg == named.pkg && named.local == 0) else { return false };
        self.scope(s.scope).get(named.name).is_some_and(|now| now != named.obj)
    }

    /// The variable that holds the last value.
    pub fn last_value(&self) -> Option<ObjId> {
        self.session.as_ref().and_then(|s| s.last)
    }

    /// Whether a name stands for something in the session (predeclared names count).
    pub fn session_knows(&self, name: Symbol) -> bool {
        let Some(s) = &self.session else { return false };
        self.scope(s.scope).get(name).or_else(|| self.scope(ScopeId::UNIVERSE).get(name)).is_some()
    }

    /// Makes an imported package known to the session under its own name, from the text at `base` on.
    pub fn session_import(&mut self, imported: PkgId, base: u32) {
        let Some((pkg, scope)) = self.session.as_ref().map(|s| (s.pkg, s.scope)) else { return };
        let name = self.package(imported).name;
        let kind = ObjKind::PkgName(imported);
        let obj = self.objects.add(Object::new(name, Span::NONE, TypeId::INVALID, pkg, kind));
        self.objects[obj].scope_pos = base;
        self.scopes[scope.0].shadow(name, obj);
        let here = &mut self.packages[pkg.0 as usize];
        if !here.imports.contains(&imported) {
            here.imports.push(imported);
        }
    }

    /// What the session has declared, in order, without what was declared again later.
    pub fn session_objects(&self) -> Vec<ObjId> {
        let Some(s) = &self.session else { return Vec::new() };
        let scope = self.scope(s.scope);
        scope.objects().iter().copied().filter(|&o| scope.get(self.objects[o].name) == Some(o)).collect()
    }

    /// The predeclared objects.
    pub fn predeclared(&self) -> Vec<ObjId> {
        self.scope(ScopeId::UNIVERSE).objects().to_vec()
    }

    /// The kind of a variable that is declared in this scope.
    pub(crate) fn var_kind_in(&self, scope: ScopeId) -> VarKind {
        if self.is_session_scope(scope) { VarKind::Package } else { VarKind::Local }
    }
}
