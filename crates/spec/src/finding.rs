//! Findings on their way: with a place in a document, not yet with line and column.

use cstspec_contract::Finding;

use crate::yaml::{KeyPath, Place};

/// A finding and where in its document it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The finding, without its place.
    pub finding: Finding,
    /// Where it points.
    pub at: At,
}

/// Where in a document a finding points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// A place that no key leads to.
    Place(Place),
    /// A key.
    Key(KeyPath),
    /// What a key maps to.
    Value(KeyPath),
    /// So many bytes into the scalar that a key maps to.
    Inside(KeyPath, usize),
}

impl Found {
    /// A finding about the file as a whole.
    pub fn in_file(finding: Finding) -> Self {
        Self { finding, at: At::File }
    }

    /// A finding at a place that no key leads to.
    pub fn at_place(finding: Finding, place: Place) -> Self {
        Self { finding, at: At::Place(place) }
    }

    /// A finding about a key.
    pub fn at_key(finding: Finding, key: KeyPath) -> Self {
        Self { finding, at: At::Key(key) }
    }

    /// A finding about what a key maps to.
    pub fn at_value(finding: Finding, key: KeyPath) -> Self {
        Self { finding, at: At::Value(key) }
    }

    /// A finding about a place inside a scalar.
    pub fn inside(finding: Finding, key: KeyPath, offset: usize) -> Self {
        Self { finding, at: At::Inside(key, offset) }
    }
}
