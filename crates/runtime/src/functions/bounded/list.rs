//! The bytes of the lists that functions make.

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::compute::kernels::cmp::not_distinct;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};

use super::call::{Arg, Call, primitive};
use super::size;

/// `concat(value, ...)`, `make_array(value, ...)`, `array_concat(list, ...)`: what the arguments have.
#[allow(clippy::unnecessary_wraps, reason = "sizes of a table, of which others are not known")]
pub(super) fn gathered(call: &Call<'_>) -> Option<u64> {
    Some(call.args.iter().map(Arg::total).fold(0, u64::saturating_add))
}

/// `range([start,] stop[, step])`
pub(super) fn series(call: &Call<'_>) -> Option<u64> {
    let args = &*call.args;
    let ends: Vec<Vec<i128>> = args.iter().take(2).map(ticks).collect::<Option<_>>()?;
    let strides = match args.get(2) {
        Some(stride) if args[0].values.data_type().is_temporal() => Some(intervals(stride)?),
        Some(stride) => Some(ticks(stride)?),
        None => None,
    };
    let end = |which: usize, row: usize| ends[which][args[which].slot(row)];
    Some(call.sum(|row| {
        let (start, stop) = if ends.len() == 2 { (end(0, row), end(1, row)) } else { (0, end(0, row)) };
        let stride = strides.as_ref().map_or(1, |strides| strides[args[2].slot(row)]);
        let count = (stop - start).checked_div(stride).unwrap_or(0).max(0);
        u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(8)
    }))
}

/// Whole numbers as they are; dates and times in nanoseconds, of which some years have more than 64 bits hold.
fn ticks(arg: &Arg<'_>) -> Option<Vec<i128>> {
    let whole = |values: &ArrayRef| {
        let numbers = cast(values, &DataType::Int64).ok()?;
        Some(primitive::<arrow::datatypes::Int64Type>(&numbers).into_iter().map(i128::from).collect::<Vec<_>>())
    };
    if arg.values.data_type().is_temporal() {
        let times = cast(&arg.values, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
        return Some(whole(&times)?.into_iter().map(|time| time * 1_000).collect());
    }
    whole(&arg.values)
}

/// Intervals in nanoseconds; a month has 31 days, so that the bound is not above what a call gives.
fn intervals(arg: &Arg<'_>) -> Option<Vec<i128>> {
    let intervals = cast(&arg.values, &DataType::Interval(IntervalUnit::MonthDayNano)).ok()?;
    let length = |interval: IntervalMonthDayNano| {
        let days = i128::from(interval.months) * 31 + i128::from(interval.days);
        days * 86_400_000_000_000 + i128::from(interval.nanoseconds)
    };
    Some(primitive::<IntervalMonthDayNanoType>(&intervals).into_iter().map(length).collect())
}

/// `array_repeat(element, number)`
pub(super) fn copies(call: &Call<'_>) -> Option<u64> {
    let [element, number] = &*call.args else { return None };
    let counts = number.counts()?;
    Some(call.sum(|row| counts(row).saturating_mul(element.size(row).max(1))))
}

/// `array_resize(list, number[, value])`
pub(super) fn resized(call: &Call<'_>) -> Option<u64> {
    let [list, number, value @ ..] = &*call.args else { return None };
    let counts = number.counts()?;
    let null = width_of_element(list.values.data_type());
    let fill = |row| value.first().map_or(null, |value| value.size(row)).max(1);
    Some(call.sum(|row| counts(row).saturating_mul(fill(row))).saturating_add(list.total()))
}

/// `array_replace(list, from, to)`, `array_replace_n(list, from, to, most)`, `array_replace_all(list, from, to)`
pub(super) fn replaced(call: &Call<'_>) -> Option<u64> {
    let [list, from, to, ..] = &*call.args else { return None };
    let offsets = offsets(&list.values)?;
    let count = |row| offsets[list.slot(row) + 1] - offsets[list.slot(row)];
    let at_most = call.sum(|row| count(row).saturating_mul(to.size(row))).saturating_add(list.total());
    call.refine(at_most, || {
        let equal = from.constant().and_then(|from| equal(&elements(&list.values)?, from));
        let Some(equal) = equal else { return Some(at_most) };
        let count = |row| {
            let slots = offsets[list.slot(row)]..offsets[list.slot(row) + 1];
            slots.filter(|slot| usize::try_from(*slot).is_ok_and(|slot| equal.value(slot))).count() as u64
        };
        Some(call.sum(|row| count(row).saturating_mul(to.size(row))).saturating_add(list.total()))
    })
}

/// `arrays_zip(list, ...)`: lists that are shorter are filled with NULLs.
pub(super) fn zipped(call: &Call<'_>) -> Option<u64> {
    let lists: Vec<_> = call.args.iter().map(|list| offsets(&list.values)).collect::<Option<_>>()?;
    let width = |list: &Arg<'_>| width_of_element(list.values.data_type()).max(1);
    let widths = call.args.iter().map(width).fold(0, u64::saturating_add);
    let longest = |row: usize| {
        let lengths = call.args.iter().zip(&lists).map(|(list, at)| at[list.slot(row) + 1] - at[list.slot(row)]);
        lengths.max().unwrap_or(0)
    };
    Some(gathered(call)?.saturating_add(call.sum(|row| longest(row).saturating_mul(widths))))
}

/// The bytes of a NULL of a list.
fn width_of_element(list: &DataType) -> u64 {
    match list {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            size::width(field.data_type()).unwrap_or(8)
        }
        _ => 8,
    }
}

/// Where each list begins, and the last one ends.
fn offsets(lists: &ArrayRef) -> Option<Vec<u64>> {
    match lists.data_type() {
        DataType::List(_) => lists.as_list::<i32>().offsets().iter().map(|at| u64::try_from(*at).ok()).collect(),
        DataType::LargeList(_) => lists.as_list::<i64>().offsets().iter().map(|at| u64::try_from(*at).ok()).collect(),
        DataType::FixedSizeList(_, length) => {
            let length = u64::try_from(*length).ok()?;
            Some((0..=lists.len() as u64).map(|row| row * length).collect())
        }
        DataType::Null => Some(vec![0; lists.len() + 1]),
        _ => None,
    }
}

fn elements(lists: &ArrayRef) -> Option<ArrayRef> {
    match lists.data_type() {
        DataType::List(_) => Some(lists.as_list::<i32>().values().clone()),
        DataType::LargeList(_) => Some(lists.as_list::<i64>().values().clone()),
        DataType::FixedSizeList(..) => Some(lists.as_fixed_size_list().values().clone()),
        _ => None,
    }
}

/// Which elements are `value`; `None` for types that cannot be compared.
fn equal(elements: &ArrayRef, value: &ArrayRef) -> Option<arrow::array::BooleanArray> {
    let value = cast(value, elements.data_type()).ok()?;
    not_distinct(elements, &arrow::array::Scalar::new(value)).ok()
}
