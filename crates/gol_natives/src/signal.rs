//! `os/signal`: which signals the program takes, and the next of them. The handlers are the runtime's.

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] =
    &[("enable", enable), ("reset", reset), ("ignore", ignore), ("ignored", ignored), ("recv", recv), ("taken", taken)];

fn enable(n: &mut Native<'_>) -> NativeResult {
    let signal = n.int() as i32;
    n.vm().runtime().signal_notify(signal);
    Ok(Flow::Done)
}

fn reset(n: &mut Native<'_>) -> NativeResult {
    let signal = n.int() as i32;
    n.vm().runtime().signal_reset(signal);
    Ok(Flow::Done)
}

fn ignore(n: &mut Native<'_>) -> NativeResult {
    let signal = n.int() as i32;
    n.vm().runtime().signal_ignore(signal);
    Ok(Flow::Done)
}

fn ignored(n: &mut Native<'_>) -> NativeResult {
    let signal = n.int();
    let said = n.vm().runtime().signal_ignored(signal as i32);
    n.give_bool(said.unwrap_or_else(|| ignored_from_start(signal)));
    Ok(Flow::Done)
}

/// Whether whoever started us had the signal ignored.
fn ignored_from_start(signal: i64) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    // A broken pipe is ignored by gol itself.
    (1..=64).contains(&signal) && signal != 13 && mask >> (signal - 1) & 1 != 0
}

fn recv(n: &mut Native<'_>) -> NativeResult {
    let Some(signal) = n.wait_signal(recv) else { return Ok(Flow::Parked) };
    n.give_int(signal.into());
    Ok(Flow::Done)
}

fn taken(n: &mut Native<'_>) -> NativeResult {
    let all = n.vm().runtime().signals_taken();
    n.give_bool(all);
    Ok(Flow::Done)
}
