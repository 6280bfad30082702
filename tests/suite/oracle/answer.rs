//! Answers, and what differs between two of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, OffsetSizeTrait, RecordBatch, make_array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, Float16Type, Float32Type, Float64Type, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::feed::Holds;

/// The result of a query.
pub struct Answer {
    /// Of the plan.
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

/// The first thing that differs, in words.
pub struct Difference(pub String);

impl Answer {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The difference from the expected answer, if any. Rows have no order.
    pub fn difference(&self, expected: &(SchemaRef, Vec<RecordBatch>), holds: Holds) -> Option<Difference> {
        let (schema, batches) = expected;
        let told = |schema: &SchemaRef| schema.fields().iter().map(|field| told(field, holds)).collect::<Vec<_>>();
        let (ours, theirs) = (told(&self.schema), told(schema));
        if ours != theirs {
            return Some(Difference(format!(
                "columns\n    ours   {}\n    theirs {}",
                ours.join(", "),
                theirs.join(", ")
            )));
        }
        for batch in &self.batches {
            let types =
                |schema: &SchemaRef| schema.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
            if types(&batch.schema()) != types(&self.schema) {
                let text = format!("rows of {}\n    under a plan of {}", batch.schema(), self.schema);
                return Some(Difference(text));
            }
        }
        let ours = match rows(&self.batches, schema) {
            Ok(rows) => rows,
            Err(error) => return Some(Difference(error)),
        };
        let theirs = rows(batches, schema).expect("an expected answer is of its own types");
        if ours == theirs {
            return None;
        }
        let (only_ours, only_theirs) = (without(&ours, &theirs), without(&theirs, &ours));
        Some(Difference(format!(
            "{} rows and {} expected ({})\n    ours   {}\n    theirs {}",
            ours.len(),
            theirs.len(),
            schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", "),
            only_ours.join("\n           "),
            only_theirs.join("\n           "),
        )))
    }
}

/// The compared form of a column, as text.
fn told(field: &Field, holds: Holds) -> String {
    match holds {
        Holds::Schema => format!("{} {} {}", field.name(), field.data_type(), field.is_nullable()),
        Holds::Types => format!("{} {}", field.name(), field.data_type()),
        Holds::Values => field.name().clone(),
    }
}

/// The first few of `rows` that are not among `others`; both are sorted.
fn without(rows: &[String], others: &[String]) -> Vec<String> {
    let mut left = others.to_vec();
    let mut found = Vec::new();
    for row in rows {
        match left.iter().position(|other| other == row) {
            Some(place) => drop(left.swap_remove(place)),
            None => found.push(row.clone()),
        }
    }
    found.truncate(4);
    found
}

/// Each row as text, sorted. Columns of other types than the schema says are cast to its.
fn rows(batches: &[RecordBatch], schema: &SchemaRef) -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    for batch in batches {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(schema.fields()) {
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            let column = if column.data_type() == field.data_type() {
                Arc::clone(column)
            } else {
                cast_with_options(column, field.data_type(), &strict).map_err(|error| error.to_string())?
            };
            columns.push(texts(&column));
        }
        rows.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join(" | ")),
        );
    }
    rows.sort();
    Ok(rows)
}

/// Each value as text, in which no two values are alike.
fn texts(array: &ArrayRef) -> Vec<String> {
    let mut texts = match array.data_type() {
        DataType::Struct(fields) => {
            let columns: Vec<_> = array.as_struct().columns().iter().map(texts).collect();
            let value = |row: usize| {
                let named =
                    fields.iter().zip(&columns).map(|(field, column)| format!("{}: {}", field.name(), column[row]));
                format!("{{{}}}", named.collect::<Vec<_>>().join(", "))
            };
            (0..array.len()).map(value).collect()
        }
        DataType::List(_) => lists::<i32>(array),
        DataType::LargeList(_) => lists::<i64>(array),
        DataType::ListView(item) => return texts(&cast(array, &DataType::List(Arc::clone(item))).unwrap()),
        DataType::LargeListView(item) => return texts(&cast(array, &DataType::LargeList(Arc::clone(item))).unwrap()),
        DataType::FixedSizeList(_, size) => {
            let (list, size) = (array.as_fixed_size_list(), usize::try_from(*size).unwrap());
            let items = texts(list.values());
            (0..array.len()).map(|row| format!("[{}]", items[row * size..(row + 1) * size].join(", "))).collect()
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let (keys, values) = (texts(map.keys()), texts(map.values()));
            let pairs: Vec<_> = keys.iter().zip(&values).map(|(key, value)| format!("{key}: {value}")).collect();
            sliced(&pairs, map.value_offsets())
        }
        DataType::Dictionary(_, values) => return texts(&cast(array, values).unwrap()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let array = cast(array, &DataType::LargeUtf8).unwrap();
            array.as_string::<i64>().iter().map(|text| format!("{:?}", text.unwrap_or_default())).collect()
        }
        // With the sign of a zero; every NaN is one.
        DataType::Float16 => {
            array.as_primitive::<Float16Type>().values().iter().map(|value| format!("{value:?}")).collect()
        }
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().values().iter().map(|value| format!("{value:?}")).collect()
        }
        DataType::Float64 => {
            array.as_primitive::<Float64Type>().values().iter().map(|value| format!("{value:?}")).collect()
        }
        other => {
            let stored = match other {
                DataType::Date32 | DataType::Time32(_) => DataType::Int32,
                DataType::Date64 | DataType::Time64(_) | DataType::Timestamp(..) | DataType::Duration(_) => {
                    DataType::Int64
                }
                other => other.clone(),
            };
            let stored = make_array(array.to_data().into_builder().data_type(stored).build().unwrap());
            let formatter = ArrayFormatter::try_new(&stored, &FormatOptions::new()).unwrap();
            (0..stored.len()).map(|row| formatter.value(row).to_string()).collect()
        }
    };
    if let Some(nulls) = array.logical_nulls() {
        for (text, valid) in texts.iter_mut().zip(&nulls) {
            if !valid {
                "NULL".clone_into(text);
            }
        }
    }
    texts
}

fn lists<O: OffsetSizeTrait>(array: &ArrayRef) -> Vec<String> {
    let list = array.as_list::<O>();
    sliced(&texts(list.values()), list.value_offsets())
}

fn sliced<O: OffsetSizeTrait>(items: &[String], offsets: &[O]) -> Vec<String> {
    offsets.windows(2).map(|ends| format!("[{}]", items[ends[0].as_usize()..ends[1].as_usize()].join(", "))).collect()
}
