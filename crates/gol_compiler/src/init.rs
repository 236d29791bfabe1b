//! The entry: packages' variables in order of dependency, `init` functions, `main.main`.
//!
//! Each initialization step is a function of its own, so that its registers and literals are its own; the entry calls
//! them. Steps of trusted packages exist only for variables that something reached.

use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use gol_bytecode::{FuncId, Op};
use gol_source::Span;
use gol_syntax::ast::{Expr, ExprId};
use gol_types::package::InitStep;
use gol_types::types::{Type, TypeId};
use gol_types::{Mode, ObjKind, PkgId, VarKind};

use crate::call::{Callee, Prepared};
use crate::func::FuncGen;
use crate::place::Place;
use crate::program::{Session, Work};

impl Session<'_> {
    /// Compiles everything from `main.main` and the initializers on; gives the entry function.
    pub(crate) fn compile_all(&mut self) {
        let packages = self.package_order();
        self.reach_runtime();
        let mut inits: Vec<Vec<FuncId>> = Vec::new();
        for &pkg in &packages {
            let objs = self.tp.package(pkg).inits.clone();
            inits.push(objs.into_iter().map(|o| self.declared(o)).collect());
        }
        let main = packages.iter().rev().find_map(|p| {
            // A program under test is a package of that name, too, but has an import path.
            let package = self.tp.package(*p);
            let is_main = package.path == "main" && self.ast.text(package.name) == "main";
            self.tp.lookup(*p, self.tp.universe.sym_main).filter(|_| is_main)
        });
        let main = main.map(|m| self.declared(m));
        // Steps reach functions, functions reach variables, variables have steps.
        let mut done: Vec<Vec<(InitStep, FuncId)>> = packages.iter().map(|_| Vec::new()).collect();
        loop {
            self.drain();
            let mut more = false;
            for (i, &pkg) in packages.iter().enumerate() {
                for step in self.tp.init_order(pkg) {
                    if done[i].iter().any(|d| d.0 == step) {
                        continue;
                    }
                    let id = self.new_func(format!("{}.init", self.pkg_path(pkg)), 0, 0, false);
                    self.enqueue(id, Work::Init(step.clone()));
                    done[i].push((step, id));
                    more = true;
                }
            }
            if !more {
                break;
            }
        }
        self.close_late();
        let mut calls = Vec::new();
        for (i, &pkg) in packages.iter().enumerate() {
            // Go's compiler lays out variables with constant values ahead of all code.
            let order = self.tp.init_order(pkg);
            let (fixed, computed): (Vec<_>, Vec<_>) = order.into_iter().partition(|s| self.is_static(s.rhs));
            for step in fixed.iter().chain(&computed) {
                calls.extend(done[i].iter().find(|d| d.0 == *step).map(|d| d.1));
            }
            calls.extend(&inits[i]);
        }
        self.out.main = main;
        calls.extend(main);
        let entry = self.new_func("runtime.main".into(), 0, 0, false);
        let mut g = FuncGen::new(self, String::new(), Rc::default(), None, Span::NONE);
        let at = g.window(0);
        for f in calls {
            g.emit_call(Prepared { callee: Callee::Func(f), at, nargs: 0 });
        }
        g.ret(0, 0);
        g.finish(entry);
        self.out.entry = Some(entry);
    }

    /// All packages in the order of their initialization: again and again the first by import path whose imports are
    /// initialized; `runtime` and what it needs before all others.
    fn package_order(&self) -> Vec<PkgId> {
        let mut users: FxHashMap<PkgId, Vec<PkgId>> = FxHashMap::default();
        let mut open: FxHashMap<PkgId, usize> = FxHashMap::default();
        for (id, p) in self.tp.packages() {
            open.insert(id, p.imports.len());
            p.imports.iter().for_each(|i| users.entry(*i).or_default().push(id));
        }
        let mut first: Vec<PkgId> = self.tp.package_by_path("runtime").into_iter().collect();
        let mut at = 0;
        while let Some(&id) = first.get(at) {
            let more = self.tp.package(id).imports.iter().filter(|i| !first.contains(i));
            first.extend(more.copied().collect::<Vec<_>>());
            at += 1;
        }
        let key = |id: PkgId| (!first.contains(&id), self.pkg_path(id), id);
        let mut ready: BTreeSet<_> = self.tp.packages().filter(|p| open[&p.0] == 0).map(|p| key(p.0)).collect();
        let mut order = Vec::new();
        while let Some((_, _, id)) = ready.pop_first() {
            order.push(id);
            for user in users.remove(&id).unwrap_or_default() {
                let left = open.get_mut(&user).expect("all packages are counted");
                *left -= 1;
                if *left == 0 {
                    ready.insert(key(user));
                }
            }
        }
        order
    }

    /// Whether a variable's value needs no code: a constant, nil, or a literal of such.
    fn is_static(&self, x: ExprId) -> bool {
        let mut todo = vec![x];
        while let Some(x) = todo.pop() {
            let x = self.ast.unparen(x);
            let Some(facts) = self.tp.info.get(x) else { return false };
            if facts.value.is_some() || facts.mode == Mode::NilValue {
                continue;
            }
            match &self.ast[x].kind {
                Expr::CompositeLit { elems, .. } if !matches!(self.tp.types.under(facts.ty), Type::Map(..)) => {
                    todo.extend(elems.iter().map(|e| match self.ast[*e].kind {
                        Expr::KeyValue(_, v) => v,
                        _ => *e,
                    }));
                }
                _ => return false,
            }
        }
        true
    }

    /// Types and functions of package `runtime` that the VM needs, live from the start.
    pub(crate) fn reach_runtime(&mut self) {
        self.out.well_known.int = self.live_type(TypeId::INT);
        self.out.well_known.uint8 = self.type_ref(TypeId::UINT8);
        self.out.well_known.string = self.live_type(TypeId::STRING);
        self.out.well_known.error = self.type_ref(TypeId::ERROR);
        self.out.well_known.any = self.type_ref(TypeId::EMPTY_INTERFACE);
        let Some(pkg) = self.tp.package_by_path("runtime") else { return };
        let find = |s: &Self, name: &str| {
            let name = s.ast.names.lookup(name)?;
            s.tp.lookup(pkg, name)
        };
        let live = |s: &mut Self, name: &str, pointer: bool| {
            let Some(obj) = find(s, name) else { return Default::default() };
            s.check_object(obj);
            let ty = s.tp.objects[obj].ty;
            let ty = if pointer { s.tp.types.pointer(ty) } else { ty };
            s.live_type(ty)
        };
        self.out.well_known.error_string = live(self, "errorString", false);
        self.out.well_known.bounds_error = live(self, "boundsError", false);
        self.out.well_known.plain_error = live(self, "plainError", false);
        self.out.well_known.type_assertion_error = live(self, "TypeAssertionError", true);
        self.out.well_known.panic_nil_error = live(self, "PanicNilError", true);
        if let Some(obj) = find(self, "panicText") {
            self.out.well_known.panic_text = Some(self.declared(obj));
        }
    }

    /// The number of the next function literal in a package's initializers, from 1.
    pub(crate) fn next_init_literal(&mut self, init: &str) -> u32 {
        let n = self.init_literals.entry(init.to_string()).or_insert(0);
        *n += 1;
        *n
    }
}

impl FuncGen<'_, '_> {
    /// `lhs = rhs` of package-level variables.
    pub(crate) fn init_step(&mut self, step: &InitStep) {
        self.asm.set_pos(self.span.lo);
        self.owner_is_initializer = true;
        self.init_targets(step);
        self.asm.op(Op::Ret0, 0, 0, 0);
    }

    /// The stores of a step.
    pub(crate) fn init_targets(&mut self, step: &InitStep) {
        let blank = gol_source::Symbol::BLANK;
        let mut targets = Vec::new();
        for &obj in &step.lhs {
            let o = &self.s.tp.objects[obj];
            let is_blank = o.name == blank || !matches!(o.kind, ObjKind::Var(VarKind::Package));
            let ty = o.ty;
            targets.push((None, if is_blank { Place::Blank } else { self.var_place(obj) }, ty));
        }
        match targets[..] {
            [(_, Place::Blank, _)] => self.effects(step.rhs),
            [(_, place, ty)] => {
                let v = self.storable(step.rhs, ty);
                self.store(place, ty, v);
            }
            _ => self.unpack(step.rhs, &targets),
        }
    }
}
