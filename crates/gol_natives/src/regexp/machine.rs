//! The machine that goes through the text once with all threads, those of higher priority first (Pike's).

use super::program::{Inst, Program, conditions, rune};
use super::search::candidate;

/// Threads in order of priority, each an instruction that takes a rune or matches, with its captures.
struct Queue {
    /// Where an instruction stands in `dense`, if `dense` says so too.
    sparse: Vec<u32>,
    /// Instructions, and where their captures begin in `caps`; `u32::MAX` for those that are only passed through.
    dense: Vec<(u32, u32)>,
    caps: Vec<usize>,
}

impl Queue {
    fn new(insts: usize) -> Queue {
        Queue { sparse: vec![0; insts], dense: Vec::new(), caps: Vec::new() }
    }

    fn clear(&mut self) {
        self.dense.clear();
        self.caps.clear();
    }

    /// Enters an instruction; false if it is there.
    fn enter(&mut self, pc: u32) -> bool {
        let at = self.sparse[pc as usize] as usize;
        if self.dense.get(at).is_some_and(|d| d.0 == pc) {
            return false;
        }
        self.sparse[pc as usize] = self.dense.len() as u32;
        self.dense.push((pc, u32::MAX));
        true
    }
}

/// What is still to be done when threads are added.
enum Job {
    Add(u32),
    Restore(u32, usize),
}

/// The first match at or after `from`.
pub(crate) fn run(p: &Program, text: &[u8], from: usize, ncap: usize, longest: bool) -> Option<Vec<usize>> {
    let width = ncap.max(2);
    let (mut now, mut next) = (Queue::new(p.insts.len()), Queue::new(p.insts.len()));
    let mut jobs = Vec::new();
    let mut caps = vec![usize::MAX; width];
    let mut best: Option<Vec<usize>> = None;
    let mut at = from;
    loop {
        if now.dense.is_empty() {
            if best.is_some() || (p.anchored && at != 0) {
                break;
            }
            if !p.anchored {
                match candidate(p, text, at) {
                    Some(first) => at = first,
                    None => break,
                }
            }
        }
        if best.is_none() && (!p.anchored || at == 0) {
            caps.fill(usize::MAX);
            caps[0] = at;
            add(p, &mut now, &mut jobs, p.start, text, at, &mut caps, ncap);
        }
        let current = rune(text, at);
        let after = at + current.map_or(0, |r| r.1);
        next.clear();
        for i in 0..now.dense.len() {
            let (pc, slot) = now.dense[i];
            if slot == u32::MAX {
                continue;
            }
            let thread = &now.caps[slot as usize..slot as usize + width];
            if longest && best.as_ref().is_some_and(|b| b[0] < thread[0]) {
                continue;
            }
            match &p.insts[pc as usize] {
                Inst::Match => {
                    if ncap == 0 {
                        return Some(Vec::new());
                    }
                    if best.as_ref().is_none_or(|b| !longest || b[1] < at || thread[0] < b[0]) {
                        let mut found = thread.to_vec();
                        found[1] = at;
                        best = Some(found);
                    }
                    if !longest {
                        break;
                    }
                }
                takes => {
                    let Some((r, _)) = current else { continue };
                    if let Some(out) = takes.step(r) {
                        caps.copy_from_slice(thread);
                        add(p, &mut next, &mut jobs, out, text, after, &mut caps, ncap);
                    }
                }
            }
        }
        std::mem::swap(&mut now, &mut next);
        if current.is_none() {
            break;
        }
        at = after;
    }
    best.map(|mut caps| {
        caps.truncate(ncap);
        caps
    })
}

/// Adds the thread of an instruction, and of all that it leads to without taking a rune.
#[allow(clippy::too_many_arguments)]
fn add(
    p: &Program,
    q: &mut Queue,
    jobs: &mut Vec<Job>,
    pc: u32,
    text: &[u8],
    at: usize,
    caps: &mut [usize],
    ncap: usize,
) {
    let here = conditions(text, at);
    jobs.push(Job::Add(pc));
    while let Some(job) = jobs.pop() {
        let pc = match job {
            Job::Restore(cap, old) => {
                caps[cap as usize] = old;
                continue;
            }
            Job::Add(pc) => pc,
        };
        if !q.enter(pc) {
            continue;
        }
        match &p.insts[pc as usize] {
            Inst::Alt(x, y) => {
                jobs.push(Job::Add(*y));
                jobs.push(Job::Add(*x));
            }
            Inst::Nop(out) => jobs.push(Job::Add(*out)),
            Inst::Empty(out, wanted) => {
                if wanted & !here == 0 {
                    jobs.push(Job::Add(*out));
                }
            }
            Inst::Capture(out, cap) => {
                if (*cap as usize) < ncap {
                    jobs.push(Job::Restore(*cap, caps[*cap as usize]));
                    caps[*cap as usize] = at;
                }
                jobs.push(Job::Add(*out));
            }
            Inst::Fail => {}
            _ => {
                let slot = q.caps.len() as u32;
                q.caps.extend_from_slice(caps);
                if let Some(last) = q.dense.last_mut() {
                    last.1 = slot;
                }
            }
        }
    }
}
