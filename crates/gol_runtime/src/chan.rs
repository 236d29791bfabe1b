//! Channels: Go's `hchan`, field for field and rule for rule (`runtime/chan.go`).
//!
//! # Invariants
//!
//! At least one of `sendq` and `recvq` is empty, except for an unbuffered channel on which one goroutine waits for both in one select. For a
//! buffered channel also: `qcount > 0` implies that `recvq` is empty, `qcount < dataqsiz` implies that `sendq` is empty.
//!
//! # Park and wake
//!
//! The machine saves the goroutine's state before it calls an operation that may park. Here the status and the sudog are written, the
//! sudog is queued, the channel is unlocked, and the goroutine is not touched any more (R3). Whoever completes the operation takes the
//! sudog off the queue, which makes it the owner of the goroutine; unlocks the channel; copies the value straight from one register
//! stack to the other (a parked stack does not move, R5); writes the `ok`; and readies the goroutine, which then goes on behind its instruction
//! as if nothing had happened.
//!
//! Unlike Go: the woken goroutine does not return into the operation, so `ok` is written by the waker, and a parked sender whose channel is
//! closed gets [`Resume::SendOnClosed`]. Elements are in register form, `elem_words` words each. A channel with a timer
//! behind it is used under the lock of the timers ([`crate::time`]).

use crate::g::{G, NO_SLOT, Resume, Sudog};
use crate::lock::LockWord;
use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::*};
use crate::time::{RTimer, TimersGuard};
use crate::trace::Event;
use crate::wait::WaitReason;
use crate::worker::Worker;
use gol_heap::LayoutId;
use std::ptr::{copy_nonoverlapping, null_mut, write_bytes};

/// Go's `maxAlloc` on 64-bit systems.
const MAX_ALLOC: u64 = 1 << 48;

/// A channel, in the gol heap. The plain fields are used under `lock` (R4); the atomics are written under it and read also without.
#[repr(C)]
pub struct Hchan {
    pub(crate) lock: LockWord,
    pub(crate) closed: AtomicU32,
    /// Elements in the buffer.
    pub(crate) qcount: AtomicUsize,
    /// Size of the buffer in elements; never changes.
    pub(crate) dataqsiz: usize,
    /// The buffer, an object of the gol heap.
    pub(crate) buf: *mut u64,
    /// The timer that feeds this channel. Set right after the channel is made.
    pub(crate) timer: *mut RTimer,
    /// Registers of an element; never changes.
    pub(crate) elem_words: u32,
    pub(crate) sendx: usize,
    pub(crate) recvx: usize,
    pub(crate) recvq: WaitQ,
    pub(crate) sendq: WaitQ,
}

/// Which words of an [`Hchan`] hold pointers into the gol heap: `buf` and `timer`.
pub(crate) const HCHAN_POINTERS: [u32; 2] =
    [std::mem::offset_of!(Hchan, buf) as u32 / 8, std::mem::offset_of!(Hchan, timer) as u32 / 8];

/// A queue of waiters.
#[repr(C)]
pub(crate) struct WaitQ {
    pub first: AtomicPtr<Sudog>,
    last: *mut Sudog,
}

/// Why there is no channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MakeChanError {
    /// Raise "makechan: size out of range".
    SizeOutOfRange,
    /// No memory: collect and try again, then give up with Go's fatal "out of memory".
    OutOfMemory,
}

/// What became of a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendResult {
    /// The value is sent.
    Done,
    /// Nothing happened: it would block.
    WouldBlock,
    /// The goroutine is parked and must not be touched: go on with [`Worker::next`]. It resumes at its saved pc with the value sent (or
    /// with [`Resume::SendOnClosed`]).
    Parked,
    /// Raise "send on closed channel".
    Closed,
}

/// What became of a receive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvResult {
    /// The registers are written.
    Done {
        /// False: the channel is closed and empty, and the value zero.
        received: bool,
    },
    /// Nothing happened: it would block.
    WouldBlock,
    /// The goroutine is parked and must not be touched: go on with [`Worker::next`]. It resumes at its saved pc with the registers written.
    Parked,
}

/// Why a channel cannot be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseError {
    /// Raise "close of nil channel".
    Nil,
    /// Raise "close of closed channel".
    Closed,
}

/// A new channel for elements of `elem_words` registers, with a buffer for `size` of them, whose pointers are where `buf_layout` (of one element
/// in register form) says.
pub fn makechan(w: &mut Worker, elem_words: u32, buf_layout: LayoutId, size: i64) -> Result<*mut Hchan, MakeChanError> {
    let bytes = u64::try_from(size).ok().and_then(|n| n.checked_mul(elem_words as u64 * 8));
    let bytes = bytes.filter(|&n| n <= MAX_ALLOC - size_of::<Hchan>() as u64).ok_or(MakeChanError::SizeOutOfRange)?;
    let c = w.heap.alloc(size_of::<Hchan>(), w.rt().hchan_layout).cast::<Hchan>();
    if c.is_null() {
        return Err(MakeChanError::OutOfMemory);
    }
    let mut buf = null_mut();
    if bytes != 0 {
        buf = w.heap.alloc(bytes as usize, buf_layout).cast::<u64>();
        if buf.is_null() {
            return Err(MakeChanError::OutOfMemory);
        }
    }
    // SAFETY: the object is new, ours, zeroed (which is what its atomics and its lock start with), and large enough; no collection
    // happens between the two allocations.
    unsafe {
        #[cfg(loom)]
        renew_for_loom(c);
        (*c).dataqsiz = size as usize;
        (*c).elem_words = elem_words;
        (*c).buf = buf;
    }
    Ok(c)
}

/// Makes the atomics of a new channel; loom's are not zero.
#[cfg(loom)]
unsafe fn renew_for_loom(c: *mut Hchan) {
    // SAFETY: the caller has the new channel for itself; what is overwritten owns nothing.
    unsafe {
        (&raw mut (*c).lock).write(LockWord::new());
        (&raw mut (*c).closed).write(AtomicU32::new(0));
        (&raw mut (*c).qcount).write(AtomicUsize::new(0));
        (&raw mut (*c).recvq.first).write(AtomicPtr::new(null_mut()));
        (&raw mut (*c).sendq.first).write(AtomicPtr::new(null_mut()));
    }
}

/// `c <- v` by the running goroutine `g`, whose state is saved if `block`. The value is in the registers from word `src` of its stack.
///
/// # Safety
/// R9: `c` is a channel or null; the caller runs `g`; the value's registers lie in its stack.
#[inline(always)]
pub unsafe fn chansend(w: &mut Worker, g: *mut G, c: *mut Hchan, src: u32, block: bool) -> SendResult {
    // SAFETY: R9 for `c` and `g`; R4 between lock and unlock; R2 for waiters taken off a queue.
    unsafe {
        if c.is_null() {
            if !block {
                return SendResult::WouldBlock;
            }
            w.set_waiting(g, WaitReason::ChanSendNilChan);
            return SendResult::Parked;
        }
        // Not closed and, before that, full: there was a moment when the send could not go on.
        if !block && (*c).closed.load(Acquire) == 0 && full(c) {
            return SendResult::WouldBlock;
        }
        lock(w, c);
        if (*c).closed.load(Relaxed) != 0 {
            (*c).lock.unlock();
            return SendResult::Closed;
        }
        let ep = (*g).stack.ptr().add(src as usize);
        if !(*c).recvq.is_empty() {
            let sg = (*c).recvq.dequeue();
            if !sg.is_null() {
                w.trace(Event::Send { g: (*g).id, chan: c as u64, to: (*(*sg).g).id });
                send(w, c, sg, ep, || (*c).lock.unlock());
                return SendResult::Done;
            }
        }
        let qcount = (*c).qcount.load(Relaxed);
        if qcount < (*c).dataqsiz {
            w.trace(Event::Send { g: (*g).id, chan: c as u64, to: 0 });
            buffer_in(c, ep);
            (*c).lock.unlock();
            return SendResult::Done;
        }
        if !block {
            (*c).lock.unlock();
            return SendResult::WouldBlock;
        }
        let sg = own_sudog(g, c, src, NO_SLOT, true);
        w.set_waiting(g, WaitReason::ChanSend);
        (*c).sendq.enqueue(sg);
        (*c).lock.unlock();
        SendResult::Parked
    }
}

/// `v, ok = <-c` by the running goroutine `g`, whose state is saved if `block`. The value goes to the registers from word `dst` of its stack
/// ([`NO_SLOT`]: it is not wanted), whether one was received to word `ok`.
///
/// # Safety
/// R9: `c` is a channel or null; the caller runs `g`; the registers lie in its stack.
#[inline(always)]
pub unsafe fn chanrecv(w: &mut Worker, g: *mut G, c: *mut Hchan, dst: u32, ok: Option<u32>, block: bool) -> RecvResult {
    let ok = ok.unwrap_or(NO_SLOT);
    // SAFETY: R9 for `c` and `g`; R4 between lock and unlock; R2 for waiters taken off a queue.
    unsafe {
        if c.is_null() {
            if !block {
                return RecvResult::WouldBlock;
            }
            w.set_waiting(g, WaitReason::ChanReceiveNilChan);
            return RecvResult::Parked;
        }
        if !(*c).timer.is_null() {
            return chanrecv_timer(w, g, c, dst, ok, block);
        }
        // Empty and, after that, not closed: there was a moment when the receive could not go on.
        if !block && empty(c) && (*c).closed.load(SeqCst) == 0 {
            return RecvResult::WouldBlock;
        }
        chanrecv_locked(w, g, c, dst, ok, block)
    }
}

/// As [`chanrecv`], when a timer feeds the channel: what is due is sent first, and a receiver that parks puts the timer in the heap.
#[cold]
#[inline(never)]
unsafe fn chanrecv_timer(w: &mut Worker, g: *mut G, c: *mut Hchan, dst: u32, ok: u32, block: bool) -> RecvResult {
    let mut timers = w.rt().timers.lock();
    // SAFETY: R9; the lock of the timers is held.
    unsafe {
        timers.run_chan(w.rt(), c);
        // Parked or not, the lock is held until all is consistent; the goroutine may be readied only through it.
        timers.before_wait(c, block);
        chanrecv_locked(w, g, c, dst, ok, block)
    }
}

#[inline(always)]
unsafe fn chanrecv_locked(w: &mut Worker, g: *mut G, c: *mut Hchan, dst: u32, ok: u32, block: bool) -> RecvResult {
    // SAFETY: as for `chanrecv`.
    unsafe {
        lock(w, c);
        let ep = if dst == NO_SLOT { null_mut() } else { (*g).stack.ptr().add(dst as usize) };
        let qcount = (*c).qcount.load(Relaxed);
        if (*c).closed.load(Relaxed) != 0 {
            if qcount == 0 {
                (*c).lock.unlock();
                w.trace(Event::RecvClosed { g: (*g).id, chan: c as u64 });
                clear(ep, (*c).elem_words);
                write_ok(g, ok, false);
                return RecvResult::Done { received: false };
            }
        } else if !(*c).sendq.is_empty() {
            let sg = (*c).sendq.dequeue();
            if !sg.is_null() {
                w.trace(Event::Recv { g: (*g).id, chan: c as u64, from: (*(*sg).g).id });
                recv(w, c, sg, ep, || (*c).lock.unlock());
                write_ok(g, ok, true);
                return RecvResult::Done { received: true };
            }
        }
        if qcount > 0 {
            w.trace(Event::Recv { g: (*g).id, chan: c as u64, from: 0 });
            buffer_out(c, ep);
            (*c).lock.unlock();
            write_ok(g, ok, true);
            return RecvResult::Done { received: true };
        }
        if !block {
            (*c).lock.unlock();
            return RecvResult::WouldBlock;
        }
        let sg = own_sudog(g, c, dst, ok, false);
        w.set_waiting(g, WaitReason::ChanReceive);
        (*c).recvq.enqueue(sg);
        (*c).lock.unlock();
        RecvResult::Parked
    }
}

/// `close(c)` by goroutine `g`: wakes all who wait.
///
/// # Safety
/// R9: `c` is a channel or null; the caller runs `g`.
pub unsafe fn closechan(w: &mut Worker, g: *mut G, c: *mut Hchan) -> Result<(), CloseError> {
    if c.is_null() {
        return Err(CloseError::Nil);
    }
    // SAFETY: R9; R4 between lock and unlock; R2 for waiters taken off a queue.
    unsafe {
        lock(w, c);
        if (*c).closed.load(Relaxed) != 0 {
            (*c).lock.unlock();
            return Err(CloseError::Closed);
        }
        w.trace(Event::Close { g: (*g).id, chan: c as u64 });
        (*c).closed.store(1, SeqCst);
        // All readers and all writers; as in Go they are readied last come first.
        let mut list: *mut G = null_mut();
        for q in [&mut (*c).recvq, &mut (*c).sendq] {
            loop {
                let sg = q.dequeue();
                if sg.is_null() {
                    break;
                }
                let gp = (*sg).g;
                (*sg).success = false;
                if !(*sg).is_send {
                    if (*sg).elem != NO_SLOT {
                        clear((*gp).stack.ptr().add((*sg).elem as usize), (*c).elem_words);
                    }
                    write_ok(gp, (*sg).ok, false);
                }
                if (*sg).is_select {
                    decided(gp, sg);
                } else if (*sg).is_send {
                    (*gp).resume = Resume::SendOnClosed;
                }
                (*gp).schedlink = list;
                list = gp;
            }
        }
        (*c).lock.unlock();
        while !list.is_null() {
            let gp = list;
            list = (*gp).schedlink;
            (*gp).schedlink = null_mut();
            w.goready(gp);
        }
    }
    Ok(())
}

/// `len(c)`.
///
/// # Safety
/// R9: `c` is a channel or null.
#[inline]
pub unsafe fn chanlen(c: *const Hchan) -> usize {
    // SAFETY: R9. A timer's channel has a buffer, but shows itself as unbuffered.
    unsafe { if c.is_null() || !(*c).timer.is_null() { 0 } else { (*c).qcount.load(Relaxed) } }
}

/// `cap(c)`.
///
/// # Safety
/// R9: `c` is a channel or null.
#[inline]
pub unsafe fn chancap(c: *const Hchan) -> usize {
    // SAFETY: R9; as for `chanlen`.
    unsafe { if c.is_null() || !(*c).timer.is_null() { 0 } else { (*c).dataqsiz } }
}

// What follows is shared with select and timers. R4, R9: `c` is a locked channel, unless said otherwise.

#[inline(always)]
pub(crate) unsafe fn lock(w: &mut Worker, c: *mut Hchan) {
    // SAFETY: R9.
    let word = unsafe { &(*c).lock };
    if !word.try_lock() {
        w.met_contention();
        word.lock_contended();
    }
}

/// Whether a send would block; the channel need not be locked.
#[inline(always)]
pub(crate) unsafe fn full(c: *mut Hchan) -> bool {
    // SAFETY: R9.
    unsafe { if (*c).dataqsiz == 0 { (*c).recvq.is_empty() } else { (*c).qcount.load(Acquire) == (*c).dataqsiz } }
}

/// Whether a receive would block; the channel need not be locked.
#[inline(always)]
pub(crate) unsafe fn empty(c: *mut Hchan) -> bool {
    // SAFETY: R9.
    unsafe { if (*c).dataqsiz == 0 { (*c).sendq.is_empty() } else { (*c).qcount.load(SeqCst) == 0 } }
}

/// Hands the value at `ep` to the receiver `sg`, which was just dequeued; `unlock` unlocks.
#[inline(always)]
pub(crate) unsafe fn send(w: &mut Worker, c: *mut Hchan, sg: *mut Sudog, ep: *const u64, unlock: impl FnOnce()) {
    // SAFETY: R9; R2: the receiver is ours, and R5: its stack stays where it is.
    unsafe {
        let words = (*c).elem_words;
        unlock();
        let gp = deliver(sg, ep, words);
        w.goready(gp);
    }
}

/// Writes the value at `ep` to the registers of the receiver `sg` that the caller dequeued, and returns it, to be readied.
#[inline(always)]
pub(crate) unsafe fn deliver(sg: *mut Sudog, ep: *const u64, words: u32) -> *mut G {
    // SAFETY: R2, R5.
    unsafe {
        let gp = (*sg).g;
        if (*sg).elem != NO_SLOT {
            copy((*gp).stack.ptr().add((*sg).elem as usize), ep, words);
        }
        write_ok(gp, (*sg).ok, true);
        (*sg).success = true;
        if (*sg).is_select {
            decided(gp, sg);
        }
        gp
    }
}

/// Takes a value for `ep` (null: not wanted) from the sender `sg`, which was just dequeued: directly, or from the head of the full buffer, at
/// whose tail the sender's value goes. `unlock` unlocks.
#[inline(always)]
pub(crate) unsafe fn recv(w: &mut Worker, c: *mut Hchan, sg: *mut Sudog, ep: *mut u64, unlock: impl FnOnce()) {
    // SAFETY: R9, R4 until `unlock`; R2: the sender is ours, and R5: its stack stays where it is.
    unsafe {
        let gp = (*sg).g;
        let words = (*c).elem_words;
        let from = (*gp).stack.ptr().add((*sg).elem as usize);
        if (*c).dataqsiz == 0 {
            unlock();
            if !ep.is_null() {
                copy(ep, from, words);
            }
        } else {
            let slot = chanbuf(c, (*c).recvx);
            if !ep.is_null() {
                copy(ep, slot, words);
            }
            copy(slot, from, words);
            (*c).recvx += 1;
            if (*c).recvx == (*c).dataqsiz {
                (*c).recvx = 0;
            }
            (*c).sendx = (*c).recvx;
            unlock();
        }
        (*sg).success = true;
        if (*sg).is_select {
            decided(gp, sg);
        }
        w.goready(gp);
    }
}

/// Puts the value at `ep` in the buffer, which has room.
#[inline(always)]
pub(crate) unsafe fn buffer_in(c: *mut Hchan, ep: *const u64) {
    // SAFETY: R4, R9.
    unsafe {
        copy(chanbuf(c, (*c).sendx), ep, (*c).elem_words);
        (*c).sendx += 1;
        if (*c).sendx == (*c).dataqsiz {
            (*c).sendx = 0;
        }
        (*c).qcount.store((*c).qcount.load(Relaxed) + 1, Release);
    }
}

/// Takes the oldest value from the buffer, which is not empty, to `ep` (null: not wanted).
#[inline(always)]
pub(crate) unsafe fn buffer_out(c: *mut Hchan, ep: *mut u64) {
    // SAFETY: R4, R9.
    unsafe {
        let slot = chanbuf(c, (*c).recvx);
        if !ep.is_null() {
            copy(ep, slot, (*c).elem_words);
        }
        clear(slot, (*c).elem_words);
        (*c).recvx += 1;
        if (*c).recvx == (*c).dataqsiz {
            (*c).recvx = 0;
        }
        (*c).qcount.store((*c).qcount.load(Relaxed) - 1, Release);
    }
}

#[inline(always)]
unsafe fn chanbuf(c: *mut Hchan, i: usize) -> *mut u64 {
    // SAFETY: `i` is below `dataqsiz`. Without words any address will do, and null plus 0 is one.
    unsafe { (*c).buf.wrapping_add(i * (*c).elem_words as usize) }
}

#[inline(always)]
unsafe fn copy(to: *mut u64, from: *const u64, words: u32) {
    // SAFETY: the caller gives two values of so many words, in different places.
    unsafe {
        if words == 1 {
            *to = *from;
        } else {
            copy_nonoverlapping(from, to, words as usize);
        }
    }
}

#[inline(always)]
pub(crate) unsafe fn clear(at: *mut u64, words: u32) {
    // SAFETY: the caller gives a value of so many words, or null.
    unsafe {
        if words == 1 && !at.is_null() {
            *at = 0;
        } else if !at.is_null() && words != 0 {
            write_bytes(at, 0, words as usize);
        }
    }
}

#[inline(always)]
pub(crate) unsafe fn write_ok(g: *mut G, ok: u32, value: bool) {
    if ok != NO_SLOT {
        // SAFETY: the caller owns `g`, and `ok` lies in its stack (R9).
        unsafe { *(*g).stack.ptr().add(ok as usize) = value as u64 };
    }
}

/// The select that `gp` waits in was decided for the case of `sg`.
#[inline(always)]
pub(crate) unsafe fn decided(gp: *mut G, sg: *mut Sudog) {
    // SAFETY: R2: the caller won the goroutine.
    unsafe {
        (*gp).resume = Resume::SelectDone;
        (*gp).decided = sg;
    }
}

/// The sudog embedded in `g`, filled in for a plain operation.
#[inline(always)]
unsafe fn own_sudog(g: *mut G, c: *mut Hchan, elem: u32, ok: u32, is_send: bool) -> *mut Sudog {
    // SAFETY: R2: the caller runs `g`, so its sudog is in no queue.
    unsafe {
        let sg = &raw mut (*g).sudog;
        (*sg).g = g;
        (*sg).c = c;
        (*sg).elem = elem;
        (*sg).ok = ok;
        (*sg).is_send = is_send;
        (*sg).is_select = false;
        sg
    }
}

impl WaitQ {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.first.load(Relaxed).is_null()
    }

    /// # Safety
    /// R4: the queue's lock is held; `sg` is filled in and in no queue.
    #[inline(always)]
    pub unsafe fn enqueue(&mut self, sg: *mut Sudog) {
        // SAFETY: the caller's promise.
        unsafe {
            (*sg).next = null_mut();
            (*sg).prev = self.last;
            (*sg).queued = true;
            if self.last.is_null() {
                self.first.store(sg, Relaxed);
            } else {
                (*self.last).next = sg;
            }
            self.last = sg;
        }
    }

    /// The first waiter, now owned by the caller; null if there is none. Waiters of selects that others have decided are passed over.
    ///
    /// # Safety
    /// R4: the queue's lock is held.
    #[inline(always)]
    pub unsafe fn dequeue(&mut self) -> *mut Sudog {
        loop {
            let sg = self.first.load(Relaxed);
            if sg.is_null() {
                return sg;
            }
            // SAFETY: R4: what is in the queue is alive, and its links are ours.
            unsafe {
                self.unlink(sg);
                if !(*sg).is_select || (*(*sg).g).select_done.compare_exchange(0, 1, AcqRel, Relaxed).is_ok() {
                    return sg;
                }
            }
        }
    }

    /// Takes `sg` out of the queue, if it still is in it.
    ///
    /// # Safety
    /// R4: the queue's lock is held, and `sg` is or was in this queue.
    #[inline(always)]
    pub unsafe fn dequeue_sudog(&mut self, sg: *mut Sudog) {
        // SAFETY: the caller's promise.
        unsafe {
            if (*sg).queued {
                self.unlink(sg);
            }
        }
    }

    #[inline(always)]
    unsafe fn unlink(&mut self, sg: *mut Sudog) {
        // SAFETY: R4: `sg` is in the queue.
        unsafe {
            let (prev, next) = ((*sg).prev, (*sg).next);
            if prev.is_null() {
                self.first.store(next, Relaxed)
            } else {
                (*prev).next = next
            }
            if next.is_null() {
                self.last = prev
            } else {
                (*next).prev = prev
            }
            (*sg).queued = false;
        }
    }
}

/// Whether a select or receive has to hold the lock of the timers.
pub(crate) type MaybeTimers<'a> = Option<TimersGuard<'a>>;
