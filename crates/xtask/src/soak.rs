//! `cargo xtask soak` and `cargo xtask stress`: what finds races and forgotten roots by running long.
//!
//! *Soak* runs `tests/soak/mix.gol`, random mixes of goroutines, channels, selects, timers, locks, maps and panics whose
//! invariants the program checks itself, with 1, 2 and 8 workers, with a collection at every allocation, and with random
//! deterministic seeds; and it watches the memory of each process, which must stay flat.
//!
//! *Stress* runs all test programs, or those with a word in their path, with 1, 2 and 8 workers and with a collection at every
//! allocation; or, so that it takes as long as the tests do once, a part of them in each of these ways.

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub const USAGE: &str = "  soak [--minutes N | --seconds N] [--seed N]
                 runs random mixes of goroutines and their like for that long (20 seconds) and watches their memory
  stress [--sample N] [NAME]
                 runs the test programs whose path has NAME in it with 1, 2 and 8 workers and with a collection at every
                 allocation; with --sample every Nth of them, others in each way
";

/// How the program is run, one after the other.
const WAYS: [(&str, &[(&str, &str)]); 5] = [
    ("1 worker", &[("GOMAXPROCS", "1")]),
    ("2 workers", &[("GOMAXPROCS", "2")]),
    ("8 workers", &[("GOMAXPROCS", "8")]),
    ("a collection at every allocation", &[("GOMAXPROCS", "2"), ("GOL_GC_STRESS", "1")]),
    ("deterministic", &[("GOL_SEED", "")]),
];

/// Memory may grow by so much after the first half of a run.
const SLACK_KB: u64 = 24 << 10;

pub fn soak(root: &Path, args: &[&str]) -> ExitCode {
    let number = |name: &str| {
        let at = args.iter().position(|a| *a == name)?;
        args.get(at + 1)?.parse::<f64>().ok()
    };
    let seconds = number("--minutes").map(|n| n * 60.0).or(number("--seconds")).unwrap_or(20.0);
    let random = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.subsec_nanos() as u64);
    let seed = number("--seed").map_or(random, |n| n as u64);
    let mut build = Command::new(env!("CARGO"));
    match build.current_dir(root).args(["build", "--quiet", "--package", "gol"]).status() {
        Ok(status) if status.success() => {}
        _ => return ExitCode::FAILURE,
    }
    let each = Duration::from_secs_f64(seconds / WAYS.len() as f64);
    let mut status = ExitCode::SUCCESS;
    for (i, (name, environment)) in WAYS.iter().enumerate() {
        let seed = seed.wrapping_add(i as u64);
        match one(root, environment, seed, each) {
            Ok(report) => println!("soak: {name}, seed {seed}: {report}"),
            Err(problem) => {
                eprintln!("soak: {name}, seed {seed}: {problem}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}

/// One run: what to tell, or what is wrong.
fn one(root: &Path, environment: &[(&str, &str)], seed: u64, length: Duration) -> Result<String, String> {
    let mut command = Command::new(root.join("target/debug/gol"));
    command.arg("run").arg(root.join("tests/soak/mix.gol"));
    // A deterministic run's clock is not ours: it goes by what the program does.
    let logical = environment.iter().any(|(name, _)| *name == "GOL_SEED");
    let told = if logical { length / 10 } else { length };
    command.arg(seed.to_string()).arg(told.as_millis().to_string());
    for (name, value) in environment {
        command.env(name, if *name == "GOL_SEED" { seed.to_string() } else { value.to_string() });
    }
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let (start, most) = (Instant::now(), length * 20 + Duration::from_secs(60));
    let mut memory: Vec<(Duration, u64)> = Vec::new();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        memory.extend(resident(&child).map(|kb| (start.elapsed(), kb)));
        if start.elapsed() > most {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("no end after {most:?}: a lost wake-up?"));
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        return Err(format!("{status}"));
    }
    let half = start.elapsed() / 2;
    let highest = |part: &dyn Fn(Duration) -> bool| {
        memory.iter().filter(|(at, _)| part(*at)).map(|(_, kb)| *kb).max().unwrap_or(0)
    };
    let (first, second) = (highest(&|at| at < half), highest(&|at| at >= half));
    if second > first + SLACK_KB && first != 0 {
        return Err(format!("memory grows: {first} KB in the first half, {second} KB in the second"));
    }
    Ok(format!("{:.1} s, {} MB", start.elapsed().as_secs_f64(), second.max(first) >> 10))
}

/// Resident memory in KB, where the system tells.
fn resident(child: &Child) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

pub fn stress(root: &Path, args: &[&str]) -> ExitCode {
    let (sample, name) = match *args {
        [] => (1, ""),
        [name] => (1, name),
        ["--sample", n, ref rest @ ..] if rest.len() < 2 => {
            (n.parse().unwrap_or(0), rest.first().copied().unwrap_or(""))
        }
        _ => (0, ""),
    };
    if sample == 0 {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    }
    let ways: [(&str, &str); 4] =
        [("GOL_TEST_WORKERS", "1"), ("GOL_TEST_WORKERS", "2"), ("GOL_TEST_WORKERS", "8"), ("GOL_GC_STRESS", "1")];
    let mut status = ExitCode::SUCCESS;
    for (i, (variable, value)) in ways.into_iter().enumerate() {
        println!("stress: {variable}={value}");
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(root).env(variable, value).env("GOL_TEST_SAMPLE", format!("{}/{sample}", i % sample));
        command.args(["test", "--quiet", "--package", "gol", "--test", "programs", "--", name]);
        match command.status() {
            Ok(ran) if ran.success() => {}
            Ok(_) => status = ExitCode::FAILURE,
            Err(e) => {
                eprintln!("cannot run cargo: {e}");
                return ExitCode::FAILURE;
            }
        }
    }
    status
}
