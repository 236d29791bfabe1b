//! The memory of the interpreter itself: where there is none left, the program ends as Go's programs do.
//!
//! Script data lives on the heap, whose allocations fail with a null that the VM answers. What Rust code allocates on the
//! way (stacks, goroutines, buffers of natives) cannot fail so; Rust would abort the process.

use std::alloc::{GlobalAlloc, Layout};

/// An allocator that ends the process with Go's message and status when it has no memory.
#[derive(Debug, Default)]
pub struct OrExit<A>(pub A);

// SAFETY: all calls are handed on as they are; what is null does not return.
unsafe impl<A: GlobalAlloc> GlobalAlloc for OrExit<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises.
        there(unsafe { self.0.alloc(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        unsafe { self.0.dealloc(ptr, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises.
        there(unsafe { self.0.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promises.
        there(unsafe { self.0.realloc(ptr, layout, new_size) })
    }
}

#[inline(always)]
fn there(p: *mut u8) -> *mut u8 {
    if p.is_null() {
        exit();
    }
    p
}

/// Ends the process. Nothing here may allocate, or wait for a thread that does.
#[cold]
#[inline(never)]
fn exit() -> ! {
    let text = b"fatal error: runtime: out of memory\n";
    // SAFETY: plain system calls with a constant text.
    unsafe {
        libc::write(2, text.as_ptr().cast(), text.len());
        libc::_exit(2)
    }
}
