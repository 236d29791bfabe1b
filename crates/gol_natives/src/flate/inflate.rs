//! Unpacking (RFC 1951), to be left and entered again anywhere.

use super::huffman::{CODE_ORDER, DISTANCES, Decoder, LENGTHS, fixed_lengths};

/// Where in the data the reader stands.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Block,
    Stored,
    Lengths,
    Body,
    End,
}

/// A reader between two calls.
pub(crate) struct Reader {
    stage: Stage,
    last: bool,
    bits: u64,
    count: u32,
    /// Bytes left of a stored block; of a copy, with its distance; code lengths read.
    left: u32,
    distance: u32,
    /// Numbers of code lengths: of all, of literals, of those for code lengths.
    sizes: [u16; 3],
    lengths: [u8; 320],
    /// Code lengths of code lengths.
    meta: [u8; 19],
}

/// Why reading stops.
enum Stop {
    /// More input is needed.
    Hungry,
    Wrong,
}

const HEAD: usize = 28;

impl Reader {
    /// The reader that was written; a new one from zeros.
    pub(crate) fn read(b: &[u8]) -> Reader {
        let mut state = [0; HEAD + 339];
        let n = b.len().min(state.len());
        state[..n].copy_from_slice(&b[..n]);
        let word = |i: usize| u32::from_le_bytes([state[i], state[i + 1], state[i + 2], state[i + 3]]);
        let size = |i: usize| u16::from_le_bytes([state[i], state[i + 1]]);
        let stage = match state[0] {
            0 => Stage::Block,
            1 => Stage::Stored,
            2 => Stage::Lengths,
            3 => Stage::Body,
            _ => Stage::End,
        };
        let mut r = Reader {
            stage,
            last: state[1] != 0,
            count: u32::from(state[2]).min(63),
            bits: u64::from(word(4)) | u64::from(word(8)) << 32,
            left: word(12),
            distance: word(16),
            sizes: [size(20).min(320), size(22).min(288), size(24).min(19)],
            lengths: [0; 320],
            meta: [0; 19],
        };
        // A racing script may have torn the state: it must be one that can be gone on with, nothing more.
        r.bits &= (1 << r.count) - 1;
        r.sizes[1] = r.sizes[1].min(r.sizes[0]);
        r.lengths.iter_mut().chain(&mut r.meta).zip(&state[HEAD..]).for_each(|(to, from)| *to = (*from).min(15));
        r
    }

    /// The bytes to read it from again.
    pub(crate) fn written(&self) -> Vec<u8> {
        let mut b = vec![self.stage as u8, self.last as u8, self.count as u8, 0];
        b.extend(self.bits.to_le_bytes());
        b.extend(self.left.to_le_bytes());
        b.extend(self.distance.to_le_bytes());
        self.sizes.iter().for_each(|s| b.extend(s.to_le_bytes()));
        b.resize(HEAD, 0);
        b.extend(self.lengths);
        b.extend(self.meta);
        b
    }

    /// Unpacks until the input or the room is used up. What stays in `self.bits` is needed: whole bytes that are not are
    /// given back. Results are the bytes used and the status.
    pub(crate) fn run(&mut self, seen: &[u8], input: &[u8], out: &mut Vec<u8>, room: usize) -> (usize, u8) {
        let mut source = Source { input, at: 0, bits: self.bits, count: self.count };
        let mut decoders = None;
        let mut hungry = false;
        let status = loop {
            if self.stage == Stage::End {
                break 1;
            }
            if out.len() >= room {
                break 0;
            }
            match self.step(seen, &mut source, out, room, &mut decoders) {
                Ok(()) => {}
                Err(Stop::Hungry) => {
                    hungry = true;
                    break 0;
                }
                Err(Stop::Wrong) => break 2,
            }
        };
        if !hungry {
            source.give_back();
        }
        (self.bits, self.count) = (source.bits, source.count);
        (source.at, status)
    }

    fn step(
        &mut self,
        seen: &[u8],
        s: &mut Source<'_>,
        out: &mut Vec<u8>,
        room: usize,
        decoders: &mut Option<(Decoder, Decoder)>,
    ) -> Result<(), Stop> {
        match self.stage {
            Stage::Block => self.block(s),
            Stage::Stored => {
                let n = (self.left as usize).min(room - out.len());
                let taken = s.copy(n, out);
                self.left -= taken as u32;
                if self.left == 0 {
                    self.ended();
                } else if taken < n {
                    return Err(Stop::Hungry);
                }
                Ok(())
            }
            Stage::Lengths => self.code_lengths(s),
            Stage::Body => {
                let (literals, distances) = match decoders {
                    Some(d) => d,
                    None => {
                        let (a, b) = self.lengths[..self.sizes[0] as usize].split_at(self.sizes[1] as usize);
                        let literals = Decoder::new(a).ok_or(Stop::Wrong)?;
                        decoders.insert((literals, Decoder::new(b).ok_or(Stop::Wrong)?))
                    }
                };
                self.body(seen, s, out, room, literals, distances)?;
                if self.stage != Stage::Body {
                    *decoders = None;
                }
                Ok(())
            }
            Stage::End => Ok(()),
        }
    }

    /// The block is over.
    fn ended(&mut self) {
        self.stage = if self.last { Stage::End } else { Stage::Block };
    }

    /// A block's head.
    fn block(&mut self, s: &mut Source<'_>) -> Result<(), Stop> {
        let head = s.peek(3)?;
        match head >> 1 {
            0 => {
                // The rest of the byte is skipped, then come the length and its complement.
                let skip = (s.count - 3) % 8;
                let all = s.peek(3 + skip + 32)? >> (3 + skip);
                let (len, complement) = (all as u16, (all >> 16) as u16);
                s.drop(3 + skip + 32);
                if len != !complement {
                    return Err(Stop::Wrong);
                }
                self.left = u32::from(len);
                self.stage = Stage::Stored;
                self.last = head & 1 == 1;
                if len == 0 {
                    self.ended();
                }
                return Ok(());
            }
            1 => {
                s.drop(3);
                self.lengths = fixed_lengths();
                self.sizes = [320, 288, 0];
                self.stage = Stage::Body;
            }
            2 => {
                let all = s.peek(17)? >> 3;
                s.drop(17);
                let (literals, distances, codes) = (257 + (all & 31), 1 + (all >> 5 & 31), 4 + (all >> 10));
                if literals > 286 || distances > 30 {
                    return Err(Stop::Wrong);
                }
                self.sizes = [(literals + distances) as u16, literals as u16, codes as u16];
                self.left = 0;
                self.meta = [0; 19];
                self.stage = Stage::Lengths;
            }
            _ => {
                s.drop(3);
                return Err(Stop::Wrong);
            }
        }
        self.last = head & 1 == 1;
        self.distance = 0;
        if self.stage == Stage::Body {
            self.left = 0;
        }
        Ok(())
    }

    /// Code lengths, first those of the code that they are in. `left` counts what was read of both.
    fn code_lengths(&mut self, s: &mut Source<'_>) -> Result<(), Stop> {
        let codes = u32::from(self.sizes[2]);
        while self.left < codes {
            self.meta[CODE_ORDER[self.left as usize]] = s.peek(3)? as u8;
            s.drop(3);
            self.left += 1;
        }
        let meta = Decoder::new(&self.meta).ok_or(Stop::Wrong)?;
        let all = usize::from(self.sizes[0]);
        loop {
            let at = self.left.saturating_sub(codes) as usize;
            if at >= all {
                break;
            }
            let (symbol, width) = meta.look(s)?;
            if symbol < 16 {
                s.drop(width);
                self.lengths[at] = symbol as u8;
                self.left += 1;
                continue;
            }
            let (extra, base, value) = match symbol {
                16 if at == 0 => return Err(Stop::Wrong),
                16 => (2, 3, self.lengths[at - 1]),
                17 => (3, 3, 0),
                _ => (7, 11, 0),
            };
            let times = base + (s.peek(width + extra)? >> width) as usize;
            s.drop(width + extra);
            if at + times > all {
                return Err(Stop::Wrong);
            }
            self.lengths[at..at + times].fill(value);
            self.left += times as u32;
        }
        self.left = 0;
        self.stage = Stage::Body;
        Ok(())
    }

    fn body(
        &mut self,
        seen: &[u8],
        s: &mut Source<'_>,
        out: &mut Vec<u8>,
        room: usize,
        literals: &Decoder,
        distances: &Decoder,
    ) -> Result<(), Stop> {
        while out.len() < room {
            if self.left > 0 {
                self.copy(seen, out, room)?;
                continue;
            }
            let (symbol, width) = literals.look(s)?;
            if symbol < 256 {
                s.drop(width);
                out.push(symbol as u8);
                continue;
            }
            if symbol == 256 {
                s.drop(width);
                self.ended();
                return Ok(());
            }
            let Some(&(base, extra)) = LENGTHS.get(symbol as usize - 257) else {
                s.drop(width);
                return Err(Stop::Wrong);
            };
            let all = width + u32::from(extra);
            let bits = s.peek(all)?;
            let length = u32::from(base) + (bits >> width) as u32;
            // Length and distance are taken together, or neither.
            s.drop(all);
            match distance(s, distances) {
                Ok(d) => (self.left, self.distance) = (length, d),
                Err(e) => {
                    if matches!(e, Stop::Hungry) {
                        s.undo(bits, all);
                    }
                    return Err(e);
                }
            }
        }
        Ok(())
    }

    /// A part of a copy, as much as there is room for.
    fn copy(&mut self, seen: &[u8], out: &mut Vec<u8>, room: usize) -> Result<(), Stop> {
        let distance = self.distance as usize;
        if distance > seen.len() + out.len() || distance == 0 {
            return Err(Stop::Wrong);
        }
        let n = (self.left as usize).min(room - out.len());
        for _ in 0..n {
            let at = seen.len() + out.len() - distance;
            let byte = if at < seen.len() { seen[at] } else { out[at - seen.len()] };
            out.push(byte);
        }
        self.left -= n as u32;
        Ok(())
    }
}

fn distance(s: &mut Source<'_>, distances: &Decoder) -> Result<u32, Stop> {
    let (symbol, width) = distances.look(s)?;
    let Some(&(base, extra)) = DISTANCES.get(symbol as usize) else {
        s.drop(width);
        return Err(Stop::Wrong);
    };
    let d = u32::from(base) + (s.peek(width + u32::from(extra))? >> width) as u32;
    s.drop(width + u32::from(extra));
    Ok(d)
}

/// Bits of the input, the first one lowest.
struct Source<'a> {
    input: &'a [u8],
    at: usize,
    bits: u64,
    count: u32,
}

impl Source<'_> {
    /// Takes in bytes as long as there is room.
    #[inline]
    fn fill(&mut self) {
        while self.count <= 55 && self.at < self.input.len() {
            self.bits |= u64::from(self.input[self.at]) << self.count;
            self.count += 8;
            self.at += 1;
        }
    }

    /// The next `n` bits, at most 38.
    #[inline]
    fn peek(&mut self, n: u32) -> Result<u64, Stop> {
        if self.count < n {
            self.fill();
            if self.count < n {
                return Err(Stop::Hungry);
            }
        }
        Ok(self.bits & ((1 << n) - 1))
    }

    fn drop(&mut self, n: u32) {
        self.bits >>= n;
        self.count -= n;
    }

    /// Puts back the `n` bits that were dropped last. A length and a distance have at most 48 bits.
    fn undo(&mut self, bits: u64, n: u32) {
        self.bits = self.bits << n | bits;
        self.count += n;
    }

    /// Gives whole bytes back to this call's input.
    fn give_back(&mut self) {
        while self.count >= 8 && self.at > 0 {
            self.at -= 1;
            self.count -= 8;
        }
        self.bits &= (1 << self.count) - 1;
    }

    /// Copies whole bytes to `out`, at most `n`; between bytes.
    fn copy(&mut self, n: usize, out: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        while taken < n && self.count >= 8 {
            out.push(self.bits as u8);
            self.drop(8);
            taken += 1;
        }
        let more = (n - taken).min(self.input.len() - self.at);
        out.extend_from_slice(&self.input[self.at..self.at + more]);
        self.at += more;
        taken + more
    }
}

impl Decoder {
    /// The next symbol and its width, which is not dropped yet.
    fn look(&self, s: &mut Source<'_>) -> Result<(u16, u32), Stop> {
        if s.count < 15 {
            s.fill();
        }
        match self.find(s.bits, s.count) {
            Some((symbol, width)) if width <= s.count => Ok((symbol, width)),
            // A code of one symbol or none: with its bits there is no such code, with fewer, more may make one.
            _ if s.count >= self.longest => {
                s.drop(self.longest);
                Err(Stop::Wrong)
            }
            _ => Err(Stop::Hungry),
        }
    }
}
