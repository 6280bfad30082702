//! Types in full.

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit, UnionMode};

use crate::path::{list_child, map_fields};
use crate::sql;

/// `data_type` as a spec would spell it: `list<struct<name: utf8, slot: int64 not null>>`.
pub fn data_type(data_type: &DataType) -> String {
    let mut text = String::new();
    write(&mut text, data_type);
    text
}

/// The type of `field`, and `not null` where it is: `int64 not null`.
pub fn field_type(field: &Field) -> String {
    let mut text = String::new();
    child(&mut text, field);
    text
}

pub(super) fn named(field: &Field, data_type: &str) -> String {
    let name = field.name();
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { format!("{name}: {data_type}") } else { format!("{}: {data_type}", sql::quoted(name)) }
}

fn child(text: &mut String, field: &Field) {
    write(text, field.data_type());
    if !field.is_nullable() {
        text.push_str(" not null");
    }
}

pub(super) fn list(list: &DataType, item: &str) -> String {
    match list {
        DataType::LargeList(_) => format!("large_list<{item}>"),
        DataType::ListView(_) => format!("list_view<{item}>"),
        DataType::LargeListView(_) => format!("large_list_view<{item}>"),
        DataType::FixedSizeList(_, size) => format!("fixed_size_list<{item}, {size}>"),
        _ => format!("list<{item}>"),
    }
}

fn write(text: &mut String, data_type: &DataType) {
    let mut put = |word: &str| text.push_str(word);
    match data_type {
        DataType::Null => put("null"),
        DataType::Boolean => put("bool"),
        DataType::Int8 => put("int8"),
        DataType::Int16 => put("int16"),
        DataType::Int32 => put("int32"),
        DataType::Int64 => put("int64"),
        DataType::UInt8 => put("uint8"),
        DataType::UInt16 => put("uint16"),
        DataType::UInt32 => put("uint32"),
        DataType::UInt64 => put("uint64"),
        DataType::Float16 => put("float16"),
        DataType::Float32 => put("float32"),
        DataType::Float64 => put("float64"),
        DataType::Date32 => put("date32"),
        DataType::Date64 => put("date64"),
        DataType::Utf8 => put("utf8"),
        DataType::LargeUtf8 => put("large_utf8"),
        DataType::Utf8View => put("utf8_view"),
        DataType::Binary => put("binary"),
        DataType::LargeBinary => put("large_binary"),
        DataType::BinaryView => put("binary_view"),
        DataType::FixedSizeBinary(size) => put(&format!("fixed_size_binary({size})")),
        DataType::Decimal32(digits, scale) => put(&format!("decimal32({digits}, {scale})")),
        DataType::Decimal64(digits, scale) => put(&format!("decimal64({digits}, {scale})")),
        DataType::Decimal128(digits, scale) => put(&format!("decimal128({digits}, {scale})")),
        DataType::Decimal256(digits, scale) => put(&format!("decimal256({digits}, {scale})")),
        DataType::Timestamp(unit, None) => put(&format!("timestamp({})", self::unit(*unit))),
        DataType::Timestamp(unit, Some(zone)) => put(&format!("timestamp({}, {zone})", self::unit(*unit))),
        DataType::Time32(unit) => put(&format!("time32({})", self::unit(*unit))),
        DataType::Time64(unit) => put(&format!("time64({})", self::unit(*unit))),
        DataType::Duration(unit) => put(&format!("duration({})", self::unit(*unit))),
        DataType::Interval(unit) => put(match unit {
            IntervalUnit::YearMonth => "interval(year_month)",
            IntervalUnit::DayTime => "interval(day_time)",
            IntervalUnit::MonthDayNano => "interval(month_day_nano)",
        }),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| named(field, &field_type(field))).collect();
            put(&format!("struct<{}>", fields.join(", ")));
        }
        DataType::Union(fields, mode) => {
            let word = if *mode == UnionMode::Dense { "dense_union" } else { "union" };
            let fields: Vec<String> = fields.iter().map(|(_, field)| named(field, &field_type(field))).collect();
            put(&format!("{word}<{}>", fields.join(", ")));
        }
        DataType::Dictionary(key, value) => {
            put(&format!("dictionary<{}, {}>", self::data_type(key), self::data_type(value)));
        }
        DataType::RunEndEncoded(ends, values) => {
            put(&format!("run_end_encoded<{}, {}>", self::data_type(ends.data_type()), field_type(values)));
        }
        DataType::Map(entries, _) => match map_fields(entries) {
            Some((key, value)) => put(&format!("map<{}, {}>", self::data_type(key.data_type()), field_type(value))),
            None => {
                let _ = write!(text, "{data_type}");
            }
        },
        _ => match list_child(data_type) {
            Some(item) => put(&list(data_type, &field_type(item))),
            None => {
                let _ = write!(text, "{data_type}");
            }
        },
    }
}

fn unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, IntervalUnit, TimeUnit};

    use crate::types::{list, map, nullable, required, structure};

    /// A type is spelled as in a spec.
    #[test]
    fn type_as_in_specs() {
        let local = structure([required("slot", DataType::Int64), nullable("name", DataType::Utf8)]);
        for (data_type, expected) in [
            (list(local), "list<struct<slot: int64 not null, name: utf8>>"),
            (map(DataType::Utf8, list(DataType::Float16)), "map<utf8, list<float16>>"),
            (DataType::FixedSizeList(required("item", DataType::Int8), 3), "fixed_size_list<int8 not null, 3>"),
            (crate::types::timestamp(TimeUnit::Microsecond, "UTC"), "timestamp(us, UTC)"),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), "timestamp(ns)"),
            (DataType::Decimal128(10, 2), "decimal128(10, 2)"),
            (crate::types::dictionary(DataType::Int32, DataType::Utf8), "dictionary<int32, utf8>"),
            (DataType::Interval(IntervalUnit::DayTime), "interval(day_time)"),
        ] {
            assert_eq!(super::data_type(&data_type), expected);
        }
    }
}
