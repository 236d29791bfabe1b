//! Values between registers and memory, leaf by leaf.
//!
//! A string, slice or interface moves as one 16-byte unit in memory (`gol_heap::mem`), so a racing program can see an
//! old or a new one but never halves of two. A struct's leaves move one by one, as in Go.

use gol_bytecode::{Leaf, LeafKind, TypeDesc};
use gol_heap::mem;

/// Loads the leaf at `p` into registers from `dst` on; gives the number of registers.
///
/// # Safety
/// H6 for `p`; `dst` has room (V2).
#[inline(always)]
pub(crate) unsafe fn load_leaf(kind: LeafKind, p: *const u8, dst: *mut u64) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        match kind {
            LeafKind::I8 => *dst = mem::load_i8(p) as i64 as u64,
            LeafKind::U8 => *dst = mem::load_u8(p) as u64,
            LeafKind::I16 => *dst = mem::load_i16(p) as i64 as u64,
            LeafKind::U16 => *dst = mem::load_u16(p) as u64,
            LeafKind::I32 => *dst = mem::load_i32(p) as i64 as u64,
            LeafKind::U32 => *dst = mem::load_u32(p) as u64,
            LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => *dst = mem::load_u64(p),
            LeafKind::Str | LeafKind::Iface => {
                let (a, b) = mem::load16(p);
                *dst = a;
                *dst.add(1) = b;
            }
            LeafKind::Slice => {
                let (a, b) = mem::load16(p);
                let (ptr, len, cap) = mem::unpack_slice(a, b);
                *dst = ptr;
                *dst.add(1) = len;
                *dst.add(2) = cap;
            }
        }
    }
    kind.regs()
}

/// Stores registers from `src` on to the leaf at `p`; gives the number of registers.
///
/// # Safety
/// H6 for `p`; `src` holds the leaf (V2).
#[inline(always)]
pub(crate) unsafe fn store_leaf(kind: LeafKind, p: *mut u8, src: *const u64) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        match kind {
            LeafKind::I8 | LeafKind::U8 => mem::store_u8(p, *src as u8),
            LeafKind::I16 | LeafKind::U16 => mem::store_u16(p, *src as u16),
            LeafKind::I32 | LeafKind::U32 => mem::store_u32(p, *src as u32),
            LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => mem::store_u64(p, *src),
            LeafKind::Str | LeafKind::Iface => mem::store16(p, *src, *src.add(1)),
            LeafKind::Slice => {
                let (a, b) = mem::pack_slice(*src, *src.add(1), *src.add(2));
                mem::store16(p, a, b);
            }
        }
    }
    kind.regs()
}

/// Loads a value that is not Mem; a Mem value wants a copy on the heap, which is the VM's `load_value`.
///
/// # Safety
/// H6 for the value at `p`; `dst` has room for its registers (V2).
#[inline]
pub(crate) unsafe fn load_leaves(leaves: &[Leaf], p: *const u8, mut dst: *mut u64) {
    for leaf in leaves {
        // SAFETY: the caller's promise; a leaf lies within its value.
        unsafe { dst = dst.add(load_leaf(leaf.kind, p.add(leaf.offset as usize), dst)) }
    }
}

/// Stores a value of any type: a Mem value is copied from where its register points.
///
/// # Safety
/// H6 for the value at `p`; `src` holds a value of type `t` (V2).
#[inline]
pub(crate) unsafe fn store_value(t: &TypeDesc, p: *mut u8, mut src: *const u64) {
    // SAFETY: the caller's promise; the register of a Mem value is the address of a live copy, never nil.
    unsafe {
        if t.is_mem {
            mem::copy_units(p, *src as *const u8, t.size as usize, t.align as usize);
            return;
        }
        for leaf in &t.leaves {
            src = src.add(store_leaf(leaf.kind, p.add(leaf.offset as usize), src));
        }
    }
}
