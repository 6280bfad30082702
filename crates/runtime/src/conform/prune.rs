//! Which parts of a file's types are read at all.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields};
use cstspec_contract::list_child;

use super::{Child, Step};

/// The type `found`, which `step` was planned from, without the fields that it does not read, at any depth but inside maps, with the
/// step that reads the rest; `None` if it reads all of them.
///
/// A cast to that type, which the engine understands, keeps the reader from decoding what nobody declared.
pub(crate) fn narrow(found: &DataType, step: &Step) -> Option<(DataType, Step)> {
    match (found, step) {
        (DataType::Struct(from), Step::Struct { path, fields, children }) => {
            let mut children = children.clone();
            let mut less = false;
            let mut kept: Vec<FieldRef> = Vec::with_capacity(from.len());
            for (place, field) in from.iter().enumerate() {
                let read = children.iter_mut().find_map(|child| match child {
                    Child::Stored { index, step, .. } if *index == place => Some((index, step)),
                    _ => None,
                });
                let Some((index, step)) = read else {
                    less = true;
                    continue;
                };
                // Never a place behind this one, so it is not met again.
                *index = kept.len();
                kept.push(match narrow(field.data_type(), step) {
                    Some((data_type, narrowed)) => {
                        less = true;
                        *step = narrowed;
                        Arc::new(field.as_ref().clone().with_data_type(data_type))
                    }
                    None => Arc::clone(field),
                });
            }
            // A struct of no fields cannot be read: it needs one to have rows.
            if !less || kept.is_empty() {
                return None;
            }
            let kept: Fields = kept.into();
            let same = kept == *fields;
            let step = Step::Struct { path: path.clone(), fields: fields.clone(), children };
            Some((DataType::Struct(kept), if same { Step::Keep } else { step }))
        }
        (DataType::List(from) | DataType::LargeList(from), Step::List { path, field, to, item, required }) => {
            let (data_type, item) = narrow(from.data_type(), item)?;
            let from = Arc::new(from.as_ref().clone().with_data_type(data_type));
            let found =
                if matches!(found, DataType::List(_)) { DataType::List(from) } else { DataType::LargeList(from) };
            let (path, field, to, required) = (path.clone(), Arc::clone(field), to.clone(), *required);
            let step =
                if found == to { Step::Keep } else { Step::List { path, field, to, item: Box::new(item), required } };
            Some((found, step))
        }
        _ => None,
    }
}

/// Pushes for each Parquet leaf of `found`, in the order of the file, whether [`narrow`] keeps it, with `less` for what that
/// gave.
pub(crate) fn read_leaves(found: &DataType, less: Option<&DataType>, read: &mut Vec<bool>) {
    match (found, less) {
        (_, None) => read.extend(std::iter::repeat_n(true, leaves(found))),
        (DataType::Struct(from), Some(DataType::Struct(kept))) => {
            for field in from {
                match kept.find(field.name()) {
                    Some((_, kept)) => read_leaves(field.data_type(), Some(kept.data_type()), read),
                    None => read.extend(std::iter::repeat_n(false, leaves(field.data_type()))),
                }
            }
        }
        (from, Some(kept)) => match (list_child(from), list_child(kept)) {
            (Some(from), Some(kept)) => read_leaves(from.data_type(), Some(kept.data_type()), read),
            _ => read.extend(std::iter::repeat_n(true, leaves(from))),
        },
    }
}

/// How many Parquet leaves a type has.
pub(crate) fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::Map(entries, _) => leaves(entries.data_type()),
        _ => list_child(data_type).map_or(1, |item| leaves(item.data_type())),
    }
}
