//! Which column chunk of a file cannot be decoded. The engine's reader compares checksums and asserts what it takes for granted, and
//! names no place.

use std::sync::Arc;

use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use datafusion::parquet::basic::{ConvertedType, LogicalType};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use datafusion::parquet::schema::types::{SchemaDescriptor, Type};
use futures::TryStreamExt as _;

use super::footer::fetch;
use super::store::FileStore;
use super::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError, guard};

/// The reader's message for a page with a wrong checksum (`serialized_reader.rs` of parquet 59).
const MISMATCH: &str = "Page CRC checksum mismatch";

/// The first chunk of `file` that cannot be decoded, found by reading each column of each row group alone; or what became of the file in
/// the meantime. Nothing if all of them can be. The reader decodes a map as a whole, so of chunks in a map the map is named.
pub async fn find(dataset: &str, store: &FileStore, file: &DataFile) -> Option<RuntimeError> {
    let footer = fetch::footer(dataset, store, file, None).await.ok()?;
    let options =
        ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip).with_skip_arrow_metadata(true);
    let opened = guard::caught(|| ArrowReaderMetadata::try_new(Arc::clone(&footer), options)).ok()?.ok()?;
    let columns = columns(footer.file_metadata().schema_descr());
    for group in 0..footer.num_row_groups() {
        for (column, leaves) in &columns {
            let only = (group, leaves.as_slice());
            let read = guard::future(read(dataset, store, file, &footer, opened.clone(), only)).await;
            let column = column.clone();
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
            return Some(kind.of(dataset, &file.display_path));
        }
    }
    None
}

/// The parts of a schema that can be decoded alone, with the numbers of their leaves: leaves, and maps.
fn columns(schema: &SchemaDescriptor) -> Vec<(String, Vec<usize>)> {
    let mut columns = Vec::new();
    let mut leaf = 0;
    for field in schema.root_schema().get_fields() {
        walk(field, &mut Vec::new(), &mut leaf, &mut columns);
    }
    columns
}

fn walk<'a>(field: &'a Type, path: &mut Vec<&'a str>, leaf: &mut usize, columns: &mut Vec<(String, Vec<usize>)>) {
    path.push(field.name());
    if field.is_primitive() {
        columns.push((path.join("."), vec![*leaf]));
        *leaf += 1;
    } else if is_map(field) {
        let first = *leaf;
        *leaf += number_of_leaves(field);
        columns.push((path.join("."), (first..*leaf).collect()));
    } else {
        for child in field.get_fields() {
            walk(child, path, leaf, columns);
        }
    }
    path.pop();
}

fn is_map(field: &Type) -> bool {
    let info = field.get_basic_info();
    matches!(info.logical_type_ref(), Some(LogicalType::Map))
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE)
}

fn number_of_leaves(field: &Type) -> usize {
    if field.is_primitive() { 1 } else { field.get_fields().iter().map(|child| number_of_leaves(child)).sum() }
}

/// Decodes some leaves of one row group.
async fn read(
    dataset: &str,
    store: &FileStore,
    file: &DataFile,
    footer: &ParquetMetaData,
    opened: ArrowReaderMetadata,
    (group, leaves): (usize, &[usize]),
) -> Result<(), ParquetError> {
    let reader = store.alone(dataset, file).map_err(|error| ParquetError::External(Box::new(error)))?;
    let reader: Box<dyn AsyncFileReader> = reader;
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, opened);
    let only = ProjectionMask::leaves(footer.file_metadata().schema_descr(), leaves.iter().copied());
    let rows = builder.with_row_groups(vec![group]).with_projection(only).build()?;
    rows.try_for_each(|_| async { Ok(()) }).await
}
