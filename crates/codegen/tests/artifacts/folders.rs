//! Artifacts and folders: each way to differ, for each kind of artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cstspec_codegen::{ArtifactKind, Artifacts, ChangeKind, Mode, OWNED_FOLDERS, Outcome, Roots, apply, plan, rules};
use tempfile::TempDir;

use crate::catalog::{catalog, schemas, widened};

/// Two folders that hold every artifact of the catalog.
struct Case {
    _folder: TempDir,
    roots: Roots,
    artifacts: Artifacts,
}

impl Case {
    fn fresh() -> Self {
        let folder = TempDir::new().unwrap();
        let roots = Roots { out: folder.path().join("package"), specs: folder.path().join("specs") };
        let case = Self { _folder: folder, roots, artifacts: plan(&catalog(), &schemas()).unwrap() };
        let outcome = case.apply(Mode::Write);
        assert!(outcome.fresh());
        assert_eq!(outcome.written, case.artifacts.len());
        case
    }

    fn apply(&self, mode: Mode) -> Outcome {
        apply(&self.artifacts, &self.roots, mode).unwrap()
    }

    /// The first artifact of a kind.
    fn path(&self, kind: ArtifactKind) -> PathBuf {
        let artifact = self.artifacts.iter().find(|artifact| artifact.kind == kind).unwrap();
        self.roots.folder(artifact.root).join(&artifact.path)
    }

    /// Holds that `path` alone is wrong, that no mode but write mends it, and that write does.
    fn caught_and_mended(&self, path: &Path, kind: ChangeKind, code: &str) {
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
fn snapshot(roots: &Roots) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
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

/// What `tests/compiled` compiles. `CSTSPEC_BLESS=1 cargo test -p cstspec-codegen --test artifacts` writes the folder anew.
#[test]
fn the_checked_in_artifacts_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo");
    let roots = Roots { out: folder.clone(), specs: folder };
    let mode = if std::env::var_os("CSTSPEC_BLESS").is_some() { Mode::Write } else { Mode::Check };
    let outcome = apply(&plan(&catalog(), &schemas()).unwrap(), &roots, mode).unwrap();
    assert!(outcome.fresh(), "{:#?}", outcome.changes);
}

#[test]
fn a_second_write_writes_nothing() {
    let case = Case::fresh();
    let before = snapshot(&case.roots);
    let outcome = case.apply(Mode::Write);
    assert_eq!((outcome.written, outcome.removed, outcome.changes.len()), (0, 0, 0));
    assert_eq!(snapshot(&case.roots), before);
    assert_eq!(before.len(), case.artifacts.len(), "nothing temporary is left behind");
}

#[test]
fn a_write_touches_only_what_changes() {
    let case = Case::fresh();
    let before = snapshot(&case.roots);
    let artifacts = plan(&widened(), &schemas()).unwrap();
    let outcome = apply(&artifacts, &case.roots, Mode::Write).unwrap();
    let changed: Vec<PathBuf> = outcome.changes.iter().map(|change| change.path.clone()).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    for (path, content, modified) in snapshot(&case.roots) {
        let same = before.contains(&(path.clone(), content, modified));
        assert_eq!(same, !changed.contains(&path), "{}", path.display());
    }
}

#[test]
fn a_missing_artifact_of_every_kind_is_caught_and_mended() {
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        fs::remove_file(&path).unwrap();
        case.caught_and_mended(&path, ChangeKind::Missing, "G001");
    }
}

#[test]
fn a_stale_artifact_of_every_kind_is_caught_and_mended() {
    let mut older = catalog();
    older.datasets[0].columns.truncate(2);
    older.views[0].columns.truncate(1);
    older.views[0].sql = "SELECT 2\n".to_owned();
    older.views[0].doc = "Another sentence.".to_owned();
    let schemas = schemas().into_keys().map(|file| (file, "{}".to_owned())).collect();
    let older = plan(&older, &schemas).unwrap();
    let mut kinds = Vec::new();
    for artifact in older.iter() {
        let case = Case::fresh();
        if case.artifacts.get(artifact.root, &artifact.path).unwrap().bytes != artifact.bytes {
            let path = case.roots.folder(artifact.root).join(&artifact.path);
            fs::write(&path, &artifact.bytes).unwrap();
            case.caught_and_mended(&path, ChangeKind::Stale, "G002");
            kinds.push(artifact.kind);
        }
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ArtifactKind::ALL);
}

#[test]
fn an_artifact_of_every_kind_edited_by_hand_is_caught_and_mended() {
    let edits: [fn(&str) -> String; 4] = [
        |text| text.replacen("file", "File", 1),
        |text| format!("{text}\n"),
        |text| text.split_once('\n').unwrap().1.to_owned(),
        |_| String::new(),
    ];
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        let text = fs::read_to_string(&path).unwrap();
        for edit in edits {
            let edited = edit(&text);
            if edited != text {
                fs::write(&path, edited).unwrap();
                case.caught_and_mended(&path, ChangeKind::Stale, "G002");
            }
        }
    }
}

#[test]
fn a_checkout_with_other_line_ends_is_fresh() {
    let case = Case::fresh();
    for kind in ArtifactKind::ALL {
        let path = case.path(kind);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    let before = snapshot(&case.roots);
    assert!(case.apply(Mode::Check).fresh());
    let outcome = case.apply(Mode::Write);
    assert_eq!((outcome.written, outcome.removed, outcome.changes.len()), (0, 0, 0));
    assert_eq!(snapshot(&case.roots), before, "a file that is right is not touched");

    let path = case.path(ArtifactKind::ViewSql);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("SELECT", "SELECT 1,")).unwrap();
    let outcome = case.apply(Mode::Diff);
    let diff = outcome.changes[0].diff.as_deref().unwrap();
    let changed = diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---")).count();
    assert_eq!(changed, 1, "only what differs is shown: {diff}");
}

#[test]
fn no_line_of_an_artifact_ends_in_a_blank() {
    for artifact in plan(&catalog(), &schemas()).unwrap().iter() {
        let text = String::from_utf8(artifact.bytes.clone()).unwrap();
        for line in text.lines() {
            assert_eq!(line.trim_end(), line, "{}", artifact.path);
        }
    }
}

#[test]
fn an_orphan_of_every_kind_is_caught_and_removed() {
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        let orphan = path.with_file_name("gone").with_extension(path.extension().unwrap());
        fs::copy(&path, &orphan).unwrap();
        case.caught_and_mended(&orphan, ChangeKind::Orphaned, "G003");
        assert!(!orphan.exists());
    }
}

#[test]
fn a_view_taken_out_of_the_specs_leaves_orphans() {
    let case = Case::fresh();
    let mut smaller = catalog();
    smaller.views.pop();
    let artifacts = plan(&smaller, &schemas()).unwrap();
    let outcome = apply(&artifacts, &case.roots, Mode::Write).unwrap();
    assert_eq!((outcome.written, outcome.removed), (1, 3), "mod.rs, and the view's Rust, SQL and DESCRIBE");
    assert!(apply(&artifacts, &case.roots, Mode::Check).unwrap().fresh());
}

#[test]
fn a_foreign_file_is_reported_and_never_removed() {
    for (root, folder) in OWNED_FOLDERS {
        let case = Case::fresh();
        let path = case.roots.folder(root).join(folder).join("mine/notes.md");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine\n").unwrap();
        for mode in [Mode::Check, Mode::Diff, Mode::DryRun, Mode::Write] {
            let outcome = case.apply(mode);
            assert!(!outcome.fresh(), "{mode:?}");
            let findings = rules::findings(&outcome);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].code, "G004");
            assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
        }
        fs::rename(&path, path.with_file_name(".notes.md")).unwrap();
        assert!(case.apply(Mode::Check).fresh(), "a name with a dot is the system's");
    }
}

#[test]
fn a_folder_in_the_place_of_an_artifact_is_one_clear_sentence() {
    let case = Case::fresh();
    let path = case.path(ArtifactKind::ViewSql);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = apply(&case.artifacts, &case.roots, Mode::Write).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read `{}`: ", path.display())), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_leaves_every_file_as_it_was() {
    let case = Case::fresh();
    // The last folder in the order of writing is a file, so that the failure comes after all others were staged.
    fs::remove_dir_all(case.roots.specs.join("schema")).unwrap();
    fs::write(case.roots.specs.join("schema"), "in the way").unwrap();
    fs::write(case.path(ArtifactKind::Describe), "stale").unwrap();
    let before = snapshot(&case.roots);
    let error = apply(&case.artifacts, &case.roots, Mode::Write).unwrap_err().to_string();
    assert!(error.contains("schema"), "{error}");
    assert_eq!(snapshot(&case.roots), before);
}

#[cfg(unix)]
#[test]
fn a_link_among_the_artifacts_is_foreign_wherever_it_leads() {
    let case = Case::fresh();
    let (link, dangling) = (case.roots.out.join("sql/a.sql"), case.roots.out.join("sql/b.sql"));
    std::os::unix::fs::symlink(case.path(ArtifactKind::ViewSql), &link).unwrap();
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    let outcome = case.apply(Mode::Write);
    let seen: Vec<_> = outcome.changes.iter().map(|change| (change.path.as_path(), change.kind)).collect();
    assert_eq!(seen, [(link.as_path(), ChangeKind::Foreign), (dangling.as_path(), ChangeKind::Foreign)]);
    assert!(link.is_symlink() && dangling.is_symlink());
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_fine_while_it_is_fresh() {
    use std::os::unix::fs::PermissionsExt as _;

    let case = Case::fresh();
    let folder = case.roots.out.join("sql");
    let permit = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    let outcome = case.apply(Mode::Write);
    permit(0o755);
    assert!(outcome.fresh() && outcome.written == 0);
}

#[cfg(unix)]
#[test]
fn artifacts_are_as_readable_as_any_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let case = Case::fresh();
    let plain = case.roots.out.join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&case.path(ArtifactKind::Rust)), mode(&plain));
}
