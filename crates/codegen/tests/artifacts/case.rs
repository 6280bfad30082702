//! Folders that hold every artifact, to change in one way and look at.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cstspec_codegen::{ArtifactKind, Artifacts, ChangeKind, Mode, Outcome, Roots, apply, plan, rules};
use tempfile::TempDir;

use crate::catalog::{catalog, schemas};

/// Two folders that hold every artifact of the catalog.
pub struct Case {
    pub folder: TempDir,
    pub roots: Roots,
    pub artifacts: Artifacts,
}

impl Case {
    pub fn fresh() -> Self {
        let folder = TempDir::new().unwrap();
        let roots = Roots::new(&folder.path().join("specs"), &folder.path().join("package"));
        let case = Self { folder, roots, artifacts: plan(&catalog(), &schemas()).unwrap() };
        let outcome = case.apply(Mode::Write);
        assert!(outcome.fresh());
        assert_eq!(outcome.written, case.artifacts.len());
        case
    }

    pub fn apply(&self, mode: Mode) -> Outcome {
        apply(&self.artifacts, &self.roots, mode).unwrap()
    }

    /// The first artifact of a kind.
    pub fn path(&self, kind: ArtifactKind) -> PathBuf {
        let artifact = self.artifacts.iter().find(|artifact| artifact.kind == kind).unwrap();
        self.roots.folder(artifact.root).join(&artifact.path)
    }

    /// The current differences, as a check sees them.
    pub fn wrong(&self) -> Vec<(PathBuf, ChangeKind)> {
        self.apply(Mode::Check).changes.into_iter().map(|change| (change.path, change.kind)).collect()
    }

    /// Holds that `path` alone is wrong, that no mode but write mends it, and that write does.
    pub fn caught_and_mended(&self, path: &Path, kind: ChangeKind, code: &str) {
        for mode in [Mode::Check, Mode::Diff, Mode::DryRun] {
            let before = snapshot(&self.roots);
            let outcome = self.apply(mode);
            assert!(!outcome.fresh(), "{mode:?} {}", path.display());
            let seen: Vec<_> = outcome.changes.iter().map(|change| (change.path.as_path(), change.kind)).collect();
            assert_eq!(seen, [(path, kind)], "{mode:?}");
            assert_eq!((outcome.written, outcome.removed), (0, 0));
            assert_eq!(snapshot(&self.roots), before, "{mode:?} writes nothing");
            let findings = rules::findings(&outcome);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].code, code);
            assert!(findings[0].remedy.is_some());
        }
        let shown = self.apply(Mode::Diff).changes.remove(0).diff;
        assert!(shown.unwrap().contains("@@"), "the difference is shown");
        let outcome = self.apply(Mode::Write);
        assert!(outcome.fresh() && rules::findings(&outcome).is_empty());
        assert_eq!(outcome.written + outcome.removed, 1);
        assert!(self.apply(Mode::Check).fresh());
    }
}

/// Every file with its content and when it was written.
pub fn snapshot(roots: &Roots) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
    fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>, SystemTime)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push((path.clone(), fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    walk(&roots.out, &mut files);
    walk(&roots.specs, &mut files);
    files.sort();
    files
}
