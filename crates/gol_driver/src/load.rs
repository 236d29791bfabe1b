//! Loading a program: its packages, imported ones first, through the phases.
//!
//! Every package is loaded once. One whose imports are wrong is not checked, as Go does not compile it; a package that is
//! not there at all stands in the way of nothing but itself, so that `gol check` tells more at once.

use crate::find::{self, Finder};
use crate::input::{self, Input, InputError, TOO_LARGE};
use crate::stdlib::LibraryFile;
use crate::{Built, Library};
use gol_source::{Code, Diagnostic, FileId, SourceMap, Span, Symbol, nearest};
use gol_syntax::ast::{Ast, Decl, File};
use gol_types::{Options, PkgId, Program};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The package that every program has, imported or not: the VM makes values of its types.
pub(crate) const RUNTIME: &str = "runtime";

/// What Go calls a package that is made of files named one by one.
pub(crate) const NAMED_FILES: &str = "command-line-arguments";

/// Parses, checks and (unless only checking) compiles.
pub(crate) fn load(input: &Input, library: &Library, compile: bool) -> Result<Built, InputError> {
    let texts = input::read(input, compile)?;
    let finder = Finder::around(&texts.dir)?;
    let own_path = finder.import_path(&texts.dir);
    let path = own_path.clone().filter(|_| texts.is_folder).unwrap_or_else(|| NAMED_FILES.into());
    let mut loader = Loader::new(finder, library);
    let mut files = Vec::new();
    let all = texts.files.len();
    for (name, text) in texts.files {
        files.extend(loader.parse(name, text));
    }
    // Go's compiler goes on after errors that its parser finds in well-formed text.
    // Where it gave up there is no package clause.
    let nameless = |f: &File| f.package.name == Symbol::BLANK && f.decls.is_empty();
    let whole = files.len() == all && (loader.diagnostics.is_empty() || !files.iter().any(nameless));
    let well_formed = whole && !loader.diagnostics.iter().any(|d| d.message.starts_with("syntax error"));
    let one_name = !loader.diagnostics.is_empty() || loader.one_name(&files, &texts.dir, None);
    let mut program = None;
    if well_formed && one_name {
        let mut types = Program::new(&loader.ast.names);
        types.library = crate::stdlib::paths().into_iter().filter(|p| !p.starts_with("internal/")).collect();
        if !loader.standard(&mut types, RUNTIME, &mut Vec::new()) {
            let text = match library {
                Library::Embedded => "this gol has no package runtime: it was built wrongly".into(),
                Library::Folder(root) => format!("{} has no package runtime: it is not the library", root.display()),
            };
            return Err(InputError(text));
        }
        let is_main = files.first().is_some_and(|f| loader.ast.text(f.package.name) == "main");
        let importer = Importer { path: own_path.as_deref(), shown: &path };
        if loader.imports(&mut types, &files, importer, &mut Vec::new()) {
            let name = if is_main { "main" } else { &path };
            let pkg = loader.check(&mut types, &files, name, Options::default());
            if loader.diagnostics.is_empty() && compile {
                program = loader.compile(&mut types, &files, pkg, is_main, &path)?;
            }
        }
    } else if !well_formed {
        let wrong: Vec<Span> = loader.diagnostics.iter().map(|d| d.span).collect();
        let mut types = Program::new(&loader.ast.names);
        for file in files.iter().filter(|f| !nameless(f)) {
            let found = types.check_jumps(&loader.ast, &loader.map, file, &wrong);
            loader.diagnostics.extend(found);
        }
    }
    loader.diagnostics.sort_by_key(|d| d.span.lo);
    Ok(Built { map: loader.map, diagnostics: loader.diagnostics, program })
}

/// A package whose imports are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Importer<'a> {
    /// Its import path, or that of the folder that its files lie in; `None` outside of all modules.
    pub(crate) path: Option<&'a str>,
    /// What messages call it.
    pub(crate) shown: &'a str,
}

/// An import that is being followed: the importing package, the name of the file, the imported path.
pub(crate) struct Step {
    importer: String,
    file: String,
    path: String,
}

/// An import as a file has it.
struct Import {
    path: String,
    /// Where the path stands, and the whole line with the local name.
    path_span: Span,
    span: Span,
    file: FileId,
}

/// What a program is loaded into, package by package.
pub(crate) struct Loader<'a> {
    pub(crate) library: &'a Library,
    pub(crate) map: SourceMap,
    pub(crate) ast: Ast,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) finder: Finder,
    /// Packages that are checked.
    pub(crate) known: HashMap<String, PkgId>,
    /// The program's packages with mistakes in them or in what they import.
    failed: HashSet<String>,
    /// The import path of the package whose tests are loaded: they alone may import it when it is a program.
    pub(crate) tested: Option<String>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(finder: Finder, library: &'a Library) -> Loader<'a> {
        let (map, ast) = (SourceMap::new(), Ast::new());
        let (known, failed) = (HashMap::new(), HashSet::new());
        Loader { library, map, ast, diagnostics: Vec::new(), finder, known, failed, tested: None }
    }

    fn report(&mut self, code: Code, at: Span, text: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, at, text));
    }

    /// Adds a file and parses it; what is wrong with it is noted.
    pub(crate) fn parse(&mut self, name: String, text: Vec<u8>) -> Option<File> {
        let (text, wrong) = match String::from_utf8(text) {
            Ok(text) => (text, None),
            Err(e) => {
                let at = e.utf8_error().valid_up_to() as u32;
                (String::from_utf8_lossy(e.as_bytes()).into_owned(), Some(at))
            }
        };
        let Some(id) = self.map.add(name, text) else {
            self.report(Code::SyntaxError, Span::NONE, TOO_LARGE);
            return None;
        };
        if let Some(at) = wrong {
            let at = self.map.file(id).base + at;
            self.report(Code::SyntaxError, Span::new(at, at + 1), "invalid UTF-8 encoding");
            return None;
        }
        let (mut file, found) = gol_syntax::parse_file(&self.map, id, &self.ast);
        self.map.set_marks(id, std::mem::take(&mut file.marks));
        self.diagnostics.extend(found);
        self.embeds(&file);
        Some(file)
    }

    /// Files are not built into programs: that a variable stays empty must not go unnoticed.
    fn embeds(&mut self, file: &File) {
        let imported = self.imports_of(std::slice::from_ref(file)).iter().any(|i| i.path == "embed");
        for &at in &file.embeds {
            match imported {
                true => self.report(Code::NotYet, at, "go:embed is not available in gol"),
                false => {
                    let text = "go:embed requires import \"embed\" (or import _ \"embed\", if package is not used)";
                    self.report(Code::BrokenImport, at, text);
                }
            }
        }
    }

    /// Whether all files of a folder have one package name; if not, it is reported, at the import if there is one.
    pub(crate) fn one_name(&mut self, files: &[File], dir: &Path, import: Option<Span>) -> bool {
        let Some((first, rest)) = files.split_first() else { return true };
        let Some(other) = rest.iter().find(|f| f.package.name != first.package.name) else { return true };
        let named = |f: &File| format!("{} ({})", self.ast.text(f.package.name), base_name(&self.map.file(f.id).name));
        let dir = find::absolute(dir);
        let text = format!("found packages {} and {} in {}", named(first), named(other), dir.display());
        let d = Diagnostic::error(Code::MismatchedPkgName, import.unwrap_or(other.package.span), text);
        let d = d.label(first.package.span, "the other files' package");
        self.diagnostics.push(d);
        false
    }

    pub(crate) fn check(&mut self, types: &mut Program, files: &[File], path: &str, options: Options) -> PkgId {
        let (id, found) = types.check_package(&self.ast, &self.map, files, path, &self.known, options);
        self.diagnostics.extend(found);
        id
    }

    pub(crate) fn compile(
        &mut self,
        types: &mut Program,
        files: &[File],
        pkg: PkgId,
        is_main: bool,
        path: &str,
    ) -> Result<Option<gol_bytecode::Program>, InputError> {
        if !is_main {
            return Err(InputError(format!("package {path} is not a main package")));
        }
        let main = self.ast.names.intern("main");
        if types.lookup(pkg, main).is_none() {
            // Go's linker says so, and has no place for it.
            let text = "function main is undeclared in the main package";
            self.report(Code::InvalidMainDecl, files[0].package.span, text);
            return Ok(None);
        }
        match gol_compiler::compile(&self.ast, &self.map, types) {
            Ok(program) => Ok(Some(program)),
            Err(found) => {
                self.diagnostics.extend(found);
                Ok(None)
            }
        }
    }

    fn imports_of(&self, files: &[File]) -> Vec<Import> {
        let mut all = Vec::new();
        for f in files {
            for d in &f.decls {
                let Decl::Import(specs) = &self.ast[*d].kind else { continue };
                all.extend(specs.iter().map(|s| Import {
                    path: self.ast.text(s.path).to_string(),
                    path_span: s.path_span,
                    span: s.name.map_or(s.path_span, |n| n.span.to(s.path_span)),
                    file: f.id,
                }));
            }
        }
        all
    }

    /// Loads and checks what these files import; false if something is wrong with one of the program's own packages
    /// among them.
    pub(crate) fn imports(
        &mut self,
        types: &mut Program,
        files: &[File],
        importer: Importer<'_>,
        trail: &mut Vec<Step>,
    ) -> bool {
        let mut good = true;
        for import in self.imports_of(files) {
            let path = &import.path;
            // What is no path at all is the checker's to say.
            if path == "unsafe" || gol_types::valid_path(path).is_err() {
                continue;
            }
            if path == "C" {
                self.report(Code::BrokenImport, import.path_span, "could not import C (no metadata for C)");
            } else if self.standard(types, path, &mut Vec::new()) {
                if path.split('/').any(|element| element == "internal") {
                    self.not_allowed(&import);
                }
            } else {
                let (file, shown) = (base_name(&self.map.file(import.file).name), importer.shown.to_string());
                trail.push(Step { importer: shown, file: file.to_string(), path: path.clone() });
                good &= self.own(types, &import, importer, trail);
                trail.pop();
            }
        }
        good
    }

    fn not_allowed(&mut self, import: &Import) {
        self.report(Code::BrokenImport, import.span, format!("use of internal package {} not allowed", import.path));
    }

    /// Loads and checks a package of the program; false if it or what it imports is wrong.
    fn own(&mut self, types: &mut Program, import: &Import, importer: Importer<'_>, trail: &mut Vec<Step>) -> bool {
        let path = &import.path;
        if self.tested.as_ref() == Some(path) && self.known.contains_key(path) {
            return true;
        }
        let dir = match self.finder.package(path) {
            Ok(dir) => dir,
            Err(text) => {
                let d = Diagnostic::error(Code::BrokenImport, import.span, text);
                let meant = nearest(path, types.library.iter().copied());
                self.diagnostics.push(match meant {
                    Some(meant) => d.help(format!("did you mean \"{meant}\"?")),
                    None => d,
                });
                return true;
            }
        };
        if !find::may_import(importer.path, path) {
            self.not_allowed(import);
            return false;
        }
        if trail.iter().any(|step| step.importer == *path) {
            self.cycle(import, trail);
            return false;
        }
        if self.failed.contains(path) {
            return false;
        }
        let id = match self.known.get(path) {
            Some(id) => *id,
            None => {
                let before = self.diagnostics.len();
                let id = self.load_own(types, import, &dir, trail);
                match id {
                    Some(id) if self.diagnostics.len() == before => id,
                    _ => {
                        self.failed.insert(path.clone());
                        return false;
                    }
                }
            }
        };
        self.known.insert(path.clone(), id);
        if self.ast.text(types.package(id).name) == "main" {
            let text = format!("import \"{path}\" is a program, not an importable package");
            self.report(Code::BrokenImport, import.span, text);
            return false;
        }
        true
    }

    fn load_own(&mut self, types: &mut Program, import: &Import, dir: &Path, trail: &mut Vec<Step>) -> Option<PkgId> {
        let texts = match find::files(dir) {
            Ok(texts) => texts,
            Err(text) => {
                self.report(Code::BrokenImport, import.span, text);
                return None;
            }
        };
        let before = self.diagnostics.len();
        let mut files = Vec::new();
        for (path, text) in texts {
            files.extend(self.parse(find::shown_file(&path), text));
        }
        if self.diagnostics.len() > before || !self.one_name(&files, dir, Some(import.span)) {
            return None;
        }
        let path = &import.path;
        let importer = Importer { path: Some(path), shown: path };
        if !self.imports(types, &files, importer, trail) {
            return None;
        }
        Some(self.check(types, &files, path, Options::default()))
    }

    /// Reports an import of a package that is being loaded.
    fn cycle(&mut self, import: &Import, trail: &[Step]) {
        let mut text = format!("import cycle not allowed\n\tpackage {}", trail[0].importer);
        for step in trail {
            text.push_str(&format!("\n\timports {} from {}", step.path, step.file));
        }
        self.report(Code::BrokenImport, import.span, text);
    }

    /// Loads a package of the standard library; false if there is none with this path.
    pub(crate) fn standard(&mut self, types: &mut Program, path: &str, trail: &mut Vec<String>) -> bool {
        if self.known.get(path).is_some_and(|id| types.package(*id).options.trusted) {
            return true;
        }
        let sources = self.library.package(path);
        if sources.is_empty() || trail.iter().any(|p| p == path) {
            return false;
        }
        trail.push(path.to_string());
        let mut files = Vec::new();
        for LibraryFile { name, text, outline } in sources {
            let Some(id) = self.map.add(format!("$GOL/{path}/{name}"), text.clone()) else {
                self.report(Code::SyntaxError, Span::NONE, TOO_LARGE);
                return false;
            };
            for import in &*outline.imports {
                let path = import.path.of(&text);
                if path != "unsafe" && !self.standard(types, path, trail) {
                    let at = self.map.file(id).base + import.path.lo;
                    let span = Span::new(at - 1, at + import.path.len + 1);
                    self.report(Code::BrokenImport, span, format!("package {path} is not in std"));
                }
            }
            files.push((id, outline));
        }
        let (id, found) = types.declare_library(&self.ast, &self.map, &files, path, &self.known);
        self.diagnostics.extend(found);
        self.known.insert(path.to_string(), id);
        trail.pop();
        true
    }
}

/// The last part of a file's name.
pub(crate) fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
