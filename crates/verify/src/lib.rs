//! Every check of a catalog against a session and its data.
//!
//! [`verify`] holds a catalog against what `cstspec_runtime` registered: settings, functions, definitions, files, columns, and with
//! [`Depth::Deep`] rows. Each difference is a finding of one of the [`rules`]. Nothing is repaired, and no data is written.

mod broken;
mod causes;
mod damage;
mod deep;
mod delta;
mod description;
mod diagnostics;
mod drift;
mod environment;
mod functions;
mod inspect;
mod left_out;
mod misfiled;
mod names;
mod partition;
mod plans;
mod provenance;
mod refusal;
mod relation;
mod renaming;
pub mod rules;
mod settings;
mod sources;

use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Finding};
use datafusion::prelude::SessionContext;

pub use broken::broken;
pub use left_out::left_out;

/// Is told what `verify` is at.
pub trait Progress: Send + Sync {
    /// The relation `name` is next: the one at `index`, from 0, of `total`.
    fn relation(&self, name: &str, index: usize, total: usize);

    /// Of the `total` files of `dataset`, `done` have been held against its promises.
    fn files(&self, dataset: &str, done: usize, total: usize) {
        let _ = (dataset, done, total);
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn relation(&self, _name: &str, _index: usize, _total: usize) {}
}

/// How much of the data is held against the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Everything is registered, described and read to its end.
    #[default]
    Plain,
    /// And every promise about rows is proven on all of them: NOT NULL, keys, references, order, identity, allowed values.
    Deep,
}

/// Holds every promise of `catalog` against `ctx`: settings, functions, statements, and of each relation what `DESCRIBE` says
/// and what comes out of it, read to the end and kept nowhere.
///
/// Nothing that is wrong ends it early: errors become findings, and data is never written.
pub async fn verify(ctx: &SessionContext, catalog: &Catalog, depth: Depth, progress: &dyn Progress) -> Report {
    let mut findings = environment::engine(catalog);
    findings.extend(settings::check(ctx, catalog).await);
    let functions = functions::check(ctx, catalog, &mut findings).await;
    let provenance = provenance::check(ctx, catalog).await;
    findings.extend(provenance.findings);

    let sources = sources::check(ctx, catalog, depth, &mut findings).await;
    // First, since it finds the places of what stops a plain scan.
    let deep = match depth {
        Depth::Plain => deep::Deep::default(),
        Depth::Deep => prove(&sources.readable, catalog, progress, &mut findings).await,
    };
    let total = catalog.datasets.len() + catalog.views.len();
    let mut relations = Vec::with_capacity(total);
    let mut causes = causes::Causes::new(catalog, &functions, provenance.replaced);
    for (index, relation) in catalog.relations().enumerate() {
        progress.relation(relation.name(), index, total);
        relations.push(relation::check(&sources, catalog, relation, &deep, &mut causes, &mut findings).await);
    }
    let named = names::check(ctx, catalog, &findings).await;
    findings.extend(named);
    findings.extend(environment::statements(ctx, catalog, &mut causes).await);
    let plans = plans::record(ctx, catalog).await;
    findings.retain(|finding| !deep.tells_more_than(finding));
    findings.extend(deep.unproven(catalog, &causes));
    findings.extend(deep.findings);
    provenance::keep_causes(&mut findings);
    causes.settle(&mut findings);
    findings.sort();
    findings.dedup();
    let mut report = Report {
        engine: cstspec_runtime::ENGINE.to_owned(),
        findings,
        relations,
        sources: sources.reports,
        conversions: sources.conversions,
        contracts: deep.reports,
        unproven: deep.unproven_promises,
        functions: functions.reports,
        plans,
    };
    diagnostics::publish(ctx, catalog, &mut report).await;
    report
}

/// How often everything is proven once more, since files were left out: beside a busy writer one more may be gone each time.
const PROOFS: usize = 4;

/// Holds every promise about rows against them. A file that is damaged inside becomes a finding, and the others are held against their
/// promises without it.
async fn prove(
    readable: &SessionContext,
    catalog: &Catalog,
    progress: &dyn Progress,
    findings: &mut Vec<Finding>,
) -> deep::Deep {
    let mut deep = deep::check(readable, catalog, progress).await;
    for _ in 0..PROOFS {
        let mut is_shorter = false;
        for dataset in catalog.datasets.iter().filter(|dataset| deep.stopped_in(&dataset.name)) {
            is_shorter |= damage::each_alone(readable, dataset, &deep, findings).await;
        }
        if !is_shorter {
            break;
        }
        deep = deep::check(readable, catalog, progress).await;
    }
    deep
}
