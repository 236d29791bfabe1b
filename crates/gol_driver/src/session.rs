//! The front end of a REPL: texts of entries in, additions to a running program out.
//!
//! Tree, types and compiled code grow from entry to entry; nothing of before is looked at again. A package is imported when
//! an entry uses its name. An entry that is wrong leaves nothing.

use crate::find::Finder;
use crate::input::InputError;
use crate::load::{Importer, Loader, NAMED_FILES, RUNTIME};
use crate::{Format, Library, draw, stdlib};
use gol_bytecode::{Addition, Function};
use gol_compiler::Compiler;
use gol_source::{Diagnostic, SourceMap, Span};
use gol_syntax::ast::{Ast, Block, Decl, DeclId, Expr, ExprId, File, Ident, Stmt, StmtId};
use gol_syntax::{ReplItem, ReplState};
use gol_types::{Constant, EntryText, Last, ObjId, PkgId, Program, Type, TypeId};
use std::path::Path;

/// The package whose function shows values.
const SHOW: &str = "internal/repl";

/// The front end of one session.
pub struct Front<'a> {
    pub(crate) loader: Loader<'a>,
    pub(crate) types: Program,
    compiler: Compiler,
    show: ObjId,
    /// The import path of the folder that the session is in.
    dir: Option<String>,
}

/// A compiled entry.
pub struct Compiled {
    /// What the VM has to add and run.
    pub addition: Addition,
    /// What the entry comes to, if that is no value.
    pub text: Option<String>,
    /// Functions with a name of their own that the entry declares.
    pub declares_main: bool,
}

/// What is wrong with an entry, drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected(pub String);

/// Whether a text can be run as it is, goes on, or is wrong.
pub fn state(text: &str) -> ReplState {
    let (mut map, ast) = (SourceMap::new(), Ast::new());
    match map.add("entry", text.to_string()) {
        Some(id) => gol_syntax::parse_repl(&map, id, &ast).state,
        None => ReplState::Wrong,
    }
}

/// The text with the values of the expression at its end printed, if there is one. Whether it has values is not known here.
pub fn printing(text: &str) -> Option<String> {
    let (mut map, ast) = (SourceMap::new(), Ast::new());
    let id = map.add("entry", text.to_string())?;
    let parsed = gol_syntax::parse_repl(&map, id, &ast);
    let last = parsed.items.iter().rev().find(|i| !matches!(i, ReplItem::Stmt(s) if is_empty(&ast, *s)))?;
    let ReplItem::Stmt(s) = last else { return None };
    let Stmt::Expr(x) = ast[*s].kind else { return None };
    let (span, base) = (ast[x].span, map.file(id).base);
    let (lo, hi) = ((span.lo - base) as usize, (span.hi - base) as usize);
    // Nobody wants to see how many bytes a call has printed.
    let prints = ["fmt.Print", "fmt.Fprint", "print(", "println("].iter().any(|p| text[lo..hi].starts_with(p));
    (!prints).then(|| format!("{}fmt.Println({}){}", &text[..lo], &text[lo..hi], &text[hi..]))
}

impl<'a> Front<'a> {
    /// A new session in a folder.
    pub fn new(library: &'a Library, dir: &Path) -> Result<Front<'a>, InputError> {
        let finder = Finder::around(dir)?;
        let dir = finder.import_path(dir);
        let mut loader = Loader::new(finder, library);
        let mut types = Program::new(&loader.ast.names);
        let found =
            loader.standard(&mut types, RUNTIME, &mut Vec::new()) && loader.standard(&mut types, SHOW, &mut Vec::new());
        let name = loader.ast.names.intern("Show");
        let pkg = loader.known.get(SHOW).copied();
        let show = pkg.and_then(|pkg| types.lookup(pkg, name)).filter(|_| found);
        let Some(show) = show else {
            return Err(InputError("this library has no package internal/repl".into()));
        };
        types.new_session(&loader.ast.names);
        Ok(Front { loader, types, compiler: Compiler::new(), show, dir })
    }

    /// An empty entry: what a program needs before it can run anything.
    pub fn first(&mut self) -> Result<Addition, Rejected> {
        self.entry("start", "", false).map(|c| c.addition)
    }

    /// Checks and compiles an entry.
    pub fn entry(&mut self, name: &str, text: &str, colors: bool) -> Result<Compiled, Rejected> {
        self.import_by_use(text);
        let Some(id) = self.loader.map.add(name, text.to_string()) else {
            return Err(Rejected("the session's text is larger than 4 GiB: :reset starts a new one\n".into()));
        };
        let parsed = gol_syntax::parse_repl(&self.loader.map, id, &self.loader.ast);
        if !parsed.diagnostics.is_empty() {
            return Err(self.rejected(&parsed.diagnostics, colors));
        }
        let file = self.loader.map.file(id);
        let span = Span::new(file.base, file.base + file.text.len() as u32);
        let text = self.parts(span, &parsed.items);
        let file = File::plain(id, self.main_clause(span), text.decls.clone());
        self.compile(text, &[file], colors)
    }

    /// Checks and compiles a file as if it were typed: what it declares becomes the session's.
    pub fn load(&mut self, name: &str, text: Vec<u8>, colors: bool) -> Result<Compiled, Rejected> {
        let before = std::mem::take(&mut self.loader.diagnostics);
        let file = self.loader.parse(name.to_string(), text);
        let found = std::mem::replace(&mut self.loader.diagnostics, before);
        let Some(file) = file.filter(|_| found.is_empty()) else { return Err(self.rejected(&found, colors)) };
        let source = self.loader.map.file(file.id);
        let span = Span::new(source.base, source.base + source.text.len() as u32);
        let body = Block { stmts: Vec::new(), span };
        let text = EntryText { span, decls: file.decls.clone(), body, last: None };
        self.compile(text, &[file], colors)
    }

    fn main_clause(&mut self, span: Span) -> Ident {
        Ident { name: self.types.universe.sym_main, span: Span::new(span.lo, span.lo) }
    }

    fn compile(&mut self, text: EntryText, files: &[File], colors: bool) -> Result<Compiled, Rejected> {
        let importer = Importer { path: self.dir.as_deref(), shown: NAMED_FILES };
        self.loader.imports(&mut self.types, files, importer, &mut Vec::new());
        let mut found = std::mem::take(&mut self.loader.diagnostics);
        let main = self.types.universe.sym_main;
        let declares_main = text.decls.iter().any(|d| match &self.loader.ast[*d].kind {
            Decl::Func(f) => f.recv.is_none() && f.name.name == main,
            _ => false,
        });
        let (entry, diagnostics) = self.types.check_entry(&self.loader.ast, &self.loader.map, text, &self.loader.known);
        found.extend(diagnostics);
        if !found.is_empty() {
            self.types.undo_entry();
            found.sort_by_key(|d| d.span.lo);
            return Err(self.rejected(&found, colors));
        }
        let shown = match &entry.last {
            Last::Values(step) => !self.is_print(step.rhs),
            _ => false,
        };
        let show = shown.then_some(self.show);
        let text = self.text_of(&entry.last);
        match self.compiler.entry(&self.loader.ast, &self.loader.map, &mut self.types, &entry, show) {
            Ok(addition) => Ok(Compiled { addition, text, declares_main }),
            Err(found) => {
                self.types.undo_entry();
                Err(self.rejected(&found, colors))
            }
        }
    }

    /// An entry's items: what is declared for the whole of it, its statements, the expression at its end.
    fn parts(&self, span: Span, items: &[ReplItem]) -> EntryText {
        let ast = &self.loader.ast;
        let declared = |s: StmtId| match ast[s].kind {
            Stmt::Decl(d) => Some(d),
            _ => None,
        };
        let is_var = |d: DeclId| matches!(ast[d].kind, Decl::Var(_));
        let statement = |i: &ReplItem| matches!(i, ReplItem::Stmt(s) if declared(*s).is_none() && !is_empty(ast, *s));
        let only_declares = !items.iter().any(statement);
        let (mut decls, mut stmts) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                ReplItem::Decl(d) => decls.push(*d),
                ReplItem::Stmt(s) => match declared(*s) {
                    Some(d) if only_declares || !is_var(d) => decls.push(d),
                    _ => stmts.push(*s),
                },
            }
        }
        while stmts.last().is_some_and(|s| is_empty(ast, *s)) {
            stmts.pop();
        }
        let last = match stmts.last().map(|s| &ast[*s].kind) {
            Some(Stmt::Expr(x)) => Some(*x),
            _ => None,
        };
        if last.is_some() {
            stmts.pop();
        }
        EntryText { span, decls, body: Block { stmts, span }, last }
    }

    /// Imports the packages of the library whose names the text uses, unless the names stand for something else.
    pub(crate) fn import_by_use(&mut self, text: &str) {
        let tokens = gol_syntax::tokens(text);
        if let [("name", span), ("newline", _)] | [("name", span)] = tokens[..] {
            self.import_named(&text[span.lo as usize..span.hi as usize]);
        }
        for (i, (kind, span)) in tokens.iter().enumerate() {
            let dot = |at: usize| tokens.get(at).is_some_and(|t| t.0 == ".");
            if *kind != "name" || !dot(i + 1) || i > 0 && dot(i - 1) {
                continue;
            }
            self.import_named(&text[span.lo as usize..span.hi as usize]);
        }
    }

    /// Imports the package of the library with this name, unless the name stands for something; whether it stands for a
    /// package of the library now.
    pub(crate) fn import_named(&mut self, name: &str) -> bool {
        let known = |front: &Self| front.loader.ast.names.lookup(name).is_some_and(|n| front.types.session_knows(n));
        if known(self) {
            return false;
        }
        let Some(path) = path_named(name) else { return false };
        let base = self.loader.map.file_at(u32::MAX).map_or(1, |f| {
            let f = self.loader.map.file(f);
            f.base + f.text.len() as u32
        });
        if path == "unsafe" {
            self.types.session_import(PkgId::UNSAFE, base);
            return true;
        }
        if !self.loader.standard(&mut self.types, path, &mut Vec::new()) {
            return false;
        }
        if let Some(pkg) = self.loader.known.get(path).copied() {
            self.types.session_import(pkg, base);
        }
        true
    }

    /// Whether an expression is a call that prints: nobody wants to see how many bytes that were.
    fn is_print(&self, x: ExprId) -> bool {
        let ast = &self.loader.ast;
        let Expr::Call { fun, .. } = ast[ast.unparen(x)].kind else { return false };
        let Some(&obj) = self.types.info.uses.get(&fun) else { return false };
        let o = &self.types.objects[obj];
        let printer = |name: &str| name.starts_with("Print") || name.starts_with("Fprint");
        self.types.package_by_path("fmt") == Some(o.pkg) && printer(ast.text(o.name))
    }

    /// What an expression at the end comes to, if that is no value.
    fn text_of(&self, last: &Last) -> Option<String> {
        match last {
            Last::None | Last::Call(_) | Last::Values(_) => None,
            Last::Nil => Some("untyped nil = nil".into()),
            Last::Constant(value) => Some(self.constant_text(value)),
            Last::Type(ty) => Some(self.type_description(*ty)),
            Last::Package(pkg) => {
                let p = self.types.package(*pkg);
                Some(format!("package {} (\"{}\")", self.loader.ast.text(p.name), p.path))
            }
        }
    }

    fn constant_text(&self, value: &Constant) -> String {
        format!("untyped constant = {value}")
    }

    /// A type: what it is declared as, and its methods.
    fn type_description(&self, ty: TypeId) -> String {
        let names = &self.loader.ast.names;
        let here = self.types.session_package().unwrap_or(PkgId::NONE);
        let text = |ty| self.types.type_in_message(names, here, ty);
        let Type::Named(id) = *self.types.types.get(ty.canonical()) else { return format!("type {}", text(ty)) };
        let named = self.types.types.named(id);
        let mut out = format!("type {} {}", text(ty), text(self.types.types.underlying(ty)));
        for &m in &named.methods {
            let o = &self.types.objects[m];
            let gol_types::ObjKind::Func { recv: Some(r), .. } = o.kind else { continue };
            let star = if r.pointer { "*" } else { "" };
            let sig = text(o.ty);
            let sig = sig.strip_prefix("func").unwrap_or(&sig);
            out.push_str(&format!("\nfunc ({star}{}) {}{sig}", names.text(named.name), names.text(o.name)));
        }
        out
    }

    /// The type of an expression, or what a type or package is, without evaluating anything.
    pub fn type_of(&mut self, text: &str, colors: bool) -> Result<String, Rejected> {
        let last = self.look_at(text, colors)?.1;
        let names = &self.loader.ast.names;
        let text = |o: &ObjId| self.types.type_in_session(names, self.types.objects[*o].ty);
        Ok(match &last {
            Last::Values(step) if step.lhs.len() == 1 => text(&step.lhs[0]),
            Last::Values(step) => format!("({})", step.lhs.iter().map(text).collect::<Vec<_>>().join(", ")),
            Last::Call(_) => "no value".into(),
            other => self.text_of(other).unwrap_or_default(),
        })
    }

    /// Checks an expression; the session stays as it was.
    fn look_at(&mut self, text: &str, colors: bool) -> Result<(ExprId, Last), Rejected> {
        self.import_by_use(text);
        let Some(id) = self.loader.map.add("expression", text.to_string()) else {
            return Err(Rejected("the text is too large\n".into()));
        };
        let (x, found) = gol_syntax::parse_expr(&self.loader.map, id, &self.loader.ast);
        if !found.is_empty() {
            return Err(self.rejected(&found, colors));
        }
        let file = self.loader.map.file(id);
        let span = Span::new(file.base, file.base + file.text.len() as u32);
        let body = Block { stmts: Vec::new(), span };
        let entry = EntryText { span, decls: Vec::new(), body, last: Some(x) };
        let (entry, found) = self.types.check_entry(&self.loader.ast, &self.loader.map, entry, &self.loader.known);
        self.types.undo_entry();
        if found.is_empty() { Ok((x, entry.last)) } else { Err(self.rejected(&found, colors)) }
    }

    fn rejected(&self, found: &[Diagnostic], colors: bool) -> Rejected {
        let mut out = Vec::new();
        let _ = draw::draw(&self.loader.map, found, Format::Pretty, colors, &mut out);
        Rejected(String::from_utf8_lossy(&out).into_owned())
    }

    /// The bytecode of the session's functions with this name.
    pub fn listing(&self, name: &str) -> Option<String> {
        let program = self.compiler.program()?;
        let full = [name.to_string(), format!("main.{name}"), format!("main.(*{})", name.replacen('.', ").", 1))];
        let found: Option<&Function> = full.iter().find_map(|n| self.compiler.functions_named(n).into_iter().next());
        let source = |file: u32, line: u32| {
            let file = self.loader.map.file(gol_source::FileId(file));
            Some(format!("{}:{line}: {}", file.name, file.line_text(line).trim()))
        };
        found.map(|f| gol_bytecode::disasm::with_source(program, f, source))
    }
}

fn is_empty(ast: &Ast, s: StmtId) -> bool {
    matches!(ast[s].kind, Stmt::Empty)
}

/// The path of the library's package with this name: the shortest path that ends in it.
pub(crate) fn path_named(name: &str) -> Option<&'static str> {
    if name == "unsafe" {
        return Some("unsafe");
    }
    let internal = |p: &str| p.split('/').any(|e| e == "internal");
    let last = |p: &str| p.rsplit('/').next() == Some(name);
    let found = stdlib::paths().into_iter().filter(|p| last(p) && !internal(p));
    // Of two that are as short, the one that people mean: math/rand, text/template.
    found.min_by_key(|p| (p.matches('/').count(), !matches!(*p, "math/rand" | "text/template")))
}
