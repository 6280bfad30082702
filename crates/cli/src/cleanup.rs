//! How the command ends before its work is done: by a signal, or at a limit. Whoever stages a file says here how it is taken away, so
//! that nothing is left beside what was to be written.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// Staged files, by the number of their guard. Held for a look alone, so that a guard may be dropped wherever it is.
static STAGED: Mutex<Staged> = Mutex::new(Staged { next: 0, undo: BTreeMap::new() });
/// Held by a step that an ending waits for, and by the ending.
static STEP: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this thread holds [`STEP`]: it does not wait for itself.
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

struct Staged {
    next: u64,
    undo: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
}

impl Staged {
    fn add(&mut self, undo: impl FnOnce() + Send + 'static) -> Guard {
        self.next += 1;
        self.undo.insert(self.next, Box::new(undo));
        Guard(self.next)
    }
}

/// Something staged. Once this is dropped, an ending leaves it alone.
#[derive(Debug)]
#[must_use = "what is staged is left alone once its guard is dropped"]
pub struct Guard(u64);

impl Drop for Guard {
    fn drop(&mut self) {
        let undo = staged().undo.remove(&self.0);
        // It may drop another guard.
        drop(undo);
    }
}

fn staged() -> MutexGuard<'static, Staged> {
    STAGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A step of this thread, within another one or not.
struct Step {
    outermost: Option<MutexGuard<'static, ()>>,
    _of_thread: PhantomData<*const ()>,
}

impl Step {
    fn begin() -> Self {
        let outermost = (!HOLDS.get()).then(|| STEP.lock().unwrap_or_else(PoisonError::into_inner));
        HOLDS.set(true);
        Self { outermost, _of_thread: PhantomData }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.outermost.is_some() {
            HOLDS.set(false);
        }
    }
}

/// Makes a temporary file that an ending takes away.
pub fn stage(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<(NamedTempFile, Guard)> {
    // No ending comes before the file is known.
    uninterrupted(|| {
        let file = make()?;
        let path = file.path().to_path_buf();
        let guard = staged().add(move || drop(std::fs::remove_file(path)));
        Ok((file, guard))
    })
}

/// Makes a folder that an ending takes away, if nothing is in it then.
pub fn folder(path: &Path) -> io::Result<Guard> {
    uninterrupted(|| {
        std::fs::create_dir(path)?;
        let path = path.to_path_buf();
        Ok(staged().add(move || drop(std::fs::remove_dir(path))))
    })
}

/// Makes a temporary folder in `parent` that an ending takes away with everything in it. It has the rights of a new folder.
pub fn stage_folder(parent: &Path, prefix: &str) -> io::Result<(PathBuf, Guard)> {
    uninterrupted(|| {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            builder.permissions(std::fs::Permissions::from_mode(0o777));
        }
        let path = builder.tempdir_in(parent)?.keep();
        let undo = path.clone();
        let guard = staged().add(move || drop(std::fs::remove_dir_all(undo)));
        Ok((path, guard))
    })
}

/// Runs a step that an ending waits for: what it begins is finished. It may stage files, drop guards and have steps of its own. It
/// must not wait for a step of another thread.
pub fn uninterrupted<T>(step: impl FnOnce() -> T) -> T {
    let _step = Step::begin();
    step()
}

/// Ends the process here and now: what is staged is taken away, `say` says why, and nothing else runs.
pub fn end(say: impl FnOnce(), exit: u8) -> ! {
    let _step = Step::begin();
    let undo = std::mem::take(&mut staged().undo);
    // The last first: a folder is empty once the files in it are gone.
    for (_, undo) in undo.into_iter().rev() {
        undo();
    }
    say();
    leave(exit)
}

/// Leaves without what the standard library does at an exit: other threads are at work.
#[cfg(unix)]
fn leave(exit: u8) -> ! {
    signal_hook::low_level::exit(i32::from(exit))
}

#[cfg(not(unix))]
fn leave(exit: u8) -> ! {
    std::process::exit(i32::from(exit))
}

/// Ends the command in order when the system asks for it: at Ctrl-C, SIGTERM and SIGHUP, with the exit code that a shell gives them (130,
/// 143, 129). A signal that is ignored, as under `nohup`, stays ignored.
#[cfg(unix)]
pub fn on_signals() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored();
    let heeded = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(heeded)?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end(|| {}, u8::try_from(128 + signal).unwrap_or(u8::MAX));
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub fn on_signals() -> io::Result<()> {
    Ok(())
}

/// The signals that whoever started the command has it ignore, as bits from the first signal; none where the system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A guard that is dropped undoes nothing.
    #[test]
    fn guard_dropped() {
        static UNDONE: AtomicBool = AtomicBool::new(false);
        let guard = staged().add(|| UNDONE.store(true, Ordering::Relaxed));
        let number = guard.0;
        assert!(staged().undo.contains_key(&number));
        drop(guard);
        assert!(!staged().undo.contains_key(&number) && !UNDONE.load(Ordering::Relaxed));
    }

    /// Within a step, files are staged, guards dropped and steps begun without waiting for the step itself; an ending, which is a step of
    /// another thread, waits for the outermost one.
    #[test]
    fn steps_within_step() {
        use std::sync::mpsc;
        use std::time::Duration;

        let (done, is_done) = mpsc::channel();
        std::thread::spawn(move || {
            let (other, ended) = mpsc::channel();
            uninterrupted(|| {
                let guard = staged().add(|| {});
                let number = guard.0;
                uninterrupted(|| drop(guard));
                assert!(!staged().undo.contains_key(&number));
                let (file, guard) = stage(NamedTempFile::new).unwrap();
                assert!(staged().undo.contains_key(&guard.0));
                let of_guard = staged().add(move || drop(guard));
                drop(of_guard);
                drop(file);
                std::thread::spawn(move || {
                    let _ending = Step::begin();
                    other.send(()).unwrap();
                });
                assert!(ended.recv_timeout(Duration::from_millis(50)).is_err(), "an ending does not wait for the step");
            });
            ended.recv().unwrap();
            done.send(()).unwrap();
        });
        is_done.recv_timeout(Duration::from_mins(1)).expect("a step waits for itself");
    }

    /// A step that panics is over.
    #[test]
    fn step_panicked() {
        std::panic::catch_unwind(|| uninterrupted(|| panic!("on purpose"))).unwrap_err();
        assert!(!HOLDS.get());
        uninterrupted(|| {});
    }
}
