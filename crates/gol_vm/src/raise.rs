//! What an instruction or a native can end with other than a result.

/// A panic to start, or the end of the program. Texts are Go's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raise {
    /// A `runtime.Error` whose text is `runtime error: ` and this.
    Runtime(String),
    /// A `runtime.Error` of an index, a slice expression or a conversion to an array: `runtime error: ` and this.
    Bounds(String),
    /// A `runtime.Error` with just this text, such as `close of closed channel`.
    Plain(String),
    /// A `*runtime.TypeAssertionError` with this text.
    TypeAssertion(String),
    /// `panic` with this interface value (type id, data word).
    Value(u64, u64),
    /// `runtime.Goexit`.
    Goexit,
    /// `fatal error: ` and this: cannot be recovered; all goroutines are reported, exit status 2.
    Fatal(String),
    /// The heap's limit is reached.
    OutOfMemory,
    /// `os.Exit`.
    Exit(i32),
}

impl Raise {
    /// `invalid memory address or nil pointer dereference`.
    pub fn nil() -> Raise {
        Raise::Runtime("invalid memory address or nil pointer dereference".into())
    }

    /// `index out of range [i] with length n`, or without the length for a negative index.
    pub fn index(i: i64, len: u64) -> Raise {
        if i < 0 {
            Raise::Bounds(format!("index out of range [{i}]"))
        } else {
            Raise::Bounds(format!("index out of range [{i}] with length {len}"))
        }
    }

    /// The end for want of memory, without another try.
    pub(crate) fn out_of_memory() -> Raise {
        Raise::Fatal("runtime: out of memory".into())
    }

    /// `integer divide by zero`.
    pub fn divide() -> Raise {
        Raise::Runtime("integer divide by zero".into())
    }
}
