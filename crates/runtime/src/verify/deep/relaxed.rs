//! A dataset whose every field may be NULL: what is promised of its rows is then looked for in them, and no scan stops at it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, SchemaRef};
use async_trait::async_trait;
use cstspec_contract::{Column, Dataset};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::inventory::{DataFile, Inventory};
use crate::reading::{self, Place, Request};

/// The files of a dataset at one moment, under a contract that promises nothing of their rows.
#[derive(Debug)]
pub struct RelaxedTable {
    contract: Dataset,
    schema: SchemaRef,
    inventory: Inventory,
}

impl RelaxedTable {
    /// The files of `inventory` but for those that are refused.
    pub fn new(contract: &Dataset, mut inventory: Inventory) -> Self {
        inventory.refused.clear();
        let contract = relaxed(contract);
        Self { schema: contract.schema(), contract, inventory }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[DataFile] {
        &self.inventory.files
    }

    /// Where the files are read from.
    pub fn place(&self) -> Option<&Place> {
        self.inventory.place.as_ref()
    }

    /// A plan that reads the columns at `projection` out of `file`, its rows in their order and in one partition.
    pub fn read(&self, state: &dyn Session, file: &DataFile, projection: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
        let request = Request { projection: Some(projection), filters: &[], limit: None };
        reading::scan(state, &self.contract, &self.schema, self.inventory.of(vec![file.clone()]), &request)
    }
}

#[async_trait]
impl TableProvider for RelaxedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let request = Request { projection: projection.map(Vec::as_slice), filters, limit };
        reading::scan(state, &self.contract, &self.schema, self.inventory.of(self.inventory.files.clone()), &request)
    }
}

/// `contract` with every column and nested field nullable.
pub fn relaxed(contract: &Dataset) -> Dataset {
    let columns = contract.columns.iter().map(|column| Column { field: field(&column.field), ..column.clone() });
    Dataset { columns: columns.collect(), ..contract.clone() }
}

/// `declared`, nullable at every depth but for the keys of maps, which arrow holds never to be NULL.
pub fn field(declared: &FieldRef) -> FieldRef {
    let data_type = data_type(declared.data_type());
    Arc::new(Field::clone(declared).with_data_type(data_type).with_nullable(true))
}

fn data_type(declared: &DataType) -> DataType {
    match declared {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::ListView(item) => DataType::ListView(field(item)),
        DataType::LargeListView(item) => DataType::LargeListView(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        DataType::Map(entries, sorted) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                let pair: Fields = vec![Arc::clone(&pair[0]), field(&pair[1])].into();
                DataType::Map(Arc::new(Field::clone(entries).with_data_type(DataType::Struct(pair))), *sorted)
            }
            _ => declared.clone(),
        },
        DataType::Dictionary(keys, values) => DataType::Dictionary(keys.clone(), Box::new(data_type(values))),
        _ => declared.clone(),
    }
}
