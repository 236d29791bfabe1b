//! A vector that grows without copying what it has.
//!
//! A `Vec` that doubles holds its elements twice for a moment, and leaves half of its memory empty. The tables of the
//! front end are most of what a small program needs at all, so they grow by a piece at a time.

use std::ops::{Index, IndexMut};

/// Elements by their number, in the order in which they were added. They lie in pieces of the same size.
pub struct Table<T> {
    /// All but the last are full.
    pieces: Vec<Vec<T>>,
}

/// A piece has `1 << BITS` elements.
const BITS: u32 = 7;
const SIZE: usize = 1 << BITS;

impl<T> Table<T> {
    /// An empty table.
    pub fn new() -> Table<T> {
        Table { pieces: Vec::new() }
    }

    /// How many elements there are; every number is below.
    pub fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| ((self.pieces.len() - 1) << BITS) + last.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds an element and gives its number.
    pub fn push(&mut self, value: T) -> u32 {
        let number = self.len() as u32;
        match self.pieces.last_mut().filter(|last| last.len() < SIZE) {
            Some(last) => last.push(value),
            None => {
                let mut piece = Vec::with_capacity(SIZE);
                piece.push(value);
                self.pieces.push(piece);
            }
        }
        number
    }

    /// The element with a number.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.pieces.get((number >> BITS) as usize)?.get(number as usize % SIZE)
    }

    /// The element with a number, to change it.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.pieces.get_mut((number >> BITS) as usize)?.get_mut(number as usize % SIZE)
    }
}

impl<T: Default> Table<T> {
    /// Sets the element with a number; the table grows by whole pieces of empty elements until it has it.
    #[inline]
    pub fn set(&mut self, number: u32, value: T) {
        match self.get_mut(number) {
            Some(place) => *place = value,
            None => self.set_far(number, value),
        }
    }

    #[cold]
    fn set_far(&mut self, number: u32, value: T) {
        if let Some(last) = self.pieces.last_mut() {
            last.resize_with(SIZE, T::default);
        }
        while self.pieces.len() <= (number >> BITS) as usize {
            self.pieces.push(std::iter::repeat_with(T::default).take(SIZE).collect());
        }
        self[number] = value;
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table::new()
    }
}

impl<T> Index<u32> for Table<T> {
    type Output = T;

    #[inline]
    fn index(&self, number: u32) -> &T {
        &self.pieces[(number >> BITS) as usize][number as usize % SIZE]
    }
}

impl<T> IndexMut<u32> for Table<T> {
    #[inline]
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.pieces[(number >> BITS) as usize][number as usize % SIZE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_from_piece_to_piece() {
        let mut table = Table::new();
        assert!(table.is_empty() && table.get(0).is_none());
        for i in 0..1000u32 {
            assert_eq!((table.len(), table.push(i * 3)), (i as usize, i));
        }
        table[999] += 1;
        assert!((0..999).all(|i| table[i] == i * 3));
        assert_eq!((table.get(999), table.get(1000), table.get(u32::MAX)), (Some(&2998), None, None));
    }

    #[test]
    fn growing_fills_with_empty_elements() {
        let mut table = Table::new();
        table.push(Some(0));
        table.set(700, Some(1));
        assert_eq!(
            (table.get(700), table.get(0), table.get(5), table.get(5000)),
            (Some(&Some(1)), Some(&Some(0)), Some(&None), None)
        );
    }
}
