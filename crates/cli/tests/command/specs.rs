//! Which catalog a command works on, and that none stands in for the one that is meant.

use std::fs;
use std::path::Path;

use crate::{cstspec, empty, fails_with, stderr, stdout};

/// Every command that works on a catalog.
const COMMANDS: [&[&str]; 8] = [
    &["check"],
    &["check", "-q"],
    &["generate"],
    &["generate", "--check"],
    &["describe"],
    &["verify", "-q"],
    &["verify", "--fail-on", "never"],
    &["query", "SELECT 1"],
];

const CATALOG: &str = "catalog: tiny\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml]\n";

/// No command works on any catalog: each fails with `words` and with `help`.
fn none(folder: &Path, more: &[&str], words: &str, help: &str) {
    for command in COMMANDS {
        let output = cstspec(folder).args(command).args(more).output().unwrap();
        fails_with(&output, words);
        assert!(stderr(&output).contains(help), "`{help}` is not in: {}", stderr(&output));
        assert!(stderr(&output).contains("--built-in"), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

fn sound(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("catalog.yaml"), CATALOG).unwrap();
    fs::write(folder.join("s.yaml"), "session: s\n").unwrap();
}

/// A folder without specs is no built in catalog.
#[test]
fn specs_missing() {
    let here = empty();
    let whole = here.path().canonicalize().unwrap();
    let words = format!("there is no specs/catalog.yaml in {} or in a folder above it", whole.display());
    none(here.path(), &[], &words, "--specs selects the folder that contains catalog.yaml");
    sound(here.path());
    none(here.path(), &[], &words, "did you mean --specs . for the catalog.yaml here?");
}

/// A specs folder without a catalog is named.
#[test]
fn specs_without_catalog() {
    let here = empty();
    fs::create_dir_all(here.path().join("specs/datasets")).unwrap();
    fs::create_dir_all(here.path().join("below/it")).unwrap();
    none(here.path(), &[], "there is no catalog.yaml in the specs folder specs", "write one");
    none(&here.path().join("below/it"), &[], "there is no catalog.yaml in the specs folder ", "write one");
    for name in ["catalog.yml", "Catalog.yaml"] {
        fs::write(here.path().join("specs").join(name), CATALOG).unwrap();
        none(here.path(), &[], "no catalog.yaml in", &format!("rename `{name}` there to catalog.yaml"));
        fs::remove_file(here.path().join("specs").join(name)).unwrap();
    }
}

/// The nearest specs folder is the one that is meant.
#[test]
fn specs_nearest_folder() {
    let here = empty();
    sound(&here.path().join("specs"));
    let inner = here.path().join("inner");
    fs::create_dir_all(inner.join("src")).unwrap();
    let above = cstspec(&inner.join("src")).arg("check").output().unwrap();
    assert_eq!((above.status.code(), stderr(&above)), (Some(0), ""));
    assert!(stdout(&above).starts_with("catalog tiny 1, from "), "{}", stdout(&above));
    // The catalog further up belongs to something else.
    fs::create_dir(inner.join("specs")).unwrap();
    let further = here.path().canonicalize().unwrap().join("specs");
    let help = format!("use --specs {} for the catalog in a folder above", further.display());
    none(&inner, &[], "there is no catalog.yaml in the specs folder specs", &help);
    none(&inner.join("src"), &[], "there is no catalog.yaml in the specs folder ", &help);
}

/// A named specs folder must hold a catalog.
#[test]
fn specs_named_without_catalog() {
    let here = empty();
    none_with_specs(here.path(), "nowhere", "nowhere: no such file or directory");
    none_with_specs(here.path(), "", "--specs");
    none(here.path(), &["--specs", "."], "no catalog.yaml in the specs folder .", "write one");
    fs::write(here.path().join("file"), "").unwrap();
    none_with_specs(here.path(), "file", "not a directory");
    sound(&here.path().join("specs"));
    none(here.path(), &["--specs", "."], "no catalog.yaml in", "did you mean --specs ./specs?");
    fs::create_dir(here.path().join("specs/datasets")).unwrap();
    fs::create_dir_all(here.path().join("specs/specs")).unwrap();
    let help = "use --specs specs for the catalog in a folder above";
    none(here.path(), &["--specs", "specs/specs"], "no catalog.yaml in the specs folder specs/specs", help);
}

fn none_with_specs(folder: &Path, specs: &str, words: &str) {
    for command in COMMANDS {
        let output = cstspec(folder).args(command).args(["--specs", specs]).output().unwrap();
        fails_with(&output, words);
        assert_eq!(stdout(&output), "");
    }
}

/// A catalog that is no file is a finding.
#[cfg(unix)]
#[test]
fn catalog_not_a_file() {
    let here = empty();
    let specs = here.path().join("specs");
    fs::create_dir_all(specs.join("catalog.yaml")).unwrap();
    let output = cstspec(here.path()).args(["verify", "-q"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("error[C005]"), "{}", stdout(&output));
    fs::remove_dir(specs.join("catalog.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere.yaml", specs.join("catalog.yaml")).unwrap();
    let output = cstspec(here.path()).args(["check", "-q"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("error[C001]"), "{}", stdout(&output));
}

/// The built in catalog is there for who asks.
#[test]
fn catalog_built_in() {
    let here = empty();
    sound(&here.path().join("specs"));
    let own = cstspec(here.path()).arg("check").output().unwrap();
    assert!(stdout(&own).starts_with("catalog tiny 1, from specs\n"), "{}", stdout(&own));
    for args in [["check", "--built-in"], ["--built-in", "check"]] {
        let output = cstspec(here.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).starts_with("catalog libcst 1, built in\n"), "{}", stdout(&output));
    }
    for args in [&["check", "--built-in", "--specs", "specs"][..], &["--built-in", "check", "--specs", "specs"]] {
        fails_with(&cstspec(here.path()).args(args).output().unwrap(), "--built-in");
    }
    fails_with(&cstspec(here.path()).args(["generate", "--built-in"]).output().unwrap(), "no artifact folder");
}

/// A catalog of nothing is never clean.
#[test]
fn catalog_empty_not_clean() {
    let here = empty();
    let specs = here.path().join("specs");
    fs::create_dir_all(specs.join("datasets")).unwrap();
    for include in ["[]", "[datasets]"] {
        fs::write(
            specs.join("catalog.yaml"),
            format!("catalog: tiny\nversion: 1\nengine: \"55.2.0\"\ninclude: {include}\n"),
        )
        .unwrap();
        for command in COMMANDS.iter().filter(|command| !command.contains(&"never")) {
            let output = cstspec(here.path()).args(*command).output().unwrap();
            let said = format!("{}{}", stdout(&output), stderr(&output));
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("error[C240]"), "{said}");
        }
    }
}
