//! A catalog's relations and statements, put into a session.

use std::sync::Arc;

use cstspec_contract::Catalog;
use cstspec_contract::sql::ident;
use cstspec_contract::text::quoted_list;
use datafusion::prelude::SessionContext;

use super::install::install;
use super::{automount, statement, view};
use crate::names::table_reference;
use crate::system::diagnostics::{self, DiagnosticsError, RejectedRelation};
use crate::table::{ContractTable, Source};
use crate::{Locations, RuntimeError};

/// The relations that a registration skipped.
#[derive(Debug, Default)]
pub struct Registered {
    /// Views and statements that the engine refused to plan. `cstspec_verify` reports them too.
    pub refused: Vec<RejectedRelation>,
    /// Errors of the session's sink. Registered relations stay registered.
    pub undelivered: Vec<DiagnosticsError>,
}

/// Registers the catalog's datasets, then its views in dependency order, then its statements. Done twice, it replaces them.
///
/// A view or statement that the engine refuses is left out: the rest is registered, and `cstspec_verify` makes findings of what
/// is missing. No data is looked at: what is wrong with a location or a file is a finding of `cstspec_verify` too, and an error of
/// the query that would read it.
///
/// # Errors
///
/// A location of no dataset, one that is neither a path nor a URL, or one in a store that nobody registered: each names the location
/// and the remedy. Then nothing is registered.
pub async fn register(
    ctx: &SessionContext,
    catalog: &Catalog,
    locations: &Locations,
) -> Result<Registered, RuntimeError> {
    if let Some(name) = locations.keys().find(|name| catalog.dataset(name).is_none()) {
        let known = quoted_list(catalog.datasets.iter().map(|dataset| dataset.name.as_str()));
        return Err(RuntimeError::UnknownDataset { name: name.clone(), known });
    }
    let located = automount::locate(ctx, catalog, locations).await?;
    let log = install(ctx, catalog)?;
    let (runtime, settings) = (ctx.runtime_env(), ctx.copied_config());
    let mut tables = Vec::with_capacity(catalog.datasets.len());
    for dataset in &catalog.datasets {
        let location = locations.get(&dataset.name).or_else(|| located.get(&dataset.name));
        let source = Source::open(&runtime, dataset, location)?;
        let table = ContractTable::new(&ident(&dataset.name), dataset.clone(), source);
        tables.push(table.trusted(settings.options()));
    }
    // The engine refuses a second table of a name, and a view of an earlier registration would read the tables of then.
    for relation in catalog.relations() {
        ctx.deregister_table(table_reference(relation.name()))?;
    }
    for table in tables {
        let name = table_reference(&table.contract().name);
        ctx.register_table(name, Arc::new(table))?;
    }
    let mut registered = Registered::default();
    // Asking for the state copies it, with every function and setting. Copies share the tables.
    let state = ctx.state();
    for view in &catalog.views {
        match view::table(&state, view).await {
            Ok(table) => {
                ctx.register_table(table_reference(&view.name), Arc::new(table))?;
            }
            Err(error) => registered.refused.push(RejectedRelation { name: view.name.clone(), error }),
        }
    }
    for statement in &catalog.statements {
        if let Err(error) = statement::prepare(ctx, statement).await {
            registered.refused.push(RejectedRelation { name: statement.name.clone(), error });
        }
    }
    log.record_registrations(diagnostics::registrations(ctx, catalog, &registered.refused).await);
    if log.has_sink() {
        registered.undelivered = log.emit(diagnostics::registered(ctx, catalog).await);
    }
    Ok(registered)
}
