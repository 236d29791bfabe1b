//! The programs on the pages of the error codes (`docs/codes/`, what `gol explain` shows) are what they say they are.

use gol_driver::{Built, Input, Library};
use gol_source::Code;
use std::collections::BTreeSet;
use std::fs;

/// Checks a page's program: one file, or several, each after a line `-- NAME --`. Without a package clause it is the rest
/// of a file of package p. A program of package main is compiled too.
fn check(code: Code, program: &str) -> Built {
    let library = Library::default();
    let whole = |text: &str| {
        let clause = text.lines().any(|l| l.starts_with("package "));
        if clause { text.to_string() } else { format!("package p\n\n{text}\n") }
    };
    if !program.starts_with("-- ") {
        let input = Input::Text(format!("{}.gol", code.name()), whole(program).into_bytes());
        let run = program.contains("package main");
        let built = if run { gol_driver::build(&input, &library) } else { gol_driver::check(&input, &library) };
        return built.expect("a text needs no file");
    }
    let mut hash = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(program, &mut hash);
    let name = format!("gol-page-{}-{}-{:x}", code.name(), std::process::id(), std::hash::Hasher::finish(&hash));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("the system's folder for such files can be written");
    for part in program.split("-- ").filter(|p| p.contains(" --\n")) {
        let (name, text) = part.split_once(" --\n").expect("just looked for");
        fs::write(folder.join(name), text).expect("the folder was made");
    }
    let built = gol_driver::check(&Input::Path(folder.clone()), &library).expect("the files are there");
    fs::remove_dir_all(folder).expect("it was made");
    built
}

#[test]
fn wrong_programs_raise_their_code_and_right_ones_none() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let page = code.page();
        let found = check(code, page.wrong);
        let codes: BTreeSet<_> = found.diagnostics.iter().map(|d| d.code.name()).collect();
        if codes.into_iter().collect::<Vec<_>>() != [code.name()] {
            wrong.push(format!("{}: the wrong program gives {:#?}", code.name(), found.diagnostics));
        }
        let found = check(code, page.right).diagnostics;
        if !found.is_empty() {
            wrong.push(format!("{}: the right program gives {found:#?}", code.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
