//! Tests of several files: one text with `-- path --` lines, each before the file that it names.
//!
//! What stands before the first such line says what the test expects, as in a program; mistakes are expected on their
//! lines in the files. The files are written to a folder of the test's own, in which gol is run.

use crate::expect::Expectations;
use crate::run::{Gol, Ran, Way};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A test of several files.
#[derive(Clone, Debug)]
pub struct Module {
    /// What is expected of it.
    pub want: Expectations,
    /// What gol is given; `.`, the folder, unless the test says otherwise with `// run: WORDS`.
    pub words: Vec<String>,
    /// Path and text of each file.
    pub files: Vec<(String, String)>,
}

impl Module {
    /// Reads a test.
    pub fn parse(text: &str) -> Result<Module, String> {
        let mut head = String::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let name = line.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
            match (name, files.last_mut()) {
                (Some(name), _) => files.push((name.trim().to_string(), String::new())),
                (None, Some((_, text))) => text.extend([line, "\n"]),
                (None, None) => head.extend([line, "\n"]),
            }
        }
        if let Some((name, _)) = files.iter().find(|f| f.0.starts_with('/') || f.0.split('/').any(|p| p == "..")) {
            return Err(format!("{name}: a file of the test lies in the test's folder"));
        }
        let mut want = Expectations::read(&head)?;
        for (name, text) in &files {
            want.read_errors(name, text)?;
        }
        want.can_fail()?;
        let words = head.lines().find_map(|l| l.strip_prefix("// run: ")).unwrap_or(".");
        Ok(Module { want, words: words.split_whitespace().map(str::to_string).collect(), files })
    }

    /// Writes the files out and runs gol on them; checks only, if mistakes are expected.
    pub fn run(&self, gol: &Gol) -> Result<Ran, String> {
        let dir = Folder::new()?;
        for (name, text) in &self.files {
            let path = dir.0.join(name);
            let write = || {
                std::fs::create_dir_all(path.parent().unwrap_or(&dir.0))?;
                std::fs::write(&path, text)
            };
            write().map_err(|e| format!("{}: {e}", path.display()))?;
        }
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        if self.want.errors.is_empty() {
            gol.run(&words, &dir.0, &self.want, Way::Plain)
        } else {
            gol.check(&words, &dir.0)
        }
    }
}

/// A folder that goes away with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("gol-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let real = Path::canonicalize(&path).unwrap_or(path);
        Ok(Folder(real))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections() {
        let text =
            "// Says so.\n// run: ./a x.gol\n-- go.mod --\nmodule m\n-- a/b.gol --\npackage a\n\nx // error: 1\n";
        let m = Module::parse(text).unwrap();
        assert_eq!(m.words, ["./a", "x.gol"]);
        assert_eq!(m.files[0], ("go.mod".into(), "module m\n".into()));
        let e = &m.want.errors[0];
        assert_eq!((e.file.as_deref(), e.line, e.column), (Some("a/b.gol"), 3, Some(1)));
        assert!(Module::parse("// x\n-- ../y --\n").is_err());
        assert!(Module::parse("// x\n-- y --\n").is_err());
    }
}
