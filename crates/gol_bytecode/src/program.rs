//! A compiled program: functions, types, constants, and where each instruction comes from.

use crate::{MethodDesc, MethodName, TypeDesc, TypeRef};

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
    /// Whose code it is: a number in [`Function::inlined`] plus 1; 0: the function's own.
    pub inlined: u32,
}

/// A call whose callee's body stands in place of it. Traces show it as a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inlined {
    /// The callee's name, in [`Program::strings`].
    pub name: StrId,
    /// Number of the call's file in [`Program::files`].
    pub file: u32,
    /// The call's line, from 1.
    pub line: u32,
    /// In whose body the call stands, as in [`LineEntry::inlined`].
    pub parent: u32,
}

/// One of the functions whose code stands at a pc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The callee that stands in place of a call; `None`: the function itself.
    pub callee: Option<StrId>,
    /// File number and line in it.
    pub at: Option<(u32, u32)>,
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
    /// The calls that are not made.
    pub inlined: Vec<Inlined>,
}

impl Function {
    /// File number and line of the instruction at `pc`; `None` if there is no entry.
    pub fn line_at(&self, pc: u32) -> Option<(u32, u32)> {
        self.entry_at(pc).map(|entry| (entry.file, entry.line))
    }

    fn entry_at(&self, pc: u32) -> Option<&LineEntry> {
        let after = self.lines.partition_point(|l| l.pc <= pc);
        self.lines.get(after.checked_sub(1)?)
    }

    /// How many calls are not made around the instruction at `pc`.
    pub fn depth_at(&self, pc: u32) -> usize {
        self.places_at(pc).count() - 1
    }

    /// The functions whose code the instruction at `pc` is, innermost first; the last is this one.
    pub fn places_at(&self, pc: u32) -> impl Iterator<Item = Place> {
        let entry = self.entry_at(pc);
        let first = (entry.map(|e| (e.file, e.line)), entry.map_or(0, |e| e.inlined));
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let (at, inlined) = next.take()?;
            let call = (inlined as usize).checked_sub(1).and_then(|i| self.inlined.get(i));
            next = call.map(|c| (Some((c.file, c.line)), c.parent));
            Some(Place { callee: call.map(|c| c.name), at })
        })
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
    /// See `int`.
    pub uint8: TypeRef,
    /// `reflect.Value`, if the program has it.
    pub reflect_value: TypeRef,
    /// What functions made by reflection run first: the most argument or result words, and the function. Ascending.
    pub stubs: Vec<(u16, FuncId)>,
    /// Frames for the cases of a select made by reflection: their words, and the function. Ascending.
    pub select_stubs: Vec<(u16, FuncId)>,
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
    /// A string constant that is text.
    pub fn text(&self, s: StrId) -> String {
        String::from_utf8_lossy(&self.strings[s.0 as usize]).into_owned()
    }

    /// The type with this number.
    pub fn ty(&self, t: TypeRef) -> &TypeDesc {
        &self.types[t.0 as usize]
    }
}

/// What a program gets in addition while it runs: the next numbers of each table, in order. A whole program is an addition
/// to nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Addition {
    /// See [`Program::funcs`], and so on.
    pub funcs: Vec<Function>,
    /// New types.
    pub types: Vec<TypeDesc>,
    /// New method names.
    pub methods: Vec<MethodName>,
    /// New string constants.
    pub strings: Vec<Box<[u8]>>,
    /// New natives.
    pub natives: Vec<NativeImport>,
    /// New source files.
    pub files: Vec<String>,
    /// Bytes of the block of globals from now on.
    pub globals_size: u64,
    /// As [`Program::globals_ptr_words`], for all globals.
    pub globals_ptr_words: Vec<u64>,
    /// What is to be run for it.
    pub entry: Option<FuncId>,
    /// See [`WellKnown`]; the same each time.
    pub well_known: WellKnown,
    /// Types from before whose methods are others now, or are called through interfaces only now.
    pub described: Vec<(TypeRef, Vec<MethodDesc>)>,
    /// Types from before, each with the pointer to it that is new.
    pub pointers: Vec<(TypeRef, TypeRef)>,
    /// Functions from before, each with what their callers get from now on. They begin with a [`crate::Op::Nop`].
    pub forwards: Vec<(FuncId, FuncId)>,
}

impl From<Program> for Addition {
    fn from(p: Program) -> Addition {
        Addition {
            funcs: p.funcs,
            types: p.types,
            methods: p.methods,
            strings: p.strings,
            natives: p.natives,
            files: p.files,
            globals_size: p.globals_size,
            globals_ptr_words: p.globals_ptr_words,
            entry: p.entry,
            well_known: p.well_known,
            ..Addition::default()
        }
    }
}
