//! Types as the running program shows them, with `%T`.

mod support;

use gol_types::Options;
use support::World;

#[test]
fn as_go_prints_them() {
    let mut world = World::new();
    let source = "package main\nimport \"fmt\"\ntype T struct{}\ntype A = map[string]any\nvar (\n\
        a struct{}\nb interface{}\nc chan (<-chan int)\nd A\ne []rune\nf [3]*byte\n\
        g struct { A int; b string \"x:\\\"y\\\"\"; fmt.Stringer; T }\n\
        h interface { m(); N(int) string }\ni func(a int, b ...string) (x, y int)\nj func() error\n\
        k chan<- func(T)\nl map[T]struct{ T }\nm interface { fmt.Stringer; error }\n)\n";
    let (id, found) = world.check("main", &[("x.go", source)], Options::default());
    assert_eq!(world.show(&found, false), "");
    let id = id.expect("it parses");
    let mut shown = String::new();
    for &v in &world.prog.package(id).vars {
        shown.push_str(&world.prog.type_string(&world.ast.names, world.prog.objects[v].ty));
        shown.push('\n');
    }
    let expected = r#"struct {}
interface {}
chan (<-chan int)
map[string]interface {}
[]int32
[3]*uint8
struct { A int; b string "x:\"y\""; fmt.Stringer; main.T }
interface { N(int) string; main.m() }
func(int, ...string) (int, int)
func() error
chan<- func(main.T)
map[main.T]struct { main.T }
interface { Error() string; String() string }
"#;
    assert_eq!(shown, expected);
}
