//! The fields that a plan requires of a column, and the type with these fields.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use cstspec_contract::{list_child, with_list_child};

/// The fields that are required of a value.
///
/// Lists are not spelled, as in the paths of a contract: what is needed of a list is what is needed of its elements, and how many
/// there are is always known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequiredFields {
    /// All of it.
    Whole,
    /// These fields of its structs. Without any, only whether it is NULL.
    Fields(BTreeMap<String, RequiredFields>),
}

impl Default for RequiredFields {
    fn default() -> Self {
        Self::Fields(BTreeMap::new())
    }
}

impl RequiredFields {
    /// The requirement of a struct whose field `name` has the requirement `of`.
    pub fn field(name: &str, of: Self) -> Self {
        Self::Fields(BTreeMap::from([(name.to_owned(), of)]))
    }

    /// The requirement of the field `name` of a struct with this requirement; nothing, if the field is not used.
    pub fn of(&self, name: &str) -> Self {
        match self {
            Self::Whole => Self::Whole,
            Self::Fields(fields) => fields.get(name).cloned().unwrap_or_default(),
        }
    }

    /// Adds another requirement.
    pub fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Whole, _) => {}
            (_, Self::Whole) => *self = Self::Whole,
            (Self::Fields(fields), Self::Fields(others)) => {
                for (name, other) in others {
                    match fields.entry(name) {
                        Entry::Vacant(vacant) => {
                            vacant.insert(other);
                        }
                        Entry::Occupied(mut field) => field.get_mut().add(other),
                    }
                }
            }
        }
    }

    /// The clipped `data_type`: its structs without the fields that are not needed, at any depth but inside maps and dictionaries; `None`
    /// if that is all of it.
    pub fn narrow(&self, data_type: &DataType) -> Option<DataType> {
        let Self::Fields(needed) = self else { return None };
        if let DataType::Struct(fields) = data_type {
            let kept: Vec<FieldRef> =
                fields.iter().filter_map(|field| Some(needed.get(field.name())?.narrowed(field))).collect();
            return (kept[..] != fields[..]).then(|| DataType::Struct(kept.into()));
        }
        let item = list_child(data_type)?;
        let item = Arc::new(item.as_ref().clone().with_data_type(self.narrow(item.data_type())?));
        Some(with_list_child(data_type, item))
    }

    /// `field` with what is left of its type.
    pub fn narrowed(&self, field: &FieldRef) -> FieldRef {
        match self.narrow(field.data_type()) {
            Some(data_type) => Arc::new(Field::clone(field).with_data_type(data_type)),
            None => Arc::clone(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::types::{list, map, nullable, structure};

    use super::*;

    #[test]
    fn required_fields_at_any_depth() {
        let leaf = |name| nullable(name, DataType::Utf8);
        let inner = structure([leaf("x"), leaf("y")]);
        let refs =
            list(structure([leaf("kind"), nullable("spans", list(inner.clone())), nullable("at", inner.clone())]));
        let mut required = RequiredFields::default();
        assert_eq!(required.narrow(&refs), Some(list(structure([]))));
        required.add(RequiredFields::field("spans", RequiredFields::field("y", RequiredFields::Whole)));
        assert_eq!(required.narrow(&refs), Some(list(structure([nullable("spans", list(structure([leaf("y")])))]))));
        required.add(RequiredFields::field("at", RequiredFields::default()));
        let narrowed = structure([nullable("spans", list(structure([leaf("y")]))), nullable("at", structure([]))]);
        assert_eq!(required.narrow(&refs), Some(list(narrowed)));
        required.add(RequiredFields::field("at", RequiredFields::Whole));
        required.add(RequiredFields::field("spans", RequiredFields::Whole));
        required.add(RequiredFields::field("kind", RequiredFields::default()));
        assert_eq!(required.narrow(&refs), None);
    }

    /// Maps and scalars are whole or not read.
    #[test]
    fn maps_and_scalars_whole() {
        let marks = map(DataType::Utf8, structure([nullable("level", DataType::Int64)]));
        for whole in [DataType::Utf8, list(DataType::Int64), marks] {
            assert_eq!(RequiredFields::field("level", RequiredFields::default()).narrow(&whole), None);
            assert_eq!(RequiredFields::default().narrow(&whole), None);
        }
    }
}
