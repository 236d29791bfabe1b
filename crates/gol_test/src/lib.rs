//! The harness for tests that are programs: a `.gol` file with what it should print, or be told, written inside.
//!
//! The format is described in `docs/testing.md` and parsed in [`expect`]; [`run`] runs the real `gol` with a time limit;
//! [`judge`] compares. Each file is one test of the Rust test runner, several if it is run in several ways
//! (`tests/conc`: with 1, 2 and 8 workers and with seeds).
//! A test of several files is a text in the form of [`module`].
#![forbid(unsafe_code)]

pub mod expect;
pub mod judge;
pub mod module;
pub mod run;

use expect::Expectations;
use libtest_mimic::{Arguments, Failed, Trial};
use module::Module;
use run::{Gol, Way};
use std::path::{Path, PathBuf};

/// Folders of the repository that hold test programs.
const FOLDERS: &[&str] = &[
    "tests/lang",
    "tests/errors",
    "tests/modules",
    "tests/stdlib",
    "tests/runtime",
    "tests/conc",
    "examples",
    "benches/programs",
];

/// The test runner's main: collects the programs under `root` and runs them with the binary `gol`. Does not return.
pub fn main(gol: &str, root: &Path) -> ! {
    let mut args = Arguments::from_args();
    // Programs have time limits; many at once on few cores would run into them.
    args.test_threads = args.test_threads.or_else(|| std::thread::available_parallelism().ok().map(|n| n.get()));
    let root = root.canonicalize().expect("the repository's root exists");
    let gol = Gol { path: PathBuf::from(gol), root: root.clone() };
    let mut trials = Vec::new();
    for folder in FOLDERS {
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files);
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).expect("found under the root").display().to_string();
            for way in Way::all(folder) {
                let (gol, file) = (gol.clone(), file.clone());
                let name = format!("{name}{}", way.suffix());
                trials.push(Trial::test(name, move || test(&gol, &file, way)));
            }
        }
    }
    if let Some((part, of)) = sample() {
        let mut at = 0..;
        trials.retain(|_| at.next().is_some_and(|i: usize| i % of == part));
    }
    libtest_mimic::run(&args, trials).exit()
}

/// `GOL_TEST_SAMPLE=2/8`: only every eighth program, from the third on. For `cargo xtask stress`.
fn sample() -> Option<(usize, usize)> {
    let text = std::env::var("GOL_TEST_SAMPLE").ok()?;
    let (part, of) = text.split_once('/')?;
    Some((part.parse().ok()?, of.parse().ok().filter(|&n| n > 0)?))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "gol" || e == "txtar") {
            files.push(path);
        }
    }
}

/// Runs one program in one way.
fn test(gol: &Gol, file: &Path, way: Way) -> Result<(), Failed> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let module = file.extension().is_some_and(|e| e == "txtar");
    let module = module.then(|| Module::parse(&text)).transpose()?;
    let want = module.as_ref().map_or_else(|| Expectations::parse(&text), |m| Ok(m.want.clone()))?;
    let name = file.strip_prefix(&gol.root).unwrap_or(file).display().to_string();
    let ran = || match &module {
        Some(module) => module.run(gol),
        None if want.errors.is_empty() => gol.run(&[&name], &gol.root, &want, way),
        None => gol.check(&[&name], &gol.root),
    };
    if let Some(reason) = &want.skip {
        println!("skipped: {reason}");
        return Ok(());
    }
    let problems = if want.errors.is_empty() {
        let got = ran()?;
        if std::env::var_os("GOL_BLESS").is_some() && want.output.is_some() && got.stdout_differs(&want) {
            let blessed = expect::with_output(&text, &got.stdout);
            std::fs::write(file, blessed).map_err(|e| format!("{}: {e}", file.display()))?;
            return Ok(());
        }
        judge::run(&want, &got)
    } else {
        judge::check(&want, &ran()?)
    };
    match (&want.known_bug, problems.is_empty()) {
        (None, true) => Ok(()),
        (None, false) => Err(problems.join("\n").into()),
        (Some(_), false) => Ok(()),
        (Some(reason), true) => Err(format!("passes now: take out `// known-bug: {reason}`").into()),
    }
}
