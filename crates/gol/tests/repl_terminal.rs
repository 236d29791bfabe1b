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
    p.types("fmt.Println(\"begun\"); for {}\r");
    p.sees("begun\r\n");
    p.presses('c');
    p.sees("interrupted");
    p.sees(READY);
    p.enters("x + 3", "int = 8");
    // A timer that is far away keeps a receive from being a deadlock.
    p.enters("time.AfterFunc(time.Hour, func() {})", "");
    p.types("fmt.Println(\"waits\"); <-ch\r");
    p.sees("waits\r\n");
    p.presses('c');
    p.sees("interrupted");
    p.sees(READY);
    p.enters("x + 4", "int = 9");
    p.leaves();
}

#[test]
fn goroutines_print_above_the_line() {
    let mut p = Person::new("above");
    p.enters("go func() { time.Sleep(300 * time.Millisecond); fmt.Println(\"from\", \"behind\") }()", "");
    p.types("1000 + ");
    p.sees("from behind");
    // The line that was being typed is there again, and goes on.
    p.sees("1000 + ");
    p.enters("11", "int = 1011");
    p.enters("done := make(chan bool)", "");
    p.enters("for i := range 1000 { go func() { for { select { case <-done: return; default: time.Sleep(time.Millisecond) } }; _ = i }() }", "");
    p.enters("runtime.NumGoroutine() > 1000", "bool = true");
    p.enters("go func() { panic(\"in the background\") }()", "panic: in the background");
    p.enters("close(done)", "");
    p.enters("6 * 7", "int = 42");
    p.types("fmt.Print(\"name\", \"? \"); var name string; fmt.Scanln(&name); fmt.Println(\"hello\", name)\r");
    p.sees("name?");
    p.types("gopher\r");
    p.sees("hello gopher");
    p.sees(READY);
    p.leaves();
}
