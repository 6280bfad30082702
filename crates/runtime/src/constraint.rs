//! Keys and references of relations, with the names that `information_schema` gives them.

use cstspec_contract::{Catalog, Reference, Relation, View};
use schemars::JsonSchema;
use serde::Serialize;

use crate::fingerprint::Fingerprint;

/// A key or a reference of a relation. Nothing enforces it: it is proven on data by `cstspec_verify`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Constraint {
    /// Its name: the relation, the columns and the kind, joined by `_`. Unique among the relation's.
    pub name: String,
    /// The kind of constraint.
    pub kind: ConstraintKind,
    /// The columns that it is over, in order.
    pub columns: Vec<String>,
    /// The target of a reference.
    pub references: Option<Referenced>,
}

/// The kind of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// The columns name a row, and none of them is NULL.
    PrimaryKey,
    /// No two rows have the same values in the columns. A row with a NULL among them is like no other, as the standard has it.
    Unique,
    /// The columns are a key of another relation, where none of them is NULL.
    ForeignKey,
}

impl ConstraintKind {
    /// As `information_schema.table_constraints` spells it.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::PrimaryKey => "PRIMARY KEY",
            Self::Unique => "UNIQUE",
            Self::ForeignKey => "FOREIGN KEY",
        }
    }
}

/// The target of a reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Referenced {
    /// The relation.
    pub relation: String,
    /// The name of its key; `None` if it has none over these columns.
    pub constraint: Option<String>,
    /// Its columns, in the order of the referring ones.
    pub columns: Vec<String>,
    /// The place of each column in the key, from 1; 0 where there is no key.
    pub positions: Vec<u64>,
}

/// The keys and references of `relation`: the primary key, other keys, and references in the order written.
pub fn constraints(catalog: &Catalog, relation: Relation<'_>) -> Vec<Constraint> {
    let mut constraints = keys(relation);
    for reference in references(relation) {
        let target = catalog.relation(&reference.relation).map(keys).unwrap_or_default();
        let key = target.into_iter().find(|key| same_columns(&key.columns, &reference.to));
        let place = |column: &String| {
            let index = key.as_ref().and_then(|key| key.columns.iter().position(|other| other == column));
            index.map_or(0, |index| index as u64 + 1)
        };
        let referenced = Referenced {
            relation: reference.relation.clone(),
            constraint: key.as_ref().map(|key| key.name.clone()),
            columns: reference.to.clone(),
            positions: reference.to.iter().map(place).collect(),
        };
        let name = name(relation.name(), &reference.columns, "fkey");
        add(&mut constraints, &name, ConstraintKind::ForeignKey, &reference.columns, Some(referenced));
    }
    constraints
}

/// The fingerprint of `constraints` in their order: of each its name, kind, columns and what it refers to.
pub fn fingerprint(constraints: &[Constraint]) -> String {
    let mut digest = Fingerprint::of("constraints");
    let texts = |digest: &mut Fingerprint, texts: &[String]| {
        digest.count(texts.len());
        for text in texts {
            digest.push(text);
        }
    };
    digest.count(constraints.len());
    for constraint in constraints {
        digest.push(&constraint.name);
        digest.push(constraint.kind.as_sql());
        texts(&mut digest, &constraint.columns);
        if let Some(referenced) = &constraint.references {
            digest.push(&referenced.relation);
            texts(&mut digest, &referenced.columns);
        }
    }
    digest.finish()
}

/// The keys of `relation` alone.
fn keys(relation: Relation<'_>) -> Vec<Constraint> {
    let (primary, unique): (&[String], &[Vec<String>]) = match relation {
        // The key itself promises that there is no NULL in it.
        Relation::Dataset(dataset) => (&dataset.constraints.primary_key, &dataset.constraints.unique),
        Relation::View(view) if has_no_null(view) => (&view.key, &[]),
        Relation::View(view) => (&[], std::slice::from_ref(&view.key)),
    };
    let mut keys = Vec::new();
    if !primary.is_empty() {
        let name = format!("{}_pkey", relation.name());
        add(&mut keys, &name, ConstraintKind::PrimaryKey, primary, None);
    }
    for columns in unique.iter().filter(|columns| !columns.is_empty()) {
        add(&mut keys, &name(relation.name(), columns, "key"), ConstraintKind::Unique, columns, None);
    }
    keys
}

/// Whether the contract says of each column of a view's key that it is never NULL.
fn has_no_null(view: &View) -> bool {
    let never = |name: &String| {
        let column = view.columns.iter().find(|column| column.name() == name);
        view.not_null.contains(name) || column.is_some_and(|column| !column.field.is_nullable())
    };
    view.key.iter().all(never)
}

fn references(relation: Relation<'_>) -> &[Reference] {
    match relation {
        Relation::Dataset(dataset) => &dataset.constraints.references,
        Relation::View(view) => &view.references,
    }
}

fn name(relation: &str, columns: &[String], kind: &str) -> String {
    format!("{relation}_{}_{kind}", columns.join("_"))
}

/// Adds a constraint. A second one of its name gets a number.
fn add(to: &mut Vec<Constraint>, name: &str, kind: ConstraintKind, columns: &[String], references: Option<Referenced>) {
    let taken = |name: &str| to.iter().any(|other| other.name == name);
    let mut free = name.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    to.push(Constraint { name: free, kind, columns: columns.to_vec(), references });
}

fn same_columns(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
