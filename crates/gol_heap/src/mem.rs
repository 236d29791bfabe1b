//! Typed access to memory that gol programs share: the only loads and stores the VM makes there.
//!
//! Goroutines may race. So that a race stays harmless for the VM, every access is one relaxed atomic access of its size (stores
//! of words that may be pointers release, so that whoever follows the pointer finds the object initialised), and the 16-byte units
//! (string, interface, slice) move whole, in [`load16`] and [`store16`]. Only numbers narrower than a word may be moved in bulk by other means: a torn
//! number is no danger, and in fact the system's memmove does not tear aligned ones.
//!
//! All functions are `unsafe` by H6: the address is that of mapped memory used as documented, aligned as the access.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::*};

mod unit;

pub use unit::{check_cpu, load16, store16};

macro_rules! scalars {
    ($($load:ident $store:ident $type:ty, $atomic:ty, $order:ident, $what:literal;)*) => {$(
        #[doc = concat!("Loads ", $what, ".")]
        ///
        /// # Safety
        /// H6.
        #[inline(always)]
        pub unsafe fn $load(at: *const u8) -> $type {
            debug_assert!(at.cast::<$atomic>().is_aligned() && !at.is_null());
            // SAFETY: H6.
            unsafe { (*at.cast::<$atomic>()).load(Relaxed) as $type }
        }

        #[doc = concat!("Stores ", $what, ".")]
        ///
        /// # Safety
        /// H6.
        #[inline(always)]
        pub unsafe fn $store(at: *mut u8, value: $type) {
            debug_assert!(at.cast::<$atomic>().is_aligned() && !at.is_null());
            // SAFETY: H6.
            unsafe { (*at.cast::<$atomic>()).store(value as _, $order) }
        }
    )*};
}

scalars! {
    load_u8 store_u8 u8, AtomicU8, Relaxed, "a byte";
    load_i8 store_i8 i8, AtomicU8, Relaxed, "a signed byte";
    load_u16 store_u16 u16, AtomicU16, Relaxed, "two bytes";
    load_i16 store_i16 i16, AtomicU16, Relaxed, "two bytes, signed";
    load_u32 store_u32 u32, AtomicU32, Relaxed, "four bytes";
    load_i32 store_i32 i32, AtomicU32, Relaxed, "four bytes, signed";
    load_u64 store_u64 u64, AtomicU64, Release, "a word";
}

/// The bits of an address.
const ADDRESS_BITS: u32 = 48;
/// The bits of a length or capacity in a packed slice.
const LENGTH_BITS: u32 = 40;

/// The largest length and capacity a slice can have in memory form.
pub const MAX_SLICE_LEN: u64 = (1 << LENGTH_BITS) - 1;

/// Packs a slice into its 16-byte unit: from the lowest bit, address (48), length (40), capacity (40). None may be larger. (A slice never points one past the end
/// of an object: an empty one there keeps the object's start or last byte.)
#[inline(always)]
pub fn pack_slice(address: u64, len: u64, cap: u64) -> (u64, u64) {
    debug_assert!(address >> ADDRESS_BITS == 0 && len <= MAX_SLICE_LEN && cap <= MAX_SLICE_LEN && len <= cap);
    (address | len << ADDRESS_BITS, len >> (64 - ADDRESS_BITS) | cap << (LENGTH_BITS - (64 - ADDRESS_BITS)))
}

/// Address, length and capacity of a slice from its 16-byte unit.
#[inline(always)]
pub fn unpack_slice(low: u64, high: u64) -> (u64, u64, u64) {
    const HIGH_LEN_BITS: u32 = LENGTH_BITS - (64 - ADDRESS_BITS);
    let len = low >> ADDRESS_BITS | (high & ((1 << HIGH_LEN_BITS) - 1)) << (64 - ADDRESS_BITS);
    (low & ((1 << ADDRESS_BITS) - 1), len, high >> HIGH_LEN_BITS)
}

/// Copies `bytes` bytes from `from` to `to`, which may overlap, in units of `align` bytes at least (1, 2, 4, 8 or 16; both addresses and `bytes` are multiples of it): whoever
/// reads meanwhile sees each word and each 16-byte unit old or new.
///
/// # Safety
/// H6, for all the bytes.
#[inline(always)]
pub unsafe fn copy_units(to: *mut u8, from: *const u8, bytes: usize, align: usize) {
    debug_assert!(bytes.is_multiple_of(align) && (to as usize | from as usize).is_multiple_of(align));
    // SAFETY: H6, and the sizes are as the callees ask.
    unsafe {
        match align {
            16 => unit::copy16(to, from, bytes),
            8 if ((to as usize) ^ (from as usize)).is_multiple_of(16) && bytes >= 64 => {
                // The same distance from a 16-byte boundary: the middle moves in units. One word at either end may be left over.
                let head = (from as usize) & 8;
                let tail = (bytes - head) & 8;
                let middle = bytes - head - tail;
                if (to as usize) <= (from as usize) {
                    copy_words(to, from, head);
                    unit::copy16(to.add(head), from.add(head), middle);
                    copy_words(to.add(bytes - tail), from.add(bytes - tail), tail);
                } else {
                    copy_words(to.add(bytes - tail), from.add(bytes - tail), tail);
                    unit::copy16(to.add(head), from.add(head), middle);
                    copy_words(to, from, head);
                }
            }
            8 => copy_words(to, from, bytes),
            _ => std::ptr::copy(from, to, bytes),
        }
    }
}

/// Sets `bytes` bytes to zero, in units as [`copy_units`].
///
/// # Safety
/// H6, for all the bytes.
#[inline(always)]
pub unsafe fn zero_units(to: *mut u8, bytes: usize, align: usize) {
    debug_assert!(bytes.is_multiple_of(align) && (to as usize).is_multiple_of(align));
    // SAFETY: H6, and the sizes are as the callees ask.
    unsafe {
        match align {
            16 => unit::zero16(to, bytes),
            8 if bytes >= 64 => {
                let head = (to as usize) & 8;
                let tail = (bytes - head) & 8;
                store_u64(to, 0);
                unit::zero16(to.add(head), bytes - head - tail);
                store_u64(to.add(bytes - 8), 0);
            }
            8 => {
                for at in (0..bytes).step_by(8) {
                    store_u64(to.add(at), 0);
                }
            }
            _ => std::ptr::write_bytes(to, 0, bytes),
        }
    }
}

/// Copies words in the order that overlapping allows.
///
/// # Safety
/// H6; aligned to 8.
#[inline(always)]
unsafe fn copy_words(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: H6.
    unsafe {
        if (to as usize) <= (from as usize) {
            for at in (0..bytes).step_by(8) {
                store_u64(to.add(at), load_u64(from.add(at)));
            }
        } else {
            for at in (0..bytes).step_by(8).rev() {
                store_u64(to.add(at), load_u64(from.add(at)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(16))]
    struct Aligned([u8; 512]);

    #[test]
    fn slices_survive_packing() {
        let address = (1 << 48) - 16;
        for (len, cap) in [(0, 0), (1, 2), (0xffff, 0x10000), (0x10000, 0x10001), (MAX_SLICE_LEN, MAX_SLICE_LEN)] {
            let (low, high) = pack_slice(address, len, cap);
            assert_eq!(unpack_slice(low, high), (address, len, cap));
            assert_eq!((low as u128 | (high as u128) << 64) >> 88, cap as u128);
            assert_eq!(low & crate::block::ADDRESS_MASK, address);
        }
    }

    #[test]
    fn units_and_scalars() {
        assert_eq!(check_cpu(), Ok(()));
        let mut memory = Aligned([0; 512]);
        let at = memory.0.as_mut_ptr();
        // SAFETY: H6: a local array, aligned to 16.
        unsafe {
            store16(at.add(16), 0x1122334455667788, u64::MAX);
            assert_eq!(load16(at.add(16)), (0x1122334455667788, u64::MAX));
            assert_eq!(load_u64(at.add(16)), 0x1122334455667788);
            store_i8(at, -2);
            assert_eq!((load_i8(at), load_u8(at)), (-2, 254));
            store_i32(at, -2);
            assert_eq!((load_i32(at), load_u16(at)), (-2, 0xfffe));
        }
    }

    #[test]
    fn copies_agree_with_memmove() {
        for align in [1usize, 2, 4, 8, 16] {
            for bytes in (0..=160).step_by(align) {
                for (from, to) in [
                    (0, 16),
                    (16, 0),
                    (0, 32),
                    (32, 0),
                    (0, align),
                    (align, 0),
                    (8, 8),
                    (8, 24),
                    (24, 8),
                    (256, 8),
                    (0, 256),
                ] {
                    if from % align != 0 || to % align != 0 {
                        continue;
                    }
                    let mut ours = Aligned(std::array::from_fn(|i| i as u8 ^ (i >> 3) as u8));
                    let mut model = ours.0;
                    model.copy_within(from..from + bytes, to);
                    let at = ours.0.as_mut_ptr();
                    // SAFETY: H6: a local array, offsets within it and aligned.
                    unsafe { copy_units(at.add(to), at.add(from), bytes, align) };
                    assert_eq!(ours.0, model, "{align} {bytes} {from} {to}");
                    model[to..to + bytes].fill(0);
                    let at = ours.0.as_mut_ptr();
                    // SAFETY: as above.
                    unsafe { zero_units(at.add(to), bytes, align) };
                    assert_eq!(ours.0, model, "{align} {bytes} {to}");
                }
            }
        }
    }
}
