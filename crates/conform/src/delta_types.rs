//! Types that a log cannot represent: Delta has one string, one binary, signed integers, one list, and no extension types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use cstspec_contract::{Evolution, Path, list_child, map_fields, with_list_child};

/// `fields` of a log with the contract's type wherever Delta has no other word for it.
///
/// The remaining differences are drift. Nullability is the log's at the top, and the contract's below: no writer of Delta enforces it
/// there.
pub fn with_contract_types(fields: &Fields, declared: &Fields, evolution: &Evolution) -> Fields {
    let top = Path::default();
    fields
        .iter()
        .map(|field| match counterpart(field, declared, evolution, &top) {
            Some(declared) => {
                let data_type = align(field.data_type(), declared.data_type(), evolution, &top.join(field.name()));
                Arc::new(field.as_ref().clone().with_data_type(data_type))
            }
            None => Arc::clone(field),
        })
        .collect()
}

/// The declared field that `field` of the log is: by name, or by the name it had.
fn counterpart<'a>(field: &Field, declared: &'a Fields, evolution: &Evolution, parent: &Path) -> Option<&'a FieldRef> {
    let named = |name: &str| declared.iter().find(|other| other.name() == name);
    named(field.name()).or_else(|| named(evolution.renames.get(&parent.join(field.name()))?))
}

fn align(found: &DataType, declared: &DataType, evolution: &Evolution, path: &Path) -> DataType {
    match (found, declared) {
        (DataType::Struct(from), DataType::Struct(to)) => {
            let fields = from.iter().map(|field| match counterpart(field, to, evolution, path) {
                Some(declared) => nested(field, declared, evolution, &path.join(field.name())),
                None => Arc::clone(field),
            });
            DataType::Struct(fields.collect())
        }
        (DataType::Map(from, _), DataType::Map(to, sorted)) => match (map_fields(from), map_fields(to)) {
            (Some((from_key, from_value)), Some((to_key, to_value))) => {
                let key = nested(from_key, to_key, evolution, &path.join("key"));
                let value = nested(from_value, to_value, evolution, &path.join("value"));
                let entries = from.as_ref().clone().with_data_type(DataType::Struct(vec![key, value].into()));
                DataType::Map(Arc::new(entries), *sorted)
            }
            _ => found.clone(),
        },
        (DataType::List(from), to) => match list_child(to) {
            Some(item) => with_list_child(to, nested(from, item, evolution, path)),
            None => found.clone(),
        },
        _ if is_delta_form_of(found, declared) => declared.clone(),
        _ => found.clone(),
    }
}

fn nested(found: &FieldRef, declared: &FieldRef, evolution: &Evolution, path: &Path) -> FieldRef {
    let data_type = align(found.data_type(), declared.data_type(), evolution, path);
    Arc::new(found.as_ref().clone().with_data_type(data_type).with_nullable(declared.is_nullable()))
}

/// Whether `found` is how Delta says `declared`.
fn is_delta_form_of(found: &DataType, declared: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Dictionary, FixedSizeBinary,
        Float16, Float32, Int8, Int16, Int32, Int64, LargeBinary, LargeUtf8, RunEndEncoded, Timestamp, UInt8, UInt16,
        UInt32, UInt64, Utf8, Utf8View,
    };
    match (found, declared) {
        (found, Dictionary(_, values)) => found == values.as_ref() || is_delta_form_of(found, values),
        (found, RunEndEncoded(_, values)) => found == values.data_type() || is_delta_form_of(found, values.data_type()),
        (Timestamp(TimeUnit::Microsecond, from), Timestamp(_, to)) => from.is_some() == to.is_some(),
        (Decimal128(precision, scale), Decimal32(other, by) | Decimal64(other, by) | Decimal256(other, by)) => {
            (precision, scale) == (other, by)
        }
        // An unsigned integer has its own width, or the next that holds all its values.
        (Utf8, LargeUtf8 | Utf8View)
        | (Binary, LargeBinary | BinaryView | FixedSizeBinary(_))
        | (Int8, UInt8)
        | (Int16, UInt8 | UInt16)
        | (Int32, UInt16 | UInt32)
        | (Int64, UInt32 | UInt64)
        | (Decimal128(20, 0), UInt64)
        | (Float32, Float16)
        | (Date32, Date64) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
    use cstspec_contract::Evolution;

    use super::with_contract_types;

    fn one(found: DataType, declared: DataType) -> DataType {
        let of = |data_type| Fields::from(vec![Field::new("c", data_type, true)]);
        with_contract_types(&of(found), &of(declared), &Evolution::default())[0].data_type().clone()
    }

    #[test]
    fn what_delta_cannot_say_is_read_with_contract_types() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::LargeUtf8));
        for (found, declared) in [
            (DataType::Utf8, DataType::LargeUtf8),
            (DataType::Utf8, dictionary),
            (DataType::Int64, DataType::UInt64),
            (
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Rome".into())),
            ),
        ] {
            assert_eq!(one(found, declared.clone()), declared);
        }
    }

    #[test]
    fn delta_supported_type_from_log() {
        for (found, declared) in [
            (DataType::Utf8, DataType::Int64),
            (DataType::Int32, DataType::Int64),
            (DataType::Int8, DataType::UInt16),
            (DataType::Decimal128(10, 2), DataType::Decimal256(12, 2)),
            (
                DataType::Timestamp(TimeUnit::Microsecond, None),
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ),
        ] {
            assert_eq!(one(found.clone(), declared), found);
        }
    }

    /// Lists maps and structs are looked into.
    #[test]
    fn delta_nested_types() {
        let list = |item: DataType, nullable| DataType::List(Field::new("element", item, nullable).into());
        let entry = |name: &str, value: DataType, nullable| {
            let fields = vec![Field::new("key", DataType::Utf8, false), Field::new("value", value, nullable)];
            DataType::Map(Field::new(name, DataType::Struct(fields.into()), false).into(), false)
        };
        let found =
            list(entry("key_value", DataType::Struct(vec![Field::new("n", DataType::Int32, true)].into()), true), true);
        let declared = DataType::LargeList(
            Field::new(
                "item",
                entry("entries", DataType::Struct(vec![Field::new("n", DataType::UInt32, false)].into()), false),
                false,
            )
            .into(),
        );
        let DataType::LargeList(item) = one(found, declared) else { panic!("not the declared kind of list") };
        assert!(!item.is_nullable());
        let expected =
            entry("key_value", DataType::Struct(vec![Field::new("n", DataType::UInt32, false)].into()), false);
        assert_eq!(item.data_type(), &expected);
    }
}
