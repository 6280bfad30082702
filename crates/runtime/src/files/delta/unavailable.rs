//! The stub of a log in a build without Delta: none can be opened.

use std::sync::Arc;

use cstspec_contract::Dataset;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::Removed;
use crate::files::listing::Listing;
use crate::files::store::FileStore;
use crate::files::table_files::{DataFile, TableFiles};
use crate::{DeltaVersion, FileErrorKind, RuntimeError};

#[derive(Debug)]
pub(crate) enum Log {}

impl Log {
    #[expect(clippy::unused_async, reason = "the log of a build with Delta is read")]
    pub async fn open(listing: &Arc<Listing>, _at: DeltaVersion, _runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        Err(listing.error(FileErrorKind::NoDelta))
    }

    pub fn list_files(
        &self,
        _contract: &Dataset,
        _listing: &Listing,
        _runtime: &RuntimeEnv,
    ) -> Result<TableFiles, RuntimeError> {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) enum Logged {}

impl Logged {
    pub fn respelled(&self, _footer: Arc<ParquetMetaData>) -> ParquetResult<Arc<ParquetMetaData>> {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) enum Vector {}

impl Vector {
    #[expect(clippy::unused_async, reason = "the vector of a build with Delta is read")]
    pub async fn removed(
        &self,
        _dataset: &str,
        _place: &FileStore,
        _file: &DataFile,
        _rows: u64,
    ) -> Result<Arc<Removed>, RuntimeError> {
        match *self {}
    }
}
