//! The new folder on disk: whole, or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cleanup::{self, Guard};
use crate::error::CommandError;
use crate::import::write::{self, Failed, Made};

/// Writes `files` as the folder at `folder`, where nothing is, or a folder without entries.
///
/// Where nothing is, the files are written into a folder beside it, which then gets the name: a run that is killed leaves no part of it.
pub fn folder(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), CommandError> {
    if folder.exists() {
        return write::whole(folder, files);
    }
    let (mut made, mut guards) = (Made::default(), Vec::new());
    fresh(folder, files, &mut made, &mut guards).map_err(|failed| made.undo(failed))
}

fn fresh(
    folder: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    made: &mut Made,
    guards: &mut Vec<Guard>,
) -> Result<(), Failed> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    made.folder(parent, guards)?;
    let (staged, guard) =
        cleanup::stage_folder(parent, ".cstspec-init-").map_err(|source| (parent.to_owned(), source))?;
    // An ending waits for all of it, so that nothing is added to a folder that it has taken away.
    let filled = cleanup::uninterrupted(|| {
        let filled = fill(&staged, files)
            .and_then(|()| fs::rename(&staged, folder).map_err(|source| (folder.to_owned(), source)));
        if filled.is_err() {
            let _ = fs::remove_dir_all(&staged);
        }
        filled
    });
    drop(guard);
    filled
}

fn fill(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failed> {
    for (path, bytes) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|source| (parent.to_owned(), source))?;
        fs::write(&path, bytes).map_err(|source| (path, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// The folder is whole, or nothing is left: neither the folders above it nor the staged one.
    #[test]
    fn folder_whole_or_absent() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("a/b/demo");
        let file = |path: &str| (path.to_owned(), b"text".to_vec());
        // A file where another one needs a folder.
        let clash = BTreeMap::from([file("x"), file("x/y")]);
        let error = folder(&target, &clash).unwrap_err();
        assert!(error.to_string().contains("cannot write"), "{error}");
        assert_eq!(names(root.path()), [""; 0]);
        folder(&target, &BTreeMap::from([file("x"), file("y/z")])).unwrap();
        assert_eq!(names(&root.path().join("a/b")), ["demo"]);
        assert_eq!(fs::read(target.join("y/z")).unwrap(), b"text");
    }
}
