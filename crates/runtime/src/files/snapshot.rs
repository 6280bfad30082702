//! The files that a session reads of each dataset, fixed for its scans.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::table_files::TableFiles;
use crate::RuntimeError;

/// The files of each dataset that a session reads, whatever else is at its location: what `verify` found that can be read.
///
/// It travels in the session's configuration. All scans of the session see the same files.
#[derive(Debug, Default)]
pub struct Snapshot {
    tables: Mutex<BTreeMap<String, Option<Arc<TableFiles>>>>,
}

impl Snapshot {
    /// From now on scans of `dataset` read the files of `table_files`; `None` where nothing at all can be read.
    pub fn put(&self, dataset: &str, table_files: Option<Arc<TableFiles>>) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(dataset.to_owned(), table_files);
    }

    /// The files of `dataset`, or `None` if nobody looked at it.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::NothingReadable`] where nothing at all can be read.
    pub fn get(&self, dataset: &str) -> Result<Option<Arc<TableFiles>>, RuntimeError> {
        match self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(dataset) {
            None => Ok(None),
            Some(Some(table_files)) => Ok(Some(Arc::clone(table_files))),
            Some(None) => Err(RuntimeError::NothingReadable { dataset: dataset.to_owned() }),
        }
    }
}
