//! What the library's sources say about its packages and names, as text: `gol doc` and the REPL's questions.
//!
//! Doc comments are the lines of comment right above a declaration. The form is that of `go doc`.

use crate::Library;
use gol_source::{SourceMap, Span, nearest};
use gol_syntax::ast::{Ast, Decl, Expr, ExprId, Field, FuncDecl, Ident};
use std::fmt::Write;

/// The names that need no import.
const BUILTIN: &str = include_str!("builtin.gol");

/// What is known about `PKG`, `PKG.NAME`, `PKG.TYPE.METHOD` or a predeclared name. A package may be named by the last
/// element of its path, and names in lower case mean any case. The error says that there is no such thing, and what may be
/// meant.
pub fn doc(library: &Library, query: &str) -> Result<String, String> {
    let path = query.strip_prefix("builtin.").unwrap_or(query);
    if path.split(['.', '/']).any(|name| name.trim().is_empty()) {
        let whole = query.trim_end_matches(['.', '/', ' ']);
        let known = !whole.split(['.', '/']).any(str::is_empty);
        let hint = if known { format!("; `gol doc {whole}` shows all of it") } else { String::new() };
        return Err(format!("a name is missing in {query:?}{hint}"));
    }
    let builtin = Package::builtin();
    if let Some(name) = query.strip_prefix("builtin.") {
        return builtin.symbol(name, None);
    }
    if query == "builtin" {
        return Ok(builtin.overview());
    }
    let all = library.paths();
    // A path may have dots itself, but not in its last element; the longest path counts.
    let slash = query.rfind('/').map_or(0, |i| i + 1);
    let dots = query[slash..].match_indices('.').map(|(i, _)| slash + i);
    let ends: Vec<usize> = std::iter::once(query.len()).chain(dots.collect::<Vec<_>>().into_iter().rev()).collect();
    for end in ends {
        let Some(path) = find(&all, &query[..end]) else { continue };
        let package = Package::read(library, path);
        let mut names = query[end..].split('.').skip(1);
        return match (names.next(), names.next(), names.next()) {
            (None, ..) => Ok(package.overview()),
            (Some(name), member, None) => package.symbol(name, member),
            _ => Err(format!("{query} has too many names")),
        };
    }
    if !query.contains(['.', '/']) && builtin.entries.iter().any(|e| e.name == query) {
        return builtin.symbol(query, None);
    }
    let path = query[slash..].find('.').map_or(query, |dot| &query[..slash + dot]);
    let last = |p: &&str| p.rsplit('/').next().map(str::to_string).unwrap_or_default();
    let known: Vec<String> = all.iter().map(|p| last(&p.as_str())).chain(all.iter().cloned()).collect();
    let meant = nearest(path, known.iter().map(String::as_str));
    Err(with_hint(format!("there is no package {path}"), meant))
}

/// The packages that programs can import, a line each with the first sentence that they say of themselves.
pub fn packages(library: &Library) -> String {
    let all = library.paths();
    let public = all.iter().filter(|p| !p.split('/').any(|e| e == "internal"));
    let line = |path: &String| {
        let package = Package::read(library, path);
        let about = package.doc.replace('\n', " ");
        let words = about.strip_prefix(&format!("Package {} ", package.name)).unwrap_or(&about);
        let first = words.split_inclusive(['.', ':']).next().unwrap_or_default();
        format!("{path:32} {}\n", first.trim_end_matches(['.', ':'])).trim_end().to_string() + "\n"
    };
    public.map(line).collect()
}

fn with_hint(text: String, meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("{text}; did you mean {meant}?"),
        None => text,
    }
}

/// The path that is meant: itself, or the shortest that ends with it. What is internal is found by its whole path only.
fn find<'a>(all: &'a [String], path: &str) -> Option<&'a str> {
    if path.is_empty() {
        return None;
    }
    if let Some(p) = all.iter().find(|p| *p == path) {
        return Some(p);
    }
    let ends = |p: &&String| p.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'));
    let public = |p: &&String| !p.split('/').any(|e| e == "internal");
    all.iter().filter(|p| ends(p) && public(p)).min_by_key(|p| p.len()).map(String::as_str)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Const,
    Var,
    Func,
    Type,
}

/// A declared name.
struct Entry {
    kind: Kind,
    name: String,
    /// The type that it is a method of.
    receiver: Option<String>,
    /// The type that a function, constant or variable belongs to: its first result, or its type.
    of: Option<String>,
    /// The declaration without a body; for a group all of it.
    text: String,
    /// The same on one line.
    line: String,
    doc: String,
    /// Number of its group: names that one declaration declares have the same text.
    group: usize,
    /// Fields or methods of a type: name, text, doc.
    members: Vec<(String, String, String)>,
}

struct Package {
    path: String,
    name: String,
    doc: String,
    entries: Vec<Entry>,
}

fn exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

impl Package {
    fn builtin() -> Package {
        let mut package =
            Package { path: "builtin".into(), name: "builtin".into(), doc: String::new(), entries: Vec::new() };
        package.add("builtin.gol", BUILTIN);
        package
    }

    fn read(library: &Library, path: &str) -> Package {
        let mut package = Package { path: path.into(), name: String::new(), doc: String::new(), entries: Vec::new() };
        for file in library.package(path) {
            package.add(&file.name, &file.text);
        }
        package.entries.sort_by(|a, b| a.name.cmp(&b.name));
        package
    }

    fn add(&mut self, name: &str, text: &str) {
        let (mut map, ast) = (SourceMap::new(), Ast::new());
        let Some(id) = map.add(name.to_string(), text.to_string()) else { return };
        let (file, _) = gol_syntax::parse_file(&map, id, &ast);
        let source = Source { text, base: map.file(id).base, ast: &ast };
        self.name = ast.text(file.package.name).to_string();
        let about = source.comment_above(text[..source.place(file.package.span.lo)].rfind("package").unwrap_or(0));
        if about.starts_with("Package ") {
            self.doc = about;
        }
        for d in file.decls {
            let span = ast[d].span;
            let group = self.entries.len();
            // A comment inside of a group is about its line, the one above about all.
            let about = |at: Span| {
                let own = source.comment_above(source.place(at.lo));
                if own.is_empty() { source.comment_above(source.place(span.lo)) } else { own }
            };
            let value = |kind, name: &Ident, ty: Option<ExprId>, line: &str, doc: &str| Entry {
                kind,
                name: ast.text(name.name).to_string(),
                receiver: None,
                of: ty.and_then(|t| source.type_name(t)),
                text: source.at(span).to_string(),
                line: line.to_string(),
                doc: doc.to_string(),
                group,
                members: Vec::new(),
            };
            match &ast[d].kind {
                Decl::Bad | Decl::Import(_) => {}
                Decl::Func(f) => self.entries.push(source.function(f, span, group)),
                Decl::Const(specs) => specs.iter().for_each(|s| {
                    let line = format!("const {}", source.at(s.span).replace('\n', " "));
                    let doc = about(s.names[0].span);
                    self.entries.extend(s.names.iter().map(|n| value(Kind::Const, n, s.ty, &line, &doc)));
                }),
                Decl::Var(specs) => specs.iter().for_each(|s| {
                    let line = first_line(&format!("var {}", source.line_from(s.names[0].span)));
                    let doc = about(s.names[0].span);
                    self.entries.extend(s.names.iter().map(|n| value(Kind::Var, n, s.ty, &line, &doc)));
                }),
                Decl::Type(specs) => self.entries.extend(specs.iter().map(|s| {
                    let text = format!("type {}", source.at(Span::new(s.name.span.lo, ast[s.ty].span.hi)));
                    Entry {
                        line: one_line_type(&text),
                        text: source.without_unexported(text, s.ty, s.name.span.lo),
                        members: source.members(s.ty),
                        ..value(Kind::Type, &s.name, None, "", &about(s.name.span))
                    }
                })),
            }
        }
    }

    fn shown(&self, e: &Entry) -> bool {
        exported(&e.name) || self.path == "builtin"
    }

    fn head(&self) -> String {
        match self.path.as_str() {
            "builtin" => "package builtin\n\n".into(),
            path => format!("package {} // import {path:?}\n\n", self.name),
        }
    }

    /// The package's own words, and its names a line each.
    fn overview(&self) -> String {
        let mut out = self.head();
        if !self.doc.is_empty() {
            let _ = writeln!(out, "{}\n", self.doc);
        }
        let types: Vec<&Entry> = self.entries.iter().filter(|e| e.kind == Kind::Type && self.shown(e)).collect();
        let owner = |e: &Entry| e.of.as_ref().filter(|of| types.iter().any(|t| t.name == **of)).cloned();
        for kind in [Kind::Const, Kind::Var, Kind::Func] {
            let own = |e: &&Entry| e.kind == kind && e.receiver.is_none() && self.shown(e) && owner(e).is_none();
            lines(&mut out, "", self.entries.iter().filter(own));
        }
        for t in &types {
            let _ = writeln!(out, "{}", t.line);
            let makes = |e: &&Entry| e.kind == Kind::Func && e.receiver.is_none() && owner(e).as_ref() == Some(&t.name);
            lines(&mut out, "    ", self.entries.iter().filter(|e| self.shown(e)).filter(makes));
        }
        out
    }

    fn named(&self, name: &str, is: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let mut all = self.entries.iter().filter(|e| self.shown(e) && is(e));
        let exact = all.clone().find(|e| e.name == name);
        exact.or_else(|| all.find(|e| name == name.to_lowercase() && e.name.to_lowercase() == name))
    }

    fn symbol(&self, name: &str, member: Option<&str>) -> Result<String, String> {
        let Some(e) = self.named(name, |e| e.receiver.is_none()) else {
            // A method is found without its type if only one has it.
            let methods: Vec<_> = self.entries.iter().filter(|e| e.receiver.is_some() && e.name == name).collect();
            if let [only] = methods[..] {
                return Ok(self.head() + &only.text + "\n" + &indented(&only.doc));
            }
            let names = self.entries.iter().filter(|e| self.shown(e) && e.receiver.is_none()).map(|e| e.name.as_str());
            let text = format!("package {} has no exported {name}", self.name);
            return Err(with_hint(text, nearest(name, names)));
        };
        if let Some(member) = member {
            return self.member(e, member);
        }
        let mut out = self.head() + &e.text + "\n" + &indented(&e.doc);
        if e.kind == Kind::Type {
            let of = |x: &&Entry| x.of.as_ref() == Some(&e.name) && x.receiver.is_none() && self.shown(x);
            let method = |x: &&Entry| x.receiver.as_ref() == Some(&e.name) && exported(&x.name);
            let mut rest = String::new();
            lines(&mut rest, "", self.entries.iter().filter(of));
            lines(&mut rest, "", self.entries.iter().filter(method));
            if !rest.is_empty() {
                let _ = write!(out, "\n{rest}");
            }
        }
        Ok(out)
    }

    /// A method or a field of a type.
    fn member(&self, of: &Entry, member: &str) -> Result<String, String> {
        let method = |e: &Entry| e.receiver.as_ref() == Some(&of.name);
        if let Some(m) = self.named(member, method) {
            return Ok(self.head() + &m.text + "\n" + &indented(&m.doc));
        }
        let lower = member == member.to_lowercase();
        let same = |n: &str| n == member || lower && n.to_lowercase() == member;
        if let Some((_, text, doc)) = of.members.iter().find(|m| exported(&m.0) && same(&m.0)) {
            let open = of.line.split("{").next().unwrap_or_default().trim_end();
            return Ok(format!("{}{open} {{\n    {text}\n}}\n{}", self.head(), indented(doc)));
        }
        let methods = self.entries.iter().filter(|e| method(e) && exported(&e.name)).map(|e| e.name.as_str());
        let fields = of.members.iter().map(|m| m.0.as_str()).filter(|n| exported(n));
        let text = format!("type {}.{} has no exported field or method {member}", self.name, of.name);
        Err(with_hint(text, nearest(member, methods.chain(fields))))
    }
}

/// A file that is read.
struct Source<'a> {
    text: &'a str,
    /// The text's global offset.
    base: u32,
    ast: &'a Ast,
}

impl<'a> Source<'a> {
    fn function(&self, f: &FuncDecl, span: Span, group: usize) -> Entry {
        let end = f.body.as_ref().map_or(span.hi, |b| b.span.lo);
        let text = self.at(Span::new(span.lo, end)).trim_end().to_string();
        let of = match &self.ast[f.ty].kind {
            Expr::FuncType(sig) => sig.results.first().and_then(|r| self.type_name(r.ty)),
            _ => None,
        };
        Entry {
            kind: Kind::Func,
            name: self.ast.text(f.name.name).to_string(),
            receiver: f.recv.as_ref().and_then(|r| self.type_name(r.ty)),
            of,
            line: text.split_whitespace().collect::<Vec<_>>().join(" "),
            text,
            doc: self.comment_above(self.place(span.lo)),
            group,
            members: Vec::new(),
        }
    }

    /// A global offset as one in the text.
    fn place(&self, at: u32) -> usize {
        (at - self.base) as usize
    }

    fn at(&self, span: Span) -> &'a str {
        &self.text[self.place(span.lo)..self.place(span.hi)]
    }

    /// The rest of the line from a span on.
    fn line_from(&self, span: Span) -> &'a str {
        let rest = &self.text[self.place(span.lo)..];
        rest.split('\n').next().unwrap_or_default()
    }

    /// The lines of comment right above the line that `at` is in, without their slashes.
    fn comment_above(&self, at: usize) -> String {
        let start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        let mut lines = Vec::new();
        for line in self.text[..start].lines().rev() {
            let Some(words) = line.trim_start().strip_prefix("//") else { break };
            lines.push(words.strip_prefix(' ').unwrap_or(words).trim_end());
        }
        lines.reverse();
        lines.join("\n")
    }

    /// The name of a type as a list of a type's functions needs it: `T` for T, *T, []T and T[A].
    fn type_name(&self, ty: ExprId) -> Option<String> {
        let text = self.at(self.ast[ty].span);
        let name = text.trim_start_matches(['*', '[', ']', '(']);
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty() && !name.starts_with(|c: char| c.is_numeric())).then_some(name)
    }

    fn fields(&self, ty: ExprId) -> &'a [Field] {
        match &self.ast[ty].kind {
            Expr::StructType(fields) => fields,
            _ => &[],
        }
    }

    fn members(&self, ty: ExprId) -> Vec<(String, String, String)> {
        let mut all = Vec::new();
        let span = self.ast[ty].span;
        if !matches!(&self.ast[ty].kind, Expr::StructType(_) | Expr::InterfaceType(_)) {
            return all;
        }
        // A line with its comment above is what a reader wants to see of a member, whatever its kind.
        let mut at = self.place(span.lo);
        for line in self.at(span).split_inclusive('\n') {
            let words = line.trim();
            let code = words.split("//").next().unwrap_or_default().trim_end();
            let name: String = code.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if exported(&name) {
                all.push((name, words.to_string(), self.comment_above(at + line.len() - line.trim_start().len())));
            }
            at += line.len();
        }
        all
    }

    /// A struct's text without the fields that others cannot name.
    fn without_unexported(&self, text: String, ty: ExprId, name: u32) -> String {
        let hidden: Vec<&Field> = self
            .fields(ty)
            .iter()
            .filter(|f| !f.names.is_empty() && f.names.iter().all(|n| !exported(self.ast.text(n.name))))
            .collect();
        if hidden.is_empty() || !text.contains('\n') {
            return text;
        }
        let mut kept: Vec<&str> = Vec::new();
        let mut at = name as i64 - "type ".len() as i64;
        for line in text.split('\n') {
            let end = at + line.len() as i64;
            let inside = |f: &&&Field| {
                let name = f.names[0].span.lo as i64;
                name >= at && name < end
            };
            if hidden.iter().find(inside).is_some() {
                // Its comment goes with it.
                while kept.last().is_some_and(|l| l.trim_start().starts_with("//")) {
                    kept.pop();
                }
            } else {
                kept.push(line);
            }
            at = end + 1;
        }
        let close = kept.pop().unwrap_or_default();
        while kept.last().is_some_and(|l| l.trim().is_empty()) {
            kept.pop();
        }
        format!("{}\n\t// Has unexported fields.\n{close}", kept.join("\n"))
    }
}

/// Adds the lines of these entries; those that one line declares together have it once.
fn lines<'e>(out: &mut String, indent: &str, entries: impl Iterator<Item = &'e Entry>) {
    let mut last = None;
    for e in entries.filter(|e| last.replace((e.group, &e.line)) != Some((e.group, &e.line))) {
        let _ = writeln!(out, "{indent}{}", e.line);
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.split_once(['{', '(']) {
        Some((before, _)) if line.len() > 80 || line.ends_with(['{', '(']) => format!("{before}..."),
        _ => line.to_string(),
    }
}

/// `type T struct{ ... }`
fn one_line_type(text: &str) -> String {
    match text.split_once('{') {
        Some((before, rest)) if rest.trim() != "}" => format!("{} {{ ... }}", before.trim_end()).replace(" {", "{"),
        _ => text.to_string(),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|l| if l.is_empty() { "\n".to_string() } else { format!("    {l}\n") }).collect()
}
