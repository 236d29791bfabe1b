//! Texts of types and objects: for messages and for the running program.
//!
//! The two differ: messages qualify names relative to the package that is checked, keep alias and parameter names and
//! write `interface{}`; a running program sees `main.T`, `[]uint8` and `interface {}`, as Go's `%T` prints them.

use gol_source::{Interner, Symbol};
use gol_syntax::ast::Expr;

use crate::check::{Checker, Operand};
use crate::constant::quote;
use crate::info::Mode;
use crate::objects::{ObjId, ObjKind, PkgId, VarKind};
use crate::package::Program;
use crate::types::{
    Alias, Basic, ChanDir, Interface, Method, Param, Signature, Tag, Term, Type, TypeId, TypeParamId, Types,
};

/// For whom a type is written.
#[derive(Clone, Copy)]
enum Reader {
    /// The reader of a message about this package.
    Person(PkgId),
    /// The same, where full package paths are wanted.
    Paths,
    /// The running program.
    Program,
    /// The user of a session, who is told what the running program is, and which types are not the present ones.
    Session,
}

impl Program {
    /// The type as the running program shows it, with `%T`.
    pub fn type_string(&self, names: &Interner, ty: TypeId) -> String {
        let mut w = TypeWriter { prog: self, names, reader: Reader::Program, param_names: false, out: String::new() };
        w.ty(ty);
        w.out
    }

    /// The same for the user of a session: a type that has been declared again since has `(earlier)` behind its name.
    pub fn type_in_session(&self, names: &Interner, ty: TypeId) -> String {
        let mut w = TypeWriter { prog: self, names, reader: Reader::Session, param_names: false, out: String::new() };
        w.ty(ty);
        w.out
    }

    /// The type as a message about package `pkg` shows it.
    pub fn type_in_message(&self, names: &Interner, pkg: PkgId, ty: TypeId) -> String {
        let mut w =
            TypeWriter { prog: self, names, reader: Reader::Person(pkg), param_names: true, out: String::new() };
        w.ty(ty);
        w.out
    }

    /// How a message about package `here` names package `pkg`: empty for `here` itself.
    fn package_in_message(&self, names: &Interner, here: PkgId, pkg: PkgId) -> String {
        if pkg == here || pkg == PkgId::NONE {
            return String::new();
        }
        let p = self.package(pkg);
        // Go's sync imports internal/sync, another package of that name, so messages always give the path.
        let ambiguous = p.path == "sync"
            || self.packages.iter().any(|q| {
                q.name == p.name && q.path != p.path && {
                    let imports = &self.package(here).imports;
                    self.by_path.get(&q.path).is_some_and(|id| imports.contains(id) || *id == here)
                }
            });
        if ambiguous { format!("\"{}\"", p.path) } else { names.text(p.name).to_string() }
    }
}

struct TypeWriter<'p> {
    prog: &'p Program,
    names: &'p Interner,
    reader: Reader,
    param_names: bool,
    out: String,
}

impl TypeWriter<'_> {
    fn text(&mut self, s: &str) {
        self.out.push_str(s);
    }

    fn symbol(&mut self, s: Symbol) {
        self.out.push_str(self.names.text(s));
    }

    fn is_person(&self) -> bool {
        !matches!(self.reader, Reader::Program | Reader::Session)
    }

    fn package(&mut self, pkg: PkgId) {
        if pkg == PkgId::NONE || pkg == Alias::TYPE_PARAM {
            return;
        }
        let prefix = match self.reader {
            Reader::Person(here) => self.prog.package_in_message(self.names, here, pkg),
            Reader::Paths => self.prog.package(pkg).path.clone(),
            Reader::Program | Reader::Session => self.names.text(self.prog.package(pkg).name).to_string(),
        };
        if !prefix.is_empty() {
            self.text(&prefix);
            self.text(".");
        }
    }

    fn ty(&mut self, ty: TypeId) {
        let types: &Types = &self.prog.types;
        let ty = if self.is_person() { ty } else { ty.canonical() };
        if let Some(alias) = types.alias_of(ty) {
            self.package(alias.pkg);
            self.symbol(alias.name);
            return;
        }
        match types.get(ty) {
            Type::Basic(b) => self.text(b.name()),
            Type::Named(n) => {
                let n = types.named(*n);
                self.package(n.pkg);
                self.symbol(n.name);
                let (targs, tparams) = (n.targs.clone(), n.tparams.clone());
                if !targs.is_empty() {
                    self.text("[");
                    for (i, t) in targs.into_iter().enumerate() {
                        self.text(if i > 0 { "," } else { "" });
                        self.ty(t);
                    }
                    self.text("]");
                }
                self.tparams(&tparams);
                if self.prog.is_earlier(n) && matches!(self.reader, Reader::Person(_) | Reader::Session) {
                    self.text(" (earlier)");
                }
            }
            Type::TypeParam(p) => self.symbol(types.type_param(*p).name),
            Type::Union(terms) => self.union(terms),
            Type::Pointer(e) => {
                self.text("*");
                self.ty(*e);
            }
            Type::Slice(e) => {
                self.text("[]");
                self.ty(*e);
            }
            Type::Array(e, n) => {
                self.text(&format!("[{n}]"));
                self.ty(*e);
            }
            Type::Map(k, e) => {
                self.text("map[");
                self.ty(*k);
                self.text("]");
                self.ty(*e);
            }
            Type::Chan(dir, e) => {
                self.text(match dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Recv => "<-chan ",
                });
                let parens = *dir == ChanDir::Both && matches!(types.get(*e), Type::Chan(ChanDir::Recv, _));
                self.text(if parens { "(" } else { "" });
                self.ty(*e);
                self.text(if parens { ")" } else { "" });
            }
            Type::Struct(fields) => {
                self.open("struct", fields.is_empty());
                for (i, f) in fields.iter().enumerate() {
                    self.text(if i > 0 { "; " } else { "" });
                    if !f.embedded {
                        self.symbol(f.name);
                        self.text(" ");
                    }
                    self.ty(f.ty);
                    if f.tag != Tag::NONE {
                        let tag = quote(types.tag_text(f.tag));
                        self.text(" ");
                        self.text(&tag);
                    }
                }
                self.close(fields.is_empty());
            }
            Type::Func(sig) => {
                self.text("func");
                self.tparams(&sig.tparams);
                self.signature(sig);
            }
            Type::Interface(Interface { written: Some(w), .. }) if w.implicit => {
                for &e in &w.embeds {
                    self.ty(e);
                }
            }
            Type::Interface(i) => self.interface(i),
            Type::Tuple(members) => {
                self.text("(");
                for (i, m) in members.iter().enumerate() {
                    self.text(if i > 0 { ", " } else { "" });
                    self.ty(*m);
                }
                self.text(")");
            }
        }
    }

    fn union(&mut self, terms: &[Term]) {
        for (i, t) in terms.iter().enumerate() {
            self.text(if i > 0 { " | " } else { "" });
            self.text(if t.tilde { "~" } else { "" });
            self.ty(t.ty);
        }
    }

    /// `[P, Q any]`; nothing for no type parameters.
    fn tparams(&mut self, params: &[TypeParamId]) {
        if params.is_empty() {
            return;
        }
        self.text("[");
        let mut last = None;
        for (i, &p) in params.iter().enumerate() {
            let p = self.prog.types.type_param(p).clone();
            if let Some(bound) = last.filter(|&b| b != p.bound) {
                self.text(" ");
                self.ty(bound);
            }
            self.text(if i > 0 { ", " } else { "" });
            self.symbol(p.name);
            last = Some(p.bound);
        }
        if let Some(bound) = last {
            self.text(" ");
            self.ty(bound);
        }
        self.text("]");
    }

    fn open(&mut self, keyword: &str, empty: bool) {
        self.text(keyword);
        self.text(match (self.is_person(), empty) {
            (true, _) => "{",
            (false, true) => " {",
            (false, false) => " { ",
        });
    }

    fn close(&mut self, empty: bool) {
        self.text(if self.is_person() || empty { "}" } else { " }" });
    }

    fn interface(&mut self, i: &Interface) {
        let (methods, embeds): (&[Method], &[TypeId]) = match &i.written {
            Some(w) if self.is_person() => (&w.explicit, &w.embeds),
            _ => (&i.methods, &[]),
        };
        let empty = methods.is_empty() && embeds.is_empty();
        self.open("interface", empty);
        for (n, m) in methods.iter().enumerate() {
            self.text(if n > 0 { "; " } else { "" });
            if !self.is_person() {
                self.package(m.pkg);
            }
            self.symbol(m.name);
            if let Type::Func(sig) = self.prog.types.get(m.ty) {
                self.signature(sig);
            }
        }
        for (n, e) in embeds.iter().enumerate() {
            self.text(if n + methods.len() > 0 { "; " } else { "" });
            self.ty(*e);
        }
        self.close(empty);
    }

    fn signature(&mut self, sig: &Signature) {
        self.params(&sig.params, sig.variadic);
        match &sig.results[..] {
            [] => {}
            [only] if only.name == Symbol::EMPTY || !self.param_names => {
                self.text(" ");
                self.ty(only.ty);
            }
            results => {
                self.text(" ");
                self.params(results, false);
            }
        }
    }

    fn params(&mut self, params: &[Param], variadic: bool) {
        self.text("(");
        for (i, p) in params.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            if self.param_names && p.name != Symbol::EMPTY {
                self.symbol(p.name);
                self.text(" ");
            }
            match self.prog.types.get(p.ty) {
                Type::Slice(e) if variadic && i + 1 == params.len() => {
                    self.text("...");
                    self.ty(*e);
                }
                _ => self.ty(p.ty),
            }
        }
        self.text(")");
    }
}

impl Checker<'_> {
    /// A type as messages show it: names of other packages qualified.
    pub(crate) fn ts(&self, ty: TypeId) -> String {
        self.prog.type_in_message(&self.ast.names, self.pkg, ty)
    }

    /// Type parameters as messages show them.
    pub(crate) fn tparams_text(&self, params: &[TypeParamId]) -> String {
        let reader = Reader::Person(self.pkg);
        let mut w =
            TypeWriter { prog: self.prog, names: &self.ast.names, reader, param_names: true, out: String::new() };
        w.tparams(params);
        w.out
    }

    /// A method or function as messages compare them: name and signature without parameter names. `paths`: packages
    /// are written as full paths.
    pub(crate) fn func_string(&self, name: Symbol, ty: TypeId, paths: bool) -> String {
        let reader = if paths { Reader::Paths } else { Reader::Person(self.pkg) };
        let out = self.text(name).to_string();
        let mut w = TypeWriter { prog: self.prog, names: &self.ast.names, reader, param_names: false, out };
        if let Type::Func(sig) = self.prog.types.get(ty) {
            w.tparams(&sig.tparams);
            w.signature(sig);
        }
        w.out
    }

    /// An expression as messages show it: its source form, one line, bodies of function literals left out.
    pub(crate) fn es(&self, x: gol_syntax::ast::ExprId) -> String {
        gol_syntax::expr_text(self.ast, x)
    }

    /// An operand as messages show it: `x (variable of type T)`.
    pub(crate) fn os(&self, x: &Operand) -> String {
        if x.mode == Mode::NilValue {
            return match x.ty {
                ty if ty.is_invalid() => "nil (with invalid type)".to_string(),
                ty if ty == TypeId::UNTYPED_NIL => "nil".to_string(),
                ty => format!("nil (of type {})", self.ts(ty)),
            };
        }
        let expr = x.shown.as_ref().map_or_else(|| self.es(x.expr), |s| s.to_string());
        let mut out = format!("{expr} (");
        let types = &self.prog.types;
        let mut has_type = !matches!(x.mode, Mode::Invalid | Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr);
        if has_type
            && let Type::Basic(b) = types.get(x.ty)
            && b.is_untyped()
        {
            out.push_str(b.name());
            out.push(' ');
            has_type = false;
        }
        out.push_str(match x.mode {
            Mode::Invalid => "invalid operand",
            Mode::NoValue => "no value",
            Mode::Builtin(_) => "built-in",
            Mode::TypeExpr => "type",
            Mode::Constant => "constant",
            Mode::Variable => "variable",
            Mode::MapIndex => "map index expression",
            Mode::Value => "value",
            Mode::NilValue => "nil",
            Mode::CommaOk => "comma, ok expression",
        });
        if x.mode == Mode::Constant {
            let value = x.val().to_string();
            if value != expr {
                out.push(' ');
                out.push_str(&value);
            }
        }
        if has_type {
            if x.ty.is_invalid() {
                out.push_str(" with invalid type");
            } else {
                out.push_str(" of ");
                if self.is_described(x.ty) {
                    let kind = self.describe_kind(x.ty);
                    out.push_str(kind);
                    out.push_str(if kind.is_empty() { "" } else { " " });
                }
                out.push_str("type ");
                out.push_str(&self.operand_type(x));
                if let Some(p) = types.as_type_param(x.ty) {
                    let bound = self.ts(types.type_param(p).bound);
                    out.push_str(&format!(" constrained by {bound}"));
                    if types.terms(x.ty).is_some_and(<[_]>::is_empty) {
                        out.push_str(" with empty type set");
                    }
                }
            }
        }
        out.push(')');
        out
    }

    /// An operand's type; of a call with several results with their names.
    fn operand_type(&self, x: &Operand) -> String {
        if let Type::Tuple(_) = self.prog.types.get(x.ty)
            && let Expr::Call { fun, .. } = self.ast[self.ast.unparen(x.expr)].kind
            && let Some(ty) = self.prog.info.type_of(fun)
            && let Type::Func(sig) = self.prog.types.under(ty)
        {
            let reader = Reader::Person(self.pkg);
            let mut w =
                TypeWriter { prog: self.prog, names: &self.ast.names, reader, param_names: true, out: String::new() };
            w.params(&sig.results, false);
            return w.out;
        }
        self.ts(x.ty)
    }

    /// Whether messages say of what kind a type is: those of declared types and aliases.
    fn is_described(&self, ty: TypeId) -> bool {
        let types = &self.prog.types;
        match types.alias_of(ty) {
            Some(a) => a.pkg != PkgId::NONE || types.is_interface(ty),
            None => matches!(types.get(ty), Type::Named(_)),
        }
    }

    /// The kind of a type in a word; a basic type's name.
    pub(crate) fn describe_kind(&self, ty: TypeId) -> &'static str {
        match self.prog.types.under(ty) {
            Type::Basic(Basic::UnsafePointer) => "Pointer",
            Type::Basic(b) => b.name(),
            _ => self.composite_kind(ty),
        }
    }

    /// The kind of a type in a word; empty for basic types.
    pub(crate) fn composite_kind(&self, ty: TypeId) -> &'static str {
        match self.prog.types.under(ty) {
            Type::Basic(_) | Type::Named(_) | Type::Union(_) | Type::TypeParam(_) => "",
            Type::Array(..) => "array",
            Type::Slice(_) => "slice",
            Type::Struct(_) => "struct",
            Type::Pointer(_) => "pointer",
            Type::Func(_) => "func",
            Type::Interface(_) => "interface",
            Type::Map(..) => "map",
            Type::Chan(..) => "chan",
            Type::Tuple(_) => "tuple",
        }
    }

    /// An object's name as messages show it, qualified if it is another package's.
    pub(crate) fn obj_name(&self, obj: ObjId) -> String {
        let o = &self.prog.objects[obj];
        let pkg = self.prog.package_in_message(&self.ast.names, self.pkg, o.pkg);
        let name = self.text(o.name);
        if pkg.is_empty() { name.to_string() } else { format!("{pkg}.{name}") }
    }

    /// What an object is, in a word or two.
    pub(crate) fn object_kind(&self, obj: ObjId) -> &'static str {
        match &self.prog.objects[obj].kind {
            ObjKind::PkgName(_) => "package name",
            ObjKind::Const(_) => "constant",
            ObjKind::TypeName { alias: true } => "type alias",
            ObjKind::TypeName { alias: false } if self.is_type_param_object(obj) => "type parameter",
            ObjKind::TypeName { alias: false } => "defined type",
            ObjKind::Var(VarKind::Package) => "package-level variable",
            ObjKind::Var(VarKind::Local) => "local variable",
            ObjKind::Var(VarKind::Recv) => "receiver",
            ObjKind::Var(VarKind::Param) => "parameter",
            ObjKind::Var(VarKind::Result) => "result variable",
            ObjKind::Func { recv: Some(_), .. } => "method",
            ObjKind::Func { recv: None, .. } => "function",
            ObjKind::Label => "label",
            ObjKind::Builtin(_) => "built-in function",
            ObjKind::Nil => "untyped nil",
        }
    }

    /// Whether a name starts with an upper-case letter.
    pub(crate) fn is_exported(&self, name: Symbol) -> bool {
        self.text(name).chars().next().is_some_and(char::is_uppercase)
    }

    /// The package that goes with the name of a field or method declared here: none if it is exported.
    pub(crate) fn name_pkg(&self, name: Symbol) -> PkgId {
        if self.is_exported(name) { PkgId::NONE } else { self.pkg }
    }
}
