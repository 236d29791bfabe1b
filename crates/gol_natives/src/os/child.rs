//! Other processes: starting them, waiting for their end, signalling them.
//!
//! A process is named by its number and, where the system has them, by a handle for a descriptor of it (pidfd): that becomes readable when the
//! process ends, so that waiting parks the goroutine on the poller, and a signal never reaches another process that got the same number.

use super::handles::{self, Attempt};
use super::{Sys, number, retry};
use command_fds::{CommandFdExt, FdMapping};
use gol_vm::{Flow, Native, NativeResult, PollSide};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// `sysStartProcess(path string, argv []string, dir string, env []string, files []int, group, uid, gid int) (pid, handle, errno int)`.
///
/// `files` has handles, -1 for a file that the child is to have closed; `group` is -1, or the process group that the child joins, 0 for
/// one of its own; `uid` and `gid` are -1 or whom it runs as.
pub(super) fn start(n: &mut Native<'_>) -> NativeResult {
    let (path, argv, dir, env) = (n.str(), n.strings(), n.str(), n.strings());
    let files: Vec<i64> = n.words().to_vec().into_iter().map(|w| w as i64).collect();
    let (group, uid, gid) = (n.int(), n.int(), n.int());
    let run = || -> Sys<(i64, i64)> {
        let mut command = match again(n, path)? {
            Some(command) => command,
            None => {
                // Only a path with a slash is not looked for elsewhere.
                let path = if path.contains(&b'/') { path.to_vec() } else { [b"./", path].concat() };
                let mut command = Command::new(OsStr::from_bytes(&path));
                argv.first().map(|name| command.arg0(OsStr::from_bytes(name)));
                command
            }
        };
        command.args(argv.iter().skip(1).map(|a| OsStr::from_bytes(a)));
        if !dir.is_empty() {
            command.current_dir(OsStr::from_bytes(dir));
        }
        command.env_clear();
        for entry in &env {
            // A key may begin with '='.
            let split = entry.iter().skip(1).position(|&b| b == b'=').map(|at| at + 1);
            if let Some(at) = split {
                command.env(OsStr::from_bytes(&entry[..at]), OsStr::from_bytes(&entry[at + 1..]));
            }
        }
        let mut standard = [Stdio::null(), Stdio::null(), Stdio::null()].into_iter();
        let mut mappings = Vec::new();
        for (child_fd, &handle) in files.iter().enumerate() {
            let fd = match handle {
                -1 => None,
                _ => {
                    let open = handles::get(handle)?;
                    open.share()?;
                    Some(rustix::io::fcntl_dupfd_cloexec(&*open, 3)?)
                }
            };
            match (child_fd, fd) {
                (0, Some(fd)) => drop(command.stdin(fd)),
                (1, Some(fd)) => drop(command.stdout(fd)),
                (2, Some(fd)) => drop(command.stderr(fd)),
                (_, Some(parent_fd)) => mappings.push(FdMapping { parent_fd, child_fd: child_fd as i32 }),
                (_, None) => {}
            }
        }
        for (i, null) in (0..3).zip(&mut standard) {
            if files.get(i).is_none_or(|&h| h == -1) {
                match i {
                    0 => command.stdin(null),
                    1 => command.stdout(null),
                    _ => command.stderr(null),
                };
            }
        }
        if !mappings.is_empty() {
            command.fd_mappings(mappings).map_err(|_| Errno::INVAL)?;
        }
        if group >= 0 {
            command.process_group(group as i32);
        }
        if gid >= 0 {
            command.gid(gid as u32);
        }
        if uid >= 0 {
            command.uid(uid as u32);
        }
        let child = command.spawn().map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::INVAL))?;
        let pid = Pid::from_child(&child);
        super::limit::restore(pid);
        Ok((i64::from(pid.as_raw_nonzero().get()), watch(n, pid).unwrap_or(-1)))
    };
    let r = run();
    let (pid, handle) = *r.as_ref().unwrap_or(&(-1, -1));
    n.give_int(pid);
    n.give_int(handle);
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// If a path is the running program's own, as `os.Executable` or `os.Args` have it: what starts that once more. The system
/// cannot, since the file is a text.
fn again(n: &Native<'_>, path: &[u8]) -> Sys<Option<Command>> {
    let options = n.vm().options();
    let Some(origin) = &options.origin else { return Ok(None) };
    let named = options.args.first().is_some_and(|name| name.as_bytes() == path);
    if !named && origin.path.as_os_str().as_bytes() != path {
        return Ok(None);
    }
    let gol = std::env::current_exe().map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::NOENT))?;
    let mut command = Command::new(gol);
    command.args(&origin.words);
    Ok(Some(command))
}

/// A handle for a process.
fn watch(n: &Native<'_>, pid: Pid) -> Sys<i64> {
    let fd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    handles::insert_pollable(n, fd)
}

/// `sysFindProcess(pid int) (handle, errno int)`
pub(super) fn find(n: &mut Native<'_>) -> NativeResult {
    let pid = n.int();
    let pid = i32::try_from(pid).ok().filter(|&p| p > 0).and_then(Pid::from_raw).ok_or(Errno::INVAL);
    let r = pid.and_then(|pid| watch(n, pid));
    n.give_int(*r.as_ref().unwrap_or(&-1));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// `sysSignalProcess(pid, handle, signal int) (errno int)`
pub(super) fn signal(n: &mut Native<'_>) -> NativeResult {
    let (pid, handle, signal) = (n.int() as i32, n.int(), n.int() as i32);
    let r = match (handles::get(handle), Signal::from_named_raw(signal)) {
        (Ok(open), Some(signal)) => rustix::process::pidfd_send_signal(&*open, signal),
        _ => super::process::send(pid, signal),
    };
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// The end of a process: its status as wait(2) gives it, and its processor times in nanoseconds.
struct Ended {
    status: i64,
    user: i64,
    system: i64,
}

/// Takes the end of a process, if it has ended.
fn take(pid: Pid) -> Sys<Option<Ended>> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if retry(|| rustix::process::waitid(WaitId::Pid(pid), look))?.is_none() {
        return Ok(None);
    }
    // It is still there to be asked.
    let (user, system) = times(pid).unwrap_or((0, 0));
    let taken = retry(|| rustix::process::waitpid(Some(pid), WaitOptions::NOHANG))?;
    Ok(taken.map(|(_, status)| Ended { status: i64::from(status.as_raw()), user, system }))
}

/// The times that the system shows of a process, in steps of its clock.
fn times(pid: Pid) -> Option<(i64, i64)> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name, in parentheses, may contain anything.
    let mut fields = stat[stat.rfind(')')? + 2..].split(' ').skip(11);
    let step = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1) as i64;
    let mut next = || Some(fields.next()?.parse::<i64>().ok()? * step);
    Some((next()?, next()?))
}

fn give_end(n: &mut Native<'_>, r: &Sys<Ended>) -> NativeResult {
    let end = r.as_ref().ok();
    n.give_int(end.map_or(0, |e| e.status));
    n.give_int(end.map_or(0, |e| e.user));
    n.give_int(end.map_or(0, |e| e.system));
    n.give_int(number(r));
    Ok(Flow::Done)
}

/// `sysWaitProcess(pid, handle int) (status, user, system, errno int)`
pub(super) fn wait(n: &mut Native<'_>) -> NativeResult {
    let (pid, handle) = (n.int(), n.int());
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return give_end(n, &Err(Errno::CHILD));
    };
    if let Ok(open) = handles::get(handle)
        && let Some(desc) = open.pollable()
    {
        let attempt = handles::attempt(n, desc, PollSide::Read, wait, || take(pid)?.ok_or(Errno::AGAIN));
        return match attempt {
            Attempt::Parked => Ok(Flow::Parked),
            Attempt::Made(r) => give_end(n, &r),
            Attempt::Refused(_) => give_end(n, &Err(Errno::CHILD)),
        };
    }
    n.block(move || {
        let r = retry(|| rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT))
            .and_then(|_| take(pid)?.ok_or(Errno::CHILD));
        Box::new(move |n| give_end(n, &r))
    })
}
