//! Pages about error codes: a paragraph, the smallest program that raises the code, and the same program mended.
//!
//! A page is a file `docs/codes/NAME.md`, part of the binary. Its programs are tested: the first one raises the code and
//! no other, the second none. A program without a package clause is the rest of a file of some package.

use crate::Code;

/// What there is to say about a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// What the code means, why it is an error, what to do about it; one line without an end.
    pub explanation: &'static str,
    /// The smallest program that raises it.
    pub wrong: &'static str,
    /// That program, mended.
    pub right: &'static str,
}

impl Code {
    /// The code with this name, in upper or lower case.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(name))
    }

    /// The code's page.
    pub fn page(self) -> Page {
        let text = self.page_text();
        let between = |from: &str, to: &str| {
            let start = text.find(from).map(|at| at + from.len())?;
            let len = text[start..].find(to)?;
            Some(text[start..start + len].trim_ascii())
        };
        let part = |from, to| between(from, to).expect("a page has a heading, a paragraph and two programs");
        Page {
            explanation: part(self.name(), "\n## Wrong"),
            wrong: part("\n## Wrong\n\n```go\n", "\n```"),
            right: part("\n## Right\n\n```go\n", "\n```"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_parts() {
        for &code in Code::ALL {
            let page = code.page();
            let parts = [page.explanation, page.wrong, page.right];
            assert!(parts.iter().all(|p| !p.is_empty() && !p.contains("```")), "{}: {page:?}", code.name());
            assert!(code.page_text().starts_with(&format!("# {}\n\n", code.name())));
            assert!(!page.explanation.contains('\n') && page.wrong != page.right);
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Code::named("unusedvar"), Some(Code::UnusedVar));
        assert_eq!(Code::named("unused"), None);
    }
}
