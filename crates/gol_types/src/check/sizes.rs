//! Sizes, alignments and offsets as Go's compiler has them on a 64-bit machine, for `unsafe.Sizeof` and its like. What
//! gol's own memory looks like is the runtime's business.

use rustc_hash::FxHashMap;

use gol_source::Code;
use gol_syntax::ast::ExprId;

use super::Checker;
use crate::types::{Basic, Type, TypeId};

impl Checker<'_> {
    /// `unsafe.Alignof` a value of this type.
    pub(crate) fn alignof(&self, ty: TypeId) -> u64 {
        self.measure(ty, &mut FxHashMap::default()).1
    }

    /// `unsafe.Sizeof` a value of this type.
    pub(crate) fn sizeof(&self, ty: TypeId) -> u64 {
        self.measure(ty, &mut FxHashMap::default()).0
    }

    /// Reports a type that mentions too many others, as nothing can be done with it.
    pub(super) fn is_too_large(&mut self, e: ExprId, ty: TypeId) -> bool {
        let large = self.prog.types.is_too_large(ty);
        if large {
            self.error_at(Code::TypeTooLarge, e, "type mentions too many types (implementation limitation)");
        }
        large
    }

    /// Reports an instance that was given up, at its generic type, if nothing else is wrong.
    pub(super) fn overgrown_instance(&mut self) {
        if let Some(id) = self.prog.types.overgrown() {
            let obj = self.prog.types.named(id).obj;
            let (name, at) = (self.obj_name(obj), self.prog.objects[obj].span);
            let message = format!("instances of {name} mention too many types (implementation limitation)");
            self.late_error(Code::TypeTooLarge, at, message);
        }
    }

    /// The size of a type, for the question whether it is too large: what was found for its parts is kept.
    pub(crate) fn total_size(&mut self, ty: TypeId) -> u64 {
        let mut known = std::mem::take(&mut self.sizes);
        let size = self.measure(ty, &mut known).0;
        self.sizes = known;
        size
    }

    /// Size and alignment. Structs are measured once: they may hold each other many times over.
    fn measure(&self, ty: TypeId, known: &mut FxHashMap<TypeId, (u64, u64)>) -> (u64, u64) {
        match self.prog.types.under(ty) {
            Type::Basic(b) => (basic_size(*b), basic_size(*b).min(8)),
            Type::Array(elem, n) => {
                if let Some(measure) = known.get(&ty) {
                    return *measure;
                }
                let (size, align) = self.measure(*elem, known);
                let measure = (size.saturating_mul(*n), align);
                known.insert(ty, measure);
                measure
            }
            Type::Slice(_) => (24, 8),
            Type::Interface(_) => (16, 8),
            Type::Struct(fields) => {
                if let Some(measure) = known.get(&ty) {
                    return *measure;
                }
                // One that contains itself is reported elsewhere.
                known.insert(ty, (0, 1));
                let (mut end, mut last, mut most) = (0u64, 0, 1);
                for f in fields {
                    let (size, alignment) = self.measure(f.ty, known);
                    end = align(end, alignment).saturating_add(size);
                    last = size;
                    most = most.max(alignment);
                }
                // The address of an empty last field must not lie outside of the struct.
                if end > 0 && last == 0 {
                    end = end.saturating_add(1);
                }
                let measure = (align(end, most), most);
                known.insert(ty, measure);
                measure
            }
            _ => (8, 8),
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
            offset = end.saturating_add(offset);
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
