//! Values: reading, writing, taking apart, making.

use super::{bad_kind, is_int, is_uint, type_arg};
use gol_bytecode::{Kind, TypeRef};
use gol_vm::dynamic::{ADDR, Value};
use gol_vm::{Flow, Native, NativeResult, Raise};

fn give(n: &mut Native<'_>, v: Value) -> NativeResult {
    n.give_value(v);
    Ok(Flow::Done)
}

pub(super) fn open(n: &mut Native<'_>) -> NativeResult {
    let v = n.iface();
    let v = n.opened(v);
    give(n, v)
}

pub(super) fn pack(n: &mut Native<'_>) -> NativeResult {
    let v = n.value();
    let (t, data) = n.packed(v)?;
    n.give_iface(t, data);
    Ok(Flow::Done)
}

pub(super) fn word_of(n: &mut Native<'_>, fits: fn(Kind) -> bool) -> NativeResult {
    let (v, t) = n.some_value()?;
    if !fits(t.kind) {
        return Err(bad_kind());
    }
    let word = n.word_of(v)?;
    n.give_uint(word);
    Ok(Flow::Done)
}

pub(super) fn float_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let x = n.float_of(v)?;
    n.give_float(x);
    Ok(Flow::Done)
}

pub(super) fn complex_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let x = n.complex_of(v)?;
    n.give_complex(x);
    Ok(Flow::Done)
}

pub(super) fn string_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let (at, len) = n.string_of(v)?;
    n.give_uint(at);
    n.give_uint(len);
    Ok(Flow::Done)
}

/// A slice or array whose elements have `size` bytes, as a slice of such.
pub(super) fn shared_slice(n: &mut Native<'_>, size: u64) -> NativeResult {
    let (v, t) = n.some_value()?;
    if !matches!(t.kind, Kind::Array | Kind::Slice) || n.ty(t.elem).size != size {
        return Err(bad_kind());
    }
    n.give_bytes_of(v)?;
    Ok(Flow::Done)
}

pub(super) fn pointer_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let p = n.pointer_of(v)?;
    n.give_pointer(p);
    Ok(Flow::Done)
}

pub(super) fn code_of(n: &mut Native<'_>) -> NativeResult {
    let (v, t) = n.some_value()?;
    if t.kind != Kind::Func {
        return Err(bad_kind());
    }
    let closure = n.word_of(v)?;
    let code = n.code_of(closure);
    n.give_uint(code);
    Ok(Flow::Done)
}

pub(super) fn len_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let len = n.len_of(v)?;
    n.give_uint(len);
    Ok(Flow::Done)
}

pub(super) fn cap_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let cap = n.cap_of(v)?;
    n.give_uint(cap);
    Ok(Flow::Done)
}

pub(super) fn is_zero(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let zero = n.is_zero(v);
    n.give_bool(zero);
    Ok(Flow::Done)
}

pub(super) fn field_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i) = (n.some_value()?, n.uint());
    let field = n.field(v, i as usize)?;
    give(n, field)
}

pub(super) fn index_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i) = (n.some_value()?, n.int());
    let element = n.element(v, i)?.unwrap_or_default();
    give(n, element)
}

pub(super) fn elem_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let inner = n.elem_of(v)?;
    give(n, inner)
}

pub(super) fn frozen(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    let v = n.frozen(v)?;
    give(n, v)
}

pub(super) fn addr_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    if v.flags & ADDR == 0 {
        return Err(bad_kind());
    }
    n.give_pointer(v.word);
    Ok(Flow::Done)
}

pub(super) fn note_memory(n: &mut Native<'_>) -> NativeResult {
    let (at, t, count) = (n.pointer(), some_type(n)?, n.uint());
    n.note_memory(at, t, count);
    Ok(Flow::Done)
}

pub(super) fn check_memory(n: &mut Native<'_>) -> NativeResult {
    let (at, t, count) = (n.pointer(), some_type(n)?, n.int());
    n.check_memory(at, t, count)?;
    Ok(Flow::Done)
}

/// A `Type` argument that must be one, of this kind.
fn type_of_kind(n: &mut Native<'_>, kind: Kind) -> Result<TypeRef, Raise> {
    let t = type_arg(n);
    if n.is_type(t) && n.ty(t).kind == kind { Ok(t) } else { Err(bad_kind()) }
}

fn some_type(n: &mut Native<'_>) -> Result<TypeRef, Raise> {
    let t = type_arg(n);
    if n.is_type(t) { Ok(t) } else { Err(bad_kind()) }
}

pub(super) fn zero(n: &mut Native<'_>) -> NativeResult {
    let t = some_type(n)?;
    let v = n.zero(t)?;
    give(n, v)
}

pub(super) fn variable(n: &mut Native<'_>) -> NativeResult {
    let t = some_type(n)?;
    let v = n.variable_of(t)?;
    give(n, v)
}

pub(super) fn new(n: &mut Native<'_>) -> NativeResult {
    let t = some_type(n)?;
    let v = n.new_value(t)?;
    give(n, v)
}

pub(super) fn set(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), (x, _)) = (n.some_value()?, n.some_value()?);
    n.set(v, x)?;
    Ok(Flow::Done)
}

pub(super) fn set_iface(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), x) = (n.some_value()?, n.iface());
    n.set_iface(v, x)?;
    Ok(Flow::Done)
}

pub(super) fn iface(n: &mut Native<'_>) -> NativeResult {
    let (t, x) = (type_of_kind(n, Kind::Interface)?, n.iface());
    let v = n.in_iface(t, x)?;
    give(n, v)
}

pub(super) fn set_word(n: &mut Native<'_>, fits: fn(Kind) -> bool) -> NativeResult {
    let ((v, t), word) = (n.some_value()?, n.uint());
    if !fits(t.kind) {
        return Err(bad_kind());
    }
    n.set_word(v, word)?;
    Ok(Flow::Done)
}

pub(super) fn set_complex(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), x) = (n.some_value()?, n.complex());
    n.set_complex(v, x)?;
    Ok(Flow::Done)
}

pub(super) fn set_string(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), x) = (n.some_value()?, n.raw_string());
    n.set_string(v, x)?;
    Ok(Flow::Done)
}

/// `v = x` for a slice variable whose elements have `size` bytes and no pointers.
pub(super) fn set_slice(n: &mut Native<'_>, size: u64) -> NativeResult {
    let ((v, t), x) = (n.some_value()?, n.raw_slice());
    let fits = |k: Kind| is_int(k) || is_uint(k);
    if t.kind != Kind::Slice || n.ty(t.elem).size != size || !fits(n.ty(t.elem).kind) {
        return Err(bad_kind());
    }
    n.set_slice(v, x)?;
    Ok(Flow::Done)
}

pub(super) fn set_zero(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    n.set_zero(v)?;
    Ok(Flow::Done)
}

pub(super) fn set_len_cap(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), len, cap) = (n.some_value()?, n.uint(), n.uint());
    let (p, _, had) = n.slice_of(v)?;
    if len > cap || cap > had {
        return Err(bad_kind());
    }
    n.set_slice(v, (p, len, cap))?;
    Ok(Flow::Done)
}

pub(super) fn make_slice(n: &mut Native<'_>) -> NativeResult {
    let (t, len, cap) = (type_of_kind(n, Kind::Slice)?, n.int(), n.int());
    let v = n.new_slice(t, len, cap)?;
    give(n, v)
}

pub(super) fn reslice(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), t, bounds) = (n.some_value()?, some_type(n)?, [n.uint(), n.uint(), n.uint()]);
    let v = n.reslice(v, t, bounds)?;
    give(n, v)
}

pub(super) fn extend(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), by, clear) = (n.some_value()?, n.uint(), n.bool());
    let v = n.extended(v, by, clear)?;
    give(n, v)
}

pub(super) fn copy_elems(n: &mut Native<'_>) -> NativeResult {
    let ((to, _), (from, _)) = (n.some_value()?, n.some_value()?);
    let count = n.copy_elements(to, from)?;
    n.give_uint(count);
    Ok(Flow::Done)
}

pub(super) fn clear_elems(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    n.clear_elements(v)?;
    Ok(Flow::Done)
}

pub(super) fn make_map(n: &mut Native<'_>) -> NativeResult {
    let (t, room) = (type_of_kind(n, Kind::Map)?, n.int());
    let m = n.new_map(t, room)?;
    give(n, m)
}

/// A key or value must be of the map's own type: what it does to the heap depends on it.
fn check(v: Value, t: TypeRef) -> Result<(), Raise> {
    if v.ty == t { Ok(()) } else { Err(bad_kind()) }
}

pub(super) fn map_get(n: &mut Native<'_>) -> NativeResult {
    let ((m, t), key) = (n.some_value()?, n.value());
    check(key, t.key)?;
    let v = n.map_get(m, key)?;
    give(n, v)
}

pub(super) fn map_set(n: &mut Native<'_>) -> NativeResult {
    let ((m, t), key, x) = (n.some_value()?, n.value(), n.value());
    check(key, t.key)?;
    check(x, t.elem)?;
    n.map_set(m, key, x)?;
    Ok(Flow::Done)
}

pub(super) fn map_delete(n: &mut Native<'_>) -> NativeResult {
    let ((m, t), key) = (n.some_value()?, n.value());
    check(key, t.key)?;
    n.map_delete(m, key)?;
    Ok(Flow::Done)
}

pub(super) fn map_clear(n: &mut Native<'_>) -> NativeResult {
    let (m, _) = n.some_value()?;
    n.map_clear(m)?;
    Ok(Flow::Done)
}

pub(super) fn map_start(n: &mut Native<'_>) -> NativeResult {
    let (m, _) = n.some_value()?;
    let it = n.map_iter(m)?;
    n.give_pointer(it);
    Ok(Flow::Done)
}

pub(super) fn map_next(n: &mut Native<'_>) -> NativeResult {
    let ((m, _), it) = (n.some_value()?, n.address()?);
    let entry = n.map_next(m, it.number())?;
    let (key, x) = entry.unwrap_or_default();
    n.give_value(key);
    n.give_value(x);
    n.give_bool(entry.is_some());
    Ok(Flow::Done)
}

pub(super) fn make_chan(n: &mut Native<'_>) -> NativeResult {
    let (t, size) = (type_of_kind(n, Kind::Chan)?, n.int());
    let c = n.new_chan(t, size)?;
    give(n, c)
}

pub(super) fn close_chan(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = n.some_value()?;
    n.chan_close(v)?;
    Ok(Flow::Done)
}

pub(super) fn send_to(n: &mut Native<'_>) -> NativeResult {
    let ((v, t), (x, _), block) = (n.some_value()?, n.some_value()?, n.bool());
    if t.kind != Kind::Chan {
        return Err(bad_kind());
    }
    check(x, t.elem)?;
    n.chan_send(v, x, block)
}

pub(super) fn recv_from(n: &mut Native<'_>) -> NativeResult {
    let ((v, t), block) = (n.some_value()?, n.bool());
    if t.kind != Kind::Chan {
        return Err(bad_kind());
    }
    n.chan_recv(v, block)
}

pub(super) fn from_block(n: &mut Native<'_>) -> NativeResult {
    let v = n.from_words()?;
    give(n, v)
}

pub(super) fn new_block(n: &mut Native<'_>) -> NativeResult {
    let words = n.uint();
    let block = n.new_block(words as usize)?;
    n.give_pointer(block);
    Ok(Flow::Done)
}

pub(super) fn pack_words(n: &mut Native<'_>) -> NativeResult {
    let (block, at, (x, _)) = (n.pointer(), n.uint(), n.some_value()?);
    n.pack_words(block, at as usize, x)?;
    Ok(Flow::Done)
}

pub(super) fn pack_receiver(n: &mut Native<'_>) -> NativeResult {
    let (block, at, (_, data)) = (n.pointer(), n.uint(), n.iface());
    n.pack_word(block, at as usize, data)?;
    Ok(Flow::Done)
}

pub(super) fn pack_number(n: &mut Native<'_>) -> NativeResult {
    let (block, at, word) = (n.pointer(), n.uint(), n.uint());
    n.pack_word(block, at as usize, word)?;
    Ok(Flow::Done)
}

pub(super) fn unpack_words(n: &mut Native<'_>) -> NativeResult {
    let (block, at, t) = (n.pointer(), n.uint(), some_type(n)?);
    let v = n.unpack_words(block, at as usize, t)?;
    give(n, v)
}

pub(super) fn unpack_number(n: &mut Native<'_>) -> NativeResult {
    let (block, at) = (n.pointer(), n.uint());
    let int = n.well_known().int;
    let v = n.unpack_words(block, at as usize, int)?;
    n.give_uint(v.word);
    Ok(Flow::Done)
}

pub(super) fn new_stub(n: &mut Native<'_>) -> NativeResult {
    let (callback, nargs, nresults) = (n.address()?, n.uint(), n.uint());
    match n.new_stub(callback.number(), nargs, nresults)? {
        Some(closure) => n.give_pointer(closure),
        None => return Err(Raise::Plain("reflect.MakeFunc: too many arguments or results".into())),
    }
    Ok(Flow::Done)
}

pub(super) fn select_stub(n: &mut Native<'_>) -> NativeResult {
    let words = n.uint();
    match n.select_stub(words) {
        Some(closure) => n.give_pointer(closure),
        None => return Err(Raise::Plain("reflect.Select: too many cases".into())),
    }
    Ok(Flow::Done)
}

pub(super) fn select_cases(n: &mut Native<'_>) -> NativeResult {
    let count = n.int();
    n.select_words(if count < 0 { !count } else { count } as usize, count >= 0)
}

pub(super) fn from_any(n: &mut Native<'_>) -> NativeResult {
    let v = n.iface();
    let is_value = v.0 != TypeRef::NONE && v.0 == n.well_known().reflect_value;
    let inner = if is_value { n.reflect_value(v) } else { Value::default() };
    n.give_value(inner);
    n.give_bool(is_value);
    Ok(Flow::Done)
}
