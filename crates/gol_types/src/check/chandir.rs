//! Channel directions: what may be sent, received and closed; and where a channel was made one-way, which errors
//! about directions show as a second place.

use gol_source::{Code, Diagnostic, Span};
use gol_syntax::ast::{Expr, ExprId, UnaryOp};

use super::{Checker, Operand};
use crate::info::Selected;
use crate::objects::ObjKind;
use crate::types::{ChanDir, Type, TypeId};

/// How many variables are followed to the one whose declaration has the type.
const MAX_STEPS: u32 = 32;

impl Checker<'_> {
    /// The element type of `x` for a receive from it or (not `recv`) a send to it; reports at `at` if it is not possible.
    pub(crate) fn chan_elem(&mut self, at: Span, x: &Operand, recv: bool) -> Option<TypeId> {
        let core = self.prog.types.common_under(x.ty).unwrap_or(x.ty);
        let why = match *self.prog.types.get(core) {
            Type::Chan(ChanDir::Send, _) if recv => "send-only channel",
            Type::Chan(ChanDir::Recv, _) if !recv => "receive-only channel",
            Type::Chan(_, elem) => return Some(elem),
            _ if self.prog.types.underlying(x.ty).is_invalid() => return None,
            _ => "non-channel",
        };
        let param = self.prog.types.as_type_param(x.ty).is_some();
        if param && self.prog.types.terms(x.ty).is_none() {
            let doing = if recv { "receive from" } else { "send to" };
            let code = if recv { Code::InvalidReceive } else { Code::InvalidSend };
            let message = format!("invalid operation: cannot {doing} {}: no specific channel type", self.os(x));
            self.error(code, at, message);
            return None;
        }
        let doing = if recv { "receive from" } else { "send to" };
        let code = if recv { Code::InvalidReceive } else { Code::InvalidSend };
        let message = match self.channel_set_cause(x.ty, recv) {
            Some(cause) => format!("invalid operation: cannot {doing} {}: {cause}", self.os(x)),
            None => format!("invalid operation: cannot {doing} {why} {} {}", self.ts(x.ty), self.os(x)),
        };
        self.channel_error(code, at, message, x);
        None
    }

    /// Why one cannot receive from (or send to) values of all types of a type parameter's type set.
    fn channel_set_cause(&self, ty: TypeId, recv: bool) -> Option<String> {
        let types = &self.prog.types;
        let terms = types.terms(ty)?;
        let mut first: Option<TypeId> = None;
        for t in terms {
            let Type::Chan(dir, elem) = *types.under(t.ty) else {
                return Some(format!("non-channel {}", self.ts(t.ty)));
            };
            match dir {
                ChanDir::Send if recv => return Some(format!("send-only channel {}", self.ts(t.ty))),
                ChanDir::Recv if !recv => return Some(format!("receive-only channel {}", self.ts(t.ty))),
                _ => {}
            }
            match first.map(|f| (f, types.under(f))) {
                None => first = Some(t.ty),
                Some((f, Type::Chan(_, e))) if *e != elem => {
                    let (f, t) = (self.ts(f), self.ts(t.ty));
                    return Some(format!("channels {f} and {t} have different element types"));
                }
                _ => {}
            }
        }
        terms.is_empty().then(|| "no specific channel type".to_string())
    }

    /// Reports an error about channel `x`, with the place that made it one-way.
    pub(crate) fn channel_error(&mut self, code: Code, at: Span, message: String, x: &Operand) {
        let d = Diagnostic::error(code, at, message);
        let d = self.label_direction(d, x);
        self.report(d);
    }

    /// Adds the place where `x` was declared to be a one-way channel, if it is one and the place is known.
    pub(crate) fn label_direction(&self, d: Diagnostic, x: &Operand) -> Diagnostic {
        let text = match self.prog.types.under(x.ty) {
            Type::Chan(ChanDir::Recv, _) => "declared receive-only here",
            Type::Chan(ChanDir::Send, _) => "declared send-only here",
            _ => return d,
        };
        match self.declared_at(x.expr, MAX_STEPS) {
            Some(span) => d.label(span, text),
            None => d,
        }
    }

    /// Where the type of `e` is written: at the declaration of a variable, field or result, or in a conversion. A
    /// variable that got its type from a value is followed to that value.
    fn declared_at(&self, e: ExprId, steps: u32) -> Option<Span> {
        let steps = steps.checked_sub(1)?;
        let info = &self.prog.info;
        match self.ast[e].kind {
            Expr::Paren(x) => self.declared_at(x, steps),
            Expr::Name(_) => {
                let obj = *info.uses.get(&e)?;
                let o = &self.prog.objects[obj];
                if let Some(&origin) = self.origins.get(&obj)
                    && let Some(span) = self.declared_at(origin, steps)
                {
                    return Some(span);
                }
                matches!(o.kind, ObjKind::Var(_)).then_some(o.span)
            }
            Expr::Selector(..) => {
                let Some(selection) = info.selections.get(&e) else {
                    // A qualified identifier.
                    return info.uses.get(&e).map(|&obj| self.prog.objects[obj].span);
                };
                if selection.selected != Selected::Field {
                    return None;
                }
                let mut ty = selection.recv;
                let mut span = None;
                for &i in &selection.path {
                    let base = self.prog.types.deref(self.prog.types.underlying(ty)).unwrap_or(ty);
                    let Type::Struct(fields) = self.prog.types.under(base) else { return None };
                    let field = fields.get(i as usize)?;
                    span = Some(field.span);
                    ty = field.ty;
                }
                span
            }
            Expr::Call { fun, .. } => {
                let tv = info.get(fun)?;
                if tv.is_type() {
                    return Some(self.span(fun));
                }
                let Type::Func(sig) = self.prog.types.under(tv.ty) else { return None };
                sig.results.first().map(|r| r.span).filter(|s| !s.is_none())
            }
            // An element has the type that is written where its container is declared.
            Expr::Index(x, _) | Expr::Star(x) | Expr::Unary(UnaryOp::Recv, x) => self.declared_at(x, steps),
            Expr::TypeAssert(_, ty) => Some(self.span(ty)),
            _ => None,
        }
    }
}
