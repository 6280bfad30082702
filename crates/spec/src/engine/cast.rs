//! Which types the engine casts to which.

use super::data_type::value_type;
use super::decimal::Decimal;
use super::integer::Integer;
use arrow_schema::{DataType, Fields, IntervalUnit, TimeUnit};
use cstspec_contract::{list_child, map_fields};

/// Whether a value of type `from` can be cast to `to`, whatever the value.
///
/// The rules are those of arrow's `cast` kernel; unions and run-end encodings are never castable here.
pub fn castable(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Dictionary, FixedSizeList, LargeList, LargeListView, LargeUtf8, List, ListView, Map, Null, Struct, Utf8,
        Utf8View,
    };
    if from == to {
        return true;
    }
    match (from, to) {
        (Null, _) => true,
        (Dictionary(..), _) | (_, Dictionary(..)) => castable(value_type(from), value_type(to)),
        (
            List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _),
            List(target) | LargeList(target) | ListView(target) | LargeListView(target),
        )
        | (List(item) | LargeList(item) | ListView(item) | LargeListView(item), FixedSizeList(target, _)) => {
            castable(item.data_type(), target.data_type())
        }
        (List(item) | LargeList(item) | ListView(item) | LargeListView(item), Utf8 | LargeUtf8 | Utf8View) => {
            castable(item.data_type(), to)
        }
        (FixedSizeList(item, size), FixedSizeList(target, target_size)) if size == target_size => {
            castable(item.data_type(), target.data_type())
        }
        (_, List(target) | LargeList(target) | ListView(target) | LargeListView(target) | FixedSizeList(target, 1)) => {
            castable(from, target.data_type())
        }
        (FixedSizeList(item, 1), _) => castable(item.data_type(), to),
        (Map(entries, sorted), Map(target, target_sorted)) if sorted == target_sorted => {
            match (map_fields(entries), map_fields(target)) {
                (Some((key, value)), Some((target_key, target_value))) => {
                    castable(key.data_type(), target_key.data_type())
                        && castable(value.data_type(), target_value.data_type())
                }
                _ => false,
            }
        }
        (Struct(fields), Struct(targets)) => castable_structs(fields, targets),
        _ => castable_flat(from, to),
    }
}

/// Structs are matched by name where that works, and by position otherwise.
fn castable_structs(fields: &Fields, targets: &Fields) -> bool {
    if fields.len() != targets.len() {
        return false;
    }
    let by_position =
        || fields.iter().zip(targets).all(|(field, target)| castable(field.data_type(), target.data_type()));
    if fields.iter().zip(targets).all(|(field, target)| field.name() == target.name()) {
        return by_position();
    }
    let by_name = targets.iter().all(|target| {
        fields
            .iter()
            .find(|field| field.name() == target.name())
            .is_some_and(|field| castable(field.data_type(), target.data_type()))
    });
    by_name || by_position()
}

/// Casts between types without children.
fn castable_flat(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Duration, FixedSizeBinary, Int32, Int64, Interval, LargeBinary,
        Time32, Time64, Timestamp,
    };
    if from.is_nested() || to.is_nested() {
        return false;
    }
    let number_or_text = |other: &DataType| Integer::of(other).is_some() || other.is_floating() || other.is_string();
    match (from, to) {
        (_, DataType::Null) => Decimal::of(from).is_some(),
        (Boolean, _) => number_or_text(to),
        (_, Boolean) => number_or_text(from),
        (Binary | LargeBinary | BinaryView, FixedSizeBinary(_)) => !matches!(from, BinaryView),
        (FixedSizeBinary(_), _) => matches!(to, Binary | LargeBinary | BinaryView),
        (Binary | LargeBinary | BinaryView, _) => to.is_binary() || to.is_string(),
        (_, Binary | LargeBinary) if Integer::of(from).is_some() => true,
        _ if from.is_string() => castable_text(to),
        _ if to.is_string() => from.is_numeric() || from.is_temporal(),
        _ if from.is_numeric() && to.is_numeric() => true,
        (Timestamp(..) | Duration(_), _) if to.is_numeric() => true,
        (_, Timestamp(..) | Duration(_)) if from.is_numeric() => true,
        (Duration(_), Interval(unit)) | (Interval(unit), Duration(_)) => *unit == IntervalUnit::MonthDayNano,
        (Interval(unit), Int64) => *unit != IntervalUnit::MonthDayNano,
        (Int32, Interval(unit)) => *unit == IntervalUnit::YearMonth,
        (Time64(_), Time32(_)) | (Timestamp(..), Time32(_) | Time64(_)) => valid_time(to),
        _ => matches!(
            (from, to),
            (Int32, Date32 | Date64 | Time32(_))
                | (Int64, Date32 | Date64 | Time64(_))
                | (Date32 | Date64 | Time32(_), Int32 | Int64)
                | (Date32 | Date64 | Timestamp(..), Date32 | Date64 | Timestamp(..))
                | (Time32(_), Time32(_) | Time64(_))
                | (Time64(_), Int64 | Time64(_))
                | (Duration(_), Duration(_))
                | (Interval(_), Interval(IntervalUnit::MonthDayNano))
        ),
    }
}

/// Whether the constant `text` may convert to `to`: a text without a digit is no number, date or time.
///
/// Everything else is left to the engine, which folds such casts when it plans, and refuses the query when they fail.
pub fn constant_fits(text: &str, to: &DataType) -> bool {
    let to = value_type(to);
    let special =
        ["inf", "infinity", "nan"].contains(&text.trim_start_matches(['-', '+']).to_ascii_lowercase().as_str());
    if to.is_floating() && special {
        return true;
    }
    !(to.is_numeric() || to.is_temporal()) || text.bytes().any(|sign| sign.is_ascii_digit())
}

/// Types that text is parsed as.
fn castable_text(to: &DataType) -> bool {
    match to {
        DataType::FixedSizeBinary(_) | DataType::Duration(_) => false,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Interval(_) => true,
        DataType::Time32(_) | DataType::Time64(_) => valid_time(to),
        other => other.is_string() || other.is_binary() || other.is_numeric(),
    }
}

/// Whether `data_type` is a time of day in a unit that its storage holds.
pub fn valid_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Time32(TimeUnit::Second | TimeUnit::Millisecond)
            | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
    )
}

/// Whether the engine turns an argument of type `from` into the exact parameter type `to` by itself.
///
/// Numbers widen, NULL becomes anything, everything becomes text; whether the cast then exists is a second question.
pub fn coerced_into(to: &DataType, from: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Float16, Interval, LargeBinary, LargeList, List, Null, Timestamp,
    };
    if to == from {
        return true;
    }
    match (to, from) {
        (_, DataType::Dictionary(_, values)) if coerced_into(to, values) => true,
        (DataType::Dictionary(_, values), _) if coerced_into(values, from) => true,
        (_, Null) => castable(from, to),
        _ if to.is_string() => true,
        (BinaryView, Binary | LargeBinary) | (List(_), DataType::FixedSizeList(..)) => true,
        (DataType::Float64, _) => from.is_numeric(),
        (DataType::Float32, _) => Integer::of(from).is_some() || matches!(from, Float16),
        (Float16, _) => Integer::of(from).is_some_and(|integer| integer.bits <= 16),
        (Timestamp(TimeUnit::Nanosecond, None), _) => {
            matches!(from, Timestamp(_, None) | Date32 | Date64) || from.is_string()
        }
        (Timestamp(_, Some(_)), _) => {
            matches!(from, Timestamp(..) | Date32 | DataType::Utf8 | DataType::LargeUtf8)
        }
        (Interval(_), _) => from.is_string(),
        (List(_) | LargeList(_), _) => innermost(from).is_null() || depth(from) == depth(to),
        _ => match (Integer::of(to), Integer::of(from)) {
            (Some(to), Some(from)) => to.wider(from) == Some(to),
            _ => false,
        },
    }
}

/// How many lists are around the innermost type.
pub fn depth(data_type: &DataType) -> usize {
    list_child(data_type).map_or(0, |item| 1 + depth(item.data_type()))
}

fn innermost(data_type: &DataType) -> &DataType {
    list_child(data_type).map_or(data_type, |item| innermost(item.data_type()))
}
