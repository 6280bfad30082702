//! Data that breaks its contract is exit code 1 and a finding, whichever command meets it.

use std::fs;

use crate::{empty, run, stderr, stdout};

/// A folder with specs of one dataset, and a file made by a query of the built-in catalog.
fn world(columns: &str, sql: &str) -> tempfile::TempDir {
    let here = empty();
    let output = run(here.path(), &["query", sql, "-q", "-o", "rows.parquet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    fs::create_dir(here.path().join("specs")).unwrap();
    let catalog = "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [.]\n";
    fs::write(here.path().join("specs/catalog.yaml"), catalog).unwrap();
    let session = "session: s\nsettings: { datafusion.execution.parquet.schema_force_view_types: false }\n";
    fs::write(here.path().join("specs/session.yaml"), session).unwrap();
    fs::write(here.path().join("specs/t.yaml"), format!("dataset: t\nversion: 1\ncolumns:\n{columns}")).unwrap();
    here
}

/// Both commands end with 1 and the same finding.
fn breaks(here: &tempfile::TempDir, code: &str, words: &str) {
    let data = ["--data", "t=rows.parquet"];
    let query = run(here.path(), &[&["query", "SELECT * FROM t", "--format", "csv"], &data[..]].concat());
    let said = stderr(&query);
    assert_eq!(query.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("error[{code}")) && said.contains(words), "{said}");
    assert_eq!(stdout(&query), "");
    let verify = run(here.path(), &[&["verify"], &data[..]].concat());
    assert_eq!(verify.status.code(), Some(1), "{}", stdout(&verify));
    assert!(stdout(&verify).contains(words), "{}", stdout(&verify));
}

#[test]
fn file_truncated() {
    let here = world("  x: int64\n", "SELECT 1 AS x");
    let bytes = fs::read(here.path().join("rows.parquet")).unwrap();
    fs::write(here.path().join("rows.parquet"), &bytes[..bytes.len() - 9]).unwrap();
    breaks(&here, "R109", "rows.parquet");
}

#[test]
fn file_not_parquet() {
    let here = world("  x: int64\n", "SELECT 1 AS x");
    fs::write(here.path().join("rows.parquet"), "this is no Parquet").unwrap();
    breaks(&here, "R108", "rows.parquet");
}

#[test]
fn null_in_not_null() {
    let here = world("  x: { type: int64, nullable: false }\n", "SELECT * FROM (VALUES (1), (NULL)) AS v(x)");
    breaks(&here, "R", "`x`");
}

/// A column that is missing.
#[test]
fn column_missing() {
    let here = world("  x: int64\n  y: { type: int64, nullable: false }\n", "SELECT 1 AS x");
    breaks(&here, "R132", "`y`");
}

/// A type that is refused.
#[test]
fn type_refused() {
    let here = world("  x: int64\n", "SELECT 'a' AS x");
    breaks(&here, "R132", "`x`");
}

/// An error of an expression is the query's, although the scan evaluates it: neither the file nor one of its columns is at fault.
#[test]
fn query_mistake_is_not_data() {
    let columns = "  x: int64\n  s: utf8\n  m: map<utf8, int64>\n  l: \"list<struct<m: map<utf8, int64>>>\"\n";
    let map = "MAP {'a': 1}";
    let here = world(columns, &format!("SELECT 0 AS x, 'a' AS s, {map} AS m, [named_struct('m', {map})] AS l"));
    for (query, cause) in [
        ("SELECT 1 / x FROM t", "divide by zero"),
        ("SELECT x FROM t WHERE 1 / x = 1", "divide by zero"),
        ("SELECT CAST(s AS BIGINT) FROM t", "'a'"),
        ("SELECT m['a'] / x, l FROM t", "divide by zero"),
    ] {
        let output = run(here.path(), &["query", query, "--data", "t=rows.parquet"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{query}: {said}");
        assert!(said.to_lowercase().contains(cause), "{query}: {said}");
        assert!(!said.contains("rows.parquet") && !said.contains("R113"), "{query}: {said}");
    }
}
