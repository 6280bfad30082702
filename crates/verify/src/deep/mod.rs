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

use cstspec_conform::ConformError;
use cstspec_contract::report::{ContractReport, ConversionKind, UnprovenReport};
use cstspec_contract::{Catalog, Finding, Path};
use cstspec_runtime::find_source;
use datafusion::common::DataFusionError;
use datafusion::prelude::SessionContext;

use super::causes::Causes;
use super::{Progress, drift};
use crate::rules;
use claim::{About, Claim};
use promise::{Kind, Promise, Tally};
use proof::{Planned, Proof};
use scan::{Failure, Seen};
use whole::Whole;

pub(super) use current::session;

/// The results of the constraints on rows.
#[derive(Debug, Default)]
pub(super) struct Deep {
    /// Each promise that was held against all rows, sorted.
    pub reports: Vec<ContractReport>,
    /// Each promise that is broken.
    pub findings: Vec<Finding>,
    /// Each promise that was held against no row.
    pub unproven_promises: Vec<UnprovenReport>,
    /// Views whose rows repeat only where those of a dataset do, with the dataset.
    repeating: Vec<(String, String)>,
    /// The relations and paths in which there are NULLs and may be none.
    nulls: BTreeSet<(String, Path)>,
    /// The constraints that could not be checked.
    failures: Vec<Failure>,
}

/// Holds every promise about rows against them. `readable` leaves out the files that are refused.
pub(super) async fn check(readable: &SessionContext, catalog: &Catalog, progress: &dyn Progress) -> Deep {
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
    deep.name_repeating();
    deep.unproven_promises = remaining::promises(catalog, Some(&proof), &deep);
    deep
}

impl Deep {
    /// The relation with the NULL that `error` tells of, if that has a finding here.
    pub fn explains(&self, error: &DataFusionError) -> Option<&str> {
        if let Some(ConformError::Null { path, .. }) = find_source::<ConformError>(error).map(ConformError::cause) {
            return self.nulls.iter().find(|(_, known)| known == path).map(|(relation, _)| relation.as_str());
        }
        // A column that is read as it is meets the engine's own test, which says so in these words.
        let text = error.find_root().strip_backtrace();
        let said = |path: &Path| {
            let column = path.only().map_or_else(|| path.to_string(), str::to_owned);
            text.contains(&format!("Column '{column}' is declared as non-nullable"))
        };
        self.nulls.iter().find(|(_, column)| said(column)).map(|(relation, _)| relation.as_str())
    }

    /// Whether `finding` says that a file lets something be NULL of which a finding here says that it is.
    pub fn tells_more_than(&self, finding: &Finding) -> bool {
        finding.code == rules::FILE_DRIFTED.code
            && self.nulls.iter().any(|(relation, path)| {
                finding.relation.as_ref() == Some(relation)
                    && finding.message == drift::said(relation, path, ConversionKind::Nullable)
            })
    }

    /// A finding for each relation, or file, of which something could not be proven, but for what fails for a cause that is told already.
    pub fn unproven(&self, catalog: &Catalog, causes: &Causes) -> Vec<Finding> {
        let mut told: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
        let mut findings = Vec::new();
        for failure in &self.failures {
            let (relation, file) = (failure.relation.as_str(), failure.file.as_deref());
            if !causes.cover(relation) && told.insert((relation, file)) {
                findings.push(unproven(catalog, failure));
            }
        }
        findings
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

    /// Names the views whose rows repeat for it in the finding of each dataset.
    fn name_repeating(&mut self) {
        for (view, dataset) in &self.repeating {
            let of_key = |finding: &&mut Finding| {
                finding.code == rules::KEY_NOT_UNIQUE.code && finding.relation.as_ref() == Some(dataset)
            };
            if let Some(finding) = self.findings.iter_mut().find(of_key) {
                finding.followed_by(view.as_str());
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
        let follows = promise.kind == Kind::Key && self.repeating.iter().any(|(view, _)| *view == promise.relation);
        if !follows {
            self.findings.extend(promise.finding(tally));
        }
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
