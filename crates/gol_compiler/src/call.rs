//! Calls: callees, receivers, arguments. `go` and `defer` share the preparation.
//!
//! A call's callee and receiver are evaluated first, then the arguments, straight into the call window.

use gol_bytecode::{FuncId, MethodId, NativeId, Op};
use gol_syntax::ast::{Expr, ExprId};
use gol_types::types::{Type, TypeId};
use gol_types::{Mode, ObjId, ObjKind, Selected, Selection, SelectionKind};

use crate::captures::Inner;
use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Callee {
    /// A known function.
    Func(FuncId),
    /// A function without body; the object is for where a native cannot stand.
    Native(NativeId, ObjId),
    /// A func value.
    Closure(Reg),
    /// A method of an interface value.
    Iface(Reg, MethodId),
}

/// A call that is ready: callee and arguments are evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    pub(crate) callee: Callee,
    /// The window; with [`Callee::Iface`] its first register is left for the data word.
    pub(crate) at: Reg,
    /// Argument words, without the data word.
    pub(crate) nargs: u16,
}

impl FuncGen<'_, '_> {
    /// A call, conversion or built-in.
    pub(crate) fn call(&mut self, x: ExprId, want: Want) -> Reg {
        let ast = self.s.ast;
        let Expr::Call { fun, args, has_dots, .. } = &ast[x].kind else { return 0 };
        match self.facts(*fun).map(|t| (t.mode, t.ty)) {
            Some((Mode::TypeExpr, target)) => {
                let Some(&arg) = args.first() else { return self.out(want, 1) };
                return self.convert(arg, target, want);
            }
            Some((Mode::Builtin(b), _)) => return self.builtin(b, x, args, *has_dots, want),
            _ => {}
        }
        let m = self.regs.mark();
        if let Some(r) = self.intrinsic(*fun, args, want) {
            return r;
        }
        if let Some(r) = self.inline(*fun, args, want) {
            self.regs.free(m);
            if want == Want::Any {
                let ty = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
                let n = self.s.regs(ty);
                self.regs.keep(r, n);
            }
            return r;
        }
        let p = self.prepare(x);
        self.asm.set_pos(self.end_pos(*fun));
        let done = self.fast_path(*fun, p);
        self.emit_call(p);
        if let Some(done) = done {
            self.asm.place(done, false);
        }
        let ty = self.facts(x).map_or(TypeId::INVALID, |t| t.ty);
        let n = self.s.regs(ty);
        self.regs.free(m);
        if want == Want::Any {
            self.regs.keep(p.at, n);
        }
        self.give(want, p.at, n)
    }

    /// Where a trace says that a call, selection or index is: at the token that follows its operand, whose line is that
    /// of the operand's end.
    pub(crate) fn end_pos(&self, operand: ExprId) -> u32 {
        self.s.ast[operand].span.hi.saturating_sub(1)
    }

    /// The call instruction.
    pub(crate) fn emit_call(&mut self, p: Prepared) {
        match p.callee {
            Callee::Func(f) => self.asm.op_words(Op::Call, p.at, 0, 0, &[f.0 as u64]),
            Callee::Native(n, _) => self.asm.op_words(Op::CallN, p.at, 0, 0, &[n.0 as u64]),
            Callee::Closure(r) => self.asm.op(Op::CallC, p.at, r, 0),
            Callee::Iface(r, id) => self.asm.op_words(Op::CallI, p.at, r, 0, &[id.0 as u64, 0]),
        }
    }

    /// Evaluates callee and arguments of a call of a function.
    pub(crate) fn prepare(&mut self, x: ExprId) -> Prepared {
        let ast = self.s.ast;
        let Expr::Call { fun, args, has_dots, .. } = &ast[x].kind else {
            return Prepared { callee: Callee::Closure(0), at: 0, nargs: 0 };
        };
        let fun = self.without_targs(*fun);
        let sig = self.ty(fun);
        let (params, results, variadic) = self.s.signature(sig);
        let nparams: u16 = params.iter().map(|t| self.s.regs(*t)).fold(0, u16::saturating_add);
        let nresults: u16 = results.iter().map(|t| self.s.regs(*t)).fold(0, u16::saturating_add);
        let selection = match &ast[fun].kind {
            Expr::Selector(base, _) => self.s.tp.info.selections.get(&fun).cloned().map(|s| (*base, s)),
            _ => None,
        };
        let object = self.s.tp.info.uses.get(&fun).copied().filter(|o| self.is_func(*o));
        let param = |i: usize| match params.get(i) {
            Some(p) if !variadic || *has_dots || i + 1 < params.len() => *p,
            _ => match params.last().map(|p| self.s.shape(*p)) {
                Some(Shape::Slice(elem)) => elem,
                _ => TypeId::INVALID,
            },
        };
        let operands: Vec<_> = args.iter().enumerate().map(|(i, x)| (*x, param(i))).collect();
        let method =
            selection.as_ref().filter(|(_, sel)| sel.kind == SelectionKind::MethodVal).map(|(base, sel)| (*base, sel));
        let value = (selection.is_none() && object.is_none()).then_some(fun);
        self.hoist_call(method, value, &operands);
        let (callee, at, first) = match (selection, object) {
            (Some((base, sel)), _) if sel.kind == SelectionKind::MethodVal => match sel.selected {
                Selected::Method(obj) => {
                    let recv = self.s.recv_type(obj).unwrap_or(TypeId::INVALID);
                    let n = self.s.regs(recv);
                    let at = self.window((n + nparams).max(nresults));
                    let m = self.regs.mark();
                    self.receiver(base, &sel, recv, at);
                    self.regs.free(m);
                    (Callee::Func(self.s.declared(obj)), at, at + n)
                }
                _ => {
                    let (r, id) = self.iface_receiver(base, &sel);
                    let at = self.window((1 + nparams).max(nresults));
                    (Callee::Iface(r, id), at, at + 1)
                }
            },
            (Some((_, sel)), _) if sel.kind == SelectionKind::MethodExpr => {
                let f = self.method_expr_func(&sel);
                let at = self.window(nparams.max(nresults));
                (Callee::Func(f), at, at)
            }
            (_, Some(obj)) => {
                let at = self.window(nparams.max(nresults));
                let callee = if self.s.is_machine_call(obj) {
                    Callee::Func(self.s.declared_or_wrapped(obj))
                } else if self.s.is_native(obj) {
                    Callee::Native(self.s.native(obj), obj)
                } else {
                    Callee::Func(self.s.declared(obj))
                };
                (callee, at, at)
            }
            _ => {
                let callee = match ast[fun].kind {
                    Expr::FuncLit { .. } if self.analysis.free(Inner::Lit(fun)).is_empty() => {
                        Callee::Func(self.literal_func(fun, Vec::new()))
                    }
                    _ => Callee::Closure(self.expr(fun, Want::Any)),
                };
                let at = self.window(nparams.max(nresults));
                (callee, at, at)
            }
        };
        match self.pointer_cell(object, args) {
            Some((cell, target)) => {
                let args: Vec<_> = std::iter::once(cell).chain(args[1..].iter().copied()).collect();
                self.arguments(first, &params, variadic, &args, *has_dots);
                // What is stored; what is compared may be anything.
                if args.len() > 1 {
                    let t = self.s.type_ref(target).0 as u64;
                    let last = first + args.len() as u16 - 1;
                    self.asm.op_words(Op::UnsafeCast, last, last, 0, &[t]);
                }
            }
            None => self.arguments(first, &params, variadic, args, *has_dots),
        }
        let nargs = match callee {
            Callee::Iface(..) => nparams,
            _ => first - at + nparams,
        };
        Prepared { callee, at, nargs }
    }

    /// The function in `f[T]`.
    pub(crate) fn without_targs(&self, fun: ExprId) -> ExprId {
        let mut fun = self.s.ast.unparen(fun);
        while let Expr::Index(f, _) = self.s.ast[fun].kind
            && self.s.tp.info.instances.contains_key(&fun)
        {
            fun = self.s.ast.unparen(f);
        }
        fun
    }

    pub(crate) fn is_func(&self, obj: ObjId) -> bool {
        matches!(self.s.tp.objects[obj].kind, ObjKind::Func { .. })
    }

    /// Evaluates the receiver of a method for the receiver type `recv` into registers.
    pub(crate) fn receiver(&mut self, base: ExprId, sel: &Selection, recv: TypeId, at: Reg) {
        let place = self.place(base);
        let pos = self.end_pos(base);
        self.asm.set_pos(pos);
        let (place, ty) = self.walk(place, sel.recv, &sel.path);
        self.receiver_at(place, ty, recv, at);
    }

    /// Brings a receiver that is at a place of type `ty` into registers as a value of type `recv`.
    pub(crate) fn receiver_at(&mut self, place: Place, ty: TypeId, recv: TypeId, at: Reg) {
        let wants_pointer = matches!(self.s.shape(recv), Shape::Pointer(_)) && recv != ty;
        if wants_pointer {
            let r = self.addr(place, ty);
            self.mov(at, r, 1);
        } else if ty == recv {
            self.load(place, ty, Want::Fresh(at));
        } else {
            let (place, ty) = self.through_pointer(place, ty);
            self.load(place, ty, Want::Fresh(at));
        }
    }

    /// Evaluates an interface whose method is selected: its registers and the method.
    pub(crate) fn iface_receiver(&mut self, base: ExprId, sel: &Selection) -> (Reg, MethodId) {
        let place = self.place(base);
        let pos = self.end_pos(base);
        self.asm.set_pos(pos);
        let (place, ty) = self.walk(place, sel.recv, &sel.path);
        let (place, ty) = match self.s.shape(ty) {
            Shape::Iface => (place, ty),
            _ => self.through_pointer(place, ty),
        };
        let r = self.load(place, ty, Want::Any);
        let id = self.s.selected_id(ty, sel.selected);
        self.s.called.insert(id);
        (r, id)
    }

    /// Evaluates arguments into the registers from `at` on.
    fn arguments(&mut self, at: Reg, params: &[TypeId], variadic: bool, args: &[ExprId], has_dots: bool) {
        if let [arg] = args
            && let Some(facts) = self.facts(*arg)
            && let Type::Tuple(members) = self.s.tp.types.get(facts.ty)
        {
            let members = members.clone();
            return self.spread(at, params, variadic, *arg, &members);
        }
        let fixed = if variadic && !has_dots { params.len() - 1 } else { params.len() };
        let mut list = Vec::new();
        let mut next = at;
        for (ty, x) in params[..fixed].iter().zip(args) {
            list.push((*x, *ty, next));
            next = next.saturating_add(self.s.regs(*ty));
        }
        if fixed == params.len() {
            return self.exprs_into(&list);
        }
        let rest = &args[fixed.min(args.len())..];
        let Shape::Slice(elem) = self.s.shape(params[fixed]) else { return };
        self.exprs_into(&list);
        if rest.is_empty() {
            self.asm.op(Op::Zero, next, 3, 0);
            return;
        }
        let values: Vec<_> = rest.iter().map(|x| (None, *x)).collect();
        let m = self.regs.mark();
        self.slice_of(&values, rest.len() as u64, elem, Want::Fresh(next));
        self.regs.free(m);
    }

    /// `f(g())` with several results of `g`.
    fn spread(&mut self, at: Reg, params: &[TypeId], variadic: bool, arg: ExprId, members: &[TypeId]) {
        let m = self.regs.mark();
        let mut from = self.expr(arg, Want::Any);
        let mut next = at;
        let fixed = if variadic { params.len() - 1 } else { params.len() };
        for (ty, member) in params[..fixed].iter().zip(members) {
            self.value_as(from, *member, *ty, Want::Fresh(next));
            from += self.s.regs(*member);
            next = next.saturating_add(self.s.regs(*ty));
        }
        if variadic {
            let rest = &members[fixed.min(members.len())..];
            let Shape::Slice(elem) = self.s.shape(params[fixed]) else { return };
            if rest.is_empty() {
                self.asm.op(Op::Zero, next, 3, 0);
            } else {
                let size = self.s.layout(elem).size;
                let t = self.s.type_ref(elem).0 as u64;
                self.load_int(next + 1, rest.len() as i64);
                self.load_int(next + 2, rest.len() as i64);
                self.asm.op_words(Op::NewArray, next, next + 1, 0, &[t]);
                for (i, member) in rest.iter().enumerate() {
                    let m = self.regs.mark();
                    let v = self.value_as(from, *member, elem, Want::Any);
                    self.store(Place::Mem { base: next, off: i as u64 * size, known: true }, elem, v);
                    self.regs.free(m);
                    from += self.s.regs(*member);
                }
            }
        }
        self.regs.free(m);
    }
}
