//! Widening casts: every value comes back the same, no filter loses a row by it, and a value that does not fit is an error.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use cstspec_conform::{Rules, conform, loses_nothing};
use cstspec_contract::types::{list, nullable, required};
use cstspec_contract::{Evolution, Path};
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::differences::{ids, lists, put};
use crate::masking::{of_columns, t_at};
use crate::world::{error, open, run, text};

/// One of each type that widens or is widened to.
fn types() -> Vec<DataType> {
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = vec![
        DataType::Null,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Boolean,
        DataType::Decimal32(4, 0),
        DataType::Decimal64(9, 0),
        DataType::Decimal128(9, 2),
        DataType::Decimal128(20, 2),
        DataType::Decimal256(40, 5),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::FixedSizeBinary(1),
        DataType::Date32,
        DataType::Date64,
        DataType::Time32(TimeUnit::Second),
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Interval(IntervalUnit::YearMonth),
        DataType::Interval(IntervalUnit::DayTime),
        DataType::Interval(IntervalUnit::MonthDayNano),
    ];
    for unit in units {
        types.push(DataType::Duration(unit));
        for zone in [None, Some("UTC"), Some("+00:00"), Some("Europe/Vienna")] {
            types.push(DataType::Timestamp(unit, zone.map(Into::into)));
        }
    }
    for values in [DataType::Utf8, DataType::Int32, DataType::Timestamp(TimeUnit::Millisecond, None)] {
        types.push(DataType::Dictionary(Box::new(DataType::Int32), Box::new(values.clone())));
        let ends = Arc::new(Field::new("run_ends", DataType::Int32, false));
        types.push(DataType::RunEndEncoded(ends, Arc::new(Field::new("values", values, true))));
    }
    types
}

/// A few values of a type, of which none is too large for any other, and a NULL.
fn few(data_type: &DataType) -> ArrayRef {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), Some(1), None, Some(100)]));
    let from: ArrayRef = match data_type {
        DataType::Null => return new_null_array(data_type, 4),
        DataType::Boolean => cast(&numbers, &DataType::Boolean).unwrap(),
        DataType::Date32 | DataType::Time32(_) | DataType::Interval(IntervalUnit::YearMonth) => {
            cast(&numbers, &DataType::Int32).unwrap()
        }
        DataType::Interval(_) => {
            Arc::new(StringArray::from(vec![Some("1 day"), Some("2 seconds"), None, Some("3 days")]))
        }
        DataType::FixedSizeBinary(_) => {
            cast(&StringArray::from(vec![Some("a"), Some("b"), None, Some("c")]), &DataType::Binary).unwrap()
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => cast(&numbers, &DataType::Utf8).unwrap(),
        _ => numbers,
    };
    cast(&from, data_type).unwrap_or_else(|error| panic!("values of {data_type}: {error}"))
}

/// The type of the values, however they are encoded.
fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        DataType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    }
}

/// What widens can be cast and comes back the same.
#[test]
fn widened_values_round_trip() {
    let types = types();
    for from in &types {
        let values = few(from);
        for to in types.iter().filter(|to| loses_nothing(from, to)) {
            assert!(can_cast_types(from, to), "{from} -> {to}");
            let evolution = Evolution::default();
            let rules = Rules { evolution: &evolution, defaults: &[] };
            let there =
                conform(&values, to, rules, &Path::top("c")).unwrap_or_else(|error| panic!("{from} -> {to}: {error}"));
            assert_eq!(there.logical_null_count(), values.logical_null_count(), "{from} -> {to}");
            // Arrow has no way back for a few, and a wrong one into dictionaries of times.
            let (there, back) = (cast(&there, plain(to)).unwrap(), plain(from));
            if *from != DataType::Null && can_cast_types(there.data_type(), back) {
                assert_eq!(&cast(&there, back).unwrap(), &cast(&values, back).unwrap(), "{from} -> {to} -> {from}");
            }
        }
    }
}

/// A zone and a unit are read as declared and no row is lost by them.
#[test]
fn zone_and_unit_as_declared() {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond};

    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let zoned = |unit, zone: &str| DataType::Timestamp(unit, Some(zone.into()));
        let unzoned = |unit| DataType::Timestamp(unit, None);
        for (stored, declared, differs) in [
            (zoned(Microsecond, "+00:00"), zoned(Microsecond, "UTC"), Some(false)),
            (zoned(Microsecond, "UTC"), zoned(Microsecond, "Etc/UTC"), Some(false)),
            (zoned(Microsecond, "UTC"), zoned(Microsecond, "Europe/Vienna"), Some(true)),
            (zoned(Millisecond, "+02:00"), zoned(Microsecond, "UTC"), Some(true)),
            (unzoned(Millisecond), unzoned(Microsecond), Some(true)),
            (unzoned(Millisecond), unzoned(Nanosecond), Some(true)),
            (DataType::Date32, unzoned(Millisecond), Some(true)),
            (zoned(Microsecond, "UTC"), unzoned(Microsecond), None),
            (unzoned(Microsecond), zoned(Microsecond, "UTC"), None),
            (unzoned(Microsecond), unzoned(Millisecond), None),
            (DataType::Date32, zoned(Millisecond, "UTC"), None),
        ] {
            let seconds = Int64Array::from(vec![Some(86_400_000), None, Some(172_800_000)]);
            let instants = match &stored {
                DataType::Date32 => {
                    cast(&arrow::array::Int32Array::from(vec![Some(1), None, Some(2)]), &stored).unwrap()
                }
                _ => cast(&cast(&seconds, &unzoned(Millisecond)).unwrap(), &stored).unwrap(),
            };
            // A zone is a way to show an instant, so the instants are those of the numbers.
            let instants = match &stored {
                DataType::Timestamp(unit, Some(_)) => {
                    let plain = cast(&cast(&seconds, &unzoned(Millisecond)).unwrap(), &unzoned(*unit)).unwrap();
                    cast(&cast(&plain, &DataType::Int64).unwrap(), &stored).unwrap()
                }
                _ => instants,
            };
            put(&path, vec![ids(3), ("at", instants.clone()), ("l", lists(instants, &[Some(1), Some(1), Some(1)]))]);
            let catalog = of_columns(&[
                required("id", DataType::Int64),
                nullable("at", declared.clone()),
                nullable("l", list(declared.clone())),
            ]);
            let ctx = open(&catalog, &t_at(&path)).await;
            let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
            let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_ref()).collect();
            match differs {
                None => {
                    assert_eq!(codes, ["R132", "R132"], "{stored} as {declared}");
                    continue;
                }
                Some(true) => assert_eq!(codes, ["R130", "R130"], "{stored} as {declared}"),
                Some(false) => assert!(codes.is_empty(), "{stored} as {declared}: {codes:?}"),
            }
            for column in ["at", "l[1]"] {
                let found =
                    text(&ctx, &format!("SELECT CAST(to_unixtime({column}) AS BIGINT) AS v FROM t ORDER BY id")).await;
                let found: Vec<&str> =
                    found.lines().skip(3).take(3).map(|line| line.trim_matches(['|', ' '])).collect();
                assert_eq!(found, ["86400", "", "172800"], "{column}: {stored} as {declared}");
                // Half a millisecond beside what the file has: statistics are of a coarser unit.
                for (condition, count) in
                    [("> {} - h", 2), ("< {} + h", 1), (">= {}", 2), ("= {}", 1), ("= {} + h", 0), ("> {} + h", 1)]
                {
                    let day = format!("arrow_cast(arrow_cast(86400000, 'Timestamp(ms)'), '{declared}')");
                    let condition = condition.replace("{}", &day).replace(" h", " INTERVAL '0.0005 seconds'");
                    let sql = format!("SELECT count(*) AS c FROM t WHERE {column} {condition}");
                    let found = text(&ctx, &sql).await;
                    let declared_ms = matches!(declared, DataType::Timestamp(Millisecond, _));
                    if !declared_ms
                        && !matches!(&declared, DataType::Timestamp(_, Some(zone)) if &**zone == "Europe/Vienna")
                    {
                        assert_eq!(found.lines().nth(3), Some(&*format!("| {count} |")), "{sql}, {stored}");
                    }
                }
            }
        }
    });
}

/// Text is binary and a finer unit has an end.
#[test]
fn binary_text_and_finer_units() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let words: ArrayRef = Arc::new(StringArray::from(vec![Some("é"), None]));
        put(&path, vec![ids(2), ("word", words)]);
        for declared in [DataType::Binary, DataType::LargeBinary, DataType::BinaryView] {
            let ctx =
                open(&of_columns(&[required("id", DataType::Int64), nullable("word", declared.clone())]), &t_at(&path))
                    .await;
            let found = text(&ctx, "SELECT encode(word, 'hex') AS v FROM t ORDER BY id").await;
            assert!(found.contains("c3a9"), "{found}");
            let filtered = text(&ctx, "SELECT count(*) AS c FROM t WHERE word = arrow_cast(X'c3a9', 'Binary')").await;
            assert_eq!(filtered.lines().nth(3), Some("| 1 |"), "{declared}");
        }
        // 9999-12-31 in microseconds.
        let far = cast(
            &Int64Array::from(vec![Some(1), Some(253_402_214_400_000_000)]),
            &DataType::Timestamp(TimeUnit::Microsecond, None),
        )
        .unwrap();
        put(&path, vec![ids(2), ("at", far)]);
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let ctx =
            open(&of_columns(&[required("id", DataType::Int64), nullable("at", nanoseconds)]), &t_at(&path)).await;
        let told = error(&ctx, "SELECT at FROM t").await;
        assert!(told.contains("a.parquet") && told.contains("row 1") && told.contains("9999-12-31"), "{told}");
    });
}
