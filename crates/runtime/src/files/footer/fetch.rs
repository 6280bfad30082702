//! The footer of one file, fetched once and kept in the session's cache; and why, where it cannot be.

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use cstspec_contract::text::quoted_list;
use datafusion::common::HashMap;
use datafusion::datasource::physical_plan::parquet::CachedParquetMetaData;
use datafusion::execution::cache::cache_manager::{CachedFileMetadataEntry, FileMetadata};
use datafusion::parquet::DecodeResult;
use datafusion::parquet::arrow::ARROW_SCHEMA_META_KEY;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder,
};

use super::{checks, encoding, thrift};
use crate::files::delta::Logged;
use crate::files::listing::Listing;
use crate::files::opened::{OpenedFile, OpenedFiles, ReadContract};
use crate::files::store::FileStore;
use crate::files::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError, guard};

/// The first and last bytes of a Parquet file.
pub(super) const MAGIC: &[u8] = b"PAR1";
/// The last bytes if its footer is encrypted.
const MAGIC_ENCRYPTED: &[u8] = b"PARE";
/// Bytes at the end of a file: four that say how long the footer is, and the magic.
pub(super) const TAIL: u64 = 8;
/// The most bytes of a footer: it is read and decoded in one piece, and its length is believed where the file is as long.
pub(super) const LONGEST: u64 = 256 << 20;
/// How many bytes of a file's end are fetched at first where the session does not say: most footers fit.
pub(super) const AT_FIRST: usize = 64 << 10;

/// The footer of `file` of `dataset`, with values undecoded that the reader would lose part of (`encoding.rs`), with the names that the
/// log of a Delta table gives, and without its page index. `hint` bytes of the file's end are
/// fetched at first. It was held against the file (`checks`); one that the engine put into the cache was not, and is fetched again.
///
/// The engine's own way trusts the length in the file's last bytes, and panics on one that is longer than the file where arithmetic
/// is checked (`push_decoder.rs` of parquet 59).
///
/// # Errors
///
/// Why it cannot be read, one variant per cause.
pub async fn footer(
    dataset: &str,
    store: &FileStore,
    file: &DataFile,
    hint: Option<usize>,
) -> Result<Arc<ParquetMetaData>, RuntimeError> {
    Ok(entry(dataset, store, file, hint).await?.metadata)
}

/// `file` opened under `read`: its footer as [`footer`] gives it, compared with the contract once per session.
///
/// # Errors
///
/// Those of [`footer`].
pub async fn open(
    read: &ReadContract,
    store: &FileStore,
    file: &DataFile,
    hint: Option<usize>,
) -> Result<Arc<OpenedFile>, RuntimeError> {
    let dataset = &read.contract.name;
    let entry = entry(dataset, store, file, hint).await?;
    entry.opened(read).map_err(|error| unreadable(dataset, file, &error))
}

/// The same, if the session's cache has its footer and that has a schema.
pub fn known(read: &ReadContract, store: &FileStore, file: &DataFile) -> Option<Arc<OpenedFile>> {
    cached(store, file)?.ok()?.opened(read).ok()
}

/// The footer of `file`, if the session's cache has it.
pub fn known_footer(store: &FileStore, file: &DataFile) -> Option<Arc<ParquetMetaData>> {
    Some(cached(store, file)?.ok()?.metadata)
}

/// A footer of the session's cache, as one dataset reads it.
struct Entry {
    known: Arc<dyn FileMetadata>,
    metadata: Arc<ParquetMetaData>,
}

impl Entry {
    fn new(known: Arc<dyn FileMetadata>, file: &DataFile) -> Option<Result<Self, ParquetError>> {
        let any: &dyn Any = known.as_ref();
        let read = any.downcast_ref::<CachedFooter>()?.read(file);
        Some(read.map(|metadata| Self { known, metadata }))
    }

    fn opened(&self, read: &ReadContract) -> Result<Arc<OpenedFile>, ParquetError> {
        let any: &dyn Any = self.known.as_ref();
        match any.downcast_ref::<CachedFooter>() {
            Some(known) => known.opened.get(read, &self.metadata),
            None => OpenedFile::new(read, &self.metadata).map(Arc::new),
        }
    }
}

/// The footer of `file`: from the session's cache, or fetched and put there.
async fn entry(dataset: &str, store: &FileStore, file: &DataFile, hint: Option<usize>) -> Result<Entry, RuntimeError> {
    let read = if let Some(read) = cached(store, file) {
        read
    } else {
        let fetch = Fetch { dataset, store, file };
        let fetched = guard::future(fetch.footer(hint.unwrap_or(AT_FIRST) as u64)).await;
        let fetched = fetched.unwrap_or_else(|panicked| Err(fetch.broken(panicked.to_string())))?;
        FOOTERS.fetch_add(1, Ordering::Relaxed);
        let stored = CachedParquetMetaData::new(fetched);
        let known = CachedFooter { stored, read: Mutex::default(), opened: OpenedFiles::default() };
        let metadata = known.read(file);
        let known: Arc<dyn FileMetadata> = Arc::new(known);
        let entry = CachedFileMetadataEntry::new(file.meta.clone(), Arc::clone(&known));
        store.footers.put(&file.meta.location, entry);
        metadata.map(|metadata| Entry { known, metadata })
    };
    read.map_err(|error| unreadable(dataset, file, &error))
}

static FOOTERS: AtomicU64 = AtomicU64::new(0);

/// How often the process has decoded a footer.
pub fn decoded_footers() -> u64 {
    FOOTERS.load(Ordering::Relaxed)
}

fn unreadable(dataset: &str, file: &DataFile, error: &ParquetError) -> RuntimeError {
    FileErrorKind::SchemaUnreadable { reason: error.to_string() }.of(dataset, &file.display_path)
}

/// How many rows a file has.
pub fn rows(footer: &ParquetMetaData) -> u64 {
    footer.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or_default()).sum()
}

/// The footer that the session's cache has of `file`, if it was held against the file.
fn cached(store: &FileStore, file: &DataFile) -> Option<Result<Entry, ParquetError>> {
    let cached = store.footers.get(&file.meta.location).filter(|cached| cached.is_valid_for(&file.meta))?;
    // Another file may have the size and the time of the one that the footer is of.
    if cached.meta.e_tag != file.meta.e_tag {
        return None;
    }
    Entry::new(cached.file_metadata, file)
}

/// A footer in the session's cache that was held against its file.
struct CachedFooter {
    /// As any table of the session may read it, under the type that the engine's own readers look for.
    stored: CachedParquetMetaData,
    /// As it was read last, with the log that gave it its names.
    read: Mutex<Option<AsRead>>,
    /// As it was opened, under each contract.
    opened: OpenedFiles,
}

type AsRead = (Option<Arc<Logged>>, Arc<ParquetMetaData>);

impl CachedFooter {
    /// The footer of `file` with values undecoded that the reader would lose part of, and as the log of its table spells it, if it has one.
    fn read(&self, file: &DataFile) -> Result<Arc<ParquetMetaData>, ParquetError> {
        let same = |logged: &Option<Arc<Logged>>| match (logged, &file.logged) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, read)) = read.as_ref().filter(|(logged, _)| same(logged)) {
            return Ok(Arc::clone(read));
        }
        let undecoded = encoding::undecoded(self.stored.parquet_metadata())?;
        let respelled = match &file.logged {
            Some(logged) => logged.respelled(undecoded)?,
            None => undecoded,
        };
        *read = Some((file.logged.clone(), Arc::clone(&respelled)));
        Ok(respelled)
    }
}

impl FileMetadata for CachedFooter {
    fn as_any(&self) -> &dyn Any {
        &self.stored
    }

    fn memory_size(&self) -> usize {
        self.stored.memory_size()
    }

    fn extra_info(&self) -> HashMap<String, String> {
        self.stored.extra_info()
    }
}

/// A footer on its way.
struct Fetch<'a> {
    dataset: &'a str,
    store: &'a FileStore,
    file: &'a DataFile,
}

impl Fetch<'_> {
    async fn footer(&self, hint: u64) -> Result<Arc<ParquetMetaData>, RuntimeError> {
        let FileStore { url, store, .. } = self.store;
        // Asked first, since to open a pipe may never end. One has no size, as an empty file.
        if let Some(kind) = Listing::irregular(url, store.as_ref(), &self.file.meta.location).await {
            return Err(self.error(FileErrorKind::NotAFile { kind }));
        }
        let size = self.file.meta.size;
        if size == 0 {
            // It may have been listed while a writer began it.
            self.bytes(0..0).await?;
            return Err(self.error(FileErrorKind::EmptyFile));
        }
        let start = size.saturating_sub(hint.max(TAIL));
        let end = self.bytes(start..size).await?;
        let tail = end.slice(end.len().saturating_sub(MAGIC.len() + 4)..);
        if tail.ends_with(MAGIC_ENCRYPTED) {
            return Err(self.broken("it is encrypted".to_owned()));
        }
        if !tail.ends_with(MAGIC) || size < MAGIC.len() as u64 + TAIL {
            let head = self.bytes(0..size.min(MAGIC.len() as u64)).await?;
            return Err(self.error(if head == MAGIC {
                FileErrorKind::Truncated
            } else {
                FileErrorKind::NotParquet { reason: "it does not begin and end with `PAR1`".to_owned() }
            }));
        }
        let length: [u8; 4] = tail[..4].try_into().expect("the tail is as long as the range that was asked for");
        let length = u64::from(u32::from_le_bytes(length));
        let Some(begin) = (size - TAIL).checked_sub(length).filter(|begin| *begin >= MAGIC.len() as u64) else {
            let reason = format!("it says that the footer has {length} bytes, and the file has {size}");
            return Err(self.broken(reason));
        };
        if length > LONGEST {
            return Err(self.broken(format!("it has {length} bytes, and at most {LONGEST} can be read")));
        }
        let whole = if let Some(before) = begin.checked_sub(start) {
            end.slice(usize::try_from(before).expect("what was fetched fits into memory")..)
        } else {
            let mut whole = BytesMut::from(self.bytes(begin..start).await?);
            whole.extend_from_slice(&end);
            whole.freeze()
        };
        let footer = whole.slice(..whole.len() - end.len().min(MAGIC.len() + 4));
        checks::footer(&footer).map_err(|why| self.broken(why))?;
        match self.decode(begin..size, whole).await? {
            Ok(decoded) => {
                checks::counts(&decoded, MAGIC.len() as u64..begin).map_err(|why| self.broken(why))?;
                let pairs = decoded.file_metadata().key_value_metadata().into_iter().flatten();
                for pair in pairs.filter(|pair| pair.key == ARROW_SCHEMA_META_KEY) {
                    checks::arrow_schema(pair.value.as_deref().unwrap_or_default())
                        .map_err(|reason| self.error(FileErrorKind::SchemaUnreadable { reason }))?;
                }
                Ok(Arc::new(with_sound_offsets(decoded)))
            }
            Err(error) => {
                let keys = thrift::keys_not_utf8(&footer);
                if keys.is_empty() {
                    return Err(self.broken(error.to_string()));
                }
                let keys = quoted_list(keys.iter().map(String::as_str));
                Err(self.error(FileErrorKind::MetadataNotUtf8 { keys }))
            }
        }
    }

    /// The result of the engine's decoder on the end of the file, once it has all the bytes that it requests.
    async fn decode(
        &self,
        range: Range<u64>,
        end: Bytes,
    ) -> Result<Result<ParquetMetaData, ParquetError>, RuntimeError> {
        let mut decoder = match ParquetMetaDataPushDecoder::try_new(self.file.meta.size) {
            Ok(decoder) => decoder.with_page_index_policy(PageIndexPolicy::Skip),
            Err(error) => return Ok(Err(error)),
        };
        let mut pushed = decoder.push_range(range, end);
        loop {
            match pushed.and_then(|()| decoder.try_decode()) {
                Ok(DecodeResult::Data(footer)) => return Ok(Ok(footer)),
                Ok(DecodeResult::NeedsData(ranges)) => {
                    let mut buffers = Vec::with_capacity(ranges.len());
                    for range in &ranges {
                        buffers.push(self.bytes(range.clone()).await?);
                    }
                    pushed = decoder.push_ranges(ranges, buffers);
                }
                Ok(DecodeResult::Finished) => return Ok(Err(ParquetError::EOF("no footer".to_owned()))),
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    async fn bytes(&self, range: Range<u64>) -> Result<Bytes, RuntimeError> {
        self.store.held(self.dataset, self.file).bytes(range).await
    }

    fn broken(&self, reason: String) -> RuntimeError {
        self.error(FileErrorKind::BrokenFooter { reason })
    }

    /// The error of `kind` about the file.
    fn error(&self, kind: FileErrorKind) -> RuntimeError {
        kind.of(self.dataset, &self.file.display_path)
    }
}

/// `footer` with each chunk beginning where its first page is, as readers of other writers' files agree: a dictionary page is where the
/// footer says, unless that is no place in the file or behind the data.
fn with_sound_offsets(footer: ParquetMetaData) -> ParquetMetaData {
    let wrong = |chunk: &ColumnChunkMetaData| {
        chunk.dictionary_page_offset().is_some_and(|offset| offset != checks::start(chunk))
    };
    if !footer.row_groups().iter().any(|group| group.columns().iter().any(wrong)) {
        return footer;
    }
    let sound = |chunk: &ColumnChunkMetaData| {
        if wrong(chunk) {
            chunk.clone().into_builder().set_dictionary_page_offset(None).build()
        } else {
            Ok(chunk.clone())
        }
    };
    let groups = footer.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(sound).collect::<Result<_, _>>()?;
        group.clone().into_builder().set_column_metadata(columns).build()
    });
    match groups.collect::<Result<Vec<_>, ParquetError>>() {
        Ok(groups) => footer.into_builder().set_row_groups(groups).build(),
        Err(_) => footer,
    }
}
