//! Where the rows of a query go: standard output, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use crate::console::Results;
use crate::failure::Failure;

/// How much is gathered before it is written, in bytes.
const BUFFER: usize = 64 << 10;

/// A destination that is being written.
pub struct Output {
    name: String,
    failed: Failed,
    kind: Kind,
}

enum Kind {
    Stdout,
    /// A device or a named pipe: there is nothing to put in its place.
    Special(PathBuf),
    /// A file beside the one that is asked for, which takes its place in the end.
    File {
        written: NamedTempFile,
        target: PathBuf,
    },
}

/// What the system said when a write failed. Encoders pass it on as text at best, so it is kept here.
type Failed = Arc<Mutex<Option<io::Error>>>;

/// What an encoder writes to.
pub type Writer = BufWriter<Watched>;

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self { name: "standard output".to_owned(), failed: Failed::default(), kind: Kind::Stdout }
    }

    /// The file at `path`. Nothing is there before [`Output::keep`].
    pub fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let fail = |source| Failure::write(name.clone(), source);
        let kind = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(fail(io::Error::from(io::ErrorKind::IsADirectory))),
            Ok(found) if found.is_file() => {
                // A file that may not be written may not be replaced either.
                OpenOptions::new().write(true).open(path).map_err(fail)?;
                beside(path.canonicalize().map_err(fail)?).map_err(fail)?
            }
            Ok(_) => Kind::Special(path.to_path_buf()),
            Err(_) => beside(path.to_path_buf()).map_err(fail)?,
        };
        Ok(Self { name, failed: Failed::default(), kind })
    }

    /// A writer to the destination.
    pub fn writer(&self) -> Result<Writer, Failure> {
        let inner: Box<dyn Write + Send> = match &self.kind {
            Kind::Stdout => Box::new(Results),
            Kind::Special(path) => {
                Box::new(OpenOptions::new().write(true).open(path).map_err(|source| self.failure(source))?)
            }
            Kind::File { written, .. } => Box::new(written.reopen().map_err(|source| self.failure(source))?),
        };
        Ok(BufWriter::with_capacity(BUFFER, Watched { inner, failed: Arc::clone(&self.failed) }))
    }

    /// Why an encoder stopped: what the system said if a write failed, else what the encoder says.
    pub fn blame(&self, encoder: &dyn std::fmt::Display) -> Failure {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failed {
            Some(source) => self.failure(source),
            None => Failure::Engine(encoder.to_string()),
        }
    }

    /// Puts the finished file in its place.
    pub fn keep(self) -> Result<(), Failure> {
        match self.kind {
            Kind::Stdout | Kind::Special(_) => Ok(()),
            Kind::File { written, target } => match written.persist(&target) {
                Ok(_) => Ok(()),
                Err(error) => Err(Failure::write(self.name, error.error)),
            },
        }
    }

    fn failure(&self, source: io::Error) -> Failure {
        Failure::write(self.name.clone(), source)
    }
}

/// Whether standard output shows text to a person, who has no use for bytes.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn beside(target: PathBuf) -> io::Result<Kind> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cstspec-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the mask of the process takes away what it wants.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let written = builder.tempfile_in(folder)?;
    if let Ok(found) = fs::metadata(&target) {
        File::set_permissions(written.as_file(), found.permissions())?;
    }
    Ok(Kind::File { written, target })
}

/// A writer that remembers why it failed.
pub struct Watched {
    inner: Box<dyn Write + Send>,
    failed: Failed,
}

impl Watched {
    fn watch<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            io::Error::from(kind)
        })
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.inner.write(bytes);
        self.watch(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.inner.flush();
        self.watch(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let output = Output::file(&path).unwrap();
        let mut writer = output.writer().unwrap();
        writer.write_all(b"a,b\n").unwrap();
        writer.flush().unwrap();
        assert!(!path.exists());
        output.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a,b\n");

        let given_up = Output::file(&path).unwrap();
        given_up.writer().unwrap().write_all(b"other").unwrap();
        drop(given_up);
        assert_eq!(fs::read(&path).unwrap(), b"a,b\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Output::file(folder.path()), Err(Failure::Write { .. })));
        assert!(matches!(Output::file(&folder.path().join("no/where")), Err(Failure::Write { .. })));
    }
}
