//! Boundaries.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::dataset::{CastWord, ExtraWord, MissingWord};
use super::field::FieldSpec;
use super::value::ScalarText;

/// A place where record batches leave for a consumer with a requested schema.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "boundary")]
pub struct BoundarySpec {
    /// The boundary's name.
    pub boundary: String,
    /// Who is on the other side.
    #[serde(default)]
    pub doc: String,
    /// The requested columns in order.
    pub columns: IndexMap<String, FieldSpec>,
    /// Requested metadata of the schema.
    #[serde(default)]
    pub metadata: BTreeMap<String, ScalarText>,
    /// A requested column or field that the batches lack. `default` unless written.
    #[serde(default)]
    pub missing: MissingWord,
    /// A column or field that was not requested. `warn` unless written.
    #[serde(default)]
    pub extra: ExtraWord,
    /// A type that is not the requested one. `widening` unless written.
    #[serde(default)]
    pub casts: CastWord,
}
