//! Statements.

use gol_syntax::ast::Block;

use super::{Checker, FuncScope};

impl Checker<'_> {
    /// The statements of a function's body in the scope of its parameters; then labels, the missing return, and
    /// variables that are not used. The surroundings are set.
    pub(crate) fn body_stmts(&mut self, func: &FuncScope, body: &Block) {
        let _ = (func, body);
    }
}
