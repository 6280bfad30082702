//! Artifacts: the files that the generator writes, in memory.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use cstspec_spec::{real, repository};

use crate::CodegenError;

/// The two folders that artifacts go to, and the repository around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// The package that holds generated code, SQL and DESCRIBE outputs: `out:` of `catalog.yaml`, resolved.
    pub out: PathBuf,
    /// The specs folder.
    pub specs: PathBuf,
    /// The root of the repository, from which patches name files.
    pub repository: PathBuf,
}

impl Roots {
    /// The roots of the folder `specs` whose artifacts go to `out`, which need not exist yet.
    pub fn new(specs: &Path, out: &Path) -> Self {
        Self { out: out.to_owned(), specs: specs.to_owned(), repository: repository(specs) }
    }

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
        Self::new(&specs, &folder)
    }

    /// The folder of `root`.
    pub fn folder(&self, root: Root) -> &Path {
        match root {
            Root::Out => &self.out,
            Root::Specs => &self.specs,
        }
    }

    /// The file at `path` in `root` from the root of the repository, with `/` between the parts; from `root` itself where that is
    /// outside.
    pub(crate) fn in_repository(&self, root: Root, path: &str) -> String {
        let folder = self.folder(root);
        let folder = real(folder).unwrap_or_else(|_| folder.to_owned());
        let below = folder.strip_prefix(&self.repository).unwrap_or(Path::new(""));
        let parts = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.chain([path.to_owned()]).collect::<Vec<_>>().join("/")
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

/// Kinds of artifacts.
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

    /// The folder that holds artifacts of this kind and nothing else, and how their names end.
    pub const fn place(self) -> (Root, &'static str, &'static str) {
        match self {
            Self::Rust => (Root::Out, "src/generated", ".rs"),
            Self::ViewSql => (Root::Out, "sql", ".sql"),
            Self::Definition => (Root::Out, "definitions", ".sql"),
            Self::Describe => (Root::Out, "describe", ".txt"),
            Self::Schema => (Root::Specs, "schema", ".schema.json"),
        }
    }

    /// The kind of artifact that a file called `name` in `folder` of `root` can be: names of artifacts are lower-case words.
    pub(crate) fn of(root: Root, folder: &str, name: &str) -> Option<Self> {
        let kind = Self::ALL.into_iter().find(|kind| kind.place().0 == root && kind.place().1 == folder)?;
        let stem = name.strip_suffix(kind.place().2)?;
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (!stem.is_empty() && stem.bytes().all(word)).then_some(kind)
    }
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
    /// Its purpose.
    pub kind: ArtifactKind,
    /// The spec file that it is made from, relative to the specs folder; `None` for what the tool alone decides.
    pub source: Option<String>,
    /// The relation that it describes.
    pub relation: Option<String>,
}

/// Every artifact of a catalog, sorted by folder and path. Each path has one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifacts {
    catalog: String,
    /// By folder, and by path in lower case.
    files: BTreeMap<(Root, String), Artifact>,
}

impl Artifacts {
    /// No artifact of the catalog called `catalog`.
    pub fn of(catalog: &str) -> Self {
        Self { catalog: catalog.to_owned(), files: BTreeMap::new() }
    }

    /// The name of their catalog.
    pub fn catalog(&self) -> &str {
        &self.catalog
    }

    /// Adds `artifact`, unless its path is taken or is none that every file system takes.
    pub fn add(&mut self, artifact: Artifact) -> Result<(), CodegenError> {
        if !portable(&artifact.path) {
            return Err(CodegenError::BadPath { path: artifact.path });
        }
        let key = (artifact.root, artifact.path.to_ascii_lowercase());
        if let Some(first) = self.files.get(&key) {
            let named = |artifact: &Artifact| artifact.source.clone().unwrap_or_else(|| "the tool itself".to_owned());
            return Err(CodegenError::TwoWriters {
                first: named(first),
                second: named(&artifact),
                path: artifact.path,
            });
        }
        self.files.insert(key, artifact);
        Ok(())
    }

    /// The artifact at `path` in `root`.
    pub fn get(&self, root: Root, path: &str) -> Option<&Artifact> {
        self.files.get(&(root, path.to_ascii_lowercase())).filter(|artifact| artifact.path == path)
    }

    /// Every artifact, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.files.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

fn portable(path: &str) -> bool {
    path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    })
}
