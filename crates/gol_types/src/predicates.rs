//! Questions about types. Identity needs no question: ids are equal.

use rustc_hash::FxHashSet;

use crate::types::{Basic, ChanDir, Interface, Tag, Term, Type, TypeId, Types};

impl Types {
    /// The underlying basic type, if it is one.
    pub fn basic(&self, id: TypeId) -> Option<Basic> {
        match self.under(id) {
            Type::Basic(b) => Some(*b),
            _ => None,
        }
    }

    /// `bool` and untyped bool, by underlying type like all of these.
    pub fn is_boolean(&self, id: TypeId) -> bool {
        matches!(self.basic(id), Some(Basic::Bool | Basic::UntypedBool))
    }

    /// An integer type, typed or untyped (runes too).
    pub fn is_integer(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(Basic::is_integer)
    }

    /// An unsigned integer type.
    pub fn is_unsigned(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(Basic::is_unsigned)
    }

    /// A floating-point type, typed or untyped.
    pub fn is_float(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(Basic::is_float)
    }

    /// A complex type, typed or untyped.
    pub fn is_complex(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(Basic::is_complex)
    }

    /// An integer, floating-point or complex type.
    pub fn is_numeric(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(Basic::is_numeric)
    }

    /// `string` and untyped string.
    pub fn is_string(&self, id: TypeId) -> bool {
        matches!(self.basic(id), Some(Basic::String | Basic::UntypedString))
    }

    /// Integer, float or string.
    pub fn is_ordered(&self, id: TypeId) -> bool {
        self.basic(id).is_some_and(|b| b.is_integer() || b.is_float()) || self.is_string(id)
    }

    /// A type that constants can have: boolean, numeric or string.
    pub fn is_const_type(&self, id: TypeId) -> bool {
        self.is_boolean(id) || self.is_numeric(id) || self.is_string(id)
    }

    /// What `+` takes.
    pub fn is_numeric_or_string(&self, id: TypeId) -> bool {
        self.is_numeric(id) || self.is_string(id)
    }

    /// The type of an untyped constant or of nil.
    pub fn is_untyped(&self, id: TypeId) -> bool {
        matches!(self.get(id), Type::Basic(b) if b.is_untyped())
    }

    /// The opposite of [`Types::is_untyped`].
    pub fn is_typed(&self, id: TypeId) -> bool {
        !self.is_untyped(id)
    }

    /// An untyped number.
    pub fn is_untyped_numeric(&self, id: TypeId) -> bool {
        matches!(self.get(id), Type::Basic(b) if b.is_untyped() && b.is_numeric())
    }

    /// An interface type.
    pub fn is_interface(&self, id: TypeId) -> bool {
        matches!(self.under(id), Type::Interface(_))
    }

    /// Whether nil is a value of the type (or it is untyped nil itself).
    pub fn has_nil(&self, id: TypeId) -> bool {
        match self.under(id) {
            Type::Basic(b) => matches!(b, Basic::UnsafePointer | Basic::UntypedNil),
            Type::Pointer(_) | Type::Slice(_) | Type::Map(..) | Type::Chan(..) | Type::Func(_) => true,
            Type::Interface(_) => true,
            Type::TypeParam(_) => self.all(id, |t| self.has_nil(t)),
            _ => false,
        }
    }

    /// `[]byte` by underlying types.
    pub fn is_bytes(&self, id: TypeId) -> bool {
        matches!(*self.under(id), Type::Slice(e) if self.underlying(e) == TypeId::UINT8)
    }

    /// `[]byte` or `[]rune` by underlying types.
    pub fn is_bytes_or_runes(&self, id: TypeId) -> bool {
        matches!(*self.under(id), Type::Slice(e)
            if matches!(self.basic(e), Some(Basic::Uint8 | Basic::Int32)))
    }

    /// Whether the type has a name: predeclared and declared types.
    pub fn has_name(&self, id: TypeId) -> bool {
        matches!(self.get(id), Type::Basic(_) | Type::Named(_) | Type::TypeParam(_))
    }

    /// Whether values of the type can be compared with `==`; interfaces can (and may panic).
    pub fn comparable(&self, id: TypeId) -> bool {
        self.comparable_in(id, &mut FxHashSet::default())
    }

    /// [`Types::comparable`]; structs in `seen` are being looked at already. Without it, types that hold each other twice would
    /// take exponential time.
    fn comparable_in(&self, id: TypeId, seen: &mut FxHashSet<TypeId>) -> bool {
        match self.under(id) {
            Type::Basic(b) => *b != Basic::UntypedNil,
            Type::Pointer(_) | Type::Chan(..) | Type::Interface(_) => true,
            Type::Struct(fields) => !seen.insert(id) || fields.iter().all(|f| self.comparable_in(f.ty, seen)),
            Type::Array(e, _) => self.comparable_in(*e, seen),
            // A declared type whose underlying type is not known yet is in the middle of its declaration.
            Type::Named(_) => true,
            Type::TypeParam(_) => self.is_comparable_set(id),
            Type::Slice(_) | Type::Map(..) | Type::Func(_) | Type::Tuple(_) | Type::Union(_) => false,
        }
    }

    /// Whether comparing values of the type can never panic: no interface takes part.
    pub fn strictly_comparable(&self, id: TypeId) -> bool {
        match self.under(id) {
            Type::Basic(b) => *b != Basic::UntypedNil,
            Type::Pointer(_) | Type::Chan(..) | Type::Named(_) => true,
            Type::Struct(fields) => fields.iter().all(|f| self.strictly_comparable(f.ty)),
            Type::Array(e, _) => self.strictly_comparable(*e),
            Type::TypeParam(_) | Type::Interface(_) => self.is_comparable_set(id),
            Type::Slice(_) | Type::Map(..) | Type::Func(_) | Type::Tuple(_) | Type::Union(_) => false,
        }
    }

    /// Whether all types of a constraint's type set are strictly comparable. `id` is an interface or type parameter.
    fn is_comparable_set(&self, id: TypeId) -> bool {
        match self.constraint(id) {
            Some(Interface { terms: Some(terms), .. }) => {
                !terms.is_empty() && terms.iter().all(|t| self.strictly_comparable(t.ty))
            }
            Some(i) => i.comparable,
            None => false,
        }
    }

    /// The interface that a type parameter's constraint or an interface type is.
    pub fn constraint(&self, id: TypeId) -> Option<&Interface> {
        let id = match *self.get(id) {
            Type::TypeParam(p) => self.type_param(p).bound,
            _ => id,
        };
        match self.under(id) {
            Type::Interface(i) => Some(i),
            _ => None,
        }
    }

    /// The terms of a type parameter's type set; `None` for all other types, and where all types are in the set.
    pub fn terms(&self, id: TypeId) -> Option<&[Term]> {
        self.as_type_param(id)?;
        self.constraint(id)?.terms.as_deref()
    }

    /// Whether a question about an underlying type holds for a type: for a type parameter, whether it has specific types
    /// and it holds for all of them.
    pub fn all(&self, id: TypeId, f: impl Fn(TypeId) -> bool) -> bool {
        if self.as_type_param(id).is_none() {
            return f(id);
        }
        self.terms(id).is_some_and(|terms| !terms.is_empty() && terms.iter().all(|t| f(self.underlying(t.ty))))
    }

    /// The underlying types that values of a type can have: one, or those of a type parameter's type set (none if it
    /// has no specific types).
    pub fn type_set(&self, id: TypeId) -> Vec<TypeId> {
        match self.as_type_param(id) {
            Some(_) => self.terms(id).unwrap_or_default().iter().map(|t| t.ty).collect(),
            None => vec![id],
        }
    }

    /// The one underlying type of all types of a type set; of channels the most restricted. `None`: there is none.
    pub fn common_under(&self, id: TypeId) -> Option<TypeId> {
        if self.as_type_param(id).is_none() {
            return Some(self.underlying(id));
        }
        let mut common: Option<TypeId> = None;
        for t in self.terms(id)? {
            let u = self.underlying(t.ty);
            let Some(c) = common else {
                common = Some(u);
                continue;
            };
            match (self.get(c), self.get(u)) {
                (Type::Chan(d, a), Type::Chan(e, b)) if a == b => {
                    if *d == ChanDir::Both {
                        common = Some(u);
                    } else if *e != ChanDir::Both && d != e {
                        return None;
                    }
                }
                _ if c == u => {}
                _ => return None,
            }
        }
        common
    }

    /// What a pointer type (not a declared one) points to.
    pub fn deref(&self, id: TypeId) -> Option<TypeId> {
        match self.get(id) {
            Type::Pointer(e) => Some(*e),
            _ => None,
        }
    }

    /// Whether it is a pointer, by underlying type, to an interface.
    pub fn is_interface_pointer(&self, id: TypeId) -> bool {
        matches!(self.under(id), Type::Pointer(e) if self.is_interface(*e))
    }

    /// The same type without struct tags, in its parts too (but not inside of declared types).
    pub fn without_tags(&mut self, id: TypeId) -> TypeId {
        let stripped = match self.get(id).clone() {
            Type::Basic(_) | Type::Named(_) | Type::TypeParam(_) | Type::Union(_) => return id,
            Type::Pointer(e) => Type::Pointer(self.without_tags(e)),
            Type::Slice(e) => Type::Slice(self.without_tags(e)),
            Type::Array(e, n) => Type::Array(self.without_tags(e), n),
            Type::Map(k, e) => Type::Map(self.without_tags(k), self.without_tags(e)),
            Type::Chan(d, e) => Type::Chan(d, self.without_tags(e)),
            Type::Tuple(m) => Type::Tuple(m.into_iter().map(|t| self.without_tags(t)).collect()),
            Type::Struct(mut fields) => {
                for f in &mut fields {
                    f.tag = Tag::NONE;
                    f.ty = self.without_tags(f.ty);
                }
                Type::Struct(fields)
            }
            Type::Func(mut sig) => {
                for p in sig.params.iter_mut().chain(&mut sig.results) {
                    p.ty = self.without_tags(p.ty);
                }
                Type::Func(sig)
            }
            Type::Interface(mut i) => {
                for m in &mut i.methods {
                    m.ty = self.without_tags(m.ty);
                }
                Type::Interface(i)
            }
        };
        self.intern(stripped)
    }

    /// The type that an untyped operand gets by default; other types are their own.
    pub fn default_type(&self, id: TypeId) -> TypeId {
        match self.get(id) {
            Type::Basic(Basic::UntypedBool) => TypeId::BOOL,
            Type::Basic(Basic::UntypedInt) => TypeId::INT,
            Type::Basic(Basic::UntypedRune) => TypeId::RUNE,
            Type::Basic(Basic::UntypedFloat) => TypeId::FLOAT64,
            Type::Basic(Basic::UntypedComplex) => TypeId::COMPLEX128,
            Type::Basic(Basic::UntypedString) => TypeId::STRING,
            _ => id,
        }
    }
}

impl Basic {
    /// Integer types, untyped int and rune included.
    pub fn is_integer(self) -> bool {
        (Basic::Int..=Basic::Uintptr).contains(&self) || matches!(self, Basic::UntypedInt | Basic::UntypedRune)
    }

    /// Unsigned integer types.
    pub fn is_unsigned(self) -> bool {
        (Basic::Uint..=Basic::Uintptr).contains(&self)
    }

    /// Floating-point types.
    pub fn is_float(self) -> bool {
        matches!(self, Basic::Float32 | Basic::Float64 | Basic::UntypedFloat)
    }

    /// Complex types.
    pub fn is_complex(self) -> bool {
        matches!(self, Basic::Complex64 | Basic::Complex128 | Basic::UntypedComplex)
    }

    /// All numbers.
    pub fn is_numeric(self) -> bool {
        self.is_integer() || self.is_float() || self.is_complex()
    }

    /// The untyped kinds, nil included.
    pub fn is_untyped(self) -> bool {
        self >= Basic::UntypedBool
    }
}
