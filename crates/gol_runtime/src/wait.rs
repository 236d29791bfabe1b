//! Why a goroutine waits: the one table, with the words Go prints between brackets in a goroutine dump.

macro_rules! wait_reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Why a goroutine is parked. Every park names one.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
        #[repr(u8)]
        pub enum WaitReason { $($(#[$doc])* $name,)* }

        impl WaitReason {
            /// All reasons, in the order of the table.
            pub const ALL: &[WaitReason] = &[$(WaitReason::$name,)*];

            /// The words of Go's goroutine dumps: `goroutine 7 [chan receive]:`.
            pub const fn text(self) -> &'static str {
                match self { $(WaitReason::$name => $text,)* }
            }
        }
    };
}

wait_reasons! {
    /// Not waiting.
    #[default]
    None = "";
    /// A receive nobody has sent for yet.
    ChanReceive = "chan receive";
    /// A send nobody has received yet, or that finds the buffer full.
    ChanSend = "chan send";
    /// A receive from a nil channel: for ever.
    ChanReceiveNilChan = "chan receive (nil chan)";
    /// A send on a nil channel: for ever.
    ChanSendNilChan = "chan send (nil chan)";
    /// A select none of whose cases is ready.
    Select = "select";
    /// `select {}`: for ever.
    SelectNoCases = "select (no cases)";
    /// `time.Sleep`.
    Sleep = "sleep";
    /// A semaphore of no particular owner.
    Semacquire = "semacquire";
    /// `(*sync.Mutex).Lock`.
    SyncMutexLock = "sync.Mutex.Lock";
    /// `(*sync.RWMutex).RLock`.
    SyncRWMutexRLock = "sync.RWMutex.RLock";
    /// `(*sync.RWMutex).Lock`.
    SyncRWMutexLock = "sync.RWMutex.Lock";
    /// `(*sync.WaitGroup).Wait`.
    SyncWaitGroupWait = "sync.WaitGroup.Wait";
    /// `(*sync.Cond).Wait`.
    SyncCondWait = "sync.Cond.Wait";
    /// A socket or pipe that is not ready.
    IoWait = "IO wait";
    /// A call that blocks a thread of the pool ([`crate::blocking`]).
    Syscall = "syscall";
    /// Waiting for a collection another goroutine asked for.
    WaitForGcCycle = "wait for GC cycle";
    /// Stopped at a safepoint at the end of its slice.
    Preempted = "preempted";
}

impl std::fmt::Display for WaitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
