//! Statements. Headers take any simple statement in the grammar; what a condition may be is checked here.

use gol_source::{Code, Span};

use super::{Cx, Header, RangeClause};
use crate::ast::*;

impl Cx<'_> {
    /// The depth of a block's deepest statement.
    pub(crate) fn block_depth(&self, block: &Block) -> u32 {
        self.list_depth(&block.stmts)
    }

    fn list_depth(&self, list: &[StmtId]) -> u32 {
        list.iter().map(|&s| self.stmt_depth(s)).max().unwrap_or(0)
    }

    fn optional_depth(&self, s: Option<StmtId>) -> u32 {
        s.map_or(0, |s| self.stmt_depth(s))
    }

    pub(crate) fn decl_stmt(&mut self, d: DeclId) -> StmtId {
        let Span { lo, hi } = self.ast[d].span;
        self.stmt(Stmt::Decl(d), lo, hi)
    }

    pub(crate) fn block_stmt(&mut self, block: Block) -> StmtId {
        let (Span { lo, hi }, below) = (block.span, self.block_depth(&block));
        self.stmt_over(Stmt::Block(block), lo, hi, below)
    }

    /// A simple statement as a statement of its own. No statement begins with `~`.
    pub(crate) fn simple_stmt(&mut self, s: StmtId) -> StmtId {
        let lo = self.ast[s].span.lo;
        if self.text_from(lo).starts_with('~') {
            self.syntax_error(Span::new(lo, lo + 1), "unexpected ~, expected }");
        }
        s
    }

    pub(crate) fn expr_stmt(&mut self, x: ExprId) -> StmtId {
        let (Span { lo, hi }, below) = (self.span(x), self.expr_depth(x));
        self.stmt_over(Stmt::Expr(x), lo, hi, below)
    }

    pub(crate) fn send(&mut self, chan: ExprId, arrow: u32, value: ExprId) -> StmtId {
        let (lo, hi) = (self.span(chan).lo, self.span(value).hi);
        let below = self.deepest(&[chan, value]);
        self.stmt_over(Stmt::Send { chan, value, arrow }, lo, hi, below)
    }

    pub(crate) fn inc_dec(&mut self, x: ExprId, inc: bool, op_pos: u32) -> StmtId {
        let (lo, below) = (self.span(x).lo, self.expr_depth(x));
        self.stmt_over(Stmt::IncDec { x, inc, op_pos }, lo, op_pos + 2, below)
    }

    pub(crate) fn assign(&mut self, lhs: Vec<ExprId>, op: AssignOp, op_pos: u32, rhs: Vec<ExprId>) -> StmtId {
        let lo = self.span(lhs[0]).lo;
        let hi = self.span(rhs[rhs.len() - 1]).hi;
        let below = self.deepest(&lhs).max(self.deepest(&rhs));
        self.stmt_over(Stmt::Assign { lhs, op, op_pos, rhs }, lo, hi, below)
    }

    /// `x op= y`; the operator's text tells which.
    pub(crate) fn op_assign(&mut self, x: ExprId, op_pos: u32, y: ExprId) -> StmtId {
        let rest = self.text(op_pos, op_pos + 3);
        let op = match rest.as_bytes() {
            [b'+', ..] => BinaryOp::Add,
            [b'-', ..] => BinaryOp::Sub,
            [b'|', ..] => BinaryOp::Or,
            [b'^', ..] => BinaryOp::Xor,
            [b'*', ..] => BinaryOp::Mul,
            [b'/', ..] => BinaryOp::Div,
            [b'%', ..] => BinaryOp::Rem,
            [b'&', b'^', ..] => BinaryOp::AndNot,
            [b'&', ..] => BinaryOp::And,
            [b'<', ..] => BinaryOp::Shl,
            _ => BinaryOp::Shr,
        };
        self.assign(vec![x], AssignOp::Op(op), op_pos, vec![y])
    }

    pub(crate) fn go_stmt(&mut self, lo: u32, x: ExprId) -> StmtId {
        let x = self.started_call("go", x);
        let (hi, below) = (self.span(x).hi, self.expr_depth(x));
        self.stmt_over(Stmt::Go(x), lo, hi, below)
    }

    pub(crate) fn defer_stmt(&mut self, lo: u32, x: ExprId) -> StmtId {
        let x = self.started_call("defer", x);
        let (hi, below) = (self.span(x).hi, self.expr_depth(x));
        self.stmt_over(Stmt::Defer(x), lo, hi, below)
    }

    fn started_call(&mut self, keyword: &str, x: ExprId) -> ExprId {
        let inner = self.ast.unparen(x);
        if inner != x {
            let message = format!("expression in {keyword} must not be parenthesized");
            self.error(self.span(x), message);
        }
        inner
    }

    pub(crate) fn branch(&mut self, kind: BranchKind, label: Option<Ident>, lo: u32, hi: u32) -> StmtId {
        self.stmt(Stmt::Branch { kind, label }, lo, hi)
    }

    pub(crate) fn labeled(&mut self, label: Ident, s: StmtId) -> StmtId {
        let (hi, below) = (self.ast[s].span.hi, self.stmt_depth(s));
        self.stmt_over(Stmt::Labeled(label, s), label.span.lo, hi, below)
    }

    /// `label:` at the end of a block or before a semicolon: an empty statement. Before a clause it is a mistake.
    pub(crate) fn labeled_empty(&mut self, label: Ident, colon: u32, hi: u32) -> StmtId {
        let end = self.base + self.text.len() as u32;
        if self.clause_follows(self.text(hi, end)) {
            self.syntax_error(Span::new(colon, hi), "missing statement after label");
        }
        let empty = self.stmt(Stmt::Empty, hi, hi);
        self.labeled(label, empty)
    }

    /// Whether `case` or `default` is the next word, after blanks and comments.
    fn clause_follows(&self, mut rest: &str) -> bool {
        loop {
            rest = rest.trim_start();
            if let Some(comment) = rest.strip_prefix("//") {
                rest = comment.split_once('\n').map_or("", |c| c.1);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.split_once("*/").map_or("", |c| c.1);
            } else {
                let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next();
                return matches!(word, Some("case" | "default"));
            }
        }
    }

    /// `if {`; `at` is where the brace stands.
    pub(crate) fn no_condition(&mut self, at: u32) -> Header {
        self.syntax_error(Span::new(at, at + 1), "missing condition in if statement");
        Header { init: None, semi: None, last: None, at }
    }

    pub(crate) fn if_stmt(&mut self, lo: u32, h: Header, then: Block, els: Option<StmtId>) -> StmtId {
        let hi = els.map_or(then.span.hi, |e| self.ast[e].span.hi);
        let cond = match (h.last, h.semi) {
            (Some(s), _) => self.condition(s),
            (None, None) => self.bad(h.at, h.at),
            (None, Some(semi)) => {
                let message = match self.text(semi.lo, semi.hi) {
                    ";" => "missing condition in if statement",
                    "" => "unexpected EOF, expected { after if clause",
                    _ => "unexpected newline, expected { after if clause",
                };
                self.syntax_error(semi, message);
                self.bad(semi.lo, semi.lo)
            }
        };
        let below = self.block_depth(&then).max(self.optional_depth(els)).max(self.optional_depth(h.init));
        let below = below.max(self.expr_depth(cond));
        self.stmt_over(Stmt::If { init: h.init, cond, then, els }, lo, hi, below)
    }

    /// The expression in a condition's place; any other statement there is a mistake.
    fn condition(&mut self, s: StmtId) -> ExprId {
        let Span { lo, hi } = self.ast[s].span;
        let (at, text) = match &self.ast[s].kind {
            Stmt::Expr(x) => return *x,
            Stmt::Assign { lhs, op: AssignOp::Assign, op_pos, rhs } => {
                (*op_pos, format!("assignment {} = {}", self.emphasized(lhs), self.emphasized(rhs)))
            }
            Stmt::Assign { op_pos, .. } | Stmt::IncDec { op_pos, .. } => (*op_pos, self.print_stmt(s)),
            Stmt::Send { arrow, .. } => (*arrow, self.print_stmt(s)),
            _ => (lo, String::new()),
        };
        if !text.is_empty() {
            self.syntax_error(Span::new(at, hi), format!("cannot use {text} as value"));
        }
        self.bad(lo, hi)
    }

    /// The `x` of `x.(type)` or `bind := x.(type)`, when the statement is one.
    fn guard(&mut self, s: StmtId) -> Option<(Option<Ident>, ExprId)> {
        let (bind, guard) = match &self.ast[s].kind {
            Stmt::Expr(x) => (None, *x),
            Stmt::Assign { lhs, op: AssignOp::Define, rhs, .. } if lhs.len() == 1 && rhs.len() == 1 => {
                let Expr::Name(name) = self.ast[lhs[0]].kind else { return None };
                (Some(Ident { name, span: self.span(lhs[0]) }), rhs[0])
            }
            _ => return None,
        };
        let Expr::TypeSwitchGuard(x) = self.ast[guard].kind else { return None };
        self.guards.retain(|&g| g != guard);
        Some((bind, x))
    }

    pub(crate) fn case_clause(
        &mut self,
        lo: u32,
        exprs: Option<Vec<ExprId>>,
        colon: u32,
        body: Vec<StmtId>,
    ) -> CaseClause {
        let span = self.clause_span(lo, colon, &body);
        CaseClause { exprs, body, span, colon }
    }

    pub(crate) fn comm_clause(&mut self, lo: u32, comm: Option<StmtId>, colon: u32, body: Vec<StmtId>) -> CommClause {
        let span = self.clause_span(lo, colon, &body);
        CommClause { comm, body, span, colon }
    }

    fn clause_span(&self, lo: u32, colon: u32, body: &[StmtId]) -> Span {
        Span::new(lo, body.last().map_or(colon + 1, |&s| self.ast[s].span.hi))
    }

    /// The statements of a clause end with a semicolon before the next clause, which the grammar leaves to this.
    fn clause_ends(&mut self, clauses: &[(Span, Option<StmtId>)]) {
        for pair in clauses.windows(2) {
            let (Some(last), next) = (pair[0].1, pair[1].0) else { continue };
            // A label may stand at the end without a statement.
            let labels = |s: StmtId| matches!(self.ast[s].kind, Stmt::Labeled(..) | Stmt::Empty | Stmt::Bad);
            let between = self.text(pair[0].0.hi.min(next.lo), next.lo);
            if labels(last) || between.contains(['\n', ';']) {
                continue;
            }
            let word = if self.text_from(next.lo).starts_with("case") { "case" } else { "default" };
            let span = Span::new(next.lo, next.lo + word.len() as u32);
            self.error(span, format!("syntax error: unexpected keyword {word} at end of statement"));
        }
    }

    pub(crate) fn switch_stmt(&mut self, lo: u32, h: Header, clauses: Vec<CaseClause>, hi: u32) -> StmtId {
        self.clause_ends(&clauses.iter().map(|c| (c.span, c.body.last().copied())).collect::<Vec<_>>());
        let rbrace = hi - 1;
        let lists =
            clauses.iter().map(|c| self.list_depth(&c.body).max(c.exprs.as_ref().map_or(0, |list| self.deepest(list))));
        let below = lists.max().unwrap_or(0).max(self.optional_depth(h.init)).max(self.optional_depth(h.last));
        let init = h.init;
        let kind = match h.last {
            Some(s) => match self.guard(s) {
                Some((bind, x)) => Stmt::TypeSwitch { init, bind, x, clauses, rbrace },
                None => {
                    let tag = self.condition(s);
                    Stmt::Switch { init, tag: Some(tag), clauses, rbrace }
                }
            },
            None => Stmt::Switch { init, tag: None, clauses, rbrace },
        };
        self.stmt_over(kind, lo, hi, below)
    }

    pub(crate) fn select_stmt(&mut self, lo: u32, clauses: Vec<CommClause>, hi: u32) -> StmtId {
        self.clause_ends(&clauses.iter().map(|c| (c.span, c.body.last().copied())).collect::<Vec<_>>());
        let below = clauses.iter().map(|c| self.list_depth(&c.body).max(self.optional_depth(c.comm))).max();
        self.stmt_over(Stmt::Select(clauses), lo, hi, below.unwrap_or(0))
    }

    pub(crate) fn for_stmt(
        &mut self,
        lo: u32,
        init: Option<StmtId>,
        cond: Option<StmtId>,
        post: Option<StmtId>,
        body: Block,
    ) -> StmtId {
        let below = [init, cond, post].map(|s| self.optional_depth(s)).into_iter().max().unwrap_or(0);
        let below = below.max(self.block_depth(&body));
        let cond = cond.map(|s| self.condition(s));
        if let Some(Stmt::Assign { op: AssignOp::Define, op_pos, .. }) = post.map(|p| &self.ast[p].kind) {
            let at = *op_pos;
            self.syntax_error(Span::new(at, at + 2), "cannot declare in post statement of for loop");
        }
        let hi = body.span.hi;
        self.stmt_over(Stmt::For { init, cond, post, body }, lo, hi, below)
    }

    pub(crate) fn range_stmt(&mut self, lo: u32, clause: RangeClause, body: Block) -> StmtId {
        let RangeClause { lhs, define, x } = clause;
        if lhs.len() > 2 {
            let at = self.span(lhs[2]);
            self.late_error(Code::InvalidIterVar, at, "range clause permits at most two iteration variables");
        }
        let (key, value) = (lhs.first().copied(), lhs.get(1).copied());
        let below = self.deepest(&lhs).max(self.expr_depth(x)).max(self.block_depth(&body));
        let hi = body.span.hi;
        self.stmt_over(Stmt::Range { key, value, define, x, body, for_pos: lo }, lo, hi, below)
    }

    /// The text of one or more operands; an operator in them gets parentheses, so that the `=` stands out.
    fn emphasized(&self, list: &[ExprId]) -> String {
        match list {
            [x] if matches!(self.ast[*x].kind, Expr::Binary { .. }) => format!("({})", self.print(*x)),
            _ => list.iter().map(|&x| self.print(x)).collect::<Vec<_>>().join(", "),
        }
    }

    /// An expression as Go prints it in messages.
    pub(crate) fn print(&self, x: ExprId) -> String {
        crate::source::text_of(&self.ast, x)
    }

    fn print_stmt(&self, s: StmtId) -> String {
        let list = |l: &[ExprId]| l.iter().map(|&x| self.print(x)).collect::<Vec<_>>().join(", ");
        match &self.ast[s].kind {
            Stmt::Assign { lhs, op, rhs, .. } => match op {
                AssignOp::Assign => format!("{} = {}", list(lhs), list(rhs)),
                AssignOp::Define => format!("{} := {}", list(lhs), list(rhs)),
                AssignOp::Op(op) => format!("{} {}= {}", list(lhs), op.text(), list(rhs)),
            },
            Stmt::IncDec { x, inc, .. } => format!("{}{}", self.print(*x), if *inc { "++" } else { "--" }),
            Stmt::Send { chan, value, .. } => format!("{} <- {}", self.print(*chan), self.print(*value)),
            _ => String::new(),
        }
    }
}
