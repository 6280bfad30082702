//! Where the rows of a query go: standard output, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use crate::cleanup::{self, Guard};
use crate::console::Results;
use crate::error::CommandError;

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
    /// A file that takes the place of the one that is asked for in the end.
    File {
        staged: Staged,
        target: PathBuf,
    },
}

/// Where rows are until all are there.
enum Staged {
    /// A file without a name, which goes with the process, however that ends.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// A file beside the target. It is locked while somebody writes it, so that whoever comes later knows one that was left.
    Named { written: NamedTempFile, _guard: Guard },
}

/// What the system said when a write failed. Encoders pass it on as text at best, so it is kept here.
type Failed = Arc<Mutex<Option<io::Error>>>;

/// The destination of an encoder.
pub type Writer = BufWriter<Watched>;

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self { name: "standard output".to_owned(), failed: Failed::default(), kind: Kind::Stdout }
    }

    /// The file at `path`. Nothing is there before [`Output::keep`].
    pub fn file(path: &Path) -> Result<Self, CommandError> {
        let name = path.display().to_string();
        let fail = |source| CommandError::write(name.clone(), source);
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
    pub fn writer(&self) -> Result<Writer, CommandError> {
        let inner: Box<dyn Write + Send> = match &self.kind {
            Kind::Stdout => Box::new(Results),
            Kind::Special(path) => {
                Box::new(OpenOptions::new().write(true).open(path).map_err(|source| self.failure(source))?)
            }
            Kind::File { staged, .. } => Box::new(staged.file().try_clone().map_err(|source| self.failure(source))?),
        };
        Ok(BufWriter::with_capacity(BUFFER, Watched { inner, failed: Arc::clone(&self.failed) }))
    }

    /// Why an encoder stopped: what the system said if a write failed, else what the encoder says.
    pub fn write_error(&self, encoder: &dyn std::fmt::Display) -> CommandError {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failed {
            Some(source) => self.failure(source),
            None => CommandError::Engine(encoder.to_string()),
        }
    }

    /// Puts the finished file in its place.
    pub fn keep(self) -> Result<(), CommandError> {
        match self.kind {
            Kind::Stdout | Kind::Special(_) => Ok(()),
            Kind::File { staged, target } => {
                staged.take_place(&target).map_err(|error| CommandError::write(self.name, error))
            }
        }
    }

    fn failure(&self, source: io::Error) -> CommandError {
        CommandError::write(self.name.clone(), source)
    }
}

/// Whether standard output shows text to a person, who has no use for bytes.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn beside(target: PathBuf) -> io::Result<Kind> {
    let folder = folder(&target);
    sweep(folder);
    let staged = Staged::new(folder)?;
    if let Ok(found) = fs::metadata(&target) {
        staged.file().set_permissions(found.permissions())?;
    }
    Ok(Kind::File { staged, target })
}

fn folder(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// How a staged file with a name is called: these two around six letters.
const PREFIX: &str = ".cstspec-";
const SUFFIX: &str = ".partial";

impl Staged {
    fn new(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed(folder) {
            return Ok(Self::Unnamed(file));
        }
        Self::named(folder)
    }

    fn named(folder: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: the mask of the process takes away what it wants.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let (written, guard) = cleanup::stage(|| {
            let written = builder.tempfile_in(folder)?;
            // Where a file system has no locks, nobody takes it for one that was left either.
            let _ = written.as_file().try_lock();
            Ok(written)
        })?;
        Ok(Self::Named { written, _guard: guard })
    }

    fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named { written, .. } => written.as_file(),
        }
    }

    /// Puts the file in the place of `target`, as one step.
    fn take_place(self, target: &Path) -> io::Result<()> {
        cleanup::uninterrupted(|| match &self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => link(file, target),
            Self::Named { written, .. } => fs::rename(written.path(), target),
        })
    }
}

/// A file without a name in `folder`; `None` where the file system or the system has none.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let file =
        rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::from_raw_mode(0o666)).ok()?;
    let file = File::from(file);
    open_name(&file).exists().then_some(file)
}

/// The name under which the process has an open file.
#[cfg(target_os = "linux")]
fn open_name(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}

/// Gives a file without a name that of `target`. A link replaces nothing, so it gets another name for a moment.
#[cfg(target_os = "linux")]
fn link(file: &File, target: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    // Locked, so that nobody who sweeps takes it in this moment.
    let _ = file.try_lock();
    let named = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).make_in(folder(target), |path| {
        rustix::fs::linkat(CWD, open_name(file), CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
    })?;
    fs::rename(named.path(), target)
}

/// Removes what runs that were killed have left in `folder`: staged files that nobody holds. What cannot be removed stays.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let between = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        let ours = between
            .is_some_and(|between| between.len() == 6 && between.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            let free = OpenOptions::new().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok());
            if free {
                let _ = fs::remove_file(path);
            }
        }
    }
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

    /// A file appears whole or not at all.
    #[test]
    fn file_whole_or_absent() {
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

    /// A named file takes its place too.
    #[test]
    fn file_named() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        fs::write(&target, "old").unwrap();
        let staged = Staged::named(folder.path()).unwrap();
        (&mut staged.file()).write_all(b"new").unwrap();
        // Somebody else's run leaves it alone.
        sweep(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        staged.take_place(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// What a killed run left is removed and nothing else.
    #[test]
    fn leftovers_of_killed_run_removed() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            [".cstspec-a1B2c3.partial", ".cstspec-notes.partial.txt", ".cstspec-longer-name.partial", "out.csv"];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join(".cstspec-folder.partial")).unwrap();
        drop(Output::file(&folder.path().join("out.csv")).unwrap());
        assert!(!folder.path().join(names[0]).exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn folder_as_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Output::file(folder.path()), Err(CommandError::Write { .. })));
        assert!(matches!(Output::file(&folder.path().join("no/where")), Err(CommandError::Write { .. })));
    }
}
