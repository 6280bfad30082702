//! Where a node is in its document.

use std::fmt;

/// The keys from a document's root to a node, joined by `.`; items of a sequence are numbers from 0.
///
/// Keys may contain dots themselves (names of settings do): a tree finds a node by the longest key that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(String);

impl KeyPath {
    /// The root of a document.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path with one more key at its end.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        if self.0.is_empty() { Self(key.to_owned()) } else { Self(format!("{}.{key}", self.0)) }
    }

    /// This path with one more item number at its end.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(&index.to_string())
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyPath {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
