//! The scan of a dataset's files, with the contract's schema declared and none inferred.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use cstspec_contract::Dataset;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use crate::adapter::ContractAdapterFactory;
use crate::conform::LeafSizes;
use crate::footer::ContractReaders;
use crate::inventory::Inventory;
use crate::record::Record;
use crate::source::{ContractSource, Scanned};

/// Where the files of a scan are read from.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The URL that the store is registered under.
    pub url: ObjectStoreUrl,
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// Footers that were read before.
    pub footers: Arc<FileMetadataCache>,
}

impl Place {
    /// What opens a file for the engine's own readers.
    pub fn readers(&self) -> CachedParquetFileReaderFactory {
        CachedParquetFileReaderFactory::new(Arc::clone(&self.store), Arc::clone(&self.footers))
    }
}

/// What the engine asks of a scan.
pub(crate) struct Request<'a> {
    /// The columns wanted, by their place in the contract.
    pub projection: Option<&'a [usize]>,
    /// Conditions that every row wanted meets. The engine tests them again.
    pub filters: &'a [Expr],
    /// How many rows are enough.
    pub limit: Option<usize>,
}

/// A plan that reads the files of `inventory`.
///
/// In a Hive layout the engine puts the partition columns behind the file's. They are asked for at their declared place, so the
/// scan's own projection brings them there, without a node above it. They have their declared type and nullability.
///
/// `schema` is the contract's, or the same columns without some of the fields that their structs are declared with: those are not read.
pub(crate) fn scan(
    state: &dyn Session,
    contract: &Arc<Dataset>,
    schema: &SchemaRef,
    inventory: &Inventory,
    request: &Request<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = inventory.carried.clone();
    let mut files = Vec::with_capacity(inventory.files.len());
    for listed in &inventory.files {
        let mut file = PartitionedFile::new_from_meta(listed.meta.clone());
        file.partition_values.clone_from(&listed.partition);
        file.extensions.insert(listed.clone());
        files.push(file);
    }
    let files = prune(state, files, &partitions, request.filters)?;

    let wanted: Vec<usize> = match request.projection {
        Some(columns) => columns.to_vec(),
        None => (0..schema.fields().len()).collect(),
    };
    let Some(place) = inventory.place.clone().filter(|_| !files.is_empty()) else {
        return Ok(Arc::new(EmptyExec::new(Arc::new(schema.project(&wanted)?))));
    };
    let carried = |field: &FieldRef| partitions.iter().position(|partition| partition.name() == field.name());
    let stored: Vec<FieldRef> = schema.fields().iter().filter(|field| carried(field).is_none()).cloned().collect();
    let mut places = Vec::with_capacity(schema.fields().len());
    let mut next = 0;
    for field in schema.fields() {
        places.push(carried(field).map_or(next, |index| stored.len() + index));
        next += usize::from(carried(field).is_none());
    }
    let file_schema = Arc::new(Schema::new_with_metadata(stored, schema.metadata().clone()));
    let factory = ContractAdapterFactory::new(contract, schema, &partitions, LeafSizes::default());
    let table_schema = TableSchema::builder(file_schema).with_table_partition_cols(partitions).build();

    let parquet = &state.config_options().execution.parquet;
    let options = TableParquetOptions { global: parquet.clone(), ..TableParquetOptions::default() };
    let url = place.url.clone();
    let record = Record::of(state.config());
    let (contract, asked, carried) = (Arc::clone(contract), Arc::clone(schema), inventory.carried.clone());
    let scanned = Arc::new(Scanned { contract, asked, carried, place, record });
    let mut source = ParquetSource::new(table_schema)
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(ContractReaders::new(&scanned)));
    if let Some(hint) = parquet.metadata_size_hint {
        source = source.with_metadata_size_hint(hint);
    }
    let groups = FileGroup::new(files).split_files(state.config().target_partitions().max(1));
    let projection = wanted.iter().map(|column| places[*column]).collect();
    let config = FileScanConfigBuilder::new(url, Arc::new(ContractSource::new(scanned, Arc::new(source))))
        .with_file_groups(groups)
        .with_projection_indices(Some(projection))?
        .with_limit(request.limit)
        .with_expr_adapter(Some(Arc::new(factory)))
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// Leaves out the files whose partition values no row of a result can have.
fn prune(
    state: &dyn Session,
    files: Vec<PartitionedFile>,
    partitions: &[FieldRef],
    filters: &[Expr],
) -> Result<Vec<PartitionedFile>> {
    let decided: Vec<&Expr> = filters
        .iter()
        .filter(|filter| {
            let columns = filter.column_refs();
            let carried = |name: &str| partitions.iter().any(|partition| partition.name() == name);
            !columns.is_empty() && columns.iter().all(|column| carried(&column.name)) && !filter.is_volatile()
        })
        .collect();
    if decided.is_empty() || files.is_empty() {
        return Ok(files);
    }
    let fields: Vec<Field> = partitions.iter().map(|partition| partition.as_ref().clone()).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns: Vec<ArrayRef> = (0..partitions.len())
        .map(|index| ScalarValue::iter_to_array(files.iter().map(|file| file.partition_values[index].clone())))
        .collect::<Result<_>>()?;
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let schema = DFSchema::try_from(schema)?;
    let mut keep = vec![true; files.len()];
    for filter in decided {
        // A qualified column names the table that is scanned; the values here have no table.
        let test = state.create_physical_expr(unnormalize_col(filter.clone()), &schema)?;
        let result = test.evaluate(&batch)?.into_array(files.len())?;
        let Some(result) = result.as_boolean_opt() else { continue };
        for (keep, met) in keep.iter_mut().zip(result) {
            *keep &= met == Some(true);
        }
    }
    Ok(files.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
}
