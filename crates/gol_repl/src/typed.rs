//! The lines of an entry as they come: whether it is whole, or another line belongs to it.

use gol_syntax::{Growing, ReplState};

/// What was typed of an entry.
#[derive(Default)]
pub(crate) struct Typed {
    text: String,
    growing: Growing,
}

impl Typed {
    /// Adds lines, each with its newline; whether the entry can be evaluated: it is whole, wrong, or a command.
    pub(crate) fn add(&mut self, lines: &str) -> bool {
        self.text.push_str(lines);
        if self.text.trim_start().starts_with([':', '?']) {
            return true;
        }
        self.growing.push(lines) != ReplState::Incomplete
    }

    /// As if all of `text` had been added, and nothing else.
    pub(crate) fn becomes(&mut self, text: &str) -> bool {
        // Most often it is what was there and another line.
        if self.text.is_empty() || !text.starts_with(&self.text) || text.len() == self.text.len() {
            *self = Typed::default();
        }
        let new = &text[self.text.len()..];
        self.add(new)
    }

    /// What was added; the next entry begins.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(self).text
    }

    /// Whether nothing but blanks was added.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}
