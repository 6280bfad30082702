//! The bytes of a file on their way to the engine's reader.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result};
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::pages::Pages;
use super::{Wrong, counts, indexes, levels};
use crate::files::footer::fetch;
use crate::files::store::FileStore;
use crate::files::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError};

/// How many bytes the engine's reader takes for the beginning of a bloom filter whose length it does not know.
const BLOOM_FILTER_HEADER: u64 = 20;

/// A reader of a file, of which everything that comes is held against the footer: the headers of pages and of bloom filters, and the
/// indexes of pages. The engine makes several readers of one file and asks only one of them for the footer.
pub struct Followed {
    reader: Box<dyn AsyncFileReader>,
    dataset: String,
    store: FileStore,
    file: DataFile,
    checked: Option<CheckedFooter>,
}

/// The footer, and what is where, by the first byte.
struct CheckedFooter {
    footer: Arc<ParquetMetaData>,
    parts: Vec<Part>,
}

/// The content of a byte range.
struct Part {
    range: Range<u64>,
    what: What,
    group: usize,
    leaf: usize,
}

#[derive(Clone, Copy)]
enum What {
    Pages,
    ColumnIndex,
    OffsetIndex,
    BloomFilter,
}

impl Followed {
    /// A validating `reader` of `file` of `dataset`.
    pub fn new(reader: Box<dyn AsyncFileReader>, dataset: &str, store: &FileStore, file: &DataFile) -> Self {
        Self { reader, dataset: dataset.to_owned(), store: store.clone(), file: file.clone(), checked: None }
    }

    async fn hold(&mut self, range: &Range<u64>, bytes: &[u8]) -> Result<()> {
        let checked = if let Some(checked) = &self.checked {
            checked
        } else {
            let footer = fetch::footer(&self.dataset, &self.store, &self.file, None).await;
            let footer = footer.map_err(|error| ParquetError::External(Box::new(error)))?;
            let parts = parts(&footer);
            &*self.checked.insert(CheckedFooter { footer, parts })
        };
        let from = checked.parts.partition_point(|part| part.range.end <= range.start);
        for part in checked.parts[from..].iter().take_while(|part| part.range.start < range.end) {
            part.held(&checked.footer, range, bytes, self.file.meta.size).map_err(|why| {
                ParquetError::External(Box::new(part.damaged(&self.dataset, &self.file, &checked.footer, why)))
            })?;
        }
        Ok(())
    }
}

/// Reads what no scan has to look at: the indexes of pages, the bloom filters, and the levels of values that can be wrong.
///
/// # Errors
///
/// The part that cannot be read, or contradicts the footer.
pub async fn whole(dataset: &str, store: &FileStore, file: &DataFile) -> std::result::Result<(), RuntimeError> {
    let footer = fetch::footer(dataset, store, file, None).await?;
    let mut reader: Box<dyn AsyncFileReader> = store.alone(dataset, file)?;
    let own = |error: ParquetError| {
        let reason = match error {
            ParquetError::External(error) => match error.downcast::<RuntimeError>() {
                Ok(own) => return *own,
                Err(error) => error.to_string(),
            },
            error => error.to_string(),
        };
        FileErrorKind::damaged(reason).of(dataset, &file.display_path)
    };
    let indexes = ParquetMetaDataReader::new_with_metadata(footer.as_ref().clone());
    let mut indexes = indexes.with_page_index_policy(PageIndexPolicy::Optional);
    indexes.load_page_index(&mut reader).await.map_err(own)?;
    for part in parts(&footer) {
        let group = footer.row_group(part.group);
        let chunk = group.column(part.leaf);
        let range = part.range.clone();
        match part.what {
            What::BloomFilter if chunk.bloom_filter_length().is_some() => {
                reader.get_bytes(range).await.map_err(own)?;
            }
            What::BloomFilter => {
                let end = (range.start + BLOOM_FILTER_HEADER).min(file.meta.size);
                reader.get_bytes(range.start..end).await.map_err(own)?;
            }
            What::Pages if levels::can_be_wrong(chunk.column_descr()) => {
                let bytes = reader.get_bytes(range.clone()).await.map_err(own)?;
                let held = levels::held(bytes, range.start, chunk, group);
                held.map_err(|why| part.damaged(dataset, file, &footer, why))?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Part {
    /// Holds what is here against `bytes`, which are those at `range` of a file of `size` bytes.
    fn held(
        &self,
        footer: &ParquetMetaData,
        range: &Range<u64>,
        bytes: &[u8],
        size: u64,
    ) -> std::result::Result<(), Wrong> {
        let (from, to) = (self.range.start.max(range.start), self.range.end.min(range.end));
        let place = |place: u64| usize::try_from(place - range.start).unwrap_or(usize::MAX).min(bytes.len());
        let here = &bytes[place(from)..place(to)];
        let (first, last) = (from == self.range.start, to == self.range.end);
        let group = footer.row_group(self.group);
        let chunk = group.column(self.leaf);
        match self.what {
            // What is read of a chunk begins with a page.
            What::Pages => Pages { chunk, bytes: here, first, last }.held(),
            What::ColumnIndex if first && last => indexes::column_index(here),
            What::OffsetIndex if first && last => indexes::offset_index(here, chunk, group),
            What::BloomFilter if first => {
                let length = chunk.bloom_filter_length().and_then(|length| usize::try_from(length).ok());
                // Without a length all that comes is its beginning.
                let here = if length.is_some() { here } else { &bytes[place(from)..] };
                indexes::bloom_filter(here, length, size - self.range.start)
            }
            _ => Ok(()),
        }
    }

    fn damaged(&self, dataset: &str, file: &DataFile, footer: &ParquetMetaData, reason: Wrong) -> RuntimeError {
        let column = footer.row_group(self.group).column(self.leaf).column_path().string();
        FileErrorKind::Damaged { chunk: Some((column, self.group)), reason }.of(dataset, &file.display_path)
    }
}

fn parts(footer: &ParquetMetaData) -> Vec<Part> {
    let mut parts = Vec::new();
    for (group, chunks) in footer.row_groups().iter().enumerate() {
        for (leaf, chunk) in chunks.columns().iter().enumerate() {
            let mut add = |what, offset: Option<i64>, length: Option<i64>| {
                let (offset, length) = (offset.map(u64::try_from), length.map(u64::try_from));
                if let (Some(Ok(start)), Some(Ok(length @ 1..))) = (offset, length) {
                    parts.push(Part { range: start..start.saturating_add(length), what, group, leaf });
                }
            };
            let pages = Some(chunk.compressed_size()).filter(|_| chunk.num_values() > 0);
            add(What::Pages, Some(counts::start(chunk)), pages);
            add(What::ColumnIndex, chunk.column_index_offset(), chunk.column_index_length().map(i64::from));
            add(What::OffsetIndex, chunk.offset_index_offset(), chunk.offset_index_length().map(i64::from));
            add(What::BloomFilter, chunk.bloom_filter_offset(), Some(chunk.bloom_filter_length().map_or(1, i64::from)));
        }
    }
    parts.sort_unstable_by_key(|part| (part.range.start, part.range.end));
    parts
}

impl AsyncFileReader for Followed {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let bytes = self.reader.get_bytes(range.clone()).await?;
            self.hold(&range, &bytes).await?;
            Ok(bytes)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            let got = self.reader.get_byte_ranges(ranges.clone()).await?;
            for (range, bytes) in ranges.iter().zip(&got) {
                self.hold(range, bytes).await?;
            }
            Ok(got)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        self.reader.get_metadata(options)
    }
}
