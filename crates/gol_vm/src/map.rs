//! Go maps.
//!
//! # Objects
//!
//! * The **header** is what a map value points to: the table, the number of entries, the writing flag and the count of clears, and the seed of the hash.
//! * A **table** (`table.rs`) has a fixed number of places for entries, one bit for each place (live or not), and an index from hashes to
//!   places: open addressing with linear probing over 64-bit slots, each half hash and half place. Tables for at most 8 entries have no index
//!   and are searched in order. Deleting clears the bit and zeroes the entry; the index slot stays as a tombstone. New entries go to the next unused
//!   place (small tables also reuse freed ones). A table that is full is **replaced** by a new one.
//! * The **entries** are one array in memory form, keys and values side by side, scanned by their layout.
//! * An **iterator** remembers the map, the table as it was (the snapshot), and its place in it.
//!
//! # What holds even when goroutines race
//!
//! The fields that give a table its shape (entries, number of places, size of the index) are written before the table is published and never
//! change. Whoever works on a map reads the table's address once and checks every place against that table's own shape. So a racing
//! reader sees an old table or the new one, a stale or half-written entry at worst, and nothing outside of an object. Counts may go
//! wrong under a race; nothing relies on them. Loops over the index are bounded by its size.
//!
//! As in Go, a flag in the header finds such races, at best effort: [`MapError::ConcurrentWrites`] and its like are for the VM to throw.
//!
//! # Iteration
//!
//! Starts at a random place and visits each place of the snapshot once. As long as the map still has that table, live places are
//! what is visited: deleted entries are skipped, changed values seen. When the map has got another table since, each key of the snapshot is looked
//! up in the new one, and skipped if it is gone. A NaN key cannot be looked up; it cannot have been deleted either, except by `clear`,
//! which is counted.
//!
//! # Use
//!
//! A [`MapType`] is made once for each map type. Keys are given in register form. Results are addresses of keys and
//! values in memory form, good until the next safepoint. `unsafe` functions take addresses of live maps of this type (gol_heap's H6); null is the nil map.

mod iter;
mod keys;
mod table;
#[cfg(test)]
mod tests;

use crate::equal::{self, Hasher, Uncomparable};
use crate::types::Types;
use gol_bytecode::{Kind, TypeDesc, TypeRef};
use gol_heap::{LayoutId, LayoutTable, LocalHeap, mem};
use keys::{General, Half, Key, Plain, Scratch, Text, Word};
use std::fmt;
use table::{SMALL, Table};

/// Why a map operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// Assignment to an entry of a nil map: a panic.
    NilMap,
    /// The key is an interface (or has one in it) whose dynamic type has no equality: a panic.
    Unhashable(TypeRef),
    /// Fatal: two goroutines write.
    ConcurrentWrites,
    /// Fatal: one reads while another writes.
    ConcurrentReadWrite,
    /// Fatal: one iterates while another writes.
    ConcurrentIterWrite,
    /// No memory: nothing was changed; to be tried again after a collection.
    OutOfMemory,
}

impl MapError {
    /// The text of the panic or fatal error, without `panic: ` and the like.
    pub fn text(self, types: &Types) -> String {
        match self {
            MapError::NilMap => "assignment to entry in nil map".into(),
            MapError::Unhashable(ty) => format!("hash of unhashable type {}", types[ty].name),
            MapError::ConcurrentWrites => "concurrent map writes".into(),
            MapError::ConcurrentReadWrite => "concurrent map read and map write".into(),
            MapError::ConcurrentIterWrite => "concurrent map iteration and map write".into(),
            MapError::OutOfMemory => "out of memory".into(),
        }
    }
}

impl From<Uncomparable> for MapError {
    fn from(error: Uncomparable) -> MapError {
        MapError::Unhashable(error.0)
    }
}

/// How keys are hashed and compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// 8-byte integers and pointers, as one word.
    Word,
    /// 4-byte integers.
    Half,
    /// Strings.
    Text,
    /// Other types that are equal if their bytes are.
    Plain,
    /// By the type's description.
    General,
}

/// A map type, prepared.
pub struct MapType {
    /// The type of the keys.
    pub key: TypeRef,
    /// The type of the values.
    pub elem: TypeRef,
    /// How keys are hashed and compared.
    pub key_kind: KeyKind,
    key_size: usize,
    key_align: usize,
    key_is_mem: bool,
    /// From an entry's start to its value; an entry starts with its key.
    elem_offset: usize,
    /// Bytes from one entry to the next, and the alignment of entries.
    stride: usize,
    align: usize,
    entry_layout: LayoutId,
    /// Only the first word is a pointer: headers, tables.
    first_word: LayoutId,
    /// The first two are: iterators.
    first_two: LayoutId,
}

impl fmt::Debug for MapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapType({:?} to {:?}, {:?}, stride {})", self.key, self.elem, self.key_kind, self.stride)
    }
}

// The words of a header.
const TABLE: usize = 0;
const COUNT: usize = 8;
/// Bit 0: somebody writes. Bits 32 to 63: number of clears.
const STATE: usize = 16;
const SEED: usize = 24;
const HEADER_SIZE: usize = 32;

const WRITING: u64 = 1;

/// Runs an expression with the key in `$regs`, in the form that suits its kind, as `$k`.
macro_rules! with_key {
    ($self:expr, $types:expr, $regs:expr, |$k:ident| $body:expr) => {{
        let mut scratch = Scratch::new();
        match $self.key_kind {
            KeyKind::Word => {
                let $k = Word(*$regs);
                $body
            }
            KeyKind::Half => {
                let $k = Half(*$regs as u32);
                $body
            }
            KeyKind::Text => {
                let $k = Text(*$regs, *$regs.add(1));
                $body
            }
            KeyKind::Plain => {
                let $k = Plain { at: scratch.key($self, $types, $regs), map: $self };
                $body
            }
            KeyKind::General => {
                let $k = General { at: scratch.key($self, $types, $regs), map: $self, types: $types };
                $body
            }
        }
    }};
}

impl MapType {
    /// Prepares map type `map`.
    pub fn new(types: &Types, map: TypeRef, layouts: &LayoutTable) -> MapType {
        MapType::of(types, &types[map], layouts)
    }

    /// As [`MapType::new`], by the type's description.
    pub(crate) fn of(types: &Types, desc: &TypeDesc, layouts: &LayoutTable) -> MapType {
        debug_assert_eq!(desc.kind, Kind::Map);
        let (key, elem) = (&types[desc.key], &types[desc.elem]);
        let (key_size, elem_size) = (key.size as usize, elem.size as usize);
        let (key_align, elem_align) = (usize::from(key.align.max(1)), usize::from(elem.align.max(1)));
        let align = key_align.max(elem_align);
        let elem_offset = key_size.next_multiple_of(elem_align);
        let mut stride = (elem_offset + elem_size).next_multiple_of(align).max(1);
        let key_words = PointerWords { types, ty: desc.key };
        let elem_words = PointerWords { types, ty: desc.elem };
        let entry_layout = if !key_words.any() && !elem_words.any() {
            LayoutId::NOSCAN
        } else {
            stride = stride.next_multiple_of(8);
            if stride > MAX_PRECISE {
                LayoutId::CONSERVATIVE
            } else {
                let mut words = Vec::new();
                key_words.collect(0, &mut words);
                elem_words.collect(elem_offset, &mut words);
                layouts.add_offsets(stride, words.into())
            }
        };
        // One element larger than any object: what follows its pointers has none.
        const HUGE: usize = 1 << 47;
        MapType {
            key: desc.key,
            elem: desc.elem,
            key_kind: key_kind(types, desc.key),
            key_size,
            key_align,
            key_is_mem: key.is_mem,
            elem_offset,
            stride,
            align,
            entry_layout,
            first_word: layouts.add_offsets(HUGE, Box::new([0])),
            first_two: layouts.add_offsets(HUGE, Box::new([0, 1])),
        }
    }

    /// A new map with room for `hint` entries (fewer than 0 is 0). `seed` is any random number.
    pub fn make(&self, heap: &mut LocalHeap, hint: i64, seed: u64) -> Result<*mut u8, MapError> {
        let table = match usize::try_from(hint) {
            Ok(hint) if hint > SMALL => Some(Table::new(self, heap, hint)?),
            _ => None,
        };
        let header = heap.alloc(HEADER_SIZE, self.first_word);
        if header.is_null() {
            return Err(MapError::OutOfMemory);
        }
        // SAFETY: H6: a new object of that size.
        unsafe {
            if let Some(table) = table {
                mem::store_u64(header.add(TABLE), table.address());
            }
            mem::store_u64(header.add(SEED), seed);
        }
        Ok(header)
    }

    /// The number of entries.
    ///
    /// # Safety
    /// `map` is null or a live map.
    #[inline(always)]
    pub unsafe fn len(map: *const u8) -> u64 {
        // SAFETY: H6.
        if map.is_null() { 0 } else { unsafe { mem::load_u64(map.add(COUNT)) } }
    }

    /// The address of the value for `key`; null if there is none.
    ///
    /// # Safety
    /// `map` is null or a live map of this type, `key` points to a key's registers.
    pub unsafe fn get(&self, types: &Types, map: *const u8, key: *const u64) -> Result<*const u8, MapError> {
        // SAFETY: H6, the caller's promise.
        unsafe { with_key!(self, types, key, |k| self.get_with(map, &k)) }
    }

    #[inline(always)]
    unsafe fn get_with<K: Key>(&self, map: *const u8, key: &K) -> Result<*const u8, MapError> {
        // SAFETY: H6: a live map's header.
        let (table, seed) = unsafe {
            if map.is_null() || mem::load_u64(map.add(COUNT)) == 0 {
                key.check()?;
                return Ok(std::ptr::null());
            }
            if mem::load_u64(map.add(STATE)) & WRITING != 0 {
                return Err(MapError::ConcurrentReadWrite);
            }
            (Table::at(mem::load_u64(map.add(TABLE))), mem::load_u64(map.add(SEED)))
        };
        let Some(table) = table else { return Ok(std::ptr::null()) };
        Ok(match self.find(table, key, seed)? {
            Some(place) => table.entry(self, place).wrapping_add(self.elem_offset),
            None => std::ptr::null(),
        })
    }

    /// Looks a key up in a table.
    #[inline(always)]
    fn find<K: Key>(&self, table: Table, key: &K, seed: u64) -> Result<Option<u32>, MapError> {
        if table.is_small() {
            key.check()?;
            return Ok(table.find_small(self, key));
        }
        Ok(table.find(self, key, short_hash(key.hash(seed, 0)?)))
    }

    /// The address where the value for `key` is to be stored; the entry is made if there is none.
    ///
    /// # Safety
    /// As `get`. The value must be stored before the next safepoint.
    pub unsafe fn set(
        &self,
        types: &Types,
        heap: &mut LocalHeap,
        map: *mut u8,
        key: *const u64,
    ) -> Result<*mut u8, MapError> {
        // SAFETY: H6, the caller's promise.
        unsafe { with_key!(self, types, key, |k| self.set_with(types, heap, map, &k)) }
    }

    #[inline(always)]
    unsafe fn set_with<K: Key>(
        &self,
        types: &Types,
        heap: &mut LocalHeap,
        map: *mut u8,
        key: &K,
    ) -> Result<*mut u8, MapError> {
        if map.is_null() {
            return Err(MapError::NilMap);
        }
        // SAFETY: H6: a live map's header.
        unsafe {
            let state = Self::start_write(map)?;
            let result = self.insert(types, heap, map, key);
            Self::end_write(map, state)?;
            result
        }
    }

    #[inline(always)]
    unsafe fn insert<K: Key>(
        &self,
        types: &Types,
        heap: &mut LocalHeap,
        map: *mut u8,
        key: &K,
    ) -> Result<*mut u8, MapError> {
        // SAFETY: H6: a live map's header; entries come from a table of this type.
        unsafe {
            let count = mem::load_u64(map.add(COUNT));
            let seed = mem::load_u64(map.add(SEED));
            // What NaNs hash to need only differ from one to the next.
            let hash = || key.hash(seed, count).map(short_hash);
            let mut table = Table::at(mem::load_u64(map.add(TABLE)));
            let mut known = None;
            let found = match table {
                Some(table) if !table.is_small() => {
                    let hash = hash()?;
                    known = Some(hash);
                    table.find(self, key, hash)
                }
                table => {
                    key.check()?;
                    table.and_then(|table| table.find_small(self, key))
                }
            };
            if let (Some(place), Some(table)) = (found, table) {
                let entry = table.entry(self, place);
                if K::UPDATE {
                    key.store(entry);
                }
                return Ok(entry.wrapping_add(self.elem_offset));
            }
            loop {
                if let Some(table) = table
                    && let Some(place) = table.new_place()
                {
                    let hash = match known {
                        Some(hash) => hash,
                        None if table.is_small() => 0,
                        None => hash()?,
                    };
                    let entry = table.entry(self, place);
                    key.store(entry);
                    table.publish(place, hash);
                    mem::store_u64(map.add(COUNT), count.wrapping_add(1));
                    return Ok(entry.wrapping_add(self.elem_offset));
                }
                let new = self.grow(types, heap, table, seed)?;
                mem::store_u64(map.add(TABLE), new.address());
                table = Some(new);
            }
        }
    }

    /// A table with the live entries of a full one (or of none) and room for more.
    #[cold]
    #[inline(never)]
    fn grow(&self, types: &Types, heap: &mut LocalHeap, old: Option<Table>, seed: u64) -> Result<Table, MapError> {
        let Some(old) = old else { return Table::new(self, heap, 1) };
        let live = old.live_count();
        // Half of it dead: the same size will do.
        let room = if live * 2 <= old.places() as usize { old.places() as usize } else { old.places() as usize * 2 };
        let new = Table::new(self, heap, room)?;
        if old.is_small() {
            for place in old.live_places() {
                let entry = old.entry(self, place);
                let mut hasher = Hasher::new(seed, place.into());
                let hash = keys::hash_entry(self, types, entry, seed, &mut hasher);
                let Some(to) = new.new_place() else { break };
                self.copy_entry(entry, new.entry(self, to));
                new.publish(to, short_hash(hash));
            }
        } else {
            old.copy_to(self, new);
        }
        Ok(new)
    }

    fn copy_entry(&self, from: *const u8, to: *mut u8) {
        // SAFETY: H6: both are entries of tables of this type.
        unsafe { mem::copy_units(to, from, self.stride, self.align) }
    }

    /// Deletes the entry for `key`, if there is one.
    ///
    /// # Safety
    /// As `get`.
    pub unsafe fn delete(&self, types: &Types, map: *mut u8, key: *const u64) -> Result<(), MapError> {
        // SAFETY: H6, the caller's promise.
        unsafe { with_key!(self, types, key, |k| self.delete_with(map, &k)) }
    }

    unsafe fn delete_with<K: Key>(&self, map: *mut u8, key: &K) -> Result<(), MapError> {
        // SAFETY: H6: a live map's header.
        unsafe {
            if map.is_null() || mem::load_u64(map.add(COUNT)) == 0 {
                return key.check();
            }
            let state = Self::start_write(map)?;
            let result = self.remove(map, key);
            Self::end_write(map, state)?;
            result
        }
    }

    unsafe fn remove<K: Key>(&self, map: *mut u8, key: &K) -> Result<(), MapError> {
        // SAFETY: H6: a live map's header.
        unsafe {
            let Some(table) = Table::at(mem::load_u64(map.add(TABLE))) else { return key.check() };
            let seed = mem::load_u64(map.add(SEED));
            if let Some(place) = self.find(table, key, seed)? {
                if !table.is_small() {
                    table.unlink(place, short_hash(key.hash(seed, 0)?));
                }
                table.erase(self, place);
                let count = mem::load_u64(map.add(COUNT)).saturating_sub(1);
                mem::store_u64(map.add(COUNT), count);
                if count == 0 {
                    // An emptied table starts anew when that costs little.
                    table.reset_if_cheap();
                }
            }
            Ok(())
        }
    }

    /// Deletes all entries.
    ///
    /// # Safety
    /// As `get`.
    pub unsafe fn clear(&self, map: *mut u8) -> Result<(), MapError> {
        // SAFETY: H6: a live map's header.
        unsafe {
            if map.is_null() {
                return Ok(());
            }
            let state = Self::start_write(map)?;
            if let Some(table) = Table::at(mem::load_u64(map.add(TABLE))) {
                table.clear(self);
            }
            mem::store_u64(map.add(COUNT), 0);
            Self::end_write(map, state.wrapping_add(1 << 32))
        }
    }

    /// Raises the writing flag; the state to give to [`MapType::end_write`].
    #[inline(always)]
    unsafe fn start_write(map: *mut u8) -> Result<u64, MapError> {
        // SAFETY: H6: a live map's header.
        unsafe {
            let state = mem::load_u64(map.add(STATE));
            if state & WRITING != 0 {
                return Err(MapError::ConcurrentWrites);
            }
            mem::store_u64(map.add(STATE), state | WRITING);
            Ok(state)
        }
    }

    #[inline(always)]
    unsafe fn end_write(map: *mut u8, state: u64) -> Result<(), MapError> {
        // SAFETY: H6: a live map's header.
        unsafe {
            if mem::load_u64(map.add(STATE)) & WRITING == 0 {
                return Err(MapError::ConcurrentWrites);
            }
            mem::store_u64(map.add(STATE), state);
            Ok(())
        }
    }
}

/// The half of a hash that tables use.
#[inline(always)]
fn short_hash(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Entries larger than this are scanned conservatively.
const MAX_PRECISE: usize = 1 << 16;

/// The pointer words of a type, arrays spread out.
struct PointerWords<'t> {
    types: &'t Types,
    ty: TypeRef,
}

impl PointerWords<'_> {
    fn desc(&self) -> &TypeDesc {
        &self.types[self.ty]
    }

    fn any(&self) -> bool {
        let desc = self.desc();
        match desc.kind {
            Kind::Array => desc.len != 0 && PointerWords { ty: desc.elem, ..*self }.any(),
            _ => desc.ptr_words.iter().any(|&w| w != 0),
        }
    }

    /// Adds the words' numbers, the value being at byte `offset`.
    fn collect(&self, offset: usize, words: &mut Vec<u32>) {
        if !self.any() {
            return;
        }
        let desc = self.desc();
        if desc.kind == Kind::Array {
            let size = self.types[desc.elem].size as usize;
            for i in 0..desc.len as usize {
                PointerWords { ty: desc.elem, ..*self }.collect(offset + i * size, words);
            }
            return;
        }
        for word in 0..(desc.size as usize / 8).min(desc.ptr_words.len() * 64) {
            if desc.ptr_words[word / 64] >> (word % 64) & 1 != 0 {
                words.push((offset / 8 + word) as u32);
            }
        }
    }
}

fn key_kind(types: &Types, key: TypeRef) -> KeyKind {
    let desc = &types[key];
    if desc.kind == Kind::String {
        return KeyKind::Text;
    }
    if !equal::is_plain(types, key) {
        return KeyKind::General;
    }
    match (desc.regs, desc.is_mem, desc.size) {
        (1, false, 8) => KeyKind::Word,
        (1, false, 4) => KeyKind::Half,
        _ => KeyKind::Plain,
    }
}
