//! Type literals made at run time, and what identity of types is asked for.

use super::{bad_kind, some_type, type_arg};
use gol_bytecode::{FieldDesc, Kind, TypeDesc, TypeRef};
use gol_vm::{Field, Flow, Native, NativeResult, Raise, Shape};

/// A `Type` argument that must be one, by number.
fn part(n: &mut Native<'_>) -> Result<TypeRef, Raise> {
    let t = type_arg(n);
    if n.is_type(t) { Ok(t) } else { Err(bad_kind()) }
}

fn give(n: &mut Native<'_>, shape: Shape) -> NativeResult {
    let t = n.type_of_shape(&shape);
    n.give_uint(t.0.into());
    Ok(Flow::Done)
}

pub(super) fn pointer_to(n: &mut Native<'_>) -> NativeResult {
    let t = part(n)?;
    let ptr = n.pointer_type(t);
    n.give_uint(ptr.0.into());
    Ok(Flow::Done)
}

pub(super) fn slice_type(n: &mut Native<'_>) -> NativeResult {
    let elem = part(n)?;
    give(n, Shape::Slice(elem))
}

pub(super) fn array_type(n: &mut Native<'_>) -> NativeResult {
    let (elem, len) = (part(n)?, n.uint());
    give(n, Shape::Array(elem, len))
}

pub(super) fn chan_type(n: &mut Native<'_>) -> NativeResult {
    let (elem, dir) = (part(n)?, n.uint());
    give(n, Shape::Chan(elem, dir))
}

pub(super) fn map_type(n: &mut Native<'_>) -> NativeResult {
    let (key, elem) = (part(n)?, part(n)?);
    if !n.ty(key).comparable {
        return Err(bad_kind());
    }
    give(n, Shape::Map(key, elem))
}

/// A list of `Type`s in a `[]uintptr`.
fn parts(n: &mut Native<'_>) -> Result<Vec<TypeRef>, Raise> {
    let list: Vec<TypeRef> = n.words().to_vec().into_iter().map(|t| TypeRef(t as u32)).collect();
    if list.iter().all(|t| n.is_type(*t)) { Ok(list) } else { Err(bad_kind()) }
}

pub(super) fn func_type(n: &mut Native<'_>) -> NativeResult {
    let (params, results, variadic) = (parts(n)?, parts(n)?, n.bool());
    if variadic && params.last().is_none_or(|t| n.ty(*t).kind != Kind::Slice) {
        return Err(bad_kind());
    }
    give(n, Shape::Func(params, results, variadic))
}

pub(super) fn struct_type(n: &mut Native<'_>) -> NativeResult {
    let (names, pkgs, tags) = (n.strings(), n.strings(), n.strings());
    let (types, embedded) = (parts(n)?, n.words().to_vec());
    let count = types.len();
    if [names.len(), pkgs.len(), tags.len(), embedded.len()] != [count; 4] {
        return Err(bad_kind());
    }
    let text = |s: &Vec<u8>| String::from_utf8_lossy(s).into_owned();
    let field = |i: usize| Field {
        name: text(&names[i]),
        pkg: text(&pkgs[i]),
        ty: types[i],
        embedded: embedded[i] != 0,
        tag: text(&tags[i]),
    };
    give(n, Shape::Struct((0..count).map(field).collect()))
}

/// Whether a value of type `from` may be assigned to a variable of type `to`, of which one at least is a literal: the
/// underlying types are identical, or both are channels and `from` goes both ways.
pub(super) fn assignable(n: &Native<'_>, from: TypeRef, to: TypeRef) -> bool {
    let (v, t) = (n.ty(from), n.ty(to));
    if v.kind == Kind::Chan && t.kind == Kind::Chan && v.len == 3 && v.elem == t.elem {
        return true;
    }
    underlying(n, v, t, true)
}

pub(super) fn same_underlying(n: &mut Native<'_>) -> NativeResult {
    let (t, u, tags) = (some_type(n)?, some_type(n)?, n.bool());
    let same = underlying(n, t, u, tags);
    n.give_bool(same);
    Ok(Flow::Done)
}

/// Whether two types have identical underlying types. Without `tags`, the tags of structs do not count.
fn underlying(n: &Native<'_>, v: &TypeDesc, t: &TypeDesc, tags: bool) -> bool {
    let same = |a: TypeRef, b: TypeRef| identical(n, a, b, tags);
    let all = |a: &[TypeRef], b: &[TypeRef]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b));
    if v.kind != t.kind {
        return false;
    }
    match v.kind {
        Kind::Array | Kind::Chan => v.len == t.len && same(v.elem, t.elem),
        Kind::Pointer | Kind::Slice => same(v.elem, t.elem),
        Kind::Map => same(v.key, t.key) && same(v.elem, t.elem),
        Kind::Func => v.variadic == t.variadic && all(&v.params, &t.params) && all(&v.results, &t.results),
        Kind::Interface => v.imethods == t.imethods,
        Kind::Struct => {
            let field = |(a, b): (&FieldDesc, &FieldDesc)| {
                (&a.name, &a.pkg, a.embedded) == (&b.name, &b.pkg, b.embedded)
                    && (!tags || a.tag == b.tag)
                    && same(a.ty, b.ty)
            };
            v.fields.len() == t.fields.len() && v.fields.iter().zip(&t.fields).all(field)
        }
        _ => true,
    }
}

fn identical(n: &Native<'_>, a: TypeRef, b: TypeRef, tags: bool) -> bool {
    let (v, t) = (n.ty(a), n.ty(b));
    a == b || !tags && v.bare_name.is_empty() && t.bare_name.is_empty() && underlying(n, v, t, false)
}
