//! Reading and writing open files.
//!
//! What can be done at once is done on the worker: regular files, and others that poll says are ready. All else goes to a
//! thread that may wait. Handing a call over costs several times a short write, so programs that print gain by this.

use super::handles::{self, Attempt, Open};
use super::{Sys, number, retry};
use gol_vm::{Flow, Native, NativeResult, PollSide};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use std::sync::Arc;

/// One call moves no more than this: the rest is left to the next.
const LARGEST: usize = 1 << 20;

/// What a pipe takes at once if poll says that it takes anything.
const PIPE_ATOM: usize = 4096;

/// Whether the file is ready, waiting for that if `wait` is set.
fn poll(open: &Open, what: PollFlags, wait: bool) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(open, what)];
    retry(|| rustix::event::poll(&mut fds, if wait { None } else { Some(&now) })).is_ok_and(|ready| ready > 0)
}

/// A call on a thread that may wait; also for a file that somebody has made non-blocking.
fn patiently<T>(open: &Open, what: PollFlags, mut call: impl FnMut() -> Sys<T>) -> Sys<T> {
    loop {
        match retry(&mut call) {
            Err(Errno::AGAIN) => poll(open, what, true),
            r => return r,
        };
    }
}

fn give_count(n: &mut Native<'_>, r: &Sys<usize>) -> NativeResult {
    n.give_int(*r.as_ref().unwrap_or(&0) as i64);
    n.give_int(number(r));
    Ok(Flow::Done)
}

/// No bytes, and the error number of a wait.
fn give_refusal(n: &mut Native<'_>, number: i64) -> NativeResult {
    n.give_int(0);
    n.give_int(number);
    Ok(Flow::Done)
}

fn read_once(open: &Open, buf: &mut [u8], at: Option<u64>) -> Sys<usize> {
    match at {
        None => rustix::io::read(open, buf),
        Some(off) => rustix::io::pread(open, buf, off),
    }
}

fn write_once(open: &Open, buf: &[u8], at: Option<u64>) -> Sys<usize> {
    match at {
        None => rustix::io::write(open, buf),
        Some(off) => rustix::io::pwrite(open, buf, off),
    }
}

pub(crate) fn read(n: &mut Native<'_>) -> NativeResult {
    read_at(n, false)
}

pub(super) fn pread(n: &mut Native<'_>) -> NativeResult {
    read_at(n, true)
}

pub(crate) fn write(n: &mut Native<'_>) -> NativeResult {
    write_at(n, false)
}

pub(super) fn pwrite(n: &mut Native<'_>) -> NativeResult {
    write_at(n, true)
}

fn read_at(n: &mut Native<'_>, positioned: bool) -> NativeResult {
    let (handle, to) = (n.int(), n.bytes());
    let at = positioned.then(|| n.uint());
    let open = match handles::get(handle) {
        Ok(open) => open,
        Err(e) => return give_count(n, &Err(e)),
    };
    let room = to.len().min(LARGEST);
    if let (true, Some(host)) = (open.is_stdin(), n.vm().host().cloned()) {
        return n.block(move || {
            let buf = host.read(room);
            Box::new(move |n| {
                let (_, to) = (n.int(), n.bytes());
                to.write(&buf);
                give_count(n, &Ok(buf.len()))
            })
        });
    }
    if let Some(desc) = open.pollable() {
        let mut buf = vec![0; room];
        return match handles::attempt(n, desc, PollSide::Read, read, || read_once(&open, &mut buf, at)) {
            Attempt::Parked => Ok(Flow::Parked),
            Attempt::Refused(number) => give_refusal(n, number),
            Attempt::Made(r) => {
                to.write(&buf[..*r.as_ref().unwrap_or(&0)]);
                give_count(n, &r)
            }
        };
    }
    if open.prompt || poll(&open, PollFlags::IN, false) {
        let mut buf = vec![0; room];
        let r = retry(|| read_once(&open, &mut buf, at));
        if r != Err(Errno::AGAIN) {
            to.write(&buf[..*r.as_ref().unwrap_or(&0)]);
            return give_count(n, &r);
        }
    }
    n.block(move || {
        let mut buf = vec![0; room];
        let r = patiently(&open, PollFlags::IN, || read_once(&open, &mut buf, at));
        Box::new(move |n| {
            // The arguments still stand in their registers: nothing has been given yet.
            let (_, to) = (n.int(), n.bytes());
            to.write(&buf[..*r.as_ref().unwrap_or(&0)]);
            give_count(n, &r)
        })
    })
}

fn write_at(n: &mut Native<'_>, positioned: bool) -> NativeResult {
    let (handle, from) = (n.int(), n.bytes());
    let at = positioned.then(|| n.uint());
    let open = match handles::get(handle) {
        Ok(open) => open,
        Err(e) => return give_count(n, &Err(e)),
    };
    let view = from.view();
    let part = &view[..view.len().min(LARGEST)];
    if let (Some(stream), Some(host)) = (open.stream(), n.vm().host()) {
        host.write(stream, part);
        return give_count(n, &Ok(part.len()));
    }
    if let Some(desc) = open.pollable() {
        return match handles::attempt(n, desc, PollSide::Write, write, || write_once(&open, part, at)) {
            Attempt::Parked => Ok(Flow::Parked),
            Attempt::Refused(number) => give_refusal(n, number),
            Attempt::Made(r) => give_count(n, &r),
        };
    }
    if open.prompt || part.len() <= PIPE_ATOM && poll(&open, PollFlags::OUT, false) {
        let r = retry(|| write_once(&open, part, at));
        if r != Err(Errno::AGAIN) {
            return written(n, &open, &r);
        }
    }
    let part = part.to_vec();
    n.block(move || {
        let r = patiently(&open, PollFlags::OUT, || write_once(&open, &part, at));
        Box::new(move |n| written(n, &open, &r))
    })
}

fn written(n: &mut Native<'_>, open: &Arc<Open>, r: &Sys<usize>) -> NativeResult {
    let sigpipe = signal_hook::consts::SIGPIPE;
    if *r == Err(Errno::PIPE) && open.fatal_pipe && !n.vm().runtime().signal_overridden(sigpipe) {
        // Nobody reads what the program prints: it dies of SIGPIPE, as its shell expects.
        let _ = signal_hook::low_level::emulate_default_handler(sigpipe);
    }
    give_count(n, r)
}

pub(super) fn seek(n: &mut Native<'_>) -> NativeResult {
    let (handle, off, whence) = (n.int(), n.int(), n.int());
    let to = match whence {
        0 if off >= 0 => Some(SeekFrom::Start(off as u64)),
        1 => Some(SeekFrom::Current(off)),
        2 => Some(SeekFrom::End(off)),
        _ => None,
    };
    let r = handles::get(handle).and_then(|open| rustix::fs::seek(&*open, to.ok_or(Errno::INVAL)?));
    n.give_uint(*r.as_ref().unwrap_or(&0));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

pub(super) fn truncate(n: &mut Native<'_>) -> NativeResult {
    let (handle, path, size) = (n.int(), n.str(), n.int());
    let cut = |size: u64| {
        if handle >= 0 {
            return handles::get(handle).and_then(|open| retry(|| rustix::fs::ftruncate(&*open, size)));
        }
        let fd = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?;
        retry(|| rustix::fs::ftruncate(&fd, size))
    };
    let r = u64::try_from(size).map_err(|_| Errno::INVAL).and_then(cut);
    n.give_int(number(&r));
    Ok(Flow::Done)
}

pub(super) fn sync(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    n.block(move || {
        let r = handles::get(handle).and_then(|open| retry(|| rustix::fs::fsync(&*open)));
        Box::new(move |n| {
            n.give_int(number(&r));
            Ok(Flow::Done)
        })
    })
}
