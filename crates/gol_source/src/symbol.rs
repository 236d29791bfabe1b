//! Interned names and literal texts.

use crate::Arena;
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::cell::RefCell;
use std::hash::{Hash, Hasher};

/// An interned string, compared by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Symbol(pub u32);

impl Symbol {
    /// The empty string.
    pub const EMPTY: Symbol = Symbol(0);
    /// The blank identifier `_`.
    pub const BLANK: Symbol = Symbol(1);
}

/// Gives equal strings equal [`Symbol`]s.
#[derive(Debug)]
pub struct Interner {
    ids: RefCell<HashTable<Symbol>>,
    texts: Arena<Box<str>>,
}

impl Default for Interner {
    fn default() -> Self {
        let names = Interner { ids: RefCell::default(), texts: Arena::new() };
        names.intern("");
        names.intern("_");
        names
    }
}

fn hash(text: &str) -> u64 {
    let mut h = FxHasher::default();
    text.hash(&mut h);
    h.finish()
}

impl Interner {
    /// An interner that knows `""` and `"_"` only.
    pub fn new() -> Interner {
        Interner::default()
    }

    /// The symbol of `text`, new or known.
    pub fn intern(&self, text: &str) -> Symbol {
        let hash_of = |s: &Symbol| hash(self.text(*s));
        let mut ids = self.ids.borrow_mut();
        let entry = ids.entry(hash(text), |s| self.text(*s) == text, hash_of);
        *entry.or_insert_with(|| Symbol(self.texts.push(text.into()))).get()
    }

    /// The symbol of `text` if it is known.
    pub fn lookup(&self, text: &str) -> Option<Symbol> {
        self.ids.borrow().find(hash(text), |s| self.text(*s) == text).copied()
    }

    /// The text of a symbol.
    pub fn text(&self, s: Symbol) -> &str {
        &self.texts[s.0]
    }
}
