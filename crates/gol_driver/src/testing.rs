//! Test programs: a package together with its test files, the package of its external tests, and a main package that
//! calls `testing` with what these declare. That package is a text that is written here and lies in no file.
//!
//! Running it is the command's business (`gol test`), and what its output looks like that of `testing`.

pub use crate::cover::CoverMode;
use crate::cover::{self, Covered};
use crate::find::{self, Finder};
use crate::input::{self, Input, InputError};
use crate::load::{Importer, Loader, NAMED_FILES, RUNTIME, base_name};
use crate::{Built, Library, example};
use gol_source::{Code, Diagnostic, SourceMap, Span};
use gol_syntax::ast::{Ast, Decl, Expr, ExprId, File, FuncDecl};
use gol_types::{Options, Program};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A package that was loaded for its tests.
pub struct Tested {
    /// Its import path.
    pub path: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Whether there is any test file.
    pub has_tests: bool,
    /// What was found, and the program.
    pub built: Built,
    /// What the go command writes above what was found: which package, and for whose test it was compiled.
    pub heading: String,
    /// A test function that `testing` cannot call, in Go's words.
    pub wrong: Option<String>,
}

impl Tested {
    /// Whether it was not possible to begin: imports that are not there, test functions of a wrong form.
    pub fn setup_failed(&self) -> bool {
        self.wrong.is_some() || setup_failed(&self.built.diagnostics, &self.built.map)
    }

    /// What Go's tools name a failure after: the package that could not be loaded or compiled.
    pub fn failed_build(&self) -> String {
        let broken = |d: &&Diagnostic| d.code == Code::BrokenImport;
        let import = self.built.diagnostics.iter().find(broken);
        match import.map(|d| d.message.strip_prefix("package ").and_then(|t| t.split_once(' '))) {
            Some(Some((missing, _))) => missing.to_string(),
            Some(None) => format!("{0} [{0}.test]", self.path),
            None if self.setup_failed() => format!("{}.test", self.path),
            None => self.heading.clone(),
        }
    }
}

/// Why there is no package with this import path.
pub fn missing(path: &str) -> Option<String> {
    Finder::around(Path::new(".")).ok()?.package(path).err()
}

/// Imports that are not there, and test files that cannot be read: what comes before all compiling.
fn setup_failed(found: &[Diagnostic], map: &SourceMap) -> bool {
    let in_test = |d: &Diagnostic| map.file_at(d.span.lo).is_some_and(|f| find::is_test(Path::new(&map.file(f).name)));
    found.iter().any(|d| d.code == Code::BrokenImport || d.code == Code::SyntaxError && in_test(d))
}

/// The folder or pattern of folders that an import path on the command line stands for; `None` for what is no such path.
pub fn folder(word: &str) -> Result<Option<String>, InputError> {
    let stem = word.strip_suffix("...").map_or(word, |s| s.trim_end_matches('/'));
    let relative = word.starts_with(['.', '/']) || word == "-" || stem.is_empty();
    if relative || Path::new(stem).exists() {
        return Ok(None);
    }
    let finder = Finder::around(Path::new("."))?;
    let dir = match word == stem {
        true => finder.package(word).ok(),
        false => finder.below(stem),
    };
    Ok(dir.map(|d| find::shown(&d)).map(|d| if word == stem { d } else { d + "/..." }))
}

/// Checks a package with its tests without compiling it.
pub fn check(input: &Input, library: &Library) -> Result<Tested, InputError> {
    crate::on_a_large_stack(|| load(input, library, false, None))
}

/// Checks and compiles a package with its tests, and with counters if its coverage is wanted.
pub fn build(input: &Input, library: &Library, cover: Option<CoverMode>) -> Result<Tested, InputError> {
    crate::on_a_large_stack(|| load(input, library, true, cover))
}

/// The lines of the coverage profile of a package of which nothing ran.
pub fn nothing_covered(input: &Input, mode: CoverMode) -> Result<String, InputError> {
    let mut sources = read(input)?;
    let path = Finder::around(&sources.dir)?.import_path(&sources.dir);
    let mut out = String::new();
    for (file, mut blocks) in counted(&mut sources, path.as_deref(), mode) {
        blocks.sort_unstable();
        for b in blocks {
            let _ = writeln!(out, "{file}:{}.{},{}.{} {} 0", b.from.0, b.from.1, b.to.0, b.to.1, b.statements);
        }
    }
    Ok(out)
}

/// A file's name in profiles and its blocks.
type Blocks = (String, Vec<cover::Counted>);

/// Puts counters into a package's own files. Those of the n-th file are the variable [`counters`] of n.
fn counted(sources: &mut Sources, path: Option<&str>, mode: CoverMode) -> Vec<Blocks> {
    let mut all = Vec::new();
    for (i, (name, text)) in sources.own.iter_mut().enumerate() {
        let plain = String::from_utf8_lossy(text);
        let Some(Covered { text: with, blocks }) = cover::covered(&plain, mode, &counters(i)) else { continue };
        let base = Path::new(name.as_str()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let shown = match path {
            Some(path) => format!("{path}/{base}"),
            None => find::absolute(Path::new(name.as_str())).display().to_string(),
        };
        *text = with.into_bytes();
        all.push((shown, blocks));
    }
    all
}

/// The variable with the counters of a file.
fn counters(file: usize) -> String {
    format!("GolCover_{file}")
}

type Text = (String, Vec<u8>);

/// The files of a package and its test files, and the folder that they lie in.
struct Sources {
    own: Vec<Text>,
    tests: Vec<Text>,
    dir: PathBuf,
    named: bool,
}

fn read(input: &Input) -> Result<Sources, InputError> {
    if let Input::Path(dir) = input
        && (dir.is_dir() || !find::is_source_name(dir))
    {
        let named =
            |all: Vec<(PathBuf, Vec<u8>)>| all.into_iter().map(|(p, text)| (find::shown_file(&p), text)).collect();
        let tests: Vec<Text> = find::test_files(dir).map(named).map_err(InputError)?;
        let own = match find::files(dir).map(named) {
            Ok(own) => own,
            Err(_) if !tests.is_empty() => Vec::new(),
            Err(text) => return Err(InputError(text)),
        };
        return Ok(Sources { own, tests, dir: dir.clone(), named: false });
    }
    let texts = input::read(input, false)?;
    let (tests, own) = texts.files.into_iter().partition(|f| find::is_test(Path::new(&f.0)));
    Ok(Sources { own, tests, dir: texts.dir, named: true })
}

fn load(input: &Input, library: &Library, compile: bool, cover: Option<CoverMode>) -> Result<Tested, InputError> {
    let mut sources = read(input)?;
    let finder = Finder::around(&sources.dir)?;
    let in_module = finder.import_path(&sources.dir);
    let path = match (&in_module, sources.named) {
        (_, true) => NAMED_FILES.to_string(),
        (Some(path), false) => path.clone(),
        // Outside of all modules a package has the name of its folder.
        (None, false) => {
            let name = find::absolute(&sources.dir).file_name().map(|n| n.to_string_lossy().into_owned());
            name.unwrap_or_else(|| NAMED_FILES.to_string())
        }
    };
    let dir = find::absolute(&sources.dir);
    let has_tests = !sources.tests.is_empty();
    let cover = cover.map(|mode| (mode, counted(&mut sources, in_module.as_deref(), mode)));
    let mut test = Test { loader: Loader::new(finder, library), path, in_module, external: Vec::new(), cover };
    test.loader.tested = Some(test.path.clone());
    let (program, wrong) = test.load(sources, compile)?;
    let mut heading = test.heading();
    if wrong.is_some() || setup_failed(&test.loader.diagnostics, &test.loader.map) {
        heading.clone_from(&test.path);
    }
    let mut loader = test.loader;
    loader.diagnostics.sort_by_key(|d| d.span.lo);
    let built = Built { map: loader.map, diagnostics: loader.diagnostics, program };
    Ok(Tested { path: test.path, dir, has_tests, built, heading, wrong })
}

/// A test program that is being loaded.
struct Test<'a> {
    loader: Loader<'a>,
    /// The import path of the package.
    path: String,
    /// That path as far as the rules of imports go: `None` outside of all modules.
    in_module: Option<String>,
    /// The files of its external tests, which are a package of their own.
    external: Vec<File>,
    /// The blocks that are counted, file by file.
    cover: Option<(CoverMode, Vec<Blocks>)>,
}

/// A program and, instead, what is wrong with a test function.
type Loaded = (Option<gol_bytecode::Program>, Option<String>);

impl Test<'_> {
    fn load(&mut self, sources: Sources, compile: bool) -> Result<Loaded, InputError> {
        const NOTHING: Loaded = (None, None);
        let mut internal = Vec::new();
        for (name, text) in sources.own {
            internal.extend(self.loader.parse(name, text));
        }
        let own = internal.len();
        for (name, text) in sources.tests {
            let Some(file) = self.loader.parse(name, text) else { continue };
            let name = self.loader.ast.text(file.package.name);
            let same = internal[..own].first().is_some_and(|f| f.package.name == file.package.name);
            match name.ends_with("_test") && !same {
                true => self.external.push(file),
                false => internal.push(file),
            }
        }
        let one_name = |test: &mut Self, files: &[File]| test.loader.one_name(files, &sources.dir, None);
        if !self.loader.diagnostics.is_empty() || !one_name(self, &internal) {
            return Ok(NOTHING);
        }
        let external = std::mem::take(&mut self.external);
        let functions = Functions::of(&self.loader, &internal[own..], &external);
        self.external = external;
        let functions = match functions {
            Ok(functions) => functions,
            Err(text) => return Ok((None, Some(text))),
        };
        let mut types = Program::new(&self.loader.ast.names);
        types.library = crate::stdlib::paths().into_iter().filter(|p| !p.starts_with("internal/")).collect();
        for path in [RUNTIME, "os", "reflect", "testing", DEPS] {
            if !self.loader.standard(&mut types, path, &mut Vec::new()) {
                return Err(InputError(format!("this gol has no package {path}: it was built wrongly")));
            }
        }
        let (path, external_path) = (self.path.clone(), format!("{}_test", self.path));
        for (files, shown) in [(&internal, &path), (&std::mem::take(&mut self.external), &external_path)] {
            if files.is_empty() {
                continue;
            }
            let importer = Importer { path: self.in_module.as_deref(), shown };
            if self.loader.imports(&mut types, files, importer, &mut Vec::new()) {
                let id = self.loader.check(&mut types, files, shown, Options::default());
                self.loader.known.insert(shown.clone(), id);
            }
            if !self.loader.diagnostics.is_empty() {
                if *shown == external_path {
                    self.external = files.iter().map(|f| File::plain(f.id, f.package, Vec::new())).collect();
                }
                return Ok(NOTHING);
            }
        }
        if !compile {
            return Ok(NOTHING);
        }
        let text = functions.main(&path, internal.len() > own, self.cover.as_ref());
        let main: Vec<File> = self.loader.parse(MAIN_FILE.into(), text.into_bytes()).into_iter().collect();
        let pkg = self.loader.check(&mut types, &main, "main", Options::default());
        if !self.loader.diagnostics.is_empty() {
            return Ok(NOTHING);
        }
        Ok((self.loader.compile(&mut types, &main, pkg, true, "main")?, None))
    }

    /// What stands above the messages: the package that the first one is about.
    fn heading(&self) -> String {
        let file = |at: Span| self.loader.map.file_at(at.lo);
        let Some(file) = self.loader.diagnostics.first().and_then(|d| file(d.span)) else { return self.path.clone() };
        if self.external.iter().any(|f| f.id == file) {
            return format!("{0}_test [{0}.test]", self.path);
        }
        let name = self.loader.map.file(file).name.clone();
        let dir = Path::new(&name).parent().unwrap_or(Path::new("."));
        match self.loader.finder.import_path(dir) {
            Some(other) if Some(&other) != self.in_module.as_ref() => other,
            _ => format!("{0} [{0}.test]", self.path),
        }
    }
}

/// The library's half of the generated package.
const DEPS: &str = "testing/internal/testdeps";

/// The name of the generated file in traces.
const MAIN_FILE: &str = "_testmain.go";

/// What the test files declare for `testing` to call, in the order of the files.
#[derive(Default)]
struct Functions {
    tests: Vec<String>,
    benchmarks: Vec<String>,
    fuzz_targets: Vec<String>,
    examples: Vec<String>,
    main: Option<String>,
    /// There are external tests.
    external: bool,
    /// Something of the package's own tests, or of the external ones, is called.
    calls: [bool; 2],
}

/// What the generated file calls the two packages.
const NAMES: [&str; 2] = ["_test", "_xtest"];

impl Functions {
    /// Those of the package's own test files and of the external ones; else what is wrong with one of them.
    fn of(loader: &Loader<'_>, internal: &[File], external: &[File]) -> Result<Functions, String> {
        let mut all = Functions { external: !external.is_empty(), ..Functions::default() };
        for (which, files) in [internal, external].into_iter().enumerate() {
            for f in files {
                for d in &f.decls {
                    if let Decl::Func(func) = &loader.ast[*d].kind
                        && func.recv.is_none()
                    {
                        let at = loader.map.describe(loader.ast[*d].span);
                        let at = find::absolute(Path::new(&at)).display().to_string();
                        all.add(loader, which, func, &at)?;
                    }
                }
            }
        }
        Ok(all)
    }

    fn add(&mut self, loader: &Loader<'_>, which: usize, func: &FuncDecl, at: &str) -> Result<(), String> {
        let ast = &loader.ast;
        let name = ast.text(func.name.name);
        let full = format!("{}.{name}", NAMES[which]);
        let item = format!("\t{{{name:?}, {full}}},\n");
        let list = if name == "TestMain" && !takes(ast, func, "T") {
            wrong_form(ast, func, name, "M", at)?;
            if self.main.replace(full).is_some() {
                return Err("multiple definitions of TestMain".into());
            }
            self.calls[which] = true;
            return Ok(());
        } else if is_for(name, "Test") {
            wrong_form(ast, func, name, "T", at)?;
            &mut self.tests
        } else if is_for(name, "Benchmark") {
            wrong_form(ast, func, name, "B", at)?;
            &mut self.benchmarks
        } else if is_for(name, "Fuzz") {
            wrong_form(ast, func, name, "F", at)?;
            &mut self.fuzz_targets
        } else {
            let Expr::FuncType(sig) = &ast[func.ty].kind else { return Ok(()) };
            if is_for(name, "Example") && sig.params.is_empty() && sig.results.is_empty() {
                let body = func.body.as_ref().and_then(|b| text_at(loader, b.span));
                if let Some(expected) = body.and_then(example::expected) {
                    let output = gol_bytecode::quoted(&expected.text);
                    self.examples.push(format!("\t{{{name:?}, {full}, {output}, {}}},\n", expected.unordered));
                    self.calls[which] = true;
                }
            }
            return Ok(());
        };
        list.push(item);
        self.calls[which] = true;
        Ok(())
    }

    /// The text of the generated package.
    fn main(&self, path: &str, internal: bool, cover: Option<&(CoverMode, Vec<Blocks>)>) -> String {
        let counts = cover.is_some_and(|c| c.1.iter().any(|f| !f.1.is_empty()));
        let mut out = String::from("package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n");
        let _ = writeln!(out, "\t{DEPS:?}");
        if self.main.is_some() {
            out.push_str("\t\"reflect\"\n");
        }
        let imports = [(internal || counts, path.to_string()), (self.external, format!("{path}_test"))];
        for (which, (there, path)) in imports.iter().enumerate() {
            if *there {
                let _ = writeln!(
                    out,
                    "\t{} {}",
                    if self.calls[which] || counts && which == 0 { NAMES[which] } else { "_" },
                    gol_bytecode::quoted(path)
                );
            }
        }
        out.push_str(")\n");
        let lists = [
            ("tests", "Test", &self.tests),
            ("benchmarks", "Benchmark", &self.benchmarks),
            ("fuzzTargets", "FuzzTarget", &self.fuzz_targets),
            ("examples", "Example", &self.examples),
        ];
        for (name, kind, items) in lists {
            let _ = write!(out, "\nvar {name} = []testing.Internal{kind}{{\n{}}}\n", items.concat());
        }
        if let Some((mode, files)) = cover {
            out += &registration(*mode, files);
        }
        let import_path = if path == NAMED_FILES { "" } else { path };
        let _ = write!(
            out,
            "\nfunc main() {{\n\tdeps := testdeps.New({})\n\
             \tm := testing.MainStart(deps, tests, benchmarks, fuzzTargets, examples)\n",
            gol_bytecode::quoted(import_path)
        );
        let end = match &self.main {
            Some(main) => {
                let _ = writeln!(out, "\t{main}(m)");
                "int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int())"
            }
            None => "m.Run()",
        };
        let _ = write!(out, "\tos.Exit({end})\n}}\n");
        out
    }
}

/// What makes the counters known to `testing`.
fn registration(mode: CoverMode, files: &[Blocks]) -> String {
    let mut out = String::from("\nfunc init() {\n\ttesting.RegisterCover(testing.Cover{\n");
    let _ = write!(out, "\t\tMode: {:?},\n\t\tCounters: map[string][]uint32{{\n", mode.name());
    let files = || files.iter().enumerate().filter(|(_, f)| !f.1.is_empty());
    for (i, (name, _)) in files() {
        let _ = writeln!(out, "\t\t\t{}: {}.{}[:],", gol_bytecode::quoted(name), NAMES[0], counters(i));
    }
    out.push_str("\t\t},\n\t\tBlocks: map[string][]testing.CoverBlock{\n");
    for (_, (name, blocks)) in files() {
        let _ = write!(out, "\t\t\t{}: {{", gol_bytecode::quoted(name));
        for b in blocks {
            let (from, to) = (b.from, b.to);
            let column = |c: u32| c.min(u32::from(u16::MAX));
            let n = b.statements.min(u32::from(u16::MAX));
            let _ = write!(out, "{{{}, {}, {}, {}, {n}}},", from.0, column(from.1), to.0, column(to.1));
        }
        out.push_str("},\n");
    }
    out.push_str("\t\t},\n\t})\n}\n");
    out
}

fn text_at<'a>(loader: &'a Loader<'_>, span: Span) -> Option<&'a str> {
    let file = loader.map.file(loader.map.file_at(span.lo)?);
    file.text.get((span.lo - file.base) as usize..(span.hi - file.base) as usize)
}

/// Whether a function of this name is what the prefix says: `TestX`, not `Testify`.
fn is_for(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| !rest.starts_with(char::is_lowercase))
}

/// Whether a function takes one `*testing.X` and gives nothing.
fn takes(ast: &Ast, func: &FuncDecl, x: &str) -> bool {
    let Expr::FuncType(sig) = &ast[func.ty].kind else { return false };
    let [param] = &sig.params[..] else { return false };
    let named = |id: ExprId| match &ast[id].kind {
        Expr::Name(name) => ast.text(*name) == x,
        Expr::Selector(_, name) => ast.text(name.name) == x,
        _ => false,
    };
    sig.results.is_empty() && param.names.len() <= 1 && matches!(&ast[param.ty].kind, Expr::Star(to) if named(*to))
}

fn wrong_form(ast: &Ast, func: &FuncDecl, name: &str, x: &str, at: &str) -> Result<(), String> {
    let why = if !func.tparams.is_empty() {
        "test functions cannot have type parameters".to_string()
    } else if !takes(ast, func, x) {
        format!("must be: func {name}({} *testing.{x})", x.to_lowercase())
    } else {
        return Ok(());
    };
    Err(format!("{at}: wrong signature for {name}, {why}"))
}

/// The name of a test program: that of its package's folder.
pub fn program_name(path: &str) -> String {
    format!("{}.test", base_name(path))
}
