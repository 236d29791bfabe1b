//! What README.md shows is what happens.
//!
//! A block marked `go` is a file, whose name stands in its first line. A block marked `console` is a session: `$ ` begins a
//! command, `gol> ` an entry of the REPL that the command `gol` began; what stands below them is all that they print.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap()
}

/// The blocks of a page: what each is marked with, and its lines.
fn blocks(page: &str) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(mark) = line.strip_prefix("```").filter(|m| !m.is_empty()) else { continue };
        let text = lines.by_ref().take_while(|l| *l != "```").map(str::to_string);
        all.push((mark.to_string(), text.collect()));
    }
    all
}

/// What a command prints on both streams, for these lines of input.
fn prints(dir: &Path, command: &str, input: &[&str]) -> Vec<String> {
    let (arguments, code) = command.split_once(" -e ").unwrap_or((command, ""));
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    assert_eq!(words.remove(0), "gol", "{command}");
    if !code.is_empty() {
        words.extend(["-e", code.trim_matches('\'')]);
    }
    if !input.is_empty() {
        words.push("repl");
    }
    let mut gol = Command::new(env!("CARGO_BIN_EXE_gol"));
    gol.current_dir(dir).args(&words).env_remove("GOL_SEED").env_remove("GOTRACEBACK");
    let mut gol = gol.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let typed: String = input.iter().map(|l| format!("{l}\n")).collect();
    gol.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = gol.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    text.lines().map(comparable).collect()
}

/// A line without spaces at its end and without the place in the bytecode.
fn comparable(line: &str) -> String {
    let line = line.trim_end();
    line.rsplit_once(" +0x").map_or(line, |l| l.0).to_string()
}

#[test]
fn sessions_are_real() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readme");
    std::fs::create_dir_all(&dir).unwrap();
    let (mut files, mut commands) = (0, 0);
    for (mark, lines) in blocks(&page()) {
        if mark == "go" {
            let name = lines[0].strip_prefix("// ").unwrap();
            std::fs::write(dir.join(name), lines.join("\n") + "\n").unwrap();
            files += 1;
            continue;
        }
        assert_eq!(mark, "console");
        let mut lines = lines.iter().map(String::as_str).peekable();
        while let Some(line) = lines.next() {
            let command = line.strip_prefix("$ ").unwrap();
            let (mut input, mut want) = (Vec::new(), Vec::new());
            while let Some(line) = lines.next_if(|l| !l.starts_with("$ ")) {
                match line.strip_prefix("gol> ") {
                    Some(entry) => input.push(entry),
                    None => want.push(comparable(line)),
                }
            }
            assert_eq!(prints(&dir, command, &input), want, "{command}");
            commands += 1;
        }
    }
    // A script, an expression, a session, an error, a deadlock.
    assert!(files >= 3 && commands >= 5, "{files} {commands}");
}

#[test]
fn the_packages_are_there() {
    let page = page();
    let (_, rest) = page.split_once("<!-- packages -->").unwrap();
    let (listed, _) = rest.split_once("<!-- end of packages -->").unwrap();
    let listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_gol")).arg("doc").output().unwrap();
    let there = String::from_utf8(output.stdout).unwrap();
    let there: Vec<&str> = there.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(listed, there);
}

/// The list of examples has all of them, and no others.
#[test]
fn examples_are_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let list = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
    let programs: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "gol")).collect();
    for program in &programs {
        let file = program.file_name().unwrap().to_str().unwrap();
        assert!(list.contains(&format!("]({file})")), "examples/README.md does not name {file}");
    }
    assert_eq!(list.matches(".gol) |").count(), programs.len());
}
