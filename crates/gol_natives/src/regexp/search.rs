//! Choosing a machine; the machine that tries alternatives one after the other.

use super::machine;
use super::program::{Inst, Program, conditions, rune};

/// Up to this many instructions, and this many pairs of instruction and offset, alternatives are tried in turn.
const SMALL_PROGRAM: usize = 500;
const SMALL_SEARCH: usize = 256 * 1024;

/// The first match at or after `from`.
pub(crate) fn find(p: &Program, text: &[u8], from: usize, ncap: usize, longest: bool) -> Option<Vec<usize>> {
    if p.anchored && from != 0 {
        return None;
    }
    // Where matches begin with certain bytes only, nothing before the first of them matters.
    let from = if p.anchored { from } else { candidate(p, text, from)? };
    if p.insts.len() <= SMALL_PROGRAM && p.insts.len() * (text.len() - from + 1) <= SMALL_SEARCH {
        Backtrack::new(p, text, from, ncap, longest).run()
    } else {
        machine::run(p, text, from, ncap, longest)
    }
}

/// The first offset at or after `from` where a match can begin.
#[inline]
pub(crate) fn candidate(p: &Program, text: &[u8], from: usize) -> Option<usize> {
    if !p.prefix.is_empty() {
        return memchr::memmem::find(&text[from..], &p.prefix).map(|i| from + i);
    }
    match &p.first {
        None => Some(from),
        Some(set) => text[from..].iter().position(|&b| set[b as usize]).map(|i| from + i),
    }
}

/// What is still to be done: try an instruction at an offset, or put a capture back.
enum Job {
    Try(u32, usize),
    Restore(u32, usize),
}

struct Backtrack<'a> {
    p: &'a Program,
    text: &'a [u8],
    /// Offsets below it are not looked at.
    base: usize,
    visited: Vec<u64>,
    jobs: Vec<Job>,
    caps: Vec<usize>,
    best: Option<Vec<usize>>,
    ncap: usize,
    longest: bool,
}

impl<'a> Backtrack<'a> {
    fn new(p: &'a Program, text: &'a [u8], base: usize, ncap: usize, longest: bool) -> Backtrack<'a> {
        let states = p.insts.len() * (text.len() - base + 1);
        Backtrack {
            p,
            text,
            base,
            visited: vec![0; states.div_ceil(64)],
            jobs: Vec::new(),
            caps: vec![usize::MAX; ncap.max(2)],
            best: None,
            ncap,
            longest,
        }
    }

    fn run(mut self) -> Option<Vec<usize>> {
        let mut at = self.base;
        loop {
            self.caps.fill(usize::MAX);
            self.caps[0] = at;
            self.begin(at);
            if self.best.is_some() || self.p.anchored || at >= self.text.len() {
                break;
            }
            // What failed from an earlier offset fails again, so what was visited stays visited.
            at += rune(self.text, at).map_or(1, |r| r.1);
            match candidate(self.p, self.text, at) {
                Some(next) => at = next,
                None => break,
            }
        }
        self.best.map(|mut caps| {
            caps.truncate(self.ncap);
            caps
        })
    }

    /// Whether the instruction has not been tried at the offset yet.
    fn visit(&mut self, pc: u32, at: usize) -> bool {
        let bit = pc as usize * (self.text.len() - self.base + 1) + (at - self.base);
        let word = &mut self.visited[bit / 64];
        let new = *word >> (bit % 64) & 1 == 0;
        *word |= 1 << (bit % 64);
        new
    }

    fn begin(&mut self, at: usize) {
        self.jobs.push(Job::Try(self.p.start, at));
        while let Some(job) = self.jobs.pop() {
            match job {
                Job::Restore(cap, old) => self.caps[cap as usize] = old,
                Job::Try(pc, at) => {
                    if self.follow(pc, at) {
                        self.jobs.clear();
                        return;
                    }
                }
            }
        }
    }

    /// Follows one thread until it ends; true if nothing better can be found.
    fn follow(&mut self, mut pc: u32, mut at: usize) -> bool {
        let p = self.p;
        loop {
            if !self.visit(pc, at) {
                return false;
            }
            match &p.insts[pc as usize] {
                Inst::Alt(x, y) => {
                    self.jobs.push(Job::Try(*y, at));
                    pc = *x;
                }
                Inst::Capture(out, cap) => {
                    if let Some(slot) = self.caps.get_mut(*cap as usize).filter(|_| (*cap as usize) < self.ncap) {
                        self.jobs.push(Job::Restore(*cap, *slot));
                        *slot = at;
                    }
                    pc = *out;
                }
                Inst::Empty(out, wanted) => {
                    if wanted & !conditions(self.text, at) != 0 {
                        return false;
                    }
                    pc = *out;
                }
                Inst::Nop(out) => pc = *out,
                Inst::Fail => return false,
                Inst::Match => {
                    self.caps[1] = at;
                    if self.best.as_ref().is_none_or(|b| self.longest && at > b[1]) {
                        self.best = Some(self.caps.clone());
                    }
                    return !self.longest || self.ncap == 0 || at == self.text.len();
                }
                takes => {
                    let Some((r, width)) = rune(self.text, at) else { return false };
                    let Some(out) = takes.step(r) else { return false };
                    pc = out;
                    at += width;
                }
            }
        }
    }
}
