//! A dataset whose every field may be NULL: what is promised of its rows is then looked for in them, and no scan stops at it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use cstspec_conform::AllNullable;
use cstspec_contract::Dataset;
use cstspec_runtime::files::footer::fetch;
use cstspec_runtime::files::opened::ReadContract;
use cstspec_runtime::files::table_files::{DataFile, TableFiles};
use cstspec_runtime::scan::request::Request;
use cstspec_runtime::scan::row_reader::{self, Rows};
use cstspec_runtime::{RuntimeError, table};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as EngineResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt as _, stream};

/// How much of a file is decoded at once, in bytes. One row of a nested table may be large.
const BATCH_BYTES: i64 = 8 << 20;
/// The most rows of a batch.
const BATCH_ROWS: usize = 8192;

/// The files of a dataset at one moment, under a contract that promises nothing of their rows.
#[derive(Debug)]
pub struct AllNullableTable {
    contract: AllNullable,
    schema: SchemaRef,
    table_files: Arc<TableFiles>,
}

impl AllNullableTable {
    /// The files of `table_files`.
    pub fn new(contract: &Dataset, table_files: Arc<TableFiles>) -> Self {
        let contract = AllNullable::of(contract);
        Self { schema: contract.contract().schema(), contract, table_files }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[DataFile] {
        &self.table_files.files
    }

    /// The rows of `file`, with the columns and fields of `reads`, in batches whose size in memory depends neither on that of the file nor on that
    /// of its rows.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or is not as the contract lets it be.
    pub async fn read(&self, file: &DataFile, reads: &Dataset) -> Result<Rows, RuntimeError> {
        let TableFiles { partition_fields, store: Some(store), .. } = self.table_files.as_ref() else {
            return Ok(stream::empty().boxed());
        };
        let footer = fetch::footer(&self.contract.contract().name, store, file, None).await?;
        let of_one = |group: &RowGroupMetaData| group.total_byte_size() / group.num_rows().max(1);
        let largest = footer.row_groups().iter().map(of_one).max().unwrap_or_default().max(1);
        let batch_rows = usize::try_from(BATCH_BYTES / largest).unwrap_or(1).clamp(1, BATCH_ROWS);
        let columns: Vec<usize> = (0..reads.columns.len()).collect();
        let read = ReadContract::whole(AllNullable::of(reads).contract(), partition_fields);
        row_reader::rows(store, file, &read, &columns, batch_rows).await
    }
}

#[async_trait]
impl TableProvider for AllNullableTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let request = Request { projection: projection.map(Vec::as_slice), filters, elements: &[], limit };
        table::plan(state, self.contract.contract(), &self.schema, &self.table_files, &request).await
    }
}
