//! Assignments and initializations: `=`, `:=`, `var`, results, and the rule by which any value gets to its place.

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::{Expr, ExprId, Ident};

use super::untyped::Unfit;
use super::{Checker, Operand};
use crate::info::Mode;
use crate::objects::{ObjId, ObjKind};
use crate::types::{Type, TypeId};

/// What a value initializes: a variable, or a function's result.
#[derive(Clone, Copy)]
struct Place {
    /// The variable; `None`: a result, or something wrong.
    obj: Option<ObjId>,
    /// Its type; `None`: it comes from the value.
    ty: Option<TypeId>,
}

impl Checker<'_> {
    /// Makes `x` assignable to `to` (`None`: to whatever its default type is), or reports why not and spoils it.
    /// `context` is Go's: "assignment", "variable declaration", "argument", "return statement"...
    pub(crate) fn assignment(&mut self, x: &mut Operand, to: Option<TypeId>, context: &str) {
        self.single_value(x);
        match x.mode {
            Mode::Invalid => return,
            Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr => {
                let to = to.map_or_else(|| "<nil>".to_string(), |t| self.ts(t));
                let message = format!("cannot assign {} to {to} in {context}", self.os(x));
                self.error_at(Code::IncompatibleAssign, x.expr, message);
                x.spoil();
                return;
            }
            _ => {}
        }
        if self.prog.types.is_untyped(x.ty) {
            if let Some(t) = to {
                self.complete(t);
            }
            // "If an untyped constant is assigned to a variable of interface type or the blank identifier, the constant
            // is first implicitly converted to its default type."
            let target = match to {
                None if x.is_nil() => {
                    self.error_at(Code::UntypedNilUse, x.expr, format!("use of untyped nil in {context}"));
                    x.spoil();
                    return;
                }
                Some(t) if x.is_nil() || !self.prog.types.is_interface(t) => t,
                _ => self.prog.types.default_type(x.ty),
            };
            match self.implicit(x, target) {
                Ok((ty, value)) => self.set_implicit(x, ty, value),
                Err(why) => {
                    let (code, tail) = match why {
                        Unfit::Truncated => (Code::TruncatedFloat, " (truncated)"),
                        Unfit::Overflows => (Code::NumericOverflow, " (overflows)"),
                        _ => (Code::IncompatibleAssign, ""),
                    };
                    let (x_text, to) = (self.os(x), self.ts(target));
                    let message = format!("cannot use {x_text} as {to} value in {context}{tail}");
                    let d = Diagnostic::error(code, self.start(x.expr), message);
                    let d = if code == Code::NumericOverflow { self.help_range(d, target) } else { d };
                    self.report(d);
                    x.spoil();
                    return;
                }
            }
        }
        let Some(to) = to else { return };
        if to.is_invalid() {
            return;
        }
        if let Err((code, cause)) = self.assignable_to(x, to) {
            let cause = if cause.is_empty() { cause } else { format!(": {cause}") };
            let (x_text, to_text) = (self.os(x), self.ts(to));
            let message = format!("cannot use {x_text} as {to_text} value in {context}{cause}");
            let d = Diagnostic::error(code, self.start(x.expr), message);
            let types = &self.prog.types;
            let channels = matches!((types.under(x.ty), types.under(to)), (Type::Chan(..), Type::Chan(..)));
            let d = if channels { self.label_direction(d, x) } else { d };
            let from = x.ty;
            let d = if code == Code::InvalidIfaceAssign { self.label_missing_method(d, from, to) } else { d };
            self.report(d);
            x.spoil();
        }
    }

    /// Gives a constant object (whose type, if one is written, is set) its type and value.
    pub(crate) fn init_const(&mut self, obj: ObjId, x: &mut Operand) {
        if x.is_invalid() || x.ty.is_invalid() {
            return;
        }
        if x.mode != Mode::Constant {
            let message = format!("{} is not constant", self.os(x));
            self.error_at(Code::InvalidConstInit, x.expr, message);
            return;
        }
        let declared = self.prog.objects[obj].ty;
        let ty = if declared.is_invalid() { x.ty } else { declared };
        self.prog.objects[obj].ty = ty;
        self.assignment(x, Some(ty), "constant declaration");
        if !x.is_invalid() {
            self.prog.objects[obj].kind = ObjKind::Const(x.val());
        }
    }

    /// Gives a variable object (whose type is set if one is written, else invalid) its type from its initializer.
    pub(crate) fn init_var(&mut self, obj: ObjId, x: &mut Operand, context: &str) {
        let place = self.place_of(obj);
        self.init_place(place, x, context);
    }

    /// A variable whose type is fixed if it has one already.
    fn place_of(&self, obj: ObjId) -> Place {
        let ty = self.prog.objects[obj].ty;
        Place { obj: Some(obj), ty: (!ty.is_invalid()).then_some(ty) }
    }

    fn init_place(&mut self, place: Place, x: &mut Operand, context: &str) {
        if x.is_invalid() || x.ty.is_invalid() || place.ty.is_some_and(TypeId::is_invalid) {
            // Whoever uses the variable stays silent.
            x.spoil();
            return;
        }
        let ty = match place.ty {
            Some(ty) => ty,
            None if x.ty == TypeId::UNTYPED_NIL => {
                self.error_at(Code::UntypedNilUse, x.expr, format!("use of untyped nil in {context}"));
                x.spoil();
                return;
            }
            None => self.prog.types.default_type(x.ty),
        };
        if let (Some(obj), None) = (place.obj, place.ty) {
            self.prog.objects[obj].ty = ty;
            if matches!(self.prog.types.under(ty), Type::Chan(..)) {
                self.origins.insert(obj, x.expr);
            }
        }
        self.assignment(x, Some(ty), context);
    }

    /// Checks the left side of an assignment and gives its type: `None` for the blank identifier,
    /// [`TypeId::INVALID`] for what is wrong. Assigning to a variable does not use it.
    pub(crate) fn lhs_var(&mut self, lhs: ExprId) -> Option<TypeId> {
        let inner = self.ast.unparen(lhs);
        if let Expr::Name(Symbol::BLANK) = self.ast[inner].kind {
            return None;
        }
        let before = self.variable_use(inner);
        let x = self.expr(lhs);
        self.restore_use(before);
        if x.is_invalid() || x.ty.is_invalid() {
            return Some(TypeId::INVALID);
        }
        // "Each left-hand side operand must be addressable, a map index expression, or the blank identifier."
        if matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            return Some(x.ty);
        }
        let text = self.es(x.expr);
        if let Expr::Selector(of, _) = self.ast[x.expr].kind
            && self.expr(of).mode == Mode::MapIndex
        {
            let message = format!("cannot assign to struct field {text} in map");
            self.error_at(Code::UnaddressableFieldAssign, x.expr, message);
        } else {
            let message = format!("cannot assign to {text} (neither addressable nor a map index expression)");
            let d = Diagnostic::error(Code::UnassignableOperand, self.start(x.expr), message);
            let d = match self.named_object(x.expr) {
                Some(obj) => self.label_object(d, obj, format!("a {} is declared here", self.object_kind(obj))),
                None => d,
            };
            self.report(d);
        }
        Some(TypeId::INVALID)
    }

    /// `lhs = rhs` for one pair.
    fn assign_expr(&mut self, lhs: ExprId, rhs: ExprId, context: &str) {
        let to = self.lhs_var(lhs);
        if to.is_some_and(TypeId::is_invalid) {
            self.use_exprs(&[rhs]);
            return;
        }
        let target = to.and_then(|t| self.target(t, |c| c.es(lhs)));
        let mut x = self.expr_with(target, rhs);
        let before = self.error_count();
        self.assign_to(&mut x, to, context);
        self.amend(before, |c, d| match c.named_object(lhs) {
            Some(obj) => c.label_object(d, obj, format!("{} is declared here", c.obj_name(obj))),
            None => d,
        });
    }

    /// `lhs = x` for a checked operand.
    pub(crate) fn assign_operand(&mut self, lhs: ExprId, x: &mut Operand, context: &str) {
        let to = self.lhs_var(lhs);
        if to.is_some_and(TypeId::is_invalid) {
            x.spoil();
            return;
        }
        self.assign_to(x, to, context);
    }

    fn assign_to(&mut self, x: &mut Operand, to: Option<TypeId>, context: &str) {
        let blank = to.is_none() && context == "assignment";
        self.assignment(x, to, if blank { "assignment to _ identifier" } else { context });
    }

    /// `var lhs = rhs`: checks the numbers, and each pair. Variables with a written type have it already.
    pub(crate) fn init_vars(&mut self, lhs: &[ObjId], rhs: &[ExprId]) {
        let places: Vec<Place> = lhs.iter().map(|&obj| self.place_of(obj)).collect();
        self.init_places(&places, rhs, None);
    }

    /// `return rhs` in a function with these result types; `at` is the statement's place.
    pub(crate) fn return_values(&mut self, results: &[TypeId], rhs: &[ExprId], at: Span) {
        let places: Vec<Place> = results.iter().map(|&ty| Place { obj: None, ty: Some(ty) }).collect();
        self.init_places(&places, rhs, Some(at));
    }

    fn init_places(&mut self, lhs: &[Place], rhs: &[ExprId], return_at: Option<Span>) {
        let context = match return_at {
            Some(_) => "return statement",
            None if lhs.len() > 1 => "multiple assignment",
            None => "assignment",
        };
        if lhs.len() == rhs.len() && !self.single_call(rhs) {
            for (&place, &e) in lhs.iter().zip(rhs) {
                let name = |c: &Self| match place.obj {
                    Some(obj) => c.text(c.prog.objects[obj].name).to_string(),
                    None => "result variable".to_string(),
                };
                let target = place.ty.and_then(|t| self.target(t, name));
                let mut x = self.expr_with(target, e);
                let before = self.error_count();
                self.init_place(place, &mut x, context);
                if return_at.is_some() {
                    self.amend(before, |c, d| c.label_results(d, c.env.sig_expr));
                }
            }
            return;
        }
        let &[only] = rhs else {
            // A wrong number matters only if nothing else is wrong.
            if self.use_exprs(rhs) {
                match return_at {
                    Some(at) => {
                        let values = self.expr_list(rhs);
                        self.return_error(at, lhs, &values);
                    }
                    None => self.assign_error(rhs, lhs.len(), rhs.len()),
                }
            }
            return;
        };
        let (mut values, comma_ok) = self.multi_expr(only, lhs.len() == 2 && return_at.is_none());
        if values.len() == lhs.len() {
            for (&place, x) in lhs.iter().zip(&mut values) {
                self.init_place(place, x, context);
            }
            if comma_ok {
                self.record_comma_ok(only, &values);
            }
        } else if !values[0].is_invalid() {
            match return_at {
                Some(at) => self.return_error(at, lhs, &values),
                None => self.assign_error(rhs, lhs.len(), values.len()),
            }
        }
    }

    /// `lhs = rhs`
    pub(crate) fn assign_vars(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let context = if lhs.len() > 1 { "multiple assignment" } else { "assignment" };
        if lhs.len() == rhs.len() && !self.single_call(rhs) {
            for (&l, &r) in lhs.iter().zip(rhs) {
                self.assign_expr(l, r, context);
            }
            return;
        }
        let &[only] = rhs else {
            let ok = self.use_lhs(lhs);
            if self.use_exprs(rhs) && ok {
                self.assign_error(rhs, lhs.len(), rhs.len());
            }
            return;
        };
        let (mut values, comma_ok) = self.multi_expr(only, lhs.len() == 2);
        if values.len() == lhs.len() {
            for (&l, x) in lhs.iter().zip(&mut values) {
                self.assign_operand(l, x, context);
            }
            if comma_ok {
                self.record_comma_ok(only, &values);
            }
            return;
        }
        if !values[0].is_invalid() {
            self.assign_error(rhs, lhs.len(), values.len());
        }
        self.use_lhs(lhs);
    }

    /// `lhs := rhs`; `at` is the operator's place.
    pub(crate) fn short_var_decl(&mut self, at: Span, lhs: &[ExprId], rhs: &[ExprId]) {
        let top = self.later_len();
        let (mut places, mut new) = (Vec::new(), Vec::new());
        let mut wrong = false;
        for (i, &l) in lhs.iter().enumerate() {
            let place = self.short_var(l, &lhs[..i]);
            wrong |= place.is_none();
            let place = place.unwrap_or(Place { obj: None, ty: None });
            places.push(place);
            if let (Some(obj), None) = (place.obj, place.ty)
                && self.prog.objects[obj].name != Symbol::BLANK
            {
                new.push(obj);
            }
        }
        let outer = self.env.naming;
        self.env.naming = lhs.first().map(|&l| self.span(l));
        self.init_places(&places, rhs, None);
        self.env.naming = outer;
        // Function literals on the right do not see the new variables.
        self.process_later_from(top);
        if new.is_empty() && !wrong {
            let d = Diagnostic::error(Code::NoNewVar, at, "no new variables on left side of :=");
            let mut d = d.help("use = to give the variable another value");
            for obj in places.iter().filter_map(|p| p.obj) {
                d = self.label_object(d, obj, format!("{} is declared here", self.obj_name(obj)));
            }
            self.report(d);
            return;
        }
        // "The scope of a variable identifier declared inside a function begins at the end of the ShortVarDecl."
        let scope_pos = rhs.last().map_or(at.hi, |&e| self.span(e).hi);
        for obj in new {
            self.declare(self.env.scope, obj, scope_pos);
        }
    }

    /// One left side of `:=`: a new variable, or one that is declared in this very scope; `None`: reported.
    fn short_var(&mut self, l: ExprId, before: &[ExprId]) -> Option<Place> {
        let span = self.span(l);
        let Expr::Name(name) = self.ast[l].kind else {
            self.use_lhs(&[l]);
            let message = format!("non-name {} on left side of :=", self.es(l));
            self.error_at(Code::BadDecl, l, message);
            return None;
        };
        let text = self.text(name);
        let same = |&e: &ExprId| matches!(self.ast[e].kind, Expr::Name(n) if n == name);
        if name != Symbol::BLANK && before.iter().any(same) {
            self.error_at(Code::RepeatedDecl, l, format!("{text} repeated on left side of :="));
            return None;
        }
        let known = self.prog.scope(self.env.scope).get(name);
        // A session's variables of earlier entries are not of this scope.
        let known = known.filter(|&old| !self.prog.is_session_scope(self.env.scope) || self.prog.in_entry(old));
        if let Some(old) = known {
            self.prog.info.uses.insert(l, old);
            if !self.prog.objects[old].is_var() {
                self.error_at(Code::UnassignableOperand, l, format!("cannot assign to {text}"));
                return None;
            }
            let ty = self.prog.objects[old].ty;
            self.record(&Operand::new(Mode::Variable, ty, l));
            return Some(Place { obj: Some(old), ty: Some(ty) });
        }
        let kind = self.prog.var_kind_in(self.env.scope);
        let obj = self.new_var(Ident { name, span }, TypeId::INVALID, kind);
        self.prog.info.defs.insert(span.lo, obj);
        Some(Place { obj: Some(obj), ty: None })
    }

    fn single_call(&self, rhs: &[ExprId]) -> bool {
        matches!(rhs, &[e] if matches!(self.ast[self.ast.unparen(e)].kind, Expr::Call { .. }))
    }

    /// In a comma-ok form the expression has both types.
    pub(crate) fn record_comma_ok(&mut self, mut e: ExprId, values: &[Operand]) {
        if values.iter().any(Operand::is_invalid) {
            return;
        }
        let tuple = self.prog.types.tuple(values.iter().map(|x| x.ty).collect());
        loop {
            if let Some(tv) = self.prog.info.get_mut(e) {
                tv.ty = tuple;
            }
            let Expr::Paren(inner) = self.ast[e].kind else { return };
            e = inner;
        }
    }

    /// `(t1, t2)`: the types of values or variables in messages about their number. Untyped numbers are just numbers.
    pub(crate) fn types_summary(&self, list: &[TypeId], variadic: bool, dots: bool) -> String {
        let types = &self.prog.types;
        let texts = list.iter().enumerate().map(|(i, &ty)| {
            let last = i + 1 == list.len();
            let text = if ty.is_invalid() {
                "unknown type".to_string()
            } else if types.is_untyped_numeric(ty) {
                "number".to_string()
            } else if types.is_untyped(ty) {
                self.ts(ty).replace("untyped ", "")
            } else {
                self.ts(ty)
            };
            match types.get(ty) {
                Type::Slice(elem) if last && variadic => format!("...{}", self.ts(*elem)),
                _ if last && variadic => format!("...{text}"),
                _ if last && dots => format!("{text}..."),
                _ => text,
            }
        });
        format!("({})", texts.collect::<Vec<_>>().join(", "))
    }

    fn assign_error(&mut self, rhs: &[ExprId], l: usize, r: usize) {
        let measure = |n: usize, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        let (vars, vals) = (measure(l, "variable"), measure(r, "value"));
        let Some(&first) = rhs.first() else { return };
        let message = match self.ast[self.ast.unparen(first)].kind {
            Expr::Call { fun, .. } if rhs.len() == 1 => {
                format!("assignment mismatch: {vars} but {} returns {vals}", self.es(fun))
            }
            _ => format!("assignment mismatch: {vars} but {vals}"),
        };
        let d = Diagnostic::error(Code::WrongAssignCount, self.start(first), message);
        let d = match self.ast[self.ast.unparen(first)].kind {
            Expr::Call { fun, .. } if rhs.len() == 1 => self.label_callee(d, fun),
            _ => d,
        };
        self.report(d);
    }

    fn return_error(&mut self, at: Span, lhs: &[Place], rhs: &[Operand]) {
        let (at, qualifier) = if rhs.len() > lhs.len() {
            (self.start(rhs[lhs.len()].expr), "too many")
        } else {
            (rhs.last().map_or(at, |x| self.start(x.expr)), "not enough")
        };
        let have: Vec<TypeId> = rhs.iter().map(|x| x.ty).collect();
        let want: Vec<TypeId> = lhs.iter().map(|p| p.ty.unwrap_or(TypeId::INVALID)).collect();
        let (have, want) = (self.types_summary(&have, false, false), self.types_summary(&want, false, false));
        let message = format!("{qualifier} return values\n\thave {have}\n\twant {want}");
        let d = Diagnostic::error(Code::WrongResultCount, at, message);
        let d = self.label_results(d, self.env.sig_expr);
        self.report(d);
    }
}
