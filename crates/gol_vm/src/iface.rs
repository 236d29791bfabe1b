//! Interfaces: boxing, type assertions, method lookup, equality.
//!
//! The data word holds a value of one register directly, unless the type is Mem; otherwise it is the address of an
//! immutable copy in memory form. So the word tells nothing without the type id, and boxing allocates only for values
//! of two registers and more.

use crate::raise::Raise;
use crate::value::{load_leaves, store_value};
use crate::{Vm, equal};
use gol_bytecode::{Kind, MethodId, TypeDesc, TypeRef};
use gol_runtime::Worker;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// `d..2` = interface with the value of type `t` in registers from `s` on.
///
/// # Safety
/// V2.
pub(crate) unsafe fn make(vm: &Vm, w: &mut Worker, t: TypeRef, d: *mut u64, s: *const u64) -> Result<(), Raise> {
    let desc = vm.image.ty(t);
    // SAFETY: V2; the box has room for the value.
    unsafe {
        let data = match desc.regs {
            0 => 0,
            1 => *s,
            _ => {
                let meta = vm.image.types.meta(t);
                let p = vm.alloc(w, meta.size, meta.layout)?;
                store_value(desc, p, s);
                p as u64
            }
        };
        *d = t.0 as u64;
        *d.add(1) = data;
    }
    Ok(())
}

/// `d..` = the value of type `t` that an interface with this data word holds.
///
/// # Safety
/// V2; the interface's dynamic type is `t`.
#[inline]
pub(crate) unsafe fn unbox(vm: &Vm, t: TypeRef, data: u64, d: *mut u64) {
    let desc = vm.image.ty(t);
    // SAFETY: V2; the word of a type that is not direct points to a live copy.
    unsafe {
        match desc.regs {
            0 => {}
            1 => *d = data,
            _ => load_leaves(&desc.leaves, data as *const u8, d),
        }
    }
}

/// `x == y`; an error when both hold the same type and it cannot be compared.
pub(crate) fn equal(vm: &Vm, x: (u64, u64), y: (u64, u64)) -> Result<bool, Raise> {
    // SAFETY: an interface's data word is as its type says.
    let equal = unsafe { equal::interfaces_equal(&vm.image.types, x.0, x.1, y.0, y.1) };
    equal.map_err(|t| uncomparable(vm, t.0))
}

/// Whether the Mem values of type `t` at these addresses are equal.
pub(crate) fn equal_mem(vm: &Vm, t: TypeRef, x: u64, y: u64) -> Result<bool, Raise> {
    // SAFETY: V2: both are addresses of live values of type `t`.
    unsafe { equal::equal(&vm.image.types, t, x as *const u8, y as *const u8) }.map_err(|t| uncomparable(vm, t.0))
}

fn uncomparable(vm: &Vm, t: TypeRef) -> Raise {
    Raise::Runtime(format!("comparing uncomparable type {}", vm.image.ty(t).name))
}

/// Whether dynamic type `dynamic` (0: no) has all methods of interface `t`.
pub(crate) fn implements(vm: &Vm, dynamic: u64, t: TypeRef) -> bool {
    dynamic != 0 && missing_method(vm, TypeRef(dynamic as u32), t).is_none()
}

/// The first method of interface `t`, by name, that `dynamic` lacks.
fn missing_method(vm: &Vm, dynamic: TypeRef, t: TypeRef) -> Option<MethodId> {
    let (have, want) = (vm.image.ty(dynamic), vm.image.ty(t));
    let has = |m: &MethodId| have.methods.binary_search_by_key(m, |d| d.id).is_ok();
    let missing = want.imethods.iter().copied().filter(|m| !has(m));
    missing.min_by(|x, y| name_of(vm, *x).cmp(name_of(vm, *y)))
}

fn name_of(vm: &Vm, m: MethodId) -> &str {
    &vm.image.program.methods[m.0 as usize].name
}

/// The panic of a failed assertion to type `t` of an interface of static type `src`.
#[cold]
pub(crate) fn assert_error(vm: &Vm, dynamic: u64, t: TypeRef, src: TypeRef) -> Raise {
    let (want, src) = (vm.image.ty(t), vm.image.ty(src));
    let interface = &src.name;
    let have = TypeRef(dynamic as u32);
    let text = if dynamic == 0 {
        format!("interface conversion: {interface} is nil, not {}", want.name)
    } else if want.kind == Kind::Interface {
        let missing = missing_method(vm, have, t).map_or("", |m| name_of(vm, m));
        format!("interface conversion: {} is not {}: missing method {missing}", vm.image.ty(have).name, want.name)
    } else {
        let (have, mut text) = (vm.image.ty(have), String::new());
        if have.name == want.name {
            text = if pkg(have) == pkg(want) {
                " (types from different scopes)".into()
            } else {
                " (types from different packages)".into()
            };
        }
        format!("interface conversion: {interface} is {}, not {}{text}", have.name, want.name)
    };
    let text = if dynamic == 0 && want.kind == Kind::Interface {
        format!("interface conversion: interface is nil, not {}", want.name)
    } else {
        text
    };
    Raise::TypeAssertion(text)
}

/// The package of a declared type, or of the unexported fields of a struct type: what makes types of one text different.
fn pkg(ty: &TypeDesc) -> &str {
    let fields = ty.fields.iter().map(|f| &f.pkg[..]);
    std::iter::once(&ty.pkg[..]).chain(fields).find(|p| !p.is_empty()).unwrap_or_default()
}

/// Entry pc of method `method` of dynamic type `dynamic`; `None` for a nil interface.
#[inline]
pub(crate) fn find_method(vm: &Vm, dynamic: u64, method: u64) -> Option<u32> {
    if dynamic == 0 {
        return None;
    }
    let entry = vm.image.methods.find(dynamic, method);
    Some(entry.expect("the compiler compiles every method that is called through an interface"))
}

/// The same by way of an inline cache: a word with the type id in its high half and the entry in its low half.
///
/// # Safety
/// V1: `cache` is a cache word of the image.
#[inline(always)]
pub(crate) unsafe fn method_entry(vm: &Vm, cache: *mut u64, dynamic: u64, method: u64) -> Option<u32> {
    // SAFETY: cache words are only ever accessed as atomics, and any value found there is a pair once stored whole.
    let cache = unsafe { AtomicU64::from_ptr(cache) };
    let known = cache.load(Relaxed);
    if known >> 32 == dynamic && dynamic != 0 {
        return Some(known as u32);
    }
    let entry = find_method(vm, dynamic, method)?;
    cache.store(dynamic << 32 | entry as u64, Relaxed);
    Some(entry)
}

/// Whether a value of this type has an `Error() string` or `String() string` method.
pub(crate) fn has_text_method(vm: &Vm, t: u64) -> bool {
    vm.image.ty(TypeRef(t as u32)).methods.iter().any(|m| matches!(name_of(vm, m.id), "Error" | "String"))
}
