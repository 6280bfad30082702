//! Every format takes what a query gives, or refuses it before anything is written.

use std::fs;
use std::path::Path;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::ipc::reader::FileReader;

use crate::{cstspec, empty, fails_with, run, stderr, stdout};

/// The standard output of a query.
fn written(folder: &Path, sql: &str, format: &str) -> String {
    let output = run(folder, &["query", sql, "-q", "--format", format]);
    assert_eq!(output.status.code(), Some(0), "{format}: {sql}: {}", stderr(&output));
    stdout(&output).to_owned()
}

/// JSON has a form for every value.
#[test]
fn json_of_every_value() {
    let here = empty();
    for (value, text) in [
        ("MAP {1: 'a', 2: NULL}", r#"{"1":"a","2":null}"#),
        ("MAP {true: 1}", r#"{"true":1}"#),
        ("MAP {date '2024-01-02': 1}", r#"{"2024-01-02":1}"#),
        ("MAP {struct(1): 1}", r#"{"{\"c0\":1}":1}"#),
        ("CAST('NaN' AS DOUBLE)", "\"NaN\""),
        ("make_array(CAST('inf' AS DOUBLE), CAST('-inf' AS REAL), 1.5)", r#"["Infinity","-Infinity",1.5]"#),
        ("interval '1 month 2 days'", "\"1 mons 2 days\""),
        ("arrow_cast(5, 'Duration(Second)')", "\"PT5S\""),
        ("arrow_cast(arrow_cast(NULL, 'Utf8'), 'Dictionary(Int32, Utf8)')", "null"),
        ("named_struct('a', '', 'b', NULL)", r#"{"a":"","b":null}"#),
        ("x'ff00'", "\"ff00\""),
        ("arrow_cast('1.20', 'Decimal128(10, 2)')", "1.20"),
    ] {
        assert_eq!(
            written(here.path(), &format!("SELECT {value} AS v"), "json"),
            format!("{{\"v\":{text}}}\n"),
            "{value}"
        );
    }
}

/// CSV tells NULL from an empty text.
#[test]
fn csv_null_and_empty_text() {
    let here = empty();
    let sql = "SELECT NULL AS n, '' AS e, 'a,\"b\"' AS q, MAP {1: ''} AS m, CAST('NaN' AS DOUBLE) AS x";
    assert_eq!(written(here.path(), sql, "csv"), "n,e,q,m,x\n,\"\",\"a,\"\"b\"\"\",\"{\"\"1\"\":\"\"\"\"}\",NaN\n");
    // A line with nothing on it is no row to most readers.
    assert_eq!(written(here.path(), "SELECT NULL AS n", "csv"), "n\n\"\"\n");
    assert_eq!(written(here.path(), "SELECT 1 AS \"a,b\" WHERE false", "csv"), "\"a,b\"\n");
}

/// Nested NULLs are reported from text in a table.
#[test]
fn table_nested_nulls() {
    let text = written(empty().path(), "SELECT named_struct('a', '', 'b', NULL) AS s", "table");
    assert!(text.contains("{a: , b: NULL}"), "{text}");
}

/// Rows without columns are counted.
#[test]
fn rows_without_columns() {
    let here = empty();
    let sql = "SELECT FROM cst_refs LIMIT 3";
    assert_eq!(written(here.path(), sql, "json"), "{}\n{}\n{}\n");
    assert_eq!(written(here.path(), sql, "table"), "(3 rows)\n");
    assert_eq!(run(here.path(), &["query", sql, "-q", "-o", "x.arrow"]).status.code(), Some(0));
    let reader = FileReader::try_new(fs::File::open(here.path().join("x.arrow")).unwrap(), None).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 3);
    for file in ["x.csv", "x.parquet"] {
        let output = run(here.path(), &["query", sql, "-o", file]);
        fails_with(&output, "cannot hold a result without columns");
        assert!(stderr(&output).contains("--format json"), "{}", stderr(&output));
        assert!(!here.path().join(file).exists());
    }
}

/// A name twice is refused with its remedy.
#[test]
fn name_twice_refused() {
    let here = empty();
    let twice = "SELECT a.id, b.id FROM (SELECT 1 AS id) a, (SELECT 2 AS id) b";
    for file in ["x.json", "x.csv", "x.arrow", "x.arrows", "x.parquet"] {
        let output = run(here.path(), &["query", twice, "-o", file]);
        fails_with(&output, "duplicate names of columns or fields: `id`");
        assert!(stderr(&output).contains("AS"), "{}", stderr(&output));
        let nested = run(here.path(), &["query", "SELECT make_array(named_struct('a', 1, 'a', 2)) AS s", "-o", file]);
        fails_with(&nested, "duplicate names of columns or fields: `s.a`");
        assert!(!here.path().join(file).exists());
    }
    // People see both.
    assert!(written(here.path(), twice, "table").starts_with("id  id\n"));
}

/// What Parquet has no type for is named.
#[test]
fn parquet_type_unsupported() {
    let here = empty();
    let sql = "SELECT 1 AS a, named_struct('b', make_array(interval '1 month')) AS s, interval '1 day' AS i";
    let output = run(here.path(), &["query", sql, "-o", "x.parquet"]);
    fails_with(&output, "`s.b`");
    assert!(stderr(&output).contains("`i`") && stderr(&output).contains("--format csv"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

/// The ending of a file is one that is known.
#[test]
fn file_ending_unknown() {
    let here = empty();
    for file in ["x.xlsx", "x.csv.gz", "x.PARQUE"] {
        let output = run(here.path(), &["query", "SELECT 1 AS a", "-o", file]);
        fails_with(&output, "unknown file extension");
        assert!(stderr(&output).contains(".parquet, .arrow"), "{}", stderr(&output));
    }
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    assert_eq!(run(here.path(), &["query", "SELECT 1 AS a", "-o", "x.xlsx", "--format", "csv"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(here.path().join("x.xlsx")).unwrap(), "a\n1\n");
    assert_eq!(run(here.path(), &["query", "SELECT 1 AS a", "-q", "-o", "X.CSV"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(here.path().join("X.CSV")).unwrap(), "a\n1\n");
    assert_eq!(run(here.path(), &["query", "SELECT 1 AS a", "-q", "-o", "plain"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(here.path().join("plain")).unwrap(), "a\n1\n(1 row)\n");
}

/// Nothing is written of rows that cannot be written.
#[test]
fn unwritable_rows_leave_nothing() {
    let here = empty();
    let value = "SELECT arrow_cast(9223372036854775807, 'Timestamp(Second, None)') AS t";
    for sql in [value, "SELECT 1 / (CASE WHEN cst_id >= 0 THEN 0 ELSE 1 END) AS x FROM cst_nodes"] {
        for format in ["csv", "json"] {
            let output = run(here.path(), &["query", sql, "--format", format]);
            assert_eq!(output.status.code(), Some(2), "{format}: {sql}");
            // A failure in JSON is a report, and the only line.
            let of_rows = stdout(&output).lines().filter(|line| !line.starts_with("{\"schema_version\":")).count();
            assert_eq!(of_rows, 0, "{format}: {sql}: {}", stdout(&output));
        }
    }
    fails_with(&run(here.path(), &["query", value, "--format", "json"]), "a value of `t` cannot be written");
}

/// An Arrow file has one dictionary of all batches.
#[test]
fn arrow_file_single_dictionary() {
    let here = empty();
    let key = "arrow_cast(ref_kind || '-' || (bstart % 7), 'Dictionary(Int32, Utf8)')";
    let sql = format!(
        "SELECT {key} AS k, make_array({key}) AS ks, named_struct('k', {key}) AS s, count(*) AS n FROM cst_refs \
         GROUP BY ref_kind, bstart ORDER BY 1, 4, bstart"
    );
    let output = run(here.path(), &["query", &sql, "-q", "-o", "x.arrow"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reader = FileReader::try_new(fs::File::open(here.path().join("x.arrow")).unwrap(), None).unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert!(batches.iter().all(|batch| matches!(batch.column(0).data_type(), DataType::Dictionary(..))));
    let text = |batch: &RecordBatch, row| {
        let column = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
        arrow::util::display::array_value_to_string(&column, row).unwrap()
    };
    let found: Vec<String> =
        batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| text(batch, row))).collect();
    let lines = cstspec(here.path()).args(["query", &sql, "-q", "--format", "json", "--built-in"]).output().unwrap();
    let expected: Vec<String> = stdout(&lines)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["k"].as_str().unwrap().to_owned())
        .collect();
    assert!(found.len() > 100);
    assert_eq!(found, expected);
}
