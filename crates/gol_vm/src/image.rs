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
//!
//! A session's program grows by [`Image::add`] while goroutines run. All tables are append-only ([`Table`]); what is changed in
//! them, once an addition says so, is changed with the world stopped ([`Image::change`]).

use crate::NativeFn;
use crate::methods::MethodTable;
use crate::table::Table;
use crate::types::Types;
use gol_bytecode::disasm::decode;
use gol_bytecode::ops::Word;
use gol_bytecode::verify::{self, Limits};
use gol_bytecode::{
    Addition, Function, Instr, Kind, MethodName, NativeImport, Op, StrId, TypeDesc, TypeRef, WellKnown,
};
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

/// The VM's own functions, which lie before those of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stubs {
    /// Where a goroutine's first function returns to.
    pub(crate) goexit_pc: u32,
    /// Entry of the frame that a panic pushes; where the deferred calls it runs return to.
    pub(crate) panic_pc: u32,
    /// Where calls made for the report of a fatal panic return to.
    pub(crate) fatal_pc: u32,
}

/// The functions of [`Stubs`] have numbers from here on: no program has as many functions.
const FIRST_STUB: usize = u32::MAX as usize - 2;

/// The program's own tables, as the compiler numbered them.
pub(crate) struct Tables {
    pub(crate) funcs: Table<Function>,
    pub(crate) methods: Table<MethodName>,
    pub(crate) strings: Table<Box<[u8]>>,
    pub(crate) files: Table<String>,
    /// See [`gol_bytecode::Program::natives`].
    pub(crate) imports: Table<NativeImport>,
    /// One item.
    known: Table<WellKnown>,
}

impl Tables {
    /// Types and functions that the VM needs itself.
    pub(crate) fn well_known(&self) -> &WellKnown {
        &self.known[0]
    }

    /// A string constant that is text.
    pub(crate) fn text(&self, s: StrId) -> String {
        String::from_utf8_lossy(&self.strings[s.0 as usize]).into_owned()
    }
}

/// How much a table may come to hold.
#[derive(Clone, Copy, Debug)]
struct Room {
    code: usize,
    funcs: usize,
    types: usize,
    small: usize,
}

/// What there is room for in a session. Address space: about 300 MB, backed as it is used.
const SESSION: Room = Room { code: 1 << 24, funcs: 1 << 18, types: 1 << 17, small: 1 << 18 };

/// A loaded program.
pub(crate) struct Image {
    /// All code. Words of kind [`Word::Cache`] are written while running, atomically; nothing else is.
    pub(crate) code: Table<AtomicU64>,
    pub(crate) funcs: Table<FuncMeta>,
    pub(crate) types: Types,
    pub(crate) stubs: Stubs,
    /// Methods as interfaces find them.
    pub(crate) methods: MethodTable,
    pub(crate) natives: Table<NativeFn>,
    pub(crate) program: Tables,
    stub_metas: [FuncMeta; 3],
    /// One word a function: its entry pc; the address of such a word is the function's static closure.
    pub(crate) closures: Table<u64>,
}

/// The registers of the frame that a panic pushes (none of its own, but call windows need a place to be).
pub(crate) const STUB_REGS: u32 = 4;

fn meta_word(f: usize, nregs: u32) -> u64 {
    f as u64 | (nregs as u64) << 32
}

impl Image {
    /// Verifies and links a whole program, or with `grows` the first part of a session's; layouts go to `heap`'s table.
    pub(crate) fn load(
        program: Addition,
        heap: &Heap,
        find: impl Fn(&str) -> Option<NativeFn>,
        grows: bool,
    ) -> Result<Image, String> {
        let words = program.funcs.iter().map(|f| f.code.len() + 1).sum::<usize>();
        let room = if grows {
            SESSION
        } else {
            let (funcs, types) = (program.funcs.len(), program.types.len());
            let small = [program.methods.len(), program.strings.len(), program.files.len(), program.natives.len()];
            Room { code: words, funcs, types, small: small.into_iter().max().unwrap_or(0) }
        };
        let code = Table::with_room(room.code + 7);
        code.extend([AtomicU64::new(0)]);
        let mut n = 0;
        let mut stub = |op: Op| {
            code.extend([AtomicU64::new(meta_word(FIRST_STUB + n, STUB_REGS))]);
            n += 1;
            let entry = code.len() as u32;
            code.extend([AtomicU64::new(Instr::new(op, 0, 0, 0).encode())]);
            FuncMeta { entry, end: entry + 1, nregs: STUB_REGS, nargs: 0, recover_pc: 0, wrapper: false }
        };
        let stub_metas = [stub(Op::StubGoexit), stub(Op::StubPanic), stub(Op::StubFatal)];
        let [goexit_pc, panic_pc, fatal_pc] = stub_metas.map(|m| m.entry);
        let image = Image {
            code,
            funcs: Table::with_room(room.funcs),
            types: Types::with_room(room.types),
            stubs: Stubs { goexit_pc, panic_pc, fatal_pc },
            methods: MethodTable::new(),
            natives: Table::with_room(room.small),
            program: Tables {
                funcs: Table::with_room(room.funcs),
                methods: Table::with_room(room.small),
                strings: Table::with_room(room.small),
                files: Table::with_room(room.small),
                imports: Table::with_room(room.small),
                known: Table::with_room(1),
            },
            stub_metas,
            closures: Table::with_room(room.funcs),
        };
        image.add(program, heap, find)?;
        Ok(image)
    }

    /// Adds to the program. Nothing is added if there is an error. What the addition says of things from before is left to
    /// [`Image::change`].
    pub(crate) fn add(
        &self,
        mut new: Addition,
        heap: &Heap,
        find: impl Fn(&str) -> Option<NativeFn>,
    ) -> Result<Changes, String> {
        let p = &self.program;
        let (funcs, types) = (p.funcs.len(), self.types.len());
        let words = new.funcs.iter().map(|f| f.code.len() + 1).sum::<usize>();
        let fits = words <= self.code.room_left()
            && new.funcs.len() <= p.funcs.room_left()
            && new.types.len() <= self.types.room_left()
            && new.methods.len() <= p.methods.room_left()
            && new.strings.len() <= p.strings.room_left()
            && new.files.len() <= p.files.room_left()
            && new.natives.len() <= p.imports.room_left();
        if !fits {
            return Err("the session has become too long: :reset starts a new one".into());
        }
        let limits = Limits {
            funcs: funcs + new.funcs.len(),
            types: types + new.types.len(),
            methods: p.methods.len() + new.methods.len(),
            strings: p.strings.len() + new.strings.len(),
            natives: p.imports.len() + new.natives.len(),
        };
        new.funcs.iter().try_for_each(|f| verify::function(&limits, f))?;
        let natives = new.natives.iter();
        let natives = natives
            .map(|n| find(&n.name).ok_or_else(|| format!("{} has no body, and this gol no native for it", n.name)));
        let natives = natives.collect::<Result<Vec<_>, _>>()?;

        self.natives.extend(natives);
        p.imports.extend(std::mem::take(&mut new.natives));
        p.methods.extend(std::mem::take(&mut new.methods));
        p.strings.extend(std::mem::take(&mut new.strings));
        p.files.extend(std::mem::take(&mut new.files));
        if p.known.is_empty() {
            p.known.extend([new.well_known.clone()]);
        }
        self.types.extend(std::mem::take(&mut new.types), heap);
        self.link(std::mem::take(&mut new.funcs));
        for t in types..self.types.len() {
            for m in &self.types[TypeRef(t as u32)].methods {
                if let Some(f) = m.func {
                    self.methods.insert(t as u64, m.id.0 as u64, self.funcs[f.0 as usize].entry);
                }
            }
        }
        let knows_more = *p.well_known() != new.well_known;
        Ok(Changes { new, knows_more })
    }

    /// Adds the code of functions.
    fn link(&self, new: Vec<Function>) {
        let first = self.funcs.len();
        let mut at = self.code.len() as u32;
        for f in &new {
            let (nregs, nargs) = (f.nregs.max(f.nargs).max(f.nresults) as u32, f.nargs as u32);
            let entry = at + 1;
            let recover_pc = f.recover_pc.map_or(0, |pc| entry + pc);
            at = entry + f.code.len() as u32;
            self.closures.extend([entry as u64]);
            self.funcs.extend([FuncMeta { entry, end: at, nregs, nargs, recover_pc, wrapper: f.wrapper }]);
        }
        for (n, f) in new.iter().enumerate() {
            let meta = &self.funcs[first + n];
            let mut code = f.code.clone();
            for d in decode(&f.code) {
                for (i, word) in d.instr.op.info().words.iter().enumerate() {
                    if *word == Word::Func {
                        let target = d.words[i] as usize;
                        code[d.pc as usize + 1 + i] = match d.instr.op {
                            Op::LoadFunc => &raw const self.closures[target] as u64,
                            _ => self.funcs[target].entry as u64 | (self.funcs[target].nregs as u64) << 32,
                        };
                    } else if *word == Word::Type {
                        let t = self.types.one_number(TypeRef(d.words[i] as u32));
                        code[d.pc as usize + 1 + i] = t.0 as u64;
                    }
                }
            }
            self.code.extend([AtomicU64::new(meta_word(first + n, meta.nregs))]);
            self.code.extend(code.into_iter().map(AtomicU64::new));
        }
        self.program.funcs.extend(new);
    }

    /// Carries out what an addition changes of things from before.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn change(&self, changes: Changes) {
        if changes.knows_more {
            // SAFETY: the caller's promise.
            unsafe { *self.program.known.slot(0) = changes.new.well_known };
        }
        for (t, methods) in changes.new.described {
            for m in &methods {
                if let Some(f) = m.func {
                    self.methods.insert(t.0 as u64, m.id.0 as u64, self.funcs[f.0 as usize].entry);
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.types.slot(t).methods = methods };
        }
        for (t, pointer) in changes.new.pointers {
            // SAFETY: the caller's promise.
            unsafe { self.types.slot(t).ptr_to = self.types.one_number(pointer) };
        }
        for (old, new) in changes.new.forwards {
            let (old, new) = (self.funcs[old.0 as usize].entry, self.funcs[new.0 as usize].entry);
            // The function begins with a Nop, or with the way to an earlier one that took its place.
            let forward = Instr::new(Op::Forward, 0, new as u16, (new >> 16) as u16).encode();
            self.code[old as usize].store(forward, Relaxed);
        }
    }

    /// The function that has its entry at `entry`.
    pub(crate) fn func_at(&self, entry: u32) -> usize {
        self.code[entry as usize - 1].load(Relaxed) as u32 as usize
    }

    /// What is known of a function, the VM's own included.
    pub(crate) fn meta(&self, f: usize) -> &FuncMeta {
        match f.checked_sub(FIRST_STUB) {
            Some(stub) => &self.stub_metas[stub],
            None => &self.funcs[f],
        }
    }

    /// Whether a function is the VM's own.
    pub(crate) fn is_stub(&self, f: usize) -> bool {
        f >= FIRST_STUB
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

/// The part of an addition that changes things from before.
pub(crate) struct Changes {
    new: Addition,
    knows_more: bool,
}

impl Changes {
    /// Whether there is nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        let new = &self.new;
        !self.knows_more && new.described.is_empty() && new.pointers.is_empty() && new.forwards.is_empty()
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
