//! `internal/reflectlite`: types and values that are known only at run time. What the functions mean stands in the
//! package's `natives.gol`; how values lie in memory is `gol_vm::dynamic`'s matter.

use gol_bytecode::{Kind, TypeDesc, TypeRef};
use gol_vm::dynamic::Value;
use gol_vm::{Flow, Native, NativeFn, NativeResult, Raise};

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("typeOf", type_of),
    ("typeKind", type_kind),
    ("typeString", |n| type_text(n, |t| &t.name)),
    ("typeName", |n| type_text(n, |t| &t.bare_name)),
    ("typePkgPath", |n| type_text(n, |t| &t.pkg)),
    ("typeElem", |n| type_number(n, |t| u64::from(t.elem.0))),
    ("typeKey", |n| type_number(n, |t| u64::from(t.key.0))),
    ("typeLen", |n| type_number(n, |t| t.len)),
    ("typeSize", |n| type_number(n, |t| t.go_size)),
    ("typeChanDir", |n| type_number(n, |t| t.len)),
    ("typeNumField", |n| type_number(n, |t| t.fields.len() as u64)),
    ("typeField", type_field),
    ("typeNumMethod", type_num_method),
    ("typeMethod", type_method),
    ("typeNumIn", |n| type_number(n, |t| t.params.len() as u64)),
    ("typeIn", |n| type_part(n, |t| &t.params)),
    ("typeNumOut", |n| type_number(n, |t| t.results.len() as u64)),
    ("typeOut", |n| type_part(n, |t| &t.results)),
    ("typeVariadic", |n| type_number(n, |t| u64::from(t.variadic))),
    ("typeComparable", |n| type_number(n, |t| u64::from(t.comparable))),
    ("typeImplements", type_implements),
    ("typeAssignable", type_assignable),
    ("boolOf", |n| word_of(n, |k| k == Kind::Bool)),
    ("intOf", |n| word_of(n, is_int)),
    ("uintOf", |n| word_of(n, is_uint)),
    ("floatOf", float_of),
    ("complexOf", complex_of),
    ("stringOf", string_of),
    ("bytesOf", bytes_of),
    ("isNil", is_nil),
    ("pointerOf", pointer_of),
    ("lenOf", len_of),
    ("capOf", cap_of),
    ("fieldOf", field_of),
    ("indexOf", index_of),
    ("derefOf", deref_of),
    ("mapEntries", map_entries),
    ("mapGet", map_get),
    ("storeBool", |n| store_word(n, |k| k == Kind::Bool)),
    ("storeInt", |n| store_word(n, is_int)),
    ("storeUint", |n| store_word(n, is_uint)),
    ("storeFloat", |n| store_word(n, |k| matches!(k, Kind::Float32 | Kind::Float64))),
    ("storeComplex", store_complex),
    ("storeString", store_string),
    ("storeBytes", store_bytes),
    ("storeAny", store_any),
    ("newOf", new_of),
    ("zeroOf", zero_of),
    ("convertOf", convert_of),
    ("fieldPtr", field_ptr),
    ("indexPtr", index_ptr),
    ("makeSlice", make_slice),
    ("sliceOf", slice_of),
    ("makeMap", make_map),
    ("mapPut", map_put),
    ("mapDelete", map_delete),
    ("Swap", swap),
    ("Len", len),
    ("AsTarget", as_target),
    ("AsTargetProblem", as_target_problem),
    ("Comparable", comparable),
];

fn bad_kind() -> Raise {
    Raise::Plain("reflectlite: bad kind".into())
}

fn is_int(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64)
}

fn is_uint(kind: Kind) -> bool {
    matches!(kind, Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 | Kind::Uintptr)
}

/// A `Type` argument.
fn type_arg(n: &mut Native<'_>) -> TypeRef {
    TypeRef(n.uint() as u32)
}

/// A `Type` argument that must be one.
fn some_type<'a>(n: &mut Native<'a>) -> Result<&'a TypeDesc, Raise> {
    match type_arg(n) {
        TypeRef::NONE => Err(bad_kind()),
        t => Ok(n.ty(t)),
    }
}

/// A value that must be one, and its kind.
fn some_value(n: &mut Native<'_>) -> Result<(Value, Kind), Raise> {
    let v = n.value();
    if v.ty == TypeRef::NONE { Err(bad_kind()) } else { Ok((v, n.ty(v.ty).kind)) }
}

fn type_of(n: &mut Native<'_>) -> NativeResult {
    let v = n.value();
    n.give_uint(u64::from(v.ty.0));
    Ok(Flow::Done)
}

fn type_kind(n: &mut Native<'_>) -> NativeResult {
    let t = type_arg(n);
    n.give_uint(if t == TypeRef::NONE { 0 } else { n.ty(t).kind as u64 });
    Ok(Flow::Done)
}

fn type_text(n: &mut Native<'_>, text: fn(&TypeDesc) -> &String) -> NativeResult {
    let t = some_type(n)?;
    n.give_str(text(t))?;
    Ok(Flow::Done)
}

fn type_number(n: &mut Native<'_>, number: fn(&TypeDesc) -> u64) -> NativeResult {
    let t = some_type(n)?;
    n.give_uint(number(t));
    Ok(Flow::Done)
}

fn type_part(n: &mut Native<'_>, list: fn(&TypeDesc) -> &Vec<TypeRef>) -> NativeResult {
    let (t, i) = (some_type(n)?, n.int());
    let part = list(t).get(i as usize).ok_or_else(|| Raise::index(i, list(t).len() as u64))?;
    n.give_uint(u64::from(part.0));
    Ok(Flow::Done)
}

fn type_field(n: &mut Native<'_>) -> NativeResult {
    let (t, i) = (some_type(n)?, n.int());
    let field = t.fields.get(i as usize).ok_or_else(|| Raise::index(i, t.fields.len() as u64))?;
    n.give_str(&field.name)?;
    n.give_uint(u64::from(field.ty.0));
    n.give_str(&field.tag)?;
    n.give_str(&field.pkg)?;
    n.give_bool(field.embedded);
    Ok(Flow::Done)
}

/// The methods that reflection shows, by name: all of an interface type, the exported ones of others.
fn methods(n: &Native<'_>, t: &TypeDesc) -> Vec<(String, TypeRef)> {
    let names = &n.program().methods;
    let ids: Vec<_> = match t.kind {
        Kind::Interface => t.imethods.clone(),
        _ => t.methods.iter().map(|m| m.id).filter(|id| names[id.0 as usize].pkg.is_empty()).collect(),
    };
    let mut list: Vec<_> = ids.iter().map(|id| &names[id.0 as usize]).map(|m| (m.name.clone(), m.sig)).collect();
    list.sort();
    list
}

fn type_num_method(n: &mut Native<'_>) -> NativeResult {
    let t = some_type(n)?;
    // Asked for every slice that is printed, and mostly 0: no list is made for the answer.
    let names = &n.program().methods;
    let count = match t.kind {
        Kind::Interface => t.imethods.len(),
        _ => t.methods.iter().filter(|m| names[m.id.0 as usize].pkg.is_empty()).count(),
    };
    n.give_int(count as i64);
    Ok(Flow::Done)
}

fn type_method(n: &mut Native<'_>) -> NativeResult {
    let (t, i) = (some_type(n)?, n.int());
    let list = methods(n, t);
    let (name, sig) = list.get(i as usize).ok_or_else(|| Raise::index(i, list.len() as u64))?;
    n.give_str(name)?;
    n.give_uint(u64::from(sig.0));
    Ok(Flow::Done)
}

fn type_implements(n: &mut Native<'_>) -> NativeResult {
    let (t, interface) = (type_arg(n), type_arg(n));
    if t == TypeRef::NONE || interface == TypeRef::NONE || n.ty(interface).kind != Kind::Interface {
        return Err(bad_kind());
    }
    n.give_bool(n.implements(t, interface));
    Ok(Flow::Done)
}

/// The specification's rules of assignability, but for untyped values and type parameters.
fn type_assignable(n: &mut Native<'_>) -> NativeResult {
    let (from, to) = (type_arg(n), type_arg(n));
    if from == TypeRef::NONE || to == TypeRef::NONE {
        return Err(bad_kind());
    }
    let (v, t) = (n.ty(from), n.ty(to));
    let ok = from == to
        || t.kind == Kind::Interface && n.implements(from, to)
        || (v.bare_name.is_empty() || t.bare_name.is_empty()) && same_underlying(v, t);
    n.give_bool(ok);
    Ok(Flow::Done)
}

/// Whether two types, one of them a literal, have the same underlying type, or are channels that assignment allows.
fn same_underlying(v: &TypeDesc, t: &TypeDesc) -> bool {
    if v.kind == Kind::Chan && t.kind == Kind::Chan {
        return v.elem == t.elem && (v.len == t.len || v.len == 3);
    }
    v.kind == t.kind
        && (v.elem, v.key, v.len, v.variadic) == (t.elem, t.key, t.len, t.variadic)
        && (&v.fields, &v.params, &v.results, &v.imethods) == (&t.fields, &t.params, &t.results, &t.imethods)
}

fn word_of(n: &mut Native<'_>, fits: fn(Kind) -> bool) -> NativeResult {
    let (v, kind) = some_value(n)?;
    if !fits(kind) {
        return Err(bad_kind());
    }
    let word = n.word_of(v)?;
    n.give_uint(word);
    Ok(Flow::Done)
}

fn float_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let x = n.float_of(v)?;
    n.give_float(x);
    Ok(Flow::Done)
}

fn complex_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let x = n.complex_of(v)?;
    n.give_complex(x);
    Ok(Flow::Done)
}

fn string_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let (at, len) = n.string_of(v)?;
    n.give_uint(at);
    n.give_uint(len);
    Ok(Flow::Done)
}

fn bytes_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let t = n.ty(v.ty);
    if !matches!(t.kind, Kind::Array | Kind::Slice) || n.ty(t.elem).kind != Kind::Uint8 {
        return Err(bad_kind());
    }
    n.give_bytes_of(v)?;
    Ok(Flow::Done)
}

fn is_nil(n: &mut Native<'_>) -> NativeResult {
    let (v, kind) = some_value(n)?;
    let nil = match kind {
        Kind::Slice => n.slice_of(v)?.0 == 0,
        _ => n.pointer_of(v)? == 0,
    };
    n.give_bool(nil);
    Ok(Flow::Done)
}

fn pointer_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let p = n.pointer_of(v)?;
    n.give_uint(p);
    Ok(Flow::Done)
}

fn len_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let len = n.len_of(v)?;
    n.give_uint(len);
    Ok(Flow::Done)
}

fn cap_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let cap = n.cap_of(v)?;
    n.give_uint(cap);
    Ok(Flow::Done)
}

fn field_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i) = (some_value(n)?, n.int());
    let field = n.field(v, i as usize)?;
    n.give_value(field);
    Ok(Flow::Done)
}

fn index_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i) = (some_value(n)?, n.int());
    let element = n.element(v, i)?;
    n.give_value(element);
    Ok(Flow::Done)
}

fn deref_of(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let inner = n.deref(v)?;
    n.give_value(inner);
    Ok(Flow::Done)
}

fn map_entries(n: &mut Native<'_>) -> NativeResult {
    let (v, _) = some_value(n)?;
    let (keys, values) = n.map_entries(v)?;
    n.give_values(&keys)?;
    n.give_values(&values)?;
    Ok(Flow::Done)
}

fn map_get(n: &mut Native<'_>) -> NativeResult {
    let ((m, _), key) = (some_value(n)?, n.value());
    let found = n.map_get(m, key)?;
    n.give_value(found.unwrap_or(Value { ty: TypeRef::NONE, data: 0 }));
    n.give_bool(found.is_some());
    Ok(Flow::Done)
}

/// The pointer argument of a store, and the kind of what it points to.
fn target(n: &mut Native<'_>) -> Result<(Value, Kind), Raise> {
    match some_value(n)? {
        (ptr, Kind::Pointer) => Ok((ptr, n.ty(n.ty(ptr.ty).elem).kind)),
        _ => Err(bad_kind()),
    }
}

fn store_word(n: &mut Native<'_>, fits: fn(Kind) -> bool) -> NativeResult {
    let ((ptr, kind), word) = (target(n)?, n.uint());
    if !fits(kind) {
        return Err(bad_kind());
    }
    n.store_word(ptr, word)?;
    Ok(Flow::Done)
}

fn store_complex(n: &mut Native<'_>) -> NativeResult {
    let ((ptr, _), x) = (target(n)?, n.complex());
    n.store_complex(ptr, x)?;
    Ok(Flow::Done)
}

fn store_string(n: &mut Native<'_>) -> NativeResult {
    let ((ptr, _), s) = (target(n)?, n.raw_string());
    n.store_string(ptr, s)?;
    Ok(Flow::Done)
}

fn store_bytes(n: &mut Native<'_>) -> NativeResult {
    let ((ptr, _), b) = (target(n)?, n.raw_slice());
    let slice = n.ty(n.ty(ptr.ty).elem);
    if slice.kind != Kind::Slice || n.ty(slice.elem).kind != Kind::Uint8 {
        return Err(bad_kind());
    }
    n.store_slice(ptr, b)?;
    Ok(Flow::Done)
}

/// Whether `v` may be written to a variable of type `t` as it is. Only the library stores values, and it has asked before;
/// what goes wrong here must still not break memory.
fn storable(n: &Native<'_>, v: Value, t: TypeRef) -> bool {
    let to = n.ty(t);
    if to.kind == Kind::Interface {
        return v.ty == TypeRef::NONE || n.implements(v.ty, t);
    }
    v.ty == t || v.ty != TypeRef::NONE && alike(n.ty(v.ty), to)
}

/// Whether two types have the same underlying type, as far as their parts tell.
fn alike(v: &TypeDesc, t: &TypeDesc) -> bool {
    (v.kind, v.elem, v.key, v.size, v.is_mem) == (t.kind, t.elem, t.key, t.size, t.is_mem)
        && v.leaves == t.leaves
        && (v.len == t.len || v.kind == Kind::Chan)
        && v.fields.len() == t.fields.len()
        && v.fields.iter().zip(&t.fields).all(|(a, b)| (a.ty, a.offset) == (b.ty, b.offset))
        && (&v.params, &v.results) == (&t.params, &t.results)
}

fn store_any(n: &mut Native<'_>) -> NativeResult {
    let ((ptr, _), v) = (target(n)?, n.value());
    if !storable(n, v, n.ty(ptr.ty).elem) {
        return Err(bad_kind());
    }
    n.store(ptr, v)?;
    Ok(Flow::Done)
}

fn new_of(n: &mut Native<'_>) -> NativeResult {
    let t = type_arg(n);
    if t == TypeRef::NONE || n.ty(t).kind != Kind::Pointer {
        return Err(bad_kind());
    }
    let p = n.new_value(t)?;
    n.give_value(p);
    Ok(Flow::Done)
}

fn zero_of(n: &mut Native<'_>) -> NativeResult {
    let t = type_arg(n);
    if t == TypeRef::NONE {
        return Err(bad_kind());
    }
    let v = n.zero(t)?;
    n.give_value(v);
    Ok(Flow::Done)
}

fn convert_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), t) = (some_value(n)?, type_arg(n));
    if t == TypeRef::NONE || !alike(n.ty(v.ty), n.ty(t)) {
        return Err(bad_kind());
    }
    let v = n.convert(v, t);
    n.give_value(v);
    Ok(Flow::Done)
}

fn field_ptr(n: &mut Native<'_>) -> NativeResult {
    let ((ptr, _), i) = (target(n)?, n.int());
    let p = n.field_pointer(ptr, i as usize)?;
    n.give_value(p);
    Ok(Flow::Done)
}

fn index_ptr(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i) = (some_value(n)?, n.int());
    let p = n.element_pointer(v, i)?;
    n.give_value(p);
    Ok(Flow::Done)
}

fn make_slice(n: &mut Native<'_>) -> NativeResult {
    let (t, len, cap) = (type_arg(n), n.int(), n.int());
    if t == TypeRef::NONE || n.ty(t).kind != Kind::Slice {
        return Err(bad_kind());
    }
    let v = n.new_slice(t, len, cap)?;
    n.give_value(v);
    Ok(Flow::Done)
}

fn slice_of(n: &mut Native<'_>) -> NativeResult {
    let ((v, _), i, j) = (some_value(n)?, n.uint(), n.uint());
    let v = n.reslice(v, i, j)?;
    n.give_value(v);
    Ok(Flow::Done)
}

fn make_map(n: &mut Native<'_>) -> NativeResult {
    let t = type_arg(n);
    if t == TypeRef::NONE || n.ty(t).kind != Kind::Map {
        return Err(bad_kind());
    }
    let m = n.new_map(t)?;
    n.give_value(m);
    Ok(Flow::Done)
}

fn map_put(n: &mut Native<'_>) -> NativeResult {
    let ((m, _), key, value) = (some_value(n)?, n.value(), n.value());
    let t = n.ty(m.ty);
    if t.kind != Kind::Map || !storable(n, key, t.key) || !storable(n, value, t.elem) {
        return Err(bad_kind());
    }
    n.map_put(m, key, value)?;
    Ok(Flow::Done)
}

fn map_delete(n: &mut Native<'_>) -> NativeResult {
    let ((m, _), key) = (some_value(n)?, n.value());
    let t = n.ty(m.ty);
    if t.kind != Kind::Map || !storable(n, key, t.key) {
        return Err(bad_kind());
    }
    n.map_delete(m, key)?;
    Ok(Flow::Done)
}

/// The slice argument of `sort.Slice` and its kin.
fn swappable(n: &mut Native<'_>) -> Result<Value, Raise> {
    let v = n.value();
    let what = match v.ty {
        TypeRef::NONE => "zero".to_string(),
        t if n.ty(t).kind == Kind::Slice => return Ok(v),
        t => kind_name(n.ty(t).kind),
    };
    Err(Raise::Plain(format!("reflect: call of Swapper on {what} Value")))
}

fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Pointer => "ptr".into(),
        Kind::UnsafePointer => "unsafe.Pointer".into(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn swap(n: &mut Native<'_>) -> NativeResult {
    let (v, i, j) = (swappable(n)?, n.int(), n.int());
    n.swap(v, i, j)?;
    Ok(Flow::Done)
}

fn len(n: &mut Native<'_>) -> NativeResult {
    let v = swappable(n)?;
    let len = n.slice_of(v)?.1;
    n.give_uint(len);
    Ok(Flow::Done)
}

fn as_target(n: &mut Native<'_>) -> NativeResult {
    let (err, (ptr, kind)) = (n.value(), target(n)?);
    let t = n.ty(ptr.ty).elem;
    let fits = err.ty == t || kind == Kind::Interface && err.ty != TypeRef::NONE && n.implements(err.ty, t);
    if fits {
        n.store(ptr, err)?;
    }
    n.give_bool(fits);
    Ok(Flow::Done)
}

fn as_target_problem(n: &mut Native<'_>) -> NativeResult {
    let v = n.value();
    let problem = if v.ty == TypeRef::NONE {
        "errors: target cannot be nil"
    } else if n.ty(v.ty).kind != Kind::Pointer || v.data == 0 {
        "errors: target must be a non-nil pointer"
    } else {
        let elem = n.ty(v.ty).elem;
        let fine = n.ty(elem).kind == Kind::Interface || n.implements(elem, n.program().well_known.error);
        if fine { "" } else { "errors: *target must be interface or implement error" }
    };
    n.give_str(problem)?;
    Ok(Flow::Done)
}

fn comparable(n: &mut Native<'_>) -> NativeResult {
    let v = n.value();
    n.give_bool(v.ty == TypeRef::NONE || n.is_comparable(v));
    Ok(Flow::Done)
}
