//! Clears values under NULL parents.
//!
//! The engine's `get_field` returns a struct's child as it is and forgets where the struct itself was NULL (datafusion-functions 55.2,
//! `core/getfield.rs`), and `unnest` forgets it too. Over an array whose children are NULL wherever their parent is, both are right.
//! Parquet's reader builds such arrays only of fields that a file stores as optional: one that is required below an optional parent gets
//! a zero or an empty text where the parent is NULL, and a struct no NULLs at all (`plan.rs` finds those). A table in memory or of another
//! format may hold anything, and is masked as a whole.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, BooleanBufferBuilder, FixedSizeListArray, GenericListArray, MapArray,
    OffsetSizeTrait, StructArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{filter, nullif, take};
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;

/// `array` with the same values, in which a child is NULL wherever its parent is, and a NULL list or map has no elements, at every
/// depth. An array that is so already is returned as it is.
///
/// # Errors
///
/// Those of arrow, for an array that is not built as its type says.
pub fn masked(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = array.nulls();
    match array.data_type() {
        DataType::Struct(fields) => {
            let from = array.as_struct();
            let children: Vec<ArrayRef> =
                from.columns().iter().map(|child| below(child, nulls)).collect::<Result<_, _>>()?;
            if children.iter().zip(from.columns()).all(|(new, old)| Arc::ptr_eq(new, old)) {
                return Ok(Arc::clone(array));
            }
            let (fields, nulls) = (fields.clone(), nulls.cloned());
            Ok(Arc::new(StructArray::try_new_with_length(fields, children, nulls, from.len())?))
        }
        DataType::List(item) => list(array.as_list::<i32>(), array, item),
        DataType::LargeList(item) => list(array.as_list::<i64>(), array, item),
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let all: ArrayRef = Arc::new(map.entries().clone());
            let (offsets, visible_values) = visible(map.offsets(), &all, nulls)?;
            let pairs = masked(&visible_values)?;
            if Arc::ptr_eq(&pairs, &all) {
                return Ok(Arc::clone(array));
            }
            let (entries, pairs) = (Arc::clone(entries), pairs.as_struct().clone());
            Ok(Arc::new(MapArray::try_new(entries, offsets, pairs, nulls.cloned(), *sorted)?))
        }
        DataType::FixedSizeList(item, size) => {
            let from = array.as_fixed_size_list();
            let each = nulls.map(|nulls| nulls.expand(usize::try_from(*size).unwrap_or_default()));
            let values = below(from.values(), each.as_ref())?;
            if Arc::ptr_eq(&values, from.values()) {
                return Ok(Arc::clone(array));
            }
            let (item, nulls, length) = (Arc::clone(item), nulls.cloned(), array.len());
            Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, *size, values, nulls, length)?))
        }
        _ => Ok(Arc::clone(array)),
    }
}

/// `array` masked, and NULL wherever `parent` is.
pub(super) fn below(array: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef, ArrowError> {
    match parent.filter(|nulls| nulls.null_count() > 0) {
        Some(parent) => masked(&hide(array, parent)?),
        None => masked(array),
    }
}

fn list<O: OffsetSizeTrait>(
    from: &GenericListArray<O>,
    array: &ArrayRef,
    item: &FieldRef,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, visible_values) = visible(from.offsets(), from.values(), from.nulls())?;
    let values = masked(&visible_values)?;
    if Arc::ptr_eq(&values, from.values()) {
        return Ok(Arc::clone(array));
    }
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, from.nulls().cloned())?))
}

/// `array` with NULL wherever its `parent` is, and its own children as they are.
pub(super) fn hide(array: &ArrayRef, parent: &NullBuffer) -> Result<ArrayRef, ArrowError> {
    let nulls = || NullBuffer::union(array.nulls(), Some(parent));
    Ok(match array.data_type() {
        // The fields' own NOT NULL holds under the NULLs there were, and so under more of them.
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().to_vec();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls(), array.len())?)
        }
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            let (offsets, values) = (list.offsets().clone(), Arc::clone(list.values()));
            Arc::new(GenericListArray::try_new(Arc::clone(item), offsets, values, nulls())?)
        }
        DataType::LargeList(item) => {
            let list = array.as_list::<i64>();
            let (offsets, values) = (list.offsets().clone(), Arc::clone(list.values()));
            Arc::new(GenericListArray::try_new(Arc::clone(item), offsets, values, nulls())?)
        }
        DataType::FixedSizeList(item, size) => {
            let values = Arc::clone(array.as_fixed_size_list().values());
            let (item, length) = (Arc::clone(item), array.len());
            Arc::new(FixedSizeListArray::try_new_with_length(item, *size, values, nulls(), length)?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let (offsets, pairs) = (map.offsets().clone(), map.entries().clone());
            Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls(), *sorted)?)
        }
        // Runs have no NULLs of their own.
        DataType::RunEndEncoded(..) => {
            let rows: UInt64Array = (0..array.len()).map(|row| parent.is_valid(row).then_some(row as u64)).collect();
            take(array, &rows, None)?
        }
        _ => nullif(array, &BooleanArray::new(!parent.inner(), None))?,
    })
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
