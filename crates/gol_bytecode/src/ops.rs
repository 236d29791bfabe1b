//! The table of all instructions. Encoder, disassembler, verifier and interpreter are held to it.
//!
//! # Notation
//!
//! `R[x]` is register `x` of the current frame, 64 bits; `R[x..n]` are `n` registers from `x` on. `K1`, `K2` are the
//! 64-bit words that follow the instruction. `pc` counts words from the start of the function; jump distances count
//! from the word after the whole instruction (its following words included). `imm` is a signed 16-bit operand, `u16`
//! an unsigned one, `i32`/`u32` the 32-bit operand in `b` and `c`.
//!
//! # Values in registers
//!
//! bool 0 or 1; integers sign- or zero-extended from their width; f64 its bits; f32 its bits in the low half (high
//! half zero); pointer, map, chan, func an address or 0; string (address, length); slice (address, length, capacity);
//! interface (type id, data); complex (real, imaginary); a struct that is not *Mem* its leaves in a row; a *Mem* value
//! (see [`crate::TypeDesc::is_mem`]) the address of an immutable copy in memory form.
//!
//! # Frames
//!
//! A frame's header is the three words below its register 0: the entry pc of its function, the link (return pc in
//! the low half, distance in words to the caller's register 0 in the high half), and the closure object or 0. A call
//! with window `A` makes `R[A]` the callee's register 0, so `R[A-3..3]` must be free, everything that lives on lies
//! below `R[A-3]`, arguments are exactly the registers from `A` on, and results come back from `A` on.
//!
//! An instruction marked *raises* may start a panic; *parks* may block the goroutine, and then either goes on at the
//! next instruction with its results in their registers, or is carried out again from its own pc.

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Not used; zero.
    None,
    /// Writes this many registers from here on.
    W(u8),
    /// Reads this many registers from here on.
    R(u8),
    /// Reads and writes one register.
    RW,
    /// Writes a number of registers that another operand or a type tells.
    WN,
    /// Reads a number of registers that another operand or a type tells.
    RN,
    /// A call window: see the module's frames.
    Window,
    /// Signed 16-bit constant.
    Imm,
    /// Unsigned 16-bit constant.
    U16,
    /// Signed 16-bit jump distance.
    Off,
    /// Low half of a signed 32-bit constant; the high half is the next operand.
    I32,
    /// Low half of an unsigned 32-bit constant.
    U32,
    /// Low half of a signed 32-bit jump distance.
    Off32,
    /// Low half of a string constant's number.
    Str,
    /// The high half of the operand before.
    Hi,
}

/// What a following word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// A 64-bit constant.
    Const,
    /// A [`crate::TypeRef`].
    Type,
    /// A [`crate::FuncId`]. (The VM replaces it with the entry pc and the register count when it loads a program.)
    Func,
    /// A [`crate::MethodId`].
    Method,
    /// A [`crate::NativeId`].
    Native,
    /// The inline cache: 0 in a program; written by the VM.
    Cache,
    /// A size in bytes.
    Size,
    /// A signed jump distance.
    Off,
    /// A register that is read.
    Reg,
    /// A register that is written.
    RegW,
    /// As many words as another operand tells; their form is given with the instruction.
    Table,
}

/// One row of the table.
#[derive(Debug)]
pub struct OpInfo {
    /// The operation's name.
    pub name: &'static str,
    /// Roles of `a`, `b` and `c`.
    pub operands: [Role; 3],
    /// The following words.
    pub words: &'static [Word],
    /// What it does.
    pub doc: &'static str,
}

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $name:ident($a:expr, $b:expr, $c:expr $(; $($w:ident),+)?);)*) => {
        /// An operation; the rows of [`TABLE`].
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u16)]
        pub enum Op {
            $($(#[doc = $doc])+ $name,)*
        }

        /// Every operation, by number.
        pub const ALL: &[Op] = &[$(Op::$name),*];

        /// The table, by operation number.
        pub const TABLE: &[OpInfo] = {
            use Role::*;
            &[$(OpInfo {
                name: stringify!($name),
                operands: [$a, $b, $c],
                words: &[$($(Word::$w),+)?],
                doc: concat!($($doc, "\n"),+),
            }),*]
        };
    };
}

impl Op {
    /// The operation with this number.
    pub fn from_u16(n: u16) -> Option<Op> {
        ALL.get(n as usize).copied()
    }

    /// The form of a conditional jump that polls when it is taken, for a loop's back-edge.
    pub fn back_edge(self) -> Option<Op> {
        Some(match self {
            Op::Jmp => Op::Loop,
            Op::JTrue => Op::LoopTrue,
            Op::JFalse => Op::LoopFalse,
            Op::JNeI => Op::LoopNeI,
            Op::JLtI => Op::LoopLtI,
            Op::JLeI => Op::LoopLeI,
            Op::JLtF => Op::LoopLtF,
            Op::JLeF => Op::LoopLeF,
            Op::JNeK => Op::LoopNeK,
            Op::JLtK => Op::LoopLtK,
            Op::JLeK => Op::LoopLeK,
            Op::JGtK => Op::LoopGtK,
            Op::JGeK => Op::LoopGeK,
            _ => return None,
        })
    }

    /// Its row.
    pub fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }
}

ops! {
    // Moves and constants.
    /// Nothing.
    Nop(None, None, None);
    /// Goes on at the function with the entry pc `u32`, which takes this one's place in the frame. Only the VM writes it, over
    /// the [`Op::Nop`] at the start of a function that a session declares again.
    Forward(None, U32, Hi);
    /// `R[A] = R[B]`
    Mov(W(1), R(1), None);
    /// `R[A..2] = R[B..2]`
    Mov2(W(2), R(2), None);
    /// `R[A..3] = R[B..3]`
    Mov3(W(3), R(3), None);
    /// `R[A..C] = R[B..C]`, as if through a copy
    MovN(WN, RN, U16);
    /// `R[A] = i32`
    LoadI(W(1), I32, Hi);
    /// `R[A] = K1`
    LoadK(W(1), None, None; Const);
    /// `R[A..2] = ` string constant
    LoadStr(W(2), Str, Hi);
    /// `R[A..B] = 0`
    Zero(WN, U16, None);
    /// `R[A] = ` the static closure object of function K1
    LoadFunc(W(1), None, None; Func);
    /// `R[A] = ` captured word number `b` of the running closure
    LoadCap(W(1), U16, None);

    // Globals: `u32` is a byte offset into the program's one block of globals.
    /// `R[A] = ` address of the global at `u32`
    GlobalAddr(W(1), U32, Hi);
    /// `R[A] = ` 64-bit global at `u32`
    LdG(W(1), U32, Hi);
    /// 64-bit global at `u32` `= R[A]`
    StG(R(1), U32, Hi);

    // 64-bit integers; results of narrower types are brought to width by an Ext instruction.
    /// `R[A] = R[B] + R[C]`
    Add(W(1), R(1), R(1));
    /// `R[A] = R[B] - R[C]`
    Sub(W(1), R(1), R(1));
    /// `R[A] = R[B] * R[C]`
    Mul(W(1), R(1), R(1));
    /// Signed `R[A] = R[B] / R[C]`; raises: integer divide by zero
    DivI(W(1), R(1), R(1));
    /// Signed remainder; raises
    RemI(W(1), R(1), R(1));
    /// Unsigned quotient; raises
    DivU(W(1), R(1), R(1));
    /// Unsigned remainder; raises
    RemU(W(1), R(1), R(1));
    /// Bitwise and
    And(W(1), R(1), R(1));
    /// Bitwise or
    Or(W(1), R(1), R(1));
    /// Bitwise exclusive or
    Xor(W(1), R(1), R(1));
    /// `R[A] = R[B] &^ R[C]`
    AndNot(W(1), R(1), R(1));
    /// `R[A] = R[B] << R[C]`, count unsigned, 0 from 64 on
    Shl(W(1), R(1), R(1));
    /// Arithmetic `R[A] = R[B] >> R[C]`, count unsigned, sign fill from 64 on
    ShrI(W(1), R(1), R(1));
    /// Logical `R[A] = R[B] >> R[C]`, count unsigned
    ShrU(W(1), R(1), R(1));
    /// Raises `negative shift amount` if signed `R[A] < 0`
    ShiftCheck(R(1), None, None);
    /// `R[A] = R[B] + imm`
    AddK(W(1), R(1), Imm);
    /// `R[A] = R[B] * imm`
    MulK(W(1), R(1), Imm);
    /// `R[A] = R[B] & imm`
    AndK(W(1), R(1), Imm);
    /// `R[A] = R[B] << u16` (0 to 63)
    ShlK(W(1), R(1), U16);
    /// Arithmetic `R[A] = R[B] >> u16` (0 to 63)
    ShrIK(W(1), R(1), U16);
    /// Logical `R[A] = R[B] >> u16` (0 to 63)
    ShrUK(W(1), R(1), U16);
    /// Signed `R[A] = R[B] / imm`, imm neither 0 nor -1
    DivIK(W(1), R(1), Imm);
    /// Signed `R[A] = R[B] % imm`, imm neither 0 nor -1
    RemIK(W(1), R(1), Imm);
    /// `R[A] = -R[B]`
    Neg(W(1), R(1), None);
    /// `R[A] = ^R[B]`
    Com(W(1), R(1), None);
    /// `R[A] = 1 - R[B]`
    Not(W(1), R(1), None);
    /// Sign-extends the low 8 bits
    ExtI8(W(1), R(1), None);
    /// Sign-extends the low 16 bits
    ExtI16(W(1), R(1), None);
    /// Sign-extends the low 32 bits
    ExtI32(W(1), R(1), None);
    /// Zero-extends the low 8 bits
    ExtU8(W(1), R(1), None);
    /// Zero-extends the low 16 bits
    ExtU16(W(1), R(1), None);
    /// Zero-extends the low 32 bits
    ExtU32(W(1), R(1), None);

    /// `R[A] = uint32(R[B] + R[C])`
    AddU32(W(1), R(1), R(1));
    /// `R[A] = uint32(R[B] + imm)`
    AddKU32(W(1), R(1), Imm);
    /// `R[A] = uint32(R[B] * R[C])`
    MulU32(W(1), R(1), R(1));
    /// `R[A] = uint32(R[B] << u16)` (0 to 63)
    ShlKU32(W(1), R(1), U16);
    /// `R[A] = int32(R[B] + R[C])`
    AddI32(W(1), R(1), R(1));
    /// `R[A] = int32(R[B] + imm)`
    AddKI32(W(1), R(1), Imm);
    /// `R[A] = uint8(R[B] + imm)`
    AddKU8(W(1), R(1), Imm);

    // Floating point.
    /// f64 sum
    AddF(W(1), R(1), R(1));
    /// f64 difference
    SubF(W(1), R(1), R(1));
    /// f64 product
    MulF(W(1), R(1), R(1));
    /// f64 quotient
    DivF(W(1), R(1), R(1));
    /// `R[A] = R[A] + R[B] * R[C]` in f64, rounded after each of the two
    MulAddF(RW, R(1), R(1));
    /// `R[A] = R[A] - R[B] * R[C]` in f64, rounded after each of the two
    MulSubF(RW, R(1), R(1));
    /// f64 negation
    NegF(W(1), R(1), None);
    /// f32 sum
    AddF32(W(1), R(1), R(1));
    /// f32 difference
    SubF32(W(1), R(1), R(1));
    /// f32 product
    MulF32(W(1), R(1), R(1));
    /// f32 quotient
    DivF32(W(1), R(1), R(1));
    /// f32 negation
    NegF32(W(1), R(1), None);
    /// f64 square root
    SqrtF(W(1), R(1), None);
    /// f64 absolute value
    AbsF(W(1), R(1), None);
    /// Signed integer to f64
    I2F(W(1), R(1), None);
    /// Unsigned integer to f64
    U2F(W(1), R(1), None);
    /// f64 to i64, truncating; out of range as amd64 does
    F2I(W(1), R(1), None);
    /// f64 to u64, truncating; out of range as amd64 does
    F2U(W(1), R(1), None);
    /// f64 to i32, truncating, for types of at most 32 bits but uint32; out of range as amd64 does
    F2I32(W(1), R(1), None);
    /// f64 to f32
    F2F32(W(1), R(1), None);
    /// f32 to f64
    F322F(W(1), R(1), None);
    /// Signed integer to f32
    I2F32(W(1), R(1), None);
    /// Unsigned integer to f32
    U2F32(W(1), R(1), None);
    /// complex128 product of `R[B..2]` and `R[C..2]`
    MulC(W(2), R(2), R(2));
    /// complex128 quotient, Go's rules for infinities and NaN
    DivC(W(2), R(2), R(2));
    /// complex64 product (parts are f32)
    MulC64(W(2), R(2), R(2));
    /// complex64 quotient
    DivC64(W(2), R(2), R(2));

    // Comparisons to a bool.
    /// Integers or words equal
    EqI(W(1), R(1), R(1));
    /// Not equal
    NeI(W(1), R(1), R(1));
    /// Signed `<`
    LtI(W(1), R(1), R(1));
    /// Signed `<=`
    LeI(W(1), R(1), R(1));
    /// Unsigned `<`
    LtU(W(1), R(1), R(1));
    /// Unsigned `<=`
    LeU(W(1), R(1), R(1));
    /// f64 `==`
    EqF(W(1), R(1), R(1));
    /// f64 `!=`
    NeF(W(1), R(1), R(1));
    /// f64 `<`
    LtF(W(1), R(1), R(1));
    /// f64 `<=`
    LeF(W(1), R(1), R(1));
    /// f32 `==`
    EqF32(W(1), R(1), R(1));
    /// f32 `!=`
    NeF32(W(1), R(1), R(1));
    /// f32 `<`
    LtF32(W(1), R(1), R(1));
    /// f32 `<=`
    LeF32(W(1), R(1), R(1));
    /// Strings `==`
    EqStr(W(1), R(2), R(2));
    /// Strings `<`
    LtStr(W(1), R(2), R(2));
    /// Strings `<=`
    LeStr(W(1), R(2), R(2));
    /// Interfaces `==`; raises: comparing uncomparable type
    EqIface(W(1), R(2), R(2));
    /// Mem values of type K1 `==`; raises likewise (an interface inside)
    EqMem(W(1), R(1), R(1); Type);

    // Jumps. Forward jumps and jumps out of loops never poll; only the back-edge forms do.
    /// `pc += i32`
    Jmp(None, Off32, Hi);
    /// Back-edge: polls for preemption, then `pc += i32`
    Loop(None, Off32, Hi);
    /// Jump if `R[A]` is not 0
    JTrue(R(1), Off32, Hi);
    /// Jump if `R[A]` is 0
    JFalse(R(1), Off32, Hi);
    /// Jump if words equal
    JEqI(R(1), R(1), Off);
    /// Jump if words not equal
    JNeI(R(1), R(1), Off);
    /// Jump if signed `R[A] < R[B]`
    JLtI(R(1), R(1), Off);
    /// Jump if signed `R[A] <= R[B]`
    JLeI(R(1), R(1), Off);
    /// Jump if unsigned `R[A] < R[B]`
    JLtU(R(1), R(1), Off);
    /// Jump if unsigned `R[A] <= R[B]`
    JLeU(R(1), R(1), Off);
    /// Jump if f64 `==`
    JEqF(R(1), R(1), Off);
    /// Jump if not f64 `==`
    JNeF(R(1), R(1), Off);
    /// Jump if f64 `<`
    JLtF(R(1), R(1), Off);
    /// Jump if f64 `<=`
    JLeF(R(1), R(1), Off);
    /// Jump if not f64 `<`
    JNLtF(R(1), R(1), Off);
    /// Jump if not f64 `<=`
    JNLeF(R(1), R(1), Off);
    /// Jump if strings `==`
    JEqStr(R(2), R(2), Off);
    /// Jump if not strings `==`
    JNeStr(R(2), R(2), Off);
    /// Jump if `R[A] == imm` (`b`)
    JEqK(R(1), Imm, Off);
    /// Jump if `R[A] != imm`
    JNeK(R(1), Imm, Off);
    /// Jump if signed `R[A] < imm`
    JLtK(R(1), Imm, Off);
    /// Jump if signed `R[A] <= imm`
    JLeK(R(1), Imm, Off);
    /// Jump if signed `R[A] > imm`
    JGtK(R(1), Imm, Off);
    /// Jump if signed `R[A] >= imm`
    JGeK(R(1), Imm, Off);
    /// Back-edge: `R[A] += 1`; if signed `R[A] < R[B]`, poll and jump
    ForLtI(RW, R(1), Off);
    /// Back-edge: `R[A] += 1`; if signed `R[A] < imm`, poll and jump
    ForLtK(RW, Imm, Off);
    /// Back-edge of a loop over 64-bit elements: `R[A] += 1`; if signed `R[A] < R[B+1]`, poll, `R[K1] = ` element `R[A]` of
    /// `R[B..2]`, and jump
    ForE64(RW, R(2), Off; RegW);
    /// Back-edge: if `R[A]` is not 0, poll and jump
    LoopTrue(R(1), Off32, Hi);
    /// Back-edge: if `R[A]` is 0, poll and jump
    LoopFalse(R(1), Off32, Hi);
    /// Back-edge: if words not equal, poll and jump
    LoopNeI(R(1), R(1), Off);
    /// Back-edge: if signed `R[A] < R[B]`, poll and jump
    LoopLtI(R(1), R(1), Off);
    /// Back-edge: if signed `R[A] <= R[B]`, poll and jump
    LoopLeI(R(1), R(1), Off);
    /// Back-edge: if f64 `R[A] < R[B]`, poll and jump
    LoopLtF(R(1), R(1), Off);
    /// Back-edge: if f64 `R[A] <= R[B]`, poll and jump
    LoopLeF(R(1), R(1), Off);
    /// Back-edge: if `R[A] != imm`, poll and jump
    LoopNeK(R(1), Imm, Off);
    /// Back-edge: if signed `R[A] < imm`, poll and jump
    LoopLtK(R(1), Imm, Off);
    /// Back-edge: if signed `R[A] <= imm`, poll and jump
    LoopLeK(R(1), Imm, Off);
    /// Back-edge: if signed `R[A] > imm`, poll and jump
    LoopGtK(R(1), Imm, Off);
    /// Back-edge: if signed `R[A] >= imm`, poll and jump
    LoopGeK(R(1), Imm, Off);
    /// Jump by entry `R[A]` of the table of `u16` `b` signed distances that follow; the next instruction if unsigned
    /// `R[A] >= b`. Distances count from after the table
    JTable(R(1), U16, None; Table);

    // Memory. `c` is a byte offset. A base below 4096 raises: nil pointer dereference.
    /// `R[A] = *(i8*)(R[B] + u16)`
    LdI8(W(1), R(1), U16);
    /// `R[A] = *(u8*)(R[B] + u16)`, also bool
    LdU8(W(1), R(1), U16);
    /// `R[A] = *(i16*)(R[B] + u16)`
    LdI16(W(1), R(1), U16);
    /// `R[A] = *(u16*)(R[B] + u16)`
    LdU16(W(1), R(1), U16);
    /// `R[A] = *(i32*)(R[B] + u16)`
    LdI32(W(1), R(1), U16);
    /// `R[A] = *(u32*)(R[B] + u16)`, also f32
    LdU32(W(1), R(1), U16);
    /// `R[A] = *(u64*)(R[B] + u16)`
    Ld64(W(1), R(1), U16);
    /// `R[A..2] = ` string or interface unit at `R[B] + u16`
    LdPair(W(2), R(1), U16);
    /// `R[A..3] = ` slice unit at `R[B] + u16`
    LdSlice(W(3), R(1), U16);
    /// `*(u8*)(R[A] + u16) = R[B]`
    St8(R(1), R(1), U16);
    /// `*(u16*)(R[A] + u16) = R[B]`
    St16(R(1), R(1), U16);
    /// `*(u32*)(R[A] + u16) = R[B]`
    St32(R(1), R(1), U16);
    /// `*(u64*)(R[A] + u16) = R[B]`
    St64(R(1), R(1), U16);
    /// String or interface unit at `R[A] + u16` `= R[B..2]`
    StPair(R(1), R(2), U16);
    /// Slice unit at `R[A] + u16` `= R[B..3]`
    StSlice(R(1), R(3), U16);
    /// 64-bit integer at `R[A] + u16` `+= R[B]`
    AddM(R(1), R(1), U16);
    /// 64-bit integer at `R[A] + u16` `+= imm`
    AddMK(R(1), Imm, U16);
    /// f64 at `R[A] + u16` `+= R[B]`
    AddFM(R(1), R(1), U16);
    /// f64 at `R[A] + u16` `-= R[B]`
    SubFM(R(1), R(1), U16);
    /// Raises if `R[A]` is nil
    NilCheck(R(1), None, None);
    /// `R[A] = R[B] + u16`; raises if `R[B]` is nil
    AddrOff(W(1), R(1), U16);
    /// `R[A] = R[B] + K1`; raises if `R[B]` is nil
    AddrOffK(W(1), R(1), None; Size);
    /// Copies a value of type K1 in memory form from `R[B]` to `R[A]`; raises if either is nil
    MemCopy(R(1), R(1), None; Type);
    /// Zeroes the memory of a value of type K1 at `R[A]`; raises if nil
    MemZero(R(1), None, None; Type);
    /// `R[A] = ` address of a new immutable copy of the value of type K1 at `R[B]`; raises if nil
    MemDup(W(1), R(1), None; Type);
    /// Stores the leaves `R[B..]` of a value of type K1 to memory at `R[A]`
    StVal(R(1), RN, None; Type);
    /// Loads a value of type K1 from memory at `R[B]` to `R[A..]` (a Mem value: a new copy)
    LdVal(WN, R(1), None; Type);
    /// `R[A] = ` address of new zeroed memory for a value of type K1
    New(W(1), None, None; Type);
    /// `R[A] = ` address of new zeroed memory for an array of `R[B]` (unchecked) values of type K1
    NewArray(W(1), R(1), None; Type);

    // Package unsafe. Its pointers are plain addresses; what may be used through them is checked when they become typed ones.
    /// Notes that a value of type K1, or `R[B]` of them if `c` is 1, lies at the address `R[A]`
    UnsafeNote(R(1), R(1), U16; Type);
    /// `R[A] = R[B]`; raises unless a value of type K1 may be used at that address
    UnsafeCast(W(1), R(1), None; Type);
    /// `R[A..3] = ` slice of `R[C]` elements of type K1 from the address `R[B]` on; raises
    UnsafeSlice(W(3), R(1), R(1); Type);
    /// `R[A..2] = ` string of `R[C]` bytes, of type K1, from the address `R[B]` on; raises
    UnsafeString(W(2), R(1), R(1); Type);

    // Elements of a slice or array: `R[B..2]` is (address, length), `R[C]` the index. Raises: index out of range.
    /// `R[A] = ` i8 element
    LdEI8(W(1), R(2), R(1));
    /// u8 or bool element
    LdEU8(W(1), R(2), R(1));
    /// i16 element
    LdEI16(W(1), R(2), R(1));
    /// u16 element
    LdEU16(W(1), R(2), R(1));
    /// i32 element
    LdEI32(W(1), R(2), R(1));
    /// u32 or f32 element
    LdEU32(W(1), R(2), R(1));
    /// 64-bit element
    LdE64(W(1), R(2), R(1));
    /// String or interface element
    LdEPair(W(2), R(2), R(1));
    /// Slice element
    LdESlice(W(3), R(2), R(1));
    /// 8-bit element `R[B]` of `R[A..2]` `= R[C]`
    StE8(R(2), R(1), R(1));
    /// 16-bit element
    StE16(R(2), R(1), R(1));
    /// 32-bit element
    StE32(R(2), R(1), R(1));
    /// 64-bit element
    StE64(R(2), R(1), R(1));
    /// String or interface element
    StEPair(R(2), R(1), R(2));
    /// Slice element
    StESlice(R(2), R(1), R(3));
    /// `R[A] = ` address of element `R[C]` of `R[B..2]`, element size K1
    IndexAddr(W(1), R(2), R(1); Size);
    /// 64-bit integer element `R[B]` of `R[A..2]` `+= R[C]`
    AddE(R(2), R(1), R(1));
    /// 64-bit integer element `R[B]` of `R[A..2]` `+= imm`
    AddEK(R(2), R(1), Imm);
    /// f64 element `R[B]` of `R[A..2]` `+= R[C]`
    AddFE(R(2), R(1), R(1));
    /// `R[A] = ` 64-bit element `R[C]` of the slice at `R[B] + K1`; raises also: nil pointer dereference
    LdFE64(W(1), R(1), R(1); Size);
    /// u8 or bool element, likewise
    LdFEU8(W(1), R(1), R(1); Size);
    /// 64-bit element `R[B]` of the slice at `R[A] + K1` `= R[C]`; raises also: nil pointer dereference
    StFE64(R(1), R(1), R(1); Size);
    /// 8-bit element, likewise
    StFE8(R(1), R(1), R(1); Size);
    /// `R[A] = ` 64-bit element `R[K1]` of the slice that is element `R[C]` of `R[B..2]`
    LdEE64(W(1), R(2), R(1); Reg);
    /// u8 or bool element, likewise
    LdEEU8(W(1), R(2), R(1); Reg);
    /// 64-bit element `R[K1]` of the slice that is element `R[B]` of `R[A..2]` `= R[C]`
    StEE64(R(2), R(1), R(1); Reg);
    /// 8-bit element, likewise
    StEE8(R(2), R(1), R(1); Reg);
    /// `R[A] = ` 64-bit element `R[C]` of the array at `R[B]` plus the low half of K1, whose length is the high half; raises
    /// also: nil pointer dereference
    LdA64(W(1), R(1), R(1); Const);
    /// 64-bit element `R[B]` of the array at `R[A]` plus the low half of K1, whose length is the high half, `= R[C]`; raises
    /// also: nil pointer dereference
    StA64(R(1), R(1), R(1); Const);
    /// `R[A] = ` address of element `R[C]`, of size K2, of the array at `R[B]` plus the low half of K1, whose length is the
    /// high half; raises also: nil pointer dereference
    ArrayAddr(W(1), R(1), R(1); Const, Size);
    /// Raises: index `R[A]` out of range with length `R[B]`; with `c` 1 the text shows the index as unsigned
    BoundsCheck(R(1), R(1), U16);
    /// `R[A] = ` byte `R[C]` of string `R[B..2]`; raises
    StrIndex(W(1), R(2), R(1));

    // Slices.
    /// `R[A..3] = R[B..3][lo:hi:max]`, bounds in `R[C..3]`, element size in the low 32 bits of K1, flags above:
    /// bit 32 lo given, 33 hi given, 34 max given, 35 the operand is an array (its texts differ). Raises
    SliceOp(W(3), R(3), R(3); Const);
    /// `R[A..2] = R[B..2][lo:hi]`, bounds in `R[C..2]`, flags in K1 as in SliceOp. Raises
    SliceStr(W(2), R(2), R(2); Const);
    /// `R[A..3] = make([]K1, R[B], R[C])`; raises
    MakeSlice(W(3), R(1), R(1); Type);
    /// `R[A..3] = R[B..3]` grown by `u16` elements of type K1: the new length includes them, their memory is zero.
    Grow(W(3), R(3), U16; Type);
    /// `R[A..3] = append(R[B..3], R[C])`, 64-bit elements of type K1
    Append64(W(3), R(3), R(1); Type);
    /// `R[A..3] = append(R[B..3], R[C])`, 8-bit elements
    Append8(W(3), R(3), R(1); Type);
    /// `R[A..3] = append(R[B..3], R[C..2])`, string or interface elements of type K1
    AppendPair(W(3), R(3), R(2); Type);
    /// `R[A..3] = append(R[B..3], R[C..3]...)`, elements of type K1
    AppendSlice(W(3), R(3), R(3); Type);
    /// `R[A..3] = append(R[B..3] of bytes, R[C..2] string...)`; K1 is the element type
    AppendStr(W(3), R(3), R(2); Type);
    /// `R[A] = copy(R[B..3], R[C..3])`, elements of type K1
    Copy(W(1), R(3), R(3); Type);
    /// `R[A] = copy(R[B..3] of bytes, R[C..2] string)`
    CopyStr(W(1), R(3), R(2));
    /// Zeroes the elements of `R[A..3]`, of type K1 (clear)
    ClearSlice(R(3), None, None; Type);
    /// `R[A] = ` address of the array that slice `R[B..3]` begins with; raises unless its length is at least K1.
    /// A nil slice gives nil for K1 = 0
    SliceToArrayPtr(W(1), R(3), None; Const);

    // Strings.
    /// `R[A..2] = ` the `u16` (`c`) strings from `R[B]` on, joined
    Concat(W(2), RN, U16);
    /// Range over a string: `R[A]` is the index of the next rune, `R[C..2]` the string. If the string ends there,
    /// jump by K1; else `R[B]` = rune, `R[A]` = the index after it
    StrNext(RW, W(1), R(2); Off);
    /// `R[A..3] = []byte(R[B..2])`
    StrToBytes(W(3), R(2), None);
    /// `R[A..2] = string(R[B..3] of bytes)`
    BytesToStr(W(2), R(3), None);
    /// `R[A..3] = []rune(R[B..2])`
    StrToRunes(W(3), R(2), None);
    /// `R[A..2] = string(R[B..3] of runes)`
    RunesToStr(W(2), R(3), None);
    /// `R[A..2] = string(rune R[B])`; anything but a code point gives U+FFFD
    RuneToStr(W(2), R(1), None);

    // Maps. K1 is the map type; keys and values are in register form.
    /// `R[A] = make(map, R[B])`
    MakeMap(W(1), R(1), None; Type);
    /// `R[A..] = R[B][R[C..]]`, zero value if missing; raises: unhashable key
    MapGet(WN, R(1), RN; Type);
    /// The same, and a bool after the value's registers
    MapGet2(WN, R(1), RN; Type);
    /// As `MapGet`, of an entry that is then set; an unhashable key raises what setting it does
    MapUpdate(WN, R(1), RN; Type);
    /// `R[A][R[B..]] = R[C..]`; raises: assignment to entry in nil map, unhashable key
    MapSet(R(1), RN, RN; Type);
    /// `delete(R[A], R[B..])`; raises: unhashable key
    MapDelete(R(1), RN, None; Type);
    /// `R[A] = len(R[B])`
    MapLen(W(1), R(1), None);
    /// `clear(R[A])`
    MapClear(R(1), None, None; Type);
    /// `R[A] = ` a new iterator over map `R[B]`
    MapIter(W(1), R(1), None; Type);
    /// Next entry of iterator `R[A]`: key to `R[B..]`, value to `R[C..]`; at the end jump by K2.
    /// `b` or `c` is 65535 where it is not wanted
    MapNext(R(1), WN, WN; Type, Off);

    // Interfaces.
    /// `R[A..2] = ` interface holding the value `R[B..]` of type K1
    MakeIface(W(2), RN, None; Type);
    /// `R[A..] = ` the value of type K1 in the interface `R[B..2]`, which holds that type (unchecked)
    Unbox(WN, R(2), None; Type);
    /// `R[A..] = R[B..2].(K1)`, K1 not an interface type, K2 the static type of `R[B..2]`; raises
    Assert(WN, R(2), None; Type, Type);
    /// The same without raising, and a bool after the value's registers (zero value if false)
    Assert2(WN, R(2), None; Type, Type);
    /// `R[A..2] = R[B..2].(K1)`, K1 an interface type, K2 the static type; raises
    AssertI(W(2), R(2), None; Type, Type);
    /// The same without raising, and a bool in `R[A+2]`
    AssertI2(W(3), R(2), None; Type, Type);
    /// `R[A] = ` whether dynamic type id `R[B]` (0: false) implements interface K1
    Implements(W(1), R(1), None; Type);

    // Calls.
    /// Calls function K1 with window A; raises: stack overflow is fatal
    Call(Window, None, None; Func);
    /// Calls closure `R[B]` with window A; raises: nil func
    CallC(Window, R(1), None);
    /// Calls method K1 of the interface `R[B..2]`: its data word becomes `R[A]`, arguments follow; raises: nil
    CallI(Window, R(2), None; Method, Cache);
    /// Calls native K1: arguments from `R[A]`, results from `R[A]`; raises, parks
    CallN(Window, None, None; Native);
    /// Calls closure `R[B]` with window A and, as arguments, the `R[B+2]` words at address `R[B+1]`; raises on nil
    CallDyn(Window, R(3), None);
    /// Words at address `R[A]` `= R[B..R[C]]`
    StoreWords(R(1), RN, R(1));
    /// `R[A] = ` address of a new block of `R[C]` words that holds `R[B..R[C]]`
    PackWords(W(1), RN, R(1));
    /// Returns the `R[B]` words at address `R[A]`
    RetWords(R(1), R(1), None);
    /// Returns `R[A..B]` as results
    Ret(RN, U16, None);
    /// Returns nothing
    Ret0(None, None, None);
    /// Returns `R[A]`
    Ret1(R(1), None, None);
    /// `R[A] = ` closure of function K1 over the words `R[B..C]`
    MakeClosure(W(1), RN, U16; Func);
    /// Starts a goroutine: function K1 with `u16` argument words from `R[A]`
    Go(RN, U16, None; Func);
    /// Starts a goroutine: closure `R[C]` with `u16` argument words from `R[A]`; raises: go of nil func value is fatal
    GoC(RN, U16, R(1));
    /// Starts a goroutine: method K1 of interface `R[C..2]` with `u16` argument words from `R[A]`; raises
    GoI(RN, U16, R(2); Method);
    /// Defers function K1 with `u16` argument words from `R[A]`
    Defer(RN, U16, None; Func);
    /// Defers closure `R[C]` likewise (a nil func raises when it is called)
    DeferC(RN, U16, R(1));
    /// Defers method K1 of interface `R[C..2]` likewise; raises: nil
    DeferI(RN, U16, R(2); Method);
    /// Runs this frame's deferred calls, newest first, each with window A; goes on when none is left
    RunDefers(Window, None, None);
    /// `panic(R[A..2])`; raises
    Panic(R(2), None, None);
    /// `R[A..2] = recover()`
    Recover(W(2), None, None);

    // Loops over functions. A loop's state is a word in memory: 0 ready, 1 its body runs or has panicked, 2 the body
    // wants no more, 3 the loop has ended.
    /// `R[A] = ` a mark of this frame, for the calls that the body of its next loop defers
    RangeMark(W(1), None, None);
    /// The body of the loop with state at `R[A]` is called; raises unless it is ready
    RangeEnter(R(1), None, None);
    /// The iterator of the loop with state at `R[A]` has returned; raises if its body has panicked
    RangeExit(R(1), None, None);
    /// The call that this frame has just deferred is deferred by the frame with mark `R[A]` instead; raises
    DeferTo(R(1), None, None);

    // Channels. An element is in register form.
    /// `R[A] = make(chan K1, R[B])`, K1 the channel type; raises
    MakeChan(W(1), R(1), None; Type);
    /// `R[A] <- R[B..]`; parks, raises: send on closed channel
    Send(R(1), RN, None);
    /// `R[A..] = <-R[B]`; parks
    Recv(WN, R(1), None);
    /// `R[A..], R[C] = <-R[B]`; parks
    Recv2(WN, R(1), W(1));
    /// `close(R[A])`; raises
    Close(R(1), None, None);
    /// `R[A] = len(R[B])`
    ChanLen(W(1), R(1), None);
    /// `R[A] = cap(R[B])`
    ChanCap(W(1), R(1), None);
    /// Select over `u16` (`b`) cases; `c` is 1 if there is a default. `R[A]` = number of the chosen case, or -1 for
    /// default. One word a case: channel register, value or destination register, register of the `ok` bool, kind
    /// (0 send, 1 receive), 16 bits each, lowest first; 65535 for a register that is not wanted. Parks, raises
    Select(W(1), U16, U16; Table);

    // Memory that goroutines share, in the one order of sync/atomic. All raise: nil pointer dereference, except the two
    // of a mutex. A 32-bit result is sign-extended.
    /// Atomic `R[A] = *(i32*)R[B]`
    AtomicLd32(W(1), R(1), None);
    /// Atomic `R[A] = *(i64*)R[B]`
    AtomicLd64(W(1), R(1), None);
    /// Atomic `*(i32*)R[A] = R[B]`
    AtomicSt32(R(1), R(1), None);
    /// Atomic `*(i64*)R[A] = R[B]`
    AtomicSt64(R(1), R(1), None);
    /// Atomic `R[A] = *(i32*)R[B] += R[C]`
    AtomicAdd32(W(1), R(1), R(1));
    /// Atomic `R[A] = *(i64*)R[B] += R[C]`
    AtomicAdd64(W(1), R(1), R(1));
    /// Atomic `R[A] = *(i32*)R[B]; *(i32*)R[B] = R[C]`
    AtomicSwap32(W(1), R(1), R(1));
    /// Atomic `R[A] = *(i64*)R[B]; *(i64*)R[B] = R[C]`
    AtomicSwap64(W(1), R(1), R(1));
    /// Atomic `R[A] = *(i32*)R[B] == R[C]; if R[A] { *(i32*)R[B] = R[C+1] }`
    AtomicCas32(W(1), R(1), R(2));
    /// Atomic `R[A] = *(i64*)R[B] == R[C]; if R[A] { *(i64*)R[B] = R[C+1] }`
    AtomicCas64(W(1), R(1), R(2));
    /// If the i32 at `R[A]` is 0, makes it 1 and jumps: the fast path before a call of `(*sync.Mutex).Lock`
    TryLock(R(1), None, Off);
    /// If the i32 at `R[A]` is 1, makes it 0 and jumps: the fast path before a call of `(*sync.Mutex).Unlock`
    TryUnlock(R(1), None, Off);

    // The rest.
    /// `print`/`println` (`c` 1) of `u16` (`b`) arguments to standard error; one word an argument: register in the low
    /// half, a [`PrintKind`] in the high half
    Print(None, U16, U16; Table);
    /// Raises the run-time error with text: string constant `u32`, without the `runtime error: ` in front
    RaiseError(None, Str, Hi);

    // The VM's own stubs: never written by a compiler.
    /// Return address of a goroutine's first function: the goroutine ends
    StubGoexit(None, None, None);
    /// Return address of a deferred call that a panic runs: go on with the panic
    StubPanic(None, None, None);
    /// Return address of the report of a panic that nobody recovered
    StubFatal(None, None, None);
}

/// How `print` shows a word or two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum PrintKind {
    /// `true`, `false`
    Bool,
    /// Signed integer
    Int,
    /// Unsigned integer
    Uint,
    /// f64
    Float,
    /// f32
    Float32,
    /// Two f64
    Complex,
    /// Two f32
    Complex64,
    /// String
    String,
    /// Pointer, map, chan, func: hexadecimal
    Pointer,
    /// Slice: `[len/cap]0xaddress`
    Slice,
    /// Interface: `(0xtype,0xdata)`
    Interface,
}

impl PrintKind {
    /// The kind with this number.
    pub fn from_u16(n: u16) -> Option<PrintKind> {
        use PrintKind::*;
        [Bool, Int, Uint, Float, Float32, Complex, Complex64, String, Pointer, Slice, Interface]
            .get(n as usize)
            .copied()
    }
}
