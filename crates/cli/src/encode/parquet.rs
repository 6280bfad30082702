//! Replacement of Arrow types that Parquet has no form for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, make_array, new_null_array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

/// `schema` as it is stored.
pub fn schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(field);
    Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), schema.metadata().clone()))
}

/// `batch` as it is stored, under the schema that is.
pub fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(array).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The type that is stored for `data_type`: a dictionary is one of values that readers of Parquet make dictionaries of, else its values.
pub fn stored(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) if !has_dictionaries(values) => stored(without_runs(values)),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::ListView(item) => DataType::ListView(field(item)),
        DataType::LargeListView(item) => DataType::LargeListView(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        DataType::RunEndEncoded(ends, values) => DataType::RunEndEncoded(Arc::clone(ends), field(values)),
        other => other.clone(),
    }
}

fn field(found: &FieldRef) -> FieldRef {
    let field: &Field = found;
    Arc::new(field.clone().with_data_type(stored(field.data_type())))
}

/// The type of the values that runs are of.
fn without_runs(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::RunEndEncoded(_, values) => without_runs(values.data_type()),
        other => other,
    }
}

/// Whether the reader of parquet 59 makes dictionaries of such values (`byte_array_dictionary.rs`, `primitive_array.rs`). On others it
/// panics.
fn has_dictionaries(values: &DataType) -> bool {
    matches!(values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary)
        || matches!(values, DataType::FixedSizeBinary(_) | DataType::Float32 | DataType::Float64)
        || values.is_integer()
}

fn array(found: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let to = stored(found.data_type());
    if to == *found.data_type() {
        return Ok(Arc::clone(found));
    }
    if let Some(dictionary) = found.as_any_dictionary_opt()
        && !has_dictionaries(dictionary.values().data_type())
    {
        if dictionary.values().is_empty() {
            return Ok(new_null_array(&to, found.len()));
        }
        let values = cast(dictionary.values(), without_runs(dictionary.values().data_type()))?;
        return array(&take(&values, dictionary.keys(), None)?);
    }
    let data = found.to_data();
    let children = data.child_data().iter().map(|child| Ok(array(&make_array(child.clone()))?.to_data()));
    let children = children.collect::<Result<Vec<_>, ArrowError>>()?;
    Ok(make_array(data.into_builder().data_type(to).child_data(children).build()?))
}
