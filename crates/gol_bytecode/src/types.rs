//! What the VM knows of a type at run time.

use crate::FuncId;

/// A type's number in [`crate::Program::types`]; also the type id in an interface. 0 is no type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Default)]
pub struct TypeRef(pub u32);

impl TypeRef {
    /// No type: the type id of a nil interface.
    pub const NONE: TypeRef = TypeRef(0);
}

/// A method as interfaces see it: its name, the package of an unexported name, and its signature, all in one number.
/// A type implements an interface exactly if it has all of its method ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct MethodId(pub u32);

/// What a [`MethodId`] stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MethodName {
    /// The name.
    pub name: String,
    /// The package path of an unexported name; empty for an exported one.
    pub pkg: String,
    /// The signature, a func type.
    pub sig: TypeRef,
}

/// The kinds of types, with the numbers of Go's `reflect.Kind`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    Array,
    Chan,
    Func,
    Interface,
    Map,
    Pointer,
    Slice,
    String,
    Struct,
    UnsafePointer,
}

/// How one leaf of a value is loaded from and stored to memory, and how many registers it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum LeafKind {
    /// One register, 1 byte, sign-extended.
    I8,
    /// One register, 1 byte (uint8, bool).
    U8,
    /// One register, 2 bytes, sign-extended.
    I16,
    /// One register, 2 bytes.
    U16,
    /// One register, 4 bytes, sign-extended.
    I32,
    /// One register, 4 bytes (uint32, float32).
    U32,
    /// One register, 8 bytes, never a pointer.
    W64,
    /// One register, 8 bytes, a float64.
    F64,
    /// One register, 8 bytes: pointer, map, chan, func.
    Ptr,
    /// Two registers, a 16-byte unit: string.
    Str,
    /// Two registers, a 16-byte unit: interface.
    Iface,
    /// Three registers, a packed 16-byte unit.
    Slice,
}

impl LeafKind {
    /// Registers that it takes.
    pub fn regs(self) -> usize {
        match self {
            LeafKind::Str | LeafKind::Iface => 2,
            LeafKind::Slice => 3,
            _ => 1,
        }
    }

    /// Bytes in memory.
    pub fn size(self) -> usize {
        match self {
            LeafKind::I8 | LeafKind::U8 => 1,
            LeafKind::I16 | LeafKind::U16 => 2,
            LeafKind::I32 | LeafKind::U32 => 4,
            LeafKind::W64 | LeafKind::F64 | LeafKind::Ptr => 8,
            LeafKind::Str | LeafKind::Iface | LeafKind::Slice => 16,
        }
    }
}

/// One leaf of a value in memory form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Byte offset in the value's memory.
    pub offset: u32,
    /// Its form.
    pub kind: LeafKind,
}

/// A struct's field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldDesc {
    /// The name.
    pub name: String,
    /// The package path of an unexported name; empty for an exported one.
    pub pkg: String,
    /// The type.
    pub ty: TypeRef,
    /// Byte offset in the struct's memory form.
    pub offset: u32,
    /// Byte offset in Go's own layout, for reflection.
    pub go_offset: u64,
    /// Embedded.
    pub embedded: bool,
    /// The tag; empty: none.
    pub tag: String,
}

/// A method of a type that is not an interface, as called through interfaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MethodDesc {
    /// Which method.
    pub id: MethodId,
    /// What is called: takes the interface's data word as its first argument word. `None`: the method is never
    /// called through an interface in this program, so it was not compiled; the type has it all the same.
    pub func: Option<FuncId>,
}

/// What the VM knows of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeDesc {
    /// Its kind.
    pub kind: Kind,
    /// The text that `%T` prints: `main.T`, `map[string]int`.
    pub name: String,
    /// The declared name without package; empty for a type literal.
    pub bare_name: String,
    /// The import path of a declared type's package; empty for predeclared types and literals.
    pub pkg: String,
    /// Bytes in memory form.
    pub size: u64,
    /// Alignment in memory form: 1, 2, 4, 8 or 16.
    pub align: u8,
    /// Go's own size in bytes, for `unsafe.Sizeof` and reflection.
    pub go_size: u64,
    /// Go's own alignment.
    pub go_align: u8,
    /// Mem: a value is one register, the address of an immutable copy in memory form.
    pub is_mem: bool,
    /// Registers that a value takes.
    pub regs: u16,
    /// The leaves in register order, for a type that is not Mem; empty for Mem types and for size 0.
    pub leaves: Vec<Leaf>,
    /// One bit an 8-byte word of the memory form (lowest first): the word may hold a pointer. For an array: of one
    /// element, which repeats. Empty or all zero: no pointers.
    pub ptr_words: Vec<u64>,
    /// Values can be compared (interfaces inside may still raise).
    pub comparable: bool,
    /// Element type of array, chan, map (its value), pointer, slice; else none.
    pub elem: TypeRef,
    /// Key type of a map; else none.
    pub key: TypeRef,
    /// Length of an array; for a chan type its direction: 1 receive, 2 send, 3 both (as reflect.ChanDir).
    pub len: u64,
    /// Fields of a struct.
    pub fields: Vec<FieldDesc>,
    /// Parameters of a func type.
    pub params: Vec<TypeRef>,
    /// Results of a func type.
    pub results: Vec<TypeRef>,
    /// A func type's last parameter is `...`.
    pub variadic: bool,
    /// The method set of a type that is not an interface (embedded ones included), sorted by id.
    pub methods: Vec<MethodDesc>,
    /// The methods of an interface, sorted by id.
    pub imethods: Vec<MethodId>,
    /// For a type T the type *T, if the program has it.
    pub ptr_to: TypeRef,
}

impl TypeDesc {
    /// A type of this kind of which nothing else is said: no name, no size, no parts.
    pub fn of_kind(kind: Kind) -> TypeDesc {
        TypeDesc {
            kind,
            name: String::new(),
            bare_name: String::new(),
            pkg: String::new(),
            size: 0,
            align: 1,
            go_size: 0,
            go_align: 1,
            is_mem: false,
            regs: 0,
            leaves: Vec::new(),
            ptr_words: Vec::new(),
            comparable: false,
            elem: TypeRef::NONE,
            key: TypeRef::NONE,
            len: 0,
            fields: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            variadic: false,
            methods: Vec::new(),
            imethods: Vec::new(),
            ptr_to: TypeRef::NONE,
        }
    }
}

/// A text in double quotes, as `strconv.Quote` writes it but for unusual characters that do not print: a struct tag in the
/// name of a type, a literal of Go.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{feff}' => out.push_str("\\ufeff"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
