//! Files that are not the generator's: wherever they are and whatever they say, they stay.

use std::fs;
use std::path::{Path, PathBuf};

use cstspec_codegen::{ArtifactKind, Artifacts, ChangeKind, Mode, OWNED_FOLDERS, Outcome, Root, apply, plan, rules};
use cstspec_contract::artifact::HEADER_MARK;

use crate::case::{Case, snapshot};
use crate::catalog::{catalog, schemas};

/// The artifacts of a catalog of another name.
fn artifacts_of(name: &str) -> Artifacts {
    let mut catalog = catalog();
    name.clone_into(&mut catalog.name);
    plan(&catalog, &schemas()).unwrap()
}

fn codes(outcome: &Outcome) -> Vec<String> {
    rules::findings(outcome).into_iter().map(|finding| finding.code.into_owned()).collect()
}

fn kinds(outcome: &Outcome) -> Vec<(PathBuf, ChangeKind)> {
    outcome.changes.iter().map(|change| (change.path.clone(), change.kind)).collect()
}

/// The comment that a kind of artifact starts with.
fn comment(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Rust => "// ",
        ArtifactKind::ViewSql | ArtifactKind::Definition => "-- ",
        ArtifactKind::Describe => "# ",
        ArtifactKind::Schema => "{\n  \"$comment\": ",
    }
}

/// A hand written file where an artifact goes stays.
#[test]
fn hand_written_file_kept() {
    for kind in ArtifactKind::ALL {
        let case = Case::fresh();
        let path = case.path(kind);
        let sound = fs::read_to_string(&path).unwrap();
        let (first, rest) = sound.split_once('\n').unwrap();
        let works = [
            "six months of work\n".to_owned(),
            String::new(),
            rest.to_owned(),
            format!("\n{sound}"),
            format!("{}Notes: the files here are {HEADER_MARK} from views/a.yaml.\n{sound}", comment(kind)),
            format!("{first} Not any more.\n{rest}"),
            format!("\u{feff}{sound}"),
        ];
        for work in works {
            fs::write(&path, &work).unwrap();
            fs::remove_file(case.path(other(kind))).unwrap();
            for mode in [Mode::Check, Mode::Diff, Mode::DryRun, Mode::Write] {
                let outcome = case.apply(mode);
                let found = kinds(&outcome);
                assert!(found.contains(&(path.clone(), ChangeKind::Taken)), "{mode:?} {work:?}: {found:?}");
                assert!(!outcome.fresh() && codes(&outcome).contains(&"G005".to_owned()), "{mode:?} {work:?}");
                assert_eq!(fs::read_to_string(&path).unwrap(), work, "{mode:?}");
            }
            assert_eq!(case.wrong(), [(path.clone(), ChangeKind::Taken)], "the others are written: {work:?}");
            let finding = &rules::findings(&case.apply(Mode::Check))[0];
            assert!(finding.remedy.as_ref().unwrap().contains("--force"), "{finding:?}");
            let outcome = case.apply(Mode::Force);
            assert!(outcome.fresh() && outcome.written == 1);
            assert_eq!(fs::read_to_string(&path).unwrap(), sound);
        }
    }
}

/// Another kind of artifact.
fn other(kind: ArtifactKind) -> ArtifactKind {
    if kind == ArtifactKind::Rust { ArtifactKind::Describe } else { ArtifactKind::Rust }
}

/// A file that quotes a notice is no orphan.
#[test]
fn quoted_notice_is_no_orphan() {
    let case = Case::fresh();
    let mut written = Vec::new();
    for kind in ArtifactKind::ALL {
        let (root, folder, end) = kind.place();
        let sound = fs::read_to_string(case.path(kind)).unwrap();
        let notice = sound.lines().next().unwrap();
        let folder = case.roots.folder(root).join(folder);
        for (name, text) in [
            ("README.md".to_owned(), format!("files here are {HEADER_MARK}\n")),
            ("readme.txt.md".to_owned(), sound.clone()),
            (format!("notes{end}"), format!("{}these files are {HEADER_MARK} for the catalog `zoo`\n", comment(kind))),
            (format!("second{end}"), format!("-- mine\n{notice}\n")),
            (format!("longer{end}"), format!("{notice} and so on\n")),
            (format!("Upper{end}"), sound.clone()),
            (format!("with-sign{end}"), sound.clone()),
            (format!("deeper/copy{end}"), sound.clone()),
            (format!("other{end}.bak"), sound.clone()),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            written.push(path);
        }
    }
    // The form of another kind.
    let rust = case.roots.out.join("sql/wrong.sql");
    fs::copy(case.path(ArtifactKind::Rust), &rust).unwrap();
    written.push(rust);
    let before = snapshot(&case.roots);
    for mode in [Mode::Check, Mode::Write, Mode::Force] {
        let outcome = case.apply(mode);
        let mut found: Vec<PathBuf> = kinds(&outcome).into_iter().map(|(path, _)| path).collect();
        found.sort();
        written.sort();
        assert_eq!(found, written);
        assert!(outcome.changes.iter().all(|change| change.kind == ChangeKind::Foreign), "{:?}", kinds(&outcome));
        assert_eq!(snapshot(&case.roots), before, "{mode:?}");
    }
}

/// Two catalogs in one folder leave each other alone.
#[test]
fn catalogs_in_one_folder() {
    let case = Case::fresh();
    let before = snapshot(&case.roots);
    let mut theirs = catalog();
    "units".clone_into(&mut theirs.name);
    "units_only".clone_into(&mut theirs.views[0].name);
    theirs.views[0].origin = cstspec_contract::Origin::parse("views/units_only.yaml#");
    let theirs = plan(&theirs, &schemas()).unwrap();
    for mode in [Mode::Check, Mode::Diff, Mode::DryRun, Mode::Write] {
        let outcome = apply(&theirs, &case.roots, mode).unwrap();
        assert!(outcome.claimed() && !outcome.fresh(), "{mode:?}");
        assert_eq!((outcome.written, outcome.removed), (0, 0), "{mode:?}");
        let findings = rules::findings(&outcome);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code, "G006");
        assert!(findings[0].message.contains("the catalog `zoo`, and so do"), "{}", findings[0].message);
        let place = findings[0].spec.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.key.as_str()), ("catalog.yaml", "out"));
        assert!(outcome.changes.iter().all(|change| change.diff.is_none()), "a patch would do what a write does not");
        assert_eq!(snapshot(&case.roots), before, "{mode:?}");
    }
    assert!(case.apply(Mode::Check).fresh(), "the folder is as its own catalog wants it");
}

/// A renamed catalog takes its files over where that is asked for.
#[test]
fn renamed_catalog_takes_over() {
    let case = Case::fresh();
    let renamed = artifacts_of("menagerie");
    let outcome = apply(&renamed, &case.roots, Mode::Force).unwrap();
    assert!(outcome.fresh());
    let of_catalogs = renamed.iter().filter(|artifact| artifact.root == Root::Out).count();
    assert_eq!(outcome.written, of_catalogs, "JSON Schemas are the same for every catalog");
    assert!(apply(&renamed, &case.roots, Mode::Check).unwrap().fresh());

    // What only the former name had stays.
    let orphan = case.roots.out.join("sql/gone.sql");
    fs::copy(case.path(ArtifactKind::ViewSql), &orphan).unwrap();
    let outcome = apply(&artifacts_of("zoo"), &case.roots, Mode::Force).unwrap();
    assert_eq!(codes(&outcome), ["G006"]);
    assert!(orphan.is_file());
}

/// A folder in the place of an artifact stays.
#[test]
fn folder_in_place_of_artifact() {
    let case = Case::fresh();
    let path = case.path(ArtifactKind::ViewSql);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    for mode in [Mode::Check, Mode::Write, Mode::Force] {
        let outcome = case.apply(mode);
        assert_eq!((kinds(&outcome), outcome.fresh()), (vec![(path.clone(), ChangeKind::Taken)], false), "{mode:?}");
        assert!(path.is_dir());
    }
}

/// A file in the place of a folder of artifacts stays.
#[test]
fn file_in_place_of_folder() {
    for (root, folder) in OWNED_FOLDERS.into_iter().chain([(Root::Out, "src")]) {
        let case = Case::fresh();
        let path = case.roots.folder(root).join(folder);
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, "in the way").unwrap();
        fs::remove_file(case.path(ArtifactKind::Describe)).ok();
        for mode in [Mode::Write, Mode::Force, Mode::Check] {
            let outcome = case.apply(mode);
            let left: Vec<_> = outcome.changes.iter().filter(|change| !change.mended).collect();
            assert_eq!(left.len(), 1, "{mode:?} {left:?}");
            assert_eq!((left[0].path.as_path(), left[0].kind), (path.as_path(), ChangeKind::Taken), "{mode:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "in the way");
        }
    }
}

/// A file of no end is not read.
#[test]
fn endless_file_not_read() {
    let case = Case::fresh();
    let path = case.path(ArtifactKind::ViewSql);
    let stray = case.roots.out.join("sql/huge.sql");
    for path in [&path, &stray] {
        fs::File::options().write(true).create(true).truncate(false).open(path).unwrap().set_len(1 << 40).unwrap();
    }
    for mode in [Mode::Diff, Mode::Write] {
        let found = kinds(&case.apply(mode));
        assert_eq!(found, [(path.clone(), ChangeKind::Taken), (stray.clone(), ChangeKind::Foreign)], "{mode:?}");
    }
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Holds that every mode but `Force` leaves what is outside and the link, and that no mode writes outside.
    fn left_alone(case: &Case, link: &Path, outside: &Path, kind: ChangeKind) {
        let files = |folder: &Path| -> Vec<(PathBuf, String)> {
            let mut files: Vec<_> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .map(|path| (path.clone(), fs::read_to_string(&path).unwrap_or_default()))
                .collect();
            files.sort();
            files
        };
        let (before, leads) = (files(outside), fs::read_link(link).unwrap());
        for mode in [Mode::Check, Mode::Diff, Mode::DryRun, Mode::Write] {
            let outcome = case.apply(mode);
            assert_eq!((kinds(&outcome), outcome.fresh()), (vec![(link.to_owned(), kind)], false), "{mode:?}");
            assert!(outcome.changes[0].diff.is_none(), "a patch would be applied through the link");
            assert_eq!((fs::read_link(link).unwrap(), files(outside)), (leads.clone(), before.clone()), "{mode:?}");
        }
        case.apply(Mode::Force);
        assert_eq!(files(outside), before);
    }

    /// A link in the place of an artifact stays and so does what it leads to.
    #[test]
    fn link_in_place_of_artifact() {
        for kind in ArtifactKind::ALL {
            for leads in ["mine.txt", "nothing", "stale"] {
                let (case, outside) = (Case::fresh(), tempfile::tempdir().unwrap());
                let path = case.path(kind);
                let stale = fs::read_to_string(&path).unwrap() + "\n";
                fs::write(outside.path().join("mine.txt"), "mine").unwrap();
                // It carries the notice of an artifact, and is outside all the same.
                fs::write(outside.path().join("stale"), &stale).unwrap();
                fs::remove_file(&path).unwrap();
                symlink(outside.path().join(leads), &path).unwrap();
                left_alone(&case, &path, outside.path(), ChangeKind::Taken);
                assert!(!path.is_symlink() && case.apply(Mode::Check).fresh(), "--force replaces the link itself");
            }
        }
    }

    /// A link to what the specs give is fresh.
    #[test]
    fn link_to_equal_text_fresh() {
        let (case, outside) = (Case::fresh(), tempfile::tempdir().unwrap());
        let path = case.path(ArtifactKind::ViewSql);
        let kept = outside.path().join("kept.sql");
        fs::rename(&path, &kept).unwrap();
        symlink(&kept, &path).unwrap();
        assert!(case.apply(Mode::Check).fresh() && case.apply(Mode::Write).fresh());
        assert!(path.is_symlink(), "build systems that link every file check so");
    }

    /// A link in the place of a folder stays and so does what it leads to.
    #[test]
    fn link_in_place_of_folder() {
        for (root, folder) in OWNED_FOLDERS.into_iter().chain([(Root::Out, "src")]) {
            for dangling in [false, true] {
                let (case, outside) = (Case::fresh(), tempfile::tempdir().unwrap());
                let path = case.roots.folder(root).join(folder);
                let leads = outside.path().join(if dangling { "gone" } else { "." });
                // An orphan, were it inside, and a file of an artifact's name.
                let orphan = case.path(ArtifactKind::ViewSql);
                fs::copy(&orphan, outside.path().join("gone.sql")).unwrap();
                fs::write(outside.path().join(orphan.file_name().unwrap()), "mine").unwrap();
                fs::remove_dir_all(&path).unwrap();
                symlink(&leads, &path).unwrap();
                left_alone(&case, &path, outside.path(), ChangeKind::Taken);
                assert!(path.is_symlink(), "--force replaces no folder");
            }
        }
    }

    /// A link among the artifacts is foreign wherever it leads.
    #[test]
    fn link_among_artifacts_foreign() {
        let case = Case::fresh();
        let (link, dangling) = (case.roots.out.join("sql/a.sql"), case.roots.out.join("sql/b.sql"));
        let folder = case.roots.out.join("sql/c.sql");
        symlink(case.path(ArtifactKind::ViewSql), &link).unwrap();
        symlink("nowhere", &dangling).unwrap();
        symlink(case.folder.path(), &folder).unwrap();
        let outcome = case.apply(Mode::Force);
        let expected = [&link, &dangling, &folder].map(|path| (path.clone(), ChangeKind::Foreign));
        assert_eq!(kinds(&outcome), expected);
        assert!(link.is_symlink() && dangling.is_symlink() && folder.is_symlink());
    }

    #[test]
    fn pipe_not_read_or_replaced() {
        let case = Case::fresh();
        let (path, stray) = (case.path(ArtifactKind::Rust), case.roots.out.join("sql/pipe.sql"));
        fs::remove_file(&path).unwrap();
        for path in [&path, &stray] {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }
        for mode in [Mode::Check, Mode::Write, Mode::Force] {
            let found = kinds(&case.apply(mode));
            assert_eq!(found, [(path.clone(), ChangeKind::Taken), (stray.clone(), ChangeKind::Foreign)], "{mode:?}");
        }
    }
}
