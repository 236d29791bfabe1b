//! `weak`: pointers that do not keep their objects alive.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const TABLE: Table = &[("cellOf", cell_of), ("target", target)];

/// `cellOf(ptr any, fresh *cell) *cell`: the cell of what a pointer points to, `fresh` if it has none.
fn cell_of(n: &mut Native<'_>) -> NativeResult {
    let ((_, address), fresh) = (n.iface(), n.pointer());
    let cell = n.weak_cell(address, fresh);
    n.give_pointer(cell);
    Ok(Flow::Done)
}

/// `target(c *cell, like any) any`: the pointer that a cell stands for, of the type of `like`.
fn target(n: &mut Native<'_>) -> NativeResult {
    let (cell, (ty, _)) = (n.pointer(), n.iface());
    let address = n.weak_address(cell);
    n.give_iface(ty, address);
    Ok(Flow::Done)
}
