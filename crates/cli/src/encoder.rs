//! Record batches as CSV, JSON, Arrow IPC or Parquet, one batch at a time.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::csv;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::json;
use arrow::json::writer::{EncoderOptions, LineDelimited, make_encoder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use thiserror::Error;

use crate::args::RowFormat;
use crate::output::Writer;

/// The most rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 20;
/// The most bytes of a Parquet row group: it is gathered in memory.
const GROUP_BYTES: usize = 128 << 20;

/// Rows on their way to a writer.
pub enum Encoder {
    /// With a header line; nested values as JSON text.
    Csv(Box<csv::Writer<Writer>>),
    /// One object per line, NULLs written.
    Json(Box<json::Writer<Writer, LineDelimited>>),
    /// The IPC stream format.
    Stream(Box<StreamWriter<Writer>>),
    /// The IPC file format.
    File(Box<FileWriter<Writer>>),
    /// Parquet, with the Arrow schema in its metadata.
    Parquet(Box<ArrowWriter<Writer>>),
}

/// What an encoder cannot do.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// An Arrow encoder.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The Parquet encoder.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// The writer below.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Encoder {
    /// An encoder of `format` for rows of `schema`; the table format has none. `target` is the file's name, if it is a file.
    pub fn new(
        format: RowFormat,
        schema: &SchemaRef,
        writer: Writer,
        target: Option<&Path>,
    ) -> Result<Self, EncodeError> {
        Ok(match format {
            RowFormat::Csv | RowFormat::Table => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(writer);
                // The header is there for no rows too.
                writer.write(&RecordBatch::new_empty(flat(schema)))?;
                Self::Csv(Box::new(writer))
            }
            RowFormat::Json => {
                let options = json::WriterBuilder::new().with_explicit_nulls(true);
                Self::Json(Box::new(options.build::<_, LineDelimited>(writer)))
            }
            RowFormat::Arrow if file_format(target) => Self::File(Box::new(FileWriter::try_new(writer, schema)?)),
            RowFormat::Arrow => Self::Stream(Box::new(StreamWriter::try_new(writer, schema)?)),
            RowFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_max_row_group_bytes(Some(GROUP_BYTES))
                    .build();
                Self::Parquet(Box::new(ArrowWriter::try_new(writer, Arc::clone(schema), Some(properties))?))
            }
        })
    }

    /// Writes rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        match self {
            Self::Csv(writer) => writer.write(&flattened(batch)?)?,
            Self::Json(writer) => writer.write(batch)?,
            Self::Stream(writer) => writer.write(batch)?,
            Self::File(writer) => writer.write(batch)?,
            Self::Parquet(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    /// Writes what belongs at the end, and sends all of it on its way.
    pub fn finish(self) -> Result<(), EncodeError> {
        let mut writer = match self {
            Self::Csv(writer) => writer.into_inner(),
            Self::Json(mut writer) => {
                writer.finish()?;
                writer.into_inner()
            }
            Self::Stream(writer) => writer.into_inner()?,
            Self::File(writer) => writer.into_inner()?,
            Self::Parquet(writer) => writer.into_inner()?,
        };
        writer.flush()?;
        Ok(())
    }
}

/// Files have the format that can be read from any place; a stream, and what is named as one, has the other.
fn file_format(target: Option<&Path>) -> bool {
    target.is_some_and(|path| path.extension().is_none_or(|ending| ending != "arrows"))
}

/// `schema` with text in place of nested types, which CSV has not.
fn flat(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        if nested(field.data_type()) {
            Arc::new(Field::new(field.name(), DataType::Utf8, true))
        } else {
            Arc::clone(field)
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn flattened(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    if !schema.fields().iter().any(|field| nested(field.data_type())) {
        return Ok(batch.clone());
    }
    let columns =
        batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
            if nested(field.data_type()) { as_json(column, field) } else { Ok(Arc::clone(column)) }
        });
    RecordBatch::try_new(flat(&schema), columns.collect::<Result<_, _>>()?)
}

fn as_json(column: &ArrayRef, field: &Arc<Field>) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column.as_ref(), &options)?;
    let mut texts = StringBuilder::new();
    let mut value = Vec::new();
    for row in 0..column.len() {
        if encoder.is_null(row) {
            texts.append_null();
        } else {
            value.clear();
            encoder.encode(row, &mut value);
            texts.append_value(String::from_utf8_lossy(&value));
        }
    }
    Ok(Arc::new(texts.finish()))
}

/// Whether CSV has no value of this type: nested ones, and those that hold a nested one.
fn nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => nested(values),
        _ => data_type.is_nested(),
    }
}
