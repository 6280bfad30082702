//! The scan of a dataset's files, with the contract's schema declared and none inferred.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use cstspec_conform::LeafSizes;
use cstspec_contract::Dataset;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use super::adapter::ContractAdapterFactory;
use super::context::ScanContext;
use super::pruning::{self, ElementFilter, ElementPredicates};
use super::reader::ContractReaders;
use super::scan_log::ScanLog;
use super::source::{ContractSource, wants_few};
use crate::files::opened::ReadContract;
use crate::files::table_files::TableFiles;

/// The engine's request for a scan.
pub struct Request<'a> {
    /// The columns wanted, by their place in the contract.
    pub projection: Option<&'a [usize]>,
    /// Conditions that every row wanted meets. The engine tests them again.
    pub filters: &'a [Expr],
    /// The same on fields that the engine does not push conditions down to.
    pub elements: &'a [ElementFilter],
    /// How many rows are enough.
    pub limit: Option<usize>,
}

/// A plan that reads the files of `table_files`.
///
/// In a Hive layout the engine puts the partition columns behind the file's. They are asked for at their declared place, so the
/// scan's own projection brings them there, without a node above it. They have their declared type and nullability.
///
/// `schema` is the contract's, or the same columns without some of the fields that their structs are declared with: those are not read.
pub fn scan(
    state: &dyn Session,
    contract: &Arc<Dataset>,
    schema: &SchemaRef,
    table_files: &TableFiles,
    request: &Request<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = table_files.partition_fields.clone();
    let files = pruning::keep(state, contract, schema, table_files, request.filters)?;

    let wanted: Vec<usize> = match request.projection {
        Some(columns) => columns.to_vec(),
        None => (0..schema.fields().len()).collect(),
    };
    let Some(store) = table_files.store.clone().filter(|_| !files.is_empty()) else {
        return Ok(Arc::new(EmptyExec::new(Arc::new(schema.project(&wanted)?))));
    };
    let partition_index = |field: &FieldRef| partitions.iter().position(|partition| partition.name() == field.name());
    let stored: Vec<FieldRef> =
        schema.fields().iter().filter(|field| partition_index(field).is_none()).cloned().collect();
    let mut places = Vec::with_capacity(schema.fields().len());
    let mut next = 0;
    for field in schema.fields() {
        places.push(partition_index(field).map_or(next, |index| stored.len() + index));
        next += usize::from(partition_index(field).is_none());
    }
    let file_schema = Arc::new(Schema::new_with_metadata(stored, schema.metadata().clone()));
    let table_schema = TableSchema::builder(file_schema).with_table_partition_cols(partitions).build();

    let parquet = &state.config_options().execution.parquet;
    let options = TableParquetOptions { global: parquet.clone(), ..TableParquetOptions::default() };
    let url = store.url.clone();
    let read = ReadContract {
        contract: Arc::clone(contract),
        read_schema: Arc::clone(schema),
        partition_fields: table_files.partition_fields.clone(),
    };
    let context = Arc::new(ScanContext {
        read: Arc::new(read),
        element_predicates: ElementPredicates::new(state, contract, request.elements),
        store,
        log: ScanLog::of(state.config()),
        opened: Arc::default(),
    });
    let factory = ContractAdapterFactory::new(&context.read, LeafSizes::default(), &context.opened);
    let mut source = ParquetSource::new(table_schema)
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(ContractReaders::new(&context)));
    if let Some(hint) = parquet.metadata_size_hint {
        source = source.with_metadata_size_hint(hint);
    }
    let partitions = if wants_few(request.limit) { 1 } else { state.config().target_partitions().max(1) };
    let groups = FileGroup::new(files).split_files(partitions);
    let projection = wanted.iter().map(|column| places[*column]).collect();
    let config = FileScanConfigBuilder::new(url, Arc::new(ContractSource::new(context, Arc::new(source))))
        .with_file_groups(groups)
        .with_projection_indices(Some(projection))?
        .with_limit(request.limit)
        .with_expr_adapter(Some(Arc::new(factory)))
        .build();
    Ok(DataSourceExec::from_data_source(config))
}
