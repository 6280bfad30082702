//! The parts of a session that serve its catalogs: table format, settings, function of generated queries, optimizer rule, `information_schema`, logs.

use std::sync::Arc;

use cstspec_contract::Catalog;
use cstspec_contract::definition::FORMAT;
use datafusion::prelude::SessionContext;

use super::external_table::ContractFactory;
use crate::config::Config;
use crate::scan::scan_log::ScanLog;
use crate::system::catalogs::Registry;
use crate::system::diagnostics::{self, SessionLog};
use crate::system::information_schema;
use crate::{RuntimeError, functions, optimizer};

/// Makes `catalog` known to the session, in place of one of its name: with it come the format of its datasets, an
/// `information_schema` that answers for keys and defaults, the settings `cstspec.*`, the function that numbers elements, the rule that narrows
/// scans, the logs and their tables.
///
/// # Errors
///
/// The engine takes no further schema for the tables of the logs.
pub(crate) fn install(ctx: &SessionContext, catalog: &Catalog) -> Result<Arc<SessionLog>, RuntimeError> {
    let registry = {
        let state = ctx.state_ref();
        let mut state = state.write();
        let config = state.config_mut();
        if config.options().extensions.get::<Config>().is_none() {
            config.options_mut().extensions.insert(Config::default());
        }
        let registry = config.get_extension::<Registry>().unwrap_or_default();
        config.set_extension(Arc::clone(&registry));
        let factory = ContractFactory::new(Arc::clone(&registry));
        state.table_factories_mut().insert(FORMAT.to_owned(), Arc::new(factory));
        registry
    };
    registry.add(catalog);
    functions::provide_indices(ctx);
    optimizer::provide(ctx);
    information_schema::provide(ctx, registry);
    ScanLog::attach(ctx);
    let log = SessionLog::attach(ctx);
    diagnostics::register_tables(ctx)?;
    Ok(log)
}
