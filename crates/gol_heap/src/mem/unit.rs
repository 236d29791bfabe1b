//! 16-byte units: one atomic access each.
//!
//! x86-64: a processor with AVX makes aligned 16-byte SSE loads and stores atomic (Intel SDM volume 3A section 9.1.1; AMD APM volume 2 section 7.3.2 says
//! the same). AArch64: with LSE2, aligned `ldp` and `stp` of two words are. The compiler knows neither, hence the inline assembly. Elsewhere: `portable-atomic`.

/// Whether this processor moves 16 bytes atomically; the reason if not. To be asked once, at start.
pub fn check_cpu() -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    if !std::arch::is_x86_feature_detected!("avx") {
        return Err("gol needs an x86-64 processor with AVX (for atomic 16-byte memory access)".into());
    }
    #[cfg(target_arch = "aarch64")]
    if !std::arch::is_aarch64_feature_detected!("lse2") {
        return Err("gol needs an ARM processor with LSE2 (for atomic 16-byte memory access)".into());
    }
    Ok(())
}

/// Loads the 16-byte unit at `at` as its low and its high word, in one access.
///
/// # Safety
/// H6; aligned to 16.
#[inline(always)]
pub unsafe fn load16(at: *const u8) -> (u64, u64) {
    debug_assert!((at as usize).is_multiple_of(16) && !at.is_null());
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_cvtsi128_si64, _mm_unpackhi_epi64};
        let unit: __m128i;
        // SAFETY: H6: 16 readable bytes, aligned; the asm only reads them. The intrinsics are SSE2, which x86-64 always has.
        unsafe {
            std::arch::asm!("movdqa {}, [{}]", out(xmm_reg) unit, in(reg) at, options(nostack, preserves_flags, readonly));
            (_mm_cvtsi128_si64(unit) as u64, _mm_cvtsi128_si64(_mm_unpackhi_epi64(unit, unit)) as u64)
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        let (low, high): (u64, u64);
        // SAFETY: H6: 16 readable bytes, aligned.
        unsafe {
            std::arch::asm!("ldp {}, {}, [{}]", out(reg) low, out(reg) high, in(reg) at, options(nostack, preserves_flags, readonly));
        }
        (low, high)
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        // SAFETY: H6: 16 readable bytes, aligned.
        let unit = unsafe { (*at.cast::<portable_atomic::AtomicU128>()).load(portable_atomic::Ordering::Relaxed) };
        (unit as u64, (unit >> 64) as u64)
    }
}

/// Stores the 16-byte unit at `at`, in one access, after all stores before it.
///
/// # Safety
/// H6; aligned to 16.
#[inline(always)]
pub unsafe fn store16(at: *mut u8, low: u64, high: u64) {
    debug_assert!((at as usize).is_multiple_of(16) && !at.is_null());
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::_mm_set_epi64x;
        // SAFETY: H6: 16 writable bytes, aligned. Stores of x86-64 are release.
        unsafe {
            let unit = _mm_set_epi64x(high as i64, low as i64);
            std::arch::asm!("movdqa [{}], {}", in(reg) at, in(xmm_reg) unit, options(nostack, preserves_flags));
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: H6: 16 writable bytes, aligned. The barrier makes it a release.
        unsafe {
            std::arch::asm!("dmb ish", "stp {}, {}, [{}]", in(reg) low, in(reg) high, in(reg) at, options(nostack, preserves_flags));
        }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let unit = low as u128 | (high as u128) << 64;
        // SAFETY: H6: 16 writable bytes, aligned.
        unsafe { (*at.cast::<portable_atomic::AtomicU128>()).store(unit, portable_atomic::Ordering::Release) }
    }
}

/// Copies whole units, in the order that overlapping allows.
///
/// # Safety
/// H6; addresses and size are multiples of 16.
#[inline(always)]
pub(super) unsafe fn copy16(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: H6.
    unsafe {
        if (to as usize) <= (from as usize) {
            for at in (0..bytes).step_by(16) {
                copy_unit(to.add(at), from.add(at));
            }
        } else {
            for at in (0..bytes).step_by(16).rev() {
                copy_unit(to.add(at), from.add(at));
            }
        }
    }
}

/// Sets whole units to zero.
///
/// # Safety
/// H6; address and size are multiples of 16.
#[inline(always)]
pub(super) unsafe fn zero16(to: *mut u8, bytes: usize) {
    for at in (0..bytes).step_by(16) {
        // SAFETY: H6.
        unsafe { store16(to.add(at), 0, 0) };
    }
}

/// Copies one unit without a detour through general registers.
///
/// # Safety
/// H6; aligned to 16.
#[inline(always)]
unsafe fn copy_unit(to: *mut u8, from: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: H6: 16 readable and 16 writable bytes, aligned.
    unsafe {
        std::arch::asm!("movdqa {t}, [{from}]", "movdqa [{to}], {t}", t = out(xmm_reg) _, from = in(reg) from, to = in(reg) to,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: H6: as above.
    unsafe {
        let (low, high) = load16(from);
        store16(to, low, high);
    }
}
