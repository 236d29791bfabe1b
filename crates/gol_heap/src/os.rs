//! Memory from the operating system: reserving addresses, committing and releasing pages. The only file that calls it.

#[cfg(not(unix))]
compile_error!("gol_heap reserves its memory with mmap; this system needs its own os.rs");

/// What the system's large pages are aligned to, where it has any; elsewhere this does no harm.
pub(crate) const LARGE_PAGE: usize = 2 << 20;

/// A range of reserved addresses; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    base: *mut u8,
    len: usize,
}

// SAFETY: the addresses belong to the process, not to a thread; `Reservation` itself reads and writes nothing there.
unsafe impl Send for Reservation {}
// SAFETY: as above; all methods take `&self` and are thread-safe system calls.
unsafe impl Sync for Reservation {}

impl Reservation {
    /// Reserves `len` bytes (a multiple of the page size) of addresses, from a multiple of [`LARGE_PAGE`], that cannot be touched until
    /// [`Reservation::commit`].
    pub(crate) fn reserve(len: usize) -> Option<Reservation> {
        let mut reservation = Self::map(len.checked_add(LARGE_PAGE)?, libc::PROT_NONE)?;
        let head = reservation.base.align_offset(LARGE_PAGE);
        // SAFETY: what is given back lies in the new mapping, before and behind what is kept of it, and nobody has seen it.
        unsafe {
            if head != 0 {
                libc::munmap(reservation.base.cast(), head);
            }
            reservation.base = reservation.base.add(head);
            libc::munmap(reservation.base.add(len).cast(), LARGE_PAGE - head);
        }
        reservation.len = len;
        Some(reservation)
    }

    /// Reserves `len` bytes that read as zero and take real memory only where they are written.
    pub(crate) fn zeroed(len: usize) -> Option<Reservation> {
        Self::map(len, libc::PROT_READ | libc::PROT_WRITE)
    }

    fn map(len: usize, protection: libc::c_int) -> Option<Reservation> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
        // SAFETY: an anonymous mapping at an address of the system's choice touches no memory in use.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        if base == libc::MAP_FAILED || base.is_null() {
            return None;
        }
        Some(Reservation { base: base.cast(), len })
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.base
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Makes `len` bytes from `offset` readable and writable (zero). False if the system refuses.
    pub(crate) fn commit(&self, offset: usize, len: usize) -> bool {
        debug_assert!(offset + len <= self.len);
        // SAFETY: the range lies in this reservation (H1).
        unsafe { libc::mprotect(self.base.add(offset).cast(), len, libc::PROT_READ | libc::PROT_WRITE) == 0 }
    }

    /// Asks the system to back `len` bytes from `offset`, which are committed, by large pages where it can: the collector goes all over
    /// the heap, and half of its time went to looking up addresses. A page takes memory as a whole as soon as a byte of it is written.
    pub(crate) fn prefer_large_pages(&self, offset: usize, len: usize) {
        debug_assert!(offset + len <= self.len);
        #[cfg(target_os = "linux")]
        // SAFETY: the range lies in this reservation (H1), and its contents stay. A refusal changes nothing.
        unsafe {
            libc::madvise(self.base.add(offset).cast(), len, libc::MADV_HUGEPAGE);
        }
    }

    /// Gives the memory of `len` committed bytes from `offset` back to the system; they stay committed. True if they read as zero
    /// from now on; nobody may be using them.
    pub(crate) fn release(&self, offset: usize, len: usize) -> bool {
        debug_assert!(offset + len <= self.len);
        // SAFETY: the range lies in this reservation (H1); the caller owns its contents. Only Linux promises zeroes afterwards.
        let done = unsafe { libc::madvise(self.base.add(offset).cast(), len, libc::MADV_DONTNEED) == 0 };
        done && cfg!(target_os = "linux")
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and whoever held addresses in it kept the `Reservation` alive (H1).
        unsafe { libc::munmap(self.base.cast(), self.len) };
    }
}
