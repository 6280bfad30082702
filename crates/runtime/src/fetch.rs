//! The footer of one file, fetched once and kept in the session's cache; and why, where it cannot be.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::physical_plan::parquet::CachedParquetMetaData;
use datafusion::execution::cache::cache_manager::CachedFileMetadataEntry;
use datafusion::parquet::DecodeResult;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder,
};

use crate::error::listed;
use crate::inventory::DataFile;
use crate::listing::Listing;
use crate::reading::Place;
use crate::{RuntimeError, encoding, guard, thrift};

/// What a Parquet file starts and ends with.
const MAGIC: &[u8] = b"PAR1";
/// What it ends with if its footer is encrypted.
const MAGIC_ENCRYPTED: &[u8] = b"PARE";
/// Bytes at the end of a file: four that say how long the footer is, and the magic.
const TAIL: u64 = 8;
/// How many bytes of a file's end are fetched at first where the session does not say: most footers fit.
const AT_FIRST: usize = 64 << 10;

/// The footer of `file` of `dataset`, with values undecoded that the reader would lose part of (`encoding.rs`), with the names that the
/// log of a Delta table gives, and without its page index unless the session's cache has that too. `hint` bytes of the file's end are
/// fetched at first.
///
/// The engine's own way trusts the length in the file's last bytes, and panics on one that is longer than the file where arithmetic
/// is checked (`push_decoder.rs` of parquet 59).
///
/// # Errors
///
/// Why it cannot be read, one variant per cause.
pub(crate) async fn footer(
    dataset: &str,
    place: &Place,
    file: &DataFile,
    hint: Option<usize>,
) -> Result<Arc<ParquetMetaData>, RuntimeError> {
    let stored = if let Some(cached) = cached(place, file) {
        cached
    } else {
        let fetch = Fetch { dataset, place, file };
        let fetched = guard::future(fetch.footer(hint.unwrap_or(AT_FIRST) as u64)).await;
        let fetched = fetched.unwrap_or_else(|panicked| Err(fetch.broken(panicked.to_string())))?;
        let entry = CachedParquetMetaData::new(Arc::clone(&fetched));
        let entry = CachedFileMetadataEntry::new(file.meta.clone(), Arc::new(entry));
        place.footers.put(&file.meta.location, entry);
        fetched
    };
    respelled(file, &stored).map_err(|error| RuntimeError::SchemaUnreadable {
        dataset: dataset.to_owned(),
        path: file.shown.clone(),
        reason: error.to_string(),
    })
}

/// The same, if the session's cache has it.
pub(crate) fn known(place: &Place, file: &DataFile) -> Option<Arc<ParquetMetaData>> {
    respelled(file, &cached(place, file)?).ok()
}

/// How many rows a file has.
pub(crate) fn rows(footer: &ParquetMetaData) -> u64 {
    footer.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or_default()).sum()
}

/// The footer `stored` of `file` with values undecoded that the reader would lose part of, and as the log of its table spells it, if it has
/// one.
pub(crate) fn respelled(file: &DataFile, stored: &Arc<ParquetMetaData>) -> Result<Arc<ParquetMetaData>, ParquetError> {
    let undecoded = encoding::undecoded(stored)?;
    match &file.logged {
        Some(logged) => logged.respelled(undecoded),
        None => Ok(undecoded),
    }
}

/// What the session's cache has of `file`, as any table of the session may read it.
fn cached(place: &Place, file: &DataFile) -> Option<Arc<ParquetMetaData>> {
    let cached = place.footers.get(&file.meta.location).filter(|cached| cached.is_valid_for(&file.meta))?;
    // Another file may have the size and the time of the one that the footer is of.
    if cached.meta.e_tag != file.meta.e_tag {
        return None;
    }
    let cached = cached.file_metadata.as_any().downcast_ref::<CachedParquetMetaData>()?;
    Some(Arc::clone(cached.parquet_metadata()))
}

/// A footer on its way.
struct Fetch<'a> {
    dataset: &'a str,
    place: &'a Place,
    file: &'a DataFile,
}

impl Fetch<'_> {
    async fn footer(&self, hint: u64) -> Result<Arc<ParquetMetaData>, RuntimeError> {
        let (dataset, path) = (self.dataset.to_owned(), self.file.shown.clone());
        let size = self.file.meta.size;
        if size == 0 {
            // It may have been listed while a writer began it.
            self.bytes(0..0).await?;
            return Err(RuntimeError::EmptyFile { dataset, path });
        }
        let Place { url, store, .. } = self.place;
        if let Some(kind) = Listing::irregular(url, store.as_ref(), &self.file.meta.location).await {
            return Err(RuntimeError::NotAFile { dataset, path, kind });
        }
        let start = size.saturating_sub(hint.max(TAIL));
        let end = self.bytes(start..size).await?;
        let tail = end.slice(end.len().saturating_sub(MAGIC.len() + 4)..);
        if tail.ends_with(MAGIC_ENCRYPTED) {
            return Err(self.broken("it is encrypted".to_owned()));
        }
        if !tail.ends_with(MAGIC) || size < MAGIC.len() as u64 + TAIL {
            let head = self.bytes(0..size.min(MAGIC.len() as u64)).await?;
            return Err(if head == MAGIC {
                RuntimeError::Truncated { dataset, path }
            } else {
                RuntimeError::NotParquet { dataset, path, reason: "it does not begin and end with `PAR1`".to_owned() }
            });
        }
        let length: [u8; 4] = tail[..4].try_into().expect("the tail is as long as the range that was asked for");
        let length = u64::from(u32::from_le_bytes(length));
        let Some(begin) = (size - TAIL).checked_sub(length) else {
            let reason = format!("it says that the footer has {length} bytes, and the file has {size}");
            return Err(self.broken(reason));
        };
        let decoded = self.decode(start..size, end).await?;
        match decoded {
            Ok(footer) => Ok(Arc::new(with_sound_offsets(footer))),
            Err(error) => {
                let keys = thrift::keys_not_utf8(&self.bytes(begin..size - TAIL).await?);
                if keys.is_empty() {
                    return Err(self.broken(error.to_string()));
                }
                let keys = listed(keys.iter().map(String::as_str));
                Err(RuntimeError::MetadataNotUtf8 { dataset, path, keys })
            }
        }
    }

    /// What the engine's decoder makes of the file's end, once it has all the bytes that it asks for.
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
        self.place.held(self.dataset, self.file).bytes(range).await
    }

    fn broken(&self, reason: String) -> RuntimeError {
        RuntimeError::BrokenFooter { dataset: self.dataset.to_owned(), path: self.file.shown.clone(), reason }
    }
}

/// `footer` with each chunk beginning where its first page is, as readers of other writers' files agree: a dictionary page is where the
/// footer says, unless that is no place in the file or behind the data.
fn with_sound_offsets(footer: ParquetMetaData) -> ParquetMetaData {
    let wrong = |chunk: &ColumnChunkMetaData| {
        chunk.dictionary_page_offset().is_some_and(|offset| offset <= 0 || offset >= chunk.data_page_offset())
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
