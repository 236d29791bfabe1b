//! Iteration over a map. See the parent module for the rules.

use super::keys::{General, Half, Key, Plain, Text, Word};
use super::table::Table;
use super::{KeyKind, MapError, MapType, SEED, STATE, TABLE, WRITING};
use crate::equal;
use crate::types::Types;
use gol_heap::{LocalHeap, mem};

// The words of an iterator.
const MAP: usize = 0;
const SNAPSHOT: usize = 8;
/// The next place (low half), and the place to start from again, or to end at after that (high half).
const NEXT: usize = 16;
/// The number of places in use at the start (low half), and whether it has gone around (bit 32).
const END: usize = 24;
/// The map's count of clears at the start, in the high half as there.
const CLEARS: usize = 32;
const ITERATOR_SIZE: usize = 48;

const AROUND: u64 = 1 << 32;
const LOW: u64 = u32::MAX as u64;

/// Key and value of an entry, in memory form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The key.
    pub key: *const u8,
    /// The value.
    pub elem: *const u8,
}

impl MapType {
    /// A new iterator over `map`, which may be null. `random` is any random number.
    ///
    /// # Safety
    /// `map` is null or a live map of this type.
    pub unsafe fn iterate(&self, heap: &mut LocalHeap, map: *const u8, random: u64) -> Result<*mut u8, MapError> {
        let iterator = heap.alloc(ITERATOR_SIZE, self.first_two);
        if iterator.is_null() {
            return Err(MapError::OutOfMemory);
        }
        // SAFETY: H6: a live map's header and a new object of that size.
        unsafe {
            if map.is_null() {
                return Ok(iterator);
            }
            let state = mem::load_u64(map.add(STATE));
            if state & WRITING != 0 {
                return Err(MapError::ConcurrentIterWrite);
            }
            let snapshot = mem::load_u64(map.add(TABLE));
            mem::store_u64(iterator.add(MAP), map as u64);
            mem::store_u64(iterator.add(SNAPSHOT), snapshot);
            mem::store_u64(iterator.add(CLEARS), state);
            if let Some(table) = Table::at(snapshot) {
                let used = u64::from(table.used());
                let start = if used == 0 { 0 } else { random % used };
                mem::store_u64(iterator.add(NEXT), start | start << 32);
                mem::store_u64(iterator.add(END), used);
            }
        }
        Ok(iterator)
    }

    /// The next entry; None at the end. The addresses are good until the next safepoint.
    ///
    /// # Safety
    /// `iterator` comes from [`MapType::iterate`] of this type.
    pub unsafe fn next(&self, types: &Types, iterator: *mut u8) -> Result<Option<Entry>, MapError> {
        // SAFETY: H6: a live iterator, and the map and the table it keeps alive.
        unsafe {
            let map = mem::load_u64(iterator.add(MAP)) as *const u8;
            let snapshot = mem::load_u64(iterator.add(SNAPSHOT));
            let Some(table) = Table::at(snapshot) else { return Ok(None) };
            let state = mem::load_u64(map.add(STATE));
            if state & WRITING != 0 {
                return Err(MapError::ConcurrentIterWrite);
            }
            let current = mem::load_u64(map.add(TABLE));
            let next = mem::load_u64(iterator.add(NEXT));
            let end = mem::load_u64(iterator.add(END));
            let (mut place, start, used, mut around) = (next & LOW, next >> 32, end & LOW, end & AROUND);
            let found = loop {
                if place >= if around == 0 { used } else { start } {
                    if around != 0 {
                        break None;
                    }
                    (around, place) = (AROUND, 0);
                    continue;
                }
                let here = place as u32;
                place += 1;
                if here >= table.places() || !table.is_live(here) {
                    continue;
                }
                let key = table.entry(self, here);
                if current == snapshot {
                    break Some(self.entry_at(key));
                }
                let cleared = (state ^ mem::load_u64(iterator.add(CLEARS))) >> 32 != 0;
                if let Some(entry) = self.find_again(types, map, current, key, cleared) {
                    break Some(entry);
                }
            };
            mem::store_u64(iterator.add(NEXT), place | start << 32);
            mem::store_u64(iterator.add(END), used | around);
            Ok(found)
        }
    }

    /// Where an iterator is, for [`MapType::set_position`].
    ///
    /// # Safety
    /// H6: a live iterator.
    pub unsafe fn position(iterator: *const u8) -> (u64, u64) {
        // SAFETY: H6.
        unsafe { (mem::load_u64(iterator.add(NEXT)), mem::load_u64(iterator.add(END))) }
    }

    /// Puts an iterator back to where it was.
    ///
    /// # Safety
    /// H6: a live iterator, and a position of it.
    pub unsafe fn set_position(iterator: *mut u8, position: (u64, u64)) {
        // SAFETY: H6.
        unsafe {
            mem::store_u64(iterator.add(NEXT), position.0);
            mem::store_u64(iterator.add(END), position.1);
        }
    }

    fn entry_at(&self, entry: *const u8) -> Entry {
        Entry { key: entry, elem: entry.wrapping_add(self.elem_offset) }
    }

    /// The entry of the current table that has the key of an entry of the snapshot.
    #[inline(never)]
    unsafe fn find_again(
        &self,
        types: &Types,
        map: *const u8,
        current: u64,
        old: *const u8,
        cleared: bool,
    ) -> Option<Entry> {
        // SAFETY: H6: a live map of this type, its table, and an entry of an earlier one.
        unsafe {
            let table = Table::at(current)?;
            let seed = mem::load_u64(map.add(SEED));
            let place = match self.key_kind {
                KeyKind::Word => self.lookup(table, &Word(mem::load_u64(old)), seed),
                KeyKind::Half => self.lookup(table, &Half(mem::load_u32(old)), seed),
                KeyKind::Text => {
                    let (address, len) = mem::load16(old);
                    self.lookup(table, &Text(address, len), seed)
                }
                KeyKind::Plain => self.lookup(table, &Plain { at: old, map: self }, seed),
                KeyKind::General => {
                    if equal::equal(types, self.key, old, old) == Ok(false) {
                        // A NaN: still there unless all was cleared.
                        return (!cleared).then(|| self.entry_at(old));
                    }
                    self.lookup(table, &General { at: old, map: self, types }, seed)
                }
            };
            place.map(|place| self.entry_at(table.entry(self, place)))
        }
    }

    fn lookup<K: Key>(&self, table: Table, key: &K, seed: u64) -> Option<u32> {
        // The key is in a table, so it can be hashed.
        self.find(table, key, seed).unwrap_or(None)
    }
}
