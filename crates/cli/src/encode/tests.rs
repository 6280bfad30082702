//! Every type of the spec language, alone and inside every other, through every format and back.

// The numbers of rows and members are small, and no maker of arrays leaves its thread.
#![allow(
    clippy::arc_with_non_send_sync,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cmp_owned
)]

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, FixedSizeListArray, Int32Array, Int64Array, LargeListArray,
    LargeListViewArray, ListArray, ListViewArray, MapArray, NullArray, RecordBatch, RunArray, StringArray, StructArray,
    UnionArray, make_array,
};
use arrow::array::{ArrayData, new_empty_array};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, Int32Type, IntervalUnit, Schema, SchemaRef, TimeUnit, UnionFields,
};
use arrow::ipc::reader::{FileReader, StreamReader};

use super::json::{self, Json};
use super::{Encoder, Format, check, parquet};
use crate::output::Output;

/// Rows of a batch.
const ROWS: usize = 7;

fn units() -> [TimeUnit; 4] {
    [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]
}

/// The types without children.
fn leaves() -> Vec<DataType> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Duration,
        FixedSizeBinary, Float16, Float32, Float64, Int8, Int16, Int32, Int64, Interval, LargeBinary, LargeUtf8, Null,
        Time32, Time64, Timestamp, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
    };
    let mut all = vec![
        Null,
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Date32,
        Date64,
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
    ];
    all.extend([FixedSizeBinary(3), Decimal32(7, 2), Decimal64(12, 3), Decimal128(30, 4), Decimal256(60, 0)]);
    all.extend([Time32(TimeUnit::Second), Time32(TimeUnit::Millisecond)]);
    all.extend([Time64(TimeUnit::Microsecond), Time64(TimeUnit::Nanosecond)]);
    all.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
    all.extend(units().map(Duration));
    all.extend(units().map(|unit| Timestamp(unit, None)));
    all.extend(units().map(|unit| Timestamp(unit, Some("+01:00".into()))));
    all
}

/// `rows` values, some of them NULL; another `salt` gives others.
fn leaf(data_type: &DataType, rows: usize, salt: usize, nulls: bool) -> ArrayRef {
    let number = |row: usize| (row * 7 + salt * 3) % 11;
    let valid = |row: usize| !nulls || row % 4 != salt % 4;
    let texts = || (0..rows).map(|row| valid(row).then(|| ["", "a", "b,\"c\"", "ü\n"][number(row) % 4]));
    match data_type {
        DataType::Null => Arc::new(NullArray::new(rows)),
        DataType::Boolean => {
            Arc::new((0..rows).map(|row| valid(row).then(|| number(row) % 2 == 0)).collect::<BooleanArray>())
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            cast(&texts().collect::<StringArray>(), data_type).unwrap()
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            cast(&texts().collect::<BinaryArray>(), data_type).unwrap()
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let floats = (0..rows).map(|row| {
                let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
                valid(row).then(|| special.get(number(row)).copied().unwrap_or(number(row) as f64 / 2.0))
            });
            cast(&floats.collect::<arrow::array::Float64Array>(), data_type).unwrap()
        }
        _ => {
            let width = match data_type {
                DataType::FixedSizeBinary(width) => *width as usize,
                other => other.primitive_width().unwrap(),
            };
            // A day, so that dates in milliseconds are days.
            let scale = if *data_type == DataType::Date64 { 86_400_000 } else { 1 };
            let bytes = (0..rows).flat_map(|row| {
                let mut value = ((number(row) * scale) as u128).to_le_bytes().to_vec();
                value.resize(width, 0);
                value
            });
            let nulls: NullBuffer = (0..rows).map(valid).collect();
            let data = ArrayData::builder(data_type.clone()).len(rows).nulls(Some(nulls));
            make_array(data.add_buffer(Buffer::from_slice_ref(bytes.collect::<Vec<u8>>())).build().unwrap())
        }
    }
}

/// How a value is put into another type.
#[derive(Clone, Copy, Debug)]
enum Around {
    List,
    LargeList,
    ListView,
    LargeListView,
    FixedSizeList,
    Struct,
    MapKey,
    MapValue,
    Dictionary,
    RunEndEncoded,
    Union,
    DenseUnion,
}

const AROUND: [Around; 12] = [
    Around::List,
    Around::LargeList,
    Around::ListView,
    Around::LargeListView,
    Around::FixedSizeList,
    Around::Struct,
    Around::MapKey,
    Around::MapValue,
    Around::Dictionary,
    Around::RunEndEncoded,
    Around::Union,
    Around::DenseUnion,
];

/// Makes `rows` values out of what is asked for.
type Make = Arc<dyn Fn(usize, usize, bool) -> ArrayRef>;

impl Around {
    fn make(self, inner: Make) -> Make {
        Arc::new(move |rows, salt, nulls| self.array(&inner, rows, salt, nulls))
    }

    fn array(self, inner: &Make, rows: usize, salt: usize, with_nulls: bool) -> ArrayRef {
        let nulls: Option<NullBuffer> = with_nulls.then(|| (0..rows).map(|row| row % 5 != salt % 5).collect());
        let lengths: Vec<usize> = (0..rows).map(|row| (row + salt) % 3).collect();
        let total: usize = lengths.iter().sum();
        let of = |array: &ArrayRef, name: &str, nullable| {
            Arc::new(Field::new(name, array.data_type().clone(), nullable)) as FieldRef
        };
        let starts = |lengths: &[usize]| {
            lengths.iter().scan(0, |next, length| Some(std::mem::replace(next, *next + length))).collect::<Vec<_>>()
        };
        match self {
            Self::List => {
                let items = inner(total, salt, true);
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(ListArray::new(of(&items, "item", true), offsets, items, nulls))
            }
            Self::LargeList => {
                let items = inner(total, salt, true);
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(LargeListArray::new(of(&items, "item", true), offsets, items, nulls))
            }
            Self::ListView => {
                let items = inner(total, salt, true);
                let starts: ScalarBuffer<i32> = starts(&lengths).into_iter().map(|start| start as i32).collect();
                let sizes: ScalarBuffer<i32> = lengths.iter().map(|length| *length as i32).collect();
                Arc::new(ListViewArray::new(of(&items, "item", true), starts, sizes, items, nulls))
            }
            Self::LargeListView => {
                let items = inner(total, salt, true);
                let starts: ScalarBuffer<i64> = starts(&lengths).into_iter().map(|start| start as i64).collect();
                let sizes: ScalarBuffer<i64> = lengths.iter().map(|length| *length as i64).collect();
                Arc::new(LargeListViewArray::new(of(&items, "item", true), starts, sizes, items, nulls))
            }
            Self::FixedSizeList => {
                let items = inner(rows * 2, salt, true);
                Arc::new(FixedSizeListArray::new(of(&items, "item", true), 2, items, nulls))
            }
            Self::Struct => {
                let field = inner(rows, salt, true);
                let other: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row as i64)));
                let fields = Fields::from(vec![of(&field, "a", true), of(&other, "b", false)]);
                Arc::new(StructArray::new(fields, vec![field, other], nulls))
            }
            Self::MapKey | Self::MapValue => {
                let text: ArrayRef =
                    Arc::new(StringArray::from_iter_values((0..total).map(|entry| format!("k{entry}"))));
                let (keys, values) = match self {
                    Self::MapKey => (inner(total, salt, false), text),
                    _ => (text, inner(total, salt, true)),
                };
                let fields = Fields::from(vec![of(&keys, "key", false), of(&values, "value", true)]);
                let entries = StructArray::new(fields.clone(), vec![keys, values], None);
                let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
                Arc::new(MapArray::new(field, OffsetBuffer::from_lengths(lengths), entries, nulls, false))
            }
            Self::Dictionary => {
                // A NULL by its key, and one by its value.
                let values = inner(4, salt, with_nulls);
                let keys: Int32Array =
                    (0..rows).map(|row| (!with_nulls || row % 5 != 1).then_some(((row + salt) % 4) as i32)).collect();
                let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(values.data_type().clone()));
                let data = keys.to_data().into_builder().data_type(data_type).add_child_data(values.to_data());
                make_array(data.build().unwrap())
            }
            Self::RunEndEncoded => {
                let runs = rows.div_ceil(2);
                let ends: Int32Array = (1..=runs).map(|run| Some((run * 2).min(rows) as i32)).collect();
                if rows == 0 {
                    let values = inner(0, salt, with_nulls);
                    let ends = Arc::new(Field::new("run_ends", DataType::Int32, false));
                    return new_empty_array(&DataType::RunEndEncoded(ends, of(&values, "values", true)));
                }
                Arc::new(RunArray::<Int32Type>::try_new(&ends, &inner(runs, salt, with_nulls)).unwrap())
            }
            Self::Union | Self::DenseUnion => {
                let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row as i64)));
                let values = inner(rows, salt, with_nulls);
                let fields =
                    [(0, of(&values, "a", true)), (1, of(&numbers, "b", true))].into_iter().collect::<UnionFields>();
                let ids: ScalarBuffer<i8> = (0..rows).map(|row| ((row + salt) % 2) as i8).collect();
                let offsets = matches!(self, Self::DenseUnion).then(|| (0..rows).map(|row| row as i32).collect());
                Arc::new(UnionArray::try_new(fields, ids, offsets, vec![values, numbers]).unwrap())
            }
        }
    }
}

/// Columns of all types: alone, inside each other, and some deeper.
fn columns() -> Vec<(String, Make)> {
    let mut all: Vec<(String, Make)> = Vec::new();
    for data_type in leaves() {
        let (name, inner) = (data_type.to_string(), data_type.clone());
        let make: Make = Arc::new(move |rows, salt, nulls| leaf(&inner, rows, salt, nulls));
        for around in AROUND {
            // The reader of runs has no place for the type that is nothing but NULL.
            if data_type == DataType::Null && matches!(around, Around::MapKey) {
                continue;
            }
            all.push((format!("{around:?} {name}"), around.make(Arc::clone(&make))));
        }
        all.push((name, make));
    }
    let text: Make = Arc::new(|rows, salt, nulls| leaf(&DataType::Utf8, rows, salt, nulls));
    for outer in AROUND {
        for inner in AROUND {
            let make = outer.make(inner.make(Arc::clone(&text)));
            all.push((format!("{outer:?} {inner:?}"), make));
        }
    }
    all
}

fn batches(name: &str, make: &Make, count: usize) -> (SchemaRef, Vec<RecordBatch>) {
    let field = Field::new(name, make(0, 0, true).data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = |salt| RecordBatch::try_new(Arc::clone(&schema), vec![make(ROWS, salt, true)]).unwrap();
    let batches = (0..count).map(batch).collect();
    (schema, batches)
}

fn write(format: Format, schema: &SchemaRef, batches: &[RecordBatch], path: &Path) {
    let output = Output::file(path).unwrap();
    let mut encoder = Encoder::new(format, schema, output.writer().unwrap(), Some(path)).unwrap();
    for batch in batches {
        encoder.write(batch).unwrap();
    }
    encoder.finish().unwrap();
    output.keep().unwrap();
}

fn read(format: Format, path: &Path) -> (SchemaRef, Vec<RecordBatch>) {
    let file = File::open(path).unwrap();
    match format {
        Format::ArrowFile => {
            let reader = FileReader::try_new(file, None).unwrap();
            (reader.schema(), reader.map(Result::unwrap).collect())
        }
        Format::ArrowStream => {
            let reader = StreamReader::try_new(file, None).unwrap();
            (reader.schema(), reader.map(Result::unwrap).collect())
        }
        _ => {
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            (Arc::clone(reader.schema()), reader.build().unwrap().map(Result::unwrap).collect())
        }
    }
}

/// Each value of the first column.
fn values(batches: &[RecordBatch]) -> Vec<String> {
    let of = |batch: &RecordBatch| {
        let (json, schema) = (Json::new(), batch.schema());
        let mut encoder = json.encoder(&schema.fields()[0], batch.column(0)).unwrap();
        let texts = (0..batch.num_rows()).map(|row| {
            let mut text = Vec::new();
            json::encode(&mut encoder, row, &mut text);
            String::from_utf8(text).unwrap()
        });
        texts.collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

/// A type that is read from Parquet for `data_type`: runs are none of its types, and not every dictionary is.
fn of_parquet(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(of_parquet(field.data_type())));
    match parquet::stored(data_type) {
        DataType::RunEndEncoded(_, values) => of_parquet(values.data_type()),
        DataType::List(item) => DataType::List(field(&item)),
        DataType::LargeList(item) => DataType::LargeList(field(&item)),
        DataType::ListView(item) => DataType::ListView(field(&item)),
        DataType::LargeListView(item) => DataType::LargeListView(field(&item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(&item), size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(&entries), sorted),
        other => other,
    }
}

/// Whether there is something that Parquet has no type for.
fn is_not_of_parquet(data_type: &DataType) -> bool {
    let text = data_type.to_string();
    ["Union", "MonthDayNano"].iter().any(|word| text.contains(word))
}

/// Why a column of one type does not come back from `format`, if it does not.
fn trip(format: Format, schema: &SchemaRef, batches: &[RecordBatch], path: &Path) -> Result<(), String> {
    if let Err(refusal) = check(format, schema) {
        let text = refusal.to_string();
        assert!(text.contains("`c") && refusal.help().is_some(), "{text}");
        let expected = format == Format::Parquet && is_not_of_parquet(schema.field(0).data_type());
        let encoded = format != Format::Parquet && text.contains("dictionary-of-dictionary");
        return if expected || encoded { Ok(()) } else { Err(text) };
    }
    write(format, schema, batches, path);
    let (found, rows) = read(format, path);
    let expected = schema.field(0).data_type();
    let expected = if format == Format::Parquet { of_parquet(expected) } else { expected.clone() };
    if *found.field(0).data_type() != expected {
        return Err(format!("comes back as {}", found.field(0).data_type()));
    }
    let (left, right) = (values(&rows), values(batches));
    if left == right { Ok(()) } else { Err(format!("{left:?} instead of {right:?}")) }
}

#[test]
fn types_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut wrong = Vec::new();
    for (name, make) in columns() {
        for format in [Format::ArrowFile, Format::ArrowStream, Format::Parquet] {
            for count in [0, 1, 3] {
                let trip = AssertUnwindSafe(|| {
                    let (schema, batches) = batches("c", &make, count);
                    trip(format, &schema, &batches, &path)
                });
                let result = std::panic::catch_unwind(trip).unwrap_or_else(|_| Err("panics".to_owned()));
                if let Err(reason) = result {
                    wrong.push(format!("{name}, {count} batches, {format:?}: {reason}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each line of JSON, and each cell of CSV with the same text where a value is nested.
fn texts(schema: &SchemaRef, batches: &[RecordBatch], folder: &Path) -> Result<(), String> {
    for format in [Format::Json, Format::Csv] {
        check(format, schema).map_err(|refusal| refusal.to_string())?;
    }
    let (lines, cells) = (folder.join("lines"), folder.join("cells"));
    write(Format::Json, schema, batches, &lines);
    write(Format::Csv, schema, batches, &cells);
    let lines = std::fs::read_to_string(lines).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).map(|line| line["c"].clone()));
    let lines = lines.collect::<Result<Vec<_>, _>>().map_err(|error| format!("no JSON: {error}"))?;
    let expected: Vec<serde_json::Value> =
        values(batches).iter().map(|value| serde_json::from_str(value).unwrap()).collect();
    if lines != expected {
        return Err(format!("{lines:?} instead of {expected:?}"));
    }
    let text = Arc::new(Schema::new(vec![Field::new("c", DataType::Utf8, true)]));
    let reader = arrow::csv::ReaderBuilder::new(text).with_header(true).build(File::open(cells).unwrap()).unwrap();
    let cells = reader.collect::<Result<Vec<_>, _>>().map_err(|error| format!("no CSV: {error}"))?;
    let cells: Vec<Option<String>> = cells
        .iter()
        .flat_map(|batch| batch.column(0).as_string::<i32>().iter().map(|cell| cell.map(str::to_owned)))
        .collect();
    if cells.len() != lines.len() {
        return Err(format!("{} cells of {} values", cells.len(), lines.len()));
    }
    for (cell, value) in cells.iter().zip(&lines) {
        let cell = cell.as_deref().unwrap_or_default();
        let same = match value {
            serde_json::Value::Object(_) | serde_json::Value::Array(_) => {
                serde_json::from_str::<serde_json::Value>(cell).is_ok_and(|cell| cell == *value)
            }
            serde_json::Value::Null => cell.is_empty(),
            serde_json::Value::String(text) => cell == text || ["inf", "-inf"].contains(&cell),
            other => cell.parse::<f64>().ok() == other.as_f64() || *cell == *other.to_string(),
        };
        if !same {
            return Err(format!("{cell} for {value}"));
        }
    }
    Ok(())
}

/// Every type has a text.
#[test]
fn types_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (name, make) in columns() {
        for count in [0, 1, 3] {
            let texts = AssertUnwindSafe(|| {
                let (schema, batches) = batches("c", &make, count);
                texts(&schema, &batches, folder.path())
            });
            let result = std::panic::catch_unwind(texts).unwrap_or_else(|_| Err("panics".to_owned()));
            if let Err(reason) = result {
                wrong.push(format!("{name}, {count} batches: {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
