//! Composite literals: structs in registers or in memory, arrays, slices, maps, and `&T{..}`.
//!
//! Literals that end up in memory are filled in place: nested literals of Mem types never exist as values of their own.

use gol_bytecode::Op;
use gol_source::Symbol;
use gol_syntax::ast::{Expr, ExprId};
use gol_types::types::{Type, TypeId};

use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// A composite literal's value. (With an elided `&`, its type is a pointer.)
    pub(crate) fn composite(&mut self, x: ExprId, want: Want) -> Reg {
        let ty = self.ty(x);
        let pos = self.s.ast[x].span.lo;
        self.asm.set_pos(pos);
        match self.s.shape(ty) {
            Shape::Pointer(elem) => self.new_literal(x, elem, want),
            Shape::Slice(elem) => self.slice_literal(x, elem, want),
            Shape::Map(key, elem) => self.map_literal(x, ty, key, elem, want),
            _ if self.s.is_mem(ty) => self.new_literal(x, ty, want),
            _ => {
                let n = self.s.regs(ty);
                let to = self.build(want, n);
                let m = self.regs.mark();
                let l = self.s.layout(ty);
                let fields = self.struct_fields(x, ty);
                let mut given = vec![false; l.fields.len()];
                let mut list = Vec::new();
                for (path, field, v) in fields {
                    // Of a struct whose promoted fields are given, the rest is zero.
                    given[path[0] as usize] |= path.len() == 1;
                    if self.is_blank_field(ty, &path) {
                        // Evaluated, and then forgotten.
                        given[path[0] as usize] = false;
                        let at = self.temp_for(field);
                        list.push((v, field, at));
                        continue;
                    }
                    if let (Place::Reg(at), _) = self.walk(Place::Reg(to), ty, &path) {
                        list.push((v, field, at));
                    }
                }
                if list.is_empty() {
                    self.zero(to, ty);
                } else {
                    for i in (0..given.len()).filter(|i| !given[*i]) {
                        let field = self.s.field_type(ty, i as u32);
                        self.zero(to + l.fields[i].reg, field);
                    }
                }
                self.exprs_into(&list);
                self.regs.free(m);
                self.give(want, to, n)
            }
        }
    }

    /// Whether an expression makes new memory that nobody else knows.
    pub(crate) fn is_fresh_literal(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        matches!(self.s.ast[x].kind, Expr::CompositeLit { .. })
    }

    /// `&T{..}`: the address of new memory of type `ty` filled as the literal says.
    pub(crate) fn new_literal(&mut self, x: ExprId, ty: TypeId, want: Want) -> Reg {
        let shape = self.s.shape(ty);
        if matches!(shape, Shape::Slice(_) | Shape::Map(..)) {
            // `&[]T{..}`
            let m = self.regs.mark();
            let v = match shape {
                Shape::Slice(elem) => self.slice_literal(x, elem, Want::Any),
                Shape::Map(key, elem) => self.map_literal(x, ty, key, elem, Want::Any),
                _ => 0,
            };
            let p = self.temp(1);
            self.new_memory(p, ty);
            self.store(Place::known(p), ty, v);
            self.regs.free(m);
            let to = self.out(want, 1);
            self.mov(to, p, 1);
            return to;
        }
        let to = self.build(want, 1);
        let m = self.regs.mark();
        self.hoist(&[x]);
        self.new_memory(to, ty);
        self.fill(x, ty, Place::known(to));
        self.regs.free(m);
        self.give(want, to, 1)
    }

    /// New zeroed memory of a type.
    pub(crate) fn new_memory(&mut self, to: Reg, ty: TypeId) {
        let t = self.s.type_ref(ty).0 as u64;
        self.asm.op_words(Op::New, to, 0, 0, &[t]);
    }

    /// Fills zeroed memory as a struct or array literal says.
    fn fill(&mut self, x: ExprId, ty: TypeId, place: Place) {
        if !self.deeper(self.s.ast[x].span) {
            self.depth -= 1;
            return;
        }
        match self.s.shape(ty) {
            Shape::Array(elem, _) => {
                let size = self.s.layout(elem).size;
                for (i, v) in self.elements(x) {
                    let at = self.at_offset(place, ty, i * size);
                    self.fill_one(v, elem, at);
                }
            }
            _ => {
                for (path, field, v) in self.struct_fields(x, ty) {
                    if self.is_blank_field(ty, &path) {
                        let m = self.regs.mark();
                        self.storable(v, field);
                        self.regs.free(m);
                        continue;
                    }
                    let (at, _) = self.walk(place, ty, &path);
                    self.fill_one(v, field, at);
                }
            }
        }
        self.depth -= 1;
    }

    /// Stores one element or field of a literal; zero values need no store.
    fn fill_one(&mut self, v: ExprId, ty: TypeId, at: Place) {
        let m = self.regs.mark();
        let bare = self.s.ast.unparen(v);
        let in_place = matches!(self.s.ast[bare].kind, Expr::CompositeLit { .. })
            && self.ty(bare) == ty
            && matches!(self.s.shape(ty), Shape::Struct | Shape::Array(..));
        if in_place {
            self.fill(bare, ty, at);
        } else if !self.is_zero(v, ty) {
            let r = self.storable(v, ty);
            self.store(at, ty, r);
        }
        self.regs.free(m);
    }

    /// Whether an expression is certain to be the zero value of type `ty` once it is converted to that.
    fn is_zero(&self, x: ExprId, ty: TypeId) -> bool {
        if self.is_nil(x) {
            return true;
        }
        if matches!(self.s.shape(ty), Shape::Iface) {
            return false; // an interface that holds a zero is not nil
        }
        let Some(v) = self.s.tp.info.value_of(x) else { return false };
        v.as_i64() == Some(0) || v.as_bool() == Some(false) || v.as_bytes().is_some_and(<[u8]>::is_empty)
    }

    /// Paths of fields, their types and values of a struct literal. A key may name a promoted field.
    fn struct_fields(&mut self, x: ExprId, ty: TypeId) -> Vec<(Vec<u32>, TypeId, ExprId)> {
        let ast = self.s.ast;
        let Expr::CompositeLit { elems, .. } = &ast[x].kind else { return Vec::new() };
        let mut out = Vec::new();
        for (i, e) in elems.iter().enumerate() {
            match ast[*e].kind {
                Expr::KeyValue(k, v) => {
                    let Some(path) = self.s.tp.info.lit_fields.get(&k).cloned() else { continue };
                    let field = self.s.walk_type(ty, &path);
                    out.push((path, field, v));
                }
                _ => out.push((vec![i as u32], self.s.field_type(ty, i as u32), *e)),
            }
        }
        out
    }

    /// Whether a field of a struct literal is blank: such fields are always zero.
    fn is_blank_field(&self, ty: TypeId, path: &[u32]) -> bool {
        let ([i], Type::Struct(fields)) = (path, self.s.tp.types.under(ty)) else { return false };
        fields[*i as usize].name == Symbol::BLANK
    }

    /// Indices and values of an array or slice literal.
    fn elements(&self, x: ExprId) -> Vec<(u64, ExprId)> {
        let ast = self.s.ast;
        let Expr::CompositeLit { elems, .. } = &ast[x].kind else { return Vec::new() };
        let mut next = 0;
        let mut out = Vec::with_capacity(elems.len());
        for e in elems {
            let v = match ast[*e].kind {
                Expr::KeyValue(k, v) => {
                    next = self.const_int(k).unwrap_or(0) as u64;
                    v
                }
                _ => *e,
            };
            out.push((next, v));
            next += 1;
        }
        out
    }

    fn slice_literal(&mut self, x: ExprId, elem: TypeId, want: Want) -> Reg {
        let elems = self.elements(x);
        let len = elems.iter().map(|e| e.0 + 1).max().unwrap_or(0);
        let values: Vec<_> = elems.iter().map(|(i, v)| (Some(*i), *v)).collect();
        self.slice_of(&values, len, elem, want)
    }

    /// A new slice of `len` elements with these values in it.
    pub(crate) fn slice_of(&mut self, values: &[(Option<u64>, ExprId)], len: u64, elem: TypeId, want: Want) -> Reg {
        let size = self.s.layout(elem).size;
        let t = self.s.type_ref(elem).0 as u64;
        let to = self.build(want, 3);
        self.hoist_as(&values.iter().map(|v| (v.1, elem)).collect::<Vec<_>>());
        self.load_int(to + 1, len as i64);
        self.load_int(to + 2, len as i64);
        self.asm.op_words(Op::NewArray, to, to + 1, 0, &[t]);
        let pos = self.asm.pos();
        for (n, &(i, v)) in values.iter().enumerate() {
            let off = i.unwrap_or(n as u64) * size;
            self.fill_one(v, elem, Place::Mem { base: to, off, known: true });
        }
        self.asm.set_pos(pos);
        self.give(want, to, 3)
    }

    fn map_literal(&mut self, x: ExprId, ty: TypeId, key: TypeId, elem: TypeId, want: Want) -> Reg {
        let ast = self.s.ast;
        let Expr::CompositeLit { elems, .. } = &ast[x].kind else { return self.out(want, 1) };
        let t = self.s.type_ref(ty).0 as u64;
        let to = self.build(want, 1);
        let m = self.regs.mark();
        let n = self.temp(1);
        self.load_int(n, elems.len() as i64);
        self.asm.op_words(Op::MakeMap, to, n, 0, &[t]);
        self.regs.free(m);
        for e in elems {
            let Expr::KeyValue(k, v) = ast[*e].kind else { continue };
            self.hoist_as(&[(k, key), (v, elem)]);
            let k_reg = self.expr_as(k, key, Want::Any);
            let v_reg = self.storable(v, elem);
            self.asm.op_words(Op::MapSet, to, k_reg, v_reg, &[t]);
            self.regs.free(m);
        }
        self.give(want, to, 1)
    }
}
