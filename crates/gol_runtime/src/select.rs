//! Select: Go's `selectgo` (`runtime/select.go`).
//!
//! First the cases are looked at without locks, and one of those that seem ready, drawn at random, is done as a plain operation that does
//! not block: the usual select locks one channel. Only if there is none, all channels are locked, in the order of their addresses, and the
//! cases looked at again in a random order: to say that none is ready takes a moment at which that was so. If none is, one sudog for each is
//! queued; the first to take one of them off its queue wins the goroutine by setting `select_done`, completes that one case, and readies the
//! goroutine with [`Resume::SelectDone`]. The machine then calls [`select_resume`], which takes the other sudogs off their queues.
//!
//! Unlike Go: there is no look without locks; and there, the woken goroutine locks all channels at once for that; here one after the other, which is enough, because
//! `select_done` stays set until all are off.

use crate::chan::{
    Hchan, MaybeTimers, RecvResult, SendResult, buffer_in, buffer_out, chanrecv, chansend, clear, empty, full, lock,
    recv, send, write_ok,
};
use crate::g::{G, NO_SLOT, Resume, Sudog};
use crate::sync::Ordering::*;
use crate::trace::Event;
use crate::wait::WaitReason;
use crate::worker::Worker;
use std::ptr::null_mut;

/// Whether a case sends or receives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseKind {
    /// `case c <- v:`
    Send,
    /// `case v, ok = <-c:`
    Recv,
}

/// One case of a select, other than default.
#[derive(Clone, Copy, Debug)]
pub struct Scase {
    /// The channel; null is never ready.
    pub c: *mut Hchan,
    /// What is done with it.
    pub kind: CaseKind,
    /// Word offset of the value in the goroutine's stack ([`NO_SLOT`] for a receive: not wanted).
    pub off: u32,
    /// Word offset of the `ok` of a receive, or [`NO_SLOT`].
    pub ok_off: u32,
}

/// What became of a select.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectResult {
    /// A case was done; its registers are written.
    Ready {
        /// Its index.
        case: usize,
        /// For a receive: false if the channel is closed.
        received: bool,
    },
    /// No case is ready, and it was not to block.
    Default,
    /// The goroutine is parked and must not be touched: go on with [`Worker::next`]. It resumes with [`Resume::SelectDone`].
    Parked,
    /// A send case was chosen whose channel is closed: raise "send on closed channel".
    Closed,
}

/// `select` by the running goroutine `g`, whose state is saved if `block`. Without `block` there is a default case.
///
/// # Safety
/// R9: each channel is one or null; the caller runs `g`; the registers lie in its stack. At most 65536 cases.
pub unsafe fn selectgo(w: &mut Worker, g: *mut G, cases: &[Scase], block: bool) -> SelectResult {
    if cases.len() <= MAX_POLLED
        // SAFETY: the caller's promise.
        && let Some(result) = unsafe { poll(w, g, cases) }
    {
        return result;
    }
    // The scratch memory is taken out so that the worker can be used meanwhile. First half poll order, second half lock order.
    let mut order = std::mem::take(&mut w.order);
    // SAFETY: the caller's promise.
    let result = unsafe { selectgo_ordered(w, g, cases, block, &mut order) };
    order.clear();
    w.order = order;
    result
}

/// A select of more cases begins with the locks.
const MAX_POLLED: usize = 64;

/// Does one of the cases that seem ready, if one is.
///
/// # Safety
/// As for [`selectgo`].
#[inline(never)]
unsafe fn poll(w: &mut Worker, g: *mut G, cases: &[Scase]) -> Option<SelectResult> {
    // SAFETY: R9.
    unsafe {
        let mut ready = 0u64;
        for (i, &Scase { c, kind, .. }) in cases.iter().enumerate() {
            if c.is_null() {
                continue;
            }
            if !(*c).timer.is_null() {
                // What is due must be sent first.
                return None;
            }
            let blocks = if kind == CaseKind::Recv { empty(c) } else { full(c) };
            ready |= ((!blocks || (*c).closed.load(Relaxed) != 0) as u64) << i;
        }
        while ready != 0 {
            let mut rest = ready;
            if ready & (ready - 1) != 0 {
                for _ in 0..w.rng.below(ready.count_ones()) {
                    rest &= rest - 1;
                }
            }
            let i = rest.trailing_zeros() as usize;
            let Scase { c, kind, off, ok_off } = cases[i];
            let result = match kind {
                CaseKind::Recv => match chanrecv(w, g, c, off, Some(ok_off), false) {
                    RecvResult::Done { received } => Some(SelectResult::Ready { case: i, received }),
                    _ => None,
                },
                CaseKind::Send => match chansend(w, g, c, off, false) {
                    SendResult::Done => Some(SelectResult::Ready { case: i, received: false }),
                    SendResult::Closed => Some(SelectResult::Closed),
                    _ => None,
                },
            };
            if result.is_some() {
                w.trace(Event::Select { g: (*g).id, case: i as u32 });
                return result;
            }
            // Somebody was faster.
            ready &= !(1 << i);
        }
        None
    }
}

unsafe fn selectgo_ordered(
    w: &mut Worker,
    g: *mut G,
    cases: &[Scase],
    block: bool,
    order: &mut Vec<u16>,
) -> SelectResult {
    let mut has_timer = false;
    for (i, case) in cases.iter().enumerate() {
        if case.c.is_null() {
            continue;
        }
        // SAFETY: R9.
        has_timer |= unsafe { !(*case.c).timer.is_null() };
        let j = w.rng.below(order.len() as u32 + 1) as usize;
        order.push(i as u16);
        let last = order.len() - 1;
        order.swap(j, last);
    }
    let n = order.len();
    if n == 0 {
        if !block {
            return SelectResult::Default;
        }
        // SAFETY: R9.
        unsafe { w.set_waiting(g, if cases.is_empty() { WaitReason::SelectNoCases } else { WaitReason::Select }) };
        return SelectResult::Parked;
    }
    order.extend_from_within(..);
    let (pollorder, lockorder) = order.split_at_mut(n);
    let chan = |i: u16| cases[i as usize].c;
    lockorder.sort_unstable_by_key(|&i| (chan(i) as usize, i));
    let lockorder = &*lockorder;

    let mut timers: MaybeTimers<'_> = None;
    if has_timer {
        let guard = timers.insert(w.rt().timers.lock());
        for &i in lockorder {
            // SAFETY: R9; the lock of the timers is held.
            unsafe { guard.run_chan(w.rt(), chan(i)) };
        }
    }

    // SAFETY: R9, R4: all channels are locked until `unlock`; R2 for waiters taken off a queue.
    unsafe {
        let mut last = null_mut();
        for &i in lockorder {
            if chan(i) != last {
                last = chan(i);
                lock(w, last);
            }
        }
        let unlock = || {
            let mut last = null_mut();
            for &i in lockorder {
                if chan(i) != last {
                    last = chan(i);
                    (*last).lock.unlock();
                }
            }
        };

        // Pass 1: is anything ready?
        for &i in &*pollorder {
            let Scase { c, kind, off, ok_off } = cases[i as usize];
            let ep = if off == NO_SLOT { null_mut() } else { (*g).stack.ptr().add(off as usize) };
            let done = |received| SelectResult::Ready { case: i as usize, received };
            match kind {
                CaseKind::Recv => {
                    let sg = (*c).sendq.dequeue();
                    if !sg.is_null() {
                        trace_done(w, g, i, Event::Recv { g: (*g).id, chan: c as u64, from: (*(*sg).g).id });
                        recv(w, c, sg, ep, unlock);
                        write_ok(g, ok_off, true);
                        return done(true);
                    }
                    if (*c).qcount.load(Relaxed) > 0 {
                        trace_done(w, g, i, Event::Recv { g: (*g).id, chan: c as u64, from: 0 });
                        buffer_out(c, ep);
                        unlock();
                        write_ok(g, ok_off, true);
                        return done(true);
                    }
                    if (*c).closed.load(Relaxed) != 0 {
                        trace_done(w, g, i, Event::RecvClosed { g: (*g).id, chan: c as u64 });
                        unlock();
                        clear(ep, (*c).elem_words);
                        write_ok(g, ok_off, false);
                        return done(false);
                    }
                }
                CaseKind::Send => {
                    if (*c).closed.load(Relaxed) != 0 {
                        unlock();
                        return SelectResult::Closed;
                    }
                    let sg = (*c).recvq.dequeue();
                    if !sg.is_null() {
                        trace_done(w, g, i, Event::Send { g: (*g).id, chan: c as u64, to: (*(*sg).g).id });
                        send(w, c, sg, ep, unlock);
                        return done(false);
                    }
                    if (*c).qcount.load(Relaxed) < (*c).dataqsiz {
                        trace_done(w, g, i, Event::Send { g: (*g).id, chan: c as u64, to: 0 });
                        buffer_in(c, ep);
                        unlock();
                        return done(false);
                    }
                }
            }
        }

        if !block {
            unlock();
            w.trace(Event::Select { g: (*g).id, case: u32::MAX });
            return SelectResult::Default;
        }

        // Pass 2: a sudog on each channel. The first is the goroutine's own.
        w.set_waiting(g, WaitReason::Select);
        let mut tail: *mut *mut Sudog = &raw mut (*g).waiting;
        for &i in lockorder {
            let Scase { c, kind, off, ok_off } = cases[i as usize];
            let own = tail == &raw mut (*g).waiting;
            let sg = if own { &raw mut (*g).sudog } else { w.acquire_sudog() };
            (*sg).g = g;
            (*sg).c = c;
            (*sg).elem = off;
            (*sg).ok = if kind == CaseKind::Recv { ok_off } else { NO_SLOT };
            (*sg).is_send = kind == CaseKind::Send;
            (*sg).is_select = true;
            (*sg).success = false;
            (*sg).ticket = i as u32;
            (*sg).waitlink = null_mut();
            *tail = sg;
            tail = &raw mut (*sg).waitlink;
            if kind == CaseKind::Send {
                (*c).sendq.enqueue(sg)
            } else {
                (*c).recvq.enqueue(sg)
            }
            if let Some(timers) = &mut timers {
                timers.before_wait(c, true);
            }
        }
        unlock();
        SelectResult::Parked
    }
}

/// Ends a select that was decided while `g` was parked; for [`Resume::SelectDone`]. Gives [`SelectResult::Ready`] or
/// [`SelectResult::Closed`].
///
/// # Safety
/// The caller runs `g`, whose `resume` is [`Resume::SelectDone`].
pub unsafe fn select_resume(w: &mut Worker, g: *mut G) -> SelectResult {
    // SAFETY: R2 for `g` and its sudogs; R4 for the queues.
    unsafe {
        debug_assert_eq!((*g).resume, Resume::SelectDone);
        (*g).resume = Resume::None;
        let chosen = std::mem::replace(&mut (*g).decided, null_mut());
        // Pass 3: off the queues that did not win.
        let mut sg = (*g).waiting;
        while !sg.is_null() {
            if sg != chosen {
                let c = (*sg).c;
                lock(w, c);
                if (*sg).is_send {
                    (*c).sendq.dequeue_sudog(sg)
                } else {
                    (*c).recvq.dequeue_sudog(sg)
                }
                (*c).lock.unlock();
            }
            sg = (*sg).waitlink;
        }
        (*g).select_done.store(0, Relaxed);
        let (case, success, is_send) = ((*chosen).ticket, (*chosen).success, (*chosen).is_send);
        sg = std::mem::replace(&mut (*g).waiting, null_mut());
        while !sg.is_null() {
            let next = (*sg).waitlink;
            (*sg).is_select = false;
            if sg != &raw mut (*g).sudog {
                w.release_sudog(sg);
            }
            sg = next;
        }
        w.trace(Event::Select { g: (*g).id, case });
        if is_send && !success {
            return SelectResult::Closed;
        }
        SelectResult::Ready { case: case as usize, received: success && !is_send }
    }
}

/// Takes a goroutine that waits in a select off all queues. The world is stopped; `release` gets the sudogs that are not its own.
///
/// # Safety
/// R6: `g` waits in a select that nobody has decided.
pub(crate) unsafe fn select_abandon(g: *mut G, mut release: impl FnMut(*mut Sudog)) {
    // SAFETY: R6 for the queues; R2 for the sudogs.
    unsafe {
        let mut sg = std::mem::replace(&mut (*g).waiting, null_mut());
        while !sg.is_null() {
            let (c, next) = ((*sg).c, (*sg).waitlink);
            if (*sg).is_send {
                (*c).sendq.dequeue_sudog(sg)
            } else {
                (*c).recvq.dequeue_sudog(sg)
            }
            (*sg).is_select = false;
            if sg != &raw mut (*g).sudog {
                release(sg);
            }
            sg = next;
        }
    }
}

#[inline(always)]
unsafe fn trace_done(w: &Worker, g: *mut G, case: u16, event: Event) {
    w.trace(event);
    // SAFETY: the caller runs `g`.
    w.trace(Event::Select { g: unsafe { (*g).id }, case: case as u32 });
}
