//! Marking: from the roots, with an explicit stack, by one thread or several.
//!
//! A marker takes an entry (a stretch of memory and its layout) from its own stack, looks at the words that may be pointers, marks the
//! objects found, and pushes those that have pointers. Long objects are looked at piece by piece, so that a stack stays short and
//! several threads share one big array. A marker whose stack is not nearly empty gives half of it away when others wait.
//! Marking is over when all threads wait.
//!
//! Roots come in two ways: what [`Roots::visit`] shows is marked first, by one thread; the parts ([`Roots::visit_part`]) are taken by
//! whichever marker is free and scanned at once, so that a million stacks neither wait for one thread nor pile up.
//!
//! The time goes to waiting for memory. An entry taken from the stack is therefore fetched ahead and looked at some entries later
//! ([`AHEAD`]).

use crate::block::{ADDRESS_MASK, Block, Found, MARKED, View};
use crate::heap::Heap;
use crate::layout::{LayoutId, Shape};
use crate::size_class::MAX_SMALL_SIZE;
use crate::stats::CollectStats;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Condvar, Mutex};

/// An entry longer than this many words is looked at in pieces.
const PIECE_WORDS: usize = 8192;
/// A stack shorter than this is not shared.
const SHARE_MIN: usize = 4;
/// So many entries are looked at before the stack is shared again: what was given away should be worth the trouble.
const SHARE_EVERY: u32 = 64;
/// How often a thread without work looks whether some has come before it sleeps: for some tens of microseconds.
const SPINS: u32 = 2000;
/// So many entries are on their way from memory to the processor; a power of two.
const AHEAD: usize = 16;

/// Whoever knows where pointers into the heap are: stacks, globals, the runtime's own tables.
pub trait Roots: Sync {
    /// Shows `marker` those that are in no part. The world is stopped.
    fn visit(&self, marker: &mut dyn RootVisitor);

    /// How many parts there are besides, shown by [`Roots::visit_part`] each on its own, in any order and on several threads.
    fn parts(&self) -> usize {
        0
    }

    /// Shows `marker` the roots of one part. The world is stopped.
    fn visit_part(&self, _part: usize, _marker: &mut dyn RootVisitor) {}
}

/// What roots are shown to. Any word may be shown: what does not point into a live object is ignored.
pub trait RootVisitor {
    /// One word, for example a pointer.
    fn word(&mut self, word: u64);

    /// `words` words from `start`, each of which may be a pointer.
    ///
    /// # Safety
    /// They are readable, and stay so and unchanged, until the collection ends.
    unsafe fn range(&mut self, start: *const u64, words: usize);
}

/// Threads that help with marking.
pub trait MarkHelpers {
    /// How many threads will mark, the caller's included.
    fn threads(&self) -> usize;

    /// Runs `work` on this thread and on any number of others at the same time, and returns when all have returned from it. It returns when
    /// nothing is left to mark.
    fn run(&self, work: &(dyn Fn() + Sync));
}

/// No help: the collecting thread marks alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHelpers;

impl MarkHelpers for NoHelpers {
    fn threads(&self) -> usize {
        1
    }
    fn run(&self, work: &(dyn Fn() + Sync)) {
        work();
    }
}

/// Helps with so many threads in all, made for each collection.
#[derive(Clone, Copy, Debug)]
pub struct ThreadHelpers(pub usize);

impl MarkHelpers for ThreadHelpers {
    fn threads(&self) -> usize {
        self.0.max(1)
    }
    fn run(&self, work: &(dyn Fn() + Sync)) {
        std::thread::scope(|scope| {
            for _ in 1..self.0 {
                scope.spawn(work);
            }
            work();
        });
    }
}

impl Heap {
    /// Collects: marks what the roots reach and leaves the rest to be swept. Until something is allocated, [`Heap::is_marked`]
    /// tells what survived.
    ///
    /// # Safety
    /// H5: until it returns no other thread uses a `LocalHeap` of this heap or changes objects, and the stop and the restart synchronise with
    /// them. The roots show all pointers to objects that will be used later; no pointer to an object is kept only one past its end.
    pub unsafe fn collect(&self, roots: &dyn Roots, helpers: &dyn MarkHelpers) -> CollectStats {
        // SAFETY: the caller's promise is the same.
        let session = unsafe { self.start_mark(helpers.threads() > 1) };
        session.visit(roots);
        helpers.run(&|| session.mark_parts(roots));
        let stats = session.finish();
        self.release_unused();
        stats
    }

    /// Starts a collection whose steps the caller takes: [`MarkSession::visit`], [`MarkSession::mark_parts`] and [`MarkSession::mark_worker`] as often as needed (what is to be marked may
    /// depend on what was), then [`MarkSession::finish`]. `parallel`: several threads will be in `mark_worker`.
    ///
    /// # Safety
    /// As for [`Heap::collect`], until `finish` returns, which must be called.
    pub unsafe fn start_mark<'h>(&'h self, parallel: bool) -> MarkSession<'h> {
        self.prepare_mark();
        MarkSession {
            heap: self,
            shapes: self.layouts().shapes(),
            parallel,
            next_part: AtomicUsize::new(0),
            queue: Mutex::default(),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            given: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
            exclusive: AtomicBool::new(false),
            live_bytes: AtomicU64::new(0),
            live_objects: AtomicU64::new(0),
            root_bytes: AtomicU64::new(0),
        }
    }
}

/// A collection under way.
pub struct MarkSession<'h> {
    heap: &'h Heap,
    /// By layout.
    shapes: Vec<Shape<'h>>,
    parallel: bool,
    /// The first part of the roots that no thread has taken.
    next_part: AtomicUsize,
    queue: Mutex<Queue>,
    /// Signalled when work is put in the queue or all is done.
    changed: Condvar,
    /// Hints, read without the lock: threads waiting for work; chunks in the queue; threads at work.
    waiting: AtomicUsize,
    given: AtomicUsize,
    active: AtomicUsize,
    /// Whether a thread marks in a session that is not parallel.
    exclusive: AtomicBool,
    live_bytes: AtomicU64,
    live_objects: AtomicU64,
    root_bytes: AtomicU64,
}

#[derive(Default)]
struct Queue {
    chunks: Vec<Vec<Entry>>,
    /// Threads in `mark_worker` that are not waiting.
    active: usize,
}

/// What is to be done at `start`: either an object that something points to is to be marked, unless it is so already, and looked at; or a
/// stretch of memory is to be looked at, from the start of an element of its layout.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: usize,
    /// A stretch: words in the low half, the layout in the high one. An object: [`Entry::OBJECT`], its words, and in the low 48 bits the
    /// address of its entry in its block. Written and read as one, since a wide read right after narrow writes stalls.
    what: u64,
}

impl Entry {
    const OBJECT: u64 = 1 << 63;

    #[inline(always)]
    fn stretch(start: usize, words: u32, layout: LayoutId) -> Entry {
        debug_assert!(layout.0 < MARKED);
        Entry { start, what: words as u64 | (layout.0 as u64) << 32 }
    }

    /// `entry` is that of a place, of `size` bytes, in a block with pointers.
    #[inline(always)]
    fn object(start: usize, size: usize, entry: *const AtomicU32) -> Entry {
        debug_assert!(entry as u64 & !ADDRESS_MASK == 0 && size <= MAX_SMALL_SIZE);
        Entry { start, what: Self::OBJECT | (size as u64 / 8) << 48 | entry as u64 }
    }
}

impl MarkSession<'_> {
    /// Marks the objects that roots point to, other than those of their parts, and notes what is to be looked at.
    pub fn visit(&self, roots: &dyn Roots) {
        let mut marker = Marker::new(self);
        roots.visit(&mut marker);
        let stack = std::mem::take(&mut marker.stack);
        drop(marker);
        if !stack.is_empty() {
            self.queue().chunks.push(stack);
        }
    }

    /// Whether the object `address` points into is marked so far.
    pub fn is_marked(&self, address: *const u8) -> bool {
        self.heap.is_marked(address)
    }

    /// Marks until nothing is left. May be run by several threads at once if the session is parallel; in one that is not, all but the first
    /// return at once.
    pub fn mark_worker(&self) {
        self.mark(None);
    }

    /// As [`MarkSession::mark_worker`], with the parts of these roots. Once in a session.
    pub fn mark_parts(&self, roots: &dyn Roots) {
        self.mark(Some(roots));
    }

    fn mark(&self, roots: Option<&dyn Roots>) {
        if !self.parallel && self.exclusive.swap(true, Acquire) {
            return;
        }
        let mut marker = Marker::new(self);
        self.set_active(&mut self.queue(), 1);
        if let Some(roots) = roots {
            let parts = roots.parts();
            loop {
                let part = self.next_part.fetch_add(1, Relaxed);
                if part >= parts {
                    break;
                }
                roots.visit_part(part, &mut marker);
                marker.drain();
            }
        }
        while let Some(chunk) = self.take_chunk() {
            marker.add(chunk);
            marker.drain();
        }
        drop(marker);
        self.exclusive.store(false, Release);
    }

    /// What another thread gave away, for one that has nothing left; none: all is marked. Waits in between, at first without letting
    /// go of the core, for most work comes within microseconds.
    fn take_chunk(&self) -> Option<Vec<Entry>> {
        let mut queue = self.queue();
        loop {
            if let Some(chunk) = queue.chunks.pop() {
                self.given.store(queue.chunks.len(), Relaxed);
                return Some(chunk);
            }
            self.set_active(&mut queue, -1);
            if queue.active == 0 {
                self.changed.notify_all();
                return None;
            }
            drop(queue);
            self.waiting.fetch_add(1, Relaxed);
            let mut spins = 0;
            while spins < SPINS && self.given.load(Relaxed) == 0 && self.active.load(Relaxed) != 0 {
                std::hint::spin_loop();
                spins += 1;
            }
            queue = self.queue();
            while queue.chunks.is_empty() && queue.active != 0 {
                queue = self.changed.wait(queue).expect("no panic while the mark queue is locked");
            }
            self.waiting.fetch_sub(1, Relaxed);
            if queue.chunks.is_empty() {
                return None;
            }
            self.set_active(&mut queue, 1);
        }
    }

    fn set_active(&self, queue: &mut Queue, change: isize) {
        queue.active = queue.active.checked_add_signed(change).expect("whoever ends marking began it");
        self.active.store(queue.active, Relaxed);
    }

    /// Ends the collection.
    ///
    /// # Panics
    /// If something is left to look at.
    pub fn finish(self) -> CollectStats {
        assert!(self.queue().chunks.is_empty(), "marking is complete");
        let live = (self.live_bytes.load(Relaxed), self.live_objects.load(Relaxed));
        self.heap.after_mark(live, self.root_bytes.load(Relaxed))
    }

    /// Whether a thread waits for work that nobody has given away yet.
    #[inline(always)]
    fn wants_work(&self) -> bool {
        self.waiting.load(Relaxed) != 0 && self.given.load(Relaxed) == 0
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().expect("no panic while the mark queue is locked")
    }
}

/// One thread's part in marking.
struct Marker<'s> {
    session: &'s MarkSession<'s>,
    space: View<'s>,
    shapes: &'s [Shape<'s>],
    parallel: bool,
    stack: Vec<Entry>,
    /// The layout of the last object that was looked at, if its shape is [`Shape::Short`]: stride and pointers. That the next has the same
    /// is guessed well by the processor, which then need not wait for the entry to load what the object points to.
    last: (LayoutId, usize, u64),
    live_bytes: u64,
    live_objects: u64,
    root_bytes: u64,
}

impl<'s> Marker<'s> {
    fn new(session: &'s MarkSession<'_>) -> Marker<'s> {
        Marker {
            session,
            space: session.heap.space().view(),
            shapes: &session.shapes,
            parallel: session.parallel,
            stack: Vec::new(),
            last: (LayoutId::NOSCAN, 1, 0),
            live_bytes: 0,
            live_objects: 0,
            root_bytes: 0,
        }
    }

    fn add(&mut self, chunk: Vec<Entry>) {
        if self.stack.is_empty() { self.stack = chunk } else { self.stack.extend(chunk) }
    }

    /// Looks at everything on the stack.
    fn drain(&mut self) {
        // Entries on their way, `held` of them from `first` on. One that is alone would only wait for itself.
        let mut ahead = [Entry::default(); AHEAD];
        let (mut first, mut held) = (0, 0);
        let mut since_share = 0;
        loop {
            while held < AHEAD
                && (held != 0 || self.stack.len() != 1)
                && let Some(entry) = self.stack.pop()
            {
                prefetch(entry.start);
                if entry.what & Entry::OBJECT != 0 {
                    prefetch((entry.what & ADDRESS_MASK) as usize);
                }
                ahead[(first + held) % AHEAD] = entry;
                held += 1;
            }
            let due = if held != 0 {
                let due = ahead[first];
                first = (first + 1) % AHEAD;
                held -= 1;
                due
            } else if let Some(alone) = self.stack.pop() {
                alone
            } else {
                return;
            };
            if due.what & Entry::OBJECT != 0 {
                self.object(due);
            } else {
                self.stretch(due);
            }
            since_share += 1;
            if since_share >= SHARE_EVERY && self.stack.len() >= SHARE_MIN && self.session.wants_work() {
                self.share();
                since_share = 0;
            }
        }
    }

    /// Gives the older half of the stack away: those entries tend to have more behind them. Of a long stretch each gets a half.
    #[cold]
    #[inline(never)]
    fn share(&mut self) {
        let rest = self.stack.split_off(self.stack.len() / 2);
        let mut chunk = std::mem::replace(&mut self.stack, rest);
        if let Some(halves) = self.halves(chunk[0]) {
            chunk[0] = halves.0;
            self.stack.insert(0, halves.1);
        }
        let mut queue = self.session.queue();
        queue.chunks.push(chunk);
        self.session.given.store(queue.chunks.len(), Relaxed);
        self.session.changed.notify_one();
    }

    /// Both halves of a stretch of more than two pieces.
    fn halves(&self, entry: Entry) -> Option<(Entry, Entry)> {
        if entry.what & Entry::OBJECT != 0 {
            return None;
        }
        let (words, layout) = (entry.what as u32, LayoutId((entry.what >> 32) as u32));
        let stride = self.shapes.get(layout.0 as usize).map_or(1, Shape::stride);
        let half = (words as usize / 2).next_multiple_of(stride);
        if half < PIECE_WORDS || half >= words as usize {
            return None;
        }
        let second = Entry::stretch(entry.start + half * 8, words - half as u32, layout);
        Some((Entry::stretch(entry.start, half as u32, layout), second))
    }

    /// Notes memory of any length, longer than an entry can tell if need be.
    fn push(&mut self, mut start: usize, mut words: usize, layout: LayoutId) {
        const MOST: usize = u32::MAX as usize / 2;
        while words > MOST {
            let stride = self.shapes.get(layout.0 as usize).map_or(1, Shape::stride);
            let piece = MOST / stride * stride;
            self.stack.push(Entry::stretch(start, piece as u32, layout));
            start += piece * 8;
            words -= piece;
        }
        if words != 0 {
            self.stack.push(Entry::stretch(start, words as u32, layout));
        }
    }

    /// Marks an object of a block with pointers, unless it is marked, and looks at it.
    #[inline(always)]
    fn object(&mut self, object: Entry) {
        // SAFETY: H3: `mark` took the address of the entry of a place in a block; blocks live on while the world is stopped (H5).
        let entry = unsafe { &*((object.what & ADDRESS_MASK) as *const AtomicU32) };
        let layout = entry.load(Relaxed);
        // Marked, or nothing is allocated there.
        if layout & MARKED != 0 || layout == 0 {
            return;
        }
        entry.store(layout | MARKED, Relaxed);
        let words = (object.what >> 48) as usize & 0x7fff;
        self.live_bytes += words as u64 * 8;
        self.live_objects += 1;
        self.scan(object.start, words, LayoutId(layout));
    }

    /// Looks at the first piece of a stretch, and notes the rest.
    fn stretch(&mut self, stretch: Entry) {
        let (start, layout) = (stretch.start, LayoutId((stretch.what >> 32) as u32));
        let mut words = stretch.what as u32 as usize;
        if words > PIECE_WORDS {
            let stride = self.shapes.get(layout.0 as usize).map_or(1, Shape::stride);
            let piece = PIECE_WORDS.next_multiple_of(stride);
            if piece < words {
                self.stack.push(Entry::stretch(start + piece * 8, (words - piece) as u32, layout));
                words = piece;
            }
        }
        self.scan(start, words, layout);
    }

    #[inline(always)]
    fn scan(&mut self, start: usize, words: usize, layout: LayoutId) {
        let (last, stride, pointers) = self.last;
        if layout == last {
            self.scan_short(start, words, stride, pointers)
        } else {
            self.scan_other(start, words, layout)
        }
    }

    #[inline(never)]
    fn scan_other(&mut self, start: usize, words: usize, layout: LayoutId) {
        let shapes = self.shapes;
        let Some(shape) = shapes.get(layout.0 as usize) else { return };
        match *shape {
            Shape::NoScan => {}
            Shape::All => {
                for at in (start..start + words * 8).step_by(8) {
                    self.look(at);
                }
            }
            Shape::Short { stride, pointers } => {
                self.last = (layout, stride, pointers);
                self.scan_short(start, words, stride, pointers);
            }
            Shape::Long { stride, pointers } => {
                let end = start + words * 8;
                let mut element = start;
                while element < end {
                    for &offset in pointers {
                        let at = element + offset as usize * 8;
                        if at >= end {
                            break;
                        }
                        self.look(at);
                    }
                    element += stride * 8;
                }
            }
        }
    }

    #[inline(always)]
    fn scan_short(&mut self, start: usize, mut words: usize, stride: usize, pointers: u64) {
        let mut element = start;
        loop {
            // The last element may be a part of one.
            let mut left = if words < stride { pointers & ((1 << words) - 1) } else { pointers };
            while left != 0 {
                self.look(element + left.trailing_zeros() as usize * 8);
                left &= left - 1;
            }
            if words <= stride {
                break;
            }
            element += stride * 8;
            words -= stride;
        }
    }

    /// Looks at the word at `at`, which lies in an allocated object or in a root range.
    #[inline(always)]
    fn look(&mut self, at: usize) {
        // SAFETY: H2 and the main invariant for objects, the promise of `RootVisitor::range` for roots; H5: nobody writes.
        let word = unsafe { (*(at as *const AtomicU64)).load(Relaxed) };
        self.mark(word);
    }

    /// Notes what `word` points to, if it does: an object that has pointers is marked when its entry has been fetched.
    #[inline(always)]
    fn mark(&mut self, word: u64) {
        let Some(place) = self.space.place(word) else { return };
        let Found { block, index } = place;
        let (size, entries) = (block.size(), block.layouts());
        if entries.is_null() {
            self.mark_bit(place);
        } else if size <= MAX_SMALL_SIZE {
            // SAFETY: H3: the place is one of the block's, which has an entry for each.
            let entry = unsafe { entries.add(index as usize) };
            self.stack.push(Entry::object(block.address(index), size, entry));
        } else {
            self.mark_large(block);
        }
    }

    /// Marks what lies in a place of a block without pointers.
    #[inline(always)]
    fn mark_bit(&mut self, place: Found<'_>) {
        let Found { block, index } = place;
        let bits = self.space.mark_word(block.start(), index as usize / 64);
        let bit = 1u64 << (index % 64);
        let old = bits.load(Relaxed);
        if old & bit != 0 || !self.space.allocated(place) {
            return;
        }
        if !self.parallel {
            bits.store(old | bit, Relaxed);
        } else if bits.fetch_or(bit, Relaxed) & bit != 0 {
            return;
        }
        self.live_bytes += block.size() as u64;
        self.live_objects += 1;
    }

    /// Marks a large object with pointers, unless it is marked, and notes it.
    fn mark_large(&mut self, block: &Block) {
        // SAFETY: H3: the entry of a large object is in its block's record.
        let entry = unsafe { &*block.layouts() };
        // Here two threads must not both do it: the object is long.
        let layout = entry.fetch_or(MARKED, Relaxed);
        if layout & MARKED != 0 {
            return;
        }
        let size = block.size();
        self.live_bytes += size as u64;
        self.live_objects += 1;
        self.push(block.start(), size / 8, LayoutId(layout));
    }
}

/// Has the processor fetch what lies at an address.
#[inline(always)]
fn prefetch(address: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; it touches no memory whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address as *const i8);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

impl RootVisitor for Marker<'_> {
    fn word(&mut self, word: u64) {
        self.mark(word);
    }

    unsafe fn range(&mut self, start: *const u64, words: usize) {
        self.root_bytes += words as u64 * 8;
        self.push(start as usize, words, LayoutId::CONSERVATIVE);
    }
}

impl Drop for Marker<'_> {
    fn drop(&mut self) {
        self.session.live_bytes.fetch_add(self.live_bytes, Relaxed);
        self.session.live_objects.fetch_add(self.live_objects, Relaxed);
        self.session.root_bytes.fetch_add(self.root_bytes, Relaxed);
    }
}
