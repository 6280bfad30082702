//! Files opened for the engine's reader, each compared with the contract as soon as its footer is known.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema};
use bytes::Bytes;
use cstspec_contract::report::FileConversion;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{
    FileMetaData, KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader,
};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::context::ScanContext;
use super::pruning::{self, PruningCounter, Tested};
use crate::files::footer::encoding::with_file_metadata;
use crate::files::opened::{OpenedFile, ReadContract};
use crate::files::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError};

/// Opens files, each compared with the contract as soon as its footer is known.
#[derive(Debug)]
pub(crate) struct ContractReaders {
    context: Arc<ScanContext>,
}

impl ContractReaders {
    pub fn new(context: &Arc<ScanContext>) -> Self {
        Self { context: Arc::clone(context) }
    }
}

impl ParquetFileReaderFactory for ContractReaders {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let (listed, tested) = (file.extensions.get_arc::<DataFile>(), file.extensions.get_arc::<Tested>());
        let pruned =
            PruningCounter::new(&self.context.element_predicates, partition_index, file.range.clone(), metrics);
        let Some(listed) = listed else {
            return self.context.store.readers().create_reader(partition_index, file, metadata_size_hint, metrics);
        };
        let (contract, store) = (self.context.contract(), &self.context.store);
        let reader = store.reader(&contract.name, &listed, file, metadata_size_hint, (partition_index, metrics))?;
        let context = Arc::clone(&self.context);
        Ok(Box::new(ContractReader { context, file: listed, tested, reader, hint: metadata_size_hint, pruned }))
    }
}

struct ContractReader {
    context: Arc<ScanContext>,
    file: Arc<DataFile>,
    /// The columns whose statistics the engine uses.
    tested: Option<Arc<Tested>>,
    reader: Box<dyn AsyncFileReader>,
    /// Bytes of the file's end that are fetched at first.
    hint: Option<usize>,
    pruned: PruningCounter,
}

impl AsyncFileReader for ContractReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let external = |error| ParquetError::External(Box::new(error));
            let opened = self.context.open(&self.file, self.hint).await.map_err(external)?;
            self.context.accept(&self.file, &opened).map_err(external)?;
            let OpenedFile { metadata, schema, comparison } = opened.as_ref();
            let mut footer = Arc::clone(metadata);
            let policy = options.map_or(PageIndexPolicy::Skip, ArrowReaderOptions::column_index_policy);
            if policy != PageIndexPolicy::Skip {
                let whole = ParquetMetaDataReader::new_with_metadata(footer.as_ref().clone());
                let mut whole = whole.with_page_index_policy(policy);
                whole.load_page_index(&mut self.reader).await?;
                footer = Arc::new(whole.finish()?);
            }
            if self.context.looks_as_read(schema) && comparison.converts() {
                footer = Arc::new(told_apart(&footer));
            }
            let leaves = self.tested.as_ref().map(|tested| tested.leaves(schema, comparison));
            if let Some(believed) = pruning::believed(&footer, &leaves.unwrap_or_default()) {
                footer = Arc::new(believed);
            }
            let predicates = &self.context.element_predicates;
            let Some(kept) = predicates.kept(self.context.contract(), schema, comparison, &footer) else {
                return Ok(footer);
            };
            self.pruned.count(&footer, &kept);
            // Removed rows are counted from the file's first one, so what opens the file leaves out its row groups itself.
            let whole = self.file.vector.is_some() || !kept.contains(&false);
            Ok(if whole { footer } else { Arc::new(pruning::only(&footer, &kept)) })
        }
        .boxed()
    }
}

impl ScanContext {
    /// Whether the engine takes a file of the schema `stored` for one that is read as it is.
    fn looks_as_read(&self, stored: &Schema) -> bool {
        let ReadContract { read_schema, partition_fields, .. } = self.read.as_ref();
        let is_partition = |field: &FieldRef| partition_fields.iter().any(|other| other.name() == field.name());
        let read = read_schema.fields().iter().filter(|field| !is_partition(field));
        stored.metadata() == read_schema.metadata() && stored.fields().iter().eq(read)
    }

    /// Records the conversions of a file before anything of it is read.
    ///
    /// # Errors
    ///
    /// The first difference that the contract does not allow.
    fn accept(&self, file: &DataFile, opened: &OpenedFile) -> Result<(), RuntimeError> {
        let (dataset, path) = (self.contract().name.clone(), file.display_path.clone());
        if let Some(refused) = opened.comparison.refused.first() {
            return Err(FileErrorKind::Drift(Box::new(refused.clone())).of(dataset, path));
        }
        for conversion in &opened.comparison.conversions {
            let (dataset, file, conversion) = (dataset.clone(), path.clone(), conversion.clone());
            self.log.record_conversion(FileConversion { dataset, file, conversion });
        }
        Ok(())
    }
}

/// `footer` with a schema that is no table's. The engine asks for no expression adapter where a file's schema equals the table's and there is
/// no predicate (datafusion-datasource-parquet 55.2, `opener/mod.rs`), and what such a file hides below a NULL would not be masked.
fn told_apart(footer: &ParquetMetaData) -> ParquetMetaData {
    let file = footer.file_metadata();
    let mut pairs = file.key_value_metadata().cloned().unwrap_or_default();
    pairs.push(KeyValue::new("cstspec:converted".to_owned(), "true".to_owned()));
    let (creator, schema) = (file.created_by().map(str::to_owned), file.schema_descr_ptr());
    let metadata =
        FileMetaData::new(file.version(), file.num_rows(), creator, Some(pairs), schema, file.column_orders().cloned());
    with_file_metadata(footer, metadata).set_row_groups(footer.row_groups().to_vec()).build()
}
