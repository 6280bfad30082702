//! The catalogs of a session, kept with it: `information_schema` and `CREATE EXTERNAL TABLE` take contracts from them.

use std::sync::{Arc, Mutex, PoisonError};

use cstspec_contract::Catalog;

/// The catalogs of a session, the latest last. It is an extension of the session's configuration, and sessions made from one share it.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    catalogs: Mutex<Vec<Arc<Catalog>>>,
}

impl Registry {
    /// The catalogs, the latest first.
    pub fn catalogs(&self) -> Vec<Arc<Catalog>> {
        // A panic elsewhere leaves whole catalogs behind.
        self.catalogs.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().map(Arc::clone).collect()
    }

    /// Adds `catalog`, in place of one of its name.
    pub fn add(&self, catalog: &Catalog) {
        let mut catalogs = self.catalogs.lock().unwrap_or_else(PoisonError::into_inner);
        catalogs.retain(|other| other.name != catalog.name);
        catalogs.push(Arc::new(catalog.clone()));
    }
}
