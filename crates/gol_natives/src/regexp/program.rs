//! A program in the form that the machines run.

/// One instruction. `out` and `arg` are indices of instructions, or a capture's number.
#[derive(Clone, Debug)]
pub(crate) enum Inst {
    Alt(u32, u32),
    Capture(u32, u32),
    /// Goes on if these conditions hold between two runes.
    Empty(u32, u8),
    Match,
    Fail,
    Nop(u32),
    /// One character of ASCII.
    Byte(u32, u8),
    /// Any character but a line feed.
    NotLine(u32),
    Any(u32),
    /// A character of a class: of ASCII by a bit set, of others by sorted ranges.
    Class(u32, u128, Box<[(u32, u32)]>),
}

/// A decoded program.
pub(crate) struct Program {
    pub(crate) insts: Vec<Inst>,
    pub(crate) start: u32,
    /// What every match begins with; empty if nothing is known.
    pub(crate) prefix: Vec<u8>,
    /// The match can only begin where the text begins.
    pub(crate) anchored: bool,
    /// Which bytes a match can begin with; `None` if it may be empty or nothing is known.
    pub(crate) first: Option<Box<[bool; 256]>>,
}

pub(crate) const BEGIN_LINE: u8 = 1;
pub(crate) const END_LINE: u8 = 2;
pub(crate) const BEGIN_TEXT: u8 = 4;
pub(crate) const END_TEXT: u8 = 8;
pub(crate) const WORD: u8 = 16;
pub(crate) const NO_WORD: u8 = 32;

impl Program {
    /// Decodes what `encode` in `regexp.gol` makes: start, conditions at the start, the prefix with its length before it,
    /// the number of instructions, then each as opcode, out, arg and, before a class's runes, their number.
    pub(crate) fn decode(code: &[u64]) -> Program {
        let mut words = code.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        let (start, anchored) = (next() as u32, next() as u8 & BEGIN_TEXT != 0);
        let prefix = (0..next()).map(|_| next() as u8).collect();
        let count = next() as u32;
        let mut insts = Vec::new();
        for _ in 0..count {
            let (op, out, arg) = (next(), next() as u32, next() as u32);
            insts.push(match op {
                0 | 1 => Inst::Alt(out, arg),
                2 => Inst::Capture(out, arg),
                3 => Inst::Empty(out, arg as u8),
                4 => Inst::Match,
                5 => Inst::Fail,
                6 => Inst::Nop(out),
                8 => Inst::Any(out),
                9 => Inst::NotLine(out),
                _ => {
                    let n = next() / 2;
                    let ranges: Vec<(u32, u32)> = (0..n).map(|_| (next() as u32, next() as u32)).collect();
                    class(out, ranges)
                }
            });
        }
        let first = first(&insts, start);
        Program { insts, start, prefix, anchored, first }
    }
}

fn class(out: u32, ranges: Vec<(u32, u32)>) -> Inst {
    if let [(lo, hi)] = ranges[..]
        && lo == hi
        && lo < 128
    {
        return Inst::Byte(out, lo as u8);
    }
    let mut ascii = 0;
    for &(lo, hi) in &ranges {
        (lo..=hi.min(127)).for_each(|r| ascii |= 1u128 << r);
    }
    let others = ranges.into_iter().filter(|r| r.1 >= 128).collect();
    Inst::Class(out, ascii, others)
}

/// The bytes that a match can begin with.
fn first(insts: &[Inst], start: u32) -> Option<Box<[bool; 256]>> {
    let mut set = Box::new([false; 256]);
    let mut seen = vec![false; insts.len()];
    let mut todo = vec![start];
    while let Some(pc) = todo.pop() {
        let seen = seen.get_mut(pc as usize)?;
        if std::mem::replace(seen, true) {
            continue;
        }
        match &insts[pc as usize] {
            Inst::Alt(x, y) => todo.extend([*x, *y]),
            Inst::Capture(out, _) | Inst::Empty(out, _) | Inst::Nop(out) => todo.push(*out),
            Inst::Match | Inst::Any(_) => return None,
            Inst::Fail => {}
            Inst::Byte(_, b) => set[*b as usize] = true,
            Inst::NotLine(_) => (0..256).filter(|&b| b != 10).for_each(|b| set[b] = true),
            Inst::Class(_, ascii, others) => {
                (0..128).filter(|b| ascii >> b & 1 == 1).for_each(|b| set[b] = true);
                if !others.is_empty() {
                    set[128..].fill(true);
                }
            }
        }
    }
    Some(set)
}

/// The rune at `at` and its width; `None` at the end. A wrong byte is U+FFFD of width 1.
#[inline(always)]
pub(crate) fn rune(text: &[u8], at: usize) -> Option<(u32, usize)> {
    match text.get(at) {
        None => None,
        Some(&b) if b < 128 => Some((b as u32, 1)),
        Some(_) => Some(wide(&text[at..])),
    }
}

fn wide(text: &[u8]) -> (u32, usize) {
    let width = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (0xfffd, 1),
    };
    let valid = text.get(..width).and_then(|t| std::str::from_utf8(t).ok());
    valid.and_then(|t| t.chars().next()).map_or((0xfffd, 1), |c| (c as u32, width))
}

/// Which conditions hold at an offset. Only ASCII counts as words and lines, so bytes are enough.
#[inline(always)]
pub(crate) fn conditions(text: &[u8], at: usize) -> u8 {
    let before = at.checked_sub(1).map(|i| text[i]);
    let after = text.get(at).copied();
    let word = |b: Option<u8>| b.is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric());
    let mut flags = if word(before) != word(after) { WORD } else { NO_WORD };
    match before {
        None => flags |= BEGIN_TEXT | BEGIN_LINE,
        Some(b'\n') => flags |= BEGIN_LINE,
        _ => {}
    }
    match after {
        None => flags |= END_TEXT | END_LINE,
        Some(b'\n') => flags |= END_LINE,
        _ => {}
    }
    flags
}

impl Inst {
    /// Where to go on after this rune, for instructions that take one.
    #[inline(always)]
    pub(crate) fn step(&self, r: u32) -> Option<u32> {
        match self {
            Inst::Byte(out, b) => (r == *b as u32).then_some(*out),
            Inst::Any(out) => Some(*out),
            Inst::NotLine(out) => (r != 10).then_some(*out),
            Inst::Class(out, ascii, others) => {
                let inside = if r < 128 { ascii >> r & 1 == 1 } else { within(others, r) };
                inside.then_some(*out)
            }
            _ => None,
        }
    }
}

fn within(ranges: &[(u32, u32)], r: u32) -> bool {
    let i = ranges.partition_point(|x| x.1 < r);
    ranges.get(i).is_some_and(|x| x.0 <= r)
}
