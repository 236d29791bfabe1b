//! Prefix codes: canonical codes from lengths, lengths from frequencies, and the tables of RFC 1951.

/// The order in which lengths of the code of lengths are written.
pub(crate) const CODE_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// For each length symbol from 257: the shortest length and the number of extra bits.
pub(crate) const LENGTHS: [(u16, u8); 29] = lengths();

/// For each distance symbol: the shortest distance and the number of extra bits.
pub(crate) const DISTANCES: [(u16, u8); 30] = distances();

const fn lengths() -> [(u16, u8); 29] {
    let mut t = [(0, 0); 29];
    let (mut i, mut base) = (0, 3);
    while i < 28 {
        let extra = if i < 8 { 0 } else { i / 4 - 1 };
        t[i] = (base, extra as u8);
        base += 1 << extra;
        i += 1;
    }
    t[28] = (258, 0);
    t
}

const fn distances() -> [(u16, u8); 30] {
    let mut t = [(0, 0); 30];
    let (mut i, mut base) = (0, 1u32);
    while i < 30 {
        let extra = if i < 4 { 0 } else { i / 2 - 1 };
        t[i] = (base as u16, extra as u8);
        base += 1 << extra;
        i += 1;
    }
    t
}

/// Lengths of the fixed codes, literals before distances. Distances 30 and 31 have codes that mean nothing.
pub(crate) fn fixed_lengths() -> [u8; 320] {
    let mut t = [8; 320];
    t[144..256].fill(9);
    t[256..280].fill(7);
    t[288..].fill(5);
    t
}

/// The codes of these lengths, first bit lowest.
pub(crate) fn codes(lengths: &[u8]) -> Vec<u16> {
    let mut next = first_codes(lengths);
    let give = |&l: &u8| {
        let code = next[l as usize];
        next[l as usize] += 1;
        if l == 0 { 0 } else { (code as u16).reverse_bits() >> (16 - l) }
    };
    lengths.iter().map(give).collect()
}

fn first_codes(lengths: &[u8]) -> [u32; 16] {
    let mut count = [0u32; 16];
    lengths.iter().filter(|l| **l > 0).for_each(|l| count[*l as usize] += 1);
    let mut next = [0; 16];
    for l in 1..16 {
        next[l] = (next[l - 1] + count[l - 1]) << 1;
    }
    next
}

/// Finds symbols by their codes: at once by the next bits up to `FAST`, else by length.
pub(crate) struct Decoder {
    fast: Vec<(u16, u8)>,
    /// For each length: its first code, how many there are, where its symbols begin in `symbols`.
    by_length: [(u32, u32, u32); 16],
    symbols: Vec<u16>,
    pub(crate) longest: u32,
}

const FAST: u32 = 9;

impl Decoder {
    /// The decoder for these lengths; `None` if they make no complete code. As in Go, a code of one symbol of length 1 may
    /// be incomplete, and one of no symbols is allowed: it is wrong to use it.
    pub(crate) fn new(lengths: &[u8]) -> Option<Decoder> {
        let mut count = [0u32; 16];
        lengths.iter().filter(|l| **l > 0).for_each(|l| count[(*l).min(15) as usize] += 1);
        let used: u32 = count.iter().sum();
        let longest = (1..16).rev().find(|&l| count[l as usize] > 0).unwrap_or(0);
        let room = (1..16).map(|l| count[l] << (15 - l)).sum::<u32>();
        let single = used == 1 && longest == 1;
        if used > 0 && room != 1 << 15 && !single {
            return None;
        }
        let first = first_codes(lengths);
        let mut by_length = [(0, 0, 0); 16];
        let mut symbols = Vec::new();
        for l in 1..16 {
            by_length[l] = (first[l], count[l], symbols.len() as u32);
            symbols.extend((0..lengths.len() as u16).filter(|&s| lengths[s as usize] as usize == l));
        }
        let mut fast = vec![(0, 0); 1 << FAST];
        for (symbol, (code, &l)) in codes(lengths).into_iter().zip(lengths).enumerate() {
            if l > 0 && u32::from(l) <= FAST {
                let mut at = code as usize;
                while at < fast.len() {
                    fast[at] = (symbol as u16, l);
                    at += 1 << l;
                }
            }
        }
        Some(Decoder { fast, by_length, symbols, longest })
    }

    /// The symbol that these bits begin with, and its width.
    #[inline]
    pub(crate) fn find(&self, bits: u64, count: u32) -> Option<(u16, u32)> {
        let (symbol, width) = self.fast[(bits & ((1 << FAST) - 1)) as usize];
        if width > 0 {
            return Some((symbol, u32::from(width)));
        }
        let mut code = 0;
        for l in 1..=self.longest.min(count) {
            code = code << 1 | (bits >> (l - 1) & 1) as u32;
            let (first, n, at) = self.by_length[l as usize];
            if code >= first && code - first < n {
                return Some((self.symbols[(at + code - first) as usize], l));
            }
        }
        None
    }
}

/// Code lengths of at most `longest` for symbols with these frequencies. At least one symbol gets a code.
pub(crate) fn lengths_of(frequencies: &[u32], longest: usize) -> Vec<u8> {
    let mut lengths = vec![0; frequencies.len()];
    let mut used: Vec<(u64, Vec<u16>)> = Vec::new();
    for (i, &f) in frequencies.iter().enumerate().filter(|f| *f.1 > 0) {
        used.push((u64::from(f), vec![i as u16]));
    }
    if used.len() < 2 {
        lengths[used.first().map_or(0, |u| u.1[0] as usize)] = 1;
        return lengths;
    }
    used.sort_by_key(|u| u.0);
    // Package-merge: the symbols of the cheapest 2(n-1) packages of the last round, each time they are in one, get a bit.
    let mut row = used.clone();
    for _ in 1..longest {
        let pairs = row.chunks_exact(2).map(|p| (p[0].0 + p[1].0, [&p[0].1[..], &p[1].1[..]].concat()));
        let mut next: Vec<_> = used.iter().cloned().chain(pairs).collect();
        next.sort_by_key(|u| u.0);
        row = next;
    }
    for (_, symbols) in row.iter().take(2 * (used.len() - 1)) {
        symbols.iter().for_each(|s| lengths[*s as usize] += 1);
    }
    lengths
}
