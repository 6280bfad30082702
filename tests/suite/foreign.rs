//! Files that another program wrote: the same rows, spelled otherwise.

use std::path::PathBuf;
use std::process::Command;

use cstspec_runtime::{Depth, Silent, verify};

use crate::world;

/// A Python with pyarrow: the one that `CSTSPEC_PYTHON` names, or `python3`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("CSTSPEC_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import pyarrow.parquet"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

#[tokio::test]
async fn files_that_pyarrow_spells_otherwise_verify_without_a_finding_and_without_losing_a_row() {
    let Some(python) = python() else {
        assert!(std::env::var_os("CSTSPEC_PYTHON").is_none(), "CSTSPEC_PYTHON names a Python without pyarrow");
        eprintln!("skipped: no Python with pyarrow; set CSTSPEC_PYTHON to one");
        return;
    };
    let catalog = cstspec_libcst::catalog();
    let (folder, sample) = world::sample();
    let out = folder.path().join("respelled");
    std::fs::create_dir(&out).unwrap();
    let script = world::workspace().join("tests/python/respell.py");
    let output = Command::new(python).arg(script).args([&sample, &out]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let ctx = world::open(&catalog, &world::at([(world::DATASET, sample.as_path())])).await;
    let plain = verify(&ctx, &catalog, Depth::Plain, &Silent).await;
    assert_eq!(plain.findings, []);
    let mut spellings = 0;
    for name in world::files(&out).into_keys() {
        let path = out.join(&name);
        let ctx = world::open(&catalog, &world::at([(world::DATASET, path.as_path())])).await;
        let report = verify(&ctx, &catalog, Depth::Plain, &Silent).await;
        assert_eq!(report.findings, [], "{name}");
        let rows = |report: &cstspec_runtime::Report| -> Vec<(String, Option<u64>)> {
            report.relations.iter().map(|relation| (relation.name.clone(), relation.rows)).collect()
        };
        assert_eq!(rows(&report), rows(&plain), "{name}");
        spellings += 1;
    }
    assert_eq!(spellings, 5);
}
