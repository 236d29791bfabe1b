//! What a function does with its variables, found out before it is compiled: which are captured by function literals,
//! assigned after their declaration, or have their address taken; which literals capture what; who defers.
//!
//! The body of a loop that ranges over a function is compiled to a function too, and counts as a literal here.
//!
//! One [`Analysis`] covers an outermost body with all literals in it. From it follows where a variable lives: in
//! registers, unless its address is taken or a literal shares it and it is assigned after its declaration. A three-clause
//! loop's variable that only the post statement changes counts as not assigned: each iteration has its own.

use rustc_hash::FxHashMap;

use gol_source::{Span, Symbol};
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
    vars: FxHashMap<ObjId, VarFlags>,
    lits: Vec<Lit>,
    by_id: FxHashMap<Inner, usize>,
}

/// A body inside an outermost one that is compiled to a function of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Inner {
    /// A function literal's.
    Lit(ExprId),
    /// That of a loop that ranges over a function.
    Range(StmtId),
}

/// What a function, or the body of a loop over a function, has in it that concerns the function's frame. A loop's body
/// counts with all that are around it, up to the function.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Uses {
    /// A defer statement.
    pub(crate) defers: bool,
    /// A return statement in the body of a loop over a function.
    pub(crate) returns: bool,
}

/// A body: the outermost one (number 0), a literal's, or that of a loop over a function.
#[derive(Debug)]
struct Lit {
    parent: usize,
    span: Span,
    /// It is a loop's body.
    is_range: bool,
    free: Vec<ObjId>,
    uses: Uses,
    /// The labels in a loop's body.
    labels: Vec<Symbol>,
}

impl Lit {
    fn new(parent: usize, span: Span, is_range: bool) -> Lit {
        Lit { parent, span, is_range, free: Vec::new(), uses: Uses::default(), labels: Vec::new() }
    }
}

impl Analysis {
    /// Looks at a function's body; `span` covers its parameters too.
    pub(crate) fn of_body(ast: &Ast, prog: &Program, span: Span, body: &Block) -> Analysis {
        let mut w = Walk::new(ast, prog, span);
        w.block(&body.stmts, 0);
        w.run()
    }

    /// Looks at an entry of a session: statements, and the expression after them.
    pub(crate) fn of_entry(ast: &Ast, prog: &Program, span: Span, body: &Block, last: Option<ExprId>) -> Analysis {
        let mut w = Walk::new(ast, prog, span);
        w.block(&body.stmts, 0);
        w.exprs(last.as_slice(), At { lit: 0, header: None });
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

    /// The variables that an inner body uses from outside.
    pub(crate) fn free(&self, body: Inner) -> &[ObjId] {
        self.by_id.get(&body).map_or(&[], |i| &self.lits[*i].free)
    }

    /// The number of an inner body among those of its kind in the body around it, in source order, from 1.
    pub(crate) fn number(&self, body: Inner) -> usize {
        let Some(&i) = self.by_id.get(&body) else { return 1 };
        let this = &self.lits[i];
        let before = |l: &&Lit| l.parent == this.parent && l.is_range == this.is_range && l.span.lo < this.span.lo;
        1 + self.lits.iter().skip(1).filter(before).count()
    }

    /// What a body has in it; `None`: the outermost body.
    pub(crate) fn uses(&self, body: Option<Inner>) -> Uses {
        let i = body.map_or(Some(0), |b| self.by_id.get(&b).copied());
        i.and_then(|i| self.lits.get(i)).map_or(Uses::default(), |l| l.uses)
    }

    /// Whether a label stands in a loop's body itself.
    pub(crate) fn has_label(&self, body: Inner, name: Symbol) -> bool {
        self.by_id.get(&body).is_some_and(|i| self.lits[*i].labels.contains(&name))
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
        let outer = Lit::new(0, span, false);
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

    /// A new inner body.
    fn inner(&mut self, id: Inner, span: Span, at: At) -> At {
        let lit = self.found.lits.len();
        self.found.lits.push(Lit::new(at.lit, span, matches!(id, Inner::Range(_))));
        self.found.by_id.insert(id, lit);
        At { lit, header: None }
    }

    /// Notes something about a body and, if it is a loop's, about those around it up to the function.
    fn uses(&mut self, mut lit: usize, note: impl Fn(&mut Uses)) {
        loop {
            let l = &mut self.found.lits[lit];
            note(&mut l.uses);
            if !l.is_range {
                break;
            }
            lit = l.parent;
        }
    }

    fn is_func(&self, x: ExprId) -> bool {
        self.info.type_of(x).is_some_and(|t| matches!(self.prog.types.under(t), Type::Func(_)))
    }

    fn flags(&mut self, obj: ObjId) -> &mut VarFlags {
        self.found.vars.entry(obj).or_default()
    }

    fn stmt(&mut self, s: StmtId, at: At) {
        match &self.ast[s].kind {
            Stmt::Bad | Stmt::Empty | Stmt::Branch { .. } => {}
            Stmt::Expr(x) | Stmt::Go(x) => self.exprs([x], at),
            Stmt::Defer(x) => {
                self.uses(at.lit, |u| u.defers = true);
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
            Stmt::Return(xs) => {
                if self.found.lits[at.lit].is_range {
                    self.uses(at.lit, |u| u.returns = true);
                }
                self.exprs(xs, at);
            }
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
                let outer = at;
                let at = if self.is_func(*x) { self.inner(Inner::Range(s), self.ast[s].span, at) } else { at };
                for v in [key, value].into_iter().flatten() {
                    if !define {
                        self.assigned(*v);
                    }
                    self.exprs([v], at);
                }
                // Ranging over an array variable without copying it is reading it.
                self.exprs([x], outer);
                self.stmts(&body.stmts, at);
            }
            Stmt::Labeled(l, s) => {
                self.found.lits[at.lit].labels.push(l.name);
                self.stmts(&[*s], at);
            }
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
                let at = self.inner(Inner::Lit(x), self.ast[x].span, at);
                self.stmts(&body.stmts, at);
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
