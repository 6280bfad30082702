//! Dates, times, timestamps, durations and intervals: common types, and what arithmetic makes of them.

use std::sync::Arc;

use arrow_schema::{DataType, IntervalUnit, TimeUnit};

use super::integer::Integer;
use super::operator::Operator;

/// The interval type of every literal and of every coercion.
const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// How two time zones meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zones {
    /// The left one wins: the instants compare whatever the zone.
    LeftWins,
    /// They must be the same zone.
    MustAgree,
}

/// The type that both temporal types are brought to.
pub fn common(left: &DataType, right: &DataType, zones: Zones) -> Option<DataType> {
    use DataType::{Date32, Date64, Duration, Interval, Time32, Time64, Timestamp};
    match (left, right) {
        (Timestamp(left_unit, left_zone), Timestamp(right_unit, right_zone)) => {
            let zone = match (left_zone, right_zone) {
                (Some(left), Some(right)) if zones == Zones::MustAgree && !same_zone(left, right) => return None,
                (Some(zone), _) | (None, Some(zone)) => Some(Arc::clone(zone)),
                (None, None) => None,
            };
            Some(Timestamp(finer(*left_unit, *right_unit), zone))
        }
        (Interval(_) | Duration(_), Interval(_) | Duration(_)) => Some(INTERVAL),
        (Date32 | Date64, integer) if Integer::of(integer).is_some() => Some(left.clone()),
        (integer, Date32 | Date64) if Integer::of(integer).is_some() => Some(right.clone()),
        (Date64, Date32) | (Date32, Date64) => Some(Date64),
        (Date32 | Date64, Time32(_) | Time64(_) | Timestamp(..))
        | (Time32(_) | Time64(_) | Timestamp(..), Date32 | Date64) => Some(Timestamp(TimeUnit::Nanosecond, None)),
        _ => None,
    }
}

/// The types that the operands of `+ - * / %` are brought to where one of them is temporal and arrow has no kernel for the
/// pair as it is.
pub fn operands(left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
    use DataType::{Date32, Date64, Duration, Interval, Time32, Time64, Timestamp};
    let date = |data_type: &DataType| matches!(data_type, Date32 | Date64);
    let time = |data_type: &DataType| matches!(data_type, Time32(_) | Time64(_));
    let scalar = |data_type: &DataType| Integer::of(data_type).is_some() || data_type.is_floating();
    let nanoseconds = || Timestamp(TimeUnit::Nanosecond, None);
    let duration = || Duration(TimeUnit::Nanosecond);
    if date(left) && Integer::of(right).is_some() {
        return Some((left.clone(), INTERVAL));
    }
    if Integer::of(left).is_some() && date(right) {
        return Some((INTERVAL, right.clone()));
    }
    if date(left) && time(right) {
        return Some((nanoseconds(), duration()));
    }
    if time(left) && date(right) {
        return Some((duration(), nanoseconds()));
    }
    match (left, right) {
        (Timestamp(unit, _), Duration(_)) => Some((left.clone(), Duration(*unit))),
        (Duration(_), Timestamp(unit, _)) => Some((Duration(*unit), right.clone())),
        (Interval(_), other) | (other, Interval(_)) if time(other) || scalar(other) => Some((INTERVAL, INTERVAL)),
        _ if time(left) && time(right) => Some((INTERVAL, INTERVAL)),
        _ => None,
    }
}

/// The result of arrow's kernel over exactly these types, where one of them is temporal.
pub fn kernel(left: &DataType, operator: Operator, right: &DataType) -> Option<DataType> {
    use DataType::{Date32, Date64, Duration, Interval, Timestamp};
    let shifts = matches!(operator, Operator::Add | Operator::Subtract);
    match (left, right) {
        (Timestamp(unit, _), Timestamp(other, _)) if operator == Operator::Subtract && unit == other => {
            Some(Duration(*unit))
        }
        (Timestamp(unit, _), Duration(other)) if shifts && unit == other => Some(left.clone()),
        (Timestamp(..) | Date32 | Date64, Interval(_)) if shifts => Some(left.clone()),
        (Duration(unit), Duration(other)) if shifts && unit == other => Some(left.clone()),
        (Interval(unit), Interval(other)) if shifts && unit == other => Some(left.clone()),
        (Date32, Date32) if operator == Operator::Subtract => Some(Duration(TimeUnit::Second)),
        (Date64, Date64) if operator == Operator::Subtract => Some(Duration(TimeUnit::Millisecond)),
        (Duration(_) | Interval(_), Date32 | Date64 | Timestamp(..)) if operator == Operator::Add => {
            kernel(right, operator, left)
        }
        _ => None,
    }
}

/// Whether the planner brings an operand of type `from` to `to` by a computation, where no cast does: days become intervals,
/// times of day become durations. `beside` is the type of the other operand.
pub fn computed(from: &DataType, to: &DataType, beside: &DataType, operator: Operator) -> bool {
    use DataType::{Date32, Date64, Duration, Time32, Time64, Timestamp};
    if !matches!(operator, Operator::Add | Operator::Subtract) {
        return false;
    }
    let time = matches!(from, Time32(_) | Time64(_));
    if *to == INTERVAL {
        return (Integer::of(from).is_some() && matches!(beside, Date32 | Date64)) || (time && *beside == INTERVAL);
    }
    time && matches!(to, Duration(TimeUnit::Nanosecond)) && matches!(beside, Timestamp(TimeUnit::Nanosecond, None))
}

/// The types of `time + interval` and the like: the time of day stays one.
pub fn shifted_time(left: &DataType, operator: Operator, right: &DataType) -> Option<(DataType, DataType, DataType)> {
    use DataType::{Interval, Time32, Time64};
    match (left, right) {
        (Time32(_) | Time64(_), Interval(_)) if matches!(operator, Operator::Add | Operator::Subtract) => {
            Some((left.clone(), INTERVAL, left.clone()))
        }
        (Interval(_), Time32(_) | Time64(_)) if operator == Operator::Add => {
            Some((INTERVAL, right.clone(), right.clone()))
        }
        _ => None,
    }
}

fn same_zone(left: &str, right: &str) -> bool {
    let utc = |zone: &str| matches!(zone, "UTC" | "+00:00");
    left == right || (utc(left) && utc(right))
}

fn finer(left: TimeUnit, right: TimeUnit) -> TimeUnit {
    let rank = |unit: TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if rank(left) >= rank(right) { left } else { right }
}
