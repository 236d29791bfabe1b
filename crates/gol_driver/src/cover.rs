//! Coverage: counters that are written into the text of a file, one for each block of statements that run together.
//!
//! What a block is, and from where to where it goes, is as with Go's cover tool, whose profiles others read: it ends where
//! control may go elsewhere or a function literal begins, and lines of comments and empty lines within it are left out, which
//! may cut it into several. No line is added, so that lines in traces stay what they are; columns do not, so messages come from
//! the plain text.

use gol_source::{SourceMap, Span};
use gol_syntax::ast::{Ast, Block, Decl, Expr, Stmt, StmtId};
use std::collections::HashSet;

/// How runs are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CoverMode {
    /// Whether a block ran.
    Set,
    /// How often.
    Count,
    /// How often, also if goroutines run it at the same time.
    Atomic,
}

impl CoverMode {
    /// The mode with this name.
    pub fn parse(name: &str) -> Option<CoverMode> {
        [CoverMode::Set, CoverMode::Count, CoverMode::Atomic].into_iter().find(|m| m.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CoverMode::Set => "set",
            CoverMode::Count => "count",
            CoverMode::Atomic => "atomic",
        }
    }
}

/// A block: lines and columns of its beginning and its end, and how many statements begin in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Counted {
    pub(crate) from: (u32, u32),
    pub(crate) to: (u32, u32),
    pub(crate) statements: u32,
}

/// A file with counters.
pub(crate) struct Covered {
    pub(crate) text: String,
    /// By number of the counter.
    pub(crate) blocks: Vec<Counted>,
}

/// Writes counters, the elements of an array that is called `variable`, into a file; `None` if it cannot be parsed.
pub(crate) fn covered(text: &str, mode: CoverMode, variable: &str) -> Option<Covered> {
    let mut map = SourceMap::default();
    let id = map.add(String::new(), text.to_string())?;
    let base = map.file(id).base;
    let ast = Ast::new();
    let (file, wrong) = gol_syntax::parse_file(&map, id, &ast);
    if !wrong.is_empty() {
        return None;
    }
    let tokens = gol_syntax::tokens(text).into_iter().filter(|t| t.0 != "newline").collect();
    let mut writer = Writer {
        text,
        base,
        ast: &ast,
        tokens,
        mode,
        variable,
        edits: Vec::new(),
        blocks: Vec::new(),
        literals: Vec::new(),
    };
    writer.file(&file.decls.iter().filter_map(|d| blank_function(&ast, *d)).collect::<Vec<_>>());
    let Writer { mut edits, blocks, .. } = writer;
    if blocks.is_empty() {
        return Some(Covered { text: text.to_string(), blocks });
    }
    if mode == CoverMode::Atomic {
        let behind = file.package.span.hi - base;
        edits.push((behind, format!("; import {ATOMIC} \"sync/atomic\"")));
    }
    edits.sort_by_key(|e| e.0);
    let mut out = String::new();
    let mut at = 0;
    for (offset, edit) in edits {
        out += &text[at..offset as usize];
        out += &edit;
        at = offset as usize;
    }
    out += &text[at..];
    out += &format!("\nvar {variable} [{}]uint32\n", blocks.len());
    Some(Covered { text: out, blocks })
}

/// What the package of atomic counters is called in a file.
const ATOMIC: &str = "_cover_atomic_";

/// The body of a function that is called `_`: nothing ever calls it.
fn blank_function(ast: &Ast, decl: gol_syntax::ast::DeclId) -> Option<Span> {
    match &ast[decl].kind {
        Decl::Func(func) if ast.text(func.name.name) == "_" => func.body.as_ref().map(|b| b.span),
        _ => None,
    }
}

/// A statement of a list, with what matters of it. Offsets count from the start of the file.
#[derive(Clone, Copy)]
struct Item {
    id: Option<StmtId>,
    lo: u32,
    hi: u32,
}

struct Writer<'a> {
    text: &'a str,
    /// What spans count from.
    base: u32,
    ast: &'a Ast,
    tokens: Vec<(&'static str, Span)>,
    mode: CoverMode,
    variable: &'a str,
    /// Texts to insert, each at an offset.
    edits: Vec<(u32, String)>,
    blocks: Vec<Counted>,
    /// Function literals: their spans and the offsets of their opening braces, in order.
    literals: Vec<(Span, u32)>,
}

impl Writer<'_> {
    /// Covers all blocks but those in `left_out`.
    fn file(&mut self, left_out: &[Span]) {
        let ast = self.ast;
        let mut bodies: Vec<&Block> = Vec::new();
        for id in ast.expr_ids() {
            if let Expr::FuncLit { body, .. } = &ast[id].kind {
                self.literals.push((self.here(ast[id].span), body.span.lo - self.base));
                bodies.push(body);
            }
        }
        self.literals.sort_by_key(|l| l.0.lo);
        for id in ast.decl_ids() {
            if let Decl::Func(func) = &ast[id].kind {
                bodies.extend(&func.body);
            }
        }
        let mut elses: HashSet<StmtId> = HashSet::new();
        for id in ast.stmt_ids() {
            if let Stmt::If { els, .. } = &ast[id].kind {
                elses.extend(els);
            }
        }
        for id in ast.stmt_ids() {
            let left = left_out.iter().any(|s| s.lo <= ast[id].span.lo && ast[id].span.hi <= s.hi);
            match &ast[id].kind {
                _ if left => {}
                Stmt::If { then, els, .. } => {
                    bodies.push(then);
                    if let Some(els) = els {
                        self.els(then, *els);
                    }
                }
                Stmt::Block(block) if !elses.contains(&id) => bodies.push(block),
                Stmt::For { body, .. } | Stmt::Range { body, .. } => bodies.push(body),
                Stmt::Switch { clauses, .. } | Stmt::TypeSwitch { clauses, .. } => {
                    clauses.iter().for_each(|c| self.clause(c.colon, &c.body));
                }
                Stmt::Select(clauses) => clauses.iter().for_each(|c| self.clause(c.colon, &c.body)),
                _ => {}
            }
        }
        let mut done = HashSet::new();
        for body in bodies {
            let left = left_out.iter().any(|s| s.lo <= body.span.lo && body.span.hi <= s.hi);
            if !left && done.insert(body.span.lo) {
                let span = self.here(body.span);
                self.list(span.lo, span.lo + 1, span.hi, self.items(&body.stmts), true);
            }
        }
    }

    fn here(&self, span: Span) -> Span {
        Span::new(span.lo - self.base, span.hi - self.base)
    }

    fn items(&self, list: &[StmtId]) -> Vec<Item> {
        let item = |id: &StmtId| {
            let span = self.here(self.ast[*id].span);
            Item { id: Some(*id), lo: span.lo, hi: span.hi }
        };
        list.iter().map(item).collect()
    }

    fn clause(&mut self, colon: u32, body: &[StmtId]) {
        let begin = colon - self.base + 1;
        let items = self.items(body);
        let end = items.last().map_or(begin, |i| i.hi);
        self.list(begin, begin, end, items, false);
    }

    /// What follows `else`. Another `if` gets a block of its own around it, where its counter has room.
    fn els(&mut self, then: &Block, els: StmtId) {
        let behind = then.span.hi - self.base;
        let Some((_, word)) = self.tokens.iter().find(|t| t.1.lo >= behind && t.0 == "else") else { return };
        let begin = word.hi;
        let span = self.here(self.ast[els].span);
        match &self.ast[els].kind {
            Stmt::Block(block) => {
                let items = self.items(&block.stmts);
                self.list(begin, span.lo + 1, span.hi, items, true);
            }
            _ => {
                self.edits.push((begin, "{".into()));
                self.list(begin, begin, span.hi + 1, self.items(&[els]), true);
                self.edits.push((span.hi, "}".into()));
            }
        }
    }

    /// Covers a list of statements, the text of which begins at `begin`; its first counter stands at `first`. The last
    /// block goes up to `end` if all is one.
    fn list(&mut self, mut begin: u32, mut first: u32, end: u32, mut list: Vec<Item>, mut whole: bool) {
        if list.is_empty() {
            let (lo, hi) = self.ranges(first, end)[0];
            return self.counter(lo, lo, hi, 0);
        }
        while !list.is_empty() {
            let mut stop = end;
            let mut n = 0;
            while n < list.len() {
                let item = list[n];
                n += 1;
                stop = self.boundary(item);
                if !self.ends_block(item) {
                    continue;
                }
                // A statement with a label begins a block: a goto may lead to it.
                if let Some(Stmt::Labeled(_, inner)) = item.id.map(|id| &self.ast[id].kind)
                    && !self.is_control(*inner)
                {
                    let inner = self.items(&[*inner])[0];
                    stop = item.lo;
                    list[n - 1] = Item { id: None, lo: item.lo, hi: inner.lo };
                    list.insert(n, inner);
                }
                whole = false;
                break;
            }
            if whole {
                stop = end;
            }
            if begin != stop {
                for (i, (lo, hi, statements)) in self.merged(begin, stop, &list[..n]).into_iter().enumerate() {
                    self.counter(if i == 0 { first } else { lo }, lo, hi, statements);
                }
            }
            list.drain(..n);
            if let Some(next) = list.first() {
                (begin, first) = (next.lo, next.lo);
            }
        }
    }

    fn counter(&mut self, at: u32, lo: u32, hi: u32, statements: u32) {
        let slot = format!("{}[{}]", self.variable, self.blocks.len());
        self.edits.push((
            at,
            match self.mode {
                CoverMode::Set => format!("{slot} = 1;"),
                CoverMode::Count => format!("{slot}++;"),
                CoverMode::Atomic => format!("{ATOMIC}.AddUint32(&{slot}, 1);"),
            },
        ));
        self.blocks.push(Counted { from: self.place(lo), to: self.place(hi.min(self.text.len() as u32)), statements });
    }

    fn place(&self, offset: u32) -> (u32, u32) {
        let before = &self.text.as_bytes()[..offset as usize];
        let line = before.iter().filter(|b| **b == b'\n').count() as u32 + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() as u32 + 1;
        (line, column)
    }

    /// The parts of a text that have code, without lines that have none between them.
    fn ranges(&self, lo: u32, hi: u32) -> Vec<(u32, u32)> {
        let bytes = self.text.as_bytes();
        let newlines = |from: u32, to: u32| bytes[from as usize..to as usize].iter().filter(|b| **b == b'\n').count();
        // The start of the line after the one with this offset, if it begins before the end.
        let next_line = |at: u32| {
            let end = (at..hi).find(|i| bytes[*i as usize] == b'\n')? + 1;
            (end < hi).then_some(end)
        };
        let mut all: Vec<(u32, u32)> = Vec::new();
        let mut begun = None;
        let mut code_end = 0;
        for (name, span) in &self.tokens {
            if span.lo < lo || span.lo >= hi || matches!(*name, "{" | "}") {
                continue;
            }
            let Some(start) = begun else {
                (begun, code_end) = (Some(span.lo), span.hi.min(hi));
                continue;
            };
            if newlines(code_end, span.lo.max(code_end)) > 1 {
                all.push((start, next_line(code_end).unwrap_or(hi)));
                begun = Some(span.lo);
            }
            code_end = span.hi.min(hi);
        }
        match begun {
            Some(start) => all.push((start, next_line(code_end).unwrap_or(hi))),
            None => all.push((lo, lo)),
        }
        all
    }

    /// The parts with code and how many statements begin in each; a statement is not cut.
    fn merged(&self, lo: u32, hi: u32, list: &[Item]) -> Vec<(u32, u32, u32)> {
        let before = |at: u32| list.iter().take_while(|i| i.lo < at).count();
        let mut all: Vec<(u32, u32, u32)> = Vec::new();
        for (lo, hi) in self.ranges(lo, hi) {
            let n = before(hi).saturating_sub(before(lo)) as u32;
            let inside = before(lo).checked_sub(1).is_some_and(|i| lo < list[i].hi);
            match all.last_mut() {
                Some(last) if inside => (last.1, last.2) = (hi, last.2 + n),
                _ => all.push((lo, hi, n)),
            }
        }
        all
    }

    /// The opening brace of the first function literal in a span.
    fn literal(&self, within: Span) -> Option<u32> {
        self.literals.iter().find(|l| within.lo <= l.0.lo && l.0.hi <= within.hi).map(|l| l.1)
    }

    /// The last opening brace before an offset.
    fn brace_before(&self, offset: u32) -> Option<u32> {
        let n = self.tokens.partition_point(|t| t.1.lo < offset);
        self.tokens[..n].iter().rev().find(|t| t.0 == "{").map(|t| t.1.lo)
    }

    /// Where in a statement its block ends: before the braces of what it controls.
    fn boundary(&self, item: Item) -> u32 {
        let Some(id) = item.id else { return item.hi };
        let ast = self.ast;
        let stmt = |s: &Option<StmtId>| s.and_then(|s| self.literal(self.here(ast[s].span)));
        let expr = |x: &Option<gol_syntax::ast::ExprId>| x.and_then(|x| self.literal(self.here(ast[x].span)));
        let opening = |first: Option<u32>| {
            let before = first.map_or(item.hi - 1, |lo| lo - self.base);
            self.brace_before(before).unwrap_or(item.hi)
        };
        match &ast[id].kind {
            Stmt::Block(_) => item.lo,
            Stmt::If { init, cond, then, .. } => stmt(init).or(expr(&Some(*cond))).unwrap_or(then.span.lo - self.base),
            Stmt::For { init, cond, post, body } => {
                stmt(init).or(expr(cond)).or(stmt(post)).unwrap_or(body.span.lo - self.base)
            }
            Stmt::Range { x, body, .. } => expr(&Some(*x)).unwrap_or(body.span.lo - self.base),
            Stmt::Switch { init, tag, clauses, .. } => {
                stmt(init).or(expr(tag)).unwrap_or_else(|| opening(clauses.first().map(|c| c.span.lo)))
            }
            Stmt::TypeSwitch { init, clauses, .. } => {
                stmt(init).unwrap_or_else(|| opening(clauses.first().map(|c| c.span.lo)))
            }
            Stmt::Select(clauses) => opening(clauses.first().map(|c| c.span.lo)),
            Stmt::Labeled(_, inner) => self.boundary(self.items(&[*inner])[0]),
            _ => self.literal(Span::new(item.lo, item.hi)).unwrap_or(item.hi),
        }
    }

    /// Whether what follows a statement may not run when it does.
    fn ends_block(&self, item: Item) -> bool {
        let Some(id) = item.id else { return true };
        let ends = match &self.ast[id].kind {
            Stmt::Block(_) | Stmt::Branch { .. } | Stmt::Labeled(..) | Stmt::If { .. } => true,
            Stmt::Expr(x) => match &self.ast[*x].kind {
                Expr::Call { fun, args, .. } => {
                    args.len() == 1 && matches!(&self.ast[*fun].kind, Expr::Name(n) if self.ast.text(*n) == "panic")
                }
                _ => false,
            },
            _ => self.is_control(id),
        };
        ends || self.literal(Span::new(item.lo, item.hi)).is_some()
    }

    /// Whether a label of the statement belongs to it.
    fn is_control(&self, id: StmtId) -> bool {
        use Stmt::{For, Range, Select, Switch, TypeSwitch};
        matches!(&self.ast[id].kind, For { .. } | Range { .. } | Switch { .. } | TypeSwitch { .. } | Select(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_before_blocks() {
        let text = "package p\n\nfunc f(x int) {\n\tif x > 0 {\n\t\tx++\n\t} else if x < 0 {\n\t}\n\n\tx--\n}\n";
        let c = covered(text, CoverMode::Count, "V").unwrap();
        let expected = "package p\n\nfunc f(x int) {V[1]++;\n\tif x > 0 {V[4]++;\n\t\tx++\n\t} else{V[0]++; if x < 0 {V[3]++;\n\t}}\n\n\t\
                        V[2]++;x--\n}\n\nvar V [5]uint32\n";
        assert_eq!(c.text, expected);
        assert_eq!(c.text.lines().count(), text.lines().count() + 2);
        let mut blocks = c.blocks;
        blocks.sort_unstable();
        let lines: Vec<_> = blocks.iter().map(|b| (b.from, b.to, b.statements)).collect();
        assert_eq!(
            lines,
            [
                ((4, 2), (4, 11), 1),
                ((5, 3), (6, 1), 1),
                ((6, 9), (6, 18), 1),
                ((6, 19), (6, 19), 0),
                ((9, 2), (9, 5), 1),
            ]
        );
    }

    #[test]
    fn what_cannot_be_parsed_is_left_alone() {
        assert!(covered("package p\nfunc {", CoverMode::Set, "V").is_none());
        assert_eq!(covered("package p\n", CoverMode::Set, "V").unwrap().text, "package p\n");
    }
}
