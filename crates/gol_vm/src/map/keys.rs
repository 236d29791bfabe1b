//! Keys on their way to a table: one type for each way to hash and compare them, so that the common ones are fast.

use super::{KeyKind, MapError, MapType};
use crate::equal::{self, Hasher};
use crate::types::Types;
use crate::value;
use gol_heap::mem;

/// A key to look for. Entry addresses are those of entries of a table of the map's type (H6).
pub(super) trait Key {
    /// Whether setting an existing entry also stores the key: equal keys may differ (-0, +0; strings in other memory).
    const UPDATE: bool;

    /// The hash; an error for a key that has none.
    fn hash(&self, seed: u64, salt: u64) -> Result<u64, MapError>;

    /// The error of [`Key::hash`] alone.
    fn check(&self) -> Result<(), MapError> {
        Ok(())
    }

    /// Whether this is the key of an entry.
    fn matches(&self, entry: *const u8) -> bool;

    /// Makes it the key of an entry.
    fn store(&self, entry: *mut u8);
}

/// Keys of one 8-byte word.
pub(super) struct Word(pub(super) u64);

impl Key for Word {
    const UPDATE: bool = false;

    #[inline(always)]
    fn hash(&self, seed: u64, _salt: u64) -> Result<u64, MapError> {
        Ok(equal::hash_word(self.0, seed))
    }

    #[inline(always)]
    fn matches(&self, entry: *const u8) -> bool {
        // SAFETY: H6: the entry starts with a key of 8 bytes.
        unsafe { mem::load_u64(entry) == self.0 }
    }

    #[inline(always)]
    fn store(&self, entry: *mut u8) {
        // SAFETY: H6: the entry starts with a key of 8 bytes.
        unsafe { mem::store_u64(entry, self.0) }
    }
}

/// Keys of 4 bytes.
pub(super) struct Half(pub(super) u32);

impl Key for Half {
    const UPDATE: bool = false;

    #[inline(always)]
    fn hash(&self, seed: u64, _salt: u64) -> Result<u64, MapError> {
        Ok(equal::hash_word(self.0.into(), seed))
    }

    #[inline(always)]
    fn matches(&self, entry: *const u8) -> bool {
        // SAFETY: H6: the entry starts with a key of 4 bytes.
        unsafe { mem::load_u32(entry) == self.0 }
    }

    #[inline(always)]
    fn store(&self, entry: *mut u8) {
        // SAFETY: H6: the entry starts with a key of 4 bytes.
        unsafe { mem::store_u32(entry, self.0) }
    }
}

/// Strings: address and length.
pub(super) struct Text(pub(super) u64, pub(super) u64);

impl Key for Text {
    const UPDATE: bool = true;

    #[inline(always)]
    fn hash(&self, seed: u64, _salt: u64) -> Result<u64, MapError> {
        // SAFETY: H6: a live string.
        Ok(unsafe { equal::hash_bytes(self.0 as *const u8, self.1 as usize, seed) })
    }

    #[inline(always)]
    fn matches(&self, entry: *const u8) -> bool {
        // SAFETY: H6: the entry starts with a string.
        unsafe {
            let (address, len) = mem::load16(entry);
            equal::strings_equal(self.0, self.1, address, len)
        }
    }

    #[inline(always)]
    fn store(&self, entry: *mut u8) {
        // SAFETY: H6: the entry starts with a string.
        unsafe { mem::store16(entry, self.0, self.1) }
    }
}

/// Keys in memory form that are equal if their bytes are.
pub(super) struct Plain<'m> {
    pub(super) at: *const u8,
    pub(super) map: &'m MapType,
}

impl Key for Plain<'_> {
    const UPDATE: bool = false;

    fn hash(&self, seed: u64, _salt: u64) -> Result<u64, MapError> {
        // SAFETY: H6: a key of the map's type.
        Ok(unsafe { equal::hash_bytes(self.at, self.map.key_size, seed) })
    }

    fn matches(&self, entry: *const u8) -> bool {
        // SAFETY: H6: both are keys of the map's type.
        unsafe { equal::bytes_equal(self.at, entry, self.map.key_size) }
    }

    fn store(&self, entry: *mut u8) {
        store_key(self.map, self.at, entry);
    }
}

/// Keys in memory form, handled by the description of their type.
pub(super) struct General<'m> {
    pub(super) at: *const u8,
    pub(super) map: &'m MapType,
    pub(super) types: &'m Types,
}

impl Key for General<'_> {
    const UPDATE: bool = true;

    fn hash(&self, seed: u64, salt: u64) -> Result<u64, MapError> {
        let mut hasher = Hasher::new(seed, salt);
        // SAFETY: H6: a key of the map's type.
        unsafe { hasher.value(self.types, self.map.key, self.at)? };
        Ok(hasher.finish())
    }

    fn check(&self) -> Result<(), MapError> {
        self.hash(0, 0).map(drop)
    }

    fn matches(&self, entry: *const u8) -> bool {
        // SAFETY: H6: both are keys of the map's type. Keys of entries can be compared, as this one can.
        unsafe { equal::equal(self.types, self.map.key, self.at, entry).unwrap_or(false) }
    }

    fn store(&self, entry: *mut u8) {
        store_key(self.map, self.at, entry);
    }
}

fn store_key(map: &MapType, from: *const u8, entry: *mut u8) {
    if map.key_size != 0 {
        // SAFETY: H6: both are keys of the map's type.
        unsafe { mem::copy_units(entry, from, map.key_size, map.key_align) }
    }
}

/// The hash of an entry's key, as [`Key::hash`] gives it for the map's kind of keys.
pub(super) fn hash_entry(map: &MapType, types: &Types, entry: *const u8, seed: u64, hasher: &mut Hasher) -> u64 {
    // SAFETY: H6: the entry starts with a key of the map's type.
    unsafe {
        match map.key_kind {
            KeyKind::Word => equal::hash_word(mem::load_u64(entry), seed),
            KeyKind::Half => equal::hash_word(mem::load_u32(entry).into(), seed),
            KeyKind::Text => {
                let (address, len) = mem::load16(entry);
                equal::hash_bytes(address as *const u8, len as usize, seed)
            }
            KeyKind::Plain => equal::hash_bytes(entry, map.key_size, seed),
            KeyKind::General => {
                // A key in a table can be hashed.
                let _ = hasher.value(types, map.key, entry);
                hasher.finish()
            }
        }
    }
}

/// Room for a key in memory form, when it comes in registers: eight registers at most.
#[repr(align(16))]
pub(super) struct Scratch(std::mem::MaybeUninit<[u64; SCRATCH_WORDS]>);

/// Eight leaves, each padded to 16 bytes.
const SCRATCH_WORDS: usize = 16;

impl Scratch {
    #[inline(always)]
    pub(super) fn new() -> Scratch {
        Scratch(std::mem::MaybeUninit::uninit())
    }

    /// The address of the key in `regs` in memory form: what the register points to for a Mem key, else here.
    ///
    /// # Safety
    /// The registers are those of a key of the map's type.
    pub(super) unsafe fn key(&mut self, map: &MapType, types: &Types, regs: *const u64) -> *const u8 {
        if map.key_size == 0 {
            return std::ptr::null();
        }
        if map.key_is_mem {
            // SAFETY: the caller's promise.
            return unsafe { *regs } as *const u8;
        }
        assert!(map.key_size <= SCRATCH_WORDS * 8, "a key in registers has at most eight leaves");
        let at = self.0.write([0; SCRATCH_WORDS]).as_mut_ptr().cast::<u8>();
        // SAFETY: H6: a local buffer, aligned to 16 and large enough; the registers are the caller's promise.
        unsafe { value::store_value(&types[map.key], at, regs) };
        at
    }
}
