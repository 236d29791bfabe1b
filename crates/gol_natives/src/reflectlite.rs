//! `internal/reflectlite`: types and values that are known only at run time. What the functions mean stands in the
//! package's `natives.gol`; how values lie in memory is `gol_vm::dynamic`'s matter.

use gol_bytecode::{Kind, MethodId, TypeDesc, TypeRef};
use gol_vm::dynamic::Value;
use gol_vm::{Flow, Native, NativeFn, NativeResult, Raise};

mod literals;
mod values;

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
    ("typeAlign", |n| type_number(n, |t| t.go_align.into())),
    ("typeChanDir", |n| type_number(n, |t| t.len)),
    ("typeNumField", |n| type_number(n, |t| t.fields.len() as u64)),
    ("typeField", type_field),
    ("typeNumMethod", type_num_method),
    ("typeMethod", type_method),
    ("typeFindMethod", type_find_method),
    ("typeNumIn", |n| type_number(n, |t| t.params.len() as u64)),
    ("typeIn", |n| type_part(n, |t| &t.params)),
    ("typeNumOut", |n| type_number(n, |t| t.results.len() as u64)),
    ("typeOut", |n| type_part(n, |t| &t.results)),
    ("typeVariadic", |n| type_number(n, |t| u64::from(t.variadic))),
    ("typeComparable", |n| type_number(n, |t| u64::from(t.comparable))),
    ("typeImplements", type_implements),
    ("typeAssignable", type_assignable),
    ("SameUnderlying", literals::same_underlying),
    ("Words", |n| type_number(n, |t| t.regs.into())),
    ("PointerTo", literals::pointer_to),
    ("SliceType", literals::slice_type),
    ("ArrayType", literals::array_type),
    ("ChanType", literals::chan_type),
    ("MapType", literals::map_type),
    ("FuncType", literals::func_type),
    ("StructType", literals::struct_type),
    ("open", values::open),
    ("Pack", values::pack),
    ("BoolOf", |n| values::word_of(n, |k| k == Kind::Bool)),
    ("IntOf", |n| values::word_of(n, is_int)),
    ("UintOf", |n| values::word_of(n, is_uint)),
    ("FloatOf", values::float_of),
    ("ComplexOf", values::complex_of),
    ("StringOf", values::string_of),
    ("BytesOf", |n| values::shared_slice(n, 1)),
    ("RunesOf", |n| values::shared_slice(n, 4)),
    ("PointerOf", values::pointer_of),
    ("CodeOf", values::code_of),
    ("lenOf", values::len_of),
    ("capOf", values::cap_of),
    ("IsZero", values::is_zero),
    ("FieldOf", values::field_of),
    ("IndexOf", values::index_of),
    ("ElemOf", values::elem_of),
    ("Frozen", values::frozen),
    ("AddrOf", values::addr_of),
    ("NoteMemory", values::note_memory),
    ("CheckMemory", values::check_memory),
    ("Zero", values::zero),
    ("Variable", values::variable),
    ("New", values::new),
    ("Set", values::set),
    ("SetIface", values::set_iface),
    ("Iface", values::iface),
    ("SetBool", |n| values::set_word(n, |k| k == Kind::Bool)),
    ("SetInt", |n| values::set_word(n, is_int)),
    ("SetUint", |n| values::set_word(n, is_uint)),
    ("SetFloat", |n| values::set_word(n, |k| matches!(k, Kind::Float32 | Kind::Float64))),
    ("SetComplex", values::set_complex),
    ("SetString", values::set_string),
    ("SetBytes", |n| values::set_slice(n, 1)),
    ("SetRunes", |n| values::set_slice(n, 4)),
    ("SetPointer", |n| values::set_word(n, |k| k == Kind::UnsafePointer)),
    ("SetZero", values::set_zero),
    ("SetLenCap", values::set_len_cap),
    ("MakeSlice", values::make_slice),
    ("Reslice", values::reslice),
    ("Extend", values::extend),
    ("CopyElems", values::copy_elems),
    ("ClearElems", values::clear_elems),
    ("MakeMap", values::make_map),
    ("MapGet", values::map_get),
    ("MapSet", values::map_set),
    ("MapDelete", values::map_delete),
    ("MapClear", values::map_clear),
    ("MapStart", values::map_start),
    ("MapNext", values::map_next),
    ("MakeChan", values::make_chan),
    ("CloseChan", values::close_chan),
    ("SendTo", values::send_to),
    ("RecvFrom", values::recv_from),
    ("FromBlock8", values::from_block),
    ("NewBlock", values::new_block),
    ("PackWords", values::pack_words),
    ("PackReceiver", values::pack_receiver),
    ("PackNumber", values::pack_number),
    ("UnpackWords", values::unpack_words),
    ("UnpackNumber", values::unpack_number),
    ("MethodCode", method_code),
    ("NewStub", values::new_stub),
    ("SelectStub", values::select_stub),
    ("selectCases", values::select_cases),
    ("FromAny", values::from_any),
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

fn type_of(n: &mut Native<'_>) -> NativeResult {
    let (t, _) = n.iface();
    n.give_uint(u64::from(t.0));
    Ok(Flow::Done)
}

fn type_kind(n: &mut Native<'_>) -> NativeResult {
    let t = type_arg(n);
    n.give_uint(if t == TypeRef::NONE { 0 } else { n.ty(t).kind as u64 });
    Ok(Flow::Done)
}

fn type_text<'a>(n: &mut Native<'a>, text: fn(&'a TypeDesc) -> &'a String) -> NativeResult {
    let t = some_type(n)?;
    n.give_shared(text(t).as_bytes());
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
    n.give_shared(field.name.as_bytes());
    n.give_uint(u64::from(field.ty.0));
    n.give_shared(field.tag.as_bytes());
    n.give_shared(field.pkg.as_bytes());
    n.give_uint(field.go_offset);
    n.give_bool(field.embedded);
    Ok(Flow::Done)
}

/// The methods that reflection shows, by name: all of an interface type, the exported ones of others.
fn methods<'a>(n: &Native<'a>, t: &'a TypeDesc) -> Vec<(&'a str, &'a str, TypeRef, MethodId)> {
    let names = n.method_names();
    let of = |id: MethodId| {
        let m = &names[id.0 as usize];
        (&m.name[..], &m.pkg[..], m.sig, id)
    };
    let mut list: Vec<_> = match t.kind {
        Kind::Interface => t.imethods.iter().map(|m| of(*m)).collect(),
        _ => t.methods.iter().map(|m| of(m.id)).filter(|m| m.1.is_empty()).collect(),
    };
    list.sort_unstable_by_key(|m| (!m.1.is_empty(), m.0, m.1));
    list
}

fn type_num_method(n: &mut Native<'_>) -> NativeResult {
    let t = some_type(n)?;
    // Asked for every slice that is printed, and mostly 0: no list is made for the answer.
    let names = n.method_names();
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
    let (name, pkg, sig, id) = list.get(i as usize).ok_or_else(|| Raise::index(i, list.len() as u64))?;
    n.give_shared(name.as_bytes());
    n.give_shared(pkg.as_bytes());
    n.give_uint(u64::from(sig.0));
    n.give_uint(u64::from(id.0));
    Ok(Flow::Done)
}

fn type_find_method(n: &mut Native<'_>) -> NativeResult {
    let (t, name) = (some_type(n)?, n.str());
    let found = methods(n, t).iter().position(|m| m.0.as_bytes() == name);
    n.give_int(found.map_or(-1, |i| i as i64));
    Ok(Flow::Done)
}

/// The func that an interface calls for a method of a type.
fn method_code(n: &mut Native<'_>) -> NativeResult {
    let (t, id) = (type_arg(n), MethodId(n.uint() as u32));
    let closure = if n.is_type(t) { n.method_closure(t, id) } else { 0 };
    n.give_pointer(closure);
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
        || (v.bare_name.is_empty() || t.bare_name.is_empty()) && literals::assignable(n, from, to);
    n.give_bool(ok);
    Ok(Flow::Done)
}

/// The slice argument of `sort.Slice` and its kin.
fn swappable(n: &mut Native<'_>) -> Result<Value, Raise> {
    let v = n.iface();
    let v = n.opened(v);
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
    let (err, ptr) = (n.iface(), n.iface());
    if ptr.0 == TypeRef::NONE || n.ty(ptr.0).kind != Kind::Pointer || ptr.1 == 0 {
        return Err(bad_kind());
    }
    let t = n.ty(ptr.0).elem;
    let fits = err.0 == t || n.ty(t).kind == Kind::Interface && err.0 != TypeRef::NONE && n.implements(err.0, t);
    if fits {
        n.store_through(ptr, err)?;
    }
    n.give_bool(fits);
    Ok(Flow::Done)
}

fn as_target_problem(n: &mut Native<'_>) -> NativeResult {
    let (t, data) = n.iface();
    let problem = if t == TypeRef::NONE {
        "errors: target cannot be nil"
    } else if n.ty(t).kind != Kind::Pointer || data == 0 {
        "errors: target must be a non-nil pointer"
    } else {
        let elem = n.ty(t).elem;
        let fine = n.ty(elem).kind == Kind::Interface || n.implements(elem, n.well_known().error);
        if fine { "" } else { "errors: *target must be interface or implement error" }
    };
    n.give_str(problem)?;
    Ok(Flow::Done)
}

fn comparable(n: &mut Native<'_>) -> NativeResult {
    let v = n.iface();
    let comparable = v.0 == TypeRef::NONE || n.is_comparable(v);
    n.give_bool(comparable);
    Ok(Flow::Done)
}
