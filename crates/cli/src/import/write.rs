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
    let mut made = Made::default();
    // Guards are dropped behind the step that an ending waits for.
    let mut guards = Vec::with_capacity(files.len());
    let written = stage(folder, files, &mut made, &mut guards)
        .and_then(|staged| cleanup::uninterrupted(|| keep(staged, &mut made)));
    drop(guards);
    written.map_err(|(path, source)| {
        made.undo();
        CommandError::write(path.display().to_string(), source)
    })
}

/// Writes a refresh into the specs folder: every changed file takes the place of the one that was read, or none does.
pub fn changes(target: &Target, refreshed: &Refreshed) -> Result<(), CommandError> {
    let mut made = Made::default();
    let mut guards = Vec::new();
    let written = stage_changes(target, refreshed, &mut made, &mut guards)
        .and_then(|staged| cleanup::uninterrupted(|| replace(staged, &mut made)));
    drop(guards);
    written.map_err(|(path, source)| {
        made.undo();
        CommandError::write(path.display().to_string(), source)
    })
}

/// A changed file that is complete and not in its place, with the bytes that are there.
struct Changed {
    staged: Staged,
    old: Option<Vec<u8>>,
}

fn stage_changes(
    target: &Target,
    refreshed: &Refreshed,
    made: &mut Made,
    guards: &mut Vec<Guard>,
) -> Result<Vec<Changed>, Failed> {
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
        let (mut file, guard) =
            cleanup::stage(|| Builder::new().prefix(".import-").tempfile_in(&parent)).map_err(failed)?;
        guards.push(guard);
        file.write_all(&mark).and_then(|()| file.write_all(new.as_bytes())).map_err(failed)?;
        file.as_file().set_permissions(rights).map_err(failed)?;
        let old = [mark.as_slice(), old.as_bytes()].concat();
        staged.push(Changed { staged: Staged { file, target: place }, old: Some(old) });
    }
    let created = refreshed.created.iter().map(|(path, text)| (path.clone(), text.as_bytes().to_vec())).collect();
    let created = stage(&target.folder, &created, made, guards)?;
    staged.extend(created.into_iter().map(|staged| Changed { staged, old: None }));
    Ok(staged)
}

/// Puts the files in their places; if one cannot be, those before it are what they were.
fn replace(staged: Vec<Changed>, made: &mut Made) -> Result<(), Failed> {
    let mut replaced: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for Changed { staged: Staged { file, target }, old } in staged {
        let written = match &old {
            Some(_) => file.persist(&target).map_err(|error| error.error),
            None => file.persist_noclobber(&target).map_err(|error| error.error),
        };
        if let Err(source) = written {
            for (path, old) in replaced {
                let _ = fs::write(path, old);
            }
            return Err((target, source));
        }
        match old {
            Some(old) => replaced.push((target, old)),
            None => made.files.push(target),
        }
    }
    Ok(())
}

type Failed = (PathBuf, io::Error);

/// A file that is complete and not in its place.
struct Staged {
    file: NamedTempFile,
    target: PathBuf,
}

/// What a run has made so far.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    /// Takes everything away again.
    fn undo(&self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }

    /// Makes the folder at `path`, and those above it.
    fn folder(&mut self, path: &Path, guards: &mut Vec<Guard>) -> Result<(), Failed> {
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
        let failed = |source| (target.clone(), source);
        // Readers of specs pass over names that begin with a dot.
        let (mut file, guard) =
            cleanup::stage(|| Builder::new().prefix(".import-").tempfile_in(&parent)).map_err(failed)?;
        guards.push(guard);
        file.write_all(bytes).and_then(|()| readable(&file)).map_err(failed)?;
        staged.push(Staged { file, target });
    }
    Ok(staged)
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

/// Puts the files in their places. The catalog comes last: without it a folder is no specs folder.
fn keep(mut staged: Vec<Staged>, made: &mut Made) -> Result<(), Failed> {
    staged.sort_by_key(|one| one.target.file_name().is_some_and(|name| name == "catalog.yaml"));
    for Staged { file, target } in staged {
        file.persist_noclobber(&target).map_err(|error| (target.clone(), error.error))?;
        made.files.push(target);
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
