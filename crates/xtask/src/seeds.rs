//! `cargo xtask seeds`: the deterministic mode holds what it promises.
//!
//! Every program of `examples/` and `benches/programs` is run with one seed many times, with the input and the small size that it names for
//! its test, and must give the same bytes and status each time. What only shows an order must come out differently with other seeds.
//! Left out are programs that talk to processes, sockets or signals: what comes from outside comes when it comes.

use crate::files;
use gol_test::expect::Expectations;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

pub(crate) const USAGE: &str = "  seeds [-n RUNS] [--gol PATH] [NAME]
                 runs the examples and benchmarks whose path has NAME in it RUNS times (5) with one seed, with that gol: the same
                 bytes each time
";

const SEED: u64 = 7;
/// So many other seeds are tried.
const OTHERS: u64 = 20;
/// Packages that bring in what no seed orders.
const OUTSIDE: [&str; 5] = ["net", "net/http", "net/http/httptest", "os/exec", "os/signal"];
/// What no example lets anyone see: orders. For `gol -e`, with a name.
const ORDERS: [(&str, &str); 4] = [
    (
        "goroutines",
        "c := make(chan int, 9); for i := range 9 { go func() { c <- i }() }; for range 9 { fmt.Print(<-c) }",
    ),
    (
        "select",
        "a := make(chan int); close(a); for range 40 { select { case <-a: fmt.Print(0); case <-a: fmt.Print(1) } }",
    ),
    ("maps", "m := map[int]bool{}; for i := range 20 { m[i] = true }; for k := range m { fmt.Print(k, \" \") }"),
    ("random numbers", "fmt.Print(rand.Int(), rand.Perm(5), time.Now())"),
];

/// A program as it is run.
struct Case {
    name: String,
    /// How it is named on the command line: as a path, or as code after `-e`.
    words: Vec<OsString>,
    want: Expectations,
    /// Other seeds must give other outputs.
    differs: bool,
}

/// Standard output and error, one after the other, and the status.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Came(Vec<u8>, Option<i32>);

pub(crate) fn run(root: &Path, words: &[&str]) -> ExitCode {
    let (mut runs, mut pattern, mut other) = (5, "", None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "-n" => runs = words.next().and_then(|n| n.parse().ok()).unwrap_or(0),
            "--gol" => other = words.next(),
            word => pattern = word,
        }
    }
    if runs == 0 {
        eprint!("usage: cargo xtask COMMAND\n\n{USAGE}");
        return ExitCode::from(2);
    }
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(root).args(["build", "--quiet", "--package", "gol"]);
    if other.is_none() && !build.status().is_ok_and(|s| s.success()) {
        return ExitCode::FAILURE;
    }
    let gol = other.map_or(root.join("target/debug/gol"), |path| path.into());
    let mut cases = Vec::new();
    let mut problems = Vec::new();
    for path in ["examples", "benches/programs"].into_iter().flat_map(|d| files(&root.join(d), "gol")) {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if !name.contains(pattern) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let imports = |p: &&&str| text.lines().any(|l| l.trim().trim_start_matches("import ") == format!("\"{p}\""));
        match (OUTSIDE.iter().find(imports), Expectations::parse(&text)) {
            (Some(package), _) => println!("seeds: {name} is left out: it uses {package}"),
            (None, Ok(want)) => cases.push(Case { name, words: vec![path.into()], want, differs: false }),
            (None, Err(e)) => problems.push(format!("{name}: {e}")),
        }
    }
    cases.extend(ORDERS.iter().filter(|o| o.0.contains(pattern)).map(|(name, code)| Case {
        name: name.to_string(),
        words: vec!["-e".into(), code.into()],
        want: Expectations::default(),
        differs: true,
    }));
    let next = AtomicUsize::new(0);
    let found = Mutex::new(problems);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
                    if let Err(e) = check(&gol, case, runs) {
                        found.lock().expect("no thread panics").push(format!("{}: {e}", case.name));
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("no thread panics");
    if found.is_empty() {
        println!("seeds: {} programs, {runs} runs each, in {:.0} s", cases.len(), start.elapsed().as_secs_f64());
    }
    crate::report(found)
}

/// Runs a program as often as is asked for; the error says what differs.
fn check(gol: &Path, case: &Case, runs: usize) -> Result<(), String> {
    let first = came(gol, case, SEED)?;
    for i in 1..runs {
        let again = came(gol, case, SEED)?;
        if again != first {
            let at = first.0.iter().zip(&again.0).take_while(|(a, b)| a == b).count();
            return Err(format!("run {} with seed {SEED} differs from byte {at} on, or in its status", i + 1));
        }
    }
    if case.differs {
        let all = (1..=OTHERS).map(|seed| came(gol, case, seed)).collect::<Result<BTreeSet<_>, _>>()?;
        if all.len() < 5 {
            return Err(format!("the seeds 1 to {OTHERS} give {} outputs", all.len()));
        }
        println!("seeds: {}: {OTHERS} seeds give {} outputs", case.name, all.len());
    }
    Ok(())
}

fn came(gol: &Path, case: &Case, seed: u64) -> Result<Came, String> {
    let mut command = Command::new(gol);
    command.args(["--seed", &seed.to_string()]).args(&case.words).args(&case.want.args);
    command.envs(case.want.env.iter().map(|(k, v)| (k, v)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        // A program need not read all of it.
        let _ = input.write_all(case.want.stdin.as_bytes());
    }
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    Ok(Came([output.stdout, output.stderr].concat(), output.status.code()))
}
