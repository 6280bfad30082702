//! `out` stays inside the repository, wherever that ends.

use std::fs;
use std::path::Path;

use cstspec_contract::Finding;
use cstspec_spec::{compile, compile_embedded};
use tempfile::TempDir;

use crate::folder::{self, CATALOG};

/// A repository with a sound catalog in `a/specs`.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".git")).unwrap();
    folder::write(root.path(), "a/specs/plain.yaml", "session: plain\n");
    root
}

/// The findings about `out` in `specs`.
fn findings(specs: &Path, out: &str) -> Vec<Finding> {
    folder::write(specs, "catalog.yaml", format!("{CATALOG}out: {out}\n"));
    let compiled = compile(specs);
    assert_eq!(compiled.catalog.is_none(), !compiled.findings.is_empty(), "{out}");
    compiled.findings
}

/// Holds that `out` is refused at its line, for a reason that holds `why`.
fn refused(specs: &Path, out: &str, why: &str) {
    let findings = findings(specs, out);
    assert_eq!(findings.len(), 1, "{out}: {findings:?}");
    let Finding { code, message, spec, remedy, .. } = &findings[0];
    assert_eq!(code, "C125", "{out}");
    assert!(message.contains(why), "{out}: {message}");
    assert!(remedy.as_ref().is_some_and(|remedy| remedy.contains("out: ../generated")), "{out}: {remedy:?}");
    let place = spec.as_ref().unwrap();
    assert_eq!((place.key.as_str(), place.line, place.column), ("out", Some(6), Some(6)), "{out}");
}

/// What leaves the repository is refused.
#[test]
fn out_outside_repository() {
    let root = repository();
    let specs = root.path().join("a/specs");
    for out in ["../generated", "generated", "../../b", ".", "../b/../c", "../../b/c/d", "../specs/x"] {
        assert_eq!(findings(&specs, out), [], "{out}");
    }
    for (out, why) in [
        ("/", "absolute"),
        ("/etc", "absolute"),
        ("''", "empty"),
        ("'  '", "empty"),
        ("..", "holds the specs folder"),
        ("../..", "holds the specs folder"),
        ("../../..", "holds the specs folder"),
        ("../x/..", "holds the specs folder"),
        ("../../../b", "leaves the repository"),
        ("../../../../../../../../../../../../../../etc", "leaves the repository"),
        ("x/../../../../etc", "leaves the repository"),
        ("\"a\\0b\"", "'\\0'"),
        ("\"a\\nb\"", "'\\n'"),
        ("\"a\\e[31mb\"", "'\\u{1b}'"),
        ("..\\..\\b", "'\\\\'"),
        ("'C:/b'", "':'"),
        ("../../.git/hooks", "version control"),
    ] {
        refused(&specs, out, why);
    }
}

/// Without a repository the folder of the specs folder is the end.
#[test]
fn out_without_repository() {
    let root = tempfile::tempdir().unwrap();
    folder::write(root.path(), "a/specs/plain.yaml", "session: plain\n");
    let specs = root.path().join("a/specs");
    assert_eq!(findings(&specs, "../generated"), []);
    refused(&specs, "../../generated", "leaves the repository");
    fs::write(root.path().join("Cargo.toml"), "").unwrap();
    assert_eq!(findings(&specs, "../../generated"), [], "a workspace without its version control");
    refused(&specs, "../../../generated", "leaves the repository");
}

/// A link that leaves the repository is refused.
#[cfg(unix)]
#[test]
fn out_link_outside_repository() {
    use std::os::unix::fs::symlink;

    let (root, outside) = (repository(), tempfile::tempdir().unwrap());
    let specs = root.path().join("a/specs");
    symlink(outside.path(), root.path().join("a/away")).unwrap();
    symlink("../b", root.path().join("a/beside")).unwrap();
    symlink("../gone", root.path().join("a/dangling")).unwrap();
    fs::create_dir(root.path().join("b")).unwrap();
    fs::write(root.path().join("a/file"), "mine").unwrap();
    for out in ["../away", "../away/deep/er"] {
        refused(&specs, out, "through a link");
    }
    refused(&specs, "../dangling/x", "cannot be followed");
    refused(&specs, "../file", "is not a folder");
    assert_eq!(findings(&specs, "../beside/x"), []);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// Specs in memory are held to the spelling.
#[test]
fn out_in_memory() {
    for (out, sound) in [("../../../x", true), ("/etc", false), ("..", false)] {
        let catalog = format!("{CATALOG}out: {out}\n");
        let compiled = compile_embedded(&[("catalog.yaml", &catalog), ("plain.yaml", "session: plain\n")]);
        assert_eq!(compiled.catalog.is_some(), sound, "{out}");
    }
}
