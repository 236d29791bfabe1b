//! The syntax tree: nodes in an arena, named by small ids.
//!
//! **One [`Ast`] holds the nodes of every file of a program**, all packages included, so an id names a node without
//! naming a file, and tables indexed by id (the checker's) are plain vectors. **The tree grows while it is read**: nodes
//! that are there never move or change, and a shared reference is enough to parse more into it. Nodes never own other
//! nodes: dropping a tree of any depth does not recurse. Each node has a comment with the source form that it stands for, and each
//! optional field says what its absence means. Types are expressions, as in Go's own syntax package.

use gol_source::{Arena, FileId, Interner, LineMark, Span, Symbol};
use std::ops::{Index, IndexMut};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident -> $node:ident in $field:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
            pub struct $name(pub u32);

            impl Index<$name> for Ast {
                type Output = $node;
                fn index(&self, id: $name) -> &$node {
                    &self.$field[id.0]
                }
            }

            impl Index<$name> for Draft<'_> {
                type Output = $node;
                fn index(&self, id: $name) -> &$node {
                    &self.$field.list[(id.0 - self.$field.first) as usize]
                }
            }

            impl IndexMut<$name> for Draft<'_> {
                fn index_mut(&mut self, id: $name) -> &mut $node {
                    &mut self.$field.list[(id.0 - self.$field.first) as usize]
                }
            }
        )*
    };
}

ids! {
    /// An expression or a type.
    ExprId -> ExprNode in exprs;
    /// A statement.
    StmtId -> StmtNode in stmts;
    /// A declaration, at package level or in a function.
    DeclId -> DeclNode in decls;
}

/// The arena of all nodes of a program, and the names in it.
#[derive(Debug, Default)]
pub struct Ast {
    exprs: Arena<ExprNode>,
    stmts: Arena<StmtNode>,
    decls: Arena<DeclNode>,
    /// Names and literal texts.
    pub names: Interner,
}

impl Ast {
    /// An empty arena.
    pub fn new() -> Ast {
        Ast::default()
    }

    /// How many expressions there are; every [`ExprId`] is below.
    pub fn expr_count(&self) -> u32 {
        self.exprs.len()
    }

    /// All expressions, in the order in which they were read.
    pub fn expr_ids(&self) -> impl Iterator<Item = ExprId> + use<> {
        (0..self.exprs.len()).map(ExprId)
    }

    /// All statements.
    pub fn stmt_ids(&self) -> impl Iterator<Item = StmtId> + use<> {
        (0..self.stmts.len()).map(StmtId)
    }

    /// All declarations.
    pub fn decl_ids(&self) -> impl Iterator<Item = DeclId> + use<> {
        (0..self.decls.len()).map(DeclId)
    }

    /// The text of a symbol.
    pub fn text(&self, s: Symbol) -> &str {
        self.names.text(s)
    }

    /// Takes over the nodes of a draft that was begun after all nodes that are here.
    pub(crate) fn append(&self, draft: Draft<'_>) {
        fn move_all<T>(from: Fresh<T>, to: &Arena<T>) {
            assert_eq!(from.first, to.len(), "one draft at a time");
            from.list.into_iter().for_each(|node| _ = to.push(node));
        }
        move_all(draft.exprs, &self.exprs);
        move_all(draft.stmts, &self.stmts);
        move_all(draft.decls, &self.decls);
    }

    /// `x` without the parentheses around it.
    pub fn unparen(&self, mut x: ExprId) -> ExprId {
        while let Expr::Paren(inner) = self[x].kind {
            x = inner;
        }
        x
    }
}

/// Nodes in the making: a parser changes them, or drops them all.
pub(crate) struct Draft<'a> {
    pub(crate) exprs: Fresh<ExprNode>,
    pub(crate) stmts: Fresh<StmtNode>,
    pub(crate) decls: Fresh<DeclNode>,
    pub(crate) names: &'a Interner,
}

/// New nodes of one kind; the first has this number.
pub(crate) struct Fresh<T> {
    pub(crate) first: u32,
    pub(crate) list: Vec<T>,
}

impl<T> Fresh<T> {
    fn after(arena: &Arena<T>, room: usize) -> Fresh<T> {
        Fresh { first: arena.len(), list: Vec::with_capacity(room) }
    }

    fn push(&mut self, node: T) -> u32 {
        self.list.push(node);
        self.first + self.list.len() as u32 - 1
    }
}

impl<'a> Draft<'a> {
    /// An empty draft for a text of this many bytes, whose nodes go behind those of `ast`.
    pub(crate) fn new(ast: &'a Ast, text: usize) -> Draft<'a> {
        let (exprs, stmts) = (Fresh::after(&ast.exprs, text / 8), Fresh::after(&ast.stmts, text / 32));
        let decls = Fresh::after(&ast.decls, 0);
        Draft { exprs, stmts, decls, names: &ast.names }
    }

    /// Another draft for the same place, to try something.
    pub(crate) fn scratch(&self) -> Draft<'a> {
        fn empty<T>(like: &Fresh<T>) -> Fresh<T> {
            Fresh { first: like.first, list: Vec::new() }
        }
        Draft { exprs: empty(&self.exprs), stmts: empty(&self.stmts), decls: empty(&self.decls), names: self.names }
    }

    /// Drops all nodes.
    pub(crate) fn clear(&mut self) {
        self.exprs.list.clear();
        self.stmts.list.clear();
        self.decls.list.clear();
    }

    /// Adds an expression.
    pub(crate) fn expr(&mut self, kind: Expr, span: Span) -> ExprId {
        ExprId(self.exprs.push(ExprNode { kind, span }))
    }

    /// Adds a statement.
    pub(crate) fn stmt(&mut self, kind: Stmt, span: Span) -> StmtId {
        StmtId(self.stmts.push(StmtNode { kind, span }))
    }

    /// Adds a declaration.
    pub(crate) fn decl(&mut self, kind: Decl, span: Span) -> DeclId {
        DeclId(self.decls.push(DeclNode { kind, span }))
    }

    /// `x` without the parentheses around it.
    pub(crate) fn unparen(&self, mut x: ExprId) -> ExprId {
        while let Expr::Paren(inner) = self[x].kind {
            x = inner;
        }
        x
    }
}

/// Expressions and the names in them: of a finished tree, or of one in the making.
pub(crate) trait Exprs: Index<ExprId, Output = ExprNode> {
    /// The text of a symbol.
    fn text(&self, s: Symbol) -> &str;
}

impl Exprs for Ast {
    fn text(&self, s: Symbol) -> &str {
        self.names.text(s)
    }
}

impl Exprs for Draft<'_> {
    fn text(&self, s: Symbol) -> &str {
        self.names.text(s)
    }
}

/// A name where it stands: a declaration, a label, a selector's right side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ident {
    /// The name; [`Symbol::BLANK`] for `_`.
    pub name: Symbol,
    /// Where it stands.
    pub span: Span,
}

/// One source file.
#[derive(Debug)]
pub struct File {
    /// Which file.
    pub id: FileId,
    /// `package name`.
    pub package: Ident,
    /// All declarations in source order, imports first. One [`Decl`] a keyword or parenthesized group.
    pub decls: Vec<DeclId>,
    /// `//go:build` expression text, when there is one before the package clause.
    pub build: Option<String>,
    /// Its `//line` comments.
    pub marks: Vec<LineMark>,
    /// Its `//go:embed` comments, without the slashes.
    pub embeds: Vec<Span>,
}

impl File {
    /// A file without special comments.
    pub fn plain(id: FileId, package: Ident, decls: Vec<DeclId>) -> File {
        File { id, package, decls, build: None, marks: Vec::new(), embeds: Vec::new() }
    }
}

/// An expression with its place.
#[derive(Debug, Clone)]
pub struct ExprNode {
    /// What it is.
    pub kind: Expr,
    /// From its first byte to its last.
    pub span: Span,
}

/// Expressions and types.
#[derive(Debug, Clone)]
pub enum Expr {
    /// What stands where the text is wrong; already reported.
    Bad,
    /// `name`
    Name(Symbol),
    /// `1`, `0x1p-2`, `'a'`, `"s"`, ``` `raw` ```; the text as written.
    BasicLit(LitKind, Symbol),
    /// `ty{elems}`; no `ty` for an inner literal whose type is elided.
    CompositeLit {
        /// The literal's type; `None`: elided, taken from the enclosing literal.
        ty: Option<ExprId>,
        /// Elements; each may be an [`Expr::KeyValue`].
        elems: Vec<ExprId>,
        /// Offset of the closing brace.
        rbrace: u32,
    },
    /// `key: value`, only as an element of a composite literal.
    KeyValue(ExprId, ExprId),
    /// `func(..) .. { body }`
    FuncLit {
        /// An [`Expr::FuncType`].
        ty: ExprId,
        /// The body.
        body: Block,
    },
    /// `(x)`
    Paren(ExprId),
    /// `x.sel`
    Selector(ExprId, Ident),
    /// `x[indices]`: an index, or an instantiation with one or more type arguments.
    Index(ExprId, Vec<ExprId>),
    /// `x[lo:hi:max]`
    Slice {
        /// What is sliced.
        x: ExprId,
        /// Low bound; `None`: 0.
        lo: Option<ExprId>,
        /// High bound; `None`: the length.
        hi: Option<ExprId>,
        /// Capacity bound; `None`: not a full slice expression.
        max: Option<ExprId>,
    },
    /// `x.(ty)`
    TypeAssert(ExprId, ExprId),
    /// `x.(type)`, only in the header of a type switch; elsewhere reported by the parser.
    TypeSwitchGuard(ExprId),
    /// `fun(args...)`: a call, a conversion or a built-in.
    Call {
        /// What is called.
        fun: ExprId,
        /// The arguments.
        args: Vec<ExprId>,
        /// `f(xs...)`.
        has_dots: bool,
        /// Offset of the closing parenthesis.
        rparen: u32,
    },
    /// `*x`: indirection or pointer type.
    Star(ExprId),
    /// `op x`; address-of and receive are among the operators.
    Unary(UnaryOp, ExprId),
    /// `x op y`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Offset of the operator.
        op_pos: u32,
        /// Left operand. Chains such as `a + b + c` are left-deep: walk them in a loop.
        x: ExprId,
        /// Right operand.
        y: ExprId,
    },
    /// `[len]elem`
    ArrayType {
        /// The length; `None`: `[...]elem`.
        len: Option<ExprId>,
        /// Element type.
        elem: ExprId,
    },
    /// `[]elem`
    SliceType(ExprId),
    /// `...elem`, only as the type of a last parameter.
    DotsType(ExprId),
    /// `struct { fields }`
    StructType(Vec<Field>),
    /// `func(params) results`; the receiver and type parameters of a declared function are in its [`FuncDecl`].
    FuncType(Signature),
    /// `interface { elems }`
    InterfaceType(Vec<InterfaceElem>),
    /// `map[key]value`
    MapType(ExprId, ExprId),
    /// `chan elem`, `<-chan elem`, `chan<- elem`
    ChanType(ChanDir, ExprId),
}

/// The kinds of basic literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LitKind {
    /// `1`, `0b1`, `1_000`
    Int,
    /// `1.5`, `0x1p-2`
    Float,
    /// `1i`
    Imag,
    /// `'a'`
    Rune,
    /// `"s"` or a raw string
    String,
}

/// Prefix operators other than `*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum UnaryOp {
    /// `+x`
    Plus,
    /// `-x`
    Neg,
    /// `!x`
    Not,
    /// `^x`
    Com,
    /// `&x`
    Addr,
    /// `<-x`
    Recv,
    /// `~T`, only in constraints
    Tilde,
}

impl UnaryOp {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Neg => "-",
            UnaryOp::Not => "!",
            UnaryOp::Com => "^",
            UnaryOp::Addr => "&",
            UnaryOp::Recv => "<-",
            UnaryOp::Tilde => "~",
        }
    }
}

/// Infix operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum BinaryOp {
    /// `||`
    LOr,
    /// `&&`
    LAnd,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `|`, also between the terms of a constraint
    Or,
    /// `^`
    Xor,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `&`
    And,
    /// `&^`
    AndNot,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
}

impl BinaryOp {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::LOr => "||",
            BinaryOp::LAnd => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::And => "&",
            BinaryOp::AndNot => "&^",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
        }
    }

    /// Binding strength, 1 (`||`) to 5 (`*`).
    pub fn precedence(self) -> u8 {
        match self {
            BinaryOp::LOr => 1,
            BinaryOp::LAnd => 2,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 3,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Or | BinaryOp::Xor => 4,
            _ => 5,
        }
    }

    /// Whether it is `== != < <= > >=`.
    pub fn is_comparison(self) -> bool {
        self.precedence() == 3
    }

    /// Whether it is `<<` or `>>`.
    pub fn is_shift(self) -> bool {
        matches!(self, BinaryOp::Shl | BinaryOp::Shr)
    }
}

/// A channel type's direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ChanDir {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Recv,
}

/// A group of fields, parameters or results of one type: `a, b T "tag"`. An embedded field and an unnamed parameter
/// have no names.
#[derive(Debug, Clone)]
pub struct Field {
    /// The names; empty: embedded field or unnamed parameter (then this group is one field or parameter).
    pub names: Vec<Ident>,
    /// The type.
    pub ty: ExprId,
    /// A struct tag's literal, an [`Expr::BasicLit`]; `None`: no tag (and always for parameters).
    pub tag: Option<ExprId>,
}

/// `(params) (results)`
#[derive(Debug, Clone, Default)]
pub struct Signature {
    /// Parameters; the last type may be an [`Expr::DotsType`].
    pub params: Vec<Field>,
    /// Results; empty: none.
    pub results: Vec<Field>,
}

/// An element of an interface type.
#[derive(Debug, Clone)]
pub enum InterfaceElem {
    /// `Name(params) results`; the type is an [`Expr::FuncType`].
    Method(Ident, ExprId),
    /// An embedded interface, or a union of terms: `T | ~U` as [`BinaryOp::Or`] and [`UnaryOp::Tilde`] nodes.
    Embed(ExprId),
}

/// A declaration with its place.
#[derive(Debug)]
pub struct DeclNode {
    /// What it is.
    pub kind: Decl,
    /// From its keyword to its end.
    pub span: Span,
}

/// Declarations. A parenthesized group is one node.
#[derive(Debug)]
pub enum Decl {
    /// What stands where the text is wrong; already reported.
    Bad,
    /// `import ( .. )`
    Import(Vec<ImportSpec>),
    /// `const ( .. )`
    Const(Vec<ConstSpec>),
    /// `type ( .. )`
    Type(Vec<TypeSpec>),
    /// `var ( .. )`
    Var(Vec<VarSpec>),
    /// `func ..`
    Func(Box<FuncDecl>),
}

/// `name "path"`
#[derive(Debug)]
pub struct ImportSpec {
    /// The local name, may be `_` or `.`; `None`: the package's own.
    pub name: Option<Ident>,
    /// The path without quotes.
    pub path: Symbol,
    /// Where the path's literal stands.
    pub path_span: Span,
}

/// One line of a constant group: `names ty = values`.
#[derive(Debug)]
pub struct ConstSpec {
    /// Names.
    pub names: Vec<Ident>,
    /// The type; `None`: none written.
    pub ty: Option<ExprId>,
    /// Values; empty with no type: the previous non-empty line's type and values are repeated.
    pub values: Vec<ExprId>,
    /// The line's number in its group, from 0.
    pub iota: u32,
    /// The whole line.
    pub span: Span,
}

/// `name[tparams] ty` or `name[tparams] = ty`
#[derive(Debug)]
pub struct TypeSpec {
    /// The declared name.
    pub name: Ident,
    /// Type parameters; empty: not generic.
    pub tparams: Vec<Field>,
    /// `=` is there.
    pub alias: bool,
    /// The type.
    pub ty: ExprId,
}

/// `names ty = values`
#[derive(Debug)]
pub struct VarSpec {
    /// Names.
    pub names: Vec<Ident>,
    /// The type; `None`: that of the values.
    pub ty: Option<ExprId>,
    /// Values; empty: zero values.
    pub values: Vec<ExprId>,
    /// The whole line.
    pub span: Span,
}

/// `func (recv) name[tparams](params) results { body }`
#[derive(Debug)]
pub struct FuncDecl {
    /// The receiver; `None`: a function. More than one or none in the parentheses is reported by the parser.
    pub recv: Option<Field>,
    /// The name.
    pub name: Ident,
    /// Type parameters; empty: not generic. (A receiver's are in its type: an [`Expr::Index`].)
    pub tparams: Vec<Field>,
    /// An [`Expr::FuncType`].
    pub ty: ExprId,
    /// The body; `None`: a function without body, a native.
    pub body: Option<Block>,
}

/// `{ stmts }`
#[derive(Debug, Clone)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<StmtId>,
    /// From the opening to the closing brace.
    pub span: Span,
}

impl Block {
    /// Offset of the closing brace, where Go reports a missing return.
    pub fn rbrace(&self) -> u32 {
        self.span.hi.saturating_sub(1)
    }
}

/// A statement with its place.
#[derive(Debug)]
pub struct StmtNode {
    /// What it is.
    pub kind: Stmt,
    /// From its first byte to its last.
    pub span: Span,
}

/// Statements.
#[derive(Debug)]
pub enum Stmt {
    /// What stands where the text is wrong; already reported.
    Bad,
    /// Nothing between two semicolons.
    Empty,
    /// `x`
    Expr(ExprId),
    /// `ch <- value`
    Send {
        /// The channel.
        chan: ExprId,
        /// The value.
        value: ExprId,
        /// Offset of the arrow.
        arrow: u32,
    },
    /// `x++`, `x--`
    IncDec {
        /// The operand.
        x: ExprId,
        /// `++`; else `--`.
        inc: bool,
        /// Offset of the operator.
        op_pos: u32,
    },
    /// `lhs = rhs`, `lhs := rhs`, `x op= y`
    Assign {
        /// Left sides.
        lhs: Vec<ExprId>,
        /// Which assignment.
        op: AssignOp,
        /// Offset of the operator.
        op_pos: u32,
        /// Right sides.
        rhs: Vec<ExprId>,
    },
    /// `go call`; the operand may be anything, the checker wants a call.
    Go(ExprId),
    /// `defer call`; likewise.
    Defer(ExprId),
    /// `return results`
    Return(Vec<ExprId>),
    /// `break`, `continue`, `goto`, `fallthrough`
    Branch {
        /// Which.
        kind: BranchKind,
        /// The label; `None`: none.
        label: Option<Ident>,
    },
    /// `{ .. }`
    Block(Block),
    /// `if init; cond { then } else els`
    If {
        /// Simple statement; `None`: none.
        init: Option<StmtId>,
        /// The condition. [`Expr::Bad`] when missing.
        cond: ExprId,
        /// The body.
        then: Block,
        /// A block or another `if`; `None`: no else.
        els: Option<StmtId>,
    },
    /// `switch init; tag { clauses }`
    Switch {
        /// Simple statement; `None`: none.
        init: Option<StmtId>,
        /// The tag; `None`: `true`.
        tag: Option<ExprId>,
        /// Clauses.
        clauses: Vec<CaseClause>,
        /// Offset of the closing brace.
        rbrace: u32,
    },
    /// `switch init; bind := x.(type) { clauses }`
    TypeSwitch {
        /// Simple statement; `None`: none.
        init: Option<StmtId>,
        /// The variable of each clause; `None`: none.
        bind: Option<Ident>,
        /// `x`, without the `.(type)`.
        x: ExprId,
        /// Clauses; their expressions are types or `nil`.
        clauses: Vec<CaseClause>,
        /// Offset of the closing brace.
        rbrace: u32,
    },
    /// `select { clauses }`
    Select(Vec<CommClause>),
    /// `for init; cond; post { body }`
    For {
        /// Simple statement; `None`: none.
        init: Option<StmtId>,
        /// The condition; `None`: true.
        cond: Option<ExprId>,
        /// Simple statement; `None`: none.
        post: Option<StmtId>,
        /// The body.
        body: Block,
    },
    /// `for key, value := range x { body }`
    Range {
        /// First variable; `None`: none.
        key: Option<ExprId>,
        /// Second variable; `None`: none.
        value: Option<ExprId>,
        /// `:=`; else `=` (or no variables).
        define: bool,
        /// What is ranged over.
        x: ExprId,
        /// The body.
        body: Block,
        /// Offset of `for`.
        for_pos: u32,
    },
    /// `label: stmt`
    Labeled(Ident, StmtId),
    /// A const, type or var declaration in a function.
    Decl(DeclId),
}

/// Which assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssignOp {
    /// `=`
    Assign,
    /// `:=`
    Define,
    /// `+=` and its like.
    Op(BinaryOp),
}

/// Which jump.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BranchKind {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `goto`
    Goto,
    /// `fallthrough`
    Fallthrough,
}

/// `case exprs: body` or `default: body`
#[derive(Debug)]
pub struct CaseClause {
    /// Expressions or types; `None`: `default`.
    pub exprs: Option<Vec<ExprId>>,
    /// The body.
    pub body: Vec<StmtId>,
    /// From `case` to the end of its body.
    pub span: Span,
    /// Offset of the colon.
    pub colon: u32,
}

/// `case comm: body` or `default: body`
#[derive(Debug)]
pub struct CommClause {
    /// A send, or an expression statement or assignment that receives; `None`: `default`.
    pub comm: Option<StmtId>,
    /// The body.
    pub body: Vec<StmtId>,
    /// From `case` to the end of its body.
    pub span: Span,
    /// Offset of the colon.
    pub colon: u32,
}
