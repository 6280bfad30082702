//! Behaviour cases: folders of specs with the findings that they end in beside them.
//!
//! `UPDATE_EXPECT=1` rewrites `expected.txt`; read what it wrote before you keep it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cstspec_spec::{compile, rules};
use tempfile::TempDir;

use crate::{folder, text::text};

fn cases(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases").join(kind)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect()
}

/// The folder of a case that a checkout cannot hold; `None` where it can.
fn build(rule: &str) -> Option<TempDir> {
    let specs = match rule {
        "specs-unreadable" | "specs-too-large" | "invalid-utf8" | "not-a-file" | "folder-loop" => folder::sound(),
        _ => return None,
    };
    let root = specs.path();
    match rule {
        "specs-unreadable" => std::os::unix::fs::symlink("orders.yaml", root.join("orders.yaml")).unwrap(),
        "specs-too-large" => {
            let file = fs::File::create(root.join("orders.yaml")).unwrap();
            file.set_len(50 * 1024 * 1024).unwrap();
        }
        "invalid-utf8" => folder::write(root, "orders.yaml", b"dataset: orders\ndoc: caf\xc3\xa9 cr\xe8me\n"),
        "not-a-file" => {
            let made = std::process::Command::new("mkfifo").arg(root.join("orders.yaml")).status().unwrap();
            assert!(made.success());
        }
        _ => {
            fs::create_dir(root.join("types")).unwrap();
            std::os::unix::fs::symlink("..", root.join("types/all")).unwrap();
        }
    }
    Some(specs)
}

/// Holds the findings of `specs` against the `expected.txt` in `case`.
fn hold(case: &Path, specs: &Path, mistakes: &mut Vec<String>) -> Vec<String> {
    let findings = compile(specs).findings;
    let found = text(&findings).replace(&*specs.to_string_lossy(), "SPECS");
    let path = case.join("expected.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != found {
        mistakes.push(format!("{}\n--- expected\n{expected}--- found\n{found}", path.display()));
    }
    findings.into_iter().map(|finding| finding.name.into_owned()).collect()
}

fn fail(mistakes: &[String]) {
    assert!(
        mistakes.is_empty(),
        "{}\n\n`UPDATE_EXPECT=1 cargo test -p cstspec-spec` rewrites expected.txt",
        mistakes.join("\n")
    );
}

/// Every rule has a case that ends in it alone.
#[test]
fn check_cases() {
    let folder = cases("check");
    let rules: BTreeSet<String> = rules::ALL.iter().map(|rule| rule.name.to_owned()).collect();
    let mut mistakes = Vec::new();
    for name in names(&folder).symmetric_difference(&rules) {
        mistakes.push(format!("tests/cases/check/{name} and the rules do not agree: one of the two is missing"));
    }
    for name in names(&folder).intersection(&rules) {
        let case = folder.join(name);
        let built = build(name);
        let specs = built.as_ref().map_or(case.as_path(), TempDir::path);
        let found = hold(&case, specs, &mut mistakes);
        // Findings are cut short only where there are many of another kind.
        let alone = found.iter().all(|found| found == name) || name == "findings-cut-short";
        if !found.contains(name) || !alone {
            mistakes.push(format!("{name} ends in {found:?}"));
        }
    }
    fail(&mistakes);
}

/// Many mistakes are reported at once and each once.
#[test]
fn check_many_cases() {
    let folder = cases("check-many");
    let mut mistakes = Vec::new();
    for name in names(&folder) {
        let case = folder.join(&name);
        let found = hold(&case, &case, &mut mistakes);
        if found.is_empty() {
            mistakes.push(format!("{name} has no mistake"));
        }
    }
    fail(&mistakes);
}

/// Codes and names are unique and in order.
#[test]
fn rule_codes_unique() {
    let codes: Vec<&str> = rules::ALL.iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
    let names: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), codes.len());
    for rule in rules::ALL {
        assert!(rule.summary.ends_with('.') && rule.explanation.contains("\n\n"), "{}", rule.code);
    }
}
