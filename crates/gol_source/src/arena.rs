//! A vector that grows while its elements are borrowed.

use std::cell::{Cell, OnceCell};
use std::ops::Index;

/// Elements in the order in which they were added. Adding takes a shared reference and moves nothing, so a reference to
/// an element is good as long as the arena: who holds a node may ask for more nodes to be made.
///
/// The elements lie in chunks, four of a length, then four of twice that length.
pub struct Arena<T> {
    chunks: [OnceCell<Box<[OnceCell<T>]>>; CHUNKS],
    len: Cell<u32>,
}

/// The first chunk has `1 << FIRST` elements.
const FIRST: u32 = 6;

/// There are `1 << SAME` chunks of each length: of a whole octave at a time half would stay empty.
const SAME: u32 = 2;

/// Enough for every index that fits in 32 bits.
const CHUNKS: usize = ((u32::BITS - FIRST - SAME) << SAME) as usize;

/// The chunk that an index lies in, and the place there.
#[inline]
fn place(index: u32) -> (usize, usize) {
    let at = index + (1 << (FIRST + SAME));
    let bits = at.ilog2() - SAME;
    let chunk = ((bits - FIRST) << SAME) + (at >> bits) - (1 << SAME);
    (chunk as usize, (at & ((1 << bits) - 1)) as usize)
}

/// How many elements a chunk has.
fn size(chunk: usize) -> usize {
    1 << (FIRST as usize + (chunk >> SAME))
}

impl<T> Arena<T> {
    /// An empty arena.
    pub fn new() -> Arena<T> {
        Arena { chunks: [const { OnceCell::new() }; CHUNKS], len: Cell::new(0) }
    }

    /// How many elements there are; every index is below.
    pub fn len(&self) -> u32 {
        self.len.get()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an element and gives its index.
    pub fn push(&self, value: T) -> u32 {
        let index = self.len.get();
        let (chunk, at) = place(index);
        let fresh = || (0..size(chunk)).map(|_| OnceCell::new()).collect();
        let filled = self.chunks[chunk].get_or_init(fresh)[at].set(value).is_ok();
        debug_assert!(filled, "the place behind the last element is empty");
        self.len.set(index + 1);
        index
    }

    /// The element at an index.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        let (chunk, at) = place(index);
        self.chunks.get(chunk)?.get()?.get(at)?.get()
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        self.get(index).expect("an index that the arena gave")
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Arena<T> {
        Arena::new()
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Arena<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|i| &self[i])).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_where_they_are() {
        let arena = Arena::new();
        assert!(arena.is_empty() && arena.get(0).is_none());
        arena.push(String::from("first"));
        let first = &arena[0];
        for i in 1..2000u32 {
            assert_eq!(arena.push(i.to_string()), i);
        }
        assert_eq!(first, "first");
        assert!((1..2000).all(|i| arena[i] == i.to_string()));
        assert_eq!((arena.len(), arena.get(2000), arena.get(u32::MAX - 256)), (2000, None, None));
    }
}
