//! Files: reading what is there, and replacing it whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::CodegenError;

/// The content of `path`, or `None` where there is nothing. What is no regular file (a pipe would be read forever) is an error.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, CodegenError> {
    let content = fs::metadata(path).and_then(|metadata| {
        if metadata.is_file() { fs::read(path) } else { Err(io::Error::other("it is no regular file")) }
    });
    match content {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(CodegenError::Read { path: path.to_owned(), source }),
    }
}

/// The content of `path` if it is a regular file itself, and nothing otherwise.
pub(crate) fn read_regular(path: &Path) -> Result<Vec<u8>, CodegenError> {
    let regular = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if regular { read(path).map(Option::unwrap_or_default) } else { Ok(Vec::new()) }
}

/// Every file below `folder`, sorted; none where there is no folder. Links are files, and not followed. Names that start with a
/// dot belong to systems and editors and are passed over: no artifact has one.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, CodegenError> {
    let failure = |path: &Path| {
        let path = path.to_owned();
        move |source| CodegenError::Read { path, source }
    };
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failure(&folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failure(&folder))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if entry.file_type().map_err(failure(&path))?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A new content beside the file that it will replace.
pub(crate) struct Staged {
    content: TempPath,
    target: PathBuf,
}

impl Staged {
    /// Writes `bytes` beside `target`, which is untouched until [`Staged::commit`]. A staged file that is dropped is removed.
    pub(crate) fn write(target: &Path, bytes: &[u8]) -> Result<Self, CodegenError> {
        let stage = || -> io::Result<TempPath> {
            let folder = target.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let mut builder = tempfile::Builder::new();
            builder.prefix(".cstspec-").suffix(".tmp");
            readable_by_all(&mut builder);
            let mut file = builder.tempfile_in(folder)?;
            file.as_file_mut().write_all(bytes)?;
            Ok(file.into_temp_path())
        };
        let content = stage().map_err(|error| CodegenError::Write { path: target.to_owned(), source: bare(error) })?;
        Ok(Self { content, target: target.to_owned() })
    }

    /// Puts the content in place, in one step.
    pub(crate) fn commit(self) -> Result<(), CodegenError> {
        let Self { content, target } = self;
        content.persist(&target).map_err(|error| CodegenError::Write { path: target, source: error.error })
    }
}

/// What the system said, without the name of the temporary file, which says nothing to anybody.
fn bare(error: io::Error) -> io::Error {
    if error.raw_os_error().is_some() { error } else { error.kind().into() }
}

/// As any program creates files: temporary files are private otherwise. The process's mask still applies.
#[cfg(unix)]
fn readable_by_all(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable_by_all(_: &mut tempfile::Builder<'_, '_>) {}

/// Removes the file at `path`.
pub(crate) fn remove(path: &Path) -> Result<(), CodegenError> {
    fs::remove_file(path).map_err(|source| CodegenError::Remove { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_artifact_and_not_the_temporary_file() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("sql"), "a file where a folder should be").unwrap();
        let target = folder.path().join("sql/a.sql");
        let Err(error) = Staged::write(&target, b"SELECT 1\n") else { panic!("it was staged") };
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot write `{}`: ", target.display())), "{text}");

        let missing = tempfile::Builder::new().tempfile_in(folder.path().join("gone")).unwrap_err();
        assert_eq!(bare(missing).to_string(), io::Error::from(io::ErrorKind::NotFound).to_string());
    }

    #[test]
    fn what_is_staged_and_not_committed_leaves_no_trace() {
        let folder = tempfile::TempDir::new().unwrap();
        let target = folder.path().join("a.sql");
        fs::write(&target, "before").unwrap();
        drop(Staged::write(&target, b"after").unwrap());
        assert_eq!(fs::read_to_string(&target).unwrap(), "before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
