//! Where a promise was written.

use std::collections::BTreeMap;
use std::fmt;

use crate::Path;

/// A spec file and the key path of a promise in it: `types/cst_ref.yaml#fields.expr_ctx`.
///
/// Never a line number: a comment added to a spec must change no artifact. The reader of the specs turns a key path into line
/// and column when somebody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file, relative to the specs folder, with `/` between its parts.
    pub file: String,
    /// The keys from the document's root to the promise, joined by `.`; a sequence's items are numbers from 0.
    pub key: String,
}

impl Origin {
    /// The origin at `key` in `file`.
    pub fn new(file: impl Into<String>, key: impl Into<String>) -> Self {
        Self { file: file.into(), key: key.into() }
    }

    /// The root of a document.
    pub fn root(file: impl Into<String>) -> Self {
        Self::new(file, "")
    }

    /// The origin of `name` below this one.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
        Self { file: self.file.clone(), key }
    }

    /// The origin of an item of this sequence.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(&index.to_string())
    }

    /// Whether the fields of a named type were written here, at the root of its document, and not those of a struct inside another type.
    pub fn is_named_type(&self) -> bool {
        matches!(self.key.as_str(), "fields" | "is")
    }

    /// Reads `file#key`, as [`Origin`]'s `Display` writes it.
    pub fn parse(text: &str) -> Self {
        let (file, key) = text.split_once('#').unwrap_or((text, ""));
        Self::new(file, key)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.file, self.key)
    }
}

/// Origins of nested fields, kept only where a path enters a named type, or a struct whose fields were written as a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NestedOrigins {
    /// Where the fields below a path were written: `refs -> types/cst_ref.yaml#fields` says that `refs.expr_ctx` was written at
    /// `types/cst_ref.yaml#fields.expr_ctx`.
    pub below: BTreeMap<Path, Origin>,
    /// Where one field was written that its struct took over from another: `refs.file_id -> types/file_identity.yaml#fields.file_id`.
    pub fields: BTreeMap<Path, Origin>,
}

impl NestedOrigins {
    /// Where the nested field at `path` was written, or `None` if nothing on the way to it says so.
    pub fn locate(&self, path: &Path) -> Option<Origin> {
        if let Some(origin) = self.fields.get(path) {
            return Some(origin.clone());
        }
        let mut above = path.parent().filter(|above| !above.is_empty())?;
        loop {
            if let Some(origin) = self.below.get(&above) {
                let below = path.segments().skip(above.segments().len());
                return Some(below.fold(origin.clone(), |origin, name| origin.join(name)));
            }
            above = above.parent().filter(|above| !above.is_empty())?;
        }
    }

    /// The named type that the fields below `path` are those of: the stem of its file, which types are called by.
    pub fn named_type(&self, path: &Path) -> Option<&str> {
        let origin = self.below.get(path).filter(|origin| origin.is_named_type())?;
        let file = origin.file.rsplit('/').next()?;
        Some(file.split('.').next().unwrap_or(file))
    }

    /// Takes over the origins of a field: `other`'s paths start at that field, which is called `name` here.
    pub fn absorb(&mut self, name: &str, other: &Self) {
        let under = |path: &Path| Path::top(name).join_path(path);
        self.below.extend(other.below.iter().map(|(path, origin)| (under(path), origin.clone())));
        self.fields.extend(other.fields.iter().map(|(path, origin)| (under(path), origin.clone())));
    }

    /// The origins at and below `path`, with paths that start there.
    #[must_use]
    pub fn at(&self, path: &Path) -> Self {
        let depth = path.segments().len();
        let from = |map: &BTreeMap<Path, Origin>| {
            map.iter()
                .filter(|(known, _)| known.starts_with(path))
                .map(|(known, origin)| (known.skip(depth), origin.clone()))
                .collect()
        };
        Self { below: from(&self.below), fields: from(&self.fields) }
    }
}
