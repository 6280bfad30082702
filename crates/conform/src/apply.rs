//! Steps applied to arrays.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    StructArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::filter;
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use cstspec_contract::{Path, list_child};

use crate::decode::Decoded;
use crate::{Child, ConformError, Step, cast, mask};

/// How the elements of a list are read.
struct Element<'a> {
    pub path: &'a Path,
    pub field: &'a FieldRef,
    pub item: &'a Step,
    pub required: bool,
    pub hidden: bool,
}

impl Step {
    /// `array`, whose type is the one that the step was planned from, as the contract declares it.
    ///
    /// # Errors
    ///
    /// [`ConformError::Null`] and [`ConformError::Value`] for what is in the array.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef, ConformError> {
        match self {
            Self::Keep => Ok(Arc::clone(array)),
            Self::Nulls { to } => Ok(new_null_array(to, array.len())),
            Self::Cast { path, to } => cast::cast(array, to, path),
            Self::Decode { path, encoding, to, cut } => {
                Decoded { path, encoding: *encoding, to, cut: *cut }.array(array)
            }
            Self::Struct { path, fields, children } => structure(array, path, fields, children),
            Self::List { path, field, to, item, required, hidden } => {
                let element = Element { path, field, item, required: *required, hidden: *hidden };
                list(array, &element, to)
            }
            Self::Map { path, entries, sorted, children } => map(array, path, entries, *sorted, children),
        }
    }
}

fn rebuilt(path: &Path) -> impl Fn(ArrowError) -> ConformError + '_ {
    |source| ConformError::Array { path: path.clone(), source: Arc::new(source) }
}

fn structure(array: &ArrayRef, path: &Path, fields: &Fields, children: &[Child]) -> Result<ArrayRef, ConformError> {
    let from = array.as_struct();
    let mut columns = Vec::with_capacity(children.len());
    for (field, child) in fields.iter().zip(children) {
        columns.push(self::child(from, child, &path.join(field.name()))?);
    }
    if fields == from.fields() && columns.iter().zip(from.columns()).all(|(new, old)| Arc::ptr_eq(new, old)) {
        return Ok(Arc::clone(array));
    }
    StructArray::try_new_with_length(fields.clone(), columns, from.nulls().cloned(), from.len())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(path))
}

/// A child of `parent`: the field it is read from by its step, or the value it is filled with.
fn child(parent: &StructArray, child: &Child, path: &Path) -> Result<ArrayRef, ConformError> {
    match child {
        Child::Stored { index, step, required, hidden } => {
            let look = Look { required: *required, hidden: *hidden };
            stored(parent.column(*index), parent.nulls(), step, look, path)
        }
        Child::Filled(value) => {
            let filled = value.repeated(parent.len()).map_err(rebuilt(path))?;
            match parent.nulls() {
                Some(nulls) if child.looks() => mask::below(&filled, Some(nulls)).map_err(rebuilt(path)),
                _ => Ok(filled),
            }
        }
    }
}

/// How the NULLs of an array and of its parent count.
#[derive(Clone, Copy)]
struct Look {
    /// It may have none of its own.
    required: bool,
    /// Those of its parent may hide values in it.
    hidden: bool,
}

/// `array` read by `step`, once no NULL of its parent hides anything that the step or a query would look at.
fn stored(
    array: &ArrayRef,
    parent: Option<&NullBuffer>,
    step: &Step,
    look: Look,
    path: &Path,
) -> Result<ArrayRef, ConformError> {
    if look.required {
        refuse_nulls(array, parent, path)?;
    }
    match parent {
        Some(nulls) if (look.hidden || step.looks()) && nulls.null_count() > 0 => {
            step.apply(&mask::hide(array, nulls).map_err(rebuilt(path))?)
        }
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

fn list(array: &ArrayRef, element: &Element<'_>, to: &DataType) -> Result<ArrayRef, ConformError> {
    let conformed = match array.data_type() {
        DataType::List(_) => offset_list::<i32>(array, element)?,
        DataType::LargeList(_) => offset_list::<i64>(array, element)?,
        DataType::FixedSizeList(_, size) if matches!(to, DataType::FixedSizeList(..)) => {
            fixed_list(array, *size, element)?
        }
        DataType::FixedSizeList(field, size) => {
            offset_list::<i64>(&loose(array, field, *size).map_err(rebuilt(element.path))?, element)?
        }
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
    let found = element.item.apply(&values)?;
    if Arc::ptr_eq(&found, list.values()) && has_child(array, element.field) {
        return Ok(Arc::clone(array));
    }
    let values = found;
    GenericListArray::<O>::try_new(Arc::clone(element.field), offsets, values, list.nulls().cloned())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(element.path))
}

/// A list of a fixed size as one of any: without the elements that a NULL row has there, which may be NULL whatever they are declared.
fn loose(array: &ArrayRef, field: &FieldRef, size: i32) -> Result<ArrayRef, ArrowError> {
    let (list, size) = (array.as_fixed_size_list(), usize::try_from(size).unwrap_or_default());
    let (values, nulls) = (list.values(), list.nulls().filter(|nulls| nulls.null_count() > 0));
    let values = match nulls {
        Some(nulls) => filter(values, &BooleanArray::new(nulls.expand(size).into_inner(), None))?,
        None => Arc::clone(values),
    };
    let lengths = (0..list.len()).map(|row| if list.is_null(row) { 0 } else { size });
    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
    Ok(Arc::new(GenericListArray::try_new(Arc::clone(field), offsets, values, list.nulls().cloned())?))
}

fn fixed_list(array: &ArrayRef, size: i32, element: &Element<'_>) -> Result<ArrayRef, ConformError> {
    let list = array.as_fixed_size_list();
    let expanded = list.nulls().map(|nulls| nulls.expand(usize::try_from(size).unwrap_or_default()));
    let look = Look { required: element.required, hidden: element.hidden };
    let values = stored(list.values(), expanded.as_ref(), element.item, look, element.path)?;
    if Arc::ptr_eq(&values, list.values()) && has_child(array, element.field) {
        return Ok(Arc::clone(array));
    }
    FixedSizeListArray::try_new_with_length(Arc::clone(element.field), size, values, list.nulls().cloned(), list.len())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(rebuilt(element.path))
}

/// Whether the elements of a list are already `field`.
fn has_child(list: &ArrayRef, field: &FieldRef) -> bool {
    list_child(list.data_type()) == Some(field)
}

fn map(
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
