//! `gol walk` on a pseudo-terminal: its keys, wide and narrow.

use rexpect::session::{PtySession, spawn_command};
use std::process::Command;

const PATIENCE: u64 = 60_000;

fn reader(walk: &str, columns: u32) -> PtySession {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("stty cols {columns} rows 30; exec \"$GOL\" walk {walk}")]);
    command.env("GOL", env!("CARGO_BIN_EXE_gol")).env("TERM", "xterm").env("NO_COLOR", "1");
    spawn_command(command, Some(PATIENCE)).unwrap()
}

fn presses(pty: &mut PtySession, keys: &str) {
    pty.send(keys).unwrap();
    pty.flush().unwrap();
}

#[test]
fn keys_go_on_and_back_and_run_and_quit() {
    let mut pty = reader("markov", 120);
    pty.exp_string("Markov: text from text").unwrap();
    presses(&mut pty, " ");
    pty.exp_string("1/").unwrap();
    // The text beside the line that it is about.
    pty.exp_string(">  17 type prefix []string").unwrap();
    presses(&mut pty, "\x1b[C");
    pty.exp_string("2/").unwrap();
    presses(&mut pty, "b");
    pty.exp_string("1/").unwrap();
    presses(&mut pty, "r");
    pty.exp_string("$ gol markov.gol -words=40 -prefix=1").unwrap();
    pty.exp_string("Any key goes back").unwrap();
    presses(&mut pty, "x");
    pty.exp_string("1/").unwrap();
    presses(&mut pty, "G");
    pty.exp_string("func main()").unwrap();
    presses(&mut pty, "q");
    // The reader's own screen is back.
    pty.exp_string("\x1b[?1049l").unwrap();
    pty.exp_eof().unwrap();
}

#[test]
fn a_narrow_terminal_has_the_text_above_the_code() {
    let mut pty = reader("pig", 40);
    pty.exp_string("Pig: functions as values").unwrap();
    presses(&mut pty, "\r");
    pty.exp_string("that no rule below has to ask who that").unwrap();
    pty.exp_string(">  19 type score struct").unwrap();
    pty.send_control('c').unwrap();
    pty.exp_eof().unwrap();
}
