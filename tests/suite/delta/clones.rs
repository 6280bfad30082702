//! Shallow clones: the files of another table count where the location names that table, and no others do.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use cstspec_verify::Checks;
use serde_json::{Value, json};

use super::small::Small;
use crate::world;
use cstspec_tests::delta_log::{Stored, Table, features, metadata, protocol};

const SPEC: &str = "dataset: t\nversion: 1\ncolumns:\n  id: int64\n";

fn ids(ids: &[i64]) -> RecordBatch {
    RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(ids.to_vec())) as _)]).unwrap()
}

fn url(path: &Path) -> String {
    url::Url::from_file_path(path).unwrap().to_string()
}

/// A table `clone` with one file of its own and `path` of another, below `source`.
fn clone_of(small: &Small, path: &str) {
    small.write("source/a.parquet", &ids(&[1, 2]), 9);
    small.write("clone/own.parquet", &ids(&[7]), 9);
    let mut table = Table::new(&small.data("clone"));
    let own = table.add("own.parquet", &json!({}));
    let mut other = table.add("own.parquet", &json!({}));
    other["add"]["path"] = json!(path);
    other["add"]["size"] = json!(std::fs::metadata(small.data("source/a.parquet")).unwrap().len());
    let schema = small.catalog().dataset("t").unwrap().schema();
    table.commit(&[protocol(1, 2), metadata(&schema, &[], &json!({})), own, other]);
}

/// The rows are those that pyarrow reads from the files of the clone's log, and without the key nothing is read.
#[tokio::test]
async fn clone_equals_pyarrow() {
    let Some(python) = world::python("pyarrow.dataset") else { return };
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n  name: utf8\n  tags: list<utf8>\n");
    let script = world::workspace().join("tests/python/clone.py");
    let output = Command::new(python).arg("-B").arg(script).arg(small.data("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |row: &Value| {
        let tags: Vec<&str> = row[2].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        format!("{}, {}, [{}]", row[0], row[1].as_str().unwrap_or("NULL"), tags.join(", "))
    };
    let expected: Vec<String> = expected.iter().map(text).collect();
    let sql = "SELECT id, name, tags FROM t ORDER BY id";
    let source = small.data("source");
    for source in [
        source.display().to_string(),
        url(&source),
        format!("{}&clone_of={}", small.data("clone").display(), source.display()),
    ] {
        let location = format!("clone?clone_of={source}");
        assert_eq!(small.query(&location, sql).await, expected.join("; "), "{location}");
        let report = small.verify(&location, Checks::Rows).await;
        assert_eq!(report.findings, []);
        assert_eq!(report.relations[0].rows, Some(15));
    }
    let version = format!("clone?version=0&clone_of={}", source.display());
    assert_eq!(small.query(&version, "SELECT count(*) FROM t").await, "15");
    assert!(small.query("clone", sql).await.contains("`TABLE?clone_of=SOURCE`"));
    let codes = small.findings("clone", Checks::Schema).await;
    assert!(codes.len() == 2 && codes.iter().all(|told| told.starts_with("R405 ")), "{codes:?}");
}

/// A file that is not below the source is refused, whatever its path looks like.
#[tokio::test]
async fn clone_leaves_source() {
    for path in [
        "ROOT/secret/a.parquet",
        "file:/ROOT/secret/a.parquet",
        "file:///ROOT/secret/a.parquet",
        "file:///ROOT/source/../secret/a.parquet",
        "file:///ROOT/source/%2e%2e/secret/a.parquet",
        "file:///ROOT/source%2f..%2fsecret/a.parquet",
        "file:///ROOT/source/%252e%252e/secret/a.parquet",
        "file:///ROOT/source/./../secret/a.parquet",
        "file:///ROOT/source/..%5csecret/a.parquet",
        "file:///ROOT/sourcesecret/a.parquet",
        "file:///ROOT/source/link.parquet",
        "file:///ROOT/source/folder/a.parquet",
        "file://localhost/ROOT/source/a.parquet",
        "FILE:///ROOT/source/a.parquet",
        "s3://bucket/ROOT/source/a.parquet",
        "http://127.0.0.1:1/ROOT/source/a.parquet",
        "file:///ROOT/source/%00.parquet",
        "../source/../secret/a.parquet",
    ] {
        let small = Small::new(SPEC);
        let root = small.data("").canonicalize().unwrap().display().to_string();
        let path = path.replace("ROOT", root.trim_matches('/'));
        let path = if path.contains(':') || path.starts_with("..") { path } else { format!("/{path}") };
        clone_of(&small, &path);
        for folder in ["secret", "sourcesecret"] {
            small.write(&format!("{folder}/a.parquet"), &ids(&[41, 42]), 9);
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret/a.parquet", small.data("source/link.parquet")).unwrap();
            std::os::unix::fs::symlink("../secret", small.data("source/folder")).unwrap();
        }
        let location = format!("clone?clone_of={root}/source");
        let told = small.findings(&location, Checks::Rows).await;
        let [only] = told.as_slice() else { panic!("{path}: {told:?}") };
        assert!(only.starts_with("R405 "), "{path}: {only}");
        assert_eq!(small.verify(&location, Checks::Rows).await.relations[0].rows, Some(1), "{path}");
        let answer = small.query(&location, "SELECT * FROM t").await;
        assert!(answer.contains("not a file of the table") || answer.contains("does not exist"), "{path}: {answer}");
    }
}

/// Links within the source, a source that is a link, and several sources lead to rows.
#[cfg(unix)]
#[tokio::test]
async fn links_within_source() {
    let small = Small::new(SPEC);
    let root = small.data("").canonicalize().unwrap();
    clone_of(&small, &url(&root.join("source/below/link.parquet")));
    std::fs::create_dir(small.data("source/below")).unwrap();
    std::os::unix::fs::symlink("../a.parquet", small.data("source/below/link.parquet")).unwrap();
    std::fs::create_dir(small.data("empty")).unwrap();
    let rows = "SELECT id FROM t ORDER BY id";
    for sources in ["ROOT/source", "ROOT/empty&clone_of=ROOT/source", "ROOT", "ROOT/source/below&clone_of=ROOT/source"]
    {
        let location = format!("clone?clone_of={}", sources.replace("ROOT", &root.display().to_string()));
        assert_eq!(small.query(&location, rows).await, "1; 2; 7", "{sources}");
    }
    // The link leads out of this source.
    let below = format!("clone?clone_of={}", root.join("source/below").display());
    assert!(small.query(&below, rows).await.contains("a link leads out of"));

    let small = Small::new(SPEC);
    let root = small.data("").canonicalize().unwrap();
    clone_of(&small, &url(&root.join("link/a.parquet")));
    std::os::unix::fs::symlink("source", small.data("link")).unwrap();
    assert_eq!(small.query(&format!("clone?clone_of={}/link", root.display()), rows).await, "1; 2; 7");
}

/// A deletion vector of the source counts in the clone, and one of another place is refused.
#[tokio::test]
async fn vectors_of_source() {
    for (of, allowed) in [("source", true), ("elsewhere", false)] {
        let small = Small::new(SPEC);
        small.write("source/a.parquet", &ids(&[1, 2, 3]), 9);
        let root = small.data("").canonicalize().unwrap();
        std::fs::create_dir(root.join(of)).ok();
        std::fs::copy(root.join("source/a.parquet"), root.join("elsewhere/a.parquet")).ok();
        let mut add = Table::new(&root.join(of)).add_deleted("a.parquet", &[1], Stored::Absolute);
        add["add"]["path"] = json!(url(&root.join("source/a.parquet")));
        let schema = small.catalog().dataset("t").unwrap().schema();
        Table::new(&root.join("clone")).commit(&[
            features(&["deletionVectors"]),
            metadata(&schema, &[], &json!({})),
            add,
        ]);
        let location = format!("clone?clone_of={}/source", root.display());
        let told = small.findings(&location, Checks::Rows).await;
        if allowed {
            assert_eq!(told, Vec::<String>::new());
            assert_eq!(small.query(&location, "SELECT id FROM t ORDER BY id").await, "1; 3");
        } else {
            assert!(told.len() == 1 && told[0].starts_with("R412 "), "{told:?}");
        }
    }
}

/// A source in another store, and a pattern in place of one.
#[tokio::test]
async fn source_is_none() {
    let small = Small::new(SPEC);
    clone_of(&small, "own.parquet");
    for source in ["s3://bucket/source", "/no/such/*.parquet"] {
        let location =
            cstspec_runtime::Location::parse(&format!("{}?clone_of={source}", small.data("clone").display()));
        let catalog = small.catalog();
        let ctx = cstspec_runtime::session(&catalog, &cstspec_runtime::Options::default()).unwrap();
        let locations = cstspec_runtime::Locations::from([("t".to_owned(), location.unwrap())]);
        let error = cstspec_runtime::register(&ctx, &catalog, &locations).await.unwrap_err().to_string();
        assert!(error.contains(&format!("a clone of `{source}` cannot be read")), "{error}");
    }
}
