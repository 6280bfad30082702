//! What stands for a log in a build without Delta: none can be opened.

use std::sync::Arc;

use cstspec_contract::Dataset;
use datafusion::catalog::TableProvider;
use datafusion::execution::runtime_env::RuntimeEnv;

use crate::inventory::{DataFile, Inventory};
use crate::listing::Listing;
use crate::reading::Place;
use crate::{DeltaVersion, RuntimeError};

#[derive(Debug)]
pub(crate) enum Log {}

impl Log {
    #[expect(clippy::unused_async, reason = "the log of a build with Delta is read")]
    pub async fn open(listing: &Listing, _at: DeltaVersion, _runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        Err(RuntimeError::NoDelta { dataset: listing.dataset().to_owned(), path: listing.location().to_owned() })
    }

    pub fn inventory(
        &self,
        _contract: &Dataset,
        _listing: &Listing,
        _runtime: &RuntimeEnv,
    ) -> Result<Inventory, RuntimeError> {
        match *self {}
    }
}

/// None: nothing reads a Delta table.
pub(crate) fn only(
    _table: &Arc<dyn TableProvider>,
    _place: &Place,
    _files: &[DataFile],
) -> Option<Arc<dyn TableProvider>> {
    None
}
