//! `select`: channels and values are evaluated in source order, then one instruction chooses, then a jump.
//!
//! What a received value is assigned to is only evaluated once its case is chosen.

use gol_bytecode::Op;
use gol_syntax::ast::{AssignOp, CommClause, Expr, ExprId, Stmt, StmtId, UnaryOp};
use gol_types::types::{Type, TypeId};

use crate::asm::Label;
use crate::control::Target;
use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

/// What a register operand is when it is not wanted.
const NONE: u64 = u16::MAX as u64;

/// A receive's registers, for after the choice.
#[derive(Clone, Copy)]
struct Received {
    elem: TypeId,
    value: Reg,
    ok: Reg,
}

impl<'a> FuncGen<'_, 'a> {
    /// `select { clauses }`
    pub(crate) fn select_stmt(&mut self, clauses: &[CommClause]) {
        let ast = self.s.ast;
        let name = self.next_label.take();
        let m = self.regs.mark();
        let pos = self.asm.pos();
        let chosen = self.temp(1);
        let mut table = Vec::new();
        let mut received = Vec::new();
        let mut has_default = false;
        for c in clauses {
            let Some(comm) = c.comm else {
                has_default = true;
                received.push(None);
                continue;
            };
            self.asm.set_pos(ast[comm].span.lo);
            if let Stmt::Send { chan, value, .. } = &ast[comm].kind {
                let Shape::Chan(_, elem) = self.shape_of(*chan) else { continue };
                let ch = self.settled_operand(*chan);
                let v = self.temp_for(elem);
                let mark = self.regs.mark();
                self.expr_as(*value, elem, Want::Fresh(v));
                self.regs.free(mark);
                table.push(ch as u64 | (v as u64) << 16 | NONE << 32);
                received.push(None);
                continue;
            }
            let Some((x, lhs)) = self.receive_parts(comm) else { continue };
            let Shape::Chan(_, elem) = self.shape_of(x) else { continue };
            let ch = self.settled_operand(x);
            let value = self.temp_for(elem);
            let ok = self.temp(1);
            let wants_ok = lhs.len() > 1;
            let ok_word = if wants_ok { ok as u64 } else { NONE };
            let value_word = if lhs.is_empty() { NONE } else { value as u64 };
            table.push(ch as u64 | value_word << 16 | ok_word << 32 | 1 << 48);
            received.push(Some(Received { elem, value, ok }));
        }
        self.asm.set_pos(pos);
        let end = self.asm.label();
        let bodies: Vec<Label> = clauses.iter().map(|_| self.asm.label()).collect();
        self.asm.table(Op::Select, chosen, has_default as u16, table);
        if clauses.is_empty() {
            self.unreachable();
        }
        let mut default = None;
        let mut cases = Vec::new();
        for (c, body) in clauses.iter().zip(&bodies) {
            if c.comm.is_none() { default = Some(*body) } else { cases.push(*body) }
        }
        if let Some(d) = default {
            self.asm.jump(Op::JLtK, chosen, 0, 0, &[], d);
        }
        match cases.len() {
            0 | 1 => {}
            2 | 3 => {
                for (i, body) in cases.iter().enumerate().skip(1) {
                    self.asm.jump(Op::JEqK, chosen, i as u16, 0, &[], *body);
                }
            }
            _ => self.asm.jump_table(chosen, cases.clone()),
        }
        match cases.first() {
            Some(first) => self.asm.jmp(*first),
            None if default.is_some() => self.asm.jmp(bodies[0]),
            None => {}
        }
        for ((c, body), r) in clauses.iter().zip(&bodies).zip(received) {
            self.asm.place(*body, false);
            self.targets.push(Target {
                name,
                break_to: end,
                continue_to: None,
                fallthrough: None,
                only_by_name: false,
            });
            let mark = self.regs.mark();
            if let (Some(comm), Some(r)) = (c.comm, r) {
                self.asm.set_pos(ast[comm].span.lo);
                self.receive_into(comm, r);
            }
            self.stmts(&c.body);
            self.regs.free(mark);
            self.targets.pop();
            self.asm.jmp(end);
        }
        self.asm.place(end, false);
        self.regs.free(m);
    }

    /// A channel in a register that later cases do not change.
    fn settled_operand(&mut self, x: ExprId) -> Reg {
        let r = self.temp(1);
        let m = self.regs.mark();
        self.expr(x, Want::Fresh(r));
        self.regs.free(m);
        r
    }

    /// The channel and the left sides of a case that receives.
    fn receive_parts(&self, comm: StmtId) -> Option<(ExprId, &'a [ExprId])> {
        let ast = self.s.ast;
        let (x, lhs) = match &ast[comm].kind {
            Stmt::Expr(x) => (*x, &[][..]),
            Stmt::Assign { lhs, rhs, .. } => (*rhs.first()?, &lhs[..]),
            _ => return None,
        };
        match ast[ast.unparen(x)].kind {
            Expr::Unary(UnaryOp::Recv, ch) => Some((ch, lhs)),
            _ => None,
        }
    }

    fn receive_into(&mut self, comm: StmtId, r: Received) {
        let ast = self.s.ast;
        let Stmt::Assign { lhs, op, rhs, .. } = &ast[comm].kind else { return };
        let ok_ty = rhs.first().and_then(|x| self.facts(*x)).map(|t| t.ty);
        let ok_ty = match ok_ty.map(|t| self.s.tp.types.get(t)) {
            Some(Type::Tuple(m)) => m.get(1).copied().unwrap_or(TypeId::BOOL),
            _ => TypeId::BOOL,
        };
        if !lhs.is_empty() {
            self.complete_received(r.value, r.elem);
        }
        for (l, (at, ty)) in lhs.iter().zip([(r.value, r.elem), (r.ok, ok_ty)]) {
            if *op == AssignOp::Define {
                if let Some(obj) = self.defined(*l) {
                    let target = self.s.tp.objects[obj].ty;
                    self.declare_value(obj, target, at);
                }
                continue;
            }
            let m = self.regs.mark();
            let place = self.place(*l);
            if place != Place::Blank {
                let target = self.ty(*l);
                let v = self.value_as(at, ty, target, Want::Any);
                self.store(place, target, v);
            }
            self.regs.free(m);
        }
    }

    /// What a closed channel gives is all zero words, which is no value of a Mem type: then there is none yet, and it is made.
    pub(crate) fn complete_received(&mut self, at: Reg, elem: TypeId) {
        if !self.s.is_mem(elem) {
            return;
        }
        let there = self.asm.label();
        self.asm.jump(Op::JNeK, at, 0, 0, &[], there);
        self.zero(at, elem);
        self.asm.place(there, false);
    }
}
