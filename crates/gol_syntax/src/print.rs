//! Trees as indented text, one node a line, for golden tests and tools. The form is stable: `role: Kind detail from-to`,
//! positions as `line:column`, children below.

use std::fmt::Write;

use gol_source::{SourceMap, Span};

use crate::ast::*;

/// The tree of a file.
pub fn file(ast: &Ast, map: &SourceMap, file: &File) -> String {
    let mut p = Printer { ast, map, out: String::new(), depth: 0 };
    p.line("", &format!("File {}", ast.text(file.package.name)), None);
    if let Some(build) = &file.build {
        p.line("", &format!("Build {build}"), None);
    }
    p.within(|p| file.decls.iter().for_each(|&d| p.decl(d)));
    p.out
}

/// The tree of an expression.
pub fn expr(ast: &Ast, map: &SourceMap, x: ExprId) -> String {
    let mut p = Printer { ast, map, out: String::new(), depth: 0 };
    p.expr("", x);
    p.out
}

/// The tree of a statement.
pub fn stmt(ast: &Ast, map: &SourceMap, s: StmtId) -> String {
    let mut p = Printer { ast, map, out: String::new(), depth: 0 };
    p.stmt("", s);
    p.out
}

/// What lies deeper is left out: indented that far, nobody can read it, and the printer recurses.
const MAX_SHOWN: usize = 500;

struct Printer<'a> {
    ast: &'a Ast,
    map: &'a SourceMap,
    out: String,
    depth: usize,
}

impl<'a> Printer<'a> {
    fn line(&mut self, role: &str, text: &str, span: Option<Span>) {
        let _ = write!(self.out, "{:1$}", "", self.depth * 2);
        if !role.is_empty() {
            let _ = write!(self.out, "{role}: ");
        }
        self.out.push_str(text);
        if let Some(span) = span {
            let place = |at| self.map.position(at).map_or((0, 0), |p| (p.line, p.column));
            let (from, to) = (place(span.lo), place(span.hi));
            let _ = write!(self.out, " {}:{}-{}:{}", from.0, from.1, to.0, to.1);
        }
        self.out.push('\n');
    }

    fn within(&mut self, f: impl FnOnce(&mut Self)) {
        self.depth += 1;
        f(self);
        self.depth -= 1;
    }

    fn exprs(&mut self, role: &str, list: &[ExprId]) {
        list.iter().for_each(|&x| self.expr(role, x));
    }

    fn stmts(&mut self, list: &[StmtId]) {
        list.iter().for_each(|&s| self.stmt("", s));
    }

    fn optional(&mut self, role: &str, x: Option<ExprId>) {
        if let Some(x) = x {
            self.expr(role, x);
        }
    }

    fn names(&self, names: &[Ident]) -> String {
        names.iter().map(|n| self.ast.text(n.name)).collect::<Vec<_>>().join(", ")
    }

    fn field(&mut self, role: &str, f: &Field) {
        let names = self.names(&f.names);
        self.line(role, format!("Field {names}").trim_end(), None);
        self.within(|p| {
            p.expr("", f.ty);
            p.optional("tag", f.tag);
        });
    }

    fn fields(&mut self, role: &str, fields: &[Field]) {
        fields.iter().for_each(|f| self.field(role, f));
    }

    fn signature(&mut self, sig: &Signature) {
        self.fields("param", &sig.params);
        self.fields("result", &sig.results);
    }

    fn block(&mut self, role: &str, b: &Block) {
        self.line(role, "Block", Some(b.span));
        self.within(|p| p.stmts(&b.stmts));
    }

    fn expr(&mut self, role: &str, x: ExprId) {
        if self.depth > MAX_SHOWN {
            return self.line(role, "…", None);
        }
        let ast = self.ast;
        let span = Some(ast[x].span);
        let text = match &ast[x].kind {
            Expr::Bad => "Bad".to_string(),
            Expr::Name(s) => format!("Name {}", ast.text(*s)),
            Expr::BasicLit(kind, s) => format!("{kind:?} {}", one_line(ast.text(*s))),
            Expr::CompositeLit { .. } => "CompositeLit".to_string(),
            Expr::KeyValue(..) => "KeyValue".to_string(),
            Expr::FuncLit { .. } => "FuncLit".to_string(),
            Expr::Paren(_) => "Paren".to_string(),
            Expr::Selector(_, sel) => format!("Selector {}", ast.text(sel.name)),
            Expr::Index(..) => "Index".to_string(),
            Expr::Slice { .. } => "Slice".to_string(),
            Expr::TypeAssert(..) => "TypeAssert".to_string(),
            Expr::TypeSwitchGuard(_) => "TypeSwitchGuard".to_string(),
            Expr::Call { has_dots, .. } => if *has_dots { "Call ..." } else { "Call" }.to_string(),
            Expr::Star(_) => "Star".to_string(),
            Expr::Unary(op, _) => format!("Unary {}", op.text()),
            Expr::Binary { op, .. } => format!("Binary {}", op.text()),
            Expr::ArrayType { .. } => "ArrayType".to_string(),
            Expr::SliceType(_) => "SliceType".to_string(),
            Expr::DotsType(_) => "DotsType".to_string(),
            Expr::StructType(_) => "StructType".to_string(),
            Expr::FuncType(_) => "FuncType".to_string(),
            Expr::InterfaceType(_) => "InterfaceType".to_string(),
            Expr::MapType(..) => "MapType".to_string(),
            Expr::ChanType(dir, _) => format!("ChanType {dir:?}"),
        };
        self.line(role, &text, span);
        self.within(|p| p.expr_parts(&ast[x].kind));
    }

    fn expr_parts(&mut self, kind: &Expr) {
        match kind {
            Expr::Bad | Expr::Name(_) | Expr::BasicLit(..) => {}
            Expr::CompositeLit { ty, elems, .. } => {
                self.optional("type", *ty);
                self.exprs("", elems);
            }
            Expr::FuncLit { ty, body } => {
                self.expr("type", *ty);
                self.block("body", body);
            }
            Expr::Paren(x) | Expr::Selector(x, _) | Expr::TypeSwitchGuard(x) | Expr::Star(x) => self.expr("", *x),
            Expr::Unary(_, x) | Expr::SliceType(x) | Expr::DotsType(x) | Expr::ChanType(_, x) => self.expr("", *x),
            Expr::Index(x, args) => {
                self.expr("", *x);
                self.exprs("arg", args);
            }
            Expr::Slice { x, lo, hi, max } => {
                self.expr("", *x);
                self.optional("lo", *lo);
                self.optional("hi", *hi);
                self.optional("max", *max);
            }
            Expr::Call { fun, args, .. } => {
                self.expr("", *fun);
                self.exprs("arg", args);
            }
            Expr::TypeAssert(x, y) | Expr::KeyValue(x, y) | Expr::MapType(x, y) | Expr::Binary { x, y, .. } => {
                self.expr("", *x);
                self.expr("", *y);
            }
            Expr::ArrayType { len, elem } => {
                self.optional("len", *len);
                self.expr("", *elem);
            }
            Expr::StructType(fields) => self.fields("", fields),
            Expr::FuncType(sig) => self.signature(sig),
            Expr::InterfaceType(elems) => {
                for e in elems {
                    match e {
                        InterfaceElem::Method(name, ty) => self.expr(self.ast.text(name.name), *ty),
                        InterfaceElem::Embed(ty) => self.expr("", *ty),
                    }
                }
            }
        }
    }

    fn decl(&mut self, d: DeclId) {
        let ast = self.ast;
        let span = Some(ast[d].span);
        match &ast[d].kind {
            Decl::Bad => self.line("", "Bad", span),
            Decl::Import(specs) => {
                self.line("", "Import", span);
                self.within(|p| {
                    for s in specs {
                        let name = s.name.map_or(String::new(), |n| format!("{} ", ast.text(n.name)));
                        p.line("", &format!("{name}{}", ast.text(s.path)), Some(s.path_span));
                    }
                });
            }
            Decl::Const(specs) => {
                self.line("", "Const", span);
                self.within(|p| {
                    for s in specs {
                        p.value_spec(&format!("Spec {} {}", s.iota, p.names(&s.names)), s.ty, &s.values, s.span);
                    }
                });
            }
            Decl::Var(specs) => {
                self.line("", "Var", span);
                self.within(|p| {
                    for s in specs {
                        p.value_spec(&format!("Spec {}", p.names(&s.names)), s.ty, &s.values, s.span);
                    }
                });
            }
            Decl::Type(specs) => {
                self.line("", "Type", span);
                self.within(|p| {
                    for s in specs {
                        let alias = if s.alias { " =" } else { "" };
                        p.line("", &format!("Spec {}{alias}", ast.text(s.name.name)), None);
                        p.within(|p| {
                            p.fields("tparam", &s.tparams);
                            p.expr("", s.ty);
                        });
                    }
                });
            }
            Decl::Func(f) => {
                self.line("", &format!("Func {}", ast.text(f.name.name)), span);
                self.within(|p| {
                    p.fields("recv", f.recv.as_slice());
                    p.fields("tparam", &f.tparams);
                    p.expr_parts(&ast[f.ty].kind);
                    if let Some(body) = &f.body {
                        p.block("body", body);
                    }
                });
            }
        }
    }

    fn value_spec(&mut self, text: &str, ty: Option<ExprId>, values: &[ExprId], span: Span) {
        self.line("", text, Some(span));
        self.within(|p| {
            p.optional("type", ty);
            p.exprs("value", values);
        });
    }

    fn stmt(&mut self, role: &str, s: StmtId) {
        if self.depth > MAX_SHOWN {
            return self.line(role, "…", None);
        }
        let ast = self.ast;
        let node = &ast[s];
        if let Stmt::Decl(d) = node.kind {
            return self.decl(d);
        }
        if let Stmt::Block(b) = &node.kind {
            return self.block(role, b);
        }
        let text = match &node.kind {
            Stmt::Bad => "Bad".to_string(),
            Stmt::Empty => return self.line(role, "Empty", None),
            Stmt::Expr(_) => "Expr".to_string(),
            Stmt::Send { .. } => "Send".to_string(),
            Stmt::IncDec { inc, .. } => if *inc { "IncDec ++" } else { "IncDec --" }.to_string(),
            Stmt::Assign { op, .. } => match op {
                AssignOp::Assign => "Assign =".to_string(),
                AssignOp::Define => "Assign :=".to_string(),
                AssignOp::Op(op) => format!("Assign {}=", op.text()),
            },
            Stmt::Go(_) => "Go".to_string(),
            Stmt::Defer(_) => "Defer".to_string(),
            Stmt::Return(_) => "Return".to_string(),
            Stmt::Branch { kind, label } => match label {
                Some(label) => format!("{kind:?} {}", ast.text(label.name)),
                None => format!("{kind:?}"),
            },
            Stmt::If { .. } => "If".to_string(),
            Stmt::Switch { .. } => "Switch".to_string(),
            Stmt::TypeSwitch { bind: Some(bind), .. } => format!("TypeSwitch {}", ast.text(bind.name)),
            Stmt::TypeSwitch { .. } => "TypeSwitch".to_string(),
            Stmt::Select(_) => "Select".to_string(),
            Stmt::For { .. } => "For".to_string(),
            Stmt::Range { define, .. } => if *define { "Range :=" } else { "Range" }.to_string(),
            Stmt::Labeled(label, inner) => {
                self.line(role, &format!("Labeled {}", ast.text(label.name)), None);
                return self.within(|p| p.stmt("", *inner));
            }
            Stmt::Block(_) | Stmt::Decl(_) => unreachable!("printed above"),
        };
        self.line(role, &text, Some(node.span));
        self.within(|p| p.stmt_parts(&node.kind));
    }

    fn optional_stmt(&mut self, role: &str, s: Option<StmtId>) {
        if let Some(s) = s {
            self.stmt(role, s);
        }
    }

    fn stmt_parts(&mut self, kind: &Stmt) {
        match kind {
            Stmt::Expr(x) | Stmt::Go(x) | Stmt::Defer(x) | Stmt::IncDec { x, .. } => self.expr("", *x),
            Stmt::Send { chan, value, .. } => {
                self.expr("", *chan);
                self.expr("", *value);
            }
            Stmt::Assign { lhs, rhs, .. } => {
                self.exprs("lhs", lhs);
                self.exprs("rhs", rhs);
            }
            Stmt::Return(list) => self.exprs("", list),
            Stmt::If { init, cond, then, els } => {
                self.optional_stmt("init", *init);
                self.expr("cond", *cond);
                self.block("then", then);
                self.optional_stmt("else", *els);
            }
            Stmt::Switch { init, tag, clauses, .. } => {
                self.optional_stmt("init", *init);
                self.optional("tag", *tag);
                self.clauses(clauses);
            }
            Stmt::TypeSwitch { init, x, clauses, .. } => {
                self.optional_stmt("init", *init);
                self.expr("x", *x);
                self.clauses(clauses);
            }
            Stmt::Select(clauses) => {
                for c in clauses {
                    self.line("", if c.comm.is_some() { "Case" } else { "Default" }, Some(c.span));
                    self.within(|p| {
                        p.optional_stmt("comm", c.comm);
                        p.stmts(&c.body);
                    });
                }
            }
            Stmt::For { init, cond, post, body } => {
                self.optional_stmt("init", *init);
                self.optional("cond", *cond);
                self.optional_stmt("post", *post);
                self.block("body", body);
            }
            Stmt::Range { key, value, x, body, .. } => {
                self.optional("key", *key);
                self.optional("value", *value);
                self.expr("x", *x);
                self.block("body", body);
            }
            _ => {}
        }
    }

    fn clauses(&mut self, clauses: &[CaseClause]) {
        for c in clauses {
            self.line("", if c.exprs.is_some() { "Case" } else { "Default" }, Some(c.span));
            self.within(|p| {
                p.exprs("", c.exprs.as_deref().unwrap_or_default());
                p.stmts(&c.body);
            });
        }
    }
}

/// A literal's text on one line.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "")
}
