//! Types: the logical one of a property, with what the physical one says beside it.

use arrow_schema::{DataType, TimeUnit};
use cstspec_spec::types::{NamedTypes, Resolver, suggestions};

use super::Reading;
use super::key::Keys;

/// The Arrow type of a physical type, if it is one that some system has.
pub fn data_type(text: &str) -> Option<DataType> {
    let named = NamedTypes::default();
    let resolver = Resolver { named: &named };
    let candidates = std::iter::once(text.to_lowercase()).chain(suggestions(text));
    candidates.into_iter().find_map(|candidate| resolver.data_type(&candidate).ok())
}

/// The Arrow type of the logical type `logical`.
pub fn of_logical(keys: &Keys<'_>, logical: &str, path: &str, reading: &mut Reading<'_>) -> DataType {
    let option =
        |name: &str| keys.get("logicalTypeOptions").and_then(|options| options.get(name)).and_then(super::key::text);
    let format = option("format");
    let mut is_format_said = false;
    let written = keys.text("physicalType");
    let physical = written.as_deref().and_then(data_type).filter(|physical| is_of(physical, logical));
    let zone = || option("defaultTimezone").unwrap_or_else(|| "UTC".to_owned());
    let has_zone = option("timezone").as_deref() == Some("true");
    let data_type = match (logical, physical.clone()) {
        ("integer" | "number", None) => {
            let sized = format.as_deref().and_then(sized);
            is_format_said = sized.is_some();
            sized.unwrap_or(if logical == "integer" { DataType::Int64 } else { DataType::Float64 })
        }
        ("timestamp", Some(DataType::Timestamp(unit, None))) if has_zone => {
            DataType::Timestamp(unit, Some(zone().into()))
        }
        ("timestamp", None) => DataType::Timestamp(TimeUnit::Microsecond, has_zone.then(|| zone().into())),
        (_, Some(physical)) => physical,
        ("date", None) => DataType::Date32,
        ("time", None) => DataType::Time64(TimeUnit::Microsecond),
        ("boolean", None) => DataType::Boolean,
        _ => DataType::Utf8,
    };
    if let Some(written) = written.filter(|_| physical.is_none()) {
        reading.unsaid(path.to_owned(), format!("the physicalType `{written}`: the type is that of `{logical}`"));
    } else if let Some(length) =
        keys.text("physicalType").filter(|_| logical == "string").filter(|text| text.contains('('))
    {
        reading.unsaid(path.to_owned(), format!("the length in the physicalType `{length}`"));
    }
    if let Some(format) = format.filter(|_| !is_format_said) {
        reading.unsaid(path.to_owned(), format!("`logicalTypeOptions.format`: `{format}`"));
    }
    if logical == "timestamp"
        && !has_zone
        && let Some(zone) = option("defaultTimezone")
    {
        reading.unsaid(
            path.to_owned(),
            format!("`logicalTypeOptions.defaultTimezone`: `{zone}`, of a timestamp without a time zone"),
        );
    }
    data_type
}

/// Whether values of a physical type are those of a logical one.
fn is_of(physical: &DataType, logical: &str) -> bool {
    match logical {
        "integer" => physical.is_integer(),
        "number" => physical.is_numeric(),
        "string" => matches!(
            physical,
            DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
                | DataType::FixedSizeBinary(_)
        ),
        "date" => matches!(physical, DataType::Date32 | DataType::Date64),
        "timestamp" => matches!(physical, DataType::Timestamp(..)),
        "time" => matches!(physical, DataType::Time32(_) | DataType::Time64(_)),
        "boolean" => *physical == DataType::Boolean,
        _ => false,
    }
}

/// The type of a `format` of numbers, which follows Rust's names.
fn sized(format: &str) -> Option<DataType> {
    Some(match format {
        "i8" => DataType::Int8,
        "i16" => DataType::Int16,
        "i32" => DataType::Int32,
        "i64" => DataType::Int64,
        "u8" => DataType::UInt8,
        "u16" => DataType::UInt16,
        "u32" => DataType::UInt32,
        "u64" => DataType::UInt64,
        "f32" => DataType::Float32,
        "f64" => DataType::Float64,
        _ => return None,
    })
}
