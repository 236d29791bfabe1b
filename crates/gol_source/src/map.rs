//! Files, global byte offsets, lines and columns.

use std::borrow::Cow;
use std::cell::OnceCell;

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

/// A `//line` comment: what follows counts as text of another place, as in a file that a program has written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineMark {
    /// The first byte that it holds for, from the file's start.
    pub from: u32,
    /// The name of the file; `None`: that of the mark before, or the file's own.
    pub name: Option<String>,
    /// The line of that byte.
    pub line: u32,
    /// The column of that byte; 0: columns are not told.
    pub column: u32,
}

/// One file's name and text.
#[derive(Debug)]
pub struct SourceFile {
    /// The name as it is shown in messages and traces.
    pub name: String,
    /// The text.
    pub text: Cow<'static, str>,
    /// Global offset of the text's first byte.
    pub base: u32,
    /// Where its lines begin, once someone asks.
    lines: OnceCell<Vec<u32>>,
    /// Its `//line` comments in order, each with the file that it names.
    marks: Vec<(LineMark, FileId)>,
}

impl SourceFile {
    fn lines(&self) -> &[u32] {
        let begins = |text: &str| text.bytes().zip(1..).filter(|b| b.0 == b'\n').map(|b| b.1).collect::<Vec<u32>>();
        self.lines.get_or_init(|| [vec![0], begins(&self.text)].concat())
    }

    /// The text of line `line` (from 1) without its newline; empty when there is no such line.
    pub fn line_text(&self, line: u32) -> &str {
        let Some(&start) = self.lines().get((line as usize).wrapping_sub(1)) else { return "" };
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
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Option<FileId> {
        let text = text.into();
        let base = self.files.last().map_or(1, |f| f.base as u64 + f.text.len() as u64 + 1);
        if base + text.len() as u64 >= u32::MAX as u64 {
            return None;
        }
        self.files.push(SourceFile {
            name: name.into(),
            text,
            base: base as u32,
            lines: OnceCell::new(),
            marks: Vec::new(),
        });
        Some(FileId(self.files.len() as u32 - 1))
    }

    /// Says which `//line` comments a file has. A name without a folder is that of a file beside it.
    pub fn set_marks(&mut self, id: FileId, marks: Vec<LineMark>) {
        let mut last = id;
        let mut all = Vec::new();
        for mark in marks {
            if let Some(name) = &mark.name {
                let dir = self.file(id).name.rsplit_once('/').map_or("", |(dir, _)| dir);
                let relative = !name.is_empty() && !name.starts_with('/') && !dir.is_empty();
                let name = if relative { format!("{dir}/{name}") } else { name.clone() };
                let known = self.files.iter().position(|f| f.name == name).map(|i| FileId(i as u32));
                // A file that is known by name alone has no text.
                let Some(named) = known.or_else(|| self.add(name, String::new())) else { break };
                last = named;
            }
            all.push((mark, last));
        }
        self.files[id.0 as usize].marks = all;
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
        let line = f.lines().partition_point(|&l| l <= local) as u32;
        Some(Position { file, line, column: local - f.lines()[line as usize - 1] + 1 })
    }

    /// The place that people are told: [`SourceMap::position`] unless a `//line` comment says otherwise. Column 0: none.
    pub fn told(&self, offset: u32) -> Option<Position> {
        let at = self.position(offset)?;
        let f = self.file(at.file);
        let local = offset - f.base;
        let after = f.marks.partition_point(|m| m.0.from <= local);
        let Some((mark, file)) = after.checked_sub(1).map(|i| &f.marks[i]) else { return Some(at) };
        let start = self.position(f.base + mark.from)?;
        let column = match mark.column {
            0 => 0,
            column if start.line == at.line => column + (at.column - start.column),
            _ => at.column,
        };
        Some(Position { file: *file, line: mark.line + (at.line - start.line), column })
    }

    /// The text under a span; empty for [`Span::NONE`].
    pub fn text(&self, span: Span) -> &str {
        let Some(file) = self.file_at(span.lo) else { return "" };
        let f = self.file(file);
        f.text.get((span.lo - f.base) as usize..(span.hi - f.base) as usize).unwrap_or("")
    }

    /// The line above the one that has the byte at `offset`; `None` in the first.
    pub fn line_above(&self, offset: u32) -> Option<&str> {
        let f = self.file(self.file_at(offset)?);
        let (above, _) = f.text.get(..(offset - f.base) as usize)?.rsplit_once('\n')?;
        Some(above.rsplit('\n').next().unwrap_or(above))
    }

    /// `file:line:col` of a span's start as people are told it (`file:line` where columns are not told), or `-` where there is none.
    pub fn describe(&self, span: Span) -> String {
        match self.told(span.lo) {
            Some(p) if p.column == 0 => format!("{}:{}", self.file(p.file).name, p.line),
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
        let a = m.add("a.gol", "x\nyz").unwrap();
        let b = m.add("b.gol", "\nq").unwrap();
        let base = m.file(b).base;
        assert_eq!(m.position(m.file(a).base + 3), Some(Position { file: a, line: 2, column: 2 }));
        assert_eq!(m.position(base + 1), Some(Position { file: b, line: 2, column: 1 }));
        assert_eq!(m.text(Span::new(base + 1, base + 2)), "q");
        assert_eq!(m.position(0), None);
        assert_eq!(m.file(a).line_text(2), "yz");
    }

    #[test]
    fn marks_change_what_is_told() {
        let mut m = SourceMap::new();
        let a = m.add("d/a.gol", "x\n//line b.y:10\nyz\n/*line :7:3*/q r\ns").unwrap();
        let mark = |from, name: Option<&str>, line, column| LineMark { from, name: name.map(Into::into), line, column };
        m.set_marks(a, vec![mark(16, Some("b.y"), 10, 0), mark(32, None, 7, 3)]);
        let told = |at: u32| m.describe(Span::new(m.file(a).base + at, m.file(a).base + at));
        assert_eq!(
            [told(0), told(17), told(32), told(34), told(36)],
            ["d/a.gol:1:1", "d/b.y:10", "d/b.y:7:3", "d/b.y:7:5", "d/b.y:8:1"]
        );
    }
}
