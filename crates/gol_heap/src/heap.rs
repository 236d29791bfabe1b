//! The heap as its users see it: making one, pacing, statistics, the registry of allocators.
//!
//! Pacing is Go's: the next collection is wanted when the allocated bytes reach live + (live + roots) * GOGC / 100, and at least
//! 4 MB * GOGC / 100, or when they reach the soft limit. The wish is a flag; the VM looks at it at its safepoints.

use crate::block::{BlockId, Space};
use crate::central::Central;
use crate::layout::{LayoutId, LayoutTable};
use crate::local::{CachePtr, LocalHeap};
use crate::size_class::PAGE_SIZE;
use crate::stats::{CollectStats, HeapStats, Pause};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// The smallest heap at which a collection is wanted, at GOGC=100.
const MIN_HEAP: u64 = 4 << 20;

/// How many of the last pauses are kept.
const PAUSES: usize = 256;

/// What a [`Heap`] is made with.
#[derive(Clone, Copy, Debug)]
pub struct HeapConfig {
    /// Bytes of addresses to reserve, which bounds the heap; less is taken if the system refuses.
    pub reserve: usize,
    /// The hard limit, in bytes of blocks; `usize::MAX` for none.
    pub memory_limit: usize,
    /// GOGC: how many percent the heap may grow between collections; negative: never collect.
    pub gc_percent: i32,
}

impl Default for HeapConfig {
    fn default() -> Self {
        HeapConfig { reserve: 256 << 30, memory_limit: usize::MAX, gc_percent: 100 }
    }
}

/// The system would not reserve even a small range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapError;

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot reserve memory for the heap")
    }
}

impl std::error::Error for HeapError {}

/// A garbage-collected heap, shared by all workers of a VM. Each allocates through its own [`LocalHeap`], from [`Heap::local`].
pub struct Heap {
    pub(crate) space: Space,
    pub(crate) central: Central,
    layouts: LayoutTable,
    registry: Mutex<Registry>,
    /// Set by allocators, cleared by the collector; read by everyone at safepoints.
    gc_wanted: AtomicBool,
    gc_hook: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Stress: every so many allocations ask for a collection; 0: off. And the allocations counted so far.
    stress: AtomicUsize,
    stressed: AtomicUsize,
    gc_percent: AtomicI32,
    memory_limit: AtomicUsize,
    soft_limit: AtomicU64,
    /// Bytes reported by allocators since the last collection, and the number of them at which the next is wanted.
    since_gc: AtomicUsize,
    trigger: AtomicUsize,
    num_gc: AtomicU32,
    pause_ns: AtomicU64,
    /// The last pauses and when they ended, oldest first.
    pauses: Mutex<VecDeque<Pause>>,
}

#[derive(Debug, Default)]
struct Registry {
    caches: Vec<CachePtr>,
    /// What allocators that are gone had handed out.
    retired: (u64, u64),
    /// What was live at the end of the last collection, and the totals at that time.
    live: (u64, u64),
    at_gc: (u64, u64),
    roots: u64,
}

impl Registry {
    /// Bytes and objects handed out since the start.
    fn total(&self) -> (u64, u64) {
        self.caches.iter().fold(self.retired, |sum, cache| {
            let (bytes, objects) = cache.get().handed_out();
            (sum.0 + bytes, sum.1 + objects)
        })
    }

    /// Bytes and objects allocated now.
    fn current(&self) -> (u64, u64) {
        let total = self.total();
        let since = |i: fn((u64, u64)) -> u64| i(self.live) + i(total).saturating_sub(i(self.at_gc));
        (since(|p| p.0), since(|p| p.1))
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Heap {
    /// A new, empty heap.
    pub fn new(config: HeapConfig) -> Result<Arc<Heap>, HeapError> {
        const SMALLEST: usize = 1 << 20;
        let mut bytes = (config.reserve & !(SMALLEST - 1)).max(SMALLEST);
        let space = loop {
            match Space::reserve(bytes) {
                Some(space) => break space,
                None if bytes > SMALLEST => bytes = ((bytes / 2) & !(SMALLEST - 1)).max(SMALLEST),
                None => return Err(HeapError),
            }
        };
        let heap = Heap {
            space,
            central: Central::new(),
            layouts: LayoutTable::new(),
            registry: Mutex::default(),
            gc_wanted: AtomicBool::new(false),
            gc_hook: OnceLock::new(),
            stress: AtomicUsize::new(0),
            stressed: AtomicUsize::new(0),
            gc_percent: AtomicI32::new(config.gc_percent),
            memory_limit: AtomicUsize::new(config.memory_limit),
            soft_limit: AtomicU64::new(u64::MAX),
            since_gc: AtomicUsize::new(0),
            trigger: AtomicUsize::new(0),
            num_gc: AtomicU32::new(0),
            pause_ns: AtomicU64::new(0),
            pauses: Mutex::default(),
        };
        heap.set_trigger(&heap.registry());
        Ok(Arc::new(heap))
    }

    /// An allocator for one worker.
    pub fn local(self: &Arc<Self>) -> LocalHeap {
        LocalHeap::new(self.clone())
    }

    /// The layouts of this heap's objects.
    pub fn layouts(&self) -> &LayoutTable {
        &self.layouts
    }

    /// Whether a collection is wanted: set by allocation, cleared by [`Heap::collect`].
    #[inline(always)]
    pub fn gc_wanted(&self) -> bool {
        self.gc_wanted.load(Relaxed)
    }

    /// Asks for a collection. The first call since the last collection runs the hook.
    pub fn want_gc(&self) {
        if !self.gc_wanted.swap(true, Relaxed)
            && let Some(hook) = self.gc_hook.get()
        {
            hook();
        }
    }

    /// Has `hook` called, on the allocating thread and inside the allocation, whenever the wish for a collection is raised. Only the first hook
    /// counts. It must not use a `LocalHeap`.
    pub fn set_gc_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        let _ = self.gc_hook.set(Box::new(hook));
    }

    /// Sets GOGC; returns the old value. Negative: no collection is wanted by growth (but still at the memory limit).
    pub fn set_gc_percent(&self, percent: i32) -> i32 {
        let old = self.gc_percent.swap(percent, Relaxed);
        self.set_trigger(&self.registry());
        old
    }

    /// The hard limit in bytes of blocks, beyond which allocation returns null.
    pub fn memory_limit(&self) -> usize {
        self.memory_limit.load(Relaxed)
    }

    /// Sets the hard limit; returns the old one. `usize::MAX`: none.
    pub fn set_memory_limit(&self, bytes: usize) -> usize {
        let old = self.memory_limit.swap(bytes, Relaxed);
        self.set_trigger(&self.registry());
        old
    }

    /// Sets the allocated bytes at which a collection is wanted whatever GOGC says (`debug.SetMemoryLimit`); returns the old
    /// number. `u64::MAX`: none. Allocation goes on beyond it.
    pub fn set_soft_limit(&self, bytes: u64) -> u64 {
        let old = self.soft_limit.swap(bytes, Relaxed);
        self.set_trigger(&self.registry());
        old
    }

    /// The soft limit.
    pub fn soft_limit(&self) -> u64 {
        self.soft_limit.load(Relaxed)
    }

    /// Has every allocation ask for a collection, or one in `every`; 0: none. Allocators notice when their present runs are used up, so
    /// switch it on first.
    pub fn set_stress(&self, every: usize) {
        self.stress.store(every, Relaxed);
    }

    pub(crate) fn stress(&self) -> bool {
        self.stress.load(Relaxed) != 0
    }

    /// An allocation; whether stress has it ask for a collection.
    fn stress_due(&self) -> bool {
        let every = self.stress.load(Relaxed);
        every != 0 && (self.stressed.fetch_add(1, Relaxed) + 1).is_multiple_of(every)
    }

    /// Adds to the total of pauses, and to the last ones; the heap reads no clock.
    pub fn add_pause(&self, pause: Pause) {
        self.pause_ns.fetch_add(pause.nanoseconds, Relaxed);
        let mut pauses = self.pauses.lock().expect("no panic while the pauses are locked");
        if pauses.len() == PAUSES {
            pauses.pop_front();
        }
        pauses.push_back(pause);
    }

    /// Collections finished, as [`Heap::stats`] has it, but quickly.
    pub fn num_gc(&self) -> u32 {
        self.num_gc.load(Relaxed)
    }

    /// The last pauses, at most 256, newest first.
    pub fn last_pauses(&self) -> Vec<Pause> {
        self.pauses.lock().expect("no panic while the pauses are locked").iter().rev().copied().collect()
    }

    /// The figures of this heap.
    pub fn stats(&self) -> HeapStats {
        let registry = self.registry();
        let (total_alloc, mallocs) = registry.total();
        let (alloc, heap_objects) = registry.current();
        let next_gc = self.goal(&registry);
        drop(registry);
        let state = self.central.page_state();
        let (in_use, committed) = (state.pages.in_use() * PAGE_SIZE, state.pages.committed() * PAGE_SIZE);
        HeapStats {
            alloc,
            total_alloc,
            mallocs,
            frees: mallocs.saturating_sub(heap_objects),
            heap_objects,
            heap_inuse: in_use as u64,
            heap_idle: (committed - in_use) as u64,
            sys: committed as u64,
            next_gc,
            num_gc: self.num_gc.load(Relaxed),
            pause_total_ns: self.pause_ns.load(Relaxed),
            heap_released: (state.pages.released() * PAGE_SIZE) as u64,
        }
    }

    /// The object that `address` points into: its start, size and layout.
    pub fn object_at(&self, address: *const u8) -> Option<(*mut u8, usize, LayoutId)> {
        let found = self.space.find(address as u64)?;
        Some((found.block.address(found.index) as *mut u8, found.block.size(), found.block.layout(found.index)))
    }

    /// Whether the word at `address`, in an object of this heap, is one that the collector looks at.
    pub fn may_hold_pointer(&self, address: *const u8) -> bool {
        let Some((start, _, layout)) = self.object_at(address) else { return false };
        self.layouts.has_pointer(layout, (address as usize - start as usize) / 8)
    }

    /// Whether the object `address` points into is marked. To be asked after a collection and before anything else is allocated, by those
    /// who hold weak references: what is not marked is gone. True for addresses outside of the heap.
    pub fn is_marked(&self, address: *const u8) -> bool {
        let offset = (address as usize).wrapping_sub(self.space.base());
        if offset >= self.space.heap.len() {
            return true;
        }
        self.space.find(address as u64).is_some_and(|found| self.space.is_marked(found))
    }

    /// Gives free pages back to the system at once (`debug.FreeOSMemory`, after a collection).
    pub fn release_free_memory(&self) {
        self.finish_sweep();
        self.scavenge(true);
    }

    /// Before marking (H5): takes the blocks of all allocators back, sweeps what is left.
    pub(crate) fn prepare_mark(&self) {
        for cache in &self.registry().caches {
            cache.get().flush(self);
        }
        self.finish_sweep();
        self.central.page_state().pages.next_cycle();
    }

    /// Gives pages back to the system that were free for some collections. For after one; the world may go on meanwhile.
    pub fn release_unused(&self) {
        self.scavenge(false);
    }

    /// After marking (H5): all blocks are to be swept, and the next goal is set.
    pub(crate) fn after_mark(&self, live: (u64, u64), roots: u64) -> CollectStats {
        self.central.start_sweep();
        let registry = &mut *self.registry();
        let before = registry.current();
        registry.at_gc = registry.total();
        registry.live = live;
        registry.roots = roots;
        self.since_gc.store(0, Relaxed);
        self.set_trigger(registry);
        self.num_gc.fetch_add(1, Relaxed);
        self.gc_wanted.store(false, Relaxed);
        CollectStats {
            live_bytes: live.0,
            live_objects: live.1,
            freed_bytes: before.0.saturating_sub(live.0),
            root_bytes: roots,
        }
    }

    /// Counts bytes that an allocator took.
    pub(crate) fn report_allocated(&self, bytes: usize) {
        let since = self.since_gc.fetch_add(bytes, Relaxed) + bytes;
        if since >= self.trigger.load(Relaxed) || self.stress_due() {
            self.want_gc();
        }
    }

    pub(crate) fn register(&self, cache: CachePtr) {
        self.registry().caches.push(cache);
    }

    pub(crate) fn unregister(&self, cache: CachePtr) {
        let registry = &mut *self.registry();
        let (bytes, objects) = cache.get().handed_out();
        registry.retired.0 += bytes;
        registry.retired.1 += objects;
        registry.caches.retain(|c| *c != cache);
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().expect("no panic while the registry is locked")
    }

    fn scavenge(&self, all: bool) {
        self.central.page_state().pages.scavenge(&self.space.heap, all);
    }

    /// Allocated bytes at which the next collection is wanted; `u64::MAX` for never.
    fn goal(&self, registry: &Registry) -> u64 {
        let live = registry.live.0;
        // Above the soft limit a part of what lives must be allocated anew between two collections, or nothing else is done.
        let soft = self.soft_limit().max(live.saturating_add(live / 4));
        let Ok(percent) = u64::try_from(self.gc_percent.load(Relaxed)) else {
            return if self.soft_limit() == u64::MAX { u64::MAX } else { soft };
        };
        let grown = live.saturating_add((live + registry.roots).saturating_mul(percent) / 100);
        grown.max(MIN_HEAP * percent / 100).min(self.memory_limit() as u64).min(soft)
    }

    /// The room until the goal; some at least, so that a heap near its limit does not collect all the time.
    fn set_trigger(&self, registry: &Registry) {
        let goal = self.goal(registry);
        let live = registry.live.0;
        let room = goal.saturating_sub(live).max((live / 16).min(goal)).max(64 << 10);
        self.trigger.store(if goal == u64::MAX { usize::MAX } else { room as usize }, Relaxed);
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let last = self.central.page_state().last_id;
        self.space.drop_blocks(last);
    }
}

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Heap>();
    const fn moved<T: Send>() {}
    moved::<LocalHeap>();
    assert!(size_of::<BlockId>() == 4);
};
