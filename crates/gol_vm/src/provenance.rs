//! What is known of memory that a script names by `unsafe.Pointer`, so that no conversion can reach beyond it.
//!
//! An `unsafe.Pointer` is a plain address. When a typed pointer becomes one, the type of what it points to is noted with the
//! object that holds it; the collector drops the notes of objects that die. A conversion to `*U` is allowed if the memory
//! of a `U` lies inside of one live object that has notes, and
//! * one of the notes says that a value of a type with the same form is there, or
//! * `U` has no pointers, and neither has any 16-byte unit of the object that the value would touch: then it shares nothing with a
//!   pointer, string, slice or interface, whose parts must never be written one without the other.
//!
//! All else raises. Only objects of scripts get notes, so nothing of the runtime's own can be reached.

use crate::raise::Raise;
use crate::{Vm, interp::NIL_PAGE};
use gol_bytecode::{Kind, TypeDesc, TypeRef};
use gol_heap::mem;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How deep types are compared; what is deeper counts as different.
const DEPTH: u32 = 24;

/// Most elements of an array that are looked at one by one.
const ELEMENTS: u64 = 256;

/// Values of a type in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Note {
    at: u64,
    ty: TypeRef,
    count: u64,
}

/// Whether a type's memory has no pointers.
fn is_plain(t: &TypeDesc) -> bool {
    t.ptr_words.iter().all(|w| *w == 0)
}

/// All notes, by the start of their object.
#[derive(Debug, Default)]
pub(crate) struct Provenance {
    notes: Mutex<HashMap<u64, Vec<Note>>>,
}

impl Provenance {
    fn notes(&self) -> MutexGuard<'_, HashMap<u64, Vec<Note>>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what is known of objects that are gone.
    pub(crate) fn retain(&self, lives: impl Fn(u64) -> bool) {
        self.notes().retain(|&object, _| lives(object));
    }
}

/// The memory around an address: its start, its size, and whether it is the block of globals.
struct Object {
    start: u64,
    size: u64,
    globals: bool,
}

impl Vm {
    /// Notes that `count` values of type `ty` lie at `at`.
    pub(crate) fn note_memory(&self, at: u64, ty: TypeRef, count: u64) {
        if at < NIL_PAGE {
            return;
        }
        let Some(object) = self.object(at) else { return };
        let note = Note { at, ty, count };
        let mut notes = self.provenance.notes();
        let list = notes.entry(object.start).or_default();
        if !list.contains(&note) {
            list.push(note);
        }
    }

    /// Whether `count` values of type `to` may be read and written at `at`.
    pub(crate) fn check_memory(&self, at: u64, to: TypeRef, count: u64) -> Result<(), Raise> {
        let t = self.image.ty(to);
        let fail = |why: &str| Err(Raise::Runtime(format!("unsafe.Pointer used as *{}: {why}", t.name)));
        let Some(bytes) = t.size.checked_mul(count) else { return fail("it would reach beyond the object") };
        if bytes == 0 || at < NIL_PAGE {
            return Ok(());
        }
        let Some(object) = self.object(at) else { return self.check_constant(at, t, bytes) };
        if !at.is_multiple_of(t.align.into()) {
            return fail("the address is not aligned for it");
        }
        if bytes > object.size || at - object.start > object.size - bytes {
            return fail("it would reach beyond the object");
        }
        let notes = self.provenance.notes();
        let list = notes.get(&object.start).map_or(&[][..], Vec::as_slice);
        let fits = |n: &Note| {
            let noted = self.image.ty(n.ty);
            let Some(offset) =
                at.checked_sub(n.at).filter(|o| noted.size > 0 && *o < noted.size.saturating_mul(n.count))
            else {
                return false;
            };
            let (first, left) = (offset / noted.size, noted.size.saturating_mul(n.count) - offset);
            match count {
                1 => self.covers(n.ty, offset - first * noted.size, to, DEPTH),
                // Several values of one type: the note must be of an array's elements of the same form.
                _ => bytes <= left && noted.size == t.size && self.covers(n.ty, offset - first * noted.size, to, DEPTH),
            }
        };
        if list.iter().any(fits) {
            return Ok(());
        }
        if list.is_empty() {
            return fail("nothing is known of the memory there");
        }
        if !is_plain(t) {
            return fail("the memory there is not known to have this form");
        }
        if !self.units_are_plain(&object, at, bytes) {
            return fail("it would share memory with a pointer, string, slice or interface");
        }
        Ok(())
    }

    /// Bytes of string constants lie outside of the heap and may be named as bytes.
    fn check_constant(&self, at: u64, t: &TypeDesc, bytes: u64) -> Result<(), Raise> {
        let inside = |s: &[u8]| {
            let start = s.as_ptr() as u64;
            at >= start && bytes <= s.len() as u64 && at - start <= s.len() as u64 - bytes
        };
        if t.align == 1 && is_plain(t) && self.image.program.strings.iter().any(|s| inside(s)) {
            return Ok(());
        }
        Err(Raise::Runtime(format!("unsafe.Pointer used as *{}: the address is not that of a live object", t.name)))
    }

    fn object(&self, at: u64) -> Option<Object> {
        let globals = self.globals as u64;
        let size = self.globals_size();
        if (globals..globals + size).contains(&at) {
            return Some(Object { start: globals, size, globals: true });
        }
        if at >> 48 != 0 {
            return None;
        }
        let (start, size, _) = self.heap.object_at(at as *const u8)?;
        Some(Object { start: start as u64, size: size as u64, globals: false })
    }

    /// Whether the 16-byte units that `bytes` bytes at `at` touch hold no pointers.
    fn units_are_plain(&self, object: &Object, at: u64, bytes: u64) -> bool {
        let (from, to) = (at & !15, (at + bytes).next_multiple_of(16));
        let mut words = (from..to).step_by(8);
        if object.globals {
            let bits = self.globals_ptr_words();
            return !words.any(|w| {
                let i = ((w - object.start) / 8) as usize;
                bits.get(i / 64).is_some_and(|b| b >> (i % 64) & 1 != 0)
            });
        }
        !words.any(|w| self.heap.may_hold_pointer(w as *const u8))
    }

    /// Whether memory of type `t` has, from byte `offset` on, the form of type `u`: both may then be used for the same memory.
    fn covers(&self, t: TypeRef, offset: u64, u: TypeRef, depth: u32) -> bool {
        if depth == 0 {
            return false;
        }
        if t == u && offset == 0 {
            return true;
        }
        let (from, to) = (self.image.ty(t), self.image.ty(u));
        if offset.checked_add(to.size).is_none_or(|end| end > from.size) {
            return false;
        }
        if to.size == 0 || is_plain(from) && is_plain(to) {
            return true;
        }
        let depth = depth - 1;
        // Into the part of `t` that holds it all.
        match from.kind {
            Kind::Struct => {
                let inside = from.fields.iter().find(|f| {
                    let (at, size) = (f.offset as u64, self.image.ty(f.ty).size);
                    at <= offset && offset + to.size <= at + size
                });
                if let Some(f) = inside
                    && self.covers(f.ty, offset - f.offset as u64, u, depth)
                {
                    return true;
                }
            }
            Kind::Array => {
                let size = self.image.ty(from.elem).size;
                if size > 0 && offset % size + to.size <= size && self.covers(from.elem, offset % size, u, depth) {
                    return true;
                }
            }
            _ => {}
        }
        // Part by part of `u`.
        match to.kind {
            Kind::Struct => return to.fields.iter().all(|f| self.covers(t, offset + f.offset as u64, f.ty, depth)),
            Kind::Array if to.len <= ELEMENTS => {
                let size = self.image.ty(to.elem).size;
                return (0..to.len).all(|i| self.covers(t, offset + i * size, to.elem, depth));
            }
            _ => {}
        }
        let both = |x: TypeRef, y: TypeRef| {
            self.image.ty(x).size == self.image.ty(y).size && self.covers(x, 0, y, depth) && self.covers(y, 0, x, depth)
        };
        offset == 0
            && from.kind == to.kind
            && match from.kind {
                Kind::String | Kind::UnsafePointer => true,
                Kind::Pointer | Kind::Slice => both(from.elem, to.elem),
                _ => false,
            }
    }

    /// `unsafe.Slice(at, len)` of elements of type `t`, as the registers of a slice.
    pub(crate) fn unsafe_slice(&self, at: u64, len: i64, t: TypeRef) -> Result<[u64; 3], Raise> {
        let size = self.image.ty(t).size;
        let fits = u64::try_from(len)
            .ok()
            .filter(|n| *n <= mem::MAX_SLICE_LEN && n.checked_mul(size).is_some_and(|b| b < 1 << 47));
        let Some(len) = fits else { return Err(Raise::Runtime("unsafe.Slice: len out of range".into())) };
        if at < NIL_PAGE {
            return match len {
                0 => Ok([0; 3]),
                _ => Err(Raise::Runtime("unsafe.Slice: ptr is nil and len is not zero".into())),
            };
        }
        self.note_memory(at, t, 1);
        self.check_memory(at, t, len)?;
        Ok([at, len, len])
    }

    /// `unsafe.String(at, len)`, as the registers of a string.
    pub(crate) fn unsafe_string(&self, at: u64, len: i64, byte: TypeRef) -> Result<[u64; 2], Raise> {
        let Some(len) = u64::try_from(len).ok().filter(|n| *n < 1 << 47) else {
            return Err(Raise::Runtime("unsafe.String: len out of range".into()));
        };
        if at < NIL_PAGE {
            return match len {
                0 => Ok([0; 2]),
                _ => Err(Raise::Runtime("unsafe.String: ptr is nil and len is not zero".into())),
            };
        }
        self.note_memory(at, byte, 1);
        self.check_memory(at, byte, len)?;
        Ok([at, len])
    }
}
