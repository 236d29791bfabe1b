//! `G`: a goroutine and its state; `Sudog`: a goroutine's place in a queue of waiters; and where both are kept.
//!
//! A `G` lives in a slab, with the memory that its stack starts in; an ended goroutine goes
//! to a pool and its `G` is used again under a new id. Pools belong to workers and are balanced over a global list: spawning and
//! ending goroutines takes no lock in the steady state. A slab is given back only when all that lives in it is on the global list (R1), after
//! collections, when most goroutines there ever were have ended ([`Slabs::trim`]).
//!
//! The fields are plain: whoever owns the goroutine (R2) reads and writes them, and there is no status change by compare-and-swap.
//!
//! Memory: a parked goroutine in a small function takes `size_of::<G>()`, its first 32 words of stack included, 448 bytes.

use crate::blocking::BlockResult;
use crate::chan::Hchan;
use crate::stack::{First, KEEP_WORDS, Stack, StackOverflow};
use crate::sync::{AtomicU32, Mutex, lock};
use crate::wait::WaitReason;
use std::cell::UnsafeCell;
use std::marker::PhantomPinned;
use std::ptr::{NonNull, null_mut};

/// The offset that stands for "no register": a received value nobody wants, an `ok` nobody asked for.
pub const NO_SLOT: u32 = u32::MAX;

/// Where a goroutine is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum GStatus {
    /// In a pool: ended, or never used.
    Dead,
    /// In a run queue.
    Runnable,
    /// A worker runs it.
    Running,
    /// Parked, see [`G::wait_reason`].
    Waiting,
}

/// What the machine must do first when it runs this goroutine again. Set by whoever wakes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Resume {
    /// Nothing: go on at `pc`; results, if any, are already in the registers.
    None,
    /// A select was decided: call [`crate::select_resume`].
    SelectDone,
    /// The channel was closed under a parked send: raise "send on closed channel".
    SendOnClosed,
    /// A blocking call is done: take [`G::native_result`].
    Native,
    /// It was asked to end while it waited: see [`crate::Worker::take_interrupt`].
    Interrupted,
    /// It was asked to end while it waited on a semaphore or notification list, and has not got what it waited for.
    Abandoned,
}

/// A goroutine. The machine uses the public fields freely while it runs the goroutine.
#[repr(C)]
pub struct G {
    /// Its registers.
    pub stack: Stack,
    /// Saved program counter; the runtime does not look at it.
    pub pc: u64,
    /// Word offset of the current frame in the stack.
    pub base: u32,
    /// Words of the stack in use, as the machine last noted it; what the collector scans is [`crate::Machine::stack_top`].
    pub top: u32,
    /// Where it is in its life.
    pub status: GStatus,
    /// What the machine must do first.
    pub resume: Resume,
    /// Why it waits; kept after waking.
    pub wait_reason: WaitReason,
    /// Free for the machine, false in a new goroutine.
    pub machine_flag: bool,
    /// Set (0 to 1) by whoever decides the select this goroutine is parked in.
    pub(crate) select_done: AtomicU32,
    /// Words of the machine (defer list, panic list, ...); roots.
    pub machine: [u64; 4],
    /// The sudog of the case that decided the select, when `resume` is [`Resume::SelectDone`].
    pub(crate) decided: *mut Sudog,
    /// What a blocking call returned, when `resume` is [`Resume::Native`].
    pub native_result: Option<Box<BlockResult>>,
    /// Its number, as in Go's dumps: main is 1, numbers are not used again.
    pub id: u64,
    /// The goroutine that started it, 0 for main.
    pub parent: u64,
    /// The place of the go statement that started it, as the machine gave it.
    pub created_by: u32,
    /// When it was parked, in seconds of [`crate::Env::now`].
    pub wait_since: u32,
    /// The first sudog is here, further ones of a select come from the worker.
    pub(crate) sudog: Sudog,
    /// The sudogs of the select it is parked in, linked by `waitlink` in lock order.
    pub(crate) waiting: *mut Sudog,
    /// For lists of goroutines about to be readied.
    pub(crate) schedlink: *mut G,
    /// What the stack starts in.
    first: First,
    /// What loom watches in place of all the plain fields.
    #[cfg(loom)]
    owner: loom::cell::UnsafeCell<()>,
    /// The stack points into its `G`, so `&mut G` must not promise to be the only way there.
    _pinned: PhantomPinned,
}

impl G {
    fn new() -> G {
        G {
            stack: Stack::empty(),
            pc: 0,
            base: 0,
            top: 0,
            status: GStatus::Dead,
            resume: Resume::None,
            wait_reason: WaitReason::None,
            machine_flag: false,
            select_done: AtomicU32::new(0),
            machine: [0; 4],
            decided: null_mut(),
            native_result: None,
            id: 0,
            parent: 0,
            created_by: 0,
            wait_since: 0,
            sudog: Sudog::new(),
            waiting: null_mut(),
            schedlink: null_mut(),
            first: First::new(),
            #[cfg(loom)]
            owner: loom::cell::UnsafeCell::new(()),
            _pinned: PhantomPinned,
        }
    }

    /// Makes a pooled `G` a fresh goroutine with a stack of at least `min_words`.
    #[inline]
    pub(crate) fn renew(&mut self, id: u64, min_words: u32) -> Result<(), StackOverflow> {
        if self.stack.words() < min_words {
            self.stack.grow(min_words)?;
        }
        self.id = id;
        self.base = 0;
        self.top = 0;
        self.resume = Resume::None;
        self.wait_reason = WaitReason::None;
        self.machine_flag = false;
        self.machine = [0; 4];
        Ok(())
    }

    /// The caller owns this goroutine (R2): in a model, loom finds out whether that is so.
    #[inline(always)]
    pub(crate) fn owned(&self) {
        #[cfg(loom)]
        self.owner.with_mut(|_| ());
    }

    /// Makes an ended goroutine ready for the pool.
    #[inline]
    pub(crate) fn retire(&mut self) {
        self.status = GStatus::Dead;
        self.top = 0;
        if self.native_result.is_some() {
            self.native_result = None;
        }
        if self.stack.words() > KEEP_WORDS {
            self.stack.reset();
        }
    }
}

impl std::fmt::Debug for G {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "goroutine {} [{:?} {}]", self.id, self.status, self.wait_reason)
    }
}

/// A goroutine in a queue of waiters. Owned by the queue while it is in one, under the queue's lock.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Sudog {
    pub g: *mut G,
    pub next: *mut Sudog,
    pub prev: *mut Sudog,
    /// The next sudog of the same select.
    pub waitlink: *mut Sudog,
    /// The channel waited on; for semaphores, the last of the waiters on an address.
    pub c: *mut Hchan,
    /// Word offset of the element in `g`'s stack ([`NO_SLOT`]: the value is not wanted).
    pub elem: u32,
    /// Word offset of the `ok` in `g`'s stack, or [`NO_SLOT`].
    pub ok: u32,
    /// The ticket of a `sync.Cond` waiter; the number of a select's case.
    pub ticket: u32,
    pub is_select: bool,
    pub is_send: bool,
    /// Whether the communication took place; false: woken by close.
    pub success: bool,
    /// In a queue. Guarded by the queue's lock; what Go reads off the links.
    pub queued: bool,
}

impl Sudog {
    pub const fn new() -> Sudog {
        Sudog {
            g: null_mut(),
            next: null_mut(),
            prev: null_mut(),
            waitlink: null_mut(),
            c: null_mut(),
            elem: NO_SLOT,
            ok: NO_SLOT,
            ticket: 0,
            is_select: false,
            is_send: false,
            success: false,
            queued: false,
        }
    }
}

/// A `G` in a run queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct GRef(pub NonNull<G>);

// SAFETY: R1, R2: the address stays good, and being in the queue is the ownership that travels.
unsafe impl Send for GRef {}

/// What lives in [`Slabs`].
pub(crate) trait Pooled: Sized {
    /// One that was never used.
    fn new() -> Self;

    /// Called once, when it is where it stays.
    ///
    /// # Safety
    /// `at` was just made by [`Pooled::new`], and does not move as long as it lives.
    unsafe fn settle(_at: *mut Self) {}

    /// Gives back memory that a new one would not have.
    fn reduce(&mut self) {}
}

impl Pooled for G {
    fn new() -> G {
        G::new()
    }

    unsafe fn settle(at: *mut G) {
        // SAFETY: the caller's promise: the memory belongs to this goroutine and stays in place.
        unsafe { (*at).stack.start(&raw mut (*at).first) };
    }

    fn reduce(&mut self) {
        self.stack.reset();
    }
}

impl Pooled for Sudog {
    fn new() -> Sudog {
        Sudog::new()
    }
}

/// Goroutines or sudogs that wait in memory for use, and the slabs all of them live in.
pub(crate) struct Slabs<T> {
    inner: Mutex<SlabsInner<T>>,
}

type Slab<T> = Box<[UnsafeCell<T>]>;

struct SlabsInner<T> {
    slabs: Vec<Slab<T>>,
    free: Vec<NonNull<T>>,
    /// How many were made and not given back.
    total: usize,
}

// SAFETY: the lists are behind a lock; what they point to has one owner (R2).
unsafe impl<T> Send for Slabs<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Slabs<T> {}

/// A worker's own free list holds at most twice this many.
pub(crate) const POOL_BATCH: usize = 32;
/// Slabs grow with the number of goroutines: powers of two, which allocators have without waste, from so many bytes ...
const MIN_SLAB: usize = 16 << 10;
/// ... to so many.
const MAX_SLAB: usize = 256 << 10;
/// So many unused ones are kept in any case.
const KEEP_FREE: usize = 1024;

impl<T: Pooled> Slabs<T> {
    pub fn new() -> Slabs<T> {
        Slabs { inner: Mutex::new(SlabsInner { slabs: Vec::new(), free: Vec::new(), total: 0 }) }
    }

    /// Moves a batch to `pool`, which is empty: free ones, or else new ones.
    #[cold]
    #[inline(never)]
    pub fn refill(&self, pool: &mut Vec<NonNull<T>>) {
        let inner = &mut *lock(&self.inner);
        if inner.free.is_empty() {
            let bytes = (inner.total / 4 * size_of::<T>()).next_power_of_two().clamp(MIN_SLAB, MAX_SLAB);
            let count = bytes / size_of::<T>();
            let slab: Slab<T> = (0..count).map(|_| UnsafeCell::new(T::new())).collect();
            // Taken in the order of their addresses.
            for cell in slab.iter().rev() {
                // SAFETY: the slab is in its box, where it stays.
                unsafe { T::settle(cell.get()) };
                inner.free.push(NonNull::new(cell.get()).expect("a reference is not null"));
            }
            inner.slabs.push(slab);
            inner.total += count;
        }
        let from = inner.free.len().saturating_sub(POOL_BATCH);
        pool.extend(inner.free.drain(from..));
    }

    /// Takes a batch from `pool`, which has become too long.
    #[cold]
    #[inline(never)]
    pub fn drain(&self, pool: &mut Vec<NonNull<T>>) {
        let from = pool.len().saturating_sub(POOL_BATCH);
        lock(&self.inner).free.extend(pool.drain(from..));
    }

    /// Takes all of `pool`.
    pub fn drain_all(&self, pool: &mut Vec<NonNull<T>>) {
        lock(&self.inner).free.append(pool);
    }

    /// Gives slabs back that nobody uses, if most are unused. The caller is in the world, so nobody looks at all of them meanwhile.
    pub fn trim(&self) {
        let (mut free, mut ranges) = {
            let inner = &mut *lock(&self.inner);
            if inner.free.len() < KEEP_FREE || inner.free.len() < inner.total / 2 {
                return;
            }
            let ranges: Vec<_> = inner.slabs.iter().map(|slab| (slab.as_ptr() as usize, slab.len())).collect();
            (std::mem::take(&mut inner.free), ranges)
        };
        // What is in `free` is ours until it is put back. Slabs made meanwhile are in neither list.
        free.sort_unstable();
        ranges.sort_unstable();
        let (mut kept, mut unused) = (Vec::with_capacity(free.len()), Vec::new());
        let mut at = 0;
        for (start, count) in ranges {
            let end = start + count * size_of::<T>();
            let from = at;
            while at < free.len() && (free[at].as_ptr() as usize) < end {
                at += 1;
            }
            if at - from == count && kept.len() >= KEEP_FREE / 2 {
                unused.push(start);
            } else {
                // SAFETY: R2: what is on the list belongs to us.
                free[from..at].iter_mut().for_each(|one| unsafe { one.as_mut().reduce() });
                kept.extend_from_slice(&free[from..at]);
            }
        }
        let dropped: Vec<_> = {
            let inner = &mut *lock(&self.inner);
            // Those at the end are taken first: the ones with the low addresses, so that the high ones become unused.
            kept.reverse();
            inner.free.splice(0..0, kept);
            let (dropped, slabs) = std::mem::take(&mut inner.slabs)
                .into_iter()
                .partition(|slab| unused.binary_search(&(slab.as_ptr() as usize)).is_ok());
            inner.slabs = slabs;
            inner.total = inner.slabs.iter().map(|slab| slab.len()).sum();
            dropped
        };
        // Here, without the lock, all in them is dropped: R1.
        drop::<Vec<Slab<T>>>(dropped);
    }

    /// How many slabs there are. This and the next are for a stopped world, so that nobody owns what is in them.
    pub fn slabs(&self) -> usize {
        lock(&self.inner).slabs.len()
    }

    /// Calls `f` with each in one slab.
    pub fn for_slab(&self, slab: usize, mut f: impl FnMut(*mut T)) {
        let (start, count) = match lock(&self.inner).slabs.get(slab) {
            Some(slab) => (slab.as_ptr(), slab.len()),
            None => return,
        };
        for i in 0..count {
            // SAFETY: in the slab, which nobody gives back in a stopped world.
            f(unsafe { (*start.add(i)).get() });
        }
    }

    /// Calls `f` with each that there is, slab by slab. The world must be stopped.
    pub fn for_each(&self, mut f: impl FnMut(*mut T)) {
        (0..self.slabs()).for_each(|slab| self.for_slab(slab, &mut f));
    }
}

/// All goroutines.
pub(crate) type Gs = Slabs<G>;
/// All sudogs that are not embedded in a goroutine.
pub(crate) type Sudogs = Slabs<Sudog>;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_parked_goroutine_takes_at_most_448_bytes() {
        let bytes = size_of::<G>();
        assert!(bytes <= 448, "{bytes} bytes");
    }

    #[test]
    fn unused_slabs_are_given_back() {
        let gs = Gs::new();
        let mut all = Vec::new();
        let mut batch = Vec::new();
        while all.len() < 20_000 {
            gs.refill(&mut batch);
            all.append(&mut batch);
        }
        for g in &mut all {
            // SAFETY: they are ours.
            unsafe { g.as_mut().stack.grow(100).unwrap() };
        }
        let before = gs.slabs();
        gs.trim();
        assert_eq!(gs.slabs(), before, "all are in use");
        let mut some = all.split_off(17_000);
        gs.drain_all(&mut all);
        gs.trim();
        let mut left = 0;
        gs.for_each(|_| left += 1);
        assert!((3_000..6_000).contains(&left), "{left} of 20,000");
        for _ in 0..1_000 {
            gs.refill(&mut batch);
            some.append(&mut batch);
        }
        some.sort_unstable();
        assert!(some.is_sorted_by(|a, b| a < b), "none is handed out twice");
        // SAFETY: they are ours.
        some.iter_mut().for_each(|g| unsafe { g.as_mut().stack.grow(64).unwrap() });
        gs.drain_all(&mut some);
    }
}
