//! `gol test`: checks packages with their tests, runs a test program for each in a process of its own, and tells how they
//! ended, in the words of `go test`.
//!
//! A test program runs in its package's folder, may end its process and change all of its state; that is why it has one.
//! What the tests print is the library's business (`stdlib/testing`).

mod flags;

use super::{REJECTED, fail, input};
use crate::cli::RunFlags;
use crate::settings::{self, library};
use flags::Request;
use gol_driver::testing::{self, Tested};
use gol_driver::{Format, Input};
use gol_vm::{Options, Origin};
use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
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
    let inputs = match inputs(&request.packages) {
        Ok(inputs) => inputs,
        Err(text) => return fail(&text),
    };
    if inputs.is_empty() {
        let _ = writeln!(std::io::stderr(), "gol: warning: {:?} matched no packages", request.packages.join(" "));
        say("no packages to test");
        return ExitCode::from(REJECTED);
    }
    let one = inputs.len() == 1;
    let mut failed = false;
    for input in &inputs {
        if failed && request.fail_fast {
            break;
        }
        match tested(input, &request, one) {
            Ok(passed) => failed |= !passed,
            Err(text) => {
                fail(&text);
                failed = true;
            }
        }
    }
    if failed && !request.packages.is_empty() {
        say("FAIL");
    }
    ExitCode::from(if failed { REJECTED } else { 0 })
}

const USAGE: &str = "usage: gol test [-v] [-run REGEXP] [-skip REGEXP] [-bench REGEXP] [-benchmem] [-benchtime D|Nx] \
                     [-count N]\n                [-cpu N,...] [-failfast] [-fullpath] [-list REGEXP] [-parallel N] \
                     [-short] [-shuffle on|N]\n                [-timeout D] [FILE... | FOLDER | ./...]... [-args ARGS]";

/// What the packages on the command line are; without any, the current folder.
fn inputs(packages: &[String]) -> Result<Vec<Input>, String> {
    if packages.is_empty() {
        return Ok(vec![Input::Path(".".into())]);
    }
    let is_file = |p: &str| p.ends_with(".gol") || p.ends_with(".go");
    if is_file(&packages[0]) {
        if let Some(other) = packages.iter().find(|p| !is_file(p)) {
            return Err(format!("named files must all be .gol or .go files: {other}"));
        }
        return Ok(vec![Input::Files(packages.iter().map(PathBuf::from).collect())]);
    }
    let mut all: Vec<Input> = Vec::new();
    for package in packages {
        match Input::matching(package) {
            Some(folders) => all.extend(folders),
            None => all.push(input(package).map_err(|e| e.0)?),
        }
    }
    Ok(all)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Tests one package; whether it passed.
fn tested(input: &Input, request: &Request, one: bool) -> Result<bool, String> {
    let test = testing::check(input, &library()).map_err(|e| e.0)?;
    if test.wrong.is_some() || test.built.failed() {
        tell(&test);
        say(&format!("FAIL\t{} [{} failed]", test.path, if test.setup_failed() { "setup" } else { "build" }));
        return Ok(false);
    }
    if !test.has_tests {
        say(&format!("?   \t{}\t[no test files]", test.path));
        return Ok(true);
    }
    let began = Instant::now();
    let run = run(&test, input, request, one).map_err(|e| format!("running the tests of {}: {e}", test.path))?;
    let time = format!("{:.3}s", began.elapsed().as_secs_f64());
    let mut out = std::io::stdout().lock();
    let passed = run.status.success();
    if !run.shown && (!passed || request.show_pass) {
        let _ = out.write_all(&run.output);
    }
    let ends_line = run.output.last().is_none_or(|b| *b == b'\n') || (passed && !run.shown && !request.show_pass);
    if !passed && (run.output.is_empty() || run.status.code().is_none()) {
        let _ = writeln!(out, "{}", in_words(run.status));
    } else if !ends_line {
        let _ = writeln!(out);
    }
    let nothing = String::from_utf8_lossy(&run.output).lines().any(|l| l == "testing: warning: no tests to run");
    let _ = match passed {
        true => writeln!(out, "ok  \t{}\t{time}{}", test.path, if nothing { " [no tests to run]" } else { "" }),
        false => writeln!(out, "FAIL\t{}\t{time}", test.path),
    };
    let _ = out.flush();
    Ok(passed)
}

/// Writes what was found: drawn for people, as Go's tools write it for all others.
fn tell(test: &Tested) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "# {}", test.heading);
    if let Some(text) = &test.wrong {
        let _ = writeln!(err, "{text}");
    } else if err.is_terminal() {
        super::draw(&test.built, Format::Pretty, &mut err);
    } else {
        let mut text = Vec::new();
        super::draw(&test.built, Format::Short, &mut text);
        let text = String::from_utf8_lossy(&text);
        for line in text.lines() {
            // Go's loader names files of the current folder plainly, its compiler with `./`.
            let line = if test.setup_failed() { line.strip_prefix("./").unwrap_or(line) } else { line };
            let _ = writeln!(err, "{line}");
        }
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
fn run(test: &Tested, input: &Input, request: &Request, one: bool) -> std::io::Result<Ended> {
    let files: Vec<PathBuf> = match input {
        Input::Files(files) => files.iter().filter_map(|f| f.file_name()).map(PathBuf::from).collect(),
        _ => vec![".".into()],
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("test-program").arg("--").arg(files.len().to_string()).args(&files);
    command.arg(testing::program_name(&test.path)).args(&request.args);
    command.current_dir(&test.dir).env("PWD", &test.dir);
    if let Some(root) = std::env::var_os("GOL_STDLIB").filter(|v| !v.is_empty()) {
        command.env("GOL_STDLIB", std::path::absolute(Path::new(&root))?);
    }
    if request.packages.is_empty() || request.bench {
        let out = std::io::stdout().as_fd().try_clone_to_owned()?;
        let status = command.stderr(Stdio::from(out)).status()?;
        return Ok(Ended { status, output: Vec::new(), shown: true });
    }
    let (mut reader, writer) = std::io::pipe()?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // Its ends of the pipe must be the child's alone, or the pipe never ends.
    drop(command);
    let shown = one && request.show_pass;
    let mut output = Vec::new();
    let mut buf = vec![0; 1 << 16];
    loop {
        let n = match reader.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        output.extend_from_slice(&buf[..n]);
        if shown {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(&buf[..n]).and_then(|()| out.flush());
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

/// `gol test-program N FILES... NAME ARGS...`: the process that [`run`] starts.
pub(super) fn program(words: Vec<String>) -> ExitCode {
    let mut words = words.into_iter();
    let n = words.next().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    let files: Vec<PathBuf> = words.by_ref().take(n).map(PathBuf::from).collect();
    let args: Vec<String> = words.collect();
    let origin = origin(&files, args.first().map_or("", String::as_str));
    let input = match &files[..] {
        [one] if one.is_dir() => Input::Path(one.clone()),
        _ => Input::Files(files),
    };
    let test = match testing::build(&input, &library()) {
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
fn origin(files: &[PathBuf], name: &str) -> Option<Origin> {
    let path = std::path::absolute(name).ok()?;
    let files: Vec<PathBuf> = files.iter().map(std::path::absolute).collect::<Result<_, _>>().ok()?;
    let mut words: Vec<OsString> = vec!["test-program".into(), "--".into(), files.len().to_string().into()];
    words.extend(files.into_iter().map(PathBuf::into_os_string));
    words.push(name.into());
    Some(Origin { path, words })
}
