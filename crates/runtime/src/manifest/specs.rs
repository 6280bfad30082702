//! The specs that a catalog was made from, by their digests.

use schemars::JsonSchema;
use serde::Serialize;

use crate::fingerprint::{self, Fingerprint};

/// The specs that a catalog was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Specs {
    /// The fingerprint of all files, with their paths; null where no spec is at hand.
    pub hash: Option<String>,
    /// Every file, sorted by path.
    pub files: Vec<SpecFile>,
}

/// One spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecFile {
    /// Its path below the specs folder, with `/` between the parts.
    pub path: String,
    /// The fingerprint of its text.
    pub hash: String,
}

impl Specs {
    /// Digests files that are given as pairs of path and text, in any order.
    pub fn digest<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: Vec<SpecFile> = files
            .into_iter()
            .map(|(path, text)| SpecFile { path: path.to_owned(), hash: fingerprint::text(text) })
            .collect();
        files.sort();
        let mut all = Fingerprint::of("specs");
        for file in &files {
            all.push(&file.path);
            all.push(&file.hash);
        }
        Self { hash: (!files.is_empty()).then(|| all.finish()), files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of files does not matter and their texts and names do.
    #[test]
    fn file_order_ignored() {
        let one = Specs::digest([("a.yaml", "x"), ("b.yaml", "y")]);
        assert_eq!(one, Specs::digest([("b.yaml", "y"), ("a.yaml", "x")]));
        assert_ne!(one.hash, Specs::digest([("a.yaml", "y"), ("b.yaml", "x")]).hash);
        assert_ne!(one.hash, Specs::digest([("a.yaml", "x"), ("c.yaml", "y")]).hash);
        assert_eq!(Specs::digest([]).hash, None);
    }
}
