//! The promises about rows that were held against none: whether they are kept is not known, and nobody is told that they are.

use std::collections::BTreeMap;

use cstspec_contract::Catalog;
use cstspec_contract::report::UnprovenReport;

use super::order::Order;
use super::promise::Promise;
use super::proof::Proof;
use super::values::Values;
use super::{Deep, claim};

/// The identity of a promise: its relation, kind, columns and target.
type Key<'a> = (&'a str, &'a str, &'a [String], Option<&'a str>);

/// Each promise of `catalog` without a value or row among the reports of `deep`, and why; sorted. Without a `proof` nothing was looked at.
pub fn promises(catalog: &Catalog, proof: Option<&Proof<'_>>, deep: &Deep) -> Vec<UnprovenReport> {
    let mut checked: BTreeMap<Key<'_>, u64> = BTreeMap::new();
    for report in &deep.reports {
        let key = (report.relation.as_str(), report.kind.as_str(), report.columns.as_slice(), report.target.as_deref());
        *checked.entry(key).or_default() += report.checked;
    }
    let mut unproven: Vec<UnprovenReport> = all(catalog)
        .iter()
        .filter_map(|promise| {
            let report = promise.report(&super::promise::Tally::default());
            let key =
                (report.relation.as_str(), report.kind.as_str(), report.columns.as_slice(), report.target.as_deref());
            let reason = match checked.get(&key) {
                Some(0) => "there are no rows to check".to_owned(),
                Some(_) => return None,
                None => unlooked(proof, deep, promise),
            };
            let (relation, kind, columns, target) = (report.relation, report.kind, report.columns, report.target);
            Some(UnprovenReport { relation, kind, columns, target, reason })
        })
        .collect();
    unproven.sort();
    unproven
}

/// Why nothing was held against `promise`.
fn unlooked(proof: Option<&Proof<'_>>, deep: &Deep, promise: &Promise) -> String {
    let Some(proof) = proof else { return "the engine cannot make a session".to_owned() };
    for relation in std::iter::once(&promise.relation).chain(&promise.target) {
        if !proof.has(relation) {
            return format!("`{relation}` is not registered");
        }
        if let Some(dataset) = proof.behind(relation).into_iter().find(|dataset| proof.lacks(dataset)) {
            return format!("no file of `{dataset}` can be read");
        }
    }
    let stopped = std::iter::once(promise.relation.as_str()).chain(promise.target.as_deref());
    let stopped = stopped.chain(proof.behind(&promise.relation)).find(|relation| deep.failed(relation));
    match stopped {
        Some(relation) => format!("reading `{relation}` ended early"),
        None => "it depends on another constraint that is not proven".to_owned(),
    }
}

/// Every promise of `catalog` about rows.
fn all(catalog: &Catalog) -> Vec<Promise> {
    let mut promises: Vec<Promise> = claim::of(catalog).into_iter().map(|claim| claim.promise).collect();
    for dataset in &catalog.datasets {
        // A constant that no array can be compared with, or a sort key without an order, stops the scan of its dataset, which then has
        // a finding.
        let _ = Values::of(catalog, dataset, &mut promises);
        let _ = Order::of(dataset, &dataset.schema(), &mut promises);
    }
    promises
}
