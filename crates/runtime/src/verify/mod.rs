//! Every promise of a catalog, held against the session and its data.

mod environment;
mod relation;

use cstspec_contract::{Catalog, Finding};
use datafusion::prelude::SessionContext;
use schemars::JsonSchema;
use serde::Serialize;

/// Is told what `verify` is at.
pub trait Progress: Send + Sync {
    /// The relation `name` is next: the one at `index`, from 0, of `total`.
    fn relation(&self, name: &str, index: usize, total: usize);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn relation(&self, _name: &str, _index: usize, _total: usize) {}
}

/// What `verify` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The engine's version.
    pub engine: String,
    /// Every broken promise, sorted, each root cause once.
    pub findings: Vec<Finding>,
    /// Every relation of the catalog, in the order of their registration.
    pub relations: Vec<RelationReport>,
}

/// What became of one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelationReport {
    /// Its name.
    pub name: String,
    /// `dataset` or `view`.
    pub kind: String,
    /// Its rows; `None` if they could not be counted to the end.
    pub rows: Option<u64>,
    /// Whether `DESCRIBE` answers exactly what the contract says.
    pub describe_equal: bool,
    /// Whether all its rows could be read.
    pub executed: bool,
}

/// Holds every promise of `catalog` against `ctx`: settings, functions, statements, and of each relation what `DESCRIBE` says
/// and what comes out of it, read to the end and kept nowhere.
///
/// Nothing that is wrong ends it early: errors become findings, and data is never written.
pub async fn verify(ctx: &SessionContext, catalog: &Catalog, progress: &dyn Progress) -> Report {
    let mut findings = environment::engine(catalog);
    findings.extend(environment::settings(ctx, catalog).await);
    let missing = environment::missing_functions(ctx, catalog);
    findings.extend(missing.iter().map(|function| environment::function_missing(function)));

    let total = catalog.datasets.len() + catalog.views.len();
    let mut relations = Vec::with_capacity(total);
    let mut causes = relation::Causes::new(&missing);
    for (index, relation) in catalog.relations().enumerate() {
        progress.relation(relation.name(), index, total);
        relations.push(relation::check(ctx, relation, &mut causes, &mut findings).await);
    }
    findings.extend(environment::statements(ctx, catalog, &causes).await);
    findings.sort();
    findings.dedup();
    Report { engine: crate::ENGINE.to_owned(), findings, relations }
}
