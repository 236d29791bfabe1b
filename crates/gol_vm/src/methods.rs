//! Methods by dynamic type: one table for the whole program, behind the inline caches of calls.
//!
//! A call that sees one type at a time is answered by its inline cache; one that sees several misses there all the time, so
//! this has to be quick as well: open addressing with linear probing, at most half full, built when the program is loaded
//! and never changed.

use gol_bytecode::Program;

/// Entry pcs of all methods that are called through interfaces, by type and method.
pub(crate) struct MethodTable {
    /// Type id in the high half, [`gol_bytecode::MethodId`] in the low half; 0: free (type 0 has no methods).
    keys: Box<[u64]>,
    entries: Box<[u32]>,
    shift: u32,
}

fn key(ty: u64, method: u64) -> u64 {
    ty << 32 | method
}

impl MethodTable {
    /// The table of a program; `entry` gives the entry pc of a function.
    pub(crate) fn new(program: &Program, entry: impl Fn(usize) -> u32) -> MethodTable {
        let all = program.types.iter().enumerate().flat_map(|(t, desc)| {
            let methods = desc.methods.iter();
            methods.filter_map(move |m| Some((key(t as u64, m.id.0 as u64), m.func?.0 as usize)))
        });
        let all: Vec<_> = all.collect();
        let size = (2 * all.len() + 1).next_power_of_two();
        let shift = 64 - size.trailing_zeros();
        let mut table = MethodTable { keys: vec![0; size].into(), entries: vec![0; size].into(), shift: shift.min(63) };
        for (key, f) in all {
            let mut at = table.start(key);
            while table.keys[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            table.keys[at] = key;
            table.entries[at] = entry(f);
        }
        table
    }

    /// Where a key is looked for first: the high bits of its product with 2^64 over the golden ratio.
    #[inline(always)]
    fn start(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize & (self.keys.len() - 1)
    }

    /// Entry pc of a method of a type that is not 0.
    #[inline]
    pub(crate) fn find(&self, ty: u64, method: u64) -> Option<u32> {
        let key = key(ty, method);
        let mut at = self.start(key);
        loop {
            match self.keys[at] {
                k if k == key => return Some(self.entries[at]),
                0 => return None,
                _ => at = (at + 1) & (self.keys.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gol_bytecode::{FuncId, Kind, MethodDesc, MethodId, TypeDesc};

    fn ty(methods: &[(u32, Option<u32>)]) -> TypeDesc {
        let methods = methods.iter().map(|m| MethodDesc { id: MethodId(m.0), func: m.1.map(FuncId) });
        TypeDesc { methods: methods.collect(), ..TypeDesc::of_kind(Kind::Struct) }
    }

    #[test]
    fn every_compiled_method_is_found_and_no_other() {
        let mut types = vec![ty(&[])];
        types.extend((1..200).map(|t| ty(&[(0, Some(t)), (7, Some(t + 1000)), (9, None)])));
        let program = Program { types, ..Program::default() };
        let table = MethodTable::new(&program, |f| f as u32 * 2);
        for t in 1..200 {
            assert_eq!(table.find(t, 0), Some(t as u32 * 2));
            assert_eq!(table.find(t, 7), Some((t as u32 + 1000) * 2));
            assert_eq!(table.find(t, 9), None);
        }
        assert_eq!(table.find(200, 0), None);
        assert_eq!(MethodTable::new(&Program::default(), |_| 0).find(1, 0), None);
    }
}
