//! The one place every scheduler event passes.
//!
//! Nobody listens as a rule, and then an event costs one test of a plain flag of the worker. A race detector, a report of leaked
//! goroutines or a timeline is a [`TraceSink`] given to the runtime when it is made.

use crate::wait::WaitReason;

/// Something the scheduler did. Goroutines are named by id, channels by address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A go statement.
    Go {
        /// The new goroutine.
        g: u64,
        /// The one that started it.
        parent: u64,
    },
    /// A worker goes on with a goroutine.
    Start {
        /// The goroutine.
        g: u64,
    },
    /// A goroutine blocks.
    Park {
        /// The goroutine.
        g: u64,
        /// Why.
        reason: WaitReason,
    },
    /// A goroutine becomes runnable again.
    Ready {
        /// The goroutine.
        g: u64,
    },
    /// A goroutine goes to the end of the queue.
    Yield {
        /// The goroutine.
        g: u64,
    },
    /// A worker stole goroutines.
    Steal {
        /// From which worker.
        victim: u16,
    },
    /// A value was sent (buffered or handed over), or a sender parked and was served later.
    Send {
        /// The sender.
        g: u64,
        /// The channel.
        chan: u64,
        /// The receiver it was handed to, 0 if it went to the buffer.
        to: u64,
    },
    /// A value was received.
    Recv {
        /// The receiver.
        g: u64,
        /// The channel.
        chan: u64,
        /// The parked sender that was served, 0 if none.
        from: u64,
    },
    /// A receive that found the channel closed and empty.
    RecvClosed {
        /// The receiver.
        g: u64,
        /// The channel.
        chan: u64,
    },
    /// A channel was closed.
    Close {
        /// By whom.
        g: u64,
        /// The channel.
        chan: u64,
    },
    /// A select was decided.
    Select {
        /// The goroutine.
        g: u64,
        /// The case, [`u32::MAX`] for default.
        case: u32,
    },
    /// A timer fired.
    Timer {
        /// When it was due.
        when: i64,
    },
    /// A goroutine ended.
    Exit {
        /// The goroutine.
        g: u64,
    },
    /// The world was stopped (`true`) or goes on.
    World {
        /// Whether it is stopped now.
        stopped: bool,
    },
}

/// An observer of the scheduler.
pub trait TraceSink: Send + Sync {
    /// Called at each event, on the thread where it happens (`worker` is none outside workers), at times with locks held: it must
    /// be quick, must not block, and must not call the runtime.
    fn event(&self, worker: Option<u16>, now: i64, event: &Event);
}
