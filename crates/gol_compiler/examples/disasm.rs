//! `cargo run -p gol_compiler --example disasm FILE`: the bytecode of a program without imports.

use std::collections::HashMap;

use gol_bytecode::disasm;
use gol_source::SourceMap;
use gol_syntax::ast::Ast;

fn main() {
    let path = std::env::args().nth(1).expect("a file is named");
    let text = std::fs::read_to_string(&path).expect("it can be read");
    let mut map = SourceMap::new();
    let ast = Ast::new();
    let id = map.add(&path, text).expect("it is small");
    let (file, mut found) = gol_syntax::parse_file(&map, id, &ast);
    let mut types = gol_types::Program::new(&ast.names);
    let options = gol_types::Options::default();
    found.extend(types.check_package(&ast, &map, &[file], "main", &HashMap::new(), options).1);
    if found.is_empty() {
        match gol_compiler::compile(&ast, &map, &mut types) {
            Ok(p) => p.funcs.iter().for_each(|f| println!("{}", disasm::function(&p, f))),
            Err(more) => found = more,
        }
    }
    found.iter().for_each(|d| println!("{}: {}", map.describe(d.span), d.message));
}
