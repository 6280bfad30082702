//! Casts of values, and which of them lose nothing.

use arrow::array::{Array as _, ArrayRef};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use arrow::util::display::array_value_to_string;
use cstspec_contract::Path;

use crate::ConformError;

/// Whether every value of `from` that `to` can hold has one equal value there. Ways to store the same values (dictionaries, runs, views,
/// large offsets) count as equal: such a cast either succeeds or fails, but changes nothing. The table is in `specs/README.md`.
pub fn loses_nothing(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    match (from, to) {
        (from, to) if from == to => true,
        (T::Dictionary(_, values), to) => loses_nothing(values, to),
        (from, T::Dictionary(_, values)) => loses_nothing(from, values),
        (T::RunEndEncoded(_, values), to) => loses_nothing(values.data_type(), to),
        (from, T::RunEndEncoded(_, values)) => loses_nothing(from, values.data_type()),
        (T::Null, _)
        | (
            T::Utf8 | T::LargeUtf8 | T::Utf8View,
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView,
        )
        | (
            T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_),
            T::Binary | T::LargeBinary | T::BinaryView,
        )
        // A day is its midnight. Of which zone, nobody says.
        | (T::Date32, T::Date64 | T::Timestamp(_, None))
        | (T::Date64, T::Timestamp(TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond, None))
        | (T::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime), T::Interval(IntervalUnit::MonthDayNano))
        | (T::Time32(_), T::Time64(_))
        | (T::Float16, T::Float32 | T::Float64)
        | (T::Float32, T::Float64) => true,
        (T::Time32(from), T::Time32(to)) | (T::Time64(from), T::Time64(to)) | (T::Duration(from), T::Duration(to)) => {
            finer(*from, *to)
        }
        // With a zone it is an instant, whichever zone that is; without one it is a date and a time of day.
        (T::Timestamp(from, from_zone), T::Timestamp(to, to_zone)) => {
            from_zone.is_some() == to_zone.is_some() && finer(*from, *to)
        }
        (from, to) => match (whole(from), whole(to)) {
            (Some(from), Some(to)) => from.within(to),
            (Some(from), None) => match to {
                T::Float16 => from.bits <= 11,
                T::Float32 => from.bits <= 24,
                T::Float64 => from.bits <= 53,
                _ => digits(to).is_some_and(|to| to.0 - to.1 >= from.digits()),
            },
            (None, Some(to)) => {
                digits(from).is_some_and(|(digits, scale)| to.signed && scale == 0 && digits < to.digits())
            }
            (None, None) => match (digits(from), digits(to)) {
                (Some(from), Some(to)) => to.1 >= from.1 && to.0 - to.1 >= from.0 - from.1,
                _ => false,
            },
        },
    }
}

/// Whether the engine may look through the cast when it prunes: it moves the cast from the column to the value that it is compared with,
/// and cuts a time there to the coarser unit, so that rows are lost (datafusion-expr-common 55.2, `casts.rs`).
pub fn is_seen_through(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Timestamp(from, _), DataType::Timestamp(to, _)) if from != to => false,
        (DataType::Timestamp(..), DataType::Timestamp(..)) => loses_nothing(from, to),
        (from, to) => loses_nothing(from, to) && !from.is_temporal() && !to.is_temporal(),
    }
}

/// Whether two types are one, written in two ways: `UTC` has many names.
pub(super) fn is_spelling(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Timestamp(from, Some(from_zone)), DataType::Timestamp(to, Some(to_zone))) => {
            from == to && is_utc(from_zone) && is_utc(to_zone)
        }
        _ => false,
    }
}

/// Whether a zone is UTC, by one of the names that the time zone database and writers have for it.
fn is_utc(zone: &str) -> bool {
    let name = zone.strip_prefix("Etc/").unwrap_or(zone);
    ["UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu", "Z"]
        .iter()
        .any(|utc| name.eq_ignore_ascii_case(utc))
        || ["+00:00", "-00:00", "+0000", "-0000", "+00", "-00", "00:00"].contains(&zone)
}

/// The values of an integer type.
#[derive(Clone, Copy)]
struct Whole {
    signed: bool,
    /// Bits of the magnitude.
    bits: u32,
}

impl Whole {
    fn within(self, other: Self) -> bool {
        self.bits <= other.bits && (other.signed || !self.signed)
    }

    /// Decimal digits of the largest value.
    fn digits(self) -> i32 {
        match self.bits {
            0..=8 => 3,
            9..=16 => 5,
            17..=32 => 10,
            33..=63 => 19,
            _ => 20,
        }
    }
}

fn whole(data_type: &DataType) -> Option<Whole> {
    let (signed, bits) = match data_type {
        DataType::Int8 => (true, 7),
        DataType::Int16 => (true, 15),
        DataType::Int32 => (true, 31),
        DataType::Int64 => (true, 63),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    };
    Some(Whole { signed, bits })
}

/// Precision and scale of a decimal.
fn digits(data_type: &DataType) -> Option<(i32, i32)> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((i32::from(*precision), i32::from(*scale))),
        _ => None,
    }
}

fn finer(from: TimeUnit, to: TimeUnit) -> bool {
    let rank = |unit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    rank(from) <= rank(to)
}

/// The values of `array` as `to`; one that does not fit is an error, never a NULL.
pub(super) fn cast(array: &ArrayRef, to: &DataType, path: &Path) -> Result<ArrayRef, ConformError> {
    // Arrow takes the number of a date for that of a timestamp where the timestamp is a dictionary's.
    if let DataType::Dictionary(_, values) = to
        && array.data_type() != values.as_ref()
        && !matches!(array.data_type(), DataType::Dictionary(..))
    {
        return cast(&cast(array, values, path)?, to, path);
    }
    // Milliseconds are not checked for overflow on their way to a finer unit, and timestamps are.
    if let (DataType::Date64, DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, zone)) =
        (array.data_type(), to)
    {
        let instants = cast(array, &DataType::Timestamp(TimeUnit::Millisecond, zone.clone()), path)?;
        return cast(&instants, to, path);
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|error| {
        // The kernel does not say which value it is.
        let alone = (0..array.len()).find_map(|row| {
            let error = cast_with_options(&array.slice(row, 1), to, &options).err()?;
            Some((row, error))
        });
        let (value, error) = match alone {
            Some((row, alone)) => (array_value_to_string(array, row).unwrap_or_default(), alone),
            None => (String::new(), error),
        };
        ConformError::Value { path: path.clone(), declared: to.clone(), value, reason: error.to_string() }
    })
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType as T;

    use super::loses_nothing;

    #[test]
    fn widening_keeps_values() {
        for (from, to) in [
            (T::Int32, T::Int64),
            (T::UInt32, T::Int64),
            (T::Int32, T::Float64),
            (T::Float32, T::Float64),
            (T::Utf8View, T::Utf8),
            (T::LargeUtf8, T::Utf8),
            (T::Dictionary(Box::new(T::Int32), Box::new(T::Utf8)), T::Utf8),
            (T::Decimal128(10, 2), T::Decimal128(12, 3)),
            (T::Int32, T::Decimal128(10, 0)),
        ] {
            assert!(loses_nothing(&from, &to), "{from} -> {to}");
        }
    }

    #[test]
    fn narrowing_detected() {
        for (from, to) in [
            (T::Int64, T::Int32),
            (T::Int64, T::UInt64),
            (T::UInt64, T::Int64),
            (T::Int64, T::Float64),
            (T::Int32, T::Float32),
            (T::Float64, T::Float32),
            (T::Utf8, T::Int64),
            (T::Int64, T::Utf8),
            (T::Binary, T::Utf8),
            (T::Decimal128(10, 2), T::Decimal128(10, 3)),
            (T::Int32, T::Decimal128(10, 1)),
        ] {
            assert!(!loses_nothing(&from, &to), "{from} -> {to}");
        }
    }
}
