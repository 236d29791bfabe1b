//! The heap of a running gol program: blocks, allocation, mark and sweep, and typed access to memory.
//!
//! # What it owns
//!
//! * [`Heap`]: one for each VM, shared by all workers. Reserves a range of addresses, hands out *blocks* (runs of pages with
//!   objects of one size class, or one large object), decides when a collection is wanted, and collects.
//! * [`LocalHeap`]: one for each worker. Allocates without a lock from the blocks it holds.
//! * [`LayoutTable`]: which words of an object may hold pointers.
//! * [`OrExit`]: Rust's own allocator, which ends the process in order where memory does.
//! * [`mem`]: the only loads and stores that gol programs' memory sees, 16-byte units included.
//!
//! It knows nothing of goroutines, of values, or of when it is safe to stop the world: roots come in through [`Roots`],
//! the threads that help with marking through [`MarkHelpers`].
//!
//! # States of an object
//!
//! An object's place in a block is *free* (alloc bit 0), *allocated* (alloc bit 1, mark bit 0) or, between the start of a
//! marking and the sweep of its block, *marked* (both bits 1; in a block whose objects have pointers the mark bit is in the place's entry). Allocation turns free into allocated; marking turns what is
//! reachable into marked; the sweep of a block copies its mark bits over its alloc bits and clears the former, so allocated
//! becomes free and marked becomes allocated. Blocks are swept lazily, when an allocator wants one of their class; all are swept
//! before the next marking begins. Memory of a free place holds garbage (poison in debug builds); it is zeroed when a
//! [`LocalHeap`] takes it.
//!
//! **Main invariant**: a place whose alloc bit is 0 is never scanned and never marked. It holds always, except that the
//! places a [`LocalHeap`] took but has not yet handed out have their bit set while mutators run; the collector takes these back
//! first.
//!
//! # The invariants that make the unsafe code sound
//!
//! * **H1** (reservation): the heap's range of addresses and its side tables are reserved once, stay mapped until the `Heap` is
//!   dropped, and every side table covers the whole range. A [`LocalHeap`] keeps its `Heap` alive.
//! * **H2** (committed): pages below `Pages::committed` are readable and writable; a block lies wholly in them.
//! * **H3** (block records): the fields of a block's record are atomics, written before the block's pages are entered in the page
//!   table (release) and read after looking it up (acquire). A block's `layouts` array lives as long as the pages are entered.
//! * **H4** (one owner): a block is in exactly one place: a slot of one `LocalHeap`, one list behind a lock, or nowhere (being
//!   created or swept by the thread that took it from a list). Only the owner changes its alloc bits and free places.
//! * **H5** (stopped world): from the start of [`Heap::collect`] (or [`Heap::start_mark`]) to its end no other thread uses a
//!   `LocalHeap` of this heap or reads or writes objects, and the stop and the restart synchronise with those threads.
//!   The caller promises it; this is why these functions are `unsafe`.
//! * **H6** (typed access): the caller of a function in [`mem`] gives addresses of live objects (or of other memory that is mapped
//!   and shared only by means of [`mem`]), aligned as the access, and within the object.

#![deny(unsafe_op_in_unsafe_fn)]

mod block;
mod central;
mod heap;
mod layout;
mod local;
mod mark;
pub mod mem;
mod or_exit;
mod os;
mod pages;
mod size_class;
mod stats;

pub use heap::{Heap, HeapConfig, HeapError};
pub use layout::{LayoutId, LayoutTable};
pub use local::{LocalHeap, zero_base};
pub use mark::{MarkHelpers, MarkSession, NoHelpers, RootVisitor, Roots, ThreadHelpers};
pub use or_exit::OrExit;
pub use size_class::{MAX_SMALL_SIZE, go_round_up_size};
pub use stats::{CollectStats, HeapStats, Pause};

/// Another name for [`LocalHeap`].
pub type Allocator = LocalHeap;
