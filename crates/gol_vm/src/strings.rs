//! Strings: joining, conversions, runes.

use crate::Vm;
use crate::raise::Raise;
use gol_heap::{LayoutId, mem};
use gol_runtime::Worker;

/// What stands for a byte that is not part of a valid encoding.
pub(crate) const RUNE_ERROR: u32 = 0xFFFD;

/// The bytes of the string in registers `r..2`.
///
/// # Safety
/// V2: the registers hold a string. Its bytes never change; the slice must not outlive the next safepoint.
#[inline(always)]
pub(crate) unsafe fn at<'a>(base: *const u64, r: u16) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { bytes(*base.add(r as usize), *base.add(r as usize + 1)) }
}

/// The bytes of a string given by address and length.
///
/// # Safety
/// As [`at`].
#[inline(always)]
pub(crate) unsafe fn bytes<'a>(p: u64, len: u64) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(p as *const u8, len as usize) }
}

/// The rune at the start of `s` (not empty) and its length; U+FFFD and 1 for what is no valid encoding.
pub(crate) fn decode(s: &[u8]) -> (u32, usize) {
    let wrong = (RUNE_ERROR, 1);
    let more = |i: usize| s.get(i).filter(|b| **b & 0xC0 == 0x80).map(|b| (*b & 0x3F) as u32);
    let first = s[0] as u32;
    let (rune, n, least) = match first {
        0..=0x7F => return (first, 1),
        0xC2..=0xDF => (more(1).map(|a| (first & 0x1F) << 6 | a), 2, 0x80),
        0xE0..=0xEF => (more(1).zip(more(2)).map(|(a, b)| (first & 0xF) << 12 | a << 6 | b), 3, 0x800),
        0xF0..=0xF4 => {
            let rest = more(1).zip(more(2)).zip(more(3));
            (rest.map(|((a, b), c)| (first & 7) << 18 | a << 12 | b << 6 | c), 4, 0x10000)
        }
        _ => return wrong,
    };
    match rune {
        Some(r) if r >= least && char::from_u32(r).is_some() => (r, n),
        _ => wrong,
    }
}

/// Appends the encoding of a rune; anything but a code point becomes U+FFFD.
pub(crate) fn encode(rune: u32, out: &mut Vec<u8>) {
    let c = char::from_u32(rune).unwrap_or('\u{FFFD}');
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// A new string with these bytes.
pub(crate) fn new(vm: &Vm, w: &mut Worker, s: &[u8]) -> Result<(u64, u64), Raise> {
    if s.is_empty() {
        return Ok((0, 0));
    }
    let p = vm.alloc(w, s.len(), LayoutId::NOSCAN)?;
    // SAFETY: fresh memory of this size.
    unsafe { std::ptr::copy_nonoverlapping(s.as_ptr(), p, s.len()) };
    Ok((p as u64, s.len() as u64))
}

/// The address of a new 16-byte unit that holds a new string: the data word of an interface with a string.
pub(crate) fn boxed(vm: &Vm, w: &mut Worker, s: &[u8]) -> Result<u64, Raise> {
    let (p, len) = new(vm, w, s)?;
    let unit = vm.alloc(w, 16, LayoutId::CONSERVATIVE)?;
    // SAFETY: H6: fresh memory of 16 bytes.
    unsafe { mem::store16(unit, p, len) };
    Ok(unit as u64)
}

/// `d..2` = the `n` strings at `s`, joined.
///
/// # Safety
/// V2.
pub(crate) unsafe fn concat(vm: &Vm, w: &mut Worker, d: *mut u64, s: *const u64, n: usize) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let (mut total, mut pieces, mut last) = (0u64, 0, 0);
        for i in 0..n {
            let len = *s.add(2 * i + 1);
            total += len;
            if len != 0 {
                pieces += 1;
                last = i;
            }
        }
        if pieces <= 1 {
            let (p, len) = (*s.add(2 * last), *s.add(2 * last + 1));
            *d = p;
            *d.add(1) = len;
            return Ok(());
        }
        let p = vm.alloc(w, total as usize, LayoutId::NOSCAN)?;
        let mut to = p;
        for i in 0..n {
            let piece = bytes(*s.add(2 * i), *s.add(2 * i + 1));
            std::ptr::copy_nonoverlapping(piece.as_ptr(), to, piece.len());
            to = to.add(piece.len());
        }
        *d = p as u64;
        *d.add(1) = total;
    }
    Ok(())
}

/// `d..3` = `[]byte` of the string at `s..2`.
///
/// # Safety
/// V2.
pub(crate) unsafe fn to_bytes(vm: &Vm, w: &mut Worker, d: *mut u64, s: *const u64) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let text = bytes(*s, *s.add(1));
        let cap = gol_heap::go_round_up_size(text.len(), true);
        let p = vm.alloc(w, cap, LayoutId::NOSCAN)?;
        std::ptr::copy_nonoverlapping(text.as_ptr(), p, text.len());
        *d = p as u64;
        *d.add(1) = text.len() as u64;
        *d.add(2) = cap as u64;
    }
    Ok(())
}

/// `d..2` = string of the bytes at `s..3`, which others may be changing: they are copied first.
///
/// # Safety
/// V2.
pub(crate) unsafe fn from_bytes(vm: &Vm, w: &mut Worker, d: *mut u64, s: *const u64) -> Result<(), Raise> {
    // SAFETY: V2.
    unsafe {
        let (from, len) = (*s as *const u8, *s.add(1));
        let p = if len == 0 { std::ptr::null_mut() } else { vm.alloc(w, len as usize, LayoutId::NOSCAN)? };
        if len != 0 {
            mem::copy_units(p, from, len as usize, 1);
        }
        *d = p as u64;
        *d.add(1) = len;
    }
    Ok(())
}

/// `d..3` = `[]rune` of the string at `s..2`.
///
/// # Safety
/// V2.
pub(crate) unsafe fn to_runes(vm: &Vm, w: &mut Worker, d: *mut u64, s: *const u64) -> Result<(), Raise> {
    // SAFETY: V2; the array has room for each rune.
    unsafe {
        let text = bytes(*s, *s.add(1));
        let mut runes = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let (rune, n) = decode(&text[at..]);
            runes.push(rune);
            at += n;
        }
        let size = gol_heap::go_round_up_size(runes.len() * 4, true);
        let p = vm.alloc(w, size, LayoutId::NOSCAN)?;
        std::ptr::copy_nonoverlapping(runes.as_ptr(), p.cast(), runes.len());
        *d = p as u64;
        *d.add(1) = runes.len() as u64;
        *d.add(2) = size as u64 / 4;
    }
    Ok(())
}

/// `d..2` = string of the runes at `s..3`.
///
/// # Safety
/// V2.
pub(crate) unsafe fn from_runes(vm: &Vm, w: &mut Worker, d: *mut u64, s: *const u64) -> Result<(), Raise> {
    // SAFETY: V2, H6 for each element.
    unsafe {
        let (p, len) = (*s as *const u8, *s.add(1) as usize);
        let mut text = Vec::with_capacity(len);
        (0..len).for_each(|i| encode(mem::load_u32(p.add(i * 4)), &mut text));
        let (q, n) = new(vm, w, &text)?;
        *d = q;
        *d.add(1) = n;
    }
    Ok(())
}

/// `d..2` = string of one rune.
///
/// # Safety
/// V2.
pub(crate) unsafe fn from_rune(vm: &Vm, w: &mut Worker, d: *mut u64, rune: u64) -> Result<(), Raise> {
    let mut text = Vec::with_capacity(4);
    encode(u32::try_from(rune).unwrap_or(RUNE_ERROR), &mut text);
    let (p, n) = new(vm, w, &text)?;
    // SAFETY: V2.
    unsafe {
        *d = p;
        *d.add(1) = n;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_takes_one_byte_of_what_is_wrong() {
        assert_eq!(decode("é!".as_bytes()), (0xE9, 2));
        assert_eq!(decode("世".as_bytes()), (0x4E16, 3));
        assert_eq!(decode("😀".as_bytes()), (0x1F600, 4));
        for wrong in [&b"\xff"[..], b"\xc0\x80", b"\xe4\xb8", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"] {
            assert_eq!(decode(wrong), (RUNE_ERROR, 1), "{wrong:x?}");
        }
    }
}
