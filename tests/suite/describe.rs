//! Compares the engine's DESCRIBE of every relation with the specs.

use std::collections::BTreeSet;
use std::fs;

use cstspec_contract::{artifact, describe};
use cstspec_runtime::observe;

use crate::world;

/// One snapshot per relation, written by insta from the engine's answer; the generated expectation must be the same text.
#[tokio::test]
async fn describe_as_specs() {
    let catalog = cstspec_libcst::catalog();
    let (_folder, path) = world::sample();
    let ctx = world::open(&catalog, &world::at([(world::DATASET, path.as_path())])).await;
    let expected = world::workspace().join("crates/libcst/describe");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names = BTreeSet::new();
    let mut differing = Vec::new();
    for relation in catalog.relations() {
        let name = relation.name();
        names.insert(format!("{name}.snap"));
        let observed = observe(&ctx, name).await.unwrap();
        let document = describe::document(&observed.rows, &observed.schema);
        settings.bind(|| insta::assert_snapshot!(name, document));
        let text = fs::read_to_string(expected.join(format!("{name}.txt"))).unwrap();
        if artifact::describe_body(&text) != document {
            differing.push(name);
        }
    }
    assert!(
        differing.is_empty(),
        "the engine and the specs disagree about {differing:?}: change the spec, not the snapshot"
    );
    assert_eq!(names.len(), 32);
    let snapshots = world::workspace().join("tests/snapshots");
    // A snapshot that waits for its review says nothing yet, and those in folders are of something else.
    let other = |name: &String| name.ends_with(".snap.new") || name.contains('/');
    let found: BTreeSet<String> = world::files(&snapshots).into_keys().filter(|name| !other(name)).collect();
    assert_eq!(found, names, "a snapshot without a relation, or the other way round");
}
