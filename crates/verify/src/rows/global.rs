//! Promises that hold over all files together, asked of the engine: its operators for these spill to disk.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, UInt64Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{Int64Type, Schema};
use cstspec_contract::sql::ident;
use cstspec_contract::{AllowedValues, View};
use cstspec_runtime::display::named;
use cstspec_runtime::scan::row_reader::Places;
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::datasource::ViewTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt as _;

use super::constraint::{ConstraintCount, MOST_VIOLATIONS, Violation};
use super::row_batch::RowBatch;
use super::values::Values;

/// The results over all files.
#[derive(Debug, Default)]
pub struct GlobalCount {
    /// The count, and what is at fault without its place in a file.
    pub counts: ConstraintCount,
    /// The values of the violations, a column each.
    pub values: Vec<ArrayRef>,
}

/// The settings under which the engine's operators spill: a hash join holds one side in memory, a join of sorted sides does not. The engine
/// plans the second only for several partitions.
pub fn spilling(config: SessionConfig) -> SessionConfig {
    let partitions = config.target_partitions().max(2);
    config.with_target_partitions(partitions).set_bool("datafusion.optimizer.prefer_hash_join", false)
}

/// Counts the rows of `relation` that are not the first with their values in `columns`. Rows with a NULL among them are left out.
///
/// # Errors
///
/// The engine's error.
pub async fn unique(ctx: &SessionContext, relation: &str, columns: &[String]) -> Result<GlobalCount> {
    let listed = list(columns, "");
    let present = present(columns);
    let sql = format!(
        "SELECT {listed}, count(*) AS {} FROM {} WHERE {present} GROUP BY {listed}",
        fresh(columns),
        ident(relation)
    );
    read(ctx, &sql, columns, |batch, row| {
        let rows = batch.column(columns.len()).as_primitive::<Int64Type>().value(row);
        let rows = u64::try_from(rows).unwrap_or_default();
        (rows, rows.saturating_sub(1))
    })
    .await
}

/// The rows of `table`, of the columns in `schema`, without those that are not the first with their values in one of `keys`.
///
/// # Errors
///
/// The engine does not plan it.
pub async fn first_of_each(
    ctx: &SessionContext,
    table: &str,
    schema: &Schema,
    keys: &[Vec<String>],
) -> Result<Arc<dyn TableProvider>> {
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let (all, number) = (list(&columns, ""), fresh(&columns));
    let mut rows = format!("SELECT {all} FROM {}", ident(table));
    for key in keys {
        rows = format!(
            "SELECT {all} FROM (SELECT {all}, row_number() OVER (PARTITION BY {}) AS {number} FROM ({rows})) \
             WHERE {number} = 1 OR NOT ({})",
            list(key, ""),
            present(key)
        );
    }
    let plan = ctx.sql(&rows).await?.into_unoptimized_plan();
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Counts the rows of `relation` whose `columns` are no row's `to` in `target`. Rows with a NULL among `columns` refer to nothing. Samples show
/// the values of `key` as well.
///
/// # Errors
///
/// The engine's error.
pub async fn refers(
    ctx: &SessionContext,
    relation: &str,
    columns: &[String],
    key: &[String],
    target: &str,
    to: &[String],
) -> Result<GlobalCount> {
    let mut shown = columns.to_vec();
    shown.extend(key.iter().filter(|name| !columns.contains(name)).cloned());
    let there = fresh(to);
    let both: Vec<String> =
        columns.iter().zip(to).map(|(from, to)| format!("l.{} = r.{}", ident(from), ident(to))).collect();
    let targets = list(to, "");
    let sql = format!(
        "SELECT {}, r.{there} FROM (SELECT {} FROM {} WHERE {}) AS l \
         LEFT JOIN (SELECT {targets}, TRUE AS {there} FROM {} GROUP BY {targets}) AS r ON {}",
        list(&shown, "l."),
        list(&shown, ""),
        ident(relation),
        present(columns),
        ident(target),
        both.join(" AND "),
    );
    let mut counted =
        read(ctx, &sql, &shown, |batch, row| (1, u64::from(batch.column(shown.len()).is_null(row)))).await?;
    counted.values.truncate(columns.len());
    Ok(counted)
}

/// Counts the rows of `relation` where `column` is NULL. Samples show the values of `key`.
///
/// # Errors
///
/// The engine's error.
pub async fn absent(ctx: &SessionContext, relation: &str, column: &str, key: &[String]) -> Result<ConstraintCount> {
    let mut columns = vec![column.to_owned()];
    columns.extend(key.iter().filter(|name| *name != column).cloned());
    let sql = format!("SELECT {} FROM {}", list(&columns, ""), ident(relation));
    let counted = read(ctx, &sql, &columns, |batch, row| (1, u64::from(batch.column(0).is_null(row)))).await?;
    Ok(counted.counts)
}

/// Counts the values at the place of `allowed` in `view` that are not among them. Samples show the values of the view's key.
///
/// # Errors
///
/// The engine's error, and an allowed value that is none of its field's type.
pub async fn among(ctx: &SessionContext, view: &View, allowed: &AllowedValues) -> Result<ConstraintCount> {
    let (values, field) = Values::of_view(view, allowed)?;
    let mut columns = vec![field.name().clone()];
    columns.extend(view.key.iter().filter(|name| *name != field.name()).cloned());
    let key: Vec<usize> = (1..columns.len()).collect();
    let sql = format!("SELECT {} FROM {}", list(&columns, ""), ident(&view.name));
    let mut stream = ctx.sql(&sql).await?.execute_stream().await?;
    let mut all = ConstraintCount::default();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        // The engine may have the values in another type of the same kind, which has a finding of its own.
        let mut arrays = batch.columns().to_vec();
        arrays[0] = cast(&arrays[0], field.data_type())?;
        let mut fields = batch.schema_ref().fields().to_vec();
        fields[0] = Arc::clone(&field);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
        let mut counts = [ConstraintCount::default()];
        let rows = RowBatch { batch: &batch, key: &key, file: None, places: &Places::default() };
        values.check(&rows, &mut counts)?;
        let [counts] = counts;
        all.checked += counts.checked;
        all.broken += counts.broken;
        all.violations.extend(counts.violations);
        // The engine gives its batches in any order.
        all.violations.sort_by(|one, other| (&one.values, &one.inside).cmp(&(&other.values, &other.inside)));
        all.violations.truncate(MOST_VIOLATIONS);
    }
    Ok(all)
}

/// Reads the rows of a query, each of which stands for so many rows, and so many of those are at fault. The violations are those that
/// come first as text, so that they do not depend on the order in which the engine gives its rows.
async fn read(
    ctx: &SessionContext,
    sql: &str,
    columns: &[String],
    judge: impl Fn(&RecordBatch, usize) -> (u64, u64),
) -> Result<GlobalCount> {
    let mut stream = ctx.sql(sql).await?.execute_stream().await?;
    let mut counts = ConstraintCount::default();
    let mut violations: Vec<(String, Vec<ArrayRef>)> = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let (checked, broken) = judge(&batch, row);
            counts.checked += checked;
            counts.broken += broken;
            if broken == 0 {
                continue;
            }
            let text = named(columns.iter().map(String::as_str).zip(batch.columns()), row);
            let place = violations.partition_point(|(known, _)| *known <= text);
            if place < MOST_VIOLATIONS {
                let index = UInt64Array::from(vec![row as u64]);
                let values = batch.columns()[..columns.len()].iter().map(|column| take(column, &index, None));
                violations.insert(place, (text, values.collect::<Result<_, _>>()?));
                violations.truncate(MOST_VIOLATIONS);
            }
        }
    }
    let mut values = Vec::new();
    if !violations.is_empty() {
        for column in 0..columns.len() {
            let parts: Vec<_> = violations.iter().map(|(_, row)| row[column].as_ref()).collect();
            values.push(concat(&parts)?);
        }
    }
    counts.violations =
        violations.into_iter().map(|(values, _)| Violation { file: None, row: None, inside: None, values }).collect();
    Ok(GlobalCount { counts, values })
}

fn list(columns: &[String], qualifier: &str) -> String {
    columns.iter().map(|column| format!("{qualifier}{}", ident(column))).collect::<Vec<_>>().join(", ")
}

/// The condition that no one of `columns` is NULL.
fn present(columns: &[String]) -> String {
    let conditions = columns.iter().map(|column| format!("{} IS NOT NULL", ident(column)));
    conditions.collect::<Vec<_>>().join(" AND ")
}

/// A name that none of `columns` has.
fn fresh(columns: &[String]) -> String {
    let mut name = "counted".to_owned();
    while columns.contains(&name) {
        name.push('_');
    }
    name
}
