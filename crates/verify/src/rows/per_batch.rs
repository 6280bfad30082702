//! Views over the rows at hand alone.
//!
//! A view whose rows are each made from one row of a dataset is planned once, over a table that has no rows of its own: it hands out
//! the batch that travels in the task that runs the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use cstspec_contract::Catalog;
use cstspec_contract::sql::ident;
use cstspec_runtime::names::table_reference;
use cstspec_runtime::session::view;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{
    CatalogProvider as _, CatalogProviderList as _, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, TableProvider,
};
use datafusion::common::{Result, exec_err};
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::stream;

/// How often a plan may run before it is made anew: each run leaves its metrics in it.
const RUNS: usize = 64;

/// The rows that a task is about.
struct Current(RecordBatch);

/// A partition that hands out the rows of its task.
#[derive(Debug)]
struct CurrentRows(SchemaRef);

impl PartitionStream for CurrentRows {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn execute(&self, task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let current = task.session_config().get_extension::<Current>();
        let rows = current.map_or_else(|| exec_err!("the plan was run without rows"), |current| Ok(current.0.clone()));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.0), stream::iter([rows])))
    }
}

/// A table of `schema` whose rows are those of the task that reads it.
pub fn table(schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
    let rows: Arc<dyn PartitionStream> = Arc::new(CurrentRows(Arc::clone(&schema)));
    Ok(Arc::new(StreamingTable::try_new(schema, vec![rows])?))
}

/// A session with the functions and resources of `ctx` and the settings that `config` makes of its own, where the datasets are `tables`.
/// Views are planned once they are [`need`]ed.
pub fn session(
    ctx: &SessionContext,
    tables: &BTreeMap<&str, Arc<dyn TableProvider>>,
    config: impl Fn(SessionConfig) -> SessionConfig,
) -> Result<SessionContext> {
    let state = ctx.state();
    let options = &state.config().options().catalog;
    let relations = MemoryCatalogProvider::new();
    relations.register_schema(&options.default_schema, Arc::new(MemorySchemaProvider::new()))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(options.default_catalog.clone(), Arc::new(relations));
    let config = config(state.config().clone().with_information_schema(false));
    let state =
        SessionStateBuilder::new_from_existing(state).with_catalog_list(Arc::new(catalogs)).with_config(config).build();
    let derived = SessionContext::new_with_state(state);
    for (name, table) in tables {
        derived.register_table(table_reference(name), Arc::clone(table))?;
    }
    Ok(derived)
}

/// Plans the view `relation`, and the views that it reads, in a [`session`].
///
/// # Errors
///
/// The engine does not plan one of them.
pub async fn need(ctx: &SessionContext, catalog: &Catalog, relation: &str) -> Result<()> {
    let mut needed = vec![relation];
    // Views come after what they read.
    for view in catalog.views.iter().rev() {
        if needed.contains(&view.name.as_str()) {
            needed.extend(view.depends_on.iter().map(String::as_str));
        }
    }
    for view in catalog.views.iter().filter(|view| needed.contains(&view.name.as_str())) {
        if !ctx.table_exist(table_reference(&view.name))? {
            ctx.register_table(table_reference(&view.name), Arc::new(view::table(&ctx.state(), view).await?))?;
        }
    }
    Ok(())
}

/// Some columns of a relation, evaluated over the rows at hand.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The relation.
    pub relation: String,
    how: How,
    runs: usize,
}

#[derive(Clone, Debug)]
enum How {
    /// Columns of the rows themselves.
    Own(Vec<usize>),
    /// The plan's output for the rows.
    Plan(Arc<dyn ExecutionPlan>),
}

impl Evaluation {
    /// Columns of the dataset `relation` itself, by their place in its contract.
    pub fn own(relation: &str, places: Vec<usize>) -> Self {
        Self { relation: relation.to_owned(), how: How::Own(places), runs: 0 }
    }

    /// `columns` of the view `relation`, planned in a session over [`table`]s.
    ///
    /// # Errors
    ///
    /// The engine does not plan it.
    pub async fn plan(ctx: &SessionContext, relation: &str, columns: &[String]) -> Result<Self> {
        let listed: Vec<_> = columns.iter().map(|column| ident(column)).collect();
        let sql = format!("SELECT {} FROM {}", listed.join(", "), ident(relation));
        let plan = ctx.sql(&sql).await?.create_physical_plan().await?;
        Ok(Self { relation: relation.to_owned(), how: How::Plan(plan), runs: 0 })
    }

    /// The columns' values over `rows`, which have all columns of the contract.
    ///
    /// # Errors
    ///
    /// The engine's error when it runs the plan.
    pub async fn over(&mut self, rows: &RecordBatch, task: &TaskContext) -> Result<RecordBatch> {
        match &mut self.how {
            How::Own(places) => Ok(rows.project(places)?),
            How::Plan(plan) => {
                if self.runs == RUNS {
                    *plan = reset_plan_states(Arc::clone(plan))?;
                    self.runs = 0;
                }
                self.runs += 1;
                let config = task.session_config().clone().with_extension(Arc::new(Current(rows.clone())));
                let task = TaskContext::new(
                    None,
                    task.session_id(),
                    config,
                    task.scalar_functions().clone(),
                    task.higher_order_functions().clone(),
                    task.aggregate_functions().clone(),
                    task.window_functions().clone(),
                    task.runtime_env(),
                );
                let schema = plan.schema();
                let batches = collect(Arc::clone(plan), Arc::new(task)).await?;
                Ok(concat_batches(&schema, &batches)?)
            }
        }
    }
}
