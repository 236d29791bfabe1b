//! The interpreter: one loop, one arm an instruction.
//!
//! An activation runs goroutine after goroutine on its worker and is never nested: whatever an instruction needs that
//! is itself gol code (a deferred call, an `Error` method for a report) is a frame like any other, and returns to a stub
//! instruction that goes on. So a goroutine can be parked anywhere, and a switch is a change of three pointers: `pc`,
//! `base` (register 0 of the current frame) and `g`.
//!
//! What programs spend their time in is carried out by [`threaded`]; an arm here for such an instruction does what that
//! leaves to it. Arms are short. What is rare is a `#[cold]` function in the module of its subject, given the goroutine with its state
//! saved; afterwards the state is reloaded, since the stack may have moved.
//!
//! The invariants V1 to V4 that the unsafe code rests on are listed at the crate root.

use crate::image::HEADER;
use crate::native::{Flow, Native};
use crate::raise::Raise;
use crate::threaded::{self, Context};
use crate::{Vm, call, chans, convert, iface, maps, panics, range, slices, strings};
use gol_bytecode::{Op, TypeRef};
use gol_heap::mem;
use gol_runtime::{G, Resume, Safepoint, Worker};
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// Addresses below this are nil, or an offset from nil.
pub(crate) const NIL_PAGE: u64 = 4096;

/// What became of the goroutine in a slow path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    /// Its saved state tells where it goes on.
    Go,
    /// It is parked, queued or ended: take another.
    Switch,
    /// The run is over: leave the interpreter.
    Leave,
}

/// Runs `g`, and what this worker has to run after it, until there is nothing left or a stop is asked for.
///
/// # Safety
/// V1: `vm.image` is a verified program. V3: `g` is a goroutine of this VM that this worker owns.
pub(crate) unsafe fn run(vm: &Vm, w: &mut Worker, first: *mut G) {
    let mut g = first;
    let code: *const u64 = vm.image.code.as_ptr().cast();
    loop {
        // SAFETY: for the whole loop: V1 gives every operand its meaning, V2 gives registers their room, V3 gives us g.
        unsafe {
            if (*g).resume != Resume::None {
                match chans::resume(vm, w, g) {
                    Then::Go => {}
                    Then::Switch => {
                        match w.next() {
                            Some(n) => g = n.as_ptr(),
                            None => return,
                        }
                        continue;
                    }
                    Then::Leave => return,
                }
            }
            w.set_guard(crate::call::limit(g));
            match run_one(vm, w, g, code) {
                Then::Leave => return,
                _ => match w.next() {
                    Some(n) => g = n.as_ptr(),
                    None => return,
                },
            }
        }
    }
}

/// Runs one goroutine until it stops to run here.
///
/// # Safety
/// As [`run`].
#[inline(always)]
unsafe fn run_one(vm: &Vm, w: &mut Worker, g: *mut G, code: *const u64) -> Then {
    // SAFETY: see `run`.
    unsafe {
        let mut pc: *const u64 = code.add((*g).pc as usize);
        let mut base: *mut u64 = (*g).stack.ptr().add((*g).base as usize);

        macro_rules! r {
            ($i:expr) => {
                *base.add($i as usize)
            };
        }
        macro_rules! f {
            ($i:expr) => {
                f64::from_bits(r!($i))
            };
        }
        // Saves the state with `$pc` as where to go on.
        macro_rules! save {
            ($pc:expr) => {
                (*g).pc = $pc.offset_from(code) as u64;
                (*g).base = base.offset_from((*g).stack.ptr()) as u32;
            };
        }
        macro_rules! reload {
            () => {
                pc = code.add((*g).pc as usize);
                base = (*g).stack.ptr().add((*g).base as usize);
            };
        }
        macro_rules! then {
            ($then:expr) => {
                match $then {
                    Then::Go => {
                        reload!();
                        continue;
                    }
                    other => return other,
                }
            };
        }
        let cx = Context { vm, guard: &raw const w.guard, code, globals: vm.globals, worker: &raw mut *w };
        loop {
            let before = (pc, base);
            (pc, base) = threaded::run(pc, base, &cx);
            if cfg!(debug_assertions) && (pc, base) != before {
                continue;
            }
            let start = pc;
            let i = *pc;
            pc = pc.add(1);
            // V1: the low half of every word that pc can reach is an operation.
            let op: Op = std::mem::transmute::<u16, Op>(i as u16);
            macro_rules! a {
                () => {
                    (i >> 16) as u16
                };
            }
            macro_rules! b {
                () => {
                    (i >> 32) as u16
                };
            }
            macro_rules! c {
                () => {
                    (i >> 48) as u16
                };
            }
            macro_rules! bc {
                () => {
                    (i >> 32) as u32
                };
            }
            macro_rules! word {
                () => {{
                    let k = *pc;
                    pc = pc.add(1);
                    k
                }};
            }
            // Starts a panic at this instruction.
            macro_rules! raise {
                ($e:expr) => {{
                    save!(start);
                    then!(panics::raise(vm, w, g, $e));
                }};
            }
            macro_rules! check {
                ($e:expr) => {
                    match $e {
                        Ok(v) => v,
                        Err(e) => raise!(e),
                    }
                };
            }
            macro_rules! jump {
                ($off:expr) => {
                    pc = pc.offset($off as isize)
                };
            }
            // At a back-edge, after the jump: give way if asked to.
            macro_rules! poll {
                () => {
                    if w.guard.load(Relaxed) == 0 {
                        save!(pc);
                        then!(safepoint(vm, w, g));
                    }
                };
            }
            // A conditional back-edge.
            macro_rules! again {
                ($c:expr, $off:expr) => {
                    if $c {
                        jump!($off);
                        poll!();
                    }
                };
            }
            macro_rules! set_bool {
                ($c:expr) => {
                    r!(a!()) = ($c) as u64
                };
            }
            // Makes room for so many words above the base, giving way if asked to. The instruction goes on: in a deterministic
            // run the guard stays 0, and checking again would never end. It starts anew only after a switch.
            macro_rules! room {
                ($words:expr) => {
                    if base.add($words) as u64 > w.guard.load(Relaxed) {
                        save!(start);
                        match call::slow_enter(vm, w, g, $words) {
                            Then::Go if (*g).pc == start.offset_from(code) as u64 => {
                                base = (*g).stack.ptr().add((*g).base as usize);
                            }
                            // The stack is full: the report of that runs.
                            Then::Go => {
                                reload!();
                                continue;
                            }
                            other => return other,
                        }
                    }
                };
            }
            // Enters a function: the frame's header, then its registers, with room for all of them.
            macro_rules! enter {
                ($window:expr, $entry:expr, $nregs:expr, $closure:expr, $ret:expr) => {{
                    let window = $window as usize;
                    room!(window + $nregs as usize);
                    enter_roomy!(window, $entry, $closure, $ret);
                }};
            }
            // The same where there is room already.
            macro_rules! enter_roomy {
                ($window:expr, $entry:expr, $closure:expr, $ret:expr) => {{
                    let callee = base.add($window);
                    *callee.sub(3) = $entry as u64;
                    *callee.sub(2) = $ret.offset_from(code) as u64 | ($window as u64) << 32;
                    *callee.sub(1) = $closure;
                    base = callee;
                    pc = code.add($entry as usize);
                }};
            }
            // The atomic word at an address of the script's.
            macro_rules! atomic32 {
                ($p:expr) => {{
                    let p = $p;
                    if p < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    // H6: the types of the script say that a 32-bit word lies there.
                    AtomicU32::from_ptr(p as *mut u32)
                }};
            }
            macro_rules! atomic64 {
                ($p:expr) => {{
                    let p = $p;
                    if p < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    // H6, likewise.
                    AtomicU64::from_ptr(p as *mut u64)
                }};
            }
            macro_rules! ty {
                ($k:expr) => {
                    TypeRef($k as u32)
                };
            }

            match op {
                // Carried out by `threaded`, always.
                Op::Nop
                | Op::Mov
                | Op::Mov2
                | Op::Mov3
                | Op::LoadI
                | Op::LoadK
                | Op::LoadStr
                | Op::LoadFunc
                | Op::LoadCap
                | Op::GlobalAddr
                | Op::LdG
                | Op::StG
                | Op::Add
                | Op::Sub
                | Op::Mul
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::AndNot
                | Op::Shl
                | Op::ShrI
                | Op::ShrU
                | Op::AddK
                | Op::MulK
                | Op::AndK
                | Op::ShlK
                | Op::ShrIK
                | Op::ShrUK
                | Op::DivIK
                | Op::RemIK
                | Op::Neg
                | Op::Com
                | Op::Not
                | Op::ExtI8
                | Op::ExtI16
                | Op::ExtI32
                | Op::ExtU8
                | Op::ExtU16
                | Op::ExtU32
                | Op::AddF
                | Op::SubF
                | Op::MulF
                | Op::DivF
                | Op::NegF
                | Op::AddF32
                | Op::SubF32
                | Op::MulF32
                | Op::DivF32
                | Op::NegF32
                | Op::SqrtF
                | Op::AbsF
                | Op::I2F
                | Op::U2F
                | Op::F2I
                | Op::F2U
                | Op::F2I32
                | Op::F2F32
                | Op::F322F
                | Op::I2F32
                | Op::U2F32
                | Op::EqI
                | Op::NeI
                | Op::LtI
                | Op::LeI
                | Op::LtU
                | Op::LeU
                | Op::EqF
                | Op::NeF
                | Op::LtF
                | Op::LeF
                | Op::EqF32
                | Op::NeF32
                | Op::LtF32
                | Op::LeF32
                | Op::EqStr
                | Op::LtStr
                | Op::LeStr
                | Op::Jmp
                | Op::JTrue
                | Op::JFalse
                | Op::JEqI
                | Op::JNeI
                | Op::JLtI
                | Op::JLeI
                | Op::JLtU
                | Op::JLeU
                | Op::JEqF
                | Op::JNeF
                | Op::JLtF
                | Op::JLeF
                | Op::JNLtF
                | Op::JNLeF
                | Op::JEqK
                | Op::JNeK
                | Op::JLtK
                | Op::JLeK
                | Op::JGtK
                | Op::JGeK
                | Op::JTable
                | Op::Ret
                | Op::Ret0
                | Op::Ret1
                | Op::TryLock
                | Op::TryUnlock
                | Op::MovN
                | Op::Zero
                | Op::Unbox
                | Op::MapLen
                | Op::AddU32
                | Op::AddKU32
                | Op::MulU32
                | Op::ShlKU32
                | Op::AddI32
                | Op::AddKI32
                | Op::AddKU8
                | Op::MulAddF
                | Op::MulSubF
                | Op::JEqStr
                | Op::JNeStr => {
                    unreachable!("{op:?} never leaves its function")
                }
                Op::Forward => {
                    let entry = bc!();
                    room!(vm.image.nregs_at(entry) as usize);
                    *base.sub(3) = entry as u64;
                    pc = code.add(entry as usize);
                }
                // Carried out by `threaded` unless they raise.
                Op::DivI | Op::RemI | Op::DivU | Op::RemU => raise!(Raise::divide()),
                Op::ShiftCheck => raise!(Raise::Runtime("negative shift amount".into())),
                Op::LdI8
                | Op::LdU8
                | Op::LdI16
                | Op::LdU16
                | Op::LdI32
                | Op::LdU32
                | Op::Ld64
                | Op::LdPair
                | Op::LdSlice
                | Op::St8
                | Op::St16
                | Op::St32
                | Op::St64
                | Op::StPair
                | Op::StSlice
                | Op::NilCheck
                | Op::AddrOff
                | Op::AddrOffK
                | Op::AddM
                | Op::AddMK
                | Op::AddFM
                | Op::SubFM => raise!(Raise::nil()),
                Op::LdEI8
                | Op::LdEU8
                | Op::LdEI16
                | Op::LdEU16
                | Op::LdEI32
                | Op::LdEU32
                | Op::LdE64
                | Op::LdEPair
                | Op::LdESlice
                | Op::IndexAddr
                | Op::StrIndex => {
                    raise!(Raise::index(r!(c!()) as i64, *base.add(b!() as usize + 1)))
                }
                Op::StE8
                | Op::StE16
                | Op::StE32
                | Op::StE64
                | Op::StEPair
                | Op::StESlice
                | Op::AddE
                | Op::AddEK
                | Op::AddFE => {
                    raise!(Raise::index(r!(b!()) as i64, *base.add(a!() as usize + 1)))
                }
                // A slice in memory may have changed since: if nothing is wrong now, the instruction starts anew.
                Op::LdFE64 | Op::LdFEU8 | Op::StFE64 | Op::StFE8 => {
                    let (p, at) = if matches!(op, Op::LdFE64 | Op::LdFEU8) { (b!(), c!()) } else { (a!(), b!()) };
                    let off = *pc;
                    if r!(p) < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    let len = slices::len_at((r!(p) + off) as *const u8);
                    if r!(at) >= len {
                        raise!(Raise::index(r!(at) as i64, len));
                    }
                    pc = start;
                }
                Op::LdEE64 | Op::LdEEU8 | Op::StEE64 | Op::StEE8 => {
                    let (s, at) = if matches!(op, Op::LdEE64 | Op::LdEEU8) { (b!(), c!()) } else { (a!(), b!()) };
                    let (outer, inner) = (r!(at), r!(*pc));
                    let len = *base.add(s as usize + 1);
                    if outer >= len {
                        raise!(Raise::index(outer as i64, len));
                    }
                    let len = slices::len_at((r!(s) as *const u8).add(outer as usize * 16));
                    if inner >= len {
                        raise!(Raise::index(inner as i64, len));
                    }
                    pc = start;
                }
                Op::LdA64 | Op::StA64 | Op::ArrayAddr => {
                    let (p, at) = if op == Op::StA64 { (a!(), b!()) } else { (b!(), c!()) };
                    let k = *pc;
                    if r!(p) < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    raise!(Raise::index(r!(at) as i64, k >> 32));
                }

                Op::MulC | Op::DivC | Op::MulC64 | Op::DivC64 => {
                    let (x, y) = (base.add(b!() as usize), base.add(c!() as usize));
                    let (re, im) = convert::complex(op, [*x, *x.add(1)], [*y, *y.add(1)]);
                    let d = base.add(a!() as usize);
                    *d = re;
                    *d.add(1) = im;
                }

                Op::EqIface => {
                    let (x, y) = (base.add(b!() as usize), base.add(c!() as usize));
                    let eq = check!(iface::equal(vm, (*x, *x.add(1)), (*y, *y.add(1))));
                    set_bool!(eq);
                }
                Op::EqMem => {
                    let t = ty!(word!());
                    let eq = check!(iface::equal_mem(vm, t, r!(b!()), r!(c!())));
                    set_bool!(eq);
                }

                Op::Loop => {
                    jump!(bc!() as i32);
                    poll!();
                }
                Op::ForLtI => {
                    let n = r!(a!()).wrapping_add(1);
                    r!(a!()) = n;
                    if (n as i64) < r!(b!()) as i64 {
                        jump!(c!() as i16);
                        poll!();
                    }
                }
                Op::ForLtK => {
                    let n = r!(a!()).wrapping_add(1);
                    r!(a!()) = n;
                    if (n as i64) < b!() as i16 as i64 {
                        jump!(c!() as i16);
                        poll!();
                    }
                }
                Op::ForE64 => {
                    let (n, pair) = (r!(a!()).wrapping_add(1), base.add(b!() as usize));
                    let to = word!();
                    r!(a!()) = n;
                    if (n as i64) < *pair.add(1) as i64 {
                        r!(to) = mem::load_u64((*pair as *const u8).add(n as usize * 8));
                        jump!(c!() as i16);
                        poll!();
                    }
                }
                Op::LoopTrue => again!(r!(a!()) != 0, bc!() as i32),
                Op::LoopFalse => again!(r!(a!()) == 0, bc!() as i32),
                Op::LoopNeI => again!(r!(a!()) != r!(b!()), c!() as i16),
                Op::LoopLtI => again!((r!(a!()) as i64) < r!(b!()) as i64, c!() as i16),
                Op::LoopLeI => again!(r!(a!()) as i64 <= r!(b!()) as i64, c!() as i16),
                Op::LoopLtF => again!(f!(a!()) < f!(b!()), c!() as i16),
                Op::LoopLeF => again!(f!(a!()) <= f!(b!()), c!() as i16),
                Op::LoopNeK => again!(r!(a!()) != b!() as i16 as i64 as u64, c!() as i16),
                Op::LoopLtK => again!((r!(a!()) as i64) < b!() as i16 as i64, c!() as i16),
                Op::LoopLeK => again!(r!(a!()) as i64 <= b!() as i16 as i64, c!() as i16),
                Op::LoopGtK => again!(r!(a!()) as i64 > b!() as i16 as i64, c!() as i16),
                Op::LoopGeK => again!(r!(a!()) as i64 >= b!() as i16 as i64, c!() as i16),

                Op::MemCopy => {
                    let t = ty!(word!());
                    let (d, s) = (r!(a!()), r!(b!()));
                    if d < NIL_PAGE || s < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    let t = vm.image.ty(t);
                    mem::copy_units(d as *mut u8, s as *const u8, t.size as usize, t.align as usize);
                }
                Op::MemZero => {
                    let t = ty!(word!());
                    let d = r!(a!());
                    if d < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    let t = vm.image.ty(t);
                    mem::zero_units(d as *mut u8, t.size as usize, t.align as usize);
                }
                Op::MemDup => {
                    let t = ty!(word!());
                    let s = r!(b!());
                    if s < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    let copy = check!(vm.copy_value(w, t, s as *const u8));
                    r!(a!()) = copy as u64;
                }
                Op::UnsafeNote => {
                    let t = ty!(word!());
                    let count = if c!() != 0 { r!(b!()) } else { 1 };
                    vm.note_memory(r!(a!()), t, count);
                }
                Op::UnsafeCast => {
                    let t = ty!(word!());
                    let at = r!(b!());
                    check!(vm.check_memory(at, t, 1));
                    r!(a!()) = at;
                }
                Op::UnsafeSlice => {
                    let t = ty!(word!());
                    let s = check!(vm.unsafe_slice(r!(b!()), r!(c!()) as i64, t));
                    [r!(a!()), r!(a!() + 1), r!(a!() + 2)] = s;
                }
                Op::UnsafeString => {
                    let t = ty!(word!());
                    let s = check!(vm.unsafe_string(r!(b!()), r!(c!()) as i64, t));
                    [r!(a!()), r!(a!() + 1)] = s;
                }
                Op::StVal => {
                    let t = ty!(word!());
                    let p = r!(a!());
                    if p < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    crate::value::store_value(vm.image.ty(t), p as *mut u8, base.add(b!() as usize));
                }
                Op::LdVal => {
                    let t = ty!(word!());
                    let p = r!(b!());
                    if p < NIL_PAGE {
                        raise!(Raise::nil());
                    }
                    check!(vm.load_value(w, t, p as *const u8, base.add(a!() as usize)));
                }
                Op::New => raise!(Raise::OutOfMemory),
                Op::NewArray => {
                    let t = ty!(word!());
                    let p = check!(vm.new_array(w, t, r!(b!())));
                    r!(a!()) = p as u64;
                }

                Op::BoundsCheck => {
                    let (at, len) = (r!(a!()), r!(b!()));
                    if at >= len && c!() == 1 {
                        raise!(Raise::Bounds(format!("index out of range [{at}] with length {len}")));
                    }
                    if at >= len {
                        raise!(Raise::index(at as i64, len));
                    }
                }

                Op::SliceOp => {
                    let k = word!();
                    check!(slices::slice(base, a!(), b!(), c!(), k));
                }
                Op::SliceStr => {
                    let k = word!();
                    check!(slices::slice_string(base, a!(), b!(), c!(), k));
                }
                Op::MakeSlice => {
                    let t = ty!(word!());
                    check!(slices::make(vm, w, base.add(a!() as usize), t, r!(b!()) as i64, r!(c!()) as i64));
                }
                Op::Grow => {
                    let t = ty!(word!());
                    check!(slices::grow(vm, w, t, base.add(a!() as usize), base.add(b!() as usize), c!() as u64));
                }
                Op::Append64 => {
                    let t = ty!(word!());
                    let (s, v) = (base.add(b!() as usize), r!(c!()));
                    let (p, len, cap) = (*s, *s.add(1), *s.add(2));
                    let d = base.add(a!() as usize);
                    if len < cap {
                        *d = p;
                        *d.add(1) = len + 1;
                        *d.add(2) = cap;
                    } else {
                        check!(slices::grow(vm, w, t, d, s, 1));
                    }
                    mem::store_u64((*d as *mut u8).add(len as usize * 8), v);
                }
                Op::Append8 => {
                    let t = ty!(word!());
                    let (s, v) = (base.add(b!() as usize), r!(c!()));
                    let len = *s.add(1);
                    let d = base.add(a!() as usize);
                    check!(slices::grow(vm, w, t, d, s, 1));
                    mem::store_u8((*d as *mut u8).add(len as usize), v as u8);
                }
                Op::AppendPair => {
                    let t = ty!(word!());
                    let (s, v) = (base.add(b!() as usize), base.add(c!() as usize));
                    let (len, x, y) = (*s.add(1), *v, *v.add(1));
                    let d = base.add(a!() as usize);
                    check!(slices::grow(vm, w, t, d, s, 1));
                    mem::store16((*d as *mut u8).add(len as usize * 16), x, y);
                }
                Op::AppendSlice | Op::AppendStr => {
                    let t = ty!(word!());
                    let (d, s, v) = (base.add(a!() as usize), base.add(b!() as usize), base.add(c!() as usize));
                    check!(slices::append(vm, w, t, d, s, *v as *const u8, *v.add(1)));
                }
                Op::Copy => {
                    let t = ty!(word!());
                    let (d, s) = (base.add(b!() as usize), base.add(c!() as usize));
                    let n = (*d.add(1)).min(*s.add(1));
                    let t = vm.image.ty(t);
                    mem::copy_units(*d as *mut u8, *s as *const u8, (n * t.size) as usize, t.align as usize);
                    r!(a!()) = n;
                }
                Op::CopyStr => {
                    let (d, s) = (base.add(b!() as usize), base.add(c!() as usize));
                    let n = (*d.add(1)).min(*s.add(1));
                    mem::copy_units(*d as *mut u8, *s as *const u8, n as usize, 1);
                    r!(a!()) = n;
                }
                Op::ClearSlice => {
                    let t = vm.image.ty(ty!(word!()));
                    let s = base.add(a!() as usize);
                    mem::zero_units(*s as *mut u8, (*s.add(1) * t.size) as usize, t.align as usize);
                }
                Op::SliceToArrayPtr => {
                    let n = word!();
                    let s = base.add(b!() as usize);
                    let len = *s.add(1);
                    if len < n {
                        raise!(slices::array_length(len, n));
                    }
                    r!(a!()) = *s;
                }

                Op::Concat => {
                    check!(strings::concat(vm, w, base.add(a!() as usize), base.add(b!() as usize), c!() as usize));
                }
                Op::StrNext => {
                    let off = word!();
                    let (at, s) = (r!(a!()), base.add(c!() as usize));
                    if at >= *s.add(1) {
                        jump!(off as i64);
                    } else {
                        let byte = *(*s as *const u8).add(at as usize);
                        if byte < 0x80 {
                            r!(b!()) = byte as u64;
                            r!(a!()) = at + 1;
                        } else {
                            let (rune, n) = strings::decode(&strings::at(base, c!())[at as usize..]);
                            r!(b!()) = rune as u64;
                            r!(a!()) = at + n as u64;
                        }
                    }
                }
                Op::StrToBytes => {
                    check!(strings::to_bytes(vm, w, base.add(a!() as usize), base.add(b!() as usize)));
                }
                Op::BytesToStr => {
                    check!(strings::from_bytes(vm, w, base.add(a!() as usize), base.add(b!() as usize)));
                }
                Op::StrToRunes => {
                    check!(strings::to_runes(vm, w, base.add(a!() as usize), base.add(b!() as usize)));
                }
                Op::RunesToStr => {
                    check!(strings::from_runes(vm, w, base.add(a!() as usize), base.add(b!() as usize)));
                }
                Op::RuneToStr => {
                    check!(strings::from_rune(vm, w, base.add(a!() as usize), r!(b!())));
                }

                Op::MakeMap => {
                    let t = ty!(word!());
                    r!(a!()) = check!(maps::make(vm, w, t, r!(b!()) as i64));
                }
                Op::MapGet => {
                    let t = ty!(word!());
                    let (d, k) = (base.add(a!() as usize), base.add(c!() as usize));
                    check!(maps::get(vm, w, t, r!(b!()), k, d, false));
                }
                Op::MapGet2 => {
                    let t = ty!(word!());
                    let (d, k) = (base.add(a!() as usize), base.add(c!() as usize));
                    check!(maps::get(vm, w, t, r!(b!()), k, d, true));
                }
                Op::MapUpdate => {
                    let t = ty!(word!());
                    let (d, k) = (base.add(a!() as usize), base.add(c!() as usize));
                    check!(maps::get_to_set(vm, w, t, r!(b!()), k, d));
                }
                Op::MapSet => {
                    let t = ty!(word!());
                    check!(maps::set(vm, w, t, r!(a!()), base.add(b!() as usize), base.add(c!() as usize)));
                }
                Op::MapDelete => {
                    let t = ty!(word!());
                    check!(maps::delete(vm, t, r!(a!()), base.add(b!() as usize)));
                }
                Op::MapClear => {
                    let t = ty!(word!());
                    check!(maps::clear(vm, t, r!(a!())));
                }
                Op::MapIter => {
                    let t = ty!(word!());
                    r!(a!()) = check!(maps::iter(vm, w, t, r!(b!())));
                }
                Op::MapNext => {
                    let t = ty!(word!());
                    let off = word!();
                    let reg = |n: u16| if n == u16::MAX { std::ptr::null_mut() } else { base.add(n as usize) };
                    if !check!(maps::next(vm, w, t, r!(a!()), reg(b!()), reg(c!()))) {
                        jump!(off as i64);
                    }
                }

                Op::MakeIface => {
                    let t = ty!(word!());
                    check!(iface::make(vm, w, t, base.add(a!() as usize), base.add(b!() as usize)));
                }
                Op::Assert => {
                    let (t, src) = (ty!(word!()), ty!(word!()));
                    let x = base.add(b!() as usize);
                    if *x != t.0 as u64 {
                        raise!(iface::assert_error(vm, *x, t, src));
                    }
                    iface::unbox(vm, t, *x.add(1), base.add(a!() as usize));
                }
                Op::Assert2 => {
                    let t = ty!(word!());
                    pc = pc.add(1);
                    let (x, d) = (base.add(b!() as usize), base.add(a!() as usize));
                    let regs = vm.image.ty(t).regs as usize;
                    let ok = *x == t.0 as u64;
                    if ok {
                        iface::unbox(vm, t, *x.add(1), d);
                    } else {
                        check!(vm.zero_value(w, t, d));
                    }
                    *d.add(regs) = ok as u64;
                }
                Op::AssertI => {
                    let (t, src) = (ty!(word!()), ty!(word!()));
                    let x = base.add(b!() as usize);
                    let (dynamic, data) = (*x, *x.add(1));
                    if !iface::implements(vm, dynamic, t) {
                        raise!(iface::assert_error(vm, dynamic, t, src));
                    }
                    let d = base.add(a!() as usize);
                    *d = dynamic;
                    *d.add(1) = data;
                }
                Op::AssertI2 => {
                    let t = ty!(word!());
                    pc = pc.add(1);
                    let x = base.add(b!() as usize);
                    let (dynamic, data) = (*x, *x.add(1));
                    let ok = iface::implements(vm, dynamic, t);
                    let d = base.add(a!() as usize);
                    *d = if ok { dynamic } else { 0 };
                    *d.add(1) = if ok { data } else { 0 };
                    *d.add(2) = ok as u64;
                }
                Op::Implements => {
                    let t = ty!(word!());
                    set_bool!(iface::implements(vm, r!(b!()), t));
                }

                Op::Call => {
                    let k = word!();
                    enter!(a!(), k as u32, k >> 32, 0, pc);
                }
                Op::CallC => {
                    let closure = r!(b!());
                    if closure == 0 {
                        raise!(Raise::nil());
                    }
                    let entry = *(closure as *const u64) as u32;
                    let nregs = vm.image.nregs_at(entry);
                    enter!(a!(), entry, nregs, closure, pc);
                }
                Op::CallI => {
                    let method = word!();
                    let cache = pc as *mut u64;
                    pc = pc.add(1);
                    let x = base.add(b!() as usize);
                    let (dynamic, data) = (*x, *x.add(1));
                    let entry = match iface::method_entry(vm, cache, dynamic, method) {
                        Some(e) => e,
                        None => raise!(Raise::nil()),
                    };
                    r!(a!()) = data;
                    let nregs = vm.image.nregs_at(entry);
                    enter!(a!(), entry, nregs, 0, pc);
                }
                Op::CallN => {
                    let k = word!() as usize;
                    save!(pc);
                    let window = base.add(a!() as usize);
                    let mut native = Native::new(vm, w, g, window);
                    match (vm.image.natives.get_unchecked(k))(&mut native) {
                        Ok(Flow::Done) => {}
                        Ok(Flow::Parked) => return Then::Switch,
                        Ok(Flow::Leave) => return Then::Leave,
                        Err(e) => {
                            let e = native.failed(e);
                            raise!(e)
                        }
                    }
                }
                Op::CallDyn => {
                    let s = base.add(b!() as usize);
                    let (closure, block, n) = (*s, *s.add(1), *s.add(2) as usize);
                    if closure == 0 {
                        raise!(Raise::nil());
                    }
                    let entry = *(closure as *const u64) as u32;
                    let window = a!() as usize;
                    room!(window + n.max(vm.image.nregs_at(entry) as usize));
                    std::ptr::copy_nonoverlapping(block as *const u64, base.add(window), n);
                    enter_roomy!(window, entry, closure, pc);
                }
                Op::StoreWords => {
                    let n = r!(c!()) as usize;
                    std::ptr::copy_nonoverlapping(base.add(b!() as usize), r!(a!()) as *mut u64, n);
                }
                Op::PackWords => {
                    let n = r!(c!()) as usize;
                    let p = check!(vm.alloc(w, n * 8, gol_heap::LayoutId::CONSERVATIVE)) as *mut u64;
                    std::ptr::copy_nonoverlapping(base.add(b!() as usize), p, n);
                    r!(a!()) = p as u64;
                }
                Op::RetWords => {
                    let (p, n) = (r!(a!()) as *const u64, r!(b!()) as usize);
                    std::ptr::copy_nonoverlapping(p, base, n);
                    let link = *base.sub(2);
                    pc = code.add(link as u32 as usize);
                    base = base.sub((link >> 32) as usize);
                }
                Op::MakeClosure => {
                    let entry = word!() as u32;
                    let n = c!() as usize;
                    let p = check!(vm.alloc(w, 8 + n * 8, gol_heap::LayoutId::CONSERVATIVE)) as *mut u64;
                    *p = entry as u64;
                    std::ptr::copy_nonoverlapping(base.add(b!() as usize), p.add(1), n);
                    r!(a!()) = p as u64;
                }
                Op::Go => {
                    let k = word!();
                    check!(call::go(vm, w, g, start, k as u32, 0, base.add(a!() as usize), b!() as usize, None));
                }
                Op::GoC => {
                    let closure = r!(c!());
                    if closure == 0 {
                        raise!(Raise::Fatal("go of nil func value".into()));
                    }
                    let entry = *(closure as *const u64) as u32;
                    check!(call::go(vm, w, g, start, entry, closure, base.add(a!() as usize), b!() as usize, None));
                }
                Op::GoI => {
                    let method = word!();
                    let x = base.add(c!() as usize);
                    let Some(entry) = iface::find_method(vm, *x, method) else { raise!(Raise::nil()) };
                    let data = Some(*x.add(1));
                    check!(call::go(vm, w, g, start, entry, 0, base.add(a!() as usize), b!() as usize, data));
                }
                Op::Defer => {
                    let k = word!();
                    check!(call::defer(vm, w, g, base, k as u32, 0, base.add(a!() as usize), b!() as usize, None));
                }
                Op::DeferC => {
                    let closure = r!(c!());
                    let entry = if closure == 0 { 0 } else { *(closure as *const u64) as u32 };
                    check!(call::defer(vm, w, g, base, entry, closure, base.add(a!() as usize), b!() as usize, None));
                }
                Op::DeferI => {
                    let method = word!();
                    let x = base.add(c!() as usize);
                    let Some(entry) = iface::find_method(vm, *x, method) else { raise!(Raise::nil()) };
                    let data = Some(*x.add(1));
                    check!(call::defer(vm, w, g, base, entry, 0, base.add(a!() as usize), b!() as usize, data));
                }
                Op::RunDefers => {
                    let frame = base.offset_from((*g).stack.ptr()) as u64;
                    if let Some(d) = call::next_defer(g, frame) {
                        if d.entry == 0 {
                            raise!(Raise::nil());
                        }
                        let nregs = vm.image.nregs_at(d.entry) as usize;
                        let window = a!() as usize;
                        // The record leaves the list only when the call is sure to start; room may be made first.
                        room!(window + nregs);
                        call::pop_defer(g);
                        d.copy_args(base.add(window));
                        // To give way here, with the record gone, would lose the call.
                        enter_roomy!(window, d.entry, d.closure, start);
                    }
                }
                Op::Panic => {
                    let x = base.add(a!() as usize);
                    raise!(Raise::Value(*x, *x.add(1)));
                }
                Op::Recover => {
                    let (t, data) = panics::recover(vm, g, base);
                    let d = base.add(a!() as usize);
                    *d = t;
                    *d.add(1) = data;
                }
                Op::RangeMark => {
                    r!(a!()) = check!(range::mark(vm, w, g, base));
                }
                Op::RangeEnter => {
                    check!(range::enter(r!(a!()) as *mut u64));
                }
                Op::RangeExit => {
                    check!(range::exit(r!(a!()) as *mut u64));
                }
                Op::DeferTo => {
                    check!(range::defer_to(g, r!(a!()) as *mut u64));
                }

                Op::MakeChan => {
                    let t = ty!(word!());
                    r!(a!()) = check!(chans::make(vm, w, t, r!(b!()) as i64));
                }
                Op::Send => {
                    save!(pc);
                    let at = (*g).base + b!() as u32;
                    match gol_runtime::chansend(w, g, r!(a!()) as *mut gol_runtime::Hchan, at, true) {
                        gol_runtime::SendResult::Done => {}
                        gol_runtime::SendResult::Closed => raise!(chans::send_on_closed()),
                        _ => return Then::Switch,
                    }
                }
                Op::Recv => {
                    save!(pc);
                    let at = (*g).base + a!() as u32;
                    match gol_runtime::chanrecv(w, g, r!(b!()) as *mut gol_runtime::Hchan, at, None, true) {
                        gol_runtime::RecvResult::Done { .. } => {}
                        _ => return Then::Switch,
                    }
                }
                Op::Recv2 => {
                    save!(pc);
                    let (at, ok) = ((*g).base + a!() as u32, (*g).base + c!() as u32);
                    match gol_runtime::chanrecv(w, g, r!(b!()) as *mut gol_runtime::Hchan, at, Some(ok), true) {
                        gol_runtime::RecvResult::Done { .. } => {}
                        _ => return Then::Switch,
                    }
                }
                Op::Close => {
                    check!(chans::close(w, g, r!(a!())));
                }
                Op::ChanLen => r!(a!()) = chans::len(r!(b!())),
                Op::ChanCap => r!(a!()) = chans::cap(r!(b!())),
                Op::Select => {
                    let n = b!() as usize;
                    let table = std::slice::from_raw_parts(pc, n);
                    pc = pc.add(n);
                    save!(pc);
                    match chans::select(w, g, base, a!(), table, c!() == 0) {
                        Ok(true) => {}
                        Ok(false) => return Then::Switch,
                        Err(e) => raise!(e),
                    }
                }

                Op::AtomicLd32 => r!(a!()) = atomic32!(r!(b!())).load(SeqCst) as i32 as u64,
                Op::AtomicLd64 => r!(a!()) = atomic64!(r!(b!())).load(SeqCst),
                Op::AtomicSt32 => atomic32!(r!(a!())).store(r!(b!()) as u32, SeqCst),
                Op::AtomicSt64 => atomic64!(r!(a!())).store(r!(b!()), SeqCst),
                Op::AtomicAdd32 => {
                    let delta = r!(c!()) as u32;
                    r!(a!()) = atomic32!(r!(b!())).fetch_add(delta, SeqCst).wrapping_add(delta) as i32 as u64;
                }
                Op::AtomicAdd64 => {
                    let delta = r!(c!());
                    r!(a!()) = atomic64!(r!(b!())).fetch_add(delta, SeqCst).wrapping_add(delta);
                }
                Op::AtomicSwap32 => {
                    r!(a!()) = atomic32!(r!(b!())).swap(r!(c!()) as u32, SeqCst) as i32 as u64;
                }
                Op::AtomicSwap64 => r!(a!()) = atomic64!(r!(b!())).swap(r!(c!()), SeqCst),
                Op::AtomicCas32 => {
                    let (old, new) = (r!(c!()) as u32, *base.add(c!() as usize + 1) as u32);
                    set_bool!(atomic32!(r!(b!())).compare_exchange(old, new, SeqCst, SeqCst).is_ok());
                }
                Op::AtomicCas64 => {
                    let (old, new) = (r!(c!()), *base.add(c!() as usize + 1));
                    set_bool!(atomic64!(r!(b!())).compare_exchange(old, new, SeqCst, SeqCst).is_ok());
                }

                Op::Print => {
                    let n = b!() as usize;
                    let table = std::slice::from_raw_parts(pc, n);
                    pc = pc.add(n);
                    crate::print::print(vm, base, table, c!() != 0);
                }
                Op::RaiseError => {
                    let s = &vm.image.program.strings[bc!() as usize];
                    raise!(Raise::Runtime(String::from_utf8_lossy(s).into_owned()));
                }

                Op::StubGoexit => {
                    save!(start);
                    return call::exit_goroutine(vm, w, g, false);
                }
                Op::StubPanic => {
                    save!(start);
                    then!(panics::resume(vm, w, g));
                }
                Op::StubFatal => {
                    save!(start);
                    then!(panics::fatal_step(vm, w, g, Some([r!(STUB_RESULT), r!(STUB_RESULT + 1)])));
                }
            }
        }
    }
}

/// Where, in the frame of a panic, the call that a report makes leaves its result: the window of that call.
pub(crate) const STUB_RESULT: usize = crate::image::STUB_REGS as usize + HEADER;

/// Answers a request to give way; the goroutine's state is saved.
#[cold]
#[inline(never)]
pub(crate) fn safepoint(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3: the goroutine is ours.
    match w.safepoint(unsafe { (*g).id }) {
        Safepoint::Continue => {
            // SAFETY: V3: the goroutine is ours. A collection may have moved its stack to a smaller one.
            w.set_guard(unsafe { crate::call::limit(g) });
            Then::Go
        }
        Safepoint::Yield => {
            // SAFETY: V3: the goroutine is ours, with its state saved.
            unsafe { w.yield_g(g) };
            Then::Switch
        }
        Safepoint::Stop => Then::Leave,
        // SAFETY: V3, with the state saved.
        Safepoint::Interrupted => unsafe { panics::interrupted(vm, w, g) },
    }
}
