//! A table of somebody else's, read as the contract says: by name at any depth, in a projection above its own scan.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use cstspec_conform::{Child, ConformError, Constant, Step};
use cstspec_contract::report::FileConversion;
use cstspec_contract::{Dataset, Path};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, PlanProperties,
};
use futures::StreamExt as _;

use super::request::Request;
use super::scan_log::ScanLog;
use crate::files::provided::ProvidedTable;

/// A plan that reads the columns of `provided` as `contract` declares them; `schema` is the contract's, or the same
/// columns without some of the fields that their structs are declared with.
///
/// The table is asked for what it can decide alone: conditions on columns that are read as they are.
///
/// # Errors
///
/// The first difference that the contract does not allow, and what the table's own scan says.
pub(crate) async fn scan(
    state: &dyn Session,
    contract: &Dataset,
    schema: &SchemaRef,
    provided: &ProvidedTable,
    request: &Request<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let theirs = provided.table.schema();
    let mut comparison = cstspec_conform::compare(contract, &[], &theirs);
    if !comparison.refused.is_empty() {
        return Err(external(comparison.refused.swap_remove(0)));
    }
    let log = ScanLog::of(state.config());
    for conversion in std::mem::take(&mut comparison.conversions) {
        let (dataset, file) = (contract.name.clone(), provided.display_path.clone());
        log.record_conversion(FileConversion { dataset, file, conversion });
    }

    let comparison = comparison.projected(contract, schema).map_err(external)?;

    let wanted: Vec<usize> = match request.projection {
        Some(columns) => columns.to_vec(),
        None => (0..contract.columns.len()).collect(),
    };
    let mut read: Vec<usize> = Vec::new();
    let mut columns = Vec::with_capacity(wanted.len());
    for column in &wanted {
        let Some(child) = comparison.columns[*column].clone() else {
            return internal_err!("a column of `{}` comes from elsewhere than its table", contract.name);
        };
        let source = match child {
            Child::Filled(value) => Source::Filled(value),
            Child::Stored { index, step, required, .. } => {
                let place = read.iter().position(|other| *other == index).unwrap_or(read.len());
                if place == read.len() {
                    read.push(index);
                }
                Source::Read { place, step, required }
            }
        };
        columns.push(Column { path: Path::top(contract.columns[*column].name()), source });
    }
    let alike = |name: &str| {
        let place = contract.columns.iter().position(|column| column.name() == name);
        // What is nested is masked above their scan.
        let place = place.filter(|place| !contract.columns[*place].field.data_type().is_nested());
        let child = place.and_then(|place| comparison.columns[place].as_ref());
        matches!(child, Some(Child::Stored { index, step: Step::Keep, .. }) if theirs.field(*index).name() == name)
    };
    let filters = decided(provided.table.as_ref(), request.filters, alike)?;
    let limit = request.limit.filter(|_| request.filters.is_empty());
    let below = provided.table.scan(state, Some(&read), &filters, limit).await?;
    Ok(Arc::new(ConformExec::new(below, Arc::new(schema.project(&wanted)?), columns)))
}

/// The conditions that `table` may use: those on nothing but columns that it has as the contract does.
fn decided(table: &dyn TableProvider, filters: &[Expr], alike: impl Fn(&str) -> bool) -> Result<Vec<Expr>> {
    let ours = |filter: &&Expr| {
        let columns = filter.column_refs();
        !columns.is_empty() && !filter.is_volatile() && columns.iter().all(|column| alike(&column.name))
    };
    // A qualified column names our table, and theirs has another name or none.
    let filters: Vec<Expr> = filters.iter().filter(ours).cloned().map(unnormalize_col).collect();
    let support = table.supports_filters_pushdown(&filters.iter().collect::<Vec<_>>())?;
    let used = filters.into_iter().zip(support).filter(|(_, used)| *used != TableProviderFilterPushDown::Unsupported);
    Ok(used.map(|(filter, _)| filter).collect())
}

fn external(error: ConformError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A column of the contract.
#[derive(Clone, Debug)]
struct Column {
    path: Path,
    source: Source,
}

/// The source of a column.
#[derive(Clone, Debug)]
enum Source {
    /// The column at `place` of the table's batches.
    Read { place: usize, step: Step, required: bool },
    /// One value for every row.
    Filled(Constant),
}

impl Column {
    fn of(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let (place, step, required) = match &self.source {
            Source::Filled(value) => return Ok(value.repeated(batch.num_rows())?),
            Source::Read { place, step, required } => (*place, step, *required),
        };
        // The engine hands out what a NULL struct hides, and theirs may hide anything.
        let array = cstspec_conform::masked(batch.column(place))?;
        if required && array.logical_null_count() > 0 {
            return Err(external(ConformError::Null { path: self.path.clone() }));
        }
        step.apply(&array).map_err(external)
    }
}

/// Batches of a table as the contract declares them.
///
/// It tells the engine neither statistics nor an order: those of the table below are of other columns.
#[derive(Debug)]
struct ConformExec {
    below: Arc<dyn ExecutionPlan>,
    columns: Arc<Vec<Column>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl ConformExec {
    fn new(below: Arc<dyn ExecutionPlan>, schema: SchemaRef, columns: Vec<Column>) -> Self {
        Self::above(below, schema, Arc::new(columns))
    }

    fn above(below: Arc<dyn ExecutionPlan>, schema: SchemaRef, columns: Arc<Vec<Column>>) -> Self {
        let partitions = below.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            datafusion::physical_expr::Partitioning::UnknownPartitioning(partitions),
            below.pipeline_behavior(),
            below.boundedness(),
        );
        Self { below, columns, schema, properties: Arc::new(properties) }
    }
}

impl DisplayAs for ConformExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<String> = self.columns.iter().map(|column| column.path.to_string()).collect();
        write!(f, "ConformExec: columns=[{}]", columns.join(", "))
    }
}

impl ExecutionPlan for ConformExec {
    fn name(&self) -> &'static str {
        "ConformExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.below]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let below = children.pop().ok_or_else(|| internal_datafusion_err!("ConformExec has one child"))?;
        Ok(Arc::new(Self::above(below, Arc::clone(&self.schema), Arc::clone(&self.columns))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (columns, schema) = (Arc::clone(&self.columns), Arc::clone(&self.schema));
        let batches = self.below.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            let conformed = columns.iter().map(|column| column.of(&batch)).collect::<Result<Vec<_>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), conformed, &options)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}
