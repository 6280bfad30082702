//! Fields that a plan requires of its scans, from the root down, and the plan over narrower scans, from the scans up.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, JoinType, Result, internal_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::logical_plan::{
    Aggregate, Distinct, Filter, Join, Projection, TableScan, TableScanBuilder, Unnest, Window,
};
use datafusion::logical_expr::{Expr, LogicalPlan, TableSource};

use super::expression::{Needs, all, every_field};
use super::required_fields::RequiredFields;
use crate::ContractTable;

/// `plan` with its scans narrowed to what its output needs, where `requirements` says what that is, column by column.
///
/// A column that is needed whole keeps its type; any other may lose fields that no node above uses.
#[recursive::recursive]
pub(super) fn narrow(plan: LogicalPlan, requirements: Vec<RequiredFields>) -> Result<Transformed<LogicalPlan>> {
    if requirements.len() != plan.schema().fields().len() {
        return internal_err!("a node has {} columns, not {}", plan.schema().fields().len(), requirements.len());
    }
    // A query inside an expression is a plan of its own, whose rows are compared with what is here.
    let plan = plan.map_subqueries(|subquery| {
        let requirements = all(subquery.schema());
        narrow(subquery, requirements)
    })?;
    let below = match &plan.data {
        LogicalPlan::TableScan(_) => {
            return plan.transform_data(|plan| match plan {
                LogicalPlan::TableScan(of) => scan(of, &requirements),
                other => Ok(Transformed::no(other)),
            });
        }
        LogicalPlan::Projection(projection) => vec![self::projection(projection, requirements)?],
        LogicalPlan::Filter(filter) => vec![self::filter(filter, requirements)?],
        LogicalPlan::Unnest(unnest) => vec![self::unnest(unnest, requirements)],
        LogicalPlan::Aggregate(aggregate) => vec![self::aggregate(aggregate)?],
        LogicalPlan::Window(window) => vec![self::window(window, requirements)?],
        LogicalPlan::Join(join) => self::join(join, requirements)?,
        LogicalPlan::Sort(sort) => {
            let mut needs = Needs::of(vec![sort.input.schema()]);
            pass(&mut needs, 0, requirements);
            sort.expr.iter().try_for_each(|sort| needs.whole(&sort.expr))?;
            vec![needs.into_requirements()]
        }
        LogicalPlan::SubqueryAlias(_) | LogicalPlan::Limit(_) => vec![requirements],
        // What is compared row by row, what goes elsewhere, and what nobody here knows, is needed whole.
        other => other.inputs().into_iter().map(|input| all(input.schema())).collect(),
    };
    let mut below = below.into_iter();
    plan.transform_data(|plan| {
        let changed = plan.map_children(|child| {
            let requirements = below.next().unwrap_or_else(|| all(child.schema()));
            narrow(child, requirements)
        })?;
        if !changed.transformed {
            return Ok(changed);
        }
        changed.map_data(retyped)
    })
}

/// `plan`, whose inputs may have narrower columns now, with the schema that it has then.
fn retyped(plan: LogicalPlan) -> Result<LogicalPlan> {
    let before = Arc::clone(plan.schema());
    let plan = match plan {
        // The engine keeps their schema, or makes it from the first input.
        plan @ (LogicalPlan::Union(_) | LogicalPlan::Distinct(Distinct::All(_)) | LogicalPlan::RecursiveQuery(_)) => {
            plan
        }
        plan => plan.recompute_schema()?,
    };
    let same =
        |((from, before), (to, after)): ((_, &FieldRef), (_, &FieldRef))| from == to && before.name() == after.name();
    let after = plan.schema();
    if before.fields().len() != after.fields().len() || !before.iter().zip(after.iter()).all(same) {
        return internal_err!("a node has other columns over narrower inputs: {before} became {after}");
    }
    Ok(plan)
}

/// Adds to the columns from `first` on what is needed of each.
fn pass(needs: &mut Needs<'_>, first: usize, requirements: impl IntoIterator<Item = RequiredFields>) {
    for (index, required) in requirements.into_iter().enumerate() {
        needs.add(first + index, required);
    }
}

fn projection(projection: &Projection, requirements: Vec<RequiredFields>) -> Result<Vec<RequiredFields>> {
    let mut needs = Needs::of(vec![projection.input.schema()]);
    for (expr, required) in projection.expr.iter().zip(requirements) {
        needs.expression(expr, required)?;
    }
    Ok(needs.into_requirements())
}

fn filter(filter: &Filter, requirements: Vec<RequiredFields>) -> Result<Vec<RequiredFields>> {
    let mut needs = Needs::of(vec![filter.input.schema()]);
    pass(&mut needs, 0, requirements);
    needs.whole(&filter.predicate)?;
    Ok(needs.into_requirements())
}

fn unnest(unnest: &Unnest, requirements: Vec<RequiredFields>) -> Vec<RequiredFields> {
    let input = unnest.input.schema();
    let mut needs = Needs::of(vec![input]);
    let mut requirements = requirements.into_iter().zip(&unnest.dependency_indices).peekable();
    while let Some((required, index)) = requirements.next() {
        let fields = match input.field(*index).data_type() {
            DataType::Struct(fields) if unnest.struct_type_columns.contains(index) => fields,
            // What is needed of an element is what is needed of its list.
            _ => {
                needs.add(*index, required);
                continue;
            }
        };
        // Each field becomes a column, needed or not.
        let mut of_fields = vec![required];
        while let Some((required, _)) = requirements.next_if(|(_, other)| *other == index) {
            of_fields.push(required);
        }
        needs.add(*index, every_field(fields.iter().map(|field| field.name().as_str()).zip(of_fields)));
    }
    needs.into_requirements()
}

fn aggregate(aggregate: &Aggregate) -> Result<Vec<RequiredFields>> {
    let mut needs = Needs::of(vec![aggregate.input.schema()]);
    aggregate.group_expr.iter().try_for_each(|expr| needs.whole(expr))?;
    aggregate.aggr_expr.iter().try_for_each(|expr| needs.whole(expr))?;
    Ok(needs.into_requirements())
}

fn window(window: &Window, requirements: Vec<RequiredFields>) -> Result<Vec<RequiredFields>> {
    let input = window.input.schema();
    let mut needs = Needs::of(vec![input]);
    pass(&mut needs, 0, requirements.into_iter().take(input.fields().len()));
    window.window_expr.iter().try_for_each(|expr| needs.whole(expr))?;
    Ok(needs.into_requirements())
}

fn join(join: &Join, requirements: Vec<RequiredFields>) -> Result<Vec<Vec<RequiredFields>>> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let width = left.fields().len();
    let mut needs = Needs::of(vec![left, right]);
    let (first, columns) = match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (0, width),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (width, right.fields().len()),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (0, width + right.fields().len()),
    };
    // A mark is nobody's column.
    pass(&mut needs, first, requirements.into_iter().take(columns));
    if let Some(filter) = &join.filter {
        needs.whole(filter)?;
    }
    let mut requirements = needs.into_requirements();
    // The two sides of a pair are each of one input, whatever names the other has.
    let (mut of_left, mut of_right) = (Needs::of(vec![left]), Needs::of(vec![right]));
    for (left, right) in &join.on {
        of_left.whole(left)?;
        of_right.whole(right)?;
    }
    let of_pairs = of_left.into_requirements().into_iter().chain(of_right.into_requirements());
    requirements.iter_mut().zip(of_pairs).for_each(|(required, of_pair)| required.add(of_pair));
    let right = requirements.split_off(width);
    Ok(vec![requirements, right])
}

/// The scan of a dataset with the types that are left; any other scan as it is.
fn scan(scan: TableScan, requirements: &[RequiredFields]) -> Result<Transformed<LogicalPlan>> {
    let same = |scan| Ok(Transformed::no(LogicalPlan::TableScan(scan)));
    let Ok(provider) = source_as_provider(&scan.source) else { return same(scan) };
    let Some(table) = provider.downcast_ref::<ContractTable>() else { return same(scan) };
    let schema = scan.source.schema();
    let qualified = DFSchema::try_from_qualified_schema(scan.table_name.clone(), &schema)?;
    let mut needs = Needs::of(vec![&qualified]);
    for (output, required) in requirements.iter().enumerate() {
        let index = scan.projection.as_ref().map_or(output, |projection| projection[output]);
        needs.add(index, required.clone());
    }
    // The scan may use its filters to leave something out.
    scan.filters.iter().try_for_each(|filter: &Expr| needs.whole(filter))?;

    let requirements = needs.into_requirements();
    let fields: Vec<FieldRef> =
        schema.fields().iter().zip(&requirements).map(|(field, required)| required.narrowed(field)).collect();
    if fields[..] == schema.fields()[..] {
        return same(scan);
    }
    let narrowed = table.narrowed(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())));
    over(scan, provider_as_source(Arc::new(narrowed))).map(Transformed::yes)
}

/// `scan` of another `source` in the same place: it is built from its source, so it is taken apart and given another.
pub(super) fn over(scan: TableScan, source: Arc<dyn TableSource>) -> Result<LogicalPlan> {
    let scan = TableScanBuilder::new(scan.table_name, source)
        .with_projection(scan.projection)
        .with_filters(scan.filters)
        .with_fetch(scan.fetch)
        .with_statistics_requests(scan.statistics_requests)
        .build()?;
    Ok(LogicalPlan::TableScan(scan))
}
