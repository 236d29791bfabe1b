//! `math/big`: arithmetic of natural numbers, each a `[]Word` with the lowest word first and no zero on top.

use crate::Table;
use dashu_int::UBig;
use dashu_int::ops::{BitTest, DivRem, Gcd, SquareRoot};
use gol_vm::{Flow, Native, NativeResult, Raise};

pub(crate) const TABLE: Table = &[
    ("natAdd", |n| binary(n, |x, y| x + y)),
    ("natSub", |n| binary(n, |x, y| if x < y { UBig::ZERO } else { x - y })),
    ("natMul", mul),
    ("natAnd", |n| binary(n, |x, y| x & y)),
    ("natOr", |n| binary(n, |x, y| x | y)),
    ("natXor", |n| binary(n, |x, y| x ^ y)),
    ("natGCD", gcd),
    ("natDivMod", div_mod),
    ("natShl", shl),
    ("natShr", shr),
    ("natSqrt", sqrt),
    ("natExp", exp),
    ("natText", text),
    ("natParse", parse),
];

/// Words of the largest result: more is out of memory.
const MOST: usize = 1 << 25;

fn nat(n: &mut Native<'_>) -> UBig {
    UBig::from_words(&n.words().to_vec())
}

fn give(n: &mut Native<'_>, x: &UBig) -> NativeResult {
    if x.is_zero() {
        n.give_nil_slice();
    } else {
        n.give_words(x.as_words())?;
    }
    Ok(Flow::Done)
}

fn binary(n: &mut Native<'_>, f: fn(UBig, UBig) -> UBig) -> NativeResult {
    let (x, y) = (nat(n), nat(n));
    give(n, &f(x, y))
}

fn mul(n: &mut Native<'_>) -> NativeResult {
    let (x, y) = (nat(n), nat(n));
    if x.as_words().len() + y.as_words().len() > MOST {
        return Err(Raise::OutOfMemory);
    }
    give(n, &(x * y))
}

fn gcd(n: &mut Native<'_>) -> NativeResult {
    let (x, y) = (nat(n), nat(n));
    let g = match (x.is_zero(), y.is_zero()) {
        (true, _) => y,
        (_, true) => x,
        _ => x.gcd(y),
    };
    give(n, &g)
}

/// `natDivMod(x, y nat) (q, r nat)`, y not 0.
fn div_mod(n: &mut Native<'_>) -> NativeResult {
    let (x, y) = (nat(n), nat(n));
    if y.is_zero() {
        return Err(Raise::divide());
    }
    let (q, r) = x.div_rem(y);
    give(n, &q)?;
    give(n, &r)
}

fn shl(n: &mut Native<'_>) -> NativeResult {
    let (x, by) = (nat(n), n.uint());
    if x.is_zero() {
        return give(n, &x);
    }
    if by / 64 + x.as_words().len() as u64 >= MOST as u64 {
        return Err(Raise::OutOfMemory);
    }
    give(n, &(x << by as usize))
}

fn shr(n: &mut Native<'_>) -> NativeResult {
    let (x, by) = (nat(n), n.uint());
    let by = by.min(x.bit_len() as u64) as usize;
    give(n, &(x >> by))
}

fn sqrt(n: &mut Native<'_>) -> NativeResult {
    let x = nat(n);
    give(n, &x.sqrt())
}

/// `natExp(x, y, m nat) nat`: x to the power of y, modulo m; m is not 0.
fn exp(n: &mut Native<'_>) -> NativeResult {
    let (x, y, m) = (nat(n), nat(n), nat(n));
    if m.is_zero() {
        return Err(Raise::divide());
    }
    let (mut power, base) = (UBig::ONE % &m, x % &m);
    for i in (0..y.bit_len()).rev() {
        power = &power * &power % &m;
        if y.bit(i) {
            power = power * &base % &m;
        }
    }
    give(n, &power)
}

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// `natText(x nat, base int) string`, the base from 2 to 62.
fn text(n: &mut Native<'_>) -> NativeResult {
    let (x, base) = (nat(n), n.int().clamp(2, 62) as u8);
    if base <= 36 {
        n.give_str(x.in_radix(base).to_string())?;
        return Ok(Flow::Done);
    }
    let mut digits = Vec::new();
    digits_of(x, u64::from(base), &mut digits);
    let first = digits.iter().position(|d| *d != b'0').unwrap_or(digits.len() - 1);
    n.give_str(&digits[first..])?;
    Ok(Flow::Done)
}

/// Digits of a number, with zeros before it: halves of the number by a power of the base.
fn digits_of(x: UBig, base: u64, out: &mut Vec<u8>) {
    let mut powers = vec![UBig::from(base)];
    while powers[powers.len() - 1] <= x {
        let last = &powers[powers.len() - 1];
        powers.push(last * last);
    }
    halve(x, &powers, out);
}

fn halve(x: UBig, powers: &[UBig], out: &mut Vec<u8>) {
    match powers.split_last() {
        Some((power, lower)) => {
            let (high, low) = x.div_rem(power);
            halve(high, lower, out);
            halve(low, lower, out);
        }
        None => out.push(DIGITS[x.as_words().first().map_or(0, |d| *d as usize % 62)]),
    }
}

/// `natParse(s string, base int) nat`: the number of these digits, all of the base, each as its value in a byte.
fn parse(n: &mut Native<'_>) -> NativeResult {
    let (s, base) = (n.str(), n.int().clamp(2, 62) as u64);
    give(n, &value(s, &UBig::from(base)))
}

fn value(digits: &[u8], base: &UBig) -> UBig {
    let mut level: Vec<UBig> = digits.iter().rev().map(|d| UBig::from(*d)).collect();
    let mut power = base.clone();
    while level.len() > 1 {
        level = level.chunks(2).map(|p| if p.len() == 2 { &p[1] * &power + &p[0] } else { p[0].clone() }).collect();
        power = &power * &power;
    }
    level.pop().unwrap_or(UBig::ZERO)
}
