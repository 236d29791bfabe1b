//! Blocks and the side tables: from an address to its object in a few instructions.
//!
//! The page table has a block number for each page of the reserved range (0: none), the block table a record for each block
//! number, and two bitmaps (alloc and mark) a bit for each place of a block, at the position that belongs to the block's first
//! granule. All are reserved at once and take memory only where used.
//!
//! A block whose objects have pointers also has an *entry* for each place, which is all that marking looks at: the object's layout, 0 in a
//! place that holds none, and [`MARKED`]. Only blocks without pointers use the mark bits. Each object having a word of its own, marking
//! stores without a locked instruction: two threads that find an object at once store the same.

use crate::layout::LayoutId;
use crate::os::Reservation;
use crate::size_class::{CLASS_COUNT, CLASS_SIZE, PAGE_SHIFT, PAGE_SIZE};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// Pointers have 48 bits; the rest of a word may hold other things (a slice's length).
pub(crate) const ADDRESS_MASK: u64 = (1 << 48) - 1;

/// The class number of blocks with one large object.
pub(crate) const LARGE: u8 = CLASS_COUNT as u8;

/// In an entry: the object is marked. Layout numbers stay below it.
pub(crate) const MARKED: u32 = 1 << 31;

/// Names a block; 0 is no block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct BlockId(pub(crate) u32);

/// A block's record.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Block {
    start: AtomicUsize,
    /// Bytes of one place.
    size: AtomicUsize,
    /// `2^40 / size + 1`: multiply and shift instead of dividing; 0 for a large object.
    magic: AtomicU64,
    /// The entry of each place; null if the block's objects have no pointers.
    layouts: AtomicPtr<AtomicU32>,
    /// Number of places.
    count: AtomicU32,
    pages: AtomicU32,
    /// The entry of a large object (then `layouts` points here).
    large_layout: AtomicU32,
    class: AtomicU8,
    /// Whether free places may hold garbage. Changed by the owner (H4).
    dirty: AtomicBool,
}

impl Block {
    pub(crate) fn start(&self) -> usize {
        self.start.load(Relaxed)
    }
    pub(crate) fn size(&self) -> usize {
        self.size.load(Relaxed)
    }
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }
    pub(crate) fn pages(&self) -> usize {
        self.pages.load(Relaxed) as usize
    }
    pub(crate) fn class(&self) -> u8 {
        self.class.load(Relaxed)
    }
    pub(crate) fn dirty(&self) -> bool {
        self.dirty.load(Relaxed)
    }
    pub(crate) fn set_dirty(&self) {
        self.dirty.store(true, Relaxed);
    }
    pub(crate) fn layouts(&self) -> *mut AtomicU32 {
        self.layouts.load(Relaxed)
    }
    pub(crate) fn scan(&self) -> bool {
        !self.layouts().is_null()
    }
    pub(crate) fn address(&self, index: u32) -> usize {
        self.start() + index as usize * self.size()
    }
    /// The place that holds the byte `offset` bytes into the block.
    #[inline(always)]
    pub(crate) fn index_of(&self, offset: usize) -> u32 {
        ((offset as u64).wrapping_mul(self.magic.load(Relaxed)) >> 40) as u32
    }
    /// The layout of the object in place `index`.
    #[inline(always)]
    pub(crate) fn layout(&self, index: u32) -> LayoutId {
        let layouts = self.layouts();
        if layouts.is_null() {
            return LayoutId::NOSCAN;
        }
        debug_assert!(index < self.count());
        // SAFETY: H3: the array has `count` entries and lives as long as the block; `index` came from a lookup that checked it.
        LayoutId(unsafe { (*layouts.add(index as usize)).load(Relaxed) } & !MARKED)
    }
    /// Whether the object in place `index`, of a block with pointers, is marked.
    fn entry_marked(&self, index: u32) -> bool {
        // SAFETY: H3: as for `layout`, and the block has entries.
        unsafe { (*self.layouts().add(index as usize)).load(Relaxed) & MARKED != 0 }
    }
    pub(crate) fn set_large_layout(&self, layout: LayoutId) {
        self.large_layout.store(layout.0, Relaxed);
    }
}

/// An object found from an address.
#[derive(Clone, Copy)]
pub(crate) struct Found<'s> {
    pub(crate) block: &'s Block,
    pub(crate) index: u32,
}

/// The reserved range and its side tables.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) heap: Reservation,
    page_table: Reservation,
    blocks: Reservation,
    alloc_bits: Reservation,
    mark_bits: Reservation,
}

impl Space {
    /// Reserves `bytes` (a multiple of 1 MB) of heap and what goes with it.
    pub(crate) fn reserve(bytes: usize) -> Option<Space> {
        let pages = bytes / PAGE_SIZE;
        Some(Space {
            heap: Reservation::reserve(bytes)?,
            page_table: Reservation::zeroed(pages * 4)?,
            blocks: Reservation::zeroed((pages + 1) * size_of::<Block>())?,
            alloc_bits: Reservation::zeroed(bytes / 128)?,
            mark_bits: Reservation::zeroed(bytes / 128)?,
        })
    }

    /// The first address of the heap. (A reservation is page aligned; places are found relative to it.)
    #[inline(always)]
    pub(crate) fn base(&self) -> usize {
        self.heap.base() as usize
    }

    #[inline(always)]
    fn page_entry(&self, page: usize) -> &AtomicU32 {
        debug_assert!(page < self.heap.len() / PAGE_SIZE);
        // SAFETY: H1: the table has an entry for each page of the range, and zero bytes are valid.
        unsafe { &*self.page_table.base().cast::<AtomicU32>().add(page) }
    }

    #[inline(always)]
    pub(crate) fn block(&self, id: BlockId) -> &Block {
        debug_assert!((id.0 as usize) <= self.heap.len() / PAGE_SIZE);
        // SAFETY: H1: the table has a record for each block number (there are no more blocks than pages); zero bytes are valid.
        unsafe { &*self.blocks.base().cast::<Block>().add(id.0 as usize) }
    }

    /// Word `word` of the alloc bits of the block that starts at `start`.
    #[inline(always)]
    pub(crate) fn alloc_word(&self, start: usize, word: usize) -> &AtomicU64 {
        let at = ((start - self.base()) >> 10) + word;
        debug_assert!(at * 8 < self.alloc_bits.len());
        // SAFETY: H1: 64 places of at least 16 bytes take at least 1 KB, so the bits of a block lie in the table; zero is valid.
        unsafe { &*self.alloc_bits.base().cast::<AtomicU64>().add(at) }
    }

    /// Word `word` of the mark bits of the block that starts at `start`.
    #[inline(always)]
    pub(crate) fn mark_word(&self, start: usize, word: usize) -> &AtomicU64 {
        let at = ((start - self.base()) >> 10) + word;
        debug_assert!(at * 8 < self.mark_bits.len());
        // SAFETY: H1, as for the alloc bits.
        unsafe { &*self.mark_bits.base().cast::<AtomicU64>().add(at) }
    }

    /// The allocated place that `word` points into, if it does.
    pub(crate) fn find(&self, word: u64) -> Option<Found<'_>> {
        self.view().find(word)
    }

    /// Its addresses, to be held in registers.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            base: self.base(),
            len: self.heap.len(),
            page_table: self.page_table.base().cast(),
            blocks: self.blocks.base().cast(),
            alloc_bits: self.alloc_bits.base().cast(),
            mark_bits: self.mark_bits.base().cast(),
            space: PhantomData,
        }
    }

    /// Writes the record of a new block whose pages start at page `page`, with all places free, and enters its pages. False if
    /// there is no memory for its layouts. The caller owns the block number and the pages.
    pub(crate) fn open_block(
        &self,
        id: BlockId,
        page: usize,
        pages: usize,
        class: u8,
        scan: bool,
        dirty: bool,
    ) -> bool {
        let block = self.block(id);
        let bytes = pages * PAGE_SIZE;
        let (size, count) = match class {
            LARGE => (bytes, 1),
            class => (CLASS_SIZE[class as usize] as usize, bytes / CLASS_SIZE[class as usize] as usize),
        };
        let layouts = match (class, scan) {
            (_, false) => std::ptr::null_mut(),
            (LARGE, true) => std::ptr::from_ref(&block.large_layout).cast_mut(),
            // SAFETY: the layout of an array of `count` > 0 words is not empty.
            _ => unsafe { std::alloc::alloc_zeroed(layouts_memory(count)).cast() },
        };
        if scan && layouts.is_null() {
            return false;
        }
        let start = self.base() + page * PAGE_SIZE;
        block.start.store(start, Relaxed);
        block.size.store(size, Relaxed);
        block.magic.store(if class == LARGE { 0 } else { (1 << 40) / size as u64 + 1 }, Relaxed);
        block.layouts.store(layouts, Relaxed);
        block.count.store(count as u32, Relaxed);
        block.pages.store(pages as u32, Relaxed);
        block.large_layout.store(0, Relaxed);
        block.class.store(class, Relaxed);
        block.dirty.store(dirty, Relaxed);
        for p in page..page + pages {
            self.page_entry(p).store(id.0, Release);
        }
        true
    }

    /// Takes the pages of a block out of the table and frees its layouts. Returns its pages. The caller owns the block, and none of
    /// its places is allocated.
    pub(crate) fn close_block(&self, id: BlockId) -> (usize, usize) {
        let block = self.block(id);
        let (page, pages) = ((block.start() - self.base()) / PAGE_SIZE, block.pages());
        for p in page..page + pages {
            self.page_entry(p).store(0, Release);
        }
        self.free_layouts(block);
        (page, pages)
    }

    /// Frees the memory of the block's layouts; for [`Space::close_block`] and the end of the heap.
    fn free_layouts(&self, block: &Block) {
        let layouts = block.layouts.swap(std::ptr::null_mut(), Relaxed);
        if !layouts.is_null() && block.class() != LARGE {
            // SAFETY: `open_block` got it from the allocator with this layout; the swap makes sure it is freed once.
            unsafe { std::alloc::dealloc(layouts.cast(), layouts_memory(block.count() as usize)) };
        }
    }

    /// Frees what the blocks numbered up to `last` hold outside of the reservations.
    pub(crate) fn drop_blocks(&self, last: u32) {
        for id in 1..=last {
            self.free_layouts(self.block(BlockId(id)));
        }
    }

    /// Whether the object found is marked.
    pub(crate) fn is_marked(&self, found: Found<'_>) -> bool {
        let Found { block, index } = found;
        if block.scan() {
            return block.entry_marked(index);
        }
        self.mark_word(block.start(), index as usize / 64).load(Relaxed) >> (index % 64) & 1 != 0
    }

    /// Makes what is marked allocated and not marked, and the rest free. Returns the number of places still allocated. The caller owns the
    /// block.
    pub(crate) fn sweep_bits(&self, block: &Block) -> u32 {
        let (start, count) = (block.start(), block.count() as usize);
        let mut live = 0;
        for word in 0..count.div_ceil(64) {
            let alloc = self.alloc_word(start, word);
            let marked = if block.scan() {
                let places = (count - word * 64).min(64);
                // SAFETY: H3: the entries of these places are in the block's array, which lives as long as the caller owns the block.
                sweep_entries(unsafe { std::slice::from_raw_parts(block.layouts().add(word * 64), places) })
            } else {
                let mark = self.mark_word(start, word);
                let marked = mark.load(Relaxed);
                mark.store(0, Relaxed);
                marked
            };
            if cfg!(debug_assertions) {
                let allocated = alloc.load(Relaxed);
                debug_assert_eq!(marked & !allocated, 0, "only allocated places are marked");
                self.poison(block, word, allocated & !marked);
            }
            alloc.store(marked, Relaxed);
            live += marked.count_ones();
        }
        block.set_dirty();
        live
    }

    /// Fills places that become free with a pattern that is no address.
    fn poison(&self, block: &Block, word: usize, mut freed: u64) {
        while freed != 0 {
            let index = word as u32 * 64 + freed.trailing_zeros();
            freed &= freed - 1;
            // SAFETY: H2, H4: the place lies in the block, which the caller owns, and nobody can reach a freed object.
            unsafe { std::ptr::write_bytes(block.address(index) as *mut u8, POISON, block.size()) };
        }
    }
}

/// The addresses of a [`Space`], which is borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'s> {
    base: usize,
    len: usize,
    page_table: *const AtomicU32,
    blocks: *const Block,
    alloc_bits: *const AtomicU64,
    mark_bits: *const AtomicU64,
    space: PhantomData<&'s Space>,
}

impl<'s> View<'s> {
    /// The allocated place that `word` points into, if it does.
    #[inline(always)]
    pub(crate) fn find(&self, word: u64) -> Option<Found<'s>> {
        self.place(word).filter(|&place| self.allocated(place))
    }

    /// The place that `word` points into, allocated or not.
    #[inline(always)]
    pub(crate) fn place(&self, word: u64) -> Option<Found<'s>> {
        let offset = ((word & ADDRESS_MASK) as usize).wrapping_sub(self.base);
        if offset >= self.len {
            return None;
        }
        // SAFETY: H1: the table has an entry for each page of the range, and zero bytes are valid.
        let id = unsafe { (*self.page_table.add(offset >> PAGE_SHIFT)).load(Acquire) };
        if id == 0 {
            return None;
        }
        // SAFETY: H1: the table has a record for each block number; zero bytes are valid.
        let block = unsafe { &*self.blocks.add(id as usize) };
        let start = block.start();
        let index = block.index_of((offset + self.base).wrapping_sub(start));
        (index < block.count()).then_some(Found { block, index })
    }

    /// Whether the place is allocated.
    #[inline(always)]
    pub(crate) fn allocated(&self, place: Found<'_>) -> bool {
        let word = ((place.block.start() - self.base) >> 10) + place.index as usize / 64;
        // SAFETY: H1: the bits of a block lie in the table, as for `Space::alloc_word`.
        let bits = unsafe { (*self.alloc_bits.add(word)).load(Relaxed) };
        bits >> (place.index % 64) & 1 != 0
    }

    /// Word `word` of the mark bits of the block that starts at `start`.
    #[inline(always)]
    pub(crate) fn mark_word(&self, start: usize, word: usize) -> &'s AtomicU64 {
        // SAFETY: H1: the bits of a block lie in the table, as for `Space::alloc_word`.
        unsafe { &*self.mark_bits.add(((start - self.base) >> 10) + word) }
    }
}

/// Takes the mark off the marked of up to 64 entries and empties the others; a bit for each that was marked.
fn sweep_entries(entries: &[AtomicU32]) -> u64 {
    let mut marked = 0;
    for (at, entry) in entries.iter().enumerate() {
        let old = entry.load(Relaxed);
        let mark = old >> 31;
        entry.store(old & !MARKED & 0u32.wrapping_sub(mark), Relaxed);
        marked |= (mark as u64) << at;
    }
    marked
}

/// What debug builds fill freed objects with.
pub(crate) const POISON: u8 = 0xdb;

fn layouts_memory(count: usize) -> std::alloc::Layout {
    std::alloc::Layout::array::<AtomicU32>(count).expect("a block has few places")
}
