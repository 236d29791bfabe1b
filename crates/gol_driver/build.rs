//! Embeds the standard library: writes a table of all files under `stdlib/` for `src/stdlib.rs` to include.

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
    let mut out = String::from("pub(crate) static FILES: &[(&str, &str, &str)] = &[\n");
    for file in files {
        let inner = file.strip_prefix(&root).expect("found under the root");
        let dir = inner.parent().expect("a file lies in a folder").to_string_lossy().replace('\\', "/");
        let name = inner.file_name().expect("a file has a name").to_string_lossy().into_owned();
        writeln!(out, "({dir:?}, {name:?}, include_str!({:?})),", file.display().to_string()).expect("to a string");
    }
    out.push_str("];\n");
    let to = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("stdlib_files.rs");
    fs::write(to, out).expect("OUT_DIR can be written");
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
