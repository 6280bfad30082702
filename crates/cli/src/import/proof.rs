//! The proof: the draft is verified on all rows, and what does not hold is taken out of it, until everything that is left holds.

use cstspec_contract::report::{ContractReport, Report, RowConstraintKind, UnprovenReport};
use cstspec_contract::{Finding, Path, Severity};
use cstspec_import::{Draft, Proofs, Unsaid};
use cstspec_runtime::Locations;
use cstspec_verify::{Checks, rules};

use super::search;
use super::table::{Table, compile};
use super::{Stopped, has_errors};
use crate::console::Console;
use crate::progress::Bar;
use crate::session::Engine;

/// How often the draft is verified: what depends on a constraint that does not hold is seen in the next round.
const MOST_ROUNDS: usize = 8;

/// Takes out of the draft what does not hold, and counts what does.
///
/// # Errors
///
/// What is wrong with the data whatever is proposed.
pub async fn until_clean(
    engine: &Engine,
    locations: &Locations,
    table: &mut Table,
    unsaid: &mut Vec<Unsaid>,
    checks: Checks,
    console: &Console,
) -> Result<(Proofs, Vec<Finding>), Stopped> {
    for round in 1.. {
        let catalog = table.compile(unsaid)?;
        let context = engine.open_at(&catalog, locations).await?;
        console.log(&format!("proving the draft, round {round}"));
        let bar = Bar::new(console);
        let Report { findings, contracts, unproven, .. } =
            cstspec_verify::verify(&context, &catalog, checks, &bar).await;
        drop(bar);
        let others: Vec<Finding> = findings.iter().filter(|finding| !is_of_promise(finding)).cloned().collect();
        if has_errors(&others) {
            return Err(stopped(others));
        }
        let mut is_shorter = false;
        for report in contracts.iter().filter(|report| report.broken > 0) {
            is_shorter |= take_out(&mut table.draft, report);
        }
        for report in &unproven {
            is_shorter |= take_out_unproven(&mut table.draft, report);
        }
        if is_shorter && round < MOST_ROUNDS {
            continue;
        }
        if has_errors(&findings) {
            return Err(stopped(findings));
        }
        let compiled = compile(&table.draft);
        let mut advice = compiled.findings;
        advice.extend(others.into_iter().filter(|finding| finding.severity == Severity::Warning));
        return Ok((Proofs::of(&contracts, table.surveyed.files), advice));
    }
    unreachable!("the last round returns")
}

/// Whether a finding is of a constraint on rows that a refresh or a draft may take out.
pub fn is_of_promise(finding: &Finding) -> bool {
    PROMISES.iter().any(|rule| rule.code == finding.code)
}

/// The rules of constraints that are proposed.
const PROMISES: [&cstspec_contract::Rule; 6] = [
    &rules::NULL_IN_NOT_NULL,
    &rules::KEY_NOT_UNIQUE,
    &rules::REFERENCE_DANGLING,
    &rules::ORDER_BROKEN,
    &rules::IDENTITY_DIFFERS,
    &rules::VALUE_NOT_ALLOWED,
];

fn stopped(findings: Vec<Finding>) -> Stopped {
    Stopped::Found(findings, None)
}

/// Takes a constraint out that does not hold; whether it was one of the draft.
fn take_out(draft: &mut Draft, report: &ContractReport) -> bool {
    let (relation, columns) = (report.relation.as_str(), report.columns.as_slice());
    if report.kind == RowConstraintKind::Identity {
        return rename_copy(draft, relation, columns);
    }
    remove(draft, report.kind, relation, columns)
}

/// Takes a constraint out that was held against nothing. A column of the row needs no proof where there are no elements.
fn take_out_unproven(draft: &mut Draft, report: &UnprovenReport) -> bool {
    report.kind != RowConstraintKind::Identity && remove(draft, report.kind, &report.relation, &report.columns)
}

fn remove(draft: &mut Draft, kind: RowConstraintKind, relation: &str, columns: &[String]) -> bool {
    let path = || columns.first().and_then(|text| Path::parse(text).ok()).unwrap_or_default();
    let of_dataset = relation == draft.dataset;
    match kind {
        RowConstraintKind::NotNull if of_dataset => draft.not_null.remove(&path()),
        RowConstraintKind::Allowed if of_dataset => draft.allowed.remove(&path()).is_some(),
        RowConstraintKind::Order if of_dataset => !std::mem::take(&mut draft.ordering).keys.is_empty(),
        RowConstraintKind::Key if of_dataset => draft.set_primary_key(&[]),
        RowConstraintKind::Key => {
            let mut is_removed = false;
            for view in &mut draft.views {
                if view.name == relation {
                    is_removed |= !std::mem::take(&mut view.key).is_empty();
                }
                // Nothing refers to what is no key.
                view.references.retain(|reference| reference.relation != relation);
            }
            is_removed
        }
        RowConstraintKind::Reference => {
            let Some(view) = draft.views.iter_mut().find(|view| view.name == relation) else { return false };
            let before = view.references.len();
            view.references.retain(|reference| reference.columns != columns);
            view.references.len() < before
        }
        _ => false,
    }
}

/// Gives the column of the row another name in the view, since the elements' field of its name has other values.
fn rename_copy(draft: &mut Draft, relation: &str, columns: &[String]) -> bool {
    let (schema, dataset) = (draft.schema.clone(), draft.dataset.clone());
    let Some(view) = draft.views.iter_mut().find(|view| view.name == relation) else { return false };
    let taken: Vec<String> = view.fields(&schema).iter().map(|field| field.name().to_lowercase()).collect();
    let Some(place) = view.row.iter().position(|(name, column)| name == column && columns.last() == Some(name)) else {
        return false;
    };
    let old = view.row[place].0.clone();
    let new = search::free(&dataset, &old, &taken);
    view.row[place].0.clone_from(&new);
    // What was found with the old name is another question now.
    view.key.clear();
    view.references.clear();
    true
}
