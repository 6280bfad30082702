//! One schema for files of several.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_conform::castable_under;
use cstspec_contract::{CastPolicy, list_child, map_fields, types, with_list_child};

/// The schema under which files of `one` and of `other` are read: with the fields of both, each in the wider type, and nullable where one
/// of them lacks it. A type that no file can be read as stays that of `one`: files of `other` are refused, with a finding for each.
pub fn merged(one: &Schema, other: &Schema) -> Schema {
    let fields = fields(one.fields(), other.fields());
    let mut metadata = one.metadata().clone();
    metadata.retain(|key, value| other.metadata().get(key) == Some(value));
    Schema::new_with_metadata(fields, metadata)
}

fn fields(one: &Fields, other: &Fields) -> Fields {
    let optional = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let find = |among: &Fields, name: &str| among.iter().find(|field| field.name() == name).cloned();
    let both = one.iter().map(|field| match find(other, field.name()) {
        Some(found) => self::field(field, &found),
        None => optional(field),
    });
    let more = other.iter().filter(|field| find(one, field.name()).is_none()).map(optional);
    both.chain(more).collect()
}

fn field(one: &FieldRef, other: &FieldRef) -> FieldRef {
    if one == other {
        return Arc::clone(one);
    }
    let mut metadata = one.metadata().clone();
    metadata.retain(|key, value| other.metadata().get(key) == Some(value));
    let nullable = one.is_nullable() || other.is_nullable();
    let data_type = data_type(one.data_type(), other.data_type());
    Arc::new(Field::new(one.name(), data_type, nullable).with_metadata(metadata))
}

fn data_type(one: &DataType, other: &DataType) -> DataType {
    if let (DataType::Struct(one), DataType::Struct(other)) = (one, other) {
        return DataType::Struct(fields(one, other));
    }
    if let (DataType::Map(one, _), DataType::Map(other, _)) = (one, other)
        && let (Some((key, value)), Some((other_key, other_value))) = (map_fields(one), map_fields(other))
    {
        return types::map_of(field(key, other_key), field(value, other_value));
    }
    if std::mem::discriminant(one) == std::mem::discriminant(other)
        && let (Some(item), Some(other_item)) = (list_child(one), list_child(other))
    {
        return with_list_child(one, field(item, other_item));
    }
    let reads = |found: &DataType, declared: &DataType| {
        castable_under(found, declared, CastPolicy::None) == Some(CastPolicy::Widening)
    };
    if one == other || reads(other, one) || !reads(one, other) { one.clone() } else { other.clone() }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::types::{list, nullable, required, structure};

    use super::*;

    /// Fields of both, the wider type, and NOT NULL where both have it.
    #[test]
    fn schemas_merged() {
        let one = Schema::new(vec![
            required("id", DataType::Int32),
            required("name", DataType::Utf8),
            nullable("refs", list(structure([required("a", DataType::Int64)]))),
            nullable("clash", DataType::Utf8),
        ]);
        let other = Schema::new(vec![
            required("id", DataType::Int64),
            nullable("refs", list(structure([required("b", DataType::Int8), required("a", DataType::Int32)]))),
            nullable("clash", DataType::Int64),
        ]);
        let expected = Schema::new(vec![
            required("id", DataType::Int64),
            nullable("name", DataType::Utf8),
            nullable("refs", list(structure([required("a", DataType::Int64), nullable("b", DataType::Int8)]))),
            nullable("clash", DataType::Utf8),
        ]);
        assert_eq!(merged(&one, &other), expected);
    }
}
