//! What is behind a dataset right now: the files to read, and what is there and cannot be read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::FieldRef;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::ObjectMeta;

use cstspec_contract::Dataset;

use crate::RuntimeError;
use crate::delta::{Description, Logged, Vector};
use crate::foreign::Foreign;
use crate::listing::{LeftOut, Listing};
use crate::partition::{self, Layout};
use crate::pruning::Bounds;
use crate::reading::Place;

/// What is behind a dataset at one moment.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// How the files lie.
    pub layout: Layout,
    /// Where the files are read from; `None` for a dataset without a location, which has no files.
    pub place: Option<Place>,
    /// The keys that the folders of most files have, outermost first: as declared if any file lies as declared.
    pub keys: Vec<String>,
    /// The files to read, sorted by path.
    pub files: Vec<DataFile>,
    /// What is left out of the files to read, sorted by path. Rows are missing while this is not empty.
    pub refused: Vec<Refused>,
    /// What is there and is no data by its name.
    pub left_out: Arc<LeftOut>,
    /// The columns that the files do not store, in the order of [`DataFile::partition`].
    pub carried: Vec<FieldRef>,
    /// What the log says, for a Delta table.
    pub log: Option<Arc<Description>>,
    /// The host's provider that reads the rows, if the contract's own scan does not.
    pub foreign: Option<Foreign>,
}

/// A file of a dataset.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// What the store says of it.
    pub meta: ObjectMeta,
    /// How a person finds it.
    pub shown: String,
    /// The values of the columns that it does not store, in their order; empty in a plain layout.
    pub partition: Vec<ScalarValue>,
    /// What a log says of its values.
    pub bounds: Option<Arc<Bounds>>,
    /// Which of its rows a log removes.
    pub vector: Option<Arc<Vector>>,
    /// How a log spells its columns.
    pub logged: Option<Arc<Logged>>,
}

/// A file that cannot be read, or a folder whose files cannot.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What is at fault.
    pub fault: Fault,
    /// Why.
    pub error: RuntimeError,
}

/// What is at fault where a file cannot be read. Files with the same fault have one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The table: its folders have other keys than the declared ones.
    Table,
    /// A folder, as a person finds it.
    Folder(String),
    /// The file itself.
    File,
}

impl Inventory {
    /// A provider of the host's, whose files nobody sees.
    pub fn provided(table: Arc<dyn TableProvider>) -> Self {
        let foreign = Foreign { table, shown: "a table provider".to_owned() };
        Self { layout: Layout::Table, foreign: Some(foreign), ..Self::default() }
    }

    /// Lists the files of `contract` at `listing`.
    ///
    /// # Errors
    ///
    /// What concerns the location as a whole. What concerns one file is in [`refused`](Self::refused).
    pub async fn take(contract: &Dataset, listing: &Listing, runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        let mut listed = listing.files(contract, runtime).await?;
        let above = listing.above(contract, &listed, runtime).await?;
        for file in &mut listed.files {
            file.folders.splice(..0, above.iter().cloned());
        }
        let (layout, keys) = partition::survey(contract, &listed.files);
        let mut inventory = Self {
            layout,
            place: Some(Place {
                url: listing.store_url(),
                store: listing.store(runtime)?,
                footers: runtime.cache_manager.get_file_metadata_cache(),
            }),
            keys,
            files: Vec::with_capacity(listed.files.len()),
            refused: listed.refused,
            left_out: Arc::new(listed.left_out),
            ..Self::default()
        };
        if layout == Layout::Hive {
            inventory.carried = partition::columns(contract).map(|column| Arc::clone(&column.field)).collect();
        }
        for file in listed.files {
            match partition::values(contract, listing, layout, &inventory.keys, &file) {
                Ok(partition) => {
                    let shown = listing.shown(&file.meta.location);
                    inventory.files.push(DataFile {
                        meta: file.meta,
                        shown,
                        partition,
                        bounds: None,
                        vector: None,
                        logged: None,
                    });
                }
                Err(refused) => inventory.refused.push(refused),
            }
        }
        Ok(inventory)
    }

    /// The same place with `files` alone.
    pub fn of(&self, files: Vec<DataFile>) -> Self {
        Self {
            layout: self.layout,
            place: self.place.clone(),
            keys: self.keys.clone(),
            files,
            carried: self.carried.clone(),
            log: self.log.clone(),
            foreign: self.foreign.clone(),
            ..Self::default()
        }
    }

    /// The files, if none is left out.
    ///
    /// # Errors
    ///
    /// Why the first one that is left out cannot be read: a query that goes on without it would be short of rows.
    pub fn whole(mut self) -> Result<Self, RuntimeError> {
        if self.refused.is_empty() { Ok(self) } else { Err(self.refused.swap_remove(0).error) }
    }
}

/// The files of each dataset that a session reads, whatever else is at its location: what `verify` found that can be read.
///
/// It travels in the session's configuration. All scans of the session see the same files.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    tables: Mutex<BTreeMap<String, Option<Arc<Inventory>>>>,
}

impl Snapshot {
    /// From now on scans of `dataset` read the files of `inventory`; `None` where nothing at all can be read.
    pub fn put(&self, dataset: &str, inventory: Option<Arc<Inventory>>) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(dataset.to_owned(), inventory);
    }

    /// The files of `dataset`, or `None` if nobody looked at it.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::NothingReadable`] where nothing at all can be read.
    pub fn get(&self, dataset: &str) -> Result<Option<Arc<Inventory>>, RuntimeError> {
        match self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(dataset) {
            None => Ok(None),
            Some(Some(inventory)) => Ok(Some(Arc::clone(inventory))),
            Some(None) => Err(RuntimeError::NothingReadable { dataset: dataset.to_owned() }),
        }
    }
}
