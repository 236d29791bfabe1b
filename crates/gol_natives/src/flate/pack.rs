//! Packing: tokens into blocks, each in the form that is the shortest.

use super::huffman::{CODE_ORDER, DISTANCES, LENGTHS, codes, fixed_lengths, lengths_of};
use super::matches::{Token, tokens};

/// Tokens of one block at most.
const BLOCK: usize = 1 << 14;

/// Packs data, see `flate.rs`.
pub(crate) fn deflate(seen: &[u8], data: &[u8], level: i64, end: i64, bits: (u64, u32)) -> (Vec<u8>, u64, u32) {
    let mut w = Writer { out: Vec::new(), bits: bits.0 & ((1 << bits.1) - 1), count: bits.1 };
    let last = end == 2;
    match level {
        0 => {
            let mut parts = data.chunks(65535).peekable();
            while let Some(part) = parts.next() {
                w.stored(part, last && parts.peek().is_none());
            }
            if last && data.is_empty() {
                w.stored(&[], true);
            }
        }
        _ => {
            let all = if level == -2 {
                data.iter().map(|b| Token::Literal(*b)).collect()
            } else {
                tokens(&[seen, data].concat(), seen.len(), level)
            };
            let mut raw = data;
            let mut blocks = all.chunks(BLOCK).peekable();
            while let Some(block) = blocks.next() {
                let n = block.iter().map(|t| if let Token::Copy(l, _) = t { usize::from(*l) } else { 1 }).sum();
                let (part, rest) = raw.split_at(n);
                w.block(block, part, last && blocks.peek().is_none());
                raw = rest;
            }
            if last && all.is_empty() {
                w.block(&[], &[], true);
            }
        }
    }
    if end == 1 {
        w.stored(&[], false);
    }
    if last {
        w.align();
    }
    (w.out, w.bits, w.count)
}

struct Writer {
    out: Vec<u8>,
    bits: u64,
    count: u32,
}

/// A length's symbol, and its extra bits with their number.
fn length_symbol(length: u16) -> (usize, u64, u32) {
    let i = LENGTHS.iter().rposition(|l| l.0 <= length).unwrap_or(0);
    (257 + i, u64::from(length - LENGTHS[i].0), u32::from(LENGTHS[i].1))
}

/// The same for a distance.
fn distance_symbol(distance: u16) -> (usize, u64, u32) {
    let i = DISTANCES.partition_point(|d| d.0 <= distance).max(1) - 1;
    (i, u64::from(distance - DISTANCES[i].0), u32::from(DISTANCES[i].1))
}

impl Writer {
    fn put(&mut self, bits: u64, count: u32) {
        self.bits |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    /// Fills the last byte.
    fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    fn stored(&mut self, data: &[u8], last: bool) {
        self.put(last as u64, 3);
        self.align();
        let n = data.len() as u64;
        self.put(n | (!n & 0xffff) << 16, 32);
        self.out.extend_from_slice(data);
    }

    /// A block of these tokens, which stand for `raw`.
    fn block(&mut self, tokens: &[Token], raw: &[u8], last: bool) {
        let (mut literals, mut distances) = ([0u32; 286], [0u32; 30]);
        literals[256] = 1;
        let mut extra = 0;
        for t in tokens {
            match *t {
                Token::Literal(b) => literals[b as usize] += 1,
                Token::Copy(length, distance) => {
                    let (l, d) = (length_symbol(length), distance_symbol(distance));
                    literals[l.0] += 1;
                    distances[d.0] += 1;
                    extra += (l.2 + d.2) as usize;
                }
            }
        }
        let fixed = fixed_lengths();
        let own = (lengths_of(&literals, 15), lengths_of(&distances, 15));
        let head = Head::new(&own.0, &own.1);
        let size = |l: &[u8], d: &[u8]| {
            let sum = |f: &[u32], l: &[u8]| f.iter().zip(l).map(|(f, l)| *f as usize * *l as usize).sum::<usize>();
            sum(&literals, l) + sum(&distances, d) + extra
        };
        let own_size = head.size + size(&own.0, &own.1);
        let fixed_size = size(&fixed[..286], &fixed[288..318]);
        let stored_size = raw.len() * 8 + 40;
        if raw.len() <= 65535 && !raw.is_empty() && stored_size <= own_size.min(fixed_size) {
            self.stored(raw, last);
        } else if fixed_size <= own_size {
            self.put(last as u64 | 2, 3);
            self.tokens(tokens, &fixed[..288], &fixed[288..]);
        } else {
            self.put(last as u64 | 4, 3);
            head.bits.iter().for_each(|b| self.put(b.0, b.1));
            self.tokens(tokens, &own.0, &own.1);
        }
    }

    fn tokens(&mut self, tokens: &[Token], literals: &[u8], distances: &[u8]) {
        let (lc, dc) = (codes(literals), codes(distances));
        for t in tokens {
            match *t {
                Token::Literal(b) => self.put(u64::from(lc[b as usize]), u32::from(literals[b as usize])),
                Token::Copy(length, distance) => {
                    let (l, d) = (length_symbol(length), distance_symbol(distance));
                    self.put(u64::from(lc[l.0]), u32::from(literals[l.0]));
                    self.put(l.1, l.2);
                    self.put(u64::from(dc[d.0]), u32::from(distances[d.0]));
                    self.put(d.1, d.2);
                }
            }
        }
        self.put(u64::from(lc[256]), u32::from(literals[256]));
    }
}

/// What stands before a block with codes of its own: their lengths, in a code.
struct Head {
    bits: Vec<(u64, u32)>,
    size: usize,
}

impl Head {
    fn new(literals: &[u8], distances: &[u8]) -> Head {
        let used = |l: &[u8], least: usize| l.iter().rposition(|x| *x > 0).map_or(least, |i| (i + 1).max(least));
        let (nl, nd) = (used(literals, 257), used(distances, 1));
        let all = [&literals[..nl], &distances[..nd]].concat();
        let runs = runs(&all);
        let mut frequencies = [0; 19];
        runs.iter().for_each(|r| frequencies[r.0 as usize] += 1);
        // A code of one symbol would be incomplete.
        if frequencies.iter().filter(|f| **f > 0).count() < 2 {
            frequencies[if frequencies[0] > 0 { 1 } else { 0 }] = 1;
        }
        let lengths = lengths_of(&frequencies, 7);
        let n = CODE_ORDER.iter().rposition(|&i| lengths[i] > 0).map_or(4, |i| (i + 1).max(4));
        let mut bits = vec![(nl as u64 - 257, 5), (nd as u64 - 1, 5), (n as u64 - 4, 4)];
        bits.extend(CODE_ORDER[..n].iter().map(|&i| (u64::from(lengths[i]), 3)));
        let codes = codes(&lengths);
        for (symbol, extra, width) in runs {
            bits.push((u64::from(codes[symbol as usize]), u32::from(lengths[symbol as usize])));
            bits.push((u64::from(extra), width));
        }
        let size = bits.iter().map(|b| b.1 as usize).sum::<usize>() + 3;
        Head { bits, size }
    }
}

/// Lengths with repeats told by symbols 16 to 18: symbol, extra bits, their number.
fn runs(lengths: &[u8]) -> Vec<(u8, u8, u32)> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < lengths.len() {
        let value = lengths[i];
        let run = lengths[i..].iter().take_while(|l| **l == value).count();
        let taken = match (value, run) {
            (0, 11..) => {
                out.push((18, (run.min(138) - 11) as u8, 7));
                run.min(138)
            }
            (0, 3..) => {
                out.push((17, (run - 3) as u8, 3));
                run
            }
            (_, 4..) if value > 0 => {
                out.push((value, 0, 0));
                out.push((16, (run.min(7) - 4) as u8, 2));
                run.min(7)
            }
            _ => {
                out.push((value, 0, 0));
                1
            }
        };
        i += taken;
    }
    out
}
