//! Every program in `tests/errors` has exactly the findings that are written in it: line, column, code and words. The
//! words and places were confirmed with Go's compiler.

mod support;

use std::path::Path;

use gol_types::Options;
use support::World;

/// `line:column: [Code] message`
type Finding = (u32, u32, String, String);

fn expected(text: &str) -> Vec<Finding> {
    let mut all = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for part in line.split("// error: ").skip(1) {
            let (place, message) = part.split_once(" \"").expect("column [Code] \"message\"");
            let (column, code) = place.split_once(' ').expect("column [Code]");
            let message = message.trim_end().strip_suffix('"').expect("a closing quote");
            let message = message.replace("\\\"", "\"").replace("\\\\", "\\");
            let code = code.trim_matches(['[', ']']).to_string();
            all.push((n as u32 + 1, column.parse().expect("a column"), code, message));
        }
    }
    all
}

fn found(name: &str, text: &str) -> Vec<Finding> {
    let mut world = World::new();
    let (_, found) = world.check("main", &[(name, text)], Options::default());
    let finding = |d: &gol_source::Diagnostic| {
        let p = world.map.position(d.span.lo).expect("a place");
        (p.line, p.column, d.code.name().to_string(), d.message.clone())
    };
    found.iter().map(finding).collect()
}

#[test]
fn every_program_has_the_errors_written_in_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/errors");
    let mut paths: Vec<_> = std::fs::read_dir(dir).expect("the tests").map(|e| e.expect("a file").path()).collect();
    paths.sort();
    let mut wrong = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let (want, have) = (expected(&text), found(&name, &text));
        let same = |w: &Finding, h: &Finding| (w.0, w.1, &w.2) == (h.0, h.1, &h.2) && h.3.contains(&w.3);
        for h in have.iter().filter(|h| !want.iter().any(|w| same(w, h))) {
            wrong.push_str(&format!("{name}:{}:{}: unexpected [{}] {}\n", h.0, h.1, h.2, h.3));
        }
        for w in want.iter().filter(|w| !have.iter().any(|h| same(w, h))) {
            wrong.push_str(&format!("{name}:{}:{}: missing [{}] {}\n", w.0, w.1, w.2, w.3));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
