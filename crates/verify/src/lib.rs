//! Every check of a catalog against a session and its data.
//!
//! [`verify`] holds a catalog against what `cstspec_runtime` registered: settings, functions, definitions, files, columns, and with
//! [`Checks::Rows`] rows. Each difference is a finding of one of the [`rules`]. Nothing is repaired, and no data is written.

mod causes;
mod checks;
mod diagnostics;
mod execution_error;
mod facts;
mod query_error;
mod relations;
mod rows;
pub mod rules;
mod session;
mod sources;

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use datafusion::prelude::SessionContext;

use causes::Ledger;
use facts::Facts;

pub use checks::{Checks, NoProgress, Progress};
pub use query_error::broken;
pub use sources::ignored::ignored;

/// Holds every promise of `catalog` against `ctx`: settings, functions, statements, and of each relation what `DESCRIBE` says
/// and what comes out of it, read to the end and kept nowhere.
///
/// Nothing that is wrong ends it early: errors become findings, and data is never written.
pub async fn verify(ctx: &SessionContext, catalog: &Catalog, checks: Checks, progress: &dyn Progress) -> Report {
    let mut ledger = Ledger::default();
    ledger.extend(session::statements::engine(catalog));
    ledger.extend(session::settings::check(ctx, catalog).await);
    let functions = session::functions::check(ctx, catalog, &mut ledger).await;
    let replaced = session::definitions::check(ctx, catalog, &mut ledger).await;
    let sources = sources::check(ctx, catalog, checks, &mut ledger).await;
    // Before the relations are read: it finds the places of faults that stop a plain scan.
    let rows = Box::pin(rows::prove(&sources.readable, catalog, checks, progress, &mut ledger)).await;
    let mut facts = Facts::new(catalog, &functions, replaced);
    let relations = Box::pin(relations::check_all(&sources, &mut facts, progress, &mut ledger)).await;
    relations::names::check(ctx, catalog, &mut ledger).await;
    session::statements::check(ctx, catalog, &facts, &mut ledger).await;
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
        unproven: rows.unproven,
        functions: functions.reports,
        plans: relations::plans::record(ctx, catalog).await,
    };
    diagnostics::publish(ctx, catalog, &mut report).await;
    report
}
