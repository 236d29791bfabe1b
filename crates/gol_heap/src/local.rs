//! Allocation: a worker's own blocks, from which most objects come by moving a pointer.
//!
//! For each class and kind a slot holds a block and a *run* in it: neighbouring free places taken together. Their alloc bits are
//! set and their memory zeroed when the run is taken, so that the fast path only moves `next` and notes the layout. Counting and
//! the check whether a collection is wanted also happen once a run.

use crate::block::{BlockId, LARGE, Space};
use crate::central::{LIST_COUNT, list_index};
use crate::heap::Heap;
use crate::layout::LayoutId;
use crate::size_class::{CLASS_OF, CLASS_SIZE, MAX_SMALL_SIZE, PAGE_SIZE};
use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// A run is at most so many bytes (but at least one place).
const RUN_BYTES: usize = 8192;
/// Bytes counted here before they are added to the heap's counter.
const REPORT_BYTES: usize = 16384;

/// Objects without size all have this address.
static ZERO_BASE: ZeroBase = ZeroBase([const { AtomicU64::new(0) }; 2]);

#[repr(align(16))]
struct ZeroBase([AtomicU64; 2]);

/// The address of all objects without size: not null, and no object of any heap. Sixteen bytes there are readable (as zero).
#[inline(always)]
pub fn zero_base() -> *mut u8 {
    ZERO_BASE.0.as_ptr().cast_mut().cast()
}

/// A worker's handle on a [`Heap`]. It allocates without locks as long as its blocks last.
pub struct LocalHeap {
    /// Owned by the heap's registry until this handle is dropped; the collector resets it while the world is stopped (H5).
    cache: NonNull<Cache>,
    heap: Arc<Heap>,
    not_sync: PhantomData<std::cell::Cell<()>>,
}

// SAFETY: the handle may move to another thread: its cache is used by whoever has the handle, and by the collector under H5.
unsafe impl Send for LocalHeap {}

/// What the collector shares with a [`LocalHeap`]. The fields are atomics only so that both may hold references; all accesses are relaxed,
/// and H5 orders them.
#[derive(Debug)]
pub(crate) struct Cache {
    slots: [Slot; LIST_COUNT],
    /// Bytes of runs taken so far, and their places.
    total_bytes: AtomicU64,
    total_objects: AtomicU64,
    /// Bytes taken and not yet reported to the heap.
    unreported: AtomicUsize,
}

#[derive(Debug, Default)]
struct Slot {
    /// The next place to hand out, and the end of the run.
    next: AtomicUsize,
    end: AtomicUsize,
    size: AtomicUsize,
    /// The layout entry of `next`; null in slots for objects without pointers.
    layout: AtomicPtr<AtomicU32>,
    /// The block the run is in, 0 if none; the places before `cursor` have been looked at.
    block: AtomicU32,
    cursor: AtomicU32,
}

impl Slot {
    fn left(&self) -> usize {
        self.end.load(Relaxed).saturating_sub(self.next.load(Relaxed))
    }
}

impl LocalHeap {
    pub(crate) fn new(heap: Arc<Heap>) -> LocalHeap {
        let cache = Box::new(Cache {
            slots: std::array::from_fn(|_| Slot::default()),
            total_bytes: AtomicU64::new(0),
            total_objects: AtomicU64::new(0),
            unreported: AtomicUsize::new(0),
        });
        let cache = NonNull::from(Box::leak(cache));
        heap.register(CachePtr(cache));
        LocalHeap { cache, heap, not_sync: PhantomData }
    }

    /// The heap it allocates from.
    #[inline(always)]
    pub fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    #[inline(always)]
    fn cache(&self) -> &Cache {
        // SAFETY: the cache lives until this handle is dropped, and is only shared as `&Cache`.
        unsafe { self.cache.as_ref() }
    }

    /// A new object of `size` bytes, zeroed, 16-byte aligned, whose pointers are where `layout` says. Null when the memory limit is
    /// reached or the system has no memory: the caller then collects and tries once more. Never collects by itself. Without
    /// size: [`zero_base`].
    #[inline(always)]
    pub fn alloc(&mut self, size: usize, layout: LayoutId) -> *mut u8 {
        if size <= MAX_SMALL_SIZE {
            let class = CLASS_OF[size.div_ceil(16)];
            let slot = &self.cache().slots[list_index(class, layout != LayoutId::NOSCAN)];
            let place = slot.next.load(Relaxed);
            if place != slot.end.load(Relaxed) {
                slot.next.store(place + slot.size.load(Relaxed), Relaxed);
                if layout != LayoutId::NOSCAN {
                    let entry = slot.layout.load(Relaxed);
                    // SAFETY: H3, H4: `layout` moves in step with `next`, so the entry is that of a place of this slot's block.
                    unsafe {
                        (*entry).store(layout.0, Relaxed);
                        slot.layout.store(entry.add(1), Relaxed);
                    }
                }
                return place as *mut u8;
            }
        }
        self.alloc_slow(size, layout)
    }

    #[cold]
    #[inline(never)]
    fn alloc_slow(&mut self, size: usize, layout: LayoutId) -> *mut u8 {
        if size == 0 {
            return zero_base();
        }
        if size > MAX_SMALL_SIZE {
            return self.alloc_large(size, layout);
        }
        let class = CLASS_OF[size.div_ceil(16)];
        if !self.refill(class, layout != LayoutId::NOSCAN) {
            return null_mut();
        }
        self.alloc(size, layout)
    }

    /// Takes the next run for the slot of `class`; false if there is no memory.
    fn refill(&mut self, class: u8, scan: bool) -> bool {
        let index = list_index(class, scan);
        let (cache, heap) = (self.cache(), &*self.heap);
        let slot = &cache.slots[index];
        let size = CLASS_SIZE[class as usize] as usize;
        let most = if heap.stress() { 1 } else { (RUN_BYTES / size).max(1) as u32 };
        loop {
            let id = BlockId(slot.block.load(Relaxed));
            if id.0 != 0 {
                let block = heap.space().block(id);
                if let Some((from, to)) = take_run(heap.space(), id, slot.cursor.load(Relaxed), most) {
                    slot.cursor.store(to, Relaxed);
                    slot.size.store(size, Relaxed);
                    slot.next.store(block.address(from), Relaxed);
                    slot.end.store(block.address(to), Relaxed);
                    if scan {
                        // SAFETY: H3: `from` is a place of the block, so the entry is in its array.
                        slot.layout.store(unsafe { block.layouts().add(from as usize) }, Relaxed);
                    }
                    let bytes = (to - from) as usize * size;
                    if block.dirty() {
                        // SAFETY: H2, H4: these places are free and the block is ours.
                        unsafe { std::ptr::write_bytes(block.address(from) as *mut u8, 0, bytes) };
                    }
                    cache.count(heap, bytes, (to - from) as u64);
                    return true;
                }
                heap.central.put_full(index, id);
                slot.block.store(0, Relaxed);
            }
            let Some(id) = heap.take_block(class, scan) else {
                slot.next.store(0, Relaxed);
                slot.end.store(0, Relaxed);
                heap.want_gc();
                return false;
            };
            slot.block.store(id.0, Relaxed);
            slot.cursor.store(0, Relaxed);
        }
    }

    fn alloc_large(&mut self, size: usize, layout: LayoutId) -> *mut u8 {
        let heap = &*self.heap;
        let pages = size.div_ceil(PAGE_SIZE);
        let scan = layout != LayoutId::NOSCAN;
        let id = if pages > u32::MAX as usize { None } else { heap.new_block(LARGE, scan, pages) };
        let Some(id) = id else {
            heap.want_gc();
            return null_mut();
        };
        let block = heap.space().block(id);
        let place = block.start() as *mut u8;
        if block.dirty() {
            // SAFETY: H2, H4: the new block is ours.
            unsafe { std::ptr::write_bytes(place, 0, block.size()) };
        }
        if scan {
            block.set_large_layout(layout);
        }
        heap.space().alloc_word(block.start(), 0).store(1, Relaxed);
        self.cache().count(heap, block.size(), 1);
        heap.central.put_full(list_index(LARGE, scan), id);
        place
    }

    /// Bytes and objects handed out by this handle since it was made.
    pub fn allocated(&self) -> (u64, u64) {
        self.cache().handed_out()
    }
}

impl Drop for LocalHeap {
    fn drop(&mut self) {
        let heap = &*self.heap;
        let cache = self.cache();
        heap.report_allocated(cache.unreported.swap(0, Relaxed));
        for (index, slot) in cache.slots.iter().enumerate() {
            let id = BlockId(slot.block.load(Relaxed));
            cache.flush_slot(heap.space(), slot);
            if id.0 != 0 {
                heap.central.put_partial(index, id);
            }
        }
        heap.unregister(CachePtr(self.cache));
        // SAFETY: `new` leaked this box; the registry forgot it, so nobody else has a reference.
        drop(unsafe { Box::from_raw(self.cache.as_ptr()) });
    }
}

/// Finds the next free places of the block at or after `cursor`, up to `most` of them and within one word of bits, and sets
/// their alloc bits. The caller owns the block.
fn take_run(space: &Space, id: BlockId, cursor: u32, most: u32) -> Option<(u32, u32)> {
    let block = space.block(id);
    let (start, count) = (block.start(), block.count());
    let mut at = cursor;
    while at < count {
        let word = space.alloc_word(start, at as usize / 64);
        let bits = word.load(Relaxed);
        let free = !bits >> (at % 64);
        if free == 0 {
            at = (at / 64 + 1) * 64;
            continue;
        }
        let from = at + free.trailing_zeros();
        if from >= count {
            return None;
        }
        let run = (free >> (from - at)).trailing_ones().min(most).min(count - from);
        let mask = (u64::MAX >> (64 - run)) << (from % 64);
        word.store(bits | mask, Relaxed);
        return Some((from, from + run));
    }
    None
}

impl Cache {
    /// Counts a run taken, and raises the wish for a collection when it is time.
    fn count(&self, heap: &Heap, bytes: usize, objects: u64) {
        self.total_bytes.store(self.total_bytes.load(Relaxed) + bytes as u64, Relaxed);
        self.total_objects.store(self.total_objects.load(Relaxed) + objects, Relaxed);
        let unreported = self.unreported.load(Relaxed) + bytes;
        if unreported < REPORT_BYTES && !heap.stress() {
            self.unreported.store(unreported, Relaxed);
        } else {
            self.unreported.store(0, Relaxed);
            heap.report_allocated(unreported);
        }
    }

    /// Bytes and objects handed out, which is what was taken less what is left of the runs.
    pub(crate) fn handed_out(&self) -> (u64, u64) {
        let (mut bytes, mut objects) = (self.total_bytes.load(Relaxed), self.total_objects.load(Relaxed));
        for slot in &self.slots {
            let left = slot.left();
            if left != 0 {
                bytes = bytes.saturating_sub(left as u64);
                objects = objects.saturating_sub((left / slot.size.load(Relaxed).max(16)) as u64);
            }
        }
        (bytes, objects)
    }

    /// Takes all blocks back (to the lists of the heap) for a collection. H5 holds.
    pub(crate) fn flush(&self, heap: &Heap) {
        for (index, slot) in self.slots.iter().enumerate() {
            let id = BlockId(slot.block.load(Relaxed));
            self.flush_slot(heap.space(), slot);
            if id.0 != 0 {
                heap.central.put_partial(index, id);
            }
        }
        self.unreported.store(0, Relaxed);
    }

    /// Makes the places left in the slot's run free again and leaves the slot empty.
    fn flush_slot(&self, space: &Space, slot: &Slot) {
        let id = BlockId(slot.block.load(Relaxed));
        let left = slot.left();
        if id.0 != 0 && left != 0 {
            let block = space.block(id);
            let from = block.index_of(slot.next.load(Relaxed) - block.start());
            let objects = (left / block.size()) as u32;
            let word = space.alloc_word(block.start(), from as usize / 64);
            let mask = (u64::MAX >> (64 - objects)) << (from % 64);
            word.store(word.load(Relaxed) & !mask, Relaxed);
            self.total_bytes.store(self.total_bytes.load(Relaxed) - left as u64, Relaxed);
            self.total_objects.store(self.total_objects.load(Relaxed) - objects as u64, Relaxed);
        }
        slot.next.store(0, Relaxed);
        slot.end.store(0, Relaxed);
        slot.block.store(0, Relaxed);
        slot.cursor.store(0, Relaxed);
    }
}

/// A cache in the heap's registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CachePtr(NonNull<Cache>);

// SAFETY: a `Cache` consists of atomics, and the registry holds the pointer only while the `LocalHeap` lives.
unsafe impl Send for CachePtr {}

impl CachePtr {
    /// The caller holds the registry's lock, so the cache is alive.
    pub(crate) fn get(&self) -> &Cache {
        // SAFETY: see above: `LocalHeap::drop` takes the cache out of the registry, under its lock, before it frees it.
        unsafe { self.0.as_ref() }
    }
}
