//! Instructions of one function before they have places: labels, far jumps, the line table.
//!
//! Instructions are kept in a list and laid out at the end. A fused compare-and-branch whose target is too far for 16
//! bits becomes a short branch around to a long jump; jumps to the next instruction vanish; jumps to jumps go straight
//! to the end. Code that cannot be reached is not kept: after a jump, return or panic nothing is added until a label
//! that something jumps to is placed.

use gol_bytecode::ops::{Role, Word};
use gol_bytecode::{Inlined, Instr, LineEntry, Op, StrId};
use gol_source::SourceMap;

/// A place in the code, known or still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(u32);

#[derive(Debug)]
struct Item {
    instr: Instr,
    words: [u64; 2],
    len: u8,
    target: Option<Label>,
    table: Option<Box<Table>>,
    pos: u32,
    /// In whose body it stands: the number of an [`InlineSite`] plus 1; 0: the function's own.
    inlined: u32,
}

/// A call whose callee's body stands in place of it.
#[derive(Debug)]
struct InlineSite {
    name: StrId,
    pos: u32,
    parent: u32,
}

/// A function's code and what is known of it.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Vec<u64>,
    pub(crate) lines: Vec<LineEntry>,
    pub(crate) inlined: Vec<Inlined>,
    /// The pc of the label that was asked for.
    pub(crate) recover_pc: Option<u32>,
}

#[derive(Debug)]
enum Table {
    Words(Vec<u64>),
    Labels(Vec<Label>),
}

#[derive(Debug, Default, Clone, Copy)]
struct LabelState {
    at: Option<u32>,
    used: bool,
}

/// The code of one function while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Asm {
    items: Vec<Item>,
    labels: Vec<LabelState>,
    dead: bool,
    pos: u32,
    inlined: u32,
    sites: Vec<InlineSite>,
}

impl Asm {
    /// A new label.
    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label here. `jumped_to_later`: jumps to it may follow (a loop's top, the label of a goto).
    pub(crate) fn place(&mut self, l: Label, jumped_to_later: bool) {
        let state = &mut self.labels[l.0 as usize];
        state.at = Some(self.items.len() as u32);
        if state.used || jumped_to_later && !self.dead {
            self.dead = false;
        }
    }

    /// Puts a label here that counts as reached whatever comes before.
    pub(crate) fn place_live(&mut self, l: Label) {
        self.labels[l.0 as usize].at = Some(self.items.len() as u32);
        self.dead = false;
    }

    /// Whether a label has a place already.
    pub(crate) fn is_placed(&self, l: Label) -> bool {
        self.labels[l.0 as usize].at.is_some()
    }

    /// Whether what is added now cannot be reached.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// The source offset of the instructions to come; gives the one so far.
    pub(crate) fn set_pos(&mut self, pos: u32) -> u32 {
        std::mem::replace(&mut self.pos, pos)
    }

    /// The source offset of the instructions to come.
    pub(crate) fn pos(&self) -> u32 {
        self.pos
    }

    /// What follows is the body of a callee, in place of a call at `pos`; gives what [`Asm::leave_inline`] wants.
    pub(crate) fn enter_inline(&mut self, name: StrId, pos: u32) -> u32 {
        self.sites.push(InlineSite { name, pos, parent: self.inlined });
        std::mem::replace(&mut self.inlined, self.sites.len() as u32)
    }

    /// The body is complete.
    pub(crate) fn leave_inline(&mut self, around: u32) {
        self.inlined = around;
    }

    /// An instruction with three operands.
    pub(crate) fn op(&mut self, op: Op, a: u16, b: u16, c: u16) {
        self.push(Instr::new(op, a, b, c), &[], None);
    }

    /// An instruction with a 16-bit and a 32-bit operand.
    pub(crate) fn wide(&mut self, op: Op, a: u16, bc: u32) {
        self.push(Instr::wide(op, a, bc), &[], None);
    }

    /// An instruction with following words.
    pub(crate) fn op_words(&mut self, op: Op, a: u16, b: u16, c: u16, words: &[u64]) {
        self.push(Instr::new(op, a, b, c), words, None);
    }

    /// An instruction whose jump distance leads to `to`: the operand or the following word that the table tells.
    pub(crate) fn jump(&mut self, op: Op, a: u16, b: u16, c: u16, words: &[u64], to: Label) {
        self.push(Instr::new(op, a, b, c), words, Some(to));
    }

    /// `Jmp`
    pub(crate) fn jmp(&mut self, to: Label) {
        self.jump(Op::Jmp, 0, 0, 0, &[], to);
    }

    /// Makes the last instruction, which writes `to`, one that brings its result to width as `ext` would; false if there is
    /// none that does.
    pub(crate) fn narrow_last(&mut self, ext: Op, to: u16) -> bool {
        let Some(last) = self.items.last_mut().filter(|i| !self.dead && i.instr.a == to) else { return false };
        last.instr.op = match (last.instr.op, ext) {
            (Op::Add, Op::ExtU32) => Op::AddU32,
            (Op::AddK, Op::ExtU32) => Op::AddKU32,
            (Op::Mul, Op::ExtU32) => Op::MulU32,
            (Op::ShlK, Op::ExtU32) => Op::ShlKU32,
            (Op::Add, Op::ExtI32) => Op::AddI32,
            (Op::AddK, Op::ExtI32) => Op::AddKI32,
            (Op::AddK, Op::ExtU8) => Op::AddKU8,
            _ => return false,
        };
        true
    }

    /// How many instructions there are so far.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Makes the jumps to `top` among the instructions from `from` on back-edges. Those that have no such form are led
    /// to `around`, where one must follow; true if there are any.
    pub(crate) fn back_edges(&mut self, from: usize, top: Label, around: Label) -> bool {
        let mut left = false;
        for item in self.items.iter_mut().skip(from).filter(|i| i.target == Some(top)) {
            match item.instr.op.back_edge() {
                Some(op) => item.instr.op = op,
                None => {
                    item.target = Some(around);
                    self.labels[around.0 as usize].used = true;
                    left = true;
                }
            }
        }
        left
    }

    /// An instruction followed by a table of words.
    pub(crate) fn table(&mut self, op: Op, a: u16, c: u16, words: Vec<u64>) {
        if !self.dead {
            let instr = Instr::new(op, a, words.len() as u16, c);
            self.add(Item {
                instr,
                words: [0; 2],
                len: 0,
                target: None,
                table: Some(Box::new(Table::Words(words))),
                pos: self.pos,
                inlined: self.inlined,
            });
        }
    }

    /// `JTable`
    pub(crate) fn jump_table(&mut self, a: u16, labels: Vec<Label>) {
        if !self.dead {
            labels.iter().for_each(|l| self.labels[l.0 as usize].used = true);
            let instr = Instr::new(Op::JTable, a, labels.len() as u16, 0);
            self.add(Item {
                instr,
                words: [0; 2],
                len: 0,
                target: None,
                table: Some(Box::new(Table::Labels(labels))),
                pos: self.pos,
                inlined: self.inlined,
            });
        }
    }

    fn push(&mut self, instr: Instr, words: &[u64], target: Option<Label>) {
        if self.dead {
            return;
        }
        debug_assert_eq!(words.len(), instr.op.info().words.len(), "{:?}", instr.op);
        let mut w = [0; 2];
        w[..words.len()].copy_from_slice(words);
        if let Some(l) = target {
            self.labels[l.0 as usize].used = true;
        }
        self.add(Item {
            instr,
            words: w,
            len: words.len() as u8,
            target,
            table: None,
            pos: self.pos,
            inlined: self.inlined,
        });
        if matches!(
            instr.op,
            Op::Jmp | Op::Loop | Op::Ret | Op::Ret0 | Op::Ret1 | Op::RetWords | Op::Panic | Op::RaiseError
        ) {
            self.dead = true;
        }
    }

    fn add(&mut self, item: Item) {
        self.items.push(item);
    }

    /// The code, the line table, and the pc of `recover` if it is given.
    pub(crate) fn finish(mut self, map: &SourceMap, recover: Option<Label>) -> Finished {
        self.shorten_loops();
        let n = self.items.len();
        let mut place = vec![0i64; n + 1];
        let mut far = vec![false; n];
        let mut gone = vec![false; n];
        // A jump over nothing but jumps that are gone is gone too.
        let mut next = n;
        for (i, item) in self.items.iter().enumerate().rev() {
            let to = item.target.map_or(0, |t| self.item_at(t));
            gone[i] = item.instr.op == Op::Jmp && to > i && to <= next;
            if !gone[i] {
                next = i;
            }
        }
        loop {
            let mut pc = 0;
            for (i, item) in self.items.iter().enumerate() {
                place[i] = pc;
                pc += if gone[i] { 0 } else { size(item) + if far[i] { 2 } else { 0 } };
            }
            place[n] = pc;
            let mut changed = false;
            for (i, item) in self.items.iter().enumerate() {
                let Some(t) = item.target.filter(|_| !far[i] && is_short(item.instr.op)) else { continue };
                let distance = place[self.end_of(t)] - (place[i] + size(item));
                if i16::try_from(distance).is_err() {
                    far[i] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut code = Vec::with_capacity(place[n] as usize);
        let mut lines = Vec::new();
        let line_of = |pos: u32| map.told(pos).map_or((0, 0), |p| (p.file.0, p.line));
        let mut last = ((u32::MAX, 0), (0, 0, 0));
        for (i, item) in self.items.iter().enumerate() {
            if gone[i] {
                continue;
            }
            if (item.pos, item.inlined) != last.0 {
                let (file, line) = line_of(item.pos);
                if (file, line, item.inlined) != last.1 && line != 0 {
                    lines.push(LineEntry { pc: code.len() as u32, file, line, inlined: item.inlined });
                    last.1 = (file, line, item.inlined);
                }
                last.0 = (item.pos, item.inlined);
            }
            self.write(item, i, &place, far[i], &mut code);
        }
        let recover_pc = recover.map(|l| place[self.item_at(l)] as u32);
        let site = |s: &InlineSite| {
            let (file, line) = line_of(s.pos);
            Inlined { name: s.name, file, line, parent: s.parent }
        };
        let inlined = self.sites.iter().map(site).collect();
        Finished { code, lines, inlined, recover_pc }
    }

    /// Jumps that lead to a back-edge go to the loop's top themselves.
    fn shorten_loops(&mut self) {
        for i in 0..self.items.len() {
            let Some(target) = self.items[i].target else { continue };
            let end = self.end_of(target);
            let top = match self.items.get(end) {
                Some(Item { instr: Instr { op: Op::Loop, .. }, target: Some(top), .. }) if end != i + 1 => *top,
                _ => continue,
            };
            if let Some(op) = self.items[i].instr.op.back_edge() {
                self.items[i].instr.op = op;
                self.items[i].target = Some(top);
            }
        }
    }

    fn write(&self, item: &Item, i: usize, place: &[i64], far: bool, code: &mut Vec<u64>) {
        let end = place[i] + size(item);
        let mut instr = item.instr;
        let mut words = item.words;
        let Some(target) = item.target else {
            code.push(instr.encode());
            code.extend_from_slice(&words[..item.len as usize]);
            match item.table.as_deref() {
                Some(Table::Words(w)) => code.extend_from_slice(w),
                Some(Table::Labels(ls)) => code.extend(ls.iter().map(|l| (place[self.end_of(*l)] - end) as u64)),
                None => {}
            }
            return;
        };
        let to = place[self.end_of(target)];
        if far {
            // The branch goes over the jump that skips the long jump.
            instr = with_short(instr, 1);
            code.push(instr.encode());
            code.extend_from_slice(&words[..item.len as usize]);
            code.push(Instr::wide(Op::Jmp, 0, 1).encode());
            code.push(Instr::wide(Op::Jmp, 0, (to - (end + 2)) as i32 as u32).encode());
            return;
        }
        let distance = to - end;
        let info = instr.op.info();
        if let Some(k) = info.words.iter().position(|w| *w == Word::Off) {
            words[k] = distance as u64;
        } else if is_short(instr.op) {
            instr = with_short(instr, distance as i16);
        } else {
            instr = Instr::wide(instr.op, instr.a, distance as i32 as u32);
        }
        code.push(instr.encode());
        code.extend_from_slice(&words[..item.len as usize]);
    }

    fn item_at(&self, l: Label) -> usize {
        self.labels[l.0 as usize].at.map_or(self.items.len(), |n| n as usize)
    }

    /// The item that a jump to `l` gets to in the end.
    fn end_of(&self, l: Label) -> usize {
        let mut at = self.item_at(l);
        for _ in 0..8 {
            match self.items.get(at) {
                Some(Item { instr: Instr { op: Op::Jmp, .. }, target: Some(t), .. }) => at = self.item_at(*t),
                _ => break,
            }
        }
        at
    }
}

fn size(item: &Item) -> i64 {
    let table = match item.table.as_deref() {
        Some(Table::Words(w)) => w.len(),
        Some(Table::Labels(l)) => l.len(),
        None => 0,
    };
    1 + item.len as i64 + table as i64
}

fn is_short(op: Op) -> bool {
    op.info().operands.contains(&Role::Off)
}

fn with_short(instr: Instr, distance: i16) -> Instr {
    Instr { c: distance as u16, ..instr }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gol_bytecode::disasm::decode;

    #[test]
    fn a_far_branch_goes_through_a_long_jump() {
        let mut a = Asm::default();
        let (top, end) = (a.label(), a.label());
        a.place(top, true);
        a.jump(Op::JLtI, 1, 2, 0, &[], end);
        for _ in 0..40_000 {
            a.op(Op::Mov, 1, 2, 0);
        }
        a.jump(Op::ForLtI, 1, 2, 0, &[], top);
        a.place(end, false);
        a.op(Op::Ret0, 0, 0, 0);
        let code = a.finish(&SourceMap::new(), None).code;
        let all: Vec<_> = decode(&code).collect();
        assert_eq!(all[0].instr, Instr::new(Op::JLtI, 1, 2, 1));
        assert_eq!(all[2].end() as i64 + all[2].instr.bc() as i32 as i64, code.len() as i64 - 1);
        let back = all[all.len() - 2];
        assert_eq!(back.end() as i64 + back.instr.bc() as i32 as i64, 0);
    }

    #[test]
    fn what_cannot_be_reached_is_dropped() {
        let mut a = Asm::default();
        let end = a.label();
        a.jmp(end);
        a.op(Op::Mov, 1, 2, 0);
        a.place(end, false);
        a.op(Op::Ret0, 0, 0, 0);
        a.op(Op::Ret0, 0, 0, 0);
        let code = a.finish(&SourceMap::new(), None).code;
        assert_eq!(code, [Instr::new(Op::Ret0, 0, 0, 0).encode()]);
    }
}
