//! The order of evaluation inside a statement.
//!
//! The specification orders calls and receives among themselves, and leaves open when a variable is read in between. What
//! programs see is what Go's compiler does: calls, receives and the few other operations that it turns into temporaries are
//! carried out first, in source order; variables, fields, elements and indirections are read after the last of them, when
//! the operands are put together. Here only what needs it is moved: a call with something before it that a call could change.
//! Its value waits in registers of its own until the expression that it is part of takes it.

use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};
use gol_types::types::TypeId;
use gol_types::{Builtin, Mode, ObjId, Selected, Selection, SelectionKind};

use crate::captures::Inner;
use crate::func::{FuncGen, Want};
use crate::program::Shape;
use crate::regalloc::Reg;

/// What a walk over operands has met.
#[derive(Default)]
struct Found {
    /// What is evaluated to a temporary, in order.
    nodes: Vec<ExprId>,
    /// Something was met that a call could change, or that could panic where Go would do the calls first.
    unstable: bool,
    /// How many of `nodes` must be evaluated before the rest of the operands.
    needed: usize,
}

impl FuncGen<'_, '_> {
    /// Evaluates calls in operands before what precedes them, where that can make a difference. The operands must be
    /// evaluated next, in order; until then the registers above the present height stay taken.
    pub(crate) fn hoist(&mut self, operands: &[ExprId]) {
        let list: Vec<_> = operands.iter().map(|x| (*x, TypeId::INVALID)).collect();
        self.hoist_as(&list);
    }

    /// The same, of operands that are converted to a type.
    pub(crate) fn hoist_as(&mut self, operands: &[(ExprId, TypeId)]) {
        let mut found = Found::default();
        self.collect_as(operands, &mut found);
        self.evaluate(found);
    }

    /// The operands of a call: the receiver's expression if it is a method, or what gives the func value.
    pub(crate) fn hoist_call(
        &mut self,
        method: Option<(ExprId, &Selection)>,
        fun: Option<ExprId>,
        args: &[(ExprId, TypeId)],
    ) {
        let mut found = Found::default();
        if let Some((base, sel)) = method {
            self.collect(base, &mut found);
            match sel.selected {
                // A receiver that is copied from behind a pointer is read late.
                Selected::Method(obj) => {
                    let recv = self.s.recv_type(obj).unwrap_or(TypeId::INVALID);
                    let by_value = !matches!(self.s.shape(recv), Shape::Pointer(_));
                    let pointer = matches!(self.shape_of(base), Shape::Pointer(_));
                    found.unstable |= sel.indirect || by_value && pointer;
                }
                // An interface is not.
                _ => {
                    let base = self.s.ast.unparen(base);
                    if !self.is_stable(base) && found.nodes.last() != Some(&base) && !self.hoisted.contains_key(&base) {
                        found.nodes.push(base);
                    }
                }
            }
        }
        if let Some(fun) = fun {
            self.collect(fun, &mut found);
        }
        self.collect_as(args, &mut found);
        self.evaluate(found);
    }

    fn collect_as(&mut self, operands: &[(ExprId, TypeId)], found: &mut Found) {
        for &(x, ty) in operands {
            let x = self.s.ast.unparen(x);
            let copied = self.is_copied(x, ty);
            self.collect(x, found);
            if copied && found.nodes.last() != Some(&x) {
                found.nodes.push(x);
            }
        }
    }

    /// Whether Go's compiler copies a value when it puts it in an interface of type `ty`: one whose address it needs for that,
    /// unless it is a variable.
    fn is_copied(&mut self, x: ExprId, ty: TypeId) -> bool {
        if self.s.shape(ty) != Shape::Iface || self.hoisted.contains_key(&x) || self.is_addressable(x) {
            return false;
        }
        if self.facts(x).is_none_or(|t| t.value.is_some() || t.mode == Mode::NilValue) {
            return false;
        }
        let from = self.ty(x);
        let l = self.s.layout(from);
        let plain = l.ptr_words.iter().all(|w| *w == 0);
        match self.s.shape(from) {
            Shape::Bool | Shape::C64 | Shape::C128 => true,
            Shape::Int(k) => k.bits == 8,
            Shape::Struct | Shape::Array(..) => !(plain && matches!(l.go_size, 2 | 4 | 8) && l.go_align == l.go_size),
            _ => false,
        }
    }

    /// Whether an expression is a variable, or part of one, in Go's memory.
    fn is_addressable(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        match self.s.ast[x].kind {
            Expr::Name(_) => self.facts(x).is_some_and(|t| t.mode == Mode::Variable),
            Expr::Star(_) => true,
            Expr::Selector(base, _) => match self.s.tp.info.selections.get(&x) {
                Some(sel) => sel.kind == SelectionKind::FieldVal && (sel.indirect || self.is_addressable(base)),
                None => self.facts(x).is_some_and(|t| t.mode == Mode::Variable),
            },
            Expr::Index(base, _) => match self.shape_of(base) {
                Shape::Slice(_) | Shape::Pointer(_) => true,
                Shape::Array(..) => self.is_addressable(base),
                _ => false,
            },
            _ => false,
        }
    }

    fn evaluate(&mut self, mut found: Found) {
        for x in found.nodes.drain(..found.needed) {
            let ty = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
            let n = self.s.regs(ty);
            let r = match self.s.ast[x].kind {
                // The result of a call is nobody's; that of a built-in may be a part of a variable.
                Expr::Call { fun, .. }
                    if !matches!(self.facts(fun).map(|t| t.mode), Some(Mode::Builtin(_) | Mode::TypeExpr)) =>
                {
                    self.expr(x, Want::Any)
                }
                _ => {
                    let r = self.temp(n);
                    let m = self.regs.mark();
                    self.expr(x, Want::Fresh(r));
                    self.regs.free(m);
                    r
                }
            };
            self.regs.keep(r, n);
            self.hoisted.insert(x, r);
        }
    }

    /// The operands of an assignment of one value, or of the values of one call.
    pub(crate) fn hoist_assignment(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let list = self.assignment_operands(lhs, rhs);
        self.hoist(&list);
    }

    /// The operands of an assignment of several values: all calls are evaluated, as the values are stored one by one.
    pub(crate) fn hoist_assignments(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let mut found = Found::default();
        for x in self.assignment_operands(lhs, rhs) {
            self.collect(x, &mut found);
        }
        found.needed = found.nodes.len();
        self.evaluate(found);
    }

    /// Of a left side: what its place needs, which is not the value there.
    fn assignment_operands(&self, lhs: &[ExprId], rhs: &[ExprId]) -> Vec<ExprId> {
        let mut list = Vec::new();
        for &l in lhs {
            let l = self.s.ast.unparen(l);
            match &self.s.ast[l].kind {
                Expr::Index(base, index) => {
                    list.push(*base);
                    list.extend(index);
                }
                Expr::Star(x) | Expr::Selector(x, _) if self.facts(l).is_some() => list.push(*x),
                _ => {}
            }
        }
        list.extend(rhs);
        list
    }

    /// Whether an expression without calls reads what has been assigned: one of the variables in registers, or memory if `memory`.
    pub(crate) fn is_affected(&self, x: ExprId, assigned: &[ObjId], memory: bool) -> bool {
        let ast = self.s.ast;
        let mut todo = vec![x];
        while let Some(x) = todo.pop() {
            let x = ast.unparen(x);
            let done = self.hoisted.contains_key(&x);
            if done || self.facts(x).is_some_and(|t| t.value.is_some() || t.mode == Mode::TypeExpr) {
                continue;
            }
            match &ast[x].kind {
                Expr::Name(_) => match self.s.tp.info.uses.get(&x) {
                    Some(o) if assigned.contains(o) => return true,
                    // What a closure has captured counts as memory.
                    Some(o) if memory && self.is_captured(*o) => return true,
                    _ if memory && !self.is_stable(x) => return true,
                    _ => {}
                },
                Expr::Call { args, .. } => todo.extend(args),
                Expr::Unary(UnaryOp::Addr, _) | Expr::FuncLit { .. } | Expr::TypeAssert(..) | Expr::Slice { .. } => {
                    return true;
                }
                Expr::Unary(_, y) | Expr::KeyValue(_, y) => todo.push(*y),
                Expr::Binary { x, y, .. } => todo.extend([*x, *y]),
                Expr::CompositeLit { elems, .. } => todo.extend(elems),
                Expr::Selector(base, _) => match self.s.tp.info.selections.get(&x) {
                    Some(sel) if memory && sel.indirect => return true,
                    Some(_) => todo.push(*base),
                    None if memory && !self.is_stable(x) => return true,
                    None => {}
                },
                _ if memory => return true,
                Expr::Star(y) => todo.push(*y),
                Expr::Index(base, index) => {
                    todo.push(*base);
                    todo.extend(index);
                }
                _ => {}
            }
        }
        false
    }

    fn is_captured(&self, obj: ObjId) -> bool {
        self.lit.is_some_and(|lit| self.analysis.free(Inner::Lit(lit)).contains(&obj))
    }

    /// Walks an operand in order of evaluation.
    fn collect(&mut self, x: ExprId, found: &mut Found) {
        let ast = self.s.ast;
        let x = ast.unparen(x);
        if self.hoisted.contains_key(&x) || self.facts(x).is_some_and(|t| t.value.is_some() || t.mode == Mode::TypeExpr)
        {
            return;
        }
        match &ast[x].kind {
            Expr::Call { fun, args, .. } => match self.facts(*fun).map(|t| (t.mode, t.ty)) {
                Some((Mode::TypeExpr, target)) => {
                    args.iter().for_each(|a| self.collect_as(&[(*a, target)], found));
                    if matches!(self.s.shape(target), Shape::Slice(_))
                        && args.len() == 1
                        && self.shape_of(args[0]) == Shape::Str
                    {
                        found.nodes.push(x);
                    }
                }
                // These cannot change anything.
                Some((Mode::Builtin(b), _)) => {
                    let pure = matches!(
                        b,
                        Builtin::Len
                            | Builtin::Cap
                            | Builtin::Real
                            | Builtin::Imag
                            | Builtin::Complex
                            | Builtin::Make
                            | Builtin::New
                    ) && !args.iter().any(|a| self.has_call(*a));
                    self.operation(x, !pure, found);
                }
                _ => self.operation(x, true, found),
            },
            Expr::Unary(UnaryOp::Recv, _) => self.operation(x, true, found),
            Expr::Binary { op: BinaryOp::LAnd | BinaryOp::LOr, .. } | Expr::Slice { .. } => {
                let calls = self.has_call(x);
                self.operation(x, calls, found);
            }
            Expr::Binary { op, x: l, y: r, .. } => {
                // A chain leans to the left.
                let mut chain = vec![(*op, *r)];
                let mut left = ast.unparen(*l);
                while let Expr::Binary { op, x: l, y: r, .. } = ast[left].kind
                    && !matches!(op, BinaryOp::LAnd | BinaryOp::LOr)
                    && self.facts(left).is_none_or(|t| t.value.is_none())
                    && !self.hoisted.contains_key(&left)
                {
                    chain.push((op, r));
                    left = ast.unparen(l);
                }
                self.collect(left, found);
                for (op, r) in chain.into_iter().rev() {
                    self.collect(r, found);
                    found.unstable |= matches!(op, BinaryOp::Div | BinaryOp::Rem | BinaryOp::Shl | BinaryOp::Shr)
                        && self.facts(r).is_none_or(|t| t.value.is_none());
                }
            }
            Expr::Unary(UnaryOp::Addr, y) => match ast[ast.unparen(*y)].kind {
                Expr::CompositeLit { .. } => self.collect(*y, found),
                _ => {
                    // The address of a variable does not change.
                    let mut inner = Found {
                        nodes: std::mem::take(&mut found.nodes),
                        unstable: found.unstable,
                        needed: found.needed,
                    };
                    self.collect(*y, &mut inner);
                    let bare = matches!(ast[ast.unparen(*y)].kind, Expr::Name(_));
                    *found = Found { unstable: if bare { found.unstable } else { inner.unstable }, ..inner };
                }
            },
            Expr::Unary(_, y) | Expr::KeyValue(_, y) => self.collect(*y, found),
            Expr::Star(y) | Expr::TypeAssert(y, _) => {
                self.collect(*y, found);
                found.unstable = true;
            }
            Expr::Selector(base, _) => match self.s.tp.info.selections.get(&x).map(|s| s.indirect) {
                Some(indirect) => {
                    if self.facts(*base).is_some_and(|t| t.mode != Mode::TypeExpr) {
                        self.collect(*base, found);
                        found.unstable |= indirect;
                    }
                }
                None => found.unstable |= !self.is_stable(x),
            },
            Expr::Index(base, index) => {
                if !self.s.tp.info.instances.contains_key(&x) {
                    self.collect(*base, found);
                    index.iter().for_each(|i| self.collect(*i, found));
                    found.unstable = true;
                }
            }
            Expr::CompositeLit { elems, .. } => match self.shape_of(x) {
                Shape::Map(..) => {
                    let calls = self.has_call(x);
                    self.operation(x, calls, found);
                }
                _ => elems.iter().for_each(|e| self.collect(*e, found)),
            },
            Expr::FuncLit { .. } => {}
            _ => found.unstable |= !self.is_stable(x),
        }
    }

    /// Notes what becomes a temporary; `calls`: it can change what others read.
    fn operation(&mut self, x: ExprId, calls: bool, found: &mut Found) {
        found.nodes.push(x);
        if calls && found.unstable {
            found.needed = found.nodes.len();
        }
    }

    /// The registers of a value that was evaluated ahead.
    pub(crate) fn take_hoisted(&mut self, x: ExprId, want: Want) -> Option<Reg> {
        let r = self.hoisted.remove(&x)?;
        let ty = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
        let n = self.s.regs(ty);
        Some(self.give(want, r, n))
    }
}
