//! Which steps lead from a file's type to the contract's.

use std::sync::Arc;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use cstspec_contract::{CastPolicy, Evolution, ExtraPolicy, MissingPolicy, NullabilityPolicy, Path};

use super::{Child, ConformError, Step, loses_nothing};

/// The step that reads the field `found` of a file as `declared`. Whether it may be NULL is left to the caller, but for the policy
/// that refuses it.
///
/// # Errors
///
/// The first difference that `evolution` does not allow.
pub fn plan_field(found: &Field, declared: &Field, evolution: &Evolution, path: &Path) -> Result<Step, ConformError> {
    if found.is_nullable() && !declared.is_nullable() && evolution.nullability == NullabilityPolicy::Error {
        return Err(ConformError::Nullable { path: path.clone() });
    }
    plan(found.data_type(), declared.data_type(), evolution, path)
}

/// The step that reads the type `found` of a file as `declared`.
pub(super) fn plan(
    found: &DataType,
    declared: &DataType,
    evolution: &Evolution,
    path: &Path,
) -> Result<Step, ConformError> {
    if found == declared {
        return Ok(Step::Keep);
    }
    match (found, declared) {
        (DataType::Struct(from), DataType::Struct(to)) => structure(from, to, evolution, path),
        (DataType::Map(from, from_sorted), DataType::Map(to, to_sorted)) if *from_sorted || !to_sorted => {
            let both = (from.data_type(), to.data_type());
            let (DataType::Struct(from), DataType::Struct(to_fields)) = both else {
                return Err(refusal(found, declared, path));
            };
            let ([from_key, from_value], [to_key, to_value]) = (&from[..], &to_fields[..]) else {
                return Err(refusal(found, declared, path));
            };
            let key = child(0, from_key, to_key, evolution, &path.join("key"))?;
            let value = child(1, from_value, to_value, evolution, &path.join("value"))?;
            let (path, entries) = (path.clone(), to.clone());
            Ok(Step::Map { path, entries, sorted: *to_sorted, children: Box::new([key, value]) })
        }
        _ => match (element(found), element(declared)) {
            (Some(from), Some(to)) => {
                if !same_kind(found, declared) && evolution.casts == CastPolicy::None {
                    return Err(refusal(found, declared, path));
                }
                let fixed = matches!(declared, DataType::FixedSizeList(..));
                if fixed && !same_kind(found, declared) && evolution.casts != CastPolicy::Any {
                    return Err(refusal(found, declared, path));
                }
                let Child { step, required, .. } = child(0, from, to, evolution, path)?;
                let (path, field) = (path.clone(), to.clone());
                Ok(Step::List { path, field, to: declared.clone(), item: Box::new(step), required })
            }
            _ => leaf(found, declared, evolution, path),
        },
    }
}

/// The type `found` without the fields that `declared` does not have, at any depth but inside maps; `None` if there are none.
///
/// A cast to it, which the engine understands, keeps the reader from decoding what nobody declared.
pub fn without_extras(found: &DataType, declared: &DataType) -> Option<DataType> {
    match (found, declared) {
        (DataType::Struct(from), DataType::Struct(to)) => {
            let mut less = false;
            let mut kept: Vec<FieldRef> = Vec::with_capacity(from.len());
            for field in from {
                let Some((_, declared)) = to.find(field.name()) else {
                    less = true;
                    continue;
                };
                kept.push(match without_extras(field.data_type(), declared.data_type()) {
                    Some(data_type) => {
                        less = true;
                        Arc::new(field.as_ref().clone().with_data_type(data_type))
                    }
                    None => Arc::clone(field),
                });
            }
            // A struct of no fields cannot be read: it needs one to have rows.
            (less && !kept.is_empty()).then(|| DataType::Struct(kept.into()))
        }
        (DataType::List(from), _) => {
            let data_type = without_extras(from.data_type(), element(declared)?.data_type())?;
            Some(DataType::List(Arc::new(from.as_ref().clone().with_data_type(data_type))))
        }
        (DataType::LargeList(from), _) => {
            let data_type = without_extras(from.data_type(), element(declared)?.data_type())?;
            Some(DataType::LargeList(Arc::new(from.as_ref().clone().with_data_type(data_type))))
        }
        _ => None,
    }
}

fn structure(from: &Fields, to: &Fields, evolution: &Evolution, path: &Path) -> Result<Step, ConformError> {
    if evolution.extra == ExtraPolicy::Error
        && let Some(extra) = from.iter().find(|field| to.find(field.name()).is_none())
    {
        return Err(ConformError::Extra { path: path.join(extra.name()) });
    }
    let mut children = Vec::with_capacity(to.len());
    for declared in to {
        let path = path.join(declared.name());
        children.push(match from.find(declared.name()) {
            Some((index, found)) => child(index, found, declared, evolution, &path)?,
            None if declared.is_nullable() && evolution.missing != MissingPolicy::Error => {
                Child { from: None, step: Step::Keep, required: false }
            }
            None => return Err(ConformError::Missing { path }),
        });
    }
    Ok(Step::Struct { path: path.clone(), fields: to.clone(), children })
}

fn child(
    from: usize,
    found: &FieldRef,
    declared: &FieldRef,
    evolution: &Evolution,
    path: &Path,
) -> Result<Child, ConformError> {
    let step = plan_field(found, declared, evolution, path)?;
    Ok(Child { from: Some(from), step, required: found.is_nullable() && !declared.is_nullable() })
}

fn leaf(found: &DataType, declared: &DataType, evolution: &Evolution, path: &Path) -> Result<Step, ConformError> {
    let allowed = match evolution.casts {
        CastPolicy::None => false,
        CastPolicy::Widening => loses_nothing(found, declared),
        CastPolicy::Any => can_cast_types(found, declared),
    };
    // A cast between nested types would go by position.
    let nested = |data_type: &DataType| data_type.is_nested() && !matches!(data_type, DataType::RunEndEncoded(..));
    if !allowed || nested(found) || nested(declared) {
        return Err(refusal(found, declared, path));
    }
    Ok(Step::Cast { path: path.clone(), to: declared.clone() })
}

fn refusal(found: &DataType, declared: &DataType, path: &Path) -> ConformError {
    ConformError::Type { path: path.clone(), found: found.clone(), declared: declared.clone() }
}

/// The field of a list's elements.
pub(super) fn element(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

fn same_kind(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::FixedSizeList(_, left), DataType::FixedSizeList(_, right)) => left == right,
        _ => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}
