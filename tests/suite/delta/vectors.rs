//! Deletion vectors: a table with deleted rows is the same table without these rows.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BooleanArray, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
    StructBuilder,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use cstspec_verify::Checks;
use datafusion::prelude::SessionContext;
use serde_json::{Value, json};

use super::small::{Small, rows};
use cstspec_tests::delta_log::{Stored, Table, features, metadata, protocol, remove};

const SPEC: &str = r#"
dataset: t
version: 2
columns:
  id: { type: int64, nullable: false }
  name: utf8
  span: "struct<start: int64, length: int64>"
  words: "list<struct<word: utf8, at: int64>>"
  level: { type: int64, default: 5 }
"#;
const VIEW: &str = "view: words\nrows: { of: t, unnest: words }\ncolumns: { id: row }\n";

/// Rows of a file, whose numbers begin with `first`. An old file has no `level`.
fn batch(first: i64, count: i64, old: bool) -> RecordBatch {
    let ids: Vec<i64> = (first..first + count).collect();
    let names: StringArray = ids.iter().map(|id| (id % 7 != 0).then(|| format!("n{}", id % 10))).collect();
    let starts: ArrayRef = Arc::new(Int64Array::from(ids.clone()));
    let lengths: ArrayRef = Arc::new(ids.iter().map(|id| (id % 3 != 0).then_some(id * 2)).collect::<Int64Array>());
    let span = StructArray::from(vec![
        (Arc::new(Field::new("start", DataType::Int64, true)), starts),
        (Arc::new(Field::new("length", DataType::Int64, true)), lengths),
    ]);
    let word = [Field::new("word", DataType::Utf8, true), Field::new("at", DataType::Int64, true)];
    let mut words = ListBuilder::new(StructBuilder::from_fields(word.to_vec(), 0));
    for id in &ids {
        for at in 0..id % 4 {
            let item = words.values();
            item.field_builder::<StringBuilder>(0).unwrap().append_value(format!("w{}", id + at));
            item.field_builder::<arrow::array::Int64Builder>(1).unwrap().append_value(at);
            item.append(true);
        }
        words.append(id % 5 != 0);
    }
    let words = words.finish();
    let mut fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("span", span.data_type().clone(), true),
        Field::new("words", words.data_type().clone(), true),
    ];
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(ids.clone())), Arc::new(names), Arc::new(span), Arc::new(words)];
    if !old {
        fields.push(Field::new("level", DataType::Int64, true));
        columns.push(Arc::new(ids.iter().map(|id| (id % 11 != 0).then_some(id % 9)).collect::<Int64Array>()));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn without(batch: &RecordBatch, deleted: &[u64]) -> RecordBatch {
    let kept: BooleanArray = (0..batch.num_rows() as u64).map(|row| Some(!deleted.contains(&row))).collect();
    filter_record_batch(batch, &kept).unwrap()
}

/// A table of an old file and a new one of a hundred rows each, in row groups of 25; of the new one rows are deleted. `plain` is the same
/// as files without these rows.
fn table(deleted: &[u64], stored: Stored) -> Small {
    let small = Small::new(SPEC);
    small.spec("words", VIEW);
    let (old, new) = (batch(0, 100, true), batch(100, 100, false));
    small.write("t/old.parquet", &old, 25);
    small.write("t/new file.parquet", &new, 25);
    small.write("plain/old.parquet", &old, 25);
    small.write("plain/new file.parquet", &without(&new, deleted), 25);
    let schema = small.catalog().dataset("t").unwrap().schema();
    let mut table =
        Table::of(&small.data("t"), &schema, &[], &[("old.parquet", json!({})), ("new%20file.parquet", json!({}))]);
    let add = table.add_deleted("new%20file.parquet", deleted, stored);
    table.commit(&[features(&["deletionVectors"]), remove("new%20file.parquet"), add]);
    small
}

/// Rows that are deleted: none, one, the edges of row groups, a whole group, every other row, all but one, all.
fn patterns() -> Vec<Vec<u64>> {
    vec![
        vec![3],
        vec![0, 24, 25, 49, 50, 99],
        (25..50).collect(),
        (0..100).filter(|row| row % 2 == 1).collect(),
        (0..99).collect(),
        (0..100).collect(),
    ]
}

const QUERIES: [&str; 16] = [
    "SELECT count(*) FROM t",
    "SELECT * FROM t ORDER BY id",
    "SELECT count(level), sum(level), min(id), max(id) FROM t",
    "SELECT level, count(*) FROM t GROUP BY level ORDER BY level",
    "SELECT id, name FROM t WHERE id > 90 AND id < 128 ORDER BY id",
    "SELECT id FROM t WHERE name = 'n3' AND level > 4 ORDER BY id",
    "SELECT count(*) FROM t WHERE level = 5",
    "SELECT count(*) FROM t WHERE span IS NULL",
    "SELECT id, span['length'] FROM t WHERE id % 25 < 2 ORDER BY id",
    "SELECT sum(span['start']) FROM t WHERE words IS NOT NULL",
    "SELECT count(*) FROM words",
    "SELECT id, word FROM words WHERE word = 'w126' ORDER BY id, word",
    "SELECT id, count(at) FROM words WHERE word >= 'w15' GROUP BY id ORDER BY id",
    "SELECT count(*) FROM (SELECT id FROM t LIMIT 120)",
    "SELECT count(*) FROM (SELECT id FROM t WHERE id >= 100 LIMIT 60)",
    "SELECT id FROM t WHERE id >= 100 ORDER BY id DESC LIMIT 4",
];

async fn set(ctx: &SessionContext, settings: &[(&str, &str)]) {
    for (name, value) in settings {
        ctx.sql(&format!("SET {name} = {value}")).await.unwrap();
    }
}

/// A table with deleted rows is the table without them.
#[tokio::test]
async fn deleted_rows_absent() {
    let sessions: [&[(&str, &str)]; 4] = [
        &[],
        &[("datafusion.execution.target_partitions", "1")],
        &[("datafusion.execution.target_partitions", "5"), ("datafusion.optimizer.repartition_file_min_size", "1")],
        &[("datafusion.execution.parquet.pushdown_filters", "true"), ("cstspec.narrow_scans", "false")],
    ];
    for (index, deleted) in patterns().iter().enumerate() {
        let stored = [Stored::Inline, Stored::Relative, Stored::Absolute][index % 3];
        let small = table(deleted, stored);
        for settings in [sessions[index % 4], sessions[2]] {
            let (delta, plain) = (small.open("t").await, small.open("plain").await);
            set(&delta, settings).await;
            set(&plain, settings).await;
            for query in QUERIES {
                let (found, expected) = (rows(&delta, query).await, rows(&plain, query).await);
                assert_eq!(found, expected, "{query} without {deleted:?} under {settings:?}");
            }
        }
        for depth in [Checks::Schema, Checks::Rows] {
            let plain = small.findings("plain", depth).await.join("\n").replace("/plain/", "/t/");
            assert_eq!(small.findings("t", depth).await.join("\n"), plain, "{deleted:?}");
        }
    }
}

/// An older version has the rows that are deleted later.
#[tokio::test]
async fn older_version_rows() {
    let small = table(&[0, 1, 2], Stored::Relative);
    assert_eq!(small.query("t?version=0", "SELECT count(*), sum(level) FROM t").await, "200, 861");
    assert_eq!(small.query("t", "SELECT count(*) FROM t").await, "197");
}

/// An error names the row of the file and not of those that are left.
#[tokio::test]
async fn error_row_in_file() {
    let small = Small::new(
        "dataset: t\nversion: 1\ncolumns:\n  id: { type: int64, nullable: false }\nconstraints: { primary_key: [id] }\nordering: { by: [id] }\n",
    );
    let ids: Int64Array = [Some(7), Some(1), None, None, Some(2), None, Some(1)].into_iter().collect();
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
    small.write("t/a.parquet", &RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids)]).unwrap(), 3);
    let mut table = Table::new(&small.data("t"));
    let add = table.add_deleted("a.parquet", &[0, 2, 3], Stored::Inline);
    table.commit(&[features(&["deletionVectors"]), metadata(&schema, &[], &json!({})), add]);
    let error = small.query("t", "SELECT * FROM t").await;
    assert!(error.contains("/t/a.parquet") && error.contains("row 5: NULL in `id`"), "{error}");
    let report = small.verify("t", Checks::Rows).await;
    let told: Vec<(String, Option<u64>)> = report
        .findings
        .iter()
        .filter_map(|finding| Some((finding.code.to_string(), finding.data.as_ref()?.row)))
        .filter(|(_, row)| row.is_some())
        .collect();
    assert!(told.iter().any(|(_, row)| *row == Some(5)), "{told:?}");
    assert!(told.iter().all(|(_, row)| !matches!(row, Some(0 | 2 | 3))), "{told:?}");
}

/// A table of two files, of whose second the vector is what `change` makes of a sound one.
fn damaged(change: impl Fn(&Small, &mut Value)) -> Small {
    let small = table(&[1, 2, 3], Stored::Relative);
    let schema = small.catalog().dataset("t").unwrap().schema();
    let mut log = Table::new(&small.data("t"));
    let mut add = log.add_deleted("new%20file.parquet", &[1, 2, 3], Stored::Relative);
    change(&small, &mut add["add"]["deletionVector"]);
    let old = log.add("old.parquet", &json!({}));
    log.commit(&[features(&["deletionVectors"]), metadata(&schema, &[], &json!({})), old, add]);
    std::fs::remove_file(log.commit_path(1)).unwrap();
    small
}

/// Writes other bytes into the one file of vectors.
fn bytes(small: &Small, change: impl Fn(&mut Vec<u8>)) {
    for entry in std::fs::read_dir(small.data("t/d\u{e9}")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let mut bytes = std::fs::read(&path).unwrap();
            change(&mut bytes);
            std::fs::write(path, bytes).unwrap();
        }
    }
}

/// A vector that cannot be used is a finding of its file and the others are read.
#[tokio::test]
async fn vector_unusable() {
    type Change = Box<dyn Fn(&Small, &mut Value)>;
    let cases: Vec<(&str, Change)> = vec![
        ("its storage type is `x`", Box::new(|_, vector| vector["storageType"] = json!("x"))),
        ("it has 3 rows, and the log says 4", Box::new(|_, vector| vector["cardinality"] = json!(4))),
        ("the log says 5", Box::new(|_, vector| vector["sizeInBytes"] = json!(5))),
        ("it has -1 bytes", Box::new(|_, vector| vector["sizeInBytes"] = json!(-1))),
        ("it begins at byte -4", Box::new(|_, vector| vector["offset"] = json!(-4))),
        ("deletion_vector", Box::new(|_, vector| vector["offset"] = json!(1_000_000))),
        ("is too short for a UUID", Box::new(|_, vector| vector["pathOrInlineDv"] = json!("ab"))),
        (
            "is not text of base 85",
            Box::new(|_, vector| vector["pathOrInlineDv"] = json!("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"")),
        ),
        (
            "outside of the table",
            Box::new(|small, vector| {
                vector["storageType"] = json!("p");
                vector["pathOrInlineDv"] = json!(format!("file://{}/v.bin", small.data("elsewhere").display()));
            }),
        ),
        ("its checksum is wrong", Box::new(|small, _| bytes(small, |bytes| bytes[12] ^= 1))),
        ("version 1", Box::new(|small, _| bytes(small, |bytes| bytes[0] = 9))),
        ("it ends before", Box::new(|small, _| bytes(small, |bytes| bytes.truncate(20)))),
        ("deletion_vector", Box::new(|small, _| bytes(small, Vec::clear))),
        (
            "it removes row 100, and the file has 100 rows",
            Box::new(|small, vector| {
                let log = Table::new(&small.data("t"));
                *vector =
                    log.add_deleted("new%20file.parquet", &[5, 100], Stored::Inline)["add"]["deletionVector"].take();
            }),
        ),
        (
            "it has 0 bytes, and the log says 2",
            Box::new(|_, vector| {
                *vector = json!({ "storageType": "i", "pathOrInlineDv": "", "sizeInBytes": 2, "cardinality": 0 });
            }),
        ),
    ];
    for (reason, change) in cases {
        let small = damaged(change);
        for depth in [Checks::Schema, Checks::Rows] {
            let told = small.findings("t", depth).await;
            let [_, only] = told.as_slice() else { panic!("{reason}: {told:#?}") };
            assert!(only.starts_with("R412 /t/new file.parquet") && only.contains(reason), "{reason}: {only}");
        }
        let report = small.verify("t", Checks::Schema).await;
        assert_eq!((report.sources[0].files, report.sources[0].refused), (1, 1));
        assert_eq!(report.relations[0].rows, Some(100));
        let error = small.query("t", "SELECT count(*) FROM t").await;
        assert!(
            error.contains("new file.parquet`, a file of `t`, cannot be used") && error.contains(reason),
            "{error}"
        );
    }
}

/// Many vectors share a file and each file has its own.
#[tokio::test]
async fn vectors_share_file() {
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n");
    let schema = small.catalog().dataset("t").unwrap().schema();
    let mut table = Table::new(&small.data("t"));
    let mut actions = vec![features(&["deletionVectors"]), metadata(&schema, &[], &json!({}))];
    for (file, deleted) in [("a", vec![0, 1]), ("b", vec![9]), ("c", (0..10).collect::<Vec<u64>>())] {
        let first = i64::from(file.as_bytes()[0] - b'a') * 10;
        let ids: ArrayRef = Arc::new((first..first + 10).collect::<Int64Array>());
        small.write(&format!("t/{file}.parquet"), &RecordBatch::try_new(Arc::clone(&schema), vec![ids]).unwrap(), 4);
        actions.push(table.add_deleted(&format!("{file}.parquet"), &deleted, Stored::Shared));
    }
    table.commit(&actions);
    assert_eq!(
        small.query("t", "SELECT id FROM t ORDER BY id").await,
        "2; 3; 4; 5; 6; 7; 8; 9; 10; 11; 12; 13; 14; 15; 16; 17; 18"
    );
    assert_eq!(small.findings("t", Checks::Rows).await, Vec::<String>::new());
}

/// A table without the feature has no vectors.
#[tokio::test]
async fn vectors_without_feature() {
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n");
    let schema = small.catalog().dataset("t").unwrap().schema();
    let ids: ArrayRef = Arc::new((0..3).collect::<Int64Array>());
    small.write("t/a.parquet", &RecordBatch::try_new(Arc::clone(&schema), vec![ids]).unwrap(), 4);
    let mut table = Table::new(&small.data("t"));
    let add = table.add("a.parquet", &json!({}));
    table.commit(&[protocol(1, 2), metadata(&schema, &[], &json!({})), add]);
    assert_eq!(small.query("t", "SELECT count(*) FROM t").await, "3");
}
