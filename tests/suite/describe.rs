//! Compares the engine's DESCRIBE of every relation with the specs.

use std::collections::BTreeSet;
use std::fs;

use cstspec_contract::artifact;
use cstspec_testing::Contract;

use crate::world;

/// One snapshot per relation, written by insta from the engine's answer; the generated expectation must be the same text.
#[test]
fn describe_as_specs() {
    let (_folder, path) = world::sample();
    let contract = Contract::open(&cstspec_libcst::catalog(), [(world::DATASET, path.to_str().unwrap())]);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    contract.describe_each(|relation, text| settings.bind(|| insta::assert_snapshot!(relation, text)));

    let expected = world::workspace().join("crates/libcst/describe");
    let described = contract.described();
    let differing: Vec<&String> = described
        .iter()
        .filter(|(name, text)| {
            let artifact = fs::read_to_string(expected.join(format!("{name}.txt"))).unwrap();
            artifact::describe_body(&artifact) != text.as_str()
        })
        .map(|(name, _)| name)
        .collect();
    assert!(
        differing.is_empty(),
        "the engine and the specs disagree about {differing:?}: change the spec, not the snapshot"
    );
    let names: BTreeSet<String> = described.into_keys().map(|name| format!("{name}.snap")).collect();
    assert_eq!(names.len(), 32);
    let snapshots = world::workspace().join("tests/snapshots");
    // A snapshot that waits for its review says nothing yet, and those in folders are of something else.
    let other = |name: &String| name.ends_with(".snap.new") || name.contains('/');
    let found: BTreeSet<String> = world::files(&snapshots).into_keys().filter(|name| !other(name)).collect();
    assert_eq!(found, names, "a snapshot without a relation, or the other way round");
}
