//! Boundaries.

use std::collections::BTreeMap;

use cstspec_contract::{CastPolicy, ExtraPolicy, MissingPolicy};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

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
    pub missing: MissingPolicy,
    /// A column or field that was not requested. `warn` unless written.
    #[serde(default)]
    pub extra: ExtraPolicy,
    /// A type that is not the requested one. `widening` unless written.
    #[serde(default)]
    pub casts: CastPolicy,
}
