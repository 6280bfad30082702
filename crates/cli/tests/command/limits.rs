//! Queries that are too deep, too large or too slow: each is refused in a sentence, and none ends the process otherwise.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::{cstspec, empty, fails_with, fixture, run, stderr, stdout};

/// The output of the command for a query that is too long for an argument.
fn ask(folder: &Path, sql: &str, more: &[&str]) -> Output {
    let mut child = cstspec(folder)
        .args(["query", "-", "-q", "--built-in", "--format", "csv"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// Queries of `n` operators in one another.
fn chains(n: usize) -> Vec<String> {
    let x = || std::iter::repeat_n("x".to_owned(), n);
    vec![
        joined(std::iter::repeat_n("SELECT 1".to_owned(), n), " UNION ALL "),
        joined(std::iter::repeat_n("SELECT 1, 2".to_owned(), n), " UNION ALL "),
        joined(std::iter::repeat_n("SELECT 1".to_owned(), n), " INTERSECT "),
        format!("SELECT {} FROM (SELECT 1 AS x)", joined((0..n).map(|i| format!("x = {i}")), " OR ")),
        format!("SELECT 1 FROM (SELECT 1 AS x) WHERE {}", joined((0..n).map(|i| format!("x <> {i}")), " AND ")),
        format!("SELECT {} FROM (SELECT 1 AS x)", joined(x(), "+")),
        format!("SELECT {} FROM (SELECT 'a' AS x)", joined(x(), "||")),
        format!("SELECT x{} FROM (SELECT 1 AS x)", "::bigint".repeat(n)),
        format!("SELECT x{} FROM (SELECT 1 AS x)", " IS NULL".repeat(n)),
        format!("SELECT x{} FROM (SELECT now() AS x)", " AT TIME ZONE 'UTC'".repeat(n)),
        format!("SELECT x{} FROM (SELECT 1 AS x)", "[1]".repeat(n)),
        format!("SELECT {}1", "1 BETWEEN 0 AND ".repeat(n)),
        format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("EXPLAIN SELECT {} FROM (SELECT 1 AS x)", joined(x(), "+")),
        format!("SELECT 1 WHERE 1 IN (SELECT {} FROM (SELECT 1 AS x))", joined(x(), "+")),
    ]
}

/// Chains without end are refused by their number.
#[test]
fn chains_unbounded_refused() {
    let here = empty();
    for n in [2_700, 20_000] {
        for sql in chains(n) {
            let output = ask(here.path(), &sql, &[]);
            fails_with(&output, "at most 1000 can be planned");
        }
    }
    let most = format!("SELECT 1 IN ({}1)", "1, ".repeat(500_000));
    fails_with(&ask(here.path(), &most, &[]), "at most 1048576 can be planned");
}

/// Chains within the bounds have their rows.
#[test]
fn chains_within_bounds() {
    let here = empty();
    for sql in chains(140).into_iter().take(8) {
        let output = ask(here.path(), &sql, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let list = format!("SELECT 7 IN ({}1)", "1, ".repeat(20_000));
    assert_eq!(ask(here.path(), &list, &[]).status.code(), Some(0));
}

/// Nesting is refused by the parser or before it.
#[test]
fn nesting_refused() {
    let here = empty();
    for n in [60, 5_000] {
        for (open, end) in
            [("(", ")"), ("abs(", ")"), ("[", "]"), ("CASE WHEN true THEN ", " END"), ("NOT ", ""), ("- ", "")]
        {
            let output = ask(here.path(), &format!("SELECT {}1{}", open.repeat(n), end.repeat(n)), &[]);
            fails_with(&output, "");
        }
        fails_with(&ask(here.path(), &format!("SELECT * FROM {}SELECT 1{}", "(".repeat(n), ")".repeat(n)), &[]), "");
    }
    // The parser would take a time that doubles with each.
    for n in [20, 45, 5_000] {
        let nested = format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n));
        fails_with(&ask(here.path(), &nested, &[]), "queries in one another");
        let with = format!("{}SELECT 1 AS x{}", "WITH a AS (".repeat(n), ") SELECT * FROM a".repeat(n));
        fails_with(&ask(here.path(), &with, &[]), "queries in one another");
    }
}

/// A type that a query spells as text is bounded as the query is.
#[test]
fn types_as_text_refused() {
    let here = empty();
    let nested = |depth: usize| format!("{}Int64{}", "List(".repeat(depth), ")".repeat(depth));
    for function in ["arrow_cast", "arrow_try_cast"] {
        for depth in [65, 20_000, 100_000] {
            let sql = format!("SELECT {function}(NULL, '{}')", nested(depth));
            fails_with(&ask(here.path(), &sql, &[]), "types in one another");
        }
        let output = ask(here.path(), &format!("SELECT {function}(NULL, '{}') IS NULL", nested(64)), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

/// What doubles is counted before it is planned.
#[test]
fn doubling_counted_before_planning() {
    let here = empty();
    let doubling = |n: usize, body: &dyn Fn(usize) -> String| {
        let ctes = (1..n).map(|i| format!("c{i} AS ({})", body(i - 1)));
        format!("WITH c0 AS (SELECT 1 AS x FROM cst_refs), {} SELECT * FROM c{} WHERE x > 5", joined(ctes, ", "), n - 1)
    };
    for n in [20, 40, 200] {
        let joins = doubling(n, &|i| format!("SELECT a.x FROM c{i} a JOIN c{i} b ON a.x = b.x"));
        fails_with(
            &ask(here.path(), &joins, &[]),
            "relations, views and WITH queries counted as often as they are used",
        );
        let unions = doubling(n, &|i| format!("SELECT x FROM c{i} UNION ALL SELECT x FROM c{i}"));
        fails_with(&ask(here.path(), &unions, &[]), "at most 2000 can be planned");
        let expressions = doubling(n, &|i| format!("SELECT x + x AS x FROM c{i}"));
        fails_with(&ask(here.path(), &expressions, &[]), "parts in one expression");
    }
    let joins = joined((1..400).map(|i| format!("JOIN cst_refs t{i} ON t0.ref_id = t{i}.ref_id")), " ");
    fails_with(&ask(here.path(), &format!("SELECT 1 FROM cst_refs t0 {joins}"), &[]), "joins in one FROM");
    let chain = doubling(1_500, &|i| format!("SELECT x FROM c{i}"));
    fails_with(&ask(here.path(), &chain, &[]), "steps in one another");
}

/// Memory that passes the pool is bounded.
#[test]
fn memory_beyond_pool_bounded() {
    let here = empty();
    for sql in [
        "SELECT repeat('x', 2000000000)",
        "SELECT length(repeat(path, 20000000)) FROM cst_refs",
        "SELECT range(0, 1000000000)",
        "SELECT array_repeat(1, 1000000000)",
        "SELECT lpad('x', 2000000000)",
    ] {
        let output = ask(here.path(), sql, &["--memory-limit", "512MiB"]);
        fails_with(&output, "512.0 MiB");
        assert!(stderr(&output).contains("--memory-limit"), "{}", stderr(&output));
    }
    // Nothing here is one call: the process is stopped as a whole.
    let sql = "SELECT array_agg(repeat(a.path, 1000)) FROM cst_nodes a, cst_nodes b";
    let output = ask(here.path(), sql, &["--memory-limit", "256MiB", "-o", "rows.csv"]);
    fails_with(&output, "256.0 MiB");
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

/// A sort that is larger than the pool spills.
#[test]
fn sort_larger_than_pool_spills() {
    let here = empty();
    let sorted = "SELECT count(*) AS n FROM (SELECT lag(a.ref_id) OVER (ORDER BY b.ref_id, a.ref_id) AS x FROM cst_refs a, cst_refs b)";
    let output = ask(here.path(), sorted, &["--memory-limit", "512MiB"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Limits are checked before they count.
#[test]
fn limits_checked_first() {
    let here = empty();
    fails_with(&run(here.path(), &["query", "SELECT 1", "--memory-limit", "1MiB"]), "at least 128.0 MiB");
    fails_with(&run(here.path(), &["query", "SELECT 1", "--memory-limit", "much"]), "expected a number with a unit");
    fails_with(&run(here.path(), &["query", "SELECT 1", "--timeout", "soon"]), "--timeout");
    let output =
        run(here.path(), &["query", "SELECT 1", "--memory-limit", "none", "--timeout", "10m", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    fails_with(&run(here.path(), &["describe", "--timeout", "1s"]), "--observed");
}

/// A query ends at its timeout.
#[test]
fn query_timeout() {
    let here = empty();
    let sql = "SELECT count(*) FROM cst_nodes a, cst_nodes b, cst_nodes c WHERE a.cst_id + b.cst_id < c.cst_id";
    let output = run(here.path(), &["query", sql, "--timeout", "1s", "-o", "rows.csv"]);
    fails_with(&output, "stopped after 1s, the limit of --timeout");
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
    let output = run(here.path(), &["query", sql, "--timeout", "1s", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!((&report["status"], &report["failure"]["kind"]), (&"failed".into(), &"limit".into()));
}

/// A preset and settings are chosen for one run.
#[test]
fn preset_and_settings_for_one_run() {
    let here = empty();
    let shown = |args: &[&str], name: &str| {
        let sql = format!("SELECT value FROM information_schema.df_settings WHERE name = '{name}'");
        let output = run(here.path(), &[&["query", &sql, "-q", "--format", "csv"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output).lines().last().unwrap().to_owned()
    };
    assert_eq!(shown(&["--set", "cstspec.narrow_scans=false"], "cstspec.narrow_scans"), "false");
    assert_eq!(shown(&["--set", "datafusion.execution.batch_size=17"], "datafusion.execution.batch_size"), "17");
    let explained = |args: &[&str]| {
        let sql = "EXPLAIN SELECT count(*) FROM cst_refs WHERE ref_kind = 'name'";
        let output = run(here.path(), &[&["query", sql, "-q"], args].concat());
        stdout(&output).contains("narrowed=")
    };
    assert!(explained(&[]) && !explained(&["--set", "cstspec.narrow_scans=false"]));
    let verified = run(here.path(), &["verify", "--session", "schema_hardening"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("pinned by `schema_hardening`"), "{}", stdout(&verified));
    let unknown = run(here.path(), &["verify", "--session", "schema_hardenin"]);
    fails_with(&unknown, "--session names an unknown preset");
    assert!(stderr(&unknown).contains("did you mean `schema_hardening`?"), "{}", stderr(&unknown));
    fails_with(
        &run(here.path(), &["query", "SELECT 1", "--set", "cstspec.narrow_scan=false"]),
        "did you mean `cstspec.narrow_scans`?",
    );
    fails_with(&run(here.path(), &["query", "SELECT 1", "--set", "datafusion.execution.batch_size=x"]), "batch_size");
    fails_with(&run(here.path(), &["query", "SELECT 1", "--set", "nothing"]), "KEY=VALUE");
}

/// The default limit is nothing that the manifest depends on.
#[test]
fn default_limit_not_in_manifest() {
    let here = empty();
    let specs = fixture("shop");
    let manifest = |name: &str, args: &[&str]| {
        let verify = ["verify", "-q", "--specs", specs.to_str().unwrap(), "--manifest", name];
        let output = run(here.path(), &[&verify[..], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = std::fs::read_to_string(here.path().join(name)).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest.as_object_mut().unwrap().remove("run");
        manifest
    };
    assert_eq!(manifest("a.json", &[]), manifest("b.json", &["--memory-limit", "none"]));
    assert_ne!(manifest("a.json", &[]), manifest("b.json", &["--memory-limit", "1GiB"]));
}
