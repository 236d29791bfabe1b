//! Functions of the library that code names and few programs need: what prints a map and orders its keys, what writes a
//! float, what quotes.
//!
//! Such a function says in the line above its declaration when it is needed: `//gol:needs map` if there are values of one of these
//! kinds, `//gol:needs doPrintf` if that function of its package is reached. A value in an interface is of a live type, so
//! while no live type has one of the kinds nothing calls what takes such values out of interfaces; that the other kind of
//! need is true is the library's promise. The body is compiled when the need arises, as methods are
//! ([`Session::pair_methods`]); if it never does, the body is one instruction. So hello world does without half of fmt. A
//! session, where any later entry may bring the need, and a program that makes types while it runs compile all of them.

use std::rc::Rc;

use gol_bytecode::{FuncId, Kind};
use gol_source::Span;
use gol_types::{ObjId, ObjKind};

use crate::func::FuncGen;
use crate::program::{FuncKey, Session, Work};

/// What stands before the needs.
const DIRECTIVE: &str = "//gol:needs ";

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct KindSet(u32);

impl KindSet {
    const FLOATS: KindSet = KindSet(1 << Kind::Float32 as u32 | 1 << Kind::Float64 as u32);
    const COMPLEX: KindSet = KindSet(1 << Kind::Complex64 as u32 | 1 << Kind::Complex128 as u32);
    const MAPS: KindSet = KindSet(1 << Kind::Map as u32);

    fn meets(self, other: KindSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// When a function is needed: if one of all these is there.
#[derive(Clone, Default, Debug)]
struct Needs {
    kinds: KindSet,
    funcs: Vec<ObjId>,
}

/// The functions that are not compiled yet, and the kinds that live types have.
#[derive(Default)]
pub(crate) struct Late {
    /// The program is all there is: no need arises after it is compiled.
    pub(crate) whole: bool,
    live: KindSet,
    waiting: Vec<(Needs, FuncId, ObjId)>,
}

impl Late {
    /// Takes note of a live type of this kind.
    pub(crate) fn note(&mut self, kind: Kind) {
        self.live.0 |= 1 << kind as u32;
    }
}

impl Session<'_> {
    /// The number of a function that is not needed yet, so that its body is left for later; `None` if it is needed.
    pub(crate) fn late_func(&mut self, obj: ObjId) -> Option<FuncId> {
        let needs = self.unmet_needs(obj)?;
        self.check_object(obj);
        let id = self.declare(obj);
        self.late.waiting.push((needs, id, obj));
        Some(id)
    }

    /// Whether a function is not needed yet.
    pub(crate) fn is_late(&self, obj: ObjId) -> bool {
        self.unmet_needs(obj).is_some()
    }

    /// Compiles functions that are needed now; false if there were none.
    pub(crate) fn compile_late(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.late.waiting);
        let (ready, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(needs, ..)| self.are_met(needs));
        self.late.waiting = waiting;
        for &(_, id, obj) in &ready {
            self.check_body(obj);
            self.enqueue(id, Work::Key(FuncKey::Decl(obj)));
        }
        !ready.is_empty()
    }

    /// Ends the functions that this program does not need.
    pub(crate) fn close_late(&mut self) {
        for (_, id, _) in std::mem::take(&mut self.late.waiting) {
            FuncGen::new(self, String::new(), Rc::default(), None, Span::NONE).finish(id);
        }
    }

    fn are_met(&self, needs: &Needs) -> bool {
        self.reached.types
            || needs.kinds.meets(self.late.live)
            || needs.funcs.iter().any(|f| self.kept.reached(*f).is_some())
    }

    /// What the line above a function of the library says, if that is so and not fulfilled yet.
    fn unmet_needs(&self, obj: ObjId) -> Option<Needs> {
        let o = &self.tp.objects[obj];
        let ObjKind::Func { decl: Some(decl), .. } = o.kind else { return None };
        if !self.late.whole || !self.is_trusted(obj) {
            return None;
        }
        let names = self.map.line_above(self.ast[decl].span.lo)?.strip_prefix(DIRECTIVE)?;
        let mut needs = Needs::default();
        for name in names.split_whitespace() {
            match name {
                "float" => needs.kinds.0 |= KindSet::FLOATS.0,
                "complex" => needs.kinds.0 |= KindSet::COMPLEX.0,
                "map" => needs.kinds.0 |= KindSet::MAPS.0,
                _ => needs.funcs.push(self.tp.lookup(o.pkg, self.ast.names.lookup(name)?)?),
            }
        }
        (!self.are_met(&needs)).then_some(needs)
    }
}
