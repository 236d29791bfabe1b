//! A table: places for entries, their live bits, and the index of hashes.
//!
//! The object: word 0 the entries' address; word 1 the number of places (low half) and the index mask (high half; 0: no index); word 2 the number of places used so
//! far; word 3 the live bits of a table without index. One with an index goes on with its slots and then its live bits. A slot is 0
//! (never used) or the hash in its high half and the place plus 1 in its low half; the place of a tombstone is out of range.

use super::keys::Key;
use super::{MapError, MapType};
use gol_heap::{LayoutId, LocalHeap, mem};

/// Places of the largest table without an index.
pub(super) const SMALL: usize = 8;
/// The first table of a map is for at most so many bytes of entries (but at least one).
const FIRST_BYTES: usize = 1024;
const MAX_PLACES: usize = 1 << 31;

const ENTRIES: usize = 0;
const SHAPE: usize = 8;
const USED: usize = 16;
const SMALL_BITS: usize = 24;
const SLOTS: usize = 32;

const TOMBSTONE: u64 = u32::MAX as u64;
/// Emptied tables with at most so many slots are reset in place.
const CHEAP_SLOTS: usize = 64;

/// A table's address and shape, read once.
#[derive(Clone, Copy)]
pub(super) struct Table {
    at: *mut u8,
    entries: *mut u8,
    places: u32,
    mask: u32,
}

impl Table {
    /// The table at an address out of a header or an iterator; None for 0.
    ///
    /// # Safety
    /// H6: the address is 0 or that of a live table.
    #[inline(always)]
    pub(super) unsafe fn at(address: u64) -> Option<Table> {
        if address == 0 {
            return None;
        }
        let at = address as *mut u8;
        // SAFETY: H6.
        let (entries, shape) = unsafe { (mem::load_u64(at.add(ENTRIES)) as *mut u8, mem::load_u64(at.add(SHAPE))) };
        Some(Table { at, entries, places: shape as u32, mask: (shape >> 32) as u32 })
    }

    /// A new table with at least `room` places.
    pub(super) fn new(map: &MapType, heap: &mut LocalHeap, room: usize) -> Result<Table, MapError> {
        let (places, slots) = if room <= SMALL {
            let first = (FIRST_BYTES / map.stride).clamp(1, SMALL);
            (room.max(1 << first.ilog2()), 0)
        } else {
            let slots = room.min(MAX_PLACES).saturating_mul(4).div_ceil(3).next_power_of_two().max(16);
            (slots / 4 * 3, slots)
        };
        if room > MAX_PLACES || places > MAX_PLACES {
            return Err(MapError::OutOfMemory);
        }
        let bits = if slots == 0 { 0 } else { places.div_ceil(64) };
        let bytes = places.checked_mul(map.stride).ok_or(MapError::OutOfMemory)?;
        let entries = heap.alloc(bytes, map.entry_layout);
        if entries.is_null() {
            return Err(MapError::OutOfMemory);
        }
        let at = heap.alloc(SLOTS + (slots + bits) * 8, map.first_word);
        if at.is_null() {
            return Err(MapError::OutOfMemory);
        }
        let mask = slots.saturating_sub(1) as u32;
        debug_assert!(map.first_word != LayoutId::NOSCAN);
        // SAFETY: H6: a new object of that size.
        unsafe {
            mem::store_u64(at.add(ENTRIES), entries as u64);
            mem::store_u64(at.add(SHAPE), places as u64 | (mask as u64) << 32);
        }
        Ok(Table { at, entries, places: places as u32, mask })
    }

    pub(super) fn address(self) -> u64 {
        self.at as u64
    }

    pub(super) fn places(self) -> u32 {
        self.places
    }

    #[inline(always)]
    pub(super) fn is_small(self) -> bool {
        self.mask == 0
    }

    /// The address of a place's entry.
    #[inline(always)]
    pub(super) fn entry(self, map: &MapType, place: u32) -> *mut u8 {
        debug_assert!(place < self.places);
        self.entries.wrapping_add(place as usize * map.stride)
    }

    /// A word of the table, the header's words included.
    #[inline(always)]
    fn load(self, offset: usize) -> u64 {
        // SAFETY: H6: all callers' offsets lie in the object: header, slots by mask, bits by place.
        unsafe { mem::load_u64(self.at.add(offset)) }
    }

    #[inline(always)]
    fn store(self, offset: usize, value: u64) {
        // SAFETY: H6, as for `load`.
        unsafe { mem::store_u64(self.at.add(offset), value) }
    }

    #[inline(always)]
    fn slot(self, position: u32) -> usize {
        SLOTS + (position & self.mask) as usize * 8
    }

    /// The offset of the word with the live bits of `place` and its 63 neighbours.
    #[inline(always)]
    fn bits(self, place: u32) -> usize {
        debug_assert!(place < self.places);
        if self.is_small() { SMALL_BITS } else { SLOTS + (self.mask as usize + 1 + place as usize / 64) * 8 }
    }

    pub(super) fn is_live(self, place: u32) -> bool {
        self.load(self.bits(place)) >> (place % 64) & 1 != 0
    }

    /// The number of places used so far, live or not.
    pub(super) fn used(self) -> u32 {
        // A race must not make it more than there are.
        self.load(USED).min(self.places.into()) as u32
    }

    /// Finds a key in a table without an index.
    #[inline(always)]
    pub(super) fn find_small<K: Key>(self, map: &MapType, key: &K) -> Option<u32> {
        let mut bits = self.load(SMALL_BITS);
        while bits != 0 {
            let place = bits.trailing_zeros();
            if place >= self.places {
                return None;
            }
            if key.matches(self.entry(map, place)) {
                return Some(place);
            }
            bits &= bits - 1;
        }
        None
    }

    /// Finds a key by its hash.
    #[inline(always)]
    pub(super) fn find<K: Key>(self, map: &MapType, key: &K, hash: u32) -> Option<u32> {
        let mut position = hash;
        for _ in 0..=self.mask {
            let slot = self.load(self.slot(position));
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == hash {
                let place = (slot as u32).wrapping_sub(1);
                if place < self.places && key.matches(self.entry(map, place)) {
                    return Some(place);
                }
            }
            position = position.wrapping_add(1);
        }
        None
    }

    /// A place for a new entry; None if the table is full.
    #[inline(always)]
    pub(super) fn new_place(self) -> Option<u32> {
        if self.is_small() {
            let place = self.load(SMALL_BITS).trailing_ones();
            return (place < self.places).then_some(place);
        }
        let used = self.used();
        (used < self.places).then_some(used)
    }

    /// Makes the entry at a place, whose key is stored, visible.
    #[inline(always)]
    pub(super) fn publish(self, place: u32, hash: u32) {
        let bits = self.bits(place);
        self.store(bits, self.load(bits) | 1 << (place % 64));
        if self.load(USED) <= place.into() {
            self.store(USED, u64::from(place) + 1);
        }
        if !self.is_small() {
            self.link(place, hash);
        }
    }

    /// Enters a place in the index. A tombstone serves as well as an unused slot; there is always one of either unless goroutines race.
    #[inline(always)]
    fn link(self, place: u32, hash: u32) {
        let mut position = hash;
        for _ in 0..=self.mask {
            let slot = self.slot(position);
            let old = self.load(slot);
            if old == 0 || old as u32 == TOMBSTONE as u32 {
                self.store(slot, u64::from(hash) << 32 | (u64::from(place) + 1));
                return;
            }
            position = position.wrapping_add(1);
        }
    }

    /// Takes a place out of the index.
    pub(super) fn unlink(self, place: u32, hash: u32) {
        let mut position = hash;
        for _ in 0..=self.mask {
            let slot = self.slot(position);
            let old = self.load(slot);
            if old == 0 {
                return;
            }
            if old as u32 == place + 1 {
                // At the end of a chain nothing needs to be skipped.
                let next = self.load(self.slot(position.wrapping_add(1)));
                self.store(slot, if next == 0 { 0 } else { TOMBSTONE });
                return;
            }
            position = position.wrapping_add(1);
        }
    }

    /// Zeroes an entry and makes its place dead.
    pub(super) fn erase(self, map: &MapType, place: u32) {
        let bits = self.bits(place);
        self.store(bits, self.load(bits) & !(1 << (place % 64)));
        // SAFETY: H6: an entry of this table.
        unsafe { mem::zero_units(self.entry(map, place), map.stride, map.align) };
    }

    /// Starts using a table without live entries from its first place again, if it is small.
    pub(super) fn reset_if_cheap(self) {
        if (self.mask as usize) < CHEAP_SLOTS && self.live_count() == 0 {
            self.forget();
        }
    }

    /// Erases all entries and the index.
    pub(super) fn clear(self, map: &MapType) {
        let used = self.used() as usize;
        // SAFETY: H6: the entries of this table.
        unsafe { mem::zero_units(self.entries, used * map.stride, map.align) };
        self.forget();
    }

    /// Clears index, live bits and use.
    fn forget(self) {
        if self.is_small() {
            self.store(SMALL_BITS, 0);
        } else {
            let words = self.mask as usize + 1 + self.places.div_ceil(64) as usize;
            // SAFETY: H6: slots and bits of this table.
            unsafe { mem::zero_units(self.at.add(SLOTS), words * 8, 8) };
        }
        self.store(USED, 0);
    }

    /// The words of live bits up to the last used place.
    fn bit_words(self) -> impl Iterator<Item = u64> {
        (0..self.used().div_ceil(64)).map(move |w| self.load(self.bits(w * 64)))
    }

    pub(super) fn live_count(self) -> usize {
        self.bit_words().map(|w| w.count_ones() as usize).sum()
    }

    pub(super) fn live_places(self) -> impl Iterator<Item = u32> {
        (0..self.used()).filter(move |&place| self.is_live(place))
    }

    /// Copies the live entries to a new table with room for them. Hashes come from the index, so no key is looked at.
    pub(super) fn copy_to(self, map: &MapType, new: Table) {
        // For each word of bits: the bits as they were seen, and how many entries go before.
        let mut ranks = Vec::with_capacity(self.used().div_ceil(64) as usize);
        let mut before = 0u32;
        for (word, bits) in self.bit_words().enumerate() {
            ranks.push((bits, before));
            let first = word as u32 * 64;
            if bits == u64::MAX && first + 64 <= self.places && before + 64 <= new.places {
                // SAFETY: H6: 64 entries of each table.
                unsafe { mem::copy_units(new.entry(map, before), self.entry(map, first), 64 * map.stride, map.align) };
                before += 64;
                continue;
            }
            let mut rest = bits;
            while rest != 0 {
                let place = first + rest.trailing_zeros();
                rest &= rest - 1;
                if place >= self.places || before >= new.places {
                    break;
                }
                map.copy_entry(self.entry(map, place), new.entry(map, before));
                before += 1;
            }
        }
        new.store(USED, before.into());
        for word in 0..before.div_ceil(64) {
            let left = before - word * 64;
            new.store(new.bits(word * 64), if left >= 64 { u64::MAX } else { (1 << left) - 1 });
        }
        for position in 0..=self.mask {
            let slot = self.load(self.slot(position));
            let place = (slot as u32).wrapping_sub(1);
            let Some(&(bits, rank)) = ranks.get(place as usize / 64) else { continue };
            let below = bits & ((1 << (place % 64)) - 1);
            let to = rank + below.count_ones();
            if bits >> (place % 64) & 1 != 0 && to < before {
                new.link(to, (slot >> 32) as u32);
            }
        }
    }
}
