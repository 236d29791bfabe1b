//! Embeds the standard library: writes a table of all files under `stdlib/`, with what they declare, for `src/stdlib.rs` to
//! include.

#[path = "../gol_syntax/src/outline.rs"]
mod outline;

use outline::{Outline, Piece};

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = Path::new(&manifest).join("../../stdlib");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    walk(&root, &mut files);
    // By package, then by name: a package in a folder of another's must not come between its files.
    files.sort_by_key(|f| (f.parent().map(Path::to_path_buf), f.file_name().map(|n| n.to_os_string())));
    let mut out = String::from("pub(crate) static FILES: &[Embedded] = &[\n");
    let mut names = String::new();
    for file in files {
        let inner = file.strip_prefix(&root).expect("found under the root");
        let dir = inner.parent().expect("a file lies in a folder").to_string_lossy().replace('\\', "/");
        let name = inner.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a file of the library can be read");
        let outline = source(&Outline::of(&text));
        let text = format!("include_str!({:?})", file.display().to_string());
        let (dir, name) = (place(&mut names, &dir), place(&mut names, &name));
        writeln!(out, "Embedded {{ dir: {dir}, name: {name}, text: {text}, outline: {outline} }},")
            .expect("to a string");
    }
    writeln!(out, "];\npub(crate) static NAMES: &str = {names:?};").expect("to a string");
    let to = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("stdlib_files.rs");
    fs::write(to, out).expect("OUT_DIR can be written");
}

/// Where a name is in the text of all names, to which it is added if it is new.
fn place(names: &mut String, name: &str) -> String {
    let lo = names.find(name).unwrap_or_else(|| {
        names.push_str(name);
        names.len() - name.len()
    });
    format!("piece({lo}, {})", name.len())
}

/// An outline as a Rust expression.
fn source(outline: &Outline) -> String {
    let piece = |p: Piece| format!("piece({}, {})", p.lo, p.len);
    let imports = outline.imports.iter().map(|i| format!("import({}, {}), ", piece(i.path), piece(i.name)));
    let items = outline.items.iter().map(|i| {
        let (decl, name, receiver) = (piece(i.decl), piece(i.name), piece(i.receiver));
        format!("item(ItemKind::{:?}, {decl}, {name}, {receiver}), ", i.kind)
    });
    let (package, imports, items) = (piece(outline.package), imports.collect::<String>(), items.collect::<String>());
    format!("outline({package}, &[{imports}], &[{items}])")
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", dir.display());
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "gol") {
            files.push(path);
        }
    }
}
