//! Constraints among rows: keys, references, and columns of views without NULLs.

use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{AllowedValues, Catalog, Dataset, Origin, Path, Reference, Relation, View};

use super::constraint::{RowConstraint, tuple};

/// A constraint among rows.
#[derive(Clone, Debug)]
pub struct GlobalConstraint {
    /// The constraint; its columns are those of its relation.
    pub constraint: RowConstraint,
    /// The condition on them.
    pub condition: Condition,
}

/// The condition of a global on its columns.
#[derive(Clone, Debug)]
pub enum Condition {
    /// No two rows have the same values in them.
    Unique,
    /// Their values are in the columns `to` of some row of `target`.
    Refers {
        /// The relation referred to.
        target: String,
        /// Its columns, in the same order.
        to: Vec<String>,
    },
    /// The one column has no NULL.
    Present,
    /// The values at some place in the one column are among these.
    Among(AllowedValues),
}

/// Every global of `catalog`, those of datasets first.
pub fn of(catalog: &Catalog) -> Vec<GlobalConstraint> {
    catalog.datasets.iter().flat_map(of_dataset).chain(catalog.views.iter().flat_map(of_view)).collect()
}

fn of_dataset(dataset: &Dataset) -> Vec<GlobalConstraint> {
    let constraints = &dataset.constraints;
    let mut globals = Vec::new();
    if !constraints.primary_key.is_empty() {
        globals.push(unique(&dataset.name, &constraints.primary_key, constraints.origin.join("primary_key")));
    }
    for (number, key) in constraints.unique.iter().enumerate().filter(|(_, key)| !key.is_empty()) {
        globals.push(unique(&dataset.name, key, constraints.origin.join("unique").join(&number.to_string())));
    }
    globals.extend(constraints.references.iter().map(|reference| refers(&dataset.name, reference)));
    globals
}

fn of_view(view: &View) -> Vec<GlobalConstraint> {
    let mut globals = Vec::new();
    if !view.key.is_empty() {
        globals.push(unique(&view.name, &view.key, Origin::new(view.origin.file.as_str(), "key")));
    }
    globals.extend(view.references.iter().map(|reference| refers(&view.name, reference)));
    for name in &view.not_null {
        let located = Relation::View(view).locate(&Path::top(name.as_str()));
        globals.push(GlobalConstraint {
            constraint: RowConstraint {
                relation: view.name.clone(),
                kind: RowConstraintKind::NotNull,
                columns: vec![name.clone()],
                field: None,
                target: None,
                expected: "no NULL".to_owned(),
                origin: located.unwrap_or_else(|| view.origin.clone()),
            },
            condition: Condition::Present,
        });
    }
    globals.extend(view.allowed.iter().map(|allowed| among(&view.name, allowed)));
    globals
}

fn among(relation: &str, allowed: &AllowedValues) -> GlobalConstraint {
    let constraint = RowConstraint {
        relation: relation.to_owned(),
        kind: RowConstraintKind::Allowed,
        columns: vec![allowed.path.to_string()],
        field: Some(allowed.path.clone()),
        target: None,
        expected: one_of(allowed),
        origin: allowed.origin.clone(),
    };
    GlobalConstraint { constraint, condition: Condition::Among(allowed.clone()) }
}

/// The constraint that values are among those that are allowed, in words.
pub fn one_of(allowed: &AllowedValues) -> String {
    let listed: Vec<String> = allowed.values.iter().map(ToString::to_string).collect();
    format!("one of {}", listed.join(", "))
}

fn unique(relation: &str, columns: &[String], origin: Origin) -> GlobalConstraint {
    let constraint = RowConstraint {
        relation: relation.to_owned(),
        kind: RowConstraintKind::Key,
        columns: columns.to_vec(),
        field: None,
        target: None,
        expected: format!("one row for each {}", tuple(columns)),
        origin,
    };
    GlobalConstraint { constraint, condition: Condition::Unique }
}

fn refers(relation: &str, reference: &Reference) -> GlobalConstraint {
    let Reference { columns, relation: target, to, origin } = reference;
    let constraint = RowConstraint {
        relation: relation.to_owned(),
        kind: RowConstraintKind::Reference,
        columns: columns.clone(),
        field: None,
        target: Some(target.clone()),
        expected: format!("for each {} a row of `{target}` with the same {}", tuple(columns), tuple(to)),
        origin: origin.clone(),
    };
    GlobalConstraint { constraint, condition: Condition::Refers { target: target.clone(), to: to.clone() } }
}
