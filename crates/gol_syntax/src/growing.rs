//! Whether a text that grows line by line is a whole entry, without parsing all of it again at each line.
//!
//! While brackets are open the answer can only be "goes on" or "wrong", and for that the parser reads a *digest*: the text without those
//! parts inside of open brackets that were found to be whole statements, clauses or elements, as what follows them does not depend on them.
//! So the time for an entry grows with its length, not with its square. As soon as all brackets are closed, and before anything is called
//! wrong, the whole text is parsed: what is a digest's alone never decides that an entry ends.

use crate::ast::Ast;
use crate::lexer;
use crate::token::Tok;
use crate::{ReplState, parse_repl};
use gol_source::SourceMap;

/// A text that grows.
#[derive(Default)]
pub struct Growing {
    /// All of it.
    text: String,
    digest: String,
    open: Vec<Bracket>,
    /// Lines that belong to a comment or raw string that goes on, and what ends that.
    pending: String,
    ends: Option<&'static str>,
    /// The digest was wrong where the text is not, so it is not used any more.
    plain: bool,
}

/// An open bracket.
struct Bracket {
    close: char,
    /// Where in the digest the lines begin that opened it, how many brackets were open there, and where they end.
    start: usize,
    depth: usize,
    body: usize,
    /// Where in the digest the last clause of a switch or select begins.
    clause: Option<usize>,
}

impl Growing {
    /// Nothing yet.
    pub fn new() -> Growing {
        Growing::default()
    }

    /// All that was added.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds lines; what the text is now.
    pub fn push(&mut self, lines: &str) -> ReplState {
        self.text.push_str(lines);
        self.pending.push_str(lines);
        if self.plain {
            return whole(&self.text);
        }
        if self.ends.is_some_and(|end| !lines.contains(end)) {
            return ReplState::Incomplete;
        }
        let lexed = lexer::lex(&self.pending, 0, Tok::StartRepl);
        self.ends = lexed.unterminated.map(|at| if self.pending[at..].starts_with('`') { "`" } else { "*/" });
        if self.ends.is_some() {
            return ReplState::Incomplete;
        }
        let chunk = std::mem::take(&mut self.pending);
        let tokens: Vec<Tok> = lexed.tokens[1..].iter().map(|t| t.1).collect();
        self.add(&chunk, &tokens)
    }

    /// Adds whole lines to the digest.
    fn add(&mut self, chunk: &str, tokens: &[Tok]) -> ReplState {
        let (before, depth) = (self.digest.len(), self.open.len());
        self.digest.push_str(chunk);
        // What the lines belong to: themselves, or all from where the bracket was opened that they close last.
        let mut group = Some(before);
        let mut lowest = depth;
        let mut clauses = 0;
        for tok in tokens {
            let close = match tok {
                Tok::LParen => ')',
                Tok::LBrack => ']',
                Tok::LBrace => '}',
                Tok::RParen | Tok::RBrack | Tok::RBrace => {
                    let Some(closed) = self.open.pop() else { return whole(&self.text) };
                    if self.open.len() < lowest {
                        lowest = self.open.len();
                        group = (closed.depth == self.open.len()).then_some(closed.start);
                    }
                    continue;
                }
                _ => {
                    clauses += usize::from(matches!(tok, Tok::Case | Tok::Default) && self.open.len() <= depth);
                    continue;
                }
            };
            // `} else {` goes on with what the closed bracket belongs to.
            let goes_on = group.filter(|g| *g < before && self.open.len() == lowest);
            let (start, depth) = goes_on.map_or((before, depth), |start| (start, lowest));
            self.open.push(Bracket { close, start, depth, body: self.digest.len(), clause: None });
        }
        if self.open.is_empty() {
            return whole(&self.text);
        }
        if whole(&self.digest) == ReplState::Wrong {
            let state = whole(&self.text);
            self.plain = state != ReplState::Wrong;
            return state;
        }
        // Nothing is left out of lines that leave more brackets open than there were.
        if let Some(group) = group.filter(|_| self.open.last().is_some_and(|b| b.body != self.digest.len())) {
            let first = tokens.first().is_some_and(|t| matches!(t, Tok::Case | Tok::Default));
            match clauses {
                0 => self.leave_out(group..self.digest.len()),
                1 if first && group == before => {
                    let bracket = self.open.last_mut().expect("brackets are open");
                    let last = bracket.clause.replace(before);
                    if let Some(last) = last
                        && self.leave_out_checked(last..before)
                    {
                        self.open.last_mut().expect("as before").clause = Some(last);
                    }
                }
                _ => {}
            }
        }
        ReplState::Incomplete
    }

    /// Takes out a part of the digest that is whole: with and without it the open brackets could be closed.
    fn leave_out(&mut self, part: std::ops::Range<usize>) {
        let bracket = self.open.last().expect("brackets are open");
        // The first line of a group in parentheses stays: constants below it may repeat its value.
        if bracket.close != ')' || part.start > bracket.body {
            self.leave_out_checked(part);
        }
    }

    fn leave_out_checked(&mut self, part: std::ops::Range<usize>) -> bool {
        let closers: String = self.open.iter().rev().map(|b| b.close).collect();
        let closed = |text: &str| whole(&format!("{text}{closers}")) == ReplState::Complete;
        let rest = format!("{}{}", &self.digest[..part.start], &self.digest[part.end..]);
        let leaves = closed(&self.digest) && closed(&rest);
        if leaves {
            self.digest = rest;
        }
        leaves
    }
}

/// What a text is, parsed as a whole.
fn whole(text: &str) -> ReplState {
    let (mut map, ast) = (SourceMap::new(), Ast::new());
    match map.add("entry", text.to_string()) {
        Some(id) => parse_repl(&map, id, &ast).state,
        None => ReplState::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grows(text: &str) -> Vec<ReplState> {
        let mut g = Growing::new();
        let states = text.split_inclusive('\n').map(|line| g.push(line)).collect();
        assert_eq!(g.text(), text);
        states
    }

    /// Whatever the text, the answers are those for the text as a whole.
    #[track_caller]
    fn same(text: &str, name: &str) {
        let mut g = Growing::new();
        let mut so_far = String::new();
        for line in text.split_inclusive('\n') {
            so_far.push_str(line);
            let (state, whole) = (g.push(line), whole(&so_far));
            assert_eq!(state, whole, "{name}: {so_far}");
            if state != ReplState::Incomplete {
                (g, so_far) = (Growing::new(), String::new());
            }
        }
    }

    #[test]
    fn answers_are_those_for_the_whole() {
        for text in [
            "x := 1\ny := `a\nb\nc`\nf(1,\n2,\n)\nfunc f() {\n\ta()\n\tb() +)\n",
            "func f() {\n\tswitch x {\n\tcase 1:\n\t\ta()\n\tcase 2,\n\t\t3:\n\t\tb()\n\tdefault:\n\t}\n\tc()\n}\n",
            "func f() {\n\tswitch x {\n\ta()\n\t}\n",
            "const (\n\ta = iota\n\tb\n\tc\n)\nvar (\n\tx = 1\n\ty int\n)\n",
            "x := map[string]int{\n\t\"a\": 1,\n\t\"b\": 2,\n}\nx := []int{\n\t1,\n\t2\n",
            "f(func() {\n\ta()\n}, func() {\n\tb()\n})\n",
            "if x {\n\ta()\n} else if y {\n\tb()\n} else {\n\tc()\n}\n",
            "if x {\n\ta()\n}\nelse {\n",
            "func f() {\n\tif x {\n\t}\n\telse {\n\t}\n}\n",
            "type T struct {\n\ta int\n\tb, c string `tag`\n\td\n}\n",
            "type I interface {\n\ta()\n\t~int | string\n}\n/* a\nb\n*/\n",
            "func f() {\n\tgo func() {\n\t\tfor {\n\t\t\tselect {\n\t\t\tcase <-a:\n\t\t\tcase b <- 1:\n\t\t\t\treturn\n\t\t\t}\n\t\t}\n\t}()\n}\n",
            "func f() { x := `a\n{\n` ; if true {\n}\n/* }\n*/ }\n",
            "func (\n",
            "f(a\n",
            "func f() {\nL:\n\tfor {\n\t\tbreak L\n\t}\n\tgoto L\n\t}\n}\n",
        ] {
            same(text, "");
        }
    }

    #[test]
    fn answers_are_the_same_for_programs() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/lang");
        let mut todo = vec![std::path::PathBuf::from(tests)];
        let mut seen = 0;
        while let Some(dir) = todo.pop() {
            for path in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
                if path.is_dir() {
                    todo.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path)
                    && text.len() < 3000
                    && seen < 150
                {
                    seen += 1;
                    let text = text.replace("\npackage main\n", "\n");
                    same(&text, &path.display().to_string());
                }
            }
        }
        assert!(seen > 100);
    }

    #[test]
    fn the_digest_of_a_long_text_stays_short() {
        let body = "\tx := []int{\n\t\t1,\n\t\t2,\n\t}\n\tif len(x) > 1 {\n\t\tprint(x)\n\t} else {\n\t\treturn\n\t}\n\
                    \tswitch {\n\tcase a:\n\t\tb()\n\tcase c:\n\t\td()\n\t}\n";
        let mut g = Growing::new();
        g.push("func f() {\n");
        for _ in 0..100 {
            for line in body.split_inclusive('\n') {
                assert_eq!(g.push(line), ReplState::Incomplete);
                assert!(g.digest.len() < 300, "{}", g.digest);
            }
        }
        assert_eq!(g.push("}\n"), ReplState::Complete);
        assert_eq!(grows("f(\n1,\n)\n").last(), Some(&ReplState::Complete));
    }
}
