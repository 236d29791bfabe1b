//! The page allocator: which pages of the reserved range are free, dirty, or not touched yet.
//!
//! Free runs are kept by address (to join neighbours) and by length (best fit). Memory of a freed run is kept for two collections
//! and then given back to the system.

use crate::os::Reservation;
use crate::size_class::PAGE_SIZE;
use std::collections::{BTreeMap, BTreeSet};

/// Pages are committed in steps of at least this many.
const COMMIT_STEP: usize = 256;
/// From this many pages on the heap asks for large ones: a small program is to stay small.
const LARGE_FROM: usize = (8 << 20) / PAGE_SIZE;
/// A free run is given back to the system when it was not used for this many collections.
const KEEP_CYCLES: u32 = 2;

/// A run of pages given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) pages: usize,
    /// Whether it may hold garbage.
    pub(crate) dirty: bool,
}

#[derive(Clone, Copy, Debug)]
struct FreeRun {
    pages: usize,
    dirty: bool,
    freed_at: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Pages {
    by_start: BTreeMap<usize, FreeRun>,
    by_length: BTreeSet<(usize, usize)>,
    /// Pages below it were given out once; those above are fresh.
    top: usize,
    committed: usize,
    in_use: usize,
    /// Pages of free runs that the system has back.
    released: usize,
    cycle: u32,
}

impl Pages {
    /// A run from the free ones, if one is long enough.
    pub(crate) fn alloc_free(&mut self, pages: usize) -> Option<Run> {
        let &(length, start) = self.by_length.range((pages, 0)..).next()?;
        let free = self.remove(start, length);
        if length > pages {
            self.insert(start + pages, FreeRun { pages: length - pages, ..free });
        }
        self.in_use += pages;
        Some(Run { start, pages, dirty: free.dirty })
    }

    /// A run of pages never used before, unless the reserved range is used up or the system has no memory.
    pub(crate) fn alloc_fresh(&mut self, pages: usize, space: &Reservation) -> Option<Run> {
        let (start, end) = (self.top, self.top.checked_add(pages)?);
        let reserved = space.len() / PAGE_SIZE;
        if end > reserved {
            return None;
        }
        if end > self.committed {
            // Grow by an eighth, so that the number of system calls stays small; with less if that is refused.
            let wish = (end - self.committed).max(COMMIT_STEP).max(self.committed / 8).min(reserved - self.committed);
            let least = end - self.committed;
            let got = [wish, least].into_iter().find(|n| space.commit(self.committed * PAGE_SIZE, n * PAGE_SIZE))?;
            let from = self.committed.max(LARGE_FROM);
            self.committed += got;
            if from < self.committed {
                space.prefer_large_pages(from * PAGE_SIZE, (self.committed - from) * PAGE_SIZE);
            }
        }
        self.top = end;
        self.in_use += pages;
        Some(Run { start, pages, dirty: false })
    }

    /// Takes a run back.
    pub(crate) fn free(&mut self, start: usize, pages: usize) {
        self.in_use -= pages;
        let mut run = FreeRun { pages, dirty: true, freed_at: self.cycle };
        let mut start = start;
        if let Some((&before, &free)) = self.by_start.range(..start).next_back()
            && before + free.pages == start
        {
            self.remove(before, free.pages);
            run.pages += free.pages;
            start = before;
        }
        if let Some(&after) = self.by_start.get(&(start + run.pages)) {
            self.remove(start + run.pages, after.pages);
            run.pages += after.pages;
        }
        self.insert(start, run);
    }

    /// Notes the start of a collection.
    pub(crate) fn next_cycle(&mut self) {
        self.cycle += 1;
    }

    /// Gives long-unused runs back to the system. Returns the number of bytes given back.
    pub(crate) fn scavenge(&mut self, space: &Reservation, all: bool) -> usize {
        let mut released = 0;
        for (&start, run) in &mut self.by_start {
            if run.dirty && (all || self.cycle - run.freed_at > KEEP_CYCLES) {
                run.dirty = !space.release(start * PAGE_SIZE, run.pages * PAGE_SIZE);
                run.freed_at = self.cycle;
                released += run.pages * PAGE_SIZE;
                self.released += if run.dirty { 0 } else { run.pages };
            }
        }
        released
    }

    /// Pages that are free, were used once, and are with the system now.
    pub(crate) fn released(&self) -> usize {
        self.released
    }

    pub(crate) fn in_use(&self) -> usize {
        self.in_use
    }

    pub(crate) fn committed(&self) -> usize {
        self.committed
    }

    fn insert(&mut self, start: usize, run: FreeRun) {
        self.released += if run.dirty { 0 } else { run.pages };
        self.by_start.insert(start, run);
        self.by_length.insert((run.pages, start));
    }

    fn remove(&mut self, start: usize, pages: usize) -> FreeRun {
        self.by_length.remove(&(pages, start));
        let run = self.by_start.remove(&start).expect("a free run is in both indexes");
        self.released -= if run.dirty { 0 } else { run.pages };
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join_and_fresh_pages_come_last() {
        let space = Reservation::reserve(1 << 20).expect("1 MB can be reserved");
        let mut pages = Pages::default();
        let runs: Vec<Run> = (0..4).map(|_| pages.alloc_fresh(3, &space).expect("room")).collect();
        assert_eq!(runs[3], Run { start: 9, pages: 3, dirty: false });
        pages.free(0, 3);
        pages.free(6, 3);
        assert_eq!(pages.alloc_free(4), None);
        pages.free(3, 3);
        assert_eq!(pages.alloc_free(9), Some(Run { start: 0, pages: 9, dirty: true }));
        assert_eq!(pages.in_use(), 12);
        pages.free(0, 9);
        assert_eq!(pages.scavenge(&space, true), 9 * PAGE_SIZE);
        assert_eq!(pages.released(), if cfg!(target_os = "linux") { 9 } else { 0 });
        assert_eq!(pages.alloc_free(2).map(|r| r.dirty), Some(!cfg!(target_os = "linux")));
        assert_eq!(
            pages.released(),
            if cfg!(target_os = "linux") { 7 } else { 0 },
            "what is used again is not released"
        );
        assert_eq!(pages.alloc_fresh(1000, &space), None, "the range is used up");
    }
}
