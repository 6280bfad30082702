//! Logs of Delta tables that somebody means to do harm with, or that lie in a folder of other things: a finding that names the file or
//! the table, or every row.

use std::fs;
use std::path::Path;

use cstspec_contract::Severity;
use cstspec_contract::report::Report;
use cstspec_verify::Checks;
use serde_json::{Value, json};

use super::{Case, only};
use cstspec_tests::delta_log::{Table, features, metadata, protocol};

/// The sound rows in one file of a Delta table.
fn sound() -> (Case, Table) {
    let case = Case::sound();
    let table = Table::of(&case.data(""), &case.schema(), &[], &[("units.parquet", json!({}))]);
    (case, table)
}

async fn query(case: &Case) -> Result<usize, String> {
    let ctx = case.open().await;
    let frame = ctx.sql("SELECT path, refs FROM units_v1").await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    Ok(batches.iter().map(arrow::array::RecordBatch::num_rows).sum())
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Everything that is told, without a word of a panic.
fn told(report: &Report) -> String {
    let told = format!("{:#?}", report.findings);
    assert!(!told.contains("panicked") && !told.contains("gave up"), "{told}");
    told
}

/// A file of a log that is none is named and never opened.
#[cfg(unix)]
#[tokio::test]
async fn log_file_not_regular() {
    use std::os::unix::fs::symlink;

    let commit = |number: u64| format!("_delta_log/{number:020}.json");
    for (name, of_link) in [
        (commit(0), None),
        (commit(1), None),
        (commit(1), Some("gone.json")),
        (commit(1), Some("00000000000000000001.json")),
        ("_delta_log/_last_checkpoint".to_owned(), None),
        (format!("_delta_log/{:020}.checkpoint.parquet", 0), None),
    ] {
        let (case, _) = sound();
        let path = case.data(&name);
        let _ = fs::remove_file(&path);
        match of_link {
            Some(target) => symlink(target, &path).unwrap(),
            None => pipe(&path),
        }
        let report = case.verify(Checks::Rows).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R403", "{finding:#?}");
        assert!(finding.observed.as_ref().unwrap().contains(&name), "{finding:#?}");
        let refused = query(&case).await.unwrap_err();
        assert!(refused.contains(&name), "{refused}");
    }

    // A log that is no folder: whether the files beside it count nobody knows.
    for target in [None, Some("gone"), Some("_delta_log")] {
        let case = Case::sound();
        match target {
            None => pipe(&case.data("_delta_log")),
            Some(target) => symlink(target, case.data("_delta_log")).unwrap(),
        }
        let report = case.verify(Checks::Schema).await;
        assert_eq!(only(&report).severity, Severity::Error);
        assert!(query(&case).await.unwrap_err().contains("_delta_log"));
    }
}

/// What lies beside a log or its files keeps nobody from reading them.
#[cfg(unix)]
#[tokio::test]
async fn foreign_files_beside_log() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    let (case, _) = sound();
    for folder in ["", "_delta_log"] {
        let folder = case.data(folder);
        fs::write(folder.join(OsStr::from_bytes(b"notes\xff.txt")), "").unwrap();
        fs::write(folder.join("new\nline\u{1b}.json"), "").unwrap();
        fs::create_dir(folder.join("below")).unwrap();
        symlink(".", folder.join("again")).unwrap();
        symlink("itself", folder.join("itself")).unwrap();
        pipe(&folder.join("pipe"));
    }
    let report = case.verify(Checks::Rows).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.relations[0].rows, Some(4));
    assert_eq!(query(&case).await, Ok(4));
}

/// A file or a vector that is a pipe is named and the others are read.
#[cfg(unix)]
#[tokio::test]
async fn data_file_or_vector_is_pipe() {
    let (case, mut table) = sound();
    pipe(&case.data("pipe.parquet"));
    table.commit(&[table.add("pipe.parquet", &json!({}))]);
    let report = case.verify(Checks::Rows).await;
    assert_eq!(only(&report).code, "R116");
    assert_eq!(report.relations[0].rows, Some(4));
    assert!(query(&case).await.unwrap_err().contains("pipe.parquet"));

    let (case, mut table) = sound();
    case.write("more.parquet", Case::ROWS.lines().next().unwrap());
    let mut add = table.add("more.parquet", &json!({}));
    pipe(&case.data("vector.bin"));
    let url = url::Url::from_file_path(case.data("vector.bin")).unwrap().to_string();
    add["add"]["deletionVector"] = json!({
        "storageType": "p", "pathOrInlineDv": url, "offset": 1, "sizeInBytes": 34, "cardinality": 1
    });
    table.commit(&[features(&["deletionVectors"]), add]);
    let report = case.verify(Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R412");
    assert!(finding.data.as_ref().unwrap().file.ends_with("more.parquet"));
    assert_eq!(report.relations[0].rows, Some(4));
    assert!(query(&case).await.unwrap_err().contains("more.parquet"));
}

/// A file of another size than its log says is one finding and the others are read.
#[tokio::test]
async fn file_size_differs() {
    let sound_size = {
        let (case, _) = sound();
        fs::metadata(case.data("units.parquet")).unwrap().len()
    };
    for size in [json!(sound_size + 1), json!(sound_size - 1), json!(0), json!(i64::MAX), json!(1)] {
        let (case, mut table) = sound();
        fs::copy(case.data("units.parquet"), case.data("more.parquet")).unwrap();
        let mut add = table.add("more.parquet", &json!({}));
        add["add"]["size"] = size.clone();
        table.commit(&[add]);
        let report = case.verify(Checks::Schema).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R413", "{size}: {finding:#?}");
        assert!(finding.data.as_ref().unwrap().file.ends_with("more.parquet"));
        assert_eq!(report.relations[0].rows, Some(4), "{size}");
        let refused = query(&case).await.unwrap_err();
        assert!(refused.contains("more.parquet") && refused.contains("its log declares"), "{refused}");
    }
}

/// A file that a log names and is not there is no race.
#[tokio::test]
async fn missing_file_no_race() {
    let (case, mut table) = sound();
    table.commit(&[table.add("gone.parquet", &json!({}))]);
    let refused = query(&case).await.unwrap_err();
    assert!(refused.contains("gone.parquet") && !refused.contains("it was listed"), "{refused}");
}

/// Nothing outside of a table is read.
#[tokio::test]
async fn paths_outside_table() {
    let (case, _) = sound();
    let outside = case.data("").parent().unwrap().join("outside.parquet");
    let url = url::Url::from_file_path(&outside).unwrap().to_string();
    let absolute = outside.display().to_string();
    for path in [
        "../outside.parquet",
        "%2e%2e/outside.parquet",
        "%2e%2e%2foutside.parquet",
        "a/../../outside.parquet",
        "./../outside.parquet",
        "..\\outside.parquet",
        "%00/outside.parquet",
        "\u{0}",
        "",
        ".",
        "/",
        "//",
        absolute.as_str(),
        url.as_str(),
        &url.replace("file:///", "file://localhost/"),
        &url.replace("file:///", "FILE:///"),
        &url.replace("file:///", "file:/"),
        "s3://bucket/outside.parquet",
        "http://127.0.0.1:1/outside.parquet",
        "/dev/zero",
        "file:///dev/zero",
        "%ff%fe",
    ] {
        let (case, mut table) = sound();
        // As many rows as a sound file has, so that they would be seen.
        fs::copy(case.data("units.parquet"), case.data("").parent().unwrap().join("outside.parquet")).unwrap();
        let own = |text: &str| {
            text.replace(&absolute, &case.data("").parent().unwrap().join("outside.parquet").display().to_string())
        };
        let size = fs::metadata(case.data("units.parquet")).unwrap().len();
        let mut add = table.add("units.parquet", &json!({}));
        add["add"]["path"] = json!(own(path));
        add["add"]["size"] = json!(size);
        table.commit(&[add]);
        let report = case.verify(Checks::Schema).await;
        let told = told(&report);
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        assert!(errors > 0, "`{path}` is passed over");
        assert!(matches!(report.relations[0].rows, None | Some(4)), "`{path}`: {told}");
        assert!(query(&case).await.is_err(), "`{path}`");
    }
}

/// Hostile actions end in findings.
#[tokio::test]
async fn hostile_actions() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let line = |name: &str, key: &str, value: &str| {
        format!(
            r#"{{"{name}":{{"path":"units.parquet","partitionValues":{{}},"size":1,"modificationTime":1,"dataChange":true,"{key}":{value}}}}}"#
        )
    };
    let quoted = |text: &str| json!(text).to_string();
    let nested = {
        let open = r#"{"type":"struct","fields":[{"name":"x","nullable":true,"metadata":{},"type":"#;
        format!(r#"{}"integer"{}"#, open.repeat(10_000), "}]}".repeat(10_000))
    };
    let schema = |text: &str| {
        format!(
            r#"{{"metaData":{{"id":"0","format":{{"provider":"parquet","options":{{}}}},"schemaString":{},"partitionColumns":[],"configuration":{{}},"createdTime":0}}}}"#,
            quoted(text)
        )
    };
    let twice = r#"{"type":"struct","fields":[{"name":"path","nullable":true,"metadata":{},"type":"string"},{"name":"path","nullable":true,"metadata":{},"type":"long"}]}"#;
    let vector = |described: &str| line("add", "deletionVector", described);
    let lines = [
        line("add", "stats", &quoted(&deep("[", "]"))),
        line("add", "stats", &quoted("no JSON")),
        line(
            "add",
            "stats",
            &quoted(r#"{"numRecords":-1,"minValues":{"size":1e999},"maxValues":{"size":"x"},"nullCount":{"size":-5}}"#),
        ),
        line("add", "stats", &quoted(r#"{"numRecords":1e400}"#)),
        line("add", "tags", &deep(r#"{"a":"#, "}").replace("}}", "1}}")),
        line("add", "unknown", &deep("[", "]")),
        line("add", "size", "-1"),
        line("add", "size", "1e999"),
        line("add", "size", "99999999999999999999999999"),
        line("add", "modificationTime", "-9223372036854775808"),
        line("add", "partitionValues", "[1,2]"),
        line("add", "path", "7"),
        line("add", "path", "null"),
        vector(r#"{"storageType":"x","pathOrInlineDv":"a","offset":1,"sizeInBytes":1,"cardinality":1}"#),
        vector(
            r#"{"storageType":"u","pathOrInlineDv":"../../../../etc/passwd","offset":1,"sizeInBytes":1,"cardinality":1}"#,
        ),
        vector(
            r#"{"storageType":"p","pathOrInlineDv":"file:///dev/zero","offset":1,"sizeInBytes":2147483647,"cardinality":1}"#,
        ),
        vector(r#"{"storageType":"i","pathOrInlineDv":"","offset":-1,"sizeInBytes":-1,"cardinality":-1}"#),
        vector(
            r#"{"storageType":"i","pathOrInlineDv":"0000000000","sizeInBytes":8,"cardinality":9223372036854775807}"#,
        ),
        deep("[", "]"),
        deep(r#"{"add":"#, "}"),
        "{}".to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        "{\"add\":".to_owned(),
        "\u{0}\u{0}".to_owned(),
        schema(&nested),
        schema(&deep("[", "]")),
        schema(twice),
        schema("{}"),
        schema(r#"{"type":"struct","fields":[]}"#),
        schema(r#"{"type":"struct","fields":[{"name":"x","nullable":true,"metadata":{},"type":"decimal(999,-5)"}]}"#),
        r#"{"protocol":{"minReaderVersion":-1,"minWriterVersion":2147483647}}"#.to_owned(),
        r#"{"protocol":{"minReaderVersion":99999999999,"minWriterVersion":2}}"#.to_owned(),
        r#"{"txn":{"appId":"a","version":1e999}}"#.to_owned(),
        r#"{"remove":{"path":"../../etc/passwd","dataChange":true}}"#.to_owned(),
    ];
    for text in lines {
        let (case, mut table) = sound();
        let path = table.commit_path(1);
        table.commit(&[json!({ "commitInfo": {} })]);
        fs::write(path, &text).unwrap();
        let report = case.verify(Checks::Schema).await;
        let told = told(&report);
        let begin: String = text.chars().take(300).collect();
        let errors = report.findings.iter().any(|finding| finding.severity == Severity::Error);
        assert!(errors || report.relations[0].rows == Some(4), "{begin}: {told}");
    }
}

/// A checkpoint leads to no file outside of its log.
#[tokio::test]
async fn checkpoint_outside_log() {
    let case = Case::sound();
    let mut table = Table::new(&case.data(""));
    let add = table.add("units.parquet", &json!({}));
    table.commit(&[features(&["v2Checkpoint"]), metadata(&case.schema(), &[], &json!({})), add.clone()]);
    table.commit(&[add]);
    let outside = case.data("").parent().unwrap().join("outside.parquet");
    fs::copy(case.data("units.parquet"), &outside).unwrap();
    for path in [
        "../../outside.parquet",
        "/etc/passwd",
        "file:///dev/zero",
        url::Url::from_file_path(&outside).unwrap().as_str(),
    ] {
        let lines: [Value; 4] = [
            json!({ "checkpointMetadata": { "version": 1 } }),
            protocol(3, 7),
            metadata(&case.schema(), &[], &json!({})),
            json!({ "sidecar": { "path": path, "sizeInBytes": 1, "modificationTime": 1 } }),
        ];
        let text = lines.map(|line| line.to_string()).join("\n");
        let name = format!("_delta_log/{:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json", 1);
        fs::write(case.data(&name), text).unwrap();
        let report = case.verify(Checks::Schema).await;
        told(&report);
        let finding = report.findings.iter().find(|finding| finding.severity == Severity::Error);
        assert!(finding.is_some() || report.relations[0].rows == Some(4), "{path}");
    }
}

/// A checkpoint that is no sound Parquet file ends in a finding, and so does a part of one.
#[tokio::test]
async fn checkpoint_hostile() {
    let seeds = crate::world::workspace().join("tests/fuzz/seeds/file");
    let checkpoint = format!("_delta_log/{:020}.checkpoint.parquet", 0);
    let mut broken = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        let seed = seed.unwrap().path();
        let (case, _) = sound();
        fs::copy(&seed, case.data(&checkpoint)).unwrap();
        fs::write(case.data("_delta_log/_last_checkpoint"), r#"{"version":0,"size":1}"#).unwrap();
        let report = case.verify(Checks::Schema).await;
        let told = told(&report);
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        assert!(errors > 0, "{}: {told}", seed.display());
        assert!(query(&case).await.is_err(), "{}", seed.display());
        broken += usize::from(told.contains(&format!("{checkpoint}` is broken")));
    }
    assert!(broken >= 15, "{broken}");

    for (name, words) in
        [("children-2-31", "says that it has 2147483647 fields"), ("groups-2-31", "cannot be followed")]
    {
        let seed = crate::world::workspace().join("tests/fuzz/seeds/file").join(name);
        let size = fs::metadata(&seed).unwrap().len();
        let case = Case::sound();
        let mut table = Table::new(&case.data(""));
        let add = table.add("units.parquet", &json!({}));
        table.commit(&[features(&["v2Checkpoint"]), metadata(&case.schema(), &[], &json!({})), add]);
        let lines: [Value; 4] = [
            json!({ "checkpointMetadata": { "version": 0 } }),
            features(&["v2Checkpoint"]),
            metadata(&case.schema(), &[], &json!({})),
            json!({ "sidecar": { "path": "part.parquet", "sizeInBytes": size, "modificationTime": 1 } }),
        ];
        let text = lines.map(|line| line.to_string()).join("\n");
        let checkpoint = format!("_delta_log/{:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json", 0);
        fs::write(case.data(&checkpoint), text).unwrap();
        fs::create_dir(case.data("_delta_log/_sidecars")).unwrap();
        fs::copy(seed, case.data("_delta_log/_sidecars/part.parquet")).unwrap();
        let told = told(&case.verify(Checks::Schema).await);
        assert!(told.contains("_sidecars/part.parquet` is broken") && told.contains(words), "{told}");
    }
}

/// Millions of rows of NULLs in a few kilobytes are no actions of a log.
#[tokio::test]
async fn checkpoint_rows_bounded() {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    let (case, _) = sound();
    let checkpoint = format!("_delta_log/{:020}.checkpoint.parquet", 0);
    let nulls: ArrayRef = Arc::new(Int64Array::new_null(2_000_000));
    let rows = RecordBatch::try_from_iter([("add", nulls)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(fs::File::create(case.data(&checkpoint)).unwrap(), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    fs::write(case.data("_delta_log/_last_checkpoint"), r#"{"version":0,"size":1}"#).unwrap();
    let report = case.verify(Checks::Schema).await;
    let told = told(&report);
    assert!(told.contains("R403") && told.contains("declares 2000000 rows"), "{told}");
    assert!(query(&case).await.unwrap_err().contains("declares 2000000 rows"));
}
