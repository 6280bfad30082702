//! Differences, applied as patches by the programs that people apply patches with.

use std::fs;
use std::process::{Command, Stdio};

use cstspec_codegen::{Artifacts, ChangeKind, Mode, Outcome, Roots, apply, excerpt, plan};
use tempfile::TempDir;

use crate::catalog::{catalog, schemas, widened};

/// A repository whose artifacts are stale, missing and orphaned, at `below` from its root.
struct Repository {
    folder: TempDir,
    roots: Roots,
    artifacts: Artifacts,
}

impl Repository {
    fn stale(below: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let specs = folder.path().join(below).join("specs");
        fs::create_dir_all(&specs).unwrap();
        let roots = Roots::resolve(&specs, "../package".as_ref());
        let mut older = catalog();
        let mut gone = older.views[0].clone();
        "gone".clone_into(&mut gone.name);
        older.views.push(gone);
        older.views.retain(|view| view.name != "type");
        apply(&plan(&older, &schemas()).unwrap(), &roots, Mode::Write).unwrap();
        Self { folder, roots, artifacts: plan(&widened(), &schemas()).unwrap() }
    }

    fn apply(&self, mode: Mode) -> Outcome {
        apply(&self.artifacts, &self.roots, mode).unwrap()
    }

    /// Has `program` apply `patch` at the root.
    fn patched(&self, program: &[&str], patch: &str) {
        let input = self.folder.path().join("the.patch");
        fs::write(&input, patch).unwrap();
        let root = self.folder.path();
        if program[0] == "git" {
            fs::remove_dir(root.join(".git")).ok();
            assert!(Command::new("git").args(["init", "-q"]).current_dir(root).status().unwrap().success());
        }
        let output = Command::new(program[0])
            .args(&program[1..])
            .current_dir(root)
            .stdin(Stdio::from(fs::File::open(&input).unwrap()))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program:?}: {said}\n{patch}");
        fs::remove_file(input).unwrap();
    }
}

/// The programs that take a patch on standard input here.
fn programs() -> Vec<Vec<&'static str>> {
    let here = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let programs =
        [vec!["git", "apply", "--whitespace=nowarn", "-"], vec!["patch", "-p1", "--binary", "--no-backup-if-mismatch"]];
    let programs: Vec<_> = programs.into_iter().filter(|program| here(program[0])).collect();
    assert!(!programs.is_empty(), "neither git nor patch is here");
    programs
}

fn text(outcome: &Outcome) -> String {
    outcome.changes.iter().filter_map(|change| change.diff.as_deref()).collect()
}

/// The differences are a patch at the root of the repository.
#[test]
fn patch_applies_at_repository_root() {
    for below in ["", "a/b", "with a blank/and \"quotes\"", "größe"] {
        for program in programs() {
            let repository = Repository::stale(below);
            let outcome = repository.apply(Mode::Diff);
            let kinds = [ChangeKind::Missing, ChangeKind::Stale, ChangeKind::Orphaned];
            assert!(kinds.iter().all(|kind| outcome.changes.iter().any(|change| change.kind == *kind)));
            repository.patched(&program, &text(&outcome));
            let left = repository.apply(Mode::Check);
            assert!(left.fresh(), "{below} {program:?}: {:?}", left.changes);
        }
    }
}

/// The differences of a checkout with other line ends apply too.
#[test]
fn patch_with_other_line_ends() {
    for program in programs() {
        let repository = Repository::stale("a");
        for file in ["describe/files_v1.txt", "src/generated/types.rs", "definitions/files_v1.sql"] {
            let path = repository.roots.out.join(file);
            fs::write(&path, fs::read_to_string(&path).unwrap().replace('\n', "\r\n")).unwrap();
        }
        repository.patched(&program, &text(&repository.apply(Mode::Diff)));
        assert!(repository.apply(Mode::Check).fresh(), "{program:?}");
        let described = fs::read_to_string(repository.roots.out.join("describe/files_v1.txt")).unwrap();
        assert_eq!(described.matches('\n').count(), described.matches("\r\n").count());
    }
}

/// An excerpt of the differences applies as far as it goes.
#[test]
fn patch_excerpt_applies() {
    for program in programs() {
        for most in [5, 12, 20, 40] {
            let repository = Repository::stale("a");
            let outcome = repository.apply(Mode::Diff);
            let shown: Vec<&str> =
                outcome.changes.iter().filter_map(|change| Some(excerpt(change.diff.as_deref()?, most).0)).collect();
            // What is shown of one file, and what the table says between them.
            let patch = shown.join("\n... 4 more lines of a file\n\n");
            if shown.iter().any(|text| !text.is_empty()) {
                repository.patched(&program, &patch);
            }
        }
    }
}

/// Names in patches have slashes whatever the folder.
#[test]
fn patch_names_have_slashes() {
    let repository = Repository::stale("a/b");
    let patch = text(&repository.apply(Mode::Diff));
    assert!(
        patch.contains("--- a/a/b/package/describe/files_v1.txt\n+++ b/a/b/package/describe/files_v1.txt\n"),
        "{patch}"
    );
    assert!(patch.contains("+++ /dev/null\n") && patch.contains("--- /dev/null\n"), "{patch}");
}
