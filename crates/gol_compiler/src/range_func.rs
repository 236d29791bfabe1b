//! `for k, v := range f` where `f` is a function: the loop's body becomes a function that `f` is called with.
//!
//! The body has the parameters of `f`'s parameter and gives true to go on. It belongs to the function around the loop:
//! it captures that function's variables as a literal does, its defer statements are the function's (a *mark* names the frame), and what leaves the loop other than by its end or `break` is an [`Exit`]: the body notes
//! its number, gives false, and the code after the call of `f` goes on from there. Where that is a body itself, the
//! exit leaves it in turn.
//!
//! Each loop has two control words in memory: its state, which tells calls of the body that `f` must not make
//! ([`Op::RangeEnter`], [`Op::RangeExit`]), and the number of the exit. A body is compiled at once, when the loop is:
//! the code after the call must know its exits.

use gol_bytecode::{FuncId, Op};
use gol_source::Symbol;
use gol_syntax::ast::{Block, BranchKind, ExprId, StmtId};
use gol_types::types::{Type, TypeId};

use crate::captures::Inner;
use crate::closure::Capture;
use crate::control::{RangeVar, Target};
use crate::func::{FuncGen, ResultVar, Var, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

/// State of a loop whose body may be called.
const READY: i64 = 0;
/// State of a loop whose body has said that it wants no more.
const DONE: i64 = 2;

/// How a body leaves its loop, other than by ending it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// The function returns; its result variables are set.
    Return,
    /// A branch to a label outside.
    Branch(BranchKind, Symbol),
}

/// A body that is being compiled.
#[derive(Debug)]
pub(crate) struct RangeBody {
    id: Inner,
    /// The address of the control words.
    control: Reg,
    /// The mark of the function's frame, where the body needs it.
    pub(crate) mark: Reg,
    /// The ways out so far; the first is number 1.
    exits: Vec<Exit>,
}

/// What a body gets from the function around it.
struct Given {
    captures: Vec<Capture>,
    /// The body defers calls: it gets the mark of the function's frame.
    defers: bool,
    results: Vec<ResultVar>,
}

/// A loop over a function.
struct Loop<'b> {
    s: StmtId,
    name: Option<Symbol>,
    vars: [Option<ExprId>; 2],
    define: bool,
    params: Vec<TypeId>,
    body: &'b Block,
    pos: u32,
}

impl FuncGen<'_, '_> {
    /// `for k, v := range f { body }`
    pub(crate) fn range_func(&mut self, s: StmtId, vars: [Option<ExprId>; 2], define: bool, x: ExprId, body: &Block) {
        let pos = self.asm.pos();
        let name = self.next_label.take();
        let m = self.regs.mark();
        let f = self.temp(1);
        let above = self.regs.mark();
        self.expr(x, Want::Fresh(f));
        self.regs.free(above);
        let (yields, ..) = self.s.signature(self.ty(x));
        let (params, ..) = self.s.signature(yields.first().copied().unwrap_or(TypeId::INVALID));
        let id = Inner::Range(s);
        let uses = self.analysis.uses(Some(id));
        let given = Given {
            captures: self.captures(id),
            defers: uses.defers,
            results: if uses.returns { self.results.clone() } else { Vec::new() },
        };
        self.asm.set_pos(pos);
        let control = self.temp(1);
        let words = self.s.tp.types.intern(Type::Array(TypeId::INT, 2));
        let t = self.s.type_ref(words).0 as u64;
        self.asm.op_words(Op::New, control, 0, 0, &[t]);
        let more = 1 + given.defers as usize + given.results.len();
        let n = self.captured_words(&given.captures).saturating_add(u16::try_from(more).unwrap_or(u16::MAX));
        let closure = self.temp(1);
        let above = self.regs.mark();
        let row = self.temp(n);
        let mut at = self.capture(&given.captures, row);
        self.mov(at, control, 1);
        at += 1;
        if given.defers {
            match &self.range {
                Some(outer) => {
                    let mark = outer.mark;
                    self.mov(at, mark, 1);
                }
                None => self.asm.op(Op::RangeMark, at, 0, 0),
            }
            at += 1;
        }
        for r in &given.results {
            if let Some(Var::Mem(r) | Var::Array(r)) = r.var {
                self.mov(at, r, 1);
            }
            at += 1;
        }
        let l = Loop { s, name, vars, define, params, body, pos };
        let (func, exits) = self.body_of_loop(&l, &given);
        self.asm.op_words(Op::MakeClosure, closure, row, n, &[func.0 as u64]);
        self.regs.free(above);
        let at = self.window(1);
        self.mov(at, closure, 1);
        self.asm.op(Op::CallC, at, f, 0);
        self.regs.free(above);
        self.asm.op(Op::RangeExit, control, 0, 0);
        if !exits.is_empty() {
            let n = self.load(exit_word(control), TypeId::INT, Want::Any);
            for (exit, number) in exits.into_iter().zip(1..) {
                let other = self.asm.label();
                self.asm.jump(Op::JNeK, n, number, 0, &[], other);
                match exit {
                    Exit::Return => self.return_variables(),
                    Exit::Branch(kind, name) => self.branch(kind, Some(name)),
                }
                self.asm.place(other, false);
            }
        }
        self.regs.free(m);
    }

    /// Compiles a loop's body; gives its function and the ways out of it.
    fn body_of_loop(&mut self, l: &Loop<'_>, given: &Given) -> (FuncId, Vec<Exit>) {
        let id = Inner::Range(l.s);
        let nargs = l.params.iter().map(|t| self.s.regs(*t)).fold(0, u16::saturating_add);
        let func_name = format!("{}-range{}", self.name, self.analysis.number(id));
        let func = self.s.new_func(func_name.clone(), nargs, 1, false);
        let span = self.s.ast[l.s].span;
        let mut g = FuncGen::new(&mut *self.s, func_name, self.analysis.clone(), None, span);
        g.defers = false;
        g.depth = self.depth;
        g.asm.set_pos(l.pos);
        let params: Vec<Reg> = l.params.iter().map(|t| g.temp_for(*t)).collect();
        g.enter_body(id, given);
        g.set_variables(l, &params);
        let (next, end) = (g.asm.label(), g.asm.label());
        g.targets.push(Target {
            name: l.name,
            break_to: end,
            continue_to: Some(next),
            fallthrough: None,
            only_by_name: false,
        });
        g.block(&l.body.stmts);
        g.asm.set_pos(l.body.rbrace());
        g.asm.place(next, false);
        g.end_body(READY, true);
        g.asm.place(end, false);
        g.end_body(DONE, false);
        let exits = g.range.take().map_or(Vec::new(), |r| r.exits);
        g.finish(func);
        (func, exits)
    }

    /// Brings into registers what the body is given, and checks that the loop is ready for it.
    fn enter_body(&mut self, id: Inner, given: &Given) {
        let mut word = self.load_captures(&given.captures);
        let mut next = |g: &mut Self, n| {
            let r = g.temp(n);
            g.asm.op(Op::LoadCap, r, word, 0);
            word += 1;
            r
        };
        let control = next(self, 1);
        let mark = if given.defers { next(self, 1) } else { control };
        for r in &given.results {
            let array = match self.s.shape(r.ty) {
                Shape::Array(_, n) => Some(n),
                _ => None,
            };
            let at = next(self, if array.is_some() { 2 } else { 1 });
            let var = Some(self.var_at(at, array));
            self.results.push(ResultVar { ty: r.ty, var });
        }
        self.range = Some(RangeBody { id, control, mark, exits: Vec::new() });
        self.asm.op(Op::RangeEnter, control, 0, 0);
    }

    /// Gives the loop's variables the values that the body is called with.
    fn set_variables(&mut self, l: &Loop<'_>, params: &[Reg]) {
        if l.define {
            for ((v, ty), r) in l.vars.iter().zip(&l.params).zip(params) {
                let Some(obj) = v.and_then(|v| self.defined(v)) else { continue };
                let var = if self.needs_memory(obj, *ty) { self.in_memory(obj, *ty, Some(*r)) } else { Var::Reg(*r) };
                self.vars.insert(obj, var);
            }
            return;
        }
        // One after the other, unlike other loops: so Go does it.
        for ((v, ty), r) in l.vars.iter().zip(&l.params).zip(params) {
            let place = self.value_place(*r, *ty);
            self.set_range_variable(v.map(RangeVar::Assigned), place, *ty);
        }
    }

    /// Ends a call of the body.
    fn end_body(&mut self, state: i64, go_on: bool) {
        let Some(range) = &self.range else { return };
        let place = Place::Mem { base: range.control, off: 0, known: true };
        let m = self.regs.mark();
        let r = self.temp(1);
        self.load_int(r, state);
        self.store(place, TypeId::INT, r);
        self.load_int(r, go_on as i64);
        self.ret(r, 1);
        self.regs.free(m);
    }

    /// Leaves the body and its loop.
    pub(crate) fn leave_body(&mut self, exit: Exit) {
        let Some(range) = &mut self.range else { return };
        let at = range.exits.iter().position(|e| *e == exit).unwrap_or_else(|| {
            range.exits.push(exit);
            range.exits.len() - 1
        });
        let place = exit_word(range.control);
        let m = self.regs.mark();
        let r = self.temp(1);
        self.load_int(r, at as i64 + 1);
        self.store(place, TypeId::INT, r);
        self.regs.free(m);
        self.end_body(DONE, false);
    }

    /// Whether a label stands outside of the body that is being compiled.
    pub(crate) fn is_outside(&self, label: Symbol) -> bool {
        self.range.as_ref().is_some_and(|r| !self.analysis.has_label(r.id, label))
    }
}

/// Where a loop's body notes the number of its exit.
fn exit_word(control: Reg) -> Place {
    Place::Mem { base: control, off: 8, known: true }
}
