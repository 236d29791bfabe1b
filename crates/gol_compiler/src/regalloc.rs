//! Registers of one function: a stack of temporaries above the variables that live.
//!
//! Everything is allocated at the top and freed down to a mark, so the order of use is the order of nesting in the
//! source. The widest extent is the function's frame. Running out is noted, not a panic: the function's compiler
//! reports it once at the end.

/// A register's number in its frame.
pub(crate) type Reg = u16;

/// Registers that a frame may have; the rest of the 16-bit numbers is left for windows and for "not wanted".
const LIMIT: u32 = 65_000;

/// The registers of one function.
#[derive(Debug, Default)]
pub(crate) struct RegAlloc {
    top: u32,
    max: u32,
    overflow: bool,
}

/// A height to free down to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark(u32);

impl RegAlloc {
    /// `n` registers in a row at the top.
    pub(crate) fn alloc(&mut self, n: u16) -> Reg {
        let r = self.top;
        self.top += n as u32;
        if self.top > LIMIT {
            self.overflow = true;
            self.top = r;
            return 0;
        }
        self.max = self.max.max(self.top);
        r as Reg
    }

    /// The present height.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.top)
    }

    /// Frees what was allocated since `mark`.
    pub(crate) fn free(&mut self, mark: Mark) {
        self.top = mark.0;
    }

    /// Whether a register is the one that is allocated next after freeing down to `mark`.
    pub(crate) fn is_first_above(&self, mark: Mark, r: Reg) -> bool {
        r as u32 == mark.0
    }

    /// Makes sure that everything up to and including register `r + n - 1` counts as allocated.
    pub(crate) fn keep(&mut self, r: Reg, n: u16) {
        self.top = self.top.max(r as u32 + n as u32).min(LIMIT);
        self.max = self.max.max(self.top);
    }

    /// The frame's size.
    pub(crate) fn frame(&self) -> u16 {
        self.max as u16
    }

    /// Whether it ran out.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_discipline() {
        let mut r = RegAlloc::default();
        assert_eq!(r.alloc(2), 0);
        let m = r.mark();
        assert_eq!(r.alloc(3), 2);
        r.free(m);
        assert_eq!(r.alloc(1), 2);
        assert_eq!(r.frame(), 5);
        r.free(m);
        r.keep(4, 2);
        assert_eq!(r.alloc(1), 6);
    }

    #[test]
    fn running_out_is_noted() {
        let mut r = RegAlloc::default();
        r.alloc(64_999);
        r.alloc(2);
        assert!(r.overflowed());
    }
}
