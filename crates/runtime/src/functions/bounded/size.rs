//! The bytes that values take, without their copies: of an array in constant time where Arrow's layout has it.

use arrow::array::{Array, ArrayRef, AsArray as _, OffsetSizeTrait};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;

/// The bytes of the values of `array` together.
pub(super) fn total(array: &dyn Array) -> u64 {
    if let Some(width) = width(array.data_type()) {
        return width.saturating_mul(array.len() as u64);
    }
    match array.data_type() {
        DataType::Utf8 => span(array.as_string::<i32>().offsets()),
        DataType::LargeUtf8 => span(array.as_string::<i64>().offsets()),
        DataType::Binary => span(array.as_binary::<i32>().offsets()),
        DataType::LargeBinary => span(array.as_binary::<i64>().offsets()),
        DataType::Utf8View => array.as_string_view().lengths().map(u64::from).sum(),
        DataType::BinaryView => array.as_binary_view().lengths().map(u64::from).sum(),
        DataType::List(_) => elements(array.as_list::<i32>().offsets(), array.as_list::<i32>().values()),
        DataType::LargeList(_) => elements(array.as_list::<i64>().offsets(), array.as_list::<i64>().values()),
        DataType::Map(..) => elements(array.as_map().offsets(), array.as_map().entries()),
        DataType::FixedSizeList(..) => total(array.as_fixed_size_list().values()),
        DataType::Struct(_) => array.as_struct().columns().iter().map(|column| total(column)).sum(),
        DataType::Dictionary(..) => each(array).into_iter().fold(0, u64::saturating_add),
        _ => array.get_array_memory_size() as u64,
    }
}

/// The bytes of each value of `array`.
pub(super) fn each(array: &dyn Array) -> Vec<u64> {
    let count = array.len();
    if let Some(width) = width(array.data_type()) {
        return vec![width; count];
    }
    match array.data_type() {
        DataType::Utf8 => spans(array.as_string::<i32>().offsets()),
        DataType::LargeUtf8 => spans(array.as_string::<i64>().offsets()),
        DataType::Binary => spans(array.as_binary::<i32>().offsets()),
        DataType::LargeBinary => spans(array.as_binary::<i64>().offsets()),
        DataType::Utf8View => array.as_string_view().lengths().map(u64::from).collect(),
        DataType::BinaryView => array.as_binary_view().lengths().map(u64::from).collect(),
        DataType::List(_) => gathered(array.as_list::<i32>().offsets(), &each(array.as_list::<i32>().values())),
        DataType::LargeList(_) => gathered(array.as_list::<i64>().offsets(), &each(array.as_list::<i64>().values())),
        DataType::Map(..) => gathered(array.as_map().offsets(), &each(array.as_map().entries())),
        DataType::FixedSizeList(_, length) => {
            let values = each(array.as_fixed_size_list().values());
            let length = usize::try_from(*length).unwrap_or_default();
            (0..count).map(|row| values[row * length..(row + 1) * length].iter().sum()).collect()
        }
        DataType::Struct(_) => {
            let mut sizes = vec![0_u64; count];
            for column in array.as_struct().columns() {
                sizes.iter_mut().zip(each(column)).for_each(|(sum, size)| *sum = sum.saturating_add(size));
            }
            sizes
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = each(dictionary.values());
            if values.is_empty() {
                return vec![0; count];
            }
            dictionary.normalized_keys().into_iter().map(|key| values[key]).collect()
        }
        _ => vec![array.get_array_memory_size().div_ceil(count.max(1)) as u64; count],
    }
}

/// The values and the NULLs among them at the bottom of each list of `array`, however many lists stand in one another; `None` if it has
/// no lists.
pub(super) fn leaves(array: &dyn Array) -> Option<(Vec<u64>, Vec<u64>)> {
    fn bottom(array: &ArrayRef) -> (Vec<u64>, Vec<u64>) {
        leaves(array).unwrap_or_else(|| {
            let nulls = array.logical_nulls();
            let is_null = |row| u64::from(nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)));
            (vec![1; array.len()], (0..array.len()).map(is_null).collect())
        })
    }
    fn of<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, values: &ArrayRef) -> (Vec<u64>, Vec<u64>) {
        let (counts, nulls) = bottom(values);
        (gathered(offsets, &counts), gathered(offsets, &nulls))
    }
    match array.data_type() {
        DataType::List(_) => Some(of(array.as_list::<i32>().offsets(), array.as_list::<i32>().values())),
        DataType::LargeList(_) => Some(of(array.as_list::<i64>().offsets(), array.as_list::<i64>().values())),
        DataType::FixedSizeList(field, _) => leaves(&cast(array, &DataType::LargeList(field.clone())).ok()?),
        _ => None,
    }
}

/// The bytes of each value of a type that has as many for all of them.
pub(super) fn width(data_type: &DataType) -> Option<u64> {
    match data_type {
        DataType::Null => Some(0),
        DataType::Boolean => Some(1),
        DataType::FixedSizeBinary(width) => u64::try_from(*width).ok(),
        DataType::FixedSizeList(field, length) => {
            Some(width(field.data_type())?.saturating_mul(u64::try_from(*length).ok()?))
        }
        DataType::Struct(fields) => {
            fields.iter().try_fold(0_u64, |sum, field| Some(sum.saturating_add(width(field.data_type())?)))
        }
        other => other.primitive_width().map(|width| width as u64),
    }
}

fn position<O: OffsetSizeTrait>(offset: O) -> u64 {
    offset.as_usize() as u64
}

/// The bytes between the first and the last offset.
fn span<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> u64 {
    position(offsets[offsets.len() - 1]) - position(offsets[0])
}

fn spans<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> Vec<u64> {
    offsets.lengths().map(|length| length as u64).collect()
}

/// The bytes of the lists between the offsets.
fn elements<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, values: &dyn Array) -> u64 {
    let (first, last) = (offsets[0].as_usize(), offsets[offsets.len() - 1].as_usize());
    total(&*values.slice(first, last - first)).saturating_add((offsets.len() as u64) * 4)
}

/// What the elements of each list have together.
fn gathered<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, each: &[u64]) -> Vec<u64> {
    let pairs = offsets.windows(2);
    pairs.map(|pair| each[pair[0].as_usize()..pair[1].as_usize()].iter().sum()).collect()
}
