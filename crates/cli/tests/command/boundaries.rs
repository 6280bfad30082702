//! Rows of a query that leave through a boundary.

use std::fs;

use arrow::datatypes::{DataType, Schema};
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::{empty, fails_with, run, stderr, stdout};

const THROUGH: [&str; 3] = ["-q", "--boundary", "cst_refs_export"];

/// Runs a query through `cst_refs_export`.
fn leave(folder: &std::path::Path, sql: &str, more: &[&str]) -> std::process::Output {
    run(folder, &[&["query", sql], &THROUGH[..], more].concat())
}

/// The schema that `cst_refs_export` requests.
fn is_requested(schema: &Schema) {
    let fields: Vec<(&str, &DataType, bool)> =
        schema.fields().iter().map(|field| (field.name().as_str(), field.data_type(), field.is_nullable())).collect();
    let text = |name, nullable| (name, &DataType::LargeUtf8, nullable);
    let expected = [
        text("file_id", false),
        text("path", false),
        text("ref_id", true),
        text("ref_kind", true),
        text("ref_text", true),
        text("expr_ctx", true),
        text("scope_role", true),
        ("bstart", &DataType::Int64, true),
        ("bend", &DataType::Int64, true),
    ];
    assert_eq!(fields, expected);
    assert_eq!(schema.metadata().get("schema_name").map(String::as_str), Some("cst_refs_export"));
}

#[test]
fn boundary_schema_in_every_format() {
    let here = empty();
    let sql = "SELECT * FROM cst_refs ORDER BY path, bstart, bend LIMIT 3";
    let written = |file: &str| {
        let output = leave(here.path(), sql, &["-o", file]);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        fs::File::open(here.path().join(file)).unwrap()
    };
    is_requested(&FileReader::try_new(written("x.arrow"), None).unwrap().schema());
    is_requested(&StreamReader::try_new(written("x.arrows"), None).unwrap().schema());
    is_requested(ArrowReaderMetadata::load(&written("x.parquet"), ArrowReaderOptions::new()).unwrap().schema());
    let header = "file_id,path,ref_id,ref_kind,ref_text,expr_ctx,scope_role,bstart,bend";
    let csv = leave(here.path(), sql, &["--format", "csv"]);
    assert_eq!(stdout(&csv).lines().next(), Some(header));
    let json = leave(here.path(), sql, &["--format", "json"]);
    let first: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(stdout(&json).lines().next().unwrap()).unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>().len(), 9);
    let table = leave(here.path(), sql, &[]);
    let columns: Vec<&str> = stdout(&table).lines().next().unwrap().split_whitespace().collect();
    assert_eq!(columns.join(","), header);
    let none = leave(here.path(), "SELECT * FROM cst_refs WHERE false", &["--format", "csv"]);
    assert_eq!(stdout(&none), format!("{header}\n"));
}

/// What a boundary refuses is found before anything is written.
#[test]
fn boundary_refusal_before_writing() {
    let here = empty();
    fs::write(here.path().join("rows.csv"), "as it was").unwrap();
    let sql = "SELECT * EXCEPT (bend, path), CAST(bend AS VARCHAR) AS bend FROM cst_refs";
    for target in [&["-o", "rows.csv"][..], &["--format", "csv"], &["--fail-on", "never"]] {
        let output = leave(here.path(), sql, target);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""), "{}", stderr(&output));
        let said = stderr(&output);
        for words in [
            "error[R301]: `path`, which `cst_refs_export` requests,",
            "error[R304]: `bend`, which `cst_refs_export` requests,",
            "boundaries/cst_refs_export.yaml:6:3",
            "boundaries/cst_refs_export.yaml:13:3",
            "help: ",
            "2 errors",
        ] {
            assert!(said.contains(words), "`{words}` is not in: {said}");
        }
    }
    assert_eq!(fs::read_to_string(here.path().join("rows.csv")).unwrap(), "as it was");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
}

/// A row that a boundary refuses leaves no file.
#[test]
fn boundary_row_refusal_leaves_no_file() {
    let here = empty();
    let sql = "SELECT * EXCEPT (path), CASE WHEN bstart > 100 THEN NULL ELSE path END AS path FROM cst_refs";
    for file in ["rows.parquet", "rows.arrow", "rows.json", "rows.csv"] {
        let output = leave(here.path(), sql, &["-o", file]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("error[R307]: `path`, which `cst_refs_export` requests, is NULL in row "), "{said}");
        assert!(said.contains("boundaries/cst_refs_export.yaml:6:3"), "{said}");
    }
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

/// A boundary must be one and there must be rows.
#[test]
fn boundary_unknown_or_without_rows() {
    let here = empty();
    let slip = run(here.path(), &["query", "SELECT 1", "--boundary", "cst_ref_export"]);
    fails_with(&slip, "--boundary names an unknown boundary `cst_ref_export`");
    assert!(stderr(&slip).contains("did you mean `cst_refs_export`?"), "{}", stderr(&slip));
    let stranger = run(here.path(), &["query", "SELECT 1", "--boundary", "x"]);
    fails_with(&stranger, "unknown boundary `x`");
    assert!(
        stderr(&stranger).contains("the boundaries are cst_nodes_export, cst_refs_export"),
        "{}",
        stderr(&stranger)
    );
    fails_with(&leave(here.path(), "EXPLAIN SELECT 1", &[]), "EXPLAIN prints a plan, which has no boundary");
}

/// A column that is left out is reported and counts as fail on says.
#[test]
fn boundary_dropped_column_fail_on() {
    let here = empty();
    let specs = here.path().join("specs");
    fs::create_dir(&specs).unwrap();
    let catalog = "catalog: tiny\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";
    let out = "boundary: out\ncolumns: { one: int64 }\n";
    for (file, text) in [("catalog.yaml", catalog), ("plain.yaml", "session: plain\n"), ("out.yaml", out)] {
        fs::write(specs.join(file), text).unwrap();
    }
    let sql = "SELECT 1 AS one, 2 AS two";
    for (fail_on, code) in [("error", 0), ("warning", 1)] {
        let args = ["query", sql, "-q", "--boundary", "out", "--format", "csv", "--fail-on", fail_on];
        let output = run(here.path(), &args);
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), "one\n1\n"), "{}", stderr(&output));
        assert!(stderr(&output).contains("warning[R302]: `out` does not request `two`"), "{}", stderr(&output));
    }
}

/// Rows for another boundary are one finding.
#[test]
fn boundary_of_other_rows() {
    let here = empty();
    let output = leave(here.path(), "SELECT file_id, path, kind, cst_id FROM cst_nodes", &["--format", "csv"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    for words in
        ["which `cst_refs_export` requests, are missing", "`ref_kind`", "`scope_role`", "not requested", "`cst_id`"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// Tables are listed in one order.
#[test]
fn tables_listed_in_order() {
    let here = empty();
    let list = || {
        let output = run(here.path(), &["query", "SHOW TABLES", "-q", "--format", "csv"]);
        stdout(&output).to_owned()
    };
    let first = list();
    let mut names: Vec<&str> = first.lines().filter(|line| line.contains(",public,")).collect();
    assert!(names.len() >= 32, "{first}");
    names.sort_unstable();
    assert_eq!(names, first.lines().filter(|line| line.contains(",public,")).collect::<Vec<_>>());
    assert_eq!(list(), first);
}
