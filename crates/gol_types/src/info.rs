//! What the checker found out about each node: the input of the compiler.
//!
//! All tables are keyed by ids and offsets that are unique in the program, so one [`Info`] serves all packages. Types
//! recorded here are final: an untyped expression has the type that its context gave it, as in `go/types`.

use rustc_hash::FxHashMap;

use gol_source::Table;
use gol_syntax::ast::ExprId;

use crate::constant::Constant;
use crate::objects::{Builtin, ObjId};
use crate::types::TypeId;

/// What an expression denotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Wrong, and reported.
    Invalid,
    /// A call of a function without results.
    NoValue,
    /// A built-in function, not yet called.
    Builtin(Builtin),
    /// A type.
    TypeExpr,
    /// A constant; the value is there.
    Constant,
    /// An addressable variable, field, element or indirection.
    Variable,
    /// A map's element: not addressable, but assignable, and it has a comma-ok form.
    MapIndex,
    /// A computed value. A call with several results has a tuple as its type.
    Value,
    /// `nil`; its type is what it was converted to, or untyped nil.
    NilValue,
    /// A value with a comma-ok form: a receive or a type assertion. Recorded with a tuple type where that form is used.
    CommaOk,
}

/// An expression's mode, type and constant value.
#[derive(Clone, Debug)]
pub struct TypeAndValue {
    /// What it denotes.
    pub mode: Mode,
    /// Its type; for a type expression the type itself. In a comma-ok form the tuple `(T, bool)`.
    pub ty: TypeId,
    /// Its value, if it is constant.
    pub value: Option<Constant>,
}

impl TypeAndValue {
    /// Whether it is a type.
    pub fn is_type(&self) -> bool {
        self.mode == Mode::TypeExpr
    }
}

/// Which kind of selector expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectionKind {
    /// `x.f`: a struct field.
    FieldVal,
    /// `x.m`: a method bound to a value.
    MethodVal,
    /// `T.m`: a method as a function whose first parameter is the receiver.
    MethodExpr,
}

/// What is selected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selected {
    /// The field at the end of the path.
    Field,
    /// A declared method. Its [`crate::objects::Receiver`] says whether it wants a pointer.
    Method(ObjId),
    /// The method with this index in the methods of the interface type at the end of the path.
    Interface(u32),
}

/// A selector expression that is not a qualified identifier.
///
/// To evaluate it: start with `x` of type `recv`; for each index of `path` go through the pointer if the type so far
/// is one, and take that field. For a method then compare what is reached (`T`, `*T` or an interface) with the method's
/// receiver, and go through the pointer or take the address: the checker has made sure that it is possible.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Which kind.
    pub kind: SelectionKind,
    /// The type of `x` in `x.sel`; for a method expression the type `T` as written.
    pub recv: TypeId,
    /// Field indices from `recv` on: embedded fields, and for [`Selected::Field`] the selected field last.
    pub path: Vec<u32>,
    /// What is at the end.
    pub selected: Selected,
    /// Whether a pointer was gone through on the way (including `recv` itself).
    pub indirect: bool,
    /// Type of the whole: the field's type, the bound method's function type, or with the receiver as first parameter.
    pub ty: TypeId,
}

/// The result of checking, for all packages of a program.
#[derive(Default)]
pub struct Info {
    types: Table<Option<TypeAndValue>>,
    /// What a name, or the name in a qualified identifier (keyed by the selector), stands for.
    pub uses: FxHashMap<ExprId, ObjId>,
    /// The object that a declaring identifier at this offset declares: functions, types, constants, variables,
    /// parameters, named results, receivers, new names of `:=`, labels. Blank identifiers have objects too.
    pub defs: FxHashMap<u32, ObjId>,
    /// Selector expressions that are not qualified identifiers.
    pub selections: FxHashMap<ExprId, Selection>,
    /// The variable of a type-switch clause, by the clause's start offset.
    pub implicits: FxHashMap<u32, ObjId>,
    /// The field that a key in a struct literal names: indices from the literal's type on, several for a promoted field.
    pub lit_fields: FxHashMap<ExprId, Vec<u32>>,
    /// The type arguments of a use of a generic function or type.
    pub instances: FxHashMap<ExprId, Vec<TypeId>>,
}

impl Info {
    /// What is known about an expression; `None` for one that was not checked (bodies on demand) or has no type of its
    /// own, such as a field key in a composite literal.
    pub fn get(&self, x: ExprId) -> Option<&TypeAndValue> {
        self.types.get(x.0)?.as_ref()
    }

    /// The type of a checked expression.
    pub fn type_of(&self, x: ExprId) -> Option<TypeId> {
        self.get(x).map(|t| t.ty)
    }

    /// The constant value of an expression, if it has one.
    pub fn value_of(&self, x: ExprId) -> Option<&Constant> {
        self.get(x)?.value.as_ref()
    }

    /// Gives a checked expression a constant value, or takes it away: the compiler knows the value of a variable for a while.
    pub fn set_value(&mut self, x: ExprId, value: Option<Constant>) {
        if let Some(Some(tv)) = self.types.get_mut(x.0) {
            tv.value = value;
        }
    }

    /// Records an expression.
    pub(crate) fn record(&mut self, x: ExprId, tv: TypeAndValue) {
        self.types.set(x.0, Some(tv));
    }

    /// What is known about an expression, to change it.
    pub(crate) fn get_mut(&mut self, x: ExprId) -> Option<&mut TypeAndValue> {
        self.types.get_mut(x.0)?.as_mut()
    }
}
