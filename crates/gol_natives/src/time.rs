//! `time`: clocks, sleeping, timers; time zone files are in `time/zone.rs`, rules for later years in `time/rule.rs`.

mod rule;
mod zone;

use gol_vm::{Flow, Native, NativeFn, NativeResult};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("now", now),
    ("monotonic", monotonic),
    ("Sleep", sleep),
    ("startChan", start_chan),
    ("startFunc", start_func),
    ("stopTimer", stop_timer),
    ("resetTimer", reset_timer),
    ("zoneRule", rule::zone_rule),
    ("zoneFile", zone::file),
    ("zoneParse", zone::parse),
    ("localZone", zone::local),
];

fn now(n: &mut Native<'_>) -> NativeResult {
    let (mono, (sec, nsec)) = (n.monotonic(), n.wall());
    n.give_int(sec);
    n.give_int(nsec.into());
    n.give_int(mono);
    Ok(Flow::Done)
}

pub(crate) fn monotonic(n: &mut Native<'_>) -> NativeResult {
    let mono = n.monotonic();
    n.give_int(mono);
    Ok(Flow::Done)
}

fn sleep(n: &mut Native<'_>) -> NativeResult {
    let nanoseconds = n.int();
    n.sleep(nanoseconds)
}

fn start_chan(n: &mut Native<'_>) -> NativeResult {
    let (c, when, period, local) = (n.address()?, n.int(), n.int(), n.address()?);
    let timer = n.timer_on_chan(c, when, period, local)?;
    n.give_pointer(timer);
    Ok(Flow::Done)
}

fn start_func(n: &mut Native<'_>) -> NativeResult {
    let (f, when) = (n.address()?, n.int());
    let timer = n.timer_on_func(f, when)?;
    n.give_pointer(timer);
    Ok(Flow::Done)
}

fn stop_timer(n: &mut Native<'_>) -> NativeResult {
    let timer = n.address()?;
    let pending = n.timer_stop(timer);
    n.give_bool(pending);
    Ok(Flow::Done)
}

fn reset_timer(n: &mut Native<'_>) -> NativeResult {
    let (timer, when, period) = (n.address()?, n.int(), n.int());
    let pending = n.timer_reset(timer, when, period);
    n.give_bool(pending);
    Ok(Flow::Done)
}
