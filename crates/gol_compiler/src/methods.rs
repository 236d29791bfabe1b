//! Method sets, live types, and the functions around methods: entries for interfaces, `T.m`, bound methods.
//!
//! An interface calls a method with its data word. Where that word is the receiver itself (pointers, values of one
//! register, Mem values) and the method is the type's own, the method is its own entry; otherwise a wrapper loads the
//! receiver, goes along embedded fields and calls.

use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

use gol_bytecode::{FuncId, MethodDesc, MethodId, Op, TypeRef};
use gol_source::{Span, Symbol};
use gol_types::types::{Type, TypeId};
use gol_types::{ObjId, ObjKind, PkgId, Selected};

use crate::call::{Callee, Prepared};
use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::{FuncKey, Session, Shape, is_exported};
use crate::regalloc::Reg;
use crate::typedesc::kind;

/// A method of a type's method set.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) id: MethodId,
    /// The function type without receiver.
    pub(crate) sig: TypeId,
    /// Embedded fields on the way to it.
    pub(crate) path: Vec<u32>,
    pub(crate) selected: Selected,
}

/// The method set of a type that is not an interface, sorted by id.
#[derive(Default, Debug)]
pub(crate) struct MethodSet {
    pub(crate) methods: Vec<Method>,
}

impl MethodSet {
    fn get(&self, id: MethodId) -> Option<&Method> {
        self.methods.binary_search_by_key(&id, |m| m.id).ok().map(|i| &self.methods[i])
    }
}

/// A name found while looking through embedded fields.
struct Found {
    selected: Selected,
    base: TypeId,
    path: Vec<u32>,
    indirect: bool,
    count: u32,
}

/// A type whose fields and methods are looked at next.
struct Level {
    ty: TypeId,
    path: Vec<u32>,
    indirect: bool,
    multiple: bool,
}

impl Session<'_> {
    /// The method set of a type.
    pub(crate) fn method_set(&mut self, ty: TypeId) -> Rc<MethodSet> {
        let ty = ty.canonical();
        if let Some(set) = self.method_sets.get(&ty) {
            return set.clone();
        }
        let set = Rc::new(self.find_methods(ty));
        self.method_sets.insert(ty, set.clone());
        set
    }

    /// Breadth first through embedded fields: a name counts where it is found once at the least depth.
    fn find_methods(&mut self, ty: TypeId) -> MethodSet {
        let (base, is_pointer) = match *self.tp.types.get(ty) {
            Type::Pointer(e) => (e, true),
            _ => (ty, false),
        };
        let mut set = MethodSet::default();
        if self.shape(base) == Shape::Iface || is_pointer && matches!(self.shape(base), Shape::Pointer(_)) {
            return set;
        }
        let mut known: FxHashSet<(Symbol, PkgId)> = FxHashSet::default();
        let mut seen: FxHashSet<TypeId> = FxHashSet::default();
        let mut level = vec![Level { ty: base, path: Vec::new(), indirect: is_pointer, multiple: false }];
        while !level.is_empty() {
            let mut found: Vec<((Symbol, PkgId), Found)> = Vec::new();
            let mut index: FxHashMap<(Symbol, PkgId), usize> = FxHashMap::default();
            let mut next: Vec<Level> = Vec::new();
            let mut add = |key: (Symbol, PkgId), f: Found| match index.get(&key) {
                Some(&i) => found[i].1.count += 1,
                None => {
                    index.insert(key, found.len());
                    found.push((key, f));
                }
            };
            for l in &level {
                let count = 1 + l.multiple as u32;
                if let Type::Named(n) = *self.tp.types.get(l.ty) {
                    if !seen.insert(l.ty) {
                        continue;
                    }
                    for m in self.tp.methods_of(self.ast, self.map, n) {
                        // Methods with type parameters of their own are for direct calls only.
                        if self.is_generic(m) {
                            continue;
                        }
                        let o = &self.tp.objects[m];
                        let key = self.method_key(o.name, o.pkg);
                        let selected = Selected::Method(m);
                        let (path, indirect) = (l.path.clone(), l.indirect);
                        add(key, Found { selected, base: l.ty, path, indirect, count });
                    }
                }
                match self.tp.types.under(l.ty) {
                    Type::Struct(fields) => {
                        for (i, f) in fields.iter().enumerate() {
                            let key = self.method_key(f.name, f.pkg);
                            let path: Vec<u32> = l.path.iter().copied().chain([i as u32]).collect();
                            let selected = Selected::Field;
                            add(key, Found { selected, base: l.ty, path: Vec::new(), indirect: false, count });
                            if f.embedded {
                                let (ty, through) = self.deref(f.ty);
                                let indirect = l.indirect || through;
                                match next.iter_mut().find(|n| n.ty == ty) {
                                    Some(n) => n.multiple = true,
                                    None => next.push(Level { ty, path, indirect, multiple: l.multiple }),
                                }
                            }
                        }
                    }
                    Type::Interface(iface) => {
                        for (i, m) in iface.methods.iter().enumerate() {
                            let key = self.method_key(m.name, m.pkg);
                            let selected = Selected::Interface(i as u32);
                            add(key, Found { selected, base: l.ty, path: l.path.clone(), indirect: true, count });
                        }
                    }
                    _ => {}
                }
            }
            for (key, f) in found {
                if !known.insert(key) || f.count > 1 || f.selected == Selected::Field {
                    continue;
                }
                if let Selected::Method(m) = f.selected
                    && let ObjKind::Func { recv: Some(r), .. } = self.tp.objects[m].kind
                    && r.pointer
                    && !f.indirect
                {
                    continue;
                }
                let id = self.selected_id(f.base, f.selected);
                let sig = match f.selected {
                    Selected::Method(m) => self.tp.objects[m].ty,
                    Selected::Interface(i) => self.iface_method(f.base, i).1,
                    Selected::Field => continue,
                };
                set.methods.push(Method { id, sig, path: f.path, selected: f.selected });
            }
            level = next;
        }
        set.methods.sort_by_key(|m| m.id);
        set
    }

    fn is_generic(&self, method: gol_types::ObjId) -> bool {
        self.decl_of(method).is_some_and(|d| !d.tparams.is_empty())
    }

    fn method_key(&self, name: Symbol, pkg: PkgId) -> (Symbol, PkgId) {
        (name, if is_exported(self.ast.text(name)) { PkgId::NONE } else { pkg })
    }

    /// The type at the end of a path of fields.
    pub(crate) fn walk_type(&self, mut ty: TypeId, path: &[u32]) -> TypeId {
        for &i in path {
            ty = self.field_type(self.deref(ty).0, i);
        }
        ty
    }

    // Live types.

    /// The run-time type of a value that is put in an interface: it, and all that reflection can get from it, is live.
    pub(crate) fn live_type(&mut self, ty: TypeId) -> TypeRef {
        let r = self.type_ref(ty);
        let mut todo = vec![self.type_ids[r.0 as usize]];
        while let Some(ty) = todo.pop() {
            if !self.is_live.insert(ty) {
                continue;
            }
            self.type_ref(ty);
            self.live.push(ty);
            let under = self.tp.types.under(ty);
            self.kept.late.note(kind(under));
            match under {
                Type::Pointer(e) | Type::Slice(e) | Type::Array(e, _) | Type::Chan(_, e) => todo.push(e.canonical()),
                Type::Map(k, v) => todo.extend([k.canonical(), v.canonical()]),
                Type::Struct(fields) => todo.extend(fields.iter().map(|f| f.ty.canonical())),
                _ => {}
            }
            if self.reached.types {
                todo.extend(self.reflected_parts(ty));
            }
        }
        r
    }

    /// Compiles the methods of live types that are called through interfaces; false if there was nothing new.
    pub(crate) fn pair_methods(&mut self) -> bool {
        let state = (self.live.len(), self.called.len());
        if state == self.paired {
            return false;
        }
        self.paired = state;
        for i in 0..self.live.len() {
            let ty = self.live[i];
            let set = self.method_set(ty);
            for m in &set.methods {
                let reflected = self.called_by_reflection(m.id);
                if (reflected || self.called.contains(&m.id)) && !self.entries.contains_key(&(ty, m.id)) {
                    let f = self.entry(ty, m);
                    self.entries.insert((ty, m.id), f);
                    if reflected {
                        self.live_type(m.sig);
                    }
                }
            }
        }
        true
    }

    /// What an interface calls for a method of `ty`.
    fn entry(&mut self, ty: TypeId, m: &Method) -> FuncId {
        if let (Selected::Method(obj), true) = (m.selected, m.path.is_empty()) {
            let recv = self.recv_type(obj).unwrap_or(TypeId::INVALID);
            if recv == ty && self.regs(ty) == 1 {
                return self.declared(obj);
            }
        }
        let key = FuncKey::Entry(ty, m.id);
        self.keyed(key.clone(), |s| s.wrapper_shape(&key))
    }

    /// Fills in the method tables of live types.
    pub(crate) fn describe_methods(&mut self) {
        for i in 0..self.live.len() {
            let ty = self.live[i];
            let set = self.method_set(ty);
            let r = self.type_ref(ty);
            let descs =
                set.methods.iter().map(|m| MethodDesc { id: m.id, func: self.entries.get(&(ty, m.id)).copied() });
            self.out.types[r.0 as usize].methods = descs.collect();
        }
    }

    /// Signature of the method that a wrapper is about.
    fn wrapped_method(&mut self, ty: TypeId, id: MethodId) -> Method {
        if self.shape(ty) == Shape::Iface {
            let Type::Interface(i) = self.tp.types.under(ty) else { unreachable!("its shape says so") };
            let n = i.methods.len() as u32;
            for i in 0..n {
                let (this, sig) = self.iface_method(ty, i);
                if this == id {
                    return Method { id, sig, path: Vec::new(), selected: Selected::Interface(i) };
                }
            }
        }
        if let Some(m) = self.generic_methods.get(&(ty, id)) {
            return m.clone();
        }
        let set = self.method_set(ty);
        match set.get(id) {
            Some(m) => m.clone(),
            // A pointer method of a bound receiver that is addressable.
            None => {
                let p = self.tp.types.pointer(ty);
                let set = self.method_set(p);
                set.get(id).cloned().expect("the checker says that the method exists")
            }
        }
    }

    /// The method of a value that is compiled again as its own entry, which loads the receiver: one with a short body.
    fn own_entry(&mut self, ty: TypeId, m: &Method) -> Option<ObjId> {
        let Selected::Method(obj) = m.selected else { return None };
        let decl = self.decl_of(obj)?;
        let short = decl.body.as_ref().is_some_and(|b| b.stmts.len() <= 6);
        let own = m.path.is_empty() && self.tp.instance(obj).is_none() && self.recv_type(obj) == Some(ty);
        (short && own && !self.is_mem(ty) && self.regs(ty) != 1).then_some(obj)
    }

    /// Name, argument and result words of a wrapper.
    pub(crate) fn wrapper_shape(&mut self, key: &FuncKey) -> (String, u16, u16, bool) {
        let (&FuncKey::Entry(ty, id) | &FuncKey::Expr(ty, id) | &FuncKey::Bound(ty, id)) = key else {
            unreachable!("other keys have no wrapped method")
        };
        let m = self.wrapped_method(ty, id);
        let (nargs, nresults) = self.sig_words(m.sig);
        let (base, pointer) = self.deref(ty);
        let text = match *self.tp.types.get(base) {
            Type::Named(n) => {
                let (pkg, name) = (self.pkg_path(self.tp.types.named(n).pkg), self.named_text(n));
                if pointer { format!("{pkg}.(*{name})") } else { format!("{pkg}.{name}") }
            }
            _ => self.type_text(ty),
        };
        let own = matches!(key, FuncKey::Entry(..)) && self.own_entry(ty, &m).is_some();
        let name = &self.out.methods[id.0 as usize].name;
        match key {
            FuncKey::Bound(..) => (format!("{text}.{name}-fm"), nargs, nresults, true),
            FuncKey::Entry(..) => (format!("{text}.{name}"), nargs + 1, nresults, !own),
            _ => (format!("{text}.{name}"), nargs + self.regs(ty), nresults, true),
        }
    }
}

/// Compiles a wrapper.
pub(crate) fn wrapper(s: &mut Session<'_>, id: FuncId, name: String, key: FuncKey) {
    match key {
        FuncKey::Stub(_) | FuncKey::SelectStub(..) => return crate::reflect::stub(s, id, name, key),
        FuncKey::Native(obj) if s.is_machine_call(obj) => return crate::reflect::stub(s, id, name, key),
        FuncKey::Entry(ty, mid) => {
            let m = s.wrapped_method(ty, mid);
            if let Some(obj) = s.own_entry(ty, &m) {
                s.check_object(obj);
                s.check_body(obj);
                return crate::func::declared(s, id, name, obj, true);
            }
        }
        _ => {}
    }
    let nargs = s.out.funcs[id.0 as usize].nargs;
    let mut g = FuncGen::new(s, name, Rc::default(), None, Span::NONE);
    let args = g.temp(nargs);
    match key {
        FuncKey::Native(obj) => {
            let nresults = g.s.out.funcs[id.0 as usize].nresults;
            let at = g.window(nargs.max(nresults));
            g.mov(at, args, nargs);
            let n = g.s.native(obj);
            g.emit_call(Prepared { callee: Callee::Native(n, obj), at, nargs });
            g.ret(at, nresults);
        }
        FuncKey::Entry(ty, mid) => {
            let m = g.s.wrapped_method(ty, mid);
            let place = match g.s.layout(ty) {
                l if l.is_mem => Place::known(args),
                l if l.regs <= 1 => Place::Reg(args),
                _ => Place::known(args),
            };
            g.check_value_receiver(ty, &m, place);
            g.call_method(place, ty, &m, args + 1, nargs - 1);
        }
        FuncKey::Expr(ty, mid) => {
            let m = g.s.wrapped_method(ty, mid);
            let n = g.s.regs(ty);
            let place = g.value_place(args, ty);
            g.call_method(place, ty, &m, args + n, nargs - n);
        }
        FuncKey::Bound(ty, mid) => {
            let m = g.s.wrapped_method(ty, mid);
            let n = g.s.regs(ty);
            let recv = g.temp(n);
            for i in 0..n {
                g.asm.op(Op::LoadCap, recv + i, i, 0);
            }
            let place = g.value_place(recv, ty);
            g.call_method(place, ty, &m, args, nargs);
        }
        FuncKey::Decl(_) | FuncKey::Stub(_) | FuncKey::SelectStub(..) => {}
    }
    g.finish(id);
}

impl FuncGen<'_, '_> {
    /// An interface that holds a nil pointer calls a method of the value: Go has a text of its own for that.
    fn check_value_receiver(&mut self, ty: TypeId, m: &Method, place: Place) {
        let (Selected::Method(obj), true, Place::Reg(r)) = (m.selected, m.path.is_empty(), place) else { return };
        let Shape::Pointer(base) = self.s.shape(ty) else { return };
        if self.s.recv_type(obj) != Some(base) || self.s.out.well_known.plain_error == TypeRef::NONE {
            return;
        }
        let ok = self.asm.label();
        self.asm.jump(Op::JNeK, r, 0, 0, &[], ok);
        let name = self.s.func_name(obj);
        let base = self.s.type_text(base);
        let base = base.rsplit('.').next().unwrap_or_default();
        let text = format!("value method {name} called using nil *{base} pointer");
        let text = self.s.string(text.as_bytes());
        let v = self.temp(2);
        self.asm.wide(Op::LoadStr, v, text.0);
        let t = self.s.out.well_known.plain_error.0 as u64;
        self.asm.op_words(Op::MakeIface, v, v, 0, &[t]);
        self.asm.op(Op::Panic, v, 0, 0);
        self.asm.place(ok, false);
    }

    /// Calls a method on what is at a place, with arguments that are in a row, and returns its results.
    fn call_method(&mut self, place: Place, ty: TypeId, m: &Method, args: Reg, nargs: u16) {
        let nresults = self.s.sig_words(m.sig).1;
        let (place, ty) = self.walk(place, ty, &m.path);
        match m.selected {
            Selected::Method(obj) => {
                let recv = self.s.recv_type(obj).unwrap_or(TypeId::INVALID);
                let n = self.s.regs(recv);
                let at = self.window((n + nargs).max(nresults));
                let mark = self.regs.mark();
                self.receiver_at(place, ty, recv, at);
                self.regs.free(mark);
                self.mov(at + n, args, nargs);
                let f = self.s.declared(obj);
                self.emit_call(Prepared { callee: Callee::Func(f), at, nargs: n + nargs });
                self.ret(at, nresults);
            }
            _ => {
                let (place, ty) = match self.s.shape(ty) {
                    Shape::Iface => (place, ty),
                    _ => self.through_pointer(place, ty),
                };
                let r = self.load(place, ty, Want::Any);
                let at = self.window((1 + nargs).max(nresults));
                self.mov(at + 1, args, nargs);
                self.s.called.insert(m.id);
                self.emit_call(Prepared { callee: Callee::Iface(r, m.id), at, nargs });
                self.ret(at, nresults);
            }
        }
    }
}
