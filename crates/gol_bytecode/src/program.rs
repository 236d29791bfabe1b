//! A compiled program: functions, types, constants, and where each instruction comes from.

use crate::{MethodName, TypeDesc, TypeRef};

/// A function's number in [`Program::funcs`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct FuncId(pub u32);

/// A native's number in [`Program::natives`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct NativeId(pub u32);

/// A string constant's number in [`Program::strings`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct StrId(pub u32);

/// From this pc on, until the next entry: this line of this file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineEntry {
    /// Word number in the function's code.
    pub pc: u32,
    /// Number in [`Program::files`].
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
}

/// A compiled function.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Function {
    /// The name as traces show it: `main.main`, `main.(*T).M`, `main.f.func1`.
    pub name: String,
    /// Instructions and their following words.
    pub code: Vec<u64>,
    /// Registers of its frame, call windows of its own callees included (their headers and arguments, not their
    /// other registers).
    pub nregs: u16,
    /// Argument words, which are its first registers (a receiver included).
    pub nargs: u16,
    /// Result words.
    pub nresults: u16,
    /// Made by the compiler around another function (an interface's method entry, a bound method): `recover` and traces
    /// look through it.
    pub wrapper: bool,
    /// Where a frame that recovered goes on: code that runs the remaining deferred calls and returns the results as
    /// they now are. `None`: the function defers nothing.
    pub recover_pc: Option<u32>,
    /// Sorted by pc; empty for wrappers.
    pub lines: Vec<LineEntry>,
}

impl Function {
    /// File number and line of the instruction at `pc`; `None` if there is no entry.
    pub fn line_at(&self, pc: u32) -> Option<(u32, u32)> {
        let after = self.lines.partition_point(|l| l.pc <= pc);
        let entry = self.lines.get(after.checked_sub(1)?)?;
        Some((entry.file, entry.line))
    }
}

/// A function without a body, bound by its full name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NativeImport {
    /// `strings.IndexByte`, `sync/atomic.AddInt32`: import path and name.
    pub name: String,
    /// The type as Go writes it: `func(string, uint8) int`.
    pub sig: String,
    /// Argument words.
    pub nargs: u16,
    /// Result words.
    pub nresults: u16,
}

/// Types and functions of the `runtime` package that the VM itself needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WellKnown {
    /// `runtime.errorString`: a string; its `Error` puts `runtime error: ` in front.
    pub error_string: TypeRef,
    /// `runtime.boundsError`: as `errorString`, of an index or slice expression.
    pub bounds_error: TypeRef,
    /// `runtime.plainError`: a string; a runtime.Error without prefix.
    pub plain_error: TypeRef,
    /// `*runtime.TypeAssertionError`: points to a struct of one string, the whole text.
    pub type_assertion_error: TypeRef,
    /// `*runtime.PanicNilError`: points to a struct of size 0 or more.
    pub panic_nil_error: TypeRef,
    /// `int`, `string`, `error`, `interface {}`: for natives that make values.
    pub int: TypeRef,
    /// See `int`.
    pub string: TypeRef,
    /// See `int`.
    pub error: TypeRef,
    /// See `int`.
    pub any: TypeRef,
    /// `func runtime.printPanicValue(v any) string`-like entry: given the panic value, gives the text that the fatal
    /// report shows (calls `Error` or `String`).
    pub panic_text: Option<FuncId>,
}

/// Everything that the VM needs to run a program. Tables only ever grow, so numbers stay valid.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// All functions.
    pub funcs: Vec<Function>,
    /// All types; number 0 is a placeholder of kind Invalid.
    pub types: Vec<TypeDesc>,
    /// All method names, by [`crate::MethodId`].
    pub methods: Vec<MethodName>,
    /// String constants.
    pub strings: Vec<Box<[u8]>>,
    /// Natives, linked by name when the VM loads the program.
    pub natives: Vec<NativeImport>,
    /// Names of source files as traces show them.
    pub files: Vec<String>,
    /// Bytes of the block of globals.
    pub globals_size: u64,
    /// One bit an 8-byte word of the globals: it may hold a pointer.
    pub globals_ptr_words: Vec<u64>,
    /// Initializes all packages in order, then calls `main.main`.
    pub entry: Option<FuncId>,
    /// `main.main`.
    pub main: Option<FuncId>,
    /// See [`WellKnown`].
    pub well_known: WellKnown,
}

impl Program {
    /// The type with this number.
    pub fn ty(&self, t: TypeRef) -> &TypeDesc {
        &self.types[t.0 as usize]
    }
}
