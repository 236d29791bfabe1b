//! Golden disassembly: each `golden/*.gol` is compiled, and the text of its functions compared with the `.txt` beside it.
//! `BLESS=1 cargo test -p gol_compiler` writes what is there now.

use std::collections::HashMap;
use std::path::Path;

use gol_bytecode::disasm;
use gol_source::SourceMap;
use gol_syntax::ast::Ast;

fn disassemble(name: &str, text: &str) -> String {
    let mut map = SourceMap::new();
    let ast = Ast::new();
    let id = map.add(name, text.to_string()).expect("the text is small");
    let (file, found) = gol_syntax::parse_file(&map, id, &ast);
    assert!(found.is_empty(), "{found:?}");
    let mut types = gol_types::Program::new(&ast.names);
    let imports = HashMap::new();
    let (_, found) = types.check_package(&ast, &map, &[file], "main", &imports, gol_types::Options::default());
    assert!(found.is_empty(), "{found:?}");
    let program = gol_compiler::compile(&ast, &map, &mut types).expect("it compiles");
    assert_eq!(gol_bytecode::verify::program(&program), Ok(()));
    let functions = program.funcs.iter().filter(|f| f.name.starts_with("main."));
    functions.map(|f| disasm::function(&program, f)).collect::<Vec<_>>().join("\n")
}

#[test]
fn golden() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<_> = std::fs::read_dir(&dir).expect("the folder is there").map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "gol")) {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let now = disassemble(&name, &text);
        let golden = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, now).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != now {
            wrong.push(format!("{name} now gives\n{now}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
