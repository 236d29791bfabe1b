//! An entry of a session: declarations as in a package, then statements as in a function, whose variables are the
//! session's.

use std::collections::HashMap;

use gol_source::{Code, Diagnostic, SourceMap, Span};
use gol_syntax::ast::{Ast, Expr, ExprId, Ident};

use super::expr::ExprKind;
use super::{Checker, Operand, initorder};
use crate::info::Mode;
use crate::objects::{ObjId, ObjKind, PkgId, VarKind};
use crate::package::{InitStep, Program};
use crate::session::{Entry, EntryText, Last};
use crate::types::{Signature, Type, TypeId};

impl Program {
    /// Checks an entry; what is imported is checked already, as for [`Program::check_package`]. With errors, the caller
    /// takes the entry back by [`Program::undo_entry`].
    pub fn check_entry(
        &mut self,
        ast: &Ast,
        map: &SourceMap,
        text: EntryText,
        imports: &HashMap<String, PkgId>,
    ) -> (Entry, Vec<Diagnostic>) {
        let pkg = self.session_package().expect("the program is a session");
        self.begin_entry(text.span.lo);
        let package = &mut self.packages[pkg.0 as usize];
        // Of these lists only what is new is looked at.
        package.funcs.clear();
        package.inits.clear();
        package.vars.clear();
        let mut c = Checker::new(ast, map, self, pkg);
        let found = c.collect_entry(&text.decls, imports);
        c.prog.packages[pkg.0 as usize].objects = found.objects.clone();
        c.late_methods();
        let last = c.entry(&found.objects, &text);
        c.missing_bodies();
        let diagnostics = c.finish();
        let steps = initorder::init_order(self, pkg).0;
        let inits = self.package(pkg).inits.clone();
        let replaced = self.replaced(&found.objects);
        let methods_changed = self.session.as_ref().is_some_and(|s| !s.methods.is_empty());
        (Entry { steps, inits, body: text.body, last, replaced, methods_changed }, diagnostics)
    }

    /// The type of an expression in the session, which is not kept; `None` if it is wrong. A package has none, but is given.
    pub fn session_type(&mut self, ast: &Ast, map: &SourceMap, e: ExprId) -> Option<(Mode, TypeId)> {
        let pkg = self.session_package()?;
        let mut c = Checker::new(ast, map, self, pkg);
        let (x, _) = c.raw_expr(e, None);
        c.process_later();
        let ty = c.prog.types.default_type(x.ty);
        (!x.is_invalid() && !c.is_wrong()).then_some((x.mode, ty))
    }

    /// Functions with new bodies, and methods.
    fn replaced(&self, objects: &[ObjId]) -> Vec<(ObjId, ObjId)> {
        let Some(s) = &self.session else { return Vec::new() };
        let mut all = s.replaced.clone();
        for &new in objects {
            let o = &self.objects[new];
            let ObjKind::Func { recv: None, .. } = o.kind else { continue };
            let Some(old) = self.scope(s.scope).older(o.name).next() else { continue };
            let old_object = &self.objects[old];
            if matches!(old_object.kind, ObjKind::Func { .. }) && old_object.pkg == s.pkg && old_object.ty == o.ty {
                all.push((old, new));
            }
        }
        all
    }
}

impl Checker<'_> {
    /// Methods of types that earlier entries declared.
    fn late_methods(&mut self) {
        let known = |c: &Self, o: ObjId| !c.prog.in_entry(o) && c.prog.objects[o].pkg == c.pkg;
        let bases: Vec<ObjId> = self.prog.methods.keys().copied().filter(|&o| known(self, o)).collect();
        for base in bases {
            self.collect_methods(base);
        }
    }

    fn entry(&mut self, objects: &[ObjId], text: &EntryText) -> Last {
        self.direct_type_cycles(objects);
        self.resolve_all(objects);
        let sig = self.prog.types.intern(Type::Func(Signature::default()));
        self.env.sig = Some(sig);
        self.stmt_list(&text.body.stmts);
        self.branches(&text.body);
        let last = text.last.map_or(Last::None, |e| self.last(e));
        self.process_later();
        self.check_mono();
        self.check_init_order();
        last
    }

    /// The expression at an entry's end.
    fn last(&mut self, e: ExprId) -> Last {
        let bare = self.ast.unparen(e);
        if let Expr::Name(name) = self.ast[bare].kind
            && let Some((_, obj)) = self.lookup(name, self.span(bare).lo)
            && let ObjKind::PkgName(pkg) = self.prog.objects[obj].kind
        {
            return Last::Package(pkg);
        }
        let (mut x, kind) = self.raw_expr(e, None);
        match x.mode {
            Mode::Invalid => return Last::None,
            Mode::NoValue if kind == ExprKind::Statement => return Last::Call(e),
            Mode::TypeExpr => return Last::Type(x.ty),
            Mode::Builtin(_) => {
                let message = format!("{} must be called", self.os(&x));
                self.error_at(Code::UncalledBuiltin, e, message);
                return Last::None;
            }
            _ if x.is_nil() && self.prog.types.is_untyped(x.ty) => return Last::Nil,
            Mode::Constant if self.prog.types.is_untyped(x.ty) => {
                let value = x.val();
                let to = self.prog.types.default_type(x.ty);
                if self.implicit(&x, to).is_err() {
                    return Last::Constant(value);
                }
            }
            _ => {}
        }
        let values = match self.prog.types.get(x.ty) {
            Type::Tuple(members) if x.mode == Mode::Value => members.clone(),
            _ => {
                self.assignment(&mut x, None, "assignment");
                if x.is_invalid() {
                    return Last::None;
                }
                vec![self.prog.types.default_type(x.ty)]
            }
        };
        let name = self.prog.session.as_ref().map_or(gol_source::Symbol::EMPTY, |s| s.last_name);
        let ident = Ident { name, span: Span::NONE };
        let lhs: Vec<ObjId> = values.into_iter().map(|ty| self.new_var(ident, ty, VarKind::Package)).collect();
        if let (Some(s), Some(first)) = (&mut self.prog.session, lhs.first()) {
            s.last = Some(*first);
        }
        Last::Values(InitStep { lhs, rhs: e })
    }

    /// The operand that `_` is in a session: the last value.
    pub(crate) fn last_value_operand(&mut self, e: ExprId) -> Option<Operand> {
        let s = self.prog.session.as_ref().filter(|s| s.pkg == self.pkg)?;
        let obj = s.last?;
        self.prog.info.uses.insert(e, obj);
        Some(Operand::new(Mode::Variable, self.prog.objects[obj].ty, e))
    }
}
