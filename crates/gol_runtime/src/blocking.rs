//! Calls that block a thread: files, name look-ups, child processes. The goroutine is parked and a thread of a pool makes the call.
//!
//! Threads are started on demand, up to a limit as Go's, and end after some seconds without work. A call under way counts as pending, so
//! waiting for it is no deadlock; it is not waited for when the run ends.
//!
//! Deterministic mode: calls run on the same pool, but their goroutines become runnable only when nothing else is, the first that was
//! started among those that are done; so the schedule depends on the calls' results only.

use crate::g::{G, Resume};
use crate::poll::Waiter;
use crate::proc::{Shared, panic_message};
use crate::runtime::RunEnd;
use crate::sync::{Arc, Condvar, Mutex, Ordering::*, PoisonError, lock};
use crate::wait::WaitReason;
use crate::worker::Worker;
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::time::Duration;

/// What a blocking call returns, to be taken from [`G::native_result`] and downcast.
pub type BlockResult = Box<dyn Any + Send>;

/// The most threads of the pool: Go's limit on threads.
const MAX_THREADS: usize = 10_000;
/// Rust stack of a thread of the pool, in bytes.
const CALL_STACK: usize = 1 << 20;
/// A thread without work ends after this time.
const KEEP: Duration = Duration::from_secs(10);

pub(crate) struct BlockingPool {
    state: Mutex<Pool>,
    /// There is work.
    work: Condvar,
    /// A call is done (deterministic mode).
    done: Condvar,
}

#[derive(Default)]
struct Pool {
    queue: VecDeque<Call>,
    idle: usize,
    threads: usize,
    /// Calls so far, waits for the outside ([`crate::poll`], [`crate::signals`]) included.
    calls: u64,
    /// Calls not yet resumed.
    open: usize,
    /// Calls that are not done, and who waits for them.
    waiters: BTreeMap<u64, GPtr>,
    /// Waits for the outside not yet resumed.
    outside: usize,
    /// Deterministic mode: calls and waits that are done.
    finished: Vec<Finished>,
}

impl Pool {
    /// The call is done; whether somebody still waits for it.
    fn take_waiter(&mut self, number: u64) -> bool {
        self.waiters.remove(&number).is_some()
    }
}

struct Call {
    number: u64,
    g: GPtr,
    body: Box<dyn FnOnce() -> BlockResult + Send>,
}

struct Finished {
    number: u64,
    g: GPtr,
    /// A wait for the outside, not a call.
    outside: bool,
}

struct GPtr(*mut G);

// SAFETY: R2: the call owns the parked goroutine.
unsafe impl Send for GPtr {}

impl BlockingPool {
    pub fn new() -> BlockingPool {
        BlockingPool { state: Mutex::default(), work: Condvar::new(), done: Condvar::new() }
    }

    /// Deterministic mode: waits until a call or a wait is done and makes its goroutine runnable; false if there is none, or if there are only
    /// waits for the outside and the next timer comes before them. True also if the worker is asked for something.
    pub fn wait_for_one(&self, rt: &Shared, w: &mut Worker) -> bool {
        let timers = !rt.timers.purge_is_empty();
        let mut pool = lock(&self.state);
        if pool.open + pool.outside == 0 {
            return false;
        }
        const STEP: Duration = Duration::from_millis(20);
        let mut left = Duration::MAX;
        if pool.open == 0 && timers {
            left = Duration::from_nanos((rt.timers.next_when() - rt.env.now()).max(0) as u64);
        }
        while pool.finished.is_empty() {
            if w.is_asked() {
                return true;
            }
            if left.is_zero() {
                return false;
            }
            let step = left.min(STEP);
            let timeout;
            (pool, timeout) = self.done.wait_timeout(pool, step).unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && left != Duration::MAX {
                left -= step;
            }
        }
        let first = (0..pool.finished.len()).min_by_key(|&i| pool.finished[i].number).expect("not empty");
        let done = pool.finished.swap_remove(first);
        if done.outside {
            pool.outside -= 1;
        } else {
            pool.open -= 1;
        }
        drop(pool);
        rt.pending.fetch_sub(1, SeqCst);
        // SAFETY: R2: the call owned it.
        unsafe { w.goready(done.g.0) };
        true
    }

    /// Nobody waits any more for the call of goroutine `g`, which is made all the same; whether there is one.
    pub fn abandon(&self, g: *mut G) -> bool {
        let mut pool = lock(&self.state);
        if let Some(number) = pool.waiters.iter().find(|w| w.1.0 == g).map(|w| *w.0) {
            pool.waiters.remove(&number);
        } else if let Some(i) = pool.finished.iter().position(|done| !done.outside && done.g.0 == g) {
            // Deterministic mode: it is done, but the goroutine's turn has not come.
            pool.finished.swap_remove(i);
        } else {
            return false;
        }
        pool.open -= 1;
        true
    }

    /// A goroutine is about to wait for the outside; its place in the order.
    pub fn outside_begin(&self) -> u64 {
        let mut pool = lock(&self.state);
        pool.calls += 1;
        pool.outside += 1;
        pool.calls - 1
    }

    /// A wait for the outside is over, and its goroutine readied.
    pub fn outside_end(&self) {
        lock(&self.state).outside -= 1;
    }

    /// Deterministic mode: a wait for the outside is over; its goroutine is to run when it is its turn.
    pub fn outside_finished(&self, waiter: Waiter) {
        let done = Finished { number: waiter.number, g: GPtr(waiter.g), outside: true };
        lock(&self.state).finished.push(done);
        self.done.notify_all();
    }

    /// Deterministic mode: as [`BlockingPool::abandon`], for a wait for the outside that is over.
    pub fn abandon_finished(&self, g: *mut G) -> bool {
        let mut pool = lock(&self.state);
        let before = pool.finished.len();
        pool.finished.retain(|done| !(done.outside && done.g.0 == g));
        pool.finished.len() != before
    }

    fn thread(&self, rt: &Shared) {
        let mut pool = lock(&self.state);
        loop {
            while let Some(call) = pool.queue.pop_front() {
                drop(pool);
                self.make(rt, call);
                pool = lock(&self.state);
            }
            pool.idle += 1;
            let (mut guard, timeout) = self.work.wait_timeout(pool, KEEP).unwrap_or_else(PoisonError::into_inner);
            guard.idle -= 1;
            if timeout.timed_out() && guard.queue.is_empty() {
                guard.threads -= 1;
                return;
            }
            pool = guard;
        }
    }

    fn make(&self, rt: &Shared, call: Call) {
        let result = match catch_unwind(AssertUnwindSafe(call.body)) {
            Ok(result) => result,
            Err(panic) => {
                rt.end(RunEnd::Crashed(panic_message(&*panic)));
                return;
            }
        };
        // The goroutine must not change while the world is stopped, nor after the run.
        if !rt.world.enter() {
            return;
        }
        if !lock(&self.state).take_waiter(call.number) {
            // The goroutine was interrupted and waits no more.
            rt.world.exit();
            return;
        }
        // SAFETY: R2: the call owns the goroutine.
        unsafe {
            (*call.g.0).native_result = Some(Box::new(result));
            (*call.g.0).resume = Resume::Native;
        }
        if rt.env.deterministic() {
            lock(&self.state).finished.push(Finished { number: call.number, g: call.g, outside: false });
            self.done.notify_all();
            rt.world.exit();
        } else {
            lock(&self.state).open -= 1;
            // SAFETY: R2: the call owns it.
            unsafe { rt.inject(call.g.0) };
            rt.world.exit();
            rt.pending_end();
        }
    }
}

impl Worker {
    /// Parks the running goroutine `g`, whose state is saved, while a thread of the pool runs `call`. The goroutine resumes at its saved pc with
    /// [`Resume::Native`] and the result in [`G::native_result`]. It must not be touched after this; go on with [`Worker::next`].
    /// `call` must not use the gol heap: a collection may run meanwhile.
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards.
    pub unsafe fn block_on(&mut self, g: *mut G, call: Box<dyn FnOnce() -> BlockResult + Send>) {
        // SAFETY: the caller's promise.
        unsafe { self.block_on_as(g, WaitReason::Syscall, call) };
    }

    /// As [`Worker::block_on`], with another reason for dumps.
    ///
    /// # Safety
    /// As there.
    pub unsafe fn block_on_as(&mut self, g: *mut G, reason: WaitReason, call: Box<dyn FnOnce() -> BlockResult + Send>) {
        let rt = self.rt();
        rt.pending.fetch_add(1, SeqCst);
        // SAFETY: the caller's promise.
        unsafe { self.set_waiting(g, reason) };
        let mut pool = lock(&rt.blocking.state);
        pool.calls += 1;
        let number = pool.calls;
        pool.waiters.insert(number, GPtr(g));
        pool.open += 1;
        pool.queue.push_back(Call { number, g: GPtr(NonNull::new(g).expect("a goroutine").as_ptr()), body: call });
        if pool.idle >= pool.queue.len() || pool.threads >= MAX_THREADS {
            drop(pool);
            rt.blocking.work.notify_one();
            return;
        }
        pool.threads += 1;
        drop(pool);
        let shared = Arc::clone(self.rt_arc());
        rt.spawn_thread("gol call", CALL_STACK, move || shared.blocking.thread(&shared));
    }
}
