//! What Tab offers, and the signature that is shown behind a call that is being typed.

use crate::command;
use crate::session::Session;

impl Session<'_> {
    /// What may stand in place of the word before byte `pos`, and where that word begins.
    pub fn complete(&mut self, line: &str, pos: usize) -> (usize, Vec<String>) {
        let Some(before) = line.get(..pos) else { return (pos, Vec::new()) };
        // At the beginning of a line there is nothing to complete.
        if before.rsplit('\n').next().is_some_and(|l| l.trim().is_empty()) {
            return (pos, vec!["\t".into()]);
        }
        if let Some(rest) = before.strip_prefix(':') {
            return match rest.split_once(' ') {
                None => (1, command::names().filter(|n| n.starts_with(rest)).map(str::to_string).collect()),
                Some(("load" | "save", path)) => (pos - path.len(), files(path)),
                Some((_, text)) => {
                    let (start, found) = self.complete_code(text);
                    (pos - text.len() + start, found)
                }
            };
        }
        // In a string: the name of a file.
        if let Some(path) = open_string(before) {
            return (pos - path.len(), files(path));
        }
        self.complete_code(before)
    }

    fn complete_code(&mut self, before: &str) -> (usize, Vec<String>) {
        let start = word_start(before);
        let word = &before[start..];
        let mut found = match before[..start].strip_suffix('.') {
            Some(rest) => self.front.members(&rest[expression_start(rest)..]),
            None => {
                let mut names = self.front.names();
                let words = gol_syntax::tokens(before).into_iter().filter(|t| t.0 == "name");
                names.extend(words.map(|t| before[t.1.lo as usize..t.1.hi as usize].to_string()));
                names
            }
        };
        found.retain(|name| name.starts_with(word) && (name != word || before[..start].ends_with('.')));
        found.sort();
        found.dedup();
        (start, found)
    }

    /// The signature of the function whose arguments begin at the end of the line.
    pub fn hint(&mut self, line: &str) -> Option<String> {
        let before = line.strip_suffix('(')?;
        if before.starts_with([':', '?']) || open_string(before).is_some() {
            return None;
        }
        let callee = &before[expression_start(before)..];
        let text = self.front.signature(callee)?;
        Some(format!("  {text}"))
    }
}

/// Where the name at the end begins.
fn word_start(text: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.char_indices().rev().find(|(_, c)| !part(*c)).map_or(0, |(i, c)| i + c.len_utf8())
}

/// Where the operand at the end begins: names, dots, calls and indices.
fn expression_start(text: &str) -> usize {
    let mut depth = 0;
    for (i, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth == 0 => return i + 1,
            '(' | '[' => depth -= 1,
            _ if depth > 0 || c.is_alphanumeric() || matches!(c, '_' | '.' | '"') => {}
            _ => return i + c.len_utf8(),
        }
    }
    0
}

/// What stands in the string that is open at the end.
fn open_string(text: &str) -> Option<&str> {
    let mut open: Option<(usize, char)> = None;
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match open {
            Some((_, quote)) if c == quote => open = None,
            Some((_, '"')) if c == '\\' => _ = chars.next(),
            None if matches!(c, '"' | '`') => open = Some((i, c)),
            _ => {}
        }
    }
    open.map(|(i, _)| &text[i + 1..])
}

/// The files whose paths begin so; folders end in a slash.
fn files(start: &str) -> Vec<String> {
    let (dir, name) = start.rsplit_once('/').map_or(("", start), |(dir, name)| (&start[..dir.len() + 1], name));
    let folder = if dir.is_empty() { "." } else { dir };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<String> = entries
        .flatten()
        .filter_map(|e| {
            let file = e.file_name().into_string().ok()?;
            let hidden = file.starts_with('.') && !name.starts_with('.');
            let slash = if e.path().is_dir() { "/" } else { "" };
            (file.starts_with(name) && !hidden).then(|| format!("{dir}{file}{slash}"))
        })
        .collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_begin_where_they_do() {
        for (text, operand) in [
            ("x", "x"),
            ("a + strings", "strings"),
            ("f(x.y", "x.y"),
            ("y = f(a, b)[1].g()", "f(a, b)[1].g()"),
            ("(a", "a"),
            ("", ""),
        ] {
            assert_eq!(&text[expression_start(text)..], operand);
        }
        assert_eq!(open_string(r#"os.Open("a\"b"#), Some(r#"a\"b"#));
        assert_eq!(open_string(r#"f("a") + x"#), None);
    }
}
