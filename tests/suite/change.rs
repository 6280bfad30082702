//! The changes of an edit of the specs, and the parts that stay.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cstspec_codegen::{Mode, Roots, apply, plan};
use cstspec_spec::{compile, json_schemas};
use cstspec_verify::{Checks, NoProgress, verify};

use crate::world;

/// The artifacts that `edit` of one spec changes, in a copy of the LibCST specs, and the catalog that it gives.
fn changed_by(file: &str, edit: impl Fn(&str) -> String) -> (BTreeSet<String>, cstspec_contract::Catalog) {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path().join("specs");
    world::copy(&world::workspace().join("specs"), &specs);
    let generate = |specs: &Path| {
        let compiled = compile(specs);
        assert_eq!(compiled.findings, []);
        let roots = Roots::new(specs, &folder.path().join("out"));
        let catalog = compiled.catalog.unwrap();
        apply(&plan(&catalog, &json_schemas()).unwrap(), &roots, Mode::Write).unwrap();
        catalog
    };
    generate(&specs);
    let before = world::files(folder.path());
    let path = specs.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let edited = edit(&text);
    assert_ne!(text, edited, "the edit does nothing");
    fs::write(&path, edited).unwrap();
    let catalog = generate(&specs);
    let after = world::files(folder.path());
    let changed = after.iter().filter(|(name, bytes)| before.get(*name) != Some(*bytes)).map(|(name, _)| name.clone());
    let gone = before.keys().filter(|name| !after.contains_key(*name)).cloned();
    let edited = format!("specs/{file}");
    (changed.chain(gone).filter(|name| *name != edited).collect(), catalog)
}

/// A nested field changes the relations that carry it and old data still verifies.
#[tokio::test]
async fn nested_field_added() {
    let (changed, catalog) =
        changed_by("types/cst_ref.yaml", |text| text.replace("  ref_text:", "  confidence: float64\n  ref_text:"));
    let expected = BTreeSet::from(
        [
            // The type has the field. What is made of it names the type.
            "out/src/generated/types.rs",
            // The dataset carries the field.
            "out/definitions/libcst_files_v1.sql",
            "out/describe/libcst_files_v1.txt",
            // So does the row view over the list.
            "out/describe/cst_refs.txt",
            "out/sql/cst_refs.sql",
            // The diagnosis compares with the declared type of the list, which has the field inside.
            "out/sql/cst_schema_diagnostics.sql",
        ]
        .map(str::to_owned),
    );
    assert_eq!(changed, expected);

    let (_folder, path) = world::sample();
    let ctx = world::open(&catalog, &world::at([(world::DATASET, path.as_path())])).await;
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    // The sample lacks the field, which the contract lets it, and says so.
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.name.as_ref(), finding.path.as_deref().unwrap())).collect();
    assert_eq!(found, [("file-drifted", "refs.confidence")]);
    let rows =
        |name: &str| report.relations.iter().find(|relation| relation.name == name).and_then(|relation| relation.rows);
    assert_eq!(rows("cst_refs"), Some(2098));
}

#[test]
fn comment_changes_nothing() {
    let (changed, _) = changed_by("types/cst_ref.yaml", |text| text.replace("\nfields:", "\n# A remark.\n\nfields:"));
    assert_eq!(changed, BTreeSet::new());
    let (changed, _) = changed_by("views/cst_defs.yaml", |text| text.replace("\nrows:", "\n# A remark.\nrows:"));
    assert_eq!(changed, BTreeSet::new());
}
