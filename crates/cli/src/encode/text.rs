//! Rows as text: CSV and lines of JSON.

use std::io::Write;

use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::json::writer::NullableEncoder;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::error::EncodeError;
use super::json::{self, Json};
use crate::output::Writer;

/// How much text is gathered before it is handed on, in bytes.
const BUFFER: usize = 16 << 10;

/// Comma-separated values as RFC 4180 has them, under a header line.
///
/// NULL is nothing between two commas and an empty text is `""`, as `PostgreSQL` writes them. Nested values are JSON.
pub struct Csv {
    writer: Writer,
    /// What is not handed on yet: at first the header, so that rows which cannot be written do not leave it behind.
    text: Vec<u8>,
    /// Of each column.
    json: Vec<Json>,
}

impl Csv {
    pub fn new(writer: Writer, schema: &Schema) -> Self {
        let mut text = Vec::with_capacity(BUFFER);
        for (index, field) in schema.fields().iter().enumerate() {
            separate(index, &mut text);
            cell(field.name().as_bytes(), &mut text);
        }
        text.push(b'\n');
        Self { writer, text, json: schema.fields().iter().map(|_| Json::new()).collect() }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).zip(&self.json);
        let mut columns = columns
            .map(|((field, column), json)| Cells::new(field, column, json).map_err(|error| in_column(field, &error)))
            .collect::<Result<Vec<_>, _>>()?;
        let single = columns.len() == 1;
        let mut value = Vec::new();
        for row in 0..batch.num_rows() {
            for (index, (cells, field)) in columns.iter_mut().zip(schema.fields()).enumerate() {
                separate(index, &mut self.text);
                if cells.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    // A line without anything is none to most readers.
                    self.text.extend_from_slice(if single { b"\"\"" } else { b"" });
                    continue;
                }
                value.clear();
                cells.form.write(row, &mut value).map_err(|error| in_column(field, &error))?;
                cell(&value, &mut self.text);
            }
            self.text.push(b'\n');
            if self.text.len() > BUFFER {
                self.writer.write_all(&self.text)?;
                self.text.clear();
            }
        }
        check(&self.json, &schema)
    }

    pub fn into_inner(mut self) -> Result<Writer, EncodeError> {
        self.writer.write_all(&self.text)?;
        Ok(self.writer)
    }
}

/// The values of one column on their way into cells.
struct Cells<'a> {
    nulls: Option<NullBuffer>,
    form: Form<'a>,
}

enum Form<'a> {
    Plain(ArrayFormatter<'a>),
    Json(NullableEncoder<'a>),
}

impl<'a> Cells<'a> {
    fn new(field: &'a FieldRef, column: &'a dyn Array, json: &'a Json) -> Result<Self, ArrowError> {
        let form = if nested(field.data_type()) {
            Form::Json(json.encoder(field, column)?)
        } else {
            Form::Plain(ArrayFormatter::try_new(column, &FormatOptions::default())?)
        };
        Ok(Self { nulls: column.logical_nulls(), form })
    }
}

impl Form<'_> {
    fn write(&mut self, row: usize, value: &mut Vec<u8>) -> Result<(), ArrowError> {
        match self {
            Self::Plain(formatter) => value.extend_from_slice(formatter.value(row).try_to_string()?.as_bytes()),
            Self::Json(encoder) => encoder.encode(row, value),
        }
        Ok(())
    }
}

/// Whether a type has no text of its own: nested ones, and encodings of them.
fn nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => nested(values),
        DataType::RunEndEncoded(_, values) => nested(values.data_type()),
        _ => data_type.is_nested(),
    }
}

fn separate(index: usize, line: &mut Vec<u8>) {
    if index > 0 {
        line.push(b',');
    }
}

/// A value that is not NULL.
fn cell(value: &[u8], line: &mut Vec<u8>) {
    if !value.is_empty() && !value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.extend_from_slice(value);
        return;
    }
    line.push(b'"');
    for byte in value {
        line.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
    }
    line.push(b'"');
}

/// One object per line, NULLs written.
pub struct Lines {
    writer: Writer,
    /// Of each column.
    json: Vec<Json>,
    /// `"name":` of each column.
    names: Vec<Vec<u8>>,
}

impl Lines {
    pub fn new(writer: Writer, schema: &Schema) -> Self {
        let name = |field: &FieldRef| {
            let mut name = Vec::new();
            json::quote(field.name(), &mut name);
            name.push(b':');
            name
        };
        let names = schema.fields().iter().map(name).collect();
        Self { writer, json: schema.fields().iter().map(|_| Json::new()).collect(), names }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).zip(&self.json);
        let mut columns = columns
            .map(|((field, column), json)| json.encoder(field, column).map_err(|error| in_column(field, &error)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut text = Vec::with_capacity(BUFFER);
        for row in 0..batch.num_rows() {
            text.push(b'{');
            for (index, (encoder, name)) in columns.iter_mut().zip(&self.names).enumerate() {
                separate(index, &mut text);
                text.extend_from_slice(name);
                json::encode(encoder, row, &mut text);
            }
            text.extend_from_slice(b"}\n");
            if text.len() > BUFFER {
                self.writer.write_all(&text)?;
                text.clear();
            }
        }
        check(&self.json, &schema)?;
        Ok(self.writer.write_all(&text)?)
    }

    pub fn into_inner(self) -> Writer {
        self.writer
    }
}

/// Whether each value of a batch was encoded.
fn check(json: &[Json], schema: &Schema) -> Result<(), EncodeError> {
    for (json, field) in json.iter().zip(schema.fields()) {
        json.check().map_err(|error| in_column(field, &error))?;
    }
    Ok(())
}

fn in_column(field: &FieldRef, error: &ArrowError) -> EncodeError {
    EncodeError::Value { column: field.name().clone(), reason: error.to_string() }
}
