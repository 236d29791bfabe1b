//! The shell for people: a step as large as the terminal, and keys to go on, back, run and quit.

use super::Walk;
use super::screen::{View, screen};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::termios::{self, OptionalActions, Termios};
use signal_hook::consts::SIGINT;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// How often it looks whether the terminal has another size.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// The other screen of the terminal, without a cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// A key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    On,
    Back,
    Up,
    Down,
    First,
    Last,
    Run,
    Quit,
    Other,
}

/// Shows a walk until the reader has enough of it.
pub(crate) fn interactive(walk: &Walk, colors: bool) -> io::Result<()> {
    // Ctrl-C while the program runs is the program's.
    signal_hook::flag::register(SIGINT, Arc::default())?;
    let mut terminal = Terminal::new()?;
    let mut view = View { step: None, moved: 0, columns: 0, rows: 0, colors };
    let mut drawn = false;
    loop {
        let (columns, rows) = size();
        if !drawn || (columns, rows) != (view.columns, view.rows) {
            (view.columns, view.rows) = (columns, rows);
            terminal.draw(&screen(walk, &mut view))?;
            drawn = true;
        }
        let Some(key) = terminal.key()? else { continue };
        drawn = key == Key::Other;
        let last = walk.steps.len() - 1;
        match key {
            Key::On => (view.step, view.moved) = (Some(view.step.map_or(0, |n| (n + 1).min(last))), 0),
            Key::Back => (view.step, view.moved) = (view.step.and_then(|n| n.checked_sub(1)), 0),
            Key::First => (view.step, view.moved) = (None, 0),
            Key::Last => (view.step, view.moved) = (Some(last), 0),
            Key::Up => view.moved -= 1,
            Key::Down => view.moved += 1,
            Key::Run => {
                terminal.give_back();
                let told = run(walk);
                terminal.take()?;
                put(&format!("\n{told}Any key goes back to the walk."))?;
                while terminal.key()?.is_none() {}
                put(&format!("\n{ENTER}"))?;
            }
            Key::Quit => return Ok(()),
            Key::Other => {}
        }
    }
}

/// Runs the walk's program as a process of its own, and says how it ended.
fn run(walk: &Walk) -> String {
    let words = walk.args.join(" ");
    let _ = put(format!("\n$ gol {}.gol {words}", walk.name).trim_end()).and_then(|()| put("\n"));
    let started = std::env::current_exe().and_then(|gol| {
        let input = if walk.stdin.is_empty() { Stdio::inherit() } else { Stdio::piped() };
        Command::new(gol).args(["walk", walk.name, "--run"]).stdin(input).spawn()
    });
    let ended = started.and_then(|mut child| {
        if let Some(mut input) = child.stdin.take() {
            // A program that does not read all of it is no mistake.
            let _ = input.write_all(walk.stdin.as_bytes());
        }
        child.wait()
    });
    match ended {
        Ok(status) if status.success() => String::new(),
        Ok(status) => format!("The program has ended: {status}. "),
        Err(e) => format!("The program can't be run: {e}. "),
    }
}

fn size() -> (usize, usize) {
    let size = termios::tcgetwinsize(rustix::stdio::stdout());
    let size = size.map_or((80, 24), |w| (usize::from(w.ws_col), usize::from(w.ws_row)));
    if size.0 == 0 || size.1 == 0 { (80, 24) } else { size }
}

/// The terminal while the walk has it: a key at a time, and a screen of its own.
struct Terminal {
    /// As it was before.
    before: Termios,
    /// Bytes that were read and are no whole key yet.
    pending: Vec<u8>,
}

impl Terminal {
    fn new() -> io::Result<Terminal> {
        let before = termios::tcgetattr(rustix::stdio::stdin())?;
        let mut terminal = Terminal { before, pending: Vec::new() };
        put(ENTER)?;
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&mut self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        // Lines still end as lines do.
        raw.output_modes = self.before.output_modes;
        Ok(termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &raw)?)
    }

    /// As it was, on the reader's own screen.
    fn give_back(&mut self) {
        let _ = put(LEAVE);
        let _ = termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.before);
    }
}

impl Terminal {
    fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        // Line by line, so that nothing flickers.
        let mut out = String::from("\x1b[H");
        for (i, line) in lines.iter().enumerate() {
            let end = if i + 1 < lines.len() { "\n" } else { "" };
            out.push_str(&format!("{line}\x1b[K{end}"));
        }
        put(&(out + "\x1b[J"))
    }

    /// The next key; `None`: nothing for a while.
    fn key(&mut self) -> io::Result<Option<Key>> {
        let stdin = rustix::stdio::stdin();
        if self.pending.is_empty() {
            let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
            match rustix::event::poll(&mut fds, Some(&LOOK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
                Ok(_) => {}
                Err(e) => return Err(e.into()),
            }
            let mut buf = [0; 64];
            match rustix::io::read(stdin, &mut buf) {
                Ok(0) => return Ok(Some(Key::Quit)),
                Ok(n) => self.pending.extend(&buf[..n]),
                Err(rustix::io::Errno::INTR) => return Ok(None),
                Err(e) => return Err(e.into()),
            }
        }
        let (key, taken) = first_key(&self.pending);
        self.pending.drain(..taken);
        Ok(Some(key))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn put(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// The first key of what was typed, and how many bytes it is.
fn first_key(typed: &[u8]) -> (Key, usize) {
    const SEQUENCES: &[(&[u8], Key)] = &[
        (b"\x1b[A", Key::Up),
        (b"\x1bOA", Key::Up),
        (b"\x1b[B", Key::Down),
        (b"\x1bOB", Key::Down),
        (b"\x1b[C", Key::On),
        (b"\x1bOC", Key::On),
        (b"\x1b[D", Key::Back),
        (b"\x1bOD", Key::Back),
        (b"\x1b[5~", Key::Back),
        (b"\x1b[6~", Key::On),
        (b"\x1b[H", Key::First),
        (b"\x1b[1~", Key::First),
        (b"\x1b[F", Key::Last),
        (b"\x1b[4~", Key::Last),
    ];
    if let Some((bytes, key)) = SEQUENCES.iter().find(|s| typed.starts_with(s.0)) {
        return (*key, bytes.len());
    }
    match typed[0] {
        // A sequence that means nothing here is left out as a whole.
        0x1b if typed.len() > 1 => (Key::Other, typed.len()),
        b'\r' | b'\n' | b' ' | b'n' => (Key::On, 1),
        b'b' | b'p' | 0x7f | 8 => (Key::Back, 1),
        b'k' => (Key::Up, 1),
        b'j' => (Key::Down, 1),
        b'g' => (Key::First, 1),
        b'G' => (Key::Last, 1),
        b'r' => (Key::Run, 1),
        // q, Escape, Ctrl-C, Ctrl-D.
        b'q' | 0x1b | 3 | 4 => (Key::Quit, 1),
        _ => (Key::Other, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        assert_eq!(first_key(b"\x1b[Cq"), (Key::On, 3));
        assert_eq!(first_key(b"qq"), (Key::Quit, 1));
        assert_eq!(first_key(b"\x1b"), (Key::Quit, 1));
        assert_eq!(first_key(b"\x1b[99~"), (Key::Other, 5));
        assert_eq!(first_key(b"\xff"), (Key::Other, 1));
    }
}
