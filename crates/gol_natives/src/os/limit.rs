//! How many files may be open at once. The soft limit that a process is given is low, for the sake of programs that keep sets of files
//! in arrays; gol has no such arrays, and raises it to the hard limit, as Go does. Processes that it starts get the old limit back.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// The limit before it was raised.
static BEFORE: OnceLock<Option<Rlimit>> = OnceLock::new();

/// Raises the limit, once in the life of the process. That the system refuses is no error: the limit stays what it was.
pub fn raise_file_limit() {
    BEFORE.get_or_init(|| {
        let before = getrlimit(Resource::Nofile);
        // `None` is no limit, which is more than some systems take.
        if before.current.is_none() || before.current == before.maximum {
            return None;
        }
        let raised = Rlimit { current: before.maximum, maximum: before.maximum };
        setrlimit(Resource::Nofile, raised).ok().map(|()| before)
    });
}

/// Gives a process that has just been started the limit that this one was given.
pub(super) fn restore(pid: Pid) {
    #[cfg(target_os = "linux")]
    if let Some(Some(before)) = BEFORE.get() {
        // If it has ended already it needs no limit.
        let _ = rustix::process::prlimit(Some(pid), Resource::Nofile, *before);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = pid;
}
