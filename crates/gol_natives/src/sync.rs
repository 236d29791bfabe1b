//! `sync`: semaphores and notification lists, which the scheduler keeps.

use gol_vm::{Flow, Native, NativeFn, NativeResult, Raise, WaitReason};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("semacquire", semacquire),
    ("semrelease", semrelease),
    ("notifyAdd", notify_add),
    ("notifyWait", notify_wait),
    ("notifyOne", notify_one),
    ("notifyAll", notify_all),
    ("end", |n| n.leave()),
    ("collections", collections),
    ("nanotime", crate::time::monotonic),
    ("fatal", fatal),
];

/// By the numbers in `sync/runtime.gol`.
const REASONS: [WaitReason; 5] = [
    WaitReason::Semacquire,
    WaitReason::SyncMutexLock,
    WaitReason::SyncRWMutexRLock,
    WaitReason::SyncRWMutexLock,
    WaitReason::SyncWaitGroupWait,
];

fn semacquire(n: &mut Native<'_>) -> NativeResult {
    let (at, why, first) = (n.address()?, n.int(), n.bool());
    let reason = REASONS.get(why as usize).copied().unwrap_or(WaitReason::Semacquire);
    n.semacquire(at, reason, first)
}

fn semrelease(n: &mut Native<'_>) -> NativeResult {
    let (at, handoff) = (n.address()?, n.bool());
    n.semrelease(at, handoff)
}

fn notify_add(n: &mut Native<'_>) -> NativeResult {
    let list = n.address()?;
    let ticket = n.notify_add(list);
    n.give_uint(ticket.into());
    Ok(Flow::Done)
}

fn notify_wait(n: &mut Native<'_>) -> NativeResult {
    let (list, ticket) = (n.address()?, n.uint() as u32);
    n.notify_wait(list, ticket)
}

fn notify_one(n: &mut Native<'_>) -> NativeResult {
    let list = n.address()?;
    n.notify_one(list);
    Ok(Flow::Done)
}

fn notify_all(n: &mut Native<'_>) -> NativeResult {
    let list = n.address()?;
    n.notify_all(list);
    Ok(Flow::Done)
}

fn collections(n: &mut Native<'_>) -> NativeResult {
    let count = n.vm().heap().num_gc();
    n.give_uint(count.into());
    Ok(Flow::Done)
}

fn fatal(n: &mut Native<'_>) -> NativeResult {
    Err(Raise::Fatal(n.text()))
}
