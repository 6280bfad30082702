//! The bounds in a plan: calls that the planner made of operators and of literals, window functions, and constants.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{AggregateUDF, EmptyRelation, Expr, LogicalPlan, Operator, WindowFunctionDefinition};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::window::Windowed;
use super::{Bounded, size};

/// Bounds the functions that a plan calls without asking the session for them, as `[a, b]` and `list || list` do, and the aggregates
/// that it uses as window functions.
#[derive(Debug)]
pub(super) struct Bound {
    pub most: u64,
}

impl FunctionRewrite for Bound {
    fn name(&self) -> &'static str {
        "bounded_functions"
    }

    fn rewrite(&self, expr: Expr, _: &DFSchema, config: &ConfigOptions) -> Result<Transformed<Expr>> {
        match expr {
            Expr::ScalarFunction(mut call) => {
                let Some(bounded) = Bounded::of(&call.func, self.most) else {
                    return Ok(Transformed::no(Expr::ScalarFunction(call)));
                };
                call.func = Arc::new(bounded);
                Ok(Transformed::yes(Expr::ScalarFunction(call)))
            }
            Expr::WindowFunction(mut call) => {
                let Some(bounded) = windowed(&call, self.most, config.execution.batch_size.into()) else {
                    return Ok(Transformed::no(Expr::WindowFunction(call)));
                };
                call.fun = WindowFunctionDefinition::AggregateUDF(Arc::new(bounded));
                Ok(Transformed::yes(Expr::WindowFunction(call)))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// An aggregate that is used as a window function, with its bound.
fn windowed(call: &WindowFunction, most: u64, batch: usize) -> Option<AggregateUDF> {
    let WindowFunctionDefinition::AggregateUDF(inner) = &call.fun else { return None };
    // The engine makes such a column of a batch at a time, and that of a frame without an end of a partition at a time.
    let is_whole = call.params.window_frame.end_bound.is_unbounded() || call.params.order_by.is_empty();
    let at_once = (!is_whole).then_some(batch);
    Windowed::of(inner, most, at_once)
}

/// A constant of so many bytes is no matter: 32 MiB in a batch.
const SMALL: u64 = 4 << 10;

/// Refuses constants that are too large for as many rows as a batch has.
#[derive(Debug)]
pub(super) struct Constants {
    pub most: u64,
}

impl OptimizerRule for Constants {
    fn name(&self) -> &'static str {
        "bounded_constants"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let batch: usize = config.options().execution.batch_size.into();
        plan.apply_with_subqueries(|node| {
            if matches!(node, LogicalPlan::Values(_)) {
                return Ok(TreeNodeRecursion::Continue);
            }
            let rows = node.inputs().into_iter().map(rows).try_fold(1, |most: usize, rows| Some(most.max(rows?)));
            let rows = rows.map_or(batch, |rows| rows.min(batch)) as u64;
            let mut bytes = 0;
            node.apply_expressions(|expr| constants(expr, &mut bytes))?;
            let all = bytes.saturating_mul(rows);
            if all > self.most {
                return Err(DataFusionError::ResourcesExhausted(format!(
                    "constants of {bytes} bytes would make {all} bytes in a batch of {rows} rows, and at most {} are allowed, an \
                     eighth of the memory of the session",
                    self.most
                )));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(Transformed::no(plan))
    }
}

/// Adds the bytes of the large constants of an expression that become arrays.
fn constants(expr: &Expr, sum: &mut u64) -> Result<TreeNodeRecursion> {
    expr.apply(|part| {
        // A comparison takes a constant as one value.
        let compares = match part {
            Expr::Literal(value, _) => {
                *sum = sum.saturating_add(Some(bytes(value)).filter(|bytes| *bytes > SMALL).unwrap_or(0));
                false
            }
            Expr::BinaryExpr(binary) => {
                let compares = matches!(
                    binary.op,
                    Operator::Eq
                        | Operator::NotEq
                        | Operator::Lt
                        | Operator::LtEq
                        | Operator::Gt
                        | Operator::GtEq
                        | Operator::IsDistinctFrom
                        | Operator::IsNotDistinctFrom
                );
                compares && (is_literal(&binary.left) || is_literal(&binary.right))
            }
            Expr::Like(like) | Expr::SimilarTo(like) => is_literal(&like.pattern),
            _ => false,
        };
        Ok(if compares { TreeNodeRecursion::Jump } else { TreeNodeRecursion::Continue })
    })
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}

/// The most rows of a plan, if it has a bound.
fn rows(plan: &LogicalPlan) -> Option<usize> {
    match plan {
        LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row, .. }) => Some(usize::from(*produce_one_row)),
        LogicalPlan::Projection(projection) => rows(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input),
        other => other.max_rows(),
    }
}

/// The bytes of a constant.
pub(super) fn bytes(value: &ScalarValue) -> u64 {
    match value {
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.as_ref().map_or(0, |text| text.len() as u64)
        }
        ScalarValue::Binary(bytes) | ScalarValue::LargeBinary(bytes) | ScalarValue::BinaryView(bytes) => {
            bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)
        }
        ScalarValue::Dictionary(_, value) => bytes(value),
        ScalarValue::List(list) => size::total(list.as_ref()),
        ScalarValue::LargeList(list) => size::total(list.as_ref()),
        ScalarValue::FixedSizeList(list) => size::total(list.as_ref()),
        ScalarValue::Struct(row) => size::total(row.as_ref()),
        ScalarValue::Map(map) => size::total(map.as_ref()),
        other => match other.data_type() {
            DataType::FixedSizeBinary(width) => u64::try_from(width).unwrap_or(0),
            _ => 16,
        },
    }
}
