//! Mistakes in the text of a type.

use super::syntax::{SyntaxError, TypeExpr};

/// Why a text is no type of this catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// It does not follow the grammar.
    Syntax(SyntaxError),
    /// A name that is neither a type of Arrow nor in `types/`.
    Unknown {
        /// The name.
        name: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The spelling that is meant, or the nearest known name.
        suggestion: Option<String>,
    },
    /// A type in the spelling of another system.
    Foreign {
        /// Where it stops being one of ours, in bytes.
        offset: usize,
        /// The mistake there.
        message: String,
        /// The spelling that is meant.
        meant: String,
    },
    /// A type with other children or arguments than it takes.
    Arguments {
        /// The type's name.
        name: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The form it takes.
        form: String,
        /// The spelling that is meant, where it is another system's.
        meant: Option<String>,
    },
    /// Two fields of a struct, or members of a union, with one name.
    SameField {
        /// The second name.
        name: String,
        /// Where its type starts, in bytes.
        offset: usize,
    },
    /// A time zone that the engine does not know.
    Zone {
        /// The zone.
        zone: String,
        /// Where it starts, in bytes.
        offset: usize,
        /// The nearest known zone.
        suggestion: Option<String>,
    },
    /// A type of fixed size with more bytes for each value than a batch can hold.
    TooWide {
        /// The bytes of a value.
        bytes: u64,
    },
    /// A type with more fields, or more of them inside one another, than can be worked with.
    TooLarge,
    /// A named type that could not be resolved; its own finding says why.
    Broken,
}

impl TypeError {
    /// `expr` does not have the form that its name takes.
    pub fn wrong_arguments(expr: &TypeExpr, form: &str) -> Self {
        Self::Arguments { name: expr.name.clone(), offset: expr.start, form: form.to_owned(), meant: None }
    }
}
