//! `regexp`: running compiled programs over text.
//!
//! The parser and the compiler are gol code (`regexp/syntax`), so that what is accepted, the errors and the submatches
//! are Go's by construction; here are only the machines. Both take time linear in the text: one that tries
//! alternatives and remembers where it has been, for small programs and texts, and one that goes through the text once
//! with all threads. A program comes as words and is decoded once a thread of the system for a bounded number of programs.

mod machine;
mod program;
mod search;

use crate::Table;
use gol_vm::{Bytes, Flow, Native, NativeResult};
use program::Program;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const TABLE: Table = &[("number", number), ("find", find), ("findBytes", find_bytes)];

/// How many decoded programs a thread keeps.
const KEPT: usize = 64;

/// The number of the next program. Numbers are never used again, so a kept program is never another's.
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The last programs used, the latest first.
    static PROGRAMS: RefCell<Vec<(u64, Rc<Program>)>> = const { RefCell::new(Vec::new()) };
}

/// `number() uint64`: a new program's number.
fn number(n: &mut Native<'_>) -> NativeResult {
    n.give_uint(NEXT.fetch_add(1, Ordering::Relaxed));
    Ok(Flow::Done)
}

/// `find(number uint64, code []uint64, s string, from, ncap int, longest bool) []int`: the first match at or after
/// `from` as `ncap` offsets, -1 for what took no part. An empty slice is a match that was asked for no offsets.
fn find(n: &mut Native<'_>) -> NativeResult {
    let program = program(n);
    let s = n.str();
    answer(n, &program, s)
}

/// `findBytes`: as `find`, in a slice where it lies. Others may be changing it: then the answer is of no use, nothing more.
fn find_bytes(n: &mut Native<'_>) -> NativeResult {
    let program = program(n);
    let b: Bytes<'_> = n.bytes();
    answer(n, &program, b.view())
}

fn answer(n: &mut Native<'_>, program: &Program, text: &[u8]) -> NativeResult {
    let (from, ncap, longest) = (n.int() as usize, n.int() as usize, n.bool());
    match search::find(program, text, from.min(text.len()), ncap, longest) {
        Some(offsets) => {
            let words: Vec<u64> = offsets.iter().map(|&o| if o == usize::MAX { u64::MAX } else { o as u64 }).collect();
            n.give_bool(true);
            n.give_words(&words)?;
        }
        None => {
            n.give_bool(false);
            n.give_nil_slice();
        }
    }
    Ok(Flow::Done)
}

/// The program of the next two arguments.
fn program(n: &mut Native<'_>) -> Rc<Program> {
    let (number, code) = (n.uint(), n.words());
    PROGRAMS.with_borrow_mut(|kept| {
        if let Some(at) = kept.iter().position(|p| p.0 == number) {
            kept[..=at].rotate_right(1);
            return kept[0].1.clone();
        }
        let program = Rc::new(Program::decode(&code.to_vec()));
        kept.truncate(KEPT - 1);
        kept.insert(0, (number, program.clone()));
        program
    })
}
