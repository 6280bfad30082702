//! The current files of a dataset: the files to read, and the entries that cannot be read.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use cstspec_contract::Dataset;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::ObjectMeta;

use super::delta::{Description, FileStatistics, Logged, Vector};
use super::hive::{self, Layout};
use super::listing::{IgnoredFiles, Listing};
use super::provided::ProvidedTable;
use super::store::FileStore;
use crate::RuntimeError;

/// The files of a dataset at one moment.
#[derive(Debug, Default)]
pub struct TableFiles {
    /// How the files lie.
    pub layout: Layout,
    /// Where the files are read from; `None` for a dataset without a location, which has no files.
    pub store: Option<FileStore>,
    /// The keys that the folders of most files have, outermost first: as declared if any file lies as declared.
    pub keys: Vec<String>,
    /// The files to read, sorted by path.
    pub files: Vec<DataFile>,
    /// The entries that are excluded from the files to read, sorted by path. Rows are missing while this is not empty.
    pub rejected: Vec<RejectedFile>,
    /// The entries whose names are not those of data files.
    pub ignored_files: Arc<IgnoredFiles>,
    /// The columns that the files do not store, in the order of [`DataFile::partition`].
    pub partition_fields: Vec<FieldRef>,
    /// The metadata of the log, for a Delta table.
    pub log: Option<Arc<Description>>,
    /// The host's provider that reads the rows, if the contract's own scan does not.
    pub provided: Option<ProvidedTable>,
}

/// A file of a dataset.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// The metadata that the store has of it.
    pub meta: ObjectMeta,
    /// How a person finds it.
    pub display_path: String,
    /// The values of the columns that it does not store, in their order; empty in a plain layout.
    pub partition: Vec<ScalarValue>,
    /// The statistics that a log has of its values.
    pub statistics: Option<Arc<FileStatistics>>,
    /// Which of its rows a log removes.
    pub vector: Option<Arc<Vector>>,
    /// How a log spells its columns.
    pub logged: Option<Arc<Logged>>,
}

/// A file that cannot be read, or a folder whose files cannot.
#[derive(Debug)]
pub struct RejectedFile {
    /// The scope of the error.
    pub fault: RejectionScope,
    /// Why.
    pub error: RuntimeError,
}

/// The scope of an error by which a file cannot be read. Files with the same fault have one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectionScope {
    /// The table: its folders have other keys than the declared ones.
    Table,
    /// A folder, as a person finds it.
    Folder(String),
    /// The file itself.
    File,
}

impl TableFiles {
    /// A provider of the host's, whose files nobody sees.
    pub fn provided(table: Arc<dyn TableProvider>) -> Self {
        let provided = ProvidedTable { table, display_path: "a table provider".to_owned() };
        Self { layout: Layout::Table, provided: Some(provided), ..Self::default() }
    }

    /// Lists the files of `contract` at `listing`.
    ///
    /// # Errors
    ///
    /// Errors of the location as a whole. Errors of one file are in [`rejected`](Self::rejected).
    pub async fn list(contract: &Dataset, listing: &Listing, runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        let mut listed = listing.files(contract, runtime).await?;
        let above = listing.above(contract, &listed, runtime).await?;
        for file in &mut listed.files {
            file.folders.splice(..0, above.iter().cloned());
        }
        let (layout, keys) = hive::survey(contract, &listed.files);
        let mut table_files = Self {
            layout,
            store: Some(FileStore {
                url: listing.store_url(),
                store: listing.store(runtime)?,
                footers: runtime.cache_manager.get_file_metadata_cache(),
            }),
            keys,
            files: Vec::with_capacity(listed.files.len()),
            rejected: listed.rejected,
            ignored_files: Arc::new(listed.ignored_files),
            ..Self::default()
        };
        if layout == Layout::Hive {
            table_files.partition_fields = hive::columns(contract).map(|column| Arc::clone(&column.field)).collect();
        }
        for file in listed.files {
            match hive::values(contract, listing, layout, &table_files.keys, &file) {
                Ok(partition) => {
                    let display_path = listing.display_path(&file.meta.location);
                    table_files.files.push(DataFile {
                        meta: file.meta,
                        display_path,
                        partition,
                        statistics: None,
                        vector: None,
                        logged: None,
                    });
                }
                Err(rejected) => table_files.rejected.push(rejected),
            }
        }
        Ok(table_files)
    }

    /// The same place with `files` alone.
    #[must_use]
    pub fn with_files(&self, files: Vec<DataFile>) -> Self {
        Self {
            layout: self.layout,
            store: self.store.clone(),
            keys: self.keys.clone(),
            files,
            partition_fields: self.partition_fields.clone(),
            log: self.log.clone(),
            provided: self.provided.clone(),
            ..Self::default()
        }
    }

    /// The files, if none is left out.
    ///
    /// # Errors
    ///
    /// Why the first one that is left out cannot be read: a query that goes on without it would be short of rows.
    pub fn require_complete(mut self) -> Result<Self, RuntimeError> {
        if self.rejected.is_empty() { Ok(self) } else { Err(self.rejected.swap_remove(0).error) }
    }
}
