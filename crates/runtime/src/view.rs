//! Views, planned from their SQL and kept with it.

use std::sync::Arc;

use cstspec_contract::{View, definition};
use datafusion::catalog::view::ViewTable;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::optimizer::Analyzer;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;

/// The view as the engine will run it. Types are coerced first, as `CREATE VIEW` does: what `DESCRIBE` says is what executes.
pub(crate) async fn table(state: &SessionState, view: &View) -> Result<ViewTable> {
    let plan = state.create_logical_plan(&view.sql).await?;
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
    let coercion = Analyzer::with_rules(vec![Arc::new(TypeCoercion::new())]);
    let plan = coercion.execute_and_check(plan, &ConfigOptions::default(), |_, _| {})?;
    Ok(ViewTable::new(plan, Some(definition::view(view))))
}
