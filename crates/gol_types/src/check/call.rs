//! Calls: functions and methods, conversions, and the arguments that they get.

use gol_source::{Code, Diagnostic};
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
        // `f[T](args)`: the type arguments may be less than all.
        let mut inst: Option<&[ExprId]> = None;
        let x = if let Expr::Index(xe, ref indices) = ast[fun].kind {
            let mut x = self.generic_expr_or_type(xe);
            if self.generic_signature(&x).is_some() {
                inst = Some(indices);
                x.expr = fun;
                x
            } else {
                let x = self.index_operand(fun, x, indices);
                let (mut x, _) = self.checked_form(fun, x, ExprKind::Expression);
                self.exclude(&mut x, false, false);
                self.single_value(&mut x);
                x
            }
        } else {
            self.generic_expr_or_type(fun)
        };
        let mut x = x;
        if x.mode == Mode::TypeExpr {
            self.non_generic(&mut x, None);
        }
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
        let core = self.prog.types.common_under(x.ty).unwrap_or(x.ty);
        let Type::Func(mut sig) = self.prog.types.get(core).clone() else {
            if !self.prog.types.underlying(x.ty).is_invalid() {
                let why = self.no_common_under(x.ty).unwrap_or_else(|| format!("{} is not a function", self.ts(x.ty)));
                let message = format!("invalid operation: cannot call {}: {why}", self.os(&x));
                self.error_at(Code::InvalidCall, x.expr, message);
            }
            // Go leaves the arguments alone.
            return (Operand::invalid(e), ExprKind::Statement);
        };
        let mut targs = Vec::new();
        let written = inst.unwrap_or_default();
        if inst.is_some() {
            let Some(list) = self.type_list(written) else {
                self.use_exprs(args);
                return (Operand::invalid(e), ExprKind::Statement);
            };
            let (got, want) = (list.len(), sig.tparams.len());
            if got > want {
                let message = format!("got {got} type arguments but want {want}");
                self.error_at(Code::WrongTypeArgCount, written[want], message);
                self.use_exprs(args);
                return (Operand::invalid(e), ExprKind::Statement);
            }
            if got == want {
                let at = self.own_place(fun);
                let ty = self.instantiate_signature(at, fun, x.ty, list, written);
                if let Type::Func(plain) = self.prog.types.get(ty).clone() {
                    sig = plain;
                }
            } else {
                targs = list.into_iter().map(Some).collect();
            }
        }
        let (mut operands, known) = self.generic_arguments(args);
        let generic = operands.iter().any(|x| self.generic_signature(x).is_some());
        if !sig.tparams.is_empty() || generic {
            let callee = (fun, x.ty);
            match self.infer_call(e, callee, &sig, targs, written, &mut operands, known) {
                Some(plain) => sig = plain,
                None => {
                    let open = !sig.tparams.is_empty()
                        && sig.results.iter().any(|r| self.prog.types.mentions(r.ty, &|p| sig.tparams.contains(&p)));
                    self.env.has_call_or_recv = true;
                    if open || sig.results.len() != 1 {
                        if sig.results.is_empty() {
                            return (Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e), ExprKind::Statement);
                        }
                        return (Operand::invalid(e), ExprKind::Statement);
                    }
                    return (Operand::new(Mode::Value, sig.results[0].ty, e), ExprKind::Statement);
                }
            }
        }
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
            [only] => {
                let target = self.target(to, |_| "conversion".to_string());
                self.expr_with(target, only)
            }
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
        if let (Type::Interface(i), true) = (self.prog.types.under(to), self.prog.types.as_type_param(to).is_none())
            && (i.terms.is_some() || i.comparable)
        {
            let what = "contains specific type constraints or is comparable";
            let message = format!("cannot use interface {} in conversion ({what})", self.ts(to));
            self.error_at(Code::MisplacedConstraintIface, e, message);
            return Operand::invalid(e);
        }
        if has_dots {
            let message = format!("invalid use of ... in conversion to {}", self.ts(to));
            self.error_at(Code::BadDotDotDotSyntax, args[0], message);
            return Operand::invalid(e);
        }
        self.conversion(&mut x, to);
        x
    }

    /// The arguments of a call: each one value, or all results of a single call. A generic function may lack type
    /// arguments; those that it has come back too.
    fn generic_arguments(&mut self, args: &[ExprId]) -> (Vec<Operand>, Vec<Vec<TypeId>>) {
        let &[only] = args else {
            let all = args.iter().map(|&a| {
                // A call with several results is wrong here, and keeps their types to be shown.
                let (mut x, known) = self.generic_argument(a);
                let (ty, valid) = (x.ty, !x.is_invalid());
                self.single_value(&mut x);
                if valid && x.is_invalid() {
                    x.ty = ty;
                }
                (x, known)
            });
            return all.unzip();
        };
        let (x, known) = self.generic_argument(only);
        if x.mode == Mode::Value
            && let Type::Tuple(members) = self.prog.types.get(x.ty)
        {
            return (members.iter().map(|&ty| Operand::new(Mode::Value, ty, only)).collect(), Vec::new());
        }
        (vec![x], vec![known])
    }

    fn generic_argument(&mut self, e: ExprId) -> (Operand, Vec<TypeId>) {
        let ast = self.ast;
        if let Expr::Index(xe, ref indices) = ast[e].kind {
            let mut x = self.generic_expr_or_type(xe);
            if self.generic_signature(&x).is_some() {
                let known = self.func_inst(None, &mut x, Some((e, indices)), false).unwrap_or_default();
                if !x.is_invalid() {
                    x.expr = e;
                }
                return (x, known);
            }
            let x = self.index_operand(e, x, indices);
            let (mut x, _) = self.checked_form(e, x, ExprKind::Expression);
            self.exclude(&mut x, true, true);
            return (x, Vec::new());
        }
        let (mut x, _) = self.generic_raw_expr(e, None);
        let nothing = x.mode == Mode::NoValue;
        self.exclude(&mut x, true, true);
        // A call that gives no value is shown by its function's type, as in Go.
        if nothing && let Expr::Call { fun, .. } = self.ast[self.ast.unparen(e)].kind {
            let callee = self.prog.info.type_of(fun);
            let is_func = |t: &TypeId| matches!(self.prog.types.under(*t), Type::Func(_));
            x.ty = callee.filter(is_func).unwrap_or(TypeId::INVALID);
        }
        (x, Vec::new())
    }

    /// Infers the type arguments that call `e` leaves out, its own and those of generic functions among its arguments,
    /// and instantiates all of them. Gives the type of the function that is called; nothing if something is wrong.
    #[allow(clippy::too_many_arguments)]
    fn infer_call(
        &mut self,
        e: ExprId,
        (fun, ty): (ExprId, TypeId),
        sig: &Signature,
        targs: Vec<Option<TypeId>>,
        written: &[ExprId],
        args: &mut [Operand],
        known: Vec<Vec<TypeId>>,
    ) -> Option<Signature> {
        let params = self.parameter_types(e, sig, args)?;
        let at = self.own_place(e);
        let mut params = params;
        let own = sig.tparams.len();
        let mut tparams = self.rename_tparams(&sig.tparams, &mut params);
        let mut targs = targs;
        targs.resize(own, None);
        let mut generic = Vec::new();
        for (i, arg) in args.iter_mut().enumerate() {
            let Some(asig) = self.generic_signature(arg).cloned() else { continue };
            let mut plain = [self.without_tparams(arg.ty)];
            let fresh = self.rename_tparams(&asig.tparams, &mut plain);
            generic.push((i, arg.ty, fresh.len()));
            arg.ty = plain[0];
            let have = known.get(i).cloned().unwrap_or_default();
            targs.extend(have.into_iter().map(Some));
            tparams.extend(fresh);
            targs.resize(tparams.len(), None);
        }
        let found = match self.infer(at, &tparams, targs, &params, args, false) {
            Ok(found) => found,
            Err(why) => {
                if let Some((at, message)) = why {
                    let message = format!("in call to {}, {message}", self.es(fun));
                    self.error(Code::CannotInferTypeArgs, at, message);
                }
                return None;
            }
        };
        let mut result = sig.clone();
        if own > 0 {
            let plain = self.instantiate_signature(at, fun, ty, found[..own].to_vec(), written);
            match self.prog.types.get(plain).clone() {
                Type::Func(sig) => result = sig,
                _ => return None,
            }
        }
        let mut from = own;
        for (i, ty, n) in generic {
            let list = found[from..from + n].to_vec();
            from += n;
            args[i].ty = self.instantiate_signature(at, args[i].expr, ty, list, &[]);
        }
        Some(result)
    }

    /// The types of the parameters that the arguments of a call go to; nothing if their number is wrong, which is
    /// reported.
    fn parameter_types(&mut self, e: ExprId, sig: &Signature, args: &[Operand]) -> Option<Vec<TypeId>> {
        let Expr::Call { has_dots, .. } = self.ast[e].kind else { return None };
        let mut params: Vec<TypeId> = sig.params.iter().map(|p| p.ty).collect();
        if sig.variadic && !has_dots && args.len() + 1 >= params.len() {
            let last = params.pop()?;
            let elem = match *self.prog.types.under(last) {
                Type::Slice(elem) => elem,
                _ => TypeId::INVALID,
            };
            params.resize(args.len(), elem);
        }
        if args.len() != params.len() || has_dots && !sig.variadic {
            // The usual check finds it.
            let mut copy = args.to_vec();
            self.arguments(e, sig, &mut copy);
            return None;
        }
        Some(params)
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
            let d = Diagnostic::error(Code::NonVariadicDotDotDot, self.start(e), message);
            let d = self.label_callee(d, fun);
            self.report(d);
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
            let d = Diagnostic::error(Code::WrongArgCount, at, message);
            let d = self.label_callee(d, fun);
            self.report(d);
            return;
        }
        if args.is_empty() {
            return;
        }
        let context = format!("argument to {}", self.es(fun));
        for (i, (arg, ty)) in args.iter_mut().zip(params).enumerate() {
            let before = self.error_count();
            self.assignment(arg, Some(ty), &context);
            self.amend(before, |c, d| c.label_param(d, fun, i));
        }
    }
}
