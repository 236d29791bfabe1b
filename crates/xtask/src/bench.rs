//! `cargo xtask bench`: the programs under `benches/programs` with gol, with compiled Go, and with another gol.
//!
//! Go's programs are compiled beforehand. The runners take turns, so that what else the machine does falls on all alike;
//! medians are shown. A runner whose output differs from the first one's has no figures. CPU-bound and concurrent programs
//! are apart: one table a folder, with geometric means.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

pub(crate) const USAGE: &str = "
  bench [--go PATH] [--base PATH] [-n RUNS] [PATTERN]
                 runs the programs under benches/programs whose path has PATTERN in it: with gol as released, with Go if
                 there is one (PATH, or the go of the search path), with another gol (--base); shows medians of RUNS (3)
";

/// What is asked for.
struct Plan {
    go: Option<PathBuf>,
    base: Option<PathBuf>,
    runs: usize,
    pattern: String,
}

impl Plan {
    fn parse(words: &[&str]) -> Option<Plan> {
        let mut plan = Plan { go: None, base: None, runs: 3, pattern: String::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--go" => plan.go = Some(words.next()?.into()),
                "--base" => plan.base = Some(words.next()?.into()),
                "-n" => plan.runs = words.next()?.parse().ok().filter(|n| *n > 0)?,
                w if w.starts_with('-') => return None,
                w => plan.pattern = w.to_string(),
            }
        }
        if plan.go.is_none() && Command::new("go").arg("version").stdout(Stdio::null()).status().is_ok() {
            plan.go = Some("go".into());
        }
        Some(plan)
    }
}

/// One run: seconds of wall time and of processor time, peak memory in bytes, standard output.
struct Run {
    wall: f64,
    cpu: f64,
    memory: f64,
    output: Vec<u8>,
}

/// Medians of some runs.
#[derive(Clone, Copy)]
struct Figures {
    wall: f64,
    cpu: f64,
    memory: f64,
}

/// Carries the command out.
pub(crate) fn run(root: &Path, words: &[&str]) -> ExitCode {
    let Some(plan) = Plan::parse(words) else {
        eprint!("usage: cargo xtask COMMAND\n{USAGE}");
        return ExitCode::from(2);
    };
    match measure_all(root, &plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => super::report(vec![text]),
    }
}

fn measure_all(root: &Path, plan: &Plan) -> Result<(), String> {
    let mut cargo = Command::new(env!("CARGO"));
    let built = cargo.current_dir(root).args(["build", "--release", "--package", "gol"]).status();
    if !built.is_ok_and(|s| s.success()) {
        return Err("gol cannot be built".into());
    }
    let gol = root.join("target/release/gol");
    let programs = root.join("benches/programs");
    let mut names = vec!["gol"];
    names.extend(plan.go.as_ref().map(|_| "go"));
    names.extend(plan.base.as_ref().map(|_| "base"));
    println!(
        "wall: median of {} runs; x: gol's wall time over the other's; cpu: processor time over wall time",
        plan.runs
    );
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&programs).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
    folders.sort();
    for folder in folders {
        let mut rows = Vec::new();
        for path in super::files(&folder, "gol") {
            let shown = path.strip_prefix(&programs).unwrap_or(&path).display().to_string();
            if !shown.contains(&plan.pattern) {
                continue;
            }
            if rows.is_empty() {
                println!("\n{}", header(&folder, &names));
            }
            let mut commands = vec![vec![gol.clone(), path.clone()]];
            if let Some(go) = &plan.go {
                commands.push(vec![compiled(root, go, &path)?]);
            }
            if let Some(base) = &plan.base {
                commands.push(vec![base.clone(), path.clone()]);
            }
            let row = compare(&commands, plan.runs);
            println!("{}", line(path.file_stem().map_or("".into(), |s| s.to_string_lossy()).as_ref(), &row));
            rows.push(row);
        }
        if let Some(first) = rows.first() {
            let means: Vec<_> = (0..first.len()).map(|i| means(&rows, i)).collect();
            println!("{}", line("geometric mean", &means));
        }
    }
    Ok(())
}

/// The program as Go compiles it, in `target/`.
fn compiled(root: &Path, go: &Path, path: &Path) -> Result<PathBuf, String> {
    let dir = root.join("target/bench");
    fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let dir = dir.canonicalize().map_err(|e| e.to_string())?;
    let stem = path.file_stem().map_or("".into(), |s| s.to_string_lossy());
    let (source, binary) = (dir.join(format!("{stem}.go")), dir.join(&*stem));
    fs::copy(path, &source).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut build = Command::new(go);
    build
        .current_dir(&dir)
        .env("GOCACHE", dir.join("cache"))
        .env("GOFLAGS", "-mod=mod")
        .arg("build")
        .arg("-o")
        .arg(&binary);
    let done = build.arg(&source).output().map_err(|e| format!("{}: {e}", go.display()))?;
    if done.status.success() { Ok(binary) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// Runs the commands in turns; `None` for one that fails or says something else than the first.
fn compare(commands: &[Vec<PathBuf>], runs: usize) -> Vec<Option<Figures>> {
    let mut all: Vec<Option<Vec<Run>>> = commands.iter().map(|_| Some(Vec::new())).collect();
    let mut said = None;
    for _ in 0..runs {
        for (i, command) in commands.iter().enumerate() {
            let Some(list) = &mut all[i] else { continue };
            let run = once(command).filter(|r| *said.get_or_insert_with(|| r.output.clone()) == r.output);
            match run {
                Some(run) => list.push(run),
                None => all[i] = None,
            }
        }
    }
    all.into_iter().map(|list| list.map(|list| figures(&list))).collect()
}

/// Runs a command once, through `/usr/bin/time` where there is one, which knows processor time and memory.
fn once(command: &[PathBuf]) -> Option<Run> {
    let timer = Path::new("/usr/bin/time");
    let mut c = if timer.exists() {
        let mut c = Command::new(timer);
        c.args(["-f", "%U %S %M"]).arg(&command[0]);
        c
    } else {
        Command::new(&command[0])
    };
    let start = Instant::now();
    let done = c.args(&command[1..]).stdin(Stdio::null()).output().ok().filter(|o| o.status.success())?;
    let wall = start.elapsed().as_secs_f64();
    let told = String::from_utf8_lossy(&done.stderr);
    let numbers: Vec<f64> = told.lines().last().unwrap_or("").split(' ').map_while(|w| w.parse().ok()).collect();
    let (cpu, memory) = match numbers[..] {
        [user, system, kib] => (user + system, kib * 1024.0),
        _ => (f64::NAN, f64::NAN),
    };
    Some(Run { wall, cpu, memory, output: done.stdout })
}

fn figures(runs: &[Run]) -> Figures {
    let median = |of: fn(&Run) -> f64| {
        let mut all: Vec<f64> = runs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Figures { wall: median(|r| r.wall), cpu: median(|r| r.cpu), memory: median(|r| r.memory) }
}

/// The geometric means of a runner's figures over the programs that all runners managed.
fn means(rows: &[Vec<Option<Figures>>], runner: usize) -> Option<Figures> {
    let whole = rows.iter().filter(|row| row.iter().all(Option::is_some));
    let all: Vec<Figures> = whole.filter_map(|row| row[runner]).collect();
    let mean =
        |of: fn(&Figures) -> f64| (all.iter().map(|f| of(f).max(1e-3).ln()).sum::<f64>() / all.len() as f64).exp();
    (!all.is_empty()).then(|| Figures { wall: mean(|f| f.wall), cpu: mean(|f| f.cpu), memory: mean(|f| f.memory) })
}

fn header(folder: &Path, names: &[&str]) -> String {
    let title = folder.file_name().map_or("".into(), |n| n.to_string_lossy());
    let mut out = format!("{title:<16}");
    for (i, name) in names.iter().enumerate() {
        out.push_str(&format!(" {:>9} {:>5} {:>7}", format!("{name} ms"), "cpu", "MB"));
        if i > 0 {
            out.push_str(&format!(" {:>7}", "x"));
        }
    }
    out
}

fn line(name: &str, row: &[Option<Figures>]) -> String {
    let mut out = format!("{name:<16}");
    for (i, figures) in row.iter().enumerate() {
        match figures {
            Some(f) => {
                out.push_str(&format!(" {:>9.1} {:>5.2} {:>7.1}", f.wall * 1e3, f.cpu / f.wall, f.memory / 1e6));
            }
            None => out.push_str(&format!(" {:>9} {:>5} {:>7}", "fails", "", "")),
        }
        if i > 0 {
            let ratio = row[0].zip(*figures).map(|(gol, other)| gol.wall / other.wall);
            out.push_str(&ratio.map_or(format!(" {:>7}", "-"), |x| format!(" {x:>7.2}")));
        }
    }
    out
}
