//! The process: arguments, environment, numbers, its end.

use super::{Sys, number};
use gol_vm::{Flow, Native, NativeResult, Raise};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// The program's environment: a copy, since the real one may not change while threads run.
static ENVIRONMENT: LazyLock<Mutex<Variables>> =
    LazyLock::new(|| Mutex::new(std::env::vars_os().map(|(k, v)| (k.into_vec(), v.into_vec())).collect()));

/// Keys and values, in the order in which the keys came.
type Variables = Vec<(Vec<u8>, Vec<u8>)>;

fn environment() -> MutexGuard<'static, Variables> {
    ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A variable of the program's environment.
pub(crate) fn variable(key: &[u8]) -> Option<Vec<u8>> {
    environment().iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
}

pub(super) fn args(n: &mut Native<'_>) -> NativeResult {
    let args = &n.vm().options().args;
    n.give_strings(args)?;
    Ok(Flow::Done)
}

pub(super) fn exit(n: &mut Native<'_>) -> NativeResult {
    Err(Raise::Exit(n.int() as i32))
}

pub(super) fn getenv(n: &mut Native<'_>) -> NativeResult {
    let key = n.str();
    let value = variable(key);
    n.give_str(value.as_deref().unwrap_or_default())?;
    n.give_bool(value.is_some());
    Ok(Flow::Done)
}

pub(super) fn setenv(n: &mut Native<'_>) -> NativeResult {
    let (key, value) = (n.str(), n.str());
    let bad = key.is_empty() || key.contains(&b'=') || key.contains(&0) || value.contains(&0);
    if !bad {
        let mut all = environment();
        match all.iter_mut().find(|(k, _)| k == key) {
            Some((_, v)) => *v = value.to_vec(),
            None => all.push((key.to_vec(), value.to_vec())),
        }
    }
    n.give_int(if bad { i64::from(Errno::INVAL.raw_os_error()) } else { 0 });
    Ok(Flow::Done)
}

pub(super) fn unsetenv(n: &mut Native<'_>) -> NativeResult {
    let key = n.str();
    environment().retain(|(k, _)| k != key);
    Ok(Flow::Done)
}

pub(super) fn clearenv(_: &mut Native<'_>) -> NativeResult {
    environment().clear();
    Ok(Flow::Done)
}

pub(super) fn environ(n: &mut Native<'_>) -> NativeResult {
    let all: Vec<_> = environment().iter().map(|(k, v)| [k, &b"="[..], v].concat()).collect();
    n.give_strings(&all)?;
    Ok(Flow::Done)
}

pub(super) fn ids(n: &mut Native<'_>) -> NativeResult {
    use rustix::process::{getegid, geteuid, getgid, getpid, getppid, getuid};
    let id = match n.int() {
        0 => i64::from(getpid().as_raw_nonzero().get()),
        1 => i64::from(Pid::as_raw(getppid())),
        2 => i64::from(getuid().as_raw()),
        3 => i64::from(geteuid().as_raw()),
        4 => i64::from(getgid().as_raw()),
        5 => i64::from(getegid().as_raw()),
        _ => rustix::param::page_size() as i64,
    };
    n.give_int(id);
    Ok(Flow::Done)
}

pub(super) fn groups(n: &mut Native<'_>) -> NativeResult {
    let r = rustix::process::getgroups();
    let errno = number(&r);
    let groups: Vec<_> = r.unwrap_or_default().iter().map(|g| u64::from(g.as_raw())).collect();
    n.give_words(&groups)?;
    n.give_int(errno);
    Ok(Flow::Done)
}

pub(super) fn hostname(n: &mut Native<'_>) -> NativeResult {
    n.give_str(rustix::system::uname().nodename().to_bytes())?;
    n.give_int(0);
    Ok(Flow::Done)
}

/// The file of the program; where it is none, that of this binary.
pub(super) fn executable(n: &mut Native<'_>) -> NativeResult {
    let origin = n.vm().options().origin.as_ref();
    let r = origin.map_or_else(std::env::current_exe, |origin| Ok(origin.path.clone()));
    let errno = r.as_ref().err().map_or(0, |e| e.raw_os_error().unwrap_or(Errno::NOENT.raw_os_error()));
    n.give_str(r.unwrap_or_default().as_os_str().as_bytes())?;
    n.give_int(i64::from(errno));
    Ok(Flow::Done)
}

pub(super) fn random(n: &mut Native<'_>) -> NativeResult {
    let seed = n.worker().env().seed();
    n.give_uint(seed);
    Ok(Flow::Done)
}

/// A pid below 1 names a group, signal 0 only asks whether there is such a process: as kill(2).
pub(super) fn send(pid: i32, signal: i32) -> Sys<()> {
    use rustix::process as p;
    let target = Pid::from_raw(pid.checked_abs().ok_or(Errno::SRCH)?);
    if signal == 0 {
        return match target {
            None => p::test_kill_current_process_group(),
            Some(t) if pid < 0 => p::test_kill_process_group(t),
            Some(t) => p::test_kill_process(t),
        };
    }
    let signal = Signal::from_named_raw(signal).ok_or(Errno::INVAL)?;
    match target {
        None => p::kill_current_process_group(signal),
        Some(t) if pid < 0 => p::kill_process_group(t, signal),
        Some(t) => p::kill_process(t, signal),
    }
}

pub(super) fn kill(n: &mut Native<'_>) -> NativeResult {
    let (pid, signal) = (n.int() as i32, n.int() as i32);
    n.give_int(number(&send(pid, signal)));
    Ok(Flow::Done)
}
