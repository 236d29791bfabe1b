//! `G`: a goroutine and its state; `Sudog`: a goroutine's place in a queue of waiters; and where both are kept.
//!
//! A `G` lives in a slab that is never given back while the runtime lives, so its address stays good (R1); an ended goroutine goes
//! to a pool and its `G` is used again under a new id. Pools belong to workers and are balanced over a global list: spawning and
//! ending goroutines takes no lock in the steady state.
//!
//! The fields are plain: whoever owns the goroutine (R2) reads and writes them, and there is no status change by compare-and-swap.
//!
//! Memory: a parked goroutine in a small function takes `size_of::<G>()` plus 32 words of stack, less than 512 bytes.

use crate::chan::Hchan;
use crate::stack::{KEEP_WORDS, MIN_WORDS, Stack, StackOverflow};
use crate::sync::{AtomicU32, Mutex, lock};
use crate::wait::WaitReason;
use std::any::Any;
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
}

/// A goroutine. The machine uses the public fields freely while it runs the goroutine.
#[repr(C)]
pub struct G {
    /// Its registers.
    pub stack: Stack,
    /// Saved program counter; the runtime does not look at it.
    pub pc: u64,
    /// Saved function; the runtime does not look at it.
    pub func: u64,
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
    /// What `resume` is about; roots.
    pub resume_words: [u64; 2],
    /// What a blocking call returned, when `resume` is [`Resume::Native`].
    pub native_result: Option<Box<dyn Any + Send>>,
    /// Its number, as in Go's dumps: main is 1, numbers are not used again.
    pub id: u64,
    /// The goroutine that started it, 0 for main.
    pub parent: u64,
    /// Function and pc of the go statement that started it, as the machine gave them.
    pub created_by: (u64, u64),
    /// When it was parked, in coarse nanoseconds of [`crate::Env::now`].
    pub wait_since: i64,
    /// The first sudogs is here, further ones of a select come from the worker.
    pub(crate) sudog: Sudog,
    /// The sudogs of the select it is parked in, linked by `waitlink` in lock order.
    pub(crate) waiting: *mut Sudog,
    /// For lists of goroutines about to be readied.
    pub(crate) schedlink: *mut G,
}

impl G {
    fn new() -> G {
        G {
            stack: Stack::empty(),
            pc: 0,
            func: 0,
            base: 0,
            top: 0,
            status: GStatus::Dead,
            resume: Resume::None,
            wait_reason: WaitReason::None,
            machine_flag: false,
            select_done: AtomicU32::new(0),
            machine: [0; 4],
            resume_words: [0; 2],
            native_result: None,
            id: 0,
            parent: 0,
            created_by: (0, 0),
            wait_since: 0,
            sudog: Sudog::new(),
            waiting: null_mut(),
            schedlink: null_mut(),
        }
    }

    /// Makes a pooled `G` a fresh goroutine with a stack of at least `min_words`.
    #[inline]
    pub(crate) fn renew(&mut self, id: u64, min_words: u32) -> Result<(), StackOverflow> {
        if self.stack.words() < min_words.max(MIN_WORDS) {
            self.stack.grow(min_words.max(MIN_WORDS))?;
        }
        self.id = id;
        self.base = 0;
        self.top = 0;
        self.resume = Resume::None;
        self.wait_reason = WaitReason::None;
        self.machine_flag = false;
        self.machine = [0; 4];
        self.resume_words = [0; 2];
        Ok(())
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
            self.stack.free();
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

/// Goroutines or sudogs that wait in memory for use, and the slabs all of them live in.
pub(crate) struct Slabs<T> {
    inner: Mutex<SlabsInner<T>>,
}

struct SlabsInner<T> {
    slabs: Vec<Box<[std::cell::UnsafeCell<T>]>>,
    free: Vec<NonNull<T>>,
}

// SAFETY: the lists are behind a lock; what they point to has one owner (R2).
unsafe impl<T> Send for Slabs<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Slabs<T> {}

/// A worker's own free list holds at most twice this many.
pub(crate) const POOL_BATCH: usize = 32;

impl<T> Slabs<T> {
    pub fn new() -> Slabs<T> {
        Slabs { inner: Mutex::new(SlabsInner { slabs: Vec::new(), free: Vec::new() }) }
    }

    /// Moves a batch to `pool`, which is empty: free ones, or else new ones.
    #[cold]
    #[inline(never)]
    pub fn refill(&self, pool: &mut Vec<NonNull<T>>, make: fn() -> T) {
        let mut inner = lock(&self.inner);
        if inner.free.is_empty() {
            let slab: Box<[_]> = (0..POOL_BATCH).map(|_| std::cell::UnsafeCell::new(make())).collect();
            pool.extend(slab.iter().rev().map(|cell| NonNull::new(cell.get()).expect("a reference is not null")));
            inner.slabs.push(slab);
        } else {
            let from = inner.free.len().saturating_sub(POOL_BATCH);
            pool.extend(inner.free.drain(from..));
        }
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

    /// Calls `f` with each that was ever made, in the order of making. The world must be stopped, so that nobody owns them.
    pub fn for_each(&self, mut f: impl FnMut(*mut T)) {
        for slab in &lock(&self.inner).slabs {
            slab.iter().for_each(|cell| f(cell.get()));
        }
    }
}

/// All goroutines.
pub(crate) type Gs = Slabs<G>;
/// All sudogs that are not embedded in a goroutine.
pub(crate) type Sudogs = Slabs<Sudog>;

pub(crate) fn new_g() -> G {
    G::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parked_goroutine_takes_at_most_512_bytes() {
        let bytes = size_of::<G>() + MIN_WORDS as usize * 8;
        assert!(bytes <= 512, "{bytes} bytes");
    }
}
