//! Where results go and what they look like there.

use std::fs;
use std::sync::Arc;

use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::{cstspec, empty, fails_with, fixture, run, stderr, stdout};

/// Colours are for terminals and for who asks.
#[test]
fn colours_for_terminals() {
    let here = empty();
    let broken = fixture("broken");
    let check = ["check", "--specs", broken.to_str().unwrap()];
    assert!(!stdout(&run(here.path(), &check)).contains('\u{1b}'));
    let always = cstspec(here.path()).args(check).args(["--color", "always"]).output().unwrap();
    assert!(stdout(&always).contains('\u{1b}'));
    let forced = cstspec(here.path()).args(check).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(stdout(&forced).contains('\u{1b}'));
    let refused = cstspec(here.path()).args(check).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!stdout(&refused).contains('\u{1b}'));
    let never =
        cstspec(here.path()).args(check).args(["--color", "never"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!stdout(&never).contains('\u{1b}'));
}

/// The exit code follows fail on and not the format.
#[test]
fn exit_code_follows_fail_on() {
    let here = empty();
    let broken = fixture("broken");
    for format in ["human", "json"] {
        for (fail_on, code) in [("error", 1), ("warning", 1), ("info", 1), ("never", 0)] {
            let args = ["check", "--specs", broken.to_str().unwrap(), "--format", format, "--fail-on", fail_on];
            assert_eq!(run(here.path(), &args).status.code(), Some(code), "{format} {fail_on}");
        }
    }
}

#[test]
fn quiet_prints_results_and_findings() {
    let here = empty();
    let clean = run(here.path(), &["verify", "-q"]);
    assert_eq!((stdout(&clean), stderr(&clean)), ("", ""));
    let broken = fixture("broken");
    let output = run(here.path(), &["check", "-q", "--specs", broken.to_str().unwrap()]);
    assert!(stdout(&output).starts_with("error["), "{}", stdout(&output));
}

/// A file appears whole or not at all.
#[test]
fn file_whole_or_absent() {
    let here = empty();
    let target = here.path().join("rows.csv");
    fs::write(&target, "as it was").unwrap();
    // The first batches are fine; the division fails at the end.
    let sql = "SELECT 1 / (CASE WHEN cst_id > 100 THEN 0 ELSE 1 END) AS x FROM cst_nodes";
    fails_with(&run(here.path(), &["query", sql, "-q", "-o", "rows.csv"]), "ivide by zero");
    assert_eq!(fs::read_to_string(&target).unwrap(), "as it was");
    assert_eq!(run(here.path(), &["query", "SELECT 1 AS one", "-q", "-o", "rows.csv"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&target).unwrap(), "one\n1\n");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    fails_with(&run(here.path(), &["query", "SELECT 1", "-o", "no/such/folder.csv"]), "no/such/folder.csv");
    fails_with(&run(here.path(), &["query", "SELECT 1", "-o", "."]), "is a directory");
}

#[test]
fn rows_in_every_format() {
    let here = empty();
    let sql = "SELECT path, NULL AS nothing, map_entries(attrs) AS entries FROM libcst_files_v1 ORDER BY path LIMIT 2";
    let json = run(here.path(), &["query", sql, "-q", "--format", "json"]);
    let lines: Vec<serde_json::Value> =
        stdout(&json).lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0]["nothing"].is_null() && lines[0]["path"].is_string());
    let csv = run(here.path(), &["query", sql, "-q", "--format", "csv"]);
    assert!(stdout(&csv).starts_with("path,nothing,entries\n"), "{}", stdout(&csv));
    let stream = run(here.path(), &["query", sql, "-q", "--format", "arrow"]);
    assert_eq!(stream.stdout[..4], [0xff; 4]);
    for (file, magic) in [("x.parquet", b"PAR1".as_slice()), ("x.arrow", b"ARROW1"), ("x.arrows", &[0xff; 4])] {
        assert_eq!(run(here.path(), &["query", sql, "-q", "-o", file]).status.code(), Some(0));
        assert!(fs::read(here.path().join(file)).unwrap().starts_with(magic), "{file}");
    }
    let empty_result = run(here.path(), &["query", "SELECT path FROM cst_refs WHERE false", "-q", "--format", "csv"]);
    assert_eq!(stdout(&empty_result), "path\n");
}

/// Controls in data do not reach a terminal.
#[test]
fn controls_kept_from_terminal() {
    let here = empty();
    let output = run(here.path(), &["query", "SELECT chr(27) || '[31m' AS x", "-q"]);
    assert!(!stdout(&output).contains('\u{1b}'), "{}", stdout(&output));
    assert!(stdout(&output).contains("\\u{1b}[31m"), "{}", stdout(&output));
}

/// A query can be read from standard input.
#[test]
fn query_from_standard_input() {
    let here = empty();
    fs::write(here.path().join("one.sql"), "SELECT 1 AS one\n").unwrap();
    let input = fs::File::open(here.path().join("one.sql")).unwrap();
    let output =
        cstspec(here.path()).args(["query", "-", "-q", "--format", "csv", "--built-in"]).stdin(input).output().unwrap();
    assert_eq!(stdout(&output), "one\n1\n");
}

/// What a query writes can be verified.
#[test]
fn query_output_verifies() {
    let here = empty();
    let whole = run(here.path(), &["query", "SELECT * FROM libcst_files_v1", "-q", "-o", "copy.parquet"]);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    let count = ["query", "SELECT count(*) AS n FROM cst_refs", "-q", "--format", "csv"];
    let sample = run(here.path(), &count);
    let copy = cstspec(here.path())
        .args(count)
        .args(["--built-in", "--data", "libcst_files_v1=copy.parquet"])
        .output()
        .unwrap();
    assert_eq!(stdout(&sample), stdout(&copy));
    let verified = run(here.path(), &["verify", "--data", "libcst_files_v1=copy.parquet"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
}

/// The fields of a schema as `describe --format json` lists them.
fn listed(fields: &arrow::datatypes::Fields) -> serde_json::Value {
    let listed = fields.iter().map(|field| {
        let mut value = serde_json::json!({
            "name": field.name(),
            "data_type": field.data_type().to_string(),
            "nullable": field.is_nullable(),
            "metadata": field.metadata(),
        });
        let below = match field.data_type() {
            DataType::Struct(fields) => Some(listed(fields)),
            DataType::List(item) | DataType::Map(item, _) => Some(listed(&vec![Arc::clone(item)].into())),
            _ => None,
        };
        if let Some(below) = below {
            value["fields"] = below;
        }
        value
    });
    listed.collect()
}

/// Every relation is written with the types that are declared.
#[test]
fn relations_written_with_declared_types() {
    let here = empty();
    let described = run(here.path(), &["describe", "--format", "json"]);
    let described: serde_json::Value = serde_json::from_str(stdout(&described)).unwrap();
    let relations = described["relations"].as_array().unwrap();
    assert_eq!(relations.len(), 32);
    for relation in relations {
        let name = relation["name"].as_str().unwrap();
        let target = format!("{name}.parquet");
        let output = run(here.path(), &["query", &format!("SELECT * FROM {name}"), "-q", "-o", &target]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let file = fs::File::open(here.path().join(target)).unwrap();
        let written = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
        assert_eq!(listed(written.schema().fields()), relation["fields"], "{name}");
    }
}

/// Of many files with one trouble the first are shown.
#[test]
fn findings_of_many_files_cut() {
    let here = empty();
    for (columns, file) in [("*", "t/a.parquet"), ("path, file_id, repo", "t/b.parquet")] {
        fs::create_dir_all(here.path().join("t")).unwrap();
        let sql = format!("SELECT {columns} FROM libcst_files_v1");
        assert_eq!(run(here.path(), &["query", &sql, "-q", "-o", file]).status.code(), Some(0));
    }
    let verify = ["verify", "--data", "libcst_files_v1=t"];
    let first = run(here.path(), &verify);
    let text = stdout(&first);
    // What is only worth knowing makes no exit code 1, and is counted all the same.
    assert_eq!(first.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("info[R130]").count(), 3, "{text}");
    assert!(text.contains("more R130 file-drifted in files of `libcst_files_v1`"), "{text}");
    assert!(text.contains("2 files read, 1 of them converted as the contract allows"), "{text}");
    assert!(!text.lines().any(|line| line == "clean"), "{text}");
    let all = cstspec(here.path()).args(verify).args(["--built-in", "-v", "--fail-on", "info"]).output().unwrap();
    assert_eq!(all.status.code(), Some(1));
    let shown = stdout(&all).matches("info[R130]").count();
    assert!(shown > 3 && stdout(&all).contains(&format!("{shown} x R130")), "{}", stdout(&all));
}
