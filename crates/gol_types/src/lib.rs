//! The checker: what every name and expression of a program means, and every rule that the text breaks.
//!
//! Input: a [`gol_syntax::ast::Ast`] shared by all packages, and the files of one package at a time, imported packages
//! first ([`Program::check_package`]). Output: diagnostics in Go's words, and a [`Program`] whose tables the compiler
//! reads: types ([`types`]), objects ([`objects`]), facts about nodes ([`info`]). Exact constants are in [`constant`].
//! It does no I/O, does not find packages, and knows nothing of registers, sizes or bytecode.
//!
//! Start reading at [`types`] and [`info`] for the output, and at `check/mod.rs` for the work.
#![forbid(unsafe_code)]

mod check;
pub mod constant;
mod format;
pub mod info;
pub mod instances;
pub mod objects;
pub mod package;
mod predicates;
pub mod session;
mod subst;
pub mod types;
pub mod universe;

pub use check::valid_path;
pub use constant::Constant;
pub use info::{Info, Mode, Selected, Selection, SelectionKind, TypeAndValue};
pub use objects::{Builtin, ObjId, ObjKind, Object, PkgId, VarKind};
pub use package::{InitStep, Options, Package, Program};
pub use session::{Entry, EntryText, Last};
pub use types::{Basic, NamedId, Type, TypeId, Types};
