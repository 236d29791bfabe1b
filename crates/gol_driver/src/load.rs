//! Finding packages and running the phases over them, imported packages first.

use crate::{Built, Library};
use gol_source::{Code, Diagnostic, FileId, SourceMap, Span, Symbol};
use gol_syntax::ast::{Ast, Decl, File};
use gol_types::{Options, PkgId, Program};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What to load.
#[derive(Clone, Debug)]
pub enum Input {
    /// One file, or a folder whose files are one package.
    Path(PathBuf),
    /// A text with the name it has in messages.
    Text(String, Vec<u8>),
}

/// A file that cannot be read. Its text is for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputError(pub String);

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The package that every program has, imported or not: the VM makes values of its types.
const RUNTIME: &str = "runtime";

/// Parses, checks and (unless only checking) compiles.
pub(crate) fn load(input: &Input, library: &Library, compile: bool) -> Result<Built, InputError> {
    let mut loader = Loader::new(library);
    let texts = read(input)?;
    let mut files = Vec::new();
    let all = texts.len();
    for (name, text) in texts {
        if let Some(f) = loader.parse(name, text) {
            files.push(f);
        }
    }
    // Go's compiler goes on after errors that its parser finds in well-formed text.
    // Where it gave up there is no package clause.
    let nameless = |f: &File| f.package.name == Symbol::BLANK && f.decls.is_empty();
    let whole = files.len() == all && (loader.diagnostics.is_empty() || !files.iter().any(nameless));
    let well_formed = whole && !loader.diagnostics.iter().any(|d| d.message.starts_with("syntax error"));
    if loader.diagnostics.is_empty() {
        loader.same_package(&files);
    }
    let mut program = None;
    if well_formed && !loader.diagnostics.iter().any(|d| d.code == Code::MismatchedPkgName) {
        let mut types = Program::new(&mut loader.ast.names);
        let mut trail = Vec::new();
        if loader.standard(&mut types, RUNTIME, &mut trail).is_none() {
            let text = match library {
                Library::Embedded => "this gol has no package runtime: it was built wrongly".into(),
                Library::Folder(root) => format!("{} has no package runtime: it is not the library", root.display()),
            };
            return Err(InputError(text));
        }
        loader.imports(&mut types, &files, &mut trail);
        let imports = loader.known.clone();
        let is_main = files.first().is_some_and(|f| loader.ast.text(f.package.name) == "main");
        let path = if is_main { "main" } else { "command-line-arguments" };
        let (pkg, found) = types.check_package(&loader.ast, &loader.map, &files, path, &imports, Options::default());
        loader.diagnostics.extend(found);
        if loader.diagnostics.is_empty() && compile {
            if !is_main {
                return Err(InputError("package command-line-arguments is not a main package".into()));
            }
            let main = loader.ast.names.intern("main");
            if types.lookup(pkg, main).is_none() {
                // Go's linker says so, and has no place for it.
                let text = "function main is undeclared in the main package";
                loader.diagnostics.push(Diagnostic::error(Code::InvalidMainDecl, files[0].package.span, text));
                return Ok(Built { map: loader.map, diagnostics: loader.diagnostics, program: None });
            }
            match gol_compiler::compile(&loader.ast, &loader.map, &mut types) {
                Ok(p) => program = Some(p),
                Err(found) => loader.diagnostics.extend(found),
            }
        }
    }
    loader.diagnostics.sort_by_key(|d| d.span.lo);
    Ok(Built { map: loader.map, diagnostics: loader.diagnostics, program })
}

/// The files of the input, each with the name it has in messages.
fn read(input: &Input) -> Result<Vec<(String, Vec<u8>)>, InputError> {
    let path = match input {
        Input::Text(name, text) => return Ok(vec![(name.clone(), text.clone())]),
        Input::Path(path) => path,
    };
    let fail = |what: &str, path: &Path, e: std::io::Error| {
        let text = e.to_string().to_lowercase();
        let text = text.split(" (os error").next().unwrap_or_default().to_string();
        InputError(format!("{what} {}: {text}", path.display()))
    };
    let one = |path: &Path| {
        let text = std::fs::read(path).map_err(|e| fail("open", path, e))?;
        Ok((path.display().to_string(), text))
    };
    if !path.is_dir() {
        return Ok(vec![one(path)?]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| fail("open", path, e))?;
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).filter(|p| is_source(p)).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(InputError(format!("no .gol or .go files in {}", path.display())));
    }
    paths.iter().map(|p| one(p)).collect()
}

/// The text of an input that is one file, for tools that look at no more than that.
pub(crate) fn one_text(input: &Input) -> Result<(SourceMap, FileId), InputError> {
    if let Input::Path(path) = input
        && path.is_dir()
    {
        return Err(InputError(format!("{} is a folder", path.display())));
    }
    let mut map = SourceMap::new();
    let (name, text) = read(input)?.remove(0);
    let text = String::from_utf8(text).map_err(|_| InputError(format!("{name} is no UTF-8 text")))?;
    match map.add(name, text) {
        Some(id) => Ok((map, id)),
        None => Err(InputError("the program is larger than 4 GiB".into())),
    }
}

fn is_source(path: &Path) -> bool {
    let stem = path.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
    let source = path.extension().is_some_and(|e| e == "gol" || e == "go");
    source && path.is_file() && !stem.ends_with("_test") && !stem.starts_with(['_', '.'])
}

struct Loader<'a> {
    library: &'a Library,
    map: SourceMap,
    ast: Ast,
    diagnostics: Vec<Diagnostic>,
    /// Packages that are checked.
    known: HashMap<String, PkgId>,
}

impl<'a> Loader<'a> {
    fn new(library: &'a Library) -> Loader<'a> {
        Loader { library, map: SourceMap::new(), ast: Ast::new(), diagnostics: Vec::new(), known: HashMap::new() }
    }

    /// Adds a file and parses it; what is wrong with it is noted.
    fn parse(&mut self, name: String, text: Vec<u8>) -> Option<File> {
        let (text, wrong) = match String::from_utf8(text) {
            Ok(text) => (text, None),
            Err(e) => {
                let at = e.utf8_error().valid_up_to() as u32;
                (String::from_utf8_lossy(e.as_bytes()).into_owned(), Some(at))
            }
        };
        let Some(id) = self.map.add(name, text) else {
            let text = "the program is larger than 4 GiB";
            self.diagnostics.push(Diagnostic::error(Code::SyntaxError, Span::NONE, text));
            return None;
        };
        if let Some(at) = wrong {
            let at = self.map.file(id).base + at;
            let text = "invalid UTF-8 encoding";
            self.diagnostics.push(Diagnostic::error(Code::SyntaxError, Span::new(at, at + 1), text));
            return None;
        }
        let (file, found) = gol_syntax::parse_file(&self.map, id, &mut self.ast);
        self.diagnostics.extend(found);
        Some(file)
    }

    /// All files of a folder have one package name.
    fn same_package(&mut self, files: &[File]) {
        let Some((first, rest)) = files.split_first() else { return };
        for f in rest.iter().filter(|f| f.package.name != first.package.name) {
            let (have, want) = (self.ast.text(f.package.name), self.ast.text(first.package.name));
            let text = format!("package {have}; expected package {want}");
            let d = Diagnostic::error(Code::MismatchedPkgName, f.package.span, text);
            self.diagnostics.push(d.label(first.package.span, "the other files' package"));
        }
    }

    /// Loads and checks what these files import.
    fn imports(&mut self, types: &mut Program, files: &[File], trail: &mut Vec<String>) {
        let mut wanted = Vec::new();
        for d in files.iter().flat_map(|f| &f.decls) {
            if let Decl::Import(specs) = &self.ast[*d].kind {
                wanted.extend(specs.iter().map(|s| (self.ast.text(s.path).to_string(), s.path_span)));
            }
        }
        for (path, span) in wanted {
            // What is no path at all is the checker's to say.
            if path == "unsafe" || gol_types::valid_path(&path).is_err() || self.standard(types, &path, trail).is_some()
            {
                continue;
            }
            let text = if path == "C" {
                "could not import C (no metadata for C)".to_string()
            } else if path.starts_with("./") || path.starts_with("../") {
                format!("{path} is relative, but relative import paths are not supported in module mode")
            } else if path.split('/').next().is_some_and(|first| first.contains('.')) {
                format!("no required module provides package {path}")
            } else {
                format!("package {path} is not in std")
            };
            self.diagnostics.push(Diagnostic::error(Code::BrokenImport, span, text));
        }
    }

    /// The package of the standard library with this path, checked; `None` if there is none.
    fn standard(&mut self, types: &mut Program, path: &str, trail: &mut Vec<String>) -> Option<PkgId> {
        if let Some(id) = self.known.get(path) {
            return Some(*id);
        }
        let sources = self.library.package(path);
        if sources.is_empty() || trail.iter().any(|p| p == path) {
            return None;
        }
        trail.push(path.to_string());
        let mut files = Vec::new();
        for file in sources {
            files.extend(self.parse(format!("$GOL/{path}/{}", file.name), file.text.into_owned()));
        }
        self.imports(types, &files, trail);
        let imports = self.known.clone();
        let options = Options { trusted: true, ..Options::default() };
        let (id, found) = types.check_package(&self.ast, &self.map, &files, path, &imports, options);
        self.diagnostics.extend(found);
        self.known.insert(path.to_string(), id);
        trail.pop();
        Some(id)
    }
}
