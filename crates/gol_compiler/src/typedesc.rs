//! What the VM is told of types: run-time type numbers, descriptors, and the texts that `%T` prints.
//!
//! A type gets its number when it is first mentioned and its descriptor right then, parts first reached numbered on the
//! way; method tables are filled in at the end, when it is known which methods were compiled.

use gol_bytecode::{FieldDesc, Kind, TypeDesc, TypeRef};
use gol_source::Symbol;
use gol_types::PkgId;
use gol_types::types::{Basic, ChanDir, Signature, Tag, Type, TypeId, Types};

use crate::program::{Kept, Session, is_exported};

impl Kept {
    /// Number 0 is no type.
    pub(crate) fn start_types(&mut self) {
        self.out.types.push(TypeDesc::of_kind(Kind::Invalid));
        self.type_ids.push(TypeId::INVALID);
    }
}

impl Session<'_> {
    /// The run-time number of a type.
    pub(crate) fn type_ref(&mut self, ty: TypeId) -> TypeRef {
        let ty = match ty {
            t if t.is_invalid() || t == TypeId::UNTYPED_NIL => TypeId::EMPTY_INTERFACE,
            t => self.tp.types.default_type(t).canonical(),
        };
        if let Some(&r) = self.type_refs.get(&ty) {
            return r;
        }
        let r = TypeRef(self.out.types.len() as u32);
        self.type_refs.insert(ty, r);
        self.type_ids.push(ty);
        self.out.types.push(TypeDesc::of_kind(Kind::Invalid));
        let desc = self.describe(ty);
        self.out.types[r.0 as usize] = desc;
        r
    }

    fn describe(&mut self, ty: TypeId) -> TypeDesc {
        let l = self.layout(ty);
        let under = self.tp.types.under(ty).clone();
        let mut d = TypeDesc {
            name: self.type_text(ty),
            comparable: self.tp.types.comparable(ty),
            ..TypeDesc::of_kind(kind(&under))
        };
        l.describe(&mut d);
        match *self.tp.types.get(ty) {
            Type::Named(n) => {
                let n = self.tp.types.named(n);
                d.bare_name = self.ast.text(n.name).to_string();
                self.write_targs(&n.targs, &mut d.bare_name);
                d.pkg = self.pkg_path(n.pkg);
            }
            Type::Basic(Basic::UnsafePointer) => (d.bare_name, d.pkg) = ("Pointer".into(), "unsafe".into()),
            Type::Basic(_) => d.bare_name = d.name.clone(),
            _ => {}
        }
        match under {
            Type::Basic(_) | Type::Named(_) | Type::Tuple(_) | Type::TypeParam(_) | Type::Union(_) => {}
            Type::Pointer(e) | Type::Slice(e) => d.elem = self.type_ref(e),
            Type::Array(e, n) => {
                d.elem = self.type_ref(e);
                d.len = n;
            }
            Type::Map(k, v) => {
                d.key = self.type_ref(k);
                d.elem = self.type_ref(v);
            }
            Type::Chan(dir, e) => {
                d.elem = self.type_ref(e);
                d.len = match dir {
                    ChanDir::Recv => 1,
                    ChanDir::Send => 2,
                    ChanDir::Both => 3,
                };
            }
            Type::Struct(fields) => {
                for (f, at) in fields.iter().zip(&l.fields) {
                    let name = self.ast.text(f.name).to_string();
                    let pkg = if is_exported(&name) { String::new() } else { self.pkg_path(f.pkg) };
                    let tag = String::from_utf8_lossy(self.tp.types.tag_text(f.tag)).into_owned();
                    let ty = self.type_ref(f.ty);
                    let (offset, go_offset) = (at.offset as u32, at.go_offset);
                    d.fields.push(FieldDesc { name, pkg, ty, offset, go_offset, embedded: f.embedded, tag });
                }
            }
            Type::Func(sig) => {
                d.params = sig.params.iter().map(|p| self.type_ref(p.ty)).collect();
                d.results = sig.results.iter().map(|p| self.type_ref(p.ty)).collect();
                d.variadic = sig.variadic;
            }
            Type::Interface(i) => {
                for m in &i.methods {
                    let id = self.method_id(m.name, m.pkg, m.ty);
                    d.imethods.push(id);
                }
                d.imethods.sort();
            }
        }
        d
    }

    /// Links each type to the pointer to it, where the program has that.
    pub(crate) fn link_pointers(&mut self) {
        self.link_pointers_from(1);
    }

    /// The same for types from number `first` on; gives those before it to which there is a pointer now.
    pub(crate) fn link_pointers_from(&mut self, first: usize) -> Vec<(TypeRef, TypeRef)> {
        let mut before = Vec::new();
        for i in first.max(1)..self.out.types.len() {
            let d = &self.out.types[i];
            if d.kind == Kind::Pointer && d.bare_name.is_empty() {
                let elem = d.elem;
                self.out.types[elem.0 as usize].ptr_to = TypeRef(i as u32);
                if (elem.0 as usize) < first {
                    before.push((elem, TypeRef(i as u32)));
                }
            }
        }
        before
    }

    /// The text of a type, as `%T` prints it: package names, not paths; no aliases.
    pub(crate) fn type_text(&self, ty: TypeId) -> String {
        let mut out = String::new();
        self.write_type(ty, &mut out);
        out
    }

    fn types(&self) -> &Types {
        &self.tp.types
    }

    fn write_type(&self, ty: TypeId, out: &mut String) {
        match self.types().get(ty.canonical()) {
            Type::Basic(b) => out.push_str(b.name()),
            Type::Named(n) => {
                let n = self.types().named(*n);
                self.write_qualified(n.pkg, n.name, out);
                self.write_targs(&n.targs, out);
            }
            Type::TypeParam(p) => out.push_str(self.ast.text(self.types().type_param(*p).name)),
            Type::Union(_) => {}
            Type::Pointer(e) => {
                out.push('*');
                self.write_type(*e, out);
            }
            Type::Slice(e) => {
                out.push_str("[]");
                self.write_type(*e, out);
            }
            Type::Array(e, n) => {
                out.push_str(&format!("[{n}]"));
                self.write_type(*e, out);
            }
            Type::Map(k, v) => {
                out.push_str("map[");
                self.write_type(*k, out);
                out.push(']');
                self.write_type(*v, out);
            }
            Type::Chan(dir, e) => {
                out.push_str(match dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Recv => "<-chan ",
                });
                let inner = matches!(self.types().get(e.canonical()), Type::Chan(ChanDir::Recv, _));
                if inner && *dir == ChanDir::Both {
                    out.push('(');
                    self.write_type(*e, out);
                    out.push(')');
                } else {
                    self.write_type(*e, out);
                }
            }
            Type::Struct(fields) => {
                out.push_str("struct {");
                for (i, f) in fields.iter().enumerate() {
                    out.push_str(if i == 0 { " " } else { "; " });
                    if !f.embedded {
                        out.push_str(self.ast.text(f.name));
                        out.push(' ');
                    }
                    self.write_type(f.ty, out);
                    if f.tag != Tag::NONE {
                        out.push(' ');
                        out.push_str(&gol_bytecode::quoted(&String::from_utf8_lossy(self.types().tag_text(f.tag))));
                    }
                }
                out.push_str(if fields.is_empty() { "}" } else { " }" });
            }
            Type::Func(sig) => {
                out.push_str("func");
                self.write_signature(sig, out);
            }
            Type::Interface(i) => {
                out.push_str("interface {");
                for (n, m) in i.methods.iter().enumerate() {
                    out.push_str(if n == 0 { " " } else { "; " });
                    let name = self.ast.text(m.name);
                    if is_exported(name) {
                        out.push_str(name);
                    } else {
                        self.write_qualified(m.pkg, m.name, out);
                    }
                    if let Type::Func(sig) = self.types().get(m.ty) {
                        self.write_signature(sig, out);
                    }
                }
                out.push_str(if i.methods.is_empty() { "}" } else { " }" });
            }
            Type::Tuple(members) => {
                out.push('(');
                for (i, m) in members.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.write_type(*m, out);
                }
                out.push(')');
            }
        }
    }

    fn write_signature(&self, sig: &Signature, out: &mut String) {
        out.push('(');
        for (i, p) in sig.params.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            match self.types().get(p.ty.canonical()) {
                Type::Slice(e) if sig.variadic && i + 1 == sig.params.len() => {
                    out.push_str("...");
                    self.write_type(*e, out);
                }
                _ => self.write_type(p.ty, out),
            }
        }
        out.push(')');
        match &sig.results[..] {
            [] => {}
            [one] => {
                out.push(' ');
                self.write_type(one.ty, out);
            }
            many => {
                out.push_str(" (");
                for (i, p) in many.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.write_type(p.ty, out);
                }
                out.push(')');
            }
        }
    }

    /// `[A,B]`, in which Go names packages by their paths; nothing for no type arguments.
    fn write_targs(&self, targs: &[TypeId], out: &mut String) {
        if targs.is_empty() {
            return;
        }
        let outer = self.in_type_args.replace(true);
        for (i, t) in targs.iter().enumerate() {
            out.push(if i == 0 { '[' } else { ',' });
            self.write_type(*t, out);
        }
        out.push(']');
        self.in_type_args.set(outer);
    }

    fn write_qualified(&self, pkg: PkgId, name: Symbol, out: &mut String) {
        if pkg != PkgId::NONE {
            match self.in_type_args.get() {
                true => out.push_str(&self.pkg_path(pkg)),
                false => out.push_str(self.ast.text(self.tp.package(pkg).name)),
            }
            out.push('.');
        }
        out.push_str(self.ast.text(name));
    }
}

pub(crate) fn kind(under: &Type) -> Kind {
    match under {
        Type::Basic(b) => match b {
            Basic::Bool | Basic::UntypedBool => Kind::Bool,
            Basic::Int | Basic::UntypedInt => Kind::Int,
            Basic::Int8 => Kind::Int8,
            Basic::Int16 => Kind::Int16,
            Basic::Int32 | Basic::UntypedRune => Kind::Int32,
            Basic::Int64 => Kind::Int64,
            Basic::Uint => Kind::Uint,
            Basic::Uint8 => Kind::Uint8,
            Basic::Uint16 => Kind::Uint16,
            Basic::Uint32 => Kind::Uint32,
            Basic::Uint64 => Kind::Uint64,
            Basic::Uintptr => Kind::Uintptr,
            Basic::Float32 => Kind::Float32,
            Basic::Float64 | Basic::UntypedFloat => Kind::Float64,
            Basic::Complex64 => Kind::Complex64,
            Basic::Complex128 | Basic::UntypedComplex => Kind::Complex128,
            Basic::String | Basic::UntypedString => Kind::String,
            Basic::UnsafePointer => Kind::UnsafePointer,
            Basic::Invalid | Basic::UntypedNil => Kind::Invalid,
        },
        Type::Pointer(_) => Kind::Pointer,
        Type::Slice(_) => Kind::Slice,
        Type::Array(..) => Kind::Array,
        Type::Map(..) => Kind::Map,
        Type::Chan(..) => Kind::Chan,
        Type::Struct(_) => Kind::Struct,
        Type::Func(_) => Kind::Func,
        Type::Interface(_) => Kind::Interface,
        Type::Named(_) | Type::Tuple(_) | Type::TypeParam(_) | Type::Union(_) => Kind::Invalid,
    }
}
