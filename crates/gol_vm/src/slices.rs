//! Slices: making, slicing, growing.

use crate::Vm;
use crate::raise::Raise;
use gol_bytecode::TypeRef;
use gol_heap::{go_round_up_size, mem};
use gol_runtime::Worker;

/// More than any slice can hold: a packed slice has 40 bits for its length.
const MAX_LEN: u64 = 1 << 40;
/// More than the heap ever has.
const MAX_BYTES: u64 = 1 << 47;

const HAS_LO: u64 = 1 << 32;
const HAS_HI: u64 = 1 << 33;
const HAS_MAX: u64 = 1 << 34;
const IS_ARRAY: u64 = 1 << 35;

/// The three bounds of a slice expression, checked in Go's order; gives lo, hi, max.
fn bounds(x: [i64; 3], flags: u64, len: u64, cap: u64, what: &str) -> Result<(u64, u64, u64), Raise> {
    let fail = |s: String| Err(Raise::Bounds(format!("slice bounds out of range {s}")));
    let out = |v: i64, limit: u64| v as u64 > limit;
    let max = if flags & HAS_MAX != 0 { x[2] } else { cap as i64 };
    let hi = if flags & HAS_HI != 0 { x[1] } else { len as i64 };
    let lo = if flags & HAS_LO != 0 { x[0] } else { 0 };
    let number = |v: i64, rest: &str, limit: String| {
        if v < 0 {
            format!("[{rest}]").replace('#', &v.to_string())
        } else {
            format!("[{rest}]").replace('#', &v.to_string()) + &limit
        }
    };
    if flags & HAS_MAX != 0 {
        if out(max, cap) {
            return fail(number(max, "::#", format!(" with {what} {cap}")));
        }
        if out(hi, max as u64) {
            return fail(if hi < 0 { format!("[:{hi}:]") } else { format!("[:{hi}:{max}]") });
        }
        if out(lo, hi as u64) {
            return fail(if lo < 0 { format!("[{lo}::]") } else { format!("[{lo}:{hi}:]") });
        }
        return Ok((lo as u64, hi as u64, max as u64));
    }
    if out(hi, cap) {
        return fail(number(hi, ":#", format!(" with {what} {cap}")));
    }
    if out(lo, hi as u64) {
        return fail(if lo < 0 { format!("[{lo}:]") } else { format!("[{lo}:{hi}]") });
    }
    Ok((lo as u64, hi as u64, max as u64))
}

/// `R[a..3] = R[b..3][...]`; see `SliceOp`.
///
/// # Safety
/// V2.
pub(crate) unsafe fn slice(base: *mut u64, a: u16, b: u16, c: u16, k: u64) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let (s, x) = (base.add(b as usize), base.add(c as usize));
        let (p, len, cap) = (*s, *s.add(1), *s.add(2));
        let what = if k & IS_ARRAY != 0 { "length" } else { "capacity" };
        let x = std::array::from_fn(|i| if k >> (32 + i) & 1 != 0 { *x.add(i) as i64 } else { 0 });
        let (lo, hi, max) = bounds(x, k, len, cap, what)?;
        let d = base.add(a as usize);
        // An empty slice at the end must not point past its array, where another object may lie.
        *d = if lo == max { p } else { p + lo * (k as u32 as u64) };
        *d.add(1) = hi - lo;
        *d.add(2) = max - lo;
    }
    Ok(())
}

/// `R[a..2] = R[b..2][lo:hi]` of a string.
///
/// # Safety
/// V2.
pub(crate) unsafe fn slice_string(base: *mut u64, a: u16, b: u16, c: u16, k: u64) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let (s, x) = (base.add(b as usize), base.add(c as usize));
        let (p, len) = (*s, *s.add(1));
        let x = [0, 1].map(|i| if k >> (32 + i) & 1 != 0 { *x.add(i) as i64 } else { 0 });
        let (lo, hi, _) = bounds([x[0], x[1], 0], k & !HAS_MAX, len, len, "length")?;
        let d = base.add(a as usize);
        *d = if lo == len { p } else { p + lo };
        *d.add(1) = hi - lo;
    }
    Ok(())
}

/// lo, hi and max of a slice expression with bounds at `x`, if they are in range.
///
/// # Safety
/// V2.
#[inline(always)]
pub(crate) unsafe fn plain_bounds(x: *const u64, flags: u64, len: u64, cap: u64) -> Option<(u64, u64, u64)> {
    // SAFETY: V2.
    let bound = |i: usize, flag: u64, other: u64| if flags & flag != 0 { unsafe { *x.add(i) } } else { other };
    let (lo, hi, max) = (bound(0, HAS_LO, 0), bound(1, HAS_HI, len), bound(2, HAS_MAX, cap));
    (max <= cap && hi <= max && lo <= hi).then_some((lo, hi, max))
}

/// The length of the slice unit at `p`.
///
/// # Safety
/// H6.
pub(crate) unsafe fn len_at(p: *const u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = mem::load16(p);
        mem::unpack_slice(low, high).1
    }
}

/// `make([]t, len, cap)` into `d..3`.
///
/// # Safety
/// V2.
pub(crate) unsafe fn make(vm: &Vm, w: &mut Worker, d: *mut u64, t: TypeRef, len: i64, cap: i64) -> Result<(), Raise> {
    let meta = vm.image.types.meta(t);
    let too_many = |n: i64| n < 0 || n as u64 >= MAX_LEN || (n as u64).saturating_mul(meta.size as u64) >= MAX_BYTES;
    if too_many(len) {
        return Err(Raise::Runtime("makeslice: len out of range".into()));
    }
    if too_many(cap) || cap < len {
        return Err(Raise::Runtime("makeslice: cap out of range".into()));
    }
    let p = vm.alloc(w, meta.size * cap as usize, meta.layout)?;
    // SAFETY: V2.
    unsafe {
        *d = p as u64;
        *d.add(1) = len as u64;
        *d.add(2) = cap as u64;
    }
    Ok(())
}

/// `d..3` = the slice at `s..3` with `n` more elements of type `t`, moved if its capacity does not do.
///
/// # Safety
/// V2.
#[inline]
pub(crate) unsafe fn grow(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    d: *mut u64,
    s: *const u64,
    n: u64,
) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let (p, len, cap) = (*s, *s.add(1), *s.add(2));
        let new_len = len + n;
        if new_len <= cap {
            let meta = vm.image.types.meta(t);
            if n > 1 {
                let align = vm.image.ty(t).align as usize;
                mem::zero_units((p as *mut u8).add(len as usize * meta.size), n as usize * meta.size, align);
            }
            *d = p;
            *d.add(1) = new_len;
            *d.add(2) = cap;
            return Ok(());
        }
        let (q, new_cap) = grown(vm, w, t, p, len, cap, new_len)?;
        *d = q;
        *d.add(1) = new_len;
        *d.add(2) = new_cap;
    }
    Ok(())
}

/// A larger array with the first `len` elements of the one at `p`; gives its address and capacity, which are Go's:
/// doubling up to 256 elements, then growing by a quarter and 192 more, rounded up to Go's size classes.
#[cold]
#[inline(never)]
unsafe fn grown(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    p: u64,
    len: u64,
    cap: u64,
    new_len: u64,
) -> Result<(u64, u64), Raise> {
    let (meta, desc) = (vm.image.types.meta(t), vm.image.ty(t));
    // Go's element size decides the capacity that a program can see.
    let (size, go_size) = (meta.size as u64, desc.go_size);
    if new_len >= MAX_LEN || new_len.saturating_mul(size) >= MAX_BYTES {
        return Err(Raise::Runtime("growslice: len out of range".into()));
    }
    let mut want = cap;
    if new_len > cap * 2 {
        want = new_len;
    } else if cap < 256 {
        want = cap * 2;
    } else {
        while want < new_len {
            want += (want + 3 * 256) >> 2;
        }
    }
    let noscan = desc.ptr_words.iter().all(|b| *b == 0);
    let room = go_round_up_size((want * go_size) as usize, noscan) as u64;
    // Elements without size need no room; the capacity is then the length.
    let new_cap = room.checked_div(go_size).unwrap_or(new_len);
    let q = vm.alloc(w, (new_cap * size) as usize, meta.layout)?;
    // SAFETY: both arrays have `len` elements, and nobody knows the new one yet.
    unsafe { mem::copy_units(q, p as *const u8, (len * size) as usize, desc.align as usize) };
    Ok((q as u64, new_cap))
}

/// `d..3` = the slice at `s..3` with the `n` elements at `from` behind it.
///
/// # Safety
/// V2; `from` has `n` elements of type `t`.
pub(crate) unsafe fn append(
    vm: &Vm,
    w: &mut Worker,
    t: TypeRef,
    d: *mut u64,
    s: *const u64,
    from: *const u8,
    n: u64,
) -> Result<(), Raise> {
    // SAFETY: V2. The elements may lie in the very slice, so room is made without clearing it.
    unsafe {
        let (p, len, cap) = (*s, *s.add(1), *s.add(2));
        let (size, align) = (vm.image.types.meta(t).size, vm.image.ty(t).align as usize);
        let (p, cap) = if len + n <= cap { (p, cap) } else { grown(vm, w, t, p, len, cap, len + n)? };
        if n > 0 {
            mem::copy_units((p as *mut u8).add(len as usize * size), from, n as usize * size, align);
        }
        *d = p;
        *d.add(1) = len + n;
        *d.add(2) = cap;
    }
    Ok(())
}

/// The panic of a slice-to-array conversion.
#[cold]
pub(crate) fn array_length(len: u64, n: u64) -> Raise {
    Raise::Bounds(format!("cannot convert slice with length {len} to array or pointer to array with length {n}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(x: [i64; 3], flags: u64, len: u64, cap: u64) -> String {
        match bounds(x, flags, len, cap, "capacity") {
            Err(Raise::Bounds(s)) => s.replace("slice bounds out of range ", ""),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn texts_are_gos() {
        assert_eq!(text([0, 9, 0], HAS_HI, 3, 5), "[:9] with capacity 5");
        assert_eq!(text([0, -1, 0], HAS_HI, 3, 5), "[:-1]");
        assert_eq!(text([4, 2, 0], HAS_LO | HAS_HI, 3, 5), "[4:2]");
        assert_eq!(text([4, 0, 0], HAS_LO, 3, 5), "[4:3]");
        assert_eq!(text([-1, 0, 0], HAS_LO, 3, 5), "[-1:]");
        assert_eq!(text([0, 1, 9], HAS_HI | HAS_MAX, 3, 5), "[::9] with capacity 5");
        assert_eq!(text([0, 4, 3], HAS_HI | HAS_MAX, 3, 5), "[:4:3]");
        assert_eq!(text([3, 2, 3], HAS_LO | HAS_HI | HAS_MAX, 3, 5), "[3:2:]");
    }
}
