//! Files that are left out of a dataset: `query` names them on standard error, and its results stay clean.

use std::fs;

use crate::{empty, run, specs, stderr, stdout};

/// Parquet files of another name are named by a query.
#[test]
fn query_reports_ignored_parquet() {
    let here = empty();
    let sample = specs().join("../crates/libcst/sample/libcst_files_v1.parquet");
    fs::create_dir(here.path().join("trees")).unwrap();
    for name in ["a.parquet", "000001_0"] {
        fs::copy(&sample, here.path().join("trees").join(name)).unwrap();
    }
    let sql = "SELECT count(*) AS n FROM libcst_files_v1";
    let query = |more: &[&str]| {
        let args = ["query", sql, "--data", "libcst_files_v1=trees", "--format", "json"];
        run(here.path(), &[&args[..], more].concat())
    };
    let output = query(&[]);
    let (rows, said) = (stdout(&output), stderr(&output));
    assert_eq!(rows.lines().count(), 1, "{rows}");
    assert!(said.contains("R119") && said.contains("000001_0") && said.contains("scan: { files:"), "{said}");
    assert_eq!(said.matches("warning[R119]").count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(query(&["--fail-on", "warning"]).status.code(), Some(1));
    fs::remove_file(here.path().join("trees/000001_0")).unwrap();
    assert!(!stderr(&query(&[])).contains("R119"));
}
