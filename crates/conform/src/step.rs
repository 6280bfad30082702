//! How an array is read as the contract declares it, as plain data.

use arrow::datatypes::{DataType, FieldRef, Fields};
use cstspec_contract::Path;

use crate::constant::Constant;
use crate::encoding::Encoding;

/// One step of reading an array as the contract declares it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The types are the same.
    Keep,
    /// Nothing but NULLs, whatever the file's type.
    Nulls {
        /// The declared type.
        to: DataType,
    },
    /// Another type for the same values.
    Cast {
        /// Where it is.
        path: Path,
        /// The declared type.
        to: DataType,
    },
    /// Values of an encoding of Parquet's own, decoded.
    Decode {
        /// Where it is.
        path: Path,
        /// How they are stored.
        encoding: Encoding,
        /// The declared type.
        to: DataType,
        /// Whether digits that its unit lacks are cut off, and no error.
        cut: bool,
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
        /// A NULL of the list may hide values in its elements: the file stores them as required, and the list has a fixed size.
        hidden: bool,
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

/// The source of a declared field.
#[derive(Clone, Debug, PartialEq)]
pub enum Child {
    /// A field that the file has.
    Stored {
        /// Its place in the file's struct.
        index: usize,
        /// How it is read.
        step: Step,
        /// It may not be NULL, and the file's may.
        required: bool,
        /// A NULL of its parent may hide values in it: the file stores it as required below an optional parent, and the reader gives
        /// it a zero or an empty text in such rows.
        hidden: bool,
    },
    /// One value wherever the parent is present, since the file lacks the field.
    Filled(Constant),
}

impl Step {
    /// Whether it depends on the values or on which are NULL, so that what a NULL hides must be taken away first.
    pub(super) fn looks(&self) -> bool {
        match self {
            Self::Keep | Self::Nulls { .. } => false,
            Self::Cast { .. } | Self::Decode { .. } => true,
            Self::Struct { children, .. } => children.iter().any(Child::looks),
            Self::List { item, required, .. } => *required || item.looks(),
            Self::Map { children, .. } => children.iter().any(Child::looks),
        }
    }
}

impl Child {
    /// The field at `index` as it is.
    pub(super) fn plain(index: usize) -> Self {
        Self::Stored { index, step: Step::Keep, required: false, hidden: false }
    }

    pub(super) fn looks(&self) -> bool {
        match self {
            Self::Stored { step, required, .. } => *required || step.looks(),
            // A NULL is the same below a NULL.
            Self::Filled(value) => !value.is_null(),
        }
    }
}
