//! The whole program while it is being compiled: what is reached, and the tables of the result.
//!
//! Compilation starts at the entry and goes on as long as something new is reached: a function when reached code names
//! it, a package-level variable of a trusted package when reached code reads or writes it, a method when its type is
//! live (a value of it, or of a type that contains it, is put in an interface) and reached code calls a method of that
//! id through an interface. Ids are given out on first reach, bodies are compiled from a queue, so recursion in the
//! program is none here.

use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use gol_bytecode::{FuncId, Function, MethodId, MethodName, NativeId, NativeImport, Program, StrId, TypeRef};
use gol_source::{Code, Diagnostic, FileId, SourceMap, Span, Symbol};
use gol_syntax::ast::{Ast, Decl, ExprId, FuncDecl};
use gol_types::types::{ChanDir, Type, TypeId};
use gol_types::{Basic, ObjId, ObjKind, PkgId, Selected};

use crate::captures::Analysis;
use crate::closure::Capture;
use crate::late::Late;
use crate::layout::{Layout, Layouts, round_up};
use crate::methods::{Method, MethodSet};
use crate::reflect::Reached;

/// How many instances a generic function may have: one that calls itself with a type of its own would have no end.
const MAX_INSTANCES: u32 = 1_000;

/// What a compiled function is made from; equal keys share one function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum FuncKey {
    /// A declared function or method.
    Decl(ObjId),
    /// A function around a native, for where a native cannot stand itself.
    Native(ObjId),
    /// The method as an interface calls it: takes the data word.
    Entry(TypeId, MethodId),
    /// `T.m`: the receiver is the first parameter.
    Expr(TypeId, MethodId),
    /// `x.m`: the receiver is captured.
    Bound(TypeId, MethodId),
    /// What a function made by reflection runs first: for so many argument or result words.
    Stub(u16),
    /// A frame for the cases of a select, so many words, around the native that carries it out.
    SelectStub(u16, NativeId),
}

/// A function whose body is still to be compiled.
pub(crate) enum Work {
    /// Made from its key.
    Key(FuncKey),
    /// A function literal.
    Literal {
        /// The [`gol_syntax::ast::Expr::FuncLit`].
        lit: ExprId,
        /// What is known of the variables of the outermost function around it.
        analysis: Rc<Analysis>,
        /// The variables it uses from outside, in the order of its captured words.
        captures: Vec<Capture>,
    },
    /// A built-in that is deferred or started as a goroutine.
    Builtin(crate::closure::DeferredBuiltin),
    /// One step of a package's initialization.
    Init(gol_types::package::InitStep),
}

/// The structure of an underlying type, to match on without holding the type table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Bool,
    Int(IntKind),
    F32,
    F64,
    C64,
    C128,
    Str,
    Pointer(TypeId),
    Slice(TypeId),
    Array(TypeId, u64),
    Map(TypeId, TypeId),
    Chan(ChanDir, TypeId),
    Struct,
    Func,
    Iface,
    UnsafePointer,
    Nil,
    Tuple,
}

/// Width and sign of an integer type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IntKind {
    pub(crate) bits: u8,
    pub(crate) signed: bool,
}

/// A compilation: what it looks at, and what it has come to.
pub(crate) struct Session<'a> {
    pub(crate) ast: &'a Ast,
    pub(crate) map: &'a SourceMap,
    pub(crate) tp: &'a mut gol_types::Program,
    pub(crate) kept: Kept,
}

impl Deref for Session<'_> {
    type Target = Kept;
    fn deref(&self) -> &Kept {
        &self.kept
    }
}

impl DerefMut for Session<'_> {
    fn deref_mut(&mut self) -> &mut Kept {
        &mut self.kept
    }
}

/// What a compilation has come to. A REPL keeps it from entry to entry, while text and types grow.
pub(crate) struct Kept {
    pub(crate) out: Program,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) layouts: Layouts,
    pub(crate) type_refs: FxHashMap<TypeId, TypeRef>,
    /// The checker's type of each run-time type.
    pub(crate) type_ids: Vec<TypeId>,
    pub(crate) method_sets: FxHashMap<TypeId, Rc<MethodSet>>,
    /// Live types in the order in which they became so.
    pub(crate) live: Vec<TypeId>,
    pub(crate) is_live: FxHashSet<TypeId>,
    /// What of reflection is reached.
    pub(crate) reached: Reached,
    /// Functions of the library that are not needed yet.
    pub(crate) late: Late,
    /// Methods that reached code calls through interfaces.
    pub(crate) called: FxHashSet<MethodId>,
    /// How many live types, and whether new called methods, were paired already.
    pub(crate) paired: (usize, usize),
    /// What interfaces call for the methods of live types.
    pub(crate) entries: FxHashMap<(TypeId, MethodId), FuncId>,
    /// How many literals the initializers of each package have so far.
    pub(crate) init_literals: FxHashMap<String, u32>,
    /// Whether the text of a type argument is being written.
    pub(crate) in_type_args: Cell<bool>,
    func_ids: FxHashMap<FuncKey, FuncId>,
    work: VecDeque<(FuncId, Work)>,
    strings: FxHashMap<Box<[u8]>, StrId>,
    natives: FxHashMap<ObjId, NativeId>,
    /// Which functions may stand in place of calls, as far as that was asked.
    pub(crate) smalls: FxHashMap<ObjId, Option<Rc<crate::inline::Small>>>,
    method_ids: FxHashMap<(Symbol, String, TypeRef), MethodId>,
    /// The numbers of instances of methods that have type parameters of their own: they are in no method set.
    generic_ids: FxHashMap<ObjId, MethodId>,
    /// How many instances of each generic function are compiled.
    instance_counts: FxHashMap<ObjId, u32>,
    /// What wrappers around them call, by the type of the receiver.
    pub(crate) generic_methods: FxHashMap<(TypeId, MethodId), Method>,
    globals: FxHashMap<ObjId, u32>,
    /// Packages of which a variable was reached, or that are new, since their steps of initialization were looked at.
    pub(crate) unsettled: BTreeSet<PkgId>,
    /// Functions of a session that were declared again: by which.
    pub(crate) replaced: FxHashMap<ObjId, ObjId>,
}

impl Kept {
    /// Nothing is reached yet.
    pub(crate) fn new() -> Kept {
        let mut kept = Kept {
            out: Program::default(),
            diagnostics: Vec::new(),
            layouts: Layouts::default(),
            type_refs: FxHashMap::default(),
            type_ids: Vec::new(),
            method_sets: FxHashMap::default(),
            live: Vec::new(),
            is_live: FxHashSet::default(),
            reached: Reached::default(),
            late: Late::default(),
            called: FxHashSet::default(),
            paired: (0, 0),
            entries: FxHashMap::default(),
            init_literals: FxHashMap::default(),
            in_type_args: Cell::new(false),
            func_ids: FxHashMap::default(),
            work: VecDeque::new(),
            strings: FxHashMap::default(),
            natives: FxHashMap::default(),
            smalls: FxHashMap::default(),
            method_ids: FxHashMap::default(),
            generic_ids: FxHashMap::default(),
            instance_counts: FxHashMap::default(),
            generic_methods: FxHashMap::default(),
            globals: FxHashMap::default(),
            unsettled: BTreeSet::new(),
            replaced: FxHashMap::default(),
        };
        kept.start_types();
        kept
    }

    /// The number that a declared function has, if it is reached.
    pub(crate) fn reached(&self, obj: ObjId) -> Option<FuncId> {
        self.func_ids.get(&FuncKey::Decl(obj)).copied()
    }

    /// Forgets functions from number `first` on: an entry that reached them could not be compiled.
    pub(crate) fn forget_from(&mut self, first: usize) {
        let known = |f: &FuncId| (f.0 as usize) < first;
        self.out.funcs.truncate(first);
        self.work.clear();
        self.func_ids.retain(|_, f| known(f));
        self.entries.retain(|_, f| known(f));
        self.paired = (0, 0);
    }
}

impl<'a> Session<'a> {
    /// A session that goes on from what is kept.
    pub(crate) fn new(ast: &'a Ast, map: &'a SourceMap, tp: &'a mut gol_types::Program, kept: Kept) -> Session<'a> {
        Session { ast, map, tp, kept }
    }

    /// Reports a mistake.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    /// Compiles queued functions, and what they reach, until nothing is left.
    pub(crate) fn drain(&mut self) {
        loop {
            while let Some((id, work)) = self.work.pop_front() {
                crate::func::compile(self, id, work);
            }
            if !self.pair_methods() && !self.compile_late() {
                break;
            }
        }
    }

    // Functions.

    /// A new function with a name and no body yet.
    pub(crate) fn new_func(&mut self, name: String, nargs: u16, nresults: u16, wrapper: bool) -> FuncId {
        let wrapper = wrapper || crate::reflect::is_wrapper(&name);
        self.out.funcs.push(Function { name, nargs, nresults, wrapper, ..Function::default() });
        FuncId(self.out.funcs.len() as u32 - 1)
    }

    /// Queues the body of a new function.
    pub(crate) fn enqueue(&mut self, id: FuncId, work: Work) {
        // Literals come next: what is known of a generic function's body is about one instance at a time.
        match work {
            Work::Literal { .. } => self.work.push_front((id, work)),
            _ => self.work.push_back((id, work)),
        }
    }

    /// The function made from `key`; `make` gives name, argument and result words, and whether it is a wrapper.
    pub(crate) fn keyed(&mut self, key: FuncKey, make: impl FnOnce(&mut Self) -> (String, u16, u16, bool)) -> FuncId {
        if let Some(&id) = self.func_ids.get(&key) {
            return id;
        }
        let (name, nargs, nresults, wrapper) = make(self);
        let id = self.new_func(name, nargs, nresults, wrapper);
        self.func_ids.insert(key.clone(), id);
        self.enqueue(id, Work::Key(key));
        id
    }

    /// A declared function or method that has a body.
    pub(crate) fn declared(&mut self, obj: ObjId) -> FuncId {
        let obj = self.newest(obj);
        let key = FuncKey::Decl(obj);
        if let Some(&id) = self.func_ids.get(&key) {
            return id;
        }
        if let Some(id) = self.late_func(obj) {
            return id;
        }
        self.check_body(obj);
        let id = self.declare(obj);
        self.enqueue(id, Work::Key(key));
        id
    }

    /// The number of a declared function that has none yet.
    pub(crate) fn declare(&mut self, obj: ObjId) -> FuncId {
        let (mut nargs, nresults) = self.sig_words(self.tp.objects[obj].ty);
        if let Some(recv) = self.recv_type(obj) {
            nargs += self.regs(recv);
        }
        let id = self.new_func(self.func_name(obj), nargs, nresults, false);
        self.func_ids.insert(FuncKey::Decl(obj), id);
        id
    }

    /// What a function of a session was declared again as.
    fn newest(&self, mut obj: ObjId) -> ObjId {
        while let Some(&new) = self.replaced.get(&obj) {
            obj = new;
        }
        obj
    }

    /// A function value's code for a declared function: the function itself, or a wrapper around a native.
    pub(crate) fn declared_or_wrapped(&mut self, obj: ObjId) -> FuncId {
        if !self.is_native(obj) {
            return self.declared(obj);
        }
        self.keyed(FuncKey::Native(obj), |s| {
            let (nargs, nresults) = s.sig_words(s.tp.objects[obj].ty);
            (s.func_name(obj), nargs, nresults, true)
        })
    }

    /// The declaration of a function object.
    pub(crate) fn decl_of(&self, obj: ObjId) -> Option<&'a FuncDecl> {
        let ObjKind::Func { decl: Some(decl), .. } = self.tp.objects[obj].kind else { return None };
        match &self.ast[decl].kind {
            Decl::Func(f) => Some(f),
            _ => None,
        }
    }

    /// Whether a function has no body.
    pub(crate) fn is_native(&self, obj: ObjId) -> bool {
        self.decl_of(obj).is_some_and(|d| d.body.is_none())
    }

    /// The number of a native.
    pub(crate) fn native(&mut self, obj: ObjId) -> NativeId {
        if let Some(&id) = self.natives.get(&obj) {
            return id;
        }
        self.check_object(obj);
        let o = &self.tp.objects[obj];
        let (pkg, ty) = (o.pkg, o.ty);
        let name = format!("{}.{}", self.pkg_path(pkg), self.ast.text(o.name));
        let (nargs, nresults) = self.sig_words(ty);
        let sig = self.type_text(ty);
        self.out.natives.push(NativeImport { name: name.clone(), sig, nargs, nresults });
        let id = NativeId(self.out.natives.len() as u32 - 1);
        self.natives.insert(obj, id);
        self.note_reflection(&name);
        id
    }

    /// Makes sure that a function's body is checked.
    pub(crate) fn check_body(&mut self, obj: ObjId) {
        if self.is_trusted(obj) {
            let found = self.tp.check_body(self.ast, self.map, obj);
            self.diagnostics.extend(found);
        }
    }

    /// Makes sure that an object's type is known.
    pub(crate) fn check_object(&mut self, obj: ObjId) {
        if self.is_trusted(obj) {
            let found = self.tp.check_object(self.ast, self.map, obj);
            self.diagnostics.extend(found);
        }
    }

    pub(crate) fn is_trusted(&self, obj: ObjId) -> bool {
        let pkg = self.tp.objects[obj].pkg;
        pkg != PkgId::NONE && self.tp.package(pkg).options.trusted
    }

    /// The type of a method's receiver parameter; `None` for a function.
    pub(crate) fn recv_type(&mut self, obj: ObjId) -> Option<TypeId> {
        let ObjKind::Func { recv: Some(recv), .. } = self.tp.objects[obj].kind else { return None };
        let ty = self.tp.types.named_type(recv.base?);
        Some(if recv.pointer { self.tp.types.pointer(ty) } else { ty })
    }

    /// The import path of a package as traces and natives name it.
    pub(crate) fn pkg_path(&self, pkg: PkgId) -> String {
        if pkg == PkgId::NONE {
            return String::new();
        }
        self.tp.package(pkg).path.clone()
    }

    /// The name of a declared function as traces show it.
    pub(crate) fn func_name(&self, obj: ObjId) -> String {
        let o = &self.tp.objects[obj];
        let pkg = self.pkg_path(o.pkg);
        let name = self.ast.text(o.name);
        match o.kind {
            ObjKind::Func { recv: Some(r), .. } => {
                let base = r.base.map_or("?".to_string(), |b| self.named_text(b));
                let name = format!("{name}{}", self.own_targs(obj));
                if r.pointer { format!("{pkg}.(*{base}).{name}") } else { format!("{pkg}.{base}.{name}") }
            }
            _ => {
                let inits = &self.tp.package(o.pkg).inits;
                match inits.iter().position(|i| *i == obj) {
                    Some(n) => format!("{pkg}.init.{n}"),
                    None => format!("{pkg}.{name}{}", self.own_targs(obj)),
                }
            }
        }
    }

    /// A declared type's name as traces show it: without its type arguments.
    pub(crate) fn named_text(&self, id: gol_types::NamedId) -> String {
        let n = self.tp.types.named(id);
        let targs = if n.targs.is_empty() { "" } else { "[...]" };
        format!("{}{targs}", self.ast.text(n.name))
    }

    /// Takes note of how a receiver of type `recv` gets to a method with type parameters, for wrappers.
    pub(crate) fn note_generic(&mut self, recv: TypeId, id: MethodId, selected: Selected, path: &[u32]) {
        if let Selected::Method(obj) = selected
            && self.generic_ids.contains_key(&obj)
        {
            let method = Method { id, sig: self.tp.objects[obj].ty, path: path.to_vec(), selected };
            self.generic_methods.insert((recv, id), method);
        }
    }

    /// Counts the compiled instances of a generic function; false, and an error, if there is no end of them.
    pub(crate) fn may_instantiate(&mut self, obj: ObjId, span: Span) -> bool {
        let Some(instance) = self.tp.instance(obj) else { return true };
        let origin = instance.origin;
        let given_up = self.tp.types.overgrown().is_some();
        if given_up || instance.targs.iter().any(|&t| self.tp.types.is_too_large(t)) {
            let message = "type arguments mention too many types (implementation limitation)";
            self.error(Code::TypeTooLarge, span, message);
            return false;
        }
        let n = self.instance_counts.entry(origin).or_insert(0);
        *n += 1;
        if *n == MAX_INSTANCES {
            let message = format!("more than {MAX_INSTANCES} instances of {}", self.func_name(obj));
            self.error(Code::NotYet, span, message);
        }
        *self.instance_counts.get(&origin).unwrap_or(&0) < MAX_INSTANCES
    }

    fn own_targs(&self, obj: ObjId) -> &'static str {
        let generic = self.tp.instance(obj).is_some_and(|i| !i.targs.is_empty());
        if generic { "[...]" } else { "" }
    }

    // Tables.

    /// The number of a string constant.
    pub(crate) fn string(&mut self, text: &[u8]) -> StrId {
        if let Some(&id) = self.strings.get(text) {
            return id;
        }
        let id = StrId(self.out.strings.len() as u32);
        self.out.strings.push(text.into());
        self.strings.insert(text.into(), id);
        id
    }

    /// The number of a method: name, package of an unexported name, signature.
    pub(crate) fn method_id(&mut self, name: Symbol, pkg: PkgId, sig: TypeId) -> MethodId {
        let text = self.ast.text(name);
        let pkg = if is_exported(text) { String::new() } else { self.pkg_path(pkg) };
        let sig = self.type_ref(sig);
        let key = (name, pkg, sig);
        if let Some(&id) = self.method_ids.get(&key) {
            return id;
        }
        let id = MethodId(self.out.methods.len() as u32);
        self.out.methods.push(MethodName { name: text.into(), pkg: key.1.clone(), sig });
        self.method_ids.insert(key, id);
        id
    }

    /// The method of interface type `ty` with this index.
    pub(crate) fn iface_method(&mut self, ty: TypeId, index: u32) -> (MethodId, TypeId) {
        let Type::Interface(i) = self.tp.types.under(ty) else { unreachable!("the checker says it is an interface") };
        let m = &i.methods[index as usize];
        let (name, pkg, sig) = (m.name, m.pkg, m.ty);
        (self.method_id(name, pkg, sig), sig)
    }

    /// Name, package and signature of a selected method; `base` is the type at the end of the path.
    pub(crate) fn selected_id(&mut self, base: TypeId, selected: Selected) -> MethodId {
        match selected {
            Selected::Interface(i) => self.iface_method(base, i).0,
            Selected::Method(obj) => {
                self.check_object(obj);
                let generic = self.tp.instance(obj).is_some_and(|i| !i.targs.is_empty());
                if let (true, Some(&id)) = (generic, self.generic_ids.get(&obj)) {
                    return id;
                }
                let o = &self.tp.objects[obj];
                let (name, pkg, sig) = (o.name, o.pkg, o.ty);
                if generic {
                    let (name, sig) = (format!("{}[...]", self.ast.text(name)), self.type_ref(sig));
                    let id = MethodId(self.out.methods.len() as u32);
                    let pkg = self.pkg_path(pkg);
                    self.out.methods.push(MethodName { name, pkg, sig });
                    self.generic_ids.insert(obj, id);
                    return id;
                }
                self.method_id(name, pkg, sig)
            }
            Selected::Field => unreachable!("a field is not a method"),
        }
    }

    /// The place of a package-level variable in the block of globals.
    pub(crate) fn global(&mut self, obj: ObjId) -> u32 {
        if let Some(&at) = self.globals.get(&obj) {
            return at;
        }
        if self.is_trusted(obj) {
            let found = self.tp.check_var_init(self.ast, self.map, obj);
            self.diagnostics.extend(found);
        }
        let (ty, pkg) = (self.tp.objects[obj].ty, self.tp.objects[obj].pkg);
        self.unsettled.insert(pkg);
        let l = self.layout(ty);
        let at = round_up(self.out.globals_size, l.align.max(8));
        self.out.globals_size = at + l.size;
        if self.out.globals_size > u32::MAX as u64 {
            let span = self.tp.objects[obj].span;
            self.error(Code::NotYet, span, "package-level variables take more than 4 GiB");
            self.out.globals_size = 0;
        }
        let mut bits = std::mem::take(&mut self.out.globals_ptr_words);
        l.add_pointers(at, &mut bits);
        self.out.globals_ptr_words = bits;
        self.globals.insert(obj, at as u32);
        at as u32
    }

    /// The names of all source files, by number; what a `//line` comment leaves without a name is `??`, as in Go.
    pub(crate) fn file_names(&self) -> Vec<String> {
        let n = self.map.file_at(u32::MAX).map_or(0, |f| f.0 + 1);
        let name = |i| Some(self.map.file(FileId(i)).name.clone()).filter(|n| !n.is_empty());
        (0..n).map(|i| name(i).unwrap_or_else(|| "??".into())).collect()
    }

    // Types.

    /// The layout of a type.
    pub(crate) fn layout(&mut self, ty: TypeId) -> Rc<Layout> {
        self.kept.layouts.of(&self.tp.types, ty)
    }

    /// Registers of a value.
    pub(crate) fn regs(&mut self, ty: TypeId) -> u16 {
        match self.tp.types.get(ty) {
            Type::Tuple(members) => {
                let members = members.clone();
                members.iter().map(|m| self.regs(*m)).fold(0, u16::saturating_add)
            }
            _ => self.layout(ty).regs,
        }
    }

    /// Parameters' and results' types.
    pub(crate) fn signature(&self, sig: TypeId) -> (Vec<TypeId>, Vec<TypeId>, bool) {
        match self.tp.types.under(sig) {
            Type::Func(f) => {
                let tys = |ps: &[gol_types::types::Param]| ps.iter().map(|p| p.ty).collect();
                (tys(&f.params), tys(&f.results), f.variadic)
            }
            _ => (Vec::new(), Vec::new(), false),
        }
    }

    /// Argument and result words of a function type.
    pub(crate) fn sig_words(&mut self, sig: TypeId) -> (u16, u16) {
        let (params, results, _) = self.signature(sig);
        // What is too much for 16 bits is too much for a frame, which is told where one is laid out.
        let mut words = |tys: &[TypeId]| tys.iter().map(|t| self.regs(*t)).fold(0, u16::saturating_add);
        (words(&params), words(&results))
    }

    /// The underlying structure of a type.
    pub(crate) fn shape(&self, ty: TypeId) -> Shape {
        let int = |bits, signed| Shape::Int(IntKind { bits, signed });
        match self.tp.types.under(ty) {
            Type::Basic(b) => match b {
                Basic::Bool | Basic::UntypedBool => Shape::Bool,
                Basic::Int | Basic::Int64 | Basic::UntypedInt => int(64, true),
                Basic::Int8 => int(8, true),
                Basic::Int16 => int(16, true),
                Basic::Int32 | Basic::UntypedRune => int(32, true),
                Basic::Uint | Basic::Uint64 | Basic::Uintptr => int(64, false),
                Basic::Uint8 => int(8, false),
                Basic::Uint16 => int(16, false),
                Basic::Uint32 => int(32, false),
                Basic::Float32 => Shape::F32,
                Basic::Float64 | Basic::UntypedFloat => Shape::F64,
                Basic::Complex64 => Shape::C64,
                Basic::Complex128 | Basic::UntypedComplex => Shape::C128,
                Basic::String | Basic::UntypedString => Shape::Str,
                Basic::UnsafePointer => Shape::UnsafePointer,
                Basic::UntypedNil | Basic::Invalid => Shape::Nil,
            },
            Type::Pointer(e) => Shape::Pointer(*e),
            Type::Slice(e) => Shape::Slice(*e),
            Type::Array(e, n) => Shape::Array(*e, *n),
            Type::Map(k, v) => Shape::Map(*k, *v),
            Type::Chan(d, e) => Shape::Chan(*d, *e),
            Type::Struct(_) => Shape::Struct,
            Type::Func(_) => Shape::Func,
            Type::Interface(_) => Shape::Iface,
            Type::Tuple(_) | Type::Named(_) | Type::TypeParam(_) | Type::Union(_) => Shape::Tuple,
        }
    }

    /// The type of a struct's field.
    pub(crate) fn field_type(&self, ty: TypeId, index: u32) -> TypeId {
        match self.tp.types.under(ty) {
            Type::Struct(fields) => fields[index as usize].ty,
            _ => unreachable!("the checker says it is a struct"),
        }
    }

    /// The types of a tuple's members; any other type is one member.
    pub(crate) fn members(&self, ty: TypeId) -> Vec<TypeId> {
        match self.tp.types.get(ty) {
            Type::Tuple(m) => m.clone(),
            _ => vec![ty],
        }
    }

    /// The type that a pointer points to; any other type itself.
    pub(crate) fn deref(&self, ty: TypeId) -> (TypeId, bool) {
        match self.shape(ty) {
            Shape::Pointer(e) => (e, true),
            _ => (ty, false),
        }
    }

    /// A type's registers as a number, and whether it is Mem.
    pub(crate) fn is_mem(&mut self, ty: TypeId) -> bool {
        self.layout(ty).is_mem
    }
}

/// Whether a name is exported.
pub(crate) fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
