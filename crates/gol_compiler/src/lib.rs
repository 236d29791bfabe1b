//! From the checked tree to bytecode.
//!
//! Input: the tree, and the checker's [`gol_types::Program`] about it. Output: a [`gol_bytecode::Program`] that passes
//! [`gol_bytecode::verify`]. Knows nothing of how the VM carries instructions out; does no I/O.
//!
//! `program` has the state of a compilation and decides what is reached; `func` has the state of one function. The
//! other files mirror the tree: `stmt assign control range_func switch select` and `expr call closure literal convert compare
//! builtins consts`; `place` is where values are, `layout` how they lie, `captures` what is known of variables
//! beforehand, `typedesc` and `methods` what the VM is told of types. `asm` and `regalloc` are the tools.
#![forbid(unsafe_code)]

mod asm;
mod assign;
mod builtins;
mod call;
mod captures;
mod closure;
mod compare;
mod consts;
mod control;
mod convert;
mod expr;
mod func;
mod hoist;
mod init;
mod inline;
mod intrinsic;
mod late;
mod layout;
mod literal;
mod methods;
mod pinned;
mod place;
mod pointers;
mod program;
mod range_func;
mod reflect;
mod regalloc;
mod select;
mod session;
mod stmt;
mod switch;
mod typedesc;
mod update;

pub use reflect::MACHINE_CALL;
pub use session::Compiler;

use gol_bytecode::Program;
use gol_source::{Diagnostic, Severity, SourceMap};
use gol_syntax::ast::Ast;

/// Compiles a program from `main.main` and its initializers on. Bodies of trusted packages are checked as they are
/// reached, which is why the checker's program is changed.
pub fn compile(ast: &Ast, map: &SourceMap, program: &mut gol_types::Program) -> Result<Program, Vec<Diagnostic>> {
    let mut s = program::Session::new(ast, map, program, program::Kept::new());
    s.late.whole = true;
    s.compile_all();
    s.describe_methods();
    s.link_pointers();
    s.find_reflect_value();
    s.out.files = s.file_names();
    let kept = s.kept;
    if kept.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return Err(kept.diagnostics);
    }
    debug_assert_eq!(gol_bytecode::verify::program(&kept.out), Ok(()));
    Ok(kept.out)
}
