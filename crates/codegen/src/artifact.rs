//! Artifacts: the files that the generator writes, in memory.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use cstspec_contract::artifact::{MARK, one_line};

use crate::CodegenError;

/// The two folders that artifacts go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// The package that holds generated code, SQL and DESCRIBE outputs: `out:` of `catalog.yaml`, resolved.
    pub out: PathBuf,
    /// The specs folder.
    pub specs: PathBuf,
}

impl Roots {
    /// The roots of the folder `specs` whose catalog names `out`, which is relative to it and need not exist yet.
    pub fn resolve(specs: &Path, out: &Path) -> Self {
        let specs = specs.canonicalize().unwrap_or_else(|_| specs.to_owned());
        let mut folder = specs.clone();
        for component in out.components() {
            match component {
                Component::CurDir => {}
                // A path that is absolute has no `..` after links, and one that is not is left to the system.
                Component::ParentDir if specs.is_absolute() => {
                    folder.pop();
                }
                component => folder.push(component),
            }
        }
        Self { out: folder, specs }
    }

    /// The folder of `root`.
    pub fn folder(&self, root: Root) -> &Path {
        match root {
            Root::Out => &self.out,
            Root::Specs => &self.specs,
        }
    }
}

/// One of the two folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// [`Roots::out`].
    Out,
    /// [`Roots::specs`].
    Specs,
}

/// The folders that hold artifacts and nothing else. A file in one of them that no artifact owns is an orphan.
pub const OWNED_FOLDERS: [(Root, &str); 5] = [
    (Root::Out, "definitions"),
    (Root::Out, "describe"),
    (Root::Out, "sql"),
    (Root::Out, "src/generated"),
    (Root::Specs, "schema"),
];

/// What an artifact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactKind {
    /// A module of the generated Rust.
    Rust,
    /// The query of a view.
    ViewSql,
    /// The definition statement of a dataset.
    Definition,
    /// The DESCRIBE output that a relation must have.
    Describe,
    /// A JSON Schema of the spec language.
    Schema,
}

impl ArtifactKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Rust, Self::ViewSql, Self::Definition, Self::Describe, Self::Schema];
}

/// A file that the generator writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The folder it goes to.
    pub root: Root,
    /// Where in that folder, with `/` between the parts.
    pub path: String,
    /// Its whole content.
    pub bytes: Vec<u8>,
    /// What it is for.
    pub kind: ArtifactKind,
    /// The spec file that it is made from, relative to the specs folder; `None` for what the tool alone decides.
    pub source: Option<String>,
    /// The relation that it describes.
    pub relation: Option<String>,
}

/// Every artifact of a catalog, sorted by folder and path. Each path has one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifacts(BTreeMap<(Root, String), Artifact>);

impl Artifacts {
    /// Adds `artifact`, unless its path is taken or is none that every file system takes.
    pub fn add(&mut self, artifact: Artifact) -> Result<(), CodegenError> {
        if !portable(&artifact.path) {
            return Err(CodegenError::BadPath { path: artifact.path });
        }
        let key = (artifact.root, artifact.path.to_ascii_lowercase());
        if let Some(first) = self.0.get(&key) {
            let named = |artifact: &Artifact| artifact.source.clone().unwrap_or_else(|| "the tool itself".to_owned());
            return Err(CodegenError::TwoWriters {
                first: named(first),
                second: named(&artifact),
                path: artifact.path,
            });
        }
        self.0.insert(key, artifact);
        Ok(())
    }

    /// The artifact at `path` in `root`.
    pub fn get(&self, root: Root, path: &str) -> Option<&Artifact> {
        self.0.get(&(root, path.to_ascii_lowercase())).filter(|artifact| artifact.path == path)
    }

    /// Every artifact, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn portable(path: &str) -> bool {
    path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    })
}

/// The sentence above an artifact's content. It names the command and the spec, and neither a date, a version nor a hash: a line
/// that changes with every change of the content would be noise in each diff, and a merge conflict for any two branches that
/// touch the same wide dataset. So an artifact edited by hand is told from a stale one by reading its diff.
pub(crate) fn notice(source: &str) -> String {
    format!("{MARK} from {}: edit that, not this.", one_line(source))
}

/// Whether `content` starts the way artifacts of any kind do.
pub(crate) fn carries_notice(content: &[u8]) -> bool {
    content.split(|byte| *byte == b'\n').take(2).any(|line| contains(line, MARK.as_bytes()))
}

fn contains(line: &[u8], mark: &[u8]) -> bool {
    line.windows(mark.len()).any(|window| window == mark)
}
