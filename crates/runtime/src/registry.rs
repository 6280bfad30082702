//! The catalogs of a session, kept with it: what `information_schema` and `CREATE EXTERNAL TABLE` take contracts from.

use std::sync::{Arc, Mutex, PoisonError};

use cstspec_contract::Catalog;
use cstspec_contract::definition::FORMAT;
use datafusion::prelude::SessionContext;

use crate::config::Config;
use crate::factory::ContractFactory;
use crate::{information, narrow};

/// The catalogs of a session, the latest last. It travels in the session's own configuration; sessions made from one share it.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    catalogs: Mutex<Vec<Arc<Catalog>>>,
}

impl Registry {
    /// Makes `catalog` known to the session, in place of one of its name: with it come the format of its datasets, an
    /// `information_schema` that answers for keys and defaults, the settings `cstspec.*`, and the rule that narrows scans.
    pub fn introduce(ctx: &SessionContext, catalog: &Catalog) {
        let registry = {
            let state = ctx.state_ref();
            let mut state = state.write();
            let config = state.config_mut();
            if config.options().extensions.get::<Config>().is_none() {
                config.options_mut().extensions.insert(Config::default());
            }
            let registry = config.get_extension::<Self>().unwrap_or_default();
            config.set_extension(Arc::clone(&registry));
            let factory = ContractFactory::new(Arc::clone(&registry));
            state.table_factories_mut().insert(FORMAT.to_owned(), Arc::new(factory));
            registry
        };
        registry.add(catalog);
        narrow::provide(ctx);
        information::provide(ctx, registry);
    }

    /// The catalogs, the latest first.
    pub fn catalogs(&self) -> Vec<Arc<Catalog>> {
        // A panic elsewhere leaves whole catalogs behind.
        self.catalogs.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().map(Arc::clone).collect()
    }

    fn add(&self, catalog: &Catalog) {
        let mut catalogs = self.catalogs.lock().unwrap_or_else(PoisonError::into_inner);
        catalogs.retain(|other| other.name != catalog.name);
        catalogs.push(Arc::new(catalog.clone()));
    }
}
