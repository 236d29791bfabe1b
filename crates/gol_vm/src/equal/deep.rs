//! Equality and hashing of values that nest deeper than a native stack should be used for: the same walk, in the same
//! order, with a stack on the heap. What holds no interface is left to the recursive functions, which types bound.

use super::{Hasher, Opened, Uncomparable, is_plain, open};
use crate::types::Types;
use gol_bytecode::{Kind, TypeRef};
use gol_heap::mem;

/// A struct or array that is being walked, at the same place in both values.
struct Level {
    ty: TypeRef,
    /// The field or element to visit next.
    next: usize,
    a: *const u8,
    b: *const u8,
}

/// What is visited next.
type Place = (TypeRef, *const u8, *const u8);

impl Level {
    /// The next field or element, and whether it is the last.
    ///
    /// # Safety
    /// H6: the level's addresses are those of values of its type.
    unsafe fn step(&mut self, types: &Types) -> Option<(Place, bool)> {
        let desc = &types[self.ty];
        let (ty, offset, last) = if desc.kind == Kind::Struct {
            let named = |f: &&gol_bytecode::FieldDesc| f.name != "_";
            let mut rest = desc.fields.iter().enumerate().skip(self.next).filter(|(_, f)| named(f));
            let (at, field) = rest.next()?;
            self.next = at + 1;
            (field.ty, field.offset as usize, rest.next().is_none())
        } else {
            let at = self.next;
            if at as u64 >= desc.len {
                return None;
            }
            self.next += 1;
            let size = types[desc.elem].size as usize;
            (desc.elem, at * size, self.next as u64 == desc.len)
        };
        // SAFETY: H6: the offset lies in the value.
        unsafe { Some(((ty, self.a.add(offset), self.b.add(offset)), last)) }
    }
}

/// Walks two values in order; `leaf` is called with everything that is neither struct nor array, and with what is plain. It gives
/// the value to go on with, or ends the walk with false.
///
/// # Safety
/// H6: both are values of type `ty`; what `leaf` gives, too.
unsafe fn walk(
    types: &Types,
    start: Place,
    mut leaf: impl FnMut(Place) -> Result<Opened, Uncomparable>,
) -> Result<bool, Uncomparable> {
    let mut levels: Vec<Level> = Vec::new();
    let mut place = start;
    loop {
        let (ty, a, b) = place;
        let compound = matches!(types[ty].kind, Kind::Struct | Kind::Array) && !is_plain(types, ty);
        if compound {
            levels.push(Level { ty, next: 0, a, b });
        } else {
            match leaf(place)? {
                Opened::Told(false) => return Ok(false),
                Opened::Told(true) => {}
                Opened::Values(ty, a, b) => {
                    place = (ty, a, b);
                    continue;
                }
            }
        }
        place = loop {
            let Some(level) = levels.last_mut() else { return Ok(true) };
            // SAFETY: H6: the caller's promise.
            match unsafe { level.step(types) } {
                // A level that is through goes before what is last in it: a chain takes no room.
                Some((place, last)) => {
                    if last {
                        levels.pop();
                    }
                    break place;
                }
                None => {
                    levels.pop();
                }
            }
        };
    }
}

/// As [`super::equal`].
///
/// # Safety
/// H6: both are values of that type.
#[cold]
#[inline(never)]
pub(super) unsafe fn equal(types: &Types, ty: TypeRef, a: *const u8, b: *const u8) -> Result<bool, Uncomparable> {
    // SAFETY: H6 holds for the start, and for all that is in it.
    unsafe {
        walk(types, (ty, a, b), |(ty, a, b)| {
            if types[ty].kind != Kind::Interface {
                return super::equal(types, ty, a, b).map(Opened::Told);
            }
            let ((a_type, a), (b_type, b)) = (mem::load16(a), mem::load16(b));
            open(types, a_type, a, b_type, b)
        })
    }
}

/// As [`Hasher::value`].
///
/// # Safety
/// H6: `at` is a value of that type.
#[cold]
#[inline(never)]
pub(super) unsafe fn hash(hasher: &mut Hasher, types: &Types, ty: TypeRef, at: *const u8) -> Result<(), Uncomparable> {
    // SAFETY: H6 holds for the start, and for all that is in it.
    unsafe {
        walk(types, (ty, at, at), |(ty, at, _)| {
            if types[ty].kind != Kind::Interface {
                return hasher.value(types, ty, at).map(|()| Opened::Told(true));
            }
            let (ty, data) = mem::load16(at);
            let inner = hasher.open(types, ty, data)?;
            Ok(inner.map_or(Opened::Told(true), |(ty, at)| Opened::Values(ty, at, at)))
        })
        .map(|_| ())
    }
}
