//! Packages, and the program that owns all tables.

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

use gol_source::{Interner, Span, Symbol, Table};
use gol_syntax::ast::{DeclId, ExprId};

use crate::check::{FuncScope, Unparsed};
use crate::constant::Constant;
use crate::info::Info;
use crate::instances::Instances;
use crate::objects::{DeclInfoId, ObjId, Object, Objects, PkgId, Scope, ScopeId};
use crate::session::Session;
use crate::types::{NamedId, TypeId, TypeParamId, Types};
use crate::universe::{self, Universe};

/// One step of a package's initialization: `lhs = rhs`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InitStep {
    /// The variables; several for one call with several results. Blank ones are there too.
    pub lhs: Vec<ObjId>,
    /// The initializer.
    pub rhs: ExprId,
}

/// How a package is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// A package of the standard library: functions may lack bodies, and bodies and initializers are checked on demand.
    pub trusted: bool,
    /// Names and imports may stay unused: a session of the REPL.
    pub allow_unused: bool,
}

/// A package.
#[derive(Debug)]
pub struct Package {
    /// The import path.
    pub path: String,
    /// The name in its package clauses.
    pub name: Symbol,
    /// The package-level scope.
    pub scope: ScopeId,
    /// How it was checked.
    pub options: Options,
    /// The packages it imports, in order of first import.
    pub imports: Vec<PkgId>,
    /// All functions and methods with a declaration, `init` functions excepted, in source order.
    pub funcs: Vec<ObjId>,
    /// The `init` functions, in source order.
    pub inits: Vec<ObjId>,
    /// All package-level variables, blank ones included, in source order.
    pub vars: Vec<ObjId>,
    /// All package-level objects, functions and methods, `init` functions included, in source order.
    pub(crate) objects: Vec<ObjId>,
    /// It could not be had: whatever is asked of it is accepted in silence.
    pub(crate) missing: bool,
    /// How many local types it has so far: numbers them.
    pub(crate) local_types: u32,
}

/// What is known about a package-level declaration.
#[derive(Clone, Debug)]
pub(crate) struct DeclInfo {
    /// The file's scope.
    pub(crate) file: ScopeId,
    /// The variable, or all variables of `var a, b = f()`; empty for all else.
    pub(crate) lhs: Vec<ObjId>,
    /// The type that is written.
    pub(crate) ty: Option<ExprId>,
    /// The initializer.
    pub(crate) init: Option<ExprId>,
    /// The initializer is an earlier constant's, repeated.
    pub(crate) inherited: bool,
    /// The constant's `iota`.
    pub(crate) iota: u32,
    /// The type declaration and the index of the spec in it.
    pub(crate) type_spec: Option<(DeclId, u32)>,
    /// The function declaration.
    pub(crate) func: Option<DeclId>,
    /// The package-level variables, constants and functions that initializer or body mention.
    pub(crate) deps: BTreeSet<ObjId>,
    /// Whether body or initializer is checked (bodies of trusted packages are checked on demand).
    pub(crate) checked: bool,
}

/// All tables of all packages of a program.
pub struct Program {
    /// All types.
    pub types: Types,
    /// All objects.
    pub objects: Objects,
    /// Facts about nodes.
    pub info: Info,
    /// The predeclared objects and well-known names.
    pub universe: Universe,
    pub(crate) scopes: Table<Scope>,
    pub(crate) packages: Vec<Package>,
    pub(crate) decls: Vec<DeclInfo>,
    /// The declarations of library packages, by the numbers of their objects.
    pub(crate) unparsed: Vec<Unparsed>,
    pub(crate) by_path: FxHashMap<String, PkgId>,
    /// Methods by the type name that they belong to, until the type is resolved.
    pub(crate) methods: BTreeMap<ObjId, Vec<ObjId>>,
    /// Types and parameter scopes of resolved functions.
    pub(crate) func_scopes: FxHashMap<ObjId, FuncScope>,
    /// The import that brought a name into a file's scope by `import .`.
    pub(crate) dot_imports: FxHashMap<(ScopeId, Symbol), ObjId>,
    /// The declared type that a type declaration's right side names, for the search for types that contain themselves.
    pub(crate) right_sides: FxHashMap<NamedId, TypeId>,
    /// Declared types that are known not to contain themselves (or are reported).
    pub(crate) valid_types: FxHashSet<NamedId>,
    /// Instances of generic functions and of methods of generic types.
    pub(crate) instances: Instances,
    /// Where instances of generic types are first written, with their types.
    pub(crate) instance_places: FxHashMap<NamedId, (Span, TypeId)>,
    /// Generic aliases: type parameters and right side.
    pub(crate) generic_aliases: FxHashMap<ObjId, (Vec<TypeParamId>, TypeId)>,
    /// The import paths of the standard library, for hints about packages that are not imported; empty: no such hints.
    pub library: Vec<&'static str>,
    /// The type parameters that a method's receiver declares.
    pub(crate) recv_tparams: FxHashMap<ObjId, Vec<TypeParamId>>,
    /// The session of a REPL, if that is what the program is.
    pub(crate) session: Option<Session>,
}

impl Program {
    /// A program without packages except `unsafe`. `names` is the interner of the tree that all packages share.
    pub fn new(names: &Interner) -> Program {
        universe::new_program(names)
    }

    /// A package.
    pub fn package(&self, id: PkgId) -> &Package {
        &self.packages[id.0 as usize]
    }

    /// All packages in the order in which they were checked: what is imported comes before its importers.
    pub fn packages(&self) -> impl Iterator<Item = (PkgId, &Package)> {
        self.packages.iter().enumerate().map(|(i, p)| (PkgId(i as u32), p))
    }

    /// The package with this import path, if it is checked.
    pub fn package_by_path(&self, path: &str) -> Option<PkgId> {
        self.by_path.get(path).copied()
    }

    /// The package-level object with this name.
    pub fn lookup(&self, pkg: PkgId, name: Symbol) -> Option<ObjId> {
        self.scope(self.package(pkg).scope).get(name)
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0]
    }

    pub(crate) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0]
    }

    /// Makes a scope.
    pub(crate) fn new_scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        ScopeId(self.scopes.push(Scope::new(parent)))
    }

    pub(crate) fn decl(&self, id: DeclInfoId) -> &DeclInfo {
        &self.decls[id.0 as usize]
    }

    pub(crate) fn decl_mut(&mut self, id: DeclInfoId) -> &mut DeclInfo {
        &mut self.decls[id.0 as usize]
    }

    /// The value of a constant object; [`Constant::Unknown`] for all else.
    pub fn const_value(&self, obj: ObjId) -> Constant {
        match &self.objects[obj].kind {
            crate::objects::ObjKind::Const(v) => v.clone(),
            _ => Constant::Unknown,
        }
    }

    /// Adds a package without contents.
    pub(crate) fn new_package(&mut self, path: &str, name: Symbol, options: Options) -> PkgId {
        let scope = self.new_scope(Some(ScopeId::UNIVERSE));
        let id = PkgId(self.packages.len() as u32);
        self.packages.push(Package {
            path: path.to_string(),
            name,
            scope,
            options,
            imports: Vec::new(),
            funcs: Vec::new(),
            inits: Vec::new(),
            vars: Vec::new(),
            objects: Vec::new(),
            missing: false,
            local_types: 0,
        });
        self.by_path.insert(path.to_string(), id);
        id
    }

    /// Adds a predeclared object.
    pub(crate) fn predeclare(&mut self, scope: ScopeId, object: Object) -> ObjId {
        let name = object.name;
        let id = self.objects.add(object);
        self.scope_mut(scope).insert(name, id);
        id
    }
}
