//! Steps applied to arrays.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use cstspec_contract::{Path, list_child};

use super::{Child, ConformError, Step, cast, mask};

/// How the elements of a list are read.
pub(super) struct Element<'a> {
    pub path: &'a Path,
    pub field: &'a FieldRef,
    pub item: &'a Step,
    pub required: bool,
}

fn rebuilt(path: &Path) -> impl Fn(ArrowError) -> ConformError + '_ {
    |source| ConformError::Array { path: path.clone(), source }
}

pub(super) fn structure(
    array: &ArrayRef,
    path: &Path,
    fields: &Fields,
    children: &[Child],
) -> Result<ArrayRef, ConformError> {
    let from = array.as_struct();
    let mut columns = Vec::with_capacity(children.len());
    for (field, child) in fields.iter().zip(children) {
        columns.push(self::child(from, child, &path.join(field.name()))?);
    }
    StructArray::try_new_with_length(fields.clone(), columns, from.nulls().cloned(), from.len())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(path))
}

/// A child of `parent`: the field it is read from by its step, or the value it is filled with.
fn child(parent: &StructArray, child: &Child, path: &Path) -> Result<ArrayRef, ConformError> {
    match child {
        Child::Stored { index, step, required } => stored(parent.column(*index), parent.nulls(), step, *required, path),
        Child::Filled(value) => {
            let filled = value.to_array_of_size(parent.len()).map_err(|error| rebuilt(path)(error.into()))?;
            match parent.nulls() {
                Some(nulls) if child.looks() && nulls.null_count() > 0 => hide(&filled, nulls, path),
                _ => Ok(filled),
            }
        }
    }
}

/// `array` read by `step`, once no NULL of its parent hides anything that the step would look at.
fn stored(
    array: &ArrayRef,
    parent: Option<&NullBuffer>,
    step: &Step,
    required: bool,
    path: &Path,
) -> Result<ArrayRef, ConformError> {
    if required {
        refuse_nulls(array, parent, path)?;
    }
    match parent {
        Some(nulls) if step.looks() && nulls.null_count() > 0 => step.apply(&hide(array, nulls, path)?),
        _ => step.apply(array),
    }
}

/// An error if a value is NULL whose parent is present.
fn refuse_nulls(array: &ArrayRef, parent: Option<&NullBuffer>, path: &Path) -> Result<(), ConformError> {
    let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) else { return Ok(()) };
    if parent.is_some_and(|parent| parent.contains(&nulls)) {
        return Ok(());
    }
    Err(ConformError::Null { path: path.clone() })
}

/// `array` with NULL wherever its parent is NULL: what was hidden is no longer there to be looked at.
fn hide(array: &ArrayRef, parent: &NullBuffer, path: &Path) -> Result<ArrayRef, ConformError> {
    let nulls = NullBuffer::union(array.nulls(), Some(parent));
    let hidden: ArrayRef = match array.data_type() {
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().to_vec();
            // The fields' own NOT NULL holds under the NULLs there were, and so under more of them.
            Arc::new(
                StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len()).map_err(rebuilt(path))?,
            )
        }
        DataType::List(field) => {
            let list = array.as_list::<i32>();
            let (offsets, values) = (list.offsets().clone(), Arc::clone(list.values()));
            Arc::new(GenericListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(rebuilt(path))?)
        }
        DataType::LargeList(field) => {
            let list = array.as_list::<i64>();
            let (offsets, values) = (list.offsets().clone(), Arc::clone(list.values()));
            Arc::new(GenericListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(rebuilt(path))?)
        }
        DataType::FixedSizeList(field, size) => {
            let values = Arc::clone(array.as_fixed_size_list().values());
            Arc::new(
                FixedSizeListArray::try_new_with_length(Arc::clone(field), *size, values, nulls, array.len())
                    .map_err(rebuilt(path))?,
            )
        }
        DataType::Map(field, sorted) => {
            let map = array.as_map();
            let (offsets, entries) = (map.offsets().clone(), map.entries().clone());
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, *sorted).map_err(rebuilt(path))?)
        }
        _ => arrow::compute::nullif(array, &BooleanArray::new(!parent.inner(), None)).map_err(rebuilt(path))?,
    };
    Ok(hidden)
}

pub(super) fn list(array: &ArrayRef, element: &Element<'_>, to: &DataType) -> Result<ArrayRef, ConformError> {
    let conformed = match array.data_type() {
        DataType::List(_) => offset_list::<i32>(array, element)?,
        DataType::LargeList(_) => offset_list::<i64>(array, element)?,
        DataType::FixedSizeList(_, size) => fixed_list(array, *size, element)?,
        // Views may overlap and leave gaps; as a list they have neither.
        DataType::ListView(field) => {
            offset_list::<i32>(&cast::cast(array, &DataType::List(Arc::clone(field)), element.path)?, element)?
        }
        _ => match list_child(array.data_type()) {
            Some(field) => {
                offset_list::<i64>(&cast::cast(array, &DataType::LargeList(Arc::clone(field)), element.path)?, element)?
            }
            None => return Err(rebuilt(element.path)(ArrowError::SchemaError("not a list".to_owned()))),
        },
    };
    // Only the kind of list is left to change: the elements' fields are already the declared ones.
    if conformed.data_type() == to { Ok(conformed) } else { cast::cast(&conformed, to, element.path) }
}

fn offset_list<O: OffsetSizeTrait>(array: &ArrayRef, element: &Element<'_>) -> Result<ArrayRef, ConformError> {
    let list = array.as_list::<O>();
    let (offsets, values) = if element.required || element.item.looks() {
        visible(list.offsets(), list.values(), list.nulls(), element.path)?
    } else {
        (list.offsets().clone(), Arc::clone(list.values()))
    };
    if element.required {
        refuse_nulls(&values, None, element.path)?;
    }
    let values = element.item.apply(&values)?;
    GenericListArray::<O>::try_new(Arc::clone(element.field), offsets, values, list.nulls().cloned())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(element.path))
}

fn fixed_list(array: &ArrayRef, size: i32, element: &Element<'_>) -> Result<ArrayRef, ConformError> {
    let list = array.as_fixed_size_list();
    let expanded = list.nulls().map(|nulls| nulls.expand(usize::try_from(size).unwrap_or_default()));
    let values = stored(list.values(), expanded.as_ref(), element.item, element.required, element.path)?;
    FixedSizeListArray::try_new_with_length(Arc::clone(element.field), size, values, list.nulls().cloned(), list.len())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(element.path))
}

pub(super) fn map(
    array: &ArrayRef,
    path: &Path,
    entries: &FieldRef,
    sorted: bool,
    children: &[Child; 2],
) -> Result<ArrayRef, ConformError> {
    let map = array.as_map();
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(rebuilt(path)(ArrowError::SchemaError("a map's entries are a struct".to_owned())));
    };
    let (offsets, found) = if children.iter().any(Child::looks) {
        let found: ArrayRef = Arc::new(map.entries().clone());
        let (offsets, found) = visible(map.offsets(), &found, map.nulls(), path)?;
        (offsets, found.as_struct().clone())
    } else {
        (map.offsets().clone(), map.entries().clone())
    };
    let mut columns = Vec::with_capacity(2);
    for (child, name) in children.iter().zip(["key", "value"]) {
        columns.push(self::child(&found, child, &path.join(name))?);
    }
    let conformed =
        StructArray::try_new_with_length(fields.clone(), columns, None, found.len()).map_err(rebuilt(path))?;
    MapArray::try_new(Arc::clone(entries), offsets, conformed, map.nulls().cloned(), sorted)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(path))
}

/// The values that a list's rows show, and offsets into just these: not those before and after a slice, and not those of a NULL
/// row, which has none whatever its offsets say.
fn visible<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
    values: &ArrayRef,
    nulls: Option<&NullBuffer>,
    path: &Path,
) -> Result<(OffsetBuffer<O>, ArrayRef), ConformError> {
    let (offsets, values) = mask::visible(offsets, values, nulls).map_err(rebuilt(path))?;
    let (first, last) = (offsets[0].as_usize(), offsets[offsets.len() - 1].as_usize());
    if first == 0 && last == values.len() {
        return Ok((offsets, values));
    }
    Ok((OffsetBuffer::from_lengths(offsets.lengths()), values.slice(first, last - first)))
}
