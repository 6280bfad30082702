//! Scans that read only the nested fields a query uses.
//!
//! The engine reads every leaf of a list to answer for one of them, since `unnest` hides from it which are used. A rule of its
//! optimizer finds that out ([`indices`], [`plan`], [`expression`], [`required_fields`]) and gives each scan of a dataset a schema with those alone; how that
//! is read is the scan's own affair ([`crate::scan::adapter`], [`cstspec_conform`]). `docs/narrowing.md` says how it works and what it never does.

mod element_filters;
mod expression;
mod indices;
mod plan;
mod required_fields;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::prelude::SessionContext;

use crate::Config;

/// Narrows the scans of datasets to the fields that a plan uses, and tells them what its filters ask of those, unless
/// `cstspec.narrow_scans` is off.
#[derive(Debug, Default)]
pub(crate) struct NestedProjection;

impl NestedProjection {
    /// The rule's name in `EXPLAIN VERBOSE`.
    pub const NAME: &'static str = "narrow_scans";
}

impl OptimizerRule for NestedProjection {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if !config.options().extensions.get::<Config>().is_some_and(|config| config.narrow_scans) {
            return Ok(Transformed::no(plan));
        }
        indices::drop_unused(plan)?
            .transform_data(|plan| {
                let requirements = expression::all(plan.schema());
                plan::narrow(plan, requirements)
            })?
            .transform_data(element_filters::push_element_filters)
    }
}

/// Adds the rule to the optimizer of a session that does not have it.
pub(crate) fn provide(ctx: &SessionContext) {
    if !ctx.state_ref().read().optimizers().iter().any(|rule| rule.name() == NestedProjection::NAME) {
        ctx.add_optimizer_rule(Arc::new(NestedProjection));
    }
}
