//! Function literals, function values, method values, and the `go` and `defer` statements.
//!
//! A literal captures by value what never changes after its declaration, and the address of what lives in memory. It
//! loads all of it when it is entered, so inside captured variables are like its own.

use gol_bytecode::ops::PrintKind;
use gol_bytecode::{FuncId, Op};
use gol_source::Span;
use gol_syntax::ast::{Expr, ExprId};
use gol_types::types::TypeId;
use gol_types::{Builtin, Mode, ObjId, Selected, Selection};

use crate::call::{Callee, Prepared};
use crate::captures::Inner;
use crate::func::{FuncGen, Var, Want};
use crate::program::{FuncKey, Shape, Work};
use crate::regalloc::Reg;

/// A variable that a literal uses from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    pub(crate) obj: ObjId,
    pub(crate) ty: TypeId,
    /// The address of its memory is captured; else its value.
    pub(crate) by_address: bool,
}

/// A built-in that is deferred or started: a function of its evaluated operands.
#[derive(Clone, Debug)]
pub(crate) struct DeferredBuiltin {
    pub(crate) builtin: Builtin,
    /// The operands' types.
    pub(crate) tys: Vec<TypeId>,
    pub(crate) span: Span,
}

impl FuncGen<'_, '_> {
    /// A function literal's value.
    pub(crate) fn func_lit(&mut self, x: ExprId, want: Want) -> Reg {
        let captures = self.captures(Inner::Lit(x));
        let m = self.regs.mark();
        let n = self.captured_words(&captures);
        if n == 0 && captures.is_empty() {
            let f = self.literal_func(x, captures);
            let to = self.out(want, 1);
            self.asm.op_words(Op::LoadFunc, to, 0, 0, &[f.0 as u64]);
            return to;
        }
        let row = self.temp(n);
        self.capture(&captures, row);
        let f = self.literal_func(x, captures);
        self.regs.free(m);
        let to = self.out(want, 1);
        self.asm.op_words(Op::MakeClosure, to, row, n, &[f.0 as u64]);
        to
    }

    /// What an inner body captures.
    pub(crate) fn captures(&self, body: Inner) -> Vec<Capture> {
        let capture = |obj: &ObjId| {
            let by_address = !matches!(self.vars.get(obj), Some(Var::Reg(_)));
            Capture { obj: *obj, ty: self.s.tp.objects[*obj].ty, by_address }
        };
        self.analysis.free(body).iter().map(capture).collect()
    }

    /// How many words that takes.
    pub(crate) fn captured_words(&mut self, captures: &[Capture]) -> u16 {
        captures.iter().map(|c| if c.by_address { 1 } else { self.s.regs(c.ty) }).fold(0, u16::saturating_add)
    }

    /// Lays the captured words in a row of registers; gives the register after them.
    pub(crate) fn capture(&mut self, captures: &[Capture], mut at: Reg) -> Reg {
        for c in captures {
            let n = if c.by_address { 1 } else { self.s.regs(c.ty) };
            if let Some(Var::Mem(r) | Var::Array(r) | Var::Reg(r)) = self.vars.get(&c.obj).copied() {
                self.mov(at, r, n);
            }
            at = at.saturating_add(n);
        }
        at
    }

    /// The function of a literal, queued for compilation.
    pub(crate) fn literal_func(&mut self, x: ExprId, captures: Vec<Capture>) -> FuncId {
        let (nargs, nresults) = self.s.sig_words(self.ty(x));
        let name = match self.lit {
            _ if self.range.is_some() => format!("{}.{}", self.name, self.analysis.number(Inner::Lit(x))),
            Some(_) => format!("{}.{}", self.name, self.analysis.number(Inner::Lit(x))),
            None if self.name.ends_with(".init") && self.owner_is_initializer => {
                let n = self.s.next_init_literal(&self.name);
                format!("{}.func{n}", self.name)
            }
            None => format!("{}.func{}", self.name, self.analysis.number(Inner::Lit(x))),
        };
        let id = self.s.new_func(name, nargs, nresults, false);
        self.s.enqueue(id, Work::Literal { lit: x, analysis: self.analysis.clone(), captures });
        id
    }

    /// Brings captured variables into registers; gives how many words they take.
    pub(crate) fn load_captures(&mut self, captures: &[Capture]) -> u16 {
        let mut word = 0;
        for c in captures {
            if c.by_address {
                let array = match self.s.shape(c.ty) {
                    Shape::Array(_, n) => Some(n),
                    _ => None,
                };
                let r = self.temp(if array.is_some() { 2 } else { 1 });
                self.asm.op(Op::LoadCap, r, word, 0);
                word += 1;
                let var = self.var_at(r, array);
                self.vars.insert(c.obj, var);
            } else {
                let n = self.s.regs(c.ty);
                let r = self.temp(n);
                for i in 0..n {
                    self.asm.op(Op::LoadCap, r + i, word, 0);
                    word += 1;
                }
                self.vars.insert(c.obj, Var::Reg(r));
            }
        }
        word
    }

    /// A declared function as a value.
    pub(crate) fn function_value(&mut self, obj: ObjId, want: Want) -> Reg {
        let f = self.s.declared_or_wrapped(obj);
        let to = self.out(want, 1);
        self.asm.op_words(Op::LoadFunc, to, 0, 0, &[f.0 as u64]);
        to
    }

    /// `x.m` as a value: a closure over the receiver.
    pub(crate) fn method_value(&mut self, base: ExprId, sel: &Selection, want: Want) -> Reg {
        let m = self.regs.mark();
        let (row, recv, id) = match sel.selected {
            Selected::Method(obj) => {
                let recv = self.s.recv_type(obj).unwrap_or(TypeId::INVALID);
                let row = self.temp_for(recv);
                self.receiver(base, sel, recv, row);
                let id = self.s.selected_id(recv, sel.selected);
                self.s.note_generic(recv, id, sel.selected, &[]);
                (row, recv, id)
            }
            _ => {
                let (r, id) = self.iface_receiver(base, sel);
                let ok = self.asm.label();
                self.asm.jump(Op::JNeK, r, 0, 0, &[], ok);
                let t = self.temp(1);
                self.asm.wide(Op::LoadI, t, 0);
                self.asm.op(Op::NilCheck, t, 0, 0);
                self.asm.place(ok, false);
                let ty = self.s.walk_type(sel.recv, &sel.path);
                (r, self.s.deref(ty).0, id)
            }
        };
        let f = self.s.keyed(FuncKey::Bound(recv, id), |s| s.wrapper_shape(&FuncKey::Bound(recv, id)));
        let n = self.s.regs(recv);
        self.regs.free(m);
        let to = self.out(want, 1);
        self.asm.op_words(Op::MakeClosure, to, row, n, &[f.0 as u64]);
        to
    }

    /// `T.m` as a value.
    pub(crate) fn method_expr(&mut self, sel: &Selection, want: Want) -> Reg {
        let f = self.method_expr_func(sel);
        let to = self.out(want, 1);
        self.asm.op_words(Op::LoadFunc, to, 0, 0, &[f.0 as u64]);
        to
    }

    /// The function that `T.m` stands for.
    pub(crate) fn method_expr_func(&mut self, sel: &Selection) -> FuncId {
        if let Selected::Method(obj) = sel.selected
            && sel.path.is_empty()
            && self.s.recv_type(obj) == Some(sel.recv)
        {
            return self.s.declared(obj);
        }
        let end = self.s.walk_type(sel.recv, &sel.path);
        let (end, _) = match sel.selected {
            Selected::Interface(_) => self.s.deref(end),
            _ => (end, false),
        };
        let id = self.s.selected_id(end, sel.selected);
        self.s.note_generic(sel.recv, id, sel.selected, &sel.path);
        let key = FuncKey::Expr(sel.recv, id);
        self.s.keyed(key.clone(), |s| s.wrapper_shape(&key))
    }

    /// `go call` and `defer call`.
    pub(crate) fn go_or_defer(&mut self, x: ExprId, defer: bool) {
        let ast = self.s.ast;
        let x = ast.unparen(x);
        let Expr::Call { fun, args, has_dots, .. } = &ast[x].kind else { return };
        let m = self.regs.mark();
        let statement = self.asm.pos();
        let p = match self.facts(*fun).map(|t| t.mode) {
            Some(Mode::Builtin(b)) => self.prepare_builtin(b, x, args, *has_dots),
            _ => self.prepare(x),
        };
        // "created by" tells the line of the word `go`.
        self.asm.set_pos(if defer { self.end_pos(*fun) } else { statement });
        let (at, n) = (p.at, p.nargs);
        match p.callee {
            Callee::Func(_) | Callee::Native(..) => {
                let f = match p.callee {
                    Callee::Func(f) => f,
                    Callee::Native(_, obj) => self.s.declared_or_wrapped(obj),
                    _ => return,
                };
                self.asm.op_words(if defer { Op::Defer } else { Op::Go }, at, n, 0, &[f.0 as u64]);
            }
            Callee::Closure(r) => self.asm.op(if defer { Op::DeferC } else { Op::GoC }, at, n, r),
            Callee::Iface(r, id) => {
                self.asm.op_words(if defer { Op::DeferI } else { Op::GoI }, at + 1, n, r, &[id.0 as u64]);
            }
        }
        if let (true, Some(range)) = (defer, &self.range) {
            let mark = range.mark;
            self.asm.op(Op::DeferTo, mark, 0, 0);
        }
        self.regs.free(m);
    }

    /// Evaluates the operands of a built-in that is carried out later, by a function of its own.
    fn prepare_builtin(&mut self, b: Builtin, x: ExprId, args: &[ExprId], _has_dots: bool) -> Prepared {
        let mut tys = Vec::new();
        for &a in args {
            tys.push(match b {
                Builtin::Panic => TypeId::EMPTY_INTERFACE,
                Builtin::Delete if tys.len() == 1 => match self.s.shape(tys[0]) {
                    Shape::Map(k, _) => k,
                    _ => self.ty(a),
                },
                _ if self.is_nil(a) => TypeId::UNSAFE_POINTER,
                _ => self.ty(a),
            });
        }
        let n: u16 = tys.iter().map(|t| self.s.regs(*t)).fold(0, u16::saturating_add);
        let at = self.window(n);
        let mut list = Vec::new();
        let mut next = at;
        for (&a, &ty) in args.iter().zip(&tys) {
            list.push((a, ty, next));
            next = next.saturating_add(self.s.regs(ty));
        }
        self.exprs_into(&list);
        let span = self.s.ast[x].span;
        let f = self.s.new_func(format!("{}.deferwrap", self.name), n, 0, true);
        self.s.enqueue(f, Work::Builtin(DeferredBuiltin { builtin: b, tys, span }));
        Prepared { callee: Callee::Func(f), at, nargs: n }
    }

    /// The body of such a function.
    pub(crate) fn deferred_builtin(&mut self, d: DeferredBuiltin) {
        self.asm.set_pos(d.span.lo);
        let mut regs = Vec::new();
        for ty in &d.tys {
            regs.push(self.temp_for(*ty));
        }
        match (d.builtin, &regs[..]) {
            (Builtin::Close, [ch]) => self.asm.op(Op::Close, *ch, 0, 0),
            (Builtin::Panic, [v]) => self.asm.op(Op::Panic, *v, 0, 0),
            (Builtin::Delete, [map, key]) => {
                let t = self.s.type_ref(d.tys[0]).0 as u64;
                self.asm.op_words(Op::MapDelete, *map, *key, 0, &[t]);
            }
            (Builtin::Clear, [v]) => self.clear_value(*v, d.tys[0]),
            (Builtin::Copy, [to, from]) => {
                let r = self.temp(1);
                self.copy_values(r, *to, d.tys[0], *from, d.tys[1]);
            }
            (Builtin::Print | Builtin::Println, _) => {
                let list: Vec<_> = regs.iter().zip(&d.tys).map(|(r, t)| (*r, self.print_kind(*t))).collect();
                self.print_values(&list, d.builtin == Builtin::Println);
            }
            // The VM looks through this function to the one that deferred it.
            (Builtin::Recover, _) => {
                let r = self.temp(2);
                self.asm.op(Op::Recover, r, 0, 0);
            }
            _ => {}
        }
        self.asm.op(Op::Ret0, 0, 0, 0);
    }

    /// How `print` shows a value of a type.
    pub(crate) fn print_kind(&self, ty: TypeId) -> PrintKind {
        match self.s.shape(ty) {
            Shape::Bool => PrintKind::Bool,
            Shape::Int(k) if k.signed => PrintKind::Int,
            Shape::Int(_) => PrintKind::Uint,
            Shape::F32 => PrintKind::Float32,
            Shape::F64 => PrintKind::Float,
            Shape::C64 => PrintKind::Complex64,
            Shape::C128 => PrintKind::Complex,
            Shape::Str => PrintKind::String,
            Shape::Slice(_) => PrintKind::Slice,
            Shape::Iface => PrintKind::Interface,
            _ => PrintKind::Pointer,
        }
    }
}
