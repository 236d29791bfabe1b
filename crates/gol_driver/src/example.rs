//! What an example says that it prints: the last comment in its body, if it begins with `Output:`.
//!
//! The tree has no comments, so the body's text is read again here, as far as comments and literals go.

/// What an example should print.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expected {
    pub(crate) text: String,
    /// The lines may come in any order.
    pub(crate) unordered: bool,
}

/// What the example with this body should print; `None` for one that is only compiled.
pub(crate) fn expected(body: &str) -> Option<Expected> {
    let text = text_of(&last_group(body)?);
    let head = text.trim_start();
    let after =
        |words: &str| Some(head.get(words.len()..)?).filter(|_| head[..words.len()].eq_ignore_ascii_case(words));
    let (rest, unordered) = match after("output:") {
        Some(rest) => (rest, false),
        None => (after("unordered output:")?, true),
    };
    // What stands behind the colon begins without its blank; an empty line there is not meant.
    let rest = rest.trim_start_matches(' ');
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    Some(Expected { text: rest.to_string(), unordered })
}

/// The comments of the last group in a text: comments without anything but single line ends between them.
fn last_group(text: &str) -> Option<Vec<&str>> {
    let mut group: Vec<&str> = Vec::new();
    // What stands between the last comment and here.
    let (mut newlines, mut code) = (0, false);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let comment = match () {
            () if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            () if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |n| n + 2),
            () => 0,
        };
        if comment > 0 {
            if newlines > 1 || code {
                group.clear();
            }
            group.push(rest[..comment].trim_end_matches('\r'));
            (newlines, code) = (0, false);
            at += comment;
            continue;
        }
        newlines += usize::from(c == '\n');
        code |= !c.is_whitespace();
        at += match c {
            '"' | '\'' | '`' => literal(rest, c),
            _ => c.len_utf8(),
        };
    }
    Some(group).filter(|g| !g.is_empty())
}

/// The length of the literal in these quotes that a text begins with.
fn literal(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return at + 1;
        }
        if c == '\\' && quote != '`' {
            chars.next();
        }
    }
    text.len()
}

/// The text of a group of comments: without their marks, blanks at the ends of lines, empty lines around it, and with one
/// empty line for several.
fn text_of(group: &[&str]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for comment in group {
        if let Some(line) = comment.strip_prefix("//") {
            if !is_directive(line) {
                lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end());
            }
        } else {
            let inside = comment.strip_prefix("/*").unwrap_or(comment);
            lines.extend(inside.strip_suffix("*/").unwrap_or(inside).split('\n').map(str::trim_end));
        }
    }
    lines.dedup_by(|b, a| a.is_empty() && b.is_empty());
    let text = lines.join("\n");
    let text = text.trim_start_matches('\n').trim_end_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// Whether a line comment is for tools, such as `//go:noinline`.
fn is_directive(line: &str) -> bool {
    let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    line.starts_with("line ")
        || line.starts_with("extern ")
        || line.split_once(':').is_some_and(|(a, b)| word(a) && b.get(..1).is_some_and(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(text: &str) -> Option<Expected> {
        Some(Expected { text: text.into(), unordered: false })
    }

    #[test]
    fn the_last_comment_counts() {
        assert_eq!(expected("{\n\tf()\n\t// Output: 3\n}"), ordered("3\n"));
        assert_eq!(expected("{\n\t// Output: 3\n\tf()\n\t// more\n}"), None);
        assert_eq!(expected("{\n\t// Output: 3\n\n\t// more\n}"), None);
        assert_eq!(expected("{\n\t// Output: 3\n\tf()\n}"), ordered("3\n"));
        assert_eq!(expected("{\n\tf(\"// Output: 4\", '\"', `// x`)\n}"), None);
        assert_eq!(expected("{\n\t/* output:\n a\n\n\n b */\n}"), ordered(" a\n\n b\n"));
        assert_eq!(expected("{\n\t//Output:\n\t//  a  \n\t//go:x\n\t// b\n}"), ordered(" a\nb\n"));
        assert_eq!(expected("{}"), None);
        assert_eq!(expected("{ // Output:\n}"), ordered(""));
    }

    #[test]
    fn lines_in_any_order() {
        let e = expected("{\n// Unordered output:\n// 1\n// 2\n}").unwrap();
        assert_eq!((e.text.as_str(), e.unordered), ("1\n2\n", true));
    }
}
