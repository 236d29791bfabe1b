//! What a program pays for reflection, and only if it reaches it: more live types, more compiled methods, and the
//! functions through which calls of funcs known only at run time go.
//!
//! The natives of `internal/reflectlite` tell what is reached. *PointerTo*: pointers to live types come into being, so
//! their methods are needed. *MethodCode*: any exported method of a live type may be called. *NewStub*, *SelectStub*,
//! *CallWords*: functions of the sizes that a call may need, made of the instructions for blocks of words.

use std::rc::Rc;

use gol_bytecode::{FuncId, NativeId, Op, TypeRef};
use gol_source::Span;
use gol_types::types::{Type, TypeId};
use gol_types::{ObjId, PkgId};

use crate::func::FuncGen;
use crate::program::{FuncKey, Session, is_exported};

/// The package whose natives are known here.
const PACKAGE: &str = "internal/reflectlite";

/// The function without a body that has no native: calls of it are made of instructions here.
pub const MACHINE_CALL: &str = "internal/reflectlite.CallWords";

/// Words of arguments or results that the stubs for functions made by reflection take.
const STUB_WORDS: [u16; 4] = [16, 128, 2_048, 60_000];

/// Words of the cases that the stubs for select take.
const SELECT_WORDS: [u16; 4] = [96, 768, 6_144, 60_000];

/// Functions of the library that stand between a func made by reflection and what it calls: `recover` looks through them, as
/// through the functions that the compiler makes.
const WRAPPERS: [&str; 4] =
    ["reflect.Value.call", "reflect.makeFunc.func1", "reflect.Value.methodFunc.func1", "reflect.(*rtype).Method.func1"];

/// Whether a function of this name counts as made by the compiler.
pub(crate) fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name)
}

/// What of reflection is reached.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Reached {
    /// Pointers to live types are made, and types taken apart.
    pub(crate) types: bool,
    /// All exported methods of live types may be called.
    pub(crate) methods: bool,
}

impl Session<'_> {
    /// Takes note of a native that is reached for the first time.
    pub(crate) fn note_reflection(&mut self, name: &str) {
        match name.strip_prefix(PACKAGE).and_then(|n| n.strip_prefix('.')) {
            Some("PointerTo") => self.reach_types(),
            Some("MethodCode") => {
                self.reach_types();
                self.reached.methods = true;
                self.paired = (0, 0);
            }
            Some("NewStub") => {
                self.reach_types();
                let stubs = STUB_WORDS.map(|n| (n, self.stub(FuncKey::Stub(n), n)));
                self.out.well_known.stubs = stubs.into();
            }
            Some("SelectStub") => {
                let Some(native) = self.select_native() else { return };
                let stubs = SELECT_WORDS.map(|n| (n, self.stub(FuncKey::SelectStub(n, native), n)));
                self.out.well_known.select_stubs = stubs.into();
            }
            _ => {}
        }
    }

    /// The native that a frame for select is around.
    fn select_native(&mut self) -> Option<NativeId> {
        let pkg = self.tp.package_by_path(PACKAGE)?;
        let obj = self.tp.lookup(pkg, self.ast.names.lookup("selectCases")?)?;
        Some(self.native(obj))
    }

    fn stub(&mut self, key: FuncKey, words: u16) -> FuncId {
        self.keyed(key, |_| ("reflect.makeFuncStub".into(), words, words, true))
    }

    /// From now on a live type brings what types taken apart lead to.
    fn reach_types(&mut self) {
        if std::mem::replace(&mut self.reached.types, true) {
            return;
        }
        for ty in self.live.clone() {
            for part in self.reflected_parts(ty) {
                self.live_type(part);
            }
        }
    }

    /// The types that reflection reaches from a type beyond its parts: the pointer to it, if that has methods, and what
    /// signatures name.
    pub(crate) fn reflected_parts(&mut self, ty: TypeId) -> Vec<TypeId> {
        let mut parts = Vec::new();
        match self.tp.types.under(ty).clone() {
            Type::Func(_) => {
                let (params, results, _) = self.signature(ty);
                parts.extend(params.into_iter().chain(results));
            }
            Type::Interface(i) => parts.extend(i.methods.iter().map(|m| m.ty)),
            Type::Pointer(_) => {}
            _ => {
                let pointer = self.tp.types.pointer(ty).canonical();
                if !self.method_set(pointer).methods.is_empty() {
                    parts.push(pointer);
                }
            }
        }
        parts.iter().map(|t| t.canonical()).collect()
    }

    /// Whether a method is called by nobody that the compiler sees, but may be by reflection.
    pub(crate) fn called_by_reflection(&self, id: gol_bytecode::MethodId) -> bool {
        self.reached.methods && is_exported(&self.out.methods[id.0 as usize].name)
    }

    /// Whether a function without body is made of instructions here.
    pub(crate) fn is_machine_call(&self, obj: ObjId) -> bool {
        let o = &self.tp.objects[obj];
        let name = || MACHINE_CALL.strip_prefix(PACKAGE).and_then(|name| name.strip_prefix('.'));
        o.pkg != PkgId::NONE && self.tp.package(o.pkg).path == PACKAGE && name() == Some(self.ast.text(o.name))
    }

    /// The number of `reflect.Value`, which `fmt` prints in its own way.
    pub(crate) fn find_reflect_value(&mut self) {
        let Some(pkg) = self.tp.package_by_path("reflect") else { return };
        let value = self.ast.names.lookup("Value").and_then(|name| self.tp.lookup(pkg, name));
        let ty = value.map(|obj| self.tp.objects[obj].ty.canonical());
        self.out.well_known.reflect_value = ty.and_then(|ty| self.type_refs.get(&ty)).copied().unwrap_or(TypeRef::NONE);
    }
}

/// Compiles one of the functions around blocks of words.
pub(crate) fn stub(s: &mut Session<'_>, id: FuncId, name: String, key: FuncKey) {
    let mut g = FuncGen::new(s, name, Rc::default(), None, Span::NONE);
    match key {
        // Func value, block of arguments, their number; block for results, their number.
        FuncKey::Native(_) => {
            let args = g.temp(5);
            let at = g.window(0);
            g.asm.op(Op::CallDyn, at, args, 0);
            g.asm.op(Op::StoreWords, args + 3, at, args + 4);
            g.asm.op(Op::Ret0, 0, 0, 0);
        }
        // Captured: the callback, argument words, result words.
        FuncKey::Stub(words) => {
            let args = g.temp(words);
            let r = g.temp(2);
            let at = g.window(1);
            g.asm.op(Op::LoadCap, r, 1, 0);
            g.asm.op(Op::PackWords, at, args, r);
            g.asm.op(Op::LoadCap, r, 0, 0);
            g.asm.op(Op::CallC, at, r, 0);
            g.asm.op(Op::LoadCap, r, 2, 0);
            g.asm.op(Op::RetWords, at, r, 0);
        }
        FuncKey::SelectStub(words, native) => {
            g.temp(words);
            g.asm.op_words(Op::CallN, 3, 0, 0, &[native.0 as u64]);
            g.asm.op(Op::Ret0, 0, 0, 0);
        }
        _ => {}
    }
    g.finish(id);
}
