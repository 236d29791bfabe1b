//! What a command is given to load: files, a folder, or a text; and reading it.

use crate::find;
use gol_source::{FileId, SourceMap};
use std::fmt;
use std::path::{Path, PathBuf};

/// What to load.
#[derive(Clone, Debug)]
pub enum Input {
    /// One file, or a folder whose files are one package.
    Path(PathBuf),
    /// Files of one folder that are one package. Whatever their names and `//go:build` lines say, they belong to it.
    Files(Vec<PathBuf>),
    /// A text with the name it has in messages.
    Text(String, Vec<u8>),
}

impl Input {
    /// What the words of a command line name, and how many of them: a folder or one file, or all files that lead.
    pub fn leading(words: &[String]) -> (Input, usize) {
        let is_file = |w: &&String| w.ends_with(".gol") || w.ends_with(".go");
        let files: Vec<PathBuf> = words.iter().take_while(is_file).map(PathBuf::from).collect();
        match files.len() {
            0 | 1 => (Input::Path(words.first().map_or(PathBuf::new(), PathBuf::from)), 1),
            n => (Input::Files(files), n),
        }
    }

    /// The folders that a pattern such as `./...` stands for; `None` for what is no pattern.
    pub fn matching(pattern: &str) -> Option<Vec<Input>> {
        let root = pattern.strip_suffix("...")?;
        let root = if root.is_empty() { "." } else { root.strip_suffix('/').filter(|r| !r.is_empty())? };
        Some(find::matching(Path::new(root)).into_iter().map(Input::Path).collect())
    }
}

/// A file that cannot be read. Its text is for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputError(pub String);

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The files of an input.
pub(crate) struct Texts {
    /// The name in messages, and the text.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// The folder that they lie in; for a text, the current one.
    pub(crate) dir: PathBuf,
    /// The whole folder was asked for.
    pub(crate) is_folder: bool,
}

/// Reads an input. Test files are no programs: `run` refuses them.
pub(crate) fn read(input: &Input, run: bool) -> Result<Texts, InputError> {
    let paths = match input {
        Input::Text(name, text) => {
            return Ok(Texts { files: vec![(name.clone(), text.clone())], dir: ".".into(), is_folder: false });
        }
        Input::Path(path) if path.is_dir() => return folder(path),
        Input::Path(path) => std::slice::from_ref(path),
        Input::Files(paths) => paths,
    };
    let mut files = Vec::new();
    for path in paths {
        if run && find::is_test(path) {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            return Err(InputError(format!("cannot run *_test.{extension} files ({})", path.display())));
        }
        let text = std::fs::read(path).map_err(|e| InputError(find::cannot("open", path, &e)))?;
        files.push((path.display().to_string(), text));
    }
    let folder = |p: &PathBuf| match p.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let dir = paths.first().map_or(PathBuf::from("."), folder);
    if let Some(other) = paths.iter().map(folder).find(|d| find::absolute(d) != find::absolute(&dir)) {
        let (dir, other) = (dir.display(), other.display());
        return Err(InputError(format!("named files must all be in one directory; have {dir} and {other}")));
    }
    Ok(Texts { files, dir, is_folder: false })
}

fn folder(dir: &Path) -> Result<Texts, InputError> {
    let files = find::files(dir).map_err(InputError)?;
    let files = files.into_iter().map(|(path, text)| (find::shown_file(&path), text)).collect();
    Ok(Texts { files, dir: dir.to_path_buf(), is_folder: true })
}

/// What is said of a program whose offsets do not fit in 32 bits.
pub(crate) const TOO_LARGE: &str = "the program is larger than 4 GiB";

/// The text of an input that is one file, for tools that look at no more than that.
pub(crate) fn one_text(input: &Input) -> Result<(SourceMap, FileId), InputError> {
    if let Input::Path(path) = input
        && path.is_dir()
    {
        return Err(InputError(format!("{} is a folder", path.display())));
    }
    let mut map = SourceMap::new();
    let (name, text) = read(input, false)?.files.remove(0);
    let text = String::from_utf8(text).map_err(|_| InputError(format!("{name} is no UTF-8 text")))?;
    match map.add(name, text) {
        Some(id) => Ok((map, id)),
        None => Err(InputError(TOO_LARGE.into())),
    }
}
