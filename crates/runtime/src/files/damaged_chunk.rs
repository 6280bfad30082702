//! Which column chunk of a file cannot be decoded. The engine's reader compares checksums and asserts what it takes for granted, and
//! names no place.

use std::sync::Arc;

use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use futures::TryStreamExt as _;

use super::footer::fetch;
use super::store::FileStore;
use super::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError, guard};

/// The reader's message for a page with a wrong checksum (`serialized_reader.rs` of parquet 59).
const MISMATCH: &str = "Page CRC checksum mismatch";

/// The first chunk of `file` that cannot be decoded, found by reading each column of each row group alone; or what became of the file in
/// the meantime. Nothing if all of them can be.
pub async fn find(dataset: &str, place: &FileStore, file: &DataFile) -> Option<RuntimeError> {
    let footer = fetch::footer(dataset, place, file, None).await.ok()?;
    let options =
        ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip).with_skip_arrow_metadata(true);
    let opened = guard::caught(|| ArrowReaderMetadata::try_new(Arc::clone(&footer), options)).ok()?.ok()?;
    let schema = footer.file_metadata().schema_descr();
    for group in 0..footer.num_row_groups() {
        for leaf in 0..schema.num_columns() {
            let read = guard::future(read(dataset, place, file, &footer, opened.clone(), (group, leaf))).await;
            let column = schema.column(leaf).path().string();
            let reason = match read {
                Ok(Ok(())) => continue,
                Ok(Err(ParquetError::External(error))) => match error.downcast::<RuntimeError>() {
                    Ok(own) => return Some(*own),
                    Err(error) => error.to_string(),
                },
                Ok(Err(error)) => error.to_string(),
                Err(panicked) => panicked.to_string(),
            };
            let kind = if reason.contains(MISMATCH) {
                FileErrorKind::Checksum { column, group }
            } else {
                FileErrorKind::Damaged { chunk: Some((column, group)), reason }
            };
            return Some(kind.of(dataset, &file.shown));
        }
    }
    None
}

/// Decodes one column of one row group.
async fn read(
    dataset: &str,
    place: &FileStore,
    file: &DataFile,
    footer: &ParquetMetaData,
    opened: ArrowReaderMetadata,
    (group, leaf): (usize, usize),
) -> Result<(), ParquetError> {
    let reader = place.alone(dataset, file).map_err(|error| ParquetError::External(Box::new(error)))?;
    let reader: Box<dyn AsyncFileReader> = reader;
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, opened);
    let only = ProjectionMask::leaves(footer.file_metadata().schema_descr(), [leaf]);
    let rows = builder.with_row_groups(vec![group]).with_projection(only).build()?;
    rows.try_for_each(|_| async { Ok(()) }).await
}
