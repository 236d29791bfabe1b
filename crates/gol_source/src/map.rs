//! Files, global byte offsets, lines and columns.

/// A half-open range of global byte offsets, `lo..hi`, as given out by a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub lo: u32,
    /// One past the last byte.
    pub hi: u32,
}

impl Span {
    /// No position at all: universe objects and synthesized nodes. Offset 0 belongs to no file.
    pub const NONE: Span = Span { lo: 0, hi: 0 };

    /// The range from `lo` to `hi`, in global byte offsets.
    pub fn new(lo: u32, hi: u32) -> Span {
        Span { lo, hi }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Whether this is [`Span::NONE`].
    pub fn is_none(self) -> bool {
        self.hi == 0
    }
}

/// A file in a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A place as people read it: both numbers count from 1, the column in bytes, as Go's compiler does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The file.
    pub file: FileId,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// One file's name and text.
#[derive(Debug)]
pub struct SourceFile {
    /// The name as it is shown in messages and traces.
    pub name: String,
    /// The text.
    pub text: String,
    /// Global offset of the text's first byte.
    pub base: u32,
    lines: Vec<u32>,
}

impl SourceFile {
    /// The text of line `line` (from 1) without its newline; empty when there is no such line.
    pub fn line_text(&self, line: u32) -> &str {
        let Some(&start) = self.lines.get((line as usize).wrapping_sub(1)) else { return "" };
        let rest = &self.text[start as usize..];
        let end = rest.find('\n').unwrap_or(rest.len());
        rest[..end].trim_end_matches('\r')
    }
}

/// All files of a program. Offsets are global: file after file, with a gap of one so that an end is in its own file.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file and gives its id; `None` when all files together would pass 4 GiB.
    pub fn add(&mut self, name: impl Into<String>, text: String) -> Option<FileId> {
        let base = self.files.last().map_or(1, |f| f.base as u64 + f.text.len() as u64 + 1);
        if base + text.len() as u64 >= u32::MAX as u64 {
            return None;
        }
        let lines = std::iter::once(0).chain(text.bytes().enumerate().filter(|b| b.1 == b'\n').map(|b| b.0 as u32 + 1));
        let lines = lines.collect();
        self.files.push(SourceFile { name: name.into(), text, base: base as u32, lines });
        Some(FileId(self.files.len() as u32 - 1))
    }

    /// The file with this id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The last file that was added under this name.
    pub fn file_named(&self, name: &str) -> Option<&SourceFile> {
        self.files.iter().rev().find(|f| f.name == name)
    }

    /// The file that a global offset lies in.
    pub fn file_at(&self, offset: u32) -> Option<FileId> {
        let after = self.files.partition_point(|f| f.base <= offset);
        (after > 0).then(|| FileId(after as u32 - 1))
    }

    /// Line and column of a global offset; `None` for [`Span::NONE`]'s.
    pub fn position(&self, offset: u32) -> Option<Position> {
        let file = self.file_at(offset)?;
        let f = self.file(file);
        let local = (offset - f.base).min(f.text.len() as u32);
        let line = f.lines.partition_point(|&l| l <= local) as u32;
        Some(Position { file, line, column: local - f.lines[line as usize - 1] + 1 })
    }

    /// The text under a span; empty for [`Span::NONE`].
    pub fn text(&self, span: Span) -> &str {
        let Some(file) = self.file_at(span.lo) else { return "" };
        let f = self.file(file);
        f.text.get((span.lo - f.base) as usize..(span.hi - f.base) as usize).unwrap_or("")
    }

    /// `file:line:col` of a span's start, or `-` where there is none.
    pub fn describe(&self, span: Span) -> String {
        match self.position(span.lo) {
            Some(p) => format!("{}:{}:{}", self.file(p.file).name, p.line, p.column),
            None => "-".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_across_files() {
        let mut m = SourceMap::new();
        let a = m.add("a.gol", "x\nyz".into()).unwrap();
        let b = m.add("b.gol", "\nq".into()).unwrap();
        let base = m.file(b).base;
        assert_eq!(m.position(m.file(a).base + 3), Some(Position { file: a, line: 2, column: 2 }));
        assert_eq!(m.position(base + 1), Some(Position { file: b, line: 2, column: 1 }));
        assert_eq!(m.text(Span::new(base + 1, base + 2)), "q");
        assert_eq!(m.position(0), None);
        assert_eq!(m.file(a).line_text(2), "yz");
    }
}
