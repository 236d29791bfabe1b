//! Register stacks: one growing array of 64-bit words for each goroutine.
//!
//! A stack starts with [`MIN_WORDS`] words, which lie in the goroutine's own slab next to it, and at least doubles when it grows, up to
//! [`max_bytes`]. Growing moves it, so nothing but the
//! goroutine that runs on it may hold an address into it; parked goroutines are reached by offsets (R5), and no heap object ever
//! points into a stack. Which of its words are in use is the owner's knowledge ([`crate::G::top`]).

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Words of a new stack.
pub const MIN_WORDS: u32 = 32;

/// Words of the largest stack: 1 GB, Go's limit on 64-bit systems.
pub const MAX_WORDS: u32 = 1_000_000_000 / 8;

/// What [`set_max_bytes`] has set. No protocol depends on it.
static MAX_BYTES: AtomicUsize = AtomicUsize::new(MAX_WORDS as usize * 8);

/// The size in bytes that no stack may pass from now on: at most that of [`MAX_WORDS`], unless less has been asked for.
pub fn max_bytes() -> usize {
    MAX_BYTES.load(Relaxed)
}

/// Sets [`max_bytes`] for all stacks of the process (`debug.SetMaxStack`); returns the old number.
pub fn set_max_bytes(bytes: usize) -> usize {
    MAX_BYTES.swap(bytes, Relaxed)
}

/// A limit below this holds for larger stacks only: new goroutines must be able to start.
const ALWAYS_WORDS: u32 = 1024;

fn max_words() -> u32 {
    ((max_bytes() / 8).min(MAX_WORDS as usize) as u32).max(ALWAYS_WORDS)
}

/// Stacks up to this size stay with their goroutine when it ends and goes to the pool.
pub(crate) const KEEP_WORDS: u32 = 128;

/// The goroutine would need more than [`max_bytes`] (or than the system gives): Go's fatal "stack overflow".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackOverflow;

/// The register stack of one goroutine.
#[derive(Debug)]
#[repr(C)]
pub struct Stack {
    ptr: NonNull<u64>,
    /// The memory it starts in.
    first: NonNull<u64>,
    words: u32,
}

/// The memory that a stack starts in. Whoever has it keeps it in place.
#[repr(C)]
pub(crate) struct First(UnsafeCell<[u64; MIN_WORDS as usize]>);

impl First {
    pub(crate) const fn new() -> First {
        First(UnsafeCell::new([0; MIN_WORDS as usize]))
    }
}

impl Stack {
    /// A stack without words; its first use must be [`Stack::start`].
    pub(crate) const fn empty() -> Stack {
        Stack { ptr: NonNull::dangling(), first: NonNull::dangling(), words: 0 }
    }

    /// Has the stack, which is empty, start in `first`.
    ///
    /// # Safety
    /// `first` is memory that stays in place and is used by nobody else as long as the stack lives.
    pub(crate) unsafe fn start(&mut self, first: *mut First) {
        self.first = NonNull::new(first.cast()).expect("memory has an address");
        self.ptr = self.first;
        self.words = MIN_WORDS;
    }

    /// The address of word 0. Valid until the stack grows.
    #[inline(always)]
    pub fn ptr(&self) -> *mut u64 {
        self.ptr.as_ptr()
    }

    /// Its size in words.
    #[inline(always)]
    pub fn words(&self) -> u32 {
        self.words
    }

    /// Makes it at least `min_words` long, by doubling. New words are zero, old ones keep their contents; the address changes.
    /// A word left by an earlier goroutine of the pool may hold anything.
    #[cold]
    #[inline(never)]
    pub fn grow(&mut self, min_words: u32) -> Result<(), StackOverflow> {
        if min_words <= self.words {
            return Ok(());
        }
        let max = max_words();
        if min_words > max {
            return Err(StackOverflow);
        }
        debug_assert!(self.words != 0, "a stack starts in its first memory");
        let words = min_words.next_power_of_two().clamp(MIN_WORDS, max);
        self.resize(words)
    }

    /// Whether so few words are used that it may become shorter.
    pub(crate) fn can_shrink(&self, used: u32) -> bool {
        self.words > MIN_WORDS && used < self.words / 4
    }

    /// Halves it as often as it stays at least four times as long as what is used. Only for a goroutine that does not run, with
    /// the world stopped (R5).
    pub(crate) fn shrink(&mut self, used: u32) {
        let mut words = self.words;
        while words > MIN_WORDS && used < words / 4 {
            words /= 2;
        }
        if words < self.words / 2 {
            // Without memory for the smaller copy the larger stack simply stays.
            let _ = self.resize(words.max(MIN_WORDS));
        }
    }

    /// Makes it as it was at first; its contents are lost.
    pub(crate) fn reset(&mut self) {
        if self.words > MIN_WORDS {
            self.free();
            self.ptr = self.first;
            self.words = MIN_WORDS;
        }
    }

    /// Gives memory other than the first back; the caller says what it has instead.
    fn free(&mut self) {
        if self.words > MIN_WORDS {
            // SAFETY: `ptr` came from `alloc_zeroed` with this very layout: only the first memory is this short.
            unsafe { dealloc(self.ptr.as_ptr().cast(), Stack::layout(self.words)) };
        }
    }

    fn resize(&mut self, words: u32) -> Result<(), StackOverflow> {
        let kept = self.words.min(words) as usize;
        let new = if words == MIN_WORDS {
            self.first
        } else {
            // SAFETY: the layout is not empty.
            NonNull::new(unsafe { alloc_zeroed(Stack::layout(words)) }.cast::<u64>()).ok_or(StackOverflow)?
        };
        // SAFETY: both are this long, and they do not overlap: the new one was just allocated, or is the first memory, which is not in use
        // while the stack is longer than that.
        unsafe { new.copy_from_nonoverlapping(self.ptr, kept) };
        self.free();
        self.ptr = new;
        self.words = words;
        Ok(())
    }

    fn layout(words: u32) -> Layout {
        Layout::array::<u64>(words as usize).expect("at most MAX_WORDS words")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.free();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_by_doubling_and_keeps_contents() {
        let mut first = First::new();
        let mut s = Stack::empty();
        // SAFETY: the memory outlives the stack.
        unsafe { s.start(&raw mut first) };
        s.grow(1).unwrap();
        assert_eq!(s.words(), 32);
        // SAFETY: 31 < 32.
        unsafe { s.ptr().add(31).write(7) };
        s.grow(33).unwrap();
        assert_eq!(s.words(), 64);
        // SAFETY: 32 < 64.
        unsafe {
            assert_eq!(s.ptr().add(31).read(), 7);
            assert_eq!(s.ptr().add(32).read(), 0);
        }
        s.grow(5000).unwrap();
        assert_eq!(s.words(), 8192);
        s.shrink(10);
        assert_eq!(s.words(), 32);
        // SAFETY: 31 < 32.
        assert_eq!(unsafe { s.ptr().add(31).read() }, 7, "back in the first memory");
        s.grow(100).unwrap();
        s.reset();
        assert_eq!(s.words(), 32);
        assert_eq!(s.grow(MAX_WORDS + 1), Err(StackOverflow));
    }
}
