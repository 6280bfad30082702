//! Write, check and diff: one comparison of artifacts with folders, and one step that differs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cstspec_contract::artifact::unix_lines;
use similar::TextDiff;

use crate::artifact::carries_notice;
use crate::disk::{self, Staged};
use crate::{Artifact, Artifacts, CodegenError, OWNED_FOLDERS, Roots};

/// What is done about artifacts that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are written, and orphans removed. A file that is right is not touched, nor is one that differs in the ends of its lines alone.
    Write,
    /// They are reported.
    Check,
    /// They are reported, each with its difference.
    Diff,
    /// They are reported as what a write would do.
    DryRun,
}

/// What [`apply`] found, and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The mode it ran in.
    pub mode: Mode,
    /// What differed, sorted by folder and path; orphans come last.
    pub changes: Vec<Change>,
    /// How many artifacts there are.
    pub artifacts: usize,
    /// How many files were written.
    pub written: usize,
    /// How many orphans were removed.
    pub removed: usize,
}

impl Outcome {
    /// Whether the folders now hold exactly the artifacts.
    pub fn fresh(&self) -> bool {
        self.changes.iter().all(|change| change.mended)
    }
}

/// A file that is not as the specs say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: ChangeKind,
    /// The spec file that it is made from, relative to the specs folder.
    pub source: Option<String>,
    /// The relation that it describes.
    pub relation: Option<String>,
    /// From what is there to what should be, as a unified diff; with [`Mode::Check`] and [`Mode::Diff`] of stale artifacts, with
    /// [`Mode::Diff`] alone of missing and orphaned ones.
    pub diff: Option<String>,
    /// A write has set it right.
    pub mended: bool,
}

/// What is wrong with a file.
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
}

/// Compares `artifacts` with the folders, and does what `mode` says.
pub fn apply(artifacts: &Artifacts, roots: &Roots, mode: Mode) -> Result<Outcome, CodegenError> {
    let differing = differing(artifacts, roots)?;
    let strays = strays(artifacts, roots)?;
    let mut changes: Vec<Change> = differing.iter().map(|(found, artifact)| found.change(artifact, mode)).collect();
    changes.extend(strays.iter().map(|stray| stray.change(mode)));
    let (mut written, mut removed) = (0, 0);
    if mode == Mode::Write {
        written = write(&differing)?;
        removed = remove(&strays)?;
        for change in &mut changes {
            change.mended = change.kind != ChangeKind::Foreign;
        }
    }
    Ok(Outcome { mode, changes, artifacts: artifacts.len(), written, removed })
}

/// What is at the path of an artifact.
struct Found {
    path: PathBuf,
    content: Option<Vec<u8>>,
}

impl Found {
    fn change(&self, artifact: &Artifact, mode: Mode) -> Change {
        let (kind, shown) = match self.content {
            None => (ChangeKind::Missing, mode == Mode::Diff),
            Some(_) => (ChangeKind::Stale, matches!(mode, Mode::Check | Mode::Diff)),
        };
        Change {
            path: self.path.clone(),
            kind,
            source: artifact.source.clone(),
            relation: artifact.relation.clone(),
            diff: shown.then(|| unified(&artifact.path, self.content.as_deref(), Some(&artifact.bytes))),
            mended: false,
        }
    }
}

/// A file in a folder of artifacts that no artifact owns.
struct Stray {
    path: PathBuf,
    kind: ChangeKind,
    content: Vec<u8>,
}

impl Stray {
    fn change(&self, mode: Mode) -> Change {
        let shown = mode == Mode::Diff && self.kind == ChangeKind::Orphaned;
        Change {
            path: self.path.clone(),
            kind: self.kind,
            source: None,
            relation: None,
            diff: shown.then(|| unified(&self.path.to_string_lossy(), Some(&self.content), None)),
            mended: false,
        }
    }
}

fn differing<'a>(artifacts: &'a Artifacts, roots: &Roots) -> Result<Vec<(Found, &'a Artifact)>, CodegenError> {
    let mut differing = Vec::new();
    for artifact in artifacts.iter() {
        let path = roots.folder(artifact.root).join(&artifact.path);
        let content = disk::read(&path)?;
        if !content.as_deref().is_some_and(|content| same_lines(content, &artifact.bytes)) {
            differing.push((Found { path, content }, artifact));
        }
    }
    Ok(differing)
}

/// Whether two texts are the same but for the ends of their lines: a checkout may have made `\r\n` of them.
fn same_lines(content: &[u8], artifact: &[u8]) -> bool {
    content == artifact || std::str::from_utf8(content).is_ok_and(|text| unix_lines(text).as_bytes() == artifact)
}

fn strays(artifacts: &Artifacts, roots: &Roots) -> Result<Vec<Stray>, CodegenError> {
    let owned: BTreeSet<PathBuf> =
        artifacts.iter().map(|artifact| roots.folder(artifact.root).join(&artifact.path)).collect();
    let mut strays = Vec::new();
    for (root, folder) in OWNED_FOLDERS {
        for path in disk::files(&roots.folder(root).join(folder))? {
            if owned.contains(&path) {
                continue;
            }
            let content = disk::read_regular(&path)?;
            let kind = if carries_notice(&content) { ChangeKind::Orphaned } else { ChangeKind::Foreign };
            strays.push(Stray { path, kind, content });
        }
    }
    Ok(strays)
}

/// Stages every file before the first is put in place, so that a full disk leaves all of them as they were.
fn write(differing: &[(Found, &Artifact)]) -> Result<usize, CodegenError> {
    let staged: Vec<Staged> = differing
        .iter()
        .map(|(found, artifact)| Staged::write(&found.path, &artifact.bytes))
        .collect::<Result<_, _>>()?;
    let written = staged.len();
    staged.into_iter().try_for_each(Staged::commit)?;
    Ok(written)
}

fn remove(strays: &[Stray]) -> Result<usize, CodegenError> {
    let orphans = strays.iter().filter(|stray| stray.kind == ChangeKind::Orphaned);
    orphans.map(|orphan| disk::remove(&orphan.path)).try_fold(0, |removed, result| result.map(|()| removed + 1))
}

fn unified(path: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> String {
    let label = |side: &str, content: Option<&[u8]>| match content {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let (old_label, new_label) = (label("a", old), label("b", new));
    let (old, new) = (String::from_utf8_lossy(old.unwrap_or(b"")), String::from_utf8_lossy(new.unwrap_or(b"")));
    TextDiff::from_lines(unix_lines(&old).as_ref(), new.as_ref())
        .unified_diff()
        .header(&old_label, &new_label)
        .to_string()
}
