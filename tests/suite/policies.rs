//! Schema evolution policies by path: two paths of one dataset with policies of their own, in every layout, with the rows that pyarrow reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use arrow::json::LineDelimitedWriter;
use cstspec_contract::Catalog;
use cstspec_spec::compile_embedded;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;
use serde_json::Value;

use crate::world;

const COLUMNS: &str = "dataset: rows
version: 1
columns:
  p: utf8
  id: { type: int64, nullable: false }
  refs: { type: list, items: { at: { start: int32, text: utf8 }, kind: utf8 } }
  marks: { type: map, key: utf8, value: { level: int32, note: utf8 } }
  size: int64
partitions: [p]
";
const POLICIES: &str = "evolution:
  casts: none
  extra: error
  paths:
    refs: { casts: any, extra: ignore }
    refs.at: { missing: error }
    marks.value: { casts: widening, extra: warn }
";

fn catalog(evolution: &str) -> Catalog {
    let compiled = compile_embedded(&[
        ("catalog.yaml", "catalog: policies\nversion: 1\nengine: \"55.2.0\"\ninclude: [.]\n"),
        ("rows.yaml", &format!("{COLUMNS}{evolution}")),
    ]);
    assert_eq!(compiled.findings, []);
    compiled.catalog.unwrap()
}

/// The rows of a query as JSON; an entry that is NULL is left out.
async fn rows(ctx: &SessionContext, sql: &str) -> Result<Vec<Value>, String> {
    let frame = ctx.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write_batches(&batches.iter().collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    Ok(text.lines().map(|line| without_nulls(serde_json::from_str(line).unwrap())).collect())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(entries) => entries
            .into_iter()
            .filter(|(_, inner)| !inner.is_null())
            .map(|(key, inner)| (key, without_nulls(inner)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The code and the path of each finding of `verify`, with the key of the spec.
async fn findings(catalog: &Catalog, location: &Path) -> BTreeSet<(String, String, String)> {
    let ctx = world::open(catalog, &world::at([("rows", location)])).await;
    let report = verify(&ctx, catalog, Checks::Rows, &NoProgress).await;
    let told = report.findings.into_iter().map(|finding| {
        let key = finding.spec.map(|place| place.key).unwrap_or_default();
        (finding.name.into_owned(), finding.path.unwrap_or_default(), key)
    });
    told.collect()
}

fn told(name: &str, path: &str, key: &str) -> (String, String, String) {
    (name.to_owned(), path.to_owned(), key.to_owned())
}

/// The nearest path that has a policy decides, whatever the layout.
#[tokio::test]
async fn policies_by_path_in_every_layout() {
    let Some(python) = world::python("pyarrow.parquet, deltalake") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = world::workspace().join("tests/python/policies.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: BTreeMap<String, Vec<Value>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(expected.keys().collect::<Vec<_>>(), ["delta", "file", "folder", "hive"]);

    let catalog = catalog(POLICIES);
    for (layout, expected) in &expected {
        let location = folder.path().join(layout);
        let ctx = world::open(&catalog, &world::at([("rows", location.as_path())])).await;
        assert_eq!(&rows(&ctx, "SELECT * FROM rows ORDER BY id").await.unwrap(), expected, "{layout}");
        // One column alone: the file is compared with the whole contract, and read in part.
        let levels = "SELECT id FROM rows WHERE map_extract(marks, 'lint')[1]['level'] = 3";
        assert_eq!(rows(&ctx, levels).await.unwrap(), [serde_json::json!({ "id": 2 })], "{layout}");

        let found = findings(&catalog, &location).await;
        // What the log of a Delta table says of the same fields repeats the findings of its files.
        for wanted in [
            told("file-drifted", "refs.at.start", "columns.refs.items.at.start"),
            told("file-drifted", "marks.value.level", "columns.marks.value.level"),
            told("file-has-more", "marks.value.more", "evolution.paths.marks.value.extra"),
        ] {
            assert!(found.contains(&wanted), "{layout}: {wanted:?} in {found:#?}");
        }
        let more: Vec<_> = found.iter().filter(|(name, ..)| name == "file-has-more").collect();
        assert_eq!(more.len(), 1, "{layout}: `refs.junk` is ignored: {found:#?}");
    }

    // The same files, with the policy of the whole alone, and with one path less.
    let location = folder.path().join("folder");
    for (policies, refused) in [
        ("evolution: { casts: none, extra: ignore }\n", ["refs.at.start", "marks.value.level"].as_slice()),
        (
            "evolution:\n  extra: ignore\n  casts: none\n  paths: { marks: { casts: widening } }\n",
            ["refs.at.start"].as_slice(),
        ),
        (
            "evolution:\n  extra: ignore\n  casts: any\n  paths: { refs: { casts: widening }, refs.at.start: { casts: any }, marks.value.level: { casts: none } }\n",
            ["marks.value.level"].as_slice(),
        ),
    ] {
        let catalog = self::catalog(policies);
        let ctx = world::open(&catalog, &world::at([("rows", location.as_path())])).await;
        let error = rows(&ctx, "SELECT id FROM rows").await.unwrap_err();
        assert!(error.contains("drifted.parquet"), "{error}");
        let found = findings(&catalog, &location).await;
        let paths: BTreeSet<&str> =
            found.iter().filter(|(name, ..)| name == "drift-refused").map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(paths, refused.iter().copied().collect(), "{policies}: {found:#?}");
    }

    // Each of these files breaks the policy of one path.
    for (name, path) in [
        ("top-cast", "size"),
        ("top-extra", "junk"),
        ("refs-lacks-text", "refs.at.text"),
        ("marks-narrowed", "marks.value.level"),
    ] {
        let location = folder.path().join(name);
        let found = findings(&catalog, &location).await;
        let refused: Vec<&str> =
            found.iter().filter(|(name, ..)| name == "drift-refused").map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(refused, [path], "{name}: {found:#?}");
    }
}
