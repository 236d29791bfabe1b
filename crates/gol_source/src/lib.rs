//! Source text, positions in it, and what is wrong with it: plain data, no I/O.
//!
//! Every file that takes part in a program is added to one [`SourceMap`], which gives it a range of global byte
//! offsets. A [`Span`] is a pair of such offsets, so no span needs to carry a file. Every phase reports what it
//! finds as [`Diagnostic`]s; drawing them is the driver's business.
#![forbid(unsafe_code)]

mod arena;
pub mod codes;
mod diagnostic;
mod map;
mod nearest;
mod page;
mod symbol;
mod table;

pub use arena::Arena;
pub use codes::Code;
pub use diagnostic::{Diagnostic, Label, Severity};
pub use map::{FileId, LineMark, Position, SourceFile, SourceMap, Span};
pub use nearest::nearest;
pub use page::Page;
pub use symbol::{Interner, Symbol};
pub use table::Table;
