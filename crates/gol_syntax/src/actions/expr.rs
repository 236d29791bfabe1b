//! Expressions: operands, operators at their places, calls, literals.

use gol_source::Span;

use lalrpop_util::ParseError;

use super::{Args, Cx, Failed, LitValue, Stop};
use crate::ast::*;

impl Cx<'_> {
    pub(crate) fn name(&mut self, id: Ident) -> ExprId {
        self.expr(Expr::Name(id.name), id.span.lo, id.span.hi, 0)
    }

    pub(crate) fn literal(&mut self, kind: LitKind, lo: u32, hi: u32) -> ExprId {
        let text = self.symbol(lo, hi);
        self.expr(Expr::BasicLit(kind, text), lo, hi, 0)
    }

    pub(crate) fn paren(&mut self, x: ExprId, lo: u32, hi: u32) -> ExprId {
        let below = self.expr_depth(x);
        self.expr(Expr::Paren(x), lo, hi, below)
    }

    pub(crate) fn star(&mut self, lo: u32, x: ExprId) -> ExprId {
        let (below, hi) = (self.expr_depth(x), self.span(x).hi);
        self.expr(Expr::Star(x), lo, hi, below)
    }

    /// A unary operator; `<-` before a channel type makes that a receive-only one.
    pub(crate) fn unary(&mut self, lo: u32, op: UnaryOp, x: ExprId) -> ExprId {
        if op == UnaryOp::Recv && matches!(self.ast[x].kind, Expr::ChanType(..)) {
            return self.receive_type(lo, x);
        }
        let (below, hi) = (self.expr_depth(x), self.span(x).hi);
        self.expr(Expr::Unary(op, x), lo, hi, below)
    }

    /// `<-` and then the channel type `x`: the arrow belongs to the first `chan`, and the arrow that this one had
    /// to the next, so that `<-chan (chan<- T)` means what it does in a place for types only.
    fn receive_type(&mut self, lo: u32, x: ExprId) -> ExprId {
        let (mut at, mut arrow) = (x, lo);
        loop {
            let end = self.span(x).hi;
            let Expr::ChanType(dir, elem) = &mut self.ast[at].kind else {
                let text = self.print(at);
                self.syntax_error(Span::new(end, end), format!("unexpected {text}, expected chan"));
                return x;
            };
            let (was, elem) = (std::mem::replace(dir, ChanDir::Recv), *elem);
            let span = &mut self.ast[at].span;
            let keyword = span.lo;
            span.lo = arrow;
            match was {
                ChanDir::Both => return x,
                ChanDir::Recv => {
                    self.syntax_error(Span::new(end, end), "unexpected <-, expected chan");
                    return x;
                }
                ChanDir::Send => {
                    let between = self.text(keyword, self.span(elem).lo);
                    arrow = keyword + between.find("<-").unwrap_or(0) as u32;
                    at = elem;
                }
            }
        }
    }

    /// Puts `x op y` together, where `x` is a whole chain: the new operator goes down the right side of the chain
    /// as far as the operators there bind less tightly. That is five steps at most.
    pub(crate) fn binary(&mut self, x: ExprId, op: BinaryOp, op_pos: u32, y: ExprId) -> ExprId {
        let hi = self.span(y).hi;
        let mut path = [x; 8];
        let mut len = 0;
        let mut left = x;
        while let Expr::Binary { op: above, y: right, .. } = self.ast[left].kind {
            if above.precedence() >= op.precedence() {
                break;
            }
            path[len] = left;
            len += 1;
            left = right;
        }
        let lo = self.span(left).lo;
        let below = self.chain_depth(left, y);
        let new = self.expr(Expr::Binary { op, op_pos, x: left, y }, lo, hi, below);
        let mut child = new;
        for &above in path[..len].iter().rev() {
            let node = &mut self.ast[above];
            node.span.hi = hi;
            let Expr::Binary { x, y, .. } = &mut node.kind else { unreachable!("only binary nodes are on the path") };
            *y = child;
            let x = *x;
            let below = self.chain_depth(x, child) + 1;
            self.expr_depth[(above.0 - self.ast.exprs.first) as usize] = below.min(super::MAX_DEPTH) as u16;
            child = above;
        }
        if len == 0 { new } else { x }
    }

    /// A chain is walked in a loop: a binary left operand does not lie deeper than its user.
    fn chain_depth(&self, x: ExprId, y: ExprId) -> u32 {
        let left = self.expr_depth(x);
        let left = if matches!(self.ast[x].kind, Expr::Binary { .. }) { left.saturating_sub(1) } else { left };
        left.max(self.expr_depth(y))
    }

    pub(crate) fn selector(&mut self, x: ExprId, sel: Ident) -> ExprId {
        let below = self.expr_depth(x);
        let lo = self.span(x).lo;
        self.expr(Expr::Selector(x, sel), lo, sel.span.hi, below)
    }

    /// `pkg.Name` in a place for types.
    pub(crate) fn qualified(&mut self, pkg: Ident, id: Ident) -> ExprId {
        let x = self.name(pkg);
        self.selector(x, id)
    }

    /// `x[args]`; `close` is the offset of the bracket. With more than one, all but the first must be types.
    pub(crate) fn index(&mut self, x: ExprId, args: Vec<ExprId>, close: u32) -> ExprId {
        for &arg in args.iter().skip(1) {
            if let Some(span) = self.not_type(arg) {
                let text = self.text(span.lo, span.hi);
                let literal = if matches!(self.ast[arg].kind, Expr::BasicLit(..)) { "literal " } else { "" };
                self.syntax_error(span, format!("unexpected {literal}{text}, expected ]"));
                break;
            }
        }
        let below = self.expr_depth(x).max(self.deepest(&args));
        let lo = self.span(x).lo;
        self.expr(Expr::Index(x, args), lo, close + 1, below)
    }

    /// `name[args]` in a place for types.
    pub(crate) fn instance(&mut self, name: Ident, args: Vec<ExprId>, close: u32) -> ExprId {
        let x = self.name(name);
        self.index(x, args, close)
    }

    pub(crate) fn slice(&mut self, x: ExprId, lo: Option<ExprId>, hi: Option<ExprId>, end: u32) -> ExprId {
        let below = self.deepest(&[Some(x), lo, hi].into_iter().flatten().collect::<Vec<_>>());
        let start = self.span(x).lo;
        self.expr(Expr::Slice { x, lo, hi, max: None }, start, end, below)
    }

    /// `x[lo:hi:max]`: the first bound only may be missing. `colon` and `close` are where the others would end.
    pub(crate) fn slice3(
        &mut self,
        x: ExprId,
        (lo, hi, max): (Option<ExprId>, Option<ExprId>, Option<ExprId>),
        colon: u32,
        close: u32,
    ) -> ExprId {
        let mut needed = |bound: Option<ExprId>, at: u32, which: &str| {
            bound.unwrap_or_else(|| {
                self.error(Span::new(at, at + 1), format!("{which} index required in 3-index slice"));
                self.expr(Expr::Bad, at, at + 1, 0)
            })
        };
        let (hi, max) = (Some(needed(hi, colon, "middle")), Some(needed(max, close, "final")));
        let below = self.deepest(&[Some(x), lo, hi, max].into_iter().flatten().collect::<Vec<_>>());
        let start = self.span(x).lo;
        self.expr(Expr::Slice { x, lo, hi, max }, start, close + 1, below)
    }

    pub(crate) fn type_assert(&mut self, x: ExprId, ty: ExprId, end: u32) -> ExprId {
        let below = self.expr_depth(x).max(self.expr_depth(ty));
        let lo = self.span(x).lo;
        self.expr(Expr::TypeAssert(x, ty), lo, end, below)
    }

    /// `x.(type)`, to be taken by a switch; see [`Cx::finish`].
    pub(crate) fn type_switch_guard(&mut self, x: ExprId, end: u32) -> ExprId {
        let below = self.expr_depth(x);
        let lo = self.span(x).lo;
        let guard = self.expr(Expr::TypeSwitchGuard(x), lo, end, below);
        self.guards.push(guard);
        guard
    }

    pub(crate) fn call(&mut self, fun: ExprId, args: Args) -> ExprId {
        let below = self.expr_depth(fun).max(self.deepest(&args.list));
        let lo = self.span(fun).lo;
        let Args { list: args, has_dots, rparen } = args;
        self.expr(Expr::Call { fun, args, has_dots, rparen }, lo, rparen + 1, below)
    }

    /// The expression before the brace of a composite literal: it must be able to name a type. `end` is its end.
    pub(crate) fn lit_type_name(&mut self, x: ExprId, end: u32) -> Result<ExprId, Failed> {
        let inner = self.ast.unparen(x);
        let names_type = match self.ast[inner].kind {
            Expr::Name(_) | Expr::Selector(..) | Expr::Bad => true,
            Expr::Index(..) => !self.is_value(inner),
            Expr::ArrayType { .. } | Expr::SliceType(_) | Expr::StructType(_) | Expr::MapType(..) => true,
            _ => false,
        };
        if !names_type {
            return Err(ParseError::User { error: Stop(end) });
        }
        if inner != x {
            let brace = end + self.text_from(end).find('{').unwrap_or(0) as u32;
            self.syntax_error(Span::new(brace, brace + 1), "cannot parenthesize type in composite literal");
        }
        Ok(x)
    }

    /// Whether `x` is a value and no type, by its form alone.
    fn is_value(&self, mut x: ExprId) -> bool {
        loop {
            match &self.ast[x].kind {
                Expr::BasicLit(..) | Expr::CompositeLit { .. } | Expr::FuncLit { .. } | Expr::Slice { .. } => {
                    return true;
                }
                Expr::TypeAssert(..) | Expr::TypeSwitchGuard(_) | Expr::Call { .. } => return true,
                Expr::Unary(..) | Expr::Binary { .. } => return true,
                Expr::Paren(inner) => x = *inner,
                Expr::Index(_, args) if args.len() == 1 && self.is_value(args[0]) => return true,
                Expr::Index(inner, _) => x = *inner,
                _ => return false,
            }
        }
    }

    /// Where `x` ceases to be a type, if it is none by its form.
    fn not_type(&self, mut x: ExprId) -> Option<Span> {
        let mut found = None;
        loop {
            let span = self.span(x);
            match &self.ast[x].kind {
                Expr::BasicLit(..) => return Some(span),
                Expr::Unary(op, _) => return Some(Span::new(span.lo, span.lo + op.text().len() as u32)),
                Expr::Binary { x: left, op, op_pos, .. } => {
                    found = Some(Span::new(*op_pos, *op_pos + op.text().len() as u32));
                    x = *left;
                }
                Expr::Call { fun, .. } => {
                    let end = self.span(*fun).hi;
                    found = Some(Span::new(end, end + 1));
                    x = *fun;
                }
                Expr::Paren(inner) | Expr::Star(inner) => x = *inner,
                _ => return found,
            }
        }
    }

    pub(crate) fn composite_of(&mut self, ty: ExprId, v: LitValue) -> ExprId {
        let below = self.expr_depth(ty).max(self.deepest(&v.elems));
        let lo = self.span(ty).lo;
        self.expr(Expr::CompositeLit { ty: Some(ty), elems: v.elems, rbrace: v.hi - 1 }, lo, v.hi, below)
    }

    /// `{elems}` inside a composite literal.
    pub(crate) fn elided(&mut self, v: LitValue) -> ExprId {
        let below = self.deepest(&v.elems);
        self.expr(Expr::CompositeLit { ty: None, elems: v.elems, rbrace: v.hi - 1 }, v.lo, v.hi, below)
    }

    pub(crate) fn key_value(&mut self, key: ExprId, value: ExprId) -> ExprId {
        let below = self.expr_depth(key).max(self.expr_depth(value));
        let (lo, hi) = (self.span(key).lo, self.span(value).hi);
        self.expr(Expr::KeyValue(key, value), lo, hi, below)
    }

    pub(crate) fn func_lit(&mut self, ty: ExprId, body: Block) -> ExprId {
        let below = self.expr_depth(ty).max(self.block_depth(&body));
        let (lo, hi) = (self.span(ty).lo, body.span.hi);
        self.expr(Expr::FuncLit { ty, body }, lo, hi, below)
    }

    /// The greatest depth among several expressions.
    pub(crate) fn deepest(&self, list: &[ExprId]) -> u32 {
        list.iter().map(|&x| self.expr_depth(x)).max().unwrap_or(0)
    }
}
