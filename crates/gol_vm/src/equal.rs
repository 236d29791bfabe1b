//! Equality and hashing of values, by type.
//!
//! Values are in memory form, except for the words in which interfaces and registers hold small ones. The rules are those of the
//! specification: floats compare as floats (so -0 equals +0 and NaN nothing), blank fields do not count, structs and arrays
//! compare in order and stop at the first difference, and comparing interfaces whose dynamic type has no equality is an error, given back as that type: the
//! caller makes the panic (`comparing uncomparable type []int`, `hash of unhashable type []int`).
//!
//! Types are compared by number: identical types have one [`TypeRef`].
//!
//! Values nest as deep as a program likes, interface in interface. Down to [`MAX_DEPTH`] functions here recurse; from there on
//! `deep` goes on with a stack on the heap.
//!
//! All functions that take addresses are `unsafe` by gol_heap's H6: the address is that of a live value of the type.

use crate::types::Types;
use gol_bytecode::{Kind, TypeDesc, TypeRef};
use gol_heap::mem;

mod deep;

/// How deep equality and hashing recurse on the thread's own stack.
const MAX_DEPTH: u32 = 64;

/// A dynamic type that has no equality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uncomparable(pub TypeRef);

/// Whether the two values of type `ty` at `a` and `b` are equal.
///
/// # Safety
/// H6: both are values of that type.
pub unsafe fn equal(types: &Types, ty: TypeRef, a: *const u8, b: *const u8) -> Result<bool, Uncomparable> {
    // SAFETY: the caller's promise.
    unsafe { equal_at(types, ty, a, b, 0) }
}

/// [`equal`], for a value that lies `depth` deep in what is compared.
unsafe fn equal_at(types: &Types, ty: TypeRef, a: *const u8, b: *const u8, depth: u32) -> Result<bool, Uncomparable> {
    if depth == MAX_DEPTH {
        // SAFETY: the caller's promise.
        return unsafe { deep::equal(types, ty, a, b) };
    }
    let desc = &types[ty];
    // SAFETY: H6: loads and offsets are those of the type.
    unsafe {
        Ok(match desc.kind {
            Kind::Float32 => load_f32(a) == load_f32(b),
            Kind::Float64 => load_f64(a) == load_f64(b),
            Kind::Complex64 => load_f32(a) == load_f32(b) && load_f32(a.add(4)) == load_f32(b.add(4)),
            Kind::Complex128 => load_f64(a) == load_f64(b) && load_f64(a.add(8)) == load_f64(b.add(8)),
            Kind::String => {
                let ((a, a_len), (b, b_len)) = (mem::load16(a), mem::load16(b));
                strings_equal(a, a_len, b, b_len)
            }
            Kind::Interface => {
                let ((a_type, a), (b_type, b)) = (mem::load16(a), mem::load16(b));
                return match open(types, a_type, a, b_type, b)? {
                    Opened::Told(equal) => Ok(equal),
                    Opened::Values(ty, a, b) => equal_at(types, ty, a, b, depth + 1),
                };
            }
            Kind::Struct | Kind::Array if desc.size == 0 => true,
            Kind::Struct => {
                for field in &desc.fields {
                    let offset = field.offset as usize;
                    if field.name != "_" && !equal_at(types, field.ty, a.add(offset), b.add(offset), depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            Kind::Array => {
                if is_plain(types, desc.elem) {
                    return Ok(bytes_equal(a, b, desc.size as usize));
                }
                let size = types[desc.elem].size as usize;
                for i in 0..desc.len as usize {
                    if !equal_at(types, desc.elem, a.add(i * size), b.add(i * size), depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            Kind::Func | Kind::Map | Kind::Slice | Kind::Invalid => return Err(Uncomparable(ty)),
            _ => load_scalar(a, desc.size) == load_scalar(b, desc.size),
        })
    }
}

/// Whether two interface values, given as type id and data word, are equal.
///
/// # Safety
/// H6: the data words belong to the type ids.
pub unsafe fn interfaces_equal(types: &Types, a_type: u64, a: u64, b_type: u64, b: u64) -> Result<bool, Uncomparable> {
    match open(types, a_type, a, b_type, b)? {
        Opened::Told(equal) => Ok(equal),
        // SAFETY: H6: the caller's promise, and `open`'s.
        Opened::Values(ty, a, b) => unsafe { equal(types, ty, a, b) },
    }
}

/// What two interfaces tell about their equality.
enum Opened {
    /// All of it.
    Told(bool),
    /// It is that of these values of this type.
    Values(TypeRef, *const u8, *const u8),
}

/// Compares two interfaces as far as type ids and data words tell. Addresses in the answer are good if H6 holds for the data words.
fn open(types: &Types, a_type: u64, a: u64, b_type: u64, b: u64) -> Result<Opened, Uncomparable> {
    if a_type != b_type {
        return Ok(Opened::Told(false));
    }
    if a_type == 0 {
        return Ok(Opened::Told(true));
    }
    let ty = TypeRef(a_type as u32);
    let desc = &types[ty];
    if !desc.comparable {
        return Err(Uncomparable(ty));
    }
    if is_direct(desc) {
        return Ok(Opened::Told(words_equal(types, ty, a, b)));
    }
    if desc.size == 0 {
        return Ok(Opened::Told(true));
    }
    // The data word of a type that is not held directly is the address of a value.
    Ok(Opened::Values(ty, a as *const u8, b as *const u8))
}

/// Whether two values of a comparable type that takes one register, and is not Mem, are equal.
pub fn words_equal(types: &Types, ty: TypeRef, a: u64, b: u64) -> bool {
    match word_type(types, ty) {
        None => true,
        Some(Kind::Float32) => f32::from_bits(a as u32) == f32::from_bits(b as u32),
        Some(Kind::Float64) => f64::from_bits(a) == f64::from_bits(b),
        Some(_) => a == b,
    }
}

/// Whether an interface holds values of this type in its data word.
pub fn is_direct(desc: &TypeDesc) -> bool {
    desc.regs == 1 && !desc.is_mem
}

/// Whether two strings are equal.
///
/// # Safety
/// H6: both are live strings.
#[inline]
pub unsafe fn strings_equal(a: u64, a_len: u64, b: u64, b_len: u64) -> bool {
    // SAFETY: H6: both have that many bytes.
    a_len == b_len && (a == b || unsafe { bytes_equal(a as *const u8, b as *const u8, a_len as usize) })
}

/// Whether `len` bytes are equal. They may change under a race; then the answer is any.
///
/// # Safety
/// H6.
#[inline]
pub(crate) unsafe fn bytes_equal(a: *const u8, b: *const u8, len: usize) -> bool {
    if len == 0 {
        return true;
    }
    // SAFETY: H6. String bytes never change; the bytes of arrays and map keys are only compared so where a race is the program's fault,
    // and any result is as good as another.
    unsafe { std::slice::from_raw_parts(a, len) == std::slice::from_raw_parts(b, len) }
}

/// Whether values of this type are equal exactly if all their bytes are: no floats, strings, interfaces, blank fields or gaps.
pub fn is_plain(types: &Types, ty: TypeRef) -> bool {
    let desc = &types[ty];
    match desc.kind {
        // There is one value; and the fields of such types can be very many.
        _ if desc.size == 0 => true,
        Kind::Struct => {
            let mut end = 0;
            desc.fields.iter().all(|f| {
                let here = f.offset as u64 == end;
                end += types[f.ty].size;
                here && f.name != "_" && is_plain(types, f.ty)
            }) && end == desc.size
        }
        Kind::Array => is_plain(types, desc.elem),
        Kind::Float32 | Kind::Float64 | Kind::Complex64 | Kind::Complex128 => false,
        Kind::String | Kind::Interface | Kind::Func | Kind::Map | Kind::Slice | Kind::Invalid => false,
        _ => true,
    }
}

/// Hashes values with a seed. `salt` makes NaNs, which equal nothing, differ from each other.
#[derive(Clone, Copy, Debug)]
pub struct Hasher {
    state: u64,
    salt: u64,
}

impl Hasher {
    /// A hasher; equal values have equal hashes only under equal seeds.
    pub fn new(seed: u64, salt: u64) -> Hasher {
        Hasher { state: seed, salt }
    }

    /// The hash of all that was added.
    pub fn finish(self) -> u64 {
        self.state
    }

    /// Adds the value of type `ty` at `at`.
    ///
    /// # Safety
    /// H6.
    pub unsafe fn value(&mut self, types: &Types, ty: TypeRef, at: *const u8) -> Result<(), Uncomparable> {
        // SAFETY: the caller's promise.
        unsafe { self.value_at(types, ty, at, 0) }
    }

    /// [`Hasher::value`], for a value that lies `depth` deep in what is hashed.
    unsafe fn value_at(&mut self, types: &Types, ty: TypeRef, at: *const u8, depth: u32) -> Result<(), Uncomparable> {
        if depth == MAX_DEPTH {
            // SAFETY: the caller's promise.
            return unsafe { deep::hash(self, types, ty, at) };
        }
        let desc = &types[ty];
        // SAFETY: H6: loads and offsets are those of the type.
        unsafe {
            match desc.kind {
                Kind::Float32 => self.float(load_f32(at).into()),
                Kind::Float64 => self.float(load_f64(at)),
                Kind::Complex64 => {
                    self.float(load_f32(at).into());
                    self.float(load_f32(at.add(4)).into());
                }
                Kind::Complex128 => {
                    self.float(load_f64(at));
                    self.float(load_f64(at.add(8)));
                }
                Kind::String => {
                    let (bytes, len) = mem::load16(at);
                    self.state = hash_bytes(bytes as *const u8, len as usize, self.state);
                }
                Kind::Interface => {
                    let (ty, data) = mem::load16(at);
                    if let Some((ty, at)) = self.open(types, ty, data)? {
                        self.value_at(types, ty, at, depth + 1)?;
                    }
                }
                Kind::Struct | Kind::Array if desc.size == 0 => {}
                Kind::Struct => {
                    for field in desc.fields.iter().filter(|f| f.name != "_") {
                        self.value_at(types, field.ty, at.add(field.offset as usize), depth + 1)?;
                    }
                }
                Kind::Array => {
                    let size = types[desc.elem].size as usize;
                    for i in 0..desc.len as usize {
                        self.value_at(types, desc.elem, at.add(i * size), depth + 1)?;
                    }
                }
                Kind::Func | Kind::Map | Kind::Slice | Kind::Invalid => return Err(Uncomparable(ty)),
                _ => self.word(load_scalar(at, desc.size)),
            }
        }
        Ok(())
    }

    /// Adds what an interface's type id and data word tell; gives the value that is left to add. Its address is good if H6
    /// holds for the data word.
    fn open(&mut self, types: &Types, ty: u64, data: u64) -> Result<Option<(TypeRef, *const u8)>, Uncomparable> {
        if ty == 0 {
            return Ok(None);
        }
        let ty = TypeRef(ty as u32);
        let desc = &types[ty];
        if !desc.comparable {
            return Err(Uncomparable(ty));
        }
        self.word(ty.0.into());
        if is_direct(desc) {
            match word_type(types, ty) {
                None => {}
                Some(Kind::Float32) => self.float(f32::from_bits(data as u32).into()),
                Some(Kind::Float64) => self.float(f64::from_bits(data)),
                Some(_) => self.word(data),
            }
            return Ok(None);
        }
        // The data word of a type that is not held directly is the address of a value.
        Ok((desc.size != 0).then_some((ty, data as *const u8)))
    }

    fn float(&mut self, value: f64) {
        if value.is_nan() {
            self.word(self.salt);
        } else if value == 0.0 {
            self.word(0);
        } else {
            self.word(value.to_bits());
        }
    }

    fn word(&mut self, value: u64) {
        self.state = hash_word(value, self.state);
    }
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const MULTIPLIER_2: u64 = 0xd1b5_4a32_d192_ed03;

/// Both halves of the 128-bit product.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of a word.
#[inline(always)]
pub(crate) fn hash_word(value: u64, seed: u64) -> u64 {
    fold(value ^ seed, MULTIPLIER)
}

/// The hash of `len` bytes: words are multiplied in pairs, as wyhash does (Wang Yi, 2019).
///
/// # Safety
/// H6.
#[inline]
pub(crate) unsafe fn hash_bytes(at: *const u8, len: usize, seed: u64) -> u64 {
    // SAFETY: H6; every read below lies within the `len` bytes.
    unsafe {
        let word = |i: usize| at.add(i).cast::<u64>().read_unaligned();
        let half = |i: usize| at.add(i).cast::<u32>().read_unaligned() as u64;
        let mut state = seed ^ MULTIPLIER_2.wrapping_mul(len as u64 + 1);
        let (low, high) = match len {
            0 => (0, 0),
            1..=3 => (u64::from(*at) << 16 | u64::from(*at.add(len / 2)) << 8 | u64::from(*at.add(len - 1)), 0),
            4..=8 => (half(0), half(len - 4)),
            9..=16 => (word(0), word(len - 8)),
            _ => {
                let mut i = 0;
                while i + 16 < len {
                    state = fold(word(i) ^ state, word(i + 8) ^ MULTIPLIER);
                    i += 16;
                }
                (word(len - 16), word(len - 8))
            }
        };
        fold(fold(low ^ MULTIPLIER, high ^ state), MULTIPLIER_2 ^ state)
    }
}

/// The kind of what a comparable one-register type holds; `None` if it is in a blank field, which does not count.
fn word_type(types: &Types, ty: TypeRef) -> Option<Kind> {
    let mut desc = &types[ty];
    while desc.kind == Kind::Struct {
        let field = desc.fields.iter().find(|f| types[f.ty].size != 0)?;
        if field.name == "_" {
            return None;
        }
        desc = &types[field.ty];
    }
    Some(desc.kind)
}

unsafe fn load_f32(at: *const u8) -> f32 {
    // SAFETY: the caller's H6.
    f32::from_bits(unsafe { mem::load_u32(at) })
}

unsafe fn load_f64(at: *const u8) -> f64 {
    // SAFETY: the caller's H6.
    f64::from_bits(unsafe { mem::load_u64(at) })
}

/// Loads an integer, bool or pointer of `size` bytes.
unsafe fn load_scalar(at: *const u8, size: u64) -> u64 {
    // SAFETY: the caller's H6.
    unsafe {
        match size {
            1 => mem::load_u8(at).into(),
            2 => mem::load_u16(at).into(),
            4 => mem::load_u32(at).into(),
            _ => mem::load_u64(at),
        }
    }
}
