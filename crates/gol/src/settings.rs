//! What the environment and the flags say about how a program is built and run.

use crate::cli::RunFlags;
use crate::quantity;
use gol_driver::Library;
use gol_vm::{Limits, Mode, Options, Traceback};
use std::path::PathBuf;

/// The library that is read: `GOL_STDLIB` names a folder for those who work on it.
pub(crate) fn library() -> Library {
    match std::env::var_os("GOL_STDLIB").filter(|v| !v.is_empty()) {
        Some(root) => Library::Folder(PathBuf::from(root)),
        None => Library::Embedded,
    }
}

/// The options for a run with these arguments, the program's own name first.
pub(crate) fn options(flags: &RunFlags, args: Vec<String>) -> Result<Options, String> {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<i64>().ok());
    let workers = number("GOMAXPROCS").filter(|n| *n > 0).map_or_else(gol_vm::cores, |n| n as usize).min(256);
    let gc_percent = match std::env::var("GOGC").as_deref() {
        Ok("off") => -1,
        Ok(v) => v.parse().unwrap_or(100),
        Err(_) => 100,
    };
    let gc_stress = number("GOL_GC_STRESS").map_or(0, |n| n.max(0) as usize);
    let gc_stats =
        flags.gcstats || std::env::var("GODEBUG").is_ok_and(|v| v.split(',').any(|word| word == "gctrace=1"));
    let mode = match flags.seed.map(Ok).or_else(environment_seed).transpose()? {
        Some(seed) => Mode::Deterministic { seed },
        None => Mode::Parallel,
    };
    let memory_limit = memory_limit(&std::env::var("GOMEMLIMIT").unwrap_or_default())?;
    let traceback = Traceback::parse(&std::env::var("GOTRACEBACK").unwrap_or_default());
    let limits =
        Limits { memory: flags.max_mem, goroutines: flags.max_goroutines, fuel: flags.fuel, time: flags.timeout };
    let origin = None;
    Ok(Options { workers, mode, args, origin, gc_stress, gc_stats, limits, gc_percent, memory_limit, traceback })
}

fn environment_seed() -> Option<Result<u64, String>> {
    let v = std::env::var("GOL_SEED").ok()?;
    Some(v.parse().map_err(|_| format!("GOL_SEED={v} is no number")))
}

/// GOMEMLIMIT: a number of bytes with or without a unit.
fn memory_limit(text: &str) -> Result<i64, String> {
    if matches!(text, "" | "off") {
        return Ok(i64::MAX);
    }
    let limit = quantity::bytes(text).ok().and_then(|n| i64::try_from(n).ok());
    limit.ok_or_else(|| format!("GOMEMLIMIT={text} is no number of bytes"))
}
