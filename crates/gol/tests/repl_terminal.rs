//! The real REPL on a pseudo-terminal, driven as a person would.

use rexpect::session::{PtySession, spawn_command};
use std::path::PathBuf;
use std::process::Command;

/// No answer takes a tenth of this, even on a loaded machine.
const PATIENCE: u64 = 60_000;

/// What the editor sends when it has a line, and when it waits for one: bracketed paste off and on.
const TAKEN: &str = "\x1b[?2004l";
const READY: &str = "\x1b[?2004h";

struct Person {
    pty: PtySession,
    state: PathBuf,
}

impl Person {
    fn new(test: &str) -> Person {
        let state = std::env::temp_dir().join(format!("gol-repl-{test}-{}", std::process::id()));
        Person { pty: Person::start(&state), state }
    }

    fn start(state: &PathBuf) -> PtySession {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gol"));
        command.env("XDG_STATE_HOME", state).env("TERM", "xterm").env("NO_COLOR", "1").env_remove("GOL_SEED");
        let mut pty = spawn_command(command, Some(PATIENCE)).unwrap();
        pty.exp_string(READY).unwrap();
        pty
    }

    fn types(&mut self, text: &str) {
        self.pty.send(text).unwrap();
        self.pty.flush().unwrap();
    }

    /// Types an entry, and waits for what it comes to and for the next prompt.
    fn enters(&mut self, entry: &str, answer: &str) {
        self.types(&format!("{entry}\r"));
        self.sees(TAKEN);
        self.sees(answer);
        self.sees(READY);
    }

    fn sees(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Err(e) = self.pty.exp_string(text) {
            panic!("{text:?} does not come: {e}");
        }
    }

    /// Starts an entry that does not end, and presses Ctrl-C until it does.
    fn starts_and_interrupts(&mut self, entry: &str) {
        self.types(&format!("fmt.Println(\"beg\" + \"un\"); {entry}\r"));
        self.sees("begun\r\n");
        self.presses('c');
        if entry.contains("defer") {
            // Its deferred calls hang too.
            self.sees("deferred");
            self.presses('c');
        }
        self.sees("interrupted");
        self.sees(READY);
    }

    /// Declares a function that waits for a file, which is not there yet.
    fn sign(&mut self) -> PathBuf {
        std::fs::create_dir_all(&self.state).unwrap();
        let path = self.state.join("sign");
        let wait = "for { if _, err := os.Stat(SIGN); err == nil { return }; time.Sleep(time.Millisecond) }";
        let wait = wait.replace("SIGN", &format!("{:?}", path.display().to_string()));
        self.enters(&format!("func wait() {{ {wait} }}"), "");
        path
    }

    fn presses(&mut self, control: char) {
        self.pty.send_control(control).unwrap();
    }

    fn leaves(mut self) {
        self.presses('d');
        self.pty.exp_eof().unwrap();
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

#[test]
fn entries_of_several_lines_and_redefinition() {
    let mut p = Person::new("entries");
    p.types("func twice(n int) int {\r");
    p.types("return 2 * n\r");
    p.enters("}", "");
    p.enters("twice(21)", "int = 42");
    p.enters("func twice(n int) int { return 200 * n }", "");
    p.enters("twice(2)", "int = 400");
    p.enters("1 +) 2", "syntax error");
    p.enters("twice(3)", "int = 600");
    p.leaves();
}

#[test]
fn completion_hints_and_history() {
    let mut p = Person::new("history");
    p.enters("strings.ToUp\t(\"abc\")", "string = \"ABC\"");
    p.enters("number := 6 * 7", "");
    p.enters("numb\t + 1", "int = 43");
    p.types("strings.Repeat(");
    p.sees("func(s string, count int) string");
    p.enters("\"ab\", 2)", "string = \"abab\"");
    // The entry before the last one.
    p.enters("\x1b[A\x1b[A", "int = 43");
    p.presses('r');
    p.types("ToUp");
    p.sees("ToUpper");
    p.enters("", "string = \"ABC\"");
    let state = p.state.clone();
    p.presses('d');
    p.pty.exp_eof().unwrap();
    // The history is there when the next session begins.
    let mut p = Person { pty: Person::start(&state), state };
    p.enters("\x1b[A", "string = \"ABC\"");
    p.leaves();
}

#[test]
fn panics_deadlocks_and_interrupts_end_only_the_entry() {
    let mut p = Person::new("interrupts");
    p.enters("x := 5", "");
    p.enters("panic(\"oh no\")", "panic: oh no");
    p.enters("x + 1", "int = 6");
    p.enters("ch := make(chan int)", "");
    p.enters("<-ch", "all goroutines are asleep - deadlock!");
    p.enters("x + 2", "int = 7");
    p.starts_and_interrupts("for {}");
    p.enters("x + 3", "int = 8");
    p.starts_and_interrupts("for { fmt.Print() }");
    // A timer that is far away keeps a receive from being a deadlock.
    p.enters("time.AfterFunc(time.Hour, func() {})", "");
    p.starts_and_interrupts("<-ch");
    p.enters("x + 4", "int = 9");
    p.enters("var mu sync.Mutex; mu.Lock()", "");
    p.starts_and_interrupts("mu.Lock()");
    p.starts_and_interrupts("func() { defer func() { println(\"deferred\"); select {} }(); mu.Lock() }()");
    p.enters("mu.Unlock(); mu.Lock(); mu.Unlock(); mu.TryLock()", "bool = true");
    p.starts_and_interrupts("time.Sleep(time.Hour)");
    p.starts_and_interrupts("fmt.Scanln()");
    p.enters("x + 5", "int = 10");
    p.leaves();
}

#[test]
fn goroutines_print_above_the_line() {
    let mut p = Person::new("above");
    let sign = p.sign();
    p.enters("go func() { wait(); fmt.Println(\"from\", \"behind\") }()", "");
    p.types("1000 + ");
    p.sees("1000 + ");
    std::fs::write(&sign, "").unwrap();
    p.sees("from behind");
    // The line that was being typed is there again, and goes on.
    p.sees("gol> 1000 + ");
    p.enters("11", "int = 1011");
    std::fs::remove_file(&sign).unwrap();
    // The beginning of a line waits for its end, and is not lost.
    p.enters("go func() { wait(); fmt.Print(\"no end of\"); fmt.Println(\" the line\") }()", "");
    p.types("func f() int {\r\treturn 4");
    p.sees("return 4");
    std::fs::write(&sign, "").unwrap();
    p.sees("no end of the line");
    p.sees("return 4");
    p.enters("\r}", "");
    p.enters("f()", "int = 4");
    // Before the next prompt or after it.
    p.types("go func() { panic(\"in the background\") }()\r");
    p.sees("panic: in the background");
    p.sees("the others go on]");
    p.enters("6 * 7", "int = 42");
    p.types("fmt.Print(\"name\", \"? \"); var name string; fmt.Scanln(&name); fmt.Println(\"hello\", name)\r");
    p.sees("name? ");
    p.types("gopher\r");
    p.sees("hello gopher");
    p.sees(READY);
    p.leaves();
}

#[test]
fn a_thousand_goroutines_run_while_one_types() {
    let mut p = Person::new("thousand");
    p.enters("var turns atomic.Int64; done := make(chan bool)", "");
    let many = "for i := range 1000 { go func() { for { select { case <-done: return; default: turns.Add(1); time.Sleep(time.Millisecond) } }; _ = i }() }";
    p.enters(many, "");
    p.enters("runtime.NumGoroutine() > 1000", "bool = true");
    for (i, c) in "strings.Repeat".char_indices() {
        p.types(&c.to_string());
        p.sees(&"strings.Repeat"[i..=i]);
    }
    p.enters("(\"ab\", 3)", "string = \"ababab\"");
    // They have not stood still.
    p.enters("before := turns.Load()", "");
    p.enters("for turns.Load() < before + 1000 { runtime.Gosched() }; \"go\" + \"es on\"", "string = \"goes on\"");
    p.enters("close(done)", "");
    p.enters("for runtime.NumGoroutine() > 2 { runtime.Gosched() }; \"all\" + \" ended\"", "string = \"all ended\"");
    p.leaves();
}

#[test]
fn odd_keys_do_no_harm() {
    let mut p = Person::new("keys");
    // Ctrl-C drops a line, one of an entry of several too; Ctrl-D inside a line takes a character.
    p.types("1 + 1");
    p.presses('c');
    p.sees(READY);
    p.types("func f() {\r");
    p.presses('c');
    p.sees(READY);
    p.types("77");
    p.presses('a');
    p.presses('d');
    p.enters("", "int = 7");
    // Tab where there is nothing to complete, in the middle of a word, in wide text.
    p.enters("\t5\t + \t4", "int = 9");
    p.enters("\"\u{4e16}\u{754c}\t\" + \"\u{1f600}\"", "string = \"");
    p.enters("len(\"\u{4e16}\u{754c}\")", "int = 6");
    p.enters(")", "unexpected )");
    p.enters(":nix", "no command :nix");
    // A block that is pasted is one entry, tabs and all.
    p.enters("\x1b[200~func g() int {\n\tif true {\n\t\treturn 12\n\t}\n\treturn 0\n}\x1b[201~", "");
    p.enters("g()", "int = 12");
    p.leaves();
}

#[test]
fn terminals_of_few_means() {
    let state = std::env::temp_dir().join(format!("gol-repl-means-{}", std::process::id()));
    for (term, columns) in [("dumb", 80), ("xterm", 20), ("xterm", 1)] {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("stty cols {columns} rows 4; exec \"$GOL\"")])
            .env("GOL", env!("CARGO_BIN_EXE_gol"));
        command.env("XDG_STATE_HOME", &state).env("TERM", term).env("NO_COLOR", "1").env_remove("GOL_SEED");
        let mut pty = spawn_command(command, Some(PATIENCE)).unwrap();
        pty.exp_string("gol>").unwrap();
        pty.send("111111111 * 10 // a comment that is longer than the line\r").unwrap();
        pty.flush().unwrap();
        pty.exp_string("int = 1111111110").unwrap();
        pty.exp_string("gol>").unwrap();
        pty.send_control('d').unwrap();
        pty.exp_eof().unwrap();
    }
    let _ = std::fs::remove_dir_all(&state);
}

/// With a seed nothing depends on how fast one types.
#[test]
fn a_session_by_a_seed_repeats_itself() {
    let state = std::env::temp_dir().join(format!("gol-repl-seed-{}", std::process::id()));
    let run = |pause: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gol"));
        command.args(["repl", "--seed", "5"]).env("XDG_STATE_HOME", &state).env("TERM", "xterm").env("NO_COLOR", "1");
        let mut pty = spawn_command(command, Some(PATIENCE)).unwrap();
        let mut p = Person {
            state: state.clone(),
            pty: {
                pty.exp_string(READY).unwrap();
                pty
            },
        };
        p.enters("n := 0; go func() { for { n++; time.Sleep(time.Millisecond) } }()", "");
        if pause {
            // Some entries that take no time, but which take some to type.
            (0..20).for_each(|_| p.enters("", ""));
        }
        p.types("time.Sleep(time.Second); fmt.Println(\"n\", n, rand.Int())\r");
        p.sees("n ");
        p.sees("n ");
        let (line, _) = p.pty.exp_regex("[0-9]+ [0-9]+\r\n").map(|(a, b)| (b, a)).unwrap();
        p.sees(READY);
        p.leaves();
        line
    };
    let first = run(false);
    assert_eq!(run(false), first);
    assert_eq!(run(true), first);
}
