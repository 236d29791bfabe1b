//! How values lie in registers and in memory: the rules of the two forms, for the compiler and for types made at run time.
//!
//! Natural sizes and alignments; 16-byte units for strings, slices and interfaces; which types are Mem (one register
//! that points to an immutable copy); and Go's own sizes for `unsafe.Sizeof` and reflection. A [`Layout`] is made from
//! those of the parts; nothing here knows where they come from.

use crate::{Kind, Leaf, LeafKind, TypeDesc};

/// Most registers that the leaves of a struct may take before it becomes a Mem type.
const MAX_REGS: u16 = 8;

/// In an array inside of a struct with more elements than this, every word counts as a pointer.
const FEW_ELEMENTS: u64 = 1 << 12;

/// In memory beyond this no words are marked: globals end before it, and the VM scans values that large word for word.
const MAX_MAPPED: u64 = 1 << 32;

/// The two forms of a type's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Bytes in memory form.
    pub size: u64,
    /// Alignment in memory form.
    pub align: u64,
    /// Go's size.
    pub go_size: u64,
    /// Go's alignment.
    pub go_align: u64,
    /// One register: the address of an immutable copy.
    pub is_mem: bool,
    /// Registers of a value.
    pub regs: u16,
    /// Leaves in register order; empty for Mem types.
    pub leaves: Vec<Leaf>,
    /// One bit an 8-byte word of memory: it may hold a pointer. For an array: of one element.
    pub ptr_words: Vec<u64>,
    /// An array's length.
    pub array: Option<u64>,
    /// A struct's fields.
    pub fields: Vec<FieldPlace>,
}

/// Where a struct's field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldPlace {
    /// Byte offset in memory form.
    pub offset: u64,
    /// First register, counted from the struct's own; 0 in Mem structs.
    pub reg: u16,
    /// Offset in Go's own layout.
    pub go_offset: u64,
}

impl Layout {
    /// A type of no size.
    pub fn empty() -> Layout {
        Layout { align: 1, go_align: 1, ..Layout::default() }
    }

    /// A type that is one leaf; `go_size` is Go's size of it.
    pub fn leaf(kind: LeafKind, go_size: u64) -> Layout {
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
            regs: kind.regs() as u16,
            leaves: vec![Leaf { offset: 0, kind }],
            ptr_words: pointers,
            ..Layout::default()
        }
    }

    /// A complex number of two such parts.
    pub fn pair(kind: LeafKind) -> Layout {
        let one = Layout::leaf(kind, kind.size() as u64);
        let second = Leaf { offset: one.size as u32, kind };
        Layout { size: 2 * one.size, go_size: 2 * one.size, regs: 2, leaves: vec![one.leaves[0], second], ..one }
    }

    /// An array.
    pub fn array(elem: &Layout, len: u64) -> Layout {
        let mut ptr_words = Vec::new();
        elem.add_pointers(0, &mut ptr_words);
        Layout {
            size: elem.size.saturating_mul(len),
            align: elem.align,
            go_size: elem.go_size.saturating_mul(len),
            go_align: elem.go_align,
            is_mem: true,
            regs: 1,
            ptr_words,
            array: Some(len),
            ..Layout::default()
        }
    }

    /// A struct with these fields.
    pub fn structure<L: AsRef<Layout>>(fields: &[L]) -> Layout {
        let mut l = Layout::empty();
        let mut regs = 0u16;
        for (i, f) in fields.iter().enumerate() {
            let f = f.as_ref();
            let offset = round_up(l.size, f.align);
            let go_offset = round_up(l.go_size, f.go_align);
            l.fields.push(FieldPlace { offset, reg: regs, go_offset });
            f.add_pointers(offset, &mut l.ptr_words);
            let moved = |leaf: &Leaf| Leaf { offset: leaf.offset.wrapping_add(offset as u32), kind: leaf.kind };
            l.leaves.extend(f.leaves.iter().map(moved));
            l.is_mem |= f.is_mem;
            regs = regs.saturating_add(f.regs);
            l.size = offset.saturating_add(f.size);
            l.go_size = go_offset.saturating_add(f.go_size);
            // A last field of size zero must not point past the struct: Go pads by one.
            if i + 1 == fields.len() && f.go_size == 0 && l.go_size > 0 {
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

    /// The layout that a description tells. A struct's fields are left out.
    pub fn of(desc: &TypeDesc) -> Layout {
        Layout {
            size: desc.size,
            align: desc.align.into(),
            go_size: desc.go_size,
            go_align: desc.go_align.into(),
            is_mem: desc.is_mem,
            regs: desc.regs,
            leaves: desc.leaves.clone(),
            ptr_words: desc.ptr_words.clone(),
            array: (desc.kind == Kind::Array).then_some(desc.len),
            fields: Vec::new(),
        }
    }

    /// Writes what a description tells of sizes and leaves.
    pub fn describe(&self, desc: &mut TypeDesc) {
        desc.size = self.size;
        desc.align = self.align as u8;
        desc.go_size = self.go_size;
        desc.go_align = self.go_align as u8;
        desc.is_mem = self.is_mem;
        desc.regs = self.regs;
        desc.leaves.clone_from(&self.leaves);
        desc.ptr_words.clone_from(&self.ptr_words);
    }

    /// Sets the bits of the words that may hold pointers in a value at byte `offset`.
    pub fn add_pointers(&self, offset: u64, out: &mut Vec<u64>) {
        if self.ptr_words.iter().all(|w| *w == 0) {
            return;
        }
        let Some(len) = self.array else { return self.add_unit(offset, out) };
        if len > FEW_ELEMENTS {
            let end = offset.saturating_add(self.size).min(MAX_MAPPED);
            set_bits(out, offset / 8, end / 8);
            return;
        }
        for i in 0..len {
            self.add_unit(offset + i * (self.size / len), out);
        }
    }

    fn add_unit(&self, offset: u64, out: &mut Vec<u64>) {
        for (i, w) in self.ptr_words.iter().enumerate() {
            for bit in (0..64).filter(|b| w >> b & 1 != 0) {
                set_bit(out, offset / 8 + i as u64 * 64 + bit);
            }
        }
    }
}

impl AsRef<Layout> for Layout {
    fn as_ref(&self) -> &Layout {
        self
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
pub fn round_up(n: u64, align: u64) -> u64 {
    n.checked_next_multiple_of(align.max(1)).unwrap_or(u64::MAX)
}
