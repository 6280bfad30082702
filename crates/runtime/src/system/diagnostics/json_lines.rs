//! A sink that writes artifacts to a file, one JSON object per line.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Artifact, DiagnosticsError, DiagnosticsSink};

/// Adds a line `{"name": ..., "payload": {...}}` per artifact to a file. A line is there whole or not at all.
#[derive(Debug)]
pub struct JsonLinesSink {
    path: PathBuf,
    file: Mutex<File>,
}

impl JsonLinesSink {
    /// A sink that adds to the file at `path`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`DiagnosticsError::Open`] if it cannot be read and written, [`DiagnosticsError::HalfLine`] if it ends within a line.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DiagnosticsError> {
        let path = path.into();
        match ready(&path) {
            Ok((file, true)) => Ok(Self { path, file: Mutex::new(file) }),
            Ok((_, false)) => Err(DiagnosticsError::HalfLine { path }),
            Err(source) => Err(DiagnosticsError::Open { path, source }),
        }
    }
}

/// The file, and whether a line may be added to it.
fn ready(path: &Path) -> io::Result<(File, bool)> {
    let mut file = OpenOptions::new().append(true).read(true).create(true).open(path)?;
    let metadata = file.metadata()?;
    // What is no file, a pipe or a device, has no end to look at.
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok((file, true));
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok((file, last == *b"\n"))
}

impl DiagnosticsSink for JsonLinesSink {
    fn record(&self, artifact: &Artifact) -> Result<(), DiagnosticsError> {
        let failed =
            |source| DiagnosticsError::Write { artifact: artifact.name.clone(), path: self.path.clone(), source };
        let mut line = serde_json::to_vec(artifact).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.metadata().map_err(failed)?;
        file.write_all(&line).map_err(|error| {
            // A full disk takes a part of a line: it is taken back, so that the lines before it stay readable.
            if before.is_file() {
                let _ = file.set_len(before.len());
            }
            failed(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Map, Value};

    use super::*;

    fn artifact(name: &str) -> Artifact {
        let mut payload = Map::new();
        payload.insert("text".to_owned(), Value::from("a\nb"));
        Artifact { name: name.to_owned(), payload }
    }

    #[test]
    fn lines_appended_as_objects() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("diagnostics.jsonl");
        for name in ["one", "two"] {
            JsonLinesSink::open(&path).unwrap().record(&artifact(name)).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        let names: Vec<Value> =
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone()).collect();
        assert_eq!(names, ["one", "two"]);
        assert!(text.ends_with('\n'));
    }

    /// A file that cannot take a line is an error.
    #[test]
    fn file_unwritable() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(JsonLinesSink::open(folder.path()), Err(DiagnosticsError::Open { .. })));
        let half = folder.path().join("half");
        fs::write(&half, "{}\n{\"na").unwrap();
        assert!(matches!(JsonLinesSink::open(&half), Err(DiagnosticsError::HalfLine { .. })));
        assert_eq!(fs::read_to_string(&half).unwrap(), "{}\n{\"na");
    }

    /// A full disk is an error.
    #[cfg(target_os = "linux")]
    #[test]
    fn disk_full() {
        let error = JsonLinesSink::open("/dev/full").unwrap().record(&artifact("x")).unwrap_err();
        assert!(matches!(&error, DiagnosticsError::Write { artifact, .. } if artifact == "x"), "{error}");
    }
}
