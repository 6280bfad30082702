//! Checks of one relation: its description, and that it can be read to the end.

mod description;
pub mod names;
pub mod plans;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema};
use cstspec_contract::report::RelationReport;
use cstspec_contract::sql::ident;
use cstspec_contract::{Catalog, Finding, Path, Relation, View, describe, spelling};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::observe::describe::{Observed, observe};
use cstspec_runtime::session::view;
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use crate::causes::{Ledger, Subject, Submission};
use crate::checks::Progress;
use crate::facts::Facts;
use crate::sources::{Sources, unreadable};
use crate::{execution_error, rows, rules};

/// The engine's description of `view` over relations as declared: the remaining differences are its own.
async fn over_declared(ctx: &SessionContext, catalog: &Catalog, view: &View) -> Option<Observed> {
    let mut tables: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
    for name in &view.depends_on {
        tables.insert(name, Arc::new(EmptyTable::new(catalog.relation(name)?.schema())));
    }
    let derived = rows::session(ctx, &tables, |config| config).ok()?;
    let table = view::table(&derived.state(), view).await.ok()?;
    derived.register_table(table_reference(&view.name), Arc::new(table)).ok()?;
    observe(&derived, &view.name).await.ok()
}

/// Describes, then executes every relation.
pub async fn check_all(
    sources: &Sources,
    facts: &mut Facts<'_>,
    progress: &dyn Progress,
    ledger: &mut Ledger,
) -> Vec<RelationReport> {
    let catalog = facts.catalog;
    let total = catalog.datasets.len() + catalog.views.len();
    let mut reports = Vec::with_capacity(total);
    for (index, relation) in catalog.relations().enumerate() {
        progress.relation(relation.name(), index, total);
        reports.push(check(sources, relation, facts, ledger).await);
    }
    reports
}

async fn check(
    sources: &Sources,
    relation: Relation<'_>,
    facts: &mut Facts<'_>,
    ledger: &mut Ledger,
) -> RelationReport {
    let ctx = &sources.readable;
    let name = relation.name();
    let mut report = RelationReport {
        name: name.to_owned(),
        kind: relation.kind().to_owned(),
        rows: None,
        describe_equal: false,
        executed: false,
        unchecked: false,
    };
    if !ctx.table_exist(table_reference(name)).unwrap_or(false) {
        let (finding, causes) = absent(ctx, relation, facts).await;
        report.unchecked = facts.absent(name, &causes);
        let about = Subject::Registration(name.to_owned());
        ledger.submit(Submission::from(finding).about(about).follows(name, causes));
        return report;
    }
    match observe(ctx, name).await {
        Ok(observed) => {
            report.describe_equal = observed.rows == describe::rows(&relation.schema());
            let differing = description::differences(relation, &observed);
            described(ctx, relation, differing, facts, ledger).await;
        }
        Err(error) => {
            let finding = Finding::new(&rules::DESCRIBE_DIFFERS, format!("`{name}` cannot be described"))
                .differing("a description", error.to_string())
                .relation(name)
                .at(relation.origin());
            ledger.submit(Submission::from(finding).about(Subject::Description(name.to_owned())));
        }
    }
    match read(sources, relation, facts, ledger).await {
        Ok(executed) => {
            report.rows = Some(executed.rows);
            report.executed = true;
            if let Some((column, planned, produced)) = executed.differs {
                ledger.submit(
                    Finding::new(
                        &rules::BATCHES_DIFFER,
                        format!("the batches of `{name}` do not have the planned schema"),
                    )
                    .differing(planned, produced)
                    .relation(name)
                    .path(column.as_str())
                    .remedy("cast the column in the view")
                    .at(&relation.locate(&Path::top(column)).unwrap_or_else(|| relation.origin().clone())),
                );
            }
        }
        Err(error) => {
            let finding = execution_error::failure(relation, &error, &error.find_root().strip_backtrace());
            let causes = facts.behind_execution(name, &error);
            let about = Subject::Execution(name.to_owned());
            ledger.submit(Submission::from(finding).about(about).follows(name, causes));
            facts.failed(name, &error);
        }
    }
    report
}

/// Reads `relation` to its end, over the files that can be read. Files that turn out not to be readable become findings.
async fn read(
    sources: &Sources,
    relation: Relation<'_>,
    facts: &mut Facts<'_>,
    ledger: &mut Ledger,
) -> Result<Executed> {
    let (ctx, catalog, name) = (&sources.readable, facts.catalog, relation.name());
    let mut result = execute(&sources.opened, name).await;
    let mut is_short = false;
    if let Err(error) = &result
        && unreadable::is_left_out(sources, catalog, error)
    {
        is_short = relation.depends_on().iter().any(|read| facts.short.contains(read));
        result = execute(ctx, name).await;
    }
    let mut rounds = 0..unreadable::ROUNDS;
    while let Err(error) = &result
        && let Some(round) = rounds.next()
        && let Some(short) = unreadable::leave_out(ctx, catalog, relation, (error, round), ledger).await
    {
        is_short = true;
        facts.short.insert(short);
        result = execute(ctx, name).await;
    }
    if is_short {
        facts.short.insert(name.to_owned());
    }
    result
}

/// Submits the differences between the columns of `relation` and its contract, with what each of them may follow from: another definition, a
/// relation that it reads, a function that it calls.
async fn described(
    ctx: &SessionContext,
    relation: Relation<'_>,
    mut differing: Vec<Finding>,
    facts: &mut Facts<'_>,
    ledger: &mut Ledger,
) {
    let name = relation.name();
    let function = facts.taint(ctx, relation).await;
    if facts.replaced.contains(name) {
        let is_drifted = |finding: &Finding| finding.code == rules::NAME_DRIFTED.code;
        let (drifted, others): (Vec<Finding>, Vec<Finding>) = differing.into_iter().partition(is_drifted);
        let definition = || Subject::Definition(name.to_owned());
        ledger.extend(
            others.into_iter().map(|finding| Submission::from(finding).about(definition()).repeats([definition()])),
        );
        differing = drifted;
    }
    if differing.is_empty() {
        return;
    }
    let read = relation.depends_on().iter().find(|read| facts.redescribed.contains(*read)).cloned();
    facts.redescribed.insert(name.to_owned());
    let mut causes = Vec::new();
    if let (Some(read), Relation::View(view)) = (read, relation)
        && let Some(observed) = over_declared(ctx, facts.catalog, view).await
    {
        let own = description::differences(relation, &observed);
        if own.is_empty() {
            causes = vec![Subject::Description(read.clone()), Subject::Metadata(read)];
        } else {
            differing = own;
        }
    }
    for finding in differing {
        let mut causes = causes.clone();
        let mut about = Vec::new();
        if finding.code == rules::METADATA_DIFFERS.code {
            about.push(Subject::Metadata(name.to_owned()));
        } else {
            about.push(Subject::Description(name.to_owned()));
        }
        if finding.code == rules::NAME_DRIFTED.code {
            about.push(Subject::OutputNames(name.to_owned()));
        }
        if finding.code == rules::DESCRIBE_DIFFERS.code && causes.is_empty() {
            causes.extend(function.clone());
        }
        let submission = about.into_iter().fold(Submission::from(finding), Submission::about);
        ledger.submit(submission.follows(name, causes));
    }
}

/// The finding of a relation that is not registered, and its possible causes.
async fn absent(ctx: &SessionContext, relation: Relation<'_>, facts: &Facts<'_>) -> (Finding, Vec<Subject>) {
    let name = relation.name();
    let Relation::View(view) = relation else {
        let finding = Finding::new(&rules::DATASET_MISSING, format!("`{name}` is not registered"))
            .relation(name)
            .remedy("register the catalog before it is verified")
            .at(relation.origin());
        return (finding, Vec::new());
    };
    let state = ctx.state();
    let (text, causes) = match view::table(&state, view).await {
        Err(error) => (error.strip_backtrace(), facts.behind_plan(&state, &view.sql, &error)),
        Ok(_) => ("it can be planned, but it was not registered".to_owned(), Vec::new()),
    };
    let finding =
        Finding::new(&rules::VIEW_NOT_PLANNED, format!("`{name}` is not registered: the engine cannot plan it"))
            .differing(view.sql.trim_end(), text)
            .relation(name)
            .remedy("correct the view's query")
            .at(&view.origin);
    (finding, causes)
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
