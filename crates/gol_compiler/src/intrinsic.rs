//! Functions of the library that are instructions: some of math, the operations of sync/atomic on words, and the fast
//! path of a mutex, which goes before the call.
//!
//! They exist as functions too, for what uses them as values. What is not here (`And`, `Or`) is an ordinary call.

use gol_bytecode::Op;
use gol_syntax::ast::{Expr, ExprId};
use gol_types::types::{Type, TypeId};
use gol_types::{ObjId, ObjKind, PkgId, Selected, SelectionKind};

use crate::asm::Label;
use crate::call::Prepared;
use crate::func::{FuncGen, Want};
use crate::regalloc::Reg;

/// An operation of sync/atomic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Atomic {
    Load,
    Store,
    Add,
    Swap,
    CompareAndSwap,
}

/// Its word: whether it has 64 bits, and whether it is an unsigned one of 32.
#[derive(Clone, Copy, Debug)]
struct Word {
    wide: bool,
    unsigned: bool,
    /// A pointer of any type.
    generic: bool,
}

impl Atomic {
    fn parse(name: &str) -> Option<Atomic> {
        Some(match name {
            "Load" => Atomic::Load,
            "Store" => Atomic::Store,
            "Add" => Atomic::Add,
            "Swap" => Atomic::Swap,
            "CompareAndSwap" => Atomic::CompareAndSwap,
            _ => return None,
        })
    }

    /// Arguments besides the address.
    fn values(self) -> usize {
        match self {
            Atomic::Load => 0,
            Atomic::Store | Atomic::Add | Atomic::Swap => 1,
            Atomic::CompareAndSwap => 2,
        }
    }

    fn op(self, wide: bool) -> Op {
        match (self, wide) {
            (Atomic::Load, false) => Op::AtomicLd32,
            (Atomic::Load, true) => Op::AtomicLd64,
            (Atomic::Store, false) => Op::AtomicSt32,
            (Atomic::Store, true) => Op::AtomicSt64,
            (Atomic::Add, false) => Op::AtomicAdd32,
            (Atomic::Add, true) => Op::AtomicAdd64,
            (Atomic::Swap, false) => Op::AtomicSwap32,
            (Atomic::Swap, true) => Op::AtomicSwap64,
            (Atomic::CompareAndSwap, false) => Op::AtomicCas32,
            (Atomic::CompareAndSwap, true) => Op::AtomicCas64,
        }
    }
}

impl Word {
    /// By the name of a type, as it ends the name of a function or is that of the atomic type. (A Bool is a uint32 that is 0 or
    /// 1, as a register has it.)
    fn parse(name: &str) -> Option<Word> {
        let (wide, unsigned, generic) = match name {
            "Int32" => (false, false, false),
            "Uint32" | "Bool" => (false, true, false),
            "Int64" | "Uint64" | "Uintptr" => (true, false, false),
            "Pointer" => (true, false, true),
            _ => return None,
        };
        Some(Word { wide, unsigned, generic })
    }
}

/// The operation and the word that a function of sync/atomic is named after: `AddInt64`, `loadPointer`.
fn parse_function(name: &str) -> Option<(Atomic, Word)> {
    const PREFIXES: [(&str, Atomic); 9] = [
        ("CompareAndSwap", Atomic::CompareAndSwap),
        ("compareAndSwap", Atomic::CompareAndSwap),
        ("Load", Atomic::Load),
        ("load", Atomic::Load),
        ("Store", Atomic::Store),
        ("store", Atomic::Store),
        ("Swap", Atomic::Swap),
        ("swap", Atomic::Swap),
        ("Add", Atomic::Add),
    ];
    PREFIXES.iter().find_map(|(prefix, operation)| Some((*operation, Word::parse(name.strip_prefix(prefix)?)?)))
}

impl FuncGen<'_, '_> {
    /// The result of a call that is an instruction; None: it is an ordinary call.
    pub(crate) fn intrinsic(&mut self, fun: ExprId, args: &[ExprId], want: Want) -> Option<Reg> {
        let fun = self.without_targs(fun);
        if let Some((base, obj)) = self.method(fun) {
            if self.home(obj)? != "sync/atomic" {
                return None;
            }
            // In each of these types the word is the first field that takes room. (A Pointer's methods are instances.)
            let word = Word::parse(self.receiver_name(obj)?).filter(|w| !w.generic)?;
            let operation = Atomic::parse(self.name(obj))?;
            if args.len() != operation.values() || self.spreads(args) {
                return None;
            }
            let recv = self.s.recv_type(obj)?;
            let sel = self.s.tp.info.selections.get(&fun)?.clone();
            let m = self.regs.mark();
            let at = self.regs.alloc(1 + args.len() as u16);
            let inner = self.regs.mark();
            self.receiver(base, &sel, recv, at);
            self.regs.free(inner);
            let params = self.params(fun);
            let list: Vec<_> = args.iter().zip(params).zip(at + 1..).map(|((x, ty), r)| (*x, ty, r)).collect();
            self.exprs_into(&list);
            self.regs.free(m);
            return Some(self.atomic(fun, operation, word, at, want));
        }
        let obj = *self.s.tp.info.uses.get(&fun)?;
        if !self.is_func(obj) {
            return None;
        }
        match self.home(obj)? {
            "math" => {
                let op = match self.name(obj) {
                    "Sqrt" | "sqrt" => Op::SqrtF,
                    "Abs" => Op::AbsF,
                    _ => return None,
                };
                match args {
                    [x] => Some(self.one(*x, want, 1, op)),
                    _ => None,
                }
            }
            "sync/atomic" => {
                let (operation, word) = parse_function(self.name(obj))?;
                // What is stored to a variable of another pointer type is checked.
                if args.len() != 1 + operation.values()
                    || self.spreads(args)
                    || self.pointer_cell(Some(obj), args).is_some()
                {
                    return None;
                }
                let m = self.regs.mark();
                let at = self.regs.alloc(args.len() as u16);
                let params = self.params(fun);
                let list: Vec<_> = args.iter().zip(params).zip(at..).map(|((x, ty), r)| (*x, ty, r)).collect();
                self.exprs_into(&list);
                self.regs.free(m);
                Some(self.atomic(fun, operation, word, at, want))
            }
            _ => None,
        }
    }

    /// Before a call of a mutex's method: the instruction that does its work, if that is easy, and jumps to the label that belongs behind
    /// the call.
    pub(crate) fn fast_path(&mut self, fun: ExprId, p: Prepared) -> Option<Label> {
        let (_, obj) = self.method(self.without_targs(fun))?;
        if self.home(obj)? != "sync" || self.receiver_name(obj)? != "Mutex" {
            return None;
        }
        let op = match self.name(obj) {
            "Lock" => Op::TryLock,
            "Unlock" => Op::TryUnlock,
            _ => return None,
        };
        let done = self.asm.label();
        self.asm.jump(op, p.at, 0, 0, &[], done);
        Some(done)
    }

    /// The instruction, with address and values in a row from `at` on.
    fn atomic(&mut self, fun: ExprId, operation: Atomic, word: Word, at: Reg, want: Want) -> Reg {
        let op = operation.op(word.wide);
        let pos = self.end_pos(fun);
        self.asm.set_pos(pos);
        if operation == Atomic::Store {
            self.asm.op(op, at, at + 1, 0);
            return at;
        }
        let to = self.out(want, 1);
        let values = if operation == Atomic::Load { 0 } else { at + 1 };
        self.asm.op(op, to, at, values);
        if word.unsigned && operation != Atomic::CompareAndSwap {
            self.asm.op(Op::ExtU32, to, to, 0);
        }
        to
    }

    /// The method that `fun` selects of a value, and the value.
    fn method(&self, fun: ExprId) -> Option<(ExprId, ObjId)> {
        let Expr::Selector(base, _) = self.s.ast[fun].kind else { return None };
        let sel = self.s.tp.info.selections.get(&fun)?;
        match sel.selected {
            Selected::Method(obj) if sel.kind == SelectionKind::MethodVal => Some((base, obj)),
            _ => None,
        }
    }

    /// The import path of the package that an object belongs to.
    fn home(&self, obj: ObjId) -> Option<&str> {
        let pkg = self.s.tp.objects[obj].pkg;
        (pkg != PkgId::NONE).then(|| self.s.tp.package(pkg).path.as_str())
    }

    fn name(&self, obj: ObjId) -> &str {
        self.s.ast.text(self.s.tp.objects[obj].name)
    }

    /// The name of the type that a method belongs to.
    fn receiver_name(&self, obj: ObjId) -> Option<&str> {
        let ObjKind::Func { recv: Some(recv), .. } = self.s.tp.objects[obj].kind else { return None };
        Some(self.s.ast.text(self.s.tp.types.named(recv.base?).name))
    }

    fn params(&mut self, fun: ExprId) -> Vec<TypeId> {
        let sig = self.ty(fun);
        self.s.signature(sig).0.to_vec()
    }

    /// Whether the arguments are the results of one call.
    fn spreads(&self, args: &[ExprId]) -> bool {
        matches!(args, [x] if self.facts(*x).is_some_and(|t| matches!(self.s.tp.types.get(t.ty), Type::Tuple(_))))
    }
}
