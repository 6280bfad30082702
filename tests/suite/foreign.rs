//! Files of another program, and files for another program: the same rows in another form.

use std::collections::BTreeSet;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::compute::concat_batches;
use arrow::ipc::writer::FileWriter;
use cstspec_contract::report::ConversionKind;
use cstspec_runtime::boundary::Projector;
use cstspec_verify::{Checks, NoProgress, verify};
use serde_json::{Value, json};

use crate::world;

/// Files that pyarrow spells otherwise are read without losing a row.
#[tokio::test]
async fn pyarrow_layouts_read() {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let catalog = cstspec_libcst::catalog();
    let (folder, sample) = world::sample();
    let out = folder.path().join("respelled");
    std::fs::create_dir(&out).unwrap();
    let script = world::workspace().join("tests/python/respell.py");
    let output = Command::new(python).arg(script).args([&sample, &out]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let ctx = world::open(&catalog, &world::at([(world::DATASET, sample.as_path())])).await;
    let plain = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    assert_eq!(plain.findings, []);
    let mut spellings = 0;
    for name in world::files(&out).into_keys() {
        let path = out.join(&name);
        let ctx = world::open(&catalog, &world::at([(world::DATASET, path.as_path())])).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        // What is spelled otherwise is no difference; another order and fewer NOT NULLs are, and the contract allows them.
        let differences: BTreeSet<ConversionKind> =
            report.conversions.iter().map(|conversion| conversion.conversion.kind).collect();
        let expected = match name.as_str() {
            "nullable.parquet" => BTreeSet::from([ConversionKind::Nullable]),
            "reordered.parquet" => BTreeSet::from([ConversionKind::Reordered]),
            _ => BTreeSet::new(),
        };
        assert_eq!(differences, expected, "{name}");
        assert_eq!(report.findings.is_empty(), expected.is_empty(), "{name}");
        assert!(report.findings.iter().all(|finding| finding.code == "R130"), "{name}: {:#?}", report.findings);
        let rows = |report: &cstspec_contract::report::Report| -> Vec<(String, Option<u64>)> {
            report.relations.iter().map(|relation| (relation.name.clone(), relation.rows)).collect()
        };
        assert_eq!(rows(&report), rows(&plain), "{name}");
        spellings += 1;
    }
    assert_eq!(spellings, 5);
}

/// The library of C that cargo built beside this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.with_file_name(format!("{DLL_PREFIX}cstspec_cstream{DLL_SUFFIX}"));
    assert!(path.is_file(), "{} was not built", path.display());
    path
}

/// The result of pyarrow for a query that leaves through a boundary, once it has read the rows in the file `expected` as well.
fn read_by_pyarrow(python: &Path, sql: &str, boundary: &str, expected: Option<&Path>) -> Value {
    let script = world::workspace().join("tests/python/read_stream.py");
    let mut command = Command::new(python);
    command.arg(script).arg(library()).args([sql, boundary]).args(expected);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{sql}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What leaves over the c stream interface is what pyarrow reads.
#[tokio::test]
async fn c_stream_read_by_pyarrow() {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let catalog = cstspec_libcst::catalog();
    let (folder, sample) = world::sample();
    let ctx = world::open(&catalog, &world::at([(world::DATASET, sample.as_path())])).await;
    let expected = folder.path().join("expected.arrow");
    for (boundary, sql) in [
        ("cst_refs_export", "SELECT * FROM cst_refs ORDER BY file_id, bstart, bend, ref_id"),
        ("cst_nodes_export", "SELECT * FROM libcst_files_v1 ORDER BY file_id"),
        ("cst_nodes_export", "SELECT file_id, path, nodes FROM libcst_files_v1 WHERE path IS NULL"),
    ] {
        let boundary = catalog.boundaries.iter().find(|known| known.name == boundary).unwrap();
        let stream = ctx.sql(sql).await.unwrap().execute_stream().await.unwrap();
        let (schema, batches) = (stream.schema(), datafusion::physical_plan::common::collect(stream).await.unwrap());
        let whole = concat_batches(&schema, &batches).unwrap();
        let rows = Projector::plan(boundary, &schema).unwrap().batch(&whole).unwrap();
        let mut writer = FileWriter::try_new(File::create(&expected).unwrap(), &rows.schema()).unwrap();
        writer.write(&rows).unwrap();
        writer.finish().unwrap();

        let mut found = read_by_pyarrow(&python, sql, &boundary.name, Some(&expected));
        let batches = found["batches"].take();
        assert_eq!(batches.as_u64() > Some(1), rows.num_rows() > 0, "{sql}: {batches} batches");
        let all = json!({
            "rows": rows.num_rows(), "batches": null, "same_schema": true, "same_rows": true, "wish_granted": false, "error": null,
        });
        assert_eq!(found, all, "{sql}");
    }
}

/// Errors of a stream reach pyarrow with their text and a stream may be left early.
#[test]
fn c_stream_errors() {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let error = |sql: &str| {
        let found = read_by_pyarrow(&python, sql, "cst_refs_export", None);
        (found["batches"].as_u64().unwrap(), found["error"].as_str().map(str::to_owned))
    };
    assert_eq!(error("SELECT * FROM cst_refs"), (1, None));
    let (batches, refused) = error("SELECT 1 AS bstart");
    assert_eq!(batches, 0);
    assert!(
        refused
            .as_deref()
            .is_some_and(|text| text.contains("`file_id`, ") && text.contains(", which `cst_refs_export` requests")),
        "{refused:?}"
    );
    let (batches, failed) = error("SELECT * EXCEPT (path), CAST(NULL AS VARCHAR) AS path FROM cst_refs");
    assert_eq!(batches, 0);
    assert!(
        failed
            .as_deref()
            .is_some_and(|text| text.contains("`path`, which `cst_refs_export` requests, is NULL in row 0")),
        "{failed:?}"
    );
}
