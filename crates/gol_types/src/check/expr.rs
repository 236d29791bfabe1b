//! Expressions: the dispatch over their forms, and what a context accepts (a value, a type, several values).
//!
//! [`Checker::raw_expr`] checks any expression and records it; the functions around it exclude what their context does not
//! allow. Operators are in `operators.rs`, untyped operands in `untyped.rs`, other forms in files named after them.

use gol_source::{Code, Span};
use gol_syntax::ast::{Expr, ExprId, UnaryOp};

use super::instantiate::Target;
use super::{Checker, Operand};
use crate::info::Mode;
use crate::types::{Param, Type, TypeId};

/// How deeply expressions and statements may nest: bounds the native stack that checking takes.
const MAX_DEPTH: u32 = 10_000;

/// What kind of expression it is: only statements may stand alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExprKind {
    /// `T(x)`
    Conversion,
    /// A value that must be used.
    Expression,
    /// A call, a receive, or something wrong.
    Statement,
}

impl Checker<'_> {
    /// A value of one operand: reports types, calls without result and several results.
    pub(crate) fn expr(&mut self, e: ExprId) -> Operand {
        self.expr_hint(None, e)
    }

    /// The same with a type that the context asks for (for later inference).
    pub(crate) fn expr_with(&mut self, target: Option<Target>, e: ExprId) -> Operand {
        self.target = target;
        let x = self.expr_hint(None, e);
        self.target = None;
        x
    }

    /// The same for an element of a composite literal: `hint` is the type of a literal without one.
    pub(crate) fn expr_hint(&mut self, hint: Option<TypeId>, e: ExprId) -> Operand {
        let (mut x, _) = self.raw_expr(e, hint);
        self.exclude(&mut x, true, true);
        self.single_value(&mut x);
        x
    }

    /// A value or a type.
    pub(crate) fn expr_or_type(&mut self, e: ExprId) -> Operand {
        let (mut x, _) = self.raw_expr(e, None);
        self.exclude(&mut x, false, false);
        self.single_value(&mut x);
        x
    }

    /// One or several values: several for a call with several results, and two for a comma-ok form where `allow_ok`
    /// is set (the second result tells).
    pub(crate) fn multi_expr(&mut self, e: ExprId, allow_ok: bool) -> (Vec<Operand>, bool) {
        let (mut x, _) = self.raw_expr(e, None);
        self.exclude(&mut x, true, true);
        if x.mode == Mode::Value
            && let Type::Tuple(members) = self.prog.types.get(x.ty)
        {
            let nth = |i: usize| match i {
                1 => "1st function result".to_string(),
                2 => "2nd function result".to_string(),
                3 => "3rd function result".to_string(),
                _ => format!("{i}th function result"),
            };
            let list = members.iter().enumerate();
            return (list.map(|(i, &ty)| Operand::new(Mode::Value, ty, e).named(nth(i + 1))).collect(), false);
        }
        if allow_ok && matches!(x.mode, Mode::MapIndex | Mode::CommaOk) {
            let ok = Operand::new(Mode::Value, TypeId::UNTYPED_BOOL, e);
            return (vec![x, ok.named("ok value of (comma, ok) expression")], true);
        }
        (vec![x], false)
    }

    /// Several expressions: each one value, or a single call with several results.
    pub(crate) fn expr_list(&mut self, list: &[ExprId]) -> Vec<Operand> {
        match list {
            &[e] => self.multi_expr(e, false).0,
            _ => list.iter().map(|&e| self.expr(e)).collect(),
        }
    }

    /// Checks any expression and records it; `hint` is the type of a composite literal without one.
    pub(crate) fn raw_expr(&mut self, e: ExprId, hint: Option<TypeId>) -> (Operand, ExprKind) {
        let target = self.target.clone();
        let (mut x, kind) = self.generic_raw_expr(e, hint);
        let generic = matches!(x.mode, Mode::TypeExpr | Mode::Value);
        if generic {
            self.non_generic(&mut x, target);
        }
        if x.is_invalid() { (x, ExprKind::Statement) } else { (x, kind) }
    }

    /// A value or a type, or a function or type that is generic.
    pub(crate) fn generic_expr_or_type(&mut self, e: ExprId) -> Operand {
        let (mut x, _) = self.generic_raw_expr(e, None);
        self.exclude(&mut x, false, false);
        self.single_value(&mut x);
        x
    }

    /// [`Checker::raw_expr`] for a place that takes a generic function or type.
    pub(crate) fn generic_raw_expr(&mut self, e: ExprId, hint: Option<TypeId>) -> (Operand, ExprKind) {
        let target = self.target.take();
        if !self.enter(self.span(e)) {
            return (Operand::invalid(e), ExprKind::Statement);
        }
        let (x, kind) = self.expr_form(e, hint, target);
        self.leave();
        self.checked_form(e, x, kind)
    }

    /// Records what the form of an expression came to.
    pub(crate) fn checked_form(&mut self, e: ExprId, mut x: Operand, kind: ExprKind) -> (Operand, ExprKind) {
        x.expr = e;
        x.shown = None;
        if x.is_invalid() {
            self.untyped.remove(&e);
            return (x, ExprKind::Statement);
        }
        if self.is_too_large(e, x.ty) {
            x.spoil();
            self.untyped.remove(&e);
            return (x, ExprKind::Statement);
        }
        // There is no value of a type whose structure is still being worked out.
        if !matches!(x.mode, Mode::TypeExpr | Mode::NoValue | Mode::Builtin(_)) && !self.is_complete(x.ty) {
            x.spoil();
            self.untyped.remove(&e);
            return (x, ExprKind::Statement);
        }
        self.record(&x);
        (x, kind)
    }

    /// Goes one level deeper into the tree; reports and refuses if that is too deep.
    pub(crate) fn enter(&mut self, span: Span) -> bool {
        if self.depth >= MAX_DEPTH {
            self.error(Code::NotYet, span, "nested too deeply");
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes back from [`Checker::enter`].
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    fn expr_form(&mut self, e: ExprId, hint: Option<TypeId>, target: Option<Target>) -> (Operand, ExprKind) {
        let ast = self.ast;
        let x = match &ast[e].kind {
            Expr::Bad => Operand::invalid(e),
            Expr::Name(_) => self.ident(e, false),
            Expr::BasicLit(kind, text) => self.basic_lit(e, *kind, *text),
            Expr::FuncLit { ty, .. } => self.func_lit(e, *ty),
            Expr::CompositeLit { ty, elems, rbrace } => self.composite_lit(e, *ty, elems, *rbrace, hint),
            Expr::Paren(inner) => {
                self.target = target;
                return self.generic_raw_expr(*inner, None);
            }
            Expr::Selector(..) => self.selector(e, false),
            Expr::Index(x, indices) => {
                let x = self.generic_expr_or_type(*x);
                if self.generic_signature(&x).is_some() {
                    let mut x = x;
                    self.func_inst(target, &mut x, Some((e, indices)), true);
                    return (x, ExprKind::Expression);
                }
                self.index_operand(e, x, indices)
            }
            Expr::Slice { x, lo, hi, max } => self.slice_expr(e, *x, [*lo, *hi, *max]),
            Expr::TypeAssert(x, ty) => self.type_assert(e, *x, *ty),
            Expr::TypeSwitchGuard(x) => {
                // The parser has reported it.
                self.use_exprs(&[*x]);
                Operand::invalid(e)
            }
            Expr::Call { .. } => return self.call(e),
            Expr::Star(inner) => self.star(e, *inner),
            Expr::Unary(op, inner) => {
                let x = self.unary(e, *op, *inner);
                let kind = if *op == UnaryOp::Recv { ExprKind::Statement } else { ExprKind::Expression };
                return (x, kind);
            }
            Expr::Binary { .. } => self.binary_chain(e),
            Expr::KeyValue(..) => {
                self.error_at(Code::SyntaxError, e, "no key:value expected");
                Operand::invalid(e)
            }
            Expr::DotsType(_) => {
                self.error_at(Code::SyntaxError, e, "invalid use of ...");
                Operand::invalid(e)
            }
            Expr::ArrayType { .. }
            | Expr::SliceType(_)
            | Expr::StructType(_)
            | Expr::FuncType(_)
            | Expr::InterfaceType(_)
            | Expr::MapType(..)
            | Expr::ChanType(..) => {
                let ty = self.typ(e);
                // An invalid type is reported already.
                if ty.is_invalid() { Operand::invalid(e) } else { Operand::new(Mode::TypeExpr, ty, e) }
            }
        };
        (x, ExprKind::Expression)
    }

    /// `*x`: a pointer type or what a pointer points to.
    fn star(&mut self, e: ExprId, inner: ExprId) -> Operand {
        let x = self.expr_or_type(inner);
        match x.mode {
            Mode::Invalid => Operand::invalid(e),
            Mode::TypeExpr => {
                let ty = self.prog.types.pointer(x.ty);
                Operand::new(Mode::TypeExpr, ty, e)
            }
            _ => {
                let core = self.prog.types.common_under(x.ty).unwrap_or(x.ty);
                if let Type::Pointer(base) = *self.prog.types.get(core) {
                    return Operand::new(Mode::Variable, base, e);
                }
                if matches!(x.mode, Mode::Builtin(_)) || !self.prog.types.underlying(x.ty).is_invalid() {
                    let message = format!("invalid operation: cannot indirect {}", self.os(&x));
                    self.error_at(Code::InvalidIndirection, x.expr, message);
                }
                Operand::invalid(e)
            }
        }
    }

    /// `x.(ty)`
    fn type_assert(&mut self, e: ExprId, x: ExprId, ty: ExprId) -> Operand {
        let x = self.expr(x);
        if x.is_invalid() {
            return Operand::invalid(e);
        }
        if self.prog.types.as_type_param(x.ty).is_some() {
            let message =
                format!("invalid operation: cannot use type assertion on type parameter value {}", self.os(&x));
            self.error_at(Code::InvalidAssert, x.expr, message);
            return Operand::invalid(e);
        }
        if !self.prog.types.is_interface(x.ty) {
            let message = format!("invalid operation: {} is not an interface", self.os(&x));
            self.error_at(Code::InvalidAssert, x.expr, message);
            return Operand::invalid(e);
        }
        let ty = self.var_type(ty);
        if ty.is_invalid() {
            return Operand::invalid(e);
        }
        if let Err(cause) = self.assertable_to(x.ty, ty) {
            let (es, to, from) = (self.es(e), self.ts(ty), self.ts(x.ty));
            let message = format!("impossible type assertion: {es}\n\t{to} does not implement {from} {cause}");
            self.error_at(Code::ImpossibleAssert, e, message);
        }
        Operand::new(Mode::CommaOk, ty, e)
    }

    /// Reports and spoils what is no value: a call without results always, a built-in or a type where so asked.
    pub(crate) fn exclude(&mut self, x: &mut Operand, builtins: bool, types: bool) {
        let (code, message) = match x.mode {
            Mode::NoValue if types => (Code::TooManyValues, "used as value"),
            Mode::NoValue => (Code::TooManyValues, "used as value or type"),
            Mode::Builtin(_) if builtins => (Code::UncalledBuiltin, "must be called"),
            Mode::TypeExpr if types => (Code::NotAnExpr, "is not an expression"),
            _ => return,
        };
        let message = format!("{} {message}", self.os(x));
        self.error_at(code, x.expr, message);
        x.spoil();
    }

    /// Reports and spoils several values where one belongs.
    pub(crate) fn single_value(&mut self, x: &mut Operand) {
        if x.mode == Mode::Value && matches!(self.prog.types.get(x.ty), Type::Tuple(_)) {
            let text = self.os(x);
            // Results are shown with their names.
            let text = match self.ast[self.ast.unparen(x.expr)].kind {
                Expr::Call { fun, .. } => match self.prog.info.type_of(fun).map(|t| self.prog.types.under(t)) {
                    Some(Type::Func(sig)) => text.replace(&self.ts(x.ty), &self.results_text(&sig.results)),
                    _ => text,
                },
                _ => text,
            };
            let message = format!("multiple-value {text} in single-value context");
            self.error_at(Code::TooManyValues, x.expr, message);
            x.spoil();
        }
    }

    fn results_text(&self, results: &[Param]) -> String {
        let one = |r: &Param| match self.text(r.name) {
            "" => self.ts(r.ty),
            name => format!("{name} {}", self.ts(r.ty)),
        };
        format!("({})", results.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    /// Checks expressions only so that what they use counts as used; tells whether all are right.
    pub(crate) fn use_exprs(&mut self, list: &[ExprId]) -> bool {
        self.use_all(list, false)
    }

    /// The same for left sides of assignments, which do not use a variable.
    pub(crate) fn use_lhs(&mut self, list: &[ExprId]) -> bool {
        self.use_all(list, true)
    }

    fn use_all(&mut self, list: &[ExprId], lhs: bool) -> bool {
        let mut ok = true;
        for &e in list {
            ok &= self.use_expr(e, lhs);
        }
        ok
    }

    fn use_expr(&mut self, e: ExprId, lhs: bool) -> bool {
        let n = self.ast.unparen(e);
        match self.ast[n].kind {
            Expr::Name(gol_source::Symbol::BLANK) => true,
            Expr::Name(_) if lhs => {
                let before = self.variable_use(n);
                let x = self.expr_or_type(n);
                self.restore_use(before);
                !x.is_invalid()
            }
            Expr::KeyValue(_, value) => self.use_expr(value, lhs),
            _ => !self.raw_expr(e, None).0.is_invalid(),
        }
    }

    /// The variable of this package that a name stands for, and whether it is used so far: assigning is no use.
    pub(crate) fn variable_use(&self, name: ExprId) -> Option<(crate::objects::ObjId, bool)> {
        let Expr::Name(sym) = self.ast[name].kind else { return None };
        let (_, obj) = self.lookup(sym, self.span(name).lo)?;
        let o = &self.prog.objects[obj];
        (o.is_var() && o.pkg == self.pkg).then_some((obj, o.used))
    }

    /// Sets back what [`Checker::variable_use`] found.
    pub(crate) fn restore_use(&mut self, before: Option<(crate::objects::ObjId, bool)>) {
        if let Some((obj, used)) = before {
            self.prog.objects[obj].used = used;
        }
    }
}
