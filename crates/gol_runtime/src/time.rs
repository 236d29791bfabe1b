//! Timers: `time.Sleep`, timers that send on a channel, timers that start a goroutine.
//!
//! One heap behind one lock. Entries are removed lazily: stopping a timer only changes the timer, and its entry is dropped when it comes up,
//! when too many are stale, or before a decision depends on it (a collection, the deadlock check). The next deadline is an atomic that
//! workers read on their ticks, that bounds the sleep of idle workers, and that the monitor looks at when all are busy.
//!
//! Timers of package time are objects of the gol heap ([`RTimer`], named by [`TimerId`]), held by `time.Timer` and by their channel, so
//! that a collection finds unreachable ones and nothing needs a finalizer.
//!
//! **Channel timers behave as in Go 1.23 and later.** Such a timer is in the heap only while a goroutine waits on its channel; otherwise an
//! operation on the channel first sends what has become due. So a timer nobody waits for costs nothing, is collected when it is
//! unreachable, and does not hide a deadlock. Stop and reset drain the buffer, so no stale value is seen after them.
//!
//! Source: Go's `runtime/time.go`. Unlike Go: one heap for all workers instead of one for each.

use crate::chan::{Hchan, buffer_in, buffer_out, deliver};
use crate::g::G;
use crate::proc::Shared;
use crate::sync::{AtomicI64, Mutex, MutexGuard, Ordering::*, lock};
use crate::trace::Event;
use crate::wait::WaitReason;
use crate::worker::Worker;
use gol_heap::RootVisitor;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ptr::null_mut;

/// The name of a timer: a pointer into the gol heap, to be kept in a word that the collector sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct TimerId(pub u64);

/// What a timer does when it is due.
#[derive(Clone, Copy, Debug)]
pub enum TimerAction {
    /// Sends the time, without blocking, on a channel with a buffer for one element. The channel is new and has no other timer.
    Chan(*mut Hchan),
    /// Starts a goroutine that calls this func value.
    Func(u64),
}

/// A timer, in the gol heap. Its fields are used under the lock of the timers.
#[repr(C)]
pub(crate) struct RTimer {
    /// The channel, or null.
    pub(crate) c: *mut Hchan,
    /// The func value, or 0.
    func: u64,
    /// When it is due, in nanoseconds of [`crate::Env::now`].
    when: i64,
    /// How long after that again; 0 for never.
    period: i64,
    /// Changed by each start, stop and reset; an entry of the heap with another number is stale.
    seq: u64,
    active: bool,
    /// The heap has an entry with the present `seq`.
    heaped: bool,
}

/// Which words of an [`RTimer`] hold pointers.
pub(crate) const RTIMER_POINTERS: [u32; 2] = [0, 1];

/// Something that a timer wants done once the lock is released.
pub(crate) enum Due {
    /// Ready this goroutine.
    Ready(*mut G),
    /// Start a goroutine that calls this func value.
    Func(u64),
}

/// All timers of a runtime.
pub(crate) struct Timers {
    heap: Mutex<TimerHeap>,
    /// The deadline of the first entry, stale or not; `i64::MAX` without any. Written under the lock.
    next: AtomicI64,
}

#[derive(Default)]
pub(crate) struct TimerHeap {
    entries: BinaryHeap<Reverse<Entry>>,
    /// Ties are served in this order.
    order: u64,
    /// How many entries are known to be stale.
    stale: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    when: i64,
    order: u64,
    what: What,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Sleep(*mut G),
    Timer(*mut RTimer, u64),
}

// SAFETY: entries are used under the lock only; a sleeping goroutine is owned by its entry (R2), timers are heap objects.
unsafe impl Send for TimerHeap {}

/// The timers, locked.
pub(crate) struct TimersGuard<'a> {
    heap: MutexGuard<'a, TimerHeap>,
    timers: &'a Timers,
}

impl Drop for TimersGuard<'_> {
    fn drop(&mut self) {
        let next = self.heap.entries.peek().map_or(i64::MAX, |entry| entry.0.when);
        self.timers.next.store(next, Relaxed);
    }
}

impl Timers {
    pub fn new() -> Timers {
        Timers { heap: Mutex::default(), next: AtomicI64::new(i64::MAX) }
    }

    pub fn lock(&self) -> TimersGuard<'_> {
        TimersGuard { heap: lock(&self.heap), timers: self }
    }

    /// When the next timer may be due; `i64::MAX` for never.
    #[inline(always)]
    pub fn next_when(&self) -> i64 {
        self.next.load(Relaxed)
    }

    /// Fires what is due at `now`. What is to be done without the lock comes back in `due`.
    pub fn run(&self, rt: &Shared, now: i64, due: &mut Vec<Due>) {
        let mut guard = self.lock();
        while guard.heap.entries.peek().is_some_and(|entry| entry.0.when <= now) {
            let Reverse(entry) = guard.heap.entries.pop().expect("peeked");
            match entry.what {
                What::Sleep(g) => {
                    rt.trace_event(None, &Event::Timer { when: entry.when });
                    due.push(Due::Ready(g));
                }
                // SAFETY: entries that are not stale keep their timers alive (`visit`), and stale ones are gone after a collection.
                What::Timer(t, seq) => unsafe {
                    if (*t).seq != seq || !(*t).active {
                        guard.heap.stale = guard.heap.stale.saturating_sub(1);
                        continue;
                    }
                    (*t).heaped = false;
                    if !(*t).c.is_null() && (*(*t).c).recvq.is_empty() {
                        continue;
                    }
                    rt.trace_event(None, &Event::Timer { when: entry.when });
                    let value = guard.advance(rt, t, now);
                    if (*t).c.is_null() {
                        due.push(Due::Func((*t).func));
                    } else if let Some(g) = send_time(rt, (*t).c, now, value) {
                        due.push(Due::Ready(g));
                    }
                    guard.add_if_needed(rt, t, false);
                },
            }
        }
    }

    /// Takes the goroutine `g` out if it sleeps. The world is stopped.
    pub fn remove_sleeper(&self, g: *mut G) -> bool {
        let mut guard = self.lock();
        let before = guard.heap.entries.len();
        guard.heap.entries.retain(|entry| !matches!(entry.0.what, What::Sleep(sleeper) if sleeper == g));
        guard.heap.entries.len() != before
    }

    /// Drops all stale entries; whether none is left.
    pub fn purge_is_empty(&self) -> bool {
        if self.next_when() == i64::MAX {
            return true;
        }
        let mut guard = self.lock();
        guard.heap.purge();
        guard.heap.entries.is_empty()
    }

    /// Shows the timers that will fire; the world is stopped and stale entries are gone.
    pub fn visit(&self, visitor: &mut dyn RootVisitor) {
        for entry in &self.lock().heap.entries {
            if let What::Timer(t, _) = entry.0.what {
                visitor.word(t as u64);
            }
        }
    }
}

impl TimerHeap {
    fn purge(&mut self) {
        self.entries.retain(|entry| match entry.0.what {
            What::Sleep(_) => true,
            // SAFETY: as in `run`. The queue of waiters is read without the channel's lock: those who come hold the lock of the timers,
            // and those who leave only make the entry stale a little later.
            What::Timer(t, seq) => unsafe {
                if (*t).seq != seq || !(*t).active {
                    return false;
                }
                let waited = (*t).c.is_null() || !(*(*t).c).recvq.is_empty();
                (*t).heaped = waited;
                waited
            },
        });
        self.stale = 0;
    }
}

impl TimersGuard<'_> {
    fn push(&mut self, rt: &Shared, when: i64, what: What) {
        let heap = &mut *self.heap;
        // Deterministic mode: any order of ties may come, drawn from the seed.
        let order = if rt.env.deterministic() { rt.env.seed() } else { heap.order };
        heap.order += 1;
        heap.entries.push(Reverse(Entry { when, order, what }));
    }

    /// Puts an active timer in the heap if it is not, and if it starts a goroutine or (or `waited`) somebody waits on its channel.
    unsafe fn add_if_needed(&mut self, rt: &Shared, t: *mut RTimer, waited: bool) {
        // SAFETY: the lock is held; `t` is alive.
        unsafe {
            if (*t).active && !(*t).heaped && (waited || (*t).c.is_null() || !(*(*t).c).recvq.is_empty()) {
                (*t).heaped = true;
                self.push(rt, (*t).when, What::Timer(t, (*t).seq));
            }
        }
    }

    /// A timer is due: makes it inactive, or due again at the next multiple of its period. Returns when it was due.
    unsafe fn advance(&mut self, _rt: &Shared, t: *mut RTimer, now: i64) -> i64 {
        // SAFETY: the lock is held; `t` is alive.
        unsafe {
            let when = (*t).when;
            if (*t).period > 0 {
                let passed = (now - when) / (*t).period;
                (*t).when = when.saturating_add((*t).period.saturating_mul(1 + passed));
            } else {
                (*t).active = false;
            }
            when
        }
    }

    /// Before an operation on a channel: sends what its timer has due. (If others wait on the channel the heap takes care of that.)
    ///
    /// # Safety
    /// R9: `c` is a channel.
    pub unsafe fn run_chan(&mut self, rt: &Shared, c: *mut Hchan) {
        // SAFETY: R9; the lock is held; a channel keeps its timer alive.
        unsafe {
            let t = (*c).timer;
            if t.is_null() || !(*t).active || !(*c).recvq.is_empty() {
                return;
            }
            let now = rt.env.now();
            if (*t).when > now {
                return;
            }
            if (*t).heaped {
                (*t).heaped = false;
                (*t).seq += 1;
                self.heap.stale += 1;
            }
            let value = self.advance(rt, t, now);
            // Nobody waits, and nobody can begin to without the lock.
            let _ = send_time(rt, c, now, value);
        }
    }

    /// A goroutine is about to wait on `c` (if `block`): its timer has to be in the heap.
    ///
    /// # Safety
    /// R9: `c` is a channel.
    pub unsafe fn before_wait(&mut self, c: *mut Hchan, block: bool) {
        // SAFETY: R9; the lock is held; a channel keeps its timer alive.
        unsafe {
            let t = (*c).timer;
            if block && !t.is_null() && (*t).active && !(*t).heaped {
                (*t).heaped = true;
                let order = self.heap.order;
                self.heap.order += 1;
                self.heap.entries.push(Reverse(Entry { when: (*t).when, order, what: What::Timer(t, (*t).seq) }));
            }
        }
    }

    /// Makes a timer inactive and its entry stale; takes an unseen value back from its channel. Whether it was active or had one.
    unsafe fn disarm(&mut self, t: *mut RTimer) -> bool {
        // SAFETY: the lock is held; `t` is alive, and so is its channel; R4 for the channel.
        unsafe {
            let mut pending = (*t).active;
            (*t).active = false;
            (*t).seq += 1;
            if (*t).heaped {
                (*t).heaped = false;
                self.heap.stale += 1;
                if self.heap.stale > 64 && self.heap.stale > self.heap.entries.len() / 2 {
                    self.heap.purge();
                }
            }
            let c = (*t).c;
            if !c.is_null() && (*c).qcount.load(Relaxed) != 0 {
                (*c).lock.lock();
                while (*c).qcount.load(Relaxed) != 0 {
                    buffer_out(c, null_mut());
                    pending = true;
                }
                (*c).lock.unlock();
            }
            pending
        }
    }

    unsafe fn arm(&mut self, rt: &Shared, t: *mut RTimer, when: i64, period: i64) {
        // SAFETY: the lock is held; `t` is alive.
        unsafe {
            (*t).when = when.max(1);
            (*t).period = period;
            (*t).active = true;
            self.add_if_needed(rt, t, false);
        }
    }
}

/// Sends the time `when` on `c`: to a waiting receiver, which is returned and must be readied, or to the buffer if there is room.
unsafe fn send_time(rt: &Shared, c: *mut Hchan, now: i64, when: i64) -> Option<*mut G> {
    // SAFETY: the lock of the timers is held; R4, R9 for the channel; R2 for the receiver.
    unsafe {
        let mut value = [0u64; 8];
        let words = ((*c).elem_words as usize).min(value.len());
        let (seconds, nanos) = rt.env.wall();
        let wall = seconds as i128 * 1_000_000_000 + nanos as i128 - (now - when) as i128;
        let wall = (wall.div_euclid(1_000_000_000) as i64, wall.rem_euclid(1_000_000_000) as u32);
        rt.machine.timer_value(when, wall, &mut value[..words]);
        (*c).lock.lock();
        let sg = (*c).recvq.dequeue();
        let mut ready = None;
        if !sg.is_null() {
            ready = Some(deliver(sg, value.as_ptr(), words as u32));
        } else if (*c).qcount.load(Relaxed) < (*c).dataqsiz {
            buffer_in(c, value.as_ptr());
        }
        (*c).lock.unlock();
        ready
    }
}

/// `time.Sleep` of `ns` nanoseconds by the running goroutine `g`, whose state is saved. True: it is parked and must not be touched; it resumes
/// at its saved pc. False: nothing to wait for.
///
/// # Safety
/// The caller runs `g`.
pub unsafe fn sleep(w: &mut Worker, g: *mut G, ns: i64) -> bool {
    if ns <= 0 {
        return false;
    }
    let rt = w.rt();
    let when = rt.env.now().saturating_add(ns);
    // SAFETY: the caller's promise.
    unsafe { w.set_waiting(g, WaitReason::Sleep) };
    rt.timers.lock().push(rt, when, What::Sleep(g));
    true
}

/// A new timer, due at `when` (of [`crate::Env::now`]) and then, unless `period` is 0, every `period` nanoseconds. None: no memory.
///
/// # Safety
/// R9: a channel given is one, with elements of at most 8 registers and a buffer.
pub unsafe fn timer_start(w: &mut Worker, when: i64, period: i64, action: TimerAction) -> Option<TimerId> {
    let rt = w.rt();
    let t = w.heap.alloc(size_of::<RTimer>(), rt.rtimer_layout).cast::<RTimer>();
    if t.is_null() {
        return None;
    }
    // SAFETY: the object is new, ours, zeroed, and large enough; R9 for the channel, which nobody else uses yet.
    unsafe {
        match action {
            TimerAction::Chan(c) => {
                debug_assert!((*c).elem_words <= 8 && (*c).timer.is_null() && (*c).dataqsiz > 0);
                (*t).c = c;
                (*c).timer = t;
            }
            TimerAction::Func(func) => (*t).func = func,
        }
        rt.timers.lock().arm(rt, t, when, period);
    }
    Some(TimerId(t as u64))
}

/// `Stop`: whether the timer was still to fire (for a channel: or its value was not seen yet).
///
/// # Safety
/// `id` came from [`timer_start`], and its word was kept from the collector until now.
pub unsafe fn timer_stop(w: &mut Worker, id: TimerId) -> bool {
    // SAFETY: the caller's promise.
    unsafe { w.rt().timers.lock().disarm(id.0 as *mut RTimer) }
}

/// `Reset`: as [`timer_stop`], then due at `when` and every `period` nanoseconds.
///
/// # Safety
/// As for [`timer_stop`].
pub unsafe fn timer_reset(w: &mut Worker, id: TimerId, when: i64, period: i64) -> bool {
    let rt = w.rt();
    let t = id.0 as *mut RTimer;
    let mut timers = rt.timers.lock();
    // SAFETY: the caller's promise.
    unsafe {
        let pending = timers.disarm(t);
        timers.arm(rt, t, when, period);
        pending
    }
}
