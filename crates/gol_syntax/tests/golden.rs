//! Trees and messages against files: `trees/x.gol` has its tree in `trees/x.txt`, `errors/x.gol` what is wrong with it in
//! `errors/x.txt`. With `GOL_BLESS=1` in the environment the `.txt` files are written anew; read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use gol_source::SourceMap;
use gol_syntax::ast::Ast;

#[test]
fn trees() {
    each("trees", |text| {
        let (map, ast, file, errors) = parse(text);
        assert_eq!(errors, "");
        gol_syntax::print::file(&ast, &map, &file)
    });
}

#[test]
fn errors() {
    each("errors", |text| parse(text).3);
}

fn parse(text: &str) -> (SourceMap, Ast, gol_syntax::ast::File, String) {
    let mut map = SourceMap::new();
    let id = map.add("x.gol", text.to_string()).unwrap();
    let ast = Ast::new();
    let (file, errors) = gol_syntax::parse_file(&map, id, &ast);
    let lines = errors.iter().map(|e| {
        let place = map.describe(e.span);
        format!("{}: {}\n", place.strip_prefix("x.gol:").unwrap_or(&place), e.message)
    });
    let lines = lines.collect();
    (map, ast, file, lines)
}

fn each(folder: &str, actual: impl Fn(&str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "gol"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let actual = actual(&fs::read_to_string(&file).unwrap());
        let golden = file.with_extension("txt");
        if std::env::var_os("GOL_BLESS").is_some() {
            fs::write(&golden, &actual).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(actual, expected, "{}", file.display());
    }
}
