//! Constants of loops: operands that no instruction takes as an immediate are loaded once, before the outermost loop.

use gol_syntax::ast::{AssignOp, BinaryOp, Block, Decl, Expr, ExprId, Stmt, StmtId};
use gol_types::Mode;

use crate::func::{FuncGen, Want};
use crate::program::Shape;
use crate::regalloc::Reg;

/// Most constants that one loop keeps in registers.
const LIMIT: usize = 16;

impl FuncGen<'_, '_> {
    /// Loads the constants of a loop that is not inside another one; true if [`FuncGen::unpin`] is due after it.
    pub(crate) fn pin_constants(&mut self, header: &[ExprId], post: Option<StmtId>, body: &Block) -> bool {
        if self.in_pinned_loop {
            return false;
        }
        self.in_pinned_loop = true;
        let mut known: Vec<(TypeKey, Reg)> = Vec::new();
        for x in self.constant_operands(header, post, body) {
            let Some(key) = self.key(x) else { continue };
            let reg = match known.iter().find(|k| k.0 == key) {
                Some(k) => k.1,
                None if known.len() < LIMIT => {
                    let r = self.temp(1);
                    self.expr(x, Want::Fresh(r));
                    known.push((key, r));
                    r
                }
                None => continue,
            };
            self.pinned.insert(x, reg);
        }
        true
    }

    /// The loop is over.
    pub(crate) fn unpin(&mut self) {
        self.in_pinned_loop = false;
        self.pinned.clear();
    }

    /// A constant's kind and bits; `None` if it does not take one register.
    fn key(&self, x: ExprId) -> Option<TypeKey> {
        let value = self.s.tp.info.value_of(x)?;
        match self.shape_of(x) {
            Shape::F64 => Some((0, value.to_float().to_f64().to_bits() as i64)),
            Shape::F32 => Some((1, value.to_float().to_f32().to_bits() as i64)),
            Shape::Int(_) => Some((2, self.const_int(x)?)),
            Shape::Bool => Some((3, value.as_bool()? as i64)),
            _ => None,
        }
    }

    /// The constant operands in a loop's parts, in source order as far as it matters: none.
    fn constant_operands(&mut self, header: &[ExprId], post: Option<StmtId>, body: &Block) -> Vec<ExprId> {
        let ast = self.s.ast;
        let mut found = Vec::new();
        let mut exprs: Vec<ExprId> = header.to_vec();
        let mut stmts: Vec<StmtId> = post.iter().chain(&body.stmts).copied().collect();
        loop {
            if let Some(x) = exprs.pop() {
                if self.facts(x).is_none_or(|t| t.value.is_some() || t.mode == Mode::TypeExpr) {
                    continue;
                }
                match &ast[x].kind {
                    Expr::Binary { op, x, y, .. } => {
                        for (c, on_left) in [(x, true), (y, false)] {
                            let c = ast.unparen(*c);
                            if self.s.tp.info.value_of(c).is_some() && !self.is_immediate(*op, c, on_left) {
                                found.push(c);
                            }
                        }
                        exprs.extend([*y, *x]);
                    }
                    Expr::Paren(x)
                    | Expr::Star(x)
                    | Expr::TypeAssert(x, _)
                    | Expr::Unary(_, x)
                    | Expr::Selector(x, _) => {
                        exprs.push(*x);
                    }
                    Expr::KeyValue(x, y) => exprs.extend([*y, *x]),
                    Expr::Index(x, i) => {
                        exprs.extend(i);
                        exprs.push(*x);
                    }
                    Expr::Slice { x, lo, hi, max } => {
                        exprs.extend([max, hi, lo].into_iter().flatten());
                        exprs.push(*x);
                    }
                    Expr::Call { fun, args, .. } => {
                        // The body that will stand in place of it.
                        let small = self.s.static_callee(*fun).filter(|f| self.s.small(f.obj).is_some());
                        if let Some(body) = small.and_then(|f| self.s.decl_of(f.obj)?.body.as_ref()) {
                            stmts.extend(&body.stmts);
                        }
                        exprs.extend(args.iter().rev());
                        exprs.push(*fun);
                    }
                    Expr::CompositeLit { elems, .. } => exprs.extend(elems.iter().rev()),
                    _ => {}
                }
                continue;
            }
            let Some(s) = stmts.pop() else { return found };
            match &ast[s].kind {
                Stmt::Expr(x) | Stmt::Go(x) | Stmt::Defer(x) | Stmt::IncDec { x, .. } => exprs.push(*x),
                Stmt::Send { chan, value, .. } => exprs.extend([*value, *chan]),
                Stmt::Assign { lhs, op, rhs, .. } => {
                    for (l, r) in lhs.iter().zip(rhs) {
                        let c = ast.unparen(*r);
                        let wanted = match op {
                            AssignOp::Op(op) => !self.is_immediate(*op, c, false),
                            AssignOp::Assign => !matches!(ast[ast.unparen(*l)].kind, Expr::Name(_)),
                            AssignOp::Define => false,
                        };
                        if wanted && self.s.tp.info.value_of(c).is_some() {
                            found.push(c);
                        }
                    }
                    exprs.extend(rhs.iter().chain(lhs));
                }
                Stmt::Return(xs) => exprs.extend(xs),
                Stmt::Block(b) => stmts.extend(&b.stmts),
                Stmt::If { init, cond, then, els } => {
                    exprs.push(*cond);
                    stmts.extend(init.iter().chain(&then.stmts).chain(els));
                }
                Stmt::For { init, cond, post, body } => {
                    exprs.extend(cond);
                    stmts.extend(init.iter().chain(post).chain(&body.stmts));
                }
                Stmt::Range { x, body, .. } => {
                    exprs.push(*x);
                    stmts.extend(&body.stmts);
                }
                Stmt::Switch { init, tag, clauses, .. } => {
                    exprs.extend(tag);
                    stmts.extend(init.iter().chain(clauses.iter().flat_map(|c| &c.body)));
                }
                Stmt::TypeSwitch { clauses, .. } => stmts.extend(clauses.iter().flat_map(|c| &c.body)),
                Stmt::Select(clauses) => stmts.extend(clauses.iter().flat_map(|c| &c.body)),
                Stmt::Labeled(_, s) => stmts.push(*s),
                Stmt::Decl(d) => {
                    if let Decl::Var(specs) = &ast[*d].kind {
                        exprs.extend(specs.iter().flat_map(|s| &s.values));
                    }
                }
                Stmt::Bad | Stmt::Empty | Stmt::Branch { .. } => {}
            }
        }
    }

    /// Whether an operator takes this constant operand as part of the instruction.
    fn is_immediate(&self, op: BinaryOp, c: ExprId, on_left: bool) -> bool {
        let Shape::Int(k) = self.shape_of(c) else { return false };
        let small = self.const_imm(c).is_some();
        match op {
            BinaryOp::Add | BinaryOp::Mul | BinaryOp::And => small,
            BinaryOp::Shl | BinaryOp::Shr => !on_left,
            BinaryOp::Sub => small && !on_left,
            BinaryOp::Div | BinaryOp::Rem if on_left => false,
            BinaryOp::Div | BinaryOp::Rem if k.signed => small,
            BinaryOp::Div | BinaryOp::Rem => self.const_int(c).is_some_and(|n| n > 0 && n & (n - 1) == 0),
            BinaryOp::Eq | BinaryOp::Ne => small,
            _ if op.is_comparison() => small && (k.signed || k.bits < 64),
            _ => false,
        }
    }
}

type TypeKey = (u8, i64);
