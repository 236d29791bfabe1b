//! The blocks that no allocator holds, and lazy sweeping.
//!
//! For each class and kind (with pointers or without) there are three lists: *unswept* (not looked at since the last marking),
//! *partial* (swept, with free places), *full*. Lock order: a class's lists before the pages. No lock is held while the world is
//! stopped for longer than a list operation.

use crate::block::{BlockId, LARGE, Space};
use crate::heap::Heap;
use crate::pages::{Pages, Run};
use crate::size_class::{CLASS_COUNT, CLASS_PAGES, PAGE_SIZE};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Mutex, MutexGuard};

/// Classes, large ones included, times two kinds.
pub(crate) const LIST_COUNT: usize = (CLASS_COUNT + 1) * 2;

/// At most so many unswept blocks are tried before a new one is made.
const SWEEP_TRIES: usize = 64;

/// The list (and allocator slot) of a class and kind.
#[inline(always)]
pub(crate) fn list_index(class: u8, scan: bool) -> usize {
    class as usize * 2 + scan as usize
}

#[derive(Debug, Default)]
struct Lists {
    unswept: Vec<BlockId>,
    partial: Vec<BlockId>,
    full: Vec<BlockId>,
}

/// The pages and the unused block numbers.
#[derive(Debug, Default)]
pub(crate) struct PageState {
    pub(crate) pages: Pages,
    free_ids: Vec<BlockId>,
    /// The largest block number in use so far.
    pub(crate) last_id: u32,
}

#[derive(Debug)]
pub(crate) struct Central {
    lists: [Mutex<Lists>; LIST_COUNT],
    page_state: Mutex<PageState>,
    /// Blocks in unswept lists; a hint that saves taking locks.
    unswept: AtomicUsize,
    /// Where [`Heap::sweep_some`] goes on.
    cursor: AtomicUsize,
}

impl Central {
    pub(crate) fn new() -> Central {
        Central {
            lists: std::array::from_fn(|_| Mutex::default()),
            page_state: Mutex::default(),
            unswept: AtomicUsize::new(0),
            cursor: AtomicUsize::new(0),
        }
    }

    fn lists(&self, index: usize) -> MutexGuard<'_, Lists> {
        self.lists[index].lock().expect("no panic while block lists are locked")
    }

    pub(crate) fn page_state(&self) -> MutexGuard<'_, PageState> {
        self.page_state.lock().expect("no panic while the pages are locked")
    }

    /// Puts back a block whose places are all taken.
    pub(crate) fn put_full(&self, index: usize, block: BlockId) {
        self.lists(index).full.push(block);
    }

    /// Puts back a block that may have free places.
    pub(crate) fn put_partial(&self, index: usize, block: BlockId) {
        self.lists(index).partial.push(block);
    }

    /// After marking: all blocks are to be swept.
    pub(crate) fn start_sweep(&self) {
        let mut total = 0;
        for index in 0..LIST_COUNT {
            let lists = &mut *self.lists(index);
            debug_assert!(lists.unswept.is_empty(), "all blocks are swept before marking");
            lists.unswept.append(&mut lists.partial);
            lists.unswept.append(&mut lists.full);
            total += lists.unswept.len();
        }
        self.unswept.store(total, Relaxed);
    }
}

impl Heap {
    /// A block of the class with free places, now the caller's; None if there is no memory.
    pub(crate) fn take_block(&self, class: u8, scan: bool) -> Option<BlockId> {
        let index = list_index(class, scan);
        {
            let lists = &mut *self.central.lists(index);
            if let Some(block) = lists.partial.pop() {
                return Some(block);
            }
            for _ in 0..SWEEP_TRIES {
                let Some(id) = lists.unswept.pop() else { break };
                self.central.unswept.fetch_sub(1, Relaxed);
                let block = self.space.block(id);
                if self.space.sweep_bits(block) < block.count() {
                    return Some(id);
                }
                lists.full.push(id);
            }
        }
        self.new_block(class, scan, CLASS_PAGES[class as usize] as usize)
    }

    /// A new block of `pages` pages, the caller's; None if there is no memory.
    pub(crate) fn new_block(&self, class: u8, scan: bool, pages: usize) -> Option<BlockId> {
        let run = self.take_pages(pages)?;
        let id = {
            let state = &mut *self.central.page_state();
            state.free_ids.pop().unwrap_or_else(|| {
                state.last_id += 1;
                BlockId(state.last_id)
            })
        };
        if self.space.open_block(id, run.start, pages, class, scan, run.dirty) {
            return Some(id);
        }
        let state = &mut *self.central.page_state();
        state.free_ids.push(id);
        state.pages.free(run.start, pages);
        None
    }

    fn take_pages(&self, pages: usize) -> Option<Run> {
        if let Some(run) = self.try_pages(pages, false) {
            return Some(run);
        }
        // Reuse what is dead before growing: first a little, then, when there is no other way, all.
        self.reclaim(pages, false);
        self.try_pages(pages, true).or_else(|| {
            self.reclaim(pages, true);
            self.try_pages(pages, true)
        })
    }

    fn try_pages(&self, pages: usize, grow: bool) -> Option<Run> {
        let state = &mut *self.central.page_state();
        if state.pages.in_use().checked_add(pages)? > self.memory_limit() / PAGE_SIZE {
            return None;
        }
        state
            .pages
            .alloc_free(pages)
            .or_else(|| if grow { state.pages.alloc_fresh(pages, &self.space.heap) } else { None })
    }

    /// Sweeps until about `pages` pages came free: a few blocks, or all if need be.
    fn reclaim(&self, pages: usize, all: bool) {
        if self.central.unswept.load(Relaxed) == 0 {
            return;
        }
        let mut freed = 0;
        for scan in [false, true] {
            while freed < pages
                && let Some(f) = self.sweep_one(list_index(LARGE, scan))
            {
                freed += f;
            }
        }
        let mut tries = if all { usize::MAX } else { 16 };
        while freed < pages && tries > 0 {
            let Some(f) = self.sweep_next() else { break };
            freed += f;
            tries -= 1;
        }
    }

    /// Sweeps up to `blocks` blocks; for workers that have nothing else to do. Returns how many are left to sweep.
    pub fn sweep_some(&self, blocks: usize) -> usize {
        for _ in 0..blocks {
            if self.sweep_next().is_none() {
                break;
            }
        }
        self.central.unswept.load(Relaxed)
    }

    /// Sweeps whatever is not swept yet. A collection does that first; whoever calls it before the world stops shortens the stop.
    pub fn finish_sweep(&self) {
        for index in 0..LIST_COUNT {
            while self.sweep_one(index).is_some() {}
        }
        self.central.unswept.store(0, Relaxed);
    }

    /// Sweeps a block of any list; the pages that came free, or None if all is swept.
    fn sweep_next(&self) -> Option<usize> {
        if self.central.unswept.load(Relaxed) == 0 {
            return None;
        }
        let first = self.central.cursor.load(Relaxed);
        for i in 0..LIST_COUNT {
            let index = (first + i) % LIST_COUNT;
            if let Some(freed) = self.sweep_one(index) {
                self.central.cursor.store(index, Relaxed);
                return Some(freed);
            }
        }
        None
    }

    /// Sweeps a block of list `index`; the pages that came free, or None if the list's blocks are all swept.
    fn sweep_one(&self, index: usize) -> Option<usize> {
        let lists = &mut *self.central.lists(index);
        let id = lists.unswept.pop()?;
        self.central.unswept.fetch_sub(1, Relaxed);
        let block = self.space.block(id);
        let live = self.space.sweep_bits(block);
        if live == 0 {
            return Some(self.free_block(id));
        }
        if live < block.count() {
            lists.partial.push(id)
        } else {
            lists.full.push(id)
        }
        Some(0)
    }

    /// Frees the pages of a block that is the caller's and has nothing allocated in it.
    fn free_block(&self, id: BlockId) -> usize {
        // The number of pages must be read before another thread can reuse the block number.
        let (start, pages) = self.space.close_block(id);
        let state = &mut *self.central.page_state();
        state.pages.free(start, pages);
        state.free_ids.push(id);
        pages
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }
}
