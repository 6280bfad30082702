//! Where commands end badly: each in one clear sentence and with the right exit code.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::{cstspec, empty, fails_with, fixture, run, stderr, stdout};

/// A wrong option names the right one.
#[test]
fn option_unknown() {
    let output = run(empty().path(), &["verify", "--dta", "x"]);
    fails_with(&output, "--dta");
    assert!(stderr(&output).contains("--data"), "{}", stderr(&output));
    fails_with(&run(empty().path(), &["verfy"]), "verify");
    fails_with(&run(empty().path(), &["check", "--fail-on", "sometimes"]), "error, warning, info, never");
}

/// Data must be named and be there.
#[test]
fn data_unnamed_or_missing() {
    let here = empty();
    fails_with(&run(here.path(), &["verify", "--data", "x.parquet"]), "DATASET=LOCATION");
    fails_with(&run(here.path(), &["verify", "--data", "=x.parquet"]), "DATASET=LOCATION");
    let output = run(here.path(), &["verify", "--data", "libcst_file_v1=x"]);
    fails_with(&output, "unknown dataset `libcst_file_v1`");
    assert!(stderr(&output).contains("did you mean `libcst_files_v1`?"));
    fails_with(&run(here.path(), &["verify", "--data", "cst_refs=x"]), "`cst_refs` is a view");
    fails_with(&run(here.path(), &["verify", "--data", "libcst_files_v1=nowhere.parquet"]), "nowhere.parquet");
    fs::write(here.path().join("text.parquet"), "this is no Parquet").unwrap();
    // What is wrong with data is a finding, whoever meets it.
    let output = run(here.path(), &["query", "SELECT 1 FROM cst_refs", "--data", "libcst_files_v1=text.parquet"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("file-not-parquet"), "{}", stderr(&output));
    let output = run(here.path(), &["verify", "--data", "libcst_files_v1=text.parquet"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("file-not-parquet"), "{}", stdout(&output));
    let twice = ["verify", "--data", "libcst_files_v1=text.parquet", "--data", "libcst_files_v1=text.parquet"];
    fails_with(&run(here.path(), &twice), "twice");
    fails_with(&run(here.path(), &["verify", "--data", "libcst_files_v1=s3://bucket/x"]), "s3://bucket/x");
}

/// A folder that may not be read is named.
#[cfg(unix)]
#[test]
fn folder_unreadable() {
    use std::os::unix::fs::PermissionsExt;
    let here = empty();
    let locked = here.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything: there is nothing to see then.
    if fs::read_dir(&locked).is_err() {
        fails_with(&run(here.path(), &["check", "--specs", "locked"]), "locked: permission denied");
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}

/// A full disk is reported.
#[cfg(target_os = "linux")]
#[test]
fn disk_full() {
    let here = empty();
    let commands: [&[&str]; 8] = [
        &["check"],
        &["verify"],
        &["verify", "--format", "json"],
        &["describe"],
        &["rules"],
        &["schema", "report"],
        &["--help"],
        &["query", "SELECT * FROM cst_refs", "--format", "csv"],
    ];
    for args in commands {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = cstspec(here.path()).arg("--built-in").args(args).stdout(full).output().unwrap();
        fails_with(&output, "cannot write to standard output: no space left on device");
    }
    for format in ["table", "json", "csv", "arrow", "parquet"] {
        let output = run(here.path(), &["query", "SELECT 1 AS one", "--format", format, "-o", "/dev/full"]);
        fails_with(&output, "cannot write to /dev/full: no space left on device");
    }
}

/// A closed pipe is no mistake.
#[cfg(unix)]
#[test]
fn pipe_closed() {
    let here = empty();
    for format in ["csv", "json", "table", "arrow", "parquet"] {
        let sql = "SELECT a.cst_id, b.kind FROM cst_nodes a, cst_nodes b LIMIT 2000000";
        let mut child = cstspec(here.path())
            .args(["query", sql, "--format", format, "-q", "--built-in"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = Vec::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_until(b'\n', &mut first).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "", "{format}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{format}");
    }
}

/// Findings count even when nobody reads them.
#[cfg(unix)]
#[test]
fn exit_code_without_reader() {
    let folder = empty();
    let mut child = cstspec(folder.path())
        .args(["check", "--specs", fixture("broken").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "");
}

/// A query that is wrong is reported once.
#[test]
fn query_wrong_reported_once() {
    let here = empty();
    let output = run(here.path(), &["query", "SELECT * FROM cst_ref", "-q"]);
    fails_with(&output, "there is no relation `cst_ref`");
    assert!(stderr(&output).contains("did you mean `cst_refs`?"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    fails_with(&run(here.path(), &["query", "SELEC 1"]), "SELEC");
    fails_with(&run(here.path(), &["query", "SELECT 1/0 AS x", "--format", "csv"]), "ivide by zero");
}

#[test]
fn query_read_only() {
    let here = empty();
    let target = here.path().join("out.csv");
    let copy = format!("COPY (SELECT 1) TO '{}'", target.display());
    let statements = [
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/'",
        "DROP VIEW cst_refs",
        "INSERT INTO libcst_files_v1 SELECT * FROM libcst_files_v1",
        "DELETE FROM libcst_files_v1",
        "SET datafusion.execution.batch_size = 1",
        "PREPARE x AS SELECT 1",
        "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
        &copy,
    ];
    for sql in statements {
        let output = run(here.path(), &["query", sql]);
        assert_eq!(output.status.code(), Some(2), "{sql}");
        assert!(stderr(&output).contains("query is read-only"), "{sql}: {}", stderr(&output));
    }
    assert!(!target.exists());
    for sql in ["SELECT 1", "DESCRIBE cst_refs", "SHOW TABLES", "EXPLAIN SELECT 1", "EXECUTE cst_refs_by_file('x')"] {
        let output = run(here.path(), &["query", sql]);
        assert_eq!(output.status.code(), Some(0), "{sql}: {}", stderr(&output));
    }
}

/// Names that are unknown are guessed at.
#[test]
fn unknown_names_suggested() {
    let here = empty();
    for (args, meant) in [
        (["describe", "cst_ref"], "cst_refs"),
        (["schema", "datset"], "dataset"),
        (["explain", "artifact-stal"], "artifact-stale"),
    ] {
        let output = run(here.path(), &args);
        fails_with(&output, args[1]);
        assert!(stderr(&output).contains(&format!("did you mean `{meant}`?")), "{}", stderr(&output));
    }
}

/// A slip gets one hint in specs and on the command line.
#[test]
fn hint_same_in_specs_and_command_line() {
    let here = empty();
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).unwrap();
    write(
        "catalog.yaml",
        "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml, orders.yaml, lines.yaml]\n",
    );
    write("s.yaml", "session: s\n");
    let orders = "dataset: orders\nversion: 1\ncolumns: { id: { type: int64, nullable: false } }\n";
    write("lines.yaml", "dataset: order_lines\nversion: 1\ncolumns: { id: int64 }\n");
    let hint = |output: &std::process::Output| {
        let text = format!("{}{}", stdout(output), stderr(output));
        text.split_once("did you mean `").and_then(|(_, rest)| Some(rest.split_once("`?")?.0.to_owned()))
    };
    let mut hints = 0;
    for slip in [
        "ordrs",
        "Orders",
        "order_line",
        "odrer_lines",
        "orderlines",
        "orers",
        "ords",
        "ordering",
        "lines",
        "order_total",
    ] {
        write(
            "orders.yaml",
            &format!("{orders}constraints: {{ references: [{{ columns: [id], relation: {slip} }}] }}\n"),
        );
        let in_specs = hint(&run(here.path(), &["check", "--specs", "."]));
        write("orders.yaml", orders);
        let on_the_line = hint(&run(here.path(), &["describe", slip, "--specs", "."]));
        assert_eq!(in_specs, on_the_line, "{slip}");
        hints += usize::from(in_specs.is_some());
    }
    assert_eq!(hints, 6, "near names have a hint, and others have none");
}
