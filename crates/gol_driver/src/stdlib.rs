//! The standard library: inside the binary, or in a folder for those who work on it.

use gol_syntax::outline::{Import, Item, ItemKind, Outline, Piece};
use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/stdlib_files.rs"));

/// A file inside the binary. The build script writes the table of them with the functions below.
pub(crate) struct Embedded {
    /// The import path of its package, and its name, in [`NAMES`]: all names are in one place, so that looking through them
    /// touches nothing else.
    dir: Piece,
    name: Piece,
    text: &'static str,
    outline: Outline,
}

impl Embedded {
    fn dir(&self) -> &'static str {
        self.dir.of(NAMES)
    }

    fn name(&self) -> &'static str {
        self.name.of(NAMES)
    }
}

const fn piece(lo: u32, len: u32) -> Piece {
    Piece { lo, len }
}

const fn import(path: Piece, name: Piece) -> Import {
    Import { path, name }
}

const fn item(kind: ItemKind, decl: Piece, name: Piece, receiver: Piece) -> Item {
    Item { kind, decl, name, receiver }
}

const fn outline(package: Piece, imports: &'static [Import], items: &'static [Item]) -> Outline {
    Outline { package, imports: Cow::Borrowed(imports), items: Cow::Borrowed(items) }
}

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
    /// The text.
    pub(crate) text: Cow<'static, str>,
    /// What it declares.
    pub(crate) outline: Outline,
}

impl Library {
    /// The files of the package with this import path, by name; empty if there is no such package.
    pub(crate) fn package(&self, path: &str) -> Vec<LibraryFile> {
        let Library::Folder(root) = self else {
            let lo = FILES.partition_point(|f| f.dir() < path);
            let files = FILES[lo..].iter().take_while(|f| f.dir() == path);
            let file = |f: &Embedded| LibraryFile {
                name: Cow::Borrowed(f.name()),
                text: Cow::Borrowed(f.text),
                outline: f.outline.clone(),
            };
            return files.map(file).collect();
        };
        // A path that leads out of the folder names no package.
        let inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
        let Some(entries) = std::fs::read_dir(root.join(path)).ok().filter(|_| inside) else { return Vec::new() };
        let source = |p: &PathBuf| p.extension().is_some_and(|e| e == "gol");
        let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).filter(source).collect();
        paths.sort();
        let file = |p: PathBuf| {
            let name = p.file_name()?.to_string_lossy().into_owned();
            let text = String::from_utf8_lossy(&std::fs::read(&p).ok()?).into_owned();
            Some(LibraryFile { name: name.into(), outline: Outline::of(&text), text: text.into() })
        };
        paths.into_iter().filter_map(file).collect()
    }
}

impl Library {
    /// The import paths of all packages, sorted.
    pub fn paths(&self) -> Vec<String> {
        let Library::Folder(root) = self else { return paths().into_iter().map(str::to_string).collect() };
        let (mut all, mut todo) = (Vec::new(), vec![root.clone()]);
        while let Some(dir) = todo.pop() {
            let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|e| e.path());
            let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|p| p.is_dir());
            if files.iter().any(|p| p.extension().is_some_and(|e| e == "gol")) {
                let inside = dir.strip_prefix(root).unwrap_or(&dir);
                all.push(inside.to_string_lossy().replace('\\', "/"));
            }
            todo.extend(dirs);
        }
        all.sort();
        all
    }
}

/// The import paths of all packages inside the binary, sorted.
pub fn paths() -> Vec<&'static str> {
    let mut all: Vec<_> = FILES.iter().map(Embedded::dir).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use gol_source::SourceMap;
    use gol_syntax::ast::{Ast, Decl, Ident};
    use std::collections::BTreeSet;

    /// The full names of all functions without a body.
    fn bodyless() -> BTreeSet<String> {
        let (mut map, ast) = (SourceMap::new(), Ast::new());
        let mut all = BTreeSet::new();
        for f in FILES {
            let (dir, name) = (f.dir(), f.name());
            let id = map.add(format!("{dir}/{name}"), f.text).expect("the library is small");
            let (file, found) = gol_syntax::parse_file(&map, id, &ast);
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
        let mut declared = bodyless();
        assert!(declared.remove(gol_compiler::MACHINE_CALL), "the compiler makes a function that nobody declares");
        let bound: BTreeSet<String> = gol_natives::names().collect();
        let missing: Vec<_> = declared.difference(&bound).collect();
        assert!(missing.is_empty(), "no native for {missing:?}");
        let dead: Vec<_> = bound.difference(&declared).collect();
        assert!(dead.is_empty(), "no function for native {dead:?}");
    }

    #[test]
    fn outlines_have_what_the_parser_finds() {
        let (mut map, ast) = (SourceMap::new(), Ast::new());
        for f in FILES {
            let id = map.add(f.name(), f.text).expect("the library is small");
            let (base, file) = (map.file(id).base, gol_syntax::parse_file(&map, id, &ast).0);
            let mut parsed = Vec::new();
            for d in file.decls {
                let span = ast[d].span;
                let mut add = |name: &Ident| {
                    parsed.push((ast.text(name.name), name.span.lo - base, span.lo - base, span.hi - base))
                };
                match &ast[d].kind {
                    Decl::Bad | Decl::Import(_) => {}
                    Decl::Const(specs) => specs.iter().flat_map(|s| &s.names).for_each(&mut add),
                    Decl::Var(specs) => specs.iter().flat_map(|s| &s.names).for_each(&mut add),
                    Decl::Type(specs) => specs.iter().map(|s| &s.name).for_each(&mut add),
                    Decl::Func(func) => add(&func.name),
                }
            }
            let piece = |i: &Item| (i.name.of(f.text), i.name.lo, i.decl.lo, i.decl.lo + i.decl.len);
            let outlined: Vec<_> = f.outline.items.iter().map(piece).collect();
            assert_eq!(outlined, parsed, "{}/{}", f.dir(), f.name());
            assert_eq!(f.outline.package.of(f.text), ast.text(file.package.name));
        }
    }
}
