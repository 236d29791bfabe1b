//! The poller: goroutines that wait for sockets, pipes and other descriptors that say when they are ready.
//!
//! A descriptor is registered once, edge-triggered, for both sides ([`PollDesc`]). Its user tries first and waits only when the system says that
//! it would have to ([`Worker::wait_io`]): an edge that came in between is remembered, so the wait returns at once and the user tries
//! again. So 10,000 open connections are 10,000 parked goroutines and one thread, which is started with the first registration.
//!
//! A side that has *expired* (its deadline has passed) and a descriptor that is *evicted* (closed) let nobody wait, and wake all who do.
//! Deadlines are timers of the library, which call [`Worker::expire_io`].
//!
//! A goroutine that waits here counts as pending: waiting for the outside world is no deadlock.
//!
//! Deterministic mode: goroutines that became ready run only when nothing else can, the one that began to wait first before others.
//! If there are timers, a program that only waits for the outside waits for it in real time until the next timer would be due; then the
//! clock jumps there.
//!
//! Source: Go's `runtime/netpoll.go`. Unlike Go: a thread of its own readies goroutines, instead of workers that poll between goroutines.

use crate::blocking::BlockResult;
use crate::g::{G, Resume};
use crate::proc::Shared;
use crate::runtime::{RunEnd, Runtime};
use crate::sync::{Arc, Mutex, OnceLock, Ordering::*, lock};
use crate::wait::WaitReason;
use crate::worker::Worker;
use mio::unix::SourceFd;
use mio::{Events, Interest, Registry, Token, Waker};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// Rust stack of the poller's thread, in bytes.
const POLLER_STACK: usize = 1 << 18;
/// Events taken from the system at a time.
const BATCH: usize = 1024;
/// The token of the waker that ends the thread.
const END: Token = Token(0);

/// What to wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollSide {
    /// Something to read, or to accept, or the end.
    Read,
    /// Room to write, or the end of a connect.
    Write,
}

/// How [`Worker::wait_io`] went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IoWait {
    /// The goroutine is parked.
    Parked,
    /// It may be ready: try again.
    Ready,
    /// The deadline has passed.
    Expired,
    /// The descriptor was closed.
    Evicted,
}

/// A goroutine that waits for the outside world, and its place in the order of those that do.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub g: *mut G,
    pub number: u64,
}

// SAFETY: R2: whoever holds the waiter owns the parked goroutine.
unsafe impl Send for Waiter {}

/// A registered descriptor.
#[derive(Debug)]
pub struct PollDesc {
    fd: RawFd,
    token: Token,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sides: [Side; 2],
    evicted: bool,
}

#[derive(Debug, Default)]
struct Side {
    /// An edge came that nobody has used.
    ready: bool,
    expired: bool,
    waiters: Vec<Waiter>,
}

impl PollDesc {
    /// What a try must know beforehand: whether the side's deadline has passed, or the descriptor was closed. [`IoWait::Ready`]: neither.
    pub fn check(&self, side: PollSide) -> IoWait {
        let state = lock(&self.state);
        match () {
            () if state.evicted => IoWait::Evicted,
            () if state.sides[side as usize].expired => IoWait::Expired,
            () => IoWait::Ready,
        }
    }

    fn edge(&self, side: PollSide, out: &mut Vec<Waiter>) {
        let side = &mut lock(&self.state).sides[side as usize];
        side.ready = side.waiters.is_empty();
        out.append(&mut side.waiters);
    }
}

/// Where descriptors are registered. Made with the first.
#[derive(Debug)]
pub(crate) struct Poller {
    registry: Registry,
    waker: Waker,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    descs: BTreeMap<usize, Arc<PollDesc>>,
    last: usize,
}

/// The poller of a runtime, if there is one yet, or the number of the error that kept it from starting.
pub(crate) type PollerCell = OnceLock<Result<Poller, i32>>;

impl Shared {
    fn poller(&self) -> io::Result<&Poller> {
        let made = self.poller.get_or_init(|| {
            let start = || {
                let poll = mio::Poll::new()?;
                let registry = poll.registry().try_clone()?;
                let waker = Waker::new(&registry, END)?;
                let rt = self.arc();
                self.spawn_thread("gol poller", POLLER_STACK, move || rt.poll_loop(poll));
                Ok(Poller { registry, waker, open: Mutex::default() })
            };
            start().map_err(|e: io::Error| e.raw_os_error().unwrap_or(0))
        });
        made.as_ref().map_err(|&number| io::Error::from_raw_os_error(number))
    }

    /// Has the poller's thread see that the run is over.
    pub(crate) fn end_poller(&self) {
        if let Some(Ok(poller)) = self.poller.get() {
            let _ = poller.waker.wake();
        }
    }

    fn poll_loop(&self, mut poll: mio::Poll) {
        let mut events = Events::with_capacity(BATCH);
        let mut ready = Vec::new();
        while !self.ended.load(Acquire) {
            match poll.poll(&mut events, None) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return self.end(RunEnd::Crashed(format!("the poller fails: {e}"))),
            }
            let Ok(poller) = self.poller() else { return };
            // Goroutines must not change while the world is stopped, nor after the run.
            if !self.world.enter() {
                self.world.exit();
                return;
            }
            {
                let open = lock(&poller.open);
                for event in &events {
                    let Some(desc) = open.descs.get(&event.token().0) else { continue };
                    if event.is_readable() || event.is_read_closed() || event.is_error() {
                        desc.edge(PollSide::Read, &mut ready);
                    }
                    if event.is_writable() || event.is_write_closed() || event.is_error() {
                        desc.edge(PollSide::Write, &mut ready);
                    }
                }
            }
            let ended = ready.drain(..).map(|waiter| usize::from(self.outside_ready(waiter))).sum();
            self.world.exit();
            self.pending_ended(ended);
        }
    }

    /// A goroutine is about to wait for the outside world.
    pub(crate) fn outside_begin(&self) -> u64 {
        self.pending.fetch_add(1, SeqCst);
        self.blocking.outside_begin()
    }

    /// What the goroutine waited for has come; the caller is in the world, and after leaving it ends what was pending
    /// ([`Shared::pending_ended`]) if this is true.
    pub(crate) fn outside_ready(&self, waiter: Waiter) -> bool {
        if self.env.deterministic() {
            self.blocking.outside_finished(waiter);
            return false;
        }
        self.blocking.outside_end();
        // SAFETY: R2: who holds a waiter owns its goroutine.
        unsafe { self.inject(waiter.g) };
        true
    }

    /// Takes a goroutine that waits for the outside out of that; whether it did.
    ///
    /// # Safety
    /// R6.
    pub(crate) unsafe fn abandon_outside(&self, g: *mut G) -> bool {
        let mut found = self.signals.abandon(g) || self.blocking.abandon_finished(g);
        if let Some(Ok(poller)) = self.poller.get() {
            for desc in lock(&poller.open).descs.values() {
                for side in &mut lock(&desc.state).sides {
                    let before = side.waiters.len();
                    side.waiters.retain(|waiter| waiter.g != g);
                    found |= side.waiters.len() != before;
                }
            }
        }
        if found {
            self.blocking.outside_end();
            self.pending.fetch_sub(1, SeqCst);
            // SAFETY: R6.
            unsafe { (*g).native_result = None };
        }
        found
    }
}

impl Runtime {
    /// Registers a descriptor that does not block; it must stay open until [`Worker::evict_io`].
    pub fn poll_register(&self, fd: BorrowedFd<'_>) -> io::Result<Arc<PollDesc>> {
        let poller = self.shared.poller()?;
        let fd = fd.as_raw_fd();
        let desc = {
            let mut open = lock(&poller.open);
            open.last += 1;
            let token = open.last;
            let desc = Arc::new(PollDesc { fd, token: Token(token), state: Mutex::default() });
            open.descs.insert(token, desc.clone());
            desc
        };
        let registered =
            poller.registry.register(&mut SourceFd(&fd), desc.token, Interest::READABLE | Interest::WRITABLE);
        registered.inspect_err(|_| {
            lock(&poller.open).descs.remove(&desc.token.0);
        })?;
        Ok(desc)
    }
}

impl Worker {
    /// Parks the running goroutine `g`, whose state is saved, until `side` of `desc` may be ready. It resumes with [`Resume::Native`] and
    /// `result`, whatever woke it. Anything but [`IoWait::Parked`]: it is not parked.
    ///
    /// # Safety
    /// R9: the caller runs `g`, and does not touch it afterwards if it is parked.
    pub unsafe fn wait_io(&mut self, g: *mut G, desc: &PollDesc, side: PollSide, result: BlockResult) -> IoWait {
        let rt = self.rt();
        let mut state = lock(&desc.state);
        if state.evicted {
            return IoWait::Evicted;
        }
        let side = &mut state.sides[side as usize];
        if side.expired {
            return IoWait::Expired;
        }
        if std::mem::take(&mut side.ready) {
            return IoWait::Ready;
        }
        let number = rt.outside_begin();
        // SAFETY: R2, R3: the caller runs it, and it becomes visible when the lock is released.
        unsafe {
            self.set_waiting(g, WaitReason::IoWait);
            (*g).native_result = Some(Box::new(result));
            (*g).resume = Resume::Native;
        }
        side.waiters.push(Waiter { g, number });
        IoWait::Parked
    }

    /// The deadline of a side has passed, or (with `expired` false) has been moved.
    pub fn expire_io(&mut self, desc: &PollDesc, side: PollSide, expired: bool) {
        let mut woken = Vec::new();
        {
            let side = &mut lock(&desc.state).sides[side as usize];
            side.expired = expired;
            if expired {
                woken.append(&mut side.waiters);
            }
        }
        self.ready_waiters(woken);
    }

    /// The descriptor is about to be closed: nobody waits for it any more.
    pub fn evict_io(&mut self, desc: &PollDesc) {
        let mut woken = Vec::new();
        {
            let mut state = lock(&desc.state);
            if std::mem::replace(&mut state.evicted, true) {
                return;
            }
            for side in &mut state.sides {
                woken.append(&mut side.waiters);
            }
        }
        if let Some(Ok(poller)) = self.rt().poller.get() {
            let _ = poller.registry.deregister(&mut SourceFd(&desc.fd));
            lock(&poller.open).descs.remove(&desc.token.0);
        }
        self.ready_waiters(woken);
    }

    fn ready_waiters(&mut self, waiters: Vec<Waiter>) {
        for waiter in waiters {
            let rt = self.rt();
            rt.blocking.outside_end();
            rt.pending.fetch_sub(1, SeqCst);
            // SAFETY: R2: who holds a waiter owns its goroutine.
            unsafe { self.goready(waiter.g) };
        }
    }
}
