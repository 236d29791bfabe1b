//! Diagnostics as text: drawn with their source, a line each, or JSON.

use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind, sources};
use gol_source::{Diagnostic, Severity, SourceMap, Span};
use serde_json::json;
use std::io::{self, Write};

/// How diagnostics are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Drawn with the source and the places that explain them.
    Pretty,
    /// `file:line:col: message`, one a line.
    Short,
    /// One JSON object a line: file, line, column, severity, code, message, labels, help.
    Json,
}

pub(crate) fn draw(
    map: &SourceMap,
    found: &[Diagnostic],
    format: Format,
    colors: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    found.iter().try_for_each(|d| match format {
        Format::Pretty => pretty(map, d, colors, out),
        Format::Short => writeln!(out, "{}: {}", map.describe(d.span), d.message),
        Format::Json => writeln!(out, "{}", as_json(map, d)),
    })
}

fn severity(d: &Diagnostic) -> &'static str {
    match d.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn as_json(map: &SourceMap, d: &Diagnostic) -> serde_json::Value {
    let place = |span: Span| {
        let p = map.told(span.lo);
        let numbers = |p: Option<gol_source::Position>| p.map(|p| (p.line, Some(p.column).filter(|c| *c > 0)));
        (p.map(|p| map.file(p.file).name.clone()), numbers(p), numbers(map.told(span.hi)))
    };
    let (file, at, end) = place(d.span);
    let labels = d.labels.iter().map(|l| {
        let (file, at, _) = place(l.span);
        json!({ "file": file, "line": at.map(|p| p.0), "column": at.map(|p| p.1), "text": l.text })
    });
    json!({
        "file": file, "line": at.map(|p| p.0), "column": at.map(|p| p.1),
        "end_line": end.map(|p| p.0), "end_column": end.map(|p| p.1),
        "severity": severity(d), "code": d.code.name(), "message": d.message,
        "labels": labels.collect::<Vec<_>>(), "help": d.help,
    })
}

/// A span as ariadne wants it: the file's name and a range of bytes in it. A label is never empty.
fn range(map: &SourceMap, span: Span) -> Option<(String, std::ops::Range<usize>)> {
    let file = map.file(map.file_at(span.lo)?);
    let (lo, hi) = ((span.lo - file.base) as usize, (span.hi.max(span.lo + 1) - file.base) as usize);
    let end = file.text.len();
    // ariadne cuts the text there: not inside of a character, as where a byte that is no UTF-8 was replaced.
    let (lo, hi) = (file.text.floor_char_boundary(lo), file.text.ceil_char_boundary(hi.min(end)));
    // A node that goes over many lines is marked where it starts.
    let line_end = file.text[lo..].find('\n').map_or(end, |n| lo + n);
    let line_end = file.text.ceil_char_boundary(line_end.max(lo + 1).min(end));
    Some((file.name.clone(), lo..hi.min(line_end).max(lo)))
}

fn pretty(map: &SourceMap, d: &Diagnostic, colors: bool, out: &mut dyn Write) -> io::Result<()> {
    let Some((name, at)) = range(map, d.span) else {
        return writeln!(out, "{}: {}", severity(d), d.message);
    };
    let kind = match d.severity {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
    };
    let config = Config::default().with_color(colors).with_index_type(IndexType::Byte).with_char_set(CharSet::Unicode);
    let (first, rest) = d.message.split_once('\n').unwrap_or((&d.message, ""));
    // ariadne draws labels of one file together if they come in the order of their lines.
    let mut labels = vec![(d.span.lo, name.clone(), at.clone(), "here")];
    for l in &d.labels {
        if let Some((name, at)) = range(map, l.span) {
            labels.push((l.span.lo, name, at, &l.text));
        }
    }
    labels.sort_by_key(|l| l.0);
    let texts: Vec<_> = labels.iter().map(|l| l.1.clone()).collect();
    let mut report =
        Report::build(kind, (name, at)).with_config(config).with_code(d.code.name()).with_message(harmless(first));
    for (_, name, at, text) in labels {
        report = report.with_label(Label::new((name, at)).with_message(text));
    }
    if !rest.is_empty() {
        report = report.with_note(rest.replace('\t', "  "));
    }
    if map.told(d.span.lo) != map.position(d.span.lo) {
        report = report.with_note(format!("by a //line comment this is {}", map.describe(d.span)));
    }
    if let Some(help) = &d.help {
        report = report.with_help(help);
    }
    let text = |name: &String| {
        let file = map.file_named(name);
        (name.clone(), file.map_or(String::new(), |f| harmless(&f.text)))
    };
    report.finish().write(sources(texts.iter().map(text)), out)
}

/// A text that does nothing to a terminal: other characters of the same length stand for control characters.
fn harmless(text: &str) -> String {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    if !text.contains(control) {
        return text.to_string();
    }
    let shown = |c: char| match (control(c), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, _) => '\u{bf}',
    };
    text.chars().map(shown).collect()
}
