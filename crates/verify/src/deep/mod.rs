//! Promises about rows, proven on all of them.
//!
//! One scan of each dataset proves what is promised of single values, of neighbouring rows, and of the rows that one row of the dataset
//! gives in the views over it. Constraints over all files together are checked by the engine, whose operators spill to disk. So memory
//! depends on neither the number of files nor that of rows.
//!
//! Everything is read as if every field were nullable: a NULL where none may be is a finding, and hides nothing else.

mod claim;
mod current;
#[cfg(test)]
mod hidden;
mod keys;
mod level;
mod lineage;
mod local;
mod narrow;
mod order;
mod promise;
mod proof;
mod relaxed;
mod remaining;
mod row_format;
mod rows;
mod scan;
mod values;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cstspec_contract::report::{ContractReport, UnprovenReport};
use cstspec_contract::{Catalog, Finding, Path};
use datafusion::prelude::SessionContext;

use super::causes::{Ledger, Subject, Submission};
use super::facts::Facts;
use super::{Depth, Progress, damage};
use crate::rules;
use claim::{About, Claim};
use promise::{Kind, Promise, Tally};
use proof::{Planned, Proof};
use scan::{Failure, Seen};
use whole::Whole;

pub(super) use current::session;
pub(super) use relaxed::AllNullableTable;

/// The results of the constraints on rows.
#[derive(Debug, Default)]
pub(super) struct Deep {
    /// Each promise that was held against all rows, sorted.
    pub reports: Vec<ContractReport>,
    /// Each promise that is broken.
    findings: Vec<Submission>,
    /// Each promise that was held against no row.
    pub unproven_promises: Vec<UnprovenReport>,
    /// Views whose rows repeat only where those of a dataset do, with the dataset.
    repeating: Vec<(String, String)>,
    /// The relations and paths in which there are NULLs and may be none.
    nulls: BTreeSet<(String, Path)>,
    /// The constraints that could not be checked.
    failures: Vec<Failure>,
}

/// How often everything is proven once more, since files were left out: beside a busy writer one more may be gone each time.
const PROOFS: usize = 4;

/// Holds every promise about rows against them, if that is asked for. A file that is damaged inside becomes a finding, and the others are held
/// against their promises without it.
pub(super) async fn prove(
    readable: &SessionContext,
    catalog: &Catalog,
    depth: Depth,
    progress: &dyn Progress,
    ledger: &mut Ledger,
) -> Deep {
    if depth == Depth::Plain {
        return Deep::default();
    }
    let mut deep = check(readable, catalog, progress).await;
    for _ in 0..PROOFS {
        let mut is_shorter = false;
        for dataset in catalog.datasets.iter().filter(|dataset| deep.stopped_in(&dataset.name)) {
            is_shorter |= damage::each_alone(readable, dataset, ledger).await;
        }
        if !is_shorter {
            break;
        }
        deep = check(readable, catalog, progress).await;
    }
    ledger.extend(std::mem::take(&mut deep.findings));
    deep
}

/// Holds every promise about rows against them. `readable` leaves out the files that are refused.
async fn check(readable: &SessionContext, catalog: &Catalog, progress: &dyn Progress) -> Deep {
    let mut deep = Deep::default();
    let proof = match Proof::open(readable, catalog, &mut deep.failures).await {
        Ok(proof) => proof,
        Err(error) => {
            deep.failures.push(Failure::new(&catalog.name, None, &error));
            deep.unproven_promises = remaining::promises(catalog, None, &deep);
            return deep;
        }
    };
    let claims = claim::of(catalog).into_iter().filter(|claim| proof.knows(claim));
    let (keys, others): (Vec<Claim>, Vec<Claim>) = claims.partition(|claim| proof.is_dataset_key(claim));
    let mut asked = deep.ask(&proof, keys).await;
    let proven = proof.proven(&asked);
    let (within, rest): (Vec<Claim>, Vec<Claim>) =
        others.into_iter().partition(|claim| proof.within(claim, &proven).is_some());
    // What waits for a key that could not be asked for is told with it.
    let unasked = |claim: &Claim| proof.waits_for(claim).is_some_and(|dataset| deep.failed(dataset));
    let rest = rest.into_iter().filter(|claim| !unasked(claim)).collect();
    asked.extend(deep.ask(&proof, rest).await);
    deep.follow_repeats(&proof, &mut asked).await;

    for dataset in proof.datasets() {
        match proof.scan(dataset, &within, &asked, &mut deep.failures).await {
            Ok(planned) => {
                let seen = Arc::clone(&planned.scan).run(progress).await;
                deep.scanned(&planned, seen, &mut asked);
            }
            Err(error) => deep.failures.push(Failure::new(dataset, None, &error)),
        }
    }
    for (claim, whole) in &asked {
        deep.tell(&claim.promise, &whole.tally);
    }
    deep.reports.sort();
    deep.unproven_promises = remaining::promises(catalog, Some(&proof), &deep);
    deep
}

impl Deep {
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

    /// The engine's results of `claims`.
    async fn ask(&mut self, proof: &Proof<'_>, claims: Vec<Claim>) -> Vec<(Claim, Whole)> {
        let mut asked = Vec::with_capacity(claims.len());
        for claim in claims {
            match proof.ask(&claim).await {
                Ok(whole) => asked.push((claim, whole)),
                Err(error) => self.failures.push(Failure::new(&claim.promise.relation, None, &error)),
            }
        }
        asked
    }

    /// Finds out which of the keys in `asked` are broken only where the key of a dataset is: without the second rows of the dataset they
    /// hold. Of the others, what is left without them is at fault.
    async fn follow_repeats(&mut self, proof: &Proof<'_>, asked: &mut [(Claim, Whole)]) {
        let broken = |(claim, whole): &&(Claim, Whole)| proof.is_dataset_key(claim) && whole.tally.broken > 0;
        let mut repeated: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for (claim, _) in asked.iter().filter(broken) {
            repeated.entry(claim.promise.relation.clone()).or_default().push(claim.promise.columns.clone());
        }
        for (claim, whole) in asked.iter_mut().filter(|(claim, _)| matches!(claim.about, About::Unique)) {
            let relation = &claim.promise.relation;
            if whole.tally.broken == 0 || proof.is_dataset_key(claim) {
                continue;
            }
            let Some(dataset) = proof.behind(relation).into_iter().find(|name| repeated.contains_key(*name)) else {
                continue;
            };
            // What stops the engine here leaves the finding as it is.
            let Ok(rest) = proof.ask_without_repeats(claim, &repeated).await else { continue };
            if rest.tally.broken == 0 {
                self.repeating.push((relation.clone(), dataset.to_owned()));
            } else {
                *whole = rest;
            }
        }
    }

    /// Takes over what a scan saw, and where it found what the engine complained of.
    fn scanned(&mut self, planned: &Planned, seen: Seen, asked: &mut [(Claim, Whole)]) {
        let Seen { tallies, found, failures, .. } = seen;
        self.failures.extend(failures);
        // A view that could not be evaluated everywhere was not counted everywhere.
        let uncounted = |name: &str| name != planned.scan.dataset && self.failed(name);
        let counted =
            |promise: &Promise| !uncounted(&promise.relation) && !promise.target.as_deref().is_some_and(uncounted);
        let told: Vec<_> = planned.promises.iter().zip(&tallies).filter(|(promise, _)| counted(promise)).collect();
        for (promise, tally) in told {
            self.tell(promise, tally);
        }
        for (index, samples) in planned.searches.iter().zip(found) {
            if !samples.is_empty() {
                asked[*index].1.tally.samples = samples;
            }
        }
    }

    fn tell(&mut self, promise: &Promise, tally: &Tally) {
        if promise.kind == Kind::NotNull && tally.broken > 0 {
            self.nulls.extend(promise.path().map(|path| (promise.relation.clone(), path)));
        }
        self.reports.push(promise.report(tally));
        let Some(finding) = promise.finding(tally).map(Submission::from) else { return };
        let relation = &promise.relation;
        self.findings.push(match promise.kind {
            Kind::NotNull => finding.about(Subject::Nulls { relation: relation.clone(), path: promise.path() }),
            Kind::Key => {
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
