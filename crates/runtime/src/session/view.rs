//! Views, planned from their SQL and kept with it.

use std::sync::Arc;

use cstspec_contract::{View, definition};
use datafusion::catalog::view::ViewTable;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;

use crate::limits;

/// The view as the engine will run it. Types are coerced first, as `CREATE VIEW` does: what `DESCRIBE` says is what executes.
pub async fn table(state: &SessionState, view: &View) -> Result<ViewTable> {
    let plan = read_only(state, &view.sql).await?;
    let coercion = Analyzer::with_rules(vec![Arc::new(TypeCoercion::new())]);
    let plan = coercion.execute_and_check(plan, &ConfigOptions::default(), |_, _| {})?;
    Ok(ViewTable::new(plan, Some(definition::view(view))))
}

/// The plan of a query of the catalog, which reads and does nothing else.
pub async fn read_only(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    let plan = limits::plan(state, sql).await?;
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
    Ok(plan)
}
