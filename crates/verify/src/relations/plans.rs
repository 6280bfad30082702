//! How the engine runs each view: its plans, with schemas.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::Schema;
use cstspec_contract::report::PlanReport;
use cstspec_contract::{Catalog, View, describe};
use cstspec_runtime::names::table_reference;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::prelude::SessionContext;

/// The placeholder for the files in physical plans.
const FILES: &str = "files";

/// The plans of every view that is registered, by name. A relation that cannot be planned is left empty: the view has a finding.
///
/// They are made for one partition, whatever the session's own number is, since that number follows the machine.
pub async fn record(ctx: &SessionContext, catalog: &Catalog) -> Vec<PlanReport> {
    let state = ctx.state();
    // A state with a configuration of its own would put an empty catalog in the place of the session's.
    let config = state.config().clone().with_target_partitions(1).with_create_default_catalog_and_schema(false);
    let state = SessionStateBuilder::new_from_existing(state).with_config(config).build();
    let mut plans = Vec::with_capacity(catalog.views.len());
    for view in &catalog.views {
        plans.extend(plan(ctx, &state, view).await);
    }
    plans.sort_unstable();
    plans
}

async fn plan(ctx: &SessionContext, state: &SessionState, view: &View) -> Option<PlanReport> {
    let provider = ctx.table_provider(table_reference(&view.name)).await.ok()?;
    let plan = provider.get_logical_plan()?.into_owned();
    let optimized = state.optimize(&plan);
    let physical = match &optimized {
        Ok(optimized) => state.query_planner().create_physical_plan(optimized, state).await.and_then(portable),
        Err(_) => Ok(None),
    };
    let physical = physical.ok().flatten();
    Some(PlanReport {
        view: view.name.clone(),
        logical: plan.display_indent_schema().to_string(),
        optimized: optimized.map(|plan| plan.display_indent_schema().to_string()).unwrap_or_default(),
        physical: physical
            .map(|plan| displayable(plan.as_ref()).set_show_schema(true).indent(false).to_string())
            .unwrap_or_default(),
        dfschema: tree(plan.schema()),
    })
}

/// The plan with one name in place of all files: their paths, their number and how they are split belong to a machine.
fn portable(plan: Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    plan.transform_up(|node| {
        let scan = node
            .downcast_ref::<DataSourceExec>()
            .and_then(|source| source.data_source().downcast_ref::<FileScanConfig>());
        let Some(scan) = scan else { return Ok(Transformed::no(node)) };
        let mut scan = scan.clone();
        scan.file_groups = vec![FileGroup::new(vec![PartitionedFile::new(FILES, 0)])];
        Ok(Transformed::yes(DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>))
    })
    .data()
    .map(Some)
}

/// The columns with the relation that qualifies them, each with what is nested in it below.
fn tree(schema: &DFSchema) -> String {
    let mut text = String::new();
    for (qualifier, field) in schema.iter() {
        if let Some(qualifier) = qualifier {
            let _ = write!(text, "{qualifier}.");
        }
        text.push_str(&describe::tree(&Schema::new(vec![Arc::clone(field)])));
    }
    text
}
