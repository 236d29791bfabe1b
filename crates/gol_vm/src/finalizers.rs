//! Finalizers and cleanups: which objects have them, and which are due.
//!
//! The collector asks when marking is over ([`Finalizers::marked`]): an object with a finalizer that was not reached is marked
//! after all, with what it leads to, and its call is due; then the cleanups of objects that still were not reached are due. What
//! an object with a finalizer leads to counts as reachable until the finalizer has run, so of two such objects, one of
//! which leads to the other, the first is finalized first. Due calls are made by a goroutine in package runtime that is started after
//! the collection.

use gol_heap::{Heap, LayoutId, MarkSession, RootVisitor, Roots};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call that is due.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// The finalizer, a func value, takes the object's pointer.
    Pointer {
        /// The func value.
        call: u64,
        /// The pointer.
        object: u64,
    },
    /// It takes the pointer in an interface.
    Interface {
        /// The func value.
        call: u64,
        /// Type id and data word.
        object: (u64, u64),
    },
    /// A cleanup, a func value without parameters.
    Cleanup {
        /// The func value.
        call: u64,
    },
}

impl Due {
    fn words(self) -> [u64; 2] {
        match self {
            Due::Pointer { call, object } | Due::Interface { call, object: (_, object) } => [call, object],
            Due::Cleanup { call } => [call, 0],
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Cleanup {
    object: u64,
    call: u64,
}

#[derive(Debug, Default)]
struct State {
    /// By the object's address.
    finalizers: BTreeMap<u64, Due>,
    /// By number.
    cleanups: BTreeMap<u64, Cleanup>,
    last_cleanup: u64,
    due: VecDeque<Due>,
    /// The func value of the goroutine that makes the calls; 0 until something has one.
    runner: u64,
    running: bool,
}

/// The finalizers and cleanups of a heap.
#[derive(Debug, Default)]
pub(crate) struct Finalizers {
    state: Mutex<State>,
}

impl Finalizers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the finalizer of the object at `object`; false if it has one.
    pub(crate) fn set(&self, object: u64, due: Due, runner: u64) -> bool {
        let mut state = self.state();
        state.runner = runner;
        if state.finalizers.contains_key(&object) {
            return false;
        }
        state.finalizers.insert(object, due);
        true
    }

    /// Takes the finalizer away.
    pub(crate) fn clear(&self, object: u64) {
        self.state().finalizers.remove(&object);
    }

    /// Adds a cleanup; gives its number.
    pub(crate) fn add_cleanup(&self, object: u64, call: u64, runner: u64) -> u64 {
        let mut state = self.state();
        state.runner = runner;
        state.last_cleanup += 1;
        let id = state.last_cleanup;
        state.cleanups.insert(id, Cleanup { object, call });
        id
    }

    /// Takes a cleanup away that is not due yet.
    pub(crate) fn stop_cleanup(&self, id: u64) {
        self.state().cleanups.remove(&id);
    }

    /// The next call that is due; without one the goroutine that makes them ends.
    pub(crate) fn next(&self) -> Option<Due> {
        let mut state = self.state();
        let due = state.due.pop_front();
        state.running = due.is_some();
        due
    }

    /// The func value of a goroutine to start, if calls are due and it does not run.
    pub(crate) fn start(&self) -> Option<u64> {
        let mut state = self.state();
        if state.due.is_empty() || state.running {
            return None;
        }
        state.running = true;
        Some(state.runner)
    }

    /// The goroutine that [`Finalizers::start`] asked for could not be started.
    pub(crate) fn put_off(&self) {
        self.state().running = false;
    }

    /// Shows what must live for the calls. The world is stopped.
    pub(crate) fn visit_roots(&self, heap: &Heap, visitor: &mut dyn RootVisitor) {
        let state = self.state();
        visitor.word(state.runner);
        state.due.iter().flat_map(|d| d.words()).for_each(|w| visitor.word(w));
        state.cleanups.values().for_each(|c| visitor.word(c.call));
        for (&object, due) in &state.finalizers {
            visitor.word(due.words()[0]);
            if let Some((start, size, layout)) = heap.object_at(object as *const u8)
                && layout != LayoutId::NOSCAN
            {
                // SAFETY: the object is allocated: it was marked by every collection since it got its finalizer.
                unsafe { visitor.range(start.cast(), size / 8) };
            }
        }
    }

    /// Marking is over: takes note of what was not reached. True if more is to be marked now.
    pub(crate) fn marked(&self, session: &MarkSession<'_>) -> bool {
        let mut state = self.state();
        let state = &mut *state;
        let gone: Vec<u64> = state.finalizers.keys().copied().filter(|o| !session.is_marked(*o as *const u8)).collect();
        if !gone.is_empty() {
            for object in &gone {
                state.due.extend(state.finalizers.remove(object));
            }
            session.visit(&Revived(&gone));
            return true;
        }
        let due = &mut state.due;
        state.cleanups.retain(|_, c| {
            let lives = session.is_marked(c.object as *const u8);
            if !lives {
                due.push_back(Due::Cleanup { call: c.call });
            }
            lives
        });
        false
    }
}

struct Revived<'a>(&'a [u64]);

impl Roots for Revived<'_> {
    fn visit(&self, visitor: &mut dyn RootVisitor) {
        self.0.iter().for_each(|o| visitor.word(*o));
    }
}
