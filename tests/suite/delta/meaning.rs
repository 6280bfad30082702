//! The meaning of a log is that of the Delta protocol: text of partitions, and kinds of timestamp that files do not have.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StructArray, TimestampMicrosecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use cstspec_verify::Checks;
use serde_json::{Value, json};

use super::small::Small;
use cstspec_tests::delta_log::{Table, described, features, metadata, protocol};

fn ids(values: &[i64]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}

/// A log with the columns `p`, of this type, and `id`, partitioned by `p`.
fn logged(data_type: &Value) -> Value {
    let field =
        |name: &str, data_type: &Value| json!({ "name": name, "type": data_type, "nullable": true, "metadata": {} });
    json!({ "type": "struct", "fields": [field("p", data_type), field("id", &json!("long"))] })
}

/// A table with a file for each text of `p`: a log's type and a contract's.
fn partitioned(logged_type: &str, declared: &str, texts: &[Option<&str>]) -> Small {
    let small =
        Small::new(&format!("dataset: t\nversion: 1\ncolumns:\n  p: {declared}\n  id: int64\npartitions: [p]\n"));
    let mut table = Table::new(&small.data("t"));
    let mut actions = vec![features(&["timestampNtz"]), described(&logged(&json!(logged_type)), &["p"], &json!({}))];
    for (index, text) in (0_i64..).zip(texts) {
        small.write(&format!("t/{index}.parquet"), &ids(&[index]), 9);
        actions.push(table.add(&format!("{index}.parquet"), &json!({ "p": text })));
    }
    table.commit(&actions);
    small
}

/// The text of a partition is of the logs type whatever the contract declares.
#[tokio::test]
async fn partition_text_of_log_type() {
    let spellings =
        ["2024-07-15 16:00:00", "2024-07-15T16:00:00.000000Z", "2024-07-15 16:00:00.000", "2024-07-15T18:00:00+02:00"];
    let cases: Vec<(&str, &str, Vec<Option<&str>>, &str)> = vec![
        // One instant, whatever the zone that the contract shows it in.
        (
            "timestamp",
            "\"timestamp(us, Europe/Vienna)\"",
            spellings.map(Some).to_vec(),
            "2024-07-15T18:00:00+02:00; 2024-07-15T18:00:00+02:00; 2024-07-15T18:00:00+02:00; 2024-07-15T18:00:00+02:00",
        ),
        (
            "timestamp",
            "\"timestamp(ns, UTC)\"",
            vec![Some("2024-07-15 16:00:00.000001")],
            "2024-07-15T16:00:00.000001Z",
        ),
        ("timestamp_ntz", "timestamp(us)", vec![Some("2024-07-15 16:00:00.5"), None], "2024-07-15T16:00:00.500; NULL"),
        ("date", "date32", vec![Some("2024-02-29"), Some("")], "2024-02-29; NULL"),
        ("boolean", "bool", vec![Some("true"), Some("false")], "true; false"),
        ("decimal(10,2)", "\"decimal128(10, 2)\"", vec![Some("-12.50"), Some("0.01")], "-12.50; 0.01"),
        ("decimal(20,0)", "uint64", vec![Some("18446744073709551615")], "18446744073709551615"),
        ("long", "uint32", vec![Some("4294967295")], "4294967295"),
        ("byte", "int8", vec![Some("-128")], "-128"),
        ("integer", "int64", vec![Some("-7")], "-7"),
        ("double", "float64", vec![Some("1.5E3"), Some("NaN"), Some("-Infinity")], "1500.0; NaN; -inf"),
        ("binary", "binary", vec![Some("\u{1}a")], "0161"),
        ("string", "utf8", vec![Some("a/b=c%20 ü"), Some(""), None], "a/b=c%20 ü; NULL; NULL"),
        ("string", "large_utf8", vec![Some("x")], "x"),
    ];
    for (logged, declared, texts, expected) in cases {
        let small = partitioned(logged, declared, &texts);
        let found = small.query("t", "SELECT p FROM t ORDER BY id").await;
        assert_eq!(found, expected, "{logged} as {declared}");
        let told = small.findings("t", Checks::Rows).await;
        assert!(told.iter().all(|told| told.starts_with("R408 ")), "{logged} as {declared}: {told:?}");
    }
}

/// A filter on a partition is about the instant.
#[tokio::test]
async fn partition_filter_on_instant() {
    let small = partitioned(
        "timestamp",
        "\"timestamp(us, Europe/Vienna)\"",
        &[Some("2024-07-15 16:00:00"), Some("2024-07-15T17:00:00Z")],
    );
    let query =
        "SELECT id FROM t WHERE p = arrow_cast('2024-07-15T16:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')";
    assert_eq!(small.query("t", query).await, "0");
}

/// Text that is not of the logs type is a finding of its file.
#[tokio::test]
async fn partition_text_invalid() {
    for (logged, declared, text) in [
        ("integer", "int32", "twelve"),
        ("integer", "int32", "2147483648"),
        ("date", "date32", "2024-02-30"),
        ("timestamp_ntz", "timestamp(us)", "2024-07-15 16:00:00Z"),
        ("timestamp", "\"timestamp(us, UTC)\"", "yesterday"),
        ("boolean", "bool", "1"),
        ("decimal(4,2)", "\"decimal128(4, 2)\"", "123.456"),
        // The log's type has it and the contract's has not.
        ("long", "uint32", "-1"),
    ] {
        let small = partitioned(logged, declared, &[Some(text), None]);
        let told = small.findings("t", Checks::Rows).await;
        let told: Vec<&String> = told.iter().filter(|told| !told.starts_with("R408")).collect();
        assert_eq!(told, [&format!("R406 /t/0.parquet p: `{text}`")], "{logged} as {declared}");
        assert_eq!(small.verify("t", Checks::Schema).await.relations[0].rows, Some(1));
        let error = small.query("t", "SELECT id FROM t").await;
        assert!(error.contains("0.parquet") && error.contains(text), "{error}");
    }
}

/// A partition column of a type that the contract refuses is the logs fault alone.
#[tokio::test]
async fn partition_type_refused() {
    let small = partitioned("string", "int64", &[Some("5"), Some("6")]);
    assert_eq!(small.findings("t", Checks::Rows).await, ["R407 /t p: utf8"]);
    let error = small.query("t", "SELECT id FROM t").await;
    assert!(error.contains("`p` is utf8 in the log and int64 in the contract"), "{error}");
    // A contract that allows every cast reads it.
    small.spec(
        "t",
        "dataset: t\nversion: 1\ncolumns:\n  p: int64\n  id: int64\npartitions: [p]\nevolution: { casts: any }\n",
    );
    assert_eq!(small.query("t", "SELECT sum(p) FROM t").await, "11");
}

/// A partition column that the contract renames has its values.
#[tokio::test]
async fn partition_column_renamed() {
    let small = partitioned("string", "utf8", &[Some("eu"), Some("us")]);
    small.spec("t", "dataset: t\nversion: 1\ncolumns:\n  region: { type: utf8, nullable: false }\n  id: int64\npartitions: [region]\nevolution: { renames: { p: region } }\n");
    assert_eq!(small.query("t", "SELECT id FROM t WHERE region = 'us'").await, "1");
    assert_eq!(small.query("t", "SELECT region FROM t ORDER BY id").await, "eu; us");
}

/// A kind of timestamp is the logs at every depth.
#[tokio::test]
async fn timestamp_kind_of_log() {
    let zoned = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    for (marked, logged, declared, expected) in [
        (None, Some("UTC"), "timestamp(us, UTC)", "2024-01-01T00:00:00Z"),
        (Some("UTC"), None, "timestamp(us)", "2024-01-01T00:00:00"),
        (None, None, "timestamp(us)", "2024-01-01T00:00:00"),
        (Some("UTC"), Some("UTC"), "timestamp(us, UTC)", "2024-01-01T00:00:00Z"),
    ] {
        let small = Small::new(&format!(
            "dataset: t\nversion: 1\ncolumns:\n  at: \"{declared}\"\n  event: \"struct<at: {declared}>\"\n  each: \"list<{declared}>\"\n"
        ));
        let times = TimestampMicrosecondArray::from(vec![1_704_067_200_000_000])
            .with_timezone_opt(marked.map(Arc::<str>::from));
        let times: ArrayRef = Arc::new(times);
        let item = Arc::new(Field::new("at", zoned(marked), true));
        let event = StructArray::new(vec![item].into(), vec![Arc::clone(&times)], None);
        let all = ListArray::new(
            Arc::new(Field::new("element", zoned(marked), true)),
            OffsetBuffer::from_lengths([1]),
            Arc::clone(&times),
            None,
        );
        let columns: [(&str, ArrayRef); 3] = [("at", times), ("event", Arc::new(event)), ("each", Arc::new(all))];
        small.write("t/a.parquet", &RecordBatch::try_from_iter(columns).unwrap(), 9);
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let schema = Schema::new(vec![
            field("at", zoned(logged)),
            field("event", DataType::Struct(vec![field("at", zoned(logged))].into())),
            field("each", DataType::List(Arc::new(field("element", zoned(logged))))),
        ]);
        let mut table = Table::new(&small.data("t"));
        let add = table.add("a.parquet", &json!({}));
        table.commit(&[features(&["timestampNtz"]), metadata(&schema, &[], &json!({})), add]);
        let case = format!("{marked:?} in the file, {logged:?} in the log, {declared}");
        let found = small.query("t", "SELECT at, event['at'], each[1] FROM t").await;
        assert_eq!(found, [expected; 3].join(", "), "{case}");
        let zone = if declared.contains(',') { "Some(\"UTC\")" } else { "None" };
        for (time, rows) in [("2024-01-01T00:00:00", "1"), ("2024-01-01T01:00:00", "0")] {
            let query =
                format!("SELECT count(*) FROM t WHERE at = arrow_cast('{time}', 'Timestamp(Microsecond, {zone})')");
            assert_eq!(small.query("t", &query).await, rows, "{query} ({case})");
        }
        let told = small.findings("t", Checks::Rows).await;
        assert_eq!(told, Vec::<String>::new(), "{case}");
    }
}

/// A feature of readers that is not known is refused by its name.
#[tokio::test]
async fn reader_feature_unknown() {
    for (asked, known) in [
        (vec!["typeWidening"], true),
        (vec!["v2Checkpoint", "vacuumProtocolCheck", "timestampNtz"], true),
        (vec!["variantType"], false),
        (vec!["somethingNew", "deletionVectors"], false),
    ] {
        let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n");
        small.write("t/a.parquet", &ids(&[1]), 9);
        let mut table = Table::new(&small.data("t"));
        let add = table.add("a.parquet", &json!({}));
        let schema = small.catalog().dataset("t").unwrap().schema();
        table.commit(&[features(&asked), metadata(&schema, &[], &json!({})), add]);
        let told = small.findings("t", Checks::Schema).await;
        if known {
            assert_eq!(told, Vec::<String>::new(), "{asked:?}");
            assert_eq!(small.query("t", "SELECT id FROM t").await, "1");
        } else {
            assert_eq!(told, [format!("R404 /t : {}", asked[0])]);
            let error = small.query("t", "SELECT id FROM t").await;
            assert!(error.contains(asked[0]), "{error}");
        }
    }
}

/// Files of narrower types than the logs are read as wider ones.
#[tokio::test]
async fn narrower_files_widened() {
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n  x: float64\n");
    let narrow: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(arrow::array::Int32Array::from(vec![1]))),
        ("x", Arc::new(arrow::array::Float32Array::from(vec![0.5]))),
    ];
    small.write("t/a.parquet", &RecordBatch::try_from_iter(narrow).unwrap(), 9);
    let mut table = Table::new(&small.data("t"));
    let schema = small.catalog().dataset("t").unwrap().schema();
    let add = table.add("a.parquet", &json!({}));
    table.commit(&[features(&["typeWidening"]), metadata(&schema, &[], &json!({})), add]);
    assert_eq!(small.query("t", "SELECT id, x FROM t").await, "1, 0.5");
}

/// A file outside of its table is refused by its name.
#[tokio::test]
async fn file_outside_table() {
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n");
    small.write("t/a.parquet", &ids(&[1]), 9);
    small.write("elsewhere/b.parquet", &ids(&[2]), 9);
    let schema = small.catalog().dataset("t").unwrap().schema();
    let mut table = Table::new(&small.data("t"));
    let mut outside = table.add("b.parquet", &json!({}));
    outside["add"]["path"] = json!(format!("file://{}", small.data("elsewhere/b.parquet").display()));
    let add = table.add("a.parquet", &json!({}));
    table.commit(&[protocol(1, 2), metadata(&schema, &[], &json!({})), add, outside]);
    let told = small.findings("t", Checks::Schema).await;
    let [only] = told.as_slice() else { panic!("{told:?}") };
    assert!(only.starts_with("R405 ") && only.contains("elsewhere/b.parquet : it is outside of the table"), "{only}");
}
