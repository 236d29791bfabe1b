//! What the command does with odd files, flags and streams: a message on standard error and a sensible status, never a crash.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const HELLO: &str = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hi\") }\n";

fn gol(args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_gol"));
    c.args(args).stdin(Stdio::null());
    c
}

/// A file in a folder of the test's own.
fn file(test: &str, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn outcome(c: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = c.output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned())
}

/// Runs and checks a text; both are refused with this message.
#[track_caller]
fn refused(test: &str, text: impl AsRef<[u8]>, message: &str) {
    let path = file(test, "x.gol", text);
    for command in ["run", "check"] {
        let (status, out, err) = outcome(&mut gol(&[command, path.to_str().unwrap()]));
        assert_eq!((status, out.as_str()), (Some(1), ""), "{command}: {err}");
        assert!(err.contains(message), "{command}: {err}");
        assert!(!err.contains("panicked"), "{command}: {err}");
    }
}

#[track_caller]
fn prints_hi(test: &str, text: impl AsRef<[u8]>) {
    let path = file(test, "x.gol", text);
    assert_eq!(outcome(&mut gol(&[path.to_str().unwrap()])), (Some(0), "hi\n".into(), String::new()));
}

#[test]
fn files_that_cannot_be_read() {
    for command in ["run", "check"] {
        let (status, _, err) = outcome(&mut gol(&[command, "no/such/file.gol"]));
        assert_eq!((status, err.as_str()), (Some(1), "gol: open no/such/file.gol: no such file or directory\n"));
    }
    let (status, _, err) = outcome(&mut gol(&["no_such_command"]));
    assert_eq!((status, err.as_str()), (Some(1), "gol: open no_such_command: no such file or directory\n"));
    let dir = file("empty_folder", "readme.txt", "").parent().unwrap().to_path_buf();
    let (status, _, err) = outcome(&mut gol(&["run", dir.to_str().unwrap()]));
    assert_eq!(status, Some(1));
    assert!(err.starts_with("gol: no Go files in "), "{err}");
    assert_eq!(outcome(&mut gol(&["run", ""])).0, Some(1));
}

#[test]
fn a_folder_is_one_package() {
    file("folder", "a.gol", "package main\n\nfunc main() { hi() }\n");
    let b = file("folder", "b.gol", "package main\n\nimport \"fmt\"\n\nfunc hi() { fmt.Println(\"hi\") }\n");
    let out = outcome(&mut gol(&[b.parent().unwrap().to_str().unwrap()]));
    assert_eq!(out, (Some(0), "hi\n".into(), String::new()));
}

#[test]
fn texts_that_are_no_programs() {
    refused("empty", "", "package statement must be first");
    refused("words", "hello", "package statement must be first");
    refused("nul", "package main\nfunc main() { println(\"\0\") }\n", "invalid NUL character");
    refused("utf8", b"package main\nfunc main() { println(\"\xff\") }\n", "invalid UTF-8 encoding");
    refused("utf8_first", b"\xff\xfe\x00package main\n", "invalid UTF-8 encoding");
    let mut x = 1u32;
    let noise = |_| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    };
    refused("binary", (0..5000).map(noise).collect::<Vec<_>>(), "invalid");
}

#[test]
fn programs_without_a_start() {
    let path = file("no_main", "x.gol", "package main\n");
    let (status, _, err) = outcome(&mut gol(&[path.to_str().unwrap()]));
    assert_eq!(status, Some(1));
    assert!(err.contains("function main is undeclared in the main package"), "{err}");
    let path = file("library", "x.gol", "package tree\n");
    let (status, _, err) = outcome(&mut gol(&[path.to_str().unwrap()]));
    let text = "gol: package command-line-arguments is not a main package\n";
    assert_eq!((status, err.as_str()), (Some(1), text));
    assert_eq!(outcome(&mut gol(&["check", path.to_str().unwrap()])).0, Some(0));
}

#[test]
fn line_comments_change_what_is_told() {
    let text = "package main\n\nfunc main() {\n\ta\n//line foo.y:100\n\tb\n//line /abs/foo.y:200:7\n\td\n/*line :300:5*/e; f\n\tg\n\
                //line :400\n\th\n//line x.go:0\n//line x.go:abc\n//line x.go:10:0\n//line :\n}\n";
    let path = file("line", "x.gol", text);
    let dir = path.parent().unwrap();
    let (status, out, _) = outcome(gol(&["check", "--format=short", "x.gol"]).current_dir(dir));
    let wanted = "x.gol:4:2: undefined: a\nfoo.y:100: undefined: b\n/abs/foo.y:200:8: undefined: d\n/abs/foo.y:300:5: undefined: e\n\
                  /abs/foo.y:300:8: undefined: f\n/abs/foo.y:301:2: undefined: g\n:400: undefined: h\n:401: invalid line number: 0\n\
                  :402: invalid line number: abc\n:403: invalid column number: 0\n:404: invalid line number: \n";
    assert_eq!((status, out.as_str()), (Some(1), wanted));
}

#[test]
fn marks_and_line_ends_of_other_systems() {
    prints_hi("bom", format!("\u{feff}{HELLO}"));
    prints_hi("crlf", HELLO.replace('\n', "\r\n"));
    prints_hi("script", format!("#!/usr/bin/env gol\n{HELLO}"));
    prints_hi("no_last_newline", HELLO.trim_end());
    prints_hi("long_line", HELLO.replace("hi", &format!("\" + \"hi{}", "\" + \"".repeat(20_000))));
    prints_hi("long_comment", format!("/*{}*/{HELLO}", "x".repeat(5_000_000)));
}

#[test]
fn arguments_that_make_no_sense() {
    for args in [&["--nope"][..], &["check"], &["run"], &["run", "--"], &["check", "--format=nope", "x.gol"]] {
        let (status, _, err) = outcome(&mut gol(args));
        assert_eq!(status, Some(2), "{args:?}");
        assert!(err.contains("--help"), "{args:?}: {err}");
    }
    // What follows the program is the program's.
    let text = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(os.Args[1:]) }\n";
    let path = file("args", "x.gol", text);
    let out = outcome(&mut gol(&["run", path.to_str().unwrap(), "--nope", "-h", "a b"]));
    assert_eq!(out, (Some(0), "[--nope -h a b]\n".into(), String::new()));
}

#[test]
fn a_program_from_standard_input() {
    // With a dash, and without any word.
    for args in [&["-"][..], &[]] {
        let mut child = gol(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(HELLO.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!((out.status.code(), &out.stdout[..]), (Some(0), &b"hi\n"[..]));
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    /// Runs a shell line; `$gol` is the command, `$x` the file.
    fn shell(line: &str, path: &std::path::Path) -> (Option<i32>, String, String) {
        let mut c = Command::new("sh");
        outcome(c.args(["-c", line]).env("gol", env!("CARGO_BIN_EXE_gol")).env("x", path).stdin(Stdio::null()))
    }

    #[test]
    fn a_reader_that_goes_ends_the_program_quietly() {
        let text =
            "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfor i := 0; ; i++ {\n\t\tfmt.Println(i)\n\t}\n}\n";
        let path = file("pipe", "x.gol", text);
        let mut child = gol(&[path.to_str().unwrap()]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 2];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(&first, b"0\n");
        assert_eq!(String::from_utf8_lossy(&out.stderr), "");
        assert_eq!(out.status.signal(), Some(13), "the signal of a broken pipe, as in Go");
    }

    #[test]
    fn streams_that_are_closed_or_full() {
        let text = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\t_, err := fmt.Println(\"hi\")\n\
            \tfmt.Fprintln(os.Stderr, err)\n\tn, err := os.Stdin.Read(make([]byte, 1))\n\tfmt.Fprintln(os.Stderr, n, err != nil)\n}\n";
        let path = file("streams", "x.gol", text);
        let (status, _, err) = shell("exec \"$gol\" \"$x\" >&-", &path);
        assert_eq!(status, Some(0), "{err}");
        assert!(!err.contains("panicked"), "{err}");
        assert_eq!(shell("exec \"$gol\" \"$x\" 2>&-", &path), (Some(0), "hi\n".into(), String::new()));
        assert_eq!(shell("exec \"$gol\" \"$x\" <&-", &path).0, Some(0));
        assert_eq!(shell("exec \"$gol\" \"$x\" <&- >&- 2>&-", &path).0, Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_ends_ends_the_program() {
        let programs = [
            ("slices", "var s [][]byte\n\tfor {\n\t\ts = append(s, make([]byte, 1<<20))\n\t}"),
            ("strings", "s := \"x\"\n\tfor {\n\t\ts += s\n\t}"),
            ("runes", "s := \"x\"\n\tfor {\n\t\ts += s\n\t\ts = string([]rune(s))\n\t}"),
            ("goroutines", "c := make(chan int)\n\tfor {\n\t\tgo func() { <-c }()\n\t}"),
            ("huge", "_ = make([]int, 1<<36)"),
            ("buffer", "_ = make(chan [100]int, 1<<30)"),
        ];
        for (name, body) in programs {
            let path =
                file(&format!("memory_{name}"), "x.gol", format!("package main\n\nfunc main() {{\n\t{body}\n}}\n"));
            let (status, _, err) = shell("ulimit -v 1500000; exec \"$gol\" \"$x\"", &path);
            assert_eq!(status, Some(2), "{name}: {err}");
            // The addresses may end first where a thread is wanted.
            assert!(err.contains("out of memory") || err.contains("fatal error: newosproc"), "{name}: {err}");
        }
    }

    #[test]
    fn a_signal_ends_a_program() {
        let busy = file("busy", "x.gol", "package main\n\nfunc main() {\n\tprintln(\"on\")\n\tfor {\n\t}\n}\n");
        let asleep =
            "package main\n\nimport \"time\"\n\nfunc main() {\n\tprintln(\"on\")\n\ttime.Sleep(time.Hour)\n}\n";
        let asleep = file("asleep", "x.gol", asleep);
        for path in [busy, asleep] {
            let mut child = gol(&[path.to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
            child.stderr.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
            let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            assert!(kill.success());
            let status = child.wait().unwrap();
            assert!(status.signal() == Some(2) || status.code() == Some(130), "{status:?}");
        }
    }
}

#[test]
fn phases_can_be_seen() {
    let path = file(
        "phases",
        "x.gol",
        "package main\n\nfunc f(a int) int { for a < 9 { a++ }; return a }\n\nfunc main() { println(f(1)) }\n",
    );
    let path = path.to_str().unwrap();
    let (status, out, _) = outcome(&mut gol(&["dis", path, "main.f"]));
    assert_eq!(status, Some(0));
    assert!(out.starts_with("func main.f args=1 results=1"), "{out}");
    assert!(out.contains("x.gol:3: func f(a int) int { for a < 9 { a++ }; return a }"), "{out}");
    assert!(!out.contains("func main.main"), "{out}");
    let (status, out, _) = outcome(&mut gol(&["ast", path]));
    assert!(status == Some(0) && out.starts_with("File main\n"), "{out}");
    let (status, out, _) = outcome(&mut gol(&["tokens", path]));
    assert!(status == Some(0) && out.contains("3:6: name f\n"), "{out}");
    let (status, _, err) = outcome(&mut gol(&["dis", path, "nix"]));
    assert!(status == Some(1) && err.contains("no function with \"nix\" in its name"), "{err}");
}

#[test]
fn words_that_are_nearly_commands() {
    let (status, _, err) = outcome(&mut gol(&["chekc", "x.gol"]));
    assert_eq!(status, Some(1));
    assert!(err.ends_with("gol: did you mean the command `gol check`?\n"), "{err}");
    let (status, _, err) = outcome(&mut gol(&["--seed", "1", "version"]));
    assert!(status == Some(2) && err.contains("this command runs none"), "{err}");
}

#[test]
fn what_shells_and_packagers_ask_for() {
    let (status, out, _) = outcome(&mut gol(&["version"]));
    assert!(status == Some(0) && out.starts_with("gol version gol"), "{out}");
    for shell in ["bash", "zsh", "fish"] {
        let (status, out, _) = outcome(&mut gol(&["completions", shell]));
        assert!(status == Some(0) && out.contains("check"), "{out}");
    }
    let (status, out, _) = outcome(&mut gol(&["man"]));
    assert!(status == Some(0) && out.contains(".TH gol 1"), "{out}");
    let (status, out, _) = outcome(&mut gol(&["help", "check"]));
    assert!(status == Some(0) && out.contains("--format"), "{out}");
}

#[test]
fn the_library_can_be_read_from_a_folder() {
    let stdlib = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../stdlib");
    let path = file("library", "x.gol", HELLO);
    let run = |root: &PathBuf| outcome(gol(&[path.to_str().unwrap()]).env("GOL_STDLIB", root));
    assert_eq!(run(&stdlib), (Some(0), "hi\n".into(), String::new()));

    let text = "package runtime\n\ntype Error interface{ error; RuntimeError() }\n";
    let root = file("library/own/runtime", "r.gol", text).parent().unwrap().parent().unwrap().to_path_buf();
    file(
        "library/own/fmt",
        "p.gol",
        "package fmt\n\nfunc Println(x string) { println(x); other(x) }\nfunc other(string)\n",
    );
    let missing = "gol: fmt.other has no body, and this gol no native for it\n";
    assert_eq!(run(&root), (Some(1), String::new(), missing.into()));
    file("library/own/fmt", "p.gol", "package fmt\n\nfunc Println(x string) { return 1 }\n");
    let (status, _, err) = run(&root);
    assert_eq!(status, Some(1));
    assert!(err.contains("too many return values") && err.contains("$GOL/fmt/p.gol"), "{err}");

    let (status, _, err) = run(&PathBuf::from("/no/such/folder"));
    assert_eq!(
        (status, err.as_str()),
        (Some(1), "gol: /no/such/folder has no package runtime: it is not the library\n")
    );
}

#[test]
fn codes_are_explained() {
    let (status, out, err) = outcome(&mut gol(&["explain", "unusedvar"]));
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("UnusedVar: ") && out.contains("\nWrong:\n") && out.contains("\nRight:\n"), "{out}");
    let (status, out, _) = outcome(&mut gol(&["explain"]));
    assert_eq!(status, Some(0));
    assert!(out.contains("\nUnusedVar ") && out.lines().count() > 100, "{out}");
    let (status, out, err) = outcome(&mut gol(&["explain", "UnusdVar"]));
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert_eq!(err, "gol: there is no error code UnusdVar: did you mean UnusedVar?\n");
}

#[test]
fn limits_end_a_program_with_a_report() {
    let text = "package main\n\nfunc grow(all [][]byte) {\n\tfor {\n\t\tall = append(all, make([]byte, 1<<16))\n\t}\n}\n\n\
                func spawn() {\n\tfor {\n\t\tgo func() { select {} }()\n\t}\n}\n\n\
                func main() {\n\tif len(args) == 1 {\n\t\tfor {\n\t\t}\n\t}\n\tif args[1] == \"m\" {\n\t\tgrow(nil)\n\t}\n\tspawn()\n}\n";
    let text = text.replace("package main\n", "package main\n\nimport \"os\"\n\nvar args = os.Args\n");
    let path = file("limits", "x.gol", text);
    let path = path.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--timeout", "50ms", path], "fatal error: time limit of 50ms reached\n"),
        (&["--fuel=100000", path], "fatal error: fuel limit of 100000 steps reached\n"),
        (&["run", "--max-mem", "32MiB", path, "m"], "fatal error: memory limit of 33554432 bytes reached\n"),
        (&["--max-goroutines", "50", path, "g"], "fatal error: limit of 50 goroutines reached\n"),
        (&["--seed", "1", "--fuel", "1000", path], "fatal error: fuel limit of 1000 steps reached\n"),
    ];
    for (args, message) in cases {
        let (status, out, err) = outcome(&mut gol(args));
        assert_eq!((status, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(err.starts_with(message) && err.contains("\ngoroutine 1 ["), "{args:?}: {err}");
    }
    let (status, _, err) = outcome(&mut gol(&["--timeout", "5", path]));
    assert!(status == Some(2) && err.contains("no duration"), "{err}");
}

#[test]
fn the_library_can_be_read_about() {
    let says = |words: &[&str]| {
        let all: Vec<&str> = ["doc"].iter().chain(words).copied().collect();
        let (status, out, err) = outcome(&mut gol(&all));
        assert!(status == Some(0) && err.is_empty(), "{words:?}: {err}");
        out
    };
    let fields = says(&["strings.Fields"]);
    let start = "package strings // import \"strings\"\n\nfunc Fields(s string) []string\n    Fields ";
    assert!(fields.starts_with(start), "{fields}");
    assert_eq!(says(&["strings", "fields"]), fields);
    let reader = says(&["csv.Reader"]);
    assert!(reader.contains("\tComma rune\n") && reader.contains("\t// Has unexported fields.\n}\n"), "{reader}");
    assert!(!reader.contains("bufio"), "{reader}");
    assert!(reader.contains("\nfunc (r *Reader) Read() (record []string, err error)\n"), "{reader}");
    assert!(reader.contains("\nfunc NewReader(r io.Reader) *Reader\n"), "{reader}");
    assert!(says(&["csv.Reader.Comma"]).contains("type Reader struct {\n    Comma rune\n}\n    Comma separates"));
    assert!(says(&["strings.Builder.WriteString"]).contains("func (b *Builder) WriteString(s string) (int, error)\n"));
    assert!(says(&["golang.org/x/sync/errgroup.Group.Go"]).contains("func (g *Group) Go(f func() error)\n"));
    assert!(says(&["append"]).starts_with("package builtin\n\nfunc append("));
    assert!(says(&["io"]).contains("\ntype Reader interface{ ... }\n"));
    assert!(says(&[]).contains("\nstrings "));
    for (query, error) in [
        ("strings.Feilds", "gol: package strings has no exported Feilds; did you mean Fields?\n"),
        ("strngs", "gol: there is no package strngs; did you mean strings?\n"),
        ("strings.Builder.Lenn", "gol: type strings.Builder has no exported field or method Lenn; did you mean Len?\n"),
    ] {
        assert_eq!(outcome(&mut gol(&["doc", query])), (Some(1), String::new(), error.into()));
    }
}

#[test]
fn code_on_the_command_line() {
    let run = |args: &[&str]| outcome(&mut gol(args));
    assert_eq!(run(&["-e", "1 + 2"]), (Some(0), "3\n".into(), String::new()));
    assert_eq!(run(&["-e", "strconv.Atoi(\"x\")"]).1, "0 strconv.Atoi: parsing \"x\": invalid syntax\n");
    assert_eq!(run(&["-e", "fmt.Println(strings.ToUpper(os.Args[1]))", "abc", "-v"]).1, "ABC\n");
    assert_eq!(run(&["-e", "x := 3; for i := range x { fmt.Print(i) }"]).1, "012");
    assert_eq!(run(&["-e", "func f(n int) int { return n * n }\nfmt.Print(f(7))"]).1, "49");
    assert_eq!(run(&["-e", "-1"]).1, "-1\n");
    let (status, out, err) = run(&["-e", "fmt.Println(1); panic(\"no\")"]);
    assert!(status == Some(2) && out == "1\n" && err.starts_with("panic: no\n"), "{err}");
    let (status, _, err) = run(&["-e", "<-make(chan int)"]);
    assert!(status == Some(2) && err.starts_with("fatal error: all goroutines are asleep - deadlock!\n"), "{err}");
    let (status, out, err) = run(&["-e", "x + 1"]);
    assert!(status == Some(1) && out.is_empty() && err.contains("undefined: x"), "{err}");
    assert_eq!(run(&["-e", "os.Exit(7)"]).0, Some(7));
    let (status, _, err) = run(&["--timeout", "50ms", "-e", "for {}"]);
    assert!(status == Some(2) && err.starts_with("fatal error: time limit of 50ms reached\n"), "{err}");
}

#[test]
fn code_that_goes_wrong() {
    // A crash in any goroutine ends it all, as in a program.
    let (status, out, err) = outcome(&mut gol(&["-e", "go func() { panic(\"y\") }(); select {}"]));
    assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.starts_with("panic: y\n") && !err.contains("deadlock") && !err.contains("the others"), "{err}");
    // What is no value is shown too.
    assert_eq!(outcome(&mut gol(&["-e", "[]int"])), (Some(0), "type []int\n".into(), String::new()));
    assert_eq!(outcome(&mut gol(&["-e", "strings"])).1, "package strings (\"strings\")\n");
    for odd in ["1+", "}", "func", "\"abc", "`abc", "/*", "for {", "break", "goto x", "_", "nope.X", "1,2", "main()"] {
        let (status, out, err) = outcome(&mut gol(&["-e", odd]));
        assert_eq!((status, out.as_str()), (Some(1), ""), "{odd}: {err}");
        assert!(err.contains("Error: ") && !err.contains("panicked"), "{odd}: {err}");
    }
}

/// Standard output that takes nothing is told of on standard error.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let path = file("full", "x.gol", HELLO);
    let path = path.to_str().unwrap();
    let commands: &[&[&str]] = &[
        &["doc"],
        &["doc", "strings"],
        &["dis", path],
        &["ast", path],
        &["tokens", path],
        &["explain"],
        &["man"],
        &["version"],
        &["help"],
        &["--help"],
        &["--version"],
        &["-e", "1"],
        &["completions", "bash"],
    ];
    for words in commands {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (status, _, err) = outcome(gol(words).stdout(full));
        assert_eq!(status, Some(1), "{words:?}");
        assert_eq!(err, "gol: standard output: No space left on device (os error 28)\n", "{words:?}");
    }
    // What a program makes of it is the program's.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(outcome(gol(&[path]).stdout(full)).0, Some(0));
}

/// A reader that goes away ends whoever prints for it, and nobody complains.
#[test]
#[cfg(unix)]
fn a_reader_that_goes_away() {
    let text = HELLO.replace("fmt.Println(\"hi\")", "for { fmt.Println(1) }");
    let path = file("pipe", "x.gol", text);
    for words in [&[path.to_str().unwrap()][..], &["-e", "for { fmt.Println(1) }"], &["doc", "strings"]] {
        let mut child = gol(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    }
}

const ORDER: &str = "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tc := make(chan int, 64)\n\tfor i := range 8 {\n\t\tgo func() { c <- i }()\n\t}\n\tfor range 8 {\n\t\tfmt.Print(<-c)\n\t}\n}\n";

/// An hour costs no time, and goroutines take turns as the seed has it.
#[test]
fn seeds_order_a_run() {
    let hour = "package main\n\nimport \"time\"\n\nfunc main() {\n\tt := time.Now()\n\ttime.Sleep(time.Hour)\n\tif time.Since(t) < time.Hour {\n\t\tpanic(\"too soon\")\n\t}\n}\n";
    let path = file("hour", "x.gol", hour);
    let begin = std::time::Instant::now();
    let (status, _, err) = outcome(&mut gol(&["run", "--seed", "7", path.to_str().unwrap()]));
    assert_eq!(status, Some(0), "{err}");
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    let path = file("order", "x.gol", ORDER);
    let run = |seed: u64| outcome(&mut gol(&["run", "--seed", &seed.to_string(), path.to_str().unwrap()])).1;
    let orders: std::collections::HashSet<String> = (0..20).map(run).collect();
    assert!(orders.len() > 5, "{orders:?}");
    let first = run(7);
    assert!(first.len() == 8 && (0..20).all(|_| run(7) == first));
}

/// Every example prints the same bytes whenever it runs with the same seed.
#[test]
fn examples_repeat_themselves() {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "gol") {
            continue;
        }
        let run = || outcome(&mut gol(&["run", "--seed", "7", path.to_str().unwrap()]));
        let first = run();
        assert!((0..2).all(|_| run() == first), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 20);
}

/// Without a terminal a walk is printed as a whole; a page and a run are asked for.
#[test]
fn codewalks() {
    let (status, out, _) = outcome(&mut gol(&["walk"]));
    let names: Vec<&str> = out.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(status == Some(0) && names.contains(&"pig") && names.contains(&"markov"), "{out}");
    for name in names {
        let (status, out, err) = outcome(&mut gol(&["walk", name]));
        assert!(status == Some(0) && err.is_empty() && out.contains("\n1 of "), "{out}{err}");
        let (status, out, _) = outcome(&mut gol(&["walk", "--html", name]));
        assert!(status == Some(0) && out.starts_with("<!DOCTYPE html>") && out.ends_with("</html>\n"));
    }
    let mut child = gol(&["walk", "markov", "--run", "--", "-prefix=1", "-words=3"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a b a b a b").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"a b a\n");
    let (status, _, err) = outcome(&mut gol(&["walk", "pgi"]));
    assert_eq!((status, err.as_str()), (Some(1), "gol: there is no walk pgi: did you mean pig?\n"));
    assert_eq!(outcome(&mut gol(&["walk", "--html"])).0, Some(1));
    assert_eq!(outcome(&mut gol(&["walk", "--html", "--run", "pig"])).0, Some(2));
}

/// What a stranger types first.
#[test]
fn odd_questions_have_answers() {
    for (words, message) in [
        (&["doc", "strings."][..], "gol: a name is missing in \"strings.\"; `gol doc strings` shows all of it\n"),
        (&["doc", ".."], "gol: a name is missing in \"..\"\n"),
        (&["build", "x.gol"], "gol: there is no command build: there is no build step: gol FILE runs a program\n"),
        (&["vet"], "gol: there is no command vet: gol check FILE finds mistakes\n"),
    ] {
        assert_eq!(outcome(&mut gol(words)), (Some(1), String::new(), message.to_string()));
    }
    // What is in a file does nothing to the terminal.
    let path = file("escape", "x.gol", "package main\n\nfunc main() { x\x1b[31m\u{9b}31m }\n");
    let (status, _, err) = outcome(&mut gol(&[path.to_str().unwrap()]));
    assert!(status == Some(1) && !err.contains(['\x1b', '\u{9b}']), "{err:?}");
}

/// Statements may stand before an expression, whose value is printed; a seed makes it one run.
#[test]
fn values_of_code_on_the_command_line() {
    for (code, out) in [("x := 20; x + 1", "21\n"), ("func f() {}; f()", ""), ("fmt.Println(1)", "1\n"), ("x := 1", "")]
    {
        assert_eq!(outcome(&mut gol(&["-e", code])), (Some(0), out.to_string(), String::new()));
    }
    let code = "c := make(chan int, 9); for i := range 9 { go func() { c <- i }() }; for range 9 { fmt.Print(<-c) }; rand.Int()";
    let run = |seed: &str| outcome(&mut gol(&["--seed", seed, "-e", code]));
    assert!((0..5).all(|_| run("1") == run("1")) && run("1") != run("2"));
    let begin = std::time::Instant::now();
    assert_eq!(outcome(&mut gol(&["--seed", "1", "-e", "time.Sleep(time.Hour); 1"])).1, "1\n");
    assert!(begin.elapsed().as_secs() < 60);
    let (status, _, err) = outcome(&mut gol(&["-e", "}"]));
    assert!(status == Some(1) && err.contains("unexpected } with nothing open"), "{err}");
}

/// What is typed into a pipe is a session too, and by a seed the same one.
#[test]
fn a_transcript_by_a_seed_repeats_itself() {
    let text =
        "n := 0\ngo func() { for { n++; time.Sleep(time.Millisecond) } }()\ntime.Sleep(time.Second)\nn\nrand.Int()\n";
    let run = |seed: &str| {
        let mut child = gol(&["repl", "--seed", seed]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let first = run("3");
    assert!(
        first.contains("int = 1000\n") || first.contains("int = 999\n") || first.contains("int = 1001\n"),
        "{first}"
    );
    assert!((0..5).all(|_| run("3") == first) && run("4") != first);
}
