//! Finding what came before: chains of places with the same three bytes, as gzip does it.

/// What a text is made of.
#[derive(Clone, Copy)]
pub(crate) enum Token {
    Literal(u8),
    /// Length and distance.
    Copy(u16, u16),
}

const WINDOW: usize = 32 * 1024;
const LONGEST: usize = 258;
const BUCKETS: usize = 1 << 15;
const NONE: u32 = u32::MAX;

/// How hard to look.
struct Effort {
    /// Links of a chain to follow.
    chain: usize,
    /// A match of this length is good enough.
    nice: usize,
    /// Look whether the next place has a longer one if this one is shorter; 0 for never.
    lazy: usize,
}

fn effort(level: i64) -> Effort {
    let (chain, nice, lazy) = match level {
        1 => (4, 8, 0),
        2 => (8, 16, 0),
        3 => (32, 32, 0),
        4 => (16, 16, 4),
        5 => (32, 32, 16),
        7 => (256, 128, 32),
        8 => (1024, 258, 128),
        9 => (4096, 258, 258),
        _ => (128, 128, 16),
    };
    Effort { chain, nice, lazy }
}

/// The tokens of `text[from..]`, which may copy from all of `text` before.
pub(crate) fn tokens(text: &[u8], from: usize, level: i64) -> Vec<Token> {
    let effort = effort(level);
    let mut chains = Chains { text, heads: vec![NONE; BUCKETS], links: vec![NONE; text.len()] };
    (0..from).for_each(|i| chains.enter(i));
    let mut out = Vec::new();
    let mut at = from;
    let mut ahead = None;
    while at < text.len() {
        let (length, distance) = ahead.take().unwrap_or_else(|| chains.longest(at, &effort));
        chains.enter(at);
        if length < 3 {
            out.push(Token::Literal(text[at]));
            at += 1;
            continue;
        }
        if length < effort.lazy && at + 1 < text.len() {
            let next = chains.longest(at + 1, &effort);
            if next.0 > length {
                out.push(Token::Literal(text[at]));
                at += 1;
                ahead = Some(next);
                continue;
            }
        }
        out.push(Token::Copy(length as u16, distance as u16));
        (at + 1..at + length).for_each(|i| chains.enter(i));
        at += length;
    }
    out
}

struct Chains<'a> {
    text: &'a [u8],
    heads: Vec<u32>,
    /// The place before each one with the same hash.
    links: Vec<u32>,
}

impl Chains<'_> {
    fn hash(&self, at: usize) -> Option<usize> {
        let b = self.text.get(at..at + 3)?;
        let word = u32::from(b[0]) | u32::from(b[1]) << 8 | u32::from(b[2]) << 16;
        Some((word.wrapping_mul(0x9e37_79b1) >> 17) as usize)
    }

    fn enter(&mut self, at: usize) {
        if let Some(h) = self.hash(at) {
            self.links[at] = self.heads[h];
            self.heads[h] = at as u32;
        }
    }

    /// The longest match at a place that is not entered yet, and its distance; length 0 if there is none.
    fn longest(&self, at: usize, effort: &Effort) -> (usize, usize) {
        let Some(h) = self.hash(at) else { return (0, 0) };
        let limit = LONGEST.min(self.text.len() - at);
        let (mut best, mut place) = ((2, 0), self.heads[h]);
        for _ in 0..effort.chain {
            if place == NONE || at - place as usize > WINDOW {
                break;
            }
            let p = place as usize;
            if best.0 < limit && self.text[p + best.0] == self.text[at + best.0] {
                let same = (0..limit).take_while(|i| self.text[p + i] == self.text[at + i]).count();
                if same > best.0 {
                    best = (same, at - p);
                    if same >= effort.nice {
                        break;
                    }
                }
            }
            place = self.links[p];
        }
        if best.1 == 0 { (0, 0) } else { best }
    }
}
