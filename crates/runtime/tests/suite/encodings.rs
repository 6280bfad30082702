//! Values that Parquet stores in ways of its own: INT96 and INTERVAL, at any depth, in every type that a contract may declare for them.

use std::fs::File;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, IntervalUnit, TimeUnit};
use cstspec_contract::CastPolicy;
use cstspec_contract::types::{list, map, nullable, required, structure};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::data_type::{
    ByteArray, ByteArrayType, DataType as Leaf, FixedLenByteArray, FixedLenByteArrayType, Int64Type, Int96, Int96Type,
};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use datafusion::parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use crate::masking::{of_columns, t_at};
use crate::world::{error, open, run, text};

/// The values of one leaf with their levels.
struct Values<'a, T: Leaf>(&'a [T::T], &'a [i16], &'a [i16]);

fn leaf<T: Leaf>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    Values(values, definition, repetition): Values<'_, T>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    let levels = |levels: &'_ [i16]| (!levels.is_empty()).then(|| levels.to_vec());
    let (definition, repetition) = (levels(definition), levels(repetition));
    column.typed::<T>().write_batch(values, definition.as_deref(), repetition.as_deref()).unwrap();
    column.close().unwrap();
}

/// Writes one row group of leaves under the schema in Parquet's own words.
fn written(path: &FilePath, schema: &str, leaves: impl FnOnce(&mut SerializedRowGroupWriter<'_, File>)) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    leaves(&mut group);
    group.close().unwrap();
    writer.close().unwrap();
}

/// A day after 1970-01-01, and the nanoseconds in it.
fn int96(day: i64, nanos: u64) -> Int96 {
    let mut value = Int96::new();
    let day = u32::try_from(day + 2_440_588).unwrap();
    value.set_data(u32::try_from(nanos & 0xffff_ffff).unwrap(), u32::try_from(nanos >> 32).unwrap(), day);
    value
}

/// 9999-12-31, as Spark writes "for ever".
const FOR_EVER: i64 = 2_932_896;
/// 1600-01-01.
const LONG_AGO: i64 = -135_140;
/// 2024-01-01.
const DAY: i64 = 19_723;

/// `at`, and the same in a struct, a list of structs and the values of a map: three rows, of which the second has NULLs.
fn int96_file(path: &FilePath, day: i64, nanos: u64) {
    let schema = "message m {
        REQUIRED INT64 id;
        OPTIONAL INT96 at;
        OPTIONAL group s { REQUIRED INT96 at; }
        OPTIONAL group l (LIST) { REPEATED group list { OPTIONAL group element { OPTIONAL INT96 at; } } }
        OPTIONAL group m (MAP) { REPEATED group key_value { REQUIRED BYTE_ARRAY key (UTF8); OPTIONAL INT96 value; } }
    }";
    let (now, then) = (int96(DAY, 3_600_000_000_000), int96(day, nanos));
    written(path, schema, |group| {
        leaf::<Int64Type>(group, Values(&[1, 2, 3], &[], &[]));
        leaf::<Int96Type>(group, Values(&[now, then], &[1, 0, 1], &[]));
        leaf::<Int96Type>(group, Values(&[now, then], &[1, 0, 1], &[]));
        leaf::<Int96Type>(group, Values(&[now, then], &[4, 2, 0, 4], &[0, 1, 0, 0]));
        let key = ByteArray::from("k");
        leaf::<ByteArrayType>(group, Values(&[key.clone(), key], &[2, 0, 2], &[0, 0, 0]));
        leaf::<Int96Type>(group, Values(&[now, then], &[3, 0, 3], &[0, 0, 0]));
    });
}

fn int96_columns(at: &DataType) -> Vec<FieldRef> {
    vec![
        required("id", DataType::Int64),
        nullable("at", at.clone()),
        nullable("s", structure([nullable("at", at.clone())])),
        nullable("l", list(structure([nullable("at", at.clone())]))),
        nullable("m", map(DataType::Utf8, at.clone())),
    ]
}

const PLACES: [&str; 4] = ["at", "s['at']", "l[1]['at']", "m['k']"];

/// Int96 is read in the unit that the contract declares.
#[test]
fn int96_in_declared_unit() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        for (day, text_of) in [(FOR_EVER, "9999-12-31"), (LONG_AGO, "1600-01-01")] {
            int96_file(&path, day, 0);
            for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond] {
                for zone in [None, Some("UTC"), Some("+00:00")] {
                    let at = DataType::Timestamp(unit, zone.map(Into::into));
                    let catalog = of_columns(&int96_columns(&at));
                    let ctx = open(&catalog, &t_at(&path)).await;
                    for place in PLACES {
                        let sql = format!("SELECT id, CAST({place} AS DATE) AS v FROM t ORDER BY id");
                        let found = text(&ctx, &sql).await;
                        let rows: Vec<&str> = found.lines().skip(3).take(3).collect();
                        let right = ["| 1  | 2024-01-01 |", "| 2  |            |", &format!("| 3  | {text_of} |")];
                        assert_eq!(rows, right, "{place} as {at}");
                        for (filter, count) in [("IS NULL", 1), (&*format!("= arrow_cast('{text_of}', '{at}')"), 1)] {
                            let sql = format!("SELECT count(*) AS c FROM t WHERE {place} {filter}");
                            let found = text(&ctx, &sql).await;
                            assert_eq!(found.lines().nth(3), Some(&*format!("| {count} |")), "{sql}");
                        }
                    }
                    let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
                    assert!(report.findings.is_empty(), "{:#?}", report.findings);
                }
            }
        }
    });
}

/// An int96 that the unit cannot hold is an error with its row.
#[test]
fn int96_overflow_has_row() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
        for (unit, day, nanos, reason) in [
            (TimeUnit::Nanosecond, FOR_EVER, 0, "outside of what the unit reaches"),
            (TimeUnit::Nanosecond, LONG_AGO, 0, "outside of what the unit reaches"),
            (TimeUnit::Microsecond, DAY, 1_001, "more digits than the unit"),
            (TimeUnit::Second, DAY, 500_000_000, "more digits than the unit"),
        ] {
            int96_file(&path, day, nanos);
            let at = DataType::Timestamp(unit, None);
            let ctx = open(&of_columns(&int96_columns(&at)), &t_at(&path)).await;
            for place in PLACES {
                let told = error(&ctx, &format!("SELECT {place} AS v FROM t")).await;
                assert!(
                    told.contains(reason) && told.contains("a.parquet") && told.contains("row 2"),
                    "{place}: {told}"
                );
            }
            let catalog = of_columns(&int96_columns(&at));
            let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
            let damaged = report.findings.iter().any(|finding| finding.code == "R113");
            assert!(!damaged && !report.findings.is_empty(), "{:#?}", report.findings);

            // Any cast cuts digits off, and makes no other date.
            let mut catalog = catalog;
            catalog.datasets[0].evolution.casts = CastPolicy::Any;
            let ctx = open(&catalog, &t_at(&path)).await;
            let sql = "SELECT CAST(at AS DATE) AS v FROM t WHERE id = 3";
            if reason.starts_with("more") {
                assert!(text(&ctx, sql).await.contains("2024-01-01"));
            } else {
                assert!(error(&ctx, sql).await.contains(reason));
            }
        }
        // The first and the last that nanoseconds reach.
        for (day, nanos, shown) in [
            (-106_752, 763_145_224_192, "1677-09-21T00:12:43.145224192"),
            (106_751, 85_636_854_775_807, "2262-04-11T23:47:16.854775807"),
        ] {
            int96_file(&path, day, nanos);
            let ctx = open(&of_columns(&int96_columns(&nanoseconds)), &t_at(&path)).await;
            let found = text(&ctx, "SELECT at FROM t WHERE id = 3").await;
            assert!(found.contains(shown), "{found}");
        }
    });
}

/// Int96 is cast where the contract lets it be.
#[test]
fn int96_cast() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        int96_file(&path, FOR_EVER, 0);
        let seconds =
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Timestamp(TimeUnit::Second, None)));
        for (casts, at, right) in [
            (CastPolicy::Widening, seconds, Some("9999-12-31T00:00:00")),
            (CastPolicy::Any, DataType::Date32, Some("9999-12-31")),
            (CastPolicy::Widening, DataType::Date32, None),
            (CastPolicy::Widening, DataType::Utf8, None),
            (CastPolicy::Any, DataType::FixedSizeBinary(12), None),
            (CastPolicy::None, DataType::Timestamp(TimeUnit::Second, Some("UTC".into())), Some("9999-12-31T00:00:00Z")),
        ] {
            let mut catalog = of_columns(&int96_columns(&at));
            catalog.datasets[0].evolution.casts = casts;
            let ctx = open(&catalog, &t_at(&path)).await;
            let sql = "SELECT at FROM t WHERE id = 3";
            if let Some(right) = right {
                let found = text(&ctx, sql).await;
                assert!(found.contains(right), "{found}");
            } else {
                let told = error(&ctx, sql).await;
                assert!(told.contains("allows no such conversion") && told.contains("timestamp(ns)"), "{at}: {told}");
            }
        }
    });
}

/// Months, days and milliseconds.
fn interval([months, days, millis]: [u32; 3]) -> FixedLenByteArray {
    let bytes = [months, days, millis].iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
    FixedLenByteArray::from(ByteArray::from(bytes))
}

fn interval_file(path: &FilePath, last: [u32; 3]) {
    let schema = "message m {
        REQUIRED INT64 id;
        OPTIONAL FIXED_LEN_BYTE_ARRAY (12) iv (INTERVAL);
        OPTIONAL group l (LIST) { REPEATED group list { REQUIRED group element { REQUIRED FIXED_LEN_BYTE_ARRAY (12) iv (INTERVAL); } } }
    }";
    let (none, last) = (interval([0, 0, 0]), interval(last));
    written(path, schema, |group| {
        leaf::<Int64Type>(group, Values(&[1, 2, 3], &[], &[]));
        leaf::<FixedLenByteArrayType>(group, Values(&[none.clone(), last.clone()], &[1, 0, 1], &[]));
        leaf::<FixedLenByteArrayType>(group, Values(&[none, last], &[2, 0, 2], &[0, 0, 0]));
    });
}

/// An interval keeps its months or is refused.
#[test]
fn interval_months_kept() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let all = DataType::Interval(IntervalUnit::MonthDayNano);
        let (months, days) = (DataType::Interval(IntervalUnit::YearMonth), DataType::Interval(IntervalUnit::DayTime));
        for (stored, declared, right) in [
            ([1, 2, 3], &all, Ok("1 mons 2 days 0.003000000 secs")),
            // 720 hours, as DuckDB writes them.
            ([0, 0, 2_592_000_000], &all, Ok("720 hours")),
            ([14, 0, 0], &months, Ok("1 years 2 mons")),
            ([0, 2, 3], &days, Ok("2 days 0.003 secs")),
            ([1, 2, 0], &days, Err("months would be lost")),
            ([1, 2, 0], &months, Err("days and milliseconds would be lost")),
            ([1, 0, 5], &months, Err("days and milliseconds would be lost")),
            ([0, 0, 2_592_000_000], &days, Err("a part of it is too large")),
            ([3_000_000_000, 0, 0], &all, Err("a part of it is too large")),
            ([0, 0, 0], &DataType::FixedSizeBinary(12), Err("allows no such conversion")),
        ] {
            interval_file(&path, stored);
            let columns = [
                required("id", DataType::Int64),
                nullable("iv", declared.clone()),
                nullable("l", list(structure([nullable("iv", declared.clone())]))),
            ];
            let ctx = open(&of_columns(&columns), &t_at(&path)).await;
            for place in ["iv", "l[1]['iv']"] {
                let sql = format!("SELECT {place} AS v FROM t ORDER BY id");
                match right {
                    Ok(right) => {
                        let found = text(&ctx, &sql).await;
                        assert!(found.lines().nth(5).unwrap().contains(right), "{place} as {declared}: {found}");
                        assert_eq!(found.lines().nth(4).unwrap().trim_matches(['|', ' ']), "", "{found}");
                    }
                    Err(reason) => {
                        let told = error(&ctx, &sql).await;
                        assert!(told.contains(reason) && told.contains("a.parquet"), "{place} as {declared}: {told}");
                        assert!(reason.starts_with("allows") || told.contains("row 2"), "{told}");
                    }
                }
            }
        }
    });
}

/// Intervals of Arrow are read back below zero.
#[test]
fn interval_negative() {
    use arrow::array::{IntervalDayTimeArray, RecordBatch};
    use arrow::datatypes::{IntervalDayTime, Schema};
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let days = DataType::Interval(IntervalUnit::DayTime);
        let written = IntervalDayTimeArray::from(vec![Some(IntervalDayTime::new(-2, -3)), None]);
        let schema = Arc::new(Schema::new(vec![nullable("iv", days.clone())]));
        crate::world::write(&path, &RecordBatch::try_new(schema, vec![Arc::new(written)]).unwrap());
        for (declared, right) in [(days, "-2 days"), (DataType::Interval(IntervalUnit::MonthDayNano), "-2 days")] {
            let ctx = open(&of_columns(&[nullable("iv", declared)]), &t_at(&path)).await;
            let found = text(&ctx, "SELECT iv FROM t").await;
            assert!(found.contains(right), "{found}");
        }
    });
}

/// The sessions other tables read the footer as it is.
#[test]
fn footer_for_other_tables() {
    use datafusion::prelude::ParquetReadOptions;
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        int96_file(&path, DAY, 0);
        let ctx = open(&of_columns(&int96_columns(&DataType::Timestamp(TimeUnit::Second, None))), &t_at(&path)).await;
        for _ in 0..2 {
            assert!(text(&ctx, "SELECT at FROM t WHERE id = 3").await.contains("2024-01-01T00:00:00"));
            let theirs = ctx.read_parquet(path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
            let at = theirs.schema().field_with_unqualified_name("at").unwrap().data_type().clone();
            assert_eq!(at, DataType::Timestamp(TimeUnit::Nanosecond, None));
            assert_eq!(theirs.count().await.unwrap(), 3);
        }
    });
}
