//! Layouts: which 8-byte words of an object may hold pointers.
//!
//! A layout is an element size and one bit for each of its words, and repeats over the object up to the end of the place the
//! allocator rounded it up to; so the layout of `T` serves `[n]T` for every n. What lies past the used part of an object must be zero, as
//! allocation leaves it.
//!
//! The table only grows, and can grow while others read it: entries live in chunks of doubling size that never move.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

/// The name of a layout in its heap's [`LayoutTable`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct LayoutId(pub u32);

impl LayoutId {
    /// No word holds a pointer. Such objects live in blocks of their own and are never scanned.
    pub const NOSCAN: LayoutId = LayoutId(0);
    /// Every word may hold a pointer.
    pub const CONSERVATIVE: LayoutId = LayoutId(1);
}

/// How the marker walks an object.
#[derive(Debug)]
pub(crate) enum Layout {
    /// No pointers.
    NoScan,
    /// All words.
    All,
    /// The words at `pointers` (offsets in words, ascending) of each element of `stride` words.
    Pattern { stride: usize, pointers: Box<[u32]> },
}

/// A layout as the marker wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'t> {
    /// No pointers.
    NoScan,
    /// All words.
    All,
    /// Elements of at most 64 words: a bit for each that may hold a pointer.
    Short { stride: usize, pointers: u64 },
    /// Longer elements: the offsets.
    Long { stride: usize, pointers: &'t [u32] },
}

impl Shape<'_> {
    /// Words of an element.
    pub(crate) fn stride(&self) -> usize {
        match *self {
            Shape::NoScan | Shape::All => 1,
            Shape::Short { stride, .. } | Shape::Long { stride, .. } => stride,
        }
    }
}

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = 26;

/// All layouts of a heap. Equal layouts get equal ids.
#[derive(Debug)]
pub struct LayoutTable {
    chunks: [OnceLock<Box<[OnceLock<Layout>]>>; CHUNKS],
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    len: u32,
    ids: HashMap<(usize, Box<[u32]>), LayoutId>,
}

impl LayoutTable {
    pub(crate) fn new() -> LayoutTable {
        let table = LayoutTable { chunks: [const { OnceLock::new() }; CHUNKS], known: Mutex::default() };
        let mut known = table.known.lock().expect("no panic while the layout table is locked");
        table.push(&mut known, Layout::NoScan);
        table.push(&mut known, Layout::All);
        drop(known);
        table
    }

    /// The layout of elements of `element_size` bytes (a multiple of 8, not 0) whose word `i` may hold a pointer if bit `i % 64` of
    /// `bitmap[i / 64]` is set; words past the bitmap hold none. Makes it if it is not known yet.
    ///
    /// # Panics
    /// If the element size is no multiple of 8, or is 0 while bits are set.
    pub fn add(&self, element_size: usize, bitmap: &[u64]) -> LayoutId {
        let words = element_size / 8;
        let set = (0..words.min(bitmap.len() * 64)).filter(|w| bitmap[w / 64] >> (w % 64) & 1 != 0);
        self.add_offsets(element_size, set.map(|w| w as u32).collect())
    }

    /// As [`LayoutTable::add`], with the words that may hold pointers given by their numbers, in ascending order.
    pub fn add_offsets(&self, element_size: usize, pointers: Box<[u32]>) -> LayoutId {
        if pointers.is_empty() {
            return LayoutId::NOSCAN;
        }
        assert!(element_size != 0 && element_size.is_multiple_of(8), "layout element size {element_size}");
        let stride = element_size / 8;
        debug_assert!(pointers.is_sorted() && (pointers[pointers.len() - 1] as usize) < stride);
        if pointers.len() == stride {
            return LayoutId::CONSERVATIVE;
        }
        let mut known = self.known.lock().expect("no panic while the layout table is locked");
        if let Some(&id) = known.ids.get(&(stride, pointers.clone())) {
            return id;
        }
        let id = self.push(&mut known, Layout::Pattern { stride, pointers: pointers.clone() });
        known.ids.insert((stride, pointers), id);
        id
    }

    /// The number of layouts, the predefined ones included.
    pub fn len(&self) -> usize {
        self.known.lock().expect("no panic while the layout table is locked").len as usize
    }

    /// Never true: the predefined layouts are always there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All layouts there are, by number.
    pub(crate) fn shapes(&self) -> Vec<Shape<'_>> {
        let shape = |id: usize| match self.get(LayoutId(id as u32)) {
            Layout::NoScan => Shape::NoScan,
            Layout::All => Shape::All,
            Layout::Pattern { stride, pointers } if *stride <= 64 => {
                let bits = pointers.iter().fold(0, |bits, offset| bits | 1 << offset);
                Shape::Short { stride: *stride, pointers: bits }
            }
            Layout::Pattern { stride, pointers } => Shape::Long { stride: *stride, pointers },
        };
        (0..self.len()).map(shape).collect()
    }

    /// The layout named `id`; one that was never added has no pointers.
    fn get(&self, id: LayoutId) -> &Layout {
        let (chunk, at) = place(id.0);
        match self.chunks[chunk].get().and_then(|c| c[at].get()) {
            Some(layout) => layout,
            None => &Layout::NoScan,
        }
    }

    /// Whether word `word` of an object with the layout may hold a pointer.
    pub(crate) fn has_pointer(&self, id: LayoutId, word: usize) -> bool {
        match self.get(id) {
            Layout::NoScan => false,
            Layout::All => true,
            Layout::Pattern { stride, pointers } => pointers.binary_search(&((word % stride) as u32)).is_ok(),
        }
    }

    fn push(&self, known: &mut Known, layout: Layout) -> LayoutId {
        let id = known.len;
        let (chunk, at) = place(id);
        let slots = self.chunks[chunk].get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect());
        slots[at].set(layout).expect("a new layout's place is empty");
        known.len += 1;
        LayoutId(id)
    }
}

/// Chunk and index in it of entry `id`: chunk k holds `FIRST_CHUNK << k` entries.
#[inline]
fn place(id: u32) -> (usize, usize) {
    let shifted = id as u64 + FIRST_CHUNK as u64;
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (shifted - ((FIRST_CHUNK as u64) << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_layouts_have_equal_ids() {
        let table = LayoutTable::new();
        assert_eq!(table.len(), 2);
        assert_eq!(table.add(16, &[0]), LayoutId::NOSCAN);
        assert_eq!(table.add(16, &[3]), LayoutId::CONSERVATIVE);
        let string = table.add(16, &[1]);
        assert_eq!(string, LayoutId(2));
        assert_eq!(table.add(16, &[1 | 4]), string, "bits past the element are ignored");
        assert_ne!(table.add(24, &[1]), string);
        for i in 0..1000u32 {
            table.add_offsets(16000, Box::new([i]));
        }
        assert_eq!(table.len(), 1004);
        assert!(matches!(table.get(LayoutId(1003)), Layout::Pattern { stride: 2000, pointers } if **pointers == [999]));
        assert!(matches!(table.get(LayoutId(5000)), Layout::NoScan));
    }
}
