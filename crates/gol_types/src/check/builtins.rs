//! Calls of built-in functions, those of package `unsafe` included.

use gol_source::Code;
use gol_syntax::ast::{BinaryOp, Expr, ExprId};

use super::{Checker, Lookup, Operand};
use crate::constant::Constant;
use crate::info::{Mode, Selected, Selection, SelectionKind};
use crate::objects::Builtin;
use crate::types::{Basic, ChanDir, Param, Signature, Type, TypeId};

impl Checker<'_> {
    /// A call of built-in `b`: its result, invalid if something is wrong.
    pub(crate) fn builtin(&mut self, e: ExprId, b: Builtin, args: &[ExprId], has_dots: bool) -> Operand {
        let (name, least, variadic, _) = b.shape();
        if has_dots && b != Builtin::Append {
            let message = format!("invalid operation: invalid use of ... with built-in {name}");
            self.error_at(Code::InvalidDotDotDot, e, message);
            self.use_exprs(args);
            return Operand::invalid(e);
        }
        // "len(s) and cap(s) are constants if s contains no channel receives or function calls": look at s alone.
        let outer_calls = self.env.has_call_or_recv;
        let measures = matches!(b, Builtin::Len | Builtin::Cap);
        if measures {
            self.env.has_call_or_recv = false;
        }
        let takes_values = !matches!(b, Builtin::Make | Builtin::New | Builtin::UnsafeOffsetof);
        let mut operands = if takes_values { self.expr_list(args) } else { Vec::new() };
        let calls = self.env.has_call_or_recv;
        if measures {
            self.env.has_call_or_recv = outer_calls;
        }
        if operands.iter().any(Operand::is_invalid) {
            return Operand::invalid(e);
        }
        let n = if takes_values { operands.len() } else { args.len() };
        let wrong = match n {
            _ if n < least => "not enough",
            _ if n > least && !variadic => "too many",
            _ => "",
        };
        if !wrong.is_empty() {
            let call = self.es(e);
            let message = format!("invalid operation: {wrong} arguments for {call} (expected {least}, found {n})");
            self.error_at(Code::WrongArgCount, e, message);
            return Operand::invalid(e);
        }
        let result = match b {
            Builtin::Append => self.append(e, &mut operands, has_dots),
            Builtin::Len | Builtin::Cap => self.len_cap(e, b, &mut operands[0], calls),
            Builtin::Clear => self.clear(e, &operands[0]),
            Builtin::Close => self.close(e, &operands[0]),
            Builtin::Complex => self.complex(e, &mut operands),
            Builtin::Copy => self.copy(e, &mut operands),
            Builtin::Delete => self.delete(e, &mut operands),
            Builtin::Real | Builtin::Imag => self.real_imag(e, b, &mut operands[0]),
            Builtin::Make => self.make(e, args),
            Builtin::Max | Builtin::Min => self.min_max(e, b, &mut operands),
            Builtin::New => self.new_value(e, args[0]),
            Builtin::Panic => {
                self.env.panics.insert(e);
                self.take(&mut operands[0], Some(TypeId::EMPTY_INTERFACE), "argument to panic")
                    .then(|| Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e))
            }
            Builtin::Print | Builtin::Println => {
                let context = format!("argument to built-in {name}");
                let all = operands.iter_mut().all(|x| self.take(x, None, &context));
                all.then(|| Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e))
            }
            Builtin::Recover => Some(Operand::new(Mode::Value, TypeId::EMPTY_INTERFACE, e)),
            _ => self.unsafe_builtin(e, b, &mut operands, args),
        };
        result.unwrap_or_else(|| Operand::invalid(e))
    }

    /// An assignment of an argument; tells whether it is right.
    fn take(&mut self, x: &mut Operand, to: Option<TypeId>, context: &str) -> bool {
        self.assignment(x, to, context);
        !x.is_invalid()
    }

    fn fail(&mut self, code: Code, at: ExprId, message: String) -> Option<Operand> {
        self.error_at(code, at, message);
        None
    }

    /// The element type of a slice argument, or the words for what else it is.
    fn slice_elem(&self, x: &Operand) -> Result<TypeId, String> {
        let core = self.prog.types.common_under(x.ty).unwrap_or(x.ty);
        match *self.prog.types.get(core) {
            Type::Slice(elem) => Ok(elem),
            _ if x.is_nil() => Err("argument must be a slice; have untyped nil".to_string()),
            _ => Err(format!("argument must be a slice; have {}", self.os(x))),
        }
    }

    /// `append(s, xs...)`
    fn append(&mut self, e: ExprId, args: &mut [Operand], has_dots: bool) -> Option<Operand> {
        let slice = args[0].ty;
        let elem = match self.slice_elem(&args[0]) {
            Ok(elem) => elem,
            Err(why) => return self.fail(Code::InvalidAppend, args[0].expr, format!("invalid append: {why}")),
        };
        let result = Operand::new(Mode::Value, slice, e);
        // "As a special case, append also accepts a first argument assignable to type []byte with a second argument of
        // string type followed by ..."
        let all_bytes = |c: &Self, ty| {
            let types = &c.prog.types;
            types.all(ty, |t| types.is_string(t) || types.is_bytes(t)) && !types.all(ty, |t| types.is_bytes(t))
        };
        if has_dots && args.len() == 2 && all_bytes(self, args[1].ty) {
            let bytes = self.prog.types.slice(TypeId::BYTE);
            let core = self.prog.types.common_under(slice);
            if self.assignable_to(&args[0], bytes).is_ok() || core == Some(bytes) {
                self.string_operand(&mut args[1]);
                return Some(result);
            }
        }
        let rest = self.prog.types.slice(elem);
        let param = |ty| Param { name: gol_source::Symbol::EMPTY, ty, span: gol_source::Span::NONE };
        let params = vec![param(slice), param(rest)];
        let sig = Signature { params, variadic: true, ..Signature::default() };
        self.arguments(e, &sig, args);
        Some(result)
    }

    /// `len(x)`, `cap(x)`; `calls`: x contains calls or receives.
    fn len_cap(&mut self, e: ExprId, b: Builtin, x: &mut Operand, calls: bool) -> Option<Operand> {
        let len = b == Builtin::Len;
        let under = match *self.prog.types.under(x.ty) {
            Type::Pointer(base) => {
                self.complete(base);
                let base = self.prog.types.underlying(base);
                if matches!(self.prog.types.get(base), Type::Array(..)) { base } else { x.ty }
            }
            _ => x.ty,
        };
        let value = Operand::new(Mode::Value, TypeId::INT, e);
        match *self.prog.types.under(under) {
            Type::Basic(Basic::String | Basic::UntypedString) if len => {
                if x.mode == Mode::Constant {
                    let n = x.val().as_bytes().map_or(Constant::Unknown, |s| Constant::from_i64(s.len() as i64));
                    return Some(Operand::constant(n, TypeId::INT, e));
                }
                Some(value)
            }
            Type::Array(_, n) if !calls => Some(Operand::constant(Constant::from_u64(n), TypeId::INT, e)),
            Type::Array(..) | Type::Slice(_) | Type::Chan(..) => Some(value),
            Type::Map(..) if len => Some(value),
            Type::TypeParam(_) if self.prog.types.all(x.ty, |t| self.has_len(t, len)) => Some(value),
            _ => {
                if !self.prog.types.underlying(x.ty).is_invalid() {
                    let code = if len { Code::InvalidLen } else { Code::InvalidCap };
                    let message = format!("invalid argument: {} for built-in {}", self.os(x), b.name());
                    self.error_at(code, x.expr, message);
                }
                None
            }
        }
    }

    fn has_len(&self, ty: TypeId, len: bool) -> bool {
        let types = &self.prog.types;
        match types.under(ty) {
            Type::Basic(Basic::String) | Type::Map(..) => len,
            Type::Array(..) | Type::Slice(_) | Type::Chan(..) => true,
            Type::Pointer(base) => matches!(types.under(*base), Type::Array(..)),
            _ => false,
        }
    }

    /// `clear(x)`
    fn clear(&mut self, e: ExprId, x: &Operand) -> Option<Operand> {
        let types = &self.prog.types;
        if types.all(x.ty, |t| matches!(types.under(t), Type::Map(..) | Type::Slice(_))) {
            return Some(Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e));
        }
        let message =
            format!("invalid argument: cannot clear {}: argument must be (or constrained by) map or slice", self.os(x));
        self.fail(Code::InvalidClear, x.expr, message)
    }

    /// `close(ch)`
    fn close(&mut self, e: ExprId, x: &Operand) -> Option<Operand> {
        let types = &self.prog.types;
        let closes = |t| matches!(types.under(t), Type::Chan(d, _) if *d != ChanDir::Recv);
        let what = match types.under(x.ty) {
            Type::TypeParam(_) if types.all(x.ty, closes) => {
                return Some(Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e));
            }
            Type::TypeParam(_) if types.all(x.ty, |t| matches!(types.under(t), Type::Chan(..))) => {
                "receive-only channel"
            }
            Type::Chan(ChanDir::Recv, _) => "receive-only channel",
            Type::Chan(..) => return Some(Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e)),
            _ => "non-channel",
        };
        let message = format!("invalid operation: cannot close {what} {}", self.os(x));
        self.channel_error(Code::InvalidClose, self.start(x.expr), message, x);
        None
    }

    /// `complex(re, im)`
    fn complex(&mut self, e: ExprId, args: &mut [Operand]) -> Option<Operand> {
        let [x, y] = args else { return None };
        let types = &self.prog.types;
        match (types.is_untyped(x.ty), types.is_untyped(y.ty)) {
            (false, false) => {}
            (true, false) => self.convert_untyped(x, y.ty),
            (false, true) => self.convert_untyped(y, x.ty),
            (true, true) if x.mode == Mode::Constant && y.mode == Mode::Constant => {
                for o in [&mut *x, &mut *y] {
                    if self.prog.types.is_numeric(o.ty) && o.val().imag().sign() == 0 {
                        o.ty = TypeId::UNTYPED_FLOAT;
                    }
                }
            }
            // A shift that waits for its type: floats cannot be shifted, so this reports.
            (true, true) => {
                self.convert_untyped(x, TypeId::FLOAT64);
                self.convert_untyped(y, TypeId::FLOAT64);
            }
        }
        if x.is_invalid() || y.is_invalid() {
            return None;
        }
        if x.ty != y.ty {
            let (call, a, b) = (self.es(e), self.ts(x.ty), self.ts(y.ty));
            let message = format!("invalid operation: {call} (mismatched types {a} and {b})");
            return self.fail(Code::InvalidComplex, x.expr, message);
        }
        let ty = match self.prog.types.basic(x.ty) {
            Some(Basic::Float32) => TypeId::COMPLEX64,
            Some(Basic::Float64) => TypeId::COMPLEX128,
            Some(Basic::UntypedFloat) => TypeId::UNTYPED_COMPLEX,
            _ => {
                let ty = self.ts(x.ty);
                let message = format!("invalid argument: arguments have type {ty}, expected floating-point");
                return self.fail(Code::InvalidComplex, x.expr, message);
            }
        };
        if x.mode == Mode::Constant && y.mode == Mode::Constant {
            let (re, im) = (x.val().to_float(), y.val().to_float().make_imag());
            let value = Constant::binary(&re, BinaryOp::Add, &im, false);
            return Some(Operand::constant(value, ty, e));
        }
        Some(Operand::new(Mode::Value, ty, e))
    }

    /// `copy(dst, src)`
    fn copy(&mut self, e: ExprId, args: &mut [Operand]) -> Option<Operand> {
        let [dst, src] = args else { return None };
        let elem = match self.slice_elem(dst) {
            Ok(elem) => elem,
            Err(why) => return self.fail(Code::InvalidCopy, dst.expr, format!("invalid copy: {why}")),
        };
        let result = Operand::new(Mode::Value, TypeId::INT, e);
        let string = {
            let types = &self.prog.types;
            types.all(src.ty, |t| types.is_string(t) || types.is_bytes(t))
                && types.common_under(src.ty).is_none_or(|t| types.is_string(t))
        };
        let bytes = self.prog.types.slice(TypeId::BYTE);
        if string && (self.assignable_to(dst, bytes).is_ok() || self.prog.types.common_under(dst.ty) == Some(bytes)) {
            self.string_operand(src);
            return Some(result);
        }
        let src_elem = match self.slice_elem(src) {
            Ok(elem) => elem,
            Err(_) if string => TypeId::BYTE,
            Err(why) => return self.fail(Code::InvalidCopy, src.expr, format!("invalid copy: {why}")),
        };
        if elem != src_elem {
            let message = format!(
                "invalid copy: arguments {} and {} have different element types {} and {}",
                self.os(dst),
                self.os(src),
                self.ts(elem),
                self.ts(src_elem)
            );
            return self.fail(Code::InvalidCopy, dst.expr, message);
        }
        Some(result)
    }

    /// `delete(m, key)`
    fn delete(&mut self, e: ExprId, args: &mut [Operand]) -> Option<Operand> {
        let core = self.map_key(args[0].ty);
        let Some(key) = core else {
            let message = format!("invalid argument: {} is not a map", self.os(&args[0]));
            return self.fail(Code::InvalidDelete, args[0].expr, message);
        };
        self.take(&mut args[1], Some(key), "argument to delete")
            .then(|| Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e))
    }

    /// The type of the keys of a map, or of all maps of a type set.
    fn map_key(&self, ty: TypeId) -> Option<TypeId> {
        let types = &self.prog.types;
        let mut keys = types.type_set(ty).into_iter().map(|t| match *types.under(t) {
            Type::Map(key, _) => Some(key),
            _ => None,
        });
        let first = keys.next()??;
        keys.all(|k| k == Some(first)).then_some(first)
    }

    /// `real(c)`, `imag(c)`
    fn real_imag(&mut self, e: ExprId, b: Builtin, x: &mut Operand) -> Option<Operand> {
        if self.prog.types.is_untyped(x.ty) {
            if x.mode != Mode::Constant {
                // A shift that waits for its type; complex numbers cannot be shifted, so this reports.
                self.convert_untyped(x, TypeId::COMPLEX128);
                if x.is_invalid() {
                    return None;
                }
            } else if self.prog.types.is_numeric(x.ty) {
                x.ty = TypeId::UNTYPED_COMPLEX;
            }
        }
        let ty = match self.prog.types.basic(x.ty) {
            Some(Basic::Complex64) => TypeId::FLOAT32,
            Some(Basic::Complex128) => TypeId::FLOAT64,
            Some(Basic::UntypedComplex) => TypeId::UNTYPED_FLOAT,
            _ => {
                let code = if b == Builtin::Real { Code::InvalidReal } else { Code::InvalidImag };
                let message = format!("invalid argument: argument has type {}, expected complex type", self.ts(x.ty));
                return self.fail(code, x.expr, message);
            }
        };
        if x.mode == Mode::Constant {
            let value = if b == Builtin::Real { x.val().real() } else { x.val().imag() };
            return Some(Operand::constant(value, ty, e));
        }
        Some(Operand::new(Mode::Value, ty, e))
    }

    /// `make(T, sizes...)`
    fn make(&mut self, e: ExprId, args: &[ExprId]) -> Option<Operand> {
        let ty = self.var_type(args[0]);
        if ty.is_invalid() {
            self.use_exprs(&args[1..]);
            return None;
        }
        self.complete(ty);
        let core = self.prog.types.common_under(ty).unwrap_or(ty);
        let least = match self.prog.types.get(core) {
            Type::Slice(_) => 2,
            Type::Map(..) | Type::Chan(..) => 1,
            _ => {
                let arg = self.es(args[0]);
                let why = self.no_common_under(ty).unwrap_or("type must be slice, map, or channel".to_string());
                let message = format!("invalid argument: cannot make {arg}: {why}");
                return self.fail(Code::InvalidMake, args[0], message);
            }
        };
        if args.len() < least || least + 1 < args.len() {
            let (call, most, n) = (self.es(e), least + 1, args.len());
            let message = format!("invalid operation: {call} expects {least} or {most} arguments; found {n}");
            return self.fail(Code::WrongArgCount, e, message);
        }
        let sizes: Vec<i64> = args[1..].iter().filter_map(|&a| self.index(a, None).1).collect();
        if let [len, cap] = sizes[..]
            && len > cap
        {
            self.error_at(Code::SwappedMakeArgs, args[1], "invalid argument: length and capacity swapped");
        }
        Some(Operand::new(Mode::Value, ty, e))
    }

    /// `max(x, ys...)`, `min(x, ys...)`
    fn min_max(&mut self, e: ExprId, b: Builtin, args: &mut [Operand]) -> Option<Operand> {
        let op = if b == Builtin::Max { BinaryOp::Gt } else { BinaryOp::Lt };
        let mut x = args[0].clone();
        for i in 0..args.len() {
            let a = &mut args[i];
            if !self.prog.types.all(a.ty, |t| self.prog.types.is_ordered(t)) {
                let message = format!("invalid argument: {} cannot be ordered", self.os(a));
                return self.fail(Code::InvalidMinMaxOperand, a.expr, message);
            }
            if i == 0 {
                continue;
            }
            self.match_types(&mut x, a);
            if x.is_invalid() {
                return None;
            }
            if x.ty != a.ty {
                let message = format!(
                    "invalid argument: mismatched types {} (previous argument) and {} (type of {})",
                    self.ts(x.ty),
                    self.ts(a.ty),
                    self.shown(a)
                );
                return self.fail(Code::MismatchedTypes, a.expr, message);
            }
            if x.mode == Mode::Constant && a.mode == Mode::Constant {
                let (p, q) = (a.val(), x.val());
                if !p.is_unknown() && !q.is_unknown() && Constant::compare(&p, op, &q) {
                    x = a.clone();
                }
            } else {
                x.mode = Mode::Value;
                x.value = None;
            }
        }
        if x.mode != Mode::Constant {
            x.mode = Mode::Value;
            // An untyped value that is not constant gets its default type.
            let context = format!("argument to built-in {}", b.name());
            if !self.take(&mut x, Some(TypeId::EMPTY_INTERFACE), &context) {
                return None;
            }
        }
        for a in args.iter().filter(|a| a.shown.is_none()) {
            self.update_expr_type(a.expr, x.ty, true);
        }
        x.expr = e;
        Some(x)
    }

    /// `new(T)`, and since Go 1.26 `new(x)`.
    fn new_value(&mut self, e: ExprId, arg: ExprId) -> Option<Operand> {
        let mut x = self.expr_or_type(arg);
        self.exclude(&mut x, true, false);
        if x.is_invalid() {
            return None;
        }
        if x.mode != Mode::TypeExpr && self.prog.types.is_untyped(x.ty) && !self.take(&mut x, None, "argument to new") {
            return None;
        }
        let ty = self.prog.types.pointer(x.ty);
        Some(Operand::new(Mode::Value, ty, e))
    }

    fn unsafe_builtin(&mut self, e: ExprId, b: Builtin, operands: &mut [Operand], args: &[ExprId]) -> Option<Operand> {
        let size = |n: u64| Operand::constant(Constant::from_u64(n), TypeId::UINTPTR, e);
        let value = |ty| Some(Operand::new(Mode::Value, ty, e));
        match b {
            Builtin::UnsafeOffsetof => return self.offsetof(e, args[0]),
            Builtin::UnsafeAlignof | Builtin::UnsafeSizeof => {
                let context = format!("argument to unsafe.{}", b.name());
                if !self.take(&mut operands[0], None, &context) {
                    return None;
                }
                let ty = operands[0].ty;
                if self.has_unknown_size(ty) || self.prog.types.mentions_params(ty) {
                    return value(TypeId::UINTPTR);
                }
                if b == Builtin::UnsafeAlignof {
                    return Some(size(self.alignof(ty)));
                }
                let n = self.sizeof(ty);
                return if n > i64::MAX as u64 { self.too_large(&operands[0]) } else { Some(size(n)) };
            }
            _ => {}
        }
        let bytes = self.prog.types.pointer(TypeId::BYTE);
        let (x, rest) = operands.split_first_mut()?;
        match b {
            Builtin::UnsafeAdd => {
                let ok = self.take(x, Some(TypeId::UNSAFE_POINTER), "argument to unsafe.Add")
                    && self.valid_index(&mut rest[0], Code::InvalidUnsafeAdd, "length", true);
                if ok { value(TypeId::UNSAFE_POINTER) } else { None }
            }
            Builtin::UnsafeSlice => {
                let Type::Pointer(base) = *self.prog.types.under(x.ty) else {
                    let message = format!("invalid argument: {} is not a pointer", self.os(x));
                    return self.fail(Code::InvalidUnsafeSlice, x.expr, message);
                };
                let ok = self.valid_index(&mut rest[0], Code::InvalidUnsafeSlice, "length", false);
                let ty = self.prog.types.slice(base);
                if ok { value(ty) } else { None }
            }
            Builtin::UnsafeSliceData => {
                let Type::Slice(elem) = *self.prog.types.under(x.ty) else {
                    let message = format!("invalid argument: {} is not a slice", self.os(x));
                    return self.fail(Code::InvalidUnsafeSliceData, x.expr, message);
                };
                let ty = self.prog.types.pointer(elem);
                value(ty)
            }
            Builtin::UnsafeString => {
                let ok = self.take(x, Some(bytes), "argument to unsafe.String")
                    && self.valid_index(&mut rest[0], Code::InvalidUnsafeString, "length", false);
                if ok { value(TypeId::STRING) } else { None }
            }
            _ => {
                let ok = self.take(x, Some(TypeId::STRING), "argument to unsafe.StringData");
                if ok { value(bytes) } else { None }
            }
        }
    }

    fn too_large(&mut self, x: &Operand) -> Option<Operand> {
        let message = format!("{} is too large", self.os(x));
        self.fail(Code::TypeTooLarge, x.expr, message)
    }

    /// `unsafe.Offsetof(x.f)`
    fn offsetof(&mut self, e: ExprId, arg: ExprId) -> Option<Operand> {
        let inner = self.ast.unparen(arg);
        let Expr::Selector(xe, sel) = self.ast[inner].kind else {
            let message = format!("invalid argument: {} is not a selector expression", self.es(arg));
            self.error_at(Code::BadOffsetofSyntax, arg, message);
            self.use_exprs(&[arg]);
            return None;
        };
        let x = self.expr(xe);
        if x.is_invalid() {
            return None;
        }
        let base = match *self.prog.types.under(x.ty) {
            Type::Pointer(base) if matches!(self.prog.types.under(base), Type::Struct(_)) => base,
            _ => x.ty,
        };
        let name = self.text(sel.name);
        let (path, indirect, ty) = match self.lookup_field_or_method(base, false, self.pkg, sel.name, false) {
            Lookup::Found { selected: Selected::Field, path, indirect, ty, .. } => (path, indirect, ty),
            Lookup::Found { .. } => {
                let message = format!("invalid argument: {} is a method value", self.es(arg));
                return self.fail(Code::InvalidOffsetof, arg, message);
            }
            _ => {
                let message = format!("invalid argument: {} has no single field {name}", self.ts(base));
                return self.fail(Code::MissingFieldOrMethod, x.expr, message);
            }
        };
        if indirect {
            let message = format!("invalid argument: field {name} is embedded via a pointer in {}", self.ts(base));
            return self.fail(Code::InvalidOffsetof, x.expr, message);
        }
        if self.prog.types.mentions_params(base) {
            return Some(Operand::new(Mode::Value, TypeId::UINTPTR, e));
        }
        let offset = self.offset_of(base, &path);
        if offset > i64::MAX as u64 {
            return self.too_large(&x);
        }
        let (kind, selected) = (SelectionKind::FieldVal, Selected::Field);
        let selection = Selection { kind, recv: base, path, selected, indirect: false, ty };
        self.prog.info.selections.insert(inner, selection);
        self.record(&Operand::new(x.mode, ty, inner));
        Some(Operand::constant(Constant::from_u64(offset), TypeId::UINTPTR, e))
    }
}
