//! Objects: what names stand for, and the scopes that hold them.
//!
//! Every declared name is an [`Object`], named by an [`ObjId`] that is unique in the program. Objects of packages are
//! made when a package is collected; their types are filled in when they are first needed.

use rustc_hash::FxHashMap;
use std::ops::{Index, IndexMut};

use gol_source::{Span, Symbol, Table};
use gol_syntax::ast::DeclId;

use crate::constant::Constant;
use crate::types::{NamedId, TypeId};

/// An object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ObjId(pub u32);

/// A package.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct PkgId(pub u32);

impl PkgId {
    /// No package: the universe, and exported names of fields and methods.
    pub const NONE: PkgId = PkgId(u32::MAX);
    /// The package `unsafe`.
    pub const UNSAFE: PkgId = PkgId(0);
}

/// A scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

impl ScopeId {
    /// The universe.
    pub const UNIVERSE: ScopeId = ScopeId(0);
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub struct Object {
    /// The name.
    pub name: Symbol,
    /// Where it is declared; [`Span::NONE`] for predeclared objects.
    pub span: Span,
    /// Its type; [`TypeId::INVALID`] until it is known, and for objects without a type.
    pub ty: TypeId,
    /// The package; [`PkgId::NONE`] for predeclared objects.
    pub pkg: PkgId,
    /// What it is.
    pub kind: ObjKind,
    /// Where it can first be used: names of functions' scopes are invisible before this offset. 0 at package level.
    pub scope_pos: u32,
    /// Whether it is used, for the complaints about variables, imports and labels that are not.
    pub used: bool,
    /// Its declaration depends on itself in a way that is reported: it has no type.
    pub(crate) broken: bool,
    /// How far its declaration is resolved.
    pub(crate) state: State,
    /// The declaration of a package-level object.
    pub(crate) decl: Option<DeclInfoId>,
}

/// How far an object's declaration is resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Not looked at yet.
    Unresolved,
    /// Being resolved: it is at this index of the checker's object path.
    InProgress(u32),
    /// Its type is known.
    Resolved,
}

/// The number of a package-level declaration's data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) struct DeclInfoId(pub(crate) u32);

/// The kinds of objects.
#[derive(Clone, Debug)]
pub enum ObjKind {
    /// A variable.
    Var(VarKind),
    /// A constant. The value is [`Constant::Unknown`] until it is known and when its declaration is wrong.
    Const(Constant),
    /// A type name; `alias`: the name of an alias declaration.
    TypeName {
        /// Declared with `=`.
        alias: bool,
    },
    /// A function or a method.
    Func {
        /// Its [`gol_syntax::ast::FuncDecl`]; `None` for a function of the library that is not parsed yet.
        decl: Option<DeclId>,
        /// The receiver; `None`: a function.
        recv: Option<Receiver>,
    },
    /// An imported package's name in a file.
    PkgName(PkgId),
    /// A built-in function.
    Builtin(Builtin),
    /// `nil`
    Nil,
    /// A label.
    Label,
}

/// Where a variable comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarKind {
    /// Declared at package level.
    Package,
    /// Declared in a function.
    Local,
    /// A parameter.
    Param,
    /// A named result.
    Result,
    /// A receiver.
    Recv,
}

/// A declared method's receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receiver {
    /// The type that has the method; `None` when the receiver's type is wrong.
    pub base: Option<NamedId>,
    /// The receiver is `*T`.
    pub pointer: bool,
}

/// The built-in functions, and those of package `unsafe`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Builtin {
    /// `append(s, xs...)`
    Append,
    /// `cap(x)`
    Cap,
    /// `clear(x)`
    Clear,
    /// `close(ch)`
    Close,
    /// `complex(re, im)`
    Complex,
    /// `copy(dst, src)`
    Copy,
    /// `delete(m, key)`
    Delete,
    /// `imag(c)`
    Imag,
    /// `len(x)`
    Len,
    /// `make(T, sizes...)`
    Make,
    /// `max(x, ys...)`
    Max,
    /// `min(x, ys...)`
    Min,
    /// `new(T)`, `new(x)`
    New,
    /// `panic(v)`
    Panic,
    /// `print(xs...)`
    Print,
    /// `println(xs...)`
    Println,
    /// `real(c)`
    Real,
    /// `recover()`
    Recover,
    /// `unsafe.Add(p, n)`
    UnsafeAdd,
    /// `unsafe.Alignof(x)`
    UnsafeAlignof,
    /// `unsafe.Offsetof(x.f)`
    UnsafeOffsetof,
    /// `unsafe.Sizeof(x)`
    UnsafeSizeof,
    /// `unsafe.Slice(p, n)`
    UnsafeSlice,
    /// `unsafe.SliceData(s)`
    UnsafeSliceData,
    /// `unsafe.String(p, n)`
    UnsafeString,
    /// `unsafe.StringData(s)`
    UnsafeStringData,
}

impl Builtin {
    /// Name (of `unsafe` ones without the package), least number of arguments, whether more are taken, and whether a
    /// call may stand as a statement.
    pub fn shape(self) -> (&'static str, usize, bool, bool) {
        match self {
            Builtin::Append => ("append", 1, true, false),
            Builtin::Cap => ("cap", 1, false, false),
            Builtin::Clear => ("clear", 1, false, true),
            Builtin::Close => ("close", 1, false, true),
            Builtin::Complex => ("complex", 2, false, false),
            Builtin::Copy => ("copy", 2, false, true),
            Builtin::Delete => ("delete", 2, false, true),
            Builtin::Imag => ("imag", 1, false, false),
            Builtin::Len => ("len", 1, false, false),
            Builtin::Make => ("make", 1, true, false),
            Builtin::Max => ("max", 1, true, false),
            Builtin::Min => ("min", 1, true, false),
            Builtin::New => ("new", 1, false, false),
            Builtin::Panic => ("panic", 1, false, true),
            Builtin::Print => ("print", 0, true, true),
            Builtin::Println => ("println", 0, true, true),
            Builtin::Real => ("real", 1, false, false),
            Builtin::Recover => ("recover", 0, false, true),
            Builtin::UnsafeAdd => ("Add", 2, false, false),
            Builtin::UnsafeAlignof => ("Alignof", 1, false, false),
            Builtin::UnsafeOffsetof => ("Offsetof", 1, false, false),
            Builtin::UnsafeSizeof => ("Sizeof", 1, false, false),
            Builtin::UnsafeSlice => ("Slice", 2, false, false),
            Builtin::UnsafeSliceData => ("SliceData", 1, false, false),
            Builtin::UnsafeString => ("String", 2, false, false),
            Builtin::UnsafeStringData => ("StringData", 1, false, false),
        }
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.shape().0
    }

    /// Those of the universe.
    pub(crate) const UNIVERSE: &'static [Builtin] = &[
        Builtin::Append,
        Builtin::Cap,
        Builtin::Clear,
        Builtin::Close,
        Builtin::Complex,
        Builtin::Copy,
        Builtin::Delete,
        Builtin::Imag,
        Builtin::Len,
        Builtin::Make,
        Builtin::Max,
        Builtin::Min,
        Builtin::New,
        Builtin::Panic,
        Builtin::Print,
        Builtin::Println,
        Builtin::Real,
        Builtin::Recover,
    ];

    /// Those of package `unsafe`.
    pub(crate) const UNSAFE: &'static [Builtin] = &[
        Builtin::UnsafeAdd,
        Builtin::UnsafeAlignof,
        Builtin::UnsafeOffsetof,
        Builtin::UnsafeSizeof,
        Builtin::UnsafeSlice,
        Builtin::UnsafeSliceData,
        Builtin::UnsafeString,
        Builtin::UnsafeStringData,
    ];
}

/// All objects of a program, by [`ObjId`].
#[derive(Default)]
pub struct Objects(Table<Object>);

impl Objects {
    /// Adds an object.
    pub(crate) fn add(&mut self, object: Object) -> ObjId {
        ObjId(self.0.push(object))
    }

    /// How many there are; every [`ObjId`] is below.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Index<ObjId> for Objects {
    type Output = Object;
    fn index(&self, id: ObjId) -> &Object {
        &self.0[id.0]
    }
}

impl IndexMut<ObjId> for Objects {
    fn index_mut(&mut self, id: ObjId) -> &mut Object {
        &mut self.0[id.0]
    }
}

impl Object {
    /// A resolved object with a type, visible from everywhere in its scope.
    pub(crate) fn new(name: Symbol, span: Span, ty: TypeId, pkg: PkgId, kind: ObjKind) -> Object {
        Object {
            name,
            span,
            ty,
            pkg,
            kind,
            scope_pos: 0,
            used: false,
            broken: false,
            state: State::Resolved,
            decl: None,
        }
    }

    /// Whether it is a variable.
    pub fn is_var(&self) -> bool {
        matches!(self.kind, ObjKind::Var(_))
    }

    /// Whether it is a variable at package level.
    pub fn is_package_var(&self) -> bool {
        matches!(self.kind, ObjKind::Var(VarKind::Package))
    }
}

/// A scope: names and the scope around it.
#[derive(Debug, Default)]
pub struct Scope {
    /// The scope around it; `None` for the universe.
    pub parent: Option<ScopeId>,
    names: Names,
    order: Vec<ObjId>,
    /// What names stood for before they were declared again, oldest first: only in the scope of a session.
    older: Option<Box<FxHashMap<Symbol, Vec<ObjId>>>>,
}

/// The names of a scope, without the blank one. Most scopes have one or two, which are found sooner without a hash table.
#[derive(Debug)]
enum Names {
    /// At most [`FEW`].
    Few(Vec<(Symbol, ObjId)>),
    /// More.
    Many(FxHashMap<Symbol, ObjId>),
}

/// How many names are looked through one by one.
const FEW: usize = 8;

impl Names {
    #[inline]
    fn get(&self, name: Symbol) -> Option<ObjId> {
        match self {
            Names::Few(all) => all.iter().find(|n| n.0 == name).map(|n| n.1),
            Names::Many(all) => all.get(&name).copied(),
        }
    }

    /// Gives a name an object, and what it stood for before.
    fn insert(&mut self, name: Symbol, obj: ObjId) -> Option<ObjId> {
        if let Names::Few(all) = self {
            if let Some(known) = all.iter_mut().find(|n| n.0 == name) {
                return Some(std::mem::replace(&mut known.1, obj));
            }
            if all.len() < FEW {
                all.push((name, obj));
                return None;
            }
            *self = Names::Many(all.drain(..).collect());
        }
        let Names::Many(all) = self else { return None };
        all.insert(name, obj)
    }

    fn remove(&mut self, name: Symbol) {
        match self {
            Names::Few(all) => all.retain(|n| n.0 != name),
            Names::Many(all) => _ = all.remove(&name),
        }
    }
}

impl Default for Names {
    fn default() -> Names {
        Names::Few(Vec::new())
    }
}

impl Scope {
    /// An empty scope.
    pub(crate) fn new(parent: Option<ScopeId>) -> Scope {
        Scope { parent, ..Scope::default() }
    }

    /// The object with this name in this very scope.
    pub fn get(&self, name: Symbol) -> Option<ObjId> {
        self.names.get(name)
    }

    /// Adds an object; gives the one that has the name already. The blank name is taken note of but never found.
    pub(crate) fn insert(&mut self, name: Symbol, obj: ObjId) -> Option<ObjId> {
        if name != Symbol::BLANK {
            if let Some(old) = self.names.get(name) {
                return Some(old);
            }
            self.names.insert(name, obj);
        }
        self.order.push(obj);
        None
    }

    /// Declares a name anew: from its own place on it stands for `obj`; what was checked before keeps the old one.
    pub(crate) fn shadow(&mut self, name: Symbol, obj: ObjId) {
        if name != Symbol::BLANK
            && let Some(old) = self.names.insert(name, obj)
        {
            self.older.get_or_insert_default().entry(name).or_default().push(old);
        }
        self.order.push(obj);
    }

    /// What a name stood for before its last declaration, newest first.
    pub(crate) fn older(&self, name: Symbol) -> impl Iterator<Item = ObjId> {
        self.older.iter().filter_map(move |older| older.get(&name)).flatten().rev().copied()
    }

    /// Takes back all declarations but the first `len`; `name_of` gives the name of an object.
    pub(crate) fn truncate(&mut self, len: usize, name_of: impl Fn(ObjId) -> Symbol) {
        for obj in self.order.split_off(len).into_iter().rev() {
            let name = name_of(obj);
            if self.names.get(name) != Some(obj) {
                continue;
            }
            let older = self.older.as_mut().and_then(|older| older.get_mut(&name));
            match older.and_then(Vec::pop) {
                Some(old) => _ = self.names.insert(name, old),
                None => self.names.remove(name),
            }
        }
    }

    /// All objects in the order in which they were declared, blank ones included.
    pub fn objects(&self) -> &[ObjId] {
        &self.order
    }
}
