//! The order in which package-level variables are initialized.
//!
//! Spec, "Package initialization": the next variable is the earliest in source order that has no uninitialized
//! dependencies, where functions pass on the dependencies of their bodies. Cycles through variables and constants are
//! errors.

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

use gol_source::{Code, Diagnostic};

use super::Checker;
use crate::objects::{ObjId, ObjKind, PkgId};
use crate::package::{InitStep, Program};

/// Which is next: constants first, then by number of open dependencies, then in source order.
type Priority = (bool, usize, ObjId);

/// The steps, and the objects that were taken although they depend on others: they may be part of a cycle.
pub(super) fn init_order(prog: &Program, pkg: PkgId) -> (Vec<InitStep>, Vec<ObjId>) {
    let is_func = |o: ObjId| matches!(prog.objects[o].kind, ObjKind::Func { .. });
    let is_const = |o: ObjId| matches!(prog.objects[o].kind, ObjKind::Const(_));
    let is_node = |o: ObjId| is_const(o) || prog.objects[o].is_var();
    let nodes: Vec<ObjId> = prog.package(pkg).objects.iter().copied().filter(|&o| is_node(o)).collect();
    // What earlier entries of a session declared is initialized.
    let earlier = |o: ObjId| prog.session_package() == Some(pkg) && !prog.in_entry(o);

    let mut open: FxHashMap<ObjId, usize> = FxHashMap::default();
    let mut users: FxHashMap<ObjId, Vec<ObjId>> = FxHashMap::default();
    for &node in &nodes {
        // Everything that is reached through functions alone.
        let mut found: BTreeSet<ObjId> = BTreeSet::new();
        let mut functions: FxHashSet<ObjId> = FxHashSet::default();
        let mut work: Vec<ObjId> = prog.deps(node).collect();
        while let Some(o) = work.pop() {
            if !is_func(o) {
                if !earlier(o) {
                    found.insert(o);
                }
            } else if functions.insert(o) {
                work.extend(prog.deps(o));
            }
        }
        open.insert(node, found.len());
        for o in found {
            users.entry(o).or_default().push(node);
        }
    }

    let priority = |o: ObjId, open: usize| -> Priority { (!is_const(o), open, o) };
    let mut queue: BTreeSet<Priority> = nodes.iter().map(|&n| priority(n, open[&n])).collect();
    let (mut steps, mut suspects) = (Vec::new(), Vec::new());
    let mut done = FxHashSet::default();
    while let Some((_, left, node)) = queue.pop_first() {
        if left > 0 {
            suspects.push(node);
        }
        for &user in users.get(&node).map_or(&[][..], |u| u) {
            let n = open.get_mut(&user).expect("users are nodes");
            if queue.remove(&priority(user, *n)) {
                *n -= 1;
                queue.insert(priority(user, *n));
            }
        }
        let Some(decl) = prog.objects[node].decl.filter(|_| prog.objects[node].is_var()) else { continue };
        let info = prog.decl(decl);
        if let Some(rhs) = info.init
            && info.checked
            && done.insert(decl)
        {
            steps.push(InitStep { lhs: info.lhs.clone(), rhs });
        }
    }
    (steps, suspects)
}

impl Program {
    /// What an object's declaration mentions, in source order.
    fn deps(&self, obj: ObjId) -> impl Iterator<Item = ObjId> {
        self.objects[obj].decl.into_iter().flat_map(|d| self.decl(d).deps.iter().copied())
    }
}

impl Checker<'_> {
    /// Reports initialization cycles.
    pub(super) fn check_init_order(&mut self) {
        let (_, suspects) = init_order(self.prog, self.pkg);
        for obj in suspects {
            let Some(cycle) = self.find_cycle(obj) else { continue };
            let (name, at) = (self.text(self.prog.objects[obj].name), self.prog.objects[obj].span);
            if cycle.len() == 2 {
                let message = format!("initialization cycle: {name} refers to itself");
                self.error(Code::InvalidInitCycle, at, message);
                continue;
            }
            let d = Diagnostic::error(Code::InvalidInitCycle, at, format!("initialization cycle for {name}"));
            self.report_path(d, &cycle);
        }
    }

    /// A path of dependencies from an object back to itself, both ends included.
    fn find_cycle(&self, obj: ObjId) -> Option<Vec<ObjId>> {
        let mut seen: FxHashSet<ObjId> = FxHashSet::from_iter([obj]);
        // Depth first with a stack of what is left to try at each depth.
        let mut path = vec![obj];
        let mut left: Vec<Vec<ObjId>> = vec![self.prog.deps(obj).collect()];
        left[0].reverse();
        while let Some(top) = left.last_mut() {
            let Some(next) = top.pop() else {
                left.pop();
                path.pop();
                continue;
            };
            if next == obj {
                path.push(obj);
                return Some(path);
            }
            if seen.insert(next) {
                let mut deps: Vec<ObjId> = self.prog.deps(next).collect();
                deps.reverse();
                left.push(deps);
                path.push(next);
            }
        }
        None
    }
}
