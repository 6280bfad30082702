//! The constraints on rows that were checked on none: whether they hold is not known, and reports say so.

use std::collections::BTreeMap;

use cstspec_contract::Catalog;
use cstspec_contract::report::{RowConstraintKind, UnprovenReport};

use super::constraint::RowConstraint;
use super::order::Order;
use super::proof::Proof;
use super::values::Values;
use super::{RowResults, global_constraint};

/// The identity of a constraint: its relation, kind, columns and target.
type Key<'a> = (&'a str, RowConstraintKind, &'a [String], Option<&'a str>);

/// Each constraint of `catalog` without a value or row among the reports of `results`, and why; sorted. Without a `proof` nothing was looked at.
pub fn constraints(catalog: &Catalog, proof: Option<&Proof<'_>>, results: &RowResults) -> Vec<UnprovenReport> {
    let mut checked: BTreeMap<Key<'_>, u64> = BTreeMap::new();
    for report in &results.reports {
        let key = (report.relation.as_str(), report.kind, report.columns.as_slice(), report.target.as_deref());
        *checked.entry(key).or_default() += report.checked;
    }
    let mut unproven: Vec<UnprovenReport> = all(catalog)
        .iter()
        .filter_map(|constraint| {
            let report = constraint.report(&super::constraint::ConstraintCount::default());
            let key = (report.relation.as_str(), report.kind, report.columns.as_slice(), report.target.as_deref());
            let reason = match checked.get(&key) {
                Some(0) => "there are no rows to check".to_owned(),
                Some(_) => return None,
                None => unlooked(proof, results, constraint),
            };
            let (relation, kind, columns, target) = (report.relation, report.kind, report.columns, report.target);
            Some(UnprovenReport { relation, kind, columns, target, reason })
        })
        .collect();
    unproven.sort();
    unproven
}

/// Why nothing was held against `constraint`.
fn unlooked(proof: Option<&Proof<'_>>, results: &RowResults, constraint: &RowConstraint) -> String {
    let Some(proof) = proof else { return "the engine cannot make a session".to_owned() };
    for relation in std::iter::once(&constraint.relation).chain(&constraint.target) {
        if !proof.has(relation) {
            return format!("`{relation}` is not registered");
        }
        if let Some(dataset) = proof.behind(relation).into_iter().find(|dataset| proof.lacks(dataset)) {
            return format!("no file of `{dataset}` can be read");
        }
    }
    let stopped = std::iter::once(constraint.relation.as_str()).chain(constraint.target.as_deref());
    let stopped = stopped.chain(proof.behind(&constraint.relation)).find(|relation| results.failed(relation));
    match stopped {
        Some(relation) => format!("reading `{relation}` ended early"),
        None => "it depends on another constraint that is not proven".to_owned(),
    }
}

/// Every constraint of `catalog` about rows.
fn all(catalog: &Catalog) -> Vec<RowConstraint> {
    let mut constraints: Vec<RowConstraint> =
        global_constraint::of(catalog).into_iter().map(|global| global.constraint).collect();
    for dataset in &catalog.datasets {
        // A constant that no array can be compared with, or a sort key without an order, stops the scan of its dataset, which then has
        // a finding.
        let _ = Values::of(catalog, dataset, &mut constraints);
        let _ = Order::of(dataset, &dataset.schema(), &mut constraints);
    }
    constraints
}
