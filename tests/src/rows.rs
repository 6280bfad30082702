//! Rows as JSON lines, as record batches and as Parquet files.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// Rows, one JSON object per line, as one batch. Members that `schema` lacks are ignored.
pub fn batch(rows: &str, schema: &SchemaRef) -> RecordBatch {
    let mut reader = ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(rows.to_owned())).unwrap();
    reader.next().map_or_else(|| RecordBatch::new_empty(Arc::clone(schema)), Result::unwrap)
}

/// Writes a batch as a Parquet file, and the folders above it.
pub fn write(path: &Path, batch: &RecordBatch) {
    write_with(path, batch, WriterProperties::default());
}

/// The same with other properties of the writer.
pub fn write_with(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}
