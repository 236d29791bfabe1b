//! The predeclared names, and the package `unsafe`.

use rustc_hash::FxHashMap;

use gol_source::{Interner, Span, Symbol, Table};

use crate::constant::Constant;
use crate::info::Info;
use crate::objects::{Builtin, ObjId, ObjKind, Object, Objects, PkgId, ScopeId};
use crate::package::{Options, Program};
use crate::types::{Basic, Interface, Method, Named, NamedId, Param, Signature, Type, TypeId, Types};

/// Predeclared objects and names that the rules of the language mention.
#[derive(Debug)]
pub struct Universe {
    /// `iota`
    pub iota: ObjId,
    /// `nil`
    pub nil: ObjId,
    /// The built-in function `append`.
    pub append: ObjId,
    /// The built-in function `recover`.
    pub recover: ObjId,
    /// The built-in function `panic`.
    pub panic: ObjId,
    /// The type `comparable`.
    pub comparable: ObjId,
    /// The name `init`.
    pub sym_init: Symbol,
    /// The name `main`.
    pub sym_main: Symbol,
    /// The name `Error`.
    pub sym_error: Symbol,
    /// The name `C`.
    pub sym_c: Symbol,
}

/// The types that have predeclared names of their own.
const TYPE_NAMES: &[Basic] = &[
    Basic::Bool,
    Basic::Int,
    Basic::Int8,
    Basic::Int16,
    Basic::Int32,
    Basic::Int64,
    Basic::Uint,
    Basic::Uint8,
    Basic::Uint16,
    Basic::Uint32,
    Basic::Uint64,
    Basic::Uintptr,
    Basic::Float32,
    Basic::Float64,
    Basic::Complex64,
    Basic::Complex128,
    Basic::String,
];

pub(crate) fn new_program(names: &Interner) -> Program {
    let types = Types::new(names.intern("byte"), names.intern("rune"), names.intern("any"));
    let none = ObjId(0);
    let mut p = Program {
        types,
        objects: Objects::default(),
        info: Info::default(),
        universe: Universe {
            iota: none,
            nil: none,
            append: none,
            recover: none,
            panic: none,
            comparable: none,
            sym_init: names.intern("init"),
            sym_main: names.intern("main"),
            sym_error: names.intern("Error"),
            sym_c: names.intern("C"),
        },
        scopes: Table::new(),
        packages: Vec::new(),
        decls: Vec::new(),
        unparsed: Vec::new(),
        by_path: FxHashMap::default(),
        methods: Default::default(),
        func_scopes: FxHashMap::default(),
        dot_imports: FxHashMap::default(),
        right_sides: FxHashMap::default(),
        valid_types: Default::default(),
        instances: Default::default(),
        generic_aliases: FxHashMap::default(),
        library: Vec::new(),
        instance_places: FxHashMap::default(),
        recv_tparams: FxHashMap::default(),
        session: None,
    };
    let universe = p.new_scope(None);
    let add = |p: &mut Program, name: Symbol, ty: TypeId, kind: ObjKind| {
        p.predeclare(universe, Object::new(name, Span::NONE, ty, PkgId::NONE, kind))
    };
    let type_name = ObjKind::TypeName { alias: false };
    for &b in TYPE_NAMES {
        add(&mut p, names.intern(b.name()), b.ty(), type_name.clone());
    }
    let alias = ObjKind::TypeName { alias: true };
    add(&mut p, names.intern("byte"), TypeId::BYTE, alias.clone());
    add(&mut p, names.intern("rune"), TypeId::RUNE, alias.clone());
    add(&mut p, names.intern("any"), TypeId::ANY, alias);

    let error = names.intern("error");
    let obj = add(&mut p, error, TypeId::INVALID, type_name);
    let (id, ty) = p.types.new_named(Named {
        obj,
        name: error,
        pkg: PkgId::NONE,
        underlying: TypeId::INVALID,
        methods: Vec::new(),
        local: 0,
        tparams: Vec::new(),
        origin: None,
        targs: Vec::new(),
    });
    assert!(id == NamedId::ERROR && ty == TypeId::ERROR, "error is the first declared type");
    p.objects[obj].ty = ty;
    let result = Param { name: Symbol::EMPTY, ty: TypeId::STRING, span: Span::NONE };
    let sig = Signature { results: vec![result], ..Signature::default() };
    let sig = p.types.intern(Type::Func(sig));
    let method = Method { name: p.universe.sym_error, pkg: PkgId::NONE, ty: sig, span: Span::NONE };
    let methods = Interface { methods: vec![method], ..Interface::default() };
    p.types.named_mut(id).underlying = p.types.intern(Type::Interface(methods));

    let comparable = names.intern("comparable");
    let obj = add(&mut p, comparable, TypeId::INVALID, ObjKind::TypeName { alias: false });
    let set = p.types.intern(Type::Interface(Interface { comparable: true, ..Interface::default() }));
    let (_, ty) = p.types.new_named(Named {
        obj,
        name: comparable,
        pkg: PkgId::NONE,
        underlying: set,
        methods: Vec::new(),
        local: 0,
        tparams: Vec::new(),
        origin: None,
        targs: Vec::new(),
    });
    p.objects[obj].ty = ty;
    p.universe.comparable = obj;

    for (name, value) in [("true", true), ("false", false)] {
        let kind = ObjKind::Const(Constant::from_bool(value));
        add(&mut p, names.intern(name), TypeId::UNTYPED_BOOL, kind);
    }
    let zero = ObjKind::Const(Constant::from_i64(0));
    p.universe.iota = add(&mut p, names.intern("iota"), TypeId::UNTYPED_INT, zero);
    p.universe.nil = add(&mut p, names.intern("nil"), TypeId::UNTYPED_NIL, ObjKind::Nil);
    for &b in Builtin::UNIVERSE {
        let obj = add(&mut p, names.intern(b.name()), TypeId::INVALID, ObjKind::Builtin(b));
        match b {
            Builtin::Append => p.universe.append = obj,
            Builtin::Panic => p.universe.panic = obj,
            Builtin::Recover => p.universe.recover = obj,
            _ => {}
        }
    }

    let id = p.new_package("unsafe", names.intern("unsafe"), Options { trusted: true, allow_unused: true });
    assert!(id == PkgId::UNSAFE && universe == ScopeId::UNIVERSE, "unsafe is the first package");
    let scope = p.package(id).scope;
    let mut add = |name: &str, ty: TypeId, kind: ObjKind| {
        p.predeclare(scope, Object::new(names.intern(name), Span::NONE, ty, id, kind));
    };
    add("Pointer", TypeId::UNSAFE_POINTER, ObjKind::TypeName { alias: false });
    for &b in Builtin::UNSAFE {
        add(b.name(), TypeId::INVALID, ObjKind::Builtin(b));
    }
    p
}
