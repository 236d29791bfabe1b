//! The scheduler and everything goroutines wait on: workers, run queues, stacks, park and ready, channels, select, semaphores,
//! timers, blocking calls, the stopped world, clock and random numbers.
//!
//! *Input*: goroutines ([`G`]) whose state an upper crate's [`Machine`] fills in. *Output*: that machine is run on several threads,
//! each goroutine by one at a time. It must not know what an instruction, a value's type or a package is.
//!
//! Start reading with [`proc`] (the design of the scheduler), then [`worker`] (what the machine calls), then [`chan`].
//!
//! # The machine's part
//!
//! [`Machine::run`] executes a goroutine and stays in its loop: when the goroutine parks, ends or yields, it calls [`Worker::next`]
//! and goes on with what that returns. **The state of a goroutine is saved before any call that may park it**, and a goroutine that a call
//! reports as parked is not touched any more: another worker may run it already. At calls and back edges it compares
//! [`Worker::guard`], and calls [`Worker::safepoint`] when that is 0. When it resumes a goroutine it looks at [`G::resume`] first.
//!
//! # The invariants that make the unsafe code sound
//!
//! * **R1** (addresses): a `G`, and a sudog, lives in a slab that is freed only with the runtime, or when all that live in it are on the global list
//!   of unused ones and with that belong to whoever frees it; a `Worker` is never freed.
//! * **R2** (one owner): a goroutine belongs to exactly one party: the worker that runs it, the run queue or pool it is in, the queue of waiters,
//!   timer or call it waits in, or whoever took it from one of these. Only the owner touches its plain fields and its stack. Ownership
//!   passes through a lock or a queue, which synchronise.
//! * **R3** (park): all writes to a goroutine that parks, state and status included, come before its sudog (or entry) becomes visible, that is
//!   before the lock of that queue is released; it is not touched afterwards.
//! * **R4** (channel lock): the plain fields of a channel, and the links of sudogs in its queues, are used only under its lock.
//! * **R5** (stacks): a stack is moved only by the owner of its goroutine, or, if the goroutine waits, in a stopped world. So whoever takes a waiter
//!   off a queue can write to the registers it named.
//! * **R6** (stopped world): between a stop and the restart no worker runs, and no other thread touches goroutines or heap objects without
//!   having entered the world.
//! * **R7** (workers): only its thread has a reference to a `Worker`; others use the atomics at its front, through raw pointers. It is
//!   `!Unpin`, so `&mut Worker` makes no promise about those.
//! * **R8** (runtime): a worker holds an `Arc` of what is shared, and references taken from it do not outlive the worker's loop.
//! * **R9** (arguments): what the caller of an `unsafe fn` promises there: live channels and words of live objects, offsets within the stack,
//!   and being the owner of the goroutine.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod blocking;
pub mod chan;
pub mod env;
pub mod g;
mod gc;
mod idle;
mod limits;
mod lock;
#[cfg(all(test, loom))]
mod models;
mod monitor;
mod park;
pub mod poll;
pub mod proc;
pub mod runtime;
pub mod select;
pub mod sema;
mod session;
mod signals;
pub mod stack;
mod sync;
pub mod time;
pub mod trace;
pub mod wait;
pub mod worker;

pub use self::{
    blocking::BlockResult,
    chan::{
        CloseError, Hchan, MakeChanError, RecvResult, SendResult, chancap, chanlen, chanrecv, chansend, closechan,
        makechan,
    },
    env::{Env, Mode, Rng},
    g::{G, GStatus, NO_SLOT, Resume},
    gc::{GcListener, GcReport},
    limits::{Limit, Limits},
    poll::{IoWait, PollDesc, PollSide},
    runtime::{Config, MAX_WORKERS, Machine, RunEnd, Runtime, cores},
    select::{CaseKind, Scase, SelectResult, select_resume, selectgo},
    sema::{
        Acquired, NotifyList, notify_list_add, notify_list_notify_all, notify_list_notify_one, notify_list_wait,
        semacquire, semrelease,
    },
    session::Interrupt,
    stack::{Stack, StackOverflow},
    time::{TimerAction, TimerId, sleep, timer_reset, timer_start, timer_stop},
    trace::{Event, TraceSink},
    wait::WaitReason,
    worker::{Safepoint, Worker},
};
