//! The type table: every type of a program, interned.
//!
//! **Identical types have equal [`TypeId`]s**: `==` on ids is Go's type identity, everywhere. An id also remembers in
//! which words the type was written (`byte` or `uint8`, `any` or `interface{}`, an alias's name, parameter names),
//! which only messages look at; equality, hashing and order ignore it. Types refer to each other only by id, and
//! recursion goes only through [`NamedId`], whose underlying type is filled in later. This file owns representation
//! and identity; questions about types are in `predicates.rs`, texts in `format.rs`.

use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};

use gol_source::{Span, Symbol};
pub use gol_syntax::ast::ChanDir;

use crate::objects::{ObjId, PkgId};
use crate::subst::Extent;

/// A type. Equality is type identity.
#[derive(Clone, Copy)]
pub struct TypeId {
    canon: u32,
    shown: u32,
}

impl TypeId {
    const fn fixed(index: u32) -> TypeId {
        TypeId { canon: index, shown: index }
    }

    /// A number for the type: equal for identical types, small, usable as an index.
    pub fn index(self) -> usize {
        self.canon as usize
    }

    /// The type as identity sees it, without the words in which it was written.
    pub fn canonical(self) -> TypeId {
        TypeId::fixed(self.canon)
    }

    /// Whether this is [`TypeId::INVALID`], the type of what was wrong and is reported already.
    pub fn is_invalid(self) -> bool {
        self == TypeId::INVALID
    }
}

impl PartialEq for TypeId {
    fn eq(&self, other: &TypeId) -> bool {
        self.canon == other.canon
    }
}

impl Eq for TypeId {}

impl Hash for TypeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canon.hash(state);
    }
}

impl PartialOrd for TypeId {
    fn partial_cmp(&self, other: &TypeId) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TypeId {
    fn cmp(&self, other: &TypeId) -> std::cmp::Ordering {
        self.canon.cmp(&other.canon)
    }
}

impl std::fmt::Debug for TypeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TypeId({})", self.canon)
    }
}

macro_rules! basics {
    ($($(#[$doc:meta])* $name:ident, $constant:ident, $text:literal;)*) => {
        /// The predeclared types without parts, and the types of untyped constants.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum Basic {
            $($(#[$doc])* $name,)*
        }

        impl Basic {
            /// All of them; a basic type's position here is its index in the type table.
            pub const ALL: &'static [Basic] = &[$(Basic::$name),*];

            /// The name as Go prints it.
            pub fn name(self) -> &'static str {
                match self { $(Basic::$name => $text,)* }
            }

            /// Its type.
            pub const fn ty(self) -> TypeId {
                TypeId::fixed(self as u32)
            }
        }

        impl TypeId {
            $($(#[$doc])* pub const $constant: TypeId = Basic::$name.ty();)*
        }
    };
}

basics! {
    /// The type of what was wrong and is reported already.
    Invalid, INVALID, "invalid type";
    /// `bool`
    Bool, BOOL, "bool";
    /// `int`
    Int, INT, "int";
    /// `int8`
    Int8, INT8, "int8";
    /// `int16`
    Int16, INT16, "int16";
    /// `int32`
    Int32, INT32, "int32";
    /// `int64`
    Int64, INT64, "int64";
    /// `uint`
    Uint, UINT, "uint";
    /// `uint8`
    Uint8, UINT8, "uint8";
    /// `uint16`
    Uint16, UINT16, "uint16";
    /// `uint32`
    Uint32, UINT32, "uint32";
    /// `uint64`
    Uint64, UINT64, "uint64";
    /// `uintptr`
    Uintptr, UINTPTR, "uintptr";
    /// `float32`
    Float32, FLOAT32, "float32";
    /// `float64`
    Float64, FLOAT64, "float64";
    /// `complex64`
    Complex64, COMPLEX64, "complex64";
    /// `complex128`
    Complex128, COMPLEX128, "complex128";
    /// `string`
    String, STRING, "string";
    /// `unsafe.Pointer`
    UnsafePointer, UNSAFE_POINTER, "unsafe.Pointer";
    /// The type of `true` and of comparisons.
    UntypedBool, UNTYPED_BOOL, "untyped bool";
    /// The type of `1`.
    UntypedInt, UNTYPED_INT, "untyped int";
    /// The type of `'a'`.
    UntypedRune, UNTYPED_RUNE, "untyped rune";
    /// The type of `1.5`.
    UntypedFloat, UNTYPED_FLOAT, "untyped float";
    /// The type of `1i`.
    UntypedComplex, UNTYPED_COMPLEX, "untyped complex";
    /// The type of `"s"`.
    UntypedString, UNTYPED_STRING, "untyped string";
    /// The type of `nil`.
    UntypedNil, UNTYPED_NIL, "untyped nil";
}

const FIRST_FREE: u32 = Basic::ALL.len() as u32;

impl TypeId {
    /// `byte`: identical to `uint8`, printed as written.
    pub const BYTE: TypeId = TypeId { canon: Basic::Uint8 as u32, shown: FIRST_FREE };
    /// `rune`: identical to `int32`, printed as written.
    pub const RUNE: TypeId = TypeId { canon: Basic::Int32 as u32, shown: FIRST_FREE + 1 };
    /// `interface{}`
    pub const EMPTY_INTERFACE: TypeId = TypeId::fixed(FIRST_FREE + 2);
    /// `any`: identical to `interface{}`, printed as written.
    pub const ANY: TypeId = TypeId { canon: FIRST_FREE + 2, shown: FIRST_FREE + 3 };
    /// The type of no values: a function's missing result, the tuple without members.
    pub const EMPTY_TUPLE: TypeId = TypeId::fixed(FIRST_FREE + 4);
    /// The predeclared type `error`.
    pub const ERROR: TypeId = TypeId::fixed(FIRST_FREE + 5);
}

/// A declared type, by number of declaration (and later of instantiation).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct NamedId(pub u32);

impl NamedId {
    /// The predeclared type `error`.
    pub const ERROR: NamedId = NamedId(0);
}

/// A type parameter, by number of declaration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct TypeParamId(pub u32);

/// A type parameter.
#[derive(Clone, Debug)]
pub struct TypeParam {
    /// Its type name.
    pub obj: ObjId,
    /// The name.
    pub name: Symbol,
    /// Where it stands in its list.
    pub index: u32,
    /// The constraint: an interface type, a declared one or one that stands around the terms that were written.
    /// [`TypeId::INVALID`] until it is known.
    pub bound: TypeId,
}

/// The structure of a type.
#[derive(Clone, Debug)]
pub enum Type {
    /// A predeclared type.
    Basic(Basic),
    /// A declared type; the rest is in [`Types::named`].
    Named(NamedId),
    /// `*elem`
    Pointer(TypeId),
    /// `[]elem`
    Slice(TypeId),
    /// `[len]elem`
    Array(TypeId, u64),
    /// `map[key]elem`
    Map(TypeId, TypeId),
    /// `chan elem` and its one-way forms.
    Chan(ChanDir, TypeId),
    /// `struct { .. }`
    Struct(Vec<Field>),
    /// `func(..) ..`; a method's receiver is not part of it.
    Func(Signature),
    /// `interface { .. }`
    Interface(Interface),
    /// Several values at once: a call's results, the comma-ok forms. Not a type of the language.
    Tuple(Vec<TypeId>),
    /// A type parameter; the rest is in [`Types::type_param`]. It is its own underlying type.
    TypeParam(TypeParamId),
    /// The terms `T | ~U` as they are written in a constraint. Not a type of values.
    Union(Vec<Term>),
}

/// An interned struct tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Tag(u32);

impl Tag {
    /// No tag, or an empty one.
    pub const NONE: Tag = Tag(0);
}

/// A field of a struct type. Identity looks at all but `span`.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name; an embedded field's is that of its type.
    pub name: Symbol,
    /// The package of a name that is not exported (or blank); [`PkgId::NONE`] for exported names.
    pub pkg: PkgId,
    /// The type.
    pub ty: TypeId,
    /// Whether it is embedded.
    pub embedded: bool,
    /// The tag; its text is [`Types::tag_text`].
    pub tag: Tag,
    /// Where its name stands.
    pub span: Span,
}

/// A parameter or result. Identity looks at `ty` only.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name; [`Symbol::EMPTY`]: unnamed.
    pub name: Symbol,
    /// The type; for the last parameter of a variadic function the slice.
    pub ty: TypeId,
    /// Where its name, or else its type, stands.
    pub span: Span,
}

/// Parameters and results.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Type parameters of a generic function that is not instantiated.
    pub tparams: Vec<TypeParamId>,
    /// Parameters.
    pub params: Vec<Param>,
    /// Results.
    pub results: Vec<Param>,
    /// The last parameter was written `...T`; its type here is `[]T`.
    pub variadic: bool,
}

/// A method of an interface type.
#[derive(Clone, Debug)]
pub struct Method {
    /// The name.
    pub name: Symbol,
    /// The package of a name that is not exported; [`PkgId::NONE`] for exported names.
    pub pkg: PkgId,
    /// A [`Type::Func`].
    pub ty: TypeId,
    /// Where its name stands.
    pub span: Span,
}

/// A term of a constraint's type set: `ty` or `~ty`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Term {
    /// All types with this underlying type.
    pub tilde: bool,
    /// The type.
    pub ty: TypeId,
}

/// The method set (and type set) of an interface type, embedded interfaces flattened.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// All methods: exported names first, each part in the order of the names' texts.
    pub methods: Vec<Method>,
    /// Type terms; `None`: all types. Only constraints have terms.
    pub terms: Option<Vec<Term>>,
    /// Whether the type set is restricted to comparable types (`comparable` is embedded).
    pub comparable: bool,
    /// How it was written, when it embeds something; for messages only.
    pub written: Option<Box<WrittenInterface>>,
}

/// The elements of an interface literal as they were written.
#[derive(Clone, Debug)]
pub struct WrittenInterface {
    /// Methods of its own.
    pub explicit: Vec<Method>,
    /// Embedded types.
    pub embeds: Vec<TypeId>,
    /// Only its terms were written, as a type parameter's constraint.
    pub implicit: bool,
}

/// A declared type.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its type name.
    pub obj: ObjId,
    /// The name.
    pub name: Symbol,
    /// The package that declares it; [`PkgId::NONE`] for `error`.
    pub pkg: PkgId,
    /// The underlying type; [`TypeId::INVALID`] until it is known, never itself a [`Type::Named`].
    pub underlying: TypeId,
    /// The declared methods, in source order.
    pub methods: Vec<ObjId>,
    /// 0: declared at package level. Otherwise a number that tells apart the local types of one package.
    pub local: u32,
    /// Type parameters of a generic type; empty for its instances.
    pub tparams: Vec<TypeParamId>,
    /// The generic type of which it is an instance.
    pub origin: Option<NamedId>,
    /// The type arguments of an instance, or of the instance of the function in which the type is declared.
    pub targs: Vec<TypeId>,
}

struct Entry {
    ty: Type,
    canon: u32,
    alias: Option<Alias>,
    extent: Extent,
}

/// The alias name under which a type was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Alias {
    pub(crate) name: Symbol,
    pub(crate) pkg: PkgId,
}

impl Alias {
    /// The package of the name of a type parameter in the body of an instance: there it stands for its type argument.
    pub(crate) const TYPE_PARAM: PkgId = PkgId(u32::MAX - 1);
}

/// All types of a program.
pub struct Types {
    entries: Vec<Entry>,
    canonical: FxHashMap<Box<[u32]>, u32>,
    exact: FxHashMap<Box<[u32]>, u32>,
    named: Vec<Named>,
    tparams: Vec<TypeParam>,
    pub(crate) instances: FxHashMap<(NamedId, Vec<TypeId>), TypeId>,
    /// Instances whose underlying types are still to be made.
    pub(crate) unexpanded: Vec<NamedId>,
    /// The first instance that was given up.
    pub(crate) overgrown: Option<NamedId>,
    tags: Vec<Box<[u8]>>,
}

impl Types {
    /// The table with the predeclared types. `error` gets its method and object from the universe.
    pub(crate) fn new(byte: Symbol, rune: Symbol, any: Symbol) -> Types {
        let mut t = Types {
            entries: Vec::new(),
            canonical: FxHashMap::default(),
            exact: FxHashMap::default(),
            named: Vec::new(),
            tparams: Vec::new(),
            instances: FxHashMap::default(),
            unexpanded: Vec::new(),
            overgrown: None,
            tags: vec![Box::default()],
        };
        for &b in Basic::ALL {
            t.intern(Type::Basic(b));
        }
        let universe = |name| Alias { name, pkg: PkgId::NONE };
        t.alias(TypeId::UINT8, universe(byte));
        t.alias(TypeId::INT32, universe(rune));
        t.intern(Type::Interface(Interface::default()));
        t.alias(TypeId::EMPTY_INTERFACE, universe(any));
        t.intern(Type::Tuple(Vec::new()));
        t
    }

    /// The id of a type.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        self.intern_as(ty, None)
    }

    /// `ty` under the name of an alias: the same type, printed by that name.
    pub(crate) fn alias(&mut self, ty: TypeId, alias: Alias) -> TypeId {
        let structure = self.get(ty).clone();
        self.intern_as(structure, Some(alias))
    }

    /// The alias name under which `ty` was written, if any.
    pub(crate) fn alias_of(&self, ty: TypeId) -> Option<Alias> {
        self.entries[ty.shown as usize].alias
    }

    /// `ty` under its own name if it was written as an alias; aliases inside of it stay.
    pub(crate) fn without_alias(&mut self, ty: TypeId) -> TypeId {
        if self.alias_of(ty).is_none() {
            return ty;
        }
        let structure = self.get(ty).clone();
        self.intern(structure)
    }

    fn intern_as(&mut self, ty: Type, alias: Option<Alias>) -> TypeId {
        let exact = encode(&ty, alias, true);
        if let Some(&shown) = self.exact.get(&exact) {
            return TypeId { canon: self.entries[shown as usize].canon, shown };
        }
        let shown = self.entries.len() as u32;
        let canon = *self.canonical.entry(encode(&ty, None, false)).or_insert(shown);
        self.exact.insert(exact, shown);
        let extent = self.extent_of(&ty);
        self.entries.push(Entry { ty, canon, alias, extent });
        TypeId { canon, shown }
    }

    /// The structure of a type. Names, tags and spans in it are as written at one of its occurrences.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.entries[id.shown as usize].ty
    }

    /// What is known of all that a type's text mentions.
    pub(crate) fn extent(&self, id: TypeId) -> Extent {
        self.entries[id.shown as usize].extent
    }

    /// How many ids there are; every [`TypeId::index`] is below.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never true: the predeclared types are always there.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Declares a type whose underlying type comes later.
    pub(crate) fn new_named(&mut self, named: Named) -> (NamedId, TypeId) {
        let id = NamedId(self.named.len() as u32);
        self.named.push(named);
        (id, self.intern(Type::Named(id)))
    }

    /// A declared type.
    pub fn named(&self, id: NamedId) -> &Named {
        &self.named[id.0 as usize]
    }

    /// The type that a declared type's number stands for.
    pub fn named_type(&mut self, id: NamedId) -> TypeId {
        self.intern(Type::Named(id))
    }

    /// Declares a type parameter.
    pub(crate) fn new_type_param(&mut self, param: TypeParam) -> (TypeParamId, TypeId) {
        let id = TypeParamId(self.tparams.len() as u32);
        self.tparams.push(param);
        (id, self.intern(Type::TypeParam(id)))
    }

    /// A type parameter.
    pub fn type_param(&self, id: TypeParamId) -> &TypeParam {
        &self.tparams[id.0 as usize]
    }

    pub(crate) fn type_param_mut(&mut self, id: TypeParamId) -> &mut TypeParam {
        &mut self.tparams[id.0 as usize]
    }

    /// The type that a type parameter's number stands for.
    pub fn param_type(&mut self, id: TypeParamId) -> TypeId {
        self.intern(Type::TypeParam(id))
    }

    /// The type parameter that a type is, if it is one.
    pub fn as_type_param(&self, id: TypeId) -> Option<TypeParamId> {
        match *self.get(id) {
            Type::TypeParam(p) => Some(p),
            _ => None,
        }
    }

    pub(crate) fn named_mut(&mut self, id: NamedId) -> &mut Named {
        &mut self.named[id.0 as usize]
    }

    /// All declared types.
    pub fn all_named(&self) -> impl Iterator<Item = (NamedId, &Named)> {
        self.named.iter().enumerate().map(|(i, n)| (NamedId(i as u32), n))
    }

    /// The underlying type.
    pub fn underlying(&self, id: TypeId) -> TypeId {
        match *self.get(id) {
            Type::Named(n) => self.named(n).underlying,
            _ => id,
        }
    }

    /// The structure of the underlying type.
    pub fn under(&self, id: TypeId) -> &Type {
        self.get(self.underlying(id))
    }

    /// The tag with this text.
    pub(crate) fn tag(&mut self, text: &[u8]) -> Tag {
        // Programs have few tags.
        let at = self.tags.iter().position(|t| **t == *text).unwrap_or_else(|| {
            self.tags.push(text.into());
            self.tags.len() - 1
        });
        Tag(at as u32)
    }

    /// A tag's text, unquoted.
    pub fn tag_text(&self, tag: Tag) -> &[u8] {
        &self.tags[tag.0 as usize]
    }

    /// `*elem`
    pub fn pointer(&mut self, elem: TypeId) -> TypeId {
        self.intern(Type::Pointer(elem))
    }

    /// `[]elem`
    pub fn slice(&mut self, elem: TypeId) -> TypeId {
        self.intern(Type::Slice(elem))
    }

    /// Several values at once.
    pub fn tuple(&mut self, members: Vec<TypeId>) -> TypeId {
        self.intern(Type::Tuple(members))
    }
}

/// A type as words: equal words, equal type. `exact` keeps what only messages look at.
fn encode(ty: &Type, alias: Option<Alias>, exact: bool) -> Box<[u32]> {
    let id = |t: TypeId| if exact { t.shown } else { t.canon };
    let mut w: Vec<u32> = Vec::with_capacity(8);
    let methods = |w: &mut Vec<u32>, methods: &[Method]| {
        w.push(methods.len() as u32);
        for m in methods {
            w.extend([m.name.0, m.pkg.0, id(m.ty)]);
        }
    };
    match ty {
        Type::Basic(b) => w.extend([0, *b as u32]),
        Type::Named(n) => w.extend([1, n.0]),
        Type::Pointer(e) => w.extend([2, id(*e)]),
        Type::Slice(e) => w.extend([3, id(*e)]),
        Type::Array(e, n) => w.extend([4, id(*e), *n as u32, (*n >> 32) as u32]),
        Type::Map(k, e) => w.extend([5, id(*k), id(*e)]),
        Type::Chan(d, e) => w.extend([6, *d as u32, id(*e)]),
        Type::Struct(fields) => {
            w.push(7);
            for f in fields {
                w.extend([f.name.0, f.pkg.0, id(f.ty), f.embedded as u32, f.tag.0]);
            }
        }
        Type::Func(s) => {
            w.extend([8, s.variadic as u32, s.params.len() as u32, s.tparams.len() as u32]);
            w.extend(s.tparams.iter().map(|p| p.0));
            for p in s.params.iter().chain(&s.results) {
                w.push(id(p.ty));
                if exact {
                    w.push(p.name.0);
                }
            }
        }
        Type::Interface(i) => {
            w.extend([9, i.comparable as u32]);
            methods(&mut w, &i.methods);
            if let Some(terms) = &i.terms {
                w.push(terms.len() as u32 + 1);
                for t in terms {
                    w.extend([t.tilde as u32, id(t.ty)]);
                }
            } else {
                w.push(0);
            }
            if let (true, Some(written)) = (exact, &i.written) {
                methods(&mut w, &written.explicit);
                w.extend(written.embeds.iter().map(|&e| id(e)));
                w.push(written.implicit as u32);
            }
        }
        Type::Tuple(members) => {
            w.push(10);
            w.extend(members.iter().map(|&m| id(m)));
        }
        Type::TypeParam(p) => w.extend([11, p.0]),
        Type::Union(terms) => {
            w.push(12);
            for t in terms {
                w.extend([t.tilde as u32, id(t.ty)]);
            }
        }
    }
    if let Some(a) = alias {
        w.extend([u32::MAX, a.name.0, a.pkg.0]);
    }
    w.into_boxed_slice()
}
