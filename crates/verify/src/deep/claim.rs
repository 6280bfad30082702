//! Constraints among rows: keys, references, and columns of views without NULLs.

use cstspec_contract::{Catalog, Dataset, Origin, Path, Reference, Relation, View};

use super::promise::{Kind, Promise, tuple};

/// A promise among rows.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The promise; its columns are those of its relation.
    pub promise: Promise,
    /// The condition on them.
    pub about: About,
}

/// The condition of a claim on its columns.
#[derive(Clone, Debug)]
pub enum About {
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
}

/// Every claim of `catalog`, those of datasets first.
pub fn of(catalog: &Catalog) -> Vec<Claim> {
    catalog.datasets.iter().flat_map(of_dataset).chain(catalog.views.iter().flat_map(of_view)).collect()
}

fn of_dataset(dataset: &Dataset) -> Vec<Claim> {
    let constraints = &dataset.constraints;
    let mut claims = Vec::new();
    if !constraints.primary_key.is_empty() {
        claims.push(unique(&dataset.name, &constraints.primary_key, constraints.origin.join("primary_key")));
    }
    for (number, key) in constraints.unique.iter().enumerate().filter(|(_, key)| !key.is_empty()) {
        claims.push(unique(&dataset.name, key, constraints.origin.join("unique").join(&number.to_string())));
    }
    claims.extend(constraints.references.iter().map(|reference| refers(&dataset.name, reference)));
    claims
}

fn of_view(view: &View) -> Vec<Claim> {
    let mut claims = Vec::new();
    if !view.key.is_empty() {
        claims.push(unique(&view.name, &view.key, Origin::new(view.origin.file.as_str(), "key")));
    }
    claims.extend(view.references.iter().map(|reference| refers(&view.name, reference)));
    for name in &view.not_null {
        let located = Relation::View(view).locate(&Path::top(name.as_str()));
        claims.push(Claim {
            promise: Promise {
                relation: view.name.clone(),
                kind: Kind::NotNull,
                columns: vec![name.clone()],
                field: None,
                target: None,
                expected: "no NULL".to_owned(),
                origin: located.unwrap_or_else(|| view.origin.clone()),
            },
            about: About::Present,
        });
    }
    claims
}

fn unique(relation: &str, columns: &[String], origin: Origin) -> Claim {
    let promise = Promise {
        relation: relation.to_owned(),
        kind: Kind::Key,
        columns: columns.to_vec(),
        field: None,
        target: None,
        expected: format!("one row for each {}", tuple(columns)),
        origin,
    };
    Claim { promise, about: About::Unique }
}

fn refers(relation: &str, reference: &Reference) -> Claim {
    let Reference { columns, relation: target, to, origin } = reference;
    let promise = Promise {
        relation: relation.to_owned(),
        kind: Kind::Reference,
        columns: columns.clone(),
        field: None,
        target: Some(target.clone()),
        expected: format!("for each {} a row of `{target}` with the same {}", tuple(columns), tuple(to)),
        origin: origin.clone(),
    };
    Claim { promise, about: About::Refers { target: target.clone(), to: to.clone() } }
}
