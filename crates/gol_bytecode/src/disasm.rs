//! Functions as text, for people and for golden tests.

use crate::ops::{Role, Word};
use crate::{Function, Instr, Program};
use std::fmt::Write;

/// One instruction decoded with its following words.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// Where it stands, in words.
    pub pc: u32,
    /// The instruction.
    pub instr: Instr,
    /// Its following words.
    pub words: &'a [u64],
}

impl Decoded<'_> {
    /// The pc after it.
    pub fn end(&self) -> u32 {
        self.pc + 1 + self.words.len() as u32
    }
}

/// Number of words that follow an instruction.
pub fn following(instr: Instr) -> usize {
    let words = instr.op.info().words;
    match words {
        [Word::Table] => instr.b as usize,
        _ => words.len(),
    }
}

/// Goes over a function's instructions; ends early at a word that is no instruction or lacks following words.
pub fn decode(code: &[u64]) -> impl Iterator<Item = Decoded<'_>> {
    let mut pc = 0;
    std::iter::from_fn(move || {
        let instr = Instr::decode(*code.get(pc)?)?;
        let n = following(instr);
        let words = code.get(pc + 1..pc + 1 + n)?;
        let d = Decoded { pc: pc as u32, instr, words };
        pc += 1 + n;
        Some(d)
    })
}

/// The text of one function: a header line, then a line an instruction.
pub fn function(program: &Program, f: &Function) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "func {} args={} results={} regs={}", f.name, f.nargs, f.nresults, f.nregs);
    let mut line = None;
    for d in decode(&f.code) {
        let at = f.line_at(d.pc);
        let shown = if at != line { at.map_or(String::new(), |l| format!("; line {}", l.1)) } else { String::new() };
        line = at;
        let _ = writeln!(out, "{}", format!("{:5}  {:32}{}", d.pc, text(program, &d), shown).trim_end());
    }
    out
}

/// The same with source lines between: `source` gives the text for a file number and a line.
pub fn with_source(program: &Program, f: &Function, source: impl Fn(u32, u32) -> Option<String>) -> String {
    let mut out = format!("func {} args={} results={} regs={}\n", f.name, f.nargs, f.nresults, f.nregs);
    let mut line = None;
    for d in decode(&f.code) {
        let at = f.line_at(d.pc);
        if at != line
            && let Some(text) = at.and_then(|(file, line)| source(file, line))
        {
            let _ = writeln!(out, "  {text}");
        }
        line = at;
        let _ = writeln!(out, "{}", format!("{:9}  {}", d.pc, text(program, &d)).trim_end());
    }
    out
}

fn text(program: &Program, d: &Decoded) -> String {
    let info = d.instr.op.info();
    let mut parts = Vec::new();
    let values = [d.instr.a, d.instr.b, d.instr.c];
    for (role, v) in info.operands.iter().zip(values) {
        match role {
            Role::None | Role::Hi => {}
            Role::W(_) | Role::R(_) | Role::RW | Role::WN | Role::RN | Role::Window => parts.push(format!("r{v}")),
            Role::Imm => parts.push(format!("{}", v as i16)),
            Role::U16 => parts.push(format!("{v}")),
            Role::Off => parts.push(format!("-> {}", d.end() as i64 + v as i16 as i64)),
            Role::I32 => parts.push(format!("{}", d.instr.bc() as i32)),
            Role::U32 => parts.push(format!("{}", d.instr.bc())),
            Role::Off32 => parts.push(format!("-> {}", d.end() as i64 + d.instr.bc() as i32 as i64)),
            Role::Str => {
                let s = program.strings.get(d.instr.bc() as usize);
                parts.push(format!("{:?}", String::from_utf8_lossy(s.map_or(&[][..], |s| s))));
            }
        }
    }
    for (i, w) in d.words.iter().enumerate() {
        let missing = || format!("?{w}");
        let n = *w as usize;
        parts.push(match info.words.get(i).unwrap_or(&Word::Table) {
            Word::Const | Word::Size => format!("#{}", *w as i64),
            Word::Type => program.types.get(n).map_or_else(missing, |t| t.name.clone()),
            Word::Func => program.funcs.get(n).map_or_else(missing, |f| f.name.clone()),
            Word::Method => program.methods.get(n).map_or_else(missing, |m| format!(".{}", m.name)),
            Word::Native => program.natives.get(n).map_or_else(missing, |m| m.name.clone()),
            Word::Cache => continue,
            Word::Reg | Word::RegW => format!("r{w}"),
            Word::Off => format!("-> {}", d.end() as i64 + *w as i64),
            Word::Table => format!("{w:#x}"),
        });
    }
    format!("{:12} {}", info.name, parts.join(", "))
}
