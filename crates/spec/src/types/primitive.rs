//! Types that have a name but no children.

use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use cstspec_contract::did_you_mean;

use super::error::TypeError;
use super::syntax::TypeExpr;
use crate::engine::zone;

/// Types that are a name alone.
const PLAIN: [(&str, DataType); 21] = [
    ("null", DataType::Null),
    ("bool", DataType::Boolean),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float16", DataType::Float16),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("date32", DataType::Date32),
    ("date64", DataType::Date64),
    ("utf8", DataType::Utf8),
    ("large_utf8", DataType::LargeUtf8),
    ("utf8_view", DataType::Utf8View),
    ("binary", DataType::Binary),
    ("large_binary", DataType::LargeBinary),
    ("binary_view", DataType::BinaryView),
];

/// Types that take arguments in round brackets.
const WITH_ARGUMENTS: [&str; 10] = [
    "fixed_size_binary",
    "timestamp",
    "time32",
    "time64",
    "duration",
    "interval",
    "decimal32",
    "decimal64",
    "decimal128",
    "decimal256",
];

/// The names of all types without children.
pub fn names<'a>() -> impl Iterator<Item = &'a str> {
    PLAIN.iter().map(|(name, _)| *name).chain(WITH_ARGUMENTS)
}

/// The primitive type that `expr` spells; `None` if its name is no primitive's.
pub fn resolve(expr: &TypeExpr) -> Option<Result<DataType, TypeError>> {
    if let Some((name, data_type)) = PLAIN.iter().find(|(name, _)| *name == expr.name) {
        if !expr.arguments.is_empty() {
            return Some(Err(TypeError::wrong_arguments(expr, &format!("`{name}`"))));
        }
        return Some(Ok(data_type.clone()));
    }
    let texts: Vec<&str> = expr.arguments.iter().map(|argument| argument.text.as_str()).collect();
    if let ("timestamp", [_, zone]) = (expr.name.as_str(), expr.arguments.as_slice())
        && unit(texts[0]).is_some()
        && !zone::is_known(&zone.text)
    {
        let suggestion = did_you_mean(&zone.text, zone::names());
        return Some(Err(TypeError::Zone { zone: zone.text.clone(), offset: zone.start, suggestion }));
    }
    let (data_type, form) = match expr.name.as_str() {
        "fixed_size_binary" => (fixed_size_binary(&texts), "`fixed_size_binary(16)`, the number of bytes"),
        "timestamp" => (timestamp(&texts), "`timestamp(us)` or `timestamp(us, UTC)`, with s, ms, us or ns"),
        "time32" => (time32(&texts), "`time32(s)` or `time32(ms)`"),
        "time64" => (time64(&texts), "`time64(us)` or `time64(ns)`"),
        "duration" => (duration(&texts), "`duration(ms)`, with s, ms, us or ns"),
        "interval" => (interval(&texts), "`interval(year_month)`, `interval(day_time)` or `interval(month_day_nano)`"),
        "decimal32" => {
            (decimal(&texts, 9, DataType::Decimal32), "`decimal32(9, 2)`: at most 9 digits, 2 of them after the point")
        }
        "decimal64" => (
            decimal(&texts, 18, DataType::Decimal64),
            "`decimal64(18, 2)`: at most 18 digits, 2 of them after the point",
        ),
        "decimal128" => (
            decimal(&texts, 38, DataType::Decimal128),
            "`decimal128(38, 2)`: at most 38 digits, 2 of them after the point",
        ),
        "decimal256" => (
            decimal(&texts, 76, DataType::Decimal256),
            "`decimal256(76, 2)`: at most 76 digits, 2 of them after the point",
        ),
        _ => return None,
    };
    Some(data_type.ok_or_else(|| TypeError::wrong_arguments(expr, form)))
}

fn unit(text: &str) -> Option<TimeUnit> {
    match text {
        "s" => Some(TimeUnit::Second),
        "ms" => Some(TimeUnit::Millisecond),
        "us" => Some(TimeUnit::Microsecond),
        "ns" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

fn fixed_size_binary(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        [size] => size.parse().ok().filter(|size| *size >= 0).map(DataType::FixedSizeBinary),
        _ => None,
    }
}

fn timestamp(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        [text] => Some(DataType::Timestamp(unit(text)?, None)),
        [text, zone] => Some(DataType::Timestamp(unit(text)?, Some((*zone).into()))),
        _ => None,
    }
}

fn time32(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        ["s"] => Some(DataType::Time32(TimeUnit::Second)),
        ["ms"] => Some(DataType::Time32(TimeUnit::Millisecond)),
        _ => None,
    }
}

fn time64(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        ["us"] => Some(DataType::Time64(TimeUnit::Microsecond)),
        ["ns"] => Some(DataType::Time64(TimeUnit::Nanosecond)),
        _ => None,
    }
}

fn duration(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        [text] => unit(text).map(DataType::Duration),
        _ => None,
    }
}

fn interval(arguments: &[&str]) -> Option<DataType> {
    match arguments {
        ["year_month"] => Some(DataType::Interval(IntervalUnit::YearMonth)),
        ["day_time"] => Some(DataType::Interval(IntervalUnit::DayTime)),
        ["month_day_nano"] => Some(DataType::Interval(IntervalUnit::MonthDayNano)),
        _ => None,
    }
}

fn decimal(arguments: &[&str], most: u8, make: fn(u8, i8) -> DataType) -> Option<DataType> {
    let [precision, scale] = arguments else { return None };
    let precision: u8 = precision.parse().ok().filter(|precision| (1..=most).contains(precision))?;
    let scale: i8 = scale.parse().ok().filter(|scale| i16::from(*scale) <= i16::from(precision))?;
    Some(make(precision, scale))
}
