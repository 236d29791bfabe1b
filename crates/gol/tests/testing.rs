//! `gol test`: what it prints about packages with tests, with times normalised. The expected texts are what `go test` prints.

mod testing {
    mod transcripts;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A module of the test's own with these files.
fn module(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gol_test").join(test);
    let _ = fs::remove_dir_all(&dir);
    for (name, text) in files.iter().chain(&[("go.mod", "module ex\n\ngo 1.27\n")]) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Runs `gol test`; gives its status and its output, without times.
fn gol_test(dir: &Path, words: &str) -> (Option<i32>, String, String) {
    let mut c = Command::new(env!("CARGO_BIN_EXE_gol"));
    c.arg("test").args(words.split_whitespace()).current_dir(dir).stdin(Stdio::null());
    let out = c.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(|l| without_times(l) + "\n").collect();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

/// A line with `T` for its time: `(0.01s)` or `\t0.012s`.
fn without_times(line: &str) -> String {
    let is_time = |t: &str| t.ends_with('s') && t[..t.len() - 1].parse::<f64>().is_ok();
    if let Some((head, time)) = line.rsplit_once('(')
        && time.strip_suffix(')').is_some_and(is_time)
    {
        return format!("{head}(T)");
    }
    line.split('\t').map(|part| if is_time(part) { "T" } else { part }).collect::<Vec<_>>().join("\t")
}

#[track_caller]
fn prints(dir: &Path, words: &str, status: i32, out: &str) {
    assert_eq!(gol_test(dir, words), (Some(status), out.to_string(), String::new()), "gol test {words}");
}

const ADD: (&str, &str) = ("a.go", "package ex\n\nfunc Add(a, b int) int { return a + b }\n");

#[test]
fn subtests_pass_and_fail() {
    let text = r#"package ex

import "testing"

func TestAdd(t *testing.T) {
	t.Log("hello\nworld")
	for _, n := range []string{"a", "b b", "a", "", "c/d"} {
		t.Run(n, func(t *testing.T) {
			t.Logf("in %q", n)
			if n == "b b" {
				t.Errorf("bad %d", Add(1, 2))
			}
			if n == "c/d" {
				t.Skip("skipped")
			}
		})
	}
}

func helper(t *testing.T) { t.Helper(); t.Fatal("from helper") }

func TestHelper(t *testing.T) {
	t.Cleanup(func() { t.Log("cleanup") })
	helper(t)
}
"#;
    let dir = module("subtests", &[ADD, ("a_test.go", text)]);
    let failures = "--- FAIL: TestAdd (T)
    a_test.go:6: hello
        world
    --- FAIL: TestAdd/b_b (T)
        a_test.go:9: in \"b b\"
        a_test.go:11: bad 3
--- FAIL: TestHelper (T)
    a_test.go:24: from helper
    a_test.go:23: cleanup
FAIL
";
    prints(&dir, "", 1, &format!("{failures}exit status 1\nFAIL\tex\tT\n"));
    prints(&dir, ".", 1, &format!("{failures}FAIL\tex\tT\nFAIL\n"));
    prints(
        &dir,
        "-v -run Add/a .",
        0,
        "=== RUN   TestAdd
    a_test.go:6: hello
        world
=== RUN   TestAdd/a
    a_test.go:9: in \"a\"
=== RUN   TestAdd/a#01
    a_test.go:9: in \"a\"
--- PASS: TestAdd (T)
    --- PASS: TestAdd/a (T)
    --- PASS: TestAdd/a#01 (T)
PASS
ok  \tex\tT
",
    );
}

/// A test that needs another process starts itself, and chooses by a variable what it is then.
#[test]
fn a_test_is_its_own_helper() {
    let text = r#"package ex

import (
	"os"
	"os/exec"
	"testing"
)

func TestHelper(t *testing.T) {
	if os.Getenv("HELPER") == "" {
		t.Skip("not started by TestProcess")
	}
	os.Exit(40 + Add(1, 1))
}

func TestProcess(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{os.Args[0], file} {
		cmd := exec.Command(name, "-test.run=^TestHelper$")
		cmd.Env = append(os.Environ(), "HELPER=1")
		cmd.Dir = t.TempDir()
		t.Log(cmd.Run())
	}
}
"#;
    let dir = module("helper", &[ADD, ("a_test.go", text)]);
    let out = "=== RUN   TestHelper
    a_test.go:11: not started by TestProcess
--- SKIP: TestHelper (T)
=== RUN   TestProcess
    a_test.go:25: exit status 42
    a_test.go:25: exit status 42
--- PASS: TestProcess (T)
PASS
ok  \tex\tT
";
    prints(&dir, "-v", 0, out);
    prints(&dir, "-v a.go a_test.go", 0, &out.replace("\tex\t", "\tcommand-line-arguments\t"));
}
