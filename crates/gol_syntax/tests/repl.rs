//! REPL entries: what is complete, what goes on, what is wrong; lone expressions; tokens for tools.

use gol_source::SourceMap;
use gol_syntax::ast::{Ast, Decl, Expr, Stmt};
use gol_syntax::{ReplItem, ReplParse, ReplState};

fn parse(text: &str) -> (Ast, ReplParse) {
    let mut map = SourceMap::new();
    let id = map.add("repl", text.to_string()).unwrap();
    let ast = Ast::new();
    let parse = gol_syntax::parse_repl(&map, id, &ast);
    (ast, parse)
}

#[test]
fn complete() {
    for (text, items) in [
        ("", 0),
        ("// nothing\n", 0),
        ("1 + 2", 1),
        ("x := 1; y := 2\nx + y\n", 3),
        ("import \"fmt\"", 1),
        ("import (\n\"fmt\"\n. \"math\"\n)\n", 1),
        ("func f(a int) int { return a }", 1),
        ("func (t T) f() {}\n", 1),
        ("func() { x() }()", 1),
        ("type T struct{ a int }", 1),
        ("if x {\n}\n", 1),
        ("for i := range 3 {\n\tfmt.Println(i)\n}", 1),
    ] {
        let (_, parse) = parse(text);
        assert_eq!(parse.state, ReplState::Complete, "{text}: {:?}", parse.diagnostics);
        assert_eq!(parse.items.len(), items, "{text}");
        assert!(parse.diagnostics.is_empty());
    }
}

#[test]
fn incomplete() {
    for text in [
        "func f() {",
        "x := f(1,",
        "x := f(1,\n",
        "if x {\n\ty()\n",
        "x := `raw",
        "/* comment",
        "a +",
        "T{\n1,",
        "switch x {\ncase 1:",
        "import (",
        "func f()",
        "x = ",
        "var x",
    ] {
        let (_, parse) = parse(text);
        let expected = if text == "func f()" { ReplState::Complete } else { ReplState::Incomplete };
        assert_eq!(parse.state, expected, "{text}: {:?}", parse.diagnostics);
    }
}

#[test]
fn wrong() {
    for text in ["x y", "f(1 2", "\"abc", "}", "x := := {", "func (", "package p", "a + ) {"] {
        let (_, parse) = parse(text);
        let expected = if text == "func (" { ReplState::Incomplete } else { ReplState::Wrong };
        assert_eq!(parse.state, expected, "{text}: {:?}", parse.diagnostics);
        assert!(parse.items.is_empty());
        assert!(!parse.diagnostics.is_empty());
    }
}

#[test]
fn items_are_nodes() {
    let (ast, parse) = parse("x\nfunc f() {}\nvar y int");
    assert!(matches!(parse.items[0], ReplItem::Stmt(s) if matches!(ast[s].kind, Stmt::Expr(_))));
    assert!(matches!(parse.items[1], ReplItem::Decl(d) if matches!(ast[d].kind, Decl::Func(_))));
    assert!(matches!(parse.items[2], ReplItem::Stmt(s) if matches!(ast[s].kind, Stmt::Decl(_))));
}

#[test]
fn expressions() {
    let mut map = SourceMap::new();
    let good = map.add("a", "a + b[1]\n".to_string()).unwrap();
    let bad = map.add("b", "a +".to_string()).unwrap();
    let ast = Ast::new();
    let (x, errors) = gol_syntax::parse_expr(&map, good, &ast);
    assert!(errors.is_empty());
    assert!(matches!(ast[x].kind, Expr::Binary { .. }));
    assert_eq!(gol_syntax::expr_text(&ast, x), "a + b[1]");
    let (x, errors) = gol_syntax::parse_expr(&map, bad, &ast);
    assert!(matches!(ast[x].kind, Expr::Bad));
    assert_eq!(errors[0].message, "syntax error: unexpected EOF, expected expression");
}

#[test]
fn tokens() {
    let names: Vec<_> = gol_syntax::tokens("if x >= 1.5 { // c\n f()\n}").into_iter().map(|t| t.0).collect();
    assert_eq!(names, ["if", "name", ">=", "float", "{", "name", "(", ")", "newline", "}", "newline"]);
}
