//! Assignments and short variable declarations.
//!
//! Go's two phases: the operands of the left sides and the right sides are evaluated, then values are stored from left
//! to right. A single assignment whose left side has no calls evaluates the right side first.

use gol_bytecode::Op;
use gol_syntax::ast::{BinaryOp, Expr, ExprId};
use gol_types::ObjId;
use gol_types::types::TypeId;

use crate::func::{FuncGen, Var, Want};
use crate::place::Place;
use crate::program::Shape;
use crate::regalloc::Reg;

impl FuncGen<'_, '_> {
    /// `lhs = rhs`
    pub(crate) fn assign(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        match (lhs, rhs) {
            ([l], [r]) => self.assign_one(*l, *r),
            (_, [r]) if lhs.len() > 1 => {
                self.hoist_assignment(lhs, rhs);
                let places = self.targets(lhs);
                let targets: Vec<_> = places.into_iter().zip(lhs).map(|(p, l)| (None, p, self.ty(*l))).collect();
                self.unpack(*r, &targets);
            }
            _ => self.assign_many(lhs, rhs),
        }
    }

    fn is_blank(&self, x: ExprId) -> bool {
        let x = self.s.ast.unparen(x);
        matches!(self.s.ast[x].kind, Expr::Name(gol_source::Symbol::BLANK))
    }

    /// The places of left sides. What they need is evaluated, and copied where one of the assignments would change it.
    pub(crate) fn targets(&mut self, lhs: &[ExprId]) -> Vec<Place> {
        let mut places = Vec::new();
        let mut written = Vec::new();
        for &l in lhs {
            let place = if self.is_blank(l) { Place::Blank } else { self.place(l) };
            if let Place::Reg(r) = place {
                let ty = self.ty(l);
                written.push((r, self.s.regs(ty)));
            }
            places.push(place);
        }
        for p in &mut places {
            match p {
                Place::Mem { base, known: false, .. } => *base = self.settled(*base, 1, &written),
                Place::Elem { pair, index } => {
                    *pair = self.settled(*pair, 2, &written);
                    *index = self.settled(*index, 1, &written);
                }
                Place::Array { base, index, .. } => {
                    *base = self.settled(*base, 1, &written);
                    *index = self.settled(*index, 1, &written);
                }
                Place::Map { map, key, ty } => {
                    let n = match self.s.shape(*ty) {
                        Shape::Map(k, _) => self.s.regs(k),
                        _ => 1,
                    };
                    *map = self.settled(*map, 1, &written);
                    *key = self.settled(*key, n, &written);
                }
                _ => {}
            }
        }
        places
    }

    /// A copy of registers that are about to be written.
    fn settled(&mut self, r: Reg, n: u16, written: &[(Reg, u16)]) -> Reg {
        if !written.iter().any(|(w, len)| *w < r + n && r < w + len) {
            return r;
        }
        let t = self.temp(n);
        self.mov(t, r, n);
        t
    }

    fn assign_one(&mut self, l: ExprId, r: ExprId) {
        if self.is_blank(l) {
            if self.is_nil(r) {
                return;
            }
            self.expr(r, Want::Any);
            return;
        }
        let ty = self.ty(l);
        let bare = self.s.ast.unparen(l);
        if let Expr::Name(_) = self.s.ast[bare].kind
            && let Some(obj) = self.s.tp.info.uses.get(&bare)
            && let Some(Var::Reg(at)) = self.vars.get(obj)
        {
            let at = *at;
            self.expr_as(r, ty, Want::Var(at));
            return;
        }
        let pos = self.asm.pos();
        if self.has_call(l) {
            self.hoist_assignment(&[l], &[r]);
            let place = self.place(l);
            let v = self.storable(r, ty);
            self.asm.set_pos(pos);
            self.store(place, ty, v);
        } else {
            // A field of a struct in registers takes the value directly.
            if let Some(at) = self.register_part(bare) {
                self.expr_as(r, ty, Want::Var(at));
                return;
            }
            let v = self.storable(r, ty);
            if self.store_inner(bare, ty, v) {
                return;
            }
            let place = self.place(l);
            self.asm.set_pos(pos);
            self.store(place, ty, v);
        }
    }

    /// The registers of `x.f.g` where `x` is a struct variable in registers.
    fn register_part(&mut self, x: ExprId) -> Option<Reg> {
        let x = self.s.ast.unparen(x);
        match self.s.ast[x].kind {
            Expr::Name(_) => match self.vars.get(self.s.tp.info.uses.get(&x)?)? {
                Var::Reg(r) => Some(*r),
                _ => None,
            },
            Expr::Selector(base, _) => {
                let sel = self.s.tp.info.selections.get(&x)?.clone();
                if sel.indirect {
                    return None;
                }
                let r = self.register_part(base)?;
                match self.walk(Place::Reg(r), sel.recv, &sel.path).0 {
                    Place::Reg(r) => Some(r),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// As Go's compiler does, values that an earlier assignment would change are computed first; the others one by one, each
    /// right before it is stored. A panic in between shows it.
    fn assign_many(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let pos = self.asm.pos();
        self.hoist_assignments(lhs, rhs);
        let places = self.targets(lhs);
        let mut values = Vec::new();
        let (mut assigned, mut memory, mut visible) = (Vec::new(), false, false);
        for ((&l, &r), place) in lhs.iter().zip(rhs).zip(&places) {
            let ty = if *place == Place::Blank { self.ty(r) } else { self.ty(l) };
            let early = visible || self.has_call(r) || self.is_affected(r, &assigned, memory);
            values.push((r, ty, early.then(|| self.temp_for(ty))));
            let bare = self.s.ast.unparen(l);
            let object = match self.s.ast[bare].kind {
                Expr::Name(_) => self.s.tp.info.uses.get(&bare).copied(),
                _ => None,
            };
            match (*place, object) {
                (Place::Blank, _) => {}
                (Place::Reg(_), Some(o)) => {
                    visible |= self.defers && self.is_result(o);
                    assigned.push(o);
                }
                // A field in registers.
                (Place::Reg(_), None) => visible = true,
                _ => memory = true,
            }
        }
        let early: Vec<_> = values.iter().filter_map(|v| v.2.map(|at| (v.0, v.1, at))).collect();
        self.exprs_into(&early);
        for (place, (x, ty, at)) in places.into_iter().zip(values) {
            let m = self.regs.mark();
            match (at, place) {
                (None, Place::Reg(r)) => {
                    self.expr_as(x, ty, Want::Var(r));
                }
                (at, place) => {
                    let v = at.unwrap_or_else(|| self.storable(x, ty));
                    self.asm.set_pos(pos);
                    self.store(place, ty, v);
                }
            }
            self.regs.free(m);
        }
    }

    fn is_result(&self, obj: ObjId) -> bool {
        let var = self.vars.get(&obj).copied();
        var.is_some() && self.results.iter().any(|r| r.var == var)
    }

    /// `lhs := rhs`
    pub(crate) fn define(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        if lhs.iter().any(|l| self.defined(*l).is_some_and(|o| self.s.tp.objects[o].is_package_var())) {
            let targets: Vec<Option<ObjId>> = lhs.iter().map(|l| self.session_var(*l)).collect();
            return self.define_globals(&targets, rhs);
        }
        let objs: Vec<Option<ObjId>> = lhs.iter().map(|l| self.defined(*l)).collect();
        if lhs.len() == rhs.len() {
            if objs.iter().all(Option::is_some) || lhs.len() == 1 {
                let pairs: Vec<_> = objs.into_iter().zip(rhs.iter().copied()).collect();
                return self.declare_each(&pairs);
            }
            // Some are assigned, some new: all values first.
            let mut list = Vec::new();
            for (i, r) in rhs.iter().enumerate() {
                let ty = match objs[i] {
                    Some(o) => self.s.tp.objects[o].ty,
                    None if self.is_blank(lhs[i]) => self.ty(*r),
                    None => self.ty(lhs[i]),
                };
                let at = self.temp_for(ty);
                list.push((*r, ty, at));
            }
            self.exprs_into(&list);
            for (i, (_, ty, at)) in list.into_iter().enumerate() {
                match objs[i] {
                    Some(obj) => self.declare_value(obj, ty, at),
                    None if self.is_blank(lhs[i]) => {}
                    None => {
                        let place = self.place(lhs[i]);
                        self.store(place, ty, at);
                    }
                }
            }
            return;
        }
        let mut targets = Vec::new();
        for (l, obj) in lhs.iter().zip(objs) {
            let place = if obj.is_some() || self.is_blank(*l) { Place::Blank } else { self.place(*l) };
            let ty = if obj.is_some() || self.is_blank(*l) { TypeId::INVALID } else { self.ty(*l) };
            targets.push((obj, place, ty));
        }
        self.unpack(rhs[0], &targets);
    }

    /// The variable of a session that a left side of `:=` in an entry stands for, new or not; `None`: blank.
    fn session_var(&self, x: ExprId) -> Option<ObjId> {
        self.defined(x).or_else(|| self.s.tp.info.uses.get(&x).copied())
    }

    /// Sets variables of a session, which are at package level, where an entry's statements declare them.
    pub(crate) fn define_globals(&mut self, lhs: &[Option<ObjId>], rhs: &[ExprId]) {
        let m = self.regs.mark();
        let mut targets = Vec::new();
        for obj in lhs {
            let place = obj.map_or(Place::Blank, |o| self.var_place(o));
            targets.push((None, place, obj.map_or(TypeId::INVALID, |o| self.s.tp.objects[o].ty)));
        }
        if lhs.len() == rhs.len() {
            let mut list = Vec::new();
            for ((_, place, ty), x) in targets.iter_mut().zip(rhs) {
                if *place == Place::Blank {
                    *ty = self.ty(*x);
                }
                let at = self.temp_for(*ty);
                list.push((*x, *ty, at));
            }
            self.exprs_into(&list);
            for ((_, place, ty), (_, _, at)) in targets.into_iter().zip(list) {
                self.store(place, ty, at);
            }
        } else if let Some(&x) = rhs.first() {
            self.unpack(x, &targets);
        } else {
            for (_, place, ty) in targets {
                let at = self.temp_for(ty);
                self.zero(at, ty);
                self.store(place, ty, at);
            }
        }
        self.regs.free(m);
    }

    /// The object that a left side of `:=` declares; the blank name declares nothing that needs a place.
    pub(crate) fn defined(&self, x: ExprId) -> Option<ObjId> {
        if self.is_blank(x) {
            return None;
        }
        self.def(self.s.ast[x].span.lo)
    }

    /// Declares variables with a value each; later values do not see earlier variables.
    pub(crate) fn declare_each(&mut self, pairs: &[(Option<ObjId>, ExprId)]) {
        if let [(obj, x)] = *pairs {
            match obj {
                Some(obj) if self.s.tp.objects[obj].name != gol_source::Symbol::BLANK => {
                    let ty = self.s.tp.objects[obj].ty;
                    self.declare_init(obj, ty, x);
                }
                _ => {
                    let m = self.regs.mark();
                    if !self.is_nil(x) {
                        self.expr(x, Want::Any);
                    }
                    self.regs.free(m);
                }
            }
            return;
        }
        let mut list = Vec::new();
        let mut late = Vec::new();
        for &(obj, x) in pairs {
            let ty = obj.map_or_else(|| self.ty(x), |o| self.s.tp.objects[o].ty);
            let at = self.temp_for(ty);
            list.push((x, ty, at));
            late.push((obj, ty, at));
        }
        self.exprs_into(&list);
        for (obj, ty, at) in late {
            let Some(obj) = obj else { continue };
            if self.needs_memory(obj, ty) {
                let var = self.in_memory(obj, ty, Some(at));
                self.vars.insert(obj, var);
            } else {
                self.vars.insert(obj, Var::Reg(at));
            }
        }
    }

    /// Gives the values of one expression of several values to new variables or places.
    pub(crate) fn unpack(&mut self, x: ExprId, targets: &[(Option<ObjId>, Place, TypeId)]) {
        let members = self.s.members(self.facts(x).map_or(TypeId::INVALID, |t| t.ty));
        let pos = self.asm.pos();
        // New variables in registers get theirs first, so that they stay when the rest is freed.
        let mut fresh = Vec::new();
        for (obj, ..) in targets {
            let reg = match obj {
                Some(obj) => {
                    let ty = self.s.tp.objects[*obj].ty;
                    let boxed = self.needs_memory(*obj, ty);
                    let array = matches!(self.s.shape(ty), Shape::Array(..));
                    let n = if boxed { 1 + array as u16 } else { self.s.regs(ty) };
                    Some((self.temp(n), boxed))
                }
                None => None,
            };
            fresh.push(reg);
        }
        let m = self.regs.mark();
        let mut from = self.expr(x, Want::Any);
        self.asm.set_pos(pos);
        for (((obj, place, ty), member), reg) in targets.iter().zip(&members).zip(fresh) {
            let n = self.s.regs(*member);
            match (obj, reg) {
                (Some(obj), Some((r, boxed))) => {
                    let ty = self.s.tp.objects[*obj].ty;
                    let v = self.value_as(from, *member, ty, Want::Any);
                    if boxed {
                        let keep = self.regs.mark();
                        let var = self.in_memory(*obj, ty, Some(v));
                        let at = match var {
                            Var::Reg(at) | Var::Mem(at) | Var::Array(at) => at,
                        };
                        let array = matches!(var, Var::Array(_));
                        self.mov(r, at, 1 + array as u16);
                        self.regs.free(keep);
                        self.vars.insert(*obj, if array { Var::Array(r) } else { Var::Mem(r) });
                    } else {
                        let n = self.s.regs(ty);
                        self.mov(r, v, n);
                        self.vars.insert(*obj, Var::Reg(r));
                    }
                }
                _ if *place != Place::Blank => {
                    let v = self.value_as(from, *member, *ty, Want::Any);
                    self.store(*place, *ty, v);
                }
                _ => {}
            }
            from += n;
        }
        self.regs.free(m);
    }

    /// `x op= y`
    pub(crate) fn op_assign(&mut self, op: BinaryOp, pos: u32, x: ExprId, y: ExprId) {
        let ty = self.ty(x);
        let bare = self.s.ast.unparen(x);
        let m = self.regs.mark();
        self.hoist(&[x, y]);
        let late_y = self.has_call(y) && !self.has_call(x);
        let early = if late_y && self.s.tp.info.value_of(y).is_none() && !self.is_register_target(bare) {
            Some(self.operand(y))
        } else {
            None
        };
        let place = self.place(x);
        if self.update(op, place, ty, y, early) {
            return self.regs.free(m);
        }
        if let Place::Reg(r) = place {
            let m = self.regs.mark();
            if early.is_none() && self.mul_add(op, pos, r, y, ty) {
                return self.regs.free(m);
            }
            self.op_with(op, pos, r, y, early, ty, Want::Var(r), m);
        } else {
            let m = self.regs.mark();
            let a = self.load_to_set(place, ty);
            let v = self.op_with(op, pos, a, y, early, ty, Want::Any, m);
            let n = self.s.regs(ty);
            self.regs.keep(v, n);
            self.store(place, ty, v);
        }
        self.regs.free(m);
    }

    fn is_register_target(&mut self, x: ExprId) -> bool {
        self.register_part(x).is_some()
    }

    #[allow(clippy::too_many_arguments)]
    fn op_with(
        &mut self,
        op: BinaryOp,
        pos: u32,
        a: Reg,
        y: ExprId,
        early: Option<Reg>,
        ty: TypeId,
        want: Want,
        m: crate::regalloc::Mark,
    ) -> Reg {
        match early {
            Some(b) => {
                self.asm.set_pos(pos);
                if op.is_shift()
                    && let Shape::Int(k) = self.shape_of(y)
                    && k.signed
                {
                    self.asm.op(Op::ShiftCheck, b, 0, 0);
                }
                self.arith(op, a, b, ty, want, m)
            }
            None => self.binary_with(op, pos, a, y, ty, want, m),
        }
    }

    /// `x++`, `x--`
    pub(crate) fn inc_dec(&mut self, x: ExprId, inc: bool, pos: u32) {
        let ty = self.ty(x);
        let place = self.place(x);
        self.asm.set_pos(pos);
        if matches!(self.s.shape(ty), Shape::Int(k) if k.bits == 64)
            && self.update_by(place, ty, if inc { 1 } else { -1 })
        {
            return;
        }
        let (a, to) = match place {
            Place::Reg(r) => (r, r),
            _ => {
                let a = self.load_to_set(place, ty);
                let n = self.s.regs(ty);
                (a, self.temp(n))
            }
        };
        match self.s.shape(ty) {
            Shape::Int(k) => {
                self.asm.op(Op::AddK, to, a, if inc { 1 } else { -1i16 as u16 });
                if k.bits < 64 {
                    self.narrow(k, to, to);
                }
            }
            shape => {
                let one = self.temp(1);
                let (bits, op) = match (shape, inc) {
                    (Shape::F32 | Shape::C64, true) => (1f32.to_bits() as u64, Op::AddF32),
                    (Shape::F32 | Shape::C64, false) => (1f32.to_bits() as u64, Op::SubF32),
                    (_, true) => (1f64.to_bits(), Op::AddF),
                    (_, false) => (1f64.to_bits(), Op::SubF),
                };
                self.load_int(one, bits as i64);
                self.asm.op(op, to, a, one);
                if matches!(shape, Shape::C64 | Shape::C128) {
                    self.mov(to + 1, a + 1, 1);
                }
            }
        }
        if !matches!(place, Place::Reg(_)) {
            self.store(place, ty, to);
        }
    }
}
