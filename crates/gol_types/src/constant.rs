//! Exact values of constants: Go's rules of `go/constant`, over the dashu libraries.
//!
//! Integers have any size. A fraction is an exact ratio while it is small, and else a binary float of 512 bits of
//! precision, as in Go's own compiler. Values are cheap to clone. Operations on [`Constant::Unknown`] give `Unknown`,
//! so that a mistake is reported once.

mod float;
mod literal;
mod text;

use std::cmp::Ordering;
use std::rc::Rc;

use dashu_base::{BitTest, Signed, UnsignedAbs};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use gol_syntax::ast::{BinaryOp, LitKind, UnaryOp};

use crate::types::Basic;
use float::BigFloat;
pub use text::quote;

/// The longest string that constants may be joined to.
pub(crate) const MAX_STRING: usize = 1 << 28;

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
    /// A real number with small numerator and denominator.
    Ratio(Rc<RBig>),
    /// Any other real number.
    Float(Rc<BigFloat>),
    /// Real and imaginary part, both integers or real numbers.
    Complex(Rc<(Constant, Constant)>),
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

/// Ratios whose parts take more bits become floats.
const MAX_RATIO_BITS: usize = 4 << 10;

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

    /// A real number; `Unknown` if it is infinite or no number. Negative zero is zero.
    pub fn from_f64(x: f64) -> Constant {
        match BigFloat::from_f64(x) {
            Some(f) if f.has_small_exponent() => Constant::from_ratio(f.to_ratio()),
            Some(f) => Constant::Float(Rc::new(f)),
            None => Constant::Unknown,
        }
    }

    /// The value of a literal as written (runes and strings are unquoted); `Unknown` if it is malformed or its exponent
    /// is absurdly large.
    pub fn from_literal(kind: LitKind, text: &str) -> Constant {
        literal::parse(kind, text)
    }

    fn from_ratio(r: RBig) -> Constant {
        if r.numerator().bit_len() < MAX_RATIO_BITS && r.denominator().bit_len() < MAX_RATIO_BITS {
            return Constant::Ratio(Rc::new(r));
        }
        Constant::from_float(BigFloat::from_ratio(&r))
    }

    fn from_float(f: BigFloat) -> Constant {
        if f.is_zero() || f.is_tiny() {
            return Constant::Ratio(Rc::new(RBig::ZERO));
        }
        if f.is_absurd() { Constant::Unknown } else { Constant::Float(Rc::new(f)) }
    }

    fn from_parts(re: Constant, im: Constant) -> Constant {
        if re.is_unknown() || im.is_unknown() {
            return Constant::Unknown;
        }
        Constant::Complex(Rc::new((re, im)))
    }

    /// The value's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Constant::Unknown => Kind::Unknown,
            Constant::Bool(_) => Kind::Bool,
            Constant::String(_) => Kind::String,
            Constant::Small(_) | Constant::Big(_) => Kind::Int,
            Constant::Ratio(_) | Constant::Float(_) => Kind::Float,
            Constant::Complex(_) => Kind::Complex,
        }
    }

    /// Whether it is [`Constant::Unknown`].
    pub fn is_unknown(&self) -> bool {
        matches!(self, Constant::Unknown)
    }

    fn int(&self) -> Option<IBig> {
        match self {
            Constant::Small(n) => Some(IBig::from(*n)),
            Constant::Big(n) => Some((**n).clone()),
            _ => None,
        }
    }

    /// As an integer of kind `Int`; `Unknown` if it is not one. A float that is an integer but for the last few of its
    /// 512 bits counts as one.
    pub fn to_int(&self) -> Constant {
        match self {
            Constant::Small(_) | Constant::Big(_) => self.clone(),
            Constant::Ratio(r) if r.is_int() => Constant::from_big(r.numerator().clone()),
            Constant::Float(f) => f.to_int().map_or(Constant::Unknown, Constant::from_big),
            Constant::Complex(c) if c.1.sign() == 0 => c.0.to_int(),
            _ => Constant::Unknown,
        }
    }

    /// As a real number of kind `Float`; `Unknown` if it is not one.
    pub fn to_float(&self) -> Constant {
        match self {
            Constant::Small(n) => Constant::Ratio(Rc::new(RBig::from(IBig::from(*n)))),
            Constant::Big(n) => Constant::from_ratio(RBig::from((**n).clone())),
            Constant::Ratio(_) | Constant::Float(_) => self.clone(),
            Constant::Complex(c) if c.1.sign() == 0 => c.0.to_float(),
            _ => Constant::Unknown,
        }
    }

    /// As a number of kind `Complex`; `Unknown` if it is not a number.
    pub fn to_complex(&self) -> Constant {
        match self.kind() {
            Kind::Int | Kind::Float => Constant::from_parts(self.clone(), Constant::Small(0)),
            Kind::Complex => self.clone(),
            _ => Constant::Unknown,
        }
    }

    /// The real part.
    pub fn real(&self) -> Constant {
        match self {
            Constant::Complex(c) => c.0.clone(),
            _ if self.kind() >= Kind::Int => self.clone(),
            _ => Constant::Unknown,
        }
    }

    /// The imaginary part; 0 for real numbers.
    pub fn imag(&self) -> Constant {
        match self {
            Constant::Complex(c) => c.1.clone(),
            _ if self.kind() >= Kind::Int => Constant::Small(0),
            _ => Constant::Unknown,
        }
    }

    /// A real number times the imaginary unit.
    pub fn make_imag(&self) -> Constant {
        match self.kind() {
            Kind::Int | Kind::Float => Constant::from_parts(Constant::Small(0), self.clone()),
            _ => Constant::Unknown,
        }
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

    /// The integer of kind `Int`, whatever its size.
    pub fn as_big(&self) -> Option<IBig> {
        self.int()
    }

    /// A real number as the nearest `float64`; infinite if it is too big.
    pub fn to_f64(&self) -> f64 {
        self.round(53, -1074, 1023)
    }

    /// A real number as the nearest `float32`; infinite if it is too big.
    pub fn to_f32(&self) -> f32 {
        self.round(24, -149, 127) as f32
    }

    fn round(&self, bits: usize, least: i64, most: i64) -> f64 {
        match self {
            Constant::Ratio(r) => float::round_ratio(r.numerator(), r.denominator(), bits, least, most),
            Constant::Float(f) => f.round(bits, least, most),
            _ => match self.int() {
                Some(n) => float::round_ratio(&n, &UBig::ONE, bits, least, most),
                None => 0.0,
            },
        }
    }

    /// -1, 0 or 1 for a number; for a complex number 0 only if it is zero, else 1. 1 for all else.
    pub fn sign(&self) -> i32 {
        let of = |n: &IBig| if n.is_zero() { 0 } else { 1 - 2 * n.is_negative() as i32 };
        match self {
            Constant::Small(n) => n.signum() as i32,
            Constant::Big(n) => of(n),
            Constant::Ratio(r) => of(r.numerator()),
            Constant::Float(f) => of(f.significand()),
            Constant::Complex(c) => c.0.sign().abs() | c.1.sign().abs(),
            _ => 1,
        }
    }

    /// How many bits an integer's absolute value takes.
    pub fn bit_len(&self) -> usize {
        self.int().map_or(0, |n| n.unsigned_abs().bit_len())
    }

    /// `op self`. For `^` of an unsigned type, `bits` is the type's size; else 0.
    pub fn unary(&self, op: UnaryOp, bits: u32) -> Constant {
        match (op, self) {
            (UnaryOp::Plus, _) if self.kind() >= Kind::Int => self.clone(),
            (UnaryOp::Neg, Constant::Small(n)) => Constant::from_big(-IBig::from(*n)),
            (UnaryOp::Neg, Constant::Big(n)) => Constant::from_big(-(**n).clone()),
            (UnaryOp::Neg, Constant::Ratio(r)) => Constant::Ratio(Rc::new(-(**r).clone())),
            (UnaryOp::Neg, Constant::Float(f)) => Constant::Float(Rc::new(f.neg())),
            (UnaryOp::Neg, Constant::Complex(c)) => Constant::from_parts(c.0.unary(op, 0), c.1.unary(op, 0)),
            (UnaryOp::Com, _) => match self.int() {
                Some(n) if bits == 0 => Constant::from_big(!n),
                Some(n) => Constant::from_big(!n & IBig::from(UBig::ones(bits as usize))),
                None => Constant::Unknown,
            },
            (UnaryOp::Not, Constant::Bool(b)) => Constant::Bool(!b),
            _ => Constant::Unknown,
        }
    }

    /// `x op y` for all but comparisons and shifts. `Div` of two integers is exact division unless `int_div` is set.
    /// Division by zero is the caller's to exclude (it gives `Unknown`).
    pub fn binary(x: &Constant, op: BinaryOp, y: &Constant, int_div: bool) -> Constant {
        match (x, y) {
            (Constant::Bool(x), Constant::Bool(y)) => match op {
                BinaryOp::LAnd => Constant::Bool(*x && *y),
                BinaryOp::LOr => Constant::Bool(*x || *y),
                _ => Constant::Unknown,
            },
            (Constant::String(x), Constant::String(y)) if op == BinaryOp::Add => {
                if x.len() + y.len() > MAX_STRING {
                    return Constant::Unknown;
                }
                Constant::String([&**x, &**y].concat().into())
            }
            (Constant::Small(x), Constant::Small(y)) if op == BinaryOp::Add && x.checked_add(*y).is_some() => {
                Constant::Small(x + y)
            }
            _ => match x.kind().max(y.kind()) {
                _ if x.kind() < Kind::Int || y.kind() < Kind::Int => Constant::Unknown,
                Kind::Int => Constant::int_op(x, op, y, int_div),
                Kind::Float => Constant::real_op(x, op, y),
                _ => Constant::complex_op(x, op, y),
            },
        }
    }

    fn int_op(x: &Constant, op: BinaryOp, y: &Constant, int_div: bool) -> Constant {
        let (Some(x), Some(y)) = (x.int(), y.int()) else { return Constant::Unknown };
        Constant::from_big(match op {
            BinaryOp::Add => x + y,
            BinaryOp::Sub => x - y,
            BinaryOp::Mul => x * y,
            BinaryOp::Div | BinaryOp::Rem if y.is_zero() => return Constant::Unknown,
            BinaryOp::Div if int_div => x / y,
            BinaryOp::Div => return Constant::from_ratio(RBig::from_parts_signed(x, y)),
            BinaryOp::Rem => x % y,
            BinaryOp::And => x & y,
            BinaryOp::Or => x | y,
            BinaryOp::Xor => x ^ y,
            BinaryOp::AndNot => x & !y,
            _ => return Constant::Unknown,
        })
    }

    fn real_op(x: &Constant, op: BinaryOp, y: &Constant) -> Constant {
        match (x.to_float(), y.to_float()) {
            (Constant::Ratio(x), Constant::Ratio(y)) => Constant::from_ratio(match op {
                BinaryOp::Add => &*x + &*y,
                BinaryOp::Sub => &*x - &*y,
                BinaryOp::Mul => &*x * &*y,
                BinaryOp::Div if !y.is_zero() => &*x / &*y,
                _ => return Constant::Unknown,
            }),
            (x, y) => {
                let (Some(x), Some(y)) = (x.big_float(), y.big_float()) else { return Constant::Unknown };
                Constant::from_float(match op {
                    BinaryOp::Add => x.add(&y),
                    BinaryOp::Sub => x.add(&y.neg()),
                    BinaryOp::Mul => x.mul(&y),
                    BinaryOp::Div if !y.is_zero() => x.div(&y),
                    _ => return Constant::Unknown,
                })
            }
        }
    }

    fn big_float(&self) -> Option<BigFloat> {
        match self {
            Constant::Ratio(r) => Some(BigFloat::from_ratio(r)),
            Constant::Float(f) => Some((**f).clone()),
            _ => None,
        }
    }

    fn complex_op(x: &Constant, op: BinaryOp, y: &Constant) -> Constant {
        let (a, b, c, d) = (x.real(), x.imag(), y.real(), y.imag());
        let go = |x: &Constant, op, y: &Constant| Constant::binary(x, op, y, false);
        let mul = |x: &Constant, y: &Constant| go(x, BinaryOp::Mul, y);
        match op {
            BinaryOp::Add | BinaryOp::Sub => Constant::from_parts(go(&a, op, &c), go(&b, op, &d)),
            BinaryOp::Mul => Constant::from_parts(
                go(&mul(&a, &c), BinaryOp::Sub, &mul(&b, &d)),
                go(&mul(&b, &c), BinaryOp::Add, &mul(&a, &d)),
            ),
            BinaryOp::Div => {
                let norm = go(&mul(&c, &c), BinaryOp::Add, &mul(&d, &d));
                if norm.sign() == 0 {
                    return Constant::Unknown;
                }
                let re = go(&mul(&a, &c), BinaryOp::Add, &mul(&b, &d));
                let im = go(&mul(&b, &c), BinaryOp::Sub, &mul(&a, &d));
                Constant::from_parts(go(&re, BinaryOp::Div, &norm), go(&im, BinaryOp::Div, &norm))
            }
            _ => Constant::Unknown,
        }
    }

    /// `x << n` or `x >> n` of an integer.
    pub fn shift(&self, op: BinaryOp, n: u32) -> Constant {
        match (self.int(), op) {
            (Some(x), BinaryOp::Shl) => Constant::from_big(x << n as usize),
            (Some(x), BinaryOp::Shr) => Constant::from_big(x >> n as usize),
            _ => Constant::Unknown,
        }
    }

    /// `x op y` for a comparison. Complex numbers and booleans only know `==` and `!=`.
    pub fn compare(x: &Constant, op: BinaryOp, y: &Constant) -> bool {
        let order = match (x, y) {
            (Constant::Bool(x), Constant::Bool(y)) => x.cmp(y),
            (Constant::String(x), Constant::String(y)) => x.cmp(y),
            (Constant::Small(x), Constant::Small(y)) => x.cmp(y),
            _ if x.kind() < Kind::Int || y.kind() < Kind::Int => return false,
            _ if x.kind().max(y.kind()) == Kind::Complex => {
                let same = |x: &Constant, y: &Constant| Constant::compare(x, BinaryOp::Eq, y);
                let equal = same(&x.real(), &y.real()) && same(&x.imag(), &y.imag());
                return equal == (op == BinaryOp::Eq);
            }
            _ => match Constant::binary(x, BinaryOp::Sub, y, false).sign() {
                -1 => Ordering::Less,
                0 => Ordering::Equal,
                _ => Ordering::Greater,
            },
        };
        match op {
            BinaryOp::Eq => order.is_eq(),
            BinaryOp::Ne => order.is_ne(),
            BinaryOp::Lt => order.is_lt(),
            BinaryOp::Le => order.is_le(),
            BinaryOp::Gt => order.is_gt(),
            BinaryOp::Ge => order.is_ge(),
            _ => false,
        }
    }

    /// The value as a value of type `ty`: of kind `Int`, `Float` or `Complex` for types of these kinds, and rounded if
    /// `ty` is `float32` and its like. The int types are those of a 64-bit machine. `Unknown` fits everything.
    pub fn representable(&self, ty: Basic) -> Result<Constant, NotRepresentable> {
        if self.is_unknown() {
            return Ok(Constant::Unknown);
        }
        let number = self.kind() >= Kind::Int;
        let wrong = if number && ty.is_numeric() { NotRepresentable::Truncated } else { NotRepresentable::Other };
        match ty {
            _ if ty.is_integer() => {
                let n = self.to_int();
                let Some(big) = n.int() else { return Err(wrong) };
                if fits(&big, ty) { Ok(n) } else { Err(NotRepresentable::Overflows) }
            }
            _ if ty.is_float() => {
                let x = self.to_float();
                if x.is_unknown() {
                    return Err(wrong);
                }
                x.rounded(ty)
            }
            _ if ty.is_complex() => {
                let x = self.to_complex();
                if x.is_unknown() {
                    return Err(wrong);
                }
                let part = match ty {
                    Basic::Complex64 => Basic::Float32,
                    Basic::Complex128 => Basic::Float64,
                    _ => return Ok(x),
                };
                Ok(Constant::from_parts(x.real().to_float().rounded(part)?, x.imag().to_float().rounded(part)?))
            }
            Basic::String | Basic::UntypedString if self.kind() == Kind::String => Ok(self.clone()),
            Basic::Bool | Basic::UntypedBool if self.kind() == Kind::Bool => Ok(self.clone()),
            _ => Err(wrong),
        }
    }

    /// A real number rounded to a floating-point type.
    fn rounded(&self, ty: Basic) -> Result<Constant, NotRepresentable> {
        let rounded = match ty {
            Basic::Float32 => self.to_f32() as f64,
            Basic::Float64 => self.to_f64(),
            _ => return Ok(self.clone()),
        };
        if rounded.is_infinite() { Err(NotRepresentable::Overflows) } else { Ok(Constant::from_f64(rounded)) }
    }
}

fn fits(n: &IBig, ty: Basic) -> bool {
    let bits = match ty {
        Basic::Int8 | Basic::Uint8 => 8,
        Basic::Int16 | Basic::Uint16 => 16,
        Basic::Int32 | Basic::Uint32 => 32,
        Basic::UntypedInt | Basic::UntypedRune => return true,
        _ => 64,
    };
    if ty.is_unsigned() {
        return !n.is_negative() && n.bit_len() <= bits;
    }
    // -2^(bits-1) fits: of a negative number the bits of -n-1 count.
    let magnitude = if n.is_negative() { !n.clone() } else { n.clone() };
    magnitude.bit_len() < bits
}
