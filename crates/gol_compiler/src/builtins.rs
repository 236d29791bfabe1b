//! Calls of the built-in functions.

use gol_bytecode::ops::PrintKind;
use gol_bytecode::{LeafKind, Op};
use gol_source::Code;
use gol_syntax::ast::{BinaryOp, Expr, ExprId};
use gol_types::Builtin;
use gol_types::types::{Type, TypeId};

use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// A call of a built-in function.
    pub(crate) fn builtin(&mut self, b: Builtin, x: ExprId, args: &[ExprId], has_dots: bool, want: Want) -> Reg {
        let pos = self.builtin_pos(x);
        self.asm.set_pos(pos);
        let m = self.regs.mark();
        if let [arg] = args
            && let Some(Type::Tuple(members)) = self.facts(*arg).map(|t| self.s.tp.types.get(t.ty))
        {
            let members = members.clone();
            return self.spread_builtin(b, x, *arg, &members, want);
        }
        match (b, args) {
            (Builtin::Len | Builtin::Cap, [a]) => self.len_or_cap(*a, b == Builtin::Cap, want),
            (Builtin::Append, [s, rest @ ..]) => self.append(x, *s, rest, has_dots, want),
            (Builtin::Copy, [to, from]) => {
                let (tt, tf) = (self.ty(*to), self.ty(*from));
                let (a, b) = self.operands(*to, tt, *from, tf);
                self.asm.set_pos(pos);
                self.regs.free(m);
                let r = self.out(want, 1);
                self.copy_values(r, a, tt, b, tf);
                r
            }
            (Builtin::Clear, [a]) => {
                let v = self.operand(*a);
                let ty = self.ty(*a);
                self.clear_value(v, ty);
                0
            }
            (Builtin::Close, [a]) => {
                let v = self.operand(*a);
                self.asm.set_pos(pos);
                self.asm.op(Op::Close, v, 0, 0);
                0
            }
            (Builtin::Delete, [a, k]) => {
                let ty = self.ty(*a);
                let Shape::Map(key, _) = self.s.shape(ty) else { return 0 };
                let (map, key) = self.operands(*a, ty, *k, key);
                let t = self.s.type_ref(ty).0 as u64;
                self.asm.set_pos(pos);
                self.asm.op_words(Op::MapDelete, map, key, 0, &[t]);
                0
            }
            (Builtin::Complex, [re, im]) => {
                let part = if self.shape_of(x) == Shape::C64 { TypeId::FLOAT32 } else { TypeId::FLOAT64 };
                let to = self.build(want, 2);
                self.exprs_into(&[(*re, part, to), (*im, part, to + 1)]);
                self.give(want, to, 2)
            }
            (Builtin::Real | Builtin::Imag, [a]) => {
                let v = self.operand(*a);
                self.give(want, v + (b == Builtin::Imag) as u16, 1)
            }
            (Builtin::Make, [_, sizes @ ..]) => self.make(x, sizes, want),
            (Builtin::Max | Builtin::Min, _) => self.min_max(x, args, b == Builtin::Max, want),
            (Builtin::New, [a]) => {
                let ty = match self.s.shape(self.ty(x)) {
                    Shape::Pointer(e) => e,
                    _ => return 0,
                };
                if self.facts(*a).is_some_and(|t| t.is_type()) {
                    return self.new_with(ty, None, want);
                }
                let v = self.storable(*a, ty);
                self.new_with(ty, Some(v), want)
            }
            (Builtin::Panic, [a]) => {
                let v = self.expr_as(*a, TypeId::EMPTY_INTERFACE, Want::Any);
                self.asm.set_pos(pos);
                self.asm.op(Op::Panic, v, 0, 0);
                0
            }
            (Builtin::Print | Builtin::Println, _) => {
                let mut list = Vec::new();
                let mut exprs = Vec::new();
                for &a in args {
                    let ty = if self.is_nil(a) { TypeId::UNSAFE_POINTER } else { self.ty(a) };
                    let r = self.temp_for(ty);
                    exprs.push((a, ty, r));
                    list.push((r, self.print_kind(ty)));
                }
                self.exprs_into(&exprs);
                self.print_values(&list, b == Builtin::Println);
                0
            }
            (Builtin::Recover, _) => {
                let to = self.out(want, 2);
                self.asm.op(Op::Recover, to, 0, 0);
                to
            }
            (Builtin::UnsafeAdd, [p, n]) => {
                let (a, b) = self.operands(*p, TypeId::UNSAFE_POINTER, *n, TypeId::INT);
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.op(Op::Add, to, a, b);
                to
            }
            (Builtin::UnsafeSlice | Builtin::UnsafeString, [p, n]) => {
                let (tp, tn) = (self.ty(*p), self.ty(*n));
                let (at, len) = self.operands(*p, tp, *n, tn);
                self.asm.set_pos(pos);
                self.regs.free(m);
                self.unsafe_view(b, at, tp, len, want)
            }
            (Builtin::UnsafeSliceData, [s]) => {
                let v = self.operand(*s);
                if let Shape::Slice(elem) = self.shape_of(*s) {
                    let t = self.s.type_ref(elem).0 as u64;
                    self.asm.op_words(Op::UnsafeNote, v, v + 2, 1, &[t]);
                }
                self.give(want, v, 1)
            }
            (Builtin::UnsafeStringData, [s]) => {
                let v = self.operand(*s);
                self.give(want, v, 1)
            }
            _ => {
                let span = self.s.ast[x].span;
                self.s.error(Code::NotYet, span, format!("this form of {} is not available in gol", b.name()));
                self.out(want, 3)
            }
        }
    }

    /// A built-in whose operands are the results of one call.
    fn spread_builtin(&mut self, b: Builtin, x: ExprId, arg: ExprId, members: &[TypeId], want: Want) -> Reg {
        let ty = self.ty(x);
        let row = self.expr(arg, Want::Any);
        let mut regs = Vec::new();
        let mut at = row;
        for m in members {
            regs.push(at);
            at = at.saturating_add(self.s.regs(*m));
        }
        match (b, &regs[..]) {
            (Builtin::Complex, [re, im]) => {
                let to = self.build(want, 2);
                self.mov(to, *re, 1);
                self.mov(to + 1, *im, 1);
                self.give(want, to, 2)
            }
            (Builtin::Copy, [a, b]) => {
                let to = self.out(want, 1);
                self.copy_values(to, *a, members[0], *b, members[1]);
                to
            }
            (Builtin::Delete, [map, key]) => {
                let Shape::Map(k, _) = self.s.shape(members[0]) else { return 0 };
                let key = self.value_as(*key, members[1], k, Want::Any);
                let t = self.s.type_ref(members[0]).0 as u64;
                self.asm.op_words(Op::MapDelete, *map, key, 0, &[t]);
                0
            }
            (Builtin::Append, [slice, values @ ..]) => {
                let Shape::Slice(elem) = self.s.shape(ty) else { return row };
                let values: Vec<Reg> =
                    values.iter().zip(&members[1..]).map(|(v, m)| self.value_as(*v, *m, elem, Want::Any)).collect();
                self.append_values(*slice, elem, &values, want)
            }
            (Builtin::Print | Builtin::Println, _) => {
                let list: Vec<_> = regs.iter().zip(members).map(|(r, m)| (*r, self.print_kind(*m))).collect();
                self.print_values(&list, b == Builtin::Println);
                row
            }
            (Builtin::Max | Builtin::Min, [first, rest @ ..]) => {
                let n = self.s.regs(ty);
                let to = self.build(want, n);
                self.mov(to, *first, n);
                self.min_max_values(to, rest, ty, b == Builtin::Max);
                self.give(want, to, n)
            }
            (Builtin::UnsafeAdd, [p, n]) => {
                let to = self.out(want, 1);
                self.asm.op(Op::Add, to, *p, *n);
                to
            }
            (Builtin::UnsafeSlice | Builtin::UnsafeString, [at, len]) => {
                self.unsafe_view(b, *at, members[0], *len, want)
            }
            _ => {
                let span = self.s.ast[x].span;
                self.s.error(Code::NotYet, span, format!("{} of a call with several results", b.name()));
                row
            }
        }
    }

    /// `unsafe.Slice` and `unsafe.String` on a pointer of type `ty` and a length in registers.
    fn unsafe_view(&mut self, b: Builtin, at: Reg, ty: TypeId, len: Reg, want: Want) -> Reg {
        let Shape::Pointer(elem) = self.s.shape(ty) else { return self.out(want, 3) };
        let t = self.s.type_ref(elem).0 as u64;
        let (op, regs) = match b {
            Builtin::UnsafeSlice => (Op::UnsafeSlice, 3),
            _ => (Op::UnsafeString, 2),
        };
        let to = self.out(want, regs);
        self.asm.op_words(op, to, at, len, &[t]);
        to
    }

    fn builtin_pos(&self, x: ExprId) -> u32 {
        match self.s.ast[x].kind {
            Expr::Call { fun, .. } => self.end_pos(fun),
            _ => self.s.ast[x].span.lo,
        }
    }

    fn len_or_cap(&mut self, a: ExprId, cap: bool, want: Want) -> Reg {
        let ty = self.ty(a);
        let array = match self.s.shape(ty) {
            Shape::Pointer(e) => self.s.shape(e),
            s => s,
        };
        let op = match array {
            Shape::Array(_, n) => {
                let m = self.regs.mark();
                self.effects(a);
                self.regs.free(m);
                let to = self.out(want, 1);
                self.load_int(to, n as i64);
                return to;
            }
            Shape::Map(..) => Op::MapLen,
            Shape::Chan(..) if cap => Op::ChanCap,
            Shape::Chan(..) => Op::ChanLen,
            _ => {
                let v = self.operand(a);
                return self.give(want, v + 1 + cap as u16, 1);
            }
        };
        self.one(a, want, 1, op)
    }

    fn append(&mut self, x: ExprId, s: ExprId, rest: &[ExprId], has_dots: bool, want: Want) -> Reg {
        let ty = self.ty(x);
        let pos = self.builtin_pos(x);
        let Shape::Slice(elem) = self.s.shape(ty) else { return self.out(want, 3) };
        if rest.is_empty() {
            return self.expr_as(s, ty, want);
        }
        let m = self.regs.mark();
        let t = self.s.type_ref(elem).0 as u64;
        if has_dots {
            let from = self.ty(rest[0]);
            let (a, b) = if self.is_nil(rest[0]) {
                (self.expr_as(s, ty, Want::Any), self.nil(ty, Want::Any))
            } else {
                self.operands(s, ty, rest[0], from)
            };
            self.asm.set_pos(pos);
            self.regs.free(m);
            let to = self.out(want, 3);
            let op = if self.s.shape(from) == Shape::Str { Op::AppendStr } else { Op::AppendSlice };
            self.asm.op_words(op, to, a, b, &[t]);
            return to;
        }
        let l = self.s.layout(elem);
        if let ([v], [leaf]) = (rest, &l.leaves[..]) {
            let op = match leaf.kind {
                LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => Some(Op::Append64),
                LeafKind::I8 | LeafKind::U8 => Some(Op::Append8),
                LeafKind::Str | LeafKind::Iface => Some(Op::AppendPair),
                _ => None,
            };
            if let Some(op) = op {
                let (a, b) = self.operands(s, ty, *v, elem);
                self.asm.set_pos(pos);
                self.regs.free(m);
                let to = self.out(want, 3);
                self.asm.op_words(op, to, a, b, &[t]);
                return to;
            }
        }
        let operands: Vec<_> = std::iter::once((s, ty)).chain(rest.iter().map(|v| (*v, elem))).collect();
        self.hoist_as(&operands);
        let slice = self.expr_as(s, ty, Want::Any);
        let mut list = Vec::new();
        let mut values = Vec::new();
        if let [v] = rest {
            values.push(self.storable(*v, elem));
        } else {
            for v in rest {
                let r = self.temp_for(elem);
                values.push(r);
                list.push((*v, elem, r));
            }
            self.exprs_into(&list);
        }
        self.asm.set_pos(pos);
        self.append_values(slice, elem, &values, want)
    }

    /// `append` of values in registers.
    fn append_values(&mut self, slice: Reg, elem: TypeId, values: &[Reg], want: Want) -> Reg {
        let t = self.s.type_ref(elem).0 as u64;
        let to = self.out(want, 3);
        // In `s = append(s, s)` a value lies where the result goes.
        let n = self.s.regs(elem);
        let values: Vec<Reg> = values
            .iter()
            .map(|&v| {
                if v >= to + 3 || to >= v + n {
                    return v;
                }
                let apart = self.temp(n);
                self.mov(apart, v, n);
                apart
            })
            .collect();
        self.asm.op_words(Op::Grow, to, slice, values.len() as u16, &[t]);
        let index = self.temp(1);
        for (i, v) in values.iter().enumerate() {
            let back = (values.len() - i) as i16;
            self.asm.op(Op::AddK, index, to + 1, back.wrapping_neg() as u16);
            self.store(Place::Elem { pair: to, index }, elem, *v);
        }
        to
    }

    fn make(&mut self, x: ExprId, sizes: &[ExprId], want: Want) -> Reg {
        let ty = self.ty(x);
        let pos = self.builtin_pos(x);
        let m = self.regs.mark();
        let size = |g: &mut Self, i: usize| match sizes.get(i) {
            Some(&s) => match g.const_int(s) {
                Some(n) => {
                    let r = g.temp(1);
                    g.load_int(r, n);
                    r
                }
                None => g.operand(s),
            },
            None => {
                let r = g.temp(1);
                g.asm.wide(Op::LoadI, r, 0);
                r
            }
        };
        let t = self.s.type_ref(ty).0 as u64;
        match self.s.shape(ty) {
            Shape::Slice(elem) => {
                let len = size(self, 0);
                let cap = if sizes.len() > 1 { size(self, 1) } else { len };
                self.asm.set_pos(pos);
                self.regs.free(m);
                let to = self.out(want, 3);
                let t = self.s.type_ref(elem).0 as u64;
                self.asm.op_words(Op::MakeSlice, to, len, cap, &[t]);
                to
            }
            shape => {
                let n = size(self, 0);
                self.asm.set_pos(pos);
                self.regs.free(m);
                let to = self.out(want, 1);
                let op = if matches!(shape, Shape::Map(..)) { Op::MakeMap } else { Op::MakeChan };
                self.asm.op_words(op, to, n, 0, &[t]);
                to
            }
        }
    }

    fn min_max(&mut self, x: ExprId, args: &[ExprId], max: bool, want: Want) -> Reg {
        let ty = self.ty(x);
        let n = self.s.regs(ty);
        let to = self.build(want, n);
        let m = self.regs.mark();
        let mut list = vec![(args[0], ty, to)];
        for a in &args[1..] {
            let r = self.temp(n);
            list.push((*a, ty, r));
        }
        self.exprs_into(&list);
        let rest: Vec<Reg> = list[1..].iter().map(|l| l.2).collect();
        self.min_max_values(to, &rest, ty, max);
        self.regs.free(m);
        self.give(want, to, n)
    }

    /// Leaves the largest or smallest of `to` and `rest` in `to`.
    fn min_max_values(&mut self, to: Reg, rest: &[Reg], ty: TypeId, max: bool) {
        let n = self.s.regs(ty);
        let end = self.asm.label();
        let is_float = matches!(self.s.shape(ty), Shape::F64 | Shape::F32);
        for &r in rest {
            let (next, take) = (self.asm.label(), self.asm.label());
            if is_float {
                // A NaN wins; of two zeros the sign decides, which and/or of the bits gives.
                self.jump_if_values(BinaryOp::Ne, to, to, ty, true, end);
                self.jump_if_values(BinaryOp::Ne, r, r, ty, true, take);
                let differ = self.asm.label();
                self.jump_if_values(BinaryOp::Ne, to, r, ty, true, differ);
                self.asm.op(if max { Op::And } else { Op::Or }, to, to, r);
                self.asm.jmp(next);
                self.asm.place(differ, false);
            }
            let op = if max { BinaryOp::Ge } else { BinaryOp::Le };
            self.jump_if_values(op, to, r, ty, true, next);
            self.asm.place(take, false);
            self.mov(to, r, n);
            self.asm.place(next, false);
        }
        self.asm.place(end, false);
    }

    /// `copy` on values in registers.
    pub(crate) fn copy_values(&mut self, r: Reg, to: Reg, to_ty: TypeId, from: Reg, from_ty: TypeId) {
        if self.s.shape(from_ty) == Shape::Str {
            return self.asm.op(Op::CopyStr, r, to, from);
        }
        let Shape::Slice(elem) = self.s.shape(to_ty) else { return };
        let t = self.s.type_ref(elem).0 as u64;
        self.asm.op_words(Op::Copy, r, to, from, &[t]);
    }

    /// `clear` on a value in registers.
    pub(crate) fn clear_value(&mut self, v: Reg, ty: TypeId) {
        match self.s.shape(ty) {
            Shape::Slice(elem) => {
                let t = self.s.type_ref(elem).0 as u64;
                self.asm.op_words(Op::ClearSlice, v, 0, 0, &[t]);
            }
            _ => {
                let t = self.s.type_ref(ty).0 as u64;
                self.asm.op_words(Op::MapClear, v, 0, 0, &[t]);
            }
        }
    }

    /// `print` on values in registers.
    pub(crate) fn print_values(&mut self, list: &[(Reg, PrintKind)], line: bool) {
        let words = list.iter().map(|(r, k)| *r as u64 | (*k as u64) << 32).collect();
        self.asm.table(Op::Print, 0, line as u16, words);
    }
}
