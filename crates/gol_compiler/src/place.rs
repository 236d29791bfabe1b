//! Where values are: variables, fields, elements, indirections. Loading from places and storing to them.
//!
//! A place is found first and used later, so that an assignment can evaluate the operands of its left sides before its
//! right sides. Checks (nil pointers, indices) happen at the use, as in Go. A Mem value is loaded as a new immutable
//! copy, and stored from any address.

use gol_bytecode::{LeafKind, Op};
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};
use gol_types::types::TypeId;
use gol_types::{Mode, ObjId, ObjKind, Selected, SelectionKind, VarKind};

use crate::func::{FuncGen, Var, Want};
use crate::program::{IntKind, Shape};
use crate::regalloc::Reg;

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Nowhere: stores do nothing.
    Blank,
    /// In registers.
    Reg(Reg),
    /// In memory at an offset from the address in a register.
    Mem {
        /// The register.
        base: Reg,
        /// The offset in bytes.
        off: u64,
        /// The address is known not to be nil.
        known: bool,
    },
    /// At an offset in the block of globals.
    Global(u32),
    /// An element of a slice or array.
    Elem {
        /// Address and length.
        pair: Reg,
        /// The index.
        index: Reg,
    },
    /// An element of an array in memory.
    Array {
        /// The address of what the array is in.
        base: Reg,
        /// The array's place there, in bytes.
        off: u32,
        /// Its length.
        len: u32,
        /// The index.
        index: Reg,
    },
    /// A map's element.
    Map {
        /// The map.
        map: Reg,
        /// The key.
        key: Reg,
        /// The map's type.
        ty: TypeId,
    },
}

impl Place {
    /// What an address known not to be nil points to.
    pub(crate) fn known(base: Reg) -> Place {
        Place::Mem { base, off: 0, known: true }
    }

    /// What a pointer points to.
    pub(crate) fn pointee(base: Reg) -> Place {
        Place::Mem { base, off: 0, known: false }
    }
}

impl FuncGen<'_, '_> {
    /// The place of a local variable.
    pub(crate) fn place_of(&self, var: Var) -> Place {
        match var {
            Var::Reg(r) => Place::Reg(r),
            Var::Mem(r) | Var::Array(r) => Place::known(r),
        }
    }

    /// The place of a variable.
    pub(crate) fn var_place(&mut self, obj: ObjId) -> Place {
        if let Some(&var) = self.vars.get(&obj) {
            return self.place_of(var);
        }
        match self.s.tp.objects[obj].kind {
            ObjKind::Var(VarKind::Package) => Place::Global(self.s.global(obj)),
            _ => {
                let span = self.s.tp.objects[obj].span;
                let name = self.s.ast.text(self.s.tp.objects[obj].name);
                let text = format!("internal error: variable {name} has no place");
                self.s.error(gol_source::Code::NotYet, span, text);
                Place::Reg(0)
            }
        }
    }

    /// The place of any expression's value; a value that has none is computed first.
    pub(crate) fn place(&mut self, x: ExprId) -> Place {
        let x = self.s.ast.unparen(x);
        let span = self.s.ast[x].span;
        if !self.deeper(span) {
            return Place::Blank;
        }
        let place = self.place_inner(x);
        self.depth -= 1;
        place
    }

    fn place_inner(&mut self, x: ExprId) -> Place {
        if let Some(r) = self.take_hoisted(x, Want::Any) {
            let ty = self.ty(x);
            return self.value_place(r, ty);
        }
        if self.facts(x).is_some_and(|t| t.value.is_some()) {
            return Place::Reg(self.expr(x, Want::Any));
        }
        let ast = self.s.ast;
        match &ast[x].kind {
            Expr::Name(name) if *name == gol_source::Symbol::BLANK && !self.s.tp.info.uses.contains_key(&x) => {
                return Place::Blank;
            }
            Expr::Name(_) => {
                let obj = self.s.tp.info.uses.get(&x).copied().or_else(|| self.def(ast[x].span.lo));
                if let Some(obj) = obj
                    && self.s.tp.objects[obj].is_var()
                {
                    return self.var_place(obj);
                }
            }
            Expr::Selector(base, _) => {
                if let Some(selection) = self.s.tp.info.selections.get(&x).cloned() {
                    if selection.kind == SelectionKind::FieldVal && selection.selected == Selected::Field {
                        let place = self.place(*base);
                        let pos = self.end_pos(*base);
                        self.asm.set_pos(pos);
                        return self.walk(place, selection.recv, &selection.path).0;
                    }
                } else if let Some(&obj) = self.s.tp.info.uses.get(&x)
                    && self.s.tp.objects[obj].is_var()
                {
                    return self.var_place(obj);
                }
            }
            Expr::Index(base, index) if index.len() == 1 => {
                if self.facts(x).is_some_and(|t| matches!(t.mode, Mode::Variable | Mode::MapIndex | Mode::Value))
                    && let Some(place) = self.index_place(*base, index[0])
                {
                    let pos = self.end_pos(*base);
                    self.asm.set_pos(pos);
                    return place;
                }
            }
            Expr::Star(p) => {
                if let Some(r) = self.retyped_bytes(*p) {
                    return Place::Reg(r);
                }
                let r = self.expr(*p, Want::Any);
                self.asm.set_pos(ast[x].span.lo);
                return Place::pointee(r);
            }
            _ => {}
        }
        let ty = self.ty(x);
        let r = self.expr_value(x, Want::Any);
        self.value_place(r, ty)
    }

    /// The place of a value in registers: a Mem value is read where it is.
    pub(crate) fn value_place(&mut self, r: Reg, ty: TypeId) -> Place {
        if self.s.is_mem(ty) { Place::known(r) } else { Place::Reg(r) }
    }

    /// Goes from a place of type `ty` along a path of fields; gives the last place and its type.
    pub(crate) fn walk(&mut self, mut place: Place, mut ty: TypeId, path: &[u32]) -> (Place, TypeId) {
        for &i in path {
            (place, ty) = self.through_pointer(place, ty);
            place = self.field(place, ty, i);
            ty = self.s.field_type(ty, i);
        }
        (place, ty)
    }

    /// If the place holds a pointer: what it points to.
    pub(crate) fn through_pointer(&mut self, place: Place, ty: TypeId) -> (Place, TypeId) {
        match self.s.shape(ty) {
            Shape::Pointer(e) => (Place::pointee(self.load(place, ty, Want::Any)), e),
            _ => (place, ty),
        }
    }

    /// A field of a struct.
    pub(crate) fn field(&mut self, place: Place, ty: TypeId, index: u32) -> Place {
        let l = self.s.layout(ty);
        let f = l.fields[index as usize];
        match place {
            Place::Blank => Place::Blank,
            Place::Reg(r) => Place::Reg(r + f.reg),
            Place::Mem { base, off, known } => Place::Mem { base, off: off + f.offset, known },
            Place::Global(at) => Place::Global(at + f.offset as u32),
            Place::Elem { .. } | Place::Array { .. } => {
                let base = self.addr(place, ty);
                Place::Mem { base, off: f.offset, known: true }
            }
            Place::Map { .. } => {
                let r = self.load(place, ty, Want::Any);
                let value = self.value_place(r, ty);
                self.field(value, ty, index)
            }
        }
    }

    /// The place of `base[index]`; `None` for strings and what is no index.
    fn index_place(&mut self, base: ExprId, index: ExprId) -> Option<Place> {
        let base_ty = self.ty(base);
        self.hoist(&[base, index]);
        match self.s.shape(base_ty) {
            Shape::Slice(_) => {
                let pair = self.expr(base, Want::Any);
                let index = self.index_operand(index, pair + 1);
                Some(Place::Elem { pair, index })
            }
            Shape::Array(elem, n) => {
                if let Some(i) = self.const_int(index).filter(|i| (*i as u64) < n) {
                    let place = self.place(base);
                    let size = self.s.layout(elem).size;
                    return Some(self.at_offset(place, base_ty, i as u64 * size));
                }
                if self.array_variable(base).is_none() && u32::try_from(n).is_ok() && !self.is_wide(index) {
                    let place = self.place(base);
                    let (base, off, known) = match place {
                        Place::Mem { base, off, known } if off <= u32::MAX as u64 => (base, off as u32, known),
                        _ => (self.addr(place, base_ty), 0, true),
                    };
                    if !known && !self.is_plain(index) {
                        self.asm.op(Op::NilCheck, base, 0, 0);
                    }
                    let index = self.expr(index, Want::Any);
                    return Some(Place::Array { base, off, len: n as u32, index });
                }
                let pair = self.array_pair(base, n);
                let index = self.index_operand(index, pair + 1);
                Some(Place::Elem { pair, index })
            }
            Shape::Pointer(array) => {
                let Shape::Array(elem, n) = self.s.shape(array) else { return None };
                let p = self.expr(base, Want::Any);
                if let Some(i) = self.const_int(index).filter(|i| (*i as u64) < n) {
                    let off = i as u64 * self.s.layout(elem).size;
                    return Some(Place::Mem { base: p, off, known: false });
                }
                if u32::try_from(n).is_ok() && !self.is_wide(index) {
                    let index = self.expr(index, Want::Any);
                    return Some(Place::Array { base: p, off: 0, len: n as u32, index });
                }
                let pair = self.temp(2);
                self.mov(pair, p, 1);
                self.load_int(pair + 1, n as i64);
                let index = self.index_operand(index, pair + 1);
                self.asm.op(Op::NilCheck, pair, 0, 0);
                Some(Place::Elem { pair, index })
            }
            Shape::Map(key, _) => {
                let map = self.expr(base, Want::Any);
                let key = self.expr_as(index, key, Want::Any);
                Some(Place::Map { map, key, ty: base_ty })
            }
            _ => None,
        }
    }

    /// An index. One of a 64-bit unsigned type that is too large for an int is reported here, since it looks negative
    /// to all instructions.
    pub(crate) fn index_operand(&mut self, x: ExprId, len: Reg) -> Reg {
        let r = self.expr(x, Want::Any);
        if self.is_wide(x) {
            let ok = self.asm.label();
            self.asm.jump(Op::JGeK, r, 0, 0, &[], ok);
            self.asm.op(Op::BoundsCheck, r, len, 1);
            self.asm.place(ok, false);
        }
        r
    }

    /// Whether an index may be too large for an int.
    pub(crate) fn is_wide(&self, x: ExprId) -> bool {
        matches!(self.shape_of(x), Shape::Int(IntKind { bits: 64, signed: false })) && !self.is_small(x)
    }

    /// Whether evaluating an expression can neither call nor panic.
    pub(crate) fn is_plain(&self, x: ExprId) -> bool {
        let ast = self.s.ast;
        let mut todo = vec![x];
        while let Some(x) = todo.pop() {
            let x = ast.unparen(x);
            if self.facts(x).is_some_and(|t| t.value.is_some()) {
                continue;
            }
            match &ast[x].kind {
                Expr::Name(_) => {}
                Expr::Unary(UnaryOp::Plus | UnaryOp::Neg | UnaryOp::Com | UnaryOp::Not, y) => todo.push(*y),
                Expr::Binary { op, x, y, .. } => {
                    let fails = matches!(op, BinaryOp::Div | BinaryOp::Rem | BinaryOp::Shl | BinaryOp::Shr);
                    let number = |x: ExprId| matches!(self.shape_of(x), Shape::Int(_) | Shape::F64 | Shape::F32);
                    if fails && self.s.tp.info.value_of(*y).is_none() || !number(*x) || !number(*y) {
                        return false;
                    }
                    todo.extend([*x, *y]);
                }
                Expr::Call { fun, args, .. } if self.facts(*fun).is_some_and(|t| t.mode == Mode::TypeExpr) => {
                    if !matches!(self.shape_of(x), Shape::Int(_) | Shape::F64 | Shape::F32) {
                        return false;
                    }
                    todo.extend(args);
                }
                Expr::Selector(base, _) => match self.s.tp.info.selections.get(&x) {
                    Some(sel) if sel.kind == SelectionKind::FieldVal && !sel.indirect => todo.push(*base),
                    Some(_) => return false,
                    None => {}
                },
                _ => return false,
            }
        }
        true
    }

    /// Whether an unsigned value is certain to be below the greatest int.
    fn is_small(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        if self.s.tp.info.value_of(x).is_some() {
            return true;
        }
        let positive = |c: ExprId| self.const_int(c).is_some_and(|n| n > 0);
        match &self.s.ast[x].kind {
            Expr::Binary { op: BinaryOp::And, x, y, .. } => positive(*x) || positive(*y),
            Expr::Binary { op: BinaryOp::Rem | BinaryOp::Shr, y, .. } => positive(*y),
            Expr::Call { fun, args, .. } if self.facts(*fun).is_some_and(|t| t.is_type()) => {
                matches!(args.first().map(|a| self.shape_of(*a)), Some(Shape::Int(k)) if k.bits < 64 && !k.signed)
            }
            _ => false,
        }
    }

    /// The registers of an array variable, if the expression is one.
    fn array_variable(&self, x: ExprId) -> Option<Reg> {
        let x = self.s.ast.unparen(x);
        let Expr::Name(_) = self.s.ast[x].kind else { return None };
        match self.vars.get(self.s.tp.info.uses.get(&x)?)? {
            Var::Array(r) => Some(*r),
            _ => None,
        }
    }

    /// Address and length of an array, in two registers in a row.
    pub(crate) fn array_pair(&mut self, x: ExprId, len: u64) -> Reg {
        if let Some(r) = self.array_variable(x) {
            return r;
        }
        let m = self.regs.mark();
        let ty = self.ty(x);
        let place = self.place(x);
        let addr = self.addr(place, ty);
        self.regs.free(m);
        let pair = self.temp(2);
        self.mov(pair, addr, 1);
        self.load_int(pair + 1, len as i64);
        pair
    }

    /// The place `off` bytes into a value in memory.
    pub(crate) fn at_offset(&mut self, place: Place, ty: TypeId, more: u64) -> Place {
        match place {
            Place::Mem { base, off, known } => Place::Mem { base, off: off + more, known },
            Place::Global(at) => Place::Global(at + more as u32),
            Place::Blank => Place::Blank,
            Place::Elem { .. } | Place::Array { .. } | Place::Map { .. } | Place::Reg(_) => {
                let base = self.addr(place, ty);
                Place::Mem { base, off: more, known: true }
            }
        }
    }

    /// The address of a place; raises if it is nil. (Of a map's element: of an immutable copy.)
    pub(crate) fn addr(&mut self, place: Place, ty: TypeId) -> Reg {
        match place {
            Place::Blank => 0,
            Place::Reg(r) => {
                if self.s.is_mem(ty) {
                    return r;
                }
                // Only of values that are no variables: the copy is what is asked for.
                let t = self.s.type_ref(ty).0 as u64;
                let p = self.temp(1);
                self.asm.op_words(Op::New, p, 0, 0, &[t]);
                self.store(Place::known(p), ty, r);
                p
            }
            Place::Mem { base, off: 0, known: true } => base,
            Place::Mem { base, off, .. } => {
                let r = self.temp(1);
                match u16::try_from(off) {
                    Ok(off) => self.asm.op(Op::AddrOff, r, base, off),
                    Err(_) => self.asm.op_words(Op::AddrOffK, r, base, 0, &[off]),
                }
                r
            }
            Place::Global(at) => {
                let r = self.temp(1);
                self.asm.wide(Op::GlobalAddr, r, at);
                r
            }
            Place::Elem { pair, index } => {
                let size = self.s.layout(ty).size;
                let r = self.temp(1);
                self.asm.op_words(Op::IndexAddr, r, pair, index, &[size]);
                r
            }
            Place::Array { base, off, len, index } => {
                let size = self.s.layout(ty).size;
                let r = self.temp(1);
                self.asm.op_words(Op::ArrayAddr, r, base, index, &[array_word(off, len), size]);
                r
            }
            Place::Map { .. } => {
                let r = self.load(place, ty, Want::Any);
                self.addr(Place::Reg(r), ty)
            }
        }
    }

    /// The value at a place.
    pub(crate) fn load(&mut self, place: Place, ty: TypeId, want: Want) -> Reg {
        let l = self.s.layout(ty);
        match place {
            Place::Blank => self.out(want, l.regs),
            Place::Reg(r) => self.give(want, r, l.regs),
            Place::Mem { .. } if l.is_mem => {
                let from = self.addr(place, ty);
                let to = self.out(want, 1);
                let t = self.s.type_ref(ty).0 as u64;
                self.asm.op_words(Op::MemDup, to, from, 0, &[t]);
                to
            }
            Place::Mem { base, off, known } => {
                let last = off + l.leaves.last().map_or(0, |f| f.offset as u64);
                if l.leaves.is_empty() {
                    if !known {
                        self.asm.op(Op::NilCheck, base, 0, 0);
                    }
                    return self.out(want, 0);
                }
                if last > u16::MAX as u64 {
                    let base = self.addr(place, ty);
                    return self.load(Place::known(base), ty, want);
                }
                if let [leaf] = l.leaves[..] {
                    let to = self.out(want, l.regs);
                    self.asm.op(load_op(leaf.kind), to, base, off as u16);
                    return to;
                }
                let to = match want {
                    Want::Fresh(r) | Want::Var(r) if !(r..r + l.regs).contains(&base) => r,
                    _ => self.temp(l.regs),
                };
                if l.leaves.len() <= 4 {
                    let mut at = to;
                    for leaf in &l.leaves {
                        self.asm.op(load_op(leaf.kind), at, base, (off + leaf.offset as u64) as u16);
                        at += leaf.kind.regs() as u16;
                    }
                } else {
                    let from = self.addr(place, ty);
                    let t = self.s.type_ref(ty).0 as u64;
                    self.asm.op_words(Op::LdVal, to, from, 0, &[t]);
                }
                self.give(want, to, l.regs)
            }
            Place::Global(at) => {
                if let [leaf] = l.leaves[..]
                    && matches!(leaf.kind, LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr)
                {
                    let to = self.out(want, 1);
                    self.asm.wide(Op::LdG, to, at);
                    return to;
                }
                let base = self.addr(place, ty);
                self.load(Place::known(base), ty, want)
            }
            Place::Elem { pair, index } => {
                if let [leaf] = l.leaves[..] {
                    let to = self.out(want, l.regs);
                    self.asm.op(load_elem_op(leaf.kind), to, pair, index);
                    return to;
                }
                let base = self.addr(place, ty);
                self.load(Place::known(base), ty, want)
            }
            Place::Array { base, off, len, index } => {
                if let [leaf] = l.leaves[..]
                    && is_word(leaf.kind)
                {
                    let to = self.out(want, 1);
                    self.asm.op_words(Op::LdA64, to, base, index, &[array_word(off, len)]);
                    return to;
                }
                let base = self.addr(place, ty);
                self.load(Place::known(base), ty, want)
            }
            Place::Map { map, key, ty: map_ty } => {
                let t = self.s.type_ref(map_ty).0 as u64;
                let to = self.out(want, l.regs);
                self.asm.op_words(Op::MapGet, to, map, key, &[t]);
                to
            }
        }
    }

    /// The value at a place that is set next.
    pub(crate) fn load_to_set(&mut self, place: Place, ty: TypeId) -> Reg {
        let Place::Map { map, key, ty: map_ty } = place else { return self.load(place, ty, Want::Any) };
        let t = self.s.type_ref(map_ty).0 as u64;
        let n = self.s.regs(ty);
        let to = self.out(Want::Any, n);
        self.asm.op_words(Op::MapUpdate, to, map, key, &[t]);
        to
    }

    /// Stores a value in registers; of a Mem value any address of it will do.
    pub(crate) fn store(&mut self, place: Place, ty: TypeId, value: Reg) {
        let l = self.s.layout(ty);
        match place {
            Place::Blank => {}
            Place::Reg(r) => self.mov(r, value, l.regs),
            Place::Mem { .. } if l.is_mem => {
                let m = self.regs.mark();
                let to = self.addr(place, ty);
                let t = self.s.type_ref(ty).0 as u64;
                self.asm.op_words(Op::MemCopy, to, value, 0, &[t]);
                self.regs.free(m);
            }
            Place::Mem { base, off, known } => {
                let last = off + l.leaves.last().map_or(0, |f| f.offset as u64);
                if l.leaves.is_empty() {
                    if !known {
                        self.asm.op(Op::NilCheck, base, 0, 0);
                    }
                } else if last > u16::MAX as u64 {
                    let m = self.regs.mark();
                    let base = self.addr(place, ty);
                    self.store(Place::known(base), ty, value);
                    self.regs.free(m);
                } else if l.leaves.len() <= 4 {
                    let mut at = value;
                    for leaf in &l.leaves {
                        self.asm.op(store_op(leaf.kind), base, at, (off + leaf.offset as u64) as u16);
                        at += leaf.kind.regs() as u16;
                    }
                } else {
                    let m = self.regs.mark();
                    let to = self.addr(place, ty);
                    let t = self.s.type_ref(ty).0 as u64;
                    self.asm.op_words(Op::StVal, to, value, 0, &[t]);
                    self.regs.free(m);
                }
            }
            Place::Global(at) => {
                if let [leaf] = l.leaves[..]
                    && matches!(leaf.kind, LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr)
                {
                    self.asm.wide(Op::StG, value, at);
                    return;
                }
                let m = self.regs.mark();
                let base = self.addr(place, ty);
                self.store(Place::known(base), ty, value);
                self.regs.free(m);
            }
            Place::Elem { pair, index } => {
                if let [leaf] = l.leaves[..] {
                    self.asm.op(store_elem_op(leaf.kind), pair, index, value);
                    return;
                }
                let m = self.regs.mark();
                let base = self.addr(place, ty);
                self.store(Place::known(base), ty, value);
                self.regs.free(m);
            }
            Place::Array { base, off, len, index } => {
                if let [leaf] = l.leaves[..]
                    && is_word(leaf.kind)
                {
                    self.asm.op_words(Op::StA64, base, index, value, &[array_word(off, len)]);
                    return;
                }
                let m = self.regs.mark();
                let base = self.addr(place, ty);
                self.store(Place::known(base), ty, value);
                self.regs.free(m);
            }
            Place::Map { map, key, ty: map_ty } => {
                let t = self.s.type_ref(map_ty).0 as u64;
                self.asm.op_words(Op::MapSet, map, key, value, &[t]);
            }
        }
    }

    /// An address at which an expression's Mem value lies, good until something else is changed.
    pub(crate) fn mem(&mut self, x: ExprId) -> Reg {
        let ty = self.ty(x);
        let place = self.place(x);
        self.addr(place, ty)
    }

    /// The value of an expression as [`FuncGen::store`] wants it.
    pub(crate) fn storable(&mut self, x: ExprId, ty: TypeId) -> Reg {
        if self.s.is_mem(ty) && !self.is_nil(x) { self.mem(x) } else { self.expr_as(x, ty, Want::Any) }
    }
}

/// Whether a leaf is one word.
pub(crate) fn is_word(kind: LeafKind) -> bool {
    matches!(kind, LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr)
}

/// An array's place and length, as instructions have them.
fn array_word(off: u32, len: u32) -> u64 {
    off as u64 | (len as u64) << 32
}

fn load_op(kind: LeafKind) -> Op {
    match kind {
        LeafKind::I8 => Op::LdI8,
        LeafKind::U8 => Op::LdU8,
        LeafKind::I16 => Op::LdI16,
        LeafKind::U16 => Op::LdU16,
        LeafKind::I32 => Op::LdI32,
        LeafKind::U32 => Op::LdU32,
        LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => Op::Ld64,
        LeafKind::Str | LeafKind::Iface => Op::LdPair,
        LeafKind::Slice => Op::LdSlice,
    }
}

fn store_op(kind: LeafKind) -> Op {
    match kind {
        LeafKind::I8 | LeafKind::U8 => Op::St8,
        LeafKind::I16 | LeafKind::U16 => Op::St16,
        LeafKind::I32 | LeafKind::U32 => Op::St32,
        LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => Op::St64,
        LeafKind::Str | LeafKind::Iface => Op::StPair,
        LeafKind::Slice => Op::StSlice,
    }
}

fn load_elem_op(kind: LeafKind) -> Op {
    match kind {
        LeafKind::I8 => Op::LdEI8,
        LeafKind::U8 => Op::LdEU8,
        LeafKind::I16 => Op::LdEI16,
        LeafKind::U16 => Op::LdEU16,
        LeafKind::I32 => Op::LdEI32,
        LeafKind::U32 => Op::LdEU32,
        LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => Op::LdE64,
        LeafKind::Str | LeafKind::Iface => Op::LdEPair,
        LeafKind::Slice => Op::LdESlice,
    }
}

fn store_elem_op(kind: LeafKind) -> Op {
    match kind {
        LeafKind::I8 | LeafKind::U8 => Op::StE8,
        LeafKind::I16 | LeafKind::U16 => Op::StE16,
        LeafKind::I32 | LeafKind::U32 => Op::StE32,
        LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => Op::StE64,
        LeafKind::Str | LeafKind::Iface => Op::StEPair,
        LeafKind::Slice => Op::StESlice,
    }
}
