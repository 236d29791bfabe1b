//! Constants into registers, in the form of their types.

use gol_bytecode::Op;
use gol_types::Constant;
use gol_types::types::TypeId;

use crate::func::{FuncGen, Want};
use crate::program::Shape;
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// A constant of type `ty`.
    pub(crate) fn constant(&mut self, value: &Constant, ty: TypeId, want: Want) -> Reg {
        let n = self.s.regs(ty);
        let to = self.out(want, n);
        match self.s.shape(ty) {
            Shape::Bool => {
                let b = value.as_bool().unwrap_or(false);
                self.asm.wide(Op::LoadI, to, b as u32);
            }
            Shape::Str => {
                let id = self.s.string(value.as_bytes().unwrap_or_default());
                self.asm.wide(Op::LoadStr, to, id.0);
            }
            Shape::F64 => self.load_int(to, value.to_float().to_f64().to_bits() as i64),
            Shape::F32 => self.load_int(to, value.to_float().to_f32().to_bits() as i64),
            Shape::C64 => {
                let (re, im) = parts(value);
                self.load_int(to, re.to_f32().to_bits() as i64);
                self.load_int(to + 1, im.to_f32().to_bits() as i64);
            }
            Shape::C128 => {
                let (re, im) = parts(value);
                self.load_int(to, re.to_f64().to_bits() as i64);
                self.load_int(to + 1, im.to_f64().to_bits() as i64);
            }
            _ => {
                let v = value.to_int();
                let n = v.as_i64().or_else(|| v.as_u64().map(|n| n as i64)).unwrap_or(0);
                self.load_int(to, n);
            }
        }
        to
    }
}

fn parts(value: &Constant) -> (Constant, Constant) {
    let c = value.to_complex();
    (c.real().to_float(), c.imag().to_float())
}
