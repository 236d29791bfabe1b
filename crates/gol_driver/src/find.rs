//! Where packages lie: the module around a folder, the modules beside it (`go.work`, `replace`), `vendor`; which files of
//! a folder are its package.
//!
//! Nothing is downloaded: a module that does not lie on this machine, next to the program, is not there. Texts of errors
//! are Go's.

use crate::constraint;
use crate::input::InputError;
use crate::modfile::{self, ModFile};
use std::path::{Path, PathBuf};

/// A module on this machine.
struct Module {
    path: String,
    dir: PathBuf,
    /// Replaced, but nothing requires it.
    unrequired: bool,
}

/// Finds packages by import path.
pub(crate) struct Finder {
    /// The program's own modules first.
    modules: Vec<Module>,
    /// The folders of packages that modules brought along.
    vendor: Vec<PathBuf>,
    /// Whether there is a `go.mod` at all.
    in_module: bool,
}

impl Finder {
    /// What can be found from a folder.
    pub(crate) fn around(dir: &Path) -> Result<Finder, InputError> {
        let dir = absolute(dir);
        let mut finder = Finder { modules: Vec::new(), vendor: Vec::new(), in_module: false };
        let work = upwards(&dir, "go.work").filter(|_| std::env::var_os("GOWORK").is_none_or(|v| v != "off"));
        let Some(root) = upwards(&dir, "go.mod") else { return Ok(finder) };
        let mut roots = vec![root];
        let mut replaced = Vec::new();
        if let Some(at) = work {
            let file = read(&at, "go.work", true)?;
            let uses: Vec<PathBuf> = file.uses.iter().map(|u| normal(&at.join(u))).collect();
            if !uses.contains(&roots[0]) {
                let text = "current directory is contained in a module that is not one of the workspace modules listed \
                            in go.work. You can add the module to the workspace using:\n\tgo work use .";
                return Err(InputError(text.into()));
            }
            roots.extend(uses.into_iter().filter(|u| *u != roots[0]).collect::<Vec<_>>());
            replaced.push((at, file));
        }
        finder.in_module = true;
        for root in roots {
            let file = read(&root, "go.mod", false)?;
            finder.modules.push(Module { path: file.module.clone(), dir: root.clone(), unrequired: false });
            finder.vendor.push(root.join("vendor"));
            replaced.push((root, file));
        }
        finder.vendor.retain(|v| v.is_dir());
        finder.replacements(&replaced)?;
        Ok(finder)
    }

    /// Adds the folders that stand in for modules.
    fn replacements(&mut self, files: &[(PathBuf, ModFile)]) -> Result<(), InputError> {
        let mut required: Vec<(String, String)> = files.iter().flat_map(|f| f.1.require.clone()).collect();
        let first = self.modules.len();
        for (root, file) in files {
            for r in file.replace.iter().filter(|r| r.is_folder) {
                let own = self.modules[..first].iter().any(|m| m.path == r.old);
                if own || self.modules[first..].iter().any(|m| m.path == r.old) {
                    continue;
                }
                self.modules.push(Module { path: r.old.clone(), dir: normal(&root.join(&r.new)), unrequired: true });
            }
        }
        // What a required module requires is required.
        let mut at = 0;
        while let Some((path, version)) = required.get(at).cloned() {
            at += 1;
            let replaced = files.iter().flat_map(|f| &f.1.replace).find(|r| r.old == path && r.is_folder);
            let Some(r) = replaced.filter(|r| r.version.as_ref().is_none_or(|v| *v == version)) else { continue };
            let Some(m) = self.modules[first..].iter_mut().find(|m| m.path == path) else { continue };
            if std::mem::replace(&mut m.unrequired, false) {
                let file = read(&m.dir, "go.mod", false)
                    .map_err(|e| InputError(format!("{path}@{version} (replaced by {}): {}", r.new, e.0)))?;
                required.extend(file.require);
            }
        }
        Ok(())
    }

    /// The folder of a package; else what Go says about a package that is not there.
    pub(crate) fn package(&self, path: &str) -> Result<PathBuf, String> {
        if path.starts_with("./") || path.starts_with("../") || path == "." || path == ".." {
            return Err(format!("\"{path}\" is relative, but relative import paths are not supported in module mode"));
        }
        let malformed = |what: &str| Err(format!("malformed import path \"{path}\": {what}"));
        match path {
            _ if path.starts_with('/') => return Err("cannot import absolute path".into()),
            _ if path.starts_with('-') => return malformed("leading dash"),
            _ if path.contains("//") => return malformed("double slash"),
            _ if path.ends_with('/') => return malformed("trailing slash"),
            _ => {}
        }
        let mut candidates: Vec<_> = self.modules.iter().filter_map(|m| Some((m, within(path, &m.path)?))).collect();
        // The module with the longest path is the nearest.
        candidates.sort_by_key(|(m, _)| std::cmp::Reverse(m.path.len()));
        for (m, rest) in &candidates {
            let dir = m.dir.join(rest);
            if !has_sources(&dir) || between(&m.dir, rest) {
                continue;
            }
            if m.unrequired {
                return Err(format!(
                    "module {} provides package {path} and is replaced but not required; to add it:\n\tgo get {}",
                    m.path, m.path
                ));
            }
            return Ok(dir);
        }
        if let Some(dir) = self.vendor.iter().map(|v| v.join(path)).find(|d| has_sources(d)) {
            return Ok(dir);
        }
        let in_std = !path.split('/').next().is_some_and(|first| first.contains('.'));
        if in_std {
            return Err(format!("package {path} is not in std"));
        }
        if !self.in_module {
            return Err(format!(
                "no required module provides package {path}: go.mod file not found in current directory or any \
                 parent directory; see 'go help modules'"
            ));
        }
        Err(format!("no required module provides package {path}; to add it:\n\tgo get {path}"))
    }

    /// The folder of a module, or below one, that an import path names, whether or not a package lies there.
    pub(crate) fn below(&self, path: &str) -> Option<PathBuf> {
        let folders = self.modules.iter().filter_map(|m| Some(m.dir.join(within(path, &m.path)?)));
        folders.max_by_key(|d| d.as_os_str().len()).filter(|d| d.is_dir())
    }

    /// The import path of the package in a folder; `None` outside of all modules.
    pub(crate) fn import_path(&self, dir: &Path) -> Option<String> {
        let dir = absolute(dir);
        let inside = self.modules.iter().filter(|m| dir.starts_with(&m.dir));
        let m = inside.max_by_key(|m| m.dir.as_os_str().len())?;
        let rest = dir.strip_prefix(&m.dir).ok()?;
        let parts = rest.components().map(|c| c.as_os_str().to_string_lossy().into_owned());
        Some(std::iter::once(m.path.clone()).chain(parts).collect::<Vec<_>>().join("/"))
    }
}

/// Whether the package `importer` (`None`: outside of all modules) may import `path` as far as `internal` goes.
pub(crate) fn may_import(importer: Option<&str>, path: &str) -> bool {
    let elements: Vec<&str> = path.split('/').collect();
    let Some(at) = elements.iter().rposition(|e| *e == "internal") else { return true };
    let parent = elements[..at].join("/");
    // The library's own packages have no dot in their first element and never are importers here.
    importer.is_some_and(|i| !parent.is_empty() && within(i, &parent).is_some())
}

/// What follows `parent` in `path`, when it is that path or one below it.
fn within<'a>(path: &'a str, parent: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(parent)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Whether another module begins between a module's folder and a package's.
fn between(root: &Path, rest: &str) -> bool {
    let mut dir = root.to_path_buf();
    rest.split('/').filter(|e| !e.is_empty()).any(|element| {
        dir.push(element);
        dir.join("go.mod").is_file()
    })
}

fn read(dir: &Path, name: &str, work: bool) -> Result<ModFile, InputError> {
    let path = dir.join(name);
    let shown = shown(&path);
    let text =
        std::fs::read(&path).map_err(|e| InputError(format!("reading {shown}: {}", cannot("open", &path, &e))))?;
    modfile::parse(&shown, &String::from_utf8_lossy(&text), work).map_err(InputError)
}

/// What Go says when a file cannot be read.
pub(crate) fn cannot(what: &str, path: &Path, e: &std::io::Error) -> String {
    let text = e.to_string().to_lowercase();
    format!("{what} {}: {}", path.display(), text.split(" (os error").next().unwrap_or_default())
}

/// The nearest folder, from this one upwards, with a file of that name.
fn upwards(dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors().find(|d| d.join(name).is_file()).map(Path::to_path_buf)
}

/// The absolute form of a path, without `.` and `..`.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for c in path.components() {
        match c {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            c => out.push(c),
        }
    }
    out
}

/// A path as messages show it: from the current folder if that is shorter.
pub(crate) fn shown(path: &Path) -> String {
    let path = absolute(path);
    let Ok(here) = std::env::current_dir() else { return path.display().to_string() };
    let common = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().count() - common;
    let rest: PathBuf = path.components().skip(common).collect();
    let relative: PathBuf = std::iter::repeat_n(Path::new(".."), up).chain([rest.as_path()]).collect();
    let (relative, whole) = (relative.display().to_string(), path.display().to_string());
    if !relative.is_empty() && relative.len() < whole.len() { relative } else { whole }
}

/// Whether a name is that of a source file.
pub(crate) fn is_source_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "gol" || e == "go")
}

/// Whether a file's name makes it a source file, test files included.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
    is_source_name(path) && !name.starts_with(['_', '.']) && path.is_file()
}

/// Whether a file's name makes it a test.
pub(crate) fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|s| s.to_string_lossy().ends_with("_test"))
}

fn sources(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        all.extend(Some(entry?.path()).filter(|p| is_source(p)));
    }
    all.sort();
    Ok(all)
}

fn has_sources(dir: &Path) -> bool {
    sources(dir).is_ok_and(|all| !all.is_empty())
}

/// The files of a folder that are its package on this host, sorted by name, with their texts.
pub(crate) fn files(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let all = sources(dir).map_err(|e| cannot("open", dir, &e))?;
    let shown = || absolute(dir).display().to_string();
    if all.is_empty() {
        return Err(format!("no Go files in {}", shown()));
    }
    let own: Vec<PathBuf> = all.into_iter().filter(|p| !is_test(p)).collect();
    let only_tests = own.is_empty();
    let chosen = fitting(own)?;
    match chosen.is_empty() {
        false => Ok(chosen),
        true if only_tests => Err(format!("no non-test Go files in {}", shown())),
        true => Err(format!("build constraints exclude all Go files in {}", shown())),
    }
}

/// The test files of a folder that are for this host, sorted by name, with their texts.
pub(crate) fn test_files(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let all = sources(dir).map_err(|e| cannot("open", dir, &e))?;
    fitting(all.into_iter().filter(|p| is_test(p)).collect())
}

/// Those files that are for this host, with their texts.
fn fitting(all: Vec<PathBuf>) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let mut chosen = Vec::new();
    for path in all {
        let name = path.file_name().expect("it was found in a folder").to_string_lossy().into_owned();
        if !constraint::name_fits(&name) {
            continue;
        }
        let text = std::fs::read(&path).map_err(|e| cannot("open", &path, &e))?;
        // What is no UTF-8 is the parser's to say; the head alone counts here.
        if constraint::text_fits(&String::from_utf8_lossy(&text)).map_err(|e| format!("{name}: {e}"))? {
            chosen.push((path, text));
        }
    }
    Ok(chosen)
}

/// The folders that a pattern such as `./...` stands for: all below it with a package, but those named `vendor` or
/// `testdata`, hidden ones, and other modules.
pub(crate) fn matching(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(dir) = todo.pop() {
        if has_sources(&dir) {
            found.push(dir.clone());
        }
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        for e in entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
            let name = e.file_name().to_string_lossy().into_owned();
            let left_out = name.starts_with(['.', '_']) || matches!(&name[..], "vendor" | "testdata");
            if !left_out && !e.path().join("go.mod").is_file() {
                todo.push(e.path());
            }
        }
    }
    found.sort();
    found
}

/// A file's name as messages show it: with `./` in the current folder, as Go's compiler has it.
pub(crate) fn shown_file(path: &Path) -> String {
    let shown = shown(path);
    if shown.contains('/') { shown } else { format!("./{shown}") }
}
