//! The object store of a dataset's files.

use std::sync::Arc;

use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::ObjectStore;

/// Where the files of a scan are read from.
#[derive(Clone, Debug)]
pub struct FileStore {
    /// The URL that the store is registered under.
    pub url: ObjectStoreUrl,
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// Footers that were read before.
    pub footers: Arc<FileMetadataCache>,
}

impl FileStore {
    /// A factory of readers for files that belong to no dataset, for the engine's own readers.
    pub fn readers(&self) -> CachedParquetFileReaderFactory {
        CachedParquetFileReaderFactory::new(Arc::clone(&self.store), Arc::clone(&self.footers))
    }
}
