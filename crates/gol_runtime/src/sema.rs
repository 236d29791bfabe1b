//! Semaphores and notification lists, on which package sync is built (`runtime/sema.go`).
//!
//! A semaphore is a `uint32` of the gol program; those who wait on it are kept here, in shards of tables keyed by its address. The protocol is
//! Go's: who acquires counts itself among the shard's waiters before it looks at the word again, who releases adds to the word before it
//! looks whether anybody waits, so one of the two sees the other.
//!
//! Unlike Go: a release with a waiter takes the unit it just added away again on the waiter's behalf, so a woken goroutine has
//! acquired and does not try again; and a shard is a hash table, not a treap.

use crate::g::{G, NO_SLOT, Sudog};
use crate::sync::{AtomicU32, Mutex, Ordering::*, lock, order_for_loom};
use crate::wait::WaitReason;
use crate::worker::Worker;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::null_mut;

/// What became of an operation that may park.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acquired {
    /// Done.
    Done,
    /// The goroutine is parked and must not be touched: go on with [`Worker::next`]. It resumes at its saved pc with the operation done.
    Parked,
}

/// The memory of a `sync.Cond`'s list: two `uint32` in the gol heap, zero at first. The waiters are kept here.
#[repr(C)]
pub struct NotifyList {
    /// The ticket of the next waiter.
    wait: AtomicU32,
    /// The ticket of the next waiter to be notified. Written under the shard's lock.
    notify: AtomicU32,
}

const SHARDS: usize = if cfg!(loom) { 1 } else { 64 };

/// All semaphores and notification lists that somebody waits on.
pub(crate) struct SemaTable {
    shards: Box<[Shard]>,
}

#[repr(align(64))]
struct Shard {
    /// How many wait on semaphores here. Written under the lock, read by releases without.
    nwait: AtomicU32,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    lists: HashMap<usize, List, BuildHasherDefault<AddressHasher>>,
}

/// Those who wait on one address, linked by `next`.
struct List {
    head: *mut Sudog,
    tail: *mut Sudog,
}

impl List {
    /// Takes a goroutine out; whether the list is empty then. `None`: it was not in it.
    unsafe fn unlink(&mut self, g: *mut G) -> Option<bool> {
        let (mut prev, mut s) = (null_mut::<Sudog>(), self.head);
        // SAFETY: R2: what is in a list is the table's.
        unsafe {
            while !s.is_null() && (*s).g != g {
                (prev, s) = (s, (*s).next);
            }
            if s.is_null() {
                return None;
            }
            let next = (*s).next;
            if prev.is_null() {
                self.head = next;
            } else {
                (*prev).next = next;
            }
            if next.is_null() {
                self.tail = prev;
            }
        }
        Some(self.head.is_null())
    }
}

// SAFETY: R2: the sudogs in the lists, and their goroutines, belong to the table, behind the shard's lock.
unsafe impl Send for Waiters {}

/// Addresses are well spread after a multiplication.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are addresses");
    }
    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

impl SemaTable {
    pub fn new() -> SemaTable {
        let shard = |_| Shard { nwait: AtomicU32::new(0), waiters: Mutex::default() };
        SemaTable { shards: (0..SHARDS).map(shard).collect() }
    }

    /// Takes the goroutine `g` off the list that it waits in, if there is one. The world is stopped.
    ///
    /// # Safety
    /// R6.
    pub unsafe fn remove(&self, g: *mut G) -> bool {
        for shard in &self.shards {
            let mut waiters = lock(&shard.waiters);
            let found = waiters.lists.iter_mut().find_map(|(&address, list)| {
                // SAFETY: R2: what is in a list is the table's.
                unsafe { list.unlink(g) }.map(|empty| (address, empty))
            });
            let Some((address, empty)) = found else { continue };
            if empty {
                waiters.lists.remove(&address);
            }
            // Those of notification lists are not counted.
            if address & 1 == 0 {
                shard.nwait.fetch_sub(1, SeqCst);
            }
            return true;
        }
        false
    }

    fn shard(&self, address: usize) -> &Shard {
        let hash = (address as u64 >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.shards[(hash >> 58) as usize % SHARDS]
    }
}

impl Waiters {
    unsafe fn push(&mut self, address: usize, s: *mut Sudog, lifo: bool) {
        // SAFETY: R2: `s` is the caller's, what is in a list is ours.
        unsafe {
            (*s).next = null_mut();
            match self.lists.entry(address) {
                Entry::Vacant(entry) => {
                    entry.insert(List { head: s, tail: s });
                }
                Entry::Occupied(mut entry) => {
                    let list = entry.get_mut();
                    if lifo {
                        (*s).next = list.head;
                        list.head = s;
                    } else {
                        (*list.tail).next = s;
                        list.tail = s;
                    }
                }
            }
        }
    }

    unsafe fn pop(&mut self, address: usize) -> *mut Sudog {
        let Entry::Occupied(mut entry) = self.lists.entry(address) else { return null_mut() };
        let s = entry.get().head;
        // SAFETY: R2: what is in a list is ours.
        let next = unsafe { (*s).next };
        if next.is_null() {
            entry.remove();
        } else {
            entry.get_mut().head = next;
        }
        s
    }
}

fn can_acquire(word: &AtomicU32) -> bool {
    word.fetch_update(SeqCst, Relaxed, |v| v.checked_sub(1)).is_ok()
}

unsafe fn own_sudog(g: *mut G) -> *mut Sudog {
    // SAFETY: R2: the caller runs `g`, so its sudog is in no queue.
    unsafe {
        let s = &raw mut (*g).sudog;
        (*s).g = g;
        (*s).c = null_mut();
        (*s).elem = NO_SLOT;
        (*s).ok = NO_SLOT;
        (*s).is_select = false;
        s
    }
}

/// Waits until `*addr > 0` and takes one off it, for the running goroutine `g`, whose state is saved. `lifo`: ahead of those who wait already.
///
/// # Safety
/// R9: `addr` is a word of a live object, which stays alive while somebody waits; the caller runs `g`.
#[inline]
pub unsafe fn semacquire(
    w: &mut Worker,
    g: *mut G,
    addr: *const AtomicU32,
    reason: WaitReason,
    lifo: bool,
) -> Acquired {
    // SAFETY: R9.
    let word = unsafe { &*addr };
    if can_acquire(word) {
        return Acquired::Done;
    }
    let shard = w.rt().sema.shard(addr as usize);
    let mut waiters = lock(&shard.waiters);
    shard.nwait.fetch_add(1, SeqCst);
    order_for_loom();
    if can_acquire(word) {
        shard.nwait.fetch_sub(1, SeqCst);
        return Acquired::Done;
    }
    // SAFETY: R2; R3: the lock is held until the goroutine is queued, and it is not touched afterwards.
    unsafe {
        w.set_waiting(g, reason);
        waiters.push(addr as usize, own_sudog(g), lifo);
    }
    Acquired::Parked
}

/// Adds one to `*addr`, and wakes one who waits for that. True (only with `handoff`): the caller should let the woken one run at once, by
/// [`Worker::yield_g`].
///
/// # Safety
/// R9: `addr` is a word of a live object.
#[inline]
pub unsafe fn semrelease(w: &mut Worker, addr: *const AtomicU32, handoff: bool) -> bool {
    // SAFETY: R9.
    let word = unsafe { &*addr };
    word.fetch_add(1, SeqCst);
    order_for_loom();
    let shard = w.rt().sema.shard(addr as usize);
    if shard.nwait.load(SeqCst) == 0 {
        return false;
    }
    let mut waiters = lock(&shard.waiters);
    // Somebody who came by may have taken the unit; then there is nothing to hand out.
    if !waiters.lists.contains_key(&(addr as usize)) || !can_acquire(word) {
        return false;
    }
    // SAFETY: R2: the waiter is ours now.
    let g = unsafe { (*waiters.pop(addr as usize)).g };
    shard.nwait.fetch_sub(1, SeqCst);
    drop(waiters);
    // SAFETY: R2, as above.
    unsafe { w.goready(g) };
    handoff
}

/// `a` before `b`, for counters that wrap around.
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// The key of a notification list in the table: no word of the program has this address.
fn list_key(list: *const NotifyList) -> usize {
    list as usize | 1
}

/// Takes a ticket for [`notify_list_wait`].
///
/// # Safety
/// R9: `list` lies in a live object.
pub unsafe fn notify_list_add(list: *const NotifyList) -> u32 {
    // SAFETY: R9.
    unsafe { (*list).wait.fetch_add(1, SeqCst) }
}

/// Waits until `ticket` is notified, which may be so already, for the running goroutine `g`, whose state is saved.
///
/// # Safety
/// R9: `list` lies in a live object, which stays alive while somebody waits; the caller runs `g`.
pub unsafe fn notify_list_wait(w: &mut Worker, g: *mut G, list: *const NotifyList, ticket: u32) -> Acquired {
    let key = list_key(list);
    let mut waiters = lock(&w.rt().sema.shard(key).waiters);
    // SAFETY: R9; R2; R3: the lock is held until the goroutine is queued.
    unsafe {
        if before(ticket, (*list).notify.load(Relaxed)) {
            return Acquired::Done;
        }
        let s = own_sudog(g);
        (*s).ticket = ticket;
        w.set_waiting(g, WaitReason::SyncCondWait);
        waiters.push(key, s, false);
    }
    Acquired::Parked
}

/// `Broadcast`: wakes all who have a ticket.
///
/// # Safety
/// R9: `list` lies in a live object.
pub unsafe fn notify_list_notify_all(w: &mut Worker, list: *const NotifyList) {
    // SAFETY: R9; R2: those taken from the list are ours.
    unsafe {
        if (*list).wait.load(SeqCst) == (*list).notify.load(SeqCst) {
            return;
        }
        let key = list_key(list);
        let mut waiters = lock(&w.rt().sema.shard(key).waiters);
        let woken = waiters.lists.remove(&key);
        (*list).notify.store((*list).wait.load(SeqCst), SeqCst);
        drop(waiters);
        let mut s = woken.map_or(null_mut(), |list| list.head);
        while !s.is_null() {
            let next = (*s).next;
            w.goready((*s).g);
            s = next;
        }
    }
}

/// `Signal`: wakes the one with the lowest ticket that was not notified yet.
///
/// # Safety
/// R9: `list` lies in a live object.
pub unsafe fn notify_list_notify_one(w: &mut Worker, list: *const NotifyList) {
    // SAFETY: R9; R2: the one taken from the list is ours.
    unsafe {
        if (*list).wait.load(SeqCst) == (*list).notify.load(SeqCst) {
            return;
        }
        let key = list_key(list);
        let mut waiters = lock(&w.rt().sema.shard(key).waiters);
        let ticket = (*list).notify.load(Relaxed);
        if ticket == (*list).wait.load(SeqCst) {
            return;
        }
        (*list).notify.store(ticket.wrapping_add(1), SeqCst);
        // Those with a ticket queue separately from taking it, so it may be behind a few others, or not there yet; then it will see the
        // new number and not park.
        let Entry::Occupied(mut entry) = waiters.lists.entry(key) else { return };
        let (mut prev, mut s) = (null_mut::<Sudog>(), entry.get().head);
        while !s.is_null() && (*s).ticket != ticket {
            prev = s;
            s = (*s).next;
        }
        if s.is_null() {
            return;
        }
        let next = (*s).next;
        if prev.is_null() && next.is_null() {
            entry.remove();
        } else {
            let list = entry.get_mut();
            if prev.is_null() {
                list.head = next
            } else {
                (*prev).next = next
            }
            if next.is_null() {
                list.tail = prev;
            }
        }
        drop(waiters);
        w.goready((*s).g);
    }
}
