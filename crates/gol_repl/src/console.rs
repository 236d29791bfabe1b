//! Where a session's program prints, and where it reads.

use gol_vm::Stream;

/// The streams of a session, as its shell provides them. Calls come from any thread.
pub trait Console: Send + Sync {
    /// The program has printed something: above the line that is being typed, if there is one.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// Waits for a part of standard input, at most `room` bytes; none at its end, and when [`Console::stop_reading`] is called.
    fn read(&self, room: usize) -> Vec<u8>;

    /// Nobody waits for what is being read any more.
    fn stop_reading(&self) {}

    /// Columns that there are for values.
    fn width(&self) -> usize {
        80
    }
}
