//! Opening scopes, declaring names, looking them up.

use gol_source::{Code, Diagnostic, Span, Symbol};
use gol_syntax::ast::Ident;

use super::Checker;
use crate::objects::{ObjId, ObjKind, Object, ScopeId, VarKind};
use crate::types::TypeId;

impl Checker<'_> {
    /// Opens a scope inside the current one.
    pub(crate) fn open_scope(&mut self) -> ScopeId {
        self.env.scope = self.prog.new_scope(Some(self.env.scope));
        self.env.scope
    }

    /// Goes back to the scope around the current one.
    pub(crate) fn close_scope(&mut self) {
        let parent = self.prog.scope(self.env.scope).parent;
        self.env.scope = parent.expect("a scope that was opened has a parent");
    }

    /// Makes an object without declaring it. It is resolved unless its type is still to come.
    pub(crate) fn new_object(&mut self, ident: Ident, ty: TypeId, kind: ObjKind) -> ObjId {
        self.prog.objects.add(Object::new(ident.name, ident.span, ty, self.pkg, kind))
    }

    /// Makes a local variable without declaring it.
    pub(crate) fn new_var(&mut self, ident: Ident, ty: TypeId, kind: VarKind) -> ObjId {
        self.new_object(ident, ty, ObjKind::Var(kind))
    }

    /// Declares an object in a scope, visible from `scope_pos` on, and records its definition. Reports a second
    /// declaration of the name.
    pub(crate) fn declare(&mut self, scope: ScopeId, obj: ObjId, scope_pos: u32) {
        let (name, span) = (self.prog.objects[obj].name, self.prog.objects[obj].span);
        let mut scope_pos = scope_pos;
        if self.prog.is_session_scope(scope) {
            let known = self.prog.scope(scope).get(name).filter(|&old| self.prog.in_entry(old));
            if let Some(old) = known {
                self.redeclared(name, span, old);
                return;
            }
            self.prog.scope_mut(scope).shadow(name, obj);
            scope_pos = scope_pos.max(self.prog.entry_base());
        } else if let Some(old) = self.prog.scope_mut(scope).insert(name, obj) {
            self.redeclared(name, span, old);
            return;
        }
        self.prog.objects[obj].scope_pos = scope_pos;
        if matches!(self.prog.objects[obj].kind, ObjKind::Var(VarKind::Local)) {
            self.env.locals.push(obj);
        }
        if !span.is_none() {
            self.prog.info.defs.insert(span.lo, obj);
        }
    }

    /// Reports that `name` is declared again at `span`.
    pub(crate) fn redeclared(&mut self, name: Symbol, span: Span, old: ObjId) {
        let name = self.text(name);
        let other = self.prog.objects[old].span;
        let mut message = format!("{name} redeclared in this block");
        if !other.is_none() {
            message.push_str(&format!("\n\t{}: other declaration of {name}", self.place(other)));
        }
        let d = Diagnostic::error(Code::DuplicateDecl, span, message);
        self.report(d.label(other, format!("other declaration of {name}")));
    }

    /// The object that `name` stands for at offset `pos`, and the scope that has it. In an initializer that a constant
    /// inherits, names stand for what they do where that constant is declared.
    pub(crate) fn lookup(&self, name: Symbol, pos: u32) -> Option<(ScopeId, ObjId)> {
        let pos = self.env.err_span.map_or(pos, |constant| constant.lo);
        let mut scope = Some(self.env.scope);
        while let Some(id) = scope {
            let s = self.prog.scope(id);
            if let Some(obj) = s.get(name) {
                let visible = |o: &ObjId| self.prog.objects[*o].scope_pos <= pos;
                if visible(&obj) {
                    return Some((id, obj));
                }
                if let Some(old) = s.older(name).find(visible) {
                    return Some((id, old));
                }
            }
            scope = s.parent;
        }
        None
    }
}
