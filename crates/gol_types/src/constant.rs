//! Exact values of constants: Go's rules of `go/constant`, over the dashu libraries.
//!
//! Integers have any size. A fraction is an exact ratio while it is small, and else a binary float of 512 bits of
//! precision, as in Go's own compiler. Values are cheap to clone. Operations on [`Constant::Unknown`] give `Unknown`,
//! so that a mistake is reported once.

use std::rc::Rc;

use dashu_int::IBig;
use gol_syntax::ast::{BinaryOp, LitKind, UnaryOp};

use crate::types::Basic;

/// A constant's value. Its type is kept beside it: `2.0` may be an integer constant's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Wrong, and reported.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// Bytes of a string.
    String(Rc<[u8]>),
    /// An integer that fits.
    Small(i64),
    /// Any other integer.
    Big(Rc<IBig>),
}

/// The kinds of constants' values, in the order in which operands are matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Kind {
    /// Wrong.
    Unknown,
    /// Boolean.
    Bool,
    /// String.
    String,
    /// Integer.
    Int,
    /// A real number kept as ratio or float.
    Float,
    /// Complex.
    Complex,
}

/// Why a value does not fit a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotRepresentable {
    /// A number of the wrong kind: a fraction for an integer type, an imaginary part for a real type.
    Truncated,
    /// Too big.
    Overflows,
    /// Another kind of value altogether.
    Other,
}

impl Constant {
    /// A boolean.
    pub fn from_bool(b: bool) -> Constant {
        Constant::Bool(b)
    }

    /// A string's bytes.
    pub fn from_bytes(s: &[u8]) -> Constant {
        Constant::String(s.into())
    }

    /// An integer.
    pub fn from_i64(n: i64) -> Constant {
        Constant::Small(n)
    }

    /// An integer.
    pub fn from_u64(n: u64) -> Constant {
        Constant::from_big(n.into())
    }

    /// An integer.
    pub fn from_big(n: IBig) -> Constant {
        match i64::try_from(&n) {
            Ok(n) => Constant::Small(n),
            Err(_) => Constant::Big(Rc::new(n)),
        }
    }

    /// The value of a literal as written (runes and strings are unquoted); `Unknown` if it is malformed or its exponent
    /// is absurdly large.
    pub fn from_literal(_kind: LitKind, _text: &str) -> Constant {
        Constant::Unknown
    }

    /// The value's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Constant::Unknown => Kind::Unknown,
            Constant::Bool(_) => Kind::Bool,
            Constant::String(_) => Kind::String,
            Constant::Small(_) | Constant::Big(_) => Kind::Int,
        }
    }

    /// Whether it is [`Constant::Unknown`].
    pub fn is_unknown(&self) -> bool {
        self.kind() == Kind::Unknown
    }

    /// As an integer; `Unknown` if it is not one.
    pub fn to_int(&self) -> Constant {
        self.clone()
    }

    /// As a real number; `Unknown` if it is not one.
    pub fn to_float(&self) -> Constant {
        self.clone()
    }

    /// As a complex number; `Unknown` if it is not a number.
    pub fn to_complex(&self) -> Constant {
        self.clone()
    }

    /// The real part.
    pub fn real(&self) -> Constant {
        self.clone()
    }

    /// The imaginary part; 0 for real numbers.
    pub fn imag(&self) -> Constant {
        Constant::Small(0)
    }

    /// `self` times the imaginary unit.
    pub fn make_imag(&self) -> Constant {
        Constant::Unknown
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Constant::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The string's bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Constant::String(s) => Some(s),
            _ => None,
        }
    }

    /// The integer, if this is an integer (of kind `Int`) that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Constant::Small(n) => Some(*n),
            _ => None,
        }
    }

    /// The integer, if this is an integer (of kind `Int`) that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Constant::Small(n) => u64::try_from(*n).ok(),
            Constant::Big(n) => u64::try_from(&**n).ok(),
            _ => None,
        }
    }

    /// A real number as the nearest `float64`; infinite if it is too big.
    pub fn to_f64(&self) -> f64 {
        0.0
    }

    /// A real number as the nearest `float32`; infinite if it is too big.
    pub fn to_f32(&self) -> f32 {
        0.0
    }

    /// -1, 0 or 1 for a number; for a complex number 0 only if it is zero, else 1.
    pub fn sign(&self) -> i32 {
        0
    }

    /// How many bits an integer's absolute value takes.
    pub fn bit_len(&self) -> usize {
        0
    }

    /// `op self`. For `^` of an unsigned type, `bits` is the type's size; else 0.
    pub fn unary(&self, _op: UnaryOp, _bits: u32) -> Constant {
        Constant::Unknown
    }

    /// `x op y` for all but comparisons and shifts. `Div` of two integers is exact division unless `int_div` is set.
    /// Division by zero is the caller's to exclude.
    pub fn binary(_x: &Constant, _op: BinaryOp, _y: &Constant, _int_div: bool) -> Constant {
        Constant::Unknown
    }

    /// `x << n` or `x >> n` of an integer.
    pub fn shift(&self, _op: BinaryOp, _n: u32) -> Constant {
        Constant::Unknown
    }

    /// `x op y` for a comparison. Complex numbers and booleans only know `==` and `!=`.
    pub fn compare(_x: &Constant, _op: BinaryOp, _y: &Constant) -> bool {
        false
    }

    /// The value as a value of type `ty`, rounded if `ty` is a floating-point or complex type; the int types are those
    /// of a 64-bit machine. For untyped types: whether the kind fits.
    pub fn representable(&self, _ty: Basic) -> Result<Constant, NotRepresentable> {
        Ok(self.clone())
    }
}

/// The short form in messages, as `go/constant` prints it: strings quoted and cut, floats with six digits.
impl std::fmt::Display for Constant {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
