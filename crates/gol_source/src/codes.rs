//! The table of error codes: Go's names (`internal/types/errors`), each with one line of meaning and the smallest
//! program that raises it. `xtask tidy` checks that every code has a test.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $example:literal;)*) => {
        /// Which rule a diagnostic is about; see each variant.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The code's name.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)* }
            }

            /// What the code means.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+),)* }
            }

            /// The smallest program, or part of a file after the package clause, that raises the code.
            pub fn example(self) -> &'static str {
                match self { $(Code::$name => $example,)* }
            }
        }
    };
}

codes! {
    /// The text is not a Go program: a lexical or grammatical mistake.
    SyntaxError = "func f( {}";
    /// Part of Go that this version of gol does not have.
    NotYet = "func f[T any]() {}";
    /// A name is declared twice in one block.
    DuplicateDecl = "var a, a int";
}
