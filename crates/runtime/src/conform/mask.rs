//! What a NULL hides, taken away.
//!
//! The engine's `get_field` returns a struct's child as it is and forgets where the struct itself was NULL (datafusion-functions 55.2,
//! `core/getfield.rs`), and `unnest` forgets it too. Over an array whose children are NULL wherever their parent is, both are right.
//! Parquet's reader builds only such arrays; a table in memory or of another format may hold anything.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, BooleanBufferBuilder, FixedSizeListArray, GenericListArray, MapArray,
    OffsetSizeTrait, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{filter, nullif};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// `array` with the same values, in which a child is NULL wherever its parent is, and a NULL list or map has no elements, at every
/// depth. An array that is so already is returned as it is.
///
/// # Errors
///
/// Those of arrow, for an array that is not built as its type says.
pub fn masked(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    below(array, None)
}

/// `array` masked, and NULL wherever `parent` is.
fn below(array: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef, ArrowError> {
    let parent = parent.filter(|nulls| nulls.null_count() > 0);
    let nulls = NullBuffer::union(array.nulls(), parent);
    match array.data_type() {
        DataType::Struct(fields) => {
            let from = array.as_struct();
            let children: Vec<ArrayRef> =
                from.columns().iter().map(|child| below(child, nulls.as_ref())).collect::<Result<_, _>>()?;
            let same = parent.is_none() && children.iter().zip(from.columns()).all(|(new, old)| Arc::ptr_eq(new, old));
            if same {
                return Ok(Arc::clone(array));
            }
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, from.len())?))
        }
        DataType::List(_) => list(array.as_list::<i32>(), array, nulls, parent),
        DataType::LargeList(_) => list(array.as_list::<i64>(), array, nulls, parent),
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let all: ArrayRef = Arc::new(map.entries().clone());
            let (offsets, shown) = visible(map.offsets(), &all, nulls.as_ref())?;
            let pairs = masked(&shown)?;
            if parent.is_none() && Arc::ptr_eq(&pairs, &all) {
                return Ok(Arc::clone(array));
            }
            let pairs = pairs.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *sorted)?))
        }
        DataType::FixedSizeList(item, size) => {
            let from = array.as_fixed_size_list();
            let each = nulls.as_ref().map(|nulls| nulls.expand(usize::try_from(*size).unwrap_or_default()));
            let values = below(from.values(), each.as_ref())?;
            if parent.is_none() && Arc::ptr_eq(&values, from.values()) {
                return Ok(Arc::clone(array));
            }
            let (item, length) = (Arc::clone(item), array.len());
            Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, *size, values, nulls, length)?))
        }
        _ => match parent {
            Some(parent) => nullif(array, &BooleanArray::new(!parent.inner(), None)),
            None => Ok(Arc::clone(array)),
        },
    }
}

fn list<O: OffsetSizeTrait>(
    from: &GenericListArray<O>,
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    parent: Option<&NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, shown) = visible(from.offsets(), from.values(), nulls.as_ref())?;
    let values = masked(&shown)?;
    if parent.is_none() && Arc::ptr_eq(&values, from.values()) {
        return Ok(Arc::clone(array));
    }
    let (DataType::List(item) | DataType::LargeList(item)) = from.data_type() else { return Ok(Arc::clone(array)) };
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, nulls)?))
}

/// The values that rows show, and offsets into just these; both unchanged where no NULL row has any.
pub(super) fn visible<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
    values: &ArrayRef,
    nulls: Option<&NullBuffer>,
) -> Result<(OffsetBuffer<O>, ArrayRef), ArrowError> {
    let rows = || offsets.lengths().enumerate();
    let Some(nulls) = nulls.filter(|nulls| rows().any(|(row, length)| length > 0 && nulls.is_null(row))) else {
        return Ok((offsets.clone(), Arc::clone(values)));
    };
    let mut keep = BooleanBufferBuilder::new(values.len());
    keep.append_n(offsets[0].as_usize(), false);
    for (row, length) in rows() {
        keep.append_n(length, nulls.is_valid(row));
    }
    keep.append_n(values.len() - keep.len(), false);
    let values = filter(values, &BooleanArray::new(keep.finish(), None))?;
    let lengths = rows().map(|(row, length)| if nulls.is_valid(row) { length } else { 0 });
    Ok((OffsetBuffer::from_lengths(lengths), values))
}
