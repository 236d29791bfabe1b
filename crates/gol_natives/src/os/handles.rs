//! Open files under handles.
//!
//! Handles 0, 1 and 2 are the standard streams. Others count up and are never used twice, so a call that races with a close
//! finds its own file or none. A file is closed when the last call that uses it is over.

use super::{Sys, number, retry};
use gol_vm::{Flow, IoWait, Native, NativeFn, NativeResult, PollDesc, PollSide, Stream};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawMode};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// An open file.
pub(crate) struct Open {
    descriptor: Descriptor,
    /// Reading and writing never wait for anybody: a regular file.
    pub(super) prompt: bool,
    /// The standard output or error, where a broken pipe ends the program.
    pub(super) fatal_pipe: bool,
    /// Registered with the poller: a socket or a pipe that does not block.
    poll: Option<Arc<PollDesc>>,
    /// A child process shares it now, so it blocks again.
    shared: AtomicBool,
}

enum Descriptor {
    Stdin,
    Stdout,
    Stderr,
    Own(OwnedFd),
}

impl AsFd for Open {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.descriptor {
            Descriptor::Stdin => rustix::stdio::stdin(),
            Descriptor::Stdout => rustix::stdio::stdout(),
            Descriptor::Stderr => rustix::stdio::stderr(),
            Descriptor::Own(fd) => fd.as_fd(),
        }
    }
}

impl Open {
    /// The standard stream that it is, of those that are written to.
    pub(super) fn stream(&self) -> Option<Stream> {
        match self.descriptor {
            Descriptor::Stdout => Some(Stream::Out),
            Descriptor::Stderr => Some(Stream::Err),
            _ => None,
        }
    }

    /// Whether it is the standard input.
    pub(super) fn is_stdin(&self) -> bool {
        matches!(self.descriptor, Descriptor::Stdin)
    }

    fn new(descriptor: Descriptor) -> Arc<Open> {
        let fatal_pipe = matches!(descriptor, Descriptor::Stdout | Descriptor::Stderr);
        let shared = AtomicBool::new(false);
        let mut open = Open { descriptor, prompt: false, fatal_pipe, poll: None, shared };
        let kind = rustix::fs::fstat(&open).map(|s| FileType::from_raw_mode(s.st_mode));
        open.prompt = kind == Ok(FileType::RegularFile);
        Arc::new(open)
    }

    /// What the poller knows it by, if it never blocks.
    pub(crate) fn pollable(&self) -> Option<&PollDesc> {
        self.poll.as_deref().filter(|_| !self.shared.load(Relaxed))
    }

    /// Makes it block, for a process that does not expect otherwise.
    pub(super) fn share(&self) -> Sys<()> {
        if self.poll.is_some() && !self.shared.swap(true, Relaxed) {
            let flags = rustix::fs::fcntl_getfl(self)?;
            rustix::fs::fcntl_setfl(self, flags - OFlags::NONBLOCK)?;
        }
        Ok(())
    }
}

struct Table {
    open: BTreeMap<i64, Arc<Open>>,
    next: i64,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(|| {
    let standard = [Descriptor::Stdin, Descriptor::Stdout, Descriptor::Stderr];
    let open: BTreeMap<_, _> = standard.into_iter().zip(0..).map(|(d, i)| (i, Open::new(d))).collect();
    let next = open.len() as i64;
    Mutex::new(Table { open, next })
});

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file of a handle.
pub(crate) fn get(handle: i64) -> Sys<Arc<Open>> {
    table().open.get(&handle).cloned().ok_or(Errno::BADF)
}

fn insert(fd: OwnedFd) -> i64 {
    insert_open(Open::new(Descriptor::Own(fd)))
}

/// Takes in a descriptor that does not block.
pub(crate) fn insert_pollable(n: &Native<'_>, fd: OwnedFd) -> Sys<i64> {
    let registered = n.vm().runtime().poll_register(fd.as_fd());
    let poll = registered.map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::INVAL))?;
    let shared = AtomicBool::new(false);
    let descriptor = Descriptor::Own(fd);
    Ok(insert_open(Arc::new(Open { descriptor, prompt: false, fatal_pipe: false, poll: Some(poll), shared })))
}

fn insert_open(open: Arc<Open>) -> i64 {
    let mut table = table();
    let handle = table.next;
    table.next += 1;
    table.open.insert(handle, open);
    handle
}

/// The flags that `os` uses, by Linux's numbers (`syscall.O_APPEND`, ...), as the system has them.
fn open_flags(flag: i64) -> OFlags {
    let mut flags = OFlags::CLOEXEC
        | match flag & 3 {
            0 => OFlags::RDONLY,
            1 => OFlags::WRONLY,
            _ => OFlags::RDWR,
        };
    for (bits, to) in [
        (0x40, OFlags::CREATE),
        (0x80, OFlags::EXCL),
        (0x200, OFlags::TRUNC),
        (0x400, OFlags::APPEND),
        (0x800, OFlags::NONBLOCK),
        (0x10000, OFlags::DIRECTORY),
        (0x20000, OFlags::NOFOLLOW),
        (0x10_1000, OFlags::SYNC),
    ] {
        if flag & bits == bits {
            flags |= to;
        }
    }
    flags
}

/// A file to open: in a directory, or with a path.
struct Target {
    dir: Option<Arc<Open>>,
    path: Vec<u8>,
    flags: OFlags,
    mode: Mode,
}

impl Target {
    fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_ref().map_or(CWD, |dir| dir.as_fd())
    }

    fn open(&self) -> Sys<i64> {
        retry(|| rustix::fs::openat(self.dir(), &self.path[..], self.flags, self.mode)).map(insert)
    }

    /// Whether opening waits: for the other end of a named pipe.
    fn waits(&self) -> bool {
        let stat = rustix::fs::statat(self.dir(), &self.path[..], AtFlags::empty());
        stat.is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Fifo)
    }

    fn open_for(self, n: &mut Native<'_>) -> NativeResult {
        if !self.waits() {
            let r = self.open();
            return give_handle(n, r);
        }
        n.block(move || {
            let r = self.open();
            Box::new(move |n| give_handle(n, r))
        })
    }
}

fn give_handle(n: &mut Native<'_>, r: Sys<i64>) -> NativeResult {
    n.give_int(*r.as_ref().unwrap_or(&-1));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

pub(super) fn open(n: &mut Native<'_>) -> NativeResult {
    let (path, flag, perm) = (n.str().to_vec(), n.int(), n.uint());
    Target { dir: None, path, flags: open_flags(flag), mode: Mode::from_raw_mode(perm as RawMode) }.open_for(n)
}

/// `sysOpenAt(dir int, name string, flag int, perm uint32) (handle int, errno int)`
pub(super) fn open_at(n: &mut Native<'_>) -> NativeResult {
    let (dir, path, flag, perm) = (n.int(), n.str().to_vec(), n.int(), n.uint());
    match get(dir) {
        Ok(dir) => {
            let mode = Mode::from_raw_mode(perm as RawMode);
            Target { dir: Some(dir), path, flags: open_flags(flag), mode }.open_for(n)
        }
        Err(e) => give_handle(n, Err(e)),
    }
}

pub(super) fn pipe(n: &mut Native<'_>) -> NativeResult {
    let made = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK);
    let r = made.and_then(|(r, w)| Ok((insert_pollable(n, r)?, insert_pollable(n, w)?)));
    let (reader, writer) = *r.as_ref().unwrap_or(&(-1, -1));
    n.give_int(reader);
    n.give_int(writer);
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// `sysExpire(handle, side int, expired bool)`: the deadline of reading (0) or writing (1) has passed, or was moved.
pub(crate) fn expire(n: &mut Native<'_>) -> NativeResult {
    let (handle, side, expired) = (n.int(), n.int(), n.bool());
    let side = if side == 0 { PollSide::Read } else { PollSide::Write };
    if let Ok(open) = get(handle)
        && let Some(desc) = &open.poll
    {
        n.worker().expire_io(desc, side, expired);
    }
    Ok(Flow::Done)
}

/// `sysPollable(handle int) bool`
pub(super) fn is_pollable(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    n.give_bool(get(handle).is_ok_and(|open| open.pollable().is_some()));
    Ok(Flow::Done)
}

/// `sysWait(handle, side int) (errno int)` waits once.
pub(crate) fn wait(n: &mut Native<'_>) -> NativeResult {
    let (handle, side) = (n.int(), n.int());
    let side = if side == 0 { PollSide::Read } else { PollSide::Write };
    let Ok(open) = get(handle) else {
        n.give_int(EVICTED);
        return Ok(Flow::Done);
    };
    let woken: NativeFn = |n| {
        // Whatever woke it is found by the next call.
        n.give_int(0);
        Ok(Flow::Done)
    };
    let waited = open.poll.as_ref().map_or(IoWait::Ready, |desc| n.wait_io(desc, side, woken));
    if waited == IoWait::Parked {
        return Ok(Flow::Parked);
    }
    n.give_int(wait_number(waited));
    Ok(Flow::Done)
}

/// Error numbers of a wait that is not the system's: the handle was closed meanwhile, the deadline has passed.
pub(crate) const EVICTED: i64 = -1;
pub(crate) const EXPIRED: i64 = -2;

/// The error number of a wait.
pub(crate) fn wait_number(wait: IoWait) -> i64 {
    match wait {
        IoWait::Evicted => EVICTED,
        IoWait::Expired => EXPIRED,
        IoWait::Ready | IoWait::Parked => 0,
    }
}

/// How a call on a descriptor that does not block went.
pub(crate) enum Attempt<T> {
    /// It was made.
    Made(Sys<T>),
    /// It cannot be: an error number of a wait.
    Refused(i64),
    /// The goroutine is parked, and will run the native once more.
    Parked,
}

/// Makes a call on a descriptor that does not block, waiting if it would have to.
pub(crate) fn attempt<T>(
    n: &mut Native<'_>,
    desc: &PollDesc,
    side: PollSide,
    again: NativeFn,
    mut call: impl FnMut() -> Sys<T>,
) -> Attempt<T> {
    let first = desc.check(side);
    if first != IoWait::Ready {
        return Attempt::Refused(wait_number(first));
    }
    loop {
        match retry(&mut call) {
            Err(Errno::AGAIN) => match n.wait_io(desc, side, again) {
                IoWait::Ready => continue,
                IoWait::Parked => return Attempt::Parked,
                refused => return Attempt::Refused(wait_number(refused)),
            },
            r => return Attempt::Made(r),
        }
    }
}

pub(super) fn handle(n: &mut Native<'_>) -> NativeResult {
    let fd = n.int();
    let found =
        table().open.iter().find(|(_, open)| i64::from(open.as_fd().as_raw_fd()) == fd).map(|(handle, _)| *handle);
    n.give_int(found.unwrap_or(-1));
    Ok(Flow::Done)
}

/// A second descriptor for the open file that has the descriptor `fd`.
pub(crate) fn duplicate(fd: i64) -> Sys<OwnedFd> {
    let found = table().open.values().find(|open| i64::from(open.as_fd().as_raw_fd()) == fd).cloned();
    rustix::io::fcntl_dupfd_cloexec(found.ok_or(Errno::BADF)?, 0)
}

pub(crate) fn fd(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    n.give_int(get(handle).map_or(-1, |open| i64::from(open.as_fd().as_raw_fd())));
    Ok(Flow::Done)
}

/// A standard stream is closed by putting /dev/null in its place: its number must not come to name another file.
pub(crate) fn close(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    let gone = table().open.remove(&handle);
    if let Some(desc) = gone.as_ref().and_then(|open| open.poll.as_ref()) {
        n.worker().evict_io(desc);
    }
    let r = match gone.as_ref().map(|open| &open.descriptor) {
        None => Err(Errno::BADF),
        Some(Descriptor::Own(_)) => Ok(()),
        // They are the session's.
        Some(_) if n.vm().host().is_some() => Ok(()),
        Some(standard) => {
            let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
            null.and_then(|null| match standard {
                Descriptor::Stdin => rustix::stdio::dup2_stdin(null),
                Descriptor::Stdout => rustix::stdio::dup2_stdout(null),
                _ => rustix::stdio::dup2_stderr(null),
            })
        }
    };
    n.give_int(number(&r));
    Ok(Flow::Done)
}
