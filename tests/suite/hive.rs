//! Hive layouts as other programs write them: values as folder names, with the rows that pyarrow reads from the same folders.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use arrow::array::{Array as _, AsArray};
use cstspec_spec::compile;
use cstspec_verify::{Checks, NoProgress, verify};

use crate::world;

const SPECS: [(&str, &str); 3] = [
    ("catalog.yaml", "catalog: hive\nversion: 1\nengine: \"55.2.0\"\nsession: pinned\ninclude: [.]\n"),
    (
        "pinned.yaml",
        "session: pinned\nsettings:\n  datafusion.execution.parquet.schema_force_view_types: false\n  \
         datafusion.sql_parser.map_string_types_to_utf8view: false\n",
    ),
    (
        "rows.yaml",
        "dataset: rows\nversion: 1\ncolumns:\n  k: utf8\n  d: date32\n  t: timestamp(us)\n  i: int32\n  b: bool\n  \
         id: int64\npartitions: [k, d, t, i, b]\n",
    ),
];
const TEXTS: &str = "SELECT k, CAST(d AS VARCHAR), CAST(t AS VARCHAR), CAST(i AS VARCHAR), CAST(b AS VARCHAR), \
                     CAST(id AS VARCHAR) FROM rows";

/// Layouts of other writers have the rows that pyarrow reads.
#[tokio::test]
async fn hive_layouts_of_other_writers() {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (specs, out) = (folder.path().join("specs"), folder.path().join("out"));
    fs::create_dir(&specs).unwrap();
    fs::create_dir(&out).unwrap();
    for (name, text) in SPECS {
        fs::write(specs.join(name), text).unwrap();
    }
    let compiled = compile(&specs);
    assert_eq!(compiled.findings, []);
    let catalog = compiled.catalog.unwrap();
    let script = world::workspace().join("tests/python/hive.py");
    let output = Command::new(python).arg(script).arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: BTreeMap<String, Vec<Vec<Option<String>>>> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(expected.contains_key("pyarrow"), "{expected:?}");

    for (writer, expected) in expected {
        let location = out.join(&writer);
        let ctx = world::open(&catalog, &world::at([("rows", location.as_path())])).await;
        let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
        assert_eq!(report.findings, [], "{writer}");
        let all = ["1", "2", "3", "4", "5", "6"];
        for (filter, ids) in [
            ("true", &all[..]),
            ("k IS NULL", &["2"]),
            ("k IS NOT NULL AND d IS NULL", &["4", "6"]),
            ("k = 'null'", &["3"]),
            ("k = ''", &["5"]),
            ("d IS DISTINCT FROM DATE '2024-01-02'", &["2", "3", "4", "5", "6"]),
            ("t < TIMESTAMP '2024-01-02 00:00:01'", &["3", "4"]),
            ("i < 1", &["3", "4"]),
            ("b", &["1", "5"]),
            ("NOT b", &["3"]),
        ] {
            let read = async |sql: &str| {
                let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
                let mut rows: Vec<Vec<Option<String>>> = Vec::new();
                for batch in &batches {
                    let columns: Vec<_> = batch.columns().iter().map(AsArray::as_string::<i32>).collect();
                    rows.extend((0..batch.num_rows()).map(|row| {
                        let value = |column: &&arrow::array::StringArray| {
                            column.is_valid(row).then(|| column.value(row).to_owned())
                        };
                        columns.iter().map(value).collect()
                    }));
                }
                rows.sort_by(|left, right| left.last().cmp(&right.last()));
                rows
            };
            let kept: Vec<_> =
                expected.iter().filter(|row| row[5].as_deref().is_some_and(|id| ids.contains(&id))).cloned().collect();
            assert_eq!(kept.len(), ids.len());
            assert_eq!(read(&format!("{TEXTS} WHERE {filter}")).await, kept, "{writer}: {filter}");
        }
    }
}
