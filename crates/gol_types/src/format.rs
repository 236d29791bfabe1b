//! Texts of types, objects and expressions: for messages and for the running program.

use gol_syntax::ast::ExprId;

use crate::check::{Checker, Operand};
use crate::objects::{ObjId, PkgId};
use crate::types::TypeId;

impl Checker<'_> {
    /// A type as messages show it: names of other packages qualified.
    pub(crate) fn ts(&self, ty: TypeId) -> String {
        let _ = ty;
        String::new()
    }

    /// An expression as messages show it: its source form, one line, bodies of function literals left out.
    pub(crate) fn es(&self, x: ExprId) -> String {
        let _ = x;
        String::new()
    }

    /// An operand as messages show it: `x (variable of type T)`.
    pub(crate) fn os(&self, x: &Operand) -> String {
        let _ = x;
        String::new()
    }

    /// An object's name as messages show it, qualified if it is another package's.
    pub(crate) fn obj_name(&self, obj: ObjId) -> String {
        let _ = obj;
        String::new()
    }

    /// Whether a name (of a field or method, in package `pkg`) is visible here.
    pub(crate) fn is_exported(&self, name: gol_source::Symbol) -> bool {
        let _ = PkgId::NONE;
        self.text(name).chars().next().is_some_and(char::is_uppercase)
    }
}
