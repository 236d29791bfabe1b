//! Methods by dynamic type: one table for the whole program, behind the inline caches of calls.
//!
//! A call that sees one type at a time is answered by its inline cache; one that sees several misses there all the time, so
//! this has to be quick as well: open addressing with linear probing, at most half full. It is filled when a program is
//! loaded; a session adds to it while others look things up. A key is stored after its entry, so who finds the key finds the entry;
//! when there is no room a larger table takes the place of the old one, which is kept for those who still look there.

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Mutex, PoisonError};

/// Entry pcs of all methods that are called through interfaces, by type and method.
pub(crate) struct MethodTable {
    now: AtomicPtr<Slots>,
    /// All tables there were, the present one last, and how many keys that one has.
    all: Mutex<Filled>,
}

/// The tables are freed with it.
struct Filled {
    tables: Vec<*mut Slots>,
    used: usize,
}

// SAFETY: the pointers are owned, and what they point to is atomics.
unsafe impl Send for Filled {}

struct Slots {
    /// Type id in the high half, [`gol_bytecode::MethodId`] in the low half; 0: free (type 0 has no methods).
    keys: Box<[AtomicU64]>,
    entries: Box<[AtomicU32]>,
    shift: u32,
}

fn key(ty: u64, method: u64) -> u64 {
    ty << 32 | method
}

impl Slots {
    /// Room for `size` keys, a power of two.
    fn new(size: usize) -> *mut Slots {
        let keys = (0..size).map(|_| AtomicU64::new(0)).collect();
        let entries = (0..size).map(|_| AtomicU32::new(0)).collect();
        Box::into_raw(Box::new(Slots { keys, entries, shift: 64 - size.trailing_zeros() }))
    }

    /// Where a key is looked for first: the high bits of its product with 2^64 over the golden ratio.
    #[inline(always)]
    fn start(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize & (self.keys.len() - 1)
    }

    /// Adds a key, or changes its entry; whether it was new.
    fn insert(&self, key: u64, entry: u32) -> bool {
        let mut at = self.start(key);
        loop {
            match self.keys[at].load(Relaxed) {
                0 => {
                    self.entries[at].store(entry, Relaxed);
                    self.keys[at].store(key, Release);
                    return true;
                }
                k if k == key => {
                    self.entries[at].store(entry, Relaxed);
                    return false;
                }
                _ => at = (at + 1) & (self.keys.len() - 1),
            }
        }
    }
}

impl MethodTable {
    /// An empty table.
    pub(crate) fn new() -> MethodTable {
        let slots = Slots::new(64);
        MethodTable { now: AtomicPtr::new(slots), all: Mutex::new(Filled { tables: vec![slots], used: 0 }) }
    }

    /// Adds a method of a type that is not 0.
    pub(crate) fn insert(&self, ty: u64, method: u64, entry: u32) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: tables live as long as `self`.
        let mut slots = unsafe { &*self.now.load(Relaxed) };
        if 2 * (all.used + 1) > slots.keys.len() {
            let larger = Slots::new(2 * slots.keys.len());
            // SAFETY: as above.
            let new = unsafe { &*larger };
            for (k, e) in slots.keys.iter().zip(&slots.entries).filter(|(k, _)| k.load(Relaxed) != 0) {
                new.insert(k.load(Relaxed), e.load(Relaxed));
            }
            all.tables.push(larger);
            slots = new;
        }
        all.used += slots.insert(key(ty, method), entry) as usize;
        self.now.store(std::ptr::from_ref(slots).cast_mut(), Release);
    }

    /// Entry pc of a method of a type that is not 0.
    #[inline]
    pub(crate) fn find(&self, ty: u64, method: u64) -> Option<u32> {
        let key = key(ty, method);
        // SAFETY: tables live as long as `self`.
        let slots = unsafe { &*self.now.load(Acquire) };
        let mut at = slots.start(key);
        loop {
            match slots.keys[at].load(Acquire) {
                k if k == key => return Some(slots.entries[at].load(Relaxed)),
                0 => return None,
                _ => at = (at + 1) & (slots.keys.len() - 1),
            }
        }
    }
}

impl Drop for MethodTable {
    fn drop(&mut self) {
        let all = self.all.get_mut().unwrap_or_else(PoisonError::into_inner);
        for table in all.tables.drain(..) {
            // SAFETY: each came from `Box::into_raw`, and nobody looks any more.
            drop(unsafe { Box::from_raw(table) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_and_no_other() {
        let table = MethodTable::new();
        for t in 1..200 {
            table.insert(t, 0, t as u32 * 2);
            table.insert(t, 7, (t as u32 + 1000) * 2);
        }
        for t in 1..200 {
            assert_eq!(table.find(t, 0), Some(t as u32 * 2));
            assert_eq!(table.find(t, 7), Some((t as u32 + 1000) * 2));
            assert_eq!(table.find(t, 9), None);
        }
        assert_eq!(table.find(200, 0), None);
        table.insert(3, 7, 1);
        assert_eq!(table.find(3, 7), Some(1));
        assert_eq!(MethodTable::new().find(1, 0), None);
    }
}
