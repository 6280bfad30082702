//! Files on disk: all of them, or none.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::into::Refreshed;
use super::place::SpecsPlace;
use super::target::Target;
use crate::cleanup::{self, Guard};
use crate::error::CommandError;

/// Writes specs into their folder. A file that is there is never replaced.
pub fn all(place: &SpecsPlace, files: &BTreeMap<String, String>) -> Result<(), CommandError> {
    place.includes(files)?;
    let files = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    whole(&place.folder, &files)
}

/// Writes `files` below `folder`, which need not exist. A file that is there is never replaced.
pub fn whole(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), CommandError> {
    all_or_none(|made, guards| stage(folder, files, made, guards))
}

/// Writes a refresh into the specs folder: every changed file takes the place of the one that was read, or none does.
pub fn changes(target: &Target, refreshed: &Refreshed) -> Result<(), CommandError> {
    all_or_none(|made, guards| stage_changes(target, refreshed, made, guards))
}

/// Puts the files that `stage` completes in their places. If that fails, everything is what it was.
fn all_or_none(
    stage: impl FnOnce(&mut Made, &mut Vec<Guard>) -> Result<Vec<Staged>, Failed>,
) -> Result<(), CommandError> {
    let mut made = Made::default();
    // Guards are dropped behind the step that an ending waits for.
    let mut guards = Vec::new();
    let written = stage(&mut made, &mut guards).and_then(|staged| cleanup::uninterrupted(|| place(staged, &mut made)));
    drop(guards);
    written.map_err(|failed| made.undo(failed))
}

/// The path that cannot be written, and why not.
pub type Failed = (PathBuf, io::Error);

/// A file that is complete and not in its place.
struct Staged {
    file: NamedTempFile,
    target: PathBuf,
    /// The bytes that are there, if it replaces a file.
    old: Option<Vec<u8>>,
}

/// What a run has made so far.
#[derive(Default)]
pub struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    /// Takes everything away again. The error of the command.
    pub fn undo(&self, (path, source): Failed) -> CommandError {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
        CommandError::write(path.display().to_string(), source)
    }

    /// Makes the folder at `path`, and those above it.
    pub fn folder(&mut self, path: &Path, guards: &mut Vec<Guard>) -> Result<(), Failed> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(above) = path.parent() {
            self.folder(above, guards)?;
        }
        guards.push(cleanup::folder(path).map_err(|source| (path.to_owned(), source))?);
        self.folders.push(path.to_owned());
        Ok(())
    }
}

/// Completes new files beside their places. The catalog comes last: without it a folder is no specs folder.
fn stage(
    folder: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    made: &mut Made,
    guards: &mut Vec<Guard>,
) -> Result<Vec<Staged>, Failed> {
    let mut staged = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        let target = folder.join(path);
        let parent = target.parent().unwrap_or(folder).to_owned();
        made.folder(&parent, guards)?;
        let file = complete(&parent, &[bytes], guards).and_then(|file| readable(&file).map(|()| file));
        let file = file.map_err(|source| (target.clone(), source))?;
        staged.push(Staged { file, target, old: None });
    }
    staged.sort_by_key(|one| one.target.file_name().is_some_and(|name| name == "catalog.yaml"));
    Ok(staged)
}

/// Completes the files of a refresh, those that change first.
fn stage_changes(
    target: &Target,
    refreshed: &Refreshed,
    made: &mut Made,
    guards: &mut Vec<Guard>,
) -> Result<Vec<Staged>, Failed> {
    let mut staged = Vec::new();
    for (path, (old, new)) in &refreshed.changed {
        let shown = target.folder.join(path);
        let failed = |source| (shown.clone(), source);
        let (mark, text) = target.on_disk(path).map_err(failed)?;
        if text != *old {
            return Err((shown, io::Error::other("the file was changed while it was read")));
        }
        // A link stays a link.
        let place = shown.canonicalize().map_err(failed)?;
        let parent = place.parent().unwrap_or(&target.folder).to_owned();
        let rights = fs::metadata(&place).map_err(failed)?.permissions();
        let file = complete(&parent, &[&mark, new.as_bytes()], guards).map_err(failed)?;
        file.as_file().set_permissions(rights).map_err(failed)?;
        let old = [mark.as_slice(), old.as_bytes()].concat();
        staged.push(Staged { file, target: place, old: Some(old) });
    }
    let created = refreshed.created.iter().map(|(path, text)| (path.clone(), text.as_bytes().to_vec())).collect();
    staged.extend(stage(&target.folder, &created, made, guards)?);
    Ok(staged)
}

/// A file in `folder` with all of `parts`. Readers of specs pass over names that begin with a dot.
fn complete(folder: &Path, parts: &[&[u8]], guards: &mut Vec<Guard>) -> io::Result<NamedTempFile> {
    let (mut file, guard) = cleanup::stage(|| Builder::new().prefix(".import-").tempfile_in(folder))?;
    guards.push(guard);
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}

/// Gives a staged file the rights that a new file has.
#[cfg(unix)]
fn readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}

/// Puts the files in their places; if one cannot be, those that were replaced are what they were.
fn place(staged: Vec<Staged>, made: &mut Made) -> Result<(), Failed> {
    let mut replaced: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for Staged { file, target, old } in staged {
        let placed = if old.is_some() { file.persist(&target) } else { file.persist_noclobber(&target) };
        if let Err(error) = placed {
            for (path, old) in replaced {
                let _ = fs::write(path, old);
            }
            return Err((target, error.error));
        }
        match old {
            Some(old) => replaced.push((target, old)),
            None => made.files.push(target),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// All files are there, or none and no folder.
    #[test]
    fn files_whole_or_none() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/specs");
        let files = BTreeMap::from(
            [("catalog.yaml", "catalog: a\n"), ("types/a.yaml", "type: a\n")]
                .map(|(path, text)| (path.to_owned(), text.to_owned())),
        );
        let place = SpecsPlace::open(Some(&folder)).unwrap();
        all(&place, &files).unwrap();
        assert_eq!(
            (names(&folder), names(&folder.join("types"))),
            (vec!["catalog.yaml".to_owned(), "types".to_owned()], vec!["a.yaml".to_owned()])
        );
        fs::write(folder.join("types/a.yaml"), "mine").unwrap();
        fs::remove_file(folder.join("catalog.yaml")).unwrap();
        let more = BTreeMap::from(
            [("new/a.yaml", "type: b\n"), ("types/a.yaml", "type: a\n")]
                .map(|(path, text)| (path.to_owned(), text.to_owned())),
        );
        let error = all(&place, &more).unwrap_err();
        assert!(error.to_string().contains("types/a.yaml"), "{error}");
        assert_eq!(names(&folder), ["types"]);
        assert_eq!(fs::read_to_string(folder.join("types/a.yaml")).unwrap(), "mine");
        assert_eq!(names(&folder.join("types")), ["a.yaml"]);
    }
}
