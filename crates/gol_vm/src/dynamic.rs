//! Values of types that are known only at run time: what `internal/reflectlite`, and so `fmt` and `reflect`, see of a value.
//!
//! A [`Value`] is a static type, flags and a word, as Go's `reflect.Value`. The word is
//!
//! * the address of the value in memory form, with [`INDIR`]: of a variable, with [`ADDR`], else of a copy that never changes;
//! * the value itself without [`INDIR`], for types of one register that are not Mem, and anything for types of no size.
//!
//! So a value that is not addressable has the word that an interface would hold, and taking a part of one copies nothing. A
//! value of an interface type is the address of its unit. What the library asks for fits the type: it has looked at the
//! kind before; a mistake of its own gives an error, not a broken heap, wherever that costs nothing.
//!
//! This file reads and writes whole values; `parts` goes into them, `goroutine` has channels and calls.

use crate::native::Native;
use crate::raise::Raise;
use crate::value::{load_leaves, store_value};
use crate::{Shape, iface, strings};
use gol_bytecode::{Kind, TypeDesc, TypeRef};
use gol_heap::mem;

mod goroutine;
mod parts;

/// A value and its static type. Without a type it is the zero Value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Value {
    /// The static type.
    pub ty: TypeRef,
    /// The kind in the lowest five bits, then [`STICKY_RO`], [`EMBED_RO`], [`INDIR`], [`ADDR`]; the rest is the library's.
    pub flags: u64,
    /// The value or its address.
    pub word: u64,
}

/// Reached through an unexported field that is not embedded.
pub const STICKY_RO: u64 = 1 << 5;
/// Reached through an unexported embedded field.
pub const EMBED_RO: u64 = 1 << 6;
/// The word is an address.
pub const INDIR: u64 = 1 << 7;
/// The value is a variable.
pub const ADDR: u64 = 1 << 8;

/// Both ways to be read-only.
const RO: u64 = STICKY_RO | EMBED_RO;

/// Room for the registers of a value that is not Mem (at most 8), and for a bool behind them.
const MAX_REGS: usize = 12;

/// A value's registers.
type Regs = [u64; MAX_REGS];

/// A fault of the library, not of the program.
fn bad_kind() -> Raise {
    Raise::Plain("reflectlite: bad kind".into())
}

/// The flags of what is reached through a value with these: read-only stays so.
fn ro(flags: u64) -> u64 {
    if flags & RO != 0 { STICKY_RO } else { 0 }
}

/// Whether an interface has values of this type in its data word.
fn is_direct(desc: &TypeDesc) -> bool {
    desc.regs <= 1 && !desc.is_mem
}

impl<'a> Native<'a> {
    /// The description of a type.
    pub fn ty(&self, t: TypeRef) -> &'a TypeDesc {
        self.vm.image.ty(t)
    }

    /// Whether a number that a script gave is a type's.
    pub fn is_type(&self, t: TypeRef) -> bool {
        self.vm.image.types.exists(t)
    }

    /// The type of this structure, made if the program has none.
    pub fn type_of_shape(&self, shape: &Shape) -> TypeRef {
        self.vm.image.types.of_shape(shape, &self.vm.heap)
    }

    /// `*t`.
    pub fn pointer_type(&self, t: TypeRef) -> TypeRef {
        match self.ty(t).ptr_to {
            TypeRef::NONE => self.type_of_shape(&Shape::Pointer(t)),
            ptr => ptr,
        }
    }

    /// The address of the word that stands for a type: always the same for one type.
    pub fn type_record(&self, t: TypeRef) -> u64 {
        self.vm.image.types.record(t)
    }

    /// A `Value` argument.
    pub fn value(&mut self) -> Value {
        let (ty, flags) = (TypeRef(self.uint() as u32), self.uint());
        Value { ty, flags, word: self.uint() }
    }

    /// A `Value` argument that is one.
    pub fn some_value(&mut self) -> Result<(Value, &'a TypeDesc), Raise> {
        let v = self.value();
        if v.ty == TypeRef::NONE { Err(bad_kind()) } else { Ok((v, self.ty(v.ty))) }
    }

    /// Gives a `Value`.
    pub fn give_value(&mut self, v: Value) {
        self.give_uint(v.ty.0.into());
        self.give_uint(v.flags);
        self.give_uint(v.word);
    }

    /// What an interface holds, as a value; the zero Value for nil.
    pub fn opened(&self, (ty, data): (TypeRef, u64)) -> Value {
        if ty == TypeRef::NONE {
            return Value::default();
        }
        let desc = self.ty(ty);
        let indir = if is_direct(desc) { 0 } else { INDIR };
        Value { ty, flags: desc.kind as u64 | indir, word: data }
    }

    /// The value in an interface; a value of an interface type gives what is in it.
    pub fn packed(&mut self, v: Value) -> Result<(TypeRef, u64), Raise> {
        if v.ty == TypeRef::NONE {
            return Ok((TypeRef::NONE, 0));
        }
        let desc = self.ty(v.ty);
        // SAFETY: H6: the word of a value with INDIR is the address of a live value of its type.
        unsafe {
            if desc.kind == Kind::Interface {
                let (ty, data) = mem::load16(v.word as *const u8);
                return Ok((TypeRef(ty as u32), data));
            }
            let data = match desc {
                _ if v.flags & INDIR == 0 => v.word,
                d if is_direct(d) => {
                    let mut word = [0; 2];
                    load_leaves(&d.leaves, v.word as *const u8, word.as_mut_ptr());
                    word[0]
                }
                _ if v.flags & ADDR == 0 => v.word,
                _ => self.vm.copy_value(self.w, v.ty, v.word as *const u8)? as u64,
            };
            Ok((v.ty, data))
        }
    }

    /// The value's registers.
    fn regs_of(&mut self, v: Value) -> Result<Regs, Raise> {
        let mut regs = [0; MAX_REGS];
        let desc = self.ty(v.ty);
        // SAFETY: H6, as in `packed`; the array has room for what is not Mem.
        unsafe {
            match v.flags & (INDIR | ADDR) {
                0 => regs[0] = v.word,
                // What is not a variable never changes: its copy is as good as a new one.
                INDIR if desc.is_mem => regs[0] = v.word,
                _ => self.vm.load_value(self.w, v.ty, v.word as *const u8, regs.as_mut_ptr())?,
            }
        }
        Ok(regs)
    }

    /// A value of type `t`, not addressable, that is in these registers.
    fn boxed(&mut self, t: TypeRef, regs: &[u64]) -> Result<Value, Raise> {
        let desc = self.ty(t);
        let kind = desc.kind as u64;
        if desc.is_mem || is_direct(desc) {
            return Ok(Value { ty: t, flags: kind | if desc.is_mem { INDIR } else { 0 }, word: regs[0] });
        }
        let p = self.vm.new_array(self.w, t, 1)?;
        // SAFETY: H6: fresh memory for one value; V2: the registers hold one.
        unsafe { store_value(desc, p, regs.as_ptr()) };
        Ok(Value { ty: t, flags: kind | INDIR, word: p as u64 })
    }

    /// A value that will not change: a variable's value now.
    pub fn frozen(&mut self, v: Value) -> Result<Value, Raise> {
        if v.flags & ADDR == 0 {
            return Ok(v);
        }
        let regs = self.regs_of(v)?;
        let copy = self.boxed(v.ty, &regs)?;
        Ok(Value { flags: copy.flags | v.flags & RO, ..copy })
    }

    /// The zero value of a type.
    pub fn zero(&mut self, t: TypeRef) -> Result<Value, Raise> {
        let desc = self.ty(t);
        let kind = desc.kind as u64;
        if is_direct(desc) {
            return Ok(Value { ty: t, flags: kind, word: 0 });
        }
        let p = self.vm.new_array(self.w, t, 1)?;
        Ok(Value { ty: t, flags: kind | INDIR, word: p as u64 })
    }

    /// A new variable with the zero value of a type.
    pub fn variable_of(&mut self, t: TypeRef) -> Result<Value, Raise> {
        let p = self.vm.new_array(self.w, t, 1)?;
        Ok(Value { ty: t, flags: self.ty(t).kind as u64 | INDIR | ADDR, word: p as u64 })
    }

    /// A pointer to a new zero value.
    pub fn new_value(&mut self, t: TypeRef) -> Result<Value, Raise> {
        let p = self.vm.new_array(self.w, t, 1)?;
        Ok(Value { ty: self.pointer_type(t), flags: Kind::Pointer as u64, word: p as u64 })
    }

    /// The word of a value of one register.
    pub fn word_of(&self, v: Value) -> Result<u64, Raise> {
        if v.flags & INDIR == 0 {
            return Ok(v.word);
        }
        let desc = self.ty(v.ty);
        if desc.is_mem || desc.leaves.len() != 1 || desc.regs != 1 {
            return Err(bad_kind());
        }
        let mut word = [0; 2];
        // SAFETY: H6, as in `packed`.
        unsafe { load_leaves(&desc.leaves, v.word as *const u8, word.as_mut_ptr()) };
        Ok(word[0])
    }

    /// A float as float64.
    pub fn float_of(&self, v: Value) -> Result<f64, Raise> {
        let word = self.word_of(v)?;
        match self.ty(v.ty).kind {
            Kind::Float32 => Ok(f32::from_bits(word as u32) as f64),
            Kind::Float64 => Ok(f64::from_bits(word)),
            _ => Err(bad_kind()),
        }
    }

    /// A complex number as complex128.
    pub fn complex_of(&mut self, v: Value) -> Result<(f64, f64), Raise> {
        let [re, im, ..] = self.regs_of(v)?;
        match self.ty(v.ty).kind {
            Kind::Complex64 => Ok((f32::from_bits(re as u32) as f64, f32::from_bits(im as u32) as f64)),
            Kind::Complex128 => Ok((f64::from_bits(re), f64::from_bits(im))),
            _ => Err(bad_kind()),
        }
    }

    /// Address and length of a string.
    pub fn string_of(&self, v: Value) -> Result<(u64, u64), Raise> {
        if self.ty(v.ty).kind != Kind::String {
            return Err(bad_kind());
        }
        // SAFETY: H6: a string is two registers, so the word is the address of its unit.
        Ok(unsafe { mem::load16(v.word as *const u8) })
    }

    /// Address, length and capacity of a slice.
    pub fn slice_of(&self, v: Value) -> Result<(u64, u64, u64), Raise> {
        if v.ty == TypeRef::NONE || self.ty(v.ty).kind != Kind::Slice {
            return Err(bad_kind());
        }
        // SAFETY: H6: as for strings.
        let (low, high) = unsafe { mem::load16(v.word as *const u8) };
        Ok(mem::unpack_slice(low, high))
    }

    /// The bytes of a string, copied; none for what is no string.
    pub fn string_bytes(&self, v: Value) -> Vec<u8> {
        // SAFETY: a string's bytes are alive while the native runs.
        self.string_of(v).map_or(Vec::new(), |(p, len)| unsafe { strings::bytes(p, len) }.to_vec())
    }

    /// The name of the function that a func value calls.
    pub fn function_name(&self, v: Value) -> Option<String> {
        let closure = self.word_of(v).ok().filter(|w| *w != 0 && self.ty(v.ty).kind == Kind::Func)?;
        // SAFETY: a closure object begins with the entry of its function.
        let entry = unsafe { mem::load_u64(closure as *const u8) } as u32;
        let image = &self.vm.image;
        image.program.funcs.get(image.func_at(entry)).map(|f| f.name.clone())
    }

    /// The variable that is written to.
    fn variable(&self, v: Value) -> Result<(*mut u8, &'a TypeDesc), Raise> {
        if v.ty == TypeRef::NONE || v.flags & ADDR == 0 {
            return Err(bad_kind());
        }
        Ok((v.word as *mut u8, self.ty(v.ty)))
    }

    /// `v = x`, where both have the same underlying type.
    pub fn set(&mut self, v: Value, x: Value) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        let from = self.ty(x.ty);
        if v.ty != x.ty && !alike(from, desc) {
            return Err(bad_kind());
        }
        // SAFETY: H6: both are live values whose types have one form.
        unsafe {
            if desc.is_mem {
                mem::copy_units(p, x.word as *const u8, desc.size as usize, desc.align as usize);
                return Ok(());
            }
            let regs = self.regs_of(x)?;
            store_value(desc, p, regs.as_ptr());
        }
        Ok(())
    }

    /// `v = x` for a variable `v` of interface type.
    pub fn set_iface(&mut self, v: Value, (ty, data): (TypeRef, u64)) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        if desc.kind != Kind::Interface {
            return Err(bad_kind());
        }
        // SAFETY: H6: a live interface.
        unsafe { mem::store16(p, ty.0.into(), data) };
        Ok(())
    }

    /// A value of interface type `t` that holds `x`.
    pub fn in_iface(&mut self, t: TypeRef, (ty, data): (TypeRef, u64)) -> Result<Value, Raise> {
        if self.ty(t).kind != Kind::Interface {
            return Err(bad_kind());
        }
        self.boxed(t, &[ty.0.into(), data])
    }

    /// `v = word` for a bool, an integer, a float (the word is a float64), or what is one address.
    pub fn set_word(&mut self, v: Value, word: u64) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        if desc.is_mem || desc.leaves.len() != 1 || desc.regs != 1 {
            return Err(bad_kind());
        }
        let word = if desc.kind == Kind::Float32 { (f64::from_bits(word) as f32).to_bits() as u64 } else { word };
        // SAFETY: H6: the variable is alive and of one register.
        unsafe { store_value(desc, p, &word) };
        Ok(())
    }

    /// `v = (re, im)`, rounded for a complex64.
    pub fn set_complex(&mut self, v: Value, (re, im): (f64, f64)) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        let regs = match desc.kind {
            Kind::Complex64 => [(re as f32).to_bits() as u64, (im as f32).to_bits() as u64],
            Kind::Complex128 => [re.to_bits(), im.to_bits()],
            _ => return Err(bad_kind()),
        };
        // SAFETY: H6: the variable is alive and of two registers.
        unsafe { store_value(desc, p, regs.as_ptr()) };
        Ok(())
    }

    /// `v = s`; `s` is a string argument as it stands, address and length.
    pub fn set_string(&mut self, v: Value, (at, len): (u64, u64)) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        if desc.kind != Kind::String {
            return Err(bad_kind());
        }
        // SAFETY: H6: the variable is alive.
        unsafe { mem::store16(p, at, len) };
        Ok(())
    }

    /// `v = b`; `b` is a slice as it stands, whose elements have the form of those of `v`.
    pub fn set_slice(&mut self, v: Value, (at, len, cap): (u64, u64, u64)) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        if desc.kind != Kind::Slice {
            return Err(bad_kind());
        }
        let (low, high) = mem::pack_slice(at, len, cap);
        // SAFETY: H6: the variable is alive.
        unsafe { mem::store16(p, low, high) };
        Ok(())
    }

    /// `v` becomes its type's zero value.
    pub fn set_zero(&mut self, v: Value) -> Result<(), Raise> {
        let (p, desc) = self.variable(v)?;
        // SAFETY: H6: the variable is alive.
        unsafe { mem::zero_units(p, desc.size as usize, desc.align as usize) };
        Ok(())
    }

    /// Whether every bit of a value is zero.
    pub fn is_zero(&self, v: Value) -> bool {
        if v.flags & INDIR == 0 {
            return v.word == 0;
        }
        let size = self.ty(v.ty).size;
        // SAFETY: H6: as in `packed`. Bytes that others change meanwhile give any answer.
        unsafe { strings::bytes(v.word, size) }.iter().all(|b| *b == 0)
    }

    /// A string argument as it stands: address and length.
    pub fn raw_string(&mut self) -> (u64, u64) {
        (self.uint(), self.uint())
    }

    /// A slice argument as it stands: address, length and capacity.
    pub fn raw_slice(&mut self) -> (u64, u64, u64) {
        (self.uint(), self.uint(), self.uint())
    }

    /// `*ptr = x` for a pointer in an interface: `x` is of the pointee's type, or that is an interface type.
    pub fn store_through(&mut self, (t, p): (TypeRef, u64), x: (TypeRef, u64)) -> Result<(), Raise> {
        let elem = self.ty(t).elem;
        let flags = self.ty(elem).kind as u64 | INDIR | ADDR;
        let target = Value { ty: elem, flags, word: p };
        if self.ty(elem).kind == Kind::Interface {
            return self.set_iface(target, x);
        }
        let x = self.opened(x);
        self.set(target, x)
    }

    /// Notes, for conversions of unsafe pointers, that `n` values of type `t` lie at an address.
    pub fn note_memory(&self, at: u64, t: TypeRef, n: u64) {
        self.vm.note_memory(at, t, n);
    }

    /// Raises unless `n` values of type `t` may be used at an address.
    pub fn check_memory(&self, at: u64, t: TypeRef, n: i64) -> Result<(), Raise> {
        let size = self.ty(t).size;
        let fits = |n: &u64| *n <= mem::MAX_SLICE_LEN && n.checked_mul(size).is_some_and(|b| b < 1 << 47);
        let Some(n) = u64::try_from(n).ok().filter(fits) else {
            return Err(Raise::Runtime("unsafe.Slice: len out of range".into()));
        };
        if at == 0 && n > 0 {
            return Err(Raise::Runtime("unsafe.Slice: ptr is nil and len is not zero".into()));
        }
        self.vm.check_memory(at, t, n)
    }

    /// Whether type `t` has all methods of interface type `interface`.
    pub fn implements(&self, t: TypeRef, interface: TypeRef) -> bool {
        if self.ty(t).kind == Kind::Interface {
            let have = &self.ty(t).imethods;
            return self.ty(interface).imethods.iter().all(|m| have.contains(m));
        }
        iface::implements(self.vm, t.0 as u64, interface)
    }

    /// Whether comparing an interface value with itself cannot raise.
    pub fn is_comparable(&self, (ty, data): (TypeRef, u64)) -> bool {
        iface::equal(self.vm, (ty.0 as u64, data), (ty.0 as u64, data)).is_ok()
    }
}

/// Whether values of two types have one form, as far as their parts tell.
pub fn alike(v: &TypeDesc, t: &TypeDesc) -> bool {
    (v.kind, v.elem, v.key, v.size, v.is_mem) == (t.kind, t.elem, t.key, t.size, t.is_mem)
        && v.leaves == t.leaves
        && (v.len == t.len || v.kind == Kind::Chan)
        && v.fields.len() == t.fields.len()
        && v.fields.iter().zip(&t.fields).all(|(a, b)| (a.ty, a.offset) == (b.ty, b.offset))
        && (&v.params, &v.results) == (&t.params, &t.results)
}
