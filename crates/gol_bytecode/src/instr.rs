//! One instruction: eight bytes, `op a b c`, sixteen bits each, in a `u64` with `op` lowest.

use crate::Op;

/// A decoded instruction. `b` and `c` together may be one 32-bit operand, `b` its low half.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instr {
    /// The operation.
    pub op: Op,
    /// First operand.
    pub a: u16,
    /// Second operand.
    pub b: u16,
    /// Third operand.
    pub c: u16,
}

impl Instr {
    /// An instruction with three operands.
    pub fn new(op: Op, a: u16, b: u16, c: u16) -> Instr {
        Instr { op, a, b, c }
    }

    /// An instruction with one 16-bit and one 32-bit operand.
    pub fn wide(op: Op, a: u16, bc: u32) -> Instr {
        Instr { op, a, b: bc as u16, c: (bc >> 16) as u16 }
    }

    /// The 32-bit operand in `b` and `c`.
    pub fn bc(self) -> u32 {
        self.b as u32 | (self.c as u32) << 16
    }

    /// The eight bytes.
    pub fn encode(self) -> u64 {
        self.op as u64 | (self.a as u64) << 16 | (self.b as u64) << 32 | (self.c as u64) << 48
    }

    /// The instruction in a word; `None` when its operation does not exist.
    pub fn decode(word: u64) -> Option<Instr> {
        let op = Op::from_u16(word as u16)?;
        Some(Instr { op, a: (word >> 16) as u16, b: (word >> 32) as u16, c: (word >> 48) as u16 })
    }
}
