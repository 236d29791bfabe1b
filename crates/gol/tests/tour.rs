//! The programs in `docs/tour.md` do what stands under them.
//!
//! A block marked `go` is a program. The block after it is `output` (all of standard output, and status 0), `short` (what
//! `gol check --format=short` says, and status 1) or `stderr` (how standard error begins, and status 2).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The blocks of a page: what each is marked with, and its text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(mark) = line.strip_prefix("```").filter(|m| !m.is_empty()) else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        all.push((mark.to_string(), text.join("\n") + "\n"));
    }
    all
}

fn gol(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_gol")).current_dir(dir).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().lines().map(|l| format!("{}\n", l.trim_end())).collect();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn programs_of_the_tour_do_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/tour.md")).unwrap();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tour");
    std::fs::create_dir_all(&dir).unwrap();
    let all = blocks(&page);
    let mut programs = 0;
    for pair in all.windows(2).filter(|pair| pair[0].0 == "go") {
        let [(_, program), (kind, want)] = pair else { unreachable!() };
        std::fs::write(dir.join("x.gol"), program).unwrap();
        programs += 1;
        let (status, out, err) = match kind.as_str() {
            "short" => gol(&dir, &["check", "--format=short", "x.gol"]),
            _ => gol(&dir, &["x.gol"]),
        };
        match kind.as_str() {
            "output" => assert_eq!((status, &out), (Some(0), want), "{program}\n{err}"),
            "short" => assert_eq!((status, &out), (Some(1), want), "{program}\n{err}"),
            "stderr" => assert!(status == Some(2) && err.starts_with(want.as_str()), "{program}\n{err}"),
            other => panic!("a program with a block {other:?} under it:\n{program}"),
        }
    }
    assert_eq!(programs, all.iter().filter(|b| b.0 == "go").count());
    assert!(programs >= 10);
}
