//! Folders: what is in them, read with suspicion.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::CodegenError;

/// The longest beginning of a file that is looked at for a notice, in bytes.
const MOST_HEAD: u64 = 1024 * 1024;

/// Kind of a directory entry; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Nothing.
    Missing,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
}

/// The entry at `path`.
pub(crate) fn entry(path: &Path) -> Result<Entry, CodegenError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Ok(Entry::File),
        Ok(metadata) if metadata.is_dir() => Ok(Entry::Folder),
        Ok(metadata) if metadata.is_symlink() => Ok(Entry::Link),
        Ok(_) => Ok(Entry::Special),
        Err(error) if is_gone(&error) => Ok(Entry::Missing),
        Err(source) => Err(CodegenError::Read { path: path.to_owned(), source }),
    }
}

/// Whether the system says that nothing is there.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The content of the regular file that `path` names or leads to, if it has at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, CodegenError> {
    let read = || -> io::Result<Option<Vec<u8>>> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() || metadata.len() > most {
            return Ok(None);
        }
        let mut content = Vec::new();
        File::open(path)?.take(most + 1).read_to_end(&mut content)?;
        Ok(Some(content).filter(|content| content.len() as u64 <= most))
    };
    absent(path, read())
}

/// The first two lines of the regular file at `path`.
pub(crate) fn head(path: &Path) -> Result<Option<Vec<u8>>, CodegenError> {
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut file = BufReader::new(File::open(path)?.take(MOST_HEAD));
        let mut head = Vec::new();
        file.read_until(b'\n', &mut head)?;
        file.read_until(b'\n', &mut head)?;
        Ok(Some(head))
    };
    absent(path, read())
}

/// What is gone since it was seen is nothing.
fn absent<T>(path: &Path, read: io::Result<Option<T>>) -> Result<Option<T>, CodegenError> {
    match read {
        Err(error) if is_gone(&error) => Ok(None),
        read => read.map_err(|source| CodegenError::Read { path: path.to_owned(), source }),
    }
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

/// Removes the file at `path`. One that is gone already is removed.
pub(crate) fn remove(path: &Path) -> Result<(), CodegenError> {
    match fs::remove_file(path) {
        Err(error) if is_gone(&error) => Ok(()),
        removed => removed.map_err(|source| CodegenError::Remove { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is gone is nothing and is removed.
    #[test]
    fn missing_file_removed() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.sql");
        assert_eq!(entry(&path).unwrap(), Entry::Missing);
        assert_eq!(entry(&path.join("below")).unwrap(), Entry::Missing);
        assert_eq!((read(&path, 10).unwrap(), head(&path).unwrap()), (None, None));
        remove(&path).unwrap();
        fs::write(&path, "1\n2\n3\n").unwrap();
        assert_eq!(entry(&path.join("below")).unwrap(), Entry::Missing);
        assert_eq!(head(&path).unwrap().unwrap(), b"1\n2\n");
        assert_eq!(read(&path, 6).unwrap().unwrap(), b"1\n2\n3\n");
        assert_eq!(read(&path, 5).unwrap(), None, "more than was asked for");
        remove(&path).unwrap();
        remove(&path).unwrap();
    }
}
