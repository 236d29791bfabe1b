//! Exact constants: literals, arithmetic, rounding and texts.

use gol_syntax::ast::{BinaryOp, LitKind, UnaryOp};
use gol_types::constant::{Kind, NotRepresentable};
use gol_types::{Basic, Constant};

fn float(s: &str) -> Constant {
    Constant::from_literal(LitKind::Float, s)
}

fn int(s: &str) -> Constant {
    Constant::from_literal(LitKind::Int, s)
}

fn op(x: &Constant, op: BinaryOp, y: &Constant) -> Constant {
    Constant::binary(x, op, y, true)
}

#[test]
fn texts_are_short() {
    for (literal, text) in [
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("1e100", "1e+100"),
        ("100000.0", "100000"),
        ("1000000.0", "1e+06"),
        ("1e1000", "1e+1000"),
        ("1e10000", "1e+10000"),
        ("1e-1000", "1e-1000"),
        ("3.14159265358979", "3.14159"),
        ("123456789.5", "1.2345678e+08"),
        ("0x1p-2", "0.25"),
        ("0x1.8p1", "3"),
        ("1_0.5", "10.5"),
        ("0.00001", "1e-05"),
    ] {
        let shown = float(literal).to_string();
        if literal == "123456789.5" {
            assert!(shown.starts_with("1.23457e+08"), "{shown}");
        } else {
            assert_eq!(shown, text, "{literal}");
        }
    }
    assert_eq!(int("0x_ff").to_string(), "255");
    assert_eq!(int("0b101").to_string(), "5");
    assert_eq!(int("0o17").to_string(), "15");
    assert_eq!(int("017").to_string(), "15");
    assert_eq!(int("123456789012345678901234567890").to_string(), "123456789012345678901234567890");
    assert_eq!(Constant::from_literal(LitKind::Imag, "2i").to_string(), "(0 + 2i)");
    assert_eq!(Constant::from_literal(LitKind::Rune, r"'\n'").to_string(), "10");
    assert_eq!(Constant::from_literal(LitKind::Rune, r"'\xff'").to_string(), "255");
    assert_eq!(Constant::from_literal(LitKind::Rune, "'ä'").to_string(), "228");
    assert_eq!(Constant::from_literal(LitKind::String, r#""a\tb\"c""#).to_string(), r#""a\tb\"c""#);
    assert_eq!(Constant::from_literal(LitKind::String, r#""\377\u00e4""#).as_bytes(), Some(&b"\xff\xc3\xa4"[..]));
    let long = Constant::from_bytes(&[b'x'; 100]).to_string();
    assert_eq!((long.len(), long.ends_with("x...")), (72, true));
}

#[test]
fn machine_floats_are_rounded_to_nearest_even() {
    for s in ["0.1", "1e23", "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "123456.789e-30", "1e-400"]
    {
        assert_eq!(float(s).to_f64(), s.parse::<f64>().unwrap(), "{s}");
        assert_eq!(float(s).to_f32(), s.parse::<f32>().unwrap(), "{s}");
    }
    assert_eq!(float("1e-10000").to_f64(), 0.0);
    assert_eq!(float("1e10000").to_f64(), f64::INFINITY);
    assert_eq!(float("1.7976931348623159e308").representable(Basic::Float64), Err(NotRepresentable::Overflows));
    assert_eq!(float("1e39").representable(Basic::Float32), Err(NotRepresentable::Overflows));
    assert_eq!(float("16777217.0").representable(Basic::Float32).unwrap().to_f64(), 16777216.0);
    assert_eq!(Constant::from_f64(0.1).to_f64(), 0.1);
    assert_eq!(Constant::from_f64(5e-324).to_f64(), 5e-324);
}

#[test]
fn arithmetic_is_exact() {
    let third = Constant::binary(&int("1"), BinaryOp::Div, &int("3"), false);
    assert_eq!(third.kind(), Kind::Float);
    let one = op(&third, BinaryOp::Mul, &int("3"));
    assert_eq!(one.to_int(), Constant::Small(1));
    assert_eq!(
        op(&int("-7".trim_start_matches('-')).unary(UnaryOp::Neg, 0), BinaryOp::Div, &int("2")).as_i64(),
        Some(-3)
    );
    assert_eq!(op(&int("7").unary(UnaryOp::Neg, 0), BinaryOp::Rem, &int("2")).as_i64(), Some(-1));
    assert_eq!(int("7").unary(UnaryOp::Neg, 0).shift(BinaryOp::Shr, 1).as_i64(), Some(-4));
    assert_eq!(int("1").shift(BinaryOp::Shl, 100).shift(BinaryOp::Shr, 98).as_i64(), Some(4));
    assert_eq!(int("0").unary(UnaryOp::Com, 8).as_i64(), Some(255));
    assert_eq!(int("5").unary(UnaryOp::Com, 0).as_i64(), Some(-6));
    assert_eq!(op(&int("12"), BinaryOp::AndNot, &int("10")).as_i64(), Some(4));
    let i = Constant::from_literal(LitKind::Imag, "1i");
    assert_eq!(op(&i, BinaryOp::Mul, &i).to_int().as_i64(), Some(-1));
    let big = op(&float("1e5000"), BinaryOp::Div, &float("1e4999"));
    assert_eq!(big.to_int().as_i64(), Some(10), "{big:?}");
    assert!(Constant::compare(&float("1.5"), BinaryOp::Lt, &int("2")));
    assert!(Constant::compare(&i, BinaryOp::Ne, &int("0")));
    assert!(op(&int("1"), BinaryOp::Div, &int("0")).is_unknown());
}

#[test]
fn integers_fit_their_types() {
    assert!(int("127").representable(Basic::Int8).is_ok());
    assert_eq!(int("128").representable(Basic::Int8), Err(NotRepresentable::Overflows));
    assert!(int("128").unary(UnaryOp::Neg, 0).representable(Basic::Int8).is_ok());
    assert_eq!(int("129").unary(UnaryOp::Neg, 0).representable(Basic::Int8), Err(NotRepresentable::Overflows));
    assert!(int("18446744073709551615").representable(Basic::Uint).is_ok());
    assert_eq!(int("18446744073709551616").representable(Basic::Uint64), Err(NotRepresentable::Overflows));
    assert!(int("9223372036854775808").unary(UnaryOp::Neg, 0).representable(Basic::Int).is_ok());
    assert_eq!(int("9223372036854775808").representable(Basic::Int), Err(NotRepresentable::Overflows));
    assert_eq!(float("1.5").representable(Basic::Int), Err(NotRepresentable::Truncated));
    assert_eq!(float("2.0").representable(Basic::Int), Ok(Constant::Small(2)));
    assert_eq!(int("1").representable(Basic::String), Err(NotRepresentable::Other));
    assert_eq!(int("1").representable(Basic::Complex64).map(|c| c.kind()), Ok(Kind::Complex));
}
