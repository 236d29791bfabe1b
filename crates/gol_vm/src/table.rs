//! Tables that grow at the end while others read them, and whose elements never move.
//!
//! A table's room is taken when it is made: for a program that is whole, exactly what it needs; for a session, addresses
//! for as much as a long session comes to, of which the system backs only what is used. One thread at a time adds (the
//! VM's lock of additions); readers need no lock, since what they are told of was complete before. What is in a table is
//! changed only while the world is stopped, so no reader may keep a reference into one from one safepoint to the next.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering::*};

/// An append-only table.
pub(crate) struct Table<T> {
    items: *mut T,
    len: AtomicUsize,
    room: usize,
}

// SAFETY: a table owns its items as a `Vec` does; adding is synchronised by `len`, changes by the stopped world.
unsafe impl<T: Send> Send for Table<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Table<T> {}

impl<T> Table<T> {
    /// An empty table with room for so many.
    pub(crate) fn with_room(room: usize) -> Table<T> {
        let mut v = std::mem::ManuallyDrop::new(Vec::<T>::with_capacity(room));
        Table { items: v.as_mut_ptr(), len: AtomicUsize::new(0), room: v.capacity() }
    }

    /// How many more there is room for.
    pub(crate) fn room_left(&self) -> usize {
        self.room - self.len()
    }

    /// Adds items at the end. The caller has made sure of the room, and is the only one to add.
    pub(crate) fn extend(&self, items: impl IntoIterator<Item = T>) {
        for item in items {
            let at = self.len.load(Relaxed);
            assert!(at < self.room, "the room of a table is looked at before something is added");
            // SAFETY: within the room, beyond what readers may touch.
            unsafe { self.items.add(at).write(item) };
            self.len.store(at + 1, Release);
        }
    }

    /// The item with this number, without a check.
    ///
    /// # Safety
    /// There is one (V1: numbers in verified code name what exists).
    #[inline(always)]
    pub(crate) unsafe fn get_unchecked(&self, at: usize) -> &T {
        // SAFETY: the caller's promise.
        unsafe { &*self.items.add(at) }
    }

    /// An item, to be changed.
    ///
    /// # Safety
    /// The world is stopped, so nobody has a reference to it.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn slot(&self, at: usize) -> &mut T {
        assert!(at < self.len(), "there is such an item");
        // SAFETY: the caller's promise.
        unsafe { &mut *self.items.add(at) }
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: that many are written, and stay where they are.
        unsafe { std::slice::from_raw_parts(self.items, self.len.load(Acquire)) }
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        // SAFETY: the parts are those of the `Vec` that the table was made of.
        drop(unsafe { Vec::from_raw_parts(self.items, *self.len.get_mut(), self.room) });
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn items_stay_where_they_are() {
        let table = Table::with_room(100);
        table.extend(["a".to_string()]);
        let first = &raw const table[0];
        table.extend((0..99).map(|i| i.to_string()));
        assert_eq!((table.len(), table.room_left()), (100, 0));
        assert_eq!(first, &raw const table[0]);
        assert_eq!(table[99], "98");
    }
}
