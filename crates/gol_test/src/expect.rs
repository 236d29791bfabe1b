//! What a test program says about itself in its comments.

use regex::Regex;

/// An expected diagnostic: `// error: 5 [InvalidSend] "cannot send"` at the end of its line, each part optional, or Go's
/// own `// ERROR "regexp"`.
#[derive(Clone, Debug)]
pub struct ErrorLine {
    /// The file that it is in; `None`: the test is one file.
    pub file: Option<String>,
    /// The line that it is on, from 1.
    pub line: u32,
    /// Column from 1; `None`: any.
    pub column: Option<u32>,
    /// Code; `None`: any.
    pub code: Option<String>,
    /// What the message must match; `None`: anything.
    pub message: Option<Regex>,
}

/// What a diagnostic says besides its message: `// help: "text"` at the end of a line with an error (`// help: none` if it
/// has none), and `// label: "text"` at the end of a line that is a second place of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hint {
    /// A diagnostic on this line has this help.
    Help(u32, String),
    /// No diagnostic on this line has help.
    NoHelp(u32),
    /// A diagnostic has this line as a second place, with this text.
    Label(u32, String),
}

/// All expectations of a file.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// The whole standard output; `None`: anything.
    pub output: Option<String>,
    /// Texts that must stand in standard error, in this order.
    pub stderr: Vec<String>,
    /// Exit status; `None`: 0, or 2 with a panic or fatal error.
    pub exit: Option<i32>,
    /// Standard input.
    pub stdin: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Diagnostics; if there are any the program is only checked.
    pub errors: Vec<ErrorLine>,
    /// What diagnostics say besides; where nothing is said, anything goes.
    pub hints: Vec<Hint>,
    /// Why it is not run.
    pub skip: Option<String>,
    /// Why it is expected to fail.
    pub known_bug: Option<String>,
    /// Under GC stress, collect at every so many allocations instead of each.
    pub stress: Option<u32>,
}

impl Expectations {
    /// Reads the comments of a program. The error says which line makes no sense.
    pub fn parse(text: &str) -> Result<Expectations, String> {
        let want = Expectations::read(text)?;
        want.can_fail()?;
        Ok(want)
    }

    /// The same for a text that is only part of a test.
    pub(crate) fn read(text: &str) -> Result<Expectations, String> {
        let mut want = Expectations::default();
        let mut lines = text.lines().enumerate().peekable();
        while let Some((n, line)) = lines.next() {
            error_lines(None, n as u32 + 1, line, &mut want.errors)?;
            hints(n as u32 + 1, line, &mut want.hints);
            let Some(comment) = line.strip_prefix("// ") else { continue };
            let mut block = || {
                let mut all = String::new();
                while let Some((_, l)) = lines.next_if(|l| l.1.starts_with("//") && l.1 != "// Output:") {
                    all.push_str(l.strip_prefix("// ").or(l.strip_prefix("//")).expect("it starts so"));
                    all.push('\n');
                }
                all
            };
            match comment.split_once(':').map(|(key, value)| (key, value.trim())) {
                Some(("Output", "")) => want.output = Some(block()),
                Some(("stdin", "")) => want.stdin = block(),
                Some(("args", v)) => want.args = v.split_whitespace().map(str::to_string).collect(),
                Some(("env", v)) => {
                    let (key, value) = v.split_once('=').ok_or(format!("line {}: env: NAME=value", n + 1))?;
                    want.env.push((key.to_string(), value.to_string()));
                }
                Some(("panic", v)) => {
                    want.stderr.push(format!("panic: {v}"));
                    want.exit = want.exit.or(Some(2));
                }
                Some(("fatal", v)) => {
                    want.stderr.push(format!("fatal error: {v}"));
                    want.exit = want.exit.or(Some(2));
                }
                Some(("stderr", v)) => want.stderr.push(v.to_string()),
                Some(("exit", v)) => {
                    want.exit = Some(v.parse().map_err(|_| format!("line {}: exit: a number", n + 1))?);
                }
                Some(("stress", v)) => {
                    want.stress = Some(v.parse().map_err(|_| format!("line {}: stress: a number", n + 1))?);
                }
                Some(("skip", v)) => want.skip = Some(v.to_string()),
                Some(("known-bug", v)) => want.known_bug = Some(v.to_string()),
                _ => {}
            }
        }
        Ok(want)
    }

    /// Adds the mistakes that the lines of a file expect.
    pub(crate) fn read_errors(&mut self, file: &str, text: &str) -> Result<(), String> {
        for (n, line) in text.lines().enumerate() {
            error_lines(Some(file), n as u32 + 1, line, &mut self.errors)?;
        }
        Ok(())
    }

    /// Whether there is anything that a run could do wrong.
    pub(crate) fn can_fail(&self) -> Result<(), String> {
        let silent = self.output.is_none() && self.stderr.is_empty() && self.exit.is_none();
        if silent && self.errors.is_empty() && self.skip.is_none() {
            return Err("the program expects nothing: such a test cannot fail".into());
        }
        Ok(())
    }
}

fn error_lines(file: Option<&str>, line: u32, text: &str, errors: &mut Vec<ErrorLine>) -> Result<(), String> {
    let file = file.map(str::to_string);
    let wrong = |what: &str| format!("line {line}: {what}");
    if let Some((_, go)) = text.split_once("// ERROR ") {
        for part in quoted(go) {
            let message = Regex::new(&part).map_err(|e| wrong(&e.to_string()))?;
            errors.push(ErrorLine { file: file.clone(), line, column: None, code: None, message: Some(message) });
        }
    }
    for part in text.split("// error:").skip(1) {
        // What stands behind it on the line is no part of it.
        let end = ["// help:", "// label:"].iter().filter_map(|mark| part.find(mark)).min().unwrap_or(part.len());
        let part = part[..end].trim();
        let (head, message) = match part.find('"') {
            Some(at) => {
                let message = quoted(&part[at..]).into_iter().next().ok_or(wrong("unfinished message"))?;
                (&part[..at], Some(message))
            }
            // A text without quotes is the message, unless it is a column or a code.
            None if part.starts_with('[') || part.starts_with(|c: char| c.is_ascii_digit()) => (part, None),
            None => ("", Some(part.to_string()).filter(|p| !p.is_empty())),
        };
        let (mut column, mut code) = (None, None);
        for word in head.split_whitespace() {
            match word.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
                Some(name) => code = Some(name.to_string()),
                None => column = Some(word.parse().map_err(|_| wrong("error: column [Code] \"message\""))?),
            }
        }
        let message = message.map(|m| Regex::new(&regex::escape(&m)).expect("an escaped text is a pattern"));
        errors.push(ErrorLine { file: file.clone(), line, column, code, message });
    }
    Ok(())
}

fn hints(line: u32, text: &str, hints: &mut Vec<Hint>) {
    for part in text.split("// help:").skip(1) {
        match quoted(part).into_iter().next() {
            Some(help) => hints.push(Hint::Help(line, help)),
            None => hints.push(Hint::NoHelp(line)),
        }
    }
    for part in text.split("// label:").skip(1) {
        hints.push(Hint::Label(line, quoted(part).into_iter().next().unwrap_or_default()));
    }
}

/// The texts in double quotes or backquotes. In double quotes a backslash keeps a quote.
fn quoted(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut chars = text.chars();
    while let Some(open) = chars.find(|c| matches!(c, '"' | '`')) {
        let mut part = String::new();
        while let Some(c) = chars.next() {
            match c {
                _ if c == open => {
                    all.push(part);
                    break;
                }
                '\\' if open == '"' => match chars.next() {
                    Some('"') => part.push('"'),
                    Some('\\') => part.push('\\'),
                    Some(other) => part.extend(['\\', other]),
                    None => {}
                },
                _ => part.push(c),
            }
        }
    }
    all
}

/// The program with its `// Output:` block replaced.
pub fn with_output(text: &str, output: &str) -> String {
    let mut new = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if line == "// Output:" {
            while lines.next_if(|l| l.starts_with("//")).is_some() {}
            for l in output.lines() {
                new.push_str(format!("// {l}").trim_end());
                new.push('\n');
            }
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_directives() {
        let text = "// Says so.\npackage main\n// args: a b\n// stdin:\n// x\n//\n// Output:\n// 1\n//\n// 2\n";
        let want = Expectations::parse(text).unwrap();
        assert_eq!(want.args, ["a", "b"]);
        assert_eq!(want.stdin, "x\n\n");
        assert_eq!(want.output.unwrap(), "1\n\n2\n");
        let text = "// Output:\n// 1\n//\n// 2\n";
        assert_eq!(Expectations::parse(text).unwrap().output.unwrap(), "1\n\n2\n");
        assert!(Expectations::parse("package main\n").is_err());
    }

    #[test]
    fn error_forms() {
        let text = "a // error: 5 [InvalidSend] \"cannot send\"\nb // ERROR \"x|y\" \"z\"\nc // error: plain words\n";
        let want = Expectations::parse(text).unwrap();
        let e = &want.errors[0];
        assert_eq!((e.line, e.column, e.code.as_deref()), (1, Some(5), Some("InvalidSend")));
        assert!(e.message.as_ref().unwrap().is_match("you cannot send here"));
        assert_eq!(want.errors[1].line, 2);
        assert!(want.errors[3].message.as_ref().unwrap().is_match("plain words"));
    }

    #[test]
    fn hint_forms() {
        let text = "a // error: 5 // help: \"try b\" // label: \"first\"\nb // error: x // help: none\n";
        let want = Expectations::parse(text).unwrap();
        let label = Hint::Label(1, "first".into());
        assert_eq!(want.hints, [Hint::Help(1, "try b".into()), label, Hint::NoHelp(2)]);
    }

    #[test]
    fn blessing_replaces_the_block() {
        assert_eq!(with_output("x\n// Output:\n// old\n", "1\n\n2\n"), "x\n// Output:\n// 1\n//\n// 2\n");
    }
}
