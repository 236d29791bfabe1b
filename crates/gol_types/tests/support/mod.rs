//! A small driver for the tests: loads packages from `stdlib/`, checks a file, and shows findings as `line:col: text`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gol_source::{Diagnostic, SourceMap};
use gol_syntax::ast::{Ast, Decl, File};
use gol_types::{Options, PkgId, Program};

/// Everything that a check leaves behind.
pub struct World {
    /// The tree.
    pub ast: Ast,
    /// The text.
    pub map: SourceMap,
    /// The tables.
    pub prog: Program,
    stdlib: PathBuf,
}

impl World {
    /// A world without packages.
    pub fn new() -> World {
        let ast = Ast::new();
        let prog = Program::new(&ast.names);
        let stdlib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib");
        World { ast, map: SourceMap::new(), prog, stdlib }
    }

    /// Parses and checks files of one package; syntax errors end it.
    pub fn check(
        &mut self,
        path: &str,
        sources: &[(&str, &str)],
        options: Options,
    ) -> (Option<PkgId>, Vec<Diagnostic>) {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for (name, text) in sources {
            let id = self.map.add(*name, text.to_string()).expect("small files");
            let (file, found) = gol_syntax::parse_file(&self.map, id, &self.ast);
            errors.extend(found);
            files.push(file);
        }
        // Go's compiler goes on after errors that its parser finds in well-formed text.
        if errors.iter().any(|d| d.message.starts_with("syntax error")) {
            return (None, errors);
        }
        let imports = self.imports(&files);
        let (id, found) = self.prog.check_package(&self.ast, &self.map, &files, path, &imports, options);
        errors.extend(found);
        errors.sort_by_key(|d| d.span.lo);
        (Some(id), errors)
    }

    fn imports(&mut self, files: &[File]) -> HashMap<String, PkgId> {
        let mut imports = HashMap::new();
        let mut paths = Vec::new();
        for file in files {
            for &decl in &file.decls {
                if let Decl::Import(specs) = &self.ast[decl].kind {
                    paths.extend(specs.iter().map(|s| self.ast.text(s.path).to_string()));
                }
            }
        }
        for path in paths {
            if let Some(id) = self.load(&path) {
                imports.insert(path, id);
            }
        }
        imports
    }

    /// A package of the standard library; `None` if it is not there.
    pub fn load(&mut self, path: &str) -> Option<PkgId> {
        if let Some(id) = self.prog.package_by_path(path) {
            return Some(id);
        }
        let mut names: Vec<PathBuf> = std::fs::read_dir(self.stdlib.join(path))
            .ok()?
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "gol"))
            .collect();
        names.sort();
        let texts: Vec<(String, String)> = names
            .iter()
            .map(|p| (p.display().to_string(), std::fs::read_to_string(p).expect("a readable file")))
            .collect();
        let sources: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        if sources.is_empty() {
            return None;
        }
        let (id, found) = self.check(path, &sources, Options { trusted: true, ..Options::default() });
        assert!(found.is_empty(), "{path}: {}", self.show(&found, true));
        id
    }

    /// Findings, one a line.
    pub fn show(&self, found: &[Diagnostic], with_file: bool) -> String {
        let mut out = String::new();
        for d in found {
            let p = self.map.position(d.span.lo);
            let place = p.map_or("-".to_string(), |p| format!("{}:{}", p.line, p.column));
            if with_file {
                out.push_str(&format!("{}:", p.map_or("", |p| self.map.file(p.file).name.as_str())));
            }
            out.push_str(&format!("{place}: {}\n", d.message));
        }
        out
    }
}
