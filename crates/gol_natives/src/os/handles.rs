//! Open files under handles.
//!
//! Handles 0, 1 and 2 are the standard streams. Others count up and are never used twice, so a call that races with a close
//! finds its own file or none. A file is closed when the last call that uses it is over.

use super::{Sys, number, retry};
use gol_vm::{Flow, Native, NativeResult, Stream};
use rustix::fs::{CWD, FileType, Mode, OFlags, RawMode};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// An open file.
pub(super) struct Open {
    descriptor: Descriptor,
    /// Reading and writing never wait for anybody: a regular file.
    pub(super) prompt: bool,
    /// The standard output or error, where a broken pipe ends the program.
    pub(super) fatal_pipe: bool,
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
        let mut open = Open { descriptor, prompt: false, fatal_pipe };
        let kind = rustix::fs::fstat(&open).map(|s| FileType::from_raw_mode(s.st_mode));
        open.prompt = kind == Ok(FileType::RegularFile);
        Arc::new(open)
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
pub(super) fn get(handle: i64) -> Sys<Arc<Open>> {
    table().open.get(&handle).cloned().ok_or(Errno::BADF)
}

fn insert(fd: OwnedFd) -> i64 {
    let open = Open::new(Descriptor::Own(fd));
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

fn open_now(path: &[u8], flags: OFlags, mode: Mode) -> Sys<i64> {
    retry(|| rustix::fs::open(path, flags, mode)).map(insert)
}

fn give_handle(n: &mut Native<'_>, r: Sys<i64>) -> NativeResult {
    n.give_int(*r.as_ref().unwrap_or(&-1));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// Opening waits only for named pipes, whose other end may not be open yet.
pub(super) fn open(n: &mut Native<'_>) -> NativeResult {
    let (path, flag, perm) = (n.str(), n.int(), n.uint());
    let (flags, mode) = (open_flags(flag), Mode::from_raw_mode(perm as RawMode));
    let kind = rustix::fs::statat(CWD, path, rustix::fs::AtFlags::empty()).map(|s| FileType::from_raw_mode(s.st_mode));
    if kind != Ok(FileType::Fifo) {
        let r = open_now(path, flags, mode);
        return give_handle(n, r);
    }
    let path = path.to_vec();
    n.block(move || {
        let r = open_now(&path, flags, mode);
        Box::new(move |n| give_handle(n, r))
    })
}

pub(super) fn pipe(n: &mut Native<'_>) -> NativeResult {
    let r = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let errno = number(&r);
    let (reader, writer) = r.map_or((-1, -1), |(r, w)| (insert(r), insert(w)));
    n.give_int(reader);
    n.give_int(writer);
    n.give_int(errno);
    Ok(Flow::Done)
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

pub(super) fn fd(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    n.give_int(get(handle).map_or(-1, |open| i64::from(open.as_fd().as_raw_fd())));
    Ok(Flow::Done)
}

/// A standard stream is closed by putting /dev/null in its place: its number must not come to name another file.
pub(super) fn close(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    let gone = table().open.remove(&handle);
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
