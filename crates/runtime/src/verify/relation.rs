//! What is promised of one relation: its description, and that it can be read to the end.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::Schema;
use cstspec_contract::{DataPlace, Finding, Path, Relation, describe};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::utils::quote_identifier;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use super::deep::Deep;
use super::{RelationReport, damage, description, functions};
use crate::conform::ConformError;
use crate::observe::{named, observe};
use crate::{RuntimeError, rules, view};

/// What is already known to be wrong, so that it is not told again by whatever depends on it.
pub(super) struct Causes {
    /// Functions that the session lacks.
    functions: Vec<String>,
    /// Functions that are otherwise than a signature says.
    differing: Vec<String>,
    /// Relations that call one of those, or read a relation that does.
    tainted: BTreeSet<String>,
    /// Relations whose names stand for something else than the catalog's.
    replaced: BTreeSet<String>,
    /// Relations that are not registered.
    absent: BTreeSet<String>,
    /// Relations that failed, with the engine's innermost words, their own or those of what they read.
    failed: BTreeMap<String, BTreeSet<String>>,
    /// Relations of which a file was left out while it was read, and those that read them.
    short: BTreeSet<String>,
}

impl Causes {
    pub fn new(functions: &functions::Checked, replaced: BTreeSet<String>) -> Self {
        Self {
            replaced,
            functions: functions.missing.clone(),
            differing: functions.differing.clone(),
            tainted: BTreeSet::new(),
            absent: BTreeSet::new(),
            failed: BTreeMap::new(),
            short: BTreeSet::new(),
        }
    }

    /// Whether an error with this text has a finding already, at a function or at a relation that is read.
    pub fn explain(&self, text: &str, reads: &[String]) -> bool {
        self.functions.iter().chain(&self.differing).any(|name| text.contains(&format!("'{name}'")))
            || self.differing.iter().any(|name| text.contains(&format!("{name}(")))
            || self.absent.iter().any(|name| text.contains(&format!(".{name}'")) || text.contains(&format!("'{name}'")))
            || reads.iter().any(|read| self.failed.get(read).is_some_and(|causes| causes.contains(text)))
    }

    /// Whether `relation` is known to fail, or to be short of a file, so that nothing more is told of it.
    pub fn cover(&self, relation: &str) -> bool {
        self.absent.contains(relation) || self.failed.contains_key(relation) || self.short.contains(relation)
    }

    /// Whether the types of `relation` may follow from a function that has a finding.
    async fn taints(&mut self, ctx: &SessionContext, relation: Relation<'_>) -> bool {
        let name = relation.name();
        let tainted = relation.depends_on().iter().any(|read| self.tainted.contains(read))
            || (!self.differing.is_empty() && calls(ctx, name, &self.differing).await);
        if tainted {
            self.tainted.insert(name.to_owned());
        }
        tainted
    }
}

/// Whether the plan of a view calls one of `functions`.
async fn calls(ctx: &SessionContext, view: &str, functions: &[String]) -> bool {
    let Ok(provider) = ctx.table_provider(named(view)).await else { return false };
    let Some(plan) = provider.get_logical_plan() else { return false };
    let one_of = |expr: &Expr| match expr {
        Expr::ScalarFunction(call) => functions.iter().any(|name| name == call.name()),
        Expr::AggregateFunction(call) => functions.iter().any(|name| name == call.func.name()),
        Expr::WindowFunction(call) => functions.iter().any(|name| name == call.fun.name()),
        _ => false,
    };
    let mut found = false;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found |= expr.exists(|expr| Ok(one_of(expr)))?;
            Ok(TreeNodeRecursion::Continue)
        })
    });
    walked.is_ok() && found
}

/// Describes, then executes `relation`.
pub(super) async fn check(
    ctx: &SessionContext,
    relation: Relation<'_>,
    deep: &Deep,
    causes: &mut Causes,
    findings: &mut Vec<Finding>,
) -> RelationReport {
    let name = relation.name().to_owned();
    let mut report = RelationReport {
        name: name.clone(),
        kind: relation.kind().to_owned(),
        rows: None,
        describe_equal: false,
        executed: false,
    };
    if !ctx.table_exist(named(&name)).unwrap_or(false) {
        findings.extend(absent(ctx, relation, causes).await);
        causes.absent.insert(name);
        return report;
    }
    match observe(ctx, &name).await {
        Ok(observed) => {
            report.describe_equal = observed.rows == describe::rows(&relation.schema());
            // Types that follow from a function which is not as declared are not told again, and nothing of what is not the
            // catalog's relation at all.
            let tainted = causes.taints(ctx, relation).await;
            let replaced = causes.replaced.contains(&name);
            let told = |finding: &Finding| {
                (replaced && finding.code != rules::NAME_DRIFTED.code)
                    || (tainted && finding.code == rules::DESCRIBE_DIFFERS.code)
            };
            findings.extend(description::differences(relation, &observed).into_iter().filter(|finding| !told(finding)));
        }
        Err(error) => findings.push(
            Finding::new(&rules::DESCRIBE_DIFFERS, format!("`{name}` cannot be described"))
                .differing("a description", error.to_string())
                .relation(name.as_str())
                .at(relation.origin()),
        ),
    }
    let mut result = execute(ctx, &name).await;
    if result.is_err()
        && matches!(relation, Relation::Dataset(_))
        && damage::leave_out(ctx, relation, deep, findings).await
    {
        causes.short.insert(name.clone());
        result = execute(ctx, &name).await;
    }
    if relation.depends_on().iter().any(|read| causes.short.contains(read)) {
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
                        format!("the batches of `{name}` are not of the planned schema"),
                    )
                    .differing(planned, produced)
                    .relation(name.as_str())
                    .path(column.as_str())
                    .remedy("cast the column in the view")
                    .at(&relation.locate(&Path::new(column)).unwrap_or_else(|| relation.origin().clone())),
                );
            }
        }
        Err(error) => {
            let cause = error.find_root().strip_backtrace();
            // What is at a location has been told with it.
            let is_told = matches!(RuntimeError::inside(&error), Some(RuntimeError::NothingReadable { .. }));
            if !is_told && !causes.explain(&cause, relation.depends_on()) && !deep.explains(&error) {
                findings.push(failure(relation, &error, &cause));
            }
            causes.failed.entry(name).or_default().insert(cause);
        }
    }
    report
}

/// Why a relation is not registered, unless that is said already.
async fn absent(ctx: &SessionContext, relation: Relation<'_>, causes: &Causes) -> Option<Finding> {
    let name = relation.name();
    let Relation::View(view) = relation else {
        return Some(
            Finding::new(&rules::DATASET_MISSING, format!("`{name}` is not registered"))
                .relation(name)
                .remedy("register the catalog before it is verified")
                .at(relation.origin()),
        );
    };
    let text = match view::table(&ctx.state(), view).await {
        Err(error) => error.strip_backtrace(),
        Ok(_) => "it can be planned, but nobody registered it".to_owned(),
    };
    if causes.explain(&text, view.depends_on.as_slice()) {
        return None;
    }
    let finding =
        Finding::new(&rules::VIEW_NOT_PLANNED, format!("`{name}` is not registered: the engine does not plan it"))
            .differing(view.sql.trim_end(), text)
            .relation(name)
            .remedy("mend the view's query")
            .at(&view.origin);
    Some(finding)
}

/// What came out of a relation.
struct Executed {
    rows: u64,
    /// The first column whose batches are not as planned: its name, planned and produced.
    differs: Option<(String, String, String)>,
}

/// Reads every row and keeps none.
async fn execute(ctx: &SessionContext, name: &str) -> Result<Executed> {
    let frame = ctx.sql(&format!("SELECT * FROM {}", quote_identifier(name))).await?;
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
            let found = found.map_or_else(|| "no such column".to_owned(), ToString::to_string);
            return Some((plan.name().clone(), plan.to_string(), found));
        }
    }
    let extra = produced.fields().get(planned.fields().len())?;
    Some((extra.name().clone(), "no such column".to_owned(), extra.to_string()))
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
        .remedy("mend what the engine complains of; nothing was skipped to get past it")
        .at(relation.origin());
    if let Some(inner) = RuntimeError::inside(error) {
        finding.observed = Some(inner.to_string());
        finding.data = inner.path().map(|file| DataPlace { file: file.to_owned(), row: inner.row() });
    }
    if let Some(error) = ConformError::inside(error) {
        if let Some(origin) = relation.locate(error.path()) {
            finding = finding.at(&origin);
        }
        finding = finding.path(error.path().as_str()).remedy(error.remedy());
    }
    finding
}
