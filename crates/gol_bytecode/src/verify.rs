//! Checks that a program keeps the contract, so that the interpreter need not.
//!
//! What is checked: every word decodes, every jump lands on an instruction, every register, type, function, string,
//! native and method number exists, no instruction falls off the end. What is not: that registers hold what their
//! readers expect; that is the compiler's promise.

use crate::disasm::{Decoded, decode};
use crate::ops::{Role, Word};
use crate::{Function, Op, Program};

/// How many of each there are.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Functions.
    pub funcs: usize,
    /// Types.
    pub types: usize,
    /// Method names.
    pub methods: usize,
    /// String constants.
    pub strings: usize,
    /// Natives.
    pub natives: usize,
}

impl Limits {
    /// Those of a whole program.
    pub fn of(p: &Program) -> Limits {
        Limits {
            funcs: p.funcs.len(),
            types: p.types.len(),
            methods: p.methods.len(),
            strings: p.strings.len(),
            natives: p.natives.len(),
        }
    }
}

/// Checks all functions; the error names the function, the pc and what is wrong.
pub fn program(p: &Program) -> Result<(), String> {
    let limits = Limits::of(p);
    p.funcs.iter().try_for_each(|f| function(&limits, f))
}

/// Checks one function.
pub fn function(p: &Limits, f: &Function) -> Result<(), String> {
    let fail = |pc: u32, what: &str| Err(format!("{}: pc {pc}: {what}", f.name));
    let mut starts = vec![false; f.code.len() + 1];
    let mut last = None;
    for d in decode(&f.code) {
        starts[d.pc as usize] = true;
        last = Some(d);
    }
    let Some(last) = last.filter(|d| d.end() as usize == f.code.len()) else {
        return fail(last.map_or(0, |d| d.end()), "not an instruction");
    };
    if !matches!(
        last.instr.op,
        Op::Jmp | Op::Loop | Op::Ret | Op::Ret0 | Op::Ret1 | Op::RetWords | Op::Panic | Op::RaiseError
    ) {
        return fail(last.pc, "the function's end can be reached");
    }
    let target = |d: &Decoded, off: i64| {
        let to = d.end() as i64 + off;
        usize::try_from(to).is_ok_and(|t| t < f.code.len() && starts[t])
    };
    if f.recover_pc.is_some_and(|pc| !starts.get(pc as usize).is_some_and(|s| *s)) {
        return fail(0, "recover_pc is not an instruction");
    }
    for d in decode(&f.code) {
        if d.instr.op == Op::Forward {
            return fail(d.pc, "only the VM may write Forward");
        }
        let info = d.instr.op.info();
        for (role, v) in info.operands.iter().zip([d.instr.a, d.instr.b, d.instr.c]) {
            let ok = match role {
                Role::W(n) | Role::R(n) => v == u16::MAX || v as usize + *n as usize <= f.nregs as usize,
                Role::RW => v < f.nregs,
                Role::WN | Role::RN => v == u16::MAX || v <= f.nregs,
                Role::Window => v >= 3 && v <= f.nregs,
                Role::Off => target(&d, v as i16 as i64),
                Role::Off32 => target(&d, d.instr.bc() as i32 as i64),
                Role::Str => (d.instr.bc() as usize) < p.strings,
                Role::None | Role::Imm | Role::U16 | Role::I32 | Role::U32 | Role::Hi => true,
            };
            if !ok {
                return fail(d.pc, &format!("{}: bad operand {v} ({role:?})", info.name));
            }
        }
        for (i, w) in d.words.iter().enumerate() {
            let n = *w as usize;
            let ok = match info.words.get(i).unwrap_or(&Word::Table) {
                Word::Type => n > 0 && n < p.types,
                Word::Func => n < p.funcs,
                Word::Method => n < p.methods,
                Word::Native => n < p.natives,
                Word::Off => target(&d, *w as i64),
                Word::Reg | Word::RegW => *w < f.nregs as u64,
                Word::Cache => *w == 0,
                Word::Table if d.instr.op == Op::JTable => target(&d, *w as i64),
                Word::Table | Word::Const | Word::Size => true,
            };
            if !ok {
                return fail(d.pc, &format!("{}: bad word {w}", info.name));
            }
        }
    }
    Ok(())
}
