//! Mistakes in expressions.

use std::fmt;

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// The kind of mistake.
    pub kind: ExprErrorKind,
    /// Where it starts: a byte offset in the text.
    pub start: usize,
    /// Where it ends: a byte offset in the text, after the last byte.
    pub end: usize,
    /// The mistake, as a lowercase fragment.
    pub message: String,
    /// The expected type or value.
    pub expected: Option<String>,
    /// The observed type or value.
    pub observed: Option<String>,
    /// The remedy.
    pub help: String,
}

/// Kinds of mistakes in expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExprErrorKind {
    /// The engine's parser does not read it as one expression.
    Parse,
    /// It is longer or deeper than any expression that a person writes.
    TooComplex,
    /// A name that is no column here.
    UnknownColumn,
    /// A struct without the field.
    UnknownField,
    /// A function that no spec declares.
    UnknownFunction,
    /// A call with too many or too few arguments.
    ArgumentCount,
    /// An argument of a type that the function does not take.
    ArgumentType,
    /// An argument whose value the function cannot use, or that must be a constant.
    ArgumentValue,
    /// A SQL type that the engine does not have.
    UnknownType,
    /// Operands, branches or a cast whose types do not go together.
    TypeMismatch,
    /// A declared signature that is not the engine's.
    WrongSignature,
    /// Nothing is known about its type without the engine.
    Unsupported,
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExprError {}
