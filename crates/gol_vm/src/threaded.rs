//! The instructions that programs spend their time in: one small function each, which ends by jumping to the next one's.
//!
//! A function here carries out the plain case of its instruction and nothing else. Where something is not plain (a nil
//! pointer, an index out of range, a request to give way, no room on the stack), and for every instruction without a
//! function here, it *leaves*: it returns to the loop in [`crate::interp`] with `pc` still at the instruction, which the
//! loop then carries out from the start. So no function here raises, parks, or sees a goroutine.
//!
//! The jump is a call in tail position with the caller's own arguments, which optimised builds compile to a jump: the
//! functions have no locals whose address escapes and nothing to drop. That is not a promise of the language, so only builds
//! that are known to do so rely on it (`cfg(jumps)`, set by the build script, and no debug assertions): in all others each function returns after one
//! instruction and the loop calls the next one. `docs/decisions/0007-dispatch.md` has the figures.
//!
//! The invariants V1, V2 and V4 that the unsafe code rests on are listed at the crate root.

use crate::interp::NIL_PAGE;
use crate::value::{load_leaf, load_leaves, store_leaf};
use crate::{Vm, convert, maps, slices, strings};
use gol_bytecode::{LeafKind, Op, TypeRef, ops};
use gol_heap::mem;
use gol_runtime::Worker;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// What does not change while a worker runs one goroutine.
pub(crate) struct Context<'a> {
    pub(crate) vm: &'a Vm,
    /// The worker's guard: what a frame must stay below, or 0.
    pub(crate) guard: *const AtomicU64,
    /// The image's code.
    pub(crate) code: *const u64,
    /// The block of globals.
    pub(crate) globals: *mut u8,
    /// The worker.
    pub(crate) worker: *mut Worker,
}

/// Where to go on: `pc`, and register 0 of the frame.
pub(crate) type Step = (*const u64, *mut u64);

type Handler = unsafe fn(*const u64, *mut u64, &Context<'_>, *const Handlers) -> Step;

#[derive(Clone, Copy)]
struct Handlers(Handler);

/// Carries out instructions from `pc` on, as long as they are plain; gives the place of the first one that is not. (Without
/// `cfg(jumps)`: at most one.)
///
/// # Safety
/// V1 for `pc`, V2 for `base`; the goroutine whose frame that is runs on the worker of `cx`.
#[inline(always)]
pub(crate) unsafe fn run(pc: *const u64, base: *mut u64, cx: &Context<'_>) -> Step {
    // SAFETY: the caller's promises.
    unsafe {
        let op = *pc.cast::<u16>().add(lane(0)) as usize;
        (TABLE[op].0)(pc, base, cx, TABLE.as_ptr())
    }
}

/// Whether the 32-bit word at `p` was `from`; then it is `to` now.
///
/// # Safety
/// H6: the types of the script say that such a word lies there.
#[inline(always)]
unsafe fn change(p: u64, from: u32, to: u32, order: Ordering) -> bool {
    // SAFETY: the caller's promise.
    unsafe { AtomicU32::from_ptr(p as *mut u32).compare_exchange(from, to, order, Relaxed).is_ok() }
}

/// Where in a word, counted in 16-bit parts, operand number `n` is; 0 is the operation.
const fn lane(n: usize) -> usize {
    if cfg!(target_endian = "little") { n } else { 3 - n }
}

/// An instruction that is being carried out.
#[derive(Clone, Copy)]
struct At<'a> {
    pc: *const u64,
    base: *mut u64,
    cx: &'a Context<'a>,
    table: *const Handlers,
}

// SAFETY, for all unsafe blocks in this impl: V1 gives operands and following words their meaning, V2 registers their room.
#[allow(clippy::undocumented_unsafe_blocks)]
impl At<'_> {
    /// Goes on at `pc` with the frame at `base`.
    #[inline(always)]
    fn go(self, pc: *const u64, base: *mut u64) -> Step {
        if cfg!(any(not(jumps), debug_assertions)) {
            return (pc, base);
        }
        unsafe {
            let op = *pc.cast::<u16>().add(lane(0)) as usize;
            ((*self.table.add(op)).0)(pc, base, self.cx, self.table)
        }
    }

    /// Goes on after this instruction of `words` words.
    #[inline(always)]
    fn next(self, words: usize) -> Step {
        self.go(unsafe { self.pc.add(words) }, self.base)
    }

    /// Goes on `off` words after the end of this instruction of `words` words.
    #[inline(always)]
    fn jump(self, words: usize, off: isize) -> Step {
        self.go(unsafe { self.pc.offset(words as isize + off) }, self.base)
    }

    /// The loop is to carry this instruction out.
    #[inline(always)]
    fn leave(self) -> Step {
        (self.pc, self.base)
    }

    #[inline(always)]
    fn operand(self, n: usize) -> u16 {
        unsafe { *self.pc.cast::<u16>().add(lane(n)) }
    }

    #[inline(always)]
    fn a(self) -> u16 {
        self.operand(1)
    }

    #[inline(always)]
    fn b(self) -> u16 {
        self.operand(2)
    }

    #[inline(always)]
    fn c(self) -> u16 {
        self.operand(3)
    }

    /// `b` as a signed constant.
    #[inline(always)]
    fn imm_b(self) -> i64 {
        self.b() as i16 as i64
    }

    /// `c` as a signed constant.
    #[inline(always)]
    fn imm_c(self) -> i64 {
        self.c() as i16 as i64
    }

    /// The 32-bit operand.
    #[inline(always)]
    fn bc(self) -> u32 {
        unsafe { (*self.pc >> 32) as u32 }
    }

    /// Following word number `n`, from 1.
    #[inline(always)]
    fn word(self, n: usize) -> u64 {
        unsafe { *self.pc.add(n) }
    }

    #[inline(always)]
    fn reg(self, n: u16) -> *mut u64 {
        unsafe { self.base.add(n as usize) }
    }

    #[inline(always)]
    fn get(self, n: u16) -> u64 {
        unsafe { *self.reg(n) }
    }

    #[inline(always)]
    fn ra(self) -> u64 {
        self.get(self.a())
    }

    #[inline(always)]
    fn rb(self) -> u64 {
        self.get(self.b())
    }

    #[inline(always)]
    fn rc(self) -> u64 {
        self.get(self.c())
    }

    #[inline(always)]
    fn fa(self) -> f64 {
        f64::from_bits(self.ra())
    }

    #[inline(always)]
    fn fb(self) -> f64 {
        f64::from_bits(self.rb())
    }

    #[inline(always)]
    fn fc(self) -> f64 {
        f64::from_bits(self.rc())
    }

    #[inline(always)]
    fn sb(self) -> f32 {
        f32::from_bits(self.rb() as u32)
    }

    #[inline(always)]
    fn sc(self) -> f32 {
        f32::from_bits(self.rc() as u32)
    }

    /// `R[A] = v`
    #[inline(always)]
    fn set(self, v: u64) {
        unsafe { *self.reg(self.a()) = v }
    }

    /// `R[A] = v`, of an instruction of one word.
    #[inline(always)]
    fn put(self, v: u64) -> Step {
        self.set(v);
        self.next(1)
    }

    #[inline(always)]
    fn put_f(self, v: f64) -> Step {
        self.put(v.to_bits())
    }

    #[inline(always)]
    fn put_s(self, v: f32) -> Step {
        self.put(v.to_bits() as u64)
    }

    #[inline(always)]
    fn put_pair(self, x: u64, y: u64) {
        let d = self.reg(self.a());
        unsafe {
            *d = x;
            *d.add(1) = y;
        }
    }

    /// Jumps by `c` if `yes`.
    #[inline(always)]
    fn jump_if(self, yes: bool) -> Step {
        if yes { self.jump(1, self.c() as i16 as isize) } else { self.next(1) }
    }

    /// Jumps by `c` unless `yes`.
    #[inline(always)]
    fn jump_unless(self, yes: bool) -> Step {
        if yes { self.next(1) } else { self.jump(1, self.c() as i16 as isize) }
    }

    /// Jumps by the 32-bit operand if `yes`.
    #[inline(always)]
    fn jump_far_if(self, yes: bool) -> Step {
        if yes { self.jump(1, self.bc() as i32 as isize) } else { self.next(1) }
    }

    /// Whether to give way is asked for.
    #[inline(always)]
    fn asked(self) -> bool {
        unsafe { (*self.cx.guard).load(Relaxed) == 0 }
    }

    /// A back-edge by `c`, taken if `yes`.
    #[inline(always)]
    fn again(self, yes: bool) -> Step {
        if !yes {
            return self.next(1);
        }
        if self.asked() {
            return self.leave();
        }
        self.jump(1, self.c() as i16 as isize)
    }

    /// A back-edge by the 32-bit operand, taken if `yes`.
    #[inline(always)]
    fn again_far(self, yes: bool) -> Step {
        if !yes {
            return self.next(1);
        }
        if self.asked() {
            return self.leave();
        }
        self.jump(1, self.bc() as i32 as isize)
    }

    /// The back-edge of a counting loop, whose variable becomes `n`.
    #[inline(always)]
    fn count(self, n: u64, yes: bool) -> Step {
        if !yes {
            return self.put(n);
        }
        if self.asked() {
            return self.leave();
        }
        self.set(n);
        self.jump(1, self.c() as i16 as isize)
    }

    /// Loads a leaf through a pointer.
    #[inline(always)]
    fn load(self, kind: LeafKind) -> Step {
        let p = self.rb();
        if p < NIL_PAGE {
            return self.leave();
        }
        unsafe { load_leaf(kind, (p as *const u8).add(self.c() as usize), self.reg(self.a())) };
        self.next(1)
    }

    /// Stores a leaf through a pointer.
    #[inline(always)]
    fn store(self, kind: LeafKind) -> Step {
        let p = self.ra();
        if p < NIL_PAGE {
            return self.leave();
        }
        unsafe { store_leaf(kind, (p as *mut u8).add(self.c() as usize), self.reg(self.b())) };
        self.next(1)
    }

    /// The address of element `index` of the slice or array in `pair..2`.
    #[inline(always)]
    fn element(self, pair: u16, index: u16, size: usize) -> Option<*mut u8> {
        let at = self.get(index);
        unsafe {
            let p = self.reg(pair);
            (at < *p.add(1)).then(|| (*p as *mut u8).add(at as usize * size))
        }
    }

    /// Loads an element.
    #[inline(always)]
    fn load_element(self, kind: LeafKind) -> Step {
        let Some(p) = self.element(self.b(), self.c(), kind.size()) else { return self.leave() };
        unsafe { load_leaf(kind, p, self.reg(self.a())) };
        self.next(1)
    }

    /// Stores an element.
    #[inline(always)]
    fn store_element(self, kind: LeafKind) -> Step {
        let Some(p) = self.element(self.a(), self.b(), kind.size()) else { return self.leave() };
        unsafe { store_leaf(kind, p, self.reg(self.c())) };
        self.next(1)
    }

    /// Changes the 64-bit word through pointer `R[A]`.
    #[inline(always)]
    fn update(self, f: impl FnOnce(u64) -> u64) -> Step {
        let p = self.ra();
        if p < NIL_PAGE {
            return self.leave();
        }
        let p = p + self.c() as u64;
        unsafe { mem::store_u64(p as *mut u8, f(mem::load_u64(p as *const u8))) };
        self.next(1)
    }

    /// Changes the 64-bit element `R[B]` of `R[A..2]`.
    #[inline(always)]
    fn update_element(self, f: impl FnOnce(u64) -> u64) -> Step {
        let Some(p) = self.element(self.a(), self.b(), 8) else { return self.leave() };
        unsafe { mem::store_u64(p, f(mem::load_u64(p))) };
        self.next(1)
    }

    /// The address of element `at` of the slice unit at `slice`.
    #[inline(always)]
    fn element_of(self, slice: *const u8, at: u64, size: usize) -> Option<*mut u8> {
        unsafe {
            let (low, high) = mem::load16(slice);
            let (p, len, _) = mem::unpack_slice(low, high);
            (at < len).then(|| (p as *mut u8).add(at as usize * size))
        }
    }

    /// The address of element `index` of the slice that is a field, at K1, of what register `base` points to.
    #[inline(always)]
    fn field_element(self, base: u16, index: u16, size: usize) -> Option<*mut u8> {
        let p = self.get(base);
        if p < NIL_PAGE {
            return None;
        }
        self.element_of((p + self.word(1)) as *const u8, self.get(index), size)
    }

    /// The address of element `R[K1]` of the slice that is element `index` of `pair..2`.
    #[inline(always)]
    fn element_of_element(self, pair: u16, index: u16, size: usize) -> Option<*mut u8> {
        let slice = self.element(pair, index, 16)?;
        self.element_of(slice, self.get(self.word(1) as u16), size)
    }

    /// The address of element `index` of the array at register `base` that K1 describes.
    #[inline(always)]
    fn array_element(self, base: u16, index: u16, size: usize) -> Option<*mut u8> {
        let (p, at, k) = (self.get(base), self.get(index), self.word(1));
        let inside = p >= NIL_PAGE && at < k >> 32;
        inside.then(|| unsafe { (p as *mut u8).add(k as u32 as usize + at as usize * size) })
    }

    /// Loads the 64-bit word (or byte) at `p`, of an instruction of two words.
    #[inline(always)]
    fn load_at(self, kind: LeafKind, p: Option<*mut u8>) -> Step {
        let Some(p) = p else { return self.leave() };
        unsafe { load_leaf(kind, p, self.reg(self.a())) };
        self.next(2)
    }

    /// Stores `R[C]` at `p`, likewise.
    #[inline(always)]
    fn store_at(self, kind: LeafKind, p: Option<*mut u8>) -> Step {
        let Some(p) = p else { return self.leave() };
        unsafe { store_leaf(kind, p, self.reg(self.c())) };
        self.next(2)
    }

    /// Whether the strings `R[A..2]` and `R[B..2]` are equal.
    #[inline(always)]
    fn same_text(self) -> bool {
        unsafe {
            let (x, y) = (self.reg(self.a()), self.reg(self.b()));
            *x.add(1) == *y.add(1) && (*x == *y || strings::at(self.base, self.a()) == strings::at(self.base, self.b()))
        }
    }

    /// Appends one element of `size` bytes where there is capacity for it; `store` stores it.
    #[inline(always)]
    fn append(self, size: usize, store: impl FnOnce(*mut u8)) -> Step {
        unsafe {
            let s = self.reg(self.b());
            let (p, len, cap) = (*s, *s.add(1), *s.add(2));
            if len >= cap {
                return self.leave();
            }
            store((p as *mut u8).add(len as usize * size));
            let d = self.reg(self.a());
            *d = p;
            *d.add(1) = len + 1;
            *d.add(2) = cap;
        }
        self.next(2)
    }

    /// Enters the function at `entry`, with `nregs` registers, from this instruction of `words` words.
    #[inline(always)]
    fn enter(self, entry: u32, nregs: u32, closure: u64, words: usize) -> Step {
        unsafe {
            let window = self.a();
            let callee = self.reg(window);
            if callee.add(nregs as usize) as u64 > (*self.cx.guard).load(Relaxed) {
                return self.leave();
            }
            *callee.sub(3) = entry as u64;
            *callee.sub(2) = self.pc.add(words).offset_from(self.cx.code) as u64 | (window as u64) << 32;
            *callee.sub(1) = closure;
            self.go(self.cx.code.add(entry as usize), callee)
        }
    }

    /// The registers of the function at `entry`.
    #[inline(always)]
    fn nregs(self, entry: u32) -> u32 {
        unsafe { (*self.cx.code.add(entry as usize - 1) >> 32) as u32 }
    }

    /// Returns to the caller.
    #[inline(always)]
    fn back(self) -> Step {
        unsafe {
            let link = *self.base.sub(2);
            self.go(self.cx.code.add(link as u32 as usize), self.base.sub((link >> 32) as usize))
        }
    }
}

macro_rules! handlers {
    ($($name:ident: |$s:ident| $body:expr;)*) => {
        /// An instruction without a function here.
        unsafe fn leave(pc: *const u64, base: *mut u64, _: &Context<'_>, _: *const Handlers) -> Step {
            (pc, base)
        }

        $(
            #[allow(non_snake_case)]
            unsafe fn $name(pc: *const u64, base: *mut u64, cx: &Context<'_>, table: *const Handlers) -> Step {
                let $s = At { pc, base, cx, table };
                // SAFETY: V1 and V2, as for the methods of At.
                #[allow(unused_unsafe, reason = "a body that only calls safe methods needs none")]
                unsafe { $body }
            }
        )*

        /// What carries out each operation.
        static TABLE: [Handlers; ops::ALL.len()] = {
            let mut table = [Handlers(leave); ops::ALL.len()];
            $(table[Op::$name as usize] = Handlers($name);)*
            table
        };
    };
}

handlers! {
    Nop: |s| s.next(1);
    Mov: |s| s.put(s.rb());
    Mov2: |s| {
        let from = s.reg(s.b());
        s.put_pair(*from, *from.add(1));
        s.next(1)
    };
    Mov3: |s| {
        let from = s.reg(s.b());
        let (x, y, z) = (*from, *from.add(1), *from.add(2));
        s.put_pair(x, y);
        *s.reg(s.a()).add(2) = z;
        s.next(1)
    };
    MovN: |s| {
        std::ptr::copy(s.reg(s.b()), s.reg(s.a()), s.c() as usize);
        s.next(1)
    };
    Zero: |s| {
        let to = s.reg(s.a());
        for i in 0..s.b() as usize {
            to.add(i).write_volatile(0);
        }
        s.next(1)
    };
    LoadI: |s| s.put(s.bc() as i32 as i64 as u64);
    LoadK: |s| {
        s.set(s.word(1));
        s.next(2)
    };
    LoadFunc: |s| {
        s.set(s.word(1));
        s.next(2)
    };
    LoadStr: |s| {
        let text = s.cx.vm.image.program.strings.get_unchecked(s.bc() as usize);
        s.put_pair(text.as_ptr() as u64, text.len() as u64);
        s.next(1)
    };
    LoadCap: |s| s.put(*(*s.base.sub(1) as *const u64).add(1 + s.b() as usize));
    GlobalAddr: |s| s.put(s.cx.globals as u64 + s.bc() as u64);
    LdG: |s| s.put(mem::load_u64(s.cx.globals.add(s.bc() as usize)));
    StG: |s| {
        mem::store_u64(s.cx.globals.add(s.bc() as usize), s.ra());
        s.next(1)
    };

    Add: |s| s.put(s.rb().wrapping_add(s.rc()));
    Sub: |s| s.put(s.rb().wrapping_sub(s.rc()));
    Mul: |s| s.put(s.rb().wrapping_mul(s.rc()));
    DivI: |s| if s.rc() == 0 { s.leave() } else { s.put((s.rb() as i64).wrapping_div(s.rc() as i64) as u64) };
    RemI: |s| if s.rc() == 0 { s.leave() } else { s.put((s.rb() as i64).wrapping_rem(s.rc() as i64) as u64) };
    DivU: |s| if s.rc() == 0 { s.leave() } else { s.put(s.rb() / s.rc()) };
    RemU: |s| if s.rc() == 0 { s.leave() } else { s.put(s.rb() % s.rc()) };
    And: |s| s.put(s.rb() & s.rc());
    Or: |s| s.put(s.rb() | s.rc());
    Xor: |s| s.put(s.rb() ^ s.rc());
    AndNot: |s| s.put(s.rb() & !s.rc());
    Shl: |s| s.put(if s.rc() < 64 { s.rb() << s.rc() } else { 0 });
    ShrI: |s| s.put(((s.rb() as i64) >> s.rc().min(63)) as u64);
    ShrU: |s| s.put(if s.rc() < 64 { s.rb() >> s.rc() } else { 0 });
    ShiftCheck: |s| if (s.ra() as i64) < 0 { s.leave() } else { s.next(1) };
    AddK: |s| s.put(s.rb().wrapping_add(s.imm_c() as u64));
    MulK: |s| s.put(s.rb().wrapping_mul(s.imm_c() as u64));
    AndK: |s| s.put(s.rb() & s.imm_c() as u64);
    ShlK: |s| s.put(s.rb() << (s.c() & 63));
    ShrIK: |s| s.put(((s.rb() as i64) >> (s.c() & 63)) as u64);
    ShrUK: |s| s.put(s.rb() >> (s.c() & 63));
    DivIK: |s| s.put((s.rb() as i64).wrapping_div(s.imm_c()) as u64);
    RemIK: |s| s.put((s.rb() as i64).wrapping_rem(s.imm_c()) as u64);
    Neg: |s| s.put(s.rb().wrapping_neg());
    Com: |s| s.put(!s.rb());
    Not: |s| s.put(s.rb() ^ 1);
    ExtI8: |s| s.put(s.rb() as i8 as i64 as u64);
    ExtI16: |s| s.put(s.rb() as i16 as i64 as u64);
    ExtI32: |s| s.put(s.rb() as i32 as i64 as u64);
    ExtU8: |s| s.put(s.rb() as u8 as u64);
    ExtU16: |s| s.put(s.rb() as u16 as u64);
    ExtU32: |s| s.put(s.rb() as u32 as u64);

    AddU32: |s| s.put(s.rb().wrapping_add(s.rc()) as u32 as u64);
    AddKU32: |s| s.put(s.rb().wrapping_add(s.imm_c() as u64) as u32 as u64);
    MulU32: |s| s.put(s.rb().wrapping_mul(s.rc()) as u32 as u64);
    ShlKU32: |s| s.put((s.rb() << (s.c() & 63)) as u32 as u64);
    AddI32: |s| s.put(s.rb().wrapping_add(s.rc()) as i32 as i64 as u64);
    AddKI32: |s| s.put(s.rb().wrapping_add(s.imm_c() as u64) as i32 as i64 as u64);
    AddKU8: |s| s.put(s.rb().wrapping_add(s.imm_c() as u64) as u8 as u64);

    AddF: |s| s.put_f(s.fb() + s.fc());
    SubF: |s| s.put_f(s.fb() - s.fc());
    MulF: |s| s.put_f(s.fb() * s.fc());
    DivF: |s| s.put_f(s.fb() / s.fc());
    MulAddF: |s| s.put_f(s.fa() + s.fb() * s.fc());
    MulSubF: |s| s.put_f(s.fa() - s.fb() * s.fc());
    NegF: |s| s.put(s.rb() ^ (1 << 63));
    AddF32: |s| s.put_s(s.sb() + s.sc());
    SubF32: |s| s.put_s(s.sb() - s.sc());
    MulF32: |s| s.put_s(s.sb() * s.sc());
    DivF32: |s| s.put_s(s.sb() / s.sc());
    NegF32: |s| s.put(s.rb() ^ (1 << 31));
    SqrtF: |s| s.put_f(s.fb().sqrt());
    AbsF: |s| s.put(s.rb() & !(1 << 63));
    I2F: |s| s.put_f(s.rb() as i64 as f64);
    U2F: |s| s.put_f(s.rb() as f64);
    F2I: |s| s.put(convert::f64_to_i64(s.fb()) as u64);
    F2U: |s| s.put(convert::f64_to_u64(s.fb()));
    F2I32: |s| s.put(convert::f64_to_i32(s.fb()) as i64 as u64);
    F2F32: |s| s.put_s(s.fb() as f32);
    F322F: |s| s.put_f(s.sb() as f64);
    I2F32: |s| s.put_s(s.rb() as i64 as f32);
    U2F32: |s| s.put_s(s.rb() as f32);

    EqI: |s| s.put((s.rb() == s.rc()) as u64);
    NeI: |s| s.put((s.rb() != s.rc()) as u64);
    LtI: |s| s.put(((s.rb() as i64) < s.rc() as i64) as u64);
    LeI: |s| s.put((s.rb() as i64 <= s.rc() as i64) as u64);
    LtU: |s| s.put((s.rb() < s.rc()) as u64);
    LeU: |s| s.put((s.rb() <= s.rc()) as u64);
    EqF: |s| s.put((s.fb() == s.fc()) as u64);
    NeF: |s| s.put((s.fb() != s.fc()) as u64);
    LtF: |s| s.put((s.fb() < s.fc()) as u64);
    LeF: |s| s.put((s.fb() <= s.fc()) as u64);
    EqF32: |s| s.put((s.sb() == s.sc()) as u64);
    NeF32: |s| s.put((s.sb() != s.sc()) as u64);
    LtF32: |s| s.put((s.sb() < s.sc()) as u64);
    LeF32: |s| s.put((s.sb() <= s.sc()) as u64);
    EqStr: |s| s.put((strings::at(s.base, s.b()) == strings::at(s.base, s.c())) as u64);
    LtStr: |s| s.put((strings::at(s.base, s.b()) < strings::at(s.base, s.c())) as u64);
    LeStr: |s| s.put((strings::at(s.base, s.b()) <= strings::at(s.base, s.c())) as u64);

    Jmp: |s| s.jump(1, s.bc() as i32 as isize);
    Loop: |s| s.again_far(true);
    JTrue: |s| s.jump_far_if(s.ra() != 0);
    JFalse: |s| s.jump_far_if(s.ra() == 0);
    JEqI: |s| s.jump_if(s.ra() == s.rb());
    JNeI: |s| s.jump_if(s.ra() != s.rb());
    JLtI: |s| s.jump_if((s.ra() as i64) < s.rb() as i64);
    JLeI: |s| s.jump_if(s.ra() as i64 <= s.rb() as i64);
    JLtU: |s| s.jump_if(s.ra() < s.rb());
    JLeU: |s| s.jump_if(s.ra() <= s.rb());
    JEqF: |s| s.jump_if(s.fa() == s.fb());
    JNeF: |s| s.jump_if(s.fa() != s.fb());
    JLtF: |s| s.jump_if(s.fa() < s.fb());
    JLeF: |s| s.jump_if(s.fa() <= s.fb());
    JNLtF: |s| s.jump_unless(s.fa() < s.fb());
    JNLeF: |s| s.jump_unless(s.fa() <= s.fb());
    JEqStr: |s| s.jump_if(s.same_text());
    JNeStr: |s| s.jump_if(!s.same_text());
    JEqK: |s| s.jump_if(s.ra() == s.imm_b() as u64);
    JNeK: |s| s.jump_if(s.ra() != s.imm_b() as u64);
    JLtK: |s| s.jump_if((s.ra() as i64) < s.imm_b());
    JLeK: |s| s.jump_if(s.ra() as i64 <= s.imm_b());
    JGtK: |s| s.jump_if(s.ra() as i64 > s.imm_b());
    JGeK: |s| s.jump_if(s.ra() as i64 >= s.imm_b());
    ForLtI: |s| {
        let n = s.ra().wrapping_add(1);
        s.count(n, (n as i64) < s.rb() as i64)
    };
    ForLtK: |s| {
        let n = s.ra().wrapping_add(1);
        s.count(n, (n as i64) < s.imm_b())
    };
    ForE64: |s| {
        let (n, pair) = (s.ra().wrapping_add(1), s.reg(s.b()));
        if n as i64 >= *pair.add(1) as i64 {
            s.set(n);
            return s.next(2);
        }
        if s.asked() {
            return s.leave();
        }
        s.set(n);
        *s.reg(s.word(1) as u16) = mem::load_u64((*pair as *const u8).add(n as usize * 8));
        s.jump(2, s.c() as i16 as isize)
    };
    LoopTrue: |s| s.again_far(s.ra() != 0);
    LoopFalse: |s| s.again_far(s.ra() == 0);
    LoopNeI: |s| s.again(s.ra() != s.rb());
    LoopLtI: |s| s.again((s.ra() as i64) < s.rb() as i64);
    LoopLeI: |s| s.again(s.ra() as i64 <= s.rb() as i64);
    LoopLtF: |s| s.again(s.fa() < s.fb());
    LoopLeF: |s| s.again(s.fa() <= s.fb());
    LoopNeK: |s| s.again(s.ra() != s.imm_b() as u64);
    LoopLtK: |s| s.again((s.ra() as i64) < s.imm_b());
    LoopLeK: |s| s.again(s.ra() as i64 <= s.imm_b());
    LoopGtK: |s| s.again(s.ra() as i64 > s.imm_b());
    LoopGeK: |s| s.again(s.ra() as i64 >= s.imm_b());
    JTable: |s| {
        let (n, at) = (s.b() as usize, s.ra() as usize);
        let off = if at < n { s.word(1 + at) as isize } else { 0 };
        s.jump(1 + n, off)
    };

    LdI8: |s| s.load(LeafKind::I8);
    LdU8: |s| s.load(LeafKind::U8);
    LdI16: |s| s.load(LeafKind::I16);
    LdU16: |s| s.load(LeafKind::U16);
    LdI32: |s| s.load(LeafKind::I32);
    LdU32: |s| s.load(LeafKind::U32);
    Ld64: |s| s.load(LeafKind::W64);
    LdPair: |s| s.load(LeafKind::Str);
    LdSlice: |s| s.load(LeafKind::Slice);
    St8: |s| s.store(LeafKind::U8);
    St16: |s| s.store(LeafKind::U16);
    St32: |s| s.store(LeafKind::U32);
    St64: |s| s.store(LeafKind::W64);
    StPair: |s| s.store(LeafKind::Str);
    StSlice: |s| s.store(LeafKind::Slice);
    NilCheck: |s| if s.ra() < NIL_PAGE { s.leave() } else { s.next(1) };
    AddrOff: |s| if s.rb() < NIL_PAGE { s.leave() } else { s.put(s.rb() + s.c() as u64) };
    AddrOffK: |s| {
        if s.rb() < NIL_PAGE {
            return s.leave();
        }
        s.set(s.rb() + s.word(1));
        s.next(2)
    };

    LdEI8: |s| s.load_element(LeafKind::I8);
    LdEU8: |s| s.load_element(LeafKind::U8);
    LdEI16: |s| s.load_element(LeafKind::I16);
    LdEU16: |s| s.load_element(LeafKind::U16);
    LdEI32: |s| s.load_element(LeafKind::I32);
    LdEU32: |s| s.load_element(LeafKind::U32);
    LdE64: |s| s.load_element(LeafKind::W64);
    LdEPair: |s| s.load_element(LeafKind::Str);
    LdESlice: |s| s.load_element(LeafKind::Slice);
    StE8: |s| s.store_element(LeafKind::U8);
    StE16: |s| s.store_element(LeafKind::U16);
    StE32: |s| s.store_element(LeafKind::U32);
    StE64: |s| s.store_element(LeafKind::W64);
    StEPair: |s| s.store_element(LeafKind::Str);
    StESlice: |s| s.store_element(LeafKind::Slice);
    AddM: |s| s.update(|v| v.wrapping_add(s.rb()));
    AddMK: |s| s.update(|v| v.wrapping_add(s.imm_b() as u64));
    AddFM: |s| s.update(|v| (f64::from_bits(v) + s.fb()).to_bits());
    SubFM: |s| s.update(|v| (f64::from_bits(v) - s.fb()).to_bits());
    AddE: |s| s.update_element(|v| v.wrapping_add(s.rc()));
    AddEK: |s| s.update_element(|v| v.wrapping_add(s.imm_c() as u64));
    AddFE: |s| s.update_element(|v| (f64::from_bits(v) + s.fc()).to_bits());
    LdFE64: |s| s.load_at(LeafKind::W64, s.field_element(s.b(), s.c(), 8));
    LdFEU8: |s| s.load_at(LeafKind::U8, s.field_element(s.b(), s.c(), 1));
    StFE64: |s| s.store_at(LeafKind::W64, s.field_element(s.a(), s.b(), 8));
    StFE8: |s| s.store_at(LeafKind::U8, s.field_element(s.a(), s.b(), 1));
    LdEE64: |s| s.load_at(LeafKind::W64, s.element_of_element(s.b(), s.c(), 8));
    LdEEU8: |s| s.load_at(LeafKind::U8, s.element_of_element(s.b(), s.c(), 1));
    StEE64: |s| s.store_at(LeafKind::W64, s.element_of_element(s.a(), s.b(), 8));
    StEE8: |s| s.store_at(LeafKind::U8, s.element_of_element(s.a(), s.b(), 1));
    LdA64: |s| s.load_at(LeafKind::W64, s.array_element(s.b(), s.c(), 8));
    StA64: |s| s.store_at(LeafKind::W64, s.array_element(s.a(), s.b(), 8));
    ArrayAddr: |s| {
        let Some(p) = s.array_element(s.b(), s.c(), s.word(2) as usize) else { return s.leave() };
        s.set(p as u64);
        s.next(3)
    };
    IndexAddr: |s| {
        let Some(p) = s.element(s.b(), s.c(), s.word(1) as usize) else { return s.leave() };
        s.set(p as u64);
        s.next(2)
    };
    BoundsCheck: |s| if s.ra() >= s.rb() { s.leave() } else { s.next(1) };
    StrIndex: |s| {
        let Some(p) = s.element(s.b(), s.c(), 1) else { return s.leave() };
        s.put(*p as u64)
    };
    StrNext: |s| {
        let (at, text) = (s.ra(), s.reg(s.c()));
        if at >= *text.add(1) {
            return s.jump(2, s.word(1) as isize);
        }
        let byte = *(*text as *const u8).add(at as usize);
        if byte >= 0x80 {
            return s.leave();
        }
        *s.reg(s.b()) = byte as u64;
        s.set(at + 1);
        s.next(2)
    };
    Append64: |s| s.append(8, |p| mem::store_u64(p, s.rc()));
    Append8: |s| s.append(1, |p| mem::store_u8(p, s.rc() as u8));
    AppendPair: |s| s.append(16, |p| mem::store16(p, s.rc(), *s.reg(s.c()).add(1)));

    SliceOp: |s| {
        let (from, x, k) = (s.reg(s.b()), s.reg(s.c()), s.word(1));
        let (p, len, cap) = (*from, *from.add(1), *from.add(2));
        let Some((lo, hi, max)) = slices::plain_bounds(x, k, len, cap) else { return s.leave() };
        s.put_pair(if lo == max { p } else { p + lo * (k as u32 as u64) }, hi - lo);
        *s.reg(s.a()).add(2) = max - lo;
        s.next(2)
    };
    SliceStr: |s| {
        let (from, x, k) = (s.reg(s.b()), s.reg(s.c()), s.word(1));
        let (p, len) = (*from, *from.add(1));
        let Some((lo, hi, _)) = slices::plain_bounds(x, k, len, len) else { return s.leave() };
        s.put_pair(if lo == len { p } else { p + lo }, hi - lo);
        s.next(2)
    };
    MapLen: |s| s.put(maps::len(s.rb()));
    New: |s| {
        let w = &mut *s.cx.worker;
        let meta = s.cx.vm.image.types.meta(TypeRef(s.word(1) as u32));
        let p = w.heap.alloc(meta.size, meta.layout);
        if p.is_null() {
            return s.leave();
        }
        s.set(p as u64);
        s.cx.vm.after_alloc(w);
        s.next(2)
    };
    MakeIface: |s| {
        let (t, from) = (s.word(1), s.reg(s.b()));
        let regs = s.cx.vm.image.ty(TypeRef(t as u32)).regs;
        if regs > 1 {
            return s.leave();
        }
        s.put_pair(t, if regs == 0 { 0 } else { *from });
        s.next(2)
    };
    Unbox: |s| {
        let t = s.cx.vm.image.ty(TypeRef(s.word(1) as u32));
        let data = *s.reg(s.b()).add(1);
        match t.regs {
            0 => {}
            1 => s.set(data),
            _ => load_leaves(&t.leaves, data as *const u8, s.reg(s.a())),
        }
        s.next(2)
    };

    Assert: |s| {
        let (t, x) = (s.word(1), s.reg(s.b()));
        if *x != t {
            return s.leave();
        }
        let (t, data) = (s.cx.vm.image.ty(TypeRef(t as u32)), *x.add(1));
        match t.regs {
            0 => {}
            1 => s.set(data),
            _ => load_leaves(&t.leaves, data as *const u8, s.reg(s.a())),
        }
        s.next(3)
    };
    Assert2: |s| {
        let (t, x) = (s.word(1), s.reg(s.b()));
        let (yes, data) = (*x == t, *x.add(1));
        let t = s.cx.vm.image.ty(TypeRef(t as u32));
        // What is not there has a zero value, which for a Mem type is in new memory.
        if t.regs > 1 || t.is_mem && !yes {
            return s.leave();
        }
        let to = s.reg(s.a());
        if t.regs == 1 {
            *to = if yes { data } else { 0 };
        }
        *to.add(t.regs as usize) = yes as u64;
        s.next(3)
    };

    // A nil mutex is the call's affair, whose trace shows where.
    TryLock: |s| s.jump_if(s.ra() >= NIL_PAGE && change(s.ra(), 0, 1, Acquire));
    TryUnlock: |s| s.jump_if(s.ra() >= NIL_PAGE && change(s.ra(), 1, 0, Release));

    Call: |s| {
        let f = s.word(1);
        s.enter(f as u32, (f >> 32) as u32, 0, 2)
    };
    CallC: |s| {
        let closure = s.rb();
        if closure == 0 {
            return s.leave();
        }
        let entry = *(closure as *const u64) as u32;
        s.enter(entry, s.nregs(entry), closure, 1)
    };
    CallI: |s| {
        // Cache words are only ever accessed as atomics, and any value found there is a pair once stored whole.
        let cache = AtomicU64::from_ptr(s.pc.add(2) as *mut u64).load(Relaxed);
        let x = s.reg(s.b());
        let (dynamic, data) = (*x, *x.add(1));
        if cache >> 32 != dynamic || dynamic == 0 {
            return s.leave();
        }
        let entry = cache as u32;
        // Entering may fail, and then the instruction starts anew: the interface must be whole until then.
        let (callee, nregs) = (s.reg(s.a()), s.nregs(entry));
        if callee.add(nregs as usize) as u64 > (*s.cx.guard).load(Relaxed) {
            return s.leave();
        }
        *callee = data;
        s.enter(entry, nregs, 0, 3)
    };
    Ret: |s| {
        let (from, n) = (s.reg(s.a()), s.b() as usize);
        // The results lie above where they go, in order. (Volatile: no call for the few words that they are.)
        for i in 0..n {
            *s.base.add(i) = from.add(i).read_volatile();
        }
        s.back()
    };
    Ret0: |s| s.back();
    Ret1: |s| {
        *s.base = s.ra();
        s.back()
    };
}
