//! Values of types that are known only at run time: what `internal/reflectlite` and `fmt` see of a value.
//!
//! A [`Value`] is an interface value: a type and a data word. A value of an interface type has no box of its own, so
//! [`Native::value_at`] gives the inner interface value for it. Everything here copies; the only ways to change a
//! variable are the `store` functions, which take its address as a pointer value.

use crate::native::Native;
use crate::raise::Raise;
use crate::value::{load_leaves, store_value};
use crate::{iface, maps, strings};
use gol_bytecode::{Kind, LeafKind, TypeDesc, TypeRef};
use gol_heap::mem;

/// An interface value: a value with its dynamic type. Nil: [`TypeRef::NONE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    /// The dynamic type.
    pub ty: TypeRef,
    /// The interface's data word.
    pub data: u64,
}

/// Registers of the largest value that is not Mem; see `gol_bytecode::TypeDesc::is_mem`.
const MAX_REGS: usize = 64;

/// A value's registers.
struct Regs([u64; MAX_REGS]);

/// `reflectlite: bad kind`: a fault of the library, not of the program.
fn bad_kind() -> Raise {
    Raise::Plain("reflectlite: bad kind".into())
}

impl<'a> Native<'a> {
    /// The description of a type.
    pub fn ty(&self, t: TypeRef) -> &'a TypeDesc {
        self.vm.image.ty(t)
    }

    /// An interface argument.
    pub fn value(&mut self) -> Value {
        let (ty, data) = self.iface();
        Value { ty, data }
    }

    /// Gives an interface value.
    pub fn give_value(&mut self, v: Value) {
        self.give_iface(v.ty, v.data);
    }

    /// A `[]any` of these values as a result.
    pub fn give_values(&mut self, v: &[Value]) -> Result<(), Raise> {
        if v.is_empty() {
            (0..3).for_each(|_| self.give_pointer(0));
            return Ok(());
        }
        let units = self.vm.alloc(self.w, v.len() * 16, gol_heap::LayoutId::CONSERVATIVE)?;
        for (i, v) in v.iter().enumerate() {
            // SAFETY: H6: fresh memory with room for each unit.
            unsafe { mem::store16(units.add(i * 16), v.ty.0 as u64, v.data) };
        }
        self.give_pointer(units as u64);
        self.give_uint(v.len() as u64);
        self.give_uint(v.len() as u64);
        Ok(())
    }

    fn regs(&self, v: Value) -> Regs {
        let mut regs = Regs([0; MAX_REGS]);
        // SAFETY: V2: an interface's data word is as its type says, and the array has room.
        unsafe { iface::unbox(self.vm, v.ty, v.data, regs.0.as_mut_ptr()) };
        regs
    }

    /// The interface value that holds a value of type `t` in these registers.
    fn boxed(&mut self, t: TypeRef, regs: &[u64]) -> Result<Value, Raise> {
        if self.ty(t).kind == Kind::Interface {
            return Ok(Value { ty: TypeRef(regs[0] as u32), data: regs[1] });
        }
        let mut to = [0; 2];
        // SAFETY: V2: the registers hold a value of that type.
        unsafe { iface::make(self.vm, self.w, t, to.as_mut_ptr(), regs.as_ptr())? };
        Ok(Value { ty: TypeRef(to[0] as u32), data: to[1] })
    }

    /// The value of type `t` in memory at `p`, copied.
    ///
    /// # Safety
    /// H6 for the value.
    unsafe fn value_at(&mut self, t: TypeRef, p: *const u8) -> Result<Value, Raise> {
        let mut regs = Regs([0; MAX_REGS]);
        // SAFETY: the caller's promise.
        unsafe { self.vm.load_value(self.w, t, p, regs.0.as_mut_ptr())? };
        self.boxed(t, &regs.0)
    }

    /// The zero value of type `t`; nil for an interface type.
    pub fn zero(&mut self, t: TypeRef) -> Result<Value, Raise> {
        let mut regs = Regs([0; MAX_REGS]);
        // SAFETY: V2: the array has room.
        unsafe { self.vm.zero_value(self.w, t, regs.0.as_mut_ptr())? };
        self.boxed(t, &regs.0)
    }

    /// The same value with another type, whose underlying type is the same.
    pub fn convert(&mut self, v: Value, t: TypeRef) -> Value {
        Value { ty: t, data: v.data }
    }

    /// The word of a bool, an integer, a float or anything that is one address.
    pub fn word_of(&self, v: Value) -> Result<u64, Raise> {
        if v.ty == TypeRef::NONE || self.ty(v.ty).regs != 1 { Err(bad_kind()) } else { Ok(v.data) }
    }

    /// A float as float64.
    pub fn float_of(&self, v: Value) -> Result<f64, Raise> {
        match self.ty(v.ty).kind {
            Kind::Float32 => Ok(f32::from_bits(v.data as u32) as f64),
            Kind::Float64 => Ok(f64::from_bits(v.data)),
            _ => Err(bad_kind()),
        }
    }

    /// A complex number as complex128.
    pub fn complex_of(&self, v: Value) -> Result<(f64, f64), Raise> {
        let [re, im, ..] = self.regs(v).0;
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
        let [p, len, ..] = self.regs(v).0;
        Ok((p, len))
    }

    /// Address, length and capacity of a slice.
    pub fn slice_of(&self, v: Value) -> Result<(u64, u64, u64), Raise> {
        if v.ty == TypeRef::NONE || self.ty(v.ty).kind != Kind::Slice {
            return Err(bad_kind());
        }
        let [p, len, cap, ..] = self.regs(v).0;
        Ok((p, len, cap))
    }

    /// Gives the bytes of a slice (shared) or array (copied) of 8-bit elements as a `[]byte`.
    pub fn give_bytes_of(&mut self, v: Value) -> Result<(), Raise> {
        let (p, len, cap) = match self.ty(v.ty).kind {
            Kind::Array => {
                // SAFETY: H6: a Mem value's data word is the address of a live copy.
                let copy = unsafe { self.vm.copy_value(self.w, v.ty, v.data as *const u8)? };
                let len = self.ty(v.ty).len;
                (copy as u64, len, len)
            }
            _ => self.slice_of(v)?,
        };
        self.give_uint(p);
        self.give_uint(len);
        self.give_uint(cap);
        Ok(())
    }

    /// The length of an array, chan, map, slice or string.
    pub fn len_of(&self, v: Value) -> Result<u64, Raise> {
        let t = self.ty(v.ty);
        match t.kind {
            Kind::Array => Ok(t.len),
            Kind::String => Ok(self.string_of(v)?.1),
            Kind::Slice => Ok(self.slice_of(v)?.1),
            // SAFETY: V2: the word is a map or a channel.
            Kind::Map => Ok(unsafe { maps::len(v.data) }),
            // SAFETY: as above.
            Kind::Chan => Ok(unsafe { crate::chans::len(v.data) }),
            _ => Err(bad_kind()),
        }
    }

    /// The capacity of an array, chan or slice.
    pub fn cap_of(&self, v: Value) -> Result<u64, Raise> {
        let t = self.ty(v.ty);
        match t.kind {
            Kind::Array => Ok(t.len),
            Kind::Slice => Ok(self.slice_of(v)?.2),
            // SAFETY: V2: the word is a channel.
            Kind::Chan => Ok(unsafe { crate::chans::cap(v.data) }),
            _ => Err(bad_kind()),
        }
    }

    /// The address that identifies a chan, func, map, pointer or slice.
    pub fn pointer_of(&self, v: Value) -> Result<u64, Raise> {
        match self.ty(v.ty).kind {
            Kind::Slice => Ok(self.slice_of(v)?.0),
            Kind::Chan | Kind::Func | Kind::Map | Kind::Pointer | Kind::UnsafePointer => Ok(v.data),
            _ => Err(bad_kind()),
        }
    }

    /// Field `i` of a struct.
    pub fn field(&mut self, v: Value, i: usize) -> Result<Value, Raise> {
        let t = self.ty(v.ty);
        let field = t.fields.get(i).filter(|_| t.kind == Kind::Struct).ok_or_else(bad_kind)?;
        if t.is_mem {
            // SAFETY: H6: a Mem value's data word is the address of a live copy, and the field lies in it.
            return unsafe { self.value_at(field.ty, (v.data as *const u8).add(field.offset as usize)) };
        }
        let before: usize = t.fields[..i].iter().map(|f| self.ty(f.ty).regs as usize).sum();
        let regs = self.regs(v);
        self.boxed(field.ty, &regs.0[before..])
    }

    /// Element `i` of an array or slice; raises if there is none.
    pub fn element(&mut self, v: Value, i: i64) -> Result<Value, Raise> {
        let (t, p, len) = self.elements(v)?;
        if i < 0 || i as u64 >= len {
            return Err(Raise::index(i, len));
        }
        // SAFETY: H6: the element lies in the array.
        unsafe { self.value_at(t, (p as *const u8).add(i as usize * self.ty(t).size as usize)) }
    }

    /// Element type, address of the first element and length of an array, slice or non-nil pointer to an array.
    fn elements(&self, v: Value) -> Result<(TypeRef, u64, u64), Raise> {
        let t = self.ty(v.ty);
        match t.kind {
            Kind::Array => Ok((t.elem, v.data, t.len)),
            Kind::Slice => self.slice_of(v).map(|(p, len, _)| (t.elem, p, len)),
            Kind::Pointer if self.ty(t.elem).kind == Kind::Array && v.data != 0 => {
                let array = self.ty(t.elem);
                Ok((array.elem, v.data, array.len))
            }
            _ => Err(bad_kind()),
        }
    }

    /// What a pointer points to; raises if it is nil.
    pub fn deref(&mut self, v: Value) -> Result<Value, Raise> {
        let (p, t) = self.pointee(v)?;
        // SAFETY: H6: the pointee is alive while the native runs.
        unsafe { self.value_at(t, p) }
    }

    /// Address and type of what a pointer points to; raises if it is nil or no pointer.
    fn pointee(&self, v: Value) -> Result<(*mut u8, TypeRef), Raise> {
        if v.ty == TypeRef::NONE || self.ty(v.ty).kind != Kind::Pointer {
            return Err(bad_kind());
        }
        if v.data == 0 {
            return Err(Raise::nil());
        }
        Ok((v.data as *mut u8, self.ty(v.ty).elem))
    }

    /// `*ptr = v`: `v` is of the pointee's type, or the pointee's type is an interface.
    pub fn store(&mut self, ptr: Value, v: Value) -> Result<(), Raise> {
        let (p, t) = self.pointee(ptr)?;
        // SAFETY: H6: the pointee is alive; V2: the registers hold a value of its type.
        unsafe { self.store_at(p, t, v) };
        Ok(())
    }

    /// # Safety
    /// H6 for the value at `p`, which is of type `t`; `v` is of that type or `t` is an interface.
    unsafe fn store_at(&self, p: *mut u8, t: TypeRef, v: Value) {
        let desc = self.ty(t);
        // SAFETY: the caller's promise.
        unsafe {
            if desc.kind == Kind::Interface {
                mem::store16(p, v.ty.0 as u64, v.data);
            } else {
                let regs = self.regs(Value { ty: t, data: v.data });
                store_value(desc, p, regs.0.as_ptr());
            }
        }
    }

    /// `*ptr = word` for a pointer to a bool, an integer or a float64: cut to the pointee's size.
    pub fn store_word(&mut self, ptr: Value, word: u64) -> Result<(), Raise> {
        let (p, t) = self.pointee(ptr)?;
        let desc = self.ty(t);
        if desc.regs != 1 || desc.is_mem || matches!(desc.leaves[0].kind, LeafKind::Ptr) {
            return Err(bad_kind());
        }
        let word = if desc.kind == Kind::Float32 { (f64::from_bits(word) as f32).to_bits() as u64 } else { word };
        // SAFETY: H6: the pointee is alive and of one register.
        unsafe { store_value(desc, p, &word) };
        Ok(())
    }

    /// `*ptr = (re, im)`, rounded for a complex64.
    pub fn store_complex(&mut self, ptr: Value, (re, im): (f64, f64)) -> Result<(), Raise> {
        let (p, t) = self.pointee(ptr)?;
        let desc = self.ty(t);
        let regs = match desc.kind {
            Kind::Complex64 => [(re as f32).to_bits() as u64, (im as f32).to_bits() as u64],
            Kind::Complex128 => [re.to_bits(), im.to_bits()],
            _ => return Err(bad_kind()),
        };
        // SAFETY: H6: the pointee is alive and of two registers.
        unsafe { store_value(desc, p, regs.as_ptr()) };
        Ok(())
    }

    /// `*ptr = s` for a pointer to a string; `s` is a string argument as it stands, address and length.
    pub fn store_string(&mut self, ptr: Value, (at, len): (u64, u64)) -> Result<(), Raise> {
        let (p, t) = self.pointee(ptr)?;
        if self.ty(t).kind != Kind::String {
            return Err(bad_kind());
        }
        // SAFETY: H6: the pointee is alive.
        unsafe { mem::store16(p, at, len) };
        Ok(())
    }

    /// `*ptr = b` for a pointer to a slice; `b` is a slice argument as it stands.
    pub fn store_slice(&mut self, ptr: Value, (at, len, cap): (u64, u64, u64)) -> Result<(), Raise> {
        let (p, t) = self.pointee(ptr)?;
        if self.ty(t).kind != Kind::Slice {
            return Err(bad_kind());
        }
        let (low, high) = mem::pack_slice(at, len, cap);
        // SAFETY: H6: the pointee is alive.
        unsafe { mem::store16(p, low, high) };
        Ok(())
    }

    /// A string argument as it stands: address and length.
    pub fn raw_string(&mut self) -> (u64, u64) {
        (self.uint(), self.uint())
    }

    /// A slice argument as it stands: address, length and capacity.
    pub fn raw_slice(&mut self) -> (u64, u64, u64) {
        (self.uint(), self.uint(), self.uint())
    }

    /// A pointer of pointer type `ptr` to a new zero value.
    pub fn new_value(&mut self, ptr: TypeRef) -> Result<Value, Raise> {
        let t = self.ty(ptr).elem;
        let p = self.vm.new_array(self.w, t, 1)?;
        Ok(Value { ty: ptr, data: p as u64 })
    }

    /// `&ptr.field(i)`; an error if the program has no such pointer type.
    pub fn field_pointer(&mut self, ptr: Value, i: usize) -> Result<Value, Raise> {
        let (p, t) = self.pointee(ptr)?;
        let field = self.ty(t).fields.get(i).ok_or_else(bad_kind)?;
        // SAFETY: the field lies in the struct.
        let at = unsafe { p.add(field.offset as usize) };
        self.pointer_to(field.ty, at as u64)
    }

    /// `&v[i]` for a slice or a non-nil pointer to an array.
    pub fn element_pointer(&mut self, v: Value, i: i64) -> Result<Value, Raise> {
        let (t, p, len) = self.elements(v)?;
        if i < 0 || i as u64 >= len {
            return Err(Raise::index(i, len));
        }
        self.pointer_to(t, p + i as u64 * self.ty(t).size)
    }

    fn pointer_to(&mut self, t: TypeRef, at: u64) -> Result<Value, Raise> {
        match self.ty(t).ptr_to {
            TypeRef::NONE => Err(Raise::Plain(format!("reflectlite: the program has no type *{}", self.ty(t).name))),
            ty => Ok(Value { ty, data: at }),
        }
    }

    /// A new slice of slice type `t`.
    pub fn new_slice(&mut self, t: TypeRef, len: i64, cap: i64) -> Result<Value, Raise> {
        let mut regs = [0; 3];
        let elem = self.ty(t).elem;
        // SAFETY: V2: the array has room.
        unsafe { crate::slices::make(self.vm, self.w, regs.as_mut_ptr(), elem, len, cap)? };
        self.boxed(t, &regs)
    }

    /// `v[i:j]` of a slice; the bounds are in range.
    pub fn reslice(&mut self, v: Value, i: u64, j: u64) -> Result<Value, Raise> {
        let (p, _, cap) = self.slice_of(v)?;
        if i > j || j > cap {
            return Err(Raise::Bounds(format!("slice bounds out of range [{i}:{j}]")));
        }
        let at = if i == cap { p } else { p + i * self.ty(self.ty(v.ty).elem).size };
        self.boxed(v.ty, &[at, j - i, cap - i])
    }

    /// Swaps two elements of a slice.
    pub fn swap(&mut self, v: Value, i: i64, j: i64) -> Result<(), Raise> {
        let (t, p, len) = self.elements(v)?;
        for at in [i, j] {
            if at < 0 || at as u64 >= len {
                return Err(Raise::index(at, len));
            }
        }
        let desc = self.ty(t);
        let (size, align) = (desc.size as usize, desc.align as usize);
        let at = |i: i64| (p as usize + i as usize * size) as *mut u8;
        if desc.leaves.len() == 1 && !desc.is_mem {
            let (mut x, mut y) = ([0; 3], [0; 3]);
            // SAFETY: H6: both elements lie in the slice.
            unsafe {
                load_leaves(&desc.leaves, at(i), x.as_mut_ptr());
                load_leaves(&desc.leaves, at(j), y.as_mut_ptr());
                store_value(desc, at(i), y.as_ptr());
                store_value(desc, at(j), x.as_ptr());
            }
            return Ok(());
        }
        // SAFETY: H6: both elements lie in the slice, and the copy is fresh.
        unsafe {
            let copy = self.vm.copy_value(self.w, t, at(i))?;
            mem::copy_units(at(i), at(j), size, align);
            mem::copy_units(at(j), copy, size, align);
        }
        Ok(())
    }

    /// All keys and values of a map.
    pub fn map_entries(&mut self, v: Value) -> Result<(Vec<Value>, Vec<Value>), Raise> {
        let t = self.ty(v.ty);
        if t.kind != Kind::Map {
            return Err(bad_kind());
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        // SAFETY: V2: the word is a map of that type; the registers have room for its keys and values.
        unsafe {
            let it = maps::iter(self.vm, self.w, v.ty, v.data)?;
            let (mut key, mut value) = (Regs([0; MAX_REGS]), Regs([0; MAX_REGS]));
            while maps::next(self.vm, self.w, v.ty, it, key.0.as_mut_ptr(), value.0.as_mut_ptr())? {
                keys.push(self.boxed(t.key, &key.0)?);
                values.push(self.boxed(t.elem, &value.0)?);
            }
        }
        Ok((keys, values))
    }

    /// `m[key]`; `None` if it is not there.
    pub fn map_get(&mut self, m: Value, key: Value) -> Result<Option<Value>, Raise> {
        let t = self.ty(m.ty);
        let key = self.regs_as(t.key, key);
        let mut value = Regs([0; MAX_REGS]);
        // SAFETY: V2, as above; the bool after the value has room too.
        unsafe { maps::get(self.vm, self.w, m.ty, m.data, key.0.as_ptr(), value.0.as_mut_ptr(), true)? };
        if value.0[self.ty(t.elem).regs as usize] == 0 {
            return Ok(None);
        }
        self.boxed(t.elem, &value.0).map(Some)
    }

    /// `m[key] = value`.
    pub fn map_put(&mut self, m: Value, key: Value, value: Value) -> Result<(), Raise> {
        let t = self.ty(m.ty);
        let (key, value) = (self.regs_as(t.key, key), self.regs_as(t.elem, value));
        // SAFETY: V2, as above.
        unsafe { maps::set(self.vm, self.w, m.ty, m.data, key.0.as_ptr(), value.0.as_ptr()) }
    }

    /// `delete(m, key)`.
    pub fn map_delete(&mut self, m: Value, key: Value) -> Result<(), Raise> {
        let key = self.regs_as(self.ty(m.ty).key, key);
        // SAFETY: V2, as above.
        unsafe { maps::delete(self.vm, m.ty, m.data, key.0.as_ptr()) }
    }

    /// A new empty map of map type `t`.
    pub fn new_map(&mut self, t: TypeRef) -> Result<Value, Raise> {
        // SAFETY: V1: the type is a map's.
        let data = unsafe { maps::make(self.vm, self.w, t, 0)? };
        Ok(Value { ty: t, data })
    }

    /// The registers of `v` seen as type `t`: an interface type takes the interface value itself.
    fn regs_as(&self, t: TypeRef, v: Value) -> Regs {
        if self.ty(t).kind != Kind::Interface {
            return self.regs(Value { ty: t, data: v.data });
        }
        let mut regs = Regs([0; MAX_REGS]);
        regs.0[0] = v.ty.0 as u64;
        regs.0[1] = v.data;
        regs
    }

    /// Whether type `t` has all methods of interface type `interface`.
    pub fn implements(&self, t: TypeRef, interface: TypeRef) -> bool {
        if self.ty(t).kind == Kind::Interface {
            let have = &self.ty(t).imethods;
            return self.ty(interface).imethods.iter().all(|m| have.contains(m));
        }
        iface::implements(self.vm, t.0 as u64, interface)
    }

    /// Whether comparing `v` with itself cannot raise.
    pub fn is_comparable(&self, v: Value) -> bool {
        iface::equal(self.vm, (v.ty.0 as u64, v.data), (v.ty.0 as u64, v.data)).is_ok()
    }

    /// A string on the heap as an interface value of type `string`.
    pub fn string_value(&mut self, s: &[u8]) -> Result<Value, Raise> {
        let data = strings::boxed(self.vm, self.w, s)?;
        Ok(Value { ty: self.vm.image.program.well_known.string, data })
    }
}
