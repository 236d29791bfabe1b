//! Jumps: labels, `goto`, `break`, `continue` and `fallthrough` in their places.
//!
//! One walk over a function's body with the rules and words of Go's parser (which reports these before anything is
//! type-checked). A `goto` to a label further on waits in its block's list until the label comes; what is left when a
//! block ends may still find its label in the block around it.

use rustc_hash::FxHashMap;

use gol_source::{Code, Diagnostic, Span, Symbol, nearest};
use gol_syntax::ast::{AssignOp, Ast, Block, BranchKind, CaseClause, Decl, Ident, Stmt, StmtId};

use super::Checker;
use crate::objects::{ObjKind, Object};
use crate::types::TypeId;

impl Checker<'_> {
    /// Checks the jumps of a function's body; bodies of function literals in it are walked on their own.
    pub(crate) fn branches(&mut self, body: &Block) {
        let mut walk = Walk {
            ast: self.ast,
            labels: FxHashMap::default(),
            order: Vec::new(),
            blocks: Vec::new(),
            found: Vec::new(),
        };
        let left = walk.block(None, Context::default(), None, self.at(body.span.lo), &body.stmts);
        for jump in left {
            let name = self.text(jump.name);
            match walk.labels.get_mut(&jump.name) {
                Some(label) => {
                    label.used = true;
                    let at = self.place(walk.blocks[label.block].start);
                    let message = format!("goto {name} jumps into block starting at {at}");
                    let d = Diagnostic::error(Code::JumpIntoBlock, jump.span, message);
                    let d = d.label(label.span, "the label stands in the block");
                    self.report(d);
                }
                None => {
                    let message = format!("label {name} not defined");
                    let d = Diagnostic::error(Code::UndeclaredLabel, jump.span, message);
                    let d = meant_label(d, name, walk.order.iter().map(|&n| self.text(n)));
                    self.report(d);
                }
            }
        }
        for finding in std::mem::take(&mut walk.found) {
            self.branch_error(finding, &walk.order);
        }
        for name in &walk.order {
            let Some(label) = walk.labels.get(name) else { continue };
            let object = Object::new(*name, label.span, TypeId::INVALID, self.pkg, ObjKind::Label);
            let obj = self.prog.objects.add(object);
            self.prog.info.defs.insert(label.span.lo, obj);
            if !label.used {
                let message = format!("label {} defined and not used", self.text(*name));
                self.error(Code::UnusedLabel, label.span, message);
            }
        }
    }

    fn branch_error(&mut self, finding: Finding, labels: &[Symbol]) {
        let name = finding.name.map_or("", |n| self.text(n));
        let message = match finding.what {
            What::Twice(first) => format!("label {name} already defined at {}", self.place(first)),
            What::OverDecl(span, ref var) => {
                format!("goto {name} jumps over declaration of {var} at {}", self.place(span))
            }
            What::Break => "break is not in a loop, switch, or select".to_string(),
            What::Continue => "continue is not in a loop".to_string(),
            What::Fallthrough(why) => why.to_string(),
            What::BadTarget(keyword) => format!("invalid {keyword} label {name}"),
            What::NoTarget(keyword) => format!("{keyword} label not defined: {name}"),
        };
        let code = match finding.what {
            What::Twice(_) => Code::DuplicateLabel,
            What::OverDecl(..) => Code::JumpOverDecl,
            What::Break => Code::MisplacedBreak,
            What::Continue => Code::MisplacedContinue,
            What::Fallthrough(_) => Code::MisplacedFallthrough,
            What::BadTarget(_) => Code::MisplacedLabel,
            What::NoTarget(_) => Code::UndeclaredLabel,
        };
        let d = Diagnostic::error(code, finding.span, message);
        let d = match finding.what {
            What::Twice(first) => d.label(first, "the label is already defined here"),
            What::OverDecl(span, _) => d.label(span, "the declaration"),
            What::NoTarget(_) => meant_label(d, name, labels.iter().map(|&n| self.text(n))),
            _ => d,
        };
        self.report(d);
    }
}

/// Adds the label that was probably meant by `name`.
fn meant_label<'a>(d: Diagnostic, name: &str, labels: impl Iterator<Item = &'a str>) -> Diagnostic {
    match nearest(name, labels) {
        Some(meant) => d.help(format!("did you mean {meant}?")),
        None => d,
    }
}

/// Something wrong.
struct Finding {
    what: What,
    name: Option<Symbol>,
    span: Span,
}

/// What is wrong.
enum What {
    /// A label is defined twice.
    Twice(Span),
    /// A goto passes the declaration at this place of what is written there.
    OverDecl(Span, String),
    Break,
    Continue,
    Fallthrough(&'static str),
    /// The label belongs to no statement that the keyword can leave.
    BadTarget(&'static str),
    NoTarget(&'static str),
}

/// What encloses a statement.
#[derive(Clone, Copy, Default)]
struct Context {
    /// It is in a statement that `break` leaves.
    breaks: bool,
    /// It is in a loop.
    continues: bool,
    /// It stands in a clause of a switch directly.
    clause: Option<Clause>,
    /// The innermost statement that `break` leaves is a switch.
    in_switch: bool,
    in_type_switch: bool,
}

#[derive(Clone, Copy)]
struct Clause {
    last: bool,
}

struct Label {
    span: Span,
    stmt: StmtId,
    block: usize,
    used: bool,
}

struct BlockInfo {
    parent: Option<usize>,
    start: Span,
    /// The labeled statement whose body this block is.
    labeled: Option<StmtId>,
}

struct Walk<'a> {
    ast: &'a Ast,
    labels: FxHashMap<Symbol, Label>,
    order: Vec<Symbol>,
    blocks: Vec<BlockInfo>,
    found: Vec<Finding>,
}

/// The target of a labeled `break` or `continue`.
enum Target {
    /// The labeled statement, which is around the jump.
    Around(StmtId),
    Elsewhere,
    Unknown,
}

impl Walk<'_> {
    fn find(&mut self, what: What, name: Option<Symbol>, span: Span) {
        self.found.push(Finding { what, name, span });
    }

    /// Walks a block and gives the gotos in it that have not found their labels.
    fn block(
        &mut self,
        parent: Option<usize>,
        context: Context,
        labeled: Option<StmtId>,
        start: Span,
        list: &[StmtId],
    ) -> Vec<Ident> {
        let this = self.blocks.len();
        self.blocks.push(BlockInfo { parent, start, labeled });
        let mut state = BlockState { this, context, forward: Vec::new(), over: Vec::new(), declared: None };
        let visible = list.iter().rposition(|&s| !matches!(self.ast[s].kind, Stmt::Empty)).map_or(0, |i| i + 1);
        for (i, &s) in list[..visible].iter().enumerate() {
            self.stmt(&mut state, s, i + 1 == visible);
        }
        state.forward
    }

    fn stmt(&mut self, state: &mut BlockState, mut s: StmtId, last: bool) {
        let ast = self.ast;
        let mut labeled = None;
        while let Stmt::Labeled(name, inner) = ast[s].kind {
            if name.name != Symbol::BLANK {
                self.label(state, s, name);
                labeled = Some(s);
            }
            s = inner;
        }
        let context = state.context;
        // What is inside a plain block or an if is not directly in a clause any more.
        let inner = Context { clause: None, ..context };
        let breakable = Context { breaks: true, clause: None, in_switch: false, in_type_switch: false, ..context };
        match &ast[s].kind {
            Stmt::Decl(d) => {
                if let Decl::Var(specs) = &ast[*d].kind
                    && let Some(name) = specs.first().and_then(|s| s.names.first())
                {
                    let text = ast.text(name.name).to_string();
                    state.declare(specs[0].span, text);
                }
            }
            Stmt::Assign { lhs, op: AssignOp::Define, op_pos, .. } => {
                let texts: Vec<String> = lhs.iter().map(|&e| gol_syntax::expr_text(ast, e)).collect();
                state.declare(Span::new(*op_pos, *op_pos + 2), texts.join(", "));
            }
            Stmt::Branch { kind, label } => self.branch(state, *kind, *label, ast[s].span, last),
            Stmt::Block(b) => self.inner(state, inner, labeled, b.span, &b.stmts),
            Stmt::If { .. } => self.if_chain(state, inner, labeled, s),
            Stmt::For { body, .. } | Stmt::Range { body, .. } => {
                let context = Context { continues: true, ..breakable };
                self.inner(state, context, labeled, body.span, &body.stmts);
            }
            Stmt::Switch { clauses, .. } => self.clauses(state, breakable, labeled, clauses, false),
            Stmt::TypeSwitch { clauses, .. } => self.clauses(state, breakable, labeled, clauses, true),
            Stmt::Select(clauses) => {
                for c in clauses {
                    self.inner(state, breakable, labeled, c.span, &c.body);
                }
            }
            _ => {}
        }
    }

    fn inner(
        &mut self,
        state: &mut BlockState,
        context: Context,
        labeled: Option<StmtId>,
        span: Span,
        list: &[StmtId],
    ) {
        let start = Span::new(span.lo, span.lo + 1);
        let left = self.block(Some(state.this), context, labeled, start, list);
        state.forward.extend(left);
    }

    fn clauses(
        &mut self,
        state: &mut BlockState,
        context: Context,
        labeled: Option<StmtId>,
        clauses: &[CaseClause],
        types: bool,
    ) {
        for (i, c) in clauses.iter().enumerate() {
            let clause = Some(Clause { last: i + 1 == clauses.len() });
            let context = Context { clause, in_switch: true, in_type_switch: types, ..context };
            self.inner(state, context, labeled, c.span, &c.body);
        }
    }

    /// An `if` and the `else if`s after it. Each `else` is a block of its own for jumps, nested in nothing but the
    /// block around, so they can be walked side by side.
    fn if_chain(&mut self, state: &mut BlockState, context: Context, labeled: Option<StmtId>, s: StmtId) {
        let ast = self.ast;
        let mut next = Some(s);
        while let Some(s) = next.take() {
            match &ast[s].kind {
                Stmt::If { then, els, .. } => {
                    self.inner(state, context, labeled, then.span, &then.stmts);
                    next = *els;
                }
                Stmt::Block(b) => self.inner(state, context, labeled, b.span, &b.stmts),
                _ => {}
            }
        }
    }

    fn label(&mut self, state: &mut BlockState, s: StmtId, name: Ident) {
        if let Some(first) = self.labels.get(&name.name) {
            let first = first.span;
            self.find(What::Twice(first), Some(name.name), name.span);
        } else {
            let label = Label { span: name.span, stmt: s, block: state.this, used: false };
            self.labels.insert(name.name, label);
            self.order.push(name.name);
        }
        let (arrived, waiting): (Vec<Ident>, Vec<Ident>) =
            std::mem::take(&mut state.forward).into_iter().partition(|j| j.name == name.name);
        state.forward = waiting;
        for jump in arrived {
            if let Some(label) = self.labels.get_mut(&name.name) {
                label.used = true;
            }
            if let Some((span, text)) = &state.declared
                && state.over.contains(&jump)
            {
                self.find(What::OverDecl(*span, text.clone()), Some(name.name), jump.span);
            }
        }
    }

    fn branch(&mut self, state: &mut BlockState, kind: BranchKind, label: Option<Ident>, span: Span, last: bool) {
        let context = state.context;
        let Some(label) = label else {
            match kind {
                BranchKind::Break if !context.breaks => self.find(What::Break, None, span),
                BranchKind::Continue if !context.continues => self.find(What::Continue, None, span),
                BranchKind::Fallthrough => {
                    let why = match context.clause {
                        _ if context.in_type_switch => "cannot fallthrough in type switch",
                        Some(clause) if last && context.in_switch => {
                            if !clause.last {
                                return;
                            }
                            "cannot fallthrough final case in switch"
                        }
                        _ => "fallthrough statement out of place",
                    };
                    self.find(What::Fallthrough(why), None, span);
                }
                _ => {}
            }
            return;
        };
        match kind {
            BranchKind::Break | BranchKind::Continue => {
                let keyword = if kind == BranchKind::Break { "break" } else { "continue" };
                match self.enclosing(state.this, label.name) {
                    Target::Around(s) if self.leaves(kind, s) => {}
                    Target::Unknown => self.find(What::NoTarget(keyword), Some(label.name), label.span),
                    _ => self.find(What::BadTarget(keyword), Some(label.name), label.span),
                }
            }
            BranchKind::Goto => {
                if !self.behind(state.this, label.name) {
                    state.forward.push(label);
                }
            }
            BranchKind::Fallthrough => {}
        }
    }

    /// Whether a `break` or `continue` can leave the labeled statement.
    fn leaves(&self, kind: BranchKind, labeled: StmtId) -> bool {
        let Stmt::Labeled(_, inner) = self.ast[labeled].kind else { return false };
        match self.ast[inner].kind {
            Stmt::For { .. } | Stmt::Range { .. } => true,
            Stmt::Switch { .. } | Stmt::TypeSwitch { .. } | Stmt::Select(_) => kind == BranchKind::Break,
            _ => false,
        }
    }

    fn enclosing(&mut self, block: usize, name: Symbol) -> Target {
        let Some(label) = self.labels.get_mut(&name) else { return Target::Unknown };
        // Even if it is no valid target.
        label.used = true;
        let stmt = label.stmt;
        let mut at = Some(block);
        while let Some(b) = at {
            if self.blocks[b].labeled == Some(stmt) {
                return Target::Around(stmt);
            }
            at = self.blocks[b].parent;
        }
        Target::Elsewhere
    }

    /// Whether a label was defined before, in this block or one around it.
    fn behind(&mut self, block: usize, name: Symbol) -> bool {
        let Some(label) = self.labels.get_mut(&name) else { return false };
        label.used = true;
        let owner = label.block;
        let mut at = Some(block);
        while let Some(b) = at {
            if b == owner {
                return true;
            }
            at = self.blocks[b].parent;
        }
        false
    }
}

/// The state of walking one block.
struct BlockState {
    this: usize,
    context: Context,
    /// Gotos whose labels have not come yet.
    forward: Vec<Ident>,
    /// Those of them that a variable declaration has come after.
    over: Vec<Ident>,
    /// The last variable declaration.
    declared: Option<(Span, String)>,
}

impl BlockState {
    fn declare(&mut self, span: Span, text: String) {
        self.declared = Some((span, text));
        self.over = self.forward.clone();
    }
}
