//! The files of a location, which may be a Delta table, and how long a listing of them is reused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cstspec_contract::Dataset;
use datafusion::execution::runtime_env::RuntimeEnv;
use tokio::sync::{Mutex, OnceCell};

use super::delta::Log;
use super::listing::Listing;
use super::table_files::TableFiles;
use crate::{DeltaVersion, FileErrorKind, Location, RuntimeError};

/// A location of files, and whether it turns out to be a Delta table.
#[derive(Debug)]
pub struct LocationFiles {
    display: String,
    listing: Arc<Listing>,
    /// The version asked for; `None` where nobody said that it is a Delta table.
    version: Option<DeltaVersion>,
    /// The result of the first lookup that did not fail: `None` for plain files.
    log: OnceCell<Option<Log>>,
    /// The last files that scans received, and the time of the listing.
    last: Mutex<Option<(Instant, Arc<TableFiles>)>>,
}

impl LocationFiles {
    /// The files at `listing`; `version` is the version of a Delta table, `None` where nobody said that it is one.
    pub fn new(listing: Listing, version: Option<DeltaVersion>) -> Self {
        let url = listing.location().to_owned();
        let display = match version {
            Some(at) => {
                Location::Delta { url, at, clone_of: listing.sources().map(str::to_owned).collect() }.to_string()
            }
            None => url,
        };
        Self { display, listing: Arc::new(listing), version, log: OnceCell::new(), last: Mutex::new(None) }
    }

    /// The location as [`Location::parse`](crate::Location::parse) reads it.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The current files: those that the log names, or else those of the listing.
    ///
    /// # Errors
    ///
    /// Errors of the location or the log as a whole.
    pub async fn list_files(&self, contract: &Dataset, runtime: &RuntimeEnv) -> Result<TableFiles, RuntimeError> {
        match self.log.get_or_try_init(|| self.open(runtime)).await? {
            Some(log) => log.list_files(contract, &self.listing, runtime),
            None => TableFiles::list(contract, &self.listing, runtime).await,
        }
    }

    /// The files for a scan: those that were there a while ago, if the contract lets a listing be reused for that long, and otherwise those
    /// that are there now. Scans that ask at the same time wait for one listing.
    ///
    /// # Errors
    ///
    /// Why the location, or the first file of it that is refused, cannot be read. Nothing is remembered then.
    pub async fn readable(&self, contract: &Dataset, runtime: &RuntimeEnv) -> Result<Arc<TableFiles>, RuntimeError> {
        let Some(reused) = contract.scan.listing_cache_ttl_ms.map(Duration::from_millis) else {
            return Ok(Arc::new(self.list_files(contract, runtime).await?.require_complete()?));
        };
        let mut last = self.last.lock().await;
        if let Some((_, table_files)) = last.as_ref().filter(|(listed, _)| listed.elapsed() < reused) {
            return Ok(Arc::clone(table_files));
        }
        let listed = Instant::now();
        let table_files = Arc::new(self.list_files(contract, runtime).await?.require_complete()?);
        *last = Some((listed, Arc::clone(&table_files)));
        Ok(table_files)
    }

    async fn open(&self, runtime: &RuntimeEnv) -> Result<Option<Log>, RuntimeError> {
        if self.listing.has_log(runtime).await? {
            return Log::open(&self.listing, self.version.unwrap_or_default(), runtime).await.map(Some);
        }
        let Some(version) = self.version else { return Ok(None) };
        Err(self.listing.error(FileErrorKind::NotDelta { asked: version.to_string() }))
    }
}
