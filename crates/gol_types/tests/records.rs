//! What the compiler reads: the final types of expressions, constants' values, and facts about nodes.

mod support;

use gol_syntax::ast::{Expr, ExprId};
use gol_types::{Mode, Options};
use support::World;

/// Checks the statements of a function and shows the facts about the expressions whose text is `wanted`, in source
/// order: `mode type value`.
fn facts(stmts: &str, wanted: &str) -> Vec<String> {
    let text = format!("package main\n\nfunc main() {{\n{stmts}\n}}\n");
    let mut world = World::new();
    let (pkg, found) = world.check("main", &[("x.gol", &text)], Options::default());
    assert!(found.is_empty(), "{}", world.show(&found, false));
    let pkg = pkg.expect("a package");
    let mut all: Vec<(u32, String)> = Vec::new();
    for i in 0..world.ast.expr_count() {
        let e = ExprId(i);
        if world.map.text(world.ast[e].span) != wanted || matches!(world.ast[e].kind, Expr::FuncType(_)) {
            continue;
        }
        let Some(tv) = world.prog.info.get(e) else { continue };
        let ty = world.prog.type_in_message(&world.ast.names, pkg, tv.ty);
        let value = tv.value.as_ref().map_or(String::new(), |v| format!(" {v}"));
        let mode = match tv.mode {
            Mode::Constant => "constant",
            Mode::Value => "value",
            Mode::Variable => "variable",
            Mode::CommaOk => "commaok",
            Mode::MapIndex => "mapindex",
            Mode::NilValue => "nil",
            Mode::NoValue => "novalue",
            Mode::TypeExpr => "type",
            _ => "other",
        };
        all.push((world.ast[e].span.lo, format!("{mode} {ty}{value}")));
    }
    all.sort();
    all.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn untyped_constants_take_the_type_of_their_context() {
    assert_eq!(facts("var x float32 = 1; _ = x", "1"), ["constant float32 1"]);
    assert_eq!(facts("var x any = 1; _ = x", "1"), ["constant int 1"]);
    assert_eq!(facts("var x uint8 = 3; _ = x + 1", "1"), ["constant uint8 1"]);
    assert_eq!(facts("x := 'a'; _ = x", "'a'"), ["constant rune 97"]);
    assert_eq!(facts("x := 1 << 3; _ = x", "1 << 3"), ["constant int 8"]);
    assert_eq!(facts("_ = []string{\"a\"}", "\"a\""), ["constant string \"a\""]);
    assert_eq!(facts("_ = map[int8]bool{5: true}", "5"), ["constant int8 5"]);
    assert_eq!(facts("f := func(float64) {}; f(2)", "2"), ["constant float64 2"]);
    assert_eq!(facts("_ = []byte(\"ab\")", "\"ab\""), ["constant string \"ab\""]);
    assert_eq!(facts("_ = float32(0.1)", "float32(0.1)"), ["constant float32 0.1"]);
    assert_eq!(facts("i := 0; _ = \"abc\"[i]", "\"abc\""), ["constant string \"abc\""]);
    assert_eq!(facts("for range \"abc\" {}", "\"abc\""), ["constant string \"abc\""]);
    assert_eq!(facts("for i := range 3 { _ = i }", "3"), ["constant int 3"]);
}

#[test]
fn shifts_take_the_type_of_their_context() {
    assert_eq!(facts("s := uint(1); var x int64 = 1 << s; _ = x", "1 << s"), ["value int64"]);
    assert_eq!(facts("s := uint(1); var x int64 = 1 << s; _ = x", "1"), ["constant uint 1", "constant int64 1"]);
    assert_eq!(facts("s := 1; _ = 7 << s", "7"), ["constant int 7"]);
    assert_eq!(facts("s := 1; var b uint8 = 7<<s + 2; _ = b", "7<<s"), ["value uint8"]);
    assert_eq!(facts("s := 1; _ = s << 9", "9"), ["constant uint 9"]);
    assert_eq!(facts("s := 1; var u uint16; _ = u == 7<<s", "7<<s"), ["value uint16"]);
}

#[test]
fn nil_and_comparisons() {
    assert_eq!(facts("var p *int = nil; _ = p", "nil"), ["nil *int"]);
    assert_eq!(facts("var e error; _ = e == nil", "nil"), ["nil error"]);
    assert_eq!(facts("var s []int; s = append(s, nil...)", "nil"), ["nil []int"]);
    assert_eq!(facts("x := 1; b := x == 2; _ = b", "x == 2"), ["value bool"]);
    assert_eq!(facts("type B bool; x := 1; var b B = x == 2; _ = b", "x == 2"), ["value B"]);
    assert_eq!(facts("x := 1; if x > 2 {}", "x > 2"), ["value bool"]);
    assert_eq!(facts("x := 1; _ = !(x > 2)", "(x > 2)"), ["value bool"]);
    assert_eq!(facts("var a any; _ = a == 5", "5"), ["constant int 5"]);
}

#[test]
fn forms_with_several_values() {
    assert_eq!(facts("m := map[string]int{}; v, ok := m[\"a\"]; _, _ = v, ok", "m[\"a\"]"), ["mapindex (int, bool)"]);
    assert_eq!(facts("m := map[string]int{}; _ = m[\"a\"]", "m[\"a\"]"), ["mapindex int"]);
    assert_eq!(facts("c := make(chan int); v, ok := (<-c); _, _ = v, ok", "<-c"), ["commaok (int, bool)"]);
    assert_eq!(facts("var a any; v, ok := a.(int); _, _ = v, ok", "a.(int)"), ["commaok (int, bool)"]);
    assert_eq!(
        facts("f := func() (int, string) { return 1, \"\" }; a, b := f(); _, _ = a, b", "f()"),
        ["value (int, string)"]
    );
    assert_eq!(facts("f := func() {}; f()", "f()"), ["novalue ()"]);
    assert_eq!(
        facts("type B bool; m := map[int]int{}; var v int; var ok B; v, ok = m[1]; _, _ = v, ok", "m[1]"),
        ["mapindex (int, B)"]
    );
}

#[test]
fn constants_of_builtins() {
    assert_eq!(facts("var a [4]int; _ = len(a)", "len(a)"), ["constant int 4"]);
    assert_eq!(facts("f := func() [4]int { return [4]int{} }; _ = len(f())", "len(f())"), ["value int"]);
    assert_eq!(facts("var a [4]int; for i := range a { _ = i }", "a"), ["constant int 4"]);
    assert_eq!(facts("_ = min(3, 2.5)", "min(3, 2.5)"), ["constant float64 2.5"]);
    assert_eq!(facts("var c complex64 = complex(1, 2); _ = c", "complex(1, 2)"), ["constant complex64 (1 + 2i)"]);
    assert_eq!(facts("_ = string(rune(65))", "string(rune(65))"), ["constant string \"A\""]);
}

#[test]
fn keys_of_struct_literals_name_fields() {
    let text = "package main\n\ntype In struct{ a, b int }\ntype T struct {\n\tc int\n\tIn\n}\n\nvar _ = T{c: 1, b: 2}\n\nfunc main() {}\n";
    let mut world = World::new();
    let (_, found) = world.check("main", &[("x.gol", text)], Options::default());
    assert!(found.is_empty(), "{}", world.show(&found, false));
    let fields = &world.prog.info.lit_fields;
    let mut paths: Vec<_> = fields.iter().map(|(&e, p)| (world.ast[e].span.lo, p.clone())).collect();
    paths.sort();
    assert_eq!(paths.into_iter().map(|p| p.1).collect::<Vec<_>>(), [vec![0], vec![1, 1]]);
}

/// The text under the second label of each finding, with what it says.
fn labels(text: &str) -> Vec<String> {
    let mut world = World::new();
    let (_, found) = world.check("main", &[("x.gol", text)], Options::default());
    let all = found.iter().flat_map(|d| &d.labels);
    all.map(|l| format!("{}: {}", world.map.describe(l.span), l.text)).collect()
}

#[test]
fn direction_errors_show_what_made_the_channel_one_way() {
    let text = "package main\n\ntype T struct{ in <-chan int }\n\nfunc get() (r <-chan int) { return nil }\n\n\
        func main() {\n\tvar out chan<- int\n\t<-out\n\tvar t T\n\tt.in <- 1\n\tget() <- 1\n\tc := get()\n\tc <- 1\n\
        \td := c\n\tclose(d)\n\t(<-chan int)(nil) <- 1\n}\n\nfunc f(p <-chan int) chan int { return p }\n";
    assert_eq!(
        labels(text),
        [
            "x.gol:8:6: declared send-only here",
            "x.gol:3:16: declared receive-only here",
            "x.gol:5:13: declared receive-only here",
            "x.gol:5:13: declared receive-only here",
            "x.gol:5:13: declared receive-only here",
            "x.gol:17:2: declared receive-only here",
            "x.gol:20:8: declared receive-only here",
            "x.gol:20:22: the result is declared here",
        ]
    );
}

#[test]
fn deep_and_long_expressions_do_not_overflow_the_stack() {
    let long = format!("package main\n\nvar x = 1{}\n\nfunc main() {{}}\n", " + 1".repeat(20_000));
    let mut world = World::new();
    let (_, found) = world.check("main", &[("x.gol", &long)], Options::default());
    assert!(found.is_empty());
    let chain = format!(
        "package main\n\nfunc main() {{\n\tx := 1\n\tif x == 0 {{\n\t}}{}\n}}\n",
        " else if x == 1 {\n\t}".repeat(5_000)
    );
    let (_, found) = World::new().check("main", &[("x.gol", &chain)], Options::default());
    assert!(found.len() <= 1, "one complaint at most, about the depth");
}

#[test]
fn long_runs_of_texts_and_conditions_take_no_time_by_the_square() {
    let long =
        format!("package main\n\nconst s = \"abcdefgh\"{}\n\nfunc main() {{}}\n", " + \"abcdefgh\"".repeat(50_000));
    let chain = "} else if n == 1 {\n".repeat(9_000);
    let chain = format!("package main\n\nfunc main() {{\n\tn := 0\n\tif n == 0 {{\n{chain}}}\n}}\n");
    for text in [long, chain] {
        let mut world = World::new();
        let (_, found) = world.check("main", &[("x.gol", &text)], Options::default());
        assert!(found.is_empty(), "{}", world.show(&found[..1], false));
    }
}
