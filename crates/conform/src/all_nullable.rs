//! Contracts and fields without NOT NULL.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use cstspec_contract::{Column, Dataset, map_fields};

/// A contract that lets everything be NULL, at every depth: with it, a NULL where there should be none can be looked at.
#[derive(Clone, Debug)]
pub struct AllNullable(Arc<Dataset>);

impl AllNullable {
    /// `contract` without a NOT NULL, but for the keys of maps.
    pub fn of(contract: &Dataset) -> Self {
        let mut relaxed = contract.clone();
        relaxed.columns =
            relaxed.columns.into_iter().map(|column| Column { field: all_nullable(&column.field), ..column }).collect();
        Self(Arc::new(relaxed))
    }

    /// The contract without its promises.
    pub fn contract(&self) -> &Arc<Dataset> {
        &self.0
    }
}

/// `field`, nullable at every depth but for the keys of maps.
pub fn all_nullable(field: &Field) -> FieldRef {
    let child = |item: &FieldRef| all_nullable(item);
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(child).collect()),
        DataType::List(item) => DataType::List(child(item)),
        DataType::LargeList(item) => DataType::LargeList(child(item)),
        DataType::ListView(item) => DataType::ListView(child(item)),
        DataType::LargeListView(item) => DataType::LargeListView(child(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(child(item), *size),
        DataType::Map(entries, sorted) => {
            let relaxed = map_fields(entries).map(|(key, value)| {
                let fields = DataType::Struct(vec![Arc::clone(key), all_nullable(value)].into());
                Arc::new(entries.as_ref().clone().with_data_type(fields))
            });
            DataType::Map(relaxed.unwrap_or_else(|| Arc::clone(entries)), *sorted)
        }
        DataType::Dictionary(keys, values) => {
            let values = all_nullable(&Field::new("values", values.as_ref().clone(), true));
            DataType::Dictionary(keys.clone(), Box::new(values.data_type().clone()))
        }
        other => other.clone(),
    };
    Arc::new(field.clone().with_data_type(data_type).with_nullable(true))
}
