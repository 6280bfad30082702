//! Positions that no column uses are not computed.
//!
//! A row view that declares `position` unnests `element_indices(list)` beside `list`. The engine keeps every list of an `unnest`, used or
//! not, since a list may decide how many rows there are. The indices of a list are as many as its elements, so beside the list itself they
//! decide nothing, and the plan without them is that of the same view without `position`.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, HashSet, Result};
use datafusion::logical_expr::logical_plan::{Projection, Unnest};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::functions::indices;

/// `plan` without the unnested indices that nothing above them uses.
pub(super) fn drop_unused(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|plan| {
        let used = match &plan {
            LogicalPlan::Projection(projection) => columns(&projection.expr),
            LogicalPlan::Aggregate(aggregate) => columns(aggregate.group_expr.iter().chain(&aggregate.aggr_expr)),
            _ => None,
        };
        let Some(used) = used else { return Ok(Transformed::no(plan)) };
        let changed = plan.map_children(|child| below(child, used.clone()))?;
        if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
    })
}

/// The columns of `expressions`; `None` if one has a query inside, which may use any.
fn columns<'e>(expressions: impl IntoIterator<Item = &'e Expr>) -> Option<HashSet<Column>> {
    let mut used = HashSet::new();
    for expression in expressions {
        let alone = expression.apply(|expr| {
            Ok(match expr {
                Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
                    TreeNodeRecursion::Stop
                }
                Expr::Column(column) => {
                    used.insert(column.clone());
                    TreeNodeRecursion::Continue
                }
                _ => TreeNodeRecursion::Continue,
            })
        });
        if !matches!(alone, Ok(TreeNodeRecursion::Continue)) {
            return None;
        }
    }
    Some(used)
}

/// The same below a node that uses the columns `used` and no others: through nodes that keep their input's columns, down to an `unnest`.
fn below(plan: LogicalPlan, mut used: HashSet<Column>) -> Result<Transformed<LogicalPlan>> {
    let own = match &plan {
        LogicalPlan::Unnest(_) => {
            return match plan {
                LogicalPlan::Unnest(unnest) => self::unnest(unnest, &used),
                other => Ok(Transformed::no(other)),
            };
        }
        LogicalPlan::Filter(filter) => columns([&filter.predicate]),
        LogicalPlan::Sort(sort) => columns(sort.expr.iter().map(|sort| &sort.expr)),
        LogicalPlan::Limit(_) => columns([]),
        _ => None,
    };
    let Some(own) = own else { return Ok(Transformed::no(plan)) };
    used.extend(own);
    plan.map_children(|child| below(child, used.clone()))
}

fn unnest(unnest: Unnest, used: &HashSet<Column>) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = unnest.input.as_ref() else {
        return Ok(Transformed::no(LogicalPlan::Unnest(unnest)));
    };
    let outputs = used.iter().filter_map(|column| unnest.schema.maybe_index_of_column(column));
    let needed: BTreeSet<usize> = outputs.filter_map(|output| unnest.dependency_indices.get(output).copied()).collect();
    let lists: Vec<usize> =
        unnest.list_type_columns.iter().filter(|(_, list)| list.depth == 1).map(|(index, _)| *index).collect();
    let is_dropped = |index: &usize| {
        let Some(of) = counted(&projection.expr[*index]) else { return false };
        let counts_another = lists.iter().any(|other| other != index && value(&projection.expr[*other]) == of);
        !needed.contains(index) && !of.is_volatile() && counts_another
    };
    let dropped: BTreeSet<usize> = lists.iter().copied().filter(is_dropped).collect();
    if dropped.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Unnest(unnest)));
    }
    let kept = projection.expr.iter().enumerate().filter(|(index, _)| !dropped.contains(index));
    let kept = Projection::try_new(kept.map(|(_, expr)| expr.clone()).collect(), Arc::clone(&projection.input))?;
    let schema = projection.schema.as_ref();
    let stays = |column: &Column| schema.maybe_index_of_column(column).is_none_or(|index| !dropped.contains(&index));
    let columns = unnest.exec_columns.iter().filter(|column| stays(column)).cloned().collect();
    let mut options = unnest.options.clone();
    options.recursions.retain(|recursion| stays(&recursion.input_column));
    let unnest = Unnest::try_new(Arc::new(LogicalPlan::Projection(kept)), columns, options)?;
    Ok(Transformed::yes(LogicalPlan::Unnest(unnest)))
}

/// The list whose indices `expr` is.
fn counted(expr: &Expr) -> Option<&Expr> {
    match value(expr) {
        Expr::ScalarFunction(call) if call.func.name() == indices::NAME => call.args.first(),
        _ => None,
    }
}

/// `expr` without the names that it is given.
fn value(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => value(&alias.expr),
        other => other,
    }
}
