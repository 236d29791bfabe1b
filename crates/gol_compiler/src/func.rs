//! The compiler of one function body: its state, its variables, its parameters and results.
//!
//! Expressions are compiled by methods of [`FuncGen`] in the files named after them. An expression's value is a row of
//! registers; [`Want`] says where the user would like it. A result that is wanted nowhere in particular may be a
//! variable's own registers, so whoever gets it must not write to it.

use rustc_hash::FxHashMap;
use std::rc::Rc;

use gol_bytecode::{FuncId, Op};
use gol_source::{Code, Span, Symbol};
use gol_syntax::ast::{Block, Expr, ExprId, Field, Signature};
use gol_types::types::TypeId;
use gol_types::{Mode, ObjId, TypeAndValue};

use crate::asm::{Asm, Finished, Label};
use crate::captures::{Analysis, Inner};
use crate::control::Target;
use crate::inline::Inline;
use crate::place::Place;
use crate::program::{FuncKey, Session, Shape, Work};
use crate::range_func::{Exit, RangeBody};
use crate::regalloc::{Reg, RegAlloc};

/// How deep expressions and statements may nest; the recursion of the compiler is bounded by it.
const MAX_DEPTH: u32 = 2_000;

/// Where a value is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    /// Anywhere; not to be written to by the one who asked.
    Any,
    /// In these registers, which nobody reads before the value is complete.
    Fresh(Reg),
    /// In the registers of a variable, which the expression itself may still read.
    Var(Reg),
}

/// Where a local variable lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Var {
    /// In registers from here on.
    Reg(Reg),
    /// In memory, whose address is in this register.
    Mem(Reg),
    /// An array in memory: address and length are in two registers.
    Array(Reg),
}

/// A result of the function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResultVar {
    pub(crate) ty: TypeId,
    /// Where it lives, if it is a variable: it has a name, or the function defers something.
    pub(crate) var: Option<Var>,
}

/// The compiler of one function.
pub(crate) struct FuncGen<'s, 'a> {
    pub(crate) s: &'s mut Session<'a>,
    pub(crate) asm: Asm,
    pub(crate) regs: RegAlloc,
    pub(crate) vars: FxHashMap<ObjId, Var>,
    pub(crate) analysis: Rc<Analysis>,
    /// The literal that is being compiled; `None`: an outermost body, or that of a loop over a function.
    pub(crate) lit: Option<ExprId>,
    pub(crate) name: String,
    pub(crate) results: Vec<ResultVar>,
    pub(crate) defers: bool,
    pub(crate) targets: Vec<Target>,
    pub(crate) labels: FxHashMap<Symbol, Label>,
    /// The label of the statement that comes next.
    pub(crate) next_label: Option<Symbol>,
    pub(crate) depth: u32,
    /// Constants that a loop keeps in registers.
    pub(crate) pinned: FxHashMap<ExprId, Reg>,
    pub(crate) in_pinned_loop: bool,
    /// Values that were evaluated ahead and wait for the expression around them.
    pub(crate) hoisted: FxHashMap<ExprId, Reg>,
    /// The body of a loop over a function is being compiled.
    pub(crate) range: Option<RangeBody>,
    /// The call whose callee's body is being compiled in its place.
    pub(crate) inline: Option<Inline>,
    /// The functions whose bodies are, outermost first.
    pub(crate) inlining: Vec<ObjId>,
    /// Where a frame that recovered goes on.
    recover_at: Option<Label>,
    /// The body is a package-level initializer.
    pub(crate) owner_is_initializer: bool,
    /// The body or initializer's place, for mistakes without one.
    pub(crate) span: Span,
}

/// Compiles a queued function.
pub(crate) fn compile(s: &mut Session<'_>, id: FuncId, work: Work) {
    let name = s.out.funcs[id.0 as usize].name.clone();
    match work {
        Work::Key(FuncKey::Decl(obj)) => declared(s, id, name, obj, false),
        Work::Key(key) => crate::methods::wrapper(s, id, name, key),
        Work::Literal { lit, analysis, captures } => {
            let Expr::FuncLit { ty, body } = &s.ast[lit].kind else { return };
            let sig_ty = s.tp.info.type_of(lit).unwrap_or(TypeId::INVALID);
            let Expr::FuncType(sig) = &s.ast[*ty].kind else { return };
            let span = s.ast[lit].span;
            let mut g = FuncGen::new(s, name, analysis, Some(lit), span);
            g.enter(None, sig, sig_ty, false);
            g.load_captures(&captures);
            g.body(body);
            g.finish(id);
        }
        Work::Builtin(b) => {
            let mut g = FuncGen::new(s, name, Rc::default(), None, Span::NONE);
            g.deferred_builtin(b);
            g.finish(id);
        }
        Work::Init(step) => {
            let analysis = Rc::new(Analysis::of_expr(s.ast, s.tp, step.rhs));
            let span = s.ast[step.rhs].span;
            let mut g = FuncGen::new(s, name, analysis, None, span);
            g.init_step(&step);
            g.finish(id);
        }
    }
}

/// Compiles a declared function; `entry`: a method that gets the address of its receiver, as interfaces call it.
pub(crate) fn declared(s: &mut Session<'_>, id: FuncId, name: String, obj: ObjId, entry: bool) {
    let Some(decl) = s.decl_of(obj) else { return };
    let (Some(body), Expr::FuncType(sig)) = (&decl.body, &s.ast[decl.ty].kind) else { return };
    if !s.may_instantiate(obj, body.span) {
        return;
    }
    s.tp.check_instance(s.ast, s.map, obj);
    let analysis = Rc::new(Analysis::of_body(s.ast, s.tp, body.span, body));
    let sig_ty = s.tp.objects[obj].ty;
    let recv = s.recv_type(obj);
    let again = s.tp.session_package() == Some(s.tp.objects[obj].pkg);
    let mut g = FuncGen::new(s, name, analysis, None, body.span);
    if again {
        // A session may declare it again: then this becomes the way to the new one.
        g.asm.op(Op::Nop, 0, 0, 0);
    }
    g.enter(recv.zip(decl.recv.as_ref()), sig, sig_ty, entry);
    g.body(body);
    g.finish(id);
}

impl<'s, 'a> FuncGen<'s, 'a> {
    /// A compiler for a function that has no code yet.
    pub(crate) fn new(
        s: &'s mut Session<'a>,
        name: String,
        analysis: Rc<Analysis>,
        lit: Option<ExprId>,
        span: Span,
    ) -> FuncGen<'s, 'a> {
        let defers = analysis.uses(lit.map(Inner::Lit)).defers;
        FuncGen {
            s,
            asm: Asm::default(),
            regs: RegAlloc::default(),
            vars: FxHashMap::default(),
            analysis,
            lit,
            name,
            results: Vec::new(),
            defers,
            targets: Vec::new(),
            labels: FxHashMap::default(),
            next_label: None,
            depth: 0,
            pinned: FxHashMap::default(),
            in_pinned_loop: false,
            hoisted: FxHashMap::default(),
            range: None,
            inline: None,
            inlining: Vec::new(),
            recover_at: None,
            owner_is_initializer: false,
            span,
        }
    }

    /// Gives parameters their registers, boxes those that need it, and makes the result variables. `entry`: the receiver
    /// is to be loaded from the address that stands in its place.
    fn enter(&mut self, recv: Option<(TypeId, &Field)>, sig: &Signature, sig_ty: TypeId, entry: bool) {
        self.asm.set_pos(self.span.lo);
        let (params, results, _) = self.s.signature(sig_ty);
        let mut named: Vec<(Option<ObjId>, TypeId)> = Vec::new();
        if let Some((ty, field)) = recv {
            named.push((field.names.first().and_then(|n| self.def(n.span.lo)), ty));
        }
        named.extend(self.objects_of(&sig.params).into_iter().zip(params));
        let mut placed = Vec::new();
        for (i, (obj, ty)) in named.into_iter().enumerate() {
            let r = if entry && i == 0 { self.temp(1) } else { self.temp_for(ty) };
            placed.extend(obj.map(|obj| (obj, ty, r)));
        }
        if entry && let Some((_, ty, r)) = placed.first_mut().filter(|p| p.2 == 0) {
            let value = self.temp_for(*ty);
            self.load(Place::known(*r), *ty, Want::Fresh(value));
            *r = value;
        }
        for (obj, ty, r) in placed {
            let var = if self.needs_memory(obj, ty) { self.in_memory(obj, ty, Some(r)) } else { Var::Reg(r) };
            self.vars.insert(obj, var);
        }
        // The body of a loop over a function returns by storing the results where it can reach them.
        let shared = self.analysis.uses(self.lit.map(Inner::Lit)).returns;
        self.declare_results(sig, &results, shared);
    }

    /// Makes the result variables; `shared`: the bodies of loops over functions store to them.
    pub(crate) fn declare_results(&mut self, sig: &Signature, results: &[TypeId], shared: bool) {
        let objects = self.objects_of(&sig.results);
        let is_named = sig.results.iter().any(|f| !f.names.is_empty());
        for (obj, ty) in objects.into_iter().zip(results.iter().copied()) {
            let var = (is_named || self.defers || shared).then(|| match obj {
                Some(obj) if shared => {
                    let var = self.in_memory(obj, ty, None);
                    self.vars.insert(obj, var);
                    var
                }
                Some(obj) => self.declare_zero(obj, ty),
                None if shared || self.s.is_mem(ty) => {
                    let r = self.temp(1);
                    let t = self.s.type_ref(ty);
                    self.asm.op_words(Op::New, r, 0, 0, &[t.0 as u64]);
                    Var::Mem(r)
                }
                None => {
                    let r = self.temp_for(ty);
                    self.zero(r, ty);
                    Var::Reg(r)
                }
            });
            self.results.push(ResultVar { ty, var });
        }
    }

    /// The objects of a group of parameters or results, one for each; `None`: no name.
    pub(crate) fn objects_of(&self, fields: &[Field]) -> Vec<Option<ObjId>> {
        let mut out = Vec::new();
        for f in fields {
            if f.names.is_empty() {
                out.push(None);
            }
            out.extend(f.names.iter().map(|n| self.def(n.span.lo)));
        }
        out
    }

    /// A body's statements, and what happens after the last of them.
    pub(crate) fn body_statements(&mut self, body: &'a Block) {
        self.block(&body.stmts);
        self.finish_body(body.rbrace());
    }

    /// The end of a body, at offset `pos`.
    pub(crate) fn finish_body(&mut self, pos: u32) {
        self.asm.set_pos(pos);
        if !self.asm.is_dead() {
            if self.results.iter().all(|r| r.var.is_some()) {
                self.return_variables();
            } else {
                self.unreachable();
            }
        }
    }

    fn body(&mut self, body: &'a Block) {
        self.body_statements(body);
        self.recovery();
    }

    /// Where a frame goes on that recovered, if it defers anything.
    pub(crate) fn recovery(&mut self) {
        if self.defers {
            let l = self.asm.label();
            self.asm.place_live(l);
            self.return_variables();
            self.recover_at = Some(l);
        }
    }

    /// Hands the finished code to the program.
    pub(crate) fn finish(mut self, id: FuncId) {
        if !self.asm.is_dead() {
            self.unreachable();
        }
        if self.regs.overflowed() {
            let span = self.span;
            self.s.error(Code::NotYet, span, "function too large: it needs more registers than a frame has");
        }
        let Finished { code, lines, inlined, recover_pc } = self.asm.finish(self.s.map, self.recover_at);
        let f = &mut self.s.out.funcs[id.0 as usize];
        f.nregs = self.regs.frame().max(f.nargs).max(f.nresults).max(1);
        f.code = code;
        f.lines = if f.wrapper { Vec::new() } else { lines };
        f.inlined = inlined;
        f.recover_pc = recover_pc;
    }

    /// Ends code that is never reached, where the VM wants an end.
    pub(crate) fn unreachable(&mut self) {
        let text = self.s.string(b"unreachable code reached");
        self.asm.wide(Op::RaiseError, 0, text.0);
    }

    /// Runs deferred calls and returns what the result variables hold.
    pub(crate) fn return_variables(&mut self) {
        if self.range.is_some() {
            return self.leave_body(Exit::Return);
        }
        let m = self.regs.mark();
        if self.defers {
            let w = self.window(0);
            // A deferred call returns to the instruction that made it, so what is before that tells the caller's line.
            self.asm.op(Op::Nop, 0, 0, 0);
            self.asm.op(Op::RunDefers, w, 0, 0);
            self.regs.free(m);
        }
        let results = self.results.clone();
        let total: u16 = results.iter().map(|r| self.s.regs(r.ty)).fold(0, u16::saturating_add);
        let mut next = None;
        let mut in_row = true;
        for r in &results {
            match r.var {
                Some(Var::Reg(at)) => {
                    in_row &= next.is_none_or(|n| n == at);
                    next = Some(at + self.s.regs(r.ty));
                }
                _ => in_row = false,
            }
        }
        let first = if in_row {
            next.map_or(0, |n| n - total)
        } else {
            let first = self.temp(total);
            let mut at = first;
            for r in &results {
                let place = self.place_of(r.var.unwrap_or(Var::Reg(at)));
                self.load(place, r.ty, Want::Fresh(at));
                at = at.saturating_add(self.s.regs(r.ty));
            }
            first
        };
        self.ret(first, total);
        self.regs.free(m);
    }

    /// Returns a row of registers.
    pub(crate) fn ret(&mut self, first: Reg, n: u16) {
        if let Some(call) = self.inline {
            self.mov(call.row, first, n);
            return self.asm.jmp(call.end);
        }
        match n {
            0 => self.asm.op(Op::Ret0, 0, 0, 0),
            1 => self.asm.op(Op::Ret1, first, 0, 0),
            n => self.asm.op(Op::Ret, first, n, 0),
        }
    }

    // What the checker found.

    /// The object declared by the identifier at an offset.
    pub(crate) fn def(&self, pos: u32) -> Option<ObjId> {
        self.s.tp.info.defs.get(&pos).copied()
    }

    /// The type of an expression.
    pub(crate) fn ty(&self, x: ExprId) -> TypeId {
        let ty = self.s.tp.info.type_of(x).unwrap_or(TypeId::INVALID);
        self.s.tp.types.default_type(ty)
    }

    /// What is known of an expression.
    pub(crate) fn facts(&self, x: ExprId) -> Option<&TypeAndValue> {
        self.s.tp.info.get(x)
    }

    /// The underlying structure of an expression's type.
    pub(crate) fn shape_of(&self, x: ExprId) -> Shape {
        self.s.shape(self.ty(x))
    }

    /// Whether an expression is `nil`.
    pub(crate) fn is_nil(&self, x: ExprId) -> bool {
        self.facts(x).is_some_and(|t| t.mode == Mode::NilValue)
    }

    // Registers.

    /// New registers at the top.
    pub(crate) fn temp(&mut self, n: u16) -> Reg {
        self.regs.alloc(n)
    }

    /// New registers for a value.
    pub(crate) fn temp_for(&mut self, ty: TypeId) -> Reg {
        let n = self.s.regs(ty);
        self.regs.alloc(n)
    }

    /// A call window for `n` argument or result words: its first register; the frame's header lies below.
    pub(crate) fn window(&mut self, n: u16) -> Reg {
        self.regs.alloc(3);
        self.regs.alloc(n)
    }

    /// The registers that one instruction writes its result to.
    pub(crate) fn out(&mut self, want: Want, n: u16) -> Reg {
        match want {
            Want::Any => self.regs.alloc(n),
            Want::Fresh(r) | Want::Var(r) => r,
        }
    }

    /// The registers that several instructions build a result in; [`FuncGen::give`] it afterwards.
    pub(crate) fn build(&mut self, want: Want, n: u16) -> Reg {
        match want {
            Want::Any | Want::Var(_) => self.regs.alloc(n),
            Want::Fresh(r) => r,
        }
    }

    /// Brings a value that is somewhere to where it is wanted.
    pub(crate) fn give(&mut self, want: Want, r: Reg, n: u16) -> Reg {
        match want {
            Want::Any => r,
            Want::Fresh(to) | Want::Var(to) => {
                self.mov(to, r, n);
                to
            }
        }
    }

    /// Moves a row of registers.
    pub(crate) fn mov(&mut self, to: Reg, from: Reg, n: u16) {
        if to == from {
            return;
        }
        match n {
            0 => {}
            1 => self.asm.op(Op::Mov, to, from, 0),
            2 => self.asm.op(Op::Mov2, to, from, 0),
            3 => self.asm.op(Op::Mov3, to, from, 0),
            n => self.asm.op(Op::MovN, to, from, n),
        }
    }

    /// An integer.
    pub(crate) fn load_int(&mut self, to: Reg, n: i64) {
        match i32::try_from(n) {
            Ok(n) => self.asm.wide(Op::LoadI, to, n as u32),
            Err(_) => self.asm.op_words(Op::LoadK, to, 0, 0, &[n as u64]),
        }
    }

    /// The zero value of a type, in registers. (A Mem value: new zeroed memory.)
    pub(crate) fn zero(&mut self, to: Reg, ty: TypeId) {
        if self.s.is_mem(ty) {
            let t = self.s.type_ref(ty);
            self.asm.op_words(Op::New, to, 0, 0, &[t.0 as u64]);
            return;
        }
        match self.s.regs(ty) {
            0 => {}
            1 => self.asm.wide(Op::LoadI, to, 0),
            n => self.asm.op(Op::Zero, to, n, 0),
        }
    }

    // Variables.

    /// Whether a variable lives in memory.
    pub(crate) fn needs_memory(&mut self, obj: ObjId, ty: TypeId) -> bool {
        self.s.is_mem(ty) || self.analysis.flags(obj).boxed()
    }

    /// Memory for a variable, holding the value in the given registers (a Mem value: an immutable one), or zero.
    pub(crate) fn in_memory(&mut self, obj: ObjId, ty: TypeId, value: Option<Reg>) -> Var {
        let t = self.s.type_ref(ty).0 as u64;
        let array = match self.s.shape(ty) {
            Shape::Array(_, n) => Some(n),
            _ => None,
        };
        let r = self.temp(if array.is_some() { 2 } else { 1 });
        match value {
            Some(v) if self.s.is_mem(ty) && self.analysis.flags(obj).constant() => self.mov(r, v, 1),
            Some(v) if self.s.is_mem(ty) => self.asm.op_words(Op::MemDup, r, v, 0, &[t]),
            Some(v) => {
                self.asm.op_words(Op::New, r, 0, 0, &[t]);
                self.store(Place::known(r), ty, v);
            }
            None => self.asm.op_words(Op::New, r, 0, 0, &[t]),
        }
        self.var_at(r, array)
    }

    /// The variable whose memory's address is in `r`; an array's length is put beside it.
    pub(crate) fn var_at(&mut self, r: Reg, array: Option<u64>) -> Var {
        match array {
            Some(n) => {
                self.load_int(r + 1, n as i64);
                Var::Array(r)
            }
            None => Var::Mem(r),
        }
    }

    /// Declares a variable with the zero value.
    pub(crate) fn declare_zero(&mut self, obj: ObjId, ty: TypeId) -> Var {
        let var = if self.needs_memory(obj, ty) {
            self.in_memory(obj, ty, None)
        } else {
            let r = self.temp_for(ty);
            self.zero(r, ty);
            Var::Reg(r)
        };
        self.vars.insert(obj, var);
        var
    }

    /// Declares a variable with the value in the given registers (a Mem value: an immutable one).
    pub(crate) fn declare_value(&mut self, obj: ObjId, ty: TypeId, value: Reg) {
        let var = if self.needs_memory(obj, ty) {
            self.in_memory(obj, ty, Some(value))
        } else {
            let n = self.s.regs(ty);
            let r = self.temp(n);
            self.mov(r, value, n);
            Var::Reg(r)
        };
        self.vars.insert(obj, var);
    }

    /// Declares a variable with the value of an expression.
    pub(crate) fn declare_init(&mut self, obj: ObjId, ty: TypeId, x: ExprId) {
        if !self.needs_memory(obj, ty) {
            let r = self.temp_for(ty);
            let m = self.regs.mark();
            self.expr_as(x, ty, Want::Fresh(r));
            self.regs.free(m);
            self.vars.insert(obj, Var::Reg(r));
            return;
        }
        let array = match self.s.shape(ty) {
            Shape::Array(_, n) => Some(n),
            _ => None,
        };
        let r = self.temp(if array.is_some() { 2 } else { 1 });
        let m = self.regs.mark();
        let t = self.s.type_ref(ty).0 as u64;
        if self.s.is_mem(ty) {
            let constant = self.analysis.flags(obj).constant();
            if constant || self.is_fresh_literal(x) {
                self.expr(x, Want::Fresh(r));
            } else {
                let from = self.mem(x);
                self.asm.op_words(Op::MemDup, r, from, 0, &[t]);
            }
        } else {
            let v = self.expr_as(x, ty, Want::Any);
            self.asm.op_words(Op::New, r, 0, 0, &[t]);
            self.store(Place::known(r), ty, v);
        }
        self.regs.free(m);
        let var = self.var_at(r, array);
        self.vars.insert(obj, var);
    }

    /// Goes one level down; false, with a mistake reported, where the program nests too deep.
    pub(crate) fn deeper(&mut self, span: Span) -> bool {
        self.depth += 1;
        if self.depth == MAX_DEPTH {
            self.s.error(Code::NotYet, span, "program nests too deep");
        }
        self.depth < MAX_DEPTH
    }
}
