//! The document of `verify --manifest`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{empty, fails_with, fixture, run, stderr, stdout};

/// The bytes of the manifest that a process of its own writes.
fn written(here: &Path, args: &[&str]) -> String {
    let output = run(here, &[&["verify", "--manifest", "m.json", "-q"], args].concat());
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{}", stdout(&output));
    let text = fs::read_to_string(here.join("m.json")).unwrap();
    fs::remove_file(here.join("m.json")).unwrap();
    text
}

/// The text with the block `run` left out: the one that may differ.
fn without_run(text: &str) -> String {
    let start = text.find("\n  \"run\": {").expect("a manifest tells of its run");
    let end = start + text[start..].find("\n  }").expect("the block ends");
    format!("{}{}", &text[..start], &text[end..])
}

/// Two processes write the same bytes.
#[test]
fn manifest_reproducible() {
    let here = empty();
    let (one, other) = (written(here.path(), &["--deep"]), written(here.path(), &["--deep"]));
    assert_ne!(one, other, "the time of a run is in the manifest");
    assert_eq!(without_run(&one), without_run(&other));
}

/// A manifest is of the published shape.
#[test]
fn manifest_fits_schema() {
    let here = empty();
    let schema: Value =
        serde_json::from_str(stdout(&run(here.path(), &["schema", "manifest"]))).expect("schemas are JSON");
    let validator = jsonschema::draft7::new(&schema).expect("the schema is a schema");
    let mut manifest: Value = serde_json::from_str(&written(here.path(), &["--deep"])).unwrap();
    let mistakes: Vec<String> = validator.iter_errors(&manifest).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    let keys: Vec<String> = manifest.as_object().unwrap().keys().cloned().collect();
    for key in keys {
        let value = manifest.as_object_mut().unwrap().remove(&key).unwrap();
        assert!(!validator.is_valid(&manifest), "`{key}` is always there");
        manifest[key] = value;
    }
    manifest["unknown"] = Value::Null;
    assert!(!validator.is_valid(&manifest));
}

/// It appears whole or not at all.
#[test]
fn manifest_whole_or_absent() {
    let here = empty();
    fs::write(here.path().join("m.json"), "as it was").unwrap();
    let broken = fixture("broken");
    let output = run(here.path(), &["verify", "--manifest", "m.json", "--specs", broken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(here.path().join("m.json")).unwrap(), "as it was");
    fails_with(&run(here.path(), &["verify", "--manifest", "no/such/folder.json"]), "no/such/folder.json");
    fails_with(&run(here.path(), &["verify", "--manifest", "-"]), "--manifest requires a file");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
}
