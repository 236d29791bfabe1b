//! Expressions as text, in the short form that Go's messages use: `…` stands for what is in braces.

use crate::ast::*;

/// What lies deeper is left out: no reader gets that far, and the printer recurses.
const MAX_SHOWN: u32 = 500;

/// The text of an expression or type as Go's compiler shows it in messages. Bodies and element lists are left out:
/// `func(x int) {…}`, `T{…}`.
pub fn expr_text(ast: &Ast, x: ExprId) -> String {
    text_of(ast, x)
}

pub(crate) fn text_of(ast: &impl Exprs, x: ExprId) -> String {
    let mut p = Printer { ast, out: String::new(), depth: 0 };
    p.expr(x);
    p.out
}

struct Printer<'a, E> {
    ast: &'a E,
    out: String,
    depth: u32,
}

impl<E: Exprs> Printer<'_, E> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list(&mut self, list: &[ExprId]) {
        for (i, &x) in list.iter().enumerate() {
            if i > 0 {
                self.put(", ");
            }
            self.expr(x);
        }
    }

    fn braces(&mut self, empty: bool) {
        self.put(if empty { "{}" } else { "{…}" });
    }

    fn expr(&mut self, x: ExprId) {
        if self.depth == MAX_SHOWN {
            return self.put("…");
        }
        self.depth += 1;
        self.node(x);
        self.depth -= 1;
    }

    fn node(&mut self, x: ExprId) {
        let ast = self.ast;
        match &ast[x].kind {
            Expr::Bad => self.put("<bad expr>"),
            Expr::Name(s) | Expr::BasicLit(_, s) => self.put(ast.text(*s)),
            Expr::CompositeLit { ty, elems, .. } => {
                if let Some(ty) = ty {
                    self.expr(*ty);
                }
                self.braces(elems.is_empty());
            }
            Expr::KeyValue(k, v) => {
                self.expr(*k);
                self.put(": ");
                self.expr(*v);
            }
            Expr::FuncLit { ty, body } => {
                self.expr(*ty);
                self.put(" ");
                self.braces(body.stmts.is_empty());
            }
            Expr::Paren(x) => {
                self.put("(");
                self.expr(*x);
                self.put(")");
            }
            Expr::Selector(x, sel) => {
                self.expr(*x);
                self.put(".");
                self.put(ast.text(sel.name));
            }
            Expr::Index(x, args) => {
                self.expr(*x);
                self.put("[");
                self.list(args);
                self.put("]");
            }
            Expr::Slice { x, lo, hi, max } => {
                self.expr(*x);
                self.put("[");
                if let Some(lo) = lo {
                    self.expr(*lo);
                }
                self.put(":");
                if let Some(hi) = hi {
                    self.expr(*hi);
                }
                if let Some(max) = max {
                    self.put(":");
                    self.expr(*max);
                }
                self.put("]");
            }
            Expr::TypeAssert(x, ty) => {
                self.expr(*x);
                self.put(".(");
                self.expr(*ty);
                self.put(")");
            }
            Expr::TypeSwitchGuard(x) => {
                self.expr(*x);
                self.put(".(type)");
            }
            Expr::Call { fun, args, has_dots, .. } => {
                self.expr(*fun);
                self.put("(");
                self.list(args);
                self.put(if *has_dots { "...)" } else { ")" });
            }
            Expr::Star(x) => {
                self.put("*");
                self.expr(*x);
            }
            Expr::Unary(op, x) => {
                self.put(op.text());
                self.expr(*x);
            }
            Expr::Binary { .. } => self.chain(x),
            Expr::ArrayType { len, elem } => {
                self.put("[");
                match len {
                    Some(len) => self.expr(*len),
                    None => self.put("..."),
                }
                self.put("]");
                self.expr(*elem);
            }
            Expr::SliceType(elem) => {
                self.put("[]");
                self.expr(*elem);
            }
            Expr::DotsType(elem) => {
                self.put("...");
                self.expr(*elem);
            }
            Expr::StructType(fields) => {
                self.put("struct{");
                for (i, f) in fields.iter().enumerate() {
                    self.put(if i > 0 { "; " } else { "" });
                    self.field(f);
                    if let Some(tag) = f.tag {
                        self.put(" ");
                        self.expr(tag);
                    }
                }
                self.put("}");
            }
            Expr::FuncType(sig) => {
                self.put("func");
                self.signature(sig);
            }
            Expr::InterfaceType(elems) => {
                self.put("interface{");
                for (i, e) in elems.iter().enumerate() {
                    self.put(if i > 0 { "; " } else { "" });
                    match e {
                        InterfaceElem::Method(name, ty) => {
                            self.put(ast.text(name.name));
                            match &ast[*ty].kind {
                                Expr::FuncType(sig) => self.signature(sig),
                                _ => self.expr(*ty),
                            }
                        }
                        InterfaceElem::Embed(ty) => self.expr(*ty),
                    }
                }
                self.put("}");
            }
            Expr::MapType(k, v) => {
                self.put("map[");
                self.expr(*k);
                self.put("]");
                self.expr(*v);
            }
            Expr::ChanType(dir, elem) => {
                self.put(match dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Recv => "<-chan ",
                });
                let inner = matches!(ast[*elem].kind, Expr::ChanType(ChanDir::Recv, _)) && *dir == ChanDir::Both;
                self.put(if inner { "(" } else { "" });
                self.expr(*elem);
                self.put(if inner { ")" } else { "" });
            }
        }
    }

    /// A chain of binary operators, its left operands in a loop.
    fn chain(&mut self, x: ExprId) {
        let ast = self.ast;
        let mut rest = Vec::new();
        let mut left = x;
        while let Expr::Binary { op, x, y, .. } = ast[left].kind {
            rest.push((op, y));
            left = x;
        }
        self.expr(left);
        for (op, y) in rest.into_iter().rev() {
            self.put(" ");
            self.put(op.text());
            self.put(" ");
            self.expr(y);
        }
    }

    fn signature(&mut self, sig: &Signature) {
        self.params(&sig.params);
        match sig.results.as_slice() {
            [] => {}
            [one] if one.names.is_empty() => {
                self.put(" ");
                self.expr(one.ty);
            }
            results => {
                self.put(" ");
                self.params(results);
            }
        }
    }

    fn params(&mut self, fields: &[Field]) {
        self.put("(");
        for (i, f) in fields.iter().enumerate() {
            if i > 0 {
                self.put(", ");
            }
            self.field(f);
        }
        self.put(")");
    }

    fn field(&mut self, f: &Field) {
        for (j, name) in f.names.iter().enumerate() {
            self.put(if j > 0 { ", " } else { "" });
            self.put(self.ast.text(name.name));
        }
        if !f.names.is_empty() {
            self.put(" ");
        }
        self.expr(f.ty);
    }
}
