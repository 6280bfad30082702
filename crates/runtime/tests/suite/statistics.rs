//! Statistics that other writers get wrong, leave out or order otherwise: whatever a footer says, a filter finds the rows that it finds
//! in the same rows without one.

// The numbers of rows are small, and the bounds are made to be cut.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::default_trait_access,
    clippy::type_complexity
)]

use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema, SchemaRef};
use cstspec_contract::types::{list, nullable, structure};
use cstspec_contract::{Catalog, Dataset};
use cstspec_runtime::{Location, Locations};
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::data_type::{ByteArray, FixedLenByteArray};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::statistics::{Statistics, ValueStatistics};
use datafusion::prelude::SessionContext;

use crate::world::{catalog, open, rows, run, view};

/// Elements of the list, as a view of them.
const ELEMENTS: &str = "SELECT id, get_field(item, 'x') AS x FROM (SELECT id, unnest(xs) AS item FROM t)";

/// A table of `values`: `x`, and `xs` with the same value in an element.
fn table(values: &[ArrayRef]) -> Vec<RecordBatch> {
    let mut next = 0;
    let batch = |values: &ArrayRef| {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(next..next + values.len() as i64));
        next += values.len() as i64;
        let fields = vec![nullable("x", values.data_type().clone())].into();
        let elements = StructArray::new(fields, vec![Arc::clone(values)], None);
        let item = Arc::new(Field::new("item", elements.data_type().clone(), true));
        let lists = ListArray::new(item, OffsetBuffer::from_lengths(vec![1; values.len()]), Arc::new(elements), None);
        RecordBatch::try_new(schema(values.data_type()), vec![ids, Arc::clone(values), Arc::new(lists)]).unwrap()
    };
    values.iter().map(batch).collect()
}

fn fields(data_type: &DataType) -> Vec<FieldRef> {
    let element = structure([nullable("x", data_type.clone())]);
    vec![nullable("id", DataType::Int64), nullable("x", data_type.clone()), nullable("xs", list(element))]
}

fn schema(data_type: &DataType) -> SchemaRef {
    Arc::new(Schema::new(fields(data_type)))
}

fn contract(data_type: &DataType) -> Catalog {
    let outputs = vec![nullable("id", DataType::Int64), nullable("x", data_type.clone())];
    Catalog {
        datasets: vec![Dataset::new("t", fields(data_type))],
        views: vec![view("elements", ELEMENTS, &["t"], outputs)],
        statements: Vec::new(),
        ..catalog()
    }
}

/// Writes one row group for each batch, and again with each chunk of a value as `mend` makes it.
fn write(path: &FilePath, batches: &[RecordBatch], mend: impl Fn(&ColumnChunkMetaData) -> ColumnChunkMetaData) {
    let properties = WriterProperties::builder().set_data_page_row_count_limit(1).set_write_batch_size(1).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    let file = writer.into_inner().unwrap();
    let footer = ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(file.clone())).unwrap();
    let groups = footer.row_groups().iter().map(|group| {
        let columns = group.columns().iter().enumerate();
        let columns = columns.map(|(leaf, chunk)| if leaf == 0 { chunk.clone() } else { mend(chunk) }).collect();
        group.clone().into_builder().set_column_metadata(columns).build().unwrap()
    });
    let footer = footer.clone().into_builder().set_row_groups(groups.collect()).build();
    let length = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize;
    let mut mended = file[..file.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut mended, &footer).finish().unwrap();
    std::fs::write(path, mended).unwrap();
}

fn with(chunk: &ColumnChunkMetaData, statistics: Statistics) -> ColumnChunkMetaData {
    chunk.clone().into_builder().set_statistics(statistics).build().unwrap()
}

/// The ids that a filter finds in `from`.
async fn found(ctx: &SessionContext, from: &str, filter: &str) -> Vec<i64> {
    let sql = format!("SELECT id FROM {from} WHERE {filter} ORDER BY id");
    rows(ctx, &sql).await.column(0).as_primitive::<Int64Type>().values().to_vec()
}

/// Asks each filter of the file and of the same rows in memory, of columns and of elements, before and after footers are known.
async fn same(
    what: &str,
    values: &[ArrayRef],
    filters: &[&str],
    mend: impl Fn(&ColumnChunkMetaData) -> ColumnChunkMetaData,
) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let batches = table(values);
    write(&path, &batches, mend);
    let memory = SessionContext::new();
    let provider = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
    memory.register_table("t", Arc::new(provider)).unwrap();
    memory.sql(&format!("CREATE VIEW elements AS {ELEMENTS}")).await.unwrap();
    let locations = Locations::from([("t".to_owned(), Location::Url(path.to_str().unwrap().to_owned()))]);
    let ctx = open(&contract(values[0].data_type()), &locations).await;
    for known in [false, true] {
        for filter in filters {
            for from in ["t", "elements"] {
                let (file, right) = (found(&ctx, from, filter).await, found(&memory, from, filter).await);
                assert_eq!(file, right, "{what}: {from} WHERE {filter}, footer known before: {known}");
            }
        }
    }
}

fn array<A: Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}

/// Deprecated statistics are of signed bytes.
#[test]
fn deprecated_statistics_signed() {
    run(async {
        let words = array(StringArray::from(vec!["été", "ete", "zoo"]));
        let filters =
            ["x = 'été'", "x = 'ete'", "x > 'f'", "x < 'f'", "x <> 'ete'", "x LIKE 'é%'", "x IN ('été', 'q')"];
        let signed = |least: &str, greatest: &str| {
            let bytes = |text: &str| Some(ByteArray::from(text.as_bytes().to_vec()));
            Statistics::ByteArray(ValueStatistics::new(bytes(least), bytes(greatest), None, Some(0), true))
        };
        same("text", &[Arc::clone(&words)], &filters, |chunk| with(chunk, signed("été", "zoo"))).await;
        same("text", &[words], &filters, |chunk| with(chunk, signed("zoo", "été"))).await;
        let filters = ["x > 3000000000", "x < 2", "x = 4000000000", "x <> 1", "x >= 1 AND x < 5"];
        let small = |least, greatest| Statistics::int32(Some(least), Some(greatest), None, Some(0), true);
        let numbers = array(UInt32Array::from(vec![1, 4_000_000_000]));
        same("uint32", &[numbers], &filters, |chunk| with(chunk, small(4_000_000_000u32.cast_signed(), 1))).await;
        let numbers = array(UInt64Array::from(vec![1, u64::MAX]));
        let filters = ["x > 3000000000", "x < 2", "x = 18446744073709551615", "x <> 1"];
        same("uint64", &[numbers], &filters, |chunk| {
            with(chunk, Statistics::int64(Some(-1), Some(1), None, Some(0), true))
        })
        .await;
        let numbers = array(UInt8Array::from(vec![1, 200]));
        same("uint8", &[numbers], &["x > 100", "x < 2", "x = 200"], |chunk| with(chunk, small(1, 200))).await;
        let bytes = array(BinaryArray::from_vec(vec![b"a", b"\xff"]));
        same("binary", &[bytes], &["x = x'ff'", "x = x'61'", "x > x'62'"], |chunk| {
            let bytes = |byte: u8| Some(ByteArray::from(vec![byte]));
            with(chunk, Statistics::ByteArray(ValueStatistics::new(bytes(0xff), bytes(b'a'), None, Some(0), true)))
        })
        .await;
    });
}

/// NaN is outside of all bounds.
#[test]
fn nan_outside_bounds() {
    run(async {
        let filters = [
            "x <> 3",
            "x > 3",
            "x >= 3",
            "x < 3",
            "x <= 3",
            "NOT (x <= 3)",
            "NOT (x >= 3)",
            "x = 3",
            "x = CAST('NaN' AS DOUBLE)",
            "x <> CAST('NaN' AS DOUBLE)",
            "x BETWEEN 1 AND 5",
            "x NOT BETWEEN 1 AND 5",
            "x IN (3, 7)",
            "x NOT IN (3, 7)",
            "x > 100 OR id = 0",
            "x > 2 AND x <> 3",
            "x IS NULL",
            "isnan(x)",
        ];
        let negative = -f64::NAN;
        for values in [
            vec![Some(3.0), Some(f64::NAN), Some(3.0)],
            vec![Some(3.0), Some(negative), Some(3.0)],
            vec![Some(f64::NAN), Some(negative)],
            vec![Some(3.0), None, Some(f64::NAN)],
            vec![Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(f64::NAN)],
        ] {
            let doubles = array(Float64Array::from(values));
            let other = array(Float64Array::from(vec![Some(50.0), Some(60.0), None]));
            for data_type in [DataType::Float64, DataType::Float32, DataType::Float16] {
                let groups = [&doubles, &other].map(|values| cast(values, &data_type).unwrap());
                same("as written", &groups, &filters, Clone::clone).await;
            }
            same("NaN as a bound", &[doubles], &filters, |chunk| {
                let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
                with(chunk, Statistics::double(Some(f64::NAN), Some(f64::NAN), None, nulls, false))
            })
            .await;
        }
    });
}

/// Zero is of either sign.
#[test]
fn zero_signs() {
    run(async {
        let filters = [
            "x = 0",
            "x = CAST('-0' AS DOUBLE)",
            "x IN (CAST('-0' AS DOUBLE), 7)",
            "x < 0",
            "x > CAST('-0' AS DOUBLE)",
            "x BETWEEN 0 AND 1",
        ];
        for (least, greatest) in [(0.0, 0.0), (-0.0, -0.0), (0.0, -0.0)] {
            let values = array(Float64Array::from(vec![-0.0, 0.0]));
            same("double", &[values], &filters, |chunk| {
                with(chunk, Statistics::double(Some(least), Some(greatest), None, Some(0), false))
            })
            .await;
            let values = array(Float32Array::from(vec![-0.0, 0.0]));
            same("float", &[values], &filters, |chunk| {
                with(chunk, Statistics::float(Some(least as f32), Some(greatest as f32), None, Some(0), false))
            })
            .await;
        }
    });
}

/// Counts that are missing or impossible say nothing.
#[test]
fn counts_impossible() {
    run(async {
        let filters = ["x IS NULL", "x IS NOT NULL", "x = 2", "x <> 2", "x = 2 OR x IS NULL", "x IS DISTINCT FROM 2"];
        let groups = || {
            let group = |values: Vec<Option<i64>>| array(Int64Array::from(values));
            [group(vec![Some(2), None, Some(2)]), group(vec![None]), group(vec![None, None]), group(vec![Some(2)])]
        };
        for nulls in [None, Some(0), Some(3), Some(7)] {
            // A count that is there and wrong is only told from a right one where it is impossible.
            let wrong = nulls.is_some_and(|nulls| nulls < 3);
            let mend = |chunk: &ColumnChunkMetaData| match (chunk.statistics(), wrong) {
                (Some(Statistics::Int64(found)), false) => {
                    let (least, greatest) =
                        (found.min_opt().copied().or(Some(2)), found.max_opt().copied().or(Some(2)));
                    with(chunk, Statistics::int64(least, greatest, None, nulls, false))
                }
                _ => chunk.clone(),
            };
            same(&format!("{nulls:?}"), &groups(), &filters, mend).await;
        }
    });
}

/// Bounds that contradict each other say nothing.
#[test]
fn bounds_contradictory() {
    run(async {
        let filters = ["x = 2", "x > 1", "x < 3", "x <> 2"];
        let numbers = array(Int64Array::from(vec![1, 2, 3]));
        same("int64", &[numbers], &filters, |chunk| {
            with(chunk, Statistics::int64(Some(3), Some(1), None, Some(0), false))
        })
        .await;
        let words = array(StringArray::from(vec!["a", "b", "c"]));
        let bytes = |text: &str| Some(ByteArray::from(text.as_bytes().to_vec()));
        same("text", &[words], &["x = 'b'", "x > 'a'", "x < 'c'"], |chunk| {
            with(chunk, Statistics::ByteArray(ValueStatistics::new(bytes("c"), bytes("a"), None, Some(0), false)))
        })
        .await;
        let flags = array(BooleanArray::from(vec![true, false]));
        same("bool", &[flags], &["x", "NOT x", "x = false"], |chunk| {
            with(chunk, Statistics::boolean(Some(true), Some(false), None, Some(0), false))
        })
        .await;
        let ids = array(FixedSizeBinaryArray::try_from_iter([[1u8; 4], [9; 4]].into_iter()).unwrap());
        let short = |byte: u8| Some(FixedLenByteArray::from(ByteArray::from(vec![byte])));
        same("fixed", &[ids], &["x = x'01010101'", "x > x'05'"], |chunk| {
            let statistics = ValueStatistics::new(short(9), short(1), None, Some(0), false);
            with(chunk, Statistics::FixedLenByteArray(statistics))
        })
        .await;
    });
}

/// Decimals in bytes are in no order.
#[test]
fn decimals_in_bytes() {
    run(async {
        let values = Decimal128Array::from(vec![211, -544, 433]).with_precision_and_scale(30, 2).unwrap();
        let filters = ["x < 0", "x = -5.44", "x > 4", "x BETWEEN 2 AND 3", "x <> 2.11"];
        same("unsigned bytes", &[array(values)], &filters, |chunk| {
            let bytes = |value: i128| Some(FixedLenByteArray::from(ByteArray::from(value.to_be_bytes()[3..].to_vec())));
            let statistics = ValueStatistics::new(bytes(211), bytes(-544), None, Some(0), false);
            with(chunk, Statistics::FixedLenByteArray(statistics))
        })
        .await;
        let values = Decimal128Array::from(vec![211, -544, 433]).with_precision_and_scale(12, 2).unwrap();
        same("integers", &[array(values)], &filters, Clone::clone).await;
    });
}

/// Sound statistics still leave row groups out.
#[test]
fn sound_statistics_prune() {
    run(async {
        for (low, high, filter) in [
            (array(Int64Array::from(vec![1, 2])), array(Int64Array::from(vec![8, 9])), "x > 5"),
            (array(StringArray::from(vec!["a"])), array(StringArray::from(vec!["é"])), "x > 'b'"),
            (array(UInt32Array::from(vec![1])), array(UInt32Array::from(vec![4_000_000_000])), "x > 3000000000"),
            (array(Float64Array::from(vec![1.0])), array(Float64Array::from(vec![8.0])), "x > 5 AND x < 10"),
            (array(Float64Array::from(vec![1.0])), array(Float64Array::from(vec![8.0])), "x = 8"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.parquet");
            write(&path, &table(&[Arc::clone(&low), high]), Clone::clone);
            let locations = Locations::from([("t".to_owned(), Location::Url(path.to_str().unwrap().to_owned()))]);
            let ctx = open(&contract(low.data_type()), &locations).await;
            let sql = format!("EXPLAIN ANALYZE SELECT id FROM t WHERE {filter}");
            let plan = crate::world::text(&ctx, &sql).await;
            assert!(plan.contains("row_groups_pruned_statistics=2 total → 1 matched"), "{filter}: {plan}");
        }
    });
}

/// A dictionary page is looked for where it is.
#[test]
fn dictionary_page_found() {
    run(async {
        let words: Vec<String> = (0..40).map(|row| format!("word {}", row % 3)).collect();
        let words = array(StringArray::from(words));
        let filters = ["x = 'word 1'", "x > 'word 1'", "id > 35"];
        let begin = |chunk: &ColumnChunkMetaData| chunk.dictionary_page_offset().unwrap();
        let offsets: [fn(i64, i64) -> (Option<i64>, i64); 5] = [
            |begin, _| (None, begin),
            |begin, _| (Some(0), begin),
            |begin, _| (Some(begin), begin),
            |begin, data| (Some(data), begin),
            |begin, _| (Some(-1), begin),
        ];
        for of in offsets {
            same("dictionary", &[Arc::clone(&words), Arc::clone(&words)], &filters, |chunk| {
                let (dictionary, data) = of(begin(chunk), chunk.data_page_offset());
                let builder = chunk.clone().into_builder().set_dictionary_page_offset(dictionary);
                builder.set_data_page_offset(data).build().unwrap()
            })
            .await;
        }
    });
}
