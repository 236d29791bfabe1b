//! A walk as lines of text: all of it one step after the other, or one step as large as a terminal.

use super::{Step, Walk};
use std::fmt::Write;

/// From so many columns on text and code stand side by side.
const BESIDE: usize = 100;
/// Columns of the text then.
const TEXT: usize = 44;
/// Columns of text that stands alone, at most.
const ALONE: usize = 96;

const TITLE: &str = "\x1b[1m";
const WORD: &str = "\x1b[36m";
const HERE: &str = "\x1b[1;33m";
const PALE: &str = "\x1b[2m";
const OFF: &str = "\x1b[0m";

/// The whole walk, for pipes and files.
pub(crate) fn plain(walk: &Walk) -> String {
    let mut out = format!("{}\n\n", walk.title);
    paragraphs(&mut out, &walk.intro);
    for (n, step) in walk.steps.iter().enumerate() {
        let _ = writeln!(out, "{} of {}: {}\n", n + 1, walk.steps.len(), step.title);
        paragraphs(&mut out, &step.text);
        for place in &step.places {
            for line in place.clone() {
                let _ = writeln!(out, "{:4}  {}", line + 1, untabbed(walk.lines[line]));
            }
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn paragraphs(out: &mut String, text: &[String]) {
    for paragraph in text {
        for line in wrapped(paragraph, 78) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
    }
}

/// What of a walk a terminal shows.
pub(super) struct View {
    /// The step, from 0 on; `None`: the introduction.
    pub(super) step: Option<usize>,
    /// Lines that the reader has moved on, down if positive.
    pub(super) moved: isize,
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) colors: bool,
}

/// The last line: what can be done.
const KEYS: [&str; 3] =
    ["Enter: on   b: back   r: run   arrows: scroll   q: quit", "Enter on, b back, r run, q quit", "Enter b r q"];

/// The lines of a screen, at most as many as it has rows, none longer than it has columns. May put `moved` right.
pub(super) fn screen(walk: &Walk, view: &mut View) -> Vec<String> {
    let (columns, rows) = (view.columns.max(8), view.rows.max(4));
    let (title, text) = match view.step {
        None => (walk.title.clone(), &walk.intro),
        Some(n) => (format!("{}/{} {}", n + 1, walk.steps.len(), walk.steps[n].title), &walk.steps[n].text),
    };
    let beside = columns >= BESIDE && view.step.is_some();
    let width = if beside { TEXT } else { columns.min(ALONE) };
    let mut words: Vec<String> = Vec::new();
    for line in wrapped(&title, width) {
        words.push(if view.colors { format!("{TITLE}{line}{OFF}") } else { line });
    }
    for paragraph in text {
        words.push(String::new());
        let lines = wrapped(paragraph, width);
        words.extend(if view.colors { painted(lines) } else { lines });
    }
    // A row for the keys, and one above it.
    let room = rows - 2;
    let mut out = Vec::new();
    let code_at = words.len() + 1;
    match view.step.map(|n| (n, &walk.steps[n])) {
        None => {
            scroll(&mut view.moved, words.len(), room);
            out.extend(words.into_iter().skip(view.moved as usize).take(room));
        }
        Some((n, step)) if beside => {
            let code = code(walk, (n, step), view, columns - TEXT - 3, room);
            for row in 0..room {
                let left = words.get(row).map_or("", String::as_str);
                let right = code.get(row).map_or("", String::as_str);
                out.push(format!("{left}{:pad$} {right}", "", pad = (TEXT + 1).saturating_sub(seen(left))));
            }
        }
        // Text above code, which has a third of the room at least; in what is less the reader scrolls.
        Some((n, step)) if code_at + room / 3 <= room => {
            let code = code(walk, (n, step), view, columns, room - code_at);
            out.extend(words);
            out.push(String::new());
            out.extend(code);
        }
        Some((n, step)) => {
            let mut own = View { moved: 0, ..*view };
            let lines: usize = step.places.iter().map(|p| p.len()).sum();
            words.push(String::new());
            words.extend(code(walk, (n, step), &mut own, columns, lines.max(3)));
            scroll(&mut view.moved, words.len(), room);
            out.extend(words.into_iter().skip(view.moved as usize).take(room));
        }
    }
    out.resize(room + 1, String::new());
    let keys = KEYS.iter().find(|k| k.len() < columns).unwrap_or(&"");
    out.push(if view.colors { format!("{PALE}{keys}{OFF}") } else { keys.to_string() });
    out
}

/// Keeps a place to scroll to between the first and the last.
fn scroll(moved: &mut isize, lines: usize, room: usize) {
    *moved = (*moved).clamp(0, lines.saturating_sub(room) as isize);
}

/// `room` lines of the program with those of the step in the middle, marked.
fn code(walk: &Walk, (n, step): (usize, &Step), view: &mut View, columns: usize, room: usize) -> Vec<String> {
    let first = walk.first_line(n);
    let last = step.places.iter().filter(|p| p.start < first + room).map(|p| p.end).max().unwrap_or(first);
    let span = (last - first).min(room);
    let end = walk.lines.len().saturating_sub(room) as isize;
    let top = (first.saturating_sub((room - span) / 2) as isize).min(end);
    view.moved = (top + view.moved).clamp(0, end) - top;
    let from = (top + view.moved) as usize;
    let show = |(i, line): (usize, &&str)| {
        let here = step.is_about(i);
        let text = format!("{}{:4} {}", if here { '>' } else { ' ' }, i + 1, untabbed(line));
        let text: String = text.chars().take(columns).collect();
        match (view.colors, here) {
            (false, _) => text,
            (true, true) => format!("{HERE}{text}{OFF}"),
            (true, false) => format!("{PALE}{text}{OFF}"),
        }
    };
    walk.lines.iter().enumerate().skip(from).take(room).map(show).collect()
}

/// The lines of a paragraph with what is in backquotes in color. The quotes stay, so widths do too.
fn painted(lines: Vec<String>) -> Vec<String> {
    let mut on = false;
    let paint = |line: String| {
        let mut out = String::from(if on { WORD } else { "" });
        for (i, part) in line.split('`').enumerate() {
            if i > 0 {
                on = !on;
                out.push_str(if on { "\x1b[36m`" } else { "`\x1b[0m" });
            }
            out.push_str(part);
        }
        out.push_str(if on { OFF } else { "" });
        out
    };
    lines.into_iter().map(paint).collect()
}

/// Columns that a text takes.
fn seen(text: &str) -> usize {
    let mut rest = text;
    let mut n = 0;
    while let Some((before, after)) = rest.split_once('\x1b') {
        n += before.chars().count();
        rest = after.split_once('m').map_or("", |a| a.1);
    }
    n + rest.chars().count()
}

fn untabbed(line: &str) -> String {
    let code = line.trim_start_matches('\t');
    "    ".repeat(line.len() - code.len()) + code
}

/// A paragraph in lines; a word that is longer than a line is cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
        } else if !last.is_empty() {
            lines.push(String::new());
        }
        while word.chars().count() > width {
            let at = word.char_indices().nth(width).map_or(word.len(), |c| c.0);
            lines.last_mut().expect("there is a line").push_str(&word[..at]);
            lines.push(String::new());
            word = &word[at..];
        }
        lines.last_mut().expect("there is a line").push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_fits_every_terminal() {
        for walk in super::super::all() {
            for (columns, rows) in [(8, 4), (20, 10), (40, 12), (80, 24), (99, 30), (100, 24), (160, 50), (300, 3)] {
                for step in std::iter::once(None).chain((0..walk.steps.len()).map(Some)) {
                    for moved in [0, 1, -1, 1000, -1000] {
                        for colors in [false, true] {
                            let mut view = View { step, moved, columns, rows, colors };
                            let lines = screen(&walk, &mut view);
                            assert_eq!(lines.len(), rows.max(4));
                            assert!(lines.iter().all(|l| seen(l) <= columns), "{columns}x{rows}: {lines:#?}");
                            assert_eq!(colors, lines.iter().any(|l| l.contains('\x1b')));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_step_shows_its_lines() {
        let walk = super::super::named("pig").unwrap();
        for (columns, rows) in [(80, 40), (100, 24), (200, 60)] {
            for (n, step) in walk.steps.iter().enumerate() {
                let mut view = View { step: Some(n), moved: 0, columns, rows, colors: false };
                let text = screen(&walk, &mut view).join("\n");
                let first = walk.first_line(n);
                let line = format!(">{:4} {}", first + 1, untabbed(walk.lines[first]));
                assert!(text.contains(&line[..line.len().min(50)]), "{columns}: {}: {text}", step.title);
                assert_eq!(view.moved, 0);
            }
        }
    }

    #[test]
    fn paragraphs_are_wrapped() {
        assert_eq!(wrapped("a bc def ghijklmnop q", 4), ["a bc", "def", "ghij", "klmn", "op q"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
