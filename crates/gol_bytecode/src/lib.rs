//! The contract between the two towers: what the compiler writes and the VM runs.
//!
//! Start with [`ops`], the table of all instructions, then [`program`], what surrounds them: functions, types,
//! line tables. Nothing here knows how an instruction came to be or how it is carried out.
#![forbid(unsafe_code)]

pub mod disasm;
pub mod instr;
pub mod layout;
pub mod ops;
pub mod program;
pub mod types;
pub mod verify;

pub use instr::Instr;
pub use ops::{Op, OpInfo, Role};
pub use program::{
    Addition, FuncId, Function, Inlined, LineEntry, NativeId, NativeImport, Place, Program, StrId, WellKnown,
};
pub use types::{FieldDesc, Kind, Leaf, LeafKind, MethodDesc, MethodId, MethodName, TypeDesc, TypeRef, quoted};
