//! Which parts of a file's types are read at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields};
use cstspec_contract::{Path, list_child, with_list_child};

use crate::{Child, Step};

/// How many bytes each Parquet leaf of a file takes, by its path as the file spells it.
///
/// Where a query asks only whether a struct is there, any leaf below it tells, and the smallest is read. Without sizes it is the one
/// whose type is narrowest.
#[derive(Clone, Debug, Default)]
pub struct LeafSizes(BTreeMap<Path, u64>);

impl LeafSizes {
    /// The sizes of a file whose Arrow schema has these `fields`; `sizes` are those of its leaves in their order.
    pub fn of(fields: &Fields, sizes: impl IntoIterator<Item = u64>) -> Self {
        let mut paths = Vec::new();
        for field in fields {
            leaf_paths(field.data_type(), &Path::top(field.name().as_str()), &mut paths);
        }
        Self(paths.into_iter().zip(sizes).collect())
    }

    /// The type `found` at `path` with its smallest leaf alone, and how large that is.
    fn smallest(&self, found: &DataType, path: &Path) -> (DataType, u64) {
        match found {
            DataType::Struct(fields) => {
                let leaves = fields.iter().map(|field| {
                    let (data_type, size) = self.smallest(field.data_type(), &path.join(field.name()));
                    (Arc::new(field.as_ref().clone().with_data_type(data_type)), size)
                });
                match leaves.min_by_key(|(_, size)| *size) {
                    Some((leaf, size)) => (DataType::Struct(vec![leaf].into()), size),
                    None => (found.clone(), 0),
                }
            }
            DataType::List(item) | DataType::LargeList(item) => {
                let (data_type, size) = self.smallest(item.data_type(), path);
                let item = Arc::new(item.as_ref().clone().with_data_type(data_type));
                (with_list_child(found, item), size)
            }
            // The reader gives these whole.
            whole => {
                let mut paths = Vec::new();
                leaf_paths(whole, path, &mut paths);
                let width = whole.primitive_width().unwrap_or(1 << 10) as u64;
                let sizes = paths.iter().map(|path| self.0.get(path).copied());
                (found.clone(), sizes.sum::<Option<u64>>().unwrap_or(width))
            }
        }
    }
}

/// Pushes the path of each Parquet leaf of a type, in the order of the file.
fn leaf_paths(data_type: &DataType, path: &Path, paths: &mut Vec<Path>) {
    match data_type {
        DataType::Struct(fields) => {
            fields.iter().for_each(|field| leaf_paths(field.data_type(), &path.join(field.name()), paths));
        }
        DataType::Map(entries, _) => leaf_paths(entries.data_type(), path, paths),
        _ => match list_child(data_type) {
            Some(item) => leaf_paths(item.data_type(), path, paths),
            None => paths.push(path.clone()),
        },
    }
}

/// The type `found` of the file's field at `path`, which `step` was planned from, without the fields that it does not read, at any
/// depth but inside maps, with the step that reads the rest; `None` if it reads all of them.
///
/// A cast to that type, which the engine understands, keeps the reader from decoding what nobody asked for.
pub fn narrow(found: &DataType, step: &Step, path: &Path, sizes: &LeafSizes) -> Option<(DataType, Step)> {
    match (found, step) {
        (DataType::Struct(from), Step::Struct { path: declared, fields, children }) => {
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
                kept.push(match narrow(field.data_type(), step, &path.join(field.name()), sizes) {
                    Some((data_type, narrowed)) => {
                        less = true;
                        *step = narrowed;
                        Arc::new(field.as_ref().clone().with_data_type(data_type))
                    }
                    None => Arc::clone(field),
                });
            }
            if !less {
                return None;
            }
            let step = |children| Step::Struct { path: declared.clone(), fields: fields.clone(), children };
            // A struct is read by its leaves, and one of them tells which structs are NULL.
            if kept.is_empty() {
                let (smallest, _) = sizes.smallest(found, path);
                return (smallest != *found).then(|| (smallest, step(children)));
            }
            let kept: Fields = kept.into();
            let plain = |(index, child): (usize, &Child)| *child == Child::plain(index);
            let same = kept == *fields && children.iter().enumerate().all(plain);
            Some((DataType::Struct(kept), if same { Step::Keep } else { step(children) }))
        }
        (
            DataType::List(from) | DataType::LargeList(from),
            Step::List { path: declared, field, to, item, required, hidden },
        ) => {
            let (data_type, item) = narrow(from.data_type(), item, path, sizes)?;
            let from = Arc::new(from.as_ref().clone().with_data_type(data_type));
            let found = with_list_child(found, from);
            let (declared, field, to) = (declared.clone(), Arc::clone(field), to.clone());
            let step = if found == to && item == Step::Keep && !required {
                Step::Keep
            } else {
                Step::List { path: declared, field, to, item: Box::new(item), required: *required, hidden: *hidden }
            };
            Some((found, step))
        }
        _ => None,
    }
}

/// Pushes for each Parquet leaf of `found`, in the order of the file, whether [`narrow`] keeps it, with `less` for what that
/// gave.
pub fn read_leaves(found: &DataType, less: Option<&DataType>, read: &mut Vec<bool>) {
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
pub fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::Map(entries, _) => leaves(entries.data_type()),
        _ => list_child(data_type).map_or(1, |item| leaves(item.data_type())),
    }
}
