//! Catalogs: compiled, loaded and generated must be one and the same.

use std::fs;

use cstspec_codegen::{Mode, Roots, apply, plan};
use cstspec_spec::{compile, json_schemas};

use crate::world;

/// The folders with a `catalog.yaml`: the LibCST specs, and every catalog of the tests.
fn specs_folders() -> Vec<std::path::PathBuf> {
    let workspace = world::workspace();
    let mut folders = vec![workspace.join("specs")];
    for entry in fs::read_dir(workspace.join("tests/catalogs")).unwrap() {
        folders.push(entry.unwrap().path());
    }
    folders.sort();
    assert!(folders.len() >= 2);
    folders
}

/// Every shipped catalog compiles without a finding.
#[test]
fn shipped_catalogs_compile() {
    for folder in specs_folders() {
        let compiled = compile(&folder);
        // What names are recommended, `tests/catalogs/names` is there to disregard.
        let recommended = ["C013", "C115", "C116"];
        let disregards = folder.ends_with("names");
        let found = compiled.findings.iter();
        let found: Vec<_> =
            found.filter(|finding| !(disregards && recommended.contains(&finding.code.as_ref()))).collect();
        assert!(found.is_empty(), "{}: {found:#?}", folder.display());
        assert!(compiled.catalog.is_some());
    }
}

/// Generated code builds the catalog that the specs say.
#[test]
fn compiled_equals_loaded() {
    let loaded = compile(&world::workspace().join("specs")).catalog.unwrap();
    let compiled = cstspec_libcst::catalog();
    assert_eq!(compiled.relations().count(), 32);
    // One by one first: a difference is then shown in one relation. As values, since the text of metadata has no order.
    for (left, right) in compiled.datasets.iter().zip(&loaded.datasets) {
        assert_eq!(left, right);
    }
    for (left, right) in compiled.views.iter().zip(&loaded.views) {
        assert_eq!(left, right);
    }
    assert_eq!(compiled, loaded);
}

/// Every artifact of every catalog is fresh.
#[test]
fn artifacts_fresh() {
    for folder in specs_folders() {
        let compiled = compile(&folder);
        let roots = Roots::resolve(&folder, &compiled.out.unwrap());
        let artifacts = plan(&compiled.catalog.unwrap(), &json_schemas()).unwrap();
        let outcome = apply(&artifacts, &roots, Mode::Check).unwrap();
        let changes: Vec<_> = outcome.changes.iter().map(|change| (&change.path, change.kind)).collect();
        assert!(changes.is_empty(), "{}: {changes:?}", folder.display());
    }
}
