//! One file of a scan, opened as suits its size: what the engine's source decides for all files of a scan, and a footer tells for one.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use cstspec_conform::LeafSizes;
use cstspec_contract::list_child;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::object_store::ObjectStore;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion_datasource::morsel::{MorselPlan, MorselPlanner};

use super::adapter::{ContractAdapterFactory, external};
use super::context::{ScanContext, is_bare};
use super::error_context::{ErrorContextPlanner, FileErrorContext};
use crate::files::delta::Removed;
use crate::files::footer::fetch;
use crate::files::opened::{OpenedFile, ReadContract};
use crate::files::table_files::DataFile;
use crate::guard;

/// Batches of a scan hold about so many elements of its largest list for each row that the session's batches have. `unnest` cuts them to
/// the session's size; larger ones take memory, and smaller ones time.
const ELEMENTS_PER_ROW: u64 = 16;

/// How the files of one partition of a scan are opened.
pub(crate) struct ContractOpener {
    pub context: Arc<ScanContext>,
    /// The columns that the scan reads, by their place in the contract.
    pub columns: Arc<[usize]>,
    pub source: Arc<dyn FileSource>,
    pub store: Arc<dyn ObjectStore>,
    /// The scan without its files.
    pub config: FileScanConfig,
    pub partition: usize,
    /// Rows of a batch where no list makes them large.
    pub batch_rows: usize,
}

impl fmt::Debug for ContractOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContractOpener").field("partition", &self.partition).finish_non_exhaustive()
    }
}

impl ContractOpener {
    /// Whether it depends on its footer how a file is opened.
    pub fn depends(&self) -> bool {
        let data_type = |column: &usize| self.context.read.read_schema.field(*column).data_type();
        self.columns.iter().map(data_type).any(|read| has_list(read) || is_bare(read))
    }

    /// The planner of `file`, which is `opened` and of whose rows some may be `removed`.
    fn planner(
        &self,
        mut file: PartitionedFile,
        opened: &OpenedFile,
        removed: Option<&Removed>,
    ) -> Result<Box<dyn MorselPlanner>> {
        let ReadContract { contract, read_schema, .. } = self.context.read.as_ref();
        let OpenedFile { metadata, schema, comparison } = opened;
        let left = removed.map(|removed| removed.selection(fetch::rows(metadata)));
        let left = left.map(|rows| ParquetAccessPlan::try_new_from_overall_row_selection(rows, metadata.row_groups()));
        let mut left = left.transpose()?;
        let (mut config, mut source) = (self.config.clone(), Arc::clone(&self.source));
        // The engine's own reader reports what is wrong with the file.
        if comparison.refused.is_empty() {
            let predicates = &self.context.element_predicates;
            if let (Some(left), Some(kept)) = (&mut left, predicates.kept(contract, schema, comparison, metadata)) {
                let without = kept.iter().enumerate().filter(|(_, kept)| !**kept);
                without.for_each(|(group, _)| left.skip(group));
            }
            let sizes = LeafSizes::of(schema.fields(), leaf_sizes(metadata));
            let comparison = comparison.projected(contract, read_schema).map_err(external)?;
            let read = comparison.leaves(&self.columns, schema.fields(), &sizes);
            source = source.with_batch_size(self.rows(metadata, &read));
            let factory = ContractAdapterFactory::new(&self.context.read, sizes, &self.context.opened);
            config.expr_adapter_factory = Some(Arc::new(factory));
        }
        if let Some(left) = left {
            file.extensions.insert(left);
        }
        source.create_morselizer(Arc::clone(&self.store), &config, self.partition)?.plan_file(file)
    }

    /// How many rows a batch of a file has, of which these leaves are `read`.
    fn rows(&self, footer: &ParquetMetaData, read: &[bool]) -> usize {
        let enough = self.config.limit.unwrap_or(usize::MAX);
        let rows = self.batch_rows.min(enough).max(1) as u64;
        let of_group = footer.row_groups().iter().flat_map(|group| {
            let chunks = group.columns().iter().zip(read).filter(|(_, read)| **read);
            chunks.map(|(chunk, _)| {
                let count = |count: i64| u64::try_from(count).unwrap_or_default();
                count(chunk.num_values()).div_ceil(count(group.num_rows()).max(1))
            })
        });
        let elements = of_group.max().unwrap_or_default().max(1);
        usize::try_from((rows.saturating_mul(ELEMENTS_PER_ROW) / elements).clamp(1, rows)).unwrap_or(self.batch_rows)
    }
}

/// A file whose footer nobody has looked at.
#[derive(Debug)]
pub(crate) struct PendingOpen {
    pub opener: Arc<ContractOpener>,
    pub file: PartitionedFile,
    pub listed: Arc<DataFile>,
    pub error_context: Arc<FileErrorContext>,
}

impl MorselPlanner for PendingOpen {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { opener, file, listed, error_context } = *self;
        let on_panic = Arc::clone(&error_context);
        let opened = async move {
            let (contract, store) = (opener.context.contract(), &opener.context.store);
            let opened = opener.context.open(&listed, None).await?;
            let removed = match &listed.vector {
                Some(vector) => {
                    let rows = fetch::rows(&opened.metadata);
                    Some(vector.removed(&contract.name, store, &listed, rows).await?)
                }
                None => None,
            };
            let planner = opener.planner(file, &opened, removed.as_deref());
            let planner = planner.map_err(|error| error_context.file(error))?;
            Ok(Box::new(ErrorContextPlanner::new(error_context, planner)) as Box<dyn MorselPlanner>)
        };
        let opened =
            async move { guard::future(opened).await.unwrap_or_else(|panicked| Err(on_panic.file(panicked.into()))) };
        Ok(Some(MorselPlan::new().with_pending_planner(opened)))
    }
}

/// The compressed bytes of each leaf of a file.
fn leaf_sizes(footer: &ParquetMetaData) -> impl Iterator<Item = u64> {
    (0..footer.file_metadata().schema_descr().num_columns()).map(|leaf| {
        let chunks = footer.row_groups().iter().filter_map(move |group| group.columns().get(leaf));
        chunks.map(|chunk| u64::try_from(chunk.compressed_size()).unwrap_or_default()).sum()
    })
}

fn has_list(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| has_list(field.data_type())),
        DataType::Map(..) => true,
        _ => list_child(data_type).is_some(),
    }
}
