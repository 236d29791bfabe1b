//! A walk as one HTML page that needs nothing else: no outside resources, and readable without scripts too.

use super::Walk;
use gol_driver::show::Piece;
use std::fmt::Write;

/// The page.
pub(crate) fn page(walk: &Walk) -> String {
    let mut steps =
        format!("<section id=\"s0\"><h1>{}</h1>{}</section>\n", escaped(&walk.title), paragraphs(&walk.intro));
    for (n, step) in walk.steps.iter().enumerate() {
        let (title, text) = (escaped(&step.title), paragraphs(&step.text));
        let lines: Vec<String> = step.places.iter().map(|p| lines_in_words(p.start + 1, p.end)).collect();
        let _ = writeln!(
            steps,
            "<section id=\"s{}\"><h2><a href=\"#L{}\">{}. {title}</a></h2>{text}<p class=\"lines\">{}</p></section>",
            n + 1,
            walk.first_line(n) + 1,
            n + 1,
            lines.join(", "),
        );
    }
    let mut code = String::new();
    for (i, line) in colored(&walk.lines.join("\n")).split('\n').enumerate() {
        let about: Vec<String> =
            (0..walk.steps.len()).filter(|&n| walk.steps[n].is_about(i)).map(|n| format!("s{}", n + 1)).collect();
        let _ =
            writeln!(code, "<span class=\"line {}\" id=\"L{}\"><i>{}</i>{line}</span>", about.join(" "), i + 1, i + 1);
    }
    include_str!("page.html")
        .replace("{{title}}", &escaped(&walk.title))
        .replace("{{steps}}", steps.trim_end())
        .replace("{{code}}", code.trim_end())
}

fn lines_in_words(first: usize, last: usize) -> String {
    if first == last { format!("line {first}") } else { format!("lines {first}&ndash;{last}") }
}

fn paragraphs(text: &[String]) -> String {
    let paragraph = |p: &String| {
        let mut out = String::from("<p>");
        for (i, part) in escaped(p).split('`').enumerate() {
            let _ = if i % 2 == 0 { write!(out, "{part}") } else { write!(out, "<code>{part}</code>") };
        }
        out + "</p>"
    };
    text.iter().map(paragraph).collect()
}

/// The text of a program with its keywords, literals and comments marked. No mark spans a line.
fn colored(text: &str) -> String {
    let mut out = String::new();
    for (piece, part) in gol_driver::show::pieces(text) {
        let class = match piece {
            Piece::Keyword => "k",
            Piece::Literal => "l",
            Piece::Comment => "c",
            Piece::Other => {
                out.push_str(&escaped(part));
                continue;
            }
        };
        for (i, line) in part.split('\n').enumerate() {
            let _ = write!(out, "{}<b class=\"{class}\">{}</b>", if i > 0 { "\n" } else { "" }, escaped(line));
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole() {
        for walk in super::super::all() {
            let page = page(&walk);
            assert!(!page.contains("{{") && !page.contains("http:") && !page.contains("https:"), "{}", walk.name);
            assert_eq!(page.matches("<section ").count(), walk.steps.len() + 1);
            assert_eq!(page.matches("class=\"line ").count(), walk.lines.len());
            for tag in ["section", "span", "b", "p", "code", "i", "main", "pre"] {
                let opened = page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
                assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
            }
            // The code as a reader sees it is the program.
            let code = &page[page.find("<pre>").unwrap() + 5..page.find("</pre>").unwrap()];
            let mut text = String::new();
            for line in code.lines().filter(|l| !l.is_empty()) {
                let line = line.split_once("</i>").unwrap().1;
                let mut rest = line;
                while let Some((before, after)) = rest.split_once('<') {
                    text.push_str(before);
                    rest = after.split_once('>').unwrap().1;
                }
                text.push_str(rest);
                text.push('\n');
            }
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            assert_eq!(text.trim_end(), walk.lines.join("\n"));
        }
    }
}
