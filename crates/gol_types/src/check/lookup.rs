//! Fields and methods by name: embedding, promotion, ambiguity, and what a type lacks to implement an interface.

use gol_source::Symbol;

use super::Checker;
use crate::info::Selected;
use crate::objects::PkgId;
use crate::types::TypeId;

/// What a selector finds.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// A field or method.
    Found {
        /// Which.
        selected: Selected,
        /// Field indices; see [`crate::info::Selection::path`].
        path: Vec<u32>,
        /// Whether a pointer was gone through.
        indirect: bool,
        /// The field's type or the method's function type (without receiver).
        ty: TypeId,
    },
    /// Nothing.
    NotFound,
    /// Several at the same depth.
    Ambiguous,
    /// A method with a pointer receiver, and the type is not a pointer (and not addressable).
    NeedsPointer,
}

impl Checker<'_> {
    /// The field or method `name` (of package `pkg` if it is not exported) of type `ty`. `addressable`: the operand is
    /// a variable, so that methods with pointer receivers count. `fold_case` finds names that differ in case only.
    pub(crate) fn lookup_field_or_method(
        &mut self,
        _ty: TypeId,
        _addressable: bool,
        _pkg: PkgId,
        _name: Symbol,
        _fold_case: bool,
    ) -> Lookup {
        Lookup::NotFound
    }
}
