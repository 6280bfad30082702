//! A scan that knows which file it is in: conversions are recorded and errors told with the file's name, and with the row where one
//! is at fault.
//!
//! The engine makes one expression adapter for each file and does not say for which, and its errors name none. So the engine's own
//! Parquet source is asked for everything, and what it answers is told apart by file: what opens a file also compares it with the
//! contract, and whatever comes out of it is looked at for errors.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::ObjectStore;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{MorselPlanner, Morselizer};

use super::context::{ScanContext, narrowed_columns};
use super::error_context::{ErrorContextPlanner, FileErrorContext};
use super::maps::split_at_maps;
use super::opener::{ContractOpener, PendingOpen};
use super::pruning::Tested;
use crate::files::table_files::DataFile;
use crate::guard;

/// Rows of a batch where the engine does not say.
const DEFAULT_BATCH_ROWS: usize = 8192;

/// Whether a scan wants so few rows that they are in its first file or two. Then it is not split: each partition would open another.
pub(crate) fn wants_few(limit: Option<usize>) -> bool {
    limit.is_some_and(|limit| limit <= DEFAULT_BATCH_ROWS)
}

/// The engine's Parquet source, whose errors name the file.
pub(crate) struct ContractSource {
    context: Arc<ScanContext>,
    parquet: Arc<dyn FileSource>,
    /// Rows of a batch, once the engine has said.
    batch_rows: Option<usize>,
}

impl ContractSource {
    pub fn new(context: Arc<ScanContext>, parquet: Arc<dyn FileSource>) -> Self {
        Self { context, parquet, batch_rows: None }
    }

    fn around(&self, parquet: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { context: Arc::clone(&self.context), parquet, batch_rows: self.batch_rows })
    }

    /// Whether a filter is about a column with fields or elements.
    fn reads_nested(&self, filter: &Arc<dyn PhysicalExpr>) -> bool {
        let schema = self.parquet.table_schema().table_schema();
        let nested = |name: &str| schema.field_with_name(name).is_ok_and(|field| field.data_type().is_nested());
        collect_columns(filter).iter().any(|column| nested(column.name()))
    }

    /// The columns that the scan reads, by their place in the contract.
    fn columns(&self) -> Vec<usize> {
        let mut names = Vec::new();
        let mut of = |expr: &Arc<dyn PhysicalExpr>| {
            names.extend(collect_columns(expr).into_iter().map(|column| column.name().to_owned()));
        };
        self.parquet.projection().into_iter().flat_map(ProjectionExprs::iter).for_each(|item| of(&item.expr));
        self.parquet.filter().iter().for_each(&mut of);
        let columns = self.context.contract().columns.iter().enumerate();
        columns.filter(|(_, column)| names.iter().any(|name| name == column.name())).map(|(index, _)| index).collect()
    }
}

impl FileSource for ContractSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.parquet.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let parquet = self.parquet.create_morselizer(Arc::clone(&store), config, partition)?;
        let (context, source) = (Arc::clone(&self.context), Arc::clone(&self.parquet));
        let config = FileScanConfigBuilder::from(config.clone()).with_file_groups(Vec::new()).build();
        let columns = self.columns().into();
        let batch_rows = self.batch_rows.unwrap_or(DEFAULT_BATCH_ROWS);
        let opener = ContractOpener { context, columns, source, store, config, partition, batch_rows };
        let tested = self.parquet.filter().map(|filter| Arc::new(Tested::by(&filter, self.context.contract())));
        Ok(Box::new(ContractMorselizer { opener: Arc::new(opener), tested, parquet }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.parquet.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        let (context, parquet) = (Arc::clone(&self.context), self.parquet.with_batch_size(batch_size));
        Arc::new(Self { context, parquet, batch_rows: Some(batch_size) })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.parquet.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.parquet.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.parquet.metrics()
    }

    fn file_type(&self) -> &str {
        self.parquet.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parquet.fmt_extra(t, f)?;
        let narrowed = narrowed_columns(self.context.contract(), &self.context.read.read_schema, &self.columns());
        for (name, text) in [("narrowed", narrowed), ("leaf_predicate", self.context.element_predicates.display())] {
            match t {
                _ if text.is_empty() => {}
                DisplayFormatType::Default | DisplayFormatType::Verbose => write!(f, ", {name}=[{text}]")?,
                DisplayFormatType::TreeRender => writeln!(f, "{name}={text}")?,
            }
        }
        Ok(())
    }

    fn supports_repartitioning(&self) -> bool {
        self.parquet.supports_repartitioning()
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        min_size: usize,
        output_ordering: Option<LexOrdering>,
        config: &FileScanConfig,
    ) -> Result<Option<FileScanConfig>> {
        if wants_few(config.limit) {
            return Ok(None);
        }
        // It takes the source from `config`, which is this one.
        self.parquet.repartitioned(target_partitions, min_size, output_ordering, config)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let kept: Vec<bool> = filters.iter().map(|filter| self.reads_nested(filter)).collect();
        let schema = self.parquet.table_schema().table_schema();
        let filters = filters.into_iter().map(|filter| split_at_maps(filter, schema)).collect::<Result<_>>()?;
        let pushed = self.parquet.try_pushdown_filters(filters, config)?;
        let updated_node = pushed.updated_node.map(|parquet| self.around(parquet));
        // Whether a filter can be evaluated while reading is decided here once, and again for each file, where one that cannot is
        // left out without a word (apache/datafusion#25268, #24109). What a file of another nested type needs cannot: such a filter
        // is used to leave out row groups and stays above the scan.
        let decided = pushed.filters.into_iter().zip(kept);
        let filters = decided.map(|(pushed, kept)| if kept { PushedDown::No } else { pushed }).collect();
        Ok(FilterPushdownPropagation { filters, updated_node })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(self.parquet.try_pushdown_sort(order, properties)?.map(|parquet| self.around(parquet)))
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.parquet.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let stored = self.parquet.table_schema().table_schema();
        let projected = self.parquet.projection().map(|projected| projected.project_schema(stored)).transpose()?;
        let schema = projected.as_ref().unwrap_or(stored);
        let projection = projection.clone().try_map_exprs(|expr| split_at_maps(expr, schema))?;
        Ok(self.parquet.try_pushdown_projection(&projection)?.map(|parquet| self.around(parquet)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.parquet.apply_expressions(f)
    }
}

struct ContractMorselizer {
    opener: Arc<ContractOpener>,
    /// The columns that the filter tests, if there is one.
    tested: Option<Arc<Tested>>,
    parquet: Box<dyn Morselizer>,
}

impl fmt::Debug for ContractMorselizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parquet.fmt(f)
    }
}

impl Morselizer for ContractMorselizer {
    fn plan_file(&self, mut file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let Some(listed) = file.extensions.get_arc::<DataFile>() else { return self.parquet.plan_file(file) };
        if let Some(tested) = &self.tested {
            file.extensions.insert(tested.as_ref().clone());
        }
        let error_context =
            Arc::new(FileErrorContext::new(&self.opener.context, &self.opener.columns, Arc::clone(&listed)));
        if self.opener.depends() || listed.vector.is_some() {
            return Ok(Box::new(PendingOpen { opener: Arc::clone(&self.opener), file, listed, error_context }));
        }
        match guard::caught(|| self.parquet.plan_file(file)).unwrap_or_else(|panicked| Err(panicked.into())) {
            Ok(planner) => Ok(Box::new(ErrorContextPlanner::new(error_context, planner))),
            Err(error) => Err(error_context.file(error)),
        }
    }
}
