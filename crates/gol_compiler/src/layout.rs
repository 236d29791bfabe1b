//! The layouts of the checker's types: which rule of [`gol_bytecode::layout`] a type falls under, computed once a type.

use std::rc::Rc;

use gol_bytecode::LeafKind;
pub(crate) use gol_bytecode::layout::{Layout, round_up};
use gol_types::types::{Basic, Type, TypeId, Types};

/// Computes layouts once a type.
#[derive(Default)]
pub(crate) struct Layouts {
    known: Vec<Option<Rc<Layout>>>,
}

impl Layouts {
    /// The layout of a type.
    pub(crate) fn of(&mut self, types: &Types, ty: TypeId) -> Rc<Layout> {
        let ty = types.underlying(ty);
        let i = ty.index();
        if let Some(Some(l)) = self.known.get(i) {
            return l.clone();
        }
        let l = Rc::new(self.compute(types, ty));
        if self.known.len() <= i {
            self.known.resize(i + 1, None);
        }
        self.known[i] = Some(l.clone());
        l
    }

    fn compute(&mut self, types: &Types, ty: TypeId) -> Layout {
        match types.get(ty) {
            Type::Basic(b) => basic(*b),
            Type::Pointer(_) | Type::Map(..) | Type::Chan(..) | Type::Func(_) => Layout::leaf(LeafKind::Ptr, 8),
            Type::Slice(_) => Layout::leaf(LeafKind::Slice, 24),
            Type::Interface(_) => Layout::leaf(LeafKind::Iface, 16),
            Type::Array(elem, len) => Layout::array(&self.of(types, *elem), *len),
            Type::Struct(fields) => {
                let fields: Vec<Rc<Layout>> = fields.iter().map(|f| self.of(types, f.ty)).collect();
                Layout::structure(&fields)
            }
            Type::Named(_) | Type::Tuple(_) | Type::TypeParam(_) | Type::Union(_) => Layout::empty(),
        }
    }
}

fn basic(b: Basic) -> Layout {
    let kind = match b {
        Basic::Bool | Basic::UntypedBool | Basic::Uint8 => LeafKind::U8,
        Basic::Int8 => LeafKind::I8,
        Basic::Int16 => LeafKind::I16,
        Basic::Uint16 => LeafKind::U16,
        Basic::Int32 | Basic::UntypedRune => LeafKind::I32,
        Basic::Uint32 | Basic::Float32 => LeafKind::U32,
        Basic::Int | Basic::Int64 | Basic::Uint | Basic::Uint64 | Basic::Uintptr | Basic::UntypedInt => LeafKind::W64,
        Basic::Float64 | Basic::UntypedFloat => LeafKind::F64,
        Basic::Complex64 => return Layout::pair(LeafKind::U32),
        Basic::Complex128 | Basic::UntypedComplex => return Layout::pair(LeafKind::F64),
        Basic::String | Basic::UntypedString => LeafKind::Str,
        Basic::UnsafePointer | Basic::UntypedNil | Basic::Invalid => LeafKind::Ptr,
    };
    Layout::leaf(kind, kind.size() as u64)
}
