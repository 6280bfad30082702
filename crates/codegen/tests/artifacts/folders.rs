//! Artifacts and folders: each way to differ, for each kind of artifact.

use std::fs;
use std::path::{Path, PathBuf};

use cstspec_codegen::{ArtifactKind, ChangeKind, Mode, OWNED_FOLDERS, Roots, apply, plan, rules};

use crate::case::{Case, snapshot};
use crate::catalog::{catalog, schemas, widened};

/// The same artifacts that `tests/compiled` compiles. `CSTSPEC_BLESS=1 cargo test -p cstspec-codegen --test artifacts` writes the folder
/// anew.
#[test]
fn checked_in_artifacts_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo");
    let roots = Roots::new(&folder, &folder);
    let mode = if std::env::var_os("CSTSPEC_BLESS").is_some() { Mode::Force } else { Mode::Check };
    let outcome = apply(&plan(&catalog(), &schemas()).unwrap(), &roots, mode).unwrap();
    assert!(outcome.fresh(), "{:#?}", outcome.changes);
}

#[test]
fn second_write_writes_nothing() {
    let case = Case::fresh();
    let before = snapshot(&case.roots);
    let outcome = case.apply(Mode::Write);
    assert_eq!((outcome.written, outcome.removed, outcome.changes.len()), (0, 0, 0));
    assert_eq!(snapshot(&case.roots), before);
    assert_eq!(before.len(), case.artifacts.len(), "nothing temporary is left behind");
}

#[test]
fn write_touches_changed_files() {
    let case = Case::fresh();
    let before = snapshot(&case.roots);
    let artifacts = plan(&widened(), &schemas()).unwrap();
    let outcome = apply(&artifacts, &case.roots, Mode::Write).unwrap();
    let changed: Vec<PathBuf> = outcome.changes.iter().map(|change| change.path.clone()).collect();
    assert_eq!(changed.len(), 4, "{changed:?}");
    for (path, content, modified) in snapshot(&case.roots) {
        let same = before.contains(&(path.clone(), content, modified));
        assert_eq!(same, !changed.contains(&path), "{}", path.display());
    }
}

/// A missing artifact of every kind is caught and mended.
#[test]
fn missing_artifact_restored() {
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        fs::remove_file(&path).unwrap();
        case.caught_and_mended(&path, ChangeKind::Missing, "G001");
    }
}

/// A stale artifact of every kind is caught and mended.
#[test]
fn stale_artifact_rewritten() {
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

/// An artifact of every kind edited by hand is caught and mended.
#[test]
fn edited_artifact_rewritten() {
    let edits: [fn(&str) -> String; 4] = [
        |text| text.replacen("file", "File", 1),
        |text| format!("{text}\n"),
        |text| text.lines().take(2).collect::<Vec<_>>().join("\n"),
        |text| text.replacen(".yaml", ".yml", 1),
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

/// A checkout with other line ends is fresh.
#[test]
fn other_line_ends_fresh() {
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

/// No line of an artifact ends in a blank.
#[test]
fn lines_without_trailing_blanks() {
    for artifact in plan(&catalog(), &schemas()).unwrap().iter() {
        let text = String::from_utf8(artifact.bytes.clone()).unwrap();
        for line in text.lines() {
            assert_eq!(line.trim_end(), line, "{}", artifact.path);
        }
    }
}

/// An orphan of every kind is caught and removed.
#[test]
fn orphan_removed() {
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        let orphan = path.with_file_name(format!("gone{}", kind.place().2));
        fs::copy(&path, &orphan).unwrap();
        case.caught_and_mended(&orphan, ChangeKind::Orphaned, "G003");
        assert!(!orphan.exists());
    }
}

/// A view taken out of the specs leaves orphans.
#[test]
fn removed_view_leaves_orphans() {
    let case = Case::fresh();
    let mut smaller = catalog();
    smaller.views.pop();
    let artifacts = plan(&smaller, &schemas()).unwrap();
    let outcome = apply(&artifacts, &case.roots, Mode::Write).unwrap();
    assert_eq!((outcome.written, outcome.removed), (1, 3), "mod.rs, and the view's Rust, SQL and DESCRIBE");
    assert!(apply(&artifacts, &case.roots, Mode::Check).unwrap().fresh());
}

/// A foreign file is reported and never removed.
#[test]
fn foreign_file_reported() {
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

/// A read only folder is fine while it is fresh.
#[cfg(unix)]
#[test]
fn read_only_folder_fresh() {
    use std::os::unix::fs::PermissionsExt as _;

    let case = Case::fresh();
    let folder = case.roots.out.join("sql");
    let permit = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    let outcome = case.apply(Mode::Write);
    permit(0o755);
    assert!(outcome.fresh() && outcome.written == 0);
}

/// Artifacts are as readable as any file.
#[cfg(unix)]
#[test]
fn artifacts_readable() {
    use std::os::unix::fs::PermissionsExt as _;

    let case = Case::fresh();
    let plain = case.roots.out.join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&case.path(ArtifactKind::Rust)), mode(&plain));
}
