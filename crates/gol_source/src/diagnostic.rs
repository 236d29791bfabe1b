//! The one form in which every phase reports what is wrong with a text.

use crate::{Code, Span};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The program does not run.
    Error,
    /// The program runs.
    Warning,
}

/// A second place that explains a diagnostic, such as the declaration that matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, in a few words.
    pub text: String,
}

/// One finding: `file:line:col: message` plus what the drawn form shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule, by Go's name for it.
    pub code: Code,
    /// Where; its start is the position that Go reports.
    pub span: Span,
    /// Go's words, without position. Further lines start with a tab, as Go's do.
    pub message: String,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// A hint for mending it, if there is one.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without labels or help.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let message = message.into();
        Diagnostic { severity: Severity::Error, code, span, message, labels: Vec::new(), help: None }
    }

    /// The same with a second place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        if !span.is_none() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// The same with a hint.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
}
