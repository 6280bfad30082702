//! Filters on what `unnest` makes of a scan, told to the scan.
//!
//! The engine's own pushdown ends at `unnest`. A condition is followed from its filter down to the scan through nodes that make rows
//! of single rows: projections, other filters, aliases and `unnest`. Anything else between (an aggregate, a window, a limit, a join)
//! ends it, since there a row may count that the filter would not keep.

use std::sync::Arc;

use cstspec_contract::Path;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::logical_plan::{Filter, Projection, SubqueryAlias, TableScan, Unnest};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};

use super::expression::text;
use super::plan;
use crate::ContractTable;
use crate::scan::pruning::ElementFilter;

/// A condition on its way down: over columns that are named `0`, `1` and so on, each standing for a value below.
#[derive(Clone, Debug)]
struct Condition {
    expr: Expr,
    values: Vec<Value>,
}

/// A field at `path` of the column at `column` of a node; without a path, the column.
#[derive(Clone, Debug, PartialEq)]
struct Value {
    column: usize,
    path: Path,
}

/// `plan` with the conditions on each scan that its filters make; the rest of it is as it was.
pub(super) fn push_element_filters(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    below(plan, Vec::new())
}

/// The same below a node, where `conditions` are on the columns of `plan`.
fn below(plan: LogicalPlan, conditions: Vec<Condition>) -> Result<Transformed<LogicalPlan>> {
    let plan = plan.map_subqueries(push_element_filters)?;
    plan.transform_data(|plan| {
        let conditions = match &plan {
            LogicalPlan::TableScan(_) => {
                return match plan {
                    LogicalPlan::TableScan(of) => scan(of, conditions),
                    other => Ok(Transformed::no(other)),
                };
            }
            LogicalPlan::Filter(filter) => self::filter(filter, conditions),
            LogicalPlan::Projection(projection) => self::projection(projection, conditions),
            LogicalPlan::Unnest(unnest) => self::unnest(unnest, conditions),
            LogicalPlan::SubqueryAlias(SubqueryAlias { .. }) => conditions,
            _ => Vec::new(),
        };
        plan.map_children(|child| below(child, conditions.clone()))
    })
}

fn filter(filter: &Filter, mut conditions: Vec<Condition>) -> Vec<Condition> {
    let input = filter.input.schema();
    let own = split_conjunction(&filter.predicate).into_iter().filter(|part| !part.is_volatile());
    conditions.extend(own.filter_map(|part| {
        let mut values = Vec::new();
        let expr = refer(part, input, &mut values)?;
        Some(Condition { expr, values })
    }));
    conditions
}

fn projection(projection: &Projection, conditions: Vec<Condition>) -> Vec<Condition> {
    let input = projection.input.schema();
    let through = conditions.into_iter().filter_map(|condition| {
        let mut values = Vec::new();
        let exprs: Option<Vec<Expr>> = condition
            .values
            .iter()
            .map(|value| {
                let expr = projection.expr.get(value.column)?;
                if expr.is_volatile() {
                    return None;
                }
                match stands_for(expr, value.path.clone(), input) {
                    Some(below) => Some(placed(below, &mut values)),
                    // What is computed has no fields that are known here.
                    None if value.path.is_empty() => refer(expr, input, &mut values),
                    None => None,
                }
            })
            .collect();
        let exprs = exprs?;
        let expr = condition.expr.transform(|expr| match place(&expr) {
            Some(place) => Ok(Transformed::new(exprs[place].clone(), true, TreeNodeRecursion::Jump)),
            None => Ok(Transformed::no(expr)),
        });
        Some(Condition { expr: expr.ok()?.data, values })
    });
    through.collect()
}

fn unnest(unnest: &Unnest, mut conditions: Vec<Condition>) -> Vec<Condition> {
    conditions.retain_mut(|condition| {
        condition.values.iter_mut().all(|value| match unnest.dependency_indices.get(value.column) {
            // The engine makes columns of a struct's fields whether or not the struct is NULL.
            Some(index) if unnest.struct_type_columns.contains(index) => false,
            Some(index) => {
                value.column = *index;
                true
            }
            None => false,
        })
    });
    conditions
}

/// The scan of a dataset that is told of `conditions`; any other as it is.
fn scan(scan: TableScan, conditions: Vec<Condition>) -> Result<Transformed<LogicalPlan>> {
    let same = |scan| Ok(Transformed::no(LogicalPlan::TableScan(scan)));
    let Ok(provider) = source_as_provider(&scan.source) else { return same(scan) };
    let Some(table) = provider.downcast_ref::<ContractTable>() else { return same(scan) };
    let schema = scan.source.schema();
    // Which rows a limit takes, the filter above has no say in.
    let conditions = if scan.fetch.is_some() { Vec::new() } else { conditions };
    let mut filters: Vec<ElementFilter> = Vec::new();
    for Condition { expr, values } in conditions {
        let fields: Vec<Path> = values
            .iter()
            .map(|value| {
                let index = scan.projection.as_ref().map_or(value.column, |projection| projection[value.column]);
                Path::top(schema.field(index).name()).join_path(&value.path)
            })
            .collect();
        // What is a column of the row, the engine sees.
        if fields.iter().all(|path| path.only().is_some()) {
            continue;
        }
        let named = expr.transform(|expr| match place(&expr) {
            Some(place) => Ok(Transformed::yes(Expr::Column(Column::from_name(fields[place].to_string())))),
            None => Ok(Transformed::no(expr)),
        })?;
        let filter = ElementFilter { condition: named.data, fields };
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    if filters == table.elements() {
        return same(scan);
    }
    let table = Arc::new(table.with_elements(filters));
    plan::over(scan, provider_as_source(table)).map(Transformed::yes)
}

/// `expr` over numbered columns for the values of `schema` that it is made from, which are added to `values`; `None` if it has a part
/// that bounds of values say nothing about.
fn refer(expr: &Expr, schema: &DFSchema, values: &mut Vec<Value>) -> Option<Expr> {
    let mut known = true;
    let referred = expr.clone().transform_down(|expr| {
        if let Some(value) = stands_for(&expr, Path::default(), schema) {
            return Ok(Transformed::new(placed(value, values), true, TreeNodeRecursion::Jump));
        }
        known &= is_decided(&expr);
        Ok(Transformed::new(expr, false, if known { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop }))
    });
    referred.ok().map(|referred| referred.data).filter(|_| known)
}

/// Whether bounds of what it is made from can decide an expression of this kind.
fn is_decided(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => {
            matches!(
                binary.op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
                    | Operator::And
                    | Operator::Or
            )
        }
        Expr::Like(like) => !like.case_insensitive && like.escape_char.is_none(),
        Expr::Literal(..)
        | Expr::InList(_)
        | Expr::Between(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::Not(_)
        | Expr::Cast(_)
        | Expr::Alias(_) => true,
        _ => false,
    }
}

/// The field at `path` of the value of `expr`, if that is a column of `schema` or a field of one, at any depth.
fn stands_for(expr: &Expr, path: Path, schema: &DFSchema) -> Option<Value> {
    match expr {
        Expr::Column(column) => Some(Value { column: schema.maybe_index_of_column(column)?, path }),
        Expr::Alias(alias) => stands_for(&alias.expr, path, schema),
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            ("get_field", [of, names @ ..]) => {
                let mut whole = Path::default();
                for name in names {
                    whole = whole.join(text(name)?);
                }
                stands_for(of, whole.join_path(&path), schema)
            }
            ("named_struct", pairs) => {
                let field = |pair: &&[Expr]| matches!(pair, [name, _] if text(name) == Some(path.column()));
                match pairs.chunks(2).find(field)? {
                    [_, value] => stands_for(value, path.skip(1), schema),
                    _ => None,
                }
            }
            // Its elements have the fields `key` and `value`, as a map has in a path.
            ("map_entries", [of]) => stands_for(of, path, schema),
            _ => None,
        },
        _ => None,
    }
}

/// The column that stands for `value`.
fn placed(value: Value, values: &mut Vec<Value>) -> Expr {
    let place = values.iter().position(|other| *other == value).unwrap_or_else(|| {
        values.push(value);
        values.len() - 1
    });
    Expr::Column(Column::from_name(place.to_string()))
}

/// Which value a column stands for.
fn place(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Column(column) => column.name.parse().ok(),
        _ => None,
    }
}
