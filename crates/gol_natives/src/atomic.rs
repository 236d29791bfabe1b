//! `sync/atomic`: one instruction of the machine each, in the order all goroutines agree on.

use gol_vm::{Address, Flow, Native, NativeFn, NativeResult};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("LoadInt32", load::<i32>),
    ("LoadInt64", load::<i64>),
    ("LoadUint32", load::<u32>),
    ("LoadUint64", load::<u64>),
    ("LoadUintptr", load::<u64>),
    ("StoreInt32", store::<i32>),
    ("StoreInt64", store::<i64>),
    ("StoreUint32", store::<u32>),
    ("StoreUint64", store::<u64>),
    ("StoreUintptr", store::<u64>),
    ("AddInt32", add::<i32>),
    ("AddInt64", add::<i64>),
    ("AddUint32", add::<u32>),
    ("AddUint64", add::<u64>),
    ("AddUintptr", add::<u64>),
    ("SwapInt32", swap::<i32>),
    ("SwapInt64", swap::<i64>),
    ("SwapUint32", swap::<u32>),
    ("SwapUint64", swap::<u64>),
    ("SwapUintptr", swap::<u64>),
    ("CompareAndSwapInt32", compare_and_swap::<i32>),
    ("CompareAndSwapInt64", compare_and_swap::<i64>),
    ("CompareAndSwapUint32", compare_and_swap::<u32>),
    ("CompareAndSwapUint64", compare_and_swap::<u64>),
    ("CompareAndSwapUintptr", compare_and_swap::<u64>),
    ("AndInt32", and::<i32>),
    ("AndInt64", and::<i64>),
    ("AndUint32", and::<u32>),
    ("AndUint64", and::<u64>),
    ("AndUintptr", and::<u64>),
    ("OrInt32", or::<i32>),
    ("OrInt64", or::<i64>),
    ("OrUint32", or::<u32>),
    ("OrUint64", or::<u64>),
    ("OrUintptr", or::<u64>),
    ("LoadPointer", load::<u64>),
    ("StorePointer", store::<u64>),
    ("SwapPointer", swap::<u64>),
    ("CompareAndSwapPointer", compare_and_swap::<u64>),
    ("loadPointer", load::<u64>),
    ("storePointer", store::<u64>),
    ("swapPointer", swap::<u64>),
    ("compareAndSwapPointer", compare_and_swap::<u64>),
    ("replace", replace),
    ("sameType", same_type),
];

/// A type of the script whose values are words: how registers hold it, and which cell of memory is its.
trait Word: Copy {
    type Cell: Cell;
    /// From a register.
    fn bits(register: u64) -> <Self::Cell as Cell>::Bits;
    /// To a register, extended by its sign or by zeros.
    fn register(bits: <Self::Cell as Cell>::Bits) -> u64;
}

/// An atomic cell.
trait Cell {
    type Bits: Copy;
    fn at(address: Address<'_>) -> &Self;
    fn load(&self) -> Self::Bits;
    fn store(&self, v: Self::Bits);
    /// The new value.
    fn add(&self, v: Self::Bits) -> Self::Bits;
    fn swap(&self, v: Self::Bits) -> Self::Bits;
    fn compare_and_swap(&self, old: Self::Bits, new: Self::Bits) -> bool;
    /// The old value, as for `or`.
    fn and(&self, v: Self::Bits) -> Self::Bits;
    fn or(&self, v: Self::Bits) -> Self::Bits;
}

macro_rules! cell {
    ($cell:ty, $bits:ty, $at:ident) => {
        impl Cell for $cell {
            type Bits = $bits;
            fn at(address: Address<'_>) -> &Self {
                address.$at()
            }
            fn load(&self) -> $bits {
                <$cell>::load(self, SeqCst)
            }
            fn store(&self, v: $bits) {
                <$cell>::store(self, v, SeqCst);
            }
            fn add(&self, v: $bits) -> $bits {
                self.fetch_add(v, SeqCst).wrapping_add(v)
            }
            fn swap(&self, v: $bits) -> $bits {
                <$cell>::swap(self, v, SeqCst)
            }
            fn compare_and_swap(&self, old: $bits, new: $bits) -> bool {
                self.compare_exchange(old, new, SeqCst, SeqCst).is_ok()
            }
            fn and(&self, v: $bits) -> $bits {
                self.fetch_and(v, SeqCst)
            }
            fn or(&self, v: $bits) -> $bits {
                self.fetch_or(v, SeqCst)
            }
        }
    };
}

cell!(AtomicU32, u32, atomic32);
cell!(AtomicU64, u64, atomic64);

macro_rules! word {
    ($word:ty, $cell:ty, $bits:ty) => {
        impl Word for $word {
            type Cell = $cell;
            fn bits(register: u64) -> $bits {
                register as $bits
            }
            fn register(bits: $bits) -> u64 {
                bits as $word as u64
            }
        }
    };
}

word!(i32, AtomicU32, u32);
word!(u32, AtomicU32, u32);
word!(i64, AtomicU64, u64);
word!(u64, AtomicU64, u64);

fn load<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let at = n.address()?;
    n.give_uint(W::register(W::Cell::at(at).load()));
    Ok(Flow::Done)
}

fn store<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, v) = (n.address()?, n.uint());
    W::Cell::at(at).store(W::bits(v));
    Ok(Flow::Done)
}

fn add<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, v) = (n.address()?, n.uint());
    n.give_uint(W::register(W::Cell::at(at).add(W::bits(v))));
    Ok(Flow::Done)
}

fn swap<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, v) = (n.address()?, n.uint());
    n.give_uint(W::register(W::Cell::at(at).swap(W::bits(v))));
    Ok(Flow::Done)
}

fn compare_and_swap<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, old, new) = (n.address()?, n.uint(), n.uint());
    n.give_bool(W::Cell::at(at).compare_and_swap(W::bits(old), W::bits(new)));
    Ok(Flow::Done)
}

fn and<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, v) = (n.address()?, n.uint());
    n.give_uint(W::register(W::Cell::at(at).and(W::bits(v))));
    Ok(Flow::Done)
}

fn or<W: Word>(n: &mut Native<'_>) -> NativeResult {
    let (at, v) = (n.address()?, n.uint());
    n.give_uint(W::register(W::Cell::at(at).or(W::bits(v))));
    Ok(Flow::Done)
}

/// `replace(at *any, old, new any) bool`
fn replace(n: &mut Native<'_>) -> NativeResult {
    let at = n.address()?;
    let (old, new) = ((n.uint(), n.uint()), (n.uint(), n.uint()));
    let replaced = n.replace_iface(at, old, new);
    n.give_bool(replaced);
    Ok(Flow::Done)
}

/// `sameType(a, b any) bool`
fn same_type(n: &mut Native<'_>) -> NativeResult {
    let (a, b) = (n.iface(), n.iface());
    n.give_bool(a.0 == b.0);
    Ok(Flow::Done)
}
