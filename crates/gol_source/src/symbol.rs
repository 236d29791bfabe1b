//! Interned names and literal texts.

use std::collections::HashMap;
use std::rc::Rc;

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
    ids: HashMap<Rc<str>, Symbol>,
    texts: Vec<Rc<str>>,
}

impl Default for Interner {
    fn default() -> Self {
        let mut i = Interner { ids: HashMap::new(), texts: Vec::new() };
        i.intern("");
        i.intern("_");
        i
    }
}

impl Interner {
    /// An interner that knows `""` and `"_"` only.
    pub fn new() -> Interner {
        Interner::default()
    }

    /// The symbol of `text`, new or known.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&s) = self.ids.get(text) {
            return s;
        }
        let s = Symbol(self.texts.len() as u32);
        let text: Rc<str> = text.into();
        self.texts.push(text.clone());
        self.ids.insert(text, s);
        s
    }

    /// The symbol of `text` if it is known.
    pub fn lookup(&self, text: &str) -> Option<Symbol> {
        self.ids.get(text).copied()
    }

    /// The text of a symbol.
    pub fn text(&self, s: Symbol) -> &str {
        &self.texts[s.0 as usize]
    }
}
