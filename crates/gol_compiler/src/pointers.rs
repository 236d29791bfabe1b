//! Conversions by way of `unsafe.Pointer`.
//!
//! A pointer that becomes an `unsafe.Pointer` is noted with the type of what it points to; one that becomes typed again is
//! checked against the notes (see the VM's `provenance`). Where the types at both ends are in sight nothing is left to check, or it is
//! an error of the text.

use gol_bytecode::Op;
use gol_source::Code;
use gol_syntax::ast::{Expr, ExprId};
use gol_types::types::TypeId;
use gol_types::{Mode, ObjId};

use crate::func::{FuncGen, Want};
use crate::layout::Layout;
use crate::program::Shape;
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// `(*T)(x)` of an `unsafe.Pointer`.
    pub(crate) fn typed_pointer(&mut self, x: ExprId, to: TypeId, want: Want) -> Reg {
        let source = self.converted_pointer(x);
        if let Some((p, from)) = source {
            if self.like_layouts(from, to) {
                return self.expr(p, want);
            }
            if self.never_alike(from, to) {
                let text = |t| self.s.tp.type_string(&self.s.ast.names, t);
                let (a, b) = (text(from), text(to));
                let text = format!("cannot use the memory of a {a} as a {b}: they differ in form in gol");
                let span = self.s.ast[x].span;
                self.s.error(Code::NotYet, span, text);
                return self.out(want, 1);
            }
        }
        let m = self.regs.mark();
        let v = self.expr(x, Want::Any);
        self.regs.free(m);
        let r = self.out(want, 1);
        let t = self.s.type_ref(to).0 as u64;
        self.asm.op_words(Op::UnsafeCast, r, v, 0, &[t]);
        r
    }

    /// If `x` is `unsafe.Pointer(p)` of a pointer: that, and what it points to.
    fn converted_pointer(&mut self, x: ExprId) -> Option<(ExprId, TypeId)> {
        let p = self.conversion(x, |s| s == Shape::UnsafePointer)?;
        if self.is_nil(p) {
            return None;
        }
        match self.shape_of(p) {
            Shape::Pointer(from) => Some((p, from)),
            _ => None,
        }
    }

    /// The operand of a conversion to a type of a certain shape.
    fn conversion(&mut self, x: ExprId, to: impl Fn(Shape) -> bool) -> Option<ExprId> {
        let x = self.s.ast.unparen(x);
        let Expr::Call { fun, args, .. } = &self.s.ast[x].kind else { return None };
        let [p] = args[..] else { return None };
        let target = self.facts(*fun).filter(|f| f.mode == Mode::TypeExpr)?.ty;
        to(self.s.shape(target)).then_some(p)
    }

    /// Whether what is a `from` can be used as a `to`: both have the same underlying type, or it is at least as large and neither
    /// has pointers.
    fn like_layouts(&mut self, from: TypeId, to: TypeId) -> bool {
        if self.s.tp.types.underlying(from) == self.s.tp.types.underlying(to) {
            return true;
        }
        let (from, to) = (self.s.layout(from), self.s.layout(to));
        to.size <= from.size && to.align <= from.align && is_plain(&from) && is_plain(&to)
    }

    /// Whether one is a string, slice, interface, map, channel or func, and the other something else: gol keeps these in units of
    /// its own that nothing else may share.
    fn never_alike(&mut self, from: TypeId, to: TypeId) -> bool {
        let class = |s: Shape| match s {
            Shape::Str => 1,
            Shape::Slice(_) => 2,
            Shape::Iface => 3,
            Shape::Map(..) => 4,
            Shape::Chan(..) => 5,
            Shape::Func => 6,
            Shape::Struct | Shape::Array(..) => 0,
            _ => 7,
        };
        let (a, b) = (class(self.s.shape(from)), class(self.s.shape(to)));
        let unit = |c: i32| (1..7).contains(&c);
        a != b && (unit(a) && b != 0 || unit(b) && a != 0)
    }

    /// The bytes of `b` in `*(*string)(unsafe.Pointer(&b))`, or those of `s` in `*(*[]byte)(unsafe.Pointer(&s))`: the value that Go
    /// would read, made from the other's parts. `x` is what is dereferenced.
    pub(crate) fn retyped_bytes(&mut self, x: ExprId) -> Option<Reg> {
        let inner = self.conversion(x, |s| matches!(s, Shape::Pointer(_)))?;
        let Shape::Pointer(to) = self.shape_of(x) else { return None };
        let (p, from) = self.converted_pointer(inner)?;
        let (a, b) = (self.s.shape(from), self.s.shape(to));
        let bytes = |g: &mut Self, s: Shape| matches!(s, Shape::Slice(e) if g.s.layout(e).size == 1);
        let to_string = b == Shape::Str && bytes(self, a);
        let to_bytes = a == Shape::Str && bytes(self, b);
        if !to_string && !to_bytes {
            return None;
        }
        let r = self.temp(3);
        let m = self.regs.mark();
        let p = self.expr(p, Want::Any);
        self.asm.op(if to_string { Op::LdSlice } else { Op::LdPair }, r, p, 0);
        self.regs.free(m);
        if !to_string {
            self.mov(r + 2, r + 1, 1);
        }
        Some(r)
    }

    /// `q` of type `**T` in a call of an atomic function on `(*unsafe.Pointer)(unsafe.Pointer(q))`, and T: the variable there takes
    /// pointers to T only.
    pub(crate) fn pointer_cell(&mut self, object: Option<ObjId>, args: &[ExprId]) -> Option<(ExprId, TypeId)> {
        let o = &self.s.tp.objects[object?];
        if o.pkg == gol_types::PkgId::NONE
            || self.s.tp.package(o.pkg).path != "sync/atomic"
            || !self.s.ast.text(o.name).ends_with("Pointer")
        {
            return None;
        }
        let inner = self.conversion(*args.first()?, |s| matches!(s, Shape::Pointer(_)))?;
        let (q, cell) = self.converted_pointer(inner)?;
        match self.s.shape(cell) {
            Shape::Pointer(t) => Some((q, t)),
            _ => None,
        }
    }
}

fn is_plain(l: &Layout) -> bool {
    l.ptr_words.iter().all(|w| *w == 0)
}
