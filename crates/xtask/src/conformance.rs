//! `cargo xtask conformance`: how gol does on a folder of tests that is laid out as Go's own `test` folder is.
//!
//! The tests are the user's; nothing of them is kept here but, in `conformance/reasons.txt`, why some fail or do not count.
//! `--doc` writes the page `docs/conformance.md`, and the table of the README, from a whole run. Real Go is not needed.

mod source;
mod suite;
mod trial;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use suite::{Suite, Test};
use trial::Verdict;

pub(crate) const USAGE: &str =
    "  conformance --go-tests DIR [--gol PATH] [--suite run|errorcheck|valid] [--filter TEXT] [--fails] [--doc]
              [--jobs N] [--timeout SECONDS] [--memory MB]
                 measures gol with Go's own tests; --fails lists the files that fail, --doc writes docs/conformance.md and the README's table
";

/// Why tests do not count, or fail: `SUITE PATH skip|fails REASON`, a line each.
const REASONS: &str = include_str!("conformance/reasons.txt");

/// How long and how large a program may get.
pub(crate) struct Limits {
    time: Duration,
    memory_mb: u64,
}

struct Options {
    tests: PathBuf,
    gol: PathBuf,
    suite: Option<Suite>,
    filter: String,
    fails: bool,
    doc: bool,
    jobs: usize,
    limits: Limits,
}

/// Runs the command with its words.
pub(crate) fn run(root: &Path, words: &[&str]) -> ExitCode {
    match measure(root, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

fn measure(root: &Path, words: &[&str]) -> Result<(), String> {
    let options = options(root, words)?;
    let mut tests = suite::find(&options.tests).map_err(|e| format!("{}: {e}", options.tests.display()))?;
    tests.retain(|t| options.suite.is_none_or(|s| s == t.suite) && t.id.contains(&options.filter));
    let reasons = Reasons::read()?;
    for t in tests.iter_mut().filter(|t| t.skip.is_none()) {
        t.skip = reasons.skip.get(&(t.suite, t.id.as_str())).map(|r| r.to_string());
    }
    let verdicts = run_all(&options, &tests)?;
    let table = table(&tests, &verdicts);
    print!("{table}");
    let failing = failing(&tests, &verdicts);
    if options.fails {
        for (t, v) in &failing {
            println!("{} {}{}  {}", t.suite.name(), t.id, if v.broken { " BROKEN" } else { "" }, v.why);
        }
    }
    for (suite, id) in reasons.fails.keys() {
        let of_run = tests.iter().any(|t| t.suite == *suite && t.id == *id);
        if of_run && !failing.iter().any(|(t, _)| t.suite == *suite && t.id == *id) {
            eprintln!("passes now: take {} {id} out of reasons.txt", suite.name());
        }
    }
    if options.doc {
        let failed = |e: std::io::Error| format!("docs/conformance.md and README.md: {e}");
        let page = doc(&table, &tests, &failing, &reasons);
        std::fs::write(root.join("docs/conformance.md"), page).map_err(failed)?;
        let readme = root.join("README.md");
        let text = std::fs::read_to_string(&readme).map_err(failed)?;
        let new = with_table(&text, &table).ok_or("README.md has no place for the table")?;
        std::fs::write(&readme, new).map_err(failed)?;
    }
    Ok(())
}

fn options(root: &Path, words: &[&str]) -> Result<Options, String> {
    let (mut tests, mut gol, mut suite) = (None, None, None);
    let (mut filter, mut fails, mut doc) = (String::new(), false, false);
    let mut jobs = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut limits = Limits { time: Duration::from_secs(10), memory_mb: 4096 };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match *word {
            "--go-tests" => tests = Some(PathBuf::from(value()?)),
            "--gol" => gol = Some(PathBuf::from(value()?)),
            "--suite" => {
                let name = value()?;
                suite = Some(Suite::ALL.into_iter().find(|s| s.name() == *name).ok_or(format!("no suite {name}"))?);
            }
            "--filter" => filter = value()?.to_string(),
            "--fails" => fails = true,
            "--doc" => doc = true,
            "--jobs" => jobs = number(value()?)?.max(1) as usize,
            "--timeout" => limits.time = Duration::from_secs(number(value()?)?),
            "--memory" => limits.memory_mb = number(value()?)?,
            _ => return Err(format!("usage:\n{USAGE}")),
        }
    }
    if doc && (suite.is_some() || !filter.is_empty()) {
        return Err("--doc takes a whole run: without --suite and --filter".into());
    }
    let tests = tests.ok_or("--go-tests DIR: the folder `test` of Go's sources")?;
    let gol = match gol {
        Some(gol) => gol,
        None => built(root)?,
    };
    let gol = gol.canonicalize().map_err(|e| format!("{}: {e}", gol.display()))?;
    Ok(Options { tests, gol, suite, filter, fails, doc, jobs, limits })
}

/// The release build of this tree.
fn built(root: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--release", "--package", "gol"]).current_dir(root);
    match command.status() {
        Ok(status) if status.success() => Ok(root.join("target/release/gol")),
        _ => Err("gol does not build".into()),
    }
}

struct Reasons {
    skip: BTreeMap<(Suite, &'static str), &'static str>,
    fails: BTreeMap<(Suite, &'static str), &'static str>,
}

impl Reasons {
    fn read() -> Result<Reasons, String> {
        let mut all = Reasons { skip: BTreeMap::new(), fails: BTreeMap::new() };
        for line in REASONS.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
            let wrong = || format!("reasons.txt: {line}");
            let [suite, id, kind, why] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { return Err(wrong()) };
            let suite = Suite::ALL.into_iter().find(|s| s.name() == suite).ok_or_else(wrong)?;
            match kind {
                "skip" => all.skip.insert((suite, id), why),
                "fails" => all.fails.insert((suite, id), why),
                _ => return Err(wrong()),
            };
        }
        Ok(all)
    }
}

/// Runs the tests that count, several at a time; those that are left out have no verdict.
fn run_all(options: &Options, tests: &[Test]) -> Result<Vec<Option<Verdict>>, String> {
    let verdicts = Mutex::new(vec![None; tests.len()]);
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    std::thread::scope(|s| {
        for _ in 0..options.jobs {
            s.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(test) = tests.get(at) else { break };
                    if test.skip.is_some() {
                        continue;
                    }
                    match trial::run(&options.gol, test, &options.limits) {
                        Ok(v) => verdicts.lock().expect("no thread panics")[at] = Some(v),
                        Err(e) => *failed.lock().expect("no thread panics") = Some(format!("{}: {e}", test.id)),
                    }
                }
            });
        }
    });
    match failed.into_inner().expect("no thread panics") {
        Some(text) => Err(text),
        None => Ok(verdicts.into_inner().expect("no thread panics")),
    }
}

fn failing<'a>(tests: &'a [Test], verdicts: &'a [Option<Verdict>]) -> Vec<(&'a Test, &'a Verdict)> {
    let counted = tests.iter().zip(verdicts).filter_map(|(t, v)| Some((t, v.as_ref()?)));
    let good = |t: &Test, v: &Verdict| v.passed && !v.broken && (t.suite != Suite::Errorcheck || v.messages);
    counted.filter(|(t, v)| !good(t, v)).collect()
}

/// The README with this table between its two marks.
fn with_table(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once("<!-- conformance -->\n")?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}<!-- conformance -->\n{table}<!-- end -->{after}"))
}

/// The figures, as a table for people and for Markdown alike.
fn table(tests: &[Test], verdicts: &[Option<Verdict>]) -> String {
    let counted: Vec<_> = tests.iter().zip(verdicts).filter_map(|(t, v)| Some((t, v.as_ref()?))).collect();
    let mut out = String::from("| what | good | of | % |\n| --- | ---: | ---: | ---: |\n");
    let mut row = |name: &str, fits: &dyn Fn(&Test) -> bool, good: &dyn Fn(&Verdict) -> bool| {
        let of: Vec<_> = counted.iter().filter(|(t, _)| fits(t)).collect();
        let n = of.iter().filter(|(_, v)| good(v)).count();
        if !of.is_empty() {
            let percent = 100.0 * n as f64 / of.len() as f64;
            let _ = writeln!(out, "| {name} | {n} | {} | {percent:.1} |", of.len());
        }
    };
    let passed = |v: &Verdict| v.passed;
    let one = |t: &Test, s: Suite| t.suite == s && t.packages.is_empty();
    row("run: programs of one file", &|t| one(t, Suite::Run), &passed);
    for folder in ["chan", "ken", "interface", "typeparam"] {
        let name = format!("- `{folder}`");
        row(&name, &|t| one(t, Suite::Run) && t.id.starts_with(&format!("{folder}/")), &passed);
    }
    row("- without reflect, unsafe and the runtime's insides", &|t| one(t, Suite::Run) && t.plain, &passed);
    row("run: programs of several packages", &|t| t.suite == Suite::Run && !t.packages.is_empty(), &passed);
    row("errorcheck: errors on the right lines", &|t| one(t, Suite::Errorcheck), &passed);
    row("- messages too", &|t| one(t, Suite::Errorcheck), &|v| v.messages);
    let several = |t: &Test| t.suite == Suite::Errorcheck && !t.packages.is_empty();
    row("errorcheck: several packages", &several, &passed);
    row("valid programs are accepted", &|t| one(t, Suite::Valid), &passed);
    row("valid programs of several packages", &|t| t.suite == Suite::Valid && !t.packages.is_empty(), &passed);
    let count = |f: &dyn Fn(&Verdict) -> bool| counted.iter().filter(|(_, v)| f(v)).count();
    let (broken, slow) = (count(&|v| v.broken), count(&|v| v.timeout && !v.broken));
    let _ = writeln!(out, "\nbroken (gol itself panicked, crashed or hung): {broken}");
    let _ = writeln!(out, "programs beyond the time limit: {slow}");
    let left_out = tests.iter().filter(|t| t.skip.is_some()).count();
    let _ = writeln!(out, "left out: {left_out}");
    out
}

fn doc(table: &str, tests: &[Test], failing: &[(&Test, &Verdict)], reasons: &Reasons) -> String {
    let mut out = String::from(
        "# Conformance\n\nHow gol does on Go's own tests (the folder `test` of Go 1.19's sources, where the errors that tests expect \
         are written for several compilers; Go 1.27 is what counts where the two differ). This page is written by\n\n    \
         cargo xtask conformance --go-tests DIR --doc\n\nfrom a release build; the reasons are kept in \
         `crates/xtask/src/conformance/reasons.txt`. A program is run with 10 seconds and 4 GB; it passes when its output and \
         status are right and its `main` returns. Tests of errors pass when exactly the expected lines are reported.\n\n",
    );
    out.push_str(table);
    out.push_str("\n## Files that fail\n\n| suite | file | why |\n| --- | --- | --- |\n");
    for (t, v) in failing {
        let why = match reasons.fails.get(&(t.suite, t.id.as_str())) {
            Some(why) => why.to_string(),
            None => format!("({})", v.why),
        };
        let why = why.replace('|', "\\|").replace('\n', " ").replace('`', "'");
        let only = if v.passed { " (messages)" } else { "" };
        let _ = writeln!(out, "| {}{only} | {} | {why} |", t.suite.name(), t.id);
    }
    out.push_str("\n## Files that are left out\n\n| why | files |\n| --- | --- |\n");
    let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for t in tests {
        if let Some(why) = &t.skip {
            left.entry(why).or_default().push(&t.id);
        }
    }
    for (why, ids) in left {
        let _ = writeln!(out, "| {why} | {} |", ids.join(", "));
    }
    out
}
