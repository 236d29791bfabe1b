//! Functions of the library that only values of some kinds need: what prints a map, orders its keys, or writes a float.
//!
//! Such a function says so in the line above its declaration: `//gol:kinds map`. A value in an interface is of a live type, so
//! while no live type has one of the kinds, nothing can call the function, whatever code names it. Its body is compiled when the
//! first such type becomes live, as methods are ([`Session::pair_methods`]); if none does, the body is one instruction that
//! is never reached. So hello world does without a third of fmt. A session, where a type may become live in any later entry,
//! and a program that makes types while it runs compile all of them.

use std::rc::Rc;

use gol_bytecode::{FuncId, Kind};
use gol_source::Span;
use gol_types::{ObjId, ObjKind};

use crate::func::FuncGen;
use crate::program::{FuncKey, Session, Work};

/// What stands before the names of the kinds.
const DIRECTIVE: &str = "//gol:kinds ";

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct KindSet(u32);

impl KindSet {
    fn with(self, kind: Kind) -> KindSet {
        KindSet(self.0 | 1 << kind as u32)
    }

    fn meets(self, other: KindSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// Which kinds are live, and which functions wait for one.
#[derive(Default)]
pub(crate) struct Kinds {
    /// The program is all there is: no type becomes live after it is compiled.
    pub(crate) whole: bool,
    live: KindSet,
    waiting: Vec<(KindSet, FuncId, ObjId)>,
}

impl Kinds {
    /// Takes note of a live type of this kind.
    pub(crate) fn add(&mut self, kind: Kind) {
        self.live = self.live.with(kind);
    }
}

impl Session<'_> {
    fn are_live(&self, kinds: KindSet) -> bool {
        self.reached.types || kinds.meets(self.kinds.live)
    }

    /// Whether nothing can call a function yet, since it is for values of kinds that are not live.
    pub(crate) fn waits_for_kind(&mut self, obj: ObjId) -> bool {
        self.kinds.whole && self.kinds_of(obj).is_some_and(|kinds| !self.are_live(kinds))
    }

    /// The number of such a function, whose body is left until then.
    pub(crate) fn wait_for_kind(&mut self, obj: ObjId) -> FuncId {
        self.check_object(obj);
        let id = self.declare(obj);
        let kinds = self.kinds_of(obj).unwrap_or_default();
        self.kinds.waiting.push((kinds, id, obj));
        id
    }

    /// Compiles functions that wait for a kind that is live now; false if there were none.
    pub(crate) fn release_kinds(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.kinds.waiting);
        let (ready, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|w| self.are_live(w.0));
        self.kinds.waiting = waiting;
        for &(_, id, obj) in &ready {
            self.check_body(obj);
            self.enqueue(id, Work::Key(FuncKey::Decl(obj)));
        }
        !ready.is_empty()
    }

    /// Ends the functions that nothing can call in this program.
    pub(crate) fn close_kinds(&mut self) {
        for (_, id, _) in std::mem::take(&mut self.kinds.waiting) {
            FuncGen::new(self, String::new(), Rc::default(), None, Span::NONE).finish(id);
        }
    }

    /// What the directive above a function of the library says.
    fn kinds_of(&self, obj: ObjId) -> Option<KindSet> {
        let ObjKind::Func { decl: Some(decl), .. } = self.tp.objects[obj].kind else { return None };
        if !self.is_trusted(obj) {
            return None;
        }
        let (_, names) = self.map.line_above(self.ast[decl].span.lo)?.split_once(DIRECTIVE)?;
        Some(names.split_whitespace().fold(KindSet::default(), |set, name| match name {
            "float" => set.with(Kind::Float32).with(Kind::Float64),
            "complex" => set.with(Kind::Complex64).with(Kind::Complex128),
            "map" => set.with(Kind::Map),
            // Of what is not known here there may be values.
            _ => KindSet(u32::MAX),
        }))
    }
}
