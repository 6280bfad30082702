//! Columns and schemas of relations.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{FieldRef, Schema, SchemaRef};

use crate::{NestedOrigins, Origin, Path};

/// One output column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, nested type, nullability and metadata, as the engine must report them.
    pub field: FieldRef,
    /// Meaning of the column, for a person.
    pub doc: String,
    /// Where the column was written, or the element field that it stands for.
    pub origin: Origin,
}

impl Column {
    /// The column's name.
    pub fn name(&self) -> &str {
        self.field.name()
    }
}

/// A column without a meaning, written nowhere.
impl From<FieldRef> for Column {
    fn from(field: FieldRef) -> Self {
        Self { field, doc: String::new(), origin: Origin::default() }
    }
}

/// The Arrow schema of `columns` in their order, with `metadata` of the schema itself.
pub fn arrow_schema(columns: &[Column], metadata: &BTreeMap<String, String>) -> SchemaRef {
    let fields: Vec<FieldRef> = columns.iter().map(|column| Arc::clone(&column.field)).collect();
    Arc::new(Schema::new_with_metadata(fields, metadata.clone().into_iter().collect()))
}

/// Where the field at `path` was written: in a named type, or at its column.
pub fn locate(columns: &[Column], nested: &NestedOrigins, path: &Path) -> Option<Origin> {
    nested
        .locate(path)
        .or_else(|| columns.iter().find(|column| column.name() == path.column()).map(|column| column.origin.clone()))
}
