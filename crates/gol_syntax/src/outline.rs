//! What a file declares at its top level, found without parsing it.
//!
//! Packages of the standard library are parsed declaration by declaration, when a program first needs one. An [`Outline`] says
//! which there are and where; this file makes it by looking at brackets, line ends and few keywords. It is right for texts
//! that parse, and harmless for others: the parser has the last word on each declaration.
//!
//! The build script of `gol_driver` includes this file as it is, so it uses nothing but std.

use std::borrow::Cow;

/// A piece of a file: offset of its first byte, and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Piece {
    /// The first byte.
    pub lo: u32,
    /// How many bytes; 0: there is no such thing.
    pub len: u32,
}

/// What a name is declared as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemKind {
    /// A constant.
    Const,
    /// A variable.
    Var,
    /// A declared type.
    Type,
    /// `type A = T`
    Alias,
    /// A function.
    Func,
    /// A method with receiver `T`.
    Method,
    /// A method with receiver `*T`.
    PointerMethod,
}

/// A declared name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// The declaration from its keyword to its last byte. Names of one group have the same.
    pub decl: Piece,
    /// The name.
    pub name: Piece,
    /// The name of the receiver's type.
    pub receiver: Piece,
}

/// An import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Import {
    /// The path, without its quotes.
    pub path: Piece,
    /// The local name as written.
    pub name: Piece,
}

/// All that a file declares, in source order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outline {
    /// The name in the package clause.
    pub package: Piece,
    /// Its imports.
    pub imports: Cow<'static, [Import]>,
    /// Its constants, variables, types, functions and methods, blank ones included.
    pub items: Cow<'static, [Item]>,
}

impl Piece {
    /// The text of the piece.
    pub fn of(self, text: &str) -> &str {
        text.get(self.lo as usize..(self.lo + self.len) as usize).unwrap_or("")
    }
}

impl Outline {
    /// The outline of a file.
    pub fn of(text: &str) -> Outline {
        let mut s = Scanner { text, at: 0, last: Token::End, token: Token::End, lo: 0, hi: 0, last_hi: 0 };
        let (mut package, mut imports, mut items) = (Piece::default(), Vec::new(), Vec::new());
        s.next();
        while s.token != Token::End {
            let decl = s.lo;
            match s.word() {
                "package" => {
                    s.next();
                    package = s.piece();
                    s.skip_statement();
                }
                "import" => s.group(|s| imports.extend(s.import())),
                word @ ("const" | "var" | "type") => {
                    let first = items.len();
                    s.group(|s| {
                        if word == "type" {
                            s.type_spec(&mut items);
                        } else {
                            s.values(if word == "const" { ItemKind::Const } else { ItemKind::Var }, &mut items);
                        }
                    });
                    let decl = Piece { lo: decl, len: s.last_hi - decl };
                    items[first..].iter_mut().for_each(|item| item.decl = decl);
                }
                "func" => {
                    s.next();
                    let mut item = s.function();
                    s.skip_statement();
                    item.decl = Piece { lo: decl, len: s.last_hi - decl };
                    items.push(item);
                }
                _ => s.next(),
            }
        }
        Outline { package, imports: imports.into(), items: items.into() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A name or a keyword.
    Word,
    /// A literal.
    Literal,
    /// A byte of an operator or bracket.
    Mark(u8),
    /// A newline that ends a statement, or a semicolon.
    Stop,
    End,
}

/// Cuts the text in tokens, just well enough to find where declarations end.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// The token before this one.
    last: Token,
    /// The current token and where it stands.
    token: Token,
    lo: u32,
    hi: u32,
    /// Where the last token that is no stop ended.
    last_hi: u32,
}

impl<'t> Scanner<'t> {
    fn next(&mut self) {
        if !matches!(self.token, Token::Stop | Token::End) {
            self.last_hi = self.hi;
        }
        self.last = self.token;
        let bytes = self.text.as_bytes();
        loop {
            self.lo = self.at as u32;
            let rest = &bytes[self.at..];
            self.token = match rest {
                [] => Token::End,
                [b'\n', ..] => {
                    self.at += 1;
                    if !self.ends_line() {
                        continue;
                    }
                    Token::Stop
                }
                [b' ' | b'\t' | b'\r', ..] => {
                    self.at += 1;
                    continue;
                }
                [b'/', b'/', ..] => {
                    self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                    continue;
                }
                [b'/', b'*', ..] => {
                    let end = rest.windows(2).skip(2).position(|w| w == b"*/").map_or(rest.len(), |p| p + 4);
                    self.at += end;
                    if !(rest[..end].contains(&b'\n') && self.ends_line()) {
                        continue;
                    }
                    Token::Stop
                }
                [b';', ..] => {
                    self.at += 1;
                    Token::Stop
                }
                [quote @ (b'"' | b'\'' | b'`'), ..] => {
                    self.literal(*quote);
                    Token::Literal
                }
                [b'0'..=b'9', ..] => {
                    let digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
                    self.at += rest.iter().position(|b| !digit(b)).unwrap_or(rest.len());
                    Token::Literal
                }
                [b, ..] if is_letter(*b) => {
                    let part = |b: &u8| is_letter(*b) || b.is_ascii_digit();
                    self.at += rest.iter().position(|b| !part(b)).unwrap_or(rest.len());
                    Token::Word
                }
                [b, ..] => {
                    self.at += 1;
                    Token::Mark(*b)
                }
            };
            self.hi = self.at as u32;
            return;
        }
    }

    fn literal(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(b) = bytes.get(self.at) {
            self.at += if *b == b'\\' && quote != b'`' { 2 } else { 1 };
            if *b == quote || *b == b'\n' && quote != b'`' {
                break;
            }
        }
        self.at = self.at.min(bytes.len());
    }

    /// Whether a newline after the last token ends a statement.
    fn ends_line(&self) -> bool {
        match self.last {
            Token::Word => {
                let word = &self.text[..self.last_hi as usize];
                !["chan", "map", "struct", "interface", "func", "const", "var", "type", "import", "package"]
                    .iter()
                    .any(|k| word.strip_suffix(k).is_some_and(|w| w.bytes().next_back().is_none_or(|b| !is_letter(b))))
            }
            Token::Literal | Token::Mark(b')' | b']' | b'}') => true,
            _ => false,
        }
    }

    fn piece(&self) -> Piece {
        Piece { lo: self.lo, len: self.hi - self.lo }
    }

    /// The text of the current token if it is a word.
    fn word(&self) -> &'t str {
        if self.token == Token::Word { self.piece().of(self.text) } else { "" }
    }

    fn is(&self, mark: u8) -> bool {
        self.token == Token::Mark(mark)
    }

    /// Goes over what is in brackets, the current token being the opening one, and the closing one.
    fn skip_brackets(&mut self) {
        let mut depth = 0;
        loop {
            match self.token {
                Token::Mark(b'(' | b'[' | b'{') => depth += 1,
                Token::Mark(b')' | b']' | b'}') => depth -= 1,
                Token::End => return,
                _ => {}
            }
            self.next();
            if depth <= 0 {
                return;
            }
        }
    }

    /// Goes to the end of the statement, or of the group around it.
    fn skip_statement(&mut self) {
        loop {
            match self.token {
                Token::Stop | Token::End | Token::Mark(b')' | b']' | b'}') => return,
                Token::Mark(b'(' | b'[' | b'{') => self.skip_brackets(),
                _ => self.next(),
            }
        }
    }

    /// A keyword and one spec, or several in parentheses. Stands behind them afterwards.
    fn group(&mut self, mut spec: impl FnMut(&mut Self)) {
        self.next();
        if !self.is(b'(') {
            spec(self);
            return self.skip_statement();
        }
        self.next();
        while !self.is(b')') && self.token != Token::End {
            let before = self.lo;
            if self.token != Token::Stop {
                spec(self);
                self.skip_statement();
            }
            if self.token == Token::Stop || self.lo == before {
                self.next();
            }
        }
        self.next();
    }

    fn import(&mut self) -> Option<Import> {
        let mut name = Piece::default();
        if self.token == Token::Word || self.is(b'.') {
            name = self.piece();
            self.next();
        }
        let quoted = self.piece();
        let path = Piece { lo: quoted.lo + 1, len: quoted.len.checked_sub(2)? };
        (self.token == Token::Literal).then_some(Import { path, name })
    }

    /// `a, b T = values`
    fn values(&mut self, kind: ItemKind, items: &mut Vec<Item>) {
        while self.token == Token::Word {
            items.push(Item { kind, decl: Piece::default(), name: self.piece(), receiver: Piece::default() });
            self.next();
            if !self.is(b',') {
                return;
            }
            self.next();
        }
    }

    /// `T U`, `T[P any] U`, `T = U`, `T[P any] = U`
    fn type_spec(&mut self, items: &mut Vec<Item>) {
        let name = self.piece();
        if self.token != Token::Word {
            return;
        }
        self.next();
        if self.is(b'[') {
            self.skip_brackets();
        }
        let kind = if self.is(b'=') { ItemKind::Alias } else { ItemKind::Type };
        items.push(Item { kind, decl: Piece::default(), name, receiver: Piece::default() });
    }

    /// `f(..`, `(r T) f(..`, `(*T[P]) f(..`
    fn function(&mut self) -> Item {
        let (mut kind, mut receiver) = (ItemKind::Func, Piece::default());
        if self.is(b'(') {
            kind = ItemKind::Method;
            self.next();
            while !self.is(b')') && !matches!(self.token, Token::Stop | Token::End) {
                match self.token {
                    Token::Word => receiver = self.piece(),
                    Token::Mark(b'*') => kind = ItemKind::PointerMethod,
                    Token::Mark(b'[') => {
                        self.skip_brackets();
                        continue;
                    }
                    _ => {}
                }
                self.next();
            }
            self.next();
        }
        Item { kind, decl: Piece::default(), name: self.piece(), receiver }
    }
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let o = Outline::of(text);
        let mut out = format!("{}:", o.package.of(text));
        for i in &*o.imports {
            out.push_str(&format!(" {}<{}>", i.name.of(text), i.path.of(text)));
        }
        for i in &*o.items {
            let (name, receiver) = (i.name.of(text), i.receiver.of(text));
            out.push_str(&format!("\n{:?} {name} {receiver}| {:?}", i.kind, i.decl.of(text)));
        }
        out
    }

    #[test]
    fn every_form() {
        let text = "#!/bin/gol\n// package no\npackage p; import \"a/b\"\nimport (\n\tx \"c\"\n\t. `d`; _ \"e\" // f\n)\n\
            const a, b = 1, '\\''\nconst (\n\tc = iota +\n\t\t1\n\td; e int = 2\n)\nvar (\n)\nvar f = func() {\n\tvar no = \"}\"\n}\n\
            type T struct {\n\tfunc_ int\n}\ntype (\n\tA = T; G[P any] []P\n\tH[P interface{ m() }] = G[P]\n\tN [4]int\n)\n\
            func m(x int,\n\ty int) (z int) /* { */ { /* } */ return }\nfunc native() int // }\n\
            func (T) v() {}\nfunc (t *G[P]) w() chan\n\tint { return nil }\nvar last struct {}";
        assert_eq!(
            shown(text),
            "p: <a/b> x<c> .<d> _<e>\n\
            Const a | \"const a, b = 1, '\\\\''\"\nConst b | \"const a, b = 1, '\\\\''\"\n\
            Const c | \"const (\\n\\tc = iota +\\n\\t\\t1\\n\\td; e int = 2\\n)\"\n\
            Const d | \"const (\\n\\tc = iota +\\n\\t\\t1\\n\\td; e int = 2\\n)\"\n\
            Const e | \"const (\\n\\tc = iota +\\n\\t\\t1\\n\\td; e int = 2\\n)\"\n\
            Var f | \"var f = func() {\\n\\tvar no = \\\"}\\\"\\n}\"\n\
            Type T | \"type T struct {\\n\\tfunc_ int\\n}\"\n\
            Alias A | \"type (\\n\\tA = T; G[P any] []P\\n\\tH[P interface{ m() }] = G[P]\\n\\tN [4]int\\n)\"\n\
            Type G | \"type (\\n\\tA = T; G[P any] []P\\n\\tH[P interface{ m() }] = G[P]\\n\\tN [4]int\\n)\"\n\
            Alias H | \"type (\\n\\tA = T; G[P any] []P\\n\\tH[P interface{ m() }] = G[P]\\n\\tN [4]int\\n)\"\n\
            Type N | \"type (\\n\\tA = T; G[P any] []P\\n\\tH[P interface{ m() }] = G[P]\\n\\tN [4]int\\n)\"\n\
            Func m | \"func m(x int,\\n\\ty int) (z int) /* { */ { /* } */ return }\"\n\
            Func native | \"func native() int\"\n\
            Method v T| \"func (T) v() {}\"\n\
            PointerMethod w G| \"func (t *G[P]) w() chan\\n\\tint { return nil }\"\n\
            Var last | \"var last struct {}\""
        );
    }

    #[test]
    fn texts_that_do_not_parse_end() {
        for text in
            ["", "func", "func (", "const (", "const (a", "var )", "import (x", "type T[", "\"", "'\\", "/*", "type ("]
        {
            shown(text);
            shown(&format!("package p\n{text}\nfunc f("));
        }
    }
}
