//! Expressions as messages show them: Go's short source form. Bodies of function and composite literals are `…`.

use gol_syntax::ast::{Ast, ChanDir, Expr, ExprId, Field, InterfaceElem, Signature};

/// The text of an expression.
pub(crate) fn expr_text(ast: &Ast, x: ExprId) -> String {
    let mut w = Writer { ast, out: String::new() };
    w.expr(x);
    w.out
}

struct Writer<'a> {
    ast: &'a Ast,
    out: String,
}

impl Writer<'_> {
    fn text(&mut self, s: &str) {
        self.out.push_str(s);
    }

    fn list(&mut self, list: &[ExprId]) {
        for (i, &x) in list.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.expr(x);
        }
    }

    fn optional(&mut self, x: Option<ExprId>) {
        if let Some(x) = x {
            self.expr(x);
        }
    }

    fn expr(&mut self, x: ExprId) {
        let ast = self.ast;
        match &ast[x].kind {
            Expr::Bad => self.text("<bad expr>"),
            Expr::Name(s) | Expr::BasicLit(_, s) => self.text(ast.text(*s)),
            Expr::CompositeLit { ty, elems, .. } => {
                self.optional(*ty);
                self.text(if elems.is_empty() { "{}" } else { "{…}" });
            }
            Expr::KeyValue(k, v) => {
                self.expr(*k);
                self.text(": ");
                self.expr(*v);
            }
            Expr::FuncLit { ty, body } => {
                self.expr(*ty);
                self.text(if body.stmts.is_empty() { " {}" } else { " {…}" });
            }
            Expr::Paren(x) => {
                self.text("(");
                self.expr(*x);
                self.text(")");
            }
            Expr::Selector(x, sel) => {
                self.expr(*x);
                self.text(".");
                self.text(ast.text(sel.name));
            }
            Expr::Index(x, indices) => {
                self.expr(*x);
                self.text("[");
                self.list(indices);
                self.text("]");
            }
            Expr::Slice { x, lo, hi, max } => {
                self.expr(*x);
                self.text("[");
                self.optional(*lo);
                self.text(":");
                self.optional(*hi);
                if max.is_some() {
                    self.text(":");
                    self.optional(*max);
                }
                self.text("]");
            }
            Expr::TypeAssert(x, ty) => {
                self.expr(*x);
                self.text(".(");
                self.expr(*ty);
                self.text(")");
            }
            Expr::TypeSwitchGuard(x) => {
                self.expr(*x);
                self.text(".(type)");
            }
            Expr::Call { fun, args, has_dots, .. } => {
                self.expr(*fun);
                self.text("(");
                self.list(args);
                self.text(if *has_dots { "...)" } else { ")" });
            }
            Expr::Star(x) => {
                self.text("*");
                self.expr(*x);
            }
            Expr::Unary(op, x) => {
                self.text(op.text());
                self.expr(*x);
            }
            Expr::Binary { .. } => self.binary(x),
            Expr::ArrayType { len, elem } => {
                self.text("[");
                match len {
                    Some(n) => self.expr(*n),
                    None => self.text("..."),
                }
                self.text("]");
                self.expr(*elem);
            }
            Expr::SliceType(elem) => {
                self.text("[]");
                self.expr(*elem);
            }
            Expr::DotsType(elem) => {
                self.text("...");
                self.expr(*elem);
            }
            Expr::StructType(fields) => {
                self.text("struct{");
                for (i, f) in fields.iter().enumerate() {
                    self.text(if i > 0 { "; " } else { "" });
                    self.names(f);
                    self.expr(f.ty);
                    if let Some(tag) = f.tag {
                        self.text(" ");
                        self.expr(tag);
                    }
                }
                self.text("}");
            }
            Expr::FuncType(sig) => {
                self.text("func");
                self.signature(sig);
            }
            Expr::InterfaceType(elems) => {
                self.text("interface{");
                for (i, e) in elems.iter().enumerate() {
                    self.text(if i > 0 { "; " } else { "" });
                    match e {
                        InterfaceElem::Method(name, ty) => {
                            self.text(ast.text(name.name));
                            if let Expr::FuncType(sig) = &ast[*ty].kind {
                                self.signature(sig);
                            }
                        }
                        InterfaceElem::Embed(x) => self.expr(*x),
                    }
                }
                self.text("}");
            }
            Expr::MapType(k, v) => {
                self.text("map[");
                self.expr(*k);
                self.text("]");
                self.expr(*v);
            }
            Expr::ChanType(dir, elem) => {
                self.text(match dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Recv => "<-chan ",
                });
                let parens = *dir == ChanDir::Both && matches!(ast[*elem].kind, Expr::ChanType(ChanDir::Recv, _));
                self.text(if parens { "(" } else { "" });
                self.expr(*elem);
                self.text(if parens { ")" } else { "" });
            }
        }
    }

    /// A chain such as `a + b + c` is as deep as it is long on its left side, so that side is a loop.
    fn binary(&mut self, x: ExprId) {
        let ast = self.ast;
        let mut chain = Vec::new();
        let mut left = x;
        while let Expr::Binary { op, x, y, .. } = ast[left].kind {
            chain.push((op, y));
            left = x;
        }
        self.expr(left);
        for (op, y) in chain.into_iter().rev() {
            self.text(" ");
            self.text(op.text());
            self.text(" ");
            self.expr(y);
        }
    }

    fn names(&mut self, f: &Field) {
        for (i, name) in f.names.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.text(self.ast.text(name.name));
        }
        if !f.names.is_empty() {
            self.text(" ");
        }
    }

    fn signature(&mut self, sig: &Signature) {
        self.params(&sig.params);
        match &sig.results[..] {
            [] => {}
            [only] if only.names.is_empty() => {
                self.text(" ");
                self.expr(only.ty);
            }
            results => {
                self.text(" ");
                self.params(results);
            }
        }
    }

    fn params(&mut self, params: &[Field]) {
        self.text("(");
        for (i, f) in params.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.names(f);
            self.expr(f.ty);
        }
        self.text(")");
    }
}
