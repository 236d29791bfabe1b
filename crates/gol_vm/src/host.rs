//! Who a session's program talks to in place of the process: its streams, and what becomes of its goroutines.

/// A standard stream that a program writes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// The standard output.
    Out,
    /// The standard error.
    Err,
}

/// How the goroutine of an entry ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It came to its end.
    Done,
    /// `runtime.Goexit`, or it was interrupted.
    Goexit,
    /// By a panic or a fatal error, which was reported.
    Crashed,
    /// `os.Exit` with this status: the whole session is to end.
    Exit(i32),
}

/// The session around a program. Calls come from threads of the VM, and must not wait for a goroutine.
pub trait Host: Send + Sync {
    /// The program has written to a standard stream.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// Waits for standard input, on a thread that may, and gives at most `room` bytes of it; none at its end.
    fn read(&self, room: usize) -> Vec<u8>;

    /// A goroutine has crashed: the whole report. Its goroutine has ended; all others go on.
    fn crashed(&self, goroutine: u64, report: &str);

    /// The goroutine of the present entry has ended.
    fn ended(&self, goroutine: u64, how: Ended);

    /// Nothing can run, and nothing will: unless something is begun, all goroutines sleep for ever.
    fn idle(&self);

    /// Columns that there are for values.
    fn width(&self) -> usize;

    /// A value that an entry comes to, laid out: the text of its static type, whether others follow, and the value's text.
    fn value(&self, static_type: &str, more: bool, text: &str);
}
