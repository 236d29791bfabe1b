//! Expression switches and type switches.

use rustc_hash::FxHashMap;

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::{BinaryOp, CaseClause, Expr, ExprId, Ident};

use super::literals::ConstKey;
use super::{Checker, Operand};
use crate::constant::{Constant, Kind};
use crate::info::Mode;
use crate::objects::{ObjKind, VarKind};
use crate::types::TypeId;

/// The constant cases so far: where each value stands, with its type.
type SeenValues = FxHashMap<ConstKey, Vec<(Span, TypeId)>>;

impl Checker<'_> {
    /// `switch tag { clauses }`; the scope is open.
    pub(crate) fn switch_stmt(&mut self, tag: Option<ExprId>, clauses: &[CaseClause]) {
        let tag = tag.map(|tag| {
            let mut x = self.expr(tag);
            self.assignment(&mut x, None, "switch expression");
            let types = &self.prog.types;
            if !x.is_invalid() && !types.comparable(x.ty) && !types.has_nil(x.ty) {
                let message = format!("cannot switch on {} ({} is not comparable)", self.os(&x), self.ts(x.ty));
                self.error_at(Code::InvalidExprSwitch, x.expr, message);
                x.spoil();
            }
            x
        });
        self.multiple_defaults(clauses.iter().filter(|c| c.exprs.is_none()).map(|c| c.span));
        let mut seen = SeenValues::default();
        for clause in clauses {
            for &e in clause.exprs.iter().flatten() {
                // "A missing switch expression is equivalent to the boolean value true."
                let yes = || Operand::constant(Constant::from_bool(true), TypeId::BOOL, e).named("true");
                let x = tag.clone().unwrap_or_else(yes);
                self.case_value(&x, e, &mut seen);
            }
            self.open_scope();
            self.stmt_list(&clause.body);
            self.close_scope();
        }
    }

    fn case_value(&mut self, x: &Operand, e: ExprId, seen: &mut SeenValues) {
        let mut v = self.expr(e);
        if x.is_invalid() || v.is_invalid() {
            return;
        }
        self.convert_untyped(&mut v, x.ty);
        if v.is_invalid() {
            return;
        }
        let mut result = v.clone();
        self.comparison(&mut result, x, BinaryOp::Eq, true);
        if result.is_invalid() || v.mode != Mode::Constant {
            return;
        }
        // Go's compiler looks for duplicates among numbers and strings only.
        let value = v.val();
        if !matches!(value.kind(), Kind::Int | Kind::Float | Kind::String) {
            return;
        }
        let Some(key) = ConstKey::of(&value) else { return };
        let places = seen.entry(key).or_default();
        if let Some(&(span, _)) = places.iter().find(|&&(_, ty)| ty == v.ty) {
            let message =
                format!("duplicate case {} in expression switch\n\t{}: previous case", self.os(&v), self.place(span));
            let d = Diagnostic::error(Code::DuplicateCase, self.start(v.expr), message);
            self.report(d.label(span, "previous case"));
            return;
        }
        places.push((self.own_place(v.expr), v.ty));
    }

    /// `switch bind := x.(type) { clauses }`; the scope is open.
    pub(crate) fn type_switch_stmt(&mut self, bind: Option<Ident>, x: ExprId, clauses: &[CaseClause]) {
        let bind = bind.filter(|b| {
            if b.name == Symbol::BLANK {
                self.error(Code::NoNewVar, b.span, "no new variable on left side of :=");
            }
            b.name != Symbol::BLANK
        });
        let x = self.expr(x);
        let mut subject = None;
        if !x.is_invalid() {
            if self.prog.types.as_type_param(x.ty).is_some() {
                let message = format!("cannot use type switch on type parameter value {}", self.os(&x));
                self.error_at(Code::InvalidTypeSwitch, x.expr, message);
            } else if self.prog.types.is_interface(x.ty) {
                subject = Some(x);
            } else if !self.prog.types.underlying(x.ty).is_invalid() {
                let message = format!("{} is not an interface", self.os(&x));
                self.error_at(Code::InvalidTypeSwitch, x.expr, message);
            }
        }
        self.multiple_defaults(clauses.iter().filter(|c| c.exprs.is_none()).map(|c| c.span));
        let mut seen: FxHashMap<Option<TypeId>, Span> = FxHashMap::default();
        let mut vars = Vec::new();
        for clause in clauses {
            let cases = clause.exprs.as_deref().unwrap_or_default();
            let ty = self.case_types(subject.as_ref(), cases, &mut seen);
            self.open_scope();
            if let Some(bind) = bind {
                let obj = self.new_var(bind, ty, VarKind::Local);
                self.declare(self.env.scope, obj, clause.colon);
                self.prog.info.implicits.insert(clause.span.lo, obj);
                vars.push(obj);
            }
            self.stmt_list(&clause.body);
            self.close_scope();
        }
        let Some(bind) = bind else { return };
        let used = vars.iter().any(|&v| self.prog.objects[v].used);
        for v in vars {
            // They are one variable to the reader: not to be reported clause by clause.
            self.prog.objects[v].used = true;
        }
        if !used && !self.prog.package(self.pkg).options.allow_unused {
            let message = format!("{} declared and not used", self.text(bind.name));
            self.error(Code::UnusedVar, bind.span, message);
        }
    }

    /// Checks the types of a clause and gives the type that the variable has in it.
    fn case_types(
        &mut self,
        x: Option<&Operand>,
        cases: &[ExprId],
        seen: &mut FxHashMap<Option<TypeId>, Span>,
    ) -> TypeId {
        let mut last = None;
        for &e in cases {
            let ty = if self.denotes_nil(e) {
                self.expr(e);
                None
            } else {
                let ty = self.var_type(e);
                self.complete(ty);
                Some(ty)
            };
            last = ty;
            if ty.is_some_and(TypeId::is_invalid) {
                continue;
            }
            let span = self.start(e);
            if let Some(&previous) = seen.get(&ty) {
                let text = ty.map_or_else(|| "nil".to_string(), |t| self.ts(t));
                let message =
                    format!("duplicate case {text} in type switch\n\t{}: previous case", self.place(previous));
                let d = Diagnostic::error(Code::DuplicateCase, span, message);
                self.report(d.label(previous, "previous case"));
                continue;
            }
            seen.insert(ty, span);
            if let (Some(x), Some(ty)) = (x, ty)
                && let Err(cause) = self.assertable_to(x.ty, ty)
            {
                let (es, xs, ts) = (self.es(e), self.os(x), self.ts(ty));
                let message =
                    format!("impossible type switch case: {es}\n\t{xs} cannot have dynamic type {ts} {cause}");
                self.error_at(Code::ImpossibleAssert, e, message);
            }
        }
        // "In clauses with a case listing exactly one type, the variable has that type; otherwise, the variable has the
        // type of the expression in the TypeSwitchGuard."
        match last {
            Some(ty) if cases.len() == 1 => ty,
            _ => x.map_or(TypeId::INVALID, |x| x.ty),
        }
    }

    /// Whether an expression is the predeclared `nil`.
    fn denotes_nil(&self, e: ExprId) -> bool {
        let e = self.ast.unparen(e);
        let Expr::Name(name) = self.ast[e].kind else { return false };
        let found = self.lookup(name, self.span(e).lo);
        found.is_some_and(|(_, obj)| matches!(self.prog.objects[obj].kind, ObjKind::Nil))
    }
}
