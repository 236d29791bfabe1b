//! Weak references: pointers to objects that do not keep them alive.
//!
//! A weak reference is a small object of the script's, the cell; here stands which address each cell stands for. An address has one cell
//! at a time, so that references to the same thing are the same. When marking finds the object of an address unreached, or the cell,
//! the pair is dropped; what a finalizer revives stays dropped.

use gol_heap::MarkSession;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Pairs {
    cells: BTreeMap<u64, u64>,
    addresses: BTreeMap<u64, u64>,
}

/// The weak references to objects of a heap.
#[derive(Debug, Default)]
pub(crate) struct WeakRefs {
    pairs: Mutex<Pairs>,
}

impl WeakRefs {
    fn pairs(&self) -> MutexGuard<'_, Pairs> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cell of an address: `fresh` if it has none.
    pub(crate) fn cell(&self, address: u64, fresh: u64) -> u64 {
        let mut pairs = self.pairs();
        let cell = *pairs.cells.entry(address).or_insert(fresh);
        if cell == fresh {
            pairs.addresses.insert(fresh, address);
        }
        cell
    }

    /// The address of a cell, 0 if its object is gone.
    pub(crate) fn address(&self, cell: u64) -> u64 {
        self.pairs().addresses.get(&cell).copied().unwrap_or(0)
    }

    /// Marking is over: drops what was not reached.
    pub(crate) fn marked(&self, session: &MarkSession<'_>) {
        let Pairs { cells, addresses } = &mut *self.pairs();
        cells.retain(|&address, &mut cell| {
            let lives = session.is_marked(address as *const u8) && session.is_marked(cell as *const u8);
            if !lives {
                addresses.remove(&cell);
            }
            lives
        });
    }
}
