//! How values of each type lie in registers and in memory.
//!
//! Owns the rules of the two forms: natural sizes and alignments, 16-byte units for strings, slices and interfaces,
//! which types are Mem (one register that points to an immutable copy), and Go's own sizes for `unsafe.Sizeof`.
//! It knows types only; what the VM is told of them is `typedesc`'s business.

use std::rc::Rc;

use gol_bytecode::{Leaf, LeafKind};
use gol_types::types::{Basic, Type, TypeId, Types};

/// Most registers that the leaves of a struct may take before it becomes a Mem type.
const MAX_REGS: u16 = 8;

/// In an array inside of a struct with more elements than this, every word counts as a pointer.
const FEW_ELEMENTS: u64 = 1 << 12;

/// In memory beyond this no words are marked: globals end before it, and the VM scans values that large word for word.
const MAX_MAPPED: u64 = 1 << 32;

/// The two forms of a type's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    /// Bytes in memory form.
    pub(crate) size: u64,
    /// Alignment in memory form.
    pub(crate) align: u64,
    /// Go's size.
    pub(crate) go_size: u64,
    /// Go's alignment.
    pub(crate) go_align: u64,
    /// One register: the address of an immutable copy.
    pub(crate) is_mem: bool,
    /// Registers of a value.
    pub(crate) regs: u16,
    /// Leaves in register order; empty for Mem types.
    pub(crate) leaves: Vec<Leaf>,
    /// One bit an 8-byte word of memory: it may hold a pointer. For an array: of one element.
    pub(crate) ptr_words: Vec<u64>,
    /// A struct's fields.
    pub(crate) fields: Vec<FieldPlace>,
}

/// Where a struct's field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FieldPlace {
    /// Byte offset in memory form.
    pub(crate) offset: u64,
    /// First register, counted from the struct's own; 0 in Mem structs.
    pub(crate) reg: u16,
    /// Offset in Go's own layout.
    pub(crate) go_offset: u64,
}

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
            Type::Pointer(_) | Type::Map(..) | Type::Chan(..) | Type::Func(_) => leaf(LeafKind::Ptr, 8),
            Type::Slice(_) => leaf(LeafKind::Slice, 24),
            Type::Interface(_) => leaf(LeafKind::Iface, 16),
            Type::Array(elem, len) => self.array(types, *elem, *len),
            Type::Struct(fields) => {
                let tys: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
                self.structure(types, &tys)
            }
            Type::Named(_) | Type::Tuple(_) | Type::TypeParam(_) | Type::Union(_) => {
                Layout { align: 1, go_align: 1, ..Layout::default() }
            }
        }
    }

    fn array(&mut self, types: &Types, elem: TypeId, len: u64) -> Layout {
        let e = self.of(types, elem);
        let mut ptr_words = Vec::new();
        self.add_pointers(types, elem, 0, &mut ptr_words);
        Layout {
            size: e.size.saturating_mul(len),
            align: e.align,
            go_size: e.go_size.saturating_mul(len),
            go_align: e.go_align,
            is_mem: true,
            regs: 1,
            ptr_words,
            ..Layout::default()
        }
    }

    fn structure(&mut self, types: &Types, tys: &[TypeId]) -> Layout {
        let mut l = Layout { align: 1, go_align: 1, ..Layout::default() };
        let mut regs = 0u16;
        for (i, &ty) in tys.iter().enumerate() {
            let f = self.of(types, ty);
            let offset = round_up(l.size, f.align);
            let go_offset = round_up(l.go_size, f.go_align);
            l.fields.push(FieldPlace { offset, reg: regs, go_offset });
            self.add_pointers(types, ty, offset, &mut l.ptr_words);
            let moved = |leaf: &Leaf| Leaf { offset: leaf.offset.wrapping_add(offset as u32), kind: leaf.kind };
            l.leaves.extend(f.leaves.iter().map(moved));
            l.is_mem |= f.is_mem;
            regs = regs.saturating_add(f.regs);
            l.size = offset.saturating_add(f.size);
            l.go_size = go_offset.saturating_add(f.go_size);
            // A last field of size zero must not point past the struct: Go pads by one.
            if i + 1 == tys.len() && f.go_size == 0 && l.go_size > 0 {
                l.go_size += 1;
            }
            l.align = l.align.max(f.align);
            l.go_align = l.go_align.max(f.go_align);
        }
        l.size = round_up(l.size, l.align);
        l.go_size = round_up(l.go_size, l.go_align);
        l.regs = regs;
        if l.is_mem || regs > MAX_REGS {
            l.is_mem = true;
            l.regs = 1;
            l.leaves.clear();
            l.fields.iter_mut().for_each(|f| f.reg = 0);
        }
        l
    }

    /// Sets the bits of the words that may hold pointers in a value of type `ty` at byte `offset`.
    pub(crate) fn add_pointers(&mut self, types: &Types, ty: TypeId, offset: u64, out: &mut Vec<u64>) {
        let under = types.underlying(ty);
        let l = self.of(types, under);
        if l.ptr_words.iter().all(|w| *w == 0) {
            return;
        }
        if let Type::Array(elem, len) = *types.get(under) {
            let size = self.of(types, elem).size;
            if len > FEW_ELEMENTS {
                let end = offset.saturating_add(size.saturating_mul(len)).min(MAX_MAPPED);
                set_bits(out, offset / 8, end / 8);
                return;
            }
            for i in 0..len {
                self.add_pointers(types, elem, offset + i * size, out);
            }
            return;
        }
        for (i, w) in l.ptr_words.iter().enumerate() {
            for bit in (0..64).filter(|b| w >> b & 1 != 0) {
                set_bit(out, offset / 8 + i as u64 * 64 + bit);
            }
        }
    }
}

fn set_bit(words: &mut Vec<u64>, bit: u64) {
    if bit >= MAX_MAPPED / 8 {
        return;
    }
    let i = (bit / 64) as usize;
    if words.len() <= i {
        words.resize(i + 1, 0);
    }
    words[i] |= 1 << (bit % 64);
}

/// Sets the bits from `from` to before `to`.
fn set_bits(words: &mut Vec<u64>, from: u64, to: u64) {
    let mut bit = from;
    while bit < to {
        if bit.is_multiple_of(64) && to - bit >= 64 {
            let (i, n) = ((bit / 64) as usize, ((to - bit) / 64) as usize);
            words.resize(words.len().max(i + n), 0);
            words[i..i + n].fill(u64::MAX);
            bit += n as u64 * 64;
        } else {
            set_bit(words, bit);
            bit += 1;
        }
    }
}

/// `n` rounded up to a multiple of `align`.
pub(crate) fn round_up(n: u64, align: u64) -> u64 {
    n.checked_next_multiple_of(align.max(1)).unwrap_or(u64::MAX)
}

fn leaf(kind: LeafKind, go_size: u64) -> Layout {
    let size = kind.size() as u64;
    let pointers = match kind {
        LeafKind::Ptr | LeafKind::Str | LeafKind::Slice => vec![1],
        LeafKind::Iface => vec![2],
        _ => Vec::new(),
    };
    Layout {
        size,
        align: size,
        go_size,
        go_align: go_size.min(8),
        is_mem: false,
        regs: kind.regs() as u16,
        leaves: vec![Leaf { offset: 0, kind }],
        ptr_words: pointers,
        fields: Vec::new(),
    }
}

fn pair(kind: LeafKind) -> Layout {
    let one = leaf(kind, kind.size() as u64);
    let second = Leaf { offset: one.size as u32, kind };
    Layout { size: 2 * one.size, go_size: 2 * one.size, regs: 2, leaves: vec![one.leaves[0], second], ..one }
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
        Basic::Complex64 => return pair(LeafKind::U32),
        Basic::Complex128 | Basic::UntypedComplex => return pair(LeafKind::F64),
        Basic::String | Basic::UntypedString => LeafKind::Str,
        Basic::UnsafePointer | Basic::UntypedNil | Basic::Invalid => LeafKind::Ptr,
    };
    leaf(kind, kind.size() as u64)
}
