//! Failures in the format that was asked for.

use std::fs;

use serde_json::Value;

use crate::reports::valid;
use crate::{empty, fixture, run, stderr, stdout};

/// The report on standard output, which has nothing else.
fn told(args: &[&str]) -> (Value, Option<i32>) {
    let here = empty();
    fs::write(here.path().join("text.parquet"), "this is no Parquet").unwrap();
    let output = run(here.path(), args);
    let report: Value = serde_json::from_str(stdout(&output))
        .unwrap_or_else(|error| panic!("{args:?}: {error} in {}{}", stdout(&output), stderr(&output)));
    valid(&report);
    // A person who looks sees the same.
    assert!(stderr(&output).contains("error"), "{}", stderr(&output));
    (report, output.status.code())
}

/// Every command that has JSON fails in JSON.
#[test]
fn failures_in_json() {
    for (args, kind, words) in [
        (&["check", "--specs", "nowhere"][..], "read", "nowhere"),
        (&["generate", "--built-in"], "usage", "no artifact folder"),
        (&["generate", "--check", "--specs", "text.parquet"], "read", "not a directory"),
        (&["verify", "--data", "libcst_files_v1=gone.parquet"], "read", "gone.parquet"),
        (&["verify", "--data", "x=text.parquet"], "usage", "unknown dataset `x`"),
        (&["verify", "--manifest", "no/where.json"], "write", "no/where.json"),
        (&["describe", "cst_ref"], "usage", "there is no relation `cst_ref`"),
        (&["describe", "--data", "libcst_files_v1=text.parquet"], "usage", "--observed"),
        (&["rules", "--nope"], "usage", "unexpected argument '--nope' found"),
        (&["chek"], "usage", "unrecognized subcommand 'chek'"),
        (&["check", "--fail-on", "sometimes"], "usage", "possible values: error, warning, info, never"),
        (&["query", "SELEC 1"], "engine", "SELEC"),
        (&["query", "SELECT * FROM cst_ref"], "engine", "there is no relation `cst_ref`"),
        (&["query", "DROP VIEW cst_refs"], "usage", "query is read-only"),
        (&["query", "SELECT 1/0 AS x"], "engine", "ivide by zero"),
        (&["query", "SELECT 1", "--boundary", "x"], "usage", "unknown boundary `x`"),
        (&["query", "SELECT 1", "-o", "no/where.json"], "write", "no/where.json"),
        (&["query"], "usage", "required arguments were not provided"),
    ] {
        let mut words_of = args.to_vec();
        if !args.contains(&"--built-in") && !args.contains(&"--specs") {
            words_of.push("--built-in");
        }
        words_of.extend(["--format", "json"]);
        let (report, code) = told(&words_of);
        assert_eq!(code, Some(2), "{args:?}: {report:#}");
        assert_eq!(report["status"], "failed", "{args:?}");
        // What an engine says has changed kinds before; it is told in any case.
        let of_engine = args[0] == "query" && kind == "engine";
        assert!(of_engine || report["failure"]["kind"] == kind, "{args:?}: {report:#}");
        assert!(report["failure"]["message"].as_str().unwrap().contains(words), "{args:?}: {report:#}");
        assert_eq!(report["findings"], serde_json::json!([]));
    }
}

/// Advice of the command line is in the report.
#[test]
fn advice_in_report() {
    let (report, _) = told(&["verify", "--dta", "x", "--format=json"]);
    assert_eq!(report["failure"]["help"], "a similar argument exists: '--data'", "{report:#}");
    let (report, _) = told(&["describe", "cst_ref", "--format", "json"]);
    assert_eq!(report["failure"]["help"], "did you mean `cst_refs`?");
    let text = run(empty().path(), &["verify", "--dta", "x"]);
    assert_eq!(stdout(&text), "", "nobody asked for JSON");
}

/// Findings of commands that report none are a report.
#[test]
fn findings_of_other_commands_in_report() {
    let broken = fixture("broken");
    for args in [&["query", "SELECT 1"][..], &["describe"], &["describe", "--observed"]] {
        let (report, code) = told(&[args, &["--specs", broken.to_str().unwrap(), "--format", "json"]].concat());
        assert_eq!(code, Some(1));
        assert_eq!(report["status"], "findings");
        assert_eq!(report["findings"].as_array().unwrap().len(), 3, "{report:#}");
        assert!(report["findings"][0]["spec"]["line"].as_u64() > Some(0), "{report:#}");
    }
    let refused = ["query", "SELECT 1 AS one", "--boundary", "cst_refs_export", "--format", "json"];
    let (report, code) = told(&refused);
    assert_eq!((code, &report["status"]), (Some(1), &Value::from("findings")));
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "R301"), "{report:#}");
}

#[test]
fn failure_never_among_rows() {
    let here = empty();
    // The first batches are fine; the division fails at the end.
    let sql = "SELECT 1 / (CASE WHEN cst_id > 100 THEN 0 ELSE 1 END) AS x FROM cst_nodes";
    let unread = run(here.path(), &["query", sql, "-q", "--format", "json", "-o", "rows.json"]);
    assert_eq!(unread.status.code(), Some(2));
    let report: Value = serde_json::from_str(stdout(&unread)).expect("the rows go elsewhere");
    assert_eq!(report["status"], "failed");
    assert!(!here.path().join("rows.json").exists());
    let some = "SELECT 1 AS x UNION ALL SELECT 1 / (n - 40000) FROM (SELECT unnest(range(0, 60000)) AS n)";
    let output = run(here.path(), &["query", some, "-q", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<Value> = stdout(&output).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let reports = lines.iter().filter(|line| line.get("schema_version").is_some()).count();
    if lines.len() > reports {
        assert_eq!(reports, 0, "rows and a report on one stream");
        let report: Value = serde_json::from_str(stderr(&output).lines().next_back().unwrap()).expect("a report");
        valid(&report);
        assert_eq!(report["status"], "failed");
    } else {
        assert_eq!(reports, 1);
    }
    let text = run(here.path(), &["query", "SELECT nope", "--format", "csv"]);
    assert_eq!(stdout(&text), "");
}

/// Schemas with findings tell of them.
#[test]
fn schemas_with_findings() {
    let here = empty();
    let specs = here.path().join("specs");
    fs::create_dir(&specs).unwrap();
    let catalog = "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml, t.yaml]\n";
    for (file, text) in [
        ("catalog.yaml", catalog),
        ("s.yaml", "session: s\n"),
        ("t.yaml", "dataset: t\nversion: 1\ncolumns: { on: int64 }\n"),
    ] {
        fs::write(specs.join(file), text).unwrap();
    }
    let output = run(here.path(), &["describe", "--format", "json", "--fail-on", "warning"]);
    assert_eq!(output.status.code(), Some(1));
    let listing: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(listing["relations"][0]["name"], "t");
    assert_eq!(listing["findings"][0]["code"], "C013", "{listing:#}");
    assert_eq!(listing["findings"][0]["spec"]["line"], 3, "{listing:#}");
}
