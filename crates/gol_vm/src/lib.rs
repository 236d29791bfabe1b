//! The machine that runs bytecode: interpreter loop, calls, panics, values, the native ABI.
//!
//! Input is a [`gol_bytecode::Program`] and a table of natives; [`Vm::run`] runs it on `gol_runtime`'s scheduler with
//! values on `gol_heap`'s heap. It knows nothing of source text or syntax trees. Start reading at `interp`, whose loop
//! is the machine; frames and values in registers are described with the opcode table (`gol_bytecode::ops`).
//!
//! # The invariants that make the unsafe code sound
//!
//! * **V1** (verified code): an image holds a program that `gol_bytecode::verify` accepted: every word that `pc` can reach
//!   is an instruction or its following word, and every number in one names something that exists.
//! * **V2** (registers): a frame has room for all registers of its function (checked when it is entered), and a register
//!   holds what the instruction that reads it expects. The latter is the compiler's promise, as types are checked before.
//! * **V3** (ownership): a goroutine is used by the worker that runs it, and by nobody else, until it parks, yields or
//!   ends; then by whoever `gol_runtime` says (R2), or by all while the world is stopped.
//! * **V4** (no collection here): a collection happens only at a safepoint (`interp::safepoint`, a park, a failed
//!   allocation that is then carried out again), never inside an allocation, so addresses in Rust variables stay good from
//!   one safepoint to the next.
//! * **H1** to **H6** of `gol_heap` and **R1** on of `gol_runtime` are relied on by name.

mod call;
mod chans;
mod convert;
mod crash;
pub mod dynamic;
mod equal;
mod finalizers;
pub mod float;
mod gcstats;
mod host;
mod iface;
mod image;
mod interp;
mod map;
mod maps;
mod methods;
pub mod native;
mod panics;
mod print;
mod provenance;
mod raise;
mod range;
mod report;
mod services;
mod session;
mod slices;
mod strings;
mod table;
mod threaded;
mod types;
mod value;
mod vm;
mod weak;

pub use crash::Traceback;
pub use finalizers::Due;
pub use gol_bytecode::FuncId;
pub use gol_heap::OrExit;
pub use gol_runtime::{Interrupt, IoWait, Limits, Mode, PollDesc, PollSide, WaitReason, cores};
pub use host::{Ended, Host, Stream};
pub use native::{Address, Bytes, Finish, Flow, Native, NativeFn, NativeResult, Strings, Words};
pub use raise::Raise;
pub use report::TraceFrame;
pub use services::Frame;
pub use session::GoroutineState;
pub use types::{Field, Shape, Types};
pub use vm::{Options, Origin, Vm};
