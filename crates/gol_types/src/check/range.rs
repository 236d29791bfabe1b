//! `for .. range` over everything that can be ranged over.

use gol_source::{Code, Span, Symbol};
use gol_syntax::ast::{Block, ChanDir, Expr, ExprId, Ident};

use super::{Checker, Operand};
use crate::constant::Constant;
use crate::info::Mode;
use crate::objects::VarKind;
use crate::types::{Type, TypeId};

/// The types of the iteration values; `None`: there is no such value.
type KeyValue = (Option<TypeId>, Option<TypeId>);

impl Checker<'_> {
    /// `for vars = range x { body }`; `define`: `:=`.
    pub(crate) fn range_stmt(
        &mut self,
        span: Span,
        vars: [Option<ExprId>; 2],
        define: bool,
        range_over: ExprId,
        body: &Block,
    ) {
        self.env.has_call_or_recv = false;
        let mut x = self.expr(range_over);
        let calls = self.env.has_call_or_recv;
        let over_int =
            !x.is_invalid() && self.prog.types.common_under(x.ty).is_some_and(|t| self.prog.types.is_integer(t));
        let (key, value) = self.iteration_types(&mut x, vars);
        // "If at most one iteration variable is present and x or len(x) is constant, the range expression is not
        // evaluated": then it counts as the constant len(x).
        if vars[1].is_none()
            && !calls
            && let Some(len) = self.ranged_length(x.ty)
        {
            let e = self.ast.unparen(range_over);
            let mut e_or_outer = range_over;
            loop {
                self.record(&Operand::constant(Constant::from_u64(len), TypeId::INT, e_or_outer));
                let Expr::Paren(inner) = self.ast[e_or_outer].kind else { break };
                e_or_outer = inner;
            }
            debug_assert_eq!(e, e_or_outer);
        }
        self.open_scope();
        let types = [key, value];
        if define {
            self.range_define(span, vars, types, over_int, &mut x, body.span.lo);
        } else if vars[0].is_some() {
            for (lhs, ty) in vars.into_iter().zip(types) {
                let (Some(lhs), Some(ty)) = (lhs, ty) else { continue };
                if ty.is_invalid() {
                    self.use_lhs(&[lhs]);
                } else if over_int {
                    self.assign_operand(lhs, &mut x, "range clause");
                    if !x.is_invalid() && !self.prog.types.is_integer(x.ty) {
                        let message = format!("cannot use iteration variable of type {}", self.ts(x.ty));
                        self.error_at(Code::InvalidRangeExpr, lhs, message);
                    }
                } else {
                    // The words of an error are about the variable: there is no expression for the value.
                    let mut y = Operand::new(Mode::Value, ty, lhs).named(self.es(lhs));
                    self.assign_operand(lhs, &mut y, "assignment");
                }
            }
        } else if over_int {
            self.assignment(&mut x, None, "range clause");
        }
        self.block(body);
        self.close_scope();
    }

    fn range_define(
        &mut self,
        span: Span,
        vars: [Option<ExprId>; 2],
        types: [Option<TypeId>; 2],
        over_int: bool,
        x: &mut Operand,
        scope_pos: u32,
    ) {
        let mut new = Vec::new();
        for (lhs, ty) in vars.into_iter().zip(types) {
            let Some(lhs) = lhs else { continue };
            let at = self.span(lhs);
            let Expr::Name(name) = self.ast[lhs].kind else {
                let message = format!("invalid syntax tree: cannot declare {}", self.es(lhs));
                self.error_at(Code::SyntaxError, lhs, message);
                continue;
            };
            let obj = self.new_var(Ident { name, span: at }, TypeId::INVALID, VarKind::Local);
            self.prog.info.defs.insert(at.lo, obj);
            if name != Symbol::BLANK {
                new.push(obj);
            }
            let Some(ty) = ty.filter(|t| !t.is_invalid()) else {
                self.prog.objects[obj].used = true;
                continue;
            };
            if over_int {
                self.init_var(obj, x, "range clause");
            } else {
                let mut y = Operand::new(Mode::Value, ty, lhs).named(self.es(lhs));
                self.init_var(obj, &mut y, "assignment");
            }
        }
        if new.is_empty() {
            self.error(Code::NoNewVar, span, "no new variables on left side of :=");
        }
        for obj in new {
            self.declare(self.env.scope, obj, scope_pos);
        }
    }

    fn ranged_length(&self, ty: TypeId) -> Option<u64> {
        let array = match *self.prog.types.under(ty) {
            Type::Pointer(base) => base,
            _ => ty,
        };
        match *self.prog.types.under(array) {
            Type::Array(_, n) => Some(n),
            _ => None,
        }
    }

    /// The types of the values of a range over `x`, reported if there are none or not as many as variables. Invalid:
    /// wrong, and reported.
    fn iteration_types(&mut self, x: &mut Operand, vars: [Option<ExprId>; 2]) -> KeyValue {
        let wrong = (Some(TypeId::INVALID), Some(TypeId::INVALID));
        if x.is_invalid() {
            return wrong;
        }
        match self.range_over(x.ty) {
            Err(cause) => {
                if !self.prog.types.underlying(x.ty).is_invalid() {
                    let colon = if cause.is_empty() { "" } else { ": " };
                    let message = format!("cannot range over {}{colon}{cause}", self.os(x));
                    let code = Code::InvalidRangeExpr;
                    let at = self.start(x.expr);
                    self.channel_error(code, at, message, x);
                }
                wrong
            }
            Ok((key, value)) => {
                if let (None, Some(var)) = (key, vars[0]) {
                    let message = format!("range over {} permits no iteration variables", self.os(x));
                    self.error_at(Code::InvalidIterVar, var, message);
                } else if let (None, Some(var)) = (value, vars[1]) {
                    let message = format!("range over {} permits only one iteration variable", self.os(x));
                    self.error_at(Code::InvalidIterVar, var, message);
                }
                self.string_operand(x);
                (key, value)
            }
        }
    }

    /// The iteration values' types for a range over a value of type `ty`, or the cause why there are none, possibly
    /// empty.
    fn range_over(&mut self, ty: TypeId) -> Result<KeyValue, String> {
        let Some(core) = self.common_bytes(ty) else {
            return Err(self.no_common_under(ty).unwrap_or_default());
        };
        let under = match *self.prog.types.get(core) {
            Type::Pointer(base) => {
                self.complete(base);
                let base = self.prog.types.underlying(base);
                if matches!(self.prog.types.get(base), Type::Array(..)) { base } else { core }
            }
            _ => core,
        };
        let types = &self.prog.types;
        match *types.under(under) {
            Type::Basic(_) if types.is_string(under) => Ok((Some(TypeId::INT), Some(TypeId::RUNE))),
            Type::Basic(_) if types.is_integer(under) => Ok((Some(ty), None)),
            Type::Array(elem, _) | Type::Slice(elem) => Ok((Some(TypeId::INT), Some(elem))),
            Type::Map(key, elem) => Ok((Some(key), Some(elem))),
            Type::Chan(ChanDir::Send, _) => Err(format!("receive from send-only channel {}", self.ts(ty))),
            Type::Chan(_, elem) => Ok((Some(elem), None)),
            Type::Func(ref sig) => {
                let bad = |why: &str| Err(format!("func must be func(yield func(...) bool): {why}"));
                let [param] = &sig.params[..] else { return bad("wrong argument count") };
                if !sig.results.is_empty() {
                    return bad("unexpected results");
                }
                let Type::Func(yields) = types.under(param.ty) else { return bad("argument is not func") };
                if yields.params.len() > 2 {
                    return bad("yield func has too many parameters");
                }
                match &yields.results[..] {
                    [r] if r.ty == TypeId::BOOL => {}
                    [r] if types.is_boolean(r.ty) => {
                        return bad("yield func returns user-defined boolean, not bool");
                    }
                    _ => return bad("yield func does not return bool"),
                }
                if yields.variadic {
                    return Err(format!("yield func of type {} cannot be variadic", self.ts(param.ty)));
                }
                Ok((yields.params.first().map(|p| p.ty), yields.params.get(1).map(|p| p.ty)))
            }
            _ => Err(String::new()),
        }
    }
}
