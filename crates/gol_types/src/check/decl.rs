//! Declarations: the types of objects, on demand, and declarations in functions.

use gol_syntax::ast::DeclId;

use super::Checker;
use crate::objects::ObjId;

impl Checker<'_> {
    /// Makes sure that an object's type (and a constant's value) is known. Reports cycles.
    pub(crate) fn obj_decl(&mut self, obj: ObjId) {
        let _ = obj;
    }

    /// A const, type or var declaration in a function.
    pub(crate) fn decl_stmt(&mut self, decl: DeclId) {
        let _ = decl;
    }
}

impl Checker<'_> {
    /// Makes sure that the underlying type of a declared type is known, as far as it can be.
    pub(crate) fn complete(&mut self, ty: crate::types::TypeId) {
        let _ = ty;
    }
}
