//! Statements: dispatch by form, blocks, declarations, returns. Control flow is in `control`, assignments in `assign`.

use gol_bytecode::Op;
use gol_source::Symbol;
use gol_syntax::ast::{AssignOp, BranchKind, Decl, DeclId, Expr, ExprId, Stmt, StmtId};
use gol_types::types::TypeId;
use gol_types::{Builtin, Mode};

use crate::asm::Label;
use crate::func::{FuncGen, Var, Want};
use crate::place::Place;
use crate::range_func::Exit;

impl FuncGen<'_, '_> {
    /// The statements of a block; variables declared in it are gone afterwards.
    pub(crate) fn block(&mut self, stmts: &[StmtId]) {
        let m = self.regs.mark();
        self.stmts(stmts);
        self.regs.free(m);
    }

    /// Statements in a scope that the caller ends.
    pub(crate) fn stmts(&mut self, stmts: &[StmtId]) {
        for s in stmts {
            self.stmt(*s);
        }
    }

    /// One statement. Only variables that it declares stay in registers.
    pub(crate) fn stmt(&mut self, s: StmtId) {
        let ast = self.s.ast;
        let span = ast[s].span;
        if !self.deeper(span) {
            self.depth -= 1;
            return;
        }
        self.asm.set_pos(span.lo);
        let label = match ast[s].kind {
            Stmt::For { .. } | Stmt::Range { .. } | Stmt::Switch { .. } | Stmt::TypeSwitch { .. } | Stmt::Select(_) => {
                None
            }
            _ => self.next_label.take(),
        };
        let m = self.regs.mark();
        match &ast[s].kind {
            Stmt::Bad | Stmt::Empty => {}
            Stmt::Expr(x) => {
                self.effects(*x);
                self.regs.free(m);
            }
            Stmt::Send { chan, value, arrow } => {
                let ty = self.ty(*chan);
                if let crate::program::Shape::Chan(_, elem) = self.s.shape(ty) {
                    let (ch, v) = self.operands(*chan, ty, *value, elem);
                    self.asm.set_pos(*arrow);
                    self.asm.op(Op::Send, ch, v, 0);
                }
                self.regs.free(m);
            }
            Stmt::IncDec { x, inc, op_pos } => {
                self.inc_dec(*x, *inc, *op_pos);
                self.regs.free(m);
            }
            Stmt::Assign { lhs, op, op_pos, rhs } => match op {
                AssignOp::Define => self.define(lhs, rhs),
                AssignOp::Assign => {
                    self.assign(lhs, rhs);
                    self.regs.free(m);
                }
                AssignOp::Op(op) => {
                    self.op_assign(*op, *op_pos, lhs[0], rhs[0]);
                    self.regs.free(m);
                }
            },
            Stmt::Go(x) => self.go_or_defer(*x, false),
            Stmt::Defer(x) => self.go_or_defer(*x, true),
            Stmt::Return(xs) => {
                self.return_stmt(xs);
                self.regs.free(m);
            }
            Stmt::Branch { kind, label } => self.branch(*kind, label.map(|l| l.name)),
            Stmt::Block(b) => match label {
                Some(name) => self.labelled_block(name, |g| g.block(&b.stmts)),
                None => self.block(&b.stmts),
            },
            Stmt::If { .. } => match label {
                Some(name) => self.labelled_block(name, |g| g.if_stmt(s)),
                None => self.if_stmt(s),
            },
            Stmt::Switch { init, tag, clauses, .. } => self.switch_stmt(*init, *tag, clauses),
            Stmt::TypeSwitch { init, x, clauses, .. } => self.type_switch(*init, *x, clauses),
            Stmt::Select(clauses) => self.select_stmt(clauses),
            Stmt::For { init, cond, post, body } => self.for_stmt(*init, *cond, *post, body),
            Stmt::Range { key, value, define, x, body, .. } => self.range_stmt(s, *key, *value, *define, *x, body),
            Stmt::Labeled(l, inner) => {
                let label = self.goto_label(l.name);
                self.asm.place_live(label);
                self.next_label = Some(l.name);
                self.stmt(*inner);
                self.next_label = None;
            }
            Stmt::Decl(d) => self.declaration(*d),
        }
        self.depth -= 1;
    }

    /// Evaluates an expression for what it does.
    pub(crate) fn effects(&mut self, x: ExprId) {
        let x = self.s.ast.unparen(x);
        if let Expr::Call { fun, args, .. } = &self.s.ast[x].kind
            && self.facts(*fun).is_some_and(|t| t.mode == Mode::Builtin(Builtin::Recover))
            && args.is_empty()
        {
            self.expr(x, Want::Any);
            return;
        }
        if self.facts(x).is_some_and(|t| t.value.is_some()) {
            return;
        }
        if matches!(self.s.ast[x].kind, Expr::Name(_)) {
            return;
        }
        self.expr(x, Want::Any);
    }

    fn declaration(&mut self, d: DeclId) {
        let ast = self.s.ast;
        let Decl::Var(specs) = &ast[d].kind else { return };
        for spec in specs {
            self.asm.set_pos(spec.span.lo);
            let objs: Vec<_> = spec.names.iter().map(|n| self.def(n.span.lo)).collect();
            if objs.iter().flatten().any(|o| self.s.tp.objects[*o].is_package_var()) {
                self.define_globals(&objs, &spec.values);
            } else if spec.values.len() == spec.names.len() {
                let pairs: Vec<_> = objs.into_iter().zip(spec.values.iter().copied()).collect();
                self.declare_each(&pairs);
            } else if let [x] = spec.values[..] {
                let targets: Vec<_> = objs.into_iter().map(|o| (o, Place::Blank, TypeId::INVALID)).collect();
                self.unpack(x, &targets);
            } else {
                for obj in objs.into_iter().flatten() {
                    let ty = self.s.tp.objects[obj].ty;
                    self.declare_zero(obj, ty);
                }
            }
        }
    }

    fn return_stmt(&mut self, xs: &[ExprId]) {
        let pos = self.asm.pos();
        let results = self.results.clone();
        if xs.is_empty() {
            return self.return_variables();
        }
        let total: u16 = results.iter().map(|r| self.s.regs(r.ty)).fold(0, u16::saturating_add);
        // Result variables are set first where deferred calls or pointers to them could look.
        let set = self.defers || results.iter().any(|r| matches!(r.var, Some(Var::Mem(_) | Var::Array(_))));
        if let ([x], 1) = (xs, results.len()) {
            let r = results[0];
            if !set {
                let want = self.inline.map_or(Want::Any, |call| Want::Fresh(call.row));
                let v = self.expr_as(*x, r.ty, want);
                self.asm.set_pos(pos);
                return self.ret(v, total);
            }
            match r.var {
                Some(Var::Reg(at)) => {
                    self.expr_as(*x, r.ty, Want::Var(at));
                }
                _ => {
                    let v = self.expr_as(*x, r.ty, Want::Any);
                    let place = self.place_of(r.var.unwrap_or(Var::Reg(v)));
                    self.store(place, r.ty, v);
                }
            }
            self.asm.set_pos(pos);
            return self.return_variables();
        }
        let row = if xs.len() == 1 && results.len() > 1 {
            // `return f()` with several results.
            let members = self.s.members(self.facts(xs[0]).map_or(TypeId::INVALID, |t| t.ty));
            let from = self.expr(xs[0], Want::Any);
            if members.iter().zip(&results).all(|(m, r)| *m == r.ty) {
                from
            } else {
                let row = self.temp(total);
                let (mut from, mut at) = (from, row);
                for (m, r) in members.iter().zip(&results) {
                    self.value_as(from, *m, r.ty, Want::Fresh(at));
                    from += self.s.regs(*m);
                    at = at.saturating_add(self.s.regs(r.ty));
                }
                row
            }
        } else {
            let row = match self.inline {
                Some(call) => call.row,
                None => self.temp(total),
            };
            let mut at = row;
            let mut list = Vec::new();
            for (x, r) in xs.iter().zip(&results) {
                list.push((*x, r.ty, at));
                at = at.saturating_add(self.s.regs(r.ty));
            }
            self.exprs_into(&list);
            row
        };
        self.asm.set_pos(pos);
        if !set {
            return self.ret(row, total);
        }
        let mut at = row;
        for r in &results {
            if let Some(var) = r.var {
                let place = self.place_of(var);
                self.store(place, r.ty, at);
            }
            at = at.saturating_add(self.s.regs(r.ty));
        }
        self.return_variables();
    }

    /// `break`, `continue`, `goto` and `fallthrough`.
    pub(crate) fn branch(&mut self, kind: BranchKind, label: Option<Symbol>) {
        match kind {
            BranchKind::Goto => {
                let Some(name) = label else { return };
                if self.is_outside(name) {
                    return self.leave_body(Exit::Branch(kind, name));
                }
                let l = self.goto_label(name);
                let op = if self.asm.is_placed(l) { Op::Loop } else { Op::Jmp };
                self.asm.jump(op, 0, 0, 0, &[], l);
            }
            _ => {
                if let Some(l) = self.branch_target(kind, label) {
                    self.asm.jmp(l);
                } else if let (Some(name), Some(_)) = (label, &self.range) {
                    self.leave_body(Exit::Branch(kind, name));
                }
            }
        }
    }

    /// Where `break`, `continue` and `fallthrough` lead; `None` for `goto`.
    pub(crate) fn branch_target(&self, kind: BranchKind, label: Option<Symbol>) -> Option<Label> {
        let is_continue = match kind {
            BranchKind::Goto => return None,
            BranchKind::Fallthrough => return self.targets.iter().rev().find_map(|t| t.fallthrough),
            BranchKind::Continue => true,
            BranchKind::Break => false,
        };
        self.targets.iter().rev().find_map(|t| match label {
            Some(name) if t.name != Some(name) => None,
            Some(_) if is_continue => t.continue_to,
            Some(_) => Some(t.break_to),
            None if is_continue => t.continue_to,
            None if t.only_by_name => None,
            None => Some(t.break_to),
        })
    }

    /// The label that a goto jumps to.
    fn goto_label(&mut self, name: Symbol) -> Label {
        if let Some(&l) = self.labels.get(&name) {
            return l;
        }
        let l = self.asm.label();
        self.labels.insert(name, l);
        l
    }
}
