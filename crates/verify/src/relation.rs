//! Checks of one relation: its description, and that it can be read to the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema};
use cstspec_conform::ConformError;
use cstspec_contract::report::RelationReport;
use cstspec_contract::sql::ident;
use cstspec_contract::{Catalog, DataPlace, Finding, Path, Relation, View, describe, spelling};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::observe::describe::{Observed, observe};
use cstspec_runtime::session::view;
use cstspec_runtime::{RuntimeError, find_source};
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use super::causes::{Cause, Causes};
use super::deep::{self, Deep};
use super::sources::Sources;
use super::{damage, description};
use crate::rules;

/// The engine's description of `view` over relations as declared: the remaining differences are its own.
async fn over_declared(ctx: &SessionContext, catalog: &Catalog, view: &View) -> Option<Observed> {
    let mut tables: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
    for name in &view.depends_on {
        tables.insert(name, Arc::new(EmptyTable::new(catalog.relation(name)?.schema())));
    }
    let derived = deep::session(ctx, &tables, |config| config).ok()?;
    let table = view::table(&derived.state(), view).await.ok()?;
    derived.register_table(table_reference(&view.name), Arc::new(table)).ok()?;
    observe(&derived, &view.name).await.ok()
}

/// Describes, then executes `relation`.
pub(super) async fn check(
    sources: &Sources,
    catalog: &Catalog,
    relation: Relation<'_>,
    deep: &Deep,
    causes: &mut Causes,
    findings: &mut Vec<Finding>,
) -> RelationReport {
    let ctx = &sources.readable;
    let name = relation.name().to_owned();
    let mut report = RelationReport {
        name: name.clone(),
        kind: relation.kind().to_owned(),
        rows: None,
        describe_equal: false,
        executed: false,
        unchecked: false,
    };
    if !ctx.table_exist(table_reference(&name)).unwrap_or(false) {
        match absent(ctx, relation, causes).await {
            (finding, None) => findings.push(finding),
            (finding, Some(cause)) => causes.withhold(cause, &name, vec![finding]),
        }
        report.unchecked = causes.leaves_unchecked(&name);
        causes.absent.insert(name);
        return report;
    }
    match observe(ctx, &name).await {
        Ok(observed) => {
            report.describe_equal = observed.rows == describe::rows(&relation.schema());
            let differing = description::differences(relation, &observed);
            described(ctx, catalog, relation, differing, causes, findings).await;
        }
        Err(error) => findings.push(
            Finding::new(&rules::DESCRIBE_DIFFERS, format!("`{name}` cannot be described"))
                .differing("a description", error.to_string())
                .relation(name.as_str())
                .at(relation.origin()),
        ),
    }
    let mut result = execute(&sources.opened, &name).await;
    let mut is_short = false;
    if let Err(error) = &result
        && damage::is_left_out(sources, catalog, error)
    {
        is_short = relation.depends_on().iter().any(|read| causes.short.contains(read));
        result = execute(ctx, &name).await;
    }
    let mut rounds = 0..damage::ROUNDS;
    while let Err(error) = &result
        && let Some(round) = rounds.next()
        && let Some(short) = damage::leave_out(ctx, catalog, relation, (error, round), deep, findings).await
    {
        is_short = true;
        causes.short.insert(short);
        result = execute(ctx, &name).await;
    }
    if is_short {
        causes.short.insert(name.clone());
    }
    match result {
        Ok(executed) => {
            report.rows = Some(executed.rows);
            report.executed = true;
            if let Some((column, planned, produced)) = executed.differs {
                findings.push(
                    Finding::new(
                        &rules::BATCHES_DIFFER,
                        format!("the batches of `{name}` do not have the planned schema"),
                    )
                    .differing(planned, produced)
                    .relation(name.as_str())
                    .path(column.as_str())
                    .remedy("cast the column in the view")
                    .at(&relation.locate(&Path::top(column)).unwrap_or_else(|| relation.origin().clone())),
                );
            }
        }
        Err(error) => {
            let cause = error.find_root().strip_backtrace();
            // What is at a location has been told with it.
            let behind = match RuntimeError::inside(&error) {
                Some(RuntimeError::NothingReadable { dataset }) => Some(Cause::Relation(dataset.clone())),
                _ => causes.behind(&cause, relation.depends_on()),
            };
            let behind = behind.or_else(|| deep.explains(&error).map(|relation| Cause::Nulls(relation.to_owned())));
            let failure = failure(relation, &error, &cause);
            match behind {
                Some(behind) => causes.withhold(behind, &name, vec![failure]),
                None => findings.push(failure),
            }
            causes.failed.entry(name).or_default().insert(cause);
        }
    }
    report
}

/// Tells how `relation` is described otherwise, but for what follows from something that has a finding.
async fn described(
    ctx: &SessionContext,
    catalog: &Catalog,
    relation: Relation<'_>,
    mut differing: Vec<Finding>,
    causes: &mut Causes,
    findings: &mut Vec<Finding>,
) {
    let name = relation.name();
    let tainted = causes.taints(ctx, relation).await;
    if causes.replaced.contains(name) {
        differing.retain(|finding| finding.code == rules::NAME_DRIFTED.code);
    }
    if differing.is_empty() {
        return;
    }
    let read = relation.depends_on().iter().find(|read| causes.redescribed.contains(*read)).cloned();
    causes.redescribed.insert(name.to_owned());
    if let (Some(read), Relation::View(view)) = (read, relation)
        && let Some(observed) = over_declared(ctx, catalog, view).await
    {
        let own = description::differences(relation, &observed);
        if own.is_empty() {
            causes.withhold(Cause::Relation(read), name, differing);
            return;
        }
        differing = own;
    }
    if let Some(cause) = tainted {
        let types = |finding: &Finding| finding.code == rules::DESCRIBE_DIFFERS.code;
        let (withheld, told): (Vec<Finding>, Vec<Finding>) = differing.into_iter().partition(types);
        if !withheld.is_empty() {
            causes.withhold(cause, name, withheld);
        }
        differing = told;
    }
    findings.extend(differing);
}

/// Why a relation is not registered, and what that follows from.
async fn absent(ctx: &SessionContext, relation: Relation<'_>, causes: &Causes) -> (Finding, Option<Cause>) {
    let name = relation.name();
    let Relation::View(view) = relation else {
        let finding = Finding::new(&rules::DATASET_MISSING, format!("`{name}` is not registered"))
            .relation(name)
            .remedy("register the catalog before it is verified")
            .at(relation.origin());
        return (finding, None);
    };
    let text = match view::table(&ctx.state(), view).await {
        Err(error) => error.strip_backtrace(),
        Ok(_) => "it can be planned, but it was not registered".to_owned(),
    };
    let cause = causes.behind(&text, view.depends_on.as_slice());
    let finding =
        Finding::new(&rules::VIEW_NOT_PLANNED, format!("`{name}` is not registered: the engine cannot plan it"))
            .differing(view.sql.trim_end(), text)
            .relation(name)
            .remedy("correct the view's query")
            .at(&view.origin);
    (finding, cause)
}

/// The result of executing a relation.
struct Executed {
    rows: u64,
    /// The first column whose batches are not as planned: its name, planned and produced.
    differs: Option<(String, String, String)>,
}

/// Reads every row and keeps none.
async fn execute(ctx: &SessionContext, name: &str) -> Result<Executed> {
    let frame = ctx.sql(&format!("SELECT * FROM {}", ident(name))).await?;
    let planned = frame.schema().as_arrow().clone();
    let mut stream = frame.execute_stream().await?;
    let mut executed = Executed { rows: 0, differs: difference(&planned, &stream.schema()) };
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        executed.rows += batch.num_rows() as u64;
        if executed.differs.is_none() {
            executed.differs = difference(&planned, &batch.schema());
        }
    }
    Ok(executed)
}

/// `id: int64 not null`
fn column(field: &FieldRef) -> String {
    format!("{}: {}", field.name(), spelling::short_field(field))
}

/// The first column that is not as planned. A column may turn out never to be NULL where the plan allows it.
fn difference(planned: &Schema, produced: &Schema) -> Option<(String, String, String)> {
    for (index, plan) in planned.fields().iter().enumerate() {
        let found = produced.fields().get(index);
        let same = found.is_some_and(|found| {
            found.name() == plan.name()
                && found.data_type() == plan.data_type()
                && (plan.is_nullable() || !found.is_nullable())
        });
        if !same {
            let found = found.map_or_else(|| "no such column".to_owned(), column);
            return Some((plan.name().clone(), column(plan), found));
        }
    }
    let extra = produced.fields().get(planned.fields().len())?;
    Some((extra.name().clone(), "no such column".to_owned(), column(extra)))
}

/// The finding of a relation that cannot be read, with the file and the column where the error knows them.
pub(super) fn failure(relation: Relation<'_>, error: &DataFusionError, cause: &str) -> Finding {
    let name = relation.name();
    let rule = match relation {
        Relation::Dataset(_) => &rules::DATASET_FAILS,
        Relation::View(_) => &rules::VIEW_FAILS,
    };
    let mut finding = Finding::new(rule, format!("`{name}` cannot be read to its end"))
        .differing("every row", cause)
        .relation(name)
        .remedy("correct the cause that the engine reports; no row was skipped")
        .at(relation.origin());
    if let Some(inner) = RuntimeError::inside(error) {
        finding = finding.observing(inner.to_string());
        finding.data = inner.path().map(|file| DataPlace { file: file.to_owned(), row: inner.row() });
    }
    if let Some(error) = find_source::<ConformError>(error) {
        if let Some(origin) = relation.locate(error.path()) {
            finding = finding.at(&origin);
        }
        finding = finding.path(error.path().to_string()).remedy(error.remedy());
    }
    finding
}
