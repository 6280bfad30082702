//! Record batches as CSV, JSON, Arrow IPC or Parquet, one batch at a time.

mod error;
mod fit;
mod format;
mod json;
mod parquet;
#[cfg(test)]
mod tests;
mod text;
mod unified;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::{FileWriter, StreamWriter};

use crate::output::Writer;
use text::{Csv, Lines};
use unified::Unified;

pub use error::EncodeError;
pub use fit::check;
pub use format::Format;

/// The most rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 20;
/// The most bytes of a Parquet row group: it is gathered in memory.
const GROUP_BYTES: usize = 128 << 20;

/// Rows on their way to a writer.
pub enum Encoder {
    /// As [`Format::Csv`].
    Csv(Box<Csv>),
    /// As [`Format::Json`].
    Json(Box<Lines>),
    /// As [`Format::ArrowStream`].
    Stream(Box<StreamWriter<Writer>>),
    /// As [`Format::ArrowFile`].
    File(Box<FileWriter<Writer>>),
    /// As [`Format::ArrowFile`], with dictionaries.
    Unified(Box<Unified>),
    /// As [`Format::Parquet`].
    Parquet(Box<ArrowWriter<Writer>>, SchemaRef),
}

impl Encoder {
    /// An encoder of `format` for rows of `schema`, which the format holds. `target` is the file's name, if it is a file.
    pub fn new(format: Format, schema: &SchemaRef, writer: Writer, target: Option<&Path>) -> Result<Self, EncodeError> {
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(Csv::new(writer, schema))),
            Format::Json => Self::Json(Box::new(Lines::new(writer, schema))),
            Format::ArrowStream => Self::Stream(Box::new(StreamWriter::try_new(writer, schema)?)),
            Format::ArrowFile if schema.fields().iter().any(|field| unified::has_dictionary(field.data_type())) => {
                Self::Unified(Box::new(Unified::new(schema, writer, target)?))
            }
            Format::ArrowFile => Self::File(Box::new(FileWriter::try_new(writer, schema)?)),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_max_row_group_bytes(Some(GROUP_BYTES))
                    .build();
                let schema = parquet::schema(schema);
                let encoder = ArrowWriter::try_new(writer, Arc::clone(&schema), Some(properties))?;
                Self::Parquet(Box::new(encoder), schema)
            }
        })
    }

    /// Writes rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        match self {
            Self::Csv(writer) => writer.write(batch)?,
            Self::Json(writer) => writer.write(batch)?,
            Self::Stream(writer) => writer.write(batch)?,
            Self::File(writer) => writer.write(batch)?,
            Self::Unified(writer) => writer.write(batch)?,
            Self::Parquet(writer, schema) => writer.write(&parquet::batch(batch, schema)?)?,
        }
        Ok(())
    }

    /// Writes what belongs at the end, and sends all of it on its way.
    pub fn finish(self) -> Result<(), EncodeError> {
        let mut writer = match self {
            Self::Csv(writer) => writer.into_inner()?,
            Self::Json(writer) => writer.into_inner(),
            Self::Stream(writer) => writer.into_inner()?,
            Self::File(writer) => writer.into_inner()?,
            Self::Unified(writer) => writer.into_inner()?,
            Self::Parquet(writer, _) => writer.into_inner()?,
        };
        writer.flush()?;
        Ok(())
    }
}
