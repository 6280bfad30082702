//! Artifacts beside what is in the folders: what differs, and whose it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cstspec_contract::artifact::unix_lines;

use crate::change::ChangeKind;
use crate::disk::{self, Entry};
use crate::header::{Writer, writer};
use crate::{Artifact, ArtifactKind, Artifacts, CodegenError, OWNED_FOLDERS, Root, Roots};

/// The largest file that is read as an artifact, in bytes, unless the artifact is larger.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A path that does not hold what the specs give.
pub(crate) struct Difference<'a> {
    /// The file or folder.
    pub path: PathBuf,
    /// The path from the root of the repository.
    pub name: String,
    /// The mistake.
    pub kind: ChangeKind,
    /// The expected artifact; `None` where nothing is expected.
    pub artifact: Option<&'a Artifact>,
    /// The present content, where the generator wrote it.
    pub content: Option<Vec<u8>>,
    /// The other catalog that it belongs to.
    pub owner: Option<String>,
    /// A file can be put in its place.
    pub replaceable: bool,
}

/// Every difference: of artifacts in their order, of folders, then of files that no artifact owns.
pub(crate) fn compare<'a>(artifacts: &'a Artifacts, roots: &Roots) -> Result<Vec<Difference<'a>>, CodegenError> {
    let mut closed = Vec::new();
    for (root, folder) in OWNED_FOLDERS {
        if let Some(path) = closed_at(roots.folder(root), folder)? {
            closed.push((root, folder, path));
        }
    }
    let is_open = |root: Root, path: &str| {
        !closed.iter().any(|(closed, folder, _)| *closed == root && Path::new(path).starts_with(folder))
    };
    let mut differences = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| is_open(artifact.root, &artifact.path)) {
        differences.extend(differing(artifact, artifacts.catalog(), roots)?);
    }
    let mut seen = BTreeSet::new();
    for (root, _, path) in closed.iter().filter(|(.., path)| seen.insert(path.clone())) {
        let name = name_of(path, *root, roots);
        differences.push(Difference { name, ..Difference::of(path.clone(), ChangeKind::Taken) });
    }
    for (root, folder) in OWNED_FOLDERS.into_iter().filter(|(root, folder)| is_open(*root, folder)) {
        differences.extend(strays(root, folder, artifacts, roots)?);
    }
    Ok(differences)
}

impl Difference<'_> {
    /// A difference of which only the place and the kind are known.
    fn of(path: PathBuf, kind: ChangeKind) -> Self {
        Self { path, name: String::new(), kind, artifact: None, content: None, owner: None, replaceable: false }
    }
}

/// `path`, which is in the folder of `root`, from the root of the repository.
fn name_of(path: &Path, root: Root, roots: &Roots) -> String {
    let inside = path.strip_prefix(roots.folder(root)).unwrap_or(path);
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    roots.in_repository(root, &parts.join("/"))
}

/// The entry that blocks `folder` below `root`, if any. A link blocks it: its target belongs to somebody else.
fn closed_at(root: &Path, folder: &str) -> Result<Option<PathBuf>, CodegenError> {
    let mut path = root.to_owned();
    for part in folder.split('/') {
        path.push(part);
        match disk::entry(&path)? {
            Entry::Missing => break,
            Entry::Folder => {}
            Entry::File | Entry::Link | Entry::Special => return Ok(Some(path)),
        }
    }
    Ok(None)
}

/// How the path of `artifact` differs from it, if it does.
fn differing<'a>(artifact: &'a Artifact, catalog: &str, roots: &Roots) -> Result<Option<Difference<'a>>, CodegenError> {
    let path = roots.folder(artifact.root).join(&artifact.path);
    let most = artifact.bytes.len().max(MOST_BYTES / 2) as u64 * 2;
    let entry = disk::entry(&path)?;
    let content = match entry {
        Entry::File | Entry::Link => disk::read(&path, most)?,
        _ => None,
    };
    if content.as_deref().is_some_and(|content| same_lines(content, &artifact.bytes)) {
        return Ok(None);
    }
    let (kind, owner) = match (entry, &content) {
        (Entry::Missing, _) => (ChangeKind::Missing, None),
        (Entry::File, Some(content)) => match writer(artifact.kind, content, catalog) {
            Writer::Ours => (ChangeKind::Stale, None),
            Writer::Catalog(other) => (ChangeKind::Claimed, Some(other)),
            Writer::Foreign => (ChangeKind::Taken, None),
        },
        _ => (ChangeKind::Taken, None),
    };
    let replaceable = matches!(entry, Entry::Missing | Entry::File | Entry::Link);
    let name = roots.in_repository(artifact.root, &artifact.path);
    let content = content.filter(|_| kind == ChangeKind::Stale);
    Ok(Some(Difference { path, name, kind, artifact: Some(artifact), content, owner, replaceable }))
}

/// Whether two texts are the same but for the ends of their lines: a checkout may have made `\r\n` of them.
fn same_lines(content: &[u8], artifact: &[u8]) -> bool {
    content == artifact || std::str::from_utf8(content).is_ok_and(|text| unix_lines(text).as_bytes() == artifact)
}

/// Files in `folder` of `root` that no artifact owns.
fn strays<'a>(
    root: Root,
    folder: &str,
    artifacts: &Artifacts,
    roots: &Roots,
) -> Result<Vec<Difference<'a>>, CodegenError> {
    let top = roots.folder(root).join(folder);
    let owned: BTreeSet<PathBuf> =
        artifacts.iter().map(|artifact| roots.folder(artifact.root).join(&artifact.path)).collect();
    let mut strays = Vec::new();
    for path in disk::files(&top)?.into_iter().filter(|path| !owned.contains(path)) {
        let name = path.strip_prefix(&top).ok().and_then(Path::to_str);
        let kind = name.and_then(|name| ArtifactKind::of(root, folder, name));
        let writer = match kind {
            Some(kind) if disk::entry(&path)? == Entry::File => match disk::head(&path) {
                Ok(Some(head)) => writer(kind, &head, artifacts.catalog()),
                // It has been removed since the folder was read.
                Ok(None) => continue,
                // What this process may not read, it has not written.
                Err(_) => Writer::Foreign,
            },
            _ => Writer::Foreign,
        };
        let name = name_of(&path, root, roots);
        strays.push(match writer {
            Writer::Ours => Difference {
                content: disk::read(&path, MOST_BYTES as u64)?,
                name,
                ..Difference::of(path, ChangeKind::Orphaned)
            },
            Writer::Catalog(other) => {
                Difference { owner: Some(other), name, ..Difference::of(path, ChangeKind::Claimed) }
            }
            Writer::Foreign => Difference { name, ..Difference::of(path, ChangeKind::Foreign) },
        });
    }
    Ok(strays)
}
