//! Calls of small functions: the callee's body stands in place of the call.
//!
//! Taken are declared functions and methods, not generic, whose bodies are small, have no loops, literals, defers or
//! labels, and call nothing that is not such a function itself. The receiver and the arguments become variables of the
//! caller, or share the registers of the caller's variables when the callee leaves them alone; `return` leads to the end of
//! the body. The line table knows whose code each instruction is, so that traces and `runtime.Callers` show the calls as if
//! they were made.

use std::rc::Rc;

use gol_syntax::ast::{BranchKind, Decl, Expr, ExprId, Stmt, StmtId, UnaryOp};
use gol_types::constant::Constant;
use gol_types::types::{Type, TypeId};
use gol_types::{Builtin, Mode, ObjId, ObjKind, Selected, Selection, SelectionKind};

use crate::asm::Label;
use crate::captures::Analysis;
use crate::func::{FuncGen, Var, Want};
use crate::program::{Session, Shape};
use crate::regalloc::Reg;

/// How many nodes a body may have, those of its own small callees included.
const BUDGET: usize = 80;

/// How many calls may stand inside one another.
const DEPTH: usize = 4;

/// Where the returns of a body in place of a call lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inline {
    /// The registers of the results.
    pub(crate) row: Reg,
    pub(crate) end: Label,
}

/// What a result is wanted for.
#[derive(Clone, Copy)]
enum Use {
    Value(Want),
    /// A jump, if it is this.
    Jump(bool, Label),
}

/// A function whose body may stand in place of a call.
#[derive(Debug)]
pub(crate) struct Small {
    analysis: Rc<Analysis>,
    size: usize,
    /// The names in the body.
    names: Vec<ExprId>,
}

/// The callee of a call, if it is a declared function or method that is known beforehand.
pub(crate) struct Static {
    pub(crate) obj: ObjId,
    /// The receiver's expression and how the method is selected.
    method: Option<(ExprId, Selection)>,
}

impl Session<'_> {
    /// What a call calls, if that is known beforehand.
    pub(crate) fn static_callee(&self, fun: ExprId) -> Option<Static> {
        let fun = self.ast.unparen(fun);
        if let Expr::Selector(base, _) = self.ast[fun].kind
            && let Some(sel) = self.tp.info.selections.get(&fun)
        {
            return match (sel.kind, sel.selected) {
                (SelectionKind::MethodVal, Selected::Method(obj)) => {
                    Some(Static { obj, method: Some((base, sel.clone())) })
                }
                _ => None,
            };
        }
        if self.tp.info.instances.contains_key(&fun) {
            return None;
        }
        let obj = *self.tp.info.uses.get(&fun)?;
        matches!(self.tp.objects[obj].kind, ObjKind::Func { .. }).then_some(Static { obj, method: None })
    }

    /// Whether a function's body may stand in place of a call, and what is known of it then.
    pub(crate) fn small(&mut self, obj: ObjId) -> Option<Rc<Small>> {
        if let Some(known) = self.smalls.get(&obj) {
            return known.clone();
        }
        if self.is_late(obj) {
            return None;
        }
        // A function that calls itself is not small.
        self.smalls.insert(obj, None);
        let small = self.look_at(obj).map(Rc::new);
        self.smalls.insert(obj, small.clone());
        small
    }

    fn look_at(&mut self, obj: ObjId) -> Option<Small> {
        // A session may declare its functions again.
        if self.tp.session_package() == Some(self.tp.objects[obj].pkg) {
            return None;
        }
        let decl = self.decl_of(obj)?;
        let (body, Expr::FuncType(sig)) = (decl.body.as_ref()?, &self.ast[decl.ty].kind) else { return None };
        if body.stmts.len() > 12 || sig.params.len() + sig.results.len() > 12 || self.tp.instance(obj).is_some() {
            return None;
        }
        let mut size = 0;
        let (calls, names) = self.plain(&body.stmts, &mut size)?;
        self.check_object(obj);
        self.check_body(obj);
        if matches!(self.tp.types.under(self.tp.objects[obj].ty), Type::Func(f) if f.variadic) {
            return None;
        }
        for fun in calls {
            match self.tp.info.get(fun).map(|t| t.mode) {
                Some(Mode::TypeExpr) => {}
                Some(Mode::Builtin(Builtin::Recover)) | None => return None,
                Some(Mode::Builtin(_)) => {}
                _ => {
                    let callee = self.static_callee(fun)?;
                    size += self.small(callee.obj)?.size;
                }
            }
        }
        let analysis = Rc::new(Analysis::of_body(self.ast, self.tp, body.span, body));
        (size <= BUDGET).then_some(Small { analysis, size, names })
    }

    /// Counts the nodes of statements; gives what they call and the names in them, or `None` if there is too much or
    /// anything out of the common.
    fn plain(&self, stmts: &[StmtId], size: &mut usize) -> Option<(Vec<ExprId>, Vec<ExprId>)> {
        let ast = self.ast;
        let mut names = Vec::new();
        let (mut stmts, mut exprs, mut calls) = (stmts.to_vec(), Vec::<ExprId>::new(), Vec::new());
        loop {
            *size += 1;
            if *size > BUDGET {
                return None;
            }
            if let Some(x) = exprs.pop() {
                match &ast[x].kind {
                    Expr::Name(_) => names.push(x),
                    Expr::BasicLit(..) => {}
                    Expr::Paren(y) => {
                        *size -= 1;
                        exprs.push(*y);
                    }
                    Expr::Unary(UnaryOp::Recv, _) => return None,
                    Expr::Star(y) | Expr::TypeAssert(y, _) | Expr::Unary(_, y) | Expr::Selector(y, _) => exprs.push(*y),
                    Expr::Binary { x, y, .. } | Expr::KeyValue(x, y) => exprs.extend([*x, *y]),
                    Expr::Index(y, i) => {
                        exprs.push(*y);
                        exprs.extend(i);
                    }
                    Expr::Slice { x, lo, hi, max } => {
                        exprs.push(*x);
                        exprs.extend([lo, hi, max].into_iter().flatten());
                    }
                    Expr::CompositeLit { elems, .. } => exprs.extend(elems),
                    Expr::Call { fun, args, .. } => {
                        calls.push(*fun);
                        exprs.extend(args);
                        if let Expr::Selector(y, _) = ast[ast.unparen(*fun)].kind {
                            exprs.push(y);
                        }
                    }
                    Expr::ArrayType { .. } | Expr::SliceType(_) | Expr::MapType(..) | Expr::InterfaceType(_) => {}
                    _ => return None,
                }
                continue;
            }
            let Some(s) = stmts.pop() else { return Some((calls, names)) };
            match &ast[s].kind {
                Stmt::Empty | Stmt::Branch { kind: BranchKind::Break | BranchKind::Fallthrough, label: None } => {}
                Stmt::Expr(x) | Stmt::IncDec { x, .. } => exprs.push(*x),
                Stmt::Assign { lhs, rhs, .. } => exprs.extend(lhs.iter().chain(rhs)),
                Stmt::Return(xs) => exprs.extend(xs),
                Stmt::Block(b) => stmts.extend(&b.stmts),
                Stmt::If { init, cond, then, els } => {
                    exprs.push(*cond);
                    stmts.extend(init.iter().chain(&then.stmts).chain(els));
                }
                Stmt::Switch { init, tag, clauses, .. } => {
                    exprs.extend(tag);
                    exprs.extend(clauses.iter().flat_map(|c| c.exprs.iter().flatten()));
                    stmts.extend(init.iter().chain(clauses.iter().flat_map(|c| &c.body)));
                }
                Stmt::Decl(d) => {
                    let Decl::Var(specs) = &ast[*d].kind else { return None };
                    exprs.extend(specs.iter().flat_map(|s| &s.values));
                }
                _ => return None,
            }
        }
    }
}

impl<'a> FuncGen<'_, 'a> {
    /// Puts the body of a small function in place of a call of it; `None`: it is to be called.
    pub(crate) fn inline(&mut self, fun: ExprId, args: &[ExprId], want: Want) -> Option<Reg> {
        self.in_place(fun, args, Use::Value(want))
    }

    /// The same where the result decides a jump; false: it is to be called.
    pub(crate) fn inline_jump(&mut self, fun: ExprId, args: &[ExprId], sense: bool, to: Label) -> bool {
        self.in_place(fun, args, Use::Jump(sense, to)).is_some()
    }

    fn in_place(&mut self, fun: ExprId, args: &[ExprId], wanted: Use) -> Option<Reg> {
        let callee = self.s.static_callee(fun)?;
        let obj = callee.obj;
        if self.inlining.len() == DEPTH || self.inlining.contains(&obj) {
            return None;
        }
        let small = self.s.small(obj)?;
        let decl = self.s.decl_of(obj)?;
        let (body, Expr::FuncType(sig)) = (decl.body.as_ref()?, &self.s.ast[decl.ty].kind) else { return None };
        let (params, results, _) = self.s.signature(self.s.tp.objects[obj].ty);
        if params.len() != args.len() {
            return None;
        }
        let total: u16 = results.iter().map(|t| self.s.regs(*t)).fold(0, u16::saturating_add);
        let single = match (&body.stmts[..], &results[..]) {
            ([only], [ty]) if sig.results.iter().all(|f| f.names.is_empty()) => match &self.s.ast[*only].kind {
                Stmt::Return(xs) if xs.len() == 1 => Some((xs[0], *ty)),
                _ => None,
            },
            _ => None,
        };
        // The result is never a variable's own registers: who gets it may keep it while the variable changes.
        let row = match wanted {
            Use::Value(Want::Any) => self.temp(total),
            Use::Value(_) if single.is_none() => self.temp(total),
            Use::Jump(..) if single.is_none() => return None,
            _ => 0,
        };
        let m = self.regs.mark();

        // The receiver and the arguments.
        let operands: Vec<_> = args.iter().copied().zip(params.iter().copied()).collect();
        self.hoist_call(callee.method.as_ref().map(|(base, sel)| (*base, sel)), None, &operands);
        let mut vars: Vec<(Option<ObjId>, TypeId, Reg)> = Vec::new();
        if let (Some((base, sel)), Some(field)) = (&callee.method, &decl.recv) {
            let ty = self.s.recv_type(obj).unwrap_or(TypeId::INVALID);
            let param = field.names.first().and_then(|n| self.def(n.span.lo));
            let shared = sel.path.is_empty() && self.ty(*base) == ty;
            let at = match self.shared(*base, param, &small).filter(|_| shared) {
                Some(r) => r,
                None => {
                    let at = self.temp_for(ty);
                    let keep = self.regs.mark();
                    self.receiver(*base, sel, ty, at);
                    self.regs.free(keep);
                    at
                }
            };
            vars.push((param, ty, at));
        }
        let (mut list, mut constants) = (Vec::new(), Vec::new());
        for (obj, (x, ty)) in self.objects_of(&sig.params).into_iter().zip(operands) {
            let steady = obj.filter(|o| small.analysis.flags(*o).constant());
            if let Some(constant) = steady.and_then(|o| Some((o, self.known_value(x, ty)?))) {
                constants.push(constant);
                continue;
            }
            let same = self.s.shape(ty) != Shape::Iface || self.shape_of(x) == Shape::Iface;
            let at = match self.shared(x, obj, &small).filter(|_| same) {
                Some(r) => r,
                None => {
                    let at = self.temp_for(ty);
                    list.push((x, ty, at));
                    at
                }
            };
            vars.push((obj, ty, at));
        }
        self.exprs_into(&list);

        // The callee's own state.
        let pos = self.end_pos(fun);
        let name = self.s.func_name(obj);
        let name = self.s.string(name.as_bytes());
        let around = self.asm.enter_inline(name, pos);
        let end = self.asm.label();
        let analysis = std::mem::replace(&mut self.analysis, small.analysis.clone());
        let outer_results = std::mem::take(&mut self.results);
        let inline = self.inline.replace(Inline { row, end });
        let (lit, range) = (self.lit.take(), self.range.take());
        let defers = std::mem::replace(&mut self.defers, false);
        let next_label = self.next_label.take();
        self.inlining.push(obj);
        let mut known = Vec::new();
        for &x in &small.names {
            let value = constants.iter().find(|c| self.s.tp.info.uses.get(&x) == Some(&c.0)).map(|c| c.1.clone());
            if value.is_some() {
                self.s.tp.info.set_value(x, value);
                known.push(x);
            }
        }

        for (obj, ty, at) in vars {
            let Some(obj) = obj else { continue };
            let var = if self.needs_memory(obj, ty) { self.in_memory(obj, ty, Some(at)) } else { Var::Reg(at) };
            self.vars.insert(obj, var);
        }
        let to = match (single, wanted) {
            (Some((x, ty)), Use::Value(want)) => {
                self.asm.set_pos(self.s.ast[x].span.lo);
                self.expr_as(x, ty, if want == Want::Any { Want::Fresh(row) } else { want })
            }
            (Some((x, _)), Use::Jump(sense, to)) => {
                self.asm.set_pos(self.s.ast[x].span.lo);
                self.jump_if(x, sense, to);
                0
            }
            (None, _) => {
                self.declare_results(sig, &results, false);
                self.body_statements(body);
                self.asm.place(end, false);
                row
            }
        };

        for x in known {
            self.s.tp.info.set_value(x, None);
        }
        self.inlining.pop();
        self.next_label = next_label;
        self.defers = defers;
        (self.lit, self.range) = (lit, range);
        self.inline = inline;
        self.results = outer_results;
        self.analysis = analysis;
        self.asm.leave_inline(around);
        self.asm.set_pos(pos);
        self.regs.free(m);
        match wanted {
            Use::Value(want) if single.is_none() => Some(self.give(want, row, total)),
            _ => Some(to),
        }
    }

    /// A constant argument that may stand for its parameter: a bool, or an integer that is not negative, so that nothing that
    /// the checker would reject of a constant comes about.
    fn known_value(&self, x: ExprId, param: TypeId) -> Option<Constant> {
        let x = self.s.ast.unparen(x);
        let value = self.s.tp.info.value_of(x)?;
        let fits = match self.s.shape(param) {
            Shape::Bool => true,
            Shape::Int(_) => self.const_int(x).is_some_and(|n| (0..=i32::MAX as i64).contains(&n)),
            _ => false,
        };
        fits.then(|| value.clone())
    }

    /// The register of a caller's variable that a parameter may share: neither changes while the body runs.
    fn shared(&self, x: ExprId, param: Option<ObjId>, small: &Small) -> Option<Reg> {
        let x = self.s.ast.unparen(x);
        if !small.analysis.flags(param?).constant() || self.hoisted.contains_key(&x) {
            return None;
        }
        if self.facts(x).is_some_and(|t| t.value.is_some()) {
            return self.pinned.get(&x).copied();
        }
        let Expr::Name(_) = self.s.ast[x].kind else { return None };
        match self.vars.get(self.s.tp.info.uses.get(&x)?)? {
            Var::Reg(r) => Some(*r),
            _ => None,
        }
    }
}
