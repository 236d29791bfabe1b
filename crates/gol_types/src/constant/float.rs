//! Binary floats of 512 bits with wide exponents, and correct rounding to machine floats.

use dashu_base::{BitTest, DivRem, Signed, UnsignedAbs};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// Bits of precision of all operations, as in Go's compiler.
const PRECISION: usize = 512;

/// `significand * 2^exponent`; the significand is odd (or the number zero) and has at most 512 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigFloat {
    significand: IBig,
    exponent: i64,
}

impl BigFloat {
    /// `significand * 2^exponent`, rounded to nearest even.
    pub(super) fn new(significand: IBig, exponent: i64) -> BigFloat {
        BigFloat::rounded(significand, exponent, false)
    }

    /// The same where the true value is a little further from zero if `sticky` (then the significand has more bits than
    /// the precision).
    fn rounded(significand: IBig, exponent: i64, sticky: bool) -> BigFloat {
        let negative = significand.is_negative();
        let (mut m, mut exponent) = (significand.unsigned_abs(), exponent);
        let extra = m.bit_len().saturating_sub(PRECISION);
        if extra > 0 {
            m = round_shift(&m, extra, sticky);
            exponent += extra as i64;
        }
        match m.trailing_zeros() {
            None => return BigFloat { significand: IBig::ZERO, exponent: 0 },
            Some(zeros) => {
                m >>= zeros;
                exponent += zeros as i64;
            }
        }
        let m = IBig::from(m);
        BigFloat { significand: if negative { -m } else { m }, exponent }
    }

    pub(super) fn from_f64(x: f64) -> Option<BigFloat> {
        if !x.is_finite() {
            return None;
        }
        let bits = x.to_bits();
        let (raw, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        let (m, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
        let m = IBig::from(m);
        Some(BigFloat::new(if x < 0.0 { -m } else { m }, exponent))
    }

    pub(super) fn from_ratio(r: &RBig) -> BigFloat {
        let one = |n: IBig| BigFloat { significand: n, exponent: 0 };
        one(r.numerator().clone()).div(&one(IBig::from(r.denominator().clone())))
    }

    pub(super) fn significand(&self) -> &IBig {
        &self.significand
    }

    pub(super) fn is_zero(&self) -> bool {
        self.significand.is_zero()
    }

    /// The exponent of the number written as `0.1xxx * 2^e` in binary.
    pub(super) fn top(&self) -> i64 {
        self.significand.bit_len() as i64 + self.exponent
    }

    /// Whether a ratio of this size would be reasonable.
    pub(super) fn has_small_exponent(&self) -> bool {
        self.top().unsigned_abs() < super::MAX_RATIO_BITS as u64
    }

    /// Whether the exponent is out of all bounds: infinite for Go's compiler.
    pub(super) fn is_absurd(&self) -> bool {
        self.top() > i32::MAX as i64
    }

    /// Whether the exponent is so small that Go's compiler takes the number for zero.
    pub(super) fn is_tiny(&self) -> bool {
        self.top() <= i32::MIN as i64
    }

    /// Exact; only for small exponents.
    pub(super) fn to_ratio(&self) -> RBig {
        let shift = self.exponent.unsigned_abs() as usize;
        if self.exponent >= 0 {
            return RBig::from(self.significand.clone() << shift);
        }
        RBig::from_parts(self.significand.clone(), UBig::ONE << shift)
    }

    /// The integer that this is, or nearly is.
    pub(super) fn to_int(&self) -> Option<IBig> {
        if !self.has_small_exponent() {
            return None;
        }
        if self.exponent >= 0 {
            return Some(self.significand.clone() << self.exponent as usize);
        }
        // Four bits fewer, towards zero and then away from it.
        let m = self.significand.clone().unsigned_abs();
        let extra = m.bit_len().checked_sub(PRECISION - 4).filter(|&n| n > 0)?;
        let down = &m >> extra;
        let exponent = self.exponent + extra as i64;
        for candidate in [down.clone(), down + UBig::ONE] {
            let zeros = candidate.trailing_zeros().unwrap_or(usize::MAX) as i64;
            if zeros + exponent >= 0 {
                let n = if exponent >= 0 {
                    candidate << exponent as usize
                } else {
                    candidate >> exponent.unsigned_abs() as usize
                };
                let n = IBig::from(n);
                return Some(if self.significand.is_negative() { -n } else { n });
            }
        }
        None
    }

    pub(super) fn neg(&self) -> BigFloat {
        BigFloat { significand: -self.significand.clone(), exponent: self.exponent }
    }

    pub(super) fn add(&self, other: &BigFloat) -> BigFloat {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let (hi, lo) = if self.top() >= other.top() { (self, other) } else { (other, self) };
        // What lies below the last bit by far does not change the rounded sum.
        if hi.top() - lo.top() > 2 * PRECISION as i64 {
            return hi.clone();
        }
        let exponent = hi.exponent.min(lo.exponent);
        let align = |f: &BigFloat| f.significand.clone() << (f.exponent - exponent) as usize;
        BigFloat::new(align(hi) + align(lo), exponent)
    }

    pub(super) fn mul(&self, other: &BigFloat) -> BigFloat {
        BigFloat::new(&self.significand * &other.significand, self.exponent + other.exponent)
    }

    /// `other` is not zero.
    pub(super) fn div(&self, other: &BigFloat) -> BigFloat {
        let (x, y) = (self.significand.clone().unsigned_abs(), other.significand.clone().unsigned_abs());
        let shift = (PRECISION + 2 + y.bit_len()).saturating_sub(x.bit_len());
        let (q, r) = (x << shift).div_rem(y);
        let q = IBig::from(q);
        let q = if self.significand.is_negative() != other.significand.is_negative() { -q } else { q };
        BigFloat::rounded(q, self.exponent - other.exponent - shift as i64, !r.is_zero())
    }

    pub(super) fn is_int(&self) -> bool {
        self.exponent >= 0
    }

    /// See [`round_ratio`].
    pub(super) fn round(&self, bits: usize, least: i64, most: i64) -> f64 {
        let m = self.significand.clone().unsigned_abs();
        round_bits(m, self.exponent, false, self.significand.is_negative(), bits, least, most)
    }

    /// Mantissa in `0.5..1` as a float, and the binary exponent.
    pub(super) fn mantissa(&self) -> (f64, i64) {
        let m = BigFloat { significand: self.significand.clone(), exponent: self.exponent - self.top() };
        (m.round(53, -1074, 1023), self.top())
    }
}

/// `num / den` as a float of `bits` bits of precision, rounded to nearest even. `least` is the exponent of the smallest
/// positive float, `most` the exponent of the leading bit of the greatest; infinite beyond.
pub(super) fn round_ratio(num: &IBig, den: &UBig, bits: usize, least: i64, most: i64) -> f64 {
    let m = num.clone().unsigned_abs();
    let shift = (bits + 2 + den.bit_len()).saturating_sub(m.bit_len());
    let (q, r) = (m << shift).div_rem(den);
    round_bits(q, -(shift as i64), !r.is_zero(), num.is_negative(), bits, least, most)
}

fn round_bits(m: UBig, exponent: i64, sticky: bool, negative: bool, bits: usize, least: i64, most: i64) -> f64 {
    if m.is_zero() {
        return 0.0;
    }
    let top = m.bit_len() as i64 + exponent;
    // Where the last bit that is kept stands.
    let last = (top - bits as i64).max(least);
    if top < least || top - 1 > most {
        let limit = if top < least { 0.0 } else { f64::INFINITY };
        return if negative { -limit } else { limit };
    }
    let kept = if last > exponent {
        round_shift(&m, (last - exponent) as usize, sticky)
    } else {
        m << (exponent - last) as usize
    };
    if kept.bit_len() as i64 + last - 1 > most {
        return if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let kept = u64::try_from(&kept).expect("at most 54 bits are kept") as f64;
    // Two steps, so that no power of two is itself out of range. Both products are exact.
    let half = last / 2;
    let value = kept * 2f64.powi(half as i32) * 2f64.powi((last - half) as i32);
    if negative { -value } else { value }
}

/// `m / 2^n` rounded to nearest even; `sticky`: the true value is a little greater.
fn round_shift(m: &UBig, n: usize, sticky: bool) -> UBig {
    let down = m >> n;
    let half = n > 0 && m.bit(n - 1);
    let below = sticky || (n > 1 && m.trailing_zeros().is_some_and(|z| z < n - 1));
    if half && (below || down.bit(0)) { down + UBig::ONE } else { down }
}
