//! The table of error codes: Go's names (`internal/types/errors`), each with one line of meaning. What there is to say
//! at length about a code, with a wrong and a right program, is its page: `docs/codes/NAME.md`, see [`crate::Page`].
//! `xtask tidy` checks that every code has a test.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident;)*) => {
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

            /// What the code means, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The text of the code's page.
            pub(crate) fn page_text(self) -> &'static str {
                match self {
                    $(Code::$name => include_str!(concat!("../../../docs/codes/", stringify!($name), ".md")),)*
                }
            }
        }
    };
}

codes! {
    /// The text is not a Go program: a lexical or grammatical mistake.
    SyntaxError;
    /// Part of Go that this version of gol does not have.
    NotYet;
    /// A package is named `_`.
    BlankPkgName;
    /// Files of one package disagree on the package's name.
    MismatchedPkgName;
    /// A package's name stands where a value or type belongs.
    InvalidPkgUse;
    /// An import path is malformed.
    BadImportPath;
    /// An imported package cannot be found or is broken itself.
    BrokenImport;
    /// An import is not used.
    UnusedImport;
    /// The initialization of package variables and functions depends on itself.
    InvalidInitCycle;
    /// A name is declared twice in one block.
    DuplicateDecl;
    /// A declaration depends on itself, or a type contains itself.
    InvalidDeclCycle;
    /// An interface's method mentions an unnamed interface that embeds it.
    InvalidTypeCycle;
    /// A constant is declared without or with a non-constant value.
    InvalidConstInit;
    /// A constant's value cannot be computed.
    InvalidConstVal;
    /// A constant has a type that constants cannot have.
    InvalidConstType;
    /// `nil` is used where its type cannot be known.
    UntypedNilUse;
    /// An assignment or declaration has different numbers of sides.
    WrongAssignCount;
    /// What is assigned to is no variable or map element.
    UnassignableOperand;
    /// Nothing on the left of `:=` is new.
    NoNewVar;
    /// A value does not implement the interface that is wanted.
    InvalidIfaceAssign;
    /// Channel types differ in a way that assignment does not allow.
    InvalidChanAssign;
    /// A value of one type is assigned to another.
    IncompatibleAssign;
    /// A field of a map's element is assigned to.
    UnaddressableFieldAssign;
    /// Something else stands where a type belongs.
    NotAType;
    /// An array's length is not a constant that is at least 0.
    InvalidArrayLen;
    /// An interface's method is named `_`.
    BlankIfaceMethod;
    /// A map's key type cannot be compared.
    IncomparableMapKey;
    /// What is embedded is a pointer or points to a pointer or interface.
    InvalidPtrEmbed;
    /// A receiver's type can have no methods here.
    InvalidRecv;
    /// A type has a field and a method of one name.
    DuplicateFieldAndMethod;
    /// A type has two methods of one name.
    DuplicateMethod;
    /// The blank identifier is used as a value or type.
    InvalidBlank;
    /// `iota` is used outside of a constant declaration.
    InvalidIota;
    /// An `init` or `main` function has no body.
    MissingInitBody;
    /// `init` is declared as something other than a function.
    InvalidInitDecl;
    /// `main` is declared in package main as something other than a function.
    InvalidMainDecl;
    /// A call with several results stands where one value belongs.
    TooManyValues;
    /// A type stands where a value belongs.
    NotAnExpr;
    /// A constant with a fraction is used as an integer.
    TruncatedFloat;
    /// A constant does not fit its type.
    NumericOverflow;
    /// An operator does not exist for a type.
    UndefinedOp;
    /// The two sides of an operator have different types.
    MismatchedTypes;
    /// A constant divisor is zero.
    DivByZero;
    /// `++` or `--` stands at something that is no number.
    NonNumericIncDec;
    /// The address is taken of something that has none.
    UnaddressableOperand;
    /// `*` stands at something that is no pointer.
    InvalidIndirection;
    /// Something without elements is indexed.
    NonIndexableOperand;
    /// An index is not an integer, is negative, or is out of range.
    InvalidIndex;
    /// Constant slice bounds are in the wrong order.
    SwappedSliceIndices;
    /// Something that cannot be sliced is sliced.
    NonSliceableOperand;
    /// A slice expression has three indices on a string, or lacks one.
    InvalidSliceExpr;
    /// A shift's right side is not an integer that is at least 0.
    InvalidShiftCount;
    /// A shift's left side is not an integer.
    InvalidShiftOperand;
    /// A receive is from something that gives nothing.
    InvalidReceive;
    /// A send is to something that takes nothing.
    InvalidSend;
    /// A literal has the same key or index twice.
    DuplicateLitKey;
    /// A map literal's element has no key.
    MissingLitKey;
    /// An array literal's key is not a constant integer.
    InvalidLitIndex;
    /// An array literal has more elements than the array.
    OversizeArrayLit;
    /// A struct literal mixes elements with and without field names.
    MixedStructLit;
    /// A struct literal has the wrong number of values.
    InvalidStructLit;
    /// A struct literal names a field that the struct does not have.
    MissingLitField;
    /// A struct literal names a field twice.
    DuplicateLitField;
    /// A struct literal sets another package's hidden field.
    UnexportedLitField;
    /// A struct literal's key is not a field name.
    InvalidLitField;
    /// A composite literal has no type.
    UntypedLit;
    /// A composite literal has a type that has no literals.
    InvalidLit;
    /// A selector finds several fields or methods at one depth.
    AmbiguousSelector;
    /// A package does not have the name.
    UndeclaredImportedName;
    /// A package's name is not exported.
    UnexportedName;
    /// A name is not declared.
    UndeclaredName;
    /// A type has no such field or method.
    MissingFieldOrMethod;
    /// `...` stands where it has no meaning.
    BadDotDotDotSyntax;
    /// `...` follows an argument of a function that is not variadic.
    NonVariadicDotDotDot;
    /// `...` follows an argument that cannot be passed so.
    InvalidDotDotDot;
    /// A built-in function is not called.
    UncalledBuiltin;
    /// A call of `append` is wrong.
    InvalidAppend;
    /// The argument of `cap` has no capacity.
    InvalidCap;
    /// The argument of `close` cannot be closed.
    InvalidClose;
    /// The arguments of `copy` do not fit.
    InvalidCopy;
    /// The arguments of `complex` do not fit.
    InvalidComplex;
    /// The first argument of `delete` is no map.
    InvalidDelete;
    /// The argument of `imag` is not complex.
    InvalidImag;
    /// The argument of `len` has no length.
    InvalidLen;
    /// `make` gets a length above the capacity.
    SwappedMakeArgs;
    /// `make` cannot make the type.
    InvalidMake;
    /// The argument of `real` is not complex.
    InvalidReal;
    /// A type assertion is on something that is no interface.
    InvalidAssert;
    /// A type assertion can never hold.
    ImpossibleAssert;
    /// A conversion between types that do not convert.
    InvalidConversion;
    /// An untyped value cannot have the type that its context asks for.
    InvalidUntypedConversion;
    /// `unsafe.Offsetof` gets something that is no field.
    InvalidOffsetof;
    /// `unsafe.Offsetof` gets no selector.
    BadOffsetofSyntax;
    /// An expression's value is not used.
    UnusedExpr;
    /// A local variable is declared and never used.
    UnusedVar;
    /// A function with results can reach its end.
    MissingReturn;
    /// A return statement has the wrong number of values.
    WrongResultCount;
    /// A bare return stands where a named result is hidden.
    OutOfScopeResult;
    /// A condition is no boolean.
    InvalidCond;
    /// A range clause has too many or wrong variables.
    InvalidIterVar;
    /// A loop ranges over something that has no elements.
    InvalidRangeExpr;
    /// A `break` stands outside of anything that it could leave.
    MisplacedBreak;
    /// A `continue` stands outside of a loop.
    MisplacedContinue;
    /// A `fallthrough` stands elsewhere than at the end of a case that is not the last.
    MisplacedFallthrough;
    /// A switch has the same case twice.
    DuplicateCase;
    /// A switch or select has two default cases.
    DuplicateDefault;
    /// A type switch is on something that is no interface.
    InvalidTypeSwitch;
    /// A switch's tag or case cannot be compared.
    InvalidExprSwitch;
    /// A select's case is neither a send nor a receive.
    InvalidSelectCase;
    /// A jump names a label that is not there.
    UndeclaredLabel;
    /// A label is declared twice in a function.
    DuplicateLabel;
    /// A `break` or `continue` names a label that is not around it.
    MisplacedLabel;
    /// A label is not used.
    UnusedLabel;
    /// A `goto` jumps over a variable's declaration.
    JumpOverDecl;
    /// A `goto` jumps into a block.
    JumpIntoBlock;
    /// A method expression's type lacks the method for want of a pointer.
    InvalidMethodExpr;
    /// A call has the wrong number of arguments.
    WrongArgCount;
    /// Something that is no function is called.
    InvalidCall;
    /// The results of a built-in function or conversion are thrown away.
    UnusedResults;
    /// `defer` is followed by something that is no call.
    InvalidDefer;
    /// `go` is followed by something that is no call.
    InvalidGo;
    /// Something other than a name stands on the left of `:=`.
    BadDecl;
    /// A name stands twice on the left of `:=`.
    RepeatedDecl;
    /// A call of `unsafe.Add` is wrong.
    InvalidUnsafeAdd;
    /// A call of `unsafe.Slice` is wrong.
    InvalidUnsafeSlice;
    /// A call of `unsafe.SliceData` is wrong.
    InvalidUnsafeSliceData;
    /// A call of `unsafe.String` is wrong.
    InvalidUnsafeString;
    /// The argument of `clear` is neither map nor slice.
    InvalidClear;
    /// `min` or `max` gets something that has no order.
    InvalidMinMaxOperand;
    /// A type is too large for a machine.
    TypeTooLarge;
    /// Type arguments follow a type that has no parameters.
    NotAGenericType;
    /// A generic type or function has the wrong number of type arguments, or none at all.
    WrongTypeArgCount;
    /// Type arguments that are left out cannot be found.
    CannotInferTypeArgs;
    /// A type argument does not satisfy its constraint.
    InvalidTypeArg;
    /// A type parameter stands where it cannot.
    MisplacedTypeParam;
    /// Instances of a generic function or type would need ever larger instances.
    InvalidInstanceCycle;
    /// A receiver's type parameters are not those of its type.
    BadRecv;
    /// An interface's union of types is wrong.
    InvalidUnion;
    /// An interface with type terms stands where a value's type belongs.
    MisplacedConstraintIface;
    /// Something parses that means nothing: `.(type)` outside of a switch's head, a tag that is no string.
    InvalidSyntaxTree;
}
