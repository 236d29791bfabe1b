//! Statements, but for switches, ranges, and the placement of jumps and labels (`switch.rs`, `range.rs`, `labels.rs`).

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{AssignOp, Block, CommClause, Expr, ExprId, Stmt, StmtId, UnaryOp};

use super::expr::ExprKind;
use super::operators::BinaryForm;
use super::returns::Terminating;
use super::{Checker, FuncScope};
use crate::info::Mode;
use crate::objects::ObjId;
use crate::types::{Type, TypeId};

/// How many `else if`s with a declaration may follow each other: each is in the scope of those before.
const MAX_SCOPES: u32 = 10_000;

impl Checker<'_> {
    /// The statements of a function's body in the scope of its parameters; then labels, the missing return, and
    /// variables that are not used. The surroundings are set.
    pub(crate) fn body_stmts(&mut self, func: &FuncScope, body: &Block) {
        self.stmt_list(&body.stmts);
        self.branches(body);
        let has_results = matches!(self.prog.types.get(func.sig), Type::Func(s) if !s.results.is_empty());
        let rules = Terminating { ast: self.ast, panics: &self.env.panics };
        if has_results && !rules.list(&body.stmts) {
            let at = self.at(body.rbrace());
            let d = Diagnostic::error(Code::MissingReturn, at, "missing return");
            let d = self.label_results(d, Some(func.expr));
            self.report(d);
        }
        self.usage();
    }

    /// "A compiler may make it illegal to declare a variable inside a function body if the variable is never used."
    fn usage(&mut self) {
        if self.prog.package(self.pkg).options.allow_unused {
            return;
        }
        for obj in std::mem::take(&mut self.env.locals) {
            let o = &self.prog.objects[obj];
            if !o.used && o.name != gol_source::Symbol::BLANK {
                let (span, message) = (o.span, format!("declared and not used: {}", self.text(o.name)));
                let d = Diagnostic::error(Code::UnusedVar, span, message);
                self.report(d.help("use it, take it out, or assign to _ instead"));
            }
        }
    }

    pub(crate) fn stmt_list(&mut self, list: &[StmtId]) {
        for &s in list {
            self.stmt(s);
        }
    }

    /// `{ .. }` with a scope of its own.
    pub(crate) fn block(&mut self, b: &Block) {
        self.open_scope();
        self.stmt_list(&b.stmts);
        self.close_scope();
    }

    fn simple_stmt(&mut self, s: Option<StmtId>) {
        if let Some(s) = s {
            self.stmt(s);
        }
    }

    /// A statement. Function literals in it are checked before it ends, while its scopes are open.
    pub(crate) fn stmt(&mut self, s: StmtId) {
        if !self.enter(self.ast[s].span) {
            return;
        }
        let top = self.later_len();
        self.stmt_form(s);
        self.process_later_from(top);
        self.leave();
    }

    fn stmt_form(&mut self, s: StmtId) {
        let ast = self.ast;
        let span = ast[s].span;
        match &ast[s].kind {
            Stmt::Bad | Stmt::Empty | Stmt::Branch { .. } => {}
            Stmt::Expr(x) => self.expr_stmt(*x),
            Stmt::Send { chan, value, .. } => {
                let ch = self.expr(*chan);
                let mut val = self.expr(*value);
                if !ch.is_invalid()
                    && !val.is_invalid()
                    && let Some(elem) = self.chan_elem(span, &ch, false)
                {
                    self.assignment(&mut val, Some(elem), "send");
                }
            }
            Stmt::IncDec { x, inc, .. } => self.inc_dec(*x, if *inc { "++" } else { "--" }),
            Stmt::Assign { lhs, op, op_pos, rhs } => match op {
                AssignOp::Assign => self.assign_vars(lhs, rhs),
                AssignOp::Define => self.short_var_decl(Span::new(*op_pos, *op_pos + 2), lhs, rhs),
                AssignOp::Op(op) => {
                    let (&[x], &[y]) = (&lhs[..], &rhs[..]) else {
                        let op = op.text();
                        let message = format!("assignment operation {op} requires single-valued expressions");
                        self.error(Code::InvalidSyntaxTree, span, message);
                        return;
                    };
                    let mut operand = self.expr(x);
                    let right = self.expr(y);
                    self.binary(&mut operand, right, BinaryForm { e: None, op: *op, x, y });
                    self.assign_operand(x, &mut operand, "assignment");
                }
            },
            Stmt::Go(call) => self.suspended_call("go", Code::InvalidGo, *call),
            Stmt::Defer(call) => self.suspended_call("defer", Code::InvalidDefer, *call),
            Stmt::Return(values) => self.return_stmt(span, values),
            Stmt::Block(b) => self.block(b),
            Stmt::If { .. } => self.if_chain(s),
            Stmt::Switch { init, tag, clauses, .. } => {
                self.open_scope();
                self.simple_stmt(*init);
                self.switch_stmt(*tag, clauses);
                self.close_scope();
            }
            Stmt::TypeSwitch { init, bind, x, clauses, .. } => {
                self.open_scope();
                self.simple_stmt(*init);
                self.type_switch_stmt(*bind, *x, clauses);
                self.close_scope();
            }
            Stmt::Select(clauses) => self.select_stmt(clauses),
            Stmt::For { init, cond, post, body } => {
                self.open_scope();
                self.simple_stmt(*init);
                if let Some(cond) = *cond {
                    self.condition(cond, "for");
                }
                self.simple_stmt(*post);
                if let Some(post) = *post
                    && let Stmt::Assign { op: AssignOp::Define, lhs, .. } = &ast[post].kind
                {
                    // The parser has reported the declaration; nobody needs to hear that it is not used.
                    self.use_exprs(lhs);
                }
                self.block(body);
                self.close_scope();
            }
            Stmt::Range { key, value, define, x, body, .. } => {
                self.range_stmt(span, [*key, *value], *define, *x, body);
            }
            Stmt::Labeled(_, inner) => self.stmt(*inner),
            Stmt::Decl(decl) => self.decl_stmt(*decl),
        }
    }

    /// "Function and method calls and receive operations can appear in statement context."
    fn expr_stmt(&mut self, e: ExprId) {
        let (x, kind) = self.raw_expr(e, None);
        let (code, message) = match x.mode {
            Mode::Invalid => return,
            Mode::Builtin(_) => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr => (Code::NotAnExpr, "is not an expression"),
            _ if kind == ExprKind::Statement => return,
            _ => (Code::UnusedExpr, "is not used"),
        };
        let message = format!("{} {message}", self.os(&x));
        self.error_at(code, x.expr, message);
    }

    /// `x++`, `x--`
    fn inc_dec(&mut self, lhs: ExprId, op: &str) {
        let mut x = self.expr(lhs);
        if x.is_invalid() {
            return;
        }
        if !self.prog.types.all(x.ty, |t| self.prog.types.is_numeric(t)) {
            let (text, ty) = (self.es(lhs), self.ts(x.ty));
            let message = format!("invalid operation: {text}{op} (non-numeric type {ty})");
            self.error_at(Code::NonNumericIncDec, lhs, message);
            return;
        }
        self.assign_operand(lhs, &mut x, "assignment");
    }

    /// `go call`, `defer call`
    fn suspended_call(&mut self, keyword: &str, code: Code, call: ExprId) {
        if !matches!(self.ast[call].kind, Expr::Call { .. } | Expr::Bad) {
            let message = format!("expression in {keyword} must be function call");
            self.error_at(code, call, message);
            self.use_exprs(&[call]);
            return;
        }
        let (x, kind) = self.raw_expr(call, None);
        let (code, message) = match kind {
            ExprKind::Statement => return,
            ExprKind::Conversion => (code, "requires function call, not conversion"),
            ExprKind::Expression => (Code::UnusedResults, "discards result of"),
        };
        let message = format!("{keyword} {message} {}", self.os(&x));
        self.error_at(code, x.expr, message);
    }

    fn return_stmt(&mut self, span: Span, values: &[ExprId]) {
        let sig = self.env.sig.unwrap_or(TypeId::INVALID);
        let results: Vec<TypeId> = match self.prog.types.get(sig) {
            Type::Func(s) => s.results.iter().map(|r| r.ty).collect(),
            _ => return,
        };
        if !values.is_empty() || self.env.results.is_empty() {
            self.return_values(&results, values, span);
            return;
        }
        // "A compiler may disallow an empty expression list if a different entity with the same name as a result
        // parameter is in scope at the place of the return."
        for result in self.env.results.clone() {
            let name = self.prog.objects[result].name;
            if let Some((_, other)) = self.lookup(name, span.lo)
                && other != result
            {
                self.result_shadowed(span, result, other);
            }
        }
    }

    fn result_shadowed(&mut self, span: Span, result: ObjId, other: ObjId) {
        let name = self.text(self.prog.objects[result].name);
        let place = self.prog.objects[other].span;
        let o = &self.prog.objects[result];
        let declared = format!("inner declaration of var {name} {}", self.ts(o.ty));
        let message = format!("result parameter {name} not in scope at return\n\t{}: {declared}", self.place(place));
        let d = Diagnostic::error(Code::OutOfScopeResult, span, message);
        self.report(d.label(place, "inner declaration"));
    }

    pub(crate) fn condition(&mut self, cond: ExprId, statement: &str) {
        let mut x = self.expr(cond);
        if x.is_invalid() {
            return;
        }
        if !self.prog.types.is_boolean(x.ty) {
            let message = format!("non-boolean condition in {statement} statement");
            self.error_at(Code::InvalidCond, cond, message);
            return;
        }
        // A comparison's untyped result is a bool.
        self.convert_untyped(&mut x, TypeId::BOOL);
    }

    /// `if`, and the `else if`s after it in a loop.
    fn if_chain(&mut self, s: StmtId) {
        let ast = self.ast;
        let mut scopes = 0;
        let mut next = Some(s);
        while let Some(s) = next.take() {
            match &ast[s].kind {
                Stmt::If { init, cond, then, els } => {
                    // Without declarations no scope, so that long chains do not make long ways for names.
                    if init.is_some() {
                        if scopes >= MAX_SCOPES {
                            self.error(Code::NotYet, ast[s].span, "nested too deeply");
                            break;
                        }
                        self.open_scope();
                        scopes += 1;
                    }
                    let top = self.later_len();
                    self.simple_stmt(*init);
                    self.condition(*cond, "if");
                    self.process_later_from(top);
                    self.block(then);
                    next = *els;
                }
                _ => self.stmt(s),
            }
        }
        for _ in 0..scopes {
            self.close_scope();
        }
    }

    fn select_stmt(&mut self, clauses: &[CommClause]) {
        let defaults = clauses.iter().filter(|c| c.comm.is_none()).map(|c| c.span);
        self.multiple_defaults(defaults);
        for clause in clauses {
            if let Some(comm) = clause.comm
                && !self.is_communication(comm)
            {
                let message = "select case must be send or receive (possibly with assignment)";
                let at = match self.ast[comm].kind {
                    Stmt::Expr(e) => self.own_place(e),
                    _ => self.ast[comm].span,
                };
                self.error(Code::InvalidSelectCase, at, message);
                continue;
            }
            self.open_scope();
            self.simple_stmt(clause.comm);
            self.stmt_list(&clause.body);
            self.close_scope();
        }
    }

    fn is_communication(&self, s: StmtId) -> bool {
        let receive = |e: ExprId| matches!(self.ast[self.ast.unparen(e)].kind, Expr::Unary(UnaryOp::Recv, _));
        match &self.ast[s].kind {
            Stmt::Bad | Stmt::Send { .. } => true,
            Stmt::Expr(x) => receive(*x),
            Stmt::Assign { op: AssignOp::Assign | AssignOp::Define, rhs, .. } => rhs.len() == 1 && receive(rhs[0]),
            _ => false,
        }
    }

    pub(crate) fn multiple_defaults(&mut self, defaults: impl Iterator<Item = Span>) {
        let mut first: Option<Span> = None;
        for span in defaults {
            let Some(first) = first else {
                first = Some(span);
                continue;
            };
            let message = format!("multiple defaults (first at {})", self.place(first));
            let d = Diagnostic::error(Code::DuplicateDefault, span, message);
            self.report(d.label(first, "first default"));
        }
    }
}
