//! Arrays of a file as the contract declares them: by name, at any depth, without losing a row.
//!
//! A [`Step`] is planned once from the two types and applied to each array. What is only spelling (names of list children and map
//! entries, field metadata, nullability) costs no copy: the same buffers under another type. NULLs are looked for only where a
//! file may have them and the contract says it has not; a NULL that a NULL parent hides is none.

mod apply;
mod cast;
mod conversion;
mod mask;
mod plan;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use cstspec_contract::{Evolution, Path};
use datafusion::common::DataFusionError;

pub use cast::loses_nothing;
pub use conversion::{Conversion, ConversionKind};
pub use mask::masked;
pub use plan::{plan_field, without_extras};

/// Why an array cannot be read as the contract declares it.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// A field that the contract calls NOT NULL, or that may not be missing, and the file lacks.
    #[error("the file has no `{path}`, which the contract does not let it leave out")]
    Missing {
        /// The field.
        path: Path,
    },
    /// A field that only the file has, where the contract refuses such.
    #[error("the file has `{path}`, which the contract does not know and refuses")]
    Extra {
        /// The field.
        path: Path,
    },
    /// Two types without an allowed conversion.
    #[error("`{path}` is {found} in the file and {declared} in the contract, which allows no such conversion")]
    Type {
        /// The field.
        path: Path,
        /// Its type in the file.
        found: DataType,
        /// Its type in the contract.
        declared: DataType,
    },
    /// A field nullable in the file and NOT NULL in the contract, where the contract refuses that.
    #[error("`{path}` may be NULL in the file, and the contract refuses to read it as NOT NULL")]
    Nullable {
        /// The field.
        path: Path,
    },
    /// A NULL where the contract says there is none.
    #[error("NULL in `{path}`, which the contract declares NOT NULL; mend the file or declare the field nullable")]
    Null {
        /// The field.
        path: Path,
    },
    /// A value that the declared type cannot hold.
    #[error("a value of `{path}` is not {declared}: {reason}")]
    Value {
        /// The field.
        path: Path,
        /// Its type in the contract.
        declared: DataType,
        /// What the cast says.
        reason: String,
    },
    /// An array that is not built as its type says.
    #[error("`{path}` cannot be rebuilt: {source}")]
    Array {
        /// The field.
        path: Path,
        /// What arrow says.
        source: ArrowError,
    },
}

impl ConformError {
    /// The error of this kind inside an error of the engine.
    pub fn inside(error: &DataFusionError) -> Option<&Self> {
        crate::error::inside(error)
    }

    /// The column or nested field that it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Missing { path }
            | Self::Extra { path }
            | Self::Type { path, .. }
            | Self::Nullable { path }
            | Self::Null { path }
            | Self::Value { path, .. }
            | Self::Array { path, .. } => Some(path),
        }
    }
}

/// One step of reading an array as the contract declares it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The types are the same.
    Keep,
    /// Another type for the same values.
    Cast {
        /// Where it is.
        path: Path,
        /// The declared type.
        to: DataType,
    },
    /// A struct whose fields are found by name.
    Struct {
        /// Where it is.
        path: Path,
        /// The declared fields.
        fields: Fields,
        /// For each of them what it is made from.
        children: Vec<Child>,
    },
    /// A list of any kind, whose elements are read by `item`.
    List {
        /// Where it is.
        path: Path,
        /// The declared field of the elements.
        field: FieldRef,
        /// The declared type of the list itself.
        to: DataType,
        /// How an element is read.
        item: Box<Step>,
        /// Its elements may not be NULL, and the file's may.
        required: bool,
    },
    /// A map whose keys and values are found by position, whatever they are called.
    Map {
        /// Where it is.
        path: Path,
        /// The declared field of the entries.
        entries: FieldRef,
        /// The declared claim that keys are in order.
        sorted: bool,
        /// How a key and a value are read.
        children: Box<[Child; 2]>,
    },
}

/// What a declared field is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// The field's place in the file's struct; `None` where the file lacks it, which makes it NULL.
    pub from: Option<usize>,
    /// How it is read.
    pub step: Step,
    /// It may not be NULL, and the file's may.
    pub required: bool,
}

/// `array` as `declared`, under the policies of `evolution`.
///
/// # Errors
///
/// See [`ConformError`]. Nothing is converted unless the whole of the two types can be.
pub fn conform(
    array: &ArrayRef,
    declared: &DataType,
    evolution: &Evolution,
    path: &Path,
) -> Result<ArrayRef, ConformError> {
    plan::plan(array.data_type(), declared, evolution, path)?.apply(array)
}

impl Step {
    /// `array`, whose type is the one that the step was planned from, as the contract declares it.
    ///
    /// # Errors
    ///
    /// [`ConformError::Null`] and [`ConformError::Value`] for what is in the array.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef, ConformError> {
        match self {
            Self::Keep => Ok(Arc::clone(array)),
            Self::Cast { path, to } => cast::cast(array, to, path),
            Self::Struct { path, fields, children } => apply::structure(array, path, fields, children),
            Self::List { path, field, to, item, required } => {
                apply::list(array, &apply::Element { path, field, item, required: *required }, to)
            }
            Self::Map { path, entries, sorted, children } => apply::map(array, path, entries, *sorted, children),
        }
    }

    /// Whether it looks at the values, so that what a NULL hides must be taken away first.
    fn looks(&self) -> bool {
        match self {
            Self::Keep => false,
            Self::Cast { .. } => true,
            Self::Struct { children, .. } => children.iter().any(Child::looks),
            Self::List { item, required, .. } => *required || item.looks(),
            Self::Map { children, .. } => children.iter().any(Child::looks),
        }
    }
}

impl Child {
    fn looks(&self) -> bool {
        self.required || self.step.looks()
    }
}
