//! Boundaries: places where record batches leave for a consumer with a requested schema.

use std::collections::BTreeMap;

use arrow_schema::SchemaRef;

use crate::{CastPolicy, Column, DefaultValue, ExtraPolicy, MissingPolicy, NestedOrigins, Origin, schema};

/// A requested schema, and what may be done to batches to meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The boundary's name.
    pub name: String,
    /// Who is on the other side.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The requested columns in order.
    pub columns: Vec<Column>,
    /// Origins of nested fields.
    pub nested: NestedOrigins,
    /// Requested metadata of the schema.
    pub metadata: BTreeMap<String, String>,
    /// Values of columns and nested fields that the batches lack, sorted by path.
    pub defaults: Vec<DefaultValue>,
    /// A requested column or field that the batches lack.
    pub missing: MissingPolicy,
    /// A column or field that was not requested.
    pub extra: ExtraPolicy,
    /// A type that is not the requested one.
    pub casts: CastPolicy,
}

impl Boundary {
    /// The requested schema.
    pub fn schema(&self) -> SchemaRef {
        schema::arrow_schema(&self.columns, &self.metadata)
    }
}
