//! Every exported name of the library can be used: a program a package that mentions all of them compiles and runs, and its
//! constants have Go's values.
//!
//! The names are those of the census (`tests/census/go.txt`, whose form `crates/gol_types/tests/census/main.rs` describes), without
//! its exceptions. That what is mentioned also does what Go's does is for the programs under `tests/stdlib` to show.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Predeclared types that stand for a constraint's type argument.
fn argument(constraint: &str) -> Option<&'static str> {
    match constraint {
        "interface{}" | "comparable" | "cmp.Ordered" | "Ordered" => Some("int"),
        c if c.starts_with("~[]") => Some("[]int"),
        c if c.starts_with("~map[") => Some("map[int]int"),
        c if c.split('|').any(|t| t == "~int" || t == "int") => Some("int"),
        _ => None,
    }
}

/// The type arguments for a list of constraints that `text` starts with, and what follows it; `None` if there is no telling.
fn instance(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('[') {
        return Some((String::new(), text));
    }
    let mut depth = 0;
    let end = text.find(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        depth == 0
    })?;
    let arguments: Option<Vec<_>> = text[1..end].split(", ").map(argument).collect();
    Some((format!("[{}]", arguments?.join(", ")), &text[end + 1..]))
}

/// What mentions the name of a line, as statements of a program that imports the package as `p`; and the output of them.
fn mention(line: &str, types: &dyn Fn(&str) -> Option<String>) -> Option<(String, String)> {
    let (kind, rest) = line.split_once(' ')?;
    let quiet = |statement: String| Some((statement, String::new()));
    match kind {
        "const" => {
            let (head, value) = rest.split_once(" = ")?;
            let (name, ty) = head.split_once(' ')?;
            Some(match value.strip_prefix("bits ") {
                Some(bits) => {
                    (format!("fmt.Printf(\"%016x\\n\", math.Float64bits(float64(p.{name})))"), bits.to_string())
                }
                None if ty == "untyped int" && value.len() > 18 => (format!("use(p.{name} != 0)"), String::new()),
                None if value.parse::<i128>().is_ok() && !ty.ends_with("string") => {
                    (format!("fmt.Printf(\"%d\\n\", p.{name})"), value.to_string())
                }
                None if ty.ends_with("bool") => (format!("fmt.Println(p.{name})"), value.to_string()),
                None => (format!("use(p.{name})"), String::new()),
            })
        }
        "var" => quiet(format!("use(&p.{})", rest.split(' ').next()?)),
        "func" => {
            let (name, rest) = rest.split_at(rest.find(['(', '['])?);
            quiet(format!("use(p.{name}{})", instance(rest)?.0))
        }
        // A constraint is no type of values.
        "type" if rest.contains(" interface ~") => None,
        "type" | "alias" => {
            let name = rest.split([' ', '[']).next()?;
            quiet(format!("use(func(p.{name}{}) {{}})", types(name)?))
        }
        "field" => {
            let (ty, field) = rest.split(' ').next()?.split_once('.')?;
            quiet(format!("use(func(x *p.{ty}{}) {{ use(&x.{field}) }})", types(ty)?))
        }
        "method" => {
            let (star, name) = match rest.strip_prefix('*') {
                Some(rest) => ("*", rest),
                None => ("", rest),
            };
            let (ty, rest) = name.split_once('.')?;
            let (method, rest) = rest.split_at(rest.find(['(', '['])?);
            let arguments = instance(rest)?.0;
            match types(ty) {
                Some(of) => quiet(format!("use(func(x {star}p.{ty}{of}) {{ use(x.{method}{arguments}) }})")),
                None => quiet(format!("use(p.{ty}.{method}{arguments})")),
            }
        }
        _ => None,
    }
}

#[test]
fn every_name_of_the_library_can_be_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join("tests/census").join(path)).unwrap();
    let (names, exceptions) = (read("go.txt"), read("exceptions.txt"));
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("census");
    std::fs::create_dir_all(&dir).unwrap();
    let (mut used, mut all, mut wrong) = (0, 0, String::new());
    for package in names.split("\npackage ").skip(1) {
        let (path, lines) = package.split_once('\n').unwrap();
        let there = std::fs::read_dir(root.join("stdlib").join(path)).into_iter().flatten().flatten();
        if !there.map(|e| e.path()).any(|p| p.extension().is_some_and(|e| e == "gol")) {
            continue;
        }
        let excepted = |line: &str| {
            let name = line.split_once(' ').map_or("", |l| l.1).trim_start_matches('*');
            let name = name.split([' ', '(', '[']).next().unwrap_or_default();
            exceptions.lines().filter_map(|e| e.strip_prefix(path)?.strip_prefix(' ')?.split(':').next()).any(|e| {
                match e.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => e == name,
                }
            })
        };
        // The type arguments of a type; `None`: a variable has that name, or there is no telling.
        let types = |name: &str| {
            let of = |l: &str| {
                let rest = l.strip_prefix("type ").or(l.strip_prefix("alias "))?.strip_prefix(name)?;
                rest.starts_with([' ', '[']).then(|| instance(rest).map(|i| i.0))?
            };
            lines.lines().find_map(of)
        };
        let mut program = format!(
            "package main\n\nimport (\n\t\"fmt\"\n\t\"math\"\n\tp {path:?}\n)\n\nfunc use(any) {{}}\n\nfunc main() {{\n\tuse(math.Pi)\n"
        );
        let mut want = String::new();
        for line in lines.lines().filter(|l| !excepted(l)) {
            all += 1;
            let Some((statement, output)) = mention(line, &types) else { continue };
            used += 1;
            let _ = writeln!(program, "\t{statement}");
            if !output.is_empty() {
                want += &format!("{output}\n");
            }
        }
        program += "\tfmt.Println(\"all\")\n}\n";
        want += "all\n";
        let file = dir.join(format!("{}.gol", path.replace('/', "_")));
        std::fs::write(&file, &program).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_gol")).arg(&file).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !run.status.success() || text(&run.stdout) != want {
            wrong += &format!("{}: {}{}", file.display(), text(&run.stdout), text(&run.stderr));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // What is not mentioned is generic over what this test does not know.
    assert!(used * 100 > all * 99, "{used} of {all} names are used");
}
