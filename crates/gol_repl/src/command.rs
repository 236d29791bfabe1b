//! The commands: `:help`, `:type`, `:time` and so on.

use crate::session::{Outcome, Session};
use crate::typed::Typed;
use gol_vm::GoroutineState;
use std::io::IsTerminal;
use std::time::Instant;

/// A command: its name, what it takes, what it does.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("help", "", "this list"),
    ("type", "EXPR", "the type of an expression, which is not evaluated; what a type is"),
    ("doc", "NAME", "what a package, function, type or method is for; also ?NAME"),
    ("time", "ENTRY", "evaluate, and tell how long it took"),
    ("dis", "FUNC", "the bytecode of a function"),
    ("gs", "", "goroutines: state, what each waits for and since when, where it is"),
    ("load", "FILE", "take what a file declares, or the entries that :save wrote"),
    ("save", "FILE", "write all entries to a file"),
    ("edit", "", "edit the last entry in $EDITOR and evaluate it"),
    ("history", "", "all entries so far"),
    ("reset", "", "start anew"),
    ("quit", "", "leave; so does Ctrl-D"),
];

/// The names of all commands.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|c| c.0)
}

impl Session<'_> {
    /// Carries out a command, without its colon. A command may be shortened as long as it is the only one.
    pub(crate) fn command(&mut self, text: &str) -> Outcome {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let mut fits = names().filter(|n| *n == word || n.starts_with(word));
        let name = names().find(|n| *n == word).or_else(|| fits.next().filter(|_| fits.next().is_none()));
        match name {
            Some("help") => Outcome::text(help()),
            Some("type") if !rest.is_empty() => match self.front.type_of(rest, self.settings.colors) {
                Ok(text) => Outcome::text(text),
                Err(e) => Outcome::error(e.0),
            },
            Some("time") if !rest.is_empty() => {
                let start = Instant::now();
                let mut outcome = self.eval(rest);
                outcome.text.push_str(&format!("took {:.3?}\n", start.elapsed()));
                outcome
            }
            Some("dis") if !rest.is_empty() => match self.front.listing(rest) {
                Some(text) => Outcome::text(text),
                None => Outcome::error(format!("no function {rest} is compiled: it was never used")),
            },
            Some("doc") if !rest.is_empty() => match self.front.doc(rest) {
                Ok(text) => Outcome::text(text),
                Err(text) => Outcome::error(text),
            },
            Some("gs") => Outcome::text(goroutines(&self.vm.goroutines())),
            Some("load") if !rest.is_empty() => self.load(rest),
            Some("save") if !rest.is_empty() => self.save(rest),
            Some("edit") => self.edit(),
            Some("history") => Outcome::text(self.entries.join("\n")),
            Some("reset") => self.reset(),
            Some("quit") => Outcome { exit: Some(0), ..Outcome::default() },
            Some(name) => {
                let takes = COMMANDS.iter().find(|c| c.0 == name).map_or("", |c| c.1);
                Outcome::error(format!(":{name} takes {takes}"))
            }
            None => Outcome::error(format!("no command :{word}; :help lists them")),
        }
    }

    fn load(&mut self, path: &str) -> Outcome {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(e) => return Outcome::error(format!("{path}: {e}")),
        };
        let tokens = gol_syntax::tokens(&String::from_utf8_lossy(&text));
        if tokens.first().is_some_and(|t| t.0 == "package") {
            return self.load_package(path, text);
        }
        // A file of entries, one after the other.
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut all = Outcome::default();
        let mut entry = Typed::default();
        for l in text.lines() {
            if entry.add(&format!("{l}\n")) {
                let outcome = self.eval(&entry.take());
                all.text.push_str(&outcome.text);
                all.error.push_str(&outcome.error);
                all.exit = outcome.exit;
                if !outcome.error.is_empty() || all.exit.is_some() {
                    return all;
                }
            }
        }
        if !entry.is_blank() {
            all.error.push_str(&self.eval(&entry.take()).error);
        }
        all
    }

    fn save(&mut self, path: &str) -> Outcome {
        let text: String = self.entries.iter().map(|e| format!("{e}\n")).collect();
        match std::fs::write(path, text) {
            Ok(()) => Outcome::text(format!("{} entries written to {path}", self.entries.len())),
            Err(e) => Outcome::error(format!("{path}: {e}")),
        }
    }

    fn edit(&mut self) -> Outcome {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Outcome::error(":edit needs a terminal");
        }
        let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".into());
        let path = std::env::temp_dir().join(format!("gol-entry-{}.gol", std::process::id()));
        let last = self.entries.last().cloned().unwrap_or_default();
        if let Err(e) = std::fs::write(&path, last + "\n") {
            return Outcome::error(format!("{}: {e}", path.display()));
        }
        let mut words = editor.split_whitespace();
        let program = words.next().unwrap_or("vi");
        let status = std::process::Command::new(program).args(words).arg(&path).status();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(&path);
        match status {
            Ok(status) if status.success() => self.eval(&text),
            Ok(status) => Outcome::error(format!("{editor}: {status}")),
            Err(e) => Outcome::error(format!("{editor}: {e}")),
        }
    }
}

fn help() -> String {
    let mut out = String::from(
        "An entry is an expression, whose value is shown, or statements and declarations. What it declares lives on.\n\
         Packages of the library are imported when their names are used; _ is the last value.\n\n",
    );
    for (name, takes, does) in COMMANDS {
        let head = format!(":{name} {takes}");
        out.push_str(&format!("  {head:<14} {does}\n"));
    }
    out.push_str("\nCtrl-C stops the running entry, and once more also its deferred calls.\n");
    out
}

/// A table of goroutines.
fn goroutines(all: &[GoroutineState]) -> String {
    let mut out = String::new();
    for g in all {
        let since = g.waited.map_or(String::new(), |ns| format!(" for {}", duration(ns)));
        let place = g.frames.iter().find(|f| !f.1.starts_with("$GOL/")).or(g.frames.first());
        let place = place.map_or(String::new(), |(f, file, line)| format!("  {f} ({file}:{line})"));
        out.push_str(&format!("goroutine {} [{}{since}]{place}\n", g.id, g.state));
    }
    if all.is_empty() {
        out.push_str("no goroutines\n");
    }
    out
}

fn duration(ns: i64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        0 => format!("{}ms", ns / 1_000_000),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        _ => format!("{}h{}m", seconds / 3600, seconds / 60 % 60),
    }
}
