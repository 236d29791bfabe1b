//! Text to syntax tree: lexer, semicolon insertion, grammar, AST.
#![forbid(unsafe_code)]

pub mod ast;
