//! Map instructions: `map` with registers, panics and the worker's allocator around it.
//!
//! An instruction that finds no memory has changed nothing, so it can be carried out again after a collection.

use crate::Vm;
use crate::map::{MapError, MapType};
use crate::raise::Raise;
use crate::value::store_value;
use gol_bytecode::TypeRef;
use gol_runtime::Worker;

fn map_type(vm: &Vm, t: TypeRef) -> &MapType {
    vm.image.types.map(t)
}

#[cold]
fn raise(vm: &Vm, error: MapError) -> Raise {
    let text = error.text(&vm.image.types);
    match error {
        MapError::NilMap => Raise::Plain(text),
        MapError::Unhashable(_) => Raise::Runtime(text),
        MapError::ConcurrentWrites | MapError::ConcurrentReadWrite | MapError::ConcurrentIterWrite => {
            Raise::Fatal(text)
        }
        MapError::OutOfMemory => Raise::OutOfMemory,
    }
}

/// The panic of a lookup in map `m`: an empty map looks at the key only to complain about it, in words of its own.
#[cold]
unsafe fn raise_for(vm: &Vm, m: u64, error: MapError) -> Raise {
    match error {
        // SAFETY: the caller looked into this map, or it is nil.
        MapError::Unhashable(t) if unsafe { len(m) } == 0 => {
            Raise::Plain(format!("hash of unhashable type: {}", vm.image.ty(t).name))
        }
        error => raise(vm, error),
    }
}

/// A new map with room for `n` entries.
///
/// # Safety
/// V1: `t` is a map type.
pub(crate) unsafe fn make(vm: &Vm, w: &mut Worker, t: TypeRef, n: i64) -> Result<u64, Raise> {
    let seed = w.rng.next_u64();
    let map = map_type(vm, t).make(&mut w.heap, n, seed).map_err(|e| raise(vm, e))?;
    vm.after_alloc(w);
    Ok(map as u64)
}

/// The value for the key in registers from `k` on, or its zero value, to registers from `d` on; then, if asked for, whether it was there.
///
/// # Safety
/// V1, V2: `m` is a map of type `t` or 0, and the registers are those of its key and value types.
pub(crate) unsafe fn get(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    m: u64,
    k: *const u64,
    d: *mut u64,
    ok: bool,
) -> Result<(), Raise> {
    // SAFETY: the caller's promises.
    unsafe { look_up(vm, w, t, m, k, d, ok).map_err(|e| e.unwrap_or_else(|e| raise_for(vm, m, e))) }
}

/// The same for an entry that is then set: what is wrong is told as [`set`] tells it.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn get_to_set(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    m: u64,
    k: *const u64,
    d: *mut u64,
) -> Result<(), Raise> {
    // SAFETY: the caller's promises.
    let found = unsafe { look_up(vm, w, t, m, k, d, false) };
    found.map_err(|e| e.unwrap_or_else(|e| raise(vm, if m == 0 { MapError::NilMap } else { e })))
}

/// A lookup; what is wrong with the key is not yet a panic.
///
/// # Safety
/// As [`get`].
unsafe fn look_up(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    m: u64,
    k: *const u64,
    d: *mut u64,
    ok: bool,
) -> Result<(), Result<Raise, MapError>> {
    let map = map_type(vm, t);
    // SAFETY: the caller's promises.
    unsafe {
        let at = map.get(&vm.image.types, m as *const u8, k).map_err(Err)?;
        if at.is_null() {
            vm.zero_value(w, map.elem, d).map_err(Ok)?;
        } else {
            vm.load_value(w, map.elem, at, d).map_err(Ok)?;
        }
        if ok {
            *d.add(vm.image.ty(map.elem).regs as usize) = u64::from(!at.is_null());
        }
    }
    Ok(())
}

/// Sets the entry for the key in registers from `k` on to the value in registers from `s` on.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn set(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    m: u64,
    k: *const u64,
    s: *const u64,
) -> Result<(), Raise> {
    let map = map_type(vm, t);
    // SAFETY: the caller's promises; V4: no collection before the value is stored.
    unsafe {
        let at = map.set(&vm.image.types, &mut w.heap, m as *mut u8, k).map_err(|e| raise(vm, e))?;
        store_value(vm.image.ty(map.elem), at, s);
    }
    vm.after_alloc(w);
    Ok(())
}

/// Deletes the entry for the key in registers from `k` on.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn delete(vm: &Vm, t: TypeRef, m: u64, k: *const u64) -> Result<(), Raise> {
    // SAFETY: the caller's promises.
    unsafe { map_type(vm, t).delete(&vm.image.types, m as *mut u8, k).map_err(|e| raise_for(vm, m, e)) }
}

/// The number of entries.
///
/// # Safety
/// V2: `m` is a map or 0.
#[inline]
pub(crate) unsafe fn len(m: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { MapType::len(m as *const u8) }
}

/// Deletes all entries.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn clear(vm: &Vm, t: TypeRef, m: u64) -> Result<(), Raise> {
    // SAFETY: the caller's promise.
    unsafe { map_type(vm, t).clear(m as *mut u8).map_err(|e| raise(vm, e)) }
}

/// A new iterator.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn iter(vm: &Vm, w: &mut Worker, t: TypeRef, m: u64) -> Result<u64, Raise> {
    let random = w.rng.next_u64();
    // SAFETY: the caller's promise.
    let iterator = unsafe { map_type(vm, t).iterate(&mut w.heap, m as *const u8, random) };
    vm.after_alloc(w);
    iterator.map(|it| it as u64).map_err(|e| raise(vm, e))
}

/// The next entry of iterator `it` to registers from `k` and from `d` on, where these are not null. False at the end.
///
/// # Safety
/// V1, V2: `it` is an iterator over a map of type `t`, and the registers are those of its key and value types.
pub(crate) unsafe fn next(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    it: u64,
    k: *mut u64,
    d: *mut u64,
) -> Result<bool, Raise> {
    let (map, iterator) = (map_type(vm, t), it as *mut u8);
    // SAFETY: the caller's promises.
    unsafe {
        let before = MapType::position(iterator);
        let entry = map.next(&vm.image.types, iterator).map_err(|e| raise(vm, e))?;
        let Some(entry) = entry else { return Ok(false) };
        let mut load = |ty, from, to: *mut u64| if to.is_null() { Ok(()) } else { vm.load_value(w, ty, from, to) };
        let loaded = load(map.key, entry.key, k).and_then(|()| load(map.elem, entry.elem, d));
        if let Err(error) = loaded {
            // Out of memory: the instruction is carried out again.
            MapType::set_position(iterator, before);
            return Err(error);
        }
    }
    Ok(true)
}
