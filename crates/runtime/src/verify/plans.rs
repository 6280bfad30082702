//! How the engine runs each view: its plans, with schemas.

use cstspec_contract::Catalog;
use datafusion::prelude::SessionContext;

use super::PlanReport;

/// The plans of every view that is registered.
pub(super) async fn record(_ctx: &SessionContext, _catalog: &Catalog) -> Vec<PlanReport> {
    Vec::new()
}
