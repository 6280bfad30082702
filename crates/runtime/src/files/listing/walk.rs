//! Listings of a local location: every entry is visited, and each that cannot be read is named.
//!
//! The local store of `object_store` ends its listing at the first error and passes over links to nowhere, pipes and devices.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::time::SystemTime;

use cstspec_contract::text::printable;
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as StorePath;

use super::ignored::{End, IgnoredAs, Link};
use super::selection::{Role, Selection, is_summary};
use super::{Listed, ListedFile};
use crate::files::table_files::{RejectedFile, RejectionScope};
use crate::{FileErrorKind, RuntimeError};

/// A walk over a local location.
pub(super) struct Walk {
    /// The dataset whose location it is.
    pub dataset: String,
    /// The location as it was given.
    pub location: String,
    /// The location's path.
    pub root: PathBuf,
    /// The same in the store.
    pub prefix: StorePath,
    /// Which files are data.
    pub selection: Selection,
    /// Whether folders carry values, so that a folder read under one name does not stand for the same under another.
    pub partitioned: bool,
}

/// A folder to be listed.
struct Folder {
    path: PathBuf,
    /// Its path without links. Two of the same are one folder.
    real: PathBuf,
    /// The folders below the root that lead to it.
    names: Vec<String>,
    /// Its path in the store, or the folder at fault where it has none there.
    store: Result<StorePath, String>,
}

impl Walk {
    /// Everything that is there.
    ///
    /// # Errors
    ///
    /// Errors of the location as a whole.
    pub fn run(self) -> Result<Listed, RuntimeError> {
        let is_link = self.root.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let found = match fs::metadata(&self.root) {
            Ok(found) => found,
            Err(error) if is_link && is_gone(&error) => {
                return Err(self.dangling(&self.root, self.location.clone(), &error));
            }
            Err(error) => return Err(self.failure(&error)),
        };
        let mut listed = Listed::default();
        if found.is_file() {
            let folders = Vec::new();
            listed.files.push(ListedFile { meta: meta(self.prefix, &found), folders });
            return Ok(listed);
        }
        if !found.is_dir() {
            return Err(FileErrorKind::NotAFile { kind: kind(found.file_type()) }.of(self.dataset, self.location));
        }
        fs::read_dir(&self.root).map_err(|error| self.failure(&error))?;
        let real = fs::canonicalize(&self.root).map_err(|error| self.failure(&error))?;
        let root = Folder { path: self.root.clone(), real, names: Vec::new(), store: Ok(self.prefix.clone()) };
        let mut seen = HashSet::new();
        let (mut open, mut linked) = (vec![root], VecDeque::<Folder>::new());
        // Links come last: a folder is read under its own path where it has one here.
        while let Some(folder) = open.pop().or_else(|| linked.pop_front()) {
            if seen.insert(folder.real.clone()) {
                self.folder(&folder, &mut open, &mut linked, &mut listed);
            } else {
                self.again(&folder, &mut listed);
            }
        }
        Ok(listed)
    }

    /// Lists one folder. Folders in it are left for later.
    fn folder(&self, folder: &Folder, open: &mut Vec<Folder>, linked: &mut VecDeque<Folder>, listed: &mut Listed) {
        let entries = fs::read_dir(&folder.path).and_then(|entries| {
            let entries = entries.map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))));
            // One that is gone before it is looked at is not there.
            let there = entries.filter(|entry| !entry.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound));
            there.collect::<io::Result<Vec<_>>>()
        });
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => {
                let path = display_path(&folder.path);
                let error = FileErrorKind::ClosedFolder { reason: reason_of(&error) }.of(&self.dataset, &path);
                listed.rejected.push(RejectedFile { fault: RejectionScope::Folder(path), error });
                return;
            }
        };
        // The last is taken first, and of two links the first stands for what both lead to.
        entries.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let first = open.len();
        for (name, kind) in &entries {
            if kind.is_dir() {
                open.extend(self.below(folder, name, None));
            } else {
                self.entry(folder, name, *kind, linked, listed);
            }
        }
        open[first..].reverse();
    }

    /// One entry that is no folder, though it may be a link to one.
    fn entry(&self, folder: &Folder, name: &OsStr, kind: FileType, linked: &mut VecDeque<Folder>, listed: &mut Listed) {
        let path = folder.path.join(name);
        // A link is whatever it leads to.
        let found = kind.is_symlink().then(|| fs::metadata(&path));
        if let Some(Ok(found)) = &found
            && found.is_dir()
        {
            match fs::canonicalize(&path) {
                Ok(real) => linked.extend(self.below(folder, name, Some(real))),
                Err(error) => refuse(listed, self.dangling(&path, display_path(&path), &error)),
            }
            return;
        }
        let lossy = name.to_string_lossy();
        let role = self.selection.role(&folder.names, &lossy);
        if role == Role::Passed {
            return;
        }
        let spelled = match &folder.store {
            Ok(store) => spell(store, name).filter(|_| !is_unfinished(&lossy)).ok_or(None),
            Err(fault) => Err(Some(fault)),
        };
        if let (Some(Err(error)), Role::Other) = (&found, role) {
            let is_loop =
                !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied);
            if lossy.contains('=') && self.partitioned {
                return refuse(listed, self.dangling(&path, display_path(&path), error));
            }
            if is_loop || may_be_folder(&lossy) {
                let end = if is_loop { End::Itself } else { End::Nowhere };
                listed.ignored_files.links.push(Link { display_path: display_path(&path), target: target(&path), end });
                return;
            }
        }
        if role != Role::Data {
            let place = match role {
                Role::Hidden => IgnoredAs::Hidden,
                _ if is_summary(&lossy) => IgnoredAs::Summary,
                _ => IgnoredAs::Beside,
            };
            listed.ignored_files.add(place, &lossy, display_path(&path), || {
                let found = found.and_then(Result::ok).or_else(|| fs::metadata(&path).ok())?;
                // A pipe that nobody takes for data is not opened.
                spelled.ok().filter(|_| found.is_file()).map(|spelled| meta(spelled, &found))
            });
            return;
        }
        let found = found.unwrap_or_else(|| fs::metadata(&path));
        let spelled = match spelled {
            Ok(spelled) => spelled,
            Err(fault) => {
                let fault = fault.map_or(RejectionScope::File, |folder| RejectionScope::Folder(folder.clone()));
                let error = FileErrorKind::Unspelled.of(&self.dataset, display_path(&path));
                listed.rejected.push(RejectedFile { fault, error });
                return;
            }
        };
        match found {
            Ok(found) if found.is_file() => {
                listed.files.push(ListedFile { meta: meta(spelled, &found), folders: folder.names.clone() });
            }
            Ok(found) => {
                let kind = self::kind(found.file_type());
                refuse(listed, FileErrorKind::NotAFile { kind }.of(&self.dataset, display_path(&path)));
            }
            Err(error) if kind.is_symlink() && error.kind() != ErrorKind::PermissionDenied => {
                refuse(listed, self.dangling(&path, display_path(&path), &error));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                refuse(
                    listed,
                    FileErrorKind::DeniedFile { reason: reason_of(&error) }.of(&self.dataset, display_path(&path)),
                );
            }
        }
    }

    /// The folder `name` in `folder`, if it is looked into; `real` is where it leads to if it is a link.
    fn below(&self, folder: &Folder, name: &OsStr, real: Option<PathBuf>) -> Option<Folder> {
        let lossy = name.to_string_lossy();
        if !self.selection.enters(&lossy) {
            return None;
        }
        let path = folder.path.join(name);
        let store = match &folder.store {
            Ok(store) => spell(store, name).ok_or_else(|| display_path(&path)),
            Err(fault) => Err(fault.clone()),
        };
        let names = folder.names.iter().cloned().chain([lossy.into_owned()]).collect();
        Some(Folder { real: real.unwrap_or_else(|| folder.real.join(name)), path, names, store })
    }

    /// A folder that is read under another path. Where folders carry values its rows are missing under this one.
    fn again(&self, folder: &Folder, listed: &mut Listed) {
        let (path, target) = (display_path(&folder.path), display_path(&folder.real));
        if self.partitioned && folder.names.iter().any(|name| name.contains('=')) {
            let error = FileErrorKind::LinkedAgain { target }.of(&self.dataset, &path);
            listed.rejected.push(RejectedFile { fault: RejectionScope::Folder(path), error });
        } else {
            listed.ignored_files.links.push(Link { display_path: path, target, end: End::Again });
        }
    }

    /// The error about a link at `path` that leads to no file.
    fn dangling(&self, path: &FilePath, shown_as: String, error: &io::Error) -> RuntimeError {
        FileErrorKind::LinkToNowhere { target: target(path), reason: reason_of(error) }.of(&self.dataset, shown_as)
    }

    /// Why the location cannot be listed.
    fn failure(&self, error: &io::Error) -> RuntimeError {
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => FileErrorKind::Missing,
            ErrorKind::PermissionDenied => FileErrorKind::Unreadable { reason: reason_of(error) },
            _ => FileErrorKind::Listing { reason: reason_of(error) },
        };
        kind.of(&self.dataset, &self.location)
    }
}

fn refuse(listed: &mut Listed, error: RuntimeError) {
    listed.rejected.push(RejectedFile { fault: RejectionScope::File, error });
}

/// Whether a link of this name may have led to a folder.
fn may_be_folder(name: &str) -> bool {
    !name.starts_with(['_', '.']) && !name.contains('.')
}

/// Where a link leads, as it is written in it.
fn target(path: &FilePath) -> String {
    fs::read_link(path).map_or_else(|_| "elsewhere".to_owned(), |target| display_path(&target))
}

fn is_gone(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotADirectory)
}

/// Whether a file's name has the number behind a `#` that marks unfinished writes of the local store. Names of folders may have it.
fn is_unfinished(name: &str) -> bool {
    let marked = name.split_once('#');
    marked.is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The path of `name` in the folder `store`, if a store can spell it: no control characters, and only UTF-8.
fn spell(store: &StorePath, name: &OsStr) -> Option<StorePath> {
    let name = name.to_str()?;
    let path = if store.is_root() { name.to_owned() } else { format!("{store}/{name}") };
    StorePath::parse(path).ok()
}

/// The metadata that the local store has of a file.
pub(super) fn meta(location: StorePath, found: &Metadata) -> ObjectMeta {
    let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    ObjectMeta {
        location,
        last_modified: modified.into(),
        size: found.len(),
        e_tag: tag(found, modified),
        version: None,
    }
}

/// The tag that the local store gives a file (`get_etag` of `object_store` 0.13, `local.rs`): one that takes the place of another has
/// another, though it may have its size and its time.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn tag(found: &Metadata, modified: SystemTime) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    Some(format!("{:x}-{modified:x}-{:x}", found.ino(), found.len()))
}

/// Elsewhere the local store knows no more than the size and the time.
#[cfg(not(unix))]
fn tag(_: &Metadata, _: SystemTime) -> Option<String> {
    None
}

/// A description of an entry that is not a file or folder.
pub(super) fn kind(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if found.is_fifo() {
            return "a pipe";
        }
        if found.is_socket() {
            return "a socket";
        }
        if found.is_block_device() || found.is_char_device() {
            return "a device";
        }
    }
    if found.is_dir() { "a folder" } else { "no regular file" }
}

/// If what is at `path` is there and no file, what it is.
pub(super) fn irregular(path: &FilePath) -> Option<&'static str> {
    let found = fs::metadata(path).ok()?;
    (!found.is_file()).then(|| kind(found.file_type()))
}

/// The operating system's reason, without its number.
pub(super) fn reason_of(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// A path as a person finds it, on one line and in printable characters whatever it holds.
pub(super) fn display_path(path: &FilePath) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&printable(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path as FilePath;

    use datafusion::object_store::path::Path as StorePath;

    use super::{display_path, is_unfinished, spell};

    #[test]
    fn names_on_one_line() {
        assert_eq!(display_path(FilePath::new("/a b/é%.parquet")), "/a b/é%.parquet");
        assert_eq!(display_path(FilePath::new("/a\nb\u{1b}[31m")), "/a\\nb\\u{1b}[31m");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt as _;
            let name = std::ffi::OsStr::from_bytes(b"/x\xffy");
            assert_eq!(display_path(FilePath::new(name)), "/x\\xffy");
        }
    }

    #[test]
    fn control_characters_unspellable() {
        let spelled = |name: &str| spell(&StorePath::parse("a").unwrap(), name.as_ref()).map(String::from);
        assert_eq!(spelled("b [1]%?#.parquet").as_deref(), Some("a/b [1]%?#.parquet"));
        for name in ["b\nc", "b\u{1b}c"] {
            assert_eq!(spelled(name), None, "{name:?}");
        }
        assert_eq!(spell(&StorePath::ROOT, "b".as_ref()).map(String::from).as_deref(), Some("b"));
        assert_eq!(spelled("part=#1").as_deref(), Some("a/part=#1"));
    }

    #[test]
    fn unfinished_writes_by_ending() {
        assert!(is_unfinished("b.parquet#12") && is_unfinished("#1"));
        assert!(!is_unfinished("b.parquet") && !is_unfinished("b#12.parquet") && !is_unfinished("b#"));
    }
}
