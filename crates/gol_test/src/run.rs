//! Running the real `gol`, in one of several ways, with a time limit.

use crate::expect::Expectations;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// No test program takes a tenth of this, even on a loaded machine.
const LIMIT: Duration = Duration::from_secs(120);

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As a user would.
    Plain,
    /// With this many workers.
    Workers(u32),
    /// In deterministic mode with this seed.
    Seed(u64),
}

impl Way {
    /// The ways in which programs of a folder are run.
    pub fn all(folder: &str) -> Vec<Way> {
        let workers = [1, 2, 8].map(Way::Workers);
        match folder {
            "examples" => workers.into(),
            "tests/conc" => workers.into_iter().chain((1..=4).map(Way::Seed)).collect(),
            _ => vec![Way::Plain],
        }
    }

    /// What is added to the test's name.
    pub fn suffix(self) -> String {
        match self {
            Way::Plain => String::new(),
            Way::Workers(n) => format!(" workers={n}"),
            Way::Seed(n) => format!(" seed={n}"),
        }
    }
}

/// The binary under test.
#[derive(Clone, Debug)]
pub struct Gol {
    /// The `gol` binary.
    pub path: PathBuf,
    /// Where programs are run: the repository's root, so that messages name files from there.
    pub root: PathBuf,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit status; `None`: ended by a signal.
    pub status: Option<i32>,
}

impl Ran {
    /// Whether the output is not what is wanted. White space at the end of a line does not count, since a comment cannot
    /// keep it, nor does a last newline.
    pub fn stdout_differs(&self, want: &Expectations) -> bool {
        let lines = |s: &str| s.split('\n').map(|l| l.trim_end().to_string()).collect::<Vec<_>>().join("\n");
        let end = |s: &str| lines(s.strip_suffix('\n').unwrap_or(s));
        want.output.as_ref().is_some_and(|w| end(w) != end(&self.stdout))
    }
}

impl Gol {
    /// Runs a program: what the words name, in a folder.
    pub fn run(&self, words: &[&str], dir: &Path, want: &Expectations, way: Way) -> Result<Ran, String> {
        let mut command = self.command(&["run"], words, dir);
        command.args(&want.args).envs(want.env.iter().map(|(k, v)| (k, v)));
        if let Some(every) = want.stress
            && std::env::var_os("GOL_GC_STRESS").is_some()
        {
            command.env("GOL_GC_STRESS", every.to_string());
        }
        match way {
            // `cargo xtask stress` runs all programs with so many workers.
            Way::Plain => {
                if let Some(n) = std::env::var_os("GOL_TEST_WORKERS")
                    && !want.env.iter().any(|(k, _)| k == "GOMAXPROCS")
                {
                    command.env("GOMAXPROCS", n);
                }
            }
            Way::Workers(n) => {
                command.env("GOMAXPROCS", n.to_string());
            }
            Way::Seed(n) => {
                command.env("GOL_SEED", n.to_string());
            }
        }
        finish(command, want.stdin.clone().into_bytes())
    }

    /// Checks a program; findings come as JSON.
    pub fn check(&self, words: &[&str], dir: &Path) -> Result<Ran, String> {
        finish(self.command(&["check", "--format=json"], words, dir), Vec::new())
    }

    fn command(&self, first: &[&str], words: &[&str], dir: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.args(first).args(words).current_dir(dir);
        command.env_remove("GOMAXPROCS").env_remove("GOL_SEED").env("NO_COLOR", "1");
        command
    }
}

/// Runs a command to its end or to the limit.
fn finish(mut command: Command, stdin: Vec<u8>) -> Result<Ran, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("cannot run gol: {e}"))?;
    let mut input = child.stdin.take().expect("it is piped");
    // The program may end without reading: that it does not is no error here.
    let writer = thread::spawn(move || drop(input.write_all(&stdin)));
    let stdout = reader(child.stdout.take().expect("it is piped"));
    let stderr = reader(child.stderr.take().expect("it is piped"));
    let status = wait(&mut child);
    let text = |t: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&t.join().expect("reading does not panic")).into_owned()
    };
    let _ = writer.join();
    let (stdout, stderr) = (text(stdout), text(stderr));
    match status {
        Some(status) => {
            // A signal's number is shown as shells do.
            let status = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
            Ok(Ran { stdout, stderr, status })
        }
        None => Err(format!("still running after {LIMIT:?}\nstdout:\n{stdout}\nstderr:\n{stderr}")),
    }
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        let _ = from.read_to_end(&mut all);
        all
    })
}

fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
