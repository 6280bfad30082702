//! The helper for tests of a crate with a catalog: it passes, and it fails with the report.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use cstspec_testing::Contract;
use cstspec_tests::{rows, sound};
use tempfile::TempDir;

use crate::world;

/// The message of a panic.
fn message<T>(work: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).err().expect("it panics");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a panic has a text")
}

/// The sound catalog in `folder` over rows that are edited.
fn contract(folder: &Path, edit: impl Fn(&str) -> String) -> Contract {
    world::copy(&sound::specs(), &folder.join("specs"));
    let catalog = sound::catalog();
    let schema = catalog.datasets[0].schema();
    let path = folder.join("data/a.parquet");
    rows::write(&path, &rows::batch(&edit(sound::ROWS), &schema));
    let location = folder.join("data/").display().to_string();
    Contract::open(&catalog, [(sound::DATASET, location.as_str())]).specs(folder.join("specs"))
}

/// Sound data passes, also where a runtime is around the test.
#[tokio::test]
async fn contract_holds() {
    let folder = TempDir::new().unwrap();
    let contract = contract(folder.path(), str::to_owned);
    let report = contract.verify();
    assert_eq!((report.findings.as_slice(), contract.text(&report)), ([].as_slice(), String::new()));
    let first = sound::ROWS.lines().count() as u64;
    assert!(report.relations.iter().any(|relation| relation.rows == Some(first)), "{:?}", report.relations);
}

/// A broken contract is the report that the command prints, with the line of the spec.
#[test]
fn contract_broken() {
    let folder = TempDir::new().unwrap();
    let contract = contract(folder.path(), |rows| {
        let first = rows.lines().next().unwrap();
        format!("{first}\n{rows}")
    });
    let text = message(|| contract.verify());
    assert!(text.starts_with("the contract is broken\n\nerror[R2"), "{text}");
    let place = format!("--> {}/specs/datasets/units_v1.yaml:", folder.path().display());
    assert!(text.contains(&place) && text.contains("primary_key") && text.contains("= help: "), "{text}");
    assert!(text.contains("a.parquet") && text.contains("` prints the details"), "{text}");
    // Without the specs a finding has the file and the key.
    let bare = Contract::open(&sound::catalog(), [(sound::DATASET, folder.path().join("data/").to_str().unwrap())]);
    assert!(message(|| bare.verify()).contains("--> datasets/units_v1.yaml#"), "{}", message(|| bare.verify()));
}

/// A mistake in the call is named.
#[test]
fn contract_misused() {
    let catalog = sound::catalog();
    assert!(message(|| Contract::open(&catalog, [("units", "data/")])).contains("no dataset `units`"));
    assert!(message(|| Contract::open(&catalog, [(sound::DATASET, "")])).contains("the location of `units_v1`"));
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("none.parquet").display().to_string();
    let text = message(|| Contract::open(&catalog, [(sound::DATASET, missing.as_str())]).verify());
    assert!(text.contains("error[R") && text.contains("none.parquet"), "{text}");
}

/// Every relation is described, under the name of its files, and one run shows all that differ.
#[test]
fn describe_each_relation() {
    let folder = TempDir::new().unwrap();
    let contract = contract(folder.path(), str::to_owned);
    let described = contract.described();
    assert_eq!(described.len(), sound::catalog().relations().count());
    let mut seen = Vec::new();
    contract.describe_each(|relation, text| {
        assert_eq!(described[relation], text);
        seen.push(relation.to_owned());
    });
    assert_eq!(seen, described.keys().cloned().collect::<Vec<_>>());
    let mut checked = 0;
    let text = message(|| {
        contract.describe_each(|_, _| {
            checked += 1;
            panic!("differs");
        });
    });
    assert_eq!(checked, described.len());
    assert!(text.contains("otherwise than reviewed") && text.contains(sound::DATASET), "{text}");
    assert_eq!(message(|| contract.describe_each(|relation, _| assert!(relation != sound::DATASET, "one"))), "one");
}

/// Names that files cannot have are replaced, as in `describe/`.
#[test]
fn describe_each_file_names() {
    let specs = world::workspace().join("tests/catalogs/names");
    let catalog = cstspec_spec::compile(&specs).catalog.unwrap();
    let mut names = Vec::new();
    Contract::open(&catalog, []).describe_each(|relation, _| names.push(relation.to_owned()));
    names.sort();
    let mut expected: Vec<String> = fs::read_dir(world::workspace().join("tests/catalogs/names/generated/describe"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    expected.sort();
    assert_eq!(names, expected);
}

/// A function of the host is checked in its own session, and its absence is an error there.
#[test]
fn host_function_registered() {
    use cstspec_runtime::datafusion::arrow::datatypes::DataType;
    use cstspec_runtime::datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
    use std::sync::Arc;

    let folder = TempDir::new().unwrap();
    world::copy(&sound::specs(), &folder.path().join("specs"));
    let case = world::workspace().join("tests/cases/verify/host-function-unchecked/views/specs");
    world::copy(&case, &folder.path().join("specs"));
    let catalog = sound::compiled(&folder.path().join("specs"));
    let ctx = cstspec_runtime::session(&catalog, &cstspec_runtime::Options::default()).unwrap();
    let same = Arc::new(|values: &[ColumnarValue]| Ok(values[0].clone()));
    ctx.register_udf(create_udf("unit_digest", vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, same));
    let contract = Contract::open_in(ctx, &catalog, []);
    let report = contract.verify();
    assert!(report.relations.iter().all(|relation| relation.executed), "{:?}", report.relations);

    let text = message(|| Contract::open(&catalog, []).verify());
    assert!(text.contains("unit_digest"), "{text}");
}
