//! Conditions: comparisons and logical operators, as branches and as values.
//!
//! A condition is compiled to branches wherever it decides a jump; a bool is only made where one is wanted as a value.
//! Structs in registers compare field by field from the left and stop at the first difference; Mem values by `EqMem`.

use gol_bytecode::Op;
use gol_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};
use gol_types::types::{Type, TypeId};

use crate::asm::Label;
use crate::func::{FuncGen, Want};
use crate::program::{IntKind, Shape};
use crate::regalloc::Reg;
use gol_source::Symbol;

impl FuncGen<'_, '_> {
    /// Jumps to `to` if the condition's value is `sense`; else goes on.
    pub(crate) fn jump_if(&mut self, x: ExprId, sense: bool, to: Label) {
        let ast = self.s.ast;
        let mut x = ast.unparen(x);
        let mut sense = sense;
        while let Expr::Unary(UnaryOp::Not, y) = ast[x].kind {
            if self.s.tp.info.value_of(x).is_some() {
                break;
            }
            sense = !sense;
            x = ast.unparen(y);
        }
        if let Some(value) = self.s.tp.info.value_of(x).and_then(|v| v.as_bool()) {
            if value == sense {
                self.asm.jmp(to);
            }
            return;
        }
        if !self.deeper(ast[x].span) {
            self.depth -= 1;
            return;
        }
        let m = self.regs.mark();
        match ast[x].kind {
            Expr::Binary { op: op @ (BinaryOp::LAnd | BinaryOp::LOr), .. } => self.jump_if_chain(x, op, sense, to),
            Expr::Binary { op, op_pos, x: l, y: r } if op.is_comparison() => {
                self.jump_if_compared(op, op_pos, l, r, sense, to);
            }
            Expr::Call { fun, ref args, .. } if self.inline_jump(fun, args, sense, to) => {}
            _ => {
                let r = self.operand(x);
                self.asm.jump(if sense { Op::JTrue } else { Op::JFalse }, r, 0, 0, &[], to);
            }
        }
        self.regs.free(m);
        self.depth -= 1;
    }

    /// `a && b && c` or `a || b || c`.
    fn jump_if_chain(&mut self, x: ExprId, op: BinaryOp, sense: bool, to: Label) {
        let ast = self.s.ast;
        let mut parts = Vec::new();
        let mut left = x;
        loop {
            match ast[left].kind {
                Expr::Binary { op: o, x: l, y, .. } if o == op && self.s.tp.info.value_of(left).is_none() => {
                    parts.push(y);
                    left = ast.unparen(l);
                }
                _ => break parts.push(left),
            }
        }
        parts.reverse();
        // The value that decides the whole chain as soon as one part has it.
        let decides = op == BinaryOp::LOr;
        if sense == decides {
            for p in parts {
                self.jump_if(p, sense, to);
            }
            return;
        }
        let skip = self.asm.label();
        let last = parts.pop();
        for p in parts {
            self.jump_if(p, decides, skip);
        }
        if let Some(p) = last {
            self.jump_if(p, sense, to);
        }
        self.asm.place(skip, false);
    }

    /// The types in which two operands are compared: both the interface type if only one is an interface.
    fn compared_type(&self, x: ExprId, y: ExprId) -> TypeId {
        let (tx, ty) = (self.ty(x), self.ty(y));
        if self.is_nil(x) || self.s.shape(ty) == Shape::Iface && self.s.shape(tx) != Shape::Iface {
            return ty;
        }
        tx
    }

    fn jump_if_compared(&mut self, op: BinaryOp, pos: u32, x: ExprId, y: ExprId, sense: bool, to: Label) {
        let ty = self.compared_type(x, y);
        let shape = self.s.shape(ty);
        let effective = if sense { op } else { inverse(op) };
        if self.is_nil(x) || self.is_nil(y) {
            let v = if self.is_nil(x) { y } else { x };
            let r = if self.is_nil(v) { self.nil(ty, Want::Any) } else { self.operand(v) };
            let code = if effective == BinaryOp::Eq { Op::JEqK } else { Op::JNeK };
            return self.asm.jump(code, r, 0, 0, &[], to);
        }
        match shape {
            Shape::Bool => {
                for (c, other) in [(y, x), (x, y)] {
                    if let Some(b) = self.s.tp.info.value_of(c).and_then(|v| v.as_bool()) {
                        return self.jump_if(other, b == (effective == BinaryOp::Eq), to);
                    }
                }
            }
            Shape::Int(k) => {
                for (c, other, op) in [(y, x, effective), (x, y, mirrored(effective))] {
                    if let Some(n) = self.const_imm(c)
                        && let Some((code, n)) = int_const_jump(op, n, k)
                    {
                        let r = self.operand(other);
                        self.asm.set_pos(pos);
                        return self.asm.jump(code, r, n as u16, 0, &[], to);
                    }
                }
            }
            Shape::Str => {
                for (c, other) in [(y, x), (x, y)] {
                    let empty = self.s.tp.info.value_of(c).and_then(|v| v.as_bytes()).is_some_and(<[u8]>::is_empty);
                    if empty && matches!(effective, BinaryOp::Eq | BinaryOp::Ne) {
                        let r = self.operand(other);
                        let code = if effective == BinaryOp::Eq { Op::JEqK } else { Op::JNeK };
                        return self.asm.jump(code, r + 1, 0, 0, &[], to);
                    }
                }
            }
            _ => {}
        }
        let (a, b) = self.comparands(x, y, ty);
        self.asm.set_pos(pos);
        self.jump_if_values(op, a, b, ty, sense, to);
    }

    /// The operands of a comparison: Mem values where they lie.
    fn comparands(&mut self, x: ExprId, y: ExprId, ty: TypeId) -> (Reg, Reg) {
        self.hoist(&[x, y]);
        if self.s.is_mem(ty) {
            let a = self.mem(x);
            let a = if self.has_call(y) {
                let t = self.s.type_ref(ty).0 as u64;
                let copy = self.temp(1);
                self.asm.op_words(Op::MemDup, copy, a, 0, &[t]);
                copy
            } else {
                a
            };
            return (a, self.mem(y));
        }
        self.operands(x, ty, y, ty)
    }

    /// Jumps if the comparison of two values of type `ty` gives `sense`.
    pub(crate) fn jump_if_values(&mut self, op: BinaryOp, a: Reg, b: Reg, ty: TypeId, sense: bool, to: Label) {
        use BinaryOp as B;
        let shape = self.s.shape(ty);
        match shape {
            Shape::Int(IntKind { bits: 64, signed: false }) => {
                let (code, swap) = match if sense { op } else { inverse(op) } {
                    B::Eq => (Op::JEqI, false),
                    B::Ne => (Op::JNeI, false),
                    B::Lt => (Op::JLtU, false),
                    B::Le => (Op::JLeU, false),
                    B::Gt => (Op::JLtU, true),
                    _ => (Op::JLeU, true),
                };
                let (a, b) = if swap { (b, a) } else { (a, b) };
                self.asm.jump(code, a, b, 0, &[], to);
            }
            Shape::Int(_)
            | Shape::Bool
            | Shape::Pointer(_)
            | Shape::Chan(..)
            | Shape::UnsafePointer
            | Shape::Map(..)
            | Shape::Func
            | Shape::Slice(_)
            | Shape::Nil => {
                let (code, swap) = match if sense { op } else { inverse(op) } {
                    B::Eq => (Op::JEqI, false),
                    B::Ne => (Op::JNeI, false),
                    B::Lt => (Op::JLtI, false),
                    B::Le => (Op::JLeI, false),
                    B::Gt => (Op::JLtI, true),
                    _ => (Op::JLeI, true),
                };
                let (a, b) = if swap { (b, a) } else { (a, b) };
                self.asm.jump(code, a, b, 0, &[], to);
            }
            Shape::F64 => {
                let (code, swap) = match (op, sense) {
                    (B::Eq, true) | (B::Ne, false) => (Op::JEqF, false),
                    (B::Ne, true) | (B::Eq, false) => (Op::JNeF, false),
                    (B::Lt, true) => (Op::JLtF, false),
                    (B::Le, true) => (Op::JLeF, false),
                    (B::Gt, true) => (Op::JLtF, true),
                    (_, true) => (Op::JLeF, true),
                    (B::Lt, false) => (Op::JNLtF, false),
                    (B::Le, false) => (Op::JNLeF, false),
                    (B::Gt, false) => (Op::JNLtF, true),
                    (_, false) => (Op::JNLeF, true),
                };
                let (a, b) = if swap { (b, a) } else { (a, b) };
                self.asm.jump(code, a, b, 0, &[], to);
            }
            Shape::Str if matches!(op, B::Eq | B::Ne) => {
                let code = if (op == B::Eq) == sense { Op::JEqStr } else { Op::JNeStr };
                self.asm.jump(code, a, b, 0, &[], to);
            }
            Shape::Struct | Shape::C64 | Shape::C128 if !self.s.is_mem(ty) => {
                let mut parts = Vec::new();
                self.parts(ty, 0, &mut parts);
                // Equal: all parts equal. The jump is taken for equal (`wanted`) or for different.
                let wanted = (op == B::Eq) == sense;
                let skip = self.asm.label();
                let last = parts.len();
                for (i, (part, at)) in parts.into_iter().enumerate() {
                    let (x, y) = (a + at, b + at);
                    if !wanted {
                        self.jump_if_values(B::Eq, x, y, part, false, to);
                    } else if i + 1 < last {
                        self.jump_if_values(B::Eq, x, y, part, false, skip);
                    } else {
                        self.jump_if_values(B::Eq, x, y, part, true, to);
                    }
                }
                if wanted && last == 0 {
                    self.asm.jmp(to);
                }
                self.asm.place(skip, false);
            }
            _ => {
                let m = self.regs.mark();
                let t = self.temp(1);
                let negated = self.compare_to(t, op, a, b, ty);
                let code = if sense != negated { Op::JTrue } else { Op::JFalse };
                self.asm.jump(code, t, 0, 0, &[], to);
                self.regs.free(m);
            }
        }
    }

    /// The parts of a struct or complex number that are compared one by one, with their registers. Blank fields are not.
    fn parts(&mut self, ty: TypeId, at: u16, out: &mut Vec<(TypeId, u16)>) {
        match self.s.shape(ty) {
            Shape::C64 => out.extend([(TypeId::FLOAT32, at), (TypeId::FLOAT32, at + 1)]),
            Shape::C128 => out.extend([(TypeId::FLOAT64, at), (TypeId::FLOAT64, at + 1)]),
            Shape::Struct => {
                let l = self.s.layout(ty);
                // Nothing to compare, in what may be very many fields.
                if l.size == 0 {
                    return;
                }
                let Type::Struct(fields) = self.s.tp.types.under(ty) else { return };
                let fields: Vec<_> = fields.iter().map(|f| (f.name, f.ty)).collect();
                for ((name, field), place) in fields.into_iter().zip(&l.fields) {
                    if name != Symbol::BLANK {
                        self.parts(field, at + place.reg, out);
                    }
                }
            }
            _ => out.push((ty, at)),
        }
    }

    /// Compares two values by one instruction into `to`; true if the result is the opposite of what is asked.
    fn compare_to(&mut self, to: Reg, op: BinaryOp, a: Reg, b: Reg, ty: TypeId) -> bool {
        use BinaryOp as B;
        let (code, swap, negated) = match (self.s.shape(ty), op) {
            (Shape::F64, B::Eq) => (Op::EqF, false, false),
            (Shape::F64, B::Ne) => (Op::NeF, false, false),
            (Shape::F64, B::Lt) => (Op::LtF, false, false),
            (Shape::F64, B::Le) => (Op::LeF, false, false),
            (Shape::F64, B::Gt) => (Op::LtF, true, false),
            (Shape::F64, _) => (Op::LeF, true, false),
            (Shape::F32, B::Eq) => (Op::EqF32, false, false),
            (Shape::F32, B::Ne) => (Op::NeF32, false, false),
            (Shape::F32, B::Lt) => (Op::LtF32, false, false),
            (Shape::F32, B::Le) => (Op::LeF32, false, false),
            (Shape::F32, B::Gt) => (Op::LtF32, true, false),
            (Shape::F32, _) => (Op::LeF32, true, false),
            (Shape::Str, B::Eq) => (Op::EqStr, false, false),
            (Shape::Str, B::Ne) => (Op::EqStr, false, true),
            (Shape::Str, B::Lt) => (Op::LtStr, false, false),
            (Shape::Str, B::Le) => (Op::LeStr, false, false),
            (Shape::Str, B::Gt) => (Op::LtStr, true, false),
            (Shape::Str, _) => (Op::LeStr, true, false),
            (Shape::Iface, B::Eq) => (Op::EqIface, false, false),
            (Shape::Iface, _) => (Op::EqIface, false, true),
            (Shape::Int(IntKind { bits: 64, signed: false }), B::Lt) => (Op::LtU, false, false),
            (Shape::Int(IntKind { bits: 64, signed: false }), B::Le) => (Op::LeU, false, false),
            (Shape::Int(IntKind { bits: 64, signed: false }), B::Gt) => (Op::LtU, true, false),
            (Shape::Int(IntKind { bits: 64, signed: false }), B::Ge) => (Op::LeU, true, false),
            (_, B::Lt) => (Op::LtI, false, false),
            (_, B::Le) => (Op::LeI, false, false),
            (_, B::Gt) => (Op::LtI, true, false),
            (_, B::Ge) => (Op::LeI, true, false),
            (_, op) if self.s.is_mem(ty) => {
                let t = self.s.type_ref(ty).0 as u64;
                self.asm.op_words(Op::EqMem, to, a, b, &[t]);
                return op != B::Eq;
            }
            (_, B::Eq) => (Op::EqI, false, false),
            _ => (Op::NeI, false, false),
        };
        let (a, b) = if swap { (b, a) } else { (a, b) };
        self.asm.op(code, to, a, b);
        negated
    }

    /// A comparison's value.
    pub(crate) fn comparison_value(&mut self, x: ExprId, want: Want) -> Reg {
        let Expr::Binary { op, op_pos, x: l, y: r } = self.s.ast[x].kind else { return 0 };
        let ty = self.compared_type(l, r);
        let by_parts = matches!(self.s.shape(ty), Shape::Struct | Shape::C64 | Shape::C128) && !self.s.is_mem(ty);
        if by_parts || self.is_nil(l) || self.is_nil(r) {
            return self.bool_value(x, want);
        }
        let m = self.regs.mark();
        let (a, b) = self.comparands(l, r, ty);
        self.asm.set_pos(op_pos);
        self.regs.free(m);
        let to = self.out(want, 1);
        if self.compare_to(to, op, a, b, ty) {
            self.asm.op(Op::Not, to, to, 0);
        }
        to
    }

    /// A condition's value, by way of branches.
    pub(crate) fn bool_value(&mut self, x: ExprId, want: Want) -> Reg {
        let (no, end) = (self.asm.label(), self.asm.label());
        let to = self.out(want, 1);
        self.jump_if(x, false, no);
        self.asm.wide(Op::LoadI, to, 1);
        self.asm.jmp(end);
        self.asm.place(no, false);
        self.asm.wide(Op::LoadI, to, 0);
        self.asm.place(end, false);
        to
    }
}

/// The operator that gives the opposite (for operands that are ordered).
pub(crate) fn inverse(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Eq => BinaryOp::Ne,
        BinaryOp::Ne => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::Ge,
        BinaryOp::Le => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::Le,
        _ => BinaryOp::Lt,
    }
}

/// The operator with its operands exchanged.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        op => op,
    }
}

/// The branch on `R op n`, if there is one for the type.
fn int_const_jump(op: BinaryOp, n: i16, k: IntKind) -> Option<(Op, i16)> {
    let code = match op {
        BinaryOp::Eq => Op::JEqK,
        BinaryOp::Ne => Op::JNeK,
        // Unsigned 64-bit numbers only know the branches about zero.
        _ if k.bits == 64 && !k.signed => match (op, n) {
            (BinaryOp::Gt, 0) | (BinaryOp::Ge, 1) => return Some((Op::JNeK, 0)),
            (BinaryOp::Le, 0) | (BinaryOp::Lt, 1) => return Some((Op::JEqK, 0)),
            _ => return None,
        },
        BinaryOp::Lt => Op::JLtK,
        BinaryOp::Le => Op::JLeK,
        BinaryOp::Gt => Op::JGtK,
        _ => Op::JGeK,
    };
    Some((code, n))
}
