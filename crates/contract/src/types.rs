//! Short constructors for Arrow types, for generated code and for the reader of specs.
//!
//! List children are named `item` and map entries `entries { key, value }`: Arrow's own names. Files may spell them otherwise.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit, UnionMode};

use crate::{list_child, map_fields};

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

/// `large_list<item>` whose items may be NULL.
pub fn large_list(item: DataType) -> DataType {
    DataType::LargeList(nullable("item", item))
}

/// `dictionary<key, value>`.
pub fn dictionary(key: DataType, value: DataType) -> DataType {
    DataType::Dictionary(Box::new(key), Box::new(value))
}

/// `timestamp(unit, zone)`.
pub fn timestamp(unit: TimeUnit, zone: &str) -> DataType {
    DataType::Timestamp(unit, Some(zone.into()))
}

/// A union of fields by type id, which must be distinct and not negative.
pub fn union<const N: usize>(fields: [(i8, FieldRef); N], mode: UnionMode) -> DataType {
    DataType::Union(fields.into_iter().collect(), mode)
}

/// Whether two types are one but for nullability, metadata, and the names of list elements and map entries.
pub fn same_shape(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::Struct(left), DataType::Struct(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| left.name() == right.name() && same_shape(left.data_type(), right.data_type()))
        }
        (DataType::Map(left, _), DataType::Map(right, _)) => match (map_fields(left), map_fields(right)) {
            (Some((left_key, left_value)), Some((right_key, right_value))) => {
                same_shape(left_key.data_type(), right_key.data_type())
                    && same_shape(left_value.data_type(), right_value.data_type())
            }
            _ => false,
        },
        (DataType::Dictionary(left_key, left), DataType::Dictionary(right_key, right)) => {
            left_key == right_key && same_shape(left, right)
        }
        _ => match (list_child(left), list_child(right)) {
            (Some(left_item), Some(right_item)) => {
                std::mem::discriminant(left) == std::mem::discriminant(right)
                    && same_shape(left_item.data_type(), right_item.data_type())
            }
            _ => left == right,
        },
    }
}

/// `struct<fields>`, one statement per field: generated code spells structs so, because then a formatter never puts two fields
/// on one line, and a field added to a struct is a line added to the code.
pub fn structure_of(build: impl FnOnce(&mut StructFields)) -> DataType {
    let mut fields = StructFields(Vec::new());
    build(&mut fields);
    DataType::Struct(fields.0.into())
}

/// The fields of a struct that [`structure_of`] builds, in order.
#[derive(Debug)]
pub struct StructFields(Vec<FieldRef>);

impl StructFields {
    /// Adds a field that may be NULL.
    pub fn nullable(&mut self, name: &str, data_type: DataType) -> &mut Self {
        self.0.push(nullable(name, data_type));
        self
    }

    /// Adds a field that is never NULL where the struct is present.
    pub fn required(&mut self, name: &str, data_type: DataType) -> &mut Self {
        self.0.push(required(name, data_type));
        self
    }

    /// Gives the field that was added last `metadata` as its only metadata.
    pub fn annotated<const N: usize>(&mut self, metadata: [(&str, &str); N]) -> &mut Self {
        if let Some(last) = self.0.last_mut() {
            *last = annotated(last, metadata);
        }
        self
    }
}
