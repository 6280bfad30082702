//! References between relations, once all of them are known.

use std::collections::BTreeSet;

use arrow_schema::DataType;
use cstspec_contract::{Column, Finding, Reference};

use super::Relations;
use super::report::{Report, Spot, list};
use crate::documents::Documents;
use crate::rules;
use crate::suggest::did_you_mean;

/// A relation as a reference sees it.
struct Side<'a> {
    name: &'a str,
    columns: &'a [Column],
    keys: Vec<&'a [String]>,
}

/// Checks that every reference leads to a key of a relation, and that both sides are alike.
pub fn check(documents: &Documents, relations: &Relations, report: &mut Report<'_>) {
    for document in &documents.datasets {
        let spot = Spot::root(&document.file).join("constraints.references");
        if let Some(dataset) = relations.datasets.get(&document.spec.dataset) {
            check_all(&dataset.constraints.references, &dataset.name, &spot, relations, report);
        }
    }
    for document in &documents.views {
        let spot = Spot::root(&document.file).join("references");
        if let Some(view) = relations.views.iter().find(|view| view.name == document.spec.view) {
            check_all(&view.references, &view.name, &spot, relations, report);
        }
    }
}

fn check_all(references: &[Reference], from: &str, spot: &Spot, relations: &Relations, report: &mut Report<'_>) {
    for (number, reference) in references.iter().enumerate() {
        let spot = spot.index(number);
        if !relations.defined.contains(&reference.relation) {
            report.unknown_relation(
                &spot.join("relation"),
                0,
                &reference.relation,
                relations.defined.iter().map(String::as_str),
            );
            continue;
        }
        // A relation that is defined and could not be resolved has findings of its own.
        if let (Some(from), Some(to)) = (side(from, relations), side(&reference.relation, relations)) {
            check_one(reference, &from, &to, &spot, report);
        }
    }
}

fn side<'a>(name: &str, relations: &'a Relations) -> Option<Side<'a>> {
    if let Some(dataset) = relations.datasets.get(name) {
        let primary = std::iter::once(dataset.constraints.primary_key.as_slice());
        let keys = primary.chain(dataset.constraints.unique.iter().map(Vec::as_slice)).collect();
        return Some(Side { name: &dataset.name, columns: &dataset.columns, keys });
    }
    let view = relations.views.iter().find(|view| view.name == name)?;
    Some(Side { name: &view.name, columns: &view.columns, keys: vec![&view.key] })
}

fn check_one(reference: &Reference, from: &Side<'_>, to: &Side<'_>, spot: &Spot, report: &mut Report<'_>) {
    let known: Vec<&str> = to.columns.iter().map(Column::name).collect();
    let mut sound = true;
    for (number, name) in reference.to.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let finding =
                Finding::new(&rules::KEY_UNKNOWN, format!("`{}` has no column `{name}` to refer to", to.name))
                    .differing(format!("one of {}", list(&known)), format!("`{name}`"))
                    .remedy(did_you_mean(name, known.iter().copied()).unwrap_or_else(|| "correct the name".to_owned()))
                    .relation(from.name);
            report.value(&spot.join("to").index(number), finding);
            sound = false;
        }
    }
    if !sound {
        return;
    }
    let target: BTreeSet<&String> = reference.to.iter().collect();
    let is_key = to.keys.iter().any(|key| !key.is_empty() && key.iter().collect::<BTreeSet<_>>() == target);
    if !is_key {
        let keys: Vec<String> =
            to.keys.iter().filter(|key| !key.is_empty()).map(|key| format!("({})", key.join(", "))).collect();
        let expected =
            if keys.is_empty() { format!("a key of `{}`, which declares none", to.name) } else { keys.join(" or ") };
        let finding = Finding::new(
            &rules::REFERENCE_NOT_KEY,
            format!("a reference to columns that are not a key of `{}`", to.name),
        )
        .differing(expected, format!("({})", reference.to.join(", ")))
        .remedy("refer to the whole key, or declare these columns as one")
        .relation(from.name);
        report.key(spot, finding);
    }
    let data_type = |side: &Side<'_>, name: &str| -> Option<DataType> {
        side.columns.iter().find(|column| column.name() == name).map(|column| column.field.data_type().clone())
    };
    let pairs = reference.columns.iter().zip(&reference.to);
    let differing = pairs.filter_map(|(left, right)| {
        let (left_type, right_type) = (data_type(from, left)?, data_type(to, right)?);
        (left_type != right_type)
            .then(|| (format!("`{right}` of type {right_type}"), format!("`{left}` of type {left_type}")))
    });
    let count = (reference.columns.len() != reference.to.len())
        .then(|| (format!("{} columns", reference.to.len()), format!("{} columns", reference.columns.len())));
    for (expected, observed) in count.into_iter().chain(differing) {
        let finding = Finding::new(
            &rules::REFERENCE_MISMATCH,
            format!("the two sides of a reference to `{}` are not alike", to.name),
        )
        .differing(expected, observed)
        .remedy("give both sides the same number of columns and the same types")
        .relation(from.name);
        report.key(spot, finding);
    }
}
