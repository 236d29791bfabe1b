//! Instructions for what is often done in memory: adding to a word there, and elements of slices that are in memory
//! themselves.
//!
//! Each stands for several in a row, and is taken where their order cannot be told from outside: what is evaluated in between
//! neither calls nor panics.

use gol_bytecode::{LeafKind, Op};
use gol_syntax::ast::{BinaryOp, Expr, ExprId};
use gol_types::types::TypeId;
use gol_types::{Selected, SelectionKind};

use crate::func::{FuncGen, Want};
use crate::place::{Place, is_word};
use crate::program::Shape;
use crate::regalloc::Reg;

/// An element of a slice that is in memory itself.
enum InnerElem {
    /// The slice is a field: pointer, offset, index.
    Field(Reg, u64, Reg),
    /// The slice is an element: address and length, its index, the index.
    Elem(Reg, Reg, Reg),
    /// The slice is elsewhere: address and length, index.
    Plain(Reg, Reg),
}

impl FuncGen<'_, '_> {
    /// Adds a constant to the integer at a place in memory, if there is an instruction for that.
    pub(crate) fn update_by(&mut self, place: Place, ty: TypeId, n: i16) -> bool {
        match self.updatable(place, ty) {
            Some(Place::Mem { base, off, .. }) => self.asm.op(Op::AddMK, base, n as u16, off as u16),
            Some(Place::Elem { pair, index }) => self.asm.op(Op::AddEK, pair, index, n as u16),
            _ => return false,
        }
        true
    }

    /// `place += y` or `place -= y`, if there is an instruction for that. `early`: `y` has been evaluated.
    pub(crate) fn update(&mut self, op: BinaryOp, place: Place, ty: TypeId, y: ExprId, early: Option<Reg>) -> bool {
        let shape = self.s.shape(ty);
        let is_int = matches!(shape, Shape::Int(k) if k.bits == 64);
        if is_int && early.is_none() {
            let n = match op {
                BinaryOp::Add => self.const_int(y),
                BinaryOp::Sub => self.const_int(y).and_then(i64::checked_neg),
                _ => None,
            };
            if let Some(n) = n.and_then(|n| i16::try_from(n).ok()) {
                return self.update_by(place, ty, n);
            }
        }
        let (in_struct, in_slice) = match op {
            BinaryOp::Add if is_int => (Op::AddM, Some(Op::AddE)),
            BinaryOp::Add if shape == Shape::F64 => (Op::AddFM, Some(Op::AddFE)),
            BinaryOp::Sub if shape == Shape::F64 => (Op::SubFM, None),
            _ => return false,
        };
        let plain = early.is_some() || self.is_plain(y);
        if matches!(place, Place::Elem { .. }) && (in_slice.is_none() || !plain) {
            return false;
        }
        let Some(place) = self.updatable(place, ty) else { return false };
        let pos = self.asm.pos();
        if let (Place::Mem { base, known: false, .. }, false) = (place, plain) {
            self.asm.op(Op::NilCheck, base, 0, 0);
        }
        let v = match early {
            Some(v) => v,
            None => self.expr_as(y, ty, Want::Any),
        };
        self.asm.set_pos(pos);
        match (place, in_slice) {
            (Place::Mem { base, off, .. }, _) => self.asm.op(in_struct, base, v, off as u16),
            (Place::Elem { pair, index }, Some(op)) => self.asm.op(op, pair, index, v),
            _ => {}
        }
        true
    }

    /// The place of a word in memory in a form that the instructions take.
    fn updatable(&mut self, place: Place, ty: TypeId) -> Option<Place> {
        match place {
            Place::Mem { off, .. } if off <= u16::MAX as u64 => Some(place),
            Place::Elem { .. } => Some(place),
            Place::Array { .. } => Some(Place::known(self.addr(place, ty))),
            _ => None,
        }
    }

    /// `base[index]`, where the slice is in memory itself, as one instruction.
    pub(crate) fn load_inner(&mut self, x: ExprId, ty: TypeId, want: Want) -> Option<Reg> {
        let kind = self.single_leaf(ty)?;
        let word = is_word(kind);
        if !word && kind != LeafKind::U8 {
            return None;
        }
        let m = self.regs.mark();
        let elem = self.inner_elem(x)?;
        self.regs.free(m);
        Some(match elem {
            InnerElem::Field(base, off, index) => {
                let to = self.out(want, 1);
                self.asm.op_words(if word { Op::LdFE64 } else { Op::LdFEU8 }, to, base, index, &[off]);
                to
            }
            InnerElem::Elem(pair, outer, index) => {
                let to = self.out(want, 1);
                self.asm.op_words(if word { Op::LdEE64 } else { Op::LdEEU8 }, to, pair, outer, &[index as u64]);
                to
            }
            InnerElem::Plain(pair, index) => self.load(Place::Elem { pair, index }, ty, want),
        })
    }

    /// `base[index] = value` likewise; false: nothing is done.
    pub(crate) fn store_inner(&mut self, x: ExprId, ty: TypeId, value: Reg) -> bool {
        let Some(kind) = self.single_leaf(ty) else { return false };
        let word = is_word(kind);
        if !word && !matches!(kind, LeafKind::U8 | LeafKind::I8) {
            return false;
        }
        let Some(elem) = self.inner_elem(x) else { return false };
        match elem {
            InnerElem::Field(base, off, index) => {
                self.asm.op_words(if word { Op::StFE64 } else { Op::StFE8 }, base, index, value, &[off]);
            }
            InnerElem::Elem(pair, outer, index) => {
                let op = if word { Op::StEE64 } else { Op::StEE8 };
                self.asm.op_words(op, pair, outer, value, &[index as u64]);
            }
            InnerElem::Plain(pair, index) => self.store(Place::Elem { pair, index }, ty, value),
        }
        true
    }

    /// The kind of a type's only leaf.
    pub(crate) fn single_leaf(&mut self, ty: TypeId) -> Option<LeafKind> {
        let l = self.s.layout(ty);
        match l.leaves[..] {
            [leaf] if !l.is_mem => Some(leaf.kind),
            _ => None,
        }
    }

    /// Evaluates what an element of a slice needs that is a field or an element; `None`, with nothing done, for others.
    fn inner_elem(&mut self, x: ExprId) -> Option<InnerElem> {
        let ast = self.s.ast;
        let Expr::Index(base, index) = &ast[ast.unparen(x)].kind else { return None };
        let (base, &[index]) = (ast.unparen(*base), &index[..]) else { return None };
        let base_ty = self.ty(base);
        if !matches!(self.s.shape(base_ty), Shape::Slice(_))
            || self.hoisted.contains_key(&base)
            || self.is_wide(index)
            || !self.is_plain(index)
        {
            return None;
        }
        match &ast[base].kind {
            Expr::Selector(..) => {
                let sel = self.s.tp.info.selections.get(&base)?;
                if sel.kind != SelectionKind::FieldVal || sel.selected != Selected::Field {
                    return None;
                }
                let place = self.place(base);
                if let Place::Mem { base: p, off, .. } = place {
                    let index = self.expr(index, Want::Any);
                    let pos = self.end_pos(base);
                    self.asm.set_pos(pos);
                    return Some(InnerElem::Field(p, off, index));
                }
                let pair = self.load(place, base_ty, Want::Any);
                let index = self.expr(index, Want::Any);
                let pos = self.end_pos(base);
                self.asm.set_pos(pos);
                Some(InnerElem::Plain(pair, index))
            }
            Expr::Index(outer, outer_index) => {
                let (outer, &[outer_index]) = (*outer, &outer_index[..]) else { return None };
                if !matches!(self.shape_of(outer), Shape::Slice(_)) {
                    return None;
                }
                self.hoist(&[outer, outer_index]);
                let pair = self.expr(outer, Want::Any);
                let at = self.index_operand(outer_index, pair + 1);
                let index = self.expr(index, Want::Any);
                let pos = self.end_pos(base);
                self.asm.set_pos(pos);
                Some(InnerElem::Elem(pair, at, index))
            }
            _ => None,
        }
    }
}
