//! Terminating statements: whether the end of a function's body can be reached.
//!
//! The rules are those of the specification's section "Terminating statements", one arm a rule. A call of `panic` is
//! known by [`super::Checker`]'s list of such calls, as `panic` may be redeclared. `else if` chains and labels are walked in
//! a loop, because the parser does not bound their number.

use rustc_hash::FxHashSet;

use gol_source::Symbol;
use gol_syntax::ast::{Ast, Block, BranchKind, Expr, ExprId, Stmt, StmtId};

/// What the analysis looks at.
pub(crate) struct Terminating<'a> {
    /// The tree.
    pub(crate) ast: &'a Ast,
    /// The calls that are calls of the predeclared `panic`.
    pub(crate) panics: &'a FxHashSet<ExprId>,
}

impl Terminating<'_> {
    /// Whether a statement list ends in a terminating statement. Empty statements at the end do not count.
    pub(crate) fn list(&self, list: &[StmtId]) -> bool {
        let last = list.iter().rev().find(|&&s| !matches!(self.ast[s].kind, Stmt::Empty));
        last.is_some_and(|&s| self.stmt(s))
    }

    fn stmt(&self, mut s: StmtId) -> bool {
        let mut label = None;
        loop {
            return match &self.ast[s].kind {
                Stmt::Labeled(name, inner) => {
                    label = Some(name.name);
                    s = *inner;
                    continue;
                }
                Stmt::Expr(x) => {
                    let x = self.ast.unparen(*x);
                    matches!(self.ast[x].kind, Expr::Call { .. }) && self.panics.contains(&x)
                }
                Stmt::Return(_) => true,
                Stmt::Branch { kind, .. } => matches!(kind, BranchKind::Goto | BranchKind::Fallthrough),
                Stmt::Block(b) => self.list(&b.stmts),
                Stmt::If { then, els: Some(els), .. } => {
                    if !self.list(&then.stmts) {
                        return false;
                    }
                    label = None;
                    s = *els;
                    continue;
                }
                Stmt::Switch { clauses, .. } | Stmt::TypeSwitch { clauses, .. } => {
                    clauses.iter().any(|c| c.exprs.is_none())
                        && clauses.iter().all(|c| self.list(&c.body) && !self.any_break(&c.body, label, true))
                }
                Stmt::Select(clauses) => {
                    clauses.iter().all(|c| self.list(&c.body) && !self.any_break(&c.body, label, true))
                }
                Stmt::For { cond: None, body, .. } => !self.block_breaks(body, label, true),
                // What could not be parsed is reported already: a missing return would only be noise.
                Stmt::Bad => true,
                _ => false,
            };
        }
    }

    fn block_breaks(&self, b: &Block, label: Option<Symbol>, implicit: bool) -> bool {
        self.any_break(&b.stmts, label, implicit)
    }

    fn any_break(&self, list: &[StmtId], label: Option<Symbol>, implicit: bool) -> bool {
        list.iter().any(|&s| self.breaks(s, label, implicit))
    }

    /// Whether `s` contains a `break` to `label`, or without a label to the statement around `s` if `implicit`.
    fn breaks(&self, mut s: StmtId, label: Option<Symbol>, implicit: bool) -> bool {
        loop {
            return match &self.ast[s].kind {
                Stmt::Labeled(_, inner) => {
                    s = *inner;
                    continue;
                }
                Stmt::Branch { kind: BranchKind::Break, label: to } => match to {
                    None => implicit,
                    Some(to) => Some(to.name) == label,
                },
                Stmt::Block(b) => self.block_breaks(b, label, implicit),
                Stmt::If { then, els, .. } => {
                    if self.block_breaks(then, label, implicit) {
                        return true;
                    }
                    let Some(els) = els else { return false };
                    s = *els;
                    continue;
                }
                Stmt::Switch { clauses, .. } | Stmt::TypeSwitch { clauses, .. } => {
                    label.is_some() && clauses.iter().any(|c| self.any_break(&c.body, label, false))
                }
                Stmt::Select(clauses) => {
                    label.is_some() && clauses.iter().any(|c| self.any_break(&c.body, label, false))
                }
                Stmt::For { body, .. } | Stmt::Range { body, .. } => {
                    label.is_some() && self.block_breaks(body, label, false)
                }
                _ => false,
            };
        }
    }
}
