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
    NotYet = "func f() { for range func(func() bool) {} {} }";
    /// A package is named `_`.
    BlankPkgName = "package _";
    /// Files of one package disagree on the package's name.
    MismatchedPkgName = "package a // and another file: package b";
    /// A package's name stands where a value or type belongs.
    InvalidPkgUse = "import \"fmt\"\nvar x = fmt";
    /// An import path is malformed.
    BadImportPath = "import \"a b\"";
    /// An imported package cannot be found or is broken itself.
    BrokenImport = "import \"no/such\"";
    /// An import is not used.
    UnusedImport = "import \"fmt\"";
    /// The initialization of package variables and functions depends on itself.
    InvalidInitCycle = "var x = f()\nfunc f() int { return x }";
    /// A name is declared twice in one block.
    DuplicateDecl = "var a, a int";
    /// A declaration depends on itself, or a type contains itself.
    InvalidDeclCycle = "const x = x";
    /// An interface's method mentions an unnamed interface that embeds it.
    InvalidTypeCycle = "type I interface { m() interface{ I } }";
    /// A constant is declared without or with a non-constant value.
    InvalidConstInit = "var v = 1\nconst c = v";
    /// A constant's value cannot be computed.
    InvalidConstVal = "const c = 1 << 100000";
    /// A constant has a type that constants cannot have.
    InvalidConstType = "const c []int = nil";
    /// `nil` is used where its type cannot be known.
    UntypedNilUse = "var x = nil";
    /// An assignment or declaration has different numbers of sides.
    WrongAssignCount = "var a, b = 1";
    /// What is assigned to is no variable or map element.
    UnassignableOperand = "func f() { 1 = 2 }";
    /// Nothing on the left of `:=` is new.
    NoNewVar = "func f() { a := 1; a := 2; _ = a }";
    /// A value does not implement the interface that is wanted.
    InvalidIfaceAssign = "var e error = 1";
    /// Channel types differ in a way that assignment does not allow.
    InvalidChanAssign = "func f(c <-chan int) { var d chan int = c; _ = d }";
    /// A value of one type is assigned to another.
    IncompatibleAssign = "var x int = \"a\"";
    /// A field of a map's element is assigned to.
    UnaddressableFieldAssign = "func f(m map[int]struct{ x int }) { m[0].x = 1 }";
    /// Something else stands where a type belongs.
    NotAType = "var v = 1\nvar x v";
    /// An array's length is not a constant that is at least 0.
    InvalidArrayLen = "var a [-1]int";
    /// An interface's method is named `_`.
    BlankIfaceMethod = "type I interface { _() }";
    /// A map's key type cannot be compared.
    IncomparableMapKey = "var m map[[]int]int";
    /// What is embedded is a pointer or points to a pointer or interface.
    InvalidPtrEmbed = "type P *int\ntype T struct { P }";
    /// A receiver's type can have no methods here.
    InvalidRecv = "func (int) m() {}";
    /// A type has a field and a method of one name.
    DuplicateFieldAndMethod = "type T struct { m int }\nfunc (T) m() {}";
    /// A type has two methods of one name.
    DuplicateMethod = "type T int\nfunc (T) m() {}\nfunc (T) m() {}";
    /// The blank identifier is used as a value or type.
    InvalidBlank = "var x = _";
    /// `iota` is used outside of a constant declaration.
    InvalidIota = "var x = iota";
    /// An `init` or `main` function has no body.
    MissingInitBody = "func init()";
    /// `init` is declared as something other than a function.
    InvalidInitDecl = "var init int";
    /// `main` is declared in package main as something other than a function.
    InvalidMainDecl = "var main int";
    /// A call with several results stands where one value belongs.
    TooManyValues = "func f() (int, int)\nvar x = f() + 1";
    /// A type stands where a value belongs.
    NotAnExpr = "var x = int";
    /// A constant with a fraction is used as an integer.
    TruncatedFloat = "var x int = 1.5";
    /// A constant does not fit its type.
    NumericOverflow = "var x int8 = 1000";
    /// An operator does not exist for a type.
    UndefinedOp = "var x = !1";
    /// The two sides of an operator have different types.
    MismatchedTypes = "var a int\nvar b int8\nvar c = a + b";
    /// A constant divisor is zero.
    DivByZero = "var x = 1 / 0";
    /// `++` or `--` stands at something that is no number.
    NonNumericIncDec = "func f(s string) { s++ }";
    /// The address is taken of something that has none.
    UnaddressableOperand = "var p = &1";
    /// `*` stands at something that is no pointer.
    InvalidIndirection = "var x = 1\nvar y = *x";
    /// Something without elements is indexed.
    NonIndexableOperand = "var x = 1\nvar y = x[0]";
    /// An index is not an integer, is negative, or is out of range.
    InvalidIndex = "var a [2]int\nvar x = a[5]";
    /// Constant slice bounds are in the wrong order.
    SwappedSliceIndices = "var s []int\nvar t = s[2:1]";
    /// Something that cannot be sliced is sliced.
    NonSliceableOperand = "var x = 1\nvar y = x[:]";
    /// A slice expression has three indices on a string, or lacks one.
    InvalidSliceExpr = "var s = \"abc\"\nvar t = s[0:1:2]";
    /// A shift's right side is not an integer that is at least 0.
    InvalidShiftCount = "var x = 1 << -1";
    /// A shift's left side is not an integer.
    InvalidShiftOperand = "var x = 1.5 << 1";
    /// A receive is from something that gives nothing.
    InvalidReceive = "func f(c chan<- int) { <-c }";
    /// A send is to something that takes nothing.
    InvalidSend = "func f(c <-chan int) { c <- 1 }";
    /// A literal has the same key or index twice.
    DuplicateLitKey = "var m = map[int]int{1: 1, 1: 2}";
    /// A map literal's element has no key.
    MissingLitKey = "var m = map[int]int{1}";
    /// An array literal's key is not a constant integer.
    InvalidLitIndex = "var i = 0\nvar a = []int{i: 1}";
    /// An array literal has more elements than the array.
    OversizeArrayLit = "var a = [1]int{1, 2}";
    /// A struct literal mixes elements with and without field names.
    MixedStructLit = "type T struct { a, b int }\nvar t = T{a: 1, 2}";
    /// A struct literal has the wrong number of values.
    InvalidStructLit = "type T struct { a, b int }\nvar t = T{1}";
    /// A struct literal names a field that the struct does not have.
    MissingLitField = "type T struct { a int }\nvar t = T{b: 1}";
    /// A struct literal names a field twice.
    DuplicateLitField = "type T struct { a int }\nvar t = T{a: 1, a: 2}";
    /// A struct literal sets another package's hidden field.
    UnexportedLitField = "import \"sync\"\nvar m = sync.Mutex{1, 2}";
    /// A struct literal's key is not a field name.
    InvalidLitField = "type T struct { a int }\nvar t = T{1: 1}";
    /// A composite literal has no type.
    UntypedLit = "var x = []int{{}}";
    /// A composite literal has a type that has no literals.
    InvalidLit = "var x = int{}";
    /// A selector finds several fields or methods at one depth.
    AmbiguousSelector = "type A struct { x int }\ntype B struct { x int }\ntype C struct { A; B }\nvar c C\nvar y = c.x";
    /// A package does not have the name.
    UndeclaredImportedName = "import \"fmt\"\nvar x = fmt.NoSuch";
    /// A package's name is not exported.
    UnexportedName = "import \"fmt\"\nvar x = fmt.newPrinter";
    /// A name is not declared.
    UndeclaredName = "var x = y";
    /// A type has no such field or method.
    MissingFieldOrMethod = "var x = 1\nvar y = x.f";
    /// `...` stands where it has no meaning.
    BadDotDotDotSyntax = "var a = []int{}\nvar x [...]int";
    /// `...` follows an argument of a function that is not variadic.
    NonVariadicDotDotDot = "func f(s []int) { f(s...) }";
    /// `...` follows an argument that cannot be passed so.
    InvalidDotDotDot = "var n = len([]int{}...)";
    /// A built-in function is not called.
    UncalledBuiltin = "var x = len";
    /// A call of `append` is wrong.
    InvalidAppend = "var x = append(1, 2)";
    /// The argument of `cap` has no capacity.
    InvalidCap = "var x = cap(1)";
    /// The argument of `close` cannot be closed.
    InvalidClose = "func f() { close(1) }";
    /// The arguments of `copy` do not fit.
    InvalidCopy = "func f() { copy(1, 2) }";
    /// The arguments of `complex` do not fit.
    InvalidComplex = "var x = complex(1, \"a\")";
    /// The first argument of `delete` is no map.
    InvalidDelete = "func f() { delete(1, 2) }";
    /// The argument of `imag` is not complex.
    InvalidImag = "var x = imag(\"a\")";
    /// The argument of `len` has no length.
    InvalidLen = "var x = len(1)";
    /// `make` gets a length above the capacity.
    SwappedMakeArgs = "var x = make([]int, 2, 1)";
    /// `make` cannot make the type.
    InvalidMake = "var x = make(int)";
    /// The argument of `real` is not complex.
    InvalidReal = "var x = real(\"a\")";
    /// A type assertion is on something that is no interface.
    InvalidAssert = "var x = 1\nvar y = x.(int)";
    /// A type assertion can never hold.
    ImpossibleAssert = "var e error\nvar x = e.(int)";
    /// A conversion between types that do not convert.
    InvalidConversion = "var x = \"a\"\nvar y = int(x)";
    /// An untyped value cannot have the type that its context asks for.
    InvalidUntypedConversion = "var x = 1 + \"a\"";
    /// `unsafe.Offsetof` gets something that is no field.
    InvalidOffsetof = "import \"unsafe\"\nvar x = unsafe.Offsetof(1)";
    /// `unsafe.Offsetof` gets no selector.
    BadOffsetofSyntax = "import \"unsafe\"\nvar y int\nvar x = unsafe.Offsetof(y)";
    /// An expression's value is not used.
    UnusedExpr = "func f(x int) { x + 1 }";
    /// A local variable is declared and never used.
    UnusedVar = "func f() { x := 1 }";
    /// A function with results can reach its end.
    MissingReturn = "func f() int {}";
    /// A return statement has the wrong number of values.
    WrongResultCount = "func f() int { return }";
    /// A bare return stands where a named result is hidden.
    OutOfScopeResult = "func f() (x int) { { x := 1; _ = x; return } }";
    /// A condition is no boolean.
    InvalidCond = "func f() { if 1 {} }";
    /// A range clause has too many or wrong variables.
    InvalidIterVar = "func f(c chan int) { for a, b := range c {} }";
    /// A loop ranges over something that has no elements.
    InvalidRangeExpr = "func f() { for range 1.5 {} }";
    /// A `break` stands outside of anything that it could leave.
    MisplacedBreak = "func f() { break }";
    /// A `continue` stands outside of a loop.
    MisplacedContinue = "func f() { continue }";
    /// A `fallthrough` stands elsewhere than at the end of a case that is not the last.
    MisplacedFallthrough = "func f() { fallthrough }";
    /// A switch has the same case twice.
    DuplicateCase = "func f(x int) { switch x { case 1: case 1: } }";
    /// A switch or select has two default cases.
    DuplicateDefault = "func f() { switch { default: default: } }";
    /// A type switch is on something that is no interface.
    InvalidTypeSwitch = "func f(x int) { switch x.(type) {} }";
    /// A switch's tag or case cannot be compared.
    InvalidExprSwitch = "func f(x []int) { switch x { case x: } }";
    /// A select's case is neither a send nor a receive.
    InvalidSelectCase = "func f() { select { case 1: } }";
    /// A jump names a label that is not there.
    UndeclaredLabel = "func f() { goto L }";
    /// A label is declared twice in a function.
    DuplicateLabel = "func f() { L: for { break L }; L: for { break L } }";
    /// A `break` or `continue` names a label that is not around it.
    MisplacedLabel = "func f() { L: ; for { break L } }";
    /// A label is not used.
    UnusedLabel = "func f() { L: }";
    /// A `goto` jumps over a variable's declaration.
    JumpOverDecl = "func f() { goto L; x := 1; _ = x; L: }";
    /// A `goto` jumps into a block.
    JumpIntoBlock = "func f() { goto L; { L: } }";
    /// A method expression's type lacks the method for want of a pointer.
    InvalidMethodExpr = "type T int\nfunc (*T) m() {}\nvar x = T.m";
    /// A call has the wrong number of arguments.
    WrongArgCount = "func f(int) { f() }";
    /// Something that is no function is called.
    InvalidCall = "var x = 1\nvar y = x()";
    /// The results of a built-in function or conversion are thrown away.
    UnusedResults = "func f() { len(\"a\") }";
    /// `defer` is followed by something that is no call.
    InvalidDefer = "func f() { defer 1 }";
    /// `go` is followed by something that is no call.
    InvalidGo = "func f() { go 1 }";
    /// Something other than a name stands on the left of `:=`.
    BadDecl = "func f(a []int) { a[0] := 1 }";
    /// A name stands twice on the left of `:=`.
    RepeatedDecl = "func f() { a, a := 1, 2 }";
    /// A call of `unsafe.Add` is wrong.
    InvalidUnsafeAdd = "import \"unsafe\"\nvar x = unsafe.Add(1, 2)";
    /// A call of `unsafe.Slice` is wrong.
    InvalidUnsafeSlice = "import \"unsafe\"\nvar x = unsafe.Slice(1, 2)";
    /// A call of `unsafe.SliceData` is wrong.
    InvalidUnsafeSliceData = "import \"unsafe\"\nvar x = unsafe.SliceData(1)";
    /// A call of `unsafe.String` is wrong.
    InvalidUnsafeString = "import \"unsafe\"\nvar x = unsafe.String(1, 2)";
    /// The argument of `clear` is neither map nor slice.
    InvalidClear = "func f() { clear(1) }";
    /// `min` or `max` gets something that has no order.
    InvalidMinMaxOperand = "var x = min(true)";
    /// A type is too large for a machine.
    TypeTooLarge = "var x [1 << 62]int";
    /// Type arguments follow a type that has no parameters.
    NotAGenericType = "type T int\nvar x T[int]";
    /// A generic type or function has the wrong number of type arguments, or none at all.
    WrongTypeArgCount = "type T[P any] struct{}\nvar x T";
    /// Type arguments that are left out cannot be found.
    CannotInferTypeArgs = "func f[T any]() {}\nfunc g() { f() }";
    /// A type argument does not satisfy its constraint.
    InvalidTypeArg = "type T[P comparable] struct{}\nvar x T[[]int]";
    /// A type parameter stands where it cannot.
    MisplacedTypeParam = "type T[P any] P";
    /// Instances of a generic function or type would need ever larger instances.
    InvalidInstanceCycle = "func f[T any]() { f[*T]() }";
    /// A receiver's type parameters are not those of its type.
    BadRecv = "type T[P any] int\nfunc (T[A, B]) m() {}";
    /// An interface's union of types is wrong.
    InvalidUnion = "type C interface { int | error }";
    /// An interface with type terms stands where a value's type belongs.
    MisplacedConstraintIface = "type C interface { ~int }\nvar x C";
    /// Something parses that means nothing: `.(type)` outside of a switch's head, a tag that is no string.
    InvalidSyntaxTree = "func f(x any) { _ = x.(type) }";
}
