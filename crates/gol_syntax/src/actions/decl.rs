//! Declarations and imports.

use gol_source::{Span, Symbol};

use super::Cx;
use crate::ast::*;
use crate::literal;

impl Cx<'_> {
    pub(crate) fn decl(&mut self, kind: Decl, lo: u32, hi: u32) -> DeclId {
        self.ast.decl(kind, Span::new(lo, hi))
    }

    pub(crate) fn const_spec(
        &mut self,
        lo: u32,
        names: Vec<Ident>,
        ty: Option<ExprId>,
        values: Vec<ExprId>,
        hi: u32,
    ) -> ConstSpec {
        ConstSpec { names, ty, values, iota: 0, span: Span::new(lo, hi) }
    }

    pub(crate) fn const_decl(&mut self, lo: u32, mut specs: Vec<ConstSpec>, hi: u32) -> DeclId {
        for (iota, spec) in specs.iter_mut().enumerate() {
            spec.iota = iota as u32;
        }
        self.decl(Decl::Const(specs), lo, hi)
    }

    pub(crate) fn func_decl(&mut self, lo: u32, func: FuncDecl, hi: u32) -> DeclId {
        self.decl(Decl::Func(Box::new(func)), lo, hi)
    }

    /// `:=` in a declaration, where `=` belongs.
    pub(crate) fn define_for_equals(&mut self, at: u32) {
        self.syntax_error(Span::new(at, at + 2), "unexpected :=, expected =");
    }

    /// A declaration of the file that is no import.
    pub(crate) fn seen_decl(&mut self, d: DeclId) -> DeclId {
        self.after_imports = true;
        d
    }

    pub(crate) fn import_decl(&mut self, lo: u32, specs: Vec<ImportSpec>, hi: u32) -> DeclId {
        if std::mem::take(&mut self.after_imports) {
            self.syntax_error(Span::new(lo, lo + 6), "imports must appear before other declarations");
        }
        self.decl(Decl::Import(specs), lo, hi)
    }

    pub(crate) fn import_spec(&mut self, name: Option<Ident>, lo: u32, hi: u32) -> ImportSpec {
        let text = self.text(lo, hi);
        if !text.starts_with(['"', '`']) {
            self.syntax_error(Span::new(lo, hi), "import path must be a string");
        }
        let path = String::from_utf8_lossy(&literal::unquote_string(text)).into_owned();
        ImportSpec { name, path: self.ast.names.intern(&path), path_span: Span::new(lo, hi) }
    }

    /// `. "path"`
    pub(crate) fn import_dot(&mut self, dot: u32, lo: u32, hi: u32) -> ImportSpec {
        let name = self.ident(dot, dot + 1);
        debug_assert_ne!(name.name, Symbol::EMPTY);
        self.import_spec(Some(name), lo, hi)
    }
}
