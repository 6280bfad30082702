//! Scans that read only the nested fields a query uses.
//!
//! The engine reads every leaf of a list to answer for one of them, since `unnest` hides from it which are used. A rule of its
//! optimizer finds that out ([`plan`], [`expression`], [`demand`]) and gives each scan of a dataset a schema with those alone; how that
//! is read is the scan's own affair ([`crate::adapter`], [`crate::conform`]). `docs/narrowing.md` says how it works and what it never does.

mod demand;
mod elements;
mod expression;
mod plan;

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use cstspec_contract::{Dataset, list_child};
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::prelude::SessionContext;

use crate::Config;

/// Narrows the scans of datasets to the fields that a plan uses, and tells them what its filters ask of those, unless
/// `cstspec.narrow_scans` is off.
#[derive(Debug, Default)]
pub(crate) struct NarrowScans;

impl NarrowScans {
    /// The rule's name in `EXPLAIN VERBOSE`.
    pub const NAME: &'static str = "narrow_scans";
}

impl OptimizerRule for NarrowScans {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if !config.options().extensions.get::<Config>().is_some_and(|config| config.narrow_scans) {
            return Ok(Transformed::no(plan));
        }
        let demands = expression::all(plan.schema());
        plan::narrow(plan, demands)?.transform_data(elements::tell)
    }
}

/// Adds the rule to the optimizer of a session that does not have it.
pub(crate) fn provide(ctx: &SessionContext) {
    if !ctx.state_ref().read().optimizers().iter().any(|rule| rule.name() == NarrowScans::NAME) {
        ctx.add_optimizer_rule(Arc::new(NarrowScans));
    }
}

/// Whether a type has a struct without fields, which says only which values are NULL.
pub(crate) fn is_bare(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.is_empty() || fields.iter().any(|field| is_bare(field.data_type())),
        _ => list_child(data_type).is_some_and(|item| is_bare(item.data_type())),
    }
}

/// For each of `columns` that is asked for with fewer fields than `contract` declares, which are left: `refs: {kind, span: {begin}}`.
pub(crate) fn told(contract: &Dataset, asked: &Schema, columns: &[usize]) -> String {
    let narrowed = columns.iter().filter_map(|column| {
        let (declared, asked) = (&contract.columns[*column].field, asked.field(*column));
        let differs = declared.data_type() != asked.data_type();
        differs.then(|| format!("{}: {}", asked.name(), fields(declared.data_type(), asked.data_type())))
    });
    narrowed.collect::<Vec<_>>().join(", ")
}

fn fields(declared: &DataType, asked: &DataType) -> String {
    match (declared, asked) {
        (DataType::Struct(declared), DataType::Struct(asked)) => {
            let kept = asked.iter().map(|field| match declared.find(field.name()) {
                Some((_, whole)) if whole.data_type() != field.data_type() => {
                    format!("{}: {}", field.name(), fields(whole.data_type(), field.data_type()))
                }
                _ => field.name().clone(),
            });
            format!("{{{}}}", kept.collect::<Vec<_>>().join(", "))
        }
        _ => match (list_child(declared), list_child(asked)) {
            (Some(declared), Some(asked)) => fields(declared.data_type(), asked.data_type()),
            _ => asked.to_string(),
        },
    }
}
