//! Explicit conversions `T(x)`.

use super::{Checker, Operand};
use crate::types::TypeId;

impl Checker<'_> {
    /// Converts `x` to type `to`, or reports that it cannot be and spoils `x`.
    pub(crate) fn conversion(&mut self, x: &mut Operand, to: TypeId) {
        x.ty = to;
    }
}
