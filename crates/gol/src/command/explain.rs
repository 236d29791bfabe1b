//! `gol explain`: error codes for people, from their pages (`docs/codes/`).

use super::{fail, print};
use gol_source::{Code, nearest};
use std::process::ExitCode;

/// Columns of text.
const WIDTH: usize = 80;

/// `gol explain [CODE]`
pub(super) fn explain(code: Option<&str>) -> ExitCode {
    match code.map_or_else(|| Ok(list()), page) {
        Ok(text) => print(&text),
        Err(text) => fail(&text),
    }
}

/// All codes, one a line with its meaning.
fn list() -> String {
    let width = Code::ALL.iter().map(|c| c.name().len()).max().unwrap_or(0);
    Code::ALL.iter().map(|c| format!("{:width$}  {}\n", c.name(), c.meaning())).collect()
}

/// What there is to say about the code of this name; else why not.
fn page(name: &str) -> Result<String, String> {
    let Some(code) = Code::named(name) else {
        let meant = nearest(name, Code::ALL.iter().map(|c| c.name()));
        let hint = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None => "gol explain lists all of them".into(),
        };
        return Err(format!("there is no error code {name}: {hint}"));
    };
    let page = code.page();
    Ok(format!(
        "{}: {}\n\n{}\nWrong:\n\n{}\nRight:\n\n{}",
        code.name(),
        code.meaning(),
        wrapped(page.explanation),
        indented(page.wrong),
        indented(page.right)
    ))
}

fn wrapped(text: &str) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let len = word.chars().count();
        if column > 0 && column + 1 + len > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += len;
    }
    out.push('\n');
    out
}

fn indented(code: &str) -> String {
    let line = |l: &str| if l.is_empty() { "\n".into() } else { format!("    {}\n", l.replace('\t', "    ")) };
    code.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_or_guessed() {
        assert!(
            page("unusedVAR").is_ok_and(|p| p.starts_with("UnusedVar: ") && p.contains("    func f() { n := 1 }\n"))
        );
        assert_eq!(page("UnusdVar"), Err("there is no error code UnusdVar: did you mean UnusedVar?".into()));
        assert_eq!(page("E0308"), Err("there is no error code E0308: gol explain lists all of them".into()));
        assert_eq!(list().lines().count(), Code::ALL.len());
    }
}
