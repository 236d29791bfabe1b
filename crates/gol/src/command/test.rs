//! `gol test`: checks packages with their tests, runs a test program for each in a process of its own, and tells how they
//! ended, in the words of `go test`.
//!
//! A test program runs in its package's folder, may end its process and change all of its state; that is why it has one.
//! What the tests print is the library's business (`stdlib/testing`).

mod events;
mod flags;

use super::{REJECTED, fail, input};
use crate::cli::RunFlags;
use crate::settings::{self, library};
use events::Events;
use flags::Request;
use gol_driver::testing::{self, CoverMode};
use gol_driver::{Format, Input};
use gol_vm::{Options, Origin};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Exit status for a command line that makes no sense.
const MISUSED: u8 = 2;

/// `gol test WORDS...`
pub(super) fn test(words: Vec<String>) -> ExitCode {
    let request = match flags::parse(words) {
        Ok(request) => request,
        Err(text) => {
            let _ = writeln!(std::io::stderr(), "{text}\n{USAGE}");
            return ExitCode::from(MISUSED);
        }
    };
    if request.help {
        return super::print(&format!("{USAGE}\n"));
    }
    let inputs = match packages(&request.packages) {
        Ok(inputs) => inputs,
        Err(text) => return fail(&text),
    };
    if inputs.is_empty() {
        let _ = writeln!(std::io::stderr(), "gol: warning: {:?} matched no packages", request.packages.join(" "));
        say("no packages to test");
        return ExitCode::from(REJECTED);
    }
    ExitCode::from(if all(&inputs, &request) { 0 } else { REJECTED })
}

/// Tests the packages, those first that cannot even be loaded; whether all passed.
fn all(inputs: &[Package], request: &Request) -> bool {
    let mut failed = false;
    let mut loaded = Vec::new();
    let mut told = HashSet::new();
    let mut profile = String::new();
    for package in inputs {
        match load(package) {
            Loaded::Failed(failure) if failure.setup => {
                failure.tell(request, &mut told);
                failed = true;
            }
            other => loaded.push((package, other)),
        }
    }
    for (package, state) in loaded {
        if failed && request.fail_fast {
            break;
        }
        match state {
            Loaded::Failed(failure) => {
                failure.tell(request, &mut told);
                failed = true;
            }
            Loaded::Ready(ready) => match tested(&ready, package, request, inputs.len() == 1, &mut profile) {
                Ok(passed) => failed |= !passed,
                Err(text) => {
                    fail(&text);
                    failed = true;
                }
            },
        }
    }
    if let (Some(path), Some(mode)) = (&request.cover_profile, request.cover) {
        let text = format!("mode: {}\n{profile}", mode.name());
        if let Err(e) = std::fs::write(request.output(path), text) {
            fail(&format!("{}: {e}", path.display()));
            failed = true;
        }
    }
    if failed && !request.packages.is_empty() && !request.json {
        say("FAIL");
    }
    !failed
}

const USAGE: &str = "usage: gol test [-v] [-run REGEXP] [-skip REGEXP] [-bench REGEXP] [-benchmem] [-benchtime D|Nx] \
                     [-count N]\n                [-cover] [-covermode M] [-coverprofile FILE] [-cpu N,...] [-failfast] [-fullpath] [-json] [-list REGEXP] [-parallel N] \
                     [-short] [-shuffle on|N]\n                [-timeout D] [FILE... | FOLDER | ./...]... [-args ARGS]";

/// A package that the command line names.
struct Package {
    /// How it names it.
    word: String,
    input: Input,
}

/// What the packages on the command line are; without any, the current folder.
fn packages(words: &[String]) -> Result<Vec<Package>, String> {
    let package = |word: &str, input| Package { word: word.into(), input };
    if words.is_empty() {
        return Ok(vec![package(".", Input::Path(".".into()))]);
    }
    let is_file = |p: &str| p.ends_with(".gol") || p.ends_with(".go");
    if is_file(&words[0]) {
        if let Some(other) = words.iter().find(|p| !is_file(p)) {
            return Err(format!("named files must all be .gol or .go files: {other}"));
        }
        return Ok(vec![package("", Input::Files(words.iter().map(PathBuf::from).collect()))]);
    }
    let mut all: Vec<Package> = Vec::new();
    for word in words {
        let folder = testing::folder(word).map_err(|e| e.0)?;
        let folder = folder.as_deref().unwrap_or(word);
        match Input::matching(folder) {
            // A folder that is not there is a package that cannot be had; an empty one matches nothing.
            Some(_) if !Path::new(folder.trim_end_matches("...")).is_dir() && folder != "..." => {
                all.push(package(word, Input::Path(folder.into())));
            }
            Some(folders) => all.extend(folders.into_iter().map(|f| package(word, f))),
            None => all.push(package(word, input(folder).map_err(|e| e.0)?)),
        }
    }
    Ok(all)
}

/// What became of reading and checking a package with its tests.
enum Loaded {
    Ready(Ready),
    Failed(Failure),
}

/// A package that can be tested.
struct Ready {
    path: String,
    dir: PathBuf,
    has_tests: bool,
}

/// A package that cannot be tested.
struct Failure {
    path: String,
    /// What the failure is named after: the package that could not be built.
    id: String,
    /// It was not even possible to begin.
    setup: bool,
    /// What was found, below a heading, for people and for others.
    pretty: Vec<u8>,
    plain: Vec<u8>,
}

fn load(package: &Package) -> Loaded {
    let test = match testing::check(&package.input, &library()) {
        Ok(test) => test,
        Err(e) => {
            let text = not_there(package).unwrap_or(e.0);
            let found = format!("# {}\n{text}\n", package.word).into_bytes();
            let path = package.word.clone();
            return Loaded::Failed(Failure {
                id: path.clone(),
                path,
                setup: true,
                pretty: found.clone(),
                plain: found,
            });
        }
    };
    if test.wrong.is_none() && !test.built.failed() {
        return Loaded::Ready(Ready { path: test.path, dir: test.dir, has_tests: test.has_tests });
    }
    let (mut pretty, mut plain) = (Vec::new(), Vec::new());
    if let Some(text) = &test.wrong {
        plain.extend_from_slice(format!("{text}\n").as_bytes());
        pretty.clone_from(&plain);
    } else {
        super::draw(&test.built, Format::Pretty, &mut pretty);
        super::draw(&test.built, Format::Short, &mut plain);
    }
    if test.setup_failed() {
        // Go's loader names files of the current folder plainly, its compiler with `./`.
        let text = String::from_utf8_lossy(&plain).into_owned();
        plain = match cycle(&text) {
            Some(text) => text.into(),
            None => text.lines().map(|l| format!("{}\n", l.strip_prefix("./").unwrap_or(l))).collect::<String>().into(),
        };
    }
    let heading = format!("# {}\n", test.heading).into_bytes();
    let below = |found: Vec<u8>| [heading.clone(), found].concat();
    Loaded::Failed(Failure {
        id: test.failed_build(),
        setup: test.setup_failed(),
        pretty: below(pretty),
        plain: below(plain),
        path: test.path,
    })
}

/// A cycle of imports in the words that Go has for tests: the chain alone, and at its end what is wrong.
fn cycle(text: &str) -> Option<String> {
    let (_, chain) = text.split_once(": import cycle not allowed\n\t")?;
    Some(format!("{}: import cycle not allowed in test\n", chain.trim_end()))
}

/// What Go says about a folder or a pattern that is not there.
fn not_there(package: &Package) -> Option<String> {
    let Input::Path(path) = &package.input else { return None };
    if let Some(root) = package.word.strip_suffix("...") {
        return Some(format!("pattern {}: lstat {root}: no such file or directory", package.word));
    }
    let full = std::path::absolute(path).ok()?;
    let full: PathBuf = full.components().collect();
    match package.word.starts_with(['.', '/']) {
        _ if path.exists() => None,
        true => Some(format!("stat {}: directory not found", full.display())),
        false => testing::missing(&package.word),
    }
}

impl Failure {
    /// Tells what was found, once, and that the package failed.
    fn tell(&self, request: &Request, told: &mut HashSet<Vec<u8>>) {
        let line = format!("FAIL\t{} [{} failed]", self.path, if self.setup { "setup" } else { "build" });
        // One package that does not compile fails all that use it.
        let messages = self.plain.splitn(2, |b| *b == b'\n').nth(1).unwrap_or_default();
        let first = told.insert(messages.to_vec());
        if request.json {
            let mut out = std::io::stdout().lock();
            if first {
                events::build_failed(&mut out, &self.id, &self.plain);
            }
            let mut events = Events::new(&mut out, &self.path);
            events.failed_build(&self.id);
            events.write(format!("{line}\n").as_bytes());
            events.close();
            return;
        }
        if first {
            let mut err = std::io::stderr().lock();
            let _ = err.write_all(if err.is_terminal() { &self.pretty } else { &self.plain });
        }
        say(&line);
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Where the output of a package's tests goes: as it is, or as events.
enum Sink {
    Plain,
    Events(Events<std::io::Stdout>),
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) {
        match self {
            Sink::Plain => {
                let mut out = std::io::stdout().lock();
                let _ = out.write_all(bytes).and_then(|()| out.flush());
            }
            Sink::Events(events) => events.write(bytes),
        }
    }

    /// Says that all went well, where the output does not.
    fn passed(&mut self) {
        if let Sink::Events(events) = self {
            events.passed();
        }
    }

    fn close(self) {
        if let Sink::Events(events) = self {
            events.close();
        }
    }
}

/// Tests one package; whether it passed.
fn tested(test: &Ready, package: &Package, request: &Request, one: bool, profile: &mut String) -> Result<bool, String> {
    let mut sink = match request.json {
        true => Sink::Events(Events::new(std::io::stdout(), &test.path)),
        false => Sink::Plain,
    };
    if !test.has_tests {
        match request.cover {
            None => sink.write(format!("?   \t{}\t[no test files]\n", test.path).as_bytes()),
            Some(mode) => {
                let lines = testing::nothing_covered(&package.input, mode).map_err(|e| e.0)?;
                profile.push_str(&lines);
                let text = if lines.is_empty() { "[no statements]" } else { "0.0% of statements" };
                sink.write(format!("\t{}\t\tcoverage: {text}\n", test.path).as_bytes());
                sink.passed();
            }
        }
        sink.close();
        return Ok(true);
    }
    let began = Instant::now();
    let counts = request.cover_profile.is_some().then(Temporary::new);
    let run = run(test, &package.input, request, one, counts.as_ref().map(|c| &*c.0), &mut sink);
    if let Some(counts) = counts {
        let text = std::fs::read_to_string(&counts.0).unwrap_or_default();
        profile.push_str(text.split_once('\n').map_or("", |lines| lines.1));
    }
    let run = run.map_err(|e| format!("running the tests of {}: {e}", test.path))?;
    let time = format!("{:.3}s", began.elapsed().as_secs_f64());
    let passed = run.status.success();
    let mut last = Vec::new();
    if !run.shown && (!passed || request.show_pass) {
        last.extend_from_slice(&run.output);
    }
    let ends_line = run.output.last().is_none_or(|b| *b == b'\n') || (passed && !run.shown && !request.show_pass);
    if !passed && (run.output.is_empty() || run.status.code().is_none()) {
        last.extend_from_slice(format!("{}\n", in_words(run.status)).as_bytes());
    } else if !ends_line {
        last.push(b'\n');
    }
    let nothing = String::from_utf8_lossy(&run.output).lines().any(|l| l == "testing: warning: no tests to run");
    let line = match passed {
        true => {
            let output = String::from_utf8_lossy(&run.output);
            let coverage = output.lines().rev().find(|l| l.starts_with("coverage: ") && request.cover.is_some());
            let coverage = coverage.map_or(String::new(), |c| format!("\t{c}"));
            format!("ok  \t{}\t{time}{coverage}{}\n", test.path, if nothing { " [no tests to run]" } else { "" })
        }
        // Marked, so that it does not pass for what a test printed.
        false => format!("{}FAIL\t{}\t{time}\n", if request.json { "\x16" } else { "" }, test.path),
    };
    last.extend_from_slice(line.as_bytes());
    sink.write(&last);
    sink.close();
    Ok(passed)
}

/// A file of a test program's, taken away again.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Temporary {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        Temporary(std::env::temp_dir().join(format!("gol-cover-{}-{n}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How a test program ended.
struct Ended {
    status: ExitStatus,
    /// What it printed, unless that went to the terminal at once.
    output: Vec<u8>,
    /// Its output is shown already.
    shown: bool,
}

/// Runs a package's test program in the package's folder.
fn run(
    test: &Ready,
    input: &Input,
    request: &Request,
    one: bool,
    counts: Option<&Path>,
    sink: &mut Sink,
) -> std::io::Result<Ended> {
    let files: Vec<PathBuf> = match input {
        Input::Files(files) => files.iter().filter_map(|f| f.file_name()).map(PathBuf::from).collect(),
        _ => vec![".".into()],
    };
    let mut command = Command::new(std::env::current_exe()?);
    let cover = request.cover.map_or(String::new(), |mode| format!(",{}", mode.name()));
    command.arg("test-program").arg("--").arg(format!("{}{cover}", files.len())).args(&files);
    command.arg(testing::program_name(&test.path));
    if let Some(counts) = counts {
        command.arg(format!("-test.coverprofile={}", counts.display()));
    }
    command.args(&request.args);
    command.current_dir(&test.dir).env("PWD", &test.dir);
    if let Some(root) = std::env::var_os("GOL_STDLIB").filter(|v| !v.is_empty()) {
        command.env("GOL_STDLIB", std::path::absolute(Path::new(&root))?);
    }
    if (request.packages.is_empty() || request.bench) && !request.json {
        let out = std::io::stdout().as_fd().try_clone_to_owned()?;
        let status = command.stderr(Stdio::from(out)).status()?;
        return Ok(Ended { status, output: Vec::new(), shown: true });
    }
    let (mut reader, writer) = std::io::pipe()?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // Its ends of the pipe must be the child's alone, or the pipe never ends.
    drop(command);
    let shown = one && request.show_pass || request.json;
    let mut output = Vec::new();
    let mut buf = vec![0; 1 << 16];
    loop {
        let n = match reader.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if !(request.json && (request.packages.is_empty() || request.bench)) {
            output.extend_from_slice(&buf[..n]);
        }
        if shown {
            sink.write(&buf[..n]);
        }
    }
    Ok(Ended { status: child.wait()?, output, shown })
}

/// An exit status as Go's os/exec has it.
fn in_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    }
}

/// `gol test-program N[,COVERMODE] FILES... NAME ARGS...`: the process that [`run`] starts.
pub(super) fn program(words: Vec<String>) -> ExitCode {
    let mut words = words.into_iter();
    let first = words.next().unwrap_or_default();
    let (n, mode) = first.split_once(',').map_or((&first[..], None), |(n, mode)| (n, CoverMode::parse(mode)));
    let n = n.parse::<usize>().unwrap_or_default();
    let files: Vec<PathBuf> = words.by_ref().take(n).map(PathBuf::from).collect();
    let args: Vec<String> = words.collect();
    let origin = origin(&first, &files, args.first().map_or("", String::as_str));
    let input = match &files[..] {
        [one] if one.is_dir() => Input::Path(one.clone()),
        _ => Input::Files(files),
    };
    let test = match testing::build(&input, &library(), mode) {
        Ok(test) => test,
        Err(e) => return fail(&e.0),
    };
    let failed = test.wrong.is_some() || test.built.failed();
    let program = match test.built.program {
        Some(program) if !failed => program,
        _ => {
            super::draw(&test.built, Format::Short, &mut std::io::stderr().lock());
            return ExitCode::from(REJECTED);
        }
    };
    let options = match settings::options(&RunFlags::default(), args) {
        Ok(options) => Options { origin, ..options },
        Err(e) => return fail(&e),
    };
    match gol_driver::run(program, options) {
        Ok(status) => std::process::exit(status),
        Err(e) => fail(&e),
    }
}

/// What starts the test program `name` again, from any folder.
fn origin(first: &str, files: &[PathBuf], name: &str) -> Option<Origin> {
    let path = std::path::absolute(name).ok()?;
    let files: Vec<PathBuf> = files.iter().map(std::path::absolute).collect::<Result<_, _>>().ok()?;
    let mut words: Vec<OsString> = vec!["test-program".into(), "--".into(), first.into()];
    words.extend(files.into_iter().map(PathBuf::into_os_string));
    words.push(name.into());
    Some(Origin { path, words })
}
