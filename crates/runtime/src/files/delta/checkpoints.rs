//! The files of a log, with the footer of each checkpoint checked before the kernel reads it.
//!
//! The kernel allocates what the footer of a checkpoint declares, follows its schema as deep as that goes, and counts as many rows as it
//! says (`num_children` of 2^31 - 1 takes 17 GB, 6,000 groups in one another a stack of 16 MB, 67 million rows of NULLs in 16 kB a minute).

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use futures::stream::BoxStream;

use crate::files::footer::check_file::check_file;

/// The most rows for each byte of a checkpoint. Each row is an action with a path of its own, which no codec makes so small; a few
/// kilobytes of NULLs are as many rows as the kernel reads in a minute.
const MOST_ROWS: u64 = 16;

/// A store that reads a Parquet file only if its footer is valid.
#[derive(Debug)]
pub(super) struct CheckedCheckpoints {
    store: Arc<dyn ObjectStore>,
    /// The files with a valid footer.
    valid: Mutex<HashSet<StorePath>>,
}

impl CheckedCheckpoints {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, valid: Mutex::default() }
    }

    async fn check(&self, location: &StorePath) -> StoreResult<()> {
        let valid = || self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        if !location.as_ref().ends_with(".parquet") || valid().contains(location) {
            return Ok(());
        }
        let file = self.store.head(location).await?;
        let refused = |why: String| Err(StoreError::Generic { store: "log", source: why.into() });
        match check_file(self.store.as_ref(), &file).await? {
            Err(why) => return refused(format!("the footer of `{location}` is broken: {why}")),
            Ok(rows) if rows > file.size.saturating_mul(MOST_ROWS) => {
                let size = file.size;
                return refused(format!(
                    "`{location}` declares {rows} rows in {size} bytes, and each row is another action"
                ));
            }
            Ok(_) => {}
        }
        valid().insert(location.clone());
        Ok(())
    }
}

impl fmt::Display for CheckedCheckpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for CheckedCheckpoints {
    async fn get_opts(&self, location: &StorePath, options: GetOptions) -> StoreResult<GetResult> {
        self.check(location).await?;
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &StorePath, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.check(location).await?;
        self.store.get_ranges(location, ranges).await
    }

    async fn put_opts(&self, to: &StorePath, bytes: PutPayload, options: PutOptions) -> StoreResult<PutResult> {
        self.store.put_opts(to, bytes, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &StorePath,
        options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(to, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, StoreResult<StorePath>>,
    ) -> BoxStream<'static, StoreResult<StorePath>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&StorePath>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.store.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&StorePath>,
        offset: &StorePath,
    ) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.store.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&StorePath>) -> StoreResult<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &StorePath, to: &StorePath, options: CopyOptions) -> StoreResult<()> {
        self.store.copy_opts(from, to, options).await
    }
}
