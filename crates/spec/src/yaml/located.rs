//! Findings with a position in a document: a key or a place, not yet line and column.

use cstspec_contract::Finding;

use super::key::KeyPath;
use super::place::Place;

/// Files with more mistakes than this are reported up to here, those of spelling and those of shape each.
pub const MOST_MISTAKES: usize = 100;

/// A finding and where in its document it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The finding, without its place.
    pub finding: Finding,
    /// Where it points.
    pub anchor: Anchor,
}

/// Where in a document a finding points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The file as a whole.
    File,
    /// A place that no key leads to.
    Place(Place),
    /// A key.
    Key(KeyPath),
    /// The value of a key.
    Value(KeyPath),
    /// So many bytes into the scalar that a key maps to.
    Inside(KeyPath, usize),
}

impl Located {
    /// A finding about the file as a whole.
    pub fn in_file(finding: Finding) -> Self {
        Self { finding, anchor: Anchor::File }
    }

    /// A finding at a place that no key leads to.
    pub fn at_place(finding: Finding, place: Place) -> Self {
        Self { finding, anchor: Anchor::Place(place) }
    }

    /// A finding about a key.
    pub fn at_key(finding: Finding, key: KeyPath) -> Self {
        Self { finding, anchor: Anchor::Key(key) }
    }

    /// A finding about what a key maps to.
    pub fn at_value(finding: Finding, key: KeyPath) -> Self {
        Self { finding, anchor: Anchor::Value(key) }
    }

    /// A finding about a place inside a scalar.
    pub fn inside(finding: Finding, key: KeyPath, offset: usize) -> Self {
        Self { finding, anchor: Anchor::Inside(key, offset) }
    }
}
