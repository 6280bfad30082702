//! Arrow files of dictionaries: the format has one dictionary for each field, and batches come with their own.
//!
//! Delta dictionaries would do for some readers and not for others. So rows are put aside as they come while the values of their
//! dictionaries are collected, and the file is written once all values are known.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt64Array, make_array, new_empty_array,
};
use arrow::compute::{CastOptions, cast_with_options, concat, take};
use arrow::datatypes::{ArrowNativeType as _, DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::row::{RowConverter, SortField};

use super::error::EncodeError;
use crate::output::Writer;

/// An Arrow file on its way.
pub struct Unified {
    schema: SchemaRef,
    target: Writer,
    aside: StreamWriter<BufWriter<File>>,
    dictionaries: Dictionaries,
}

impl Unified {
    /// A file of `schema`, whose rows are put aside in the folder of `path`.
    pub fn new(schema: &SchemaRef, target: Writer, path: Option<&Path>) -> Result<Self, EncodeError> {
        let folder = path.and_then(Path::parent).filter(|folder| folder.is_dir());
        let aside = folder.map_or_else(tempfile::tempfile, tempfile::tempfile_in).or_else(|_| tempfile::tempfile())?;
        let aside = StreamWriter::try_new_buffered(aside, schema)?;
        Ok(Self { schema: Arc::clone(schema), target, aside, dictionaries: Dictionaries::default() })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        self.dictionaries.batch(batch, Stage::Collect)?;
        Ok(self.aside.write(batch)?)
    }

    /// Writes the rows that were put aside.
    pub fn into_inner(self) -> Result<Writer, EncodeError> {
        let Self { schema, target, aside, mut dictionaries } = self;
        let mut aside = aside.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        aside.seek(SeekFrom::Start(0))?;
        let mut file = FileWriter::try_new(target, &schema)?;
        for batch in StreamReader::try_new(BufReader::new(aside), None)? {
            let batch = batch?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = dictionaries.batch(&batch, Stage::Write)?;
            file.write(&RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?)?;
        }
        Ok(file.into_inner()?)
    }
}

/// Whether there is a dictionary anywhere in a value of this type.
pub fn has_dictionary(data_type: &DataType) -> bool {
    holds_dictionary(&new_empty_array(data_type).to_data())
}

/// Whether the values of this dictionary can be told apart.
pub fn can_unify(values: &DataType) -> bool {
    RowConverter::supports_fields(&[SortField::new(values.clone())])
}

fn holds_dictionary(data: &ArrayData) -> bool {
    matches!(data.data_type(), DataType::Dictionary(..)) || data.child_data().iter().any(holds_dictionary)
}

/// Treatment of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Values are collected, and arrays stay as they are.
    Collect,
    /// Dictionaries are replaced by those of all values.
    Write,
}

/// The dictionaries of a schema, in the order that they are met in.
#[derive(Default)]
struct Dictionaries {
    all: Vec<Dictionary>,
    next: usize,
}

impl Dictionaries {
    fn batch(&mut self, batch: &RecordBatch, stage: Stage) -> Result<Vec<ArrayRef>, EncodeError> {
        self.next = 0;
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
            self.array(column, stage)
                .map_err(|error| EncodeError::Value { column: field.name().clone(), reason: error.to_string() })
        });
        columns.collect()
    }

    fn array(&mut self, array: &ArrayRef, stage: Stage) -> Result<ArrayRef, ArrowError> {
        if let DataType::Dictionary(key, values) = array.data_type() {
            let index = self.next;
            self.next += 1;
            if index == self.all.len() {
                self.all.push(Dictionary::new(values)?);
            }
            return self.all[index].array(array, key, stage);
        }
        let data = array.to_data();
        if !holds_dictionary(&data) {
            return Ok(Arc::clone(array));
        }
        let children =
            data.child_data().iter().map(|child| Ok(self.array(&make_array(child.clone()), stage)?.to_data()));
        let children = children.collect::<Result<Vec<_>, ArrowError>>()?;
        Ok(match stage {
            Stage::Collect => Arc::clone(array),
            Stage::Write => make_array(data.into_builder().child_data(children).build()?),
        })
    }
}

/// The values that one dictionary has in all batches.
struct Dictionary {
    rows: RowConverter,
    places: HashMap<Box<[u8]>, u64>,
    /// The values in the order of their places.
    parts: Vec<ArrayRef>,
}

impl Dictionary {
    fn new(values: &DataType) -> Result<Self, ArrowError> {
        let rows = RowConverter::new(vec![SortField::new(values.clone())])?;
        Ok(Self { rows, places: HashMap::new(), parts: vec![new_empty_array(values)] })
    }

    fn array(&mut self, array: &ArrayRef, key: &DataType, stage: Stage) -> Result<ArrayRef, ArrowError> {
        let dictionary = array.as_any_dictionary();
        let old = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
        let nulls = dictionary.keys().nulls();
        let key_of = |row: usize| (nulls.is_none_or(|nulls| nulls.is_valid(row))).then(|| old[row]);
        let mut used = vec![false; dictionary.values().len()];
        (0..array.len()).filter_map(key_of).for_each(|key| used[key] = true);
        let places = self.places(dictionary.values(), &used)?;
        let most = most_keys(key);
        if self.places.len() as u64 > most {
            return Err(ArrowError::DictionaryKeyOverflowError);
        }
        if stage == Stage::Collect {
            return Ok(Arc::clone(array));
        }
        let keys: UInt64Array = (0..array.len()).map(|row| key_of(row).map(|key| places[key])).collect();
        let keys = cast_with_options(&keys, key, &CastOptions { safe: false, ..CastOptions::default() })?;
        let values = self.values()?.to_data();
        let data = keys.to_data().into_builder().data_type(array.data_type().clone()).add_child_data(values);
        Ok(make_array(data.build()?))
    }

    /// The place of each value that is `used`. A value that is new gets the next one.
    fn places(&mut self, values: &ArrayRef, used: &[bool]) -> Result<Vec<u64>, ArrowError> {
        let indices: UInt64Array =
            used.iter().enumerate().filter(|(_, used)| **used).map(|(index, _)| index as u64).collect();
        let of_used = take(values, &indices, None)?;
        let rows = self.rows.convert_columns(&[Arc::clone(&of_used)])?;
        let mut places = vec![0; used.len()];
        let mut fresh = Vec::new();
        for (row, index) in rows.iter().zip(indices.values()) {
            let next = self.places.len() as u64;
            let place = *self.places.entry(Box::from(row.as_ref())).or_insert(next);
            if place == next {
                fresh.push(*index);
            }
            places[index.as_usize()] = place;
        }
        if !fresh.is_empty() {
            self.parts.push(take(values, &UInt64Array::from(fresh), None)?);
        }
        Ok(places)
    }

    /// All values, as one array.
    fn values(&mut self) -> Result<ArrayRef, ArrowError> {
        if self.parts.len() > 1 {
            let parts: Vec<&dyn Array> = self.parts.iter().map(AsRef::as_ref).collect();
            self.parts = vec![concat(&parts)?];
        }
        Ok(Arc::clone(&self.parts[0]))
    }
}

/// How many values keys of a type tell apart.
fn most_keys(key: &DataType) -> u64 {
    match key {
        DataType::Int8 => 1 << 7,
        DataType::UInt8 => 1 << 8,
        DataType::Int16 => 1 << 15,
        DataType::UInt16 => 1 << 16,
        DataType::Int32 => 1 << 31,
        DataType::UInt32 => 1 << 32,
        _ => u64::MAX,
    }
}
