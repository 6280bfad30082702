//! The one turn of a run in its folders: a lock, and new contents beside the files that they will replace.
//!
//! All of it is below one folder of each root, `.cstspec-staging`, which hides itself from git and is removed at the end. A run that was
//! killed leaves it, without a lock since that ends with its process, and the next run removes it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::disk::{self, Entry};
use crate::{CodegenError, Roots};

/// The folder in each root that holds what is not in its place yet.
pub(crate) const FOLDER: &str = ".cstspec-staging";
/// The file in that folder of `out` which a run holds the lock of.
const LOCK: &str = "lock";
/// Content of the `.gitignore` that keeps the folder out of `git status`.
const IGNORE: &str = ".gitignore";
/// Its content: everything in the folder, itself too.
const EVERYTHING: &str = "*\n";
/// How often a lock is asked for whose file another run has removed. Some file systems give a file another number each time.
const MOST_TRIES: usize = 1_000;

/// The turn of this run: no other one writes into the same `out` before it is dropped.
pub(crate) struct Turn {
    stagings: Vec<Staging>,
    // Dropped last: only then may another run begin.
    _lock: File,
}

impl Turn {
    /// Waits for every other run in `roots.out`, and clears what killed ones have left.
    pub(crate) fn take(roots: &Roots) -> Result<Self, CodegenError> {
        let mut tries = 0;
        loop {
            let folder = open(&roots.out)?;
            let path = folder.join(LOCK);
            tries += 1;
            match hold(&path) {
                Ok(lock) if still_there(&lock, &path) || tries == MOST_TRIES => {
                    empty(&folder);
                    if roots.specs != roots.out {
                        clear(&roots.specs.join(FOLDER));
                    }
                    return Ok(Self { stagings: vec![Staging { folder, number: 0 }], _lock: lock });
                }
                // The run before has removed the folder in the meantime.
                Ok(_) => {}
                Err(error) if disk::is_gone(&error) && tries < MOST_TRIES => {}
                Err(source) => {
                    abandon(&folder);
                    return Err(CodegenError::Write { path, source });
                }
            }
        }
    }

    /// Writes `bytes` for `target`, which is in the folder `root` and untouched until [`Staged::commit`].
    pub(crate) fn stage(&mut self, root: &Path, target: &Path, bytes: &[u8]) -> Result<Staged, CodegenError> {
        let folder = root.join(FOLDER);
        let known = self.stagings.iter().position(|staging| staging.folder == folder);
        let number = known.unwrap_or(self.stagings.len());
        if known.is_none() {
            self.stagings.push(Staging { folder: open(root)?, number: 0 });
        }
        self.stagings[number].stage(target, bytes)
    }
}

/// Waits for a run that writes into `out` at this moment, and holds the next one off until what it returns is dropped. Nothing is written.
pub(crate) fn wait(out: &Path) -> Option<File> {
    let lock = opened(out)?;
    lock.lock_shared().ok()?;
    Some(lock)
}

/// The staging folders that runs have left which were killed.
pub(crate) fn left_behind(roots: &Roots) -> Result<Vec<PathBuf>, CodegenError> {
    let running =
        opened(&roots.out).is_some_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)));
    let mut left = Vec::new();
    for root in [&roots.out, &roots.specs] {
        let folder = root.join(FOLDER);
        if !running && !left.contains(&folder) && disk::entry(&folder)? == Entry::Folder && is_litter(&folder) {
            left.push(folder);
        }
    }
    Ok(left)
}

/// The lock file of `out`, where a run has made one.
fn opened(out: &Path) -> Option<File> {
    let path = out.join(FOLDER).join(LOCK);
    (is_own_folder(&out.join(FOLDER)) && disk::entry(&path).ok()? == Entry::File).then(|| File::open(&path).ok())?
}

/// Opens the lock file at `path` and waits for its lock, which ends with the process however that ends.
fn hold(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is not a regular file"));
    }
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    loop {
        match lock.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A file system without locks: two runs at once may then fail, and leave whole files all the same.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(lock),
            held => return held.map(|()| lock),
        }
    }
}

/// Whether `lock` is the file at `path` still: who held it before has removed it otherwise, and a third run may hold another one.
#[cfg(unix)]
fn still_there(lock: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let same = |held: fs::Metadata, there: fs::Metadata| (held.dev(), held.ino()) == (there.dev(), there.ino());
    lock.metadata().is_ok_and(|held| path.symlink_metadata().is_ok_and(|there| same(held, there)))
}

/// Elsewhere an open file cannot be told from another, so that lock files stay.
#[cfg(not(unix))]
fn still_there(_: &File, _: &Path) -> bool {
    true
}

/// The staging folder in `root`, made where it is not there.
fn open(root: &Path) -> Result<PathBuf, CodegenError> {
    let folder = root.join(FOLDER);
    let make = || -> io::Result<()> {
        fs::create_dir_all(root)?;
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_in_the_way(&folder) => {
                return Err(io::Error::other("a file or a link is in the place of the generator's folder"));
            }
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match OpenOptions::new().write(true).create_new(true).open(folder.join(IGNORE)) {
            // Another run made it, or removes the folder at this moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists || disk::is_gone(&error) => Ok(()),
            made => made?.write_all(EVERYTHING.as_bytes()).inspect_err(|_| abandon(&folder)),
        }
    };
    make().map(|()| folder.clone()).map_err(|source| CodegenError::Write { path: folder, source })
}

/// Whether something that is no folder is at `folder`. What is gone by now was the folder of another run.
fn is_in_the_way(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir())
}

/// A staging folder of this run.
struct Staging {
    folder: PathBuf,
    number: usize,
}

impl Staging {
    fn stage(&mut self, target: &Path, bytes: &[u8]) -> Result<Staged, CodegenError> {
        let content = self.folder.join(format!("{}-{}", std::process::id(), self.number));
        self.number += 1;
        let write =
            || -> io::Result<()> { OpenOptions::new().write(true).create_new(true).open(&content)?.write_all(bytes) };
        match write() {
            Ok(()) => Ok(Staged { content, target: target.to_owned() }),
            Err(source) => Err(CodegenError::Write { path: target.to_owned(), source }),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        clear(&self.folder);
    }
}

/// A new content beside the file that it will replace.
pub(crate) struct Staged {
    content: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// The folder that it goes to.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.target.parent()
    }

    /// Puts the content in place, in one step.
    pub(crate) fn commit(self) -> Result<(), CodegenError> {
        fs::rename(&self.content, &self.target).map_err(|source| CodegenError::Write { path: self.target, source })
    }
}

/// Whether `folder` is a folder itself. What a link leads to is never looked at.
fn is_own_folder(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether a run has left its folder: empty, or with files that are called as those of a run are.
fn is_litter(folder: &Path) -> bool {
    let entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let own = |path: &PathBuf| is_staged(path) || (cfg!(unix) && is_furniture(path));
    entries.iter().any(own) || (cfg!(unix) && entries.is_empty())
}

/// Whether a file is called as a staged content is.
fn is_staged(path: &Path) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('-'));
    parts.is_some_and(|(process, place)| number(process) && number(place))
}

/// Whether a file is the lock, or what hides the folder from git: as a run made them, or was killed while it did.
fn is_furniture(path: &Path) -> bool {
    let content = || fs::read_to_string(path).unwrap_or_default();
    let small = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= 2);
    match path.file_name().and_then(|name| name.to_str()) {
        Some(LOCK) => small && content().is_empty(),
        Some(IGNORE) => small && EVERYTHING.starts_with(&content()),
        _ => false,
    }
}

/// Removes the staged contents in `folder`. What cannot be removed is reported by the next check.
fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| is_staged(&entry.path())) {
        let _ = fs::remove_file(entry.path());
    }
}

/// Removes a staging folder in which there was no room for a lock. Another run may be using it: what holds its place stays.
fn abandon(folder: &Path) {
    let ignore = folder.join(IGNORE);
    if cfg!(unix) && is_furniture(&ignore) {
        let _ = fs::remove_file(ignore);
        let _ = fs::remove_dir(folder);
    }
}

/// Removes the staging folder with all that runs put into it. Whatever else is in it stays, and keeps it.
fn clear(folder: &Path) {
    if !is_own_folder(folder) {
        return;
    }
    empty(folder);
    if cfg!(unix) {
        // The lock goes last: until then no other run has its turn.
        for path in [folder.join(IGNORE), folder.join(LOCK)].iter().filter(|path| is_furniture(path)) {
            let _ = fs::remove_file(path);
        }
        let _ = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots in a folder of their own.
    fn roots() -> (tempfile::TempDir, Roots) {
        let folder = tempfile::TempDir::new().unwrap();
        let (specs, out) = (folder.path().join("specs"), folder.path().join("out"));
        fs::create_dir(&specs).unwrap();
        fs::create_dir(&out).unwrap();
        let roots = Roots::new(&specs, &out);
        (folder, roots)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What is staged and not committed leaves no trace.
    #[test]
    fn uncommitted_leaves_no_trace() {
        let (_folder, roots) = roots();
        let target = roots.out.join("a.sql");
        fs::write(&target, "before").unwrap();
        let mut turn = Turn::take(&roots).unwrap();
        for root in [&roots.out, &roots.specs, &roots.out] {
            turn.stage(root, &target, b"after").unwrap();
        }
        assert_eq!(names(&roots.out.join(FOLDER)).len(), 4, "a lock, a .gitignore, and two contents");
        drop(turn);
        assert_eq!(fs::read_to_string(&target).unwrap(), "before");
        assert_eq!((names(&roots.out), names(&roots.specs)), (vec!["a.sql".to_owned()], vec![]));
    }

    /// One run has its turn after the other.
    #[test]
    fn runs_take_turns() {
        let (_folder, roots) = roots();
        let target = roots.out.join("number");
        fs::write(&target, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let mut turn = Turn::take(&roots).unwrap();
                        let number: usize = fs::read_to_string(&target).unwrap().parse().unwrap();
                        let next = (number + 1).to_string();
                        turn.stage(&roots.out, &target, next.as_bytes()).unwrap().commit().unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&target).unwrap(), "200", "no two runs read the same number");
        assert_eq!(names(&roots.out), ["number"]);
    }

    /// A killed run is reported from one that runs.
    #[test]
    fn killed_run_detected() {
        let (_folder, roots) = roots();
        assert_eq!(left_behind(&roots).unwrap(), [] as [PathBuf; 0]);
        let turn = Turn::take(&roots).unwrap();
        assert_eq!(left_behind(&roots).unwrap(), [] as [PathBuf; 0], "it still runs");
        drop(turn);
        for root in [&roots.out, &roots.specs] {
            let folder = root.join(FOLDER);
            fs::create_dir(&folder).unwrap();
            for (file, content) in [("lock", ""), (".gitignore", "*"), ("4711-0", "half a f")] {
                fs::write(folder.join(file), content).unwrap();
            }
        }
        assert_eq!(left_behind(&roots).unwrap(), [roots.out.join(FOLDER), roots.specs.join(FOLDER)]);
        drop(Turn::take(&roots).unwrap());
        assert_eq!((names(&roots.out), names(&roots.specs)), (vec![], vec![]));
    }

    /// What a person keeps in the folder stays.
    #[test]
    fn other_files_in_folder_kept() {
        let (_folder, roots) = roots();
        let folder = roots.out.join(FOLDER);
        fs::create_dir(&folder).unwrap();
        for (file, content) in [("notes.md", "mine"), (".gitignore", "notes.md\n"), ("1-a", "mine"), ("12", "mine")] {
            fs::write(folder.join(file), content).unwrap();
        }
        drop(Turn::take(&roots).unwrap());
        assert_eq!(names(&folder), [".gitignore", "1-a", "12", "notes.md"]);
        assert_eq!(left_behind(&roots).unwrap(), [] as [PathBuf; 0]);
    }

    /// A link in the place of the folder is not followed.
    #[cfg(unix)]
    #[test]
    fn link_in_place_of_folder() {
        let (folder, roots) = roots();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("1-1"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, roots.out.join(FOLDER)).unwrap();
        let error = Turn::take(&roots).err().unwrap().to_string();
        assert!(error.contains("in the place of the generator's folder"), "{error}");
        fs::remove_file(roots.out.join(FOLDER)).unwrap();
        fs::create_dir(roots.out.join(FOLDER)).unwrap();
        std::os::unix::fs::symlink(outside.join("made"), roots.out.join(FOLDER).join(LOCK)).unwrap();
        std::os::unix::fs::symlink(&outside, roots.specs.join(FOLDER)).unwrap();
        let error = Turn::take(&roots).err().unwrap().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        assert_eq!(left_behind(&roots).unwrap(), [] as [PathBuf; 0], "what is there is no run's");
        assert_eq!(names(&outside), ["1-1"]);
    }
}
