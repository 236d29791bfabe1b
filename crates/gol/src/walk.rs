//! Codewalks: programs that are explained step by step, beside the lines that a step is about.
//!
//! A walk is two files in `examples/codewalk`, which the binary holds: the program and its steps. The steps know no line numbers. They name
//! lines by a piece of their text, which must be in exactly one line of the program, so that they can't drift: [`Walk::parse`] refuses a
//! pattern that fits no line or several, and a test parses all walks.
//!
//! The form of a `.walk` file:
//!
//! ```text
//! # Title
//! Paragraphs that introduce the program.
//! args: what the program is given when it is run from the walk
//! stdin: a line of its input
//! ## Title of a step
//! @ piece of a line            this line; if it opens a block, the whole block
//! @ piece ... piece            from the one line to the other
//! Paragraphs, each a line of its own or several.
//! ```
//!
//! `screen` and `page` show walks, `keys` is the shell for people.

mod keys;
mod page;
mod screen;

pub(crate) use keys::interactive;
pub(crate) use page::page;
pub(crate) use screen::plain;

use std::ops::Range;

/// Name, program and steps of all walks.
const WALKS: &[(&str, &str, &str)] = &[
    ("pig", include_str!("../../../examples/codewalk/pig.gol"), include_str!("../../../examples/codewalk/pig.walk")),
    (
        "markov",
        include_str!("../../../examples/codewalk/markov.gol"),
        include_str!("../../../examples/codewalk/markov.walk"),
    ),
    (
        "urlpoll",
        include_str!("../../../examples/codewalk/urlpoll.gol"),
        include_str!("../../../examples/codewalk/urlpoll.walk"),
    ),
];

/// A walk.
pub(crate) struct Walk {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// The program's whole text.
    pub(crate) program: &'static str,
    /// What it is about.
    pub(crate) title: String,
    /// The paragraphs before the first step.
    pub(crate) intro: Vec<String>,
    /// What the program is given when it is run from the walk.
    pub(crate) args: Vec<String>,
    /// Its input then.
    pub(crate) stdin: String,
    /// The lines of the program that are shown: what a test expects of it, at its end, is left out.
    pub(crate) lines: Vec<&'static str>,
    /// The steps.
    pub(crate) steps: Vec<Step>,
}

/// A step of a walk.
#[derive(Default)]
pub(crate) struct Step {
    /// Its title.
    pub(crate) title: String,
    /// Its paragraphs.
    pub(crate) text: Vec<String>,
    /// The lines that it is about, from 0 on, as it names them.
    pub(crate) places: Vec<Range<usize>>,
}

impl Step {
    /// Whether it is about this line.
    pub(crate) fn is_about(&self, line: usize) -> bool {
        self.places.iter().any(|p| p.contains(&line))
    }
}

/// The names of all walks.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    WALKS.iter().map(|w| w.0)
}

/// All walks.
pub(crate) fn all() -> impl Iterator<Item = Walk> {
    names().filter_map(named)
}

/// The walk with this name.
pub(crate) fn named(name: &str) -> Option<Walk> {
    let (name, program, steps) = WALKS.iter().find(|w| w.0 == name)?;
    Some(Walk::parse(name, program, steps).expect("a test reads every walk"))
}

impl Walk {
    fn parse(name: &'static str, program: &'static str, text: &str) -> Result<Walk, String> {
        let mut walk = Walk {
            name,
            program,
            title: String::new(),
            intro: Vec::new(),
            args: Vec::new(),
            stdin: String::new(),
            lines: shown(program),
            steps: Vec::new(),
        };
        // Whether the next line goes on with the last paragraph.
        let mut open = false;
        for (n, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("{name}.walk:{}: {what}", n + 1);
            let goes_on = std::mem::take(&mut open);
            if let Some(title) = line.strip_prefix("# ") {
                walk.title = title.into();
            } else if let Some(title) = line.strip_prefix("## ") {
                walk.steps.push(Step { title: title.into(), ..Step::default() });
            } else if let Some(pattern) = line.strip_prefix("@ ") {
                let place = place(&walk.lines, pattern).map_err(|e| wrong(&e))?;
                walk.steps.last_mut().ok_or_else(|| wrong("no step has begun"))?.places.push(place);
            } else if let Some(words) = line.strip_prefix("args: ") {
                walk.args.extend(words.split_whitespace().map(str::to_string));
            } else if let Some(input) = line.strip_prefix("stdin: ") {
                walk.stdin.push_str(&format!("{input}\n"));
            } else if !line.is_empty() {
                let text = walk.steps.last_mut().map_or(&mut walk.intro, |s| &mut s.text);
                match text.last_mut().filter(|_| goes_on) {
                    Some(last) => *last = format!("{last} {line}"),
                    None => text.push(line.into()),
                }
                open = true;
            }
        }
        match walk.steps.iter().find(|s| s.places.is_empty() || s.text.is_empty()) {
            Some(step) => Err(format!("{name}.walk: the step {:?} has no lines or no text", step.title)),
            None if walk.title.is_empty() || walk.intro.is_empty() || walk.steps.is_empty() => {
                Err(format!("{name}.walk has no title, no introduction or no steps"))
            }
            None => Ok(walk),
        }
    }

    /// The line of step `n`, from 0 on, that is to be seen first.
    pub(crate) fn first_line(&self, n: usize) -> usize {
        self.steps[n].places.iter().map(|p| p.start).min().unwrap_or_default()
    }
}

/// The lines of a program without the comments at its end that only tests read.
fn shown(program: &'static str) -> Vec<&'static str> {
    let marks = ["// stdin:", "// args:", "// env:", "// Output:", "// exit:", "// skip:"];
    let end = |l: &&str| !marks.iter().any(|m| l.starts_with(m));
    let mut lines: Vec<_> = program.lines().take_while(end).collect();
    while lines.last().is_some_and(|l| l.trim().is_empty()) {
        lines.pop();
    }
    lines
}

/// The lines that a pattern names.
fn place(lines: &[&str], pattern: &str) -> Result<Range<usize>, String> {
    if let Some((first, last)) = pattern.split_once(" ... ") {
        let (first, last) = (line_with(lines, first)?, line_with(lines, last)?);
        return if first <= last { Ok(first..last + 1) } else { Err(format!("{pattern}: ends before it begins")) };
    }
    let first = line_with(lines, pattern)?;
    let indent = |l: &str| l.len() - l.trim_start().len();
    let opens = lines[first].ends_with(['{', '(', '[']);
    let closes = |l: &&str| l.trim_start().starts_with(['}', ')', ']']) && indent(l) == indent(lines[first]);
    let block = opens.then(|| lines[first + 1..].iter().position(closes)).flatten();
    Ok(first..first + block.map_or(1, |n| n + 2))
}

/// The one line that this text is in.
fn line_with(lines: &[&str], text: &str) -> Result<usize, String> {
    let mut found = lines.iter().enumerate().filter(|l| l.1.contains(text)).map(|l| l.0);
    match (found.next(), found.next()) {
        (Some(n), None) => Ok(n),
        (None, _) => Err(format!("no line has {text:?}")),
        (Some(a), Some(b)) => Err(format!("{text:?} is in the lines {} and {}", a + 1, b + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_walk_fits_its_program() {
        for (name, program, steps) in WALKS {
            let walk = Walk::parse(name, program, steps).unwrap_or_else(|e| panic!("{e}"));
            assert!(walk.steps.len() >= 5, "{name}");
            // The layout counts characters.
            assert!(steps.is_ascii() && walk.lines.iter().all(|l| l.is_ascii()), "{name}");
        }
    }

    #[test]
    fn every_file_beside_the_programs_is_a_walk() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/codewalk");
        let walks = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.path());
        let walks: Vec<_> = walks.filter(|p| p.extension().is_some_and(|e| e == "walk")).collect();
        assert_eq!(walks.len(), WALKS.len());
    }

    #[test]
    fn a_pattern_that_drifts_is_found() {
        let program = "package main\n\nfunc a() {\n\tb()\n}\n\nfunc b() {}\n";
        let parse = |at: &str| {
            let steps = format!("# T\nintro\n## S\n@ {at}\ntext\nmore\n\nlast\n");
            Walk::parse("x", program, &steps)
        };
        let good = parse("func a()").unwrap();
        assert_eq!((good.steps[0].places[0].clone(), good.steps[0].text.len()), (2..5, 2));
        assert_eq!(parse("func a() ... func b").unwrap().steps[0].places[0], 2..7);
        for (pattern, wrong) in [
            ("b()", "x.walk:4: \"b()\" is in the lines 4 and 7"),
            ("func c", "x.walk:4: no line has \"func c\""),
            ("func b ... func a", "x.walk:4: func b ... func a: ends before it begins"),
        ] {
            assert_eq!(parse(pattern).err().as_deref(), Some(wrong));
        }
    }
}
