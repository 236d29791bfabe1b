//! Running one test: a copy of it is written out, gol runs or checks it with limits of time and memory, and what came
//! out is judged.
//!
//! Most programs print nothing when all is well, so the copy says when its `main` returns. The files of `NAME.dir` become
//! the packages of a module `test`, and their imports `"./a"` become `"test/a"`.

use super::Limits;
use super::source::{self, Wanted, pattern};
use super::suite::{Suite, Test};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What became of a test.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    pub(super) passed: bool,
    /// The messages too are right; of errorcheck alone.
    pub(super) messages: bool,
    /// gol itself failed: it panicked, was killed by a signal of its own making, or a check did not end.
    pub(super) broken: bool,
    /// A program did not end in time.
    pub(super) timeout: bool,
    /// What went wrong, in short.
    pub(super) why: String,
}

/// What a command gave.
struct Ran {
    /// Standard output and standard error, as they came.
    out: String,
    status: Option<i32>,
    signal: Option<i32>,
    timeout: bool,
}

/// Runs a test.
pub(super) fn run(gol: &Path, test: &Test, limits: &Limits) -> io::Result<Verdict> {
    let dir = Folder::new()?;
    let copy = Copy::write(test, &dir.0)?;
    let command = |words: &[&str]| {
        let mut all = vec![gol.to_string_lossy().into_owned()];
        all.extend(words.iter().map(|w| w.to_string()));
        all
    };
    Ok(match test.suite {
        Suite::Run => {
            let mut words = vec!["run", &copy.target];
            words.extend(test.args.iter().map(String::as_str));
            let mut ran = limited(&command(&words), &dir.0, limits)?;
            if test.makes_program && ran.status == Some(0) {
                fs::write(dir.0.join("made.go"), &ran.out)?;
                ran = limited(&command(&["run", "made.go"]), &dir.0, limits)?;
            }
            judge_run(&copy, ran)
        }
        Suite::Errorcheck => {
            judge_errors(&copy.wanted, &limited(&command(&["check", "--format=short", &copy.target]), &dir.0, limits)?)
        }
        Suite::Valid => {
            let ran = limited(&command(&["check", "--format=short", &copy.target]), &dir.0, limits)?;
            let broken = is_broken(&ran) || ran.timeout;
            Verdict { passed: ran.status == Some(0), broken, why: summary(&ran), ..Verdict::default() }
        }
    })
}

/// A folder that goes away with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gol-conformance-{}-{n}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A test as it is written out.
struct Copy {
    /// What gol is given.
    target: String,
    /// The whole output of a program.
    output: String,
    wanted: Vec<Wanted>,
}

impl Copy {
    fn write(test: &Test, dir: &Path) -> io::Result<Copy> {
        let mut output = fs::read(test.path.with_extension("out")).unwrap_or_default();
        if test.packages.is_empty() {
            let stem = test.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            // Some tests look for their own name; none is a test in the sense of the go command.
            let name = format!("{}.go", stem.strip_suffix("_test").unwrap_or(&stem));
            let marked = if test.suite == Suite::Run && !test.makes_program { marked(test) } else { None };
            if marked.is_some() {
                output.extend(b"main returned\n");
            }
            fs::write(dir.join(&name), marked.as_ref().unwrap_or(&test.text))?;
            let output = String::from_utf8_lossy(&output).into_owned();
            return Ok(Copy { wanted: source::wanted(&name, &test.text), target: name, output });
        }
        fs::write(dir.join("go.mod"), "module test\n\ngo 1.27\n")?;
        let last = test.packages.len() - 1;
        let mut wanted = Vec::new();
        for (i, files) in test.packages.iter().enumerate() {
            let name = files[0].0.trim_end_matches(".go");
            // The last is the program; Go's runner compiles it as such.
            let place = if i == last { String::new() } else { format!("{name}/") };
            fs::create_dir_all(dir.join(&place))?;
            for (file, text) in files {
                let copy = format!("{place}{}", file.replace("_test.go", ".go"));
                let text = pattern!(r#""\./([^"\n]*)""#).replace_all(text, "\"test/$1\"");
                wanted.extend(source::wanted(&copy, &text));
                fs::write(dir.join(&copy), text.as_bytes())?;
            }
        }
        let target = if test.suite == Suite::Run { "." } else { "./..." };
        Ok(Copy { target: target.into(), output: String::from_utf8_lossy(&output).into_owned(), wanted })
    }
}

/// The program with a `main` that says when it returns; `None` where that cannot be, as with one that exits.
fn marked(test: &Test) -> Option<String> {
    // They exit with status 0, look at main, or have another println.
    const UNMARKED: [&str; 5] =
        ["fixedbugs/bug130.go", "fixedbugs/bug148.go", "fixedbugs/bug260.go", "rename.go", "string_lit.go"];
    let odd = pattern!(r#"main\.main|\bmain\(\)[^ {]|os\.Exit\(0\)|Goexit|"src""#);
    let main = pattern!(r"(?m)^func main\(\)");
    if UNMARKED.contains(&test.id.as_str()) || odd.is_match(&test.text) || main.find_iter(&test.text).count() != 1 {
        return None;
    }
    let text = main.replace(&test.text, "func main_()");
    Some(format!("{text}\nfunc main() {{ main_(); println(\"main returned\") }}\n"))
}

/// Runs a command with limits; both streams go to one file, in the order in which they are written.
fn limited(words: &[String], dir: &Path, limits: &Limits) -> io::Result<Ran> {
    let out = dir.join("OUTPUT");
    let file = File::create(&out)?;
    let mut command = Command::new("sh");
    // 64 MB of output, in blocks of 512 bytes.
    let script = format!("ulimit -v {}; ulimit -f 131072; ulimit -c 0; exec \"$@\"", limits.memory_mb * 1024);
    command.args(["-c", &script, "sh"]).args(words).current_dir(dir).process_group(0);
    command.env("GOOS", "linux").env("GOARCH", "amd64").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let start = Instant::now();
    let mut child = command.spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limits.time {
            break None;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    // What it started ends with it.
    let group = format!("-{}", child.id());
    let kill = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
    if status.is_none() {
        kill?;
        child.wait()?;
    }
    let text = fs::read(&out)?;
    let text = String::from_utf8_lossy(&text[..text.len().min(4 << 20)]).replace("\r\n", "\n");
    let (code, signal) = status.map_or((None, None), |s| (s.code(), s.signal()));
    Ok(Ran { out: text, status: code, signal, timeout: status.is_none() })
}

/// Whether gol, not the program, went wrong: a Rust panic, a fault that it reports as its own, or one that killed it.
fn is_broken(ran: &Ran) -> bool {
    let fault = [4, 6, 7, 11];
    let own = pattern!(r"thread '[^']*' (\(\d+\) )?panicked at|has overflowed its stack|gol: internal error");
    ran.signal.is_some_and(|s| fault.contains(&s)) || ran.status == Some(101) || own.is_match(&ran.out)
}

fn summary(ran: &Ran) -> String {
    let mut lines: Vec<&str> = ran.out.trim().lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    lines.truncate(3);
    let text = lines.join(" | ");
    let how = match (ran.timeout, ran.signal, ran.status) {
        (true, ..) => "time limit: ".to_string(),
        (_, Some(n), _) => format!("signal {n}: "),
        (_, _, Some(n)) if n != 0 => format!("exit {n}: "),
        _ => String::new(),
    };
    format!("{how}{}", text.chars().take(200).collect::<String>())
}

fn judge_run(copy: &Copy, ran: Ran) -> Verdict {
    let passed = ran.status == Some(0) && ran.out == copy.output;
    Verdict { passed, broken: is_broken(&ran), timeout: ran.timeout, why: summary(&ran), ..Verdict::default() }
}

fn judge_errors(wanted: &[Wanted], ran: &Ran) -> Verdict {
    let mut found: Vec<(String, u32, String)> = Vec::new();
    for line in ran.out.lines() {
        if let Some(c) = pattern!(r"^([^\s:][^:]*):(\d+)(?::\d+)?:\s*(.*)").captures(line)
            && let Ok(n) = c[2].parse()
        {
            let file = c[1].trim_start_matches("./");
            // A comment may place an only file in a folder that there is not.
            let file = if wanted.iter().all(|w| !w.file.contains('/')) { base_name(file) } else { file };
            found.push((file.to_string(), n, c[3].to_string()));
        } else if line.starts_with(['\t', ' '])
            && let Some(last) = found.last_mut()
        {
            last.2 = format!("{}\n{line}", last.2);
        }
    }
    let lines: BTreeSet<_> = wanted.iter().map(|w| (w.file.clone(), w.line)).collect();
    let reported: BTreeSet<_> = found.iter().map(|f| (f.0.clone(), f.1)).collect();
    let rejected = ran.status == Some(1);
    let passed = lines == reported && rejected != wanted.is_empty();
    let told = |w: &Wanted| found.iter().any(|f| f.0 == w.file && f.1 == w.line && source::matches(&w.pattern, &f.2));
    let show = |what: &str, set: Vec<&(String, u32)>| {
        let lines: Vec<String> = set.iter().take(8).map(|l| l.1.to_string()).collect();
        if lines.is_empty() { String::new() } else { format!("{what} {} ", lines.join(", ")) }
    };
    let mut why = show("missing lines", lines.difference(&reported).collect())
        + &show("unexpected lines", reported.difference(&lines).collect());
    let messages = passed && wanted.iter().all(told);
    if passed && let Some(w) = wanted.iter().find(|w| !told(w)) {
        let got = found.iter().find(|f| f.1 == w.line).map_or("", |f| f.2.as_str());
        why = format!("line {}: wants {}, got {got}", w.line, w.pattern);
    }
    let broken = is_broken(ran) || ran.timeout;
    Verdict { passed, messages, broken, timeout: ran.timeout, why: why.trim().to_string() }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
