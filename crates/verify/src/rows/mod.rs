//! Promises about rows, proven on all of them.
//!
//! One scan of each dataset proves what is promised of single values, of neighbouring rows, and of the rows that one row of the dataset
//! gives in the views over it. Constraints over all files together are checked by the engine, whose operators spill to disk. So memory
//! depends on neither the number of files nor that of rows.
//!
//! Everything is read as if every field were nullable: a NULL where none may be is a finding, and hides nothing else.

mod columns_needed;
mod constraint;
mod global;
mod global_constraint;
mod key_index;
mod lineage;
#[cfg(test)]
mod masked_nulls;
mod nested_values;
mod order;
mod per_batch;
mod proof;
mod row_batch;
mod row_format;
mod scan;
mod unproven;
mod values;
mod within_row;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cstspec_contract::report::{ContractReport, RowConstraintKind, UnprovenReport};
use cstspec_contract::{Catalog, Finding, Path};
use datafusion::prelude::SessionContext;

use crate::causes::{Ledger, Subject, Submission};
use crate::checks::{Checks, Progress};
use crate::facts::Facts;
use crate::rules;
use crate::sources::unreadable;
use constraint::{ConstraintCount, RowConstraint};
use global::GlobalCount;
use global_constraint::{Condition, GlobalConstraint};
use proof::{Planned, Proof};
use scan::{Failure, Seen};

pub use crate::sources::all_nullable::AllNullableTable;
pub use per_batch::session;

/// The results of the constraints on rows.
#[derive(Debug, Default)]
pub struct RowResults {
    /// Each constraint that was held against all rows, sorted.
    pub reports: Vec<ContractReport>,
    /// Each constraint that is broken.
    findings: Vec<Submission>,
    /// Each constraint that was held against no row.
    pub unproven: Vec<UnprovenReport>,
    /// Views whose rows repeat only where those of a dataset do, with the dataset.
    repeating: Vec<(String, String)>,
    /// The relations and paths in which there are NULLs and may be none.
    nulls: BTreeSet<(String, Path)>,
    /// The constraints that could not be checked.
    failures: Vec<Failure>,
}

/// How often everything is proven once more, since files were left out: beside a busy writer one more may be gone each time.
const PROOFS: usize = 4;

/// Holds every constraint about rows against them, if that is asked for. A file that is damaged inside becomes a finding, and the others are held
/// against their constraints without it.
pub async fn prove(
    readable: &SessionContext,
    catalog: &Catalog,
    checks: Checks,
    progress: &dyn Progress,
    ledger: &mut Ledger,
) -> RowResults {
    if checks == Checks::Schema {
        return RowResults::default();
    }
    let mut results = check(readable, catalog, progress).await;
    for _ in 0..PROOFS {
        let mut is_shorter = false;
        for dataset in catalog.datasets.iter().filter(|dataset| results.stopped_in(&dataset.name)) {
            is_shorter |= unreadable::each_alone(readable, dataset, ledger).await;
        }
        if !is_shorter {
            break;
        }
        results = check(readable, catalog, progress).await;
    }
    ledger.extend(std::mem::take(&mut results.findings));
    results
}

/// Holds every constraint about rows against them. `readable` leaves out the files that are refused.
async fn check(readable: &SessionContext, catalog: &Catalog, progress: &dyn Progress) -> RowResults {
    let mut results = RowResults::default();
    let proof = match Proof::open(readable, catalog, &mut results.failures).await {
        Ok(proof) => proof,
        Err(error) => {
            results.failures.push(Failure::new(&catalog.name, None, &error));
            results.unproven = unproven::constraints(catalog, None, &results);
            return results;
        }
    };
    let globals = global_constraint::of(catalog).into_iter().filter(|global| proof.knows(global));
    let (keys, others): (Vec<GlobalConstraint>, Vec<GlobalConstraint>) =
        globals.partition(|global| proof.is_dataset_key(global));
    let mut asked = results.ask(&proof, keys).await;
    let proven = proof.proven(&asked);
    let (within, rest): (Vec<GlobalConstraint>, Vec<GlobalConstraint>) =
        others.into_iter().partition(|global| proof.within(global, &proven).is_some());
    // What waits for a key that could not be asked for is reported with it.
    let unasked = |global: &GlobalConstraint| proof.waits_for(global).is_some_and(|dataset| results.failed(dataset));
    let rest = rest.into_iter().filter(|global| !unasked(global)).collect();
    asked.extend(results.ask(&proof, rest).await);
    results.follow_repeats(&proof, &mut asked).await;

    for dataset in proof.datasets() {
        match proof.scan(dataset, &within, &asked, &mut results.failures).await {
            Ok(planned) => {
                let seen = Arc::clone(&planned.scan).run(progress).await;
                results.scanned(&planned, seen, &mut asked);
            }
            Err(error) => results.failures.push(Failure::new(dataset, None, &error)),
        }
    }
    for (global, counted) in &asked {
        results.tell(&global.constraint, &counted.counts);
    }
    results.reports.sort();
    results.unproven = unproven::constraints(catalog, Some(&proof), &results);
    results
}

impl RowResults {
    /// A finding for each relation, or file, of which something could not be proven. It repeats why the relation cannot be read.
    pub fn failures(&self, facts: &Facts<'_>) -> Vec<Submission> {
        let submission = |failure: &Failure| {
            let Failure { relation, file, .. } = failure;
            let about = Subject::Unproven { relation: relation.clone(), file: file.clone() };
            let causes = facts.obstacles(relation).into_iter().chain([about.clone()]);
            Submission::from(unproven(facts.catalog, failure)).about(about).repeats(causes)
        };
        self.failures.iter().map(submission).collect()
    }

    /// Whether a file of `dataset` may have kept something from being proven. One that holds a NULL where none may be has not, and a plain
    /// scan would fail at it.
    pub fn stopped_in(&self, dataset: &str) -> bool {
        self.failed(dataset) && !self.nulls.iter().any(|(relation, _)| relation == dataset)
    }

    /// Whether something of `relation` could not be proven.
    fn failed(&self, relation: &str) -> bool {
        self.failures.iter().any(|failure| failure.relation == relation)
    }

    /// The engine's results of `globals`.
    async fn ask(&mut self, proof: &Proof<'_>, globals: Vec<GlobalConstraint>) -> Vec<(GlobalConstraint, GlobalCount)> {
        let mut asked = Vec::with_capacity(globals.len());
        for global in globals {
            match proof.ask(&global).await {
                Ok(counted) => asked.push((global, counted)),
                Err(error) => self.failures.push(Failure::new(&global.constraint.relation, None, &error)),
            }
        }
        asked
    }

    /// Finds out which of the keys in `asked` are broken only where the key of a dataset is: without the second rows of the dataset they
    /// hold. Of the others, what is left without them is at fault.
    async fn follow_repeats(&mut self, proof: &Proof<'_>, asked: &mut [(GlobalConstraint, GlobalCount)]) {
        let broken = |(global, counted): &&(GlobalConstraint, GlobalCount)| {
            proof.is_dataset_key(global) && counted.counts.broken > 0
        };
        let mut repeated: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for (global, _) in asked.iter().filter(broken) {
            repeated.entry(global.constraint.relation.clone()).or_default().push(global.constraint.columns.clone());
        }
        for (global, counted) in asked.iter_mut().filter(|(global, _)| matches!(global.condition, Condition::Unique)) {
            let relation = &global.constraint.relation;
            if counted.counts.broken == 0 || proof.is_dataset_key(global) {
                continue;
            }
            let Some(dataset) = proof.behind(relation).into_iter().find(|name| repeated.contains_key(*name)) else {
                continue;
            };
            // What stops the engine here leaves the finding as it is.
            let Ok(rest) = proof.ask_without_repeats(global, &repeated).await else { continue };
            if rest.counts.broken == 0 {
                self.repeating.push((relation.clone(), dataset.to_owned()));
            } else {
                *counted = rest;
            }
        }
    }

    /// Takes over what a scan saw, and where it found what the engine complained of.
    fn scanned(&mut self, planned: &Planned, seen: Seen, asked: &mut [(GlobalConstraint, GlobalCount)]) {
        let Seen { counts, found, failures, .. } = seen;
        self.failures.extend(failures);
        // A view that could not be evaluated everywhere was not counted everywhere.
        let uncounted = |name: &str| name != planned.scan.dataset && self.failed(name);
        let counted = |constraint: &RowConstraint| {
            !uncounted(&constraint.relation) && !constraint.target.as_deref().is_some_and(uncounted)
        };
        let complete: Vec<_> =
            planned.constraints.iter().zip(&counts).filter(|(constraint, _)| counted(constraint)).collect();
        for (constraint, counts) in complete {
            self.tell(constraint, counts);
        }
        for (index, violations) in planned.searches.iter().zip(found) {
            if !violations.is_empty() {
                asked[*index].1.counts.violations = violations;
            }
        }
    }

    fn tell(&mut self, constraint: &RowConstraint, counts: &ConstraintCount) {
        if constraint.kind == RowConstraintKind::NotNull && counts.broken > 0 {
            self.nulls.extend(constraint.path().map(|path| (constraint.relation.clone(), path)));
        }
        self.reports.push(constraint.report(counts));
        let Some(finding) = constraint.finding(counts).map(Submission::from) else { return };
        let relation = &constraint.relation;
        self.findings.push(match constraint.kind {
            RowConstraintKind::NotNull => {
                finding.about(Subject::Nulls { relation: relation.clone(), path: constraint.path() })
            }
            RowConstraintKind::Key => {
                let repeating = self.repeating.iter().filter(|(view, _)| view == relation);
                let datasets = repeating.map(|(_, dataset)| Subject::Key(dataset.clone()));
                finding.about(Subject::Key(relation.clone())).follows(relation, datasets)
            }
            _ => finding,
        });
    }
}

fn unproven(catalog: &Catalog, failure: &Failure) -> Finding {
    let Failure { relation, file, reason } = failure;
    let mut finding =
        Finding::new(&rules::CONTRACT_UNPROVEN, format!("the constraints of `{relation}` are not proven"))
            .differing("every row checked against the constraints", reason.as_str())
            .relation(relation.as_str())
            .remedy("correct the cause that the engine reports, and verify again");
    if let Some(relation) = catalog.relation(relation) {
        finding = finding.at(relation.origin());
    }
    if let Some(file) = file {
        finding = finding.seen_in(file.as_str());
    }
    finding
}
