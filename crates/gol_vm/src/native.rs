//! The native ABI: how Rust bodies of body-less functions read arguments, give results, raise and park.
//!
//! A native gets a [`Native`]: a cursor over its argument words and one over its result words, which are the same
//! registers. **Read all arguments before giving the first result.** Arguments are read, and results given, in the
//! order of the Go signature, each by the method of its type.
//!
//! A native never calls back into gol and never keeps an address across a point where it parks: collections happen
//! only between instructions, so what it holds while it runs stays alive and in place.
//!
//! A native that must wait for the system hands a closure to [`Native::block`]: the goroutine is parked, the closure runs
//! on a thread of the pool with copies of what it needs, and what it gives back finishes the call on a worker.

use crate::call::SLOT;
use crate::interp::Then;
use crate::raise::Raise;
use crate::{Vm, panics, strings};
use gol_bytecode::{MethodName, TypeRef, WellKnown};
use gol_heap::{LayoutId, mem};
use gol_runtime::{BlockResult, G, IoWait, PollDesc, PollSide, Worker};
use std::marker::PhantomData;

/// What a native has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Its results are given; the goroutine goes on.
    Done,
    /// The goroutine is parked or back in a queue; results, if any, are given when it goes on.
    Parked,
    /// The run is over.
    Leave,
}

/// What every native returns.
pub type NativeResult = Result<Flow, Raise>;

/// A Rust body.
pub type NativeFn = fn(&mut Native<'_>) -> NativeResult;

/// Gives the results of a blocking call, back on a worker.
pub type Finish = Box<dyn FnOnce(&mut Native<'_>) -> NativeResult + Send>;

/// A running native: its arguments, its results, and the VM around it.
pub struct Native<'a> {
    pub(crate) vm: &'a Vm,
    pub(crate) w: &'a mut Worker,
    pub(crate) g: *mut G,
    pub(crate) window: *mut u64,
    arg: usize,
    result: usize,
}

/// An address that a script gave: a live object's, never nil. Accesses are atomic. Good as long as the native runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address<'a>(pub(crate) u64, PhantomData<&'a ()>);

impl<'a> Address<'a> {
    /// The address as a number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The 32-bit word there, for atomic operations. The script's type says that it is one.
    pub fn atomic32(self) -> &'a std::sync::atomic::AtomicU32 {
        // SAFETY: H6: the native's Go signature says *int32 or *uint32, and the object lives while the native runs.
        unsafe { std::sync::atomic::AtomicU32::from_ptr(self.0 as *mut u32) }
    }

    /// The 64-bit word there.
    pub fn atomic64(self) -> &'a std::sync::atomic::AtomicU64 {
        // SAFETY: as `atomic32`.
        unsafe { std::sync::atomic::AtomicU64::from_ptr(self.0 as *mut u64) }
    }
}

/// A `[]byte` argument: memory that other goroutines may be writing, so it is copied in and out. Like all views of
/// memory it is good as long as the native runs; what goes on after a blocking call reads its arguments again.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    at: u64,
    len: u64,
    native: PhantomData<&'a ()>,
}

impl<'a> Bytes<'a> {
    /// Its length.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether it has no bytes.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Its bytes where they are. Others may be changing them: what is read twice may differ, so nothing may be concluded
    /// from an earlier look but in the result. For searching only.
    pub fn view(self) -> &'a [u8] {
        // SAFETY: a live slice of bytes; plain byte loads of memory that is mapped.
        unsafe { strings::bytes(self.at, self.len) }
    }

    /// A copy of its bytes.
    pub fn to_vec(self) -> Vec<u8> {
        let mut v = vec![0; self.len()];
        // SAFETY: H6: a live slice of this length.
        unsafe { mem::copy_units(v.as_mut_ptr(), self.at as *const u8, v.len(), 1) };
        v
    }

    /// Writes `from` to its start, as much of it as there is room for.
    pub fn write(self, from: &[u8]) {
        let n = from.len().min(self.len());
        // SAFETY: H6: a live slice of at least `n` bytes.
        unsafe { mem::copy_units(self.at as *mut u8, from.as_ptr(), n, 1) };
    }
}

/// A slice of 8-byte elements without pointers: `[]int`, `[]float64`.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    at: u64,
    len: u64,
    native: PhantomData<&'a ()>,
}

impl<'a> Words<'a> {
    /// A copy of its elements' bits.
    pub fn to_vec(self) -> Vec<u64> {
        // SAFETY: H6: a live slice of this length.
        (0..self.len).map(|i| unsafe { mem::load_u64((self.at + i * 8) as *const u8) }).collect()
    }

    /// Writes as many elements as it has.
    pub fn write(self, from: &[u64]) {
        for (i, v) in from.iter().take(self.len as usize).enumerate() {
            // SAFETY: H6: the element lies in the slice.
            unsafe { mem::store_u64((self.at + i as u64 * 8) as *mut u8, *v) };
        }
    }
}

/// A `[]string` whose elements can be put in another order.
#[derive(Clone, Copy, Debug)]
pub struct Strings<'a> {
    at: u64,
    len: u64,
    native: PhantomData<&'a ()>,
}

impl<'a> Strings<'a> {
    /// Sorts its strings by their bytes.
    pub fn sort(self) {
        // SAFETY: H6: a live slice of string units; what the units name stays alive while the native runs.
        unsafe {
            let load = |i: u64| mem::load16((self.at + i * 16) as *const u8);
            let mut all: Vec<_> = (0..self.len).map(load).collect();
            all.sort_unstable_by(|x, y| strings::bytes(x.0, x.1).cmp(strings::bytes(y.0, y.1)));
            for (i, (p, len)) in all.into_iter().enumerate() {
                mem::store16((self.at + i as u64 * 16) as *mut u8, p, len);
            }
        }
    }
}

impl<'a> Native<'a> {
    /// A native about to run with its arguments at `window`.
    ///
    /// # Safety
    /// V2: the window has room for arguments and results; V3.
    pub(crate) unsafe fn new(vm: &'a Vm, w: &'a mut Worker, g: *mut G, window: *mut u64) -> Native<'a> {
        Native { vm, w, g, window, arg: 0, result: 0 }
    }

    /// The next argument word.
    #[inline(always)]
    fn word(&mut self) -> u64 {
        // SAFETY: V2: the signature says how many argument words there are; natives read by it.
        let v = unsafe { *self.window.add(self.arg) };
        self.arg += 1;
        v
    }

    /// Gives the next result word.
    #[inline(always)]
    fn give(&mut self, v: u64) {
        // SAFETY: V2, as for arguments.
        unsafe { *self.window.add(self.result) = v };
        self.result += 1;
    }

    /// An argument of a signed integer type.
    pub fn int(&mut self) -> i64 {
        self.word() as i64
    }

    /// An argument of an unsigned integer type.
    pub fn uint(&mut self) -> u64 {
        self.word()
    }

    /// A bool argument.
    pub fn bool(&mut self) -> bool {
        self.word() != 0
    }

    /// A float64 argument.
    pub fn float(&mut self) -> f64 {
        f64::from_bits(self.word())
    }

    /// A float32 argument.
    pub fn float32(&mut self) -> f32 {
        f32::from_bits(self.word() as u32)
    }

    /// A complex128 argument.
    pub fn complex(&mut self) -> (f64, f64) {
        (self.float(), self.float())
    }

    /// A string argument's bytes, as long as the native runs.
    pub fn str(&mut self) -> &'a [u8] {
        let (p, len) = (self.word(), self.word());
        // SAFETY: a string's bytes never change, and it stays alive while the native runs.
        unsafe { strings::bytes(p, len) }
    }

    /// A string argument as Rust text; what is not UTF-8 is replaced.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.str()).into_owned()
    }

    /// A `[]byte` argument.
    pub fn bytes(&mut self) -> Bytes<'a> {
        let (at, len, _cap) = (self.word(), self.word(), self.word());
        Bytes { at, len, native: PhantomData }
    }

    /// A `[]string` argument.
    pub fn strings(&mut self) -> Vec<Vec<u8>> {
        let (at, len, _cap) = (self.word(), self.word(), self.word());
        // SAFETY: H6: a live slice of `len` string units.
        let unit = |i: u64| unsafe {
            let (p, n) = mem::load16((at + i * 16) as *const u8);
            strings::bytes(p, n).to_vec()
        };
        (0..len).map(unit).collect()
    }

    /// An `[]int`, `[]float64` or the like.
    pub fn words(&mut self) -> Words<'a> {
        let (at, len, _cap) = (self.word(), self.word(), self.word());
        Words { at, len, native: PhantomData }
    }

    /// A `[]string` that stays where it is.
    pub fn string_slice(&mut self) -> Strings<'a> {
        let (at, len, _cap) = (self.word(), self.word(), self.word());
        Strings { at, len, native: PhantomData }
    }

    /// A pointer argument; raises if it is nil.
    pub fn address(&mut self) -> Result<Address<'a>, Raise> {
        match self.word() {
            0 => Err(Raise::nil()),
            p => Ok(Address(p, PhantomData)),
        }
    }

    /// A pointer, map, chan or func argument as it is, 0 for nil.
    pub fn pointer(&mut self) -> u64 {
        self.word()
    }

    /// An interface argument: its dynamic type ([`TypeRef::NONE`] for nil) and data word.
    pub fn iface(&mut self) -> (TypeRef, u64) {
        let t = self.word();
        (TypeRef(t as u32), self.word())
    }

    /// Gives a signed integer.
    pub fn give_int(&mut self, v: i64) {
        self.give(v as u64);
    }

    /// Gives an unsigned integer.
    pub fn give_uint(&mut self, v: u64) {
        self.give(v);
    }

    /// Gives a bool.
    pub fn give_bool(&mut self, v: bool) {
        self.give(v as u64);
    }

    /// Gives a float64.
    pub fn give_float(&mut self, v: f64) {
        self.give(v.to_bits());
    }

    /// Gives a float32.
    pub fn give_float32(&mut self, v: f32) {
        self.give(v.to_bits() as u64);
    }

    /// Gives a complex128.
    pub fn give_complex(&mut self, (re, im): (f64, f64)) {
        self.give_float(re);
        self.give_float(im);
    }

    /// Gives a new string.
    pub fn give_str(&mut self, s: impl AsRef<[u8]>) -> Result<(), Raise> {
        let (p, len) = strings::new(self.vm, self.w, s.as_ref())?;
        self.give(p);
        self.give(len);
        Ok(())
    }

    /// Gives a string argument, or a part of one, as it is: without a copy. Also the bytes of a slice that the script
    /// promises not to change any more.
    pub fn give_shared(&mut self, s: &'a [u8]) {
        self.give(if s.is_empty() { 0 } else { s.as_ptr() as u64 });
        self.give(s.len() as u64);
    }

    /// Gives a nil slice.
    pub fn give_nil_slice(&mut self) {
        (0..3).for_each(|_| self.give(0));
    }

    /// Gives a new `[]byte`.
    pub fn give_bytes(&mut self, s: &[u8]) -> Result<(), Raise> {
        let p = self.vm.alloc(self.w, s.len(), LayoutId::NOSCAN)?;
        // SAFETY: fresh memory of this size.
        unsafe { std::ptr::copy_nonoverlapping(s.as_ptr(), p, s.len()) };
        self.give(p as u64);
        self.give(s.len() as u64);
        self.give(s.len() as u64);
        Ok(())
    }

    /// Gives a new `[]string`.
    pub fn give_strings<S: AsRef<[u8]>>(&mut self, v: &[S]) -> Result<(), Raise> {
        let units = self.vm.alloc(self.w, v.len() * 16, LayoutId::CONSERVATIVE)?;
        for (i, s) in v.iter().enumerate() {
            let (p, len) = strings::new(self.vm, self.w, s.as_ref())?;
            // SAFETY: H6: fresh memory with room for each unit.
            unsafe { mem::store16(units.add(i * 16), p, len) };
        }
        self.give(units as u64);
        self.give(v.len() as u64);
        self.give(v.len() as u64);
        Ok(())
    }

    /// Gives a new slice of 8-byte elements without pointers (`[]int`, `[]uintptr`, `[]float64`).
    pub fn give_words(&mut self, v: &[u64]) -> Result<(), Raise> {
        let p = self.vm.alloc(self.w, v.len() * 8, LayoutId::NOSCAN)?;
        // SAFETY: fresh memory of this size.
        unsafe { std::ptr::copy_nonoverlapping(v.as_ptr(), p.cast(), v.len()) };
        self.give(p as u64);
        self.give(v.len() as u64);
        self.give(v.len() as u64);
        Ok(())
    }

    /// Gives a pointer, map, chan or func as it is.
    pub fn give_pointer(&mut self, p: u64) {
        self.give(p);
    }

    /// Gives an interface value.
    pub fn give_iface(&mut self, t: TypeRef, data: u64) {
        self.give(t.0 as u64);
        self.give(data);
    }

    /// All method names, by number.
    pub fn method_names(&self) -> &'a [MethodName] {
        &self.vm.image.program.methods
    }

    /// Types that the VM knows by name.
    pub fn well_known(&self) -> &'a WellKnown {
        self.vm.image.program.well_known()
    }

    /// The VM.
    pub fn vm(&self) -> &'a Vm {
        self.vm
    }

    /// The worker that runs the goroutine.
    pub fn worker(&mut self) -> &mut Worker {
        self.w
    }

    /// The running goroutine's number.
    pub fn goid(&self) -> u64 {
        // SAFETY: V3.
        unsafe { (*self.g).id }
    }

    /// Parks the goroutine, runs `call` on a thread that may block, then gives its results by the [`Finish`] it
    /// returns. Read all arguments first.
    pub fn block(&mut self, call: impl FnOnce() -> Finish + Send + 'static) -> NativeResult {
        // SAFETY: V3. The window is kept as an offset, since the stack may move meanwhile.
        unsafe {
            let offset = self.window.offset_from((*self.g).stack.ptr()) as u64;
            (*self.g).machine[SLOT] = offset;
            panics::set_top(self.vm, self.g);
            self.w.block_on(self.g, Box::new(move || Box::new(call()) as Box<dyn std::any::Any + Send>));
        }
        Ok(Flow::Parked)
    }

    /// Parks the goroutine until a side of a descriptor may be ready, then runs `again`: most often the same native once more. Anything but
    /// [`IoWait::Parked`]: nothing has happened. Read no arguments in between, and give no results.
    pub fn wait_io(&mut self, desc: &PollDesc, side: PollSide, again: NativeFn) -> IoWait {
        let result = self.prepare_wait(again);
        // SAFETY: V3: who gets Parked leaves the goroutine alone.
        unsafe { self.w.wait_io(self.g, desc, side, result) }
    }

    /// The next signal that the program asked for; or parks the goroutine until there is one, to run `again`.
    pub fn wait_signal(&mut self, again: NativeFn) -> Option<u32> {
        let result = self.prepare_wait(again);
        // SAFETY: V3, as above.
        unsafe { self.w.wait_signal(self.g, result) }
    }

    /// Saves the state of a goroutine that may park.
    fn prepare_wait(&mut self, again: NativeFn) -> BlockResult {
        // SAFETY: V3. The window is kept as an offset, since the stack may move meanwhile.
        unsafe {
            let offset = self.window.offset_from((*self.g).stack.ptr()) as u64;
            (*self.g).machine[SLOT] = offset;
            panics::set_top(self.vm, self.g);
        }
        Box::new(Box::new(again) as Finish)
    }

    /// A blocking call has come back: runs its [`Finish`].
    ///
    /// # Safety
    /// V3, with the state saved as it was when the goroutine parked.
    pub(crate) unsafe fn finish(vm: &Vm, w: &mut Worker, g: *mut G) -> Then {
        // SAFETY: V3; the window lies in the goroutine's stack.
        unsafe {
            let Some(result) = (*g).native_result.take() else { return Then::Go };
            let Ok(finish) = result.downcast::<Finish>() else {
                unreachable!("a native's blocking call gives back a Finish");
            };
            let window = (*g).stack.ptr().add((*g).machine[SLOT] as usize);
            let mut native = Native::new(vm, w, g, window);
            match (*finish)(&mut native) {
                Ok(Flow::Done) => Then::Go,
                Ok(Flow::Parked) => Then::Switch,
                Ok(Flow::Leave) => Then::Leave,
                Err(e) => {
                    // The saved pc is after the call; the panic belongs to the call, which cannot be made again.
                    (*g).pc -= 1;
                    (*g).machine_flag = true;
                    let then = panics::raise(vm, w, g, e);
                    (*g).machine_flag = false;
                    then
                }
            }
        }
    }

    /// What to raise for the error that the native returned. One that got no memory is called again after a collection,
    /// unless results have taken the place of its arguments already.
    #[cold]
    pub(crate) fn failed(&self, e: Raise) -> Raise {
        match e {
            Raise::OutOfMemory if self.result > 0 => Raise::out_of_memory(),
            e => e,
        }
    }
}
