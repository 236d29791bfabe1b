//! A program made ready to run: all code in one array, following words replaced by what the interpreter wants.
//!
//! Loading verifies the program first (`gol_bytecode::verify`), which is what lets the interpreter trust operands
//! (invariant V1). Then it rewrites
//!
//! * the word of a function ([`Word::Func`]) to its entry pc in the low half and its register count in the high half,
//!   except for [`Op::LoadFunc`], whose word becomes the address of the function's static closure object;
//! * nothing else: types, methods and natives stay numbers into tables.
//!
//! In the word before a function's entry stand its number and its register count, so a frame's header leads to all that is known of it.

use crate::methods::MethodTable;
use crate::types::Types;
use gol_bytecode::disasm::decode;
use gol_bytecode::ops::Word;
use gol_bytecode::{Instr, Kind, Op, Program, TypeDesc, TypeRef, verify};
use gol_heap::{Heap, LayoutId};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Words below a frame's register 0.
pub(crate) const HEADER: usize = 3;

/// What the interpreter knows of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncMeta {
    /// Word number of its first instruction in [`Image::code`].
    pub(crate) entry: u32,
    /// One past its last word.
    pub(crate) end: u32,
    /// Registers of its frame.
    pub(crate) nregs: u32,
    /// Argument words.
    pub(crate) nargs: u32,
    /// Where a frame that recovered goes on, in [`Image::code`]; 0: nowhere.
    pub(crate) recover_pc: u32,
    /// See [`gol_bytecode::Function::wrapper`].
    pub(crate) wrapper: bool,
}

/// What the interpreter knows of a type beside its description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeMeta {
    /// Layout of a value, or an array of values, of the type in memory form.
    pub(crate) layout: LayoutId,
    /// Layout of a channel buffer of such elements, in register form.
    pub(crate) reg_layout: LayoutId,
    /// Bytes in memory form.
    pub(crate) size: usize,
}

/// Numbers of the VM's own functions in [`Image::funcs`], behind those of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stubs {
    /// Where a goroutine's first function returns to.
    pub(crate) goexit_pc: u32,
    /// Entry of the frame that a panic pushes; where the deferred calls it runs return to.
    pub(crate) panic_pc: u32,
    /// Where calls made for the report of a fatal panic return to.
    pub(crate) fatal_pc: u32,
}

/// A loaded program.
pub(crate) struct Image {
    /// All code. Words of kind [`Word::Cache`] are written while running, atomically; nothing else is.
    pub(crate) code: Box<[AtomicU64]>,
    pub(crate) funcs: Vec<FuncMeta>,
    pub(crate) types: Types,
    pub(crate) stubs: Stubs,
    /// Methods as interfaces find them.
    pub(crate) methods: MethodTable,
    /// One word a function: its entry pc; the address of such a word is the function's static closure.
    pub(crate) closures: Box<[u64]>,
    /// The rest of the program; its types are in [`Image::types`].
    pub(crate) program: Program,
}

/// The registers of the frame that a panic pushes (none of its own, but call windows need a place to be).
pub(crate) const STUB_REGS: u32 = 4;

impl Image {
    /// Verifies and links `program`; layouts go to `heap`'s table.
    pub(crate) fn load(mut program: Program, heap: &Heap) -> Result<Image, String> {
        verify::program(&program)?;
        let mut code: Vec<u64> = vec![0];
        let meta_word = |f: usize, nregs: u32| f as u64 | (nregs as u64) << 32;
        let mut funcs = Vec::with_capacity(program.funcs.len() + 3);
        for (n, f) in program.funcs.iter().enumerate() {
            let (nregs, nargs) = (f.nregs.max(f.nargs).max(f.nresults) as u32, f.nargs as u32);
            code.push(meta_word(n, nregs));
            let entry = code.len() as u32;
            code.extend_from_slice(&f.code);
            let recover_pc = f.recover_pc.map_or(0, |pc| entry + pc);
            funcs.push(FuncMeta { entry, end: code.len() as u32, nregs, nargs, recover_pc, wrapper: f.wrapper });
        }
        let mut stub = |op: Op| {
            code.push(meta_word(funcs.len(), STUB_REGS));
            let entry = code.len() as u32;
            code.push(Instr::new(op, 0, 0, 0).encode());
            funcs.push(FuncMeta { entry, end: entry + 1, nregs: STUB_REGS, nargs: 0, recover_pc: 0, wrapper: false });
            entry
        };
        let (goexit_pc, panic_pc, fatal_pc) = (stub(Op::StubGoexit), stub(Op::StubPanic), stub(Op::StubFatal));
        let stubs = Stubs { goexit_pc, panic_pc, fatal_pc };
        let closures: Box<[u64]> = funcs.iter().map(|f| f.entry as u64).collect();
        for (n, f) in program.funcs.iter().enumerate() {
            for d in decode(&f.code) {
                for (i, word) in d.instr.op.info().words.iter().enumerate() {
                    if *word == Word::Func {
                        let target = d.words[i] as usize;
                        let at = (funcs[n].entry + d.pc) as usize + 1 + i;
                        code[at] = match d.instr.op {
                            Op::LoadFunc => &raw const closures[target] as u64,
                            _ => funcs[target].entry as u64 | (funcs[target].nregs as u64) << 32,
                        };
                    }
                }
            }
        }
        let methods = MethodTable::new(&program, |f| funcs[f].entry);
        let types = Types::load(std::mem::take(&mut program.types), heap);
        let code = code.into_iter().map(AtomicU64::new).collect();
        Ok(Image { code, funcs, types, stubs, methods, closures, program })
    }

    /// The function that has its entry at `entry`.
    pub(crate) fn func_at(&self, entry: u32) -> usize {
        self.code[entry as usize - 1].load(Relaxed) as u32 as usize
    }

    /// Registers of the function that has its entry at `entry`.
    #[inline(always)]
    pub(crate) fn nregs_at(&self, entry: u32) -> u32 {
        (self.code[entry as usize - 1].load(Relaxed) >> 32) as u32
    }

    /// The function whose code has a word at `pc`.
    pub(crate) fn func_containing(&self, pc: u32) -> Option<usize> {
        let after = self.funcs.partition_point(|f| f.entry <= pc);
        after.checked_sub(1).filter(|f| pc < self.funcs[*f].end)
    }

    /// The description of a type.
    #[inline(always)]
    pub(crate) fn ty(&self, t: TypeRef) -> &TypeDesc {
        &self.types[t]
    }
}

pub(crate) fn type_meta(types: &Types, t: &TypeDesc, heap: &Heap) -> TypeMeta {
    let unit = match t.kind {
        Kind::Array => types[t.elem].size,
        _ => t.size,
    };
    let layout = layout_of(heap, unit as usize, &t.ptr_words);
    let mut reg_words = vec![0u64; (t.regs as usize).div_ceil(64)];
    let mut reg = 0;
    let mut mark = |reg: usize| reg_words[reg / 64] |= 1 << (reg % 64);
    if t.is_mem {
        mark(0);
    }
    for leaf in &t.leaves {
        use gol_bytecode::LeafKind::*;
        match leaf.kind {
            Ptr | Str | Slice => mark(reg),
            Iface => mark(reg + 1),
            _ => {}
        }
        reg += leaf.kind.regs();
    }
    let reg_layout = layout_of(heap, t.regs as usize * 8, &reg_words);
    TypeMeta { layout, reg_layout, size: t.size as usize }
}

/// Larger units are scanned word for word: a list of where their pointers are would be too long.
const MAX_MAPPED: usize = 1 << 20;

/// Layout of a repeated unit of `size` bytes. A unit that is not a whole number of words has no pointers.
fn layout_of(heap: &Heap, size: usize, bits: &[u64]) -> LayoutId {
    if bits.iter().all(|b| *b == 0) || size == 0 {
        return LayoutId::NOSCAN;
    }
    if size > MAX_MAPPED {
        return LayoutId::CONSERVATIVE;
    }
    heap.layouts().add(size, bits)
}
