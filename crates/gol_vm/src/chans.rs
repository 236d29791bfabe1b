//! Channel instructions: from registers and words to `gol_runtime`'s channels, and back when a goroutine goes on.

use crate::call::SLOT;
use crate::interp::Then;
use crate::native::Native;
use crate::raise::Raise;
use crate::{Vm, panics};
use gol_bytecode::TypeRef;
use gol_runtime::{
    CaseKind, CloseError, G, Hchan, MakeChanError, NO_SLOT, RecvResult, Resume, Scase, SelectResult, SendResult,
    Worker, chancap, chanlen, chanrecv, chansend, closechan, makechan, select_resume, selectgo,
};
use std::mem::MaybeUninit;

/// The panic of a send on a closed channel.
#[cold]
pub(crate) fn send_on_closed() -> Raise {
    Raise::Plain("send on closed channel".into())
}

/// `make(chan, size)`.
///
/// # Safety
/// V1: `t` is a channel type.
pub(crate) unsafe fn make(vm: &Vm, w: &mut Worker, t: TypeRef, size: i64) -> Result<u64, Raise> {
    let elem = vm.image.ty(t).elem;
    let words = vm.image.ty(elem).regs as u32;
    match makechan(w, words, vm.image.types.meta(elem).reg_layout, size) {
        Ok(c) => {
            vm.after_alloc(w);
            Ok(c as u64)
        }
        Err(MakeChanError::OutOfMemory) => Err(Raise::OutOfMemory),
        Err(_) => Err(Raise::Plain("makechan: size out of range".into())),
    }
}

/// `close(c)`.
///
/// # Safety
/// V2: `c` is a channel or nil.
pub(crate) unsafe fn close(w: &mut Worker, g: *mut G, c: u64) -> Result<(), Raise> {
    // SAFETY: the caller's promise.
    match unsafe { closechan(w, g, c as *mut Hchan) } {
        Ok(()) => Ok(()),
        Err(CloseError::Nil) => Err(Raise::Plain("close of nil channel".into())),
        Err(CloseError::Closed) => Err(Raise::Plain("close of closed channel".into())),
    }
}

/// `len(c)`.
///
/// # Safety
/// As [`close`].
pub(crate) unsafe fn len(c: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { chanlen(c as *mut Hchan) as u64 }
}

/// `cap(c)`.
///
/// # Safety
/// As [`close`].
pub(crate) unsafe fn cap(c: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { chancap(c as *mut Hchan) as u64 }
}

/// Cases that a select keeps without allocating.
const FEW: usize = 16;

/// Carries a select out: true if it is decided, false if the goroutine is parked. The chosen case's number goes to
/// `R[a]`; when parked, [`resume`] writes it there.
///
/// # Safety
/// V1 for the table, V2, V3 with the state saved.
#[inline(never)]
pub(crate) unsafe fn select(
    w: &mut Worker,
    g: *mut G,
    base: *mut u64,
    a: u16,
    table: &[u64],
    block: bool,
) -> Result<bool, Raise> {
    // SAFETY: the caller's promises.
    unsafe {
        let frame = (*g).base;
        let slot = |r: u64| if r as u16 == u16::MAX { NO_SLOT } else { frame + r as u16 as u32 };
        let case = |k: &u64| Scase {
            c: *base.add(*k as u16 as usize) as *mut Hchan,
            kind: if *k >> 48 == 0 { CaseKind::Send } else { CaseKind::Recv },
            off: slot(*k >> 16),
            ok_off: slot(*k >> 32),
        };
        if let [one] = table {
            return select_one(w, g, base.add(a as usize), case(one), block);
        }
        (*g).machine[SLOT] = (frame + a as u32) as u64;
        let mut few = [const { MaybeUninit::<Scase>::uninit() }; FEW];
        let many: Vec<Scase>;
        let cases = if table.len() <= FEW {
            table.iter().zip(&mut few).for_each(|(k, to)| {
                to.write(case(k));
            });
            // The first ones, as many as the table has, were just written.
            std::slice::from_raw_parts(few.as_ptr().cast::<Scase>(), table.len())
        } else {
            many = table.iter().map(case).collect();
            &many[..]
        };
        match selectgo(w, g, cases, block) {
            SelectResult::Ready { case, .. } => *base.add(a as usize) = case as u64,
            SelectResult::Default => *base.add(a as usize) = -1i64 as u64,
            SelectResult::Parked => return Ok(false),
            SelectResult::Closed => return Err(send_on_closed()),
        }
    }
    Ok(true)
}

/// A select of one case is that operation, which with a default does not block.
///
/// # Safety
/// As [`select`]; the number of the case goes to `to`.
#[inline(never)]
unsafe fn select_one(w: &mut Worker, g: *mut G, to: *mut u64, case: Scase, block: bool) -> Result<bool, Raise> {
    // SAFETY: the caller's promises. The number is written before the goroutine may be parked.
    unsafe {
        *to = 0;
        let blocked = match case.kind {
            CaseKind::Send => match chansend(w, g, case.c, case.off, block) {
                SendResult::Done => return Ok(true),
                SendResult::Closed => return Err(send_on_closed()),
                SendResult::WouldBlock => true,
                SendResult::Parked => false,
            },
            CaseKind::Recv => match chanrecv(w, g, case.c, case.off, Some(case.ok_off), block) {
                RecvResult::Done { .. } => return Ok(true),
                RecvResult::WouldBlock => true,
                RecvResult::Parked => false,
            },
        };
        if blocked {
            *to = -1i64 as u64;
        }
        Ok(blocked)
    }
}

/// What a goroutine that was parked has to do before it goes on.
///
/// # Safety
/// V3, with the state saved.
#[cold]
#[inline(never)]
pub(crate) unsafe fn resume(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3.
    unsafe {
        match (*g).resume {
            Resume::None => Then::Go,
            Resume::SendOnClosed => {
                (*g).resume = Resume::None;
                closed_while_parked(vm, w, g)
            }
            Resume::SelectDone => match select_resume(w, g) {
                SelectResult::Closed => closed_while_parked(vm, w, g),
                SelectResult::Ready { case, .. } => {
                    *(*g).stack.ptr().add((*g).machine[SLOT] as usize) = case as u64;
                    Then::Go
                }
                SelectResult::Default | SelectResult::Parked => unreachable!("a select that was parked is decided"),
            },
            Resume::Interrupted => {
                (*g).resume = Resume::None;
                panics::interrupted(vm, w, g)
            }
            Resume::Abandoned => {
                (*g).resume = Resume::None;
                *(*g).stack.ptr().add((*g).machine[SLOT] as usize) = 0;
                Then::Go
            }
            Resume::Native => {
                (*g).resume = Resume::None;
                Native::finish(vm, w, g)
            }
        }
    }
}

/// The saved pc is after the send; the panic belongs to the send.
unsafe fn closed_while_parked(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
    // SAFETY: V3. The word before the saved pc is the send's last, which need not be where an instruction starts.
    unsafe {
        (*g).pc -= 1;
        (*g).machine_flag = true;
        let then = panics::raise(vm, w, g, send_on_closed());
        (*g).machine_flag = false;
        then
    }
}
