//! The columns that a scan's filter tests, whose statistics the engine uses.

use std::sync::Arc;

use arrow::datatypes::Schema;
use cstspec_conform::{Child, Comparison};
use cstspec_contract::Dataset;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, InListExpr, Literal};
use datafusion::physical_expr::utils::{collect_columns, split_conjunction};

use super::trust::Nan;

/// The columns that a filter tests, by their place in the contract.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tested(Vec<(usize, Nan)>);

impl Tested {
    /// Those of `filter`.
    pub fn by(filter: &Arc<dyn PhysicalExpr>, contract: &Dataset) -> Self {
        let names = collect_columns(filter);
        let columns = contract.columns.iter().enumerate();
        let tested = columns.filter(|(_, column)| names.iter().any(|name| name.name() == column.name()));
        Self(tested.map(|(place, column)| (place, nan(filter, column.name()))).collect())
    }

    /// The leaves that a file of the schema `stored` has of them.
    pub fn leaves(&self, stored: &Schema, comparison: &Comparison) -> Vec<(usize, Nan)> {
        let count = |index: usize| cstspec_conform::leaves(stored.field(index).data_type());
        let of = |(column, nan): &(usize, Nan)| match comparison.columns.get(*column) {
            Some(Some(Child::Stored { index, .. })) => {
                let first: usize = (0..*index).map(count).sum();
                (first..first + count(*index)).map(|leaf| (leaf, *nan)).collect()
            }
            _ => Vec::new(),
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// Whether `filter` may be met where the column is NaN.
///
/// To the engine NaN is greater than every number, or less if its sign is set. So a filter leaves it out that has a bound on both sides.
fn nan(filter: &Arc<dyn PhysicalExpr>, column: &str) -> Nan {
    let (mut min, mut max) = (false, false);
    for conjunct in split_conjunction(filter) {
        let (below, above) = bounds(conjunct, column);
        min |= below;
        max |= above;
    }
    if min && max { Nan::Excluded } else { Nan::Wanted }
}

/// Whether a condition is met only by what is not less than some number in `column`, and only by what is not greater than one.
fn bounds(condition: &Arc<dyn PhysicalExpr>, column: &str) -> (bool, bool) {
    let is_column =
        |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Column>().is_some_and(|found| found.name() == column);
    if let Some(list) = condition.downcast_ref::<InListExpr>() {
        let all = !list.negated() && is_column(list.expr()) && list.list().iter().all(is_number);
        return (all, all);
    }
    let Some(binary) = condition.downcast_ref::<BinaryExpr>() else { return (false, false) };
    let operator = match (binary.left(), binary.right()) {
        (left, right) if is_column(left) && is_number(right) => Some(*binary.op()),
        (left, right) if is_number(left) && is_column(right) => binary.op().swap(),
        _ => None,
    };
    match operator {
        Some(Operator::Eq) => (true, true),
        Some(Operator::Gt | Operator::GtEq) => (true, false),
        Some(Operator::Lt | Operator::LtEq) => (false, true),
        _ => (false, false),
    }
}

/// Whether `expr` is a number, and not NaN.
fn is_number(expr: &Arc<dyn PhysicalExpr>) -> bool {
    match expr.downcast_ref::<Literal>().map(Literal::value) {
        Some(ScalarValue::Float64(Some(value))) => !value.is_nan(),
        Some(ScalarValue::Float32(Some(value))) => !value.is_nan(),
        Some(ScalarValue::Float16(Some(value))) => !value.is_nan(),
        _ => false,
    }
}
