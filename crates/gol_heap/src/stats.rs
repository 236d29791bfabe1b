//! What the heap counts, for `runtime.MemStats` and for tuning.

/// Figures of a heap; the names follow `runtime.MemStats`. Exact while the world is stopped, close otherwise.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct HeapStats {
    /// Bytes of allocated objects: those that were live at the end of the last collection, and all allocated since.
    pub alloc: u64,
    /// Bytes allocated since the start, freed ones included.
    pub total_alloc: u64,
    /// Objects allocated since the start.
    pub mallocs: u64,
    /// Objects freed since the start.
    pub frees: u64,
    /// Objects allocated and not freed.
    pub heap_objects: u64,
    /// Bytes in blocks.
    pub heap_inuse: u64,
    /// Bytes in free pages.
    pub heap_idle: u64,
    /// Bytes obtained from the system for objects.
    pub sys: u64,
    /// Bytes in blocks above which the next collection is wanted.
    pub next_gc: u64,
    /// Collections finished.
    pub num_gc: u32,
    /// Total pause, in nanoseconds, as told by [`crate::Heap::add_pause`].
    pub pause_total_ns: u64,
    /// Bytes of `heap_idle` that the system has back.
    pub heap_released: u64,
}

/// How long the world stood still for one collection.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its length.
    pub nanoseconds: u64,
    /// When it ended: nanoseconds since 1970.
    pub end: i64,
}

/// What one collection found.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct CollectStats {
    /// Bytes of marked objects.
    pub live_bytes: u64,
    /// Marked objects. One with pointers that two threads found at the same moment may be counted twice, here and in the bytes.
    pub live_objects: u64,
    /// Bytes allocated before this collection that it found dead.
    pub freed_bytes: u64,
    /// Bytes of root ranges scanned.
    pub root_bytes: u64,
}
