//! One file that is not as the specs say.

use std::path::PathBuf;

#[cfg(doc)]
use crate::Mode;

/// A file that is not as the specs say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file, or a folder.
    pub path: PathBuf,
    /// The difference.
    pub kind: ChangeKind,
    /// The spec file that it is made from, relative to the specs folder.
    pub source: Option<String>,
    /// The relation that it describes.
    pub relation: Option<String>,
    /// The other catalog whose artifact it is.
    pub owner: Option<String>,
    /// From what is there to what should be, as a patch at the root of the repository; with [`Mode::Check`] and [`Mode::Diff`] of stale
    /// artifacts, with [`Mode::Diff`] alone of missing and orphaned ones. None of what is not UTF-8.
    pub diff: Option<String>,
    /// [`Mode::Force`] would replace what is there.
    pub replaceable: bool,
    /// A write has set it right.
    pub mended: bool,
}

/// Kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// An artifact is not there.
    Missing,
    /// An artifact is not what the specs give: they have changed since, or somebody has edited it. Nothing in the file tells which.
    Stale,
    /// The generator wrote it for a relation or a list that is gone.
    Orphaned,
    /// It is in a folder of artifacts, and the generator did not write it. It is never removed.
    Foreign,
    /// Something that the generator did not write is where an artifact, or a folder of artifacts, goes. It stays, unless
    /// [`Mode::Force`] is asked for.
    Taken,
    /// The generator wrote it for another catalog. It stays, unless it is where an artifact goes and [`Mode::Force`] is asked for.
    Claimed,
    /// A run that was killed has left its staging folder.
    Litter,
}
