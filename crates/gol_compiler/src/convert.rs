//! Conversions `T(x)` of all kinds.

use gol_bytecode::Op;
use gol_syntax::ast::ExprId;
use gol_types::types::TypeId;

use crate::func::{FuncGen, Want};
use crate::place::Place;
use crate::program::{IntKind, Shape};
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// `target(x)`
    pub(crate) fn convert(&mut self, x: ExprId, target: TypeId, want: Want) -> Reg {
        if self.is_nil(x) {
            return self.nil(target, want);
        }
        let from_ty = self.ty(x);
        let (from, to) = (self.s.shape(from_ty), self.s.shape(target));
        // A constant that was not converted as one (to an interface, []byte, or a string's runes) has its own type.
        match (from, to) {
            (_, Shape::Iface) => self.expr_as(x, target, want),
            (Shape::Int(_), Shape::Str) => self.one(x, want, 2, Op::RuneToStr),
            (Shape::Slice(e), Shape::Str) => {
                let op = if self.is_byte(e) { Op::BytesToStr } else { Op::RunesToStr };
                self.one(x, want, 2, op)
            }
            (Shape::Str, Shape::Slice(e)) => {
                let op = if self.is_byte(e) { Op::StrToBytes } else { Op::StrToRunes };
                self.one(x, want, 3, op)
            }
            (Shape::Slice(_), Shape::Pointer(array)) => {
                let Shape::Array(_, n) = self.s.shape(array) else { return self.expr(x, want) };
                let m = self.regs.mark();
                let v = self.expr(x, Want::Any);
                self.regs.free(m);
                let r = self.out(want, 1);
                self.asm.op_words(Op::SliceToArrayPtr, r, v, 0, &[n]);
                r
            }
            (Shape::Slice(_), Shape::Array(_, n)) => {
                let m = self.regs.mark();
                let v = self.expr(x, Want::Any);
                self.regs.free(m);
                let r = self.out(want, 1);
                if n == 0 {
                    // Even of a nil slice.
                    self.new_memory(r, target);
                    return r;
                }
                self.asm.op_words(Op::SliceToArrayPtr, r, v, 0, &[n]);
                let t = self.s.type_ref(target).0 as u64;
                self.asm.op_words(Op::MemDup, r, r, 0, &[t]);
                r
            }
            (Shape::Int(a), Shape::Int(b)) => {
                if b.bits == 64 || a == b || a.bits < b.bits && (b.signed || !a.signed) {
                    return self.expr(x, want);
                }
                let m = self.regs.mark();
                let v = self.expr(x, Want::Any);
                self.regs.free(m);
                let r = self.out(want, 1);
                self.narrow(b, r, v);
                r
            }
            (Shape::Int(k), Shape::F64) => self.one(x, want, 1, if unsigned64(k) { Op::U2F } else { Op::I2F }),
            (Shape::Int(k), Shape::F32) => self.one(x, want, 1, if unsigned64(k) { Op::U2F32 } else { Op::I2F32 }),
            (Shape::F64, Shape::F32) => self.one(x, want, 1, Op::F2F32),
            (Shape::F32, Shape::F64) => self.one(x, want, 1, Op::F322F),
            (Shape::F64 | Shape::F32, Shape::Int(k)) => {
                let m = self.regs.mark();
                let v = self.expr(x, Want::Any);
                self.regs.free(m);
                let r = self.out(want, 1);
                let wide = if from == Shape::F32 {
                    self.asm.op(Op::F322F, r, v, 0);
                    r
                } else {
                    v
                };
                self.asm.op(float_to_int(k), r, wide, 0);
                self.narrow(k, r, r);
                r
            }
            (Shape::C64, Shape::C128) | (Shape::C128, Shape::C64) => {
                let op = if from == Shape::C64 { Op::F322F } else { Op::F2F32 };
                let v = self.expr(x, Want::Any);
                let r = self.build(want, 2);
                self.asm.op(op, r, v, 0);
                self.asm.op(op, r + 1, v + 1, 0);
                self.give(want, r, 2)
            }
            (Shape::UnsafePointer, Shape::Pointer(to)) => self.typed_pointer(x, to, want),
            (Shape::Pointer(elem), Shape::UnsafePointer) => {
                let v = self.expr(x, want);
                let t = self.s.type_ref(elem).0 as u64;
                self.asm.op_words(Op::UnsafeNote, v, 0, 0, &[t]);
                v
            }
            _ => self.expr(x, want),
        }
    }

    /// One instruction on one operand.
    pub(crate) fn one(&mut self, x: ExprId, want: Want, n: u16, op: Op) -> Reg {
        let m = self.regs.mark();
        let v = self.expr(x, Want::Any);
        self.regs.free(m);
        let to = self.out(want, n);
        self.asm.op(op, to, v, 0);
        to
    }

    fn is_byte(&self, ty: TypeId) -> bool {
        matches!(self.s.shape(ty), Shape::Int(IntKind { bits: 8, .. }))
    }

    /// `new(T)` with the value in registers; `None`: zero.
    pub(crate) fn new_with(&mut self, ty: TypeId, value: Option<Reg>, want: Want) -> Reg {
        let to = self.build(want, 1);
        self.new_memory(to, ty);
        if let Some(v) = value {
            self.store(Place::known(to), ty, v);
        }
        self.give(want, to, 1)
    }
}

/// The instruction that Go's amd64 code uses for the conversion: what it gives for a value out of range can be seen.
fn float_to_int(k: IntKind) -> Op {
    match (k.bits, k.signed) {
        (64, false) => Op::F2U,
        (64, true) | (32, false) => Op::F2I,
        _ => Op::F2I32,
    }
}

fn unsigned64(k: IntKind) -> bool {
    k.bits == 64 && !k.signed
}
