//! Short constructors for Arrow types, for generated code and for the reader of specs.
//!
//! List children are named `item` and map entries `entries { key, value }`: Arrow's own names. Files may spell them otherwise.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};

/// A field that may be NULL.
pub fn nullable(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, true))
}

/// A field that is never NULL where its parent is present.
pub fn required(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, false))
}

/// `field` with `metadata` as its only metadata.
pub fn annotated<const N: usize>(field: &FieldRef, metadata: [(&str, &str); N]) -> FieldRef {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// `list<item>` whose items may be NULL.
pub fn list(item: DataType) -> DataType {
    DataType::List(nullable("item", item))
}

/// `struct<fields>`.
pub fn structure<const N: usize>(fields: [FieldRef; N]) -> DataType {
    DataType::Struct(fields.into_iter().collect())
}

/// `map<key, value>` with values that may be NULL and keys in no order.
pub fn map(key: DataType, value: DataType) -> DataType {
    map_of(required("key", key), nullable("value", value))
}

/// A map over the given key and value fields, keys in no order.
pub fn map_of(key: FieldRef, value: FieldRef) -> DataType {
    DataType::Map(required("entries", structure([key, value])), false)
}
