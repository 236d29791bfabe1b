//! Texts that nest deeply: reported or parsed, quickly and without overflowing a stack.

use std::time::{Duration, Instant};

use gol_source::SourceMap;
use gol_syntax::ast::Ast;

fn errors(text: String) -> Vec<String> {
    let mut map = SourceMap::new();
    let id = map.add("x.gol", text).unwrap();
    let start = Instant::now();
    let (_, errors) = gol_syntax::parse_file(&map, id, &Ast::new());
    assert!(start.elapsed() < Duration::from_secs(20), "too slow");
    errors.into_iter().map(|e| e.message).collect()
}

fn body(text: &str) -> String {
    format!("package p\nfunc f() {{\n{text}\n}}\n")
}

const TOO_DEEP: &str = "nesting depth limit exceeded";

#[test]
fn deep_texts_are_reported() {
    let n = 200_000;
    let texts = [
        body(&format!("x = {}1{}", "(".repeat(n), ")".repeat(n))),
        body(&format!("x = {}", "[".repeat(n))),
        body(&"{".repeat(n)),
        body(&format!("x = {}1", " -".repeat(n))),
        body(&format!("x = {}p", "*".repeat(n))),
        body(&format!("var x {}int", "[]".repeat(n))),
        body(&format!("var x {}int", "chan ".repeat(n))),
        body(&format!("if a {{}} {}", "else if a {} ".repeat(n))),
        body(&format!("x = a{}", ".b".repeat(n))),
        body(&format!("x = {}", "func() {".repeat(n))),
        body(&"L: ".repeat(n)),
        format!("package p\ntype T {}", "struct { a ".repeat(n)),
    ];
    for text in texts {
        assert_eq!(errors(text.clone()), [TOO_DEEP], "{}", &text[..60]);
    }
}

#[test]
fn long_chains_are_fine() {
    let n = 100_000;
    assert!(errors(body(&format!("x = a{}", " + a".repeat(n)))).is_empty());
    assert!(errors(body(&format!("x = a{}", " + a * b".repeat(n)))).is_empty());
    assert!(errors(body(&format!("x = a{}", " || a && b == c + d * e".repeat(n)))).is_empty());
    assert!(errors(body(&"x = a\n".repeat(n))).is_empty());
}

#[test]
fn mistakes_deep_inside_are_quick() {
    let n = 9_000;
    let inside = format!("x = {}1 2{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(errors(body(&inside)).len(), 1);
    let inside = format!("x = T{}1 2{}", "{".repeat(n), "}".repeat(n));
    assert_eq!(errors(body(&inside)).len(), 1);
    let inside = format!("{}1 2{}", "{".repeat(n), "}".repeat(n));
    assert_eq!(errors(body(&inside)).len(), 1);
    assert_eq!(errors(body(&"x = = 1\n".repeat(2_000))).len(), 100);
}
