//! What reflection does with goroutines around it: channel operations, and the words of calls.
//!
//! A channel's element in register form takes at most [`ELEM_WORDS`] registers, so a native's own window holds one, and an
//! operation that parks finds it there when it goes on, as the instruction does in a frame.
//!
//! A call from reflection goes through a block of words on the heap: `callWords` (see `Op::CallDyn`) lays the arguments out from
//! one and leaves the results in another; a function made by reflection is a closure of a stub that does the reverse.

use super::{MAX_REGS, Value, bad_kind};
use crate::chans;
use crate::native::{Flow, Native, NativeResult};
use crate::raise::Raise;
use gol_bytecode::{FuncId, Kind, MethodId, TypeRef};
use gol_heap::{LayoutId, mem};
use gol_runtime::{
    CaseKind, Hchan, NO_SLOT, RecvResult, Scase, SelectResult, SendResult, chanrecv, chansend, selectgo,
};

/// Registers of the largest value that is not Mem.
const ELEM_WORDS: usize = 8;

impl Native<'_> {
    fn offset(&self, word: usize) -> u32 {
        // SAFETY: V3: the window lies in the goroutine's stack.
        unsafe { self.window.add(word).offset_from((*self.g).stack.ptr()) as u32 }
    }

    /// A new channel of channel type `t`.
    pub fn new_chan(&mut self, t: TypeRef, size: i64) -> Result<Value, Raise> {
        // SAFETY: V1: the type is a channel's.
        let word = unsafe { chans::make(self.vm, self.w, t, size)? };
        Ok(Value { ty: t, flags: Kind::Chan as u64, word })
    }

    /// `close(v)`.
    pub fn chan_close(&mut self, v: Value) -> Result<(), Raise> {
        let c = self.word_of(v)?;
        // SAFETY: V2: the word is a channel.
        unsafe { chans::close(self.w, self.g, c) }
    }

    /// Sends `x`, of the element type, on channel `v`; gives whether it was sent, which with `block` is always so.
    pub fn chan_send(&mut self, v: Value, x: Value, block: bool) -> NativeResult {
        let (c, regs) = (self.word_of(v)?, self.regs_of(x)?);
        // SAFETY: R9: a channel; the window has room for an element (its signature says so), and the result is written ahead.
        unsafe {
            std::ptr::copy_nonoverlapping(regs.as_ptr(), self.window.add(1), ELEM_WORDS);
            *self.window = 1;
            match chansend(self.w, self.g, c as *mut Hchan, self.offset(1), block) {
                SendResult::Done => Ok(Flow::Done),
                SendResult::WouldBlock => {
                    *self.window = 0;
                    Ok(Flow::Done)
                }
                SendResult::Parked => Ok(Flow::Parked),
                SendResult::Closed => Err(chans::send_on_closed()),
            }
        }
    }

    /// Receives from channel `v` into the result's words, then gives whether a value came (1), the channel is closed (0) or
    /// nothing happened (2).
    pub fn chan_recv(&mut self, v: Value, block: bool) -> NativeResult {
        let c = self.word_of(v)?;
        let (to, ok) = (self.offset(0), self.offset(ELEM_WORDS));
        // SAFETY: R9: a channel; the results' registers lie in the window.
        unsafe {
            std::ptr::write_bytes(self.window, 0, ELEM_WORDS + 1);
            match chanrecv(self.w, self.g, c as *mut Hchan, to, Some(ok), block) {
                RecvResult::Done { .. } => Ok(Flow::Done),
                RecvResult::WouldBlock => {
                    *self.window.add(ELEM_WORDS) = 2;
                    Ok(Flow::Done)
                }
                RecvResult::Parked => Ok(Flow::Parked),
            }
        }
    }

    /// From arguments: the words of an element and its type. A Mem value that is not there is zero.
    pub fn from_words(&mut self) -> Result<Value, Raise> {
        let mut regs = [0; MAX_REGS];
        (0..ELEM_WORDS).for_each(|i| regs[i] = self.uint());
        let t = TypeRef(self.uint() as u32);
        if !self.is_type(t) {
            return Err(bad_kind());
        }
        if self.ty(t).is_mem && regs[0] == 0 {
            return self.zero(t);
        }
        self.boxed(t, &regs)
    }

    /// Writes the words of `x` at word `at` of a block.
    pub fn pack_words(&mut self, block: u64, at: usize, x: Value) -> Result<(), Raise> {
        let regs = self.regs_of(x)?;
        let n = self.ty(x.ty).regs as usize;
        if block == 0 && n != 0 {
            return Err(bad_kind());
        }
        for (i, word) in regs[..n].iter().enumerate() {
            // SAFETY: H6: the library made the block large enough.
            unsafe { mem::store_u64((block as *mut u8).add((at + i) * 8), *word) };
        }
        Ok(())
    }

    /// Writes a word of a block.
    pub fn pack_word(&mut self, block: u64, at: usize, word: u64) -> Result<(), Raise> {
        if block == 0 {
            return Err(bad_kind());
        }
        // SAFETY: H6, as above.
        unsafe { mem::store_u64((block as *mut u8).add(at * 8), word) };
        Ok(())
    }

    /// The value of type `t` whose words are at word `at` of a block.
    pub fn unpack_words(&mut self, block: u64, at: usize, t: TypeRef) -> Result<Value, Raise> {
        let mut regs = [0; MAX_REGS];
        let n = self.ty(t).regs as usize;
        if block == 0 && n != 0 {
            return Err(bad_kind());
        }
        for (i, word) in regs[..n].iter_mut().enumerate() {
            // SAFETY: H6, as above.
            *word = unsafe { mem::load_u64((block as *const u8).add((at + i) * 8)) };
        }
        self.boxed(t, &regs)
    }

    /// A new block of zero words.
    pub fn new_block(&mut self, words: usize) -> Result<u64, Raise> {
        Ok(self.vm.alloc(self.w, words * 8, LayoutId::CONSERVATIVE)? as u64)
    }

    /// The closure of the function that interfaces call for a method of type `t`; 0 if it was not compiled.
    pub fn method_closure(&self, t: TypeRef, method: MethodId) -> u64 {
        let desc = self.ty(t);
        let found = desc.methods.binary_search_by_key(&method, |m| m.id).ok();
        match found.and_then(|i| desc.methods[i].func) {
            Some(FuncId(f)) => &raw const self.vm.image.closures[f as usize] as u64,
            None => 0,
        }
    }

    /// A closure of a stub for calls of so many argument and result words, which hands a block with the arguments to the func
    /// value `callback` and returns the words of the block that this gives back. `None`: there is no stub for so many.
    pub fn new_stub(&mut self, callback: u64, nargs: u64, nresults: u64) -> Result<Option<u64>, Raise> {
        let need = nargs.max(nresults);
        let stubs = &self.well_known().stubs;
        let Some(stub) = stubs.iter().find(|s| u64::from(s.0) >= need) else { return Ok(None) };
        let entry = self.vm.image.funcs[stub.1.0 as usize].entry;
        let p = self.vm.alloc(self.w, 32, LayoutId::CONSERVATIVE)?;
        for (i, word) in [entry.into(), callback, nargs, nresults].into_iter().enumerate() {
            // SAFETY: H6: fresh memory of four words.
            unsafe { mem::store_u64(p.add(i * 8), word) };
        }
        Ok(Some(p as u64))
    }

    /// The closure of a frame for the cases of a select, so many words; `None`: there is none so large.
    pub fn select_stub(&self, words: u64) -> Option<u64> {
        let FuncId(f) = self.well_known().select_stubs.iter().find(|s| u64::from(s.0) >= words)?.1;
        Some(&raw const self.vm.image.closures[f as usize] as u64)
    }

    /// The value in a `reflect.Value` that an interface holds.
    pub fn reflect_value(&mut self, v: (TypeRef, u64)) -> Value {
        let v = self.opened(v);
        let mut regs = [0; MAX_REGS];
        // SAFETY: V2: an interface that says so holds a reflect.Value, which is three registers and so behind an address.
        unsafe { crate::value::load_leaves(&self.ty(v.ty).leaves, v.word as *const u8, regs.as_mut_ptr()) };
        Value { ty: TypeRef(regs[0] as u32), flags: regs[1], word: regs[2] }
    }

    /// The entry pc's place in the code, as `Value.Pointer` shows a func.
    pub fn code_of(&self, closure: u64) -> u64 {
        if closure == 0 {
            return 0;
        }
        // SAFETY: V2: a func value is a closure object, whose first word is its entry.
        let entry = unsafe { mem::load_u64(closure as *const u8) } as u32;
        crate::services::TEXT_START + u64::from(entry)
    }

    /// Select over the cases in the words after the first: for each the channel, its kind (0 send, 1 receive) and an element's
    /// words. The chosen case's number becomes the first word, -1 for none; what is received is in the case's words, whether
    /// it was received in its kind. Gives nothing itself.
    pub fn select_words(&mut self, n: usize, block: bool) -> NativeResult {
        const CASE: usize = ELEM_WORDS + 2;
        let case = |i: usize| {
            let at = 1 + i * CASE;
            // SAFETY: V2: the window has the words of all cases.
            let (c, kind) = unsafe { (*self.window.add(at), *self.window.add(at + 1)) };
            let (kind, ok_off) =
                if kind == 0 { (CaseKind::Send, NO_SLOT) } else { (CaseKind::Recv, self.offset(at + 1)) };
            Scase { c: c as *mut Hchan, kind, off: self.offset(at + 2), ok_off }
        };
        let cases: Vec<Scase> = (0..n).map(case).collect();
        // SAFETY: R9: channels, and registers within the window; V3 with the state saved.
        unsafe {
            (*self.g).machine[crate::call::SLOT] = self.offset(0).into();
            match selectgo(self.w, self.g, &cases, block) {
                SelectResult::Ready { case, .. } => *self.window = case as u64,
                SelectResult::Default => *self.window = -1i64 as u64,
                SelectResult::Parked => return Ok(Flow::Parked),
                SelectResult::Closed => return Err(chans::send_on_closed()),
            }
        }
        Ok(Flow::Done)
    }
}
