//! A catalog's relations and statements, put into a session.

use std::sync::Arc;

use cstspec_contract::sql::ident;
use cstspec_contract::{Catalog, Dataset};
use datafusion::common::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionContext;

use crate::delta::Located;
use crate::diagnostics::{self, DiagnosticsError};
use crate::error::listed;
use crate::listing::Listing;
use crate::observe::named;
use crate::record::Record;
use crate::registry::Registry;
use crate::table::{ContractTable, Source};
use crate::{DeltaVersion, Location, Locations, RuntimeError, autoload, statement, view};

/// What a registration left out.
#[derive(Debug, Default)]
pub struct Registered {
    /// Views and statements that the engine refused to plan. [`crate::verify`] reports them too.
    pub refused: Vec<Refused>,
    /// What the sink of the session did not take. What is registered stays registered.
    pub undelivered: Vec<DiagnosticsError>,
}

/// A view or statement that the engine refused to plan.
#[derive(Debug)]
pub struct Refused {
    /// Its name.
    pub name: String,
    /// What the engine said.
    pub error: DataFusionError,
}

/// Registers the catalog's datasets, then its views in dependency order, then its statements. Done twice, it replaces them.
///
/// A view or statement that the engine refuses is left out: the rest is registered, and [`crate::verify`] makes findings of what
/// is missing. No data is looked at: what is wrong with a location or a file is a finding of [`crate::verify`] too, and an error of
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
        let known = listed(catalog.datasets.iter().map(|dataset| dataset.name.as_str()));
        return Err(RuntimeError::UnknownDataset { name: name.clone(), known });
    }
    let record = Record::attach(ctx);
    diagnostics::register_tables(ctx)?;
    let mounted = autoload::mounted(ctx, catalog, locations).await?;
    Registry::introduce(ctx, catalog);
    let (runtime, settings) = (ctx.runtime_env(), ctx.copied_config());
    let mut tables = Vec::with_capacity(catalog.datasets.len());
    for dataset in &catalog.datasets {
        let location = locations.get(&dataset.name).or_else(|| mounted.get(&dataset.name));
        let source = source(&runtime, dataset, location)?;
        let table = ContractTable::new(&ident(&dataset.name), dataset.clone(), source);
        tables.push(table.trusted(settings.options()));
    }
    // The engine refuses a second table of a name, and a view of an earlier registration would read the tables of then.
    for relation in catalog.relations() {
        ctx.deregister_table(named(relation.name()))?;
    }
    for table in tables {
        let name = named(&table.contract().name);
        ctx.register_table(name, Arc::new(table))?;
    }
    let mut registered = Registered::default();
    // Asking for the state copies it, with every function and setting. Copies share the tables.
    let state = ctx.state();
    for view in &catalog.views {
        match view::table(&state, view).await {
            Ok(table) => {
                ctx.register_table(named(&view.name), Arc::new(table))?;
            }
            Err(error) => registered.refused.push(Refused { name: view.name.clone(), error }),
        }
    }
    for statement in &catalog.statements {
        if let Err(error) = statement::prepare(ctx, statement).await {
            registered.refused.push(Refused { name: statement.name.clone(), error });
        }
    }
    record.registered(diagnostics::registrations(ctx, catalog, &registered.refused).await);
    if record.is_told() {
        registered.undelivered = record.emit(diagnostics::registered(ctx, catalog).await);
    }
    Ok(registered)
}

/// What is behind `dataset` at `location`.
///
/// # Errors
///
/// A location that is none, or in a store that nobody registered. What its files are is seen when they are read.
pub(crate) fn source(
    runtime: &RuntimeEnv,
    dataset: &Dataset,
    location: Option<&Location>,
) -> Result<Source, RuntimeError> {
    let files = |url: &str, at: Option<DeltaVersion>| {
        let listing = Listing::open(&dataset.name, url)?;
        listing.store(runtime)?;
        Ok(Source::Files(Box::new(Located::new(listing, at))))
    };
    match location {
        None => Ok(Source::Empty),
        Some(Location::Url(url)) => files(url, None),
        Some(Location::Delta { url, at }) => files(url, Some(*at)),
        Some(Location::Table(table)) => Ok(Source::Table(Arc::clone(table))),
    }
}
