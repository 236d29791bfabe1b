//! `if`, `for` and `range`.
//!
//! A counting loop over a register variable ends with a `ForLt` back-edge; other loops test at the top. Only back-edges
//! poll for preemption. Loops over functions are in `range_func`.

use gol_bytecode::Op;
use gol_source::Symbol;
use gol_syntax::ast::{AssignOp, BinaryOp, Block, Expr, ExprId, Stmt, StmtId};
use gol_types::types::TypeId;
use gol_types::{Builtin, Mode, ObjId};

use crate::asm::Label;
use crate::func::{FuncGen, Var, Want};
use crate::place::{Place, is_word};
use crate::program::{IntKind, Shape};
use crate::regalloc::Reg;

/// A statement that `break`, `continue` or `fallthrough` can leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// Its label.
    pub(crate) name: Option<Symbol>,
    pub(crate) break_to: Label,
    /// `None`: not a loop.
    pub(crate) continue_to: Option<Label>,
    /// The next clause of a switch.
    pub(crate) fallthrough: Option<Label>,
    /// A labelled block: only a `break` with the label leaves it.
    pub(crate) only_by_name: bool,
}

/// What a counting loop compares its variable with.
enum Bound {
    Imm(i16),
    Reg(Reg),
}

impl FuncGen<'_, '_> {
    /// A labelled statement that is no loop, switch or select.
    pub(crate) fn labelled_block(&mut self, name: Symbol, body: impl FnOnce(&mut Self)) {
        let end = self.asm.label();
        let target =
            Target { name: Some(name), break_to: end, continue_to: None, fallthrough: None, only_by_name: true };
        self.targets.push(target);
        body(self);
        self.targets.pop();
        self.asm.place(end, false);
    }

    /// `if`, with its chain of `else if`s in a loop.
    pub(crate) fn if_stmt(&mut self, s: StmtId) {
        let ast = self.s.ast;
        let end = self.asm.label();
        let m = self.regs.mark();
        let mut next = Some(s);
        while let Some(s) = next.take() {
            let Stmt::If { init, cond, then, els } = &ast[s].kind else {
                self.stmt(s);
                break;
            };
            self.asm.set_pos(ast[s].span.lo);
            if let Some(init) = init {
                self.stmt(*init);
            }
            if let (None, [only]) = (els, &then.stmts[..])
                && let Stmt::Branch { kind, label } = ast[*only].kind
                && let Some(to) = self.branch_target(kind, label.map(|l| l.name))
            {
                self.jump_if(*cond, true, to);
                break;
            }
            let no = self.asm.label();
            self.jump_if(*cond, false, no);
            self.block(&then.stmts);
            if els.is_some() {
                self.asm.jmp(end);
            }
            self.asm.place(no, false);
            next = *els;
        }
        self.asm.place(end, false);
        self.regs.free(m);
    }

    fn loop_target(&mut self, continue_to: Label, break_to: Label) -> Target {
        let name = self.next_label.take();
        Target { name, break_to, continue_to: Some(continue_to), fallthrough: None, only_by_name: false }
    }

    /// `for init; cond; post { body }`
    pub(crate) fn for_stmt(&mut self, init: Option<StmtId>, cond: Option<ExprId>, post: Option<StmtId>, body: &Block) {
        let (next, end, top) = (self.asm.label(), self.asm.label(), self.asm.label());
        let target = self.loop_target(next, end);
        let m = self.regs.mark();
        let pos = self.asm.pos();
        if let Some(init) = init {
            self.stmt(init);
        }
        let pinned = self.pin_constants(cond.as_slice(), post, body);
        let counted = cond.zip(post).and_then(|(c, p)| self.counting(c, p));
        // The test stands before the loop and again at its end, where it is the back-edge.
        let repeated = cond.filter(|c| counted.is_none() && self.may_repeat(*c));
        let turned = counted.is_some() || repeated.is_some();
        if let Some(c) = cond {
            if !turned {
                self.asm.place(top, true);
            }
            self.asm.set_pos(self.s.ast[c].span.lo);
            self.jump_if(c, false, end);
            if turned {
                self.asm.place(top, true);
            }
        } else {
            self.asm.place(top, true);
        }
        self.targets.push(target);
        self.block(&body.stmts);
        self.targets.pop();
        self.asm.place(next, false);
        self.copy_loop_boxes(init);
        self.asm.set_pos(pos);
        match counted {
            Some((var, Bound::Imm(n))) => self.asm.jump(Op::ForLtK, var, n as u16, 0, &[], top),
            Some((var, Bound::Reg(n))) => self.asm.jump(Op::ForLtI, var, n, 0, &[], top),
            None => {
                if let Some(post) = post {
                    self.stmt(post);
                }
                match repeated {
                    Some(c) => self.loop_if(c, top, end),
                    None => self.asm.jump(Op::Loop, 0, 0, 0, &[], top),
                }
            }
        }
        self.asm.place(end, false);
        if pinned {
            self.unpin();
        }
        self.regs.free(m);
    }

    /// The back-edge of a loop with a condition.
    fn loop_if(&mut self, cond: ExprId, top: Label, end: Label) {
        let (from, around) = (self.asm.len(), self.asm.label());
        self.asm.set_pos(self.s.ast[cond].span.lo);
        self.jump_if(cond, true, top);
        if self.asm.back_edges(from, top, around) {
            self.asm.jmp(end);
            self.asm.place(around, false);
            self.asm.jump(Op::Loop, 0, 0, 0, &[], top);
        }
    }

    /// Whether a condition is small, and plain enough to be compiled twice.
    fn may_repeat(&mut self, cond: ExprId) -> bool {
        let ast = self.s.ast;
        let (mut todo, mut size) = (vec![cond], 0);
        while let Some(x) = todo.pop() {
            size += 1;
            if size > 24 {
                return false;
            }
            if self.facts(x).is_some_and(|t| t.value.is_some() || t.mode == Mode::TypeExpr) {
                continue;
            }
            match &ast[x].kind {
                Expr::Name(_) => {}
                Expr::Paren(x) | Expr::Star(x) | Expr::Unary(_, x) | Expr::Selector(x, _) => todo.push(*x),
                Expr::Binary { x, y, .. } => todo.extend([*x, *y]),
                Expr::Index(x, i) => {
                    todo.push(*x);
                    todo.extend(i);
                }
                Expr::Call { fun, args, .. } => match self.facts(*fun).map(|t| t.mode) {
                    Some(Mode::TypeExpr | Mode::Builtin(Builtin::Len | Builtin::Cap)) => todo.extend(args),
                    _ => {
                        let small = self.s.static_callee(*fun).filter(|f| self.s.small(f.obj).is_some());
                        if small.is_none() {
                            return false;
                        }
                        todo.extend(args);
                        if let Expr::Selector(base, _) = ast[ast.unparen(*fun)].kind
                            && self.s.tp.info.selections.contains_key(&ast.unparen(*fun))
                        {
                            todo.push(base);
                        }
                    }
                },
                _ => return false,
            }
        }
        true
    }

    /// Variables of the loop that live in memory get new memory for the next iteration.
    fn copy_loop_boxes(&mut self, init: Option<StmtId>) {
        let ast = self.s.ast;
        let Some(Stmt::Assign { lhs, op: AssignOp::Define, .. }) = init.map(|s| &ast[s].kind) else { return };
        for l in lhs {
            let Some(obj) = self.defined(*l) else { continue };
            if !self.analysis.flags(obj).boxed() {
                continue;
            }
            if let Some(Var::Mem(r) | Var::Array(r)) = self.vars.get(&obj) {
                let r = *r;
                let t = self.s.type_ref(self.s.tp.objects[obj].ty).0 as u64;
                self.asm.op_words(Op::MemDup, r, r, 0, &[t]);
            }
        }
    }

    /// The variable and bound of a loop `..; i < n; i++`, where the back-edge can do both.
    fn counting(&mut self, cond: ExprId, post: StmtId) -> Option<(Reg, Bound)> {
        let ast = self.s.ast;
        let Stmt::IncDec { x, inc: true, .. } = ast[post].kind else { return None };
        let (var, obj) = self.int_variable(x)?;
        let cond = ast.unparen(cond);
        let Expr::Binary { op, x: l, y: r, .. } = ast[cond].kind else { return None };
        let (l, r, op) = match op {
            BinaryOp::Lt | BinaryOp::Le => (l, r, op),
            BinaryOp::Gt => (r, l, BinaryOp::Lt),
            BinaryOp::Ge => (r, l, BinaryOp::Le),
            _ => return None,
        };
        if self.int_variable(l)?.0 != var {
            return None;
        }
        let Shape::Int(k) = self.shape_of(x) else { return None };
        if k.bits == 64 && !k.signed {
            return None;
        }
        // A narrow variable must not wrap: it is below the bound when it is stepped if the body leaves it alone.
        if k.bits < 64 && self.analysis.flags(obj).assigned {
            return None;
        }
        if self.s.tp.info.value_of(r).is_some() {
            let n = self.const_int(r)?;
            let n = if op == BinaryOp::Le { n.checked_add(1)? } else { n };
            if let Ok(n) = i16::try_from(n) {
                return Some((var, Bound::Imm(n)));
            }
            if k.bits < 64 && op == BinaryOp::Le {
                return None;
            }
            let at = self.temp(1);
            self.load_int(at, n);
            return Some((var, Bound::Reg(at)));
        }
        if op == BinaryOp::Le {
            return None;
        }
        if let Some((n, _)) = self.int_variable(r) {
            return Some((var, Bound::Reg(n)));
        }
        let bare = ast.unparen(r);
        if let Expr::Call { fun, args, .. } = &ast[bare].kind
            && self.facts(*fun).is_some_and(|t| t.mode == Mode::Builtin(Builtin::Len))
            && let [s] = args[..]
            && let Some(Var::Reg(s_reg)) = self.variable(s)
            && matches!(self.shape_of(s), Shape::Slice(_) | Shape::Str)
        {
            return Some((var, Bound::Reg(s_reg + 1)));
        }
        None
    }

    /// Where a name's variable lives, if the expression is one.
    fn variable(&self, x: ExprId) -> Option<Var> {
        let x = self.s.ast.unparen(x);
        let Expr::Name(_) = self.s.ast[x].kind else { return None };
        self.vars.get(self.s.tp.info.uses.get(&x)?).copied()
    }

    /// A name of an integer variable in a register.
    fn int_variable(&self, x: ExprId) -> Option<(Reg, ObjId)> {
        let x = self.s.ast.unparen(x);
        let Some(Var::Reg(r)) = self.variable(x) else { return None };
        matches!(self.shape_of(x), Shape::Int(_)).then_some((r, *self.s.tp.info.uses.get(&x)?))
    }

    /// `for key, value := range x { body }`
    pub(crate) fn range_stmt(
        &mut self,
        s: StmtId,
        key: Option<ExprId>,
        value: Option<ExprId>,
        define: bool,
        x: ExprId,
        body: &Block,
    ) {
        let wanted = |g: &Self, v: Option<ExprId>| v.filter(|v| !matches!(g.s.ast[*v].kind, Expr::Name(Symbol::BLANK)));
        let (key, value) = (wanted(self, key), wanted(self, value));
        if self.shape_of(x) == Shape::Func {
            return self.range_func(s, [key, value], define, x, body);
        }
        let (next, end) = (self.asm.label(), self.asm.label());
        let target = self.loop_target(next, end);
        let m = self.regs.mark();
        let r = Range { key, value, define, body, next, end, target, pos: self.asm.pos() };
        let ty = self.ty(x);
        let pinned = self.pin_constants(&[], None, body);
        match self.s.shape(ty) {
            Shape::Int(k) => self.range_int(&r, x, ty, k),
            Shape::Slice(elem) => {
                let pair = self.range_pair(x);
                self.range_elements(&r, pair, elem);
            }
            Shape::Array(elem, n) => {
                let pair = if r.value.is_some() && !self.is_constant_variable(x) {
                    // The array is copied: assignments in the body do not show.
                    let from = self.expr(x, Want::Any);
                    let pair = self.temp(2);
                    self.mov(pair, from, 1);
                    self.load_int(pair + 1, n as i64);
                    pair
                } else if r.value.is_some() {
                    self.array_pair(x, n)
                } else {
                    self.effects(x);
                    let pair = self.temp(2);
                    self.asm.op(Op::Zero, pair, 2, 0);
                    self.load_int(pair + 1, n as i64);
                    pair
                };
                self.range_elements(&r, pair, elem);
            }
            Shape::Pointer(array) => {
                let Shape::Array(elem, n) = self.s.shape(array) else { unreachable!("the checker says so") };
                let p = self.expr(x, Want::Any);
                let pair = self.temp(2);
                self.mov(pair, p, 1);
                self.load_int(pair + 1, n as i64);
                if r.value.is_some() && n > 0 {
                    self.asm.op(Op::NilCheck, pair, 0, 0);
                }
                self.range_elements(&r, pair, elem);
            }
            Shape::Str => self.range_string(&r, x),
            Shape::Map(key, elem) => self.range_map(&r, x, ty, key, elem),
            Shape::Chan(_, elem) => self.range_chan(&r, x, elem),
            _ => unreachable!("the checker says so"),
        }
        self.asm.place(end, false);
        if pinned {
            self.unpin();
        }
        self.regs.free(m);
    }

    fn is_constant_variable(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        let Expr::Name(_) = self.s.ast[x].kind else { return false };
        let Some(&obj) = self.s.tp.info.uses.get(&x) else { return false };
        self.vars.contains_key(&obj) && self.analysis.flags(obj).constant()
    }

    /// Address and length of the slice that is ranged over, safe from assignments in the body.
    fn range_pair(&mut self, x: ExprId) -> Reg {
        let r = self.expr(x, Want::Any);
        if self.variable(x).is_none() || self.is_constant_variable(x) {
            return r;
        }
        let pair = self.temp(2);
        self.mov(pair, r, 2);
        pair
    }

    /// A register that a loop variable's value may be put in directly: the variable's own, if it lives in registers.
    fn range_variable(&mut self, r: &Range<'_>, v: Option<ExprId>, ty: TypeId) -> Option<RangeVar> {
        let v = v?;
        if !r.define {
            return Some(RangeVar::Assigned(v));
        }
        let obj = self.defined(v)?;
        if self.needs_memory(obj, ty) {
            return Some(RangeVar::Boxed(obj));
        }
        let at = self.temp_for(ty);
        self.vars.insert(obj, Var::Reg(at));
        Some(RangeVar::Reg(at))
    }

    /// Gives a loop variable its value for this iteration.
    pub(crate) fn set_range_variable(&mut self, var: Option<RangeVar>, from: Place, ty: TypeId) {
        let m = self.regs.mark();
        match var {
            None => {}
            Some(RangeVar::Reg(at)) => {
                self.load(from, ty, Want::Fresh(at));
            }
            Some(RangeVar::Boxed(obj)) => {
                let v = self.load(from, ty, Want::Any);
                // Its registers stay until the end of the loop's body.
                let var = self.in_memory(obj, ty, Some(v));
                self.vars.insert(obj, var);
                return;
            }
            Some(RangeVar::Assigned(x)) => {
                let target = self.ty(x);
                let v = self.load(from, ty, Want::Any);
                let v = self.value_as(v, ty, target, Want::Any);
                let place = self.place(x);
                self.store(place, target, v);
            }
        }
        self.regs.free(m);
    }

    /// Gives both loop variables their values: what is assigned to is found before either is assigned.
    fn set_range_variables(
        &mut self,
        key: (Option<RangeVar>, Place, TypeId),
        value: (Option<RangeVar>, Place, TypeId),
    ) {
        if let (Some(RangeVar::Assigned(k)), Some(RangeVar::Assigned(v))) = (key.0, value.0) {
            let m = self.regs.mark();
            let places = self.targets(&[k, v]);
            for ((place, x), (_, from, ty)) in places.into_iter().zip([k, v]).zip([key, value]) {
                let target = self.ty(x);
                let r = self.load(from, ty, Want::Any);
                let r = self.value_as(r, ty, target, Want::Any);
                self.store(place, target, r);
            }
            return self.regs.free(m);
        }
        self.set_range_variable(key.0, key.1, key.2);
        self.set_range_variable(value.0, value.1, value.2);
    }

    fn range_body(&mut self, r: &Range<'_>) {
        self.targets.push(r.target);
        self.block(&r.body.stmts);
        self.targets.pop();
        self.asm.place(r.next, false);
        self.asm.set_pos(r.pos);
    }

    fn range_int(&mut self, r: &Range<'_>, x: ExprId, ty: TypeId, k: IntKind) {
        // The variable's type may be that of the key when x is a constant.
        let ty = match r.key {
            Some(v) if r.define => self.defined(v).map_or(ty, |o| self.s.tp.objects[o].ty),
            Some(v) => self.ty(v),
            None => ty,
        };
        let var = self.range_variable(r, r.key, ty);
        let steady = match (&var, r.key.and_then(|v| self.defined(v))) {
            (Some(RangeVar::Reg(at)), Some(obj)) if !self.analysis.flags(obj).assigned => Some(*at),
            _ => None,
        };
        let n = self.temp(1);
        self.expr(x, Want::Fresh(n));
        let i = steady.unwrap_or_else(|| self.temp(1));
        self.asm.wide(Op::LoadI, i, 0);
        let top = self.asm.label();
        let unsigned = k.bits == 64 && !k.signed;
        if unsigned {
            self.asm.jump(Op::JEqK, n, 0, 0, &[], r.end);
        } else {
            self.asm.jump(Op::JLeK, n, 0, 0, &[], r.end);
        }
        self.asm.place(top, true);
        let m = self.regs.mark();
        if steady.is_none() {
            self.set_range_variable(var, Place::Reg(i), ty);
        }
        self.range_body(r);
        self.regs.free(m);
        if unsigned {
            self.asm.op(Op::AddK, i, i, 1);
            self.asm.jump(Op::JEqI, i, n, 0, &[], r.end);
            self.asm.jump(Op::Loop, 0, 0, 0, &[], top);
        } else {
            self.asm.jump(Op::ForLtI, i, n, 0, &[], top);
        }
    }

    fn range_elements(&mut self, r: &Range<'_>, pair: Reg, elem: TypeId) {
        let key = self.range_variable(r, r.key, TypeId::INT);
        let value = self.range_variable(r, r.value, elem);
        let steady = match (&key, r.key.and_then(|v| self.defined(v))) {
            (Some(RangeVar::Reg(at)), Some(obj)) if !self.analysis.flags(obj).assigned => Some(*at),
            _ => None,
        };
        let i = steady.unwrap_or_else(|| self.temp(1));
        self.asm.wide(Op::LoadI, i, 0);
        self.asm.jump(Op::JEqK, pair + 1, 0, 0, &[], r.end);
        let top = self.asm.label();
        self.asm.place(top, true);
        let m = self.regs.mark();
        let key = key.filter(|_| steady.is_none());
        // Where the value goes if the back-edge can load it.
        let loaded = match (key, value) {
            (None, Some(RangeVar::Reg(at))) => self.single_leaf(elem).is_some_and(is_word).then_some(at),
            _ => None,
        };
        self.set_range_variables((key, Place::Reg(i), TypeId::INT), (value, Place::Elem { pair, index: i }, elem));
        let inner = self.asm.label();
        if loaded.is_some() {
            self.asm.place(inner, true);
        }
        self.range_body(r);
        self.regs.free(m);
        match loaded {
            Some(at) => self.asm.jump(Op::ForE64, i, pair, 0, &[at as u64], inner),
            None => self.asm.jump(Op::ForLtI, i, pair + 1, 0, &[], top),
        }
    }

    fn range_string(&mut self, r: &Range<'_>, x: ExprId) {
        let s = self.range_pair(x);
        let key = self.range_variable(r, r.key, TypeId::INT);
        let value = self.range_variable(r, r.value, TypeId::INT32);
        let (next, rune, at) = (self.temp(1), self.temp(1), self.temp(1));
        self.asm.wide(Op::LoadI, next, 0);
        let top = self.asm.label();
        self.asm.place(top, true);
        let m = self.regs.mark();
        if key.is_some() {
            self.asm.op(Op::Mov, at, next, 0);
        }
        self.asm.jump(Op::StrNext, next, rune, s, &[0], r.end);
        self.set_range_variables((key, Place::Reg(at), TypeId::INT), (value, Place::Reg(rune), TypeId::INT32));
        self.range_body(r);
        self.regs.free(m);
        self.asm.jump(Op::Loop, 0, 0, 0, &[], top);
    }

    fn range_map(&mut self, r: &Range<'_>, x: ExprId, ty: TypeId, key_ty: TypeId, elem: TypeId) {
        let t = self.s.type_ref(ty).0 as u64;
        let iter = self.temp(1);
        let m = self.regs.mark();
        let map = self.expr(x, Want::Any);
        self.asm.op_words(Op::MapIter, iter, map, 0, &[t]);
        self.regs.free(m);
        let key = self.range_variable(r, r.key, key_ty);
        let value = self.range_variable(r, r.value, elem);
        let place = |g: &mut Self, var: &Option<RangeVar>, ty| match var {
            None => u16::MAX,
            Some(RangeVar::Reg(at)) => *at,
            Some(_) => g.temp_for(ty),
        };
        let k = place(self, &key, key_ty);
        let v = place(self, &value, elem);
        let top = self.asm.label();
        self.asm.place(top, true);
        let m = self.regs.mark();
        self.asm.jump(Op::MapNext, iter, k, v, &[t, 0], r.end);
        let in_place = |var: &RangeVar| matches!(var, RangeVar::Reg(_));
        let from = (self.value_place(k, key_ty), self.value_place(v, elem));
        self.set_range_variables(
            (key.filter(|v| !in_place(v)), from.0, key_ty),
            (value.filter(|v| !in_place(v)), from.1, elem),
        );
        self.range_body(r);
        self.regs.free(m);
        self.asm.jump(Op::Loop, 0, 0, 0, &[], top);
    }

    fn range_chan(&mut self, r: &Range<'_>, x: ExprId, elem: TypeId) {
        let ch = self.temp(1);
        let m = self.regs.mark();
        self.expr(x, Want::Fresh(ch));
        self.regs.free(m);
        let value = self.range_variable(r, r.key, elem);
        let n = self.s.regs(elem);
        let v = match value {
            Some(RangeVar::Reg(at)) => at,
            _ => self.temp(n),
        };
        let ok = self.temp(1);
        let top = self.asm.label();
        self.asm.place(top, true);
        let m = self.regs.mark();
        self.asm.op(Op::Recv2, v, ch, ok);
        self.asm.jump(Op::JFalse, ok, 0, 0, &[], r.end);
        if !matches!(value, Some(RangeVar::Reg(_))) {
            let from = self.value_place(v, elem);
            self.set_range_variable(value, from, elem);
        }
        self.range_body(r);
        self.regs.free(m);
        self.asm.jump(Op::Loop, 0, 0, 0, &[], top);
    }
}

/// A range statement that is being compiled.
struct Range<'b> {
    /// The first variable, if it is wanted.
    key: Option<ExprId>,
    /// The second variable, if it is wanted.
    value: Option<ExprId>,
    define: bool,
    body: &'b Block,
    next: Label,
    end: Label,
    target: Target,
    pos: u32,
}

/// What becomes of a loop variable's value.
#[derive(Clone, Copy)]
pub(crate) enum RangeVar {
    /// A new variable in registers.
    Reg(Reg),
    /// A new variable in memory, new for each iteration.
    Boxed(ObjId),
    /// An assignment.
    Assigned(ExprId),
}
