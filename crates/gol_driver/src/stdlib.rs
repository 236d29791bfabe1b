//! The standard library: inside the binary, or in a folder for those who work on it.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/stdlib_files.rs"));

/// Where the standard library is read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Library {
    /// The one inside the binary.
    #[default]
    Embedded,
    /// A folder that is laid out as `stdlib/` is. Its functions without bodies are bound to the natives that this binary has.
    Folder(PathBuf),
}

/// A file of the library.
pub(crate) struct LibraryFile {
    /// The name in its folder.
    pub(crate) name: Cow<'static, str>,
    /// The text, as it is on disk.
    pub(crate) text: Cow<'static, [u8]>,
}

impl Library {
    /// The files of the package with this import path, by name; empty if there is no such package.
    pub(crate) fn package(&self, path: &str) -> Vec<LibraryFile> {
        let Library::Folder(root) = self else {
            let file = |f: &(&'static str, &'static str, &'static str)| LibraryFile {
                name: Cow::Borrowed(f.1),
                text: Cow::Borrowed(f.2.as_bytes()),
            };
            return embedded(path).iter().map(file).collect();
        };
        // A path that leads out of the folder names no package.
        let inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
        let Some(entries) = std::fs::read_dir(root.join(path)).ok().filter(|_| inside) else { return Vec::new() };
        let source = |p: &PathBuf| p.extension().is_some_and(|e| e == "gol");
        let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).filter(source).collect();
        paths.sort();
        let file = |p: PathBuf| {
            let name = p.file_name()?.to_string_lossy().into_owned();
            Some(LibraryFile { name: name.into(), text: std::fs::read(&p).ok()?.into() })
        };
        paths.into_iter().filter_map(file).collect()
    }
}

fn embedded(path: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    let lo = FILES.partition_point(|f| f.0 < path);
    let hi = FILES.partition_point(|f| f.0 <= path);
    &FILES[lo..hi]
}

/// The import paths of all packages, sorted.
pub fn paths() -> Vec<&'static str> {
    let mut all: Vec<_> = FILES.iter().map(|f| f.0).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use gol_source::SourceMap;
    use gol_syntax::ast::{Ast, Decl};
    use std::collections::BTreeSet;

    /// The full names of all functions without a body.
    fn bodyless() -> BTreeSet<String> {
        let (mut map, mut ast) = (SourceMap::new(), Ast::new());
        let mut all = BTreeSet::new();
        for (dir, name, text) in FILES {
            let id = map.add(format!("{dir}/{name}"), text.to_string()).expect("the library is small");
            let (file, found) = gol_syntax::parse_file(&map, id, &mut ast);
            assert!(found.is_empty(), "{dir}/{name}: {}", found[0].message);
            for d in file.decls {
                if let Decl::Func(f) = &ast[d].kind
                    && f.body.is_none()
                {
                    assert!(f.recv.is_none(), "{dir}: method {} has no body", ast.text(f.name.name));
                    all.insert(format!("{dir}.{}", ast.text(f.name.name)));
                }
            }
        }
        all
    }

    #[test]
    fn every_function_without_a_body_has_a_native_and_every_native_its_function() {
        let declared = bodyless();
        let bound: BTreeSet<String> = gol_natives::names().collect();
        let missing: Vec<_> = declared.difference(&bound).collect();
        assert!(missing.is_empty(), "no native for {missing:?}");
        let dead: Vec<_> = bound.difference(&declared).collect();
        assert!(dead.is_empty(), "no function for native {dead:?}");
    }
}
