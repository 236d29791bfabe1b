//! The standard library is right, and is checked on demand.

mod support;

use gol_source::Symbol;
use gol_types::{ObjKind, Options};
use support::World;

fn packages(dir: &std::path::Path, prefix: &str, out: &mut Vec<String>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).expect("a directory").filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    if entries.iter().any(|p| p.extension().is_some_and(|e| e == "gol")) {
        out.push(prefix.to_string());
    }
    for p in entries.into_iter().filter(|p| p.is_dir()) {
        let name = p.file_name().expect("a name").to_string_lossy().to_string();
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        packages(&p, &path, out);
    }
}

#[test]
fn every_package_is_right() {
    let work = || {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib");
        let mut paths = Vec::new();
        packages(&root, "", &mut paths);
        let mut world = World::new();
        let mut wrong = String::new();
        for path in paths {
            let id = world.load(&path).expect("the package is there");
            let found = world.prog.check_everything(&world.ast, &world.map, id);
            wrong.push_str(&world.show(&found, true));
        }
        assert_eq!(wrong, "");
    };
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("all packages are right");
}

#[test]
fn bodies_wait_until_they_are_asked_for() {
    let mut world = World::new();
    let source = "package lib\n\
        var A = f()\nvar B int = g()\nvar C int = h()\n\
        func f() int { return B }\nfunc g() int { return C }\nfunc h() int { return 1 }\n\
        func wrong() { undefined() }\nfunc native(int) int\ntype T struct{}\nfunc (T) m() { 1 + nope }\n";
    let trusted = Options { trusted: true, ..Options::default() };
    let (id, found) = world.check("lib", &[("lib.gol", source)], trusted);
    assert_eq!(world.show(&found, false), "");
    let id = id.expect("it parses");
    let name = |w: &World, text: &str| -> Symbol { w.ast.names.lookup(text).expect("a name of the text") };
    let object = |w: &World, text: &str| w.prog.lookup(id, name(w, text)).expect("an object");
    assert!(world.prog.init_order(id).is_empty());

    let wrong = object(&world, "wrong");
    let found = world.prog.check_body(&world.ast, &world.map, wrong);
    assert_eq!(world.show(&found, false), "8:16: undefined: undefined\n");
    assert!(world.prog.check_body(&world.ast, &world.map, wrong).is_empty(), "a body is checked once");

    // The initializers that are reached, in an order that respects what the bodies mention.
    for var in ["A", "B", "C"] {
        let var = object(&world, var);
        assert!(world.prog.check_var_init(&world.ast, &world.map, var).is_empty());
    }
    for func in ["f", "g", "h", "native"] {
        let func = object(&world, func);
        assert!(world.prog.check_body(&world.ast, &world.map, func).is_empty());
        assert!(matches!(world.prog.objects[func].kind, ObjKind::Func { recv: None, .. }));
    }
    let order: Vec<String> = world
        .prog
        .init_order(id)
        .iter()
        .map(|s| world.ast.text(world.prog.objects[s.lhs[0]].name).to_string())
        .collect();
    assert_eq!(order, ["C", "B", "A"]);
}
