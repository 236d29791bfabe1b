//! Expressions: dispatch by form, unary and binary operators, selectors, slices, type assertions.
//!
//! Left-deep chains of operators are walked in a loop; all other nesting is bounded by [`FuncGen::deeper`]. In which order
//! operands are evaluated is said in `hoist`.

use gol_bytecode::Op;
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};
use gol_types::types::{Type, TypeId};
use gol_types::{Mode, ObjKind, Selected, SelectionKind};

use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::{IntKind, Shape};
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// Evaluates an expression. One of tuple type gives its members in a row.
    pub(crate) fn expr(&mut self, x: ExprId, want: Want) -> Reg {
        let x = self.s.ast.unparen(x);
        if let Some(r) = self.take_hoisted(x, want) {
            return r;
        }
        let span = self.s.ast[x].span;
        if !self.deeper(span) {
            self.depth -= 1;
            return 0;
        }
        let r = self.expr_inner(x, want);
        self.depth -= 1;
        r
    }

    fn expr_inner(&mut self, x: ExprId, want: Want) -> Reg {
        let Some(facts) = self.facts(x) else { return self.expr_value(x, want) };
        let (mode, ty) = (facts.mode, facts.ty);
        if let Some(value) = facts.value.clone() {
            if let Some(&r) = self.pinned.get(&x) {
                return self.give(want, r, 1);
            }
            let ty = self.s.tp.types.default_type(ty);
            return self.constant(&value, ty, want);
        }
        if mode == Mode::NilValue {
            return self.nil(ty, want);
        }
        let is_place = match self.s.ast[x].kind {
            Expr::Name(_) => mode == Mode::Variable,
            Expr::Selector(..) => self.is_field_or_var(x),
            Expr::Index(..) => !matches!(self.s.tp.types.get(ty), Type::Tuple(_)) && !self.is_string_index(x),
            Expr::Star(_) => true,
            _ => false,
        };
        if !is_place {
            return self.expr_value(x, want);
        }
        if let Some(r) = self.load_inner(x, ty, want) {
            return r;
        }
        let m = self.regs.mark();
        let place = self.place(x);
        if self.reads_immutable(x, place) {
            let Place::Mem { base, .. } = place else { return 0 };
            return self.give(want, base, 1);
        }
        let l = self.s.layout(ty);
        if l.leaves.len() == 1 && !matches!(place, Place::Reg(_) | Place::Map { .. }) {
            self.regs.free(m);
        }
        self.load(place, ty, want)
    }

    /// A Mem variable that never changes is its own immutable value.
    fn reads_immutable(&mut self, x: ExprId, place: Place) -> bool {
        let Expr::Name(_) = self.s.ast[x].kind else { return false };
        let ty = self.ty(x);
        let Some(&obj) = self.s.tp.info.uses.get(&x) else { return false };
        matches!(place, Place::Mem { off: 0, known: true, .. })
            && self.s.is_mem(ty)
            && self.analysis.flags(obj).constant()
    }

    fn is_field_or_var(&self, x: ExprId) -> bool {
        match self.s.tp.info.selections.get(&x) {
            Some(s) => s.kind == SelectionKind::FieldVal && s.selected == Selected::Field,
            None => self.s.tp.info.uses.get(&x).is_some_and(|o| self.s.tp.objects[*o].is_var()),
        }
    }

    fn is_string_index(&self, x: ExprId) -> bool {
        match &self.s.ast[x].kind {
            Expr::Index(base, _) => {
                !matches!(self.shape_of(*base), Shape::Slice(_) | Shape::Array(..) | Shape::Pointer(_) | Shape::Map(..))
            }
            _ => false,
        }
    }

    /// Evaluates an expression that is no place: its value is computed.
    pub(crate) fn expr_value(&mut self, x: ExprId, want: Want) -> Reg {
        let ast = self.s.ast;

        match &ast[x].kind {
            Expr::Paren(x) => self.expr(*x, want),
            Expr::Name(_) => self.function_name(x, want),
            Expr::Selector(base, _) => self.selector_value(x, *base, want),
            Expr::CompositeLit { .. } => self.composite(x, want),
            Expr::FuncLit { .. } => self.func_lit(x, want),
            Expr::Index(base, _) if self.s.tp.info.instances.contains_key(&x) => self.expr(*base, want),
            Expr::Index(base, index) => self.index_value(*base, index, want),
            Expr::Slice { x: base, lo, hi, max } => {
                let pos = self.end_pos(*base);
                self.asm.set_pos(pos);
                self.slice_expr(*base, *lo, *hi, *max, want)
            }
            Expr::TypeAssert(base, _) => self.type_assert(x, *base, want),
            Expr::Call { .. } => self.call(x, want),
            Expr::Unary(op, y) => self.unary(x, *op, *y, want),
            Expr::Binary { .. } => self.binary(x, want),
            Expr::Star(_) => {
                let ty = self.ty(x);
                let place = self.place(x);
                self.load(place, ty, want)
            }
            _ => self.out(want, 1),
        }
    }

    /// Evaluates an expression and converts it to `target`, to which it is assignable.
    pub(crate) fn expr_as(&mut self, x: ExprId, target: TypeId, want: Want) -> Reg {
        if self.is_nil(x) {
            return self.nil(target, want);
        }
        let ty = self.ty(x);
        if self.s.shape(target) != Shape::Iface || self.s.shape(ty) == Shape::Iface {
            return self.expr(x, want);
        }
        let m = self.regs.mark();
        let v = self.expr(x, Want::Any);
        self.regs.free(m);
        self.make_iface(v, ty, want)
    }

    /// Converts a value in registers to `target`, to which it is assignable.
    pub(crate) fn value_as(&mut self, r: Reg, ty: TypeId, target: TypeId, want: Want) -> Reg {
        if self.s.shape(target) == Shape::Iface && self.s.shape(ty) != Shape::Iface {
            return self.make_iface(r, ty, want);
        }
        let n = self.s.regs(target);
        self.give(want, r, n)
    }

    /// Puts a value in an interface.
    pub(crate) fn make_iface(&mut self, value: Reg, ty: TypeId, want: Want) -> Reg {
        let to = self.out(want, 2);
        let t = self.s.live_type(ty).0 as u64;
        self.asm.op_words(Op::MakeIface, to, value, 0, &[t]);
        to
    }

    /// `nil` of a type.
    pub(crate) fn nil(&mut self, ty: TypeId, want: Want) -> Reg {
        let n = self.s.regs(ty);
        let to = self.out(want, n);
        self.zero(to, ty);
        to
    }

    /// The constant value of an expression as an int, if it has one.
    pub(crate) fn const_int(&self, x: ExprId) -> Option<i64> {
        match self.s.tp.info.value_of(x) {
            Some(v) => {
                let v = v.to_int();
                v.as_i64().or_else(|| v.as_u64().map(|n| n as i64))
            }
            None if self.inlining.is_empty() => None,
            None => self.folded(x),
        }
    }

    /// The value of a sum or difference, small and not negative, whose operands are parameters with constant arguments.
    fn folded(&self, x: ExprId) -> Option<i64> {
        let x = self.s.ast.unparen(x);
        let Expr::Binary { op, x: l, y: r, .. } = self.s.ast[x].kind else { return None };
        let Shape::Int(_) = self.shape_of(x) else { return None };
        let number = |x: ExprId| self.s.tp.info.value_of(self.s.ast.unparen(x))?.to_int().as_i64();
        let n = match op {
            BinaryOp::Add => number(l)?.checked_add(number(r)?)?,
            BinaryOp::Sub => number(l)?.checked_sub(number(r)?)?,
            _ => return None,
        };
        (0..128).contains(&n).then_some(n)
    }

    /// The same, if it fits a 16-bit operand.
    pub(crate) fn const_imm(&self, x: ExprId) -> Option<i16> {
        match self.shape_of(x) {
            Shape::Int(_) => self.const_int(x)?.try_into().ok(),
            _ => None,
        }
    }

    /// Evaluates an operand for use in place.
    pub(crate) fn operand(&mut self, x: ExprId) -> Reg {
        self.expr(x, Want::Any)
    }

    /// Evaluates two operands, converted to a type each.
    pub(crate) fn operands(&mut self, x: ExprId, tx: TypeId, y: ExprId, ty: TypeId) -> (Reg, Reg) {
        self.hoist_as(&[(x, tx), (y, ty)]);
        let a = self.expr_as(x, tx, Want::Any);
        let b = self.expr_as(y, ty, Want::Any);
        (a, b)
    }

    /// Whether an expression's value cannot be changed by a call: a constant or a variable in registers.
    pub(crate) fn is_stable(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        if self.facts(x).is_some_and(|t| t.value.is_some()) {
            return true;
        }
        match self.s.ast[x].kind {
            Expr::Name(_) => match self.s.tp.info.uses.get(&x) {
                Some(o) => {
                    !self.s.tp.objects[*o].is_var() || matches!(self.vars.get(o), Some(crate::func::Var::Reg(_)))
                }
                None => false,
            },
            Expr::FuncLit { .. } => true,
            _ => false,
        }
    }

    /// Whether evaluating an expression calls a function or built-in, or receives: these happen in source order.
    pub(crate) fn has_call(&self, x: ExprId) -> bool {
        let ast = self.s.ast;
        let mut todo = vec![x];
        while let Some(x) = todo.pop() {
            let done = self.hoisted.contains_key(&ast.unparen(x));
            if done || self.facts(x).is_some_and(|t| t.value.is_some() || t.mode == Mode::TypeExpr) {
                continue;
            }
            match &ast[x].kind {
                Expr::Call { fun, args, .. } => match self.facts(*fun).map(|t| t.mode) {
                    Some(Mode::TypeExpr) => todo.extend(args),
                    _ => return true,
                },
                Expr::Unary(UnaryOp::Recv, _) => return true,
                Expr::Unary(_, x) | Expr::Paren(x) | Expr::Star(x) | Expr::TypeAssert(x, _) | Expr::Selector(x, _) => {
                    todo.push(*x);
                }
                Expr::Binary { x, y, .. } | Expr::KeyValue(x, y) => todo.extend([*x, *y]),
                Expr::Index(x, i) => {
                    todo.push(*x);
                    todo.extend(i);
                }
                Expr::Slice { x, lo, hi, max } => {
                    todo.push(*x);
                    todo.extend([lo, hi, max].into_iter().flatten());
                }
                Expr::CompositeLit { elems, .. } => todo.extend(elems),
                _ => {}
            }
        }
        false
    }

    /// Evaluates expressions into rows of registers of their own, converted to the types given.
    pub(crate) fn exprs_into(&mut self, list: &[(ExprId, TypeId, Reg)]) {
        self.hoist_as(&list.iter().map(|l| (l.0, l.1)).collect::<Vec<_>>());
        for &(x, ty, at) in list {
            let m = self.regs.mark();
            self.expr_as(x, ty, Want::Fresh(at));
            self.regs.free(m);
        }
    }

    fn function_name(&mut self, x: ExprId, want: Want) -> Reg {
        let Some(&obj) = self.s.tp.info.uses.get(&x) else { return self.out(want, 1) };
        match self.s.tp.objects[obj].kind {
            ObjKind::Func { .. } => self.function_value(obj, want),
            _ => {
                let ty = self.ty(x);
                let place = self.var_place(obj);
                self.load(place, ty, want)
            }
        }
    }

    fn selector_value(&mut self, x: ExprId, base: ExprId, want: Want) -> Reg {
        match self.s.tp.info.selections.get(&x).cloned() {
            None => self.function_name(x, want),
            Some(sel) => match sel.kind {
                SelectionKind::FieldVal => {
                    let ty = self.ty(x);
                    let place = self.place(x);
                    self.load(place, ty, want)
                }
                SelectionKind::MethodVal => {
                    let pos = self.end_pos(base);
                    self.asm.set_pos(pos);
                    self.method_value(base, &sel, want)
                }
                SelectionKind::MethodExpr => self.method_expr(&sel, want),
            },
        }
    }

    fn index_value(&mut self, base: ExprId, index: &[ExprId], want: Want) -> Reg {
        let Some(&index) = index.first() else { return self.out(want, 1) };
        let base_ty = self.ty(base);
        self.hoist(&[base, index]);
        let m = self.regs.mark();
        if let Shape::Map(key, elem) = self.s.shape(base_ty) {
            let (map, key) = self.operands(base, base_ty, index, key);
            let pos = self.end_pos(base);
            self.asm.set_pos(pos);
            let t = self.s.type_ref(base_ty).0 as u64;
            let n = self.s.regs(elem) + 1;
            self.regs.free(m);
            let to = self.out(want, n);
            self.asm.op_words(Op::MapGet2, to, map, key, &[t]);
            return to;
        }
        let s = self.expr(base, Want::Any);
        let i = self.index_operand(index, s + 1);
        let pos = self.end_pos(base);
        self.asm.set_pos(pos);
        self.regs.free(m);
        let to = self.out(want, 1);
        self.asm.op(Op::StrIndex, to, s, i);
        to
    }

    fn slice_expr(
        &mut self,
        base: ExprId,
        lo: Option<ExprId>,
        hi: Option<ExprId>,
        max: Option<ExprId>,
        want: Want,
    ) -> Reg {
        let pos = self.asm.pos();
        let ty = self.ty(base);
        let operands: Vec<_> = [Some(base), lo, hi, max].into_iter().flatten().collect();
        self.hoist(&operands);
        let m = self.regs.mark();
        let mut flags = 0u64;
        let (s, size) = match self.s.shape(ty) {
            Shape::Str => (self.expr(base, Want::Any), 0),
            Shape::Slice(e) => (self.expr(base, Want::Any), self.s.layout(e).size),
            other => {
                // An array variable, or a pointer to an array.
                let (array, p) = match other {
                    Shape::Pointer(a) => (a, self.expr(base, Want::Any)),
                    _ => {
                        let place = self.place(base);
                        (ty, self.addr(place, ty))
                    }
                };
                let Shape::Array(e, n) = self.s.shape(array) else { return self.out(want, 3) };
                let t = self.temp(3);
                self.mov(t, p, 1);
                if other != self.s.shape(array) {
                    self.asm.op(Op::NilCheck, t, 0, 0);
                }
                self.load_int(t + 1, n as i64);
                self.load_int(t + 2, n as i64);
                flags |= 1 << 35;
                (t, self.s.layout(e).size)
            }
        };
        let bounds = self.temp(3);
        for (i, x) in [lo, hi, max].into_iter().enumerate() {
            if let Some(x) = x {
                let m = self.regs.mark();
                self.expr(x, Want::Fresh(bounds + i as u16));
                self.regs.free(m);
                flags |= 1 << (32 + i);
            }
        }
        self.asm.set_pos(pos);
        self.regs.free(m);
        if self.s.shape(ty) == Shape::Str {
            let to = self.out(want, 2);
            self.asm.op_words(Op::SliceStr, to, s, bounds, &[flags]);
            to
        } else {
            let to = self.out(want, 3);
            self.asm.op_words(Op::SliceOp, to, s, bounds, &[flags | (size & 0xffff_ffff)]);
            to
        }
    }

    fn type_assert(&mut self, x: ExprId, base: ExprId, want: Want) -> Reg {
        let facts = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
        let two = matches!(self.s.tp.types.get(facts), Type::Tuple(_));
        let target = self.s.members(facts)[0];
        let static_ty = self.ty(base);
        let m = self.regs.mark();
        let v = self.expr(base, Want::Any);
        let Expr::TypeAssert(..) = self.s.ast[x].kind else { return v };
        let pos = self.end_pos(base);
        self.asm.set_pos(pos);
        let t = self.s.type_ref(target).0 as u64;
        let st = self.s.type_ref(static_ty).0 as u64;
        let n = self.s.regs(target) + two as u16;
        self.regs.free(m);
        let to = self.out(want, n);
        let op = match (self.s.shape(target) == Shape::Iface, two) {
            (false, false) => Op::Assert,
            (false, true) => Op::Assert2,
            (true, false) => Op::AssertI,
            (true, true) => Op::AssertI2,
        };
        self.asm.op_words(op, to, v, 0, &[t, st]);
        to
    }

    fn unary(&mut self, x: ExprId, op: UnaryOp, y: ExprId, want: Want) -> Reg {
        let pos = self.s.ast[x].span.lo;
        let m = self.regs.mark();
        match op {
            UnaryOp::Plus => self.expr(y, want),
            UnaryOp::Not => {
                let v = self.operand(y);
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.op(Op::Not, to, v, 0);
                to
            }
            UnaryOp::Neg => self.negate(y, want),
            UnaryOp::Com => {
                let v = self.operand(y);
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.op(Op::Com, to, v, 0);
                if let Shape::Int(k @ IntKind { signed: false, .. }) = self.shape_of(y) {
                    self.narrow(k, to, to);
                }
                to
            }
            UnaryOp::Addr => self.address_of(y, want),
            UnaryOp::Recv => {
                let facts = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
                let Shape::Chan(_, elem) = self.shape_of(y) else { return self.out(want, 1) };
                let ch = self.operand(y);
                self.asm.set_pos(pos);
                let n = self.s.regs(elem);
                let to = self.build(want, n + 1);
                if matches!(self.s.tp.types.get(facts), Type::Tuple(_)) {
                    self.asm.op(Op::Recv2, to, ch, to + n);
                    self.complete_received(to, elem);
                    self.give(want, to, n + 1)
                } else {
                    self.asm.op(Op::Recv, to, ch, 0);
                    self.complete_received(to, elem);
                    self.give(want, to, n)
                }
            }
            UnaryOp::Tilde => self.out(want, 1),
        }
    }

    fn negate(&mut self, y: ExprId, want: Want) -> Reg {
        let m = self.regs.mark();
        let shape = self.shape_of(y);
        let v = self.operand(y);
        self.regs.free(m);
        match shape {
            Shape::C64 | Shape::C128 => {
                let op = if shape == Shape::C64 { Op::NegF32 } else { Op::NegF };
                self.regs.keep(v, 2);
                let to = self.build(want, 2);
                self.asm.op(op, to, v, 0);
                self.asm.op(op, to + 1, v + 1, 0);
                self.give(want, to, 2)
            }
            _ => {
                let to = self.out(want, 1);
                match shape {
                    Shape::F64 => self.asm.op(Op::NegF, to, v, 0),
                    Shape::F32 => self.asm.op(Op::NegF32, to, v, 0),
                    Shape::Int(k) => {
                        self.asm.op(Op::Neg, to, v, 0);
                        self.narrow(k, to, to);
                    }
                    _ => {}
                }
                to
            }
        }
    }

    /// `&x`
    fn address_of(&mut self, x: ExprId, want: Want) -> Reg {
        let bare = self.s.ast.unparen(x);
        if let Expr::CompositeLit { .. } = self.s.ast[bare].kind {
            let ty = self.ty(bare);
            return self.new_literal(bare, ty, want);
        }
        let m = self.regs.mark();
        let ty = self.ty(bare);
        let place = self.place(bare);
        self.asm.set_pos(self.s.ast[bare].span.lo);
        match place {
            Place::Elem { pair, index } => {
                let size = self.s.layout(ty).size;
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.op_words(Op::IndexAddr, to, pair, index, &[size]);
                return to;
            }
            Place::Mem { base, off, known } if off <= u16::MAX as u64 && !(off == 0 && known) => {
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.op(Op::AddrOff, to, base, off as u16);
                return to;
            }
            _ => {}
        }
        let r = self.addr(place, ty);
        if want == Want::Any && !matches!(self.s.ast[bare].kind, Expr::Name(_)) {
            self.regs.free(m);
            let to = self.out(want, 1);
            self.mov(to, r, 1);
            return to;
        }
        self.give(want, r, 1)
    }

    /// Brings a 64-bit result to the width of its type.
    pub(crate) fn narrow(&mut self, k: IntKind, to: Reg, from: Reg) {
        let op = match (k.bits, k.signed) {
            (8, true) => Op::ExtI8,
            (16, true) => Op::ExtI16,
            (32, true) => Op::ExtI32,
            (8, false) => Op::ExtU8,
            (16, false) => Op::ExtU16,
            (32, false) => Op::ExtU32,
            _ => return self.mov(to, from, 1),
        };
        if to != from || !self.asm.narrow_last(op, to) {
            self.asm.op(op, to, from, 0);
        }
    }

    fn binary(&mut self, x: ExprId, want: Want) -> Reg {
        let ast = self.s.ast;
        let Expr::Binary { op, .. } = ast[x].kind else { return self.out(want, 1) };
        if matches!(op, BinaryOp::LAnd | BinaryOp::LOr) {
            return self.bool_value(x, want);
        }
        if op.is_comparison() {
            return self.comparison_value(x, want);
        }
        if self.shape_of(x) == Shape::Str {
            return self.concat(x, want);
        }
        self.hoist(&[x]);
        // The spine of a left-deep chain, outermost first.
        let mut spine = vec![x];
        let mut left = x;
        while let Expr::Binary { x: l, .. } = ast[left].kind {
            let l = ast.unparen(l);
            match ast[l].kind {
                Expr::Binary { op, .. }
                    if self.s.tp.info.value_of(l).is_none() && !op.is_comparison() && op.precedence() > 2 =>
                {
                    spine.push(l);
                    left = l;
                }
                _ => break,
            }
        }
        let m = self.regs.mark();
        let mut acc = None;
        while let Some(node) = spine.pop() {
            let Expr::Binary { op, op_pos, x: l, y } = ast[node].kind else { break };
            let ty = self.ty(node);
            let last = spine.is_empty();
            let want = if last || matches!(want, Want::Fresh(_)) { want } else { Want::Any };
            let acc_now = match acc {
                None => self.binary_step(op, op_pos, l, y, ty, want, m),
                Some(a) => self.binary_with(op, op_pos, a, y, ty, want, m),
            };
            acc = Some(acc_now);
        }
        acc.unwrap_or(0)
    }

    #[allow(clippy::too_many_arguments)]
    fn binary_step(
        &mut self,
        op: BinaryOp,
        pos: u32,
        x: ExprId,
        y: ExprId,
        ty: TypeId,
        want: Want,
        m: crate::regalloc::Mark,
    ) -> Reg {
        // A constant on the left of an operator that may turn around.
        if matches!(op, BinaryOp::Add | BinaryOp::Mul | BinaryOp::And) && self.const_imm(x).is_some() {
            let b = self.operand(y);
            return self.arith_const(op, pos, b, x, ty, want, m);
        }
        if self.const_imm(y).is_some() || op.is_shift() {
            let a = self.operand(x);
            return self.binary_with(op, pos, a, y, ty, want, m);
        }
        let (a, b) = self.operands(x, ty, y, ty);
        self.asm.set_pos(pos);
        self.arith(op, a, b, ty, want, m)
    }

    /// `a op y` with the left operand in registers.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn binary_with(
        &mut self,
        op: BinaryOp,
        pos: u32,
        a: Reg,
        y: ExprId,
        ty: TypeId,
        want: Want,
        m: crate::regalloc::Mark,
    ) -> Reg {
        if matches!(self.s.shape(ty), Shape::Int(_)) && self.const_int(y).is_some() {
            return self.arith_const(op, pos, a, y, ty, want, m);
        }
        let owned = match want {
            Want::Fresh(to) => to == a,
            Want::Any => self.regs.is_first_above(m, a),
            Want::Var(_) => false,
        };
        if owned && self.mul_add(op, pos, a, y, ty) {
            self.regs.free(m);
            return self.out(want, 1);
        }
        let b = self.operand(y);
        self.asm.set_pos(pos);
        if op.is_shift()
            && let Shape::Int(IntKind { signed: true, .. }) = self.shape_of(y)
        {
            self.asm.op(Op::ShiftCheck, b, 0, 0);
        }
        self.arith(op, a, b, ty, want, m)
    }

    /// `a += x * y` or `a -= x * y` of f64, if `y` is such a product; `a` is not only read.
    pub(crate) fn mul_add(&mut self, op: BinaryOp, pos: u32, a: Reg, y: ExprId, ty: TypeId) -> bool {
        let code = match op {
            BinaryOp::Add => Op::MulAddF,
            BinaryOp::Sub => Op::MulSubF,
            _ => return false,
        };
        let y = self.s.ast.unparen(y);
        let Expr::Binary { op: BinaryOp::Mul, x: l, y: r, .. } = self.s.ast[y].kind else { return false };
        if self.s.shape(ty) != Shape::F64
            || self.facts(y).is_some_and(|t| t.value.is_some())
            || self.hoisted.contains_key(&y)
        {
            return false;
        }
        let (x, y) = self.operands(l, ty, r, ty);
        self.asm.set_pos(pos);
        self.asm.op(code, a, x, y);
        true
    }

    /// `a op constant` on integers, with an immediate operand where there is one.
    #[allow(clippy::too_many_arguments)]
    fn arith_const(
        &mut self,
        op: BinaryOp,
        pos: u32,
        a: Reg,
        y: ExprId,
        ty: TypeId,
        want: Want,
        m: crate::regalloc::Mark,
    ) -> Reg {
        let Shape::Int(k) = self.s.shape(ty) else {
            let b = self.operand(y);
            self.asm.set_pos(pos);
            return self.arith(op, a, b, ty, want, m);
        };
        let value = self.const_int(y);
        let n = value.unwrap_or(i64::MAX);
        let imm = |n: i64| i16::try_from(n).ok().map(|n| n as u16);
        let power = (n > 0 && n & (n - 1) == 0 && value.is_some()).then(|| n.trailing_zeros() as u16);
        let form = match op {
            BinaryOp::Add => imm(n).map(|n| (Op::AddK, n)),
            BinaryOp::Sub => n.checked_neg().and_then(imm).map(|n| (Op::AddK, n)),
            BinaryOp::Mul => imm(n).map(|n| (Op::MulK, n)),
            BinaryOp::And => imm(n).map(|n| (Op::AndK, n)),
            BinaryOp::Div if k.signed && n != 0 && n != -1 => imm(n).map(|n| (Op::DivIK, n)),
            BinaryOp::Rem if k.signed && n != 0 && n != -1 => imm(n).map(|n| (Op::RemIK, n)),
            BinaryOp::Div if !k.signed => power.map(|p| (Op::ShrUK, p)),
            BinaryOp::Rem if !k.signed && power.is_some() => imm(n - 1).map(|n| (Op::AndK, n)),
            BinaryOp::Shl if (0..64).contains(&n) => Some((Op::ShlK, n as u16)),
            BinaryOp::Shr if (0..64).contains(&n) => Some((if k.signed { Op::ShrIK } else { Op::ShrUK }, n as u16)),
            BinaryOp::Shr if k.signed => Some((Op::ShrIK, 63)),
            BinaryOp::Shl | BinaryOp::Shr => {
                self.regs.free(m);
                let to = self.out(want, 1);
                self.asm.wide(Op::LoadI, to, 0);
                return to;
            }
            _ => None,
        };
        let Some((code, n)) = form else {
            let b = self.operand(y);
            self.asm.set_pos(pos);
            return self.arith(op, a, b, ty, want, m);
        };
        self.asm.set_pos(pos);
        self.regs.free(m);
        let to = self.out(want, 1);
        self.asm.op(code, to, a, n);
        if may_leave_width(op, k) {
            self.narrow(k, to, to);
        }
        to
    }

    /// `a op b` with both operands in registers.
    pub(crate) fn arith(
        &mut self,
        op: BinaryOp,
        a: Reg,
        b: Reg,
        ty: TypeId,
        want: Want,
        m: crate::regalloc::Mark,
    ) -> Reg {
        use BinaryOp as B;
        let shape = self.s.shape(ty);
        match shape {
            Shape::C64 | Shape::C128 => return self.complex_arith(op, a, b, shape == Shape::C64, want),
            Shape::Str => {
                let row = self.temp(4);
                self.mov(row, a, 2);
                self.mov(row + 2, b, 2);
                self.regs.free(m);
                let to = self.out(want, 2);
                self.asm.op(Op::Concat, to, row, 2);
                return to;
            }
            _ => {}
        }
        self.regs.free(m);
        let to = self.out(want, 1);
        let code = match (shape, op) {
            (Shape::F64, B::Add) => Op::AddF,
            (Shape::F64, B::Sub) => Op::SubF,
            (Shape::F64, B::Mul) => Op::MulF,
            (Shape::F64, _) => Op::DivF,
            (Shape::F32, B::Add) => Op::AddF32,
            (Shape::F32, B::Sub) => Op::SubF32,
            (Shape::F32, B::Mul) => Op::MulF32,
            (Shape::F32, _) => Op::DivF32,
            (Shape::Int(k), _) => match op {
                B::Add => Op::Add,
                B::Sub => Op::Sub,
                B::Mul => Op::Mul,
                B::Div if k.signed => Op::DivI,
                B::Div => Op::DivU,
                B::Rem if k.signed => Op::RemI,
                B::Rem => Op::RemU,
                B::And => Op::And,
                B::Or => Op::Or,
                B::Xor => Op::Xor,
                B::AndNot => Op::AndNot,
                B::Shl => Op::Shl,
                B::Shr if k.signed => Op::ShrI,
                _ => Op::ShrU,
            },
            _ => Op::Nop,
        };
        self.asm.op(code, to, a, b);
        if let Shape::Int(k) = shape
            && may_leave_width(op, k)
        {
            self.narrow(k, to, to);
        }
        to
    }

    fn complex_arith(&mut self, op: BinaryOp, a: Reg, b: Reg, small: bool, want: Want) -> Reg {
        let single = match (op, small) {
            (BinaryOp::Mul, false) => Some(Op::MulC),
            (BinaryOp::Div, false) => Some(Op::DivC),
            (BinaryOp::Mul, true) => Some(Op::MulC64),
            (BinaryOp::Div, true) => Some(Op::DivC64),
            _ => None,
        };
        if let Some(code) = single {
            let to = self.out(want, 2);
            self.asm.op(code, to, a, b);
            return to;
        }
        let code = match (op, small) {
            (BinaryOp::Add, false) => Op::AddF,
            (BinaryOp::Add, true) => Op::AddF32,
            (_, false) => Op::SubF,
            (_, true) => Op::SubF32,
        };
        let to = self.build(want, 2);
        self.asm.op(code, to, a, b);
        self.asm.op(code, to + 1, a + 1, b + 1);
        self.give(want, to, 2)
    }

    /// A chain of string concatenations, flattened.
    fn concat(&mut self, x: ExprId, want: Want) -> Reg {
        let ast = self.s.ast;
        let mut parts = Vec::new();
        let mut todo = vec![x];
        while let Some(x) = todo.pop() {
            let bare = ast.unparen(x);
            match ast[bare].kind {
                Expr::Binary { op: BinaryOp::Add, x: l, y: r, .. } if self.s.tp.info.value_of(bare).is_none() => {
                    todo.push(r);
                    todo.push(l);
                }
                _ => parts.push(bare),
            }
        }
        let pos = ast[x].span.lo;
        let mut acc: Option<Reg> = None;
        let m = self.regs.mark();
        // A very long chain is joined in stretches.
        for chunk in parts.chunks(2_000) {
            let n = chunk.len() as u16 + acc.is_some() as u16;
            let row = self.temp(2 * n);
            let mut at = row;
            if let Some(a) = acc {
                self.mov(at, a, 2);
                at += 2;
            }
            let list: Vec<_> = chunk.iter().enumerate().map(|(i, x)| (*x, self.ty(*x), at + 2 * i as u16)).collect();
            self.exprs_into(&list);
            self.asm.set_pos(pos);
            if parts.len() <= 2_000 {
                self.regs.free(m);
                let to = self.out(want, 2);
                self.asm.op(Op::Concat, to, row, n);
                return to;
            }
            self.asm.op(Op::Concat, row, row, n);
            acc = Some(row);
        }
        let r = acc.unwrap_or(0);
        self.give(want, r, 2)
    }
}

/// Whether an operation on a narrow type can give a result outside its width.
fn may_leave_width(op: BinaryOp, k: IntKind) -> bool {
    k.bits < 64
        && match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Shl => true,
            BinaryOp::Div => k.signed,
            _ => false,
        }
}
