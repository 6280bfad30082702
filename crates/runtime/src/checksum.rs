//! Which page of a file has bytes that its writer did not put there. The engine's reader compares checksums and names no place.

use std::error::Error;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory as _;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use datafusion::parquet::file::metadata::PageIndexPolicy;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::TryStreamExt as _;

use crate::inventory::DataFile;
use crate::reading::Place;
use crate::{RuntimeError, fetch};

/// What the reader says of a page with a wrong checksum (`serialized_reader.rs` of parquet 59).
const MISMATCH: &str = "Page CRC checksum mismatch";

/// Whether a page with a wrong checksum is behind `error`.
pub(crate) fn is_behind(error: &DataFusionError) -> bool {
    tells(error)
}

fn tells(error: &dyn Error) -> bool {
    error.to_string().contains(MISMATCH)
}

/// The first page of `file` with a wrong checksum, found by reading each column of each row group alone.
pub(crate) async fn find(dataset: &str, place: &Place, file: &DataFile) -> Option<RuntimeError> {
    let footer = fetch::footer(dataset, place, file, None).await.ok()?;
    let options =
        ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip).with_skip_arrow_metadata(true);
    let opened = ArrowReaderMetadata::try_new(Arc::clone(&footer), options).ok()?;
    let schema = footer.file_metadata().schema_descr();
    for group in 0..footer.num_row_groups() {
        for leaf in 0..schema.num_columns() {
            let metrics = ExecutionPlanMetricsSet::new();
            let listed = PartitionedFile::new_from_meta(file.meta.clone());
            let reader: Box<dyn AsyncFileReader> = place.readers().create_reader(0, listed, None, &metrics).ok()?;
            let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, opened.clone());
            let only = ProjectionMask::leaves(schema, [leaf]);
            let rows = builder.with_row_groups(vec![group]).with_projection(only).build().ok()?;
            let Err(error) = rows.try_for_each(|_| async { Ok(()) }).await else { continue };
            if tells(&error) {
                let column = schema.column(leaf).path().string();
                let (dataset, path) = (dataset.to_owned(), file.shown.clone());
                return Some(RuntimeError::Checksum { dataset, path, column, group });
            }
        }
    }
    None
}
