//! How many bytes a value takes whatever it is: those of types of a fixed size, which arrays hold for NULL too.

use arrow_schema::{DataType, IntervalUnit};

/// The most bytes that one value of fixed size may take. A batch holds them for each of its rows.
pub const MAX_FIXED_BYTES: u64 = 65_536;

/// The bytes of binaries and lists of fixed size in a value of `data_type`, outside of whatever has a length of its own.
pub fn fixed_bytes(data_type: &DataType) -> u64 {
    match data_type {
        DataType::FixedSizeBinary(size) => times(*size, 1),
        DataType::FixedSizeList(item, size) => times(*size, value_bytes(item.data_type()).max(1)),
        DataType::Struct(fields) => {
            fields.iter().map(|field| fixed_bytes(field.data_type())).fold(0, u64::saturating_add)
        }
        DataType::Union(fields, _) => {
            fields.iter().map(|(_, field)| fixed_bytes(field.data_type())).fold(0, u64::saturating_add)
        }
        DataType::Dictionary(_, values) => fixed_bytes(values),
        DataType::RunEndEncoded(_, values) => fixed_bytes(values.data_type()),
        _ => 0,
    }
}

/// The most [`fixed_bytes`] of `data_type` and of whatever is inside it.
pub fn most_fixed_bytes(data_type: &DataType) -> u64 {
    let mut most = 0;
    let mut open = vec![data_type];
    while let Some(data_type) = open.pop() {
        most = fixed_bytes(data_type).max(most);
        match data_type {
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::ListView(item)
            | DataType::LargeListView(item)
            | DataType::FixedSizeList(item, _)
            | DataType::Map(item, _)
            | DataType::RunEndEncoded(_, item) => open.push(item.data_type()),
            DataType::Struct(fields) => open.extend(fields.iter().map(|field| field.data_type())),
            DataType::Union(fields, _) => open.extend(fields.iter().map(|(_, field)| field.data_type())),
            DataType::Dictionary(_, values) => open.push(values),
            _ => {}
        }
    }
    most
}

/// The bytes that an array of `data_type` has for each value, without those that lie elsewhere.
fn value_bytes(data_type: &DataType) -> u64 {
    match data_type {
        DataType::Null | DataType::Boolean | DataType::Int8 | DataType::UInt8 => 1,
        DataType::Int16 | DataType::UInt16 | DataType::Float16 => 2,
        DataType::Int32
        | DataType::UInt32
        | DataType::Float32
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Decimal32(..)
        | DataType::Interval(IntervalUnit::YearMonth)
        | DataType::Utf8
        | DataType::Binary
        | DataType::List(_)
        | DataType::Map(..) => 4,
        DataType::Int64
        | DataType::UInt64
        | DataType::Float64
        | DataType::Date64
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_)
        | DataType::Decimal64(..)
        | DataType::Interval(IntervalUnit::DayTime)
        | DataType::LargeUtf8
        | DataType::LargeBinary
        | DataType::LargeList(_)
        | DataType::ListView(_) => 8,
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::LargeListView(_)
        | DataType::Decimal128(..)
        | DataType::Interval(IntervalUnit::MonthDayNano) => 16,
        DataType::Decimal256(..) => 32,
        DataType::FixedSizeBinary(_) | DataType::FixedSizeList(..) => fixed_bytes(data_type),
        DataType::Struct(fields) => {
            fields.iter().map(|field| value_bytes(field.data_type())).fold(0, u64::saturating_add)
        }
        DataType::Union(fields, _) => {
            fields.iter().map(|(_, field)| value_bytes(field.data_type())).fold(1, u64::saturating_add)
        }
        DataType::Dictionary(keys, values) => value_bytes(keys).saturating_add(fixed_bytes(values)),
        DataType::RunEndEncoded(_, values) => value_bytes(values.data_type()),
    }
}

/// `size` values of `bytes` each.
fn times(size: i32, bytes: u64) -> u64 {
    u64::try_from(size).unwrap_or(0).saturating_mul(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::Field;
    use cstspec_contract::types::{list, nullable, structure};

    use super::*;

    fn fixed_list(item: DataType, size: i32) -> DataType {
        DataType::FixedSizeList(Arc::new(Field::new("item", item, true)), size)
    }

    /// Bytes of fixed types are multiplied.
    #[test]
    fn fixed_type_bytes() {
        let binary = DataType::FixedSizeBinary(16);
        for (data_type, bytes) in [
            (DataType::Int64, 0),
            (binary.clone(), 16),
            (fixed_list(DataType::Int8, 1_000), 1_000),
            (fixed_list(fixed_list(DataType::Float64, 10), 10), 800),
            (fixed_list(DataType::Null, 7), 7),
            (fixed_list(DataType::Struct(Vec::<Field>::new().into()), 7), 7),
            (fixed_list(structure([nullable("a", DataType::Int32), nullable("b", binary.clone())]), 10), 200),
            (structure([nullable("a", binary.clone()), nullable("b", binary.clone())]), 32),
            (list(binary.clone()), 0),
            (fixed_list(list(binary.clone()), 3), 12),
            (DataType::Dictionary(Box::new(DataType::Int8), Box::new(binary)), 16),
            (fixed_list(fixed_list(fixed_list(DataType::Int8, i32::MAX), i32::MAX), i32::MAX), u64::MAX),
        ] {
            assert_eq!(fixed_bytes(&data_type), bytes, "{data_type}");
        }
    }
}
