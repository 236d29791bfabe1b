//! Calls: functions and methods, conversions, and the arguments that they get.

use gol_source::Code;
use gol_syntax::ast::{Expr, ExprId};

use super::expr::ExprKind;
use super::{Checker, Operand};
use crate::info::Mode;
use crate::types::{Signature, Type, TypeId};

impl Checker<'_> {
    /// `fun(args...)`: a call, a conversion or a built-in.
    pub(crate) fn call(&mut self, e: ExprId) -> (Operand, ExprKind) {
        let ast = self.ast;
        let Expr::Call { fun, ref args, has_dots, .. } = ast[e].kind else {
            return (Operand::invalid(e), ExprKind::Statement);
        };
        let x = self.expr_or_type(fun);
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(args);
                return (Operand::invalid(e), ExprKind::Statement);
            }
            Mode::TypeExpr => return (self.conversion_call(e, x.ty, args, has_dots), ExprKind::Conversion),
            Mode::Builtin(b) => {
                let x = self.builtin(e, b, args, has_dots);
                // A result that is not constant means that something is called.
                if !x.is_invalid() && x.mode != Mode::Constant {
                    self.env.has_call_or_recv = true;
                }
                let kind = if b.shape().3 { ExprKind::Statement } else { ExprKind::Expression };
                return (x, kind);
            }
            _ => {}
        }
        let Type::Func(sig) = self.prog.types.under(x.ty).clone() else {
            if !self.prog.types.underlying(x.ty).is_invalid() {
                let message =
                    format!("invalid operation: cannot call {}: {} is not a function", self.os(&x), self.ts(x.ty));
                self.error_at(Code::InvalidCall, x.expr, message);
            }
            // Go leaves the arguments alone.
            return (Operand::invalid(e), ExprKind::Statement);
        };
        let mut operands = self.argument_list(args);
        self.arguments(e, &sig, &mut operands);
        self.env.has_call_or_recv = true;
        let x = match &sig.results[..] {
            [] => Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e),
            [only] => Operand::new(Mode::Value, only.ty, e),
            many => {
                let tuple = self.prog.types.tuple(many.iter().map(|r| r.ty).collect());
                Operand::new(Mode::Value, tuple, e)
            }
        };
        (x, ExprKind::Statement)
    }

    /// `T(x)`
    fn conversion_call(&mut self, e: ExprId, to: TypeId, args: &[ExprId], has_dots: bool) -> Operand {
        let mut x = match *args {
            [] => {
                let message = format!("missing argument in conversion to {}", self.ts(to));
                self.error_at(Code::WrongArgCount, e, message);
                return Operand::invalid(e);
            }
            [only] => self.expr_with(Some(to), only),
            [.., last] => {
                self.use_exprs(args);
                let message = format!("too many arguments in conversion to {}", self.ts(to));
                self.error_at(Code::WrongArgCount, last, message);
                return Operand::invalid(e);
            }
        };
        if x.is_invalid() {
            return x;
        }
        if has_dots {
            let message = format!("invalid use of ... in conversion to {}", self.ts(to));
            self.error_at(Code::BadDotDotDotSyntax, args[0], message);
            return Operand::invalid(e);
        }
        self.conversion(&mut x, to);
        x
    }

    /// The arguments of a call: each one value, or all results of a single call.
    fn argument_list(&mut self, args: &[ExprId]) -> Vec<Operand> {
        let &[only] = args else { return args.iter().map(|&a| self.argument(a)).collect() };
        let x = self.argument_value(only);
        if x.mode == Mode::Value
            && let Type::Tuple(members) = self.prog.types.get(x.ty)
        {
            return members.iter().map(|&ty| Operand::new(Mode::Value, ty, only)).collect();
        }
        vec![x]
    }

    /// An argument with any number of values but none. A call that gives none is shown by its function's type, as in Go.
    fn argument_value(&mut self, e: ExprId) -> Operand {
        let (mut x, _) = self.raw_expr(e, None);
        let nothing = x.mode == Mode::NoValue;
        self.exclude(&mut x, true, true);
        if nothing && let Expr::Call { fun, .. } = self.ast[self.ast.unparen(e)].kind {
            let callee = self.prog.info.type_of(fun);
            let is_func = |t: &TypeId| matches!(self.prog.types.under(*t), Type::Func(_));
            x.ty = callee.filter(is_func).unwrap_or(TypeId::INVALID);
        }
        x
    }

    /// One of several arguments. A call with several results is wrong here, and keeps their types to be shown.
    fn argument(&mut self, e: ExprId) -> Operand {
        let mut x = self.argument_value(e);
        let ty = x.ty;
        let valid = !x.is_invalid();
        self.single_value(&mut x);
        if valid && x.is_invalid() {
            x.ty = ty;
        }
        x
    }

    /// Checks the arguments of call `e` against a function's parameters.
    pub(crate) fn arguments(&mut self, e: ExprId, sig: &Signature, args: &mut [Operand]) {
        let ast = self.ast;
        let Expr::Call { fun, args: ref written, has_dots, .. } = ast[e].kind else { return };
        let mut params: Vec<TypeId> = sig.params.iter().map(|p| p.ty).collect();
        let mut wanted = params.len();
        if sig.variadic {
            if has_dots {
                if written.len() == 1 && args.len() > 1 {
                    // f(g()...) where g has several results
                    let message = format!("cannot use ... with {}-valued {}", args.len(), self.es(written[0]));
                    self.error_at(Code::InvalidDotDotDot, e, message);
                    return;
                }
            } else if args.len() + 1 >= wanted {
                // One parameter of the element type for each further argument.
                let last = params.pop().expect("a variadic function has a parameter");
                let elem = match *self.prog.types.under(last) {
                    Type::Slice(elem) => elem,
                    _ => TypeId::INVALID,
                };
                params.resize(args.len(), elem);
                wanted = args.len();
            } else {
                // Not enough: the variadic one need not be there.
                wanted -= 1;
            }
        } else if has_dots {
            let message = format!("cannot use ... in call to non-variadic {}", self.es(fun));
            self.error_at(Code::NonVariadicDotDotDot, e, message);
            return;
        }
        if args.len() != wanted {
            let (at, qualifier) = if args.len() > wanted {
                (self.start(args[wanted].expr), "too many")
            } else {
                (self.start(args.last().map_or(e, |a| a.expr)), "not enough")
            };
            let have: Vec<TypeId> = args.iter().map(|a| a.ty).collect();
            let want: Vec<TypeId> = sig.params.iter().map(|p| p.ty).collect();
            let message = format!(
                "{qualifier} arguments in call to {}\n\thave {}\n\twant {}",
                self.es(fun),
                self.types_summary(&have, false, has_dots),
                self.types_summary(&want, sig.variadic, false)
            );
            self.error(Code::WrongArgCount, at, message);
            return;
        }
        if args.is_empty() {
            return;
        }
        let context = format!("argument to {}", self.es(fun));
        for (arg, ty) in args.iter_mut().zip(params) {
            self.assignment(arg, Some(ty), &context);
        }
    }
}
