//! Sizes, alignments and offsets as Go's compiler has them on a 64-bit machine, for `unsafe.Sizeof` and its like. What
//! gol's own memory looks like is the runtime's business.

use super::Checker;
use crate::types::{Basic, Type, TypeId};

impl Checker<'_> {
    /// `unsafe.Alignof` a value of this type.
    pub(crate) fn alignof(&self, ty: TypeId) -> u64 {
        match self.prog.types.under(ty) {
            Type::Array(elem, _) => self.alignof(*elem),
            Type::Struct(fields) => fields.iter().map(|f| self.alignof(f.ty)).max().unwrap_or(1),
            Type::Basic(b) => basic_size(*b).min(8),
            _ => 8,
        }
    }

    /// `unsafe.Sizeof` a value of this type.
    pub(crate) fn sizeof(&self, ty: TypeId) -> u64 {
        match self.prog.types.under(ty) {
            Type::Basic(b) => basic_size(*b),
            Type::Array(elem, n) => self.sizeof(*elem).saturating_mul(*n),
            Type::Slice(_) => 24,
            Type::Interface(_) => 16,
            Type::Struct(fields) => {
                let mut end = 0u64;
                let mut last = 0;
                for f in fields {
                    last = self.sizeof(f.ty);
                    end = align(end, self.alignof(f.ty)).saturating_add(last);
                }
                // The address of an empty last field must not lie outside of the struct.
                if end > 0 && last == 0 {
                    end += 1;
                }
                align(end, self.alignof(ty))
            }
            _ => 8,
        }
    }

    /// The offset of the field at the end of a path through embedded structs.
    pub(crate) fn offset_of(&self, mut ty: TypeId, path: &[u32]) -> u64 {
        let mut offset = 0;
        for &i in path {
            let Type::Struct(fields) = self.prog.types.under(ty) else { return offset };
            let mut end = 0;
            for (n, f) in fields.iter().enumerate() {
                end = align(end, self.alignof(f.ty));
                if n == i as usize {
                    ty = f.ty;
                    break;
                }
                end = end.saturating_add(self.sizeof(f.ty));
            }
            offset += end;
        }
        offset
    }
}

fn align(n: u64, to: u64) -> u64 {
    n.div_ceil(to).saturating_mul(to)
}

fn basic_size(b: Basic) -> u64 {
    match b {
        Basic::Bool | Basic::Int8 | Basic::Uint8 => 1,
        Basic::Int16 | Basic::Uint16 => 2,
        Basic::Int32 | Basic::Uint32 | Basic::Float32 => 4,
        Basic::String | Basic::Complex128 => 16,
        _ => 8,
    }
}
