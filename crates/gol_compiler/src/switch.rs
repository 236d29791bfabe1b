//! `switch` and type switches.
//!
//! Dense integer constants jump by a table, everything else is a chain of comparisons in source order.

use gol_bytecode::Op;
use gol_syntax::ast::{BinaryOp, CaseClause, ExprId, StmtId};
use gol_types::types::TypeId;

use crate::asm::Label;
use crate::control::Target;
use crate::func::{FuncGen, Var, Want};
use crate::program::Shape;
use crate::regalloc::Reg;

/// From this many constant cases on, a jump table is considered.
const MIN_TABLE: usize = 4;

impl FuncGen<'_, '_> {
    /// `switch init; tag { clauses }`
    pub(crate) fn switch_stmt(&mut self, init: Option<StmtId>, tag: Option<ExprId>, clauses: &[CaseClause]) {
        let name = self.next_label.take();
        let m = self.regs.mark();
        if let Some(init) = init {
            self.stmt(init);
        }
        let end = self.asm.label();
        let bodies: Vec<Label> = clauses.iter().map(|_| self.asm.label()).collect();
        let default = clauses.iter().position(|c| c.exprs.is_none()).map_or(end, |i| bodies[i]);
        let is_true = tag.is_none_or(|t| self.s.tp.info.value_of(t).and_then(|v| v.as_bool()) == Some(true));
        if is_true {
            for (c, body) in clauses.iter().zip(&bodies) {
                for x in c.exprs.iter().flatten() {
                    self.asm.set_pos(self.s.ast[*x].span.lo);
                    self.jump_if(*x, true, *body);
                }
            }
        } else if let Some(tag) = tag {
            let ty = self.ty(tag);
            let r = self.expr(tag, Want::Any);
            if !self.jump_by_table(r, ty, clauses, &bodies, default) {
                for (c, body) in clauses.iter().zip(&bodies) {
                    for x in c.exprs.iter().flatten() {
                        self.jump_if_case(r, ty, *x, *body);
                    }
                }
            }
        }
        self.asm.jmp(default);
        self.clauses(name, end, &bodies, clauses, |_, _| {});
        self.regs.free(m);
    }

    /// The bodies of the clauses, each in a scope of its own.
    fn clauses(
        &mut self,
        name: Option<gol_source::Symbol>,
        end: Label,
        bodies: &[Label],
        clauses: &[CaseClause],
        mut start: impl FnMut(&mut Self, usize),
    ) {
        for (i, c) in clauses.iter().enumerate() {
            self.asm.place(bodies[i], false);
            let fallthrough = bodies.get(i + 1).copied();
            self.targets.push(Target { name, break_to: end, continue_to: None, fallthrough, only_by_name: false });
            let m = self.regs.mark();
            start(self, i);
            self.stmts(&c.body);
            self.regs.free(m);
            self.targets.pop();
            self.asm.jmp(end);
        }
        self.asm.place(end, false);
    }

    /// Jumps to `body` if the tag equals a case's value.
    fn jump_if_case(&mut self, tag: Reg, tag_ty: TypeId, x: ExprId, body: Label) {
        let m = self.regs.mark();
        self.asm.set_pos(self.s.ast[x].span.lo);
        if self.is_nil(x) {
            self.asm.jump(Op::JEqK, tag, 0, 0, &[], body);
            return;
        }
        if let (Shape::Int(_), Some(n)) = (self.s.shape(tag_ty), self.const_imm(x)) {
            self.asm.jump(Op::JEqK, tag, n as u16, 0, &[], body);
            return;
        }
        let ty = self.ty(x);
        if self.s.shape(ty) == Shape::Iface && self.s.shape(tag_ty) != Shape::Iface {
            let t = self.make_iface(tag, tag_ty, Want::Any);
            let v = self.expr(x, Want::Any);
            self.jump_if_values(BinaryOp::Eq, t, v, ty, true, body);
        } else {
            let v = self.expr_as(x, tag_ty, Want::Any);
            self.jump_if_values(BinaryOp::Eq, tag, v, tag_ty, true, body);
        }
        self.regs.free(m);
    }

    /// A jump table, if all cases are integer constants close together.
    fn jump_by_table(
        &mut self,
        tag: Reg,
        ty: TypeId,
        clauses: &[CaseClause],
        bodies: &[Label],
        default: Label,
    ) -> bool {
        if !matches!(self.s.shape(ty), Shape::Int(_)) {
            return false;
        }
        let mut cases = Vec::new();
        for (c, body) in clauses.iter().zip(bodies) {
            for x in c.exprs.iter().flatten() {
                match self.const_int(*x) {
                    Some(n) => cases.push((n, *body)),
                    None => return false,
                }
            }
        }
        let (Some(lo), Some(hi)) = (cases.iter().map(|c| c.0).min(), cases.iter().map(|c| c.0).max()) else {
            return false;
        };
        let span = hi as i128 - lo as i128 + 1;
        if cases.len() < MIN_TABLE || span > 4 * cases.len() as i128 + 8 || span > 60_000 {
            return false;
        }
        let m = self.regs.mark();
        let index = if (0..=4).contains(&lo) {
            tag
        } else {
            let t = self.temp(1);
            match i16::try_from(-(lo as i128)) {
                Ok(n) => self.asm.op(Op::AddK, t, tag, n as u16),
                Err(_) => {
                    self.load_int(t, lo);
                    self.asm.op(Op::Sub, t, tag, t);
                }
            }
            t
        };
        let first = if index == tag { 0 } else { lo };
        let mut table = vec![default; (hi as i128 - first as i128 + 1) as usize];
        // The first of equal cases counts.
        for (n, body) in cases.into_iter().rev() {
            table[(n as i128 - first as i128) as usize] = body;
        }
        self.asm.jump_table(index, table);
        self.regs.free(m);
        true
    }

    /// `switch init; bind := x.(type) { clauses }`
    pub(crate) fn type_switch(&mut self, init: Option<StmtId>, x: ExprId, clauses: &[CaseClause]) {
        let name = self.next_label.take();
        let m = self.regs.mark();
        if let Some(init) = init {
            self.stmt(init);
        }
        let end = self.asm.label();
        let bodies: Vec<Label> = clauses.iter().map(|_| self.asm.label()).collect();
        let default = clauses.iter().position(|c| c.exprs.is_none()).map_or(end, |i| bodies[i]);
        let ty = self.ty(x);
        let v = self.expr(x, Want::Any);
        for (c, body) in clauses.iter().zip(&bodies) {
            for case in c.exprs.iter().flatten() {
                let m = self.regs.mark();
                self.asm.set_pos(self.s.ast[*case].span.lo);
                if self.is_nil(*case) {
                    self.asm.jump(Op::JEqK, v, 0, 0, &[], *body);
                    continue;
                }
                let target = self.ty(*case);
                let t = self.s.type_ref(target);
                if self.s.shape(target) == Shape::Iface {
                    let r = self.temp(1);
                    self.asm.op_words(Op::Implements, r, v, 0, &[t.0 as u64]);
                    self.asm.jump(Op::JTrue, r, 0, 0, &[], *body);
                } else if let Ok(n) = i16::try_from(t.0) {
                    self.asm.jump(Op::JEqK, v, n as u16, 0, &[], *body);
                } else {
                    let r = self.temp(1);
                    self.load_int(r, t.0 as i64);
                    self.asm.jump(Op::JEqI, v, r, 0, &[], *body);
                }
                self.regs.free(m);
            }
        }
        self.asm.jmp(default);
        self.clauses(name, end, &bodies, clauses, |g, i| {
            let Some(&obj) = g.s.tp.info.implicits.get(&clauses[i].span.lo) else { return };
            let single = match clauses[i].exprs.as_deref() {
                Some([one]) if !g.is_nil(*one) => g.ty(*one),
                _ => ty,
            };
            g.asm.set_pos(clauses[i].span.lo);
            if g.s.shape(single) == Shape::Iface {
                return g.declare_value(obj, single, v);
            }
            let t = g.s.type_ref(single).0 as u64;
            let r = g.temp_for(single);
            g.asm.op_words(Op::Unbox, r, v, 0, &[t]);
            let var = if g.needs_memory(obj, single) { g.in_memory(obj, single, Some(r)) } else { Var::Reg(r) };
            g.vars.insert(obj, var);
        });
        self.regs.free(m);
    }
}
