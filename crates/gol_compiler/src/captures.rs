//! What a function does with its variables, found out before it is compiled: which are captured by function literals,
//! assigned after their declaration, or have their address taken; which literals capture what; who defers.
//!
//! One [`Analysis`] covers an outermost body with all literals in it. From it follows where a variable lives: in
//! registers, unless its address is taken or a literal shares it and it is assigned after its declaration. A three-clause
//! loop's variable that only the post statement changes counts as not assigned: each iteration has its own.

use std::collections::HashMap;

use gol_source::Span;
use gol_syntax::ast::{AssignOp, Ast, Block, Decl, Expr, ExprId, Stmt, StmtId, UnaryOp};
use gol_types::types::{Type, TypeId};
use gol_types::{Info, Mode, ObjId, ObjKind, Program, Selected, SelectionKind, VarKind};

/// What happens to a variable.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct VarFlags {
    /// A literal uses it.
    pub(crate) captured: bool,
    /// It, a field or an array element of it is assigned after its declaration.
    pub(crate) assigned: bool,
    /// A loop's post statement assigns it.
    pub(crate) stepped: bool,
    /// Its address, or that of a part, is taken.
    pub(crate) addressed: bool,
}

impl VarFlags {
    /// It must live in a heap cell.
    pub(crate) fn boxed(self) -> bool {
        self.addressed || self.captured && self.assigned
    }

    /// It never changes after its declaration.
    pub(crate) fn constant(self) -> bool {
        !(self.assigned || self.stepped || self.addressed)
    }
}

/// The findings about one outermost body.
#[derive(Default, Debug)]
pub(crate) struct Analysis {
    vars: HashMap<ObjId, VarFlags>,
    lits: Vec<Lit>,
    by_expr: HashMap<ExprId, usize>,
}

/// A body: the outermost one (number 0) or a literal's.
#[derive(Debug)]
struct Lit {
    parent: usize,
    span: Span,
    free: Vec<ObjId>,
    defers: bool,
}

impl Analysis {
    /// Looks at a function's body; `span` covers its parameters too.
    pub(crate) fn of_body(ast: &Ast, prog: &Program, span: Span, body: &Block) -> Analysis {
        let mut w = Walk::new(ast, prog, span);
        w.block(&body.stmts, 0);
        w.run()
    }

    /// Looks at an initializer.
    pub(crate) fn of_expr(ast: &Ast, prog: &Program, x: ExprId) -> Analysis {
        let mut w = Walk::new(ast, prog, Span::NONE);
        w.todo.push((Node::Expr(x), At { lit: 0, header: None }));
        w.run()
    }

    /// What happens to a variable.
    pub(crate) fn flags(&self, obj: ObjId) -> VarFlags {
        self.vars.get(&obj).copied().unwrap_or_default()
    }

    /// The variables that a literal uses from outside.
    pub(crate) fn free(&self, lit: ExprId) -> &[ObjId] {
        self.by_expr.get(&lit).map_or(&[], |i| &self.lits[*i].free)
    }

    /// The number of a literal among those of the body around it, in source order, from 1.
    pub(crate) fn number(&self, lit: ExprId) -> usize {
        let Some(&i) = self.by_expr.get(&lit) else { return 1 };
        let (parent, lo) = (self.lits[i].parent, self.lits[i].span.lo);
        1 + self.lits.iter().skip(1).filter(|l| l.parent == parent && l.span.lo < lo).count()
    }

    /// Whether the body itself has a defer statement; `None`: the outermost body.
    pub(crate) fn defers(&self, lit: Option<ExprId>) -> bool {
        lit.map_or(Some(0), |l| self.by_expr.get(&l).copied()).and_then(|i| self.lits.get(i)).is_some_and(|l| l.defers)
    }
}

#[derive(Clone, Copy)]
enum Node {
    Expr(ExprId),
    Stmt(StmtId),
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct At {
    /// In which body.
    lit: usize,
    /// In the header of which loop.
    header: Option<usize>,
}

struct Walk<'a> {
    ast: &'a Ast,
    prog: &'a Program,
    info: &'a Info,
    found: Analysis,
    todo: Vec<(Node, At)>,
    /// The variables of each three-clause loop seen so far.
    loops: Vec<Vec<ObjId>>,
}

impl<'a> Walk<'a> {
    fn new(ast: &'a Ast, prog: &'a Program, span: Span) -> Walk<'a> {
        let outer = Lit { parent: 0, span, free: Vec::new(), defers: false };
        let found = Analysis { lits: vec![outer], ..Analysis::default() };
        Walk { ast, prog, info: &prog.info, found, todo: Vec::new(), loops: Vec::new() }
    }

    fn run(mut self) -> Analysis {
        while let Some((node, at)) = self.todo.pop() {
            match node {
                Node::Expr(x) => self.expr(x, at),
                Node::Stmt(s) => self.stmt(s, at),
            }
        }
        self.found
    }

    fn block(&mut self, stmts: &[StmtId], lit: usize) {
        self.stmts(stmts, At { lit, header: None });
    }

    fn stmts(&mut self, stmts: &[StmtId], at: At) {
        self.todo.extend(stmts.iter().map(|s| (Node::Stmt(*s), at)));
    }

    fn exprs<'b>(&mut self, xs: impl IntoIterator<Item = &'b ExprId>, at: At) {
        self.todo.extend(xs.into_iter().map(|x| (Node::Expr(*x), at)));
    }

    fn flags(&mut self, obj: ObjId) -> &mut VarFlags {
        self.found.vars.entry(obj).or_default()
    }

    fn stmt(&mut self, s: StmtId, at: At) {
        match &self.ast[s].kind {
            Stmt::Bad | Stmt::Empty | Stmt::Branch { .. } => {}
            Stmt::Expr(x) | Stmt::Go(x) => self.exprs([x], at),
            Stmt::Defer(x) => {
                self.found.lits[at.lit].defers = true;
                self.exprs([x], at);
            }
            Stmt::Send { chan, value, .. } => self.exprs([chan, value], at),
            Stmt::IncDec { x, .. } => {
                self.assigned(*x);
                self.exprs([x], at);
            }
            Stmt::Assign { lhs, op, rhs, .. } => {
                for x in lhs {
                    if *op != AssignOp::Define || !self.declares(*x) {
                        self.assigned(*x);
                    }
                }
                self.exprs(lhs, at);
                self.exprs(rhs, at);
            }
            Stmt::Return(xs) => self.exprs(xs, at),
            Stmt::Block(b) => self.stmts(&b.stmts, at),
            Stmt::If { init, cond, then, els } => {
                self.stmts(init.as_slice(), at);
                self.exprs([cond], at);
                self.stmts(&then.stmts, at);
                self.stmts(els.as_slice(), at);
            }
            Stmt::Switch { init, tag, clauses, .. } => {
                self.stmts(init.as_slice(), at);
                self.exprs(tag, at);
                for c in clauses {
                    self.exprs(c.exprs.iter().flatten(), at);
                    self.stmts(&c.body, at);
                }
            }
            Stmt::TypeSwitch { init, x, clauses, .. } => {
                self.stmts(init.as_slice(), at);
                self.exprs([x], at);
                for c in clauses {
                    self.stmts(&c.body, at);
                }
            }
            Stmt::Select(clauses) => {
                for c in clauses {
                    self.stmts(c.comm.as_slice(), at);
                    self.stmts(&c.body, at);
                }
            }
            Stmt::For { init, cond, post, body } => self.for_stmt(*init, *cond, *post, body, at),
            Stmt::Range { key, value, define, x, body, .. } => {
                for v in [key, value].into_iter().flatten() {
                    if !define {
                        self.assigned(*v);
                    }
                    self.exprs([v], at);
                }
                // Ranging over an array variable without copying it is reading it.
                self.exprs([x], at);
                self.stmts(&body.stmts, at);
            }
            Stmt::Labeled(_, s) => self.stmts(&[*s], at),
            Stmt::Decl(d) => {
                if let Decl::Var(specs) = &self.ast[*d].kind {
                    for spec in specs {
                        self.exprs(&spec.values, at);
                    }
                }
            }
        }
    }

    fn for_stmt(&mut self, init: Option<StmtId>, cond: Option<ExprId>, post: Option<StmtId>, body: &Block, at: At) {
        let mut vars = Vec::new();
        if let Some(Stmt::Assign { lhs, op: AssignOp::Define, .. }) = init.map(|s| &self.ast[s].kind) {
            vars.extend(lhs.iter().filter_map(|x| self.info.defs.get(&self.ast[*x].span.lo)));
        }
        let header = Some(self.loops.len());
        let in_header = At { header, ..at };
        self.stmts(init.as_slice(), in_header);
        self.exprs(cond.as_slice(), in_header);
        let stepped = |x: ExprId, info: &Info| match self.ast[x].kind {
            Expr::Name(_) => info.uses.get(&x).copied().filter(|o| vars.contains(o)),
            _ => None,
        };
        match post.map(|s| &self.ast[s].kind) {
            Some(Stmt::IncDec { x, .. }) if stepped(*x, self.info).is_some() => {
                if let Some(o) = stepped(*x, self.info) {
                    self.flags(o).stepped = true;
                }
                self.exprs([x], in_header);
            }
            Some(Stmt::Assign { lhs, rhs, op, .. })
                if *op != AssignOp::Define && lhs.iter().all(|x| stepped(*x, self.info).is_some()) =>
            {
                let objs: Vec<ObjId> = lhs.iter().filter_map(|x| stepped(*x, self.info)).collect();
                for o in objs {
                    self.flags(o).stepped = true;
                }
                self.exprs(lhs, in_header);
                self.exprs(rhs, in_header);
            }
            _ => self.stmts(post.as_slice(), in_header),
        }
        self.loops.push(vars);
        self.stmts(&body.stmts, At { header: None, ..at });
    }

    fn declares(&self, x: ExprId) -> bool {
        self.info.defs.contains_key(&self.ast[x].span.lo)
    }

    fn expr(&mut self, x: ExprId, at: At) {
        if self.info.get(x).is_some_and(|t| t.mode == Mode::TypeExpr || t.value.is_some()) {
            return;
        }
        match &self.ast[x].kind {
            Expr::Bad | Expr::BasicLit(..) => {}
            Expr::Name(_) => self.name(x, at),
            Expr::CompositeLit { elems, .. } => {
                let is_struct = self.info.type_of(x).is_some_and(|t| self.is_struct(t));
                for e in elems {
                    match &self.ast[*e].kind {
                        Expr::KeyValue(_, v) if is_struct => self.exprs([v], at),
                        Expr::KeyValue(k, v) => self.exprs([k, v], at),
                        _ => self.exprs([e], at),
                    }
                }
            }
            Expr::KeyValue(k, v) => self.exprs([k, v], at),
            Expr::FuncLit { body, .. } => {
                if let Some(h) = at.header {
                    // It may see the variable that the post statement is about to change.
                    for obj in self.loops.get(h).cloned().unwrap_or_default() {
                        self.flags(obj).assigned = true;
                    }
                }
                let lit = self.found.lits.len();
                let span = self.ast[x].span;
                self.found.lits.push(Lit { parent: at.lit, span, free: Vec::new(), defers: false });
                self.found.by_expr.insert(x, lit);
                self.block(&body.stmts, lit);
            }
            Expr::Paren(x) | Expr::Star(x) | Expr::TypeAssert(x, _) | Expr::TypeSwitchGuard(x) => self.exprs([x], at),
            Expr::Selector(base, _) => {
                if let Some(sel) = self.info.selections.get(&x) {
                    if let (SelectionKind::MethodVal, Selected::Method(m)) = (sel.kind, sel.selected)
                        && matches!(self.prog.objects[m].kind, ObjKind::Func { recv: Some(r), .. } if r.pointer)
                        && !sel.indirect
                        && !self.ends_in_pointer(sel.recv, &sel.path)
                    {
                        self.addressed(*base);
                    }
                    if sel.kind != SelectionKind::MethodExpr {
                        self.exprs([base], at);
                    }
                }
            }
            Expr::Index(base, indices) => {
                self.exprs([base], at);
                self.exprs(indices, at);
            }
            Expr::Slice { x: base, lo, hi, max } => {
                if self.info.type_of(*base).is_some_and(|t| matches!(self.prog.types.under(t), Type::Array(..))) {
                    self.addressed(*base);
                }
                self.exprs([base], at);
                self.exprs([lo, hi, max].into_iter().flatten(), at);
            }
            Expr::Call { fun, args, .. } => {
                self.exprs([fun], at);
                self.exprs(args, at);
            }
            Expr::Unary(op, x) => {
                if *op == UnaryOp::Addr {
                    self.addressed(*x);
                }
                self.exprs([x], at);
            }
            Expr::Binary { x, y, .. } => self.exprs([x, y], at),
            Expr::ArrayType { .. }
            | Expr::SliceType(_)
            | Expr::DotsType(_)
            | Expr::StructType(_)
            | Expr::FuncType(_)
            | Expr::InterfaceType(_)
            | Expr::MapType(..)
            | Expr::ChanType(..) => {}
        }
    }

    fn name(&mut self, x: ExprId, at: At) {
        let Some(&obj) = self.info.uses.get(&x) else { return };
        let o = &self.prog.objects[obj];
        let ObjKind::Var(kind) = o.kind else { return };
        if kind == VarKind::Package {
            return;
        }
        let pos = o.span.lo;
        let mut lit = at.lit;
        while lit != 0 && !(self.found.lits[lit].span.lo <= pos && pos < self.found.lits[lit].span.hi) {
            let l = &mut self.found.lits[lit];
            if !l.free.contains(&obj) {
                l.free.push(obj);
            }
            lit = l.parent;
            let flags = self.found.vars.entry(obj).or_default();
            flags.captured = true;
            // A return statement assigns it.
            flags.assigned |= kind == VarKind::Result;
        }
    }

    fn assigned(&mut self, x: ExprId) {
        if let Some(obj) = self.root(x) {
            self.flags(obj).assigned = true;
        }
    }

    fn addressed(&mut self, x: ExprId) {
        if let Some(obj) = self.root(x) {
            self.flags(obj).addressed = true;
        }
    }

    /// The local variable that an addressable expression is a part of.
    fn root(&self, mut x: ExprId) -> Option<ObjId> {
        loop {
            x = self.ast.unparen(x);
            match &self.ast[x].kind {
                Expr::Name(_) => {
                    let obj = *self.info.uses.get(&x)?;
                    return matches!(self.prog.objects[obj].kind, ObjKind::Var(_)).then_some(obj);
                }
                Expr::Selector(base, _) => {
                    let sel = self.info.selections.get(&x)?;
                    if sel.indirect {
                        return None;
                    }
                    x = *base;
                }
                Expr::Index(base, _) => {
                    let ty = self.info.type_of(*base)?;
                    if !matches!(self.prog.types.under(ty), Type::Array(..)) {
                        return None;
                    }
                    x = *base;
                }
                _ => return None,
            }
        }
    }

    fn is_struct(&self, ty: TypeId) -> bool {
        let ty = match *self.prog.types.under(ty) {
            Type::Pointer(e) => e,
            _ => ty,
        };
        matches!(self.prog.types.under(ty), Type::Struct(_))
    }

    /// Whether the type at the end of a path of fields is a pointer.
    fn ends_in_pointer(&self, mut ty: TypeId, path: &[u32]) -> bool {
        for i in path {
            if let Type::Pointer(e) = *self.prog.types.under(ty) {
                ty = e;
            }
            let Type::Struct(fields) = self.prog.types.under(ty) else { return false };
            ty = fields[*i as usize].ty;
        }
        matches!(self.prog.types.under(ty), Type::Pointer(_))
    }
}
