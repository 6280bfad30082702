//! What is behind a dataset right now: the files to read, and what is there and cannot be read.

use datafusion::common::ScalarValue;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::ObjectMeta;

use cstspec_contract::Dataset;

use crate::RuntimeError;
use crate::listing::Listing;
use crate::partition::{self, Layout};
use crate::reading::Place;

/// What is behind a dataset at one moment.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// How the files lie.
    pub layout: Layout,
    /// Where the files are read from; `None` for a dataset without a location, which has no files.
    pub place: Option<Place>,
    /// The files to read, sorted by path.
    pub files: Vec<DataFile>,
    /// Why each file that is left out cannot be read. Rows are missing while this is not empty.
    pub refused: Vec<RuntimeError>,
}

/// A file of a dataset.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// What the store says of it.
    pub meta: ObjectMeta,
    /// How a person finds it.
    pub shown: String,
    /// The values of the partition columns, in the order of the partitions; empty in a plain layout.
    pub partition: Vec<ScalarValue>,
}

impl Inventory {
    /// What is behind a dataset without a location.
    pub fn empty() -> Self {
        Self { layout: Layout::Plain, place: None, files: Vec::new(), refused: Vec::new() }
    }

    /// Lists the files of `contract` at `listing`.
    ///
    /// # Errors
    ///
    /// What concerns the location as a whole. What concerns one file is in [`refused`](Self::refused).
    pub async fn take(contract: &Dataset, listing: &Listing, runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        let listed = listing.files(runtime).await?;
        let layout = partition::layout(contract, listing, &listed)?;
        let footers = runtime.cache_manager.get_file_metadata_cache();
        let place = Some(Place { url: listing.store_url(), store: listing.store(runtime)?, footers });
        let mut inventory = Self { layout, place, files: Vec::with_capacity(listed.len()), refused: Vec::new() };
        for file in listed {
            let partition = match layout {
                Layout::Plain => Ok(Vec::new()),
                Layout::Hive => partition::values(contract, listing, &file),
            };
            match partition {
                Ok(partition) => {
                    let shown = listing.shown(&file.meta);
                    inventory.files.push(DataFile { meta: file.meta, shown, partition });
                }
                Err(error) => inventory.refused.push(error),
            }
        }
        Ok(inventory)
    }

    /// The same place with `files` alone.
    pub fn of(&self, files: Vec<DataFile>) -> Self {
        Self { layout: self.layout, place: self.place.clone(), files, refused: Vec::new() }
    }

    /// The files, if none is left out.
    ///
    /// # Errors
    ///
    /// Why the first one that is left out cannot be read: a query that goes on without it would be short of rows.
    pub fn whole(mut self) -> Result<Self, RuntimeError> {
        if self.refused.is_empty() { Ok(self) } else { Err(self.refused.swap_remove(0)) }
    }
}
