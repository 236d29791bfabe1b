//! The parts of values: fields, elements, what pointers and interfaces lead to, slices of slices, entries of maps.

use super::{ADDR, EMBED_RO, INDIR, MAX_REGS, RO, STICKY_RO, Value, bad_kind, ro};
use crate::native::Native;
use crate::raise::Raise;
use crate::value::{load_leaves, store_value};
use crate::{maps, slices};
use gol_bytecode::{Kind, TypeRef};
use gol_heap::mem;

impl Native<'_> {
    /// Gives the bytes of a slice (shared) or of an array (its own memory) of 8-bit elements as a `[]byte`.
    pub fn give_bytes_of(&mut self, v: Value) -> Result<(), Raise> {
        let desc = self.ty(v.ty);
        let (p, len, cap) = match desc.kind {
            Kind::Array if v.flags & ADDR != 0 => (v.word, desc.len, desc.len),
            // What is no variable must stay as it is.
            Kind::Array => {
                // SAFETY: H6: an array's word is the address of a live one.
                let copy = unsafe { self.vm.copy_value(self.w, v.ty, v.word as *const u8)? };
                (copy as u64, desc.len, desc.len)
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
            Kind::Map => Ok(unsafe { maps::len(self.word_of(v)?) }),
            // SAFETY: as above.
            Kind::Chan => Ok(unsafe { crate::chans::len(self.word_of(v)?) }),
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
            Kind::Chan => Ok(unsafe { crate::chans::cap(self.word_of(v)?) }),
            _ => Err(bad_kind()),
        }
    }

    /// The address that identifies a chan, func, map, pointer, slice or string.
    pub fn pointer_of(&self, v: Value) -> Result<u64, Raise> {
        match self.ty(v.ty).kind {
            Kind::Slice => Ok(self.slice_of(v)?.0),
            Kind::String => Ok(self.string_of(v)?.0),
            Kind::Chan | Kind::Func | Kind::Map | Kind::Pointer | Kind::UnsafePointer => self.word_of(v),
            _ => Err(bad_kind()),
        }
    }

    /// Field `i` of a struct; the error is for the library to word.
    pub fn field(&self, v: Value, i: usize) -> Result<Value, Raise> {
        let t = self.ty(v.ty);
        let field = t.fields.get(i).filter(|_| t.kind == Kind::Struct).ok_or_else(bad_kind)?;
        let part = self.ty(field.ty);
        let closed = match (field.pkg.is_empty(), field.embedded) {
            (true, _) => 0,
            (false, true) => EMBED_RO,
            (false, false) => STICKY_RO,
        };
        let flags = part.kind as u64 | v.flags & (STICKY_RO | INDIR | ADDR) | closed;
        let word = match v.flags & INDIR {
            // A struct of one register: the field is that, or has no size.
            0 => v.word * u64::from(part.regs.min(1)),
            _ => v.word + u64::from(field.offset),
        };
        Ok(Value { ty: field.ty, flags, word })
    }

    /// Element `i` of an array, slice or string; `None` if there is none.
    pub fn element(&self, v: Value, i: i64) -> Result<Option<Value>, Raise> {
        let t = self.ty(v.ty);
        if i < 0 || i as u64 >= self.len_of(v)? {
            return Ok(None);
        }
        let flags = ro(v.flags);
        let (p, flags) = match t.kind {
            Kind::Array => (v.word, flags | v.flags & (INDIR | ADDR)),
            Kind::Slice => (self.slice_of(v)?.0, flags | INDIR | ADDR),
            _ => {
                let (p, _) = self.string_of(v)?;
                // SAFETY: H6: within the string.
                let byte = unsafe { mem::load_u8((p + i as u64) as *const u8) };
                let flags = flags | Kind::Uint8 as u64;
                return Ok(Some(Value { ty: self.well_known().uint8, flags, word: byte.into() }));
            }
        };
        let elem = self.ty(t.elem);
        Ok(Some(Value { ty: t.elem, flags: flags | elem.kind as u64, word: p + i as u64 * elem.size }))
    }

    /// What an interface holds or a pointer points to; the zero Value if it is nil.
    pub fn elem_of(&self, v: Value) -> Result<Value, Raise> {
        let t = self.ty(v.ty);
        match t.kind {
            Kind::Interface => {
                // SAFETY: H6: the word of an interface is the address of its unit.
                let (ty, data) = unsafe { mem::load16(v.word as *const u8) };
                let inner = self.opened((TypeRef(ty as u32), data));
                if inner.ty == TypeRef::NONE {
                    return Ok(inner);
                }
                Ok(Value { flags: inner.flags | ro(v.flags), ..inner })
            }
            Kind::Pointer => match self.word_of(v)? {
                0 => Ok(Value::default()),
                word => {
                    let flags = self.ty(t.elem).kind as u64 | INDIR | ADDR | v.flags & RO;
                    Ok(Value { ty: t.elem, flags, word })
                }
            },
            _ => Err(bad_kind()),
        }
    }

    /// A new slice of slice type `t`.
    pub fn new_slice(&mut self, t: TypeRef, len: i64, cap: i64) -> Result<Value, Raise> {
        let mut regs = [0; 3];
        let elem = self.ty(t).elem;
        // SAFETY: V2: the array has room.
        unsafe { slices::make(self.vm, self.w, regs.as_mut_ptr(), elem, len, cap)? };
        self.boxed(t, &regs)
    }

    /// `v[i:j:k]` of a slice, or of an array that is a variable, as slice type `t`. The bounds are in range.
    pub fn reslice(&mut self, v: Value, t: TypeRef, [i, j, k]: [u64; 3]) -> Result<Value, Raise> {
        let desc = self.ty(v.ty);
        let (p, cap) = match desc.kind {
            Kind::Array if v.flags & ADDR != 0 => (v.word, desc.len),
            _ => {
                let (p, _, cap) = self.slice_of(v)?;
                (p, cap)
            }
        };
        if i > j || j > k || k > cap || self.ty(t).kind != Kind::Slice {
            return Err(bad_kind());
        }
        let at = if i == k { p } else { p + i * self.ty(desc.elem).size };
        self.boxed(t, &[at, j - i, k - i])
    }

    /// The slice with `n` more elements, moved if its capacity does not do. With `clear` the new ones are zero.
    pub fn extended(&mut self, v: Value, n: u64, clear: bool) -> Result<Value, Raise> {
        let elem = self.ty(v.ty).elem;
        let (p, len, cap) = self.slice_of(v)?;
        let mut to = [0; 3];
        // SAFETY: V2: the arrays are a slice and have room for one.
        unsafe {
            match clear {
                true => slices::grow(self.vm, self.w, elem, to.as_mut_ptr(), [p, len, cap].as_ptr(), n)?,
                // Without clearing only room is made: what lies behind the length stays.
                false if len + n <= cap => to = [p, len + n, cap],
                false => slices::grow(self.vm, self.w, elem, to.as_mut_ptr(), [p, len, cap].as_ptr(), n)?,
            }
        }
        self.boxed(v.ty, &to)
    }

    /// Element type, address of the first element and length of an array or slice.
    fn elements(&self, v: Value) -> Result<(TypeRef, u64, u64), Raise> {
        let t = self.ty(v.ty);
        match t.kind {
            Kind::Array => Ok((t.elem, v.word, t.len)),
            _ => self.slice_of(v).map(|(p, len, _)| (t.elem, p, len)),
        }
    }

    /// Copies elements to an array or slice from an array, slice or string; gives their number.
    pub fn copy_elements(&mut self, to: Value, from: Value) -> Result<u64, Raise> {
        let (t, p, len) = self.elements(to)?;
        let (q, n) = match self.ty(from.ty).kind {
            Kind::String => self.string_of(from)?,
            _ => {
                let (_, q, n) = self.elements(from)?;
                (q, n)
            }
        };
        let desc = self.ty(t);
        let n = n.min(len);
        // SAFETY: H6: both have that many elements of one form, as the library has checked.
        unsafe { mem::copy_units(p as *mut u8, q as *const u8, (n * desc.size) as usize, desc.align as usize) };
        Ok(n)
    }

    /// Zeroes all elements of a slice.
    pub fn clear_elements(&mut self, v: Value) -> Result<(), Raise> {
        let (t, p, len) = self.elements(v)?;
        let desc = self.ty(t);
        // SAFETY: H6: within the slice.
        unsafe { mem::zero_units(p as *mut u8, (len * desc.size) as usize, desc.align as usize) };
        Ok(())
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

    /// A map's word and description, for the functions of `maps`.
    fn map_of(&self, m: Value) -> Result<u64, Raise> {
        if m.ty == TypeRef::NONE || self.ty(m.ty).kind != Kind::Map {
            return Err(bad_kind());
        }
        self.word_of(m)
    }

    /// `m[key]`; the zero Value if it is not there. The key is of the map's key type.
    pub fn map_get(&mut self, m: Value, key: Value) -> Result<Value, Raise> {
        let (map, t) = (self.map_of(m)?, self.ty(m.ty));
        let k = self.regs_of(key)?;
        let mut value = [0; MAX_REGS];
        // SAFETY: V2: a map of that type; the bool after the value has room too.
        unsafe { maps::get(self.vm, self.w, m.ty, map, k.as_ptr(), value.as_mut_ptr(), true)? };
        if value[self.ty(t.elem).regs as usize] == 0 {
            return Ok(Value::default());
        }
        let v = self.boxed(t.elem, &value)?;
        Ok(Value { flags: v.flags | ro(m.flags | key.flags), ..v })
    }

    /// `m[key] = value`, both of the map's types.
    pub fn map_set(&mut self, m: Value, key: Value, value: Value) -> Result<(), Raise> {
        let map = self.map_of(m)?;
        let (key, value) = (self.regs_of(key)?, self.regs_of(value)?);
        // SAFETY: V2, as above.
        unsafe { maps::set(self.vm, self.w, m.ty, map, key.as_ptr(), value.as_ptr()) }
    }

    /// `delete(m, key)`.
    pub fn map_delete(&mut self, m: Value, key: Value) -> Result<(), Raise> {
        let map = self.map_of(m)?;
        let key = self.regs_of(key)?;
        // SAFETY: V2, as above.
        unsafe { maps::delete(self.vm, m.ty, map, key.as_ptr()) }
    }

    /// `clear(m)`.
    pub fn map_clear(&mut self, m: Value) -> Result<(), Raise> {
        let map = self.map_of(m)?;
        // SAFETY: V2, as above.
        unsafe { maps::clear(self.vm, m.ty, map) }
    }

    /// The address of a new iterator over a map.
    pub fn map_iter(&mut self, m: Value) -> Result<u64, Raise> {
        let map = self.map_of(m)?;
        // SAFETY: V2, as above.
        unsafe { maps::iter(self.vm, self.w, m.ty, map) }
    }

    /// The next entry of an iterator over map `m`; `None` at the end.
    pub fn map_next(&mut self, m: Value, it: u64) -> Result<Option<(Value, Value)>, Raise> {
        let t = self.ty(m.ty);
        self.map_of(m)?;
        let (mut key, mut value) = ([0; MAX_REGS], [0; MAX_REGS]);
        // SAFETY: V2: the library keeps an iterator together with its map.
        let more = unsafe { maps::next(self.vm, self.w, m.ty, it, key.as_mut_ptr(), value.as_mut_ptr())? };
        if !more {
            return Ok(None);
        }
        let (key, value) = (self.boxed(t.key, &key)?, self.boxed(t.elem, &value)?);
        let closed = ro(m.flags);
        Ok(Some((Value { flags: key.flags | closed, ..key }, Value { flags: value.flags | closed, ..value })))
    }

    /// A new empty map of map type `t` with room for `n` entries.
    pub fn new_map(&mut self, t: TypeRef, n: i64) -> Result<Value, Raise> {
        // SAFETY: V1: the type is a map's.
        let word = unsafe { maps::make(self.vm, self.w, t, n)? };
        Ok(Value { ty: t, flags: Kind::Map as u64, word })
    }
}
