//! One file, read through its store and held against its listing: what comes is what was listed, or an error that says what became of it.
//!
//! A store hands out what it has at the moment. A file that shrank since it was listed gives fewer bytes than were asked for, and the
//! local store of `object_store` says nothing of it; one that was replaced gives the pages of another footer. So every answer is held
//! against what was asked, and what the store says of the file against the listing.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory as _};
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{
    Attributes, CopyOptions, Error as StoreError, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result as StoreResult, coalesce_ranges,
};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};

use super::footer::checks::Followed;
use super::listing::{innermost, is_denied, is_local};
use super::store::FileStore;
use super::table_files::DataFile;
use crate::location::instant;
use crate::{FileErrorKind, RuntimeError};

/// The reason for a file that a log names and that does not exist.
const NO_FILE: &str = "no such file";

/// One file of a dataset behind its store.
#[derive(Debug)]
pub struct Held {
    store: Arc<dyn ObjectStore>,
    /// Whether the store is that of this machine's files.
    local: bool,
    dataset: String,
    display_path: String,
    listed: ObjectMeta,
    /// Whether a log says how large it is, rather than a listing.
    logged: bool,
    /// The first error, which the layers above pass on as text alone.
    failure: Mutex<Option<RuntimeError>>,
}

impl FileStore {
    /// `file` of `dataset`, held against its listing.
    pub fn held(&self, dataset: &str, file: &DataFile) -> Held {
        Held {
            store: Arc::clone(&self.store),
            local: is_local(self.store.as_ref()),
            dataset: dataset.to_owned(),
            display_path: file.display_path.clone(),
            listed: file.meta.clone(),
            logged: file.logged.is_some(),
            failure: Mutex::default(),
        }
    }

    /// A reader of `file` of `dataset` for the engine, a part of which may be `planned`.
    ///
    /// # Errors
    ///
    /// The engine's error.
    pub fn reader(
        &self,
        dataset: &str,
        file: &DataFile,
        planned: PartitionedFile,
        hint: Option<usize>,
        (partition, metrics): (usize, &ExecutionPlanMetricsSet),
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let held = Arc::new(self.held(dataset, file));
        let store = Arc::clone(&held) as Arc<dyn ObjectStore>;
        let readers = CachedParquetFileReaderFactory::new(store, Arc::clone(&self.footers));
        let reader = readers.create_reader(partition, planned, hint, metrics)?;
        let reader = Box::new(HeldReader { held, reader });
        Ok(Box::new(Followed::new(reader, dataset, self, file)))
    }

    /// A reader of the whole of `file` outside a scan.
    ///
    /// # Errors
    ///
    /// The engine's error.
    pub fn alone(&self, dataset: &str, file: &DataFile) -> Result<Box<dyn AsyncFileReader + Send>> {
        let planned = PartitionedFile::new_from_meta(file.meta.clone());
        self.reader(dataset, file, planned, None, (0, &ExecutionPlanMetricsSet::new()))
    }
}

impl Held {
    /// The bytes in `range`. An empty range asks whether the file is as it was listed.
    ///
    /// # Errors
    ///
    /// [`FileErrorKind::Vanished`], [`FileErrorKind::Changed`], [`FileErrorKind::DeniedFile`], [`FileErrorKind::Unfetched`] for failures
    /// of the store, and [`FileErrorKind::Damaged`] for a range that the file does not have.
    pub async fn bytes(&self, range: Range<u64>) -> Result<Bytes, RuntimeError> {
        Ok(self.ranges(&[range]).await?.pop().unwrap_or_default())
    }

    async fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, RuntimeError> {
        if let Some(past) = ranges.iter().find(|range| range.end > self.listed.size || range.start > range.end) {
            let (size, Range { start, end }) = (self.listed.size, past);
            let reason = format!("it has {size} bytes, and its footer leads to the bytes {start} to {end}");
            self.settled().await?;
            return Err(self.damaged(reason));
        }
        if ranges.iter().all(Range::is_empty) {
            self.settled().await?;
            return Ok(vec![Bytes::new(); ranges.len()]);
        }
        let location = &self.listed.location;
        let got = if self.local {
            // All in one go, and whatever lies between is not read. A file may be written to in place, so it is compared once its
            // bytes are at hand.
            let got = self.store.get_ranges(location, ranges).await;
            self.settled().await?;
            got
        } else {
            coalesce_ranges(ranges, |range| self.part(range), OBJECT_STORE_COALESCE_DEFAULT).await
        };
        let got = match got {
            Ok(got) => got,
            Err(error) => return Err(self.failed(error).await),
        };
        let short = |(range, bytes): &(&Range<u64>, &Bytes)| bytes.len() as u64 != range.end - range.start;
        match ranges.iter().zip(&got).find(short) {
            None if got.len() == ranges.len() => Ok(got),
            None => Err(self.unfetched("the store did not answer all that it was asked for".to_owned())),
            Some((range, bytes)) => {
                self.settled().await?;
                let asked = range.end - range.start;
                Err(self.unfetched(format!("the store gave {} of {asked} bytes", bytes.len())))
            }
        }
    }

    /// The bytes in `range` from a store that says with them of which version of the file they are.
    async fn part(&self, range: Range<u64>) -> StoreResult<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let got = self.store.get_opts(&self.listed.location, options).await?;
        self.compare(&got.meta).map_err(|error| StoreError::Generic { store: "listed", source: Box::new(error) })?;
        if got.range != range {
            return Err(StoreError::Generic { store: "listed", source: "the store gave other bytes".into() });
        }
        got.bytes().await
    }

    /// Whether the store still says of the file what it was listed with.
    async fn settled(&self) -> Result<(), RuntimeError> {
        match self.store.head(&self.listed.location).await {
            Ok(now) => self.compare(&now),
            Err(error) => Err(self.refused(error)),
        }
    }

    fn compare(&self, now: &ObjectMeta) -> Result<(), RuntimeError> {
        let listed = &self.listed;
        let (is, was) = (now.size, listed.size);
        if is != was && self.logged {
            return Err(self.error(FileErrorKind::DeltaSize { size: is, logged: was }));
        }
        if is != was {
            return Err(self.changed(format!("it has {is} bytes, and had {was} when it was listed")));
        }
        // A log says when a file was written, wherever it was copied to since.
        if self.logged {
            return Ok(());
        }
        let time = |meta: &ObjectMeta| instant(meta.last_modified.timestamp_millis());
        let written = || format!("it was written at {}, and the one listed at {}", time(now), time(listed));
        let same_time = if self.local {
            now.last_modified == listed.last_modified
        } else {
            // Listings know fractions of a second, and the answers of HTTP do not.
            now.last_modified.timestamp() == listed.last_modified.timestamp()
        };
        match (tag(listed), tag(now)) {
            (Some(was), Some(is)) if was == is => Ok(()),
            (Some(_), Some(_)) if same_time => Err(self.changed("another file is in its place".to_owned())),
            (Some(_), Some(_)) => Err(self.changed(written())),
            _ if same_time => Ok(()),
            _ => Err(self.changed(written())),
        }
    }

    /// The error of the file for an error of the store. A file may have changed even if the read failed for another reason.
    async fn failed(&self, error: StoreError) -> RuntimeError {
        let error = match error {
            StoreError::Generic { store: "listed", source } => match source.downcast::<RuntimeError>() {
                Ok(own) => return *own,
                Err(source) => StoreError::Generic { store: "listed", source },
            },
            error => error,
        };
        if matches!(error, StoreError::NotFound { .. }) || is_denied(&error) {
            return self.refused(error);
        }
        match self.settled().await {
            Err(changed) if !matches!(changed.kind(), Some(FileErrorKind::Unfetched { .. })) => changed,
            _ => self.refused(error),
        }
    }

    fn refused(&self, error: StoreError) -> RuntimeError {
        self.error(match error {
            StoreError::NotFound { .. } if self.logged => FileErrorKind::DeltaFile { reason: NO_FILE.to_owned() },
            StoreError::NotFound { .. } => FileErrorKind::Vanished,
            error if is_denied(&error) => FileErrorKind::DeniedFile { reason: innermost(&error) },
            error => FileErrorKind::Unfetched { reason: innermost(&error) },
        })
    }

    fn changed(&self, reason: String) -> RuntimeError {
        self.error(FileErrorKind::Changed { reason })
    }

    fn unfetched(&self, reason: String) -> RuntimeError {
        self.error(FileErrorKind::Unfetched { reason })
    }

    fn damaged(&self, reason: String) -> RuntimeError {
        self.error(FileErrorKind::damaged(reason))
    }

    /// The error of `kind` about the file.
    fn error(&self, kind: FileErrorKind) -> RuntimeError {
        kind.of(&self.dataset, &self.display_path)
    }

    /// `error` for a layer that passes it on as text; it is kept as it is.
    fn kept(&self, error: RuntimeError) -> StoreError {
        let source = error.to_string().into();
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        StoreError::Generic { store: "listed", source }
    }
}

/// The tag of a version of a file. A weak one is no proof of the same bytes.
fn tag(meta: &ObjectMeta) -> Option<&str> {
    let tag = meta.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"))?;
    // Some listings leave out the quotes that the answers of HTTP have.
    Some(tag.trim_matches('"')).filter(|tag| !tag.is_empty())
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

/// The file alone, and for reading alone.
#[async_trait]
impl ObjectStore for Held {
    async fn put_opts(&self, _: &StorePath, _: PutPayload, _: PutOptions) -> StoreResult<PutResult> {
        Err(never("put_opts"))
    }

    async fn put_multipart_opts(&self, _: &StorePath, _: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(never("put_multipart_opts"))
    }

    async fn get_opts(&self, _: &StorePath, options: GetOptions) -> StoreResult<GetResult> {
        let meta = self.listed.clone();
        let range = match options.range {
            _ if options.head => 0..0,
            None => 0..meta.size,
            Some(range) => range.as_range(meta.size).map_err(|error| {
                let reason = format!("its footer leads past its end: {error}");
                self.kept(self.damaged(reason))
            })?,
        };
        let bytes = self.bytes(range.clone()).await.map_err(|error| self.kept(error))?;
        let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, _: &StorePath, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.ranges(ranges).await.map_err(|error| self.kept(error))
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, StoreResult<StorePath>>,
    ) -> BoxStream<'static, StoreResult<StorePath>> {
        stream::once(async { Err(never("delete_stream")) }).boxed()
    }

    fn list(&self, _: Option<&StorePath>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        stream::once(async { Err(never("list")) }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&StorePath>) -> StoreResult<ListResult> {
        Err(never("list_with_delimiter"))
    }

    async fn copy_opts(&self, _: &StorePath, _: &StorePath, _: CopyOptions) -> StoreResult<()> {
        Err(never("copy_opts"))
    }
}

fn never(operation: &str) -> StoreError {
    StoreError::NotImplemented { operation: operation.to_owned(), implementer: "one file".to_owned() }
}

/// The engine's reader of one file, whose errors are those of this crate.
struct HeldReader {
    held: Arc<Held>,
    reader: Box<dyn AsyncFileReader + Send>,
}

/// `error`, or the one of this crate that is behind it.
fn own(held: &Held, error: ParquetError) -> ParquetError {
    match held.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(own) => ParquetError::External(Box::new(own)),
        None => error,
    }
}

impl AsyncFileReader for HeldReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let Self { held, reader } = self;
        reader.get_bytes(range).map(|got| got.map_err(|error| own(held, error))).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let Self { held, reader } = self;
        reader.get_byte_ranges(ranges).map(|got| got.map_err(|error| own(held, error))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let Self { held, reader } = self;
        reader.get_metadata(options).map(|got| got.map_err(|error| own(held, error))).boxed()
    }
}

#[cfg(test)]
mod tests;
