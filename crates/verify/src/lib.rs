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
mod facts;
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

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use datafusion::prelude::SessionContext;

use causes::Ledger;
use facts::Facts;

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
    let mut ledger = Ledger::default();
    ledger.extend(environment::engine(catalog));
    ledger.extend(settings::check(ctx, catalog).await);
    let functions = functions::check(ctx, catalog, &mut ledger).await;
    let replaced = provenance::check(ctx, catalog, &mut ledger).await;
    let sources = sources::check(ctx, catalog, depth, &mut ledger).await;
    // Before the relations are read: it finds the places of faults that stop a plain scan.
    let rows = Box::pin(deep::prove(&sources.readable, catalog, depth, progress, &mut ledger)).await;
    let mut facts = Facts::new(catalog, &functions, replaced);
    let relations = Box::pin(relation::check_all(&sources, &mut facts, progress, &mut ledger)).await;
    names::check(ctx, catalog, &mut ledger).await;
    environment::statements(ctx, catalog, &facts, &mut ledger).await;
    ledger.extend(rows.failures(&facts));

    let (findings, explained) = ledger.settle();
    debug_assert_eq!(causes::unnamed(&relations, &findings), None, "no finding names it: {findings:#?}");
    let mut report = Report {
        engine: cstspec_runtime::ENGINE.to_owned(),
        findings,
        explained,
        relations,
        sources: sources.reports,
        conversions: sources.conversions,
        contracts: rows.reports,
        unproven: rows.unproven_promises,
        functions: functions.reports,
        plans: plans::record(ctx, catalog).await,
    };
    diagnostics::publish(ctx, catalog, &mut report).await;
    report
}
